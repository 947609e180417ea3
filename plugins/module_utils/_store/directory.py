# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stores tokens, locks and rate limits in a local directory, shared by all processes of the host."""

from __future__ import annotations

import base64
import contextlib
import errno
import fcntl
import os
import stat
import typing as t

from .._clock import Clock
from .._data.files import make_private, open_directory, open_regular
from .._errors import AccessError
from .._ratelimit.budget import WaitBudget
from .._ratelimit.rate import Rate
from .._ratelimit.schedule import Schedule
from .backend import RateLimit, reserve_all

_POLL_INTERVAL = 0.02  # seconds between attempts to acquire a lock that another process holds
#: Directories that this process has already checked.
_checked: set[str] = set()


class DirectoryBackend:
    """A local directory with files of mode 0600. Locks use flock(2), so a process that dies releases its locks."""

    private: t.ClassVar[bool] = False

    def __init__(self, path: str, clock: Clock, warn: t.Callable[[str], None] = lambda _message: None) -> None:
        self._path = path
        self._clock = clock
        self._warn = warn
        with self._translate_errors("be used"):
            for folder in ("", "tokens", "locks", "pacing"):
                self._make_private(os.path.join(path, folder) if folder else path)

    @contextlib.contextmanager
    def _translate_errors(self, action: str) -> t.Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._failure(action, error) from error

    def _failure(self, action: str, error: OSError) -> AccessError:
        reason = error.strerror or error
        return AccessError(
            f"token_cache: the directory {self._path} cannot {action}: {reason}. Choose another directory, or none "
            "for no cache"
        )

    def _make_private(self, folder: str) -> None:
        _ensure_directory(folder)
        info = os.stat(folder, follow_symlinks=folder == self._path)
        if not stat.S_ISDIR(info.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if info.st_uid != os.geteuid():
            raise AccessError(
                f"token_cache: the directory {folder} belongs to another user (uid {info.st_uid}). Choose a "
                "directory of your own"
            )
        if info.st_mode & 0o022:
            raise AccessError(
                f"token_cache: others can write to the directory {folder} (mode {stat.S_IMODE(info.st_mode):04o}). "
                f"Run: chmod 700 {folder}"
            )

    def _file(self, folder: str, name: str) -> str:
        return os.path.join(self._path, folder, name)

    def _open(self, path: str, flags: int) -> int:
        """Open a cache file. If others can read it, its mode is corrected and a warning is issued.

        :raises OSError: if the file cannot be opened or trusted.
        """
        handle = open_regular(path, flags)
        try:
            info = os.fstat(handle)
            if info.st_uid != os.geteuid() or info.st_mode & 0o022:
                raise PermissionError(
                    errno.EPERM, f"{path} belongs to another user, or others can write to it. Remove it"
                )
            mode = make_private(handle)
        except OSError:
            os.close(handle)
            raise
        if mode:
            self._warn(
                f"token_cache: {path} was readable by others (mode {mode}); its mode is now 0600. If the cache's key "
                f"may have been copied, remove the directory {self._path} and rotate the credentials whose tokens were "
                "in it"
            )
        return handle

    def _read(self, path: str) -> bytes | None:
        """Read a file; None if it is missing or cannot be trusted."""
        try:
            handle = self._open(path, os.O_RDONLY)
        except OSError:
            return None
        with os.fdopen(handle, "rb") as file:
            return file.read()

    def read(self, name: str) -> bytes | None:
        return self._read(self._file("tokens", name))

    def read_many(self, names: t.Sequence[str]) -> list[bytes | None]:
        present = set(self._list_files())
        return [self.read(name) if name in present else None for name in names]

    def write(self, name: str, data: bytes, expires_at: float | None) -> None:
        with self._translate_errors("be written to"):
            _replace(self._file("tokens", name), data)

    def remove(self, name: str) -> None:
        with self._translate_errors("be written to"), contextlib.suppress(FileNotFoundError):
            os.unlink(self._file("tokens", name))

    def names(self) -> list[str]:
        return sorted(name for name in self._list_files() if "." not in name)

    def _list_files(self) -> list[str]:
        with self._translate_errors("be read"):
            return os.listdir(self._file("tokens", ""))

    @contextlib.contextmanager
    def lock(self, name: str, budget: WaitBudget) -> t.Iterator[None]:
        with self._translate_errors("be locked"):
            handle = self._open(self._file("locks", name), os.O_RDWR | os.O_CREAT)
        try:
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    budget.wait(_POLL_INTERVAL, "another process holds the lock for this credential or item")
                except OSError as error:
                    raise self._failure("be locked", error) from error
            yield
        finally:
            os.close(handle)

    @contextlib.contextmanager
    def _schedules(self, rate_limits: t.Sequence[RateLimit]) -> t.Iterator[list[tuple[Rate, Schedule]]]:
        """Yield the schedules of the rate limits under their locks and write them back. Locks are taken in a fixed
        order to avoid deadlocks.
        """
        with contextlib.ExitStack() as stack:
            opened = []
            with self._translate_errors("be locked"):
                for name, rate in sorted(rate_limits):
                    handle = self._open(self._file("pacing", name), os.O_RDWR | os.O_CREAT)
                    stack.callback(os.close, handle)
                    fcntl.flock(handle, fcntl.LOCK_EX)  # held for microseconds only
                    opened.append((handle, rate, Schedule.unpack(os.read(handle, 1 << 24))))
            yield [(rate, schedule) for _handle, rate, schedule in opened]
            with self._translate_errors("be written to"):
                for handle, _rate, schedule in opened:
                    data = schedule.pack()
                    os.pwrite(handle, data, 0)
                    os.ftruncate(handle, len(data))

    def reserve(self, rate_limits: t.Sequence[RateLimit], budget: WaitBudget) -> float:
        with self._schedules(rate_limits) as schedules:
            return reserve_all(schedules, self._clock.now(), budget)

    def block_until(self, rate_limits: t.Sequence[RateLimit], until: float) -> None:
        with self._schedules(rate_limits) as schedules:
            for _rate, schedule in schedules:
                schedule.block_until(until, self._clock.now())

    def own_key(self) -> str | None:
        path = os.path.join(self._path, "key")
        key = self._read(path)
        if key is None or len(key) != 44:  # missing, or truncated by a crash: entries under the old key become misses
            with self.lock("key", WaitBudget(60, self._clock)):
                key = self._read(path)
                if key is None or len(key) != 44:
                    key = base64.urlsafe_b64encode(os.urandom(32))
                    with self._translate_errors("be written to"):
                        _replace(path, key)
        return key.decode("ascii", "replace")


def _ensure_directory(path: str) -> None:
    """Create a directory if it is missing, and ensure that no other user could have planted a link in its path.

    :raises OSError: if the directory cannot be created or its path cannot be trusted.
    """
    if path not in _checked or not os.path.lexists(path):
        with open_directory(path, create=True):
            _checked.add(path)


def _replace(path: str, data: bytes) -> None:
    """Write a file of mode 0600 atomically. A crash leaves at most one temporary file, whose name is fixed."""
    temporary = path + ".new"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    for attempt in range(10):  # left by a crash, or in use by another process
        try:
            handle = os.open(temporary, flags, 0o600)
            break
        except FileExistsError:
            if attempt == 9:
                raise
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
    with os.fdopen(handle, "wb") as file:
        make_private(file.fileno())
        file.write(data)
    # A concurrent writer without the lock may already have moved it.
    with contextlib.suppress(FileNotFoundError):
        os.replace(temporary, path)
