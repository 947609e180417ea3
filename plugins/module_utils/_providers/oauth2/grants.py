# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The grant, the client and the parameters that the options describe."""

from __future__ import annotations

import json
import typing as t

from ..._errors import AccessError
from ..._oauth2.client_auth import METHODS, Client
from ..._oauth2.grants import (
    AuthorizationCode,
    ClientCredentials,
    ClientGrant,
    Grant,
    JwtBearer,
    Parameter,
    PasswordCredentials,
    RefreshToken,
    TokenExchange,
    Value,
)
from ..._platform.session import Session

#: The fields of a token response that ``fields`` may rename.
_FIELDS = ("access_token", "token_type", "expires_in", "refresh_token", "refresh_expires_in", "scope")
#: Parameters of the token request that have options of their own.
_RESERVED = frozenset(
    (
        *("grant_type", "client_id", "client_secret", "client_assertion", "client_assertion_type"),
        *("scope", "audience", "resource"),
    )
)


def read_grant(session: Session) -> ClientGrant:
    """The grant with its client and parameters.

    :raises MissingOption: if an option of the grant or of the client is missing.
    """
    fields = session.params["fields"] or {}
    _check_fields(fields)
    return ClientGrant(
        _GRANTS[session.params["grant"]](session),
        read_client(session),
        tuple(_parameters(session.params)),
        tuple(sorted(fields.items())),
    )


def _check_fields(fields: t.Mapping[str, t.Any]) -> None:
    unknown = sorted(str(name) for name in fields if name not in _FIELDS)
    if unknown:
        raise AccessError(f"fields: unknown field {', '.join(map(repr, unknown))}; valid fields: {', '.join(_FIELDS)}")
    if not all(isinstance(path, str) and path for path in fields.values()):
        raise AccessError("fields: each value must be the name of a field, or a path such as data.accessToken")


def read_client(session: Session) -> Client:
    """The client, whose credentials must suit ``client_auth``."""
    params = session.params
    method = params["client_auth"]
    if method is None and params["grant"] == "client_credentials":
        method = None if params["private_key"] or params["client_cert"] else "client_secret_basic"
    if method and METHODS[method]:
        session.require(*METHODS[method])
    if method is None and (params["client_secret"] or params["private_key"]):
        session.require("client_id")
    return Client(
        client_id=params["client_id"] or "",
        client_secret=params["client_secret"] or "",
        private_key=params["private_key"] or "",
        private_key_id=params["private_key_id"] or "",
        algorithm=params["private_key_algorithm"],
        certificate=_read_certificate(params["client_cert"]) if params["client_cert"] else "",
    )


def _read_certificate(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError as error:
        raise AccessError(f"client_cert cannot be read: {error.strerror}") from None


def _authorization_code(session: Session) -> Grant:
    params = session.params
    return AuthorizationCode(
        params["client_id"] or "",
        "",
        session.require("code"),
        redirect_uri=params["redirect_uri"] or "",
        code_verifier=params["code_verifier"] or "",
    )


def _token_exchange(session: Session) -> Grant:
    subject_type, requested = session.params["subject_token_type"], session.params["requested_token_type"]
    return TokenExchange(session.require("subject_token"), subject_type, requested or "")


_GRANTS: dict[str, t.Callable[[Session], Grant]] = {
    "client_credentials": lambda session: ClientCredentials(
        session.require("client_id"), session.params["client_secret"] or ""
    ),
    "password": lambda session: PasswordCredentials(*session.require("username", "password")),
    "refresh_token": lambda session: RefreshToken(session.require("refresh_token")),
    "authorization_code": _authorization_code,
    "jwt_bearer": lambda session: JwtBearer(session.require("assertion")),
    "token_exchange": _token_exchange,
}
#: The values of the option ``grant``.
GRANTS = tuple(_GRANTS)


def _parameters(params: t.Mapping[str, t.Any]) -> t.Iterator[Parameter]:
    """What the request states beyond the grant, sorted by name."""
    extra = params["parameters"] or {}
    taken = sorted(_RESERVED & extra.keys())
    if taken:
        raise AccessError(f"parameters must not contain {', '.join(taken)}. Use the options for these")
    typed = params["request_format"] == "json"
    found: dict[str, t.Any] = {name: _value(value, typed) for name, value in extra.items() if value is not None}
    for name, value in (
        ("scope", " ".join(map(str, params["scope"] or []))),
        ("audience", params["audience"]),
        ("resource", tuple(params["resource"] or ())),
    ):
        if value:
            found[name] = value
    yield from sorted((name, value) for name, value in found.items() if value not in ("", ()))


def _value(value: t.Any, typed: bool) -> Value | tuple[Value, ...]:
    """The value of a parameter, or the values of a list. ``typed``: the request format has numbers and booleans."""
    if isinstance(value, list):
        return tuple(_scalar(item, typed) for item in value)
    return _scalar(value, typed)


def _scalar(value: t.Any, typed: bool) -> Value:
    if value is None or isinstance(value, (dict, list)):
        raise AccessError(
            "parameters: values must be strings, numbers, booleans or lists of these; dictionaries, lists of lists and "
            "null in a list are not possible"
        )
    if isinstance(value, (bool, int, float)):
        return value if typed else json.dumps(value)
    return str(value)
