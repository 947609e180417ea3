# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.modules import playlyfe_token
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import NO_ANSWER, call
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_movingimage_token import any_provider

__all__ = ["any_provider"]
URL = "https://api.playlyfe.com/v2"
AUTH = "https://playlyfe.com"
CONNECTION = {"client_id": "client", "client_secret": "hush-client"}
ANSWER = {"access_token": "hush-token", "token_type": "Bearer", "expires_in": 86400}
DAY = 86400


# --- what the platform is asked (providers.md, section 3) --------------------------------------------------------------------


def login(token="hush-token", answer=None, *, secret="hush-client", auth_url=AUTH, **kwargs):
    form = {"grant_type": "client_credentials", "client_id": "client", "client_secret": secret}
    return call(
        "POST",
        f"{auth_url}/auth/token",
        {**ANSWER, "access_token": token} if answer is None else answer,
        form=form,
        **kwargs,
    )


def sent(method, below, answer=b"", token="hush-token", *, query=None, placement="query", url=URL, **kwargs):
    """A request with the token in its query, or in its header."""
    if placement == "header":
        return call(
            method, f"{url}/{below}", answer, query=query, headers={"Authorization": f"Bearer {token}"}, **kwargs
        )
    return call(method, f"{url}/{below}", answer, query={**(query or {}), "access_token": token}, **kwargs)


def failed(name, description="as described", status=400):
    return {"answer": {"error": name, "error_description": description}, "status": status}


#: How a platform says that it does not accept a token: by this name, with whatever status; and by 401 alone.
STALE = {
    **{
        f"{status} by name": failed("invalid_access_token", "The token quoted: hush-token", status)
        for status in (401, 400, 403, 500, 200)
    },
    "401 by another name": failed("unauthorized", "Who is that?", 401),
    "401 without a name": {"answer": "", "status": 401},
}
every_stale_answer = pytest.mark.parametrize("stale", STALE.values(), ids=STALE)


# --- the module --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def token(runs):
    return runs(playlyfe_token, **CONNECTION)


@pytest.fixture
def cached(token):
    """The same with a token in the cache."""
    token(login())
    return token


def test_the_client_credentials_are_a_form_and_the_token_is_returned(token):
    result = token(login())

    assert result["changed"] is True
    assert result["token"] == {
        "access_token": "hush-token",
        "token_type": "Bearer",
        "expires_at": "2027-01-16T08:00:00Z",
        "expires_in": DAY,
        "cached": False,
    }


@pytest.mark.parametrize(
    ("answer", "expires_in"),
    [
        ({**ANSWER, "expires_in": 100}, 100),
        ({**ANSWER, "expires_in": 100.9}, 100),
        ({"access_token": "hush-token"}, DAY),
    ],
    ids=["as the platform says", "a fraction", "not said: a day"],
)
def test_the_lifetime_of_a_token(token, answer, expires_in):
    assert token(login(answer=answer))["token"]["expires_in"] == expires_in


def test_the_second_time_the_token_comes_from_the_cache(cached, clock):
    clock.time += 1000
    result = cached()

    assert (result["changed"], result["token"]["cached"], result["token"]["expires_in"]) == (False, True, DAY - 1000)


def test_a_token_that_is_too_old_is_asked_for_anew_as_there_is_no_refresh(cached, clock):
    clock.time += DAY - 59

    assert cached(login("hush-2"))["token"]["access_token"] == "hush-2"


@pytest.mark.parametrize("placement", ["query", "header"])
def test_the_placement_of_the_token_does_not_distinguish_tokens(cached, placement):
    assert cached(token_placement=placement)["changed"] is False


@pytest.mark.parametrize(("option", "value"), [("client_secret", "hush-wrong"), ("client_id", "other")])
def test_a_cached_token_is_not_shared_with_other_users(cached, option, value):
    refused = call(
        "POST",
        f"{AUTH}/auth/token",
        form={"grant_type": "client_credentials", **CONNECTION, option: value},
        **failed("client_auth_fail"),
    )
    result = cached.fail(refused, **{option: value})

    assert result["error_code"] == "client_auth_fail"


def test_another_installation_has_urls_and_tokens_of_its_own(cached):
    result = cached(login("hush-2", auth_url="https://playoff.example.com"), auth_url="https://playoff.example.com/")

    assert result["token"]["access_token"] == "hush-2"


def test_force_asks_for_a_new_token(cached):
    assert cached(login("hush-2"), force=True)["token"]["access_token"] == "hush-2"
    assert cached()["token"]["access_token"] == "hush-2"


def test_absent_forgets_the_token_as_the_platform_cannot_revoke_it(cached):
    assert cached(state="absent")["changed"] is True
    assert cached(state="absent")["changed"] is False


@pytest.mark.parametrize(
    ("options", "changed", "returned"),
    [({}, False, True), ({"force": True}, True, False), ({"state": "absent"}, True, False)],
    ids=["present", "force", "absent"],
)
def test_check_mode_predicts_the_outcome_and_leaves_the_cached_token(cached, options, changed, returned):
    result = cached(**options, check_mode=True)

    assert (result["changed"], "token" in result) == (changed, returned)
    assert cached()["token"]["cached"] is True


def test_asking_counts_as_an_authentication_request(cached, clock):
    for number in (2, 3):
        cached(login(f"hush-{number}"), force=True, auth_rate_limit="1/minute")

    assert 60 <= sum(clock.slept) < 61


def test_a_token_request_is_safe_to_repeat_so_it_is_repeated(token):
    assert token(login(answer=NO_ANSWER), login(answer="", status=502), login())["changed"] is True


@pytest.mark.parametrize(
    ("answer", "status", "code", "words"),
    [
        pytest.param(
            failed("client_auth_fail", "Client authentication failed")["answer"],
            400,
            "client_auth_fail",
            ["authentication failed"],
            id="400",
        ),
        pytest.param(
            failed("client_auth_fail", "Client authentication failed")["answer"],
            401,
            "client_auth_fail",
            ["client_id and client_secret"],
            id="401",
        ),
        pytest.param(
            failed("client_auth_fail", "Client authentication failed")["answer"],
            200,
            "client_auth_fail",
            ["authentication failed"],
            id="200",
        ),
        pytest.param(
            {"error": "client_auth_fail"}, 400, "client_auth_fail", ["client_auth_fail"], id="without a description"
        ),
        pytest.param(
            failed("oops", "quotes hush-client")["answer"], 400, "oops", ["quotes ****"], id="quoting the secret"
        ),
        pytest.param("<html>Playlyfe has moved</html>", 200, None, ["an HTML page", "url"], id="HTML"),
        pytest.param("<html>Not here</html>", 404, None, ["an HTML page", "url"], id="404"),
        pytest.param("null", 200, None, ["null"], id="null"),
        pytest.param("", 200, None, ["null"], id="nothing"),
        pytest.param('{"access_token": "hu', 200, None, ["broken JSON"], id="truncated"),
        pytest.param({"expires_in": 1}, 200, None, ["access_token"], id="no token"),
        pytest.param({**ANSWER, "access_token": ""}, 200, None, ["access_token", "empty"], id="an empty token"),
        pytest.param(
            {**ANSWER, "expires_in": "a day"}, 200, None, ["expires_in", "number"], id="a life that is not a number"
        ),
    ],
)
def test_an_answer_without_a_token_is_one_clear_failure(token, answer, status, code, words):
    result = token.fail(login(answer=answer, status=status))

    assert (result["status"], result.get("error_code")) == (status, code)
    for word in ["Playlyfe: ", *words]:
        assert word in result["msg"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({"client_id": None}, ["client_id", "PLAYLYFE_CLIENT_ID"], id="no client"),
        pytest.param({"client_secret": None}, ["client_secret", "PLAYLYFE_CLIENT_SECRET"], id="no secret"),
        pytest.param({"auth_url": "playlyfe.com"}, ["auth_url", "https://host"], id="auth_url without a scheme"),
        pytest.param(
            {"url": "https://api.playlyfe.com/v2?key=x"},
            ["url", "not contain a user, password, query"],
            id="a query in the url",
        ),
        pytest.param({"token_placement": "body"}, ["token_placement", "query, header"], id="an unknown placement"),
    ],
)
def test_bad_options_fail_before_anything_is_sent(token, options, words):
    result = token.fail(**options)

    for word in words:
        assert word in result["msg"]


def test_credentials_may_come_from_the_environment(runs, monkeypatch):
    for name, value in {
        "CLIENT_ID": "client",
        "CLIENT_SECRET": "hush-client",
        "AUTH_URL": "https://playoff.example.com",
    }.items():
        monkeypatch.setenv(f"PLAYLYFE_{name}", value)

    assert runs(playlyfe_token)(login(auth_url="https://playoff.example.com"))["changed"] is True
