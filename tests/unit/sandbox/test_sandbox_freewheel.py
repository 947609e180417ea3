# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""FreeWheel: tokens, JSON and XML, a corner of the publisher API."""

from __future__ import annotations

from xml.etree import ElementTree


def test_a_token_is_given_shown_and_revoked(box):
    token = box.freewheel_login().json()
    value = token.pop("access_token")
    assert token == {"token_type": "Bearer", "created_at": 1_800_000_000, "expires_in": 604800}
    box.clock.advance(100.5)
    info = box.freewheel("GET", "/auth/token/info", value)
    assert info.json() == {"user_id": 6092302, "created_at": 1_800_000_000, "expires_in": 604700}
    assert box.freewheel("POST", "/auth/token/revoke", value, data={"token": value}).status_code == 200
    assert box.freewheel("GET", "/auth/token/info", value).status_code == 401
    box.clock.advance(1)
    assert box.freewheel("POST", "/auth/token/revoke", value, data={"token": value}).status_code == 401


def test_a_token_expires(make):
    box = make({"freewheel.token_lifetime": 10})
    value = box.freewheel_login().json()["access_token"]
    box.clock.advance(9.5)
    assert box.freewheel("GET", "/auth/token/info", value).status_code == 200
    box.clock.advance(0.5)
    assert box.freewheel("GET", "/auth/token/info", value).status_code == 401
    assert box.freewheel_login().json()["access_token"] != value


def test_a_login_can_fail(box):
    assert box.freewheel_login(password="wrong").status_code == 401
    assert box.freewheel_login("nobody").status_code == 401
    for form in ({"username": "mrm"}, {"grant_type": "password", "user_id": "mrm", "password": "mrm-password"}):
        box.clock.advance(1)
        assert box.ask("POST", "/freewheel/auth/token", data=form).status_code == 400
    box.clock.advance(1)
    assert box.ask("POST", "/freewheel/auth/token", json={"grant_type": "password"}).status_code == 400


def test_xml_is_answered_on_request(box):
    answer = box.freewheel_login(Accept="application/xml")
    root = ElementTree.fromstring(answer.content)
    assert answer.headers["content-type"] == "application/xml"
    assert (root.tag, [child.tag for child in root]) == (
        "oauth",
        ["access_token", "token_type", "created_at", "expires_in"],
    )
    info = ElementTree.fromstring(
        box.freewheel("GET", "/auth/token/info", root.findtext("access_token"), "application/xml").content
    )
    assert info.findtext("user_id") == "6092302"


def test_nobody_revokes_the_token_of_another(box):
    mine, other = (box.freewheel_login(user).json()["access_token"] for user in ("mrm", "portal"))
    assert box.freewheel("POST", "/auth/token/revoke", mine, data={"token": other}).status_code == 403
    box.clock.advance(1)
    assert box.freewheel("POST", "/auth/token/revoke", mine).status_code == 400
    assert box.freewheel("POST", "/auth/token/revoke", mine, data={"token": "unknown"}).status_code == 401


def test_a_user_without_rights(box):
    token = box.freewheel_login("inactive").json()["access_token"]
    answer = box.freewheel("GET", "/services/v4/sites", token)
    assert answer.status_code == 403 and "explicit deny" in answer.json()["Message"]
    assert box.freewheel("GET", "/services/v4/sites", None).status_code == 403


def test_version_4_lists(box):
    token = box.freewheel_login().json()["access_token"]
    page = box.freewheel("GET", "/services/v4/sites?page=2&per_page=2", token).json()
    assert (page["page"], page["per_page"], page["total_count"], page["total_page"]) == (2, 2, 3, 2)
    assert [item["id"] for item in page["items"]] == [2003]


def test_version_3_speaks_xml(box):
    token = box.freewheel_login().json()["access_token"]

    def ask(method: str, path: str, **more: object):
        return box.freewheel(method, f"/services/v3/{path}", token, "application/xml", **more)

    assert ElementTree.fromstring(ask("GET", "campaigns").content).attrib["total_entries"] == "3"
    created = ask("POST", "campaign", content="<campaign><name>New</name></campaign>")
    assert created.status_code == 201
    number = ElementTree.fromstring(created.content).findtext("id")
    changed = ask("PUT", f"campaign/{number}", content="<campaign><status>PAUSED</status></campaign>")
    assert [child.text for child in ElementTree.fromstring(changed.content)] == [number, "PAUSED", "New"]
    assert ask("PATCH", f"campaign/{number}").status_code == 405
    assert ask("DELETE", f"campaign/{number}").status_code == 200
    assert ask("GET", f"campaign/{number}").status_code == 404
    assert ask("POST", "campaign", content="no xml").status_code == 422
    assert ask("POST", "echo").status_code == 404
    assert box.freewheel("POST", "/services/echo", token, json=[1]).json()["body"] == [1]


def test_a_client_has_tokens_of_its_own(box):
    answer = box.freewheel_client().json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
    assert box.freewheel("GET", "/services/v4/sites", answer["access_token"]).status_code == 200
    assert box.freewheel("GET", "/auth/token/info", answer["access_token"]).status_code == 401
    assert box.freewheel_client("wrong").json()["error"] == "invalid_client"
    box.clock.advance(1)
    assert box.freewheel_client(grant="password").json()["error"] == "unsupported_grant_type"
