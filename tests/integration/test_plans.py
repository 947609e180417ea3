# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a run: what the output and the files say, what counts as drift, and what an approved plan refuses."""

from __future__ import annotations

import json
import os
import pathlib
import typing as t

import jsonschema
import pytest
from driver import ROOT, Ansible, Facts, Run, Sandbox, report

pytestmark = pytest.mark.timeout(600)  # of seconds on a busy machine

SCHEMA = json.loads((ROOT / "roles" / "provision" / "files" / "plan.schema.json").read_text(encoding="utf-8"))
Change = tuple[str | None, str, str, str, bool]


def manifest_for(sandbox: Sandbox, work: pathlib.Path) -> Facts:
    connections = sandbox.variables()["sandbox"]
    vera, film, months = {"user_email": "vera@example.com"}, {"product_id": 444}, {"subscription_id": 555}
    return {
        "flex": {
            **connections["flex"],
            "applications": [{"name": "Reviewer", "description": "Reviews"}],
        },
        "freewheel": {**connections["freewheel"], "tokens": [{"name": "mrm"}, {"name": "the same login"}]},
        "audienceplayer": {
            **connections["audienceplayer"],
            "users": [{**vera, "user_name": "Vera"}],
            "entitlements": [{**vera, **film}, {**vera, **months, "expires_at": "2035-01-01T00:00:00Z"}],
        },
        "playlyfe": {
            **connections["playlyfe"],
            "players": [{"id": "p1", "alias": "Player One"}, {"id": "p2", "state": "absent"}],
        },
        "deliver": [{"dest": str(work / "credentials.json"), "format": "json"}],
    }


PLAYERS = {
    "switches": {"freewheel.repeat_login": "new_token"},
    "state": {"playlyfe": {"players": [{"id": name, "alias": f"Old {name}"} for name in ("p1", "p2")]}},
}
LINES = [
    "+ user vera@example.com",
    "+ entitlement vera@example.com product 444",
    "+ entitlement vera@example.com subscription 555",
    "+ application Reviewer",
    "+ token mrm (local)",
    "~ player p1 (alias)",
    "- player p2",
]


def run(ansible: Ansible, manifest: Facts, *arguments: str, playbook: str = "provision", **variables: t.Any) -> Run:
    path = ansible.folder / "variables.json"
    path.write_text(json.dumps({"provision_manifest": manifest, **variables}), encoding="utf-8")
    play = [{"name": "Run", "ansible.builtin.import_playbook": f"mediaops.access.{playbook}"}]
    done = ansible.run(play, "-e", f"@{path}", *arguments)
    problems = done.problems()
    if problems:
        pytest.fail(report(problems, [done]), pytrace=False)
    return done


def shown(done: Run, name: str) -> list[str]:
    return [task["result"]["msg"] for task in done.phases[0].tasks if task["task"].endswith(name)][-1]


def failure(done: Run) -> str:
    return [task for task in done.phases[0].tasks if task["outcome"] == "failed"][-1]["result"]["msg"]


def changes(path: pathlib.Path) -> list[Change]:
    plan = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(SCHEMA).validate(plan)
    assert path.stat().st_mode & 0o777 == 0o600
    return [(*(change[key] for key in ("provider", "kind", "name", "action")), change["local"]) for change in plan]


def test_the_plan_is_what_the_run_does_and_is_empty_afterwards(sandbox: Sandbox, ansible: Ansible) -> None:
    sandbox.reset(PLAYERS)
    manifest = manifest_for(sandbox, ansible.work)
    credentials = str(ansible.work / "credentials.json")
    files = [ansible.folder / f"{name}.json" for name in ("check", "real", "again")]

    check = run(ansible, manifest, "--check", provision_plan_file=str(files[0]))
    real = run(ansible, manifest, provision_plan_file=str(files[1]))
    again = run(ansible, manifest, provision_plan_file=str(files[2]))

    assert (check.status, real.status, again.status) == (0, 0, 0)
    assert changes(files[0]) == changes(files[1])
    assert changes(files[1]) == [
        ("audienceplayer", "user", "vera@example.com", "create", False),
        ("audienceplayer", "entitlement", "vera@example.com product 444", "create", False),
        ("audienceplayer", "entitlement", "vera@example.com subscription 555", "create", False),
        ("flex", "application", "Reviewer", "create", False),
        ("freewheel", "token", "mrm", "obtain", True),
        ("playlyfe", "player", "p1", "update", False),
        ("playlyfe", "player", "p2", "delete", False),
        (None, "credentials", credentials, "create", True),
    ]
    assert changes(files[2]) == []
    assert not [task["task"] for task in again.phases[0].tasks if task["changed"]]
    for done in (check, real):
        assert shown(done, "Show the changes") == [*LINES, f"+ credentials {credentials}"]
    assert shown(check, "Show the number of changes") == [
        "AudiencePlayer: 3 to create",
        "Flex Media Platform: 1 to create",
        "FreeWheel: 1 to obtain, 1 unchanged",
        "Playlyfe: 1 to update, 1 to delete",
        "Delivered credentials: 1 to create",
    ]
    assert shown(again, "Show the number of changes") == [
        "AudiencePlayer: 3 unchanged",
        "Flex Media Platform: 1 unchanged",
        "FreeWheel: 2 unchanged",
        "Playlyfe: 2 unchanged",
    ]

    rotated = run(ansible, manifest, playbook="rotate", provision_plan_file=str(files[2]))
    assert rotated.status == 0
    assert changes(files[2]) == [
        ("flex", "application", "Reviewer", "rotate", False),
        ("freewheel", "token", "mrm", "rotate", False),
        ("freewheel", "token", "mrm", "revoke", False),
        (None, "credentials", credentials, "update", True),
    ]

    revoked = run(ansible, manifest, playbook="revoke", provision_plan_file=str(files[2]))
    assert revoked.status == 0
    assert changes(files[2]) == [
        ("audienceplayer", "entitlement", "vera@example.com product 444", "delete", False),
        ("audienceplayer", "entitlement", "vera@example.com subscription 555", "delete", False),
        ("flex", "application", "Reviewer", "delete", False),
        ("freewheel", "token", "mrm", "revoke", False),
        ("playlyfe", "player", "p1", "delete", False),
        (None, "credentials", credentials, "delete", True),
    ]


def test_drift_is_a_difference_of_a_platform_not_of_this_controller(sandbox: Sandbox, ansible: Ansible) -> None:
    sandbox.reset(PLAYERS)
    manifest = manifest_for(sandbox, ansible.work)
    first = run(ansible, manifest, "--check", provision_fail_on_change=True)
    assert first.status != 0
    assert failure(first) == f"The platforms differ from the manifest in 6 items: {'; '.join(LINES[:4] + LINES[5:])}"
    assert run(ansible, manifest).status == 0
    (ansible.work / "credentials.json").unlink()

    fresh = run(ansible.home("fresh"), manifest, "--check", "-e", "provision_fail_on_change=true")

    assert fresh.status == 0
    assert shown(fresh, "Show the changes")[0] == "+ token mrm (local)"

    state = sandbox.state()["playlyfe"]
    state["players"][0]["alias"] = "Somebody"
    sandbox.control("state", "PUT", {"playlyfe": state})
    drifted = run(ansible.home("drifted"), manifest, "--check", provision_fail_on_change=True)
    assert drifted.status != 0
    assert failure(drifted) == "The platforms differ from the manifest in 1 item: ~ player p1 (alias)"
    corrected = run(ansible, manifest, provision_fail_on_change=True)
    assert corrected.status != 0
    assert failure(corrected).startswith("The platforms differed from, and now match, the manifest in 1 item: ")
    assert sandbox.state()["playlyfe"]["players"][0]["alias"] == "Player One"


def test_an_approved_plan_refuses_what_it_does_not_contain(sandbox: Sandbox, ansible: Ansible) -> None:
    sandbox.reset(PLAYERS)
    manifest, approved = manifest_for(sandbox, ansible.work), ansible.folder / "approved.json"
    assert run(ansible, manifest, "--check", provision_plan_file=str(approved)).status == 0
    manifest["playlyfe"]["players"][0]["alias"] = "Another"
    manifest["audienceplayer"]["users"] = []  # fewer changes than approved
    manifest["audienceplayer"]["entitlements"] = []
    before = sandbox.state()
    plan = ansible.folder / "real.json"

    for arguments in (["--check"], []):
        done = run(ansible, manifest, *arguments, provision_approved_plan=str(approved), provision_plan_file=str(plan))

        assert done.status != 0
        message = failure(done)
        assert f"Playlyfe: nothing was changed, because the approved plan {approved} does not contain: " in message
        assert "~ player p1 (alias). Have the changes approved" in message
        assert "player p2" not in message and "\n" not in message
        assert [change[:3] for change in changes(plan)][:2] == [
            ("flex", "application", "Reviewer"),
            ("freewheel", "token", "mrm"),
        ]
        assert sandbox.state()["playlyfe"]["players"] == before["playlyfe"]["players"]
        names = [application["applicationName"] for application in sandbox.state()["flex"]["applications"]]
        assert names.count("Reviewer") == (0 if arguments else 1)

    manifest["playlyfe"]["players"][0]["alias"] = "Player One"
    done = run(ansible, manifest, provision_approved_plan=str(approved), provision_plan_file=str(plan))
    assert done.status == 0
    assert changes(plan) == [
        ("playlyfe", "player", "p1", "update", False),
        ("playlyfe", "player", "p2", "delete", False),
    ]


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"provision_plan_file": "plan.txt"}, "plan.txt must end with .json or .md, which determines the format"),
        ({"provision_plan_file": "FOLDER/missing/plan.md"}, "No such file or directory"),
        ({"provision_plan_file": "FOLDER/fifo.md"}, "is a FIFO, not a regular file"),
        ({"provision_approved_plan": "FOLDER/none.json"}, "none.json cannot be read: No such file or directory"),
        ({"provision_approved_plan": "FOLDER/broken.json"}, "broken.json is not a plan: it is not valid JSON"),
        (
            {"provision_approved_plan": "FOLDER/other.json"},
            "other.json is not a plan: [0].action: must be create, update",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_wrong_file_is_refused_before_anything_is_sent(
    variables: Facts, problem: str, sandbox: Sandbox, ansible: Ansible
) -> None:
    os.mkfifo(ansible.folder / "fifo.md")
    (ansible.folder / "broken.json").write_text("[", encoding="utf-8")
    other = {"provider": "flex", "kind": "application", "name": "a", "action": "burn", "before": None, "after": None}
    (ansible.folder / "other.json").write_text(json.dumps([other]), encoding="utf-8")
    paths = {name: value.replace("FOLDER", str(ansible.folder)) for name, value in variables.items()}

    done = run(ansible, manifest_for(sandbox, ansible.work), **paths)

    assert done.status != 0
    assert problem in failure(done)
    assert not done.phases[0].requests


def test_a_markdown_plan_of_a_run_that_failed(sandbox: Sandbox, ansible: Ansible) -> None:
    sandbox.reset(PLAYERS)
    manifest, plan = manifest_for(sandbox, ansible.work), ansible.folder / "plan.md"
    manifest["playlyfe"]["players"][0]["alias"] = "<img src=x> | @everyone\n# `not` a heading"
    manifest["flex"]["registration_key"] = "s3cr3t-and-wrong"

    done = run(ansible, manifest, provision_plan_file=str(plan))

    assert done.status != 0
    text = plan.read_text(encoding="utf-8")
    assert text.startswith(
        "## Access changes\n\n- AudiencePlayer: 3 created\n- Flex Media Platform: 0 unchanged, failed\n"
    )
    assert "**Incomplete**, because some items failed:" in text
    assert "| obtain (local) | FreeWheel | token | `mrm` |" in text
    assert "<img" not in text and "@everyone" not in text and "\n# " not in text and "s3cr3t" not in text
    assert plan.stat().st_mode & 0o777 == 0o600


def test_the_playbook_for_entitlements_shows_its_plan(sandbox: Sandbox, ansible: Ansible) -> None:
    items = [{"user_id": 1001, "product_id": 444}, {"user_id": 1001, "product_id": 445, "state": "absent"}]
    plan = ansible.folder / "plan.json"

    done = run(
        ansible,
        {},
        playbook="entitlements",
        entitlements=items,
        audienceplayer=sandbox.variables()["sandbox"]["audienceplayer"],
        provision_plan_file=str(plan),
    )

    assert done.status == 0
    assert ("audienceplayer", "entitlement", "user 1001 product 444", "create", False) in changes(plan)
    assert shown(done, "Show the number of changes") == ["AudiencePlayer: 1 created, 1 unchanged"]
