# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decodes text in every way that it may be encoded: percent escapes, HTML entities, backslash escapes, base64 and
hex.
"""

from __future__ import annotations

import collections
import functools
import re
import sys
import typing as t

from .layers import Blob, Joined, Layer, Readings, Rewritten, Span, decode_utf8, encode_utf8
from .marks import CUT, SEPARATOR

_CUT_MARK = rf"{CUT}|\.\.\."

#: The maximum number of times that nested escapes are decoded.
_ROUNDS = 5
#: The maximum number of layers if decoders are applied in any order.
_MAX_LAYERS = 64
#: Matches any ASCII text with an encoding other than base64 and hex. Most texts do not match.
_ENCODED = re.compile(r"[%&\\\r\n]|\.\.\.")
# Rarely used patterns are strings, so that ``re`` compiles them only when they are used.
_PERCENT = r"(?:%[0-9A-Fa-f]{2})+"
_ENTITY = r"&(?:#[xX]0{0,16}([0-9A-Fa-f]{1,6})|#0{0,16}([0-9]{1,7})|([A-Za-z][A-Za-z0-9]{1,31}));"
_BACKSLASH = (
    r"(?i:(?:\\\\)+|(?:\\[nrtbfv])+"
    r"|\\(?:u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|u([0-9a-f]{4})|u\{0{0,6}([0-9a-f]{1,6})\}|x([0-9a-f]{2})|([^\r\n]))"
    r"|%u([0-9a-f]{4}))"
)
_LONG_ESCAPE = r"\\U(00(?:0[1-9A-Fa-f]|10)[0-9A-Fa-f]{4})"
#: Line breaks (with the indentation of the next line) and invisible characters. Both may also interrupt escapes and
#: base64.
_BREAKS = "\r\n\x85\u2028\u2029"
_INVISIBLE = "\xad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_BREAK = f"[{_BREAKS}][ \t\r\n]*|[{_INVISIBLE}]"
#: The bytes of a character that were decoded one by one.
_BYTES = "[\udc80-\udcff]{2,}"
#: A truncated escape.
_TRUNCATED = (
    r"(?:%[0-9A-Fa-f]?|&(?:#[xX]?[0-9A-Fa-f]{0,8}|[A-Za-z0-9]{0,8})|\\[uUxX]?[0-9A-Fa-f]{0,7}|[\udc80-\udcff]{1,3})"
    rf"(?={_CUT_MARK})"
)
#: Possible base64 in either alphabet, or hex, that is long enough to contain a secret.
_RUN = re.compile(r"[A-Za-z0-9+/_-]{8,}")
#: The same, but possibly shorter, next to a truncation mark.
_CUT_RUN = rf"({_CUT_MARK})?([A-Za-z0-9+/_-]{{5,}})(?=({_CUT_MARK})?)"
_HEX_RUN = re.compile(r"[0-9A-Fa-f]{8,}")
#: Valid UTF-8 within decoded bytes.
_TEXT_RUN = re.compile(r"[^\udc80-\udcff]{6,}")


def decode_layers(layer: Layer) -> t.Iterator[Layer]:
    """Yield the layer, and the result of each decoding step, until nothing changes."""
    yield layer
    for _round in range(_ROUNDS):
        if layer.text.isascii() and not _ENCODED.search(layer.text):
            return
        start = layer
        # Backslashes come last: a stray backslash before a secret would swallow the secret's first letter.
        simple = (_join_lines, _decode_percent, _join_lines, _decode_entities)
        for step in (
            *simple * 2,
            _drop_truncated,
            _join_lines,
            _decode_backslashes,
            _join_lines,
            _decode_characters,
            _drop_truncated,
        ):
            decoded = step(layer)
            if decoded is not None and decoded.text != layer.text:
                layer = decoded
                yield layer
        if layer is start:
            return


def decode_in_any_order(start: Layer) -> t.Iterator[Layer]:
    """Yield the layer, and what its decoders make of it in any order.

    The usual order may decode what belongs to a secret before it reaches the secret: of one that reads ``%41%42%43``,
    three letters are left. The number of layers is limited; the usual ones come first.
    """
    seen: set[str] = set()
    queue = collections.deque(decode_layers(start))
    while queue and len(seen) < _MAX_LAYERS:
        layer = queue.popleft()
        if layer.text in seen:
            continue
        seen.add(layer.text)
        yield layer
        decoded = (step(layer) for step in (_decode_entities, _decode_backslashes, _decode_percent, _join_lines))
        queue.extend(result for result in decoded if result is not None)


class Runs(t.NamedTuple):
    """The possible base64 and hex in a layer."""

    #: Runs in mixed case, which can be decoded as base64.
    base64: Joined
    hex: Joined
    #: All runs, with their truncation marks.
    all: Joined
    #: The spans of truncated runs.
    cut: list[Span]
    #: The length of the longest run. A truncated run counts as unlimited.
    longest: int


def find_runs(layer: Layer) -> Runs:
    """Find possible base64 and hex."""
    text = layer.text
    parts = _RUN.findall(text)
    base64 = Joined(layer, filter(_has_both_cases, parts), lambda: _spans(_RUN, text, _has_both_cases))
    in_hex = Joined(layer, _HEX_RUN.findall(text) if parts else (), lambda: _spans(_HEX_RUN, text))
    if CUT not in text and "..." not in text:
        return Runs(
            base64, in_hex, Joined(layer, parts, lambda: _spans(_RUN, text)), [], max(map(len, parts), default=0)
        )
    cut = [match for match in re.finditer(_CUT_RUN, text) if match[1] or match[3]]
    spans = _spans(_RUN, text) + [(match.start(), match.end() + len(match[3] or "")) for match in cut]
    everything = Joined(layer, (text[start:end] for start, end in spans), lambda: spans)
    return Runs(base64, in_hex, everything, [match.span(2) for match in cut], sys.maxsize)


def _has_both_cases(run: str) -> bool:
    return not (run.islower() or run.isupper())


def _spans(pattern: t.Pattern[str], text: str, keep: t.Callable[[str], bool] = bool) -> list[Span]:
    return [match.span() for match in pattern.finditer(text) if keep(match.group())]


def decode_runs(layer: Layer, runs: Runs) -> Layer:
    """Decode base64 and hex, from each character at which the first group may begin."""
    readings: list[Layer] = []
    if runs.base64.text:
        readings += (Blob(runs.base64, 6, offset) for offset in range(4))
    if runs.hex.text:
        readings += (Blob(runs.hex, 4, offset) for offset in range(2))
    # Truncated runs are shortened to whole groups and joined with the encoded truncation mark.
    for bits, group, mark in ((6, 4, "4oCm"), (4, 2, "e280a6")) if runs.cut else ():
        whole = [span for span in runs.cut if bits == 6 or _HEX_RUN.fullmatch(layer.text, *span)]
        for offset in range(group):
            spans = [
                (start + offset, end - (end - start - offset) % group)
                for start, end in whole
                if end - start >= 2 * group
            ]
            if spans:
                readings.append(Blob(_join_with_marks(layer, spans, mark), bits, 0))
    return Readings(layer, readings)


def _join_with_marks(layer: Layer, spans: list[Span], mark: str) -> Joined:
    spans = [(0, 0), *spans, (0, 0)]
    return Joined(layer, (layer.text[start:end] for start, end in spans), lambda: spans, mark)


def readable_text(blob: Layer) -> Layer:
    """The readable parts of decoded bytes."""
    return Joined(blob, _TEXT_RUN.findall(blob.text), lambda: _spans(_TEXT_RUN, blob.text), SEPARATOR)


def _join_lines(layer: Layer) -> Layer | None:
    return (
        Rewritten(layer, _BREAK, lambda _match: "")
        if any(char in layer.text for char in _BREAKS + _INVISIBLE)
        else None
    )


def _decode_percent(layer: Layer) -> Layer | None:
    return (
        Rewritten(layer, _PERCENT, _replace_percent, lambda char: 3 * len(encode_utf8(char)))
        if "%" in layer.text
        else None
    )


def _replace_percent(match: t.Match[str]) -> str:
    return decode_utf8(bytes.fromhex(match.group().replace("%", "")))


def _decode_entities(layer: Layer) -> Layer | None:
    return Rewritten(layer, _ENTITY, _replace_entity) if "&" in layer.text else None


def _replace_entity(match: t.Match[str]) -> str:
    in_hex, decimal, name = match.groups()
    if name:
        exact, lower = _entity_names().get(f"{name};"), _entity_names().get(f"{name.lower()};")
        # &Lt; is an entity in its own right, but more often a capitalized &lt;.
        return (lower if lower and lower.isascii() else exact or lower) or match.group()
    return _to_character(int(in_hex, 16) if in_hex else int(decimal)) or match.group()


@functools.lru_cache(maxsize=1)
def _entity_names() -> t.Mapping[str, str]:
    import html.entities  # slow to import and seldom needed

    return html.entities.html5


def _decode_backslashes(layer: Layer) -> Layer | None:
    if "\\" not in layer.text and "%u" not in layer.text and "%U" not in layer.text:
        return None
    if "\\U" in layer.text:
        layer = Rewritten(layer, _LONG_ESCAPE, lambda match: chr(int(match.group(1), 16)))
    return Rewritten(layer, _BACKSLASH, _replace_backslash)


def _replace_backslash(match: t.Match[str]) -> str:
    high, low, four, braced, two, char, percent = match.groups()
    if not any(match.groups()):
        return ("\\" if match.group()[1] == "\\" else "\n") * (len(match.group()) // 2)
    if char:
        return char
    if high:
        return chr(0x10000 + (int(high, 16) - 0xD800) * 0x400 + int(low, 16) - 0xDC00)
    if two:
        return decode_utf8(bytes([int(two, 16)]))
    return _to_character(int(four or braced or percent, 16)) or match.group()


def _to_character(code: int) -> str:
    return chr(code) if code <= 0x10FFFF else ""


def _decode_characters(layer: Layer) -> Layer | None:
    if layer.text.isascii():
        return None
    return Rewritten(
        layer, _BYTES, lambda match: decode_utf8(encode_utf8(match.group())), lambda char: len(encode_utf8(char))
    )


def _drop_truncated(layer: Layer) -> Layer | None:
    return Rewritten(layer, _TRUNCATED, lambda _match: "") if CUT in layer.text or "..." in layer.text else None
