# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Detects values that YAML or a spreadsheet has altered, and invisible characters."""

from __future__ import annotations

import functools
import re
import typing as t
import unicodedata

Options = t.Mapping[str, t.Mapping[str, t.Any]]

#: Whitespace that is stripped from a value. Other kinds, such as the no-break space, are part of it.
BLANKS = " \t\r\n\v\f"
_DIGITS = re.compile("[0-9]+")
#: Invisible characters whose category does not reveal it: joiners, fillers, variation selectors
#: (Default_Ignorable_Code_Point), the Braille blank.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)


class Leaf(t.NamedTuple):
    """The value of an option, or of a suboption in an item of a list."""

    place: str
    name: str
    option: t.Mapping[str, t.Any]
    value: t.Any


def leaves(values: t.Mapping[str, t.Any], options: Options, place: str = "", joint: str = ": ") -> t.Iterator[Leaf]:
    """The values of options and of suboptions, in lists or not. Values of the wrong shape are skipped. ``joint``
    separates a list item's place from the option.
    """
    for name, value in values.items():
        inner = options.get(name, {}).get("options")
        if inner and options[name].get("type") == "dict":
            yield from leaves(value, inner, f"{place}{name}.", joint) if isinstance(value, t.Mapping) else ()
        elif inner:
            for index, item in enumerate(value if isinstance(value, list) else ()):
                yield from (
                    leaves(item, inner, f"{place}{name}[{index}]{joint}", joint) if isinstance(item, t.Mapping) else ()
                )
        elif name in options and value is not None:
            yield Leaf(place + name, name, options[name], value)


def problems_in(found: t.Iterable[Leaf], *, show_values: bool = True) -> list[str]:
    """Problems with values that an argument spec would convert silently, each with its place."""
    problems = (
        (leaf.place, problem_with(leaf.name, leaf.option, leaf.value, show_value=show_values)) for leaf in found
    )
    return [f"{place}: {problem}" for place, problem in problems if problem]


def problem_with(name: str, option: t.Mapping[str, t.Any], value: t.Any, *, show_value: bool = True) -> str | None:
    """The problem with one value, or None. The text quotes the value, unless ``show_value`` is false or the option is
    secret.
    """
    kind = _kind(name, option.get("type", "str"), "choices" in option)
    problem = _CHECKS[kind](value) if kind and not isinstance(value, (dict, list)) else None
    return problem and (f"{value!r:.80} " if show_value and not option.get("no_log") else "") + problem


def is_id(name: str, option: t.Mapping[str, t.Any]) -> bool:
    """Whether an option takes a numeric ID of a platform."""
    return _kind(name, option.get("type", "str"), "choices" in option) == "id"


def is_text(name: str, option: t.Mapping[str, t.Any]) -> bool:
    """Whether an option takes free text, which includes e-mail addresses."""
    return _kind(name, option.get("type", "str"), "choices" in option) in ("text", "address")


@functools.lru_cache(maxsize=None)
def _kind(name: str, type_: str, is_choice: bool) -> str:
    """The kind of an option, by its name and type: ``id``, ``text``, ``address`` (e-mail), or an empty string for
    everything else.
    """
    if type_ == "int":
        return "id" if name == "id" or name.endswith("_id") else ""
    if type_ != "str" or is_choice:
        return ""
    return "address" if name == "email" or name.endswith("_email") else "text"


def identity(address: str) -> str:
    """Normalize an e-mail address for comparison: spellings that differ only in case or Unicode form may be the same
    user on a platform.
    """
    return (
        address.casefold()
        if address.isascii()
        else unicodedata.normalize("NFC", unicodedata.normalize("NFC", address).casefold())
    )


def _id_problem(value: t.Any) -> str | None:
    is_number = (
        _DIGITS.fullmatch(value.strip(BLANKS))
        if isinstance(value, str)
        else isinstance(value, int) and not isinstance(value, bool) and value >= 0
    )
    return (
        None
        if is_number
        else "is not an id. Give it in plain digits; spreadsheets round long numbers unless the column is text"
    )


def _text_problem(value: t.Any) -> str | None:
    if not isinstance(value, (bool, float)):
        return None
    kind = "boolean" if isinstance(value, bool) else "number"
    return f"is a {kind} and must be text. Put it in quotes: YAML changes unquoted values (3.10 to 3.1, no to false)"


def _address_problem(address: t.Any) -> str | None:
    if not isinstance(address, str) or not address:
        return _text_problem(address)
    plain = (
        address.isascii() and address.isprintable() and " " not in address
    )  # fast path for almost all addresses: a file may have 100,000
    invisible = None if plain else next(filter(_is_invisible, address), None)
    if invisible:
        name = unicodedata.name(invisible, "a control character")
        return f"contains {name} (U+{ord(invisible):04X}): an e-mail address has no whitespace or invisible characters"
    local, at, domain = address.rpartition("@")
    return (
        None
        if local and domain
        else f"is not an e-mail address: it has no {'text before or after the @' if at else '@'}"
    )


def _is_invisible(character: str) -> bool:
    """Whether a character has no visible glyph: whitespace, control and format characters (zero-width ones, byte order
    mark), unassigned code points.
    """
    return (
        character.isspace()
        or unicodedata.category(character) in ("Cc", "Cf", "Cs", "Cn", "Co")
        or _INVISIBLE.match(character) is not None
    )


_CHECKS: dict[str, t.Callable[[t.Any], str | None]] = {
    "id": _id_problem,
    "text": _text_problem,
    "address": _address_problem,
}
