# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and directories that other users can neither read, plant nor redirect."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import threading
import typing as t

#: Flags to look up names in a directory. With O_PATH, if the system has it, this needs no permission to list the
#: directory.
_SEARCH = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_MAX_LINKS = 40  # the same limit as in Linux

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
    """Whether anyone except root and this user can change the file with this status."""
    return info.st_uid not in (0, os.geteuid()) or bool(info.st_mode & 0o022)


@contextlib.contextmanager
def open_directory(path: str, *, create: bool = False) -> t.Iterator[int]:
    """Open the directory at an absolute ``path`` and yield a descriptor for ``dir_fd``.

    A symbolic link in the path is followed only if it is in a directory that only root and this user can write to; any
    other could lead anywhere. With ``create``, the directory and its parents are created if they are missing, with mode
    0700 whatever the umask is.

    :raises OSError: if the directory does not exist, or a link in the path cannot be trusted.
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
    """Create a directory with mode 0700, unless the name exists.

    The umask may remove permissions of the owner. It is set here, because a later chmod could be redirected to a file
    that was put in the directory's place.
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
    """The components of a path, in reverse order."""
    return [part for part in reversed(path.split("/")) if part not in ("", ".")]


def _link_target(folder: int, name: str) -> str | None:
    """The target of a symbolic link in an open directory; None if the name is not a link."""
    if not stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        return None
    if others_can_write(os.fstat(folder)):
        raise OSError(
            errno.ELOOP,
            f"{name} is a symbolic link in a directory that others can write to. Use a path without the link",
        )
    return os.readlink(name, dir_fd=folder)


def irregular(info: os.stat_result) -> str | None:
    """The kind of a file that is not regular, such as ``a FIFO``; None for a regular file."""
    return None if stat.S_ISREG(info.st_mode) else _KINDS.get(stat.S_IFMT(info.st_mode), "a special file")


def open_regular(name: str, flags: int, *, dir_fd: int | None = None, follow: bool = False) -> int:
    """Open a regular file, created with mode 0600 if ``flags`` include O_CREAT. Never blocks, not even on a FIFO.

    :raises OSError: if the file cannot be opened or is not regular.
    """
    try:
        # Without O_NONBLOCK, opening a FIFO blocks until its other end is opened.
        handle = os.open(
            name,
            flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW),
            0o600,
            dir_fd=dir_fd,
        )
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
    """Set the mode of an open file to 0600. Returns the previous mode if it gave others any access."""
    mode = stat.S_IMODE(os.fstat(handle).st_mode)
    if mode != 0o600:
        os.fchmod(handle, 0o600)
    return f"{mode:04o}" if mode & 0o077 else None
