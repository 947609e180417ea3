# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import sys
from urllib.parse import parse_qs

import jwt as pyjwt
import pytest
import responses
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ansible_collections.mediaops.access.plugins.modules import oauth2_token, token_cache
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import NO_ANSWER, call, exchange, jwt
from ansible_collections.mediaops.access.tests.unit.plugins.modules.oauth2 import (
    CLIENT,
    CONNECTION,
    INTROSPECT_URL,
    INVALID_GRANT,
    ISSUER,
    NOW,
    REVOKE_URL,
    TOKEN_URL,
    asked,
    basic,
    discovery,
    introspected,
    issued,
    metadata,
    refreshed,
    revoked,
)

HOUR = 3600
USER = {"grant": "password", "username": "editor", "password": "hush-password"}
BY_PASSWORD = {"grant_type": "password", "username": "editor", "password": "hush-password"}


@pytest.fixture
def token(runs):
    return runs(oauth2_token, **CONNECTION)


@pytest.fixture
def found(runs):
    """The same with an issuer whose endpoints are discovered."""
    return runs(oauth2_token, issuer=ISSUER, **CLIENT)


def public(answer=None, **form):
    """A token request without client authentication."""
    return call("POST", TOKEN_URL, issued() if answer is None else answer, form=form)


# --- the grants --------------------------------------------------------------------------------------------------------------


def test_a_token_is_obtained_and_returned(token):
    result = token(asked())

    assert result["changed"] is True
    assert result["token"] == {
        "access_token": "hush-token",
        "token_type": "Bearer",
        "expires_at": "2027-01-15T09:00:00Z",
        "expires_in": HOUR,
        "cached": False,
    }
    assert token()["token"]["cached"] is True


@pytest.mark.parametrize(
    ("options", "form"),
    [
        pytest.param(USER, BY_PASSWORD, id="password"),
        pytest.param(
            {"grant": "refresh_token", "refresh_token": "hush-refresh"},
            {"grant_type": "refresh_token", "refresh_token": "hush-refresh"},
            id="refresh token",
        ),
        pytest.param(
            {"grant": "authorization_code", "code": "hush-code"},
            {"grant_type": "authorization_code", "code": "hush-code"},
            id="code",
        ),
        pytest.param(
            {
                "grant": "authorization_code",
                "code": "hush-code",
                "redirect_uri": "https://client.example.com/callback",
                "code_verifier": "hush-verifier",
            },
            {
                "grant_type": "authorization_code",
                "code": "hush-code",
                "redirect_uri": "https://client.example.com/callback",
                "code_verifier": "hush-verifier",
            },
            id="code with PKCE",
        ),
        pytest.param(
            {"grant": "jwt_bearer", "assertion": "hush-assertion"},
            {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "hush-assertion"},
            id="JWT bearer",
        ),
        pytest.param(
            {"grant": "token_exchange", "subject_token": "hush-subject"},
            {
                "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
                "subject_token": "hush-subject",
                "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
            },
            id="token exchange",
        ),
        pytest.param(
            {
                "grant": "token_exchange",
                "subject_token": "hush-subject",
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
                "requested_token_type": "urn:ietf:params:oauth:token-type:jwt",
            },
            {
                "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
                "subject_token": "hush-subject",
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
                "requested_token_type": "urn:ietf:params:oauth:token-type:jwt",
            },
            id="token exchange of a JWT",
        ),
    ],
)
def test_each_grant_sends_its_form(token, options, form):
    assert token(asked(**form), **options)["changed"] is True
    assert token(**options)["token"]["cached"] is True


def test_the_type_of_an_exchanged_token_is_returned(token):
    kind = "urn:ietf:params:oauth:token-type:access_token"
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": "hush-subject",
        "subject_token_type": kind,
    }
    options = {"grant": "token_exchange", "subject_token": "hush-subject"}

    assert token(asked(issued(issued_token_type=kind), **form), **options)["token"]["issued_token_type"] == kind


@pytest.mark.parametrize(
    ("options", "form"),
    [
        ({"scope": ["read", "write"]}, {"scope": "read write"}),
        ({"audience": "https://api.example.com"}, {"audience": "https://api.example.com"}),
        ({"resource": ["https://api.example.com"]}, {"resource": "https://api.example.com"}),
        (
            {"parameters": {"tenant": "north", "beta": True, "level": 5, "unset": None}},
            {"tenant": "north", "beta": "true", "level": "5"},
        ),
    ],
    ids=["scope", "audience", "resource", "parameters"],
)
def test_whatever_else_the_request_states_makes_another_token(token, options, form):
    token(asked())
    result = token(asked(issued("hush-2"), **form), **options)

    assert (result["changed"], result["token"]["access_token"]) == (True, "hush-2")
    assert token()["token"]["access_token"] == "hush-token"
    assert token(**options)["token"]["access_token"] == "hush-2"


def test_several_resources_repeat_the_parameter(token):
    request = asked()
    request.match = [lambda sent: (parse_qs(sent.body)["resource"] == ["https://a.example", "https://b.example"], "")]

    assert token(request, resource=["https://a.example", "https://b.example"])["changed"] is True


def test_the_requested_scope_is_the_tokens_if_the_platform_reports_none(token):
    assert token(asked(scope="read"), scope=["read"])["token"]["scope"] == "read"
    assert token(asked(issued(scope="less"), scope="all"), scope=["all"])["token"]["scope"] == "less"


def test_a_scope_that_is_a_list_is_returned_as_text(token):
    assert token(asked(issued(scope=["chat:read", "chat:edit"])))["token"]["scope"] == "chat:read chat:edit"
    assert token()["token"]["scope"] == "chat:read chat:edit"


def test_a_rejected_login_with_http_403_has_a_remedy_for_the_login(token):
    result = token.fail(asked({"status": 403, "message": "invalid client secret"}, status=403))

    assert "HTTP 403: invalid client secret. Check the credentials and client_auth" in result["msg"]


@pytest.mark.parametrize("secret", ["client_secret", "password"])
def test_another_secret_is_not_served_the_token(token, secret):
    token(asked(**BY_PASSWORD), **USER)
    request = asked({"error": "invalid_grant"}, status=400, **BY_PASSWORD)
    request.match = []

    assert token.fail(request, **{**USER, secret: "hush-wrong"})["error_code"] == "invalid_grant"


# --- client authentication ---------------------------------------------------------------------------------------------------


def test_basic_credentials_are_form_encoded_first(token):
    request = call(
        "POST",
        TOKEN_URL,
        issued(),
        form={"grant_type": "client_credentials"},
        headers=basic("a%3Ab+c", "hush%2B%2F%C3%A4%25"),
    )

    assert token(request, client_id="a:b c", client_secret="hush+/ä%")["changed"] is True


@pytest.mark.parametrize(
    ("options", "form"),
    [
        ({"client_auth": "client_secret_post"}, {"client_id": "pipeline", "client_secret": "hush-secret"}),
        ({"client_auth": "none"}, {"client_id": "pipeline"}),
        ({"client_secret": None, **USER}, {"client_id": "pipeline", **BY_PASSWORD}),
        ({"client_id": None, "client_secret": None, **USER}, BY_PASSWORD),
    ],
    ids=["post", "none", "no secret", "no client"],
)
def test_credentials_in_the_form(token, options, form):
    assert token(public(**{"grant_type": "client_credentials", **form}), **options)["changed"] is True


@pytest.mark.parametrize(
    ("methods", "uses_basic"),
    [
        (None, True),
        (["client_secret_post", "client_secret_basic"], True),
        (["client_secret_post"], False),
        (["private_key_jwt"], True),
    ],
    ids=repr,
)
def test_discovery_decides_between_methods_for_the_same_credentials_and_basic_comes_first(found, methods, uses_basic):
    sent = asked() if uses_basic else public(grant_type="client_credentials", **CLIENT)

    found(discovery(token_endpoint_auth_methods_supported=methods), sent)


def key_pair():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(), key.public_key()


def claims_of(request, key, algorithm, audience):
    form = parse_qs(request.body)
    assert form["client_assertion_type"] == ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
    options = {"verify_exp": False, "verify_iat": False}
    return pyjwt.decode(form["client_assertion"][0], key, [algorithm], audience=audience, options=options)


def signed(seen):
    """A token request whose client authentication the test looks at."""
    request = asked()
    request.match = [lambda sent: (seen.append(sent) or True, "")]
    return request


def test_a_private_key_signs_an_assertion_for_the_issuer(found):
    seen, (pem, public_key) = [], key_pair()
    result = found(discovery(), signed(seen), private_key=pem, private_key_id="key-1", client_secret=None)
    claims = claims_of(seen[0], public_key, "RS256", ISSUER)

    assert result["changed"] is True
    assert (claims["iss"], claims["sub"], claims["iat"], claims["exp"]) == ("pipeline", "pipeline", NOW, NOW + 60)
    assert claims["jti"]
    assert pyjwt.get_unverified_header(parse_qs(seen[0].body)["client_assertion"][0])["kid"] == "key-1"
    assert "Authorization" not in seen[0].headers


def test_without_an_issuer_the_assertion_is_for_the_token_endpoint(token):
    seen, secret = [], "hush-secret-of-at-least-32-characters"
    token(signed(seen), client_auth="client_secret_jwt", client_secret=secret)

    assert claims_of(seen[0], secret, "HS256", TOKEN_URL)["sub"] == "pipeline"
    assert b"hush" not in str(seen[0].body).encode()


def test_each_request_has_its_own_assertion(token):
    seen, secret = [], "hush-secret-of-at-least-32-characters"
    for _time in range(2):
        token(signed(seen), client_auth="client_secret_jwt", client_secret=secret, force=True)

    assert len({claims_of(sent, secret, "HS256", TOKEN_URL)["jti"] for sent in seen}) == 2


@pytest.mark.parametrize("pem", ["hush-key", key_pair()[0]], ids=["no key", "another type"])
def test_a_key_that_cannot_sign_is_a_clear_failure(token, pem):
    result = token.fail(private_key=pem, private_key_algorithm="ES256", client_secret=None)

    assert "the key cannot sign with ES256. private_key must be an unencrypted key in PEM format" in result["msg"]


@pytest.mark.filterwarnings("error")
def test_a_short_secret_signs_without_a_warning_of_python(token):
    assert token(signed([]), client_auth="client_secret_jwt", client_secret="hush")["changed"] is True


def test_without_pyjwt_the_failure_names_it(token, monkeypatch):
    monkeypatch.setitem(sys.modules, "jwt", None)

    assert "the Python library PyJWT is required to sign a JWT" in token.fail(client_auth="client_secret_jwt")["msg"]


def test_a_certificate_authenticates_the_client_at_the_endpoint_for_mutual_tls(found, tmp_path):
    (tmp_path / "cert.pem").write_text("certificate")
    aliases = {"token_endpoint": "https://mtls.example.com/token"}
    request = call(
        "POST",
        "https://mtls.example.com/token",
        issued(),
        form={"grant_type": "client_credentials", "client_id": "pipeline"},
    )
    options = {"client_secret": None, "client_cert": str(tmp_path / "cert.pem")}

    assert found(discovery(mtls_endpoint_aliases=aliases), request, **options)["changed"] is True
    (tmp_path / "cert.pem").write_text("another certificate")
    request = call(
        "POST",
        "https://mtls.example.com/token",
        {"error": "invalid_client"},
        status=401,
        form={"grant_type": "client_credentials", "client_id": "pipeline"},
    )
    assert found.fail(discovery(mtls_endpoint_aliases=aliases), request, **options)["error_code"] == "invalid_client"


# --- discovery ---------------------------------------------------------------------------------------------------------------


def test_openid_connect_discovery_finds_the_endpoint(found):
    assert found(discovery(), asked())["changed"] is True
    assert found()["token"]["cached"] is True


@pytest.mark.parametrize("absent", [discovery(b"", 404), discovery("<html>", 200), discovery({"status": "ok"})])
def test_rfc_8414_is_next(found, absent):
    assert found(absent, metadata(), asked())["changed"] is True


def test_the_endpoint_may_be_on_another_host_that_the_checked_document_names(found):
    url = "https://tokens.example.com/oauth2/token?tenant=north"
    sent = call(
        "POST",
        "https://tokens.example.com/oauth2/token",
        issued(),
        query={"tenant": "north"},
        form={"grant_type": "client_credentials"},
        headers=basic(),
    )

    assert found(discovery(token_endpoint=url), sent)["changed"] is True


@pytest.mark.parametrize(
    ("calls", "words"),
    [
        pytest.param([discovery(issuer="https://other.example.com")], ["another issuer"], id="another issuer"),
        pytest.param([discovery(issuer=f"{ISSUER}/x")], ["another issuer"], id="a longer issuer"),
        pytest.param([discovery(b"", 404), metadata(b"", 404)], ["no discovery document", "token_url"], id="none"),
        pytest.param(
            [discovery(token_endpoint="http://login.example.com/token")],
            ["token_endpoint", "https", "token_url"],
            id="http",
        ),
        pytest.param([discovery(token_endpoint=None)], ["token_url must be given"], id="no endpoint"),
        pytest.param([discovery(token_endpoint=5)], ["token_endpoint", "not a URL"], id="a number"),
        pytest.param([discovery(token_endpoint="https://u:p@x/token")], ["must not contain a user"], id="a user"),
        pytest.param([discovery(NO_ANSWER)], ["no response within timeout"], id="no answer"),
        pytest.param([discovery("", 503), metadata("", 404)], ["HTTP 503"], id="unavailable"),
    ],
)
def test_no_secret_is_sent_unless_the_document_is_the_issuers_own(found, calls, words):
    result = found.fail(*calls, retries=0)

    for word in words:
        assert word in result["msg"]


def test_a_redirect_to_another_host_is_not_a_document(found):
    elsewhere = call(
        "GET",
        f"{ISSUER}/.well-known/openid-configuration",
        status=302,
        answer_headers={"Location": "https://evil.example.com/"},
    )

    assert found(elsewhere, metadata(), asked())["changed"] is True


def test_options_take_precedence_over_discovery(found):
    url = "https://login.example.com/other"

    assert found(discovery(), asked(url=url), token_url=url)["changed"] is True


# --- formats -----------------------------------------------------------------------------------------------------------------


def test_a_request_in_json(token):
    request = call("POST", TOKEN_URL, issued(), json={"grant_type": "client_credentials"}, headers=basic())

    assert token(request, request_format="json")["changed"] is True


def test_parameters_keep_their_types_in_json(token):
    parameters = {"text": "5", "number": 5, "flag": False, "list": [1, "a", True], "unset": None}
    sent = {"text": "5", "number": 5, "flag": False, "list": [1, "a", True], "grant_type": "client_credentials"}
    request = call("POST", TOKEN_URL, issued(), json=sent, headers=basic())

    assert token(request, request_format="json", parameters=parameters)["changed"] is True


def in_query(method, **kwargs):
    query = {"grant_type": "client_credentials", **CLIENT}
    return call(method, TOKEN_URL, kwargs.pop("answer", issued()), query=query, **kwargs)


def test_a_request_in_the_query(token):
    options = {"request_format": "query", "client_auth": "client_secret_post"}

    assert token(in_query("POST"), **options)["changed"] is True
    assert token(in_query("POST", answer="", status=405), in_query("GET"), force=True, **options)["changed"] is True


@pytest.mark.parametrize(
    ("answer", "fields"),
    [
        (
            {"data": {"accessToken": "hush-token", "ttl": 3600}},
            {"access_token": "data.accessToken", "expires_in": "data.ttl"},
        ),
        ({"token": "hush-token", "access_token": 7, "expires_in": "3600"}, {"access_token": "token"}),
    ],
    ids=["nested", "another name"],
)
def test_fields_with_names_of_their_own(token, answer, fields):
    result = token(asked(answer), fields=fields)["token"]

    assert (result["access_token"], result["expires_in"]) == ("hush-token", HOUR)


def test_a_field_that_the_response_lacks_ignores_the_standard_one(token):
    result = token(asked(issued(refresh_token="hush-refresh")), fields={"refresh_token": "none"})

    assert "refresh_token" not in result["token"]


def test_a_response_that_lacks_a_renamed_field_is_a_clear_failure(token):
    result = token.fail(asked({"data": {"token": "hush-token"}}), fields={"access_token": "data.accessToken"})

    assert (
        "lacks access_token; access_token is read from data.accessToken; the fields of the response are data.token). "
        "Check issuer, token_url and fields"
    ) in result["msg"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            {"session": {"key": "hush-token", "ttl": 5}, "ok": True},
            "the fields of the response are session.key, session.ttl, ok",
        ),
        ({"session": {}, "hush-secret": 1}, "the fields of the response are session, ********"),
        ({}, "the response has no fields"),
    ],
    ids=["nested", "a secret as a name", "empty"],
)
def test_a_response_without_a_token_is_described_without_its_values(token, answer, words):
    assert f"lacks access_token; {words})" in token.fail(asked(answer))["msg"]


LIFE = {"access_token": "data.token", "expires_in": "data.life"}


@pytest.mark.parametrize(
    "answer", [{"data": {"token": "hush-token", "ttl": 60}}, {"data": {"token": "hush-token"}, "expires_in": 60}]
)
def test_a_configured_field_that_the_response_lacks_is_a_clear_failure(token, answer):
    message = token.fail(asked(answer), fields=LIFE)["msg"]

    names = "data.token, data.ttl" if "ttl" in answer["data"] else "data.token, expires_in"
    assert f"(fields.expires_in: there is no data.life; the fields of the response are {names})" in message
    assert (
        token(asked({"data": {"token": "hush-token", "life": 60}}), fields=LIFE, min_ttl=1)["token"]["expires_in"] == 60
    )


def test_each_configured_field_is_checked(token):
    message = token.fail(asked(issued()), fields={"scope": "rights", "refresh_token": "data.refresh"})["msg"]

    assert "fields.refresh_token: there is no data.refresh" in message and "fields.scope: there is no rights" in message


def test_a_lifetime_that_is_null_is_assumed_with_a_warning(token):
    result = token(asked({"data": {"token": "hush-token", "life": None}}), fields=LIFE)

    assert result["token"]["expires_in"] == HOUR
    assert "fields.expires_in: the response to POST" in result["warnings"][0]
    assert "has no value for data.life, so the token is assumed to be valid for 3600 s" in result["warnings"][0]


def test_the_token_of_a_code_is_kept_although_a_configured_field_is_missing(token):
    """The code is used up."""
    options = {"grant": "authorization_code", "code": "hush-code", "fields": {"expires_in": "ttl", "scope": "rights"}}
    login = asked(issued(), grant_type="authorization_code", code="hush-code")

    (warning,) = token(login, **options)["warnings"]
    assert "has no value for ttl" in warning


def test_a_refresh_may_leave_out_what_has_not_changed(token):
    fields = {"refresh_token": "renewal", "scope": "rights", "expires_in": "ttl"}
    login = {"access_token": "hush-token", "renewal": "hush-refresh", "rights": "read", "ttl": 1}
    token(asked(login), fields=fields, min_ttl=0)

    result = token(refreshed({"access_token": "hush-2", "ttl": 100}), fields=fields, min_ttl=50)
    assert (result["token"]["refresh_token"], result["token"]["scope"]) == ("hush-refresh", "read")
    assert "warnings" not in result


@pytest.mark.parametrize(
    ("answer", "life"),
    [
        (issued(expires_in=None), HOUR),
        (issued(expires_in="100"), 100),
        (issued(jwt(exp=NOW + 500), expires_in=None), 500),
    ],
    ids=["not stated", "a string", "in the token"],
)
def test_the_lifetime_of_a_token(token, answer, life):
    assert token(asked(answer))["token"]["expires_in"] == life


@pytest.mark.parametrize("lifetime", [1e308, "9" * 400, 10**15], ids=["float", "string", "int"])
def test_a_token_that_outlives_the_calendar_expires_at_its_end(token, lifetime):
    result = token(asked(issued(expires_in=lifetime, refresh_token="hush-refresh", refresh_expires_in=lifetime)))

    assert (result["token"]["expires_at"], result["token"]["refresh_expires_at"]) == ("9999-12-31T23:59:59Z",) * 2


@pytest.mark.parametrize("lifetime", [1800, "1800"], ids=["number", "string"])
def test_the_lifetime_of_a_refresh_token(token, lifetime):
    answer = issued(refresh_token="hush-refresh", refresh_token_expires_in=lifetime)
    result = token(asked(answer), fields={"refresh_expires_in": "refresh_token_expires_in"})

    assert result["token"]["refresh_expires_at"] == "2027-01-15T08:30:00Z"


def test_a_redirected_login_sends_nothing_elsewhere_and_names_the_option(token):
    redirected = asked("", status=307)
    redirected.headers = {"Location": "https://elsewhere.example.com/token"}
    result = token.fail(redirected)

    assert "redirected to https://elsewhere.example.com (HTTP 307), but credentials are not sent there" in result["msg"]
    assert "token_url" in result["msg"]


@pytest.mark.parametrize("answer", [{**issued(), "token_type": None}, issued(token_type="")], ids=["null", "empty"])
def test_a_token_without_a_type_is_a_bearer_token(token, answer):
    assert token(asked(answer))["token"]["token_type"] == "Bearer"


@pytest.mark.parametrize("text", ["hush\r\nX-Other: 1", "hush\0", "hush\n", "hush-\u2603", "hush-\u00e9"])
def test_a_token_that_no_header_can_carry_is_a_clear_failure(token, text):
    result = token.fail(asked(issued(text)))

    assert "access_token: must consist of printable ASCII characters" in result["msg"]
    assert "hush" not in result["msg"]


# --- refresh tokens ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def user(token):
    """A user's token with a refresh token, in the cache."""
    token(asked(issued(refresh_token="hush-refresh"), scope="read", **BY_PASSWORD), scope=["read"], **USER)
    return lambda *calls, **options: token.attempt(*calls, **{"scope": ["read"], **USER, **options})


def test_a_token_is_refreshed(user, clock):
    clock.time += HOUR
    result = user(refreshed())

    assert (result["token"]["access_token"], result["token"]["scope"]) == ("hush-2", "read")
    clock.time += HOUR
    assert user(refreshed())["token"]["refresh_token"] == "hush-refresh"


def test_a_rotated_refresh_token_replaces_the_old_one(user, clock):
    clock.time += HOUR
    user(refreshed(issued("hush-2", refresh_token="hush-refresh-2")))
    clock.time += HOUR

    assert user(refreshed(issued("hush-3"), "hush-refresh-2"))["token"]["access_token"] == "hush-3"


def test_an_invalid_revocation_endpoint_is_found_before_a_refresh_token_is_used(found, clock):
    found(discovery(), asked(issued(refresh_token="hush-refresh"), **BY_PASSWORD), **USER)
    clock.time += HOUR
    result = found.fail(discovery(revocation_endpoint="http://login.example.com/revoke"), **USER)

    assert "revocation_endpoint" in result["msg"] and "Set revocation_url instead" in result["msg"]


def test_a_rotated_refresh_token_is_stored_even_if_the_access_token_is_too_short_lived(user, clock):
    clock.time += HOUR
    result = user(refreshed(issued("hush-2", expires_in=5, refresh_token="hush-refresh-2")))

    assert result["failed"] and "min_ttl" in result["msg"]
    assert user(refreshed(issued("hush-3"), "hush-refresh-2"))["token"]["access_token"] == "hush-3"


def test_a_user_logs_in_again_if_the_refresh_token_is_rejected(user, clock):
    clock.time += HOUR
    login = asked(issued("hush-3"), scope="read", **BY_PASSWORD)

    assert user(refreshed(**INVALID_GRANT), login)["token"]["access_token"] == "hush-3"


@pytest.mark.parametrize(
    "answer",
    [{"answer": "", "status": 500}, {"answer": {"error": "invalid_client"}, "status": 401}, {"answer": NO_ANSWER}],
    ids=["500", "invalid_client", "no answer"],
)
def test_other_errors_of_a_refresh_do_not_cause_a_login(user, clock, answer):
    clock.time += HOUR

    assert user(refreshed(**answer), retries=0)["failed"] is True


GIVEN = {"grant": "refresh_token", "refresh_token": "hush-given"}


def test_a_supplied_refresh_token_that_the_platform_replaced_is_not_sent_again(token, clock):
    token(refreshed(issued(refresh_token="hush-refresh-2"), "hush-given"), **GIVEN)
    clock.time += HOUR
    token(refreshed(issued("hush-2", refresh_token="hush-refresh-3"), "hush-refresh-2"), **GIVEN)
    clock.time += HOUR

    assert token(refreshed(issued("hush-3"), "hush-refresh-3"), **GIVEN)["token"]["access_token"] == "hush-3"


def test_a_supplied_refresh_token_that_the_platform_keeps_is_used_again_and_revoked_with_the_token(token, clock):
    options = {**GIVEN, "revocation_url": REVOKE_URL}
    first = token(refreshed(issued(), "hush-given"), **options)
    clock.time += HOUR
    token(refreshed(issued("hush-2"), "hush-given"), **options)

    assert first["token"]["refresh_token"] == "hush-given"
    calls = [revoked("hush-given", "refresh_token"), revoked("hush-2")]
    assert token(*calls, state="absent", **options)["changed"] is True


def test_a_token_of_a_supplied_refresh_token_is_refreshed_with_the_requested_scope(token, clock):
    options = {**GIVEN, "scope": ["read"]}
    form = {"scope": "read"}
    token(refreshed(issued(refresh_token="hush-refresh-2"), "hush-given", form=form), **options)
    clock.time += HOUR

    assert token(refreshed(issued("hush-2"), "hush-refresh-2", form=form), **options)["token"]["scope"] == "read"


def test_without_a_cache_a_replaced_refresh_token_causes_a_warning(token):
    kept = token(refreshed(issued(refresh_token="hush-given"), "hush-given"), token_cache="none", **GIVEN)
    lost = token(refreshed(issued(refresh_token="hush-refresh-2"), "hush-given"), token_cache="none", **GIVEN)

    assert "warnings" not in kept
    assert "the platform replaced the refresh token" in lost["warnings"][0]


CODE = {"grant": "authorization_code", "code": "hush-code"}
BY_CODE = {"grant_type": "authorization_code", "code": "hush-code"}


def test_a_code_is_used_once_and_a_new_token_comes_from_its_refresh_token(token, clock):
    token(asked(issued(refresh_token="hush-refresh"), **BY_CODE), **CODE)
    token(refreshed(issued("hush-2", refresh_token="hush-refresh-2")), force=True, **CODE)
    clock.time += HOUR
    result = token.fail(refreshed(refresh_token="hush-refresh-2", **INVALID_GRANT), **CODE)

    assert result["error_code"] == "invalid_grant"
    assert "It is used up. Check the credentials of the grant" in result["msg"]


def test_a_code_whose_request_has_no_answer_is_not_sent_again(token):
    assert "the outcome is unknown" in token.fail(asked(NO_ANSWER, **BY_CODE), **CODE)["msg"]


# --- force, absent, check mode -----------------------------------------------------------------------------------------------


def test_force_obtains_a_new_token(token):
    token(asked())

    assert token(asked(issued("hush-2")), force=True)["token"]["access_token"] == "hush-2"


def test_absent_revokes_both_tokens(token, clock):
    options = {"revocation_url": REVOKE_URL, **USER}
    token(asked(issued(refresh_token="hush-refresh"), **BY_PASSWORD), **options)
    clock.time += HOUR  # the refresh token would still obtain new access tokens
    result = token(revoked("hush-refresh", "refresh_token"), revoked(), state="absent", **options)

    assert result["changed"] is True and result["changes"][0]["local"] is False
    assert token(state="absent", **options)["changed"] is False


def test_absent_without_a_revocation_endpoint_drops_the_token(found):
    found(discovery(revocation_endpoint=None), asked())

    result = found(discovery(revocation_endpoint=None), state="absent")
    assert result["changed"] is True and result["changes"][0]["local"] is True


def test_a_kind_of_token_that_cannot_be_revoked_causes_a_warning(token):
    token(asked(), revocation_url=REVOKE_URL)
    refused = revoked(answer={"error": "unsupported_token_type"}, status=400)
    result = token(refused, revocation_url=REVOKE_URL, state="absent")

    assert result["changed"] is True
    assert "cannot revoke the access token" in result["warnings"][0]


def test_a_token_whose_revocation_fails_is_kept(token):
    token(asked(), revocation_url=REVOKE_URL)
    refused = revoked(answer={"error": "invalid_client"}, status=401)

    assert token.fail(refused, revocation_url=REVOKE_URL, state="absent")["error_code"] == "invalid_client"
    assert token(revoked(), revocation_url=REVOKE_URL, state="absent")["changed"] is True


def test_a_supplied_token_that_has_expired_is_not_revoked(token):
    options = {"access_token": jwt(exp=NOW - 5), "revocation_url": REVOKE_URL}

    assert token(state="absent", **options)["changed"] is False


def test_a_supplied_token_can_be_revoked(token):
    options = {"access_token": "hush-token", "revocation_url": REVOKE_URL, "introspection_url": INTROSPECT_URL}

    assert token(introspected(), revoked(), state="absent", **options)["changed"] is True
    assert token(introspected({"active": False}), state="absent", **options)["changed"] is False


def test_the_cache_revokes_the_token_that_obtains_others(token, tmp_path):
    options = {"revocation_url": REVOKE_URL, **USER}
    token(asked(issued(refresh_token="hush-refresh"), **BY_PASSWORD), **options)
    with exchange(revoked("hush-refresh", "refresh_token", {"error": "hush-refresh"}, status=400)):
        result = token_cache.MODULE.run({"revoke": True}, name="token_cache", ansible_home=str(tmp_path))
    assert result["failed"] and "hush" not in json.dumps(result)
    with exchange(revoked("hush-refresh", "refresh_token")):
        result = token_cache.MODULE.run({"revoke": True}, name="token_cache", ansible_home=str(tmp_path))

    assert result["removed"] == 1


@pytest.fixture
def removed(tmp_path):
    """Removes all cached tokens; the calls are expected."""

    def remove(*calls):
        with exchange(*calls):
            return token_cache.MODULE.run({"revoke": True}, name="token_cache", ansible_home=str(tmp_path))

    return remove


def test_the_cache_keeps_a_token_whose_revocation_the_platform_refuses_to_the_client(token, removed):
    token(asked(), revocation_url=REVOKE_URL)
    result = removed(revoked(answer={"error": "invalid_client"}, status=401))

    assert result["failed"] and result["status"] == 401 and "was kept" in result["msg"]
    assert removed(revoked())["removed"] == 1


def test_the_cache_removes_a_kind_of_token_that_cannot_be_revoked(token, removed):
    token(asked(), revocation_url=REVOKE_URL)
    result = removed(revoked(answer={"error": "unsupported_token_type"}, status=400))

    assert result["removed"] == 1 and "cannot revoke this token" in result["warnings"][0]


@pytest.mark.parametrize(
    "options",
    [{}, {"revocation_url": REVOKE_URL, "client_auth": "client_secret_jwt"}],
    ids=["no endpoint", "signed assertions"],
)
def test_the_cache_only_removes_what_it_cannot_revoke(token, removed, options):
    with responses.RequestsMock() as platform:
        platform.post(TOKEN_URL, json=issued())
        assert token._module.MODULE.run({**CONNECTION, **options}, name="x", ansible_home=token._home)["changed"]

    assert removed()["removed"] == 1


@pytest.mark.parametrize("state", ["present", "absent"])
def test_check_mode_sends_nothing(token, state):
    assert token(check_mode=True, state=state)["changed"] is (state == "present")
    token(asked(), revocation_url=REVOKE_URL)
    assert token(check_mode=True, revocation_url=REVOKE_URL, state=state)["changed"] is (state == "absent")


# --- verify ------------------------------------------------------------------------------------------------------------------

VERIFY = {"verify": True, "introspection_url": INTROSPECT_URL}


def test_verify_asks_the_platform(token):
    token(asked())

    assert token(introspected(), **VERIFY)["token"]["cached"] is True
    assert token(introspected({"active": True}), **VERIFY)["token"]["cached"] is True
    result = token(introspected({"active": False}), asked(issued("hush-2")), **VERIFY)
    assert (result["changed"], result["token"]["access_token"]) == (True, "hush-2")


def test_verify_warns_if_the_question_fails(token, found):
    token(asked(), verify=True)
    for check_mode in (True, False):
        result = token(verify=True, check_mode=check_mode)
        assert (result["changed"], result["token"]["cached"]) == (False, True)
        assert "verified_at" not in result["token"] and "warnings" not in result

    found(discovery(), asked())
    result = found(discovery(), introspected({"error": "access_denied"}, status=403), verify=True)
    (warning,) = result["warnings"]
    assert warning.startswith("OAuth 2.0: the cached token could not be verified, and is used as it is: POST ")


# --- failures ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        pytest.param({"error": "invalid_client"}, 401, ["invalid_client", "client_auth"], id="invalid_client"),
        pytest.param({"error": "invalid_scope"}, 400, ["Check scope"], id="invalid_scope"),
        pytest.param({"error": "invalid_target"}, 400, ["resource and audience"], id="invalid_target"),
        pytest.param({"error": "unsupported_grant_type"}, 400, ["and request_format"], id="unsupported_grant_type"),
        pytest.param({"error": "invalid_request"}, 400, ["Check grant, parameters"], id="invalid_request"),
        pytest.param({"error": "unauthorized_client"}, 400, ["registration"], id="unauthorized_client"),
        pytest.param({"error": "bad_code", "error_description": "No"}, 200, ["No"], id="an error with HTTP 200"),
        pytest.param({"error": "invalid_client", "error_description": "hush-secret"}, 401, ["********"], id="a secret"),
        pytest.param({"error": "x", "error_description": basic()["Authorization"]}, 401, ["****"], id="the header"),
        pytest.param("<html>Log in</html>", 200, ["an HTML page"], id="HTML"),
        pytest.param({"token_type": "Bearer"}, 200, ["lacks access_token"], id="no token"),
        pytest.param(issued(""), 200, ["access_token", "empty"], id="an empty token"),
    ],
)
def test_a_response_without_a_token_is_one_clear_failure(token, answer, status, words):
    result = token.fail(asked(answer, status=status))

    assert result["status"] == status
    for word in ["OAuth 2.0: ", *words]:
        assert word in result["msg"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"token_url": None}, ["issuer or token_url must be given (or the environment variable OAUTH2_ISSUER"]),
        ({"revocation_url": "revoke"}, ["revocation_url must be a URL"]),
        ({"token_url": "login"}, ["token_url must be a URL"]),
        ({"token_url": "https://host/token#a"}, ["token_url", "fragment"]),
        ({"client_id": None}, ["client_id must be given"]),
        ({"client_secret": None}, ["client_secret must be given"]),
        ({"client_auth": "private_key_jwt"}, ["private_key must be given"]),
        ({"client_auth": "tls_client_auth"}, ["client_cert must be given"]),
        ({"grant": "password"}, ["username and password must be given"]),
        ({"grant": "refresh_token"}, ["refresh_token must be given"]),
        ({"grant": "authorization_code"}, ["code must be given"]),
        ({"grant": "jwt_bearer"}, ["assertion must be given"]),
        ({"grant": "token_exchange"}, ["subject_token must be given"]),
        ({"fields": {"token": "x"}}, ["unknown field 'token'", "valid fields: access_token"]),
        ({"fields": {"access_token": ["x"]}}, ["data.accessToken"]),
        ({"parameters": {"client_secret": "hush-other"}}, ["parameters must not contain client_secret"]),
        ({"parameters": {"scope": ["read"]}}, ["parameters must not contain scope"]),
        ({"parameters": {"a": {"b": "c"}}}, ["parameters", "dictionaries"]),
        ({"parameters": {"a": ["b", ["c"]]}}, ["parameters", "lists"]),
        ({"parameters": {"a": ["b", None]}}, ["parameters", "lists"]),
    ],
    ids=lambda value: str(value)[:40],
)
def test_options_that_cannot_be_used_fail_before_anything_is_sent(token, options, words):
    result = token.fail(**options)

    for word in words:
        assert word in result["msg"]
