# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""movingimage VideoManager Pro: native login and OpenID Connect (providers.md, section 2)."""

from __future__ import annotations

import dataclasses
import typing as t

from .._data.schema import Schema
from .._errors import AccessError, RejectedToken
from .._http.models import Request, Response, root_url
from .._oauth2.client_auth import authenticate_client
from .._oauth2.discovery import TokenEndpoint, discover
from .._oauth2.grants import AuthorizationCode, Grant, PasswordCredentials, refresh_form
from .._oauth2.response import TOKEN_RESPONSE, parse_token
from .._oauth2.token import Token
from .._platform.authorized_client import AuthorizedClient
from .._platform.declaration import ManifestList, Platform
from .._platform.issuer import TokenIssuer
from .._platform.options import from_env
from .._platform.responses import ResponseReader

_DEFAULT_LIFETIME = 300  # seconds, if neither the response nor the token states it (2.4)

_ID = {"type": ["integer", "string"], "pattern": "^[0-9]+$"}
_VIDEO_MANAGERS = {
    "type": "array",
    "items": {"type": "object", "properties": {"id": _ID, "name": {"type": "string"}}, "required": ["id", "name"]},
}
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
VIDEO_MANAGERS = Schema(_VIDEO_MANAGERS)


class MovingImageResponses(ResponseReader):
    """A rejected token may also be reported by an HTML page titled Error (2.2)."""

    def find_error(self, response: Response) -> AccessError | None:
        error = super().find_error(response)
        if error is None and response.kind == "an HTML page" and b"<title>error" in response.body[:2000].lower():
            reason = self._hints[401] if response.request.authenticates else "The token was rejected"
            return RejectedToken(f"{response.request.label} was answered with an error page. {reason}", status=401)
        return error


@dataclasses.dataclass(frozen=True)
class Login(PasswordCredentials):
    """The platform's native login, whose token is valid for one VideoManager (2.2)."""

    video_manager: str = ""
    kind = "login"

    @property
    def scope(self) -> str:
        return self.video_manager


@dataclasses.dataclass(frozen=True)
class OpenIdLogin(PasswordCredentials):
    """The password grant, as in the vendor's "anonymous users" use case (2.3)."""

    kind = "openid"

    @property
    def form(self) -> dict[str, str]:
        return {**super().form, "scope": "openid", "response_type": "token"}


class MovingImageTokens(TokenIssuer):
    """Logs in natively or by OpenID Connect."""

    shares_logins = True

    @property
    def identity(self) -> list[str]:
        return [*super().identity, str(self.params["auth_url"]).rstrip("/"), str(self.params["client_id"])]

    def grant(self) -> Grant:
        if self.params["flow"] == "authorization_code":
            return AuthorizationCode(*self.require("client_id", "client_secret", "code", "redirect_uri"))
        username, password = self.require("username", "password")
        if self.params["flow"] == "openid":
            return OpenIdLogin(username, password)
        return Login(username, password, str(self.params["video_manager_id"] or ""))

    def obtain(self, grant: Grant) -> Token:
        if not isinstance(grant, Login):
            return self._request_token(
                t.cast("OpenIdLogin | AuthorizationCode", grant).form,
                repeatable=not isinstance(grant, AuthorizationCode),
            )
        token = self._log_in("login", {"username": grant.username, "password": grant.password})
        return (
            token
            if grant.video_manager in ("", str(token.details["valid_for_video_manager"]))
            else self._switch(token, grant.video_manager)
        )

    def refresh(self, grant: Grant, token: Token) -> Token | None:
        """Exchange a token's refresh token for a new token; None if a new login is required."""
        video_manager = grant.scope or str(token.details["valid_for_video_manager"] or "")
        if isinstance(grant, Login) and not video_manager:
            return None
        try:
            if isinstance(grant, Login):
                return self._switch(token, video_manager)
            return self._request_token(refresh_form(token.refresh_token or ""), repeatable=True, previous=token)
        except AccessError as error:
            if error.status is None or error.status == 429 or error.status >= 500:
                raise
            return None

    def remaining_life(self, token: Token) -> float:
        """The token's own lifetime, if the platform accepts the token for the cheapest read (2.5)."""
        try:
            self.send(self.authorize(Request("GET", f"{self.url}/v1/vms"), token))
        except RejectedToken:
            return 0
        return token.life(self.session.clock.now())

    # --- native login (2.2) -------------------------------------------------------------------------------------------

    def _switch(self, token: Token, video_manager: str) -> Token:
        """Obtain a token from the same login: for another VideoManager, or a new one for the same."""
        if not token.refresh_token:
            raise AccessError(
                "the login returned no refresh token, which is required to switch to another VideoManager"
            )
        return self._log_in(f"refresh/{video_manager}", {"refreshToken": token.refresh_token}, previous=token)

    def _log_in(self, path: str, body: dict[str, str], previous: Token | None = None) -> Token:
        url = f"{self.url}/v1/vms/auth/{path}"
        response = self.send(Request("POST", url, json=body, authenticates=True, requests_token=True, repeatable=True))
        if b'"accessToken"' not in response.body and b'"message"' in response.body:
            raise self.responses.make_error(response)  # a failed login may return HTTP 200
        login = self.responses.validate(response, LOGIN)
        managers, valid_for = login.get("videoManagerList"), login.get("validForVideoManager")
        details = {
            "video_managers": _normalize(managers)
            if managers is not None
            else (previous.details["video_managers"] if previous else []),
            "valid_for_video_manager": int(valid_for) if valid_for is not None else None,
        }
        standard = {"access_token": login["accessToken"], "refresh_token": login.get("refreshToken")}
        return parse_token(standard, self.session.clock.now(), _DEFAULT_LIFETIME, previous=previous, details=details)

    # --- OpenID Connect (2.3) -----------------------------------------------------------------------------------------

    def _request_token(self, form: dict[str, str], *, repeatable: bool, previous: Token | None = None) -> Token:
        issuer = root_url(self.require("auth_url"), "auth_url")
        fallback = TokenEndpoint(f"{issuer}/protocol/openid-connect/token")
        endpoint = discover(issuer, fallback, self.http.send, self.session.warn)
        request = Request(
            "POST", endpoint.url, form=form, authenticates=True, requests_token=True, repeatable=repeatable
        )
        client_id, client_secret = self.params["client_id"] or "anonymous", self.params["client_secret"]
        body = self.fetch(authenticate_client(request, client_id, client_secret, endpoint.auth_methods), TOKEN_RESPONSE)
        # These tokens are valid for all of the user's VideoManagers.
        details: dict[str, t.Any] = {"video_managers": [], "valid_for_video_manager": None}
        return parse_token(body, self.session.clock.now(), _DEFAULT_LIFETIME, previous=previous, details=details)


class MovingImage(AuthorizedClient):
    """Lists the VideoManagers that a token gives access to (2.5)."""

    def list_video_managers(self) -> list[dict[str, t.Any]]:
        """Fetch the VideoManagers that the token gives access to. The response is an array, or an object with an array
        below an unknown key.
        """
        response = self.send_authorized(Request("GET", f"{self.url}/v1/vms"))
        try:
            body = self.responses.parse(response)
        except ValueError:
            raise self.responses.invalid_response(response, [f"it is {response.kind}"]) from None
        if isinstance(body, dict):
            lists = [value for value in body.values() if isinstance(value, list)]
            body = next(
                (value for value in lists if value and not VIDEO_MANAGERS.problems(value)), lists[0] if lists else body
            )
        problems = VIDEO_MANAGERS.problems(body)
        if problems:
            raise self.responses.invalid_response(response, problems)
        return _normalize(body)


def _normalize(managers: t.Sequence[t.Mapping[str, t.Any]]) -> list[dict[str, t.Any]]:
    return [{"id": int(manager["id"]), "name": manager["name"]} for manager in managers]


MOVINGIMAGE = Platform(
    name="movingimage",
    title="movingimage",
    client=MovingImage,
    issuer=MovingImageTokens,
    responses=MovingImageResponses,
    options={
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
    },
    credentials=("username", "password"),
    role="movingimage_access",
    manifest={"tokens": ManifestList("movingimage_token", ("state", "verify"), named=True)},
    hints={
        401: "Check username and password",
        403: "The user's role does not permit this",
        404: "Check url and the path",
    },
    login_hints={
        200: "Check username and password",  # a failed login may return it
        400: "Check the credentials",
    },
)
