# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenID Connect discovery and client authentication (providers.md, section 2.3)."""

from __future__ import annotations

import base64

import pytest

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.module_utils._providers.movingimage import MOVINGIMAGE
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import NO_ANSWER, call, exchange
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_movingimage_token import (
    AUTH,
    CONNECTION,
    ERROR_PAGE,
    NOW,
    STANDARD,
    by_password,
    discovery,
    issued,
    jwt,
)

ELSEWHERE = "https://login.movingimage.com/oauth2/token"


@pytest.fixture
def openid(platform):
    """Opens the platform, obtains a token and returns it with the warnings."""

    def obtain(*calls, **options):
        movingimage = platform(MOVINGIMAGE, **{**CONNECTION, "flow": "openid", "auth_url": AUTH, **options})
        with exchange(*calls):
            return movingimage.issuer.obtain(movingimage.issuer.grant()), movingimage.session.warn.__self__

    return obtain


def document(**changes):
    """A discovery document. None omits a field."""
    found = {"issuer": AUTH, "token_endpoint": ELSEWHERE, "jwks_uri": f"{AUTH}/certs", **changes}
    return {key: value for key, value in found.items() if value is not None}


def found(**changes):
    return discovery(document(**changes), 200)


# --- discovery ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "endpoint",
    [STANDARD, ELSEWHERE, "https://login.movingimage.com:8443/token", "https://LOGIN.movingimage.com/token"],
    ids=["the standard path", "another path", "another port, by https", "other case"],
)
def test_the_endpoint_that_discovery_names_is_used(openid, endpoint):
    assert openid(found(token_endpoint=endpoint), by_password(endpoint=endpoint))[1] == []


def test_a_slash_at_the_end_makes_no_other_issuer(openid):
    assert openid(found(issuer=f"{AUTH}/"), by_password(endpoint=ELSEWHERE), auth_url=f"{AUTH}/")[1] == []


@pytest.mark.parametrize("status", [404, 403, 500])
def test_without_a_discovery_document_the_standard_path_is_used_silently(openid, status):
    token, warnings = openid(discovery("Not here", status), by_password(), retries=0)

    assert (token.access_token, warnings) == ("hush-token", [])


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(ERROR_PAGE, id="an error page"),
        pytest.param("<html>Please log in</html>", id="HTML"),
        pytest.param("", id="nothing"),
        pytest.param('{"issuer": "htt', id="truncated"),
        pytest.param([document()], id="a list"),
        pytest.param("null", id="null"),
        pytest.param('"token_endpoint"', id="a string"),
        pytest.param({"status": "ok"}, id="other JSON"),
        pytest.param(document(token_endpoint=None), id="no endpoint"),
        pytest.param(document(token_endpoint=[ELSEWHERE]), id="an endpoint that is not a string"),
        pytest.param(document(token_endpoint="/token"), id="an endpoint that is not a URL"),
        pytest.param(document(token_endpoint="https://[login/token"), id="an endpoint with a broken host"),
        pytest.param(document(token_endpoint="http://login.movingimage.com/token"), id="an endpoint by http"),
        pytest.param(
            document(token_endpoint="http://attacker.example.com/token"), id="an endpoint of another origin by http"
        ),
        pytest.param(document(token_endpoint="ftp://login.movingimage.com/token"), id="an endpoint by ftp"),
        pytest.param(document(issuer="https://login.example.com"), id="a foreign issuer"),
        pytest.param(document(issuer=None), id="no issuer"),
        pytest.param(document(issuer=None, token_endpoint=STANDARD), id="no issuer, standard path"),
    ],
)
def test_an_invalid_discovery_document_causes_a_warning_and_the_standard_path_is_used(openid, answer):
    token, warnings = openid(discovery(answer, 200), by_password())

    assert token.access_token == "hush-token"
    assert warnings == [
        f"{AUTH} does not publish a valid discovery document of its own. Requesting tokens from {STANDARD} instead"
    ]


@pytest.mark.parametrize(
    "host", ["tokens.example.com", "login.movingimage.com.example.com", "login.movingimage.com@example.com"]
)
def test_a_token_endpoint_on_another_host_gets_no_credentials_and_causes_a_warning(openid, host):
    token, (warning,) = openid(found(token_endpoint=f"https://{host}/token"), by_password())

    assert token.access_token == "hush-token"
    assert STANDARD in warning
    assert (
        f"is on another host, https://{host}. No credentials are sent there" in warning
        or "valid discovery document of its own" in warning
    )


@pytest.mark.parametrize("location", ["https://login.example.com/", ""])
def test_a_redirect_to_another_host_causes_a_warning(openid, location):
    token, (warning,) = openid(discovery("", 302, answer_headers={"Location": location}), by_password())

    assert token.access_token == "hush-token"
    assert "was redirected" in warning and STANDARD in warning


def test_an_http_endpoint_is_used_if_the_issuer_has_the_same_origin(openid):
    issuer = "http://localhost:8080/realms/platform"
    answer = document(issuer=issuer, token_endpoint="http://localhost:8080/token")
    calls = [
        call("GET", f"{issuer}/.well-known/openid-configuration", answer),
        by_password(endpoint="http://localhost:8080/token"),
    ]

    assert openid(*calls, auth_url=issuer)[1] == []


def test_an_auth_url_that_nothing_listens_at_is_a_failure(openid):
    with pytest.raises(AccessError, match="no response within timeout"):
        openid(discovery(NO_ANSWER), retries=0)


# --- the client --------------------------------------------------------------------------------------------------------------

SECRET = {"client_id": "client", "client_secret": "hush-token+secret/ä"}


def basic(client_id, client_secret):
    return {"Authorization": f"Basic {base64.b64encode(f'{client_id}:{client_secret}'.encode()).decode()}"}


def password_form(**client):
    return {
        "grant_type": "password",
        "username": "viewer",
        "password": "hush-password",
        "scope": "openid",
        "response_type": "token",
        **client,
    }


@pytest.mark.parametrize(
    "methods",
    [None, ["client_secret_basic", "client_secret_post"], ["client_secret_post"], "client_secret_basic"],
    ids=repr,
)
@pytest.mark.parametrize(
    ("options", "client_id"),
    [({}, "anonymous"), ({"client_id": ""}, "anonymous"), ({"client_id": "portal"}, "portal")],
    ids=repr,
)
def test_a_client_without_a_secret_is_named_in_the_form(openid, options, client_id, methods):
    request = call("POST", ELSEWHERE, issued(), form=password_form(client_id=client_id))

    openid(found(token_endpoint_auth_methods_supported=methods), request, **options)


@pytest.mark.parametrize(
    "methods",
    [None, ["client_secret_basic"], ["client_secret_post", "client_secret_basic"], "client_secret_post"],
    ids=["not said", "basic", "both", "not said in a list"],
)
def test_a_client_with_a_secret_uses_basic_with_form_encoding(openid, methods):
    request = call(
        "POST",
        ELSEWHERE,
        issued(),
        form=password_form(client_id="client"),
        headers=basic("client", "hush-token%2Bsecret%2F%C3%A4"),
    )

    openid(found(token_endpoint_auth_methods_supported=methods), request, **SECRET)


def test_a_client_with_a_secret_uses_the_form_if_discovery_does_not_list_basic(openid):
    request = call("POST", ELSEWHERE, issued(), form=password_form(**SECRET))

    openid(found(token_endpoint_auth_methods_supported=["client_secret_post", "private_key_jwt"]), request, **SECRET)


def test_without_discovery_a_client_with_a_secret_uses_basic(openid):
    request = call(
        "POST", STANDARD, issued(), form=password_form(client_id="client"), headers=basic("client", "hush-token")
    )

    openid(discovery(), request, client_id="client", client_secret="hush-token")


def test_a_secret_without_a_client_is_that_of_anonymous(openid):
    request = call(
        "POST", STANDARD, issued(), form=password_form(client_id="anonymous"), headers=basic("anonymous", "hush-token")
    )

    openid(discovery(), request, client_secret="hush-token")


# --- the answer --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "life", "refresh_life"),
    [
        pytest.param(issued(), 300, 3600, id="as the server says"),
        pytest.param(issued(jwt(exp=NOW + 100), jwt(exp=NOW + 200)), 300, 3600, id="the server before the JWTs"),
        pytest.param(
            issued(jwt(exp=NOW + 100), jwt(exp=NOW + 200), expires_in=None, refresh_expires_in=None),
            100,
            200,
            id="exp of the JWTs",
        ),
        pytest.param(issued(expires_in=None, refresh_expires_in=None), 300, None, id="not said"),
        pytest.param(issued(refresh_expires_in=0), 300, None, id="a refresh token without end (offline access)"),
        pytest.param(issued(expires_in=0.5), 0.5, 3600, id="a fraction"),
    ],
)
def test_lifetimes_are_read_from_the_response_or_the_jwt(openid, answer, life, refresh_life):
    token, _warnings = openid(discovery(), by_password(answer))

    assert (token.expires_at, token.refresh_expires_at) == (NOW + life, refresh_life and NOW + refresh_life)


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        pytest.param(
            {"error": "invalid_grant", "error_description": "Invalid user credentials"},
            401,
            ["Invalid user credentials", "username"],
            id="401",
        ),
        pytest.param(
            {"error": "invalid_grant", "error_description": "Account disabled"},
            400,
            ["Account disabled", "credentials"],
            id="400",
        ),
        pytest.param({"error": "unauthorized_client"}, 400, ["unauthorized_client"], id="without a description"),
        pytest.param(ERROR_PAGE, 200, ["error page"], id="an error page"),
        pytest.param("<html>Welcome</html>", 200, ["an HTML page"], id="HTML"),
        pytest.param({"id_token": "hush-token"}, 200, ["access_token"], id="no token"),
        pytest.param(issued(""), 200, ["access_token", "empty"], id="an empty token"),
        pytest.param(issued(expires_in="soon"), 200, ["expires_in", "whole number"], id="a life that is not a number"),
    ],
)
def test_an_answer_without_a_token_is_one_clear_failure(openid, answer, status, words):
    request = by_password(answer)
    request.status = status

    with pytest.raises(AccessError) as caught:
        openid(discovery(), request)
    assert caught.value.status in (status, 401)
    for word in words:
        assert word in caught.value.message
