# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import datetime
import os
import types

import pytest
from ansible import constants as C
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.loader import become_loader, connection_loader
from ansible.template import Templar, trust_as_template

from ansible_collections.mediaops.access.plugins.module_utils import _statistics
from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.module_utils._http.proxies import VARIABLES
from ansible_collections.mediaops.access.plugins.module_utils._modules.definition import (
    EARLIER_PLANS,
    ENVIRONMENT,
    PLANS,
    SENSITIVE,
    STATISTICS,
    ModuleDefinition,
)
from ansible_collections.mediaops.access.plugins.module_utils._platform.authorized_client import AuthorizedClient
from ansible_collections.mediaops.access.plugins.module_utils._platform.declaration import Platform
from ansible_collections.mediaops.access.plugins.module_utils._platform.issuer import TokenIssuer
from ansible_collections.mediaops.access.plugins.module_utils._platform.options import from_env
from ansible_collections.mediaops.access.plugins.plugin_utils._action import InProcessAction
from ansible_collections.mediaops.access.plugins.plugin_utils._plain import plain

NAME = "mediaops.access.fake_thing"
SECRET = "s3cr3t-value"
GIVEN = types.MappingProxyType({"url": "https://host", "token_cache": "none"})
QUIET = types.MappingProxyType({"changed": False})


FAKE = Platform(
    name="fake",
    title="Fake Platform",
    client=AuthorizedClient,
    issuer=TokenIssuer,
    options={
        "url": {"type": "str", "fallback": from_env("FLEX_URL")},
        "key": {"type": "str", "no_log": True, "fallback": from_env("FLEX_KEY")},
    },
)


@pytest.fixture
def action(monkeypatch, tmp_path):
    """Creates an action on real Ansible objects. ``handed_over`` records the executions as an ordinary module, whose result is ``answer``."""
    monkeypatch.setenv("ANSIBLE_HOME", str(tmp_path))

    def make(
        args=GIVEN,
        run=lambda access: dict(QUIET),
        *,
        transport="local",
        become=False,
        answer=QUIET,
        variables=None,
        **keywords,
    ):
        class Action(InProcessAction):
            module = ModuleDefinition(
                FAKE,
                run,
                {
                    "name": {"type": "str"},
                    "number": {"type": "int"},
                    "tree": {"type": "dict"},
                    "thing_id": {"type": "int"},
                },
            )
            handed_over: list[dict] = []

            def _execute_module(self, **arguments):
                self.handed_over.append(arguments)
                return dict(answer)

        task = Task()
        task.action, task.args = NAME, dict(args)
        for keyword, value in {"check_mode": False, "diff": False, "async_val": 0, **keywords}.items():
            setattr(task, keyword, value)
        context, loader = PlayContext(), DataLoader()
        connection = connection_loader.get(transport, context)
        connection.set_become_plugin(become_loader.get("sudo") if become else None)
        return Action(task, connection, context, loader, Templar(loader, variables or {}), None)

    return make


def template(text):
    """Text as in a playbook: tagged, and trusted as a template."""
    return trust_as_template(text)


# --- where a task runs -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keywords", "here"),
    [
        pytest.param({}, True, id="local"),
        pytest.param({"transport": "ssh"}, False, id="another host"),
        pytest.param({"become": True}, False, id="another user"),
        pytest.param({"async_val": 60}, False, id="in the background"),
    ],
)
def test_a_local_task_runs_in_the_worker(keywords, here, action):
    ran = []
    tested = action(run=lambda access: ran.append(1) or dict(QUIET), **keywords)

    assert tested.run(task_vars={})["changed"] is False
    assert (len(ran), len(tested.handed_over)) == ((1, 0) if here else (0, 1))


def test_an_ordinary_module_receives_the_arguments_unchanged(action):
    tested = action({**GIVEN, "key": SECRET, "number": 1}, transport="ssh", answer={"changed": True, "a": 1})

    assert tested.run(task_vars={"some": "variable"}) == {"changed": True, "a": 1}
    assert tested.handed_over == [
        {"module_args": {**GIVEN, "key": SECRET, "number": 1}, "task_vars": {"some": "variable"}, "wrap_async": 0}
    ]


def test_options_in_the_tasks_environment_are_passed_as_arguments_because_commands_are_visible(action):
    environment = [
        {"FLEX_KEY": SECRET, "FLEX_URL": "https://task", "MEDIAOPS_TOKEN_CACHE": "redis://:pw@host", "LANG": "C"}
    ]
    tested = action(GIVEN, transport="ssh", environment=environment)

    tested.run(task_vars={})

    assert tested.handed_over[0]["module_args"] == {"key": SECRET, "token_cache": "redis://:pw@host", **GIVEN}
    assert tested._task.environment == [{"LANG": "C"}]


def test_proxies_are_passed_as_arguments_because_they_may_contain_passwords(action):
    proxies = {name: template(f"http://me:{{{{ secret }}}}@{name}:3128") for name in VARIABLES}
    tested = action(
        GIVEN, transport="ssh", environment=[{**proxies, "ftp_proxy": "http://other"}], variables={"secret": SECRET}
    )

    tested.run(task_vars={})

    assert tested.handed_over[0]["module_args"] == {
        **GIVEN,
        ENVIRONMENT: {name: f"http://me:{SECRET}@{name}:3128" for name in VARIABLES},
    }
    assert tested._task.environment == [{"ftp_proxy": "http://other"}]


def test_variables_of_other_platforms_do_not_appear_in_the_command(action):
    environment = [
        {"FREEWHEEL_PASSWORD": SECRET, "MOVINGIMAGE_URL": "https://other", "PATH": "/bin", "FREEWHEEL": "no option"}
    ]
    tested = action(GIVEN, transport="ssh", environment=environment)

    tested.run(task_vars={})

    assert tested.handed_over[0]["module_args"] == GIVEN
    assert tested._task.environment == [{"PATH": "/bin", "FREEWHEEL": "no option"}]


def test_a_templated_environment_is_evaluated_before_it_becomes_arguments(action):
    environment = [{"FLEX_KEY": "outer"}, {"FLEX_KEY": template("{{ secret }}"), "NAME": template("{{ name }}")}]
    tested = action(GIVEN, transport="ssh", environment=environment, variables={"secret": SECRET, "name": "n"})

    tested.run(task_vars={})

    assert tested.handed_over[0]["module_args"] == {**GIVEN, "key": SECRET}
    assert tested._task.environment == [{"NAME": "n"}]


def test_arguments_take_precedence_over_the_tasks_environment(action):
    tested = action({**GIVEN, "key": SECRET}, transport="ssh", environment=[{"FLEX_KEY": "of the environment"}])

    tested.run(task_vars={})

    assert tested.handed_over[0]["module_args"] == {**GIVEN, "key": SECRET}
    assert tested._task.environment == [{}]


def test_an_asynchronous_task_is_censored(action):
    tested = action(async_val=60)

    tested.run(task_vars={})

    assert tested.handed_over[0]["wrap_async"] == 60
    assert tested._task.no_log is True


@pytest.mark.parametrize(
    ("args", "keywords", "expected"),
    [
        pytest.param({}, {"async_val": 60}, "{home}/mediaops", id="in the background: the controller's"),
        pytest.param({"token_cache": "/given"}, {"async_val": 60}, "/given", id="a given one"),
        pytest.param({}, {"transport": "ssh"}, None, id="on another host: its own"),
        pytest.param({}, {"become": True}, None, id="as another user: that user's own, as nobody else's is trusted"),
        pytest.param(
            {},
            {"async_val": 60, "environment": [{"MEDIAOPS_TOKEN_CACHE": "/task"}]},
            "/task",
            id="one in the task's environment",
        ),
    ],
)
def test_the_token_cache_of_an_ordinary_module(args, keywords, expected, action, tmp_path):
    tested = action({"url": "https://host", **args}, **keywords)

    tested.run(task_vars={})

    assert tested.handed_over[0]["module_args"].get("token_cache") == (expected and expected.format(home=tmp_path))


def test_the_token_cache_in_the_controllers_environment_is_left_to_the_module(action, monkeypatch):
    monkeypatch.setenv("MEDIAOPS_TOKEN_CACHE", "/controller")
    tested = action({"url": "https://host"}, async_val=60)

    tested.run(task_vars={})

    assert "token_cache" not in tested.handed_over[0]["module_args"]


def test_in_the_worker_the_token_cache_is_below_ansible_home(action, tmp_path):
    action({"url": "https://host"}, lambda access: {"changed": bool(access.store.backend.names())}).run(task_vars={})

    assert (tmp_path / "mediaops" / "tokens").is_dir()


# --- what reaches the run ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check_mode", [True, False])
def test_check_mode_comes_from_the_task(check_mode, action):
    assert (
        action(run=lambda access: {"changed": access.check_mode}, check_mode=check_mode).run(task_vars={})["changed"]
        is check_mode
    )


@pytest.mark.parametrize("transport", ["local", "ssh"])
@pytest.mark.parametrize("diff", [True, False])
def test_a_diff_is_returned_only_in_diff_mode(diff, transport, action):
    answer = {"changed": True, "diff": {"before": 1, "after": 2}}
    tested = action(run=lambda access: dict(answer), answer=answer, diff=diff, transport=transport)

    assert ("diff" in tested.run(task_vars={})) is diff


@pytest.mark.parametrize("wanted", [True, False])
def test_the_invocation_is_returned_if_an_ordinary_module_returns_it(wanted, action, monkeypatch):
    can_be_unwanted = (
        "INJECT_INVOCATION" in C.config.get_configuration_definitions()
    )  # since ansible-core 2.21, where it is the default
    monkeypatch.setenv("ANSIBLE_INJECT_INVOCATION", str(wanted))

    assert ("invocation" in action().run(task_vars={})) is (wanted or not can_be_unwanted)


def test_a_wrong_option_is_a_failed_result_that_names_the_module(action):
    result = action({**GIVEN, "bogus": 1}).run(task_vars={})

    assert (result["failed"], result["provider"]) == (True, "fake")
    assert result["msg"].startswith(f"Fake Platform: Unsupported parameters for ({NAME}) module: bogus.")


def types_in(value):
    """The types at every depth, including keys."""
    kind = type(value)
    parts = [part for item in value.items() for part in item] if kind is dict else value if kind is list else []
    return {kind}.union(*map(types_in, parts))


TREE = "{text: a, number: 5, real: 1.5, on: true, none: null, list: [b, {c: [6]}], day: 2027-01-15, time: 2027-01-15T08:00:00Z}"
PLAIN = {
    **{"text": "a", "number": 5, "real": 1.5, "True": True, "none": None, "list": ["b", {"c": [6]}]},
    **{"day": "2027-01-15", "time": "2027-01-15T08:00:00+00:00"},
}


@pytest.fixture
def tagged():
    """Values as Ansible loads them from YAML: tagged with their origin, and of types that libraries do not support."""
    return DataLoader().load(TREE)


def test_tagged_values_become_plain_ones(tagged):
    assert not types_in(tagged) & {dict, list, str, int, float}

    assert plain(tagged) == PLAIN
    assert types_in(plain(tagged)) == {dict, list, str, int, float, bool, type(None)}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, "a"), [1, "a"]),
        (datetime.datetime(2027, 1, 15, 8, tzinfo=datetime.UTC), "2027-01-15T08:00:00+00:00"),
        (True, True),
        (None, None),
        ("", ""),
        ({1: 2}, {"1": 2}),
    ],
    ids=repr,
)
def test_other_values_become_plain_ones(value, expected):
    assert plain(value) == expected
    assert type(plain(value)) is type(expected)


def test_the_run_gets_plain_values(tagged, action):
    seen = []
    args = {
        template(name): value
        for name, value in {**GIVEN, "name": template("x"), "tree": tagged, "number": template("7")}.items()
    }

    action(args, lambda access: seen.append(access.params) or dict(QUIET)).run(task_vars={})

    assert {name: seen[0][name] for name in ("name", "tree", "number")} == {"name": "x", "tree": PLAIN, "number": 7}
    assert types_in(seen[0]) == {dict, list, str, int, float, bool, type(None)}


# --- the task's environment -----------------------------------------------------------------------------------------------------


def test_the_environment_of_the_task_reaches_fallbacks_and_libraries(action):
    def run(access):
        return {"changed": False, "seen": [access.params["url"], os.environ["http_proxy"], os.environ["NUMBER"]]}

    environment = [
        {"FLEX_URL": "https://outer", "NUMBER": 5},
        {"FLEX_URL": template("https://{{ who }}"), "http_proxy": template("http://{{ who }}:1")},
    ]

    result = action({"token_cache": "none"}, run, environment=environment, variables={"who": "inner"}).run(task_vars={})

    assert result["seen"] == ["https://inner", "http://inner:1", "5"]


def test_the_environment_of_the_task_wins_over_the_controllers_and_arguments_over_both(action, monkeypatch):
    monkeypatch.setenv("FLEX_URL", "https://controller")
    environment = [{"FLEX_URL": "https://task"}]

    def run(access):
        return {"changed": False, "url": access.params["url"]}

    assert action({"token_cache": "none"}, run).run(task_vars={})["url"] == "https://controller"
    assert action({"token_cache": "none"}, run, environment=environment).run(task_vars={})["url"] == "https://task"
    assert action(GIVEN, run, environment=environment).run(task_vars={})["url"] == "https://host"


def fail(access):
    raise AccessError("refused")


@pytest.mark.parametrize("run", [lambda access: dict(QUIET), fail], ids=["success", "failure"])
def test_the_environment_is_restored(run, action, monkeypatch):
    monkeypatch.setenv("FLEX_URL", "https://controller")
    before = dict(os.environ)

    action(run=run, environment=[{"FLEX_URL": "https://task", "NEW_ONE": "x"}]).run(task_vars={})

    assert dict(os.environ) == before


def test_the_environment_is_restored_even_when_the_task_is_interrupted(action):
    def interrupt(access):
        raise KeyboardInterrupt

    before = dict(os.environ)

    with pytest.raises(KeyboardInterrupt):
        action(run=interrupt, environment=[{"NEW_ONE": "x"}]).run(task_vars={})

    assert dict(os.environ) == before


# --- what is shown --------------------------------------------------------------------------------------------------------------

BOTH = pytest.mark.parametrize("transport", ["local", "ssh"])


def outcome(action, answer, transport="local", args=GIVEN, task_vars=None, **keywords):
    """The result of a task, in the worker or as an ordinary module, and whether it is censored."""
    result = action(args, lambda access: dict(answer), answer=answer, transport=transport, **keywords).run(
        task_vars=task_vars or {}
    )
    return result, result.pop("_ansible_no_log", False)


@BOTH
@pytest.mark.parametrize(
    ("answer", "censored"),
    [
        pytest.param({"changed": False}, False, id="nothing"),
        pytest.param(
            {"changed": False, "json": ["new"], SENSITIVE: True}, True, id="what the module knows to be secret"
        ),
        pytest.param(
            {"changed": False, "json": ["new"], SENSITIVE: False}, False, id="what the module knows not to be secret"
        ),
        pytest.param({"changed": True, "application": {"id": 1, "client_id": "public"}}, False, id="nothing secret"),
        pytest.param({"changed": True, "application": {"client_secret": "from the platform"}}, True, id="a new secret"),
        pytest.param({"changed": False, "token": {"access_token": "t", "cached": True}}, True, id="a token"),
        pytest.param(
            {"changed": False, "applications": [{"id": 1}, {"client_secret": "x"}]}, True, id="a secret in a list"
        ),
        pytest.param({"changed": False, "echo": f"--{SECRET}--"}, True, id="an argument that comes back"),
        pytest.param({"failed": True, "changed": False, "msg": "refused"}, False, id="a failure without a secret"),
        pytest.param(
            {"failed": True, "changed": False, "msg": "1 of 2", "tokens": [{"access_token": "t"}]},
            True,
            id="a failure with a secret",
        ),
    ],
)
def test_a_result_that_holds_a_secret_is_censored_and_kept(answer, censored, transport, action):
    result, hidden = outcome(action, answer, transport, {**GIVEN, "key": SECRET})

    assert hidden is censored
    own = ("msg", SENSITIVE)
    assert {name: result[name] for name in answer if name not in own} == {
        name: value for name, value in answer.items() if name not in own
    }
    assert SENSITIVE not in result


@BOTH
def test_secret_arguments_do_not_censor_a_result_without_secrets(transport, action):
    answer = {"changed": True, "diff": {"before": {"name": "a"}, "after": {"name": "b"}}}

    assert outcome(action, answer, transport, {**GIVEN, "key": SECRET}, diff=True)[1] is False


ITEMS = [
    pytest.param(SECRET, {"key": SECRET}, True, id="the secret"),
    pytest.param({"name": "a", "k": SECRET}, {"key": SECRET}, True, id="a dict with the secret"),
    pytest.param(["a", {"deep": [f"id:{SECRET}"]}], {"key": SECRET}, True, id="the secret deep inside"),
    pytest.param({"name": "a", "password": "of another task"}, {}, True, id="another secret, by its key"),
    pytest.param(7654321, {"key": "7654321"}, True, id="a number"),
    pytest.param("a", {"key": SECRET}, False, id="no secret"),
    pytest.param({"name": "a", "password": ""}, {"key": SECRET}, False, id="an empty password"),
    pytest.param(None, {"key": SECRET}, False, id="none"),
]


@BOTH
@pytest.mark.parametrize(("item", "args", "censored"), ITEMS)
@pytest.mark.parametrize("name", ["item", "app"], ids=["usual name", "own name"])
def test_a_loop_item_that_holds_a_secret_is_not_shown(name, item, args, censored, transport, action):
    task_vars = {name: item, "ansible_loop_var": name}

    assert outcome(action, QUIET, transport, {**GIVEN, **args}, task_vars)[1] is censored


@BOTH
@pytest.mark.parametrize("run", [lambda access: dict(QUIET), fail], ids=["success", "failure"])
def test_the_item_of_a_failed_task_is_not_shown_either(run, transport, action):
    tested = action({**GIVEN, "key": SECRET}, run, answer={"failed": True, "msg": "refused"}, transport=transport)

    assert tested.run(task_vars={"item": SECRET, "ansible_loop_var": "item"})["_ansible_no_log"] is True


def test_an_item_is_not_shown_though_the_arguments_are_wrong(action):
    tested = action({**GIVEN, "key": SECRET, "bogus": 1})

    assert tested.run(task_vars={"item": {"k": SECRET}, "ansible_loop_var": "item"})["_ansible_no_log"] is True


MISSPELT = [
    pytest.param(SECRET, SECRET, True, id="a text"),
    pytest.param(7654321, {"k": 7654321}, True, id="a number"),
    pytest.param({"deep": [SECRET]}, [f"id:{SECRET}"], True, id="a tree"),
    pytest.param([SECRET, "other"], {"k": "other"}, True, id="a list"),
    pytest.param(SECRET, {"name": "a"}, False, id="not in the item"),
    pytest.param(True, {"name": "True"}, False, id="a switch"),
    pytest.param(None, {"name": "None"}, False, id="nothing"),
    pytest.param("", {"name": "a"}, False, id="an empty text"),
]


@BOTH
@pytest.mark.parametrize(("value", "item", "censored"), MISSPELT)
def test_the_value_of_an_unknown_option_may_be_a_misspelt_secret(value, item, censored, transport, action):
    refused = {"failed": True, "changed": False, "msg": "Unsupported parameters"}
    task_vars = {"item": item, "ansible_loop_var": "item"}

    result, hidden = outcome(action, refused, transport, {**GIVEN, "kee": value}, task_vars)

    assert (result["failed"], hidden) == (True, censored)


@BOTH
def test_the_name_of_an_unknown_option_is_not_secret(transport, action):
    task_vars = {"item": {"kee": "a"}, "ansible_loop_var": "item"}

    assert (
        outcome(
            action, {"failed": True, "changed": False, "msg": "refused"}, transport, {**GIVEN, "kee": SECRET}, task_vars
        )[1]
        is False
    )


@pytest.mark.parametrize("part", ["allitems", "previtem", "nextitem"])
def test_the_other_items_of_an_extended_loop_count_too(part, action):
    others = [{"password": "of the next one"}] if part == "allitems" else {"password": "of the next one"}
    task_vars = {"item": "a", "ansible_loop_var": "item", "ansible_loop": {"index": 1, part: others}}

    assert outcome(action, QUIET, task_vars=task_vars)[1] is True


def test_a_variable_that_happens_to_be_named_like_a_loop_item_does_not_matter_in_a_named_loop(action):
    assert (
        outcome(action, QUIET, task_vars={"item": {"password": "x"}, "app": "a", "ansible_loop_var": "app"})[1] is False
    )


def test_tagged_items_are_looked_into(action):
    item = Templar(DataLoader(), {"it": {"k": template(SECRET)}}).template(template("{{ it }}"))

    assert (
        outcome(
            action, QUIET, args={**GIVEN, "key": template(SECRET)}, task_vars={"item": item, "ansible_loop_var": "item"}
        )[1]
        is True
    )


LOOP = {"item": {"name": "a", "k": SECRET}, "ansible_loop_var": "item"}


@BOTH
def test_a_secret_in_the_environment_of_the_task_counts_too(transport, action):
    environment = [{"FLEX_KEY": template("{{ item.k }}")}]

    assert outcome(action, QUIET, transport, task_vars=LOOP, variables=LOOP, environment=environment)[1] is True


@BOTH
@pytest.mark.parametrize("place", ["task", "controller"])
def test_a_proxys_password_counts_too(place, transport, action, monkeypatch):
    proxy = {"HTTPS_PROXY": "http://me:pr%2Foxy@proxy:3128"}
    if place == "controller":
        monkeypatch.setenv("HTTPS_PROXY", proxy["HTTPS_PROXY"])

    result, hidden = outcome(
        action, {"changed": False, "echo": "--pr/oxy--"}, transport, environment=[proxy] if place == "task" else []
    )

    assert (result["echo"], hidden) == ("--pr/oxy--", True)


def test_a_secret_in_the_environment_of_the_controller_counts_too(action, monkeypatch):
    monkeypatch.setenv("FLEX_KEY", SECRET)

    assert outcome(action, QUIET, task_vars=LOOP)[1] is True


# --- values that YAML has changed --------------------------------------------------------------------------------------------


def from_yaml(tmp_path, text):
    """Arguments as Ansible reads them from a file."""
    (tmp_path / "play.yml").write_text(text)
    return DataLoader().load_from_file(str(tmp_path / "play.yml"))


@BOTH
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name: 0123", "name: YAML reads 0123 as the number 83. Put it in quotes"),
        ("name: 12:30", "name: YAML reads 12:30 as the number 750. Put it in quotes"),
        ("key: 0222", "key: YAML reads it as another number. Put it in quotes"),
        ("thing_id: 1_000", "thing_id: YAML reads 1_000 as the number 1000. Write it in plain digits"),
        ("thing_id: +5", "thing_id: YAML reads +5 as the number 5. Write it in plain digits"),
        ("name: 2001-12-14 21:59:43", "name: must be text, but YAML reads it as a date. Put it in quotes"),
        (
            "{thing_id: 012, name: 034}",
            "thing_id: YAML reads 012 as the number 10. Write it in plain digits; name: YAML reads 034 as the number 28. Put it in quotes",
        ),
    ],
)
def test_values_converted_by_yaml_are_rejected_before_anything_runs(tmp_path, transport, action, text, problem):
    ran = []
    tested = action({**GIVEN, **from_yaml(tmp_path, text)}, run=ran.append, transport=transport)
    result = tested.run(task_vars={})

    assert (result["failed"], result["changed"], result["provider"], result["msg"]) == (
        True,
        False,
        "fake",
        f"Fake Platform: {problem}",
    )
    assert (ran, tested.handed_over) == ([], [])


def test_conversions_are_found_through_variables_and_templates(tmp_path, action):
    variables = {"it": from_yaml(tmp_path, "players: [{id: 0123}]")}
    args = Templar(DataLoader(), variables).template({"name": template("{{ it.players[0].id }}")})

    assert "name: YAML reads 0123 as the number 83" in action({**GIVEN, **args}).run(task_vars={})["msg"]


@pytest.mark.parametrize("text", ["name: '0123'", "name: 83", "number: 0123", "thing_id: 5", "name: 2001-12-14"])
def test_unconverted_and_harmless_values_are_accepted(tmp_path, action, text):
    assert action({**GIVEN, **from_yaml(tmp_path, text)}).run(task_vars={})["changed"] is False


# --- tasks of one check ------------------------------------------------------------------------------------------------------


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Ansible's temporary directory of a run."""
    monkeypatch.setattr(C, "DEFAULT_LOCAL_TMP", str(tmp_path))
    return tmp_path


def plans(access):
    before = access.find_plan("thing")
    access.plan("thing", {"n": 1})
    return {"changed": True, "before": before}


def test_plans_are_known_to_later_tasks_and_not_part_of_the_result(action, temporary):
    first, second = (action(run=plans, check_mode=True).run(task_vars={}) for _task in range(2))

    assert (first["before"], second["before"]) == (None, {"n": 1})
    assert PLANS not in first


def test_an_ordinary_module_receives_and_returns_plans(action, temporary):
    def run(answer):
        tested = action(transport="ssh", check_mode=True, answer=answer)
        return tested.run(task_vars={}), tested.handed_over[0]["module_args"]

    result, arguments = run({"changed": True, PLANS: {"a": {"n": 1}}})
    assert (result, EARLIER_PLANS in arguments) == ({"changed": True}, False)
    assert run(QUIET)[1] == {**GIVEN, EARLIER_PLANS: {"a": {"n": 1}}}


def test_a_real_task_receives_no_plans_and_clears_them_on_a_change(action, temporary):
    action(run=plans, check_mode=True).run(task_vars={})
    tested = action(transport="ssh")
    tested.run(task_vars={})
    assert EARLIER_PLANS not in tested.handed_over[0]["module_args"]
    assert action(run=plans, check_mode=True).run(task_vars={})["before"] == {"n": 1}

    action(run=lambda access: {"changed": True}).run(task_vars={})
    assert action(run=plans, check_mode=True).run(task_vars={})["before"] is None


# --- files of the controller -------------------------------------------------------------------------------------------------


def test_an_encrypted_file_is_decrypted_in_the_worker(tmp_path, action):
    path = tmp_path / "a.csv"
    path.write_bytes(VaultLib([("default", VaultSecret(b"hush-token"))]).encrypt("a,b\n"))
    tested = action(run=lambda access: {"changed": False, "text": access.decrypt(str(path))})
    tested._loader.set_vault_secrets([("default", VaultSecret(b"hush-token"))])

    assert tested.run(task_vars={})["text"] == "a,b\n"


def test_a_text_is_encrypted_with_the_password_of_the_file_in_the_worker(tmp_path, action):
    secrets = [("other", VaultSecret(b"other-token")), ("shop", VaultSecret(b"hush-token"))]
    path = tmp_path / "a.csv"
    path.write_bytes(VaultLib(secrets[1:]).encrypt("a,b\n", vault_id="shop"))
    encrypted = []
    tested = action(run=lambda access: encrypted.append(access.encryptor(str(path))("rejected")) or {"changed": False})
    tested._loader.set_vault_secrets(secrets)

    assert "failed" not in tested.run(task_vars={})
    assert encrypted[0].startswith(b"$ANSIBLE_VAULT;1.2;AES256;shop\n")
    assert VaultLib(secrets[1:]).decrypt(encrypted[0]) == b"rejected"


def test_without_the_vault_password_the_failure_has_a_remedy(tmp_path, action):
    path = tmp_path / "a.csv"
    path.write_bytes(VaultLib([("default", VaultSecret(b"hush-token"))]).encrypt("a,b\n"))
    result = action(run=lambda access: access.decrypt(str(path))).run(task_vars={})

    assert result["msg"].startswith(f"Fake Platform: {path} cannot be decrypted: ")
    assert result["msg"].endswith(". Give its password with --ask-vault-pass or --vault-password-file")


# --- statistics ----------------------------------------------------------------------------------------------------------------

TOTALS = types.MappingProxyType({"fake": {**dict.fromkeys(_statistics.NAMES, 0), "requests": 3}})


@pytest.fixture
def collected(tmp_path, monkeypatch):
    """The file of the callback access_statistics, which is enabled."""
    path = tmp_path / "statistics.jsonl"
    path.touch()
    monkeypatch.setattr(_statistics, "_file", str(path))
    return path


def count(access):
    """A run that sends three requests."""
    access.budget.counts.requests += 3
    return dict(QUIET)


def fail(access):
    count(access)
    raise AccessError("no")


def exceed_timeout(access):
    """As the keyword timeout ends a task."""
    count(access)
    raise KeyboardInterrupt


@pytest.mark.parametrize("run", [count, fail, exceed_timeout])
def test_in_the_worker_a_task_adds_its_counts(run, action, collected):
    with contextlib.suppress(KeyboardInterrupt):
        assert STATISTICS not in action(run=run).run(task_vars={})

    assert _statistics.read_totals(str(collected)) == TOTALS


@pytest.mark.parametrize(
    ("keywords", "expected"),
    [
        pytest.param({"transport": "ssh"}, True, id="another host"),
        pytest.param({"become": True}, True, id="another user"),
        pytest.param({"async_val": 60}, "{file}", id="in the background"),
        pytest.param({"async_val": 60, "transport": "ssh"}, None, id="in the background of another host"),
        pytest.param({"async_val": 60, "become": True}, None, id="in the background, as another user"),
    ],
)
def test_an_ordinary_module_is_asked_for_its_counts(keywords, expected, action, collected):
    tested = action(**keywords)

    tested.run(task_vars={})

    wanted = tested.handed_over[0]["module_args"].get(STATISTICS)
    assert wanted == (str(collected) if expected == "{file}" else expected)


def test_the_counts_of_an_ordinary_module_are_added_and_not_displayed(action, collected):
    answer = {"changed": True, STATISTICS: dict(TOTALS)}

    assert action(transport="ssh", answer=answer).run(task_vars={}) == {"changed": True}
    assert _statistics.read_totals(str(collected)) == TOTALS


@pytest.mark.parametrize("keywords", [{}, {"transport": "ssh"}])
def test_counts_that_cannot_be_written_are_a_warning_of_the_task(keywords, action, tmp_path, monkeypatch):
    monkeypatch.setattr(_statistics, "_file", str(tmp_path))
    answer = {"changed": False, "warnings": ["another"], STATISTICS: dict(TOTALS)}

    result = action(run=count, answer=answer, **keywords).run(task_vars={})

    assert result["warnings"][-1].startswith("the access statistics are incomplete: ")


def test_without_the_callback_ordinary_modules_are_not_asked_for_counts(action, monkeypatch):
    monkeypatch.setattr(_statistics, "_file", None)
    tested = action(transport="ssh")

    tested.run(task_vars={})

    assert tested.handed_over[0]["module_args"] == GIVEN
