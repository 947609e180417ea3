# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads lists of items from files that people keep: CSV, JSON or YAML."""

from __future__ import annotations

import csv
import io
import json
import os
import typing as t

import yaml

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError

Row = dict[str, t.Any]


def read_rows(path: str) -> list[Row]:
    """The items of a file, by its ending. Empty cells of a CSV file are left out.

    :raises AccessError: where the file cannot be read, or an item is no mapping.
    """
    parsers: dict[str, t.Callable[[str], t.Any]] = {".csv": _csv, ".json": json.loads, ".yml": yaml.safe_load, ".yaml": yaml.safe_load}
    ending = os.path.splitext(path)[1].lower()
    if ending not in parsers:
        raise AccessError(f"{path}: the ending must be one of {', '.join(parsers)}")
    try:
        with open(path, encoding="utf-8-sig") as file:
            rows = parsers[ending](file.read())
    except OSError as error:
        raise AccessError(f"{path} cannot be read: {error.strerror}") from None
    except AccessError as error:
        raise AccessError(f"{path} is not readable as CSV: {error.message}") from None
    except (ValueError, csv.Error, yaml.YAMLError) as error:
        raise AccessError(f"{path} is not readable as {ending[1:].upper()}{_line_of(error)}") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise AccessError(f"{path} must hold a list of items, each with options and their values")
    return rows


def _csv(text: str) -> list[Row]:
    reader = csv.DictReader(io.StringIO(text), strict=True, restkey="")
    rows = []
    try:
        for row in reader:
            if "" in row:
                raise AccessError(f"line {reader.line_num} has more cells than the first line")
            rows.append({name.strip(): value.strip() for name, value in row.items() if value and value.strip()})
    except csv.Error as error:
        raise csv.Error(f"line {reader.line_num + 1}: {error}") from None
    return rows


def _line_of(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark else getattr(error, "lineno", None)
    if isinstance(error, csv.Error):
        return f": {error}"
    return f": line {line}" if line else ""
