# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds entitlements that a manifest does not name, of the users that it names."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ..._data.parallel import Job, run_parallel
from ..._data.values import identity
from ..._errors import AccessError, NotFound
from ..._platform.access import Access
from .client import AudiencePlayer
from .entitlements import Entitlement, Holding, check_batching, given_items, parse_entitlements
from .reading import (
    Reading,
    address_options,
    batches_by_address,
    choose_reader,
    prepare_readings,
    users_per_request,
)
from .users import User


@dataclasses.dataclass
class NamedUser:
    """A user as the manifest names them, and the entitlements that it names: ``("product", 444)``."""

    user: User
    entitlements: set[tuple[str, int]] = dataclasses.field(default_factory=set)
    #: The first address that the manifest gives for the user.
    forwarded_for: str | None = None
    #: The user's id on the platform, if it is known, and the entitlements that they have.
    number: int | None = None
    held: list[tuple[str, int]] = dataclasses.field(default_factory=list)


class Unnamed:
    """Finds the entitlements that the options of a module do not name. Each user is read once."""

    def __init__(self, access: Access[AudiencePlayer]) -> None:
        self._access = access
        check_batching(access.params)
        #: By a key that is the same for all spellings of an address.
        self._users: dict[str, NamedUser] = {}
        for email in access.params["users"]:
            self._named(User.of({"user_email": email}))
        for item, _first in parse_entitlements(access, given_items(access)):
            user = self._named(item.user)
            user.entitlements.add((item.kind, item.number))
            user.forwarded_for = user.forwarded_for or item.forwarded_for

    def _named(self, user: User) -> NamedUser:
        return self._users.setdefault(identity(user.label), NamedUser(user))

    def find(self) -> dict[str, dict[str, t.Any]]:
        """The entitlements by label, as items that revoke them.

        :raises AccessError: if one of the users cannot be read completely.
        """
        access, users = self._access, list(self._users.values())
        access.store.open()  # before threads share it
        choose_reader(access, len(users))
        batches = list(batches_by_address(users, lambda user: user.forwarded_for, users_per_request(access)))
        jobs: t.Iterator[Job[None]] = (functools.partial(self._read, *batch) for batch in batches)
        for _done in run_parallel(jobs, min(access.params["concurrency"], len(batches) or 1)):
            pass
        return {
            Entitlement(user, kind, number, False, None, False).label: {
                ("user_email" if user.id is None else "user_id"): user.email if user.id is None else user.id,
                f"{kind}_id": number,
                **address_options(person.forwarded_for),
                "state": "absent",
            }
            for person in self._persons()
            for user, (kind, number) in ((person.user, held) for held in person.held)
            if (kind, number) not in person.entitlements
        }

    def _persons(self) -> list[NamedUser]:
        """The users, each of them once, although the manifest may name them by address in one place and by id in
        another.
        """
        users = list(self._users.values())
        if len({user.user.id is None for user in users}) > 1:
            for user in users:
                if user.held and user.number is None:
                    raise AccessError(
                        f"{user.user.label}: the platform does not report the user's id, so it is unknown whether the "
                        "manifest names the same user by address and by id. Use either user_email or user_id for all "
                        "users"
                    )
        persons: dict[object, NamedUser] = {}
        for key, user in self._users.items():
            person = persons.setdefault(key if user.number is None else user.number, user)
            person.entitlements |= user.entitlements
        return list(persons.values())

    def _read(self, address: str | None, users: list[NamedUser]) -> None:
        """Read the entitlements of users with the same forwarded address."""
        access = self._access.for_thread(**address_options(address))
        try:
            readings = prepare_readings(access, [user.user for user in users], complete=True)
            for user, reading in zip(users, readings):
                access.budget.reset()
                self._read_user(access, user, reading)
        except AccessError as error:
            raise error.with_message(access.secrets.scrub(error.message)) from None

    def _read_user(self, access: Access[AudiencePlayer], user: NamedUser, reading: Reading) -> None:
        try:
            holdings = reading.fetch()
            user.number = reading.number
        except NotFound:
            return
        except AccessError as error:
            raise error.with_context(user.user.label) from None
        now = access.clock.now()
        for kind in ("product", "subscription"):
            numbers = dict.fromkeys(item[f"{kind}_id"] for item in holdings[f"{kind}s"])
            items = (Entitlement(user.user, kind, number, False, None, False) for number in numbers)
            user.held += [
                (kind, item.number) for item in items if _can_be_named(item.find_holding(holdings, now), kind)
            ]


def _can_be_named(held: Holding, kind: str) -> bool:
    """Whether a manifest could grant it. It cannot grant subscriptions without an end, so these are not pruned."""
    return held.present and (kind == "product" or held.until is not None)
