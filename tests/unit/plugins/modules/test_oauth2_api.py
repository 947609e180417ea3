# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools

import pytest

from ansible_collections.mediaops.access.plugins.module_utils._store.encrypted import TokenStore
from ansible_collections.mediaops.access.plugins.modules import oauth2_api
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import call
from ansible_collections.mediaops.access.tests.unit.plugins.modules.oauth2 import (
    API,
    CONNECTION,
    asked,
    issued,
    refreshed,
)

CHANNELS = {"items": [{"id": 5}]}


@pytest.fixture
def api(runs):
    return runs(oauth2_api, url=API, path="channels", **CONNECTION)


def sent(answer=None, token="hush-token", method="GET", **kwargs):
    headers = {"Authorization": f"Bearer {token}", **kwargs.pop("headers", {})}
    return call(method, f"{API}/channels", CHANNELS if answer is None else answer, headers=headers, **kwargs)


def refused(status, challenge=None, answer="", **kwargs):
    headers = {"WWW-Authenticate": challenge} if challenge else {}
    return sent(answer, status=status, answer_headers=headers, **kwargs)


def test_a_request_is_sent_with_the_token(api):
    result = api(asked(), sent())

    assert (result["changed"], result["status"], result["json"]) == (False, 200, CHANNELS)


def test_a_write_is_a_change_and_not_sent_in_check_mode(api):
    assert api(asked(), sent(method="POST", json={"name": "News"}), method="POST", body={"name": "News"})["changed"]
    assert api(method="POST", body={"name": "News"}, check_mode=True)["status"] is None


@pytest.mark.parametrize(
    ("options", "query", "header"),
    [
        ({"token_placement": "query"}, {"access_token": "hush-token"}, {}),
        ({"token_placement": "query", "token_name": "key"}, {"key": "hush-token"}, {}),
        ({"token_prefix": "Token"}, {}, {"Authorization": "Token hush-token"}),
        ({"token_prefix": ""}, {}, {"Authorization": "hush-token"}),
    ],
    ids=["query", "another parameter", "another prefix", "no prefix"],
)
def test_the_place_of_the_token(api, options, query, header):
    request = call("GET", f"{API}/channels", CHANNELS, query=query, headers=header)

    assert api(asked(), request, **options)["status"] == 200


def test_the_token_in_another_header(api):
    request = call("GET", f"{API}/channels", CHANNELS)
    request.match.append(lambda sent: (sent.headers.get("X-Token") == "Bearer hush-token", "X-Token"))

    assert api(asked(), request, token_name="X-Token")["status"] == 200


@pytest.mark.parametrize(
    "rejection",
    [
        refused(401),
        refused(401, 'Bearer realm="api"'),
        refused(401, 'Bearer error="invalid_token", error_description="expired"'),
        refused(403, 'Bearer realm="a, b", error=invalid_token'),
        refused(400, 'Basic realm="x", Bearer error="invalid_token"'),
        refused(401, answer={"error": "invalid_token"}),
    ],
    ids=["401", "no reason", "invalid_token", "403", "the second challenge", "in the body"],
)
def test_a_rejected_token_is_replaced_once(api, rejection):
    assert api(asked(), rejection, asked(issued("hush-2")), sent(token="hush-2"))["json"] == CHANNELS


def test_it_is_replaced_once_only(api):
    result = api.attempt(asked(), refused(401), asked(issued("hush-2")), refused(401, token="hush-2"))

    assert (result["failed"], result["status"]) == (True, 401)
    remedy = "A new token was rejected as well: check token_name, token_prefix and token_placement"
    assert result["msg"].endswith(f"Check the credentials, scope and audience. {remedy}")


def test_an_expected_status_does_not_hide_that_a_new_token_was_rejected(api):
    calls = (asked(), refused(401), asked(issued("hush-2")), refused(401, token="hush-2"))

    assert "A new token was rejected as well: check token_name" in api.attempt(*calls, status_code=[204])["msg"]


@pytest.mark.parametrize(
    ("rejection", "code"),
    [
        (refused(403, 'Bearer error="insufficient_scope", scope="write"'), "insufficient_scope"),
        (refused(401, 'Bearer error="insufficient_scope"'), "insufficient_scope"),
        (refused(403), None),
        (refused(403, 'Basic error="invalid_token"'), None),
    ],
    ids=["insufficient_scope", "with 401", "403", "another scheme"],
)
def test_a_token_that_only_lacks_a_right_is_not_replaced(api, rejection, code):
    result = api.fail(asked(), rejection)

    assert result.get("error_code") == code
    assert "scope" in result["msg"]


def test_a_rejected_token_of_a_code_keeps_its_refresh_token_until_there_is_a_new_one(api):
    options = {"grant": "authorization_code", "code": "hush-code"}
    login = asked(issued(refresh_token="hush-refresh"), grant_type="authorization_code", code="hush-code")

    api.attempt(login, refused(401), refreshed("", status=500), retries=0, **options)

    assert api(refreshed(), sent(token="hush-2"), **options)["status"] == 200


class Killed(BaseException):
    """The end of a process."""


@pytest.mark.parametrize(
    "options",
    [
        {"grant": "refresh_token", "refresh_token": "hush-refresh"},
        {"grant": "authorization_code", "code": "hush-code"},
    ],
    ids=["the user's", "the platform's"],
)
@pytest.mark.parametrize("completed_writes", [1, 2])
def test_a_new_refresh_token_is_stored_before_the_access_token_is_used(
    api, options, completed_writes, monkeypatch, clock
):
    if "code" in options:
        login = asked(issued(refresh_token="hush-refresh"), grant_type="authorization_code", code="hush-code")
        api(login, sent(), **options)
        clock.time += 3600
    write = TokenStore.write
    count = itertools.count(1)

    def write_and_die(*arguments):
        write(*arguments)
        if next(count) == completed_writes:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(TokenStore, "write", write_and_die)
        with pytest.raises(Killed):
            api(refreshed(issued("hush-2", refresh_token="hush-refresh-2")), **options)

    if completed_writes == 2:
        assert api(sent(token="hush-2"), **options)["status"] == 200
        clock.time += 3600
    assert api(refreshed(issued("hush-3"), "hush-refresh-2"), sent(token="hush-3"), **options)["status"] == 200


def test_a_supplied_token_needs_no_credentials(runs):
    api = runs(oauth2_api, url=API, path="channels", access_token="hush-token")

    assert api(sent())["json"] == CHANNELS
    assert "the supplied access_token was rejected" in api.fail(refused(401))["msg"]


def test_a_token_that_needs_a_proof_is_not_sent(api):
    assert "proof of possession" in api.attempt(asked(issued(token_type="DPoP")))["msg"]


def test_url_is_required(api):
    assert "url must be given (or the environment variable OAUTH2_URL)" in api.fail(url=None)["msg"]
