# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64

import pytest

from ansible_collections.mediaops.access.plugins.modules import movingimage_token
from ansible_collections.mediaops.access.tests.unit.plugins.modules import exchange
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import NO_ANSWER, call, jwt

URL = "https://api.video-cdn.net"
AUTH = "https://login.movingimage.com/auth/realms/platform"
STANDARD = f"{AUTH}/protocol/openid-connect/token"
CONNECTION = {"username": "viewer", "password": "hush-password"}
MANAGERS = [{"id": 42, "name": "News"}, {"id": 43, "name": "Sports"}]
ERROR_PAGE = "<!DOCTYPE html><html><head><title>Error</title></head><body>Sorry</body></html>"
NOW = 1_800_000_000


@pytest.fixture(autouse=True)
def any_provider(monkeypatch):
    """Extend the check of exchange.py, which lists three providers, to the others. Their environment must not reach a test either."""
    check = exchange.assert_presentable

    def assert_presentable(result):
        assert result.get("provider", "flex") in ("flex", "movingimage", "playlyfe", "token_cache")
        check({**result, "provider": "flex"})

    monkeypatch.setattr(exchange, "assert_presentable", assert_presentable)
    for name in ("URL", "USERNAME", "PASSWORD", "AUTH_URL", "CLIENT_ID", "CLIENT_SECRET"):
        for provider in ("MOVINGIMAGE", "PLAYLYFE"):
            monkeypatch.delenv(f"{provider}_{name}", raising=False)


# --- what the platform is asked, and how it answers (providers.md, section 2) ------------------------------------------------


def answered(token="hush-token", refresh_token="hush-refresh", video_manager="42", **other):
    """The response to a login. None omits a field."""
    answer = {
        "accessToken": token,
        "refreshToken": refresh_token,
        "videoManagerList": MANAGERS,
        "validForVideoManager": video_manager,
        **other,
    }
    return {key: value for key, value in answer.items() if value is not None}


def login(answer=None, *, password="hush-password", **kwargs):
    body = {"username": "viewer", "password": password}
    return call("POST", f"{URL}/v1/vms/auth/login", answered() if answer is None else answer, json=body, **kwargs)


def refresh(answer=None, video_manager=42, refresh_token="hush-refresh", **kwargs):
    answer = answered("hush-2") if answer is None else answer
    return call(
        "POST", f"{URL}/v1/vms/auth/refresh/{video_manager}", answer, json={"refreshToken": refresh_token}, **kwargs
    )


def issued(token="hush-token", refresh_token="hush-refresh", **other):
    """The response of an OpenID Connect server."""
    answer = {
        "access_token": token,
        "token_type": "bearer",
        "expires_in": 300,
        "refresh_token": refresh_token,
        "refresh_expires_in": 3600,
        **other,
    }
    return {key: value for key, value in answer.items() if value is not None}


def discovery(answer=b"", status=404, **kwargs):
    return call("GET", f"{AUTH}/.well-known/openid-configuration", answer, status=status, **kwargs)


def asked(answer, endpoint=STANDARD, **form):
    """A token request of the client without a secret."""
    return call("POST", endpoint, answer, form={"client_id": "anonymous", **form})


def by_password(answer=None, endpoint=STANDARD, **form):
    grant = {
        "grant_type": "password",
        "username": "viewer",
        "password": "hush-password",
        "scope": "openid",
        "response_type": "token",
    }
    return asked(issued() if answer is None else answer, endpoint, **grant, **form)


def by_refresh_token(answer=None, refresh_token="hush-refresh", **form):
    return asked(
        issued("hush-2") if answer is None else answer, grant_type="refresh_token", refresh_token=refresh_token, **form
    )


# --- login -------------------------------------------------------------------------------------------------------------------

LIFE = 300


@pytest.fixture
def token(runs):
    return runs(movingimage_token, **CONNECTION)


@pytest.fixture
def cached(token):
    """The same with a token in the cache."""
    token(login())
    return token


def test_a_login_is_json_and_its_token_is_returned_with_the_video_managers(token):
    result = token(login(answered(jwt(exp=NOW + 200), jwt(exp=NOW + 3600))))

    assert result["changed"] is True
    assert result["token"] == {
        "access_token": jwt(exp=NOW + 200),
        "token_type": "Bearer",
        "expires_at": "2027-01-15T08:03:20Z",
        "expires_in": 200,
        "cached": False,
        "refresh_token": jwt(exp=NOW + 3600),
        "refresh_expires_at": "2027-01-15T09:00:00Z",
        "video_managers": MANAGERS,
        "valid_for_video_manager": 42,
    }


@pytest.mark.parametrize(
    ("token_", "expires_in"),
    [
        pytest.param(jwt(exp=NOW + 120), 120, id="exp of the JWT"),
        pytest.param(jwt(exp=NOW + 120.9), 120, id="exp with a fraction"),
        pytest.param(jwt(sub="viewer"), LIFE, id="a JWT without exp"),
        pytest.param(jwt(exp="tomorrow"), LIFE, id="exp that is not a number"),
        pytest.param("hush-token.opaque", LIFE, id="no JWT"),
    ],
)
def test_the_lifetime_of_a_token_is_read_from_the_jwt_or_assumed(token, token_, expires_in):
    assert token(login(answered(token_)))["token"]["expires_in"] == expires_in


@pytest.mark.parametrize(
    ("changes", "managers", "valid_for"),
    [
        pytest.param({"video_manager": 42}, MANAGERS, 42, id="the id as a number"),
        pytest.param({"video_manager": None}, MANAGERS, None, id="valid for an unknown one"),
        pytest.param(
            {"videoManagerList": [{"id": "42", "name": "News", "owner": "x"}]},
            [{"id": 42, "name": "News"}],
            42,
            id="ids as strings, further fields",
        ),
        pytest.param({"videoManagerList": []}, [], 42, id="an empty list"),
        pytest.param({"videoManagerList": None}, [], 42, id="no list"),
    ],
)
def test_the_video_managers_are_returned_as_far_as_they_are_known(token, changes, managers, valid_for):
    found = token(login(answered(**changes)))["token"]

    assert (found["video_managers"], found["valid_for_video_manager"]) == (managers, valid_for)


def managers(token="hush-token", answer=None, **kwargs):
    body = MANAGERS if answer is None else answer
    return call("GET", f"{URL}/v1/vms", body, headers={"Authorization": f"Bearer {token}"}, **kwargs)


@pytest.mark.parametrize("check_mode", [False, True], ids=["real", "check"])
def test_verify_reads_the_video_managers_with_the_cached_token(cached, check_mode):
    result = cached(managers(), verify=True, check_mode=check_mode)

    assert result["changed"] is False
    assert (result["token"]["access_token"], result["token"]["verified_at"]) == ("hush-token", "2027-01-15T08:00:00Z")


REJECTED = [
    pytest.param({"answer": {"message": "Unauthorized"}, "status": 401}, id="401"),
    pytest.param({"answer": ERROR_PAGE}, id="error page"),
]


@pytest.mark.parametrize("answer", REJECTED)
def test_a_token_that_the_platform_rejects_is_refreshed(cached, answer):
    result = cached(managers(**answer), refresh(), verify=True)

    assert (result["changed"], result["token"]["access_token"]) == (True, "hush-2")
    assert "verified_at" not in result["token"]


@pytest.mark.parametrize("answer", REJECTED)
def test_check_mode_predicts_that_a_rejected_token_is_replaced(cached, answer):
    result = cached(managers(**answer), verify=True, check_mode=True)

    assert (result["changed"], "token" in result) == (True, False)


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        pytest.param({"answer": {"message": "Forbidden"}, "status": 403}, "403", id="403"),
        pytest.param({"answer": "", "status": 503}, "503", id="503"),
        pytest.param({"answer": NO_ANSWER}, "GET https://api.video-cdn.net/v1/vms", id="no answer"),
    ],
)
def test_a_token_that_cannot_be_verified_is_returned_with_a_warning(cached, answer, word):
    result = cached(managers(**answer), verify=True, retries=0)

    assert (result["changed"], "verified_at" in result["token"]) == (False, False)
    assert word in result["warnings"][0] and "could not be verified" in result["warnings"][0]


def test_a_new_token_is_not_verified(token):
    assert token(login(), verify=True)["changed"] is True


def test_a_login_without_a_refresh_token_is_used_until_its_token_expires(token, clock):
    first = token(login(answered(refresh_token=None)))
    clock.time += 200

    assert "refresh_token" not in first["token"] and "refresh_expires_at" not in first["token"]
    assert token()["token"]["cached"] is True
    clock.time += 100
    assert token(login())["changed"] is True


def test_the_second_time_the_token_comes_from_the_cache_with_its_video_managers(cached, clock):
    clock.time += 100
    result = cached()

    assert result["changed"] is False
    assert {
        key: result["token"][key] for key in ("cached", "expires_in", "video_managers", "valid_for_video_manager")
    } == {
        **{"cached": True, "expires_in": 200},
        **{"video_managers": MANAGERS, "valid_for_video_manager": 42},
    }


def test_a_message_beside_the_token_is_not_a_refusal(token):
    assert token(login(answered(message="Welcome back")))["changed"] is True


def test_a_wrong_password_is_never_served_the_cached_token(cached):
    result = cached.fail(
        login({"message": "Bad credentials"}, password="hush-wrong", status=401), password="hush-wrong"
    )

    assert result["status"] == 401
    assert "Bad credentials" in result["msg"] and "username and password" in result["msg"]


def test_a_login_is_safe_to_repeat_so_it_is_repeated(token):
    assert token(login(NO_ANSWER), login("", status=502), login())["changed"] is True


def test_login_and_refresh_count_as_authentication_requests(token, clock):
    token(login(), refresh(answered(video_manager="43"), 43), video_manager_id=43, auth_rate_limit="1/minute")

    assert 60 <= sum(clock.slept) < 61


# --- another VideoManager ----------------------------------------------------------------------------------------------------


def test_the_token_of_the_selected_video_manager_needs_no_second_request(token):
    assert token(login(), video_manager_id=42)["token"]["valid_for_video_manager"] == 42


@pytest.mark.parametrize("first", ["42", None], ids=["valid for another", "valid for an unknown one"])
def test_the_refresh_endpoint_binds_the_token_to_the_selected_video_manager(token, first):
    result = token(
        login(answered(video_manager=first)), refresh(answered("hush-43", "hush-new", "43"), 43), video_manager_id=43
    )

    assert result["changed"] is True
    assert {key: result["token"][key] for key in ("access_token", "refresh_token", "valid_for_video_manager")} == {
        **{"access_token": "hush-43", "refresh_token": "hush-new"},
        "valid_for_video_manager": 43,
    }


def test_the_video_managers_stay_known_if_the_refresh_does_not_repeat_them(token):
    result = token(login(), refresh(answered("hush-43", None, "43", videoManagerList=None), 43), video_manager_id=43)

    assert (result["token"]["video_managers"], result["token"]["refresh_token"]) == (MANAGERS, "hush-refresh")


def test_each_video_manager_has_a_token_of_its_own_from_one_login(token):
    token(login(), video_manager_id=42)
    token(refresh(answered("hush-43", video_manager="43"), 43), video_manager_id=43)

    assert [token(video_manager_id=number)["token"]["access_token"] for number in (42, 43)] == ["hush-token", "hush-43"]


def test_a_login_without_a_video_manager_is_reused_for_one(cached):
    assert (
        cached(refresh(answered("hush-43", video_manager="43"), 43), video_manager_id=43)["token"][
            "valid_for_video_manager"
        ]
        == 43
    )


def test_another_users_login_is_not_reused(token):
    token(login(), video_manager_id=42)

    calls = login(password="hush-other"), refresh(answered("hush-43", video_manager="43"), 43)
    assert token(*calls, video_manager_id=43, password="hush-other")["changed"] is True


def test_a_login_whose_refresh_token_is_refused_is_followed_by_a_new_one(cached):
    refused = refresh({"message": "Refresh token expired"}, 43, status=401)

    assert (
        cached(refused, login(), refresh(answered("hush-43", video_manager="43"), 43), video_manager_id=43)["changed"]
        is True
    )


def test_a_token_for_another_video_manager_requires_a_refresh_token(token):
    assert "no refresh token" in token.fail(login(answered(refresh_token=None)), video_manager_id=43)["msg"]


def test_a_video_manager_that_is_not_the_users_is_a_clear_failure(token):
    result = token.fail(
        login(), refresh({"message": "No access to VideoManager 99"}, 99, status=403), video_manager_id=99
    )

    assert result["status"] == 403
    assert "No access to VideoManager 99" in result["msg"]


# --- refresh -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("new", "kept"), [("hush-rotated", "hush-rotated"), (None, "hush-refresh")], ids=["rotated", "kept"]
)
def test_a_token_that_is_too_old_is_refreshed_with_the_newest_refresh_token(cached, clock, new, kept):
    clock.time += LIFE - 59
    result = cached(refresh(answered("hush-2", new)))

    assert result["changed"] is True
    assert (result["token"]["access_token"], result["token"]["cached"], result["token"]["refresh_token"]) == (
        "hush-2",
        False,
        kept,
    )
    clock.time += LIFE
    assert cached(refresh(answered("hush-3"), refresh_token=kept))["token"]["access_token"] == "hush-3"


def test_a_token_for_a_selected_video_manager_is_refreshed_for_that_one(token, clock):
    token(login(), refresh(answered(video_manager="43"), 43), video_manager_id=43)
    clock.time += LIFE

    assert (
        token(refresh(answered("hush-2", video_manager="43"), 43), video_manager_id=43)["token"][
            "valid_for_video_manager"
        ]
        == 43
    )


def test_the_selected_video_manager_counts_if_the_response_does_not_name_it(token, clock):
    token(login(), refresh(answered(video_manager=None), 43), video_manager_id=43)
    clock.time += LIFE

    assert (
        token(refresh(answered("hush-2", video_manager=None), 43), video_manager_id=43)["token"]["access_token"]
        == "hush-2"
    )


def test_a_token_for_an_unknown_video_manager_cannot_be_refreshed_so_there_is_a_new_login(token, clock):
    token(login(answered(video_manager=None)))
    clock.time += LIFE

    assert token(login(answered("hush-2")))["token"]["access_token"] == "hush-2"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        pytest.param({"message": "expired"}, 401, id="401"),
        pytest.param({"error": "invalid"}, 400, id="400"),
        pytest.param("", 403, id="403"),
        pytest.param({"message": "expired"}, 200, id="200 with a message"),
        pytest.param(ERROR_PAGE, 200, id="200 with an error page"),
        pytest.param({"token": "what?"}, 200, id="200 of another shape"),
    ],
)
def test_if_the_refresh_is_refused_there_is_a_new_login(cached, clock, answer, status):
    clock.time += LIFE
    result = cached(refresh(answer, status=status), login(answered("hush-2")))

    assert result["changed"] is True
    assert result["token"]["access_token"] == "hush-2"


@pytest.mark.parametrize(
    ("after", "calls"), [(3599, [refresh()]), (3600, [login(answered("hush-2"))])], ids=["alive", "expired"]
)
def test_a_refresh_token_is_used_until_it_expires(token, clock, after, calls):
    token(login(answered(refresh_token=jwt(exp=NOW + 3600))))
    clock.time += after
    for expected in calls if after < 3600 else ():
        expected.match = refresh(refresh_token=jwt(exp=NOW + 3600)).match

    assert token(*calls)["token"]["access_token"] == "hush-2"


def test_a_refresh_that_must_wait_too_long_fails_without_a_login(cached, clock):
    clock.time += LIFE

    assert cached.fail(refresh("", status=429, answer_headers={"Retry-After": "999"}))["status"] == 429


@pytest.mark.parametrize(
    ("answer", "status"), [("", 500), ("", 502), (NO_ANSWER, 200)], ids=["500", "502", "no answer"]
)
def test_a_refresh_with_a_server_error_fails_without_a_login(cached, clock, answer, status):
    clock.time += LIFE
    result = cached.fail(refresh(answer, status=status), retries=0)

    assert result.get("status") == (None if answer is NO_ANSWER else status)
    assert cached(refresh(answer, status=status), refresh())["token"]["access_token"] == "hush-2"


def test_a_refreshed_token_that_expires_within_min_ttl_fails(cached, clock):
    clock.time += LIFE

    assert "min_ttl (60 s)" in cached.fail_after_a_change(refresh(answered(jwt(exp=NOW + LIFE + 30))))["msg"]


# --- force, absent, check mode -----------------------------------------------------------------------------------------------


def test_force_logs_in_anew(cached):
    result = cached(login(answered("hush-2")), force=True)

    assert (result["changed"], result["token"]["access_token"]) == (True, "hush-2")
    assert cached()["token"]["access_token"] == "hush-2"


def test_absent_forgets_the_token_as_the_platform_cannot_revoke_it(cached):
    assert cached(state="absent")["changed"] is True
    assert cached(state="absent")["changed"] is False
    assert cached(login())["changed"] is True


@pytest.mark.parametrize(
    ("options", "changed", "returned"),
    [
        ({}, False, True),
        ({"force": True}, True, False),
        ({"state": "absent"}, True, False),
        ({"video_manager_id": 43}, True, False),
    ],
    ids=["present", "force", "absent", "another VideoManager"],
)
def test_check_mode_predicts_the_outcome_and_leaves_the_cached_token(cached, options, changed, returned):
    result = cached(**options, check_mode=True)

    assert (result["changed"], "token" in result) == (changed, returned)
    assert cached()["token"]["cached"] is True


def test_check_mode_does_not_refresh(cached, clock):
    clock.time += LIFE
    result = cached(check_mode=True)

    assert (result["changed"], "token" in result) == (True, False)


def test_a_supplied_token_is_returned_as_it_is(runs):
    result = runs(movingimage_token)(access_token=jwt(exp=NOW + 100))

    assert (result["changed"], result["token"]["expires_in"]) == (False, 100)


# --- OpenID Connect ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def openid(runs):
    return runs(movingimage_token, **CONNECTION, flow="openid", auth_url=AUTH)


def test_openid_is_the_password_grant_of_the_client_anonymous(openid):
    result = openid(discovery(), by_password(issued(scope="openid profile email")))

    assert result["changed"] is True
    assert result["token"] == {
        "access_token": "hush-token",
        "token_type": "bearer",
        "expires_at": "2027-01-15T08:05:00Z",
        "expires_in": 300,
        "cached": False,
        "refresh_token": "hush-refresh",
        "refresh_expires_at": "2027-01-15T09:00:00Z",
        "scope": "openid profile email",
        "video_managers": [],
        "valid_for_video_manager": None,
    }
    assert openid()["token"]["cached"] is True


def test_a_token_of_openid_is_valid_for_every_video_manager(openid):
    openid(discovery(), by_password(), video_manager_id=42)

    assert openid(video_manager_id=43)["changed"] is False


@pytest.mark.parametrize(
    ("new", "kept"), [("hush-rotated", "hush-rotated"), (None, "hush-refresh")], ids=["rotated", "kept"]
)
def test_openid_refreshes_with_the_newest_refresh_token(openid, clock, new, kept):
    openid(discovery(), by_password())
    clock.time += LIFE
    result = openid(discovery(), by_refresh_token(issued("hush-2", new)))

    assert (result["changed"], result["token"]["access_token"], result["token"]["refresh_token"]) == (
        True,
        "hush-2",
        kept,
    )
    clock.time += LIFE
    assert openid(discovery(), by_refresh_token(issued("hush-3"), kept))["token"]["access_token"] == "hush-3"


def test_an_openid_token_request_is_safe_to_repeat_so_it_is_repeated(openid, clock):
    openid(discovery(), by_password(NO_ANSWER), by_password())
    clock.time += LIFE

    assert openid(discovery(), by_refresh_token(NO_ANSWER), by_refresh_token())["token"]["access_token"] == "hush-2"


def test_discovery_and_token_requests_count_as_authentication_requests(openid, clock):
    openid(discovery(), by_password(), auth_rate_limit="1/minute")

    assert 60 <= sum(clock.slept) < 61


def test_a_warning_of_discovery_reaches_the_play(openid):
    assert "valid discovery document of its own" in openid(discovery(ERROR_PAGE, 200), by_password())["warnings"][0]


@pytest.mark.parametrize("status", [400, 401])
def test_openid_logs_in_anew_if_the_refresh_token_is_refused(openid, clock, status):
    openid(discovery(), by_password())
    clock.time += LIFE
    refused = by_refresh_token({"error": "invalid_grant", "error_description": "Token is not active"})
    refused.status = status

    assert openid(discovery(), refused, discovery(), by_password(issued("hush-2")))["token"]["access_token"] == "hush-2"


def test_openid_logs_in_anew_without_a_try_if_the_refresh_token_has_expired(openid, clock):
    openid(discovery(), by_password())
    clock.time += 3600

    assert openid(discovery(), by_password(issued("hush-2")))["token"]["access_token"] == "hush-2"


CODE = {
    "flow": "authorization_code",
    "auth_url": AUTH,
    "client_id": "client",
    "client_secret": "hush-secret",
    "code": "hush-code",
}
CODE["redirect_uri"] = "https://client.example.com/callback"
BASIC = {"Authorization": f"Basic {base64.b64encode(b'client:hush-secret').decode()}"}
REFUSED = {"error": "invalid_grant", "error_description": "Code not valid"}


@pytest.fixture
def code(runs):
    return runs(movingimage_token, **CODE)


def by_code(answer=None, **kwargs):
    form = {
        "grant_type": "authorization_code",
        "code": "hush-code",
        "redirect_uri": CODE["redirect_uri"],
        "client_id": "client",
    }
    return call("POST", STANDARD, issued() if answer is None else answer, form=form, headers=BASIC, **kwargs)


def code_refreshed(answer=None, refresh_token="hush-refresh", **kwargs):
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": "client"}
    return call(
        "POST", STANDARD, issued("hush-2", "hush-new") if answer is None else answer, form=form, headers=BASIC, **kwargs
    )


def test_a_code_is_used_once_and_its_token_refreshed_from_then_on(code, clock):
    assert code(discovery(), by_code())["changed"] is True
    clock.time += LIFE
    assert code(discovery(), code_refreshed())["token"]["access_token"] == "hush-2"
    clock.time += LIFE
    assert code(discovery(), code_refreshed(issued("hush-3"), "hush-new"))["token"]["access_token"] == "hush-3"
    assert code()["token"]["cached"] is True


def test_a_used_code_fails_clearly(code, clock):
    code(discovery(), by_code())
    clock.time += 3600

    assert "the code has been used or revoked, or has expired. Obtain a new one" in code.fail()["msg"]


def test_a_refused_code_fails_clearly(code):
    result = code.fail(discovery(), by_code(REFUSED, status=400))

    assert (result["status"], result["error_code"]) == (400, "invalid_grant")
    assert "Code not valid" in result["msg"]


@pytest.mark.parametrize("answer", [{"answer": NO_ANSWER}, {"answer": "", "status": 502}], ids=["no answer", "502"])
def test_a_code_can_be_used_once_so_the_request_is_not_repeated(code, answer):
    assert "so the outcome is unknown" in code.fail(discovery(), by_code(**answer))["msg"]


def test_another_code_gets_another_token(code):
    code(discovery(), by_code())
    other = by_code(REFUSED, status=400)
    other.match = call(
        "POST",
        STANDARD,
        form={
            "grant_type": "authorization_code",
            "code": "hush-2",
            "redirect_uri": CODE["redirect_uri"],
            "client_id": "client",
        },
        headers=BASIC,
    ).match

    assert code.fail(discovery(), other, code="hush-2")["status"] == 400


# --- failures ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        pytest.param({"message": "Bad credentials"}, 401, ["Bad credentials", "username and password"], id="401"),
        pytest.param({"message": "Bad credentials"}, 400, ["Bad credentials", "credentials"], id="400"),
        pytest.param({"message": "Bad credentials"}, 200, ["Bad credentials"], id="200 with a message"),
        pytest.param({"message": "quotes hush-password"}, 401, ["quotes ****"], id="quoting the password"),
        pytest.param("<html><b>Bad gateway</b></html>", 500, ["an HTML page"], id="500 HTML"),
        pytest.param("<html>Welcome</html>", 200, ["an HTML page", "url"], id="200 HTML"),
        pytest.param("", 200, ["null"], id="empty"),
        pytest.param('{"accessToken": "hu', 200, ["broken JSON"], id="truncated"),
        pytest.param({"refreshToken": "hush-token"}, 200, ["accessToken"], id="no token"),
        pytest.param(answered(""), 200, ["accessToken", "empty"], id="an empty token"),
        pytest.param(answered(videoManagerList={"42": "News"}), 200, ["videoManagerList", "array"], id="no list"),
        pytest.param(
            answered(videoManagerList=[{"id": 42}]),
            200,
            ["videoManagerList[0]", "name"],
            id="a VideoManager without a name",
        ),
        pytest.param(answered(video_manager="all"), 200, ["validForVideoManager"], id="an id that is not a number"),
    ],
)
def test_a_login_without_a_token_is_one_clear_failure(token, answer, status, words):
    result = token.fail(login(answer, status=status), retries=0)

    assert result["status"] == status
    for word in ["movingimage: ", *words]:
        assert word in result["msg"]


def test_an_error_page_instead_of_a_login_hints_at_the_credentials(token):
    result = token.fail(login(ERROR_PAGE))

    assert "error page" in result["msg"] and "username and password" in result["msg"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({"username": None}, ["username", "MOVINGIMAGE_USERNAME"], id="no username"),
        pytest.param({"password": ""}, ["password", "MOVINGIMAGE_PASSWORD"], id="no password"),
        pytest.param({"flow": "openid"}, ["auth_url"], id="no auth_url"),
        pytest.param(
            {"flow": "openid", "auth_url": "login.movingimage.com"},
            ["auth_url", "https://host"],
            id="auth_url without a scheme",
        ),
        pytest.param({**CODE, "code": None}, ["code must be given"], id="no code"),
        pytest.param(
            {**CODE, "client_secret": None, "redirect_uri": None}, ["client_secret and redirect_uri"], id="no client"
        ),
        pytest.param({"flow": "implicit"}, ["flow", "login, openid, authorization_code"], id="an unknown flow"),
        pytest.param({"video_manager_id": "News"}, ["video_manager_id", "int"], id="a VideoManager by name"),
        pytest.param({"url": "api.video-cdn.net"}, ["url", "https://host"], id="url without a scheme"),
    ],
)
def test_bad_options_fail_before_anything_is_sent(token, options, words):
    result = token.fail(**options)

    for word in words:
        assert word in result["msg"]


def test_credentials_may_come_from_the_environment(runs, monkeypatch):
    monkeypatch.setenv("MOVINGIMAGE_USERNAME", "viewer")
    monkeypatch.setenv("MOVINGIMAGE_PASSWORD", "hush-password")
    monkeypatch.setenv("MOVINGIMAGE_URL", URL + "/")

    assert runs(movingimage_token)(login())["changed"] is True
