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
LONG = 20  # seconds until a hanging test fails


def numbered(number):
    return lambda: number


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before


@WIDTHS
def test_no_jobs_give_no_results(width):
    assert list(run_parallel(iter(()), width)) == []


@WIDTHS
def test_every_job_runs_once(width):
    done = collections.Counter(run_parallel((numbered(number) for number in range(100)), width))

    assert done == dict.fromkeys(range(100), 1)


@pytest.mark.parametrize("value", [None, 0, "", []], ids=repr)
@WIDTHS
def test_falsy_results_are_returned(width, value):
    assert list(run_parallel(iter([lambda: value] * 3), width)) == [value] * 3


def test_width_1_runs_lazily_in_order_in_the_calling_thread():
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
def test_at_most_width_jobs_run_at_once(width):
    barrier, lock = threading.Barrier(width), threading.Lock()
    active, most = 0, 0

    def job():
        nonlocal active, most
        with lock:
            active += 1
            most = max(most, active)
        barrier.wait(LONG)  # passes only if ``width`` jobs run at once
        with lock:
            active -= 1

    assert len(list(run_parallel(iter([job] * (4 * width)), width))) == 4 * width
    assert most == width


@WIDTHS
def test_jobs_are_taken_only_when_a_thread_is_free(width):
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


def test_results_are_yielded_as_they_complete():
    received = threading.Event()

    def slow():
        assert received.wait(LONG)
        return "slow"

    order = []
    for result in run_parallel(iter([slow, lambda: "quick"]), 2):
        order.append(result)
        received.set()

    assert order == ["quick", "slow"]


def test_jobs_are_not_polled_while_a_result_is_pending():
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
def test_jobs_may_depend_on_results(width):
    """A tree: each job returns its children, as a read determines the writes that follow."""
    queue, doing, seen = collections.deque([1]), 0, []

    def jobs():
        nonlocal doing
        while queue or doing:
            if queue:
                doing += 1
                yield functools.partial(
                    lambda number: (number, [2 * number, 2 * number + 1] if number < 50 else []), queue.popleft()
                )
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
def test_exception_in_a_job_is_raised_and_stops_new_jobs(width):
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


def test_running_jobs_finish_when_another_fails():
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
def test_exception_while_taking_a_job_is_raised(width):
    def jobs():
        yield numbered(1)
        raise Bad

    with pytest.raises(Bad):
        list(run_parallel(jobs(), width))


@WIDTHS
def test_closing_early_leaves_no_job_running(width):
    begun, ended = [], []

    def job():
        begun.append(1)
        ended.append(1)

    found = run_parallel(itertools.repeat(job), width)
    next(found)
    found.close()

    assert len(begun) == len(ended)
