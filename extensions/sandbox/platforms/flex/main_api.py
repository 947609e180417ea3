# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small part of the main API: accounts, and lists of other resources, which are empty."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.responses import Response

from ...messages import JSONResponse, PlatformRequest
from ...routing import Endpoint
from ..base import Platform

ROOT = "/api"
MEDIA_TYPE = "application/vnd.nativ.mio.v1+json"
#: Resources of which there are none.
EMPTY = ("accountProperties", "actions", "assets", "collections", "jobs", "users", "workflowDefinitions", "workflows")

Item = dict[str, Any]


class MainApi:
    """Answers requests to the main API. `check` rejects those without a valid token or local user."""

    def __init__(self, platform: Platform, check: Callable[[PlatformRequest], Any]) -> None:
        self._platform = platform
        self._check = check

    def define_endpoints(self) -> list[Endpoint]:
        # Matrix parameters follow the resource: /api/accounts;limit=1
        return [
            Endpoint(ROOT + "/accounts", self.create_account, "POST"),
            Endpoint(ROOT + "/accounts/{id}", self.show_account, "GET"),
            Endpoint(ROOT + "/accounts/{id}", self.update_account, "PUT"),
            Endpoint(ROOT + "/accounts/{id}/accountWorkspace", self.show_workspace, "GET"),
            Endpoint(ROOT + "/accounts{matrix:path}", self.list_accounts, "GET"),
            Endpoint(ROOT + "/taxonomies{matrix:path}", self.list_taxonomies, "GET"),
            *(Endpoint(f"{ROOT}/{name}{{matrix:path}}", partial(self.list_none, name), "GET") for name in EMPTY),
        ]

    def list_accounts(self, request: PlatformRequest) -> Response:
        self._check(request)
        found = self._platform.data["accounts"]
        if name := matrix_parameters(request).get("name"):
            found = [item for item in found if item["name"] == name]
        return _list(request, "accounts", [_describe(request, item) for item in found])

    def create_account(self, request: PlatformRequest) -> Response:
        self._check(request)
        accounts = self._platform.data["accounts"]
        account = self._parse(request) | {"id": 1 + max([100, *(item["id"] for item in accounts)])}
        accounts.append(account)
        return _respond(_describe(request, account))

    def update_account(self, request: PlatformRequest) -> Response:
        account = self._find(request)
        account.update(self._parse(request) | {"id": account["id"]})
        return _respond(_describe(request, account))

    def _parse(self, request: PlatformRequest) -> Item:
        try:
            body = request.parse_json()
        except ValueError:
            body = None
        if not isinstance(body, dict) or not isinstance(body.get("name"), str):
            raise self._platform.rejection(request, 400, "bad_request", "name is mandatory")
        return body

    def show_account(self, request: PlatformRequest) -> Response:
        return _respond(_describe(request, self._find(request)))

    def show_workspace(self, request: PlatformRequest) -> Response:
        return _respond(_describe(request, self._find(request))["workspace"])

    def _find(self, request: PlatformRequest) -> Item:
        self._check(request)
        accounts: list[Item] = self._platform.data["accounts"]
        for item in accounts:
            if str(item["id"]) == request.path_params["id"]:
                return item
        raise self._platform.rejection(request, 404, "not_found", "The account does not exist")

    def list_taxonomies(self, request: PlatformRequest) -> Response:
        self._check(request)
        return _respond([])

    def list_none(self, name: str, request: PlatformRequest) -> Response:
        if request.path_params["matrix"].startswith("/"):
            self._check(request)
            return self._platform.error_response(request, 404, "not_found", f"There are no {name}")
        self._check(request)
        return _list(request, name, [])


def _list(request: PlatformRequest, name: str, items: list[Item]) -> Response:
    limit, offset = parse_number(request, "limit", 100), parse_number(request, "offset", 0)
    return _respond({"totalCount": len(items), "limit": limit, "offset": offset, name: items[offset : offset + limit]})


def _respond(body: Any) -> Response:
    return JSONResponse(body, headers={"content-type": MEDIA_TYPE})


def _describe(request: PlatformRequest, item: Item) -> Item:
    """Describe an account with its type and workspace."""
    root, number = str(request.url.replace(path="/flex/api", query=None)), item["id"]
    kind = {"id": 1, "name": "account", "displayName": "Account", "pluralName": "accounts", "userDefined": False}
    return {
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"accounts/{number}")),
        "displayName": str(item["name"]).capitalize(),
        "objectType": {**kind, "href": f"{root}/objectTypes/1"},
        "href": f"{root}/accounts/{number}",
        "enabled": True,
        "workspace": {"id": number, "name": f"{item['name']} workspace", "accountId": number},
        **item,
    }


def matrix_parameters(request: PlatformRequest) -> dict[str, str]:
    """Parse matrix parameters: /api/accounts;limit=1;name=x"""
    return dict(part.partition("=")[::2] for part in request.path.split(";")[1:])


def parse_number(request: PlatformRequest, name: str, default: int) -> int:
    value = matrix_parameters(request).get(name) or request.query_params.get(name)
    return int(value) if value and value.isdigit() else default
