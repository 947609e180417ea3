# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients of a platform's API: without tokens, and with them."""

from __future__ import annotations

import typing as t

from .._data.schema import Schema
from .._errors import AccessError, RejectedToken
from .._http.models import Request, Response, root_url
from .._oauth2.grants import Grant, SuppliedToken
from .._oauth2.token import Token
from .._oauth2.tokens import Tokens
from .session import Session

if t.TYPE_CHECKING:
    from .issuer import TokenIssuer


class ApiClient:
    """Sends one item's requests, and reads the answers."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.params = session.params
        self.http = session.http
        self.responses = session.responses
        self.require = session.require
        #: The root of the platform's API, without a trailing slash.
        self.url = root_url(session.require("url")) if "url" in session.options else ""

    def send(self, request: Request) -> Response:
        """Send a request, and return the answer if it reports success.

        :raises AccessError: as the platform's :class:`ResponseReader` reads it.
        """
        return self.responses.raise_for_error(self.http.send(request))

    def fetch(self, request: Request, schema: Schema) -> t.Any:
        """Send a request, and return the answer's data, checked."""
        return self.responses.validate(self.send(request), schema)


class AuthorizedClient(ApiClient):
    """Sends requests with an access token, and replaces a rejected one once."""

    def __init__(self, session: Session, issuer: TokenIssuer) -> None:
        super().__init__(session)
        self.issuer = issuer
        self.tokens = Tokens(issuer, session.store, session.budget, session.clock, session.secrets, session.params["min_ttl"])

    def authorize(self, request: Request, token: Token) -> Request:
        """The request with the token in it (RFC 6750, section 2.1)."""
        return self.issuer.authorize(request, token)

    # --- which grant ---------------------------------------------------------------------------------------------------

    def preferred_grant(self) -> Grant:
        """The supplied ``access_token``, else the credentials, which also stand in for a supplied token that expires too soon."""
        grant = self.supplied_grant()
        return grant if not isinstance(grant, SuppliedToken) or self.tokens.cached(grant) else self.credential_grant() or grant

    def supplied_grant(self) -> Grant:
        """The supplied ``access_token``, however old it is, else the credentials."""
        supplied = self.params.get("access_token")
        return SuppliedToken(supplied) if supplied else self.issuer.grant()

    def credential_grant(self) -> Grant | None:
        """The grant that the credentials give; None if there are none."""
        try:
            return self.issuer.grant()
        except AccessError:
            return None

    def grant_after(self, rejected: Grant, error: AccessError) -> Grant:
        """The grant to go on with after a token was rejected: the credentials beside a supplied token.

        :raises AccessError: if there are none.
        """
        grant = self.credential_grant() if isinstance(rejected, SuppliedToken) else rejected
        if grant:
            return grant
        raise AccessError(
            "the access_token that was given is rejected: it is expired, revoked or for another installation. Give a newer one, or credentials", **error.codes
        )

    # --- requests ------------------------------------------------------------------------------------------------------

    def send_authorized(self, request: Request, grant: Grant | None = None, expected: t.Sequence[int] = ()) -> Response:
        """Send a request with a token; a rejected one is replaced once.

        With ``expected``, an answer with one of these HTTP statuses is a success, and any other a failure.
        """
        grant = grant or self.preferred_grant()
        token = self.tokens.get(grant)
        response = self.http.send(self.authorize(request, token))
        error = self.responses.find_error(response)
        if isinstance(error, RejectedToken):
            try:
                grant = self.grant_after(grant, error)
            except AccessError:
                if response.status not in expected:
                    raise
                return response
            response = self.http.send(self.authorize(request, self.tokens.replace(grant, token)))
        if not expected:
            return self.responses.raise_for_error(response)
        if response.status in expected:
            return response
        error = self.responses.make_error(response)
        raise error.with_message(f"{error.message}. Expected is {' or '.join(map(str, expected))}")
