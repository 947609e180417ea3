# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Redis server (Debian's package redis-server) on loopback."""

from __future__ import annotations

import os
import pathlib
import shutil
import socket
import subprocess
import time

import pytest
import redis

PASSWORD = "redis-s3cr3t/+"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class RedisServer:
    """A server process of our own, which keeps nothing when it is stopped."""

    def __init__(self, folder: pathlib.Path, tls: tuple[pathlib.Path, pathlib.Path] | None = None) -> None:
        program = shutil.which("redis-server")
        if program is None:
            message = "redis-server is not installed (as root: apt-get install redis-server)"
            if os.environ.get("STRICT"):
                pytest.fail(message)
            pytest.skip(message)
        self.port = free_port()
        self._folder = folder
        listen = ["--port", str(self.port)]
        if tls:
            listen = [
                "--port",
                "0",
                "--tls-port",
                str(self.port),
                "--tls-cert-file",
                str(tls[0]),
                "--tls-key-file",
                str(tls[1]),
                "--tls-auth-clients",
                "no",
            ]
        self._command = [
            program,
            "--bind",
            "127.0.0.1",
            *listen,
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            str(folder),
        ]
        self.url = f"{'rediss' if tls else 'redis'}://:{PASSWORD.replace('/', '%2F').replace('+', '%2B')}@127.0.0.1:{self.port}/0"
        #: A connection for tests, to look at what is there.
        self.client = redis.Redis(port=self.port, password=PASSWORD)
        self.start()

    def start(self) -> None:
        configuration = self._folder / "redis.conf"
        configuration.write_text(f'requirepass "{PASSWORD}"\n', encoding="utf-8")
        with (self._folder / "redis.log").open("ab") as log:
            self.process = subprocess.Popen(
                [self._command[0], str(configuration), *self._command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise RuntimeError(
                        f"Redis did not start: {(self._folder / 'redis.log').read_text(errors='replace')[-2000:]}"
                    ) from None
                time.sleep(0.01)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def contents(self) -> dict[str, bytes]:
        """Every key with its value."""
        return {key.decode(): self.client.dump(key) for key in self.client}
