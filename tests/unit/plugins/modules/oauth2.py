# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests and responses of an authorization server (RFC 6749 and its extensions)."""

from __future__ import annotations

import base64
import typing as t

import responses

from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import call

ISSUER = "https://login.example.com/realms/media"
TOKEN_URL = f"{ISSUER}/token"
REVOKE_URL = f"{ISSUER}/revoke"
INTROSPECT_URL = f"{ISSUER}/introspect"
API = "https://api.example.com/v1"
NOW = 1_800_000_000

CLIENT = {"client_id": "pipeline", "client_secret": "hush-secret"}
CONNECTION = {"token_url": TOKEN_URL, **CLIENT}
INVALID_GRANT = {"answer": {"error": "invalid_grant", "error_description": "It is used up"}, "status": 400}


def basic(client_id: str = "pipeline", client_secret: str = "hush-secret") -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{client_id}:{client_secret}'.encode()).decode()}"}


def issued(token: str = "hush-token", **other: t.Any) -> dict[str, t.Any]:
    """A successful response. None omits a field."""
    answer = {"access_token": token, "token_type": "Bearer", "expires_in": 3600, **other}
    return {key: value for key, value in answer.items() if value is not None}


def asked(answer: t.Any = None, *, url: str = TOKEN_URL, status: int = 200, **form: str) -> responses.Response:
    """A token request with HTTP Basic authentication, for the client's own grant unless stated otherwise."""
    form = {"grant_type": "client_credentials", **form}
    return call("POST", url, issued() if answer is None else answer, form=form, headers=basic(), status=status)


def refreshed(answer: t.Any = None, refresh_token: str = "hush-refresh", **kwargs: t.Any) -> responses.Response:
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, **kwargs.pop("form", {})}
    answer = kwargs.pop("answer", issued("hush-2") if answer is None else answer)
    return call("POST", TOKEN_URL, answer, form=form, headers=basic(), **kwargs)


def revoked(token: str = "hush-token", kind: str = "access_token", answer: t.Any = b"", **kwargs: t.Any) -> t.Any:
    form = {"token": token, "token_type_hint": kind}
    return call("POST", REVOKE_URL, answer, form=form, headers=basic(), **kwargs)


def introspected(answer: t.Any = None, token: str = "hush-token", **kwargs: t.Any) -> responses.Response:
    answer = {"active": True, "exp": NOW + 1000} if answer is None else answer
    form = {"token": token, "token_type_hint": "access_token"}
    return call("POST", INTROSPECT_URL, answer, form=form, headers=basic(), **kwargs)


def document(**changes: t.Any) -> dict[str, t.Any]:
    """A discovery document. None omits a field."""
    found = {
        "issuer": ISSUER,
        "token_endpoint": TOKEN_URL,
        "revocation_endpoint": REVOKE_URL,
        "introspection_endpoint": INTROSPECT_URL,
        **changes,
    }
    return {key: value for key, value in found.items() if value is not None}


def discovery(answer: t.Any = None, status: int = 200, **changes: t.Any) -> responses.Response:
    """OpenID Connect Discovery."""
    answer = document(**changes) if answer is None else answer
    return call("GET", f"{ISSUER}/.well-known/openid-configuration", answer, status=status)


def metadata(answer: t.Any = None, status: int = 200, **changes: t.Any) -> responses.Response:
    """RFC 8414."""
    answer = document(**changes) if answer is None else answer
    url = "https://login.example.com/.well-known/oauth-authorization-server/realms/media"
    return call("GET", url, answer, status=status)
