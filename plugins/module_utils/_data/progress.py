# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports the progress of long-running work; short work reports nothing."""

from __future__ import annotations

import typing as t

from .._clock import Clock

_FIRST_REPORT, _INTERVAL = 10.0, 30.0  # seconds


class Progress:
    """The progress of work on ``total`` items, ``known`` of which needed none. ``on_progress`` is called with each
    line.
    """

    def __init__(
        self, title: str, total: int, clock: Clock, on_progress: t.Callable[[str], None], known: int = 0
    ) -> None:
        self._title = title
        self._total = total
        self._known = known
        self._clock = clock
        self._on_progress = on_progress
        self._started = clock.now()
        self._next = self._started + _FIRST_REPORT

    def update(self, done: int, changed: int, failed: int) -> None:
        """Report progress if it is due. Without a finished item, the remaining time cannot be estimated yet."""
        now = self._clock.now()
        if now < self._next or not self._known < done < self._total:
            return
        self._next = now + _INTERVAL
        pace = (done - self._known) / (now - self._started)
        left = format_duration((self._total - done) / pace)
        self._on_progress(
            f"{self._title}: {done} of {self._total} done, {changed} changed, {failed} failed, {pace * 60:.0f} a "
            f"minute, about {left} left"
        )


def format_duration(seconds: float) -> str:
    """Format a duration: 40 s, 12 min, 3 h 5 min."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
