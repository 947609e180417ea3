# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection of a request, which faults can delay, break or flood."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

#: The ASGI extension with which the server hands over the connection's transport.
TRANSPORT = "sandbox.transport"
#: Statuses of responses without a body (RFC 9110, sections 15.3.5 and 15.4.5).
BODILESS = (204, 304)


class Connection:
    """The connection of one request. Without a transport (in-process test clients), a broken connection is an
    exception.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, stopping: asyncio.Event) -> None:
        self._transport = scope.get("extensions", {}).get(TRANSPORT)
        self._scope = scope
        self._receive = receive
        self._send = send
        self._stopping = stopping

    async def send(self, response: Response) -> None:
        if response.status_code in BODILESS:
            response.body = b""
        await response(self._scope, self._receive, self._send)

    async def drop(self) -> None:
        """Close the connection without a response."""
        if self._transport is None:
            raise ConnectionAbortedError("the sandbox dropped the connection")
        self._transport.abort()
        await self._wait_until_closed()

    async def truncate(self, response: Response) -> None:
        """Send a response whose body is shorter than announced, and close the connection."""
        await self._start(response, response.raw_headers)
        await self._send_part(bytes(response.body))
        if self._transport is None:
            raise ConnectionAbortedError("the sandbox dropped the connection")
        self._transport.close()
        await self._wait_until_closed()

    async def flood(self, response: Response, pause: float, size: int) -> None:
        """Send a body without end: `size` spaces after each pause, until the client disconnects."""
        if self._transport is None:
            raise ConnectionAbortedError("a response without end needs a connection")
        await self._start(response, [header for header in response.raw_headers if header[0] != b"content-length"])
        while await self.hold(pause):
            await self._send_part(b" " * size)

    async def hold(self, seconds: float) -> bool:
        """Wait. Returns False if the client disconnects or the sandbox stops in the meantime."""
        waits: list[asyncio.Task[Any]] = [asyncio.create_task(self._stopping.wait())]
        if self._transport is not None:
            waits.append(asyncio.create_task(self._wait_until_closed()))
        done = (await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED))[0]
        for wait in waits:
            wait.cancel()
        if done and self._transport is not None:
            self._transport.abort()
            await self._wait_until_closed()
        return not done

    async def _start(self, response: Response, headers: list[tuple[bytes, bytes]]) -> None:
        await self._send({"type": "http.response.start", "status": response.status_code, "headers": headers})

    async def _send_part(self, body: bytes) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": True})

    async def _wait_until_closed(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            continue
