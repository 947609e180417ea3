# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads items one by one from CSV, JSON, JSON Lines or YAML files that users maintain. Their contents are data, never
templates.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
import re
import stat
import typing as t

from ansible.module_utils.common.validation import check_type_bool, check_type_float, check_type_int

from .._errors import AccessError, MissingLibrary
from .layouts import JSON, JSON_LINES, REASON, YAML, Csv, Layout
from .values import BLANKS, Options, problem_with
from .yaml_items import NotSupported, YamlItems

#: Decrypts the file at a path that is encrypted with Ansible Vault, and returns its text.
Decrypt = t.Callable[[str], str]
#: The valid columns of a CSV file; None allows any.
Columns = t.Optional[t.Collection[str]]

_VAULT = b"$ANSIBLE_VAULT;"


@dataclasses.dataclass(frozen=True)
class Row:
    """An item as read from a file: its location (``:17`` is a line, ``[16]`` an index), and its options or a
    problem.
    """

    where: str
    options: dict[str, t.Any]
    problem: str = ""
    #: The layout of the file, and the row's values as they are in the file: CSV cells, or a mapping.
    raw: tuple[Layout, t.Any] = dataclasses.field(default=(JSON, None), compare=False, repr=False)


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


def read_items(
    path: str, spec: Options, decrypt: Decrypt | None = None, keep: t.Callable[[Row], None] = lambda _row: None
) -> t.Iterator[Item]:
    """Read and convert the items of a file. An unknown option is reported once, for the first item that has it. The
    reason why a row failed in an earlier run is ignored. ``keep`` is called with the row of each item.

    :raises AccessError: see :func:`read_rows`.
    """
    name = short_path(path)
    unknown: set[str] = set()
    for row in read_rows(path, spec, decrypt):
        row.options.pop(REASON, None)
        extra = row.options.keys() - spec.keys()
        if extra & unknown:
            continue
        unknown |= extra
        place = Place(name, row.where)
        try:
            if row.problem:
                raise AccessError(row.problem)
            item = Item(place, row.options.keys(), convert_options(row.options, spec))
        except AccessError as error:
            item = Item(place, (), {}, error.message)
        keep(row)
        yield item


def read_rows(path: str, columns: Columns = None, decrypt: Decrypt | None = None) -> t.Iterator[Row]:
    """Read the items of a file in the format that its extension indicates. Null and empty values are left out.

    :raises AccessError: if the file is missing, empty, not UTF-8, or encrypted without a ``decrypt``, or if its
        extension is not supported.
    """
    extension = extension_of(path)
    if extension not in FORMATS:
        raise AccessError(f"{path}: the file extension must be one of {', '.join(FORMATS)}")
    try:
        with _open(path, "" if extension == ".csv" else None, decrypt) as file:
            if not any(line.strip() for line in file):
                raise AccessError(f"{path} is empty. Remove it or export it again")
            file.seek(0)
            yield from map(_check, FORMATS[extension](file, columns))
    except OSError as error:
        raise AccessError(f"{path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise AccessError(f"{path} cannot be read: it is not valid UTF-8. Save it as UTF-8") from None


def extension_of(path: str) -> str:
    return os.path.splitext(path)[1].lower()


def short_path(path: str) -> str:
    """A path for messages: relative if it is below the working directory."""
    relative = os.path.relpath(path)
    return path if relative.startswith(os.pardir) else relative


def _open(path: str, newline: str | None, decrypt: Decrypt | None) -> t.TextIO:
    if stat.S_IFMT(os.stat(path).st_mode) not in (stat.S_IFREG, stat.S_IFDIR):
        raise AccessError(f"{path} cannot be read: it is not a regular file")  # reading a pipe would block
    if not is_encrypted(path):
        return open(path, encoding="utf-8-sig", newline=newline)
    if decrypt is None:
        raise AccessError(
            f"{path} is encrypted with Ansible Vault. Only the controller can decrypt it: run the task there, "
            "with connection: local"
        )
    return io.StringIO(decrypt(path).lstrip("\ufeff"), newline)


def is_encrypted(path: str) -> bool:
    """Whether a file is encrypted with Ansible Vault."""
    with open(path, "rb") as file:
        return file.read(len(_VAULT)) == _VAULT


def _check(row: Row) -> Row:
    if row.problem:
        return row
    if not isinstance(row.options, dict) or not all(isinstance(name, str) for name in row.options):
        return Row(row.where, {}, "an item must be a mapping of options to values")
    given = {name: value for name, value in row.options.items() if value not in (None, "")}
    return dataclasses.replace(row, options=given)


def _csv(file: t.TextIO, columns: Columns) -> t.Iterator[Row]:
    declaration, delimiter, line_end = _dialect(file)
    reader = csv.reader(file, strict=True, delimiter=delimiter)
    names: list[str] = []
    layout: Layout = Csv()
    while True:
        where = f":{bool(declaration) + reader.line_num + 1}"
        try:
            raw = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            yield Row(where, {}, f"invalid CSV: {error}")
            return
        cells = [cell.strip(BLANKS) for cell in raw]
        if not any(cells):
            continue
        if not names:
            names = cells
            layout = Csv.of(declaration, raw, names, delimiter, line_end)
            problem = _check_header(names, columns)
            if problem:
                yield Row(where, {}, problem)
                return
        elif len(cells) > len(names):
            yield Row(where, {}, "more cells than the header row")
        else:
            yield Row(where, dict(zip(names, cells)), raw=(layout, raw))
    if not names:
        yield Row(":1", {}, "the header row with the column names is missing")


def _dialect(file: t.TextIO) -> tuple[str, str, str]:
    """The line before the header row that declares the delimiter, if there is one, the delimiter, and the line end."""
    head = file.readline()
    line_end = head[len(head.rstrip("\r\n")) :] or "\n"
    declared = re.fullmatch(r'"?sep=([^\w"])"?\s*', head, re.IGNORECASE)  # Excel's own declaration
    if declared:
        return head, declared[1], line_end
    file.seek(0)
    # In locales with a decimal comma, spreadsheets separate cells with semicolons.
    return "", "," if "," in head else next((sign for sign in ";\t" if sign in head), ","), line_end


def _check_header(names: list[str], columns: Columns) -> str:
    header = list(filter(None, names))
    unknown = [name for name in header if columns is not None and name not in columns and name != REASON]
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
        yield Row(f"[{index}]", item, raw=(JSON, item))


def _json_lines(file: t.TextIO, _columns: Columns) -> t.Iterator[Row]:
    for line, text in enumerate(file, 1):
        if text.strip():
            try:
                item = json.loads(text, parse_float=str)
            except (ValueError, RecursionError):
                yield Row(f":{line}", {}, "invalid JSON")
            else:
                yield Row(f":{line}", item, raw=(JSON_LINES, item))


def _yaml(file: t.TextIO, _columns: Columns) -> t.Iterator[Row]:
    try:
        import yaml
    except ImportError as error:
        raise MissingLibrary("PyYAML", "to read a YAML file") from error

    line, items = 1, YamlItems(yaml, file)
    try:
        for expected in (yaml.StreamStartEvent, yaml.DocumentStartEvent, yaml.SequenceStartEvent):
            event = items.next_event()
            if not isinstance(event, expected):
                yield Row(_line(event), {}, "the file must contain a list of items")
                return
        for event in items.until(yaml.SequenceEndEvent):
            line = event.start_mark.line + 1
            item = items.value_of(event)
            yield Row(f":{line}", item, raw=(YAML, item))
        event = [items.next_event() for _end in ("document", "file")][-1]
        if not isinstance(event, yaml.StreamEndEvent):
            yield Row(_line(event), {}, "unexpected content after the list of items")
    except NotSupported as error:
        yield Row(f":{line}", {}, str(error))
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        yield Row(f":{mark.line + 1 if mark else line}", {}, "invalid YAML")


def _line(event: t.Any) -> str:
    return f":{event.start_mark.line + 1}"


#: The readers by file extension. Formats are equal if their readers are.
FORMATS: dict[str, t.Callable[[t.TextIO, Columns], t.Iterator[Row]]] = {
    **{".csv": _csv, ".json": _json, ".jsonl": _json_lines, ".ndjson": _json_lines, ".yml": _yaml, ".yaml": _yaml}
}

_CONVERTERS: dict[str, t.Callable[[t.Any], t.Any]] = {
    "int": check_type_int,
    "float": check_type_float,
    "bool": check_type_bool,
    "str": str,
}


def convert_options(options: t.Mapping[str, t.Any], spec: Options, parent: str = "") -> dict[str, t.Any]:
    """Convert an item's options to the types of an argument spec, and add its defaults. ``parent`` precedes the names
    of suboptions in messages.

    :raises AccessError: naming the unknown option or invalid value.
    """
    unknown = sorted(options.keys() - spec.keys())
    if unknown:
        raise AccessError(unknown_names("option", [parent + name for name in unknown], spec))
    values = {name: option.get("default") for name, option in spec.items()}
    for name, value in options.items():
        inner = spec[name].get("options")
        if inner and isinstance(value, dict):
            values[name] = convert_options(value, inner, f"{parent}{name}.")
        else:
            values[name] = _convert_value(parent + name, spec[name], value)
    return values


def _convert_value(place: str, option: t.Mapping[str, t.Any], value: t.Any) -> t.Any:
    """Convert a value to the type of an option that has no suboptions.

    :raises AccessError: naming the ``place`` of an invalid value.
    """
    # Not quoted: with YAML aliases, a few lines can expand to more than fits into memory.
    if isinstance(value, (dict, list)):
        raise AccessError(f"{place} must be of type {option['type']}, not a {type(value).__name__}")
    problem = problem_with(place.rpartition(".")[2], option, value)
    if problem:
        raise AccessError(f"{place}: {problem}")
    try:
        converted = _CONVERTERS[option["type"]](value)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise AccessError(f"{place} must be of type {option['type']}, not {value!r:.60}") from None
    choices = option.get("choices")
    if choices and converted not in choices:
        raise AccessError(f"{place} must be {' or '.join(choices)}, not {value!r:.60}")
    return converted
