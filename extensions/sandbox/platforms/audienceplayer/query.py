# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GraphQL requests: the document, its variables, and the fields that it selects."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
    validate,
)

from ...messages import PlatformRequest

LITERAL = re.compile(r'"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"|(?<![\w$])-?\d[\d.eE+-]*')
MAX_VALID = 1000


class Query:
    """A GraphQL request. Without a `document` it could not be parsed, and `error` says why."""

    def __init__(self, request: PlatformRequest) -> None:
        self.error: GraphQLError | None = None
        self.document: DocumentNode | None = None
        self.variables: dict[str, Any] = {}
        #: The names of the top-level fields in order; every alias counts.
        self.fields: list[str] = []
        self.text = ""
        self.operation_name: str | None = None
        try:
            self._parse(dict(request.query_params) if request.method in ("GET", "HEAD") else request.parse_json())
        except GraphQLError as error:
            self.error = error
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            self.error = GraphQLError(f"The request is not valid: {type(error).__name__}")

    def _parse(self, given: dict[str, Any]) -> None:
        variables = given.get("variables")
        self.text, self.operation_name = given["query"], given.get("operationName")
        self.variables = json.loads(variables) if isinstance(variables, str) and variables else variables or {}
        self.document = _parse_document(self.text)
        self.fields = _top_level_fields(self.document, self.operation_name)


@lru_cache(maxsize=256)
def _parse_document(text: str) -> DocumentNode:
    return parse(text)


_valid: set[tuple[GraphQLSchema, str]] = set()


def validate_query(schema: GraphQLSchema, text: str) -> list[GraphQLError]:
    """Validate a document. If it differs from a valid one only in its literals, it is valid, as the execution checks
    their values.
    """
    shape = LITERAL.sub(_neutral_literal, text)
    if (schema, shape) in _valid:
        return []
    errors = validate(schema, _parse_document(text))
    if not errors:
        if len(_valid) >= MAX_VALID:
            _valid.clear()
        _valid.add((schema, shape))
    return errors


def _neutral_literal(found: re.Match[str]) -> str:
    if found[0].startswith('"'):
        return '""'
    return "0" if found[0].lstrip("-").isdigit() else "0.0"


def _top_level_fields(document: DocumentNode, operation_name: str | None) -> list[str]:
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    chosen = [
        node for node in operations if operation_name is None or (node.name and node.name.value == operation_name)
    ]
    fields: list[str] = []

    def collect(selections: SelectionSetNode, seen: frozenset[str]) -> None:
        for node in selections.selections:
            if isinstance(node, FieldNode):
                fields.append(node.name.value)
            elif isinstance(node, InlineFragmentNode):
                collect(node.selection_set, seen)
            elif isinstance(node, FragmentSpreadNode) and node.name.value in fragments and node.name.value not in seen:
                collect(fragments[node.name.value].selection_set, seen | {node.name.value})

    for node in chosen[:1]:
        collect(node.selection_set, frozenset())
    return fields
