# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a text as it may be encoded (percent escapes, HTML entities, backslash escapes, base64, hex), and finds each part in the original again."""

from __future__ import annotations

import binascii
import functools
import itertools
import re
import sys
import typing as t
import unicodedata
from bisect import bisect_right

from .marks import CUT, SEPARATOR

Span = t.Tuple[int, int]

_MARK = rf"{CUT}|\.\.\."

#: How often escapes are decoded within what escapes held.
_ROUNDS = 5
#: What every encoding but base64 and hex has in it, if not a character beyond ASCII: most texts have nothing of it.
_ENCODED = re.compile(r"[%&\\\r\n]|\.\.\.")
# Patterns for what is seldom seen are texts, which ``re`` compiles when it is.
_PERCENT = r"(?:%[0-9A-Fa-f]{2})+"
_ENTITY = r"&(?:#[xX]0{0,16}([0-9A-Fa-f]{1,6})|#0{0,16}([0-9]{1,7})|([A-Za-z][A-Za-z0-9]{1,31}));"
_BACKSLASH = (
    r"(?i:(?:\\\\)+|(?:\\[nrtbfv])+"
    r"|\\(?:u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|u([0-9a-f]{4})|u\{0{0,6}([0-9a-f]{1,6})\}|x([0-9a-f]{2})|([^\r\n]))"
    r"|%u([0-9a-f]{4}))"
)
_LONG_ESCAPE = r"\\U(00(?:0[1-9A-Fa-f]|10)[0-9A-Fa-f]{4})"
#: Line breaks (with the next line's indentation) and characters that cannot be seen, which also divide escapes and base64.
_BREAKS = "\r\n\x85\u2028\u2029"
_UNSEEN = "\xad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_BREAK = f"[{_BREAKS}][ \t\r\n]*|[{_UNSEEN}]"
#: Bytes of characters that were decoded one by one.
_BYTES = "[\udc80-\udcff]{2,}"
#: An escape that was cut off.
_BROKEN = rf"(?:%[0-9A-Fa-f]?|&(?:#[xX]?[0-9A-Fa-f]{{0,8}}|[A-Za-z0-9]{{0,8}})|\\[uUxX]?[0-9A-Fa-f]{{0,7}}|[\udc80-\udcff]{{1,3}})(?={_MARK})"
#: What may be base64 in either alphabet, or hex, and is long enough to hold a secret.
_RUN = re.compile(r"[A-Za-z0-9+/_-]{8,}")
#: A shorter one, too, with the marks of a cut beside it.
_CUT_RUN = rf"({_MARK})?([A-Za-z0-9+/_-]{{5,}})(?=({_MARK})?)"
_HEX_RUN = re.compile(r"[0-9A-Fa-f]{8,}")
#: What decoded bytes hold of UTF-8.
_TEXT_RUN = re.compile(r"[^\udc80-\udcff]{6,}")


class Layer:
    """A text, and the layer that it was decoded from."""

    def __init__(self, text: str, before: Layer | None = None) -> None:
        self.text = text
        self._before = before

    def origin(self, start: int, end: int, of: Layer | None = None) -> Span:
        """Where the characters ``start:end`` stand in the text that all was decoded from, or in the layer ``of`` on the way there."""
        layer: Layer = self
        while layer._before and layer is not of:
            start, end = layer._inner(start, end)
            layer = layer._before
        return start, end

    def _inner(self, start: int, end: int) -> Span:
        """Where they stand in the layer before."""
        return start, end


class _Rewritten(Layer):
    """A layer in which every match of a pattern is replaced."""

    def __init__(self, before: Layer, pattern: str, replace: t.Callable[[t.Match[str]], str], width: t.Callable[[str], int] | None = None) -> None:
        """``width`` tells how many characters stood for one of the new ones; without it a match is one piece."""
        super().__init__(re.sub(pattern, replace, before.text), before)
        self._pattern, self._replace, self._width = pattern, replace, width

    @functools.cached_property
    def _pieces(self) -> tuple[list[int], list[int], list[bool]]:
        """Where pieces of this text begin, where they begin in the text before, and whether they were replaced."""
        news, olds, replaced = [0], [0], [False]
        new = old = 0

        def add(text: int, length: int, changed: bool) -> None:
            nonlocal new, old
            news.append(new)
            olds.append(old)
            replaced.append(changed)
            new, old = new + text, old + length

        before = t.cast(Layer, self._before).text
        for match in re.finditer(self._pattern, before):
            if match.start() > old:
                add(match.start() - old, match.start() - old, False)
            value = self._replace(match)
            for char in value if self._width else ():
                add(1, t.cast("t.Callable[[str], int]", self._width)(char), True)
            if not self._width:
                add(len(value), match.end() - match.start(), True)
        add(len(before) - old, len(before) - old, False)
        add(0, 0, False)
        return news, olds, replaced

    def _inner(self, start: int, end: int) -> Span:
        news, olds, replaced = self._pieces
        first, last = bisect_right(news, start) - 1, bisect_right(news, end - 1) - 1
        return (
            olds[first] if replaced[first] else olds[first] + start - news[first],
            olds[last + 1] if replaced[last] else olds[last] + end - news[last],
        )


class Joined(Layer):
    """Parts of a layer, with what does not belong to it between them. Where they stand is seldom asked."""

    def __init__(self, before: Layer, parts: t.Iterable[str], spans: t.Callable[[], list[Span]], between: str = "") -> None:
        super().__init__(between.join(parts), before)
        self._find_spans, self._between = spans, len(between)

    @functools.cached_property
    def spans(self) -> list[Span]:
        return self._find_spans()

    @functools.cached_property
    def _starts(self) -> list[int]:
        """Where each part begins in this text."""
        return [0, *itertools.accumulate(end - start + self._between for start, end in self.spans)]

    def _inner(self, start: int, end: int) -> Span:
        first, last = bisect_right(self._starts, start) - 1, bisect_right(self._starts, end - 1) - 1
        return min(self.spans[first][0] + start - self._starts[first], self.spans[first][1]), min(
            self.spans[last][0] + end - self._starts[last], self.spans[last][1]
        )


class _Blob(Layer):
    """The bytes that base64 (6 ``bits`` per character) or hex (4) encode, read from the ``offset``-th character on."""

    def __init__(self, before: Layer, bits: int, offset: int) -> None:
        decode = _from_base64 if bits == 6 else _from_hex
        super().__init__(_decoded(decode(before.text[offset:])), before)
        self._bits, self._offset = bits, offset

    def _inner(self, start: int, end: int) -> Span:
        first, length = len(_bytes(self.text[:start])), len(_bytes(self.text[start:end]))
        return self._offset + first * 8 // self._bits, self._offset - (-(first + length) * 8 // self._bits)


class _Readings(Layer):
    """Several ways to read a layer, one after the other."""

    def __init__(self, before: Layer, readings: list[Layer]) -> None:
        super().__init__(SEPARATOR.join(reading.text for reading in readings), before)
        self._readings = readings

    def _inner(self, start: int, end: int) -> Span:
        begin = 0
        for reading in self._readings:
            if start <= begin + len(reading.text):
                break
            begin += len(reading.text) + len(SEPARATOR)
        return reading.origin(start - begin, end - begin, self._before)


class Folded(Layer):
    """A layer without what case, accents, blanks and line breaks make of a text."""

    def __init__(self, before: Layer, table: Folding) -> None:
        super().__init__(before.text.translate(table), before)
        self._table = table

    @functools.cached_property
    def _ends(self) -> list[int]:
        """Where what each character was folded to ends in this text."""
        before = t.cast(Layer, self._before).text
        return list(itertools.accumulate(len(self._table[ord(char)] or "") for char in before))

    def _inner(self, start: int, end: int) -> Span:
        return bisect_right(self._ends, start), bisect_right(self._ends, end - 1) + 1


class Folding(t.Dict[int, t.Optional[str]]):
    """What each character becomes, as a table for ``str.translate``: the same in upper and lower case, with and without its accents, and in either
    Unicode form; ``blank`` for blanks, controls and those of ``blanks``; and nothing for what cannot be seen.
    """

    _MAX_SIZE = 20_000

    def __init__(self, blanks: str, blank: str = "") -> None:
        super().__init__()
        self._blanks, self._blank = blanks, blank

    def __missing__(self, code: int) -> str | None:
        if len(self) > self._MAX_SIZE:
            self.clear()
        self[code] = self._fold(code)
        return self[code]

    def _fold(self, code: int) -> str | None:
        # A byte that is no UTF-8 may be Latin-1.
        char = chr(code - 0xDC00 if 0xDC80 <= code <= 0xDCFF else code)
        if char == SEPARATOR:
            return char
        return "".join(map(self._part, unicodedata.normalize("NFD", char.upper().casefold()))) or None

    def _part(self, char: str) -> str:
        category = unicodedata.category(char)
        if char in self._blanks or category in ("Cc", "Zs", "Zl", "Zp"):
            return self._blank
        return "" if category in ("Mn", "Me", "Cf") else char


#: For secrets as they are: a text may be broken anywhere, ``+`` is a blank of a form, and a backslash escapes what follows.
PLAIN = Folding("+\\")
#: For those that consist of little else.
BLANK = Folding("+", " ")
#: For base64, of which one case alone was left.
CODED = Folding("+\\-/_=")


def layers(layer: Layer) -> t.Iterator[Layer]:
    """A text as it is, and after each step of decoding, until nothing changes."""
    yield layer
    for _round in range(_ROUNDS):
        if layer.text.isascii() and not _ENCODED.search(layer.text):
            return
        begun = layer
        # Backslashes come last: one that happens to stand before a secret would take its first letter.
        for step in (*(_unbroken, _percent, _unbroken, _entities) * 2, _without_broken, _unbroken, _backslashes, _unbroken, _characters, _without_broken):
            decoded = step(layer)
            if decoded is not None and decoded.text != layer.text:
                layer = decoded
                yield layer
        if layer is begun:
            return


class Runs(t.NamedTuple):
    """What may be base64 or hex in a layer."""

    #: What is no base64 of only one case, so that it can be decoded.
    base64: Joined
    hex: Joined
    #: All of it, with the marks of cuts.
    all: Joined
    #: Where it stands beside such a mark.
    cut: list[Span]
    #: The length of the longest one; of one that was cut off that is unknown.
    longest: int


def runs_in(layer: Layer) -> Runs:
    """What may be base64 or hex."""
    text = layer.text
    parts = _RUN.findall(text)
    base64 = Joined(layer, filter(_has_both_cases, parts), lambda: _spans(_RUN, text, _has_both_cases))
    in_hex = Joined(layer, _HEX_RUN.findall(text) if parts else (), lambda: _spans(_HEX_RUN, text))
    if CUT not in text and "..." not in text:
        return Runs(base64, in_hex, Joined(layer, parts, lambda: _spans(_RUN, text)), [], max(map(len, parts), default=0))
    cut = [match for match in re.finditer(_CUT_RUN, text) if match[1] or match[3]]
    spans = _spans(_RUN, text) + [(match.start(), match.end() + len(match[3] or "")) for match in cut]
    everything = Joined(layer, (text[start:end] for start, end in spans), lambda: spans)
    return Runs(base64, in_hex, everything, [match.span(2) for match in cut], sys.maxsize)


def _has_both_cases(run: str) -> bool:
    return not (run.islower() or run.isupper())


def _spans(pattern: t.Pattern[str], text: str, keep: t.Callable[[str], bool] = bool) -> list[Span]:
    return [match.span() for match in pattern.finditer(text) if keep(match.group())]


def bytes_in(layer: Layer, runs: Runs) -> Layer:
    """The bytes of base64 and hex, read from each character at which the first group may begin."""
    readings: list[Layer] = []
    if runs.base64.text:
        readings += (_Blob(runs.base64, 6, offset) for offset in range(4))
    if runs.hex.text:
        readings += (_Blob(runs.hex, 4, offset) for offset in range(2))
    # What was cut off is cut to whole groups, and stands between marks of a cut that are encoded, too.
    for bits, group, mark in ((6, 4, "4oCm"), (4, 2, "e280a6")) if runs.cut else ():
        whole = [span for span in runs.cut if bits == 6 or _HEX_RUN.fullmatch(layer.text, *span)]
        for offset in range(group):
            spans = [(start + offset, end - (end - start - offset) % group) for start, end in whole if end - start >= 2 * group]
            if spans:
                readings.append(_Blob(_between_marks(layer, spans, mark), bits, 0))
    return _Readings(layer, readings)


def _between_marks(layer: Layer, spans: list[Span], mark: str) -> Joined:
    spans = [(0, 0), *spans, (0, 0)]
    return Joined(layer, (layer.text[start:end] for start, end in spans), lambda: spans, mark)


def text_in(blob: Layer) -> Layer:
    """What can be read of decoded bytes."""
    return Joined(blob, _TEXT_RUN.findall(blob.text), lambda: _spans(_TEXT_RUN, blob.text), SEPARATOR)


def _unbroken(layer: Layer) -> Layer | None:
    return _Rewritten(layer, _BREAK, lambda _match: "") if any(char in layer.text for char in _BREAKS + _UNSEEN) else None


def _percent(layer: Layer) -> Layer | None:
    return _Rewritten(layer, _PERCENT, _percent_decoded, lambda char: 3 * len(_bytes(char))) if "%" in layer.text else None


def _percent_decoded(match: t.Match[str]) -> str:
    return _decoded(bytes.fromhex(match.group().replace("%", "")))


def _entities(layer: Layer) -> Layer | None:
    return _Rewritten(layer, _ENTITY, _entity) if "&" in layer.text else None


def _entity(match: t.Match[str]) -> str:
    in_hex, decimal, name = match.groups()
    if name:
        exact, lower = _names().get(f"{name};"), _names().get(f"{name.lower()};")
        # &Lt; is a sign of its own, and more often a capitalized &lt;.
        return (lower if lower and lower.isascii() else exact or lower) or match.group()
    return _char(int(in_hex, 16) if in_hex else int(decimal)) or match.group()


@functools.lru_cache(maxsize=1)
def _names() -> t.Mapping[str, str]:
    import html.entities  # takes a while, and is seldom needed

    return html.entities.html5


def _backslashes(layer: Layer) -> Layer | None:
    if "\\" not in layer.text and "%u" not in layer.text and "%U" not in layer.text:
        return None
    if "\\U" in layer.text:
        layer = _Rewritten(layer, _LONG_ESCAPE, lambda match: chr(int(match.group(1), 16)))
    return _Rewritten(layer, _BACKSLASH, _unescaped)


def _unescaped(match: t.Match[str]) -> str:
    high, low, four, braced, two, char, percent = match.groups()
    if not any(match.groups()):
        return ("\\" if match.group()[1] == "\\" else "\n") * (len(match.group()) // 2)
    if char:
        return char
    if high:
        return chr(0x10000 + (int(high, 16) - 0xD800) * 0x400 + int(low, 16) - 0xDC00)
    if two:
        return _decoded(bytes([int(two, 16)]))
    return _char(int(four or braced or percent, 16)) or match.group()


def _char(code: int) -> str:
    return chr(code) if code <= 0x10FFFF else ""


def _characters(layer: Layer) -> Layer | None:
    return None if layer.text.isascii() else _Rewritten(layer, _BYTES, lambda match: _decoded(_bytes(match.group())), lambda char: len(_bytes(char)))


def _without_broken(layer: Layer) -> Layer | None:
    return _Rewritten(layer, _BROKEN, lambda _match: "") if CUT in layer.text or "..." in layer.text else None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _decoded(raw: bytes) -> str:
    """Bytes as text; each that is no UTF-8 is a character of its own, which :func:`_bytes` understands."""
    return raw.decode("utf-8", "surrogateescape")


def _from_base64(letters: str) -> bytes:
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    letters = letters.replace("-", "+").replace("_", "/")
    return binascii.a2b_base64(letters + "=" * (-len(letters) % 4))


def _from_hex(digits: str) -> bytes:
    return bytes.fromhex(digits[: len(digits) // 2 * 2])
