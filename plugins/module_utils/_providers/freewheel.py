# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""FreeWheel: the MRM Publisher API's tokens (providers.md, section 4)."""

from __future__ import annotations

import dataclasses
import typing as t

from .._data.schema import Schema
from .._errors import RejectedToken
from .._http.models import Request, Response
from .._oauth2.client_auth import BASIC, Client, credentials_in
from .._oauth2.discovery import endpoint_url
from .._oauth2.grants import ClientCredentials, Grant, PasswordCredentials
from .._oauth2.response import TOKEN_RESPONSE, parse_token, token_schema
from .._oauth2.token import Token
from .._platform.authorized_client import AuthorizedClient
from .._platform.declaration import ManifestList, Platform
from .._platform.issuer import TokenIssuer
from .._platform.options import from_env
from .._platform.responses import ResponseReader

_MAX_LIFETIME = 604800  # seconds (4.2)
_CLIENT_LIFETIME = 3600  # seconds, if the response does not state it (4.2)

_NUMBER = {"type": "number"}
TOKEN = token_schema("expires_in", created_at=_NUMBER)
#: The documentation of the two product lines names the remaining lifetime differently (4.2).
TOKEN_INFO = Schema(
    {
        "type": "object",
        "properties": {
            "user_id": {"type": ["integer", "string"]},
            "created_at": _NUMBER,
            "expires_in": _NUMBER,
            "expires_in_seconds": _NUMBER,
        },
        "anyOf": [{"required": ["expires_in"]}, {"required": ["expires_in_seconds"]}],
        "$comment": "has neither expires_in nor expires_in_seconds",
    }
)


class FreeWheelResponses(ResponseReader):
    """Some networks return XML whatever the Accept header says (4.2)."""

    def parse(self, response: Response) -> t.Any:
        """Parse JSON, or the flat XML below ``oauth`` that the platform may return instead (4.2)."""
        if response.kind != "XML":
            return super().parse(response)
        from xml.etree import ElementTree

        class Builder(ElementTree.TreeBuilder):
            def doctype(self, *declaration: t.Any) -> None:
                """Reject a document type declaration, which could define entities."""
                raise ValueError("a response must not contain a document type declaration")

        try:
            root = ElementTree.fromstring(response.body, ElementTree.XMLParser(target=Builder()))  # noqa: S314 - no entities to expand
        except ElementTree.ParseError as error:
            raise ValueError("broken XML") from error
        texts = {element.tag: (element.text or "").strip() for element in root}
        return {name: int(text) if text.isdigit() and name != "access_token" else text for name, text in texts.items()}


class FreeWheelTokens(TokenIssuer):
    """The password grant with revocation and token information, and the client credentials grant (4.2)."""

    @property
    def revokes(self) -> bool:
        return not self._is_client

    @property
    def identity(self) -> list[str]:
        return [*super().identity, *([self.params["token_url"]] if self._is_client else [])]

    @property
    def _is_client(self) -> bool:
        """Whether tokens are a client's own, from the service that also issues those of the sandbox environment."""
        return self.params["grant"] == ClientCredentials.kind

    def grant(self) -> PasswordCredentials | ClientCredentials:
        if self._is_client:
            return ClientCredentials(*self.require("client_id", "client_secret"))
        return PasswordCredentials(*self.require("username", "password"))

    def obtain(self, grant: Grant) -> Token:
        if isinstance(grant, ClientCredentials):
            return self._obtain_as_client(grant)
        body = self.fetch(self._token_request("POST", "", form=grant.form, requests_token=True, repeatable=True), TOKEN)
        token, issued_at = parse_token(body, self.session.clock.now(), _MAX_LIFETIME), body.get("created_at")
        clocks_agree = issued_at is not None and t.cast(float, token.expires_at) - issued_at <= _MAX_LIFETIME + 1
        # The login may return an existing token, so the time of the response is not the time of issue.
        return dataclasses.replace(token, issued_at=issued_at if clocks_agree else None)

    def _obtain_as_client(self, grant: ClientCredentials) -> Token:
        url = endpoint_url(self.params["token_url"], "token_url")
        request = Request("POST", url, form=grant.form, authenticates=True, requests_token=True, repeatable=True)
        request = Client(grant.client_id, grant.client_secret).authenticate(request, BASIC)
        self.session.secrets.add(*credentials_in(request))
        return parse_token(self.fetch(request, TOKEN_RESPONSE), self.session.clock.now(), _CLIENT_LIFETIME)

    def revocation_request(self, token: Token) -> Request | None:
        if self._is_client:
            return None  # no source names a way
        return self.authorize(
            self._token_request(
                "POST", "/revoke", form={"token": token.access_token}, repeatable=True, reject_html=True
            ),
            token,
        )

    def token_info(self, token: Token) -> dict[str, t.Any] | None:
        """The platform's information about a token; None if the platform rejects the token."""
        try:
            info = self.fetch(self.authorize(self._token_request("GET", "/info"), token), TOKEN_INFO)
        except RejectedToken:
            return None
        return {
            "user_id": info.get("user_id"),
            "created_at": info.get("created_at"),
            "expires_in": int(info.get("expires_in", info.get("expires_in_seconds"))),
        }

    def remaining_life(self, token: Token) -> float | None:
        info = self.token_info(token)
        return info["expires_in"] if info else None if self.rejects_valid_tokens else 0

    @property
    def rejects_valid_tokens(self) -> bool:
        """Whether :meth:`token_info` may reject a token that the API accepts: a client's own (4.2)."""
        return self._is_client

    def _token_request(self, method: str, path: str, **body: t.Any) -> Request:
        headers = {"Accept": f"application/{self.params['accept']}"}
        return Request(method, f"{self.url}/auth/token{path}", headers=headers, authenticates=True, **body)


class FreeWheel(AuthorizedClient):
    """The Publisher API, to which ``freewheel_api`` sends arbitrary requests."""

    issuer: FreeWheelTokens


FREEWHEEL = Platform(
    name="freewheel",
    title="FreeWheel",
    client=FreeWheel,
    issuer=FreeWheelTokens,
    responses=FreeWheelResponses,
    options={
        "url": {"type": "str", "default": "https://api.freewheel.tv", "fallback": from_env("FREEWHEEL_URL")},
        "username": {"type": "str", "fallback": from_env("FREEWHEEL_USERNAME")},
        "password": {"type": "str", "no_log": True, "fallback": from_env("FREEWHEEL_PASSWORD")},
        "grant": {"type": "str", "choices": ["password", "client_credentials"], "default": "password"},
        "client_id": {"type": "str", "fallback": from_env("FREEWHEEL_CLIENT_ID")},
        "client_secret": {"type": "str", "no_log": True, "fallback": from_env("FREEWHEEL_CLIENT_SECRET")},
        "token_url": {
            "type": "str",
            "default": "https://token.apiaccess.freewheel.tv/oauth2/token",
            "no_log": False,
        },
        "accept": {"type": "str", "choices": ["json", "xml"], "default": "json"},
    },
    credentials=("username", "password"),
    role="freewheel_access",
    manifest={"tokens": ManifestList("freewheel_token", ("state", "verify"), named=True)},
    rate_limit="20/second",
    auth_rate_limit="3/second",
    hints={
        401: "Check username and password (passwords expire after 180 or 365 days), and that url is the environment "
        "they belong to; with grant=client_credentials, check client_id and client_secret",
        403: "The token is valid, but the network or user is not entitled to this: ask FreeWheel's account team for "
        "access",
    },
)
