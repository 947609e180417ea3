# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rate limits as users write them."""

from __future__ import annotations

import dataclasses
import re

from .._errors import AccessError


@dataclasses.dataclass(frozen=True)
class Rate:
    """``count`` calls in any ``window`` seconds; a request counts for ``weight`` of them."""

    count: int
    window: float
    cost: int = 1

    @classmethod
    def parse(cls, text: str, option: str = "rate_limit") -> Rate | None:
        """Read ``20/second``, ``120/minute`` or ``none`` (then: None).

        :raises AccessError: for anything else.
        """
        if text == "none":
            return None
        match = re.fullmatch(r"([1-9][0-9]{0,5})/(second|minute)", text)
        if not match:
            raise AccessError(f"{option}: {text!r} is not N/second, N/minute (N from 1 to 999999) or none")
        return cls(int(match.group(1)), 1.0 if match.group(2) == "second" else 60.0)

    @property
    def padded_window(self) -> float:
        """Seconds between a call and the N-th after it: the window, and a little for the network's jitter."""
        return self.window + min(self.window * 0.04, 0.5)
