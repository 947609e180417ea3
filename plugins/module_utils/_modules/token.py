# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ``*_token`` modules, which the ``token`` lookup uses as well."""

from __future__ import annotations

import typing as t

from .._errors import AccessError, MissingOption
from .._oauth2.grants import Grant
from .._oauth2.token import Token, iso
from .._platform.access import Access

OPTIONS: dict[str, dict[str, t.Any]] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "force": {"type": "bool", "default": False},
}
#: For platforms that can report whether a token is still valid.
VERIFY: dict[str, dict[str, t.Any]] = {"verify": {"type": "bool", "default": False}}

#: For platforms that can revoke a token, and issue another one while it is valid.
OVERLAP: dict[str, dict[str, t.Any]] = {
    "overlap": {"type": "bool", "default": False},
    "retire_only": {"type": "bool", "default": False},
}

_PLANNED = {"expires_at": "known after it is issued"}
_NAMELESS = "token"  # of a token whose owner is unknown


def run_token(access: Access[t.Any]) -> dict[str, t.Any]:
    """Return a cached or new token; with ``state: absent``, revoke and remove it."""
    client, params = access.client, access.params
    try:
        if params.get("retire_only"):
            return _retire(access, client.credential_grant() or client.supplied_grant())
        if params["state"] == "absent":
            grant = client.supplied_grant()
            before = client.tokens.usable_token(grant)
            dropped = client.tokens.drop(grant, check_mode=access.check_mode)
            if access.check_mode:
                dropped = access.forget_token(grant, cached=dropped)
            if dropped:
                _record(access, grant, "revoke", before, None)
            return {"changed": dropped, **({"diff": _diff(grant, before, {})} if dropped else {})}
        credentials = client.credential_grant() if params["force"] else None
        return _ensure_token(access, credentials or client.preferred_grant())
    except MissingOption:
        if not access.expects_credentials:
            raise
        access.record_change("token", _NAMELESS, None, {"expires_at": None}, action="obtain", local=True)
        return {"changed": True, "diff": {"before": {}, "after": _PLANNED}}
    except AccessError as error:
        if client.tokens.changed:
            _record_partial_change(access)
        raise error.after_change(client.tokens.changed) from None


def _ensure_token(access: Access[t.Any], grant: Grant) -> dict[str, t.Any]:
    tokens, params = access.client.tokens, access.params
    cached = None if params["force"] or access.lacks_token(grant) else tokens.cached(grant)
    rejected, verified_at = _verify(access, cached) if cached and params.get("verify") else (False, None)
    if cached and not rejected:
        tokens.count_cached(grant, cached)
        token = cached.as_result(access.clock.now(), cached=True)
        return {"changed": False, "token": {**token, **({"verified_at": verified_at} if verified_at else {})}}
    if rejected:
        grant = access.client.grant_after(grant, AccessError("", status=401))
    before, action = tokens.cached(grant, min_ttl=0), "rotate" if params["force"] else "obtain"
    if access.check_mode:
        if access.expects_token(grant) and not params["force"]:
            return {"changed": False}
        access.plan_token(grant)
        _record(access, grant, action, before, {"expires_at": None})
        if params.get("overlap") and params["force"] and before and access.client.issuer.revokes:
            access.plan(f"retired tokens of {access.token_item(grant)}", {"planned": True})
        return {"changed": True, "diff": _diff(grant, before, _PLANNED)}
    token = _obtain(access, grant, cached)
    result = {"changed": tokens.changed, "token": token.as_result(access.clock.now(), cached=not tokens.changed)}
    if not tokens.changed:
        return result
    after = {"expires_at": iso(token.expires_at)}
    _record(access, grant, action, before, after)
    return {**result, "diff": _diff(grant, before, after)}


def _obtain(access: Access[t.Any], grant: Grant, rejected: Token | None) -> Token:
    tokens, params = access.client.tokens, access.params
    if not params["force"]:
        return tokens.replace(grant, rejected) if rejected else tokens.get(grant)
    token = tokens.force_new(grant, overlap=params.get("overlap", False))
    if tokens.replaced_early:
        access.warnings.append(
            f"{access.platform.title} issued the old token again instead of a new one, so it was revoked first: "
            "for a moment, no token was valid"
        )
    return token


def _verify(access: Access[t.Any], token: Token) -> tuple[bool, str | None]:
    """Ask the platform about a token. Returns whether it rejects the token or lets it expire within ``min_ttl``, and
    otherwise the time of a confirmation, which is None if the platform did not answer the question.
    """
    try:
        life = access.client.issuer.remaining_life(token)
    except AccessError as error:
        access.warnings.append(
            f"{access.platform.title}: the cached token could not be verified, and is used as it is: {error.message}"
        )
        return False, None
    if life is None:  # a platform that offers no way to ask; a warning in each run would say nothing new
        return False, None
    return (True, None) if life < access.params["min_ttl"] else (False, iso(access.clock.now()))


def _record(
    access: Access[t.Any], grant: Grant, action: str, before: Token | None, after: dict[str, t.Any] | None
) -> None:
    """Record a change. A new token, and one that the platform cannot revoke, concern only this controller's cache."""
    access.record_change(
        "token",
        grant.principal or _NAMELESS,
        _shown(before),
        after,
        action=action,
        local=action == "obtain" or (action == "revoke" and not access.client.issuer.can_revoke),
    )


def _record_partial_change(access: Access[t.Any]) -> None:
    """Record the change of a task that failed: the old token was revoked, or a new one lives too short."""
    grant = access.client.credential_grant() or access.client.supplied_grant()
    if access.params.get("retire_only"):  # the current token is not concerned
        _record(access, grant, "revoke", None, None)
        return
    token = access.client.tokens.cached(grant, min_ttl=0)
    _record(access, grant, "obtain" if token else "revoke", None, _shown(token))


def _retire(access: Access[t.Any], grant: Grant) -> dict[str, t.Any]:
    """Revoke the tokens that ``overlap`` has kept.

    :raises AccessError: if the task is to change anything else.
    """
    for option in ("force", "overlap"):
        if access.params[option]:
            raise AccessError(f"retire_only cannot be combined with {option}: it only revokes replaced tokens")
    if access.params["state"] == "absent":
        raise AccessError("retire_only cannot be combined with state: absent, which revokes replaced tokens, too")
    item = f"retired tokens of {access.token_item(grant)}"
    plan, expects_token = access.find_plan(item), access.expects_token(grant)
    changed = (
        plan["planned"]
        if plan
        else access.client.tokens.retire(grant, check_mode=access.check_mode, expects_token=expects_token)
    )
    if access.check_mode and changed:
        access.plan(item, {"planned": False})
    if changed:
        access.record_change("token", grant.principal or _NAMELESS, None, None, action="revoke")
    header = {"before_header": f"replaced tokens of {grant.principal}", "after_header": ""}
    diff = {**header, "before": {"replaced tokens": "valid"}, "after": {"replaced tokens": "revoked"}}
    return {"changed": changed, **({"diff": diff} if changed else {})}


def _diff(grant: Grant, before: Token | None, after: dict[str, t.Any]) -> dict[str, t.Any]:
    header = f"token of {grant.principal}" if grant.principal else "token"
    return {
        "before_header": header,
        "after_header": header,
        "before": _shown(before) or {},
        "after": after,
    }


def _shown(token: Token | None) -> dict[str, t.Any] | None:
    return {"expires_at": iso(token.expires_at)} if token else None
