# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Concurrent use of the cache. The tests of the modules cover the rest."""

from __future__ import annotations

import contextlib
import dataclasses

import pytest

from ansible_collections.mediaops.access.plugins.module_utils._http.models import Request
from ansible_collections.mediaops.access.plugins.module_utils._masking.secrets import Secrets
from ansible_collections.mediaops.access.plugins.module_utils._modules.cache import (
    TOKEN_CACHE,
    list_tokens,
    remove_tokens,
)
from ansible_collections.mediaops.access.plugins.module_utils._oauth2.token import Token
from ansible_collections.mediaops.access.plugins.module_utils._platform.access import Access
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import call, exchange

URL = "https://acme.example.com"


@pytest.fixture
def access(tmp_path, clock):
    defaults = {name: option.get("default") for name, option in TOKEN_CACHE.argument_spec().items()}
    params = {**defaults, "token_cache": str(tmp_path / "cache"), "provider": None, "revoke": True}
    return Access(TOKEN_CACHE, params, secrets=Secrets(), clock=clock)


def entry(token, rate_limits=()):
    """A cache entry as a login writes it, with the revocation request."""
    request = Request(
        "DELETE",
        f"{URL}/token",
        headers={"X-Token": token},
        query={"why": "done"},
        basic=("me", "hush"),
        repeatable=True,
        authenticates=True,
    )
    recipe = {"request": dataclasses.asdict(request), "slots": list(rate_limits)}
    return {
        "provider": "acme",
        "url": URL,
        "principal": "me",
        "token": dataclasses.asdict(Token(token)),
        "revocation": recipe,
    }


def revoked(token, **kwargs):
    expected = call(
        "DELETE", f"{URL}/token", query={"why": "done"}, headers={"Authorization": "Basic bWU6aHVzaA=="}, **kwargs
    )
    expected.match = [
        *expected.match,
        lambda request: (request.headers["X-Token"] == token, f"it revokes {request.headers['X-Token']}"),
    ]
    return expected


def test_a_request_comes_back_from_the_cache_with_all_that_it_has(access):
    access.store.write("a", entry("hush-token"), None)

    with exchange(revoked("hush-token")):
        assert remove_tokens(access)["removed"] == 1
    assert access.store.entries() == {}


@pytest.mark.parametrize(
    ("rate_limits", "waited"),
    [([], 0), ([("all-1", (1, 1.0))], 1), ([("all-1", (20, 1.0)), ("auth-1", (1, 60.0))], 60)],
    ids=repr,
)
def test_the_limits_that_came_with_the_token_are_kept_together(access, clock, rate_limits, waited):
    for name in ("a", "b"):
        access.store.write(name, entry(f"hush-{name}", rate_limits), None)

    with exchange(revoked("hush-a"), revoked("hush-b")):
        remove_tokens(access)
    assert waited <= sum(clock.slept) <= waited * 1.05


def test_a_token_without_end_is_listed_without_one(access):
    access.store.write("a", entry("hush-token"), None)

    assert list_tokens(access)["tokens"] == [
        {"provider": "acme", "url": URL, "principal": "me", "issued_at": None, "expires_at": None}
    ]


@pytest.fixture
def meanwhile(access, monkeypatch):
    """An action of another process while this one waits for the lock."""

    def happens(action):
        lock = access.store.backend.lock

        @contextlib.contextmanager
        def late(name, budget):
            action()
            with lock(name, budget):
                yield

        monkeypatch.setattr(access.store.backend, "lock", late)

    return happens


def test_an_entry_removed_by_another_process_is_neither_revoked_nor_counted(access, meanwhile):
    access.store.write("a", entry("hush-token"), None)
    meanwhile(lambda: access.store.backend.remove("a"))

    with exchange():
        assert remove_tokens(access) == {"changed": False, "removed": 0}


def test_a_newer_token_from_another_process_is_the_one_that_is_revoked(access, meanwhile):
    access.store.write("a", entry("hush-old"), None)
    meanwhile(lambda: access.store.write("a", entry("hush-new"), None))

    with exchange(revoked("hush-new")):
        assert remove_tokens(access)["removed"] == 1
    assert access.store.entries() == {}


def test_a_revocation_counts_for_the_platform_of_its_token(access):
    access.store.write("a", entry("hush-token", [("all", (1, 60.0))]), None)
    access.store.write("b", entry("hush-token", [("all", (1, 60.0))]), None)

    with exchange(revoked("hush-token"), revoked("hush-token")):
        remove_tokens(access)

    totals = access.statistics.totals()
    assert {name: numbers["requests"] for name, numbers in totals.items()} == {"acme": 2}
    assert totals["acme"]["seconds_waited"] > 59
