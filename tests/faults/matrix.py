# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The matrix as a table: a row for each module, a column for each fault."""

from __future__ import annotations

import typing as t

from faults import FAULTS
from scenarios import SCENARIOS

WIDTH = 160
LEGEND = (
    "Each cell has the outcome of all requests of the module that met the fault, one after the other (a/b: it depends on the request):",
    "  ok     the right result and state, after repeating a request or doing without it     -  cannot happen",
    "  ok*    the same, after the state was read again, or with a new token                 WRONG  not what must be",
    "  as is  the user gets the platform's answer, or its word that a token is dead",
    "  fails  one clear failure; a number is its HTTP status",
)

Cells = t.Mapping[tuple[str, str], t.Sequence[str]]


def table(cells: Cells, wrong: t.Mapping[tuple[str, str], str]) -> list[str]:
    """The lines to print, none of them wider than WIDTH."""
    rows = [scenario.name for scenario in SCENARIOS]
    label = max(map(len, rows))
    lines = ["", *LEGEND, ""]
    lines += [f"  {fault.name:<7} {fault.text}" for fault in FAULTS]
    pending = [fault.name for fault in FAULTS]
    while pending:
        chosen: list[tuple[str, list[str]]] = []
        used = label
        while pending:
            column = [_word(cells, wrong, row, pending[0]) for row in rows]
            width = max(map(len, (pending[0], *column)))
            if used + 2 + width > WIDTH:
                break
            used += 2 + width
            chosen.append((pending.pop(0), column))
        widths = [max(map(len, (name, *column))) for name, column in chosen]
        lines.append("")
        for first, words in [
            ("", [name for name, _column in chosen]),
            *((row, [column[index] for _name, column in chosen]) for index, row in enumerate(rows)),
        ]:
            lines.append(
                "  ".join(
                    [f"{first:<{label}}", *(f"{word:<{width}}" for word, width in zip(words, widths, strict=True))]
                ).rstrip()
            )
    met = sum(map(len, cells.values()))
    lines += [
        "",
        f"{met} cells of {len(cells) + len(wrong)} combinations are right, {len(wrong)} combinations are wrong.",
    ]
    return lines + [f"WRONG  {row}, {column}: {reason}" for (row, column), reason in wrong.items()]


def _word(cells: Cells, wrong: t.Mapping[tuple[str, str], str], row: str, column: str) -> str:
    if (row, column) in wrong:
        return "WRONG"
    return "/".join(dict.fromkeys(cells.get((row, column), ["-"])))
