# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads items one by one from CSV, JSON, JSON Lines or YAML files that users maintain. Their contents are data, never
templates.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import stat
import typing as t

from ansible.module_utils.common.validation import check_type_bool, check_type_int

from .._errors import AccessError, MissingLibrary
from .values import BLANKS, Options, problem_with

#: Decrypts the file at a path that is encrypted with Ansible Vault, and returns its text.
Decrypt = t.Callable[[str], str]
#: The valid columns of a CSV file; None allows any.
Columns = t.Optional[t.Collection[str]]

_VAULT = b"$ANSIBLE_VAULT;"


class Row(t.NamedTuple):
    """An item as read from a file: its location (``:17`` is a line, ``[16]`` an index), and its options or a
    problem.
    """

    where: str
    options: dict[str, t.Any]
    problem: str = ""


class Place(t.NamedTuple):
    """Where an item comes from: a file or a list, and the location in it. Kept apart, as many items share a long
    path.
    """

    source: str = ""
    where: str = ""

    def __str__(self) -> str:
        return self.source + self.where

    def prefix(self, message: str) -> str:
        return f"{self}: {message}" if any(self) else message


class Item(t.NamedTuple):
    """A row converted to an argument spec: its place, the names of the options it sets, and all its options
    including defaults; or a problem.
    """

    place: Place
    given: t.Collection[str]
    options: dict[str, t.Any]
    problem: str = ""


def read_items(path: str, spec: Options, decrypt: Decrypt | None = None) -> t.Iterator[Item]:
    """Read and convert the items of a file. An unknown option is reported once, for the first item that has it.

    :raises AccessError: see :func:`read_rows`.
    """
    name = short_path(path)
    unknown: set[str] = set()
    for row in read_rows(path, spec, decrypt):
        extra = row.options.keys() - spec.keys()
        if extra & unknown:
            continue
        unknown |= extra
        place = Place(name, row.where)
        try:
            if row.problem:
                raise AccessError(row.problem)
            yield Item(place, row.options.keys(), convert_options(row.options, spec))
        except AccessError as error:
            yield Item(place, (), {}, error.message)


def read_rows(path: str, columns: Columns = None, decrypt: Decrypt | None = None) -> t.Iterator[Row]:
    """Read the items of a file in the format that its extension indicates. Null and empty values are left out.

    :raises AccessError: if the file is missing, empty, not UTF-8, or encrypted without a ``decrypt``, or if its
        extension is not supported.
    """
    extension = os.path.splitext(path)[1].lower()
    if extension not in _READERS:
        raise AccessError(f"{path}: the file extension must be one of {', '.join(_READERS)}")
    try:
        with _open(path, "" if extension == ".csv" else None, decrypt) as file:
            if not any(line.strip() for line in file):
                raise AccessError(f"{path} is empty. Remove it or export it again")
            file.seek(0)
            yield from map(_check, _READERS[extension](file, columns))
    except OSError as error:
        raise AccessError(f"{path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise AccessError(f"{path} cannot be read: it is not valid UTF-8. Save it as UTF-8") from None


def short_path(path: str) -> str:
    """A path for messages: relative if it is below the working directory."""
    relative = os.path.relpath(path)
    return path if relative.startswith(os.pardir) else relative


def _open(path: str, newline: str | None, decrypt: Decrypt | None) -> t.TextIO:
    if stat.S_IFMT(os.stat(path).st_mode) not in (stat.S_IFREG, stat.S_IFDIR):
        raise AccessError(f"{path} cannot be read: it is not a regular file")  # reading a pipe would block
    with open(path, "rb") as file:
        encrypted = file.read(len(_VAULT)) == _VAULT
    if not encrypted:
        return open(path, encoding="utf-8-sig", newline=newline)
    if decrypt is None:
        raise AccessError(
            f"{path} is encrypted with Ansible Vault. Only the controller can decrypt it: run the task there, "
            "with connection: local"
        )
    return io.StringIO(decrypt(path).lstrip("\ufeff"), newline)


def _check(row: Row) -> Row:
    if row.problem:
        return row
    if not isinstance(row.options, dict) or not all(isinstance(name, str) for name in row.options):
        return Row(row.where, {}, "an item must be a mapping of options to values")
    return Row(row.where, {name: value for name, value in row.options.items() if value not in (None, "")})


def _csv(file: t.TextIO, columns: Columns) -> t.Iterator[Row]:
    skipped, delimiter = _dialect(file)
    reader = csv.reader(file, strict=True, delimiter=delimiter)
    names: list[str] = []
    while True:
        where = f":{skipped + reader.line_num + 1}"
        try:
            cells = [cell.strip(BLANKS) for cell in next(reader)]
        except StopIteration:
            break
        except csv.Error as error:
            yield Row(where, {}, f"invalid CSV: {error}")
            return
        if not any(cells):
            continue
        if not names:
            names = cells
            problem = _check_header(names, columns)
            if problem:
                yield Row(where, {}, problem)
                return
        elif len(cells) > len(names):
            yield Row(where, {}, "more cells than the header row")
        else:
            yield Row(where, dict(zip(names, cells)))
    if not names:
        yield Row(":1", {}, "the header row with the column names is missing")


def _dialect(file: t.TextIO) -> tuple[int, str]:
    """The number of lines before the header row, and the delimiter."""
    head = file.readline()
    declared = re.fullmatch(r'"?sep=([^\w"])"?\s*', head, re.IGNORECASE)  # Excel's own declaration
    if declared:
        return 1, declared[1]
    file.seek(0)
    # In locales with a decimal comma, spreadsheets separate cells with semicolons.
    return 0, "," if "," in head else next((sign for sign in ";\t" if sign in head), ",")


def _check_header(names: list[str], columns: Columns) -> str:
    header = list(filter(None, names))
    unknown = [name for name in header if columns is not None and name not in columns]
    duplicates = sorted({name for name in header if header.count(name) > 1})
    if unknown:
        return unknown_names("column", unknown, columns or ())
    return f"duplicate column {', '.join(map(repr, duplicates))}" if duplicates else ""


def unknown_names(kind: str, names: t.Iterable[str], valid: t.Iterable[str]) -> str:
    """Report names that are not valid."""
    return f"unknown {kind} {', '.join(map(repr, names))}; valid {kind}s: {', '.join(valid)}"


def _json(file: t.TextIO, _columns: Columns) -> t.Iterator[Row]:
    try:
        items = json.load(file, parse_float=str)
    except (ValueError, RecursionError) as error:
        yield Row(f":{error.lineno}" if isinstance(error, json.JSONDecodeError) else "", {}, "invalid JSON")
        return
    if not isinstance(items, list):
        yield Row("", {}, "the file must contain a list of items")
        return
    for index in range(len(items)):
        item, items[index] = items[index], None  # frees each item after use: the list may be very long
        yield Row(f"[{index}]", item)


def _json_lines(file: t.TextIO, _columns: Columns) -> t.Iterator[Row]:
    for line, text in enumerate(file, 1):
        if text.strip():
            try:
                yield Row(f":{line}", json.loads(text, parse_float=str))
            except (ValueError, RecursionError):
                yield Row(f":{line}", {}, "invalid JSON")


def _yaml(file: t.TextIO, _columns: Columns) -> t.Iterator[Row]:
    try:
        import yaml
    except ImportError as error:
        raise MissingLibrary("PyYAML", "to read a YAML file") from error

    line, items = 1, _YamlItems(yaml, file)
    try:
        for expected in (yaml.StreamStartEvent, yaml.DocumentStartEvent, yaml.SequenceStartEvent):
            event = items.next_event()
            if not isinstance(event, expected):
                yield Row(_line(event), {}, "the file must contain a list of items")
                return
        for event in items.until(yaml.SequenceEndEvent):
            line = event.start_mark.line + 1
            yield Row(f":{line}", items.value_of(event))
        event = [items.next_event() for _end in ("document", "file")][-1]
        if not isinstance(event, yaml.StreamEndEvent):
            yield Row(_line(event), {}, "unexpected content after the list of items")
    except _NotSupported as error:
        yield Row(f":{line}", {}, str(error))
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        yield Row(f":{mark.line + 1 if mark else line}", {}, "invalid YAML")


def _line(event: t.Any) -> str:
    return f":{event.start_mark.line + 1}"


class _NotSupported(Exception):
    """A YAML feature that items do not support."""


class _YamlItems:
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
                raise _NotSupported(f"undefined YAML anchor {event.anchor}")
            return self._anchors[event.anchor]
        if event.tag not in _TAGS:
            raise _NotSupported(f"unsupported YAML tag {event.tag}")
        if isinstance(event, self._yaml.ScalarEvent):
            value: t.Any = None if event.implicit[0] and event.value in _NULLS else event.value
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
                raise _NotSupported("the name of an option must be a string")
            if not merges:
                own[name] = value
                continue
            for mapping in value if isinstance(value, list) else [value]:
                if not isinstance(mapping, dict):
                    raise _NotSupported("the YAML merge key << accepts only mappings")
                merged = {**mapping, **merged}
                if len(merged) > _MAX_MERGED:
                    raise _NotSupported(f"the YAML merge key << accepts at most {_MAX_MERGED} options")
        return {**merged, **own}


#: The tags of YAML's own types, which are ignored: the option determines the type of its value.
_TAGS = (
    None,
    "!",
    *(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq")),
)
_NULLS = ("", "~", "null", "Null", "NULL")
_MAX_MERGED = 100

_READERS: dict[str, t.Callable[[t.TextIO, Columns], t.Iterator[Row]]] = {
    **{".csv": _csv, ".json": _json, ".jsonl": _json_lines, ".ndjson": _json_lines, ".yml": _yaml, ".yaml": _yaml}
}

_CONVERTERS: dict[str, t.Callable[[t.Any], t.Any]] = {"int": check_type_int, "bool": check_type_bool, "str": str}


def convert_options(options: t.Mapping[str, t.Any], spec: Options) -> dict[str, t.Any]:
    """Convert an item's options to the types of an argument spec, and add its defaults.

    :raises AccessError: naming the unknown option or invalid value.
    """
    unknown = sorted(options.keys() - spec.keys())
    if unknown:
        raise AccessError(unknown_names("option", unknown, spec))
    values = {name: option.get("default") for name, option in spec.items()}
    for name, value in options.items():
        if isinstance(
            value, (dict, list)
        ):  # not quoted: with YAML aliases, a few lines can expand to more than fits into memory
            raise AccessError(f"{name} must be of type {spec[name]['type']}, not a {type(value).__name__}")
        problem = problem_with(name, spec[name], value)
        if problem:
            raise AccessError(f"{name}: {problem}")
        try:
            values[name] = _CONVERTERS[spec[name]["type"]](value)
        except (TypeError, ValueError, OverflowError):
            raise AccessError(f"{name} must be of type {spec[name]['type']}, not {value!r:.60}") from None
        choices = spec[name].get("choices")
        if choices and values[name] not in choices:
            raise AccessError(f"{name} must be {' or '.join(choices)}, not {value!r:.60}")
    return values
