# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens, locks and rate limits in a directory of this host, shared by its processes."""

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

_POLL = 0.02  # seconds between two tries for a lock that another process holds
#: Directories that this process need not check again for each item.
_entered: set[str] = set()


class DirectoryBackend:
    """A directory of this host: files 0600, locked with flock(2), so that a process that dies holds nothing."""

    private: t.ClassVar[bool] = False

    def __init__(self, path: str, clock: Clock, warn: t.Callable[[str], None] = lambda _message: None) -> None:
        self._path = path
        self._clock = clock
        self._warn = warn
        with self._explained("be used"):
            for folder in ("", "tokens", "locks", "pacing"):
                self._make_private(os.path.join(path, folder) if folder else path)

    @contextlib.contextmanager
    def _explained(self, action: str) -> t.Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._failure(action, error) from error

    def _failure(self, action: str, error: OSError) -> AccessError:
        return AccessError(f"token_cache: the directory {self._path} cannot {action}: {error.strerror or error}. Name another directory, or none for no cache")

    def _make_private(self, folder: str) -> None:
        _enter(folder)
        info = os.stat(folder, follow_symlinks=folder == self._path)
        if not stat.S_ISDIR(info.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if info.st_uid != os.geteuid():
            raise AccessError(f"token_cache: the directory {folder} belongs to another user (uid {info.st_uid}). Name a directory of your own")
        if info.st_mode & 0o022:
            raise AccessError(f"token_cache: others can write to the directory {folder} (mode {stat.S_IMODE(info.st_mode):04o}). Run: chmod 700 {folder}")

    def _file(self, folder: str, name: str) -> str:
        return os.path.join(self._path, folder, name)

    def _open(self, path: str, flags: int) -> int:
        """A descriptor of a file of the cache. One that others can read is taken from them, with a warning.

        :raises OSError: if it cannot be opened, or cannot be trusted.
        """
        handle = open_regular(path, flags)
        try:
            info = os.fstat(handle)
            if info.st_uid != os.geteuid() or info.st_mode & 0o022:
                raise PermissionError(errno.EPERM, f"{path} belongs to another user, or others can write to it. Remove it")
            mode = make_private(handle)
        except OSError:
            os.close(handle)
            raise
        if mode:
            self._warn(
                f"token_cache: others could read {path} (mode {mode}); its mode is now 0600. If somebody may have copied the cache's key, "
                f"remove the directory {self._path}, and rotate the credentials whose tokens were in it"
            )
        return handle

    def _read(self, path: str) -> bytes | None:
        """A file's bytes; None if it is missing, or cannot be trusted."""
        try:
            handle = self._open(path, os.O_RDONLY)
        except OSError:
            return None
        with os.fdopen(handle, "rb") as file:
            return file.read()

    def read(self, name: str) -> bytes | None:
        return self._read(self._file("tokens", name))

    def read_many(self, names: t.Sequence[str]) -> list[bytes | None]:
        there = set(self._listed())
        return [self.read(name) if name in there else None for name in names]

    def write(self, name: str, data: bytes, expires_at: float | None) -> None:
        with self._explained("be written to"):
            _replace(self._file("tokens", name), data)

    def remove(self, name: str) -> None:
        with self._explained("be written to"), contextlib.suppress(FileNotFoundError):
            os.unlink(self._file("tokens", name))

    def names(self) -> list[str]:
        return sorted(name for name in self._listed() if "." not in name)

    def _listed(self) -> list[str]:
        with self._explained("be read"):
            return os.listdir(self._file("tokens", ""))

    @contextlib.contextmanager
    def lock(self, name: str, budget: WaitBudget) -> t.Iterator[None]:
        with self._explained("be locked"):
            handle = self._open(self._file("locks", name), os.O_RDWR | os.O_CREAT)
        try:
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    budget.wait(_POLL, "another process holds the lock for this credential or item")
                except OSError as error:
                    raise self._failure("be locked", error) from error
            yield
        finally:
            os.close(handle)

    @contextlib.contextmanager
    def _schedules(self, rate_limits: t.Sequence[RateLimit]) -> t.Iterator[list[tuple[Rate, Schedule]]]:
        """The schedules of the rate limits, locked and written back; always in one order, so that two processes cannot block each other."""
        with contextlib.ExitStack() as stack:
            opened = []
            with self._explained("be locked"):
                for name, rate in sorted(rate_limits):
                    handle = self._open(self._file("pacing", name), os.O_RDWR | os.O_CREAT)
                    stack.callback(os.close, handle)
                    fcntl.flock(handle, fcntl.LOCK_EX)  # held for microseconds only
                    opened.append((handle, rate, Schedule.unpack(os.read(handle, 1 << 24))))
            yield [(rate, schedule) for _handle, rate, schedule in opened]
            with self._explained("be written to"):
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
        if key is None or len(key) != 44:  # missing, or cut short by a crash: what it encrypted becomes a miss
            with self.lock("key", WaitBudget(60, self._clock)):
                key = self._read(path)
                if key is None or len(key) != 44:
                    key = base64.urlsafe_b64encode(os.urandom(32))
                    with self._explained("be written to"):
                        _replace(path, key)
        return key.decode("ascii", "replace")


def _enter(path: str) -> None:
    """Create a directory if it is missing, and make sure that nobody else can have put a link on the way to it.

    :raises OSError: if it cannot be created, or somebody can have.
    """
    if path not in _entered or not os.path.lexists(path):
        with open_directory(path, create=True):
            _entered.add(path)


def _replace(path: str, data: bytes) -> None:
    """Write a 0600 file atomically. A crash leaves one temporary file at most, whose name is always the same."""
    temporary = path + ".new"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    for attempt in range(10):  # a crash has left it, or another process is at it
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
    # Who writes the same without its lock may have moved it already.
    with contextlib.suppress(FileNotFoundError):
        os.replace(temporary, path)
