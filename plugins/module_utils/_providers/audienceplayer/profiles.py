# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user's profile: the fields that can be both written and read back (providers.md, 1.4)."""

from __future__ import annotations

import math
import typing as t

from ..._errors import AccessError
from .documents import Enum

#: The options of a profile. ``ClientUserUpdate`` and ``ClientUser`` have fields of the same names.
PROFILE_OPTIONS: dict[str, dict[str, t.Any]] = {
    "address": {"type": "str"},
    "birthday": {"type": "str"},
    "city": {"type": "str"},
    "country": {"type": "str"},
    "gender": {"type": "str", "choices": ["male", "female", "non_binary", "unknown"]},
    "height": {"type": "float"},
    "is_newsletter_opt_in": {"type": "bool"},
    "phone": {"type": "str"},
    "postal_code": {"type": "str"},
    "weight": {"type": "float"},
}
_DATE_LENGTH = len("2000-12-31")


def given_profile(options: t.Mapping[str, t.Any] | None) -> dict[str, t.Any]:
    """The fields of a profile that are set.

    :raises AccessError: if a number is infinite or not a number, which GraphQL cannot express.
    """
    given = {name: value for name, value in (options or {}).items() if value is not None}
    for name, value in given.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise AccessError(f"profile.{name} must be a number, not {value}")
    return given


def parse_profile(user: t.Mapping[str, t.Any], names: t.Collection[str]) -> dict[str, t.Any]:
    """These fields of a user, with the types of the options: the platform's own types are not documented (1.4)."""
    return {name: _convert(name, user.get(name)) for name in names}


def profile_arguments(changes: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The arguments that set fields of a profile."""
    return {name: Enum(value) if name == "gender" else value for name, value in changes.items()}


def differs(name: str, wanted: t.Any, current: t.Any) -> bool:
    """Whether a field has another value. A missing text is empty, a missing consent is none, and a birthday may be
    answered with a time.
    """
    if isinstance(wanted, bool):
        return wanted != bool(current)
    if isinstance(wanted, str):
        wanted, current = wanted.strip(), str(current or "").strip()
        if name == "birthday" and len(wanted) == _DATE_LENGTH:
            current = current[:_DATE_LENGTH]
    return bool(wanted != current)


def _convert(name: str, value: t.Any) -> t.Any:
    """Convert a value to the type of its option, if possible."""
    kind = PROFILE_OPTIONS[name]["type"]
    if value is None:
        return None
    if kind == "float":
        try:
            return float(value)
        except (TypeError, ValueError):
            return None
    if kind == "bool":
        return value not in (0, "0", "false", "", False)
    return str(value)
