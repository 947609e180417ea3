# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.modules import flex_prune_info
from ansible_collections.mediaops.access.tests.unit.plugins.modules.flex import KEY, URL, app, applications, listed

ONE, TWO, THREE = app(1, "One"), app(2, "Two"), app(3, "Three")
RETIRING = app(4, "One (retiring since 2026-11-28T10:00:00Z)")


@pytest.fixture
def find(runs):
    return runs(flex_prune_info, url=URL, registration_key=KEY)


def candidates(*found):
    return [{"id": application["id"], "name": application["applicationName"]} for application in found]


@pytest.mark.parametrize(
    ("options", "there", "found"),
    [
        pytest.param({"names": ["One"]}, [ONE, TWO, THREE], [TWO, THREE], id="by name"),
        pytest.param({"names": []}, [ONE, TWO], [ONE, TWO], id="nothing is named"),
        pytest.param({"names": ["One"]}, [ONE], [], id="everything is named"),
        pytest.param({"names": ["One"]}, [], [], id="nothing there"),
        pytest.param({"names": ["Renamed"], "ids": [2]}, [ONE, TWO], [ONE], id="renamed by id"),
        pytest.param({"names": ["One"]}, [ONE, app(5, "One")], [], id="two of a name"),
        pytest.param({"names": ["one"]}, [ONE], [ONE], id="another case"),
        pytest.param({"names": []}, [RETIRING], [], id="retiring"),
        pytest.param(
            {"names": []}, [app(4, "One (retiring since 2099-11-28T10:00:00Z)")], [], id="retiring, by a fast clock"
        ),
        pytest.param(
            {"names": []},
            [app(6, "One (retiring since yesterday)")],
            [app(6, "One (retiring since yesterday)")],
            id="almost retiring",
        ),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True], ids=["real", "check"])
def test_what_is_not_named_is_returned_after_one_request(find, options, there, found, check_mode):
    result = find(listed(*there), **options, check_mode=check_mode)

    assert (result["changed"], result["candidates"]) == (False, candidates(*found))


def test_a_list_without_descriptions_and_secrets_is_enough(find):
    assert find(listed({"id": 1, "applicationName": "One"}), names=[])["candidates"] == candidates(ONE)


@pytest.mark.parametrize("limit", [2, 3])
def test_as_many_as_the_limit_are_returned(find, limit):
    assert find(listed(ONE, TWO), names=[], prune_limit=limit)["candidates"] == candidates(ONE, TWO)


def test_more_than_the_limit_are_an_error_that_names_them(find):
    result = find.fail(listed(ONE, TWO), names=[], prune_limit=1)

    assert result["msg"] == (
        "Flex Media Platform: prune would remove 2 applications, which is more than prune_limit (1): 'One' (id 1), "
        "'Two' (id 2). Nothing was changed on this platform. Add them to the manifest, or raise prune_limit"
    )


def test_retiring_registrations_of_candidates_are_removed_with_them_and_count(find):
    """Those of an application that is kept do not."""
    there = [app(5, "Old"), app(6, "Old (retiring since 2026-11-28T10:00:00Z)"), RETIRING, ONE]
    result = find.fail(listed(*there), names=["One"], prune_limit=1)

    assert "prune would remove 2 applications" in result["msg"]
    assert "'Old' (id 5), 'Old (retiring since 2026-11-28T10:00:00Z)' (id 6). Nothing" in result["msg"]
    assert find(listed(*there), names=["One"], prune_limit=2)["candidates"] == candidates(there[0])


def test_retiring_registrations_that_another_application_of_the_name_may_own_do_not_count(find):
    there = [app(5, "Two"), app(6, "Two (retiring since 2026-11-28T10:00:00Z)"), TWO]

    assert find(listed(*there), names=[], ids=[2], prune_limit=1)["candidates"] == candidates(there[0])


def test_a_hundred_of_many_are_named(find):
    message = find.fail(listed(*(app(number, f"A{number}") for number in range(1, 104))), names=[])["msg"]

    assert "remove 103 applications, which is more than prune_limit (10)" in message
    assert "'A11' (id 11), " in message and "'A100' (id 100) and 3 more. Nothing" in message
    assert "A101" not in message


def test_a_negative_limit_is_an_error(find):
    assert "prune_limit must be 0 or more, not -1" in find.fail(listed(), names=[], prune_limit=-1)["msg"]


@pytest.mark.parametrize("form", ["items", "applications"])
def test_an_incomplete_list_is_an_error(find, form):
    page = {form: [ONE], "totalCount": 2}
    result = find.fail(
        applications("GET", "/", page),
        applications("GET", "/", page, query={"offset": "1", "limit": "100"}),
        applications("GET", "/;offset=1;limit=100", page),
        names=[],
    )

    assert result["msg"] == (
        "Flex Media Platform: the list of applications ends after 1 of 2, so nothing is pruned. Run again, or remove prune "
        "from the manifest"
    )
    assert "candidates" not in result
