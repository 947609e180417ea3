# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of controllers with one Redis server: what they do to a platform, and what a reservation costs the server."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import time
import typing as t

from driver import Sandbox, collections_path
from redis_server import RedisServer

CONTROLLERS = 200
CALLS = 8
RATE = 20
CONTENDERS = (10, 50, 200)
RESERVATIONS = 5
#: The commands of reservations: not those by which a process opens its connection.
COMMANDS = ("evalsha", "eval", "watch", "unwatch", "multi", "exec", "time", "get", "set")
KEY = "the key of the benchmark"

Table = list[list[str]]

#: Forks controllers with homes of their own after the imports. They start when the write end of the pipe is closed.
_START = """
import json, os, sys
import cryptography.fernet, jsonschema, redis, requests
from ansible_collections.mediaops.access.plugins.module_utils._http import connection
from ansible_collections.mediaops.access.plugins.module_utils._clock import Clock
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.budget import WaitBudget
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.rate import Rate
from ansible_collections.mediaops.access.plugins.module_utils._store.location import open_backend
from ansible_collections.mediaops.access.plugins.modules.freewheel_api import MODULE
params, number, repeats = json.loads(sys.stdin.readline())
read, write = os.pipe()
ready_read, ready_write = os.pipe()
def start(controller):
    os.environ["HOME"] = os.environ["ANSIBLE_HOME"] = os.path.join(params["home"], str(controller))
    os.mkdir(os.environ["HOME"])
    work = prepare()
    os.close(write)
    os.write(ready_write, b".")
    os.read(read, 1)
    for repeat in range(repeats):
        work()
    os._exit(0)
"""
_END = """
children = [os.fork() or start(controller) for controller in range(number)]
ready = 0
while ready < number:
    ready += len(os.read(ready_read, number))
print("ready", flush=True)
sys.stdin.readline()
os.close(write)
sys.exit(any([os.waitpid(child, 0)[1] for child in children]))
"""
CALLER = f"""{_START}
options = {{name: value for name, value in params.items() if name != "home"}}
# Imports and the derivation of keys: on machines of their own, all controllers would do that at once.
MODULE.run(dict(options), name="freewheel_api")
def prepare():
    def work():
        result = MODULE.run(dict(options), name="freewheel_api")
        if result.get("failed"):
            print(result["msg"], file=sys.stderr, flush=True)
            os._exit(1)
    return work
{_END}"""
RESERVER = f"""{_START}
def prepare():
    options = {{"timeout": 60.0, "retries": 4, "max_wait": 300, "ca_path": None}}
    backend = open_backend(params["token_cache"], Clock(), options)
    backend.names()
    limits = [("all", Rate(20, 1.0)), ("auth", Rate(20, 1.0))]
    return lambda: backend.reserve(limits, WaitBudget(1e6, Clock()))
{_END}"""


def run(
    program: str,
    params: dict[str, t.Any],
    number: int,
    repeats: int,
    env: dict[str, str],
    forget: t.Callable[[], object],
) -> float:
    """Run a program of so many processes, and return how many seconds they took. ``forget`` what was done before they
    start.
    """
    env = {**env, "PYTHONPATH": collections_path()}
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin and process.stdout
        process.stdin.write(json.dumps([params, number, repeats]) + "\n")
        process.stdin.flush()
        ready = process.stdout.readline() == "ready\n"
        forget()
        start = time.monotonic()
        _output, errors = process.communicate("\n")
    if not ready or process.returncode:
        sys.exit(f"bench: {errors[:1000]}")
    return time.monotonic() - start


class Load:
    """What the server has done meanwhile."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server
        self.reset()

    def reset(self) -> None:
        self._server.client.config_resetstat()
        self._cpu = self._seconds()

    def _seconds(self) -> float:
        info = self._server.client.info("cpu")
        return float(info["used_cpu_user"]) + float(info["used_cpu_sys"])

    def commands(self, *names: str) -> int:
        """How many commands the server has run, those of scripts included: all of them, or those of ``names``."""
        stats = self._server.client.info("commandstats")
        rows = {name.removeprefix("cmdstat_"): int(row["calls"]) for name, row in stats.items()}
        return sum(rows.get(name, 0) for name in names or rows)

    def cpu(self) -> float:
        return self._seconds() - self._cpu


def controllers(sandbox: Sandbox, server: RedisServer, folder: pathlib.Path, env: dict[str, str]) -> Table:
    """The table of a fleet under one rate limit."""
    head = [f"{CONTROLLERS} controllers × {CALLS} calls at {RATE}/second", "logins", "429 responses", "s", "× ideal"]
    params = {
        **sandbox.variables()["sandbox"]["freewheel"],
        "path": "services/v4/sites",
        "token_cache": server.url,
        "token_cache_key": KEY,
        "home": str(_folder(folder, "controllers")),
    }
    load = Load(server)

    def forget() -> None:
        sandbox.reset()
        server.client.flushall()
        load.reset()

    took = run(CALLER, params, CONTROLLERS, CALLS, env, forget)
    counts = sandbox.control("summary")["freewheel"]
    total = CONTROLLERS * CALLS
    # With the login; the first second's calls start at once.
    ideal = (total + 1 - RATE) / RATE
    requests = counts["requests"]
    row = ["one Redis server", counts["logins"], counts["rejected_429"], f"{took:.1f}", f"{took / ideal:.2f}"]
    return [
        [*head, "commands per request", "CPU of Redis, ms per request"],
        [*map(str, row), f"{load.commands() / requests:.1f}", f"{1000 * load.cpu() / requests:.2f}"],
    ]


def reservations(server: RedisServer, folder: pathlib.Path, env: dict[str, str]) -> Table:
    """The table of what a reservation costs, if all contenders reserve at once, again and again."""
    rows = [
        [
            f"contenders × {RESERVATIONS} reservations",
            "commands each",
            "CPU of Redis, ms each",
            "per second",
            "per CPU second",
        ]
    ]
    for number in CONTENDERS:
        server.client.flushall()
        params = {"token_cache": server.url, "home": str(_folder(folder, f"contenders{number}"))}
        load = Load(server)
        took = run(RESERVER, params, number, RESERVATIONS, env, load.reset)
        total = number * RESERVATIONS
        commands, cpu = load.commands(*COMMANDS), load.cpu()
        row = [commands / total, 1000 * cpu / total, total / took, total / cpu]
        rows.append([f"{number}", *(f"{value:,.{digits}f}" for value, digits in zip(row, (1, 2, 0, 0), strict=True))])
    return rows


def _folder(folder: pathlib.Path, name: str) -> pathlib.Path:
    place = folder / name
    place.mkdir()
    return place


def tables(sandbox: Sandbox, folder: pathlib.Path, env: dict[str, str]) -> list[Table]:
    place = _folder(folder, "fleet")
    server = RedisServer(place)
    try:
        return [controllers(sandbox, server, place, env), reservations(server, place, env)]
    finally:
        server.stop()
