# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation, messages, comments and docstrings avoid a few phrases that read as translated.

Each pattern names what to write instead. A pattern belongs here only if it never matches good English.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUFFIXES = {".cfg", ".ini", ".j2", ".json", ".md", ".mjs", ".py", ".sh", ".toml", ".txt", ".yaml", ".yml"}
NAMES = {"Makefile", "env", "run", "setup"}
SKIPPED_FOLDERS = {".git", ".nox", "LICENSES", "__pycache__", "dist", "node_modules", "output"}
SKIPPED_FILES = {"package-lock.json", pathlib.Path(__file__).name}


@dataclasses.dataclass(frozen=True)
class Pattern:
    """A phrase to avoid (``bad``), what to write instead, and what looks like it but is good English (``good``)."""

    bad: str
    instead: str
    good: str = r"(?!)"

    def hits(self, text: str) -> list[re.Match[str]]:
        found = re.compile(f"(?:{self.good})|(?P<bad>{self.bad})", re.I | re.M).finditer(text)
        return [match for match in found if match["bad"] is not None]


# "no longer" and other comparisons, and idioms such as "is no substitute for".
AFTER_NO = (
    "better|bigger|different|doubt|earlier|exception|fewer|further|good|greater|higher|larger|later|less|longer|lower|more|need|newer|older|one|other|problem"
    "|reason|sense|shorter|slower|smaller|sooner|substitute|use|way|worse"
)
PATTERNS = {
    "bring about": Pattern(
        r"\b(?:bring|brings|bringing|brought)\s+(?:(?:it|them|this|that)\s+)?about\b", "apply; cause"
    ),
    "become of": Pattern(r"\bbec(?:ame|ome|omes)\s+of\b", "the outcome of; the result of"),
    "in doubt": Pattern(r"\bin\s+doubt\b", "with an unknown outcome", good=r"\b(?:if|when)\s+in\s+doubt\b"),
    "shall": Pattern(r"(?-i:\b[Ss]hall\b)", "should; must; will"),
    "nothing says": Pattern(r"\bnothing\s+(?:says|tells)\b", "the documentation doesn't state"),
    "is no": Pattern(
        rf"\b(?:is|are|was|were)\s+no\s+(?!(?:{AFTER_NO})\b)[a-z]+",
        "is not a; is not valid",
        good=r"\b(?:there|here)(?:\s+\w+)?\s+(?:is|are|was|were)\s+no\b",
    ),
    "take back": Pattern(
        r"\b(?:take|takes|taken|taking|took)\s+(?:(?:it|them|this|that|these|one|all)\s+)?(?:back|away)\b",
        "remove; revoke",
    ),
    "what was given": Pattern(
        r"\bwhat\s+(?:is|are|was|were|has\s+been|had\s+been)\s+(?:given|obtained|wanted|told)\b",
        "the noun: the options, the credentials, the desired state",
    ),
    "that was given": Pattern(
        r"\bthat\s+(?:is|are|was|were)\s+given\b(?!\s+(?:as|at|by|for|in|its|on|only|to|with)\b)",
        "specified; supplied; set; (of a token) issued",
    ),
    "whoever": Pattern(r"\bwhoever\b", "callers; users; anyone who"),
    "do not mind": Pattern(r"\b(?:do|does|did)(?:\s+not|n't)\s+mind\b", "are unaffected"),
    "does not serve": Pattern(r"\b(?:do|does|did)\s+not\s+serve(?=\s*[:;,.]|\s*$)", "is rejected; is not enough"),
    "be waited for": Pattern(r"\b(?:be|been|is|are|was|were)\s+waited\s+for\b", "the task waits for"),
    "to be had": Pattern(r"\bto\s+be\s+had\b", "available"),
    "end a life": Pattern(r"\bend(?:s|ed|ing)?\s+(?:the|a|an)\s+(?:life\s+of|\w+'s\s+life)\b", "revoke; expire"),
    "heading with what": Pattern(
        r"^\#+[ ]What\b(?!.*\?$)", "a noun that readers scan for: Requirements, Performance, Guarantees"
    ),
}
#: Each is near a pattern, and is good English.
GOOD = """
There is no default. There really is no other. If there are no rows, nothing changes. It is no longer valid, and no token is obtained.
If in doubt, run it with --check. The sandbox is no substitute for a test. The delay is no longer than a minute. The token has become invalid.
The name that was given to the application stays. The server does not serve HTTPS. What was applied is recorded. Back up the key; take a backup.
The run took 20 s. Bring the service up. He knows about it. Nothing is sent. The marshalling shallow copy ends. The token's lifetime ends after an hour.
"""


def prose(path: pathlib.Path) -> str:
    """A file's text. The comment marker of a continued line is blanked, so that a phrase is found across the end of a line, and offsets stay as they are."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return text
    return re.sub(r"(?<=\n)[ \t]*#:?(?=[ \t])", lambda match: " " * len(match[0]), text)


@functools.cache
def texts() -> dict[str, str]:
    """The texts to check, by path."""
    found = {}
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS and not name.startswith(".venv")]
        for path in (pathlib.Path(folder, name) for name in names if name not in SKIPPED_FILES):
            if path.is_file() and (path.suffix in SUFFIXES or path.name in NAMES):
                found[str(path.relative_to(ROOT))] = prose(path)
    return found


@pytest.mark.parametrize("name", PATTERNS)
def test_phrases_to_avoid(name: str) -> None:
    pattern = PATTERNS[name]
    hits = []
    for path, text in texts().items():
        for match in pattern.hits(text):
            line = text.count("\n", 0, match.start("bad")) + 1
            hits.append(f"{path}:{line}: {' '.join(match['bad'].split())}")
    assert not hits, "write instead: {}\n{}".format(pattern.instead, "\n".join(hits))


def test_good_english_is_not_a_hit() -> None:
    assert not [(name, match[0]) for name, pattern in PATTERNS.items() for match in pattern.hits(GOOD)]
