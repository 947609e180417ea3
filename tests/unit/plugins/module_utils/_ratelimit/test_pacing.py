# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError, WaitTooLong
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.budget import WaitBudget
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.rate import Rate
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.schedule import Schedule, next_start

DAY = 86400.0
NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20/second", Rate(20, 1.0)),
        ("120/minute", Rate(120, 60.0)),
        ("1/second", Rate(1, 1.0)),
        ("999999/minute", Rate(999999, 60.0)),
        ("none", None),
    ],
)
def test_rate_is_parsed(text, expected):
    assert Rate.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20",
        "20/hour",
        "0/second",
        "-1/second",
        "1.5/second",
        "20 / second",
        "20/seconds",
        "20/SECOND",
        "None",
        "1000000/second",
        "٣/second",
        "1/second\n",
    ],
)
def test_invalid_rate_is_refused_naming_the_option(text):
    with pytest.raises(
        AccessError, match=r"^auth_rate_limit: .* is not a valid rate limit; valid: N/second, N/minute .*, none$"
    ):
        Rate.parse(text, "auth_rate_limit")


def reserve(rate, clock, count):
    """The starts, relative to now, of ``count`` calls that are reserved at the same time."""
    starts: list[float] = []
    for _number in range(count):
        starts.append(next_start(starts, rate, clock))
    return [pytest.approx(start - clock, abs=1e-4) for start in starts]


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        (Rate(3, 1.0), [0, 0, 0, 1.04, 1.04, 1.04, 2.08]),
        (Rate(1, 1.0), [0, 1.04, 2.08, 3.12]),
        (Rate(2, 60.0), [0, 0, 60.5, 60.5, 121]),
    ],
    ids=["burst, then one window later", "one by one", "slack of half a second at most"],
)
def test_burst_up_to_the_limit_does_not_wait_but_the_next_call_waits_one_window(rate, expected):
    assert reserve(rate, NOW, len(expected)) == expected


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        pytest.param([], NOW, id="nobody yet"),
        pytest.param([NOW - 500, NOW - 400], NOW, id="long ago"),
        pytest.param([NOW - 0.5, NOW - 0.25], NOW + 0.54, id="one window after the second last"),
        pytest.param([NOW + 7], NOW, id="another limit keeps the first one waiting"),
        pytest.param([NOW + 7, NOW + 7], NOW, id="another limit keeps several waiting"),
        pytest.param(
            [NOW, NOW + 0.5, NOW + 7],
            NOW + 1.04,
            id="between those who came first and those who wait for another limit",
        ),
        pytest.param([NOW, NOW, NOW + 1.5, NOW + 1.5], NOW + 2.54, id="no gap is wide enough"),
    ],
)
def test_next_start(starts, expected):
    assert next_start(starts, Rate(2, 1.0), NOW) == pytest.approx(expected, abs=1e-4)


pauses = st.lists(st.floats(0, 3) | st.just(0.0), max_size=60)


def simulated(rate, pauses):
    """The reservation and start times of calls that are made after each of the ``pauses``."""
    now, asked, starts = NOW, [], []
    for pause in pauses:
        now += pause
        asked.append(now)
        starts.append(next_start(starts, rate, now))
    return asked, starts


@given(st.integers(1, 8), st.sampled_from([0.5, 1.0, 2.0]), pauses)
def test_no_window_exceeds_the_limit(count, window, pauses):
    _asked, starts = simulated(Rate(count, window), pauses)

    assert all(late - early > window for early, late in zip(starts, starts[count:], strict=False))


@given(st.integers(1, 8), pauses)
def test_calls_start_in_order_without_needless_waits(count, pauses):
    rate = Rate(count, 1.0)
    asked, starts = simulated(rate, pauses)

    assert starts == sorted(starts)
    for number, (now, start) in enumerate(zip(asked, starts, strict=True)):
        full = starts[number - count] + rate.window if number >= count else now
        before = starts[number - 1] if number else now
        assert start <= max(now, before, full) + 0.04 + 1e-6


@pytest.mark.parametrize(
    ("costs", "expected"),
    [
        pytest.param([3, 2, 1], [0, 0, 1.04], id="as many as go into a window"),
        pytest.param([3, 3, 2], [0, 1.04, 0], id="a light one goes before a heavy one that waits"),
        pytest.param([5, 5, 1], [0, 1.04, 2.08], id="whole windows"),
        pytest.param([1, 5, 4], [0, 1.04, 0], id="room for four is left"),
        pytest.param([1, 5, 5, 4, 1], [0, 1.04, 2.08, 0, 3.12], id="no room is left between heavy ones"),
    ],
)
def test_costly_request_waits_for_enough_room(costs, expected):
    schedule, starts = Schedule(), []
    for cost in costs:
        rate = Rate(5, 1.0, cost)
        starts.append(schedule.next(rate, NOW))
        schedule.add(starts[-1], rate, NOW)

    assert [start - NOW for start in starts] == pytest.approx(expected, abs=1e-4)
    assert len(schedule.starts) == sum(costs)


def first_start(requests, rate, now):
    """A model of a schedule: the earliest start at which no window exceeds ``count`` calls, counting each call separately."""

    def fits(start):
        everything = [*requests, (start, rate.cost)]
        windows = (
            [cost for other, cost in everything if 0 <= other - begin < rate.padded_window - 1e-6]
            for begin, _weight in everything
        )
        return all(sum(costs) <= rate.count for costs in windows)

    return min(
        instant
        for instant in (now, *(start + rate.padded_window for start, _weight in requests))
        if instant >= now and fits(instant)
    )


@given(st.data(), st.integers(1, 6))
def test_requests_of_any_cost_start_as_early_as_the_limit_allows(data, count):
    schedule, requests, now = Schedule(), [], NOW
    for pause, cost in data.draw(st.lists(st.tuples(st.integers(0, 12), st.integers(1, count)), max_size=25)):
        now += pause / 8
        rate = Rate(count, 1.0, cost)
        start = schedule.next(rate, now)
        assert start == pytest.approx(first_start(requests, rate, now), abs=1e-5)
        schedule.add(start, rate, now)
        requests.append((start, cost))

    for begin, _weight in requests:
        assert sum(cost for start, cost in requests if begin <= start <= begin + 1.0) <= count


def test_parsed_rate_has_cost_1():
    assert Rate.parse("20/second").cost == 1


MINUTE = Rate(2, 60.0)


def test_later_reservation_counts_for_earlier_calls():
    schedule = Schedule()
    schedule.add(1000.5, Rate(1, 1.0), 1000)

    assert schedule.next(Rate(1, 1.0), 1000) == pytest.approx(1001.54)


def test_schedule_keeps_only_relevant_starts():
    schedule = Schedule()
    for start in (1000.0, 1000.0, 1062.0):
        schedule.add(start, MINUTE, start)

    assert schedule.starts == [1062.0]
    schedule.add(1063.0, MINUTE, 1063.0)
    assert schedule.starts == [1062.0, 1063.0]


@pytest.mark.parametrize(("ahead", "kept"), [(3599, True), (3600, False), (100_000, False)])
def test_entries_from_before_the_clock_was_set_back_are_dropped(ahead, kept):
    now = 1_800_000_000.0
    schedule = Schedule([now - 30, now + ahead], now + ahead)

    schedule.block_until(now + 1, now)

    assert schedule.starts == [now - 30, now + ahead][: 1 + kept]
    assert schedule.not_before == now + (ahead if kept else 1)


def test_blocked_call_starts_when_the_block_ends():
    schedule = Schedule()
    schedule.block_until(1030.0, 1000.0)
    schedule.block_until(1020.0, 1000.0)

    assert schedule.next(MINUTE, 1000.0) == 1030.0


@given(st.binary(max_size=80))
def test_damaged_schedule_is_read_partially(data):
    start = Schedule.unpack(data).next(Rate(3, 1.0), NOW)

    assert NOW <= start < NOW + DAY + 2


@given(st.lists(st.floats(0, 2e9)).map(sorted), st.floats(0, 2e9))
def test_schedule_round_trip(starts, not_before):
    assert Schedule.unpack(Schedule(starts, not_before).pack()) == Schedule(starts, not_before)


def test_budget_sleeps_and_decreases(clock):
    budget = WaitBudget(10, clock)

    budget.wait(3, "a reason")
    budget.wait(0, "nothing to wait for")
    budget.wait(7, "to the last second")

    assert clock.slept == [3, 7]
    assert budget.left == 0


@pytest.mark.parametrize(("seconds", "slept", "left"), [(0.5, [0.5], 9.5), (10, [10], 0), (0, [], 10), (-1, [], 10)])
def test_budget_accepts_fractions_and_ignores_negative_waits(seconds, slept, left, clock):
    budget = WaitBudget(10, clock)

    budget.wait(seconds, "reason")

    assert (clock.slept, budget.left) == (slept, left)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.9, "max_wait (10 s) is used up"), (1, "a wait of 1 s is needed, but only 10 s of max_wait (10 s) are left")],
)
def test_wait_of_less_than_a_second_is_not_quantified(seconds, words, clock):
    assert words in WaitBudget(10, clock).exceeded(seconds, "reason").message


def test_none_is_recognized_by_value():
    assert Rate.parse("".join(["no", "ne"])) is None


def test_budget_fails_immediately_if_exceeded(clock):
    budget = WaitBudget(10, clock)
    budget.wait(4, "a reason")

    with pytest.raises(WaitTooLong) as caught:
        budget.wait(7, "the rate limit", status=429)

    assert clock.slept == [4]
    assert budget.left == 6
    assert caught.value.status == 429
    assert (
        caught.value.message
        == "the rate limit: a wait of 7 s is needed, but only 6 s of max_wait (10 s) are left. Run again later, or raise max_wait"
    )


def test_budget_is_reset_for_the_next_item(clock):
    budget = WaitBudget(10, clock)
    budget.wait(10, "a reason")

    budget.reset()

    budget.wait(10, "a reason")
    assert clock.slept == [10, 10]
