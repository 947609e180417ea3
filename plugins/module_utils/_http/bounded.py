# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections that limit the duration and the size of responses.

A socket's timeout limits each wait for bytes rather than the whole response, so a server could send one byte per second
forever; and the parsers of http.client and urllib3 read some lines without a limit. Both limits are enforced where
bytes are received, below all parsers.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import io
import socket
import time
import typing as t
import zlib

from .._data import bounded_json

#: The maximum size of a response body in bytes, after decompression.
MAX_BODY = 16 << 20
#: The maximum size of all headers in bytes, including those of interim responses.
MAX_HEADERS = 256 << 10
#: The minimum rate in bytes per second. A body may take the timeout, plus one second for each MIN_RATE bytes
#: received: a large response over a slow connection may continue while it makes progress, but a trickle may not. The
#: largest body takes at most a few minutes longer than the timeout.
MIN_RATE = 64 << 10
_CHUNK_SIZE = 64 << 10  # bytes that are read or decompressed at a time
_PLAIN, _COMPRESSED = ("", "identity"), ("gzip", "x-gzip", "deflate")
_MAX_MEMBERS = 1000  # of a gzip stream, which could have any number of empty ones


class Refused(Exception):
    """A response exceeds the limits; the message says how. urllib3 and requests do not catch this exception, because it
    is not one of theirs.
    """

    @classmethod
    def too_large(cls) -> Refused:
        return cls(f"the response is larger than {MAX_BODY >> 20} MiB, the maximum that is read")


class _Reader(io.RawIOBase):
    """Reads one response from a socket, within its limits."""

    def __init__(self, inner: io.RawIOBase, sock: socket.socket) -> None:
        self._inner = inner
        self._sock = sock
        self._timeout = sock.gettimeout()
        self._ended = False
        self.begin(
            MAX_HEADERS,
            Refused(f"the response headers are larger than {MAX_HEADERS >> 10} KiB, the maximum that is read"),
        )

    def begin(self, limit: int, refusal: Refused) -> None:
        """Begin a part of the response, which has its own time and size limits."""
        self._began, self._count, self._limit, self._refusal = time.monotonic(), 0, limit, refusal

    def end(self) -> None:
        """The response is complete: read nothing more."""
        self._ended = True

    def readinto(self, buffer: t.Any) -> int | None:
        if self._ended:
            return 0
        if self._count > self._limit:
            raise self._refusal
        if self._timeout is not None:
            left = self._began + self._timeout + self._count / MIN_RATE - time.monotonic()
            if left <= 0:
                raise socket.timeout("the response takes too long")
            self._sock.settimeout(min(left, self._timeout))
        count = self._inner.readinto(buffer)
        self._count += count or 0
        return t.cast("int | None", count)

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._inner.fileno()

    def close(self) -> None:
        self._inner.close()
        super().close()


class BoundedResponse(http.client.HTTPResponse):
    """A response that is read through a :class:`_Reader`."""

    def __init__(self, sock: socket.socket, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._sock = sock
        self._reader = _Reader(self.fp.detach(), sock)
        self.fp = io.BufferedReader(self._reader)

    def begin(self) -> None:
        super().begin()
        # Slightly more than the limit, because chunk headers count too; read_body checks the size of the content.
        self._reader.begin(MAX_BODY + MAX_BODY // 16, Refused.too_large())

    def _close_conn(self) -> None:
        """Shut down a connection that has received more than this response: the rest would be read as the next
        response.
        """
        self._reader.end()
        with contextlib.suppress(OSError, ValueError):  # already closed
            if self.fp.peek(1):
                self._sock.shutdown(socket.SHUT_RDWR)
        super()._close_conn()  # type: ignore[misc]

    def _read_status(self) -> tuple[str, int, str]:
        """Skip all interim responses (RFC 9110, section 15.2). Otherwise the final response would be read as that of
        the next request.
        """
        version, status, reason = super()._read_status()  # type: ignore[misc]
        return version, 100 if 100 <= status < 200 else status, reason


@functools.lru_cache(maxsize=None)
def _bound_pool_class(pool: t.Any) -> t.Any:
    """Derive a class from a connection pool of urllib3 whose connections limit responses."""
    if pool.ConnectionCls.response_class is BoundedResponse:
        return pool
    connection = type("Connection", (pool.ConnectionCls,), {"response_class": BoundedResponse})
    return type("Pool", (pool,), {"ConnectionCls": connection})


def _bound_manager(manager: t.Any) -> t.Any:
    manager.pool_classes_by_scheme = {
        scheme: _bound_pool_class(pool) for scheme, pool in manager.pool_classes_by_scheme.items()
    }
    return manager


@functools.lru_cache(maxsize=None)
def _adapter_class() -> t.Any:
    from requests.adapters import HTTPAdapter  # imported when a request is sent: see connection.py

    class Adapter(HTTPAdapter):
        """Limits the responses of direct and proxied connections."""

        def init_poolmanager(self, *args: t.Any, **kwargs: t.Any) -> None:
            super().init_poolmanager(*args, **kwargs)
            _bound_manager(self.poolmanager)

        def proxy_manager_for(self, proxy: t.Any, **kwargs: t.Any) -> t.Any:
            return _bound_manager(super().proxy_manager_for(proxy, **kwargs))

    return Adapter


def make_adapter() -> t.Any:
    """Create a transport adapter for a session of requests."""
    return _adapter_class()()


def read_body(response: t.Any, *, is_head: bool = False) -> bytes:
    """Read and decompress the body of a streamed response of requests. Memory use stays within the size limit.

    Decompression is done here, because only some versions of urllib3 limit its output, and none limits its input in
    every case: in 2.8, members of a gzip stream can double the buffered input repeatedly.

    :raises Refused: if the body is too large, or its encoding was not requested.
    :raises zlib.error: if the body cannot be decompressed.
    :raises http.client.IncompleteRead: if the body is shorter than announced.
    :raises urllib3.exceptions.HTTPError: if the transfer fails in any other way.
    """
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    announced = bounded_json.parse_whole_number(response.headers.get("Content-Length", "").strip())
    if is_head or response.status_code in (204, 304):  # no body is sent, whatever is announced (RFC 9110, section 8.6)
        encoding, announced = "", None
    if encoding not in (*_PLAIN, *_COMPRESSED):
        raise Refused("the response has a Content-Encoding that was not requested")
    if announced is not None and announced > MAX_BODY:
        raise Refused.too_large()
    chunks = response.raw.stream(_CHUNK_SIZE, decode_content=False)
    body = bytearray()
    for chunk in _decompress(chunks) if encoding in _COMPRESSED else chunks:
        body += chunk
        if len(body) > MAX_BODY:
            raise Refused.too_large()
    if (
        announced is not None and encoding in _PLAIN and len(body) < announced
    ):  # urllib3 checks this only since version 2
        raise http.client.IncompleteRead(bytes(body), announced - len(body))
    response.raw.release_conn()
    return bytes(body)


def _decompress(chunks: t.Iterable[bytes]) -> t.Iterator[bytes]:
    """Decompress gzip, or deflate with or without a zlib header, in small chunks. Garbage after a complete member is
    ignored, as is common.

    :raises zlib.error: if the data is in neither format, is truncated, or has too many members.
    """
    decompressor, members = None, 0
    for data in chunks:
        pending = bool(data)
        while pending:
            decompressor = decompressor or zlib.decompressobj(_wbits(data[0]))
            try:
                chunk = decompressor.decompress(data, _CHUNK_SIZE)
            except zlib.error:
                if members:
                    return
                raise
            yield chunk
            data, pending = (
                decompressor.unconsumed_tail,
                len(chunk) == _CHUNK_SIZE,
            )  # more output may follow without further input
            if decompressor.eof:
                data, pending, decompressor, members = decompressor.unused_data, False, None, members + 1
            if members > _MAX_MEMBERS:
                raise zlib.error("too many members")
            pending = pending or bool(data)
    if decompressor:
        raise zlib.error("truncated")


def _wbits(first: int) -> int:
    """Determine the ``wbits`` argument of zlib from the first byte of a stream."""
    return 31 if first == 0x1F else 15 if first & 0x0F == 8 else -15
