# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where tokens and pacing state are kept, shared by every process that names the same ``token_cache``.

A backend keeps bytes by name, locks names, and reserves paced starts. :class:`TokenStore` stands before it: it encrypts and decrypts what a backend keeps,
and no backend that others may read gets a name from which they could tell whose token, item or rate limit it is.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import fcntl
import functools
import hashlib
import hmac
import json
import mmap
import os
import stat
import threading
import typing as t

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError, MissingLibrary
from ansible_collections.mediaops.access.plugins.module_utils._files import make_private, open_directory, open_regular
from ansible_collections.mediaops.access.plugins.module_utils._pacing import Clock, Patience, Rate, Schedule

#: Paced requests of one kind: the name under which their starts are shared, and their limit.
Slot = t.Tuple[str, Rate]

_POLL = 0.02  # seconds between two tries for a lock that another process holds


class Pace(t.Protocol):
    """Whatever keeps rate limits."""

    def reserve(self, slots: t.Sequence[Slot], patience: Patience) -> float:
        """Take the next start that every slot allows, and return the seconds until then; raise WaitTooLong instead of exceeding patience."""

    def hold(self, slots: t.Sequence[Slot], until: float) -> None:
        """Let nobody start before ``until``: the platform said so."""


class Backend(Pace, t.Protocol):
    """What a place for tokens must offer. Unless it is ``private``, names are short and made of [a-z0-9-]."""

    #: Whether nobody else can see the names.
    private: t.ClassVar[bool]

    def read(self, name: str) -> bytes | None: ...

    def read_many(self, names: t.Sequence[str]) -> list[bytes | None]: ...

    def write(self, name: str, data: bytes, expires_at: float | None) -> None: ...

    def remove(self, name: str) -> None: ...

    def names(self) -> list[str]: ...

    def lock(self, name: str, patience: Patience) -> t.ContextManager[None]: ...

    def own_key(self) -> str | None:
        """The encryption key that the place itself keeps, if it does."""


#: Directories that this process need not check again for each item.
_entered: set[str] = set()

_PROCESS_SCHEDULES: dict[str, Schedule] = {}
_THREADS = threading.Lock()


class MemoryBackend:
    """``token_cache: none``: no token outlives the item; paced starts are known to this process alone, so that a loop keeps its limit."""

    private: t.ClassVar[bool] = True

    def __init__(self, clock: Clock, schedules: dict[str, Schedule] | None = None) -> None:
        self._clock = clock
        self._data: dict[str, bytes] = {}
        self._schedules = _PROCESS_SCHEDULES if schedules is None else schedules
        self._locks: dict[str, threading.Lock] = {}

    def read(self, name: str) -> bytes | None:
        return self._data.get(name)

    def read_many(self, names: t.Sequence[str]) -> list[bytes | None]:
        return [self._data.get(name) for name in names]

    def write(self, name: str, data: bytes, expires_at: float | None) -> None:
        self._data[name] = data

    def remove(self, name: str) -> None:
        self._data.pop(name, None)

    def names(self) -> list[str]:
        return list(self._data)

    @contextlib.contextmanager
    def lock(self, name: str, patience: Patience) -> t.Iterator[None]:
        with self._locks.setdefault(name, threading.Lock()):  # between the threads of one task
            yield

    def reserve(self, slots: t.Sequence[Slot], patience: Patience) -> float:
        with _THREADS:
            schedules = [(rate, self._schedules.setdefault(name, Schedule())) for name, rate in slots]
            return reserve_all(schedules, self._clock.now(), patience)

    def hold(self, slots: t.Sequence[Slot], until: float) -> None:
        with _THREADS:
            for name, _rate in slots:
                self._schedules.setdefault(name, Schedule()).hold(until, self._clock.now())

    def own_key(self) -> str | None:
        return base64.urlsafe_b64encode(os.urandom(32)).decode()


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
    def lock(self, name: str, patience: Patience) -> t.Iterator[None]:
        with self._explained("be locked"):
            handle = self._open(self._file("locks", name), os.O_RDWR | os.O_CREAT)
        try:
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    patience.wait(_POLL, "another process holds the lock for this credential or item")
                except OSError as error:
                    raise self._failure("be locked", error) from error
            yield
        finally:
            os.close(handle)

    @contextlib.contextmanager
    def _schedules(self, slots: t.Sequence[Slot]) -> t.Iterator[list[tuple[Rate, Schedule]]]:
        """The schedules of the slots, locked and written back; always in one order, so that two processes cannot block each other."""
        with contextlib.ExitStack() as stack:
            opened = []
            with self._explained("be locked"):
                for name, rate in sorted(slots):
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

    def reserve(self, slots: t.Sequence[Slot], patience: Patience) -> float:
        with self._schedules(slots) as schedules:
            return reserve_all(schedules, self._clock.now(), patience)

    def hold(self, slots: t.Sequence[Slot], until: float) -> None:
        with self._schedules(slots) as schedules:
            for _rate, schedule in schedules:
                schedule.hold(until, self._clock.now())

    def own_key(self) -> str | None:
        path = os.path.join(self._path, "key")
        key = self._read(path)
        if key is None or len(key) != 44:  # missing, or cut short by a crash: what it encrypted becomes a miss
            with self.lock("key", Patience(60, self._clock)):
                key = self._read(path)
                if key is None or len(key) != 44:
                    key = base64.urlsafe_b64encode(os.urandom(32))
                    with self._explained("be written to"):
                        _replace(path, key)
        return key.decode("ascii", "replace")


def reserve_all(schedules: t.Sequence[tuple[Rate, Schedule]], now: float, patience: Patience) -> float:
    """Take the next start that all schedules allow, and return the seconds until then; nothing is taken where ``max_wait`` does not allow it."""
    start, earlier = now, None
    while start != earlier:  # a start that one limit has put off need not suit the other any more
        earlier, start = start, max(schedule.next(rate, start) for rate, schedule in schedules)
    if start - now > patience.left:
        raise patience.exhausted(start - now, "the rate limit is used up by calls that are waiting already")
    for rate, schedule in schedules:
        schedule.add(start, rate, now)
    return start - now


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


def open_backend(place: str, clock: Clock, params: t.Mapping[str, t.Any], warn: t.Callable[[str], None] = lambda _message: None) -> Backend:
    """The backend for a ``token_cache`` (see :func:`_options.cache_location`). ``warn`` takes what a user should know about it.

    :raises AccessError: where the place cannot be used.
    """
    if place == "none":
        return MemoryBackend(clock)
    if place.startswith(("redis://", "rediss://")):
        from ansible_collections.mediaops.access.plugins.module_utils._store_redis import RedisBackend

        return RedisBackend(place, clock, timeout=params["timeout"], retries=params["retries"], ca_path=params["ca_path"])
    return DirectoryBackend(place, clock, warn)


#: A page that the workers share which Ansible forks from here on: they need not all pay for stretching the same key.
_stretched_keys = mmap.mmap(-1, mmap.PAGESIZE)
_ROUNDS = 200_000
_SIZE = 32  # bytes of a SHA-256


def stretch_key(key: str) -> bytes:
    """A ``token_cache_key`` as 32 bytes that cost an attacker some tenths of a second of computing for each guess (PBKDF2, RFC 8018).

    All controllers that share a cache must get the same, so that there can be no salt of a cache's own. PBKDF2 it is, as OpenSSL has no scrypt in FIPS mode.
    """
    secret = key.encode("utf-8", "surrogatepass")
    place = 2 * _SIZE * (hashlib.sha256(secret).digest()[0] % (len(_stretched_keys) // (2 * _SIZE)))
    known = _stretched_keys[place : place + 2 * _SIZE]
    stretched, proof = known[:_SIZE], known[_SIZE:]
    # The page has no lock. What another process is writing at the moment, or has written for another key, has no proof.
    if not hmac.compare_digest(hmac.digest(secret, stretched, "sha256"), proof):
        stretched = hashlib.pbkdf2_hmac("sha256", secret, b"mediaops.access token_cache_key", _ROUNDS)
        _stretched_keys[place : place + 2 * _SIZE] = stretched + hmac.digest(secret, stretched, "sha256")
    return stretched


class TokenStore:
    """Encrypted entries in a backend, named by a keyed digest of whose they are; locks and rate limits under such names, too."""

    def __init__(self, opener: t.Callable[[], Backend], key: str | None) -> None:
        self._opener = opener
        self._given_key = key

    @functools.cached_property
    def backend(self) -> Backend:
        """The backend, opened when it is first needed."""
        return self._opener()

    def open(self) -> None:
        """Open everything now: threads that share a store must not each do it."""
        self._keyed("")
        self.name_of(())

    @functools.cached_property
    def _own_key(self) -> bytes:
        return (self.backend.own_key() or "").encode()

    @functools.cached_property
    def _secret(self) -> bytes:
        """What the keys for tokens are derived from."""
        secret = stretch_key(self._given_key) if self._given_key else self._own_key
        if not secret:
            raise AccessError("token_cache_key is required for this token_cache: it encrypts the tokens. Set it, or MEDIAOPS_TOKEN_CACHE_KEY")
        return secret

    @functools.cached_property
    def _keys(self) -> tuple[bytes, t.Any]:
        """The key for the names of tokens, and the cipher; made when first needed, as ``cryptography`` takes a while to import."""
        try:
            from cryptography.fernet import Fernet
            from cryptography.hazmat.primitives.hashes import SHA256
            from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
        except ImportError as error:
            raise MissingLibrary("cryptography", "to encrypt cached tokens (or set token_cache to none)") from error
        name_key, data_key = (HKDFExpand(SHA256(), _SIZE, label).derive(self._secret) for label in (b"mediaops.access names", b"mediaops.access data"))
        return name_key, Fernet(base64.urlsafe_b64encode(data_key))

    def _keyed(self, name: str) -> str:
        """The name of a lock or a rate limit, from which nobody can tell what it stands for: an account, an address, an item.

        A directory's own key does, even if another encrypts the tokens: whoever uses the directory shares its locks and rate limits.
        """
        if self.backend.private:
            return name
        return hmac.new(self._own_key or self._secret, b"mediaops.access place\0" + name.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()

    def lock(self, name: str, patience: Patience) -> t.ContextManager[None]:
        """Keep everybody else who shares the cache from what ``name`` stands for.

        :raises WaitTooLong: instead of exceeding ``patience``.
        """
        return self.backend.lock(self._keyed(name), patience)

    def reserve(self, slots: t.Sequence[Slot], patience: Patience) -> float:
        """See :meth:`Pace.reserve`."""
        return self.backend.reserve([(self._keyed(name), rate) for name, rate in slots], patience)

    def hold(self, slots: t.Sequence[Slot], until: float) -> None:
        """See :meth:`Pace.hold`."""
        self.backend.hold([(self._keyed(name), rate) for name, rate in slots], until)

    def name_of(self, identity: t.Sequence[str]) -> str:
        """The entry's name for an identity (a token's provider, URL, flow, principal, scope and secret)."""
        return hmac.new(self._keys[0], json.dumps(list(identity)).encode(), hashlib.sha256).hexdigest()

    def read(self, name: str) -> dict[str, t.Any] | None:
        """An entry, or None: a missing, corrupt or foreign one is a miss."""
        return self._decrypted(name, self.backend.read(name))

    def read_many(self, names: t.Sequence[str]) -> dict[str, dict[str, t.Any]]:
        """The entries that are there, by their names."""
        found = {name: self._decrypted(name, data) for name, data in zip(names, self.backend.read_many(names))}
        return {name: entry for name, entry in found.items() if entry is not None}

    def _decrypted(self, name: str, data: bytes | None) -> dict[str, t.Any] | None:
        if data is None:
            return None
        cipher = self._keys[1]
        from cryptography.fernet import InvalidToken

        try:
            entry = json.loads(cipher.decrypt(data))
        except (InvalidToken, ValueError):
            return None
        return entry if isinstance(entry, dict) and entry.get("name") == name else None

    def write(self, name: str, entry: dict[str, t.Any], expires_at: float | None) -> None:
        """Encrypt and keep an entry; the caller holds its lock."""
        self.backend.write(name, self._keys[1].encrypt(json.dumps({**entry, "name": name}).encode()), expires_at)

    def entries(self) -> dict[str, dict[str, t.Any]]:
        """All readable entries by name."""
        return self.read_many(self.backend.names())
