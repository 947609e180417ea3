# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks as people start them: with any inventory, without a variable that they need, with an encrypted or a mistaken file."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import pytest
from driver import UNWANTED, Ansible, Facts, Run, Sandbox, report

pytestmark = pytest.mark.timeout(600)  # of seconds on a busy machine

NAMES = ("provision", "rotate", "revoke", "report", "entitlements", "demo", "export")
PASSWORD = "s3cr3t-of-the-vault"
REMEDY = "Give its password with --ask-vault-pass or --vault-password-file"


def run(ansible: Ansible, name: str, variables: Facts, *arguments: str) -> Run:
    """A playbook on its own, as the documentation starts it."""
    path = ansible.folder / "variables.json"
    path.write_text(json.dumps(variables), encoding="utf-8")
    return ansible.run(f"mediaops.access.{name}", "-e", f"@{path}", *arguments)


def message(found: Run, *, warnings: bool = False) -> str:
    """Why it failed: the last failed task's message. Nothing else may be wrong."""
    problems = [problem for problem in found.problems() if not (warnings and problem.startswith("[WARNING]"))]
    failed = [task for phase in found.phases for task in phase.tasks if task["outcome"] == "failed"]
    if problems or not failed or found.status != 2:
        pytest.fail(report([*problems, f"the exit status is {found.status}"], [found]), pytrace=False)
    text: str = failed[-1]["result"]["msg"]
    assert "\n" not in text
    return text


def accept(found: Run) -> None:
    problems = [*found.problems(), *([f"the exit status is {found.status}"] if found.status else [])]
    if problems:
        pytest.fail(report(problems, [found]), pytrace=False)


# --- inventories -------------------------------------------------------------------------------------------------------------


def inventory(kind: str, folder: pathlib.Path) -> list[str]:
    if kind == "-i localhost,":
        return ["-i", "localhost,"]
    path = folder / "inventory.yml"
    # As many have it: with another Python than the one that runs Ansible. A run with this one would fail.
    path.write_text(
        json.dumps({"all": {"hosts": {"localhost": {"ansible_python_interpreter": "/usr/bin/no-such-python"}}}}),
        encoding="utf-8",
    )
    return ["-i", str(path)]


@pytest.mark.parametrize("kind", ["-i localhost,", "a file"])
def test_any_inventory_that_lists_localhost_will_do(kind: str, sandbox: Sandbox, ansible: Ansible) -> None:
    sandbox.reset({"switches": {"freewheel.repeat_login": "new_token"}})
    hosts = inventory(kind, ansible.folder)
    connections = sandbox.variables()["sandbox"]
    csv = ansible.folder / "sold.csv"
    csv.write_text("user_id,product_id\n1001,445\n", encoding="utf-8")
    manifest = {
        "flex": {**connections["flex"], "applications": [{"name": "Reviewer", "description": "Reviews"}]},
        "freewheel": {**connections["freewheel"], "tokens": [{"name": "mrm"}]},
        "deliver": [{"dest": str(ansible.work / "credentials.json"), "format": "json"}],
    }
    given = {"provision_manifest": manifest, "report_file": str(ansible.work / "report.html")}
    for name in ("provision", "report", "rotate", "revoke"):
        accept(run(ansible, name, given, *hosts))
    assert (ansible.work / "report.html").exists()
    given = {
        "audienceplayer": connections["audienceplayer"],
        "entitlements_file": "sold.csv",
        "entitlements_receipt": str(ansible.work / "receipt"),
    }
    accept(run(ansible, "entitlements", given, *hosts))
    assert (ansible.work / "receipt").exists()
    accept(
        run(
            ansible,
            "demo",
            {"sandbox": sandbox.url, "demo_folder": str(ansible.work), "provision_vault_password": PASSWORD},
            *hosts,
        )
    )
    assert (ansible.work / "credentials.env").exists()
    exported = {"export_file": str(ansible.work / "exported.yml"), "export_connection": {"flex": connections["flex"]}}
    accept(run(ansible, "export", exported, *hosts))
    assert (ansible.work / "exported.yml").exists()


def test_every_playbook_is_among_them() -> None:
    playbooks = pathlib.Path(__file__).resolve().parents[2] / "playbooks"

    assert {path.stem for path in playbooks.glob("*.yml")} == set(NAMES)


# --- what is missing ---------------------------------------------------------------------------------------------------------

NEEDED = {
    "provision": "-e provision_manifest=FILE",
    "rotate": "-e provision_manifest=FILE",
    "revoke": "-e provision_manifest=FILE",
    "report": "-e provision_manifest=FILE -e report_file=FILE",
    "export": "-e export_file=FILE",
}


@pytest.mark.parametrize("name", NEEDED)
def test_a_variable_that_is_missing_is_asked_for_by_its_name(name: str, ansible: Ansible, sandbox: Sandbox) -> None:
    found = run(ansible, name, {})

    assert message(found).endswith(f": ansible-playbook mediaops.access.{name} {NEEDED[name]}")
    assert "undefined" not in found.output and not sandbox.control("requests")


def test_one_of_two_is_not_enough(ansible: Ansible) -> None:
    assert message(run(ansible, "report", {"provision_manifest": "x.yml"})).endswith(
        "-e provision_manifest=FILE -e report_file=FILE"
    )


ROLES = [
    "provision",
    "access_report",
    "access_export",
    "flex_application",
    "freewheel_access",
    "audienceplayer_access",
    "movingimage_access",
    "oauth2_access",
    "playlyfe_access",
]


def test_so_it_is_in_a_role(ansible: Ansible) -> None:
    rescue = [{"name": "It failed", "ansible.builtin.debug": {"msg": "as it should"}}]
    plays = [
        {
            "name": role,
            "hosts": "localhost",
            "gather_facts": False,
            "tasks": [
                {
                    "name": "Try",
                    "block": [{"name": "Apply", "ansible.builtin.include_role": {"name": f"mediaops.access.{role}"}}],
                    "rescue": rescue,
                }
            ],
        }
        for role in ROLES
    ]
    found = ansible.run(plays)

    for role, phase in zip(ROLES, found.phases, strict=True):
        (failed,) = [task for task in phase.tasks if task["outcome"] == "failed"]
        assert f"missing required arguments: {role}_" in failed["result"]["msg"]
    assert "undefined" not in found.output


# --- files of entitlements ---------------------------------------------------------------------------------------------------

WRONG = {
    "entitlements.csv": (
        "user_email,product_id\n\na@b.c,444\nalice,444\n",
        "entitlements.csv:4: user_email: 'alice' is not an e-mail address: it has no @",
    ),
    "e.csv": (
        "user_email;product\na@b.c;444\n" + "a@b.c;1\n" * 9,
        "e.csv:1: unknown column 'product'; valid columns: product_id, subscription_id, ",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_mistaken_file_is_named_as_it_was_given_and_nothing_else_is_spoken_of(
    name: str, sandbox: Sandbox, ansible: Ansible
) -> None:
    content, words = WRONG[name]
    (ansible.folder / name).write_text(content, encoding="utf-8")
    found = run(
        ansible,
        "entitlements",
        {"audienceplayer": sandbox.variables()["sandbox"]["audienceplayer"], "entitlements_file": name},
    )
    text = message(found)

    assert text.startswith(f"AudiencePlayer: {words}")
    assert text.count("unknown column") <= 1
    assert not any(word in text for word in ("manifest", "delivered", "provisioned"))
    assert not sandbox.control("requests")


def test_a_run_that_delivers_nothing_does_not_speak_of_it(sandbox: Sandbox, ansible: Ansible) -> None:
    connections = sandbox.variables()["sandbox"]
    wrong = {
        "url": connections["freewheel"]["url"],
        "username": "nobody",
        "password": "s3cr3t-and-wrong",
        "tokens": [{"name": "mrm"}],
    }
    for manifest, beginning in (
        ({"freewheel": wrong, "deliver": [{"dest": str(ansible.work / "a.json"), "format": "json"}]}, "FreeWheel: "),
        (
            {"freewheel": wrong, "playlyfe": {**connections["playlyfe"], "players": []}},
            "Some items failed; everything else was provisioned. FreeWheel: ",
        ),
    ):
        assert message(run(ansible, "provision", {"provision_manifest": manifest})).startswith(beginning)
    unreadable = {
        **connections["audienceplayer"],
        "client_secret": "s3cr3t-and-wrong",
        "users": [{"user_email": "v@b.c"}],
    }
    checked = run(
        ansible,
        "provision",
        {"provision_manifest": {"audienceplayer": unreadable, "playlyfe": connections["playlyfe"]}},
        "--check",
    )
    assert message(checked).startswith("Some items failed; everything else was checked. AudiencePlayer: ")


# --- encrypted files ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def vault(ansible: Ansible) -> list[str]:
    """The arguments that give the password."""
    (ansible.folder / "password").write_text(PASSWORD, encoding="utf-8")
    return ["--vault-password-file", str(ansible.folder / "password")]


def encrypt(ansible: Ansible, vault: list[str], name: str, content: str) -> str:
    path = ansible.folder / name
    path.write_text(content, encoding="utf-8")
    command = [str(pathlib.Path(sys.executable).parent / "ansible-vault"), "encrypt", *vault, str(path)]
    subprocess.run(command, env=ansible.environment, check=True, capture_output=True)
    return str(path)


def test_an_encrypted_manifest_without_a_password_says_how_to_give_one(
    sandbox: Sandbox, ansible: Ansible, vault: list[str]
) -> None:
    manifest = encrypt(
        ansible,
        vault,
        "manifest.yml",
        json.dumps({"playlyfe": {**sandbox.variables()["sandbox"]["playlyfe"], "players": []}}),
    )

    assert message(run(ansible, "provision", {"provision_manifest": manifest})).endswith(f". {REMEDY}")
    accept(run(ansible, "provision", {"provision_manifest": manifest}, *vault))


@pytest.mark.parametrize("form", ["csv", "yml"])
def test_an_encrypted_file_of_entitlements_is_decrypted(
    form: str, sandbox: Sandbox, ansible: Ansible, vault: list[str]
) -> None:
    content = "user_id,product_id\n1001,445\n" if form == "csv" else "- {user_id: 1001, product_id: 445}\n"
    path = encrypt(ansible, vault, f"sold.{form}", content)
    connection = sandbox.variables()["sandbox"]["audienceplayer"]
    given = {"audienceplayer": connection, "entitlements_file": path}

    text = message(run(ansible, "entitlements", given))
    assert f"{path} cannot be decrypted: " in text and text.endswith(f". {REMEDY}")
    accept(run(ansible, "entitlements", given, *vault))
    assert _products(sandbox) == [445]
    manifest = {
        "audienceplayer": {
            **connection,
            "entitlements_file": path,
            "entitlements": [{"user_id": 1001, "product_id": 444}],
        }
    }
    accept(run(ansible, "provision", {"provision_manifest": manifest}, *vault))
    assert _products(sandbox) == [444, 445]


def _products(sandbox: Sandbox) -> list[int]:
    (alice,) = [user for user in sandbox.state()["audienceplayer"]["users"] if user["id"] == 1001]
    return sorted(product["product_id"] for product in alice["products"])


# --- values of plays and manifests -------------------------------------------------------------------------------------------

PLAY = """
- hosts: localhost
  gather_facts: false
  vars:
    player: {id: 0123}
  module_defaults:
    group/mediaops.access.playlyfe: "{{ sandbox.playlyfe }}"
  tasks:
"""
LOOKUP = """
    - ansible.builtin.debug:
        msg: "{{ lookup('mediaops.access.token', 'playlyfe', client_id=player.id, client_secret='x') }}"
"""
TASK = """
    - block: [{{mediaops.access.playlyfe_player: {}}}]
      rescue: [{{ansible.builtin.debug: {{msg: as it should}}}}]
"""
OPTIONS = {
    "{id: 0123, alias: x}": "id: YAML reads 0123 as the number 83. Put it in quotes",
    "{id: x, alias: 12:30}": "alias: YAML reads 12:30 as the number 750. Put it in quotes",
    "{id: x, alias: 3.10}": "alias: 3.1 is a number and must be text. Put it in quotes",
    "{id: x, alias: on}": "alias: True is a boolean and must be text. Put it in quotes",
    "{id: x, alias: y, client_id: 0222}": "client_id: YAML reads 0222 as the number 146. Put it in quotes",
    "{id: '{{ player.id }}', alias: x}": "id: YAML reads 0123 as the number 83. Put it in quotes",
}


def test_a_value_that_yaml_has_changed_is_refused_in_a_play(sandbox: Sandbox, ansible: Ansible) -> None:
    path = ansible.folder / "play.yml"
    path.write_text(PLAY + "".join(map(TASK.format, OPTIONS)), encoding="utf-8")
    found = ansible.run(path)
    accept(found)

    failed = [task["result"]["msg"] for task in found.phases[0].tasks if task["outcome"] == "failed"]
    for text, wanted in zip(failed, OPTIONS.values(), strict=True):
        assert text.startswith(f"Playlyfe: {wanted}")
    path.write_text(PLAY + LOOKUP, encoding="utf-8")
    assert "client_id: YAML reads 0123 as the number 83. Put it in quotes" in " ".join(ansible.run(path).output.split())
    assert not sandbox.control("requests")


def test_templates_in_a_manifest_file_are_warned_of(sandbox: Sandbox, ansible: Ansible) -> None:
    path = ansible.folder / "manifest.yml"
    connection = sandbox.variables()["sandbox"]["playlyfe"]
    path.write_text(
        json.dumps({"playlyfe": {**connection, "players": [{"id": "p1", "alias": "{{ alias }}"}]}}), encoding="utf-8"
    )
    found = run(ansible, "provision", {"provision_manifest": str(path)})

    assert found.status == 0
    output = " ".join(found.output.split())
    assert "templates in a manifest file are not evaluated" in output and "playlyfe.players[0].alias" in output
    assert [player["alias"] for player in sandbox.state()["playlyfe"]["players"]] == ["{{ alias }}"]
    assert [problem for problem in found.problems() if not problem.startswith(UNWANTED[0])] == []
