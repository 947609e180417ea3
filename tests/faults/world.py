# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module meets in these tests: the sandbox on sockets of this process, a stranger that credentials must not reach, and a clock."""

from __future__ import annotations

import asyncio
import copy
import pathlib
import socket
import ssl
import sys
import threading
import typing as t

import trustme
import uvicorn
from uvicorn.server import ServerState

from ansible_collections.mediaops.access.plugins.module_utils import _clock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "extensions"))

from sandbox.app import Sandbox, create_app
from sandbox.journal import Entry
from sandbox.server import Protocol
from sandbox.state import Clock as SandboxClock

HOST = "127.0.0.1"
START = 1_800_000_000.0

State = dict[str, t.Any]


class Clock(_clock.Clock):
    """Time that passes only when somebody sleeps: the modules' and the platforms' alike."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.time = START
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


class Listener:
    """A port, which can be closed and opened again."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.port = 0
        self._context = context
        self._server: asyncio.Server | None = None

    @property
    def is_open(self) -> bool:
        return self._server is not None

    async def open(self, protocol: t.Callable[[], asyncio.Protocol]) -> None:
        if self._server is None:
            sock = socket.socket(
                proto=socket.IPPROTO_TCP
            )  # without its name, asyncio does not send small answers at once
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((HOST, self.port))
            self.port = sock.getsockname()[1]
            self._server = await asyncio.get_running_loop().create_server(protocol, sock=sock, ssl=self._context)

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None


class World:
    """The sandbox, serving in a thread of its own. It is only touched while nothing is asked of it."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.clock = Clock()
        self.sandbox = Sandbox(clock=SandboxClock(wall=self.clock.now, steady=self.clock.now))
        ours, theirs = trustme.CA(), trustme.CA()
        self.ca_path = str(folder / "ca.pem")
        ours.cert_pem.write_to_path(self.ca_path)
        self._trusted, self._untrusted = ours.issue_cert(HOST), theirs.issue_cert(HOST)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._trusted.configure_cert(self._context)
        self._plain, self._tls, self._stranger = Listener(), Listener(self._context), Listener()
        #: How many connections the stranger got.
        self.strays = 0
        self._answers = 0
        self._last_answer: int | None = None
        self._after_it: t.Callable[[], None] = lambda: None
        self._distrusted = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._do(self._start())

    def stop(self) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._plain.port}"

    @property
    def tls_url(self) -> str:
        return f"https://{HOST}:{self._tls.port}"

    @property
    def stranger_url(self) -> str:
        return f"http://{HOST}:{self._stranger.port}"

    def reset(self, state: State) -> None:
        """The state at the start, with these parts, and nothing wrong."""
        self.heal()
        self.clock.restart()
        self.sandbox.reset()
        self.sandbox.load_state(copy.deepcopy(state))
        self.strays = 0

    def heal(self) -> None:
        """End all faults, and forget requests and pauses."""
        self.sandbox.faults.clear()
        self.sandbox.clear_journal()
        self.clock.slept.clear()
        self._answers, self._last_answer = 0, None
        if self._distrusted:
            self._trusted.configure_cert(self._context)
            self._distrusted = False
        if not self._plain.is_open:
            self._do(self._plain.open(self._protocol))

    def add_fault(self, fault: dict[str, t.Any]) -> None:
        self.sandbox.faults.add([fault])

    def refuse_after(self, answers: int) -> None:
        """Be gone as soon as so many answers were given."""
        self._after(answers, self._plain.close)

    def distrust_after(self, answers: int) -> None:
        """Show another certificate as soon as so many answers were given."""

        def distrust() -> None:
            self._untrusted.configure_cert(self._context)
            self._distrusted = True

        self._after(answers, distrust)

    def _after(self, answers: int, action: t.Callable[[], None]) -> None:
        async def at_once() -> None:
            action()

        self._answers, self._last_answer, self._after_it = 0, answers, action
        if not answers:
            self._do(at_once())

    def catch_up(self) -> None:
        """Let what was to be acted on late be acted on now."""
        for late in self.sandbox.late:
            late.requests = 0
        self.sandbox.catch_up()

    def journal(self) -> list[Entry]:
        return list(self.sandbox.journal.entries)

    def state(self, platform: str) -> State:
        return copy.deepcopy(self.sandbox.platforms[platform].dump())

    def _do(self, work: t.Coroutine[t.Any, t.Any, t.Any]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _start(self) -> None:
        config = uvicorn.Config(
            self._serve,
            http=Protocol,
            interface="asgi3",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
        )
        config.load()
        self._config, self._server_state, self._app = config, ServerState(), create_app(self.sandbox)
        await self._plain.open(self._protocol)
        await self._tls.open(self._protocol)
        await self._stranger.open(lambda: _Stray(self))

    async def _end(self) -> None:
        for listener in (self._plain, self._tls, self._stranger):
            listener.close()
        for connection in list(self._server_state.connections):
            connection.shutdown()
        await asyncio.sleep(0)

    def _protocol(self) -> asyncio.Protocol:
        return Protocol(self._config, self._server_state, {}, self._loop)

    async def _serve(self, scope: t.Any, receive: t.Any, send: t.Any) -> None:
        async def counting(message: t.Any) -> None:
            if message["type"] == "http.response.start":
                self._answers += 1
                if self._answers == self._last_answer:
                    self._after_it()
                    message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
            await send(message)

        await self._app(scope, receive, counting)


class _Stray(asyncio.Protocol):
    """A connection to the stranger, which there must not be."""

    def __init__(self, world: World) -> None:
        self._world = world

    def connection_made(self, transport: t.Any) -> None:
        self._world.strays += 1
        transport.abort()
