# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials that the platform accepts once: supplied refresh tokens, codes, assertions."""

from __future__ import annotations

import json

import pytest

from ansible_collections.mediaops.access.plugins.module_utils._oauth2.cache_entry import CacheEntry
from ansible_collections.mediaops.access.plugins.modules import (
    oauth2_api,
    oauth2_token,
    token_cache,
    token_cache_info,
)
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import NO_ANSWER, call, exchange
from ansible_collections.mediaops.access.tests.unit.plugins.modules.oauth2 import (
    API,
    CLIENT,
    CONNECTION,
    INVALID_GRANT,
    ISSUER,
    REVOKE_URL,
    TOKEN_URL,
    asked,
    basic,
    discovery,
    issued,
    refreshed,
    revoked,
)

HOUR = 3600
GIVEN = {"grant": "refresh_token", "refresh_token": "hush-given"}
CODE = {"grant": "authorization_code", "code": "hush-code"}
BY_CODE = {"grant_type": "authorization_code", "code": "hush-code"}
ASSERTION = {"grant": "jwt_bearer", "assertion": "hush-assertion"}
BY_ASSERTION = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "hush-assertion"}
EXCHANGE = {"grant": "token_exchange", "subject_token": "hush-subject"}
BY_EXCHANGE = {
    "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
    "subject_token": "hush-subject",
    "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
}
SPENT = "has been used or revoked, or has expired. Obtain a new one"


@pytest.fixture
def token(runs):
    return runs(oauth2_token, **CONNECTION)


@pytest.fixture
def given(token):
    """A supplied refresh token, which the platform has replaced by hush-refresh-2."""
    answer = issued(refresh_token="hush-refresh-2")
    token(refreshed(answer, "hush-given", form={"scope": "read"}), scope=["read"], **GIVEN)
    return lambda *calls, **options: token.attempt(*calls, **{**GIVEN, **options})


@pytest.fixture
def cache(tmp_path):
    """Runs a module for the token cache."""

    def run(module, *calls, **options):
        with exchange(*calls):
            return module.MODULE.run(options, name="token_cache", ansible_home=str(tmp_path))

    return run


# --- one login for all scopes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "form"),
    [
        pytest.param({"scope": ["write"]}, {"scope": "write"}, id="scope"),
        pytest.param(
            {"audience": "https://other.example.com"}, {"audience": "https://other.example.com"}, id="audience"
        ),
        pytest.param({"resource": ["https://a.example"]}, {"resource": "https://a.example"}, id="resource"),
        pytest.param({"parameters": {"tenant": "north"}}, {"tenant": "north"}, id="parameters"),
        pytest.param({"fields": {"scope": "range"}}, {}, id="fields"),
    ],
)
def test_another_token_of_the_login_comes_from_the_newest_refresh_token(given, options, form):
    answer = issued("hush-2", refresh_token="hush-refresh-3")
    assert given(refreshed(answer, "hush-refresh-2", form=form), **options)["token"]["access_token"] == "hush-2"

    narrow = refreshed(issued("hush-3"), "hush-refresh-3", form={"scope": "read"})
    assert given(narrow, scope=["read"], force=True)["token"]["access_token"] == "hush-3"
    assert given(**options)["token"]["access_token"] == "hush-2"


def test_the_result_always_has_the_newest_refresh_token(given):
    answer = issued("hush-2", refresh_token="hush-refresh-3")
    given(refreshed(answer, "hush-refresh-2", form={"scope": "write"}), scope=["write"])
    cached = given(scope=["read"])["token"]

    assert (cached["access_token"], cached["refresh_token"]) == ("hush-token", "hush-refresh-3")


@pytest.mark.parametrize("grant", [{}, GIVEN], ids=["client", "refresh token"])
def test_the_order_of_scopes_has_no_meaning(token, grant):
    form = {"scope": "read write"}
    token(refreshed(issued(), "hush-given", form=form) if grant else asked(**form), scope=["read", "write"], **grant)

    for scope in (["write", "read"], ["read", "write", "read"], ["write read"]):
        assert token(scope=scope, **grant)["token"]["cached"] is True


def test_a_rotated_client_secret_does_not_bring_the_spent_refresh_token_back(given):
    form = {"grant_type": "refresh_token", "refresh_token": "hush-refresh-2"}
    request = call("POST", TOKEN_URL, issued("hush-2"), form=form, headers=basic(client_secret="hush-other"))

    assert given(request, client_secret="hush-other")["token"]["access_token"] == "hush-2"


def test_a_renewed_certificate_does_not_bring_the_spent_refresh_token_back(token, tmp_path):
    options = {"client_cert": str(tmp_path / "cert.pem"), "client_secret": None, **GIVEN}

    def by_certificate(refresh_token, answer):
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": "pipeline"}
        return call("POST", TOKEN_URL, answer, form=form)

    (tmp_path / "cert.pem").write_text("certificate")
    token(by_certificate("hush-given", issued(refresh_token="hush-refresh-2")), **options)
    (tmp_path / "cert.pem").write_text("renewed certificate")

    assert token(by_certificate("hush-refresh-2", issued("hush-2")), **options)["token"]["access_token"] == "hush-2"


def test_a_token_url_beside_the_issuer_does_not_bring_the_spent_refresh_token_back(runs):
    found = runs(oauth2_token, issuer=ISSUER, **CLIENT, **GIVEN)
    found(discovery(), refreshed(issued(refresh_token="hush-refresh-2"), "hush-given"))
    result = found(discovery(), refreshed(issued("hush-2"), "hush-refresh-2"), token_url=TOKEN_URL)

    assert result["token"]["access_token"] == "hush-2"


def test_another_client_or_server_has_a_login_of_its_own(given):
    form = {"grant_type": "refresh_token", "refresh_token": "hush-given"}
    other = call("POST", TOKEN_URL, issued("hush-2"), form=form, headers=basic("other"))
    elsewhere = call("POST", "https://other.example.com/token", issued("hush-3"), form=form, headers=basic())

    assert given(other, client_id="other")["token"]["access_token"] == "hush-2"
    assert given(elsewhere, token_url="https://other.example.com/token")["token"]["access_token"] == "hush-3"


def test_the_rotated_refresh_token_is_stored_before_the_access_token(token, monkeypatch):
    stored = []
    as_dict = CacheEntry.as_dict
    monkeypatch.setattr(CacheEntry, "as_dict", lambda entry: (stored.append(entry.token), as_dict(entry))[1])
    token(refreshed(issued(refresh_token="hush-refresh-2"), "hush-given"), **GIVEN)

    assert [(found.access_token, found.refresh_token) for found in stored] == [
        ("", "hush-refresh-2"),
        ("hush-token", None),
    ]


def test_a_run_that_died_before_it_stored_the_access_token_loses_nothing(token, monkeypatch):
    as_dict = CacheEntry.as_dict

    def die(entry):
        if entry.token.access_token:
            raise KeyboardInterrupt
        return as_dict(entry)

    monkeypatch.setattr(CacheEntry, "as_dict", die)
    with pytest.raises(KeyboardInterrupt):
        token(refreshed(issued(refresh_token="hush-refresh-2"), "hush-given"), **GIVEN)
    monkeypatch.setattr(CacheEntry, "as_dict", as_dict)

    assert token(refreshed(issued("hush-2"), "hush-refresh-2"), **GIVEN)["token"]["access_token"] == "hush-2"


# --- a refused refresh token -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(INVALID_GRANT, id="invalid_grant"),
        pytest.param({"answer": "", "status": 403}, id="403 of a firewall"),
        pytest.param({"answer": "", "status": 401}, id="401 without a code"),
        pytest.param({"answer": "", "status": 404}, id="404"),
        pytest.param({"answer": {"error": "invalid_scope"}, "status": 400}, id="invalid_scope"),
        pytest.param({"answer": NO_ANSWER}, id="no answer"),
    ],
)
def test_the_supplied_refresh_token_is_never_sent_again(given, clock, answer):
    clock.time += HOUR
    for _run in range(2):
        refused = refreshed(refresh_token="hush-refresh-2", form={"scope": "read"}, **answer)
        assert given(refused, scope=["read"], retries=0)["failed"] is True
    accepted = refreshed(issued("hush-2"), "hush-refresh-2", form={"scope": "read"})

    assert given(accepted, scope=["read"])["token"]["access_token"] == "hush-2"


def test_a_refused_refresh_token_that_was_never_accepted_may_be_sent_again(token):
    refused = refreshed(refresh_token="hush-given", answer={"error": "invalid_client"}, status=401)
    token.fail(refused, **GIVEN)

    assert token(refreshed(issued(), "hush-given"), **GIVEN)["changed"] is True


# --- what a refresh states ---------------------------------------------------------------------------------------------------


def test_a_supplied_refresh_token_stays_narrowed(token, clock):
    options = {
        "scope": ["read"],
        "audience": "https://api.example.com",
        "resource": ["https://a.example"],
        "parameters": {"tenant": "north"},
        **GIVEN,
    }
    form = {
        "scope": "read",
        "audience": "https://api.example.com",
        "resource": "https://a.example",
        "tenant": "north",
    }
    token(refreshed(issued(refresh_token="hush-refresh-2"), "hush-given", form=form), **options)
    clock.time += HOUR

    assert token(refreshed(issued("hush-2"), "hush-refresh-2", form=form), **options)["token"]["scope"] == "read"


def test_the_refresh_token_of_a_code_states_no_scope(token, clock):
    options = {"scope": ["read"], "audience": "https://api.example.com", **CODE}
    form = {"scope": "read", "audience": "https://api.example.com", **BY_CODE}
    token(asked(issued(refresh_token="hush-refresh"), **form), **options)
    clock.time += HOUR

    assert token(refreshed(), **options)["token"]["access_token"] == "hush-2"


# --- codes -------------------------------------------------------------------------------------------------------------------


def test_a_code_without_a_refresh_token_is_not_sent_again(token, clock):
    token(asked(**BY_CODE), **CODE)

    assert f"the code {SPENT}" in token.fail(force=True, **CODE)["msg"]
    assert token(**CODE)["token"]["cached"] is True
    clock.time += HOUR
    assert f"the code {SPENT}" in token.fail(**CODE)["msg"]
    assert f"the code {SPENT}" in token.fail(scope=["read"], **CODE)["msg"]


def test_a_code_is_not_sent_again_if_the_api_rejects_its_token(runs, token):
    token(asked(**BY_CODE), **CODE)
    api = runs(oauth2_api, url=API, **CONNECTION)
    rejected = call("GET", f"{API}/channels", status=401, headers={"Authorization": "Bearer hush-token"})

    assert SPENT in api.fail(rejected, path="channels", **CODE)["msg"]
    assert SPENT in token.fail(**CODE)["msg"]


@pytest.mark.parametrize("answer", [{"answer": NO_ANSWER}, {"answer": "", "status": 502}, {"answer": "<html>"}])
def test_a_code_that_may_have_been_used_is_not_sent_again(token, answer):
    assert "failed" in token.fail(asked(**answer, **BY_CODE), **CODE)
    assert SPENT in token.fail(**CODE)["msg"]


def test_a_code_counts_as_used_before_it_is_sent(token):
    def die(_request):
        raise KeyboardInterrupt

    request = asked(**BY_CODE)
    request.match = [die]
    with pytest.raises(KeyboardInterrupt):
        token(request, **CODE)

    assert SPENT in token.fail(**CODE)["msg"]


@pytest.mark.parametrize(
    "answer",
    [
        {"answer": {"error": "invalid_client"}, "status": 401},
        {"answer": "", "status": 429, "answer_headers": {"Retry-After": "999"}},
    ],
    ids=["invalid_client", "429"],
)
def test_a_refused_code_may_be_sent_again(token, answer):
    request = call("POST", TOKEN_URL, form=BY_CODE, headers=basic(), **answer)
    token.fail(request, **CODE)

    assert token(asked(**BY_CODE), **CODE)["changed"] is True


def test_a_code_in_a_query_is_sent_once(token):
    options = {"request_format": "query", "client_auth": "client_secret_post", **CODE}

    def in_query(method, answer="", **kwargs):
        return call(method, TOKEN_URL, answer, query={**BY_CODE, **CLIENT}, **kwargs)

    lost = in_query("GET", NO_ANSWER)
    assert "the outcome is unknown" in token.fail(in_query("POST", status=405), lost, **options)["msg"]
    other = {**options, "code": "hush-code-2"}
    moved = {"status": 302, "answer_headers": {"Location": f"{TOKEN_URL}/new"}}
    query = {**BY_CODE, "code": "hush-code-2", **CLIENT}
    calls = [call("POST", TOKEN_URL, status=405, query=query), call("GET", TOKEN_URL, query=query, **moved)]
    assert "credentials are not sent there" in token.fail(*calls, **other)["msg"]


# --- assertions and exchanged tokens -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "form"), [(ASSERTION, BY_ASSERTION), (EXCHANGE, BY_EXCHANGE)], ids=["assertion", "exchange"]
)
def test_the_refresh_token_of_an_assertion_outlives_a_failure(runs, token, options, form):
    token(asked(issued(refresh_token="hush-refresh"), **form), **options)
    api = runs(oauth2_api, url=API, **CONNECTION)
    rejected = call("GET", f"{API}/channels", status=401, headers={"Authorization": "Bearer hush-token"})
    api.fail(rejected, refreshed(answer="", status=500), path="channels", retries=0, **options)

    assert token(refreshed(), **options)["token"]["access_token"] == "hush-2"
    again = refreshed(issued("hush-3"))
    assert token(again, force=True, **options)["token"]["access_token"] == "hush-3"


def test_an_assertion_is_sent_again_only_if_the_refresh_token_is_no_longer_valid(token, clock):
    token(asked(issued(refresh_token="hush-refresh"), **BY_ASSERTION), **ASSERTION)
    clock.time += HOUR
    token.fail(refreshed(answer="", status=403), **ASSERTION)
    calls = [refreshed(**INVALID_GRANT), asked(issued("hush-2"), **BY_ASSERTION)]

    assert token(*calls, **ASSERTION)["token"]["access_token"] == "hush-2"


# --- another name of a field -------------------------------------------------------------------------------------------------


def test_a_token_read_from_another_field_is_another_token(token):
    both = {**issued(), "id_token": "hush-id"}
    token(asked(both), fields={"access_token": "id_token"})

    assert token(asked(both))["token"]["access_token"] == "hush-token"
    assert token(fields={"access_token": "id_token"})["token"]["access_token"] == "hush-id"


# --- absent ------------------------------------------------------------------------------------------------------------------

REVOCABLE = {"revocation_url": REVOKE_URL, "state": "absent"}


def test_absent_revokes_a_refresh_token_that_the_platform_did_not_replace(token):
    token(refreshed(issued(), "hush-given"), revocation_url=REVOKE_URL, **GIVEN)
    calls = [revoked("hush-given", "refresh_token"), revoked()]

    assert token(*calls, **REVOCABLE, **GIVEN)["changed"] is True
    assert token(**REVOCABLE, **GIVEN)["changed"] is False
    assert f"the refresh token {SPENT}" in token.fail(**GIVEN)["msg"]


def test_absent_revokes_a_refresh_token_that_was_not_used(token):
    assert token(check_mode=True, **REVOCABLE, **GIVEN)["changed"] is True
    result = token(revoked("hush-given", "refresh_token"), **REVOCABLE, **GIVEN)

    assert result["changed"] is True
    assert result["changes"][0]["local"] is False
    assert token(check_mode=True, **REVOCABLE, **GIVEN)["changed"] is False
    assert token(**REVOCABLE, **GIVEN)["changed"] is False


def test_absent_revokes_the_newest_refresh_token(given):
    result = given(revoked("hush-refresh-2", "refresh_token"), revoked(), scope=["read"], **REVOCABLE)

    assert result["changed"] is True
    assert SPENT in given(scope=["read"])["msg"]


def test_absent_without_a_revocation_endpoint_forgets_the_tokens(token, given):
    assert given(scope=["read"], state="absent")["changed"] is True
    assert given(scope=["read"], state="absent")["changed"] is False
    assert SPENT in given(scope=["read"])["msg"]

    other = {**GIVEN, "refresh_token": "hush-other"}  # the platform still accepts one that it did not replace
    token(refreshed(issued(), "hush-other"), **other)
    token(state="absent", **other)
    assert token(refreshed(issued(), "hush-other"), **other)["changed"] is True


@pytest.mark.parametrize(("url", "local"), [(REVOKE_URL, False), (None, True)], ids=["revoked", "forgotten"])
def test_a_revocation_at_the_platform_is_recorded_as_one(token, url, local):
    token(asked(), revocation_url=url)
    result = token(*([revoked()] if url else []), revocation_url=url, state="absent")

    assert result["changes"][0]["local"] is local


# --- the modules for the token cache -----------------------------------------------------------------------------------------


def test_the_cache_lists_and_removes_a_login_once(given, cache):
    assert len(cache(token_cache_info)["tokens"]) == 1
    removed = cache(token_cache)
    assert removed["removed"] == 1
    assert cache(token_cache_info)["tokens"] == []


def test_the_cache_revokes_the_access_token_and_the_newest_refresh_token(token, cache):
    answer = issued(refresh_token="hush-refresh-2")
    token(refreshed(answer, "hush-given"), revocation_url=REVOKE_URL, **GIVEN)
    calls = [revoked("hush-refresh-2", "refresh_token"), revoked()]
    result = cache(token_cache, *calls, revoke=True)

    assert result["removed"] == 1
    assert "hush" not in json.dumps(result)


def test_an_invalid_client_is_not_a_dead_token(token, cache):
    token(asked(), revocation_url=REVOKE_URL)
    refused = revoked(answer={"error": "invalid_client"}, status=401)
    assert cache(token_cache, refused, revoke=True)["failed"] is True

    assert cache(token_cache, revoked(), revoke=True)["removed"] == 1
