# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.modules import flex_oauth_app_info
from ansible_collections.mediaops.access.tests.unit.plugins.modules.flex import (
    KEY,
    URL,
    app,
    applications,
    got,
    listed,
    missing,
    shown,
    without,
)

ONE, TWO, NAMESAKE = app(1, "One"), app(2, "Two"), app(3, "One")


def kept(application, *hidden, since=None):
    """An application as the module returns it."""
    return {**shown(application, *hidden), "retiring_since": since}


@pytest.fixture
def info(runs):
    return runs(flex_oauth_app_info, url=URL, registration_key=KEY)


@pytest.mark.parametrize(
    ("options", "calls", "found"),
    [
        pytest.param({}, [listed(ONE, TWO, NAMESAKE)], [ONE, TWO, NAMESAKE], id="all"),
        pytest.param({}, [listed()], [], id="none there"),
        pytest.param({"name": "Two"}, [listed(ONE, TWO, NAMESAKE)], [TWO], id="by name"),
        pytest.param({"name": "One"}, [listed(ONE, TWO, NAMESAKE)], [ONE, NAMESAKE], id="two of a name"),
        pytest.param({"name": "Three"}, [listed(ONE, TWO)], [], id="unknown name"),
        pytest.param({"id": 2}, [got(TWO)], [TWO], id="by id"),
        pytest.param({"id": 2}, [missing(2)], [], id="unknown id"),
        pytest.param({"id": 2}, [applications("GET", "/2", "null")], [], id="unknown id, answered 200"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True], ids=["real", "check"])
def test_applications_are_returned_without_their_secrets(info, options, calls, found, check_mode):
    result = info(*calls, **options, check_mode=check_mode)

    assert result["changed"] is False
    assert result["applications"] == [kept(application, "client_secret") for application in found]


@pytest.mark.parametrize("lacking", ["description", "clientId"])
def test_fields_missing_in_the_list_are_read_by_id(info, lacking):
    assert info(listed(without(ONE, lacking), TWO), got(ONE))["applications"] == [
        kept(application, "client_secret") for application in (ONE, TWO)
    ]


@pytest.mark.parametrize(
    ("options", "calls", "found"),
    [
        pytest.param({}, [listed(ONE, TWO)], [ONE, TWO], id="in the list"),
        pytest.param({}, [listed(without(ONE, "clientSecret"), TWO), got(ONE)], [ONE, TWO], id="missing in the list"),
        pytest.param(
            {"name": "One"},
            [listed(without(ONE, "clientSecret"), without(TWO, "clientSecret")), got(ONE)],
            [ONE],
            id="only those asked for",
        ),
        pytest.param({"id": 1}, [got(ONE)], [ONE], id="by id"),
        pytest.param({"id": 1}, [missing()], [], id="unknown id"),
    ],
)
def test_secrets_are_included_on_request_and_read_one_by_one_if_the_list_has_none(info, options, calls, found):
    result = info(*calls, **options, include_secrets=True)

    assert result["changed"] is False
    assert result["applications"] == [kept(application) for application in found]


def test_an_application_that_vanishes_while_secrets_are_read_is_returned_as_listed(info):
    listing = without(ONE, "clientSecret")

    assert info(listed(listing), missing(), include_secrets=True)["applications"] == [
        {**kept(listing), "client_secret": None}
    ]


@pytest.mark.parametrize(
    ("name", "since"),
    [
        pytest.param("One (retiring since 2026-11-28T10:00:00Z)", "2026-11-28T10:00:00Z", id="retiring"),
        pytest.param("One (retiring since 2027-01-15T08:04:00Z)", "2027-01-15T08:04:00Z", id="by a clock that is fast"),
        pytest.param("One (retiring since 2027-01-15T09:00:00Z)", None, id="in the future"),
        pytest.param("One (retiring since 2026-02-30T10:00:00Z)", None, id="no date"),
        pytest.param("One (retiring since yesterday)", None, id="no instant"),
        pytest.param(" (retiring since 2026-11-28T10:00:00Z) ", None, id="something else"),
    ],
)
def test_a_name_selects_its_retiring_registrations_too_and_tells_since_when_they_are(info, name, since):
    other = app(4, name)
    found = info(listed(ONE, TWO, other), name="One")["applications"]

    assert found == [
        kept(ONE, "client_secret"),
        *([kept(other, "client_secret", since=since)] if since else []),
    ]
    assert info(got(other), id=4)["applications"] == [kept(other, "client_secret", since=since)]


def test_name_and_id_exclude_each_other(info):
    assert "name|id" in info.fail(name="One", id=1)["msg"]


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key_fails_with_the_option_to_check(info, status):
    result = info.fail(applications("GET", "/", {"message": "no"}, status=status))

    assert result["status"] == status and "registration_key" in result["msg"]
