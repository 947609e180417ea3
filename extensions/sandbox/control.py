# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control API below /_sandbox: JSON, never limited, never journaled."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from .app import Sandbox


class BadControl(ValueError):
    """A control request that cannot be understood."""


def routes(sandbox: Sandbox) -> list[Route]:
    def name_of(name: Any) -> str:
        if name not in sandbox.platforms:
            raise BadControl(f"there is no platform {name!r}, only {', '.join(sandbox.platforms)}")
        return str(name)

    async def requests(request: Request) -> Any:
        if request.method == "DELETE":
            sandbox.clear_journal()
            return {}
        platform = request.query_params.get("platform")
        return sandbox.journal.dump(name_of(platform) if platform else None)

    async def summary(request: Request) -> Any:
        return sandbox.summary()

    async def switches(request: Request) -> Any:
        if request.method == "PUT":
            sandbox.switches.set(await _json(request, dict))
        return sandbox.switches.dump()

    async def state(request: Request) -> Any:
        platform = request.path_params.get("platform")
        sandbox.catch_up()
        if request.method == "PUT":
            given = await _json(request, dict)
            sandbox.load_state({name_of(platform): given} if platform else given)
            return {}
        if platform:
            return sandbox.platforms[name_of(platform)].dump()
        return {name: item.dump() for name, item in sandbox.platforms.items()}

    async def faults(request: Request) -> Any:
        if request.method == "DELETE":
            sandbox.faults.clear()
        elif request.method == "POST":
            given = await _json(request, (dict, list))
            sandbox.faults.add(given if isinstance(given, list) else [given])
        return [fault.dump() for fault in sandbox.faults.waiting]

    async def invalidate(request: Request) -> Any:
        given = await _json(request, dict)
        kind = given.get("kind", "access")
        names = [name_of(given["platform"])] if given.get("platform") else list(sandbox.platforms)
        return {"invalidated": {name: sandbox.platforms[name].tokens.clear(None if kind == "all" else kind) for name in names}}

    async def clock(request: Request) -> Any:
        if request.method == "POST":
            seconds = (await _json(request, dict)).get("advance")
            if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
                raise BadControl("advance takes a number of seconds")
            sandbox.clock.advance(seconds)
        return {"now": sandbox.clock.now(), "offset": sandbox.clock.offset}

    async def reset(request: Request) -> Any:
        sandbox.reset()
        return {}

    async def help_(request: Request) -> Any:
        return {"routes": [f"{'/'.join(sorted((item.methods or set()) - {'HEAD'}))} /_sandbox{item.path}" for item in table]}

    table = [
        Route("/", _answered(help_)),
        Route("/requests", _answered(requests), methods=["GET", "DELETE"]),
        Route("/summary", _answered(summary)),
        Route("/switches", _answered(switches), methods=["GET", "PUT"]),
        Route("/state", _answered(state), methods=["GET", "PUT"]),
        Route("/state/{platform}", _answered(state), methods=["GET", "PUT"]),
        Route("/faults", _answered(faults), methods=["GET", "POST", "DELETE"]),
        Route("/tokens/invalidate", _answered(invalidate), methods=["POST"]),
        Route("/clock", _answered(clock), methods=["GET", "POST"]),
        Route("/reset", _answered(reset), methods=["POST"]),
    ]
    return table


def _answered(handler: Callable[[Request], Awaitable[Any]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return JSONResponse(await handler(request))
        except ValueError as exc:
            return JSONResponse({"error": str(exc)}, status_code=400)

    return answer


async def _json(request: Request, kind: Any) -> Any:
    try:
        given = json.loads(await request.body() or b"{}")
    except ValueError as exc:
        raise BadControl(f"the body is not JSON: {exc}") from exc
    if not isinstance(given, kind):
        raise BadControl("the body is JSON of another kind than is needed here")
    return given
