# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that YAML or a spreadsheet may have changed before they arrive here, and characters that nobody can see."""

from __future__ import annotations

import functools
import re
import typing as t
import unicodedata

Options = t.Mapping[str, t.Mapping[str, t.Any]]

#: Blanks around a value. Others, such as the no-break space, are part of it.
BLANKS = " \t\r\n\v\f"
_DIGITS = re.compile("[0-9]+")
#: Characters that nobody sees although their category does not say so: joiners, fillers, variation selectors (Default_Ignorable_Code_Point), Braille's blank.
_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]")


class Leaf(t.NamedTuple):
    """A value of an option, perhaps of one in a list's item."""

    place: str
    name: str
    option: t.Mapping[str, t.Any]
    value: t.Any


def leaves(values: t.Mapping[str, t.Any], options: Options, place: str = "", joint: str = ": ") -> t.Iterator[Leaf]:
    """The values that are given for options and for those of a list's items; what is misshapen is left out. ``joint`` stands after an item's place."""
    for name, value in values.items():
        inner = options.get(name, {}).get("options")
        if inner:
            for index, item in enumerate(value if isinstance(value, list) else ()):
                yield from leaves(item, inner, f"{place}{name}[{index}]{joint}", joint) if isinstance(item, t.Mapping) else ()
        elif name in options and value is not None:
            yield Leaf(place + name, name, options[name], value)


def problems_in(found: t.Iterable[Leaf], *, shows: bool = True) -> list[str]:
    """What is wrong with values that an argument spec would convert without a word, each with its place."""
    problems = ((leaf.place, problem_with(leaf.name, leaf.option, leaf.value, shows=shows)) for leaf in found)
    return [f"{place}: {problem}" for place, problem in problems if problem]


def problem_with(name: str, option: t.Mapping[str, t.Any], value: t.Any, *, shows: bool = True) -> str | None:
    """What is wrong with one value; None if it is what was meant, as far as anybody can tell. It ``shows`` the value, unless that is secret."""
    kind = _kind(name, option.get("type", "str"), "choices" in option)
    problem = _CHECKS[kind](value) if kind and not isinstance(value, (dict, list)) else None
    return problem and (f"{value!r:.80} " if shows and not option.get("no_log") else "") + problem


def is_id(name: str, option: t.Mapping[str, t.Any]) -> bool:
    """Whether an option takes the number of something on a platform."""
    return _kind(name, option.get("type", "str"), "choices" in option) == "id"


def is_text(name: str, option: t.Mapping[str, t.Any]) -> bool:
    """Whether an option takes any text."""
    return _kind(name, option.get("type", "str"), "choices" in option) in ("text", "address")


@functools.lru_cache(maxsize=None)
def _kind(name: str, type_: str, is_choice: bool) -> str:
    """What an option takes, by its name and type: nothing that is of interest here, the number of something on a platform, a text, an e-mail address."""
    if type_ == "int":
        return "id" if name == "id" or name.endswith("_id") else ""
    if type_ != "str" or is_choice:
        return ""
    return "address" if name == "email" or name.endswith("_email") else "text"


def identity(address: str) -> str:
    """What two spellings of an address have in common that a platform may take for the same: they differ in case, or in Unicode's form, only."""
    return address.casefold() if address.isascii() else unicodedata.normalize("NFC", unicodedata.normalize("NFC", address).casefold())


def _id_problem(value: t.Any) -> str | None:
    is_number = _DIGITS.fullmatch(value.strip(BLANKS)) if isinstance(value, str) else isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return None if is_number else "is not an id. Give it in plain digits; spreadsheets round long numbers unless the column is text"


def _text_problem(value: t.Any) -> str | None:
    if not isinstance(value, (bool, float)):
        return None
    kind = "boolean" if isinstance(value, bool) else "number"
    return f"is a {kind} and must be text. Put it in quotes: YAML changes unquoted values (3.10 to 3.1, no to false)"


def _address_problem(address: t.Any) -> str | None:
    if not isinstance(address, str) or not address:
        return _text_problem(address)
    plain = address.isascii() and address.isprintable() and " " not in address  # nearly all are: 100,000 of them take no time
    unseen = None if plain else next(filter(_is_unseen, address), None)
    if unseen:
        name = unicodedata.name(unseen, "a control character")
        return f"holds {name} (U+{ord(unseen):04X}): an e-mail address has no blanks or invisible characters"
    local, at, domain = address.rpartition("@")
    return None if local and domain else f"is not an e-mail address: it has no {'text beside its @' if at else '@'}"


def _is_unseen(character: str) -> bool:
    """Whether nothing is drawn for a character: blanks, controls, formats (zero-width ones, the byte order mark), unassigned code points."""
    return character.isspace() or unicodedata.category(character) in ("Cc", "Cf", "Cs", "Cn", "Co") or _UNSEEN.match(character) is not None


_CHECKS: dict[str, t.Callable[[t.Any], str | None]] = {"id": _id_problem, "text": _text_problem, "address": _address_problem}
