# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""movingimage VideoManager Pro: its own login, and OpenID Connect (providers.md, section 2)."""

from __future__ import annotations

import typing as t
from urllib.parse import quote_plus, urlsplit

from .._data.schema import Schema
from .._errors import AccessError
from .._http.models import Request, Response, origin_of, root_url
from .._oauth2.grants import Grant
from .._oauth2.jwt import jwt_expiry
from .._oauth2.token import Token
from .._platform.options import from_env
from .._platform.platform import ManifestList, Provider

_LIFETIME = 300  # seconds, where neither the answer nor the token says (2.4)

_ID = {"type": ["integer", "string"], "pattern": "^[0-9]+$"}
_VIDEO_MANAGERS = {"type": "array", "items": {"type": "object", "properties": {"id": _ID, "name": {"type": "string"}}, "required": ["id", "name"]}}
LOGIN = Schema(
    {
        "type": "object",
        "properties": {
            "accessToken": {"type": "string", "minLength": 1},
            "refreshToken": {"type": ["string", "null"]},
            "videoManagerList": _VIDEO_MANAGERS,
            "validForVideoManager": {**_ID, "type": ["integer", "string", "null"]},
        },
        "required": ["accessToken"],
    }
)
OPENID_TOKEN = Schema(
    {
        "type": "object",
        "properties": {
            "access_token": {"type": "string", "minLength": 1},
            "token_type": {"type": "string"},
            "expires_in": {"type": "number"},
            "refresh_token": {"type": "string"},
            "refresh_expires_in": {"type": "number"},
            "scope": {"type": "string"},
        },
        "required": ["access_token"],
    }
)
VIDEO_MANAGERS = Schema(_VIDEO_MANAGERS)


class MovingImage(Provider):
    name = "movingimage"
    title = "movingimage"
    options = {
        "url": {"type": "str", "default": "https://api.video-cdn.net", "fallback": from_env("MOVINGIMAGE_URL")},
        "username": {"type": "str", "fallback": from_env("MOVINGIMAGE_USERNAME")},
        "password": {"type": "str", "no_log": True, "fallback": from_env("MOVINGIMAGE_PASSWORD")},
        "video_manager_id": {"type": "int"},
        "flow": {"type": "str", "choices": ["login", "openid", "authorization_code"], "default": "login"},
        "auth_url": {"type": "str"},
        "client_id": {"type": "str"},
        "client_secret": {"type": "str", "no_log": True},
        "code": {"type": "str", "no_log": True},
        "redirect_uri": {"type": "str"},
    }
    role = "movingimage_access"
    manifest = {"tokens": ManifestList("movingimage_token", ("state",), named=True)}
    hints = {
        401: "Check username and password",
        403: "The user's role lacks the right for this",
        404: "Check url and the path",
    }
    login_hints = {
        200: "Check username and password",  # a refusal may come with it
        400: "Check the credentials",
    }

    def grant(self) -> Grant:
        flow = self.params["flow"]
        if flow == "authorization_code":
            client_id, client_secret, code, _redirect_uri = self.require("client_id", "client_secret", "code", "redirect_uri")
            return Grant(flow, client_id, f"{client_secret}\n{code}")
        username, password = self.require("username", "password")
        return Grant(flow, username, password, str(self.params["video_manager_id"] or "") if flow == "login" else "")

    def token_identity(self) -> list[str]:
        return [*super().token_identity(), str(self.params["auth_url"]).rstrip("/"), str(self.params["client_id"])]

    def obtain(self, grant: Grant) -> Token:
        if grant.flow == "login":
            other = self.tokens.of_same_login(grant) if grant.scope else None
            switched = self.refresh(grant, other) if other else None
            if switched:
                return switched
            token = self._login("login", {"username": grant.principal, "password": grant.secret})
            return token if grant.scope in ("", str(token.details["valid_for_video_manager"])) else self._switch(token, grant.scope)
        if grant.flow == "openid":
            # The form of the vendor's "anonymous users" use case (2.3).
            form = {"grant_type": "password", "username": grant.principal, "password": grant.secret, "scope": "openid", "response_type": "token"}
            return self._openid(form, repeatable=True)
        code = grant.secret.rpartition("\n")[2]
        return self._openid({"grant_type": "authorization_code", "code": code, "redirect_uri": self.params["redirect_uri"]}, repeatable=False)

    def refresh(self, grant: Grant, token: Token) -> Token | None:
        """A new token by the refresh token; None where the platform wants a new login."""
        video_manager = grant.scope or str(token.details["valid_for_video_manager"] or "")
        if grant.flow == "login" and not video_manager:
            return None
        try:
            if grant.flow == "login":
                return self._switch(token, video_manager)
            return self._openid({"grant_type": "refresh_token", "refresh_token": token.refresh_token or ""}, repeatable=True, old=token)
        except AccessError as error:
            if error.status is None or error.status == 429 or error.status >= 500:
                raise
            return None

    # --- the platform's own login (2.2) --------------------------------------------------------------------------------

    def _switch(self, token: Token, video_manager: str) -> Token:
        """The same login's token for another VideoManager, or a fresh one for the same."""
        if not token.refresh_token:
            raise AccessError("the login came without a refresh token, which switching to another VideoManager needs")
        return self._login(f"refresh/{video_manager}", {"refreshToken": token.refresh_token}, old=token)

    def _login(self, below: str, body: dict[str, str], old: Token | None = None) -> Token:
        request = Request("POST", f"{self.url}/v1/vms/auth/{below}", json=body, authenticates=True, repeatable=True)
        response = self.send(request)
        if b'"accessToken"' not in response.body and b'"message"' in response.body:
            raise self.error_for(response)  # a refusal may come with HTTP 200
        answer = self.read(response, LOGIN)
        access_token = answer["accessToken"]
        refresh_token = answer.get("refreshToken") or (old.refresh_token if old else None)
        managers = answer.get("videoManagerList")
        valid_for = answer.get("validForVideoManager")
        return Token(
            access_token,
            expires_at=jwt_expiry(access_token) or self.clock.now() + _LIFETIME,
            refresh_token=refresh_token,
            refresh_expires_at=jwt_expiry(refresh_token) if refresh_token else None,
            details={
                "video_managers": _normalized(managers) if managers is not None else (old.details["video_managers"] if old else []),
                "valid_for_video_manager": int(valid_for) if valid_for is not None else None,
            },
        )

    # --- OpenID Connect (2.3) ------------------------------------------------------------------------------------------

    def _openid(self, form: dict[str, str], *, repeatable: bool, old: Token | None = None) -> Token:
        endpoint, methods = self._token_endpoint()
        client_id, client_secret = self.params["client_id"] or "anonymous", self.params["client_secret"]
        basic, form = None, {**form, "client_id": client_id}
        if client_secret and "client_secret_basic" in methods:
            basic = (quote_plus(client_id), quote_plus(client_secret))  # RFC 6749, section 2.3.1
        elif client_secret:
            form["client_secret"] = client_secret
        answer = self.read(self.send(Request("POST", endpoint, form=form, basic=basic, authenticates=True, repeatable=repeatable)), OPENID_TOKEN)
        now, access_token = self.clock.now(), answer["access_token"]
        refresh_token = answer.get("refresh_token") or (old.refresh_token if old else None)
        refresh_life = answer.get("refresh_expires_in")
        return Token(
            access_token,
            answer.get("token_type", "Bearer"),
            now + answer["expires_in"] if "expires_in" in answer else jwt_expiry(access_token) or now + _LIFETIME,
            refresh_token=refresh_token,
            refresh_expires_at=now + refresh_life if refresh_life else jwt_expiry(refresh_token) if refresh_token else None,
            scope=answer.get("scope"),
            # These tokens are good for every VideoManager that the user may see.
            details={"video_managers": [], "valid_for_video_manager": None},
        )

    def _token_endpoint(self) -> tuple[str, list[str]]:
        """Where tokens are issued and how a client authenticates there (OpenID Connect Discovery 1.0, section 4)."""
        issuer = root_url(self.require("auth_url"), "auth_url")
        usual = f"{issuer}/protocol/openid-connect/token", ["client_secret_basic"]
        try:
            response = self.http.send(Request("GET", f"{issuer}/.well-known/openid-configuration", authenticates=True))
        except AccessError as error:
            if error.status is None or not 300 <= error.status < 400:
                raise
            self.warn(f"{error.message}: tokens are asked for at {usual[0]}")  # to a login page, for example
            return usual
        if not response.ok:
            return usual
        try:
            document = response.json()
        except ValueError:
            document = None
        endpoint = document.get("token_endpoint") if isinstance(document, dict) else None
        if not isinstance(endpoint, str) or str(document.get("issuer", "")).rstrip("/") != issuer or not _is_as_safe(endpoint, issuer):
            self.warn(f"{issuer} answered no discovery document of its own: its tokens are asked for at {usual[0]}")
            return usual
        if urlsplit(endpoint).hostname != urlsplit(issuer).hostname:
            self.warn(
                f"{issuer} names another host for its tokens, {origin_of(endpoint)}, which gets no credentials: tokens are asked for at {usual[0]}. "
                "If they are issued on that host, set auth_url to the issuer there"
            )
            return usual
        methods = document.get("token_endpoint_auth_methods_supported")
        return endpoint, methods if isinstance(methods, list) else ["client_secret_basic"]

    # --- what a token is good for (2.5) --------------------------------------------------------------------------------

    def failure(self, response: Response) -> AccessError | None:
        """A bad token may also be answered with an HTML page titled Error (2.2)."""
        error = super().failure(response)
        if error is None and response.kind == "an HTML page" and b"<title>error" in response.body[:2000].lower():
            reason = self.hints[401] if response.request.authenticates else "The token is not accepted"
            return AccessError(f"{response.request.label} was answered with an error page. {reason}", status=401, stale_token=True)
        return error

    def video_managers(self) -> list[dict[str, t.Any]]:
        """The VideoManagers that the token may see: an array, or an object that wraps it under some key."""
        response = self.send_authorized(Request("GET", f"{self.url}/v1/vms"))
        try:
            answer = self.parse(response)
        except ValueError:
            raise self.invalid_response(response, [f"it is {response.kind}"]) from None
        if isinstance(answer, dict):
            lists = [value for value in answer.values() if isinstance(value, list)]
            answer = next((value for value in lists if value and not VIDEO_MANAGERS.problems(value)), lists[0] if lists else answer)
        problems = VIDEO_MANAGERS.problems(answer)
        if problems:
            raise self.invalid_response(response, problems)
        return _normalized(answer)


def _normalized(managers: t.Sequence[t.Mapping[str, t.Any]]) -> list[dict[str, t.Any]]:
    return [{"id": int(manager["id"]), "name": manager["name"]} for manager in managers]


def _is_as_safe(endpoint: str, issuer: str) -> bool:
    """Whether credentials travel to an endpoint as safely as to the issuer that names it."""
    try:
        return origin_of(root_url(endpoint)) == origin_of(issuer) or endpoint.startswith("https://")
    except AccessError:
        return False
