# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from ansible.errors import AnsibleError, AnsibleFilterError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.filter.audienceplayer_login_url import FilterModule

login_url = FilterModule().filters()["audienceplayer_login_url"]
SITE = "https://demo.audienceplayer.com"


@pytest.mark.parametrize(
    "token",
    [
        "eY",
        {"access_token": "eY"},
        {"access_token": "eY", "token_type": "Bearer", "cached": True, "expires_in": 1, "expires_at": "x"},
    ],
    ids=["a token", "the least that a token result is", "a token result"],
)
def test_a_token_is_added(token):
    assert login_url(token, url=f"{SITE}/film") == f"{SITE}/film?token=eY"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("https://demo.audienceplayer.com", "https://demo.audienceplayer.com?token=eY", id="no path"),
        pytest.param(f"{SITE}/", f"{SITE}/?token=eY", id="root"),
        pytest.param("http://localhost:8080/film", "http://localhost:8080/film?token=eY", id="http and a port"),
        pytest.param(f"{SITE}/film?", f"{SITE}/film?token=eY", id="an empty query"),
        pytest.param(f"{SITE}/film?id=5", f"{SITE}/film?id=5&token=eY", id="a parameter"),
        pytest.param(
            f"{SITE}/film?id=5&id=6&a=", f"{SITE}/film?id=5&id=6&a=&token=eY", id="parameters twice and empty"
        ),
        pytest.param(f"{SITE}/film?a=b%26c%3Dd", f"{SITE}/film?a=b%26c%3Dd&token=eY", id="encoded ones"),
        pytest.param(f"{SITE}/f%C3%A9%2Fx;y=1?a=1", f"{SITE}/f%C3%A9%2Fx;y=1?a=1&token=eY", id="an encoded path"),
        pytest.param(f"{SITE}/film#trailer", f"{SITE}/film?token=eY#trailer", id="a fragment"),
        pytest.param(
            f"{SITE}/film?a=1#/x?token=b",
            f"{SITE}/film?a=1&token=eY#/x?token=b",
            id="a fragment that resembles a query",
        ),
        pytest.param(f"{SITE}/film?token=old", f"{SITE}/film?token=eY", id="a token that was there"),
        pytest.param(f"{SITE}/film?token=old&a=1&token=older", f"{SITE}/film?a=1&token=eY", id="two that were there"),
        pytest.param(f"{SITE}/film?%74oken=old", f"{SITE}/film?token=eY", id="one that was there, encoded"),
        pytest.param(
            f"{SITE}/film?tokens=1&my_token=2&Token=3",
            f"{SITE}/film?tokens=1&my_token=2&Token=3&token=eY",
            id="names that resemble it",
        ),
    ],
)
def test_any_url_may_be_given(url, expected):
    assert login_url("eY", url=url) == expected


@pytest.mark.parametrize(
    "query",
    ["a=b+c", "a=b%20c", "a=%2B", "flag", "a=1;b=2", "name=caf%E9", "utm=a/b:c@d"],
    ids=["plus", "blank", "an encoded plus", "no value", "semicolon", "Latin 1", "unencoded punctuation"],
)
def test_the_other_parameters_are_kept_as_they_are(query):
    assert login_url("eY", url=f"{SITE}/film?{query}") == f"{SITE}/film?{query}&token=eY"


@pytest.mark.parametrize(
    ("token", "encoded"),
    [
        ("a.b-c_d~", "a.b-c_d~"),
        ("a+b/c=", "a%2Bb%2Fc%3D"),
        ("a&b#c?d", "a%26b%23c%3Fd"),
        ("é", "%C3%A9"),
        ("100%", "100%25"),
    ],
)
def test_the_token_is_percent_encoded(token, encoded):
    assert login_url(token, url=SITE) == f"{SITE}?token={encoded}"


PARAMETERS = st.lists(
    st.tuples(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"]))),
    max_size=4,
)


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    PARAMETERS.map(lambda found: [(name, value) for name, value in found if name]),
    st.text("abc/%?-é", max_size=5),
)
def test_a_reader_finds_the_token_once_and_everything_else_as_it_was(token, parameters, fragment):
    query = "&".join(f"{quote(name)}={quote(value)}" for name, value in parameters)
    parts = urlsplit(login_url(token, url=f"{SITE}/film?{query}#{fragment}"))

    others = [(name, value) for name, value in parameters if name != "token"]
    assert parse_qsl(parts.query, keep_blank_values=True) == [*others, ("token", token)]
    assert (f"{parts.scheme}://{parts.netloc}{parts.path}", parts.fragment) == (f"{SITE}/film", fragment)


@given(
    st.sampled_from([SITE, f"{SITE}/film?a=1", f"{SITE}/film?token=1&b=2#c"]),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
)
def test_a_second_time_only_the_token_is_replaced(url, token):
    assert login_url(token, url=login_url("first", url=url)) == login_url(token, url=url)


@pytest.mark.parametrize(
    "token",
    [
        None,
        "",
        42,
        b"hush-token",
        ["hush-token"],
        {},
        {"access_token": None, "scope": "hush-token"},
        {"token": {"access_token": "hush-token"}},
    ],
    ids=["none", "empty", "a number", "bytes", "a list", "an empty dict", "no token in it", "the whole result"],
)
def test_what_is_no_token_is_an_error_that_does_not_show_it(token):
    with pytest.raises(AnsibleFilterError, match="audienceplayer_login_url takes a token") as caught:
        login_url(token, url=SITE)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "demo.audienceplayer.com",
        "/film",
        "ftp://demo.audienceplayer.com",
        "javascript:alert(1)",
        "https:///film",
        "https://[demo/film",
        None,
        42,
        ["x"],
    ],
    ids=repr,
)
def test_what_is_no_url_is_an_error_that_does_not_show_the_token(url):
    with pytest.raises(AnsibleFilterError, match="url must be a URL") as caught:
        login_url("hush-token", url=url)
    assert "hush" not in str(caught.value)


def template(**variables):
    text = "{{ viewer.token | mediaops.access.audienceplayer_login_url(url=site ~ '/film?id=5') }}"
    return Templar(loader=DataLoader(), variables=variables).template(trust_as_template(text))


def test_it_works_in_a_template():
    assert template(viewer={"token": {"access_token": "eY"}}, site=SITE) == f"{SITE}/film?id=5&token=eY"


def test_an_error_in_a_template_does_not_show_the_token():
    with pytest.raises(AnsibleError) as caught:
        template(viewer={"token": {"access_token": "hush-token"}}, site="demo")
    assert "hush" not in str(caught.value)
