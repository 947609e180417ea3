# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stores tokens, locks and rate limits in a Redis server, for controllers that share no directory.

Users rely on the behaviour during an outage (docs/scaling_out.md): a command is retried up to ``retries`` times and
then fails before anything else is sent to the platform; completed work is never lost.
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
_LOCK_TTL = 15.0  # seconds until the lock of a dead process expires; a live process extends it
_POLL_INTERVAL = 0.05  # seconds between attempts to acquire a lock

_clients: dict[tuple[t.Any, ...], t.Any] = {}


class RedisBackend:
    """A Redis server, version 6.2 or newer, or a compatible one. Rate limits use the server's clock, because the clocks
    of controllers may differ.
    """

    private: t.ClassVar[bool] = False

    def __init__(self, url: str, clock: Clock, *, timeout: float, retries: int, ca_path: str | None = None) -> None:
        self._clock = clock
        self._library = _library()
        self._place = _place(url)
        try:
            self._redis = _client(url, timeout, retries, ca_path)
        except (ValueError, TypeError) as error:  # its message may quote the password
            raise AccessError(
                "token_cache is not a valid Redis URL, such as rediss://user:password@host:6379/0"
            ) from error

    @contextlib.contextmanager
    def _translate_errors(self) -> t.Iterator[None]:
        exceptions = self._library.exceptions
        try:
            yield
        except (exceptions.AuthenticationError, exceptions.AuthorizationError, exceptions.NoPermissionError) as error:
            raise self._failure(
                "rejected the user or password in the URL, or the user lacks permissions", error
            ) from error
        except (exceptions.ConnectionError, exceptions.TimeoutError) as error:
            raise self._failure("cannot be reached. Check the URL and that the server is running", error) from error
        except (exceptions.RedisError, OSError) as error:
            raise self._failure("cannot be used", error) from error

    def _failure(self, problem: str, error: Exception) -> AccessError:
        return AccessError(
            f"token_cache: the Redis server at {self._place} {problem} "
            f"({' '.join(str(error).split()) or type(error).__name__})"
        )

    def read(self, name: str) -> bytes | None:
        with self._translate_errors():
            return t.cast("bytes | None", self._redis.get(_key("token", name)))

    def read_many(self, names: t.Sequence[str]) -> list[bytes | None]:
        with self._translate_errors():
            return t.cast(
                "list[bytes | None]", self._redis.mget([_key("token", name) for name in names]) if names else []
            )

    def write(self, name: str, data: bytes, expires_at: float | None) -> None:
        left = None if expires_at is None else max(1, int(expires_at - self._clock.now()))
        with self._translate_errors():
            self._redis.set(_key("token", name), data, ex=left)

    def remove(self, name: str) -> None:
        with self._translate_errors():
            self._redis.delete(_key("token", name))

    def names(self) -> list[str]:
        prefix = _key("token", "")
        with self._translate_errors():
            return sorted(
                {
                    key.decode("utf-8", "replace")[len(prefix) :]
                    for key in self._redis.scan_iter(match=f"{prefix}*", count=1000)
                }
            )

    @contextlib.contextmanager
    def lock(self, name: str, budget: WaitBudget) -> t.Iterator[None]:
        with self._translate_errors():
            lock = self._redis.lock(_key("lock", name), timeout=_LOCK_TTL, thread_local=False)
            while not lock.acquire(blocking=False):
                budget.wait(_POLL_INTERVAL, "another process holds the lock for this credential or item")
        released = threading.Event()
        keeper = threading.Thread(target=_extend_lock, args=(lock, lock.local.token, released), daemon=True)
        keeper.start()
        try:
            yield
        finally:
            released.set()
            keeper.join()
            # A lock that cannot be released expires; the work done under it must not be lost.
            with contextlib.suppress(self._library.exceptions.RedisError):
                lock.release()

    @contextlib.contextmanager
    def _schedules(
        self, pipe: t.Any, rate_limits: t.Sequence[RateLimit]
    ) -> t.Iterator[tuple[list[tuple[Rate, Schedule]], float]]:
        """Yield the schedules of the rate limits and the server's time; changes become part of the transaction of
        ``pipe``.
        """
        seconds, microseconds = pipe.time()
        now = seconds + microseconds / 1e6
        schedules = [(rate, Schedule.unpack(pipe.get(_key("pace", name)) or b"")) for name, rate in rate_limits]
        yield schedules, now
        pipe.multi()
        for (name, rate), (_rate, schedule) in zip(rate_limits, schedules):
            last = max([schedule.not_before, *schedule.starts])
            pipe.set(
                _key("pace", name), schedule.pack(), px=int(1000 * (max(0.0, last - now) + 2 * rate.padded_window))
            )

    def reserve(self, rate_limits: t.Sequence[RateLimit], budget: WaitBudget) -> float:
        def reserve_start(pipe: t.Any) -> float:
            with self._schedules(pipe, rate_limits) as (schedules, now):
                return reserve_all(schedules, now, budget)

        return t.cast(float, self._transaction(reserve_start, rate_limits))

    def block_until(self, rate_limits: t.Sequence[RateLimit], until: float) -> None:
        wait = until - self._clock.now()

        def block(pipe: t.Any) -> None:
            with self._schedules(pipe, rate_limits) as (schedules, now):
                for _rate, schedule in schedules:
                    schedule.block_until(now + wait, now)

        self._transaction(block, rate_limits)

    def _transaction(self, change: t.Callable[[t.Any], t.Any], rate_limits: t.Sequence[RateLimit]) -> t.Any:
        """Change schedules in a transaction, repeated if another process changed them first."""
        with self._translate_errors():
            return self._redis.transaction(
                change, *(_key("pace", name) for name, _rate in rate_limits), value_from_callable=True
            )

    def own_key(self) -> str | None:
        return None


def _key(kind: str, name: str) -> str:
    return f"{_PREFIX}{kind}:{name}"


def _place(url: str) -> str:
    """Host and port, for messages."""
    return urlsplit(url).netloc.rpartition("@")[2] or "localhost"


def _extend_lock(lock: t.Any, token: bytes, released: threading.Event) -> None:
    """Extend a lock until it is ``released``; acquire it again if a restart of the server has lost it."""
    exceptions = _library().exceptions
    while not released.wait(_LOCK_TTL / 3):
        try:
            lock.reacquire()
        except exceptions.LockError:
            with contextlib.suppress(exceptions.RedisError):
                lock.acquire(blocking=False, token=token)
        except exceptions.RedisError:
            continue


def _library() -> t.Any:
    """Import redis, which is needed only for a Redis URL."""
    try:
        import redis
        import redis.exceptions
    except ImportError as error:
        raise MissingLibrary("redis", "for a token_cache that is a Redis URL") from error
    return redis


def _client(url: str, timeout: float, retries: int, ca_path: str | None) -> t.Any:
    """Return the client for a server, cached for later items. Each forked process creates its own, because connections
    must not be shared.
    """
    key = (os.getpid(), url, timeout, retries, ca_path)
    client = _clients.get(key)
    if client is None:
        from redis.backoff import ExponentialBackoff
        from redis.retry import Retry

        options: dict[str, t.Any] = {"socket_timeout": timeout, "socket_connect_timeout": timeout}
        if url.startswith("rediss://") and ca_path:  # in addition to the system's CAs
            options["ssl_ca_path" if os.path.isdir(ca_path) else "ssl_ca_certs"] = ca_path
        client = _library().Redis.from_url(url, retry=Retry(ExponentialBackoff(cap=4, base=0.25), retries), **options)
        pool = client.connection_pool
        pool.connection_class(**pool.connection_kwargs)  # fails early if the URL sets an unknown option
        _clients[key] = client
    return client
