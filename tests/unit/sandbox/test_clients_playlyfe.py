# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Playlyfe's clients send: both versions of the API, codes, refresh tokens, and tokens that they sign."""

from __future__ import annotations

import jwt
import pytest

AUTH = "/playlyfe-auth/auth"
CLIENT = {"client_id": "pl-client", "client_secret": "pl-secret"}
REDIRECT = "https://client.example.com/callback"


@pytest.fixture
def ask(box):
    """Send a request of the player student1, in either version of the API."""
    token = box.pl_login().json()["access_token"]
    box.control("PUT", "/state/playlyfe", {"players": [{"id": "student1", "alias": "Student1"}]})

    def send(method, path, body=None, **query):
        params = {"access_token": token, "player_id": "student1", **query}
        return box.ask(method, f"/playlyfe{path}", json=body, params=params)

    return send


def test_version_1_of_the_players(ask):
    assert ask("GET", "/v1/player").json()["alias"] == "Student1"
    assert ask("POST", "/v1/players", {"id": "s2"}).json()["alias"] == "s2"
    assert ask("POST", "/v1/game/players", {"id": "s3", "alias": "S3"}).status_code == 200
    assert ask("GET", "/v1/game/players").json()["total"] == ask("GET", "/v1/players").json()["total"] == 3
    assert ask("DELETE", "/v1/players/s2").json() == {"message": "Player removed successfully"}


def test_recorded_answers(ask):
    created = ask("POST", "/v2/admin/players", {"id": "s2", "alias": "S2"}).json()
    assert (created["scores"], created["teams"], created["created"]) == ({}, {}, "2027-01-15T08:00:00.000Z")
    taken = ask("POST", "/v2/admin/players", {"id": "s2", "alias": "S2"})
    assert taken.json()["error_description"] == "A player with ID 's2' already exists"
    invalid = ask("GET", "/v1/assets/players/:gs")
    assert (invalid.status_code, invalid.json()["error_description"], invalid.json()["data"]) == (
        400,
        "Invalid request",
        {"valid": False},
    )
    image = ask("GET", "/v1/assets/players/student1")
    assert (image.status_code, image.json()["error"]) == (404, "image_not_found")
    assert ask("GET", "/v1/assets/game").headers["content-type"] == "image/gif"


@pytest.mark.parametrize("root", ["/v1", "/v2/runtime"])
def test_processes(ask, root):
    for path in ("definitions/processes", "definitions/teams", "processes", "teams"):
        assert "data" in ask("GET", f"{root}/{path}").json()
    if root == "/v1":
        made = ask("POST", "/v1/definitions/processes/module1").json()
    else:
        made = ask("POST", "/v2/runtime/processes", {"definition": "module1"}).json()
    assert made["definition"] == ("module1" if root == "/v1" else {"id": "module1", "name": "module1"})
    changed = ask("PATCH", f"{root}/processes/{made['id']}", {"name": "patched", "access": "PUBLIC"}).json()
    assert (changed["name"], changed["access"], changed["state"]) == ("patched", "PUBLIC", "ACTIVE")
    assert "Process" in ask("DELETE", f"{root}/processes/{made['id']}").json()["message"]
    assert ask("DELETE", f"{root}/processes/{made['id']}").status_code == 404


def test_actions_and_leaderboards(ask):
    assert ask("POST", "/v2/runtime/actions/watch/play").json()["actions"] == [{"id": "watch"}]
    assert ask("GET", "/v2/runtime/leaderboards/top").status_code == 200


def test_metrics(ask):
    path = "/v2/design/versions/latest/metrics"
    assert ask("POST", path, {"id": "apple", "name": "apple", "type": "point"}).json()["id"] == "apple"
    assert ask("DELETE", f"{path}/apple").json()["message"] == "The metric 'apple' has been deleted successfully"
    assert ask("DELETE", f"{path}/apple").status_code == 404


def test_a_code_and_a_refresh_token(box):
    query = {"response_type": "code", "redirect_uri": REDIRECT, "client_id": "pl-client"}
    place = box.ask("GET", AUTH, params=query).headers["location"]
    assert place.startswith(f"{REDIRECT}?code=")
    code = place.rpartition("=")[2]
    given = {**CLIENT, "grant_type": "authorization_code", "redirect_uri": REDIRECT, "code": code}
    first = box.ask("POST", f"{AUTH}/token", json=given).json()
    assert box.pl("GET", "/admin", first["access_token"]).status_code == 200
    assert box.ask("POST", f"{AUTH}/token", json=given).json()["error"] == "invalid_grant"
    again = {**CLIENT, "grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    assert box.ask("POST", f"{AUTH}/token", json=again).json()["access_token"] != first["access_token"]
    for wrong in ({"client_id": "x"}, {"redirect_uri": "https://elsewhere.example.com"}, {"response_type": "token"}):
        assert box.ask("GET", AUTH, params=query | wrong).status_code == 400


@pytest.mark.filterwarnings("ignore:The HMAC key")  # the secrets are short
@pytest.mark.parametrize(
    ("secret", "expires", "status"), [("pl-secret", 3600, 200), ("wrong", 3600, 401), ("pl-secret", -1, 401)]
)
def test_a_token_that_the_client_signed(box, secret, expires, status):
    box.control("PUT", "/state/playlyfe", {"players": [{"id": "student1"}]})
    claims = {"player_id": "student1", "scopes": [], "exp": 1_800_000_000 + expires}
    token = f"pl-client:{jwt.encode(claims, secret, 'HS256')}"
    answer = box.pl("GET", "/runtime/player", token)
    assert (answer.status_code, answer.json().get("id")) == (status, "student1" if status == 200 else None)


@pytest.mark.parametrize("token", ["pl-client:", "pl-client:x", "nobody:x", "x"])
def test_other_tokens_are_invalid(box, token):
    assert box.pl("GET", "/admin", token).json()["error"] == "invalid_access_token"
