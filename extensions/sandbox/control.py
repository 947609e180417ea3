# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control API below /_sandbox. Its requests are never rate-limited, delayed or recorded."""

from __future__ import annotations

import json
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .simulation import Sandbox


class ControlError(ValueError):
    """A request that is not valid."""


def create_control_app(sandbox: Sandbox) -> Starlette:
    """Return the control API as an application, in which every invalid request is answered with 400."""
    return Starlette(routes=ControlAPI(sandbox).routes, exception_handlers={ValueError: report_error})


async def report_error(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, status_code=400)


async def parse_body(request: Request, kind: type | tuple[type, ...] = dict) -> Any:
    """Parse the body as JSON. An empty body is an empty object."""
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError as exc:
        raise ControlError(f"the body is not valid JSON: {exc}") from exc
    if not isinstance(body, kind):
        raise ControlError(f"the body must be a JSON object{'' if kind is dict else ' or array'}")
    return body


class ControlAPI:
    """The endpoints of the control API."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.routes = [
            Route("/", self.list_routes),
            Route("/requests", self.requests, methods=["GET", "DELETE"]),
            Route("/summary", self.summary),
            Route("/switches", self.switches, methods=["GET", "PUT"]),
            Route("/state", self.state, methods=["GET", "PUT"]),
            Route("/state/{platform}", self.platform_state, methods=["GET", "PUT"]),
            Route("/faults", self.faults, methods=["GET", "POST", "DELETE"]),
            Route("/tokens/invalidate", self.invalidate_tokens, methods=["POST"]),
            Route("/clock", self.clock, methods=["GET", "POST"]),
            Route("/reset", self.reset, methods=["POST"]),
        ]

    async def list_routes(self, request: Request) -> Response:
        return JSONResponse(
            {
                "routes": [
                    f"{'/'.join(sorted((route.methods or set()) - {'HEAD'}))} /_sandbox{route.path}"
                    for route in self.routes
                ]
            }
        )

    async def requests(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._sandbox.clear_journal()
            return JSONResponse({})
        name = request.query_params.get("platform")
        return JSONResponse(self._sandbox.journal.dump(self._sandbox.find_platform(name).name if name else None))

    async def summary(self, request: Request) -> Response:
        return JSONResponse(self._sandbox.summarize_journal())

    async def switches(self, request: Request) -> Response:
        if request.method == "PUT":
            self._sandbox.switches.set(await parse_body(request))
        return JSONResponse(self._sandbox.switches.dump())

    async def state(self, request: Request) -> Response:
        self._sandbox.catch_up()
        if request.method == "PUT":
            self._sandbox.load_state(await parse_body(request))
            return JSONResponse({})
        return JSONResponse({name: platform.dump() for name, platform in self._sandbox.platforms.items()})

    async def platform_state(self, request: Request) -> Response:
        self._sandbox.catch_up()
        platform = self._sandbox.find_platform(request.path_params["platform"])
        if request.method == "PUT":
            platform.load(await parse_body(request))
            return JSONResponse({})
        return JSONResponse(platform.dump())

    async def faults(self, request: Request) -> Response:
        faults = self._sandbox.faults
        if request.method == "DELETE":
            faults.clear()
        elif request.method == "POST":
            given = await parse_body(request, (dict, list))
            faults.add(given if isinstance(given, list) else [given])
        return JSONResponse([fault.dump() for fault in faults.pending])

    async def invalidate_tokens(self, request: Request) -> Response:
        given = await parse_body(request)
        kind = None if given.get("kind") == "all" else given.get("kind", "access")
        platforms = (
            [self._sandbox.find_platform(given["platform"])]
            if given.get("platform")
            else list(self._sandbox.platforms.values())
        )
        return JSONResponse({"invalidated": {platform.name: platform.tokens.clear(kind) for platform in platforms}})

    async def clock(self, request: Request) -> Response:
        clock = self._sandbox.clock
        if request.method == "POST":
            seconds = (await parse_body(request)).get("advance")
            if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
                raise ControlError("`advance` must be a number of seconds")
            clock.advance(seconds)
        return JSONResponse({"now": clock.now(), "offset": clock.offset})

    async def reset(self, request: Request) -> Response:
        self._sandbox.reset()
        return JSONResponse({})
