# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, identified by id or e-mail address."""

from __future__ import annotations

import typing as t

from ..._data.values import identity
from ..._errors import AccessError

if t.TYPE_CHECKING:
    from ..._data.rows import Item, Place


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
    """Yield the problems of users. Two spellings of one address must not have different names or profiles, which would
    replace each other on every run.
    """
    first: dict[str, dict[str, tuple[Place, t.Any]]] = {}
    for item in items:
        if item.problem:
            yield item.place.prefix(item.problem)
            continue
        known = first.setdefault(identity(item.options["user_email"]), {})
        conflicts: dict[Place, list[str]] = {}
        for name, value in _attributes(item.options):
            other, given = known.setdefault(name, (item.place, value))
            if given != value:
                conflicts.setdefault(other, []).append(name)
        for other, names in conflicts.items():
            yield f"{item.place}: conflicts with {other}: the same user has a different {' and '.join(names)} there"


def _attributes(options: t.Mapping[str, t.Any]) -> t.Iterator[tuple[str, t.Any]]:
    """The attributes of a user that are set, by name; those of the profile as ``profile.city``."""
    profile = {f"profile.{name}": value for name, value in (options["profile"] or {}).items()}
    attributes = {"user_name": options["user_name"], "user_locale": options["user_locale"], **profile}
    return ((name, value) for name, value in attributes.items() if value is not None)
