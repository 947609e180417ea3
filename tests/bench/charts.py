# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Charts of the benchmark's tables: small SVG files that follow the reader's light or dark colour scheme.

They are drawn from the Markdown tables, so that a chart and the table beside it cannot differ.
"""

from __future__ import annotations

import dataclasses
import html
import re
import typing as t

WIDTH, MARGIN, ROW, BAR = 720, 24, 46, 14
BARS_END = 500  # the rest of a row is for its value
PLOT_TOP, PLOT_HEIGHT, PLOT_LEFT, PLOT_RIGHT = 60, 220, 56, 600
LICENCE = """\
<!--
Copyright (c) 2026, mediaops.access contributors
GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
-->"""
# The background is opaque: a page may have another colour scheme than the reader's system.
STYLE = """\
<style>
  svg { --back: #ffffff; --text: #1f2328; --muted: #59636e; --line: #d1d9e0; --own: #0969da; --second: #1a7f37; --other: #818b98; --refused: #bc4c00 }
  @media (prefers-color-scheme: dark) {
    svg { --back: #0d1117; --text: #f0f6fc; --muted: #9198a1; --line: #3d444d; --own: #4493f8; --second: #3fb950; --other: #656c76; --refused: #db6d28 }
  }
  text { font: 13px system-ui, sans-serif; fill: var(--text) }
  .title { font-size: 15px; font-weight: 600 }
  .muted { fill: var(--muted) }
  .end { text-anchor: end }
  .middle { text-anchor: middle }
  path, polyline { fill: none; stroke: var(--line) }
  polyline { stroke-width: 2.5; stroke-linejoin: round }
</style>"""


@dataclasses.dataclass(frozen=True)
class Table:
    head: list[str]
    rows: list[list[str]]

    def column(self, name: str) -> int:
        return self.head.index(name)


@dataclasses.dataclass(frozen=True)
class Row:
    """One bar: its label, the lengths of its parts by colour, and the value beside it."""

    label: str
    parts: list[tuple[str, float]]
    value: str


def tables(text: str) -> list[Table]:
    """The Markdown tables in a text."""
    found = re.findall(r"^(?:\|.*\|\n?)+", text, re.M)
    cells = [
        [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in block.strip().splitlines()]
        for block in found
    ]
    return [Table(head, rows) for head, _rule, *rows in cells]


def draw(text: str) -> dict[str, str]:
    """The charts, by file name, of the tables in a text. A chart whose table is missing is left out."""
    return {
        name: chart(table)
        for table in tables(text)
        for heading, name, chart in CHARTS
        if re.match(heading, table.head[0])
    }


def illustrated(table: str) -> str:
    """A Markdown table below its chart, if it has one."""
    links = [
        f"![{re.findall('<title.*?>(.*)</title>', chart)[0]}](images/{name})" for name, chart in draw(table).items()
    ]
    return "\n\n".join([*links, table])


def loop_item(table: Table) -> str:
    ms = table.column("ms")
    rows = [Row(plain(row[0]), [(colour(row[0]), number(row[ms]))], f"{row[ms]} ms") for row in table.rows]
    return bars("Time per loop item", "lower is better", rows)


def logins(table: Table) -> str:
    """Rows without a login only show what the tasks themselves cost."""
    accepted, refused = table.column("logins"), table.column("429 responses")
    rows = []
    for row in table.rows:
        if number(row[accepted]):
            parts = [(colour(row[0]), number(row[accepted])), ("refused", number(row[refused]))]
            value = f"{row[accepted]} login{'' if row[accepted] == '1' else 's'}, {row[refused]} × 429"
            rows.append(Row(plain(row[0]), parts, value))
    return bars(f"Login requests of {table.head[0]}", "lower is better", rows)


def limited_run(table: Table) -> str:
    """Successful calls over time, and the straight line of the limit."""
    total, rate = map(int, re.findall(r"of (\d+) .* (\d+)/second", table.head[0])[0])
    times = [number(cell.removesuffix(" s")) for cell in table.head[1:]]
    span = times[-1]

    def at(seconds: float, calls: float) -> str:
        return f"{PLOT_LEFT + seconds / span * (PLOT_RIGHT - PLOT_LEFT):.1f},{PLOT_TOP + PLOT_HEIGHT * (1 - calls / total):.1f}"

    left, right, bottom = PLOT_LEFT, PLOT_RIGHT, PLOT_TOP + PLOT_HEIGHT
    parts = []
    for share in range(5):
        y, calls = bottom - PLOT_HEIGHT * share // 4, total * share // 4
        parts += [
            f'<path d="M{left} {y}H{right}"/>',
            f'<text class="muted end" x="{left - 8}" y="{y + 4}">{calls}</text>',
        ]
    for seconds, label in zip(times, table.head[1:]):
        x = at(seconds, 0).partition(",")[0]
        parts.append(f'<text class="muted middle" x="{x}" y="{bottom + 20}">{html.escape(label)}</text>')
    parts.append(
        f'<polyline style="stroke: var(--other); stroke-dasharray: 4 4" points="{at(0, 0)} {at(total / rate, total)}"/>'
    )
    legend = [("other", f"{rate}/second")]
    for row, stroke in zip(table.rows, ("own", "second")):
        points = " ".join(at(seconds, number(cell)) for seconds, cell in [(0.0, "0"), *zip(times, row[1:])])
        parts.append(f'<polyline style="stroke: var(--{stroke})" points="{points}"/>')
        legend.append((stroke, row[0]))
    for index, (stroke, label) in enumerate(legend):
        y = PLOT_TOP + 16 + 22 * index
        parts.append(f'<rect x="{right + 12}" y="{y - 9}" width="10" height="10" style="fill: var(--{stroke})"/>')
        parts.append(f'<text x="{right + 28}" y="{y}">{plain(label)}</text>')
    return document(table.head[0].capitalize(), "seconds after the first call", bottom + 40, parts)


#: How the first heading of a table begins, the chart's file, and how it is drawn.
CHARTS: list[tuple[str, str, t.Callable[[Table], str]]] = [
    (r"one loop item$", "loop_item.svg", loop_item),
    (r"\d+ hosts ", "logins.svg", logins),
    (r"successful calls, ", "limited_run.svg", limited_run),
]


def bars(title: str, note: str, rows: list[Row]) -> str:
    longest = max(sum(length for _colour, length in row.parts) for row in rows)
    parts = []
    for index, row in enumerate(rows):
        y, x = 60 + ROW * index, float(MARGIN)
        parts.append(f'<text x="{MARGIN}" y="{y + 10}">{row.label}</text>')
        for fill, length in row.parts:
            if length:
                width = max(length / longest * (BARS_END - MARGIN), 2)
                parts.append(
                    f'<rect x="{x:.1f}" y="{y + 18}" width="{width:.1f}" height="{BAR}" style="fill: var(--{fill})"/>'
                )
                x += width
        parts.append(f'<text class="muted" x="{x + 8:.1f}" y="{y + 30}">{html.escape(row.value)}</text>')
    return document(title, note, 60 + ROW * len(rows) + 8, parts)


def document(title: str, note: str, height: int, parts: list[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" aria-labelledby="title">'
    lines = [
        f'<title id="title">{html.escape(title)}</title>',
        *STYLE.splitlines(),
        f'<rect width="{WIDTH}" height="{height}" rx="6" style="fill: var(--back)"/>',
        f'<text class="title" x="{MARGIN}" y="34">{html.escape(title)}</text>',
        f'<text class="muted end" x="{WIDTH - MARGIN}" y="34">{html.escape(note)}</text>',
        *parts,
    ]
    return "\n".join([LICENCE, head, *(f"  {line}" for line in lines), "</svg>", ""])


def plain(markdown: str) -> str:
    return html.escape(markdown.replace("`", ""), quote=False)


def number(cell: str) -> float:
    return float(cell.replace(",", ""))


def colour(label: str) -> str:
    return "other" if "ansible.builtin" in label else "own"
