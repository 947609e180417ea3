# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand: which requests they apply to, how often, and how they change the response."""

from __future__ import annotations

import functools
import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import HTMLResponse, Response

from .messages import JSONResponse, PlatformRequest, with_body
from .routing import Operation

CONDITIONS = {"platform", "method", "path", "operation", "fault", "times", "skip"}
#: Pause in seconds and number of bytes at once, for a body without end.
FLOODS: dict[str, tuple[float, int]] = {"drip": (0.02, 1), "endless": (0.0, 1 << 16)}
HTML = "<!DOCTYPE html>\n<html><head><title>Error</title></head><body><h1>Something went wrong</h1></body></html>\n"

Parameters = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault: its parameters, and its response if that takes the place of the platform's.

    Without `create`, the platform processes the request, and `change` alters its response.
    """

    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    create: Callable[[Parameters], Response] | None = None
    change: Callable[[Response, Parameters], Response] | None = None


class FaultError(ValueError):
    """A fault that is not valid."""


@dataclass(slots=True)
class Fault:
    """A fault and the requests that it applies to."""

    kind: str
    platform: str | None = None
    method: str | None = None
    path: re.Pattern[str] | None = None
    operation: re.Pattern[str] | None = None
    times: int = 1
    skip: int = 0
    parameters: Parameters = field(default_factory=dict)

    @classmethod
    def parse(cls, item: Any, platforms: list[str]) -> Fault:
        if not isinstance(item, dict) or item.get("fault") not in KINDS:
            raise FaultError(f"invalid fault {item!r}: `fault` must be one of {', '.join(KINDS)}")
        kind, parameters = item["fault"], {key: value for key, value in item.items() if key not in CONDITIONS}
        _check_parameters(kind, set(parameters))
        if item.get("platform") not in (None, *platforms):
            raise FaultError(f"fault {kind}: unknown platform {item['platform']!r}; platforms: {', '.join(platforms)}")
        try:
            path, operation = (
                re.compile(item[key]) if item.get(key) is not None else None for key in ("path", "operation")
            )
            times, skip = int(item.get("times", 1)), int(item.get("skip", 0))
        except (re.error, TypeError, ValueError) as exc:
            raise FaultError(f"fault {kind}: {exc}") from exc
        method = item.get("method")
        return cls(
            kind, item.get("platform"), method.upper() if method else None, path, operation, times, skip, parameters
        )

    def matches(self, platform: str, request: PlatformRequest, operation: Operation) -> bool:
        return (
            self.times != 0
            and self.platform in (None, platform)
            and self.method in (None, request.method)
            and (self.path is None or self.path.search(request.path) is not None)
            and (self.operation is None or any(self.operation.search(name) for name in operation.fields))
        )

    @property
    def drops_connection(self) -> bool:
        return self.kind in ("close_before", "close_after")

    @property
    def hangs(self) -> bool:
        return self.kind in ("hang_before", "hang_after", "late")

    @property
    def truncates_connection(self) -> bool:
        return self.kind == "truncate" and bool(self.parameters.get("wire"))

    def prevents_processing(self) -> bool:
        """Whether the platform does not see the request (or only later)."""
        return self.kind == "close_before" or (KINDS[self.kind].create is not None and not self.parameters.get("after"))

    def apply(self, response: Response | None) -> Response | None:
        """Return the response to send, given the platform's response (None if the request was not processed)."""
        kind = KINDS[self.kind]
        if kind.create:
            return kind.create(self.parameters)
        if kind.change and response is not None:
            return kind.change(response, self.parameters)
        return response

    def dump(self) -> dict[str, Any]:
        return {
            "fault": self.kind,
            "platform": self.platform,
            "method": self.method,
            "path": self.path.pattern if self.path else None,
            "operation": self.operation.pattern if self.operation else None,
            "times": self.times,
            "skip": self.skip,
            **self.parameters,
        }


def _check_parameters(kind: str, given: set[str]) -> None:
    required, optional = KINDS[kind].required, KINDS[kind].optional
    if unknown := given - required - optional:
        valid = ", ".join(sorted(required | optional)) or "none"
        raise FaultError(f"fault {kind}: unknown parameters {', '.join(sorted(unknown))}; valid parameters: {valid}")
    if missing := required - given:
        raise FaultError(f"fault {kind}: missing parameters {', '.join(sorted(missing))}")


class Faults:
    """The pending faults."""

    def __init__(self, platforms: list[str]) -> None:
        self._platforms = platforms
        self.pending: list[Fault] = []

    def add(self, items: list[Any]) -> None:
        """Add all of these faults, or none if one of them is wrong."""
        self.pending += [Fault.parse(item, self._platforms) for item in items]

    def clear(self) -> None:
        self.pending = []

    def take(self, platform: str, request: PlatformRequest, operation: Operation) -> Fault | None:
        """Return the first fault that applies to this request, and count it as used."""
        for fault in self.pending:
            if not fault.matches(platform, request, operation):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.times > 0:
                fault.times -= 1
            if fault.times == 0:
                self.pending = [other for other in self.pending if other is not fault]
            return fault
        return None


# Responses in place of the platform's


def _create_error(given: Parameters) -> Response:
    body, status = given.get("body", ""), given.get("status", 504)
    response = Response(body, status) if isinstance(body, str) else JSONResponse(body, status)
    response.headers.update({name: str(value) for name, value in given.get("headers", {}).items()})
    return response


def _create_html(given: Parameters) -> Response:
    return HTMLResponse(given.get("body", HTML), given.get("status", 200))


def _create_graphql_errors(given: Parameters) -> Response:
    body = {"errors": given["errors"], **({"data": given["data"]} if "data" in given else {})}
    return JSONResponse(body, given.get("status", 200))


def _create_redirect(given: Parameters) -> Response:
    # Not RedirectResponse, which would quote a hostile location.
    return Response(status_code=given.get("status", 302), headers={"location": given["location"]})


# Changes to the platform's response


def _truncate(response: Response, given: Parameters) -> Response:
    part = bytes(response.body)[: given.get("bytes", len(response.body) // 2)]
    if not given.get("wire"):
        return with_body(response, part)
    response.body = part  # Content-Length still announces all of it
    return response


def _empty(response: Response, given: Parameters) -> Response:
    return with_body(response, b"", given.get("status"))


def _replace(response: Response, given: Parameters) -> Response:
    return with_body(
        response, json.dumps(given["body"]).encode(), given.get("status"), {"content-type": "application/json"}
    )


def _compress(response: Response, given: Parameters) -> Response:
    return with_body(
        response, _compressed_spaces(int(given.get("mebibytes", 64))), headers={"content-encoding": "gzip"}
    )


@functools.cache
def _compressed_spaces(mebibytes: int) -> bytes:
    compressor = zlib.compressobj(9, wbits=31)
    return b"".join([*(compressor.compress(b" " * (1 << 20)) for _mebibyte in range(mebibytes)), compressor.flush()])


def _edit_field(response: Response, given: Parameters) -> Response:
    """Drop or set a field of a JSON body. Other bodies, and bodies without the field, stay as they are."""
    try:
        document = json.loads(bytes(response.body))
    except ValueError:
        return response
    _edit(document, given["field"].split("."), given)
    return with_body(response, json.dumps(document).encode())


def _edit(node: Any, path: list[str], given: Parameters) -> None:
    name, rest = path[0], path[1:]
    for key in reversed(_matching_keys(node, name)):  # from the end, as dropping an item shifts those behind it
        exists = isinstance(node, list) or key in node
        if rest and exists:
            _edit(node[key], rest, given)
        elif not rest and "value" in given:
            node[key] = given["value"]
        elif not rest and exists:
            del node[key]


def _matching_keys(node: Any, name: str) -> list[Any]:
    """Return the keys or indices that a part of a path stands for; `*` stands for all of them."""
    if isinstance(node, dict):
        return list(node) if name == "*" else [name]
    if not isinstance(node, list):
        return []
    if name == "*":
        return list(range(len(node)))
    return [int(name)] if name.lstrip("-").isdigit() and -len(node) <= int(name) < len(node) else []


def _kind(required: str = "", optional: str = "", **functions: Any) -> Kind:
    return Kind(frozenset(required.split()), frozenset(optional.split()), **functions)


KINDS: dict[str, Kind] = {
    "close_before": _kind(),
    "close_after": _kind(),
    "hang_before": _kind("seconds", "status body", create=_create_error),
    "hang_after": _kind("seconds"),
    "late": _kind("seconds", "status body requests delay", create=_create_error),
    "status": _kind("status", "body headers after", create=_create_error),
    "html": _kind("", "status body after", create=_create_html),
    "truncate": _kind("", "wire bytes", change=_truncate),
    "empty": _kind("", "status", change=_empty),
    "replace": _kind("body", "status", change=_replace),
    "drop_field": _kind("field", change=_edit_field),
    "set_field": _kind("field value", change=_edit_field),
    "drip": _kind(),
    "endless": _kind(),
    "gzip_bomb": _kind("", "mebibytes", change=_compress),
    "graphql_errors": _kind("errors", "data status after", create=_create_graphql_errors),
    "redirect": _kind("location", "status after", create=_create_redirect),
}
