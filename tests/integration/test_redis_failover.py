# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controllers that share sentinels or a cluster of Redis or Valkey, whose primary is killed in the middle of their plays.

docs/scaling_out.md says what may happen then; each bound here is one of its sentences.
"""

from __future__ import annotations

import collections
import concurrent.futures
import pathlib
import typing as t

import pytest
from driver import Ansible, Facts, Run, Sandbox, report
from redis_group import Cluster, Group, Sentinels, certificates, tls_lines, until

pytestmark = pytest.mark.timeout(600)  # of seconds on a busy machine

CONTROLLERS = 3
ROUNDS = 8
CALLS = 4
RATE = 10  # calls per second
KEY = "the-s3cr3t-key-of-all-controllers"
KINDS: dict[str, type[Sentinels] | type[Cluster]] = {"sentinel": Sentinels, "cluster": Cluster}
PRODUCTS = ("redis-server", "valkey-server")
GROUPS = [(kind, product, tls) for product in PRODUCTS for kind in KINDS for tls in ("", "tls")]
#: In a cluster, the primary of all rate limits.
PACE = "{pace}"


@pytest.fixture(params=GROUPS, ids=lambda group: "-".join(filter(None, group)))
def group(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> t.Iterator[Group]:
    kind, product, tls = request.param
    folder = tmp_path / "servers"
    folder.mkdir()
    group = KINDS[kind](folder, product, tls_lines(*certificates(folder)) if tls else ())
    yield group
    group.stop()


def password_of(number: int) -> str:
    return f"s3cr3t-word-of-user-{number}"


def play(group: Group, sandbox: Sandbox) -> list[Facts]:
    """Items that need a lock, logins and calls under a rate limit, in turn."""
    tasks: list[Facts] = []
    for number in range(ROUNDS):
        user = f"username='user{number}', password='{password_of(number)}'"
        token = f"lookup('mediaops.access.token', 'freewheel', **(freewheel | combine(dict({user}))))"
        tasks += [
            {
                "name": "Register",
                "mediaops.access.flex_oauth_app": {"name": f"Application {number}", "description": "Tool"},
            },
            {"name": "Log in", "ansible.builtin.assert": {"that": f"{token} | length > 20", "quiet": True}},
            {
                "name": "Call",
                "mediaops.access.freewheel_api": {"path": "services/v4/sites"},
                "loop": list(range(CALLS)),
            },
        ]
    shared = {"token_cache": group.url, "token_cache_key": KEY, "ca_path": group.authority}
    known = sandbox.variables()["sandbox"]
    return [
        {
            "name": "Controller",
            "hosts": "localhost",
            "gather_facts": False,
            "vars": {"freewheel": {**known["freewheel"], **shared, "rate_limit": f"{RATE}/second"}},
            "module_defaults": {
                "group/mediaops.access.freewheel": "{{ freewheel }}",
                "group/mediaops.access.flex": {**known["flex"], **shared},
            },
            "tasks": tasks,
        }
    ]


def test_a_primary_killed_in_the_middle_of_plays_fails_no_task(
    group: Group, sandbox: Sandbox, ansible: Ansible
) -> None:
    users = sandbox.state()["freewheel"]["users"]
    users += [
        {"user_id": 7000 + number, "username": f"user{number}", "password": password_of(number), "active": True}
        for number in range(ROUNDS)
    ]
    sandbox.reset({"switches": {"freewheel.rate_limit": f"{RATE}/second"}, "state": {"freewheel": {"users": users}}})
    homes = [ansible.home(f"controller{number}") for number in range(CONTROLLERS)]
    playbook = play(group, sandbox)

    with concurrent.futures.ThreadPoolExecutor(CONTROLLERS) as pool:
        running = [pool.submit(home.run, playbook) for home in homes]
        until(lambda: sandbox.logins("freewheel") > ROUNDS // 3 or running[0].done(), "login", 300)
        ended, killed = running[0].done(), group.kill_primary_of(PACE)
        runs = [run.result() for run in running]

    check(sandbox, runs)
    assert not ended
    assert group.primary_of(PACE) is not killed


def check(sandbox: Sandbox, runs: list[Run]) -> None:
    summary = sandbox.control("summary")["freewheel"]
    names = collections.Counter(item["applicationName"] for item in sandbox.state()["flex"]["applications"])
    registered = [number for name, number in names.items() if name.startswith("Application ")]
    tasks = [task for run in runs for task in run.phases[0].tasks]
    changed = sum(task["changed"] for task in tasks)
    print(f"logins {summary['logins']}, 429 {summary['rejected_429']}, applications {sum(registered)}")

    problems = [problem for run in runs for problem in run.problems()]
    if failed := [run.status for run in runs if run.status]:
        problems.append(f"ansible-playbook ended with status {failed[0]}")
    if problems:
        pytest.fail(report(problems, runs), pytrace=False)
    assert {task["outcome"] for task in tasks} == {"ok"}
    assert len(tasks) == CONTROLLERS * ROUNDS * (3 + CALLS)  # and each item of the loop
    # Each user's login and that of the calls; a login whose token was not replicated yet is repeated by those that need it.
    assert ROUNDS + 1 <= summary["logins"] <= ROUNDS + 1 + CONTROLLERS
    # One registration of each application, reported by the controller that made it.
    assert (registered, changed) == ([1] * ROUNDS, ROUNDS)
    # The reservations of one window may be lost.
    assert summary["rejected_429"] <= RATE
