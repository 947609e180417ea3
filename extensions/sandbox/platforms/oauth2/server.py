# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoints of the authorization server."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any
from urllib.parse import urlencode

from starlette.responses import HTMLResponse, Response

from ...messages import JSONResponse, PlatformRequest, Rejection
from ...routing import Endpoint
from ...state import Token
from .clients import ClientRegistry

GRANT = "urn:ietf:params:oauth:grant-type:"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
PAGE = "<!DOCTYPE html><html><head><title>Log in</title></head><body>{}</body></html>"
#: Names of the fields of a token response, set by the switch `fields`.
NAMES = {
    "standard": {},
    "camel": {
        "access_token": "accessToken",
        "refresh_token": "refreshToken",
        "expires_in": "ttl",
        "token_type": "kind",
    },
}


class AuthorizationServer(ClientRegistry):
    """Issues, revokes and introspects tokens. Tokens of one login share a `family`."""

    def define_server_endpoints(self) -> list[Endpoint]:
        return [
            Endpoint("/.well-known/openid-configuration", self.show_openid_configuration, "GET"),
            Endpoint("/token", self.issue_token, "POST", login=True),
            Endpoint("/token", self.issue_token_by_get, "GET", login=True),
            Endpoint("/revoke", self.revoke_token, "POST", auth=True),
            Endpoint("/introspect", self.introspect_token, "POST", auth=True),
            Endpoint("/authorize", self.authorize, "GET"),
        ]

    # Discovery

    def show_openid_configuration(self, request: PlatformRequest) -> Response:
        return self._discovery_document(request, "openid")

    def show_server_metadata(self, request: PlatformRequest) -> Response:
        return self._discovery_document(request, "rfc8414")

    def _discovery_document(self, request: PlatformRequest, kind: str) -> Response:
        variant = self.switch("discovery")
        if variant == "html":
            return HTMLResponse(PAGE.format("Please log in"))
        if variant == "none" or variant in ({"openid", "rfc8414"} - {kind}):
            return self.error_response(request, 404, "not_found", "Not found")
        issuer = self.issuer(request)
        root = "https://login.example.com" if variant == "foreign_issuer" else issuer
        document = {
            "issuer": root,
            "authorization_endpoint": f"{root}/authorize",
            "token_endpoint": f"{root}/token",
            "grant_types_supported": [
                "client_credentials",
                "password",
                "refresh_token",
                "authorization_code",
                f"{GRANT}jwt-bearer",
                f"{GRANT}token-exchange",
            ],
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["read", "write"],
        }
        if self.switch("revocation") != "off":
            document["revocation_endpoint"] = f"{root}/revoke"
        if self.switch("introspection") != "off":
            document["introspection_endpoint"] = f"{root}/introspect"
        if self.switch("lists_client_auth") == "yes":
            document["token_endpoint_auth_methods_supported"] = self.supported_methods()
        return JSONResponse(document)

    # The authorization endpoint

    def authorize(self, request: PlatformRequest) -> Response:
        """Authorize the client at once, in the name of the first user; there is no login page."""
        query = request.query_params
        client = next((item for item in self.data["clients"] if item["client_id"] == query.get("client_id")), None)
        redirect = query.get("redirect_uri")
        if client is None or redirect not in client["redirect_uris"] or query.get("response_type") != "code":
            return HTMLResponse(PAGE.format("Invalid parameter"), 400)
        code = {
            "code": secrets.token_urlsafe(24),
            "client_id": client["client_id"],
            "redirect_uri": redirect,
            "username": self.data["users"][0]["username"],
            "challenge": query.get("code_challenge"),
            "scope": query.get("scope"),
            "used": False,
        }
        self.data["codes"].append(code)
        parameters = {name: value for name, value in (("state", query.get("state")), ("code", code["code"])) if value}
        return Response(status_code=302, headers={"location": f"{redirect}?{urlencode(parameters)}"})

    # The token endpoint

    def issue_token_by_get(self, request: PlatformRequest) -> Response:
        if self.switch("request_format") != "query":
            return self.refuse_method(request, {"POST"})
        return self.issue_token(request)

    def issue_token(self, request: PlatformRequest) -> Response:
        form = self._read_parameters(request)
        client = self.authenticate_client(request, form)
        if client is None:
            raise self._refusal(401, "invalid_client", "Client authentication failed")
        grants = {
            "client_credentials": self._grant_client_credentials,
            "password": self._grant_password,
            "refresh_token": self._grant_refresh_token,
            "authorization_code": self._grant_code,
            f"{GRANT}jwt-bearer": self._grant_jwt,
            f"{GRANT}token-exchange": self._grant_exchange,
        }
        handler = grants.get(form.get("grant_type", ""))
        if handler is None:
            raise self._refusal(400, "unsupported_grant_type", "The grant_type is not supported")
        return handler(request, client, form)

    def _read_parameters(self, request: PlatformRequest) -> dict[str, Any]:
        wanted = self.switch("request_format")
        if wanted == "query":
            return dict(request.query_params)
        if wanted == "form":
            return dict(request.parse_form())
        try:
            body = request.parse_json()
        except ValueError:
            body = None
        return body if isinstance(body, dict) else {}

    def _grant_client_credentials(
        self, request: PlatformRequest, client: dict[str, Any], form: dict[str, Any]
    ) -> Response:
        if not (client.get("client_secret") or client.get("public_key") or client.get("certificate")):
            raise self._refusal(400, "unauthorized_client", "A public client has no credentials")
        return self._respond(client, client["client_id"], form, refreshable=self.switch("refresh_tokens") == "always")

    def _grant_password(self, request: PlatformRequest, client: dict[str, Any], form: dict[str, Any]) -> Response:
        user = next((item for item in self.data["users"] if item["username"] == form.get("username")), None)
        if user is None or user["password"] != form.get("password"):
            raise self._refusal(400, "invalid_grant", "The user name or the password is wrong")
        return self._respond(client, user["username"], form)

    def _grant_code(self, request: PlatformRequest, client: dict[str, Any], form: dict[str, Any]) -> Response:
        code = next((item for item in self.data["codes"] if item["code"] == form.get("code")), None)
        if code is None or code["client_id"] != client["client_id"] or code["redirect_uri"] != form.get("redirect_uri"):
            raise self._refusal(400, "invalid_grant", "The code or the redirect_uri is wrong")
        if code["used"]:
            self._revoke_family(code["code"])
            raise self._refusal(400, "invalid_grant", "The code was used before")
        if code.get("challenge") and _challenge(form.get("code_verifier", "")) != code["challenge"]:
            raise self._refusal(400, "invalid_grant", "The code_verifier is wrong")
        code["used"] = True
        authorized = {"scope": code["scope"]} if code.get("scope") else {}
        return self._respond(client, code["username"], {**form, **authorized}, family=code["code"])

    def _grant_refresh_token(self, request: PlatformRequest, client: dict[str, Any], form: dict[str, Any]) -> Response:
        value = form.get("refresh_token", "")
        used = self.tokens.get(value, "refresh")
        family = self.data["rotated"].get(value)
        if family and self.switch("old_refresh_token") == "ends_login":
            self._revoke_family(family)
        if used is None or used.extra.get("client_id") != client["client_id"]:
            raise self._refusal(400, "invalid_grant", "The refresh token is invalid or was used before")
        if set(str(form.get("scope") or "").split()) - set(used.extra["scope"].split()):
            raise self._refusal(400, "invalid_scope", "The refresh token was not granted this scope")
        return self._respond(client, used.owner, {"scope": used.extra["scope"], **form}, used=used)

    def _grant_jwt(self, request: PlatformRequest, client: dict[str, Any], form: dict[str, Any]) -> Response:
        claims = self.verify_jwt(request, form.get("assertion", ""), self.data["assertion_secret"], ["HS256"])
        if claims is None or not claims.get("sub"):
            raise self._refusal(400, "invalid_grant", "The assertion is not valid")
        return self._respond(client, claims["sub"], form, refreshable=False)

    def _grant_exchange(self, request: PlatformRequest, client: dict[str, Any], form: dict[str, Any]) -> Response:
        subject = self.tokens.get(form.get("subject_token"))
        if form.get("subject_token_type") != ACCESS_TOKEN:
            raise self._refusal(400, "invalid_request", "subject_token_type must be access_token")
        if subject is None:
            raise self._refusal(400, "invalid_grant", "The subject_token is not valid")
        return self._respond(client, subject.owner, form, refreshable=False, issued_token_type=ACCESS_TOKEN)

    def _respond(
        self,
        client: dict[str, Any],
        owner: str,
        form: dict[str, Any],
        *,
        refreshable: bool = True,
        used: Token | None = None,
        family: str = "",
        **more: Any,
    ) -> Response:
        scope = self._granted_scope(client, form)
        family = used.extra["family"] if used else family or secrets.token_urlsafe(9)
        extra = {"client_id": client["client_id"], "scope": scope, "family": family, "audience": form.get("audience")}
        access = self._issue_access_token(owner, extra)
        body = {"access_token": access.value, "token_type": "Bearer", "scope": scope, **more}
        match self.switch("expires_in"):
            case "number":
                body["expires_in"] = self.tokens.seconds_left(access)
            case "string":
                body["expires_in"] = str(self.tokens.seconds_left(access))
        if refreshable and self.switch("refresh_tokens") != "never":
            refresh = self._next_refresh_token(owner, extra, used)
            if refresh:
                body["refresh_token"] = refresh.value
        names = NAMES["camel" if self.switch("fields") != "standard" else "standard"]
        body = {names.get(name, name): value for name, value in body.items()}
        return JSONResponse(
            {"data": body} if self.switch("fields") == "nested" else body, headers={"cache-control": "no-store"}
        )

    def _granted_scope(self, client: dict[str, Any], form: dict[str, Any]) -> str:
        asked = str(form.get("scope") or " ".join(client["scopes"])).split()
        if set(asked) - set(client["scopes"]):
            raise self._refusal(400, "invalid_scope", "The client may not have this scope")
        resource = form.get("resource")
        if resource is not None and (not str(resource).startswith("https://") or "#" in str(resource)):
            raise self._refusal(400, "invalid_target", "The resource is unknown")
        return " ".join(asked)

    def _issue_access_token(self, owner: str, extra: dict[str, Any]) -> Token:
        lifetime = self.switch("token_lifetime")
        if self.switch("token_format") == "jwt":
            return self.tokens.issue_jwt("access", owner, lifetime, {"sub": owner, "scope": extra["scope"]}, **extra)
        return self.tokens.issue("access", owner, lifetime, **extra)

    def _next_refresh_token(self, owner: str, extra: dict[str, Any], used: Token | None) -> Token | None:
        """Return the refresh token to send; None if the used one stays and is not repeated."""
        if used and self.switch("refresh_rotation") != "new":
            return used if self.switch("refresh_rotation") == "same" else None
        if used and self.switch("old_refresh_token") != "valid":
            self.tokens.revoke(used.value)
            self.data["rotated"][used.value] = extra["family"]
        # It keeps the scope of the used one, whatever scope the access token has (RFC 6749, section 6).
        kept = {"scope": used.extra["scope"]} if used else {}
        return self.tokens.issue("refresh", owner, self.switch("refresh_lifetime"), **{**extra, **kept})

    # Revocation and introspection

    def revoke_token(self, request: PlatformRequest) -> Response:
        form = request.parse_form()
        client = self._require_client(request, form, "revocation")
        value = form.get("token", "")
        token = self.tokens.get(value) or self.tokens.get(value, "refresh")
        if self.switch("revocation") == "refresh_tokens" and (token is None or token.kind == "access"):
            raise self._refusal(400, "unsupported_token_type", "Access tokens cannot be revoked")
        if token and token.extra.get("client_id") == client["client_id"]:
            self.tokens.revoke(value)
            if token.kind == "refresh":
                self._revoke_family(token.extra["family"])
        return Response()

    def introspect_token(self, request: PlatformRequest) -> Response:
        form = request.parse_form()
        self._require_client(request, form, "introspection")
        if self.switch("introspection") == "forbidden":
            raise self._refusal(403, "access_denied", "The client may not introspect tokens")
        value = form.get("token", "")
        token = self.tokens.get(value) or self.tokens.get(value, "refresh")
        if token is None:
            return JSONResponse({"active": False})
        return JSONResponse(
            {
                "active": True,
                "scope": token.extra.get("scope"),
                "client_id": token.extra.get("client_id"),
                "username": token.owner,
                "sub": token.owner,
                "token_type": "Bearer",
                "exp": int(token.expires_at),
                "iat": int(token.issued_at),
            }
        )

    def _require_client(self, request: PlatformRequest, form: dict[str, Any], endpoint: str) -> dict[str, Any]:
        if self.switch(endpoint) == "off":
            raise self.rejection(request, 404, "not_found", "Not found")
        client = self.authenticate_client(request, form)
        if client is None:
            raise self._refusal(401, "invalid_client", "Client authentication failed")
        return client

    def _revoke_family(self, family: str) -> None:
        for item in self.tokens.dump():
            if item["extra"].get("family") == family:
                self.tokens.revoke(item["value"])

    def _refusal(self, status: int, code: str, text: str) -> Rejection:
        configured = self.switch("error_status")
        headers = {"www-authenticate": 'Basic realm="oauth2"'} if status == 401 else {}
        body = {"error": code, "error_description": text}
        return Rejection(JSONResponse(body, status if configured == "standard" else int(configured), headers=headers))


def _challenge(verifier: str) -> str:
    """Return the S256 code challenge of a verifier (RFC 7636, section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
