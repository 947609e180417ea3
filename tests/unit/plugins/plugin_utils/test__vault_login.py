# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins to Vault, as documented for its HTTP API. tests/integration/test_openbao.py has a real server."""

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.plugin_utils import _vault_login
from ansible_collections.mediaops.access.plugins.plugin_utils._vault_kv2 import VAULT
from ansible_collections.mediaops.access.plugins.plugin_utils._vault_login import missing_options
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import NO_ANSWER, call
from ansible_collections.mediaops.access.tests.unit.plugins.plugin_utils.test__vault_kv2 import (
    URL,
    deliver,
    missing,
    place,
    read,
    write,
)

__all__ = ["place"]  # a fixture

APPROLE = {"auth": "approle", "role_id": "media", "secret_id": "hush-secret-id"}
BY_APPROLE = {"role_id": "media", "secret_id": "hush-secret-id"}
JWT = {"auth": "jwt", "role": "ci", "jwt": "hush-jwt"}
BY_JWT = {"role": "ci", "jwt": "hush-jwt"}
LOGGED_IN = {"token": "hush-of-login"}


@pytest.fixture(autouse=True)
def no_logins(monkeypatch):
    """A process of its own, on a machine without Vault's variables and outside of Kubernetes."""
    monkeypatch.setattr(_vault_login, "_tokens", {})
    monkeypatch.setattr(_vault_login, "SERVICE_ACCOUNT_TOKEN", "/nowhere/token")
    for name in ("VAULT_ADDR", "VAULT_TOKEN", "VAULT_NAMESPACE"):
        monkeypatch.delenv(name, raising=False)


def login(mount, body, answer=None, *, namespace=None, **kwargs):
    answer = {"auth": {"client_token": "hush-of-login", "lease_duration": 60}} if answer is None else answer
    expected = call("POST", f"{URL}/v1/auth/{mount}/login", answer, json=body, **kwargs)

    def vaults_headers(request):
        found = [request.headers.get(f"X-Vault-{name}") for name in ("Token", "Namespace", "Request")]
        return found == [None, namespace, "true"], f"Vault's headers are {found}"

    expected.match = [*expected.match, vaults_headers]
    return expected


# --- the request -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "mount", "body"),
    [
        pytest.param(APPROLE, "approle", BY_APPROLE, id="approle"),
        pytest.param({**APPROLE, "secret_id": None}, "approle", {"role_id": "media"}, id="approle without a secret"),
        pytest.param({**APPROLE, "auth_mount": "/team/ci/"}, "team/ci", BY_APPROLE, id="approle elsewhere"),
        pytest.param(JWT, "jwt", BY_JWT, id="jwt"),
        pytest.param({**JWT, "role": None}, "jwt", {"jwt": "hush-jwt"}, id="jwt with the default role"),
        pytest.param({**JWT, "auth_mount": "gitlab"}, "gitlab", BY_JWT, id="jwt elsewhere"),
        pytest.param({**JWT, "auth": "kubernetes"}, "kubernetes", BY_JWT, id="kubernetes"),
        pytest.param({**JWT, "role_id": "x", "secret_id": "hush-x"}, "jwt", BY_JWT, id="options of another method"),
    ],
)
def test_each_method_has_its_own_login(place, options, mount, body):
    assert deliver(place(token=None, **options), login(mount, body), missing(**LOGGED_IN), write(0, **LOGGED_IN))


def test_a_token_of_the_environment_does_not_replace_a_login(place):
    assert deliver(place(token="hush-vault", **APPROLE), login("approle", BY_APPROLE), read(**LOGGED_IN)) is False


def test_a_login_takes_place_in_the_namespace(place):
    inside = {"namespace": "team"}
    calls = login("approle", BY_APPROLE, **inside), read(**LOGGED_IN, **inside)

    assert deliver(place(**APPROLE, **inside), *calls) is False


def test_kubernetes_reads_the_token_of_the_service_account(place, tmp_path, monkeypatch):
    (tmp_path / "token").write_text("hush-of-the-pod\n")
    monkeypatch.setattr(_vault_login, "SERVICE_ACCOUNT_TOKEN", str(tmp_path / "token"))
    calls = login("kubernetes", {"role": "media", "jwt": "hush-of-the-pod"}), read(**LOGGED_IN)

    assert deliver(place(auth="kubernetes", role="media"), *calls) is False


def test_outside_of_kubernetes_there_is_no_such_token(place):
    with pytest.raises(AccessError, match=r"cannot be read from /nowhere/token: No such file.* Run Ansible .*set jwt"):
        deliver(place(auth="kubernetes", role="media"))


# --- the token ---------------------------------------------------------------------------------------------------------------


def test_the_items_of_a_loop_share_a_login(place):
    calls = login("approle", BY_APPROLE), read(**LOGGED_IN)

    assert deliver(place(**APPROLE), *calls) is False
    assert deliver(place(**APPROLE, path="/mediaops"), read(**LOGGED_IN)) is False


@pytest.mark.parametrize(
    "other",
    [{"secret_id": "hush-other"}, {"role_id": "other"}, {"namespace": "other"}, {"auth_mount": "other"}],
    ids=lambda other: next(iter(other)),
)
def test_another_login_has_a_token_of_its_own(place, other):
    deliver(place(**APPROLE), login("approle", BY_APPROLE), read(**LOGGED_IN))
    body = {**BY_APPROLE, **{name: value for name, value in other.items() if name in BY_APPROLE}}
    namespace = {"namespace": other.get("namespace")}
    answer = {"auth": {"client_token": "hush-second"}}
    calls = (
        login(other.get("auth_mount", "approle"), body, answer, **namespace),
        read(token="hush-second", **namespace),
    )

    assert deliver(place(**{**APPROLE, **other}), *calls) is False


def test_what_a_login_uses_and_returns_is_secret(place, tmp_path, monkeypatch):
    (tmp_path / "token").write_text("hush-of-the-pod")
    monkeypatch.setattr(_vault_login, "SERVICE_ACCOUNT_TOKEN", str(tmp_path / "token"))
    secret = place(auth="kubernetes", role="media")
    deliver(secret, login("kubernetes", {"role": "media", "jwt": "hush-of-the-pod"}), read(**LOGGED_IN))

    scrubbed = secret._vault.session.secrets.scrub("hush-of-the-pod hush-of-login media")
    assert scrubbed == "******** ******** media"


# --- failures ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [{"answer": NO_ANSWER}, {"answer": "", "status": 502}], ids=["no answer", "502"])
def test_a_login_without_a_response_is_repeated(place, lost):
    calls = login("approle", BY_APPROLE, **lost), login("approle", BY_APPROLE), read(**LOGGED_IN)

    assert deliver(place(**APPROLE), *calls) is False


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"answer": {"errors": ["invalid role or secret ID"]}, "status": 400}, ["400: invalid role", "auth_mount"]),
        ({"answer": {"errors": ["permission denied"]}, "status": 403}, ["403: permission denied", "namespace"]),
        (
            {"answer": {"errors": ["no handler for route"]}, "status": 404},
            ["404: no handler", "Check auth, auth_mount"],
        ),
        ({"answer": {"errors": ["Vault is sealed"]}, "status": 503}, ["Vault is sealed"]),
        ({"answer": {"auth": None}}, ["auth: must be object"]),
        ({"answer": {"auth": {"client_token": ""}}}, ["client_token"]),
        ({"answer": "<html>"}, ["an HTML page"]),
    ],
)
def test_a_login_that_fails_is_a_clear_failure(place, answer, words):
    with pytest.raises(AccessError) as caught:
        deliver(place(**APPROLE, retries=0), login("approle", BY_APPROLE, **answer))
    for word in [*words, "POST https://vault.example.com:8200/v1/auth/approle/login"]:
        assert word in caught.value.message
    assert "\n" not in caught.value.message and "hush" not in caught.value.message


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"token": None}, r"token must be given \(or the environment variable VAULT_TOKEN\)"),
        ({**APPROLE, "role_id": None}, "role_id must be given"),
        ({**JWT, "jwt": ""}, "jwt must be given"),
        ({"auth": "kubernetes"}, "role must be given"),
        ({**APPROLE, "auth_mount": "../sys"}, "auth_mount: '../sys' is not a valid path"),
    ],
)
def test_the_options_of_the_method_must_be_given(place, options, name):
    with pytest.raises(AccessError, match=name):
        deliver(place(**options))


@pytest.mark.parametrize(
    ("options", "environment", "missing_ones"),
    [
        ({"url": "u", "path": "p", "token": "t"}, {}, []),
        ({"path": "p"}, {"VAULT_ADDR": "u", "VAULT_TOKEN": "t"}, []),
        (
            {"path": "p"},
            {"VAULT_TOKEN": ""},
            [
                "url must be given (or the environment variable VAULT_ADDR)",
                "token must be given (or the environment variable VAULT_TOKEN)",
            ],
        ),
        ({"url": "u", "path": "p", "auth": "kubernetes"}, {}, ["role must be given"]),
        ({"url": "u", "path": "p", **APPROLE}, {}, []),
    ],
)
def test_what_a_manifest_lacks_is_found_before_there_are_credentials(monkeypatch, options, environment, missing_ones):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert missing_options(options, VAULT.options) == missing_ones
