# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a key from Consul's KV store over its HTTP API."""

from __future__ import annotations

import base64

from .._data.paths import quote_path
from .._data.schema import Schema
from .._errors import AccessError
from .._http.models import Request
from .._platform.client import ApiClient
from .._platform.declaration import Platform

ENTRIES = Schema(
    {
        "type": "array",
        "minItems": 1,
        "items": {"type": "object", "properties": {"Value": {"type": ["string", "null"]}}, "required": ["Value"]},
    }
)


class Consul(ApiClient):
    """Reads one key. Consul's ACL token is an option, so the client issues no tokens."""

    def read_key(self) -> str:
        """Read the value of the key."""
        headers = {"X-Consul-Token": self.params["token"]} if self.params["token"] else {}
        response = self.send(
            Request("GET", f"{self.url}/v1/kv/{quote_path(self.params['path'], 'path')}", headers=headers)
        )
        encoded = self.responses.validate(response, ENTRIES)[0]["Value"] or ""
        try:
            value = base64.b64decode(encoded, validate=True).decode()
        except ValueError:
            raise self.responses.invalid_response(response, ["[0].Value: must be base64-encoded text"]) from None
        if not value:
            raise AccessError(f"the key {self.params['path']} is empty")
        self.session.secrets.add(value)
        return value


CONSUL = Platform(
    name="consul",
    title="Consul",
    client=Consul,
    options={
        "url": {"type": "str", "default": "http://127.0.0.1:8500"},
        "token": {"type": "str", "no_log": True},
        "path": {"type": "str", "default": "flex/shared/authentication/oAuth/appRegistrationKey"},
    },
    hints={403: "Check token: it must be allowed to read the key", 404: "The key does not exist: check path"},
)
