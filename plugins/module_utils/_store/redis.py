# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stores tokens, locks and rate limits in Redis or Valkey, for controllers that share no directory.

Users rely on the behaviour during an outage (docs/scaling_out.md): a command is retried for a limited time and then
fails before anything else is sent to the platform; completed work is never lost.
"""

from __future__ import annotations

import contextlib
import threading
import typing as t
import uuid

from .._clock import Clock
from .._errors import AccessError
from .._ratelimit.budget import WaitBudget
from . import redis_scripts
from .backend import RateLimit
from .redis_servers import Servers, Settings

_PREFIX = "mediaops.access:"
_LOCK_TTL = 15.0  # seconds until the lock of a dead process expires; a live process extends it
#: A lock outlives a failover, during which nobody can extend it.
_FAILOVER_FACTOR = 4
_POLL_INTERVAL = 0.05  # seconds between the first attempts to acquire a lock
_LONGEST_ROUND_TRIP = 0.5  # seconds
_LONGEST_POLL_INTERVAL = 0.5  # seconds between later attempts: many contenders must not occupy the server


class RedisBackend:
    """Redis, version 6.2 or newer, or Valkey. Rate limits use the server's clock, because the clocks of controllers
    may differ.
    """

    private: t.ClassVar[bool] = False

    def __init__(self, url: str, clock: Clock, settings: Settings) -> None:
        self._clock = clock
        self._servers = Servers(url, clock, settings)
        # A script may only use keys of one slot, so a cluster keeps all schedules in one.
        self._pace = "{pace}" if self._servers.is_cluster else "pace"
        self._lock_ttl = _LOCK_TTL * (_FAILOVER_FACTOR if self._servers.can_fail_over else 1)

    def read(self, name: str) -> bytes | None:
        return self._servers.call(lambda client: t.cast("bytes | None", client.get(_key("token", name))))

    def read_many(self, names: t.Sequence[str]) -> list[bytes | None]:
        keys = [_key("token", name) for name in names]

        def read(client: t.Any) -> t.Any:
            return client.mget_nonatomic(keys) if self._servers.is_cluster else client.mget(keys)

        return t.cast("list[bytes | None]", self._servers.call(read)) if keys else []

    def write(self, name: str, data: bytes, expires_at: float | None) -> None:
        left = None if expires_at is None else max(1, int(expires_at - self._clock.now()))
        # A refresh token may be the only valid one, so that losing it in a failover would cost more than a login.
        self._servers.write(_key("token", name), lambda pipe: pipe.set(_key("token", name), data, ex=left))

    def remove(self, name: str) -> None:
        self._servers.write(_key("token", name), lambda pipe: pipe.delete(_key("token", name)))

    def names(self) -> list[str]:
        prefix = _key("token", "")
        keys = self._servers.call(lambda client: set(client.scan_iter(match=f"{prefix}*", count=1000)))
        return sorted(key.decode("utf-8", "replace")[len(prefix) :] for key in keys)

    @contextlib.contextmanager
    def lock(self, name: str, budget: WaitBudget) -> t.Iterator[None]:
        lock = Lock(self._servers, _key("lock", name), self._lock_ttl)
        interval = _POLL_INTERVAL
        while not lock.acquire():
            budget.wait(
                min(interval, budget.left) or interval, "another process holds the lock for this credential or item"
            )
            interval = min(1.5 * interval, _LONGEST_POLL_INTERVAL)
        released = threading.Event()
        keeper = threading.Thread(target=_extend_lock, args=(lock, released), daemon=True)
        keeper.start()
        try:
            yield
        finally:
            released.set()
            keeper.join()
            # A lock that cannot be released expires; the work done under it must not be lost.
            with contextlib.suppress(AccessError):
                lock.release()

    def reserve(self, rate_limits: t.Sequence[RateLimit], budget: WaitBudget) -> float:
        limits = [part for _name, rate in rate_limits for part in (rate.count, rate.padded_window, rate.cost)]
        (reserved, now, start), round_trip = self._run(redis_scripts.RESERVE, rate_limits, budget.left, *limits)
        wait = max(0.0, float(start) - float(now) - _age(round_trip))
        if not reserved:
            raise budget.exceeded(wait, "the rate limit is used up by calls that are already waiting")
        return wait

    def block_until(self, rate_limits: t.Sequence[RateLimit], until: float) -> None:
        windows = [rate.padded_window for _name, rate in rate_limits]
        self._run(redis_scripts.BLOCK, rate_limits, until - self._clock.now(), *windows)

    def _run(self, script: str, rate_limits: t.Sequence[RateLimit], *numbers: float) -> tuple[t.Any, float]:
        """Run a script for the schedules of limits. Returns its result, and the seconds that it took.

        The script's text is sent only if the server does not know it.
        """
        arguments = [*(_key(self._pace, name) for name, _rate in rate_limits), *map(repr, numbers)]

        def run(client: t.Any) -> tuple[t.Any, float]:
            sent = self._clock.now()
            try:
                result = client.evalsha(redis_scripts.digest(script), len(rate_limits), *arguments)
            except self._servers.library.exceptions.NoScriptError:
                sent = self._clock.now()
                result = client.eval(script, len(rate_limits), *arguments)
            return result, self._clock.now() - sent

        return self._servers.call(run)

    def own_key(self) -> str | None:
        return None


class Lock:
    """A lock that expires unless it is extended. Repeating a command after a lost answer changes nothing."""

    def __init__(self, servers: Servers, key: str, ttl: float, token: str | None = None) -> None:
        self._servers = servers
        self._key = key
        self._milliseconds = int(1000 * ttl)
        self.token = token or uuid.uuid4().hex

    def acquire(self, *, once: bool = False) -> bool:
        """Acquire the lock, extend it, or acquire it again if a restart or failover has lost it. Returns whether the
        caller holds it.
        """
        arguments = (redis_scripts.ACQUIRE, 1, self._key, self.token, self._milliseconds)
        return bool(self._servers.write(self._key, lambda pipe: pipe.eval(*arguments), once=once))

    def release(self) -> None:
        self._servers.call(lambda client: client.eval(redis_scripts.RELEASE, 1, self._key, self.token))


def _age(round_trip: float) -> float:
    """How many seconds ago the server probably read its clock.

    Callers that reach it slowly must not start late, beside the next ones. A long round trip says little: it may have
    been spent on a connection.
    """
    return round_trip / 2 if 0 < round_trip < _LONGEST_ROUND_TRIP else 0.0


def _key(kind: str, name: str) -> str:
    return f"{_PREFIX}{kind}:{name}"


def _extend_lock(lock: Lock, released: threading.Event) -> None:
    """Extend a lock until it is ``released``."""
    while not released.wait(_LOCK_TTL / 3):
        with contextlib.suppress(AccessError):
            lock.acquire(once=True)
