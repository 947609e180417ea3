# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""movingimage VideoManager Pro: the login flow of the REST API, and a small part of the API."""

from __future__ import annotations

from typing import Any

from starlette.responses import HTMLResponse, Response

from ...messages import JSONResponse, PlatformRequest, Rejection
from ...routing import Endpoint
from ...state import Token
from ...switches import choice, number
from ..base import Credential
from .openid import AUTH_PREFIX, HTML, OpenIDPlatform
from .videos import Videos

CODE = "sandbox-code"
REDIRECT = "https://client.example.com/callback"


class MovingImage(OpenIDPlatform):
    name = "movingimage"
    title = "movingimage"
    credentials = (
        Credential("username / password", "portal / portal-password (VideoManagers 42, 43)"),
        Credential("auth_url", "{url}/" + AUTH_PREFIX),
        Credential("client_id (openid)", "anonymous"),
        Credential("client_id / client_secret (code)", "mi-client / mi-secret"),
        Credential("code, redirect_uri", f"{CODE} (once), {REDIRECT}"),
    )
    own_switches = (
        choice("login_error_status", "401|400|403|200", "Status if a login fails."),
        choice("refresh_error_status", "401|400|403", "Status if a refresh token is rejected (login flow)."),
        choice(
            "error_body", "message|code|html|empty", "Body of an error response; `html`: a page with the title Error."
        ),
        choice("refresh_rotation", "new|same", "Whether a refresh returns a new refresh token or the same one."),
        choice(
            "old_refresh_token",
            "valid|revoked",
            "Whether a refresh token remains valid after a new one has been returned.",
        ),
        choice("token_format", "jwt|opaque", "Format of the tokens of the login flow."),
        choice(
            "token_binding",
            "video_manager|none",
            "VideoManagers for which a token of the login flow is valid: the one that it was issued for, or all of the "
            "user's.",
        ),
        choice(
            "rejected_token_body",
            "error_body|html",
            "Body of the response to a request with a rejected token: as `error_body`, or a page with the title Error.",
        ),
        choice(
            "vm_list",
            "array|videoManagers|videoManagerList|items",
            "Response to GET /v1/vms: an array, or an object with the list under this key.",
        ),
        choice(
            "foreign_vm_status", "403|404|400", "Status if the token or the user has no access to the VideoManager."
        ),
        choice("content_type", "json|any", "`json`: a body with another content type is rejected with 415."),
        choice(
            "discovery",
            "yes|moved|404|html|json|foreign",
            "Discovery document: standard paths; other paths; missing; an HTML page; JSON without endpoints; "
            "endpoints on another host.",
        ),
        choice(
            "oidc_error_status",
            "keycloak|400|401",
            "Status if a token request is rejected; `keycloak`: 401 for users and clients, otherwise 400.",
        ),
        choice(
            "oidc_expires_in", "given|absent", "Whether a token response has `expires_in` and `refresh_expires_in`."
        ),
        number("access_lifetime", 300, "Lifetime of an access token in seconds."),
        number("refresh_lifetime", 3600, "Lifetime of a refresh token in seconds."),
    )

    def initial_state(self) -> dict[str, Any]:
        return {
            "users": [{"username": "portal", "password": "portal-password", "video_managers": [42, 43]}],
            "video_managers": [{"id": 42, "name": "News"}, {"id": 43, "name": "Sports"}],
            "clients": [
                {"client_id": "anonymous", "client_secret": None, "redirect_uris": []},
                {"client_id": "mi-client", "client_secret": "mi-secret", "redirect_uris": [REDIRECT]},
            ],
            "codes": [
                {"code": CODE, "client_id": "mi-client", "redirect_uri": REDIRECT, "username": "portal", "used": False}
            ],
            "channels": [
                {"id": 1, "name": "root", "vm": 42, "parentId": None},
                {"id": 2, "name": "root", "vm": 43, "parentId": None},
            ],
            "videos": [],
        }

    def index_state(self) -> None:
        for user in self.data["users"]:
            user.setdefault("video_managers", [manager["id"] for manager in self.data["video_managers"]])

    def define_endpoints(self) -> dict[str, list[Endpoint]]:
        return {
            "movingimage": [
                Endpoint("/v1/vms/auth/login", self.log_in, "POST", login=True),
                Endpoint("/v1/vms/auth/uiintegration", self.log_in, "POST", login=True),
                Endpoint("/v1/vms/auth/refresh/{vm}", self.refresh_login, "POST", login=True),
                Endpoint("/v1/vms", self.list_managers, "GET"),
                Endpoint("/v1/vms/", self.list_managers, "GET"),
                Endpoint("/v1/vms/search", self.search, "POST"),
                *Videos(self, self._check_access, self._parse_object).define_endpoints(),
                Endpoint("/v1/vms/{vm}/echo", self.echo_request),
            ],
            AUTH_PREFIX: self.define_openid_endpoints(),
        }

    def _managers_of(self, username: str) -> list[dict[str, Any]]:
        allowed: list[int] = next(
            (item["video_managers"] for item in self.data["users"] if item["username"] == username), []
        )
        return [item for item in self.data["video_managers"] if item["id"] in allowed]

    # The login flow

    def log_in(self, request: PlatformRequest) -> Response:
        given = self._parse_object(request)
        user = self._find_user(given.get("username"), given.get("password"))
        if user is None:
            return self.error_response(
                request,
                int(self.switch("login_error_status")),
                "INVALID_CREDENTIALS",
                "The user name or the password is wrong",
            )
        requested = given.get("videoManagerId") if request.path.endswith("uiintegration") else None
        manager = next(
            (item["id"] for item in self._managers_of(user["username"]) if requested in (None, item["id"])), None
        )
        if manager is None:
            raise self._no_access(request)
        return self._login_response(user["username"], manager, None)

    def refresh_login(self, request: PlatformRequest) -> Response:
        given = self._parse_object(request)
        token = self.tokens.get(given.get("refreshToken"), "refresh")
        if token is None or token.extra["flow"] != "login":
            status = int(self.switch("refresh_error_status"))
            return self.error_response(request, status, "INVALID_TOKEN", "The refresh token is invalid or has expired")
        managers = {str(item["id"]): item["id"] for item in self._managers_of(token.owner)}
        manager = managers.get(request.path_params["vm"])
        if manager is None:
            raise self._no_access(request)
        return self._login_response(token.owner, manager, token)

    def _login_response(self, owner: str, manager: int, used: Token | None) -> Response:
        jwt = self.switch("token_format") == "jwt"
        access = self._issue("access", owner, jwt, {"videoManagerId": manager}, vm=manager, flow="login")
        refresh = self._reuse(used) or self._issue("refresh", owner, jwt, {}, flow="login")
        return JSONResponse(
            {
                "accessToken": access.value,
                "refreshToken": refresh.value,
                "videoManagerList": [{"id": item["id"], "name": item["name"]} for item in self._managers_of(owner)],
                "validForVideoManager": str(manager),
            }
        )

    # The API

    def list_managers(self, request: PlatformRequest) -> Response:
        managers, key = self._managers_of(self._check_token(request).owner), self.switch("vm_list")
        return JSONResponse(managers if key == "array" else {key: managers})

    def search(self, request: PlatformRequest) -> Response:
        """Search the videos or channels of a VideoManager. Queries are not evaluated."""
        given = self._parse_object(request)
        if "videoManagerIds" not in given:
            return self.error_response(request, 400, "INVALID_INPUT", "videoManagerIds is required")
        request.scope["path_params"] = {"vm": str(given["videoManagerIds"][0])}
        self._check_access(request)
        kind, key = ("channels", "vm") if "channel" in given.get("documentType", "") else ("videos", "videoManagerId")
        found = [item for item in self.data[kind] if item[key] in given["videoManagerIds"]]
        offset = int(given.get("from") or 0)
        return JSONResponse({"total": len(found), "result": found[offset : offset + int(given.get("size") or 50)]})

    def echo_request(self, request: PlatformRequest) -> Response:
        self._check_access(request)
        return self.echo(request)

    def _check_token(self, request: PlatformRequest) -> Token:
        token = self.tokens.get(request.bearer_token())
        if token is None:
            text = "The access token is missing, invalid or has expired"
            if self.switch("rejected_token_body") == "html":
                raise Rejection(HTMLResponse(HTML.format(text), 401))
            raise self.rejection(request, 401, "UNAUTHORIZED", text)
        return token

    def _check_access(self, request: PlatformRequest) -> None:
        """Reject a request whose token is not valid for the VideoManager in the path."""
        token, manager = self._check_token(request), request.path_params["vm"]
        if manager not in {str(item["id"]) for item in self._managers_of(token.owner)} or (
            self.switch("token_binding") == "video_manager" and str(token.extra.get("vm", manager)) != manager
        ):
            raise self._no_access(request)

    def _no_access(self, request: PlatformRequest) -> Rejection:
        return self.rejection(
            request, int(self.switch("foreign_vm_status")), "NO_ACCESS", "No access to this VideoManager"
        )

    def _parse_object(self, request: PlatformRequest) -> dict[str, Any]:
        """Parse the body as a JSON object."""
        if self.switch("content_type") == "json" and request.content_type() != "application/json":
            raise self.rejection(request, 415, "INVALID_INPUT", "Unsupported media type")
        try:
            body = request.parse_json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise self.rejection(request, 400, "INVALID_INPUT", "The body is not a JSON object")
        return body

    # Errors

    def error_response(self, request: PlatformRequest, status: int, code: str, text: str) -> Response:
        match self.switch("error_body"):
            case "html":
                return HTMLResponse(HTML.format(text), status)
            case "empty":
                return Response(status_code=status)
            case "code":
                return JSONResponse({"errorCode": code, "message": text}, status)
        return JSONResponse({"message": text}, status)
