# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One registered application with its secret: registered, updated, renamed, rotated and removed."""

from __future__ import annotations

import dataclasses
import typing as t

from ..._errors import AccessError, AmbiguousWrite, NotFound
from ..._platform.ensure import Outcome, State, apply_desired, ensure
from .retirement import RetirementPlan, add_to_diff, list_known, record_removal, remove_retiring, select_due
from .retiring import Registration, Retiring, find_retiring, name_in_plans, retire

if t.TYPE_CHECKING:
    from ..._platform.access import Access
    from .client import Flex

Application = t.Dict[str, t.Any]


def _has_other_credentials(one: Application, other: Application) -> bool:
    return any(one[key] and one[key] != other[key] for key in ("client_id", "client_secret"))


class ApplicationResource:
    """One registered application, found by id or, without an id, by name.

    A rotation with overlap keeps the old registration and renames it (see :mod:`.retiring`) before it registers the new
    one. A run that dies in between leaves a retiring registration of the name and none under the name itself. The next
    run, whether it rotates or not, then registers the application like one that is missing.
    """

    kind = "application"

    def __init__(self, access: Access[Flex]) -> None:
        params = access.params
        self._access = access
        self._flex = access.client
        self._id: int | None = params["id"]
        self._name: str | None = params["name"]
        self._description: str | None = params["description"]
        self._absent = params["state"] == "absent"
        self._rotate = params["rotate_secret"]
        self.rotates = self._rotate and not self._absent
        self._overlap = params["rotate_secret"] and params["rotate_overlap"]
        #: The application that rotation replaces. It is kept here, because for a while the platform may have neither
        #: the old nor the new one.
        self._old: Application = {}
        #: The old application under its new name, if it overlaps with the new one.
        self.retired: Retiring | None = None
        #: What this run has done to earlier retiring registrations: their new states, or None for removed ones.
        self.moved: list[tuple[Retiring, Retiring | None]] = []
        #: Ids that are not the new application: the old one, which a list may still contain after its deletion, and,
        #: if that was selected by id, others with the same name.
        self._ignored: set[int] = set()
        #: The platform's error for an unknown id.
        self._missing = NotFound("")
        #: The last list of applications; None if none was needed yet.
        self._listed: list[Application] | None = None
        #: The names under which this item may have retiring registrations, and the ids that it has had.
        self._names = {self._name} if self._name else set()
        self._ids: set[int] = set()
        #: The name in plans: if none is given, the one that is found by id.
        self.name = self._name or str(self._id)
        #: The name of the item whose retiring registration the given id is.
        self._successor_of = ""
        if self._name == "":
            raise AccessError("name must not be empty")
        self.label = f"application {self._name!r}" if self._name else f"application {self._id}"
        if self._description == "" and not self._absent:
            raise AccessError(f"{self.label}: description must not be empty, because the platform requires one")

    def ensure(self) -> Outcome:
        try:
            return ensure(self._access, self)
        except AccessError as error:
            raise self._after_moves(error) from None

    # --- finding ------------------------------------------------------------------------------------------------------

    def read(self) -> State:
        found = self._read()
        if found:
            self._ids.add(found["id"])
            self._names.add(found["name"])
            self.name = self._name or found["name"]
        if self._absent and self._id is not None and not self._successor_of:
            self._names = {found["name"]} if found else set()
        return found

    def _read(self) -> State:
        if self._id is not None and self._id not in self._ignored:
            try:
                found = self._flex.get_application(self._id)
                retiring = Retiring.parse(found, self._access.clock.now())
                if not retiring or (self._absent and retiring.application != self._name):
                    return found
                self._follow(retiring)
            except NotFound as error:
                self._missing = error
                if self._absent and not self._ids:
                    self._require_no_successor()
                if not self._old:
                    return None
        self._listed = self._flex.list_applications()
        for name in filter(None, dict.fromkeys((self._successor_of, self._name, self._old.get("name")))):
            named = [found for found in self._listed if found["name"] == name and found["id"] not in self._ignored]
            if len(named) > 1:
                ids = ", ".join(str(application["id"]) for application in named)
                raise AccessError(f"{len(named)} applications have this name. Set id to select one of them: {ids}")
            if named:
                return self._flex.complete(named[0])
        return None

    def _require_no_successor(self) -> None:
        """An application with the given name may be the one that has replaced the given id: it is not absent then.

        :raises AccessError: if there is one.
        """
        self._listed = list_known(self._access, self.label) if self._name else None
        ids = ", ".join(str(found["id"]) for found in self._listed or () if found["name"] == self._name)
        if ids:
            raise AccessError(
                f"no application has the id {self._id}, but one has this name (id {ids}). A rotation may have replaced "
                "the id: remove the application by name alone, or set its id"
            )

    def _follow(self, retiring: Retiring) -> None:
        """The given id is a retiring registration by now: manage the one that has replaced it."""
        if not self._successor_of:
            self._access.warnings.append(
                f"the application with id {self._id} is a retiring registration of {retiring.application!r}: the "
                "current one is managed instead. Select it by name, or set its id"
            )
        self._successor_of = retiring.application
        self._names.add(retiring.application)

    def retiring(self, current: State) -> tuple[Retiring, ...]:
        """The item's retiring registrations after the change that this run has made, or predicts in check mode."""
        found = self._own_retiring()
        if current:  # they follow a change of its name
            found = tuple(dataclasses.replace(item, application=current["name"]) for item in found)
        return (*found, self.retired) if self.retired else found

    def needs_retiring(self) -> bool:
        """Whether the item's retiring registrations are part of the result. They are always known if the item was
        found by its name; if it was selected by id, they cost a request.
        """
        return self._id is None or self._rotate or bool(self._successor_of) or len(self._names) > 1

    def _own_retiring(self) -> tuple[Retiring, ...]:
        """The item's retiring registrations as listed. If another application has the same name, they may be that
        one's, and are left alone.
        """
        if self._listed is None:
            self._listed = list_known(self._access, self.label)
        others = {found["name"] for found in self._listed if found["id"] not in self._ids}
        found = find_retiring(self._listed, self._names - others, self._access.clock.now())
        return tuple(item for item in found if not self.retired or item.id != self.retired.id)

    # --- comparing ----------------------------------------------------------------------------------------------------

    def desired(self, current: State) -> State:
        if self._absent:
            return None
        if current and self._rotate and not self._old:
            self._old = current
        if self._old.get("id") not in self._ignored:
            self.retired = None
        if current and not self._is_old(current):
            description = current["description"] if self._description is None else self._description
            return {**current, "name": self._name or current["name"], "description": description}
        if self._id is not None and not self._old and not self._successor_of:
            message = "no application has this id. To register one, set name and description instead of id"
            raise NotFound(message, **self._missing.codes)
        name = self._name or self._old.get("name") or self._successor_of
        if self._overlap and current:
            self.retired = retire(current, name, self._access.clock.now())
        description = self._inherited_description() if self._description is None else self._description
        if description is None:
            raise AccessError("it does not exist, and description is required to register it")
        return {"id": None, "name": name, "description": description, "client_id": None, "client_secret": None}

    def _is_old(self, current: Application) -> bool:
        return bool(self._old) and all(current[key] == self._old[key] for key in ("id", "client_id"))

    def _inherited_description(self) -> str | None:
        """The description of the registration that is replaced: the old one, or the one that an interrupted rotation
        has left.
        """
        if self._old:
            return self._old.get("description")
        for item in reversed(find_retiring(self._listed or (), self._names, self._access.clock.now())):
            (listed,) = [found for found in self._listed or () if found["id"] == item.id]
            return t.cast("str | None", self._flex.complete(listed, secret=False)["description"])
        return None

    # --- writing ------------------------------------------------------------------------------------------------------

    def write(self, current: State, desired: State) -> State:
        if desired is None:
            self._remove(t.cast(Application, current))
            return None
        if current and not self._is_old(current):
            return self._update(current, desired)
        if current:
            self._replace(current, desired)
        if self._old:
            self._ignored.add(self._old["id"])
        try:
            return self._flex.create_application(desired["name"], desired["description"])
        except AccessError as error:
            if not self._old:
                raise
            if self.retired:
                raise self._after_retirement(error, desired) from None
            if self._overlap:  # another process has made room for it
                raise
            self.rotates = isinstance(error, AmbiguousWrite)  # otherwise, the old one is only deleted
            raise error.with_message(
                f"{error.message}. The old registration (id {self._old['id']}) has already been deleted. "
                f"Run again with name: {desired['name']!r} and description: {desired['description']!r}"
            ).after_change() from None

    def _remove(self, current: Application) -> None:
        """Remove the application, and before it its retiring registrations: afterwards its id would no longer lead to
        them.
        """
        for item in self._own_retiring():
            if item.id != current["id"]:
                self._apply(item.id, item.name, None)
                self.moved.append((item, None))
        self._flex.delete_application(current["id"])

    def _update(self, current: Application, desired: Application) -> State:
        self._rename_retiring(current, desired)
        return self._flex.update_application(current["id"], desired["name"], desired["description"])

    def _rename_retiring(self, current: Application, desired: Application) -> None:
        """Before the application is renamed, rename its retiring registrations: afterwards its old name would no longer
        lead to them.
        """
        if desired["name"] != current["name"]:
            for item in self._own_retiring():
                renamed = dataclasses.replace(item, application=desired["name"])
                self._apply(item.id, item.name, renamed.name)
                self.moved.append((item, renamed))

    def _after_moves(self, error: AccessError) -> AccessError:
        """The error of a task that may have changed earlier retiring registrations, but not the application itself."""
        for item, renamed in self.moved:
            states = [{"id": state.id, "name": state.name} if state else None for state in (item, renamed)]
            self._access.record_change(self.kind, name_in_plans(item.name), *states)
        return error.after_change(bool(self.moved))

    def _replace(self, current: Application, desired: Application) -> None:
        """Make room for the new registration: delete the old one or, with overlap, rename it."""
        if self._id is not None:
            self._listed = self._flex.list_applications()
            self._ignored = {other["id"] for other in self._listed if other["name"] == desired["name"]} - {self._id}
        self._rename_retiring(current, desired)
        if self.retired:
            renamed = self._apply(current["id"], current["name"], self.retired.name, current)
            self._compare_credentials(current, renamed)
        else:
            self._flex.delete_application(current["id"])

    def _compare_credentials(self, current: Application, renamed: State) -> None:
        """The platform doesn't document whether an update changes the credentials (5.2)."""
        if renamed and _has_other_credentials(renamed, current):
            self.retired = dataclasses.replace(t.cast(Retiring, self.retired), client_id=renamed["client_id"])
            self._access.warnings.append(
                f"{self.label}: renaming the old registration (id {current['id']}) changed its credentials. This "
                "installation allows no overlap: clients are locked out until they have the new ones"
            )

    def _apply(self, application_id: int, name: str, desired_name: str | None, current: State = None) -> State:
        """Rename or remove a registration. If the outcome is unknown, it is read and, if necessary, written again."""
        registration = Registration(self._flex, application_id, name, desired_name)
        try:
            reached = apply_desired(self._access, registration, current or registration.read())[1]
            if reached and reached["name"] != desired_name:
                raise AccessError("the platform accepted the new name but did not apply it")
            return reached
        except AmbiguousWrite as error:  # it has been repeated: the caller must not do so once more
            raise AccessError(error.message, **error.codes, changed=error.changed) from None

    def _after_retirement(self, error: AccessError, desired: Application) -> AccessError:
        """The error of a registration that failed after the old one was renamed. After a definitive refusal, the old
        one gets its name back.
        """
        old = f"the old registration (id {self._old['id']})"
        kept = f"{old} is kept as {t.cast(Retiring, self.retired).name!r}, and its credentials are still valid"
        message = error.message.rstrip(".")
        if isinstance(error, AmbiguousWrite):
            return error.with_message(f"{message}. {kept[0].upper()}{kept[1:]}").after_change()
        try:
            restored = self._apply(self._old["id"], t.cast(Retiring, self.retired).name, self._old["name"])
        except AccessError as second:
            problem = f"It could not be renamed back ({second.message.rstrip('.')})"
            remedy = f"Run the task again: it registers {desired['name']!r} anew"
            return error.with_message(f"{message}. {kept[0].upper()}{kept[1:]}. {problem}. {remedy}").after_change()
        self.retired = None
        error = error.with_message(f"{message}. {old[0].upper()}{old[1:]} has its name back and remains in use")
        if not restored or not _has_other_credentials(restored, self._old):
            return error
        changed = "Renaming it changed its credentials: run the task without rotate_secret to obtain them"
        return error.with_message(f"{error.message}. {changed}").after_change()

    def redacted(self, state: Application) -> dict[str, t.Any]:
        return {key: state[key] for key in ("id", "name", "description", "client_id")}


def finish(access: Access[Flex], resource: ApplicationResource, outcome: Outcome) -> dict[str, t.Any]:
    """After an application is in its desired state, remove its retiring registrations: those that ``retire_after``
    selects or, with ``state: absent``, all of them.

    :raises AccessError: if one of them cannot be removed.
    """
    is_absent, retire_after = access.params["state"] == "absent", access.params["retire_after"]
    if not (resource.needs_retiring() or (outcome.changed if is_absent else retire_after is not None)):
        return {"changed": outcome.changed, "diff": outcome.diff}
    is_removed = is_absent and outcome.changed and not access.check_mode
    # With the application itself, its retiring registrations have been removed, and may no longer be listed.
    gone = tuple(item for item, _renamed in resource.moved)
    found = gone if is_removed else resource.retiring(outcome.state)
    plan = RetirementPlan(access, outcome.state["name"] if outcome.state else access.params["name"] or "")
    if resource.retired is None:
        planned = plan.find()
        found = found if planned is None else planned
    due = found if is_absent else select_due(access, found)
    if is_removed:
        removed = list(gone)
        for item in removed:
            record_removal(access, item)
    else:
        removed = remove_retiring(access, due, outcome.changed)
    kept = [item for item in found if item not in due]
    if access.check_mode and (removed or resource.retired):
        plan.record(kept)
    before = [item.name for item in found if item != resource.retired]
    diff = add_to_diff(resource.label, outcome.diff, before, [item.name for item in kept])
    result = {"changed": outcome.changed or bool(removed), "diff": diff}
    return result if is_absent else {**result, "retiring": [item.as_result() for item in kept]}
