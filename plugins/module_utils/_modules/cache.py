# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the ``token_cache`` modules do: they know no platform, only what is cached."""

from __future__ import annotations

import typing as t

from .._errors import AccessError
from .._http.client import Http
from .._http.models import ConnectionOptions, Request
from .._oauth2.token import iso
from .._platform.access import Access
from .._platform.platform import Provider
from .._ratelimit.rate import Rate

Entry = t.Dict[str, t.Any]

#: The keys of a request that are called something else in the entries of version 0.1.
_FORMER_KEYS = {"weight": "cost", "unread": "reject_html"}


class AnyProvider(Provider):
    """Stands for all platforms at once: nothing is asked of it."""

    name = "token_cache"
    title = "token cache"
    options: t.ClassVar[dict[str, dict[str, t.Any]]] = {}
    has_tokens = False

    def __init__(self, params: t.Mapping[str, t.Any]) -> None:
        self.params = params
        self.url = ""


def cached_tokens(access: Access[AnyProvider]) -> dict[str, Entry]:
    """The cached tokens of the wanted provider, or of all, by their names in the cache."""
    wanted = access.params["provider"]
    return {name: entry for name, entry in access.store.entries().items() if wanted in (None, "all", entry["provider"])}


def list_tokens(access: Access[AnyProvider]) -> dict[str, t.Any]:
    entries = cached_tokens(access).values()
    tokens = [{"expires_at": iso(entry["token"]["expires_at"]), **{key: entry[key] for key in ("provider", "url", "principal")}} for entry in entries]
    return {"changed": False, "tokens": sorted(tokens, key=lambda token: [str(token[key]) for key in ("provider", "url", "principal")])}


def remove_tokens(access: Access[AnyProvider]) -> dict[str, t.Any]:
    """Forget tokens, and end their life first where that was asked for and the platform can."""
    entries = cached_tokens(access)
    failures: list[AccessError] = []
    kept = []
    removed = len(entries) if access.check_mode else 0
    for name, entry in entries.items() if not access.check_mode else ():
        try:
            removed += _remove(access, name)
        except AccessError as error:
            kept.append(_label(entry))
            error.message = f"the token of {entry['principal']} at {entry['url']} stays, as it could not be revoked: {error.message}"
            failures.append(error)
    result: dict[str, t.Any] = {}
    if failures:
        first = failures[0]
        result = AccessError("; ".join(failure.message for failure in failures), status=first.status, code=first.code).as_result()
    diff = {"before": {"cached": sorted(map(_label, entries.values()))}, "after": {"cached": sorted(kept)}}
    return {**result, "changed": removed > 0, "removed": removed, **({"diff": diff} if removed else {})}


def _label(entry: Entry) -> str:
    return f"{entry['provider']}: {entry['principal']} at {entry['url']}"


def _remove(access: Access[AnyProvider], name: str) -> bool:
    """Remove what is there now; says whether there was something."""
    with access.store.lock(name, access.budget):
        entry = access.store.read(name)
        if entry is None:
            return False
        if access.params["revoke"] and entry.get("revocation"):
            _revoke(access, entry)
        access.store.backend.remove(name)
        return True


def _revoke(access: Access[AnyProvider], entry: Entry) -> None:
    access.secrets.add(entry["token"]["access_token"])
    rate_limits = [(name, Rate(*rate)) for name, rate in entry["revocation"]["slots"]]
    http = Http(
        ConnectionOptions.from_params(access.params),
        access.budget,
        access.clock,
        backend=lambda: access.store,
        rate_limits=lambda _request: rate_limits,
        is_rate_limited=access.provider.is_rate_limited,
        is_definitive_refusal=access.provider.is_definitive_refusal,
        failure=access.provider.failure,
    )
    request = {_FORMER_KEYS.get(key, key): value for key, value in entry["revocation"]["request"].items()}
    response = http.send(Request(**request))
    if not response.ok and response.status != 401:  # 401: it is not valid any more
        raise access.provider.error_for(response)
