# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client authentication at the authorization server (RFC 6749, section 2.3; RFC 7523; RFC 8705)."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

import jwt

from ...messages import PlatformRequest
from ..base import Platform

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
METHODS = (
    "client_secret_basic",
    "client_secret_post",
    "client_secret_jwt",
    "private_key_jwt",
    "tls_client_auth",
    "none",
)
KEY_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]


class ClientRegistry(Platform):
    """A platform with registered clients. Each has a `client_secret`, a `public_key`, a `certificate`, or nothing."""

    def supported_methods(self) -> list[str]:
        chosen = self.switch("client_auth")
        return list(METHODS) if chosen == "all" else [chosen]

    def authenticate_client(self, request: PlatformRequest, form: dict[str, Any]) -> dict[str, Any] | None:
        """Return the client if its credentials are right, and sent by a method that is supported."""
        method, client_id, proof = _find_credentials(request, form)
        client = next((item for item in self.data["clients"] if item["client_id"] == client_id), None)
        if client is None or method not in self.supported_methods():
            return None
        return client if self._accepts(request, client, method, proof) else None

    def _accepts(self, request: PlatformRequest, client: dict[str, Any], method: str, proof: str) -> bool:
        if method in ("client_secret_basic", "client_secret_post"):
            return bool(proof) and client.get("client_secret") == proof
        if method in ("client_secret_jwt", "private_key_jwt"):
            return self._verify_assertion(request, client, proof)
        # With mutual TLS, a request that arrives has a certificate; the server checks who issued it.
        return bool(client.get("certificate")) or not (client.get("client_secret") or client.get("public_key"))

    def _verify_assertion(self, request: PlatformRequest, client: dict[str, Any], assertion: str) -> bool:
        is_hmac = jwt.get_unverified_header(assertion)["alg"].startswith("HS")
        key, algorithms = (
            (client.get("client_secret"), ["HS256"]) if is_hmac else (client.get("public_key"), KEY_ALGORITHMS)
        )
        claims = self.verify_jwt(request, assertion, key, algorithms)
        if claims is None or claims.get("iss") != client["client_id"] or claims.get("sub") != client["client_id"]:
            return False
        if claims.get("jti") in self.data["assertions"] or not claims.get("jti"):
            return False
        if self.switch("assertion_reuse") == "refused":
            self.data["assertions"].append(claims["jti"])
        return True

    def verify_jwt(
        self, request: PlatformRequest, token: str, key: str | None, algorithms: list[str]
    ) -> dict[str, Any] | None:
        """Return the claims of a JWT that is signed with the key, addressed to this server, and not expired."""
        issuer = self.issuer(request)
        audience = {"any": [issuer, f"{issuer}/token"], "issuer": [issuer], "token_endpoint": [f"{issuer}/token"]}
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key or "",
                algorithms,
                audience=audience[self.switch("assertion_audience")],
                options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
        except (jwt.PyJWTError, TypeError, ValueError):
            return None
        return claims if claims.get("exp", 0) > self.clock.now() else None

    def issuer(self, request: PlatformRequest) -> str:
        return f"{request.base_url}{self.name}"


def _find_credentials(request: PlatformRequest, form: dict[str, Any]) -> tuple[str, str | None, str]:
    """Return the method, the client ID, and the secret or assertion."""
    basic = request.basic_credentials()
    if basic:
        return "client_secret_basic", unquote_plus(basic[0]), unquote_plus(basic[1])
    assertion = form.get("client_assertion")
    if assertion and form.get("client_assertion_type") == ASSERTION_TYPE:
        try:
            claims = jwt.decode(assertion, options={"verify_signature": False})
            method = (
                "client_secret_jwt" if jwt.get_unverified_header(assertion)["alg"] == "HS256" else "private_key_jwt"
            )
        except jwt.PyJWTError:
            return "private_key_jwt", None, assertion
        return method, claims.get("sub"), assertion
    client_id = form.get("client_id")
    if "client_secret" in form:
        return "client_secret_post", client_id, form["client_secret"]
    return ("tls_client_auth" if request.url.scheme == "https" else "none"), client_id, ""
