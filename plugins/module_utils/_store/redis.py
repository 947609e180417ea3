# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens, locks and rate limits in a Redis server, for controllers that share no directory.

What happens while the server is away is a rule that users rely on (docs/scaling_out.md): a command is repeated for as long as ``retries``
allows and then fails, before anything else is sent to the platform; what has been done is never lost because of it.
"""

from __future__ import annotations

import contextlib
import os
import threading
import typing as t
from urllib.parse import urlsplit

from .._clock import Clock
from .._errors import AccessError, MissingLibrary
from .._ratelimit.budget import WaitBudget
from .._ratelimit.rate import Rate
from .._ratelimit.schedule import Schedule
from .backend import RateLimit, reserve_all

_PREFIX = "mediaops.access:"
_LOCK_LIFE = 15.0  # seconds after which the lock of a process that died is free; one that lives prolongs it
_POLL = 0.05  # seconds between two tries for a lock

_clients: dict[tuple[t.Any, ...], t.Any] = {}


class RedisBackend:
    """A Redis server, 6.2 or newer or compatible. Its own clock decides about rate limits: those of the controllers may differ."""

    private: t.ClassVar[bool] = False

    def __init__(self, url: str, clock: Clock, *, timeout: float, retries: int, ca_path: str | None = None) -> None:
        self._clock = clock
        self._library = _library()
        self._place = _place(url)
        try:
            self._redis = _client(url, timeout, retries, ca_path)
        except (ValueError, TypeError) as error:  # its words may quote the password
            raise AccessError("token_cache is not a Redis URL such as rediss://user:password@host:6379/0") from error

    @contextlib.contextmanager
    def _explained(self) -> t.Iterator[None]:
        exceptions = self._library.exceptions
        try:
            yield
        except (exceptions.AuthenticationError, exceptions.AuthorizationError, exceptions.NoPermissionError) as error:
            raise self._failure("refuses the user or password in the URL, or lets them do too little", error) from error
        except (exceptions.ConnectionError, exceptions.TimeoutError) as error:
            raise self._failure("cannot be reached. Check its URL and that it is running", error) from error
        except (exceptions.RedisError, OSError) as error:
            raise self._failure("cannot be used", error) from error

    def _failure(self, what: str, error: Exception) -> AccessError:
        return AccessError(f"token_cache: the Redis server at {self._place} {what} ({' '.join(str(error).split()) or type(error).__name__})")

    def read(self, name: str) -> bytes | None:
        with self._explained():
            return t.cast("bytes | None", self._redis.get(_key("token", name)))

    def read_many(self, names: t.Sequence[str]) -> list[bytes | None]:
        with self._explained():
            return t.cast("list[bytes | None]", self._redis.mget([_key("token", name) for name in names]) if names else [])

    def write(self, name: str, data: bytes, expires_at: float | None) -> None:
        left = None if expires_at is None else max(1, int(expires_at - self._clock.now()))
        with self._explained():
            self._redis.set(_key("token", name), data, ex=left)

    def remove(self, name: str) -> None:
        with self._explained():
            self._redis.delete(_key("token", name))

    def names(self) -> list[str]:
        prefix = _key("token", "")
        with self._explained():
            return sorted({key.decode("utf-8", "replace")[len(prefix) :] for key in self._redis.scan_iter(match=f"{prefix}*", count=1000)})

    @contextlib.contextmanager
    def lock(self, name: str, budget: WaitBudget) -> t.Iterator[None]:
        with self._explained():
            lock = self._redis.lock(_key("lock", name), timeout=_LOCK_LIFE, thread_local=False)
            while not lock.acquire(blocking=False):
                budget.wait(_POLL, "another process holds the lock for this credential or item")
        done = threading.Event()
        keeper = threading.Thread(target=_prolong, args=(lock, lock.local.token, done), daemon=True)
        keeper.start()
        try:
            yield
        finally:
            done.set()
            keeper.join()
            # A lock that cannot be released ends by itself, and what was done under it must not be lost.
            with contextlib.suppress(self._library.exceptions.RedisError):
                lock.release()

    @contextlib.contextmanager
    def _schedules(self, pipe: t.Any, rate_limits: t.Sequence[RateLimit]) -> t.Iterator[tuple[list[tuple[Rate, Schedule]], float]]:
        """The schedules of the rate limits, and the server's time; changes are part of the transaction that ``pipe`` watches."""
        seconds, microseconds = pipe.time()
        now = seconds + microseconds / 1e6
        schedules = [(rate, Schedule.unpack(pipe.get(_key("pace", name)) or b"")) for name, rate in rate_limits]
        yield schedules, now
        pipe.multi()
        for (name, rate), (_rate, schedule) in zip(rate_limits, schedules):
            last = max([schedule.not_before, *schedule.starts])
            pipe.set(_key("pace", name), schedule.pack(), px=int(1000 * (max(0.0, last - now) + 2 * rate.padded_window)))

    def reserve(self, rate_limits: t.Sequence[RateLimit], budget: WaitBudget) -> float:
        def take(pipe: t.Any) -> float:
            with self._schedules(pipe, rate_limits) as (schedules, now):
                return reserve_all(schedules, now, budget)

        return t.cast(float, self._transaction(take, rate_limits))

    def block_until(self, rate_limits: t.Sequence[RateLimit], until: float) -> None:
        wait = until - self._clock.now()

        def keep_back(pipe: t.Any) -> None:
            with self._schedules(pipe, rate_limits) as (schedules, now):
                for _rate, schedule in schedules:
                    schedule.block_until(now + wait, now)

        self._transaction(keep_back, rate_limits)

    def _transaction(self, change: t.Callable[[t.Any], t.Any], rate_limits: t.Sequence[RateLimit]) -> t.Any:
        """Carry out a change of schedules, again where another process came first."""
        with self._explained():
            return self._redis.transaction(change, *(_key("pace", name) for name, _rate in rate_limits), value_from_callable=True)

    def own_key(self) -> str | None:
        return None


def _key(kind: str, name: str) -> str:
    return f"{_PREFIX}{kind}:{name}"


def _place(url: str) -> str:
    """Host and port, for messages."""
    return urlsplit(url).netloc.rpartition("@")[2] or "localhost"


def _prolong(lock: t.Any, token: bytes, done: threading.Event) -> None:
    """Keep a lock while its holder works; take it again where the server has lost it in a restart."""
    exceptions = _library().exceptions
    while not done.wait(_LOCK_LIFE / 3):
        try:
            lock.reacquire()
        except exceptions.LockError:
            with contextlib.suppress(exceptions.RedisError):
                lock.acquire(blocking=False, token=token)
        except exceptions.RedisError:
            continue


def _library() -> t.Any:
    """redis, imported where a Redis URL is used."""
    try:
        import redis
        import redis.exceptions
    except ImportError as error:
        raise MissingLibrary("redis", "for a token_cache that is a Redis URL") from error
    return redis


def _client(url: str, timeout: float, retries: int, ca_path: str | None) -> t.Any:
    """The client for a server, kept for the items that follow. A forked process makes its own: a connection must not be shared."""
    key = (os.getpid(), url, timeout, retries, ca_path)
    client = _clients.get(key)
    if client is None:
        from redis.backoff import ExponentialBackoff
        from redis.retry import Retry

        options: dict[str, t.Any] = {"socket_timeout": timeout, "socket_connect_timeout": timeout}
        if url.startswith("rediss://") and ca_path:  # beside the system's authorities
            options["ssl_ca_path" if os.path.isdir(ca_path) else "ssl_ca_certs"] = ca_path
        client = _library().Redis.from_url(url, retry=Retry(ExponentialBackoff(cap=4, base=0.25), retries), **options)
        pool = client.connection_pool
        pool.connection_class(**pool.connection_kwargs)  # finds what the URL asks for and does not exist
        _clients[key] = client
    return client
