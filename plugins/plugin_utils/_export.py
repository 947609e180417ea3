# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what exists on a platform, as a section of a manifest."""

from __future__ import annotations

import dataclasses
import os
import typing as t

from ..module_utils._data.schema import Schema
from ..module_utils._masking.urls import redact_option
from ..module_utils._modules.definition import ModuleDefinition, Result

if t.TYPE_CHECKING:
    from ..module_utils._masking.secrets import Secrets
    from ..module_utils._platform.access import Access
    from ..module_utils._platform.declaration import ManifestList, Platform
    from ..module_utils._platform.export import Exported

_MAX_LABEL = 200  # characters of an item in a note


@dataclasses.dataclass(frozen=True)
class ExportedList:
    """The items of a list, and what a manifest cannot express of them."""

    items: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class ExportedSection:
    """A section of a manifest: connection options, and lists by name. ``hidden`` names the options that are not
    written, because they contain secrets.
    """

    platform: Platform[t.Any]
    options: dict[str, t.Any]
    hidden: list[str]
    lists: dict[str, ExportedList]

    @property
    def unreadable(self) -> list[str]:
        """The lists that the platform does not return."""
        return [name for name, wanted in self.platform.manifest.items() if wanted.export is None]


def has_credentials(platform: Platform[t.Any]) -> bool:
    """Whether the platform can be read with the options that the environment sets."""
    variables = [platform.options[name].get("fallback", (None, []))[1] for name in platform.credentials]
    return bool(variables) and all(any(map(os.environ.get, names)) for names in variables)


def read_section(
    platform: Platform[t.Any],
    connection: dict[str, t.Any],
    defaults: dict[str, t.Any],
    users: t.Sequence[str],
    schema: t.Mapping[str, t.Any],
    **access_options: t.Any,
) -> Result:
    """Read a platform completely. Returns the result of a module, with the ``section`` unless it failed.

    ``connection`` are the options of the section, ``defaults`` those that are not written, and ``schema`` is the JSON
    Schema of the section.
    """

    def run(access: Access[t.Any]) -> Result:
        shown = {name: _written(platform, name, access.params[name]) for name in connection}
        hidden = [name for name in connection if _is_secret(platform, name, access)]
        options = {name: value for name, value in shown.items() if name not in hidden and value is not None}
        lists = {
            name: _read_list(access, wanted, users, schema["properties"][name]["items"])
            for name, wanted in platform.manifest.items()
            if wanted.export
        }
        return {"changed": False, "section": ExportedSection(platform, options, hidden, lists)}

    given = {name: value for name, value in connection.items() if value is not None}
    return ModuleDefinition(platform, run).run({**defaults, **given}, name="manifest_export", **access_options)


def _written(platform: Platform[t.Any], name: str, value: t.Any) -> t.Any:
    """An option as it is written: paths in a manifest are relative to its directory."""
    return os.path.abspath(value) if value and platform.argument_spec()[name]["type"] == "path" else value


def _is_secret(platform: Platform[t.Any], name: str, access: Access[t.Any]) -> bool:
    value = access.params[name]
    return bool(
        platform.argument_spec()[name].get("no_log")
        or redact_option(name, value) != value
        or access.secrets.contained_in([value])
    )


def _read_list(
    access: Access[t.Any], wanted: ManifestList, users: t.Sequence[str], schema: dict[str, t.Any]
) -> ExportedList:
    found, item_schema = ExportedList(), Schema(schema)
    export = t.cast("t.Callable[[t.Any, t.Sequence[str]], t.Iterable[Exported]]", wanted.export)
    for item, note in list(export(access, users)):  # all of it, as what is read may be secret
        problem = _problem_with(item, access.secrets, item_schema) if item else ""
        label = ", ".join(f"{name} {value!r}" for name, value in (item or {}).items())
        # It is shortened only after secrets are masked: a part of one would not be recognized.
        notes = [note, f"{access.secrets.scrub(label):.{_MAX_LABEL}} {problem}" if problem else ""]
        found.notes.extend(access.secrets.scrub(text) for text in notes if text)
        if item and not problem:
            found.items.append(item)
    return found


def _problem_with(item: dict[str, t.Any], secrets: Secrets, schema: Schema) -> str:
    """Why an item cannot be part of a manifest; empty if it can."""
    if secrets.contained_in([item]):
        return "contains a secret"
    problems = schema.problems(item)
    return f"is not valid in a manifest: {problems[0]}" if problems else ""
