# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rate limits: sliding windows, clients, responses."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

CLIENT = 'project_id: 111, client_id: "222", client_secret: "user-scope-secret"'
LOGIN = f"ClientUserAuthenticate({CLIENT}, user_id: 1001) {{ access_token }}"


def statuses(ask, times):
    return [ask().status_code for _turn in range(times)]


def test_freewheel_counts_authentication_and_everything(box):
    assert statuses(box.freewheel_login, 4) == [200, 200, 200, 429]
    token = box.control("GET", "/state/freewheel")["tokens"][0]["value"]
    assert statuses(lambda: box.freewheel("GET", "/services/v4/sites", token), 18) == [200] * 17 + [429]


def test_the_window_slides(box):
    box.freewheel_login()
    box.clock.advance(0.6)
    assert statuses(box.freewheel_login, 3) == [200, 200, 429]
    box.clock.advance(0.4)
    assert statuses(box.freewheel_login, 2) == [200, 429]
    box.clock.advance(0.6)
    assert statuses(box.freewheel_login, 3) == [200, 200, 429]


def test_a_rejected_request_takes_no_place(box):
    statuses(box.freewheel_login, 30)
    box.clock.advance(1)
    assert statuses(box.freewheel_login, 4) == [200, 200, 200, 429]


def test_audienceplayer_counts_a_fingerprint(box):
    def login(**headers: str):
        return box.graphql(f"mutation {{ {LOGIN} }}", headers=headers)

    assert statuses(login, 21) == [200] * 20 + [429]
    assert login().json()["errors"][0]["code"] == 429
    assert statuses(lambda: login(**{"X-Forwarded-For": "192.0.2.1"}), 21) == [200] * 20 + [429]
    assert login(**{"User-Agent": "other"}).status_code == 200
    config = "{ Config { project_id } }"
    assert statuses(lambda: box.graphql(config), 101) == [200] * 100 + [429]
    box.clock.advance(60)
    assert (login().status_code, box.graphql(config).status_code) == (200, 200)


def test_fields_can_be_counted_instead_of_requests(make):
    batch = "mutation { " + " ".join(f"a{number}: {LOGIN}" for number in range(8)) + " }"
    box = make()
    assert statuses(lambda: box.graphql(batch), 20) == [200] * 20
    box = make({"audienceplayer.limit_counts": "field"})
    assert statuses(lambda: box.graphql(batch), 3) == [200, 200, 429]
    assert box.graphql(f"mutation {{ {LOGIN} }}").status_code == 200
    box = make(
        {
            "audienceplayer.limit_counts": "field",
            "audienceplayer.auth_rate_limit": "7/minute",
            "audienceplayer.retry_after": "seconds",
        }
    )
    refused = box.graphql(batch)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")


def test_limits_can_be_changed_and_lifted(make):
    box = make({"freewheel.auth_rate_limit": "1/minute"})
    assert statuses(box.freewheel_login, 2) == [200, 429]
    box.control("PUT", "/switches", {"freewheel.auth_rate_limit": None, "freewheel.rate_limit": "none"})
    assert set(statuses(box.freewheel_login, 30)) == {200}


def test_retry_after(make):
    box = make(
        {"freewheel.auth_rate_limit": "1/minute", "freewheel.retry_after": "seconds", "freewheel.rate_headers": "yes"}
    )
    box.freewheel_login()
    box.clock.advance(0.5)
    refused = box.freewheel_login()
    assert refused.headers["retry-after"] == "60"
    assert (refused.headers["x-ratelimit-limit"], refused.headers["x-ratelimit-remaining"]) == ("20", "0")
    box.control("PUT", "/switches", {"freewheel.retry_after": "http_date"})
    assert parsedate_to_datetime(box.freewheel_login().headers["retry-after"]).timestamp() == 1_800_000_060
    box.control("PUT", "/switches", {"freewheel.retry_after": "none"})
    assert "retry-after" not in box.freewheel_login().headers


def test_a_rejected_request_is_not_processed(make):
    box = make({"flex.rate_limit": "1/minute"})
    assert (box.register().status_code, box.register().status_code) == (200, 429)
    assert len(box.sandbox.platforms["flex"].data["applications"]) == 1
    assert box.control("GET", "/summary")["flex"] == {
        "requests": 2,
        "logins": 0,
        "rejected_429": 1,
        "faults": 0,
        "tokens_issued": 0,
        "by_operation": {"POST /api/authentication/applications": 2},
    }
