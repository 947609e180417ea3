# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who issues a platform's tokens: what each platform's file fills in for :class:`_oauth2.tokens.Tokens`."""

from __future__ import annotations

import dataclasses
import math
import typing as t

from .._errors import AccessError, RejectedToken
from .._http.models import Request
from .._oauth2.cache_entry import Revocation
from .._oauth2.grants import Grant
from .._oauth2.token import Token
from .client import ApiClient


class TokenIssuer(ApiClient):
    """Obtains, refreshes and revokes tokens. A platform's issuer says at least :meth:`grant` and :meth:`obtain`."""

    revokes: t.ClassVar[bool] = False
    shares_logins: t.ClassVar[bool] = False
    #: Options beside ``url`` that tell one installation's tokens from another's.
    identity_options: t.ClassVar[tuple[str, ...]] = ()

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
        """Log in."""
        raise NotImplementedError

    def obtain_many(self, grants: t.Sequence[Grant]) -> dict[Grant, Token | AccessError]:
        """Log in for several grants, each with its own outcome."""
        outcomes: dict[Grant, Token | AccessError] = {}
        for grant in grants:
            try:
                outcomes[grant] = self.obtain(grant)
            except AccessError as error:
                outcomes[grant] = error
        return outcomes

    def refresh(self, grant: Grant, token: Token) -> Token | None:
        """A new token by the refresh token; None if the platform requires a new login."""
        return None

    def authorize(self, request: Request, token: Token) -> Request:
        """The request with the token in it (RFC 6750, section 2.1)."""
        return dataclasses.replace(request, headers={**request.headers, "Authorization": f"Bearer {token.access_token}"})

    def revocation_request(self, token: Token) -> Request | None:
        """The request that revokes a token, if the platform has one."""
        return None

    def revoke(self, token: Token) -> None:
        """Revoke a token; one that the platform does not know any more is revoked already."""
        request = self.revocation_request(token)
        try:
            if request:
                self.send(request)
        except RejectedToken:
            return

    def revocation(self, token: Token) -> Revocation | None:
        """The same for readers of the cache, who know no platform."""
        request = self.revocation_request(token)
        return Revocation(request, self.session.limits.limits_for(request)) if request else None

    def remaining_life(self, token: Token) -> float:
        """Seconds for which the platform still accepts a token, if it can be asked; 0 if it rejects the token."""
        return math.inf
