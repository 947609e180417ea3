# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AudiencePlayer: users and their entitlements (providers.md, sections 1.4 and 1.5)."""

from __future__ import annotations

import datetime
import typing as t

from ..._data.values import identity
from ..._errors import AccessError, NotFound
from ..._http.models import Response
from ..._oauth2.grants import Grant, SuppliedToken
from ..._platform.authorized_client import AuthorizedClient
from ..._platform.ensure import State
from ..._platform.session import Session
from .dates import parse_instant
from .documents import field
from .graphql import GraphQLError
from .logins import AudiencePlayerTokens
from .schemas import HOLDINGS, USER
from .users import User

if t.TYPE_CHECKING:
    from ..._platform.access import Access

_PAGE_SIZE = 100
#: The lists of a user's entitlements, and the fields that are read.
_LISTS = {
    "UserProductList": "product_id is_fulfilled fulfilment_expires_at",
    "UserSubscriptionList": "subscription_id expires_at is_valid",
}


class AudiencePlayer(AuthorizedClient):
    """Reads and writes users, and reads their entitlements."""

    issuer: AudiencePlayerTokens

    def __init__(self, session: Session, issuer: AudiencePlayerTokens) -> None:
        super().__init__(session, issuer)
        self.graphql = issuer.graphql

    # --- users (1.4, 1.5) ---------------------------------------------------------------------------------------------

    def find_user(self, email: str) -> State:
        """Fetch a user; None if they do not exist."""
        query = field("ClientUser", {**self.graphql.client_arguments(), "email": email}, "id email name")
        try:
            response = self.send(self.graphql.request(f"query {{ {query} }}", repeatable=True))
        except AccessError as error:
            if error.code != 404:
                raise
            self._confirm_project()
            return None
        return self._parse_user(response)

    def user_key(self, email: str) -> str:
        """A key that is the same for all spellings of an address that the platform may consider equal."""
        return f"user {self.params['project_id']} {identity(email)}"

    def plan_user(self, access: Access[AudiencePlayer], email: str) -> None:
        """In check mode, record that a real run would create a user, unless an earlier task has recorded it."""
        key = self.user_key(email)
        access.plan(key, access.find_plan(key) or {"id": None, "email": email, "name": None})

    def has_planned_user(self, access: Access[AudiencePlayer]) -> bool:
        """Whether an earlier task of the same check-mode run planned to create this task's user."""
        email = self.params.get("user_email")
        return bool(email and access.find_plan(self.user_key(email)))

    def create_user(self, email: str, name: str | None, locale: str | None) -> None:
        """Create a user by logging in as them. The token is cached for later tasks."""
        registration = {
            key: value for key, value in (("user_name", name), ("user_locale", locale)) if value is not None
        }
        self.tokens.force_new(self.issuer.user_grant(User(None, email), auto_register=True, **registration))

    def rename_user(self, user_id: int, name: str) -> None:
        mutation = field(
            "ClientUserUpdate", {**self.graphql.client_arguments(), "id": user_id, "name": name}, "id name email"
        )
        self.send(self.graphql.request(f"mutation {{ {mutation} }}", reject_html=True))

    def _parse_user(self, response: Response) -> State:
        data = self.graphql.responses.data(response)
        if "ClientUser" not in data:
            raise self.responses.invalid_response(response, ["data: lacks ClientUser"])
        if data["ClientUser"] is None:
            return None
        user = self.graphql.responses.parse_field(response, "ClientUser", USER)
        return {"id": int(user["id"]), "email": user["email"], "name": user.get("name")}

    # --- entitlements (1.5) -------------------------------------------------------------------------------------------

    def fetch_holdings(
        self, grant: Grant, failure: AccessError | None = None, *, complete: bool = False
    ) -> dict[str, list[dict[str, t.Any]]]:
        """Fetch a user's ``products`` and ``subscriptions``. This never creates a user.

        ``failure`` is the error of an earlier login with the grant. ``complete``: fail if a list has fewer items than
        its own total.

        :raises NotFound: if the user does not exist.
        """
        try:
            if failure:
                raise failure
            self.tokens.get(grant)
            products, subscriptions = self._fetch_lists(grant, complete)
        except AccessError as error:
            if error.code != 404:
                raise
            if not isinstance(grant, SuppliedToken) or (self.params["client_id"] and self.params["client_secret"]):
                self._confirm_project()
            raise NotFound("there is no such user", **error.codes) from None
        return {"products": products, "subscriptions": subscriptions}

    def _confirm_project(self) -> None:
        """Log in as the client, and cache the token: a wrong project fails here, although its error may equal that for
        a missing user.
        """
        capabilities = self.graphql.capabilities
        if not capabilities.client_works:
            try:
                self.tokens.get(self.issuer.client_grant())
            except AccessError:
                capabilities.client_works = False
                raise

    def _fetch_lists(self, grant: Grant, complete: bool) -> list[list[dict[str, t.Any]]]:
        """Fetch both lists page by page. The paging arguments are not documented: if the platform rejects them, fetch
        complete lists.
        """
        found: dict[str, list[dict[str, t.Any]]] = {name: [] for name in _LISTS}
        paged, incomplete = True, list(_LISTS)
        while incomplete:
            fields = [
                field(
                    name,
                    {"limit": _PAGE_SIZE, "offset": len(found[name])},
                    f"items {{ {_LISTS[name]} }} pagination {{ total_count }}",
                )
                if paged
                else field(name, {}, f"items {{ {_LISTS[name]} }}")
                for name in incomplete
            ]
            try:
                response = self.send_authorized(
                    self.graphql.request(f"query {{ {' '.join(fields)} }}", repeatable=True, fields=len(fields)), grant
                )
            except GraphQLError as error:
                if not paged or error.code in (401, 403, 404):
                    raise
                paged, incomplete, found = False, list(_LISTS), {name: [] for name in _LISTS}
                continue
            unfinished = [name for name in incomplete if self._add_page(response, name, found[name], complete)]
            incomplete = unfinished if paged else []
        return list(found.values())

    def _add_page(self, response: Response, name: str, found: list[dict[str, t.Any]], complete: bool) -> bool:
        """Add one page to a list. Returns whether there is another page.

        :raises AccessError: if the list must be ``complete``, and ends before its total.
        """
        page = self.graphql.responses.parse_field(response, name, HOLDINGS)
        items = page["items"] or []
        for index, item in enumerate(items):
            key = "fulfilment_expires_at" if "product_id" in item else "expires_at"
            try:
                found.append(_normalize(item, parse_instant(item.get(key))))
            except AccessError:
                raise self.responses.invalid_response(
                    response, [f"data.{name}.items[{index}].{key}: must be a date and time"]
                ) from None
        total = (page.get("pagination") or {}).get("total_count")
        if total is None or len(found) >= total:
            return False
        if complete and not items:
            raise AccessError(f"{name} ends after {len(found)} of {total}", status=response.status)
        return bool(items)


def _normalize(item: dict[str, t.Any], expires_at: datetime.datetime | None) -> dict[str, t.Any]:
    if "product_id" in item:
        return {
            "product_id": int(item["product_id"]),
            "is_fulfilled": bool(item["is_fulfilled"]),
            "expires_at": expires_at,
        }
    return {
        "subscription_id": int(item["subscription_id"]),
        "expires_at": expires_at,
        "is_valid": bool(item["is_valid"]),
    }


class UserResource:
    """One frontend user, found by e-mail address."""

    def __init__(self, platform: AudiencePlayer, params: t.Mapping[str, t.Any]) -> None:
        self._platform = platform
        self._params = params
        self.label = f"user {User.of(params).email}"
        self.key = platform.user_key(params["user_email"])

    def read(self) -> State:
        return self._platform.find_user(self._params["user_email"])

    def desired(self, current: State) -> State:
        name = self._params["user_name"]
        if current is None:
            return {"id": None, "email": self._params["user_email"], "name": name}
        return current if name is None else {**current, "name": name}

    def write(self, current: State, desired: State) -> State:
        if current is None:
            self._platform.create_user(
                self._params["user_email"], self._params["user_name"], self._params["user_locale"]
            )
            current = self.read()
        name = self._params["user_name"]
        if current and name not in (None, current["name"]):
            self._platform.rename_user(current["id"], name)
            current = self.read()
        return current

    def redacted(self, state: dict[str, t.Any]) -> dict[str, t.Any]:
        return state
