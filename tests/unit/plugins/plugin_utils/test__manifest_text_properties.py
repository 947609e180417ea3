# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.plugin_utils._manifest_text import scalar

LOADERS = [yaml.SafeLoader, *filter(None, [getattr(yaml, "CSafeLoader", None)])]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Reviewer", "Reviewer"),
        ("Tool to review media", "Tool to review media"),
        ("https://flex.example.com:18101", "https://flex.example.com:18101"),
        ("é 🎬", '"é 🎬"'),
        ("0123", '"0123"'),
        ("on", '"on"'),
        ("y", '"y"'),
        ("a: b", '"a: b"'),
        (' "a"\\\n', '" \\"a\\"\\\\\\x0a"'),
        ("\u2028", '"\\u2028"'),
        ("", '""'),
        (7, "7"),
        (True, "true"),
        (30.0, "30.0"),
        (1e-07, "1.0e-07"),
    ],
)
def test_a_value_is_plain_only_if_it_is_certain_to_be_read_back(value, written):
    assert scalar(value) == written


@settings(max_examples=1000)
@given(st.text(st.characters(exclude_categories=["Cs"])) | st.integers() | st.booleans())
def test_every_value_is_read_back(value):
    text = f"key: {scalar(value)}\nother: end\n"

    for loader in LOADERS:
        assert yaml.load(text, Loader=loader) == {"key": value, "other": "end"}
