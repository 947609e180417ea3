# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends one request over a kept-alive connection and reads the response, or explains why there is none. Imported when a
request is sent.
"""

from __future__ import annotations

import http.client
import http.cookiejar
import os
import ssl
import threading
import typing as t
import zlib

from .._errors import AccessError, MissingLibrary
from . import bounded
from .models import ConnectionOptions, NoAnswer, Request, Response, origin_of
from .proxies import usable_proxies

USER_AGENT = "mediaops.access (Ansible collection)"
_INCOMPLETE = "the connection was closed before the complete response arrived"
_INVALID = "the response is not valid HTTP (is url the root of the platform's API?)"
#: Why a response could not be read, by the name of the exception: of urllib3, whose exceptions differ between versions,
#: or of http.client.
_READ_FAILURES = {
    "ReadTimeoutError": "the complete response did not arrive within timeout",
    "ContentDecodingError": "the response cannot be decompressed",
    "RemoteDisconnected": _INCOMPLETE,  # a subclass of BadStatusLine
    **dict.fromkeys(
        (
            "BadStatusLine",
            "UnknownProtocol",
            "LineTooLong",
            "HTTPException",
            "InvalidChunkLength",
            "InvalidHeader",
            "ValueError",
        ),
        _INVALID,
    ),
}

_sessions: dict[tuple[t.Any, ...], t.Any] = {}


class Connections:
    """The connections for the requests of one item, which all run in one thread."""

    def __init__(self, options: ConnectionOptions) -> None:
        self._options = options
        self._sessions_by_origin: dict[str, t.Any] = {}

    def prepare(self, request: Request) -> t.Callable[[], Response]:
        """Prepare a request, and return a function that sends it once."""
        requests = _library()
        origin = origin_of(request.url)
        session = self._sessions_by_origin.get(origin) or self._sessions_by_origin.setdefault(
            origin, _session(self._options, origin)
        )
        try:
            prepared = session.prepare_request(
                requests.Request(
                    request.method,
                    request.url,
                    params=request.query,
                    json=request.json,
                    data=request.data.encode() if request.data is not None else request.form,
                    headers={
                        "User-Agent": USER_AGENT,
                        "Accept": "application/json",
                        "Accept-Encoding": "gzip, deflate",
                        **request.headers,
                    },
                    auth=_basic(request.basic),
                )
            )
        except ValueError:  # the message of requests quotes the value
            raise self._unsendable(request) from None
        return lambda: self._send_once(request, session, prepared)

    def _send_once(self, request: Request, session: t.Any, prepared: t.Any) -> Response:
        requests = _library()
        if (
            request.creates
        ):  # on a new connection: the server could close a kept-alive one at this moment, leaving the outcome unknown
            session.close()
        try:
            response = session.send(prepared, timeout=self._options.timeout, allow_redirects=False, stream=True)
        except bounded.Refused as refusal:
            raise NoAnswer(str(refusal), sent=True, may_repeat=False) from None
        except requests.exceptions.RequestException as error:
            raise _no_answer(error, request) from None
        except ValueError:  # from urllib3, about the host
            raise self._unsendable(request) from None
        except OSError as error:
            raise AccessError(
                f"{request.label} cannot be sent: "
                f"{error.strerror or 'ca_path, client_cert or client_key cannot be read'}"
            ) from None
        try:
            body = bounded.read_body(response, is_head=request.method == "HEAD")
        except bounded.Refused as refusal:
            raise NoAnswer(str(refusal), sent=True, may_repeat=False) from None
        except (
            Exception
        ) as error:  # parsers also let unexpected exceptions through, for instance for a chunk of -5 bytes
            raise NoAnswer(_read_failure(error), sent=True, may_repeat=request.safe_to_repeat) from None
        finally:
            response.raw.close()
        return Response(
            response.status_code, {name.lower(): value for name, value in response.headers.items()}, body, request
        )

    @staticmethod
    def _unsendable(request: Request) -> AccessError:
        return AccessError(
            f"{request.label} cannot be sent: the URL or an option sent as a header contains characters that HTTP "
            "does not allow"
        )


def _no_answer(error: Exception, request: Request) -> NoAnswer:
    """Translate an exception of requests."""
    exceptions = _library().exceptions
    causes = list(_causes(error))
    if isinstance(error, exceptions.SSLError) or any(isinstance(cause, ssl.SSLError) for cause in causes):
        detail = next(
            (cause.verify_message for cause in causes if isinstance(cause, ssl.SSLCertVerificationError)),
            "the handshake failed",
        )
        return NoAnswer(f"TLS: {detail}. Check url, ca_path, client_cert and client_key", sent=False, may_repeat=False)
    if isinstance(error, (exceptions.InvalidSchema, exceptions.InvalidURL)):
        return NoAnswer(
            "the request cannot be sent. Check url and the proxy environment variables", sent=False, may_repeat=False
        )
    # By name, because urllib3's classes differ between versions.
    unreachable = any(type(cause).__name__ in ("NewConnectionError", "NameResolutionError") for cause in causes)
    if isinstance(error, exceptions.ProxyError):
        sent = any(
            isinstance(cause, ConnectionResetError) for cause in causes
        )  # includes http.client's RemoteDisconnected
        reason = "the proxy refused the connection or is unreachable (check the proxy environment variables)"
        return NoAnswer(reason, sent=sent, may_repeat=not sent or request.safe_to_repeat)
    if isinstance(error, exceptions.ConnectTimeout):
        return NoAnswer("no connection within timeout. Check url and the network", sent=False, may_repeat=True)
    if isinstance(error, exceptions.Timeout):
        return NoAnswer("no response within timeout", sent=True, may_repeat=request.safe_to_repeat)
    if unreachable:
        detail = next(
            (cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror), "no connection"
        )
        return NoAnswer(f"{detail}. Check url and that the service is running", sent=False, may_repeat=True)
    return NoAnswer(_read_failure(error), sent=True, may_repeat=request.safe_to_repeat)


def _read_failure(error: Exception) -> str:
    """Why a response could not be read, by the exception and its causes."""
    causes = list(_causes(error))
    if any(isinstance(cause, zlib.error) for cause in causes):
        return _READ_FAILURES["ContentDecodingError"]
    # A truncated status line means an incomplete response, not an invalid one.
    names = {
        type(cause).__name__
        for cause in causes
        if not (isinstance(cause, http.client.BadStatusLine) and str(cause).startswith("HTTP/"))
    }
    return next((reason for name, reason in _READ_FAILURES.items() if name in names), _INCOMPLETE)


def _causes(error: BaseException) -> t.Iterator[BaseException]:
    """Yield an exception and all its causes. requests and urllib3 nest them in args, reason, cause and context."""
    seen: set[int] = set()
    queue: list[t.Any] = [error]
    while queue:
        item = queue.pop(0)
        if isinstance(item, BaseException) and id(item) not in seen:
            seen.add(id(item))
            yield item
            queue += [*item.args, getattr(item, "reason", None), item.__cause__, item.__context__]


def _basic(credentials: tuple[str, str] | None) -> t.Any:
    return (credentials[0].encode(), credentials[1].encode()) if credentials else None


def _library() -> t.Any:
    """Import requests, which serving a cached token does not need."""
    try:
        import requests
    except ImportError as error:
        raise MissingLibrary("requests", "to talk to the platform") from error
    return requests


def _session(options: ConnectionOptions, origin: str) -> t.Any:
    """Return the kept-alive session for an origin. Each forked process and thread creates its own, because connections
    must not be shared.
    """
    requests = _library()
    proxies = usable_proxies(requests, origin)
    verify, certificate = options.verify, options.certificate
    key = (os.getpid(), threading.get_ident(), origin, verify, certificate, *sorted(proxies.items()))
    session = _sessions.get(key)
    if session is None:
        session = requests.Session()
        session.get_redirect_target = lambda response: None  # redirects are handled by client.py
        for scheme in ("http://", "https://"):
            session.mount(scheme, bounded.make_adapter())
        # .netrc must not replace the credentials; proxies and CA bundles from the environment are set explicitly
        session.trust_env = False
        session.proxies, session.verify, session.cert = proxies, verify, certificate
        session.cookies.set_policy(
            http.cookiejar.DefaultCookiePolicy(netscape=False, rfc2965=False)
        )  # cookies would carry over to other credentials
        if verify is False:
            import urllib3

            urllib3.disable_warnings(
                urllib3.exceptions.InsecureRequestWarning
            )  # the user disabled verification deliberately
        _sessions[key] = session
    return session
