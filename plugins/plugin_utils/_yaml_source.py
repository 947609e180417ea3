# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Detects values that YAML 1.1 converts to other numbers or to dates (``0123`` is 83, ``12:30`` is 750), and aliases
that expand excessively.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import re
import typing as t

import yaml
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader

from ..module_utils._data.values import Leaf, is_id, is_text
from ..module_utils._errors import AccessError

try:
    from ansible._internal._datatag._tags import Origin
except ImportError:  # a private module of ansible-core: without it, numbers are not checked
    Origin = None

_NUMBER = re.compile(r"[-+\w.:]+")
#: How many values aliases may expand to, absolutely and relative to those written out. A few lines of nested aliases
#: can expand to millions.
_MAX_REPEATED, _MAX_FACTOR = 100_000, 20


def check_aliases(text: str) -> None:
    """Count the values that a YAML document's aliases expand to, before the document is loaded.

    :raises AccessError: if there are too many, or if an alias refers to itself.
    """
    if "*" not in text:
        return
    written = repeated = 0
    sizes: dict[str | None, int | None] = {}  # the sizes of anchored nodes: None until a node is complete
    open_nodes: list[tuple[str | None, int]] = []  # the anchor, and the number of values before it
    with contextlib.suppress(yaml.YAMLError):  # reported when the text is loaded
        for event in yaml.parse(text.encode("utf-8", "replace"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if isinstance(event, yaml.AliasEvent):
                size, mark = sizes.get(event.anchor, 0), t.cast("t.Any", event.start_mark)
                if size is None:
                    raise AccessError(
                        f"line {mark.line + 1}: the alias *{event.anchor} refers to a node that contains it"
                    )
                repeated += size
            elif isinstance(event, yaml.NodeEvent):
                open_nodes.append((event.anchor, written + repeated))
                sizes[event.anchor] = None
                written += 1
            if isinstance(event, (yaml.ScalarEvent, yaml.CollectionEndEvent)):
                anchor, before = open_nodes.pop()
                sizes[anchor] = written + repeated - before
    if repeated > max(_MAX_REPEATED, _MAX_FACTOR * written):
        raise AccessError(
            f"its aliases expand to more than {_MAX_REPEATED} values. Write the values out, or put the items into a "
            "file of their own"
        )


def find_yaml_conversions(values: t.Iterable[Leaf], loader: DataLoader) -> list[str]:
    """Describe the strings and ids that YAML has converted to other values, each with its place. ``values`` must have
    Ansible's tags.
    """
    return [f"{leaf.place}: {problem}" for leaf in values if (problem := _describe_conversion(leaf, loader))]


def _describe_conversion(leaf: Leaf, loader: DataLoader) -> str | None:
    name, option, value = leaf.name, leaf.option, leaf.value
    if (
        is_text(name, option) and isinstance(value, datetime.datetime) and not name.endswith("_at")
    ):  # dates and times are equal in any notation
        return "must be text, but YAML reads it as a date. Put it in quotes"
    if not isinstance(value, int) or isinstance(value, bool) or not (is_text(name, option) or is_id(name, option)):
        return None
    source = _find_source(value, loader)
    if source is None or source == str(value):
        return None
    remedy = "Write it in plain digits" if is_id(name, option) else "Put it in quotes"
    return (
        f"YAML reads {'it as another number' if option.get('no_log') else f'{source} as the number {int(value)}'}. "
        f"{remedy}"
    )


def find_line(value: t.Any) -> int | None:
    """The line of its file in which a value with Ansible's tags begins; None if it is unknown."""
    origin = Origin and Origin.get_tag(value)
    return origin.line_num if origin else None


def _find_source(value: int, loader: DataLoader) -> str | None:
    """A number as it is written in its file; None if that cannot be determined."""
    origin = Origin and Origin.get_tag(value)
    if not origin or not (origin.path and origin.line_num and origin.col_num):
        return None
    lines = _read_lines(loader, origin.path)
    found = _NUMBER.match(lines[origin.line_num - 1], origin.col_num - 1) if origin.line_num <= len(lines) else None
    with contextlib.suppress(yaml.YAMLError, ValueError):
        if found and yaml.safe_load(found.group()) == value:
            return found.group()
    return None  # the origin may be a template that contains the number


@functools.lru_cache(maxsize=8)
def _read_lines(loader: DataLoader, path: str) -> list[str]:
    try:
        return str(loader.get_text_file_contents(path)).split("\n")
    except AnsibleError:
        return []
