# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exports the applications of Flex Media Platform."""

from __future__ import annotations

import collections
import re
import typing as t

from .._platform.export import Exported

if t.TYPE_CHECKING:
    from .._platform.access import Access

#: The name of a registration that a rotation is replacing.
_RETIRING = re.compile(r".* \(retiring since [0-9T:.Z+-]+\)", re.DOTALL)


def export_applications(access: Access[t.Any], _users: t.Sequence[str]) -> t.Iterator[Exported]:
    """Export all applications, sorted by name. A manifest cannot have two of the same name."""
    listed = sorted(access.client.list_applications(), key=lambda found: (found["name"], found["id"]))
    counts = collections.Counter(found["name"] for found in listed)
    first: dict[str, int] = {}
    for listed_application in listed:
        name, number = listed_application["name"], listed_application["id"]
        if _RETIRING.fullmatch(name):
            yield Exported(None, f"application {number} is retiring: {name!r}")
        elif first.setdefault(name, number) != number:
            yield Exported(None, f"application {number} has the same name as application {first[name]}: {name!r}")
        else:
            access.budget.reset()
            description = access.client.complete(listed_application, secret=False)["description"]
            item = {"name": name, "description": description or None, "id": number if counts[name] > 1 else None}
            yield Exported({option: value for option, value in item.items() if value is not None})
