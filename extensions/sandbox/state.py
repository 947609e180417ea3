# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every platform keeps: time, and tokens that really expire."""

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
    """The time as the platforms see it. It can be moved forward."""

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self.real_steady = steady
        self.offset = 0.0

    def now(self) -> float:
        return self._wall() + self.offset

    def steady(self) -> float:
        """Seconds for measuring windows; moves with the clock."""
        return self.real_steady() + self.offset

    def advance(self, seconds: float) -> None:
        self.offset += seconds

    def reset(self) -> None:
        self.offset = 0.0


def to_datetime(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


def to_text(epoch: float) -> str:
    """An instant as the state holds it: 2026-01-31T12:00:00Z."""
    return to_datetime(epoch).strftime("%Y-%m-%dT%H:%M:%SZ")


def to_epoch(text: str) -> float:
    """The instant that an ISO 8601 text names; without an offset it is UTC."""
    value = datetime.fromisoformat(text)
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()


@dataclass(slots=True)
class Token:
    """A token that a platform has issued."""

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

    def issue(self, kind: str, owner: str, lifetime: float, value: str | None = None, **extra: Any) -> Token:
        now = self._clock.now()
        token = Token(value or secrets.token_urlsafe(32), kind, owner, now, now + lifetime, extra)
        self._add(token)
        return token

    def issue_jwt(self, kind: str, owner: str, lifetime: float, claims: dict[str, Any], **extra: Any) -> Token:
        """Issue a token that is a JWT; `exp` and `jti` are added to the claims."""
        jti = str(uuid.uuid4())
        value = jwt.encode({**claims, "exp": int(self._clock.now() + lifetime), "jti": jti}, JWT_KEY, algorithm="HS256")
        return self.issue(kind, owner, lifetime, value, jti=jti, **extra)

    def _add(self, token: Token) -> None:
        self._by_value[token.value] = token
        self._latest[token.kind, token.owner] = token

    def get(self, value: str | None, kind: str = "access") -> Token | None:
        """The token, if it is alive."""
        token = self._by_value.get(value or "")
        return token if token and token.kind == kind and token.expires_at > self._clock.now() else None

    def latest(self, owner: str, kind: str = "access") -> Token | None:
        """The newest token of this owner, if it is alive."""
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
        """Forget all tokens (of that kind); returns how many were alive."""
        doomed = [token for token in self._by_value.values() if kind is None or token.kind == kind]
        alive = sum(token.expires_at > self._clock.now() for token in doomed)
        for token in doomed:
            self.revoke(token.value)
        return alive

    def dump(self) -> list[dict[str, Any]]:
        return [asdict(token) for token in self._by_value.values()]

    def load(self, items: list[dict[str, Any]]) -> None:
        self.clear()
        for item in items:
            self._add(Token(**item))
