# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Encrypts what a backend keeps, and names it so that nobody can tell whose token, item or rate limit it is."""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import json
import mmap
import typing as t

from .._errors import AccessError, MissingLibrary
from .._ratelimit.budget import WaitBudget
from .backend import Backend, RateLimit

#: A page that the workers share which Ansible forks from here on: they need not all pay for stretching the same key.
_stretched_keys = mmap.mmap(-1, mmap.PAGESIZE)
_ROUNDS = 200_000
_SIZE = 32  # bytes of a SHA-256


def stretch_key(key: str) -> bytes:
    """A ``token_cache_key`` as 32 bytes that cost an attacker some tenths of a second of computing for each guess (PBKDF2, RFC 8018).

    All controllers that share a cache must get the same, so that there can be no salt of a cache's own. PBKDF2 it is, as OpenSSL has no scrypt in FIPS mode.
    """
    secret = key.encode("utf-8", "surrogatepass")
    place = 2 * _SIZE * (hashlib.sha256(secret).digest()[0] % (len(_stretched_keys) // (2 * _SIZE)))
    known = _stretched_keys[place : place + 2 * _SIZE]
    stretched, proof = known[:_SIZE], known[_SIZE:]
    # The page has no lock. What another process is writing at the moment, or has written for another key, has no proof.
    if not hmac.compare_digest(hmac.digest(secret, stretched, "sha256"), proof):
        stretched = hashlib.pbkdf2_hmac("sha256", secret, b"mediaops.access token_cache_key", _ROUNDS)
        _stretched_keys[place : place + 2 * _SIZE] = stretched + hmac.digest(secret, stretched, "sha256")
    return stretched


class TokenStore:
    """Encrypted entries in a backend, named by a keyed digest of whose they are; locks and rate limits under such names, too."""

    def __init__(self, opener: t.Callable[[], Backend], key: str | None) -> None:
        self._opener = opener
        self._given_key = key

    @functools.cached_property
    def backend(self) -> Backend:
        """The backend, opened when it is first needed."""
        return self._opener()

    def open(self) -> None:
        """Open everything now: threads that share a store must not each do it."""
        self._keyed("")
        self.name_of(())

    @functools.cached_property
    def _own_key(self) -> bytes:
        return (self.backend.own_key() or "").encode()

    @functools.cached_property
    def _secret(self) -> bytes:
        """What the keys for tokens are derived from."""
        secret = stretch_key(self._given_key) if self._given_key else self._own_key
        if not secret:
            raise AccessError("token_cache_key is required for this token_cache: it encrypts the tokens. Set it, or MEDIAOPS_TOKEN_CACHE_KEY")
        return secret

    @functools.cached_property
    def _keys(self) -> tuple[bytes, t.Any]:
        """The key for the names of tokens, and the cipher; made when first needed, as ``cryptography`` takes a while to import."""
        try:
            from cryptography.fernet import Fernet
            from cryptography.hazmat.primitives.hashes import SHA256
            from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
        except ImportError as error:
            raise MissingLibrary("cryptography", "to encrypt cached tokens (or set token_cache to none)") from error
        name_key, data_key = (HKDFExpand(SHA256(), _SIZE, label).derive(self._secret) for label in (b"mediaops.access names", b"mediaops.access data"))
        return name_key, Fernet(base64.urlsafe_b64encode(data_key))

    def _keyed(self, name: str) -> str:
        """The name of a lock or a rate limit, from which nobody can tell what it stands for: an account, an address, an item.

        A directory's own key does, even if another encrypts the tokens: whoever uses the directory shares its locks and rate limits.
        """
        if self.backend.private:
            return name
        return hmac.new(self._own_key or self._secret, b"mediaops.access place\0" + name.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()

    def lock(self, name: str, budget: WaitBudget) -> t.ContextManager[None]:
        """Keep everybody else who shares the cache from what ``name`` stands for.

        :raises WaitTooLong: instead of exceeding ``budget``.
        """
        return self.backend.lock(self._keyed(name), budget)

    def reserve(self, rate_limits: t.Sequence[RateLimit], budget: WaitBudget) -> float:
        """See :meth:`Pace.reserve`."""
        return self.backend.reserve([(self._keyed(name), rate) for name, rate in rate_limits], budget)

    def block_until(self, rate_limits: t.Sequence[RateLimit], until: float) -> None:
        """See :meth:`Pace.hold`."""
        self.backend.block_until([(self._keyed(name), rate) for name, rate in rate_limits], until)

    def name_of(self, identity: t.Sequence[str]) -> str:
        """The entry's name for an identity (a token's provider, URL, flow, principal, scope and secret)."""
        return hmac.new(self._keys[0], json.dumps(list(identity)).encode(), hashlib.sha256).hexdigest()

    def read(self, name: str) -> dict[str, t.Any] | None:
        """An entry, or None: a missing, corrupt or foreign one is a miss."""
        return self._decrypted(name, self.backend.read(name))

    def read_many(self, names: t.Sequence[str]) -> dict[str, dict[str, t.Any]]:
        """The entries that are there, by their names."""
        found = {name: self._decrypted(name, data) for name, data in zip(names, self.backend.read_many(names))}
        return {name: entry for name, entry in found.items() if entry is not None}

    def _decrypted(self, name: str, data: bytes | None) -> dict[str, t.Any] | None:
        if data is None:
            return None
        cipher = self._keys[1]
        from cryptography.fernet import InvalidToken

        try:
            entry = json.loads(cipher.decrypt(data))
        except (InvalidToken, ValueError):
            return None
        return entry if isinstance(entry, dict) and entry.get("name") == name else None

    def write(self, name: str, entry: dict[str, t.Any], expires_at: float | None) -> None:
        """Encrypt and keep an entry; the caller holds its lock."""
        self.backend.write(name, self._keys[1].encrypt(json.dumps({**entry, "name": name}).encode()), expires_at)

    def entries(self) -> dict[str, dict[str, t.Any]]:
        """All readable entries by name."""
        return self.read_many(self.backend.names())
