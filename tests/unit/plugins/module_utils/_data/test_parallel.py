# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import collections
import functools
import itertools
import threading

import pytest

from ansible_collections.mediaops.access.plugins.module_utils._data.parallel import run_parallel

WIDTHS = pytest.mark.parametrize("width", [1, 2, 5])
LONG = 20  # seconds, after which a test that hangs fails


def numbered(number):
    return lambda: number


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before


@WIDTHS
def test_without_jobs_there_are_no_results(width):
    assert list(run_parallel(iter(()), width)) == []


@WIDTHS
def test_every_job_is_done_once(width):
    done = collections.Counter(run_parallel((numbered(number) for number in range(100)), width))

    assert done == dict.fromkeys(range(100), 1)


@pytest.mark.parametrize("value", [None, 0, "", []], ids=repr)
@WIDTHS
def test_a_result_may_be_nothing(width, value):
    assert list(run_parallel(iter([lambda: value] * 3), width)) == [value] * 3


def test_one_at_a_time_is_done_in_order_in_this_thread_when_it_is_asked_for():
    steps = []

    def jobs():
        for number in range(3):
            steps.append(f"take {number}")
            yield None
            yield lambda number=number: steps.append(f"do {number}") or threading.current_thread()

    for thread in run_parallel(jobs(), 1):
        steps.append("result")
        assert thread is threading.current_thread()

    assert steps == [step for number in range(3) for step in (f"take {number}", f"do {number}", "result")]


@pytest.mark.parametrize("width", [2, 5])
def test_as_many_jobs_as_allowed_are_done_at_once_and_never_more(width):
    barrier, lock = threading.Barrier(width), threading.Lock()
    active, most = 0, 0

    def job():
        nonlocal active, most
        with lock:
            active += 1
            most = max(most, active)
        barrier.wait(LONG)  # passes only when as many jobs as allowed are here
        with lock:
            active -= 1

    assert len(list(run_parallel(iter([job] * (4 * width)), width))) == 4 * width
    assert most == width


@WIDTHS
def test_a_job_is_taken_when_somebody_is_free_to_do_it(width):
    taken, received = 0, 0

    def jobs():
        nonlocal taken
        for number in range(30):
            taken += 1
            assert taken - received <= width
            yield numbered(number)

    for _result in run_parallel(jobs(), width):
        received += 1

    assert (taken, received) == (30, 30)


def test_results_come_as_soon_as_they_are_there():
    received = threading.Event()

    def slow():
        assert received.wait(LONG)
        return "slow"

    order = []
    for result in run_parallel(iter([slow, lambda: "quick"]), 2):
        order.append(result)
        received.set()

    assert order == ["quick", "slow"]


def test_while_a_result_is_not_there_nobody_asks_again():
    release, steps = threading.Event(), []

    def late():
        assert release.wait(LONG)
        return "first"

    def jobs():
        yield late
        while "first" not in steps:
            steps.append("none yet")
            release.set()
            yield None
        yield lambda: "second"

    for result in run_parallel(jobs(), 5):
        steps.append(result)

    assert steps == ["none yet", "first", "second"]


@WIDTHS
def test_jobs_may_follow_from_results(width):
    """A tree: each job tells of its children, as a read tells what is to be written."""
    queue, doing, seen = collections.deque([1]), 0, []

    def jobs():
        nonlocal doing
        while queue or doing:
            if queue:
                doing += 1
                yield functools.partial(lambda number: (number, [2 * number, 2 * number + 1] if number < 50 else []), queue.popleft())
            else:
                yield None

    for number, children in run_parallel(jobs(), width):
        doing -= 1
        seen.append(number)
        queue.extend(children)

    assert sorted(seen) == list(range(1, 100))


class Bad(Exception):
    pass


def fail():
    raise Bad


@WIDTHS
def test_what_a_job_raises_is_raised_and_no_more_jobs_are_taken(width):
    taken = 0

    def jobs():
        nonlocal taken
        yield fail
        taken += 1
        yield None
        taken += 1

    with pytest.raises(Bad):
        list(run_parallel(jobs(), width))

    assert taken <= 1


def test_jobs_that_run_when_another_fails_are_finished():
    running, finished = threading.Event(), []

    def job():
        running.set()
        finished.append(True)

    def fails_meanwhile():
        assert running.wait(LONG)
        raise Bad

    with pytest.raises(Bad):
        list(run_parallel(iter([fails_meanwhile, job]), 2))

    assert finished == [True]


@WIDTHS
def test_what_taking_a_job_raises_is_raised(width):
    def jobs():
        yield numbered(1)
        raise Bad

    with pytest.raises(Bad):
        list(run_parallel(jobs(), width))


@WIDTHS
def test_who_wants_no_more_results_leaves_no_job_running(width):
    begun, ended = [], []

    def job():
        begun.append(1)
        ended.append(1)

    found = run_parallel(itertools.repeat(job), width)
    next(found)
    found.close()

    assert len(begun) == len(ended)
