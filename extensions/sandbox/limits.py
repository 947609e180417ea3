# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rate limits, counted in a sliding window."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from .state import Clock
from .switches import Rate


@dataclass(frozen=True, slots=True)
class Want:
    """What a request needs from one limit: `cost` places for whoever `key` is."""

    key: tuple[str, ...]
    rate: Rate | None
    cost: int = 1


class Limiter:
    """Admits a request only where every limit it falls under has room. A request that is refused takes no place."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hits: dict[tuple[str, ...], deque[float]] = {}

    def admit(self, wants: list[Want]) -> float | None:
        """None if admitted, else the seconds until there is room."""
        now = self._clock.steady()
        wait = 0.0
        rows: list[tuple[deque[float], int]] = []
        for want in wants:
            if want.rate is None or want.cost < 1:
                continue
            hits = self._hits.setdefault(want.key, deque())
            while hits and hits[0] <= now - want.rate.window:
                hits.popleft()
            excess = len(hits) + want.cost - want.rate.count
            if excess > len(hits):
                wait = max(wait, want.rate.window)
            elif excess > 0:
                wait = max(wait, hits[excess - 1] + want.rate.window - now)
            rows.append((hits, want.cost))
        if wait > 0:
            return wait
        for hits, cost in rows:
            hits.extend([now] * cost)
        return None

    def reset(self) -> None:
        self._hits.clear()
