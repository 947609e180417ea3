# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ``token_cache`` modules, which work on cache entries without any platform's code."""

from __future__ import annotations

import typing as t

from .._errors import AccessError
from .._http.client import Http
from .._http.models import ConnectionOptions
from .._oauth2.cache_entry import CacheEntry, Revocation
from .._oauth2.client_auth import credentials_in
from .._oauth2.token import iso
from .._platform.access import Access
from .._platform.client import ApiClient
from .._platform.declaration import Platform

#: A placeholder for all platforms, to which no requests are sent.
TOKEN_CACHE = Platform(name="token_cache", title="token cache", client=ApiClient)


def find_entries(access: Access[ApiClient]) -> dict[str, CacheEntry]:
    """The cache entries of the requested platform, or of all platforms, by name."""
    platform = access.params["provider"]
    entries = {name: CacheEntry.parse(entry) for name, entry in access.store.entries().items()}
    return {name: entry for name, entry in entries.items() if entry and platform in (None, "all", entry.platform)}


def _listed(entries: dict[str, CacheEntry]) -> dict[str, CacheEntry]:
    """The entries that users see: not the login of a token that is listed, and no login that has ended (see
    :mod:`_oauth2.one_use`).
    """
    logins = {entry.login for entry in entries.values() if entry.token.access_token}
    return {
        name: entry
        for name, entry in entries.items()
        if entry.token.access_token or (entry.token.refresh_token and name not in logins)
    }


def list_tokens(access: Access[ApiClient]) -> dict[str, t.Any]:
    tokens = [
        {
            "issued_at": iso(entry.token.issued_at),
            "expires_at": iso(entry.token.expires_at or entry.token.refresh_expires_at),
            "provider": entry.platform,
            "url": entry.url,
            "principal": entry.principal,
        }
        for entry in _listed(find_entries(access)).values()
    ]
    return {
        "changed": False,
        "tokens": sorted(tokens, key=lambda token: [str(token[key]) for key in ("provider", "url", "principal")]),
    }


def remove_tokens(access: Access[ApiClient]) -> dict[str, t.Any]:
    """Remove tokens from the cache; with ``revoke``, revoke them first if the platform supports it."""
    entries = find_entries(access)
    listed = _listed(entries)
    failures: list[AccessError] = []
    kept = []
    removed = len(listed) if access.check_mode else 0
    # Logins first, because their refresh tokens could obtain new access tokens.
    by_kind = sorted(entries.items(), key=lambda item: bool(item[1].token.access_token))
    for name, entry in by_kind if not access.check_mode else ():
        try:
            removed += _remove(access, name) and name in listed
        except AccessError as error:
            kept.append(_label(entry))
            failures.append(
                error.with_message(
                    f"the token of {entry.principal} at {entry.url} was kept, because it could not be revoked: "
                    f"{error.message}"
                )
            )
    result: dict[str, t.Any] = {}
    if failures:
        result = AccessError("; ".join(failure.message for failure in failures), **failures[0].codes).as_result()
    diff = {"before": {"cached": sorted(map(_label, listed.values()))}, "after": {"cached": sorted(kept)}}
    return {**result, "changed": removed > 0, "removed": removed, **({"diff": diff} if removed else {})}


def _label(entry: CacheEntry) -> str:
    return f"{entry.platform}: {entry.principal} at {entry.url}"


def _remove(access: Access[ApiClient], name: str) -> bool:
    """Remove an entry. Returns whether it still existed."""
    with access.store.lock(name, access.budget):
        data = access.store.read(name)
        if data is None:
            return False
        entry = CacheEntry.parse(data)
        if access.params["revoke"] and entry and entry.revocation:
            sent = credentials_in(entry.revocation.request)
            access.secrets.add(entry.token.access_token, entry.token.refresh_token, *sent)
            access.budget.counts = access.statistics.counts(entry.platform)
            _revoke(access, entry.revocation)
        access.store.backend.remove(name)
        return True


def _revoke(access: Access[ApiClient], revocation: Revocation) -> None:
    responses = access.client.responses
    options = ConnectionOptions.from_params(access.params)
    http = Http(options, access.budget, access.clock, access.store, lambda _request: revocation.rate_limits, responses)
    response = http.send(revocation.request)
    # A token that authorizes its own revocation is no longer valid if it is rejected; a rejected client proves nothing.
    if response.ok or (response.status == 401 and "Authorization" in revocation.request.headers):
        return
    error = responses.make_error(response)
    if error.code != "unsupported_token_type":
        raise error
    access.warnings.append(
        f"{revocation.request.label}: the platform cannot revoke this token; it stays valid until it expires"
    )
