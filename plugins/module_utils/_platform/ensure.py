# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read, compare, write: the one way in which items are brought into their wanted state."""

from __future__ import annotations

import typing as t

from .._errors import AccessError, AmbiguousWrite, Conflict
from .access import Access

#: Seconds between looks at an item with an unknown state; each pause is twice the one before it.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 5.0

State = t.Optional[t.Dict[str, t.Any]]


class Resource(t.Protocol):
    """One item on a platform. A state is a dict, or None where the item does not exist.

    Where one item may have several labels, ``key`` is the same for all of them.
    """

    #: How messages and diffs name it.
    label: str

    def read(self) -> State: ...

    def desired(self, current: State) -> State:
        """The state to reach from ``current``: equal to it where nothing is to be done.

        :raises AccessError: where it cannot be reached with the options that were given.
        """

    def write(self, current: State, desired: State) -> State:
        """Bring the item from ``current`` to ``wanted``, and return its state as the platform has it.

        A request that creates another item each time that it is applied is sent with ``Request.creates``. After it, :meth:`read` returns
        the item that it created, and none that this run has removed before, although the platform's list may still hold it.

        :raises AmbiguousWrite: where it may have happened; then it is read, and compared, again.
        :raises Conflict: where it was refused because somebody else has done the same.
        """

    def redacted(self, state: dict[str, t.Any]) -> dict[str, t.Any]:
        """What a diff may show of a state: nothing secret."""


class Outcome(t.NamedTuple):
    changed: bool
    state: State
    diff: dict[str, t.Any] | None


def ensure(access: Access[t.Any], resource: Resource) -> Outcome:
    """Bring one item into its wanted state, or say what that would change.

    Only one process at a time writes an item. After a write whose outcome is unknown the state is read again, and the run goes on from there.
    A creation whose outcome is unknown is never sent again: the state is read until the new item shows, for ``timeout`` seconds at the most.

    :raises AccessError: what the platform or the options make impossible, naming the item.
    """
    try:
        key = getattr(resource, "key", resource.label)
        current = resource.read()
        before = access.planned(key) if access.check_mode and current is None else current
        desired = resource.desired(before)
        if desired == before:
            return Outcome(False, before, None)
        if access.check_mode:
            if current is None:
                access.plan(key, desired)
            return Outcome(True, desired, _diff(resource, before, desired))
        with access.lock(key):
            before, after = _write(access, resource, resource.read())
        return Outcome(after != before, after, _diff(resource, before, after) if after != before else None)
    except AccessError as error:
        raise error.with_context(resource.label) from None


def _write(access: Access[t.Any], resource: Resource, before: State) -> tuple[State, State]:
    """Write until the item is as wanted. Returns the state before this run changed it, and the one that it has reached."""
    current, doubts, created = before, 0, False
    while True:
        desired = resource.desired(current)
        if desired == current:
            return before, current
        try:
            written = resource.write(current, desired)
            # A write with an unknown outcome may be applied late, beside its repeat: look once more.
            reached = (resource.read() if doubts else None) or written
            if reached == current or (reached is None) != (desired is None):
                raise AccessError("the platform accepted the change, but has not made it")
            return before, reached
        except AmbiguousWrite as doubt:
            created = created or doubt.creates
            attempted, current = current, _await_creation(access, resource, doubt) if created else _read_again(access, resource, doubt, doubts)
            if isinstance(doubt, Conflict) and not doubts:
                before = current  # what others have done is no change of this run
            doubts += 1
            # What differs otherwise than before takes another write, and not a repeat of this one.
            repeats = doubts if current == attempted else doubts - 1
            if repeats > access.params["retries"] and resource.desired(current) != current:
                raise


def _read_again(access: Access[t.Any], resource: Resource, doubt: AmbiguousWrite, doubts: int) -> State:
    access.budget.wait(doubt.wait, doubt.message)
    access.clock.sleep(0 if doubt.wait else _FIRST_PAUSE * 2**doubts)
    return resource.read()


def _await_creation(access: Access[t.Any], resource: Resource, doubt: AmbiguousWrite) -> State:
    """Read until the item that may have been created shows: a platform may answer a request, or apply it, long after it arrived.

    :raises AmbiguousWrite: where it does not show within ``timeout``.
    """
    timeout = access.params["timeout"]
    try:
        access.budget.wait(doubt.wait, doubt.message)
        first_pause = min(_FIRST_PAUSE, timeout / 4)
        left, deadline, pause = timeout, access.clock.now() + timeout, 0.0 if doubt.wait else first_pause
        while left > 0:
            access.clock.sleep(min(pause, left))
            found = resource.read()
            if found is not None:
                return found
            left = 0 if left <= pause else deadline - access.clock.now()
            pause = min(max(2 * pause, first_pause), _LONGEST_PAUSE)
        reason = f"did not show within {timeout:g} s (timeout)"
    except AccessError as error:
        reason = f"cannot be looked for ({error.message.rstrip('.')})"
    raise doubt.with_message(
        f"{doubt.message.rstrip('.')}. The new one may have been created, but {reason}. The request is not sent again, as that could create a second one. "
        "Run the task again: it looks for the first one before it creates any"
    )


def _diff(resource: Resource, before: State, after: State) -> dict[str, t.Any]:
    return {
        "before_header": resource.label,
        "after_header": resource.label,
        "before": resource.redacted(before) if before else {},
        "after": resource.redacted(after) if after else {},
    }
