# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64

import pytest

from ansible_collections.mediaops.access.plugins.modules import freewheel_token
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import NO_ANSWER, call, exchange, jwt
from ansible_collections.mediaops.access.tests.unit.plugins.modules.freewheel import (
    ANSWER,
    UNKNOWN,
    WEEK,
    info,
    login,
    revoke,
)

NOW = 1_800_000_000
OTHER = {**ANSWER, "access_token": "hush-other"}
XML = """<?xml version="1.0" encoding="UTF-8"?>
<oauth><access_token>12345678</access_token><token_type>Bearer</token_type><created_at>1800000000</created_at><expires_in>604800</expires_in></oauth>"""


@pytest.fixture
def token(runs):
    return runs(freewheel_token, username="mrm", password="hush-password")


@pytest.fixture
def cached(token):
    """The same with a token in the cache."""
    token(login())
    return token


# --- present -----------------------------------------------------------------------------------------------------------


def test_a_login_is_a_form_and_its_token_is_returned(token):
    result = token(login())

    assert result["changed"] is True
    assert result["token"] == {
        "access_token": "hush-token",
        "token_type": "Bearer",
        "expires_at": "2027-01-22T08:00:00Z",
        "expires_in": WEEK,
        "cached": False,
    }


def test_the_lifetime_of_a_token_counts_from_the_response_not_from_its_creation(token):
    result = token(login({**ANSWER, "created_at": 1_799_900_000, "expires_in": 1000}))

    assert (result["token"]["expires_in"], result["token"]["expires_at"]) == (1000, "2027-01-15T08:16:40Z")


def test_a_token_can_be_asked_for_as_xml(token):
    result = token(login(XML, accept="xml"), accept="xml")

    assert result["token"]["access_token"] == "12345678"
    assert result["token"]["expires_in"] == WEEK


@pytest.mark.parametrize(("asked", "answer"), [("json", XML), ("xml", ANSWER)])
def test_an_answer_in_the_other_format_is_understood_too(token, asked, answer):
    assert token(login(answer, accept=asked), accept=asked)["token"]["expires_in"] == WEEK


def test_the_second_time_the_token_comes_from_the_cache(cached, clock):
    clock.time += 1000
    result = cached()

    assert result["changed"] is False
    assert (result["token"]["cached"], result["token"]["expires_in"]) == (True, WEEK - 1000)


@pytest.mark.parametrize(("option", "value"), [("password", "hush-wrong"), ("username", "other")])
def test_a_cached_token_is_not_shared_with_other_users(cached, option, value):
    result = cached.fail(login("Invalid credentials", status=401, **{option: value}), **{option: value})

    assert result["status"] == 401
    assert "Invalid credentials" in result["msg"] and "username and password" in result["msg"]


def test_json_and_xml_share_a_token(cached):
    assert cached(accept="xml")["changed"] is False


def test_a_token_is_valid_for_one_environment_only(cached):
    staging = login()
    staging.url = "https://api.stg.freewheel.tv/auth/token"

    assert cached(staging, url="https://api.stg.freewheel.tv/")["changed"] is True


def test_a_login_is_safe_to_repeat_so_it_is_repeated(token):
    assert token(login(NO_ANSWER), login("", status=502), login("", status=504), login())["changed"] is True


def test_too_many_requests_without_retry_after_wait_for_a_second_at_least(token, clock):
    assert token(login("", status=429), login())["changed"] is True
    assert sum(clock.slept) >= 1


def test_authentication_requests_are_paced_to_three_a_second(cached, clock):
    for _time in range(2):
        cached(info(), verify=True)
    assert clock.slept == []
    cached(info(), verify=True)
    assert 1 <= sum(clock.slept) < 1.1


# --- verify ------------------------------------------------------------------------------------------------------------


def test_verify_checks_the_cached_token(cached):
    result = cached(info(), verify=True)

    assert result["changed"] is False
    assert (result["token"]["cached"], result["token"]["verified_at"]) == (True, "2027-01-15T08:00:00Z")


def test_verify_asks_nothing_of_a_new_token(token):
    assert token(login(), verify=True)["changed"] is True


def test_a_token_that_the_platform_rejects_is_replaced(cached):
    result = cached(info(**UNKNOWN), login(OTHER), verify=True)

    assert result["changed"] is True
    assert (result["token"]["access_token"], result["token"]["cached"]) == ("hush-other", False)
    assert cached()["token"]["access_token"] == "hush-other"


def test_if_the_login_answers_with_the_rejected_token_it_is_revoked_and_asked_for_once_more(cached):
    result = cached(info(**UNKNOWN), login(), revoke(**UNKNOWN), login(OTHER), verify=True)

    assert result["token"]["access_token"] == "hush-other"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(
            {"answer": {"Message": "not authorized ... explicit deny"}, "status": 403},
            ["403", "explicit deny", "entitled"],
            id="403",
        ),
        pytest.param({"answer": "", "status": 500}, ["500", "try again later"], id="500"),
        pytest.param({"answer": {"user_id": 1}}, ["expires_in"], id="an invalid answer"),
        pytest.param({"answer": NO_ANSWER}, ["GET https://api.freewheel.tv/auth/token/info"], id="no answer"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True], ids=["real", "check"])
def test_a_token_that_cannot_be_verified_is_returned_with_a_warning(cached, check_mode, answer, words):
    result = cached(info(**answer), verify=True, retries=0, check_mode=check_mode)

    assert (result["changed"], result["token"]["cached"], "verified_at" in result["token"]) == (False, True, False)
    assert result["warnings"][0].startswith("FreeWheel: the cached token could not be verified, and is used as it is: ")
    for word in words:
        assert word in result["warnings"][0]


@pytest.mark.parametrize("check_mode", [False, True], ids=["real", "check"])
def test_verify_accepts_a_valid_supplied_token(token, check_mode):
    result = token(info("hush-given"), access_token="hush-given", verify=True, check_mode=check_mode)

    assert result["changed"] is False
    assert result["token"]["access_token"] == "hush-given"


@pytest.mark.parametrize("check_mode", [False, True], ids=["real", "check"])
def test_a_supplied_token_that_is_rejected_fails_if_there_are_no_credentials(token, check_mode):
    result = token.fail(
        info("hush-given", **UNKNOWN),
        access_token="hush-given",
        username=None,
        password=None,
        verify=True,
        check_mode=check_mode,
    )

    assert result["status"] == 401
    assert "access_token" in result["msg"] and "credentials" in result["msg"]


def test_a_supplied_token_that_is_rejected_is_replaced_with_the_credentials_beside_it(token):
    result = token(info("hush-given", **UNKNOWN), login(), access_token="hush-given", verify=True)

    assert result["changed"] is True
    assert result["token"]["access_token"] == "hush-token"


# --- force -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gone", [{}, UNKNOWN], ids=["alive", "gone already"])
def test_force_revokes_the_old_token_first(cached, gone):
    result = cached(revoke(**gone), login(OTHER), force=True)

    assert result["changed"] is True
    assert (result["token"]["access_token"], result["token"]["cached"]) == ("hush-other", False)
    assert cached()["token"]["access_token"] == "hush-other"


def test_force_without_a_cached_token_just_logs_in(token):
    assert token(login(), force=True)["changed"] is True


@pytest.mark.parametrize(
    "old",
    [
        {**ANSWER, "created_at": 1_799_999_000, "expires_in": 3600},
        {**ANSWER, "created_at": 1_799_999_000, "expires_in": WEEK - 1000},
    ],
    ids=["a token that is older", "with the life that is left"],
)
def test_if_the_login_answers_with_a_token_that_it_had_already_force_revokes_that_one(token, old):
    result = token(login(old), revoke(), login(OTHER), force=True)

    assert result["token"]["access_token"] == "hush-other"


@pytest.mark.parametrize(
    "created_at", [1_468_982_119, 1_799_999_940], ids=["the documents' example", "a clock that is slow"]
)
def test_a_new_token_whose_date_cannot_be_right_is_not_taken_for_an_old_one(token, created_at):
    assert token(login({**ANSWER, "created_at": created_at}), force=True)["changed"] is True


def test_if_the_login_answers_with_the_token_just_revoked_it_is_revoked_once_more(cached):
    same = {key: value for key, value in ANSWER.items() if key != "created_at"}

    assert (
        cached(revoke(), login(same), revoke(**UNKNOWN), login(OTHER), force=True)["token"]["access_token"]
        == "hush-other"
    )


def test_a_token_that_cannot_be_revoked_stays(cached):
    result = cached.fail(revoke(answer={"error": "oops"}, status=500), force=True, retries=0)

    assert result["status"] == 500
    assert cached()["token"]["cached"] is True


def test_a_supplied_token_cannot_be_renewed(token):
    assert "credentials" in token.fail(access_token="hush-given", force=True, password="")["msg"]


def test_credentials_beside_a_supplied_token_obtain_a_new_one(token):
    result = token(login(), access_token="hush-given", force=True)

    assert (result["changed"], result["token"]["access_token"]) == (True, "hush-token")


@pytest.mark.parametrize("exp", [NOW - 1, NOW + 59], ids=["expired", "less than min_ttl left"])
def test_a_supplied_token_that_expires_within_min_ttl_is_not_used(token, exp):
    given = jwt(exp=exp)

    assert token(login(), access_token=given)["token"]["access_token"] == "hush-token"
    assert "it expires within min_ttl (60 s)" in token.fail(access_token=given, password="")["msg"]


# --- overlap -----------------------------------------------------------------------------------------------------------

THIRD = {**ANSWER, "access_token": "hush-third"}


def test_with_overlap_the_old_token_is_revoked_only_when_it_is_retired(cached):
    result = cached(login(OTHER), force=True, overlap=True)

    assert (result["changed"], result["token"]["access_token"]) == (True, "hush-other")
    assert "warnings" not in result
    assert cached()["token"]["access_token"] == "hush-other"
    result = cached(revoke(), retire_only=True)
    assert result["changed"] is True and "token" not in result
    assert cached(retire_only=True)["changed"] is False
    assert cached()["token"]["access_token"] == "hush-other"


def test_a_platform_that_issues_the_old_token_again_is_asked_once_more_and_a_warning_says_so(cached):
    result = cached(login(), revoke(), login(OTHER), force=True, overlap=True)

    assert result["token"]["access_token"] == "hush-other"
    assert "for a moment, no token was valid" in result["warnings"][0]
    assert cached(revoke(**UNKNOWN), retire_only=True)["changed"] is True  # as check mode predicts


def test_a_token_that_the_platform_had_before_is_replaced_though_the_cache_did_not_know_it(token):
    old = {**ANSWER, "created_at": 1_799_999_000, "expires_in": 3600}
    result = token(login(old), revoke(), login(OTHER), force=True, overlap=True)

    assert result["token"]["access_token"] == "hush-other" and result["warnings"]
    assert token(retire_only=True)["changed"] is False


def test_overlap_without_a_cached_token_just_logs_in(token):
    assert token(login(), force=True, overlap=True)["changed"] is True
    assert token(retire_only=True)["changed"] is False


def test_overlap_without_force_changes_nothing(cached):
    assert cached(overlap=True)["changed"] is False


def test_the_tokens_of_several_rotations_are_kept_until_the_current_one_is_delivered(cached):
    cached(login(OTHER), force=True, overlap=True)
    cached(login(THIRD), force=True, overlap=True)

    assert cached(revoke("hush-token"), revoke("hush-other"), retire_only=True)["changed"] is True
    assert cached()["token"]["access_token"] == "hush-third"


def test_a_login_that_fails_keeps_the_old_token_which_is_then_not_retired(cached):
    cached.fail(login("", status=403), force=True, overlap=True)

    assert cached()["token"]["access_token"] == "hush-token"
    assert cached(retire_only=True)["changed"] is False
    cached(login(OTHER), force=True, overlap=True)
    assert cached(revoke(), retire_only=True)["changed"] is True


def test_a_token_that_cannot_be_revoked_is_retired_by_the_next_run(cached):
    cached(login(OTHER), force=True, overlap=True)
    cached.fail(revoke(answer={"error": "oops"}, status=500), retire_only=True, retries=0)

    assert cached(revoke(), retire_only=True)["changed"] is True


def test_if_only_some_tokens_are_revoked_the_plan_has_a_revocation(cached):
    cached(login(OTHER), force=True, overlap=True)
    cached(login(THIRD), force=True, overlap=True)
    refused = revoke("hush-other", answer={"error": "oops"}, status=500)
    result = cached.fail_after_a_change(revoke("hush-token"), refused, retire_only=True, retries=0)

    (change,) = result["changes"]
    assert (change["action"], change["local"]) == ("revoke", False)


def test_a_rejected_token_is_replaced_before_the_kept_ones_are_retired(cached):
    cached(login(OTHER), force=True, overlap=True)
    cached.fail(info("hush-other", **UNKNOWN), login("", status=403), verify=True)

    assert cached(retire_only=True)["changed"] is False  # nothing has replaced the kept token
    cached(login(THIRD))
    assert cached(revoke(), retire_only=True)["changed"] is True


def test_absent_revokes_the_kept_tokens_too(cached):
    cached(login(OTHER), force=True, overlap=True)

    assert cached(state="absent", check_mode=True)["changed"] is True
    assert cached(revoke(), revoke("hush-other"), state="absent")["changed"] is True
    assert cached(state="absent")["changed"] is False


def test_an_expired_token_needs_no_retirement(cached, clock):
    cached(login(OTHER), force=True, overlap=True)
    clock.time += WEEK + 1

    assert cached(retire_only=True)["changed"] is False


def test_too_many_kept_tokens_fail_with_a_remedy(cached):
    for number in range(8):
        cached(login({**ANSWER, "access_token": f"hush-{number}"}), force=True, overlap=True)

    result = cached.fail(force=True, overlap=True)

    assert "8 tokens that earlier rotations replaced are not yet revoked" in result["msg"]
    assert "retire_only: true" in result["msg"]


@pytest.mark.parametrize("cache", ["none", None], ids=["none", "directory"])
def test_the_kept_token_is_in_the_cache_encrypted(cached, tmp_path, cache):
    options = {"token_cache": cache} if cache else {}
    cached(login(OTHER), force=True, overlap=True, **options)

    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"hush" not in stored


@pytest.mark.parametrize(
    ("options", "words"),
    [({"force": True}, "force"), ({"overlap": True}, "overlap"), ({"state": "absent"}, "state: absent")],
)
def test_retire_only_is_combined_with_nothing(cached, options, words):
    assert f"retire_only cannot be combined with {words}" in cached.fail(retire_only=True, **options)["msg"]


def test_check_mode_predicts_the_retirement_of_a_rotation_once(cached, tmp_path):
    plans = {}

    def check(**options):
        result = freewheel_token.MODULE.run(
            {"username": "mrm", "password": "hush-password", **options},
            name="freewheel_token",
            check_mode=True,
            ansible_home=str(tmp_path),
            earlier_plan=plans.get,
        )
        plans.update(result.pop("plans", {}))
        return result["changed"]

    with exchange():
        assert check(retire_only=True) is False
        assert check(force=True, overlap=True) is True
        assert check(retire_only=True) is True
        assert check(retire_only=True) is False
    cached(login(OTHER), force=True, overlap=True)
    plans.clear()
    with exchange():
        assert check(retire_only=True) is True
        assert check(retire_only=True) is False


# --- too short a life --------------------------------------------------------------------------------------------------


def test_if_the_login_answers_with_a_token_that_is_about_to_expire_it_is_revoked_and_asked_for_once_more(token):
    result = token(login({**ANSWER, "expires_in": 30}), revoke(), login(OTHER))

    assert result["changed"] is True
    assert result["token"]["access_token"] == "hush-other"


def test_if_the_repeated_login_returns_an_expiring_token_the_task_fails(token):
    result = token.fail_after_a_change(
        login({**ANSWER, "expires_in": 30}), revoke(), login({**OTHER, "expires_in": 31})
    )

    assert "31 s" in result["msg"] and "min_ttl (60 s)" in result["msg"]


def test_min_ttl_beyond_the_longest_lifetime_fails(token):
    assert "min_ttl" in token.fail_after_a_change(login(), revoke(), login(OTHER), min_ttl=WEEK + 1)["msg"]


# --- absent ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gone", [{}, {"answer": '""'}, UNKNOWN], ids=["empty body", "some body", "gone already"])
def test_absent_revokes_the_cached_token_and_drops_it(cached, gone):
    result = cached(revoke(**gone), state="absent")

    assert result["changed"] is True
    assert "token" not in result
    assert cached(state="absent")["changed"] is False
    assert cached(login(OTHER))["changed"] is True


def test_absent_without_a_cached_token_asks_nothing(token):
    assert token(state="absent")["changed"] is False


def test_absent_also_revokes_a_token_that_expires_soon(cached, clock):
    clock.time += WEEK - 10

    assert cached(revoke(), state="absent")["changed"] is True


def test_absent_does_not_revoke_an_expired_token(cached, clock):
    clock.time += WEEK + 10

    assert cached(state="absent")["changed"] is False


@pytest.mark.parametrize("options", [{"state": "absent"}, {"force": True}])
def test_a_web_page_is_not_a_successful_revocation(cached, options):
    result = cached.fail(revoke(answer="<html>Please log in</html>"), **options)

    assert result["status"] == 200
    assert "an HTML page" in result["msg"]
    assert cached()["token"]["cached"] is True


def test_a_token_that_cannot_be_revoked_is_not_dropped(cached):
    result = cached.fail(revoke(answer={"Message": "deny"}, status=403), state="absent")

    assert result["status"] == 403
    assert cached()["token"]["cached"] is True


def test_absent_revokes_a_valid_supplied_token(token):
    assert token(info("hush-given"), revoke("hush-given"), access_token="hush-given", state="absent")["changed"] is True


def test_absent_changes_nothing_if_the_supplied_token_is_already_revoked(token):
    assert token(info("hush-given", **UNKNOWN), access_token="hush-given", state="absent")["changed"] is False


# --- check mode --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "calls", "changed", "returned"),
    [
        pytest.param({}, [], False, True, id="present"),
        pytest.param({"verify": True}, [info()], False, True, id="verified"),
        pytest.param({"verify": True}, [info(**UNKNOWN)], True, False, id="rejected"),
        pytest.param({"force": True}, [], True, False, id="force"),
        pytest.param({"state": "absent"}, [], True, False, id="absent"),
    ],
)
def test_check_mode_predicts_the_outcome_and_leaves_the_cached_token(cached, options, calls, changed, returned):
    result = cached(*calls, **options, check_mode=True)

    assert result["changed"] is changed
    assert ("token" in result) is returned
    assert cached()["token"]["cached"] is True


@pytest.mark.parametrize(
    ("options", "changed"),
    [({}, True), ({"verify": True}, True), ({"force": True}, True), ({"state": "absent"}, False)],
    ids=["present", "verify", "force", "absent"],
)
def test_check_mode_without_a_cached_token_asks_for_none(token, options, changed):
    result = token(**options, check_mode=True)

    assert result["changed"] is changed
    assert "token" not in result


@pytest.mark.parametrize(("answer", "changed"), [({}, True), (UNKNOWN, False)], ids=["alive", "gone already"])
def test_check_mode_asks_whether_there_is_a_supplied_token_to_revoke(token, answer, changed):
    assert (
        token(info("hush-given", **answer), access_token="hush-given", state="absent", check_mode=True)["changed"]
        is changed
    )


# --- failures ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "status", "code", "words"),
    [
        pytest.param("Invalid credentials", 401, None, ["Invalid credentials", "username and password"], id="401 text"),
        pytest.param(
            {"error": "invalid_grant", "error_description": "Expired"},
            401,
            "invalid_grant",
            ["Expired", "180"],
            id="401 JSON",
        ),
        pytest.param("<errors><error>Expired password</error></errors>", 401, None, ["Expired password"], id="401 XML"),
        pytest.param("<html><b>Who?</b></html>", 401, None, ["an HTML page"], id="401 HTML"),
        pytest.param({"Message": "explicit deny"}, 403, None, ["explicit deny", "entitled"], id="403 of the gateway"),
        pytest.param("", 500, None, ["an empty body"], id="500"),
        pytest.param("<html>Hello</html>", 200, None, ["an HTML page", "url"], id="HTML"),
        pytest.param("", 200, None, ["null"], id="empty"),
        pytest.param('{"access_token": "hu', 200, None, ["broken JSON"], id="truncated JSON"),
        pytest.param("<oauth><access_token>hush-token</access_token>", 200, None, ["XML"], id="truncated XML"),
        pytest.param(
            "<oauth><access_token>hush-token</access_token></oauth>",
            200,
            None,
            ["expires_in"],
            id="XML without expires_in",
        ),
        pytest.param({"expires_in": 1}, 200, None, ["access_token"], id="no token"),
        pytest.param(
            {**ANSWER, "expires_in": "a week"}, 200, None, ["expires_in", "number"], id="a life that is not a number"
        ),
        pytest.param({**ANSWER, "access_token": None}, 200, None, ["access_token", "null"], id="null"),
    ],
)
def test_a_login_without_a_token_is_one_clear_failure(token, answer, status, code, words):
    result = token.fail(login(answer, status=status), retries=0)

    assert (result["status"], result.get("error_code")) == (status, code)
    for word in ["FreeWheel: ", *words]:
        assert word in result["msg"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({"username": None}, ["username", "FREEWHEEL_USERNAME"], id="no username"),
        pytest.param({"password": None}, ["password", "FREEWHEEL_PASSWORD"], id="no password"),
        pytest.param({"accept": "yaml"}, ["accept", "json, xml"], id="an unknown format"),
        pytest.param({"rate_limit": "20/hour"}, ["rate_limit", "N/second"], id="an unknown unit"),
    ],
)
def test_bad_options_fail_before_anything_is_sent(token, options, words):
    result = token.fail(**options)

    for word in words:
        assert word in result["msg"]


def test_credentials_may_come_from_the_environment(runs, monkeypatch):
    monkeypatch.setenv("FREEWHEEL_USERNAME", "mrm")
    monkeypatch.setenv("FREEWHEEL_PASSWORD", "hush-password")

    assert runs(freewheel_token)(login())["changed"] is True


# --- diff --------------------------------------------------------------------------------------------------------------


def test_a_diff_shows_the_principal_and_the_expiry(cached, clock):
    ends = {"expires_at": "2027-01-22T08:00:00Z"}

    issued = cached(revoke(), login(OTHER), force=True)["diff"]
    planned = cached(force=True, check_mode=True)["diff"]
    dropped = cached(revoke("hush-other"), state="absent")["diff"]

    assert issued["before_header"] == issued["after_header"] == "token of mrm"
    assert (issued["before"], issued["after"]) == (ends, ends)
    assert (planned["before"], planned["after"]) == (ends, {"expires_at": "known after it is issued"})
    assert (dropped["before"], dropped["after"]) == (ends, {})
    assert "diff" not in cached(state="absent")


# --- client credentials ------------------------------------------------------------------------------------------------

TOKEN_URL = "https://token.apiaccess.freewheel.tv/oauth2/token"
CLIENT = {"grant": "client_credentials", "client_id": "pipeline", "client_secret": "hush/secret"}


def client_login(answer=None, url=TOKEN_URL, **kwargs):
    answer = {"access_token": "hush-client", "token_type": "Bearer", "expires_in": 3600} if answer is None else answer
    basic = base64.b64encode(b"pipeline:hush%2Fsecret").decode()
    form, headers = {"grant_type": "client_credentials"}, {"Authorization": f"Basic {basic}"}
    return call("POST", url, answer, form=form, headers=headers, **kwargs)


def test_a_client_obtains_its_own_token(cached):
    result = cached(client_login(), **CLIENT)

    assert (result["token"]["access_token"], result["token"]["expires_in"]) == ("hush-client", 3600)
    assert cached(**CLIENT)["token"]["cached"] is True
    assert cached()["token"]["access_token"] == "hush-token"


def test_the_token_of_another_endpoint_is_another_one(cached):
    cached(client_login(), **CLIENT)
    url = "https://token.example.com/oauth2/token"

    assert cached(client_login(url=url), token_url=url, **CLIENT)["changed"] is True


def test_a_clients_token_stays_if_the_platform_does_not_recognize_it(cached):
    cached(client_login(), **CLIENT)

    result = cached(info("hush-client", **UNKNOWN), verify=True, **CLIENT)
    assert result["token"]["cached"] is True
    assert "verified_at" not in result["token"] and "warnings" not in result
    assert cached(info("hush-client", {"expires_in": 5}), client_login(), verify=True, **CLIENT)["changed"] is True


def test_a_clients_token_is_not_revoked(cached):
    cached(client_login(), **CLIENT)

    assert cached(client_login({"access_token": "hush-2"}), force=True, **CLIENT)["token"]["expires_in"] == 3600
    assert cached(state="absent", **CLIENT)["changed"] is True
    assert cached(state="absent", **CLIENT)["changed"] is False


@pytest.mark.parametrize("missing", ["client_id", "client_secret"])
def test_a_client_needs_both(token, missing):
    assert (
        f"{missing} must be given (or the environment variable FREEWHEEL_"
        in token.fail(**{**CLIENT, missing: None})["msg"]
    )


def test_a_rejected_client_is_one_clear_failure(token):
    result = token.fail(
        client_login({"error": "invalid_client", "error_description": "hush/secret"}, status=401), **CLIENT
    )

    assert (result["status"], result["error_code"]) == (401, "invalid_client")
    assert "check client_id and client_secret" in result["msg"]
