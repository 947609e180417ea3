# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of applications in all formats (providers.md, sections 5.5 and 5.6)."""

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.module_utils._providers.flex.declaration import FLEX
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import exchange
from ansible_collections.mediaops.access.tests.unit.plugins.modules.flex import (
    KEY,
    URL,
    app,
    applications,
    shown,
    without,
)

ONE, TWO, THREE = app(1, "One"), app(2, "Two"), app(3, "Three")


@pytest.fixture
def flex(platform):
    return platform(FLEX, url=URL, registration_key=KEY)


def page(*found, total=3, **kwargs):
    """A page in the shape of the main API."""
    return applications(
        "GET",
        kwargs.pop("below", "/"),
        {"totalCount": total, "offset": 0, "limit": 2, "applications": list(found)},
        **kwargs,
    )


def by_query(offset, *found, **kwargs):
    return page(*found, query={"offset": str(offset), "limit": "100"}, **kwargs)


def by_matrix(offset, *found, **kwargs):
    return page(*found, below=f"/;offset={offset};limit=100", **kwargs)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param([ONE, TWO], id="array"),
        pytest.param({"applications": [ONE, TWO]}, id="applications"),
        pytest.param({"items": [ONE, TWO]}, id="items"),
        pytest.param({"content": [ONE, TWO], "totalElements": 2}, id="content"),
        pytest.param({"data": [ONE, TWO]}, id="data"),
        pytest.param(
            {"totalCount": 2, "limit": 100, "offset": 0, "applications": [ONE, TWO]}, id="paged, all on one page"
        ),
        pytest.param(
            [{**without(item, "clientSecret"), "secret": item["clientSecret"]} for item in (ONE, TWO)], id="secret"
        ),
        pytest.param(
            [{**item, "id": str(item["id"]), "unheard": {"of": 1}} for item in (ONE, TWO)],
            id="ids as strings, further fields",
        ),
    ],
)
def test_a_list_is_read_in_every_shape(flex, answer):
    with exchange(applications("GET", "/", answer)):
        assert flex.list_applications() == [shown(ONE), shown(TWO)]


@pytest.mark.parametrize(
    "answer", [[], {"applications": []}, {"items": [], "totalCount": 0}], ids=["array", "object", "count"]
)
def test_a_list_can_be_empty(flex, answer):
    with exchange(applications("GET", "/", answer)):
        assert flex.list_applications() == []


@pytest.mark.parametrize(
    "item",
    [pytest.param(without(ONE, key), id=f"no {key}") for key in ("description", "clientId", "clientSecret")]
    + [pytest.param({**ONE, "description": None}, id="null")],
)
def test_missing_fields_of_an_item_are_none(flex, item):
    with exchange(applications("GET", "/", [item])):
        (found,) = flex.list_applications()

    lacking = {key: value for key, value in found.items() if value is None}
    assert len(lacking) == 1
    assert {**shown(ONE), **lacking} == found


@pytest.mark.parametrize(
    "further",
    [
        pytest.param([by_query(2, THREE)], id="by query"),
        pytest.param([by_query(2, ONE, TWO), by_matrix(2, THREE)], id="by matrix, where the query is ignored"),
        pytest.param([by_query(2), by_matrix(2, THREE)], id="by matrix, where the query gives nothing"),
    ],
)
def test_further_pages_are_read(flex, further):
    with exchange(page(ONE, TWO), *further):
        assert [found["name"] for found in flex.list_applications()] == ["One", "Two", "Three"]


def test_with_a_spring_total_spring_pages_are_requested(flex):
    begin = applications("GET", "/", {"content": [ONE, TWO], "totalElements": 3})
    further = applications("GET", "/", {"content": [THREE], "totalElements": 3}, query={"page": "1", "size": "2"})

    with exchange(begin, further):
        assert [found["id"] for found in flex.list_applications()] == [1, 2, 3]


def test_pages_are_read_until_the_total_is_reached(flex):
    with exchange(page(ONE), by_query(1, TWO), by_query(2, THREE)):
        assert [found["id"] for found in flex.list_applications()] == [1, 2, 3]


def test_an_application_that_moved_to_the_next_page_is_found_once(flex):
    with exchange(page(ONE, TWO), by_query(2, TWO, THREE)):
        assert [found["id"] for found in flex.list_applications()] == [1, 2, 3]


def test_an_incomplete_list_is_a_failure(flex):
    with (
        exchange(page(ONE, TWO), by_query(2, ONE, TWO), by_matrix(2, ONE, TWO)),
        pytest.raises(AccessError, match=r"2 of 3.*Set id"),
    ):
        flex.list_applications()


def test_every_secret_of_a_list_is_known_as_one(flex):
    with exchange(applications("GET", "/", [ONE, TWO])):
        flex.list_applications()

    assert flex.session.secrets.scrub("hush-1 hush-2") == "******** ********"
