# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The token endpoint, and the tokens that clients sign themselves."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlencode

import jwt
from starlette.responses import RedirectResponse, Response

from ...messages import JSONResponse, PlatformRequest
from ...state import Token
from ..base import Platform

Item = dict[str, Any]
GRANTS = ("client_credentials", "authorization_code", "refresh_token")
CODE_LIFETIME = 600


class Authorization:
    """Issues tokens for client credentials, codes and refresh tokens, and reads the tokens of a custom login."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def authorize(self, request: PlatformRequest) -> Response:
        """Log in: every browser is logged in as the client's user, and agrees."""
        query = request.query_params
        client = self._find_client(query.get("client_id"))
        uri = query.get("redirect_uri")
        if client is None or query.get("response_type") != "code" or uri not in client.get("redirect_uris", []):
            return self._platform.error_response(
                request, 400, "invalid_request", "client_id, response_type or redirect_uri is wrong"
            )
        code = self._platform.tokens.issue("code", client["client_id"], CODE_LIFETIME, redirect_uri=uri)
        return RedirectResponse(f"{uri}?{urlencode({'code': code.value})}", 302)

    def issue_token(self, request: PlatformRequest, given: Item) -> Response:
        if given.get("grant_type") not in GRANTS:
            return self._platform.error_response(
                request, 400, "unsupported_grant_type", "The grant_type is not supported"
            )
        client = self._find_client(given.get("client_id"))
        if client is None or client["client_secret"] != given.get("client_secret"):
            text = "The client could not be authenticated"
            if self._platform.switch("wordings") == "recorded":
                text = "Client authentication failed"
            status = int(self._platform.switch("auth_error_status"))
            return self._platform.error_response(request, status, "client_auth_fail", text)
        match given["grant_type"]:
            case "authorization_code":
                return self._redeem(request, client, "code", given.get("code"), given.get("redirect_uri"))
            case "refresh_token":
                return self._redeem(request, client, "refresh", given.get("refresh_token"), None)
        return self._respond(client)

    def _redeem(
        self, request: PlatformRequest, client: Item, kind: str, value: str | None, redirect_uri: str | None
    ) -> Response:
        tokens = self._platform.tokens
        used = tokens.get(value, kind)
        if used is None or used.owner != client["client_id"] or used.extra.get("redirect_uri") != redirect_uri:
            return self._platform.error_response(request, 400, "invalid_grant", "The code or refresh token is invalid")
        if kind == "code":
            tokens.revoke(used.value)
        refresh = tokens.issue("refresh", client["client_id"], 30 * self._platform.switch("token_lifetime"))
        return self._respond(client, refresh_token=refresh.value)

    def _respond(self, client: Item, **more: str) -> Response:
        tokens = self._platform.tokens
        token = tokens.latest(client["client_id"]) if self._platform.switch("repeat_login") == "same" else None
        token = token or tokens.issue("access", client["client_id"], self._platform.switch("token_lifetime"))
        return JSONResponse(
            {"access_token": token.value, "expires_in": tokens.seconds_left(token), "token_type": "Bearer", **more}
        )

    def read_custom_token(self, value: str | None) -> Token | None:
        """Return the token of a custom login, if its client signed it: CLIENT:JWT of a player and scopes."""
        client_id, colon, signed = (value or "").partition(":")
        client = self._find_client(client_id)
        if not colon or client is None:
            return None
        try:
            claims = jwt.decode(
                signed, client["client_secret"], ["HS256"], options={"verify_exp": False, "verify_iat": False}
            )
        except jwt.InvalidTokenError:
            return None
        if not isinstance(claims.get("exp"), (int, float)) or claims["exp"] <= self._platform.clock.now():
            return None
        extra = {"player_id": claims.get("player_id"), "jti": secrets.token_hex(8)}
        return Token(str(value), "access", client_id, 0.0, claims["exp"], extra)

    def _find_client(self, client_id: Any) -> Item | None:
        clients: list[Item] = self._platform.data["clients"]
        return next((item for item in clients if item["client_id"] == client_id), None)
