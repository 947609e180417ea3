# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile responses on real sockets: they end in time, within bounded memory, and with one clear failure."""

from __future__ import annotations

import contextlib
import gzip
import itertools
import re
import socket
import ssl
import threading
import time
import tracemalloc
import zlib

import pytest
import trustme

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError, AmbiguousWrite
from ansible_collections.mediaops.access.plugins.module_utils._http import bounded
from ansible_collections.mediaops.access.plugins.module_utils._http.client import Http
from ansible_collections.mediaops.access.plugins.module_utils._http.models import ConnectionOptions, Request
from ansible_collections.mediaops.access.plugins.module_utils._masking.secrets import Secrets
from ansible_collections.mediaops.access.plugins.module_utils._platform.responses import ResponseReader
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.budget import WaitBudget

#: The tolerance for a request on a busy machine, and its timeout, in seconds.
SOON, TIMEOUT = 5.0, 0.2
LIMIT = 256 << 10
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
GZIP = OK + b"Connection: close\r\nContent-Encoding: gzip\r\n\r\n"


class RawServer:
    """Responds to each request with what ``script`` yields: bytes, or seconds to wait. A connection is closed only after ``None``."""

    def __init__(self, script, tls=None):
        self._script, self._tls = script, tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._stop = threading.Event()
        self._threads = []
        self._connections = []
        self.requests = []
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}/"
        self._begin(self._accept)

    def _begin(self, target, *args):
        thread = threading.Thread(target=target, args=args)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        while True:
            try:
                connection = self._listener.accept()[0]
            except OSError:
                return
            self._connections.append(connection)
            self._begin(self._serve, connection)

    def _serve(self, connection):
        with contextlib.suppress(OSError), connection:
            stream = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
            reader = stream.makefile("rb")
            while True:
                head = b"".join(itertools.takewhile(lambda line: line not in (b"", b"\r\n"), reader))
                if not head:
                    return
                length = re.search(rb"(?i)content-length: (\d+)", head)
                reader.read(int(length.group(1)) if length else 0)
                self.requests.append(head)
                for piece in self._script(head):
                    if piece is None:
                        return
                    if isinstance(piece, float):
                        if self._stop.wait(piece):
                            return
                    else:
                        stream.sendall(piece)

    def close(self):
        self._stop.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()


@pytest.fixture
def server():
    """Start servers, and stop them after the test."""
    with contextlib.ExitStack() as stack:

        def start(*pieces, tls=None):
            """Start a server that sends these pieces in turn; a piece may be a function that returns more."""

            def script(head):
                for piece in pieces:
                    yield from piece() if callable(piece) else [piece]

            started = RawServer(script, tls)
            stack.callback(started.close)
            return started

        yield start


@pytest.fixture
def send(clock):
    def send(request, *, retries=0, timeout=TIMEOUT, **transport):
        http = Http(
            ConnectionOptions(timeout=timeout, retries=retries, **transport),
            WaitBudget(300, clock),
            clock,
            None,
            lambda request: (),
            ResponseReader({}, {}, Secrets(), {}),
        )
        return http.send(request)

    return send


@pytest.fixture(params=["GET", "POST"])
def failure(request, send):
    """Send a read or a write that must fail in time, and return its message."""

    def fail(url, **transport):
        began = time.monotonic()
        with pytest.raises(AccessError) as caught:
            send(Request(request.param, url), **transport)
        assert time.monotonic() - began < SOON
        assert isinstance(caught.value, AmbiguousWrite) is (request.param == "POST")
        assert caught.value.message.startswith(f"{request.param} {url}: ")
        assert "\n" not in caught.value.message
        return caught.value.message

    return fail


@pytest.fixture
def small(monkeypatch):
    """Lower the limit on the size of responses."""
    monkeypatch.setattr(bounded, "MAX_BODY", LIMIT)


def drip(piece):
    """Repeat a piece forever, each time within the timeout."""
    return lambda: itertools.chain.from_iterable((piece, TIMEOUT / 10) for _piece in itertools.count())


def flood(piece):
    return lambda: itertools.repeat(piece)


# --- time -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [
        pytest.param([drip(b"H")], "no response within timeout", id="status line"),
        pytest.param([OK, drip(b"X-Drip: drop\r\n")], "no response within timeout", id="headers"),
        pytest.param([OK + b"X-Drip: ", drip(b"d")], "no response within timeout", id="one header"),
        pytest.param([drip(b"HTTP/1.1 100 Continue\r\n\r\n")], "no response within timeout", id="interim answers"),
        pytest.param(
            [drip(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")], "no response within timeout", id="early hints"
        ),
        pytest.param(
            [OK + b"Content-Length: 10000\r\n\r\n", drip(b" ")],
            "the complete response did not arrive within timeout",
            id="body",
        ),
        pytest.param(
            [OK + b"Connection: close\r\n\r\n", drip(b" ")],
            "the complete response did not arrive within timeout",
            id="body until the connection closes",
        ),
        pytest.param(
            [CHUNKED, drip(b"1\r\n \r\n")], "the complete response did not arrive within timeout", id="chunks"
        ),
        pytest.param(
            [CHUNKED, drip(b"0")], "the complete response did not arrive within timeout", id="length of a chunk"
        ),
        pytest.param(
            [CHUNKED, b"1;a=", drip(b"b")],
            "the complete response did not arrive within timeout",
            id="extension of a chunk",
        ),
        pytest.param(
            [CHUNKED, b"2\r\n{}\r\n0\r\n", drip(b"X-Drip: drop\r\n")],
            "the complete response did not arrive within timeout",
            id="trailer",
        ),
        pytest.param([GZIP + gzip.compress(b"{}")[:12], drip(b"\0")], "", id="compressed"),
        pytest.param(
            [OK + b"Connection: close\r\n\r\n{}", 60.0],
            "the complete response did not arrive within timeout",
            id="open after the answer",
        ),
    ],
)
def test_slow_response_ends_at_the_timeout(pieces, reason, server, failure):
    assert reason in failure(server(*pieces).url)


def test_slow_response_over_tls_ends_at_the_timeout(server, failure, tmp_path):
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    url = server(OK + b"Content-Length: 10000\r\n\r\n", drip(b" "), tls=context).url

    assert "the complete response did not arrive within timeout" in failure(
        url, ca_path=str(tmp_path / "ca.pem"), timeout=0.5
    )


@pytest.mark.parametrize("pieces", [[drip(b"H")], [OK, drip(b"X-Drip: drop\r\n")]], ids=["status line", "headers"])
def test_slow_proxy_ends_at_the_timeout(pieces, server, send, monkeypatch):
    monkeypatch.setenv("https_proxy", server(*pieces).url)
    began = time.monotonic()

    with pytest.raises(AccessError):
        send(Request("GET", "https://api.example.com/"))

    assert time.monotonic() - began < SOON


def test_slow_redirects_end_at_the_timeout(server, send):
    hops = itertools.count()

    def hop():
        location = f"Location: /{next(hops)}\r\n".encode()
        yield b"HTTP/1.1 302 Found\r\n" + location + b"Content-Length: 10\r\n\r\n"
        yield from [b" ", TIMEOUT / 4] * 10

    started = server(hop)
    began = time.monotonic()

    with pytest.raises(AccessError, match="the complete response did not arrive within timeout"):
        send(Request("GET", started.url))

    assert time.monotonic() - began < SOON
    assert len(started.requests) == 1


def test_large_response_may_exceed_the_timeout_while_it_progresses(server, send, monkeypatch):
    monkeypatch.setattr(bounded, "MIN_RATE", 1 << 10)
    body = b"x" * 256
    started = server(
        OK + b"Content-Length: 10240\r\n\r\n",
        lambda: itertools.chain.from_iterable((body, TIMEOUT / 10) for _piece in range(40)),
    )
    began = time.monotonic()

    assert send(Request("GET", started.url)).body == body * 40
    assert time.monotonic() - began > 2 * TIMEOUT


def test_headers_and_body_each_have_the_timeout(server, send):
    """The timeout applies to headers and body separately."""
    started = server(0.6 * TIMEOUT, OK + b"Content-Length: 2\r\n\r\n{", 0.6 * TIMEOUT, b"}")

    assert send(Request("GET", started.url), timeout=TIMEOUT).body == b"{}"


# --- size -------------------------------------------------------------------------------------------------------------------

TOO_LARGE = "the response is larger than 0 MiB, the maximum that is read"


def bombs(wbits):
    """A compression bomb of zeros."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, wbits)
    return b"".join([*(compressor.compress(bytes(1 << 20)) for _mebibyte in range(64)), compressor.flush()])


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([OK + b"Connection: close\r\n\r\n", flood(bytes(1 << 16))], id="until the connection closes"),
        pytest.param([OK + b"Content-Length: 99999999999\r\n\r\n", flood(bytes(1 << 16))], id="announced"),
        pytest.param([OK + b"Content-Length: %d\r\n\r\n" % (LIMIT + 1)], id="announced, a byte too large"),
        pytest.param(
            [OK + b"Connection: close\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", flood(bytes(1 << 16))],
            id="announced beyond all numbers",
        ),
        pytest.param([CHUNKED, flood(b"8000\r\n" + bytes(0x8000) + b"\r\n")], id="chunks"),
        pytest.param([CHUNKED, b"FFFFFFFFFFFF\r\n", flood(bytes(1 << 16))], id="one chunk"),
        pytest.param([GZIP, bombs(31), None], id="gzip bomb"),
        pytest.param([GZIP.replace(b"gzip", b"x-GZIP"), bombs(31), None], id="gzip bomb by another name"),
        pytest.param([GZIP.replace(b"gzip", b"deflate"), bombs(15), None], id="deflate bomb"),
        pytest.param([GZIP.replace(b"gzip", b"deflate"), bombs(-15), None], id="raw deflate bomb"),
        pytest.param([GZIP, flood(gzip.compress(bytes(1 << 10)))], id="gzip, member after member"),
        pytest.param(
            [
                CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n"),
                b"%x\r\n%s\r\n" % (len(bombs(31)), bombs(31)),
                None,
            ],
            id="gzip, chunk",
        ),
    ],
)
def test_oversized_response_is_refused_while_received(pieces, server, failure):
    started = server(*pieces)
    tracemalloc.start()
    try:
        assert failure(started.url).partition(": ")[2].startswith(TOO_LARGE)
        assert tracemalloc.get_traced_memory()[1] < 8 * LIMIT + (32 << 20)
    finally:
        tracemalloc.stop()


@pytest.mark.usefixtures("small")
def test_refused_response_is_not_requested_again(server, send):
    started = server(OK + b"Content-Length: 99999999999\r\n\r\n")

    with pytest.raises(AccessError, match="the response is larger than"):
        send(Request("GET", started.url), retries=4)

    assert len(started.requests) == 1


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([CHUNKED, flood(b"0" * (1 << 16))], id="length of a chunk"),
        pytest.param([CHUNKED, b"1;a=", flood(b"b" * (1 << 16))], id="extension of a chunk"),
        pytest.param([CHUNKED, b"2\r\n{}\r\n0\r\n", flood(b"X-Flood: drop\r\n" * 1000)], id="trailer"),
        pytest.param([CHUNKED, b"2\r\n{}\r\n0\r\nX-Flood: ", flood(b"f" * (1 << 16))], id="one line of the trailer"),
        pytest.param([CHUNKED, b"-1\r\n", flood(bytes(1 << 16))], id="negative chunk"),
    ],
)
def test_chunk_headers_and_trailers_are_limited(pieces, server, failure):
    failure(server(b"no HTTP").url)  # excludes imports and caches from the measurement
    started = server(*pieces)
    tracemalloc.start()
    try:
        failure(started.url)
        assert tracemalloc.get_traced_memory()[1] < 32 * LIMIT
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([OK, flood(b"X-Flood: drop\r\n")], id="many"),
        pytest.param([OK, flood(b"X-Flood: " + b"f" * 60000 + b"\r\n")], id="long ones"),
        pytest.param([OK + b"X-Flood: ", flood(b"f" * 1000)], id="an endless one"),
        pytest.param([flood(b"H" * 1000)], id="status line"),
        pytest.param([flood(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)], id="interim answers"),
        pytest.param([flood(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 100)], id="early hints"),
    ],
)
def test_excessive_headers_fail_clearly(pieces, server, failure):
    message = failure(server(*pieces).url, timeout=SOON)

    assert "the response headers are larger than 256 KiB" in message or "the response is not valid HTTP" in message


@pytest.mark.parametrize("encoding", [b"br", b"zstd", b"gzip, gzip", b"gzip,deflate", b"bogus"])
def test_unsupported_content_encoding_is_refused(encoding, server, failure):
    assert "Content-Encoding that was not requested" in failure(
        server(GZIP.replace(b"gzip", encoding) + b"x", None).url
    )


@pytest.mark.parametrize("wbits", [31, 15, -15], ids=["gzip", "deflate", "raw deflate"])
def test_supported_content_encodings_are_read(wbits, server, send):
    compressor = zlib.compressobj(9, zlib.DEFLATED, wbits)
    body = compressor.compress(b'{"a": 1}' * 1000) + compressor.flush()
    encoding = b"gzip" if wbits == 31 else b"deflate"
    started = server(OK + b"Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (encoding, len(body)) + body)

    assert send(Request("GET", started.url)).body == b'{"a": 1}' * 1000
    assert b"\r\nAccept-Encoding: gzip, deflate\r\n" in started.requests[0]


def test_response_up_to_the_limit_is_read(server, send, monkeypatch):
    monkeypatch.setattr(bounded, "MAX_BODY", 5000)
    body = b"x" * 5000

    assert send(Request("GET", server(OK + b"Content-Length: 5000\r\n\r\n" + body).url)).body == body
    assert send(Request("GET", server(CHUNKED + b"1\r\nx\r\n" * 1000 + b"0\r\n\r\n").url)).body == body[:1000]


# --- broken HTTP ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [
        pytest.param([b"<html>It works</html>\r\n", None], "the response is not valid HTTP", id="HTTP/0.9"),
        pytest.param([b"SSH-2.0-OpenSSH_9.2\r\n", None], "the response is not valid HTTP", id="another protocol"),
        pytest.param([b"HTTP/9.9 200 OK\r\n\r\n", None], "the response is not valid HTTP", id="another version"),
        pytest.param([b"HTTP/1.1 9999 OK\r\n\r\n", None], "", id="impossible status"),
        pytest.param([b"HTTP/1.1 -200 OK\r\n\r\n", None], "", id="negative status"),
        pytest.param([CHUNKED, b"what?\r\n", None], "the response is not valid HTTP", id="no chunk"),
        pytest.param([CHUNKED, b"-5\r\nabcde\r\n", None], "the response is not valid HTTP", id="negative chunk"),
        pytest.param(
            [OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", None],
            "the response is not valid HTTP",
            id="two lengths",
        ),
        pytest.param([GZIP, b"no gzip", None], "the response cannot be decompressed", id="not gzip"),
        pytest.param(
            [GZIP, gzip.compress(bytes(1000))[:-12] + b"x" * 12, None],
            "the response cannot be decompressed",
            id="broken gzip",
        ),
        pytest.param(
            [OK + b"Content-Length: 10\r\n\r\n{}", None],
            "closed before the complete response arrived",
            id="shorter than announced",
        ),
        pytest.param(
            [OK + b"Content-Length: 10\r\n\r\n{}", 60.0],
            "the complete response did not arrive within timeout",
            id="shorter than announced, and open",
        ),
        pytest.param(
            [OK + b"Content-Length: -10\r\n\r\n{}", 60.0],
            "the complete response did not arrive within timeout",
            id="negative length, and open",
        ),
    ],
)
def test_invalid_http(pieces, reason, server, failure):
    assert reason in failure(server(*pieces).url)


@pytest.mark.parametrize(
    "length",
    [b"-10", b"\xb2", b"9" * 5000, b"1e3", b"+2", b""],
    ids=["negative", "superscript", "long", "float", "sign", "empty"],
)
def test_invalid_content_length_is_ignored(length, server, send):
    assert (
        send(
            Request("GET", server(OK + b"Connection: close\r\nContent-Length: " + length + b"\r\n\r\n{}", None).url)
        ).body
        == b"{}"
    )


@pytest.mark.parametrize("status", [204, 304])
def test_bodiless_response_may_announce_a_length(status, server, send):
    assert (
        send(
            Request("GET", server(b"HTTP/1.1 %d X\r\nContent-Length: 10\r\nContent-Encoding: br\r\n\r\n" % status).url)
        ).body
        == b""
    )


@pytest.mark.parametrize("interim", [b"100 Continue", b"102 Processing", b"103 Early Hints"])
def test_interim_responses_are_skipped(interim, server, send):
    numbers = itertools.count()
    started = server(
        b"HTTP/1.1 " + interim + b"\r\nLink: </a>\r\n\r\n",
        0.02,
        lambda: [OK + b"Content-Length: 1\r\n\r\n%d" % next(numbers)],
    )

    assert [send(Request("GET", started.url)).body for _request in range(3)] == [b"0", b"1", b"2"]


def test_excess_bytes_are_not_read_as_the_next_response(server, send):
    started = server(
        OK + b"Content-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        0.02,
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
    )

    assert send(Request("HEAD", started.url)).body == b""
    time.sleep(0.1)  # until the rest has arrived
    assert [send(Request("GET", started.url)).body for _request in range(2)] == [b"{}", b"{}"]


@pytest.mark.parametrize("name", ["Set-Cookie", "Set-Cookie2"])
def test_cookies_are_not_parsed(name, server, send, recwarn):
    cookie = b"a=b; Max-Age=" + b"9" * 5000 + b"; Expires=" + b"1" * 5000 + b"; Domain=; Path"
    started = server(OK + name.encode() + b": " + cookie + b"\r\nContent-Length: 2\r\n\r\n{}")

    for _request in range(2):
        assert send(Request("GET", started.url)).body == b"{}"

    assert not any(b"cookie" in request.lower() for request in started.requests)
    assert not recwarn.list


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Key": "a\r\nX-Evil: b"},
        {"X-Key": "a\nb"},
        {"X-Key": "a\n"},
        {"X-Key": "a\r"},
        {"X-Key": "a\r\n b"},
        {"X-Key\r\nX-Evil": "b"},
        {"X-Key: a\nX-Evil": "b"},
    ],
    ids=repr,
)
def test_header_injection_is_refused(headers, server, send):
    started = server(OK + b"Content-Length: 2\r\n\r\n{}")

    with pytest.raises(
        AccessError,
        match="cannot be sent: the URL or an option sent as a header contains characters that HTTP does not allow",
    ):
        send(Request("GET", started.url, headers=headers))

    assert started.requests == []
