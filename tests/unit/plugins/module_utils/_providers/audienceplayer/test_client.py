# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Literals, dates and batches of AudiencePlayer (providers.md, sections 1.2 and 1.5); the exchanges are tested with the modules."""

from __future__ import annotations

import datetime
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.module_utils._http.models import Response
from ansible_collections.mediaops.access.plugins.module_utils._providers.audienceplayer.dates import parse_instant
from ansible_collections.mediaops.access.plugins.module_utils._providers.audienceplayer.declaration import (
    AUDIENCEPLAYER,
)
from ansible_collections.mediaops.access.plugins.module_utils._providers.audienceplayer.documents import Enum, field
from ansible_collections.mediaops.access.plugins.module_utils._providers.audienceplayer.users import User

UTC = datetime.UTC


@pytest.mark.parametrize(
    ("arguments", "written"),
    [
        ((("F", {}), {}), "F"),
        ((("F", {"a": 1}), {}), "F(a: 1)"),
        ((("F", {"a": "x", "b": True, "c": False, "d": None}), {}), 'F(a: "x", b: true, c: false, d: null)'),
        ((("F", {"action": Enum("fulfil")}), {}), "F(action: fulfil)"),
        ((("F", {"a": 1}, "id name"), {}), "F(a: 1) { id name }"),
        ((("F", {}, "id"), {"alias": "e0"}), "e0: F { id }"),
    ],
)
def test_a_field_is_written_with_its_arguments_as_literals(arguments, written):
    positional, named = arguments
    assert field(*positional, **named) == written


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_string_literal_means_the_string_and_ends_if_it_should(text):
    written = field("F", {"a": text})

    assert written.startswith('F(a: "') and written.endswith('")')
    assert json.loads(written[len("F(a: ") : -1]) == text
    assert "\n" not in written and "\r" not in written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2030-12-31T23:59:59Z", (2030, 12, 31, 23, 59, 59)),
        ("2030-12-31T23:59:59z", (2030, 12, 31, 23, 59, 59)),
        ("2030-12-31T23:59:59+00:00", (2030, 12, 31, 23, 59, 59)),
        ("2030-12-31T23:59:59-05:00", (2031, 1, 1, 4, 59, 59)),
        ("2030-12-31 23:59:59", (2030, 12, 31, 23, 59, 59)),
        ("2030-12-31T23:59:59.999Z", (2030, 12, 31, 23, 59, 59)),
        ("2030-12-31T23:59", (2030, 12, 31, 23, 59, 0)),
        ("2030-12-31", (2030, 12, 31, 0, 0, 0)),
        (" 2030-12-31T23:59:59Z ", (2030, 12, 31, 23, 59, 59)),
    ],
)
def test_an_instant_is_read_in_utc(text, expected):
    assert parse_instant(text) == datetime.datetime(*expected, tzinfo=UTC)


def test_no_date_is_none():
    assert parse_instant(None) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "31.12.2030",
        "2030-13-01",
        "2030-12-31T25:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
    ],
)
def test_an_invalid_instant_is_an_error_that_quotes_it(text):
    with pytest.raises(AccessError, match="is not a date and time such as"):
        parse_instant(text)


# --- several at once -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "authenticates", "expected"),
    [
        ({}, True, 50),
        ({"rate_limit_counts": "field"}, True, 20),
        ({"rate_limit_counts": "field"}, False, 50),
        ({"rate_limit_counts": "field", "rate_limit": "7/second"}, True, 7),
        ({"rate_limit_counts": "field", "rate_limit": "none"}, False, 50),
    ],
)
def test_a_document_has_no_more_fields_than_a_limit_that_counts_them(platform, options, authenticates, expected):
    assert platform(AUDIENCEPLAYER, **options).graphql.max_fields(50, authenticates=authenticates) == expected


@pytest.mark.parametrize(("counts", "cost"), [("request", 1), ("field", 12)])
def test_a_request_weighs_as_many_fields_as_are_counted(platform, counts, cost):
    assert (
        platform(AUDIENCEPLAYER, project_id=111, rate_limit_counts=counts).graphql.request("{ a }", fields=12).cost
        == cost
    )


def answered(monkeypatch, audienceplayer, body, status=200):
    """Answer every request like this. Returns the received requests."""
    requests = []

    def send(request):
        requests.append(request)
        return Response(status, {}, json.dumps(body).encode(), request)

    monkeypatch.setattr(audienceplayer.http, "send", send)
    return requests


FIELDS = {"a": "a: F", "b": "b: F", "c": "c: F"}


@pytest.mark.parametrize(
    ("body", "failed", "unclear"),
    [
        ({"data": {"a": True, "b": None, "c": False}}, {}, []),
        ({"data": {"a": True, "b": None}, "errors": []}, {}, ["c"]),
        (
            {"data": {"a": True, "b": None, "c": None}, "errors": [{"message": "No", "code": 400, "path": ["b"]}]},
            {"b": 400},
            ["c"],
        ),
        (
            {"data": {"a": True, "b": None, "c": None}, "errors": [{"message": "No", "code": 400, "path": ["b", "x"]}]},
            {"b": 400},
            ["c"],
        ),
        ({"data": {"a": True, "b": None, "c": 1}, "errors": [{"message": "No", "code": 400}]}, {}, ["b"]),
        ({"data": None, "errors": [{"message": "No", "code": 400}]}, {}, ["a", "b", "c"]),
        ({"errors": [{"message": "No", "code": 400, "path": []}]}, {}, ["a", "b", "c"]),
        (
            {"errors": [{"message": "No", "code": 400, "path": ["d"]}, {"message": "No", "code": 409, "path": ["c"]}]},
            {"c": 409},
            ["a", "b"],
        ),
    ],
)
def test_the_outcome_of_each_field_is_read_from_the_response(platform, monkeypatch, body, failed, unclear):
    audienceplayer = platform(AUDIENCEPLAYER, project_id=111)
    requests = answered(monkeypatch, audienceplayer, body)
    answers = audienceplayer.graphql.mutate(FIELDS)

    assert [request.json["query"] for request in requests] == ["mutation { a: F b: F c: F }"]
    assert {alias: error.code for alias, error in answers.failed.items()} == failed
    assert answers.unclear == unclear
    assert (answers.error is not None) == bool(body.get("errors"))


def test_the_error_of_a_single_field_needs_no_path(platform, monkeypatch):
    audienceplayer = platform(AUDIENCEPLAYER, project_id=111)
    answered(monkeypatch, audienceplayer, {"data": None, "errors": [{"message": "No", "code": 400}]})
    answers = audienceplayer.graphql.mutate({"a": "a: F"})

    assert answers.failed["a"].code == 400
    assert answers.unclear == []


@pytest.mark.parametrize(
    ("body", "status"),
    [("Bad Gateway", 502), ({"data": {"a": True}}, 500), ({"message": "no"}, 404), ([], 200), ("", 200)],
)
def test_a_response_that_is_not_graphql_fails_as_a_whole(platform, monkeypatch, body, status):
    audienceplayer = platform(AUDIENCEPLAYER, project_id=111)
    answered(monkeypatch, audienceplayer, body, status)

    with pytest.raises(AccessError) as caught:
        audienceplayer.graphql.mutate(FIELDS)
    assert caught.value.status == status


def test_logins_in_one_document_keep_to_the_limit_that_counts_them(platform, monkeypatch):
    options = {
        "project_id": 111,
        "client_id": "222",
        "client_secret": "hush-token",
        "rate_limit_counts": "field",
        "auth_rate_limit": "2/second",
    }
    audienceplayer = platform(AUDIENCEPLAYER, **options)
    login = {"access_token": "t", "user_id": 1, "user_email": None, "expires_in": 60}
    requests = answered(
        monkeypatch, audienceplayer, {"data": {"u0": login, "u1": login, "ClientUserAuthenticate": login}}
    )
    outcomes = audienceplayer.issuer.obtain_many(
        [audienceplayer.issuer.user_grant(User(number, None)) for number in range(5)]
    )

    assert [request.cost for request in requests] == [2, 2, 1]
    assert all(request.authenticates and request.repeatable for request in requests)
    assert [outcome.access_token for outcome in outcomes.values()] == ["t"] * 5
