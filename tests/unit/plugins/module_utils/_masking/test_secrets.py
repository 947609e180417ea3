# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.module_utils._masking import search
from ansible_collections.mediaops.access.plugins.module_utils._masking.marks import CUT, MASK
from ansible_collections.mediaops.access.plugins.module_utils._masking.secrets import (
    Secrets,
    is_short,
    strings_in,
    url_passwords,
)

SECRET = 'p&s "w\\rd/ä+1'


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(SECRET, id="as it is"),
        pytest.param(quote(SECRET, safe=""), id="percent-encoded"),
        pytest.param(quote(SECRET), id="percent-encoded in a path"),
        pytest.param(quote_plus(SECRET), id="in a query"),
        pytest.param(urlencode({"password": SECRET}), id="in a form"),
        pytest.param(json.dumps({"password": SECRET}), id="in JSON"),
        pytest.param(json.dumps({"password": SECRET}, ensure_ascii=False), id="in JSON as UTF-8"),
        pytest.param(encoded(SECRET), id="base64"),
    ],
)
def test_secret_is_masked_in_any_encoding(text):
    scrubbed = Secrets([SECRET]).scrub(f"before {text} after")

    assert scrubbed in (
        f"before {start}{MASK}{end} after"
        for start, end in (("", ""), ("", "="), ("password=", ""), ('{"password": "', '"}'))
    )


QUOTED = 'it\'s "here"\\\n<b>&ä\x7f'


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(repr, id="Python"),
        pytest.param(lambda secret: repr({"deep": [secret]}), id="Python, in a dict"),
        pytest.param(lambda secret: repr(repr(secret)), id="Python, twice"),
        pytest.param(lambda secret: repr(f"{secret} and an ' too"), id="Python, beside a single quote"),
        pytest.param(lambda secret: repr(f'{secret} and a " too'), id="Python, beside a double quote"),
        pytest.param(lambda secret: repr(f"both ' and \" {secret}"), id="Python, beside both"),
        pytest.param(html.escape, id="HTML"),
        pytest.param(lambda secret: html.escape(secret, quote=False), id="HTML, quotes as they are"),
        pytest.param(lambda secret: html.escape(secret).replace("&#x27;", "&#39;"), id="HTML, decimal"),
        pytest.param(json.dumps, id="JSON"),
        pytest.param(lambda secret: json.dumps(secret).replace("/", "\\/"), id="JSON of PHP"),
        pytest.param(lambda secret: " ".join(secret.split()), id="in one line"),
    ],
)
@pytest.mark.parametrize(
    "secret", [SECRET, QUOTED, "it's his", 'say "x"', "two  lines\n\n of text", "a/b\\cdef"], ids=ascii
)
def test_secret_is_masked_in_any_quotation(secret, written):
    text = f"before {written(secret)} after"

    scrubbed = Secrets([secret]).scrub(text)

    assert MASK in scrubbed
    assert written(secret).strip("'\"") not in scrubbed
    assert scrubbed.startswith("before ")
    assert scrubbed.endswith(" after")


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("first <b>second</b>  third", "first second third"),
        ("<i>first</i>\nsecond", "first second"),
        ("first\r\n\tsecond ", "first second"),
    ],
    ids=ascii,
)
def test_secret_is_masked_in_the_text_of_a_page(secret, text):
    assert Secrets([secret]).scrub(f"<{text}>") == f"<{MASK}>"


@pytest.mark.parametrize("secret", ["a\nb", "<a b c d e f>", " \n "], ids=ascii)
def test_flattened_secret_is_searched_only_if_long_enough(secret):
    assert Secrets([secret]).scrub("a b, a  b") == "a b, a  b"


@pytest.mark.parametrize("user", ["i", "id", "ids"])
def test_secret_is_masked_in_basic_credentials_at_any_offset(user):
    text = encoded(f"{user}:{SECRET}")

    assert len(Secrets([SECRET]).scrub(text).replace(MASK, "")) <= len(text) - len(SECRET)


@given(st.text(st.characters(exclude_characters="*", exclude_categories=["Cs"]), min_size=6), st.text(), st.text())
def test_any_text_is_scrubbed(secret, before, after):
    assert secret not in Secrets([secret]).scrub(before + secret + after).replace(MASK, "*")


LONG = "super/secret value"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((f"is {LONG[:length]}{CUT}", f"is {MASK}{CUT}") for length in range(4, len(LONG) + 1)),
        *((f"is {LONG[:length]}{CUT}", f"is {LONG[:length]}{CUT}") for length in range(1, 4)),
        (f"is super%2Fsecr{CUT} more", f"is {MASK}{CUT} more"),
        (f"is super{CUT} or {LONG} or supersup{CUT}", f"is {MASK}{CUT} or {MASK} or supersup{CUT}"),
        (f"super{CUT}{CUT}super/{CUT}", f"{MASK}{CUT}{CUT}{MASK}{CUT}"),
        (f"supersuper{CUT}", f"super{MASK}{CUT}"),
        (f"is {CUT}super", f"is {CUT}super"),
        ("is super", "is super"),
        (CUT, CUT),
    ],
)
def test_truncated_secret_is_masked(text, expected):
    assert Secrets([LONG, "another"]).scrub(text) == expected


def test_truncated_text_without_secrets_is_unchanged():
    assert Secrets().scrub(f"text{CUT} more{CUT}") == f"text{CUT} more{CUT}"


@given(st.permutations("abcdefgh").map("".join), st.text("abc ", max_size=12), st.integers(4, 8))
def test_any_truncated_secret_is_masked(secret, before, length):
    scrubbed = Secrets([secret]).scrub(before + secret[:length] + CUT)

    assert scrubbed.endswith(MASK + CUT)


def test_longer_of_two_secrets_is_masked_completely():
    assert Secrets(["abcdef", "abcdefghi"]).scrub("<abcdefghi> <abcdef>") == f"<{MASK}> <{MASK}>"


def test_text_without_a_secret_is_unchanged():
    assert Secrets(["hidden", "", None]).scrub("nothing to see") == "nothing to see"


@pytest.mark.parametrize(
    "value", ["secret\ud800", "sec\udcffret"], ids=["half a surrogate pair", "an undecodable byte"]
)
def test_secret_that_cannot_be_encoded_as_utf_8_is_masked(value):
    assert Secrets([value]).scrub(f"<{value}>") == f"<{MASK}>"


@pytest.mark.parametrize(
    ("value", "known"),
    [
        pytest.param("number one", ["number one"], id="string"),
        pytest.param(1234567, ["1234567"], id="number"),
        pytest.param(["number one", ["number two"]], ["number one", "number two"], id="lists"),
        pytest.param({"key one": "number one"}, ["number one"], id="dict"),
        pytest.param(
            [{"key one": "number one"}, {"other key": {"inner key": "number two"}}],
            ["number one", "number two"],
            id="dicts in lists",
        ),
        pytest.param([None, True, False, ""], [], id="nothing"),
    ],
)
def test_nested_values_are_added(value, known):
    secrets = Secrets()
    secrets.add(value)

    words = ["number one", "number two", "1234567", "True", "None"]
    assert [word for word in words if secrets.scrub(word) == MASK] == [word for word in words if word in known]


def test_copy_and_original_are_independent():
    original = Secrets(["common"])
    early = original.copy()
    assert original.scrub("common") == MASK
    late = original.copy()

    original.add("mine only")
    early.add("early one")
    late.add("late one")

    text = "common, mine only, early one, late one"
    assert original.scrub(text) == f"{MASK}, {MASK}, early one, late one"
    assert early.scrub(text) == f"{MASK}, mine only, {MASK}, late one"
    assert late.scrub(text) == f"{MASK}, mine only, early one, {MASK}"


def test_needles_are_computed_lazily_and_once(monkeypatch):
    asked, needles = [], search._needles
    monkeypatch.setattr(search, "_needles", lambda text: asked.append(text) or needles(text))
    secrets = Secrets(["number one"])
    secrets.add("number two", "number two")
    twin = secrets.copy()
    assert asked == []

    assert (
        secrets.scrub("number one, number two"),
        secrets.contained_in(["number two"]),
        secrets.copy().scrub("number two"),
    ) == (
        f"{MASK}, {MASK}",
        True,
        MASK,
    )
    assert sorted(asked) == ["number one", "number two"]

    secrets.add("number three")
    assert (secrets.scrub("number three"), twin.scrub("number one, number three")) == (MASK, f"{MASK}, number three")


def test_scrub_tree_copies_and_scrubs():
    tree = {"url": "x?k=hidden", "list": ["hidden", 1, None, True], "deep": {"a": {"b": "hidden"}}}

    assert Secrets(["hidden"]).scrub_tree(tree) == {
        "url": f"x?k={MASK}",
        "list": [MASK, 1, None, True],
        "deep": {"a": {"b": MASK}},
    }
    assert tree["list"][0] == "hidden"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(SECRET, True, id="the secret itself"),
        pytest.param({"a": [{"b": f"x{SECRET}y"}]}, True, id="deep inside a longer string"),
        pytest.param({SECRET: 1}, True, id="as a key"),
        pytest.param((SECRET,), True, id="in a tuple"),
        pytest.param(f"https://host/?p={quote(SECRET, safe='')}", True, id="percent-encoded in a URL"),
        pytest.param(json.dumps([SECRET]), True, id="escaped in JSON"),
        pytest.param(
            {"application": {"client_secret": "unknown so far"}}, True, id="any value of a key that names a secret"
        ),
        pytest.param([{"access_token": "new"}], True, id="a token in a list"),
        pytest.param({"tokens": ["new"]}, True, id="a list of tokens"),
        pytest.param({"tokens": [{"principal": "me"}, 2]}, False, id="a list about tokens"),
        pytest.param({"client_secret": ""}, False, id="an empty secret"),
        pytest.param({"client_secret": None}, False, id="no secret"),
        pytest.param({"rotate_secret": True}, False, id="a switch"),
        pytest.param({"msg": "all is well", "changed": False, "items": [1, None]}, False, id="nothing secret"),
        pytest.param(None, False, id="nothing"),
    ],
)
def test_contained_in(value, expected):
    assert Secrets([SECRET]).contained_in(value) is expected


@pytest.mark.parametrize(
    ("secret", "value", "expected"),
    [
        pytest.param("abcdef", ["abc", "def"], False, id="two items of a list"),
        pytest.param("abcdef", {"abc": "def"}, False, id="a key and its value"),
        pytest.param("123456", [123, 456], False, id="two numbers"),
        pytest.param("abcdef", ["abc", "abcdef"], True, id="a whole item"),
        pytest.param("123456", [123456], True, id="a number"),
        pytest.param("abcdef", {"abcdef": 1}, True, id="a key"),
    ],
)
def test_secret_does_not_match_across_values(secret, value, expected):
    assert Secrets([secret]).contained_in(value) is expected


@given(st.text("ab", min_size=6, max_size=8), st.lists(st.text("ab", max_size=12)))
def test_secret_is_in_a_list_if_in_one_of_its_strings(secret, texts):
    assert Secrets([secret]).contained_in(texts) is any(secret in text for text in texts)


# Secrets shorter than six characters


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("e", "POST https://host.example.com/e was answered with HTTP 401: the element e is missing"),
        ("401", "GET https://host.example.com/x was answered with HTTP 401: 401 Unauthorized"),
        ("401", '{"status": 401, "code": "E401"}'),
        ("s", "it's wrong, and the user's"),
        ("abcde", "abcdef, abcde and abcde"),
        ("no", "error: no such user (no)"),
    ],
)
def test_short_secret_is_not_masked_within_text(secret, text):
    assert Secrets([secret]).scrub(text) == text


@pytest.mark.parametrize("secret", ["e", "401", "a/b+c", "it's", "ä&<>", "abcde"])
@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{{"password": "{}", "x": 1}}',
        "{{'password': '{}'}}",
        "unknown option '{}'",
        "<password>{}</password>",
        "?password={}&x=1",
        "https://host.example.com/?x=1&password={}",
        "password={} is wrong",
    ],
)
@pytest.mark.parametrize(
    "encode",
    [str, json.dumps, html.escape, lambda text: quote(text, safe="")],
    ids=["as it is", "JSON", "HTML", "percent"],
)
def test_short_secret_is_masked_as_a_whole_value(secret, text, encode):
    encoded = encode(secret)[1:-1] if encode is json.dumps else encode(secret)
    if text == "{}" and encoded != secret:
        pytest.skip("a text that is neither the secret nor holds a value")

    assert Secrets([secret]).scrub(text.format(encoded)) == text.format(MASK)


def test_short_secret_is_masked_as_a_whole_string_of_a_tree():
    tree = {"401": ["401", 401, "HTTP 401"], "x": {"y": "401"}}

    assert Secrets(["401"]).scrub_tree(tree) == {"401": [MASK, 401, "HTTP 401"], "x": {"y": MASK}}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"status": 401, "msg": "HTTP 401"}, False),
        ({"401": "x"}, False),
        (["x", {"y": "401"}], True),
        ({"content": "code=401&x=1"}, True),
        (None, False),
    ],
)
def test_short_secret_is_contained_only_as_a_whole_string(value, expected):
    assert Secrets(["401"]).contained_in(value) is expected


@pytest.mark.parametrize(
    ("secret", "short"),
    [("", True), ("abcde", True), ("abcdef", False), ("äöü😀xy", False), (12345, False), (None, False)],
)
def test_is_short(secret, short):
    assert is_short(secret) is short


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param({"content": "<oauth><access_token>new</access_token></oauth>"}, True, id="XML"),
        pytest.param({"content": "access_token=new&expires_in=5"}, True, id="a form"),
        pytest.param({"content": '{"client_secret": "new'}, True, id="broken JSON"),
        pytest.param({"json": {"next": "https://host/list?page=2&access_token=new"}}, True, id="a URL"),
        pytest.param(
            {"headers": {"location": "https://host/x?X-Amz-Date=20261128&X-Amz-Signature=0a1b"}},
            True,
            id="a signed Location",
        ),
        pytest.param({"headers": {"x-auth-key": "new"}}, True, id="a header with a key"),
        pytest.param({"headers": {"x-session-id": "new"}}, True, id="a header with a session"),
        pytest.param({"json": {"credentials": {"user": "me", "parts": [{"first": "new"}]}}}, True, id="below a key"),
        pytest.param({"json": {"tokens": [{"principal": "me"}]}}, True, id="a list below a key"),
        pytest.param(
            {"json": {"tokens": [{"left": 5}], "secret": None, "password": "", "otp": False}},
            False,
            id="nothing below keys",
        ),
        pytest.param(
            {"json": {"value": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2ln"}},
            True,
            id="a JWT under another name",
        ),
        pytest.param({"json": {"hint": "Ask for a token from the token endpoint"}}, False, id="words"),
        pytest.param(
            {
                "json": {
                    "token_type": "bearer",
                    "expires_in": 3600,
                    "password_policy": "strict",
                    "author": "me",
                    "keywords": ["a"],
                    "secretary": "x",
                }
            },
            False,
            id="names that look like it",
        ),
        pytest.param({"content": f"you sent {SECRET}"}, True, id="a known secret"),
        pytest.param({"content": "", "headers": {"content-type": "text/plain"}}, False, id="nothing"),
    ],
)
def test_possibly_in(answer, expected):
    assert Secrets([SECRET]).possibly_in(answer) is expected


def test_strings_in_yields_every_string_and_number_with_keys():
    assert list(strings_in({"a": ["b", 1, 2.5, None, True], "c": ("d",)})) == ["a", "b", "1", "2.5", "c", "d"]


@pytest.mark.parametrize(
    ("url", "passwords"),
    [
        ("redis://:p%2Fw@host:6379/0", {"p%2Fw", "p/w"}),
        ("rediss://user:pw@host", {"pw"}),
        ("redis://host?password=pw&db=1", {"pw"}),
        ("redis://user@host", set()),
        ("redis://host", set()),
        ("redis://:pw@[host", {"pw"}),
        ("redis://u:p/w%41?x@y@host/0", {"p/w%41?x@y", "p/wA?x@y"}),
        ("redis://u:p#w@host", {"p#w"}),
        ("redis:/:pw@host", {"pw"}),
        ("redis:u:pw@host", {"u:pw"}),
        ("redis:p/w@host", {"p/w"}),
        ("redis//:pw@host", {"pw"}),
        (" redis://:pw@host", {"pw"}),
        ("u:pw@host:3128", {"pw"}),
        ("http://u:pw@host/path?mail=a@b", {"pw", "pw@host/path?mail=a"}),
        ("redis://host?password=p/w%41@y+z&db=1", {"p/w%41@y+z", "p/wA@y+z", "p/wA@y z"}),
        ("localhost,.example.com", set()),
        ("", set()),
        ("/var/cache/tokens", set()),
        ("none", set()),
        ("redis+sentinel://me:a%40b@x:1,y:2/z?sentinel_password=c%2Fd", {"a%40b", "a@b", "c%2Fd", "c/d"}),
        ("rediss+cluster://:pw@x:1,y:2", {"pw"}),
    ],
)
def test_url_passwords_are_returned_raw_and_decoded(url, passwords):
    assert set(url_passwords(url)) == passwords


@pytest.mark.parametrize("between", [" ", " | ", '", "'], ids=["blanks", "bars", "JSON"])
@pytest.mark.parametrize("encode", [lambda raw: base64.b64encode(raw).decode(), bytes.hex], ids=["base64", "hex"])
def test_wrapped_base64_and_hex_are_masked(encode, between):
    secret = "a-secret, which is long: Zq8&Wt5!"
    coded = encode(secret.encode()).rstrip("=")
    pieces = [coded[start : start + 11] for start in range(0, len(coded), 11)]

    assert Secrets([secret]).contained_in(between.join(pieces))


@pytest.mark.parametrize(
    "secret",
    ["''''\u0301\u0301\u0301%41", '"&amp;&amp;"', '%41%42%43"', "&lt;&lt;'%41", "\\u0041\\u0042%43", "<%41%42%43>"],
)
@pytest.mark.parametrize(
    "encode",
    [
        html.escape,
        lambda secret: json.dumps(secret)[1:-1],
        lambda secret: quote(secret, safe=""),
        lambda secret: quote(html.escape(secret), safe=""),
        lambda secret: json.dumps(html.escape(secret))[1:-1],
    ],
    ids=["HTML", "JSON", "URL", "HTML in a URL", "HTML in JSON"],
)
def test_a_secret_that_looks_encoded_is_masked_in_another_encoding(secret, encode):
    """Decoding the text also decodes the secret in it, of which too little is left to be found."""
    text = f"the password {encode(secret)} is wrong"

    assert Secrets([secret]).scrub(text) == f"the password {MASK} is wrong"
    assert Secrets([secret]).contained_in(text)
