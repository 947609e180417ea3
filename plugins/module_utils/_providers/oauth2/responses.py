# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of the token endpoint and of the API."""

from __future__ import annotations

import typing as t

from ..._errors import AccessError, RejectedToken
from ..._http.models import Response
from ..._oauth2.challenge import parse_challenge
from ..._platform.responses import ResponseReader


class OAuth2Responses(ResponseReader):
    """Errors of the token endpoint (RFC 6749, section 5.2) and of the API (RFC 6750, section 3)."""

    def find_error(self, response: Response) -> AccessError | None:
        error = super().find_error(response)
        if response.request.authenticates:
            # Some servers report errors with HTTP 200.
            return self.make_error(response) if error is None and _reports_error(response) else error
        return error

    def make_error(self, response: Response) -> AccessError:
        """``invalid_token`` rejects the token with any status, and so does HTTP 401 unless it states another reason."""
        error = super().make_error(response)
        if response.request.authenticates:
            return AccessError(error.message, **error.codes)
        is_stale = error.code == "invalid_token" or (
            response.status == 401 and error.code not in ("insufficient_scope", "invalid_request")
        )
        return (RejectedToken if is_stale else AccessError)(error.message, **error.codes)

    def error_text(self, response: Response) -> tuple[str | int | None, str]:
        """The code and the message of the body, or those of the challenge if it states the reason."""
        code, text = super().error_text(response)
        challenge = {} if response.request.authenticates else parse_challenge(response.headers.get("www-authenticate"))
        if "error" not in challenge:
            return code, text
        return self.quote(challenge["error"]), text or self.quote(
            challenge.get("error_description") or challenge["error"]
        )

    def invalid_response(self, response: Response, problems: t.Sequence[str]) -> AccessError:
        request = response.request
        if not request.authenticates:
            return super().invalid_response(response, problems)
        message = f"unexpected response to {request.label} ({'; '.join(problems[:3])})"
        return request.failure(f"{message}. Check issuer, token_url and fields", status=response.status)


def _reports_error(response: Response) -> bool:
    if not response.ok or b'"error"' not in response.body:
        return False
    try:
        body = response.json()
    except ValueError:
        return False
    return isinstance(body, dict) and isinstance(body.get("error"), str) and "access_token" not in body
