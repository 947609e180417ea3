# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and directories that nobody else can read, plant or redirect."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import threading
import typing as t

#: To look up names in a directory, which takes no right to list it where the system knows O_PATH.
_SEARCH = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_MAX_LINKS = 40  # as Linux has it

_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFLNK: "a symbolic link",
}

_umask_lock = threading.Lock()


def others_can_write(info: os.stat_result) -> bool:
    """Whether anybody but root and this user can change what has this status."""
    return info.st_uid not in (0, os.geteuid()) or bool(info.st_mode & 0o022)


@contextlib.contextmanager
def open_directory(path: str, *, create: bool = False) -> t.Iterator[int]:
    """A descriptor of the directory at an absolute ``path``, for ``dir_fd``.

    A symbolic link on the way is followed if it is in a directory that only root and this user can write to: anybody else's could lead anywhere.
    With ``create``, the directory and its parents are created if they are missing, all of them with mode 0700 under any umask.

    :raises OSError: if there is no such directory, or a link on the way cannot be trusted.
    """
    handle, parts, links = os.open("/", _SEARCH), _parts(path), 0
    try:
        while parts:
            name = parts.pop()
            if create:
                _create_directory(handle, name)
            target = _link_target(handle, name)
            if target is not None:
                links += 1
                if links > _MAX_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
                parts += _parts(target)
            if target is None or target.startswith("/"):
                entered = os.open("/" if target else name, _SEARCH, dir_fd=handle)
                os.close(handle)
                handle = entered
        yield handle
    finally:
        os.close(handle)


def _create_directory(parent: int, name: str) -> None:
    """Create a directory with mode 0700, unless there is something of that name.

    The umask may take rights from its owner. A chmod afterwards could hit what somebody else has put in its place, hence the umask is set.
    """
    try:
        os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        with _umask_lock, contextlib.suppress(FileExistsError):  # created by another process in the meantime
            before = os.umask(0o077)
            try:
                os.mkdir(name, 0o700, dir_fd=parent)
            finally:
                os.umask(before)


def _parts(path: str) -> list[str]:
    """The parts of a path, the last one first."""
    return [part for part in reversed(path.split("/")) if part not in ("", ".")]


def _link_target(folder: int, name: str) -> str | None:
    """Where a name in an open directory leads to; None if it is not a symbolic link."""
    if not stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        return None
    if others_can_write(os.fstat(folder)):
        raise OSError(errno.ELOOP, f"{name} is a symbolic link in a directory that others can write to. Give the path without it")
    return os.readlink(name, dir_fd=folder)


def irregular(info: os.stat_result) -> str | None:
    """What a file is if it is not a regular one: ``a FIFO``, ``a device`` and so on."""
    return None if stat.S_ISREG(info.st_mode) else _KINDS.get(stat.S_IFMT(info.st_mode), "a special file")


def open_regular(name: str, flags: int, *, dir_fd: int | None = None, follow: bool = False) -> int:
    """A descriptor of a regular file, which is created with mode 0600 if ``flags`` say so. Never waits, whatever is in the file's place.

    :raises OSError: if it cannot be opened, or is something else.
    """
    try:
        # Without O_NONBLOCK, opening a FIFO waits for its other end.
        handle = os.open(name, flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW), 0o600, dir_fd=dir_fd)
    except OSError:
        with contextlib.suppress(FileNotFoundError):
            _refuse_irregular(os.stat(name, dir_fd=dir_fd, follow_symlinks=follow))
        raise
    try:
        _refuse_irregular(os.fstat(handle))
    except OSError:
        os.close(handle)
        raise
    return handle


def _refuse_irregular(info: os.stat_result) -> None:
    kind = irregular(info)
    if kind:
        raise OSError(errno.EINVAL, f"it is {kind}, not a regular file")


def make_private(handle: int) -> str | None:
    """Give an open file the mode 0600, whatever the umask has left of it. Returns the mode that it had if others could use it."""
    mode = stat.S_IMODE(os.fstat(handle).st_mode)
    if mode != 0o600:
        os.fchmod(handle, 0o600)
    return f"{mode:04o}" if mode & 0o077 else None
