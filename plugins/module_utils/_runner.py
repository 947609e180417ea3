# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read, compare, write: the one way in which items are brought into their wanted state."""

from __future__ import annotations

import typing as t

from ansible_collections.mediaops.access.plugins.module_utils._access import Access
from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError, AmbiguousWrite

State = t.Optional[t.Dict[str, t.Any]]


class Resource(t.Protocol):
    """One item on a platform. A state is a dict, or None where the item does not exist.

    Where one item may have several labels, ``key`` is the same for all of them.
    """

    #: How messages and diffs name it.
    label: str

    def read(self) -> State: ...

    def wanted(self, current: State) -> State:
        """The state to reach from ``current``: equal to it where nothing is to be done.

        :raises AccessError: where it cannot be reached with the options that were given.
        """

    def write(self, current: State, wanted: State) -> State:
        """Bring the item from ``current`` to ``wanted``, and return its state as the platform has it.

        :raises AmbiguousWrite: where it may have happened; then it is read, and compared, again.
        """

    def shown(self, state: dict[str, t.Any]) -> dict[str, t.Any]:
        """What a diff may show of a state: nothing secret."""


class Outcome(t.NamedTuple):
    changed: bool
    state: State
    diff: dict[str, t.Any] | None


def ensure(access: Access[t.Any], resource: Resource) -> Outcome:
    """Bring one item into its wanted state, or say what that would change.

    Only one process at a time writes an item. After a write whose outcome is unknown the state is read again, and the run goes on from there.

    :raises AccessError: what the platform or the options make impossible, naming the item.
    """
    try:
        key = getattr(resource, "key", resource.label)
        current = resource.read()
        before = access.planned(key) if access.check_mode and current is None else current
        wanted = resource.wanted(before)
        if wanted == before:
            return Outcome(False, before, None)
        if access.check_mode:
            if current is None:
                access.plan(key, wanted)
            return Outcome(True, wanted, _diff(resource, before, wanted))
        with access.lock(key):
            fresh = resource.read()
            after = _write(access, resource, fresh)
        return Outcome(after != fresh, after, _diff(resource, fresh, after) if after != fresh else None)
    except AccessError as error:
        error.message = f"{resource.label}: {error.message}"
        raise


def _write(access: Access[t.Any], resource: Resource, current: State) -> State:
    doubts = 0
    while True:
        wanted = resource.wanted(current)
        if wanted == current:
            return current
        try:
            written = resource.write(current, wanted)
            # A write in doubt could be applied late, beside its repeat: look once more.
            reached = resource.read() if doubts else written
            if reached == current or (reached is None) != (wanted is None):
                raise AccessError("the platform accepted the change, but has not made it")
            return reached
        except AmbiguousWrite as error:
            access.patience.wait(error.wait, error.message)
            access.clock.sleep(0 if error.wait else 0.25 * 2**doubts)
            doubts += 1
            current = resource.read()
            if doubts > access.params["retries"] and resource.wanted(current) != current:
                raise


def _diff(resource: Resource, before: State, after: State) -> dict[str, t.Any]:
    return {
        "before_header": resource.label,
        "after_header": resource.label,
        "before": resource.shown(before) if before else {},
        "after": resource.shown(after) if after else {},
    }
