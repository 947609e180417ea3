# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.modules import flex_token
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import NO_ANSWER, jwt
from ansible_collections.mediaops.access.tests.unit.plugins.modules.flex import URL, token

ANSWER = {
    "access_token": "hush-token.token",
    "token_type": "bearer",
    "expires_in": 3599,
    "scope": "client_credentials_default_scope",
    "jti": "1-2",
}


@pytest.fixture
def flex_token_(runs):
    return runs(flex_token, url=URL, client_id="client-1", client_secret="hush-token")


def test_a_token_is_asked_for_with_basic_credentials(flex_token_):
    result = flex_token_(token(ANSWER))

    assert result["changed"] is True
    assert result["token"] == {
        "access_token": "hush-token.token",
        "token_type": "bearer",
        "expires_at": "2027-01-15T08:59:59Z",
        "expires_in": 3599,
        "cached": False,
        "scope": "client_credentials_default_scope",
    }


def test_credentials_may_hold_any_character(flex_token_):
    flex_token_(token(ANSWER, secret="hush-token: ü%&+"), client_secret="hush-token: ü%&+")


def test_if_get_is_not_allowed_the_token_is_asked_for_by_post(flex_token_):
    result = flex_token_(token({"message": "Method Not Allowed"}, status=405), token(ANSWER, method="POST"))

    assert result["token"]["access_token"] == "hush-token.token"


@pytest.mark.parametrize(
    "path", ["/api/authentication/oauth/token", "api/authentication/oauth/token"], ids=["with a slash", "without"]
)
def test_token_path_is_the_path_of_the_token_endpoint(flex_token_, path):
    assert flex_token_(token(ANSWER, path="/api/authentication/oauth/token"), token_path=path)["changed"] is True


@pytest.mark.parametrize(
    ("answer", "expires_at", "expires_in"),
    [
        pytest.param({"access_token": "hush-token", "expires_in": 600}, "2027-01-15T08:10:00Z", 600, id="expires_in"),
        pytest.param({"access_token": "hush-token", "expires_in": 600.9}, "2027-01-15T08:10:00Z", 600, id="a fraction"),
        pytest.param({"access_token": jwt(exp=1_800_000_900)}, "2027-01-15T08:15:00Z", 900, id="exp of the JWT"),
        pytest.param(
            {"access_token": jwt(exp=1_800_000_900), "expires_in": 600},
            "2027-01-15T08:10:00Z",
            600,
            id="expires_in before exp",
        ),
        pytest.param({"access_token": jwt(sub="no exp")}, "2027-01-15T08:59:59Z", 3599, id="a JWT without exp"),
        pytest.param({"access_token": "hush-token"}, "2027-01-15T08:59:59Z", 3599, id="nothing, so the usual hour"),
    ],
)
def test_the_expiry_is_read_from_the_response_or_the_jwt(flex_token_, answer, expires_at, expires_in):
    result = flex_token_(token(answer))

    assert (result["token"]["expires_at"], result["token"]["expires_in"]) == (expires_at, expires_in)


def test_the_second_time_the_token_comes_from_the_cache(flex_token_, clock):
    first = flex_token_(token(ANSWER))
    clock.time += 100
    second = flex_token_()

    assert second["changed"] is False
    assert second["token"] == {**first["token"], "cached": True, "expires_in": 3499}


@pytest.mark.parametrize(
    ("passed", "min_ttl", "served"), [(3539, 60, True), (3540, 60, False), (3590, 5, True), (0, 3600, False)]
)
def test_a_cached_token_that_expires_within_min_ttl_is_not_used(flex_token_, clock, passed, min_ttl, served):
    flex_token_(token(ANSWER))
    clock.time += passed
    result = flex_token_(*[] if served else [token({**ANSWER, "expires_in": 7200})], min_ttl=min_ttl)

    assert result["changed"] is not served


@pytest.mark.parametrize(
    "other",
    [{"client_secret": "hush-wrong"}, {"token_cache_key": "hush-key-of-another"}],
    ids=["a wrong secret", "another key"],
)
def test_a_cached_token_is_not_shared_with_other_users(flex_token_, other):
    flex_token_(token(ANSWER))
    refused = token(
        {"error": "invalid_client", "error_description": "Bad credentials"},
        secret=other.get("client_secret", "hush-token"),
        status=401,
    )
    result = flex_token_.fail(refused, **other)

    assert (result["status"], result["error_code"]) == (401, "invalid_client")
    assert "Bad credentials" in result["msg"] and "client_secret" in result["msg"]


def test_a_token_of_another_path_is_another_token(flex_token_):
    flex_token_(token(ANSWER))

    assert flex_token_(token(ANSWER, path="/other"), token_path="/other")["changed"] is True


def test_without_a_cache_each_run_asks_anew(flex_token_):
    assert [flex_token_(token(ANSWER), token_cache="none")["changed"] for _time in range(2)] == [True, True]


def test_force_asks_anew_and_replaces_the_cached_one(flex_token_):
    flex_token_(token(ANSWER))
    forced = flex_token_(token({**ANSWER, "access_token": "hush-token.new"}), force=True)

    assert forced["changed"] is True and forced["token"]["cached"] is False
    assert flex_token_()["token"]["access_token"] == "hush-token.new"


def test_there_is_no_rate_limit_by_default(flex_token_, clock):
    for _time in range(50):
        flex_token_(token(ANSWER), force=True)
    assert clock.slept == []
    for _time in range(2):
        flex_token_(token(ANSWER), force=True, auth_rate_limit="1/minute")
    assert 60 <= sum(clock.slept) < 61


def test_absent_drops_the_cached_token_once(flex_token_):
    flex_token_(token(ANSWER))
    first, second = flex_token_(state="absent"), flex_token_(state="absent")

    assert (first["changed"], second["changed"]) == (True, False)
    assert "token" not in first
    assert flex_token_(token(ANSWER))["changed"] is True


def test_absent_has_nothing_to_do_for_a_supplied_token_as_it_can_neither_be_revoked_nor_is_it_cached(flex_token_):
    assert flex_token_(access_token="hush-token.given", state="absent")["changed"] is False


def test_a_supplied_token_is_returned_as_it_is(runs):
    result = runs(flex_token, url=URL)(access_token=jwt(exp=1_800_000_900))

    assert result["changed"] is False
    assert result["token"]["expires_in"] == 900


@pytest.mark.parametrize(
    ("options", "changed"),
    [({}, True), ({"force": True}, True), ({"state": "absent"}, False)],
    ids=["present", "force", "absent"],
)
def test_check_mode_without_a_cached_token_asks_for_none(flex_token_, options, changed):
    result = flex_token_(**options, check_mode=True)

    assert result["changed"] is changed
    assert "token" not in result


@pytest.mark.parametrize(
    ("options", "changed", "returned"),
    [({}, False, True), ({"force": True}, True, False), ({"state": "absent"}, True, False)],
    ids=["present", "force", "absent"],
)
def test_check_mode_predicts_the_outcome_and_leaves_the_cached_token(flex_token_, options, changed, returned):
    flex_token_(token(ANSWER))
    result = flex_token_(**options, check_mode=True)

    assert result["changed"] is changed
    assert ("token" in result) is returned
    assert flex_token_()["token"]["cached"] is True


def test_a_new_token_that_expires_within_min_ttl_fails_and_reports_a_change(flex_token_):
    result = flex_token_.fail_after_a_change(token({**ANSWER, "expires_in": 30}))

    assert "30 s" in result["msg"] and "min_ttl (60 s)" in result["msg"]
    assert flex_token_(token(ANSWER))["changed"] is True


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        pytest.param("<html>Sign in</html>", 200, ["an HTML page", "url"], id="HTML"),
        pytest.param("", 200, ["null", "url"], id="empty"),
        pytest.param({"token": "hush-token"}, 200, ["access_token"], id="no token"),
        pytest.param({"access_token": ""}, 200, ["access_token", "empty"], id="an empty token"),
        pytest.param({"access_token": ["hush-token"]}, 200, ["access_token", "string"], id="no string"),
        pytest.param(
            {"access_token": "hush-token", "expires_in": "soon"},
            200,
            ["expires_in", "number"],
            id="a life that is not a number",
        ),
        pytest.param(
            {"error": "unauthorized", "error_description": "Disabled"}, 200, ["Disabled"], id="an error with 200"
        ),
        pytest.param("<html>Not here</html>", 404, ["token_path"], id="404"),
        pytest.param({"message": "Not for you"}, 403, ["Not for you", "permissions"], id="403"),
        pytest.param({"error": "server_error"}, 500, ["server_error"], id="500"),
    ],
)
def test_an_answer_without_a_token_is_one_clear_failure(flex_token_, answer, status, words):
    result = flex_token_.fail(token(answer, status=status), retries=0)

    assert result["status"] == status
    for word in words:
        assert word in result["msg"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_token_request_is_safe_to_repeat_so_it_is_repeated(flex_token_, method):
    not_allowed = [token("", status=405)] if method == "POST" else []
    lost = [token("", method=method, status=502), token(NO_ANSWER, method=method)]

    assert flex_token_(*not_allowed, *lost, token(ANSWER, method=method))["changed"] is True


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({"client_id": None}, ["client_id", "FLEX_CLIENT_ID"], id="no client_id"),
        pytest.param({"client_secret": ""}, ["client_secret", "FLEX_CLIENT_SECRET"], id="an empty client_secret"),
        pytest.param({"min_ttl": -1}, ["min_ttl"], id="a negative min_ttl"),
        pytest.param({"force": "perhaps"}, ["force"], id="force is not a bool"),
        pytest.param({"token_cache": "ftp://host"}, ["token_cache"], id="an unknown kind of cache"),
    ],
)
def test_bad_options_fail_before_anything_is_sent(flex_token_, options, words):
    result = flex_token_.fail(**options)

    for word in words:
        assert word in result["msg"]


def test_credentials_may_come_from_the_environment(runs, monkeypatch):
    for name, value in {"FLEX_URL": URL, "FLEX_CLIENT_ID": "client-1", "FLEX_CLIENT_SECRET": "hush-token"}.items():
        monkeypatch.setenv(name, value)

    assert runs(flex_token)(token(ANSWER))["changed"] is True
