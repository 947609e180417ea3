# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import stat

import pytest
from ansible import constants as C
from ansible.plugins.loader import callback_loader

from ansible_collections.mediaops.access.plugins.module_utils import _statistics
from ansible_collections.mediaops.access.plugins.module_utils._statistics import NAMES, append_totals, collecting_file


class Screen:
    """Ansible's display."""

    def __init__(self):
        self.lines: list[str] = []
        self.warnings: list[str] = []

    def banner(self, text):
        self.lines.append(f"{text} ***")

    def display(self, text):
        self.lines.append(text)

    def warning(self, text):
        self.warnings.append(text)


@pytest.fixture
def callback(tmp_path, monkeypatch):
    """The plugin as Ansible loads it, at the start of a playbook."""
    monkeypatch.setattr(C, "DEFAULT_LOCAL_TMP", str(tmp_path))
    monkeypatch.setattr(_statistics, "_file", None)
    plugin = callback_loader.get("mediaops.access.access_statistics")
    plugin._display = Screen()
    plugin.set_options()
    plugin.v2_playbook_on_start(None)
    return plugin


@pytest.fixture
def written(callback, tmp_path):
    """Ends the playbook with a statistics file. Returns its path."""

    def end(name="statistics.json"):
        path = tmp_path / name
        callback.set_options(direct={"statistics_file": str(path)})
        callback.v2_playbook_on_stats(None)
        return path

    return end


def used(**numbers):
    return {**dict.fromkeys(NAMES, 0), **numbers}


def test_nothing_is_displayed_if_no_platform_was_used(callback, written):
    path = written()

    assert callback._display.lines == []
    assert json.loads(path.read_text(encoding="utf-8")) == {}


def test_a_line_for_each_platform_that_was_used(callback):
    append_totals({"freewheel": used(requests=12, logins=1, cached_tokens=11, seconds_waited=0.25)})
    append_totals({"audienceplayer": used(requests=1000, logins=20, repeats=3, responses_429=2, seconds_waited=61.5)})
    append_totals({"freewheel": used(requests=1)})

    callback.v2_playbook_on_stats(None)

    assert callback._display.lines == [
        "ACCESS STATISTICS ***",
        "AudiencePlayer : requests=1000  logins=20    cached_tokens=0     repeats=3     responses_429=2     seconds_waited=61.5",
        "FreeWheel      : requests=13    logins=1     cached_tokens=11    repeats=0     responses_429=0     seconds_waited=0.2",
    ]


def test_consul_and_vault_are_counted_and_unknown_names_are_not_displayed(callback, written):
    append_totals({name: used(requests=1) for name in ("vault", "consul", "https://host of another host's result")})

    path = written()

    assert [line.split(":")[0].strip() for line in callback._display.lines[1:]] == ["Consul", "Vault"]
    assert list(json.loads(path.read_text(encoding="utf-8"))) == ["consul", "vault"]


def test_several_playbooks_of_one_command_are_summed_as_in_the_recap(callback):
    append_totals({"flex": used(requests=1)})
    callback.v2_playbook_on_stats(None)
    callback.v2_playbook_on_start(None)
    append_totals({"flex": used(requests=1)})
    callback.v2_playbook_on_stats(None)

    assert [line.partition(" : ")[2].split()[0] for line in callback._display.lines if line.startswith("Flex")] == [
        "requests=1",
        "requests=2",
    ]


def test_the_statistics_file_has_the_numbers_and_mode_0600(callback, written):
    append_totals({"flex": used(requests=2, logins=1, seconds_waited=0.123456)})

    path = written()

    assert json.loads(path.read_text(encoding="utf-8")) == {"flex": used(requests=2, logins=1, seconds_waited=0.123)}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert callback._display.warnings == []


@pytest.mark.parametrize("name", ["missing/statistics.json", "."])
def test_a_statistics_file_that_cannot_be_written_is_a_warning(name, callback, written, tmp_path):
    append_totals({"flex": used(requests=2)})

    written(name)

    (warning,) = callback._display.warnings
    assert warning.startswith(f"The access statistics were not written, see MEDIAOPS_STATISTICS_FILE: {tmp_path}")
    assert len(callback._display.lines) == 2


def test_the_counts_are_collected_in_a_private_file(callback, tmp_path):
    assert collecting_file() == str(tmp_path / "mediaops-access-statistics.jsonl")
    assert stat.S_IMODE((tmp_path / "mediaops-access-statistics.jsonl").stat().st_mode) == 0o600


def test_the_lines_can_be_turned_off(callback, written, monkeypatch):
    monkeypatch.setenv("MEDIAOPS_STATISTICS_DISPLAY", "false")
    append_totals({"flex": used(requests=2)})

    path = written()

    assert callback._display.lines == []
    assert json.loads(path.read_text(encoding="utf-8")) == {"flex": used(requests=2)}


def test_an_empty_variable_is_not_a_path(callback, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MEDIAOPS_STATISTICS_FILE", "")
    callback.set_options()
    before = sorted(tmp_path.iterdir())

    callback.v2_playbook_on_stats(None)

    assert (callback._display.warnings, sorted(tmp_path.iterdir())) == ([], before)


def test_the_environment_sets_the_file(callback, monkeypatch, tmp_path):
    monkeypatch.setenv("MEDIAOPS_STATISTICS_FILE", str(tmp_path / "a.json"))

    callback.set_options()

    assert callback.get_option("statistics_file") == str(tmp_path / "a.json")
