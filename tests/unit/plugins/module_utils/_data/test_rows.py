# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import csv
import io
import itertools
import json
import os
import sys

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.module_utils._data.rows import (
    Row,
    convert_options,
    read_items,
    read_rows,
)
from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError, MissingLibrary

ROWS = [{"user_email": "a@b.c", "product_id": 444}, {"user_email": "d@e.f", "state": "absent"}]
TEXTS = [{"user_email": "a@b.c", "product_id": "444"}, {"user_email": "d@e.f", "state": "absent"}]

DIGITS = "Give it in plain digits; spreadsheets round long numbers unless the column is text"
QUOTES = "Put it in quotes: YAML changes unquoted values (3.10 to 3.1, no to false)"
NO_JSON = "invalid JSON"
NO_YAML = "invalid YAML"
NO_LIST = "the file must contain a list of items"
MORE = "unexpected content after the list of items"
NO_ITEM = "an item must be a mapping of options to values"


@pytest.fixture(params=["C loader", "Python loader"])
def loader(request, monkeypatch):
    """PyYAML with and without its C extension."""
    if request.param == "Python loader":
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)


@pytest.fixture
def read(tmp_path):
    """Write a file and read its rows."""

    def read_file(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return list(read_rows(str(path)))

    return read_file


@pytest.fixture
def items(read):
    """Write a file without problems and return the options of its items."""

    def options(name, content):
        rows = read(name, content)
        assert [row.problem for row in rows if row.problem] == []
        return [row.options for row in rows]

    return options


# --- every format ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "rows"),
    [
        pytest.param("a.json", json.dumps(ROWS), ROWS, id="json"),
        pytest.param("a.jsonl", "".join(json.dumps(row) + "\n" for row in ROWS), ROWS, id="jsonl"),
        pytest.param("a.ndjson", "\n".join(map(json.dumps, ROWS)), ROWS, id="ndjson, no line's end"),
        pytest.param("a.yml", yaml.safe_dump(ROWS), TEXTS, id="yml"),
        pytest.param(
            "a.yaml", "- {user_email: a@b.c, product_id: 444}\n- {user_email: d@e.f, state: absent}\n", TEXTS, id="yaml"
        ),
        pytest.param("a.csv", "user_email,product_id,state\na@b.c,444,\nd@e.f,,absent\n", TEXTS, id="csv"),
        pytest.param(
            "A.CSV",
            "user_email,product_id,state\na@b.c,444,\nd@e.f,,absent",
            TEXTS,
            id="an extension in upper case, no line's end",
        ),
    ],
)
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["", "byte order mark"])
def test_extension_determines_the_format(items, name, content, rows, mark):
    assert items(name, mark + content) == rows


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.json", "[]"), ("a.json", " [\n] \n"), ("a.csv", "user_email,product_id\n"), ("a.csv", "sep=;\na;b\n")],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["plain", "Windows"])
def test_file_may_have_no_items(read, name, content, end):
    assert read(name, content.replace("\n", end)) == []


@pytest.mark.parametrize("content", ["[]", "--- []\n...\n"], ids=ascii)
def test_yaml_file_may_have_no_items(read, loader, content):
    assert read("a.yml", content) == []


@pytest.mark.parametrize("content", ["", "\n \n", "\ufeff", "\ufeff\r\n"], ids=ascii)
@pytest.mark.parametrize("extension", ["csv", "json", "jsonl", "ndjson", "yml", "yaml"])
def test_empty_file_fails_because_an_export_may_have_failed(read, tmp_path, loader, extension, content):
    with pytest.raises(AccessError) as caught:
        read(f"a.{extension}", content)

    assert caught.value.message == f"{tmp_path}/a.{extension} is empty. Remove it or export it again"


@pytest.mark.parametrize("content", [",,\n", "\n,\n", "sep=;\n", "sep=;"], ids=ascii)
def test_csv_without_a_header_is_a_problem(read, content):
    assert read("a.csv", content) == [Row(":1", {}, "the header row with the column names is missing")]


NOTHING = {"a": None, "b": "", "c": 0, "d": False, "e": " ", "f": [], "g": {}}
SOMETHING = {"c": 0, "d": False, "e": " ", "f": [], "g": {}}


def texts(value):
    """The expected value of YAML: scalars are strings as written."""
    if isinstance(value, dict):
        return {name: texts(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [texts(inner) for inner in value]
    return value if isinstance(value, str) or value is None else yaml.safe_dump(value).partition("\n")[0]


@pytest.mark.parametrize(
    ("name", "content", "left"),
    [
        ("a.json", json.dumps([NOTHING]), SOMETHING),
        ("a.jsonl", json.dumps(NOTHING), SOMETHING),
        ("a.yml", yaml.safe_dump([NOTHING]), texts(SOMETHING)),
        ("a.yml", "- {a: ~, b: '', c: NULL, d: , e: Null, f: null}", {}),
        ("a.yml", "- {a: '~', b: \"null\", c: Nil}", {"a": "~", "b": "null", "c": "Nil"}),
    ],
)
def test_only_null_and_empty_values_are_left_out(items, name, content, left):
    assert items(name, content) == [left]


DEEP = {"a": {"b": [1, True, None, {"c": "ä\n"}]}}


@pytest.mark.parametrize(
    ("name", "content", "value"),
    [
        ("a.json", json.dumps([DEEP], indent=2), DEEP),
        ("a.jsonl", json.dumps(DEEP, ensure_ascii=False), DEEP),
        ("a.yml", yaml.safe_dump([DEEP], allow_unicode=True), texts(DEEP)),
        ("a.yaml", json.dumps([DEEP]), texts(DEEP)),
    ],
)
def test_values_may_be_nested(items, name, content, value):
    assert items(name, content) == [value]


@pytest.mark.parametrize("value", ["1", "null", '"text"', "[1]", "true"])
@pytest.mark.parametrize(
    ("name", "form", "where"),
    [
        ("a.json", '[{{"a": "1"}},\n{},\n{{"b": "2"}}]', ["[0]", "[1]", "[2]"]),
        ("a.jsonl", '{{"a": "1"}}\n{}\n{{"b": "2"}}', [":1", ":2", ":3"]),
        ("a.yml", "- a: 1\n- {}\n- b: 2", [":1", ":2", ":3"]),
    ],
)
def test_item_that_is_not_a_mapping_is_a_problem(read, name, form, where, value):
    assert read(name, form.format(value)) == [
        Row(where[0], {"a": "1"}),
        Row(where[1], {}, NO_ITEM),
        Row(where[2], {"b": "2"}),
    ]


#: Values that a spreadsheet or YAML 1.1 would alter.
SURPRISES = [
    "0123",
    "012",
    "12:30",
    "1_000",
    "1e3",
    "1.00E+03",
    "3.10",
    "+5",
    "0x1F",
    "0b11",
    "on",
    "no",
    "y",
    "2001-12-14",
    "2001-12-14 21:59:43.10 -5",
    ".5",
]


@pytest.mark.parametrize("value", SURPRISES)
@pytest.mark.parametrize(
    "form", ["- {{a: {}}}", "- a: {} # a comment", "- a: !!str {}", "- a: '{}'", "- &x {{a: &y {}}}"]
)
def test_yaml_scalars_stay_as_written(items, loader, form, value):
    assert items("a.yml", form.format(value)) == [{"a": value}]


@pytest.mark.parametrize("value", ["1e3", "1E+03", "1.0", "3.10", "-0.50", "123456789012345678901234567890.0"])
@pytest.mark.parametrize(("name", "form"), [("a.json", '[{{"a": {}}}]'), ("a.jsonl", '{{"a": {}}}')])
def test_json_floats_stay_as_written(items, name, form, value):
    assert items(name, form.format(value)) == [{"a": value}]


# --- CSV -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("a,b\r\n1,2\r\n", id="line ends of Windows"),
        pytest.param("a,b\r1,2\r", id="line ends of an old Mac"),
        pytest.param(" a , b \n 1 , 2 \n", id="blanks"),
        pytest.param('"a","b"\n"1","2"\n', id="quotes"),
        pytest.param("\n,\na,b\n\n1,2\n\n", id="empty lines"),
        pytest.param("a,b\n1,2\n,,,\n", id="a line of empty cells"),
        pytest.param("a,b,c\n1,2\n", id="a short row"),
        pytest.param("a,b,c\n1,2,\n", id="an empty cell"),
        pytest.param('a,b,c\n1,2,"  "\n', id="a blank cell"),
        pytest.param("a,b,\n1,2,\n", id="a comma at the end of each line"),
        pytest.param("a;b\n1;2\n", id="semicolons"),
        pytest.param("\ufeffa;b\r\n1;2\r\n", id="semicolons after a byte order mark"),
        pytest.param('a;b;c\n1;2;"  "\n', id="semicolons and a blank cell"),
        pytest.param("a\tb\n1\t2\n", id="tabs"),
        *(pytest.param(f"{first}\r\na;b\r\n1;2\r\n", id=f"Excel's {first}") for first in ("sep=;", '"sep=;"', "SEP=;")),
        pytest.param("\ufeffsep=;\na;b\n1;2\n", id="Excel's after a byte order mark"),
        pytest.param("sep=,\na,b\n1,2\n", id="Excel's with a comma"),
        pytest.param("sep=\t\na\tb\n1\t2\n", id="Excel's with a tab"),
        pytest.param("sep=|\na|b\n1|2\n", id="Excel's with a bar"),
    ],
)
def test_csv_dialects(items, content):
    assert items("a.csv", content) == [{"a": "1", "b": "2"}]


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["plain", "Windows"])
def test_quoted_cells_may_contain_commas_and_quotes(items, end):
    assert items("a.csv", f'"a, b"{end}"1 ""x"", 2"{end}') == [{"a, b": '1 "x", 2'}]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("a;b\n1,5;2\n", [{"a": "1,5", "b": "2"}]),
        ("a,b\n1;5,2\n", [{"a": "1;5", "b": "2"}]),
        ("a;b,c\n1,2\n", [{"a;b": "1", "c": "2"}]),
    ],
    ids=["decimal commas", "semicolons in a cell", "semicolons in a name"],
)
def test_delimiter_is_detected_from_the_first_line(items, content, rows):
    assert items("a.csv", content) == rows


def test_sep_line_counts_as_a_line(read):
    assert read("a.csv", "sep=;\na;b\n1;2\n1;2;3\n") == [
        Row(":3", {"a": "1", "b": "2"}),
        Row(":4", {}, "more cells than the header row"),
    ]


@pytest.mark.parametrize("content", ["a\n\u00a01\n", "a,b\n\u00a01,\n"])
def test_a_no_break_space_is_part_of_a_cell(items, content):
    assert items("a.csv", content) == [{"a": "\u00a01"}]


@pytest.mark.parametrize(
    ("head", "problem"),
    [
        ("a,product", "unknown column 'product'; valid columns: a, b"),
        ("x,a,y", "unknown column 'x', 'y'; valid columns: a, b"),
        ("a\u200b,b", "unknown column 'a\\u200b'; valid columns: a, b"),
        ("\u00a0a,b", "unknown column '\\xa0a'; valid columns: a, b"),
        ("a,b,a", "duplicate column 'a'"),
    ],
)
def test_invalid_columns_are_reported_once_for_the_header(tmp_path, head, problem):
    path = tmp_path / "a.csv"
    path.write_text(f"\n{head}\n" + "1,2,3\n" * 3)

    assert list(read_rows(str(path), ("a", "b"))) == [Row(":2", {}, problem)]


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["plain", "Windows"])
def test_line_numbers_match_an_editor(read, end):
    content = 'a,b\n\n1,"x\ny"\n\n2,"\n\n"\n3,z\n1,2,3\n4,\n'

    assert read("a.csv", content.replace("\n", end)) == [
        Row(":3", {"a": "1", "b": f"x{end}y"}),
        Row(":6", {"a": "2"}),
        Row(":9", {"a": "3", "b": "z"}),
        Row(":10", {}, "more cells than the header row"),
        Row(":11", {"a": "4"}),
    ]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ('"x"y,2\n', "',' expected after '\"'"),
        ('"x,2\n3,4\n', "unexpected end of data"),
        ("x" * 131073, "field larger than field limit (131072)"),
    ],
    ids=["text after a quote", "an open quote", "an endless cell"],
)
def test_invalid_csv_is_a_problem_of_its_line(read, bad, reason):
    assert read("a.csv", f"a,b\n1,2\n{bad}") == [
        Row(":2", {"a": "1", "b": "2"}),
        Row(":3", {}, f"invalid CSV: {reason}"),
    ]


# --- JSON ----------------------------------------------------------------------------------------------------------------------


def test_json_items_have_their_index(read):
    content = '\n [ {"a": 1}, {"b":\n2},\n\n{\n"c": [3,\n4]}\n\n,\n{"d": "\\n"}\n]\n'

    assert read("a.json", content) == [
        Row("[0]", {"a": 1}),
        Row("[1]", {"b": 2}),
        Row("[2]", {"c": [3, 4]}),
        Row("[3]", {"d": "\n"}),
    ]


FIRST = Row(":1", {"a": "1"})


@pytest.mark.parametrize(
    ("content", "where", "problem"),
    [
        pytest.param('\n{"a": 1}', "", NO_LIST, id="a dict"),
        pytest.param('"[]"', "", NO_LIST, id="a text"),
        pytest.param("[", ":1", NO_JSON, id="cut after its beginning"),
        pytest.param("[,]", ":1", NO_JSON, id="a comma alone"),
        pytest.param('[{"a": 1}', ":1", NO_JSON, id="cut after an item"),
        pytest.param('[{"a": 1},\n{"b": 2', ":2", NO_JSON, id="cut in an item"),
        pytest.param('[{"a": 1},\n\n{\n"b" 2}]', ":4", NO_JSON, id="a colon too few"),
        pytest.param('[{"a": 1}\n\n{"b": 2}]', ":3", NO_JSON, id="a comma too few"),
        pytest.param('[{"a": 1}}]', ":1", NO_JSON, id="a bracket too many"),
        pytest.param("[{'a': 1}]", ":1", NO_JSON, id="other quotes"),
        pytest.param('[{"a": 1}]\n[{"b": 2}]', ":2", NO_JSON, id="a second list"),
        pytest.param("[]\nx", ":2", NO_JSON, id="text after the list"),
        pytest.param('[{"a": 1},\n' + "[" * 100_000, "", NO_JSON, id="endlessly nested"),
    ],
)
def test_invalid_json_is_a_problem_of_its_line(read, content, where, problem):
    assert read("a.json", content) == [Row(where, {}, problem)]


@pytest.mark.skipif(
    not hasattr(sys, "get_int_max_str_digits"), reason="this Python has no limit on the length of integers"
)
@pytest.mark.parametrize(("name", "where", "form"), [("a.json", "", "[{}]"), ("a.jsonl", ":1", "{}")])
def test_extremely_long_number_is_a_problem_of_its_line(read, name, where, form):
    assert read(name, form.format('{"a": ' + "9" * 5000 + "}")) == [Row(where, {}, NO_JSON)]


def test_invalid_line_does_not_affect_other_lines(read):
    content = '{"a": "1"}\n{"a" 1}\n\n[1]\n{"b": 2}\n' + "[" * 100_000 + '\n{"c": 3} {"d": 4}\n{"e": 5}\n'

    assert read("a.jsonl", content) == [
        FIRST,
        Row(":2", {}, NO_JSON),
        Row(":4", {}, NO_ITEM),
        Row(":5", {"b": 2}),
        *(Row(f":{line}", {}, NO_JSON) for line in (6, 7)),
        Row(":8", {"e": 5}),
    ]


# --- YAML ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        pytest.param(
            "%YAML 1.1\n--- # items\n\n- a: 1\n  b:\n    - 2\n# more\n\n- c: 3\n...\n",
            [Row(":4", {"a": "1", "b": ["2"]}), Row(":9", {"c": "3"})],
            id="lines",
        ),
        pytest.param(
            "[{a: 1}, {b: 2},\n{c: 3}]", [FIRST, Row(":1", {"b": "2"}), Row(":2", {"c": "3"})], id="in brackets"
        ),
        pytest.param(
            "- &x {a: 1}\n- *x\n- {c: *x}",
            [FIRST, Row(":2", {"a": "1"}), Row(":3", {"c": {"a": "1"}})],
            id="anchors of mappings",
        ),
        pytest.param(
            "- a: &x 1\n- {b: *x, c: [*x]}", [FIRST, Row(":2", {"b": "1", "c": ["1"]})], id="anchors of values"
        ),
        pytest.param(
            "- &x {a: 1}\n- {<<: *x, b: 2}\n- {a: 3, <<: *x}\n- &y {<<: {a: 5}, c: 6}\n- {<<: [*x, *y]}",
            [
                FIRST,
                Row(":2", {"a": "1", "b": "2"}),
                Row(":3", {"a": "3"}),
                Row(":4", {"a": "5", "c": "6"}),
                Row(":5", {"a": "1", "c": "6"}),
            ],
            id="merged",
        ),
        pytest.param(
            "- a: 'yes'\n  b: yes\n  c: ~\n  d: !!str 5\n  e: !!int 6",
            [Row(":1", {"a": "yes", "b": "yes", "d": "5", "e": "6"})],
            id="types",
        ),
        pytest.param("- a: '{{ b }}'", [Row(":1", {"a": "{{ b }}"})], id="no templates"),
        pytest.param("- 1: a\n", [Row(":1", {"1": "a"})], id="a number as a name"),
        pytest.param("- !!map {a: 1}\n", [FIRST], id="a mapping that says so"),
        pytest.param("- a: >-\n    x\n    y\n", [Row(":1", {"a": "x y"})], id="folded"),
    ],
)
def test_yaml_is_read_item_by_item(read, loader, content, rows):
    assert read("a.yml", content) == rows


def test_exponential_yaml_aliases_are_refused_as_values(read, loader):
    lines = ["- a: &a0 [x]", *(f"- a: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, 30))]
    rows = read("a.yml", "\n".join(lines))

    assert len(rows) == 30
    with pytest.raises(AccessError, match=r"^a must be of type str, not a list$"):
        convert_options(rows[-1].options, {"a": {"type": "str"}})


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("!vault x", "unsupported YAML tag !vault"),
        ("!unsafe x", "unsupported YAML tag !unsafe"),
        ("!!python/object/apply:os.getcwd []", "unsupported YAML tag tag:yaml.org,2002:python/object/apply:os.getcwd"),
        ("!!binary ä", "unsupported YAML tag tag:yaml.org,2002:binary"),
        ("*nowhere", "undefined YAML anchor nowhere"),
        ("&self [*self]", "undefined YAML anchor self"),
        ("{? [a] : b}", "the name of an option must be a string"),
        ("{? {a: 1} : b}", "the name of an option must be a string"),
        ("{~: b}", "the name of an option must be a string"),
        ("1\n  <<: 2", "the YAML merge key << accepts only mappings"),
        ("1\n  <<: [{a: 1}, 2]", "the YAML merge key << accepts only mappings"),
        (
            "1\n  <<: {" + ", ".join(f"a{number}" for number in range(101)) + "}",
            "the YAML merge key << accepts at most 100 options",
        ),
        *((value, NO_YAML) for value in ("[1", "{", "@", "a: b", "%", "'")),
    ],
)
def test_unsupported_yaml_is_a_problem_of_its_item(read, loader, value, reason):
    *before, last = read("a.yml", f"- a: 1\n-\n  b: {value}\n- c: 3\n")

    assert (before, last.options, last.problem) == ([FIRST], {}, reason)
    assert 3 <= int(last.where[1:]) <= 5


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        pytest.param("--- ~", [Row(":1", {}, NO_LIST)], id="nothing"),
        pytest.param("a: 1", [Row(":1", {}, NO_LIST)], id="a dict"),
        pytest.param("---\n\ntext", [Row(":3", {}, NO_LIST)], id="a text"),
        pytest.param("- a: 1\nb: 2\n", [FIRST, Row(":2", {}, NO_YAML)], id="a dict after items"),
        pytest.param("- a: 1\n- b: 'x\n\n", [FIRST, Row(":4", {}, NO_YAML)], id="an open quote"),
        pytest.param("- a: 1\n- b: [\n- c: 2\n", [FIRST, Row(":3", {}, NO_YAML)], id="an open bracket"),
        pytest.param(
            "- a: 1\n- b: 2\n c: 3\n", [FIRST, Row(":2", {"b": "2"}), Row(":3", {}, NO_YAML)], id="a wrong indentation"
        ),
        pytest.param("- a: 1\n---\n- b: 2\n", [FIRST, Row(":2", {}, MORE)], id="two documents"),
        pytest.param("- a: 1\n...\nb\n", [FIRST, Row(":3", {}, NO_YAML)], id="text after the end"),
        pytest.param("- a: \x07", [Row(":1", {}, NO_YAML)], id="a control character"),
        pytest.param(
            "- a: 1\n- {b: 2}}\n", [FIRST, Row(":2", {"b": "2"}), Row(":2", {}, NO_YAML)], id="a bracket too many"
        ),
    ],
)
def test_invalid_yaml_is_a_problem_of_its_line(read, loader, content, rows):
    assert read("a.yml", content) == rows


def test_deeply_nested_yaml_is_a_problem(read, loader):
    assert [row.problem for row in read("a.yml", "- a: 1\n- " + "[" * 5000)] == ["", NO_YAML]


def test_missing_yaml_library_is_reported_with_a_remedy(read, monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)

    with pytest.raises(MissingLibrary, match=r"PyYAML is required to read a YAML file, .*pip install PyYAML"):
        read("a.yml", "[]")
    assert read("a.json", "[]") == []


# --- files that cannot be read -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.txt", "a", ".csv", "a.csv.bak"])
def test_unsupported_extension_fails_and_lists_the_valid_ones(read, tmp_path, name):
    with pytest.raises(AccessError) as caught:
        read(name, "a,b")

    assert (
        caught.value.message
        == f"{tmp_path}/{name}: the file extension must be one of .csv, .json, .jsonl, .ndjson, .yml, .yaml"
    )


EXTENSIONS = pytest.mark.parametrize("extension", ["csv", "json", "jsonl", "yml"])


@EXTENSIONS
def test_missing_file_fails_clearly(tmp_path, extension):
    with pytest.raises(AccessError) as caught:
        list(read_rows(f"{tmp_path}/a.{extension}"))

    assert caught.value.message == f"{tmp_path}/a.{extension} cannot be read: No such file or directory"


@EXTENSIONS
def test_directory_fails_clearly(tmp_path, extension):
    (tmp_path / f"a.{extension}").mkdir()

    with pytest.raises(AccessError) as caught:
        list(read_rows(f"{tmp_path}/a.{extension}"))

    assert caught.value.message == f"{tmp_path}/a.{extension} cannot be read: Is a directory"


def test_pipe_fails_clearly(tmp_path):
    os.mkfifo(tmp_path / "a.csv")
    pipe = os.open(tmp_path / "a.csv", os.O_RDWR)
    os.write(pipe, b"a\n1\n")

    with pytest.raises(AccessError, match=r"/a.csv cannot be read: it is not a regular file"):
        list(read_rows(f"{tmp_path}/a.csv"))
    os.close(pipe)


@EXTENSIONS
def test_pipe_without_a_writer_does_not_block(tmp_path, extension):
    os.mkfifo(tmp_path / f"a.{extension}")

    with pytest.raises(AccessError, match="it is not a regular file"):
        list(read_rows(f"{tmp_path}/a.{extension}"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        *(("a.csv", content) for content in (b"\xff", b"a,b\n1,\xff\n")),
        *(("a.json", content) for content in (b"\xff", b'[{"a": 1}, {"b": "\xff"}]')),
        *(("a.jsonl", content) for content in (b"\xff", b'{"a": 1}\n{"b": "\xff"}\n')),
        *(("a.yml", content) for content in (b"\xff", b"- a: 1\n- b: \xff\n")),
        ("a.csv", "a,b\n".encode("utf-16")),
    ],
)
def test_invalid_utf_8_fails_clearly(read, loader, tmp_path, name, content):
    with pytest.raises(AccessError) as caught:
        read(name, content)

    assert caught.value.message == f"{tmp_path}/{name} cannot be read: it is not valid UTF-8. Save it as UTF-8"


def test_rows_before_invalid_utf_8_are_read(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"a\n" + b"1\n" * 50_000 + b"\xff\n")
    rows = read_rows(str(path))

    assert [row.options for row in itertools.islice(rows, 1000)] == [{"a": "1"}] * 1000
    with pytest.raises(AccessError, match="not valid UTF-8"):
        list(rows)


ENCRYPTED = "$ANSIBLE_VAULT;1.1;AES256\n3031\n"


@EXTENSIONS
def test_encrypted_file_is_decrypted(tmp_path, extension):
    path = tmp_path / f"a.{extension}"
    path.write_text(ENCRYPTED)
    content = {
        "csv": "\ufeffsep=;\r\na;b\r\n1;2\r\n",
        "json": '\ufeff[{"a": "1", "b": "2"}]',
        "jsonl": '{"a": "1", "b": "2"}\r\n',
        "yml": "- {a: 1,\r\n  b: 2}",
    }
    asked = []

    rows = list(read_rows(str(path), decrypt=lambda place: asked.append(place) or content[extension]))

    assert ([row.options for row in rows], [row.problem for row in rows]) == ([{"a": "1", "b": "2"}], [""])
    assert asked == [str(path)]


def test_encrypted_file_without_decrypt_fails_with_a_remedy(read):
    with pytest.raises(
        AccessError,
        match=r"a.csv is encrypted with Ansible Vault. Only the controller can decrypt it: run the task there, with connection: local",
    ):
        read("a.csv", ENCRYPTED)


# --- items -----------------------------------------------------------------------------------------------------------------------


def test_unknown_option_is_reported_once(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(
        json.dumps(
            [{"id": 1}, {"id": 2, "ix": 1}, {"id": 3, "ix": 1}, {"id": "x"}, {"id": 4, "iy": 1}, {"ix": 1, "iz": 1}]
        )
    )

    found = [(str(item.place), item.problem) for item in read_items(str(path), {"id": {"type": "int"}})]

    assert found == [
        (f"{path}[0]", ""),
        (f"{path}[1]", "unknown option 'ix'; valid options: id"),
        (f"{path}[3]", f"id: 'x' is not an id. {DIGITS}"),
        (f"{path}[4]", "unknown option 'iy'; valid options: id"),
    ]


def test_file_below_the_working_directory_has_a_relative_name(tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_text("id\nx\n")
    (tmp_path / "deeper").mkdir()

    def place(path):
        return [str(item.place) for item in read_items(path, {"id": {"type": "int"}})]

    monkeypatch.chdir(tmp_path)
    assert place(f"{tmp_path}/a.csv") == place("a.csv") == place("./deeper/../a.csv") == ["a.csv:2"]
    monkeypatch.chdir(tmp_path / "deeper")
    assert place(f"{tmp_path}/a.csv") == [f"{tmp_path}/a.csv:2"]
    assert place("../a.csv") == ["../a.csv:2"]


# --- one by one ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "head", "line"),
    [("a.csv", "a\n", "1\n"), ("a.jsonl", "", '{"a": "1"}\n'), ("a.yml", "", "- a: '1'\n")],
    ids=lambda value: ascii(value)[:12],
)
def test_items_are_yielded_while_the_file_is_read(tmp_path, loader, name, head, line):
    path = tmp_path / name
    path.write_text(head + line * 50_000)
    rows = read_rows(str(path))

    assert next(rows).options == {"a": "1"}
    path.write_text("")  # removes everything not read yet
    assert sum(not row.problem for row in rows) < 25_000


def test_file_is_opened_lazily(tmp_path):
    rows = read_rows(f"{tmp_path}/a.csv")

    (tmp_path / "a.csv").write_text("a\n1\n")

    assert list(rows) == [Row(":2", {"a": "1"})]


# --- what was written ----------------------------------------------------------------------------------------------------------

TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x85\u2028\u2029"), max_size=8
)  # PyYAML folds these
VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
TREES = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=6
)
ITEMS = st.lists(st.dictionaries(TEXT, TREES, max_size=3), max_size=4)


def without_nothing(rows):
    return [{name: value for name, value in row.items() if value not in (None, "")} for row in rows]


def numbers_as_written(value):
    """The expected value of JSON: floats are strings as written."""
    if isinstance(value, dict):
        return {name: numbers_as_written(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [numbers_as_written(inner) for inner in value]
    return json.dumps(value) if isinstance(value, float) and value not in (float("inf"), -float("inf")) else value


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("rows")


def written(folder, name, text):
    (folder / name).write_text(text, encoding="utf-8", newline="")
    return list(read_rows(str(folder / name)))


@given(rows=ITEMS, indent=st.none() | st.integers(0, 2), ascii_only=st.booleans())
def test_json_round_trip(folder, rows, indent, ascii_only):
    found = written(folder, "a.json", json.dumps(rows, indent=indent, ensure_ascii=ascii_only))

    assert [row.options for row in found] == without_nothing(numbers_as_written(rows))
    assert [row.problem for row in found] == [""] * len(rows)


@given(rows=ITEMS.filter(bool))
def test_json_lines_round_trip(folder, rows):
    found = written(folder, "a.jsonl", "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))

    assert found == [
        Row(f":{line}", options) for line, options in enumerate(without_nothing(numbers_as_written(rows)), 1)
    ]


@given(rows=ITEMS, flow=st.sampled_from([True, False, None]))
def test_yaml_round_trip(folder, rows, flow):
    found = written(folder, "a.yml", yaml.safe_dump(rows, default_flow_style=flow, allow_unicode=True))

    assert [row.options for row in found] == without_nothing(texts(rows))


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8).map(str.strip)
NAMES = st.lists(
    CELLS.filter(bool).filter(lambda name: not set(",;\n\r") & set(name)), min_size=1, max_size=4, unique=True
)


@given(
    data=st.data(),
    names=NAMES,
    delimiter=st.sampled_from(",;"),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_csv_round_trip(folder, data, names, delimiter, end, quoting):
    # Python's writer does not quote a lone carriage return.
    cells = CELLS if quoting == csv.QUOTE_ALL else CELLS.filter(lambda cell: "\r" not in cell)
    rows = data.draw(st.lists(st.fixed_dictionaries(dict.fromkeys(names, cells)), max_size=4))
    text = io.StringIO()
    writer = csv.DictWriter(
        text, names, delimiter=delimiter if len(names) > 1 else ",", lineterminator=end, quoting=quoting
    )
    writer.writeheader()
    writer.writerows(rows)

    found = written(folder, "a.csv", text.getvalue())

    assert [(row.options, row.problem) for row in found] == [(row, "") for row in without_nothing(rows) if row]


GARBAGE = st.text(st.sampled_from("[]{}:,;\"'\n\\ -&*!%a1\t\0\ufeff")) | st.binary(max_size=40)


@example(content=b"#", extension="yml")
@given(content=GARBAGE, extension=st.sampled_from(["csv", "json", "jsonl", "yml"]))
def test_garbage_gives_rows_or_problems_or_fails_clearly(folder, content, extension):
    path = folder / f"garbage.{extension}"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    lines = path.read_bytes().count(b"\n") + path.read_bytes().count(b"\r") + 1

    try:
        rows = list(read_rows(str(path)))
    except AccessError as error:
        assert error.message.startswith(f"{path} ") and any(
            reason in error.message for reason in ("not valid UTF-8", "is empty", "is encrypted")
        )
    else:
        assert [row for row in rows if row.problem and row.options] == []
        numbers = [int(row.where[1:]) for row in rows if row.where.startswith(":")]
        # libyaml places the end of a file that consists of a comment one line too far.
        assert all(1 <= number <= lines + (extension == "yml") for number in numbers)
        assert numbers == sorted(numbers)


# --- as the argument spec wants them -------------------------------------------------------------------------------------------

SPEC = {
    "number": {"type": "int"},
    "switch": {"type": "bool", "default": False},
    "text": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "id": {"type": "int"},
    "user_id": {"type": "int"},
    "user_email": {"type": "str"},
    "weight": {"type": "float"},
    "profile": {"type": "dict", "options": {"city": {"type": "str"}, "height": {"type": "float"}}},
}
DEFAULTS = {
    "number": None,
    "switch": False,
    "text": None,
    "state": "present",
    "id": None,
    "user_id": None,
    "user_email": None,
    "weight": None,
    "profile": None,
}


def test_missing_options_have_defaults():
    assert convert_options({}, SPEC) == DEFAULTS


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        *(("number", value, 5) for value in (5, "5", " 5 ", 5.0)),
        ("number", 0, 0),
        *(("user_id", value, 5) for value in (5, "5", " 5\n", "005")),
        ("id", "12345678901234567890", 12345678901234567890),
        ("user_email", "Ä.Ö+x@b.c", "Ä.Ö+x@b.c"),
        ("number", -7, -7),
        *(("switch", value, True) for value in (True, "true", "yes", "on", "1", 1, "True")),
        *(("switch", value, False) for value in (False, "false", "no", "off", "0", 0, "NO")),
        ("text", "a", "a"),
        ("text", 5, "5"),
        ("state", "absent", "absent"),
        *(("weight", value, 70.0) for value in (70, "70", 70.0)),
        ("profile", {}, {"city": None, "height": None}),
        ("profile", {"city": 7, "height": "1.8"}, {"city": "7", "height": 1.8}),
    ],
)
def test_values_are_converted(name, value, expected):
    result = convert_options({name: value}, SPEC)

    assert result == {**DEFAULTS, name: expected}
    assert type(result[name]) is type(expected)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("number", "five", "number must be of type int, not 'five'"),
        ("number", "5.5", "number must be of type int, not '5.5'"),
        ("number", 5.5, "number must be of type int, not 5.5"),
        ("number", "", "number must be of type int, not ''"),
        ("number", "inf", "number must be of type int, not 'inf'"),
        ("number", float("inf"), "number must be of type int, not inf"),
        ("number", float("nan"), "number must be of type int, not nan"),
        ("number", "x" * 99, f"number must be of type int, not '{'x' * 59}"),
        ("switch", "maybe", "switch must be of type bool, not 'maybe'"),
        ("switch", 2, "switch must be of type bool, not 2"),
        ("state", "gone", "state must be present or absent, not 'gone'"),
        ("state", "x" * 99, f"state must be present or absent, not '{'x' * 59}"),
        *(
            (name, value, f"{name} must be of type {SPEC[name]['type']}, not a {type(value).__name__}")
            for name in SPEC
            for value in ([], ["a"], {}, {"a": 1})
            if name != "profile" or isinstance(value, list)
        ),
        ("profile", "Utrecht", "profile must be of type dict, not 'Utrecht'"),
        ("profile", {"city": []}, "profile.city must be of type str, not a list"),
        ("profile", {"height": "tall"}, "profile.height must be of type float, not 'tall'"),
        ("profile", {"city": True}, f"profile.city: True is a boolean and must be text. {QUOTES}"),
        ("profile", {"town": "a"}, "unknown option 'profile.town'; valid options: city, height"),
        *(
            ("id", value, f"id: {value!r} is not an id. {DIGITS}")
            for value in (*(value for value in SURPRISES if value not in ("0123", "012")), "", "five")
        ),
        *(
            ("user_id", value, f"user_id: {value!r} is not an id. {DIGITS}")
            for value in (5.0, 5.5, True, -1, "-1", "\u0665", "5\u00a0", float("nan"))
        ),
        ("text", True, f"text: True is a boolean and must be text. {QUOTES}"),
        ("text", 3.1, f"text: 3.1 is a number and must be text. {QUOTES}"),
        ("user_email", "alice", "user_email: 'alice' is not an e-mail address: it has no @"),
    ],
)
def test_invalid_value_is_named(name, value, message):
    with pytest.raises(AccessError) as caught:
        convert_options({"text": "a", name: value}, SPEC)

    assert caught.value.message == message


def test_unknown_options_are_named_with_the_valid_ones():
    with pytest.raises(AccessError) as caught:
        convert_options({"z": 1, "text": 1, "numbr": 1}, SPEC)

    assert (
        caught.value.message
        == "unknown option 'numbr', 'z'; valid options: number, switch, text, state, id, user_id, user_email, weight, profile"
    )


def test_exponential_aliases_are_not_expanded(items):
    (row,) = items(
        "a.yml",
        "- text:\n  - &l0 [x, x]\n"
        + "".join(f"  - &l{level} [*l{level - 1}, *l{level - 1}]\n" for level in range(1, 60)),
    )

    with pytest.raises(AccessError, match=r"^text must be of type str, not a list$"):
        convert_options(row, SPEC)


def test_options_and_spec_are_not_modified():
    options, spec = {"number": "5"}, {"number": {"type": "int"}}

    convert_options(options, spec)

    assert (options, spec) == ({"number": "5"}, {"number": {"type": "int"}})
