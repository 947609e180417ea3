# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The specifics of FreeWheel. module_utils/_modules/test_api.py covers the common behaviour."""

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.modules import freewheel_api, freewheel_token
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import call
from ansible_collections.mediaops.access.tests.unit.plugins.modules.freewheel import ANSWER, UNKNOWN, URL, login, revoke

CAMPAIGN = '<campaign id="5"><name>Spring</name></campaign>'
CONNECTION = {"username": "mrm", "password": "hush-password"}


def sent(method, answer=b"", accept="application/json", token="hush-token", kind=None, text=None, **kwargs):
    headers = {"Accept": accept, "Authorization": f"Bearer {token}", **({"Content-Type": kind} if kind else {})}
    expected = call(method, f"{URL}/services/v3/campaign/5", answer, headers=headers, **kwargs)
    if text is not None:
        query, _no_body, others = expected.match
        expected.match = [
            query,
            lambda request: (request.body == text.encode(), f"the body is {request.body!r}"),
            others,
        ]
    return expected


@pytest.fixture
def api(runs):
    """With a token in the cache."""
    runs(freewheel_token, **CONNECTION)(login())
    return runs(freewheel_api, **CONNECTION, path="/services/v3/campaign/5")


def test_json_is_requested_by_default(api):
    assert api(sent("GET", {"items": []}))["json"] == {"items": []}


def test_xml_is_asked_for_and_returned_as_it_is(api):
    result = api(sent("GET", CAMPAIGN, "application/xml"), accept="xml")

    assert (result["changed"], result["content"], "json" in result) == (False, CAMPAIGN, False)


def test_text_is_sent_in_the_requested_format(api):
    api(
        sent("PUT", CAMPAIGN, "application/xml", kind="application/xml", text=CAMPAIGN),
        accept="xml",
        method="PUT",
        body=CAMPAIGN,
    )
    api(sent("PUT", kind="application/json", text='{"a":1}'), method="PUT", body='{"a":1}')


def test_a_dict_is_json_whatever_format_is_requested(api):
    api(
        sent("PUT", CAMPAIGN, "application/xml", json={"name": "Spring"}),
        accept="xml",
        method="PUT",
        body={"name": "Spring"},
    )


def test_headers_replace_the_formats(api):
    headers = {"accept": "text/csv", "content-type": "text/xml"}

    api(
        sent("PUT", accept="text/csv", kind="text/xml", text="<a/>"),
        accept="xml",
        method="PUT",
        body="<a/>",
        headers=headers,
    )


def test_json_and_xml_share_a_token(runs):
    api = runs(freewheel_api, **CONNECTION, path="services/v3/campaign/5")

    api(login(), sent("GET"))
    api(sent("GET", CAMPAIGN, "application/xml"), accept="xml")


def test_a_stale_token_is_replaced_once(api):
    calls = [sent("GET", **UNKNOWN), login({**ANSWER, "access_token": "hush-2"}), sent("GET", token="hush-2")]

    assert api(*calls)["status"] == 200


def test_if_the_login_answers_with_the_stale_token_it_is_revoked_and_asked_for_once_more(api):
    calls = [
        sent("GET", **UNKNOWN),
        login(),
        revoke(**UNKNOWN),
        login({**ANSWER, "access_token": "hush-2"}),
        sent("GET", token="hush-2"),
    ]

    assert api(*calls)["status"] == 200


def test_403_does_not_reject_the_token(api):
    result = api.fail(sent("GET", {"Message": "explicit deny"}, status=403))

    assert result["status"] == 403
    assert "explicit deny" in result["msg"] and "not entitled" in result["msg"]


def test_an_error_in_xml_is_quoted(api):
    result = api.fail(
        sent("GET", "<errors><error>No such campaign</error></errors>", "application/xml", status=404), accept="xml"
    )

    assert "No such campaign" in result["msg"]


def test_all_requests_are_paced_to_twenty_a_second(api, clock):
    for _time in range(19):  # one was the login
        api(sent("GET"))
    assert clock.slept == []
    api(sent("GET"))
    assert 1 <= sum(clock.slept) < 1.1
