# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of a platform's API that sends access tokens."""

from __future__ import annotations

import typing as t

from .._errors import AccessError, RejectedToken
from .._http.models import Request, Response
from .._oauth2.grants import Grant, SuppliedToken
from .._oauth2.tokens import Tokens
from .client import ApiClient
from .issuer import TokenIssuer
from .session import Session


class AuthorizedClient(ApiClient):
    """Sends requests with an access token, and replaces a rejected token once."""

    def __init__(self, session: Session, issuer: TokenIssuer) -> None:
        super().__init__(session)
        self.issuer = issuer
        self.tokens = Tokens(
            issuer, session.store, session.budget, session.clock, session.secrets, session.params["min_ttl"]
        )

    # --- grants -------------------------------------------------------------------------------------------------------

    def preferred_grant(self) -> Grant:
        """The supplied ``access_token``, otherwise the credentials. They also replace a supplied token that expires too
        soon.
        """
        grant = self.supplied_grant()
        if not isinstance(grant, SuppliedToken) or self.tokens.cached(grant):
            return grant
        return self.credential_grant() or grant

    def supplied_grant(self) -> Grant:
        """The supplied ``access_token`` even if it has expired, otherwise the credentials."""
        supplied = self.params.get("access_token")
        return SuppliedToken(supplied) if supplied else self.issuer.grant()

    def credential_grant(self) -> Grant | None:
        """The grant of the credentials; None if they are not set."""
        try:
            return self.issuer.grant()
        except AccessError:
            return None

    def grant_after(self, rejected: Grant, error: AccessError) -> Grant:
        """The grant to continue with after a token was rejected: for a supplied token, the credentials.

        :raises AccessError: if a supplied token was rejected and there are no credentials.
        """
        grant = self.credential_grant() if isinstance(rejected, SuppliedToken) else rejected
        if grant:
            return grant
        raise AccessError(
            "the supplied access_token was rejected: it has expired, was revoked, or belongs to another "
            "installation. Supply a newer token, or credentials",
            **error.codes,
        )

    # --- requests -----------------------------------------------------------------------------------------------------

    def send_authorized(self, request: Request, grant: Grant | None = None, expected: t.Sequence[int] = ()) -> Response:
        """Send a request with a token. A rejected token is replaced once.

        If ``expected`` is set, only responses with one of these HTTP statuses are successful.
        """
        grant = grant or self.preferred_grant()
        token = self.tokens.get(grant)
        response = self.http.send(self.issuer.authorize(request, token))
        error = self.responses.find_error(response)
        is_replaced = isinstance(error, RejectedToken)
        if error and is_replaced:
            try:
                grant = self.grant_after(grant, error)
            except AccessError:
                if response.status not in expected:
                    raise
                return response
            response = self.http.send(self.issuer.authorize(request, self.tokens.replace(grant, token)))
        if response.status in expected:
            return response
        error = self.responses.make_error(response) if expected else self.responses.find_error(response)
        if error is None:
            return response
        if is_replaced and isinstance(error, RejectedToken):
            error = error.with_message(self.responses.with_new_token_hint(error.message))
        if expected:
            error = error.with_message(f"{error.message}. Expected status: {' or '.join(map(str, expected))}")
        raise error
