# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a manifest does not name is removed within limits, and a part of it is provisioned, rotated and revoked alone."""

from __future__ import annotations

import json
import typing as t

import pytest
from driver import Ansible, Facts, Run, Sandbox
from test_provision_failures import accept, failures, manifest_for

pytestmark = pytest.mark.timeout(600)  # of seconds on a busy machine


def play(ansible: Ansible, playbook: str, manifest: Facts, *arguments: str) -> Run:
    variables = ansible.folder / "manifest-variables.json"
    variables.write_text(json.dumps({"provision_manifest": manifest}), encoding="utf-8")
    plays = [{"name": "Play", "ansible.builtin.import_playbook": f"mediaops.access.{playbook}"}]
    return ansible.run(plays, "-e", f"@{variables}", *arguments)


def only(*parts: str) -> tuple[str, str]:
    return "-e", f"provision_only={','.join(parts)}"


def succeed(run: Run) -> None:
    accept(run, *(["the run fails"] if run.status else []))


def delivered(ansible: Ansible) -> Facts:
    return t.cast(Facts, json.loads((ansible.work / "credentials.json").read_text(encoding="utf-8")))


def names(sandbox: Sandbox) -> list[str]:
    return sorted(application["applicationName"] for application in sandbox.state()["flex"]["applications"])


def test_more_removals_than_the_limit_change_nothing_on_that_platform(sandbox: Sandbox, ansible: Ansible) -> None:
    leftovers = [{"id": number, "applicationName": f"Left {number}", "description": "-"} for number in (21, 22, 23)]
    players = [{"id": "p8", "alias": "Eight"}, {"id": "p9", "alias": "Nine"}]
    sandbox.reset({"state": {"flex": {"applications": leftovers}, "playlyfe": {"players": players}}})
    manifest = manifest_for(sandbox, ansible.work)
    manifest["flex"].update(prune=True, prune_limit=2)
    manifest["playlyfe"].update(prune=True, prune_limit=2)

    check = play(ansible, "provision", manifest, "--check")
    run = play(ansible, "provision", manifest)

    for each in (check, run):
        accept(each, *([] if each.status else ["the exit status is 0"]))
        message = failures(each)[-1]["result"]["msg"]
        assert "prune would remove 3 applications, which is more than prune_limit (2): 'Left 21' (id 21)" in message
    assert names(sandbox) == ["Left 21", "Left 22", "Left 23"]
    assert [player["id"] for player in sandbox.state()["playlyfe"]["players"]] == ["p1"]
    assert sorted(delivered(ansible)["tokens"]) == ["mrm", "portal"]

    manifest["flex"]["prune_limit"] = 3
    succeed(play(ansible, "provision", manifest))
    assert names(sandbox) == ["First", "Second", "Third"]


def test_a_part_is_rotated_and_revoked_alone(sandbox: Sandbox, ansible: Ansible) -> None:
    manifest = manifest_for(sandbox, ansible.work)
    succeed(play(ansible, "provision", manifest))
    before = delivered(ansible)

    succeed(play(ansible, "rotate", manifest, *only("flex.applications.Second")))
    rotated = delivered(ansible)
    assert rotated["tokens"] == before["tokens"]
    assert {name for name, entry in rotated["applications"].items() if entry != before["applications"][name]} == {
        "Second"
    }

    check = play(ansible, "revoke", manifest, "--check", *only("flex.applications.First", "freewheel"))
    succeed(check)
    assert delivered(ansible) == rotated
    succeed(play(ansible, "revoke", manifest, *only("flex.applications.First", "freewheel")))
    assert names(sandbox) == ["Second", "Third"]
    assert [player["id"] for player in sandbox.state()["playlyfe"]["players"]] == ["p1"]
    kept = delivered(ansible)
    assert kept == {
        "applications": {name: rotated["applications"][name] for name in ("Second", "Third")},
        "tokens": {"portal": rotated["tokens"]["portal"]},
    }

    # Nothing of another part is provisioned either, and the file keeps what it has.
    again = play(ansible, "provision", manifest, *only("playlyfe"))
    succeed(again)
    assert not again.phases[0].writes()
    assert delivered(ansible) == kept

    succeed(play(ansible, "revoke", manifest, *only("flex", "movingimage", "freewheel")))
    assert names(sandbox) == []
    assert not (ansible.work / "credentials.json").exists()


def test_an_unknown_part_is_refused_before_anything_is_sent(sandbox: Sandbox, ansible: Ansible) -> None:
    run = play(
        ansible, "provision", manifest_for(sandbox, ansible.work), *only("flex.applications.Fourth", "freewheel")
    )

    accept(run, *([] if run.status else ["the exit status is 0"]))
    (failed,) = failures(run)
    assert failed["result"]["msg"] == (
        "only (provision_only in the role): 'flex.applications.Fourth': unknown name 'Fourth'; valid names: First, "
        "Second, Third"
    )
    assert not run.phases[0].requests
