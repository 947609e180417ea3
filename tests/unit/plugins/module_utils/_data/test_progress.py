# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.module_utils._data.progress import Progress, format_duration


@pytest.fixture
def said():
    return []


@pytest.fixture
def progress(clock, said):
    """The progress of work on 1000 items; ``after(seconds, done, changed, failed)`` advances the clock and updates it."""

    class Work:
        def __init__(self, total=1000, known=0):
            self.progress = Progress("AudiencePlayer", total, clock, said.append, known)

        def after(self, seconds, *counts):
            clock.time += seconds
            self.progress.update(*counts)

    return Work


def test_short_work_is_not_reported(progress, said):
    work = progress()
    for second in range(10):
        work.after(0.99, 100 * second, 0, 0)

    assert said == []


def test_first_line_after_10_seconds_then_every_30(progress, said):
    work = progress()
    for _second in range(100):
        work.after(1, len(said) + 1, 0, 0)

    # The number of finished items is one more than the number of lines so far.
    assert [line.partition(" done")[0] for line in said] == [
        f"AudiencePlayer: {number} of 1000" for number in (1, 2, 3, 4)
    ]


def test_interval_counts_from_the_last_line(progress, said):
    work = progress()
    for number, seconds in enumerate((25, 29.5, 0.5, 29.5, 0.5), 1):
        work.after(seconds, number, 0, 0)

    assert [line.partition(" done")[0] for line in said] == [
        f"AudiencePlayer: {number} of 1000" for number in (1, 3, 5)
    ]


def test_line_states_the_progress(progress, said):
    work = progress()
    work.after(10, 50, 7, 1)
    work.after(30, 300, 250, 20)
    work.after(3600, 301, 251, 20)

    assert said == [
        "AudiencePlayer: 50 of 1000 done, 7 changed, 1 failed, 300 a minute, about 3 min left",
        "AudiencePlayer: 300 of 1000 done, 250 changed, 20 failed, 450 a minute, about 2 min left",
        "AudiencePlayer: 301 of 1000 done, 251 changed, 20 failed, 5 a minute, about 2 h 21 min left",
    ]


def test_nothing_is_reported_before_the_first_item_is_done(progress, said):
    work = progress()
    work.after(10, 0, 0, 0)
    work.after(40, 0, 0, 0)
    assert said == []
    work.after(1, 1, 0, 0)

    assert said == ["AudiencePlayer: 1 of 1000 done, 0 changed, 0 failed, 1 a minute, about 14 h 9 min left"]


def test_known_items_count_as_done_but_not_for_the_rate(progress, said):
    work = progress(known=900)
    work.after(10, 900, 0, 0)
    assert said == []
    work.after(10, 920, 3, 0)

    assert said == ["AudiencePlayer: 920 of 1000 done, 3 changed, 0 failed, 60 a minute, about 80 s left"]


@pytest.mark.parametrize("done", [1000, 1001])
def test_completion_is_not_reported(done, progress, said):
    progress().after(3600, done, done, 0)

    assert said == []


def test_empty_work_is_not_reported(progress, said):
    progress(total=0).after(3600, 0, 0, 0)

    assert said == []


def test_clock_set_back_delays_reports(progress, said, clock):
    work = progress()
    work.after(10, 1, 0, 0)
    work.after(-86400, 2, 0, 0)

    assert len(said) == 1


@given(steps=st.lists(st.tuples(st.floats(-100, 1e6), st.integers(0, 20)), max_size=20))
def test_each_update_reports_at_most_one_line(steps):
    class Now:
        time = 0.0

        def now(self):
            return self.time

    said, clock = [], Now()
    progress = Progress("it", 10, clock, said.append)
    for seconds, done in steps:
        clock.time += seconds
        before = len(said)
        progress.update(done, 0, 0)
        assert len(said) - before <= (done < 10)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *((0, "0 s"), (0.4, "0 s"), (40, "40 s"), (89, "89 s")),
        *((90, "2 min"), (149, "2 min"), (151, "3 min"), (720, "12 min"), (89 * 60, "89 min")),
        *(
            (90 * 60, "1 h 30 min"),
            (11100, "3 h 5 min"),
            (7200, "2 h 0 min"),
            (7199, "2 h 0 min"),
            (100 * 3600, "100 h 0 min"),
        ),
    ],
)
def test_durations_are_formatted(seconds, text):
    assert format_duration(seconds) == text
