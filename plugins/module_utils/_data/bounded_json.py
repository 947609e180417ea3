# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parses untrusted JSON into values that are safe to process.

Python's parser accepts more than JSON (``NaN``) and returns values that break ordinary code: integers too large for a
float, infinite floats, strings that cannot be encoded, and nesting too deep for recursive functions.
"""

from __future__ import annotations

import json
import math
import re
import typing as t

#: Maximum nesting depth of arrays and objects.
MAX_DEPTH = 100
#: Maximum digits of an integer. Such an integer fits into an IEEE 754 double, the range that JSON is interoperable in
#: (RFC 8259, section 6).
MAX_DIGITS = 308
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class Unusable(ValueError):
    """The text is JSON, but its content is unacceptable. The message says why, and reads as the end of ``JSON with
    …``.
    """


def parse(data: bytes | str) -> t.Any:
    """Parse JSON. The last of several equal names wins. A lone surrogate, left where a string was truncated, becomes a
    question mark.

    :raises Unusable: if a number is not a finite double, or the nesting exceeds MAX_DEPTH.
    :raises ValueError: if the text is not JSON.
    """
    text = data if isinstance(data, str) else data.decode(json.detect_encoding(data))
    try:
        value = json.loads(text, parse_int=_parse_integer, parse_float=_parse_float, parse_constant=_reject_constant)
    except RecursionError:
        raise _too_deep() from None
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _check_depth(value)
    return _replace_lone_surrogates(value) if _SURROGATE.search(text) else value


def parse_whole_number(text: str) -> int | None:
    """Convert ASCII digits to an integer; None if the text is anything else, or too long."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None


def _parse_integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise Unusable("a number out of range")
    return int(text)


def _parse_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise Unusable("a number out of range")
    return number


def _reject_constant(text: str) -> t.Any:
    raise Unusable(f"{text}, which is not valid JSON")


def _too_deep() -> Unusable:
    return Unusable(f"more than {MAX_DEPTH} levels of nesting")


def _check_depth(value: t.Any) -> None:
    level = [value]
    for _depth in range(MAX_DEPTH + 1):
        level = [
            inner
            for item in level
            if isinstance(item, (dict, list))
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return
    raise _too_deep()


def _replace_lone_surrogates(value: t.Any) -> t.Any:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.loads(text.encode("utf-8", "replace"))
    return value
