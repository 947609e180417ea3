# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of bulk entitlements: this collection compared with a script on requests and with a loop over ansible.builtin.uri."""

from __future__ import annotations

import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

from driver import Facts, Sandbox, environment

HERE = pathlib.Path(__file__).resolve().parent
BATCH = 20
URI_USERS = 100
LATENCY = 100  # milliseconds
LIMIT = 50  # requests in a second
PRODUCT = 444


class Bulk:
    """Entitles so many users of a fresh sandbox, in one way or another, and says how long that took."""

    def __init__(self, sandbox: Sandbox, folder: pathlib.Path) -> None:
        self._sandbox = sandbox
        self._folder = folder
        self._runs = 0
        self.memory = 0  # MiB, of the largest process of the last run

    def prepare(self, count: int, latency: int = 0, limit: str = "none") -> None:
        users = [{"id": 5000 + number, "email": f"user{number}@example.com"} for number in range(count)]
        names = ("audienceplayer.rate_limit", "audienceplayer.auth_rate_limit")
        self._sandbox.reset(
            {
                "switches": {**dict.fromkeys(names, limit), "latency_ms": latency},
                "state": {"audienceplayer": {"users": users}},
            }
        )
        self._limits = {"rate_limit": limit, "auth_rate_limit": limit}
        self._runs += 1
        self._home = self._folder / f"bulk-{self._runs}"
        self._home.mkdir()
        self._file = self._home / "entitlements.csv"
        self._file.write_text(
            "user_email,product_id\n" + "".join(f"user{number}@example.com,{PRODUCT}\n" for number in range(count)),
            encoding="utf-8",
        )

    def _play(self, tasks: list[Facts]) -> float:
        options = self._sandbox.variables()["sandbox"]["audienceplayer"]
        play = {
            "hosts": "localhost",
            "gather_facts": False,
            "vars": {"options": {**options, **self._limits}},
            "tasks": tasks,
        }
        playbook = self._home / "play.json"
        playbook.write_text(json.dumps([play]), encoding="utf-8")
        env = environment(self._home)
        del env["ANSIBLE_CALLBACKS_ENABLED"]
        return self._time([str(pathlib.Path(sys.executable).parent / "ansible-playbook"), str(playbook)], env)

    def _time(self, command: list[str], env: dict[str, str]) -> float:
        log = self._home / "log"
        start = time.perf_counter()
        with log.open("w") as output:
            process = subprocess.Popen(
                command, cwd=self._home, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
            most = 0
            while process.poll() is None:
                most = max(most, *map(resident, family(process.pid)), 0)
                time.sleep(0.05)
        took = time.perf_counter() - start
        if process.returncode:
            sys.exit(
                f"{log.read_text(errors='replace')[-3000:]}\nbench: {command[0]} ended with status {process.returncode}"
            )
        self.memory = most
        return took

    def collection(self, **options: object) -> float:
        """The module, from the start of ansible-playbook to its end."""
        return self._play(
            [
                {
                    "mediaops.access.audienceplayer_entitlement": {"entitlements_file": str(self._file), **options},
                    "args": "{{ options }}",
                }
            ]
        )

    def start_up(self) -> float:
        return self._play([{"ansible.builtin.debug": {"msg": "nothing"}}])

    def script(self) -> float:
        options = self._sandbox.variables()["sandbox"]["audienceplayer"]
        command = [
            sys.executable,
            str(HERE / "plain.py"),
            options["url"],
            str(options["project_id"]),
            options["client_id"],
            str(self._file),
        ]
        return self._time(command, {**environment(self._home), "CLIENT_SECRET": options["client_secret"]})

    def uri(self, count: int) -> float:
        """A login, a read and a write for each user, as tasks in loops."""
        body = {
            "method": "POST",
            "body_format": "json",
            "url": "{{ options.url }}/graphql/{{ options.project_id }}/user",
            "return_content": True,
        }
        client = 'project_id: {{ options.project_id }}, client_id: "{{ options.client_id }}", client_secret: "{{ options.client_secret }}"'
        login = f'mutation {{ ClientUserAuthenticate({client}, user_email: "user{{{{ item }}}}@example.com", auto_register: false) {{ access_token }} }}'
        read = "query { UserProductList { items { product_id is_fulfilled } } }"
        arguments = f'{client}, user_email: "user{{{{ item }}}}@example.com", product_id: {PRODUCT}, action: fulfil'
        write = f"mutation {{ ClientUserProductEntitlementManage({arguments}) }}"
        loop = {"loop": list(range(count)), "no_log": True}
        token = "Bearer {{ logins.results[item].json.data.ClientUserAuthenticate.access_token }}"
        wanted = f"reads.results[item].json.data.UserProductList['items'] | selectattr('product_id', 'eq', {PRODUCT}) | length == 0"
        return self._play(
            [
                {"ansible.builtin.uri": {**body, "body": {"query": login}}, "register": "logins", **loop},
                {
                    "ansible.builtin.uri": {**body, "body": {"query": read}, "headers": {"Authorization": token}},
                    "register": "reads",
                    **loop,
                },
                {"ansible.builtin.uri": {**body, "body": {"query": write}}, "when": wanted, **loop},
            ]
        )

    def counts(self) -> Facts:
        return dict(self._sandbox.control("summary")["audienceplayer"])


def family(pid: int) -> list[int]:
    """A process and those that it has started."""
    found = [pid]
    for parent in found:
        try:
            found += map(
                int, pathlib.Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()
            )
        except OSError:
            continue
    return found


def resident(pid: int) -> int:
    """The memory of a process in MiB."""
    try:
        return (
            int(pathlib.Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
            * os.sysconf("SC_PAGE_SIZE")
            // (1 << 20)
        )
    except (OSError, IndexError):
        return 0


def tables(sandbox: Sandbox, folder: pathlib.Path, rounds: int) -> list[list[list[str]]]:
    bulk = Bulk(sandbox, folder)
    return [sizes(bulk, rounds), waits(bulk)]


def sizes(bulk: Bulk, rounds: int) -> list[list[str]]:
    """No limits, no latency: what the work itself costs."""
    bulk.prepare(URI_USERS)
    start_up = statistics.median(bulk.start_up() for _round in range(rounds))
    bulk.prepare(URI_USERS)
    uri = (bulk.uri(URI_USERS) - start_up) / URI_USERS
    rows = [
        [
            "entitlements, read and written",
            "`uri` in loops, s",
            "`requests` script, s",
            "this collection, s",
            "without start-up, × script",
            "× faster than `uri`",
            "memory, MiB",
        ]
    ]
    for count in (100, 1000, 10000):
        scripts, ours = [], []
        for _round in range(rounds if count < 10000 else 1):
            bulk.prepare(count)
            scripts.append(bulk.script())
            bulk.prepare(count)
            ours.append(bulk.collection())
        script, own = statistics.median(scripts), statistics.median(ours)
        loops = uri * count + start_up
        rows.append(
            [
                f"{count:,}",
                f"{loops:,.0f}",
                f"{script:.1f}",
                f"{own:.1f}",
                f"{(own - start_up) / script:.2f}",
                f"{loops / own:.0f}",
                str(bulk.memory),
            ]
        )
    bulk.prepare(10000)
    bulk.collection(ledger="ledger")
    again = bulk.collection(ledger="ledger")
    rows.append(["10,000, all in the ledger", "", "", f"{again:.1f}", "", "", str(bulk.memory)])
    rows.append(["0: an empty task", "", "", f"{start_up:.1f}", "", "", ""])
    return rows


def waits(bulk: Bulk) -> list[list[str]]:
    """A platform that is far away, and one that limits."""
    rows = [
        ["1,000 entitlements", "`requests` script, s", "this collection, s", "requests per second", "429 responses"]
    ]
    bulk.prepare(100, LATENCY)
    script = bulk.script() * 10
    bulk.prepare(1000, LATENCY)
    own = bulk.collection()
    rows.append(
        [
            f"{LATENCY} ms of latency (script: extrapolated from 100)",
            f"{script:.0f}",
            f"{own:.1f}",
            f"{bulk.counts()['requests'] / own:.0f}",
            "0",
        ]
    )
    bulk.prepare(1000, 0, f"{LIMIT}/second")
    own = bulk.collection()
    counts = bulk.counts()
    rows.append(
        [
            f"a limit of {LIMIT} per second",
            "",
            f"{own:.1f}",
            f"{counts['requests'] / own:.1f}",
            str(counts["rejected_429"]),
        ]
    )
    return rows
