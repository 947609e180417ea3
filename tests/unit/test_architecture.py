# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The architecture page and its diagram name every package of the core, and no other."""

from __future__ import annotations

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]


def packages() -> list[str]:
    found = [
        path
        for path in (ROOT / "plugins" / "module_utils").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    ]
    return sorted(path.stem for path in found if path.stem != "__init__")


def test_the_page_lists_the_packages() -> None:
    section = (
        (ROOT / "docs" / "architecture.md")
        .read_text(encoding="utf-8")
        .partition("## Packages")[2]
        .partition("Around the core")[0]
    )
    assert sorted(re.findall(r"^\| `(\w+)` \|", section, re.M)) == packages()


def test_the_diagram_shows_the_packages() -> None:
    diagram = (ROOT / "docs" / "images" / "architecture.svg").read_text(encoding="utf-8")
    assert sorted(re.findall(r">(_\w+)</text>", diagram)) == packages()
