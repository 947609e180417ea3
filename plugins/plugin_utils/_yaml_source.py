# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What YAML makes of a text: numbers and dates that YAML 1.1 has changed (``0123`` is 83 there, ``12:30`` is 750), and aliases that multiply."""

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
except ImportError:  # it is not part of ansible-core's interface: without it, numbers are taken as they come
    Origin = None

_NUMBER = re.compile(r"[-+\w.:]+")
#: How many values aliases may stand for, or how often the values that are written. A few lines of aliases of aliases stand for millions.
_MAX_REPEATED, _MAX_FACTOR = 100_000, 20


def check_aliases(text: str) -> None:
    """Count what a YAML document's aliases stand for, before anything is made of it.

    :raises AccessError: where that is too much, or without end.
    """
    if "*" not in text:
        return
    written = repeated = 0
    sizes: dict[str | None, int | None] = {}  # of what an anchor names: None before its end
    open_nodes: list[tuple[str | None, int]] = []  # anchor, and the size of all before it
    with contextlib.suppress(yaml.YAMLError):  # it is told by who loads the text
        for event in yaml.parse(text.encode("utf-8", "replace"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if isinstance(event, yaml.AliasEvent):
                size, mark = sizes.get(event.anchor, 0), t.cast("t.Any", event.start_mark)
                if size is None:
                    raise AccessError(f"line {mark.line + 1}: the alias *{event.anchor} stands for what it is a part of")
                repeated += size
            elif isinstance(event, yaml.NodeEvent):
                open_nodes.append((event.anchor, written + repeated))
                sizes[event.anchor] = None
                written += 1
            if isinstance(event, (yaml.ScalarEvent, yaml.CollectionEndEvent)):
                anchor, before = open_nodes.pop()
                sizes[anchor] = written + repeated - before
    if repeated > max(_MAX_REPEATED, _MAX_FACTOR * written):
        raise AccessError(f"its aliases stand for more than {_MAX_REPEATED} values. Write out what is meant, or put it into a file of items")


def changed_by_yaml(found: t.Iterable[Leaf], loader: DataLoader) -> list[str]:
    """What YAML has changed of values that are meant as texts or ids, each with its place. The values are as Ansible hands them over, with their tags."""
    return [f"{leaf.place}: {problem}" for leaf in found if (problem := _change_of(leaf, loader))]


def _change_of(leaf: Leaf, loader: DataLoader) -> str | None:
    name, option, value = leaf.name, leaf.option, leaf.value
    if is_text(name, option) and isinstance(value, datetime.datetime) and not name.endswith("_at"):  # an instant means the same in any notation
        return "must be text, and YAML reads it as a date. Put it in quotes"
    if not isinstance(value, int) or isinstance(value, bool) or not (is_text(name, option) or is_id(name, option)):
        return None
    source = _source_of(value, loader)
    if source is None or source == str(value):
        return None
    remedy = "Give it in plain digits" if is_id(name, option) else "Put it in quotes"
    return f"YAML reads {'it as another number' if option.get('no_log') else f'{source} as the number {int(value)}'}. {remedy}"


def _source_of(value: int, loader: DataLoader) -> str | None:
    """A number as it is written in the file that it comes from; None if that is not known for certain."""
    origin = Origin and Origin.get_tag(value)
    if not origin or not (origin.path and origin.line_num and origin.col_num):
        return None
    lines = _lines(loader, origin.path)
    found = _NUMBER.match(lines[origin.line_num - 1], origin.col_num - 1) if origin.line_num <= len(lines) else None
    with contextlib.suppress(yaml.YAMLError, ValueError):
        if found and yaml.safe_load(found.group()) == value:
            return found.group()
    return None  # a template, perhaps: an origin is a hint only


@functools.lru_cache(maxsize=8)
def _lines(loader: DataLoader, path: str) -> list[str]:
    try:
        return str(loader.get_text_file_contents(path)).split("\n")
    except AnsibleError:
        return []
