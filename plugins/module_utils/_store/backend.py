# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a place for tokens, locks and rate limits must offer."""

from __future__ import annotations

import typing as t

from .._ratelimit.budget import WaitBudget
from .._ratelimit.rate import Rate
from .._ratelimit.schedule import Schedule

#: Paced requests of one kind: the name under which their starts are shared, and their limit.
RateLimit = t.Tuple[str, Rate]


class Pace(t.Protocol):
    """Whatever keeps rate limits."""

    def reserve(self, rate_limits: t.Sequence[RateLimit], budget: WaitBudget) -> float:
        """Take the next start that every rate limit allows, and return the seconds until then; raise WaitTooLong instead of exceeding the budget."""

    def block_until(self, rate_limits: t.Sequence[RateLimit], until: float) -> None:
        """Let nobody start before ``until``: the platform said so."""


class Backend(Pace, t.Protocol):
    """What a place for tokens must offer. Unless it is ``private``, names are short and made of [a-z0-9-]."""

    #: Whether nobody else can see the names.
    private: t.ClassVar[bool]

    def read(self, name: str) -> bytes | None: ...

    def read_many(self, names: t.Sequence[str]) -> list[bytes | None]: ...

    def write(self, name: str, data: bytes, expires_at: float | None) -> None: ...

    def remove(self, name: str) -> None: ...

    def names(self) -> list[str]: ...

    def lock(self, name: str, budget: WaitBudget) -> t.ContextManager[None]: ...

    def own_key(self) -> str | None:
        """The encryption key that the place itself keeps, if it does."""


def reserve_all(schedules: t.Sequence[tuple[Rate, Schedule]], now: float, budget: WaitBudget) -> float:
    """Take the next start that all schedules allow, and return the seconds until then; nothing is taken where ``max_wait`` does not allow it."""
    start, earlier = now, None
    while start != earlier:  # a start that one limit has put off need not suit the other any more
        earlier, start = start, max(schedule.next(rate, start) for rate, schedule in schedules)
    if start - now > budget.left:
        raise budget.exceeded(start - now, "the rate limit is used up by calls that are waiting already")
    for rate, schedule in schedules:
        schedule.add(start, rate, now)
    return start - now
