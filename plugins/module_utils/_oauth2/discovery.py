# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Discovery of an issuer's token endpoint (OpenID Connect Discovery 1.0, section 4)."""

from __future__ import annotations

import dataclasses
import typing as t
from urllib.parse import urlsplit

from .._errors import AccessError
from .._http.models import Request, Response, origin_of, root_url


@dataclasses.dataclass(frozen=True)
class TokenEndpoint:
    """A token endpoint, and the client authentication methods that it accepts (named as in the registry of RFC
    8414).
    """

    url: str
    auth_methods: t.Sequence[str] = ("client_secret_basic",)


def discover(
    issuer: str, fallback: TokenEndpoint, send: t.Callable[[Request], Response], warn: t.Callable[[str], None]
) -> TokenEndpoint:
    """Return the token endpoint that the issuer publishes, otherwise ``fallback``.

    Credentials are sent only to the issuer's own host, and never over plain HTTP if the issuer uses HTTPS: a document
    that requires anything else is ignored with a warning.

    :raises AccessError: if the issuer cannot be reached.
    """
    try:
        response = send(Request("GET", f"{issuer}/.well-known/openid-configuration", authenticates=True))
    except AccessError as error:
        if error.status is None or not 300 <= error.status < 400:
            raise
        warn(
            f"{error.message}. Requesting tokens from {fallback.url} instead"
        )  # a redirect to a login page, for example
        return fallback
    if not response.ok:
        return fallback
    document = _parse_document(response)
    endpoint = document.get("token_endpoint")
    if (
        not isinstance(endpoint, str)
        or str(document.get("issuer", "")).rstrip("/") != issuer
        or not _is_as_secure(endpoint, issuer)
    ):
        warn(
            f"{issuer} does not publish a valid discovery document of its own. Requesting tokens from "
            f"{fallback.url} instead"
        )
        return fallback
    if urlsplit(endpoint).hostname != urlsplit(issuer).hostname:
        warn(
            f"the token endpoint of {issuer} is on another host, {origin_of(endpoint)}. No credentials are "
            "sent there; requesting tokens from "
            f"{fallback.url} instead. If tokens are issued on that host, set auth_url to the issuer there"
        )
        return fallback
    methods = document.get("token_endpoint_auth_methods_supported")
    return TokenEndpoint(endpoint, methods if isinstance(methods, list) else fallback.auth_methods)


def _parse_document(response: Response) -> dict[str, t.Any]:
    try:
        document = response.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _is_as_secure(endpoint: str, issuer: str) -> bool:
    """Whether credentials are as well protected on the way to the endpoint as to its issuer."""
    try:
        return origin_of(root_url(endpoint)) == origin_of(issuer) or endpoint.startswith("https://")
    except AccessError:
        return False
