# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many hosts at once: each task of each host is a process of its own, and all of them share one login."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import typing as t

import pytest
from driver import Ansible, Facts, Run, Sandbox, collections_path, report

pytestmark = pytest.mark.timeout(600)  # of seconds on a busy machine

HOSTS = 20
TOKEN = "lookup('mediaops.access.token', 'freewheel', **options)"


def run_on_hosts(
    ansible: Ansible, *tasks: Facts, hosts: int = HOSTS, options: Facts | None = None, provider: str = "freewheel"
) -> Run:
    """Run tasks on so many hosts, all of them at once, in Ansible's workers. `options` is the provider's connection, with more options."""
    inventory = {
        f"host{number:02}": {
            "ansible_connection": "local",
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        }
        for number in range(hosts)
    }
    play = {"name": "Hosts", "hosts": "all", "gather_facts": False, "tasks": list(tasks)}
    play["vars"] = {"options": f"{{{{ sandbox.{provider} | combine(more) }}}}", "more": options or {}}
    play["module_defaults"] = {f"group/mediaops.access.{provider}": "{{ options }}"}
    return ansible.run([play], "--forks", str(hosts), hosts=inventory)


def uses_token(number: int, token: str = TOKEN) -> Facts:
    """A task that needs the token and does not show it."""
    return {"name": f"Use {number}", "ansible.builtin.assert": {"that": f"{token} | length > 20", "quiet": True}}


def check(sandbox: Sandbox, run: Run, logins: int, provider: str = "freewheel") -> None:
    """No task may fail unless that is ignored, and there are exactly so many logins."""
    problems = run.problems()
    if run.status:
        problems.append(f"ansible-playbook ended with status {run.status}")
    if sandbox.logins(provider) != logins:
        problems.append(f"there were {sandbox.logins(provider)} logins, not {logins}")
    if problems:
        pytest.fail(report(problems, [run]), pytrace=False)


def test_hosts_share_a_login(sandbox: Sandbox, ansible: Ansible) -> None:
    run = run_on_hosts(ansible, *map(uses_token, range(5)))
    check(sandbox, run, logins=1)
    assert len(run.phases[0].tasks) == 5 * HOSTS


def test_hosts_share_a_token_request(sandbox: Sandbox, ansible: Ansible) -> None:
    token = "lookup('mediaops.access.token', 'oauth2', **options)"
    run = run_on_hosts(ansible, *(uses_token(number, token) for number in range(5)), provider="oauth2")
    check(sandbox, run, logins=1, provider="oauth2")
    assert len(run.phases[0].tasks) == 5 * HOSTS


def test_a_wrong_password_never_gets_the_cached_token(sandbox: Sandbox, ansible: Ansible) -> None:
    wrong = "lookup('mediaops.access.token', 'freewheel', **(options | combine({'password': 's3cr3t-and-wrong'})))"
    run = run_on_hosts(ansible, uses_token(1), {**uses_token(2, wrong), "ignore_errors": True}, uses_token(3), hosts=3)
    check(sandbox, run, logins=4)  # each wrong password is tried
    outcomes = [(task["task"], task["outcome"]) for task in run.phases[0].tasks]
    assert sorted(outcomes) == sorted([("Use 1", "ok"), ("Use 2", "failed"), ("Use 3", "ok")] * 3)
    assert len(sandbox.state()["freewheel"]["tokens"]) == 1


@pytest.mark.parametrize("user", ["lookup", "module"])
def test_a_rejected_token_is_replaced_once(user: str, sandbox: Sandbox, ansible: Ansible) -> None:
    """In the middle of a play the platform forgets the token: all hosts get one new one, and no task fails."""
    sandbox.reset({"switches": {"freewheel.rate_limit": "none", "freewheel.auth_rate_limit": "none"}})
    forget = {
        "name": "Forget the token",
        "ansible.builtin.uri": {
            "url": "{{ sandbox.url }}/_sandbox/tokens/invalidate",
            "method": "POST",
            "body_format": "json",
            "body": {"platform": "freewheel"},
        },
        "run_once": True,
    }
    if user == "lookup":
        use = uses_token(2, "lookup('mediaops.access.token', 'freewheel', verify=true, **options)")
    else:
        use = {
            "name": "Use 2",
            "mediaops.access.freewheel_token_info": {},
            "register": "used",
            "failed_when": "not used.token_info.valid",
        }
    run = run_on_hosts(
        ansible, uses_token(1), forget, use, uses_token(3), options={"rate_limit": "none", "auth_rate_limit": "none"}
    )
    check(sandbox, run, logins=2)
    assert {task["outcome"] for task in run.phases[0].tasks} == {"ok"}


PROGRAM = """
import json, sys
from ansible_collections.mediaops.access.plugins.modules import oauth2_token

order = json.loads(sys.argv[1])
print("ready", flush=True)
input()
print(json.dumps(oauth2_token.MODULE.run(order["params"], name="oauth2_token", ansible_home=order["home"])))
"""


def run_together(params: Facts, home: pathlib.Path) -> list[Facts]:
    """The results of oauth2_token in so many processes, all of them at once."""
    command = [sys.executable, "-c", PROGRAM, json.dumps({"params": params, "home": str(home)})]
    env = {"PYTHONPATH": collections_path(), "PATH": os.environ["PATH"], "HOME": str(home)}
    pipes: Facts = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, env=env, **pipes) for _number in range(HOSTS)]
    try:
        for process in processes:
            assert t.cast(t.IO[str], process.stdout).readline() == "ready\n"
        for process in processes:
            stdin = t.cast(t.IO[str], process.stdin)
            stdin.write("\n")
            stdin.flush()
        return [json.loads(process.communicate(timeout=300)[0]) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def refresh_token(value: str, owner: str) -> Facts:
    extra = {"client_id": "oa-client", "scope": "read", "family": "1"}
    return {"value": value, "kind": "refresh", "owner": owner, "issued_at": 1, "expires_at": 4e9, "extra": extra}


@pytest.mark.parametrize("source", ["user", "platform"])
@pytest.mark.parametrize("occasion", ["first", "expires soon"])
def test_a_refresh_token_that_works_once_is_used_once(
    source: str, occasion: str, sandbox: Sandbox, tmp_path: pathlib.Path
) -> None:
    """The sandbox ends the login, and all of its tokens, when a refresh token is used again."""
    sandbox.reset(
        {
            "switches": {"oauth2.refresh_rotation": "new", "oauth2.old_refresh_token": "ends_login"},
            "state": {"oauth2": {"tokens": [refresh_token("s3cr3t-refresh-token", "viewer")]}},
        }
    )
    user = sandbox.state()["oauth2"]["users"][0]
    grants = {
        "user": {"grant": "refresh_token", "refresh_token": "s3cr3t-refresh-token"},
        "platform": {"grant": "password", "username": user["username"], "password": user["password"]},
    }
    params = {**sandbox.variables()["sandbox"]["oauth2"], **grants[source], "max_wait": 240}
    if occasion == "expires soon":
        sandbox.control("switches", "PUT", {"oauth2.token_lifetime": 100})
        run_together(params, tmp_path)
        sandbox.control("switches", "PUT", {"oauth2.token_lifetime": 3600})
        params["min_ttl"] = 200
    before = sandbox.logins("oauth2")

    results = run_together(params, tmp_path)

    assert not [result["msg"] for result in results if result.get("failed")]
    (token,) = {result["token"]["access_token"] for result in results}
    assert token in [item["value"] for item in sandbox.state()["oauth2"]["tokens"]]
    assert {result["token"]["refresh_token"] for result in results} <= {
        item["value"] for item in sandbox.state()["oauth2"]["tokens"] if item["kind"] == "refresh"
    }
    assert [result["changed"] for result in results].count(True) == 1
    assert sandbox.logins("oauth2") - before == 1
