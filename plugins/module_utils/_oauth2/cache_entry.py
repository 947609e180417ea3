# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An entry of the token cache: a token, its principal, and the request that revokes it, which can be sent without the
platform's code.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._http.models import Request
from .._ratelimit.rate import Rate
from .._store.backend import RateLimit
from .token import Token

#: Request fields that had another name in the entries that version 0.1 wrote.
_FORMER_FIELDS = {"weight": "cost", "unread": "reject_html"}


@dataclasses.dataclass(frozen=True)
class Revocation:
    """The request that revokes a token, and the rate limits that it counts towards."""

    request: Request
    rate_limits: t.Sequence[RateLimit]

    def as_dict(self) -> dict[str, t.Any]:
        limits = [(name, (rate.count, rate.window, rate.cost)) for name, rate in self.rate_limits]
        return {"request": dataclasses.asdict(self.request), "slots": limits}

    @classmethod
    def parse(cls, data: dict[str, t.Any]) -> Revocation:
        request = {_FORMER_FIELDS.get(key, key): value for key, value in data["request"].items()}
        return cls(Request(**request), [(name, Rate(*rate)) for name, rate in data["slots"]])


@dataclasses.dataclass(frozen=True)
class CacheEntry:
    """A cached token. ``platform`` and ``url`` identify the installation; tokens from the same login share
    ``login``.
    """

    platform: str
    url: str
    principal: str
    token: Token
    revocation: Revocation | None = None
    login: str | None = None

    def as_dict(self) -> dict[str, t.Any]:
        """The entry as JSON types, under the field names that every version has used."""
        entry: dict[str, t.Any] = {
            "provider": self.platform,
            "url": self.url,
            "principal": self.principal,
            "token": dict(vars(self.token)),
        }
        entry["revocation"] = self.revocation.as_dict() if self.revocation else None
        return {**entry, "login": self.login} if self.login else entry

    @classmethod
    def parse(cls, entry: t.Mapping[str, t.Any] | None) -> CacheEntry | None:
        """The entry; None if it is missing or was written in a format that this version does not know."""
        if entry is None:
            return None
        try:
            revocation = Revocation.parse(entry["revocation"]) if entry.get("revocation") else None
            return cls(
                entry["provider"],
                entry["url"],
                entry["principal"],
                Token(**entry["token"]),
                revocation,
                entry.get("login"),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            return None
