# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the claims of a JSON Web Token without verifying it."""

from __future__ import annotations

import base64
import json
import typing as t

from .token import _END_OF_TIME


def jwt_claims(token: str) -> dict[str, t.Any]:
    """The claims of a JWT (RFC 7519), its signature not verified.

    :raises ValueError: where it is none.
    """
    parts = token.split(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, ValueError, RecursionError) as error:
        raise ValueError("not a JWT: it must be three parts of base64url, joined by dots") from error
    if len(parts) not in (3, 5) or not isinstance(claims, dict):
        raise ValueError("not a JWT: its second part must hold a JSON object")
    return claims


def jwt_expiry(token: str) -> float | None:
    """The ``exp`` of a token that is a JWT, else None."""
    try:
        expiry = jwt_claims(token).get("exp")
    except ValueError:
        return None
    if not isinstance(expiry, (int, float)) or isinstance(expiry, bool):
        return None
    return max(0.0, float(expiry)) if -_END_OF_TIME < expiry < _END_OF_TIME else None
