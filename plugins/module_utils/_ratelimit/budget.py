# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long one item may still wait."""

from __future__ import annotations

import typing as t

from .._clock import Clock
from .._errors import WaitTooLong


class WaitBudget:
    """What one item may still spend on waiting (``max_wait``)."""

    def __init__(self, seconds: float, clock: Clock) -> None:
        self.limit = seconds
        self.left = float(seconds)
        self.clock = clock

    def reset(self) -> None:
        """Begin with another item."""
        self.left = float(self.limit)

    def wait(self, seconds: float, reason: str, **details: t.Any) -> None:
        """Sleep, or fail at once where ``max_wait`` does not allow it.

        :raises WaitTooLong: with ``reason`` and what to do; ``details`` go into it.
        """
        if seconds > self.left:
            raise self.exceeded(seconds, reason, **details)
        if seconds > 0:
            self.left -= seconds
            self.clock.sleep(seconds)

    def exceeded(self, seconds: float, reason: str, **details: t.Any) -> WaitTooLong:
        """The failure for a wait of ``seconds`` that is not allowed any more."""
        needs = (
            f"that needs {seconds:.0f} s more, and max_wait ({self.limit:g} s) leaves {self.left:.0f} s"
            if seconds >= 1
            else f"max_wait ({self.limit:g} s) is used up"
        )
        return WaitTooLong(f"{reason}: {needs}. Run again later, or raise max_wait", **details)
