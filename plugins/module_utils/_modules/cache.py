# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the ``token_cache`` modules do: they know no platform, only what is cached."""

from __future__ import annotations

import typing as t

from .._errors import AccessError
from .._http.client import Http
from .._http.models import ConnectionOptions
from .._oauth2.cache_entry import CacheEntry, Revocation
from .._oauth2.token import iso
from .._platform.access import Access
from .._platform.client import ApiClient
from .._platform.declaration import Platform

#: Stands for all platforms at once: no request is made to it.
TOKEN_CACHE = Platform(name="token_cache", title="token cache", client=ApiClient)


def cached_tokens(access: Access[ApiClient]) -> dict[str, CacheEntry]:
    """The cached tokens of the platform that was asked for, or of all, by their names in the cache."""
    wanted = access.params["provider"]
    entries = {name: CacheEntry.parse(entry) for name, entry in access.store.entries().items()}
    return {name: entry for name, entry in entries.items() if entry and wanted in (None, "all", entry.platform)}


def list_tokens(access: Access[ApiClient]) -> dict[str, t.Any]:
    tokens = [
        {"expires_at": iso(entry.token.expires_at), "provider": entry.platform, "url": entry.url, "principal": entry.principal}
        for entry in cached_tokens(access).values()
    ]
    return {"changed": False, "tokens": sorted(tokens, key=lambda token: [str(token[key]) for key in ("provider", "url", "principal")])}


def remove_tokens(access: Access[ApiClient]) -> dict[str, t.Any]:
    """Remove tokens from the cache; with ``revoke``, revoke them first if the platform can."""
    entries = cached_tokens(access)
    failures: list[AccessError] = []
    kept = []
    removed = len(entries) if access.check_mode else 0
    for name, entry in entries.items() if not access.check_mode else ():
        try:
            removed += _remove(access, name)
        except AccessError as error:
            kept.append(_label(entry))
            failures.append(error.with_message(f"the token of {entry.principal} at {entry.url} stays, as it could not be revoked: {error.message}"))
    result: dict[str, t.Any] = {}
    if failures:
        result = AccessError("; ".join(failure.message for failure in failures), **failures[0].codes).as_result()
    diff = {"before": {"cached": sorted(map(_label, entries.values()))}, "after": {"cached": sorted(kept)}}
    return {**result, "changed": removed > 0, "removed": removed, **({"diff": diff} if removed else {})}


def _label(entry: CacheEntry) -> str:
    return f"{entry.platform}: {entry.principal} at {entry.url}"


def _remove(access: Access[ApiClient], name: str) -> bool:
    """Remove the current entry; says whether there was one."""
    with access.store.lock(name, access.budget):
        data = access.store.read(name)
        if data is None:
            return False
        entry = CacheEntry.parse(data)
        if access.params["revoke"] and entry and entry.revocation:
            access.secrets.add(entry.token.access_token)
            _revoke(access, entry.revocation)
        access.store.backend.remove(name)
        return True


def _revoke(access: Access[ApiClient], revocation: Revocation) -> None:
    responses = access.client.responses
    options = ConnectionOptions.from_params(access.params)
    http = Http(options, access.budget, access.clock, access.store, lambda _request: revocation.rate_limits, responses)
    response = http.send(revocation.request)
    if not response.ok and response.status != 401:  # 401: it is not valid any more
        raise responses.make_error(response)
