# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the scripts reserve in a real server is what ``Schedule`` reserves, for generated schedules and limits."""

from __future__ import annotations

import pathlib
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[4] / "helpers"))

from redis_server import RedisServer

from ansible_collections.mediaops.access.plugins.module_utils._errors import WaitTooLong
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.budget import WaitBudget
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.rate import Rate
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.schedule import Schedule
from ansible_collections.mediaops.access.plugins.module_utils._store import redis_scripts
from ansible_collections.mediaops.access.plugins.module_utils._store.backend import reserve_all


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


rates = st.builds(
    lambda count, window, cost: Rate(count, window, min(cost, count)),
    st.integers(1, 6),
    st.sampled_from([1.0, 60.0]),
    st.integers(1, 4),
)
#: Seconds from now; the last ones were made before the clock was set back.
offsets = st.floats(-130, 300, allow_nan=False) | st.integers(-3, 3).map(float) | st.sampled_from([3500.0, 3700.0, 1e9])
schedules = st.tuples(rates, st.lists(offsets, max_size=25), offsets)


def put(client, key, now, starts, not_before):
    schedule = Schedule(sorted(now + start for start in starts), now + not_before)
    client.set(key, schedule.pack())
    return schedule


def time_of(client):
    seconds, microseconds = client.time()
    return seconds + microseconds / 1e6


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(schedules, min_size=1, max_size=3), st.sampled_from([0.0, 5.0, 1e9]))
def test_script_reserves_as_the_schedule_does(server, states, patience):
    client = server.client
    client.flushall()
    roughly = time_of(client)
    pairs = [
        (rate, put(client, f"pace{number}", roughly, starts, not_before))
        for number, (rate, starts, not_before) in enumerate(states)
    ]
    keys = [f"pace{number}" for number in range(len(pairs))]
    limits = [repr(part) for rate, _schedule in pairs for part in (rate.count, rate.padded_window, rate.cost)]
    before = {key: client.get(key) for key in keys}

    reserved, now, start = client.eval(redis_scripts.RESERVE, len(keys), *keys, repr(patience), *limits)

    try:
        wait = reserve_all(pairs, float(now), WaitBudget(patience, None))
    except WaitTooLong:
        assert not reserved
        assert {key: client.get(key) for key in keys} == before
        return
    assert reserved
    assert float(start) - float(now) == pytest.approx(wait, abs=1e-5)
    for key, (rate, schedule) in zip(keys, pairs):
        kept = Schedule.unpack(client.get(key))
        assert kept.starts == pytest.approx(schedule.starts, abs=1e-5)
        assert kept.not_before == pytest.approx(schedule.not_before, abs=1e-5)
        last = max(schedule.not_before, *schedule.starts)
        assert client.pttl(key) == pytest.approx(
            1000 * (max(0.0, last - float(now)) + 2 * rate.padded_window), abs=2000
        )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(schedules, st.floats(-10, 4000, allow_nan=False))
def test_script_blocks_as_the_schedule_does(server, state, wait):
    client, (rate, starts, not_before) = server.client, state
    now = time_of(client)
    schedule = put(client, "pace", now, starts, not_before)

    client.eval(redis_scripts.BLOCK, 1, "pace", repr(wait), repr(rate.padded_window))

    schedule.block_until(now + wait, now)
    kept = Schedule.unpack(client.get("pace"))
    assert kept.starts == schedule.starts
    assert kept.not_before == pytest.approx(schedule.not_before, abs=2)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=60))
def test_script_reads_any_data_as_the_schedule_does(server, data):
    client = server.client
    client.set("pace", data)
    rate = Rate(2, 1.0)

    reserved, now, start = client.eval(
        redis_scripts.RESERVE, 1, "pace", repr(1e300), repr(rate.count), repr(rate.padded_window), repr(rate.cost)
    )

    schedule = Schedule.unpack(data)
    assert reserved
    assert float(start) == pytest.approx(schedule.next(rate, float(now)))
