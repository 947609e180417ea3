# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.module_utils._providers.audienceplayer import documents

QUERIES = {
    "anonymous": "{ a }",
    "anonymous, after blanks": "\ufeff \n\t, {a}",
    "keyword": "query { a }",
    "name": "query Q($id: Int = 1) { a(id: $id) }",
    "no blank": "query{a}",
    "subscription": "subscription { a }",
    "fragment": "query { ...F } fragment F on User { id }",
    "fragment first": "fragment F on User { id } query { ...F }",
    "fragment alone": "fragment F on User { id }",
    "comment": "# mutation { b }\nquery { a }",
    "comment after": "query { a } # mutation { b }",
    "comment with a quote": '# "\nquery { a }',
    "string": 'query { a(b: "} mutation { b }") }',
    "string with an escaped quote": r'query { a(b: "\"} mutation {") }',
    "string with a backslash at its end": r'query { a(b: "\\", c: "} mutation {") }',
    "block string": 'query { a(b: """} "mutation" {\n""") }',
    "block string with escaped quotes": r'query { a(b: """\""" } mutation { """) }',
    "block string with a backslash before a line's end": 'query { a(b: """\\\n} mutation {""") }',
    "hash in a string": 'query { a(b: "#") }',
    "field": "query { mutation }",
    "field with a selection": "query { mutation { id } }",
    "alias": "{ mutation: a { b } }",
    "argument": "{ a(mutation: 1) }",
    "variable": "query Q($mutation: Int) { a(b: $mutation) }",
    "object value": "query Q($b: B = {mutation: 1}) { a(b: $b) }",
    "enum value": "{ a(b: mutation) }",
    "operation of that name": "query mutation { a }",
    "fragment of that name": "{ ...mutation } fragment mutation on User { id }",
    "type of that name": "{ ...F } fragment F on mutation { id }",
    "directive of that name": "query @mutation { a }",
    "directive of that name after variables": "query Q($id: Int) @mutation { a }",
    "longer words": "query mutations { a } query my_mutation { a }",
}
MUTATIONS = {
    "keyword": "mutation { b }",
    "no blank": "mutation{b}",
    "name": "mutation M($id: Int = 1) { b(id: $id) }",
    "directive": "mutation @d(x: {y: 1}) { b }",
    "after blanks": "\ufeff \n\t,mutation { b }",
    "after a comment": "# a query\nmutation { b }",
    "after a comment with a quote": '# "\nmutation { b }',
    "after a query": "query A { a } mutation B { b }",
    "after an anonymous query": "{ a } mutation B { b }",
    "after a fragment": "fragment F on User { id } mutation { b { ...F } }",
    "after a string with a bracket": 'query A { a(b: "{") } mutation B { b }',
    "after a string with an escaped quote": r'query A { a(b: "\"{") } mutation B { b }',
    "after a comment with a bracket": "query A { a # {\n} mutation B { b }",
    "after a block string with a bracket": 'query A { a(b: """{\n"{""") } mutation B { b }',
    "after a block string with escaped quotes": r'query A { a(b: """\"""{""") } mutation B { b }',
    "after a block string with a quote and escaped quotes": r'query A { a(b: """\"""" { """) } mutation B { b }',
    "after a block string with a backslash before a line's end": 'query A { a(b: """ { \\\n""") } mutation B { b }',
    "after an operation of that name": "query mutation { a } mutation B { b }",
    "with a query of that name inside": "mutation query { query }",
}
DOCUMENTS = [pytest.param(document, False, id=f"query: {name}") for name, document in QUERIES.items()] + [
    pytest.param(document, True, id=f"mutation: {name}") for name, document in MUTATIONS.items()
]


@pytest.fixture(params=["with graphql-core", "without"])
def library(request, monkeypatch):
    """Mutations are detected with and without the library."""
    if request.param == "without":
        monkeypatch.setitem(sys.modules, "graphql", None)
    else:
        pytest.importorskip("graphql")


@pytest.mark.parametrize(("document", "expected"), DOCUMENTS)
def test_a_document_writes_if_one_of_its_operations_is_a_mutation(library, document, expected):
    assert documents.is_mutation(document) is expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param("mutation { b", True, id="an open bracket"),
        pytest.param('mutation { b(c: "}', True, id="an open string"),
        pytest.param("mutation { b } }", True, id="a bracket too many"),
        pytest.param("mutation { b(c: 'x') }", True, id="single quotes"),
        pytest.param("query { a", False, id="a query with an open bracket"),
        pytest.param("what is this?", False, id="no GraphQL"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_an_invalid_document_is_classified_by_its_first_keyword(library, document, expected):
    assert documents.is_mutation(document) is expected


# --- whatever the library says, the keywords say, too ------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "mutation", "query", "fragment", "on", "mutations", "M1"])
#: What strings can hold that could be taken for something else; each piece is one that a lexer must know.
PIECES = st.lists(
    st.sampled_from(["{", "}", "(", ")", "mutation", " ", "#", "'", "$", "\\u0041", "\\\\", '\\"']), max_size=5
).map("".join)
BLOCK_PIECES = st.lists(
    st.sampled_from(["{", "}", "(", ")", "mutation", "\n", "#", '"a', '\\"""', "\\n", "\\\n", "\\ "]), max_size=5
).map("".join)
STRINGS = PIECES.map(lambda text: f'"{text}"') | BLOCK_PIECES.map(lambda text: f'"""{text}"""')
VALUES = st.recursive(
    STRINGS | NAMES | st.sampled_from(["1", "$a", "null"]),
    lambda inner: inner.map("{{a: {}}}".format) | inner.map("[{}]".format),
    max_leaves=2,
)
COMMENTS = PIECES.map("#{}\n".format) | st.just(" ")


@st.composite
def selections(draw, depth=2):
    inner = draw(selections(depth - 1)) if depth and draw(st.booleans()) else ""
    arguments = draw(st.just("") | VALUES.map("(a: {})".format))
    return f"{{{draw(COMMENTS)}{draw(NAMES)}{arguments} {inner}}}"


@st.composite
def definitions(draw):
    if draw(st.integers(0, 3)) == 0:
        return f"fragment {draw(NAMES.filter(lambda name: name != 'on'))} on {draw(NAMES)} {draw(selections())}"
    kind = draw(st.sampled_from(["query", "mutation", "subscription"]))
    directive = draw(st.just("") | st.builds("@{}(a: {})".format, NAMES, VALUES))
    return draw(COMMENTS) + f"{kind} {draw(NAMES)} {directive} {draw(selections())}"


@given(st.lists(definitions(), min_size=1, max_size=3).map(" ".join))
def test_without_the_library_the_answer_is_the_same(document):
    library = pytest.importorskip("graphql")
    try:
        library.parse(document)
    except library.GraphQLError:
        return  # there is nothing to agree with

    assert documents._has_mutation_keyword(document) is documents.is_mutation(document)
