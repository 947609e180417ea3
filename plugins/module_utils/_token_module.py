# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all ``*_token`` modules, and with them the lookup, do."""

from __future__ import annotations

import typing as t

from ansible_collections.mediaops.access.plugins.module_utils._access import Access
from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError

OPTIONS: dict[str, dict[str, t.Any]] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "force": {"type": "bool", "default": False},
}
#: For a platform that can be asked whether it still accepts a token.
VERIFY: dict[str, dict[str, t.Any]] = {"verify": {"type": "bool", "default": False}}


def run_token(access: Access[t.Any]) -> dict[str, t.Any]:
    """A token from the cache, else a new one; or none any more."""
    tokens, params = access.provider.tokens, access.params
    grant = access.provider.usual_grant()
    if params["state"] == "absent":
        return {"changed": tokens.drop(grant, check_mode=access.check_mode)}
    cached = None if params["force"] else tokens.cached(grant)
    rejected = cached if cached and params.get("verify") and not access.provider.still_accepts(cached) else None
    if cached and not rejected:
        return {"changed": False, "token": cached.as_result(access.clock.now(), cached=True)}
    if rejected:
        grant = access.provider.grant_after(grant, AccessError("", status=401))
    if access.check_mode:
        return {"changed": True}
    if params["force"]:
        token = tokens.renew(grant)
    elif rejected:
        token = tokens.replace(grant, rejected)
    else:
        token = tokens.get(grant)
    return {"changed": tokens.changed, "token": token.as_result(access.clock.now(), cached=not tokens.changed)}
