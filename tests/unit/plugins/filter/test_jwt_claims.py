# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import contextlib
import json

import pytest
from ansible.errors import AnsibleError, AnsibleFilterError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.filter.jwt_claims import FilterModule

jwt_claims = FilterModule().filters()["jwt_claims"]
#: The example of RFC 7519, section 3.1.
EXAMPLE = (
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)


def part(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def jwt(payload, parts=3):
    """A token whose second part is this (bytes, or what JSON makes of it)."""
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return ".".join([part(b'{"alg":"HS256"}'), part(data), *["hush-token"] * (parts - 2)])


def test_the_example_of_the_rfc():
    assert jwt_claims(EXAMPLE) == {"iss": "joe", "exp": 1300819380, "http://example.com/is_root": True}


@pytest.mark.parametrize(
    "payload",
    [{}, {"exp": 1.5}, {"sub": "é€😀"}, {"a": [{"b": None}]}, {"padding": ""}, {"padding": "."}, {"padding": ".."}],
    ids=repr,
)
def test_claims_of_any_shape_and_length_are_read(payload):
    assert jwt_claims(jwt(payload)) == payload


def test_the_signature_is_not_verified():
    assert jwt_claims(EXAMPLE[:-5] + "AAAAA") == jwt_claims(EXAMPLE)
    assert jwt_claims(EXAMPLE.rpartition(".")[0] + ".") == jwt_claims(EXAMPLE)


@given(st.dictionaries(st.text(), st.none() | st.integers() | st.text() | st.lists(st.text(), max_size=2), max_size=4))
def test_whatever_is_written_is_read_back(claims):
    assert jwt_claims(jwt(claims)) == claims


@pytest.mark.parametrize(
    ("token", "words"),
    [
        pytest.param("hush-token", "not a valid JWT: it must consist of three base64url parts", id="opaque"),
        pytest.param("", "not a valid JWT", id="empty"),
        pytest.param("hush-token.hush-token", "not a valid JWT", id="two parts"),
        pytest.param(jwt({}, parts=4), "not a valid JWT", id="four parts"),
        pytest.param("hush-token.h.hush-token", "not a valid JWT", id="base64 cut short"),
        pytest.param("hush-token.é.hush-token", "not a valid JWT", id="no ASCII"),
        pytest.param(jwt(b"\xff\xfe"), "not a valid JWT", id="no text"),
        pytest.param(jwt(b"hush-token"), "not a valid JWT", id="no JSON"),
        pytest.param(jwt(b""), "not a valid JWT", id="nothing"),
        pytest.param(jwt([1]), "not a valid JWT: its second part must be a JSON object", id="a list"),
        pytest.param(jwt("hush-token"), "not a valid JWT: its second part must be a JSON object", id="a string"),
        pytest.param(None, "takes a JWT", id="none"),
        pytest.param({"access_token": EXAMPLE}, "takes a JWT", id="a token result"),
        pytest.param(b"a.b.c", "takes a JWT", id="bytes"),
        pytest.param(42, "takes a JWT", id="a number"),
    ],
)
def test_anything_else_is_an_error_that_does_not_show_it(token, words):
    with pytest.raises(AnsibleFilterError, match="jwt_claims") as caught:
        jwt_claims(token)
    assert words in str(caught.value)
    assert "hush" not in str(caught.value)


@given(st.text() | st.lists(st.text("aA0_-=+/.é"), min_size=2, max_size=4).map(".".join))
def test_garbage_has_claims_or_is_an_error_of_the_filter(text):
    with contextlib.suppress(AnsibleFilterError):
        assert isinstance(jwt_claims(text), dict)


TEMPLATE = "{{ (token | mediaops.access.jwt_claims).exp }}"


def template(token):
    return Templar(loader=DataLoader(), variables={"token": token}).template(trust_as_template(TEMPLATE))


def test_it_works_in_a_template():
    assert template(EXAMPLE) == 1300819380


def test_an_error_in_a_template_does_not_show_the_token():
    with pytest.raises(AnsibleError) as caught:
        template("hush-token.hush-token.hush-token")
    assert "hush" not in str(caught.value)
