# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP with one kept-alive session per origin, paced, repeated only where that is safe, and with failures that hold no secret."""

from __future__ import annotations

import codecs
import dataclasses
import datetime
import email.utils
import functools
import http.client
import http.cookiejar
import os
import random
import re
import ssl
import threading
import typing as t
import zlib
from urllib.parse import urljoin, urlsplit

from ansible_collections.mediaops.access.plugins.module_utils import _json, _wire
from ansible_collections.mediaops.access.plugins.module_utils._decoding import CUT
from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError, AmbiguousWrite, MissingLibrary
from ansible_collections.mediaops.access.plugins.module_utils._pacing import Clock, Patience
from ansible_collections.mediaops.access.plugins.module_utils._proxies import usable_proxies
from ansible_collections.mediaops.access.plugins.module_utils._store import Pace, Slot

USER_AGENT = "mediaops.access (Ansible collection)"
_READS = frozenset(("GET", "HEAD", "OPTIONS"))
_FAILED_ON_THE_WAY = frozenset((408, 500, 502, 503, 504))
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_MOST_REDIRECTS = 5
_LONGEST_BACKOFF = 60.0
_LONGEST_WAIT = 1e9  # seconds: what asks for more says the same
_FOREIGN = re.compile(r"[\s\\\x00-\x1f\x7f]")  # what no URL holds

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


@dataclasses.dataclass(frozen=True)
class Request:
    """One request. Exactly one of ``json``, ``form`` and ``data`` is its body, if it has one."""

    method: str
    url: str
    headers: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    query: t.Mapping[str, t.Any] | str | None = None
    json: t.Any = None
    form: t.Mapping[str, str] | None = None
    data: str | None = None
    basic: tuple[str, str] | None = None
    #: Sending it twice does no more than sending it once (RFC 9110, section 9.2.2), whatever its method.
    repeatable: bool = False
    #: Each time that it is applied, it creates one more thing. Once it may have arrived, it is not sent again (see _runner).
    creates: bool = False
    #: It counts as an authentication request for the platform's rate limits.
    authenticates: bool = False
    #: How many requests it counts as for them.
    weight: int = 1
    #: Nobody reads what its answer holds, so that a web page in its place (a proxy's, or a login's) is found out by Http.
    unread: bool = False

    @property
    def safe_to_repeat(self) -> bool:
        return self.repeatable or self.method in _READS

    @property
    def label(self) -> str:
        """The request as messages name it: without query, user and fragment, where secrets travel."""
        return f"{self.method} {bare_url(self.url)}"


@dataclasses.dataclass(frozen=True)
class Response:
    """An answer, read to its end. Header names are lower case."""

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
        """The body as JSON, not to be changed; None where it is empty.

        :raises ValueError: where it is something else, or unusable (see :func:`_json.parse`).
        """
        return self._json

    @functools.cached_property
    def _json(self) -> t.Any:
        return _json.parse(self.body) if self.body.strip() else None

    @property
    def kind(self) -> str:
        """What the body seems to be, for messages about one that doesn't fit."""
        start = self.body.lstrip(codecs.BOM_UTF8).lstrip()[:64].lower()
        if not start:
            return "an empty body"
        if start.startswith((b"<!doctype", b"<html")):
            return "an HTML page"
        if start.startswith(b"<"):
            return "XML"
        try:
            self.json()
        except _json.Unusable as error:
            return f"JSON with {error}"
        except ValueError:
            return "broken JSON" if start.startswith((b"{", b"[")) else "text that is no JSON"
        return "JSON that gives no reason"


@dataclasses.dataclass(frozen=True)
class Transport:
    """How connections are made: the TLS and time options of interface.md, section 1."""

    timeout: float = 30.0
    retries: int = 4
    validate_certs: bool = True
    ca_path: str | None = None
    client_cert: str | None = None
    client_key: str | None = None

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any]) -> Transport:
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
    """A URL without user, password, query and fragment; :data:`_secrets.CUT` tells of these, as the beginning of a secret may stand before them."""
    parts = urlsplit(url)
    return origin_of(url) + parts.path + (CUT if parts.query or parts.fragment else "")


def root_url(url: str, option: str = "url") -> str:
    """A root URL that the user gave, checked and without its trailing slash.

    :raises AccessError: where it is no usable http or https URL.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0) and not _FOREIGN.search(url)
    except ValueError:
        usable = False
    if not usable:
        raise AccessError(f"{option} must be a URL such as https://host or http://host:port/path")
    if "@" in parts.netloc or "?" in url or "#" in url:
        raise AccessError(f"{option} must hold no user, password, query or fragment: credentials have options of their own")
    return url.rstrip("/")


class Http:
    """Sends requests to one platform for one item."""

    def __init__(
        self,
        transport: Transport,
        patience: Patience,
        clock: Clock,
        backend: t.Callable[[], Pace],
        slots: t.Callable[[Request], t.Sequence[Slot]],
        is_rate_limited: t.Callable[[Response], bool],
        is_final: t.Callable[[Response], bool] = lambda _response: False,
        failure: t.Callable[[Response], AccessError | None] = lambda _response: None,
    ) -> None:
        self._transport = transport
        self._patience = patience
        self._clock = clock
        self._backend = backend
        self._slots = slots
        self._is_rate_limited = is_rate_limited
        self._is_final = is_final
        self._failure = failure
        #: The sessions of this item, which all run in one thread.
        self._opened: dict[str, t.Any] = {}

    def send(self, request: Request) -> Response:
        """Send a request, waiting for rate limits and repeating it where that is safe.

        Returns any answer that the platform meant to give, whatever its status.

        :raises AmbiguousWrite: where a request that must not be repeated may or may not have been applied.
        :raises WaitTooLong: where a rate limit leaves no time.
        :raises AccessError: where no answer can be had.
        """
        try:
            for _redirect in range(_MOST_REDIRECTS + 1):
                response = self._send_repeatedly(request)
                if response.status not in _REDIRECTS:
                    return _no_page(response)
                request = _redirected(request, response)
        except AmbiguousWrite as doubt:
            doubt.creates = request.creates
            raise
        raise AccessError(f"{request.label} is redirected without end: check url")

    def _send_repeatedly(self, request: Request) -> Response:
        failures = limited = 0
        send = self._prepared(request)  # before a start is reserved: what takes time must not come between that and the start
        while True:
            self._pace(request)
            try:
                response = send()
            except _NoAnswer as failure:
                if not failure.may_repeat or failures >= self._transport.retries:
                    raise failure.as_error(request) from None
            else:
                announced = response.status == 503 and _retry_after(response, self._clock) is not None and not self._is_final(response)
                if announced or self._is_rate_limited(response):
                    self.wait_for_limit(response, limited)
                    limited += 1
                    continue
                if response.status not in _FAILED_ON_THE_WAY or self._is_final(response):
                    return response
                if not request.safe_to_repeat:
                    message = f"{request.label} was answered with HTTP {response.status}, which leaves open whether it was applied"
                    raise AmbiguousWrite(message, **self._codes(response))
                if failures >= self._transport.retries:
                    return response
            self._clock.sleep(0.25 * 2**failures * (0.8 + 0.4 * random.random()))  # noqa: S311 - spreads repeats, decides nothing
            failures += 1

    def _pace(self, request: Request) -> None:
        slots = self._slots(request)
        if slots:
            wait = self._backend().reserve(slots, self._patience)
            self._patience.wait(wait, "the rate limit")

    def wait_for_limit(self, response: Response, times: int = 0) -> None:
        """Wait as long as an answer that speaks of too many requests asks for, else longer each time; and have everybody wait.

        :raises WaitTooLong: where max_wait does not allow it.
        :raises AmbiguousWrite: where the request may have been carried out, and must not be repeated.
        """
        request = response.request
        wait = _retry_after(response, self._clock) or min(2.0**times, _LONGEST_BACKOFF)
        reason = f"{request.label} was answered with HTTP {response.status} (too many requests, or out of service)"
        if wait > self._patience.left:
            raise self._patience.exhausted(wait, reason, **self._codes(response))
        slots = self._slots(request)
        if slots:
            self._backend().hold(slots, self._clock.now() + wait)
        if response.status == 503 and not request.safe_to_repeat:
            raise AmbiguousWrite(reason, wait=wait, **self._codes(response))
        self._patience.wait(wait, reason)

    def _codes(self, response: Response) -> dict[str, t.Any]:
        """The HTTP status of an answer, and the platform's own code."""
        error = self._failure(response)
        return {"status": response.status, "code": error.code if error else None}

    def _prepared(self, request: Request) -> t.Callable[[], Response]:
        """What sends the request once, with all that can be done beforehand done."""
        requests = _library()
        origin = origin_of(request.url)
        session = self._opened.get(origin) or self._opened.setdefault(origin, _session(self._transport, request.url))
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
        if request.creates:  # a server may close a kept-alive connection at this very moment, which would leave open what became of the request
            session.close()
        try:
            answer = session.send(prepared, timeout=self._transport.timeout, allow_redirects=False, stream=True)
        except _wire.Refused as refusal:
            raise _NoAnswer(str(refusal), sent=True, may_repeat=False) from None
        except requests.exceptions.RequestException as error:
            raise _NoAnswer.read(error, request) from None
        except ValueError:  # urllib3's, of the host
            raise self._unsendable(request) from None
        except OSError as error:
            raise AccessError(f"{request.label} cannot be sent: {error.strerror or 'ca_path, client_cert or client_key cannot be read'}") from None
        try:
            body = _wire.read_body(answer, is_head=request.method == "HEAD")
        except _wire.Refused as refusal:
            raise _NoAnswer(str(refusal), sent=True, may_repeat=False) from None
        except Exception as error:  # also what parsers let through when they are taken by surprise, as by a chunk of -5 bytes
            raise _NoAnswer(_broken(error), sent=True, may_repeat=request.safe_to_repeat) from None
        finally:
            answer.raw.close()
        return Response(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, body, request)

    @staticmethod
    def _unsendable(request: Request) -> AccessError:
        return AccessError(f"{request.label} cannot be sent: the URL or an option that travels in a header holds characters that HTTP does not allow")


class _NoAnswer(Exception):
    """A request that got no answer."""

    def __init__(self, reason: str, *, sent: bool, may_repeat: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent
        self.may_repeat = may_repeat

    @classmethod
    def read(cls, error: Exception, request: Request) -> _NoAnswer:
        exceptions = _library().exceptions
        causes = list(_causes(error))
        if isinstance(error, exceptions.SSLError) or any(isinstance(cause, ssl.SSLError) for cause in causes):
            detail = next((cause.verify_message for cause in causes if isinstance(cause, ssl.SSLCertVerificationError)), "the handshake failed")
            return cls(f"TLS: {detail}. Check url, ca_path, client_cert and client_key", sent=False, may_repeat=False)
        if isinstance(error, (exceptions.InvalidSchema, exceptions.InvalidURL)):
            return cls("it cannot be sent. Check url and the proxy variables of the environment", sent=False, may_repeat=False)
        unreached = any(type(cause).__name__ in ("NewConnectionError", "NameResolutionError") for cause in causes)  # urllib3's, of any version
        if isinstance(error, exceptions.ProxyError):
            sent = any(isinstance(cause, ConnectionResetError) for cause in causes)  # also http.client's RemoteDisconnected
            hint = "the proxy refused or is not reachable. Check the proxy variables of the environment"
            return cls(hint, sent=sent, may_repeat=not sent or request.safe_to_repeat)
        if isinstance(error, exceptions.ConnectTimeout):
            return cls("no connection within timeout. Check url and the network", sent=False, may_repeat=True)
        if isinstance(error, exceptions.Timeout):
            return cls("no answer within timeout", sent=True, may_repeat=request.safe_to_repeat)
        if unreached:
            detail = next((cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror), "no connection")
            return cls(f"{detail}. Check url and that the service is running", sent=False, may_repeat=True)
        return cls(_broken(error), sent=True, may_repeat=request.safe_to_repeat)

    def as_error(self, request: Request) -> AccessError:
        if self.sent and not request.safe_to_repeat:
            return AmbiguousWrite(f"{request.label}: {self.reason}, which leaves open whether it was applied")
        return AccessError(f"{request.label}: {self.reason}")


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


def _no_page(response: Response) -> Response:
    """The answer, unless it is a web page with the status of a success where nobody would see that."""
    request = response.request
    if not (request.unread and response.ok and response.kind == "an HTML page"):
        return response
    kind = AccessError if request.safe_to_repeat else AmbiguousWrite
    raise kind(f"{request.label} was answered with an HTML page. Check that url points to the platform's API", status=response.status)


def _redirected(request: Request, response: Response) -> Request:
    """Follow a redirect of a read within its origin; credentials go nowhere else."""
    location = response.headers.get("location", "")
    try:
        target = urljoin(request.url, location)
        at_home = origin_of(target) == origin_of(request.url)
        # A path elsewhere may have credentials cut out of a query in it.
        place = bare_url(target) if at_home else origin_of(target)
        # Libraries differ in how they read a URL with a user or a backslash, and only one of them decides where it is sent.
        plain = not _FOREIGN.search(target) and "@" not in urlsplit(target).netloc
    except ValueError:
        place, plain, at_home = "an address that is none", False, False
    if request.method in _READS and location and plain and at_home:
        return dataclasses.replace(request, url=target, query=None)
    kind = AccessError if request.safe_to_repeat else AmbiguousWrite
    raise kind(
        f"{request.label} was redirected to {place} (HTTP {response.status}), and credentials are not sent there. If that is right, set url to it",
        status=response.status,
    )


def _retry_after(response: Response, clock: Clock) -> float | None:
    """Seconds that Retry-After asks to wait (RFC 9110, section 10.2.3: seconds or a date); None where it says nothing readable."""
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), _LONGEST_WAIT)
    try:
        date = email.utils.parsedate_to_datetime(value)
        # The obsolete form of asctime names no zone: it is UTC, like the others (RFC 9110, section 5.6.7).
        return max(0.0, (date if date.tzinfo else date.replace(tzinfo=datetime.timezone.utc)).timestamp() - clock.now())
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def _basic(credentials: tuple[str, str] | None) -> t.Any:
    return (credentials[0].encode(), credentials[1].encode()) if credentials else None


def _library() -> t.Any:
    """requests, imported when something is sent: a cached token takes no HTTP."""
    try:
        import requests
    except ImportError as error:
        raise MissingLibrary("requests", "to talk to the platform") from error
    return requests


def _session(transport: Transport, url: str) -> t.Any:
    """The kept-alive session for an origin. A forked process and a thread make their own: a connection must not be shared."""
    requests = _library()
    proxies = usable_proxies(requests, url)
    verify, certificate = transport.verify, transport.certificate
    key = (os.getpid(), threading.get_ident(), origin_of(url), verify, certificate, *sorted(proxies.items()))
    session = _sessions.get(key)
    if session is None:
        session = requests.Session()
        session.get_redirect_target = lambda response: None  # redirects are judged here
        for scheme in ("http://", "https://"):
            session.mount(scheme, _wire.adapter())
        session.trust_env = False  # .netrc must not replace our credentials; proxies and CA bundles are taken from the environment here
        session.proxies, session.verify, session.cert = proxies, verify, certificate
        session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(netscape=False, rfc2965=False))  # one credential's cookies are not for the next
        if verify is False:
            import urllib3

            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # the user has decided
        _sessions[key] = session
    return session
