# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads items from files that people keep, one by one: CSV, JSON, JSON Lines or YAML. What they hold is data, never a template."""

from __future__ import annotations

import csv
import json
import os
import typing as t

from ansible.module_utils.common.validation import check_type_bool, check_type_int

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError, MissingLibrary


class Row(t.NamedTuple):
    """An item of a file: its line (from 1), and its options, or why it has none."""

    line: int
    options: dict[str, t.Any]
    problem: str = ""


class Item(t.NamedTuple):
    """A row as an argument spec wants it: where it stands, the options that it gives, all of its options; or what is wrong with it."""

    place: str
    given: t.Collection[str]
    options: dict[str, t.Any]
    problem: str = ""


def read_items(path: str, spec: t.Mapping[str, t.Mapping[str, t.Any]]) -> t.Iterator[Item]:
    """The items of a file, converted.

    :raises AccessError: as :func:`read_rows`.
    """
    for row in read_rows(path):
        place = f"{path}:{row.line}: "
        try:
            if row.problem:
                raise AccessError(row.problem)
            yield Item(place, row.options.keys(), converted(row.options, spec))
        except AccessError as error:
            yield Item(place, (), {}, error.message)


def read_rows(path: str) -> t.Iterator[Row]:
    """The items of a file, read as its ending says. Null and empty values are left out.

    :raises AccessError: where there is no such file, or its ending is unknown.
    """
    ending = os.path.splitext(path)[1].lower()
    if ending not in _READERS:
        raise AccessError(f"{path}: the ending must be one of {', '.join(_READERS)}")
    try:
        with open(path, encoding="utf-8-sig", newline="" if ending == ".csv" else None) as file:
            yield from map(_checked, _READERS[ending](file))
    except OSError as error:
        raise AccessError(f"{path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise AccessError(f"{path} cannot be read: it is no UTF-8 text") from None


def _checked(row: Row) -> Row:
    if row.problem:
        return row
    if not isinstance(row.options, dict) or not all(isinstance(name, str) for name in row.options):
        return Row(row.line, {}, "an item must be a mapping of options to values")
    return Row(row.line, {name: value for name, value in row.options.items() if value not in (None, "")})


def _csv(file: t.TextIO) -> t.Iterator[Row]:
    head = file.readline()
    file.seek(0)
    # Spreadsheets separate cells by semicolons where a comma is a decimal sign.
    reader = csv.reader(file, strict=True, delimiter=";" if ";" in head and "," not in head else ",")
    names: list[str] | None = None
    while True:
        line = reader.line_num + 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(line, {}, f"not readable as CSV: {error}")
            return
        if not any(cells):
            continue
        if names is None:
            names = cells
        elif len(cells) > len(names):
            yield Row(line, {}, "more cells than the first line has")
        else:
            yield Row(line, dict(zip(names, cells)))


def _json(file: t.TextIO) -> t.Iterator[Row]:
    text = file.read()
    decoder, place, line = json.JSONDecoder(), 0, 1

    def skip(start: int) -> int:
        """Where the next character stands that is no blank; lines are counted on the way."""
        nonlocal line
        end = start
        while end < len(text) and text[end] in " \t\r\n":
            line += text[end] == "\n"
            end += 1
        return end

    place = skip(0)
    if text[place : place + 1] != "[":
        yield Row(line, {}, "not readable as JSON: it must hold a list of items")
        return
    place = skip(place + 1)
    while text[place : place + 1] != "]":
        try:
            value, end = decoder.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            where = error.lineno if isinstance(error, json.JSONDecodeError) else line
            yield Row(where, {}, "not readable as JSON")
            return
        yield Row(line, value)
        line += text.count("\n", place, end)
        place = skip(end)
        if text[place : place + 1] == ",":
            place = skip(place + 1)
        elif text[place : place + 1] != "]":
            yield Row(line, {}, "not readable as JSON")
            return
    if skip(place + 1) < len(text):
        yield Row(line, {}, "not readable as JSON: something follows the list of items")


def _json_lines(file: t.TextIO) -> t.Iterator[Row]:
    for line, text in enumerate(file, 1):
        if text.strip():
            try:
                yield Row(line, json.loads(text))
            except (ValueError, RecursionError):
                yield Row(line, {}, "not readable as JSON")


def _yaml(file: t.TextIO) -> t.Iterator[Row]:
    try:
        import yaml
    except ImportError as error:
        raise MissingLibrary("PyYAML", "to read a YAML file") from error

    class Items(yaml.composer.Composer, yaml.constructor.SafeConstructor, yaml.resolver.Resolver):
        """Makes items of the parser's events, one at a time."""

        def __init__(self, parser: t.Any) -> None:
            yaml.composer.Composer.__init__(self)
            yaml.constructor.SafeConstructor.__init__(self)
            yaml.resolver.Resolver.__init__(self)
            self.check_event, self.peek_event, self.get_event = parser.check_event, parser.peek_event, parser.get_event

    line = 1
    try:
        items: t.Any = Items(getattr(yaml, "CSafeLoader", yaml.SafeLoader)(file))
        for expected in (yaml.StreamStartEvent, yaml.DocumentStartEvent, yaml.SequenceStartEvent):
            event = items.get_event()
            if not isinstance(event, expected):
                yield Row(event.start_mark.line + 1, {}, "not readable as YAML: it must hold a list of items")
                return
        while not items.check_event(yaml.SequenceEndEvent):
            line = items.peek_event().start_mark.line + 1
            yield Row(line, items.construct_document(items.compose_node(None, None)))
        event = [items.get_event() for _end in ("list", "document", "file")][-1]
        if not isinstance(event, yaml.StreamEndEvent):
            yield Row(event.start_mark.line + 1, {}, "not readable as YAML: something follows the list of items")
    except UnicodeDecodeError:
        raise
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError) as error:  # PyYAML lets through what its constructors meet
        mark = getattr(error, "problem_mark", None)
        yield Row(mark.line + 1 if mark else line, {}, "not readable as YAML")


_READERS: dict[str, t.Callable[[t.TextIO], t.Iterator[Row]]] = {
    **{".csv": _csv, ".json": _json, ".jsonl": _json_lines, ".ndjson": _json_lines, ".yml": _yaml, ".yaml": _yaml}
}

_CONVERTERS: dict[str, t.Callable[[t.Any], t.Any]] = {"int": check_type_int, "bool": check_type_bool, "str": str}
_NO_VALUES = (dict, list, set, bytes)


def converted(options: t.Mapping[str, t.Any], spec: t.Mapping[str, t.Mapping[str, t.Any]]) -> dict[str, t.Any]:
    """An item's options as an argument spec wants them, with its defaults.

    :raises AccessError: naming an option that does not exist or a value that cannot be.
    """
    unknown = sorted(options.keys() - spec.keys())
    if unknown:
        raise AccessError(f"{', '.join(unknown)} is no option of an item. There are {', '.join(spec)}")
    values = {name: option.get("default") for name, option in spec.items()}
    for name, value in options.items():
        try:
            if isinstance(value, _NO_VALUES):
                raise TypeError
            values[name] = _CONVERTERS[spec[name]["type"]](value)
        except (TypeError, ValueError, OverflowError):
            # YAML's aliases let a few lines stand for more than fits into memory.
            given = f"a {type(value).__name__}" if isinstance(value, _NO_VALUES) else f"{value!r:.60}"
            raise AccessError(f"{name} must be of type {spec[name]['type']}, not {given}") from None
        choices = spec[name].get("choices")
        if choices and values[name] not in choices:
            raise AccessError(f"{name} must be {' or '.join(choices)}, not {value!r:.60}")
    return values
