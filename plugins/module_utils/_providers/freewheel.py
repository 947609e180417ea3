# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""FreeWheel: the MRM Publisher API's tokens (providers.md, section 4)."""

from __future__ import annotations

import typing as t

from .._data.schema import Schema
from .._errors import AccessError
from .._http.models import Request, Response
from .._oauth2.grants import Grant
from .._oauth2.token import Token
from .._platform.options import from_env
from .._platform.platform import ManifestList, Provider

_LONGEST_LIFE = 604800  # seconds, of any token (4.2)

_NUMBER = {"type": "number"}
TOKEN = Schema(
    {
        "type": "object",
        "properties": {
            "access_token": {"type": "string", "minLength": 1},
            "token_type": {"type": "string"},
            "created_at": _NUMBER,
            "expires_in": _NUMBER,
        },
        "required": ["access_token", "expires_in"],
    }
)
#: The documents of its two product lines name the life left differently (4.2).
TOKEN_INFO = Schema(
    {
        "type": "object",
        "properties": {"user_id": {"type": ["integer", "string"]}, "created_at": _NUMBER, "expires_in": _NUMBER, "expires_in_seconds": _NUMBER},
        "anyOf": [{"required": ["expires_in"]}, {"required": ["expires_in_seconds"]}],
        "$comment": "is without expires_in and expires_in_seconds",
    }
)


class FreeWheel(Provider):
    name = "freewheel"
    title = "FreeWheel"
    options = {
        "url": {"type": "str", "default": "https://api.freewheel.tv", "fallback": from_env("FREEWHEEL_URL")},
        "username": {"type": "str", "fallback": from_env("FREEWHEEL_USERNAME")},
        "password": {"type": "str", "no_log": True, "fallback": from_env("FREEWHEEL_PASSWORD")},
        "accept": {"type": "str", "choices": ["json", "xml"], "default": "json"},
    }
    role = "freewheel_access"
    manifest = {"tokens": ManifestList("freewheel_token", ("state", "verify"), named=True)}
    rate_limit = "20/second"
    auth_rate_limit = "3/second"
    revokes = True
    hints = {
        401: "Check username and password (passwords expire after 180 or 365 days), and that url is the environment that they belong to",
        403: "The token is good, but network or user are not entitled to this: ask FreeWheel's account team to activate them",
    }

    def grant(self) -> Grant:
        username, password = self.require("username", "password")
        return Grant("password", username, password)

    def obtain(self, grant: Grant) -> Token:
        form = {"grant_type": "password", "username": grant.principal, "password": grant.secret}
        answer = self.read(self.send(self._auth("POST", "", form=form, repeatable=True)), TOKEN)
        expires_at, issued_at = self.clock.now() + answer["expires_in"], answer.get("created_at")
        if issued_at is not None and expires_at - issued_at > _LONGEST_LIFE + 1:
            issued_at = None  # by another clock
        return Token(answer["access_token"], answer.get("token_type", "Bearer"), expires_at, issued_at=issued_at)

    def revocation(self, token: Token) -> Request:
        return self.authorize(self._auth("POST", "/revoke", form={"token": token.access_token}, repeatable=True, reject_html=True), token)

    def token_info(self, token: Token) -> dict[str, t.Any] | None:
        """What the platform says of a token; None where it does not accept it."""
        try:
            info = self.read(self.send(self.authorize(self._auth("GET", "/info"), token)), TOKEN_INFO)
        except AccessError as error:
            if error.stale_token:
                return None
            raise
        return {"user_id": info.get("user_id"), "created_at": info.get("created_at"), "expires_in": int(info.get("expires_in", info.get("expires_in_seconds")))}

    def accepted_for(self, token: Token) -> float:
        info = self.token_info(token)
        return info["expires_in"] if info else 0

    def _auth(self, method: str, below: str, **body: t.Any) -> Request:
        headers = {"Accept": f"application/{self.params['accept']}"}
        return Request(method, f"{self.url}/auth/token{below}", headers=headers, authenticates=True, **body)

    def parse(self, response: Response) -> t.Any:
        """JSON, or the flat XML below ``oauth`` that the platform answers instead (4.2)."""
        if response.kind != "XML":
            return super().parse(response)
        from xml.etree import ElementTree

        class Builder(ElementTree.TreeBuilder):
            def doctype(self, *declaration: t.Any) -> None:
                """Refuse what could define entities."""
                raise ValueError("a document type has no place in an answer")

        try:
            root = ElementTree.fromstring(response.body, ElementTree.XMLParser(target=Builder()))  # noqa: S314 - no entities to expand
        except ElementTree.ParseError as error:
            raise ValueError("broken XML") from error
        texts = {element.tag: (element.text or "").strip() for element in root}
        return {name: int(text) if text.isdigit() and name != "access_token" else text for name, text in texts.items()}
