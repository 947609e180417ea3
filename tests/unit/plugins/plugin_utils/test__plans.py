# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest
from ansible import constants as C

from ansible_collections.mediaops.access.plugins.plugin_utils._plans import Plans


@pytest.fixture
def plans(tmp_path, monkeypatch):
    monkeypatch.setattr(C, "DEFAULT_LOCAL_TMP", str(tmp_path))
    return Plans()


def test_plans_are_shared_within_a_run(plans):
    plans.add({"a": {"id": None, "name": "ä"}, "b": None})
    plans.add({"c": {}})

    other = Plans()
    assert [other.get(name) for name in "abcd"] == [{"id": None, "name": "ä"}, None, {}, None]
    assert other.all() == {"a": {"id": None, "name": "ä"}, "b": None, "c": {}}


def test_the_newest_plan_counts(plans):
    plans.add({"a": {"n": 1}})
    plans.add({"a": {"n": 2}})

    assert plans.get("a") == {"n": 2}


def test_reading_plans_creates_no_database(plans, tmp_path):
    assert (plans.get("a"), plans.all()) == (None, {})
    plans.clear()
    assert os.listdir(tmp_path) == []


def test_all_plans_are_cleared_at_once(plans, tmp_path):
    plans.add({"a": {"n": 1}})
    plans.clear()

    assert (plans.get("a"), os.listdir(tmp_path)) == (None, [])


def test_another_run_does_not_see_the_plans(plans, tmp_path, monkeypatch):
    plans.add({"a": {"n": 1}})
    (tmp_path / "other").mkdir()
    monkeypatch.setattr(C, "DEFAULT_LOCAL_TMP", str(tmp_path / "other"))

    assert Plans().get("a") is None
