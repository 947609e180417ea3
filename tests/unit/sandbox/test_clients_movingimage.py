# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What movingimage's PHP client and the Moodle plugins send."""

from __future__ import annotations

import pytest


@pytest.fixture
def token(box):
    return box.mi_login().json()["accessToken"]


@pytest.fixture
def ask(box, token):
    return lambda method, path, body=None: box.mi(f"/v1/vms/42{path}", token, method, json=body)


def test_videos_have_a_total(box, token, ask):
    assert ask("GET", "/videos").json() == {"total": 0, "videos": []}
    made = ask("POST", "/videos", {"fileName": "a.mp4", "title": "First", "channel": 1, "keywords": ["x"]})
    assert (made.status_code, made.content) == (201, b"")
    assert made.headers["location"].startswith("http://testserver/movingimage/v1/vms/42/videos/")
    ask("POST", "/videos", {"fileName": "b.mp4"})
    page = ask("GET", "/videos?offset=1&limit=1&include_sub_channels=&include_keywords=true").json()
    assert (page["total"], [video["title"] for video in page["videos"]]) == (2, ["b.mp4"])
    assert [ask("GET", f"/videos?{query}").json()["total"] for query in ("channel_id=1", "search_term=FIRST")] == [1, 1]
    assert (
        box.mi(
            "/v1/vms/43/videos", box.mi_refresh(box.mi_login().json()["refreshToken"], 43).json()["accessToken"]
        ).json()["total"]
        == 0
    )


def test_the_name_of_the_location_is_written_as_a_client_compares_it(ask):
    made = ask("POST", "/channels", {"name": "News", "parentId": 1, "ownerGroupId": 1})
    assert (b"Location", b"http://testserver/movingimage/v1/vms/42/channels/3") in made.headers.raw


def test_the_life_of_a_video(ask):
    number = ask("POST", "/videos", {"fileName": "a.mp4"}).headers["location"].rpartition("/")[2]
    path = f"/videos/{number}"
    assert ask("GET", f"{path}/url").headers["location"] == f"https://upload.example.com/{number}"
    assert ask("PATCH", path, {"title": "New", "published": True}).status_code == 204
    assert ask("PATCH", f"{path}/metadata", {"language": ["fr"]}).status_code == 204
    assert ask("GET", f"{path}/metadata").json() == {"language": ["fr"]}
    assert ask("PATCH", f"{path}/metadata/corporate-tube", {"uploaderUserId": "1"}).status_code == 204
    assert ask("GET", f"{path}/metadata/corporate-tube").json()["uploaderUserId"] == "1"
    assert ask("POST", f"{path}/keywords", {"text": "k"}).status_code == 201
    assert ask("GET", f"{path}/keywords").json() == ask("GET", "/keyword/find").json() == [{"id": 1, "text": "k"}]
    assert ask("DELETE", f"{path}/keywords/1").status_code == 204
    assert ask("POST", f"/channels/1/videos/{number}").status_code == 204
    assert ask("POST", f"/channels/9/videos/{number}").status_code == 404
    shown = ask("GET", path).json()
    assert (shown["title"], shown["channels"], shown["keywords"], shown["published"]) == ("New", [1], [], True)
    assert ask("DELETE", f"/channels/1/videos/{number}").status_code == 204
    assert "embedCode" in ask("GET", f"{path}/embed-codes?player_definition_id=1&embed_type=html").json()
    for below in ("attachments", "download-urls", "transcoding-status"):
        assert ask("GET", f"{path}/{below}").json() == []
    assert ask("DELETE", path).status_code == 204
    assert ask("GET", path).status_code == 404


def test_channels_are_a_tree(ask):
    for name, parent in (("News", 1), ("Sports", 3)):
        ask("POST", "/channels", {"name": name, "parentId": parent})
    inner = {"id": 4, "name": "Sports", "children": []}
    assert ask("GET", "/channels").json() == {
        "id": 1,
        "name": "root",
        "children": [{"id": 3, "name": "News", "children": [inner]}],
    }


@pytest.mark.parametrize(
    "path",
    [
        "/players",
        "/security/security-policies",
        "/security/ownership-groups",
        "/security/access-profiles",
        "/custom-metadata-fields?entityType=VIDEO",
        "/metadata-sets",
        "/usage",
    ],
)
def test_other_reads(box, ask, path):
    assert ask("GET", path).json()
    assert box.ask("GET", f"/movingimage/v1/vms/42{path}").status_code == 401


def test_search(box, token, ask):
    ask("POST", "/videos", {"fileName": "a.mp4"})
    body = {"documentType": "video", "videoManagerIds": [42], "size": 10, "from": 0, "query": ""}
    found = box.mi("/v1/vms/search", token, "POST", json=body).json()
    assert (found["total"], len(found["result"])) == (1, 1)
    found = box.mi("/v1/vms/search", token, "POST", json=body | {"documentType": "channel"}).json()
    assert [item["name"] for item in found["result"]] == ["root"]
    assert box.mi("/v1/vms/search", token, "POST", json=body | {"videoManagerIds": [44]}).status_code == 403


@pytest.mark.parametrize(("binding", "status"), [("video_manager", 403), ("none", 200)])
def test_the_video_managers_of_a_login(make, binding, status):
    box = make({"movingimage.token_binding": binding})
    token = box.mi_login().json()["accessToken"]
    assert box.mi("/v1/vms/43/channels", token).status_code == status
    assert box.mi("/v1/vms/44/channels", token).status_code == 403


def test_a_rejected_token_is_a_page_while_a_login_has_a_message(make):
    box = make({"movingimage.rejected_token_body": "html"})
    assert "<title>Error</title>" in box.mi("/v1/vms/", "wrong").text
    assert "message" in box.mi_login(password="wrong").json()
