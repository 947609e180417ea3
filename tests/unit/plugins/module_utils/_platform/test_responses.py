# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError, RejectedToken
from ansible_collections.mediaops.access.plugins.module_utils._http.models import Request, Response
from ansible_collections.mediaops.access.plugins.module_utils._masking.secrets import Secrets
from ansible_collections.mediaops.access.plugins.module_utils._platform.responses import ResponseReader

SECRET = "s3<b>cr3t</b>  of mine"


@pytest.fixture
def reader():
    return ResponseReader({}, {}, Secrets([SECRET]), {})


def answered(body, status=400, authenticates=False):
    return Response(
        status, {}, body.encode(), Request("GET", "https://host.example.com/x", authenticates=authenticates)
    )


@pytest.mark.parametrize("length", range(260, 310, 7))
def test_a_truncated_message_contains_no_part_of_a_secret(length, reader):
    message = reader.make_error(answered("x" * length + SECRET)).message

    assert "s3" not in message
    assert "cr3t" not in message


def test_a_secret_that_looks_like_markup_is_recognized_in_text_without_tags(reader):
    message = reader.make_error(answered(f"<error>wrong: {SECRET}</error>")).message

    assert message == "GET https://host.example.com/x was answered with HTTP 400: wrong: ********"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"error": "invalid_token"}', "invalid_token"),
        ('{"error": "ACCESS_DENIED", "message": "Not allowed"}', "ACCESS_DENIED"),
        ('{"errors": {"error": "not.found"}}', "not.found"),
        ('{"error": "Something went wrong"}', None),
        ('{"error": ""}', None),
        ('{"error": {"code": 7}}', None),
    ],
)
def test_an_error_name_is_a_code(reader, body, code):
    assert reader.make_error(answered(body)).code == code


@pytest.mark.parametrize(
    ("body", "status", "authenticates", "advice"),
    [
        ('{"error": "unknown_thing"}', 400, False, "Name another thing"),
        ('{"error": "unknown_thing"}', 400, True, "Name another thing"),
        ("no", 400, False, "Check the options"),
        ("no", 400, True, "Check the password"),
        ('{"message": "So it is."}', 400, False, "HTTP 400: So it is. Check the options"),
        ('{"detail": "So it is.", "code": "unknown_thing"}', 400, True, "HTTP 400: So it is. Name another thing"),
        ("no", 503, False, "This may be temporary: try again later"),
        ("no", 418, False, "HTTP 418: no"),
    ],
)
def test_hints_depend_on_the_code_or_the_status_and_differ_for_logins(body, status, authenticates, advice):
    reader = ResponseReader(
        {400: "Check the options", "unknown_thing": "Name another thing"}, {400: "Check the password"}, Secrets(), {}
    )

    assert reader.make_error(answered(body, status, authenticates=authenticates)).message.endswith(advice)


@pytest.mark.parametrize("status", [200, 400, 401, 402, 403, 429, 500, 503])
@pytest.mark.parametrize(
    "body",
    [
        '{"error": "no_calls_left", "error_description": "Not now"}',
        '{"error": "no_calls_left", "message": "Not now", "code": 17}',
        '{"code": "no_calls_left", "message": "Not now"}',
        '{"errors": [{"message": "Not now", "extensions": {"code": "no_calls_left"}}]}',
    ],
)
def test_an_exhausted_quota_is_final_and_named_whatever_its_status(status, body):
    reader = ResponseReader({status: "Wait"}, {}, Secrets(), {}, ("no_calls_left",))
    response = answered(body, status)
    error = reader.find_error(response)

    assert (type(error), error.status, error.code) == (AccessError, status, "no_calls_left")
    assert error.message.endswith(
        "Not now. A quota is exhausted (no_calls_left): wait until it is renewed, or have it raised"
    )
    assert not reader.is_rate_limited(response)
    assert reader.is_definitive_refusal(response)


@pytest.mark.parametrize("body", ['{"error": "no_calls_left"}', '{"error": "slow_down"}', "no_calls_left", ""])
def test_what_the_platform_does_not_declare_is_not_a_quota(reader, body):
    response = answered(body, 429)

    assert reader.is_rate_limited(response)
    assert not reader.is_definitive_refusal(response)
    assert isinstance(reader.find_error(answered(body, 401)), RejectedToken)


def test_the_code_and_the_message_of_json_are_found_beside_a_secret(reader):
    error = reader.make_error(
        answered('{"error": "invalid_request", "error_description": "no s3<b>cr3t<\\/b>  of mine", "code": 7}')
    )

    assert error.code == 7
    assert error.message.endswith("HTTP 400: no ********")
