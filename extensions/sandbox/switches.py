# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Switches: settings for behaviour that the platforms' documentation leaves open, each with a documented default."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from .limits import parse_rate_limit


class SwitchError(ValueError):
    """An unknown switch or an invalid value."""


@dataclass(frozen=True, slots=True)
class Switch:
    """A setting. It has either fixed `values` or free text of a certain `form`, which `convert` turns into the value
    that the code uses.
    """

    name: str
    default: str
    description: str
    values: tuple[str, ...] = ()
    form: str = ""
    convert: Callable[[str], Any] | None = None

    def parse(self, value: Any) -> tuple[str, Any]:
        """Return the value as text and as the code uses it."""
        if isinstance(value, bool):
            value = next(
                (word for word in (("yes", "true") if value else ("no", "false")) if word in self.values), value
            )
        text = "none" if value is None else str(value)
        if self.values:
            if text not in self.values:
                raise SwitchError(f"{self.name}: invalid value {text!r}; valid values: {', '.join(self.values)}")
            return text, text
        try:
            return text, self.convert(text) if self.convert else text
        except ValueError as exc:
            raise SwitchError(f"{self.name}: invalid value {text!r}; valid values: {self.form}") from exc

    def describe(self) -> str:
        """Return the row of the table of switches."""
        if self.values:
            others = [value for value in self.values if value != self.default]
            values = ", ".join(f"`{value}`" for value in [self.default, *others])
        else:
            values = f"{self.form} [`{self.default}`]"
        return f"| `{self.name}` | {values} | {self.description} |"


def choice(name: str, values: str, description: str) -> Switch:
    """A switch with fixed values. The first one is the default."""
    listed = tuple(values.split("|"))
    return Switch(name, listed[0], description, values=listed)


def number(name: str, default: int, description: str) -> Switch:
    return Switch(name, str(default), description, form="a number", convert=_parse_number)


def optional_number(name: str, default: int | None, description: str) -> Switch:
    return Switch(
        name,
        "none" if default is None else str(default),
        description,
        form="a number, none",
        convert=_parse_optional_number,
    )


def rate_limit(name: str, default: str, description: str) -> Switch:
    return Switch(name, default, description, form="N/second, N/minute, none", convert=parse_rate_limit)


def _parse_number(text: str) -> int | float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError(text)
    return int(value) if value.is_integer() else value


def _parse_optional_number(text: str) -> int | float | None:
    return None if text == "none" else _parse_number(text)


class Switches:
    """The current values of all switches."""

    def __init__(self, switches: Iterable[Switch], values: dict[str, Any] | None = None) -> None:
        self.known = {switch.name: switch for switch in switches}
        self._initial = dict(values or {})
        self._text: dict[str, str] = {}
        self._value: dict[str, Any] = {}
        self.reset()

    def reset(self) -> None:
        self._text.clear()
        self._value.clear()
        self.set({switch.name: switch.default for switch in self.known.values()} | self._initial)

    def set(self, values: dict[str, Any]) -> None:
        """Set all of these switches, or none if one of them is wrong."""
        parsed: dict[str, tuple[str, Any]] = {}
        for name, value in values.items():
            if name not in self.known:
                raise SwitchError(f"unknown switch {name!r}; --list-switches prints all switches")
            parsed[name] = self.known[name].parse(value)
        for name, (text, value) in parsed.items():
            self._text[name] = text
            self._value[name] = value

    def __getitem__(self, name: str) -> Any:
        return self._value[name]

    def dump(self) -> dict[str, str]:
        return dict(self._text)


def describe_switches(switches: Iterable[Switch]) -> str:
    """Return a Markdown table of the switches."""
    header = ["| switch | values (default first or in brackets) | description |", "| --- | --- | --- |"]
    return "\n".join([*header, *(switch.describe() for switch in switches)])
