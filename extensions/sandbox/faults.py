# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand: what goes wrong, for which requests, how often."""

from __future__ import annotations

import functools
import json
import re
import zlib
from dataclasses import dataclass, field
from typing import Any

from .platforms._base import Answer, Call, json_answer

BEFORE = ("close_before", "hang_before", "late", "status", "redirect", "html", "graphql_errors")
AFTER = ("close_after", "hang_after", "truncate", "empty", "replace", "drop_field", "set_field", "drip", "endless", "gzip_bomb")
HANGING = ("hang_before", "hang_after", "late")
#: Seconds between the bytes of a body that does not end, and how many come at once.
POURING: dict[str, tuple[float, int]] = {"drip": (0.02, 1), "endless": (0.0, 1 << 16)}
FIELDS = {"platform", "method", "path", "operation", "fault", "times", "skip"}
PARAMETERS: dict[str, set[str]] = {
    "close_before": set(),
    "close_after": set(),
    "hang_before": {"seconds", "status", "body"},
    "hang_after": {"seconds"},
    "late": {"seconds", "status", "body", "requests", "delay"},
    "status": {"status", "body", "headers", "after"},
    "html": {"status", "body", "after"},
    "truncate": {"wire", "bytes"},
    "empty": {"status"},
    "replace": {"body", "status"},
    "drop_field": {"field"},
    "set_field": {"field", "value"},
    "drip": set(),
    "endless": set(),
    "gzip_bomb": {"mebibytes"},
    "graphql_errors": {"errors", "data", "status", "after"},
    "redirect": {"status", "location", "after"},
}
REQUIRED: dict[str, set[str]] = {
    "hang_before": {"seconds"},
    "hang_after": {"seconds"},
    "late": {"seconds"},
    "status": {"status"},
    "replace": {"body"},
    "drop_field": {"field"},
    "set_field": {"field", "value"},
    "graphql_errors": {"errors"},
    "redirect": {"location"},
}
HTML = "<!DOCTYPE html>\n<html><head><title>Error</title></head><body><h1>Something went wrong</h1></body></html>\n"


class FaultError(ValueError):
    """A fault that cannot be understood."""


@dataclass(slots=True)
class Fault:
    """One fault and whom it hits."""

    fault: str
    platform: str | None = None
    method: str | None = None
    path: re.Pattern[str] | None = None
    operation: re.Pattern[str] | None = None
    times: int = 1
    skip: int = 0
    parameters: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, item: Any, platforms: list[str]) -> Fault:
        if not isinstance(item, dict) or item.get("fault") not in PARAMETERS:
            raise FaultError(f"a fault needs `fault`, one of {', '.join(PARAMETERS)}: {item!r}")
        kind = item["fault"]
        extra = {key: value for key, value in item.items() if key not in FIELDS}
        if unknown := set(extra) - PARAMETERS[kind]:
            raise FaultError(f"fault {kind} takes no {', '.join(sorted(unknown))}")
        if missing := REQUIRED.get(kind, set()) - set(extra):
            raise FaultError(f"fault {kind} needs {', '.join(sorted(missing))}")
        if item.get("platform") not in (None, *platforms):
            raise FaultError(f"there is no platform {item['platform']!r}")
        try:
            path, operation = (re.compile(item[key]) if item.get(key) is not None else None for key in ("path", "operation"))
            times, skip = int(item.get("times", 1)), int(item.get("skip", 0))
        except (re.error, TypeError, ValueError) as exc:
            raise FaultError(f"fault {kind}: {exc}") from exc
        method = item.get("method")
        return cls(kind, item.get("platform"), method.upper() if method else None, path, operation, times, skip, extra)

    def hits(self, call: Call) -> bool:
        return (
            self.times != 0
            and self.platform in (None, call.platform)
            and self.method in (None, call.method)
            and (self.path is None or self.path.search(call.path) is not None)
            and (self.operation is None or any(self.operation.search(name) for name in call.operations))
        )

    def before(self) -> bool:
        """Whether the request is not acted on."""
        return self.fault in BEFORE and not self.parameters.get("after")

    def dump(self) -> dict[str, Any]:
        return {
            "fault": self.fault,
            "platform": self.platform,
            "method": self.method,
            "path": self.path.pattern if self.path else None,
            "operation": self.operation.pattern if self.operation else None,
            "times": self.times,
            "skip": self.skip,
            **self.parameters,
        }


class Faults:
    """The faults that are still to happen."""

    def __init__(self, platforms: list[str]) -> None:
        self._platforms = platforms
        self.waiting: list[Fault] = []

    def add(self, items: list[Any]) -> None:
        self.waiting += [Fault.read(item, self._platforms) for item in items]

    def clear(self) -> None:
        self.waiting = []

    def take(self, call: Call) -> Fault | None:
        """The first fault that hits this request now."""
        for fault in self.waiting:
            if not fault.hits(call):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.times > 0:
                fault.times -= 1
            if fault.times == 0:
                self.waiting = [other for other in self.waiting if other is not fault]
            return fault
        return None


def faulty_answer(fault: Fault, answer: Answer | None) -> Answer:
    """What is answered instead of `answer` (which is None where the request was not acted on)."""
    given = fault.parameters
    match fault.fault:
        case "status" | "hang_before" | "late":
            body = given.get("body", "")
            reply = Answer(given.get("status", 504), body.encode()) if isinstance(body, str) else json_answer(body, given.get("status", 504))
            reply.headers.update({name.lower(): str(value) for name, value in given.get("headers", {}).items()})
            return reply
        case "html":
            return Answer(given.get("status", 200), given.get("body", HTML).encode(), {"content-type": "text/html; charset=utf-8"})
        case "graphql_errors":
            body = {"errors": given["errors"], **({"data": given["data"]} if "data" in given else {})}
            return json_answer(body, given.get("status", 200))
        case "redirect":
            return Answer(given.get("status", 302), b"", {"location": given["location"]})
    if answer is None:
        raise FaultError(f"fault {fault.fault} needs an answer to change")
    match fault.fault:
        case "truncate":
            answer.whole = len(answer.body) if given.get("wire") else None
            answer.body = answer.body[: given.get("bytes", len(answer.body) // 2)]
        case "empty":
            answer.body = b""
            answer.status = given.get("status", answer.status)
        case "replace":
            answer.body = json.dumps(given["body"]).encode()
            answer.status = given.get("status", answer.status)
            answer.headers["content-type"] = "application/json"
        case "gzip_bomb":
            answer.body = _bomb(int(given.get("mebibytes", 64)))
            answer.headers["content-encoding"] = "gzip"
        case "drop_field" | "set_field":
            answer.body = _changed(answer.body, given["field"].split("."), given)
    return answer


@functools.cache
def _bomb(mebibytes: int) -> bytes:
    """So many blanks, compressed."""
    compressor = zlib.compressobj(9, wbits=31)
    return b"".join([*(compressor.compress(b" " * (1 << 20)) for _mebibyte in range(mebibytes)), compressor.flush()])


def _changed(body: bytes, path: list[str], given: dict[str, Any]) -> bytes:
    """The JSON text with one field dropped or set; `*` stands for every key or item. No such field: as it was."""
    try:
        document = json.loads(body)
    except ValueError:
        return body
    _change(document, path, given)
    return json.dumps(document).encode()


def _change(node: Any, path: list[str], given: dict[str, Any]) -> None:
    key, rest = path[0], path[1:]
    if isinstance(node, dict):
        keys: list[Any] = list(node) if key == "*" else [key]
    elif isinstance(node, list):
        keys = list(range(len(node))) if key == "*" else [int(key)] if key.lstrip("-").isdigit() and -len(node) <= int(key) < len(node) else []
    else:
        return
    for index in reversed(keys):
        if rest:
            if isinstance(node, list) or index in node:
                _change(node[index], rest, given)
        elif "value" in given:
            node[index] = given["value"]
        elif isinstance(node, list) or index in node:
            del node[index]
