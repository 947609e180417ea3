# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AudiencePlayer: users and their entitlements (providers.md, sections 1.4 and 1.5)."""

from __future__ import annotations

import typing as t

from ..._data.values import identity
from ..._errors import AccessError, NotFound
from ..._http.models import Response
from ..._oauth2.grants import Grant, SuppliedToken
from ..._platform.authorized_client import AuthorizedClient
from ..._platform.ensure import State
from ..._platform.session import Session
from .documents import field
from .graphql import GraphQLError
from .lists import HOLDING_LISTS, PAGE_SIZE, Items, ListType
from .logins import AudiencePlayerTokens
from .profiles import parse_profile
from .schemas import USER
from .users import User

if t.TYPE_CHECKING:
    from ..._platform.access import Access


class AudiencePlayer(AuthorizedClient):
    """Reads and writes users, and reads their entitlements."""

    issuer: AudiencePlayerTokens

    def __init__(self, session: Session, issuer: AudiencePlayerTokens) -> None:
        super().__init__(session, issuer)
        self.graphql = issuer.graphql

    # --- users (1.4, 1.5) ---------------------------------------------------------------------------------------------

    def find_user(self, email: str, profile: t.Collection[str] = ()) -> State:
        """Fetch a user, and these fields of the ``profile``, if any; None if they do not exist."""
        selection = " ".join(("id email name", *profile))
        query = field("ClientUser", {**self.graphql.client_arguments(), "email": email}, selection)
        try:
            response = self.send(self.graphql.request(f"query {{ {query} }}", repeatable=True))
        except AccessError as error:
            if error.code != 404:
                raise
            self.confirm_project()
            return None
        return self._parse_user(response, profile)

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

    def update_user(self, user_id: int, changes: t.Mapping[str, t.Any]) -> None:
        """Change the name or fields of the profile."""
        arguments = {**self.graphql.client_arguments(), "id": user_id, **changes}
        mutation = field("ClientUserUpdate", arguments, "id name email")
        self.send(self.graphql.request(f"mutation {{ {mutation} }}", reject_html=True))

    def _parse_user(self, response: Response, profile: t.Collection[str]) -> State:
        data = self.graphql.responses.data(response)
        if "ClientUser" not in data:
            raise self.responses.invalid_response(response, ["data: lacks ClientUser"])
        if data["ClientUser"] is None:
            return None
        user = self.graphql.responses.parse_field(response, "ClientUser", USER)
        found = {"id": int(user["id"]), "email": user["email"], "name": user.get("name")}
        return {**found, "profile": parse_profile(user, profile)} if profile else found

    # --- entitlements (1.5) -------------------------------------------------------------------------------------------

    def fetch_holdings(
        self, grant: Grant, failure: AccessError | None = None, *, complete: bool = False
    ) -> dict[str, Items]:
        """Fetch a user's ``products`` and ``subscriptions`` with the user's token. This never creates a user.

        ``failure`` is the error of an earlier login with the grant. ``complete``: fail if a list has fewer items than
        its own total.

        :raises NotFound: if the user does not exist.
        """
        try:
            if failure:
                raise failure
            return self.fetch_lists(HOLDING_LISTS, grant, complete=complete)
        except AccessError as error:
            if error.code != 404:
                raise
            if not isinstance(grant, SuppliedToken) or (self.params["client_id"] and self.params["client_secret"]):
                self.confirm_project()
            raise NotFound("there is no such user", **error.codes) from None

    def confirm_project(self) -> None:
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

    # --- lists (1.5) --------------------------------------------------------------------------------------------------

    def fetch_lists(self, lists: t.Mapping[str, ListType], grant: Grant, *, complete: bool) -> dict[str, Items]:
        """Fetch lists page by page. The paging arguments are not documented: if the platform rejects them, fetch
        complete lists. ``complete``: fail if a list has fewer items than its own total.
        """
        self.tokens.get(grant)  # so that a failed login is not mistaken for such a rejection
        found: dict[str, Items] = {name: [] for name in lists}
        paged, incomplete = True, list(lists)
        while incomplete:
            fields = [
                field(lists[name].query, {"limit": PAGE_SIZE, "offset": len(found[name])}, lists[name].select_page())
                if paged
                else field(lists[name].query, {}, f"items {{ {lists[name].selection} }}")
                for name in incomplete
            ]
            try:
                response = self.send_authorized(
                    self.graphql.request(f"query {{ {' '.join(fields)} }}", repeatable=True, fields=len(fields)), grant
                )
            except GraphQLError as error:
                if not paged or error.code in (401, 403, 404):
                    raise
                paged, incomplete, found = False, list(lists), {name: [] for name in lists}
                continue
            unfinished = [name for name in incomplete if self._add_page(response, lists[name], found[name], complete)]
            incomplete = unfinished if paged else []
        return found

    def _add_page(self, response: Response, wanted: ListType, found: Items, complete: bool) -> bool:
        """Add one page to a list. Returns whether there is another page."""
        page = self.graphql.responses.parse_field(response, wanted.query, wanted.schema)
        return wanted.add_page(found, page, f"data.{wanted.query}", self.graphql.responses, response, complete)
