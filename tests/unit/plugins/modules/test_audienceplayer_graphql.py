# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys

import pytest

from ansible_collections.mediaops.access.plugins.modules import audienceplayer_graphql, audienceplayer_token
from ansible_collections.mediaops.access.tests.unit.plugins.modules.audienceplayer import (
    CONNECTION,
    NOT_FOUND,
    SELECTION,
    URL,
    client_login,
    graphql,
    logged_in,
    user_login,
)
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import NO_ANSWER, call

QUERY = "query { Config(platform_context: web, operator_context: web) { project_id } }"
MUTATION = 'mutation { UserDetailsUpdate(name: "Vera") { id } }'
CONFIG = {"Config": {"project_id": 111}}
UPDATED = {"UserDetailsUpdate": {"id": 333}}
STALE = {"message": "Unauthenticated", "code": 401}


def asked(data=..., *errors, document=QUERY, token="hush-token", **kwargs):
    return graphql(document, CONFIG if data is ... else data, *errors, token=token, **kwargs)


def told(data=..., *errors, **kwargs):
    return asked(UPDATED if data is ... else data, *errors, document=MUTATION, **kwargs)


@pytest.fixture
def send(runs):
    """With a client's token in the cache."""
    runs(audienceplayer_token, **CONNECTION)(client_login(logged_in()))
    return runs(audienceplayer_graphql, **CONNECTION)


@pytest.fixture(params=["with graphql-core", "without"])
def library(request, monkeypatch):
    if request.param == "without":
        monkeypatch.setitem(sys.modules, "graphql", None)
    else:
        pytest.importorskip("graphql")


# --- queries and mutations ---------------------------------------------------------------------------------------------------


def test_a_query_changes_nothing_and_returns_its_data(send):
    result = send(asked(), query=QUERY)

    assert (result["changed"], result["data"]) == (False, CONFIG)


def test_a_mutation_is_a_change(send):
    result = send(told(), query=MUTATION)

    assert (result["changed"], result["data"]) == (True, UPDATED)


def test_in_check_mode_a_query_is_sent(library, send):
    assert send(asked(), query=QUERY, check_mode=True)["data"] == CONFIG


@pytest.mark.parametrize(
    "document",
    [
        MUTATION,
        f"# as ever\n{MUTATION}",
        "query A { a } mutation B { b }",
        "fragment F on User { id } mutation { b { ...F } }",
    ],
    ids=["alone", "after a comment", "beside a query", "after a fragment"],
)
def test_in_check_mode_no_mutation_is_sent(library, send, document):
    result = send(query=document, check_mode=True)

    assert result["changed"] is True
    assert result["data"] is None


@pytest.mark.parametrize(
    "document",
    ["{ a }", 'query { a(b: "mutation { b }") }', "query { mutation }", "# mutation\n{ a }"],
    ids=["anonymous", "the word in a string", "the word as a field", "the word in a comment"],
)
def test_in_check_mode_a_query_that_resembles_a_mutation_is_sent(library, send, document):
    assert send(asked({"a": 1}, document=document), query=document, check_mode=True)["changed"] is False


# --- the request -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variables", "travels"),
    [
        ({"id": 5, "deep": {"a": [None, True]}}, {"variables": {"id": 5, "deep": {"a": [None, True]}}}),
        ({}, {}),
        (None, {}),
    ],
    ids=["some", "empty", "none"],
)
def test_variables_travel_beside_the_document(send, variables, travels):
    request = call(
        "POST",
        f"{URL}/graphql/111/user",
        {"data": CONFIG},
        json={"query": QUERY, **travels},
        headers={"Authorization": "Bearer hush-token"},
    )

    assert send(request, query=QUERY, variables=variables)["data"] == CONFIG


def test_a_document_travels_as_it_is(send):
    document = 'query  {\n  a(b: "é \\" $") # end\n}'

    send(asked({"a": 1}, document=document), query=document)


PASSWORD = {"grant": "password", "email": "editor@example.com", "password": "hush-password"}
LOGIN = f'UserAuthenticate(email: "editor@example.com", password: "hush-password") {{ {SELECTION} }}'
ADMIN_LOGIN = LOGIN.replace("(", "(project_id: 111, ")


@pytest.mark.parametrize(
    ("options", "login", "scope", "token"),
    [
        pytest.param({}, client_login(logged_in()), "user", "hush-token", id="client"),
        pytest.param(
            {"scope": "admin"},
            client_login(logged_in(), scope="admin"),
            "admin",
            "hush-token",
            id="client, admin scope",
        ),
        pytest.param(
            PASSWORD,
            graphql(f"mutation {{ {LOGIN} }}", {"UserAuthenticate": logged_in()}),
            "user",
            "hush-token",
            id="password",
        ),
        pytest.param(
            {**PASSWORD, "scope": "admin"},
            graphql(f"mutation {{ {ADMIN_LOGIN} }}", {"UserAuthenticate": logged_in()}, scope="admin"),
            "admin",
            "hush-token",
            id="password, admin scope",
        ),
        pytest.param({"user_id": 333}, user_login(333), "user", "hush-333", id="user by id"),
        pytest.param({"user_email": "a@b.c"}, user_login("a@b.c"), "user", "hush-a@b.c", id="user by e-mail"),
        pytest.param(
            {"user_email": "a@b.c", "auto_register": True},
            user_login("a@b.c", auto_register=True),
            "user",
            "hush-a@b.c",
            id="user by e-mail, created",
        ),
    ],
)
def test_scope_and_grant_select_the_token_and_the_endpoint(runs, options, login, scope, token):
    assert (
        runs(audienceplayer_graphql, **CONNECTION)(login, asked(scope=scope, token=token), query=QUERY, **options)[
            "data"
        ]
        == CONFIG
    )


def test_the_end_users_address_is_sent_along(runs):
    send = runs(audienceplayer_graphql, **CONNECTION, forwarded_for="192.0.2.7")

    send(client_login(logged_in(), forwarded_for="192.0.2.7"), asked(forwarded_for="192.0.2.7"), query=QUERY)


def test_a_supplied_token_is_used(runs):
    runs(audienceplayer_graphql, project_id=111)(asked(token="hush-given"), query=QUERY, access_token="hush-given")


# --- the token ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 400, 401, 500])
@pytest.mark.parametrize(("ask", "document"), [(asked, QUERY), (told, MUTATION)], ids=["query", "mutation"])
def test_a_stale_token_is_replaced_once_and_the_document_sent_again(send, ask, document, status):
    result = send(
        ask(None, STALE, status=status), client_login(logged_in("hush-2")), ask(token="hush-2"), query=document
    )

    assert "data" in result


def test_a_token_is_replaced_once_only(send):
    result = send.fail(
        asked(None, STALE), client_login(logged_in("hush-2")), asked(None, STALE, token="hush-2"), query=QUERY
    )

    assert result["error_code"] == 401


# --- failures ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("errors", "code", "words"),
    [
        pytest.param([NOT_FOUND], 404, ["User not found"], id="one"),
        pytest.param(
            [{"message": "First", "code": 400}, {"message": "Second", "code": 404}],
            400,
            ["First"],
            id="the first of two",
        ),
        pytest.param(
            [{"message": "Denied", "extensions": {"code": 403}}],
            403,
            ["Denied", "scope"],
            id="a code among the extensions",
        ),
        pytest.param([{"message": "Cannot query field"}], None, ["Cannot query field"], id="without a code"),
        pytest.param([{"code": 400}], 400, ["400"], id="without a message"),
    ],
)
@pytest.mark.parametrize("data", [None, CONFIG], ids=["no data", "data beside it"])
def test_an_error_fails_the_task(send, data, errors, code, words):
    result = send.fail(asked(data, *errors), query=QUERY)

    assert result.get("error_code") == code
    for word in words:
        assert word in result["msg"]
    assert "data" not in result


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param("<html>Hello</html>", ["an HTML page", "url"], id="HTML"),
        pytest.param("", ["null"], id="nothing"),
        pytest.param("[1]", ["object"], id="a list"),
        pytest.param('{"data": {', ["broken JSON"], id="truncated"),
        pytest.param({"message": "Hello"}, ["data"], id="no GraphQL"),
        pytest.param({"data": [1]}, ["data", "object"], id="a list as data"),
    ],
)
def test_an_answer_of_another_shape_is_a_clear_failure(send, answer, words):
    result = send.fail(asked(answer=answer), query=QUERY)

    for word in words:
        assert word in result["msg"]


@pytest.mark.parametrize("lost", [{"answer": NO_ANSWER}, {"answer": "", "status": 502}], ids=["no answer", "502"])
def test_a_query_is_repeated_and_a_mutation_never_as_it_may_have_been_applied(send, lost):
    assert send(asked(**lost), asked(), query=QUERY)["data"] == CONFIG
    assert "the outcome is unknown" in send.fail(told(**lost), query=MUTATION)["msg"]


@pytest.mark.parametrize("answer", ["<html>Hello</html>", {"message": "Hello"}], ids=["HTML", "no GraphQL"])
def test_an_unreadable_answer_to_a_mutation_is_a_failure_and_not_sent_again(send, answer):
    assert "unexpected response to" in send.fail(told(answer=answer), query=MUTATION)["msg"]


def test_rate_limits_are_waited_out(send, clock):
    limited = {"message": "Slow down", "code": 429}

    assert send(told(None, limited, answer_headers={"Retry-After": "9"}), told(), query=MUTATION)["changed"] is True
    assert sum(clock.slept) >= 9


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({"query": None}, ["query"], id="no document"),
        pytest.param({"client_secret": None}, ["client_secret", "AUDIENCEPLAYER_CLIENT_SECRET"], id="no secret"),
        pytest.param({"project_id": None}, ["project_id", "AUDIENCEPLAYER_PROJECT_ID"], id="no project"),
        pytest.param({"scope": "root"}, ["scope", "user, admin"], id="an unknown scope"),
        pytest.param({"grant": "password"}, ["email", "password"], id="the grant's needs"),
        pytest.param({"user_id": 1, "user_email": "a@b.c"}, ["user_id", "user_email"], id="two users"),
        pytest.param({"auto_register": True}, ["user_email"], id="nobody to register"),
        pytest.param({"variables": "id"}, ["variables"], id="variables that are not a dict"),
    ],
)
def test_bad_options_fail_before_anything_is_sent(runs, options, words):
    result = runs(audienceplayer_graphql, **CONNECTION).fail(**{"query": QUERY, **options})

    for word in words:
        assert word in result["msg"]


# --- secrets -----------------------------------------------------------------------------------------------------------------


def test_document_and_variables_are_not_shown(send):
    result = send(query='mutation { a(password: "hush-token") }', variables={"password": "hush-token"}, check_mode=True)

    assert {result["invocation"]["module_args"][name] for name in ("query", "variables")} == {
        "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
    }


def test_a_platform_that_quotes_the_document_does_not_make_the_failure_show_it(send):
    document = 'query { a(password: "hush-token") }'

    assert (
        "in ****"
        in send.fail(asked(None, {"message": f"Syntax error in {document}"}, document=document), query=document)["msg"]
    )
