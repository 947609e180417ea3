# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One frontend user, to be created or updated."""

from __future__ import annotations

import typing as t

from ..._errors import AccessError
from ..._platform.ensure import State
from .client import AudiencePlayer
from .profiles import differs, given_profile, profile_arguments
from .users import User


class UserResource:
    """One frontend user, found by e-mail address."""

    kind = "user"

    def __init__(self, platform: AudiencePlayer, params: t.Mapping[str, t.Any]) -> None:
        self._platform = platform
        self._params = params
        self._profile = given_profile(params["profile"])
        self.name: str = User.of(params).label
        self.label = f"user {self.name}"
        self.key = platform.user_key(params["user_email"])

    def read(self) -> State:
        return self._platform.find_user(self._params["user_email"], self._profile)

    def desired(self, current: State) -> State:
        state = current or {"id": None, "email": self._params["user_email"], "name": None}
        name = self._params["user_name"]
        state = state if name is None else {**state, "name": name}
        if not self._profile:
            return state
        known = state.get("profile") or {}
        changed = {key: value for key, value in self._profile.items() if differs(key, value, known.get(key))}
        return {**state, "profile": {**known, **changed}}

    def write(self, current: State, desired: State) -> State:
        is_new = current is None
        if current is None:
            self._platform.create_user(
                self._params["user_email"], self._params["user_name"], self._params["user_locale"]
            )
            current = self.read()
        changes = self._changes(current) if current else {}
        if current and changes:
            try:
                self._platform.update_user(current["id"], changes)
            except AccessError as error:
                raise error.after_change(is_new) from None
            current = self.read()
        return current

    def _changes(self, current: dict[str, t.Any]) -> dict[str, t.Any]:
        """The arguments that update a user who exists."""
        name, known = self._params["user_name"], current.get("profile") or {}
        renamed = {} if name in (None, current["name"]) else {"name": name}
        return {
            **renamed,
            **profile_arguments(
                {key: value for key, value in self._profile.items() if differs(key, value, known.get(key))}
            ),
        }

    def redacted(self, state: dict[str, t.Any]) -> dict[str, t.Any]:
        return state
