# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads JSON that others have written, so that nothing in it surprises the code that uses it.

Python's parser accepts more than JSON (``NaN``), and yields values on which ordinary code fails: integers that no float can hold, infinite
floats, text that cannot be encoded, trees that are too deep for a recursive function.
"""

from __future__ import annotations

import json
import math
import re
import typing as t

#: The deepest that arrays and objects may be nested.
MAX_DEPTH = 100
#: Digits of an integer that is certainly within an IEEE 754 double, which is what JSON can rely on (RFC 8259, section 6).
MAX_DIGITS = 308
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class Unusable(ValueError):
    """It is JSON, but with something that no honest answer has. The text says with what."""


def parse(data: bytes | str) -> t.Any:
    """The value. Of names that occur twice the last one counts; half a surrogate pair, which is left where text was cut, becomes a question mark.

    :raises Unusable: where a number is not a finite double, or something is nested deeper than MAX_DEPTH.
    :raises ValueError: where it is not JSON.
    """
    text = data if isinstance(data, str) else data.decode(json.detect_encoding(data))
    try:
        value = json.loads(text, parse_int=_integer, parse_float=_float, parse_constant=_constant)
    except RecursionError:
        raise Unusable("too many levels") from None
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _check_depth(value)
    return _encodable(value) if _SURROGATE.search(text) else value


def whole_number(text: str) -> int | None:
    """The number that ASCII digits stand for; None where the text is something else, or too long."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise Unusable("a number out of range")
    return int(text)


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise Unusable("a number out of range")
    return number


def _constant(text: str) -> t.Any:
    raise Unusable(f"{text}, which JSON does not have")


def _check_depth(value: t.Any) -> None:
    level = [value]
    for _depth in range(MAX_DEPTH + 1):
        level = [inner for item in level if isinstance(item, (dict, list)) for inner in (item.values() if isinstance(item, dict) else item)]
        if not level:
            return
    raise Unusable("too many levels")


def _encodable(value: t.Any) -> t.Any:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.loads(text.encode("utf-8", "replace"))
    return value
