# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authorization servers that interpret the standards in their own way, or are slow."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import jwt as pyjwt
import pytest

from ansible_collections.mediaops.access.plugins.modules import oauth2_token, oauth2_token_info
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import NO_ANSWER, call
from ansible_collections.mediaops.access.tests.unit.plugins.modules.oauth2 import (
    CLIENT,
    CONNECTION,
    INTROSPECT_URL,
    ISSUER,
    NOW,
    REVOKE_URL,
    TOKEN_URL,
    asked,
    discovery,
    introspected,
    issued,
    refreshed,
    revoked,
)
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_oauth2_token import claims_of, key_pair

USER = {"grant": "password", "username": "editor", "password": "hush-password"}


@pytest.fixture
def token(runs):
    return runs(oauth2_token, **CONNECTION)


@pytest.fixture
def found(runs):
    """The same with an issuer whose endpoints are discovered."""
    return runs(oauth2_token, issuer=ISSUER, **CLIENT)


# --- errors ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"error": "invalid_client", "code": 1234}, "invalid_client"),
        ({"error": "invalid_client", "error_description": "No", "errorCode": "E7"}, "invalid_client"),
        ({"error": "It went wrong", "code": 1234}, 1234),
        ({"error": {"code": 5}, "code": 1234}, 1234),
    ],
    ids=["a number, too", "another code, too", "a sentence", "a dictionary"],
)
def test_the_code_of_the_token_endpoint_is_its_error(token, body, code):
    assert token.fail(asked(body, status=401))["error_code"] == code


def test_a_kind_of_token_that_cannot_be_revoked_is_recognized_beside_another_code(token):
    token(asked(), revocation_url=REVOKE_URL)
    refused = revoked(answer={"error": "unsupported_token_type", "code": 400}, status=400)

    assert token(refused, revocation_url=REVOKE_URL, state="absent")["changed"] is True


@pytest.mark.parametrize(
    "answer",
    [
        {"error": "", "data": {"t": "hush-token"}},
        {"error": "none", "data": {"t": "hush-token"}},
        {"error": " ", "data": {"t": "hush-token"}},
    ],
    ids=["empty", "a token beside it", "blank"],
)
def test_an_error_field_beside_a_token_is_not_an_error(token, answer):
    assert token(asked(answer), fields={"access_token": "data.t"})["token"]["access_token"] == "hush-token"


def test_an_empty_error_without_a_token_is_a_clear_failure(token):
    assert "lacks access_token" in token.fail(asked({"error": ""}))["msg"]


def test_an_unusable_introspection_response_names_its_endpoint(runs):
    info = runs(oauth2_token_info, access_token="hush-token", introspection_url=INTROSPECT_URL, **CONNECTION)

    assert "Check issuer and introspection_url" in info.fail(introspected({"active": "yes"}))["msg"]


# --- secrets in parameters ---------------------------------------------------------------------------------------------------


def test_a_parameter_is_not_quoted_whatever_its_name(token):
    parameters = {"ticket": "hush-ticket", "codes": ["hush-code"], "lang": "en", "beta": True}
    form = {"ticket": "hush-ticket", "codes": "hush-code", "lang": "en", "beta": "true"}
    text = "hush-ticket and hush-code are true in en"
    refused = asked({"error": "invalid_grant", "error_description": text}, status=400, **form)
    result = token.fail(refused, parameters=parameters)

    assert "******** and ******** are true in en" in result["msg"]


def test_an_ordinary_parameter_does_not_censor_the_result(runs):
    info = runs(oauth2_token_info, access_token="hush-token", introspection_url=INTROSPECT_URL, **CONNECTION)
    result = info(introspected({"active": True, "username": "offline"}), parameters={"access": "offline"})

    assert result["token_info"]["username"] == "offline"


def test_the_name_of_a_plan_does_not_reveal_a_parameter(runs, tmp_path):
    names = []
    for home in ("a", "b"):  # each cache has its own key
        result = oauth2_token.MODULE.run(
            {**CONNECTION, "parameters": {"pin": "1234"}, "token_cache": f"{tmp_path}/cache"},
            name="oauth2_token",
            check_mode=True,
            ansible_home=str(tmp_path / home),
        )
        names.append(set(result["plans"]))
        (tmp_path / "cache" / "key").unlink()

    assert names[0].isdisjoint(names[1])


# --- client authentication ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options", [{"client_secret": "hush-secret"}, {"client_secret": None, "private_key": "hush-key"}], ids=str
)
def test_the_credentials_of_a_client_require_its_id(token, options):
    assert "client_id must be given" in token.fail(client_id=None, **USER, **options)["msg"]


def test_a_listed_method_is_chosen_from_all_credentials(found):
    seen, (pem, public_key) = [], key_pair()
    request = asked()
    request.match = [lambda sent: (seen.append(sent) or True, "")]
    found(discovery(token_endpoint_auth_methods_supported=["private_key_jwt"]), request, private_key=pem)
    assert claims_of(seen[0], public_key, "RS256", ISSUER)["sub"] == "pipeline"

    other = discovery(token_endpoint_auth_methods_supported=["private_key_jwt", "client_secret_basic"])
    assert found(other, asked(), private_key=pem, force=True)["changed"] is True


def test_a_certificate_uses_the_endpoint_for_mutual_tls_also_with_a_secret(found, tmp_path):
    (tmp_path / "cert.pem").write_text("certificate")
    aliases = {"token_endpoint": "https://mtls.example.com/token"}
    sent = asked(url="https://mtls.example.com/token")
    options = {"client_cert": str(tmp_path / "cert.pem")}

    assert found(discovery(mtls_endpoint_aliases=aliases), sent, **options)["changed"] is True


# --- assertions are signed when they are sent --------------------------------------------------------------------------------

JWT = {"client_auth": "client_secret_jwt", "client_secret": "hush-secret-of-at-least-32-characters"}


def signed(seen, answer=None, *, place=lambda sent: parse_qs(sent.body), **kwargs):
    """A token request. ``seen`` receives the claims of its assertion."""

    def match(sent):
        assertion = place(sent)["client_assertion"]
        assertion = assertion if isinstance(assertion, str) else assertion[0]
        options = {"verify_exp": False, "verify_iat": False}
        key = JWT["client_secret"]
        seen.append(pyjwt.decode(assertion, key, ["HS256"], audience=TOKEN_URL, options=options))
        return True, ""

    request = call(kwargs.pop("method", "POST"), TOKEN_URL, issued() if answer is None else answer, **kwargs)
    request.match = [match]
    return request


@pytest.mark.parametrize(
    ("answer", "waited"),
    [
        ({"answer": "", "status": 429, "answer_headers": {"Retry-After": "120"}}, 120),
        ({"answer": "", "status": 503, "answer_headers": {"Retry-After": "120"}}, 120),
        ({"answer": NO_ANSWER}, 0),
    ],
    ids=["429", "503", "no answer"],
)
def test_a_repeated_request_has_an_assertion_of_its_own(token, answer, waited):
    seen = []
    assert token(signed(seen, **answer), signed(seen), **JWT)["changed"] is True

    assert seen[0]["iat"] == NOW
    assert seen[1]["iat"] >= NOW + waited
    assert seen[0]["jti"] != seen[1]["jti"]


def test_an_assertion_is_signed_after_the_wait_for_a_rate_limit(token, clock):
    seen = []
    token(signed(seen), auth_rate_limit="1/minute", **JWT)
    token(signed(seen), auth_rate_limit="1/minute", force=True, **JWT)

    assert seen[1]["iat"] >= NOW + 60
    assert seen[1]["iat"] == int(clock.time)


@pytest.mark.parametrize("request_format", ["json", "query"])
def test_an_assertion_is_where_the_parameters_are(token, request_format):
    seen = []
    place = {"json": lambda sent: json.loads(sent.body), "query": lambda sent: sent.params}[request_format]

    assert token(signed(seen, place=place), request_format=request_format, **JWT)["changed"] is True


# --- discovery ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", [ISSUER, f"{ISSUER}/"])
@pytest.mark.parametrize("issuer", [ISSUER, f"{ISSUER}/"])
def test_the_issuer_may_have_a_trailing_slash(runs, option, issuer):
    assert runs(oauth2_token, issuer=option, **CLIENT)(discovery(issuer=issuer), asked())["changed"] is True


@pytest.mark.parametrize("issuer", [f"{ISSUER}//", ISSUER.upper(), f"{ISSUER}?"])
def test_any_other_difference_is_another_issuer(found, issuer):
    assert "about another issuer" in found.fail(discovery(issuer=issuer))["msg"]


# --- another client authentication for refreshing ----------------------------------------------------------------------------


def test_a_platform_whose_refresh_wants_the_credentials_elsewhere_fails_and_a_path_of_none_avoids_refreshing(
    token, clock
):
    """As SoundCloud documents it: HTTP Basic for the login, the credentials in the form for a refresh."""
    answer = issued(refresh_token="hush-refresh")
    token(asked(answer))
    clock.time += 3600
    refused = refreshed(answer={"error": "invalid_client"}, status=401)
    assert token.fail(refused)["msg"].endswith("invalid_client. Check client_id, client_secret and client_auth")

    without = {"fields": {"refresh_token": "none"}}
    for _hour in range(2):
        result = token(asked(answer), **without)
        assert (result["changed"], "refresh_token" in result["token"]) == (True, False)
        assert token(**without)["token"]["cached"] is True
        clock.time += 3600
