# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every target predicts, does, and leaves alone, in both modes alike; and everything that the collection offers is in a target."""

from __future__ import annotations

import itertools
import os
import re

import pytest
import yaml
from driver import NOT_IN_CHECK, ROOT, Ansible, Run, Sandbox, Target, is_module, judge, report, targets

pytestmark = pytest.mark.timeout(600)  # of seconds on a busy machine

TARGETS = targets()


@pytest.mark.parametrize("target", TARGETS, ids=[target.name for target in TARGETS])
def test_target(target: Target, sandbox: Sandbox, ansible: Ansible) -> None:
    problems: list[str] = []
    shown: list[Run] = []
    outcomes = []
    for mode in target.modes:
        sandbox.reset(target.prepare)
        runs, phases = target.run(ansible.home(mode), mode)
        found = judge(target, mode, runs, phases)
        problems += [f"{mode}: {problem}" for problem in found]
        shown += runs if found else []
        outcomes.append([(phase.name, outcome) for phase in phases for outcome in phase.outcomes()])
        if not any(map(is_module, {task["action"] for phase in phases for task in phase.tasks})):
            break  # lookups, filters and their like know no modes
    if not problems and len(outcomes) == 2:
        here, as_module = (
            [outcome for outcome in mode if outcome[0] in target.phases("as module")] for mode in outcomes
        )
        problems = [
            f"in process {left}, as module {right}"
            for left, right in itertools.zip_longest(here, as_module)
            if left != right
        ]
    if problems:
        pytest.fail(report(problems, shown), pytrace=False)


def test_everything_has_a_target() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for target in TARGETS for path in target.folder.rglob("*.yml"))
    folders = [ROOT / "plugins" / kind for kind in ("modules", "lookup", "filter")] + [
        ROOT / "playbooks",
        ROOT / "roles",
    ]
    paths = [path for folder in folders if folder.exists() for path in folder.iterdir()]
    names = {path.stem for path in paths if path.suffix in (".py", ".yml") or path.parent.name == "roles"}
    missing = sorted(
        name for name in names if not name.startswith("_") and not re.search(rf"\bmediaops\.access\.{name}\b", text)
    )
    assert not missing, f"no target names {missing} with mediaops.access. before it"


@pytest.mark.parametrize("target", TARGETS, ids=[target.name for target in TARGETS])
def test_ansible_test_runs_all_of_it(target: Target) -> None:
    """ansible-test passes over a target without main.yml or runme.sh, and over what neither of them names."""
    there = {str(path.relative_to(target.folder)) for path in target.folder.rglob("*")}
    assert "aliases" in there
    if "playbook.yml" in there:
        assert os.access(target.folder / "runme.sh", os.X_OK)
        assert "needs/target/setup_sandbox" in (target.folder / "aliases").read_text(encoding="utf-8").splitlines()
        return
    tasks = yaml.safe_load((target.folder / "tasks" / "main.yml").read_text(encoding="utf-8"))
    verified = {"name": "Verify", "ansible.builtin.import_tasks": "verify.yml", "tags": NOT_IN_CHECK} in tasks
    assert verified == ("tasks/verify.yml" in there)
    assert yaml.safe_load((target.folder / "meta" / "main.yml").read_text(encoding="utf-8")) == {
        "dependencies": [{"role": "setup_sandbox"}]
    }
