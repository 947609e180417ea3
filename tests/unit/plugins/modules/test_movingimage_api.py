# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The specifics of movingimage. module_utils/_modules/test_api.py covers the common behaviour."""

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.modules import movingimage_api
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import call
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_movingimage_token import (
    CONNECTION,
    ERROR_PAGE,
    URL,
    answered,
    any_provider,
    login,
    refresh,
)

__all__ = ["any_provider"]


def sent(method, below, answer=b"", token="hush-token", **kwargs):
    return call(method, f"{URL}/v1/vms/{below}", answer, headers={"Authorization": f"Bearer {token}"}, **kwargs)


@pytest.fixture
def api(runs):
    return runs(movingimage_api, **CONNECTION)


def test_a_request_has_the_token_of_the_selected_video_manager(api):
    channels = sent("GET", "43/videos", {"totalCount": 0, "videos": []}, "hush-43", query={"limit": "5"})
    result = api(
        login(),
        refresh(answered("hush-43", video_manager="43"), 43),
        channels,
        path="/v1/vms/43/videos",
        query={"limit": 5},
        video_manager_id=43,
    )

    assert (result["changed"], result["status"], result["json"]) == (False, 200, {"totalCount": 0, "videos": []})


def test_a_channel_is_created(api):
    created = sent(
        "POST",
        "42/channels",
        json={"name": "News", "parentId": 1},
        status=201,
        answer_headers={"Location": f"{URL}/v1/vms/42/channels/7"},
    )
    result = api(login(), created, path="v1/vms/42/channels", method="POST", body={"name": "News", "parentId": 1})

    assert (result["changed"], result["status"], result["content"]) == (True, 201, "")
    assert result["headers"]["location"].endswith("/channels/7")


@pytest.mark.parametrize("stale", [{"status": 401}, {"answer": ERROR_PAGE}], ids=["401", "an error page"])
def test_a_stale_token_is_refreshed_once_and_the_write_repeated(api, stale):
    calls = [
        login(),
        sent("DELETE", "42/channels/7", **stale),
        refresh(),
        sent("DELETE", "42/channels/7", token="hush-2", status=204),
    ]

    assert api(*calls, path="v1/vms/42/channels/7", method="DELETE")["status"] == 204


def test_a_page_that_is_not_an_error_page_is_content(api):
    page = "<!DOCTYPE html><html><head><title>All errors explained</title></head></html>"

    assert api(login(), sent("GET", "page", page), path="v1/vms/page")["content"] == page


def test_json_that_mentions_an_error_page_is_json(api):
    assert api(login(), sent("GET", "42/videos", {"name": "<title>Error"}), path="v1/vms/42/videos")["json"] == {
        "name": "<title>Error"
    }


@pytest.mark.parametrize(
    ("status", "hint"), [(403, "role"), (404, "Check url and the path")], ids=["forbidden", "missing"]
)
def test_a_refusal_has_a_remedy(api, status, hint):
    result = api.fail(
        login(), sent("GET", "42/videos", {"message": "So it is"}, status=status), path="v1/vms/42/videos"
    )

    assert "So it is" in result["msg"] and hint in result["msg"]


def test_an_error_page_is_never_content(api):
    result = api.fail(
        login(),
        sent("GET", "42/videos", ERROR_PAGE),
        refresh(),
        sent("GET", "42/videos", ERROR_PAGE, "hush-2"),
        path="v1/vms/42/videos",
    )

    assert result["status"] == 401
