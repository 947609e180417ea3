# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed assertions that authenticate a client (RFC 7523, sections 2.2 and 3)."""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import AccessError, MissingLibrary

CLIENT_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_LIFETIME = 60  # seconds


@dataclasses.dataclass(frozen=True)
class SigningKey:
    """A key in PEM format, or a shared secret for HMAC algorithms, with its ID if it has one."""

    key: str
    algorithm: str
    key_id: str = ""


def sign_assertion(client_id: str, audience: str, now: float, key: SigningKey) -> str:
    """Sign an assertion with which a client proves its identity to ``audience``, once and within a minute.

    :raises MissingLibrary: if PyJWT is not installed.
    :raises AccessError: if the key does not suit the algorithm.
    """
    try:
        import jwt
    except ImportError as error:
        raise MissingLibrary("PyJWT", "to sign a JWT (client_auth)") from error
    import uuid
    import warnings

    claims: dict[str, t.Any] = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "iat": int(now),
        "exp": int(now) + _LIFETIME,
        "jti": str(uuid.uuid4()),
    }
    headers = {"kid": key.key_id} if key.key_id else None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about short client secrets, which the platform chooses
            return jwt.encode(claims, key.key, algorithm=key.algorithm, headers=headers)
    except Exception:  # from PyJWT and cryptography; their messages may quote the key
        raise AccessError(
            f"the key cannot sign with {key.algorithm}. private_key must be an unencrypted key in PEM format whose "
            "type suits private_key_algorithm"
        ) from None
