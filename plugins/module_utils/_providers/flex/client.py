# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of Flex's Authentication service (providers.md, section 5)."""

from __future__ import annotations

import dataclasses
import typing as t

from ..._data.schema import Schema
from ..._errors import AccessError, AmbiguousWrite, Conflict, NotFound
from ..._http.models import Request, Response
from ..._oauth2.grants import ClientCredentials, Grant
from ..._oauth2.response import TOKEN_RESPONSE, parse_token
from ..._oauth2.token import Token
from ..._platform.authorized_client import AuthorizedClient
from ..._platform.ensure import State
from ..._platform.issuer import TokenIssuer
from ..._platform.responses import ResponseReader

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


class IncompleteList(AccessError):
    """The platform returned only a part of its applications, which are in ``found``."""

    def __init__(self, message: str, found: list[dict[str, t.Any]]) -> None:
        super().__init__(message)
        self.found = found


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
            request = Request("GET", url, query=form, basic=basic, authenticates=True, requests_token=True)
            body = self.fetch(request, TOKEN_RESPONSE)
        except AccessError as error:
            if error.status != 405:
                raise
            # RFC 6749 requires POST.
            request = dataclasses.replace(request, method="POST", query=None, form=form, repeatable=True)
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
        """Fetch all applications as listed: secrets and descriptions may be missing.

        :raises IncompleteList: if the platform returns only a part of them.
        """
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
            raise IncompleteList(
                f"the list of applications ends after {len(found)} of {total}. Set id to select the application",
                list(found.values()),
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
        """Register an application, and fetch it if the response lacks some of its fields.

        :raises AmbiguousWrite: also if it was registered, but cannot be fetched.
        """
        created = self.fetch(self._request("POST", applicationName=name, description=description), APPLICATION)
        try:
            return self.complete(self._normalize(created))
        except AccessError as error:  # it exists, so this is not a refusal
            raise AmbiguousWrite(error.message, creates=True, **error.codes) from None

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
