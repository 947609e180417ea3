# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the task reports and shows; the tests of plugin_utils have formats and places."""

from __future__ import annotations

import json
import os

import pytest
from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.loader import connection_loader
from ansible.template import Templar

from ansible_collections.mediaops.access.plugins.action.credentials import ActionModule
from ansible_collections.mediaops.access.plugins.module_utils._platform import access
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import exchange
from ansible_collections.mediaops.access.tests.unit.plugins.plugin_utils.test__vault_kv2 import (
    CREDENTIALS,
    DENIED,
    URL,
    missing,
    read,
    remove,
    sent,
    write,
)

FORMATS = ("dotenv", "json", "vault_yaml")
VAULT = {"format": "vault_kv2", "url": URL, "path": "mediaops", "token": "hush-vault"}
NEW = "******** (new)"

#: The names of CREDENTIALS, as a plan has them.
DELIVERED = {"applications": ["Reviewer"], "tokens": ["mrm"]}

every_format = pytest.mark.parametrize("form", FORMATS)


def perform(action_class, name, args, *calls, check_mode=False, diff=False, task_vars=None, loader=None):
    """Runs an action on real Ansible objects; what stops it before it has a result is a failed result, as Ansible makes one."""
    task, context, loader = Task(), PlayContext(), loader or DataLoader()
    task.action, task.args = name, args
    task.check_mode, task.diff, task.async_val = check_mode, diff, 0
    action = action_class(task, connection_loader.get("local", context), context, loader, Templar(loader, {}), None)
    with exchange(*calls):
        try:
            return action.run(task_vars=task_vars or {})
        except AnsibleActionFail as error:
            return {"failed": True, "changed": False, "msg": str(error)}


def entry(dest, action, before, after):
    """The entry of a plan, which is never about a platform."""
    return {
        "provider": None,
        "kind": "credentials",
        "name": str(dest),
        "action": action,
        "before": before,
        "after": after,
        "local": True,
    }


@pytest.fixture
def dest(tmp_path):
    return tmp_path / "credentials"


@pytest.fixture
def run(dest, tmp_path, monkeypatch, clock):
    """Delivers to ``dest``, if nothing else is said. Nothing that is shown holds a secret."""
    monkeypatch.setenv("ANSIBLE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(access, "Clock", lambda: clock)

    def run_task(*calls, check_mode=False, diff=False, task_vars=None, **args):
        place = (
            {} if args.get("format") == "vault_kv2" else {"dest": str(dest), "vault_password": "hush-vault-password"}
        )
        result = perform(
            ActionModule,
            "mediaops.access.credentials",
            {**place, **args},
            *calls,
            check_mode=check_mode,
            diff=diff,
            task_vars=task_vars,
        )
        assert "hush" not in json.dumps({key: value for key, value in result.items() if key != "invocation"})
        return result

    return run_task


def failure(result):
    assert (result["failed"], result["changed"]) == (True, False)
    return result["msg"]


# --- files -------------------------------------------------------------------------------------------------------------------


@every_format
def test_credentials_are_delivered_once(run, dest, form):
    planned = run(format=form, check_mode=True, **CREDENTIALS)
    assert (
        run(format=form, **CREDENTIALS)
        == planned
        == {
            "changed": True,
            "dest": str(dest),
            "delivered": DELIVERED,
            "changes": [entry(dest, "create", None, DELIVERED)],
        }
    )
    before = dest.read_bytes()
    assert run(format=form, **CREDENTIALS) == {"changed": False, "dest": str(dest)}
    assert dest.read_bytes() == before


@pytest.mark.parametrize("diff", [True, False])
@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("there", [True, False], ids=["there", "not there"])
def test_check_mode_returns_the_keys_of_the_real_run(run, there, state, diff):
    if there:
        run(format="json", **CREDENTIALS)
    wanted = {"format": "json", "state": state, **CREDENTIALS, "applications": {}}
    predicted = run(check_mode=True, diff=diff, **wanted)

    assert predicted == run(diff=diff, **wanted)


def test_applications_and_tokens_may_be_results_of_modules(run, dest):
    application = {"id": 1, "name": "Reviewer", "description": "x", **CREDENTIALS["applications"]["Reviewer"]}
    token = {
        "token_type": "Bearer",
        "cached": True,
        "expires_in": 5,
        "scope": "x",
        "refresh_token": "hush-token",
        **CREDENTIALS["tokens"]["mrm"],
    }
    run(format="json", applications={"Reviewer": application}, tokens={"mrm": token})

    assert json.loads(dest.read_text()) == CREDENTIALS


def test_nothing_may_be_given(run, dest):
    run(format="json")

    assert json.loads(dest.read_text()) == {"applications": {}, "tokens": {}}


def test_values_may_be_ansibles_own_types(run, dest):
    tagged = DataLoader().load(json.dumps(CREDENTIALS))
    run(format="vault_yaml", **tagged)

    assert run(format="vault_yaml", **CREDENTIALS)["changed"] is False


def test_a_home_directory_is_expanded(run, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    run(format="json", dest="~/of-home")

    assert (tmp_path / "of-home").is_file()


# --- absent ------------------------------------------------------------------------------------------------------------------


@every_format
@pytest.mark.parametrize("password", ["hush-vault-password", None], ids=["with a password", "without"])
def test_absent_removes_the_file_once(run, dest, form, password):
    run(format=form, **CREDENTIALS)

    result = run(format=form, state="absent", vault_password=password)
    nothing = {"applications": [], "tokens": []}
    assert result == {"changed": True, "dest": str(dest), "changes": [entry(dest, "delete", nothing, None)]}
    assert not dest.exists()
    assert run(format=form, state="absent", vault_password=password)["changed"] is False


@every_format
@pytest.mark.parametrize("password", ["hush-vault-password", None], ids=["with a password", "without"])
@pytest.mark.parametrize("check_mode", [True, False])
def test_a_file_that_was_not_delivered_is_replaced_or_removed_with_a_warning(run, dest, form, password, check_mode):
    options = {"format": form, "check_mode": check_mode, "vault_password": password}
    warning = f"{dest} has content that was not delivered. It is"
    for outcome, given in [("removed", {"state": "absent"}), ("replaced", CREDENTIALS)]:
        dest.write_text("DATABASE_PASSWORD=hush-database\n")
        if outcome == "removed" or password or form != "vault_yaml":
            result = run(**options, **given)
            assert (result["changed"], result["warnings"]) == (True, [f"{warning} {outcome}"])
            assert result["changes"][0]["action"] == {"removed": "delete", "replaced": "update"}[outcome]
            assert (dest.exists() and "hush-database" in dest.read_text()) is check_mode
            again = {} if check_mode else run(**options, **given)
            assert "warnings" not in again and not again.get("changed")


def test_absent_recognizes_the_variables_of_its_names_in_an_edited_file(run, dest):
    run(format="dotenv", **CREDENTIALS)
    dest.write_bytes(b"# by hand\n" + dest.read_bytes())

    assert "warnings" in run(format="dotenv", state="absent", check_mode=True)
    assert "warnings" not in run(format="dotenv", state="absent", **CREDENTIALS)


@every_format
def test_an_existing_file_is_updated_not_created(run, dest, form):
    dest.write_text("")

    before = {"applications": [], "tokens": []}
    assert run(format=form, **CREDENTIALS)["changes"] == [entry(dest, "update", before, DELIVERED)]


@every_format
def test_without_known_credentials_there_is_no_file(run, dest, form):
    unknown = {"applications": {"Reviewer": None}, "tokens": {"mrm": None}}

    assert run(format=form, **unknown) == {"changed": False, "dest": str(dest)}
    assert not dest.exists()


# --- check mode --------------------------------------------------------------------------------------------------------------


@every_format
def test_check_mode_predicts_and_writes_nothing(run, dest, form):
    assert run(format=form, check_mode=True, **CREDENTIALS)["changed"] is True
    assert not dest.exists()
    run(format=form, **CREDENTIALS)
    inode, content = os.stat(dest).st_ino, dest.read_bytes()
    assert run(format=form, check_mode=True, **CREDENTIALS)["changed"] is False
    assert run(format=form, check_mode=True)["changed"] is True
    assert run(format=form, check_mode=True, state="absent")["changed"] is True
    assert (os.stat(dest).st_ino, dest.read_bytes()) == (inode, content)


@pytest.mark.parametrize(
    ("coming", "changed"),
    [
        ({"applications": {"Reviewer": None}, "tokens": {}}, True),
        ({"applications": {}, "tokens": {"mrm": None}}, True),
        ({"applications": {"Reviewer": {"id": None, "client_id": None, "client_secret": None}}, "tokens": {}}, True),
        (
            {"applications": {"Reviewer": {"id": 5, "client_id": "client-1", "client_secret": "hush-1"}}, "tokens": {}},
            False,
        ),
    ],
    ids=["an application", "a token", "a new application", "one that is known"],
)
def test_in_check_mode_what_only_the_real_run_obtains_is_a_change(run, coming, changed):
    run(format="json", **{kind: {name: CREDENTIALS[kind][name] for name in coming[kind]} for kind in coming})
    result = run(format="json", check_mode=True, diff=True, **coming)

    assert result["changed"] is changed
    assert ("known after the real run" in json.dumps(result["diff"])) is changed


def test_in_the_real_run_what_is_not_known_stays(run):
    run(format="json", **CREDENTIALS)

    assert run(format="json", applications={"Reviewer": None}, tokens={"mrm": None})["changed"] is False


COLLISION = {"format": "dotenv", "applications": {"a b": {"client_id": "1"}, "a-b": {"client_id": "2"}}}


@pytest.mark.parametrize("there", [False, True], ids=["no file yet", "a file"])
def test_two_names_that_become_one_variable_fail_in_check_mode_as_in_the_real_run(run, dest, there):
    if there:
        run(format="dotenv", **CREDENTIALS)

    messages = [failure(run(check_mode=check_mode, **COLLISION)) for check_mode in (False, True)]
    assert (
        messages[0] == messages[1] == "'a b' and 'a-b' both become A_B_CLIENT_ID in a dotenv file. Rename one of them"
    )
    assert dest.exists() is there


def test_a_missing_folder_fails_in_check_mode_as_in_the_real_run(run, tmp_path):
    for check_mode in (False, True):
        message = failure(run(format="json", dest=str(tmp_path / "missing" / "file"), check_mode=check_mode))
        assert f"{tmp_path}/missing/file cannot be written: No such file or directory" in message


# --- diffs -------------------------------------------------------------------------------------------------------------------


def test_without_diff_mode_there_is_no_diff(run):
    assert "diff" not in run(format="json", **CREDENTIALS)


@every_format
def test_a_diff_says_what_is_new_without_saying_the_secret(run, dest, form):
    masked = {"client_id": "client-1", "client_secret": NEW}
    expires = {} if form == "dotenv" else {"expires_at": "2027-01-15T08:00:00Z"}
    first = run(format=form, diff=True, **CREDENTIALS)["diff"]

    assert (first["before_header"], first["after_header"]) == (str(dest), str(dest))
    assert first["before"] == {"applications": {}, "tokens": {}}
    assert first["after"]["applications"] == {"Reviewer": masked}
    rotated = {"Reviewer": {"client_id": "client-1", "client_secret": "hush-2"}}
    second = run(format=form, diff=True, applications=rotated, tokens=CREDENTIALS["tokens"])["diff"]
    assert second["before"]["applications"] == {"Reviewer": {**masked, "client_secret": "********"}}
    assert second["after"]["applications"] == {"Reviewer": masked}
    assert second["before"]["tokens"] == {"mrm": {"access_token": "********", **expires}}
    assert second["after"]["tokens"]["mrm"]["access_token"] == "********"


def test_an_unchanged_file_has_no_diff(run):
    run(format="json", **CREDENTIALS)

    assert run(format="json", diff=True, **CREDENTIALS)["diff"] is None


def test_a_diff_shows_no_secret_that_somebody_else_put_into_the_file(run, dest):
    foreign = {
        "applications": {"Reviewer": {"client_id": "client-1", "password": "hush-2"}},
        "tokens": {"old": {"access_token": "hush-token", "note": "hush-3"}},
    }
    dest.write_text(json.dumps(foreign))

    assert run(format="json", diff=True, **CREDENTIALS)["changed"] is True


@every_format
def test_only_credentials_that_the_file_does_not_have_are_delivered(run, form):
    run(format=form, **CREDENTIALS)
    (name, token) = next(iter(CREDENTIALS["tokens"].items()))
    tokens = {name: {**token, "access_token": "hush-other-token"}}

    for check_mode in (True, False):
        result = run(format=form, **{**CREDENTIALS, "tokens": tokens}, check_mode=check_mode)
        assert result["delivered"] == {"applications": [], "tokens": [name]}


# --- Vault -------------------------------------------------------------------------------------------------------------------


def test_credentials_are_delivered_to_vault_once(run):
    dest = f"{URL}/secret/mediaops"
    created = entry(dest, "create", None, DELIVERED)
    assert run(missing(), write(0), **VAULT, **CREDENTIALS) == {
        "changed": True,
        "dest": dest,
        "delivered": DELIVERED,
        "changes": [created],
    }
    assert run(read(), **VAULT, **CREDENTIALS) == {"changed": False, "dest": dest}


def test_absent_removes_the_secret_once(run):
    assert run(read(), remove(), **VAULT, state="absent")["changed"] is True
    assert run(missing(), **VAULT, state="absent")["changed"] is False


@pytest.mark.parametrize(
    ("found", "options", "changed"),
    [
        (missing(), {}, True),
        (read(), {}, False),
        (read(), {"tokens": {}}, True),
        (read(), {"state": "absent"}, True),
        (missing(), {"state": "absent"}, False),
    ],
    ids=["new", "equal", "another", "absent", "absent already"],
)
def test_check_mode_only_reads_from_vault(run, found, options, changed):
    assert run(found, check_mode=True, **{**VAULT, **CREDENTIALS, **options})["changed"] is changed


def test_a_diff_of_a_secret_shows_none(run):
    diff = run(
        read({"applications": {"Old": {"client_id": "1", "client_secret": "hush-0"}}, "tokens": {}}),
        write(3),
        diff=True,
        **VAULT,
        **CREDENTIALS,
    )["diff"]

    assert diff["before"]["applications"] == {"Old": {"client_id": "1", "client_secret": "********"}}
    assert diff["after"]["applications"] == {"Reviewer": {"client_id": "client-1", "client_secret": NEW}}


@pytest.mark.parametrize(
    "foreign",
    [{"Reviewer": "hush-token"}, {"Reviewer": ["hush-token"]}, {"Reviewer": None}],
    ids=["text", "a list", "null"],
)
@pytest.mark.parametrize("diff", [True, False], ids=["diff", "no diff"])
def test_a_secret_of_another_shape_is_replaced_or_removed_with_a_warning(run, foreign, diff):
    found = read({"applications": foreign, "tokens": {}})
    options = {"check_mode": True, "diff": diff, **VAULT}

    for outcome, given in [("replaced", CREDENTIALS), ("removed", {"state": "absent"})]:
        result = run(found, **options, **given)
        assert result["changed"] and "hush-token" not in str({**result, "warnings": []})
        (warning,) = result["warnings"]
        assert warning.endswith(f"has content that was not delivered. It is {outcome}")


def test_what_vault_refuses_is_a_clear_failure_without_the_token(run):
    refused = sent("GET", answer={"errors": ["token hush-vault is expired"]}, status=403)

    assert "token ******** is expired" in failure(run(refused, **VAULT, **CREDENTIALS))
    assert "Check token" in failure(run(sent("GET", **DENIED), **VAULT, state="absent"))


# --- failures and loops ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "words"),
    [
        pytest.param({}, ["format"], id="no format"),
        pytest.param({"format": "ini"}, ["format", "dotenv, json, vault_yaml, vault_kv2"], id="an unknown format"),
        pytest.param({"format": "json", "dest": None}, ["dest must be given"], id="no dest"),
        pytest.param({"format": "vault_yaml", "vault_password": None}, ["vault_password"], id="no password"),
        pytest.param({**VAULT, "token": None}, ["token must be given"], id="no token"),
        pytest.param({**VAULT, "url": None}, ["url must be given"], id="no url"),
        pytest.param({**VAULT, "path": None}, ["path must be given"], id="no path"),
        pytest.param({"format": "json", "tokens": "hush-token"}, ["tokens", "dict"], id="tokens that are not a dict"),
        pytest.param(
            {"format": "json", "applications": {"Reviewer": "hush-token"}},
            ["applications", "Reviewer"],
            id="an application that is not a dict",
        ),
        pytest.param(
            {"format": "json", "tokens": {"mrm": ["hush-token"]}}, ["tokens", "mrm"], id="a token that is not a dict"
        ),
        pytest.param({"format": "json", "state": "gone"}, ["state", "present, absent"], id="an unknown state"),
        pytest.param({"format": "json", "owner": "root"}, ["owner"], id="an unknown option"),
        pytest.param({"format": "json", "timeout": "long"}, ["timeout"], id="a bad type"),
    ],
)
def test_bad_options_are_a_clear_failure_and_deliver_nothing(run, dest, args, words):
    message = failure(run(**args))

    for word in words:
        assert word in message
    assert not dest.exists()


@pytest.mark.parametrize(
    ("item", "censored"),
    [
        ({"dest": "x", "format": "json"}, False),
        ({"path": "x", "format": "vault_kv2", "token": "of another"}, True),
        ("hush-vault-password", True),
        ({"deep": ["hush-vault-password"]}, True),
    ],
    ids=["no secret", "a token by its key", "the password", "the password deep inside"],
)
@pytest.mark.parametrize("args", [{"format": "json"}, {"format": "json", "dest": None}], ids=["success", "failure"])
def test_a_loop_item_that_holds_a_secret_is_not_shown(run, item, censored, args):
    result = run(
        task_vars={"target": item, "ansible_loop_var": "target"}, **{"vault_password": "hush-vault-password", **args}
    )

    assert result.get("_ansible_no_log", False) is censored


def test_secret_arguments_do_not_censor_a_result_without_secrets(run):
    assert "_ansible_no_log" not in run(format="json", diff=True, **CREDENTIALS)
