# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.modules import audienceplayer_token
from ansible_collections.mediaops.access.tests.unit.plugins.modules.audienceplayer import (
    CLIENT,
    CONNECTION,
    NOT_FOUND,
    SELECTION,
    client_login,
    graphql,
    logged_in,
    user_login,
)
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import NO_ANSWER, jwt

PASSWORD = {"grant": "password", "email": "editor@example.com", "password": "hush-password"}


@pytest.fixture
def token(runs):
    return runs(audienceplayer_token, **CONNECTION)


# --- grants ------------------------------------------------------------------------------------------------------------

GRANTS = {
    "client, user scope": ({}, "user", f"ClientAuthenticate({CLIENT})"),
    "client, admin scope": ({"scope": "admin"}, "admin", f"ClientAuthenticate({CLIENT})"),
    "password, user scope": (
        PASSWORD,
        "user",
        'UserAuthenticate(email: "editor@example.com", password: "hush-password")',
    ),
    "password, admin scope": (
        {**PASSWORD, "scope": "admin"},
        "admin",
        'UserAuthenticate(project_id: 111, email: "editor@example.com", password: "hush-password")',
    ),
    "user by id": ({"user_id": 333}, "user", f"ClientUserAuthenticate({CLIENT}, user_id: 333)"),
    "user by e-mail": (
        {"user_email": "a@b.c"},
        "user",
        f'ClientUserAuthenticate({CLIENT}, user_email: "a@b.c", auto_register: false)',
    ),
    "user by e-mail, created if missing": (
        {"user_email": "a@b.c", "auto_register": True},
        "user",
        f'ClientUserAuthenticate({CLIENT}, user_email: "a@b.c", auto_register: true)',
    ),
}


@pytest.mark.parametrize(("options", "scope", "operation"), GRANTS.values(), ids=GRANTS)
def test_each_grant_is_one_mutation(token, options, scope, operation):
    name = operation.partition("(")[0]
    result = token(
        graphql(f"mutation {{ {operation} {{ {SELECTION} }} }}", {name: logged_in()}, scope=scope), **options
    )

    assert result["changed"] is True
    assert result["token"] == {
        "access_token": "hush-token",
        "token_type": "Bearer",
        "expires_at": "2027-01-15T10:00:00Z",
        "expires_in": 7200,
        "cached": False,
    }
    assert result["user"] == {"id": 333, "email": "viewer@example.com"}


def test_the_password_grant_needs_no_client_credentials(runs):
    login = graphql(
        f'mutation {{ UserAuthenticate(email: "editor@example.com", password: "hush-password") {{ {SELECTION} }} }}',
        {"UserAuthenticate": logged_in()},
    )

    assert runs(audienceplayer_token, project_id=111)(login, **PASSWORD)["changed"] is True


def test_the_end_users_address_is_sent_along(token):
    assert token(client_login(logged_in(), forwarded_for="192.0.2.7"), forwarded_for="192.0.2.7")["changed"] is True


@pytest.mark.parametrize(
    ("password", "literal"),
    [
        pytest.param('say "hush-token"', r'"say \"hush-token\""', id="quotes"),
        pytest.param("hush-token\\n", r'"hush-token\\n"', id="backslash"),
        pytest.param("hush-token\nnext\ttab", r'"hush-token\nnext\ttab"', id="line feed and tab"),
        pytest.param("hush-token é€😀", '"hush-token é€😀"', id="unicode"),
        pytest.param('"""hush-token"""', r'"\"\"\"hush-token\"\"\""', id="block string quotes"),
        pytest.param("hush-token $x #{} ...", '"hush-token $x #{} ..."', id="GraphQL's own characters"),
        pytest.param("hush-token\x00\x7f", '"hush-token\\u0000\x7f"', id="control characters"),
    ],
)
def test_strings_are_written_as_literals_that_mean_the_same(token, password, literal):
    document = f'mutation {{ UserAuthenticate(email: "editor@example.com", password: {literal}) {{ {SELECTION} }} }}'

    assert (
        token(graphql(document, {"UserAuthenticate": logged_in()}), **{**PASSWORD, "password": password})["changed"]
        is True
    )


# --- what is returned --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "expires_in"),
    [
        pytest.param(logged_in(expires_in=600), 600, id="expires_in"),
        pytest.param(logged_in(jwt(exp=1_800_000_900), expires_in=600), 600, id="expires_in before the JWT's exp"),
        pytest.param(logged_in(jwt(exp=1_800_000_900), expires_in=None), 900, id="exp of the JWT"),
        pytest.param(logged_in(jwt(sub="x"), expires_in=None), 3600, id="a JWT without exp"),
        pytest.param(logged_in(expires_in=None), 3600, id="nothing"),
        pytest.param({"access_token": "hush-token"}, 3600, id="nothing but the token"),
        pytest.param(logged_in(expires_in=315360000), 315360000, id="ten years"),
    ],
)
def test_the_expiry_is_read_from_the_response_or_the_jwt(token, answer, expires_in):
    assert token(client_login(answer))["token"]["expires_in"] == expires_in


@pytest.mark.parametrize(
    ("claims", "scope"),
    [({"scopes": ["api-user-access", "x"]}, "api-user-access x"), ({"scopes": "x"}, None), ({}, None)],
    ids=["a list", "no list", "none"],
)
def test_the_scope_is_read_from_the_jwt(token, claims, scope):
    assert token(client_login(logged_in(jwt(**claims))))["token"].get("scope") == scope


@pytest.mark.parametrize(
    ("user", "email", "returned"),
    [("333", None, {"id": 333, "email": None}), (None, "a@b.c", {"id": None, "email": "a@b.c"})],
    ids=["an id as a string", "only the e-mail"],
)
def test_the_user_is_returned_as_far_as_it_is_known(token, user, email, returned):
    assert token(client_login(logged_in(user=user, email=email)))["user"] == returned


def test_the_second_time_token_and_user_come_from_the_cache(token, clock):
    first = token(user_login(), user_id=333)
    clock.time += 100
    second = token(user_id=333)

    assert second["changed"] is False
    assert second["token"] == {**first["token"], "cached": True, "expires_in": 7100}
    assert second["user"] == first["user"]


def test_auto_register_does_not_distinguish_tokens(token):
    token(user_login("a@b.c", auto_register=True), user_email="a@b.c", auto_register=True)

    assert token(user_email="a@b.c")["changed"] is False


@pytest.mark.parametrize(
    ("options", "login"),
    [
        pytest.param({"user_id": 334}, user_login(334), id="another user"),
        pytest.param(
            {"user_email": "viewer@example.com"},
            user_login("viewer@example.com"),
            id="the user's e-mail, which need not be the same one's",
        ),
        pytest.param({}, client_login(logged_in()), id="the client's own"),
        pytest.param({"scope": "admin"}, client_login(logged_in(), scope="admin"), id="admin scope"),
        pytest.param(
            {"user_id": 333, "client_secret": "hush-wrong"},
            user_login(333, client='project_id: 111, client_id: "222", client_secret: "hush-wrong"'),
            id="another secret",
        ),
        pytest.param(
            {"user_id": 333, "client_id": "223"},
            user_login(333, client='project_id: 111, client_id: "223", client_secret: "hush-client"'),
            id="another client",
        ),
    ],
)
def test_other_options_are_another_token(token, options, login):
    token(user_login(), user_id=333)

    assert token(login, **options)["changed"] is True


def test_a_wrong_secret_is_never_served_a_cached_token(token):
    token(client_login(logged_in()))
    login = graphql(
        f'mutation {{ ClientAuthenticate(project_id: 111, client_id: "222", client_secret: "hush-wrong") {{ {SELECTION} }} }}',
        None,
        {"message": "Wrong client", "code": 401},
    )
    result = token.fail(login, client_secret="hush-wrong")

    assert result["error_code"] == 401
    assert "Wrong client" in result["msg"] and "client_secret" in result["msg"]


def test_force_logs_in_anew(token):
    token(client_login(logged_in()))

    assert token(client_login(logged_in("hush-new")), force=True)["token"]["access_token"] == "hush-new"
    assert token()["token"]["access_token"] == "hush-new"


def test_absent_drops_the_cached_token_once(token):
    token(client_login(logged_in()))

    assert [token(state="absent")["changed"] for _time in range(2)] == [True, False]


NOBODY = {"id": None, "email": None}


@pytest.mark.parametrize(
    ("options", "changed", "user"),
    [
        ({}, True, NOBODY),
        ({"auto_register": True, "user_email": "a@b.c"}, True, {"id": None, "email": "a@b.c"}),
        ({"user_id": 333}, True, {"id": 333, "email": None}),
        ({"state": "absent"}, False, None),
    ],
)
def test_check_mode_asks_for_no_token(token, options, changed, user):
    result = token(**options, check_mode=True)

    assert result["changed"] is changed
    assert result.get("user") == user
    assert "token" not in result


def test_check_mode_returns_a_cached_token_with_its_user(token):
    token(user_login(), user_id=333)
    result = token(user_id=333, check_mode=True)

    assert result["changed"] is False
    assert result["user"] == {"id": 333, "email": "viewer@example.com"}


def test_a_new_token_that_expires_within_min_ttl_fails(token):
    assert "min_ttl (60 s)" in token.fail_after_a_change(client_login(logged_in(expires_in=59)))["msg"]


# --- failures ----------------------------------------------------------------------------------------------------------

ERROR = "User not found"


@pytest.mark.parametrize("status", [200, 400, 404])
@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param({"message": ERROR, "code": 404}, 404, id="code at the top"),
        pytest.param({"message": ERROR, "code": "404"}, 404, id="code as a string"),
        pytest.param({"message": ERROR, "extensions": {"code": 404}}, 404, id="code in extensions"),
        pytest.param(
            {"message": ERROR, "code": None, "extensions": {"code": 404}}, 404, id="null at the top, code in extensions"
        ),
        pytest.param({"message": ERROR, "code": 404, "extensions": {"code": 500}}, 404, id="the top before extensions"),
        pytest.param({"message": ERROR, "extensions": {"code": "NOT_FOUND"}}, "NOT_FOUND", id="a code in words"),
        pytest.param({"message": ERROR, "code": 3600, "extensions": None}, 3600, id="a code of the platform's own"),
    ],
)
def test_an_error_is_read_whatever_the_http_status(token, error, code, status):
    result = token.fail(user_login(333, error, status=status), user_id=333)

    assert (result["status"], result["error_code"]) == (status, code)
    assert ERROR in result["msg"]


@pytest.mark.parametrize(("status", "code"), [(200, None), (404, 404)])
def test_an_error_without_a_code_has_that_of_the_http_status_if_that_is_one(token, status, code):
    result = token.fail(client_login(None, {"message": "Something is wrong"}, status=status))

    assert result.get("error_code") == code
    assert "Something is wrong" in result["msg"]


def test_a_server_error_with_errors_is_repeated_and_then_reported(token):
    failing = client_login(None, {"message": "Internal server error", "code": 500}, status=500)

    assert token.fail(failing, failing, retries=1)["error_code"] == 500


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        pytest.param("<html>Sign in</html>", 200, ["an HTML page", "url"], id="HTML"),
        pytest.param("<html>Not here</html>", 404, ["an HTML page", "project_id"], id="404 HTML"),
        pytest.param("", 200, ["null"], id="empty"),
        pytest.param('{"data": {"ClientAu', 200, ["broken JSON"], id="truncated"),
        pytest.param({"result": 1}, 200, ["neither data nor errors"], id="no GraphQL"),
        pytest.param({"data": None}, 200, ["(data.ClientAuthenticate: must be object, not null)"], id="data null"),
        pytest.param({"data": {}}, 200, ["(data.ClientAuthenticate: must be object, not null)"], id="no data"),
        pytest.param(
            {"data": {"Other": {}}}, 200, ["(data.ClientAuthenticate: must be object, not null)"], id="another field"
        ),
        pytest.param(
            {"data": {"ClientAuthenticate": None}},
            200,
            ["(data.ClientAuthenticate: must be object, not null)"],
            id="null",
        ),
        pytest.param(
            {"data": {"ClientAuthenticate": ["x"]}},
            200,
            ["(data.ClientAuthenticate: must be object, not array)"],
            id="a list",
        ),
        pytest.param(
            {"data": {"ClientAuthenticate": {"user_id": 1}}},
            200,
            ["(data.ClientAuthenticate: lacks access_token)"],
            id="no token",
        ),
        pytest.param(
            {"data": {"ClientAuthenticate": logged_in(expires_in="soon")}},
            200,
            ["data.ClientAuthenticate.expires_in"],
            id="a life that is not a number",
        ),
        pytest.param(
            {"data": {"ClientAuthenticate": logged_in(user="me")}}, 200, ["user_id"], id="an id that is not a number"
        ),
        pytest.param({"errors": "Everything"}, 200, ["errors"], id="errors that are not a list"),
        pytest.param({"errors": [{"code": 402}]}, 200, ["402"], id="an error without a message"),
        pytest.param(
            {"errors": [{"message": {"de": "Nein"}, "code": 402}]}, 200, ["402"], id="a message that is not text"
        ),
        pytest.param({"message": "Too late"}, 503, ["Too late"], id="503"),
    ],
)
def test_an_answer_without_a_token_is_one_clear_failure(token, answer, status, words):
    document = f"mutation {{ ClientAuthenticate({CLIENT}) {{ {SELECTION} }} }}"
    result = token.fail(graphql(document, answer=answer, status=status), retries=0)

    assert result["status"] == status
    for word in ["AudiencePlayer: ", *words]:
        assert word in result["msg"]


def test_a_login_is_repeated_if_no_answer_comes(token):
    lost = [client_login(answer=NO_ANSWER), client_login(answer="", status=502)]

    assert token(*lost, client_login(logged_in()))["changed"] is True


@pytest.mark.parametrize(
    "limited",
    [
        client_login(None, {"message": "Slow down", "code": 429}),
        client_login(None, {"message": "Slow down"}, status=429),
    ],
    ids=["code", "status"],
)
def test_rate_limits_are_waited_out(token, clock, limited):
    assert token(limited, client_login(logged_in()))["changed"] is True
    assert sum(clock.slept) >= 1


def test_logins_are_paced_on_their_own(token, clock):
    for _time in range(2):
        token(client_login(logged_in()), force=True, auth_rate_limit="1/minute")

    assert 60 <= sum(clock.slept) < 61


@pytest.mark.parametrize(
    ("address", "waited"), [("192.0.2.7", True), ("192.0.2.8", False)], ids=["the same", "another"]
)
def test_rate_limits_count_by_the_end_users_address(token, clock, address, waited):
    for sent in ("192.0.2.7", address):
        token(client_login(logged_in(), forwarded_for=sent), force=True, forwarded_for=sent, rate_limit="1/minute")

    assert bool(clock.slept) is waited


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({"project_id": None}, ["project_id", "AUDIENCEPLAYER_PROJECT_ID"], id="no project"),
        pytest.param(
            {"client_id": None, "client_secret": None},
            ["client_id", "client_secret", "AUDIENCEPLAYER_CLIENT_SECRET"],
            id="no credentials",
        ),
        pytest.param({"grant": "password"}, ["email", "password"], id="password grant without either"),
        pytest.param({"user_id": 1, "user_email": "a@b.c"}, ["user_id", "user_email"], id="two users"),
        pytest.param(
            {"user_id": 1, "auto_register": True}, ["auto_register", "user_email"], id="a number is not registered"
        ),
        pytest.param({"auto_register": True}, ["auto_register", "user_email"], id="nobody is registered"),
        pytest.param({"scope": "admin", "user_id": 1}, ["user_id", "scope"], id="a frontend user in admin scope"),
        pytest.param({**PASSWORD, "user_id": 1}, ["user_id", "grant"], id="a password and somebody else"),
        pytest.param({"user_email": ""}, ["user_email"], id="an empty address must not give the client's own token"),
        pytest.param({"scope": "root"}, ["scope"], id="an unknown scope"),
        pytest.param({"project_id": "one"}, ["project_id"], id="a project that is not a number"),
    ],
)
def test_bad_options_fail_before_anything_is_sent(token, options, words):
    result = token.fail(**options)

    for word in words:
        assert word in result["msg"]


def test_an_unknown_user_is_reported_as_by_the_platform(token):
    result = token.fail(user_login("a@b.c", NOT_FOUND), user_email="a@b.c")

    assert result["error_code"] == 404 and "User not found" in result["msg"]


def test_credentials_may_come_from_the_environment(runs, monkeypatch):
    for name, value in {"PROJECT_ID": "111", "CLIENT_ID": "222", "CLIENT_SECRET": "hush-client"}.items():
        monkeypatch.setenv(f"AUDIENCEPLAYER_{name}", value)

    assert runs(audienceplayer_token)(client_login(logged_in()))["changed"] is True
