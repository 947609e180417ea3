# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The interface of storage backends for tokens, locks and rate limits."""

from __future__ import annotations

import typing as t

from .._ratelimit.budget import WaitBudget
from .._ratelimit.rate import Rate
from .._ratelimit.schedule import Schedule

#: A rate limit: the name under which its schedule is shared, and the rate.
RateLimit = t.Tuple[str, Rate]


class Pace(t.Protocol):
    """Enforces rate limits."""

    def reserve(self, rate_limits: t.Sequence[RateLimit], budget: WaitBudget) -> float:
        """Reserve the next start that every rate limit allows, and return the seconds until then; raise WaitTooLong if
        they exceed the budget.
        """

    def block_until(self, rate_limits: t.Sequence[RateLimit], until: float) -> None:
        """Let no call start before ``until``, as requested by the platform."""


class Backend(Pace, t.Protocol):
    """Stores tokens, locks and rate limits. Unless the backend is ``private``, names are short and consist of
    [a-z0-9-].
    """

    #: Whether names are invisible to other processes, so that they need not be hashed.
    private: t.ClassVar[bool]

    def read(self, name: str) -> bytes | None: ...

    def read_many(self, names: t.Sequence[str]) -> list[bytes | None]: ...

    def write(self, name: str, data: bytes, expires_at: float | None) -> None: ...

    def remove(self, name: str) -> None: ...

    def names(self) -> list[str]: ...

    def lock(self, name: str, budget: WaitBudget) -> t.ContextManager[None]: ...

    def own_key(self) -> str | None:
        """The encryption key that the backend stores itself, or None."""


def reserve_all(schedules: t.Sequence[tuple[Rate, Schedule]], now: float, budget: WaitBudget) -> float:
    """Reserve the next start that all schedules allow, and return the seconds until then; reserve nothing if
    ``max_wait`` does not allow it.
    """
    start, earlier = now, None
    while start != earlier:  # a start delayed by one limit may no longer be free under another
        earlier, start = start, max(schedule.next(rate, start) for rate, schedule in schedules)
    if start - now > budget.left:
        raise budget.exceeded(start - now, "the rate limit is used up by calls that are already waiting")
    for rate, schedule in schedules:
        schedule.add(start, rate, now)
    return start - now
