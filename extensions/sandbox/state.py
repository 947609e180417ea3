# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state that every platform has: a clock, and tokens that expire."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from math import ceil
from typing import Any

import jwt

JWT_KEY = "sandbox-signing-key-of-no-value-at-all"


class Clock:
    """The time of the simulated platforms. It can be advanced."""

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self.real_steady = steady
        self.offset = 0.0

    def now(self) -> float:
        """The wall clock, in seconds since the epoch."""
        return self._wall() + self.offset

    def steady(self) -> float:
        """A monotonic clock for measuring windows, in seconds. It is advanced, too."""
        return self.real_steady() + self.offset

    def advance(self, seconds: float) -> None:
        self.offset += seconds

    def reset(self) -> None:
        self.offset = 0.0


def to_datetime(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


def format_time(epoch: float) -> str:
    """Format a timestamp as it is stored in the state: 2026-01-31T12:00:00Z."""
    return to_datetime(epoch).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str) -> float:
    """Parse an ISO 8601 timestamp. Without an offset it is in UTC."""
    value = datetime.fromisoformat(text)
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()


@dataclass(slots=True)
class Token:
    """A token issued by a platform."""

    value: str
    kind: str
    owner: str
    issued_at: float
    expires_at: float
    extra: dict[str, Any] = field(default_factory=dict)


class Tokens:
    """The tokens of one platform."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_value: dict[str, Token] = {}
        self._latest: dict[tuple[str, str], Token] = {}
        #: The number of access tokens issued so far.
        self.issued = 0

    def issue(self, kind: str, owner: str, lifetime: float, value: str | None = None, **extra: Any) -> Token:
        """Issue an opaque token, or one with the given value."""
        now = self._clock.now()
        token = Token(value or secrets.token_urlsafe(32), kind, owner, now, now + lifetime, extra)
        self._add(token)
        self.issued += kind == "access"
        return token

    def issue_jwt(self, kind: str, owner: str, lifetime: float, claims: dict[str, Any], **extra: Any) -> Token:
        """Issue a JWT with these claims and `exp` and `jti`."""
        jti = str(uuid.uuid4())
        value = jwt.encode({**claims, "exp": int(self._clock.now() + lifetime), "jti": jti}, JWT_KEY, algorithm="HS256")
        return self.issue(kind, owner, lifetime, value, jti=jti, **extra)

    def _add(self, token: Token) -> None:
        self._by_value[token.value] = token
        self._latest[token.kind, token.owner] = token

    def get(self, value: str | None, kind: str = "access") -> Token | None:
        """Return the token if it is valid."""
        token = self._by_value.get(value or "")
        return token if token and token.kind == kind and token.expires_at > self._clock.now() else None

    def latest(self, owner: str, kind: str = "access") -> Token | None:
        """Return the owner's newest token if it is valid."""
        token = self._latest.get((kind, owner))
        return self.get(token.value, kind) if token else None

    def seconds_left(self, token: Token) -> int:
        return ceil(token.expires_at - self._clock.now())

    def revoke(self, value: str) -> None:
        self._by_value.pop(value, None)

    def revoke_owner(self, owner: str, kind: str = "access") -> None:
        for token in [token for token in self._by_value.values() if token.owner == owner and token.kind == kind]:
            self.revoke(token.value)

    def clear(self, kind: str | None = None) -> int:
        """Revoke all tokens, or those of one kind. Returns how many of them were valid."""
        revoked = [token for token in self._by_value.values() if kind is None or token.kind == kind]
        valid = sum(token.expires_at > self._clock.now() for token in revoked)
        for token in revoked:
            self.revoke(token.value)
        return valid

    def dump(self) -> list[dict[str, Any]]:
        return [asdict(token) for token in self._by_value.values()]

    def load(self, items: list[dict[str, Any]]) -> None:
        self.clear()
        for item in items:
            self._add(Token(**item))
