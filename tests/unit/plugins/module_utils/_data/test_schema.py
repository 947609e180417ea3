# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.module_utils._data.schema import Schema
from ansible_collections.mediaops.access.plugins.module_utils._errors import MissingLibrary

SECRET = "s3cr3t-value"

USER = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "id": {"type": ["integer", "string"], "pattern": "^[0-9]+$"},
        "state": {"enum": ["present", "absent"]},
        "count": {"type": "integer", "minimum": 1},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1},
    },
    "required": ["name", "id"],
    "additionalProperties": False,
}
VALID = {"name": "A", "id": 1}


def properties(**values):
    return {**VALID, **values}


@pytest.mark.parametrize(
    ("schema", "value", "problems"),
    [
        pytest.param(USER, VALID, [], id="all fits"),
        pytest.param(USER, [SECRET], ["top level: must be object, not array"], id="another type at the top"),
        pytest.param(USER, None, ["top level: must be object, not null"], id="null"),
        pytest.param(USER, {}, ["top level: lacks name and id"], id="missing fields"),
        pytest.param(USER, {"name": SECRET}, ["top level: lacks id"], id="one missing field"),
        pytest.param(USER, properties(name=5), ["name: must be string, not integer"], id="another type"),
        pytest.param(USER, properties(name=True), ["name: must be string, not boolean"], id="boolean"),
        pytest.param(USER, properties(id=1.5), ["id: must be integer or string, not number"], id="one of two types"),
        pytest.param(USER, properties(name=""), ["name: must not be empty"], id="empty string"),
        pytest.param(USER, properties(tags=[]), ["tags: must not be empty"], id="empty list"),
        pytest.param(
            USER, properties(tags=["a", {"b": SECRET}]), ["tags[1]: must be string, not object"], id="place in a list"
        ),
        pytest.param(USER, properties(state=SECRET), ["state: must be present or absent"], id="choice"),
        pytest.param(USER, properties(id=SECRET), ["id: must be a whole number"], id="pattern"),
        pytest.param(USER, properties(count=0), ["count: violates the schema rule minimum: 1"], id="minimum"),
        pytest.param(
            USER,
            properties(nme=SECRET),
            ["top level: unknown option 'nme'; valid options: count, id, name, state, tags"],
            id="unknown field, and those there are",
        ),
        pytest.param(
            USER,
            {"name": 1, "id": None},
            ["id: must be integer or string, not null", "name: must be string, not integer"],
            id="several, by place",
        ),
        pytest.param(
            {"type": "array", "items": USER}, [VALID, {"name": SECRET}], ["[1]: lacks id"], id="an item of the top"
        ),
        pytest.param(
            {"properties": {"u": {"items": USER}}},
            {"u": [properties(name=0)]},
            ["u[0].name: must be string, not integer"],
            id="deep",
        ),
        pytest.param(
            {"anyOf": [{"type": "string"}, {"type": "null"}]},
            5,
            ["top level: does not match any valid form"],
            id="no branch's type",
        ),
        pytest.param(
            {"anyOf": [{"type": "string"}, {"type": "null"}], "$comment": "must be text"},
            5,
            ["top level: must be text"],
            id="branches in words",
        ),
        pytest.param(
            {"anyOf": [{"type": "string"}, USER]},
            properties(name=7),
            ["name: must be string, not integer"],
            id="the branch that was meant",
        ),
        pytest.param(
            {"oneOf": [{"type": "string"}, USER]},
            {"id": 1},
            ["top level: lacks name"],
            id="what the branch that was meant lacks",
        ),
    ],
)
def test_problems_name_place_and_rule(schema, value, problems):
    assert Schema(schema).problems(value) == problems


@pytest.mark.parametrize(
    ("value", "problems"),
    [
        (None, ["data.User: must be object, not null"]),
        ({"name": "A"}, ["data.User: lacks id"]),
        (properties(tags=[1]), ["data.User.tags[0]: must be string, not integer"]),
        (properties(nme=1), ["data.User: unknown option 'nme'; valid options: count, id, name, state, tags"]),
    ],
)
def test_problems_include_the_given_place(value, problems):
    assert Schema(USER).problems(value, "data.User") == problems


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.just(SECRET),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*USER["properties"], "other"]), inner),
    max_leaves=8,
)


@given(json_values)
def test_problems_never_quote_values(value):
    schema = Schema({"anyOf": [USER, {"type": "array", "items": USER}]})

    assert SECRET not in json.dumps(schema.problems(value))


def test_missing_library_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "jsonschema", None)

    with pytest.raises(MissingLibrary, match="pip install jsonschema"):
        Schema({"title": "not made before"}).problems(1)
