# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the applications that a manifest does not name."""

from __future__ import annotations

import typing as t

from ..._errors import AccessError
from .client import IncompleteList
from .retiring import find_retiring, looks_retiring

if t.TYPE_CHECKING:
    from ..._platform.access import Access
    from .client import Flex


def find_candidates(
    access: Access[Flex], names: t.Collection[str], ids: t.Collection[int]
) -> tuple[dict[str, dict[str, t.Any]], list[str]]:
    """The applications to remove, by their labels, and the labels of the retiring registrations that are removed
    together with them.

    :raises AccessError: if the platform does not list all applications.
    """
    try:
        listed = access.client.list_applications()
    except IncompleteList as error:
        message = error.message.partition(". ")[0]
        raise AccessError(f"{message}, so nothing is pruned. Run again, or remove prune from the manifest") from None
    found = [
        application
        for application in listed
        if application["name"] not in names and application["id"] not in ids and not looks_retiring(application)
    ]
    found_ids = {application["id"] for application in found}
    kept = {application["name"] for application in listed if application["id"] not in found_ids}
    removed = {application["name"] for application in found} - kept
    return (
        {_label(item["id"], item["name"]): {"id": item["id"], "name": item["name"]} for item in found},
        [_label(item.id, item.name) for item in find_retiring(listed, removed, access.clock.now())],
    )


def _label(application_id: int, name: str) -> str:
    return f"{name!r} (id {application_id})"
