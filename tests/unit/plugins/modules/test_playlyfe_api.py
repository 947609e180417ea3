# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The specifics of Playlyfe. module_utils/_modules/test_api.py covers the common behaviour."""

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.modules import playlyfe_api, playlyfe_token
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_movingimage_token import any_provider
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_playlyfe_token import (
    CONNECTION,
    every_stale_answer,
    failed,
    login,
    sent,
)

__all__ = ["any_provider"]


@pytest.fixture
def api(runs):
    """With a token in the cache."""
    runs(playlyfe_token, **CONNECTION)(login())
    return runs(playlyfe_api, **CONNECTION)


@pytest.mark.parametrize("placement", ["query", "header"])
def test_the_placement_of_the_token_is_configurable(api, placement):
    result = api(sent("GET", "admin", {"status": "ok"}, placement=placement), path="/admin", token_placement=placement)

    assert (result["changed"], result["status"], result["json"]) == (False, 200, {"status": "ok"})


@pytest.mark.parametrize("placement", ["query", "header"])
def test_a_query_of_the_users_own_stays_beside_the_token(api, placement):
    request = sent(
        "POST",
        "runtime/actions/a/play",
        {"events": {}},
        query={"player_id": "p1", "debug": "1"},
        json={"scopes": []},
        placement=placement,
    )

    api(
        request,
        path="runtime/actions/a/play",
        method="POST",
        query={"player_id": "p1", "debug": 1},
        body={"scopes": []},
        token_placement=placement,
    )


def test_a_token_in_the_users_query_does_not_replace_the_modules(api):
    api(sent("GET", "admin"), path="admin", query={"access_token": "hush-foreign"})


@every_stale_answer
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("placement", ["query", "header"])
def test_a_stale_token_is_replaced_once_and_the_request_repeated(api, placement, method, stale):
    calls = [
        sent(method, "runtime/x", placement=placement, **stale),
        login("hush-2"),
        sent(method, "runtime/x", {"ok": 1}, "hush-2", placement=placement),
    ]

    assert api(*calls, path="runtime/x", method=method, token_placement=placement)["json"] == {"ok": 1}


@pytest.mark.parametrize("status", [200, 400, 404])
def test_an_error_with_a_name_is_a_failure_whatever_the_status(api, status):
    result = api.fail(sent("GET", "design/x", **failed("rule_not_found", "No rule", status)), path="design/x")

    assert (result["status"], result["error_code"]) == (status, "rule_not_found")
    assert "No rule" in result["msg"]


def test_an_error_whose_status_is_expected_is_an_answer(api):
    result = api(
        sent("GET", "design/x", **failed("rule_not_found", "No rule", 404)), path="design/x", status_code=[200, 404]
    )

    assert (result["status"], result["json"]["error"]) == (404, "rule_not_found")


def test_access_denied_does_not_reject_the_token_and_hints_at_the_scope(api):
    result = api.fail(sent("GET", "admin", **failed("access_denied", "No access", 403)), path="admin")

    assert result["error_code"] == "access_denied"
    assert "admin scope" in result["msg"]


@pytest.mark.parametrize("placement", ["query", "header"])
def test_a_failure_names_the_request_without_the_token(api, placement):
    result = api.fail(
        sent("GET", "admin", "", status=400, placement=placement), path="admin", token_placement=placement
    )

    assert "GET https://api.playlyfe.com/v2/admin was answered with HTTP 400" in result["msg"]


def test_null_is_an_answer(api):
    assert api(sent("GET", "x", "null", answer_headers={"Content-Type": "application/json"}), path="x")["json"] is None
