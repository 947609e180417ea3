# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends one request over a kept-alive connection and reads the answer, or says why there is none. Imported when something is sent."""

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
_CUT = "the connection was closed before the whole answer arrived"
_INVALID = "the answer is not valid HTTP (is url that of the platform's API?)"
#: What it means that an answer breaks off, by the exception that says so: of urllib3, where they differ from version to version, or of http.client.
_BROKEN = {
    "ReadTimeoutError": "the answer did not arrive completely within timeout",
    "ContentDecodingError": "the answer cannot be decompressed",
    "RemoteDisconnected": _CUT,  # by descent a BadStatusLine
    **dict.fromkeys(("BadStatusLine", "UnknownProtocol", "LineTooLong", "HTTPException", "InvalidChunkLength", "InvalidHeader", "ValueError"), _INVALID),
}

_sessions: dict[tuple[t.Any, ...], t.Any] = {}


class Connections:
    """What the requests of one item, which all run in one thread, are sent over."""

    def __init__(self, transport: ConnectionOptions) -> None:
        self._options = transport
        self._opened: dict[str, t.Any] = {}

    def prepare(self, request: Request) -> t.Callable[[], Response]:
        """What sends the request once, with all that can be done beforehand done."""
        requests = _library()
        origin = origin_of(request.url)
        session = self._opened.get(origin) or self._opened.setdefault(origin, _session(self._options, origin))
        try:
            prepared = session.prepare_request(
                requests.Request(
                    request.method,
                    request.url,
                    params=request.query,
                    json=request.json,
                    data=request.data.encode() if request.data is not None else request.form,
                    headers={"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "gzip, deflate", **request.headers},
                    auth=_basic(request.basic),
                )
            )
        except ValueError:  # the words of requests quote the value
            raise self._unsendable(request) from None
        return lambda: self._send_once(request, session, prepared)

    def _send_once(self, request: Request, session: t.Any, prepared: t.Any) -> Response:
        requests = _library()
        if request.creates:  # a server may close a kept-alive connection at this moment, and the outcome would be unknown
            session.close()
        try:
            answer = session.send(prepared, timeout=self._options.timeout, allow_redirects=False, stream=True)
        except bounded.Refused as refusal:
            raise NoAnswer(str(refusal), sent=True, may_repeat=False) from None
        except requests.exceptions.RequestException as error:
            raise _no_answer(error, request) from None
        except ValueError:  # urllib3's, of the host
            raise self._unsendable(request) from None
        except OSError as error:
            raise AccessError(f"{request.label} cannot be sent: {error.strerror or 'ca_path, client_cert or client_key cannot be read'}") from None
        try:
            body = bounded.read_body(answer, is_head=request.method == "HEAD")
        except bounded.Refused as refusal:
            raise NoAnswer(str(refusal), sent=True, may_repeat=False) from None
        except Exception as error:  # also what parsers let through when they are taken by surprise, as by a chunk of -5 bytes
            raise NoAnswer(_broken(error), sent=True, may_repeat=request.safe_to_repeat) from None
        finally:
            answer.raw.close()
        return Response(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, body, request)

    @staticmethod
    def _unsendable(request: Request) -> AccessError:
        return AccessError(f"{request.label} cannot be sent: the URL or an option that travels in a header holds characters that HTTP does not allow")


def _no_answer(error: Exception, request: Request) -> NoAnswer:
    """What an exception of requests means for a request."""
    exceptions = _library().exceptions
    causes = list(_causes(error))
    if isinstance(error, exceptions.SSLError) or any(isinstance(cause, ssl.SSLError) for cause in causes):
        detail = next((cause.verify_message for cause in causes if isinstance(cause, ssl.SSLCertVerificationError)), "the handshake failed")
        return NoAnswer(f"TLS: {detail}. Check url, ca_path, client_cert and client_key", sent=False, may_repeat=False)
    if isinstance(error, (exceptions.InvalidSchema, exceptions.InvalidURL)):
        return NoAnswer("it cannot be sent. Check url and the proxy variables of the environment", sent=False, may_repeat=False)
    unreached = any(type(cause).__name__ in ("NewConnectionError", "NameResolutionError") for cause in causes)  # urllib3's, of any version
    if isinstance(error, exceptions.ProxyError):
        sent = any(isinstance(cause, ConnectionResetError) for cause in causes)  # also http.client's RemoteDisconnected
        hint = "the proxy refused or is not reachable. Check the proxy variables of the environment"
        return NoAnswer(hint, sent=sent, may_repeat=not sent or request.safe_to_repeat)
    if isinstance(error, exceptions.ConnectTimeout):
        return NoAnswer("no connection within timeout. Check url and the network", sent=False, may_repeat=True)
    if isinstance(error, exceptions.Timeout):
        return NoAnswer("no answer within timeout", sent=True, may_repeat=request.safe_to_repeat)
    if unreached:
        detail = next((cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror), "no connection")
        return NoAnswer(f"{detail}. Check url and that the service is running", sent=False, may_repeat=True)
    return NoAnswer(_broken(error), sent=True, may_repeat=request.safe_to_repeat)


def _broken(error: Exception) -> str:
    """Why an answer breaks off, by the exceptions that say so."""
    causes = list(_causes(error))
    if any(isinstance(cause, zlib.error) for cause in causes):
        return _BROKEN["ContentDecodingError"]
    # Half a status line breaks off, too.
    names = {type(cause).__name__ for cause in causes if not (isinstance(cause, http.client.BadStatusLine) and str(cause).startswith("HTTP/"))}
    return next((reason for name, reason in _BROKEN.items() if name in names), _CUT)


def _causes(error: BaseException) -> t.Iterator[BaseException]:
    """An exception and everything below it, as requests and urllib3 nest them: in args, reason, cause and context."""
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
    """requests, imported when something is sent: a cached token takes no HTTP."""
    try:
        import requests
    except ImportError as error:
        raise MissingLibrary("requests", "to talk to the platform") from error
    return requests


def _session(transport: ConnectionOptions, origin: str) -> t.Any:
    """The kept-alive session for an origin. A forked process and a thread make their own: a connection must not be shared."""
    requests = _library()
    proxies = usable_proxies(requests, origin)
    verify, certificate = transport.verify, transport.certificate
    key = (os.getpid(), threading.get_ident(), origin, verify, certificate, *sorted(proxies.items()))
    session = _sessions.get(key)
    if session is None:
        session = requests.Session()
        session.get_redirect_target = lambda response: None  # redirects are judged here
        for scheme in ("http://", "https://"):
            session.mount(scheme, bounded.adapter())
        session.trust_env = False  # .netrc must not replace our credentials; proxies and CA bundles are taken from the environment here
        session.proxies, session.verify, session.cert = proxies, verify, certificate
        session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(netscape=False, rfc2965=False))  # one credential's cookies are not for the next
        if verify is False:
            import urllib3

            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # the user has decided
        _sessions[key] = session
    return session
