# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rate limits shared by all processes.

At most N calls start in any window of the limit's length. A caller reserves the next free start time under a lock, then
sleeps until then: the first N calls start immediately, no caller polls, and calls are served first come, first served.
Existing libraries do not offer this across processes: ``limits`` has no reservations, so callers have to poll;
``pyrate-limiter`` retries in a loop as well.
"""

from __future__ import annotations

import bisect
import dataclasses
import math
import struct
import typing as t

from .rate import Rate

#: A reservation further in the future than this (seconds) was made before the clock was set back.
_IMPLAUSIBLE = 3600.0
_ROUNDING = 1e-6  # seconds


def next_start(starts: t.Sequence[float], rate: Rate, now: float, not_before: float = 0.0) -> float:
    """The earliest time at which a call may start, given the reserved ``starts`` in ascending order (all in epoch
    seconds).

    A call that is delayed by another limit has reserved a late start here. Calls that are not subject to that limit may
    start before it.
    """
    earliest = max(now, not_before)
    freed = (start + rate.padded_window for start in starts if start + rate.padded_window > earliest)
    return next(start for start in (earliest, *freed) if _fits(starts, start, rate))


def _fits(starts: t.Sequence[float], start: float, rate: Rate) -> bool:
    """Whether one more call at ``start`` leaves every window within the limit."""
    place = bisect.bisect_right(starts, start)
    around = [*starts[max(0, place - rate.count) : place], *[start] * rate.cost, *starts[place : place + rate.count]]
    return all(late - early >= rate.padded_window - _ROUNDING for early, late in zip(around, around[rate.count :]))


@dataclasses.dataclass
class Schedule:
    """The reserved starts of calls under one rate limit that still matter, and the time before which the platform
    accepts no calls.
    """

    starts: list[float] = dataclasses.field(default_factory=list)
    not_before: float = 0.0

    def next(self, rate: Rate, now: float) -> float:
        self._forget(now)
        return next_start(self.starts, rate, now, self.not_before)

    def add(self, start: float, rate: Rate, now: float) -> None:
        self.starts = [early for early in self.starts if early > now - rate.padded_window]
        place = bisect.bisect_right(self.starts, start)
        self.starts[place:place] = [start] * rate.cost

    def block_until(self, until: float, now: float) -> None:
        self._forget(now)
        self.not_before = max(self.not_before, until)

    def _forget(self, now: float) -> None:
        """Drop entries made before the clock was set back."""
        self.starts = [start for start in self.starts if start - now < _IMPLAUSIBLE]
        if self.not_before - now >= _IMPLAUSIBLE:
            self.not_before = 0.0

    def pack(self) -> bytes:
        return struct.pack(f"<{len(self.starts) + 1}d", self.not_before, *self.starts)

    @classmethod
    def unpack(cls, data: bytes) -> Schedule:
        """Restore a packed schedule. Data truncated by a crash is read up to the last complete value; invalid data
        yields an empty schedule.
        """
        values = struct.unpack(f"<{len(data) // 8}d", data[: len(data) // 8 * 8])
        if not values or any(math.isnan(value) for value in values):
            return cls()
        return cls(sorted(values[1:]), values[0])
