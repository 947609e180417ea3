# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single cases, each a play of its own on a freshly prepared sandbox: failures with their message, and successes under odd conditions."""

from __future__ import annotations

import itertools
import pathlib
import re

import pytest
import yaml
from driver import HERE, MODES, STRICT, Ansible, Facts, Phase, report

pytestmark = pytest.mark.timeout(600)  # of seconds on a busy machine

FILES = sorted((HERE / "cases").glob("*.yml"))
PLATFORMS = ("flex", "freewheel", "audienceplayer", "movingimage", "oauth2", "playlyfe")
#: Each module has its connection options.
DEFAULTS = {f"group/mediaops.access.{platform}": f"{{{{ sandbox.{platform} }}}}" for platform in PLATFORMS}
EACH_AS_MODULES = 4  # of a file's cases, every fourth one
KEYS = {"name", "tasks", "vars", "switches", "state", "faults", "msg", "status", "error_code", "absent"}


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_cases(file: pathlib.Path, ansible: Ansible) -> None:
    cases = yaml.safe_load(file.read_text(encoding="utf-8"))
    problems = [f"{case['name']}: unknown keys {set(case) - KEYS}" for case in cases if set(case) - KEYS]
    plays = [
        {
            "name": case["name"],
            "hosts": "localhost",
            "gather_facts": False,
            "ignore_errors": True,
            "module_defaults": DEFAULTS,
            "vars": case.get("vars", {}),
            "tasks": case["tasks"],
        }
        for case in cases
    ]
    prepare = {
        case["name"]: {key: case[key] for key in ("switches", "state", "faults") if key in case} for case in cases
    }
    both = {play["name"] for play in plays[::EACH_AS_MODULES]}
    runs = []
    outcomes = []
    for mode, variables in list(MODES.items())[: None if STRICT else 1]:
        # As modules each task takes a second, and the messages are made by the same code: some of them are enough.
        chosen = slice(None, None, 1 if mode == "in process" else EACH_AS_MODULES)
        run = ansible.home(mode).run(
            plays[chosen], hosts={"localhost": variables} if variables else None, prepare=prepare
        )
        found = run.problems()
        if run.status:
            found.append(f"ansible-playbook ended with status {run.status}")
        for case, phase in zip(cases[chosen], run.phases):
            found += [f"{case['name']}: {problem}" for problem in judge_case(case, phase)]
        problems += [f"{mode}: {problem}" for problem in found]
        runs += [run] if found else []
        outcomes.append(
            [(phase.name, outcome) for phase in run.phases if phase.name in both for outcome in phase.outcomes()]
        )
    here, as_module = outcomes[0], outcomes[-1]
    problems += [
        f"in process {left}, as module {right}"
        for left, right in itertools.zip_longest(here, as_module)
        if left != right
    ]
    if problems:
        pytest.fail(report(problems, runs), pytrace=False)


def judge_case(case: Facts, phase: Phase) -> list[str]:
    """What is wrong with a case's play: it must fail in exactly one task, with its msg, or not at all where it has none."""
    failed = [task for task in phase.tasks if task["outcome"] in ("failed", "unreachable") and task["item"] is None]
    if len(failed) != ("msg" in case):
        return [f"{len(failed)} tasks failed: {[(task['task'], task['result']) for task in failed]}"]
    if not failed:
        return []
    items = [
        task
        for task in phase.tasks
        if task["outcome"] == "failed" and task["item"] is not None and task["task"] == failed[0]["task"]
    ]
    result = (items or failed)[0]["result"]
    problems = []
    msg = result.get("msg", "")
    if not re.search(case["msg"], msg):
        problems.append(f"msg is {msg!r}, and should match {case['msg']!r}")
    problems += [f"msg has {word!r} in it: {msg!r}" for word in case.get("absent", []) if word in msg]
    problems += [
        f"{key} is {result.get(key)!r}, not {case[key]!r}"
        for key in ("status", "error_code")
        if key in case and result.get(key) != case[key]
    ]
    if failed[0]["action"].startswith("mediaops.access.") and "censored" not in result and not result.get("provider"):
        problems.append("the result lacks provider")
    return problems
