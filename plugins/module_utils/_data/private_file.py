# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files with mode 0600 that are written as a whole."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import typing as t

from .._errors import AccessError
from .files import irregular, open_directory, open_regular, others_can_write

_MAX_ATTEMPTS = 100
#: The errors for a symbolic link whose target does not exist.
_BROKEN_LINK = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


class PrivateFile:
    """A file with mode 0600 in an existing directory. It is replaced atomically: a reader, or the next run after a
    crash, finds either the old content or the new one.

    A symbolic link at its path is replaced, as by ``ansible.builtin.copy``: it may belong to another user, as may its
    target. ``option`` names the path in messages.
    """

    def __init__(self, path: str, option: str) -> None:
        if "\0" in path:
            raise AccessError(f"{path!r} is not a path: it contains a null character")
        self.path = os.path.join(os.getcwd(), path).rstrip("/")
        self._option = option
        self._directory, name = os.path.split(self.path)
        self._name = name or "."
        self._new = f".{name}.new"
        #: Whether the file that was read had mode 0600.
        self.is_private = False
        #: Whether the path that was read is a symbolic link.
        self.is_link = False

    @contextlib.contextmanager
    def _opened(self, action: str) -> t.Iterator[int]:
        """A descriptor of the directory, relative to which all further lookups are made."""
        try:
            with open_directory(self._directory or "/") as directory:
                yield directory
        except OSError as error:
            raise AccessError(f"{self.path} cannot be {action}: {error.strerror}") from None

    def _found(self, directory: int) -> os.stat_result | None:
        """The status of the file, or of the symbolic link itself; None if it does not exist.

        :raises AccessError: for anything but a regular file or a link to one, so that ``/dev/stdout`` is never
            replaced.
        """
        try:
            info = os.stat(self._name, dir_fd=directory, follow_symlinks=False)
        except FileNotFoundError:
            return None
        kind = self._irregular_target(directory) if stat.S_ISLNK(info.st_mode) else irregular(info)
        if kind:
            raise AccessError(f"{self.path} is {kind}, not a regular file. Set {self._option} to another path")
        return info

    def _irregular_target(self, directory: int) -> str | None:
        """The kind of a symbolic link's target, if the target exists and is not a regular file."""
        if os.readlink(self._name, dir_fd=directory).startswith(
            "/proc/"
        ):  # as /dev/stdout does, perhaps redirected to a regular file
            return "a link to an open file"
        try:
            return irregular(os.stat(self._name, dir_fd=directory))
        except OSError as error:
            if error.errno in _BROKEN_LINK:
                return None
            raise

    def read(self) -> bytes | None:
        """The file's content; None if it does not exist, or if another user may have planted it."""
        if not os.path.isdir(self._directory or "/"):
            return None
        with self._opened("read") as directory:
            found = self._found(directory)
            self.is_link = is_link = found is not None and stat.S_ISLNK(found.st_mode)
            if found is None or (
                others_can_write(os.fstat(directory)) and (is_link or found.st_uid not in (0, os.geteuid()))
            ):
                return None
            try:
                handle = open_regular(self._name, os.O_RDONLY, dir_fd=directory, follow=is_link)
            except OSError as error:
                if is_link and error.errno in _BROKEN_LINK:
                    return None
                raise
            with os.fdopen(handle, "rb") as file:
                self.is_private = not is_link and stat.S_IMODE(os.fstat(handle).st_mode) == 0o600
                return file.read()

    def check(self) -> None:
        """Check that the file can be written, without writing it.

        :raises AccessError: if it cannot.
        """
        with self._opened("written") as directory:
            self._found(directory)
            if not os.access(".", os.W_OK | os.X_OK, dir_fd=directory):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    def write(self, data: t.Iterable[bytes]) -> None:
        """Replace the file's content.

        :raises AccessError: if it cannot be written. The old content is kept.
        """
        with self._opened("written") as directory:
            self._found(directory)
            with self._new_file(directory) as file:
                file.writelines(data)
                file.flush()
                os.fsync(file.fileno())
                os.replace(self._new, self._name, src_dir_fd=directory, dst_dir_fd=directory)

    @contextlib.contextmanager
    def _new_file(self, directory: int) -> t.Iterator[t.BinaryIO]:
        """The file that replaces the old one. Its name is fixed, so that a killed process leaves at most one such file,
        which the next one reuses.
        """
        for _attempt in range(_MAX_ATTEMPTS):
            self._remove_foreign(directory)
            with os.fdopen(open_regular(self._new, os.O_RDWR | os.O_CREAT, dir_fd=directory), "wb") as file:
                if _is_foreign(os.fstat(file.fileno())):  # created in the meantime
                    continue
                fcntl.flock(file, fcntl.LOCK_EX)
                if not self._is_in_place(file, directory):
                    continue  # another process has moved or removed it in the meantime
                os.fchmod(file.fileno(), 0o600)
                file.truncate(0)
                try:
                    yield file
                except BaseException:
                    os.unlink(self._new, dir_fd=directory)
                    raise
                return
        raise FileExistsError(errno.EEXIST, f"another process keeps creating {self._new} next to it")

    def _remove_foreign(self, directory: int) -> None:
        """Remove what another user has put at the new file's path: a link, a FIFO, or a file with a second name."""
        with contextlib.suppress(FileNotFoundError):
            if _is_foreign(os.stat(self._new, dir_fd=directory, follow_symlinks=False)):
                os.unlink(self._new, dir_fd=directory)

    def _is_in_place(self, file: t.BinaryIO, directory: int) -> bool:
        try:
            return os.path.samestat(
                os.stat(self._new, dir_fd=directory, follow_symlinks=False), os.fstat(file.fileno())
            )
        except FileNotFoundError:
            return False

    def remove(self) -> None:
        """Remove the file, if it exists.

        :raises AccessError: if it cannot be removed, or is not a regular file.
        """
        with self._opened("removed") as directory:
            self._found(directory)
            for name in (self._new, self._name):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=directory)

    def exists(self) -> bool:
        if not os.path.isdir(self._directory or "/"):
            return False
        with self._opened("read") as directory:
            return self._found(directory) is not None


def _is_foreign(info: os.stat_result) -> bool:
    return irregular(info) is not None or info.st_uid != os.geteuid() or info.st_nlink > 1
