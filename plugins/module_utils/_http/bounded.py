# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections whose answers end: in time, and below a size.

A socket's timeout bounds one wait for bytes, not the answer, so that a byte a second would go on for ever; and the parsers of http.client and
urllib3 read some lines without a limit. Both are bounded where the bytes come in, below every parser.
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

#: The largest answer that is read, in bytes, after decompression.
MAX_BODY = 16 << 20
#: The most that all headers of an answer may take, those of interim answers included.
MAX_HEADERS = 256 << 10
#: Bytes a second. A body may take the timeout, and a second more for each so many bytes that have arrived: a large answer on a slow line is fine
#: while it makes progress, and a drip is not. So the largest answer takes a few minutes more than the timeout at the most.
MIN_RATE = 64 << 10
_PIECE = 64 << 10  # bytes that are read or decompressed at once
_PLAIN, _COMPRESSED = ("", "identity"), ("gzip", "x-gzip", "deflate")
_MAX_MEMBERS = 1000  # of a gzip stream: there may be many that hold nothing


class Refused(Exception):
    """An answer is not read, for the reason that the text says. urllib3 and requests let it pass, as it is none of their errors."""

    @classmethod
    def too_large(cls) -> Refused:
        return cls(f"the answer is larger than {MAX_BODY >> 20} MiB, which is the most that is read")


class _Reader(io.RawIOBase):
    """What a socket receives for one answer."""

    def __init__(self, inner: io.RawIOBase, sock: socket.socket) -> None:
        self._inner = inner
        self._sock = sock
        self._timeout = sock.gettimeout()
        self._ended = False
        self.begin(MAX_HEADERS, Refused(f"the answer's headers are larger than {MAX_HEADERS >> 10} KiB, which is the most that is read"))

    def begin(self, limit: int, refusal: Refused) -> None:
        """Begin with a part of the answer, which has a time and a size of its own."""
        self._began, self._count, self._limit, self._refusal = time.monotonic(), 0, limit, refusal

    def end(self) -> None:
        """The answer is complete: read nothing more."""
        self._ended = True

    def readinto(self, buffer: t.Any) -> int | None:
        if self._ended:
            return 0
        if self._count > self._limit:
            raise self._refusal
        if self._timeout is not None:
            left = self._began + self._timeout + self._count / MIN_RATE - time.monotonic()
            if left <= 0:
                raise socket.timeout("the answer takes too long")
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
    """An answer that is read through a :class:`_Reader`."""

    def __init__(self, sock: socket.socket, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._sock = sock
        self._reader = _Reader(self.fp.detach(), sock)
        self.fp = io.BufferedReader(self._reader)

    def begin(self) -> None:
        super().begin()
        # A little more than the limit, as chunks come with their lengths; what they hold is counted by read_body.
        self._reader.begin(MAX_BODY + MAX_BODY // 16, Refused.too_large())

    def _close_conn(self) -> None:
        """Give up a connection on which more has arrived than this answer: it would be taken for the next one."""
        self._reader.end()
        with contextlib.suppress(OSError, ValueError):  # closed already
            if self.fp.peek(1):
                self._sock.shutdown(socket.SHUT_RDWR)
        super()._close_conn()  # type: ignore[misc]

    def _read_status(self) -> tuple[str, int, str]:
        """Skip every interim answer (RFC 9110, section 15.2). Otherwise the answer itself would be left over for the next request."""
        version, status, reason = super()._read_status()  # type: ignore[misc]
        return version, 100 if 100 <= status < 200 else status, reason


@functools.lru_cache(maxsize=None)
def _bounded(pool: t.Any) -> t.Any:
    """A kind of urllib3's connection pool whose connections have bounded answers."""
    if pool.ConnectionCls.response_class is BoundedResponse:
        return pool
    connection = type("Connection", (pool.ConnectionCls,), {"response_class": BoundedResponse})
    return type("Pool", (pool,), {"ConnectionCls": connection})


def _bound(manager: t.Any) -> t.Any:
    manager.pool_classes_by_scheme = {scheme: _bounded(pool) for scheme, pool in manager.pool_classes_by_scheme.items()}
    return manager


@functools.lru_cache(maxsize=None)
def _adapter_class() -> t.Any:
    from requests.adapters import HTTPAdapter  # when something is sent: see _http

    class Adapter(HTTPAdapter):
        """Connections with bounded answers, through proxies, too."""

        def init_poolmanager(self, *args: t.Any, **kwargs: t.Any) -> None:
            super().init_poolmanager(*args, **kwargs)
            _bound(self.poolmanager)

        def proxy_manager_for(self, proxy: t.Any, **kwargs: t.Any) -> t.Any:
            return _bound(super().proxy_manager_for(proxy, **kwargs))

    return Adapter


def adapter() -> t.Any:
    """What a session of requests sends with."""
    return _adapter_class()()


def read_body(answer: t.Any, *, is_head: bool = False) -> bytes:
    """What an answer of requests, opened as a stream, holds, decompressed. No more than that is ever in memory.

    It is decompressed here, as urllib3 bounds what comes out only in some versions, and not whatever goes in: 2.8 lets members of a gzip stream
    double its input again and again.

    :raises Refused: where it is too large, or compressed in a way that was not asked for.
    :raises zlib.error: where it cannot be decompressed.
    :raises http.client.IncompleteRead: where it is shorter than announced.
    :raises urllib3.exceptions.HTTPError: where it breaks off in another way.
    """
    encoding = answer.headers.get("Content-Encoding", "").strip().lower()
    announced = bounded_json.whole_number(answer.headers.get("Content-Length", "").strip())
    if is_head or answer.status_code in (204, 304):  # what is announced is not sent (RFC 9110, section 8.6)
        encoding, announced = "", None
    if encoding not in (*_PLAIN, *_COMPRESSED):
        raise Refused("the answer is compressed in a way that was not asked for (see its Content-Encoding)")
    if announced is not None and announced > MAX_BODY:
        raise Refused.too_large()
    pieces = answer.raw.stream(_PIECE, decode_content=False)
    body = bytearray()
    for piece in _decompress(pieces) if encoding in _COMPRESSED else pieces:
        body += piece
        if len(body) > MAX_BODY:
            raise Refused.too_large()
    if announced is not None and encoding in _PLAIN and len(body) < announced:  # urllib3 notices it only from version 2 on
        raise http.client.IncompleteRead(bytes(body), announced - len(body))
    answer.raw.release_conn()
    return bytes(body)


def _decompress(pieces: t.Iterable[bytes]) -> t.Iterator[bytes]:
    """gzip, or deflate with or without zlib's header, in small pieces.

    :raises zlib.error: where it is neither, is cut, or has too many members. What follows a whole member and is none is left out, as elsewhere.
    """
    decompressor, members = None, 0
    for data in pieces:
        pending = bool(data)
        while pending:
            decompressor = decompressor or zlib.decompressobj(_wbits(data[0]))
            try:
                piece = decompressor.decompress(data, _PIECE)
            except zlib.error:
                if members:
                    return
                raise
            yield piece
            data, pending = decompressor.unconsumed_tail, len(piece) == _PIECE  # more may come out though all has gone in
            if decompressor.eof:
                data, pending, decompressor, members = decompressor.unused_data, False, None, members + 1
            if members > _MAX_MEMBERS:
                raise zlib.error("too many members")
            pending = pending or bool(data)
    if decompressor:
        raise zlib.error("cut")


def _wbits(first: int) -> int:
    """What zlib wants to know of a stream, by its first byte."""
    return 31 if first == 0x1F else 15 if first & 0x0F == 8 else -15
