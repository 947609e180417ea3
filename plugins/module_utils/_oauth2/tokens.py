# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tokens of grants: read from the cache, obtained, refreshed, replaced and revoked."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import typing as t

from .._clock import Clock
from .._errors import AccessError
from .._masking.secrets import Secrets
from .._ratelimit.budget import WaitBudget
from .._store.encrypted import TokenStore
from .cache_entry import CacheEntry
from .grants import Grant, SuppliedToken
from .jwt import jwt_expiry
from .one_use import OneUseLogins
from .retired import RetiredTokens
from .token import Token

if t.TYPE_CHECKING:
    from .issuer import Issuer


class Tokens:
    """The tokens of one platform, shared by all processes through the store."""

    def __init__(
        self, issuer: Issuer, store: TokenStore, budget: WaitBudget, clock: Clock, secrets: Secrets, min_ttl: int
    ) -> None:
        self._issuer = issuer
        self._store = store
        self._budget = budget
        self._clock = clock
        self._secrets = secrets
        self._min_ttl = min_ttl
        #: Whether a token was issued or revoked.
        self.changed = False
        #: The access tokens that were issued during this task.
        self._issued: set[str] = set()
        #: The tokens of the last get_many by name, which saves reading them from the store again.
        self._preloaded: dict[str, Token] = {}
        self._names: dict[Grant, str] = {}
        self._logins = OneUseLogins(store, budget, lambda: issuer.identity[:2])
        #: The tokens that rotations have replaced and not yet revoked.
        self.retired = RetiredTokens(
            store, lambda grant, index: store.name_of([*issuer.identity, *grant.cache_key, f"retired {index}"])
        )
        #: Whether the platform issued the old token again, so that it had to be revoked before there was a new one.
        self.replaced_early = False

    def cached(self, grant: Grant, min_ttl: float | None = None) -> Token | None:
        """The cached or supplied token, if it has at least ``min_ttl`` seconds left."""
        if isinstance(grant, SuppliedToken):
            token: Token | None = self._supplied(grant)
        else:
            name = self._name(grant)
            token = self._preloaded.get(name) or self._load(grant)
        return token if token and self._has_left(token, self._min_ttl if min_ttl is None else min_ttl) else None

    def _has_left(self, token: Token, seconds: float) -> bool:
        """Whether a token is valid for that many seconds. A new one may lack up to a second: platforms round lifetimes,
        and the response took time.
        """
        life = token.life(self._clock.now())
        return life >= seconds or (token.access_token in self._issued and life > seconds - 1)

    def usable_token(self, grant: Grant) -> Token | None:
        """The cached or supplied token, if it or its refresh token is still valid."""
        token = self.cached(grant, min_ttl=-math.inf)
        return token if token and (token.life(self._clock.now()) > 0 or self._can_be_refreshed(token)) else None

    def get(self, grant: Grant) -> Token:
        """A token with at least ``min_ttl`` seconds left: cached, otherwise refreshed, otherwise new."""
        token = self.cached(grant)
        if not token:
            self._reject_supplied(grant, f"it expires within min_ttl ({self._min_ttl} s)")
        return self.count_cached(grant, token) if token else self._issue(grant, rejected=None)

    def count_cached(self, grant: Grant, token: Token) -> Token:
        """Count a token for the statistics if it came from the cache. Returns the token."""
        if not isinstance(grant, SuppliedToken):
            self._budget.counts.add_cached(self._name(grant))
        return token

    def _supplied(self, grant: SuppliedToken) -> Token:
        return self._register_secret(Token(grant.access_token, expires_at=jwt_expiry(grant.access_token)))

    def get_many(self, grants: t.Iterable[Grant]) -> dict[Grant, AccessError]:
        """Obtain tokens for several grants with as few requests as the platform allows. Returns the errors of those
        that failed.
        """
        self._preloaded = {}
        missing = self._preload({self._name(grant): grant for grant in grants})
        failures: dict[Grant, AccessError] = {}
        if not missing:
            return failures
        # One lock covers all of them, as runs with the same list need the same tokens. A task that needs a single one
        # at the same time logs in separately.
        with self._store.lock(min(missing), self._budget):
            names = {grant: name for name, grant in self._preload(missing).items()}
            for grant, outcome in (self._issuer.obtain_many(list(names)) if names else {}).items():
                try:
                    if isinstance(outcome, AccessError):
                        raise outcome
                    self._preloaded[names[grant]] = self._save(names[grant], grant, outcome)
                except AccessError as error:
                    failures[grant] = error
        return failures

    def _preload(self, grants: dict[str, Grant]) -> dict[str, Grant]:
        """Read the cached tokens of several grants at once. Returns the grants that have no valid one."""
        entries = self._store.read_many(list(grants))
        for name in grants:
            token = self._parse_entry(entries.get(name))
            if token and token.life(self._clock.now()) >= self._min_ttl:
                self._preloaded[name] = token
        return {name: grant for name, grant in grants.items() if name not in self._preloaded}

    def force_new(self, grant: Grant, *, overlap: bool = False) -> Token:
        """Obtain a new token. If the platform supports revocation, the cached one is revoked first.

        With ``overlap``, it is kept instead until :meth:`retire` revokes it, unless the platform issues the same token
        again (see :attr:`replaced_early`).
        """
        self._reject_supplied(grant, "a new token cannot be obtained without credentials")
        with self._locked(grant) as name:
            started = self._clock.now()
            overlap = overlap and self._issuer.revokes
            old = self.usable_token(grant) if overlap else self._load(grant)
            if old and overlap:
                self.retired.add(grant, self._entry(grant, old))
            elif old and self._issuer.revokes:
                self._revoke(name, old)
            token = (None if grant.reusable or not old else self._refresh(grant, old)) or self._obtain(grant)
            if (token.issued_at is not None and token.issued_at < started - 1) or (
                old and token.access_token == old.access_token
            ):
                self.replaced_early = overlap
                token = self._reissue(name, grant, token)
            return self._save(name, grant, token)

    def retire(self, grant: Grant, *, check_mode: bool = False, expects_token: bool = False) -> bool:
        """Revoke the tokens that :meth:`force_new` has kept. Returns whether there were any.

        They are kept until there is a newer token: a run that died before it obtained one has kept the current token.
        ``expects_token``: in check mode, a real run would have obtained one.
        """
        if isinstance(grant, SuppliedToken):
            return False
        self._preloaded.pop(self._name(grant), None)
        if check_mode:
            return bool(self.retired.find(grant) if expects_token else self._retirable(grant))
        with self._locked(grant):
            found = self._retirable(grant)
            for retired, token in found.items():
                self._revoke(retired, token)
            return bool(found)

    def _retirable(self, grant: Grant) -> dict[str, Token]:
        """The kept tokens that a newer one has replaced, by the names of their entries."""
        current = self.usable_token(grant)
        kept = {name: self._register_secret(entry.token) for name, entry in self.retired.find(grant).items()}
        return {name: token for name, token in kept.items() if current and token.access_token != current.access_token}

    def replace(self, grant: Grant, rejected: Token) -> Token:
        """Replace a token that the platform rejected: by one that another process has obtained since, otherwise by a
        new one.
        """
        self._reject_supplied(grant, "it has expired, was revoked, or belongs to another installation")
        return self._issue(grant, rejected=rejected.access_token)

    def drop(self, grant: Grant, *, check_mode: bool = False) -> bool:
        """Revoke the token if the platform supports it, and remove it from the cache. Returns whether there was one."""
        if isinstance(grant, SuppliedToken):
            return self._drop_supplied(self._supplied(grant), check_mode)
        self._preloaded.pop(self._name(grant), None)
        if check_mode:
            return self._droppable(grant) is not None or bool(self.retired.find(grant))
        with self._locked(grant) as name:
            kept = self.retired.find(grant)
            for retired, entry in kept.items():
                self._revoke(retired, self._register_secret(entry.token))
            token = self._droppable(grant)
            if token:
                self._revoke(name, token)
            self._store.backend.remove(name)
            if grant.one_use:
                self._logins.end(grant, revoked=token is not None and self._issuer.can_revoke)
        return token is not None or bool(kept)

    def _droppable(self, grant: Grant) -> Token | None:
        """The token to revoke or forget: also a supplied refresh token that was not used here."""
        supplied = self._logins.unused(grant)
        return self.usable_token(grant) or (supplied if supplied and self._issuer.can_revoke else None)

    def _drop_supplied(self, token: Token, check_mode: bool) -> bool:
        is_valid = self._issuer.is_revocable(token)
        if is_valid and not check_mode:
            self._issuer.revoke(token)
        return is_valid

    def _issue(self, grant: Grant, rejected: str | None) -> Token:
        """Refresh or obtain a token under a lock. Processes that waited for the lock find the new token in the
        cache.
        """
        with self._locked(grant) as name:
            cached = self._load(grant)
            if cached and cached.access_token != rejected and cached.life(self._clock.now()) >= self._min_ttl:
                return self.count_cached(grant, cached)
            if cached and cached.access_token == rejected:
                self._expire(name, grant, cached)
            token = (cached and self._refresh(grant, cached)) or self._obtain(grant)
            if token.access_token == rejected:
                token = self._reissue(name, grant, token)
            return self._save(name, grant, token)

    def _expire(self, name: str, grant: Grant, token: Token) -> None:
        """Forget a rejected access token, but not its refresh token."""
        if self._can_be_refreshed(token):
            self._write(grant, dataclasses.replace(token, expires_at=0.0))
        else:
            self._store.backend.remove(name)

    def _obtain(self, grant: Grant) -> Token:
        """Log in, or use the refresh token of a login for another scope if the platform allows it."""
        if grant.one_use:
            return self._logins.use(grant, self._issuer.obtain)
        other = self._token_of_same_login(grant) if self._issuer.shares_logins and grant.scope else None
        return (other and self._issuer.refresh(grant, other)) or self._issuer.obtain(grant)

    def _token_of_same_login(self, grant: Grant) -> Token | None:
        """The latest-expiring token from the same login, for another scope, that can be refreshed."""
        login, own = self._login_name(grant), self._name(grant)
        entries = [
            CacheEntry.parse(entry)
            for name, entry in self._store.entries().items()
            if name != own and entry.get("login") == login
        ]
        usable = [entry.token for entry in entries if entry and self._can_be_refreshed(entry.token)]
        newest = max(
            usable, key=lambda token: (token.refresh_expires_at or math.inf, token.expires_at or math.inf), default=None
        )
        return newest and self._register_secret(newest)

    def _refresh(self, grant: Grant, token: Token) -> Token | None:
        return self._issuer.refresh(grant, token) if self._can_be_refreshed(token) else None

    def _can_be_refreshed(self, token: Token) -> bool:
        return bool(token.refresh_token) and (
            token.refresh_expires_at is None or token.refresh_expires_at > self._clock.now()
        )

    def _reissue(self, name: str, grant: Grant, token: Token) -> Token:
        """Revoke a token and log in again, for platforms whose login returns the existing token."""
        self._register_secret(token)
        if not self._issuer.revokes:
            return token
        self._revoke(name, token)
        return self._obtain(grant)

    def _revoke(self, name: str, token: Token) -> None:
        self._issuer.revoke(token)
        self._store.backend.remove(name)
        self.changed = True

    def _save(self, name: str, grant: Grant, token: Token) -> Token:
        """Write a new token to the cache. If it expires too soon, it is reissued first."""
        self._issued.add(token.access_token)
        self._budget.counts.obtained.add(name)
        if not self._has_left(token, self._min_ttl):
            token = self._reissue(name, grant, token)
            self._issued.add(token.access_token)
        self._register_secret(token)
        self.changed = True
        self._write(grant, token)
        if not self._has_left(token, self._min_ttl):
            life = max(0, int(token.life(self._clock.now())))
            raise AccessError(
                f"even a new token is valid for only {life} s, which is less than min_ttl ({self._min_ttl} s). "
                "Lower min_ttl"
            )
        return token

    def _write(self, grant: Grant, token: Token) -> None:
        for name, part in self._logins.split(grant, self._name(grant), token).items():
            self._store.write(name, self._entry(grant, part).as_dict(), part.usable_until)

    def _entry(self, grant: Grant, token: Token) -> CacheEntry:
        platform, url = self._issuer.identity[:2]
        login = self._login_name(grant) if token.refresh_token or grant.one_use else None
        revocation = self._issuer.revocation(token) if token.access_token or token.refresh_token else None
        return CacheEntry(platform, url, grant.principal, token, revocation, login)

    def _login_name(self, grant: Grant) -> str:
        """The same for all tokens from one login, whatever their scope."""
        if grant.one_use:
            return self._logins.name(grant)
        return self._store.name_of([*self._issuer.identity, *grant.login_key])

    @contextlib.contextmanager
    def _locked(self, grant: Grant) -> t.Iterator[str]:
        """Hold the locks of a grant's token and login. Yields the name of the token's entry."""
        name = self._name(grant)
        self._preloaded.pop(name, None)
        with self._store.lock(name, self._budget), self._logins.lock(grant):
            yield name

    def _name(self, grant: Grant) -> str:
        name = self._names.get(grant)
        if name is None:
            name = self._names[grant] = self._store.name_of([*self._issuer.identity, *grant.cache_key])
        return name

    def _load(self, grant: Grant) -> Token | None:
        token = self._parse_entry(self._store.read(self._name(grant)))
        completed = self._logins.complete(grant, token) if grant.one_use else token
        return self._register_secret(completed) if completed and completed is not token else completed

    def _parse_entry(self, data: dict[str, t.Any] | None) -> Token | None:
        entry = CacheEntry.parse(data)
        return self._register_secret(entry.token) if entry else None

    def _register_secret(self, token: Token) -> Token:
        self._secrets.add(token.access_token, token.refresh_token)
        return token

    def _reject_supplied(self, grant: Grant, reason: str) -> None:
        if isinstance(grant, SuppliedToken):
            raise AccessError(
                f"the supplied access_token was rejected: {reason}. Supply a newer token, or credentials", status=401
            )
