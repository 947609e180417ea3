# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Retiring registrations: a rotation has replaced them, but their credentials still work.

The platform has no field for this, so their names tell: ``NAME (retiring since 2026-11-28T10:00:00Z)``.
"""

from __future__ import annotations

import calendar
import dataclasses
import math
import re
import time
import typing as t

from ..._errors import NotFound
from ..._oauth2.token import iso
from ..._platform.ensure import State

if t.TYPE_CHECKING:
    from .client import Flex

_NAME = re.compile(r"(.+) \(retiring since (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\)", re.DOTALL)
#: Seconds by which the clock of the controller that has rotated may be ahead.
_CLOCK_SKEW = 300


@dataclasses.dataclass(frozen=True)
class Retiring:
    """A retiring registration. ``application`` is the name that it had, and ``since`` an instant in ISO 8601."""

    id: int
    application: str
    since: str
    client_id: str | None

    @classmethod
    def parse(cls, listed: t.Mapping[str, t.Any], now: float) -> Retiring | None:
        """Recognize a retiring registration; None for any other, also if the instant is invalid or in the future."""
        match = _NAME.fullmatch(listed["name"])
        if not match or not (0 <= (_epoch(match[2]) or -1) <= now + _CLOCK_SKEW):
            return None
        return cls(listed["id"], match[1], match[2], listed["client_id"])

    @property
    def name(self) -> str:
        """The name of the registration on the platform."""
        return f"{self.application} (retiring since {self.since})"

    def age(self, now: float) -> float:
        """For how many seconds it has been retiring."""
        return now - (_epoch(self.since) or 0)

    def as_result(self) -> dict[str, t.Any]:
        """An item of ``retiring`` in a module's result."""
        return {"id": self.id, "name": self.name, "client_id": self.client_id, "since": self.since}


def _epoch(since: str) -> float | None:
    try:
        return calendar.timegm(time.strptime(since, "%Y-%m-%dT%H:%M:%SZ"))
    except ValueError:  # such as the 30th of February
        return None


def retire(application: t.Mapping[str, t.Any], name: str, now: float) -> Retiring:
    """What an application becomes when a rotation replaces it under ``name``."""
    return Retiring(application["id"], name, t.cast(str, iso(now)), application["client_id"])


def find_retiring(
    listed: t.Iterable[t.Mapping[str, t.Any]], names: t.Collection[str], now: float
) -> tuple[Retiring, ...]:
    """The retiring registrations of applications with these names, the oldest first."""
    found = (Retiring.parse(application, now) for application in listed)
    return tuple(sorted((item for item in found if item and item.application in names), key=lambda item: item.since))


def retiring_since(application: t.Mapping[str, t.Any], now: float) -> str | None:
    """The instant since when a registration has been retiring; None if it is not."""
    retiring = Retiring.parse(application, now)
    return retiring.since if retiring else None


def looks_retiring(application: t.Mapping[str, t.Any]) -> bool:
    """Whether a registration has the name of a retiring one, even if its instant is in the future: the clock of the
    controller that has rotated may be ahead by any time.
    """
    return Retiring.parse(application, math.inf) is not None


def names_of(application: t.Mapping[str, t.Any], now: float) -> tuple[str, ...]:
    """The name of a registration, and the name of the application that it belongs to if it is retiring."""
    retiring = Retiring.parse(application, now)
    return (application["name"], retiring.application) if retiring else (application["name"],)


def name_in_plans(name: str) -> str:
    """The name of a registration without the instant: a check predicts a rotation earlier than the rotation itself."""
    match = _NAME.fullmatch(name)
    return f"{match[1]} (retiring)" if match else name


class Registration:
    """One registration, selected by id: its desired name, or None to remove it."""

    kind = "application"

    def __init__(self, flex: Flex, application_id: int, name: str, desired_name: str | None) -> None:
        self._flex = flex
        self._id = application_id
        self.name = name_in_plans(name)
        self._name = name
        self._desired_name = desired_name
        self.label = f"registration {application_id} ({name!r})"

    def read(self) -> State:
        found = self._flex.find_application(self._id)
        # One that has another name by now is no longer the one to remove.
        return found if found and (self._desired_name or found["name"] == self._name) else None

    def desired(self, current: State) -> State:
        if self._desired_name is None:
            return None
        if current is None:
            raise NotFound(f"{self.label} has been removed in the meantime")
        return {**current, "name": self._desired_name}

    def write(self, current: State, desired: State) -> State:
        if desired is None:
            self._flex.delete_application(self._id)
            return None
        return self._flex.update_application(self._id, desired["name"], desired["description"])

    def redacted(self, state: dict[str, t.Any]) -> dict[str, t.Any]:
        return {"id": state["id"], "name": state["name"]}
