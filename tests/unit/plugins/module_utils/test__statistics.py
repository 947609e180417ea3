# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest

from ansible_collections.mediaops.access.plugins.module_utils import _statistics
from ansible_collections.mediaops.access.plugins.module_utils._statistics import (
    NAMES,
    Statistics,
    append_totals,
    collect_in,
    read_totals,
)


@pytest.fixture
def file(tmp_path, monkeypatch):
    """The file of a controller process with the callback."""
    monkeypatch.setattr(_statistics, "_file", None)
    path = tmp_path / "statistics.jsonl"
    path.touch(0o600)
    collect_in(str(path))
    return path


def numbers(**values):
    return {**dict.fromkeys(NAMES, 0), **values}


def test_a_task_without_requests_and_tokens_counts_nothing(file):
    statistics = Statistics()
    statistics.counts("flex")

    assert statistics.totals() == {}
    assert statistics.save() == []
    assert file.read_bytes() == b""


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        pytest.param({}, {"requests": 1}, id="a request"),
        pytest.param({"requests_token": True}, {"requests": 1, "logins": 1}, id="a login"),
        pytest.param({"repeated": True}, {"requests": 1, "repeats": 1}, id="a repeat"),
        pytest.param({"limited": True}, {"requests": 1, "responses_429": 1}, id="a rejected one"),
        pytest.param(
            {"requests_token": True, "limited": True}, {"requests": 1, "responses_429": 1}, id="a rejected login"
        ),
    ],
)
def test_a_request_counts_in_each_column_that_describes_it(request_, expected):
    statistics = Statistics()

    statistics.counts("flex").add_request(**{"requests_token": False, "repeated": False, **request_})

    assert statistics.totals() == {"flex": numbers(**expected)}


def test_threads_and_platforms_are_summed_and_a_token_counts_once(file):
    statistics = Statistics()
    for platform, token in (("flex", "a"), ("flex", "a"), ("flex", "b"), ("freewheel", "a")):
        counts = statistics.counts(platform)
        counts.add_request(requests_token=False, repeated=False)
        counts.cached_tokens.add(token)
        counts.seconds_waited += 0.5

    assert statistics.totals() == {
        "flex": numbers(requests=3, cached_tokens=2, seconds_waited=1.5),
        "freewheel": numbers(requests=1, cached_tokens=1, seconds_waited=0.5),
    }
    assert (statistics.save(), statistics.save()) == ([], [])
    assert read_totals(str(file))["flex"] == numbers(requests=6, cached_tokens=4, seconds_waited=3.0)


def test_a_token_that_the_task_has_obtained_is_not_cached_for_any_of_its_threads():
    statistics = Statistics()
    first, second = statistics.counts("flex"), statistics.counts("flex")
    second.add_cached("old")
    for name in ("old", "new"):
        first.obtained.add(name)
        second.add_cached(name)

    assert statistics.totals() == {"flex": numbers(cached_tokens=1)}


def test_names_of_tokens_are_not_written(file):
    statistics = Statistics()
    statistics.counts("flex").cached_tokens.add("the name of an entry")

    statistics.save()

    assert "entry" not in file.read_text(encoding="utf-8")


def test_without_the_callback_nothing_is_opened(monkeypatch):
    monkeypatch.setattr(_statistics, "_file", None)
    monkeypatch.setattr(os, "open", lambda *arguments: pytest.fail("a file is opened"))
    statistics = Statistics()
    statistics.counts("flex").add_request(requests_token=False, repeated=False)

    assert statistics.save() == []


def test_a_task_that_outlives_the_playbook_counts_nowhere(file):
    file.unlink()

    assert append_totals({"flex": numbers(requests=1)}) == []
    assert not file.exists()


def test_counts_that_cannot_be_written_are_a_warning(file):
    collect_in(str(file.parent))

    assert append_totals({"flex": numbers(requests=1)}) == [
        f"the access statistics are incomplete: {file.parent} cannot be written: Is a directory"
    ]


@pytest.mark.parametrize(
    "line",
    [
        '{"flex": {"requests": 1',
        "[]",
        "1",
        '{"flex": 1}',
        '{"flex": {"requests": 1}}',
        '{"flex": {"requests": "1", "logins": 0, "cached_tokens": 0, "repeats": 0, "responses_429": 0, "seconds_waited": 0}}',
    ],
)
def test_what_another_host_returns_instead_of_counts_is_ignored(line, file):
    append_totals({"flex": numbers(requests=1)})
    with file.open("a", encoding="utf-8") as handle:
        handle.write(f"{line}\n")
    append_totals({"flex": numbers(requests=1)})

    assert read_totals(str(file)) == {"flex": numbers(requests=2)}


PROCESS = """
from ansible_collections.mediaops.access.plugins.module_utils._statistics import Statistics, collect_in
collect_in(args[0])
print("ready", flush=True)
input()
for _task in range(200):
    statistics = Statistics()
    statistics.counts("flex").add_request(requests_token=False, repeated=False)
    statistics.save()
"""


def test_the_lines_of_several_processes_do_not_mix(file, together):
    together(4, PROCESS, file)

    assert read_totals(str(file)) == {"flex": numbers(requests=800)}
