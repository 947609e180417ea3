# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The users of AudiencePlayer, with their products and subscriptions."""

from __future__ import annotations

from typing import Any

from ...state import format_time, parse_time

User = dict[str, Any]
FIRST_ID = 7000


class Users:
    """The users in the state, completed, and indexed by ID and e-mail address. Raises an error if one is not valid."""

    def __init__(self, users: list[User], now: float) -> None:
        self._users = users
        self._by_id: dict[int, User] = {}
        self._by_email: dict[str, User] = {}
        self._next_id = FIRST_ID
        for user in users:
            self._complete(user, now)
            self._index(user)

    def _complete(self, user: User, now: float) -> None:
        user.setdefault("name", "")
        user.setdefault("password", None)
        user.setdefault("products", [])
        user.setdefault("subscriptions", [])
        for item in (*user["products"], *user["subscriptions"]):
            item["id"] = item.get("id") or self.new_id()
        for item in user["products"]:
            item.setdefault("is_fulfilled", True)
            item.setdefault("fulfilment_expires_at", None)
        for item in user["subscriptions"]:
            item.setdefault("acquired_at", format_time(now))
            item.setdefault("suspended_at", None)
            parse_time(item["expires_at"])  # must be valid

    def _index(self, user: User) -> None:
        self._by_id[int(user["id"])] = user
        self._by_email[user["email"].lower()] = user
        self._next_id = max(self._next_id, int(user["id"]) + 1)

    def new_id(self) -> int:
        """Return an unused ID, for a user, product or subscription."""
        self._next_id += 1
        return self._next_id - 1

    def with_id(self, user_id: int) -> User | None:
        return self._by_id.get(user_id)

    def with_email(self, email: str) -> User | None:
        """Return the user with this address, in any letter case."""
        return self._by_email.get(email.lower())

    def add(self, user: User) -> None:
        self._users.append(user)
        self._index(user)

    def update(self, user: User, changes: dict[str, Any]) -> None:
        if changes.get("email"):
            del self._by_email[user["email"].lower()]
        user |= changes
        self._index(user)

    def remove(self, user: User) -> None:
        self._users.remove(user)
        del self._by_id[int(user["id"])]
        del self._by_email[user["email"].lower()]
