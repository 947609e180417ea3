# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The platform: switches, state, and an API that requires tokens (RFC 6750)."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from ...messages import JSONResponse, PlatformRequest, Rejection
from ...routing import Endpoint
from ...state import Token
from ...switches import choice, number
from ..base import Credential
from .clients import METHODS
from .server import AuthorizationServer


class OAuth2(AuthorizationServer):
    name = "oauth2"
    title = "OAuth 2.0"
    credentials = (
        Credential("url", "{url}/oauth2/api"),
        Credential("issuer", "{url}/oauth2"),
        Credential("client_id / client_secret", "oa-client / oa-secret"),
        Credential("(scope read only)", "oa-reader / oa-reader-secret"),
        Credential("(without a secret)", "oa-public"),
        Credential("username / password", "editor / editor-password"),
        Credential("code, redirect_uri", "sandbox-code, https://client.example.com/callback"),
    )
    own_switches = (
        choice(
            "discovery",
            "both|openid|rfc8414|none|html|foreign_issuer",
            "Discovery documents: of OpenID Connect, of RFC 8414, none, a web page, or one about another issuer.",
        ),
        choice("client_auth", "|".join(("all", *METHODS)), "Accepted method of client authentication."),
        choice("lists_client_auth", "yes|no", "Whether discovery lists the methods of client authentication."),
        choice("assertion_audience", "any|issuer|token_endpoint", "Accepted audience of assertions."),
        choice("assertion_reuse", "refused|accepted", "Whether an assertion of a client can be used twice."),
        choice("request_format", "form|json|query", "Accepted format of token requests; `query` also with GET."),
        choice(
            "fields",
            "standard|camel|nested",
            "Names of the fields in a token response; `camel`: `accessToken`, `refreshToken`, `ttl`, `kind`; `nested`: "
            "the same below `data`.",
        ),
        choice("expires_in", "number|string|absent", "Lifetime in a token response."),
        choice("token_format", "opaque|jwt", "Format of access tokens."),
        choice("error_status", "standard|400|401|200", "Status of errors of the authorization server."),
        choice(
            "refresh_tokens",
            "users|always|never",
            "Grants with a refresh token: those of users, also the client's own.",
        ),
        choice(
            "refresh_rotation",
            "new|same|absent",
            "Refresh token in the response to a refresh: a new one, the same one, or none (the old one stays valid).",
        ),
        choice(
            "old_refresh_token",
            "revoked|ends_login|valid",
            "A replaced refresh token: rejected; rejected, and all tokens of its login are revoked; or still accepted.",
        ),
        choice("revocation", "on|refresh_tokens|off", "Revocation endpoint; `refresh_tokens`: not for access tokens."),
        choice("introspection", "on|forbidden|off", "Introspection endpoint; `forbidden`: clients may not use it."),
        choice("token_placement", "both|header|query", "Accepted places of the token in requests to the API."),
        choice("stale_status", "401|403|400", "Status of the error `invalid_token`."),
        choice(
            "challenge", "header|body|absent", "Where the API states its errors: `WWW-Authenticate`, the body, nowhere."
        ),
        number("token_lifetime", 3600, "Lifetime of an access token in seconds."),
        number("refresh_lifetime", 86400, "Lifetime of a refresh token in seconds."),
    )

    def initial_state(self) -> dict[str, Any]:
        redirect = "https://client.example.com/callback"
        return {
            "clients": [
                {"client_id": "oa-client", "client_secret": "oa-secret", "redirect_uris": [redirect]},
                {"client_id": "oa-reader", "client_secret": "oa-reader-secret", "scopes": ["read"]},
                {"client_id": "oa-public", "client_secret": None, "redirect_uris": [redirect]},
                {"client_id": "oa-tls", "certificate": True},
            ],
            "users": [
                {"username": "editor", "password": "editor-password"},
                {"username": "viewer", "password": "viewer-password"},
            ],
            "codes": [
                {"code": "sandbox-code", "client_id": "oa-client", "redirect_uri": redirect, "username": "editor"},
            ],
            "assertion_secret": "sandbox-assertion-key-of-no-value",
            "channels": [{"id": 1, "name": "News"}, {"id": 2, "name": "Sports"}],
            "rotated": {},
            "assertions": [],
        }

    def index_state(self) -> None:
        for client in self.data["clients"]:
            client.setdefault("scopes", ["read", "write"])
            client.setdefault("redirect_uris", [])
            client["client_id"] + ""
        for code in self.data["codes"]:
            code.setdefault("used", False)

    def define_endpoints(self) -> dict[str, list[Endpoint]]:
        return {
            "oauth2": [
                *self.define_server_endpoints(),
                Endpoint("/api/channels", self.list_channels, "GET"),
                Endpoint("/api/channels", self.create_channel, "POST"),
                Endpoint("/api/echo", self.echo_request),
            ],
            ".well-known": [Endpoint("/oauth-authorization-server/oauth2", self.show_server_metadata, "GET")],
        }

    # The API

    def list_channels(self, request: PlatformRequest) -> Response:
        self._check_token(request, "read")
        return JSONResponse({"items": self.data["channels"]})

    def create_channel(self, request: PlatformRequest) -> Response:
        self._check_token(request, "write")
        try:
            name = request.parse_json()["name"]
        except (ValueError, KeyError, TypeError):
            raise self._api_error(400, "invalid_request", "name is required") from None
        channel = {"id": len(self.data["channels"]) + 1, "name": name}
        self.data["channels"].append(channel)
        return JSONResponse(channel, 201)

    def echo_request(self, request: PlatformRequest) -> Response:
        self._check_token(request, "read")
        return self.echo(request)

    def _check_token(self, request: PlatformRequest, scope: str) -> Token:
        places = self.switch("token_placement")
        value = request.bearer_token() if places != "query" else None
        if value is None and places != "header":
            value = request.query_params.get("access_token")
        if value is None:
            # RFC 6750, section 3.1: without credentials, the challenge states no error.
            raise Rejection(Response(status_code=401, headers={"www-authenticate": 'Bearer realm="oauth2"'}))
        token = self.tokens.get(value)
        if token is None:
            raise self._api_error(int(self.switch("stale_status")), "invalid_token", "The token is invalid or expired")
        if scope not in token.extra.get("scope", "").split():
            raise self._api_error(403, "insufficient_scope", f"The request requires the scope {scope}")
        return token

    def _api_error(self, status: int, code: str, text: str) -> Rejection:
        place = self.switch("challenge")
        challenge = f'Bearer realm="oauth2", error="{code}", error_description="{text}"'
        headers = {"www-authenticate": challenge} if place == "header" else {}
        body = {"error": code, "error_description": text} if place == "body" else {}
        return Rejection(JSONResponse(body, status, headers=headers))
