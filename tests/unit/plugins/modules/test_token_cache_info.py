# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.mediaops.access.plugins.modules import (
    audienceplayer_token,
    flex_token,
    freewheel_token,
    movingimage_token,
    playlyfe_token,
    token_cache_info,
)
from ansible_collections.mediaops.access.tests.unit.plugins.modules import (
    audienceplayer,
    flex,
    freewheel,
    test_movingimage_token,
    test_playlyfe_token,
)
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_movingimage_token import any_provider

__all__ = ["any_provider"]
LOGINS = {
    "flex": (
        flex_token,
        {"url": flex.URL, "client_id": "client-1", "client_secret": "hush-token"},
        flex.token({"access_token": "hush-token", "expires_in": 3599}),
    ),
    "freewheel": (freewheel_token, {"username": "mrm", "password": "hush-password"}, freewheel.login()),
    "audienceplayer": (
        audienceplayer_token,
        audienceplayer.CONNECTION,
        audienceplayer.client_login(audienceplayer.logged_in()),
    ),
    "movingimage": (movingimage_token, test_movingimage_token.CONNECTION, test_movingimage_token.login()),
    "playlyfe": (playlyfe_token, test_playlyfe_token.CONNECTION, test_playlyfe_token.login()),
}
TOKENS = {
    "audienceplayer": {"url": audienceplayer.URL, "principal": "222", "expires_at": "2027-01-15T10:00:00Z"},
    "flex": {"url": flex.URL, "principal": "client-1", "expires_at": "2027-01-15T08:59:59Z"},
    "freewheel": {"url": freewheel.URL, "principal": "mrm", "expires_at": "2027-01-22T08:00:00Z"},
    "movingimage": {"url": test_movingimage_token.URL, "principal": "viewer", "expires_at": "2027-01-15T08:05:00Z"},
    "playlyfe": {"url": test_playlyfe_token.URL, "principal": "client", "expires_at": "2027-01-16T08:00:00Z"},
}
ISSUED_AT = "2027-01-15T08:00:00Z"
ALL = [{"provider": provider, "issued_at": ISSUED_AT, **token} for provider, token in TOKENS.items()]


@pytest.fixture
def log_in(runs):
    """Put a provider's token into the cache."""

    def log_in(provider, **options):
        module, connection, login = LOGINS[provider]
        return runs(module, **connection)(login, **options)

    return log_in


@pytest.fixture
def info(runs, log_in):
    """With a token of each provider in the cache."""
    for provider in LOGINS:
        log_in(provider)
    return runs(token_cache_info)


@pytest.mark.parametrize("options", [{}, {"provider": "all"}, {"provider": None}], ids=["nothing said", "all", "null"])
def test_the_tokens_of_all_providers_are_listed_in_order(info, options):
    result = info(**options)

    assert (result["changed"], result["tokens"]) == (False, ALL)


@pytest.mark.parametrize("provider", LOGINS)
def test_the_tokens_of_one_provider_are_listed(info, provider):
    assert info(provider=provider)["tokens"] == [{"provider": provider, "issued_at": ISSUED_AT, **TOKENS[provider]}]


def test_of_another_provider_there_are_none(info):
    assert info(provider="frewheel")["tokens"] == []


def test_a_result_holds_no_secret(info):
    assert "hush" not in json.dumps(info())


def test_a_provider_may_have_many_tokens(runs, log_in):
    log_in("freewheel")
    runs(freewheel_token)(freewheel.login(username="anna"), username="anna", password="hush-password")
    staging = freewheel.login()
    staging.url = "https://api.stg.freewheel.tv/auth/token"
    runs(freewheel_token)(staging, url="https://api.stg.freewheel.tv/", username="mrm", password="hush-password")

    found = [(token["url"], token["principal"]) for token in runs(token_cache_info)()["tokens"]]
    assert found == [
        ("https://api.freewheel.tv", "anna"),
        ("https://api.freewheel.tv", "mrm"),
        ("https://api.stg.freewheel.tv", "mrm"),
    ]


def test_a_user_of_a_platform_is_a_principal(runs):
    runs(audienceplayer_token, **audienceplayer.CONNECTION)(audienceplayer.user_login("a@b.c"), user_email="a@b.c")

    assert [token["principal"] for token in runs(token_cache_info)()["tokens"]] == ["a@b.c"]


def test_an_expired_token_is_listed_until_it_is_replaced(info, clock):
    clock.time += 10**7

    assert info()["tokens"] == ALL


@pytest.mark.parametrize(
    ("created_at", "issued_at"),
    [(1_799_999_000, "2027-01-15T07:43:20Z"), (1_468_982_119, None), (None, None)],
    ids=["an older token", "a clock that cannot be right", "missing"],
)
def test_a_login_that_may_return_an_older_token_says_when_it_was_issued(runs, log_in, created_at, issued_at):
    login = {**freewheel.ANSWER, "expires_in": 603_800, "created_at": created_at}
    runs(freewheel_token)(
        freewheel.login({key: value for key, value in login.items() if value is not None}),
        username="mrm",
        password="hush-password",
    )

    assert [token["issued_at"] for token in runs(token_cache_info)()["tokens"]] == [issued_at]


def test_check_mode_reads_as_ever(info):
    assert info(check_mode=True)["tokens"] == ALL


# --- other caches ------------------------------------------------------------------------------------------------------------


def test_an_empty_cache_has_no_tokens(runs):
    assert runs(token_cache_info)()["tokens"] == []


def test_without_a_cache_there_are_no_tokens(runs):
    assert runs(token_cache_info)(token_cache="none")["tokens"] == []


def test_only_entries_that_the_key_decrypts_are_listed(runs, log_in):
    log_in("freewheel")
    log_in("flex", token_cache_key="hush-key-of-another")

    info = runs(token_cache_info)
    assert [token["provider"] for token in info()["tokens"]] == ["freewheel"]
    assert [token["provider"] for token in info(token_cache_key="hush-key-of-another")["tokens"]] == ["flex"]


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x80" * 200], ids=["nothing", "nonsense", "bytes"])
def test_invalid_entries_are_not_listed(info, tmp_path, content):
    (tmp_path / "mediaops" / "tokens" / ("0" * 64)).write_bytes(content)

    assert info()["tokens"] == ALL


def test_a_cache_that_cannot_be_used_is_a_clear_failure(runs, tmp_path):
    (tmp_path / "cache").write_text("a file")

    assert "token_cache: the directory" in runs(token_cache_info).fail(token_cache=str(tmp_path / "cache"))["msg"]
