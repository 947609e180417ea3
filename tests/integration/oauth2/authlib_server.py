# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An OAuth 2.0 server of PyPI's Authlib, with TLS on a free port of loopback.

Reads its settings from standard input, in JSON: `clients` (metadata of RFC 7591), `users` (name: password), `admin` (the ID of the client that may
introspect all tokens), `assertion_key` (JWK that verifies assertions of grants), `tls` (`cert_file`, `key_file`). Says {"issuer": URL} when it
listens, then a line for each request to an endpoint: {"endpoint", "grant", "client" (ID, null if it did not authenticate), "auth" (method),
"resource" (list), "error"}.

Everything that a standard defines is Authlib's; what is here is the storage that it leaves to its users, and token exchange, which it lacks.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import secrets
import sys
import time
import typing as t

import flask
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import rfc6749, rfc7523
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from joserfc.jwk import KeySet, OctKey
from werkzeug.serving import make_server

SETTINGS = json.load(sys.stdin)
METHODS = ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"]
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
SCOPES = ["read", "write"]
FORM = '<form method="post"><input name="login"><input name="password" type="password"><button>Log in</button></form>'

app = flask.Flask(__name__)
app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = True
app.config["OAUTH2_SCOPES_SUPPORTED"] = SCOPES
app.config["OAUTH2_TOKEN_EXPIRES_IN"] = {"client_credentials": 3600, "password": 3600, "authorization_code": 3600}


class Client(rfc6749.ClientMixin):
    def __init__(self, metadata: dict[str, t.Any]) -> None:
        self.metadata = metadata
        self.client_id: str = metadata["client_id"]

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str | None:
        return None

    def get_allowed_scope(self, scope: str) -> str:
        return " ".join(name for name in (scope or "").split() if name in SCOPES)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.metadata.get("redirect_uris", [])

    def check_client_secret(self, client_secret: str) -> bool:
        return self.metadata.get("client_secret") == client_secret

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return self.metadata["token_endpoint_auth_method"] == method

    def check_response_type(self, response_type: str) -> bool:
        return response_type in self.metadata.get("response_types", [])

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.metadata["grant_types"]


@dataclasses.dataclass
class Token(rfc6749.TokenMixin):
    client_id: str
    user: str | None
    scope: str
    access_token: str
    refresh_token: str | None
    expires_at: float
    ended: bool = False
    refresh_ended: bool = False

    def check_client(self, client: Client) -> bool:
        return self.client_id == client.client_id

    def get_scope(self) -> str:
        return self.scope

    def is_expired(self) -> bool:
        return self.expires_at < time.time()

    def is_revoked(self) -> bool:
        return self.ended


@dataclasses.dataclass
class Code(rfc6749.AuthorizationCodeMixin):
    code: str
    client_id: str
    user: str
    redirect_uri: str
    scope: str
    code_challenge: str | None
    code_challenge_method: str | None

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope


clients = {metadata["client_id"]: Client(metadata) for metadata in SETTINGS["clients"]}
tokens: list[Token] = []
codes: dict[str, Code] = {}
used_assertions: set[str] = set()


def find(value: str, *kinds: str) -> Token | None:
    return next((token for token in tokens if value in [getattr(token, kind) for kind in kinds]), None)


def save_token(issued: dict[str, t.Any], request: t.Any) -> None:
    tokens.append(
        Token(
            request.client.client_id,
            request.user,
            issued.get("scope", ""),
            issued["access_token"],
            issued.get("refresh_token"),
            time.time() + issued["expires_in"],
        )
    )


class Server(AuthorizationServer):
    def authenticate_client(self, request: t.Any, methods: list[str], endpoint: str = "token") -> Client:
        client = super().authenticate_client(request, methods, endpoint)
        flask.g.client, flask.g.auth = client.client_id, request.auth_method
        return client


class ClientCredentials(rfc6749.grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS


class Password(rfc6749.grants.ResourceOwnerPasswordCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def authenticate_user(self, username: str, password: str) -> str | None:
        return username if SETTINGS["users"].get(username) == password else None


class Refresh(rfc6749.grants.RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Token | None:
        token = find(refresh_token, "refresh_token")
        return token if token and not token.refresh_ended else None

    def authenticate_user(self, refresh_token: Token) -> str | None:
        return refresh_token.user

    def revoke_old_credential(self, refresh_token: Token) -> None:
        refresh_token.ended = refresh_token.refresh_ended = True


class AuthorizationCode(rfc6749.grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def save_authorization_code(self, code: str, request: t.Any) -> None:
        payload = request.payload
        challenge = [payload.data.get(name) for name in ("code_challenge", "code_challenge_method")]
        codes[code] = Code(
            code, request.client.client_id, request.user, payload.redirect_uri, payload.scope or "", *challenge
        )

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        found = codes.get(code)
        return found if found and found.client_id == client.client_id else None

    def delete_authorization_code(self, authorization_code: Code) -> None:
        del codes[authorization_code.code]

    def authenticate_user(self, authorization_code: Code) -> str:
        return authorization_code.user


class JwtBearer(rfc7523.JWTBearerGrant):
    def resolve_issuer_client(self, issuer: str) -> Client | None:
        return clients.get(issuer)

    def resolve_client_public_key(self, client: Client) -> OctKey:
        return OctKey.import_key(SETTINGS["assertion_key"])

    def get_audiences(self) -> list[str]:
        return [issuer]

    def authenticate_user(self, subject: str) -> str | None:
        return subject if subject in SETTINGS["users"] else None

    def has_granted_permission(self, client: Client, user: str) -> bool:
        return True


class TokenExchange(rfc6749.BaseGrant, rfc6749.TokenEndpointMixin):
    """RFC 8693, with Authlib's client authentication, scopes and tokens."""

    GRANT_TYPE = EXCHANGE
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def validate_token_request(self) -> None:
        self.request.client = self.authenticate_token_endpoint_client()
        if not self.request.client.check_grant_type(self.GRANT_TYPE):
            raise rfc6749.UnauthorizedClientError()
        self.validate_requested_scope()
        form = self.request.form
        if form.get("subject_token_type") != ACCESS_TOKEN:
            raise rfc6749.InvalidRequestError("unsupported subject_token_type")
        subject = find(form.get("subject_token", ""), "access_token")
        if subject is None or subject.ended:
            raise rfc6749.InvalidGrantError("the subject_token is not valid")
        self.request.user = subject.user

    def create_token_response(self) -> tuple[int, dict[str, t.Any], t.Any]:
        scope = self.request.payload.scope
        issued = self.generate_token(user=self.request.user, scope=scope, include_refresh_token=False)
        self.save_token(issued)
        return 200, {**issued, "issued_token_type": ACCESS_TOKEN}, self.TOKEN_RESPONSE_HEADER


class Assertion(rfc7523.JWTBearerClientAssertion):
    """Client authentication with a JWT, for the clients that are registered for this kind of it."""

    def __init__(self, method: str) -> None:
        super().__init__()
        self.CLIENT_AUTH_METHOD = method

    def __call__(self, query_client: t.Any, request: t.Any) -> Client | None:
        assertion = request.form.get("client_assertion")
        if not assertion or request.form.get("client_assertion_type") != ASSERTION:
            return None
        client = clients.get(self.extract_assertion(assertion)[1].get("sub"))
        if client and not client.check_endpoint_auth_method(self.CLIENT_AUTH_METHOD, "token"):
            return None
        return super().__call__(query_client, request)

    def get_audiences(self) -> list[str]:
        return [issuer, f"{issuer}/token"]

    def validate_jti(self, claims: t.Any, jti: str) -> bool:
        is_new = jti not in used_assertions
        used_assertions.add(jti)
        return is_new

    def resolve_client_public_key(self, client: Client) -> OctKey | KeySet:
        if self.CLIENT_AUTH_METHOD == "client_secret_jwt":
            return OctKey.import_key(client.metadata["client_secret"])
        return KeySet.import_key_set(client.metadata["jwks"])


class Revocation(RevocationEndpoint):
    CLIENT_AUTH_METHODS = METHODS

    def query_token(self, token_string: str, token_type_hint: str | None) -> Token | None:
        return find(token_string, "access_token", "refresh_token")

    def revoke_token(self, token: Token, request: t.Any) -> None:
        token.ended = True
        token.refresh_ended = token.refresh_ended or request.form["token"] == token.refresh_token


class Introspection(IntrospectionEndpoint):
    CLIENT_AUTH_METHODS = METHODS

    def check_permission(self, token: Token, client: Client, request: t.Any) -> bool:
        return client.client_id in (SETTINGS["admin"], token.client_id)

    def query_token(self, token_string: str, token_type_hint: str | None) -> Token | None:
        token = find(token_string, "access_token", "refresh_token")
        if token and token_string == token.refresh_token:  # its end is not that of the access token
            return dataclasses.replace(token, ended=token.refresh_ended)
        return token

    def introspect_token(self, token: Token) -> dict[str, t.Any]:
        return {
            "active": True,
            "client_id": token.client_id,
            "token_type": "Bearer",
            "scope": token.scope,
            "sub": token.user or token.client_id,
            "exp": int(token.expires_at),
        }


server = Server(app, query_client=clients.get, save_token=save_token)
for method in ("client_secret_jwt", "private_key_jwt"):
    server.register_client_auth_method(method, Assertion(method))
for grant in (ClientCredentials, Password, Refresh, JwtBearer, TokenExchange):
    server.register_grant(grant)
server.register_grant(AuthorizationCode, [CodeChallenge(required=True)])
for endpoint in (Revocation, Introspection):
    server.register_endpoint(endpoint)


@app.get("/.well-known/oauth-authorization-server/media")
def show_metadata() -> dict[str, t.Any]:
    metadata = AuthorizationServerMetadata(
        issuer=issuer,
        authorization_endpoint=f"{issuer}/authorize",
        token_endpoint=f"{issuer}/token",
        revocation_endpoint=f"{issuer}/revoke",
        introspection_endpoint=f"{issuer}/introspect",
        token_endpoint_auth_methods_supported=METHODS,
        token_endpoint_auth_signing_alg_values_supported=["HS256", "RS256", "ES256"],
        response_types_supported=["code"],
        code_challenge_methods_supported=["S256"],
        scopes_supported=SCOPES,
    )
    metadata.validate()
    return metadata


@app.route("/media/authorize", methods=["GET", "POST"])
def authorize() -> t.Any:
    try:
        grant = server.get_consent_grant(end_user=None)
    except rfc6749.OAuth2Error as error:
        return server.handle_error_response(None, error)
    if flask.request.method == "GET":
        return FORM
    name, password = flask.request.form["login"], flask.request.form["password"]
    user = name if SETTINGS["users"].get(name) == password else None
    return server.create_authorization_response(grant_user=user, grant=grant)


@app.post("/media/token")
def issue_token() -> t.Any:
    return server.create_token_response()


@app.post("/media/revoke")
def revoke() -> t.Any:
    return server.create_endpoint_response(Revocation.ENDPOINT_NAME)


@app.post("/media/introspect")
def introspect() -> t.Any:
    return server.create_endpoint_response(Introspection.ENDPOINT_NAME)


@app.get("/media/api/channels")
def list_channels() -> t.Any:
    value = flask.request.headers.get("authorization", "").removeprefix("Bearer ")
    token = find(value, "access_token")
    if token is None or token.ended:
        challenge = 'Bearer realm="api"' + (', error="invalid_token"' if value else "")
        return {}, 401, {"www-authenticate": challenge}
    return {"items": [{"id": 1, "name": "News"}], "client": token.client_id}


@app.post("/media/test/end")
def end() -> t.Any:
    for token in tokens:
        token.ended = token.ended or token.access_token in flask.request.json
    return "", 204


@app.after_request
def say_what_was_asked(response: flask.Response) -> flask.Response:
    endpoints = {"issue_token": "token", "revoke": "revocation", "introspect": "introspection"}
    if flask.request.endpoint in endpoints:
        body = response.get_json(silent=True) or {}
        form = flask.request.form
        say(
            endpoint=endpoints[flask.request.endpoint],
            grant=form.get("grant_type"),
            client=flask.g.get("client"),
            auth=flask.g.get("auth"),
            resource=form.getlist("resource"),
            error=body.get("error"),
        )
    return response


def say(**line: t.Any) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


logging.getLogger("werkzeug").setLevel(logging.ERROR)
app.secret_key = secrets.token_hex()
tls = SETTINGS["tls"]
listener = make_server("127.0.0.1", 0, app, threaded=True, ssl_context=(tls["cert_file"], tls["key_file"]))
issuer = f"https://127.0.0.1:{listener.server_port}/media"
say(issuer=issuer)
listener.serve_forever()
