# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for Consul's key-value store, where the Flex registration key lives."""

from __future__ import annotations

import base64
from typing import Any

from ..switches import choice
from ._base import Answer, Call, Credential, Platform, json_answer, route, text_answer
from .flex import REGISTRATION_KEY

TOKEN = "sandbox-consul-token"
KEY = "flex/shared/authentication/oAuth/appRegistrationKey"


class Consul(Platform):
    name = "consul"
    title = "Consul KV (stand-in)"
    prefixes = ("consul",)
    credentials = (Credential("token", TOKEN), Credential("key", KEY))
    own_switches = (choice("acl", "on|off", "`off`: no token is needed."),)

    def initial(self) -> dict[str, Any]:
        return {"tokens_allowed": [TOKEN], "kv": {KEY: REGISTRATION_KEY}, "changes": {KEY: 10}}

    def index(self) -> None:
        changes = self.data["changes"]
        self.data["changes"] = {key: changes.get(key, 10) for key in dict(self.data["kv"])}

    @route("GET", "/v1/kv/{key:path}")
    def get(self, call: Call) -> Answer:
        if refusal := self._refused(call):
            return refusal
        key, kv = call.parameters["key"], self.data["kv"]
        asked = set(dict(call.query))
        if asked & {"recurse", "keys"}:
            found = sorted(name for name in kv if name.startswith(key))
        else:
            found = [key] if key in kv else []
        headers = {"x-consul-index": str(self._index(found)), "x-consul-knownleader": "true", "x-consul-lastcontact": "0"}
        if not found:
            return Answer(404, b"", headers)
        if "keys" in asked:
            return json_answer(found, headers=headers)
        if "raw" in asked:
            return Answer(200, kv[found[0]].encode(), {"content-type": "application/octet-stream", **headers})
        return json_answer([self._item(name) for name in found], headers=headers)

    @route("PUT", "/v1/kv/{key:path}")
    def put(self, call: Call) -> Answer:
        if refusal := self._refused(call):
            return refusal
        key = call.parameters["key"]
        if not key:
            return text_answer("Missing key name", 400)
        changed = self.data["changes"].get(key, 0)
        if (cas := call.argument("cas")) is not None and cas != str(changed):
            return json_answer(False)
        self.data["changes"][key] = self._index(self.data["kv"]) + 1
        self.data["kv"][key] = call.body.decode("utf-8", "replace")
        return json_answer(True)

    @route("DELETE", "/v1/kv/{key:path}")
    def delete(self, call: Call) -> Answer:
        if refusal := self._refused(call):
            return refusal
        key = call.parameters["key"]
        for name in [name for name in self.data["kv"] if name == key or (call.argument("recurse") is not None and name.startswith(key))]:
            del self.data["kv"][name], self.data["changes"][name]
        return json_answer(True)

    def _index(self, keys: Any) -> int:
        return max([1, *(int(self.data["changes"][key]) for key in keys)])

    def _item(self, key: str) -> dict[str, Any]:
        change = self.data["changes"][key]
        value = base64.b64encode(self.data["kv"][key].encode()).decode() if self.data["kv"][key] else None
        return {"LockIndex": 0, "Key": key, "Flags": 0, "Value": value, "CreateIndex": change, "ModifyIndex": change}

    def _refused(self, call: Call) -> Answer | None:
        given = call.headers.get("x-consul-token") or call.bearer() or call.argument("token")
        if self.on("acl") == "off" or given in self.data["tokens_allowed"]:
            return None
        return text_answer("ACL not found" if given else "Permission denied: the anonymous token lacks permission 'key:read'", 403)

    def error(self, call: Call, status: int, name: str, text: str) -> Answer:
        return text_answer(text, status)
