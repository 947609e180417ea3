# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from ansible_collections.mediaops.access.plugins.lookup.flex_registration_key import LookupModule
from ansible_collections.mediaops.access.plugins.modules import flex_oauth_app_info
from ansible_collections.mediaops.access.tests.unit.plugins.module_utils.test__consul import asked, entry
from ansible_collections.mediaops.access.tests.unit.plugins.modules import flex
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import exchange


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ANSIBLE_HOME", str(tmp_path))


def lookup(*calls, terms=(), **options):
    with exchange(*calls):
        return LookupModule().run(list(terms), {}, **options)


def failure(*calls, terms=(), **options):
    """The message of a failing lookup, which must not contain a secret."""
    with pytest.raises(AnsibleLookupError) as caught:
        lookup(*calls, terms=terms, **options)
    assert "hush" not in str(caught.value) and "this is a bug" not in str(caught.value)
    return str(caught.value)


def test_the_key_is_read_from_where_flex_keeps_it():
    assert lookup(asked()) == ["registration-hush-token"]


def test_url_token_and_path_determine_the_request():
    request = asked(path="other/key", url="https://consul.example.com:8501", token="hush-token")

    assert lookup(request, url="https://consul.example.com:8501/", token="hush-token", path="/other/key") == [
        "registration-hush-token"
    ]


def test_nothing_is_cached():
    assert lookup(asked()) + lookup(asked(entry("registration-hush-2"))) == [
        "registration-hush-token",
        "registration-hush-2",
    ]


def test_the_key_registers_applications(runs):
    (key,) = lookup(asked())

    assert runs(flex_oauth_app_info, url=flex.URL, registration_key=key)(flex.listed())["applications"] == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({"terms": ["consul"]}, ["accepts no terms"], id="a term"),
        pytest.param({"key": "a"}, ["key"], id="an unknown keyword"),
        pytest.param({"access_token": "hush-token"}, ["access_token"], id="a platform's keyword"),
        pytest.param({"url": "consul:8500"}, ["url", "https://host"], id="a url without a scheme"),
        pytest.param({"timeout": "long"}, ["timeout"], id="a bad type"),
        pytest.param({"timeout": 0}, ["timeout"], id="no time"),
        pytest.param({"ca_path": "/does/not/exist"}, ["ca_path", "/does/not/exist"], id="a missing file"),
    ],
)
def test_bad_options_fail_before_anything_is_sent(options, words):
    message = failure(**options)

    for word in ["flex_registration_key", *words]:
        assert word in message


def test_errors_have_a_remedy():
    message = failure(asked("token hush-token lacks key:read", token="hush-token", status=403), token="hush-token")

    assert "Consul: " in message and "token ******** lacks" in message and "Check token" in message


TEMPLATE = "{{ lookup('mediaops.access.flex_registration_key', token=consul_token) }}"


def template():
    return Templar(loader=DataLoader(), variables={"consul_token": "hush-token"}).template(trust_as_template(TEMPLATE))


def test_it_works_in_a_template():
    with exchange(asked(token="hush-token")):
        assert template() == "registration-hush-token"


def test_an_error_in_a_template_holds_no_secret():
    with exchange(asked("hush-token is wrong", token="hush-token", status=403)), pytest.raises(AnsibleError) as caught:
        template()
    assert "hush" not in str(caught.value)
