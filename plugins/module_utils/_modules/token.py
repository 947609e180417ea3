# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ``*_token`` modules, which the ``token`` lookup uses as well."""

from __future__ import annotations

import math
import typing as t

from .._errors import AccessError, MissingOption
from .._oauth2.grants import Grant
from .._oauth2.token import Token, iso
from .._oauth2.tokens import Tokens
from .._platform.access import Access

OPTIONS: dict[str, dict[str, t.Any]] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "force": {"type": "bool", "default": False},
}
#: For platforms that can report whether a token is still valid.
VERIFY: dict[str, dict[str, t.Any]] = {"verify": {"type": "bool", "default": False}}

_PLANNED = {"expires_at": "known after it is issued"}


def run_token(access: Access[t.Any]) -> dict[str, t.Any]:
    """Return a cached or new token; with ``state: absent``, revoke and remove it."""
    client, params = access.client, access.params
    try:
        if params["state"] == "absent":
            grant = client.supplied_grant()
            before = client.tokens.usable_token(grant)
            dropped = client.tokens.drop(grant, check_mode=access.check_mode) or (
                access.check_mode and access.forget_token(grant)
            )
            return {"changed": dropped, **({"diff": _diff(grant, before, {})} if dropped else {})}
        credentials = client.credential_grant() if params["force"] else None
        return _ensure_token(access, credentials or client.preferred_grant())
    except MissingOption:
        if not access.expects_credentials:
            raise
        return {"changed": True, "diff": {"before": {}, "after": _PLANNED}}
    except AccessError as error:
        raise error.after_change(client.tokens.changed) from None


def _ensure_token(access: Access[t.Any], grant: Grant) -> dict[str, t.Any]:
    tokens, params = access.client.tokens, access.params
    cached = None if params["force"] else tokens.cached(grant)
    rejected, verified_at = _verify(access, cached) if cached and params.get("verify") else (False, None)
    if cached and not rejected:
        token = cached.as_result(access.clock.now(), cached=True)
        return {"changed": False, "token": {**token, **({"verified_at": verified_at} if verified_at else {})}}
    if rejected:
        grant = access.client.grant_after(grant, AccessError("", status=401))
    before = tokens.cached(grant, min_ttl=0)
    if access.check_mode:
        if access.expects_token(grant) and not params["force"]:
            return {"changed": False}
        access.plan_token(grant)
        return {"changed": True, "diff": _diff(grant, before, _PLANNED)}
    new = _obtain(tokens, grant, cached, params["force"])
    result = {"changed": tokens.changed, "token": new.as_result(access.clock.now(), cached=not tokens.changed)}
    return {**result, "diff": _diff(grant, before, {"expires_at": iso(new.expires_at)})} if tokens.changed else result


def _obtain(tokens: Tokens, grant: Grant, rejected: Token | None, force: bool) -> Token:
    if force:
        return tokens.force_new(grant)
    return tokens.replace(grant, rejected) if rejected else tokens.get(grant)


def _verify(access: Access[t.Any], token: Token) -> tuple[bool, str | None]:
    """Ask the platform about a token. Returns whether it rejects the token or lets it expire within ``min_ttl``, and
    otherwise the time of a confirmation, which is None if the platform did not answer the question.
    """
    try:
        life = access.client.issuer.remaining_life(token)
    except AccessError as error:
        title = access.platform.title
        access.warnings.append(
            f"{title}: the cached token could not be verified, and is used as it is: {error.message}"
        )
        return False, None
    if life < access.params["min_ttl"]:
        return True, None
    return False, iso(access.clock.now()) if math.isfinite(life) else None


def _diff(grant: Grant, before: Token | None, after: dict[str, t.Any]) -> dict[str, t.Any]:
    header = f"token of {grant.principal}" if grant.principal else "token"
    return {
        "before_header": header,
        "after_header": header,
        "before": {"expires_at": iso(before.expires_at)} if before else {},
        "after": after,
    }
