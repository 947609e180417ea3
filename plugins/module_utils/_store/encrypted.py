# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Encrypts the data in a backend and hashes its names, so that they do not reveal accounts, items or rate limits."""

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

#: A memory page shared with the workers that Ansible forks later, so that not every worker has to stretch the same key.
_stretched_keys = mmap.mmap(-1, mmap.PAGESIZE)
_ROUNDS = 200_000
_SIZE = 32  # bytes of a SHA-256


def stretch_key(key: str) -> bytes:
    """Derive 32 bytes from a ``token_cache_key``, slowly enough that each guess costs an attacker some tenths of a
    second (PBKDF2, RFC 8018).

    The salt is fixed, because all controllers that share a cache must derive the same bytes. PBKDF2 is used because
    OpenSSL lacks scrypt in FIPS mode.
    """
    secret = key.encode("utf-8", "surrogatepass")
    offset = 2 * _SIZE * (hashlib.sha256(secret).digest()[0] % (len(_stretched_keys) // (2 * _SIZE)))
    known = _stretched_keys[offset : offset + 2 * _SIZE]
    stretched, proof = known[:_SIZE], known[_SIZE:]
    # The page has no lock: the proof fails for data that is half written, or that was written for another key.
    if not hmac.compare_digest(hmac.digest(secret, stretched, "sha256"), proof):
        stretched = hashlib.pbkdf2_hmac("sha256", secret, b"mediaops.access token_cache_key", _ROUNDS)
        _stretched_keys[offset : offset + 2 * _SIZE] = stretched + hmac.digest(secret, stretched, "sha256")
    return stretched


class TokenStore:
    """Encrypted entries in a backend, named by a keyed digest of their identity; locks and rate limits have such names,
    too.
    """

    def __init__(self, opener: t.Callable[[], Backend], key: str | None) -> None:
        self._opener = opener
        self._given_key = key

    @functools.cached_property
    def backend(self) -> Backend:
        """The backend, opened on first use."""
        return self._opener()

    def open(self) -> None:
        """Open the backend and derive the keys now, before threads that share the store would do so concurrently."""
        self._hash_name("")
        self.name_of(())

    @functools.cached_property
    def _own_key(self) -> bytes:
        return (self.backend.own_key() or "").encode()

    @functools.cached_property
    def _secret(self) -> bytes:
        """The secret that the keys for tokens are derived from."""
        secret = stretch_key(self._given_key) if self._given_key else self._own_key
        if not secret:
            raise AccessError(
                "token_cache_key is required for this token_cache: it encrypts the tokens. Set token_cache_key or "
                "MEDIAOPS_TOKEN_CACHE_KEY"
            )
        return secret

    @functools.cached_property
    def _keys(self) -> tuple[bytes, t.Any]:
        """The key for the names of tokens, and the cipher; created on first use, because ``cryptography`` is slow to
        import.
        """
        try:
            from cryptography.fernet import Fernet
            from cryptography.hazmat.primitives.hashes import SHA256
            from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
        except ImportError as error:
            raise MissingLibrary("cryptography", "to encrypt cached tokens (or set token_cache to none)") from error
        name_key, data_key = (
            HKDFExpand(SHA256(), _SIZE, label).derive(self._secret)
            for label in (b"mediaops.access names", b"mediaops.access data")
        )
        return name_key, Fernet(base64.urlsafe_b64encode(data_key))

    def _hash_name(self, name: str) -> str:
        """Hash the name of a lock or rate limit, so that it does not reveal the account, address or item.

        A directory's own key is used even if a different key encrypts the tokens: all users of the directory share its
        locks and rate limits.
        """
        if self.backend.private:
            return name
        return hmac.new(
            self._own_key or self._secret,
            b"mediaops.access place\0" + name.encode("utf-8", "surrogatepass"),
            hashlib.sha256,
        ).hexdigest()

    def lock(self, name: str, budget: WaitBudget) -> t.ContextManager[None]:
        """Hold the lock ``name`` against all other users of the cache.

        :raises WaitTooLong: if waiting for the lock would exceed ``budget``.
        """
        return self.backend.lock(self._hash_name(name), budget)

    def reserve(self, rate_limits: t.Sequence[RateLimit], budget: WaitBudget) -> float:
        """See :meth:`Pace.reserve`."""
        return self.backend.reserve([(self._hash_name(name), rate) for name, rate in rate_limits], budget)

    def block_until(self, rate_limits: t.Sequence[RateLimit], until: float) -> None:
        """See :meth:`Pace.block_until`."""
        self.backend.block_until([(self._hash_name(name), rate) for name, rate in rate_limits], until)

    def name_of(self, identity: t.Sequence[str]) -> str:
        """The name of the entry for an identity: a token's provider, URL, flow, principal, scope and secret."""
        return hmac.new(self._keys[0], json.dumps(list(identity)).encode(), hashlib.sha256).hexdigest()

    def read(self, name: str) -> dict[str, t.Any] | None:
        """Read an entry; None if it is missing, corrupt or encrypted with another key."""
        return self._decrypt(name, self.backend.read(name))

    def read_many(self, names: t.Sequence[str]) -> dict[str, dict[str, t.Any]]:
        """Read several entries, by name; missing and unreadable ones are left out."""
        found = {name: self._decrypt(name, data) for name, data in zip(names, self.backend.read_many(names))}
        return {name: entry for name, entry in found.items() if entry is not None}

    def _decrypt(self, name: str, data: bytes | None) -> dict[str, t.Any] | None:
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
        """Encrypt and store an entry; the caller holds its lock."""
        self.backend.write(name, self._keys[1].encrypt(json.dumps({**entry, "name": name}).encode()), expires_at)

    def entries(self) -> dict[str, dict[str, t.Any]]:
        """All readable entries, by name."""
        return self.read_many(self.backend.names())
