# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stores tokens, locks and rate limits in the memory of one process."""

from __future__ import annotations

import base64
import contextlib
import os
import threading
import typing as t

from .._clock import Clock
from .._ratelimit.budget import WaitBudget
from .._ratelimit.schedule import Schedule
from .backend import RateLimit, reserve_all

_PROCESS_SCHEDULES: dict[str, Schedule] = {}
_THREAD_LOCK = threading.Lock()


class MemoryBackend:
    """The backend for ``token_cache: none``. Tokens live for one item; schedules live as long as the process, so that
    loops respect rate limits.
    """

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
    def lock(self, name: str, budget: WaitBudget) -> t.Iterator[None]:
        with self._locks.setdefault(name, threading.Lock()):  # between the threads of one task
            yield

    def reserve(self, rate_limits: t.Sequence[RateLimit], budget: WaitBudget) -> float:
        with _THREAD_LOCK:
            schedules = [(rate, self._schedules.setdefault(name, Schedule())) for name, rate in rate_limits]
            return reserve_all(schedules, self._clock.now(), budget)

    def block_until(self, rate_limits: t.Sequence[RateLimit], until: float) -> None:
        with _THREAD_LOCK:
            for name, _rate in rate_limits:
                self._schedules.setdefault(name, Schedule()).block_until(until, self._clock.now())

    def own_key(self) -> str | None:
        return base64.urlsafe_b64encode(os.urandom(32)).decode()
