# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook provision where something is wrong: a platform that fails half-way, and manifests that are not valid."""

from __future__ import annotations

import copy
import json
import pathlib
import typing as t

import pytest
from driver import Ansible, Facts, Phase, Run, Sandbox, report

pytestmark = pytest.mark.timeout(600)  # of seconds on a busy machine

FAILED = "Fail if a platform failed"


def manifest_for(sandbox: Sandbox, work: pathlib.Path) -> Facts:
    """A manifest of all five platforms, whose entries are plain values."""
    connections = sandbox.variables()["sandbox"]
    return {
        "flex": {
            **connections["flex"],
            "applications": [{"name": name, "description": f"Tool {name}"} for name in ("First", "Second", "Third")],
        },
        "freewheel": {**connections["freewheel"], "tokens": [{"name": "mrm"}]},
        "audienceplayer": {**connections["audienceplayer"], "users": [{"user_email": "vera@example.com"}]},
        "movingimage": {**connections["movingimage"], "tokens": [{"name": "portal"}]},
        "playlyfe": {**connections["playlyfe"], "players": [{"id": "p1", "alias": "Player One"}]},
        "deliver": [{"dest": str(work / "credentials.json"), "format": "json"}],
    }


def provision(ansible: Ansible, manifest: Facts | str, *arguments: str, playbook: str = "provision") -> Run:
    variables = ansible.folder / "manifest-variables.json"
    variables.write_text(json.dumps({"provision_manifest": manifest}), encoding="utf-8")
    return ansible.run(
        [{"name": "Provision", "ansible.builtin.import_playbook": f"mediaops.access.{playbook}"}],
        "-e",
        f"@{variables}",
        *arguments,
    )


def failures(run: Run) -> list[Facts]:
    return [task for task in run.phases[0].tasks if task["outcome"] == "failed" and task["item"] is None]


def accept(run: Run, *problems: str) -> None:
    found = [*run.problems(), *problems]
    if found:
        pytest.fail(report(found, [run]), pytrace=False)


def test_a_platform_that_fails_half_way(sandbox: Sandbox, ansible: Ansible) -> None:
    manifest = manifest_for(sandbox, ansible.work)
    delivered = ansible.work / "credentials.json"
    # What an earlier run delivered: it stays until something newer is known.
    old = {"client_id": "old-id", "client_secret": "s3cr3t-of-old"}
    delivered.write_text(json.dumps({"applications": {"Second": old, "Third": old}, "tokens": {}}), encoding="utf-8")
    refusal = {
        "platform": "flex",
        "method": "POST",
        "path": "applications",
        "fault": "status",
        "status": 403,
        "skip": 1,
        "times": 1,
    }
    sandbox.reset({"faults": [refusal]})

    run = provision(ansible, manifest)
    state, files = sandbox.state(), json.loads(delivered.read_text(encoding="utf-8"))
    accept(run, *([] if run.status else ["the exit status is 0"]))
    last = failures(run)[-1]
    assert last["task"].endswith(FAILED)
    message = last["result"]["msg"]
    assert message.startswith("Some items failed; everything else was provisioned and delivered. ")
    assert "403" in message and "\n" not in message
    assert ". Flex Media Platform: application 'Second': " in message
    assert [task for task in run.phases[0].tasks if task["task"].endswith(FAILED)] == [last]
    # The others are provisioned, and so is what the platform did not refuse.
    assert [user["email"] for user in state["audienceplayer"]["users"]].count("vera@example.com") == 1
    assert [player["id"] for player in state["playlyfe"]["players"]] == ["p1"]
    there = {application["applicationName"]: application for application in state["flex"]["applications"]}
    assert sorted(there) == ["First", "Third"]
    # Delivered is what is known now, and what was known of the rest.
    assert sorted(files["tokens"]) == ["mrm", "portal"]
    assert files["applications"]["Second"] == old
    assert {name: files["applications"][name]["client_secret"] for name in there} == {
        name: there[name]["secret"] for name in there
    }
    assert delivered.stat().st_mode & 0o777 == 0o600

    run = provision(ansible, manifest)
    again, files = sandbox.state(), json.loads(delivered.read_text(encoding="utf-8"))
    accept(run, *(["the second run fails"] if run.status else []))
    names = [application["applicationName"] for application in again["flex"]["applications"]]
    assert sorted(names) == ["First", "Second", "Third"]
    assert [
        application for application in again["flex"]["applications"] if application["applicationName"] != "Second"
    ] == state["flex"]["applications"]
    for platform, kind in (("audienceplayer", "users"), ("playlyfe", "players"), ("freewheel", "tokens")):
        assert again[platform][kind] == state[platform][kind]
    secrets = {application["applicationName"]: application["secret"] for application in again["flex"]["applications"]}
    assert {name: application["client_secret"] for name, application in files["applications"].items()} == secrets


@pytest.mark.parametrize("platform", ["freewheel", "audienceplayer"])
def test_a_platform_that_fails_at_once(platform: str, sandbox: Sandbox, ansible: Ansible) -> None:
    """The credentials are refused: there is one message for that platform, and everything else is done."""
    manifest = manifest_for(sandbox, ansible.work)
    manifest[platform]["password" if platform == "freewheel" else "client_secret"] = "s3cr3t-and-wrong"
    run = provision(ansible, manifest)
    accept(run, *([] if run.status else ["the exit status is 0"]))
    last = failures(run)[-1]
    assert last["task"].endswith(FAILED)
    assert platform in last["result"]["msg"].lower()
    name = "FreeWheel: token mrm: " if platform == "freewheel" else "AudiencePlayer: user vera@example.com: "
    assert f"everything else was provisioned and delivered. {name}" in last["result"]["msg"]
    state, files = sandbox.state(), json.loads((ansible.work / "credentials.json").read_text(encoding="utf-8"))
    assert len(state["flex"]["applications"]) == 3
    assert [player["id"] for player in state["playlyfe"]["players"]] == ["p1"]
    assert sorted(files["applications"]) == ["First", "Second", "Third"]
    assert sorted(files["tokens"]) == (["portal"] if platform == "freewheel" else ["mrm", "portal"])


def test_if_nothing_is_obtained_no_file_is_created(sandbox: Sandbox, ansible: Ansible) -> None:
    manifest = only_freewheel(sandbox, ansible)
    manifest["freewheel"]["password"] = "s3cr3t-and-wrong"
    manifest["deliver"].append({"dest": str(ansible.work / "credentials.env"), "format": "dotenv"})
    run = provision(ansible, manifest)
    accept(run, *([] if run.status else ["the exit status is 0"]))
    assert [*ansible.work.iterdir()] == []
    shown = {task["task"].rpartition(" : ")[2]: task["outcome"] for task in run.phases[0].tasks}
    assert shown["Show the changes"] == "skipped"


def test_a_token_that_cannot_be_verified_is_delivered_until_it_is_rotated(sandbox: Sandbox, ansible: Ansible) -> None:
    connection = sandbox.variables()["sandbox"]["oauth2"]
    client = {key: connection[key] for key in ("client_id", "client_secret")}
    tokens = [{"name": "reader", "scope": ["read"]}, {"name": "pipeline"}, {"name": "pipeline too"}]
    delivered = ansible.work / "credentials.json"
    manifest = {
        # Without an issuer, there is no introspection endpoint.
        "oauth2": {**client, "token_url": f"{connection['issuer']}/token", "tokens": tokens},
        "deliver": [{"dest": str(delivered), "format": "json"}],
    }

    def found() -> Facts:
        read = json.loads(delivered.read_text(encoding="utf-8"))["tokens"]
        return {name: token["access_token"] for name, token in read.items()}

    accept(provision(ansible, manifest))
    old = found()
    sandbox.control("tokens/invalidate", "POST", {"platform": "oauth2"})
    run = provision(ansible, manifest)
    accept(run)
    assert found() == old

    run = provision(ansible, manifest, playbook="rotate")
    accept(run, *(["the rotation fails"] if run.status else []))
    assert obtained(run) == [True, True, False]
    new = found()
    assert new["pipeline"] == new["pipeline too"]
    assert not {*new.values()} & {*old.values()}


def only_freewheel(sandbox: Sandbox, ansible: Ansible, *more: Facts) -> Facts:
    """A manifest of FreeWheel's token alone, by default with the sandbox's user."""
    whole = manifest_for(sandbox, ansible.work)
    return {"freewheel": {**whole["freewheel"], "tokens": [{"name": "mrm"}, *more]}, "deliver": whole["deliver"]}


def obtained(run: Run) -> list[bool]:
    """What the task said that obtains tokens, item by item."""
    return [
        task["changed"]
        for task in run.phases[0].tasks
        if task["task"].endswith("Obtain and revoke tokens") and task["item"] is not None
    ]


def test_a_token_that_the_platform_forgot_is_predicted_and_replaced_before_it_is_delivered(
    sandbox: Sandbox, ansible: Ansible
) -> None:
    manifest = only_freewheel(sandbox, ansible, {"name": "the same login"})
    delivered = ansible.work / "credentials.json"
    accept(provision(ansible, manifest))
    old = json.loads(delivered.read_text(encoding="utf-8"))["tokens"]["mrm"]["access_token"]
    sandbox.control("tokens/invalidate", "POST", {"platform": "freewheel"})

    check = provision(ansible, manifest, "--check")
    accept(check, *(["the check fails"] if check.status else []))
    assert obtained(check) == [True, False]
    assert sandbox.state()["freewheel"]["tokens"] == []  # nothing was obtained

    run = provision(ansible, manifest)
    accept(run, *(["the run fails"] if run.status else []))
    assert obtained(run) == obtained(check)
    (alive,) = [token["value"] for token in sandbox.state()["freewheel"]["tokens"]]
    files = json.loads(delivered.read_text(encoding="utf-8"))
    assert {token["access_token"] for token in files["tokens"].values()} == {alive}
    assert alive != old

    again = provision(ansible, manifest)
    accept(again, *(["the second run fails"] if again.status else []))
    assert obtained(again) == [False, False]


@pytest.mark.parametrize("case", ["given", "not to be verified", "in a run without verification"])
def test_a_token_that_is_given_or_not_to_be_verified_is_taken_as_it_is(
    case: str, sandbox: Sandbox, ansible: Ansible
) -> None:
    manifest = only_freewheel(sandbox, ansible)
    accept(provision(ansible, manifest))
    sandbox.control("tokens/invalidate", "POST", {"platform": "freewheel"})
    if case == "given":
        manifest["freewheel"]["access_token"] = "s3cr3t-of-another-origin"
    elif case == "not to be verified":
        manifest["freewheel"]["tokens"][0]["verify"] = False

    run = provision(ansible, manifest, *(["-e", "provision_verify_tokens=false"] if case.startswith("in") else []))

    accept(run, *(["the run fails"] if run.status else []))
    assert obtained(run) == [False]


def test_the_report_says_that_a_token_is_dead(sandbox: Sandbox, ansible: Ansible) -> None:
    manifest = only_freewheel(sandbox, ansible)
    page = ansible.work / "report.html"
    play = [{"name": "Report", "ansible.builtin.import_playbook": "mediaops.access.report"}]
    variables = ansible.folder / "report-variables.json"
    variables.write_text(
        json.dumps({"provision_manifest": {"freewheel": manifest["freewheel"]}, "report_file": str(page)}),
        encoding="utf-8",
    )
    accept(provision(ansible, manifest))
    for dead in (False, True):
        if dead:
            sandbox.control("tokens/invalidate", "POST", {"platform": "freewheel"})

        run = ansible.run(play, "-e", f"@{variables}")

        accept(run, *(["the report fails"] if run.status else []))
        (said,) = [task["result"]["msg"] for task in run.phases[0].tasks if task["task"].endswith("Show the result")]
        assert said.endswith(f"Pending changes: {{'freewheel': {int(dead)}}}")


def test_old_credentials_are_retired_only_after_the_new_ones_are_delivered(sandbox: Sandbox, ansible: Ansible) -> None:
    """A rotation whose delivery fails, or whose section does, retires nothing; the next ordinary run completes it."""
    connections = sandbox.variables()["sandbox"]
    old = {"id": 7, "applicationName": "Reviewer", "description": "Tool", "secret": "s3cr3t-of-old"}
    prepare = {"switches": {"freewheel.repeat_login": "new_token"}, "state": {"flex": {"applications": [old]}}}
    sandbox.reset(prepare)
    applications = [{"name": "Reviewer", "retire_after": 0}]
    manifest: Facts = {
        "flex": {**connections["flex"], "applications": applications},
        "freewheel": {**connections["freewheel"], "tokens": [{"name": "mrm"}]},
    }
    delivered = ansible.work / "credentials.json"
    reachable = [{"dest": str(delivered), "format": "json"}]
    unreachable = [
        {"format": "vault_kv2", "url": connections["unreachable_url"], "path": "x", "token": "s3cr3t-of-vault"}
    ]

    def alive() -> tuple[list[int], int]:
        state = sandbox.state()
        return [item["id"] for item in state["flex"]["applications"]], len(state["freewheel"]["tokens"])

    def rotate(manifest: Facts) -> Run:
        variables = ansible.folder / "rotate-variables.json"
        variables.write_text(json.dumps({"provision_manifest": manifest, "rotate_overlap": True}), encoding="utf-8")
        play = [{"name": "Rotate", "ansible.builtin.import_playbook": "mediaops.access.rotate"}]
        return ansible.run(play, "-e", f"@{variables}")

    accept(provision(ansible, {**manifest, "deliver": reachable}))
    assert alive() == ([7], 1)

    run = rotate({**manifest, "deliver": unreachable})
    accept(run, *([] if run.status else ["the exit status is 0"]))
    assert alive() == ([7, 8], 2)

    refused = [*applications, {"name": "Without a description"}]
    run = rotate({**manifest, "flex": {**manifest["flex"], "applications": refused}, "deliver": reachable})
    accept(run, *([] if run.status else ["the exit status is 0"]))
    assert alive() == ([7, 8, 9], 1)  # FreeWheel's section has not failed

    run = provision(ansible, {**manifest, "deliver": reachable})
    accept(run, *(["the run fails"] if run.status else []))
    assert alive() == ([9], 1)
    files, state = json.loads(delivered.read_text(encoding="utf-8")), sandbox.state()
    assert files["applications"]["Reviewer"]["client_secret"] == state["flex"]["applications"][0]["secret"]
    assert files["tokens"]["mrm"]["access_token"] == state["freewheel"]["tokens"][0]["value"]


def test_with_retire_after_old_registrations_are_removed_by_a_run_after_the_delivery(
    sandbox: Sandbox, ansible: Ansible
) -> None:
    """Not by the run that delivers the new credentials, however late it is. Checks and approvals say the same."""
    old = {"id": 7, "applicationName": "Reviewer (retiring since 2020-01-01T00:00:00Z)", "description": "Tool"}
    sandbox.reset({"state": {"flex": {"applications": [old, {**old, "id": 8, "applicationName": "Reviewer"}]}}})
    connection = sandbox.variables()["sandbox"]["flex"]
    manifest: Facts = {
        "flex": {**connection, "applications": [{"name": "Reviewer", "retire_after": 3600}]},
        "deliver": [{"dest": str(ansible.work / "credentials.json"), "format": "json"}],
    }
    plan = ansible.folder / "plan.json"
    approved = ["-e", f"provision_approved_plan={plan}"]

    def check_and_apply() -> list[str]:
        """What the check predicts of the platform, which is what the run does and needs the approval for."""
        for arguments in (["--check", "-e", f"provision_plan_file={plan}"], ["--check", *approved], approved):
            run = provision(ansible, manifest, *arguments)
            accept(run, *(["the run fails"] if run.status else []))
        planned = json.loads(plan.read_text(encoding="utf-8"))
        return [f"{change['action']} {change['name']}" for change in planned if not change["local"]]

    def alive() -> list[int]:
        return [item["id"] for item in sandbox.state()["flex"]["applications"]]

    assert check_and_apply() == []
    assert alive() == [7, 8]

    plan.write_text("[]", encoding="utf-8")
    run = provision(ansible, manifest, *approved)
    accept(run, *([] if run.status else ["the exit status is 0"]))
    assert alive() == [7, 8]

    assert check_and_apply() == ["delete Reviewer (retiring)"]
    assert alive() == [8]
    assert check_and_apply() == []


def test_new_tokens_do_not_postpone_the_removal_of_old_registrations(sandbox: Sandbox, ansible: Ansible) -> None:
    """A destination that changes in each run, because a token has a short life, does not have a new application."""
    old = {"id": 7, "applicationName": "Reviewer (retiring since 2020-01-01T00:00:00Z)", "description": "Tool"}
    sandbox.reset({"state": {"flex": {"applications": [old, {**old, "id": 8, "applicationName": "Reviewer"}]}}})
    connections = sandbox.variables()["sandbox"]
    manifest: Facts = {
        "flex": {**connections["flex"], "applications": [{"name": "Reviewer", "retire_after": 3600}]},
        "movingimage": {**connections["movingimage"], "tokens": [{"name": "portal"}]},
        "deliver": [{"dest": str(ansible.work / "credentials.json"), "format": "json"}],
    }
    plan = ansible.folder / "plan.json"

    def alive() -> list[int]:
        return [item["id"] for item in sandbox.state()["flex"]["applications"]]

    accept(provision(ansible, manifest))
    assert alive() == [7, 8]

    sandbox.control("tokens/invalidate", "POST", {"platform": "movingimage"})
    delivered = (ansible.work / "credentials.json").read_text(encoding="utf-8")
    accept(provision(ansible, manifest, "--check", "-e", f"provision_plan_file={plan}"))
    planned = json.loads(plan.read_text(encoding="utf-8"))
    assert [change["name"] for change in planned if not change["local"]] == ["Reviewer (retiring)"]
    accept(provision(ansible, manifest))
    assert alive() == [8]
    assert (ansible.work / "credentials.json").read_text(encoding="utf-8") != delivered


def test_a_plan_that_cannot_be_written_does_not_hide_the_other_failures(sandbox: Sandbox, ansible: Ansible) -> None:
    sandbox.reset({})
    folder, tasks = ansible.folder / "plans", ansible.folder / "remove.yml"
    folder.mkdir()
    remove = {"name": "Remove", "ansible.builtin.file": {"path": str(folder), "state": "absent"}}
    tasks.write_text(json.dumps([remove]), encoding="utf-8")
    manifest: Facts = {
        "flex": {**sandbox.variables()["sandbox"]["flex"], "applications": [{"name": "Without a description"}]},
        "deliver": [{"format": "tasks", "file": str(tasks)}],
    }

    run = provision(ansible, manifest, "-e", f"provision_plan_file={folder}/plan.json")

    accept(run, *([] if run.status else ["the exit status is 0"]))
    message = failures(run)[-1]["result"]["msg"]
    assert "description is required to register it" in message
    assert "plan.json cannot be written" in message


#: What is changed in a valid manifest, by path, and the place that the message names.
INVALID: dict[str, tuple[tuple[str | int, ...], object, str]] = {
    "an unknown section": (("flux",), {}, "flux"),
    "an unknown option": (("flex", "registration_kee"), "s3cr3t-key", "registration_kee"),
    "an item without its name": (("flex", "applications", 1), {"description": "Nameless"}, "flex.applications[1]"),
    "a wrong type": (("audienceplayer", "project_id"), ["s3cr3t-list"], "audienceplayer.project_id"),
    "a list that is none": (("playlyfe", "players"), {"id": "p1"}, "playlyfe.players"),
    "an unknown choice": (("freewheel", "tokens", 0, "state"), "s3cr3t-away", "freewheel.tokens[0].state"),
    "an unknown format": (("deliver", 0, "format"), "toml", "deliver[0].format"),
    "a delivery to nowhere": (("deliver", 0), {"format": "json"}, "deliver[0]"),
    "a name twice": (("flex", "applications", 2, "name"), "First", "flex.applications[2]"),
    "a section that is none": (("movingimage",), "s3cr3t-text", "movingimage"),
}


def test_invalid_manifests(sandbox: Sandbox, ansible: Ansible) -> None:
    """Each is refused with one message that names the file and the place in it, before anything is sent."""
    valid = manifest_for(sandbox, ansible.work)
    plays = []
    for number, (name, (path, value, _place)) in enumerate(INVALID.items()):
        manifest = copy.deepcopy(valid)
        node: t.Any = manifest
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = value
        file = ansible.folder / f"manifest-{number}.yml"
        file.write_text(json.dumps(manifest), encoding="utf-8")
        plays.append(play(name, str(file)))
    (ansible.folder / "list.yml").write_text("- a\n- b\n", encoding="utf-8")
    (ansible.folder / "broken.yml").write_text("flex: {url: 's3cr3t\n", encoding="utf-8")
    plays += [play(name, str(ansible.folder / f"{name}.yml")) for name in ("list", "broken", "missing")]
    plays.append(play("a dictionary", {**valid, "flux": {}}))
    run = ansible.run(plays)
    accept(run, *(["a play fails"] if run.status else []))
    wanted = [(f"manifest-{number}.yml", place) for number, (_path, _value, place) in enumerate(INVALID.values())]
    wanted += [
        ("list.yml", "mapping"),
        ("broken.yml", "cannot be read"),
        ("missing.yml", "not found"),
        ("the supplied dictionary", "flux"),
    ]
    for phase, texts in zip(run.phases, wanted, strict=True):
        refused_at_once(phase, texts)
    assert not list(ansible.work.iterdir())


def refused_at_once(phase: Phase, texts: t.Iterable[str]) -> None:
    """One task failed, with a message in one line that has these texts, and nothing was sent."""
    failed = [task for task in phase.tasks if task["outcome"] == "failed"]
    assert len(failed) == 1, (phase.name, failed)
    message = failed[0]["result"]["msg"]
    assert all(text in message for text in texts), (phase.name, message)
    assert "\n" not in message and len(message) < 600, (phase.name, message)
    assert not phase.requests, phase.name


def play(name: str, manifest: Facts | str, role: str = "provision") -> Facts:
    tasks = [
        {
            "name": "Provision",
            "ansible.builtin.include_role": {"name": f"mediaops.access.{role}"},
            "vars": {f"{role}_manifest": manifest},
        }
    ]
    rescue = [{"name": "It failed", "ansible.builtin.debug": {"msg": "as it should"}}]
    return {
        "name": name,
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [{"name": "Try", "block": tasks, "rescue": rescue}],
    }


#: What is wrong in a section that a platform's role gets, and the texts that the message has.
INVALID_SECTIONS: dict[str, tuple[Facts, tuple[str, ...]]] = {
    "flex_application": ({"aplications": []}, ("flex", "aplications")),
    "freewheel_access": ({"tokens": [{"password": "s3cr3t-of-nobody"}]}, ("freewheel.tokens[0]", "name")),
    "audienceplayer_access": ({"timeut": 5}, ("audienceplayer", "timeut")),
    "movingimage_access": ({"tokens": {"name": "portal"}}, ("movingimage.tokens",)),
    "oauth2_access": ({"tokens": [{"name": "api", "grant": "implicit"}]}, ("oauth2.tokens[0].grant",)),
    "playlyfe_access": ({"players": [{"id": "p1", "allias": "One"}]}, ("playlyfe.players[0]", "allias")),
}


def test_invalid_sections(sandbox: Sandbox, ansible: Ansible) -> None:
    """A platform's role alone refuses them before anything is sent, too."""
    connections = sandbox.variables()["sandbox"]
    plays = [
        play(role, {**connections[role.partition("_")[0]], **wrong}, role)
        for role, (wrong, _texts) in INVALID_SECTIONS.items()
    ]
    run = ansible.run(plays)
    accept(run, *(["a play fails"] if run.status else []))
    for phase, (_wrong, texts) in zip(run.phases, INVALID_SECTIONS.values(), strict=True):
        refused_at_once(phase, texts)


def test_paths_of_a_section_start_at_the_playbook(sandbox: Sandbox, ansible: Ansible) -> None:
    """Not at the working directory, which is another here."""
    folder = ansible.folder / "plays"
    folder.mkdir()
    (folder / "sold.csv").write_text("user_id,product_id\n1001,445\n", encoding="utf-8")
    section = {
        **sandbox.variables()["sandbox"]["audienceplayer"],
        "entitlements_file": "sold.csv",
        "ledger": "sold.ledger",
    }
    tasks = [{"name": "Entitle", "ansible.builtin.include_role": {"name": "mediaops.access.audienceplayer_access"}}]
    plays = [
        {
            "name": "Entitle",
            "hosts": "localhost",
            "gather_facts": False,
            "vars": {"audienceplayer_access_manifest": section},
            "tasks": tasks,
        }
    ]
    (folder / "site.yml").write_text(json.dumps(plays), encoding="utf-8")
    run = ansible.run(folder / "site.yml")
    accept(run, *(["it fails"] if run.status else []))
    alice = next(user for user in sandbox.state()["audienceplayer"]["users"] if user["id"] == 1001)
    assert 445 in [product["product_id"] for product in alice["products"]]
    assert (folder / "sold.ledger").exists()


@pytest.mark.parametrize("second", ["review tool", "Review-Tool"])
def test_names_that_collide(second: str, sandbox: Sandbox, ansible: Ansible) -> None:
    """Two names that become the same variable of a dotenv file are found before anything is sent."""
    manifest = manifest_for(sandbox, ansible.work)
    manifest["flex"]["applications"] = [{"name": name, "description": "A tool"} for name in ("review_tool", second)]
    manifest["deliver"].append({"dest": str(ansible.work / "credentials.env"), "format": "dotenv"})
    run = provision(ansible, manifest)
    accept(run, *([] if run.status else ["the exit status is 0"]))
    assert len(failures(run)) == 1
    message = failures(run)[0]["result"]["msg"]
    assert "'review_tool'" in message and f"'{second}'" in message and "REVIEW_TOOL_CLIENT_ID" in message
    assert not sandbox.control("requests")
    assert not list(ansible.work.iterdir())


@pytest.mark.parametrize("given", [{}, {"entitlements": [], "entitlements_file": "x.csv"}], ids=["neither", "both"])
def test_entitlements_come_as_a_list_or_as_a_file(ansible: Ansible, given: Facts) -> None:
    run = ansible.run(
        [{"name": "Entitle", "ansible.builtin.import_playbook": "mediaops.access.entitlements"}],
        "-e",
        json.dumps(given),
    )

    assert run.status == 2
    assert "Set exactly one of entitlements_file" in run.output


def test_rows_that_fail_are_in_the_rejects_beside_the_manifest_and_the_message_has_the_numbers(
    sandbox: Sandbox, ansible: Ansible
) -> None:
    connection = sandbox.variables()["sandbox"]["audienceplayer"]
    rows = "user_email,product_id\nalice@example.com,444\nnobody@example.com,444\n"
    (ansible.work / "sold.csv").write_text(rows, encoding="utf-8")
    section = {**connection, "entitlements_file": "sold.csv", "rejects_file": "rejects.csv"}
    (ansible.work / "manifest.json").write_text(json.dumps({"audienceplayer": section}), encoding="utf-8")

    run = provision(ansible, str(ansible.work / "manifest.json"))

    message = failures(run)[-1]["result"]["msg"]
    assert "1 of 2 entitlements failed: " in message and "rejects.csv" in message, message
    reason = "there is no such user. Set auto_register to create users by user_email"
    rejects = (ansible.work / "rejects.csv").read_text(encoding="utf-8")
    assert rejects == f"user_email,product_id,reason\nnobody@example.com,444,{reason}\n"
