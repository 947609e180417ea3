# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A line from time to time about work that takes long; nothing about work that does not."""

from __future__ import annotations

import typing as t

from .._clock import Clock

_FIRST, _EVERY = 10.0, 30.0  # seconds


class Progress:
    """How far the work on ``total`` items is, of which ``known`` needed none. ``show`` takes a line."""

    def __init__(self, title: str, total: int, clock: Clock, show: t.Callable[[str], None], known: int = 0) -> None:
        self._title = title
        self._total = total
        self._known = known
        self._clock = clock
        self._show = show
        self._started = clock.now()
        self._next = self._started + _FIRST

    def update(self, done: int, changed: int, failed: int) -> None:
        """Say how far it is, if it is time to and a first item is done: before, nothing can be foretold."""
        now = self._clock.now()
        if now < self._next or not self._known < done < self._total:
            return
        self._next = now + _EVERY
        pace = (done - self._known) / (now - self._started)
        left = duration((self._total - done) / pace)
        self._show(f"{self._title}: {done} of {self._total} done, {changed} changed, {failed} failed, {pace * 60:.0f} a minute, about {left} left")


def duration(seconds: float) -> str:
    """A length of time for people: 40 s, 12 min, 3 h 5 min."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
