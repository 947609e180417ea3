# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every target predicts, does, and leaves alone, in both modes alike; and everything that the collection offers is in a target."""

from __future__ import annotations

import itertools
import re

import pytest
from driver import ROOT, Ansible, Run, Sandbox, Target, is_module, judge, phases_of, report, targets

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
        here, as_module = ([outcome for outcome in mode if outcome[0] in phases_of("as module")] for mode in outcomes)
        problems = [f"in process {left}, as module {right}" for left, right in itertools.zip_longest(here, as_module) if left != right]
    if problems:
        pytest.fail(report(problems, shown), pytrace=False)


def test_everything_has_a_target() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for target in TARGETS for path in target.folder.rglob("*.yml"))
    folders = [ROOT / "plugins" / kind for kind in ("modules", "lookup", "filter")] + [ROOT / "playbooks", ROOT / "roles"]
    paths = [path for folder in folders if folder.exists() for path in folder.iterdir()]
    names = {path.stem for path in paths if path.suffix in (".py", ".yml") or path.parent.name == "roles"}
    missing = sorted(name for name in names if not name.startswith("_") and not re.search(rf"\bmediaops\.access\.{name}\b", text))
    assert not missing, f"no target names {missing} with mediaops.access. before it"
