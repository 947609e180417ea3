# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients of the Flex main API send: HTTP Basic, and matrix parameters."""

from __future__ import annotations

import pytest

USER = ("flex-user", "flex-password")


def test_local_users_have_http_basic(box):
    answer = box.ask("GET", "/flex/api/accounts", auth=USER)
    assert answer.headers["content-type"] == "application/vnd.nativ.mio.v1+json"
    first = answer.json()["accounts"][0]
    assert (first["id"], first["objectType"]["name"], first["workspace"]["accountId"]) == (100, "account", 100)
    assert first["href"] == "http://testserver/flex/api/accounts/100"
    assert box.ask("GET", "/flex/api/accounts/100", auth=USER).json() == first
    assert box.ask("GET", "/flex/api/accounts/100/accountWorkspace", auth=USER).json() == first["workspace"]
    assert box.ask("GET", "/flex/api/accounts/9", auth=USER).status_code == 404
    for path in ("accounts", "accounts/100"):
        assert box.ask("GET", f"/flex/api/{path}", auth=("flex-user", "wrong")).status_code == 401
        assert box.ask("GET", f"/flex/api/{path}").status_code == 401


def test_accounts_are_created_and_changed(box):
    made = box.ask("POST", "/flex/api/accounts", auth=USER, json={"name": "new"})
    assert (made.status_code, made.json()["id"], made.json()["objectType"]["name"]) == (200, 103, "account")
    assert box.ask("PUT", "/flex/api/accounts/103", auth=USER, json={"name": "newer"}).json()["name"] == "newer"
    assert box.ask("GET", "/flex/api/accounts", auth=USER).json()["totalCount"] == 4
    assert box.ask("POST", "/flex/api/accounts", auth=USER, json={}).status_code == 400


@pytest.mark.parametrize(
    "name", ["actions", "users", "assets", "jobs", "workflows", "collections", "workflowDefinitions"]
)
def test_other_resources_are_empty(box, name):
    assert box.ask("GET", f"/flex/api/{name};limit=7;offset=1", auth=USER).json() == {
        "totalCount": 0,
        "limit": 7,
        "offset": 1,
        name: [],
    }
    assert box.ask("GET", f"/flex/api/{name}/1", auth=USER).status_code == 404
    assert box.ask("GET", f"/flex/api/{name}").status_code == 401


def test_taxonomies_are_an_array(box):
    assert box.ask("GET", "/flex/api/taxonomies;enabled=true", auth=USER).json() == []


def test_a_user_of_the_main_api_obtains_no_token(box):
    assert box.ask("GET", "/flex/oauth/token?grant_type=client_credentials", auth=USER).status_code == 401
