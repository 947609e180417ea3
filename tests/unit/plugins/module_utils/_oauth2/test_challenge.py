# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.module_utils._oauth2.challenge import parse_challenge


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, {}),
        ("", {}),
        ("Bearer", {}),
        ("bearer", {}),
        ('Bearer realm="api"', {"realm": "api"}),
        ("Bearer error=invalid_token", {"error": "invalid_token"}),
        (
            'Bearer realm="a, b", error="invalid_token", error_description="say \\"please\\""',
            {"realm": "a, b", "error": "invalid_token", "error_description": 'say "please"'},
        ),
        ('BEARER ERROR = "invalid_token"', {"error": "invalid_token"}),
        ('Basic realm="x", Bearer error="invalid_token"', {"error": "invalid_token"}),
        ('Bearer realm="x", Basic realm="y", error="invalid_token"', {"realm": "x"}),
        ('Basic realm="Bearer", error="invalid_token"', {}),
        ('DPoP error="invalid_token"', {}),
    ],
)
def test_the_parameters_of_the_bearer_challenge(header, expected):
    assert parse_challenge(header) == expected
