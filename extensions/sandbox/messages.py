# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests and responses: Starlette's, extended for the platforms."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any
from urllib.parse import parse_qsl

from starlette import responses
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response


class PlatformRequest(Request):
    """A request to a platform, whose body has been received already.

    Handlers are plain functions: a fault can make one run after its request was answered, or on a call of the control
    API.
    """

    content: bytes

    async def receive_content(self) -> None:
        """Receive the body, with less ado than Starlette's `body()`. Raises ClientDisconnect if the client leaves
        before the end of it.
        """
        parts: list[bytes] = []
        more = True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
        self.content = b"".join(parts)

    @property
    def path(self) -> str:
        """The path below the platform's URL."""
        return str(self.scope["path"][len(self.scope["root_path"]) :])

    @property
    def client_address(self) -> str:
        client = self.client
        return client.host if client else ""

    def bearer_token(self) -> str | None:
        scheme, value = self.headers.get("authorization", "").partition(" ")[::2]
        return value.strip() if scheme.lower() == "bearer" else None

    def basic_credentials(self) -> tuple[str, str] | None:
        """Return the user and password of HTTP Basic authentication."""
        scheme, value = self.headers.get("authorization", "").partition(" ")[::2]
        if scheme.lower() != "basic":
            return None
        try:
            user, password = base64.b64decode(value, validate=True).decode().partition(":")[::2]
        except (binascii.Error, UnicodeDecodeError):
            return None
        return user, password

    def content_type(self) -> str:
        """Return the media type of the body, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def parse_json(self) -> Any:
        """Parse the body as JSON. Raises ValueError if it is invalid."""
        return json.loads(self.content)

    def parse_form(self) -> dict[str, str]:
        """Parse the body as a form. It has no fields if the content type is another one."""
        if self.content_type() != "application/x-www-form-urlencoded":
            return {}
        return dict(parse_qsl(self.content.decode("utf-8", "replace"), keep_blank_values=True))


class JSONResponse(responses.JSONResponse):
    """JSON in ASCII with spaces, as most servers write it; Starlette's is compact."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content).encode()


class Rejection(Exception):
    """Ends the processing of a request with an error response."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def with_body(
    response: Response, body: bytes, status: int | None = None, headers: dict[str, str] | None = None
) -> Response:
    """Return the response with another body, and possibly another status and more headers."""
    kept = {name: value for name, value in response.headers.items() if name != "content-length"}
    return Response(body, status or response.status_code, {**kept, **(headers or {})})
