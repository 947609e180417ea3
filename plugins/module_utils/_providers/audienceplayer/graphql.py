# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AudiencePlayer's GraphQL API: one URL for each project and scope, and errors below ``errors`` (providers.md, sections
1.1 and 1.6).
"""

from __future__ import annotations

import dataclasses
import typing as t

from ..._data.schema import Schema
from ..._errors import AccessError, RejectedToken
from ..._http.models import Request, Response
from ..._platform.client import ApiClient
from ..._platform.responses import ResponseReader
from ..._platform.session import Capabilities, Session
from .addresses import parse_address
from .documents import Listing
from .schemas import RESPONSE


class GraphQLError(AccessError):
    """An error in a GraphQL response."""


@dataclasses.dataclass
class AudiencePlayerCapabilities(Capabilities):
    """Properties of an installation that are detected at run time."""

    #: Whether each field of a document counts towards the rate limits.
    fields_count: bool = False
    #: Whether the client can log in; None until it has been tried.
    client_works: bool | None = None
    #: How ``ClientUser`` lists a user's holdings, by kind; None if holdings are read with the users' own tokens.
    listings: t.Mapping[str, Listing] | None = None
    #: Whether ``listings`` has been confirmed after the platform rejected a query that uses them.
    listings_confirmed: bool = False


class Answers(t.NamedTuple):
    """The results of the fields of one document, by alias."""

    data: dict[str, t.Any]
    failed: dict[str, AccessError]
    #: Fields whose outcome is unclear, or that were rejected because of a rate limit.
    unclear: list[str]
    #: The first error of any field.
    error: AccessError | None
    #: The codes of all errors.
    codes: frozenset[t.Any]
    response: Response

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status


class GraphQLResponses(ResponseReader):
    """Errors are read from the body, whatever the HTTP status (1.6)."""

    def errors_in(self, response: Response) -> list[dict[str, t.Any]]:
        """The errors of a GraphQL response."""
        if not response.body.lstrip().startswith(b"{"):
            return []
        try:
            errors = response.json().get("errors")
        except ValueError:
            return []
        return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []

    def is_rate_limited(self, response: Response) -> bool:
        """Whether to repeat the whole document later. If some of its mutations were applied, :meth:`GraphQL.mutate`
        repeats only the others.
        """
        if not super().is_rate_limited(response) and not self.mentions_rate_limit(response):
            return False
        is_query = not response.request.json["query"].lstrip().startswith("mutation")
        return (
            is_query
            or not self.errors_in(response)
            or not any(value is not None for value in (response.json().get("data") or {}).values())
        )

    def mentions_rate_limit(self, response: Response) -> bool:
        """Whether fields of the document were rejected because of a rate limit."""
        return any(self.code_of(error, response) == 429 for error in self.errors_in(response))

    def is_definitive_refusal(self, response: Response) -> bool:
        """Errors may be returned with any HTTP status, as it is not documented: a refusal may have status 500 (1.6)."""
        codes = [self.code_of(error, response) for error in self.errors_in(response)]
        return bool(codes) and all(isinstance(code, int) and 400 <= code < 500 for code in codes)

    def code_of(self, error: dict[str, t.Any], response: Response) -> t.Any:
        """The code of an error: its own, that of its extensions, or the HTTP status of a failure."""
        extensions = error.get("extensions")
        code = error.get("code")
        if code is None and isinstance(extensions, dict):
            code = extensions.get("code")
        if code is None:
            return None if response.ok else response.status
        return int(code) if isinstance(code, str) and code.isdigit() else code

    def find_error(self, response: Response) -> AccessError | None:
        errors = self.errors_in(response)
        return self.to_exception(errors[0], response) if errors else super().find_error(response)

    def to_exception(self, error: dict[str, t.Any], response: Response) -> AccessError:
        """Convert an error of a response to an exception."""
        code = self.code_of(error, response)
        text = self.quote(error["message"]) if isinstance(error.get("message"), str) else self.error_text(response)[1]
        message = (
            f"the platform returned error {code}: {text or 'no message'}"
            if code is not None
            else f"the platform returned an error: {text}"
        )
        kind = RejectedToken if 401 in (code, response.status) or code == "UNAUTHENTICATED" else GraphQLError
        return kind(self.with_hint(message, response, code), status=response.status, code=code)

    def data(self, response: Response) -> dict[str, t.Any]:
        """The data of a response; empty if it has only errors."""
        return self.validate(response, RESPONSE).get("data") or {}

    def parse_field(self, response: Response, name: str, schema: Schema) -> t.Any:
        """Validate one field of a response's data, and return it.

        :raises AccessError: naming what is invalid.
        """
        value = self.data(response).get(name)
        problems = schema.problems(value, f"data.{name}")
        if problems:
            raise self.invalid_response(response, problems)
        return value


class GraphQL(ApiClient):
    """Sends GraphQL documents. Their arguments include the client's credentials."""

    responses: GraphQLResponses

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.capabilities = t.cast(AudiencePlayerCapabilities, session.capabilities)
        self._forwarded_for = parse_address(self.params["forwarded_for"])

    def request(
        self, document: str, scope: str = "user", *, variables: t.Any = None, fields: int = 1, **kwargs: t.Any
    ) -> Request:
        """Build the request for a document with a number of ``fields``."""
        kwargs["cost"] = fields if self._counts_fields else 1
        headers = {"X-Forwarded-For": self._forwarded_for} if self._forwarded_for else {}
        body = {"query": document, **({"variables": variables} if variables else {})}
        return Request(
            "POST", f"{self.url}/graphql/{self.require('project_id')}/{scope}", headers=headers, json=body, **kwargs
        )

    def client_arguments(self) -> dict[str, t.Any]:
        """The arguments that authenticate the client in a mutation or query (1.3)."""
        project_id, client_id, client_secret = self.require("project_id", "client_id", "client_secret")
        return {"project_id": project_id, "client_id": client_id, "client_secret": client_secret}

    def max_fields(self, requested: int, *, authenticates: bool = False) -> int:
        """The number of fields, at most ``requested``, that one document may have under the rate limits."""
        highest = self.session.limits.max_cost(authenticates=authenticates) if self._counts_fields else None
        return requested if highest is None else min(requested, highest)

    @property
    def _counts_fields(self) -> bool:
        """Whether each field counts towards the rate limits, as configured or detected."""
        return self.params["rate_limit_counts"] == "field" or self.capabilities.fields_count

    def mutate(self, fields: t.Mapping[str, str], *, repeatable: bool = True, **kwargs: t.Any) -> Answers:
        """Send mutations, given by alias, as one document. If a rate limit rejected some of them, wait for it before
        returning.

        :raises AccessError: if the whole document failed (:class:`_errors.AmbiguousWrite` if it must not be repeated
            and may have been applied).
        """
        return self._send_fields("mutation", fields, repeatable=repeatable, **kwargs)

    def query(self, fields: t.Mapping[str, str]) -> Answers:
        """Send queries, given by alias, as one document.

        :raises AccessError: if the whole document failed.
        """
        return self._send_fields("query", fields, repeatable=True)

    def _send_fields(self, kind: str, fields: t.Mapping[str, str], *, repeatable: bool, **kwargs: t.Any) -> Answers:
        document = f"{kind} {{ {' '.join(fields.values())} }}"
        response = self.http.send(self.request(document, repeatable=repeatable, fields=len(fields), **kwargs))
        errors, error = self.responses.errors_in(response), self.responses.find_error(response)
        if error and not errors:
            raise error
        data = self.responses.data(response)
        failed = self._match_errors(fields, errors, response)
        if self.responses.mentions_rate_limit(response):
            failed = self._wait_for_limit(failed, response)
        unclear = [
            alias for alias in fields if alias not in failed and (alias not in data or (errors and data[alias] is None))
        ]
        codes = frozenset(self.responses.code_of(item, response) for item in errors)
        return Answers(data, failed, unclear, error, codes, response)

    def _wait_for_limit(self, failed: dict[str, AccessError], response: Response) -> dict[str, AccessError]:
        """Wait for a rate limit that rejected some fields of a document. Returns the failures that remain."""
        if not self._counts_fields:
            self.capabilities.fields_count = True
            self.session.warn(
                "the platform counts each field of a request towards its rate limit: set rate_limit_counts to field"
            )
        self.session.budget.counts.responses_429 += response.status != 429  # which is already counted
        limited = [alias for alias, failure in failed.items() if failure.code == 429]
        try:
            self.http.wait_for_limit(response)
        except AccessError as error:
            return {**failed, **dict.fromkeys(limited, error)}
        return {alias: failure for alias, failure in failed.items() if alias not in limited}

    def _match_errors(
        self, fields: t.Mapping[str, str], errors: t.Sequence[dict[str, t.Any]], response: Response
    ) -> dict[str, AccessError]:
        """Assign errors to fields. Returns the first error of each alias."""
        failed: dict[str, AccessError] = {}
        for error in errors:
            path = error.get("path")
            alias = str(path[0]) if isinstance(path, list) and path else next(iter(fields)) if len(fields) == 1 else ""
            if alias in fields:
                failed.setdefault(alias, self.responses.to_exception(error, response))
        return failed
