# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests of Flex Media Platform (providers.md, section 5), and applications in its responses."""

from __future__ import annotations

import base64
import typing as t

import responses

from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import call

URL = "http://flex.test:18101"
KEY = "registration-hush-token"
LOST = {"answer": "<html>Bad gateway</html>", "status": 502}


def app(
    number: int = 1, name: str = "Reviewer", description: str | None = "Tool to review media", **other: t.Any
) -> dict[str, t.Any]:
    """An application in the response to POST."""
    return {
        "id": number,
        "applicationName": name,
        "description": description,
        "clientId": f"client-{number}",
        "clientSecret": f"hush-{number}",
        **other,
    }


def without(application: dict[str, t.Any], *keys: str) -> dict[str, t.Any]:
    return {key: value for key, value in application.items() if key not in keys}


def shown(application: dict[str, t.Any], *hidden: str) -> dict[str, t.Any]:
    """The same as modules return it."""
    names = {
        "id": "id",
        "applicationName": "name",
        "description": "description",
        "clientId": "client_id",
        "clientSecret": "client_secret",
    }
    return without({names[key]: value for key, value in application.items()}, *hidden)


def applications(method: str, below: str, answer: t.Any = b"", **kwargs: t.Any) -> responses.Response:
    return call(
        method,
        f"{URL}/api/authentication/applications{below}",
        answer,
        headers={"X-App-Registration-Key": KEY},
        **kwargs,
    )


def listed(*found: t.Any, **kwargs: t.Any) -> responses.Response:
    return applications("GET", "/", list(found), **kwargs)


def got(application: dict[str, t.Any]) -> responses.Response:
    """The response to GET by id, which names the secret differently from POST."""
    return applications(
        "GET", f"/{application['id']}", {**without(application, "clientSecret"), "secret": application["clientSecret"]}
    )


def missing(number: int = 1) -> responses.Response:
    return applications("GET", f"/{number}", {"message": "No such application"}, status=404)


def posted(
    answer: t.Any, *, name: str = "Reviewer", description: str = "Tool to review media", **kwargs: t.Any
) -> responses.Response:
    return applications("POST", "", answer, json={"applicationName": name, "description": description}, **kwargs)


def put(
    number: int = 1,
    *,
    name: str = "Reviewer",
    description: str = "Tool to review media",
    answer: t.Any = b"",
    **kwargs: t.Any,
) -> responses.Response:
    return applications(
        "PUT", f"/{number}", answer, json={"applicationName": name, "description": description}, **kwargs
    )


def deleted(number: int = 1, answer: t.Any = b"", *, status: int = 204) -> responses.Response:
    return applications("DELETE", f"/{number}", answer, status=status)


def token(
    answer: t.Any, *, secret: str = "hush-token", method: str = "GET", path: str = "/oauth/token", status: int = 200
) -> responses.Response:
    parameters = {"grant_type": "client_credentials"}
    basic = base64.b64encode(f"client-1:{secret}".encode()).decode()
    sent = {"query": parameters} if method == "GET" else {"form": parameters}
    return call(method, URL + path, answer, status=status, headers={"Authorization": f"Basic {basic}"}, **sent)
