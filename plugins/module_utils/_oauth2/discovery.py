# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Discovery of an issuer's endpoints (OpenID Connect Discovery 1.0, section 4; RFC 8414, section 3)."""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t
from urllib.parse import urlsplit

from .._errors import AccessError
from .._http.models import FORBIDDEN_IN_URL, Request, Response, origin_of, root_url


@dataclasses.dataclass(frozen=True)
class TokenEndpoint:
    """A token endpoint, and the client authentication methods that it accepts (named as in the registry of RFC
    8414).
    """

    url: str
    auth_methods: t.Sequence[str] = ("client_secret_basic",)


@dataclasses.dataclass(frozen=True)
class Metadata:
    """What an issuer publishes about itself: a verified document, in which the issuer is the one that was asked."""

    issuer: str
    document: t.Mapping[str, t.Any]

    @property
    def auth_methods(self) -> list[str] | None:
        """The client authentication methods of the token endpoint; None if the document does not state any."""
        methods = self.document.get("token_endpoint_auth_methods_supported")
        return [str(method) for method in methods] if isinstance(methods, list) else None

    def endpoint(self, name: str, mutual_tls: bool = False) -> str | None:
        """The URL of an endpoint, such as ``token``; None if the issuer has none. With ``mutual_tls``, the one for
        clients that present a certificate (RFC 8705, section 5).

        :raises AccessError: if credentials sent there would be less protected than those sent to the issuer.
        """
        field = f"{name}_endpoint"
        aliases = self.document.get("mtls_endpoint_aliases") if mutual_tls else None
        url = (aliases.get(field) if isinstance(aliases, dict) else None) or self.document.get(field)
        if url is None:
            return None
        place = f"{field} of {self.issuer}"
        if not isinstance(url, str):
            raise AccessError(f"{place} is not a URL")
        if self.issuer.lower().startswith("https://") and not url.lower().startswith("https://"):
            raise AccessError(f"{place} is not an https URL, so no credentials are sent there. Set {name}_url instead")
        return endpoint_url(url, place)


def fetch_metadata(issuer: str, send: t.Callable[[Request], Response]) -> Metadata:
    """Fetch the document in which an issuer publishes its endpoints, by OpenID Connect Discovery or by RFC 8414.

    ``send`` raises AccessError for a response that reports an error. The issuer is compared exactly, except that the
    document may add a trailing slash, which ``issuer`` lacks.

    :raises AccessError: if there is no document, or if its issuer is another one (RFC 8414, section 3.3).
    """
    scheme, host, path = urlsplit(issuer)[:3]
    unavailable = None
    for url in (
        f"{issuer}/.well-known/openid-configuration",
        f"{scheme}://{host}/.well-known/oauth-authorization-server{path}",
    ):
        try:
            document = _parse_document(send(Request("GET", url, authenticates=True)))
        except AccessError as error:
            if error.status is None or error.status == 429:
                raise
            unavailable = error if error.status >= 500 else unavailable
            continue
        if not isinstance(document.get("issuer"), str):
            continue
        metadata = _verify_document(document, issuer)
        if metadata is None:
            raise AccessError(
                f"issuer: the document at {url} is about another issuer, so no credentials are sent. Set issuer to "
                "the exact name that the authorization server uses"
            )
        return metadata
    raise unavailable or AccessError(
        f"issuer: {issuer} publishes no discovery document (OpenID Connect Discovery or RFC 8414). Check issuer, or "
        "set token_url instead"
    )


def endpoint_url(url: str, place: str) -> str:
    """Validate the URL of an endpoint. It may have a query, which is kept (RFC 6749, section 3.2).

    :raises AccessError: if it is not an http or https URL, or has user information or a fragment.
    """
    base, _sign, query = url.partition("?")
    root_url(base, place)
    if "#" in query or FORBIDDEN_IN_URL.search(query):
        raise AccessError(f"{place} must not contain a fragment or whitespace")
    return url


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
    metadata, endpoint = _verify_document(_parse_document(response), issuer), None
    with contextlib.suppress(AccessError):
        endpoint = metadata.endpoint("token") if metadata else None
    if not metadata or not endpoint:
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
    methods = metadata.auth_methods
    return TokenEndpoint(endpoint, fallback.auth_methods if methods is None else methods)


def _parse_document(response: Response) -> dict[str, t.Any]:
    try:
        document = response.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _verify_document(document: t.Mapping[str, t.Any], issuer: str) -> Metadata | None:
    """The metadata in a document; None if its issuer is another one than the one that was asked."""
    name = document.get("issuer")
    return Metadata(name, document) if isinstance(name, str) and name in (issuer, f"{issuer}/") else None
