# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a platform's responses: validated data, or errors that quote the platform's message."""

from __future__ import annotations

import re
import typing as t

from .._data.schema import Schema
from .._errors import AccessError, RejectedToken
from .._http.models import Response
from .._masking.marks import CUT
from .._masking.secrets import Secrets, without_credentials

#: The key of the remedy if a token is rejected that was just obtained.
NEW_TOKEN = "new token"  # noqa: S105 - a key

Hints = t.Mapping[t.Union[int, str], str]

#: Kinds of bodies (see Response.kind) that are not JSON but may contain an error message.
_TEXT_KINDS = ("XML", "broken JSON", "text that is not JSON")
_TAG = re.compile(r"<[^<>]*>")
#: How many characters of a body are searched for secrets, and how many are quoted.
_MAX_SCRUBBED, _MAX_QUOTED = 16384, 300
#: An error code, as opposed to a message.
_CODE = re.compile(r"[A-Za-z][\w.-]*")


class ResponseReader:
    """Detects errors in responses, and quotes them without secrets. Platforms with their own conventions override
    methods in a subclass.

    ``hints`` are remedies by HTTP status or error code; ``login_hints`` are those that apply to logins.
    ``quota_codes`` are the error codes that report an exhausted quota.
    """

    def __init__(
        self,
        hints: Hints,
        login_hints: Hints,
        secrets: Secrets,
        params: t.Mapping[str, t.Any],
        quota_codes: t.Collection[str] = (),
    ) -> None:
        self._hints = hints
        self._login_hints = {**hints, **login_hints}
        self._secrets = secrets
        self._params = params
        self._quota_codes = frozenset(quota_codes)

    def parse(self, response: Response) -> t.Any:
        """Parse the body.

        :raises ValueError: if it is not in a format that the platform uses.
        """
        return response.json()

    def is_rate_limited(self, response: Response) -> bool:
        """Whether the request was rejected because of a rate limit. A quota is not a limit: no wait renews it."""
        return response.status == 429 and not self.find_quota(response)

    def is_definitive_refusal(self, response: Response) -> bool:
        """Whether a response with a 5xx status is a final refusal: the request was not applied, and repeating it is
        pointless.
        """
        return self.find_quota(response) is not None

    def find_quota(self, response: Response) -> str | None:
        """The code of the exhausted quota that a response names, whatever its status: neither a wait nor another token
        helps. None if it names none.
        """
        if not self._quota_codes:
            return None
        try:
            codes = error_codes(_error_of(self.parse(response)))
        except ValueError:
            return None
        return next((code for code in codes if isinstance(code, str) and code in self._quota_codes), None)

    def find_error(self, response: Response) -> AccessError | None:
        """The error that a response reports; None if it reports success."""
        return None if response.ok and not self.find_quota(response) else self.make_error(response)

    def raise_for_error(self, response: Response) -> Response:
        """Return the response if it reports success.

        :raises AccessError: the error that :meth:`find_error` returns.
        """
        error = self.find_error(response)
        if error:
            raise error
        return response

    def validate(self, response: Response, schema: Schema) -> t.Any:
        """Parse a response, and validate it against a schema.

        :raises AccessError: naming the invalid field (:class:`_errors.AmbiguousWrite` if the request was a write).
        """
        try:
            data = self.parse(response)
            problems = schema.problems(data)
        except ValueError:
            problems = [f"it is {response.kind}"]
        if problems:
            raise self.invalid_response(response, problems)
        return data

    def invalid_response(self, response: Response, problems: t.Sequence[str]) -> AccessError:
        """The error for a response that differs from the platform's documentation."""
        request = response.request
        message = (
            f"unexpected response to {request.label} ({'; '.join(problems[:3])}). Check that url points to the "
            "platform's API"
        )
        return request.failure(message, status=response.status)

    def make_error(self, response: Response) -> AccessError:
        """The error for a response, quoting the platform's message if there is one."""
        code, text = self.error_text(response)
        quota = self.find_quota(response)
        message = f"{response.request.label} was answered with HTTP {response.status}" + (
            f": {text}" if text else f" and {response.kind}"
        )
        code = quota or code
        kind = RejectedToken if response.status == 401 and not quota else AccessError
        return kind(self.with_hint(message, response, code), status=response.status, code=code)

    def error_text(self, response: Response) -> tuple[str | int | None, str]:
        """The code and the message of an error body, without secrets."""
        try:
            code, text = parse_error(self.parse(response))
        except ValueError:
            code, text = None, ""
        if text or response.kind not in _TEXT_KINDS:
            return (self.quote(code) if isinstance(code, str) else code), self.quote(text)
        # A body that cannot be parsed may be truncated, and end with a part of a credential.
        return code, self.quote(response.text + CUT, is_page=True).rstrip(" " + CUT)

    def quote(self, text: str, is_page: bool = False) -> str:
        """A platform's text for use in a message, in one line. It is scrubbed before it is shortened, as a part of a
        secret could not be recognized.
        """
        text = self.scrub(text if len(text) <= _MAX_SCRUBBED else text[:_MAX_SCRUBBED] + CUT)
        text = without_credentials(text)
        return _one_line(_TAG.sub(" ", text) if is_page else text)

    def scrub(self, text: str) -> str:
        """Mask the secrets of the task in a platform's text."""
        return self._secrets.scrub(text)

    def with_hint(self, message: str, response: Response, code: str | int | None) -> str:
        """Add the remedy for a response's status or code to a message."""
        hints = self._login_hints if response.request.authenticates else self._hints
        if code in self._quota_codes:
            default = f"A quota is exhausted ({code}): wait until it is renewed, or have it raised"
            return f"{message.rstrip('.')}. {hints.get(code or '', default)}"
        default = "This may be temporary: try again later" if response.status >= 500 else ""
        hint = hints.get(code or "") or hints.get(response.status, default)
        return f"{message.rstrip('.')}. {hint}" if hint else message

    def with_new_token_hint(self, message: str) -> str:
        """Add to a message that a new token was rejected as well, and the remedy if the platform has one."""
        hint = self._hints.get(NEW_TOKEN)
        return f"{message.rstrip('.')}. A new token was rejected as well{f': {hint}' if hint else ''}"


def parse_error(body: t.Any) -> tuple[str | int | None, str]:
    """The code and the message of an error body in one of the common formats (RFC 6749, section 5.2, RFC 9457, Spring,
    AWS, GraphQL).
    """
    error = _error_of(body)
    texts = _error_texts(error)
    text = texts[0] if texts else error if isinstance(error, str) else ""
    return next(iter(error_codes(error)), None), text


def error_codes(error: t.Any) -> list[str | int]:
    """The codes of an error, the most specific one first."""
    if not isinstance(error, dict):
        return []
    codes = [error.get("code"), error.get("errorCode")]
    if isinstance(error.get("extensions"), dict):
        codes.append(error["extensions"].get("code"))
    if len(_error_texts(error)) > 1 or _CODE.fullmatch(str(error.get("error"))):
        codes.append(error.get("error"))
    return [code for code in codes if isinstance(code, (str, int)) and not isinstance(code, bool)]


def _error_of(body: t.Any) -> t.Any:
    """The error in a body: the first of its ``errors``, or the body itself."""
    errors = body.get("errors") if isinstance(body, dict) else None
    if not errors:
        return body
    return errors[0] if isinstance(errors, list) else errors


def _error_texts(error: t.Any) -> list[str]:
    keys = ("error_description", "message", "Message", "detail", "error") if isinstance(error, dict) else ()
    return [error[key] for key in keys if isinstance(error.get(key), str) and error[key]]


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _MAX_QUOTED else text[:_MAX_QUOTED] + CUT
