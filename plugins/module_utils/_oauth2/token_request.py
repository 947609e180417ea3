# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The formats of token requests, and the forms for revocation and introspection."""

from __future__ import annotations

import dataclasses
import typing as t

from .._data.schema import Schema
from .._http.models import Request
from .token import Token, iso, scope_text

FORMATS = ("form", "json", "query")

#: A response about a token (RFC 7662, section 2.2). Some servers send the scope as a list.
INTROSPECTION = Schema(
    {
        "type": "object",
        "properties": {
            "active": {"type": "boolean"},
            "exp": {"type": ["number", "null"]},
            "scope": {"type": ["string", "array", "null"], "items": {"type": "string"}},
            **{name: {"type": ["string", "null"]} for name in ("client_id", "username", "token_type", "sub")},
        },
        "required": ["active"],
    }
)


def in_format(request: Request, request_format: str) -> Request:
    """Convert a token request with a form (RFC 6749, section 3.2) to the format that a platform expects."""
    if request_format == "form":
        return request
    if request_format == "json":
        return dataclasses.replace(request, form=None, json=dict(request.form or {}))
    return dataclasses.replace(request, form=None, query=dict(request.form or {}))


def revocation_form(token: str, hint: str) -> dict[str, str]:
    """The form of a revocation request (RFC 7009, section 2.1)."""
    return {"token": token, "token_type_hint": hint}


def tokens_to_revoke(token: Token) -> list[tuple[str, str]]:
    """The tokens to revoke, each with its kind: the refresh token first, because it could obtain new access tokens."""
    found = [(token.refresh_token, "refresh_token"), (token.access_token, "access_token")]
    return [(value, kind) for value, kind in found if value]


def introspection_form(token: str) -> dict[str, str]:
    """The form of an introspection request (RFC 7662, section 2.1)."""
    return {"token": token, "token_type_hint": "access_token"}


def token_info(body: t.Mapping[str, t.Any], now: float) -> dict[str, t.Any]:
    """Convert a response validated with :data:`INTROSPECTION`. An inactive token has no other properties."""
    names = {"subject": "sub", **{name: name for name in ("scope", "client_id", "username", "token_type")}}
    body = {**body, "scope": scope_text(body.get("scope"))}
    expiry = body.get("exp") if body["active"] else None
    return {
        "valid": body["active"],
        **{key: body.get(name) if body["active"] else None for key, name in names.items()},
        "expires_in": None if expiry is None else max(0, int(expiry - now)),
        "expires_at": iso(expiry),
    }
