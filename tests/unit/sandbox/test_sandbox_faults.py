# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that need no real connection."""

from __future__ import annotations

import json

import pytest

ANY = {"platform": "flex", "method": "POST", "path": "applications$"}


def applications(box):
    return box.sandbox.platforms["flex"].data["applications"]


def planned(box, **fault):
    answer = box.ask("POST", "/_sandbox/faults", json=[fault])
    assert answer.status_code == 200, answer.text
    return box


@pytest.mark.parametrize(
    ("fault", "acted", "status", "body"),
    [
        ({"fault": "status", "status": 503, "body": "busy", "headers": {"Retry-After": 1}}, False, 503, "busy"),
        ({"fault": "status", "status": 502, "after": True}, True, 502, ""),
        ({"fault": "status", "status": 500, "body": {"a": 1}}, False, 500, '{"a": 1}'),
        ({"fault": "html", "body": "<p>"}, False, 200, "<p>"),
        ({"fault": "empty"}, True, 200, ""),
        ({"fault": "empty", "status": 201}, True, 201, ""),
        ({"fault": "replace", "body": [1], "status": 203}, True, 203, "[1]"),
        ({"fault": "truncate", "bytes": 5}, True, 200, '{"id"'),
        (
            {"fault": "graphql_errors", "errors": [{"message": "m"}], "data": None},
            False,
            200,
            '{"errors": [{"message": "m"}], "data": null}',
        ),
        ({"fault": "redirect", "location": "http://other.example.com/"}, False, 302, ""),
        ({"fault": "redirect", "location": "http://other.example.com/", "status": 307, "after": True}, True, 307, ""),
        ({"fault": "hang_before", "seconds": 0}, False, 504, ""),
        ({"fault": "hang_before", "seconds": 0, "status": 500, "body": "x"}, False, 500, "x"),
        ({"fault": "late", "seconds": 0, "requests": 9}, False, 504, ""),
        ({"fault": "late", "seconds": 0, "requests": 9, "status": 502, "body": "x"}, False, 502, "x"),
    ],
)
def test_answers(box, fault, acted, status, body):
    answer = planned(box, **ANY, **fault).register()
    assert (answer.status_code, answer.text, len(applications(box))) == (status, body, acted)
    assert answer.headers["content-length"] == str(len(body))
    assert box.register().status_code == 200


def names(box):
    return [item["applicationName"] for item in box.flex("GET", "/").json()]


@pytest.mark.parametrize("requests", [0, 1, 3])
def test_a_late_request_is_processed_after_further_requests(box, requests):
    assert planned(box, **ANY, fault="late", seconds=0, requests=requests).register().status_code == 504

    box.freewheel_login()  # another platform's requests do not count
    assert [names(box) for _request in range(requests + 2)] == [*[[]] * requests, ["Reviewer"], ["Reviewer"]]


def test_a_late_request_is_not_processed_before_its_time(box):
    planned(box, **ANY, fault="late", seconds=0, delay=60).register()

    box.control("POST", "/clock", {"advance": 59})
    assert names(box) == []
    box.control("POST", "/clock", {"advance": 1})
    assert [item["applicationName"] for item in box.control("GET", "/state/flex")["applications"]] == ["Reviewer"]
    assert names(box) == ["Reviewer"]


def test_a_reset_discards_late_requests(box):
    planned(box, **ANY, fault="late", seconds=0).register()
    box.control("POST", "/reset")

    assert names(box) == []


def test_late_requests_are_processed_in_order(box):
    planned(box, **ANY, fault="late", seconds=0, requests=2, times=2)
    box.register("First")
    box.register("Second")

    assert [names(box) for _request in range(3)] == [[], ["First"], ["First", "Second"]]


def test_headers_of_an_answer(box):
    assert (
        planned(box, **ANY, fault="status", status=503, headers={"Retry-After": 7}).register().headers["retry-after"]
        == "7"
    )
    assert planned(box, **ANY, fault="redirect", location="/x").register().headers["location"] == "/x"
    assert planned(box, **ANY, fault="html").register().headers["content-type"] == "text/html; charset=utf-8"


def test_a_cut_answer_is_broken_json(box):
    answer = planned(box, **ANY, fault="truncate").register()
    with pytest.raises(json.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize(("kind", "acted"), [("close_before", 0), ("close_after", 1)])
def test_dropped_connections(box, kind, acted):
    planned(box, **ANY, fault=kind)
    with pytest.raises(ConnectionAbortedError):
        box.register()
    assert len(applications(box)) == acted
    (entry,) = box.control("GET", "/requests")
    assert (entry["status"], entry["fault"]) == (None, kind)


@pytest.mark.parametrize(
    ("field", "more", "expected"),
    [
        ("a", {}, {"list": [{"b": 1}, {"b": 2, "c": 3}]}),
        ("list.0", {}, {"a": 1, "list": [{"b": 2, "c": 3}]}),
        ("list.-1.c", {}, {"a": 1, "list": [{"b": 1}, {"b": 2}]}),
        ("list.*.b", {}, {"a": 1, "list": [{}, {"c": 3}]}),
        ("*", {}, {}),
        ("a", {"value": None}, {"a": None, "list": [{"b": 1}, {"b": 2, "c": 3}]}),
        ("list.1.d", {"value": "x"}, {"a": 1, "list": [{"b": 1}, {"b": 2, "c": 3, "d": "x"}]}),
        ("list.7.b", {"value": 0}, {"a": 1, "list": [{"b": 1}, {"b": 2, "c": 3}]}),
        ("none.b", {"value": 0}, {"a": 1, "list": [{"b": 1}, {"b": 2, "c": 3}]}),
        ("a.b", {"value": 0}, {"a": 1, "list": [{"b": 1}, {"b": 2, "c": 3}]}),
    ],
)
def test_fields_are_dropped_and_set(box, field, more, expected):
    item = {"a": 1, "list": [{"b": 1}, {"b": 2, "c": 3}]}
    box.register()
    planned(
        box,
        platform="flex",
        path="echo",
        fault="set_field" if "value" in more else "drop_field",
        field=f"body.{field}",
        **more,
    )
    headers = {"Authorization": f"Bearer {box.flex_token().json()['access_token']}"}
    assert box.ask("POST", "/flex/api/echo", json=item, headers=headers).json()["body"] == expected


def test_a_field_of_a_body_that_is_not_json(make):
    box = planned(
        make({"flex.delete_status": "200"}), platform="flex", method="DELETE", fault="set_field", field="a", value=1
    )
    box.register()
    assert box.flex("DELETE", "/1").text == ""


def test_conditions_of_a_fault(box):
    planned(box, platform="freewheel", fault="status", status=500)
    planned(box, platform="flex", method="get", path="/1$", fault="status", status=501)
    planned(box, operation="^Config$", fault="status", status=502)
    assert box.register().status_code == 200
    assert box.flex("GET", "/").status_code == 200
    assert box.flex("GET", "/1").status_code == 501
    assert box.graphql("{ UserDetails { id } }").status_code == 200
    assert box.graphql("{ a: UserDetails { id } b: Config { project_id } }").status_code == 502
    assert box.freewheel_login().status_code == 500
    assert box.control("GET", "/faults") == []


def test_times_and_skip(box):
    planned(box, platform="flex", fault="status", status=500, skip=1, times=2)
    assert [box.flex("GET", "/").status_code for _turn in range(5)] == [200, 500, 500, 200, 200]
    planned(box, platform="flex", fault="status", status=500, times=-1)
    assert {box.flex("GET", "/").status_code for _turn in range(5)} == {500}
    assert box.control("DELETE", "/faults") == []
    assert box.flex("GET", "/").status_code == 200


def test_the_first_matching_fault_applies(box):
    box.control(
        "POST",
        "/faults",
        [{"fault": "status", "status": 500, "skip": 1}, {"fault": "status", "status": 501, "times": 3}],
    )
    assert [box.flex("GET", "/").status_code for _turn in range(5)] == [501, 500, 501, 501, 200]


def test_a_limit_comes_before_a_fault(make):
    box = planned(make({"flex.rate_limit": "1/minute"}), platform="flex", fault="status", status=500, skip=1)
    assert [box.flex("GET", "/").status_code for _turn in range(2)] == [200, 429]
    box.clock.advance(60)
    assert box.flex("GET", "/").status_code == 500


def test_a_small_answer_that_decompresses_to_a_large_one(box):
    answer = planned(box, **ANY, fault="gzip_bomb", mebibytes=3).register()
    assert int(answer.headers["content-length"]) < 1 << 16
    assert answer.content == b" " * (3 << 20)


def test_hanging_after_acting(box):
    assert planned(box, **ANY, fault="hang_after", seconds=0.01).register().json()["id"] == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "unknown"},
        {},
        "close_before",
        {"fault": "status"},
        {"fault": "hang_after"},
        {"fault": "set_field", "field": "a"},
        {"fault": "close_before", "seconds": 1},
        {"fault": "close_before", "platform": "nobody"},
        {"fault": "close_before", "path": "("},
        {"fault": "close_before", "times": "many"},
    ],
)
def test_invalid_faults(box, fault):
    answer = box.ask("POST", "/_sandbox/faults", json=[{"fault": "empty"}, fault])
    assert (answer.status_code == 400 and "fault" in answer.json()["error"]) or "platform" in answer.json()["error"]
    assert box.control("GET", "/faults") == []
