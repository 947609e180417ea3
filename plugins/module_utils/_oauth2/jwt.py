# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims of a JSON Web Token, without verification."""

from __future__ import annotations

import base64
import json
import typing as t

from .token import LAST_INSTANT


def jwt_claims(token: str) -> dict[str, t.Any]:
    """The claims of a JWT (RFC 7519). The signature is not verified.

    :raises ValueError: if it is not a valid JWT.
    """
    parts = token.split(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, ValueError, RecursionError) as error:
        raise ValueError("not a valid JWT: it must consist of three base64url parts, separated by dots") from error
    if len(parts) not in (3, 5) or not isinstance(claims, dict):
        raise ValueError("not a valid JWT: its second part must be a JSON object")
    return claims


def jwt_expiry(token: str) -> float | None:
    """The ``exp`` claim of a token; None if it is not a JWT or has no valid one."""
    try:
        expiry = jwt_claims(token).get("exp")
    except ValueError:
        return None
    if not isinstance(expiry, (int, float)) or isinstance(expiry, bool):
        return None
    return max(0.0, float(expiry)) if -LAST_INSTANT <= expiry <= LAST_INSTANT else None
