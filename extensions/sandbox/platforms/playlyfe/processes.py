# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes, metrics and images, as far as the vendor's clients use them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from ...messages import JSONResponse, PlatformRequest
from ...routing import Endpoint
from ..base import Platform

Item = dict[str, Any]
METRICS = "/v2/design/versions/latest/metrics"
PIXEL = bytes.fromhex("47494638396101000100800000ffffff00000021f90400000000002c00000000010001000002024401003b")


class Processes:
    """Answers requests of a player (`check` returns the ID), and of a designer (`check_scope`)."""

    def __init__(
        self,
        platform: Platform,
        check: Callable[[PlatformRequest], str],
        check_scope: Callable[[PlatformRequest, str], Any],
        parse: Callable[[PlatformRequest], Item],
    ) -> None:
        self._platform = platform
        self._check = check
        self._check_scope = check_scope
        self._parse = parse

    def define_endpoints(self) -> list[Endpoint]:
        empty = ("definitions/teams", "teams")
        return [
            *(
                Endpoint(f"{root}/{path}", self.list_nothing, "GET")
                for root in ("/v1", "/v2/runtime")
                for path in empty
            ),
            *(
                endpoint
                for root in ("/v1", "/v2/runtime")
                for endpoint in (
                    Endpoint(root + "/definitions/processes", self.list_definitions, "GET"),
                    Endpoint(root + "/processes", self.list_processes, "GET"),
                    Endpoint(root + "/processes/{id}", self.update_process, "PATCH"),
                    Endpoint(root + "/processes/{id}", self.delete_process, "DELETE"),
                )
            ),
            Endpoint("/v1/definitions/processes/{definition}", self.start_process, "POST"),
            Endpoint("/v2/runtime/processes", self.start_process, "POST"),
            Endpoint("/v2/runtime/actions/{id}/play", self.play_action, "POST"),
            *(Endpoint(f"/{version}/assets/players/{{id}}", self.show_image, "GET") for version in ("v1", "v2")),
            *(Endpoint(f"/{version}/assets/game", self.show_game_image, "GET") for version in ("v1", "v2")),
            Endpoint(METRICS, self.create_metric, "POST"),
            Endpoint(METRICS + "/{id}", self.delete_metric, "DELETE"),
        ]

    def list_nothing(self, request: PlatformRequest) -> Response:
        self._check(request)
        return JSONResponse({"data": [], "total": 0})

    def list_definitions(self, request: PlatformRequest) -> Response:
        self._check(request)
        definitions = self._platform.data["process_definitions"]
        return JSONResponse({"data": [{"id": name, "name": name} for name in definitions], "total": len(definitions)})

    def list_processes(self, request: PlatformRequest) -> Response:
        self._check(request)
        found = [self._describe(request, item) for item in self._platform.data["processes"]]
        return JSONResponse({"data": found, "total": len(found)})

    def start_process(self, request: PlatformRequest) -> Response:
        owner = self._check(request)
        definition = request.path_params.get("definition") or self._parse(request).get("definition")
        if definition not in self._platform.data["process_definitions"]:
            return self._platform.error_response(
                request, 404, "process_not_found", f"The process '{definition}' was not found"
            )
        item = {"id": uuid.uuid4().hex[:24], "definition": definition, "name": definition, "access": "PRIVATE"}
        self._platform.data["processes"].append(item | {"owner": owner, "state": "ACTIVE"})
        return JSONResponse(self._describe(request, self._platform.data["processes"][-1]))

    def update_process(self, request: PlatformRequest) -> Response:
        item = self._find(request)
        given = self._parse(request)
        item.update({name: given[name] for name in ("name", "access") if name in given})
        return JSONResponse(self._describe(request, item))

    def delete_process(self, request: PlatformRequest) -> Response:
        self._platform.data["processes"].remove(self._find(request))
        return JSONResponse({"message": "Process removed successfully"})

    def _find(self, request: PlatformRequest) -> Item:
        self._check(request)
        processes: list[Item] = self._platform.data["processes"]
        for item in processes:
            if item["id"] == request.path_params["id"]:
                return item
        raise self._platform.rejection(request, 404, "process_not_found", "The process was not found")

    def _describe(self, request: PlatformRequest, item: Item) -> Item:
        """Describe a process. Version 1 names the definition, version 2 describes it."""
        name = item["definition"]
        return {**item, "definition": name if request.path.startswith("/v1") else {"id": name, "name": name}}

    def play_action(self, request: PlatformRequest) -> Response:
        """Play an action. Every action exists, and none has rewards."""
        self._check(request)
        return JSONResponse({"actions": [{"id": request.path_params["id"]}], "events": {"local": [], "global": []}})

    # Images and metrics

    def show_image(self, request: PlatformRequest) -> Response:
        self._check(request)
        if request.path_params["id"].startswith(":"):
            return JSONResponse(
                {"error": "validation_exception", "error_description": "Invalid request", "data": {"valid": False}}, 400
            )
        return self._platform.error_response(request, 404, "image_not_found", "The player has no display image")

    def show_game_image(self, request: PlatformRequest) -> Response:
        self._check(request)
        return Response(PIXEL, media_type="image/gif")

    def create_metric(self, request: PlatformRequest) -> Response:
        self._check_scope(request, "admin")
        given = self._parse(request)
        self._platform.data["metrics"].append(given)
        return JSONResponse(given)

    def delete_metric(self, request: PlatformRequest) -> Response:
        self._check_scope(request, "admin")
        name, metrics = request.path_params["id"], self._platform.data["metrics"]
        if name not in [item.get("id") for item in metrics]:
            return self._platform.error_response(request, 404, "metric_not_found", f"The metric '{name}' was not found")
        metrics[:] = [item for item in metrics if item.get("id") != name]
        return JSONResponse({"message": f"The metric '{name}' has been deleted successfully"})
