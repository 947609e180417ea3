# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control API: journal, summary, switches, state, clock, tokens, reset."""

from __future__ import annotations

import pytest

CLIENT = 'project_id: 111, client_id: "222", client_secret: "user-scope-secret"'


def test_the_journal(box):
    box.flex("GET", "/", params={"a": "b"})
    box.flex("GET", "/7")
    box.graphql(
        f"mutation {{ a: ClientAuthenticate({CLIENT}) {{ user_id }} b: ClientAuthenticate({CLIENT}) {{ user_id }} }}"
    )
    box.freewheel_login()
    box.control("GET", "/summary")
    entries = box.control("GET", "/requests")
    assert [
        (entry["platform"], entry["method"], entry["path"], entry["status"], entry["auth"], entry["login"])
        for entry in entries
    ] == [
        ("flex", "GET", "/api/authentication/applications/", 200, False, False),
        ("flex", "GET", "/api/authentication/applications/7", 404, False, False),
        ("audienceplayer", "POST", "/graphql/111/user", 200, True, True),
        ("freewheel", "POST", "/auth/token", 200, True, True),
    ]
    assert entries[2]["operations"] == ["ClientAuthenticate", "ClientAuthenticate"]
    assert entries[0]["at"] == 1000.0
    assert len(box.control("GET", "/requests?platform=flex")) == 2
    assert box.control("DELETE", "/requests") == {}
    assert box.control("GET", "/requests") == []


def test_the_summary(box):
    box.graphql(
        f"mutation {{ a: ClientAuthenticate({CLIENT}) {{ user_id }} b: ClientAuthenticate({CLIENT}) {{ user_id }} }}"
    )
    box.graphql("{ Config { project_id } }")
    box.flex("GET", "/7")
    box.ask("GET", "/flex/nothing")
    box.freewheel_login()
    box.freewheel_login()
    summary = box.control("GET", "/summary")
    assert summary["audienceplayer"] == {
        "requests": 2,
        "logins": 1,
        "rejected_429": 0,
        "faults": 0,
        "tokens_issued": 2,
        "by_operation": {"ClientAuthenticate": 2, "Config": 1},
    }
    assert summary["flex"]["by_operation"] == {"GET /api/authentication/applications/{id}": 1, "GET (no such path)": 1}
    assert (summary["freewheel"]["logins"], summary["freewheel"]["tokens_issued"]) == (2, 1)
    box.control("DELETE", "/requests")
    assert box.control("GET", "/summary")["audienceplayer"]["tokens_issued"] == 0


def test_switches_are_set_all_or_none(box):
    before = box.control("GET", "/switches")
    assert box.control("PUT", "/switches", {"flex.create_status": 201, "latency_ms": 0})["flex.create_status"] == "201"
    for wrong in (
        {"flex.create_status": 200, "flex.nothing": 1},
        {"flex.create_status": 202},
        {"flex.rate_limit": "many"},
        {"latency_ms": -1},
    ):
        assert box.ask("PUT", "/_sandbox/switches", json=wrong).status_code == 400
    assert box.control("GET", "/switches") == before | {"flex.create_status": "201"}
    assert box.control("PUT", "/switches", {"flex.unique_names": True})["flex.unique_names"] == "yes"


def test_state_is_dumped_and_replaced(box):
    box.register()
    token = box.freewheel_login().json()["access_token"]
    dump = box.control("GET", "/state")
    assert box.control("PUT", "/state", {"flex": {"applications": []}}) == {}
    assert box.flex("GET", "/").json() == []
    assert box.freewheel("GET", "/auth/token/info", token).status_code == 200
    box.control("POST", "/reset")
    assert box.freewheel("GET", "/auth/token/info", token).status_code == 401
    box.control("PUT", "/state", dump)
    assert box.control("GET", "/state") == dump
    assert box.flex("GET", "/").json()[0]["applicationName"] == "Reviewer"
    assert box.freewheel("GET", "/auth/token/info", token).status_code == 200
    assert box.control("PUT", "/state/playlyfe", {"players": [{"id": "a"}]}) == {}
    assert box.control("GET", "/state/playlyfe")["players"][0]["alias"] == "a"


def test_many_users_can_be_prepared(box):
    users = [{"id": number, "email": f"user{number}@example.com"} for number in range(1, 10001)]
    users[0]["subscriptions"] = [{"subscription_id": 555, "expires_at": "2030-01-01T00:00:00+01:00"}]
    box.control("PUT", "/state/audienceplayer", {"users": users})
    assert box.held(1)[1][0]["expires_at"] == "2029-12-31T23:00:00Z"
    assert box.product(user="user_id: 10000").json()["data"]


@pytest.mark.parametrize(
    "state",
    [
        {"nobody": {}},
        {"flex": []},
        {"flex": {"nothing": 1}},
        {"flex": {"applications": [1]}},
        {"audienceplayer": {"users": [{"id": 1}]}},
        {
            "audienceplayer": {
                "users": [{"id": 1, "email": "a", "subscriptions": [{"subscription_id": 1, "expires_at": "soon"}]}]
            }
        },
        {"freewheel": {"tokens": [{"value": "x"}]}},
        [],
    ],
)
def test_invalid_state(box, state):
    before = box.control("GET", "/state")
    assert box.ask("PUT", "/_sandbox/state", json=state).status_code == 400
    assert box.control("GET", "/state") == before
    assert box.product().json()["data"]


def test_tokens_are_invalidated(box):
    first, other = box.freewheel_login().json()["access_token"], box.mi_login().json()
    assert box.control("POST", "/tokens/invalidate", {"platform": "freewheel"}) == {"invalidated": {"freewheel": 1}}
    assert box.freewheel("GET", "/auth/token/info", first).status_code == 401
    assert box.mi("/v1/vms", other["accessToken"]).status_code == 200
    assert box.control("POST", "/tokens/invalidate", {})["invalidated"]["movingimage"] == 1
    assert box.mi("/v1/vms", other["accessToken"]).status_code == 401
    assert box.mi_refresh(other["refreshToken"]).status_code == 200
    box.control("POST", "/tokens/invalidate", {"platform": "movingimage", "kind": "all"})
    assert box.mi_refresh(other["refreshToken"]).status_code == 401
    assert box.ask("POST", "/_sandbox/tokens/invalidate", json={"platform": "nobody"}).status_code == 400


def test_the_clock(box):
    assert box.control("POST", "/clock", {"advance": 1.5}) == {"now": 1_800_000_001.5, "offset": 1.5}
    assert box.control("GET", "/clock")["offset"] == 1.5
    assert box.ask("POST", "/_sandbox/clock", json={"advance": "much"}).status_code == 400
    assert box.ask("POST", "/_sandbox/clock", content="x").status_code == 400


def test_a_reset_restores_everything(make):
    box = make({"flex.create_status": "201"}, {"flex": {"applications": [{"applicationName": "seeded"}]}})
    start = box.control("GET", "/state/flex")
    box.register()
    box.control("PUT", "/switches", {"flex.create_status": "200"})
    box.control("POST", "/clock", {"advance": 5})
    box.control("POST", "/faults", {"fault": "empty"})
    assert box.control("POST", "/reset") == {}
    names = [item["applicationName"] for item in box.control("GET", "/state/flex")["applications"]]
    assert (names, [item["applicationName"] for item in start["applications"]]) == (["seeded"], ["seeded"])
    assert box.control("GET", "/switches")["flex.create_status"] == "201"
    assert (box.control("GET", "/clock")["offset"], box.control("GET", "/faults"), box.control("GET", "/requests")) == (
        0,
        [],
        [],
    )


def test_latency(make):
    box = make({"latency_ms": 30, "freewheel.latency_ms": 0})
    box.freewheel_login()
    assert box.pauses == []
    box.flex("GET", "/")
    assert box.pauses == [0.03]


def test_a_request_whose_client_leaves_is_not_processed(box):
    messages = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    scope = {"type": "http", "method": "PUT", "path": "/consul/v1/kv/a", "query_string": b"", "headers": []}

    async def receive():
        return messages.pop(0)

    box.loop.run_until_complete(box.app(scope, receive, None))
    assert messages == box.control("GET", "/requests") == []


def test_help_lists_the_routes(box):
    assert "GET/PUT /_sandbox/switches" in box.control("GET", "/")["routes"]
    assert box.ask("GET", "/_sandbox/nothing").status_code == 404
