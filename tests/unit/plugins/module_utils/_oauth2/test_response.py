# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.module_utils._oauth2.response import rename_fields


@pytest.mark.parametrize(
    ("body", "fields", "expected"),
    [
        ({"access_token": "t"}, {}, {"access_token": "t"}),
        ({"token": "t", "scope": "s"}, {"access_token": "token"}, {"token": "t", "scope": "s", "access_token": "t"}),
        ({"data": {"a": {"b": "t"}}}, {"access_token": "data.a.b"}, {"data": {"a": {"b": "t"}}, "access_token": "t"}),
        ({"access_token": "wrong"}, {"access_token": "data.token"}, {}),
        ({"data": None}, {"access_token": "data.token"}, {"data": None}),
        ({"expires_in": 5, "ttl": 6}, {"expires_in": "ttl"}, {"ttl": 6, "expires_in": 6}),
        (["a list"], {"access_token": "token"}, ["a list"]),
        (None, {"access_token": "token"}, None),
    ],
)
def test_fields_are_found_by_the_platforms_own_names(body, fields, expected):
    assert rename_fields(body, fields) == expected
