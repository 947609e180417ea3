# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds secrets in text, whatever their encoding.

The text is decoded layer by layer (see :mod:`_masking.decoding`). Each layer is searched both as it is and folded,
which ignores case, accents, whitespace and line breaks; the secrets are folded the same way. Decoded base64 and hex is
searched like the text itself.
"""

from __future__ import annotations

import binascii
import functools
import html
import json
import re
import typing as t
import unicodedata
from urllib.parse import quote, quote_plus

from .decoding import decode_in_any_order, decode_layers, decode_runs, find_runs, readable_text
from .layers import BLANK, CODED, PLAIN, Folded, Layer, Span
from .marks import CUT, SEPARATOR, SHORTEST

#: A layer, and the start and end of a secret in it.
Found = t.Tuple[Layer, int, int]

#: The minimum length of a partial secret next to a truncation mark.
_SHORTEST_PART = 4
#: The maximum nesting of base64 and hex that is decoded.
_DEPTH = 3
#: The maximum number of characters decoded and searched per character of the text, which keeps the time linear.
_WORK = 8
#: The number of characters that each secret found counts as.
_COST_OF_MATCH = 200

#: Characters that no encoding except base64 and hex changes.
_SIMPLE = re.compile(r"[A-Za-z0-9._~-]+")
_ESCAPE = re.compile("%..")
_TAG = re.compile(r"<[^<>]*>")


class Search:
    """A search for a set of secrets."""

    def __init__(self, secrets: t.Iterable[str]) -> None:
        self._long = [secret for secret in secrets if len(secret) >= SHORTEST]
        self.short = frozenset(secrets).difference(self._long)
        needles = [_needles(secret) for secret in self._long]
        self._exact = frozenset().union(*(kinds.exact for kinds in needles))
        self._folded = frozenset().union(*(kinds.folded for kinds in needles))
        self._blank = frozenset().union(*(kinds.blank for kinds in needles))
        self._decode = decode_in_any_order if any(kinds.shrinks for kinds in needles) else decode_layers

    def _coded_within(self, length: int) -> t.Iterator[str]:
        """The base64 and hex forms of secrets that fit into ``length`` characters. Created only when needed."""
        return (needle for secret in self._long if len(secret) * 4 // 3 - 2 <= length for needle in _coded(secret))

    @functools.cached_property
    def _whole_value(self) -> t.Pattern[str] | None:
        """Matches a short secret as a whole value: in JSON or an attribute, in an XML element, in a form or a URL."""
        if not self.short:
            return None
        value = "|".join(re.escape(secret) for secret in sorted(self.short, key=len, reverse=True))
        return re.compile(rf"(?<=[\"'])(?:{value})(?=[\"'])|(?<=>)(?:{value})(?=<)|(?<==)(?:{value})(?=[&;\s]|$)")

    def spans(self, text: str) -> t.Iterator[Span]:
        """The spans of secrets in ``text``, unordered and possibly overlapping. A text that would take too long to
        search is one span.
        """
        work = _Work(_WORK * len(text) + 0x10000)
        for layer, start, end in self._found(Layer(text), work, _DEPTH):
            yield layer.origin(start, end)
            if not work.allows(_COST_OF_MATCH):
                yield 0, len(text)
                return

    def _found(self, start: Layer, work: _Work, depth: int) -> t.Iterator[Found]:
        last = ""
        for layer in self._decode(start):
            if not work.allows(len(layer.text)):
                yield start, 0, len(start.text)
                return
            yield from _occurrences(layer, self._exact)
            yield from _occurrences(Folded(layer, PLAIN), self._folded)
            if self._blank:
                yield from _occurrences(Folded(layer, BLANK), self._blank)
            if self._whole_value:
                yield from ((layer, *match.span()) for match in self._whole_value.finditer(layer.text))
            runs = find_runs(layer)
            if runs.all.text:
                yield from _occurrences(Folded(runs.all, CODED), self._coded_within(runs.longest))
            if depth and runs.all.text != last:
                last = runs.all.text
                decoded = decode_runs(layer, runs)
                yield from _occurrences(decoded, self._exact)
                text = readable_text(decoded)
                if text.text:
                    yield from self._found(text, work, depth - 1)


class _Work:
    """The remaining work that a search may do."""

    def __init__(self, left: int) -> None:
        self._left = left

    def allows(self, characters: int) -> bool:
        self._left -= characters
        return self._left >= 0


def _occurrences(layer: Layer, needles: t.Iterable[str]) -> t.Iterator[Found]:
    """Find needles in a layer: complete ones, and partial ones next to a truncation mark."""
    text = layer.text
    marks = [mark for mark in (CUT, "...") if mark in text]
    for needle in needles:
        at = text.find(needle)
        while at >= 0:
            yield layer, at, at + len(needle)
            at = text.find(needle, at + 1)
        for mark in marks:
            yield from ((layer, *span) for span in (*_beginnings(text, needle, mark), *_ends(text, needle, mark)))


def _beginnings(text: str, needle: str, mark: str) -> t.Iterator[Span]:
    head = needle[:_SHORTEST_PART]
    at = text.find(head)
    while at >= 0:
        end = text.find(mark, at + _SHORTEST_PART, at + len(needle) + len(mark))
        while end >= 0 and needle.startswith(text[at:end]):
            yield at, end
            # A secret may contain the mark itself.
            end = text.find(mark, end + 1, at + len(needle) + len(mark))
        at = text.find(head, at + 1)


def _ends(text: str, needle: str, mark: str) -> t.Iterator[Span]:
    tail = needle[-_SHORTEST_PART:]
    at = text.find(tail)
    while at >= 0:
        end = at + _SHORTEST_PART
        first = max(0, end - len(needle) - len(mark))
        start = text.rfind(mark, first, at)
        while start >= 0 and needle.endswith(text[start + len(mark) : end]):
            yield start + len(mark), end
            start = text.rfind(mark, first, start)
        at = text.find(tail, at + 1)


class _Needles(t.NamedTuple):
    """What to search for in plain text, and in text folded in two ways."""

    exact: frozenset[str]
    folded: frozenset[str]
    blank: frozenset[str]
    #: Whether decoding leaves too little of the secret, so that it has to be found before it is decoded itself.
    shrinks: bool


@functools.lru_cache(maxsize=256)
def _needles(secret: str) -> _Needles:
    written = [layer.text for layer in decode_layers(Layer(secret))]
    if "<" in secret:  # as in the text of a page, without anything that looks like a tag
        written.append(_TAG.sub(" ", secret))
    folded = {text: text.translate(PLAIN) for text in written}
    # Folding leaves too little of a secret that consists mostly of whitespace and the like.
    blank = [text.translate(BLANK) for text, left in folded.items() if len(left) < SHORTEST]
    exact = [secret] if len(folded[secret]) >= SHORTEST else _spellings(secret)
    shrinks = any(len(left) < SHORTEST for text, left in folded.items() if text != secret)
    return _Needles(_long_enough(exact), _long_enough(folded.values()), _long_enough(blank), shrinks)


def _long_enough(texts: t.Iterable[str]) -> frozenset[str]:
    return frozenset(text for text in texts if len(text) >= SHORTEST)


@functools.lru_cache(maxsize=256)
def _coded(secret: str) -> tuple[str, ...]:
    """Base64 and hex forms of a secret to find when they cannot be decoded: in a single case, or truncated."""
    raw = secret.encode("utf-8", "surrogatepass")
    encoded = []
    for text in {*_spellings(secret), *(_inner_base64(raw, lead) for lead in range(3))}:
        raw = text.encode("utf-8", "surrogatepass")
        encoded += [raw.hex(), *(_inner_base64(raw, lead) for lead in range(3))]
    return tuple(
        {needle for needle in SEPARATOR.join(encoded).translate(CODED).split(SEPARATOR) if len(needle) >= SHORTEST}
    )


def _inner_base64(raw: bytes, lead: int) -> str:
    """The base64 characters that depend on ``raw`` alone if ``lead`` bytes (modulo 3) precede it."""
    encoded = binascii.b2a_base64(b"\0" * lead + raw, newline=False).decode()
    return encoded[(lead * 8 + 5) // 6 : (lead + len(raw)) * 8 // 6]


def _spellings(secret: str) -> set[str]:
    """The forms of a secret: as it is, in other cases and Unicode forms, and encoded for URLs, JSON, HTML, base64 and
    hex.
    """
    raw = secret.encode("utf-8", "surrogatepass")
    coded = binascii.b2a_base64(raw, newline=False).decode()
    forms = {
        secret,
        secret.upper(),
        secret.lower(),
        secret.title(),
        coded,
        coded.rstrip("="),
        coded.replace("+", "-").replace("/", "_"),
        raw.hex(),
        raw.hex().upper(),
    }
    return forms if _SIMPLE.fullmatch(secret) else forms | _escaped(secret, raw)


def _escaped(secret: str, raw: bytes) -> set[str]:
    """The secret in both Unicode forms, and escaped for URLs, JSON, HTML and Python's ``repr``."""
    in_urls = {quote(raw, safe=""), quote(raw), quote_plus(raw), quote(raw, safe="!'()*")}
    in_urls |= {_ESCAPE.sub(lambda match: match.group().lower(), text) for text in in_urls}
    in_json = {json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    in_json |= {json.dumps(text)[1:-1] for text in in_json} | {text.replace("/", "\\/") for text in in_json}
    in_html = {html.escape(secret), html.escape(secret, quote=False)}
    in_html |= {text.replace("&#x27;", entity) for text in in_html for entity in ("&#39;", "&apos;")}
    by_number = {
        "".join(char if _SIMPLE.match(char) else form.format(ord(char)) for char in secret)
        for form in ("&#{};", "&#x{:x};", "\\u{:04x}")
    }
    return {
        unicodedata.normalize("NFC", secret),
        unicodedata.normalize("NFD", secret),
        repr(secret)[1:-1],
        *in_urls,
        *in_json,
        *in_html,
        *by_number,
    }
