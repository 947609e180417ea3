# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""movingimage VideoManager Pro: the login of the REST API, the OpenID Connect server beside it, and a corner of the API."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlencode

from ..state import Token
from ..switches import choice, number
from ._base import Answer, Call, Credential, Platform, json_answer, route, text_answer

AUTH = "movingimage-auth"
CODE = "sandbox-code"
REDIRECT = "https://client.example.com/callback"
PROTOCOL = "/protocol/openid-connect"
HTML = "<!DOCTYPE html><html><head><title>Error</title></head><body>{}</body></html>"


class MovingImage(Platform):
    name = "movingimage"
    title = "movingimage"
    prefixes = ("movingimage", AUTH)
    credentials = (
        Credential("username / password", "portal / portal-password (VideoManagers 42, 43)"),
        Credential("auth_url", "{url}/" + AUTH),
        Credential("client_id (openid)", "anonymous"),
        Credential("client_id / client_secret (code)", "mi-client / mi-secret"),
        Credential("code, redirect_uri", f"{CODE} (once), {REDIRECT}"),
    )
    own_switches = (
        choice("login_error_status", "401|400|403|200", "Status of a refused login."),
        choice("refresh_error_status", "401|400|403", "Status of a refused refresh token (login flow)."),
        choice("error_body", "message|code|html|empty", "Body of an error; `html`: a page titled Error."),
        choice("refresh_rotation", "new|same", "Whether a refresh answers a new refresh token."),
        choice("old_refresh_token", "valid|revoked", "Whether a refresh token still works after a new one was answered."),
        choice("token_format", "jwt|opaque", "Whether the tokens of the login flow are JWTs."),
        choice("vm_list", "array|videoManagers|videoManagerList|items", "GET /v1/vms: an array, or an object with the list under this key."),
        choice("foreign_vm_status", "403|404|400", "Status for a VideoManager that the token or the user is not for."),
        choice("content_type", "json|any", "`json`: a body of another content type is refused with 415."),
        choice("discovery", "yes|moved|404|html|json|foreign", "Discovery: standard paths; other paths only; none; a page; no endpoints; another host."),
        choice("oidc_error_status", "keycloak|400|401", "Status of a refused token request; `keycloak`: 401 for passwords and clients, else 400."),
        choice("oidc_expires_in", "given|absent", "Whether a token answer has expires_in and refresh_expires_in."),
        number("access_lifetime", 300, "Seconds that an access token lives."),
        number("refresh_lifetime", 3600, "Seconds that a refresh token lives."),
    )

    def initial(self) -> dict[str, Any]:
        return {
            "users": [{"username": "portal", "password": "portal-password", "video_managers": [42, 43]}],
            "video_managers": [{"id": 42, "name": "News"}, {"id": 43, "name": "Sports"}],
            "clients": [
                {"client_id": "anonymous", "client_secret": None, "redirect_uris": []},
                {"client_id": "mi-client", "client_secret": "mi-secret", "redirect_uris": [REDIRECT]},
            ],
            "codes": [{"code": CODE, "client_id": "mi-client", "redirect_uri": REDIRECT, "username": "portal", "used": False}],
            "channels": [{"id": 1, "name": "root", "vm": 42, "parentId": None}, {"id": 2, "name": "root", "vm": 43, "parentId": None}],
        }

    def index(self) -> None:
        for item in self.data["users"]:
            item.setdefault("video_managers", [manager["id"] for manager in self.data["video_managers"]])

    def _user(self, name: Any, password: Any) -> dict[str, Any] | None:
        return next((item for item in self.data["users"] if item["username"] == name and item["password"] == password), None)

    def _managers(self, name: str) -> list[dict[str, Any]]:
        allowed: list[int] = next((item["video_managers"] for item in self.data["users"] if item["username"] == name), [])
        return [item for item in self.data["video_managers"] if item["id"] in allowed]

    # The login flow

    @route("POST", "/v1/vms/auth/login", auth=True, login=True)
    @route("POST", "/v1/vms/auth/uiintegration", auth=True, login=True)
    def login(self, call: Call) -> Answer:
        given = self._given(call)
        if isinstance(given, Answer):
            return given
        user = self._user(given.get("username"), given.get("password"))
        if user is None:
            return self.error(call, int(self.on("login_error_status")), "INVALID_CREDENTIALS", "The user name or the password is wrong")
        managers = self._managers(user["username"])
        wanted = given.get("videoManagerId") if call.path.endswith("uiintegration") else None
        chosen = next((item["id"] for item in managers if wanted in (None, item["id"])), None)
        if chosen is None:
            return self.error(call, int(self.on("foreign_vm_status")), "NO_ACCESS", "No access to this VideoManager")
        return self._logged_in(user["username"], chosen, None)

    @route("POST", "/v1/vms/auth/refresh/{vm}", auth=True, login=True)
    def refresh(self, call: Call) -> Answer:
        given = self._given(call)
        if isinstance(given, Answer):
            return given
        token = self.tokens.get(given.get("refreshToken"), "refresh")
        if token is None or token.extra["flow"] != "login":
            return self.error(call, int(self.on("refresh_error_status")), "INVALID_TOKEN", "The refresh token is invalid or has expired")
        managers = {str(item["id"]): item["id"] for item in self._managers(token.owner)}
        if call.parameters["vm"] not in managers:
            return self.error(call, int(self.on("foreign_vm_status")), "NO_ACCESS", "No access to this VideoManager")
        return self._logged_in(token.owner, managers[call.parameters["vm"]], token)

    def _logged_in(self, owner: str, manager: int, used: Token | None) -> Answer:
        jwt = self.on("token_format") == "jwt"
        access = self._issue("access", owner, jwt, {"videoManagerId": manager}, vm=manager, flow="login")
        refresh = self._renewed(used) or self._issue("refresh", owner, jwt, {}, flow="login")
        body = {
            "accessToken": access.value,
            "refreshToken": refresh.value,
            "videoManagerList": [{"id": item["id"], "name": item["name"]} for item in self._managers(owner)],
            "validForVideoManager": str(manager),
        }
        return json_answer(body)

    def _issue(self, kind: str, owner: str, jwt: bool, claims: dict[str, Any], **extra: Any) -> Token:
        lifetime = self.on(f"{kind}_lifetime")
        if kind == "access":
            self.tokens_issued += 1
        if not jwt:
            return self.tokens.issue(kind, owner, lifetime, **extra)
        now = int(self.clock.now())
        return self.tokens.issue_jwt(kind, owner, lifetime, {"iat": now, "typ": "Bearer" if kind == "access" else "Refresh", "sub": owner, **claims}, **extra)

    def _renewed(self, used: Token | None) -> Token | None:
        """The refresh token that goes on being used, if it does."""
        if used and self.on("refresh_rotation") == "same":
            return used
        if used and self.on("old_refresh_token") == "revoked":
            self.tokens.revoke(used.value)
        return None

    # OpenID Connect

    @route("GET", "/.well-known/openid-configuration", prefix=AUTH)
    def discover(self, call: Call) -> Answer:
        issuer = f"{call.base}/{AUTH}"
        kind = self.on("discovery")
        if kind == "404":
            return self.error(call, 404, "NOT_FOUND", "Not found")
        if kind == "html":
            return text_answer(HTML.format("Please log in"), kind="text/html")
        if kind == "json":
            return json_answer({"status": "ok"})
        root = "https://login.example.com" if kind == "foreign" else issuer
        path = "/moved" if kind == "moved" else PROTOCOL
        body = {
            "issuer": issuer,
            "authorization_endpoint": f"{root}{path}/auth",
            "token_endpoint": f"{root}{path}/token",
            "userinfo_endpoint": f"{root}{path}/userinfo",
            "jwks_uri": f"{root}{path}/certs",
            "grant_types_supported": ["authorization_code", "password", "refresh_token"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["HS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "scopes_supported": ["openid", "profile", "email"],
        }
        return json_answer(body)

    @route("GET", PROTOCOL + "/certs", prefix=AUTH)
    @route("GET", "/moved/certs", prefix=AUTH)
    def certificates(self, call: Call) -> Answer:
        return self._absent(call) or json_answer({"keys": []})

    @route("GET", PROTOCOL + "/auth", prefix=AUTH)
    @route("GET", "/moved/auth", prefix=AUTH)
    def authorize(self, call: Call) -> Answer:
        """Without a login page: the first user agrees at once."""
        if absent := self._absent(call):
            return absent
        client = next((item for item in self.data["clients"] if item["client_id"] == call.argument("client_id")), None)
        redirect = call.argument("redirect_uri")
        if client is None or redirect not in client["redirect_uris"] or call.argument("response_type") != "code":
            return text_answer(HTML.format("Invalid parameter"), 400, "text/html")
        code = secrets.token_urlsafe(24)
        user = self.data["users"][0]["username"]
        self.data["codes"].append({"code": code, "client_id": client["client_id"], "redirect_uri": redirect, "username": user, "used": False})
        query = {key: value for key, value in (("state", call.argument("state")), ("code", code)) if value}
        return Answer(302, b"", {"location": f"{redirect}?{urlencode(query)}"})

    @route("POST", PROTOCOL + "/token", auth=True, login=True, prefix=AUTH)
    @route("POST", "/moved/token", auth=True, login=True, prefix=AUTH)
    def token(self, call: Call) -> Answer:
        if absent := self._absent(call):
            return absent
        form = call.form()
        client = self._client(call, form)
        if client is None:
            return self._oidc_error(401, "invalid_client", "Invalid client or Invalid client credentials")
        match form.get("grant_type"):
            case "password":
                user = self._user(form.get("username"), form.get("password"))
                if user is None:
                    return self._oidc_error(401, "invalid_grant", "Invalid user credentials")
                return self._granted(client, user["username"], None)
            case "refresh_token":
                used = self.tokens.get(form.get("refresh_token"), "refresh")
                if used is None or used.extra.get("client_id") != client["client_id"]:
                    return self._oidc_error(400, "invalid_grant", "Token is not active")
                return self._granted(client, used.owner, used)
            case "authorization_code":
                code = next((item for item in self.data["codes"] if item["code"] == form.get("code")), None)
                if code is None or code["used"] or code["client_id"] != client["client_id"]:
                    return self._oidc_error(400, "invalid_grant", "Code not valid")
                if code["redirect_uri"] != form.get("redirect_uri"):
                    return self._oidc_error(400, "invalid_grant", "Incorrect redirect_uri")
                code["used"] = True
                return self._granted(client, code["username"], None)
        return self._oidc_error(400, "unsupported_grant_type", "Unsupported grant_type")

    def _absent(self, call: Call) -> Answer | None:
        """The endpoints are at one place only."""
        if call.path.startswith("/moved") != (self.on("discovery") == "moved"):
            return self.error(call, 404, "NOT_FOUND", "Not found")
        return None

    def _client(self, call: Call, form: dict[str, str]) -> dict[str, Any] | None:
        client_id, secret = form.get("client_id"), form.get("client_secret")
        if basic := call.basic():
            client_id, secret = basic
        known: list[dict[str, Any]] = self.data["clients"]
        return next((item for item in known if item["client_id"] == client_id and item["client_secret"] in (None, secret)), None)

    def _granted(self, client: dict[str, Any], owner: str, used: Token | None) -> Answer:
        more = {"flow": "oidc", "client_id": client["client_id"]}
        access = self._issue("access", owner, True, {"azp": client["client_id"], "scope": "openid profile email"}, **more)
        refresh = self._renewed(used) or self._issue("refresh", owner, True, {"azp": client["client_id"]}, **more)
        identity = self.tokens.issue_jwt("id", owner, self.on("access_lifetime"), {"aud": client["client_id"], "sub": owner, "typ": "ID"})
        body: dict[str, Any] = {"access_token": access.value, "refresh_token": refresh.value, "token_type": "bearer", "id_token": identity.value}
        if self.on("oidc_expires_in") == "given":
            body |= {"expires_in": self.tokens.seconds_left(access), "refresh_expires_in": self.tokens.seconds_left(refresh)}
        return json_answer(body | {"not-before-policy": 0, "session_state": refresh.extra["jti"], "scope": "openid profile email"})

    def _oidc_error(self, status: int, name: str, text: str) -> Answer:
        asked = self.on("oidc_error_status")
        return json_answer({"error": name, "error_description": text}, status if asked == "keycloak" else int(asked))

    # The API

    @route("GET", "/v1/vms")
    @route("GET", "/v1/vms/")
    def managers(self, call: Call) -> Answer:
        token = self._token(call)
        if isinstance(token, Answer):
            return token
        found = self._managers(token.owner)
        return json_answer(found if self.on("vm_list") == "array" else {self.on("vm_list"): found})

    @route("GET", "/v1/vms/{vm}/channels")
    def channels(self, call: Call) -> Answer:
        if refusal := self._refused(call):
            return refusal
        found = [item for item in self.data["channels"] if str(item["vm"]) == call.parameters["vm"]]
        root = next((item for item in found if item["parentId"] is None), {"id": 0, "name": "root"})
        children = [{"id": item["id"], "name": item["name"], "children": []} for item in found if item["parentId"] is not None]
        return json_answer({"id": root["id"], "name": root["name"], "children": children})

    @route("POST", "/v1/vms/{vm}/channels")
    def create_channel(self, call: Call) -> Answer:
        if refusal := self._refused(call):
            return refusal
        given = self._given(call)
        if isinstance(given, Answer):
            return given
        if not given.get("name"):
            return self.error(call, 400, "INVALID_INPUT", "name is required")
        number = 1 + max(item["id"] for item in self.data["channels"])
        self.data["channels"].append({"id": number, "name": given["name"], "vm": int(call.parameters["vm"]), "parentId": given.get("parentId", 1)})
        return Answer(201, b"", {"location": f"{call.base}/{call.prefix}{call.path}/{number}"})

    @route("GET", "/v1/vms/{vm}/videos")
    def videos(self, call: Call) -> Answer:
        return self._refused(call) or json_answer({"totalCount": 0, "videos": []})

    @route("*", "/v1/vms/{vm}/echo")
    def echoed(self, call: Call) -> Answer:
        return self._refused(call) or self.echo(call)

    def _token(self, call: Call) -> Token | Answer:
        return self.tokens.get(call.bearer()) or self.error(call, 401, "UNAUTHORIZED", "The access token is missing, invalid or has expired")

    def _refused(self, call: Call) -> Answer | None:
        token = self._token(call)
        if isinstance(token, Answer):
            return token
        vm = call.parameters["vm"]
        if vm not in {str(item["id"]) for item in self._managers(token.owner)} or str(token.extra.get("vm", vm)) != vm:
            return self.error(call, int(self.on("foreign_vm_status")), "NO_ACCESS", "No access to this VideoManager")
        return None

    def _given(self, call: Call) -> dict[str, Any] | Answer:
        if self.on("content_type") == "json" and call.content_type() != "application/json":
            return self.error(call, 415, "INVALID_INPUT", "Unsupported media type")
        try:
            given = call.json()
        except ValueError:
            given = None
        return given if isinstance(given, dict) else self.error(call, 400, "INVALID_INPUT", "The body is not readable")

    def error(self, call: Call, status: int, name: str, text: str) -> Answer:
        match self.on("error_body"):
            case "html":
                return text_answer(HTML.format(text), status, "text/html")
            case "empty":
                return Answer(status)
            case "code":
                return json_answer({"errorCode": name, "message": text}, status)
        return json_answer({"message": text}, status)
