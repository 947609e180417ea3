# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.mediaops.access.plugins.action.plan import ActionModule
from ansible_collections.mediaops.access.plugins.module_utils._platform.changes import make_change
from ansible_collections.mediaops.access.plugins.plugin_utils._plans import Plans
from ansible_collections.mediaops.access.tests.unit.plugins.action.test_credentials import perform

CREATED = make_change("acme", "application", "A", None, {"description": "x"})
LOCAL = make_change("acme", "token", "mrm", None, {"expires_at": None}, action="obtain", local=True)
TITLES = {"titles": {"acme": "Acme"}, "unchanged": {"acme": 3}}


def run(check_mode=False, **args):
    return perform(ActionModule, "mediaops.access.plan", args, check_mode=check_mode)


def test_a_plan_in_words():
    assert run(changes=[CREATED, LOCAL], **TITLES) == {
        "changed": False,
        "lines": ["+ application A", "+ token mrm (local)"],
        "totals": ["Acme: 1 created, 1 obtained, 3 unchanged"],
        "drift": 1,
        "drift_message": "The platforms differed from, and now match, the manifest in 1 item: + application A",
    }
    predicted = run(check_mode=True, changes=[CREATED] * 12)
    assert predicted["drift_message"].startswith("The platforms differ from the manifest in 12 items: + application A;")
    assert predicted["drift_message"].endswith(" (and 2 more)")
    assert run(changes=[LOCAL], **TITLES)["drift"] == 0
    assert run() == {"changed": False}


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_plan_in_files(tmp_path, check_mode):
    for name in ("plan.json", "plan.md"):
        assert run(check_mode, changes=[CREATED], dest=str(tmp_path / name), **TITLES)["changed"] is False
    assert json.loads((tmp_path / "plan.json").read_text()) == [CREATED]
    assert "| create | Acme | application | `A` |" in (tmp_path / "plan.md").read_text()


def test_unapproved_changes_are_refused(tmp_path):
    approved = tmp_path / "approved.json"
    approved.write_text(json.dumps([CREATED]))
    assert run(changes=[CREATED, LOCAL], approved_plan=str(approved), **TITLES)["drift"] == 1
    other = make_change("acme", "player", "p1", None, {})

    assert run(changes=[CREATED, other], approved_plan=str(approved), **TITLES)["msg"] == (
        f"Acme: nothing was changed, because the approved plan {approved} does not contain: + player p1. Have the "
        "changes approved, and run again with the new plan"
    )


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_prediction_within_a_real_run_is_not_remembered(tmp_path, check_mode):
    approved = tmp_path / "approved.json"
    approved.write_text("[]")
    Plans().add({"a user": {"id": None}})

    run(check_mode, changes=[], approved_plan=str(approved))

    assert (Plans().get("a user") is not None) is check_mode
    Plans().clear()


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        ({"dest": "/tmp/plan.yml"}, "dest: /tmp/plan.yml must end with .json or .md, which determines the format"),
        ({"changes": [{"kind": "player"}]}, "changes[0]: lacks provider, name, action, before and after"),
        ({"changes": ["text"]}, "changes[0]: must be object, not string"),
        ({"dest": "/no/such/folder/plan.md"}, "/no/such/folder/plan.md cannot be written: No such file or directory"),
    ],
)
def test_wrong_options(args, problem):
    result = run(**args)

    assert result["failed"] and problem in result["msg"]
