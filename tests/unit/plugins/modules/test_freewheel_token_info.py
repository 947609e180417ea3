# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.modules import freewheel_token, freewheel_token_info
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import call
from ansible_collections.mediaops.access.tests.unit.plugins.modules.freewheel import (
    ANSWER,
    UNKNOWN,
    info,
    login,
    revoke,
)

GOOD = {
    "valid": True,
    "user_id": 6092302,
    "created_at": 1_800_000_000,
    "expires_in": 1000,
    "expires_at": "2027-01-15T08:16:40Z",
}
INVALID = {"valid": False, "user_id": None, "created_at": None, "expires_in": None, "expires_at": None}
OTHER = {**ANSWER, "access_token": "hush-other"}


@pytest.fixture
def given(runs):
    """Run the module with a supplied token."""
    return runs(freewheel_token_info, access_token="hush-token")


@pytest.fixture
def shared(runs):
    """Run the module with a user's cached token."""
    runs(freewheel_token, username="mrm", password="hush-password")(login())
    return runs(freewheel_token_info, username="mrm", password="hush-password", auth_rate_limit="none")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param({"user_id": 6092302, "created_at": 1_800_000_000, "expires_in": 1000}, GOOD, id="publisher"),
        pytest.param({"user_id": 6092302, "created_at": 1_800_000_000, "expires_in_seconds": 1000}, GOOD, id="demand"),
        pytest.param({"expires_in": 1000}, {**GOOD, "user_id": None, "created_at": None}, id="only the life left"),
        pytest.param(
            "<oauth><user_id>6092302</user_id><created_at>1800000000</created_at><expires_in>1000</expires_in></oauth>",
            GOOD,
            id="XML",
        ),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True], ids=["real", "check"])
def test_a_valid_token_is_described(given, answer, expected, check_mode):
    result = given(info(answer=answer), check_mode=check_mode)

    assert result["changed"] is False
    assert result["token_info"] == expected


def test_the_description_can_be_asked_for_as_xml(given):
    assert given(info(accept="xml"), accept="xml")["token_info"] == GOOD


@pytest.mark.parametrize(
    "credentials", [{}, {"username": "mrm", "password": "hush-password"}], ids=["alone", "beside credentials"]
)
def test_a_supplied_token_that_is_rejected_is_invalid_and_is_not_replaced_as_it_is_the_one_asked_about(
    given, credentials
):
    result = given(info(**UNKNOWN), **credentials)

    assert result["changed"] is False
    assert result["token_info"] == INVALID


def test_with_credentials_the_shared_token_is_described(shared):
    assert shared(info())["token_info"] == GOOD


def test_with_credentials_a_token_is_obtained_if_there_is_none(runs):
    assert runs(freewheel_token_info, username="mrm", password="hush-password")(login(), info())["token_info"] == GOOD


def test_a_stale_shared_token_is_replaced(shared):
    result = shared(info(**UNKNOWN), login(OTHER), info("hush-other"))

    assert result["token_info"] == GOOD
    assert shared(info("hush-other"))["token_info"] == GOOD


def test_a_stale_shared_token_that_the_login_answers_with_again_is_revoked_first(shared):
    assert shared(info(**UNKNOWN), login(), revoke(**UNKNOWN), login(OTHER), info("hush-other"))["token_info"] == GOOD


def test_it_is_replaced_once_only(shared):
    assert shared(info(**UNKNOWN), login(OTHER), info("hush-other", **UNKNOWN))["token_info"] == INVALID


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        pytest.param(
            {"Message": "explicit deny"}, 403, ["explicit deny", "entitled"], id="403 is no problem of the token"
        ),
        pytest.param("", 500, ["HTTP 500"], id="500"),
        pytest.param({"user_id": 1}, 200, ["expires_in"], id="no life left"),
        pytest.param({"user_id": 1, "expires_in": None}, 200, ["expires_in", "null"], id="null"),
        pytest.param("<html>Hello</html>", 200, ["an HTML page"], id="HTML"),
    ],
)
def test_an_answer_that_describes_nothing_is_one_clear_failure(given, answer, status, words):
    result = given.fail(info(answer=answer, status=status), retries=0)

    assert result["status"] == status
    for word in words:
        assert word in result["msg"]


def test_without_token_and_credentials_it_fails(runs):
    result = runs(freewheel_token_info).fail()

    assert "username and password" in result["msg"]


CLIENT = {"grant": "client_credentials", "client_id": "pipeline", "client_secret": "hush-secret"}


def test_a_clients_token_that_the_platform_does_not_recognize_may_be_valid(given, runs):
    assert given(info(**UNKNOWN), **CLIENT)["token_info"] == {**INVALID, "valid": None}
    assert given(info(), **CLIENT)["token_info"] == GOOD
    shared = runs(freewheel_token_info, **CLIENT)
    login = call(
        "POST",
        "https://token.apiaccess.freewheel.tv/oauth2/token",
        ANSWER,
        form={"grant_type": "client_credentials"},
        headers={"Authorization": "Basic cGlwZWxpbmU6aHVzaC1zZWNyZXQ="},
    )
    assert shared(login, info(**UNKNOWN))["token_info"]["valid"] is None
    assert shared(info(**UNKNOWN))["token_info"]["valid"] is None
