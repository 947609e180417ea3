# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivers credentials to the KV secrets engine, version 2, of HashiCorp Vault or OpenBao, with check-and-set."""

from __future__ import annotations

import typing as t

from ..module_utils._data.paths import quote_path
from ..module_utils._data.schema import Schema
from ..module_utils._errors import AccessError
from ..module_utils._http.models import Request
from ..module_utils._platform.access import Access
from ..module_utils._platform.client import ApiClient
from ..module_utils._platform.declaration import Platform
from ..module_utils._platform.options import from_env
from ._credentials_formats import Credentials, Names, Place, checked
from ._vault_login import LOGIN_HINTS, OPTIONS, vault_token

SECRET = Schema(
    {
        "type": "object",
        "properties": {
            "data": {
                "type": "object",
                "properties": {
                    "data": {"type": ["object", "null"]},
                    "metadata": {
                        "type": "object",
                        "properties": {"version": {"type": "integer"}},
                        "required": ["version"],
                    },
                },
                "required": ["data", "metadata"],
            }
        },
        "required": ["data"],
    }
)
#: Other secrets engines accept the same request, but return no version.
WRITTEN = Schema(
    {
        "type": "object",
        "properties": {
            "data": {"type": "object", "properties": {"version": {"type": "integer"}}, "required": ["version"]}
        },
        "required": ["data"],
        "$comment": "mount is not a KV secrets engine, version 2",
    }
)


class Vault(ApiClient):
    """Accesses one secret. The client has tokens of its own, which are not cached."""

    def request(self, method: str, kind: str, **kwargs: t.Any) -> Request:
        path = self.require("path")
        namespace = {"X-Vault-Namespace": self.params["namespace"]} if self.params["namespace"] else {}
        common = {"X-Vault-Request": "true", **namespace}
        headers = {"X-Vault-Token": vault_token(self, common), **common}
        place = f"{quote_path(self.params['mount'], 'mount')}/{kind}/{quote_path(path, 'path')}"
        return Request(method, f"{self.url}/v1/{place}", headers=headers, **kwargs)


VAULT = Platform(
    name="vault",
    title="Vault",
    client=Vault,
    options={
        "url": {"type": "str", "fallback": from_env("VAULT_ADDR")},
        "mount": {"type": "str", "default": "secret"},
        "path": {"type": "str"},
        "namespace": {"type": "str", "fallback": from_env("VAULT_NAMESPACE")},
        **OPTIONS,
    },
    hints={
        400: "Check that mount is a KV secrets engine, version 2",
        403: "Check token, namespace, and the policy for the path",
        404: "Check mount and namespace",
    },
    login_hints=LOGIN_HINTS,
)


class VaultSecret(Place):
    """A secret that is written only if its version is still the one that was read."""

    def __init__(self, access: Access[Vault]) -> None:
        self._vault = access.client
        self._version = 0

    def _read(self) -> dict[str, t.Any] | None:
        """Fetch the secret with its version; None if it never existed. A deleted secret has a version but no data."""
        response = self._vault.http.send(self._vault.request("GET", "data"))
        if response.status == 404 and b'"version"' not in response.body:
            return None
        if not response.ok and response.status != 404:
            raise self._vault.responses.make_error(response)
        return t.cast("dict[str, t.Any]", self._vault.responses.validate(response, SECRET)["data"])

    def load(self, known: Names) -> Credentials | None:
        secret = self._read()
        self._version = secret["metadata"]["version"] if secret else 0
        return self._parse(secret)

    def _parse(self, secret: dict[str, t.Any] | None) -> Credentials | None:
        data = secret["data"] if secret else None
        self.found = bool(data)
        try:
            return checked(data)
        except ValueError:
            if data:
                path = f"{self._vault.params['mount']}/{self._vault.params['path']}"
                self.foreign = f"the secret {path} at {self._vault.url} has content that was not delivered"
            return None

    def write(self, credentials: Credentials) -> None:
        """Write the next version. If a repeated request is refused because the first one was applied, the secret
        already has its desired value.
        """
        body = {"options": {"cas": self._version}, "data": credentials}
        try:
            self._vault.fetch(self._vault.request("POST", "data", json=body, repeatable=True), WRITTEN)
        except AccessError as error:
            if error.status != 400 or (self._read() or {}).get("data") != credentials:
                raise

    def exists(self, known: Names | None = None) -> bool:
        secret = self._read()
        self._parse(secret)
        return secret is not None

    def remove(self) -> None:
        """Delete all versions."""
        self._vault.send(self._vault.request("DELETE", "metadata", repeatable=True))
