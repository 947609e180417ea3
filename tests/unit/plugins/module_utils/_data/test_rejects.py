# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows that failed, in each format, and what may not be in the file's place."""

from __future__ import annotations

import json
import os
import stat
import tracemalloc

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.module_utils._data.rejects import Rejects
from ansible_collections.mediaops.access.plugins.module_utils._data.rows import read_items, read_rows
from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError

SPEC = {"email": {"type": "str"}, "id": {"type": "int"}, "state": {"type": "str"}, "flag": {"type": "bool"}}
REFUSED = "no: not for sale"


def reject(source, path, *reasons, encryptor=None, decrypt=None):
    """Read ``source``, whose rows fail for these reasons or succeed (None), and write those that failed."""
    rejects = Rejects(str(path), str(source), encryptor)
    rejects.check()
    items = list(read_items(str(source), SPEC, decrypt, rejects.keep))
    assert [item.problem for item in items if item.problem] == []
    assert len(items) == len(reasons)
    rejects.write(reasons)
    return items


@pytest.fixture
def rejected(tmp_path):
    """The text of the rejects of a file with this name and content."""

    def text(name, content, *reasons):
        source, path = tmp_path / name, tmp_path / f"rejects{os.path.splitext(name)[1]}"
        source.write_bytes(content.encode())
        reject(source, path, *reasons)
        return path.read_bytes().decode()

    return text


# --- formats -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "text"),
    [
        pytest.param("email,id\na@b.c,1\nd@e.f,2\n", f"email,id,reason\nd@e.f,2,{REFUSED}\n", id="plain"),
        pytest.param("email,id\r\na@b.c,1\r\nd@e.f,2\r\n", f"email,id,reason\r\nd@e.f,2,{REFUSED}\r\n", id="Windows"),
        pytest.param("email;id\na@b.c;1\nd@e.f;2", f"email;id;reason\nd@e.f;2;{REFUSED}\n", id="semicolons"),
        pytest.param("email\tid\na@b.c\t1\nd@e.f\t2", f"email\tid\treason\nd@e.f\t2\t{REFUSED}\n", id="tabs"),
        pytest.param(
            "\ufeffsep=;\r\nemail;id\r\na@b.c;1\r\nd@e.f;2\r\n",
            f"\ufeffsep=;\r\nemail;id;reason\r\nd@e.f;2;{REFUSED}\r\n",
            id="Excel",
        ),
        pytest.param(
            '"sep=|"\nemail|id\na@b.c|1\nd@e.f|2\n', f'"sep=|"\nemail|id|reason\nd@e.f|2|{REFUSED}\n', id="bars"
        ),
        pytest.param(
            "id,state,email,flag\n1\n0002, present ,d@e.f\n",
            f"id,state,email,flag,reason\n0002, present ,d@e.f,,{REFUSED}\n",
            id="values as they are, a short row",
        ),
        pytest.param(
            'email,state,\na@b.c,,\n"d@e.f","say ""no"", x\ny",\n',
            f'email,state,,reason\nd@e.f,"say ""no"", x\ny",,{REFUSED}\n',
            id="quotes, an empty column",
        ),
        pytest.param(
            "email,reason,id\na@b.c,,1\nd@e.f,gone,2\n", f"email,reason,id\nd@e.f,{REFUSED},2\n", id="an earlier reason"
        ),
        pytest.param("email, reason \na@b.c\nd@e.f\n", f"email, reason \nd@e.f,{REFUSED}\n", id="no reason in a row"),
    ],
)
def test_csv(rejected, content, text):
    assert rejected("a.csv", content, None, REFUSED) == text


def test_json(rejected):
    content = json.dumps(
        [{"email": "ä@b.c", "id": "007", "state": None}, {"id": 1}, {"id": 3, "reason": "", "flag": True}]
    )

    assert rejected("a.json", content, "not «here»", None, REFUSED) == (
        '[\n{"email": "ä@b.c", "id": "007", "state": null, "reason": "not «here»"},\n'
        f'{{"id": 3, "reason": "{REFUSED}", "flag": true}}\n]\n'
    )


def test_json_lines(rejected):
    assert rejected("a.jsonl", '{"id": 1}\n\n{"state": "", "id": 2}\n', None, REFUSED) == (
        f'{{"state": "", "id": 2, "reason": "{REFUSED}"}}\n'
    )


def test_yaml(rejected):
    content = (
        "- &x {id: 1, email: a@b.c}\n- {id: 0123, state: 12:30, email: d+e@f.g, flag: no}\n- <<: *x\n  state: '~'\n"
    )

    assert rejected("a.yml", content, None, REFUSED, "gone") == (
        f'- id: 0123\n  state: 12:30\n  email: d+e@f.g\n  flag: no\n  reason: "{REFUSED}"\n'
        '- id: 1\n  email: a@b.c\n  state: "~"\n  reason: gone\n'
    )


def test_a_reason_is_one_line_of_valid_utf_8(rejected):
    assert rejected("a.csv", "id\n1\n", 'two\r\n lines, "\ud800"') == 'id,reason\n1,"two lines, ""?"""\n'


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.jsonl", "a.yml"])
@pytest.mark.parametrize("extension", ["", "upper case"])
def test_the_file_is_private_and_can_be_the_next_input(tmp_path, name, extension):
    """Its own rejects can be written as well, from the same columns."""
    path = tmp_path / (name.upper() if extension else f"rejects-{name}")
    again = tmp_path / f"again-{name}"
    text = "email,id\na@b.c,1\nd@e.f,2\n" if name == "a.csv" else "".join(f'{{"id": {number}}}\n' for number in (1, 2))
    rows = [{"id": 1}, {"id": 2}]
    content = {"a.json": json.dumps(rows), "a.yml": yaml.safe_dump(rows)}.get(name, text)
    (tmp_path / name).write_text(content)
    items = reject(tmp_path / name, path, "first", "second")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(found.name for found in tmp_path.iterdir()) == sorted([name, path.name])
    assert [item.options for item in reject(path, again, "first", "second")] == [item.options for item in items]
    assert again.read_bytes() == path.read_bytes()


TEXTS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=8)
VALUES = st.fixed_dictionaries({"id": st.integers(0, 10**20).map(str)}, optional={"state": TEXTS})


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(VALUES, st.none() | TEXTS), min_size=1, max_size=5),
    extension=st.sampled_from(["csv", "json", "jsonl", "yml"]),
    delimiter=st.sampled_from(",;\t"),
)
def test_whatever_the_values_are_the_rows_that_failed_are_read_again_as_they_were(tmp_path, rows, extension, delimiter):
    source, path = tmp_path / f"a.{extension}", tmp_path / f"rejects.{extension}"
    path.unlink(missing_ok=True)
    values = [row for row, _reason in rows]
    if extension == "csv":
        cells = [["id", "state"], *([row["id"], row.get("state", "")] for row in values)]
        quoted = [['"{}"'.format(cell.replace('"', '""')) for cell in row] for row in cells]
        source.write_text("".join(delimiter.join(row) + "\n" for row in quoted), "utf-8", newline="")
    else:
        text = "".join(json.dumps(row) + "\n" for row in values) if extension == "jsonl" else json.dumps(values)
        source.write_text(yaml.safe_dump(values) if extension == "yml" else text, "utf-8", newline="")
    reject(source, path, *(reason for _row, reason in rows))

    failed = [row for row, (_values, reason) in zip(read_rows(str(source)), rows) if reason is not None]
    assert path.exists() is bool(failed)
    found = [{**row.options} for row in read_rows(str(path))] if failed else []
    assert [" ".join((row.pop("reason", "")).split()) for row in found] == [
        " ".join(reason.split()) for _values, reason in rows if reason is not None
    ]
    assert found == [row.options for row in failed]


# --- the file ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id\n1\n")
    return path


def test_if_no_row_failed_an_old_file_is_removed(tmp_path, source):
    path = tmp_path / "rejects.csv"
    reject(source, path, REFUSED)
    assert path.exists()
    reject(source, path, None)
    assert not path.exists()
    reject(source, path, None)
    assert [found.name for found in tmp_path.iterdir()] == ["a.csv"]


def test_the_rows_are_those_that_were_read_even_if_the_source_has_changed(tmp_path, source):
    path = tmp_path / "rejects.csv"
    rejects = Rejects(str(path), str(source))
    list(read_items(str(source), SPEC, keep=rejects.keep))
    source.unlink()
    rejects.write([REFUSED])

    assert path.read_text() == f"id,reason\n1,{REFUSED}\n"


def test_a_link_is_replaced_and_its_target_kept(tmp_path, source):
    (tmp_path / "foreign").write_text("foreign")
    path = tmp_path / "rejects.csv"
    path.symlink_to("foreign")
    reject(source, path, REFUSED)

    assert not path.is_symlink() and path.read_text() == f"id,reason\n1,{REFUSED}\n"
    assert (tmp_path / "foreign").read_text() == "foreign"


def make_link(path):
    path.symlink_to("a.csv")


def make_hard_link(path):
    os.link(path.parent / "a.csv", path)


@pytest.mark.parametrize(
    ("name", "make", "problem"),
    [
        ("rejects.csv", os.mkfifo, "{path} is a FIFO, not a regular file. Set rejects_file to another path"),
        ("rejects.csv", os.mkdir, "{path} is a directory, not a regular file. Set rejects_file to another path"),
        ("rejects.csv", lambda path: path.symlink_to("/dev/null"), "{path} is a device, not a regular file. Set rejects_file to another path"),
        ("none/rejects.csv", None, "{path} cannot be written: No such file or directory"),
        ("a.csv", None, "{path} is the same file as {source}. Set rejects_file to another path"),
        ("b/../a.csv", lambda path: os.mkdir(path.parent.parent), "{path} is the same file as {source}. Set rejects_file to another path"),
        ("rejects.csv", make_link, "{path} is the same file as {source}. Set rejects_file to another path"),
        ("rejects.csv", make_hard_link, "{path} is the same file as {source}. Set rejects_file to another path"),
        ("other.csv", None, "{path} is the same file as {other}. Set rejects_file to another path"),
        ("rejects.json", None, "{path} must have the extension .csv, because the rows keep the format of {source}"),
        ("rejects", None, "{path} must have the extension .csv, because the rows keep the format of {source}"),
    ],
)  # fmt: skip
def test_an_impossible_path_is_an_error_before_anything_is_read(tmp_path, source, name, make, problem):
    path, other = tmp_path / name, str(tmp_path / "other.csv")
    if make:
        make(path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(AccessError) as caught:
        Rejects(str(path), str(source)).check(None, other)

    assert caught.value.message == "rejects_file: " + problem.format(path=path, source=source, other=other)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(("name", "rejects"), [("a.jsonl", "b.ndjson"), ("a.yml", "b.yaml"), ("a.CSV", "b.csv")])
def test_extensions_of_one_format_may_differ(tmp_path, name, rejects):
    (tmp_path / name).write_text("[]")

    Rejects(str(tmp_path / rejects), str(tmp_path / name)).check()


def test_a_file_that_cannot_be_written_in_the_end_is_an_error(tmp_path, source):
    folder = tmp_path / "folder"
    folder.mkdir()
    rejects = Rejects(str(folder / "rejects.csv"), str(source))
    rejects.check()
    list(read_items(str(source), SPEC, keep=rejects.keep))
    folder.rmdir()
    with pytest.raises(
        AccessError, match=r"^rejects_file: .*/rejects.csv cannot be written: No such file or directory$"
    ):
        rejects.write([REFUSED])


def test_the_rows_of_an_encrypted_file_are_encrypted(tmp_path):
    source, path = tmp_path / "a.csv", tmp_path / "rejects.csv"
    source.write_text("$ANSIBLE_VAULT;1.1;AES256\n3634\n")
    reject(
        source,
        path,
        None,
        REFUSED,
        encryptor=lambda like: lambda text: f"encrypted like {like}: {text}".encode(),
        decrypt=lambda _path: "id\n1\n2\n",
    )

    assert path.read_text() == f"encrypted like {source}: id,reason\n2,{REFUSED}\n"


def test_kept_rows_need_little_memory(tmp_path):
    source, path = tmp_path / "a.csv", tmp_path / "rejects.csv"
    with open(source, "w") as file:
        file.write("email,id,state\n")
        file.writelines(f"viewer{number}@example.com,{number},present\n" for number in range(10_000))
    rejects = Rejects(str(path), str(source))
    tracemalloc.start()
    try:
        for _item in read_items(str(source), SPEC, keep=rejects.keep):
            pass
        rejects.write(REFUSED for _row in range(10_000))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert most < 1 << 20
    with open(path) as file:
        assert sum(1 for _line in file) == 10_001
