# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the entitlements of many users: with a login for each of them, or with the client's credentials, many users a
request, if the platform's schema allows that.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ..._errors import AccessError, NotFound
from ..._oauth2.grants import Grant
from .client_reading import ClientOutcome, ClientReader
from .introspection import Introspection
from .users import User

if t.TYPE_CHECKING:
    from ..._platform.access import Access
    from .client import AudiencePlayer
    from .documents import Listing
    from .lists import Items

#: The option of the modules that read many users.
READ_OPTIONS: dict[str, dict[str, t.Any]] = {
    "read_with": {"type": "str", "choices": ["auto", "user", "client"], "default": "auto"},
}
T = t.TypeVar("T")
_BATCH_SIZE = 20  # users, for modules without batch_size


class Reading(t.Protocol):
    """One user, whose entitlements are about to be read, or have been read already."""

    user: User

    @property
    def has_failed(self) -> bool:
        """Whether it is known already that :meth:`fetch` fails."""

    @property
    def number(self) -> int | None:
        """The user's id on the platform, if it reports it. Known once the user has been read."""

    def fetch(self) -> dict[str, Items]:
        """Fetch the user's ``products`` and ``subscriptions``. This never creates a user.

        :raises NotFound: if the user does not exist.
        """


@dataclasses.dataclass
class LoginReading:
    """Reads a user with the user's own token. ``failure`` is why the login failed, if it did."""

    user: User
    client: AudiencePlayer
    grant: Grant
    failure: AccessError | None
    complete: bool

    @property
    def has_failed(self) -> bool:
        return self.failure is not None

    @property
    def number(self) -> int | None:
        return t.cast("int | None", (self.client.tokens.get(self.grant).details.get("user") or {}).get("id"))

    def fetch(self) -> dict[str, Items]:
        return self.client.fetch_holdings(self.grant, self.failure, complete=self.complete)


@dataclasses.dataclass
class ClientReading:
    """A user who has been read with the client's credentials."""

    user: User
    outcome: ClientOutcome

    @property
    def has_failed(self) -> bool:
        return isinstance(self.outcome.found, AccessError)

    @property
    def number(self) -> int | None:
        return self.outcome.number

    def fetch(self) -> dict[str, Items]:
        if isinstance(self.outcome.found, AccessError):
            raise self.outcome.found
        return self.outcome.found


def choose_reader(access: Access[AudiencePlayer], users: int) -> None:
    """Determine how this task, which reads so many users, reads their entitlements (option ``read_with``).

    A single user is not worth a question: what an earlier task has found out is used.

    :raises AccessError: if they are to be read with the client's credentials, which the platform does not allow.
    """
    capabilities, mode = access.client.graphql.capabilities, access.params.get("read_with") or "auto"
    if not users or mode == "user":
        return
    introspection = Introspection(access.client)
    listings = introspection.remembered()
    if (mode == "client" and not listings) or (listings is None and users > 1):
        access.budget.reset()
        try:
            listings = introspection.find(again=mode == "client")
        except AccessError:
            if mode == "client":
                raise
    capabilities.listings = listings or None
    if mode == "client" and not listings:
        raise AccessError(
            "read_with: the platform does not allow entitlements to be read with the client's credentials (its schema "
            "has no products and subscriptions in ClientUser, or cannot be introspected). Set read_with to auto or user"
        )


def users_per_request(access: Access[AudiencePlayer]) -> int:
    """The number of users to prepare at a time."""
    graphql = access.client.graphql
    requested = access.params.get("batch_size") or _BATCH_SIZE
    return graphql.max_fields(requested, authenticates=graphql.capabilities.listings is None)


def prepare_readings(
    access: Access[AudiencePlayer], users: t.Sequence[User], *, complete: bool = False
) -> list[Reading]:
    """Read users with the client's credentials or, if that is not possible, log them in together.

    ``complete``: fail if a list has fewer items than its own total.
    """
    client, listings = access.client, access.client.graphql.capabilities.listings
    outcomes = _read_as_client(access, users, listings, complete) if listings else {}
    grants = {user: client.issuer.user_grant(user) for user in users if user not in outcomes}
    failures = client.tokens.get_many(grants.values()) if grants else {}
    return [
        ClientReading(user, outcomes[user])
        if user in outcomes
        else LoginReading(user, client, grants[user], failures.get(grants[user]), complete)
        for user in users
    ]


def _read_as_client(
    access: Access[AudiencePlayer], users: t.Sequence[User], listings: t.Mapping[str, Listing], complete: bool
) -> dict[User, ClientOutcome]:
    """Read users with the client's credentials. If the platform rejects the query for some of them, these are left out:
    their own tokens may do.
    """
    outcomes = ClientReader(access.client, listings, complete).read(users)
    if access.params.get("read_with") == "client":
        return outcomes
    rejected = {user for user, outcome in outcomes.items() if _is_rejected(outcome)}
    if rejected:
        _confirm_listings(access, len(users), len(rejected))
    return {user: outcome for user, outcome in outcomes.items() if user not in rejected}


def _is_rejected(outcome: ClientOutcome) -> bool:
    """Whether the platform rejected the query, or denies the client this user's entitlements."""
    found = outcome.found
    if not isinstance(found, AccessError) or isinstance(found, NotFound) or found.status is None:
        return False
    code = found.status if found.code is None else found.code
    return outcome.denied or not (isinstance(code, int) and (code in (401, 403, 404, 408, 429) or code >= 500))


def _confirm_listings(access: Access[AudiencePlayer], users: int, rejected: int) -> None:
    """Ask once more whether the schema still allows it, as it may have changed since it was asked. If not one of the
    users could be read, it does not matter what the schema allows.
    """
    capabilities, introspection = access.client.graphql.capabilities, Introspection(access.client)
    found: t.Mapping[str, Listing] = capabilities.listings or {}
    if not capabilities.listings_confirmed:
        capabilities.listings_confirmed = True
        try:
            found = introspection.ask()
        except AccessError:
            found = {}
    if rejected == users:
        found = {}
        if users > 1:
            introspection.remember(found)
    capabilities.listings = found or None


def batches_by_address(
    items: t.Iterable[T], address: t.Callable[[T], str | None], size: int
) -> t.Iterator[tuple[str | None, list[T]]]:
    """Divide items into batches of one forwarded address each. The addresses take turns: requests for different ones
    count against different limits, so that no address has to wait for another.
    """
    groups: dict[str | None, list[T]] = {}
    for item in items:
        groups.setdefault(address(item), []).append(item)
    longest = max(map(len, groups.values()), default=0)
    for start in range(0, longest, size):
        for key, group in list(groups.items()):
            if start < len(group):
                yield key, group[start : start + size]
            else:
                del groups[key]


def address_options(address: str | None) -> dict[str, str]:
    """The options for requests on behalf of an address; without one, those of the task apply."""
    return {"forwarded_for": address} if address else {}
