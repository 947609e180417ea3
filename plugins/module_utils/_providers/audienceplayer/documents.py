# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GraphQL documents, their arguments written as literals (providers.md, section 1.2)."""

from __future__ import annotations

import json
import typing as t

if t.TYPE_CHECKING:
    pass

_encode = json.JSONEncoder(ensure_ascii=False).encode


class Enum(str):
    """A GraphQL enum value. Its type's name is not known, so that it cannot be a variable (1.2)."""


def field(name: str, arguments: t.Mapping[str, t.Any], selection: str = "", alias: str = "") -> str:
    """One field of a document, its arguments written as literals, as the vendor's own client does (1.2)."""
    written = ", ".join(f"{key}: {_literal(value)}" for key, value in arguments.items())
    return (f"{alias}: " if alias else "") + name + (f"({written})" if written else "") + (f" {{ {selection} }}" if selection else "")


def _literal(value: t.Any) -> str:
    # GraphQL reads JSON's strings, numbers, true, false and null.
    return str(value) if isinstance(value, Enum) else _encode(value)
