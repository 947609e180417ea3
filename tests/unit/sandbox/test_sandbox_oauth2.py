# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OAuth 2.0 authorization server, and the API that requires its tokens."""

from __future__ import annotations

import base64
import hashlib

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

ISSUER = "http://testserver/oauth2"
USER = {"grant_type": "password", "username": "editor", "password": "editor-password"}
REDIRECT = "https://client.example.com/callback"
CODE = {"grant_type": "authorization_code", "code": "sandbox-code", "redirect_uri": REDIRECT}
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"


def assertion(box, **changes):
    claims = {"iss": "oa-client", "sub": "viewer", "aud": ISSUER, "exp": 1_800_000_060, **changes}
    return jwt.encode(claims, box.sandbox.platforms["oauth2"].data["assertion_secret"], algorithm="HS256")


def introspect(box, token):
    return box.ask("POST", "/oauth2/introspect", data={"token": token}, auth=("oa-client", "oa-secret")).json()


def revoke(box, token, client=("oa-client", "oa-secret")):
    return box.ask("POST", "/oauth2/revoke", data={"token": token}, auth=client).status_code


def test_the_discovery_documents_name_the_endpoints(box):
    found = box.ask("GET", "/oauth2/.well-known/openid-configuration").json()
    assert found == box.ask("GET", "/.well-known/oauth-authorization-server/oauth2").json()
    for name in ("token", "revocation", "introspection"):
        assert box.ask("POST", found[f"{name}_endpoint"]).json()["error"] == "invalid_client"


def test_tokens_expire(box):
    token = box.oa_token().json()["access_token"]
    assert box.oa("GET", "/channels", token).json()["items"][0] == {"id": 1, "name": "News"}
    box.clock.advance(3600)
    assert box.oa("GET", "/channels", token).status_code == 401


@pytest.mark.parametrize(
    ("form", "owner"),
    [({}, "oa-client"), (USER, "editor"), (CODE, "editor")],
    ids=["client", "user", "code"],
)
def test_the_owner_of_a_token(box, form, owner):
    token = box.oa_token(**form).json()["access_token"]
    assert introspect(box, token) == {
        "active": True,
        "scope": "read write",
        "client_id": "oa-client",
        "username": owner,
        "sub": owner,
        "token_type": "Bearer",
        "exp": 1_800_003_600,
        "iat": 1_800_000_000,
    }


def test_assertions_and_exchanged_tokens(box):
    token = box.oa_token(grant_type=JWT_BEARER, assertion=assertion(box)).json()["access_token"]
    assert introspect(box, token)["username"] == "viewer"
    form = {"grant_type": EXCHANGE, "subject_token": token, "subject_token_type": ACCESS_TOKEN}
    answer = box.oa_token(**form, scope="read").json()
    assert answer["issued_token_type"] == ACCESS_TOKEN
    assert introspect(box, answer["access_token"])["username"] == "viewer"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "x"}, "unsupported_grant_type"),
        ({**USER, "password": "x"}, "invalid_grant"),
        ({**CODE, "code": "x"}, "invalid_grant"),
        ({**CODE, "redirect_uri": "https://elsewhere.example.com"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
        ({"grant_type": JWT_BEARER, "assertion": "x"}, "invalid_grant"),
        ({"grant_type": EXCHANGE, "subject_token": "x", "subject_token_type": ACCESS_TOKEN}, "invalid_grant"),
        ({"grant_type": EXCHANGE, "subject_token": "x"}, "invalid_request"),
        ({"scope": "all"}, "invalid_scope"),
        ({"resource": "here"}, "invalid_target"),
    ],
)
def test_refused_token_requests(box, form, error):
    answer = box.oa_token(**form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize("changes", [{"exp": 1_700_000_000}, {"aud": "https://elsewhere.example.com"}, {"sub": ""}])
def test_refused_assertions(box, changes):
    answer = box.oa_token(grant_type=JWT_BEARER, assertion=assertion(box, **changes))
    assert answer.json()["error"] == "invalid_grant"


def test_a_public_client_has_no_grant_of_its_own(box):
    assert box.oa_token(auth=None, client_id="oa-public").json()["error"] == "unauthorized_client"
    assert box.oa_token(auth=None, client_id="oa-public", **USER).status_code == 200
    assert box.oa_token(auth=None, client_id="oa-client", **USER).status_code == 401


def test_a_code_that_is_used_twice_ends_the_login(box):
    token = box.oa_token(**CODE).json()["access_token"]
    assert box.oa_token(**CODE).json()["error_description"] == "The code was used before"
    assert box.oa("GET", "/channels", token).status_code == 401


def test_proof_key_for_code_exchange(box):
    verifier = "v" * 43
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    query = {"response_type": "code", "client_id": "oa-public", "redirect_uri": REDIRECT, "state": "s"}
    agreed = box.ask("GET", "/oauth2/authorize", params={**query, "code_challenge": challenge})
    assert agreed.status_code == 302 and agreed.headers["location"].startswith(f"{REDIRECT}?state=s&code=")
    form = {**CODE, "client_id": "oa-public", "code": agreed.headers["location"].partition("code=")[2]}
    assert box.oa_token(auth=None, **form).json()["error_description"] == "The code_verifier is wrong"
    assert box.oa_token(auth=None, **form, code_verifier=verifier).status_code == 200
    assert box.ask("GET", "/oauth2/authorize", params={**query, "client_id": "x"}).status_code == 400


def test_the_scope_of_a_code_is_that_of_the_authorization_request_and_a_refresh_cannot_extend_it(box):
    query = {"response_type": "code", "client_id": "oa-client", "redirect_uri": REDIRECT, "scope": "read"}
    code = box.ask("GET", "/oauth2/authorize", params=query).headers["location"].partition("code=")[2]
    token = box.oa_token(**{**CODE, "code": code}).json()
    assert token["scope"] == "read"
    refresh = {"grant_type": "refresh_token", "refresh_token": token["refresh_token"]}
    assert box.oa_token(**refresh, scope="read write").json()["error"] == "invalid_scope"
    assert box.oa_token(**refresh).json()["scope"] == "read"


def test_a_refresh_for_a_smaller_scope_does_not_reduce_that_of_the_refresh_token(box):
    token = box.oa_token(**USER, scope="read write").json()
    for scope in ("read", "write", "read write"):
        token = box.oa_token(grant_type="refresh_token", refresh_token=token["refresh_token"], scope=scope).json()
        assert token["scope"] == scope


def test_credentials_in_basic_are_form_encoded(box):
    box.control("PUT", "/state/oauth2", {"clients": [{"client_id": "a:b c", "client_secret": "s/%+"}]})
    assert box.oa_token(auth=("a%3Ab+c", "s%2F%25%2B")).status_code == 200
    assert box.oa_token(auth=("a%3Ab+c", "s/%+")).status_code == 401


def test_a_client_with_a_key(box):
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    box.control("PUT", "/state/oauth2", {"clients": [{"client_id": "oa-key", "public_key": public}]})
    claims = {"iss": "oa-key", "sub": "oa-key", "aud": ISSUER, "exp": 1_800_000_060, "jti": "1"}
    form = {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}

    def ask(**changes):
        signed = jwt.encode({**claims, **changes}, pem, algorithm="ES256")
        return box.oa_token(auth=None, **form, client_assertion=signed).status_code

    assert (ask(), ask(), ask(jti="2"), ask(jti="3", iss="x"), ask(jti=None)) == (200, 401, 200, 401, 401)
    assert box.oa_token(auth=None, **form, client_assertion="x").status_code == 401


def test_revocation(box):
    found = box.oa_token(**USER).json()
    assert revoke(box, found["access_token"], ("oa-reader", "oa-reader-secret")) == 200
    assert introspect(box, found["access_token"])["active"] is True
    assert revoke(box, found["refresh_token"]) == 200
    assert introspect(box, found["access_token"]) == {"active": False}
    assert revoke(box, "unknown") == 200


def test_the_api_requires_a_scope(box):
    token = box.oa_token(auth=("oa-reader", "oa-reader-secret")).json()["access_token"]
    denied = box.oa("POST", "/channels", token, json={"name": "Films"})
    assert (denied.status_code, 'error="insufficient_scope"' in denied.headers["www-authenticate"]) == (403, True)
    token = box.oa_token().json()["access_token"]
    assert box.oa("POST", "/channels", token, json={"name": "Films"}).json() == {"id": 3, "name": "Films"}
    assert box.oa("POST", "/channels", token, json={}).status_code == 400
    assert box.oa("PUT", "/echo", token, json={"a": 1}).json()["body"] == {"a": 1}
    anonymous = box.ask("GET", "/oauth2/api/channels")
    assert (anonymous.status_code, anonymous.headers["www-authenticate"]) == (401, 'Bearer realm="oauth2"')
