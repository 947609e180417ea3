# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.loader import connection_loader
from ansible.template import Templar, trust_as_template

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.module_utils._masking import core_registry
from ansible_collections.mediaops.access.plugins.module_utils._masking.marks import MASK
from ansible_collections.mediaops.access.plugins.module_utils._platform.options import from_env
from ansible_collections.mediaops.access.plugins.plugin_utils._controller_action import ControllerAction

SECRET = "s3cr3t-value"


@pytest.fixture
def run():
    """Runs an action on real Ansible objects. ``perform`` receives the action and its arguments."""

    def run_task(
        args, perform=lambda action, arguments: {"changed": False}, *, task_vars=None, hides=False, environment=()
    ):
        class Action(ControllerAction):
            spec = {
                "key": {"type": "str", "no_log": True, "fallback": from_env("FLEX_KEY")},
                "tree": {"type": "dict", "default": {}},
                "number": {"type": "int"},
                "name": {"type": "str"},
            }
            private = ("tree",)
            hides_items = hides

            def perform(self, arguments):
                return perform(self, arguments)

        task, context, loader = Task(), PlayContext(), DataLoader()
        task.action, task.args, task.environment = "mediaops.access.fake", args, list(environment)
        return Action(task, connection_loader.get("local", context), context, loader, Templar(loader, {}), None).run(
            task_vars=task_vars
        )

    return run_task


def in_loop(item, name="item", **variables):
    return {name: item, "ansible_loop_var": name, **variables}


def hidden(result):
    return result.get("_ansible_no_log", False)


def saying(text):
    """An action that fails with a message."""

    def perform(action, arguments):
        raise AccessError(text, status=403, code="E1")

    return perform


# --- arguments and results -----------------------------------------------------------------------------------------------------


def test_the_arguments_are_converted_completed_and_plain(run):
    seen = []
    args = {"number": trust_as_template("7"), "tree": DataLoader().load("{a: [1, b]}")}

    run(args, lambda action, arguments: seen.append(arguments) or {"changed": False})

    assert seen == [{"key": None, "tree": {"a": [1, "b"]}, "number": 7, "name": None}]
    assert {type(value) for value in (seen[0]["tree"], seen[0]["tree"]["a"], seen[0]["tree"]["a"][1])} == {
        dict,
        list,
        str,
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name: 0123", "name: YAML reads 0123 as the number 83. Put it in quotes"),
        ("key: 0123", "key: YAML reads it as another number. Put it in quotes"),
        ("name: 3.10", "name: 3.1 is a number and must be text. Put it in quotes: "),
        ("key: no", "key: is a boolean and must be text. Put it in quotes: "),
    ],
)
def test_values_converted_by_yaml_are_rejected(tmp_path, run, text, problem):
    (tmp_path / "play.yml").write_text(text)
    result = run(DataLoader().load_from_file(str(tmp_path / "play.yml")), raises_if_called)

    assert result["failed"] and result["msg"].startswith(problem)


def raises_if_called(action, arguments):
    raise AssertionError("it was carried out")


@pytest.mark.parametrize("task_vars", [None, {}, in_loop("a")], ids=["no variables", "no loop", "a loop"])
def test_a_result_comes_as_it_is(task_vars, run):
    assert run({"key": SECRET}, lambda action, arguments: {"changed": True, "a": 1}, task_vars=task_vars) == {
        "changed": True,
        "a": 1,
    }


def test_a_failure_is_a_result_that_names_the_action_and_no_secret(run):
    assert run({"key": SECRET}, saying(f"refused {SECRET} of a")) == {
        **{"failed": True, "changed": False, "msg": f"refused {MASK} of a", "provider": "fake"},
        **{"status": 403, "error_code": "E1"},
    }


def test_a_failure_that_is_returned_is_scrubbed_too(run):
    result = run(
        {"key": SECRET}, lambda action, arguments: {"failed": True, "changed": True, "msg": f"1 of 2: {SECRET}"}
    )

    assert result == {"failed": True, "changed": True, "msg": f"1 of 2: {MASK}", "provider": "fake"}


@pytest.mark.parametrize(
    ("args", "words"),
    [({"number": "many"}, "number"), ({"kee": 1}, "kee"), ({"tree": "[1]"}, "tree")],
    ids=["a wrong type", "a misspelt option", "no dictionary"],
)
def test_wrong_arguments_are_a_failure_before_anything_is_done(args, words, run):
    done = []

    result = run(args, lambda action, arguments: done.append(1))

    assert (result["failed"], result["changed"], result["provider"], done) == (True, False, "fake", [])
    assert words in result["msg"]


# --- which values are secret ---------------------------------------------------------------------------------------------------

SECRETS = [
    pytest.param({"key": SECRET}, id="a secret option"),
    pytest.param({"key": trust_as_template(SECRET)}, id="a tagged one"),
    pytest.param({"tree": {"app": {"client_secret": SECRET, "id": 1}}}, id="below a key that names a secret"),
    pytest.param(
        {"tree": json.dumps({"first": {"second": [SECRET]}})}, id="anywhere in a text that is taken for a dictionary"
    ),
    pytest.param({"tree": f"first=1, second={SECRET}"}, id="in another such text"),
    pytest.param({"kee": SECRET}, id="a misspelt option"),
    pytest.param({"kee": {"deep": [SECRET]}}, id="deep in a misspelt option"),
    pytest.param({"key": SECRET, "number": "many"}, id="a secret beside a wrong argument"),
    pytest.param({"key": SECRET, "kee": "x-y-z"}, id="a secret beside a misspelt option"),
    pytest.param({"tree": {"password": SECRET}, "number": "many"}, id="below a key, beside a wrong argument"),
]


@pytest.mark.parametrize("args", SECRETS)
def test_a_secret_is_hidden_in_messages_and_items(args, run):
    result = run(args, saying(f"refused {SECRET}"), task_vars=in_loop({"a": [f"id:{SECRET}"]}))

    assert hidden(result) is True
    assert SECRET not in result["msg"]


@pytest.mark.parametrize("args", SECRETS)
def test_an_item_without_a_secret_is_shown(args, run):
    assert hidden(run(args, saying("refused"), task_vars=in_loop({"name": "a"}))) is False


def test_a_secret_in_the_environment_is_hidden_too(run, monkeypatch):
    monkeypatch.setenv("FLEX_KEY", SECRET)

    result = run({}, saying(f"refused {SECRET}"), task_vars=in_loop(SECRET))

    assert (result["msg"], hidden(result)) == (f"refused {MASK}", True)


def test_only_secrets_are_registered_with_ansible_core(run, monkeypatch):
    registered = []
    monkeypatch.setattr(core_registry, "register_secrets", registered.extend)
    monkeypatch.setenv("http_proxy", "http://me:proxy-password@proxy")

    run(
        {
            "key": SECRET,
            "tree": {"app": {"client_secret": "in the tree", "name": "Reviewer", "id": 1}},
            "name": "Reader",
            "kee": "misspelt value",
        }
    )

    assert set(registered) == {SECRET, "in the tree", "proxy-password"}


def test_a_short_secret_is_kept_from_ansible_core_which_would_mask_it_everywhere(run, monkeypatch):
    registered = []
    monkeypatch.setattr(core_registry, "register_secrets", registered.extend)

    run({"key": "1"})

    assert registered == []


def test_values_beside_a_secret_in_a_dictionary_are_not_secret(run):
    tree = {"app": {"client_secret": SECRET, "name": "Reviewer"}}

    result = run({"tree": tree, "name": "Reader"}, saying(f"Reviewer {SECRET} Reader"), task_vars=in_loop("Reviewer"))

    assert (result["msg"], hidden(result)) == (f"Reviewer {MASK} Reader", False)


def test_a_message_about_a_wrong_argument_holds_no_secret(run):
    result = run({"tree": SECRET, "key": SECRET, "number": SECRET})

    assert result["failed"] is True
    assert SECRET not in json.dumps(result)


# --- loops ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["item", "app"], ids=["usual name", "own name"])
@pytest.mark.parametrize(
    ("item", "censored"),
    [
        (SECRET, True),
        (["a", {"b": SECRET}], True),
        ({"password": "of another task"}, True),
        ("a", False),
        ({"name": "a", "password": ""}, False),
        (None, False),
    ],
    ids=str,
)
def test_a_loop_item_that_holds_a_secret_is_not_shown(item, censored, name, run):
    assert hidden(run({"key": SECRET}, task_vars=in_loop(item, name))) is censored


def test_a_variable_that_happens_to_be_named_like_a_loop_item_does_not_matter_in_a_named_loop(run):
    assert hidden(run({"key": SECRET}, task_vars={**in_loop("a", "app"), "item": SECRET})) is False


@pytest.mark.parametrize("part", ["allitems", "previtem", "nextitem"])
@pytest.mark.parametrize("other", [{"password": "of the next one"}, {"k": SECRET}], ids=["by its key", "by its value"])
def test_the_other_items_of_an_extended_loop_count_too(other, part, run):
    loop = {"index": 1, part: [other] if part == "allitems" else other}

    assert hidden(run({"key": SECRET}, task_vars=in_loop("a", ansible_loop=loop))) is True
    assert hidden(run({"key": SECRET}, task_vars=in_loop("a", ansible_loop={"index": 1, part: "b"}))) is False


@pytest.mark.parametrize("args", [{}, {"number": "many"}, {"kee": 1}], ids=["right", "wrong", "misspelt"])
def test_an_action_that_hides_its_items_shows_none(args, run):
    assert hidden(run(args, task_vars=in_loop("anything"), hides=True)) is True
    assert hidden(run(args, task_vars=in_loop({"a": 1}, "app"), hides=True)) is True


@pytest.mark.parametrize("task_vars", [None, {}, {"unrelated": 1}], ids=["no variables", "none", "others"])
def test_without_a_loop_there_is_no_item_to_hide(task_vars, run):
    assert hidden(run({"key": SECRET}, task_vars=task_vars, hides=True)) is False


# --- the environment of the task ---------------------------------------------------------------------------------------------


def test_the_environment_of_the_task_sets_options_and_is_secret(run, monkeypatch):
    monkeypatch.delenv("FLEX_KEY", raising=False)

    def fail(action, arguments):
        raise AccessError(f"the key is {arguments['key']}")

    assert run({}, fail, environment=[{"FLEX_KEY": SECRET}])["msg"] == f"the key is {MASK}"
    assert run({}, fail)["msg"] == "the key is None"
