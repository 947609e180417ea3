# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import json

import jsonschema
import pytest

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.module_utils._platform.changes import make_change
from ansible_collections.mediaops.access.plugins.plugin_utils._plan_file import (
    SCHEMA,
    as_json,
    find_unapproved,
    load_approved,
    write_document,
)

APPLICATION = make_change("acme", "application", "A", None, {"id": None, "client_id": None, "description": "x"})
PLAYER = make_change("acme", "player", "p1", {"alias": "One"}, {"alias": "Two"})
DELETED = make_change("acme", "user", "a@example.com", {"name": "Anna"}, None)
TOKEN = make_change("acme", "token", "mrm", {"expires_at": "2030"}, {"expires_at": None}, action="rotate")
LOCAL = make_change("acme", "token", "other", None, {"expires_at": None}, action="obtain", local=True)
PLAN = [APPLICATION, PLAYER, DELETED, TOKEN, LOCAL]


def changed(change, **parts):
    return {**copy.deepcopy(change), **parts}


def test_the_schema_is_valid_and_describes_a_plan():
    with open(SCHEMA, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(PLAN)
    assert schema["items"]["properties"].keys() == APPLICATION.keys()


def test_a_plan_approves_itself_in_any_order(tmp_path):
    path = tmp_path / "plan.json"
    write_document(str(path), as_json(PLAN[::-1]))

    assert find_unapproved(PLAN, load_approved(str(path))) == []
    assert find_unapproved(PLAN[:2], PLAN) == []
    assert find_unapproved([], []) == []


@pytest.mark.parametrize(
    "change",
    [
        changed(APPLICATION, after={"id": 7, "client_id": "c", "description": "x"}),
        changed(PLAYER, before={"alias": "Three"}),
        changed(TOKEN, after={"expires_at": "2031"}),
        changed(LOCAL, name="unknown"),
    ],
    ids=["assigned by the platform", "another state before", "another expiry", "local"],
)
def test_what_makes_no_difference(change):
    assert find_unapproved([change], PLAN) == []


@pytest.mark.parametrize(
    "change",
    [
        changed(APPLICATION, provider="other"),
        changed(APPLICATION, kind="player"),
        changed(APPLICATION, name="B"),
        changed(APPLICATION, action="update"),
        changed(APPLICATION, after={"description": "y"}),
        changed(PLAYER, after={"alias": "Two", "enabled": False}),
        changed(DELETED, after={}),
        changed(TOKEN, action="revoke", after=None),
        changed(LOCAL, local=False, name="unknown"),
    ],
)
def test_what_is_not_approved(change):
    assert find_unapproved([*PLAN, change], PLAN) == [change]


def test_an_entry_approves_one_change():
    assert find_unapproved([DELETED, DELETED], PLAN) == [DELETED]
    assert find_unapproved([DELETED, DELETED], [*PLAN, DELETED]) == []


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("[", "is not a plan: it is not valid JSON"),
        ("{}", "is not a plan: top level: must be array, not object"),
        ('[{"kind": "player"}]', "is not a plan: [0]: lacks provider, name, action, before and after"),
        ("[[]]", "is not a plan: [0]: must be object, not array"),
        ("[" * 200 + "]" * 200, "is not a plan: it is not valid JSON"),
    ],
)
def test_a_file_that_is_not_a_plan(tmp_path, content, problem):
    path = tmp_path / "plan.json"
    path.write_text(content)

    with pytest.raises(AccessError, match=r"^approved_plan: /\S+/plan.json ") as caught:
        load_approved(str(path))
    assert problem in caught.value.message
    assert caught.value.message.endswith(". Write one with provision_plan_file and a name that ends with .json")


def test_a_file_is_private_and_written_only_if_it_differs(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text("old")
    path.chmod(0o644)
    write_document(str(path), "text")
    first = path.stat()
    write_document(str(path), "text")

    assert path.read_text() == "text"
    assert first.st_mode & 0o777 == 0o600
    assert path.stat().st_ino == first.st_ino
    write_document(str(path), "other")
    assert path.stat().st_ino != first.st_ino
