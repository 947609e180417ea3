# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base class of token issuers, which each platform implements for :class:`_oauth2.tokens.Tokens`."""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import AccessError, RejectedToken
from .._http.models import Request
from .._oauth2.cache_entry import Revocation
from .._oauth2.grants import Grant
from .._oauth2.token import Token
from .client import ApiClient


class TokenIssuer(ApiClient):
    """Obtains, refreshes and revokes tokens. A subclass implements at least :meth:`grant` and :meth:`obtain`."""

    shares_logins: t.ClassVar[bool] = False
    #: Options, besides ``url``, that distinguish the tokens of one installation from those of another.
    identity_options: t.ClassVar[tuple[str, ...]] = ()

    @property
    def revokes(self) -> bool:
        """Whether a token is revoked before another one is obtained in its place."""
        return False

    @property
    def can_revoke(self) -> bool:
        """Whether the platform can revoke a token."""
        return self.revokes

    @property
    def identity(self) -> list[str]:
        """The platform's name, the URL, and the values of :attr:`identity_options`."""
        return [self.session.platform, self.url, *(str(self.params[name]) for name in self.identity_options)]

    def grant(self) -> Grant:
        """The grant that the options describe.

        :raises MissingOption: if credentials are missing.
        """
        raise NotImplementedError

    def obtain(self, grant: Grant) -> Token:
        """Log in and return the new token."""
        raise NotImplementedError

    def obtain_many(self, grants: t.Sequence[Grant]) -> dict[Grant, Token | AccessError]:
        """Log in for several grants. Returns a token or an error for each."""
        outcomes: dict[Grant, Token | AccessError] = {}
        for grant in grants:
            try:
                outcomes[grant] = self.obtain(grant)
            except AccessError as error:
                outcomes[grant] = error
        return outcomes

    def refresh(self, grant: Grant, token: Token) -> Token | None:
        """Exchange a token's refresh token for a new token; None if a new login is required."""
        return None

    def authorize(self, request: Request, token: Token) -> Request:
        """Add a token to a request (RFC 6750, section 2.1)."""
        return dataclasses.replace(
            request, headers={**request.headers, "Authorization": f"Bearer {token.access_token}"}
        )

    def revocation_request(self, token: Token) -> Request | None:
        """The request that revokes a token; None if the platform has none."""
        return None

    def revoke(self, token: Token) -> None:
        """Revoke a token. A token that the platform rejects counts as revoked."""
        request = self.revocation_request(token)
        try:
            if request:
                self.send(request)
        except RejectedToken:
            return

    def revocation(self, token: Token) -> Revocation | None:
        """The revocation request with its rate limits, for the token cache, which has no platform code."""
        request = self.revocation_request(token)
        return Revocation(request, self.session.limits.limits_for(request)) if request else None

    def remaining_life(self, token: Token) -> float | None:
        """The remaining lifetime in seconds as the platform reports it: None if it cannot be queried, 0 if it rejects
        the token.
        """
        return None

    def is_revocable(self, token: Token) -> bool:
        """Whether a token that was not obtained here is valid and can be revoked."""
        return self.revokes and is_alive(self.remaining_life(token))


def is_alive(life: float | None) -> bool:
    """Whether a token is valid, as far as :meth:`TokenIssuer.remaining_life` tells."""
    return life is None or life > 0
