# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.module_utils._http.models import Request
from ansible_collections.mediaops.access.plugins.module_utils._oauth2.client_auth import (
    METHODS,
    Client,
    credentials_in,
)

FORM = {"grant_type": "client_credentials"}
REQUEST = Request("POST", "https://host/token", form=FORM)


@pytest.mark.parametrize(
    ("client", "supported", "method"),
    [
        (Client("a", "s"), None, "client_secret_basic"),
        (Client("a", "s"), [], "client_secret_basic"),
        (Client("a", "s"), ["client_secret_jwt", "client_secret_post"], "client_secret_post"),
        (Client("a", "s"), ["client_secret_jwt"], "client_secret_jwt"),
        (Client("a", "s"), ["none"], "client_secret_basic"),
        (Client("a", "s", private_key="k"), ["client_secret_basic"], "client_secret_basic"),
        (Client("a", "s", private_key="k"), ["private_key_jwt", "client_secret_post"], "client_secret_post"),
        (Client("a", "s", private_key="k"), ["private_key_jwt"], "private_key_jwt"),
        (Client("a", "s", private_key="k"), None, "client_secret_basic"),
        (Client("a", private_key="k"), ["client_secret_basic"], "private_key_jwt"),
        (Client("a", "s", certificate="c"), ["tls_client_auth"], "tls_client_auth"),
        (Client(certificate="c"), None, "none"),
        (Client("a", certificate="c"), None, "tls_client_auth"),
        (Client("a", "s", certificate="c"), None, "client_secret_basic"),
        (Client("a"), ["client_secret_basic"], "none"),
        (Client(), None, "none"),
    ],
)
def test_the_method_follows_from_the_credentials_and_from_what_the_server_supports(client, supported, method):
    assert client.choose_method(supported) == method
    assert method in METHODS


@pytest.mark.parametrize(
    ("client", "method", "form", "basic"),
    [
        (Client("a b", "s:/ä"), "client_secret_basic", {}, ("a+b", "s%3A%2F%C3%A4")),
        (Client("a", "s"), "client_secret_post", {"client_id": "a", "client_secret": "s"}, None),
        (Client("a"), "tls_client_auth", {"client_id": "a"}, None),
        (Client("a"), "none", {"client_id": "a"}, None),
        (Client(), "none", {}, None),
    ],
)
def test_each_method_adds_its_credentials(client, method, form, basic):
    request = client.authenticate(REQUEST, method)

    assert (request.form, request.basic) == ({**FORM, **form}, basic)
    assert REQUEST.form == FORM


@pytest.mark.parametrize("place", ["json", "query"])
def test_credentials_are_added_where_the_parameters_are(place):
    request = Request("POST", "https://host/token", **{place: FORM})
    sent = Client("a", "s").authenticate(request, "client_secret_post")

    assert getattr(sent, place) == {**FORM, "client_id": "a", "client_secret": "s"}
    assert sent.form is None
    assert credentials_in(sent) == ["s"]


def test_the_credentials_in_a_request_are_known_in_each_form_in_which_a_server_may_echo_them():
    assert credentials_in(REQUEST) == []
    assert credentials_in(Client("a", "s/s").authenticate(REQUEST, "client_secret_post")) == ["s/s"]
    assert credentials_in(Client("a", "s/s").authenticate(REQUEST, "client_secret_basic")) == ["s%2Fs", "YTpzJTJGcw=="]
