# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names under which the credentials in a manifest are delivered."""

from __future__ import annotations

import typing as t

from ._credentials_formats import clashes
from ._providers import platforms

#: By kind (applications and tokens).
Names = dict[str, dict[str, t.Any]]


def all_names(manifest: dict[str, t.Any]) -> Names:
    """The names of all applications and tokens, in whatever state."""
    names: Names = {"applications": {}, "tokens": {}}
    for kind, place, item in _named(manifest):
        names[kind][item["name"]] = place
    return names


def names_with_credentials(selected: dict[str, t.Any], names: Names) -> Names:
    """The names in delivered files. Those that should exist in the selected part of a manifest are null, because their
    credentials are not known yet. The other ``names`` are empty dictionaries: a file keeps what it has of them.
    """
    applied, present = all_names(selected), _present_names(selected)
    return {
        kind: {**{name: {} for name in own if name not in applied[kind]}, **present[kind]}
        for kind, own in names.items()
    }


def _named(manifest: dict[str, t.Any]) -> t.Iterator[tuple[str, str, dict[str, t.Any]]]:
    """Kind, place and item of everything whose credentials are delivered by name. A name that is a number in YAML
    becomes a string.
    """
    for provider in platforms():
        for kind in ("applications", "tokens"):
            items = manifest.get(provider.name, {}).get(kind, []) if kind in provider.manifest else []
            for index, item in enumerate(items):
                item["name"] = str(item["name"])
                yield kind, f"{provider.name}.{kind}[{index}]", item


def names_twice(manifest: dict[str, t.Any]) -> list[str]:
    problems: list[str] = []
    seen: dict[tuple[str, str], str] = {}
    for kind, place, item in _named(manifest):
        first = seen.setdefault((kind, item["name"]), place)
        if first != place:
            problems.append(
                f"{place}: the name {item['name']!r} is in {first} already; the names of {kind} must be unique"
            )
    return problems


def _present_names(manifest: dict[str, t.Any]) -> Names:
    """The names of the applications and tokens that should exist. The values are null."""
    return {kind: dict.fromkeys(places) for kind, places in _present_places(manifest).items()}


def _present_places(manifest: dict[str, t.Any]) -> dict[str, dict[str, str]]:
    """The names of the applications and tokens that should exist, each with its place."""
    names: dict[str, dict[str, str]] = {"applications": {}, "tokens": {}}
    for kind, place, item in _named(manifest):
        if item.get("state", "present") == "present":
            names[kind][item["name"]] = place
    return names


def clashing_names(manifest: dict[str, t.Any]) -> list[str]:
    places = _present_places(manifest)
    return [
        f"{' and '.join(places[clash.kind][name] for name in clash.names)}: {clash.problem}"
        for clash in clashes(places)
    ]
