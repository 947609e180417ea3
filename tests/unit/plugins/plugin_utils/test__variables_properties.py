# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts of any parts are filled part by part, whatever the variables contain."""

from __future__ import annotations

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.plugin_utils._variables import fill

NAMES = st.text("ABCabc_1", min_size=1, max_size=3)
VALUES = st.text(max_size=8) | st.sampled_from(
    ["${A}", "$${A}", "$", "{", "}", "{{ A }}", "a: b", "- c", "\n", "!vault x"]
)
#: Text without a dollar sign, a reference, and a literal reference.
PARTS = st.tuples(st.just("text"), st.text(st.characters(exclude_characters="$"), max_size=4)) | st.tuples(
    st.sampled_from(["reference", "literal"]), NAMES
)
SOURCES = {"text": "{}", "reference": "${{{}}}", "literal": "$${{{}}}"}


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.lists(PARTS, max_size=6), st.dictionaries(NAMES, VALUES))
def test_each_part_is_filled_by_itself(parts, variables):
    variables = {**{name: f"<{name}>" for kind, name in parts if kind == "reference"}, **variables}
    source = "".join(SOURCES[kind].format(text) for kind, text in parts)
    results = {"text": str, "reference": lambda name: variables[name], "literal": lambda name: f"${{{name}}}"}
    expected = "".join(results[kind](text) for kind, text in parts)

    assert fill({source: [source, {"a": source}]}, variables, "m.yml") == {source: [expected, {"a": expected}]}


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.lists(VALUES, max_size=4))
def test_the_structure_of_a_manifest_stays(values):
    manifest = yaml.safe_load(yaml.safe_dump([f"${{A{index}}}" for index in range(len(values))]))
    variables = {f"A{index}": value for index, value in enumerate(values)}

    assert fill(manifest, variables, "m.yml") == values
