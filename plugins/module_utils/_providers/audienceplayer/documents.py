# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes GraphQL documents with literal arguments (providers.md, section 1.2), and distinguishes queries from
mutations.
"""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t

#: Strings, block strings and comments.
_IGNORED = re.compile(r'"""(?:\\"""|(?!""").)*"""|"(?:[^"\\\n]|\\.)*"|#[^\n]*', re.DOTALL)
_encode = json.JSONEncoder(ensure_ascii=False).encode

#: The fields that are read of each item, by kind. The same are read with a user's own token.
SELECTIONS = {
    "products": "product_id is_fulfilled fulfilment_expires_at",
    "subscriptions": "subscription_id expires_at is_valid",
}


@dataclasses.dataclass(frozen=True)
class Listing:
    """A field of ``ClientUser`` that lists a user's products or subscriptions: either completely, or ``paged`` like the
    lists that are read with a user's own token.
    """

    name: str
    paged: bool


class Enum(str):
    """A GraphQL enum value. It cannot be a variable, because the name of its type is unknown (1.2)."""


def field(name: str, arguments: t.Mapping[str, t.Any], selection: str = "", alias: str = "") -> str:
    """Format a field of a document with literal arguments, as the vendor's own client does (1.2)."""
    written = ", ".join(f"{key}: {_format_literal(value)}" for key, value in arguments.items())
    return (
        (f"{alias}: " if alias else "")
        + name
        + (f"({written})" if written else "")
        + (f" {{ {selection} }}" if selection else "")
    )


def _format_literal(value: t.Any) -> str:
    # JSON strings, numbers, true, false and null are valid GraphQL literals.
    return str(value) if isinstance(value, Enum) else _encode(value)


def is_mutation(document: str) -> bool:
    """Whether a document contains a mutation: determined by a parser if graphql-core is installed, otherwise by
    keywords.
    """
    try:
        import graphql
    except ImportError:
        return _has_mutation_keyword(document)
    try:
        definitions = graphql.parse(document).definitions
    except graphql.GraphQLError:
        return _has_mutation_keyword(document)  # the platform reports the syntax error
    return any(getattr(definition, "operation", None) == graphql.OperationType.MUTATION for definition in definitions)


def _has_mutation_keyword(document: str) -> bool:
    """Check the first word of each definition. A definition ends with the closing brace of its selection."""
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
