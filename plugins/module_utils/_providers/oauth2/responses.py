# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of the token endpoint and of the API."""

from __future__ import annotations

import functools
import typing as t

from ..._errors import AccessError, RejectedToken
from ..._http.models import Response
from ..._masking.secrets import Secrets, strings_in
from ..._oauth2.challenge import parse_challenge
from ..._oauth2.response import rename_fields
from ..._platform.responses import ResponseReader

#: A value of ``parameters`` with fewer characters is probably an ordinary word, such as a language.
_SHORTEST_PRIVATE = 6


class OAuth2Responses(ResponseReader):
    """Errors of the token endpoint (RFC 6749, section 5.2) and of the API (RFC 6750, section 3)."""

    @functools.cached_property
    def _private(self) -> Secrets:
        """The values of ``parameters``, whose names do not tell whether they are secret. They are masked in what the
        platform says, but do not make a result secret.
        """
        texts = strings_in(list((self._params["parameters"] or {}).values()))
        return Secrets(text for text in texts if len(text) >= _SHORTEST_PRIVATE)

    def scrub(self, text: str) -> str:
        return self._private.scrub(super().scrub(text))

    def find_error(self, response: Response) -> AccessError | None:
        error = super().find_error(response)
        if response.request.authenticates:
            # Some servers report errors with HTTP 200.
            return self.make_error(response) if error is None and self._reports_error(response) else error
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
        """The code and the message of the body, or those of the challenge if it states the reason. The code of the
        token endpoint is its ``error`` (RFC 6749, section 5.2), whatever else the body has.
        """
        code, text = super().error_text(response)
        if response.request.authenticates:
            error = _error_of(response)
            return (self.quote(error) if error and " " not in error else code), text
        challenge = parse_challenge(response.headers.get("www-authenticate"))
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
        remedy = "issuer and introspection_url" if "token" in (request.form or {}) else "issuer, token_url and fields"
        return request.failure(f"{message}. Check {remedy}", status=response.status)

    def _reports_error(self, response: Response) -> bool:
        """Whether a successful response has an error instead of a token."""
        has_error = response.ok and _error_of(response) is not None
        return has_error and "access_token" not in rename_fields(response.json(), self._params["fields"] or {})


def _error_of(response: Response) -> str | None:
    """The ``error`` of a body, if it is a string with any text."""
    if b'"error"' not in response.body:
        return None
    try:
        body = response.json()
    except ValueError:
        return None
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, str) and error.strip() else None
