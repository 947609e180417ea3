# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads users' entitlements with the client's credentials, many users in one document, without any login."""

from __future__ import annotations

import typing as t

from ..._errors import AccessError, NotFound
from .documents import Listing, field
from .graphql import Answers
from .lists import HOLDING_LISTS, PAGE_SIZE, Items
from .schemas import ID

if t.TYPE_CHECKING:
    from .client import AudiencePlayer
    from .users import User


class ClientOutcome(t.NamedTuple):
    """A user's entitlements, or why they could not be read; and the user's id, if the platform reports it. ``denied``:
    the platform denies the client the entitlements of this user.
    """

    found: dict[str, Items] | AccessError
    number: int | None = None
    denied: bool = False


class ClientReader:
    """Reads users with ``ClientUser``."""

    def __init__(self, client: AudiencePlayer, listings: t.Mapping[str, Listing], complete: bool) -> None:
        """``listings`` are those of ``ClientUser``, by kind. ``complete``: fail if a list has fewer items than its own
        total.
        """
        self._client = client
        self._graphql = client.graphql
        self._listings = listings
        self._complete = complete

    def read(self, users: t.Sequence[User]) -> dict[User, ClientOutcome]:
        """Read users. Those whose outcome is unclear are read again in halves, finally one by one."""
        size = self._graphql.max_fields(len(users))
        if size < len(users):
            outcomes: dict[User, ClientOutcome] = {}
            for start in range(0, len(users), size):
                outcomes.update(self.read(users[start : start + size]))
            return outcomes
        aliases = {f"u{number}": user for number, user in enumerate(users)}
        try:
            answers = self._graphql.query({alias: self._field(alias, user) for alias, user in aliases.items()})
        except AccessError as error:
            return dict.fromkeys(users, ClientOutcome(error))
        return self._read_answers(aliases, answers)

    def _field(self, alias: str, user: User, offsets: t.Mapping[str, int] | None = None) -> str:
        """The field that reads a user's lists, from these offsets if they are given."""
        who = {"email": user.email} if user.id is None else {"id": user.id}
        arguments = {**self._graphql.client_arguments(), **who}
        wanted = dict.fromkeys(HOLDING_LISTS, 0) if offsets is None else offsets
        lists = [self._list_field(kind, offset) for kind, offset in wanted.items()]
        return field("ClientUser", arguments, " ".join(("id", *lists)), alias)

    def _list_field(self, kind: str, offset: int) -> str:
        listing, wanted = self._listings[kind], HOLDING_LISTS[kind]
        if not listing.paged:
            return field(listing.name, {}, wanted.selection, kind)
        return field(listing.name, {"limit": PAGE_SIZE, "offset": offset}, wanted.select_page(), kind)

    def _read_answers(self, aliases: t.Mapping[str, User], answers: Answers) -> dict[User, ClientOutcome]:
        unclear = [] if self._explains_nulls(answers) else answers.unclear
        if len(unclear) == len(aliases) and answers.error and self._is_refused(answers.error):
            return dict.fromkeys(aliases.values(), ClientOutcome(answers.error))
        outcomes = {
            user: self._read_answer(alias, user, answers) for alias, user in aliases.items() if alias not in unclear
        }
        if any(isinstance(outcome.found, NotFound) for outcome in outcomes.values()) and not any(
            isinstance(outcome.found, dict) for outcome in outcomes.values()
        ):
            outcomes = self._confirm_missing(outcomes)
        if len(unclear) == 1 == len(aliases):
            error = answers.error or AccessError("the platform did not report the user", status=answers.status)
            return {aliases[unclear[0]]: ClientOutcome(error)}
        users = [aliases[alias] for alias in unclear]
        half = len(users) if len(users) < len(aliases) else len(users) // 2
        for part in (users[:half], users[half:]):
            outcomes.update(self.read(part) if part else {})
        return outcomes

    @staticmethod
    def _explains_nulls(answers: Answers) -> bool:
        """Whether every null in a response is a user who does not exist, although no error says which."""
        return answers.codes == {404} and not set(answers.unclear) - set(answers.data)

    def _is_refused(self, error: AccessError) -> bool:
        """Whether an error that names no field concerns the client or the project, and thus every user."""
        if error.code == 404:
            try:
                self._client.confirm_project()
            except AccessError:
                return True
        return error.code in (401, 403) and not self._client.issuer.client_works()

    def _confirm_missing(self, outcomes: dict[User, ClientOutcome]) -> dict[User, ClientOutcome]:
        """No user of a document exists: that may be due to a wrong project."""
        try:
            self._client.confirm_project()
        except AccessError as error:
            return {
                user: ClientOutcome(error) if isinstance(outcome.found, NotFound) else outcome
                for user, outcome in outcomes.items()
            }
        return outcomes

    def _read_answer(self, alias: str, user: User, answers: Answers) -> ClientOutcome:
        failure = answers.failed.get(alias)
        if failure and failure.code != 404:
            return ClientOutcome(failure, denied=failure.code in (401, 403))
        if failure or answers.data[alias] is None:
            codes = failure.codes if failure else {"status": answers.status, "code": 404}
            return ClientOutcome(NotFound("there is no such user", **codes))
        try:
            return self._read_lists(alias, user, answers)
        except AccessError as error:
            return ClientOutcome(error)

    def _read_lists(self, alias: str, user: User, answers: Answers) -> ClientOutcome:
        """Read a user's lists, and their further pages.

        :raises AccessError: if they are invalid, or a further page cannot be read.
        """
        found: dict[str, Items] = {kind: [] for kind in HOLDING_LISTS}
        incomplete = list(HOLDING_LISTS)
        number = self._read_number(alias, answers)
        while True:
            incomplete = [kind for kind in incomplete if self._add_page(alias, kind, found[kind], answers)]
            if not incomplete:
                return ClientOutcome(found, number)
            offsets = {kind: len(found[kind]) for kind in incomplete}
            alias = "u0"
            answers = self._graphql.query({alias: self._field(alias, user, offsets)})
            if answers.error:
                raise answers.error

    def _read_number(self, alias: str, answers: Answers) -> int | None:
        user = answers.data[alias]
        number = user.get("id") if isinstance(user, dict) else None
        problems = [] if number is None else ID.problems(number, f"data.{alias}.id")
        if problems:
            raise self._graphql.responses.invalid_response(answers.response, problems)
        return None if number is None else int(number)

    def _add_page(self, alias: str, kind: str, found: Items, answers: Answers) -> bool:
        """Add one page to a list. Returns whether there is another page."""
        responses, response, wanted = self._graphql.responses, answers.response, HOLDING_LISTS[kind]
        user = answers.data.get(alias)
        value = user.get(kind) if isinstance(user, dict) else None
        page: t.Any = value if self._listings[kind].paged else {"items": value}
        place = f"data.{alias}.{kind}"
        problems = wanted.schema.problems(page, place)
        if not problems and page["items"] is None:  # an error that names no field; the user may well have some
            problems = [f"{place}: must be a list"]
        if problems:
            raise responses.invalid_response(response, problems)
        return wanted.add_page(found, page, place, responses, response, self._complete)
