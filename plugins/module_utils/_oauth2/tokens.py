# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens by grant: from the cache, obtained, refreshed, replaced and revoked."""

from __future__ import annotations

import math
import typing as t

from .._clock import Clock
from .._errors import AccessError
from .._masking.secrets import Secrets
from .._ratelimit.budget import WaitBudget
from .._store.encrypted import TokenStore
from .cache_entry import CacheEntry, Revocation
from .grants import Grant, SuppliedToken
from .jwt import jwt_expiry
from .token import Token


class Issuer(t.Protocol):
    """Issues the tokens of one installation of a platform."""

    #: Whether it can revoke a token.
    revokes: t.ClassVar[bool]
    #: Whether the refresh token of one login gets tokens for other scopes, too.
    shares_logins: t.ClassVar[bool]

    @property
    def identity(self) -> t.Sequence[str]:
        """What distinguishes its tokens from another installation's: the platform's name and the URL, then whatever else."""

    def obtain(self, grant: Grant) -> Token: ...

    def obtain_many(self, grants: t.Sequence[Grant]) -> dict[Grant, Token | AccessError]: ...

    def refresh(self, grant: Grant, token: Token) -> Token | None:
        """A new token by an old one's refresh token; None if that is not possible, or not any more."""

    def revoke(self, token: Token) -> None: ...

    def revocation(self, token: Token) -> Revocation | None: ...

    def remaining_life(self, token: Token) -> float:
        """Seconds for which the platform still accepts a token, if it can be asked; 0 if it rejects the token."""


class Tokens:
    """The tokens of one platform, from the shared store or newly issued."""

    def __init__(self, issuer: Issuer, store: TokenStore, budget: WaitBudget, clock: Clock, secrets: Secrets, min_ttl: int) -> None:
        self._issuer = issuer
        self._store = store
        self._budget = budget
        self._clock = clock
        self._secrets = secrets
        self._min_ttl = min_ttl
        #: Whether a token was issued or revoked.
        self.changed = False
        #: The new ones.
        self._issued: set[str] = set()
        #: Those of the last get_many, by their names: what follows need not ask the store.
        self._preloaded: dict[str, Token] = {}
        self._names: dict[Grant, str] = {}

    def cached(self, grant: Grant, min_ttl: float | None = None) -> Token | None:
        """The token that is there, if it lives long enough."""
        if isinstance(grant, SuppliedToken):
            token: Token | None = self._supplied(grant)
        else:
            name = self._name(grant)
            token = self._preloaded.get(name) or self._read(name)
        return token if token and self._lives(token, self._min_ttl if min_ttl is None else min_ttl) else None

    def _lives(self, token: Token, seconds: float) -> bool:
        """Whether a token has so much life left; of a new one, which platforms measure in whole seconds, a part has passed on the way."""
        life = token.life(self._clock.now())
        return life >= seconds or (token.access_token in self._issued and life > seconds - 1)

    def usable_token(self, grant: Grant) -> Token | None:
        """The token that is there, if it lives, or its refresh token does."""
        token = self.cached(grant, min_ttl=-math.inf)
        return token if token and (token.life(self._clock.now()) > 0 or self._can_be_refreshed(token)) else None

    def get(self, grant: Grant) -> Token:
        """A token with at least ``min_ttl`` of life: cached, else refreshed, else new."""
        token = self.cached(grant)
        if not token:
            self._reject_supplied(grant, f"it has less life left than min_ttl ({self._min_ttl} s)")
        return token or self._issue(grant, unwanted=None)

    def _supplied(self, grant: SuppliedToken) -> Token:
        return self._register_secret(Token(grant.access_token, expires_at=jwt_expiry(grant.access_token)))

    def get_many(self, grants: t.Iterable[Grant]) -> dict[Grant, AccessError]:
        """Have tokens for several grants in the cache, with as few requests as the platform allows; returns why some could not be had."""
        self._preloaded = {}
        missing = self._collect({self._name(grant): grant for grant in grants})
        failures: dict[Grant, AccessError] = {}
        if not missing:
            return failures
        # One lock stands for all: runs of the same list ask for the same tokens together. Whoever asks for one of them alone at that instant logs in, too.
        with self._store.lock(min(missing), self._budget):
            wanted = {grant: name for name, grant in self._collect(missing).items()}
            for grant, outcome in (self._issuer.obtain_many(list(wanted)) if wanted else {}).items():
                try:
                    if isinstance(outcome, AccessError):
                        raise outcome
                    self._preloaded[wanted[grant]] = self._keep(wanted[grant], grant, outcome)
                except AccessError as error:
                    failures[grant] = error
        return failures

    def _collect(self, grants: dict[str, Grant]) -> dict[str, Grant]:
        """Have the cached tokens of grants at hand; returns the others."""
        entries = self._store.read_many(list(grants))
        for name in grants:
            token = self._read_entry(entries.get(name))
            if token and token.life(self._clock.now()) >= self._min_ttl:
                self._preloaded[name] = token
        return {name: grant for name, grant in grants.items() if name not in self._preloaded}

    def force_new(self, grant: Grant) -> Token:
        """A token that was not there before: where the platform can, the old one is revoked first."""
        self._reject_supplied(grant, "there are no credentials to obtain a new one with")
        name = self._name(grant)
        self._preloaded.pop(name, None)
        with self._store.lock(name, self._budget):
            started = self._clock.now()
            old = self._read(name)
            if old and self._issuer.revokes:
                self._revoke(name, old)
            token = self._obtain(grant)
            if (token.issued_at is not None and token.issued_at < started - 1) or (old and token.access_token == old.access_token):
                token = self._reissue(name, grant, token)
            return self._keep(name, grant, token)

    def replace(self, grant: Grant, rejected: Token) -> Token:
        """A token in place of one that the platform rejects: somebody else's newer one, else a new login."""
        self._reject_supplied(grant, "it is expired, revoked or for another installation")
        return self._issue(grant, unwanted=rejected.access_token)

    def drop(self, grant: Grant, *, check_mode: bool = False) -> bool:
        """Revoke the token where the platform can, and forget it; says whether there was one."""
        if isinstance(grant, SuppliedToken):
            return self._drop_supplied(self._supplied(grant), check_mode)
        name = self._name(grant)
        self._preloaded.pop(name, None)
        if check_mode:
            return self.usable_token(grant) is not None
        with self._store.lock(name, self._budget):
            token = self.usable_token(grant)
            if token and token.life(self._clock.now()) > 0:
                self._revoke(name, token)
            self._store.backend.remove(name)
        return token is not None

    def _drop_supplied(self, token: Token, check_mode: bool) -> bool:
        there = self._issuer.revokes and self._issuer.remaining_life(token) > 0
        if there and not check_mode:
            self._issuer.revoke(token)
        return there

    def _issue(self, grant: Grant, unwanted: str | None) -> Token:
        """One login for all who wait: whoever gets the lock second finds the first one's token."""
        name = self._name(grant)
        self._preloaded.pop(name, None)
        with self._store.lock(name, self._budget):
            held = self._read(name)
            if held and held.access_token != unwanted and held.life(self._clock.now()) >= self._min_ttl:
                return held
            if held and held.access_token == unwanted:
                self._store.backend.remove(name)
            token = (held and self._refresh(grant, held)) or self._obtain(grant)
            if token.access_token == unwanted:
                token = self._reissue(name, grant, token)
            return self._keep(name, grant, token)

    def _obtain(self, grant: Grant) -> Token:
        """Log in, or continue a login that was made for another scope if the platform allows that."""
        other = self._token_of_same_login(grant) if self._issuer.shares_logins and grant.scope else None
        return (other and self._issuer.refresh(grant, other)) or self._issuer.obtain(grant)

    def _token_of_same_login(self, grant: Grant) -> Token | None:
        """The newest token of the same login for another scope that can be refreshed."""
        login, own = self._login_name(grant), self._name(grant)
        entries = [CacheEntry.parse(entry) for name, entry in self._store.entries().items() if name != own and entry.get("login") == login]
        usable = [entry.token for entry in entries if entry and self._can_be_refreshed(entry.token)]
        newest = max(usable, key=lambda token: (token.refresh_expires_at or math.inf, token.expires_at or math.inf), default=None)
        return newest and self._register_secret(newest)

    def _refresh(self, grant: Grant, held: Token) -> Token | None:
        return self._issuer.refresh(grant, held) if self._can_be_refreshed(held) else None

    def _can_be_refreshed(self, token: Token) -> bool:
        return bool(token.refresh_token) and (token.refresh_expires_at is None or token.refresh_expires_at > self._clock.now())

    def _reissue(self, name: str, grant: Grant, token: Token) -> Token:
        """For a platform that answers a login with the token it had already issued: end that one's life and ask once more."""
        self._register_secret(token)
        if not self._issuer.revokes:
            return token
        self._revoke(name, token)
        return self._obtain(grant)

    def _revoke(self, name: str, token: Token) -> None:
        self._issuer.revoke(token)
        self._store.backend.remove(name)
        self.changed = True

    def _keep(self, name: str, grant: Grant, token: Token) -> Token:
        """Put a token into the cache; another one where a login was answered with one that expires too soon."""
        self._issued.add(token.access_token)
        if not self._lives(token, self._min_ttl):
            token = self._reissue(name, grant, token)
            self._issued.add(token.access_token)
        self._register_secret(token)
        self.changed = True
        platform, url = self._issuer.identity[:2]
        login = self._login_name(grant) if token.refresh_token else None
        entry = CacheEntry(platform, url, grant.principal, token, self._issuer.revocation(token), login)
        self._store.write(name, entry.as_dict(), max(filter(None, [token.expires_at, token.refresh_expires_at]), default=None))
        if not self._lives(token, self._min_ttl):
            life = max(0, int(token.life(self._clock.now())))
            raise AccessError(f"even a new token lives for {life} s only, less than min_ttl ({self._min_ttl} s): lower min_ttl")
        return token

    def _login_name(self, grant: Grant) -> str:
        """What the tokens of one login have in common, whatever their scope."""
        return self._store.name_of([*self._issuer.identity, *grant.login_key])

    def _name(self, grant: Grant) -> str:
        name = self._names.get(grant)
        if name is None:
            name = self._names[grant] = self._store.name_of([*self._issuer.identity, *grant.cache_key])
        return name

    def _read(self, name: str) -> Token | None:
        return self._read_entry(self._store.read(name))

    def _read_entry(self, data: dict[str, t.Any] | None) -> Token | None:
        entry = CacheEntry.parse(data)
        return self._register_secret(entry.token) if entry else None

    def _register_secret(self, token: Token) -> Token:
        self._secrets.add(token.access_token, token.refresh_token)
        return token

    def _reject_supplied(self, grant: Grant, reason: str) -> None:
        if isinstance(grant, SuppliedToken):
            raise AccessError(f"the access_token that was given does not serve: {reason}. Give credentials instead, or a newer token", status=401)
