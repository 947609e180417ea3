# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for Consul's key-value store, which holds the Flex registration key."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

from starlette.responses import PlainTextResponse, Response

from ..messages import JSONResponse, PlatformRequest, Rejection
from ..routing import Endpoint
from ..switches import choice
from .base import Credential, Platform
from .flex import REGISTRATION_KEY

TOKEN = "sandbox-consul-token"
KEY = "flex/shared/authentication/oAuth/appRegistrationKey"


class Consul(Platform):
    name = "consul"
    title = "Consul KV (stand-in)"
    credentials = (Credential("token", TOKEN), Credential("key", KEY))
    own_switches = (choice("acl", "on|off", "`off`: no token is required."),)

    def initial_state(self) -> dict[str, Any]:
        return {"tokens_allowed": [TOKEN], "kv": {KEY: REGISTRATION_KEY}, "changes": {KEY: 10}}

    def index_state(self) -> None:
        changes = self.data["changes"]
        self.data["changes"] = {key: changes.get(key, 10) for key in dict(self.data["kv"])}

    def define_endpoints(self) -> dict[str, list[Endpoint]]:
        path = "/v1/kv/{key:path}"
        return {
            "consul": [
                Endpoint(path, self.read_keys, "GET"),
                Endpoint(path, self.write_key, "PUT"),
                Endpoint(path, self.delete_keys, "DELETE"),
            ]
        }

    def read_keys(self, request: PlatformRequest) -> Response:
        self._check_token(request)
        key, kv, query = request.path_params["key"], self.data["kv"], request.query_params
        has_prefix = "recurse" in query or "keys" in query
        found = sorted(name for name in kv if (name.startswith(key) if has_prefix else name == key))
        headers = {
            "x-consul-index": str(self._highest_index(found)),
            "x-consul-knownleader": "true",
            "x-consul-lastcontact": "0",
        }
        if not found:
            return Response(status_code=404, headers=headers)
        if "keys" in query:
            return JSONResponse(found, headers=headers)
        if "raw" in query:
            return Response(kv[found[0]], headers=headers, media_type="application/octet-stream")
        return JSONResponse([self._describe_key(name) for name in found], headers=headers)

    def write_key(self, request: PlatformRequest) -> Response:
        self._check_token(request)
        key = request.path_params["key"]
        if not key:
            return PlainTextResponse("Missing key name", 400)
        index = self.data["changes"].get(key, 0)
        if request.query_params.get("cas", str(index)) != str(index):
            return JSONResponse(False)
        self.data["changes"][key] = self._highest_index(self.data["kv"]) + 1
        self.data["kv"][key] = request.content.decode("utf-8", "replace")
        return JSONResponse(True)

    def delete_keys(self, request: PlatformRequest) -> Response:
        self._check_token(request)
        key, recurse = request.path_params["key"], "recurse" in request.query_params
        for name in [name for name in self.data["kv"] if name == key or (recurse and name.startswith(key))]:
            del self.data["kv"][name], self.data["changes"][name]
        return JSONResponse(True)

    def _highest_index(self, keys: Iterable[str]) -> int:
        return max([1, *(int(self.data["changes"][key]) for key in keys)])

    def _describe_key(self, key: str) -> dict[str, Any]:
        index = self.data["changes"][key]
        value = base64.b64encode(self.data["kv"][key].encode()).decode() if self.data["kv"][key] else None
        return {"LockIndex": 0, "Key": key, "Flags": 0, "Value": value, "CreateIndex": index, "ModifyIndex": index}

    def _check_token(self, request: PlatformRequest) -> None:
        token = request.headers.get("x-consul-token") or request.bearer_token() or request.query_params.get("token")
        if self.switch("acl") == "off" or token in self.data["tokens_allowed"]:
            return
        text = "ACL not found" if token else "Permission denied: the anonymous token lacks permission 'key:read'"
        raise Rejection(PlainTextResponse(text, 403))

    def error_response(self, request: PlatformRequest, status: int, code: str, text: str) -> Response:
        return PlainTextResponse(text, status)
