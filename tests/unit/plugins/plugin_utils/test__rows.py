# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import csv
import io
import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.plugin_utils._plain import plain
from ansible_collections.mediaops.access.plugins.plugin_utils._rows import read_rows

ROWS = [{"user_email": "a@b.c", "product_id": 444}, {"user_email": "d@e.f", "state": "absent"}]
TEXTS = [{"user_email": "a@b.c", "product_id": "444"}, {"user_email": "d@e.f", "state": "absent"}]


@pytest.fixture
def read(tmp_path):
    """Reads rows from a file of this name and content."""

    def read_file(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_rows(str(path))

    return read_file


@pytest.mark.parametrize(
    ("name", "content", "rows"),
    [
        pytest.param("a.json", json.dumps(ROWS), ROWS, id="json"),
        pytest.param("a.yml", yaml.safe_dump(ROWS), ROWS, id="yml"),
        pytest.param("a.yaml", "- {user_email: a@b.c, product_id: 444}\n- {user_email: d@e.f, state: absent}\n", ROWS, id="yaml"),
        pytest.param("a.csv", "user_email,product_id,state\na@b.c,444,\nd@e.f,,absent\n", TEXTS, id="csv"),
        pytest.param("A.CSV", "user_email,product_id,state\na@b.c,444,\nd@e.f,,absent", TEXTS, id="an ending in upper case, no line's end"),
    ],
)
def test_the_ending_says_how_a_file_is_read(read, name, content, rows):
    assert read(name, content) == rows


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("\ufeffa,b\n1,2\n", id="a byte order mark"),
        pytest.param("a,b\r\n1,2\r\n", id="line ends of Windows"),
        pytest.param(" a , b \n 1 , 2 \n", id="blanks"),
        pytest.param('"a","b"\n"1","2"\n', id="quotes"),
        pytest.param("a,b\n\n1,2\n\n", id="empty lines"),
        pytest.param("a,b,c\n1,2\n", id="a short row"),
        pytest.param("a,b,c\n1,2,\n", id="an empty cell"),
        pytest.param('a,b,c\n1,2,"  "\n', id="a blank cell"),
    ],
)
def test_spreadsheets_write_csv_in_many_ways(read, content):
    assert read("a.csv", content) == [{"a": "1", "b": "2"}]


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["plain", "Windows"])
def test_quotes_protect_commas_and_quotes(read, end):
    assert read("a.csv", f'"a, b"{end}"1 ""x"", 2"{end}') == [{"a, b": '1 "x", 2'}]


@pytest.mark.parametrize(("name", "content"), [("a.json", "[]"), ("a.yml", "[]"), ("a.csv", "user_email,product_id\n"), ("a.csv", "")])
def test_a_file_may_hold_no_rows(read, name, content):
    assert read(name, content) == []


def test_dates_that_yaml_reads_as_such_reach_a_module_as_text(read):
    rows = read("a.yml", "- {expires_at: 2030-12-31T23:59:59Z}\n- {expires_at: 2030-12-31}\n")

    assert plain(rows) == [{"expires_at": "2030-12-31T23:59:59+00:00"}, {"expires_at": "2030-12-31"}]


CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])).map(str.strip)


@given(st.lists(st.fixed_dictionaries({"user_email": CELLS.filter(bool), "state": CELLS}), max_size=4))
def test_whatever_csv_can_write_is_read_back(tmp_path_factory, rows):
    text = io.StringIO()
    writer = csv.DictWriter(text, ["user_email", "state"])
    writer.writeheader()
    writer.writerows(rows)
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")

    assert read_rows(str(path)) == [{key: value for key, value in row.items() if value} for row in rows]


# --- what cannot be read -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        pytest.param("a.csv", "a,b\n1,2\n1,2,3\n", ["CSV", "line 3"], id="csv: a cell too many"),
        pytest.param("a.csv", 'a,b\n1,2\n"x"y,2\n', ["CSV", "line 3"], id="csv: text after a quote"),
        pytest.param("a.csv", 'a,b\n1,2\n"x,2\n', ["CSV", "line 3"], id="csv: an open quote"),
        pytest.param("a.csv", b"a,b\n1,\xff\n", ["CSV"], id="csv: no UTF-8"),
        pytest.param("a.json", '[\n{"a": 1},\n{"a" 1}]', ["JSON", "line 3"], id="json: a colon too few"),
        pytest.param("a.json", "", ["JSON", "line 1"], id="json: nothing"),
        pytest.param("a.json", b'["\xff"]', ["JSON"], id="json: no UTF-8"),
        pytest.param("a.yml", "- a: 1\n- b: [\n- c: 2\n", ["YML", "line 3"], id="yml: an open bracket"),
        pytest.param("a.yml", "- a: 1\n- b: !vault |\n    $ANSIBLE_VAULT\n", ["YML", "line 2"], id="yml: an unknown tag"),
        pytest.param("a.yml", "- a: \x07\n", ["YML"], id="yml: a control character"),
        pytest.param("a.json", '{"a": 1}', ["list of items"], id="json: a dict"),
        pytest.param("a.json", "[1, 2]", ["list of items"], id="json: numbers"),
        pytest.param("a.yml", "", ["list of items"], id="yml: nothing"),
        pytest.param("a.yml", "a: 1", ["list of items"], id="yml: a dict"),
        pytest.param("a.yml", "- a\n- b: 1\n", ["list of items"], id="yml: text"),
        pytest.param("a.txt", "a,b", ["the ending must be one of .csv, .json, .yml, .yaml"], id="another ending"),
        pytest.param("a", "a,b", ["the ending must be one of"], id="no ending"),
    ],
)
def test_what_cannot_be_read_is_a_failure_that_names_file_and_line(read, name, content, words):
    with pytest.raises(AccessError) as caught:
        read(name, content)
    for word in [f"/{name}", *words]:
        assert word in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.yml"])
def test_a_missing_file_is_a_clear_failure(tmp_path, name):
    with pytest.raises(AccessError, match=f"/{name} cannot be read: No such file or directory"):
        read_rows(str(tmp_path / name))


def test_a_folder_is_a_clear_failure(tmp_path):
    (tmp_path / "a.csv").mkdir()

    with pytest.raises(AccessError, match="a.csv cannot be read: Is a directory"):
        read_rows(str(tmp_path / "a.csv"))
