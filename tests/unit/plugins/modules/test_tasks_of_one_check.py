# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode of tasks that depend on what earlier tasks would create: they predict the real run."""

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.module_utils._masking.secrets import Secrets
from ansible_collections.mediaops.access.plugins.module_utils._modules.definition import PLANS
from ansible_collections.mediaops.access.plugins.module_utils._platform.access import Access
from ansible_collections.mediaops.access.plugins.module_utils._providers.audienceplayer.declaration import (
    AUDIENCEPLAYER,
)
from ansible_collections.mediaops.access.plugins.module_utils._providers.audienceplayer.user_resource import (
    UserResource,
)
from ansible_collections.mediaops.access.plugins.modules import (
    audienceplayer_entitlement,
    audienceplayer_entitlement_info,
    audienceplayer_graphql,
    audienceplayer_token,
    audienceplayer_user,
    flex_api,
    flex_oauth_app,
    flex_token,
    freewheel_token,
    playlyfe_player,
)
from ansible_collections.mediaops.access.tests.unit.plugins.modules import test_playlyfe_player as players
from ansible_collections.mediaops.access.tests.unit.plugins.modules import test_playlyfe_token as playlyfe
from ansible_collections.mediaops.access.tests.unit.plugins.modules.audienceplayer import (
    CONNECTION,
    NOT_FOUND,
    client_login,
    logged_in,
    user_login,
)
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import assert_presentable, exchange
from ansible_collections.mediaops.access.tests.unit.plugins.modules.flex import KEY, URL, listed
from ansible_collections.mediaops.access.tests.unit.plugins.modules.freewheel import login as freewheel_login
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_audienceplayer_user import (
    EMAIL,
    create,
    missing,
    read,
)
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_freewheel_token import (
    client_login as freewheel_client_login,
)
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_movingimage_token import any_provider

__all__ = ["any_provider"]
FLEX = {"url": URL, "registration_key": KEY}
FILM = {"user_email": EMAIL, "product_id": 444}
NO_USER = user_login(EMAIL, NOT_FOUND)


@pytest.fixture
def task(tmp_path):
    """Runs the tasks of one run. The ``plans`` of tasks in check mode are known to later tasks."""

    class Tasks:
        plans: dict = {}

        def __call__(self, module, *calls, check_mode=True, **options):
            result = self.attempt(module, *calls, check_mode=check_mode, **options)
            assert not result.get("failed"), result["msg"]
            return result

        def attempt(self, module, *calls, check_mode=True, **options):
            with exchange(*calls):
                result = module.MODULE.run(
                    options, name="task", check_mode=check_mode, ansible_home=str(tmp_path), earlier_plan=self.plans.get
                )
            assert_presentable(result)
            self.plans = {**self.plans, **result.pop(PLANS, {})}
            return result

    return Tasks()


def entitle(task, *calls, **options):
    return task(
        audienceplayer_entitlement,
        *calls,
        **CONNECTION,
        rate_limit="none",
        auth_rate_limit="none",
        concurrency=1,
        **{**FILM, **options},
    )


# --- a user ------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def with_user(task):
    """After a task that would create the user."""
    assert task(audienceplayer_user, *missing(reads=1), **CONNECTION, user_email=EMAIL)["changed"]
    return task


@pytest.mark.parametrize("email", [EMAIL, EMAIL.upper(), EMAIL.title()])
def test_a_user_who_would_be_created_can_be_entitled(with_user, email):
    result = entitle(with_user, user_login(email, NOT_FOUND), user_email=email)

    assert (result["changed"], result["summary"]["failed"]) == (True, 0)
    assert result["diff"] == {
        "before": {f"product 444 of {email}": "absent"},
        "after": {f"product 444 of {email}": "present"},
    }


def test_revoking_from_a_user_who_would_be_created_changes_nothing(with_user):
    assert entitle(with_user, NO_USER, state="absent")["changed"] is False


def entitle_missing(task):
    client = client_login(logged_in("hush-client-token", user=None, email=None))
    return task.attempt(audienceplayer_entitlement, NO_USER, client, **CONNECTION, **FILM)


def test_without_the_earlier_task_it_fails_as_the_real_run_does(task):
    result = entitle_missing(task)

    assert result["failed"] and "there is no such user" in result["msg"]


@pytest.mark.parametrize(("option", "value"), [("project_id", 112), ("url", "https://other.example.com")])
def test_a_plan_is_for_one_project_of_one_installation(with_user, option, value):
    planned = with_user.plans
    with_user.plans = {}
    with_user(audienceplayer_token, **{**CONNECTION, option: value}, user_email=EMAIL, auto_register=True)

    assert len(planned) == len(with_user.plans) == 2
    assert not planned.keys() & with_user.plans.keys()


def test_a_user_whom_an_entitlement_would_create_is_there_for_the_next_tasks(task):
    assert entitle(
        task, NO_USER, client_login(logged_in("hush-client-token", user=None, email=None)), auto_register=True
    )["changed"]

    result = task(audienceplayer_user, read(None, NOT_FOUND), **CONNECTION, user_email=EMAIL)
    assert (result["changed"], result["user"]) == (False, {"id": None, "email": EMAIL, "name": None, "profile": {}})
    assert entitle(task, NO_USER, product_id=445)["changed"]


def test_a_user_whom_an_unread_entitlement_may_create_is_there_for_the_next_tasks(task):
    assert entitle(task, auto_register=True, read_before_write=False)["changed"]

    assert entitle(task, NO_USER, client_login(logged_in("hush-client-token", user=None, email=None)), product_id=445)[
        "changed"
    ]


def test_a_user_whom_a_token_would_create_is_there_for_the_next_tasks(task):
    result = task(audienceplayer_token, **CONNECTION, user_email=EMAIL, auto_register=True)
    assert (result["changed"], result["user"], "token" in result) == (True, {"id": None, "email": EMAIL}, False)

    assert task(audienceplayer_user, *missing(reads=1), **CONNECTION, user_email=EMAIL)["changed"] is False
    assert (
        task(audienceplayer_user, read(None, NOT_FOUND), **CONNECTION, user_email=EMAIL, user_name="Vera")["changed"]
        is True
    )


def test_a_user_whom_a_token_does_not_create_is_not_planned(task):
    task(audienceplayer_token, **CONNECTION, user_email=EMAIL)
    task(audienceplayer_token, **CONNECTION, user_email=EMAIL, auto_register=True, state="absent")

    assert entitle_missing(task)["failed"]


def test_the_token_of_a_user_who_would_be_created_would_be_there_as_to_log_in_is_how_that_is_done(with_user, task):
    predicted = with_user(audienceplayer_token, **CONNECTION, user_email=EMAIL)

    task(
        audienceplayer_user,
        read(None, NOT_FOUND),
        read(None, NOT_FOUND),
        create(),
        read(),
        **CONNECTION,
        user_email=EMAIL,
        check_mode=False,
    )
    real = task(audienceplayer_token, **CONNECTION, user_email=EMAIL, check_mode=False)
    assert (predicted["changed"], predicted["user"], "token" in predicted) == (
        real["changed"],
        {"id": None, "email": EMAIL},
        False,
    )
    assert (real["changed"], real["token"]["cached"]) == (False, True)


def test_another_token_would_be_issued(with_user):
    assert with_user(audienceplayer_token, **CONNECTION, user_email="another@example.com")["changed"] is True
    assert with_user(audienceplayer_token, **CONNECTION, user_email=EMAIL, force=True)["changed"] is True


def test_without_a_cache_a_token_would_be_issued_each_time(task):
    task(audienceplayer_user, *missing(reads=1), **CONNECTION, user_email=EMAIL, token_cache="none")

    assert [
        task(audienceplayer_token, **CONNECTION, user_email=EMAIL, token_cache="none")["changed"] for _time in range(2)
    ] == [True, True]


def test_a_user_who_would_be_created_has_no_entitlements(with_user):
    result = with_user(audienceplayer_entitlement_info, NO_USER, **CONNECTION, user_email=EMAIL)

    assert (result["changed"], result["products"], result["subscriptions"]) == (False, [], [])


@pytest.mark.parametrize(("query", "changed"), [("{ UserDetails { id } }", False), ("mutation { a }", True)])
def test_responses_for_a_user_who_would_be_created_are_unknown(with_user, query, changed):
    result = with_user(audienceplayer_graphql, **CONNECTION, user_email=EMAIL, query=query)

    assert (result["changed"], result["data"]) == (changed, None)


def test_a_user_who_would_be_created_with_a_name_has_it(task):
    task(audienceplayer_user, *missing(reads=1), **CONNECTION, user_email=EMAIL, user_name="Vera")

    assert (
        task(audienceplayer_user, read(None, NOT_FOUND), **CONNECTION, user_email=EMAIL, user_name="Vera")["changed"]
        is False
    )
    renamed = task(
        audienceplayer_user,
        read(None, NOT_FOUND, email=EMAIL.upper()),
        **CONNECTION,
        user_email=EMAIL.upper(),
        user_name="Viola",
    )
    assert renamed["diff"]["before"]["name"] == "Vera"
    assert (
        task(audienceplayer_user, read(None, NOT_FOUND), **CONNECTION, user_email=EMAIL, user_name="Viola")["changed"]
        is False
    )


def test_the_platforms_state_takes_precedence_over_a_plan(with_user):
    assert with_user(audienceplayer_user, read(), **CONNECTION, user_email=EMAIL, user_name="Vera")["changed"] is False


def test_a_real_run_knows_no_plans(with_user):
    result = with_user.attempt(audienceplayer_entitlement, NO_USER, **CONNECTION, **FILM, check_mode=False)

    assert result["failed"] and "there is no such user" in result["msg"]


def test_two_spellings_of_a_new_user_are_written_one_after_the_other(tmp_path):
    """They share a lock."""
    params = audienceplayer_user.MODULE.validate({**CONNECTION, "user_email": EMAIL}).validated_parameters
    access = Access(AUDIENCEPLAYER, params, secrets=Secrets(), ansible_home=str(tmp_path))
    keys = [
        UserResource(access.client, {**params, "user_email": email}).key
        for email in (EMAIL, EMAIL.upper(), "other@example.com")
    ]

    assert keys[0] == keys[1] != keys[2]


# --- an application and its credentials --------------------------------------------------------------------------------------

APP = {"name": "Reviewer", "description": "Tool to review media"}


@pytest.fixture
def application(task):
    """The result of check mode for an application that would be registered."""
    found = task(flex_oauth_app, listed(), **FLEX, **APP)["application"]
    assert found == {"id": None, **APP, "client_id": None, "client_secret": None}
    return {key: found[key] for key in ("client_id", "client_secret")}


@pytest.mark.parametrize("options", [{}, {"force": True}])
def test_an_application_that_would_be_registered_would_get_a_token(task, application, options):
    assert task(flex_token, **FLEX, **application, **options)["changed"] is True


@pytest.mark.parametrize(("method", "changed"), [("GET", False), ("POST", True)])
def test_responses_for_a_planned_application_are_unknown(task, application, method, changed):
    result = task(flex_api, **FLEX, **application, path="/api/things", method=method)

    assert result["changed"] is changed
    assert {key: result[key] for key in ("status", "json", "content", "headers")} == dict.fromkeys(
        ("status", "json", "content", "headers")
    )


@pytest.mark.parametrize(("module", "options"), [(flex_token, {}), (flex_api, {"path": "/api/things"})])
def test_without_it_credentials_are_missing_as_in_the_real_run(task, module, options):
    result = task.attempt(module, **FLEX, **options)

    assert "client_id and client_secret must be given" in result["msg"]


@pytest.mark.parametrize(("module", "options"), [(flex_token, {}), (flex_api, {"path": "/api/things"})])
def test_credentials_are_missing_in_the_real_run(task, application, module, options):
    assert (
        "client_id and client_secret must be given" in task.attempt(module, **FLEX, **options, check_mode=False)["msg"]
    )


# --- a token -----------------------------------------------------------------------------------------------------------------


def test_a_token_would_be_issued_once_and_dropped_once(task):
    options = {**FLEX, "client_id": "client-1", "client_secret": "hush-token"}

    def changes(*states):
        return [task(flex_token, **options, state=state)["changed"] for state in states]

    assert changes("absent", "present", "present", "absent", "absent", "present") == [
        False,
        True,
        False,
        True,
        False,
        True,
    ]


@pytest.mark.parametrize("cache", ["none", "another"])
def test_a_planned_token_is_in_one_cache_only(task, tmp_path, cache):
    options = {**FLEX, "client_id": "client-1", "client_secret": "hush-token"}
    task(flex_token, **options)

    assert (
        task(flex_token, **options, token_cache=cache if cache == "none" else str(tmp_path / cache))["changed"] is True
    )


def test_a_planned_token_is_in_one_hosts_cache_only(task, monkeypatch):
    options = {**FLEX, "client_id": "client-1", "client_secret": "hush-token"}
    task(flex_token, **options)
    monkeypatch.setattr("platform.node", lambda: "another")

    assert task(flex_token, **options)["changed"] is True


def test_an_application_that_would_be_registered_can_be_changed_and_deleted(task, application):
    again = task(flex_oauth_app, listed(), **FLEX, **APP)
    assert (again["changed"], again["application"]["client_secret"]) == (False, None)
    assert (
        task(flex_oauth_app, listed(), **FLEX, **{**APP, "description": "New"})["diff"]["before"]["description"]
        == APP["description"]
    )
    assert task(flex_oauth_app, listed(), **FLEX, name="Reviewer", state="absent")["changed"] is True
    assert task(flex_oauth_app, listed(), **FLEX, name="Reviewer", state="absent")["changed"] is False


# --- a player ----------------------------------------------------------------------------------------------------------------


def test_a_player_who_would_be_created_can_be_renamed_and_deleted(task):
    options = {**playlyfe.CONNECTION, "id": "p1"}
    task(playlyfe.playlyfe_token, playlyfe.login(), check_mode=False, **playlyfe.CONNECTION)

    assert task(playlyfe_player, players.missing(), **options, alias="One")["changed"]
    assert task(playlyfe_player, players.missing(), **options)["player"] == {
        "id": "p1",
        "alias": "One",
        "enabled": True,
    }
    assert task(playlyfe_player, players.missing(), **options, alias="Two")["diff"]["before"]["alias"] == "One"
    assert task(playlyfe_player, players.missing(), **options, alias="Two")["changed"] is False
    assert task(playlyfe_player, players.missing(), **options, state="absent")["changed"] is True
    assert task(playlyfe_player, players.missing(), **options, state="absent")["changed"] is False


# --- a rotation ------------------------------------------------------------------------------------------------------------


def test_only_a_token_that_the_platform_can_revoke_is_retired(task):
    client = {"grant": "client_credentials", "client_id": "pipeline", "client_secret": "hush/secret"}
    user = {"username": "mrm", "password": "hush-password"}
    for options, request, retires in ((client, freewheel_client_login(), False), (user, freewheel_login(), True)):
        task(freewheel_token, request, check_mode=False, **options)
        assert task(freewheel_token, force=True, overlap=True, **options)["changed"] is True
        assert task(freewheel_token, retire_only=True, **options)["changed"] is retires
