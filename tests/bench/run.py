# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the tasks of this collection against empty tasks and ansible.builtin.uri, print Markdown tables and draw charts of them.

All rows are loops of one play, and the play repeats them several times in turn, so that other load on the machine affects all rows alike. The time per
item is the time between the arrival of the first item and of the last one, divided by the items in between: one-time costs (a process, imports) are
excluded. Nothing is asserted about time.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import itertools
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import typing as t

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE.parent / "integration"), str(HERE.parent / "helpers")]

import charts
import entitlements
import fleet
from driver import Facts, Sandbox, collections_path, environment
from redis_server import RedisServer

BEGIN, END = "<!-- bench:start -->", "<!-- bench:end -->"
MANY, FEW = 200, 8
HOSTS, TASKS = 20, 5
CALLERS, CALLS, RATE = 50, 8, 20
SAMPLES = range(2, 23, 2)  # seconds

REQUEST = {
    "url": "{{ flex.url }}/api/authentication/applications/",
    "headers": {"X-App-Registration-Key": "{{ flex.registration_key }}"},
}
APPLICATION = {
    "mediaops.access.flex_oauth_app": {
        "name": "Application 7",
        "description": "The one that is looked for",
        "url": "{{ flex.url }}",
        "registration_key": "{{ flex.registration_key }}",
    }
}
TOKEN = "{{ lookup('mediaops.access.token', 'freewheel', **freewheel) | length }}"

OTHER_TOKEN = "{{ lookup('mediaops.access.token', 'oauth2', **oauth2) | length }}"

DEBUG = "`ansible.builtin.debug`, an empty task"
URI = "`ansible.builtin.uri`, one GET"
#: Each row: its name, its task, and how many loop items are enough.
ROWS: list[tuple[str, Facts, int]] = [
    (DEBUG, {"ansible.builtin.debug": {"msg": "{{ item }}"}}, MANY),
    (URI, {"ansible.builtin.uri": REQUEST}, FEW),
    ("`flex_oauth_app`, unchanged, the same GET", APPLICATION, MANY),
    (
        "`flex_oauth_app` as an ordinary module, as on a remote host",
        {**APPLICATION, "vars": {"ansible_connection": "as_module"}},
        FEW,
    ),
    (
        "`lookup('ansible.builtin.vars', …)`",
        {"ansible.builtin.debug": {"msg": "{{ lookup('ansible.builtin.vars', 'text') | length }}"}},
        MANY,
    ),
    (
        "`lookup('ansible.builtin.url', …)`, one GET",
        {"ansible.builtin.debug": {"msg": "{{ lookup('ansible.builtin.url', address) | length }}"}},
        MANY,
    ),
    ("`lookup('mediaops.access.token', …)`, cached", {"ansible.builtin.debug": {"msg": TOKEN}}, MANY),
    (
        "`lookup('mediaops.access.token', 'oauth2', …)`, cached",
        {"ansible.builtin.debug": {"msg": OTHER_TOKEN}},
        MANY,
    ),
]


def play(folder: pathlib.Path, plays: list[Facts], *arguments: str) -> list[tuple[str, str, float]]:
    """Run plays in a home of their own; returns what the callback wrote down."""
    folder.mkdir()
    playbook, times = folder / "playbook.json", folder / "times.json"
    playbook.write_text(json.dumps(plays), encoding="utf-8")
    env = environment(folder)
    env |= {
        "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
        "ANSIBLE_CALLBACKS_ENABLED": "times",
        "MEDIAOPS_BENCH_TIMES": str(times),
    }
    command = [str(pathlib.Path(sys.executable).parent / "ansible-playbook"), str(playbook), *arguments]
    done = subprocess.run(
        command, cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(
            f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}\nbench: ansible-playbook ended with status {done.returncode}"
        )
    return [tuple(event) for event in json.loads(times.read_text(encoding="utf-8"))]


def variables(sandbox: Sandbox) -> Facts:
    known = sandbox.variables()["sandbox"]
    unlimited = {"rate_limit": "none", "auth_rate_limit": "none"}
    return {
        "flex": known["flex"],
        "freewheel": {**known["freewheel"], **unlimited},
        "oauth2": {**known["oauth2"], **unlimited},
        "text": "a" * 40,
        "address": f"{sandbox.url}/_sandbox/clock",
    }


def items(sandbox: Sandbox, folder: pathlib.Path, rounds: int) -> list[list[str]]:
    """The table of the cost of a loop item."""
    applications = [
        {"applicationName": f"Application {number}", "description": "The one that is looked for"}
        for number in range(20)
    ]
    sandbox.reset({"switches": {"flex.list_secret": "secret"}, "state": {"flex": {"applications": applications}}})
    tasks = [
        {"name": f"{number} {name}", **task, "loop": list(range(count)), "loop_control": {"label": "an item"}}
        for number, (name, task, count) in itertools.product(range(rounds), ROWS)
    ]
    events = play(
        folder / "items", [{"hosts": "localhost", "gather_facts": False, "vars": variables(sandbox), "tasks": tasks}]
    )
    measured: dict[str, list[float]] = {name: [] for name, _task, _count in ROWS}
    for task, group in itertools.groupby((event for event in events if event[0] == "item"), key=lambda event: event[1]):
        arrivals = [at for _event, _task, at in group]
        measured[task.partition(" ")[2]].append((arrivals[-1] - arrivals[0]) / (len(arrivals) - 1) * 1000)
    return [
        ["one loop item", "ms", "lowest – highest", "× debug", "× uri"],
        *(
            [
                name,
                f"{statistics.median(ms):.1f}",
                f"{min(ms):.1f} – {max(ms):.1f}",
                ratio(ms, measured[DEBUG]),
                ratio(ms, measured[URI]),
            ]
            for name, ms in measured.items()
        ),
    ]


def ratio(values: list[float], units: list[float]) -> str:
    """The median of the ratios that were measured at about the same time."""
    found = statistics.median(value / unit for value, unit in zip(values, units, strict=True))
    return f"{found:.1f}" if found > 0.7 else f"1/{1 / found:.0f}"


def start(sandbox: Sandbox, folder: pathlib.Path, rounds: int) -> list[list[str]]:
    """The table of a whole ansible-playbook with one task, compared with one whose task is empty."""
    applications = [{"applicationName": "Application 7", "description": "The one that is looked for"}]
    sandbox.reset({"switches": {"flex.list_secret": "secret"}, "state": {"flex": {"applications": applications}}})
    tasks: dict[str, Facts] = {
        DEBUG: {"ansible.builtin.debug": {"msg": "nothing"}},
        URI: {"ansible.builtin.uri": REQUEST},
        "`flex_oauth_app`, unchanged, the same GET": APPLICATION,
        "`token_cache_info`": {"mediaops.access.token_cache_info": {}},
        "`lookup('mediaops.access.token', …)`, cached": {"ansible.builtin.debug": {"msg": TOKEN}},
    }
    play(
        folder / "start",
        [{"hosts": "localhost", "gather_facts": False, "vars": variables(sandbox), "tasks": list(tasks.values())}],
    )
    cache = folder / "start" / ".ansible" / "mediaops"
    values = {**variables(sandbox), "freewheel": {**variables(sandbox)["freewheel"], "token_cache": str(cache)}}

    def once(task: Facts) -> float:
        home = pathlib.Path(tempfile.mkdtemp(dir=folder)) / "home"
        began = time.perf_counter()
        play(home, [{"hosts": "localhost", "gather_facts": False, "vars": values, "tasks": [task]}])
        return (time.perf_counter() - began) * 1000

    # An empty one just before each: a machine's speed changes within seconds.
    pairs = {name: [(once(tasks[DEBUG]), once(task)) for _round in range(2 * rounds)] for name, task in tasks.items()}
    return [
        ["`ansible-playbook` with one task", "ms", "more than an empty task"],
        *(
            [
                name,
                f"{statistics.median(own for _empty, own in pair):.0f}",
                f"{statistics.median(own - empty for empty, own in pair):+.0f}",
            ]
            for name, pair in pairs.items()
        ),
    ]


def logins(sandbox: Sandbox, folder: pathlib.Path) -> list[list[str]]:
    """The table of many hosts that need a FreeWheel token in each of several tasks, under the platform's limit of 3 logins a second."""
    login = {
        "name": "Log in",
        "ansible.builtin.uri": {
            "url": "{{ freewheel.url }}/auth/token",
            "method": "POST",
            "body_format": "form-urlencoded",
            "body": {
                "grant_type": "password",
                "username": "{{ freewheel.username }}",
                "password": "{{ freewheel.password }}",
            },
        },
        "register": "login",
        "until": "login is succeeded",
        "retries": 60,
        "delay": 1,
        "no_log": True,
    }
    ways: list[tuple[str, list[Facts]]] = [
        ("empty tasks, without a token", [use("'some text that is long enough'", number) for number in range(TASKS)]),
        (
            "`ansible.builtin.uri` logs each host in, with `until`",
            [login, *(use("login.json.access_token", number) for number in range(TASKS))],
        ),
        (
            "`lookup('mediaops.access.token', …)` in each task",
            [use("lookup('mediaops.access.token', 'freewheel', **freewheel)", number) for number in range(TASKS)],
        ),
    ]
    inventory = folder / "inventory.json"
    hosts = {
        f"host{number:02}": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        for number in range(HOSTS)
    }
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    rows = [[f"{HOSTS} hosts × {TASKS} tasks that need a token", "logins", "429 responses", "s"]]
    for number, (name, tasks) in enumerate(ways):
        sandbox.reset()
        values = {**variables(sandbox), "freewheel": sandbox.variables()["sandbox"]["freewheel"]}
        start = time.perf_counter()
        play(
            folder / f"hosts-{number}",
            [{"hosts": "all", "gather_facts": False, "vars": values, "tasks": tasks}],
            "-i",
            str(inventory),
            "--forks",
            str(HOSTS),
        )
        counts = sandbox.control("summary")["freewheel"]
        rows.append([name, str(counts["logins"]), str(counts["rejected_429"]), f"{time.perf_counter() - start:.1f}"])
    return rows


#: Forks its callers after the imports, as Ansible forks its workers. They start when the write end of the pipe is closed.
CALLER = """
import json, os, sys
import cryptography.fernet, jsonschema, redis, requests
from ansible_collections.mediaops.access.plugins.module_utils._http import connection
from ansible_collections.mediaops.access.plugins.modules.freewheel_api import MODULE
params, callers, calls = json.loads(sys.stdin.readline())
read, write = os.pipe()
def work():
    os.close(write)
    os.read(read, 1)
    for call in range(calls):
        result = MODULE.run(dict(params), name="freewheel_api")
        if result.get("failed"):
            print(result["msg"], file=sys.stderr, flush=True)
            os._exit(1)
    os._exit(0)
children = [os.fork() or work() for caller in range(callers)]
print("ready", flush=True)
sys.stdin.readline()
os.close(write)
sys.exit(any([os.waitpid(child, 0)[1] for child in children]))
"""


def pacing(sandbox: Sandbox, folder: pathlib.Path) -> list[list[list[str]]]:
    """The tables of many processes under one rate limit, which share a token and the pace: the whole run, and how far it is at each time."""
    total = CALLERS * CALLS
    rows = [[f"{CALLERS} processes × {CALLS} calls at {RATE}/second", "logins", "429 responses", "s", "× ideal"]]
    progress = [[f"successful calls, of {total} at {RATE}/second", *(f"{seconds} s" for seconds in SAMPLES)]]
    redis = RedisServer(folder)
    places = {
        "a directory": {"token_cache": str(folder / "cache")},
        "Redis": {"token_cache": redis.url, "token_cache_key": "the key of the benchmark"},
    }
    command = [sys.executable, "-c", CALLER]
    env = {**environment(folder), "PYTHONPATH": collections_path()}
    for name, place in places.items():
        sandbox.reset()
        params = {**sandbox.variables()["sandbox"]["freewheel"], "path": "services/v4/sites", **place}
        with subprocess.Popen(
            command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            tell(process, json.dumps([params, CALLERS, CALLS]))
            ready = process.stdout is not None and process.stdout.readline() == "ready\n"
            start = time.monotonic()  # as the sandbox's journal
            _output, errors = process.communicate("\n")
        if not ready or process.returncode:
            sys.exit(f"bench: {errors}")
        took, counts = time.monotonic() - start, sandbox.control("summary")["freewheel"]
        rows.append(
            [name, str(counts["logins"]), str(counts["rejected_429"]), f"{took:.1f}", f"{took / (total / RATE):.2f}"]
        )
        calls = [
            entry["at"] - start
            for entry in sandbox.control("requests?platform=freewheel")
            if entry["status"] == 200 and not entry["auth"]
        ]
        progress.append([name, *(str(sum(at <= seconds for at in calls)) for seconds in SAMPLES)])
    redis.stop()
    return [rows, progress]


def tell(process: subprocess.Popen[str], line: str) -> None:
    if process.stdin:
        process.stdin.write(f"{line}\n")
        process.stdin.flush()


def use(token: str, number: int) -> Facts:
    return {"name": f"Use {number}", "ansible.builtin.assert": {"that": f"{token} | length > 20", "quiet": True}}


def markdown(rows: list[list[str]]) -> str:
    head, *body = rows
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---", *["--:"] * (len(head) - 1)], *body])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each row is measured (default: 5)")
    parser.add_argument(
        "--write",
        type=pathlib.Path,
        metavar="FILE",
        help=f"put the tables into this file, between {BEGIN} and {END}, and the charts beside it",
    )
    parser.add_argument(
        "--only",
        action="append",
        metavar="PART",
        help="items, start, logins, pacing, fleet or entitlements; may be repeated",
    )
    given = parser.parse_args()
    if given.write and given.only:
        parser.error("--write replaces all tables: it cannot be combined with --only")
    with tempfile.TemporaryDirectory(prefix="mediaops-bench-") as folder:
        sandbox, place = Sandbox(pathlib.Path(folder)), pathlib.Path(folder)
        parts: dict[str, t.Callable[[], list[list[list[str]]]]] = {
            "items": lambda: [items(sandbox, place, given.rounds)],
            "start": lambda: [start(sandbox, place, given.rounds)],
            "logins": lambda: [logins(sandbox, place)],
            "pacing": lambda: pacing(sandbox, place),
            "fleet": lambda: fleet.tables(sandbox, place, environment(place)),
            "entitlements": lambda: entitlements.tables(sandbox, place, 3),
        }
        try:
            tables = [table for name in given.only or parts for table in parts[name]()]
        finally:
            sandbox.stop()
    versions = f"ansible-core {importlib.metadata.version('ansible-core')}, Python {platform.python_version()}, {os.cpu_count()} cores"
    text = "\n\n".join(
        [
            *(charts.illustrated(markdown(table)) for table in tables),
            f"Measured with {versions}; the values of the first table are medians of {given.rounds} rounds, its ratios are computed within a round.",
        ]
    )
    print(text)
    if given.write:
        before, begin, rest = given.write.read_text(encoding="utf-8").partition(BEGIN)
        _old, end, after = rest.partition(END)
        if not begin or not end:
            sys.exit(f"bench: {given.write} lacks {BEGIN} or {END}")
        given.write.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
        for name, chart in charts.draw(text).items():
            (given.write.parent / "images" / name).write_text(chart, encoding="utf-8")


if __name__ == "__main__":
    main()
