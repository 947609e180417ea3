# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playlyfe: client credentials and players."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from ...messages import JSONResponse, PlatformRequest, Rejection
from ...routing import Endpoint
from ...state import Token, to_datetime
from ...switches import choice, number, optional_number
from ..base import Credential, Platform
from .authorization import Authorization
from .processes import Processes

AUTH_PREFIX = "playlyfe-auth"
REDIRECT = "https://client.example.com/callback"
NO_LIMIT = 10**9


class Playlyfe(Platform):
    name = "playlyfe"
    title = "Playlyfe"
    credentials = (
        Credential("url, with the version", "{url}/playlyfe/v2"),
        Credential("auth_url", "{url}/" + AUTH_PREFIX),
        Credential("client_id / client_secret", "pl-client / pl-secret"),
        Credential("(runtime scope only)", "pl-runtime / pl-runtime-secret"),
    )
    own_switches = (
        choice(
            "token_placement",
            "both|query|header",
            "Accepted places of the token: the query parameter `access_token`, the header `Authorization`.",
        ),
        choice("stale_status", "401|400|403|500|200", "Status of the error `invalid_access_token`."),
        choice("auth_error_status", "401|400|200", "Status of the error `client_auth_fail`."),
        choice("denied_status", "403|401|400", "Status of the error `access_denied` (the client lacks a scope)."),
        choice("exists_status", "409|400", "Status of the error `player_exists`."),
        choice(
            "repeat_login",
            "new|same",
            "Token in the response to a repeated login: a new one, or the previous one while it is valid.",
        ),
        choice("create_status", "200|201", "Status of a successful creation of a player."),
        choice("delete_answer", "message|null|empty|player", "Body of the response to the deletion of a player."),
        choice("patch_answer", "player|null|message", "Body of the response to PATCH /runtime/player."),
        choice("admin_patch", "no|yes", "Whether PATCH /admin/players/{id} exists."),
        choice("email_shown", "no|yes", "Whether responses include the e-mail address of a player."),
        number("page_size", 10, "Page size of a list if the request has no `limit`."),
        optional_number(
            "max_limit", 100, "Maximum page size of a list; a higher `limit` is reduced to it. `none`: no maximum."
        ),
        choice(
            "wordings", "recorded|own", "Error messages: as in the vendor's tests and recorded responses, or others."
        ),
        choice("quota_status", "429|403|402|400|401|503|200", "Status of the error `plan_limit_exceeded`."),
        optional_number(
            "call_quota", None, "Number of API calls of the plan; the error for one more is `plan_limit_exceeded`."
        ),
        optional_number(
            "player_limit", None, "Maximum number of players; the error for one more is `player_limit_exceeded`."
        ),
        number("token_lifetime", 86400, "Lifetime of a token in seconds."),
    )

    def initial_state(self) -> dict[str, Any]:
        return {
            "clients": [
                {
                    "client_id": "pl-client",
                    "client_secret": "pl-secret",
                    "scopes": ["runtime", "admin"],
                    "redirect_uris": [REDIRECT],
                },
                {"client_id": "pl-runtime", "client_secret": "pl-runtime-secret", "scopes": ["runtime"]},
            ],
            "players": [],
            "calls": 0,
            "process_definitions": ["module1"],
            "processes": [],
            "metrics": [],
        }

    def index_state(self) -> None:
        for item in self.data["players"]:
            item.setdefault("alias", item["id"])
            item.setdefault("email", None)
            item.setdefault("enabled", True)
            item.setdefault("created", self._format_now())

    def _format_now(self) -> str:
        """Format the time as recorded responses have it, with milliseconds."""
        return to_datetime(self.clock.now()).strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def define_endpoints(self) -> dict[str, list[Endpoint]]:
        self._authorization = Authorization(self)
        return {
            "playlyfe": [
                Endpoint("/v1/player", self.show_own_player, "GET"),
                Endpoint("/v1/players", self.list_other_players, "GET"),
                Endpoint("/v1/game/players", self.list_players, "GET"),
                Endpoint("/v1/players", self.create_player, "POST"),
                Endpoint("/v1/game/players", self.create_player, "POST"),
                Endpoint("/v1/players/{id}", self.delete_player, "DELETE"),
                *Processes(self, self._check_player_id, self._check_scope, _parse_object).define_endpoints(),
                Endpoint("/v2/admin", self.show_game, "GET"),
                Endpoint("/v2/admin/", self.show_game, "GET"),
                Endpoint("/v2/admin/players", self.list_players, "GET"),
                Endpoint("/v2/admin/players", self.create_player, "POST"),
                Endpoint("/v2/admin/players/{id}", self.show_player, "GET"),
                Endpoint("/v2/admin/players/{id}", self.update_player, "PATCH"),
                Endpoint("/v2/admin/players/{id}", self.delete_player, "DELETE"),
                Endpoint("/v2/admin/players/{id}/activity", self.show_activity, "GET"),
                Endpoint("/v2/admin/teams", self.list_teams, "GET"),
                Endpoint("/v2/admin/validation/player/available", self.check_availability, "GET"),
                Endpoint("/v2/runtime/player", self.show_own_player, "GET"),
                Endpoint("/v2/runtime/player", self.update_own_player, "PATCH"),
                Endpoint("/v2/runtime/players", self.list_other_players, "GET"),
                Endpoint("/v2/runtime/leaderboards", self.list_leaderboards, "GET"),
                Endpoint("/v2/runtime/leaderboards/{id}", self.list_leaderboards, "GET"),
                Endpoint("/v2/echo", self.echo_request),
            ],
            AUTH_PREFIX: [
                Endpoint("/auth", self._authorization.authorize, "GET"),
                Endpoint("/auth/token", self.issue_token, "POST", login=True),
            ],
        }

    # Tokens

    def issue_token(self, request: PlatformRequest) -> Response:
        return self._authorization.issue_token(request, request.parse_form() or _parse_object(request))

    def _check_scope(self, request: PlatformRequest, scope: str) -> Token:
        """Return the token of a request. Reject one without a valid token whose client has this scope."""
        placement = self.switch("token_placement")
        value = request.query_params.get("access_token") if placement != "header" else None
        value = value or (request.bearer_token() if placement != "query" else None)
        token = self.tokens.get(value) or self._authorization.read_custom_token(value)
        if token is None:
            raise self.rejection(
                request,
                int(self.switch("stale_status")),
                "invalid_access_token",
                "The access token is invalid or has expired",
            )
        scopes: list[str] = next(
            (item["scopes"] for item in self.data["clients"] if item["client_id"] == token.owner), []
        )
        if scope not in scopes:
            raise self.rejection(
                request,
                int(self.switch("denied_status")),
                "access_denied",
                f"The client does not have the scope {scope}",
            )
        self._count_call(request)
        return token

    def _count_call(self, request: PlatformRequest) -> None:
        quota = self.switch("call_quota")
        if quota is None:  # calls are not counted, so that reads leave the state as it is
            return
        if self.data["calls"] >= quota:
            text = "The plan's quota of API calls is exhausted"
            raise self.rejection(request, int(self.switch("quota_status")), "plan_limit_exceeded", text)
        self.data["calls"] += 1

    # The admin API

    def show_game(self, request: PlatformRequest) -> Response:
        self._check_scope(request, "admin")
        game = {"id": "sandbox", "title": "Sandbox", "timezone": "Etc/UTC", "type": "native"}
        return JSONResponse({"name": "playlyfe", "version": "2.0", "status": "ok", "game": game})

    def list_players(self, request: PlatformRequest) -> Response:
        self._check_scope(request, "admin")
        return self._list(request, ("id", "alias", "enabled"))

    def create_player(self, request: PlatformRequest) -> Response:
        self._check_scope(request, "admin")
        given = _parse_object(request)
        if request.path.startswith("/v1"):
            given.setdefault("alias", given.get("id"))
        if not isinstance(given.get("id"), str) or not isinstance(given.get("alias"), str) or not given["id"]:
            raise self._invalid("id and alias are required")
        self._check_available(request, given["id"], int(self.switch("exists_status")))
        player_limit = self.switch("player_limit")
        if player_limit is not None and len(self.data["players"]) >= player_limit:
            return self.error_response(request, 403, "player_limit_exceeded", "The plan does not allow more players")
        player = {
            "id": given["id"],
            "alias": given["alias"],
            "email": given.get("email"),
            "enabled": True,
            "created": self._format_now(),
        }
        self.data["players"].append(player)
        created = self._describe(player) | {"scores": {}, "teams": {}, "bootstrap": True}
        return JSONResponse(created, int(self.switch("create_status")))

    def show_player(self, request: PlatformRequest) -> Response:
        self._check_scope(request, "admin")
        return JSONResponse(self._describe(self._find_player(request, request.path_params["id"])))

    def update_player(self, request: PlatformRequest) -> Response:
        if self.switch("admin_patch") == "no":
            return self.refuse_path(request)
        self._check_scope(request, "admin")
        return self._update(request, request.path_params["id"])

    def delete_player(self, request: PlatformRequest) -> Response:
        self._check_scope(request, "admin")
        player = self._find_player(request, request.path_params["id"])
        self.data["players"].remove(player)
        return self._confirm("delete_answer", "Player removed successfully", player)

    def show_activity(self, request: PlatformRequest) -> Response:
        self._check_scope(request, "admin")
        self._find_player(request, request.path_params["id"])
        return JSONResponse([])

    def list_teams(self, request: PlatformRequest) -> Response:
        self._check_scope(request, "admin")
        return JSONResponse({"data": [], "total": 0})

    def check_availability(self, request: PlatformRequest) -> Response:
        self._check_scope(request, "admin")
        self._check_available(request, request.query_params.get("value", ""), 409)
        return JSONResponse({"ok": 1})

    # The runtime API

    def show_own_player(self, request: PlatformRequest) -> Response:
        return JSONResponse(self._describe(self._find_player(request, self._check_player_id(request))))

    def update_own_player(self, request: PlatformRequest) -> Response:
        return self._update(request, self._check_player_id(request))

    def list_other_players(self, request: PlatformRequest) -> Response:
        self._check_player_id(request)
        return self._list(request, ("id", "alias"))

    def list_leaderboards(self, request: PlatformRequest) -> Response:
        self._check_player_id(request)
        return JSONResponse([])

    def echo_request(self, request: PlatformRequest) -> Response:
        self._check_scope(request, "runtime")
        return self.echo(request)

    def _check_player_id(self, request: PlatformRequest) -> str:
        """Return the ID of the player in whose name the request is made."""
        token = self._check_scope(request, "runtime")
        player_id = request.query_params.get("player_id") or token.extra.get("player_id")
        if not player_id:
            recorded = "The 'player_id' parameter should be specified in the query"
            text = self._word(recorded, "The query parameter 'player_id' is required")
            raise self.rejection(request, 400, "validation_exception", text)
        return str(player_id)

    def _word(self, recorded: str, other: str) -> str:
        """Return the text of an error as recorded, or another one."""
        return recorded if self.switch("wordings") == "recorded" else other

    # Players

    def _find_player(self, request: PlatformRequest, player_id: str) -> dict[str, Any]:
        players: list[dict[str, Any]] = self.data["players"]
        for player in players:
            if player["id"] == player_id:
                return player
        raise self.rejection(request, 404, "player_not_found", f"The player '{player_id}' was not found")

    def _check_available(self, request: PlatformRequest, player_id: str, status: int) -> None:
        """Reject an ID that a player has."""
        if any(player["id"] == player_id for player in self.data["players"]):
            text = self._word(f"A player with ID '{player_id}' already exists", f"The player '{player_id}' is taken")
            raise self.rejection(request, status, "player_exists", text)

    def _list(self, request: PlatformRequest, fields: tuple[str, ...]) -> Response:
        page_size = str(self.switch("page_size"))
        numbers = [request.query_params.get("skip") or "0", request.query_params.get("limit") or page_size]
        if not all(value.isdigit() for value in numbers):
            raise self._invalid("skip and limit must be numbers")
        skip, limit = int(numbers[0]), min(int(numbers[1]), self.switch("max_limit") or NO_LIMIT)
        page = sorted(self.data["players"], key=lambda item: item["id"])[skip : skip + limit]
        return JSONResponse(
            {"data": [{name: item[name] for name in fields} for item in page], "total": len(self.data["players"])}
        )

    def _update(self, request: PlatformRequest, player_id: str) -> Response:
        player = self._find_player(request, player_id)
        given = _parse_object(request)
        if not given or set(given) - {"alias", "email"} or not all(isinstance(value, str) for value in given.values()):
            raise self._invalid("only alias and email can be changed")
        player.update(given)
        return self._confirm("patch_answer", "Player updated successfully", player)

    def _confirm(self, switch: str, text: str, player: dict[str, Any]) -> Response:
        match self.switch(switch):
            case "player":
                return JSONResponse(self._describe(player))
            case "null":
                return JSONResponse(None)
            case "empty":
                return Response()
        return JSONResponse({"message": text})

    def _describe(self, player: dict[str, Any]) -> dict[str, Any]:
        shown = {name: player[name] for name in ("id", "alias", "enabled", "created")} | {"scores": [], "teams": []}
        return shown | {"email": player["email"]} if self.switch("email_shown") == "yes" else shown

    def _invalid(self, text: str) -> Rejection:
        body = {"error": "validation_exception", "error_description": self._word("Invalid request", text)}
        return Rejection(JSONResponse({**body, "data": {"valid": False}}, 400))

    def error_response(self, request: PlatformRequest, status: int, code: str, text: str) -> Response:
        if code in ("not_found", "method_not_allowed"):
            route = f"The route {request.method} {request.path} does not exist"
            status, code, text = 404, "route_not_found", self._word("This route does not exist", route)
        return JSONResponse({"error": code, "error_description": text}, status)


def _parse_object(request: PlatformRequest) -> dict[str, Any]:
    """Parse the body as a JSON object. Any other body is an empty one."""
    try:
        body = request.parse_json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
