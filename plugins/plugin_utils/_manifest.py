# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Describes a section of a manifest as the platform's role applies it."""

from __future__ import annotations

import typing as t

from ..module_utils._data.rejects import Rejects
from ..module_utils._errors import AccessError
from ..module_utils._platform.declaration import PRUNE_OPTIONS

if t.TYPE_CHECKING:
    from ..module_utils._platform.declaration import ManifestList, Platform

Section = dict[str, t.Any]
REJECTS = "rejects_file"


#: Whether a list of a section (its platform's name, and its own) is applied as a whole.
IsWhole = t.Callable[[str, str], bool]


def describe(
    platform: Platform[t.Any], section: Section, is_whole: IsWhole = lambda _platform, _key: True
) -> dict[str, t.Any]:
    """The connection options of a section, and its lists. Items with a name have their connection options beside them,
    so that a loop shows none. Only lists that are applied as a whole are pruned; ``whole`` tells which are.
    """
    connection = _subset(section, platform.argument_spec())
    lists = {key: spec for key, spec in platform.manifest.items() if key in section}
    return {
        "title": platform.title,
        "connection": connection,
        "connections": {
            key: _connections(connection, section[key], platform) for key, spec in lists.items() if spec.named
        },
        "lists": {key: _items(section[key], spec) for key, spec in lists.items()},
        "settings": {
            key: _subset(section, (f"{key}_file", *spec.settings))
            for key, spec in platform.manifest.items()
            if spec.from_file or spec.settings
        },
        "whole": {key: is_whole(platform.name, key) for key in lists},
        "prune": {key: _prune_limit(section) for key in _pruned(platform, section) if is_whole(platform.name, key)},
    }


def rejects_problems(platform: Platform[t.Any], section: Section) -> t.Iterator[str]:
    """The problems that a module would report for a section's file of rejected rows."""
    for key, spec in platform.manifest.items():
        path, source = section.get(REJECTS), section.get(f"{key}_file")
        if REJECTS not in spec.settings or path is None:
            continue
        try:
            if source is None:
                raise AccessError(f"{REJECTS}: only the rows of a file can be rejected. Set {key}_file, too")
            Rejects(path, source).check(section.get("ledger"))
        except AccessError as error:
            yield f"{platform.name}.{error.message}"


def _pruned(platform: Platform[t.Any], section: Section) -> list[str]:
    """The lists that are pruned. A list that is not in the manifest is not, unless another one names its owners."""
    if not section.get("prune"):
        return []
    return [
        key
        for key, spec in platform.manifest.items()
        if spec.prunes and section.keys() & {key, f"{key}_file", *spec.pruned_with}
    ]


def _prune_limit(section: Section) -> int:
    return int(section.get("prune_limit", PRUNE_OPTIONS["prune_limit"]["default"]))


def _connections(connection: Section, items: list[Section], platform: Platform[t.Any]) -> dict[str, Section]:
    """The connection options for each named item. Its own take precedence over those of the section."""
    return {item["name"]: {**connection, **_subset(item, platform.options)} for item in items}


def _items(items: list[Section], spec: ManifestList) -> list[Section]:
    return [_subset(item, ("name", *spec.options)) for item in items] if spec.named else items


def _subset(options: Section, names: t.Collection[str]) -> Section:
    return {name: value for name, value in options.items() if name in names}
