# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AudiencePlayer: users, and what they hold (providers.md, sections 1.4 and 1.5)."""

from __future__ import annotations

import datetime
import typing as t

from ..._data.values import identity
from ..._errors import AccessError, NotFound
from ..._http.models import Response
from ..._oauth2.grants import Grant, SuppliedToken
from ..._platform.client import AuthorizedClient
from ..._platform.ensure import State
from ..._platform.session import Session
from .dates import instant
from .documents import field
from .graphql import GraphQLError
from .schemas import HOLDINGS, USER
from .tokens import AudiencePlayerTokens
from .users import User

if t.TYPE_CHECKING:
    from ..._platform.access import Access

_PAGE = 100
#: The fields that are read of each list of a user's holdings.
_LISTS = {"UserProductList": "product_id is_fulfilled fulfilment_expires_at", "UserSubscriptionList": "subscription_id expires_at is_valid"}


class AudiencePlayer(AuthorizedClient):
    """Reads and writes users, and reads what they hold."""

    issuer: AudiencePlayerTokens

    def __init__(self, session: Session, issuer: AudiencePlayerTokens) -> None:
        super().__init__(session, issuer)
        self.graphql = issuer.graphql

    # --- users (1.4, 1.5) ------------------------------------------------------------------------------------------------

    def user(self, email: str) -> State:
        """A user, or None."""
        query = field("ClientUser", {**self.graphql.client_arguments(), "email": email}, "id email name")
        try:
            response = self.send(self.graphql.request(f"query {{ {query} }}", repeatable=True))
        except AccessError as error:
            if error.code != 404:
                raise
            self._confirm_project()
            return None
        return self._user(response, "ClientUser")

    def user_key(self, email: str) -> str:
        """The same for all spellings of an address that the platform may take for one."""
        return f"user {self.params['project_id']} {identity(email)}"

    def plan_user(self, access: Access[AudiencePlayer], email: str) -> None:
        """In check mode, note that a real run would create a user unless there is one."""
        key = self.user_key(email)
        access.plan(key, access.find_plan(key) or {"id": None, "email": email, "name": None})

    def has_planned_user(self, access: Access[AudiencePlayer]) -> bool:
        """Whether the task's user may be one whom only a real run creates: an earlier task of the same check would."""
        email = self.params.get("user_email")
        return bool(email and access.find_plan(self.user_key(email)))

    def create_user(self, email: str, name: str | None, locale: str | None) -> None:
        """Create a user by logging in as them; the token is kept for who needs it next."""
        wishes = {key: value for key, value in (("user_name", name), ("user_locale", locale)) if value is not None}
        self.tokens.force_new(self.issuer.user_grant(User(None, email), auto_register=True, **wishes))

    def rename_user(self, user_id: int, name: str) -> None:
        mutation = field("ClientUserUpdate", {**self.graphql.client_arguments(), "id": user_id, "name": name}, "id name email")
        self.send(self.graphql.request(f"mutation {{ {mutation} }}", reject_html=True))

    def _user(self, response: Response, name: str) -> State:
        data = self.graphql.responses.data(response)
        if name not in data:
            raise self.responses.invalid_response(response, [f"data: lacks {name}"])
        if data[name] is None:
            return None
        answer = self.graphql.responses.field_of(response, name, USER)
        return {"id": int(answer["id"]), "email": answer["email"], "name": answer.get("name")}

    # --- what a user holds (1.5) ---------------------------------------------------------------------------------------

    def holdings(self, grant: Grant, failure: AccessError | None = None) -> dict[str, list[dict[str, t.Any]]]:
        """A user's ``products`` and ``subscriptions``. Nothing is created by asking.

        ``failure`` is what a login ended with that was tried before.

        :raises NotFound: where there is no such user.
        """
        try:
            if failure:
                raise failure
            self.tokens.get(grant)
            products, subscriptions = self._lists(grant)
        except AccessError as error:
            if error.code != 404:
                raise
            if not isinstance(grant, SuppliedToken) or (self.params["client_id"] and self.params["client_secret"]):
                self._confirm_project()
            raise NotFound("there is no such user", **error.codes) from None
        return {"products": products, "subscriptions": subscriptions}

    def _confirm_project(self) -> None:
        """Tell a missing user from a wrong project, which may be answered alike, by the client's own login. Its token is cached."""
        capabilities = self.graphql.capabilities
        if not capabilities.client_works:
            try:
                self.tokens.get(self.issuer.client_grant())
            except AccessError:
                capabilities.client_works = False
                raise

    def _lists(self, grant: Grant) -> list[list[dict[str, t.Any]]]:
        """Both lists, page by page; whole where the platform does not know the arguments for pages, which nothing documents."""
        found: dict[str, list[dict[str, t.Any]]] = {name: [] for name in _LISTS}
        paged, wanted = True, list(_LISTS)
        while wanted:
            fields = [
                field(name, {"limit": _PAGE, "offset": len(found[name])}, f"items {{ {_LISTS[name]} }} pagination {{ total_count }}")
                if paged
                else field(name, {}, f"items {{ {_LISTS[name]} }}")
                for name in wanted
            ]
            try:
                response = self.send_authorized(self.graphql.request(f"query {{ {' '.join(fields)} }}", repeatable=True, fields=len(fields)), grant)
            except GraphQLError as error:
                if not paged or error.code in (401, 403, 404):
                    raise
                paged, wanted, found = False, list(_LISTS), {name: [] for name in _LISTS}
                continue
            wanted = [name for name in wanted if self._add_page(response, name, found[name]) and paged]
        return list(found.values())

    def _add_page(self, response: Response, name: str, found: list[dict[str, t.Any]]) -> bool:
        """Add one page; says whether there is another."""
        page = self.graphql.responses.field_of(response, name, HOLDINGS)
        items = page["items"] or []
        for index, item in enumerate(items):
            key = "fulfilment_expires_at" if "product_id" in item else "expires_at"
            try:
                found.append(_holding(item, instant(item.get(key))))
            except AccessError:
                raise self.responses.invalid_response(response, [f"data.{name}.items[{index}].{key}: must be a date and time"]) from None
        total = (page.get("pagination") or {}).get("total_count")
        return bool(items) and total is not None and len(found) < total


def _holding(item: dict[str, t.Any], expires_at: datetime.datetime | None) -> dict[str, t.Any]:
    if "product_id" in item:
        return {"product_id": int(item["product_id"]), "is_fulfilled": bool(item["is_fulfilled"]), "expires_at": expires_at}
    return {"subscription_id": int(item["subscription_id"]), "expires_at": expires_at, "is_valid": bool(item["is_valid"])}


class UserResource:
    """One frontend user, found by e-mail address."""

    def __init__(self, platform: AudiencePlayer, params: t.Mapping[str, t.Any]) -> None:
        self._platform = platform
        self._params = params
        self.label = f"user {User.of(params).email}"
        self.key = platform.user_key(params["user_email"])

    def read(self) -> State:
        return self._platform.user(self._params["user_email"])

    def desired(self, current: State) -> State:
        name = self._params["user_name"]
        if current is None:
            return {"id": None, "email": self._params["user_email"], "name": name}
        return current if name is None else {**current, "name": name}

    def write(self, current: State, wanted: State) -> State:
        if current is None:
            self._platform.create_user(self._params["user_email"], self._params["user_name"], self._params["user_locale"])
            current = self.read()
        name = self._params["user_name"]
        if current and name not in (None, current["name"]):
            self._platform.rename_user(current["id"], name)
            current = self.read()
        return current

    def redacted(self, state: dict[str, t.Any]) -> dict[str, t.Any]:
        return state
