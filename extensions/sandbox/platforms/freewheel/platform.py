# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""FreeWheel: the token service, and a small part of the publisher API."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus
from xml.etree import ElementTree

from starlette.responses import PlainTextResponse, Response

from ...messages import JSONResponse, PlatformRequest, Rejection
from ...routing import Endpoint, Operation
from ...state import Token
from ...switches import choice, number
from ..base import Credential, Platform
from .publisher import Publisher, build_xml, initial_state

DENIED = "User is not authorized to access this resource with an explicit deny in an identity-based policy"
AUTH_PREFIX = "freewheel-auth"
CLIENT_LIFETIME = 3600


class FreeWheel(Platform):
    name = "freewheel"
    title = "FreeWheel"
    rate_limit = "20/second"
    auth_rate_limit = "3/second"
    credentials = (
        Credential("username / password", "mrm / mrm-password"),
        Credential("username / password", "portal / portal-password"),
        Credential("(not activated)", "inactive / inactive-password"),
        Credential("token_url", "{url}/" + AUTH_PREFIX + "/oauth2/token"),
        Credential("client_id / client_secret", "fw-client / fw-secret"),
    )
    own_switches = (
        choice(
            "repeat_login",
            "same_token|new_token",
            "Token in the response to a repeated login: the previous one while it is valid, or a new one.",
        ),
        choice("old_token", "valid|revoked", "Whether a token remains valid after a newer one has been issued."),
        number("token_lifetime", 604800, "Lifetime of a token in seconds."),
        choice("info_field", "expires_in|expires_in_seconds|both", "Name of the remaining lifetime in the token info."),
        choice("client_token_info", "401|answered", "Response to the token info for a client's own token."),
        choice("revoke_body", "empty|json|text", "Body of the response to a revocation."),
        choice("revoke_dead", "401|200", "Status if the token to revoke is invalid or has expired."),
        choice(
            "error_body",
            "accept|json|xml|text|empty",
            "Body of an error response; `accept`: JSON or XML, as requested with `Accept`.",
        ),
        choice("bad_request_status", "400|401|422", "Status of a token request with a wrong or missing field."),
        choice("anonymous_status", "403|401", "Status of a request without a token."),
        choice(
            "xml_content_type",
            "xml|json",
            "`json`: XML responses are labelled application/json, as in the vendor's examples.",
        ),
        choice(
            "auth_limit_scope",
            "all|token",
            "Requests that count towards the authentication limit: all below /auth, or only token requests.",
        ),
        choice("v3_json", "no|yes", "Whether v3 accepts a request that does not ask for XML."),
    )

    def initial_state(self) -> dict[str, Any]:
        return {
            "users": [
                {"user_id": 6092302, "username": "mrm", "password": "mrm-password", "active": True},
                {"user_id": 6092303, "username": "portal", "password": "portal-password", "active": True},
                {"user_id": 6092304, "username": "inactive", "password": "inactive-password", "active": False},
            ],
            "clients": [{"client_id": "fw-client", "client_secret": "fw-secret"}],
            **initial_state(),
        }

    def index_state(self) -> None:
        for user in self.data["users"]:
            user.setdefault("active", True)
            user.setdefault("user_id", 1)
            user["username"] + user["password"]  # both are required

    def define_endpoints(self) -> dict[str, list[Endpoint]]:
        return {
            "freewheel": [
                Endpoint("/auth/token", self.issue_token, "POST", login=True),
                Endpoint("/auth/token/info", self.show_token, "GET", auth=True),
                Endpoint("/auth/token/revoke", self.revoke_token, "POST", auth=True),
                *Publisher(self, self._check_access, self._check_v3, self._xml_response).define_endpoints(),
                Endpoint("/services/echo", self.echo_request),
            ],
            AUTH_PREFIX: [Endpoint("/oauth2/token", self.issue_client_token, "POST", login=True)],
        }

    def counts_as_auth(self, operation: Operation) -> bool:
        return operation.login if self.switch("auth_limit_scope") == "token" else operation.auth

    # Tokens

    def issue_token(self, request: PlatformRequest) -> Response:
        form = request.parse_form()
        bad_request_status = int(self.switch("bad_request_status"))
        if form.get("grant_type") != "password":
            return self.error_response(
                request, bad_request_status, "unsupported_grant_type", "grant_type must be password"
            )
        if not form.get("username") or "password" not in form:
            return self.error_response(
                request, bad_request_status, "invalid_request", "username and password are required"
            )
        user = next((item for item in self.data["users"] if item["username"] == form["username"]), None)
        if user is None or user["password"] != form["password"]:
            return self.error_response(request, 401, "invalid_grant", "The username or the password is wrong")
        token = self._token_for(user["username"])
        fields = {
            "access_token": token.value,
            "token_type": "Bearer",
            "created_at": int(token.issued_at),
            "expires_in": self.tokens.seconds_left(token),
        }
        return self._oauth_response(request, fields)

    def _token_for(self, username: str) -> Token:
        token = self.tokens.latest(username) if self.switch("repeat_login") == "same_token" else None
        if token:
            return token
        if self.switch("old_token") == "revoked":
            self.tokens.revoke_owner(username)
        return self.tokens.issue("access", username, self.switch("token_lifetime"))

    def issue_client_token(self, request: PlatformRequest) -> Response:
        """The client credentials grant of the service for all environments."""
        if request.parse_form().get("grant_type") != "client_credentials":
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        given = tuple(map(unquote_plus, request.basic_credentials() or ()))
        if given not in [(client["client_id"], client["client_secret"]) for client in self.data["clients"]]:
            return JSONResponse({"error": "invalid_client", "error_description": "The client is unknown"}, 401)
        token = self.tokens.issue("access", given[0], CLIENT_LIFETIME, client=True)
        return JSONResponse({"access_token": token.value, "token_type": "Bearer", "expires_in": CLIENT_LIFETIME})

    def show_token(self, request: PlatformRequest) -> Response:
        token = self._check_token(request)
        if token.extra.get("client") and self.switch("client_token_info") == "401":
            raise self.rejection(request, 401, "invalid_token", "The access token is invalid or has expired")
        fields: dict[str, Any] = {"user_id": self._user_of(token)["user_id"], "created_at": int(token.issued_at)}
        name = self.switch("info_field")
        for key in ("expires_in", "expires_in_seconds") if name == "both" else (name,):
            fields[key] = self.tokens.seconds_left(token)
        return self._oauth_response(request, fields)

    def revoke_token(self, request: PlatformRequest) -> Response:
        accepts_dead = self.switch("revoke_dead") == "200"
        if accepts_dead and request.bearer_token() and not self.tokens.get(request.bearer_token()):
            return self._confirm_revocation()
        token = self._check_token(request)
        value = request.parse_form().get("token")
        if not value:
            return self.error_response(
                request, int(self.switch("bad_request_status")), "invalid_request", "token is required"
            )
        revoked = self.tokens.get(value)
        if revoked is None and not accepts_dead:
            return self.error_response(request, 401, "invalid_token", "The access token is invalid")
        if revoked and revoked.owner != token.owner:
            return self.error_response(request, 403, "access_denied", "The token belongs to another user")
        self.tokens.revoke(value)
        return self._confirm_revocation()

    def _confirm_revocation(self) -> Response:
        match self.switch("revoke_body"):
            case "json":
                return JSONResponse({})
            case "text":
                return PlainTextResponse("OK")
        return Response()

    def _check_token(self, request: PlatformRequest) -> Token:
        if request.bearer_token() is None:
            status, text = int(self.switch("anonymous_status")), "Missing Authentication Token"
            raise Rejection(
                self._format_error(request, status, "forbidden", text, {"message": text})
            )  # the gateway's JSON, not the service's
        token = self.tokens.get(request.bearer_token())
        if token is None:
            raise self.rejection(request, 401, "invalid_token", "The access token is invalid or has expired")
        return token

    def _user_of(self, token: Token) -> dict[str, Any]:
        if token.extra.get("client"):
            return {"user_id": 0, "active": True}
        return next(
            (item for item in self.data["users"] if item["username"] == token.owner), {"user_id": 0, "active": False}
        )

    # The publisher API

    def echo_request(self, request: PlatformRequest) -> Response:
        self._check_access(request)
        return self.echo(request)

    def _check_access(self, request: PlatformRequest) -> None:
        """Reject a request without a valid token, or of a user without permissions."""
        if not self._user_of(self._check_token(request))["active"]:
            raise Rejection(JSONResponse({"Message": DENIED}, 403))

    def _check_v3(self, request: PlatformRequest) -> None:
        self._check_access(request)
        if self.switch("v3_json") == "no" and "application/xml" not in request.headers.get("accept", ""):
            raise self.rejection(request, 400, "bad_request", "json is not supported")

    # Responses

    def _oauth_response(self, request: PlatformRequest, fields: dict[str, Any]) -> Response:
        return self._xml_response(build_xml("oauth", fields)) if _prefers_xml(request) else JSONResponse(fields)

    def _xml_response(self, root: ElementTree.Element, status: int = 200) -> Response:
        body = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
        return Response(body, status, media_type=f"application/{self.switch('xml_content_type')}")

    def error_response(self, request: PlatformRequest, status: int, code: str, text: str) -> Response:
        return self._format_error(request, status, code, text, {"error": code, "error_description": text})

    def _format_error(
        self, request: PlatformRequest, status: int, code: str, text: str, json_body: dict[str, str]
    ) -> Response:
        kind = self.switch("error_body")
        if kind == "accept":
            kind = "xml" if _prefers_xml(request) else "json"
        match kind:
            case "empty":
                return Response(status_code=status)
            case "text":
                return PlainTextResponse(text, status)
            case "xml":
                return self._xml_response(build_xml("errors", {"error": code, "error_description": text}), status)
        return JSONResponse(json_body, status)


def _prefers_xml(request: PlatformRequest) -> bool:
    accepted = request.headers.get("accept", "")
    return "application/xml" in accepted and "application/json" not in accepted
