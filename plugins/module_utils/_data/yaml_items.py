# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds items from the events of a YAML parser."""

from __future__ import annotations

import typing as t

from .layouts import NULLS


class NotSupported(Exception):
    """A YAML feature that items do not support."""


class YamlItems:
    """Builds values from a YAML parser's events. Scalars stay strings as written: YAML 1.1 would read 0123 as 83
    and 12:30 as 750.
    """

    def __init__(self, yaml: t.Any, file: t.TextIO) -> None:
        self._yaml = yaml
        self._anchors: dict[str, t.Any] = {}
        self.next_event: t.Callable[[], t.Any] = yaml.parse(
            file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        ).__next__

    def until(self, end: type) -> t.Iterator[t.Any]:
        while not isinstance(event := self.next_event(), end):
            yield event

    def value_of(self, event: t.Any) -> t.Any:
        """Build the value that starts with ``event``: a string, None, a list or a dictionary."""
        if isinstance(event, self._yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise NotSupported(f"undefined YAML anchor {event.anchor}")
            return self._anchors[event.anchor]
        if event.tag not in _TAGS:
            raise NotSupported(f"unsupported YAML tag {event.tag}")
        if isinstance(event, self._yaml.ScalarEvent):
            value: t.Any = None if event.implicit[0] and event.value in NULLS else event.value
        elif isinstance(event, self._yaml.SequenceStartEvent):
            value = [self.value_of(inner) for inner in self.until(self._yaml.SequenceEndEvent)]
        else:
            value = self._mapping()
        if event.anchor:
            self._anchors[event.anchor] = value
        return value

    def _mapping(self) -> dict[str, t.Any]:
        merged: dict[str, t.Any] = {}
        own: dict[str, t.Any] = {}
        for event in self.until(self._yaml.MappingEndEvent):
            merges = isinstance(event, self._yaml.ScalarEvent) and event.implicit[0] and event.value == "<<"
            name, value = self.value_of(event), self.value_of(self.next_event())
            if not isinstance(name, str):
                raise NotSupported("the name of an option must be a string")
            if not merges:
                own[name] = value
                continue
            for mapping in value if isinstance(value, list) else [value]:
                if not isinstance(mapping, dict):
                    raise NotSupported("the YAML merge key << accepts only mappings")
                merged = {**mapping, **merged}
                if len(merged) > _MAX_MERGED:
                    raise NotSupported(f"the YAML merge key << accepts at most {_MAX_MERGED} options")
        return {**merged, **own}


#: The tags of YAML's own types, which are ignored: the option determines the type of its value.
_TAGS = (
    None,
    "!",
    *(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq")),
)
_MAX_MERGED = 100
