# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.module_utils._data.values import (
    identity,
    leaves,
    problem_with,
    problems_in,
)

INT, TEXT = {"type": "int"}, {"type": "str"}

# --- ids ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["id", "user_id", "video_manager_id"])
@pytest.mark.parametrize("value", [0, 5, "5", " 5 ", "0005", "99999999999999999999", 2**70])
def test_digits_are_ids(name, value):
    assert problem_with(name, INT, value) is None


NO_IDS = [
    "1e3",
    "1E3",
    "1.00E+03",
    "1,00E+03",
    "5.0",
    5.0,
    1e3,
    "+5",
    "-5",
    -5,
    "1_000",
    "1 000",
    "1,000",
    "1'000",
    "0x1F",
    "٥",
    "５",
    "5\u00a0",
    "",
    "five",
    True,
]


@pytest.mark.parametrize("value", NO_IDS, ids=ascii)
def test_other_values_are_not_ids(value):
    problem = problem_with("user_id", INT, value)

    assert (
        problem
        == f"{value!r} is not an id. Give it in plain digits; spreadsheets round long numbers unless the column is text"
    )


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("retries", INT),
        ("ident", INT),
        ("user_ids", INT),
        ("client_id", TEXT),
        ("id", TEXT),
        ("user_id", {"type": "float"}),
    ],
)
def test_other_numbers_and_string_ids_are_not_checked(name, option):
    assert problem_with(name, option, "-1e3") is None


# --- texts -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["3.10", "", "no", 5, 222])
def test_strings_and_integers_are_valid_text(value):
    assert problem_with("alias", TEXT, value) is None
    assert problem_with("alias", {}, value) is None


@pytest.mark.parametrize(("value", "kind"), [(3.1, "number"), (1e3, "number"), (True, "boolean"), (False, "boolean")])
def test_booleans_and_floats_are_not_valid_text(value, kind):
    assert (
        problem_with("alias", TEXT, value)
        == f"{value} is a {kind} and must be text. Put it in quotes: YAML changes unquoted values (3.10 to 3.1, no to false)"
    )


@pytest.mark.parametrize(
    "option",
    [{"type": "float"}, {"type": "bool"}, {"type": "raw"}, {"type": "path"}, {"type": "str", "choices": ["a"]}],
    ids=str,
)
def test_options_of_other_types_are_not_checked(option):
    assert problem_with("timeout", option, 3.1) is None


@pytest.mark.parametrize(
    ("name", "option", "value", "beginning"),
    [
        ("password", TEXT, 31.4159, "is a number and must be text. "),
        ("password", TEXT, True, "is a boolean and must be text. "),
        ("user_id", INT, "1e3", "is not an id. "),
    ],
)
def test_secret_values_are_not_quoted(name, option, value, beginning):
    problem = problem_with(name, {**option, "no_log": True}, value)

    assert problem.startswith(beginning) and str(value) not in problem


# --- addresses ---------------------------------------------------------------------------------------------------------------

addresses = pytest.mark.parametrize("name", ["email", "user_email"])


@addresses
@pytest.mark.parametrize(
    "value",
    [
        "a@b",
        "Alice.O'Neil+x@Example.com",
        "jürgen@müller.de",
        "ελ@παράδειγμα.gr",
        '"a@b"@c.d',
        "用户@例子.公司",
        "😀@x.y",
        "",
    ],
    ids=ascii,
)
def test_valid_addresses(name, value):
    assert problem_with(name, TEXT, value) is None


@addresses
@pytest.mark.parametrize(
    ("value", "lacking"),
    [
        ("alice", "@"),
        ("alice.example.com", "@"),
        ("@b.c", "text before or after the @"),
        ("a@", "text before or after the @"),
        ("@", "text before or after the @"),
    ],
)
def test_addresses_without_an_at_are_invalid(name, value, lacking):
    assert problem_with(name, TEXT, value) == f"{value!r} is not an e-mail address: it has no {lacking}"


UNSEEN = {
    " ": "SPACE (U+0020)",
    "\t": "a control character (U+0009)",
    "\x00": "a control character (U+0000)",
    "\x7f": "a control character (U+007F)",
    "\u00a0": "NO-BREAK SPACE (U+00A0)",
    "\u00ad": "SOFT HYPHEN (U+00AD)",
    "\u034f": "COMBINING GRAPHEME JOINER (U+034F)",
    "\u115f": "HANGUL CHOSEONG FILLER (U+115F)",
    "\u180e": "MONGOLIAN VOWEL SEPARATOR (U+180E)",
    "\u2003": "EM SPACE (U+2003)",
    "\u200b": "ZERO WIDTH SPACE (U+200B)",
    "\u200d": "ZERO WIDTH JOINER (U+200D)",
    "\u200e": "LEFT-TO-RIGHT MARK (U+200E)",
    "\u2028": "LINE SEPARATOR (U+2028)",
    "\u202e": "RIGHT-TO-LEFT OVERRIDE (U+202E)",
    "\u2060": "WORD JOINER (U+2060)",
    "\u2800": "BRAILLE PATTERN BLANK (U+2800)",
    "\u3164": "HANGUL FILLER (U+3164)",
    "\ufe0f": "VARIATION SELECTOR-16 (U+FE0F)",
    "\ufeff": "ZERO WIDTH NO-BREAK SPACE (U+FEFF)",
    "\U000e0041": "TAG LATIN CAPITAL LETTER A (U+E0041)",
    "\ud800": "a control character (U+D800)",
}


@addresses
@pytest.mark.parametrize("form", ["{}a@b.c", "a{}@b.c", "a@b{}.c", "a@b.c{}"])
@pytest.mark.parametrize("character", UNSEEN, ids=ascii)
def test_invisible_characters_are_refused_and_named(name, form, character):
    problem = problem_with(name, TEXT, form.format(character))

    assert f" contains {UNSEEN[character]}: an e-mail address has no whitespace or invisible characters" in problem
    assert problem.isprintable() or character == " "


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=6))
def test_only_visible_characters_are_accepted(local):
    if problem_with("email", TEXT, f"x{local}@b.c") is None:
        assert not {unicodedata.category(character) for character in local} & {
            "Cc",
            "Cf",
            "Cs",
            "Cn",
            "Co",
            "Zs",
            "Zl",
            "Zp",
        }
        assert not any(map(str.isspace, local))


# --- identity ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Alice@Example.com", "alice@example.com"),
        ("ALICE@EXAMPLE.COM", "aLiCe@eXaMpLe.CoM"),
        ("j\u00fcrgen@x.y", "ju\u0308rgen@x.y"),
        ("J\u00dcRGEN@x.y", "ju\u0308rgen@X.Y"),
        ("stra\u00dfe@x.y", "STRASSE@x.y"),
        ("\u03c3\u03c2@x.y", "\u03a3\u03a3@x.y"),
    ],
    ids=ascii,
)
def test_equivalent_addresses_have_the_same_identity(one, other):
    assert identity(one) == identity(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("a@b.c", "b@b.c"), ("a.b@c.d", "ab@c.d"), ("a+x@b.c", "a@b.c"), ("jurgen@x.y", "j\u00fcrgen@x.y")],
    ids=ascii,
)
def test_different_addresses_have_different_identities(one, other):
    assert identity(one) != identity(other)


@given(st.text(max_size=12))
def test_identity_is_idempotent_and_ignores_case_and_form(text):
    same = identity(text)

    assert identity(same) == same
    assert identity(unicodedata.normalize("NFD", text)) == same
    assert identity(unicodedata.normalize("NFC", text)) == same
    assert unicodedata.is_normalized("NFC", same)


# --- where they stand --------------------------------------------------------------------------------------------------------

SPEC = {
    "id": INT,
    "alias": TEXT,
    "items": {"type": "list", "options": {"user_id": INT, "email": TEXT}},
    "tree": {"type": "dict"},
}


def test_leaves_include_options_and_suboptions():
    values = {
        "id": "1e3",
        "alias": 3.1,
        "items": [{"user_id": 5}, {"user_id": "+5", "email": "x"}, "no item", {"unknown": True}],
        "tree": {"id": 1.5},
        "other": 1.5,
        "gone": None,
    }

    assert [problem.partition(": ")[0] for problem in problems_in(leaves(values, SPEC, "flex.", joint="."))] == [
        "flex.id",
        "flex.alias",
        "flex.items[1].user_id",
        "flex.items[1].email",
    ]
    assert [leaf.place for leaf in leaves(values, SPEC)][2:4] == ["items[0]: user_id", "items[1]: user_id"]


@pytest.mark.parametrize("items", [None, "text", 5, {"user_id": "x"}, [None, 5, "x"]], ids=str)
def test_leaves_skip_values_of_the_wrong_shape(items):
    assert problems_in(leaves({"items": items}, SPEC)) == []


@pytest.mark.parametrize("value", [{"id": 1}, ["hush-token"], []], ids=str)
@pytest.mark.parametrize(("name", "option"), [("id", INT), ("alias", TEXT), ("email", TEXT)])
def test_dicts_and_lists_are_not_checked(name, option, value):
    assert problem_with(name, option, value) is None


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [("id", INT, "hush-token"), ("alias", TEXT, 3.1), ("email", TEXT, "hush-token"), ("email", TEXT, "hu sh@b.c")],
)
def test_values_can_be_omitted_from_messages(name, option, value):
    shown, hidden = problem_with(name, option, value), problem_with(name, option, value, show_value=False)

    assert shown == f"{value!r} {hidden}"
    assert str(value) not in hidden.partition("Put it")[0]
