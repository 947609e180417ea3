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
from .._oauth2.grants import Grant, PasswordCredentials
from .._oauth2.response import parse_token, token_schema
from .._oauth2.token import Token
from .._platform.authorized_client import AuthorizedClient
from .._platform.declaration import ManifestList, Platform
from .._platform.issuer import TokenIssuer
from .._platform.options import from_env
from .._platform.responses import ResponseReader

_MAX_LIFETIME = 604800  # seconds (4.2)

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
    """The password grant, revocation and token information (4.2)."""

    revokes = True

    def grant(self) -> PasswordCredentials:
        return PasswordCredentials(*self.require("username", "password"))

    def obtain(self, grant: Grant) -> Token:
        body = self.fetch(
            self._token_request("POST", "", form=t.cast(PasswordCredentials, grant).form, repeatable=True), TOKEN
        )
        token, issued_at = parse_token(body, self.session.clock.now(), _MAX_LIFETIME), body.get("created_at")
        clocks_agree = issued_at is not None and t.cast(float, token.expires_at) - issued_at <= _MAX_LIFETIME + 1
        # The login may return an existing token, so the time of the response is not the time of issue.
        return dataclasses.replace(token, issued_at=issued_at if clocks_agree else None)

    def revocation_request(self, token: Token) -> Request:
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

    def remaining_life(self, token: Token) -> float:
        info = self.token_info(token)
        return info["expires_in"] if info else 0

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
        "accept": {"type": "str", "choices": ["json", "xml"], "default": "json"},
    },
    credentials=("username", "password"),
    role="freewheel_access",
    manifest={"tokens": ManifestList("freewheel_token", ("state", "verify"), named=True)},
    rate_limit="20/second",
    auth_rate_limit="3/second",
    hints={
        401: "Check username and password (passwords expire after 180 or 365 days), and that url is the environment "
        "they belong to",
        403: "The token is valid, but the network or user is not entitled to this: ask FreeWheel's account team for "
        "access",
    },
)
