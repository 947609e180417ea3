# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that plays write: what may not be in their place, and what reads them afterwards."""

from __future__ import annotations

import json
import os
import pathlib

import pytest
from driver import Ansible, Facts, Run, Sandbox, report

pytestmark = pytest.mark.timeout(600)  # of seconds on a busy machine

APPLICATIONS = {"Reviewer": {"client_id": "reviewer", "client_secret": "s3cr3t {% raw %}{{ 1 + 1 }}{# no comment #}"}}
ENTITLEMENTS = [{"user_email": "alice@example.com", "product_id": 445}]


def make_fifo(path: pathlib.Path) -> None:
    os.mkfifo(path)


def link_to_device(path: pathlib.Path) -> None:
    path.symlink_to(os.devnull)


def link_to_output(path: pathlib.Path) -> None:
    path.symlink_to("/proc/self/fd/1")


def credentials(path: pathlib.Path, state: str) -> Facts:
    given = {"dest": str(path), "format": "json", "applications": {"a": {"client_secret": "s3cr3t-1"}}, "state": state}
    return {"name": f"credentials {state}", "mediaops.access.credentials": given}


def ledger(path: pathlib.Path) -> Facts:
    given = {"entitlements": ENTITLEMENTS, "ledger": str(path)}
    return {"name": "ledger", "mediaops.access.audienceplayer_entitlement": given}


@pytest.mark.parametrize("check", [[], ["--check"]], ids=["for real", "as a check"])
@pytest.mark.parametrize("make", [make_fifo, link_to_device, link_to_output])
def test_what_is_no_regular_file_is_neither_written_to_nor_replaced(
    sandbox: Sandbox, ansible: Ansible, make, check: list[str]
) -> None:
    """Nor waited for: the driver ends a play that hangs."""
    place = ansible.work / "odd"
    make(place)
    before = place.lstat()
    tasks = [credentials(place, "present"), credentials(place, "absent"), ledger(place)]
    defaults = {"group/mediaops.access.audienceplayer": "{{ sandbox.audienceplayer }}"}
    play = {
        "name": "Files",
        "hosts": "localhost",
        "gather_facts": False,
        "ignore_errors": True,
        "module_defaults": defaults,
        "tasks": tasks,
    }

    run = ansible.run([play], *check)

    failed = [task["result"]["msg"] for task in run.phases[0].tasks if task["outcome"] == "failed"]
    assert len(failed) == len(tasks), report([str(failed)], [run])
    assert all("not a regular file" in message for message in failed), failed
    assert os.path.samestat(place.lstat(), before)
    assert sorted(path.name for path in ansible.work.iterdir()) == ["odd"]
    assert not sandbox.control("requests")


@pytest.mark.parametrize("check", [[], ["--check"]], ids=["for real", "as a check"])
@pytest.mark.parametrize("make", [make_fifo, link_to_device, link_to_output])
@pytest.mark.parametrize("playbook", ["report", "entitlements"])
def test_playbooks_refuse_what_is_no_regular_file_before_they_ask_a_platform(
    sandbox: Sandbox, ansible: Ansible, playbook: str, make, check: list[str]
) -> None:
    place = ansible.work / "odd"
    make(place)
    before = place.lstat()
    connection = sandbox.variables()["sandbox"]["audienceplayer"]
    variables = {
        "report": {"provision_manifest": {"audienceplayer": connection}, "report_file": str(place)},
        "entitlements": {
            "audienceplayer": connection,
            "entitlements": ENTITLEMENTS,
            "entitlements_receipt": str(place),
        },
    }[playbook]
    given = ansible.folder / "given.json"
    given.write_text(json.dumps(variables), encoding="utf-8")

    run = ansible.run(
        [{"name": "Write", "ansible.builtin.import_playbook": f"mediaops.access.{playbook}"}], "-e", f"@{given}", *check
    )

    (failed,) = (task["result"]["msg"] for task in run.phases[0].tasks if task["outcome"] == "failed")
    assert failed == f"{place} is not a regular file. Give another path"
    assert os.path.samestat(place.lstat(), before)
    assert not sandbox.control("requests")


@pytest.mark.parametrize("form", ["dotenv", "json", "vault_yaml"])
def test_a_file_that_was_not_delivered_is_replaced_or_removed_with_a_warning(
    sandbox: Sandbox, ansible: Ansible, form: str
) -> None:
    foreign = ansible.work / "app.env"
    content = "DATABASE_URL=postgres://localhost/media\nDATABASE_PASSWORD=s3cr3t-of-the-database\n"
    given = ansible.folder / "given.json"
    manifest = {
        "freewheel": {**sandbox.variables()["sandbox"]["freewheel"], "tokens": [{"name": "mrm"}]},
        "deliver": [{"dest": str(foreign), "format": form}],
    }

    def play(playbook: str, *arguments: str) -> Run:
        given.write_text(
            json.dumps({"provision_manifest": manifest, "provision_vault_password": "s3cr3t-of-the-vault"}),
            encoding="utf-8",
        )
        plays = [{"name": "Run", "ansible.builtin.import_playbook": f"mediaops.access.{playbook}"}]
        return ansible.run(plays, "-e", f"@{given}", *arguments)

    def warned(playbook: str, outcome: str, *arguments: str) -> None:
        foreign.write_text(content, encoding="utf-8")
        run = play(playbook, *arguments)
        warning = f"[WARNING]: {foreign} has content that was not delivered. It is {outcome}"
        assert (run.status, run.problems()) == (0, [f"[WARNING] in the output: {warning}"]), run.output

    warned("provision", "replaced", "--check")
    assert foreign.read_text(encoding="utf-8") == content
    warned("provision", "replaced")
    assert "s3cr3t-of-the-database" not in foreign.read_text(encoding="utf-8")
    again = play("provision")
    assert (again.status, again.problems()) == (0, [])
    warned("revoke", "removed")
    assert not foreign.exists()


def test_a_report_replaces_a_link_and_leaves_its_target_alone(sandbox: Sandbox, ansible: Ansible) -> None:
    (ansible.work / "foreign").write_text("foreign", encoding="utf-8")
    (ansible.work / "page.html").symlink_to("foreign")
    given = ansible.folder / "given.json"
    manifest = {"playlyfe": sandbox.variables()["sandbox"]["playlyfe"]}
    given.write_text(
        json.dumps({"provision_manifest": manifest, "report_file": str(ansible.work / "page.html")}), encoding="utf-8"
    )

    run = ansible.run(
        [{"name": "Write", "ansible.builtin.import_playbook": "mediaops.access.report"}], "-e", f"@{given}"
    )

    assert run.status == 0, run.output
    assert (ansible.work / "foreign").read_text(encoding="utf-8") == "foreign"
    assert not (ansible.work / "page.html").is_symlink() and "<html" in (ansible.work / "page.html").read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize("product_id", [445, 1], ids=["no row fails", "the row fails"])
def test_rejects_replace_a_link_and_leave_its_target_alone(sandbox: Sandbox, ansible: Ansible, product_id: int) -> None:
    rows, foreign, rejects = ansible.folder / "rows.csv", ansible.work / "foreign.csv", ansible.work / "rejects.csv"
    rows.write_text(f"user_email,product_id\nalice@example.com,{product_id}\n", encoding="utf-8")
    foreign.write_text("foreign", encoding="utf-8")
    rejects.symlink_to("foreign.csv")
    given = ansible.folder / "given.json"
    variables = {
        "audienceplayer": sandbox.variables()["sandbox"]["audienceplayer"],
        "entitlements_file": str(rows),
        "entitlements_rejects": str(rejects),
    }
    given.write_text(json.dumps(variables), encoding="utf-8")

    run = ansible.run(
        [{"name": "Write", "ansible.builtin.import_playbook": "mediaops.access.entitlements"}], "-e", f"@{given}"
    )

    assert bool(run.status) is rejects.exists() is (product_id == 1), run.output
    assert foreign.read_text(encoding="utf-8") == "foreign"
    assert not rejects.is_symlink()


def test_a_delivered_secret_that_looks_like_a_template_survives_include_vars(ansible: Ansible) -> None:
    """As the guide to secrets has it."""
    password = ansible.folder / "vault-password"
    password.write_text("s3cr3t-of-the-vault", encoding="utf-8")
    dest, expected = ansible.work / "reviewer.yml", ansible.folder / "expected.json"
    expected.write_text(json.dumps(APPLICATIONS), encoding="utf-8")
    deliver = {
        "dest": str(dest),
        "format": "vault_yaml",
        "vault_password": "s3cr3t-of-the-vault",
        "applications": "{{ given }}",
    }
    tasks: list[Facts] = [
        {
            "name": "Deliver",
            "mediaops.access.credentials": deliver,
            "vars": {"given": f"{{{{ lookup('ansible.builtin.file', '{expected}') | from_json }}}}"},
        },
        {
            "name": "Read what was delivered",
            "ansible.builtin.include_vars": {"file": str(dest), "name": "delivered"},
            "no_log": True,
        },
        {
            "name": "It is the same",
            "ansible.builtin.assert": {
                "that": f"delivered.applications == lookup('ansible.builtin.file', '{expected}') | from_json",
                "quiet": True,
            },
            "no_log": True,
        },
    ]

    run = ansible.run(
        [{"name": "Files", "hosts": "localhost", "gather_facts": False, "tasks": tasks}],
        "--vault-password-file",
        str(password),
    )

    assert (run.status, run.problems()) == (0, []), run.output
