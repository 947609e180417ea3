# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ``*_api`` modules: send an arbitrary request with the platform's token."""

from __future__ import annotations

import typing as t

from .._data.paths import has_dot_segment
from .._errors import AccessError, MissingOption
from .._http.models import Request, Response
from .._platform.access import Access
from .definition import ModuleResult

OPTIONS: dict[str, dict[str, t.Any]] = {
    "path": {"type": "str", "required": True},
    "method": {
        "type": "str",
        "choices": ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"],
        "default": "GET",
    },
    "query": {"type": "dict", "no_log": False},
    "body": {"type": "raw", "no_log": False},
    "headers": {"type": "dict", "no_log": False},
    "status_code": {"type": "list", "elements": "int"},
}
#: Platforms accept credentials in all three.
PRIVATE = ("query", "body", "headers")


def run_request(access: Access[t.Any], headers: t.Mapping[str, str] | None = None) -> ModuleResult:
    """Send the request, except for writes in check mode, and return the response. ``headers`` are added by the
    module.
    """
    request = _build_request(access, headers or {})
    writes = not request.safe_to_repeat
    # The effect on the platform is unknown, so the diff shows only that the request is sent.
    diff: dict[str, t.Any] = {"diff": {"before": {}, "after": {"request": request.label}}} if writes else {}
    unknown: dict[str, t.Any] = dict.fromkeys(("status", "headers", "json", "content"))
    if writes and access.check_mode:
        return ModuleResult({"changed": True, **unknown, **diff})
    try:
        response = access.client.send_authorized(request, expected=access.params["status_code"] or ())
    except MissingOption:
        if not access.expects_credentials:
            raise
        return ModuleResult({"changed": False, **unknown})
    content = {"headers": dict(response.headers), **_parse_content(response)}
    return ModuleResult(
        {"changed": writes, "status": response.status, **content, **diff}, sensitive=access.secrets.possibly_in(content)
    )


def _build_request(access: Access[t.Any], headers: t.Mapping[str, str]) -> Request:
    params = access.params
    if "://" in params["path"] or has_dot_segment(params["path"].partition("?")[0]):
        raise AccessError("path must be relative to url, which the token is for: it must not be a URL or contain ..")
    body = params["body"]
    if body is not None and not isinstance(body, (dict, list, str)):
        raise AccessError("body must be a dictionary or a list (sent as JSON), or a string (sent as is)")
    return Request(
        params["method"],
        f"{access.client.url}/{params['path'].lstrip('/')}",
        headers={
            **headers,
            **{
                name: _to_text(value)
                for name, value in (params["headers"] or {}).items()
                if name.lower() != "authorization" and value is not None
            },
        },
        query=_build_query(params["query"]),
        json=body if isinstance(body, (dict, list)) else None,
        data=body if isinstance(body, str) else None,
    )


def _build_query(query: t.Mapping[str, t.Any] | None) -> dict[str, t.Any] | None:
    """Convert values to strings. A list repeats the parameter, and null omits it."""
    if query is None:
        return None
    return {
        name: [_to_text(item) for item in value] if isinstance(value, list) else _to_text(value)
        for name, value in query.items()
        if value is not None
    }


def _to_text(value: t.Any) -> str:
    if isinstance(value, (dict, list)):
        raise AccessError(
            "query and headers accept strings, numbers and booleans (query also lists of them), but not dictionaries"
        )
    return str(value).lower() if isinstance(value, bool) else str(value)


def _parse_content(response: Response) -> dict[str, t.Any]:
    """``json`` if the response is JSON, otherwise ``content``."""
    if response.body.strip() and (
        "json" in response.headers.get("content-type", "") or response.body.lstrip()[:1] in (b"{", b"[")
    ):
        try:
            return {"json": response.json()}
        except ValueError:
            pass
    return {"content": response.text}
