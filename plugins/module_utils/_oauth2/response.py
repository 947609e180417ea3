# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the answer of a token endpoint (RFC 6749, sections 5.1 and 5.2)."""

from __future__ import annotations

import typing as t

from .._data.schema import Schema
from .jwt import jwt_expiry
from .token import Token


def token_schema(*required: str, **properties: t.Any) -> Schema:
    """The schema of a successful answer, with the fields that a platform requires or adds.

    Some platforms send null for what they don't know, or the lifetime as text.
    """
    standard = {
        "access_token": {"type": "string", "minLength": 1},
        "token_type": {"type": "string"},
        "expires_in": {"type": ["number", "string", "null"], "pattern": "^[0-9]+$"},
        "refresh_token": {"type": ["string", "null"]},
        "refresh_expires_in": {"type": ["number", "null"]},
        "scope": {"type": ["string", "null"]},
    }
    return Schema({"type": "object", "properties": {**standard, **properties}, "required": ["access_token", *required]})


TOKEN_ANSWER = token_schema()


def parse_token(answer: t.Mapping[str, t.Any], now: float, default_lifetime: float, *, previous: Token | None = None, **fields: t.Any) -> Token:
    """The token of a successful answer that was checked with :data:`TOKEN_ANSWER`.

    Without ``expires_in`` the token expires when it says so itself (as a JWT), else after ``default_lifetime`` seconds, as the platform documents it. A
    refresh token stays valid unless the answer replaces it (RFC 6749, section 6): ``previous`` is the token that was refreshed. ``fields`` are other
    fields of :class:`Token`.
    """
    access_token, lifetime = answer["access_token"], answer.get("expires_in")
    refresh_token = answer.get("refresh_token") or (previous.refresh_token if previous else None)
    return Token(
        access_token,
        answer.get("token_type", "Bearer"),
        now + float(lifetime) if lifetime is not None else jwt_expiry(access_token) or now + default_lifetime,
        refresh_token=refresh_token,
        refresh_expires_at=_refresh_expiry(refresh_token, answer.get("refresh_expires_in"), now),
        **{"scope": answer.get("scope"), **fields},
    )


def _refresh_expiry(refresh_token: str | None, lifetime: float | None, now: float) -> float | None:
    if not refresh_token:
        return None
    return now + lifetime if lifetime else jwt_expiry(refresh_token)
