# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each option of oauth2_token at a server that requires it, and at one that accepts something else."""

from __future__ import annotations

import pathlib
import typing as t

import jwt
import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from test_faults import Bench, bench
from world import START

from ansible_collections.mediaops.access.plugins.modules import oauth2_api, oauth2_token, oauth2_token_info

__all__ = ["bench"]
Facts = dict[str, t.Any]
SECRET = "oa-secret-of-at-least-32-characters"
ISSUED = "urn:ietf:params:oauth:token-type:access_token"
USER = {"grant": "password", "username": "editor", "password": "editor-password"}
NESTED = {"access_token": "data.accessToken", "expires_in": "data.ttl", "refresh_token": "data.refreshToken"}
CAMEL = {name: path.removeprefix("data.") for name, path in NESTED.items()}


def key_pair(key: t.Any) -> tuple[str, str]:
    """A private and a public key in PEM format."""
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


RSA, EC = key_pair(rsa.generate_private_key(65537, 2048)), key_pair(ec.generate_private_key(ec.SECP256R1()))
CREDENTIALS: dict[str, Facts] = {
    "client_secret_basic": {"client_id": "oa-client", "client_secret": SECRET},
    "client_secret_post": {"client_id": "oa-client", "client_secret": SECRET},
    "client_secret_jwt": {"client_id": "oa-client", "client_secret": SECRET},
    "private_key_jwt": {"client_id": "oa-rsa", "private_key": RSA[0]},
    "tls_client_auth": {"client_id": "oa-tls"},
    "none": {"client_id": "oa-public", **USER},
}


class Platform:
    """Runs modules against the sandbox, with a cache that the runs of a test share."""

    def __init__(self, bench: Bench, folder: pathlib.Path) -> None:
        self.world = bench.world
        self._home = bench.fresh_home()
        certificate = trustme.CA().issue_cert("client.example.com")
        self.certificate = str(folder / "client.pem")
        certificate.private_key_and_cert_chain_pem.write_to_path(self.certificate)
        clients: list[Facts] = [
            {"client_id": "oa-client", "client_secret": SECRET},
            {"client_id": "oa-rsa", "public_key": RSA[1]},
            {"client_id": "oa-ec", "public_key": EC[1]},
            {"client_id": "oa-tls", "certificate": True},
            {"client_id": "oa-public", "client_secret": None},
        ]
        extra = {"client_id": "oa-client", "scope": "read write", "family": "1"}
        token = {"owner": "viewer", "issued_at": START, "expires_at": START + 9e6, "extra": extra}
        tokens = [{**token, "kind": kind, "value": f"given-{kind}-token"} for kind in ("access", "refresh")]
        self.world.reset({"oauth2": {"clients": clients, "tokens": tokens}})

    def set(self, **switches: t.Any) -> None:
        self.world.sandbox.switches.set({f"oauth2.{name}": str(value) for name, value in switches.items()})

    def attempt(self, module: t.Any = oauth2_token, *, tls: bool = False, **options: t.Any) -> Facts:
        url = self.world.tls_url if tls else self.world.url
        connection = {
            "url": f"{url}/oauth2/api",
            "issuer": f"{url}/oauth2",
            "client_id": "oa-client",
            "client_secret": SECRET,
            **({"ca_path": self.world.ca_path} if tls else {}),
        }
        given = {name: value for name, value in {**connection, **options}.items() if value is not None}
        result: Facts = module.MODULE.run(given, name=module.__name__.rpartition(".")[2], ansible_home=self._home)
        assert "this is a bug" not in str(result.get("msg"))
        return result

    def __call__(self, module: t.Any = oauth2_token, **options: t.Any) -> Facts:
        result = self.attempt(module, **options)
        assert not result.get("failed"), result["msg"]
        return result

    def fail(self, words: str, module: t.Any = oauth2_token, **options: t.Any) -> Facts:
        result = self.attempt(module, **options)
        assert result.get("failed") and words in result["msg"], result
        return result

    def alive(self, token: str) -> bool:
        return token in [item["value"] for item in self.world.state("oauth2")["tokens"]]

    def logins(self) -> int:
        return sum(entry.path == "/token" for entry in self.world.journal())

    def expire(self) -> None:
        self.world.clock.sleep(3600)


@pytest.fixture
def platform(bench: Bench, clocked: t.Callable[[t.Any], None], tmp_path: pathlib.Path) -> Platform:
    clocked(bench.world.clock)
    return Platform(bench, tmp_path)


# --- discovery ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["both", "openid", "rfc8414"])
def test_an_issuer_with_a_document(platform: Platform, kind: str) -> None:
    platform.set(discovery=kind)

    assert platform.alive(platform()["token"]["access_token"])


@pytest.mark.parametrize(
    ("kind", "words"),
    [("none", "no discovery document"), ("html", "no discovery document"), ("foreign_issuer", "another issuer")],
)
def test_an_issuer_without_a_usable_document_needs_token_url(platform: Platform, kind: str, words: str) -> None:
    platform.set(discovery=kind)
    token_url = f"{platform.world.url}/oauth2/token"

    platform.fail(words)
    assert platform.logins() == 0
    assert platform(issuer=None, token_url=token_url)["changed"] is True


# --- client authentication ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lists", ["yes", "no"])
@pytest.mark.parametrize("accepted", CREDENTIALS)
@pytest.mark.parametrize("used", CREDENTIALS)
def test_a_method_of_client_authentication(platform: Platform, used: str, accepted: str, lists: str) -> None:
    platform.set(client_auth=accepted, lists_client_auth=lists)
    credentials = {"client_secret": None, **CREDENTIALS[used]}
    if used == "tls_client_auth":
        credentials["client_cert"] = platform.certificate
    # With TLS, the sandbox takes a client without credentials for one with a certificate.
    tls = used == "tls_client_auth"
    result = platform.attempt(tls=tls, client_auth=used, **credentials)

    if used == accepted:
        assert platform.alive(result["token"]["access_token"])
    else:
        assert (result["failed"], result["error_code"]) == (True, "invalid_client")


@pytest.mark.parametrize("accepted", CREDENTIALS)
def test_the_default_method_suits_the_credentials_and_what_discovery_lists(platform: Platform, accepted: str) -> None:
    platform.set(client_auth=accepted)
    credentials = {"client_secret": None, **CREDENTIALS[accepted]}
    if accepted == "tls_client_auth":
        credentials["client_cert"] = platform.certificate

    assert platform.alive(platform(tls=accepted == "tls_client_auth", **credentials)["token"]["access_token"])


@pytest.mark.parametrize(
    ("client", "key", "algorithm", "is_accepted"),
    [
        ("oa-rsa", RSA[0], "RS256", True),
        ("oa-rsa", RSA[0], "PS256", True),
        ("oa-ec", EC[0], "ES256", True),
        ("oa-rsa", RSA[0], "RS512", False),
        ("oa-ec", RSA[0], "RS256", False),
    ],
)
def test_the_algorithm_of_a_private_key(
    platform: Platform, client: str, key: str, algorithm: str, is_accepted: bool
) -> None:
    result = platform.attempt(
        client_id=client, client_secret=None, private_key=key, private_key_id="1", private_key_algorithm=algorithm
    )
    assert result.get("error_code") == (None if is_accepted else "invalid_client")


@pytest.mark.parametrize("by_issuer", [True, False], ids=["issuer", "token_url"])
@pytest.mark.parametrize("accepted", ["any", "issuer", "token_endpoint"])
def test_the_audience_of_an_assertion(platform: Platform, accepted: str, by_issuer: bool) -> None:
    platform.set(assertion_audience=accepted)
    endpoint = {} if by_issuer else {"issuer": None, "token_url": f"{platform.world.url}/oauth2/token"}
    result = platform.attempt(client_auth="client_secret_jwt", **endpoint)

    assert bool(result.get("failed")) is (accepted == ("token_endpoint" if by_issuer else "issuer"))


@pytest.mark.parametrize("reuse", ["refused", "accepted"])
def test_each_request_has_its_own_assertion(platform: Platform, reuse: str) -> None:
    platform.set(assertion_reuse=reuse)
    for scope in ("read", "write"):
        platform(client_auth="client_secret_jwt", scope=[scope])


# --- requests and responses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("accepted", ["form", "json", "query"])
@pytest.mark.parametrize("used", ["form", "json", "query"])
def test_the_format_of_the_request(platform: Platform, used: str, accepted: str) -> None:
    platform.set(request_format=accepted)
    result = platform.attempt(request_format=used)

    assert bool(result.get("failed")) is (used != accepted), result


@pytest.mark.parametrize(("names", "fields"), [("standard", None), ("camel", CAMEL), ("nested", NESTED)])
@pytest.mark.parametrize(("given", "right"), [(None, "standard"), (CAMEL, "camel"), (NESTED, "nested")])
def test_the_fields_of_a_response(
    platform: Platform, names: str, fields: Facts | None, given: Facts | None, right: str
) -> None:
    platform.set(fields=names)
    if names != right:
        platform.fail("lacks access_token", fields=given, **USER)
        return
    token = platform(fields=fields, **USER)["token"]
    assert platform.alive(token["access_token"]) and platform.alive(token["refresh_token"])


@pytest.mark.parametrize(
    ("lifetime", "kind", "expected"),
    [("number", "opaque", 600), ("string", "opaque", 600), ("absent", "jwt", 600), ("absent", "opaque", 3600)],
)
def test_the_lifetime_of_a_token(platform: Platform, lifetime: str, kind: str, expected: int) -> None:
    platform.set(expires_in=lifetime, token_format=kind, token_lifetime=600)

    assert platform()["token"]["expires_in"] == expected


@pytest.mark.parametrize("status", ["standard", "400", "401", "200"])
@pytest.mark.parametrize(
    ("options", "code", "hint"),
    [
        ({"client_secret": "wrong"}, "invalid_client", "Check client_id, client_secret and client_auth"),
        ({**USER, "password": "wrong"}, "invalid_grant", "Check the credentials of the grant"),
        ({"scope": ["admin"]}, "invalid_scope", "Check scope"),
        ({"resource": ["here"]}, "invalid_target", "Check resource and audience"),
    ],
    ids=["invalid_client", "invalid_grant", "invalid_scope", "invalid_target"],
)
def test_an_error_of_the_token_endpoint(platform: Platform, status: str, options: Facts, code: str, hint: str) -> None:
    platform.set(error_status=status)
    result = platform.fail(hint, **options)

    assert result["error_code"] == code
    assert status == "standard" or result["status"] == int(status)


@pytest.mark.parametrize(
    "options",
    [
        {"scope": ["read"]},
        {"audience": "https://api.example.com"},
        {"resource": ["https://api.example.com"]},
        {"parameters": {"tenant": "north"}},
    ],
    ids=lambda options: next(iter(options)),
)
def test_another_scope_audience_resource_or_parameter_is_another_token(platform: Platform, options: Facts) -> None:
    first = platform()["token"]["access_token"]
    other = platform(**options)["token"]["access_token"]

    assert first != other
    assert platform()["token"]["access_token"] == first
    assert platform(**options)["token"]["access_token"] == other


# --- grants ------------------------------------------------------------------------------------------------------------------


def assertion(platform: Platform) -> str:
    data = platform.world.sandbox.platforms["oauth2"].data
    claims = {"sub": "viewer", "aud": f"{platform.world.url}/oauth2", "exp": START + 600}
    return jwt.encode(claims, data["assertion_secret"], algorithm="HS256")


@pytest.mark.parametrize(
    ("grant", "owner", "refreshable"),
    [
        ("client_credentials", "oa-client", ["always"]),
        ("password", "editor", ["users", "always"]),
        ("refresh_token", "viewer", ["users", "always", "never"]),  # otherwise, the given one stays valid
        ("authorization_code", "editor", ["users", "always"]),
        ("jwt_bearer", "viewer", []),
        ("token_exchange", "viewer", []),
    ],
)
@pytest.mark.parametrize("refresh_tokens", ["users", "always", "never"])
def test_a_grant(platform: Platform, grant: str, owner: str, refreshable: list[str], refresh_tokens: str) -> None:
    platform.set(refresh_tokens=refresh_tokens)
    options: dict[str, Facts] = {
        "password": USER,
        "refresh_token": {"refresh_token": "given-refresh-token"},
        "authorization_code": {"code": "sandbox-code", "redirect_uri": "https://client.example.com/callback"},
        "jwt_bearer": {"assertion": assertion(platform)},
        "token_exchange": {"subject_token": "given-access-token", "requested_token_type": ISSUED},
    }
    token = platform(**{"grant": grant, **options.get(grant, {})})["token"]

    (there,) = [item for item in platform.world.state("oauth2")["tokens"] if item["value"] == token["access_token"]]
    assert there["owner"] == owner
    assert ("refresh_token" in token) is (refresh_tokens in refreshable)
    assert platform(**{"grant": grant, **options.get(grant, {})})["token"]["cached"] is True


@pytest.mark.parametrize("old", ["revoked", "ends_login", "valid"])
@pytest.mark.parametrize("rotation", ["new", "same", "absent"])
@pytest.mark.parametrize("source", ["user", "platform"])
def test_a_refresh(platform: Platform, source: str, rotation: str, old: str) -> None:
    """Refreshed again and again, without a login and without the use of a replaced refresh token."""
    platform.set(refresh_rotation=rotation, old_refresh_token=old)
    options = USER if source == "platform" else {"grant": "refresh_token", "refresh_token": "given-refresh-token"}
    found = []
    for _turn in range(4):
        found.append(platform(**options)["token"])
        assert platform.alive(found[-1]["access_token"])
        platform.expire()

    assert platform.logins() == 4
    assert len({token["refresh_token"] for token in found}) == (4 if rotation == "new" else 1)


@pytest.mark.parametrize("lifetime", [86400, 60])
def test_a_refresh_token_that_has_expired_is_followed_by_a_login(platform: Platform, lifetime: int) -> None:
    platform.set(refresh_lifetime=lifetime)
    platform(**USER)
    platform.expire()

    assert platform.alive(platform(**USER)["token"]["access_token"])
    assert platform.logins() == (2 if lifetime == 86400 else 3)


# --- revocation and introspection --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("revocation", "warned", "alive"), [("on", False, False), ("refresh_tokens", True, False), ("off", False, True)]
)
def test_absent(platform: Platform, revocation: str, warned: bool, alive: bool) -> None:
    platform.set(revocation=revocation)
    token = platform(**USER)["token"]
    result = platform(state="absent", **USER)

    assert result["changed"] is True and ("warnings" in result) is warned
    assert platform.alive(token["refresh_token"]) is alive
    assert platform.alive(token["access_token"]) is alive
    assert platform(state="absent", **USER)["changed"] is False


@pytest.mark.parametrize(
    ("introspection", "warned", "replaced"), [("on", False, True), ("forbidden", True, False), ("off", False, False)]
)
def test_verify(platform: Platform, introspection: str, warned: bool, replaced: bool) -> None:
    platform.set(introspection=introspection)
    platform()
    platform.world.sandbox.platforms["oauth2"].tokens.clear()
    result = platform(verify=True)

    assert result["changed"] is replaced and ("warnings" in result) is warned


@pytest.mark.parametrize(
    ("introspection", "words"), [("on", None), ("forbidden", "may not"), ("off", "names no such endpoint")]
)
def test_token_info(platform: Platform, introspection: str, words: str | None) -> None:
    platform.set(introspection=introspection)
    if words:
        platform.fail(words, oauth2_token_info)
        return
    assert platform(oauth2_token_info)["token_info"]["valid"] is True
    assert platform(oauth2_token_info, access_token="unknown")["token_info"]["valid"] is False


# --- the API -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("accepted", ["both", "header", "query"])
@pytest.mark.parametrize("used", ["header", "query"])
def test_the_place_of_the_token(platform: Platform, used: str, accepted: str) -> None:
    platform.set(token_placement=accepted)
    result = platform.attempt(oauth2_api, path="channels", token_placement=used)

    assert bool(result.get("failed")) is (accepted not in ("both", used)), result


@pytest.mark.parametrize("challenge", ["header", "body", "absent"])
@pytest.mark.parametrize("status", [401, 403, 400])
def test_a_stale_token_is_replaced_if_the_api_says_so(platform: Platform, status: int, challenge: str) -> None:
    platform.set(stale_status=status, challenge=challenge)
    platform()
    platform.world.sandbox.platforms["oauth2"].tokens.clear()
    result = platform.attempt(oauth2_api, path="channels")

    is_recognized = challenge != "absent" or status == 401
    assert bool(result.get("failed")) is not is_recognized
    assert platform.logins() == (2 if is_recognized else 1)


@pytest.mark.parametrize("challenge", ["header", "body", "absent"])
def test_a_token_that_lacks_a_scope_is_kept(platform: Platform, challenge: str) -> None:
    platform.set(challenge=challenge)
    options = {"path": "channels", "method": "POST", "body": {"name": "Films"}}

    platform.fail("check scope", oauth2_api, scope=["read"], **options)
    assert platform.logins() == 1
    assert platform(oauth2_api, scope=["read", "write"], **options)["status"] == 201
