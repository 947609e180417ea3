# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback access_statistics: its numbers equal the sandbox's own, whatever the tasks are. Those of every target are compared, too (driver.py)."""

from __future__ import annotations

import json
import pathlib
import stat
import subprocess
import sys

import pytest
from driver import ROOT, Ansible, Facts, Run, Sandbox, collections_path, interpreter, judge_statistics

pytestmark = pytest.mark.timeout(600)  # of seconds on a busy machine

BANNER = "ACCESS STATISTICS"
#: Where modules run, however the tests of the targets are run.
PLACES: dict[str, Facts] = {
    place: {"ansible_connection": connection, "ansible_python_interpreter": interpreter()}
    for place, connection in (("in process", "local"), ("as module", "as_module"))
}
TOKEN = "lookup('mediaops.access.token', 'freewheel', **sandbox.freewheel)"
CALL = {"path": "services/v4/sites"}

TASKS: list[Facts] = [
    {"name": "A loop", "mediaops.access.freewheel_api": CALL, "loop": [1, 2, 3]},
    {"name": "A lookup", "ansible.builtin.assert": {"that": f"{TOKEN} | length > 20", "quiet": True}},
    {
        "name": "Requests of the play's own",
        "ansible.builtin.uri": {
            "url": "{{ sandbox.freewheel.url }}/services/v4/sites",
            "headers": "{{ lookup('mediaops.access.token', 'freewheel', output='header', **sandbox.freewheel) }}",
        },
        "no_log": True,
    },
    {
        "name": "A failure that is ignored",
        "mediaops.access.freewheel_token": {"password": "s3cr3t-and-wrong"},
        "ignore_errors": True,
    },
    {
        "name": "A failure that is rescued",
        "block": [{"name": "A wrong path", "mediaops.access.freewheel_api": {"path": "services/v4/nothing"}}],
        "rescue": [{"name": "Go on", "ansible.builtin.meta": "noop"}],
    },
    *(
        {
            "name": "An application",
            "mediaops.access.flex_oauth_app": {"name": "Counted", "description": "Counted"},
            "check_mode": check_mode,
        }
        for check_mode in (True, False)
    ),
    {
        "name": "In the background",
        "mediaops.access.freewheel_api": CALL,
        "async": 60,
        "poll": 1,
        "vars": {"ansible_connection": "local"},  # on another host it would not be counted
    },
]


def run_plays(ansible: Ansible, place: str, *arguments: str) -> Run:
    """Two plays that use modules and lookups in all ways."""
    defaults = {f"group/mediaops.access.{name}": f"{{{{ sandbox.{name} }}}}" for name in ("flex", "freewheel")}
    common = {"gather_facts": False, "module_defaults": defaults}
    again = {"name": "Another play", "mediaops.access.freewheel_token": {}}
    plays = [
        {"name": "One", "hosts": "localhost", "tasks": TASKS, **common},
        {"name": "Two", "hosts": "localhost", "tasks": [again], **common},
    ]
    return ansible.run(plays, *arguments, hosts={"localhost": PLACES[place]})


def lines_after_the_recap(run: Run) -> list[str]:
    return [line for line in run.output.partition("PLAY RECAP")[2].partition(BANNER)[2].splitlines()[1:] if line]


@pytest.mark.parametrize("place", PLACES)
def test_the_statistics_equal_what_the_sandbox_recorded(place: str, ansible: Ansible) -> None:
    run = run_plays(ansible, place)

    assert run.status == 0, run.output
    assert run.problems() + judge_statistics(run) == []
    flex, freewheel = run.statistics["flex"], run.statistics["freewheel"]
    # Of the loop the first item logs in. Its token serves the other two, two lookups, the wrong path, the task in the background and the last play.
    assert (freewheel["logins"], freewheel["cached_tokens"]) == (2, 7)
    assert (flex["logins"], flex["cached_tokens"]) == (0, 0)
    lines = lines_after_the_recap(run)
    assert [line.split()[0] for line in lines] == ["Flex", "FreeWheel"]
    for line, numbers in zip(lines, (flex, freewheel)):
        assert f"requests={numbers['requests']} " in line
    assert f"{BANNER} ***" in run.output


def test_many_forks_and_rejections_by_the_rate_limit(sandbox: Sandbox, ansible: Ansible) -> None:
    sandbox.reset({"switches": {"freewheel.rate_limit": "20/second"}})
    hosts = {f"host{number:02}": PLACES["in process"] for number in range(50)}
    tasks = [
        {"name": "Call", "mediaops.access.freewheel_api": {**CALL, "rate_limit": "none"}},
        {"name": "Look up", "ansible.builtin.assert": {"that": f"{TOKEN} | length > 20", "quiet": True}},
        {"name": "Wait for the turn", "mediaops.access.freewheel_api": CALL},
    ]
    play = {"name": "Hosts", "hosts": "all", "gather_facts": False, "strategy": "free", "tasks": tasks}
    play["module_defaults"] = {"group/mediaops.access.freewheel": "{{ sandbox.freewheel }}"}

    run = ansible.run([play], "--forks", "50", hosts=hosts)

    assert run.status == 0, run.output
    assert run.problems() + judge_statistics(run) == []
    numbers = run.statistics["freewheel"]
    assert (numbers["logins"], numbers["cached_tokens"]) == (1, 3 * 50 - 1)
    assert numbers["repeats"] == numbers["responses_429"]
    assert numbers["requests"] == 1 + 2 * 50 + numbers["repeats"]
    assert numbers["seconds_waited"] > 0


def test_hosts_that_cannot_be_reached_and_tasks_that_end_the_play(ansible: Ansible) -> None:
    hosts = {
        "here": PLACES["as module"],
        "nowhere": {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1},
    }
    tasks = [
        {"name": "Call", "mediaops.access.freewheel_api": CALL},
        {"name": "Fail", "mediaops.access.freewheel_api": {"path": "services/v4/nothing"}},
    ]
    play = {"name": "Hosts", "hosts": "all", "gather_facts": False, "tasks": tasks}
    play["module_defaults"] = {"group/mediaops.access.freewheel": "{{ sandbox.freewheel }}"}

    run = ansible.run([play], hosts=hosts)

    assert run.status != 0
    assert judge_statistics(run) == []
    assert run.statistics["freewheel"]["requests"] == 3


def test_a_task_that_exceeds_its_timeout_and_a_platform_that_is_not_there(sandbox: Sandbox, ansible: Ansible) -> None:
    sandbox.reset({"faults": [{"platform": "freewheel", "path": "sites", "fault": "hang_before", "seconds": 60}]})
    tasks = [
        {"name": "Look up", "ansible.builtin.debug": {"msg": f"{{{{ {TOKEN} | length }}}}"}},
        {"name": "Call", "mediaops.access.freewheel_api": CALL, "timeout": 2, "ignore_errors": True},
        {
            "name": "Call nobody",
            "mediaops.access.flex_api": {"path": "x", "url": "{{ sandbox.unreachable_url }}", "retries": 1},
            "ignore_errors": True,
        },
    ]
    play = {"name": "Time", "hosts": "localhost", "gather_facts": False, "tasks": tasks}
    play["module_defaults"] = {
        f"group/mediaops.access.{name}": f"{{{{ sandbox.{name} }}}}" for name in ("flex", "freewheel")
    }

    run = ansible.run([play], hosts={"localhost": PLACES["in process"]})

    assert run.status == 0, run.output
    assert judge_statistics(run) == []
    assert run.statistics["freewheel"]["requests"] == 2


def test_without_the_callback_nothing_is_displayed_or_written(ansible: Ansible) -> None:
    ansible.environment["ANSIBLE_CALLBACKS_ENABLED"] = "record"

    run = run_plays(ansible, "in process")

    assert run.status == 0, run.output
    assert BANNER not in run.output
    assert run.statistics == {}
    assert "_mediaops_statistics" not in run.output


def test_a_play_that_uses_no_platform_has_no_statistics(ansible: Ansible) -> None:
    run = ansible.run([{"name": "Idle", "hosts": "localhost", "gather_facts": False, "tasks": []}])

    assert run.problems() == []
    assert BANNER not in run.output


def test_a_file_that_cannot_be_written_is_a_warning(sandbox: Sandbox, ansible: Ansible) -> None:
    (ansible.folder / "statistics-1.json").mkdir()
    play = {"name": "Look up", "hosts": "localhost", "gather_facts": False}
    play["tasks"] = [{"name": "Look up", "ansible.builtin.assert": {"that": f"{TOKEN} | length > 20", "quiet": True}}]

    run = ansible.run([play])

    assert run.status == 0
    path = ansible.folder / "statistics-1.json"
    assert f"The access statistics were not written, see MEDIAOPS_STATISTICS_FILE: {path}" in " ".join(
        run.output.split()
    )
    assert [line.split()[0] for line in lines_after_the_recap(run)] == ["FreeWheel"]


def test_a_job_of_ansible_runner(sandbox: Sandbox, tmp_path: pathlib.Path) -> None:
    """As in AWX, whose jobs are folders of ansible-runner, and which enables callbacks in the project's ansible.cfg."""
    runner = pathlib.Path(sys.executable).parent / "ansible-runner"
    user = sandbox.state()["freewheel"]["users"][0]
    task = {"name": "Call", "mediaops.access.freewheel_api": CALL, "loop": [1, 2, 3]}
    play = [{"name": "Job", "hosts": "localhost", "gather_facts": False, "tasks": [task]}]
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "play.yml").write_text(json.dumps(play), encoding="utf-8")
    (tmp_path / "project" / "ansible.cfg").write_text(
        "[defaults]\ncallbacks_enabled = mediaops.access.access_statistics\n"
        "[callback_access_statistics]\nstatistics_file = ../statistics.json\n",
        encoding="utf-8",
    )

    job = subprocess.run(
        [runner, "run", tmp_path, "-p", "play.yml"],
        env={
            "PATH": f"{runner.parent}:/usr/bin:/bin",
            "HOME": str(tmp_path),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": collections_path(),
            "FREEWHEEL_URL": f"{sandbox.url}/freewheel",
            "FREEWHEEL_USERNAME": user["username"],
            "FREEWHEEL_PASSWORD": user["password"],
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert job.returncode == 0, job.stdout
    assert "FreeWheel : requests=4 " in job.stdout
    path = tmp_path / "statistics.json"
    assert json.loads(path.read_text(encoding="utf-8"))["freewheel"]["logins"] == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_guide_names_every_number() -> None:
    guide = (ROOT / "docs" / "guides" / "statistics.md").read_text(encoding="utf-8")
    names = ("requests", "logins", "cached_tokens", "repeats", "responses_429", "seconds_waited")
    assert [name for name in names if f"| `{name}` |" not in guide] == []
