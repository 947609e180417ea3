# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removes retiring registrations whose time is up."""

from __future__ import annotations

import dataclasses
import typing as t

from ..._errors import AccessError
from ..._platform.ensure import ensure
from .client import IncompleteList
from .retiring import Registration, Retiring, find_retiring, name_in_plans

if t.TYPE_CHECKING:
    from ..._platform.access import Access
    from .client import Flex

Result = t.Dict[str, t.Any]


def check_options(params: t.Mapping[str, t.Any]) -> None:
    """Reject options that contradict each other.

    :raises AccessError: naming them.
    """
    if (params["retire_after"] or 0) < 0:
        raise AccessError("retire_after must not be negative: it is a number of seconds")
    if params["retire_only"] and (params["rotate_secret"] or params["state"] == "absent"):
        other = "rotate_secret: true" if params["rotate_secret"] else "state: absent"
        raise AccessError(f"retire_only cannot be combined with {other}: it changes nothing but retiring registrations")


def retire_only(access: Access[Flex]) -> Result:
    """Remove the retiring registrations of an application that ``retire_after`` selects (0 by default), and nothing
    else. They are kept if nothing has replaced them yet.
    """
    label = f"application {access.params['name'] or access.params['id']!r}"
    listed = list_known(access, label)
    now, current = access.clock.now(), {application["name"] for application in listed}
    found: list[Retiring] = []
    due: list[Retiring] = []
    for name in _names(access.params, listed, now):
        plan = RetirementPlan(access, name)
        planned = plan.find()
        items = find_retiring(listed, {name}, now) if planned is None else planned
        found += items
        if name in current or access.find_plan(f"application {name!r}"):
            selected = select_due(access, items)
            due += selected
            if access.check_mode and selected:
                plan.record(item for item in items if item not in selected)
        elif items:
            access.warnings.append(f"no application is named {name!r}, so its retiring registrations are kept")
    removed = remove_retiring(access, due, False)
    kept = [item for item in found if item not in due]
    diff = add_to_diff(label, None, [item.name for item in found], [item.name for item in kept])
    return {"changed": bool(removed), "diff": diff, "retiring": [item.as_result() for item in kept]}


def list_known(access: Access[Flex], label: str) -> list[dict[str, t.Any]]:
    """The applications on the platform, as far as it lists them; a warning says if it does not list all."""
    try:
        return access.client.list_applications()
    except IncompleteList as error:
        message = error.message.partition(". ")[0]
        access.warnings.append(f"{label}: {message}, so retiring registrations may be missing")
        return error.found


def _names(params: t.Mapping[str, t.Any], listed: list[dict[str, t.Any]], now: float) -> list[str]:
    """The names of the application with this name or id, which a rename in check mode has not changed yet."""
    names = {params["name"]} if params["name"] else set()
    for application in listed:
        if application["id"] == params["id"]:
            retiring = Retiring.parse(application, now)
            names.add(retiring.application if retiring else application["name"])
    return sorted(names)


def select_due(access: Access[Flex], found: t.Iterable[Retiring]) -> list[Retiring]:
    """Those whose time is up. One that the task selects by id is kept: without it, the id would lead to nothing."""
    retire_after = 0 if access.params["retire_only"] else None
    if access.params["retire_after"] is not None:
        retire_after = access.params["retire_after"]
    now = access.clock.now()
    # Names have whole seconds, and clocks differ: with 0, age does not matter.
    due = [item for item in found if retire_after == 0 or (retire_after and item.age(now) >= retire_after)]
    for item in due:
        if item.id == access.params["id"]:
            access.warnings.append(
                f"registration {item.id} ({item.name!r}) is kept although its time is up, because the task selects "
                "the application by this id. Select it by name, or set the id of the current registration"
            )
    return [item for item in due if item.id != access.params["id"]]


def remove_retiring(access: Access[Flex], items: t.Iterable[Retiring], changed: bool) -> list[Retiring]:
    """Remove retiring registrations; in check mode, return those that would be removed.

    :raises AccessError: if one cannot be removed. Those before it are gone.
    """
    removed: list[Retiring] = []
    for item in items:
        try:
            if access.check_mode:
                record_removal(access, item)
            elif not ensure(access, Registration(access.client, item.id, item.name, None)).changed:
                continue
            removed.append(item)
        except AccessError as error:
            raise error.after_change(changed or bool(removed)) from None
    return removed


def record_removal(access: Access[Flex], item: Retiring) -> None:
    """Record the removal of a retiring registration as a change of this task."""
    access.record_change("application", name_in_plans(item.name), {"id": item.id, "name": item.name}, None)


def add_to_diff(label: str, diff: Result | None, before: list[str], after: list[str]) -> Result | None:
    """Add the names of retiring registrations to the diff of an application if they differ."""
    if before == after:
        return diff
    diff = diff or {"before_header": label, "after_header": label, "before": {}, "after": {}}
    more = {"before": before, "after": after}
    return {**diff, **{side: {**diff[side], **({"retiring": names} if names else {})} for side, names in more.items()}}


class RetirementPlan:
    """In check mode, the retiring registrations that the tasks of this run would leave of one application."""

    def __init__(self, access: Access[Flex], name: str) -> None:
        self._access = access
        self._item = f"retiring registrations of {name}"

    def find(self) -> tuple[Retiring, ...] | None:
        """None if no task would change them."""
        plan = self._access.find_plan(self._item)
        return None if plan is None else tuple(Retiring(**item) for item in plan["retiring"])

    def record(self, items: t.Iterable[Retiring]) -> None:
        self._access.plan(self._item, {"retiring": [dataclasses.asdict(item) for item in items]})
