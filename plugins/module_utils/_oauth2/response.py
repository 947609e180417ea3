# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Responses of a token endpoint (RFC 6749, section 5.1)."""

from __future__ import annotations

import typing as t

from .._data.schema import PRINTABLE_ASCII, Schema
from .jwt import jwt_expiry
from .token import LAST_INSTANT, Token, scope_text


def token_schema(*required: str, **properties: t.Any) -> Schema:
    """The schema of a successful response, with the fields that a platform requires or adds.

    Some platforms send null for unknown values, lifetimes as strings, or the scope as a list. Other characters than
    those of RFC 6749, appendix A, in an access token would end the header that carries it, or could not be sent.
    """
    lifetime = {"type": ["number", "string", "null"], "pattern": "^[0-9]+$"}
    standard = {
        "access_token": {"type": "string", "minLength": 1, "pattern": PRINTABLE_ASCII},
        "token_type": {"type": ["string", "null"]},
        "expires_in": lifetime,
        "refresh_token": {"type": ["string", "null"]},
        "refresh_expires_in": lifetime,
        "scope": {"type": ["string", "array", "null"], "items": {"type": "string"}},
    }
    return Schema({"type": "object", "properties": {**standard, **properties}, "required": ["access_token", *required]})


TOKEN_RESPONSE = token_schema()
#: A path in ``fields`` that ignores a field of the response.
IGNORED = "none"
#: How many fields of a response a message names.
_MAX_NAMES = 20


def parse_token(
    body: t.Mapping[str, t.Any], now: float, default_lifetime: float, *, previous: Token | None = None, **fields: t.Any
) -> Token:
    """Parse a successful response that was validated with :data:`TOKEN_RESPONSE`.

    If the response has no ``expires_in``, the token expires at its ``exp`` claim if it is a JWT, otherwise after
    ``default_lifetime`` seconds, which the platform documents. ``previous`` is the token that was refreshed: its
    refresh token stays valid unless the response replaces it (RFC 6749, section 6). ``fields`` are further fields of
    :class:`Token`.
    """
    access_token, lifetime = body["access_token"], body.get("expires_in")
    refresh_token = body.get("refresh_token") or (previous.refresh_token if previous else None)
    return Token(
        access_token,
        body.get("token_type") or "Bearer",
        _expiry(lifetime, now) if lifetime is not None else jwt_expiry(access_token) or now + default_lifetime,
        refresh_token=refresh_token,
        refresh_expires_at=_refresh_expiry(refresh_token, body.get("refresh_expires_in"), now),
        **{"scope": scope_text(body.get("scope")), "issued_at": now, **fields},
    )


def rename_fields(body: t.Any, fields: t.Mapping[str, str]) -> t.Any:
    """Return a response under the standard names. ``fields`` maps these to the platform's own names, which are paths
    with dots, such as ``data.accessToken``.
    """
    if not fields or not isinstance(body, dict):
        return body
    renamed = {name: _find(body, path.split(".")) for name, path in fields.items()}
    return {
        **{name: value for name, value in body.items() if name not in fields},
        **{name: value for name, value in renamed.items() if value is not None},
    }


def absent_fields(body: t.Any, fields: t.Mapping[str, str]) -> dict[str, str]:
    """The part of ``fields`` that a response does not contain. Null counts as contained."""
    return {name: path for name, path in fields.items() if path != IGNORED and not _contains(body, path.split("."))}


def null_fields(body: t.Any, fields: t.Mapping[str, str]) -> dict[str, str]:
    """The part of ``fields`` that is null in a response."""
    present = {name: path.split(".") for name, path in fields.items() if name not in absent_fields(body, fields)}
    return {
        name: fields[name] for name, path in present.items() if fields[name] != IGNORED and _find(body, path) is None
    }


def field_names(body: t.Any) -> list[str]:
    """The paths of a response's fields, such as ``data.accessToken``, without their values."""
    found = []
    for name, value in body.items() if isinstance(body, dict) else ():
        inner = list(value) if isinstance(value, dict) else []
        found += [f"{name}.{key}" for key in inner] or [str(name)]
    return found[:_MAX_NAMES]


def _contains(body: t.Any, path: t.Sequence[str]) -> bool:
    for name in path:
        if not isinstance(body, dict) or name not in body:
            return False
        body = body[name]
    return True


def _find(body: t.Any, path: t.Sequence[str]) -> t.Any:
    for name in path:
        body = body.get(name) if isinstance(body, dict) else None
    return body


def _refresh_expiry(refresh_token: str | None, lifetime: float | str | None, now: float) -> float | None:
    if not refresh_token:
        return None
    return _expiry(lifetime, now) if lifetime and float(lifetime) else jwt_expiry(refresh_token)


def _expiry(lifetime: float | str, now: float) -> float:
    return min(now + float(lifetime), LAST_INSTANT)
