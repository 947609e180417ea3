# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exports the users of AudiencePlayer that are named, and their entitlements. The platform does not list its users."""

from __future__ import annotations

import typing as t

from ..._data.values import identity
from ..._errors import AccessError, NotFound
from ..._oauth2.token import iso
from ..._platform.export import Exported
from .entitlements import Entitlement, Holdings
from .reading import choose_reader, prepare_readings, users_per_request
from .users import User

if t.TYPE_CHECKING:
    from ..._platform.access import Access
    from .client import AudiencePlayer


def export_users(access: Access[AudiencePlayer], emails: t.Sequence[str]) -> t.Iterator[Exported]:
    """Export the users with these addresses, sorted by address."""
    if not emails:
        yield Exported(None, "AudiencePlayer does not list its users. Set users (export_users) to their addresses")
    found: dict[str, dict[str, t.Any]] = {}
    for email in sorted(set(emails)):
        access.budget.reset()
        user = access.client.find_user(email)
        if user is None:
            yield Exported(None, f"no user has the address {email!r}")
            continue
        first = found.setdefault(identity(email), user)
        if first is user:
            yield Exported({"user_email": email, **({"user_name": user["name"]} if user["name"] else {})})
        elif first["id"] != user["id"]:
            yield Exported(
                None,
                f"user {user['id']} has the same address as user {first['id']}, except for its spelling: {email!r}",
            )


def export_entitlements(access: Access[AudiencePlayer], emails: t.Sequence[str]) -> t.Iterator[Exported]:
    """Export the current entitlements of the users with these addresses, sorted by address.

    :raises AccessError: if the entitlements of a user cannot be read completely.
    """
    users = [User(None, email) for email in sorted(set(emails))]
    access.store.open()  # before it is shared
    choose_reader(access, len(users))
    size = users_per_request(access)
    exported: set[str] = set()
    for start in range(0, len(users), size):
        # Its own secrets, which are discarded with it: a run may handle thousands of tokens.
        batch_access = access.for_thread()
        try:
            for user, holdings in _fetch_batch(batch_access, users[start : start + size]):
                if identity(user.label) not in exported:
                    exported.add(identity(user.label))
                    yield from _current(user, holdings, access.clock.now())
        except AccessError as error:
            raise error.with_message(batch_access.secrets.scrub(error.message)) from None


def _fetch_batch(access: Access[AudiencePlayer], users: t.Sequence[User]) -> t.Iterator[tuple[User, Holdings]]:
    """Fetch the entitlements of users who exist."""
    for reading in prepare_readings(access, users, complete=True):
        access.budget.reset()
        try:
            yield reading.user, reading.fetch()
        except NotFound:
            continue
        except AccessError as error:
            raise error.with_context(reading.user.label) from None


def _current(user: User, holdings: Holdings, now: float) -> t.Iterator[Exported]:
    """The entitlements that a manifest can grant. Those that have ended are left out."""
    for kind in ("product", "subscription"):
        for number in sorted({item[f"{kind}_id"] for item in (holdings or {}).get(f"{kind}s", [])}):
            entitlement = Entitlement(user, kind, number, True, None, False)
            held = entitlement.find_holding(holdings, now)
            item = {"user_email": user.email, f"{kind}_id": number}
            if held.present and kind == "product":
                yield Exported(item)  # its expiry is set in the product itself
            elif held.until and held.until.timestamp() > now:
                yield Exported({**item, "expires_at": iso(held.until.timestamp())})
            elif held.present and not held.until:
                yield Exported(None, f"{entitlement.label} does not end, and a manifest requires expires_at")
