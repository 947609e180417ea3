# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes sections of a manifest as YAML, and long lists as CSV, so that they are read back exactly."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import typing as t

import yaml

from ..module_utils._platform.options import env_variables

if t.TYPE_CHECKING:
    from ..module_utils._platform.declaration import Platform
    from ._export import ExportedList, ExportedSection

#: The number of items from which a list becomes a file, if it may come from one.
MAX_INLINE = 100
#: The first line of a CSV file. It makes spreadsheets of every locale separate the columns, and marks exported files.
SEPARATOR_LINE = "sep=,"

_PLAIN = re.compile(r"[A-Za-z][\w./@+:-]*(?: [\w./@+:-]+)*", re.ASCII)
_BOOLEANS = ("y", "n")  # of YAML 1.1, which PyYAML reads as text
#: Characters that a quoted YAML string cannot contain as such.
_ESCAPED = re.compile('["\\\\\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]')


def table_name(stem: str, platform: Platform[t.Any], key: str) -> str:
    """The name of the CSV file for a list of the manifest ``stem``.yml."""
    return f"{stem}.{platform.name}.{key}.csv"


def tables(stem: str, sections: t.Iterable[ExportedSection]) -> dict[str, str]:
    """The CSV files, by name, for the lists that are too long for the manifest."""
    return {
        table_name(stem, section.platform, key): _csv(found.items, section.platform.manifest[key].options)
        for section in sections
        for key, found in section.lists.items()
        if section.platform.manifest[key].from_file and len(found.items) > MAX_INLINE
    }


def manifest_text(stem: str, sections: t.Iterable[ExportedSection], files: t.Mapping[str, str]) -> str:
    """The manifest, which refers to those of its lists that are in ``files``."""
    return "---\n" + "".join(f"{line}\n" for section in sections for line in _section(stem, section, files))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _section(stem: str, section: ExportedSection, files: t.Mapping[str, str]) -> t.Iterator[str]:
    variables = {option: name for name, option in env_variables(section.platform.argument_spec()).items()}
    for name in section.hidden:
        remedy = f". Set {variables[name]}" if name in variables else ""
        yield _comment(f"{name} is not written, because it is secret{remedy}")
    for name in section.unreadable:
        yield _comment(f"{section.platform.title} does not list its {name}")
    if not section.options and not section.lists:
        yield f"{section.platform.name}: {{}}"
        return
    yield f"{section.platform.name}:"
    for name, value in section.options.items():
        yield f"  {name}: {scalar(value)}"
    for name, found in section.lists.items():
        yield from (f"  {line}" for line in _list(name, found, table_name(stem, section.platform, name), files))


def _list(name: str, found: ExportedList, file: str, files: t.Mapping[str, str]) -> t.Iterator[str]:
    yield from (_comment(f"not exported: {note}") for note in found.notes)
    if file in files:
        yield _comment(f"sha256 {digest(files[file])}")
        yield f"{name}_file: {scalar(file)}"
        return
    yield f"{name}:" if found.items else f"{name}: []"
    for item in found.items:
        lines = [f"{option}: {scalar(value)}" for option, value in item.items()]
        yield from (f"{'    ' if index else '  - '}{line}" for index, line in enumerate(lines))


def _comment(text: str) -> str:
    printable = (char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
    return f"# {''.join(printable)}"


def scalar(value: t.Any) -> str:
    """A value in YAML. Text is quoted unless it is certainly read back as the same text."""
    if not isinstance(value, str):
        return str(yaml.safe_dump(value)).partition("\n")[0]
    if _PLAIN.fullmatch(value) and value.lower() not in _BOOLEANS and yaml.safe_load(value) == value:
        return value
    return f'"{_ESCAPED.sub(_escape, value)}"'


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if character in '"\\':
        return f"\\{character}"
    return f"\\x{ord(character):02x}" if ord(character) < 0x100 else f"\\u{ord(character):04x}"


def _csv(items: t.Sequence[t.Mapping[str, t.Any]], options: t.Iterable[str]) -> str:
    columns = [name for name in options if any(name in item for item in items)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([item.get(column, "") for column in columns] for item in items)
    return f"{SEPARATOR_LINE}\n{text.getvalue()}"
