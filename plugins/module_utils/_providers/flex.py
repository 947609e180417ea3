# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Flex Media Platform: its Authentication service (providers.md, section 5)."""

from __future__ import annotations

import dataclasses
import typing as t

from .._data.schema import Schema
from .._errors import AccessError, Conflict, NotFound
from .._http.models import Request, Response
from .._oauth2.grants import ClientCredentials, Grant
from .._oauth2.response import TOKEN_RESPONSE, parse_token
from .._oauth2.token import Token
from .._platform.authorized_client import AuthorizedClient
from .._platform.declaration import ManifestList, Platform
from .._platform.ensure import State
from .._platform.issuer import TokenIssuer
from .._platform.options import from_env
from .._platform.responses import ResponseReader
from ._flex_export import export_applications

_DEFAULT_LIFETIME = 3599  # seconds, if a response does not state it (5.3)
_LISTS = ("applications", "items", "content", "data")

_TOTALS = {"totalCount": {"type": "integer"}, "totalElements": {"type": "integer"}}
_ID = {"type": ["integer", "string"], "pattern": "^[0-9]+$"}
_TEXT = {"type": ["string", "null"]}
_APPLICATION: dict[str, t.Any] = {
    "type": "object",
    "properties": {
        "id": _ID,
        "applicationName": {"type": "string"},
        "description": _TEXT,
        "clientId": _TEXT,
        "clientSecret": _TEXT,
        "secret": _TEXT,
    },
    "required": ["id", "applicationName"],
}
APPLICATION = Schema(_APPLICATION)
#: A bare list or a list below a key: the documentation does not state which (5.6).
APPLICATIONS = Schema(
    {
        "if": {"type": "array"},
        "then": {"items": _APPLICATION},
        "else": {
            "type": "object",
            "properties": {
                **{key: {"type": "array", "items": _APPLICATION} for key in _LISTS},
                **_TOTALS,
            },
            "anyOf": [{"required": [key]} for key in _LISTS],
        },
    }
)


class FlexResponses(ResponseReader):
    """The main API reports errors below ``errors`` whatever the status (5.5), and the Authentication service may do the
    same.
    """

    def find_error(self, response: Response) -> AccessError | None:
        error = super().find_error(response)
        if (
            error is None
            and response.body[:64].lstrip().startswith(b"{")
            and (b'"errors"' in response.body or b'"error"' in response.body)
        ):
            try:
                body = response.json()
            except ValueError:
                return None
            if body.get("errors") or (body.get("error") and "access_token" not in body):
                return self.make_error(response)
        return error


class FlexTokens(TokenIssuer):
    """The client credentials grant of the Authentication service (5.3)."""

    identity_options = ("token_path",)

    def grant(self) -> ClientCredentials:
        return ClientCredentials(*self.require("client_id", "client_secret"))

    def obtain(self, grant: Grant) -> Token:
        url = f"{self.url}/{self.params['token_path'].lstrip('/')}"
        form, basic = t.cast(ClientCredentials, grant).form, (grant.principal, grant.secret)
        try:
            body = self.fetch(Request("GET", url, query=form, basic=basic, authenticates=True), TOKEN_RESPONSE)
        except AccessError as error:
            if error.status != 405:
                raise
            request = Request(
                "POST", url, form=form, basic=basic, authenticates=True, repeatable=True
            )  # RFC 6749 requires POST
            body = self.fetch(request, TOKEN_RESPONSE)
        return parse_token(body, self.session.clock.now(), _DEFAULT_LIFETIME)


class Flex(AuthorizedClient):
    """Manages the registered OAuth applications (5.2)."""

    def _request(self, method: str, path: str = "", **body: t.Any) -> Request:
        return Request(
            method,
            f"{self.url}/api/authentication/applications{path}",
            headers={"X-App-Registration-Key": self.require("registration_key")},
            json=body or None,
            creates=method == "POST",  # names are not unique (5.2)
            reject_html=method in ("PUT", "DELETE"),
        )

    def find_application(self, application_id: int) -> State:
        """Fetch an application with its secret; None if it does not exist."""
        try:
            return self.get_application(application_id)
        except NotFound:
            return None

    def get_application(self, application_id: int) -> dict[str, t.Any]:
        """Fetch an application with its secret.

        :raises NotFound: if it does not exist.
        """
        try:
            response = self.send(self._request("GET", f"/{application_id}"))
        except AccessError as error:
            if error.status in (404, 410):
                raise NotFound(error.message, **error.codes) from None
            raise
        if response.body.strip() in (b"", b"null"):
            raise NotFound("the response is empty", status=response.status)
        return self._normalize(self.responses.validate(response, APPLICATION))

    def list_applications(self) -> list[dict[str, t.Any]]:
        """Fetch all applications as listed: secrets and descriptions may be missing."""
        request = self._request("GET", "/")
        found, total, uses_spring = self._fetch_page(request)
        size = len(found) or 1
        # Paging is not documented. With a total in Spring's format, use Spring's parameters; otherwise, two forms are
        # in use on this platform (5.5).
        forms = (
            [{"query": f"page={{1}}&size={size}"}]
            if uses_spring
            else [{"query": "offset={0}&limit=100"}, {"path": ";offset={0};limit=100"}]
        )
        for form in forms:
            previous = -1
            while previous < len(found) < total:
                previous = len(found)
                suffix = {key: value.format(previous, previous // size) for key, value in form.items()}
                page, total, _uses_spring = self._fetch_page(
                    dataclasses.replace(request, url=request.url + suffix.get("path", ""), query=suffix.get("query")),
                )
                found.update(page)
        if len(found) < total:
            raise AccessError(
                f"the list of applications ends after {len(found)} of {total}. Set id to select the application"
            )
        return list(found.values())

    def _fetch_page(self, request: Request) -> tuple[dict[int, dict[str, t.Any]], int, bool]:
        """Fetch one page. Returns its applications by id, the total number, and whether the total is in Spring's
        format.
        """
        body = self.fetch(request, APPLICATIONS)
        if isinstance(body, list):
            items, total, uses_spring = body, 0, False
        else:
            items = next(body[key] for key in _LISTS if key in body)
            uses_spring = "totalElements" in body
            total = body.get("totalElements", body.get("totalCount", 0))
        return {application["id"]: application for application in map(self._normalize, items)}, total, uses_spring

    def complete(self, application: dict[str, t.Any], secret: bool = True) -> dict[str, t.Any]:
        """Complete a listed application: fetch it by id if the list omitted some of its fields (5.6)."""
        required = ("client_id", "description", *(("client_secret",) if secret else ()))
        if all(application[key] is not None for key in required):
            return application
        return self.find_application(application["id"]) or application

    def create_application(self, name: str, description: str) -> dict[str, t.Any]:
        created = self.fetch(self._request("POST", applicationName=name, description=description), APPLICATION)
        return self.complete(self._normalize(created))

    def update_application(self, application_id: int, name: str, description: str) -> State:
        """Update both fields, and fetch the result: the documentation states neither the response to PUT nor whether
        the secret changes.
        """
        self.send(self._request("PUT", f"/{application_id}", applicationName=name, description=description))
        return self.find_application(application_id)

    def delete_application(self, application_id: int) -> None:
        try:
            self.send(self._request("DELETE", f"/{application_id}"))
        except AccessError as error:
            if error.status in (404, 410):  # deleted by another process, or the URL is wrong
                raise Conflict(error.message, **error.codes) from None
            raise

    def _normalize(self, item: dict[str, t.Any]) -> dict[str, t.Any]:
        secret = item.get("clientSecret") or item.get("secret") or None
        self.session.secrets.add(secret)
        return {
            "id": int(item["id"]),
            "name": item["applicationName"],
            "description": item.get("description"),
            "client_id": item.get("clientId"),
            "client_secret": secret,
        }


class ApplicationResource:
    """One registered application, found by id or, without an id, by name."""

    kind = "application"

    def __init__(self, flex: Flex, params: t.Mapping[str, t.Any]) -> None:
        self._flex = flex
        self._id: int | None = params["id"]
        self._name: str | None = params["name"]
        self._description: str | None = params["description"]
        self._absent = params["state"] == "absent"
        self._rotate = self.rotates = params["rotate_secret"]
        #: The application that rotation replaces. It is kept here, because for a while the platform may have neither
        #: the old nor the new one.
        self._old: dict[str, t.Any] = {}
        #: Ids that are not the new application: the old one, which a list may still contain after its deletion, and,
        #: if that was selected by id, others with the same name.
        self._ignored: set[int] = set()
        #: The name of an application that was found by id.
        self._found_name = ""
        #: The platform's error for an unknown id.
        self._missing = NotFound("")
        if self._name == "":
            raise AccessError("name must not be empty")
        self.label = f"application {self._name!r}" if self._name else f"application {self._id}"
        if self._description == "" and not self._absent:
            raise AccessError(f"{self.label}: description must not be empty, because the platform requires one")

    @property
    def name(self) -> str:
        return self._name or self._found_name or str(self._id)

    def read(self) -> State:
        if self._id is not None and self._id not in self._ignored:
            try:
                found = self._flex.get_application(self._id)
                self._found_name = found["name"]
                return found
            except NotFound as error:
                self._missing = error
                if not self._old:
                    return None
        name = self._name or self._old.get("name")
        named = [
            found
            for found in self._flex.list_applications()
            if found["name"] == name and found["id"] not in self._ignored
        ]
        if len(named) > 1:
            ids = ", ".join(str(application["id"]) for application in named)
            raise AccessError(f"{len(named)} applications have this name. Set id to select one of them: {ids}")
        return self._flex.complete(named[0]) if named else None

    def desired(self, current: State) -> State:
        if self._absent:
            return None
        if current and self._rotate and not self._old:
            self._old = current
        if current and not self._is_old(current):
            description = current["description"] if self._description is None else self._description
            return {**current, "name": self._name or current["name"], "description": description}
        if self._id is not None and not self._old:
            message = "no application has this id. To register one, set name and description instead of id"
            raise NotFound(message, **self._missing.codes)
        name = self._name or self._old.get("name")
        description = self._old.get("description") if self._description is None else self._description
        if description is None:
            raise AccessError("it does not exist, and description is required to register it")
        return {"id": None, "name": name, "description": description, "client_id": None, "client_secret": None}

    def _is_old(self, current: dict[str, t.Any]) -> bool:
        return bool(self._old) and all(current[key] == self._old[key] for key in ("id", "client_id"))

    def write(self, current: State, desired: State) -> State:
        if desired is None:
            self._flex.delete_application(t.cast("dict[str, t.Any]", current)["id"])
            return None
        if current and not self._is_old(current):
            return self._flex.update_application(current["id"], desired["name"], desired["description"])
        if current:
            if self._id is not None:
                self._ignored = {
                    other["id"] for other in self._flex.list_applications() if other["name"] == desired["name"]
                } - {self._id}
            self._flex.delete_application(current["id"])
        if self._old:
            self._ignored.add(self._old["id"])
        try:
            return self._flex.create_application(desired["name"], desired["description"])
        except AccessError as error:
            if not self._old:
                raise
            raise error.with_message(
                f"{error.message}. The old registration (id {self._old['id']}) has already been deleted. "
                f"Run again with name: {desired['name']!r} and description: {desired['description']!r}"
            ).after_change() from None

    def redacted(self, state: dict[str, t.Any]) -> dict[str, t.Any]:
        return {key: state[key] for key in ("id", "name", "description", "client_id")}


FLEX = Platform(
    name="flex",
    title="Flex Media Platform",
    client=Flex,
    issuer=FlexTokens,
    responses=FlexResponses,
    options={
        "url": {"type": "str", "fallback": from_env("FLEX_URL")},
        "registration_key": {"type": "str", "no_log": True, "fallback": from_env("FLEX_REGISTRATION_KEY")},
        "client_id": {"type": "str", "fallback": from_env("FLEX_CLIENT_ID")},
        "client_secret": {"type": "str", "no_log": True, "fallback": from_env("FLEX_CLIENT_SECRET")},
        "token_path": {"type": "str", "default": "/oauth/token", "no_log": False},
    },
    credentials=("url", "registration_key"),
    role="flex_application",
    manifest={
        "applications": ManifestList(
            "flex_oauth_app",
            ("name", "description", "id", "state"),
            required=("name",),
            export=export_applications,
            prunes="applications that the manifest does not name",
        )
    },
    hints={
        401: "Check registration_key, or client_id and client_secret",
        403: "Check registration_key and the application's permissions",
        404: "Check url",
    },
    login_hints={404: "Check url and token_path"},
)
