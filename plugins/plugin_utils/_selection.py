# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Selects parts of a manifest: sections, their lists, or single items of a list."""

from __future__ import annotations

import typing as t

from ..module_utils._data.rows import unknown_names
from ..module_utils._data.values import identity
from ..module_utils._errors import AccessError

if t.TYPE_CHECKING:
    from ..module_utils._platform.declaration import ManifestList, Platform

Manifest = dict[str, dict[str, t.Any]]
#: Adds the items of the file of one list to that list: the platform, its section, and the list's name.
IncludeFile = t.Callable[["Platform[t.Any]", dict[str, t.Any], str], None]

_MAX_NAMES = 10  # in an error message
_OPTION = "only (provision_only in the role)"


class Part(t.NamedTuple):
    """``SECTION``, ``SECTION.LIST`` or ``SECTION.LIST.NAME``. A name may contain dots."""

    text: str
    section: str
    key: str | None
    name: str | None

    @classmethod
    def parse(cls, text: str) -> Part:
        section, key, name = (*text.split(".", 2), None, None)[:3]
        return cls(text, t.cast(str, section), key, name)


class Selection:
    """The parts of a manifest that are applied. Without any parts, all of it is."""

    def __init__(self, parts: t.Iterable[str] | None) -> None:
        self._parts = [Part.parse(text.strip()) for text in parts or ()]

    def is_whole(self, section: str, key: str) -> bool:
        """Whether a list is applied as a whole."""
        return not self._parts or any(
            part.section == section and (part.key is None or (part.key == key and part.name is None))
            for part in self._parts
        )

    def apply(self, platforms: t.Iterable[Platform[t.Any]], manifest: Manifest, include_file: IncludeFile) -> None:
        """Remove from a manifest all that is not selected.

        :raises AccessError: if it does not have one of the parts.
        """
        if not self._parts:
            return
        known = {platform.name: platform for platform in platforms}
        for part in self._parts:
            self._check(part, known, manifest)
        for name, platform in known.items():
            own = [part for part in self._parts if part.section == name]
            if not own:
                del manifest[name]
            for key, wanted in platform.manifest.items() if own else ():
                if not self.is_whole(name, key):
                    names = [part for part in own if part.key == key]
                    _select(platform, manifest[name], (key, wanted), names, include_file)

    def _check(self, part: Part, known: t.Mapping[str, Platform[t.Any]], manifest: Manifest) -> None:
        if part.section not in known:
            raise AccessError(f"{_OPTION}: {part.text!r}: {unknown_names('section', [part.section], known)}")
        lists = [key for key in known[part.section].manifest if manifest[part.section].keys() & {key, f"{key}_file"}]
        if part.key is not None and part.key not in lists:
            raise AccessError(f"{_OPTION}: {part.text!r}: {unknown_names('list', [part.key], lists)}")


def _select(
    platform: Platform[t.Any],
    section: dict[str, t.Any],
    entry: tuple[str, ManifestList],
    parts: list[Part],
    include_file: IncludeFile,
) -> None:
    """Keep only those items of a list that have one of the names."""
    key, wanted = entry
    if not parts:
        section.pop(key, None)
        section.pop(f"{key}_file", None)
        return
    include_file(platform, section, key)
    items = section.get(key, [])
    for part in parts:
        if not any(_has_name(item, part, wanted) for item in items):
            names = {str(item[option]): None for item in items for option in wanted.selectors if item.get(option)}
            more = f" (and {len(names) - _MAX_NAMES} more)" if len(names) > _MAX_NAMES else ""
            valid = list(names)[:_MAX_NAMES]
            raise AccessError(f"{_OPTION}: {part.text!r}: {unknown_names('name', [part.name or ''], valid)}{more}")
    section[key] = [item for item in items if any(_has_name(item, part, wanted) for part in parts)]


def _has_name(item: dict[str, t.Any], part: Part, wanted: ManifestList) -> bool:
    """Whether an item has the name of a part. Spellings of an address that may be the same user are equal."""
    return any(
        identity(str(item[option])) == identity(part.name or "")
        if option.endswith("email")
        else str(item[option]) == part.name
        for option in wanted.selectors
        if item.get(option) is not None
    )
