# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.modules import oauth2_token, oauth2_token_info
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import jwt
from ansible_collections.mediaops.access.tests.unit.plugins.modules.oauth2 import (
    CLIENT,
    CONNECTION,
    INTROSPECT_URL,
    ISSUER,
    NOW,
    asked,
    discovery,
    introspected,
    issued,
)

ACTIVE = {
    "active": True,
    "scope": "read write",
    "client_id": "pipeline",
    "username": "editor",
    "sub": "6f1c0a2e",
    "token_type": "Bearer",
    "exp": NOW + 1000,
}
GOOD = {
    "valid": True,
    "scope": "read write",
    "client_id": "pipeline",
    "username": "editor",
    "subject": "6f1c0a2e",
    "token_type": "Bearer",
    "expires_in": 1000,
    "expires_at": "2027-01-15T08:16:40Z",
}
INVALID = {**dict.fromkeys(GOOD), "valid": False}


@pytest.fixture
def given(runs):
    """Run the module with a supplied token."""
    return runs(oauth2_token_info, access_token="hush-token", introspection_url=INTROSPECT_URL, **CONNECTION)


@pytest.fixture
def shared(runs):
    """Run the module with the client's cached token."""
    runs(oauth2_token, **CONNECTION)(asked())
    return runs(oauth2_token_info, introspection_url=INTROSPECT_URL, **CONNECTION)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ACTIVE, GOOD),
        ({"active": True}, {**dict.fromkeys(GOOD), "valid": True}),
        ({**ACTIVE, "scope": GOOD["scope"].split()}, GOOD),
        ({"active": False}, INVALID),
        ({**ACTIVE, "active": False}, INVALID),
    ],
    ids=["all", "nothing else", "scope as a list", "inactive", "inactive with properties"],
)
@pytest.mark.parametrize("check_mode", [False, True], ids=["real", "check"])
def test_the_properties_of_a_token_are_returned(given, answer, expected, check_mode):
    result = given(introspected(answer), check_mode=check_mode)

    assert (result["changed"], result["token_info"]) == (False, expected)


def test_a_token_that_has_expired_is_asked_about_too(given):
    token = jwt(exp=NOW - 5)

    assert given(introspected({"active": False}, token), access_token=token)["token_info"] == INVALID


def test_the_shared_token_is_described_and_replaced_if_it_is_inactive(shared):
    assert shared(introspected(ACTIVE))["token_info"] == GOOD
    inactive, other = introspected({"active": False}), introspected(ACTIVE, "hush-2")
    assert shared(inactive, asked(issued("hush-2")), other)["token_info"] == GOOD


def test_discovery_finds_the_endpoint(runs):
    found = runs(oauth2_token_info, access_token="hush-token", issuer=ISSUER, **CLIENT)

    assert found(discovery(), introspected(ACTIVE))["token_info"] == GOOD
    missing = found.fail(discovery(introspection_endpoint=None))
    assert f"introspection_url must be given: {ISSUER} names no such endpoint" in missing["msg"]


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        ({"error": "invalid_client"}, 401, ["invalid_client", "client_auth"]),
        ({"scope": "read"}, 200, ["active"]),
        ({"active": "yes"}, 200, ["active", "boolean"]),
        ("<html>", 200, ["an HTML page"]),
    ],
    ids=["client", "not active", "text", "HTML"],
)
def test_an_answer_that_describes_nothing_is_one_clear_failure(given, answer, status, words):
    result = given.fail(introspected(answer, status=status))

    assert result["status"] == status
    for word in words:
        assert word in result["msg"]
