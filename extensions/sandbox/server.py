# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Serving the application: sockets, signals, TLS, and the ready file."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import ssl
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .app import create_app
from .connection import TRANSPORT
from .simulation import Sandbox


@dataclass(frozen=True, slots=True)
class TLS:
    """The PEM files of the server's certificate and key, and of the CA whose client certificates it requires."""

    cert: str
    key: str
    client_ca: str | None = None


class Protocol(HttpToolsProtocol):
    """HTTP that passes the transport to the application, so that it can drop the connection."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: self.transport}  # type: ignore[dict-item]


class Server(uvicorn.Server):
    """A server that writes a ready file once it listens, and stops cleanly on a signal."""

    def __init__(self, config: uvicorn.Config, sandbox: Sandbox, url: str, ready_file: Path | None) -> None:
        super().__init__(config)
        self._sandbox = sandbox
        self._url = url
        self._ready_file = ready_file

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop)
        yield

    def _stop(self) -> None:
        self.should_exit = True
        self._sandbox.stopping.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self._ready_file:
            write_atomically(self._ready_file, json.dumps({"url": self._url, "pid": os.getpid()}))


def write_atomically(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
    os.replace(name, path)


def bind_socket(host: str, port: int) -> socket.socket:
    """Bind a socket. Port 0 selects a free port."""
    family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    sock = socket.socket(family, kind, protocol)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(address)
    return sock


def serve(
    sandbox: Sandbox, sock: socket.socket, url: str, ready_file: Path | None = None, tls: TLS | None = None
) -> None:
    """Serve until a signal stops the server."""
    config = uvicorn.Config(
        create_app(sandbox),
        http=Protocol,
        ws="none",
        lifespan="off",
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
        ssl_certfile=tls.cert if tls else None,
        ssl_keyfile=tls.key if tls else None,
        ssl_ca_certs=tls.client_ca if tls else None,
        ssl_cert_reqs=ssl.CERT_REQUIRED if tls and tls.client_ca else ssl.CERT_NONE,
    )
    try:
        Server(config, sandbox, url, ready_file).run(sockets=[sock])
    finally:
        if ready_file and _is_own(ready_file):
            ready_file.unlink(missing_ok=True)


def _is_own(ready_file: Path) -> bool:
    """Whether this process wrote the file: another sandbox may have replaced it."""
    try:
        return bool(json.loads(ready_file.read_text(encoding="utf-8"))["pid"] == os.getpid())
    except (OSError, ValueError, KeyError, TypeError):
        return False
