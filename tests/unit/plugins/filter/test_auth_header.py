# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from ansible_collections.mediaops.access.plugins.filter.auth_header import FilterModule

auth_header = FilterModule().filters()["auth_header"]


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("a.token", id="a token"),
        pytest.param({"access_token": "a.token"}, id="the least that a token result is"),
        pytest.param(
            {"access_token": "a.token", "token_type": "bearer", "cached": True, "expires_in": 1, "expires_at": "x"},
            id="a token result",
        ),
    ],
)
def test_a_token_becomes_a_header(token):
    assert auth_header(token) == {"Authorization": "Bearer a.token"}


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"changed": False, "token": {"access_token": "hush-token"}}, id="the whole result of a module"),
        pytest.param({"Authorization": "Bearer hush-token"}, id="a header"),
        pytest.param({"access_token": None, "scope": "hush-token"}, id="no token in it"),
        pytest.param({"access_token": ["hush-token"]}, id="a list in it"),
        pytest.param(["hush-token"], id="a list"),
        pytest.param(b"hush-token", id="bytes"),
        pytest.param("", id="an empty string"),
        pytest.param({}, id="an empty dict"),
        pytest.param(None, id="none"),
        pytest.param(42, id="a number"),
    ],
)
def test_anything_else_is_an_error_that_says_what_it_takes_and_not_what_it_got(value):
    with pytest.raises(AnsibleFilterError, match="auth_header takes a token") as caught:
        auth_header(value)
    assert "hush" not in str(caught.value)


def test_it_works_in_a_template():
    templar = Templar(loader=DataLoader(), variables={"result": {"token": {"access_token": "a.token"}}})

    assert templar.template(trust_as_template("{{ result.token | mediaops.access.auth_header }}")) == {
        "Authorization": "Bearer a.token"
    }
