# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playlyfe: client credentials and players (providers.md, section 3)."""

from __future__ import annotations

import dataclasses
import re
import typing as t
from urllib.parse import quote

from .._data.schema import Schema
from .._errors import AccessError, Conflict, NotFound, RejectedToken
from .._http.models import Request, Response, root_url
from .._oauth2.client_auth import authenticate_client
from .._oauth2.grants import ClientCredentials, Grant
from .._oauth2.response import TOKEN_RESPONSE, parse_token
from .._oauth2.token import Token
from .._platform.authorized_client import AuthorizedClient
from .._platform.declaration import ManifestList, Platform
from .._platform.ensure import State
from .._platform.export import Exported
from .._platform.issuer import TokenIssuer
from .._platform.options import from_env
from .._platform.responses import ResponseReader

if t.TYPE_CHECKING:
    from .._platform.access import Access

_DEFAULT_LIFETIME = 86400  # seconds, if a response does not state it (3.2)
_PAGE_SIZE = 100
_VERSION = re.compile(r"/v\d+(/|$)")
#: The error for an expired or invalid token, whatever its HTTP status (3.3).
_STALE = "invalid_access_token"

_PLAYER = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "alias": {"type": ["string", "null"]},
        "enabled": {"type": ["boolean", "null"]},
    },
    "required": ["id"],
}
PLAYER = Schema(_PLAYER)
PLAYERS = Schema(
    {
        "type": "object",
        "properties": {"data": {"type": "array", "items": _PLAYER}, "total": {"type": "integer"}},
        "required": ["data", "total"],
    },
)


class PlaylyfeResponses(ResponseReader):
    """Errors are identified by name, whatever the status (3.3)."""

    def is_rate_limited(self, response: Response) -> bool:
        return super().is_rate_limited(response) and _error_name(response) != _STALE

    def is_definitive_refusal(self, response: Response) -> bool:
        return super().is_definitive_refusal(response) or _error_name(response) == _STALE

    def find_error(self, response: Response) -> AccessError | None:
        name = _error_name(response)
        if name is None:
            return super().find_error(response)
        error = self.make_error(response)
        if isinstance(error, RejectedToken) or name == _STALE:
            return RejectedToken(error.message, status=error.status, code=name)
        return AccessError(error.message, status=error.status, code=name)

    def with_hint(self, message: str, response: Response, code: str | int | None) -> str:
        """Point out if ``url`` lacks the API's version (3.1), which is reported as a missing route."""
        hinted = super().with_hint(message, response, code)
        request, is_missing = response.request, response.status == 404 and code in (None, "route_not_found")
        if is_missing and not request.authenticates and not _VERSION.search(request.url):
            return f"{hinted}: it must end with the API's version, such as {self._params['url'].rstrip('/')}/v2"
        return hinted


def _error_name(response: Response) -> str | None:
    """The name of the error in a response."""
    try:
        body = response.json() if response.body.lstrip().startswith(b"{") else None
    except ValueError:
        return None
    name = body.get("error") if isinstance(body, dict) else None
    return name if isinstance(name, str) else None


class PlaylyfeTokens(TokenIssuer):
    """The client credentials grant, whose tokens are sent in the query or a header (3.2, 3.3)."""

    @property
    def identity(self) -> list[str]:
        return [*super().identity, self.params["auth_url"].rstrip("/")]

    def grant(self) -> ClientCredentials:
        return ClientCredentials(*self.require("client_id", "client_secret"))

    def obtain(self, grant: Grant) -> Token:
        url = f"{root_url(self.params['auth_url'], 'auth_url')}/auth/token"
        form = t.cast(ClientCredentials, grant).form
        request = Request("POST", url, form=form, authenticates=True, requests_token=True, repeatable=True)
        body = self.fetch(
            authenticate_client(request, grant.principal, grant.secret, ("client_secret_post",)), TOKEN_RESPONSE
        )
        return parse_token(body, self.session.clock.now(), _DEFAULT_LIFETIME)

    def authorize(self, request: Request, token: Token) -> Request:
        if self.params["token_placement"] == "header":  # noqa: S105 - a place, not a token
            return super().authorize(request, token)
        query = t.cast("t.Mapping[str, t.Any]", request.query or {})
        return dataclasses.replace(request, query={**query, "access_token": token.access_token})


class Playlyfe(AuthorizedClient):
    """Manages the players of a game (3.4)."""

    def find_player(self, player_id: str) -> State:
        """Fetch a player; None if there is none with this id."""
        try:
            return self.get_player(player_id)
        except NotFound:
            return None

    def get_player(self, player_id: str) -> dict[str, t.Any]:
        """Fetch a player.

        :raises NotFound: if there is none with this id.
        """
        try:
            response = self.send_authorized(Request("GET", self._admin_url(player_id)))
        except AccessError as error:
            if error.code == "player_not_found":
                raise NotFound(error.message, **error.codes) from None
            raise
        return self._normalize(self.responses.validate(response, PLAYER))

    def list_players(self) -> list[dict[str, t.Any]]:
        """Fetch all players, page by page."""
        found: dict[str, dict[str, t.Any]] = {}
        while True:
            query = {"skip": len(found), "limit": _PAGE_SIZE}
            page = self.responses.validate(
                self.send_authorized(Request("GET", f"{self.url}/admin/players", query=query)), PLAYERS
            )
            previous = len(found)
            found.update((player["id"], self._normalize(player)) for player in page["data"])
            if len(found) >= page["total"]:
                return list(found.values())
            if len(found) == previous:
                raise AccessError(f"the list of players ends after {previous} of {page['total']}")

    def create_player(self, player_id: str, alias: str, email: str | None) -> None:
        """Create a player. Sending this twice is safe, because ids are unique: the second request is refused."""
        body = {"id": player_id, "alias": alias, **({"email": email} if email else {})}
        try:
            self.send_authorized(Request("POST", f"{self.url}/admin/players", json=body, reject_html=True))
        except AccessError as error:
            if error.code == "player_exists":
                raise Conflict(error.message, **error.codes) from None
            raise

    def rename_player(self, player_id: str, alias: str, email: str | None) -> None:
        """Change a player's alias. Only the runtime route is documented for changes."""
        body = {"alias": alias, **({"email": email} if email else {})}
        self.send_authorized(
            Request("PATCH", f"{self.url}/runtime/player", query={"player_id": player_id}, json=body, reject_html=True)
        )

    def delete_player(self, player_id: str) -> None:
        try:
            self.send_authorized(Request("DELETE", self._admin_url(player_id), reject_html=True))
        except AccessError as error:
            if error.code == "player_not_found":
                raise Conflict(error.message, **error.codes) from None
            raise

    def _admin_url(self, player_id: str) -> str:
        if not player_id.strip("."):  # . and .. would change the URL's path
            raise AccessError(f"id: {player_id!r} is not a valid player id")
        return f"{self.url}/admin/players/{quote(player_id, safe='')}"

    def _normalize(self, player: dict[str, t.Any]) -> dict[str, t.Any]:
        return {"id": player["id"], "alias": player.get("alias"), "enabled": player.get("enabled")}


class PlayerResource:
    """One player. Only the alias is compared: no read returns the e-mail address."""

    kind = "player"

    def __init__(self, playlyfe: Playlyfe, params: t.Mapping[str, t.Any]) -> None:
        self._playlyfe = playlyfe
        self._params = params
        #: The platform's error for an unknown id.
        self._missing = NotFound("")
        self.name: str = params["id"]
        self.label = f"player {self.name!r}"

    def read(self) -> State:
        try:
            return self._playlyfe.get_player(self._params["id"])
        except NotFound as error:
            self._missing = error
            return None

    def desired(self, current: State) -> State:
        if self._params["state"] == "absent":
            return None
        alias = self._params["alias"]
        if current is None:
            if alias is None:
                raise NotFound("it does not exist, and alias is required to create it", **self._missing.codes)
            return {"id": self._params["id"], "alias": alias, "enabled": True}
        return current if alias is None else {**current, "alias": alias}

    def write(self, current: State, desired: State) -> State:
        player_id = self._params["id"]
        if desired is None:
            self._playlyfe.delete_player(player_id)
        elif current is None:
            self._playlyfe.create_player(player_id, desired["alias"], self._params["email"])
        else:
            self._playlyfe.rename_player(player_id, desired["alias"], self._params["email"])
        return self.read()

    def redacted(self, state: dict[str, t.Any]) -> dict[str, t.Any]:
        return state


def export_players(access: Access[Playlyfe], _users: t.Sequence[str]) -> t.Iterator[Exported]:
    """Export all players, sorted by id. No read returns the e-mail address."""
    for player in sorted(access.client.list_players(), key=lambda found: str(found["id"])):
        label = f"player {player['id']!r}"
        if not player["id"].strip("."):
            yield Exported(None, f"{label} has an id that cannot be part of a URL")
            continue
        note = f"{label} is disabled" if player["enabled"] is False else ""
        yield Exported({"id": player["id"], **({} if player["alias"] is None else {"alias": player["alias"]})}, note)


PLAYLYFE = Platform(
    name="playlyfe",
    title="Playlyfe",
    client=Playlyfe,
    issuer=PlaylyfeTokens,
    responses=PlaylyfeResponses,
    options={
        "url": {"type": "str", "default": "https://api.playlyfe.com/v2", "fallback": from_env("PLAYLYFE_URL")},
        "auth_url": {"type": "str", "default": "https://playlyfe.com", "fallback": from_env("PLAYLYFE_AUTH_URL")},
        "client_id": {"type": "str", "fallback": from_env("PLAYLYFE_CLIENT_ID")},
        "client_secret": {"type": "str", "no_log": True, "fallback": from_env("PLAYLYFE_CLIENT_SECRET")},
        "token_placement": {"type": "str", "choices": ["query", "header"], "default": "query", "no_log": False},
    },
    credentials=("client_id", "client_secret"),
    role="playlyfe_access",
    manifest={
        "players": ManifestList(
            "playlyfe_player",
            ("id", "alias", "email", "state"),
            required=("id",),
            export=export_players,
            prunes="players that the manifest does not name",
        )
    },
    hints={
        401: "Check client_id and client_secret",
        403: "The client lacks a scope: managing players requires the admin scope, which is set in Playlyfe's console",
        404: "Check url",
        "client_auth_fail": "Check client_id and client_secret",
        "plan_limit_exceeded": "The plan's quota of API calls is exhausted (plan_limit_exceeded): wait until it is "
        "renewed, or ask Playlyfe to raise it",
        "player_limit_exceeded": "The plan does not allow more players (player_limit_exceeded)",
    },
    login_hints={404: "Check auth_url", "route_not_found": "Check auth_url"},
    quota_codes=("plan_limit_exceeded", "player_limit_exceeded"),
)
