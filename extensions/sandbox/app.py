# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ASGI application: a request's way through rate limits, faults and platform, and the control API beside it."""

from __future__ import annotations

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Mount, Router
from starlette.types import Receive, Scope, Send

from .connection import Connection
from .control import create_control_app
from .faults import FLOODS, Fault
from .journal import Entry
from .messages import JSONResponse, PlatformRequest
from .platforms.base import Platform
from .routing import Operation
from .simulation import Sandbox

__all__ = ["Sandbox", "create_app"]


def create_app(sandbox: Sandbox) -> Router:
    """Return the control API below /_sandbox, and the platforms everywhere else."""
    return Router(
        [Mount("/_sandbox", app=create_control_app(sandbox))], default=PlatformsApp(sandbox), redirect_slashes=False
    )


class PlatformsApp:
    """The platforms, each below its URL prefixes."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._by_prefix = {prefix: platform for platform in sandbox.platforms.values() for prefix in platform.endpoints}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # One look-up in place of a Mount per prefix: faster, and `/flex` without a slash reaches the platform, too.
        prefix, _slash, path = scope["path"].removeprefix("/").partition("/")
        platform = self._by_prefix.get(prefix)
        if platform is None:
            response = JSONResponse({"error": f"no platform at /{prefix}", "platforms": sorted(self._by_prefix)}, 404)
            await response(scope, receive, send)
            return
        request = PlatformRequest(
            {**scope, "path": f"/{prefix}/{path}", "root_path": f"/{prefix}", "app_root_path": ""}, receive
        )
        try:
            await request.receive_content()
        except ClientDisconnect:
            return
        operation = platform.find_operation(prefix, request)
        await self._answer(platform, request, operation, Connection(scope, receive, send, self._sandbox.stopping))

    async def _answer(
        self, platform: Platform, request: PlatformRequest, operation: Operation, connection: Connection
    ) -> None:
        sandbox = self._sandbox
        arrived = sandbox.clock.real_steady()
        sandbox.catch_up(platform)
        sandbox.count_down(platform)
        wait = sandbox.limiter.admit(platform.limit_requests(request, operation))
        fault = sandbox.faults.take(platform.name, request, operation) if wait is None else None
        await self._delay(platform)
        if wait is not None:
            response: Response | None = platform.limit_exceeded(request, wait)
        else:
            response = self._process(platform, request, operation, fault)
        entry = Entry(
            platform=platform.name,
            method=request.method,
            path=request.path,
            status=response.status_code if response else None,
            operations=operation.fields,
            auth=platform.counts_as_auth(operation),
            login=operation.login,
            rejected=wait is not None,
            at=arrived,
            fault=fault.kind if fault else None,
            agent=request.headers.get("user-agent", ""),
        )
        sandbox.journal.add(entry, operation.label)
        if not await _send(response, fault, connection):
            entry.status = None

    async def _delay(self, platform: Platform) -> None:
        delay = platform.switch("latency_ms")
        if delay is None:
            delay = self._sandbox.switches["latency_ms"]
        if delay:
            await self._sandbox.pause(delay / 1000)

    def _process(
        self, platform: Platform, request: PlatformRequest, operation: Operation, fault: Fault | None
    ) -> Response | None:
        """Process a request under a fault. Returns the response to send, or None if the connection is to be dropped."""
        if fault is None:
            return platform.process(request, operation)
        response = None if fault.prevents_processing() else platform.process(request, operation)
        if fault.kind == "late":
            self._sandbox.postpone(platform, request, operation, fault)
        return None if fault.drops_connection else fault.apply(response)


async def _send(response: Response | None, fault: Fault | None, connection: Connection) -> bool:
    """Send a response over a connection that the fault may break. Returns False if the client disconnected before
    it.
    """
    if response is None:
        await connection.drop()
    elif fault is None:
        await connection.send(response)
    elif fault.hangs and not await connection.hold(float(fault.parameters["seconds"])):
        return False
    elif fault.truncates_connection:
        await connection.truncate(response)
    elif fault.kind in FLOODS:
        await connection.flood(response, *FLOODS[fault.kind])
    else:
        await connection.send(response)
    return True
