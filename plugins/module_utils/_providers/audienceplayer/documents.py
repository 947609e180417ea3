# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes GraphQL documents, their arguments as literals (providers.md, section 1.2), and tells queries from mutations."""

from __future__ import annotations

import json
import re
import typing as t

#: Strings, block strings and comments.
_IGNORED = re.compile(r'"""(?:\\"""|(?!""").)*"""|"(?:[^"\\\n]|\\.)*"|#[^\n]*', re.DOTALL)
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


def is_mutation(document: str) -> bool:
    """Whether a document holds a mutation: as a parser reads it where graphql-core is installed, else by its definitions' keywords."""
    try:
        import graphql
    except ImportError:
        return _has_keyword(document)
    try:
        definitions = graphql.parse(document).definitions
    except graphql.GraphQLError:
        return _has_keyword(document)  # the platform's own message about it is the better one
    return any(getattr(definition, "operation", None) == graphql.OperationType.MUTATION for definition in definitions)


def _has_keyword(document: str) -> bool:
    """Look at the first word of each definition; one ends with the brace that closes its selection."""
    depth, begins = 0, True
    for part in re.findall(r"[{}()]|\w+", _IGNORED.sub(" ", document)):
        if part in "({":
            depth, begins = depth + 1, False
        elif part in ")}":
            depth -= 1
            begins = depth == 0 and part == "}"
        elif begins and depth == 0:
            if part == "mutation":
                return True
            begins = False
    return False
