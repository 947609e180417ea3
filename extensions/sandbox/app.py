# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole sandbox as one ASGI application."""

from __future__ import annotations

import asyncio
import copy
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from . import control
from .faults import HANGING, POURING, Fault, Faults, faulty_answer
from .journal import Entry, Journal
from .limits import Limiter
from .platforms import PLATFORMS
from .platforms._base import Answer, Call, Platform, json_answer
from .state import Clock
from .switches import Switch, Switches, number

GLOBAL_SWITCHES = (number("latency_ms", 0, "Delay before every answer, in milliseconds."),)
TRANSPORT = "sandbox.transport"


def all_switches() -> list[Switch]:
    return [*GLOBAL_SWITCHES, *(switch for platform in PLATFORMS for switch in platform.all_switches())]


@dataclass(slots=True)
class Late:
    """A request that is acted on late: after so many further ones to its platform, and not before an instant."""

    platform: Platform
    call: Call
    requests: int
    not_before: float


class Sandbox:
    """Platforms, switches, faults, limits, journal and clock; itself the ASGI application of the platforms' URLs."""

    def __init__(self, switches: dict[str, Any] | None = None, seed: dict[str, Any] | None = None, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.switches = Switches(all_switches(), switches)
        self.seed = seed or {}
        self.platforms: dict[str, Platform] = {platform.name: platform(self.switches, self.clock) for platform in PLATFORMS}
        self.by_prefix = {prefix: platform for platform in self.platforms.values() for prefix in platform.prefixes}
        self.faults = Faults(list(self.platforms))
        self.late: list[Late] = []
        self.limiter = Limiter(self.clock)
        self.journal = Journal(list(self.platforms))
        self.stopping = asyncio.Event()
        self.pause = asyncio.sleep
        self.load_state(copy.deepcopy(self.seed))

    # What the control API asks for

    def load_state(self, state: dict[str, Any]) -> None:
        for name in state:
            if name not in self.platforms:
                raise ValueError(f"there is no platform {name!r}")
        for name, part in state.items():
            self.platforms[name].load(part)

    def reset(self) -> None:
        self.clock.reset()
        self.switches.reset()
        self.faults.clear()
        self.late.clear()
        self.limiter.reset()
        self.clear_journal()
        for platform in self.platforms.values():
            platform.reset()
        self.load_state(copy.deepcopy(self.seed))

    def clear_journal(self) -> None:
        self.journal.clear()
        for platform in self.platforms.values():
            platform.tokens_issued = 0

    def catch_up(self, platform: Platform | None = None) -> None:
        """Act on what is late, and due by now."""
        for late in [late for late in self.late if platform in (None, late.platform) and late.requests <= 0 and self.clock.now() >= late.not_before]:
            self.late.remove(late)
            late.platform.answer(late.call)

    def summary(self) -> dict[str, Any]:
        for name, counts in self.journal.counts.items():
            counts.tokens_issued = self.platforms[name].tokens_issued
        return self.journal.summary()

    # Requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = await _body(receive)
        prefix, path = scope["path"].removeprefix(scope.get("root_path", "")).removeprefix("/").partition("/")[::2]
        platform = self.by_prefix.get(prefix)
        if platform is None:
            await _send(send, json_answer({"error": f"no platform at /{prefix}", "platforms": sorted(self.by_prefix)}, 404))
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        call = Call(
            platform=platform.name,
            prefix=prefix,
            method=scope["method"],
            path=f"/{path}",
            query=parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True),
            headers=headers,
            body=body,
            client=scope["client"][0] if scope.get("client") else "",
            base=f"{scope.get('scheme', 'http')}://{headers.get('host', '')}",
        )
        await self._serve(platform, call, _Connection(scope, receive, send, self.stopping))

    async def _serve(self, platform: Platform, call: Call, connection: _Connection) -> None:
        arrived = self.clock.real_steady()
        self.catch_up(platform)
        for late in self.late:
            late.requests -= late.platform is platform
        platform.prepare(call)
        delay = platform.on("latency_ms")
        if delay is None:
            delay = self.switches["latency_ms"]
        wait = self.limiter.admit(platform.wants(call))
        fault = self.faults.take(call) if wait is None else None
        if delay:
            await self.pause(delay / 1000)
        answer: Answer | None = None
        if wait is not None:
            answer = platform.limited(call, wait)
        elif fault is None or not fault.before():
            answer = platform.answer(call)
        if fault and fault.fault == "late":
            self.late.append(Late(platform, call, int(fault.parameters.get("requests", 0)), self.clock.now() + float(fault.parameters.get("delay", 0))))
        drop = fault is not None and fault.fault in ("close_before", "close_after")
        if fault and not drop and fault.fault != "hang_after":
            answer = faulty_answer(fault, answer)
        entry = Entry(
            platform=platform.name,
            method=call.method,
            path=call.path,
            status=answer.status if answer and not drop else None,
            operations=call.operations,
            auth=platform.counts_as_auth(call),
            login=call.login,
            at=arrived,
            fault=fault.fault if fault else None,
        )
        self.journal.add(entry, call.label, rejected=wait is not None)
        await self._reply(answer, fault, connection, entry)

    async def _reply(self, answer: Answer | None, fault: Fault | None, connection: _Connection, entry: Entry) -> None:
        if fault and fault.fault in HANGING and not await connection.hang(float(fault.parameters["seconds"])):
            entry.status = None
        elif fault and fault.fault.startswith("close_") or answer is None:
            await connection.drop()
        elif answer.whole is not None:
            await connection.cut(answer)
        elif fault and fault.fault in POURING:
            await connection.pour(answer, *POURING[fault.fault])
        else:
            await _send(connection.send, answer)


class _Connection:
    """The connection below a request: it can be dropped, or kept waiting."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, stopping: asyncio.Event) -> None:
        self.transport = scope.get("extensions", {}).get(TRANSPORT)
        self.receive = receive
        self.send = send
        self.stopping = stopping

    async def _gone(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            continue

    async def drop(self) -> None:
        """Close without an answer. Without a real connection (an in-process test client) it is an exception."""
        if self.transport is None:
            raise ConnectionAbortedError("the sandbox dropped the connection")
        self.transport.abort()
        await self._gone()

    async def cut(self, answer: Answer) -> None:
        """Announce the whole answer, send the part, and close."""
        await _start(self.send, answer, answer.whole or 0)
        await self.send({"type": "http.response.body", "body": answer.body, "more_body": True})
        if self.transport is None:
            raise ConnectionAbortedError("the sandbox dropped the connection")
        self.transport.close()
        await self._gone()

    async def pour(self, answer: Answer, pause: float, size: int) -> None:
        """Send so many blanks after each pause, until nobody wants more."""
        if self.transport is None:
            raise ConnectionAbortedError("an answer without end needs a connection")
        await _start(self.send, answer, None)
        while await self.hang(pause):
            await self.send({"type": "http.response.body", "body": b" " * size, "more_body": True})

    async def hang(self, seconds: float) -> bool:
        """Wait so long; False if the other side has gone, or the sandbox stops, meanwhile."""
        waits: list[asyncio.Task[Any]] = [asyncio.create_task(self.stopping.wait())]
        if self.transport is not None:
            waits.append(asyncio.create_task(self._gone()))
        done = (await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED))[0]
        for wait in waits:
            wait.cancel()
        if done and self.transport is not None:
            self.transport.abort()
            await self._gone()
        return not done


async def _body(receive: Receive) -> bytes:
    message = await receive()
    if not message.get("more_body"):
        return bytes(message.get("body", b""))
    parts = [message.get("body", b"")]
    while message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
    return b"".join(parts)


async def _start(send: Send, answer: Answer, length: int | None) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
    if answer.status != 204 and length is not None:
        headers.append((b"content-length", str(length).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})


async def _send(send: Send, answer: Answer) -> None:
    body = b"" if answer.status == 204 else answer.body
    await _start(send, answer, len(body))
    await send({"type": "http.response.body", "body": body})


def create_app(sandbox: Sandbox) -> Starlette:
    """The control API below /_sandbox and the platforms beside it."""
    return Starlette(routes=[Mount("/_sandbox", routes=control.routes(sandbox)), Mount("/", app=sandbox)])
