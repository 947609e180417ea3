# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages in the pages' tables of troubleshooting are messages of the collection, or of a platform as the sandbox has it."""

from __future__ import annotations

import ast
import functools
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
#: What differs from case to case (``…``, numbers, quoted values), and what separates the parts of a message.
SEPARATOR = re.compile(r"…|'[^']*'|\S*\d\S*|[.,:;()](?:\s|$)|\s\(")


@functools.cache
def texts() -> str:
    """Every text in the code, a line each; what an f-string inserts separates two of them."""
    found = []
    for folder in (ROOT / "plugins", ROOT / "extensions" / "sandbox"):
        for path in sorted(folder.rglob("*.py")):
            nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            found += [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return "\n".join(found)


def quotations(page: pathlib.Path) -> list[str]:
    """The messages in the first column of the tables whose heading is "message"."""
    tables = re.findall(r"^\| message \|.*\n\|.*\n((?:\|.*\n?)+)", page.read_text(encoding="utf-8"), re.M)
    cells = [row.split(" | ")[0] for table in tables for row in table.splitlines()]
    return [message for cell in cells for message in re.findall(r"`([^`]+)`", cell)]


def is_in_code(words: str) -> bool:
    """Whether the code has these words; the first or the last one may be inserted."""
    return any(part in texts() for part in (words, words.partition(" ")[2], words.rpartition(" ")[0]))


@pytest.mark.parametrize("page", [page for page in PAGES if quotations(page)], ids=lambda page: page.stem)
def test_quoted_messages_exist(page: pathlib.Path) -> None:
    parts = [(message, part.strip()) for message in quotations(page) for part in SEPARATOR.split(message)]
    assert not [(message, words) for message, words in parts if words.count(" ") > 1 and not is_in_code(words)]
