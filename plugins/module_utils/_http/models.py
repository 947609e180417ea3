# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests, responses, connection options and URLs."""

from __future__ import annotations

import codecs
import dataclasses
import functools
import os
import re
import typing as t
from urllib.parse import urlsplit

from .._data import bounded_json
from .._errors import AccessError, AmbiguousWrite
from .._masking.marks import CUT

_READS = frozenset(("GET", "HEAD", "OPTIONS"))
#: Characters that a URL must not contain.
FORBIDDEN_IN_URL = re.compile(r"[\s\\\x00-\x1f\x7f]")


@dataclasses.dataclass(frozen=True)
class Request:
    """A request. At most one of ``json``, ``form`` and ``data`` is set, and is the body."""

    method: str
    url: str
    headers: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    query: t.Mapping[str, t.Any] | str | None = None
    json: t.Any = None
    form: t.Mapping[str, t.Any] | None = None
    data: str | None = None
    basic: tuple[str, str] | None = None
    #: The request is idempotent (RFC 9110, section 9.2.2), whatever its method.
    repeatable: bool = False
    #: Every time that the request is applied, it creates another item. Once it may have arrived, it is not sent again
    #: (see _platform.ensure).
    creates: bool = False
    #: The request counts as an authentication request for rate limits.
    authenticates: bool = False
    #: The response to the request is a token.
    requests_token: bool = False
    #: Adds credentials that are valid for a moment, each time just before the request is sent.
    sign: t.Callable[[Request], Request] | None = None
    #: How many requests it counts as for rate limits.
    cost: int = 1
    #: The platform's state changes whatever the method is, so the request is neither a read nor redirected.
    changes_state: bool = False
    #: Callers do not parse the response, so Http must reject a web page in its place (from a proxy or a login form).
    reject_html: bool = False

    @property
    def reads(self) -> bool:
        return self.method in _READS and not self.changes_state

    @property
    def safe_to_repeat(self) -> bool:
        return self.repeatable or self.reads

    @property
    def label(self) -> str:
        """The request for messages: without user information, query and fragment, which may contain secrets."""
        return f"{self.method} {bare_url(self.url)}"

    def failure(self, message: str, **codes: t.Any) -> AccessError:
        """The error for a request that was sent but has no usable response, so the outcome of a write is unknown."""
        if self.safe_to_repeat:
            return AccessError(message, **codes)
        return AmbiguousWrite(message, creates=self.creates, **codes)


@dataclasses.dataclass(frozen=True)
class Response:
    """A complete response. Header names are lower case."""

    status: int
    headers: t.Mapping[str, str]
    body: bytes
    request: Request

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> t.Any:
        """Parse the body as JSON; None if it is empty. The result is cached: do not modify it.

        :raises ValueError: if the body is not JSON, or unusable (see :func:`bounded_json.parse`).
        """
        return self._json

    @functools.cached_property
    def _json(self) -> t.Any:
        return bounded_json.parse(self.body) if self.body.strip() else None

    @property
    def kind(self) -> str:
        """The apparent format of the body, for error messages."""
        start = self.body.lstrip(codecs.BOM_UTF8).lstrip()[:64].lower()
        if not start:
            return "an empty body"
        if start.startswith((b"<!doctype", b"<html")):
            return "an HTML page"
        if start.startswith(b"<"):
            return "XML"
        try:
            self.json()
        except bounded_json.Unusable as error:
            return f"JSON with {error}"
        except ValueError:
            return "broken JSON" if start.startswith((b"{", b"[")) else "text that is not JSON"
        return "JSON without an error message"


@dataclasses.dataclass(frozen=True)
class ConnectionOptions:
    """The options of connections: TLS, timeout and retries."""

    timeout: float = 30.0
    retries: int = 4
    validate_certs: bool = True
    ca_path: str | None = None
    client_cert: str | None = None
    client_key: str | None = None

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any]) -> ConnectionOptions:
        return cls(**{field.name: params[field.name] for field in dataclasses.fields(cls)})

    @property
    def verify(self) -> bool | str:
        if not self.validate_certs:
            return False
        return self.ca_path or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True

    @property
    def certificate(self) -> str | tuple[str, str] | None:
        return (self.client_cert, self.client_key) if self.client_cert and self.client_key else self.client_cert


def origin_of(url: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()


def bare_url(url: str) -> str:
    """Remove user information, query and fragment from a URL. :data:`CUT` marks a removed end, because the path may end
    with part of a secret.
    """
    parts = urlsplit(url)
    return origin_of(url) + parts.path + (CUT if parts.query or parts.fragment else "")


def root_url(url: str, option: str = "url") -> str:
    """Validate a root URL from an option, and remove its trailing slash.

    :raises AccessError: if it is not a valid http or https URL.
    """
    try:
        parts = urlsplit(url)
        usable = (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and (parts.port is None or parts.port > 0)
            and not FORBIDDEN_IN_URL.search(url)
        )
    except ValueError:
        usable = False
    if not usable:
        raise AccessError(f"{option} must be a URL such as https://host or http://host:port/path")
    if "@" in parts.netloc or "?" in url or "#" in url:
        raise AccessError(
            f"{option} must not contain a user, password, query or fragment. Set credentials in their own options"
        )
    return url.rstrip("/")


class NoAnswer(Exception):
    """A request without a response."""

    def __init__(self, reason: str, *, sent: bool, may_repeat: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent
        self.may_repeat = may_repeat

    def as_error(self, request: Request) -> AccessError:
        is_ambiguous = self.sent and not request.safe_to_repeat
        message = f"{request.label}: {self.reason}" + (", so the outcome is unknown" if is_ambiguous else "")
        return request.failure(message) if is_ambiguous else AccessError(message)
