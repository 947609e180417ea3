# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playlyfe: client credentials, players."""

from __future__ import annotations

from typing import Any

from ..state import to_text
from ..switches import choice, number, number_or_none
from ._base import Answer, Call, Credential, Platform, json_answer, route

AUTH = "playlyfe-auth"


class Playlyfe(Platform):
    name = "playlyfe"
    title = "Playlyfe"
    prefixes = ("playlyfe", AUTH)
    credentials = (
        Credential("url, with the version", "{url}/playlyfe/v2"),
        Credential("auth_url", "{url}/" + AUTH),
        Credential("client_id / client_secret", "pl-client / pl-secret"),
        Credential("(runtime scope only)", "pl-runtime / pl-runtime-secret"),
    )
    own_switches = (
        choice("token_placement", "both|query|header", "Where the API looks for the token: access_token in the query, Authorization header."),
        choice("stale_status", "401|400|403|500|200", "Status of error invalid_access_token."),
        choice("auth_error_status", "401|400|200", "Status of error client_auth_fail."),
        choice("denied_status", "403|401|400", "Status of error access_denied (a scope is missing)."),
        choice("exists_status", "409|400", "Status of error player_exists."),
        choice("repeat_login", "new|same", "Whether a login gets the token that is still alive."),
        choice("create_status", "200|201", "Status of a player's creation."),
        choice("delete_answer", "message|null|empty|player", "Answer to a player's deletion."),
        choice("patch_answer", "player|null|message", "Answer to PATCH /runtime/player."),
        choice("admin_patch", "no|yes", "Whether PATCH /admin/players/{id} exists."),
        choice("email_shown", "no|yes", "Whether a read returns the e-mail address."),
        number("max_limit", 100, "The highest limit that a list takes; more is cut to it."),
        number_or_none("player_limit", "none", "Players that the plan allows; then player_limit_exceeded."),
        number("token_lifetime", 86400, "Seconds that a token lives."),
    )

    def initial(self) -> dict[str, Any]:
        return {
            "clients": [
                {"client_id": "pl-client", "client_secret": "pl-secret", "scopes": ["runtime", "admin"]},
                {"client_id": "pl-runtime", "client_secret": "pl-runtime-secret", "scopes": ["runtime"]},
            ],
            "players": [],
        }

    def index(self) -> None:
        for item in self.data["players"]:
            item.setdefault("alias", item["id"])
            item.setdefault("email", None)
            item.setdefault("enabled", True)
            item.setdefault("created", to_text(self.clock.now()))

    @route("POST", "/auth/token", auth=True, login=True, prefix=AUTH)
    def token(self, call: Call) -> Answer:
        try:
            given = call.form() or call.json()
        except ValueError:
            given = {}
        if not isinstance(given, dict) or given.get("grant_type") != "client_credentials":
            return self.error(call, 400, "unsupported_grant_type", "The grant_type is not supported")
        client = next((item for item in self.data["clients"] if item["client_id"] == given.get("client_id")), None)
        if client is None or client["client_secret"] != given.get("client_secret"):
            return self.error(call, int(self.on("auth_error_status")), "client_auth_fail", "The client could not be authenticated")
        token = self.tokens.latest(client["client_id"]) if self.on("repeat_login") == "same" else None
        token = token or self.issued(self.tokens.issue("access", client["client_id"], self.on("token_lifetime")))
        return json_answer({"access_token": token.value, "expires_in": self.tokens.seconds_left(token), "token_type": "Bearer"})

    # Admin routes

    @route("GET", "/v2/admin")
    @route("GET", "/v2/admin/")
    def admin(self, call: Call) -> Answer:
        game = {"id": "sandbox", "title": "Sandbox", "timezone": "Etc/UTC", "type": "native"}
        return self._refused(call, "admin") or json_answer({"name": "playlyfe", "version": "2.0", "status": "ok", "game": game})

    @route("GET", "/v2/admin/players")
    def players(self, call: Call) -> Answer:
        return self._refused(call, "admin") or self._list(call, ("id", "alias", "enabled"))

    @route("POST", "/v2/admin/players")
    def create(self, call: Call) -> Answer:
        if refusal := self._refused(call, "admin"):
            return refusal
        given = self._given(call)
        if not isinstance(given.get("id"), str) or not isinstance(given.get("alias"), str) or not given["id"]:
            return self._invalid(call, "id and alias are required")
        if self._player(given["id"]):
            return self.error(call, int(self.on("exists_status")), "player_exists", f"The player '{given['id']}' already exists")
        most = self.on("player_limit")
        if most is not None and len(self.data["players"]) >= most:
            return self.error(call, 403, "player_limit_exceeded", "The plan does not allow more players")
        player = {"id": given["id"], "alias": given["alias"], "email": given.get("email"), "enabled": True, "created": to_text(self.clock.now())}
        self.data["players"].append(player)
        return json_answer(self._shown(player) | {"bootstrap": True}, int(self.on("create_status")))

    @route("GET", "/v2/admin/players/{id}")
    def get(self, call: Call) -> Answer:
        return self._refused(call, "admin") or self._one(call, call.parameters["id"])

    @route("PATCH", "/v2/admin/players/{id}")
    def admin_patch(self, call: Call) -> Answer:
        if self.on("admin_patch") == "no":
            return self.error(call, 404, "not_found", "")
        return self._refused(call, "admin") or self._patch(call, call.parameters["id"])

    @route("DELETE", "/v2/admin/players/{id}")
    def delete(self, call: Call) -> Answer:
        if refusal := self._refused(call, "admin"):
            return refusal
        player = self._player(call.parameters["id"])
        if player is None:
            return self._missing(call, call.parameters["id"])
        self.data["players"].remove(player)
        return self._done("delete_answer", "Player removed successfully", player)

    @route("GET", "/v2/admin/players/{id}/activity")
    def activity(self, call: Call) -> Answer:
        if refusal := self._refused(call, "admin"):
            return refusal
        return json_answer([]) if self._player(call.parameters["id"]) else self._missing(call, call.parameters["id"])

    @route("GET", "/v2/admin/teams")
    def teams(self, call: Call) -> Answer:
        return self._refused(call, "admin") or json_answer({"data": [], "total": 0})

    @route("GET", "/v2/admin/validation/player/available")
    def available(self, call: Call) -> Answer:
        if refusal := self._refused(call, "admin"):
            return refusal
        value = call.argument("value") or ""
        return self.error(call, 409, "player_exists", f"The player '{value}' already exists") if self._player(value) else json_answer({"ok": 1})

    # Runtime routes

    @route("GET", "/v2/runtime/player")
    def me(self, call: Call) -> Answer:
        return self._refused(call, "runtime") or self._nobody(call) or self._one(call, call.argument("player_id") or "")

    @route("PATCH", "/v2/runtime/player")
    def patch(self, call: Call) -> Answer:
        return self._refused(call, "runtime") or self._nobody(call) or self._patch(call, call.argument("player_id") or "")

    @route("GET", "/v2/runtime/players")
    def runtime_players(self, call: Call) -> Answer:
        return self._refused(call, "runtime") or self._nobody(call) or self._list(call, ("id", "alias"))

    @route("GET", "/v2/runtime/leaderboards")
    def leaderboards(self, call: Call) -> Answer:
        return self._refused(call, "runtime") or self._nobody(call) or json_answer([])

    @route("*", "/v2/echo")
    def echoed(self, call: Call) -> Answer:
        return self._refused(call, "runtime") or self.echo(call)

    def _refused(self, call: Call, scope: str) -> Answer | None:
        place = self.on("token_placement")
        value = call.argument("access_token") if place != "header" else None
        value = value or (call.bearer() if place != "query" else None)
        token = self.tokens.get(value)
        if token is None:
            return self.error(call, int(self.on("stale_status")), "invalid_access_token", "The access token is invalid or has expired")
        scopes: list[str] = next((item["scopes"] for item in self.data["clients"] if item["client_id"] == token.owner), [])
        if scope not in scopes:
            return self.error(call, int(self.on("denied_status")), "access_denied", f"The client does not have the scope {scope}")
        return None

    def _nobody(self, call: Call) -> Answer | None:
        return None if call.argument("player_id") else self.error(call, 400, "validation_exception", "The 'player_id' has to be in the query")

    def _player(self, name: str) -> dict[str, Any] | None:
        return next((item for item in self.data["players"] if item["id"] == name), None)

    def _missing(self, call: Call, name: str) -> Answer:
        return self.error(call, 404, "player_not_found", f"The player '{name}' was not found")

    def _one(self, call: Call, name: str) -> Answer:
        player = self._player(name)
        return json_answer(self._shown(player)) if player else self._missing(call, name)

    def _list(self, call: Call, fields: tuple[str, ...]) -> Answer:
        numbers = [call.argument("skip") or "0", call.argument("limit") or "10"]
        if not all(value.isdigit() for value in numbers):
            return self._invalid(call, "skip and limit are numbers")
        skip, limit = int(numbers[0]), min(int(numbers[1]), self.on("max_limit"))
        part = sorted(self.data["players"], key=lambda item: item["id"])[skip : skip + limit]
        return json_answer({"data": [{name: item[name] for name in fields} for item in part], "total": len(self.data["players"])})

    def _patch(self, call: Call, name: str) -> Answer:
        player = self._player(name)
        if player is None:
            return self._missing(call, name)
        given = self._given(call)
        if not given or set(given) - {"alias", "email"} or not all(isinstance(value, str) for value in given.values()):
            return self._invalid(call, "only alias and email can be changed")
        player.update(given)
        return self._done("patch_answer", "Player updated successfully", player)

    def _done(self, switch: str, text: str, player: dict[str, Any]) -> Answer:
        match self.on(switch):
            case "player":
                return json_answer(self._shown(player))
            case "null":
                return json_answer(None)
            case "empty":
                return Answer(200)
        return json_answer({"message": text})

    def _shown(self, player: dict[str, Any]) -> dict[str, Any]:
        shown = {name: player[name] for name in ("id", "alias", "enabled", "created")} | {"scores": [], "teams": []}
        return shown | {"email": player["email"]} if self.on("email_shown") == "yes" else shown

    def _given(self, call: Call) -> dict[str, Any]:
        try:
            given = call.json()
        except ValueError:
            return {}
        return given if isinstance(given, dict) else {}

    def _invalid(self, call: Call, text: str) -> Answer:
        return json_answer({"error": "validation_exception", "error_description": text, "data": {"valid": False}}, 400)

    def error(self, call: Call, status: int, name: str, text: str) -> Answer:
        if name in ("not_found", "method_not_allowed"):
            status, name, text = 404, "route_not_found", f"The route {call.method} {call.path} does not exist"
        return json_answer({"error": name, "error_description": text}, status)
