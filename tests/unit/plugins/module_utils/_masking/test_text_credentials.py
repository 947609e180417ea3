# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import html
import json
import time
from urllib.parse import quote

import pytest

from ansible_collections.mediaops.access.plugins.module_utils._masking.marks import MASK
from ansible_collections.mediaops.access.plugins.module_utils._masking.secrets import without_credentials
from ansible_collections.mediaops.access.plugins.module_utils._masking.text_credentials import names_credential
from ansible_collections.mediaops.access.tests.unit.plugins.module_utils._masking.test_names import (
    OTHER_NAMES,
    SECRET_NAMES,
)

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize("name", SECRET_NAMES)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{{"{0}":"', '","x":1}}'),
        ('{{"x": 1, "{0}": "', ""),
        ("{{'{0}': '", "'}}"),
        ("a=1&{0}=", "&b=2"),
        ("https://host.example.com/?{0}=", ""),
        ("<{0}>", "</{0}>"),
        ('<x {0}="', '"/>'),
        ("[{0}] => ", "\n"),
    ],
)
def test_named_credential_is_masked_in_text(name, before, after):
    text = f"{before.format(name)}new-value_1{after.format(name)}"

    assert names_credential(text)
    assert without_credentials(text) == f"{before.format(name)}{MASK}{after.format(name)}"


@pytest.mark.parametrize("name", OTHER_NAMES)
@pytest.mark.parametrize("text", ['{{"{0}": "value 1"}}', "<{0}>value 1</{0}>", "a=1&{0}=value1&b=2"])
def test_value_under_another_name_is_unchanged(name, text):
    assert not names_credential(text.format(name))
    assert without_credentials(text.format(name)) == text.format(name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param('{"access_token":"abc', f'{{"access_token":"{MASK}', id="cut off"),
        pytest.param('{"access_token":"ab\\"c\\\\', f'{{"access_token":"{MASK}', id="with a quote of its own"),
        pytest.param(
            json.dumps({"body": json.dumps({"token": "a b"})}),
            f'{{"body": "{{\\"token\\": \\"{MASK}\\"}}"}}',
            id="JSON in JSON",
        ),
        pytest.param(html.escape('{"token": "a b"}'), f"{{&quot;token&quot;: &quot;{MASK}&quot;}}", id="HTML"),
        pytest.param(quote("a=1&token=abc&b=2"), f"a%3D1%26token%3D{MASK}%26b%3D2", id="percent-encoded"),
        pytest.param(
            '{"credentials": {"user": "me", "x": ["y"', f'{{"credentials": {{{MASK}', id="everything below it"
        ),
        pytest.param("<credentials><user>me</user>", f"<credentials><{MASK}", id="elements below it"),
        pytest.param("Authorization: Bearer abc.def1", f"Authorization: {MASK}", id="a header"),
        pytest.param("you sent Bearer abcdefghijklmnopqrstuvwxyz", f"you sent {MASK}", id="a header without its name"),
        pytest.param(f"the value {JWT} is expired", f"the value {MASK} is expired", id="a JWT"),
        pytest.param("password: hunter2", f"password: {MASK}", id="a value with digits"),
        pytest.param("token: abcdefghijklmnopqrstuvwxyz", f"token: {MASK}", id="a long value"),
        pytest.param("İİİ token=abc", f"İİİ token={MASK}", id="letters that are two in lower case"),
    ],
)
def test_credentials_are_masked_in_unparsed_text(text, expected):
    assert names_credential(text)
    assert without_credentials(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Invalid token: expired",
        "Bad password: try again",
        "The token is expired, see the documentation of tokens",
        "Bearer token expected",
        "<token></token><next>x</next>",
        '{"tokens": [], "secret": {}, "password": ""}',
        "",
    ],
)
def test_prose_about_credentials_is_unchanged(text):
    assert without_credentials(text) == text


def test_names_credential_accepts_plain_words():
    assert names_credential("token: expired")


@pytest.mark.parametrize(
    "part",
    [
        "token>",
        "token:",
        "token=",
        'token="',
        "eyJ-",
        "eyJa.",
        "Bearer ",
        "<",
        "\\",
        "token",
        "key",
        "{",
        "Authorization: Basic ",
    ],
)
def test_hostile_text_takes_linear_time(part):
    text = part * (200_000 // len(part))
    started = time.process_time()

    without_credentials(text)
    names_credential(text)

    assert time.process_time() - started < 5
