# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How files of items are laid out, so that some rows of a file can be written to another one of the same format."""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t

#: The column that says why a row failed. In a file that is read, it is ignored.
REASON = "reason"
#: The YAML values that mean null.
NULLS = ("", "~", "null", "Null", "NULL")

_PLAIN_YAML = re.compile(r"[A-Za-z0-9][\w.@+-]*(?::[\w.@+-]+)*", re.ASCII)


@dataclasses.dataclass(frozen=True)
class Layout:
    """A format: the text before the first row, between two rows and after the last one."""

    head: str = ""
    between: str = ""
    tail: str = ""

    def row(self, values: t.Any, reason: str) -> str:
        """The text of a row with its reason. An earlier reason is replaced."""
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class _Json(Layout):
    end: str = ""

    def row(self, values: dict[str, t.Any], reason: str) -> str:
        return json.dumps({**values, REASON: reason}, ensure_ascii=False) + self.end


JSON = _Json("[\n", ",\n", "\n]\n")
JSON_LINES = _Json(end="\n")


class _Yaml(Layout):
    def row(self, values: dict[str, t.Any], reason: str) -> str:
        lines = [f"{name}: {_yaml_scalar(value)}\n" for name, value in {**values, REASON: reason}.items()]
        return "- " + "  ".join(lines)


YAML = _Yaml()


def _yaml_scalar(value: str | None) -> str:
    """A scalar as the input may have it, or in double quotes, in which YAML knows the escapes of JSON and some more."""
    if value is None:
        return "null"
    if _PLAIN_YAML.fullmatch(value) and value not in NULLS:
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else f"\\U{ord(sign):08x}" for sign in quoted)


@dataclasses.dataclass(frozen=True)
class Csv(Layout):
    """CSV with the delimiter and the line ends of the input. Only the cells that need quotes have them."""

    delimiter: str = ","
    line_end: str = "\n"
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, declaration: str, cells: t.Sequence[str], names: t.Sequence[str], delimiter: str, line_end: str) -> Csv:
        """The layout of a file with this ``sep=`` line and header row (``cells``, which hold the ``names``)."""
        layout = cls(delimiter=delimiter, line_end=line_end, names=tuple(names))
        header = layout._line([*cells, *([] if REASON in names else [REASON])])
        return dataclasses.replace(layout, head=declaration + header)

    def row(self, values: t.Sequence[str], reason: str) -> str:
        cells = [*values, *[""] * (len(self.names) - len(values)), ""]
        cells[self.names.index(REASON) if REASON in self.names else -1] = reason
        return self._line(cells[: len(self.names) + (REASON not in self.names)])

    def _line(self, cells: t.Iterable[str]) -> str:
        return self.delimiter.join(map(self._quote, cells)) + self.line_end

    def _quote(self, cell: str) -> str:
        if not any(sign in cell for sign in (self.delimiter, '"', "\n", "\r")):
            return cell
        return '"{}"'.format(cell.replace('"', '""'))
