# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base class of all platforms: switches, state, endpoints, limits and errors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from email.utils import formatdate
from functools import lru_cache, partial
from math import ceil
from typing import Any, ClassVar

from starlette.responses import Response
from starlette.routing import Match

from ..limits import LimitRequest
from ..messages import JSONResponse, PlatformRequest, Rejection
from ..routing import Endpoint, Operation
from ..state import Clock, Tokens
from ..switches import Switch, Switches, choice, optional_number, rate_limit


class StateError(ValueError):
    """A state that is not valid."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A row of the table that the sandbox prints when it starts. `{url}` in the value stands for the sandbox's URL."""

    label: str
    value: str


class Platform:
    """A simulated platform. Subclasses add switches, state, endpoints and the format of errors."""

    name: ClassVar[str]
    title: ClassVar[str]
    rate_limit: ClassVar[str] = "none"
    auth_rate_limit: ClassVar[str] = "none"
    own_switches: ClassVar[tuple[Switch, ...]] = ()
    credentials: ClassVar[tuple[Credential, ...]] = ()

    def __init__(self, switches: Switches, clock: Clock) -> None:
        self.switches = switches
        self.clock = clock
        self.tokens = Tokens(clock)
        self.endpoints = self.define_endpoints()
        # Clients repeat their requests, and matching every route of a platform would be most of a request's cost.
        self._match = lru_cache(maxsize=1024)(self._match_endpoint)
        self.data: dict[str, Any] = {}
        self.reset()

    @classmethod
    def all_switches(cls) -> list[Switch]:
        """Return the switches that all platforms have and those of this one, with the platform's name before theirs."""
        common = (
            rate_limit("rate_limit", cls.rate_limit, "Rate limit for all requests of a client (sliding window)."),
            rate_limit(
                "auth_rate_limit",
                cls.auth_rate_limit,
                "Rate limit for authentication requests of a client (sliding window).",
            ),
            choice("retry_after", "none|seconds|http_date", "Format of `Retry-After` in a 429 response."),
            choice(
                "rate_headers",
                "no|yes",
                "Whether a 429 response has `X-RateLimit-Limit` and `X-RateLimit-Remaining` (of all requests).",
            ),
            optional_number(
                "latency_ms",
                None,
                "Delay before every response of this platform, in milliseconds; `none`: the global `latency_ms`.",
            ),
        )
        return [replace(switch, name=f"{cls.name}.{switch.name}") for switch in (*common, *cls.own_switches)]

    def switch(self, name: str) -> Any:
        """Return the current value of one of this platform's switches."""
        return self.switches[f"{self.name}.{name}"]

    # State

    def initial_state(self) -> dict[str, Any]:
        return {}

    def index_state(self) -> None:
        """Complete and index the state after it has been replaced. Raises an error if it is not valid."""

    def reset(self) -> None:
        self.tokens.clear()
        self.tokens.issued = 0
        self.data = self.initial_state()
        self.index_state()

    def load(self, data: dict[str, Any]) -> None:
        """Replace the given parts of the state. They are used as they are, not copied."""
        if not isinstance(data, dict) or set(data) - set(self.data) - {"tokens"}:
            raise StateError(f"the state of {self.name} must be an object with the keys {', '.join(self.data)}, tokens")
        before = self.data
        self.data = {**self.data, **{key: value for key, value in data.items() if key != "tokens"}}
        try:
            self.index_state()
            if "tokens" in data:
                self.tokens.load(data["tokens"])
        except (AttributeError, KeyError, TypeError, ValueError) as exc:
            self.data = before
            self.index_state()
            raise StateError(f"the state of {self.name} is not valid: {type(exc).__name__}: {exc}") from exc

    def dump(self) -> dict[str, Any]:
        return {**self.data, "tokens": self.tokens.dump()}

    # Requests

    def define_endpoints(self) -> dict[str, list[Endpoint]]:
        """Return the endpoints below each URL prefix. The first prefix is the platform's `url`."""
        raise NotImplementedError

    def find_operation(self, prefix: str, request: PlatformRequest) -> Operation:
        """Find the operation that a request asks for, without processing it."""
        endpoint, path_params, allowed = self._match(prefix, request.method, request.path)
        if endpoint:
            request.scope["path_params"] = path_params
            return Operation(f"{request.method} {endpoint.path}", endpoint.endpoint, endpoint.auth, endpoint.login)
        if allowed:
            return Operation(f"{request.method} (not allowed)", partial(self.refuse_method, allowed=allowed))
        return Operation(f"{request.method} (no such path)", self.refuse_path)

    def _match_endpoint(self, prefix: str, method: str, path: str) -> tuple[Endpoint | None, dict[str, Any], set[str]]:
        """Return the endpoint with the parameters in its path, or the methods that are allowed for the path."""
        allowed: set[str] = set()
        for endpoint in self.endpoints[prefix]:
            match, child_scope = endpoint.matches({"type": "http", "method": method, "path": path})
            if match is Match.FULL:
                return endpoint, child_scope["path_params"], allowed
            if match is Match.PARTIAL:
                allowed |= endpoint.listed_methods
        return None, {}, allowed

    def process(self, request: PlatformRequest, operation: Operation) -> Response:
        try:
            return operation.handler(request)
        except Rejection as rejection:
            return rejection.response

    def refuse_path(self, request: PlatformRequest) -> Response:
        return self.error_response(request, 404, "not_found", f"No such path: {request.path}")

    def refuse_method(self, request: PlatformRequest, allowed: set[str]) -> Response:
        response = self.error_response(
            request, 405, "method_not_allowed", f"Request method '{request.method}' not supported"
        )
        response.headers["allow"] = ", ".join(sorted(allowed))
        return response

    def echo(self, request: PlatformRequest, **more: Any) -> Response:
        """Return the request as it was received, without its credentials, so that users can try out requests."""
        headers = {name: value for name, value in request.headers.items() if name not in ("authorization", "host")}
        try:
            body = request.parse_json() if request.content else None
        except ValueError:
            body = request.content.decode("utf-8", "replace")
        query = {name: value for name, value in request.query_params.items() if name != "access_token"}
        return JSONResponse(
            {"method": request.method, "path": request.path, "query": query, "headers": headers, "body": body, **more}
        )

    # Errors

    def error_response(self, request: PlatformRequest, status: int, code: str, text: str) -> Response:
        """Return an error in the platform's format."""
        return JSONResponse({"error": code, "error_description": text}, status)

    def rejection(self, request: PlatformRequest, status: int, code: str, text: str) -> Rejection:
        """Return the exception that ends the processing of the request with this error."""
        return Rejection(self.error_response(request, status, code, text))

    # Rate limits

    def client_key(self, request: PlatformRequest) -> str:
        """Return the key under which the rate limits count this client."""
        return request.client_address

    def counts_as_auth(self, operation: Operation) -> bool:
        return operation.auth

    def limit_requests(self, request: PlatformRequest, operation: Operation) -> list[LimitRequest]:
        key = self.client_key(request)
        requests = [LimitRequest((self.name, "all", key), self.switch("rate_limit"), operation.cost)]
        if self.counts_as_auth(operation):
            requests.append(LimitRequest((self.name, "auth", key), self.switch("auth_rate_limit"), operation.auth_cost))
        return requests

    def limit_exceeded(self, request: PlatformRequest, wait: float) -> Response:
        """Return the response to a request over a limit that has room again after `wait` seconds."""
        response = self.limit_response(request)
        match self.switch("retry_after"):
            case "seconds":
                response.headers["retry-after"] = str(ceil(wait))
            case "http_date":
                response.headers["retry-after"] = formatdate(
                    ceil(self.clock.now() - self.clock.offset + wait), usegmt=True
                )
        if self.switch("rate_headers") == "yes" and (limit := self.switch("rate_limit")):
            response.headers["x-ratelimit-limit"] = str(limit.count)
            response.headers["x-ratelimit-remaining"] = "0"
        return response

    def limit_response(self, request: PlatformRequest) -> Response:
        return self.error_response(request, 429, "too_many_requests", "Too many requests")
