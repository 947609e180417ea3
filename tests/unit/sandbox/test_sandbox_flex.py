# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Flex: applications, tokens, a corner of the main API."""

from __future__ import annotations

import jwt


def test_the_key_is_needed(box):
    for key in (None, "wrong"):
        assert box.flex("GET", "/", key=key).status_code == 401
        assert box.flex("DELETE", "/1", key=key).status_code == 401


def test_the_life_of_an_application(box):
    created = box.register().json()
    assert set(created) == {"id", "clientId", "clientSecret", "applicationName", "description"}
    shown = box.flex("GET", f"/{created['id']}").json()
    assert shown == {
        "id": created["id"],
        "applicationName": "Reviewer",
        "description": "Tool to review media",
        "clientId": created["clientId"],
        "secret": created["clientSecret"],
    }
    changed = box.flex("PUT", f"/{created['id']}", {"applicationName": "Critic", "description": "new"}).json()
    assert changed == {"id": created["id"], "clientId": created["clientId"], "clientSecret": created["clientSecret"]}
    assert box.flex("GET", "/").json() == [
        {"id": created["id"], "applicationName": "Critic", "description": "new", "clientId": created["clientId"]}
    ]
    assert box.flex("DELETE", f"/{created['id']}").status_code == 204
    assert box.flex("GET", "/").json() == []
    assert box.flex("GET", f"/{created['id']}").status_code == 404


def test_bad_bodies(box):
    assert box.flex("POST", body={"applicationName": "a"}).status_code == 400
    assert box.flex("POST", body=["a"]).status_code == 400
    headers = {"X-App-Registration-Key": "sandbox-registration-key", "Content-Type": "application/json"}
    assert (
        box.ask("POST", "/flex/api/authentication/applications", content="{'a': 1}", headers=headers).status_code == 400
    )
    assert box.sandbox.platforms["flex"].data["applications"] == []


def test_unknown_paths_and_methods(box):
    assert box.ask("GET", "/flex/nothing").status_code == 404
    refused = box.flex("PATCH", "/1")
    assert (refused.status_code, refused.headers["allow"]) == (405, "DELETE, GET, PUT")
    assert box.ask("GET", "/nothing/at/all").status_code == 404


def test_head_is_get_without_a_body(box):
    answer = box.flex("HEAD", "/")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")


def test_tokens(box):
    application = box.register().json()
    token = box.flex_token().json()
    assert (token["token_type"], token["expires_in"], token["scope"]) == (
        "bearer",
        3599,
        "client_credentials_default_scope",
    )
    claims = jwt.decode(token["access_token"], options={"verify_signature": False})
    assert claims == {
        "scope": ["client_credentials_default_scope"],
        "client_id": application["clientId"],
        "exp": 1_800_003_599,
        "jti": token["jti"],
    }
    assert box.flex_token(secret="wrong").json()["error"] == "invalid_client"
    item = box.sandbox.platforms["flex"].data["applications"][0]
    assert (
        box.ask("GET", "/flex/oauth/token", auth=(item["clientId"], item["secret"])).json()["error"]
        == "invalid_request"
    )
    assert box.ask("GET", "/flex/oauth/token?grant_type=client_credentials").status_code == 401
    assert box.ask("GET", "/flex/oauth/token", headers={"Authorization": "Basic ????"}).status_code == 401


def test_the_main_api(box):
    box.register()
    headers = {"Authorization": f"Bearer {box.flex_token().json()['access_token']}"}
    answer = box.ask("GET", "/flex/api/accounts;limit=1;offset=1", headers=headers)
    page = answer.json()
    assert (page["totalCount"], page["limit"], page["offset"]) == (3, 1, 1)
    assert [(item["id"], item["name"]) for item in page["accounts"]] == [(101, "news")]
    assert box.ask("GET", "/flex/api/accounts;name=sports", headers=headers).json()["totalCount"] == 1
    echo = box.ask("PATCH", "/flex/api/echo?a=b", headers=headers | {"actAsUserId": "7"}, json={"x": 1}).json()
    assert (echo["method"], echo["query"], echo["body"], echo["actAsUserId"]) == ("PATCH", {"a": "b"}, {"x": 1}, "7")
    assert "authorization" not in echo["headers"]
    assert box.ask("POST", "/flex/api/echo", headers=headers, content="plain").json()["body"] == "plain"
    box.clock.advance(3599)
    assert box.ask("GET", "/flex/api/accounts", headers=headers).status_code == 401
    assert box.ask("GET", "/flex/api/echo", headers=headers).status_code == 401


def test_applications_can_be_seeded(make):
    box = make(
        seed={"flex": {"applications": [{"applicationName": "a"}, {"id": 9, "applicationName": "b", "secret": "s"}]}}
    )
    assert [(item["id"], item["applicationName"]) for item in box.flex("GET", "/").json()] == [(10, "a"), (9, "b")]
    assert box.register().json()["id"] == 11
