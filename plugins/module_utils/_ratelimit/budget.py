# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits the time that one item may spend waiting."""

from __future__ import annotations

import typing as t

from .._clock import Clock
from .._errors import WaitTooLong
from .._statistics import Counts


class WaitBudget:
    """The time that one item may still spend waiting (``max_wait``)."""

    def __init__(self, seconds: float, clock: Clock, counts: Counts | None = None) -> None:
        self.limit = seconds
        self.left = float(seconds)
        self.clock = clock
        self.counts = counts or Counts()

    def reset(self) -> None:
        """Start over for the next item."""
        self.left = float(self.limit)

    def wait(self, seconds: float, reason: str, **details: t.Any) -> None:
        """Sleep, or fail immediately if ``max_wait`` does not allow it.

        :raises WaitTooLong: stating the ``reason`` and the remedy; ``details`` are its other arguments.
        """
        if seconds > self.left:
            raise self.exceeded(seconds, reason, **details)
        if seconds > 0:
            self.left -= seconds
            self.clock.sleep(seconds)

    def wait_for_limit(self, seconds: float, reason: str, **details: t.Any) -> None:
        """Wait for a rate limit, or as long as the platform requests (Retry-After). See :meth:`wait`."""
        self.wait(seconds, reason, **details)
        self.counts.seconds_waited += max(0.0, seconds)

    def exceeded(self, seconds: float, reason: str, **details: t.Any) -> WaitTooLong:
        """The error for a wait of ``seconds`` that exceeds the budget."""
        shortage = (
            f"a wait of {seconds:.0f} s is needed, but only {self.left:.0f} s of max_wait ({self.limit:g} s) are left"
            if seconds >= 1
            else f"max_wait ({self.limit:g} s) is used up"
        )
        return WaitTooLong(f"{reason}: {shortage}. Run again later, or raise max_wait", **details)
