# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds credentials by their names in unparsed text: XML, forms, pages, truncated JSON. Imported only when such text is
displayed or quoted.
"""

from __future__ import annotations

import re
import typing as t

from .decoding import decode_layers
from .layers import Layer, Span
from .names import ADDED, BEFORE, WORDS

_BEFORE_WORD = {word: re.compile(f"{before}$") for word, before in BEFORE.items()}
#: The characters between a name and its value.
_SIGN = re.compile(rf"{ADDED}(?P<quote>\\?[\"'\]]|)\s?(?P<sign>=>|[=:>])\s?(?P<slash>\\?)(?P<open>[\"'{{\[<]|)")
#: Credentials that are recognizable without a name: Authorization headers and JWTs.
_SELF_EVIDENT = {
    "bearer": re.compile(r"bearer\s[\w+/.~-]{20,}"),
    "basic": re.compile(r"basic\s[\w+/-]{20,}"),
    "eyj": re.compile(r"(?<![\w-])eyj[\w-]{10,}\.eyj[\w-]{10,}\.[\w-]*"),
}
#: A quoted value, by its opening quote.
_QUOTED = {quote: re.compile(rf"(?:[^{quote}\\]|\\.)+", re.DOTALL) for quote in "\"'"}
#: A quoted value within a quoted text.
_QUOTED_AGAIN = {quote: re.compile(rf"[^{quote}\\]+") for quote in "\"'"}
_IN_XML = re.compile(r"[^<]+")
_UNQUOTED = re.compile(r"(?:(?:bearer|basic|digest|token)\s)?[^\s\"'<>&,;\\]+")
#: A word after a colon counts as a credential if it is longer than this or has digits.
_LONGEST_WORD = 20
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def names_credential(text: str) -> bool:
    """Whether a text contains a credential, named or recognizable without a name, in any encoding."""
    return any(next(_credentials_in(layer.text, prose=True), None) for layer in decode_layers(Layer(text)))


def credentials_in(text: str) -> t.Iterator[Span]:
    """The spans of credentials. A plain word after a colon does not count: ``Invalid token: expired``."""
    for layer in decode_layers(Layer(text)):
        yield from (layer.origin(*span) for span in _credentials_in(layer.text))


def _credentials_in(text: str, prose: bool = False) -> t.Iterator[Span]:
    """The spans of credentials in decoded text; with ``prose``, plain words after a colon count too."""
    lower = text.lower()
    if len(lower) != len(text):  # lower-casing turns some letters into two
        lower = text.translate(_LOWER)
    for start, pattern in _SELF_EVIDENT.items():
        if start in lower:
            yield from (match.span() for match in pattern.finditer(lower))
    done = 0
    for name, match in sorted(_signs(lower), key=lambda found: found[0]):
        value = _value(lower, name, match, prose) if name >= done else None
        if value:
            yield value
            done = value[1]


def _signs(text: str) -> t.Iterator[tuple[int, t.Match[str]]]:
    """The start of each name that is followed by a sign, and the match of the sign."""
    for word in WORDS:
        at = text.find(word)
        while at >= 0:
            end = at + len(word)
            match = _SIGN.match(text, end)
            if match and (word not in _BEFORE_WORD or _BEFORE_WORD[word].search(text, max(0, at - 16), at)):
                yield at, match
            at = text.find(word, end)


def _value(text: str, name: int, match: t.Match[str], prose: bool) -> Span | None:
    """The span of the value after a name, or None."""
    start, opening, sign = match.end(), match["open"], match["sign"]
    if sign == ">" and "</" in text[max(0, name - 64) : name].rpartition(">")[2]:  # a closing tag
        return None
    if opening and opening in "{[<":
        # A structure: treat the rest of the text as its value.
        return None if text[start : start + 1] in ("", "}", "]", "/", "!") else (start, len(text))
    if sign == ":" and not (match["quote"] or opening or prose):
        word = _UNQUOTED.match(text, start, start + _LONGEST_WORD + 1)
        if not word or (word.end() - start <= _LONGEST_WORD and not any(map(str.isdigit, word.group()))):
            return None
    quoted = _QUOTED_AGAIN if match["slash"] else _QUOTED
    pattern = quoted[opening] if opening else _IN_XML if sign == ">" else _UNQUOTED
    value = pattern.match(text, start)
    return value.span() if value else None
