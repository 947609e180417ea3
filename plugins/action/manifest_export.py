# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import typing as t

from ..module_utils._data.rows import read_rows, short_path, unknown_names
from ..module_utils._data.values import problem_with
from ..module_utils._errors import AccessError, in_one_line
from ..module_utils._platform.options import common_options
from ..plugin_utils._controller_action import ControllerAction
from ..plugin_utils._export import ExportedSection, has_credentials, read_section
from ..plugin_utils._manifest_file import ManifestFiles
from ..plugin_utils._plain import ansible_home, decrypt_file, plain
from ..plugin_utils._providers import platforms

SCHEMA = os.path.abspath(
    os.path.join(os.path.dirname(__file__), "..", "..", "roles", "provision", "files", "manifest.schema.json")
)
COMMON = common_options("none", "none")


class ActionModule(ControllerAction):
    spec: t.ClassVar[dict[str, dict[str, t.Any]]] = {
        **COMMON,
        "dest": {"type": "path", "required": True},
        "sections": {"type": "list", "elements": "str"},
        "connection": {"type": "dict", "default": {}, "no_log": False},
        "users": {"type": "raw"},
    }
    private = ("connection",)

    def perform(self, arguments: dict[str, t.Any]) -> dict[str, t.Any]:
        chosen = _chosen(arguments["sections"], arguments["connection"])
        files = ManifestFiles(arguments["dest"], SCHEMA)
        files.check()
        results = self._read(chosen, arguments, self._users(arguments["users"]))
        warnings = [warning for result in results for warning in result.get("warnings", [])]
        failed = [result for result in results if result.get("failed")]
        if failed:
            return _failure(failed, warnings)
        sections: list[ExportedSection] = [result["section"] for result in results]
        files.compose(sections)
        if files.changed and not self._task.check_mode:
            files.write()
        notes = [note for section in sections for found in section.lists.values() for note in found.notes]
        warnings += [f"{files.dest} lacks what a manifest cannot express: {in_one_line(notes)}"] if notes else []
        return {
            "changed": files.changed,
            "dest": files.dest,
            "counts": {
                section.platform.name: {name: len(found.items) for name, found in section.lists.items()}
                for section in sections
            },
            "not_exported": notes,
            **({"warnings": warnings} if warnings else {}),
            **({"diff": files.diff()} if self._task.diff else {}),
        }

    def _read(self, chosen: list[t.Any], arguments: dict[str, t.Any], users: t.Sequence[str]) -> list[dict[str, t.Any]]:
        """The result for each platform. All are read, so that a failed run reports every failure."""
        with open(SCHEMA, encoding="utf-8") as file:
            sections = json.load(file)["properties"]
        defaults = {name: arguments[name] for name in COMMON if self._task.args.get(name) is not None}
        return [
            read_section(
                platform,
                arguments["connection"].get(platform.name) or {},
                defaults,
                users,
                sections[platform.name],
                ansible_home=ansible_home(),
                with_invocation=False,
            )
            for platform in chosen
        ]

    def _users(self, given: t.Any) -> list[str]:
        """The addresses in a list or a file."""
        if isinstance(given, str) and given:
            path = self._find_file(given)
            rows = read_rows(path, None, lambda place: decrypt_file(self._loader, place))
            found = [(f"{short_path(path)}{row.where}", row.problem, row.options) for row in rows]
        elif isinstance(given, (list, type(None))) or given == "":
            items = (item if isinstance(item, dict) else {"user_email": item} for item in given or ())
            found = [(f"users[{index}]", "", item) for index, item in enumerate(items)]
        else:
            raise AccessError("users must be a list, or the path of a CSV, JSON, JSON Lines or YAML file")
        problems = [
            f"{place}: {problem}"
            for place, problem in ((place, problem or _address_problem(item)) for place, problem, item in found)
            if problem
        ]
        if problems:
            raise AccessError(in_one_line(problems))
        return [item["user_email"] for _place, _problem, item in found]

    def _find_file(self, given: str) -> str:
        """A path relative to the working directory or to the playbook's directory."""
        path = os.path.expanduser(given)
        beside = os.path.join(self._loader.get_basedir(), path)
        return beside if os.path.exists(beside) and not os.path.exists(path) else os.path.abspath(path)


def _chosen(names: list[str] | None, connection: dict[str, t.Any]) -> list[t.Any]:
    """The platforms to export: by default those with credentials."""
    known = {platform.name: platform for platform in platforms()}
    for option, given in (("sections", names or ()), ("connection", connection)):
        unknown = [name for name in given if name not in known]
        if unknown:
            raise AccessError(f"{option}: {unknown_names('platform', unknown, known)}")
    for name, options in connection.items():
        if not isinstance(options, (dict, type(None))):
            raise AccessError(f"connection: {name} must be a dictionary of options")
    chosen = [
        platform
        for name, platform in known.items()
        if (name in names if names else name in connection or has_credentials(platform))
    ]
    if not chosen:
        raise AccessError(
            "there are no credentials for any platform. Set them in connection or in the environment, or select "
            "platforms with sections"
        )
    return chosen


def _failure(failed: list[dict[str, t.Any]], warnings: list[str]) -> dict[str, t.Any]:
    """The result if platforms could not be read: with the codes of the first one, and the messages of all."""
    result = {name: value for name, value in failed[0].items() if name != "invocation"}
    msg = "; ".join(one["msg"] for one in failed)
    return {**result, "msg": f"{msg}. Nothing was written", **({"warnings": warnings} if warnings else {})}


def _address_problem(item: dict[str, t.Any]) -> str | None:
    if not item.get("user_email"):
        return "user_email must be given"
    return problem_with("user_email", {"type": "str"}, str(plain(item["user_email"])))


main = ActionModule.check_options  # for ansible-lint
