# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import html
import re

import pytest

from ansible_collections.mediaops.access.plugins.module_utils._platform.changes import make_change
from ansible_collections.mediaops.access.plugins.plugin_utils._plan_text import (
    MAX_MARKDOWN,
    Platforms,
    code,
    line,
    lines,
    markdown,
    totals,
)

CREATED = make_change("acme", "application", "Reviewer", None, {"id": None, "description": "Reviews"})
RENAMED = make_change("acme", "player", "p1", {"id": "p1", "alias": "One"}, {"id": "p1", "alias": "Two"})
DELETED = make_change("acme", "user", "a@example.com", {"name": "Anna"}, None)
OBTAINED = make_change("other", "token", "mrm", None, {"expires_at": None}, action="obtain", local=True)
REVOKED = make_change("other", "token", "old", {"expires_at": "2030-01-01T00:00:00Z"}, None, action="revoke")
ROTATED = make_change("acme", "application", "Reviewer", {"id": 1}, {"id": 2}, action="rotate")
DELIVERED = make_change(None, "credentials", "/a.env", None, {"tokens": ["mrm"]}, local=True)
ALL = [CREATED, RENAMED, DELETED, OBTAINED, REVOKED, ROTATED, DELIVERED]
PLATFORMS = Platforms({"acme": "Acme", "other": "Other & Co"}, {"acme": 2}, ["other"])

#: What would be Markdown, HTML, a link, a mention, or another cell, if it were not quoted.
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "a | b",
    "a \\| b",
    "`code`",
    "``two`` and `one`",
    "# heading",
    "line\nbreak",
    "@team",
    "[text](https://example.com)",
    "&amp;",
    "\u202eright to left",
    "\x1b[31mred",
    "back\\slash",
    " ",
    "",
    "``",
    "-->",
]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (CREATED, "+ application Reviewer"),
        (RENAMED, "~ player p1 (alias)"),
        (DELETED, "- user a@example.com"),
        (OBTAINED, "+ token mrm (local)"),
        (REVOKED, "- token old"),
        (ROTATED, "~ application Reviewer (rotate)"),
        (DELIVERED, "+ credentials /a.env"),
        (make_change("acme", "player", "a\x1b[1m\nb", None, {}), "+ player a\\x1b[1m\\nb"),
    ],
)
def test_a_change_is_one_line(change, text):
    assert line(change) == text


def test_many_changes_are_cut():
    assert lines([CREATED] * 50) == ["+ application Reviewer"] * 50
    assert lines([CREATED] * 5050)[49:] == ["+ application Reviewer", "… and 5,000 more"]


def test_the_totals_of_a_check_and_of_a_real_run():
    assert totals(ALL, PLATFORMS, check_mode=True) == [
        "Acme: 1 to create, 1 to update, 1 to rotate, 1 to delete, 2 unchanged",
        "Other & Co: 1 to obtain, 1 to revoke, failed",
        "Delivered credentials: 1 to create",
    ]
    assert totals(ALL, PLATFORMS, check_mode=False)[1] == "Other & Co: 1 obtained, 1 revoked, failed"
    assert totals([], PLATFORMS, check_mode=False) == ["Acme: 2 unchanged", "Other & Co: 0 unchanged, failed"]
    assert totals([CREATED] * 1234, Platforms(), check_mode=False) == ["acme: 1,234 created"]


def test_a_markdown_document():
    assert markdown(ALL, PLATFORMS, ["no luck"], check_mode=True).splitlines() == [
        "## Access plan",
        "",
        "- Acme: 1 to create, 1 to update, 1 to rotate, 1 to delete, 2 unchanged",
        "- Other &#38; Co: 1 to obtain, 1 to revoke, failed",
        "- Delivered credentials: 1 to create",
        "",
        "**Incomplete**, because some items failed:",
        "",
        "- `no luck`",
        "",
        "| action | platform | kind | name | change |",
        "| --- | --- | --- | --- | --- |",
        "| create | Acme | application | `Reviewer` | `description: Reviews` |",
        "| update | Acme | player | `p1` | `alias: One → Two` |",
        "| delete | Acme | user | `a@example.com` | `name: Anna` |",
        "| obtain (local) | Other &#38; Co | token | `mrm` |  |",
        "| revoke | Other &#38; Co | token | `old` | `expires_at: 2030-01-01T00:00:00Z` |",
        "| rotate | Acme | application | `Reviewer` | `id: 1 → 2` |",
        "| create (local) |  | credentials | `/a.env` | `tokens: mrm` |",
    ]
    assert markdown([], PLATFORMS, [], check_mode=False).endswith("\n\nNo changes.\n")


@pytest.mark.parametrize("text", HOSTILE)
def test_names_and_values_are_shown_literally(text):
    change = make_change("acme", "player", text, {"alias": text}, {"alias": f"new {text}"})
    document = markdown([change], Platforms(), [text], check_mode=True)
    *_head, row = document.splitlines()

    assert row.count("|") == 6
    for cell in (row.split(" | ")[3], code(text)):
        quoted = re.fullmatch(r"`[^`|\\]+`|<code>[A-Za-z0-9 ]*(&#[0-9]+;[A-Za-z0-9 ]*)*</code>", cell)
        assert quoted, cell
    if text.isprintable():
        plain = code(text).strip("`") if code(text).startswith("`") else html.unescape(code(text)[6:-7])
        assert plain == text


@pytest.mark.parametrize("name", ["user {}", "ü{}", "😀😀|{}", "|" * 300 + "{}"])
def test_a_long_document_is_cut_and_says_so(name):
    changes = [make_change("acme", "entitlement", name.format(number), None, {"a": "b"}) for number in range(5000)]
    document = markdown(changes, PLATFORMS, [], check_mode=True)
    shown = sum(text.startswith("| create |") for text in document.splitlines())

    assert len(document.encode()) <= MAX_MARKDOWN
    assert len(document.encode()) > MAX_MARKDOWN - 3000  # not cut without need
    assert document.endswith(
        f"\n\n{5000 - shown:,} more changes are not shown, because a comment must not be longer. The JSON plan lists all.\n"
    )


def test_a_document_that_just_fits_is_whole():
    changes = [make_change("acme", "user", "x" * 100, None, {})] * 450
    document = markdown(changes, PLATFORMS, [], check_mode=True)

    assert "not shown" not in document
    assert document.count("| create |") == 450


def test_endless_failures_are_cut():
    document = markdown([CREATED], PLATFORMS, ["<" * 5000] * 5000, check_mode=False)

    assert len(document.encode()) <= MAX_MARKDOWN
