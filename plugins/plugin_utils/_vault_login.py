# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs in to HashiCorp Vault or OpenBao: with AppRole, a JWT, or the service account of a Kubernetes pod."""

from __future__ import annotations

import os
import typing as t

from ..module_utils._data.paths import quote_path
from ..module_utils._data.schema import Schema
from ..module_utils._errors import AccessError
from ..module_utils._http.models import Request
from ..module_utils._platform.client import ApiClient
from ..module_utils._platform.options import from_env
from ..module_utils._platform.responses import Hints

#: Where Kubernetes puts the token of a pod's service account.
SERVICE_ACCOUNT_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105 - a path

#: For each value of ``auth``, the options that it requires, and those that it accepts.
METHODS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "token": (("token",), ()),
    "approle": (("role_id",), ("secret_id",)),
    "jwt": (("jwt",), ("role",)),
    "kubernetes": (("role",), ("jwt",)),
}
OPTIONS: dict[str, dict[str, t.Any]] = {
    "auth": {"type": "str", "choices": list(METHODS), "default": "token"},
    "token": {"type": "str", "no_log": True, "fallback": from_env("VAULT_TOKEN")},
    "role": {"type": "str"},
    "role_id": {"type": "str"},
    "secret_id": {"type": "str", "no_log": True},
    "jwt": {"type": "str", "no_log": True},
    "auth_mount": {"type": "str"},
}
#: Remedies for refused logins by HTTP status.
LOGIN_HINTS: Hints = {
    status: "Check auth, auth_mount, namespace, and the role and its credentials" for status in (400, 401, 403, 404)
}

LOGIN = Schema(
    {
        "type": "object",
        "properties": {
            "auth": {
                "type": "object",
                "properties": {"client_token": {"type": "string", "minLength": 1}},
                "required": ["client_token"],
            }
        },
        "required": ["auth"],
    }
)

#: The tokens of this process by login. The items of a loop run in one process, which so logs in once.
_tokens: dict[tuple[t.Any, ...], str] = {}


def vault_token(client: ApiClient, headers: t.Mapping[str, str]) -> str:
    """The token for Vault: the option ``token``, or that of a login, whose request has these ``headers``.

    :raises MissingOption: if an option that the method requires is not set.
    """
    method = client.params["auth"]
    required, accepted = METHODS[method]
    client.require(*required)
    if method == "token":
        return t.cast(str, client.params["token"])
    body = {name: client.params[name] for name in (*required, *accepted) if client.params[name]}
    if method == "kubernetes" and "jwt" not in body:
        body["jwt"] = _service_account_token()
        client.session.secrets.add(body["jwt"])
    mount = quote_path(client.params["auth_mount"] or method, "auth_mount")
    url = f"{client.url}/v1/auth/{mount}/login"
    key = (url, *headers.items(), *body.items())
    if key not in _tokens:
        request = Request(
            "POST", url, headers=dict(headers), json=body, authenticates=True, requests_token=True, repeatable=True
        )
        _tokens[key] = client.fetch(request, LOGIN)["auth"]["client_token"]
    client.session.secrets.add(_tokens[key])
    return _tokens[key]


def _service_account_token() -> str:
    try:
        with open(SERVICE_ACCOUNT_TOKEN, encoding="utf-8") as file:
            return file.read().strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise AccessError(
            f"the token of the pod's service account cannot be read from {SERVICE_ACCOUNT_TOKEN}: {reason}. Run "
            "Ansible in a Kubernetes pod, or set jwt"
        ) from None


def missing_options(options: t.Mapping[str, t.Any], specs: t.Mapping[str, t.Mapping[str, t.Any]]) -> list[str]:
    """The required options that neither ``options`` nor the environment sets, each as text."""
    names = ("url", "path", *METHODS[options.get("auth") or "token"][0])
    missing: list[str] = []
    for name in names:
        variables = specs[name].get("fallback", (None, []))[1]
        if options.get(name) in (None, "") and not any(os.environ.get(variable) for variable in variables):
            missing.append(f"{name} must be given" + "".join(f" (or the environment variable {v})" for v in variables))
    return missing
