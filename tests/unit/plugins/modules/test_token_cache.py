# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.modules import freewheel_token, token_cache, token_cache_info
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import NO_ANSWER
from ansible_collections.mediaops.access.tests.unit.plugins.modules.freewheel import ANSWER, UNKNOWN, login, revoke
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_movingimage_token import any_provider
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_token_cache_info import LOGINS, log_in

__all__ = ["any_provider", "log_in"]


@pytest.fixture
def cache(runs, log_in):
    """With a token of each provider in it."""
    for provider in LOGINS:
        log_in(provider)
    return runs(token_cache)


@pytest.fixture
def left(runs):
    """The principals of the remaining tokens."""
    return lambda **options: [token["provider"] for token in runs(token_cache_info)(**options)["tokens"]]


# --- forgetting --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options", [{}, {"provider": "all"}, {"state": "absent"}], ids=["nothing said", "all", "absent"]
)
def test_the_tokens_of_all_providers_are_removed(cache, left, options):
    result = cache(**options)

    assert (result["changed"], result["removed"]) == (True, 5)
    assert left() == []


@pytest.mark.parametrize("provider", LOGINS)
def test_the_tokens_of_one_provider_are_removed_and_the_others_stay(cache, left, provider):
    result = cache(provider=provider)

    assert (result["changed"], result["removed"]) == (True, 1)
    assert left() == sorted(set(LOGINS) - {provider})


@pytest.mark.parametrize("options", [{}, {"revoke": True}, {"check_mode": True}], ids=["forget", "revoke", "check"])
def test_a_second_time_there_is_nothing_to_remove(cache, options):
    cache()
    result = cache(**options)

    assert (result["changed"], result["removed"]) == (False, 0)


def test_the_next_task_logs_in_anew(cache, log_in):
    cache(provider="freewheel")

    assert log_in("freewheel")["changed"] is True


@pytest.mark.parametrize(
    "options",
    [{}, {"revoke": True}, {"provider": "freewheel", "revoke": True}],
    ids=["all", "all, revoke", "one, revoke"],
)
def test_check_mode_predicts_the_removals_and_leaves_everything(cache, left, options):
    result = cache(**options, check_mode=True)

    assert (result["changed"], result["removed"]) == (True, 1 if "provider" in options else 5)
    assert left() == sorted(LOGINS)


def test_entries_of_another_key_are_not_touched(cache, log_in, left):
    log_in("freewheel", token_cache_key="hush-key-of-another")

    assert cache()["removed"] == 5
    assert left(token_cache_key="hush-key-of-another") == ["freewheel"]


def test_the_key_and_what_else_the_directory_holds_stay(cache, tmp_path):
    key = (tmp_path / "mediaops" / "key").read_bytes()
    cache()

    assert (tmp_path / "mediaops" / "key").read_bytes() == key
    assert not list((tmp_path / "mediaops" / "tokens").iterdir())


# --- revoking ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gone", [{}, UNKNOWN], ids=["alive", "gone already"])
def test_a_token_is_revoked_if_the_platform_can_and_then_removed(cache, left, gone):
    result = cache(revoke(**gone), revoke=True)

    assert (result["changed"], result["removed"]) == (True, 5)
    assert left() == []


def test_without_revoke_nothing_is_sent(cache):
    assert cache(provider="freewheel")["removed"] == 1


def test_of_platforms_that_cannot_revoke_the_token_is_only_forgotten(cache):
    assert cache(provider="movingimage", revoke=True)["removed"] == 1


def test_revoking_is_idempotent_so_it_is_repeated(cache):
    assert (
        cache(revoke(answer=NO_ANSWER), revoke(answer="", status=502), revoke(), provider="freewheel", revoke=True)[
            "removed"
        ]
        == 1
    )


@pytest.fixture
def two(runs):
    """With the tokens of two users of FreeWheel."""
    for user, token in (("mrm", "hush-token"), ("anna", "hush-2")):
        runs(freewheel_token)(
            login({**ANSWER, "access_token": token}, username=user), username=user, password="hush-password"
        )
    return runs(token_cache, revoke=True)


def revoke_either(seen, **answer):
    """The order in which tokens are revoked is not specified."""
    expected = revoke(**answer)

    def note(request):
        seen.append((request.headers["Authorization"], request.body))
        return True, ""

    expected.match = [note]
    return expected


def test_each_token_is_revoked(two, left):
    seen = []

    assert two(revoke_either(seen), revoke_either(seen))["removed"] == 2
    assert sorted(seen) == [("Bearer hush-2", "token=hush-2"), ("Bearer hush-token", "token=hush-token")]
    assert left() == []


def test_a_token_that_cannot_be_revoked_stays_and_the_others_are_removed(two, left):
    seen = []
    result = two.attempt(revoke_either(seen, answer={"Message": "deny"}, status=403), revoke_either(seen))

    assert (result["failed"], result["changed"], result["removed"]) == (True, True, 1)
    stays = {"Bearer hush-token": "mrm", "Bearer hush-2": "anna"}[seen[0][0]]
    assert (
        f"the token of {stays} at https://api.freewheel.tv was kept, because it could not be revoked" in result["msg"]
        and "deny" in result["msg"]
    )
    assert left() == ["freewheel"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"answer": {"Message": "explicit deny"}, "status": 403}, ["HTTP 403", "explicit deny"]),
        ({"answer": "", "status": 500}, ["HTTP 500"]),
        ({"answer": NO_ANSWER}, ["no response within timeout"]),
        ({"answer": "quotes hush-token", "status": 400}, ["quotes ****"]),
    ],
    ids=["403", "500", "no answer", "quoting the token"],
)
def test_a_token_that_cannot_be_revoked_stays_and_the_failure_is_clear(cache, log_in, left, answer, words):
    result = cache.fail(revoke(**answer), provider="freewheel", revoke=True, retries=0)

    assert result["removed"] == 0
    assert result.get("status") == answer.get("status")
    for word in ["token cache: ", "the token of mrm at https://api.freewheel.tv was kept", *words]:
        assert word in result["msg"]
    assert left() == sorted(LOGINS)


def test_the_limits_are_those_under_which_the_token_was_obtained(runs, clock):
    runs(freewheel_token)(login(), username="mrm", password="hush-password", auth_rate_limit="1/minute")

    assert runs(token_cache)(revoke(), revoke=True)["removed"] == 1
    assert 60 <= sum(clock.slept) < 61


def test_a_limit_that_leaves_no_time_is_a_failure_and_the_token_stays(runs, left):
    runs(freewheel_token)(login(), username="mrm", password="hush-password", auth_rate_limit="1/minute")

    assert "max_wait (5 s)" in runs(token_cache).fail(revoke=True, max_wait=5)["msg"]
    assert left() == ["freewheel"]


def test_rate_limited_revocations_are_repeated(cache, clock):
    assert (
        cache(revoke(answer="", status=429, answer_headers={"Retry-After": "8"}), revoke(), revoke=True)["removed"] == 5
    )
    assert sum(clock.slept) >= 8


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"state": "present"}, ["state", "absent"]),
        ({"revoke": "perhaps"}, ["revoke"]),
        ({"access_token": "hush-token"}, ["access_token"]),
    ],
    ids=["present", "no boolean", "another module's option"],
)
def test_bad_options_fail_and_remove_nothing(cache, left, options, words):
    result = cache.fail(**options)

    for word in words:
        assert word in result["msg"]
    assert left() == sorted(LOGINS)
