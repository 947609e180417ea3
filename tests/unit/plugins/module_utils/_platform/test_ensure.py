# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import copy

import pytest

from ansible_collections.mediaops.access.plugins.module_utils._errors import (
    AccessError,
    AmbiguousWrite,
    Conflict,
    WaitTooLong,
)
from ansible_collections.mediaops.access.plugins.module_utils._platform.ensure import ensure
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.budget import WaitBudget

A, B = {"name": "a", "secret": "hidden-a"}, {"name": "b", "secret": "hidden-b"}

LOST, APPLIED = "lost", "applied"


class FakeAccess:
    """The parts of Access that ``ensure`` uses."""

    def __init__(self, clock, check_mode=False, retries=4, max_wait=300, timeout=30.0):
        self.clock = clock
        self.check_mode = check_mode
        self.params = {"retries": retries, "timeout": timeout}
        self.budget = WaitBudget(max_wait, clock)
        self.locked = []
        self.plans = {}
        self.changes = []

    def record_change(self, kind, name, before, after, action=None):
        self.changes.append((kind, name, action, before, after))

    def plan(self, what, state):
        self.plans[what] = state

    def find_plan(self, what):
        return self.plans.get(what)

    @contextlib.contextmanager
    def lock(self, *item):
        self.locked.append(item)
        yield
        self.locked.append("released")


class Thing:
    """An item on a platform. ``doubts`` are the outcomes of its first writes, none of which gets a response."""

    label = "thing 'a'"
    kind = "thing"
    name = "a"

    def __init__(self, state, target, doubts=(), wait=0.0, calls=None):
        self.state = state
        self.target = target
        self.doubts = list(doubts)
        self.wait = wait
        self.calls = [] if calls is None else calls

    def read(self):
        self.calls.append("read")
        return copy.copy(self.state)  # each answer of a platform is another object

    def desired(self, current):
        return copy.copy(self.target)

    def write(self, current, wanted):
        assert current == self.state
        self.calls.append("write")
        fate = self.doubts.pop(0) if self.doubts else None
        if fate != LOST:
            self.state = wanted
        if fate:
            raise AmbiguousWrite("no answer", wait=self.wait, status=503)
        return copy.copy(self.state)

    def redacted(self, state):
        return {"name": state["name"]}


def shown(before, after):
    header = Thing.label
    return {"before_header": header, "after_header": header, "before": before, "after": after}


CHANGES = pytest.mark.parametrize(
    ("before", "after", "diff"),
    [
        pytest.param(None, A, shown({}, {"name": "a"}), id="create"),
        pytest.param(A, B, shown({"name": "a"}, {"name": "b"}), id="update"),
        pytest.param(A, None, shown({"name": "a"}, {}), id="remove"),
    ],
)


@pytest.mark.parametrize("state", [A, None], ids=["there", "not there"])
@pytest.mark.parametrize("check_mode", [True, False])
def test_an_item_in_its_desired_state_is_not_written(check_mode, state, clock):
    thing, access = Thing(state, state), FakeAccess(clock, check_mode)

    assert ensure(access, thing) == (False, state, None)
    assert (thing.calls, access.locked) == (["read"], [])


@CHANGES
def test_a_differing_item_is_written_once(before, after, diff, clock):
    thing = Thing(before, after)

    assert ensure(FakeAccess(clock), thing) == (True, after, diff)
    assert thing.state == after
    assert thing.calls.count("write") == 1


@CHANGES
@pytest.mark.parametrize("check_mode", [True, False])
def test_a_change_is_recorded_without_secrets(check_mode, before, after, diff, clock):
    access = FakeAccess(clock, check_mode)
    ensure(access, Thing(before, after, [LOST]))
    ensure(access, Thing(after, after))

    assert access.changes == [("thing", "a", None, diff["before"] or None, diff["after"] or None)]


def test_a_resource_that_rotates_says_so(clock):
    access, thing = FakeAccess(clock), Thing(A, B)
    thing.rotates = True
    ensure(access, thing)

    assert [change[2] for change in access.changes] == ["rotate"]


@pytest.mark.parametrize("changed", [True, False])
def test_a_failure_after_a_change_is_recorded(changed, clock):
    access, thing = FakeAccess(clock), Thing(A, B)

    def write(_current, _wanted):
        raise AccessError("no", changed=changed)

    thing.write = write
    with pytest.raises(AccessError):
        ensure(access, thing)
    assert access.changes == ([("thing", "a", None, {"name": "a"}, None)] if changed else [])


def test_check_mode_continues_from_an_earlier_tasks_plan(clock):
    access, thing = FakeAccess(clock, check_mode=True), Thing(None, A)

    assert ensure(access, thing).changed is True
    assert ensure(access, thing) == (False, A, None)
    thing.target = B
    assert ensure(access, thing) == (True, B, shown({"name": "a"}, {"name": "b"}))
    thing.target = None
    assert ensure(access, thing) == (True, None, shown({"name": "b"}, {}))
    assert ensure(access, thing) == (False, None, None)


def test_an_existing_item_takes_precedence_over_a_plan(clock):
    access = FakeAccess(clock, check_mode=True)
    access.plans[Thing.label] = A

    assert ensure(access, Thing(B, B)) == (False, B, None)
    assert ensure(FakeAccess(clock), Thing(None, None)) == (False, None, None)


def test_labels_of_one_item_share_a_key(clock):
    access, thing = FakeAccess(clock), Thing(None, A)
    thing.key = "a"
    ensure(access, thing)
    check = FakeAccess(clock, check_mode=True)
    ensure(check, Thing(None, A))

    assert access.locked == [("a",), "released"]
    assert check.plans == {Thing.label: A}


@CHANGES
def test_check_mode_predicts_the_same_and_writes_nothing(before, after, diff, clock):
    thing, access = Thing(before, after), FakeAccess(clock, check_mode=True)

    assert ensure(access, thing) == (True, after, diff)
    assert (thing.calls, thing.state, access.locked) == (["read"], before, [])


@pytest.mark.parametrize(("first", "check_mode"), [(A, False), (B, False), (B, True)])
def test_a_second_run_changes_nothing(first, check_mode, clock):
    thing = Thing(first, B)
    ensure(FakeAccess(clock), thing)

    assert ensure(FakeAccess(clock, check_mode), thing) == (False, B, None)


def test_only_one_process_at_a_time_writes_an_item_and_it_reads_again_first(clock):
    access = FakeAccess(clock)
    thing = Thing(A, B, calls=access.locked)

    ensure(access, thing)

    assert access.locked == ["read", (Thing.label,), "read", "write", "released"]


def test_a_concurrent_change_does_not_count_as_own(clock):
    access = FakeAccess(clock)
    thing = Thing(A, B)

    @contextlib.contextmanager
    def lock(*item):
        thing.state = B  # by the previous holder of the lock
        yield

    access.lock = lock
    assert ensure(access, thing) == (False, B, None)
    assert "write" not in thing.calls


@CHANGES
@pytest.mark.parametrize(
    ("doubts", "writes", "pauses"),
    [
        pytest.param([APPLIED], 1, [0.25], id="applied"),
        pytest.param([LOST], 2, [0.25], id="lost"),
        pytest.param([LOST, APPLIED], 2, [0.25, 0.5], id="lost, then applied"),
        pytest.param([LOST, LOST, LOST, LOST], 5, [0.25, 0.5, 1.0, 2.0], id="lost as often as retries allow"),
        pytest.param([LOST, LOST, LOST, LOST, APPLIED], 5, [0.25, 0.5, 1.0, 2.0], id="the last one applied"),
    ],
)
def test_after_an_ambiguous_write_the_state_is_read_and_compared_again(
    doubts, writes, pauses, before, after, diff, clock
):
    thing = Thing(before, after, doubts)
    access = FakeAccess(clock)

    assert ensure(access, thing) == (True, after, diff)
    assert thing.state == after
    assert thing.calls.count("write") == writes
    assert access.budget.counts.repeats == writes - 1
    assert thing.calls[-1] == "read"
    assert clock.slept[: len(pauses)] == pauses


@pytest.mark.parametrize("retries", [0, 1])
def test_no_result_is_lost_if_the_last_write_was_applied(retries, clock):
    thing = Thing(A, B, [LOST] * retries + [APPLIED])

    assert ensure(FakeAccess(clock, retries=retries), thing)[:2] == (True, B)


@pytest.mark.parametrize("retries", [0, 2])
def test_writes_that_stay_ambiguous_fail_after_the_retries(retries, clock):
    thing = Thing(A, B, [LOST] * 9)

    with pytest.raises(AmbiguousWrite) as caught:
        ensure(FakeAccess(clock, retries=retries), thing)

    assert (caught.value.message, caught.value.status) == ("thing 'a': no answer", 503)
    assert thing.calls.count("write") == retries + 1


def test_retry_after_replaces_the_pause(clock):
    thing = Thing(A, B, [LOST], wait=7)

    assert ensure(FakeAccess(clock), thing).changed
    assert sum(clock.slept) == 7


def test_a_retry_after_beyond_max_wait_fails(clock):
    with pytest.raises(WaitTooLong) as caught:
        ensure(FakeAccess(clock, max_wait=10), Thing(A, B, [LOST], wait=99))

    assert caught.value.message.startswith(
        "thing 'a': no answer: a wait of 99 s is needed, but only 10 s of max_wait (10 s) are left"
    )
    assert clock.slept == []


def test_the_repeat_of_an_ambiguous_write_is_read_once_more(clock):
    """The lost write is applied after its repeat: the platform's state counts, not the response to the repeat."""
    thing = Thing(None, A, [LOST])
    write = thing.write

    def late(current, wanted):
        written = write(current, wanted)
        thing.state = B
        return written

    thing.write = late

    assert ensure(FakeAccess(clock), thing).state == B


def test_the_result_is_the_state_that_the_platform_reports(clock):
    thing = Thing(A, {"name": "b", "secret": None})
    thing.write = lambda current, wanted: B

    assert ensure(FakeAccess(clock), thing) == (True, B, shown({"name": "a"}, {"name": "b"}))


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [
        pytest.param(A, B, None, id="gone"),
        pytest.param(A, None, B, id="still there"),
        pytest.param(A, B, A, id="unchanged"),
    ],
)
def test_an_accepted_write_that_is_not_applied_fails(before, wanted, after, clock):
    thing = Thing(before, wanted)
    thing.write = lambda current, wanted: after

    with pytest.raises(AccessError) as caught:
        ensure(FakeAccess(clock), thing)

    assert caught.value.message == "thing 'a': the platform accepted the change but did not apply it"


@pytest.mark.parametrize("step", ["read", "desired", "write"])
def test_a_failure_names_the_item_and_keeps_its_details(step, clock):
    thing = Thing(A, B)

    def fail(*args):
        raise AccessError("refused", status=403, code="E7")

    setattr(thing, step, fail)

    with pytest.raises(AccessError) as caught:
        ensure(FakeAccess(clock), thing)

    assert (caught.value.message, caught.value.status, caught.value.code) == ("thing 'a': refused", 403, "E7")


# --- creations that could double -----------------------------------------------------------------------------------------


class Created(Thing):
    """An item of which each creation makes another one. The first creation gets no response, and appears after a number of reads (None: never)."""

    def __init__(self, shows_after, state=None, target=None, wait=0.0, **more):
        super().__init__(state, target or A, wait=wait, **more)
        self.shows_after = shows_after
        self.looks = None

    def read(self):
        if self.looks is not None:
            self.looks += 1
            if self.shows_after is not None and self.looks > self.shows_after:
                self.state = self.late
        return super().read()

    def write(self, current, wanted):
        self.calls.append("write")
        self.looks, self.late, self.state = 0, wanted, None
        raise AmbiguousWrite("no answer", wait=self.wait, creates=True)


@pytest.mark.parametrize(
    ("shows_after", "pauses"),
    [
        pytest.param(0, [0.25], id="at once"),
        pytest.param(3, [0.25, 0.5, 1.0, 2.0], id="late"),
        pytest.param(9, [0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 5.0, 5.0, 5.0, 2.25], id="at the last look"),
    ],
)
@pytest.mark.parametrize("retries", [0, 4])
def test_an_ambiguous_creation_is_read_until_it_appears_and_never_repeated(shows_after, pauses, retries, clock):
    thing = Created(shows_after)

    assert ensure(FakeAccess(clock, retries=retries), thing) == (True, A, shown({}, {"name": "a"}))
    assert thing.calls == ["read", "read", "write", *["read"] * len(pauses)]
    assert clock.slept == pauses


@pytest.mark.parametrize(
    ("timeout", "pauses"),
    [(0.2, [0.05, 0.1, 0.05]), (1.0, [0.25, 0.5, 0.25]), (30.0, [0.25, 0.5, 1, 2, 4, 5, 5, 5, 5, 2.25])],
)
def test_a_creation_that_does_not_appear_within_timeout_fails_with_a_remedy(timeout, pauses, clock):
    thing = Created(None)

    with pytest.raises(AmbiguousWrite) as caught:
        ensure(FakeAccess(clock, timeout=timeout), thing)

    assert caught.value.message == (
        f"thing 'a': no answer. The item may have been created, but it did not appear within {timeout:g} s (timeout). The request is not repeated, as that "
        "could create a duplicate. Run the task again: it looks for the item before creating one"
    )
    assert thing.calls.count("write") == 1
    assert clock.slept == pytest.approx(pauses, abs=1e-6)


def test_slow_reads_are_limited_by_timeout(clock):
    thing = Created(None)
    read = thing.read

    def slowly():
        clock.time += 12.0 if thing.looks is not None else 0
        return read()

    thing.read = slowly
    with pytest.raises(AmbiguousWrite):
        ensure(FakeAccess(clock), thing)

    assert thing.looks == 3  # at 0.25, 12.75 and 25.75 s


def scripted(target, reads, writes):
    """A thing whose reads and writes have these outcomes. Exceptions are raised."""
    thing = Thing(None, target)
    reads, writes = iter(reads), iter(writes)

    def write(current, wanted):
        thing.calls.append("write")
        outcome = next(writes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    thing.read = lambda: next(reads)
    thing.write = write
    return thing


@pytest.mark.parametrize("retries", [0, 4])
def test_a_created_item_that_differs_is_updated(retries, clock):
    thing = scripted(B, [None, None, None, A, B], [AmbiguousWrite("no answer", creates=True), B])

    assert ensure(FakeAccess(clock, retries=retries), thing)[:2] == (True, B)


def test_a_created_item_that_disappears_is_not_created_again(clock):
    """With several servers, a platform may list an item, and then not."""
    thing = scripted(
        B, [None, None, A, None, None, B], [AmbiguousWrite("no answer", creates=True), AmbiguousWrite("no answer")]
    )

    assert ensure(FakeAccess(clock), thing)[:2] == (True, B)
    assert thing.calls == ["write"] * 2


def test_a_created_item_that_cannot_be_read_may_exist(clock):
    thing = Created(None)
    read = thing.read

    def fail():
        if thing.looks is not None:
            raise AccessError("HTTP 502", status=502)
        return read()

    thing.read = fail
    with pytest.raises(AmbiguousWrite) as caught:
        ensure(FakeAccess(clock), thing)

    assert (
        "no answer. The item may have been created, but it cannot be looked up (HTTP 502). The request is not repeated"
        in caught.value.message
    )


def test_after_a_creation_retry_after_delays_the_read(clock):
    assert ensure(FakeAccess(clock), Created(1, wait=7)).changed
    assert clock.slept == [7, 0.0, 0.25]


def test_after_a_creation_a_retry_after_beyond_max_wait_fails(clock):
    with pytest.raises(AmbiguousWrite) as caught:
        ensure(FakeAccess(clock, max_wait=5), Created(1, wait=7))

    assert (
        "may have been created, but it cannot be looked up (no answer: a wait of 7 s is needed" in caught.value.message
    )
    assert clock.slept == []


def test_a_successful_creation_need_not_be_readable_yet(clock):
    """The platform's list is outdated, which must not lose the response's data."""
    thing = scripted(A, [B, B, None, None], [AmbiguousWrite("no answer to the removal of what it replaces"), A])

    assert ensure(FakeAccess(clock), thing)[:2] == (True, A)


# --- what others have done meanwhile -------------------------------------------------------------------------------------


def overtaken():
    return Conflict("exists already", status=409)


@pytest.mark.parametrize(
    ("before", "wanted"), [pytest.param(None, A, id="created"), pytest.param(A, None, id="removed")]
)
@pytest.mark.parametrize("retries", [0, 4])
def test_a_conflicting_concurrent_change_is_not_a_change(before, wanted, retries, clock):
    assert ensure(FakeAccess(clock, retries=retries), scripted(wanted, [before, before, wanted], [overtaken()])) == (
        False,
        wanted,
        None,
    )


@pytest.mark.parametrize("retries", [0, 4])
def test_an_item_created_differently_by_another_process_is_updated(retries, clock):
    thing = scripted(A, [None, None, B, A], [overtaken(), A])

    assert ensure(FakeAccess(clock, retries=retries), thing) == (True, A, shown({"name": "b"}, {"name": "a"}))


def test_an_item_found_after_an_ambiguous_write_counts_as_changed(clock):
    thing = scripted(A, [None, None, None, A], [AmbiguousWrite("no answer"), overtaken()])

    assert ensure(FakeAccess(clock), thing) == (True, A, shown({}, {"name": "a"}))


@pytest.mark.parametrize("retries", [0, 2])
def test_a_conflict_with_an_item_that_does_not_exist_fails(retries, clock):
    writes = retries + 1
    thing = scripted(A, [None] * (2 + writes), [overtaken() for _attempt in range(writes)])

    with pytest.raises(Conflict):
        ensure(FakeAccess(clock, retries=retries), thing)

    assert len(thing.calls) == writes
