# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any platform with an OAuth 2.0 authorization server: RFC 6749 and the standards that extend it."""

from __future__ import annotations

from ..._oauth2.assertion import ALGORITHMS
from ..._oauth2.client_auth import METHODS
from ..._oauth2.token_request import FORMATS
from ..._platform.declaration import ManifestList, Platform
from ..._platform.options import from_env
from ..._platform.responses import NEW_TOKEN
from .client import OAuth2
from .grants import GRANTS
from .issuer import OAuth2Tokens
from .responses import OAuth2Responses

_ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - the type's name (RFC 8693)
#: Options that may contain secrets among other values.
PRIVATE = ("parameters",)

_SECRET = {"type": "str", "no_log": True}
_PUBLIC = {"type": "str", "no_log": False}  # the name resembles a secret's

OAUTH2 = Platform(
    name="oauth2",
    title="OAuth 2.0",
    client=OAuth2,
    issuer=OAuth2Tokens,
    responses=OAuth2Responses,
    options={
        "url": {"type": "str", "fallback": from_env("OAUTH2_URL")},
        "issuer": {"type": "str", "fallback": from_env("OAUTH2_ISSUER")},
        "token_url": {**_PUBLIC, "fallback": from_env("OAUTH2_TOKEN_URL")},
        "revocation_url": {"type": "str"},
        "introspection_url": {"type": "str"},
        "grant": {
            "type": "str",
            "choices": list(GRANTS),
            "default": "client_credentials",
        },
        "client_id": {"type": "str", "fallback": from_env("OAUTH2_CLIENT_ID")},
        "client_secret": {**_SECRET, "fallback": from_env("OAUTH2_CLIENT_SECRET")},
        "client_auth": {"type": "str", "choices": list(METHODS)},
        "private_key": _SECRET,
        "private_key_id": _PUBLIC,
        "private_key_algorithm": {**_PUBLIC, "choices": list(ALGORITHMS), "default": "RS256"},
        "username": {"type": "str", "fallback": from_env("OAUTH2_USERNAME")},
        "password": {**_SECRET, "fallback": from_env("OAUTH2_PASSWORD")},
        "refresh_token": _SECRET,
        "code": _SECRET,
        "redirect_uri": {"type": "str"},
        "code_verifier": _SECRET,
        "assertion": _SECRET,
        "subject_token": _SECRET,
        "subject_token_type": {**_PUBLIC, "default": _ACCESS_TOKEN_TYPE},
        "requested_token_type": _PUBLIC,
        "scope": {"type": "list", "elements": "str"},
        "audience": {"type": "str"},
        "resource": {"type": "list", "elements": "str"},
        "parameters": {"type": "dict", "no_log": False},
        "request_format": {"type": "str", "choices": list(FORMATS), "default": "form"},
        "fields": {"type": "dict"},
        "token_placement": {**_PUBLIC, "choices": ["header", "query"], "default": "header"},
        "token_name": _PUBLIC,
        "token_prefix": {**_PUBLIC, "default": "Bearer"},
    },
    role="oauth2_access",
    manifest={"tokens": ManifestList("oauth2_token", ("state", "verify"), named=True)},
    hints={
        401: "Check the credentials, scope and audience",
        NEW_TOKEN: "check token_name, token_prefix and token_placement",
        403: "The token does not permit this: check scope, audience and resource",
        404: "Check url and the path",
        "insufficient_scope": "The token lacks a scope that the request requires: check scope",
    },
    login_hints={
        403: "Check the credentials and client_auth, and whether the client may use this grant",
        404: "Check issuer and token_url",
        "invalid_client": "Check client_id, client_secret and client_auth",
        "invalid_grant": "Check the credentials of the grant. A code, an assertion or a replaced refresh token is "
        "accepted only once",
        "invalid_request": "Check grant, parameters and request_format",
        "invalid_scope": "Check scope",
        "invalid_target": "Check resource and audience",
        "unauthorized_client": "The client must not use this grant: check grant and the client's registration",
        "unsupported_grant_type": "Check grant and request_format",
    },
)
