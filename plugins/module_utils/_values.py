# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that YAML or a spreadsheet may have changed before they arrive here, and characters that nobody can see."""

from __future__ import annotations

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
    if isinstance(value, (dict, list)):
        return None
    given = f"{value!r:.80} " if shows and not option.get("no_log") else ""
    if is_id(name, option):
        return None if _is_id_value(value) else f"{given}is not an id. Give it in plain digits; spreadsheets round long numbers unless the column is text"
    if is_text(option) and isinstance(value, (bool, float)):
        kind = "boolean" if isinstance(value, bool) else "number"
        return f"{given}is a {kind} and must be text. Put it in quotes: YAML changes unquoted values (3.10 to 3.1, no to false)"
    problem = _address_problem(value) if is_address(name) and isinstance(value, str) and value else None
    return given + problem if problem else None


def is_id(name: str, option: t.Mapping[str, t.Any]) -> bool:
    """Whether an option takes the number of something on a platform."""
    return option.get("type") == "int" and (name == "id" or name.endswith("_id"))


def is_text(option: t.Mapping[str, t.Any]) -> bool:
    return bool(option.get("type", "str") == "str" and "choices" not in option)


def is_address(name: str) -> bool:
    """Whether an option takes an e-mail address."""
    return name == "email" or name.endswith("_email")


def identity(address: str) -> str:
    """What two spellings of an address have in common that a platform may take for the same: they differ in case, or in Unicode's form, only."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", address).casefold())


def _is_id_value(value: t.Any) -> bool:
    if isinstance(value, str):
        return _DIGITS.fullmatch(value.strip(BLANKS)) is not None
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _address_problem(address: str) -> str | None:
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
