# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all platforms have in common: a request, an answer, routes, switches, and state."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from math import ceil
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from ..limits import Want
from ..state import Clock, Token, Tokens
from ..switches import Switch, Switches, choice, number_or_none, rate


class StateError(ValueError):
    """A state that a platform cannot take."""


@dataclass(slots=True)
class Call:
    """One request to a platform. `path` is relative to the platform, without the query."""

    platform: str
    prefix: str
    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes
    client: str
    base: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    operations: list[str] = field(default_factory=list)
    auth: bool = False
    login: bool = False
    cost: int = 1
    auth_cost: int = 1
    label: str = ""
    work: Any = None

    def argument(self, name: str) -> str | None:
        return next((value for key, value in self.query if key == name), None)

    def bearer(self) -> str | None:
        kind, value = self.headers.get("authorization", "").partition(" ")[::2]
        return value.strip() if kind.lower() == "bearer" else None

    def basic(self) -> tuple[str, str] | None:
        """User and password of HTTP Basic authentication."""
        kind, value = self.headers.get("authorization", "").partition(" ")[::2]
        if kind.lower() != "basic":
            return None
        try:
            user, password = base64.b64decode(value, validate=True).decode().partition(":")[::2]
        except (binascii.Error, UnicodeDecodeError):
            return None
        return user, password

    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """The body as JSON; ValueError if it is none."""
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        if self.content_type() != "application/x-www-form-urlencoded":
            return {}
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(slots=True)
class Answer:
    """What a platform answers. `whole` announces a longer body than is sent."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    whole: int | None = None


def json_answer(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, json.dumps(data).encode(), {"content-type": "application/json", **(headers or {})})


def text_answer(text: str, status: int = 200, kind: str = "text/plain") -> Answer:
    return Answer(status, text.encode(), {"content-type": f"{kind}; charset=utf-8"})


@dataclass(frozen=True, slots=True)
class Credential:
    """A line of the table that is shown at the start."""

    what: str
    value: str


Handler = Callable[[Any, Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    pattern: re.Pattern[str]
    handler: Handler
    auth: bool
    login: bool
    prefix: str


def route(method: str, path: str, auth: bool = False, login: bool = False, prefix: str = "") -> Callable[[Handler], Handler]:
    """Mark a method as the handler of `METHOD path`; `{name}` in the path is a parameter, `{name:path}` one with slashes.

    `auth`: counts under the limit for authentication. `login`: asks for a token. `prefix`: below which of the platform's prefixes (the first).
    """

    def mark(handler: Handler) -> Handler:
        text = re.sub(r"\{(\w+):path\}", r"(?P<\1>.*)", path)
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", text))
        routes = [*getattr(handler, "routes", ()), Route(method, path, pattern, handler, auth, login, prefix)]
        handler.routes = routes  # type: ignore[attr-defined]
        return handler

    return mark


class Platform:
    """A platform: subclasses add routes, switches, state and the wording of errors."""

    name: ClassVar[str]
    title: ClassVar[str]
    # URL prefixes; the first one is the platform's `url`.
    prefixes: ClassVar[tuple[str, ...]]
    rate_limit: ClassVar[str] = "none"
    auth_rate_limit: ClassVar[str] = "none"
    own_switches: ClassVar[tuple[Switch, ...]] = ()
    credentials: ClassVar[tuple[Credential, ...]] = ()

    def __init__(self, switches: Switches, clock: Clock) -> None:
        self.switches = switches
        self.clock = clock
        self.tokens = Tokens(clock)
        self.tokens_issued = 0
        self._routes = [item for name in dir(type(self)) for item in getattr(getattr(type(self), name), "routes", ())]
        self.data: dict[str, Any] = {}
        self.reset()

    @classmethod
    def all_switches(cls) -> list[Switch]:
        """The switches that every platform has, then its own; the names begin with the platform's."""
        common = (
            rate("rate_limit", cls.rate_limit, "Limit of all requests of one client (sliding window)."),
            rate("auth_rate_limit", cls.auth_rate_limit, "Limit of authentication requests of one client."),
            choice("retry_after", "none|seconds|http_date", "`Retry-After` of an answer that says 429."),
            choice("rate_headers", "no|yes", "`X-RateLimit-Limit` and `X-RateLimit-Remaining` (of all requests) on a 429."),
            number_or_none("latency_ms", "none", "Delay before every answer of this platform; `none`: the global `latency_ms`."),
        )
        return [Switch(f"{cls.name}.{item.name}", item.default, item.text, item.values, item.parse, item.form) for item in (*common, *cls.own_switches)]

    def on(self, name: str) -> Any:
        """The present value of one of this platform's switches."""
        return self.switches[f"{self.name}.{name}"]

    # State

    def initial(self) -> dict[str, Any]:
        """The state at the start; a platform that keeps nothing has none."""
        return {}

    def index(self) -> None:
        """Called when the state was replaced from outside."""

    def reset(self) -> None:
        self.tokens.clear()
        self.tokens_issued = 0
        self.data = self.initial()
        self.index()

    def load(self, data: dict[str, Any]) -> None:
        """Replace the given parts of the state; they are used as they are, not copied."""
        if not isinstance(data, dict) or set(data) - set(self.data) - {"tokens"}:
            raise StateError(f"the state of {self.name} is an object with some of {', '.join(self.data)}, tokens")
        before = self.data
        self.data = {**self.data, **{key: value for key, value in data.items() if key != "tokens"}}
        try:
            self.index()
            if "tokens" in data:
                self.tokens.load(data["tokens"])
        except (AttributeError, KeyError, TypeError, ValueError) as exc:
            self.data = before
            self.index()
            raise StateError(f"the state of {self.name} is not understood: {type(exc).__name__}: {exc}") from exc

    def dump(self) -> dict[str, Any]:
        return {**self.data, "tokens": self.tokens.dump()}

    # Requests

    def prepare(self, call: Call) -> None:
        """Find the route, so that it is known what is asked before it is acted on."""
        allowed = []
        method = "GET" if call.method == "HEAD" else call.method
        for item in self._routes:
            if call.prefix == (item.prefix or self.prefixes[0]) and (found := item.pattern.fullmatch(call.path)):
                if item.method in (method, "*"):
                    call.parameters = found.groupdict()
                    call.auth, call.login, call.work = item.auth, item.login, item
                    call.label = f"{call.method} {item.path}"
                    return
                allowed.append(item.method)
        call.label = f"{call.method} (no such path)" if not allowed else f"{call.method} (not allowed)"
        call.work = allowed

    def answer(self, call: Call) -> Answer:
        if isinstance(call.work, Route):
            return call.work.handler(self, call)
        if call.work:
            answer = self.error(call, 405, "method_not_allowed", f"Request method '{call.method}' not supported")
            answer.headers["allow"] = ", ".join(sorted(set(call.work)))
            return answer
        return self.error(call, 404, "not_found", f"No such path: {call.path}")

    def error(self, call: Call, status: int, name: str, text: str) -> Answer:
        """An error in the platform's own words."""
        return json_answer({"error": name, "error_description": text}, status)

    # Limits

    def who(self, call: Call) -> str:
        """Whom the limits count."""
        return call.client

    def counts_as_auth(self, call: Call) -> bool:
        return call.auth

    def wants(self, call: Call) -> list[Want]:
        who = self.who(call)
        wants = [Want((self.name, "all", who), self.on("rate_limit"), call.cost)]
        if self.counts_as_auth(call):
            wants.append(Want((self.name, "auth", who), self.on("auth_rate_limit"), call.auth_cost))
        return wants

    def limited(self, call: Call, wait: float) -> Answer:
        """The answer to a request over the limit."""
        answer = self.limit_answer(call)
        match self.on("retry_after"):
            case "seconds":
                answer.headers["retry-after"] = str(ceil(wait))
            case "http_date":
                answer.headers["retry-after"] = formatdate(ceil(self.clock.now() - self.clock.offset + wait), usegmt=True)
        if self.on("rate_headers") == "yes" and (limit := self.on("rate_limit")):
            answer.headers |= {"x-ratelimit-limit": str(limit.count), "x-ratelimit-remaining": "0"}
        return answer

    def limit_answer(self, call: Call) -> Answer:
        return self.error(call, 429, "too_many_requests", "Too many requests")

    # Tokens

    def issued(self, token: Token) -> Token:
        """Count a token that was given out."""
        self.tokens_issued += 1
        return token

    def echo(self, call: Call, **more: Any) -> Answer:
        """The request as it arrived, without its credentials: a help for trying out a request."""
        headers = {name: value for name, value in call.headers.items() if name not in ("authorization", "host")}
        try:
            body = call.json() if call.body else None
        except ValueError:
            body = call.body.decode("utf-8", "replace")
        query = {key: value for key, value in call.query if key != "access_token"}
        return json_answer({"method": call.method, "path": call.path, "query": query, "headers": headers, "body": body, **more})
