# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a platform's answers: data, checked against a schema, or errors with the platform's own words."""

from __future__ import annotations

import re
import typing as t

from .._data.schema import Schema
from .._errors import AccessError, RejectedToken
from .._http.models import Response
from .._masking.marks import CUT
from .._masking.secrets import Secrets, without_credentials

Hints = t.Mapping[t.Union[int, str], str]

#: Bodies that are not JSON and may say in words what went wrong (see Response.kind).
_IN_WORDS = ("XML", "broken JSON", "text that is not JSON")
_TAG = re.compile(r"<[^<>]*>")
#: How much of a body is read for an error, in characters, and how much of that is quoted.
_MAX_READ, _MAX_QUOTED = 16384, 300
#: An error's name, as opposed to words about it.
_NAME = re.compile(r"[A-Za-z][\w.-]*")


class ResponseReader:
    """Tells success from failure, and quotes failures without secrets. A platform that has its own ways overrides them in a subclass.

    ``hints`` say what a user can do about an HTTP status or an error code; ``login_hints`` the same about a login.
    """

    def __init__(self, hints: Hints, login_hints: Hints, secrets: Secrets, params: t.Mapping[str, t.Any]) -> None:
        self._hints = hints
        self._login_hints = {**hints, **login_hints}
        self._secrets = secrets
        self._params = params

    def parse(self, response: Response) -> t.Any:
        """The body as data.

        :raises ValueError: if it is not in a format that the platform uses.
        """
        return response.json()

    def is_rate_limited(self, response: Response) -> bool:
        """Whether the request was not carried out because there were too many."""
        return response.status == 429

    def is_definitive_refusal(self, response: Response) -> bool:
        """Whether an answer with a 5xx status is a considered refusal: not carried out, and no use to repeat."""
        return False

    def find_error(self, response: Response) -> AccessError | None:
        """The error that an answer reports; None if it reports success."""
        return None if response.ok else self.make_error(response)

    def raise_for_error(self, response: Response) -> Response:
        """The response, if it reports success.

        :raises AccessError: as :meth:`find_error` reads it.
        """
        error = self.find_error(response)
        if error:
            raise error
        return response

    def validate(self, response: Response, schema: Schema) -> t.Any:
        """The data of an answer that fits a schema.

        :raises AccessError: naming the field that doesn't fit (:class:`_errors.AmbiguousWrite` if the request was a write).
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
        """The error for an answer that differs from the platform's documentation."""
        request = response.request
        message = f"the answer to {request.label} is not what was expected ({'; '.join(problems[:3])}). Check that url points to the platform's API"
        return request.failure(message, status=response.status)

    def make_error(self, response: Response) -> AccessError:
        """The error with the platform's own words, as far as they can be read."""
        code, text = self.error_text(response)
        message = f"{response.request.label} was answered with HTTP {response.status}" + (f": {text}" if text else f" and {response.kind}")
        kind = RejectedToken if response.status == 401 else AccessError
        return kind(self.with_hint(message, response, code), status=response.status, code=code)

    def error_text(self, response: Response) -> tuple[str | int | None, str]:
        """The code and the words of an error body, fit to be shown."""
        try:
            code, words = parse_error(self.parse(response))
        except ValueError:
            code, words = None, ""
        if words or response.kind not in _IN_WORDS:
            return (self.quote(code) if isinstance(code, str) else code), self.quote(words)
        # What cannot be parsed may be the beginning of an answer, and end with a part of a credential.
        return code, self.quote(response.text + CUT, is_page=True).rstrip(f" {CUT}")

    def quote(self, text: str, is_page: bool = False) -> str:
        """A platform's words for a message: in one line, and without secrets, which could not be recognized any more in a part."""
        text = self._secrets.scrub(text if len(text) <= _MAX_READ else text[:_MAX_READ] + CUT)
        text = without_credentials(text)
        return _one_line(_TAG.sub(" ", text) if is_page else text)

    def with_hint(self, message: str, response: Response, code: str | int | None) -> str:
        """A message about an answer, with what a user can do."""
        hints = self._login_hints if response.request.authenticates else self._hints
        later = "It may be for a while only: try again later" if response.status >= 500 else ""
        hint = hints.get(code or "") or hints.get(response.status, later)
        return f"{message.rstrip('.')}. {hint}" if hint else message


def parse_error(body: t.Any) -> tuple[str | int | None, str]:
    """The code and the words of an error body in one of the usual shapes (RFC 6749 5.2, Spring, AWS, GraphQL)."""
    if isinstance(body, dict):
        errors = body.get("errors")
        if errors:
            body = errors[0] if isinstance(errors, list) else errors
    if not isinstance(body, dict):
        return None, body if isinstance(body, str) else ""
    words = [body[key] for key in ("error_description", "message", "Message", "error") if isinstance(body.get(key), str) and body[key]]
    codes = [body.get("code"), body.get("errorCode")]
    if isinstance(body.get("extensions"), dict):
        codes.append(body["extensions"].get("code"))
    if len(words) > 1 or _NAME.fullmatch(str(body.get("error"))):
        codes.append(body.get("error"))
    code = next((code for code in codes if isinstance(code, (str, int)) and not isinstance(code, bool)), None)
    return code, words[0] if words else ""


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _MAX_QUOTED else text[:_MAX_QUOTED] + CUT
