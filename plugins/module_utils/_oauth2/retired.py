# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens that a rotation has replaced, and that are revoked when the new ones are delivered.

Each is an entry of its own in the cache, so that it is encrypted, expires and can be revoked like any other token, also
by the module ``token_cache``, and outlives the process that has rotated.
"""

from __future__ import annotations

import typing as t

from .._errors import AccessError
from .._store.encrypted import TokenStore
from .cache_entry import CacheEntry
from .grants import Grant

#: More are not kept of one login: they are the rotations of one token's lifetime whose delivery has failed.
_MAX_KEPT = 8


class RetiredTokens:
    """The retired tokens in a store. Callers of :meth:`add` hold the lock of the grant's token."""

    def __init__(self, store: TokenStore, name: t.Callable[[Grant, int], str]) -> None:
        """``name`` returns the name of an entry for a grant and an index."""
        self._store = store
        self._name = name

    def find(self, grant: Grant) -> dict[str, CacheEntry]:
        """The entries of retired tokens, by name."""
        entries = self._store.read_many(self._names(grant))
        parsed = {name: CacheEntry.parse(entry) for name, entry in entries.items()}
        return {name: entry for name, entry in parsed.items() if entry}

    def add(self, grant: Grant, entry: CacheEntry) -> None:
        """Keep a token. One that is kept already stays as it is.

        :raises AccessError: if too many are kept.
        """
        kept = self.find(grant)
        if entry.token.access_token in [other.token.access_token for other in kept.values()]:
            return
        free = [name for name in self._names(grant) if name not in kept]
        if not free:
            raise AccessError(
                f"{len(kept)} tokens that earlier rotations replaced are not yet revoked. Deliver the current token, "
                "then revoke them with retire_only: true"
            )
        self._store.write(free[0], entry.as_dict(), entry.token.usable_until)

    def _names(self, grant: Grant) -> list[str]:
        return [self._name(grant, index) for index in range(_MAX_KEPT)]
