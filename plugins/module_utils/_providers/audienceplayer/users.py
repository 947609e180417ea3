# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, identified by id or e-mail address."""

from __future__ import annotations

import typing as t

from ..._data.values import identity
from ..._errors import AccessError

if t.TYPE_CHECKING:
    from ..._data.rows import Item


class User(t.NamedTuple):
    """A user, identified by id or e-mail address."""

    id: int | None
    email: str | None

    @classmethod
    def of(cls, options: t.Mapping[str, t.Any]) -> User:
        """The user that the options identify.

        :raises AccessError: if the address is empty.
        """
        email = options.get("user_email")
        if email == "":
            raise AccessError("user_email must not be empty")
        return cls(options.get("user_id"), email)

    @property
    def label(self) -> str:
        return self.email or f"user {self.id}"

    @property
    def arguments(self) -> dict[str, t.Any]:
        return {"user_id": self.id} if self.id is not None else {"user_email": self.email}


def check_users(items: t.Iterable[Item], _now: float) -> t.Iterator[str]:
    """Yield the problems of users. Two spellings of one address must not have different names, which would replace each
    other on every run.
    """
    first: dict[str, Item] = {}
    for item in items:
        if item.problem:
            yield item.place.prefix(item.problem)
            continue
        other = first.setdefault(identity(item.options["user_email"]), item)
        differing = [
            name
            for name in ("user_name", "user_locale", "profile")
            if None not in (pair := {item.options[name], other.options[name]}) and len(pair) > 1
        ]
        if differing:
            yield (
                f"{item.place}: conflicts with {other.place}: the same user has a different "
                f"{' and '.join(differing)} there"
            )
