# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds an issuer's token endpoint (OpenID Connect Discovery 1.0, section 4)."""

from __future__ import annotations

import dataclasses
import typing as t
from urllib.parse import urlsplit

from .._errors import AccessError
from .._http.models import Request, Response, origin_of, root_url


@dataclasses.dataclass(frozen=True)
class TokenEndpoint:
    """Where tokens are issued, and how a client may authenticate there (names of RFC 8414's registry)."""

    url: str
    auth_methods: t.Sequence[str] = ("client_secret_basic",)


def discover(issuer: str, fallback: TokenEndpoint, send: t.Callable[[Request], Response], warn: t.Callable[[str], None]) -> TokenEndpoint:
    """The token endpoint that the issuer publishes, else ``fallback``.

    Credentials are sent only to the issuer's own host, and never by plain HTTP if the issuer uses HTTPS: a document that asks for anything else is
    ignored with a warning.

    :raises AccessError: if the issuer cannot be reached.
    """
    try:
        response = send(Request("GET", f"{issuer}/.well-known/openid-configuration", authenticates=True))
    except AccessError as error:
        if error.status is None or not 300 <= error.status < 400:
            raise
        warn(f"{error.message}: tokens are asked for at {fallback.url}")  # to a login page, for example
        return fallback
    if not response.ok:
        return fallback
    document = _document(response)
    endpoint = document.get("token_endpoint")
    if not isinstance(endpoint, str) or str(document.get("issuer", "")).rstrip("/") != issuer or not _is_as_safe(endpoint, issuer):
        warn(f"{issuer} answered no discovery document of its own: its tokens are asked for at {fallback.url}")
        return fallback
    if urlsplit(endpoint).hostname != urlsplit(issuer).hostname:
        warn(
            f"{issuer} names another host for its tokens, {origin_of(endpoint)}, which gets no credentials: tokens are asked for at {fallback.url}. "
            "If they are issued on that host, set auth_url to the issuer there"
        )
        return fallback
    methods = document.get("token_endpoint_auth_methods_supported")
    return TokenEndpoint(endpoint, methods if isinstance(methods, list) else fallback.auth_methods)


def _document(response: Response) -> dict[str, t.Any]:
    try:
        document = response.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _is_as_safe(endpoint: str, issuer: str) -> bool:
    """Whether credentials travel to an endpoint as safely as to the issuer that names it."""
    try:
        return origin_of(root_url(endpoint)) == origin_of(issuer) or endpoint.startswith("https://")
    except AccessError:
        return False
