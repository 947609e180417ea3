# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rate limits, parsed from the notation in options."""

from __future__ import annotations

import dataclasses
import re

from .._errors import AccessError


@dataclasses.dataclass(frozen=True)
class Rate:
    """At most ``count`` calls in any ``window`` seconds; a request counts as ``cost`` calls."""

    count: int
    window: float
    cost: int = 1

    @classmethod
    def parse(cls, text: str, option: str = "rate_limit") -> Rate | None:
        """Parse ``20/second`` or ``120/minute``; ``none`` returns None.

        :raises AccessError: if the text is anything else.
        """
        if text == "none":
            return None
        match = re.fullmatch(r"([1-9][0-9]{0,5})/(second|minute)", text)
        if not match:
            raise AccessError(
                f"{option}: {text!r} is not a valid rate limit; valid: N/second, N/minute (N from 1 to 999999), none"
            )
        return cls(int(match.group(1)), 1.0 if match.group(2) == "second" else 60.0)

    @property
    def padded_window(self) -> float:
        """Minimum seconds between a call and the N-th after it: the window, plus a margin for network jitter."""
        return self.window + min(self.window * 0.04, 0.5)
