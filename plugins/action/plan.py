# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ..module_utils._errors import AccessError, in_one_line
from ..module_utils._platform.options import common_options
from ..plugin_utils._controller_action import ControllerAction
from ..plugin_utils._plan_file import (
    as_json,
    check_document,
    find_unapproved,
    load_approved,
    plan_schema,
    write_document,
)
from ..plugin_utils._plan_text import Platforms, line, lines, markdown, totals
from ..plugin_utils._plans import Plans


class ActionModule(ControllerAction):
    spec: t.ClassVar[dict[str, dict[str, t.Any]]] = {
        **common_options("none", "none"),
        "changes": {"type": "list", "elements": "raw"},
        "titles": {"type": "dict", "default": {}},
        "unchanged": {"type": "dict", "default": {}},
        "failed": {"type": "list", "elements": "str", "default": []},
        "failures": {"type": "list", "elements": "str", "default": []},
        "dest": {"type": "path"},
        "approved_plan": {"type": "path"},
    }

    def perform(self, arguments: dict[str, t.Any]) -> dict[str, t.Any]:
        changes, dest = arguments["changes"], arguments["dest"]
        approved = load_approved(arguments["approved_plan"]) if arguments["approved_plan"] else None
        if approved is not None and not self._task.check_mode:
            # A prediction within a real run must not remember what an earlier one planned.
            Plans().clear()
        if dest:
            check_document(dest)
        problems = plan_schema().problems(changes or [], "changes")
        if problems:
            raise AccessError(in_one_line(problems))
        if changes is None:
            return {"changed": False}
        if approved is not None:
            _refuse_unapproved(find_unapproved(changes, approved), arguments)
        return self._describe(changes, arguments)

    def _describe(self, changes: list[dict[str, t.Any]], arguments: dict[str, t.Any]) -> dict[str, t.Any]:
        platforms = Platforms(arguments["titles"], arguments["unchanged"], arguments["failed"])
        dest, check_mode = arguments["dest"], self._task.check_mode
        if dest:
            is_json = dest.endswith(".json")
            text = markdown(changes, platforms, arguments["failures"], check_mode=check_mode)
            write_document(dest, as_json(changes) if is_json else text)
        drift = [change for change in changes if not change.get("local")]
        return {
            "changed": False,
            "lines": lines(changes),
            "totals": totals(changes, platforms, check_mode=check_mode),
            "drift": len(drift),
            **({"drift_message": _drift_message(drift, check_mode)} if drift else {}),
        }


def _refuse_unapproved(refused: list[dict[str, t.Any]], arguments: dict[str, t.Any]) -> None:
    if not refused:
        return
    titles = {Platforms(arguments["titles"]).title(change["provider"]) for change in refused}
    raise AccessError(
        f"{' and '.join(sorted(titles))}: nothing was changed, because the approved plan "
        f"{arguments['approved_plan']} does not contain: {in_one_line(list(map(line, refused)))}. Have the changes "
        "approved, and run again with the new plan"
    )


def _drift_message(drift: list[dict[str, t.Any]], check_mode: bool) -> str:
    noun = "item" if len(drift) == 1 else "items"
    verb = "differ from" if check_mode else "differed from, and now match,"
    return f"The platforms {verb} the manifest in {len(drift):,} {noun}: {in_one_line(list(map(line, drift)))}"


main = ActionModule.check_options  # for ansible-lint
