# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read, compare, write: how every item is brought into its desired state."""

from __future__ import annotations

import typing as t

from .._errors import AccessError, AmbiguousWrite, Conflict
from .access import Access

#: Seconds between reads of an item whose state is unknown. Each pause is twice as long as the previous one.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 5.0

State = t.Optional[t.Dict[str, t.Any]]


class Resource(t.Protocol):
    """One item on a platform. Its state is a dict, or None if the item does not exist.

    If an item can have several labels, ``key`` is the same for all of them. ``rotates``: a change replaces the item's
    credentials.
    """

    #: The item's name in messages and diffs.
    label: str

    @property
    def kind(self) -> str:
        """The item's kind in plans."""

    @property
    def name(self) -> str:
        """The item's name in plans."""

    def read(self) -> State: ...

    def desired(self, current: State) -> State:
        """The desired state; equal to ``current`` if there is nothing to change.

        :raises AccessError: if it cannot be reached with the given options.
        """

    def write(self, current: State, desired: State) -> State:
        """Change the item from ``current`` to ``desired``, and return its new state as the platform reports it.

        A request that creates another item each time it is applied must set ``Request.creates``. Afterwards,
        :meth:`read` must return the item that was created, and ignore one that this run removed, even if the platform's
        list still contains it.

        :raises AmbiguousWrite: if the outcome is unknown. The item is then read and compared again.
        :raises Conflict: if the platform refused because another process made the same change.
        """

    def redacted(self, state: dict[str, t.Any]) -> dict[str, t.Any]:
        """The state without secrets, for diffs."""


class Outcome(t.NamedTuple):
    changed: bool
    state: State
    diff: dict[str, t.Any] | None


def ensure(access: Access[t.Any], resource: Resource) -> Outcome:
    """Bring one item into its desired state; in check mode, return what would change.

    Only one process at a time writes an item. If the outcome of a write is unknown, the state is read again and
    compared anew. A creation whose outcome is unknown is never repeated: the item is read until the new one appears,
    for at most ``timeout`` seconds.

    :raises AccessError: with the item's label as context.
    """
    before: State = None
    try:
        key = getattr(resource, "key", resource.label)
        current = resource.read()
        before = access.find_plan(key) if access.check_mode and current is None else current
        desired = resource.desired(before)
        if desired == before:
            return Outcome(False, before, None)
        if access.check_mode:
            if current is None:
                access.plan(key, desired)
            return _changed(access, resource, before, desired)
        with access.lock(key):
            before, after = apply_desired(access, resource, resource.read())
        return _changed(access, resource, before, after) if after != before else Outcome(False, after, None)
    except AccessError as error:
        if error.changed:  # the state that was reached is unknown
            _record(access, resource, before, None)
        raise error.with_context(resource.label) from None


def _changed(access: Access[t.Any], resource: Resource, before: State, after: State) -> Outcome:
    _record(access, resource, before, after)
    return Outcome(True, after, _diff(resource, before, after))


def _record(access: Access[t.Any], resource: Resource, before: State, after: State) -> None:
    states = [None if state is None else resource.redacted(state) for state in (before, after)]
    rotated = before is not None and getattr(resource, "rotates", False)
    access.record_change(resource.kind, resource.name, *states, action="rotate" if rotated else None)


def apply_desired(access: Access[t.Any], resource: Resource, before: State) -> tuple[State, State]:
    """Write until the item is in its desired state. Returns the state before this run changed it, and the new state.

    The caller holds a lock under which it has read ``before``.
    """
    current, ambiguous_writes, created, repeated = before, 0, False, False
    while True:
        desired = resource.desired(current)
        if desired == current:
            return before, current
        access.budget.counts.repeats += repeated
        try:
            written = resource.write(current, desired)
            # An ambiguous write may be applied late, after its repeat: read once more.
            reached = (resource.read() if ambiguous_writes else None) or written
            if reached == current or (reached is None) != (desired is None):
                raise AccessError("the platform accepted the change but did not apply it")
            return before, reached
        except AmbiguousWrite as error:
            created = created or error.creates
            attempted, current = (
                current,
                _await_creation(access, resource, error)
                if created
                else _read_again(access, resource, error, ambiguous_writes),
            )
            if isinstance(error, Conflict) and not ambiguous_writes:
                before = current  # another process's change does not count as one of this run
            ambiguous_writes += 1
            # If the state has changed meanwhile, the next write is a different one and not a repeat.
            repeated = current == attempted
            repeats = ambiguous_writes if repeated else ambiguous_writes - 1
            if repeats > access.params["retries"] and resource.desired(current) != current:
                raise


def _read_again(access: Access[t.Any], resource: Resource, error: AmbiguousWrite, attempt: int) -> State:
    access.budget.wait_for_limit(error.wait, error.message, **error.codes)
    access.clock.sleep(0 if error.wait else _FIRST_PAUSE * 2**attempt)
    return resource.read()


def _await_creation(access: Access[t.Any], resource: Resource, ambiguous: AmbiguousWrite) -> State:
    """Read until the item that may have been created appears: a platform may apply a request long after it arrived.

    :raises AmbiguousWrite: if it does not appear within ``timeout``.
    """
    timeout = access.params["timeout"]
    try:
        access.budget.wait_for_limit(ambiguous.wait, ambiguous.message)
        first_pause = min(_FIRST_PAUSE, timeout / 4)
        remaining, deadline, pause = timeout, access.clock.now() + timeout, 0.0 if ambiguous.wait else first_pause
        while remaining > 0:
            access.clock.sleep(min(pause, remaining))
            found = resource.read()
            if found is not None:
                return found
            remaining = 0 if remaining <= pause else deadline - access.clock.now()
            pause = min(max(2 * pause, first_pause), _LONGEST_PAUSE)
        reason = f"it did not appear within {timeout:g} s (timeout)"
    except AccessError as error:
        reason = f"it cannot be looked up ({error.message.rstrip('.')})"
    raise ambiguous.with_message(
        f"{ambiguous.message.rstrip('.')}. The item may have been created, but {reason}. The request is not "
        "repeated, as that could create a duplicate. Run the task again: it looks for the item before creating one"
    )


def _diff(resource: Resource, before: State, after: State) -> dict[str, t.Any]:
    return {
        "before_header": resource.label,
        "after_header": resource.label,
        "before": resource.redacted(before) if before else {},
        "after": resource.redacted(after) if after else {},
    }
