# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import math
import os

import pytest
from ansible.module_utils import basic
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.parameters import PASS_VARS
from ansible.module_utils.testing import patch_module_args

from ansible_collections.mediaops.access.plugins.module_utils import _statistics
from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.module_utils._masking import core_registry
from ansible_collections.mediaops.access.plugins.module_utils._masking.core_registry import spec_for_core
from ansible_collections.mediaops.access.plugins.module_utils._masking.marks import MASK
from ansible_collections.mediaops.access.plugins.module_utils._modules.definition import (
    EARLIER_PLANS,
    ENVIRONMENT,
    HIDDEN,
    PLANS,
    STATISTICS,
    ModuleDefinition,
)
from ansible_collections.mediaops.access.plugins.module_utils._platform.authorized_client import AuthorizedClient
from ansible_collections.mediaops.access.plugins.module_utils._platform.declaration import Platform
from ansible_collections.mediaops.access.plugins.module_utils._platform.issuer import TokenIssuer
from ansible_collections.mediaops.access.plugins.module_utils._platform.options import from_env

NAME = "mediaops.access.fake_thing"
SECRET = "s3cr3t/value"
ABSENT = object()
GIVEN = {"url": "https://host", "key": SECRET, "name": "A", "token_cache": "none"}


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


def module(run=lambda access: {"changed": False}):
    options = {
        "name": {"type": "str"},
        "id": {"type": "int"},
        "state": {"choices": ["present", "absent"], "default": "present"},
        "filter": {"type": "dict"},
    }
    options |= {
        "user_email": {"type": "str"},
        "items": {"type": "list", "elements": "dict", "options": {"id": {"type": "int"}}},
    }
    return ModuleDefinition(FAKE, run, options, required_one_of=[("name", "id")])


def in_worker(module, params, check_mode=False):
    return module.run(params, name=NAME, check_mode=check_mode)


@pytest.fixture
def as_module(capsys, monkeypatch):
    warnings: list[str] = []  # Ansible keeps them for the whole process, in a form of its own
    monkeypatch.setattr(AnsibleModule, "warn", lambda self, warning: warnings.append(warning))

    def run(module, params, check_mode=False):
        arguments = {**params, "_ansible_module_name": NAME, "_ansible_check_mode": check_mode}
        if "inject_invocation" in PASS_VARS:  # since ansible-core 2.21
            arguments["_ansible_inject_invocation"] = True
        with patch_module_args(arguments), pytest.raises(SystemExit) as exited:
            module.main()
        result = json.loads(capsys.readouterr().out)
        assert exited.value.code == (1 if result.get("failed") else 0)
        return {**result, "warnings": warnings} if warnings else result

    return run


@pytest.fixture(params=["in the worker", "as a module"])
def execute(request, as_module):
    """Runs a module in the worker and as an ordinary module. Tests that use it cover both."""
    return as_module if request.param == "as a module" else in_worker


def given(params):
    return {name: value for name, value in {**GIVEN, **params}.items() if value is not ABSENT}


def raises(error):
    def run(access):
        raise error

    return run


# --- results -----------------------------------------------------------------------------------------------------------------


def test_a_result_reaches_the_play_with_its_secrets(execute):
    result = execute(
        module(
            lambda access: {"changed": True, "application": {"client_secret": SECRET, "id": 7, "description": None}}
        ),
        GIVEN,
    )

    invocation = result.pop("invocation")
    assert result == {"changed": True, "application": {"client_secret": SECRET, "id": 7, "description": None}}
    assert SECRET not in json.dumps(invocation)


@pytest.mark.parametrize("check_mode", [True, False])
def test_check_mode_reaches_the_run(check_mode, execute):
    assert execute(module(lambda access: {"changed": access.check_mode}), GIVEN, check_mode)["changed"] is check_mode


def test_options_are_converted_and_completed(execute, monkeypatch):
    monkeypatch.setenv("FLEX_URL", "https://from.environment")
    names = ("url", "id", "state", "timeout", "retries", "rate_limit")

    result = execute(
        module(lambda access: {"seen": {name: access.params[name] for name in names}}), {"id": "7", "timeout": "2.5"}
    )

    assert result["seen"] == {
        "url": "https://from.environment",
        "id": 7,
        "state": "present",
        "timeout": 2.5,
        "retries": 4,
        "rate_limit": "none",
    }


@pytest.mark.parametrize(
    "name",
    [
        "timeout",
        "retries",
        "max_wait",
        "rate_limit",
        "auth_rate_limit",
        "min_ttl",
        "validate_certs",
        "token_cache",
        "state",
    ],
)
def test_an_option_that_is_null_has_its_default(name, execute):
    result = execute(
        module(lambda access: {"seen": access.params[name]}), {"url": "https://host", "name": "A", name: None}
    )

    assert result.get("msg") is None
    assert result["seen"] == module().options[name]["default"]


def test_warnings_are_passed_on_without_secrets(execute):
    def run(access):
        access.session.warn(f"odd: {SECRET}")
        return {"changed": False}

    assert execute(module(run), GIVEN)["warnings"] == [f"odd: {MASK}"]


def test_warnings_of_a_failed_run_are_passed_on(execute):
    def run(access):
        access.session.warn("odd")
        raise AccessError("worse")

    result = execute(module(run), GIVEN)

    assert (result["warnings"], result["msg"]) == (["odd"], "Fake Platform: worse")


def test_displayed_values_contain_no_secret(execute):
    def run(access):
        access.secrets.add("a-new-token")
        diff = {"before": {"a": f"x {SECRET}"}, "after": {"a": ["a-new-token"]}}
        return {
            "changed": True,
            "diff": diff,
            "entitlements": [{"msg": f"not {SECRET}", "id": 1}, {"msg": "s3cr3t%2Fvalue"}],
        }

    result = execute(module(run), GIVEN)

    assert result["diff"] == {"before": {"a": f"x {MASK}"}, "after": {"a": [MASK]}}
    assert result["entitlements"] == [{"msg": f"not {MASK}", "id": 1}, {"msg": MASK}]


def test_the_invocation_hides_secret_options_and_secrets_in_others(execute):
    result = execute(
        module(), {**GIVEN, "name": f"of {SECRET}", "filter": {"q": [SECRET, 5]}, "access_token": "my-token"}
    )

    shown = result["invocation"]["module_args"]
    assert {name: shown[name] for name in ("key", "access_token", "token_cache_key", "name", "filter", "url")} == {
        **{"key": HIDDEN, "access_token": HIDDEN, "token_cache_key": None},
        **{"name": f"of {MASK}", "filter": {"q": [MASK, 5]}, "url": "https://host"},
    }


def test_a_secret_of_the_environment_is_hidden_too(execute, monkeypatch):
    monkeypatch.setenv("FLEX_KEY", SECRET)

    result = execute(module(raises(AccessError(f"no {SECRET}"))), {"url": "https://host", "name": SECRET})

    assert result["msg"] == f"Fake Platform: no {MASK}"
    assert SECRET not in json.dumps(result)


def test_the_password_of_a_token_cache_is_hidden_too(execute):
    params = {
        **GIVEN,
        "token_cache": "redis://me:p%40ssword@redis.example.com/0",
        "token_cache_key": "the key of the cache",
        "name": "p@ssword",
    }

    result = execute(module(raises(AccessError("no p%40ssword, no p@ssword"))), params)

    assert result["msg"] == f"Fake Platform: no {MASK}, no {MASK}"
    shown = result["invocation"]["module_args"]
    assert (shown["token_cache"], shown["name"]) == ("redis://redis.example.com", MASK)


AWKWARD = "p/w%41?x@y"


@pytest.mark.parametrize(
    "place",
    [
        f"redis://me:{AWKWARD}@redis.example.com/0",
        "redis://me:p%2Fw%2541%3Fx%40y@redis.example.com/zero",
        f"redis://redis.example.com?password={AWKWARD}",
        f"redis:/:{AWKWARD}@redis.example.com",
        f" redis://:{AWKWARD}@redis.example.com",
        f"redis//:{AWKWARD}@redis.example.com",
        f"redis+sentinel://:{AWKWARD}@redis.example.com:1/service",
        f"valkey://:{AWKWARD}@redis.example.com",
    ],
)
def test_an_invalid_token_cache_url_is_rejected_without_showing_its_password(place, execute, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    result = execute(
        module(lambda access: access.store.backend),
        {**GIVEN, "token_cache": place, "token_cache_key": "the key of it all", "name": f"of {AWKWARD}"},
    )

    assert result["msg"].startswith("Fake Platform: token_cache: ")
    assert list(tmp_path.iterdir()) == []
    for part in (AWKWARD, "p/wA?x@y", "w%41", "w%2541", "x@y", "x%40y"):
        assert part not in json.dumps(result)


@pytest.mark.parametrize(
    "url",
    [
        f"https://me:{AWKWARD}@host/x",
        f"https:/me:{AWKWARD}@host",
        f"https://host?key={AWKWARD}",
        f"https://{AWKWARD}@host",
    ],
)
def test_a_url_with_a_user_in_it_is_refused_without_a_trace_of_the_password(url, execute):
    result = execute(module(), {**GIVEN, "url": url})

    assert result["msg"].startswith("Fake Platform: url must ")
    assert "w%41" not in json.dumps(result)
    assert "x@y" not in json.dumps(result)


@pytest.mark.parametrize("variable", ["http_proxy", "HTTPS_PROXY", "ALL_PROXY", "no_proxy"])
def test_the_password_of_a_proxy_is_hidden_too(variable, execute, monkeypatch):
    monkeypatch.setenv(variable, f"http://me:{AWKWARD}%2B@proxy:3128")

    result = execute(
        module(raises(AccessError(f"no {AWKWARD}%2B, no p/wA?x@y+"))), {**GIVEN, "name": f"of {AWKWARD}%2B"}
    )

    assert result["msg"] == f"Fake Platform: no {MASK}, no {MASK}"
    assert result["invocation"]["module_args"]["name"] == f"of {MASK}"


def test_an_ordinary_module_receives_its_environment_as_an_argument(as_module, monkeypatch):
    monkeypatch.delenv("https_proxy", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    environment = {"https_proxy": f"http://me:{SECRET}@proxy", "no_proxy": "host"}

    result = as_module(
        module(lambda access: {"seen": [os.environ.get(name) for name in environment]}),
        {**GIVEN, ENVIRONMENT: environment},
    )

    assert result["seen"] == list(environment.values())
    assert result["invocation"]["module_args"].keys() >= GIVEN.keys()
    assert ENVIRONMENT not in result["invocation"]["module_args"]


# --- what is secret, and what ansible-core gets to know of it ------------------------------------------------------------------------


@pytest.fixture
def registered(monkeypatch):
    """The values registered with ansible-core 2.22 and newer."""
    found: list[str] = []
    monkeypatch.setattr(core_registry, "register_secrets", found.extend)
    return found


PRIVATE = {
    **{
        "query": {"token": "token-in-query", "n": 1, "name": "Reviewer"},
        "body": {"a": [{"client_secret": "secret-in-body", "id": 12345678}]},
    },
    "headers": {"Authorization": "Bearer token-in-header", "X-Api-Key": "key-in-header", "Accept": "application/json"},
}


def private_module(run=lambda access: {"changed": False}):
    options = {"query": {"type": "dict"}, "body": {"type": "raw"}, "headers": {"type": "dict"}, "name": {"type": "str"}}
    return ModuleDefinition(FAKE, run, options, private=("query", "body", "headers"))


def test_only_secrets_are_registered_with_ansible_core(execute, registered, monkeypatch):
    monkeypatch.setenv("https_proxy", "http://me:proxy%2Fpassword@proxy")
    params = {
        **GIVEN,
        **PRIVATE,
        "token_cache": "redis://me:redis-password@host",
        "token_cache_key": "the key of it all",
        "access_token": "a-token",
    }

    def run(access):
        access.secrets.add("a-new-token")
        return {"changed": True, "token": {"access_token": "a-new-token", "token_type": "Bearer"}}

    execute(private_module(run), {**params, "key": "Ünïcode secret"})

    assert set(registered) == {
        *{
            "Ünïcode secret",
            "a-token",
            "the key of it all",
            "redis-password",
            "proxy%2Fpassword",
            "proxy/password",
            "a-new-token",
        },
        *{"token-in-query", "secret-in-body", "token-in-header", "key-in-header"},
    }


@pytest.mark.parametrize(
    ("body", "known"),
    [
        ("Reviewer", []),
        ('{"password": "in-json", "n": 1}', ["in-json"]),
        ("user=Reviewer&password=in-form", ["in-form"]),
        ("[1, 2, 3", []),
    ],
    ids=["a word", "JSON", "a form", "broken JSON"],
)
def test_only_the_secrets_of_a_private_text_are_registered_but_all_of_it_is_hidden(body, known, execute, registered):
    result = execute(
        private_module(raises(AccessError(f"refused: {body}"))), {**GIVEN, "key": "first-key", "body": body}
    )

    assert set(registered) == {"first-key", *known}
    assert result["msg"] == f"Fake Platform: refused: {MASK}"
    assert result["invocation"]["module_args"]["body"] == HIDDEN


def test_private_options_are_not_shown(execute):
    shown = execute(private_module(), {**GIVEN, **PRIVATE})["invocation"]["module_args"]

    assert {name: shown[name] for name in (*PRIVATE, "name")} == {**dict.fromkeys(PRIVATE, HIDDEN), "name": "A"}


@pytest.mark.parametrize(
    "params", [{"key": "short"}, {"access_token": " one  "}, {"nme": "Reviewer"}, {"id": 1234567, "key": ""}], ids=str
)
def test_short_and_misspelt_values_are_not_registered_with_ansible_core(params, execute, registered):
    execute(module(), {**GIVEN, "key": "12345", **params})

    assert registered == []


def test_the_spec_for_ansible_core_marks_only_secrets_it_may_know(registered):
    told = spec_for_core(
        {"a": {"no_log": True}, "b": {"no_log": True}, "c": {"type": "int"}}, {"a": "long enough", "b": "short", "c": 5}
    )

    assert told == {"a": {"no_log": True}, "b": {"no_log": False}, "c": {"type": "int", "no_log": False}}


def test_an_ordinary_module_writes_nothing_into_the_systems_log(as_module, monkeypatch):
    written = []
    monkeypatch.setattr(AnsibleModule, "_log_invocation", lambda self: written.append(self.params))

    as_module(private_module(), {**GIVEN, **PRIVATE})

    assert written == []


# --- what ansible-lint does --------------------------------------------------------------------------------------------------------


class Passed(Exception):
    """Raised by ansible-lint's AnsibleModule if the options are valid."""


class LintModule(AnsibleModule):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, no_log=True, **kwargs)
        raise Passed


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({"nme": "Reviewer"}, "Unsupported parameters for (basic.py) module: nme. Supported parameters include: "),
        ({"id": "many"}, "argument 'id' is of type"),
        ({"state": "gone"}, "value of state must be one of: present, absent, got: gone"),
        ({"name": "A", "id": 5}, "parameters are mutually exclusive: name|id"),
        ({"state": "absent"}, None),  # name or id may come from module_defaults
        ({"name": "A"}, None),
    ],
    ids=str,
)
def test_ansible_lint_only_validates_options(params, problem, capsys, monkeypatch):
    monkeypatch.setattr(basic, "AnsibleModule", LintModule)
    options = {
        "name": {"type": "str"},
        "id": {"type": "int"},
        "state": {"choices": ["present", "absent"], "default": "present"},
    }
    tested = ModuleDefinition(
        FAKE, raises(AssertionError), options, required_one_of=[("name", "id")], mutually_exclusive=[("name", "id")]
    )

    with patch_module_args(params), pytest.raises(SystemExit if problem else Passed):
        tested.check_options()

    message = json.loads(capsys.readouterr().out)["msg"] if problem else None
    assert (message or "").startswith(problem or "")


def test_given_params_stay_as_they_are():
    params = {**GIVEN, "filter": {"a": [SECRET]}}

    in_worker(module(), params)

    assert params == {**GIVEN, "filter": {"a": [SECRET]}}


# --- failures ------------------------------------------------------------------------------------------------------------------


def lookup_error(access):
    return {SECRET: 1}[f"missing {SECRET}"]


FAILURES = {
    "unsupported option": (
        None,
        {"bogus": 1},
        {"msg": f"Fake Platform: Unsupported parameters for ({NAME}) module: bogus. Supported parameters include: "},
    ),
    "missing option": (None, {"name": ABSENT}, {"msg": "Fake Platform: one of the following is required: name, id"}),
    "null in place of an option": (
        None,
        {"name": None},
        {"msg": "Fake Platform: one of the following is required: name, id"},
    ),
    "wrong type": (None, {"id": "many"}, {"msg": "Fake Platform: argument 'id' is of type "}),
    "rounded id": (None, {"id": "1.00E+03"}, {"msg": "Fake Platform: id: '1.00E+03' is not an id. "}),
    "decimal id": (None, {"id": 5.0}, {"msg": "Fake Platform: id: 5.0 is not an id. "}),
    "signed id": (None, {"id": "+5"}, {"msg": "Fake Platform: id: '+5' is not an id. "}),
    "number in place of a text": (
        None,
        {"name": 3.1},
        {"msg": "Fake Platform: name: 3.1 is a number and must be text. Put it in quotes"},
    ),
    "switch in place of a text": (
        None,
        {"name": False},
        {"msg": "Fake Platform: name: False is a boolean and must be text. Put it in quotes"},
    ),
    "number in place of a secret": (
        None,
        {"key": 31.4159},
        {"msg": "Fake Platform: key: is a number and must be text. "},
    ),
    "no address": (
        None,
        {"user_email": "alice"},
        {"msg": "Fake Platform: user_email: 'alice' is not an e-mail address: it has no @"},
    ),
    "several values": (
        None,
        {"id": "1e3", "name": 3.1},
        {"msg": "Fake Platform: name: 3.1 is a number and must be text. Put it in quotes: "},
    ),
    "wrong value in an item": (
        None,
        {"items": [{"id": 1}, {"id": "1_000"}]},
        {"msg": "Fake Platform: items[1]: id: '1_000' is not an id. "},
    ),
    "wrong choice": (
        None,
        {"state": "gone"},
        {"msg": "Fake Platform: value of state must be one of: present, absent, got: gone"},
    ),
    "wrong value": (None, {"retries": -1}, {"msg": "Fake Platform: retries must be 0 or more, not -1"}),
    "endless time": (
        lambda access: access.clock.sleep(access.params["timeout"]),
        {"timeout": math.inf},
        {"msg": "Fake Platform: timeout must be"},
    ),
    "missing url": (
        None,
        {"url": ABSENT},
        {"msg": "Fake Platform: url must be given (or the environment variable FLEX_URL)"},
    ),
    "wrong url": (None, {"url": "host"}, {"msg": "Fake Platform: url must be a URL such as"}),
    "platform": (
        raises(AccessError("refused", status=403, code="E7")),
        {},
        {"msg": "Fake Platform: refused", "status": 403, "error_code": "E7"},
    ),
    "secret in a failure": (
        raises(AccessError(SECRET, code=SECRET)),
        {},
        {"msg": f"Fake Platform: {MASK}", "error_code": MASK},
    ),
    "failed items": (
        lambda access: {"failed": True, "changed": True, "msg": "1 of 2"},
        {},
        {"msg": "Fake Platform: 1 of 2", "changed": True},
    ),
    "bug": (lookup_error, {}, {"msg": "Fake Platform: unexpected KeyError at test_definition.py:"}),
    "bug with a secret": (
        raises(RuntimeError(SECRET)),
        {},
        {"msg": "Fake Platform: unexpected RuntimeError at test_definition.py:"},
    ),
}


@pytest.mark.parametrize(("run", "params", "expected"), FAILURES.values(), ids=FAILURES)
def test_a_failure_is_a_clear_result(run, params, expected, execute):
    result = execute(module(run) if run else module(), given(params))

    expected = {"changed": False, "provider": "fake", "failed": True, **expected}
    assert {name: result.get(name) for name in ("status", "error_code", *expected)} == {
        **{"status": None, "error_code": None, **expected},
        "msg": result["msg"],
    }
    assert result["msg"].startswith(expected["msg"])
    assert SECRET not in json.dumps(result)
    assert "Traceback" not in result["msg"]


@pytest.mark.parametrize(("run", "params", "expected"), FAILURES.values(), ids=FAILURES)
def test_a_failure_is_the_same_both_ways(run, params, expected, as_module):
    tested = module(run) if run else module()

    here, there = (way(tested, given(params)) for way in (in_worker, as_module))

    assert {**here, "invocation": None} == {**there, "invocation": None}


def test_an_id_from_the_environment_is_checked_too(execute, monkeypatch):
    monkeypatch.setenv("FLEX_NUMBER", "1.00E+03")
    tested = module()
    tested.options["number_id"] = {"type": "int", "fallback": from_env("FLEX_NUMBER")}

    assert execute(tested, GIVEN)["msg"].startswith("Fake Platform: number_id: '1.00E+03' is not an id. ")
    assert "msg" not in execute(tested, {**GIVEN, "number_id": 5})


# --- tasks of one check --------------------------------------------------------------------------------------------------------


def test_plans_are_returned_and_known_to_the_next_task(as_module):
    def run(access):
        before = access.find_plan("thing")
        access.plan("thing", {"n": (before or {"n": 0})["n"] + 1})
        return {"changed": True, "before": before}

    tested = module(run)
    first, there = in_worker(tested, GIVEN, check_mode=True), as_module(tested, GIVEN, check_mode=True)
    assert first[PLANS] == there[PLANS] != {}
    assert first["before"] is None

    second = tested.run(GIVEN, name=NAME, check_mode=True, earlier_plan=first[PLANS].get)
    assert second["before"] == {"n": 1}
    assert as_module(tested, {**GIVEN, EARLIER_PLANS: first[PLANS]}, check_mode=True)["before"] == {"n": 1}
    assert EARLIER_PLANS not in json.dumps(as_module(tested, {**GIVEN, EARLIER_PLANS: first[PLANS]}, check_mode=True))


def test_a_real_run_neither_reads_nor_returns_plans(execute):
    def run(access):
        access.plan("thing", {"n": 1})
        return {"changed": True, "before": access.find_plan("thing")}

    result = execute(module(run), GIVEN)

    assert (result["before"], PLANS in result) == (None, False)


def test_plans_of_other_installations_are_others(execute):
    def run(access):
        access.plan("thing", {"n": 1})
        return {"changed": True}

    one, other = (execute(module(run), {**GIVEN, "url": url}, True)[PLANS] for url in ("https://host", "https://other"))

    assert one.keys() != other.keys()


def test_a_failure_after_a_bug_names_neither_value_nor_path(execute):
    message = execute(module(lookup_error), GIVEN)["msg"]

    assert message.endswith(": this is a bug in mediaops.access. Please report it and include this message")
    assert "/" not in message


@pytest.mark.parametrize("option", ["registration_kye", "access_tokn"])
def test_the_value_of_a_misspelt_option_is_not_shown(option, execute):
    result = execute(module(), {**GIVEN, option: "other-secret"})

    assert "other-secret" not in json.dumps(result)


# --- where things are kept -----------------------------------------------------------------------------------------------------


def test_ansible_home_is_where_the_token_cache_is(tmp_path):
    module(lambda access: {"names": access.store.backend.names()}).run(
        given({"token_cache": ABSENT}), name=NAME, ansible_home=str(tmp_path)
    )

    assert (tmp_path / "mediaops" / "tokens").is_dir()


def test_nothing_is_opened_before_it_is_needed(tmp_path, execute):
    execute(module(), {**GIVEN, "token_cache": str(tmp_path / "cache")})

    assert not (tmp_path / "cache").exists()


def test_an_unusable_token_cache_fails_clearly(tmp_path, execute):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(0o777)

    result = execute(module(lambda access: access.store.backend), {**GIVEN, "token_cache": str(tmp_path / "cache")})

    assert result["msg"].startswith("Fake Platform: token_cache: others can write to the directory ")


# --- statistics ----------------------------------------------------------------------------------------------------------------


def counts_a_request(access):
    access.budget.counts.requests += 1
    return {"changed": False}


def counts_a_request_and_fails(access):
    counts_a_request(access)
    raise AccessError("no")


TOTALS = {"fake": {**dict.fromkeys(_statistics.NAMES, 0), "requests": 1}}


@pytest.mark.parametrize("run", [counts_a_request, counts_a_request_and_fails])
def test_an_ordinary_module_returns_its_statistics_if_it_is_asked(run, as_module):
    assert as_module(module(run), {**GIVEN, STATISTICS: True})[STATISTICS] == TOTALS
    assert STATISTICS not in as_module(module(run), GIVEN)


@pytest.mark.parametrize("run", [counts_a_request, counts_a_request_and_fails])
def test_a_module_in_the_background_writes_its_statistics(run, as_module, tmp_path, monkeypatch):
    monkeypatch.setattr(_statistics, "_file", None)
    path = tmp_path / "statistics.jsonl"
    path.touch()

    assert STATISTICS not in as_module(module(run), {**GIVEN, STATISTICS: str(path)})
    assert _statistics.read_totals(str(path)) == TOTALS
