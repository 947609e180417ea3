# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""movingimage, Playlyfe, and the stand-in for Consul."""

from __future__ import annotations

import base64

import jwt
import pytest


def claims(token):
    return jwt.decode(token, options={"verify_signature": False})


# movingimage


def test_login_and_refresh(box):
    first = box.mi_login().json()
    assert first["videoManagerList"] == [{"id": 42, "name": "News"}, {"id": 43, "name": "Sports"}]
    assert first["validForVideoManager"] == "42"
    assert (claims(first["accessToken"])["exp"], claims(first["refreshToken"])["exp"]) == (1_800_000_300, 1_800_003_600)
    second = box.mi_refresh(first["refreshToken"], 43).json()
    assert second["validForVideoManager"] == "43"
    assert box.mi("/v1/vms/43/channels", second["accessToken"]).json() == {"id": 2, "name": "root", "children": []}
    assert box.mi("/v1/vms/43/channels", first["accessToken"]).status_code == 403
    box.clock.advance(300)
    assert box.mi("/v1/vms", first["accessToken"]).status_code == 401
    assert box.mi_refresh(first["refreshToken"]).status_code == 200
    box.clock.advance(3300)
    assert box.mi_refresh(first["refreshToken"]).status_code == 401


def test_login_can_fail(box):
    assert box.mi_login(password="wrong").json() == {"message": "The user name or the password is wrong"}
    assert box.mi_refresh("wrong").status_code == 401
    assert box.mi_refresh(box.mi_login().json()["refreshToken"], 44).status_code == 403
    path = "/movingimage/v1/vms/auth/login"
    assert (
        box.ask("POST", path, content="{'username':'portal'}", headers={"Content-Type": "application/json"}).status_code
        == 400
    )
    integration = {"username": "portal", "password": "portal-password", "videoManagerId": 43}
    assert (
        box.ask("POST", "/movingimage/v1/vms/auth/uiintegration", json=integration).json()["validForVideoManager"]
        == "43"
    )
    assert (
        box.ask("POST", "/movingimage/v1/vms/auth/uiintegration", json=integration | {"videoManagerId": 44}).status_code
        == 403
    )


def test_the_password_grant(box):
    answer = box.oidc().json()
    assert {key: answer[key] for key in ("expires_in", "refresh_expires_in", "token_type", "scope")} == {
        "expires_in": 300,
        "refresh_expires_in": 3600,
        "token_type": "bearer",
        "scope": "openid profile email",
    }
    for vm in (42, 43):
        assert box.mi(f"/v1/vms/{vm}/videos", answer["access_token"]).status_code == 200
    renewed = box.oidc(grant_type="refresh_token", refresh_token=answer["refresh_token"]).json()
    assert box.mi("/v1/vms/", renewed["access_token"]).json()[0] == {"id": 42, "name": "News"}
    assert box.mi_refresh(answer["refresh_token"]).status_code == 401


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"password": "wrong"}, 401, "invalid_grant"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_id": "mi-client", "client_secret": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "refresh_token", "refresh_token": "wrong"}, 400, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": "sandbox-code"}, 400, "invalid_grant"),
        ({"grant_type": "client_credentials"}, 400, "unsupported_grant_type"),
    ],
)
def test_refused_token_requests(box, form, status, error):
    answer = box.oidc(**form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_the_code_grant(box):
    place = "https://client.example.com/callback"
    form = {
        "grant_type": "authorization_code",
        "client_id": "mi-client",
        "client_secret": "mi-secret",
        "code": "sandbox-code",
        "redirect_uri": place,
    }
    assert (
        box.oidc(**form | {"redirect_uri": "https://elsewhere.example.com"}).json()["error_description"]
        == "Incorrect redirect_uri"
    )
    assert box.oidc(**form).status_code == 200
    assert box.oidc(**form).json()["error_description"] == "Code not valid"
    query = {"response_type": "code", "client_id": "mi-client", "redirect_uri": place, "state": "s"}
    agreed = box.ask("GET", "/movingimage-auth/protocol/openid-connect/auth", params=query)
    assert agreed.status_code == 302 and agreed.headers["location"].startswith(f"{place}?state=s&code=")
    form["code"] = agreed.headers["location"].partition("code=")[2]
    basic = box.ask(
        "POST",
        "/movingimage-auth/protocol/openid-connect/token",
        data={key: form[key] for key in ("grant_type", "code", "redirect_uri")},
        auth=("mi-client", "mi-secret"),
    )
    assert basic.status_code == 200
    assert (
        box.ask(
            "GET", "/movingimage-auth/protocol/openid-connect/auth", params=query | {"client_id": "anonymous"}
        ).status_code
        == 400
    )


def test_discovery(box):
    found = box.ask("GET", "/movingimage-auth/.well-known/openid-configuration").json()
    assert found["token_endpoint"] == "http://testserver/movingimage-auth/protocol/openid-connect/token"
    assert box.ask("GET", found["jwks_uri"]).json() == {"keys": []}
    assert box.ask("GET", "/movingimage/.well-known/openid-configuration").status_code == 404


def test_channels(box):
    token = box.mi_login().json()["accessToken"]
    created = box.mi("/v1/vms/42/channels", token, "POST", json={"name": "Clips", "parentId": 1})
    assert (created.status_code, created.content, created.headers["location"][-2:]) == (201, b"", "/3")
    assert box.mi("/v1/vms/42/channels", token).json()["children"] == [{"id": 3, "name": "Clips", "children": []}]
    assert box.mi("/v1/vms/42/channels", token, "POST", json={}).status_code == 400
    assert box.mi("/v1/vms/42/channels", token, "POST", json=[]).status_code == 400
    assert box.mi("/v1/vms/42/echo", token, "PUT").json()["method"] == "PUT"
    for path in ("channels", "videos", "echo"):
        assert box.mi(f"/v1/vms/42/{path}", "wrong").status_code == 401
    assert box.mi("/v1/vms/42/channels", "wrong", "POST").status_code == 401


# Playlyfe


def test_client_credentials(box):
    answer = box.pl_login().json()
    assert (answer["expires_in"], answer["token_type"]) == (86400, "Bearer")
    form = {"client_id": "pl-client", "client_secret": "pl-secret", "grant_type": "client_credentials"}
    assert box.ask("POST", "/playlyfe-auth/auth/token", data=form).status_code == 200
    assert box.pl_login(secret="wrong").json()["error"] == "client_auth_fail"
    assert box.ask("POST", "/playlyfe-auth/auth/token", content="x").json()["error"] == "unsupported_grant_type"
    assert box.pl("GET", "/admin", answer["access_token"]).json()["status"] == "ok"
    box.clock.advance(86400)
    assert box.pl("GET", "/admin", answer["access_token"]).json()["error"] == "invalid_access_token"


def test_the_life_of_a_player(box):
    created = box.pl("POST", "/admin/players", body={"id": "p1", "alias": "One", "email": "p@example.com"}).json()
    assert (created["id"], created["alias"], created["enabled"], created["bootstrap"]) == ("p1", "One", True, True)
    assert box.pl("POST", "/admin/players", body={"id": "p1", "alias": "One"}).json()["error"] == "player_exists"
    assert box.pl("GET", "/admin/validation/player/available", value="p1").status_code == 409
    assert box.pl("PATCH", "/runtime/player", body={"alias": "Uno"}, player_id="p1").json()["alias"] == "Uno"
    assert (
        box.pl("PATCH", "/runtime/player", body={"enabled": False}, player_id="p1").json()["error"]
        == "validation_exception"
    )
    assert box.pl("PATCH", "/runtime/player", body={"alias": "x"}, player_id="p2").json()["error"] == "player_not_found"
    assert box.pl("PATCH", "/runtime/player", body={"alias": "x"}).json()["error"] == "validation_exception"
    assert box.pl("GET", "/admin/players/p1").json() == {
        "id": "p1",
        "alias": "Uno",
        "enabled": True,
        "created": "2027-01-15T08:00:00.000Z",
        "scores": [],
        "teams": [],
    }
    assert box.pl("GET", "/runtime/player", player_id="p1").json()["alias"] == "Uno"
    assert box.pl("GET", "/runtime/players", player_id="p1").json()["total"] == 1
    assert box.pl("GET", "/runtime/leaderboards", player_id="p1").json() == []
    assert box.pl("GET", "/admin/players/p1/activity").json() == []
    assert box.pl("DELETE", "/admin/players/p1").json() == {"message": "Player removed successfully"}
    for method, path in (
        ("GET", "/admin/players/p1"),
        ("DELETE", "/admin/players/p1"),
        ("GET", "/admin/players/p1/activity"),
    ):
        answer = box.pl(method, path)
        assert (answer.status_code, answer.json()["error"]) == (404, "player_not_found")
    assert box.pl("GET", "/admin/validation/player/available", value="p1").json() == {"ok": 1}


def test_players_are_paged(make):
    box = make(seed={"playlyfe": {"players": [{"id": f"p{number:03}"} for number in range(25)]}})
    assert len(box.pl("GET", "/admin/players").json()["data"]) == 10
    page = box.pl("GET", "/admin/players", skip="20", limit="10").json()
    assert (page["total"], [item["id"] for item in page["data"]]) == (25, ["p020", "p021", "p022", "p023", "p024"])
    assert box.pl("GET", "/admin/players", limit="many").json()["error"] == "validation_exception"


def test_scopes_and_routes(box):
    token = box.pl_login("pl-runtime", "pl-runtime-secret").json()["access_token"]
    routes = [
        ("GET", "/admin"),
        ("GET", "/admin/players"),
        ("POST", "/admin/players"),
        ("DELETE", "/admin/players/x"),
        ("GET", "/admin/players/x/activity"),
    ]
    for method, path in (*routes, ("GET", "/admin/teams"), ("GET", "/admin/validation/player/available")):
        answer = box.pl(method, path, token)
        assert (answer.status_code, answer.json()["error"]) == (403, "access_denied")
    assert box.pl("GET", "/admin/teams").json() == {"data": [], "total": 0}
    assert box.pl("POST", "/admin/players", body={"alias": "x"}).json()["error"] == "validation_exception"
    assert box.pl("GET", "/nothing").json()["error"] == "route_not_found"
    echo = box.pl("POST", "/echo", body={"a": 1}, b="c").json()
    assert (echo["body"], echo["query"]) == ({"a": 1}, {"b": "c"})


# Consul

PATH = "/consul/v1/kv/flex/shared/authentication/oAuth/appRegistrationKey"
TOKEN = {"X-Consul-Token": "sandbox-consul-token"}


def test_the_registration_key(box):
    assert box.ask("GET", PATH + "?raw", headers=TOKEN).text == "sandbox-registration-key"
    (item,) = box.ask("GET", PATH, headers=TOKEN).json()
    assert (item["Key"], base64.b64decode(item["Value"])) == (
        PATH.removeprefix("/consul/v1/kv/"),
        b"sandbox-registration-key",
    )
    assert box.ask("GET", PATH, headers={"Authorization": "Bearer sandbox-consul-token"}).status_code == 200
    assert box.ask("GET", PATH, headers={"X-Consul-Token": "wrong"}).status_code == 403
    assert box.ask("GET", "/consul/v1/kv/nothing", headers=TOKEN).status_code == 404


def test_other_keys(box):
    for name, value in (("a/b", "1"), ("a/c", "")):
        assert box.ask("PUT", f"/consul/v1/kv/{name}", headers=TOKEN, content=value).json() is True
    assert box.ask("GET", "/consul/v1/kv/a/?keys", headers=TOKEN).json() == ["a/b", "a/c"]
    assert [item["Value"] for item in box.ask("GET", "/consul/v1/kv/a?recurse", headers=TOKEN).json()] == ["MQ==", None]
    assert box.ask("PUT", "/consul/v1/kv/a/b?cas=0", headers=TOKEN, content="2").json() is False
    assert box.ask("PUT", "/consul/v1/kv/", headers=TOKEN).status_code == 400
    assert box.ask("DELETE", "/consul/v1/kv/a?recurse", headers=TOKEN).json() is True
    assert box.ask("GET", "/consul/v1/kv/a?recurse", headers=TOKEN).status_code == 404
    assert {box.ask(method, "/consul/v1/kv/a").status_code for method in ("GET", "PUT", "DELETE")} == {403}
    assert box.ask("PATCH", "/consul/v1/kv/a", headers=TOKEN).status_code == 405
