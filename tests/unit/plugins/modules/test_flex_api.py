# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The specifics of Flex. module_utils/_modules/test_api.py covers the common behaviour."""

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.modules import flex_api
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import call
from ansible_collections.mediaops.access.tests.unit.plugins.modules.flex import URL, token

LOGIN = token({"access_token": "hush-token", "expires_in": 3599})


def sent(method, user=None, answer=b"", **kwargs):
    """A request that acts for a user, or for none."""
    expected = call(method, f"{URL}/api/accounts", answer, headers={"Authorization": "Bearer hush-token"}, **kwargs)
    expected.match = [
        *expected.match,
        lambda request: (
            request.headers.get("actAsUserId") == user,
            f"it acts for {request.headers.get('actAsUserId')!r}",
        ),
    ]
    return expected


@pytest.fixture
def api(runs):
    return runs(flex_api, url=URL, client_id="client-1", client_secret="hush-token", path="/api/accounts")


@pytest.mark.parametrize(
    ("user", "travels"),
    [(None, None), ("42", "42"), (42, "42"), ("anna", "anna"), ("", None)],
    ids=["nobody", "text", "number", "name", "empty"],
)
def test_a_request_acts_for_the_user_who_is_named(api, user, travels):
    assert api(LOGIN, sent("GET", travels, {"totalCount": 0}), act_as_user_id=user)["json"] == {"totalCount": 0}


def test_the_token_is_asked_for_without_a_user(api):
    api(LOGIN, sent("GET", "42"), act_as_user_id=42)

    assert api(sent("GET", "43"), act_as_user_id=43)["status"] == 200


def test_the_user_stays_if_headers_are_given(api):
    api(
        LOGIN,
        sent("POST", "42", json={"a": 1}, status=201),
        act_as_user_id=42,
        method="POST",
        body={"a": 1},
        headers={"X-Page": "1"},
    )


@pytest.mark.parametrize("answer", [{"errors": {"error": "No right"}}, {"error": "No right"}], ids=["errors", "error"])
def test_an_error_that_comes_with_200_is_a_failure(api, answer):
    assert "No right" in api.fail(LOGIN, sent("GET", answer=answer))["msg"]
