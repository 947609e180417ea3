# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64

import pytest

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.module_utils._masking.secrets import Secrets
from ansible_collections.mediaops.access.plugins.module_utils._platform.access import Access
from ansible_collections.mediaops.access.plugins.module_utils._providers._consul import CONSUL
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import NO_ANSWER, call, exchange

PATH = "flex/shared/authentication/oAuth/appRegistrationKey"
URL = "http://127.0.0.1:8500"


def entry(value="registration-hush-token", **other):
    """An entry as Consul returns it."""
    encoded = base64.b64encode(value.encode()).decode() if isinstance(value, str) else value
    return [{"LockIndex": 0, "Key": PATH, "Flags": 0, "Value": encoded, "CreateIndex": 1, "ModifyIndex": 2, **other}]


def asked(answer=None, path=PATH, *, url=URL, token=None, **kwargs):
    expected = call("GET", f"{url}/v1/kv/{path}", entry() if answer is None else answer, **kwargs)
    expected.match = [
        *expected.match,
        lambda request: (request.headers.get("X-Consul-Token") == token, "another X-Consul-Token"),
    ]
    return expected


@pytest.fixture
def consul(tmp_path, clock):
    """Opens Consul with these options."""

    def open_consul(**options):
        defaults = {name: option.get("default") for name, option in CONSUL.argument_spec().items()}
        return Access(
            CONSUL, {**defaults, "token_cache": str(tmp_path / "cache"), **options}, secrets=Secrets(), clock=clock
        ).client

    return open_consul


def value(consul, *calls):
    with exchange(*calls):
        return consul.read_key()


def test_the_value_is_decoded(consul):
    assert value(consul(), asked()) == "registration-hush-token"


def test_the_value_is_a_secret_from_then_on(consul):
    opened = consul()
    value(opened, asked())

    assert opened.session.secrets.scrub("the key registration-hush-token") == "the key ********"


@pytest.mark.parametrize("text", ["é€😀", " a b ", "-----BEGIN\nKEY-----", "a"], ids=repr)
def test_any_text_is_a_value(consul, text):
    assert value(consul(), asked(entry(text))) == text


@pytest.mark.parametrize("token", ["hush-token", None, ""], ids=repr)
def test_an_acl_token_is_sent_if_there_is_one(consul, token):
    value(consul(token=token), asked(token=token or None))


@pytest.mark.parametrize(
    ("path", "travels"),
    [("/a/b/", "a/b"), ("a b/c?d#e", "a%20b/c%3Fd%23e"), ("é", "%C3%A9"), ("a%2Fb", "a%252Fb")],
    ids=["slashes around it", "characters of a URL", "unicode", "a percent sign"],
)
def test_the_path_is_encoded(consul, path, travels):
    value(consul(path=path), asked(path=travels))


def test_the_url_may_end_with_a_slash_and_have_a_path(consul):
    value(consul(url="https://consul.example.com/behind/"), asked(url="https://consul.example.com/behind"))


def test_reading_is_repeated_if_it_fails_on_the_way(consul):
    assert value(consul(), asked(NO_ANSWER), asked(b"", status=500), asked()) == "registration-hush-token"


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        pytest.param("Permission denied", 403, ["Permission denied", "Check token"], id="403"),
        pytest.param("", 404, ["does not exist", "check path"], id="404"),
        pytest.param("rpc error: No cluster leader", 500, ["No cluster leader"], id="500"),
        pytest.param([], 200, ["must not be empty"], id="no entry"),
        pytest.param([{"Key": PATH}], 200, ["[0]", "Value"], id="no value"),
        pytest.param(entry(5), 200, ["[0].Value", "string"], id="a number"),
        pytest.param({"Value": "aHVzaA=="}, 200, ["array", "object"], id="an object"),
        pytest.param("<html>Consul</html>", 200, ["an HTML page", "url"], id="HTML"),
        pytest.param(entry(None), 200, [f"the key {PATH} is empty"], id="null"),
        pytest.param(entry(""), 200, [f"the key {PATH} is empty"], id="empty"),
        pytest.param([{"Value": "not base64"}], 200, ["[0].Value", "base64"], id="no base64"),
        pytest.param([{"Value": "aHVzaA"}], 200, ["[0].Value", "base64"], id="base64 cut short"),
        pytest.param([{"Value": "aHVz!aA=="}], 200, ["[0].Value", "base64"], id="another character in base64"),
        pytest.param([{"Value": "//79"}], 200, ["[0].Value", "text"], id="no text"),
        pytest.param([{"Value": "é"}], 200, ["[0].Value", "base64"], id="no ASCII"),
    ],
)
def test_anything_else_is_a_clear_failure(consul, answer, status, words):
    with pytest.raises(AccessError) as caught:
        value(consul(retries=0), asked(answer, status=status))
    for word in words:
        assert word in caught.value.message
