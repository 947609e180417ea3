# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import math

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.parameters import PASS_VARS
from ansible.module_utils.testing import patch_module_args

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.module_utils._module import HIDDEN, Module
from ansible_collections.mediaops.access.plugins.module_utils._options import from_env
from ansible_collections.mediaops.access.plugins.module_utils._provider import Provider
from ansible_collections.mediaops.access.plugins.module_utils._secrets import MASK

NAME = "mediaops.access.fake_thing"
SECRET = "s3cr3t/value"
ABSENT = object()
GIVEN = {"url": "https://host", "key": SECRET, "name": "A", "token_cache": "none"}


class Fake(Provider):
    name = "fake"
    title = "Fake Platform"
    options = {"url": {"type": "str", "fallback": from_env("FLEX_URL")}, "key": {"type": "str", "no_log": True, "fallback": from_env("FLEX_KEY")}}


def module(run=lambda access: {"changed": False}):
    options = {"name": {"type": "str"}, "id": {"type": "int"}, "state": {"choices": ["present", "absent"], "default": "present"}, "filter": {"type": "dict"}}
    return Module(Fake, run, options, required_one_of=[("name", "id")])


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
    """Runs a module in either way: every test that uses it holds for both."""
    return as_module if request.param == "as a module" else in_worker


def given(params):
    return {name: value for name, value in {**GIVEN, **params}.items() if value is not ABSENT}


def raises(error):
    def run(access):
        raise error

    return run


# --- results -----------------------------------------------------------------------------------------------------------------


def test_a_result_reaches_the_play_with_its_secrets(execute):
    result = execute(module(lambda access: {"changed": True, "application": {"client_secret": SECRET, "id": 7, "description": None}}), GIVEN)

    invocation = result.pop("invocation")
    assert result == {"changed": True, "application": {"client_secret": SECRET, "id": 7, "description": None}}
    assert SECRET not in json.dumps(invocation)


@pytest.mark.parametrize("check_mode", [True, False])
def test_check_mode_reaches_the_run(check_mode, execute):
    assert execute(module(lambda access: {"changed": access.check_mode}), GIVEN, check_mode)["changed"] is check_mode


def test_options_are_converted_and_completed(execute, monkeypatch):
    monkeypatch.setenv("FLEX_URL", "https://from.environment")
    names = ("url", "id", "state", "timeout", "retries", "rate_limit")

    result = execute(module(lambda access: {"seen": {name: access.params[name] for name in names}}), {"id": "7", "timeout": "2.5"})

    assert result["seen"] == {"url": "https://from.environment", "id": 7, "state": "present", "timeout": 2.5, "retries": 4, "rate_limit": "none"}


@pytest.mark.parametrize("name", ["timeout", "retries", "max_wait", "rate_limit", "auth_rate_limit", "min_ttl", "validate_certs", "token_cache", "state"])
def test_an_option_that_is_null_has_its_default(name, execute):
    result = execute(module(lambda access: {"seen": access.params[name]}), {"url": "https://host", "name": "A", name: None})

    assert result.get("msg") is None
    assert result["seen"] == module().options[name]["default"]


def test_warnings_are_passed_on_without_secrets(execute):
    def run(access):
        access.provider.warn(f"odd: {SECRET}")
        return {"changed": False}

    assert execute(module(run), GIVEN)["warnings"] == [f"odd: {MASK}"]


def test_warnings_of_a_failed_run_are_passed_on(execute):
    def run(access):
        access.provider.warn("odd")
        raise AccessError("worse")

    result = execute(module(run), GIVEN)

    assert (result["warnings"], result["msg"]) == (["odd"], "Fake Platform: worse")


def test_what_people_read_holds_no_secret(execute):
    def run(access):
        access.secrets.add("a-new-token")
        diff = {"before": {"a": f"x {SECRET}"}, "after": {"a": ["a-new-token"]}}
        return {"changed": True, "diff": diff, "entitlements": [{"msg": f"not {SECRET}", "id": 1}, {"msg": "s3cr3t%2Fvalue"}]}

    result = execute(module(run), GIVEN)

    assert result["diff"] == {"before": {"a": f"x {MASK}"}, "after": {"a": [MASK]}}
    assert result["entitlements"] == [{"msg": f"not {MASK}", "id": 1}, {"msg": MASK}]


def test_the_invocation_hides_secret_options_and_secrets_in_others(execute):
    result = execute(module(), {**GIVEN, "name": f"of {SECRET}", "filter": {"q": [SECRET, 5]}, "access_token": "my-token"})

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
    params = {**GIVEN, "token_cache": "redis://me:p%40ss@redis.example.com/0", "token_cache_key": "the key of the cache", "name": "p@ss"}

    result = execute(module(raises(AccessError("no p%40ss, no p@ss"))), params)

    assert result["msg"] == f"Fake Platform: no {MASK}, no {MASK}"
    shown = result["invocation"]["module_args"]
    assert (shown["token_cache"], shown["name"]) == (f"redis://{MASK}@redis.example.com/0", MASK)


def test_given_params_stay_as_they_are():
    params = {**GIVEN, "filter": {"a": [SECRET]}}

    in_worker(module(), params)

    assert params == {**GIVEN, "filter": {"a": [SECRET]}}


# --- failures ------------------------------------------------------------------------------------------------------------------


def lookup_error(access):
    return {SECRET: 1}[f"missing {SECRET}"]


FAILURES = {
    "unsupported option": (None, {"bogus": 1}, {"msg": f"Fake Platform: Unsupported parameters for ({NAME}) module: bogus. Supported parameters include: "}),
    "missing option": (None, {"name": ABSENT}, {"msg": "Fake Platform: one of the following is required: name, id"}),
    "null in place of an option": (None, {"name": None}, {"msg": "Fake Platform: one of the following is required: name, id"}),
    "wrong type": (None, {"id": "many"}, {"msg": "Fake Platform: argument 'id' is of type "}),
    "wrong choice": (None, {"state": "gone"}, {"msg": "Fake Platform: value of state must be one of: present, absent, got: gone"}),
    "wrong value": (None, {"retries": -1}, {"msg": "Fake Platform: retries must be 0 or more, not -1"}),
    "endless time": (lambda access: access.clock.sleep(access.params["timeout"]), {"timeout": math.inf}, {"msg": "Fake Platform: timeout must be"}),
    "missing url": (None, {"url": ABSENT}, {"msg": "Fake Platform: url must be given (or the environment variable FLEX_URL)"}),
    "wrong url": (None, {"url": "host"}, {"msg": "Fake Platform: url must be a URL such as"}),
    "platform": (raises(AccessError("refused", status=403, code="E7")), {}, {"msg": "Fake Platform: refused", "status": 403, "error_code": "E7"}),
    "secret in a failure": (raises(AccessError(SECRET, code=SECRET)), {}, {"msg": f"Fake Platform: {MASK}", "error_code": MASK}),
    "failed items": (lambda access: {"failed": True, "changed": True, "msg": "1 of 2"}, {}, {"msg": "Fake Platform: 1 of 2", "changed": True}),
    "bug": (lookup_error, {}, {"msg": "Fake Platform: unexpected KeyError at test__module.py:"}),
    "bug with a secret": (raises(RuntimeError(SECRET)), {}, {"msg": "Fake Platform: unexpected RuntimeError at test__module.py:"}),
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


def test_a_failure_after_a_bug_names_neither_value_nor_path(execute):
    message = execute(module(lookup_error), GIVEN)["msg"]

    assert message.endswith(": this is a bug in mediaops.access, please report it with this line")
    assert "/" not in message


@pytest.mark.parametrize("option", ["registration_kye", "access_tokn"])
def test_the_value_of_a_misspelt_option_is_not_shown(option, execute):
    result = execute(module(), {**GIVEN, option: "other-secret"})

    assert "other-secret" not in json.dumps(result)


# --- where things are kept -----------------------------------------------------------------------------------------------------


def test_ansible_home_is_where_the_token_cache_is(tmp_path):
    module(lambda access: {"names": access.store.backend.names()}).run(given({"token_cache": ABSENT}), name=NAME, ansible_home=str(tmp_path))

    assert (tmp_path / "mediaops" / "tokens").is_dir()


def test_nothing_is_opened_before_it_is_needed(tmp_path, execute):
    execute(module(), {**GIVEN, "token_cache": str(tmp_path / "cache")})

    assert not (tmp_path / "cache").exists()


def test_a_token_cache_that_cannot_be_used_is_a_clear_failure(tmp_path, execute):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(0o777)

    result = execute(module(lambda access: access.store.backend), {**GIVEN, "token_cache": str(tmp_path / "cache")})

    assert result["msg"].startswith("Fake Platform: token_cache: others can write to the directory ")
