# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The common behaviour of all *_token modules, with a platform that only counts. _oauth2/test_tokens.py covers the rules of the cache."""

from __future__ import annotations

import itertools

import pytest

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.module_utils._modules.definition import ModuleDefinition
from ansible_collections.mediaops.access.plugins.module_utils._modules.token import OPTIONS, VERIFY, run_token
from ansible_collections.mediaops.access.plugins.module_utils._oauth2.grants import PasswordCredentials
from ansible_collections.mediaops.access.plugins.module_utils._oauth2.token import Token
from ansible_collections.mediaops.access.plugins.module_utils._platform import access
from ansible_collections.mediaops.access.plugins.module_utils._platform.authorized_client import AuthorizedClient
from ansible_collections.mediaops.access.plugins.module_utils._platform.declaration import Platform
from ansible_collections.mediaops.access.plugins.module_utils._platform.issuer import TokenIssuer


class Acme(TokenIssuer):
    """Issues numbered tokens, and records the calls."""

    revokes = True
    accepts = True
    life = 3600
    asked: list[str] = []
    numbers = itertools.count(1)

    def grant(self):
        return PasswordCredentials(self.require("user"), "hush-token")

    def obtain(self, grant):
        self.asked.append("obtain")
        return Token(
            f"hush-{next(self.numbers)}", expires_at=self.session.clock.now() + 3600, details={"colour": "red"}
        )

    def revoke(self, token):
        self.asked.append(f"revoke {token.access_token}")

    def remaining_life(self, token):
        self.asked.append(f"verify {token.access_token}")
        return self.life if self.accepts else 0


ACME = Platform(
    name="acme",
    title="Acme",
    client=AuthorizedClient,
    issuer=Acme,
    options={"url": {"default": "https://acme.example.com"}, "user": {}},
)


@pytest.fixture
def run(tmp_path, clock, monkeypatch):
    """Runs the module. Returns the result and the calls to the platform."""
    monkeypatch.setattr(access, "Clock", lambda: clock)
    monkeypatch.setattr(Acme, "numbers", itertools.count(1))
    module = ModuleDefinition(ACME, run_token, {**OPTIONS, **VERIFY})

    def run_module(check_mode=False, **options):
        monkeypatch.setattr(Acme, "asked", [])
        return module.run(
            {"user": "me", **options}, name="acme_token", check_mode=check_mode, ansible_home=str(tmp_path)
        ), Acme.asked

    return run_module


@pytest.fixture
def cached(run):
    """The same with a token in the cache."""
    run()
    return run


@pytest.mark.parametrize(
    ("options", "accepts", "asked", "changed", "token"),
    [
        pytest.param({}, True, [], False, "hush-1", id="it is returned"),
        pytest.param({"state": "present", "verify": False}, True, [], False, "hush-1", id="it is returned, by default"),
        pytest.param({"verify": True}, True, ["verify hush-1"], False, "hush-1", id="it is verified"),
        pytest.param(
            {"verify": True}, False, ["verify hush-1", "obtain"], True, "hush-2", id="rejected, it is replaced"
        ),
        pytest.param(
            {"force": True}, True, ["revoke hush-1", "obtain"], True, "hush-2", id="force ends its life first"
        ),
        pytest.param(
            {"force": True, "verify": True},
            True,
            ["revoke hush-1", "obtain"],
            True,
            "hush-2",
            id="force needs no verification",
        ),
        pytest.param({"state": "absent"}, True, ["revoke hush-1"], True, None, id="absent ends its life"),
        pytest.param(
            {"state": "absent", "verify": True, "force": True},
            True,
            ["revoke hush-1"],
            True,
            None,
            id="absent asks nothing else",
        ),
        pytest.param(
            {"min_ttl": 3601}, True, ["obtain", "revoke hush-2", "obtain"], None, None, id="none lives as long as that"
        ),
    ],
)
def test_the_outcome_for_a_cached_token(cached, monkeypatch, options, accepts, asked, changed, token):
    monkeypatch.setattr(Acme, "accepts", accepts)
    result, was_asked = cached(**options)

    assert was_asked == asked
    assert result.get("failed", False) is (changed is None)
    assert result["changed"] is (changed is not False)
    assert result.get("token", {}).get("access_token") == token


@pytest.mark.parametrize(
    ("options", "accepts", "asked", "changed", "returned"),
    [
        pytest.param({}, True, [], False, True, id="present"),
        pytest.param({"verify": True}, True, ["verify hush-1"], False, True, id="accepted"),
        pytest.param({"verify": True}, False, ["verify hush-1"], True, False, id="rejected"),
        pytest.param({"force": True}, True, [], True, False, id="force"),
        pytest.param({"state": "absent"}, True, [], True, False, id="absent"),
        pytest.param({"user": "other"}, True, [], True, False, id="another user"),
        pytest.param({"user": "other", "state": "absent"}, True, [], False, False, id="another user, absent"),
    ],
)
def test_check_mode_predicts_the_outcome_and_issues_and_revokes_nothing(
    cached, monkeypatch, options, accepts, asked, changed, returned
):
    monkeypatch.setattr(Acme, "accepts", accepts)
    result, was_asked = cached(check_mode=True, **options)

    assert was_asked == asked
    assert (result["changed"], "token" in result) == (changed, returned)
    assert cached()[0]["token"]["access_token"] == "hush-1"


@pytest.mark.parametrize("options", [{}, {"force": True}, {"verify": True}], ids=["present", "force", "verify"])
def test_without_a_cached_token_there_is_a_login(run, options):
    result, asked = run(**options)

    assert asked == ["obtain"]
    assert result["changed"] is True
    assert result["token"] == {
        **{
            "access_token": "hush-1",
            "token_type": "Bearer",
            "expires_at": "2027-01-15T09:00:00Z",
            "expires_in": 3600,
            "cached": False,
        },
        "colour": "red",
    }


def test_without_a_cached_token_there_is_nothing_to_revoke(run):
    result, asked = run(state="absent")

    assert (result["changed"], "token" in result, asked) == (False, False, [])


@pytest.mark.parametrize(("life", "verified"), [(3600, True), (None, False)], ids=["confirmed", "cannot be queried"])
def test_a_confirmed_token_has_the_time_of_the_confirmation(cached, monkeypatch, life, verified):
    monkeypatch.setattr(Acme, "life", life)

    token = cached(verify=True)[0]["token"]
    assert token.get("verified_at") == ("2027-01-15T08:00:00Z" if verified else None)


def test_a_token_that_cannot_be_verified_is_returned_with_a_warning(cached, monkeypatch):
    def fail(issuer, token):
        raise AccessError("Acme is closed")

    monkeypatch.setattr(Acme, "remaining_life", fail)
    result, _asked = cached(verify=True)

    assert (result["changed"], result["token"]["access_token"]) == (False, "hush-1")
    assert result["warnings"] == ["Acme: the cached token could not be verified, and is used as it is: Acme is closed"]


@pytest.mark.parametrize(("life", "changed"), [(60, False), (59, True)], ids=["enough", "less than min_ttl"])
def test_the_lifetime_that_the_platform_reports_counts(cached, monkeypatch, life, changed):
    monkeypatch.setattr(Acme, "life", life)

    assert cached(verify=True)[0]["changed"] is changed


def test_a_cached_token_is_marked_and_has_its_remaining_lifetime(cached, clock):
    clock.time += 100

    assert {key: cached()[0]["token"][key] for key in ("cached", "expires_in", "colour")} == {
        "cached": True,
        "expires_in": 3500,
        "colour": "red",
    }


@pytest.mark.parametrize(
    ("accepts", "check_mode", "asked", "changed", "token"),
    [
        pytest.param(True, False, ["verify hush-given"], False, "hush-given", id="accepted"),
        pytest.param(
            False,
            False,
            ["verify hush-given", "obtain"],
            True,
            "hush-1",
            id="rejected: the credentials beside it serve",
        ),
        pytest.param(False, True, ["verify hush-given"], True, None, id="rejected, in check mode"),
    ],
)
def test_a_supplied_token_can_be_verified(run, monkeypatch, accepts, check_mode, asked, changed, token):
    monkeypatch.setattr(Acme, "accepts", accepts)
    result, was_asked = run(check_mode, access_token="hush-given", verify=True)

    assert was_asked == asked
    assert (result["changed"], result.get("token", {}).get("access_token")) == (changed, token)


@pytest.mark.parametrize("check_mode", [False, True], ids=["real", "check"])
def test_a_supplied_token_that_is_rejected_fails_if_there_are_no_credentials(run, monkeypatch, check_mode):
    monkeypatch.setattr(Acme, "accepts", False)
    result, _asked = run(check_mode, access_token="hush-given", verify=True, user=None)

    assert (result["failed"], result["status"]) == (True, 401)
    assert "access_token" in result["msg"] and "credentials" in result["msg"]


@pytest.mark.parametrize("options", [{}, {"force": True}, {"state": "absent"}], ids=["present", "force", "absent"])
def test_without_credentials_it_is_a_clear_failure(run, options):
    result, asked = run(user=None, **options)

    assert (result["failed"], result["msg"], asked) == (True, "Acme: user must be given", [])
