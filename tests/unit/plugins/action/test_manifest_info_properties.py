# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.mediaops.access.tests.unit.plugins.action.test_manifest_info import (
    MANIFEST,
    file,
    folder,
    info,
)

__all__ = ["file", "folder", "info"]  # fixtures

SETTINGS = settings(
    derandomize=True,
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
KEYS = [
    "flex",
    "audienceplayer",
    "deliver",
    "applications",
    "tokens",
    "entitlements",
    "entitlements_file",
    "name",
    "dest",
    "format",
    "state",
    "ca_path",
    "url",
]
WORDS = st.text(
    st.characters(exclude_categories=["C", "Z"]), max_size=4
)  # a key is quoted in messages, which are of one line
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["present", "json", "~/x", "/"])
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | WORDS, inner, max_size=4),
    max_leaves=12,
)


def places(node, path=()):
    """Every place in a manifest."""
    yield path
    for key, inner in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from places(inner, (*path, key))


def changed(path, value):
    """The manifest with another value in one place."""
    manifest = copy.deepcopy(MANIFEST)
    *way, last = path
    node = manifest
    for key in way:
        node = node[key]
    node[last] = value
    return manifest


def judge(result):
    """Valid, or one line that says which manifest is wrong."""
    if result.get("failed"):
        assert "\n" not in result["msg"].strip() and "Traceback" not in result["msg"] and "bug" not in result["msg"]
        assert result["changed"] is False
    else:
        assert set(result["names"]) == {"applications", "tokens"}
        json.dumps(result)


@SETTINGS
@given(st.dictionaries(st.sampled_from(KEYS) | WORDS, ANYTHING, max_size=4), st.booleans())
def test_no_structure_crashes_the_check(info, manifest, revoke):
    judge(info(manifest, revoke=revoke))


@SETTINGS
@given(st.sampled_from(list(places(MANIFEST))[1:]), ANYTHING, st.booleans())
def test_no_value_in_any_place_crashes_the_check(info, path, value, revoke):
    judge(info(changed(path, value), revoke=revoke))


@SETTINGS
@given(ANYTHING, st.sampled_from(["a.json", "a.yml"]))
def test_no_file_crashes_the_check(info, file, content, name):
    try:
        path = file(name, json.dumps(content))
    except FileExistsError:
        pytest.fail("the folder is made once")
    judge(info(path))


@SETTINGS
@given(st.binary(max_size=60))
def test_no_bytes_crash_the_check(info, file, content):
    judge(info(file("a.yml", content)))
