# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Layers of decoded text. Each layer is derived from its parent and maps positions back to it."""

from __future__ import annotations

import binascii
import functools
import itertools
import re
import typing as t
import unicodedata
from bisect import bisect_right

from .marks import SEPARATOR

Span = t.Tuple[int, int]


class Layer:
    """A text and the layer that it was derived from."""

    def __init__(self, text: str, parent: Layer | None = None) -> None:
        self.text = text
        self._parent = parent

    def origin(self, start: int, end: int, of: Layer | None = None) -> Span:
        """The position of the characters ``start:end`` in the original text, or in the ancestor ``of``."""
        layer: Layer = self
        while layer._parent and layer is not of:
            start, end = layer._map_to_parent(start, end)
            layer = layer._parent
        return start, end

    def _map_to_parent(self, start: int, end: int) -> Span:
        """The position of the characters ``start:end`` in the parent."""
        return start, end


class Rewritten(Layer):
    """A layer in which every match of a pattern is replaced."""

    def __init__(
        self,
        parent: Layer,
        pattern: str,
        replace: t.Callable[[t.Match[str]], str],
        width: t.Callable[[str], int] | None = None,
    ) -> None:
        """``width`` returns the number of characters that a replacement character stands for; without it, a match is
        mapped as a whole.
        """
        super().__init__(re.sub(pattern, replace, parent.text), parent)
        self._pattern, self._replace, self._width = pattern, replace, width

    @functools.cached_property
    def _pieces(self) -> tuple[list[int], list[int], list[bool]]:
        """The starts of the pieces in this text, their starts in the parent, and whether they were replaced."""
        news, olds, replaced = [0], [0], [False]
        new = old = 0

        def add(text: int, length: int, changed: bool) -> None:
            nonlocal new, old
            news.append(new)
            olds.append(old)
            replaced.append(changed)
            new, old = new + text, old + length

        source = t.cast(Layer, self._parent).text
        for match in re.finditer(self._pattern, source):
            if match.start() > old:
                add(match.start() - old, match.start() - old, False)
            value = self._replace(match)
            for char in value if self._width else ():
                add(1, t.cast("t.Callable[[str], int]", self._width)(char), True)
            if not self._width:
                add(len(value), match.end() - match.start(), True)
        add(len(source) - old, len(source) - old, False)
        add(0, 0, False)
        return news, olds, replaced

    def _map_to_parent(self, start: int, end: int) -> Span:
        news, olds, replaced = self._pieces
        first, last = bisect_right(news, start) - 1, bisect_right(news, end - 1) - 1
        return (
            olds[first] if replaced[first] else olds[first] + start - news[first],
            olds[last + 1] if replaced[last] else olds[last] + end - news[last],
        )


class Joined(Layer):
    """Parts of a layer, joined with a separator. Their spans are computed on demand, because they are seldom needed."""

    def __init__(
        self, parent: Layer, parts: t.Iterable[str], spans: t.Callable[[], list[Span]], between: str = ""
    ) -> None:
        super().__init__(between.join(parts), parent)
        self._find_spans, self._between = spans, len(between)

    @functools.cached_property
    def spans(self) -> list[Span]:
        return self._find_spans()

    @functools.cached_property
    def _starts(self) -> list[int]:
        """The start of each part in this text."""
        return [0, *itertools.accumulate(end - start + self._between for start, end in self.spans)]

    def _map_to_parent(self, start: int, end: int) -> Span:
        first, last = bisect_right(self._starts, start) - 1, bisect_right(self._starts, end - 1) - 1
        return min(self.spans[first][0] + start - self._starts[first], self.spans[first][1]), min(
            self.spans[last][0] + end - self._starts[last], self.spans[last][1]
        )


class Blob(Layer):
    """The bytes decoded from base64 (6 ``bits`` per character) or hex (4), beginning at the character ``offset``."""

    def __init__(self, parent: Layer, bits: int, offset: int) -> None:
        decode = _decode_base64 if bits == 6 else _decode_hex
        super().__init__(decode_utf8(decode(parent.text[offset:])), parent)
        self._bits, self._offset = bits, offset

    def _map_to_parent(self, start: int, end: int) -> Span:
        first, length = len(encode_utf8(self.text[:start])), len(encode_utf8(self.text[start:end]))
        return self._offset + first * 8 // self._bits, self._offset - (-(first + length) * 8 // self._bits)


class Readings(Layer):
    """Several decodings of the same layer, one after another."""

    def __init__(self, parent: Layer, readings: list[Layer]) -> None:
        super().__init__(SEPARATOR.join(reading.text for reading in readings), parent)
        self._readings = readings

    def _map_to_parent(self, start: int, end: int) -> Span:
        begin = 0
        for reading in self._readings:
            if start <= begin + len(reading.text):
                break
            begin += len(reading.text) + len(SEPARATOR)
        return reading.origin(start - begin, end - begin, self._parent)


class Folded(Layer):
    """A layer without differences in case, accents, whitespace and line breaks."""

    def __init__(self, parent: Layer, table: Folding) -> None:
        super().__init__(parent.text.translate(table), parent)
        self._table = table

    @functools.cached_property
    def _folded_ends(self) -> list[int]:
        """The end, in this text, of the folded form of each character of the parent."""
        source = t.cast(Layer, self._parent).text
        return list(itertools.accumulate(len(self._table[ord(char)] or "") for char in source))

    def _map_to_parent(self, start: int, end: int) -> Span:
        return bisect_right(self._folded_ends, start), bisect_right(self._folded_ends, end - 1) + 1


class Folding(t.Dict[int, t.Optional[str]]):
    """A table for ``str.translate`` that folds characters: case, accents and Unicode forms are ignored, invisible
    characters are dropped, and whitespace, control characters and those in ``blanks`` become ``blank``.
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
        # A byte that is not valid UTF-8 may be Latin-1.
        char = chr(code - 0xDC00 if 0xDC80 <= code <= 0xDCFF else code)
        if char == SEPARATOR:
            return char
        return "".join(map(self._fold_part, unicodedata.normalize("NFD", char.upper().casefold()))) or None

    def _fold_part(self, char: str) -> str:
        category = unicodedata.category(char)
        if char in self._blanks or category in ("Cc", "Zs", "Zl", "Zp"):
            return self._blank
        return "" if category in ("Mn", "Me", "Cf") else char


#: For plain secrets: a text may be wrapped anywhere, ``+`` is a space in form data, and a backslash escapes the next
#: character.
PLAIN = Folding("+\\")
#: For secrets that consist mostly of such characters.
BLANK = Folding("+", " ")
#: For base64 that was changed to a single case.
CODED = Folding("+\\-/_=")


def encode_utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def decode_utf8(raw: bytes) -> str:
    """Decode bytes. Each invalid byte becomes a surrogate, which :func:`encode_utf8` converts back."""
    return raw.decode("utf-8", "surrogateescape")


def _decode_base64(letters: str) -> bytes:
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    letters = letters.replace("-", "+").replace("_", "/")
    return binascii.a2b_base64(letters + "=" * (-len(letters) % 4))


def _decode_hex(digits: str) -> bytes:
    return bytes.fromhex(digits[: len(digits) // 2 * 2])
