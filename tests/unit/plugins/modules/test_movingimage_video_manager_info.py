# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.modules import movingimage_token, movingimage_video_manager_info
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import NO_ANSWER, call
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_movingimage_token import (
    AUTH,
    CONNECTION,
    ERROR_PAGE,
    MANAGERS,
    URL,
    answered,
    any_provider,
    by_password,
    by_refresh_token,
    discovery,
    login,
    refresh,
)

__all__ = ["any_provider"]
STALE = [{"answer": {"message": "Unauthorized"}, "status": 401}, {"answer": ERROR_PAGE}]

as_401_and_as_a_page = pytest.mark.parametrize("stale", STALE, ids=["401", "an error page"])


def listed(answer=None, token="hush-token", **kwargs):
    answer = MANAGERS if answer is None else answer
    return call("GET", f"{URL}/v1/vms", answer, headers={"Authorization": f"Bearer {token}"}, **kwargs)


@pytest.fixture
def info(runs):
    """With a token in the cache."""
    runs(movingimage_token, **CONNECTION)(login())
    return runs(movingimage_video_manager_info, **CONNECTION)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(MANAGERS, id="an array"),
        pytest.param(
            [{**manager, "id": str(manager["id"]), "company": "x", "owner": None} for manager in MANAGERS],
            id="ids as strings, further fields",
        ),
        *(
            pytest.param({key: MANAGERS}, id=f"below {key}")
            for key in ("videoManagers", "videoManagerList", "items", "anything")
        ),
        pytest.param({"totalCount": 2, "items": MANAGERS, "links": {"self": "x"}}, id="beside other fields"),
    ],
)
def test_the_list_is_read_in_every_shape(info, answer):
    result = info(listed(answer))

    assert (result["changed"], result["video_managers"]) == (False, MANAGERS)


@pytest.mark.parametrize("beside", [[], ["a message"], [{"id": "x"}]], ids=["empty", "text", "other items"])
def test_the_list_is_the_one_that_holds_video_managers_whatever_stands_beside_it(info, beside):
    assert info(listed({"messages": beside, "videoManagers": MANAGERS}))["video_managers"] == MANAGERS


@pytest.mark.parametrize("answer", [[], {"items": []}], ids=["an array", "wrapped"])
def test_no_video_managers_are_an_empty_list(info, answer):
    assert info(listed(answer))["video_managers"] == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param({"totalCount": 2}, ["array", "object"], id="an object without a list"),
        pytest.param([{"name": "News"}], ["[0]", "id"], id="an item without an id"),
        pytest.param({"items": [{"id": 42}]}, ["[0]", "name"], id="a wrapped item without a name"),
        pytest.param([{"id": "News", "name": "News"}], ["[0].id"], id="an id that is not a number"),
        pytest.param([42, 43], ["[0]", "object"], id="numbers"),
        pytest.param("null", ["null"], id="null"),
        pytest.param('"News"', ["string"], id="a string"),
        pytest.param("", ["null"], id="nothing"),
        pytest.param("[{", ["broken JSON"], id="truncated"),
        pytest.param("<html>Welcome</html>", ["an HTML page", "url"], id="HTML"),
    ],
)
def test_an_answer_of_another_shape_is_a_failure_that_names_the_field(info, answer, words):
    result = info.fail(listed(answer))

    assert result["status"] == 200
    for word in words:
        assert word in result["msg"]


def test_without_a_cached_token_there_is_a_login_first(runs):
    assert runs(movingimage_video_manager_info, **CONNECTION)(login(), listed())["video_managers"] == MANAGERS


def test_check_mode_reads_as_ever(info):
    assert info(listed(), check_mode=True)["video_managers"] == MANAGERS


# --- a stale token -----------------------------------------------------------------------------------------------------------


@as_401_and_as_a_page
def test_a_token_that_is_rejected_is_refreshed_and_the_request_repeated(info, stale):
    assert info(listed(**stale), refresh(), listed(token="hush-2"))["video_managers"] == MANAGERS
    assert info(listed(token="hush-2"))["changed"] is False


@as_401_and_as_a_page
def test_if_the_refresh_is_refused_too_there_is_a_login(info, stale):
    assert (
        info(listed(**stale), refresh("", status=401), login(answered("hush-3")), listed(token="hush-3"))[
            "video_managers"
        ]
        == MANAGERS
    )


@as_401_and_as_a_page
def test_a_token_is_replaced_once_only(info, stale):
    result = info.fail(listed(**stale), refresh(), listed(token="hush-2", **stale))

    assert result["status"] == 401


def test_a_token_of_openid_is_refreshed_too(runs):
    info = runs(movingimage_video_manager_info, **CONNECTION, flow="openid", auth_url=AUTH)

    found = info(
        discovery(), by_password(), listed(status=401), discovery(), by_refresh_token(), listed(token="hush-2")
    )

    assert found["video_managers"] == MANAGERS


@pytest.mark.parametrize("answer", [{"message": "Forbidden"}, ERROR_PAGE], ids=["a message", "an error page"])
def test_403_does_not_reject_the_token(info, answer):
    result = info.fail(listed(answer, status=403))

    assert result["status"] == 403
    assert "role" in result["msg"]


@as_401_and_as_a_page
def test_a_supplied_token_that_is_rejected_fails_if_there_are_no_credentials(runs, stale):
    result = runs(movingimage_video_manager_info).fail(listed(token="hush-given", **stale), access_token="hush-given")

    assert result["status"] == 401
    assert "access_token" in result["msg"] and "credentials" in result["msg"]


def test_reading_is_repeated_if_it_fails_on_the_way(info):
    assert info(listed(NO_ANSWER), listed("", status=502), listed())["video_managers"] == MANAGERS
