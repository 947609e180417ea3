# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Switches: every behaviour of a platform that is not publicly known has one, with a documented default."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

WINDOWS = {"second": 1.0, "minute": 60.0, "hour": 3600.0}


class SwitchError(ValueError):
    """An unknown switch, or a value that it does not take."""


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` in any `window` seconds."""

    count: int
    window: float


@dataclass(frozen=True, slots=True)
class Switch:
    """One behaviour: `values` lists the choices, or `parse` reads the text and `form` says what it takes."""

    name: str
    default: str
    text: str
    values: tuple[str, ...] = ()
    parse: Callable[[str], Any] | None = None
    form: str = ""

    def takes(self) -> str:
        return " | ".join(self.values) if self.values else self.form

    def read(self, value: Any) -> tuple[str, Any]:
        """The value's canonical text, and what the code works with."""
        if isinstance(value, bool):
            value = next((word for word in (("yes", "true") if value else ("no", "false")) if word in self.values), value)
        text = "none" if value is None else str(value)
        if self.values:
            if text not in self.values:
                raise SwitchError(f"switch {self.name} takes {self.takes()}, not {text!r}")
            return text, text
        try:
            return text, self.parse(text) if self.parse else text
        except ValueError as exc:
            raise SwitchError(f"switch {self.name} takes {self.takes()}, not {text!r}") from exc


def choice(name: str, values: str, text: str, default: str = "") -> Switch:
    """A switch with fixed values, the first of them the default."""
    listed = tuple(values.split("|"))
    return Switch(name, default or listed[0], text, values=listed)


def number(name: str, default: float, text: str) -> Switch:
    return Switch(name, f"{default:g}" if default < 1e6 else str(int(default)), text, parse=_number, form="a number")


def number_or_none(name: str, default: str, text: str) -> Switch:
    return Switch(name, default, text, parse=lambda value: None if value == "none" else _number(value), form="a number | none")


def status(name: str, values: str, text: str) -> Switch:
    return choice(name, values, text)


def rate(name: str, default: str, text: str) -> Switch:
    return Switch(name, default, text, parse=parse_rate, form="N/second | N/minute | none")


def _number(value: str) -> int | float:
    result = float(value)
    if not 0 <= result < float("inf"):
        raise ValueError(value)
    return int(result) if result.is_integer() else result


def parse_rate(value: str) -> Rate | None:
    if value == "none":
        return None
    count, unit = value.partition("/")[::2]
    if unit not in WINDOWS or int(count) < 1:
        raise ValueError(value)
    return Rate(int(count), WINDOWS[unit])


class Switches:
    """The switches' present values."""

    def __init__(self, known: Iterable[Switch], start: dict[str, Any] | None = None) -> None:
        self.known = {switch.name: switch for switch in known}
        self._start = dict(start or {})
        self._text: dict[str, str] = {}
        self._value: dict[str, Any] = {}
        self.reset()

    def reset(self) -> None:
        self._text.clear()
        self._value.clear()
        self.set({switch.name: switch.default for switch in self.known.values()} | self._start)

    def set(self, values: dict[str, Any]) -> None:
        """Set all of these, or none if one is wrong."""
        read: dict[str, tuple[str, Any]] = {}
        for name, value in values.items():
            if name not in self.known:
                raise SwitchError(f"there is no switch {name!r}")
            read[name] = self.known[name].read(value)
        for name, (text, parsed) in read.items():
            self._text[name] = text
            self._value[name] = parsed

    def __getitem__(self, name: str) -> Any:
        return self._value[name]

    def dump(self) -> dict[str, str]:
        return dict(self._text)

    def table(self) -> str:
        """All switches as a Markdown table."""
        rows = ["| switch | values (default first or in brackets) | meaning |", "| --- | --- | --- |"]
        for switch in self.known.values():
            if switch.values:
                ordered = [switch.default, *(value for value in switch.values if value != switch.default)]
                takes = ", ".join(f"`{value}`" for value in ordered)
            else:
                takes = f"{switch.form.replace(' | ', ', ')} [`{switch.default}`]"
            rows.append(f"| `{switch.name}` | {takes} | {switch.text} |")
        return "\n".join(rows)
