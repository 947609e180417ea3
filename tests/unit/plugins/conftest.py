# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several test files need. Nothing here imports Ansible's controller code: ansible-test keeps that from tests of module_utils."""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import os
import pathlib
import ssl
import subprocess
import sys
import threading
import typing as t

import hypothesis
import pytest

from ansible_collections.mediaops.access.plugins.module_utils import _clock
from ansible_collections.mediaops.access.plugins.module_utils._http import connection

# The same examples in every run, as long as a busy machine needs.
hypothesis.settings.register_profile(
    "unit", deadline=None, database=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unit")

TREE = pathlib.Path(_clock.__file__).parents[5]


class FakeClock(_clock.Clock):
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(autouse=True)
def neutral_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the machine's environment says must not reach a test, nor its sessions the next one."""
    for name in list(os.environ):
        if (
            name.lower().endswith("_proxy")
            or name.startswith(("MEDIAOPS_", "FLEX_", "REQUESTS_CA", "CURL_CA"))
            or name in ("NETRC", "ANSIBLE_HOME")
        ):
            monkeypatch.delenv(name)
    monkeypatch.setattr(connection, "_sessions", {})


class Child:
    """A Python program in a process of its own, which can import this collection."""

    def __init__(self, program: str, arguments: t.Iterable[object]) -> None:
        path = os.pathsep.join(filter(None, [str(TREE), os.environ.get("PYTHONPATH", "")]))
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def go(self) -> None:
        """Answer the program's ``input()``."""
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def line(self) -> str:
        """The next line that the program prints."""
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def rest(self) -> list[str]:
        """What the program prints until its end, which must be a good one."""
        output, _errors = self.process.communicate(timeout=60)
        assert self.process.returncode == 0
        return output.split()


@pytest.fixture
def start() -> t.Iterator[t.Callable[..., Child]]:
    """Starts programs; none outlives the test."""
    children: list[Child] = []

    def start_child(program: str, *arguments: object) -> Child:
        children.append(Child(program, arguments))
        return children[-1]

    yield start_child
    for child in children:
        child.process.kill()
        child.process.communicate()


@pytest.fixture
def together(start: t.Callable[..., Child]) -> t.Callable[..., list[list[str]]]:
    """Runs a program several times at once, and returns what each run printed. The program prints "ready" and waits for ``input()`` first."""

    def run(count: int, program: str, *arguments: object) -> list[list[str]]:
        children = [start("import sys\nargs = sys.argv[1:]\n" + program, *arguments) for _number in range(count)]
        assert [child.line() for child in children] == ["ready"] * count
        for child in children:
            child.go()
        return [child.rest() for child in children]

    return run


@dataclasses.dataclass(frozen=True)
class Seen:
    """A request as a server received it; ``connection`` is the client's port."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int


#: Status, headers and body; or raw bytes, sent as they are before the connection is closed.
Answer = tuple[int, dict[str, str], bytes] | bytes


class Server(http.server.ThreadingHTTPServer):
    """A real HTTP server on loopback, which answers as the test says and remembers what it was asked."""

    daemon_threads = True

    def __init__(self, answer: t.Callable[[Seen], Answer], tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.seen: list[Seen] = []
        #: Released whenever a connection has been closed.
        self.closed = threading.Semaphore(0)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server_port}"
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def shutdown_request(self, request: t.Any) -> None:
        super().shutdown_request(request)
        self.closed.release()

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """Clients that go away are what some tests are about."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.command, self.path, headers, body, self.client_address[1])
        self.server.seen.append(seen)
        answer = self.server.answer(seen)
        if isinstance(answer, bytes):
            self.wfile.write(answer)
            self.close_connection = True
            return
        status, extra, content = answer
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **extra}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_HEAD = do_OPTIONS = do_POST = do_PUT = do_DELETE = do_CONNECT = handle_any

    def log_message(self, *args: t.Any) -> None:
        """Quiet."""


@pytest.fixture
def serve() -> t.Iterator[t.Callable[..., Server]]:
    """Starts servers; none outlives the test."""
    with contextlib.ExitStack() as stack:

        def serve_answers(
            answer: t.Callable[[Seen], Answer] = lambda seen: (200, {}, b"{}"), tls: ssl.SSLContext | None = None
        ) -> Server:
            server = Server(answer, tls)
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            stack.callback(server.server_close)
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return server

        yield serve_answers
