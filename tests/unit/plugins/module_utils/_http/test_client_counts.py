# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request adds to the statistics."""

from __future__ import annotations

import contextlib

import pytest
import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.module_utils._http.client import Http
from ansible_collections.mediaops.access.plugins.module_utils._http.models import ConnectionOptions, Request
from ansible_collections.mediaops.access.plugins.module_utils._masking.secrets import Secrets
from ansible_collections.mediaops.access.plugins.module_utils._platform.responses import ResponseReader
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.budget import WaitBudget
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.rate import Rate
from ansible_collections.mediaops.access.plugins.module_utils._store.memory import MemoryBackend

URL = "https://api.example.com/v1/items"
READ = Request("GET", URL)
LOGIN = Request("POST", URL, form={"a": "1"}, repeatable=True, requests_token=True)
WRITE = Request("POST", URL, json={"a": 1})
QUOTA = {"status": 429, "json": {"error": "quota_exceeded"}}
LOST = requests.exceptions.ReadTimeout("lost")
REFUSED = requests.exceptions.ConnectionError(MaxRetryError(None, URL, NewConnectionError(None, "refused")))


def limited(seconds, status=429):
    return {"status": status, "headers": {"Retry-After": str(seconds)}}


@pytest.fixture
def counted(clock):
    """Sends requests of one task, and returns its counts."""

    def send(*requests_, rate=None, max_wait=300, counts=None):
        budget = WaitBudget(max_wait, clock)
        if counts is not None:
            counts.append(budget.counts)
        http = Http(
            ConnectionOptions(),
            budget,
            clock,
            MemoryBackend(clock, {}),
            lambda request: [("all", rate)] if rate else [],
            ResponseReader({}, {}, Secrets(), {}, ["quota_exceeded"]),
        )
        with contextlib.suppress(AccessError):
            for request in requests_:
                http.send(request)
        return {name: value for name, value in vars(budget.counts).items() if value}

    return send


@pytest.mark.parametrize(
    ("request_", "answers", "expected"),
    [
        pytest.param(READ, [200], {"requests": 1}, id="a read"),
        pytest.param(READ, [404], {"requests": 1}, id="an error"),
        pytest.param(LOGIN, [200], {"requests": 1, "logins": 1}, id="a login"),
        pytest.param(LOGIN, [401], {"requests": 1, "logins": 1}, id="a failed login"),
        pytest.param(LOGIN, [502, 200], {"requests": 2, "logins": 2, "repeats": 1}, id="a repeated login"),
        pytest.param(
            LOGIN,
            [limited(7), 200],
            {"requests": 2, "logins": 1, "repeats": 1, "responses_429": 1, "seconds_waited": 7.0},
            id="a login that a rate limit rejected",
        ),
        pytest.param(
            READ,
            [limited(2), limited(3), 200],
            {"requests": 3, "repeats": 2, "responses_429": 2, "seconds_waited": 5.0},
            id="rejected twice",
        ),
        pytest.param(READ, [limited(999)], {"requests": 1, "responses_429": 1}, id="rejected for longer than max_wait"),
        pytest.param(READ, [QUOTA], {"requests": 1, "responses_429": 1}, id="an exhausted quota"),
        pytest.param(LOGIN, [QUOTA], {"requests": 1, "responses_429": 1}, id="a login that a quota rejected"),
        pytest.param(
            READ, [limited(4, 503), 200], {"requests": 2, "repeats": 1, "seconds_waited": 4.0}, id="unavailable"
        ),
        pytest.param(READ, [LOST, 200], {"requests": 2, "repeats": 1}, id="a lost response"),
        pytest.param(WRITE, [LOST], {"requests": 1}, id="a write with an unknown outcome"),
        pytest.param(READ, [REFUSED, 200], {"requests": 1}, id="a request that did not arrive"),
    ],
)
def test_each_request_is_counted_as_what_it_was(request_, answers, expected, counted, exchange):
    exchange(request_, *answers)

    assert counted(request_) == expected


class TaskTimeout(Exception):
    """Stands for the exception that Ansible raises wherever the task is."""


def test_a_request_whose_task_exceeds_its_timeout_is_counted(counted, exchange):
    counts = []
    exchange(READ, TaskTimeout())

    with pytest.raises(TaskTimeout):
        counted(READ, counts=counts)

    assert counts[0].requests == 1


def test_a_redirect_is_another_request_and_not_a_repeat(counted, exchange):
    exchange(READ, {"status": 302, "headers": {"Location": URL}}, 200)

    assert counted(READ) == {"requests": 2}


def test_waiting_for_a_start_is_counted_although_nothing_was_rejected(counted, exchange, clock):
    exchange(READ, 200, 200)

    counts = counted(READ, READ, rate=Rate(1, 60.0))

    assert counts == {"requests": 2, "seconds_waited": sum(clock.slept)}
    assert counts["seconds_waited"] > 59


def test_a_wait_that_max_wait_does_not_allow_is_not_counted(counted, exchange):
    exchange(READ, 200)

    assert counted(READ, READ, rate=Rate(1, 60.0), max_wait=10) == {"requests": 1}


def test_waiting_for_a_lock_is_not_waiting_for_a_limit(clock):
    budget = WaitBudget(10, clock)

    budget.wait(3, "another process holds the lock")

    assert budget.counts.seconds_waited == 0
