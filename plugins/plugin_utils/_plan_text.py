# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of a plan: one line for each change, the totals of each platform, and a Markdown document."""

from __future__ import annotations

import collections
import re
import typing as t

from ..module_utils._platform.changes import Change

#: The sign of each action in a line, its past tense, and the order of the totals.
ACTIONS = {
    "create": ("+", "created"),
    "obtain": ("+", "obtained"),
    "update": ("~", "updated"),
    "rotate": ("~", "rotated"),
    "delete": ("-", "deleted"),
    "revoke": ("-", "revoked"),
}
#: GitHub's limit for a comment. Bytes are counted, because GitHub does not document which characters count as one, and
#: no count of characters exceeds that of bytes.
MAX_MARKDOWN = 65_536
_MAX_LINES = 50
_MAX_CELL = 200
_MAX_FAILURES, _MAX_FAILURE = 20, 1000

#: A text that a Markdown code span shows as it is, also in a table.
_PLAIN = re.compile(r"[\w .,:;@/+=()\[\]{}#!?*~'\"<>&%$^-]*\Z")


class Platforms(t.NamedTuple):
    """The platforms of a plan: their titles and numbers of unchanged items by name, and the names of those that
    failed.
    """

    titles: t.Mapping[str, str] = {}
    unchanged: t.Mapping[str, int] = {}
    failed: t.Collection[str] = ()

    def title(self, provider: str | None) -> str:
        return "Delivered credentials" if provider is None else self.titles.get(provider, provider)


def lines(changes: t.Sequence[Change], limit: int = _MAX_LINES) -> list[str]:
    """One line for each change, and the number of those beyond ``limit``."""
    more = len(changes) - limit
    return [line(change) for change in changes[:limit]] + ([f"… and {more:,} more"] if more > 0 else [])


def line(change: Change) -> str:
    """A change in one line, such as ``~ player p1 (alias)``."""
    notes = _changed_fields(change) if change["action"] == "update" else []
    notes += ["rotate"] if change["action"] == "rotate" else []
    notes += ["local"] if change.get("local") and change["kind"] != "credentials" else []
    text = f"{ACTIONS[change['action']][0]} {change['kind']} {change['name']}"
    return printable(f"{text} ({', '.join(notes)})" if notes else text)


def printable(text: str) -> str:
    """The text in one line, without characters that a terminal interprets or does not show."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def totals(changes: t.Sequence[Change], platforms: Platforms, *, check_mode: bool) -> list[str]:
    """One line for each platform with the number of items by action, and one for delivered credentials."""
    counts: dict[str | None, collections.Counter[str]] = {name: collections.Counter() for name in platforms.titles}
    for change in changes:
        counts.setdefault(change["provider"], collections.Counter())[change["action"]] += 1
    return [
        f"{platforms.title(provider)}: {', '.join(_total(provider, count, platforms, check_mode))}"
        for provider, count in counts.items()
    ]


def _total(provider: str | None, count: t.Mapping[str, int], platforms: Platforms, check_mode: bool) -> t.Iterator[str]:
    for action, (_sign, done) in ACTIONS.items():
        if count[action]:
            yield f"{count[action]:,} {f'to {action}' if check_mode else done}"
    unchanged = platforms.unchanged.get(provider or "", 0)
    if unchanged or not count:
        yield f"{unchanged:,} unchanged"
    if provider in platforms.failed:
        yield "failed"


def markdown(
    changes: t.Sequence[Change],
    platforms: Platforms,
    failures: t.Sequence[str],
    *,
    check_mode: bool,
) -> str:
    """The plan as a comment for a change request, of at most :data:`MAX_MARKDOWN` bytes. Names and values are shown
    literally: they cannot add Markdown, HTML, links or mentions.
    """
    title = "## Access plan" if check_mode else "## Access changes"
    head = [title, "", *(f"- {_prose(total)}" for total in totals(changes, platforms, check_mode=check_mode)), ""]
    if failures:
        head += ["**Incomplete**, because some items failed:", ""]
        head += [f"- {code(failure, _MAX_FAILURE)}" for failure in failures[:_MAX_FAILURES]]
        head += [f"- and {len(failures) - _MAX_FAILURES:,} more"] if len(failures) > _MAX_FAILURES else []
        head += [""]
    if not changes:
        return "\n".join([*head, "No changes.", ""])
    head += ["| action | platform | kind | name | change |", "| --- | --- | --- | --- | --- |"]
    return _fill(head, [_row(change, platforms) for change in changes])


def _fill(head: list[str], rows: list[str]) -> str:
    """The head and as many rows as fit, with a note on the others."""

    def note(left: int) -> list[str]:
        text = f"{left:,} more changes are not shown, because a comment must not be longer. The JSON plan lists all."
        return ["", text] if left else []

    def document(shown: int) -> str:
        return "\n".join([*head, *rows[:shown], *note(len(rows) - shown), ""])

    rest = MAX_MARKDOWN - len(document(0).encode("utf-8"))
    if sum(len(row.encode("utf-8")) + 1 for row in rows) <= rest:
        return document(len(rows))
    shown = 0
    for row in rows:
        rest -= len(row.encode("utf-8")) + 1
        if rest < 0:
            break
        shown += 1
    return document(shown)


def _row(change: Change, platforms: Platforms) -> str:
    action = f"{change['action']} (local)" if change.get("local") else change["action"]
    platform = "" if change["provider"] is None else _prose(platforms.title(change["provider"]))
    return f"| {action} | {platform} | {change['kind']} | {code(change['name'])} | {_values(change)} |"


def _values(change: Change) -> str:
    before, after = change["before"] or {}, change["after"] or {}
    if before and after:
        shown = [f"{key}: {_text(before.get(key))} → {_text(after.get(key))}" for key in _changed_fields(change)]
    else:
        shown = [f"{key}: {_text(value)}" for key, value in (after or before).items() if value is not None]
    return code(", ".join(shown)) if shown else ""


def _changed_fields(change: Change) -> list[str]:
    before, after = change["before"] or {}, change["after"] or {}
    return [key for key in {**before, **after} if before.get(key) != after.get(key)]


def _text(value: t.Any) -> str:
    if isinstance(value, list):
        return " ".join(map(_text, value))
    return "none" if value is None else str(value)


def _prose(text: str) -> str:
    """Text without characters that Markdown or HTML interpret."""
    return re.sub(r"[^\w ,:]", lambda found: f"&#{ord(found[0])};", printable(text))


def code(text: str, limit: int = _MAX_CELL) -> str:
    """Text as Markdown that shows it literally in a table: a code span if possible, otherwise an HTML element in which
    everything but letters and digits is encoded.
    """
    text = printable(text)
    text = text if len(text) <= limit else f"{text[: limit - 1]}…"
    if text.strip() and _PLAIN.match(text.rstrip("…").replace("→", "")):
        return f"`{text}`"
    return f"<code>{re.sub(r'[^A-Za-z0-9 ]', lambda found: f'&#{ord(found[0])};', text)}</code>"
