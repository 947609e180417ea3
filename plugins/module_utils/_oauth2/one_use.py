# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins whose credential can be used once: a code, or a refresh token that the user supplies.

The platform accepts such a credential once, whatever scope or audience is requested. From then on, only the refresh
token that it returned last obtains tokens, for all of them. That token is kept in an entry of its own, named after the
installation, the client ID and the credential: no option that may change while the login lasts, such as the client's
secret, brings a spent credential back. The entries of the access tokens have no refresh token.
"""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from .._errors import AccessError, AmbiguousWrite
from .._ratelimit.budget import WaitBudget
from .._store.encrypted import TokenStore
from .cache_entry import CacheEntry
from .grants import Grant, RefreshToken
from .token import Token

#: The login of a spent credential without a refresh token.
_SPENT = Token("", expires_at=0.0)


class OneUseLogins:
    """The logins of one-use credentials in a store. A login has the form of an expired token, without an access token.

    Other grants have none. Callers hold :meth:`lock`, except those of :meth:`complete`.
    """

    def __init__(self, store: TokenStore, budget: WaitBudget, identity: t.Callable[[], t.Sequence[str]]) -> None:
        """``identity`` returns what distinguishes the installation from others."""
        self._store = store
        self._budget = budget
        self._identity = identity

    def name(self, grant: Grant) -> str:
        """The name of the login's entry and lock."""
        return self._store.name_of([*self._identity(), "one use", *grant.one_use])

    def lock(self, grant: Grant) -> t.ContextManager[None]:
        """One lock for all tokens of a login. The lock of the token itself is taken first."""
        return self._store.lock(self.name(grant), self._budget) if grant.one_use else contextlib.nullcontext()

    def find(self, grant: Grant) -> Token | None:
        """The login with its newest refresh token, or without one if it has ended; None if the credential is unused."""
        entry = CacheEntry.parse(self._store.read(self.name(grant))) if grant.one_use else None
        return entry.token if entry else None

    def unused(self, grant: Grant) -> Token | None:
        """The login of a supplied refresh token before its first use; None for other grants, and once it was used."""
        is_refresh_token = RefreshToken.kind in grant.one_use[:-1]
        supplied = dataclasses.replace(_SPENT, refresh_token=grant.one_use[-1]) if is_refresh_token else None
        return supplied if supplied and not self.find(grant) else None

    def complete(self, grant: Grant, token: Token | None) -> Token | None:
        """Add the login's refresh token to a cached token. Without a cached token, return the login."""
        login = self.find(grant)
        if login is None or token is None:
            return token or login
        return dataclasses.replace(
            token, refresh_token=login.refresh_token, refresh_expires_at=login.refresh_expires_at
        )

    def split(self, grant: Grant, name: str, token: Token) -> dict[str, Token]:
        """The entries of a token by name: the login first, so that a new refresh token cannot be lost."""
        if not grant.one_use:
            return {name: token}
        login = dataclasses.replace(
            _SPENT, refresh_token=token.refresh_token, refresh_expires_at=token.refresh_expires_at
        )
        return {
            self.name(grant): login,
            name: dataclasses.replace(token, refresh_token=None, refresh_expires_at=None),
        }

    def use(self, grant: Grant, obtain: t.Callable[[Grant], Token]) -> Token:
        """Use the credential for the first time. A code counts as used from the moment when it may have been sent.

        :raises AccessError: if it was used before.
        """
        kind = grant.one_use[-2].replace("authorization_", "").replace("_", " ")
        if self.find(grant):
            raise AccessError(f"the {kind} has been used or revoked, or has expired. Obtain a new one")
        if not grant.repeatable:
            self._spend(grant)
        try:
            return obtain(grant)
        except AmbiguousWrite:
            raise
        except AccessError:  # it was not used
            self._store.backend.remove(self.name(grant))
            raise

    def end(self, grant: Grant, revoked: bool) -> None:
        """Forget the refresh token of a login. The credential stays spent, unless the platform still accepts it."""
        login = self.find(grant) if grant.one_use else None
        if login and login.refresh_token == grant.one_use[-1] and not revoked:
            self._store.backend.remove(self.name(grant))
        elif login or (revoked and grant.one_use):
            self._spend(grant)

    def _spend(self, grant: Grant) -> None:
        platform, url = self._identity()
        self._store.write(self.name(grant), CacheEntry(platform, url, grant.principal, _SPENT).as_dict(), None)
