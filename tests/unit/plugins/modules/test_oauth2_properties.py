# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever an authorization server or an API answers, there is a result or one clear failure, which shows no secret.

Unlike test_answers_properties, the answers have the fields that matter, with any values.
"""

from __future__ import annotations

import base64
import json
import os
import re
import typing as t
from urllib.parse import parse_qs, quote, quote_plus

import pytest
import requests
import responses
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.module_utils._oauth2.challenge import parse_challenge
from ansible_collections.mediaops.access.plugins.modules import oauth2_api, oauth2_token, oauth2_token_info
from ansible_collections.mediaops.access.tests.unit.plugins.modules.oauth2 import API, CONNECTION, ISSUER, TOKEN_URL

SETTINGS = settings(
    deadline=None,
    max_examples=400 if os.environ.get("STRICT") else 80,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
SECRETS = {
    "client_secret": "hush: /secret",
    "password": "hush&password",
    "refresh_token": "hush+refresh~token",
    "code": "hush/code=",
    "code_verifier": "hush-verifier",
    "assertion": "hush.assertion.token",
    "subject_token": "hush%subject",
    "private_key": "-----BEGIN KEY-----\nhush-key\n-----END KEY-----\n",
    "parameters": {"api_key": "hush-parameter"},
}
CREDENTIALS = {**CONNECTION, **SECRETS, "username": "editor", "client_auth": "client_secret_basic"}
GRANTS = ("client_credentials", "password", "refresh_token", "authorization_code", "jwt_bearer", "token_exchange")
_TEXTS = [value for value in SECRETS.values() if isinstance(value, str)]
ECHOED = [
    *_TEXTS,
    *(quote(text, safe="") for text in _TEXTS),
    *(quote_plus(text) for text in _TEXTS),
    *(base64.b64encode(text.encode()).decode() for text in _TEXTS),
    *(text.encode().hex() for text in _TEXTS),
    base64.b64encode(f"pipeline:{quote_plus(_TEXTS[0])}".encode()).decode(),
    "hush-parameter",
]
#: Numbers that JSON can state, and that no clock can.
NUMBERS = st.sampled_from(
    [0, -1, 1, 3600, 3600.5, 1e18, 1e308, 10**400, -(10**400), 2**63, float("inf"), float("-inf"), float("nan")]
)
SCALARS = st.none() | st.booleans() | NUMBERS | st.text(max_size=4) | st.sampled_from(ECHOED)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner))
TOKENS = st.sampled_from(["token", "a\r\nX-Evil: 1", "tökén", " ", "a.b.c", "e30.e30.x", "x" * 9000]) | st.text(
    max_size=9
)


def either(*usual: t.Any) -> st.SearchStrategy[t.Any]:
    """A usual value, far more often than any other."""
    return st.one_of(*[st.sampled_from(usual)] * 9, JSON)


def objects(*usual: str, **fields: st.SearchStrategy[t.Any]) -> st.SearchStrategy[t.Any]:
    """Objects with the usual fields and some of the others; now and then any JSON."""
    required = {name: fields[name] for name in usual}
    others = {name: value for name, value in fields.items() if name not in usual}
    complete = st.fixed_dictionaries(required, optional=others)
    return st.one_of(*[complete] * 5, st.fixed_dictionaries({}, optional=fields), JSON)


ERRORS = {
    "error": either("invalid_token", "invalid_client", "invalid_grant", "unsupported_token_type"),
    "error_description": either("Refused", *ECHOED),
    "message": either("Refused", *ECHOED),
    "code": either(7, "E7"),
}
TOKEN_ANSWERS = objects(
    "access_token",
    access_token=TOKENS,
    token_type=either("Bearer", "bearer", "DPoP", "mac"),
    expires_in=either(3600, "3600", "9" * 500, 1e308, 0, -1),
    refresh_token=either("hush-new-refresh"),
    refresh_expires_in=either(3600, 1e308),
    scope=either("read"),
    issued_token_type=either("urn:x"),
    data=JSON,
)
INTROSPECTIONS = objects(
    "active",
    active=st.sampled_from([True, True, False, "true", 1, None]),
    exp=either(2_000_000_000, 1e308, 0, -1),
    **{name: either("x", *ECHOED) for name in ("scope", "client_id", "username", "token_type", "sub", "aud")},
)
URLS = either(
    *[TOKEN_URL] * 9, "http://login.example.com/token", "https://a:b@c/d", "//x", "https://[", "https://x/#y", "\n"
)
DOCUMENTS = objects(
    "issuer",
    "token_endpoint",
    issuer=either(ISSUER, ISSUER, f"{ISSUER}/", "https://elsewhere.example.com"),
    token_endpoint=URLS,
    revocation_endpoint=URLS,
    introspection_endpoint=URLS,
    token_endpoint_auth_methods_supported=either(["client_secret_post"], ["x"], []),
    mtls_endpoint_aliases=either({"token_endpoint": TOKEN_URL}, {"token_endpoint": 1}),
)
STATUSES = st.sampled_from([*[200] * 20, 302, 400, 401, 403, 404, 405, 429, 500])
ISSUED = (200, b'{"access_token": "hush-issued"}', "")
WORDS = st.sampled_from(
    [
        *'", \\=é\x7f',
        *("Bearer", "bearer ", "Basic", "DPoP ", "error", "error_description", 'realm="', "token68=="),
        *('"invalid_token"', "insufficient_scope"),
        *ECHOED,
    ]
)
CHALLENGES = st.lists(WORDS, max_size=12).map("".join) | st.text(max_size=30)
HEADERS = CHALLENGES.map(lambda text: "".join(char for char in text if char.isprintable() and ord(char) < 256))


def answer(strategy: st.SearchStrategy[t.Any]) -> st.SearchStrategy[tuple[int, bytes, str]]:
    """A status, a body and a challenge."""
    body = st.one_of(*[strategy] * 5, objects(**ERRORS)).map(lambda value: json.dumps(value).encode())
    return st.tuples(STATUSES, st.one_of(*[body] * 9, st.binary(max_size=20)), HEADERS)


class Server:
    """Answers by path, the last answer of each again and again."""

    def __init__(self, **answers: t.Any) -> None:
        self._answers = {name: list(given) for name, given in answers.items()}
        #: The requests that arrived: method, URL, headers and body.
        self.seen: list[requests.PreparedRequest] = []

    def __call__(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        self.seen.append(request)
        name = next((name for name in self._answers if name in str(request.url)), "token")
        waiting = self._answers[name]
        status, body, challenge = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return status, {"Content-Type": "application/json", "WWW-Authenticate": challenge}, body


def outcome(module: t.Any, server: Server, **options: t.Any) -> dict[str, t.Any]:
    """The result of a run, which shows no secret and, if it failed, is clear."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as platform:
        for method in ("GET", "POST"):
            platform.add_callback(method, re.compile(".*"), callback=server)
        given = {**CREDENTIALS, "token_cache": "none", "retries": 0, "max_wait": 5, **options}
        result: dict[str, t.Any] = module.MODULE.run(given, name="module", ansible_home="/nowhere")
    shown = json.dumps([result.get(key) for key in ("msg", "diff", "warnings", "error_code", "invocation")])
    for text in ["hush", "Traceback", "this is a bug", *ECHOED]:
        assert text not in shown, (text, result)
    if result.get("failed"):
        assert "\n" not in result["msg"] and result["provider"] == "oauth2"
    json.dumps(result, allow_nan=False)
    return result


@SETTINGS
@example(header='Bearer error="' + "\\" * 2000)
@example(header="Bearer " + "a=" * 5000)
@example(header="Bearer," * 5000)
@given(header=CHALLENGES)
def test_any_challenge_is_read(header):
    found = parse_challenge(header)

    assert all(isinstance(text, str) for item in found.items() for text in item)
    assert not found or "bearer" in header.lower()


@SETTINGS
@given(
    parameters=st.dictionaries(
        st.sampled_from(["realm", "error", "error_description", "scope", "error_uri"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=126)),
        min_size=1,
    ),
    others=st.sampled_from(["", 'Basic realm="Bearer x", ', "Negotiate abc==, ", 'DPoP algs="ES256", error="no", ']),
    after=st.sampled_from(["", ', Basic realm="x"', ', Digest realm="x", error="no"', ", Negotiate"]),
)
def test_a_challenge_is_read_as_it_was_written(parameters, others, after):
    written = ", ".join(
        '{}="{}"'.format(name, re.sub(r'(["\\])', r"\\\1", value)) for name, value in parameters.items()
    )

    assert parse_challenge(f"{others}Bearer {written}{after}") == parameters


@pytest.mark.parametrize("grant", GRANTS)
@SETTINGS
@given(answers=st.lists(answer(TOKEN_ANSWERS), min_size=1, max_size=3))
def test_any_token_response_is_handled(grant, answers, lonely_process):
    result = outcome(oauth2_token, Server(token=answers), grant=grant)

    if not result.get("failed"):
        assert result["token"]["access_token"] and result["changed"] is True


@SETTINGS
@given(answers=st.lists(answer(INTROSPECTIONS), min_size=1, max_size=2))
@pytest.mark.parametrize("supplied", [None, "hush-supplied"])
def test_any_introspection_response_is_handled(supplied, answers, lonely_process):
    server = Server(introspect=answers, token=[ISSUED])
    options = {"introspection_url": f"{ISSUER}/introspect", "access_token": supplied}
    result = outcome(oauth2_token_info, server, **options)
    if not result.get("failed"):
        assert isinstance(result["token_info"]["valid"], bool)


@SETTINGS
@given(document=answer(DOCUMENTS), other=answer(DOCUMENTS), token=answer(TOKEN_ANSWERS))
def test_any_discovery_document_is_handled_and_secrets_are_sent_only_where_it_permits(
    document, other, token, lonely_process
):
    server = Server(**{"openid-configuration": [document], "oauth-authorization-server": [other], "token": [token]})
    outcome(oauth2_token, server, issuer=ISSUER, token_url=None)

    for request in server.seen:
        sent = f"{request.url} {dict(request.headers)} {request.body!r}"
        if ".well-known" in str(request.url):
            assert not any(text in sent for text in ["hush", "Authorization", *ECHOED])
        else:
            assert str(request.url).startswith(TOKEN_URL)


@SETTINGS
@given(answers=st.lists(answer(JSON), min_size=1, max_size=2))
@pytest.mark.parametrize("supplied", [None, "hush-supplied"])
def test_any_response_of_the_api_is_handled(supplied, answers, lonely_process):
    server = Server(**{"api.example.com": answers, "token": [ISSUED]})
    outcome(oauth2_api, server, url=API, path="x", access_token=supplied)


KEY = ec.generate_private_key(ec.SECP256R1())
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
#: Ways in which a server may write what it repeats.
SPELLINGS: dict[str, t.Callable[[str], str]] = {
    "as it is": str,
    "URL-encoded": quote_plus,
    "URL-encoded twice": lambda text: quote(quote(text, safe=""), safe=""),
    "Base64": lambda text: base64.b64encode(text.encode()).decode(),
    "Base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "hex": lambda text: text.encode().hex(),
}


def credentials_of(request: requests.PreparedRequest) -> list[str]:
    """What authenticates the client in a token request: the Basic credentials, the secret, or the assertion."""
    form = parse_qs(request.body if isinstance(request.body, str) else (request.body or b"").decode())
    basic = request.headers.get("Authorization", "").removeprefix("Basic ")
    decoded = base64.b64decode(basic).decode().partition(":")[2]
    return [
        text for text in (basic, decoded, *form.get("client_secret", []), *form.get("client_assertion", [])) if text
    ]


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("place", ["token", "introspect", "revoke"])
@pytest.mark.parametrize(
    "method", ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt"]
)
def test_an_echo_of_the_credentials_that_were_sent_is_masked(method, place, spelling, runs, lonely_process):
    sent: list[str] = []

    def echo(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        if place not in str(request.url):
            return 200, {}, json.dumps({"access_token": "hush-token", "active": True})
        sent.extend(credentials_of(request))
        words = " ".join(spelling(text) for text in credentials_of(request))
        return 400, {}, json.dumps({"error": "refused", "error_description": f"Refused: {words}"})

    urls = {"introspection_url": f"{ISSUER}/introspect", "revocation_url": f"{ISSUER}/revoke"}
    options = {**CONNECTION, **urls, "client_auth": method, "client_secret": SECRETS["client_secret"]}
    key = {"private_key": PEM, "private_key_algorithm": "ES256"}
    run = runs(oauth2_token, **options, **key)
    with responses.RequestsMock() as platform:
        platform.add_callback("POST", re.compile(".*"), callback=echo)
        result = oauth2_token.MODULE.run({**options, **key}, name="module", ansible_home=run._home)
        if place == "introspect":
            result = oauth2_token_info.MODULE.run({**options, **key}, name="module", ansible_home=run._home)
        elif place == "revoke":
            result = oauth2_token.MODULE.run(
                {**options, **key, "state": "absent"}, name="module", ansible_home=run._home
            )

    assert result["failed"] and "Refused: ********" in result["msg"]
    shown = json.dumps(result)
    assert sent and not [text for text in sent if text in shown or spelling(text) in shown or text[-20:] in shown]
