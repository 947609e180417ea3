# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The platform's side of a test: the exact requests expected, in order, and their responses.

Every secret in these tests has the word "hush-token" in it, so that one that shows is easy to find.
"""

from __future__ import annotations

import base64
import contextlib
import json as jsonlib
import types
import typing as t

import pytest
import requests
import responses
from responses import matchers
from responses.registries import OrderedRegistry

#: The headers that matter: each is exactly what a call says, or absent.
HEADERS = ("Accept", "Authorization", "Content-Type", "X-App-Registration-Key", "X-Forwarded-For")
NO_ANSWER = requests.exceptions.ReadTimeout("no answer")

Result = dict[str, t.Any]


def call(
    method: str,
    url: str,
    answer: t.Any = b"",
    *,
    status: int = 200,
    query: dict[str, str] | None = None,
    json: t.Any = None,
    form: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    answer_headers: dict[str, str] | None = None,
) -> responses.Response:
    """An expected request, and its response: data (sent as JSON), text or bytes as is, or an exception."""
    kind, body = None, _no_body
    if json is not None:
        kind, body = "application/json", matchers.json_params_matcher(json)
    elif form is not None:
        kind, body = "application/x-www-form-urlencoded", matchers.urlencoded_params_matcher(form)
    expected = {"Accept": "application/json", **({"Content-Type": kind} if kind else {}), **(headers or {})}
    return responses.Response(
        method,
        url,
        body=answer if isinstance(answer, (bytes, str, Exception)) else jsonlib.dumps(answer),
        status=status,
        headers=answer_headers or {},
        match=[matchers.query_param_matcher(query or {}), body, _headers(expected)],
    )


def _no_body(request: t.Any) -> tuple[bool, str]:
    return not request.body, f"the body is {request.body!r}, and there must be none"


def _headers(expected: dict[str, str]) -> t.Callable[[t.Any], tuple[bool, str]]:
    def match(request: t.Any) -> tuple[bool, str]:
        found = {name: request.headers[name] for name in HEADERS if name in request.headers}
        return found == expected, f"the headers that matter are {found}, and must be {expected}"

    return match


class _InOrder(OrderedRegistry):
    """Ends the test at the first unexpected request, which could go unnoticed as a failed connection."""

    def find(self, request: t.Any) -> t.Any:
        expected = f"{self.registered[0].method} {self.registered[0].url}" if self.registered else "none"
        found, reasons = super().find(request)
        if found is None:
            self.reset()
            pytest.fail(
                f"the next request must be: {expected}\nbut it is: {request.method} {request.url}\nbecause: {' '.join(reasons)}",
                pytrace=False,
            )
        return found, reasons


@contextlib.contextmanager
def exchange(*calls: responses.Response) -> t.Iterator[None]:
    """Expect exactly these requests in this order."""
    with responses.RequestsMock(assert_all_requests_are_fired=True, registry=_InOrder) as platform:
        for expected in calls:
            expected.calls.reset()  # a call can stand in the parameters of several tests
            platform.add(expected)
        yield


def jwt(**claims: t.Any) -> str:
    parts = (b'{"alg":"RS256"}', jsonlib.dumps(claims).encode(), b"hush-token")
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


class Run:
    """Runs a module against an exchange, with common connection options. Checks that apply to every result are made here."""

    def __init__(self, module: types.ModuleType, home: str, connection: dict[str, t.Any]) -> None:
        self._module = module
        self._home = home
        self._connection = connection

    def __call__(self, *calls: responses.Response, **options: t.Any) -> Result:
        """A run that must succeed."""
        result = self.attempt(*calls, **options)
        assert not result.get("failed"), result["msg"]
        return result

    def fail(self, *calls: responses.Response, **options: t.Any) -> Result:
        """A run that must fail without a change."""
        result = self.attempt(*calls, **options)
        assert result.get("failed") is True, result
        assert result["changed"] is False
        return result

    def fail_after_a_change(self, *calls: responses.Response, **options: t.Any) -> Result:
        """A run that must fail after a change."""
        result = self.attempt(*calls, **options)
        assert result.get("failed") is True, result
        assert result["changed"] is True
        return result

    def attempt(self, *calls: responses.Response, check_mode: bool = False, **options: t.Any) -> Result:
        """A run that may fail or partly fail."""
        with exchange(*calls):
            result = self._module.MODULE.run(
                {**self._connection, **options},
                name=self._module.__name__,
                check_mode=check_mode,
                ansible_home=self._home,
            )
        assert_presentable(result)
        if check_mode and result["changed"]:
            assert "hush" not in jsonlib.dumps(result)
        return result


def assert_presentable(result: Result) -> None:
    """Displayed values contain no secrets, and a failure is clear and names the provider."""
    items = [item for value in result.values() if isinstance(value, list) for item in value if isinstance(item, dict)]
    shown = [
        [part.get(key) for key in ("msg", "diff", "warnings", "error_code", "invocation")] for part in (result, *items)
    ]
    assert "hush" not in jsonlib.dumps(shown)
    assert isinstance(result["changed"], bool)
    if result.get("failed"):
        assert result["provider"] in ("flex", "freewheel", "audienceplayer", "oauth2")
        assert "this is a bug" not in result["msg"], result["msg"]
        assert "Traceback" not in result["msg"] and "\n" not in result["msg"]
