# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rate limits, counted in sliding windows."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from .state import Clock

WINDOWS = {"second": 1.0, "minute": 60.0, "hour": 3600.0}


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `count` in any `window` seconds."""

    count: int
    window: float


def parse_rate_limit(text: str) -> RateLimit | None:
    """Parse a limit such as 20/second, or `none`."""
    if text == "none":
        return None
    count, unit = text.partition("/")[::2]
    if unit not in WINDOWS or int(count) < 1:
        raise ValueError(text)
    return RateLimit(int(count), WINDOWS[unit])


@dataclass(frozen=True, slots=True)
class LimitRequest:
    """A request's demand on one rate limit: `cost` of its places, counted under `key`."""

    key: tuple[str, ...]
    limit: RateLimit | None
    cost: int = 1


class Limiter:
    """Admits a request if all its rate limits have room. A rejected request takes no place in any of them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hits: dict[tuple[str, ...], deque[float]] = {}

    def admit(self, requests: list[LimitRequest]) -> float | None:
        """Return None if the request is admitted, otherwise the seconds until there is room."""
        now = self._clock.steady()
        wait = 0.0
        granted: list[tuple[deque[float], int]] = []
        for request in requests:
            if request.limit is None or request.cost < 1:
                continue
            hits = self._hits.setdefault(request.key, deque())
            wait = max(wait, _seconds_until_room(hits, request.limit, request.cost, now))
            granted.append((hits, request.cost))
        if wait > 0:
            return wait
        for hits, cost in granted:
            hits.extend([now] * cost)
        return None

    def reset(self) -> None:
        self._hits.clear()


def _seconds_until_room(hits: deque[float], limit: RateLimit, cost: int, now: float) -> float:
    """Drop the hits that have left the window; then wait until enough of the others have left it."""
    while hits and hits[0] <= now - limit.window:
        hits.popleft()
    excess = len(hits) + cost - limit.count
    if excess <= 0:
        return 0.0
    if excess > len(hits):  # more than the limit allows at once
        return limit.window
    return hits[excess - 1] + limit.window - now
