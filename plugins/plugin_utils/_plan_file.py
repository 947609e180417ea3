# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a plan: its JSON or Markdown document, and the approved plan that a run is compared with."""

from __future__ import annotations

import collections
import functools
import json
import os
import typing as t

from ..module_utils._data.bounded_json import parse
from ..module_utils._data.files import open_regular
from ..module_utils._data.private_file import PrivateFile
from ..module_utils._data.schema import Schema
from ..module_utils._errors import AccessError, in_one_line
from ..module_utils._platform.changes import Change

SCHEMA = os.path.join(os.path.dirname(__file__), "..", "..", "roles", "provision", "files", "plan.schema.json")
#: Values that the platform assigns, which a prediction cannot know.
_ASSIGNED = frozenset(("id", "client_id"))


def check_document(path: str) -> None:
    """Check that a plan can be written.

    :raises AccessError: if the name has another ending than ``.json`` or ``.md``, or the file cannot be written.
    """
    if not path.endswith((".json", ".md")):
        raise AccessError(f"dest: {path} must end with .json or .md, which determines the format")
    PrivateFile(path, "dest").check()


def write_document(path: str, text: str) -> None:
    """Write a file atomically with mode 0600, unless it already has this content.

    :raises AccessError: if it cannot be written.
    """
    file, data = PrivateFile(path, "dest"), text.encode("utf-8")
    file.check()
    if file.read() != data or not file.is_private:
        file.write([data])


def as_json(changes: t.Sequence[Change]) -> str:
    return json.dumps(changes, indent=2) + "\n"


@functools.lru_cache(maxsize=1)
def plan_schema() -> Schema:
    with open(SCHEMA, encoding="utf-8") as file:
        return Schema(json.load(file))


def load_approved(path: str) -> list[Change]:
    """Read an approved plan.

    :raises AccessError: if the file cannot be read or is not a JSON plan.
    """
    try:
        with os.fdopen(open_regular(path, os.O_RDONLY, follow=True), "rb") as file:
            plan = parse(file.read())
    except OSError as error:
        raise AccessError(f"approved_plan: {path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise AccessError(f"approved_plan: {path} is not a plan: it is not valid JSON. {_REMEDY}") from None
    problems = plan_schema().problems(plan)
    if problems:
        raise AccessError(f"approved_plan: {path} is not a plan: {in_one_line(problems)}. {_REMEDY}")
    return t.cast("list[Change]", plan)


_REMEDY = "Write one with provision_plan_file and a name that ends with .json"


def find_unapproved(changes: t.Sequence[Change], approved: t.Sequence[Change]) -> list[Change]:
    """The changes that an approved plan does not contain, except local ones. An entry approves one change: names are
    not unique on all platforms.
    """
    left = collections.Counter(map(_meaning, approved))
    unapproved = []
    for change in changes:
        if not change.get("local"):
            meaning = _meaning(change)
            left[meaning] -= 1
            if left[meaning] < 0:
                unapproved.append(change)
    return unapproved


def _meaning(change: Change) -> tuple[t.Any, ...]:
    """The effect of a change. The state before it, identifiers that the platform assigns and the lifetime of a
    token make no difference.
    """
    ignored = _ASSIGNED | ({"expires_at"} if change["kind"] == "token" else set())
    after = {key: value for key, value in (change["after"] or {}).items() if key not in ignored}
    return (
        *(change[key] for key in ("provider", "kind", "name", "action")),
        json.dumps(after, sort_keys=True) if change["after"] is not None else None,
    )
