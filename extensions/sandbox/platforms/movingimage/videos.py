# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Channels and videos of a VideoManager, as far as the vendor's clients use them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from ...messages import JSONResponse, PlatformRequest
from ...routing import Endpoint
from ...state import format_time
from ..base import Platform

Item = dict[str, Any]
ROOT = "/v1/vms/{vm}"
VIDEO = ROOT + "/videos/{id}"
CHANNEL_VIDEO = ROOT + "/channels/{channel}/videos/{id}"
KEYWORDS = VIDEO + "/keywords"
CORPORATE_TUBE = ("uploadDate", "uploaderUserId", "inChargeUserId", "uploaderKeycloakUserId", "inChargeKeycloakUserId")


class Videos:
    """Answers the requests below one VideoManager. `check` rejects a request without access to it, and `parse` returns
    its JSON object.
    """

    def __init__(
        self, platform: Platform, check: Callable[[PlatformRequest], None], parse: Callable[[PlatformRequest], Item]
    ) -> None:
        self._platform = platform
        self._check = check
        self._parse = parse

    def define_endpoints(self) -> list[Endpoint]:
        constant = {
            "/players": [{"id": "sandbox-player", "name": "Default player"}],
            "/security/security-policies": [{"id": 1, "name": "Public"}],
            "/security/security-policies/global-policy": {"id": 1, "name": "Public"},
            "/security/ownership-groups": [{"id": 1, "name": "Editors"}],
            "/security/access-profiles": [{"id": 1, "name": "Everybody"}],
            "/custom-metadata-fields": [{"name": "language", "type": "STRING", "entityType": "VIDEO"}],
            "/metadata-sets": [{"id": 1, "keyName": "en", "type": "LOCALIZATION", "isDefault": True}],
            "/usage": {"storage": 0, "traffic": 0},
        }
        return [
            Endpoint(ROOT + "/channels", self.list_channels, "GET"),
            Endpoint(ROOT + "/channels", self.create_channel, "POST"),
            Endpoint(ROOT + "/channels/{channel}/attachments", self.list_nothing, "GET"),
            Endpoint(CHANNEL_VIDEO, self.add_to_channel, "POST"),
            Endpoint(CHANNEL_VIDEO, self.remove_from_channel, "DELETE"),
            Endpoint(ROOT + "/videos", self.list_videos, "GET"),
            Endpoint(ROOT + "/videos", self.create_video, "POST"),
            Endpoint(VIDEO, self.show_video, "GET"),
            Endpoint(VIDEO, self.update_video, "PATCH"),
            Endpoint(VIDEO, self.delete_video, "DELETE"),
            Endpoint(VIDEO + "/url", self.show_upload_url, "GET"),
            Endpoint(VIDEO + "/metadata", self.show_metadata, "GET"),
            Endpoint(VIDEO + "/metadata", self.update_metadata, "PATCH"),
            Endpoint(VIDEO + "/metadata/corporate-tube", self.show_corporate_tube, "GET"),
            Endpoint(VIDEO + "/metadata/corporate-tube", self.update_corporate_tube, "PATCH"),
            Endpoint(VIDEO + "/attachments", self.list_nothing, "GET"),
            Endpoint(VIDEO + "/download-urls", self.list_nothing, "GET"),
            Endpoint(VIDEO + "/transcoding-status", self.list_nothing, "GET"),
            Endpoint(VIDEO + "/embed-codes", self.show_embed_code, "GET"),
            Endpoint(KEYWORDS, self.list_keywords, "GET"),
            Endpoint(KEYWORDS, self.add_keyword, "POST"),
            Endpoint(KEYWORDS + "/{keyword}", self.delete_keyword, "DELETE"),
            Endpoint(ROOT + "/keyword/find", self.list_all_keywords, "GET"),
            *(Endpoint(ROOT + path, self._constant(body), "GET") for path, body in constant.items()),
        ]

    def _constant(self, body: Any) -> Callable[[PlatformRequest], Response]:
        def answer(request: PlatformRequest) -> Response:
            self._check(request)
            return JSONResponse(body)

        return answer

    def list_nothing(self, request: PlatformRequest) -> Response:
        self._check(request)
        return JSONResponse([])

    # Channels

    def _channels(self, request: PlatformRequest) -> list[Item]:
        self._check(request)
        return [item for item in self._platform.data["channels"] if str(item["vm"]) == request.path_params["vm"]]

    def list_channels(self, request: PlatformRequest) -> Response:
        found = self._channels(request)
        root = next((item for item in found if item["parentId"] is None), {"id": 0, "name": "root"})
        return JSONResponse(_tree(root, found))

    def create_channel(self, request: PlatformRequest) -> Response:
        channels = self._channels(request)
        given = self._parse(request)
        if not given.get("name"):
            return self._platform.error_response(request, 400, "INVALID_INPUT", "name is required")
        number = 1 + max(item["id"] for item in self._platform.data["channels"])
        root = next((item["id"] for item in channels if item["parentId"] is None), None)
        channel = {"id": number, "name": given["name"], "vm": int(request.path_params["vm"])}
        self._platform.data["channels"].append(channel | {"parentId": given.get("parentId", root)})
        return _created(request, number)

    def _channel_id(self, request: PlatformRequest) -> int:
        for item in self._channels(request):
            if str(item["id"]) == request.path_params["channel"]:
                return int(item["id"])
        raise self._platform.rejection(request, 404, "NOT_FOUND", "No such channel")

    def add_to_channel(self, request: PlatformRequest) -> Response:
        number, video = self._channel_id(request), self._find(request)
        video["channels"] = [*(item for item in video["channels"] if item != number), number]
        return Response(status_code=204)

    def remove_from_channel(self, request: PlatformRequest) -> Response:
        number, video = self._channel_id(request), self._find(request)
        video["channels"] = [item for item in video["channels"] if item != number]
        return Response(status_code=204)

    # Videos

    def _videos(self, request: PlatformRequest) -> list[Item]:
        self._check(request)
        vm = request.path_params["vm"]
        return [item for item in self._platform.data["videos"] if str(item["videoManagerId"]) == vm]

    def _find(self, request: PlatformRequest) -> Item:
        for video in self._videos(request):
            if video["id"] == request.path_params["id"]:
                return video
        raise self._platform.rejection(request, 404, "NOT_FOUND", "No such video")

    def list_videos(self, request: PlatformRequest) -> Response:
        query = request.query_params
        channel, term = query.get("channel_id"), query.get("search_term", "").lower()
        found = [
            video
            for video in self._videos(request)
            if (not channel or channel in map(str, video["channels"])) and term in video["title"].lower()
        ]
        limit, offset = (_number(query.get(name), default) for name, default in (("limit", 50), ("offset", 0)))
        return JSONResponse({"total": len(found), "videos": found[offset : offset + limit]})

    def create_video(self, request: PlatformRequest) -> Response:
        self._check(request)
        given = self._parse(request)
        if not given.get("fileName"):
            return self._platform.error_response(request, 400, "INVALID_INPUT", "fileName is required")
        videos = self._platform.data["videos"]
        number = f"sandbox-{1 + len(videos)}-{int(self._platform.clock.now())}"
        videos.append(
            {
                "videoManagerId": int(request.path_params["vm"]),
                "id": number,
                "title": given.get("title") or given["fileName"],
                "description": given.get("description") or "",
                "uploadFileName": given["fileName"],
                "createdDate": format_time(self._platform.clock.now()),
                "published": bool(given.get("autoPublish")),
                "downloadable": False,
                "keywords": [{"id": index, "text": text} for index, text in enumerate(given.get("keywords") or [], 1)],
                "customMetadata": {},
                "channels": [given["channel"]] if given.get("channel") else [],
            }
        )
        return _created(request, number)

    def show_video(self, request: PlatformRequest) -> Response:
        return JSONResponse(self._find(request))

    def update_video(self, request: PlatformRequest) -> Response:
        video, given = self._find(request), self._parse(request)
        video.update({name: given[name] for name in ("title", "description", "published") if name in given})
        return Response(status_code=204)

    def delete_video(self, request: PlatformRequest) -> Response:
        self._platform.data["videos"].remove(self._find(request))
        return Response(status_code=204)

    def show_upload_url(self, request: PlatformRequest) -> Response:
        return _located(f"https://upload.example.com/{self._find(request)['id']}", 200)

    def show_embed_code(self, request: PlatformRequest) -> Response:
        return JSONResponse({"embedCode": f'<div mi24-video-player video-id="{self._find(request)["id"]}"></div>'})

    # Metadata and keywords

    def show_metadata(self, request: PlatformRequest) -> Response:
        return JSONResponse(self._find(request)["customMetadata"])

    def update_metadata(self, request: PlatformRequest) -> Response:
        self._find(request)["customMetadata"].update(self._parse(request))
        return Response(status_code=204)

    def show_corporate_tube(self, request: PlatformRequest) -> Response:
        found = self._find(request).get("corporateTube", {})
        return JSONResponse({name: found.get(name) for name in CORPORATE_TUBE})

    def update_corporate_tube(self, request: PlatformRequest) -> Response:
        self._find(request).setdefault("corporateTube", {}).update(self._parse(request))
        return Response(status_code=204)

    def list_keywords(self, request: PlatformRequest) -> Response:
        return JSONResponse(self._find(request)["keywords"])

    def list_all_keywords(self, request: PlatformRequest) -> Response:
        return JSONResponse([keyword for video in self._videos(request) for keyword in video["keywords"]])

    def add_keyword(self, request: PlatformRequest) -> Response:
        keywords, given = self._find(request)["keywords"], self._parse(request)
        number = 1 + max([0, *(keyword["id"] for keyword in keywords)])
        keywords.append({"id": number, "text": given.get("text", "")})
        return _created(request, number)

    def delete_keyword(self, request: PlatformRequest) -> Response:
        keywords, number = self._find(request)["keywords"], request.path_params["keyword"]
        keywords[:] = [keyword for keyword in keywords if str(keyword["id"]) != number]
        return Response(status_code=204)


def _tree(root: Item, channels: list[Item]) -> Item:
    children = [_tree(item, channels) for item in channels if item["parentId"] == root["id"]]
    return {"id": root["id"], "name": root["name"], "children": children}


def _created(request: PlatformRequest, number: int | str) -> Response:
    return _located(f"{request.url.replace(query=None)}/{number}", 201)


def _located(url: str, status: int) -> Response:
    """Respond with a URL. A client compares the header's name with letter case."""
    response = Response(status_code=status)
    response.raw_headers.append((b"Location", url.encode()))
    return response


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isdigit() else default
