# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many hosts at once: each task of each host is a process of its own, and all of them share one login."""

from __future__ import annotations

import pytest
from driver import Ansible, Facts, Run, Sandbox, report

pytestmark = pytest.mark.timeout(600)  # of seconds on a busy machine

HOSTS = 20
TOKEN = "lookup('mediaops.access.token', 'freewheel', **options)"


def run_on_hosts(ansible: Ansible, *tasks: Facts, hosts: int = HOSTS, options: Facts | None = None) -> Run:
    """Run tasks on so many hosts, all of them at once, in Ansible's workers. `options` is FreeWheel's connection, with more options."""
    inventory = {
        f"host{number:02}": {
            "ansible_connection": "local",
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        }
        for number in range(hosts)
    }
    play = {"name": "Hosts", "hosts": "all", "gather_facts": False, "tasks": list(tasks)}
    play["vars"] = {"options": "{{ sandbox.freewheel | combine(more) }}", "more": options or {}}
    play["module_defaults"] = {"group/mediaops.access.freewheel": "{{ options }}"}
    return ansible.run([play], "--forks", str(hosts), hosts=inventory)


def uses_token(number: int, token: str = TOKEN) -> Facts:
    """A task that needs the token and does not show it."""
    return {"name": f"Use {number}", "ansible.builtin.assert": {"that": f"{token} | length > 20", "quiet": True}}


def check(sandbox: Sandbox, run: Run, logins: int) -> None:
    """No task may fail unless that is ignored, and there are exactly so many logins."""
    problems = run.problems()
    if run.status:
        problems.append(f"ansible-playbook ended with status {run.status}")
    if sandbox.logins("freewheel") != logins:
        problems.append(f"there were {sandbox.logins('freewheel')} logins, not {logins}")
    if problems:
        pytest.fail(report(problems, [run]), pytrace=False)


def test_hosts_share_a_login(sandbox: Sandbox, ansible: Ansible) -> None:
    run = run_on_hosts(ansible, *map(uses_token, range(5)))
    check(sandbox, run, logins=1)
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
