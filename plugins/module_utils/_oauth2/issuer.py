# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The interface of token issuers."""

from __future__ import annotations

import typing as t

from .._errors import AccessError
from .cache_entry import Revocation
from .grants import Grant
from .token import Token


class Issuer(t.Protocol):
    """Issues tokens for one installation of a platform."""

    #: Whether a login's refresh token also obtains tokens for other scopes.
    shares_logins: t.ClassVar[bool]

    @property
    def revokes(self) -> bool:
        """Whether a token is revoked before another one is obtained in its place."""

    @property
    def can_revoke(self) -> bool:
        """Whether the platform can revoke a token."""

    @property
    def identity(self) -> t.Sequence[str]:
        """Distinguishes the installation's tokens from those of others: the platform's name, the URL, and further
        values.
        """

    def obtain(self, grant: Grant) -> Token: ...

    def obtain_many(self, grants: t.Sequence[Grant]) -> dict[Grant, Token | AccessError]: ...

    def refresh(self, grant: Grant, token: Token) -> Token | None:
        """Exchange a token's refresh token for a new token; None if a new login is required."""

    def revoke(self, token: Token) -> None: ...

    def revocation(self, token: Token) -> Revocation | None: ...

    def remaining_life(self, token: Token) -> float | None:
        """The remaining lifetime in seconds as the platform reports it: None if it cannot be queried, 0 if it rejects
        the token.
        """

    def is_revocable(self, token: Token) -> bool:
        """Whether a token that was not obtained here is valid and can be revoked."""
