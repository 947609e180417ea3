# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playlyfe: client credentials, and players (providers.md, section 3)."""

from __future__ import annotations

import dataclasses
import typing as t
from urllib.parse import quote

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError, AmbiguousWrite
from ansible_collections.mediaops.access.plugins.module_utils._http import Request, Response, root_url
from ansible_collections.mediaops.access.plugins.module_utils._options import from_env
from ansible_collections.mediaops.access.plugins.module_utils._provider import ManifestList, Provider
from ansible_collections.mediaops.access.plugins.module_utils._runner import State
from ansible_collections.mediaops.access.plugins.module_utils._schema import Schema
from ansible_collections.mediaops.access.plugins.module_utils._token import Grant, Token

_LIFETIME = 86400  # seconds, where an answer says nothing (3.2)
_PAGE = 100

_PLAYER = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "alias": {"type": ["string", "null"]}, "enabled": {"type": ["boolean", "null"]}},
    "required": ["id"],
}
PLAYER = Schema(_PLAYER)
PLAYERS = Schema(
    {"type": "object", "properties": {"data": {"type": "array", "items": _PLAYER}, "total": {"type": "integer"}}, "required": ["data", "total"]},
)
TOKEN = Schema(
    {
        "type": "object",
        "properties": {"access_token": {"type": "string", "minLength": 1}, "token_type": {"type": "string"}, "expires_in": {"type": "number"}},
        "required": ["access_token"],
    }
)


class Playlyfe(Provider):
    name = "playlyfe"
    title = "Playlyfe"
    options = {
        "url": {"type": "str", "default": "https://api.playlyfe.com/v2", "fallback": from_env("PLAYLYFE_URL")},
        "auth_url": {"type": "str", "default": "https://playlyfe.com", "fallback": from_env("PLAYLYFE_AUTH_URL")},
        "client_id": {"type": "str", "fallback": from_env("PLAYLYFE_CLIENT_ID")},
        "client_secret": {"type": "str", "no_log": True, "fallback": from_env("PLAYLYFE_CLIENT_SECRET")},
        "token_placement": {"type": "str", "choices": ["query", "header"], "default": "query", "no_log": False},
    }
    role = "playlyfe_access"
    manifest = {"players": ManifestList("playlyfe_player", ("id", "alias", "email", "state"), required=("id",))}
    hints = {
        401: "Check client_id and client_secret",
        403: "The client lacks the scope: managing players takes the admin scope, which is set in Playlyfe's console",
        404: "Check url",
        "client_auth_fail": "Check client_id and client_secret",
        "plan_limit_exceeded": "The plan's API calls are used up: wait until they are renewed, or ask Playlyfe for more",
        "player_limit_exceeded": "The plan allows no further players",
    }

    # --- tokens (3.2, 3.3) ---------------------------------------------------------------------------------------------

    def grant(self) -> Grant:
        client_id, client_secret = self.require("client_id", "client_secret")
        return Grant("client_credentials", client_id, client_secret)

    def token_identity(self) -> list[str]:
        return [*super().token_identity(), self.params["auth_url"].rstrip("/")]

    def obtain(self, grant: Grant) -> Token:
        form = {"grant_type": "client_credentials", "client_id": grant.principal, "client_secret": grant.secret}
        url = f"{root_url(self.params['auth_url'], 'auth_url')}/auth/token"
        answer = self.read(self.send(Request("POST", url, form=form, authenticates=True, repeatable=True)), TOKEN)
        return Token(answer["access_token"], answer.get("token_type", "Bearer"), self.clock.now() + answer.get("expires_in", _LIFETIME))

    def authorize(self, request: Request, token: Token) -> Request:
        if self.params["token_placement"] == "header":  # noqa: S105 - a place, not a token
            return super().authorize(request, token)
        query = t.cast("t.Mapping[str, t.Any]", request.query or {})
        return dataclasses.replace(request, query={**query, "access_token": token.access_token})

    def is_final(self, response: Response) -> bool:
        """A rejected token is named as such with any status (3.3)."""
        return b'"invalid_access_token"' in response.body

    def failure(self, response: Response) -> AccessError | None:
        """An error has a name, whatever the status (3.3)."""
        error = super().failure(response)
        try:
            body = response.json() if response.body.lstrip().startswith(b"{") else None
        except ValueError:
            return error
        if not isinstance(body, dict) or not isinstance(body.get("error"), str):
            return error
        named = self.error_for(response)
        named.code = body["error"]
        named.stale_token = body["error"] == "invalid_access_token" or response.status == 401
        return named

    # --- players (3.4) -------------------------------------------------------------------------------------------------

    def player(self, player_id: str) -> State:
        """One player, or None."""
        try:
            response = self.send_authorized(Request("GET", self._admin_url(player_id)))
        except AccessError as error:
            if error.code == "player_not_found":
                return None
            raise
        return self._normalized(self.read(response, PLAYER))

    def players(self) -> list[dict[str, t.Any]]:
        """All players, page by page."""
        found: dict[str, dict[str, t.Any]] = {}
        while True:
            query = {"skip": len(found), "limit": _PAGE}
            answer = self.read(self.send_authorized(Request("GET", f"{self.url}/admin/players", query=query)), PLAYERS)
            known = len(found)
            found.update((player["id"], self._normalized(player)) for player in answer["data"])
            if len(found) >= answer["total"]:
                return list(found.values())
            if len(found) == known:
                raise AccessError(f"the list of players ends after {known} of {answer['total']}")

    def create_player(self, player_id: str, alias: str, email: str | None) -> None:
        body = {"id": player_id, "alias": alias, **({"email": email} if email else {})}
        try:
            self.send_authorized(Request("POST", f"{self.url}/admin/players", json=body, unread=True))
        except AccessError as error:
            if error.code == "player_exists":  # somebody was faster
                raise AmbiguousWrite(error.message, status=error.status, code=error.code) from None
            raise

    def rename_player(self, player_id: str, alias: str, email: str | None) -> None:
        """The runtime route is the one that is documented for changes."""
        body = {"alias": alias, **({"email": email} if email else {})}
        self.send_authorized(Request("PATCH", f"{self.url}/runtime/player", query={"player_id": player_id}, json=body, unread=True))

    def delete_player(self, player_id: str) -> None:
        try:
            self.send_authorized(Request("DELETE", self._admin_url(player_id), unread=True))
        except AccessError as error:
            if error.code != "player_not_found":
                raise

    def _admin_url(self, player_id: str) -> str:
        if not player_id.strip("."):  # in a URL, that would be another place
            raise AccessError(f"id must name a player, and {player_id!r} cannot")
        return f"{self.url}/admin/players/{quote(player_id, safe='')}"

    def _normalized(self, player: dict[str, t.Any]) -> dict[str, t.Any]:
        return {"id": player["id"], "alias": player.get("alias"), "enabled": player.get("enabled")}


class PlayerResource:
    """One player. Only the alias is compared: no read returns the e-mail address."""

    def __init__(self, playlyfe: Playlyfe, params: t.Mapping[str, t.Any]) -> None:
        self._playlyfe = playlyfe
        self._params = params
        self.label = f"player {params['id']!r}"

    def read(self) -> State:
        return self._playlyfe.player(self._params["id"])

    def wanted(self, current: State) -> State:
        if self._params["state"] == "absent":
            return None
        alias = self._params["alias"]
        if current is None:
            if alias is None:
                raise AccessError("it does not exist, and alias is required to create it")
            return {"id": self._params["id"], "alias": alias, "enabled": True}
        return current if alias is None else {**current, "alias": alias}

    def write(self, current: State, wanted: State) -> State:
        player_id = self._params["id"]
        if wanted is None:
            self._playlyfe.delete_player(player_id)
        elif current is None:
            self._playlyfe.create_player(player_id, wanted["alias"], self._params["email"])
        else:
            self._playlyfe.rename_player(player_id, wanted["alias"], self._params["email"])
        return self.read()

    def shown(self, state: dict[str, t.Any]) -> dict[str, t.Any]:
        return state
