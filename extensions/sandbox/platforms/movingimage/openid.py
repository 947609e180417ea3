# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OpenID Connect server of movingimage."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlencode

from starlette.responses import HTMLResponse, Response

from ...messages import JSONResponse, PlatformRequest, Rejection
from ...routing import Endpoint
from ...state import Token
from ..base import Platform

AUTH_PREFIX = "movingimage-auth"
PROTOCOL = "/protocol/openid-connect"
#: Other paths of the endpoints, selected by the switch `discovery`.
MOVED = "/moved"
HTML = "<!DOCTYPE html><html><head><title>Error</title></head><body>{}</body></html>"


class OpenIDPlatform(Platform):
    """A platform with an OpenID Connect server beside its API. Its state has users, clients and authorization codes."""

    def define_openid_endpoints(self) -> list[Endpoint]:
        return [
            Endpoint("/.well-known/openid-configuration", self.show_discovery_document, "GET"),
            *(Endpoint(f"{place}/token", self.issue_token, "POST", login=True) for place in (PROTOCOL, MOVED)),
            *(Endpoint(f"{place}/certs", self.list_certificates, "GET") for place in (PROTOCOL, MOVED)),
            *(Endpoint(f"{place}/auth", self.authorize, "GET") for place in (PROTOCOL, MOVED)),
        ]

    def show_discovery_document(self, request: PlatformRequest) -> Response:
        variant = self.switch("discovery")
        match variant:
            case "404":
                return self.error_response(request, 404, "NOT_FOUND", "Not found")
            case "html":
                return HTMLResponse(HTML.format("Please log in"))
            case "json":
                return JSONResponse({"status": "ok"})
        issuer = f"{request.base_url}{AUTH_PREFIX}"
        root = ("https://login.example.com" if variant == "foreign" else issuer) + (
            MOVED if variant == "moved" else PROTOCOL
        )
        return JSONResponse(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{root}/auth",
                "token_endpoint": f"{root}/token",
                "userinfo_endpoint": f"{root}/userinfo",
                "jwks_uri": f"{root}/certs",
                "grant_types_supported": ["authorization_code", "password", "refresh_token"],
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["HS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
                "scopes_supported": ["openid", "profile", "email"],
            }
        )

    def list_certificates(self, request: PlatformRequest) -> Response:
        self._check_place(request)
        return JSONResponse({"keys": []})

    def authorize(self, request: PlatformRequest) -> Response:
        """Authorize the client at once, in the name of the first user; there is no login page."""
        self._check_place(request)
        query = request.query_params
        client = next((item for item in self.data["clients"] if item["client_id"] == query.get("client_id")), None)
        redirect = query.get("redirect_uri")
        if client is None or redirect not in client["redirect_uris"] or query.get("response_type") != "code":
            return HTMLResponse(HTML.format("Invalid parameter"), 400)
        code = secrets.token_urlsafe(24)
        user = self.data["users"][0]["username"]
        self.data["codes"].append(
            {"code": code, "client_id": client["client_id"], "redirect_uri": redirect, "username": user, "used": False}
        )
        parameters = {name: value for name, value in (("state", query.get("state")), ("code", code)) if value}
        return Response(status_code=302, headers={"location": f"{redirect}?{urlencode(parameters)}"})

    def issue_token(self, request: PlatformRequest) -> Response:
        self._check_place(request)
        form = request.parse_form()
        client = self._find_client(request, form)
        if client is None:
            raise self._oidc_rejection(401, "invalid_client", "Invalid client or Invalid client credentials")
        match form.get("grant_type"):
            case "password":
                return self._grant_password(client, form)
            case "refresh_token":
                return self._grant_refresh_token(client, form)
            case "authorization_code":
                return self._grant_code(client, form)
        raise self._oidc_rejection(400, "unsupported_grant_type", "Unsupported grant_type")

    def _grant_password(self, client: dict[str, Any], form: dict[str, str]) -> Response:
        user = self._find_user(form.get("username"), form.get("password"))
        if user is None:
            raise self._oidc_rejection(401, "invalid_grant", "Invalid user credentials")
        return self._token_response(client, user["username"], None)

    def _grant_refresh_token(self, client: dict[str, Any], form: dict[str, str]) -> Response:
        used = self.tokens.get(form.get("refresh_token"), "refresh")
        if used is None or used.extra.get("client_id") != client["client_id"]:
            raise self._oidc_rejection(400, "invalid_grant", "Token is not active")
        return self._token_response(client, used.owner, used)

    def _grant_code(self, client: dict[str, Any], form: dict[str, str]) -> Response:
        code = next((item for item in self.data["codes"] if item["code"] == form.get("code")), None)
        if code is None or code["used"] or code["client_id"] != client["client_id"]:
            raise self._oidc_rejection(400, "invalid_grant", "Code not valid")
        if code["redirect_uri"] != form.get("redirect_uri"):
            raise self._oidc_rejection(400, "invalid_grant", "Incorrect redirect_uri")
        code["used"] = True
        return self._token_response(client, code["username"], None)

    def _check_place(self, request: PlatformRequest) -> None:
        """Reject a request unless the endpoints have this path."""
        if request.path.startswith(MOVED) != (self.switch("discovery") == "moved"):
            raise self.rejection(request, 404, "NOT_FOUND", "Not found")

    def _find_client(self, request: PlatformRequest, form: dict[str, str]) -> dict[str, Any] | None:
        client_id, secret = request.basic_credentials() or (form.get("client_id"), form.get("client_secret"))
        clients: list[dict[str, Any]] = self.data["clients"]
        return next(
            (item for item in clients if item["client_id"] == client_id and item["client_secret"] in (None, secret)),
            None,
        )

    def _token_response(self, client: dict[str, Any], owner: str, used: Token | None) -> Response:
        extra = {"flow": "oidc", "client_id": client["client_id"]}
        access = self._issue(
            "access", owner, True, {"azp": client["client_id"], "scope": "openid profile email"}, **extra
        )
        refresh = self._reuse(used) or self._issue("refresh", owner, True, {"azp": client["client_id"]}, **extra)
        identity = self.tokens.issue_jwt(
            "id", owner, self.switch("access_lifetime"), {"aud": client["client_id"], "sub": owner, "typ": "ID"}
        )
        body: dict[str, Any] = {
            "access_token": access.value,
            "refresh_token": refresh.value,
            "token_type": "bearer",
            "id_token": identity.value,
        }
        if self.switch("oidc_expires_in") == "given":
            body |= {
                "expires_in": self.tokens.seconds_left(access),
                "refresh_expires_in": self.tokens.seconds_left(refresh),
            }
        return JSONResponse(
            body | {"not-before-policy": 0, "session_state": refresh.extra["jti"], "scope": "openid profile email"}
        )

    def _oidc_rejection(self, status: int, code: str, text: str) -> Rejection:
        configured = self.switch("oidc_error_status")
        return Rejection(
            JSONResponse(
                {"error": code, "error_description": text}, status if configured == "keycloak" else int(configured)
            )
        )

    # Users and tokens

    def _find_user(self, name: Any, password: Any) -> dict[str, Any] | None:
        return next(
            (item for item in self.data["users"] if item["username"] == name and item["password"] == password), None
        )

    def _issue(self, kind: str, owner: str, jwt: bool, claims: dict[str, Any], **extra: Any) -> Token:
        lifetime = self.switch(f"{kind}_lifetime")
        if not jwt:
            return self.tokens.issue(kind, owner, lifetime, **extra)
        common = {"iat": int(self.clock.now()), "typ": "Bearer" if kind == "access" else "Refresh", "sub": owner}
        return self.tokens.issue_jwt(kind, owner, lifetime, common | claims, **extra)

    def _reuse(self, used: Token | None) -> Token | None:
        """Return the used refresh token if it is not replaced. A replaced one is revoked if the platform is set to do
        so.
        """
        if used and self.switch("refresh_rotation") == "same":
            return used
        if used and self.switch("old_refresh_token") == "revoked":
            self.tokens.revoke(used.value)
        return None
