# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rate limits that apply to a task's requests."""

from __future__ import annotations

import dataclasses
import typing as t

from .._http.models import Request, origin_of
from .._ratelimit.rate import Rate
from .._store.backend import RateLimit


class RateLimits:
    """Determines the limits that a request counts towards: ``rate_limit`` and, for logins, ``auth_rate_limit``.

    Platforms count requests by origin and by ``subject`` (such as a forwarded address).
    """

    def __init__(self, platform: str, params: t.Mapping[str, t.Any], subject: str = "") -> None:
        self._platform = platform
        self._subject = subject
        self._all = Rate.parse(params["rate_limit"], "rate_limit")
        self._auth = Rate.parse(params["auth_rate_limit"], "auth_rate_limit")

    def limits_for(self, request: Request) -> list[RateLimit]:
        """The names and rates of the limits that a request counts towards, with its cost."""
        kinds = [("all", self._all), ("auth", self._auth if request.authenticates else None)]
        return [
            (
                "\n".join((self._platform, origin_of(request.url), self._subject, kind)),
                dataclasses.replace(rate, cost=min(request.cost, rate.count)),
            )
            for kind, rate in kinds
            if rate
        ]

    def max_cost(self, *, authenticates: bool) -> int | None:
        """The highest cost that a single request may have; None if there is no limit."""
        return min((rate.count for rate in (self._all, self._auth if authenticates else None) if rate), default=None)
