# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark's charts show what its tables say, in light and dark colours."""

from __future__ import annotations

import importlib.util
import pathlib
import re
import sys
import xml.etree.ElementTree as ET

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SVG = "{http://www.w3.org/2000/svg}"
ITEMS = """\
| one loop item | ms | lowest – highest |
| --- | --: | --: |
| `ansible.builtin.uri`, one GET | 400.0 | 390.0 – 410.0 |
| `flex_oauth_app` & <more> | 100.0 | 90.0 – 110.0 |
"""
LOGINS = """\
| 20 hosts × 5 tasks | logins | 429 responses | s |
| --- | --: | --: | --: |
| empty tasks | 0 | 0 | 2.0 |
| `ansible.builtin.uri` | 20 | 60 | 22.6 |
| `lookup('mediaops.access.token', …)` | 1 | 0 | 4.9 |
"""
RUN = """\
| successful calls, of 400 at 20/second | 10 s | 20 s | 30 s |
| --- | --: | --: | --: |
| a directory | 200 | 400 | 400 |
| Redis | 100 | 300 | 400 |
"""
OTHER = """\
| another table | s |
| --- | --: |
| a row | 1 |
"""


@pytest.fixture(scope="module")
def charts():
    spec = importlib.util.spec_from_file_location("bench_charts", ROOT / "tests" / "bench" / "charts.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def elements(svg, tag):
    return list(ET.fromstring(svg).iter(f"{SVG}{tag}"))


def texts(svg):
    return [element.text for element in elements(svg, "text")]


def bars(svg):
    """The widths and colours of the bars; the first rectangle is the background."""
    return [(float(rect.get("width")), rect.get("style")) for rect in elements(svg, "rect")[1:]]


def test_bars_are_as_long_as_the_values(charts):
    svg = charts.draw(ITEMS)["loop_item.svg"]
    (longer, other), (shorter, own) = bars(svg)
    assert longer == pytest.approx(4 * shorter)
    assert (other, own) == ("fill: var(--other)", "fill: var(--own)")
    assert texts(svg)[2:] == ["ansible.builtin.uri, one GET", "400.0 ms", "flex_oauth_app & <more>", "100.0 ms"]


def test_refused_logins_are_stacked_on_accepted_ones(charts):
    svg = charts.draw(LOGINS)["logins.svg"]
    (accepted, _other), (refused, colour), _own = bars(svg)
    assert refused == pytest.approx(3 * accepted)
    assert colour == "fill: var(--refused)"
    assert texts(svg)[2:] == [
        "ansible.builtin.uri",
        "20 logins, 60 × 429",
        "lookup('mediaops.access.token', …)",
        "1 login, 0 × 429",
    ]


def test_a_run_that_uses_its_limit_fully_follows_the_line_of_the_limit(charts):
    svg = charts.draw(RUN)["limited_run.svg"]
    limit, directory, redis = (
        [tuple(map(float, point.split(","))) for point in line.get("points").split()]
        for line in elements(svg, "polyline")
    )
    assert limit[0] == directory[0] == redis[0]
    assert limit[1] == directory[2]
    assert redis[1][1] > directory[1][1], "fewer calls are lower, where y is greater"
    assert {"20/second", "a directory", "Redis", "10 s", "30 s", "0", "400"} <= set(texts(svg))


def test_each_chart_has_both_colour_schemes_and_a_title(charts):
    for svg in charts.draw("\n".join([ITEMS, LOGINS, RUN])).values():
        assert svg.count("@media (prefers-color-scheme: dark)") == 1
        assert all(f"--{name}:" in svg for name in ("back", "text", "own", "other"))
        assert elements(svg, "title")[0].text


def test_charts_are_drawn_of_the_tables_that_are_there(charts):
    assert set(charts.draw(f"Text\n\n{LOGINS}\nMore text")) == {"logins.svg"}
    assert charts.draw(OTHER) == {}


def test_a_table_is_published_below_its_chart(charts):
    assert charts.illustrated(LOGINS) == f"![Login requests of 20 hosts × 5 tasks](images/logins.svg)\n\n{LOGINS}"
    assert charts.illustrated(OTHER) == OTHER


def test_the_published_charts_are_those_of_the_published_tables(charts):
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    drawn = charts.draw(page)
    assert {"loop_item.svg", "logins.svg"} <= set(drawn)
    assert {name: (ROOT / "docs" / "images" / name).read_text(encoding="utf-8") for name in drawn} == drawn
    assert set(re.findall(r"\]\(images/(.*?)\)", page)) == set(drawn)
