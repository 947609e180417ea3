# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An access token and its lifetime."""

from __future__ import annotations

import dataclasses
import datetime
import math
import typing as t

#: The last second that the result can state. Tokens that live longer expire then.
LAST_INSTANT = 253402300799


@dataclasses.dataclass(frozen=True)
class Token:
    """An access token. Times are in epoch seconds, or None if unknown."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the type's name (RFC 6750)
    expires_at: float | None = None
    refresh_token: str | None = None
    refresh_expires_at: float | None = None
    scope: str | None = None
    issued_at: float | None = None
    #: Further properties of the token that are part of the result.
    details: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)

    def life(self, now: float) -> float:
        """The remaining lifetime in seconds."""
        return math.inf if self.expires_at is None or not math.isfinite(self.expires_at) else self.expires_at - now

    @property
    def usable_until(self) -> float | None:
        """When neither the token nor its refresh token is valid any more; None if unknown."""
        if self.refresh_token and self.refresh_expires_at is None:
            return None
        return max(filter(None, [self.expires_at, self.refresh_expires_at]), default=None)

    def as_result(self, now: float, cached: bool) -> dict[str, t.Any]:
        """The ``token`` of a module's result (interface.md, section 2)."""
        life = self.life(now)
        result = {
            "access_token": self.access_token,
            "token_type": self.token_type,
            "expires_at": iso(self.expires_at),
            "expires_in": None if math.isinf(life) else max(0, int(life)),
            "cached": cached,
            "refresh_token": self.refresh_token,
            "refresh_expires_at": iso(self.refresh_expires_at),
            "scope": self.scope,
            **self.details,
        }
        always = ("access_token", "token_type", "expires_at", "expires_in", "cached", *self.details)
        return {key: value for key, value in result.items() if key in always or value is not None}


def iso(instant: float | None) -> str | None:
    """A time in ISO 8601 format, in UTC and whole seconds; None if it is outside the calendar's range."""
    try:
        return (
            None
            if instant is None
            else datetime.datetime.fromtimestamp(int(instant), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        )
    except (ValueError, OverflowError, OSError):
        return None


def scope_text(scope: str | t.Sequence[str] | None) -> str | None:
    """The scope as the standard writes it: names separated by spaces (RFC 6749, section 3.3)."""
    return " ".join(scope) if isinstance(scope, list) else t.cast("str | None", scope)
