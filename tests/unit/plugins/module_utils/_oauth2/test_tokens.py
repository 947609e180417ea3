# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import dataclasses
import itertools
import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.module_utils._clock import Clock
from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.module_utils._http.models import Request
from ansible_collections.mediaops.access.plugins.module_utils._masking.marks import MASK
from ansible_collections.mediaops.access.plugins.module_utils._masking.secrets import Secrets
from ansible_collections.mediaops.access.plugins.module_utils._oauth2.cache_entry import Revocation
from ansible_collections.mediaops.access.plugins.module_utils._oauth2.client_auth import Client
from ansible_collections.mediaops.access.plugins.module_utils._oauth2.grants import (
    AuthorizationCode,
    ClientCredentials,
    ClientGrant,
    PasswordCredentials,
    RefreshToken,
    SuppliedToken,
)
from ansible_collections.mediaops.access.plugins.module_utils._oauth2.jwt import jwt_claims, jwt_expiry
from ansible_collections.mediaops.access.plugins.module_utils._oauth2.token import Token, iso
from ansible_collections.mediaops.access.plugins.module_utils._oauth2.tokens import Tokens
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.budget import WaitBudget
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.rate import Rate
from ansible_collections.mediaops.access.plugins.module_utils._store.directory import DirectoryBackend
from ansible_collections.mediaops.access.plugins.module_utils._store.encrypted import TokenStore
from ansible_collections.mediaops.access.plugins.module_utils._store.memory import MemoryBackend

GRANT = PasswordCredentials("me", "hunter2")
REVOCATION = Revocation(Request("POST", "https://host/revoke"), [("name", Rate(3, 1.0))])
NOW = 1_800_000_000.0
HOUR = 3600.0


@dataclasses.dataclass(frozen=True)
class ScopedLogin(PasswordCredentials):
    """A login for one scope. ``wish`` is part of the request, but does not distinguish tokens."""

    api_scope: str = ""
    wish: str = dataclasses.field(default="", compare=False)

    @property
    def scope(self):
        return self.api_scope


class Platform:
    """An issuer that returns prepared outcomes, otherwise numbered tokens valid for an hour, and records the calls."""

    def __init__(self, clock, *, revokes=False, accepts=True, obtained=(), refreshed=()):
        self.revokes = revokes
        self._accepts = accepts
        self.calls: list[str] = []
        self._clock = clock
        self._obtained = list(obtained)
        self._refreshed = list(refreshed)
        self._number = 0

    shares_logins = False
    identity = ["flex", "https://host"]

    def obtain(self, grant):
        self.calls.append("obtain")
        return self._next(self._obtained)

    def obtain_many(self, grants):
        self.calls.append(f"obtain {' '.join(grant.principal for grant in grants)}")
        return {grant: self._obtained.pop(0) if self._obtained else self._next([]) for grant in grants}

    def refresh(self, grant, token):
        self.calls.append(f"refresh {token.refresh_token}")
        return self._next(self._refreshed)

    def revoke(self, token):
        self.calls.append(f"revoke {token.access_token}")

    def remaining_life(self, token):
        return 3600 if self._accepts else 0

    def is_revocable(self, token):
        return self.revokes and self._accepts

    def revocation(self, token):
        return REVOCATION if self.revokes else None

    def _next(self, prepared):
        if prepared:
            if isinstance(prepared[0], Exception):
                raise prepared.pop(0)
            return prepared.pop(0)
        self._number += 1
        return Token(f"new-token-{self._number}", expires_at=self._clock.now() + HOUR)


@pytest.fixture
def store(clock):
    backend = MemoryBackend(clock, {})
    return TokenStore(lambda: backend, "k" * 32)


@pytest.fixture
def opened(store, clock):
    """The tokens of one task. All tasks of a test share the store."""

    def tokens(platform=None, min_ttl=60, secrets=None):
        return Tokens(platform or Platform(clock), store, WaitBudget(300, clock), clock, secrets or Secrets(), min_ttl)

    return tokens


@pytest.fixture
def held(opened, clock):
    """Put a token into the store, as an earlier task would."""

    def hold(name="old", life=HOUR, grant=GRANT, **details):
        token = Token(name, expires_at=None if life is None else clock.now() + max(life, 0), **details)
        opened(Platform(clock, obtained=[token]), min_ttl=0).get(grant)
        clock.time += -min(life or 0, 0)
        return token

    return hold


def short(name, clock, life=30.0, **details):
    return Token(name, expires_at=clock.now() + life, **details)


# --- get ---------------------------------------------------------------------------------------------------------------------


def test_the_first_asks_the_platform_and_the_others_find_its_token(opened, clock):
    platform = Platform(clock)
    first, second = opened(platform), opened(platform)

    assert first.get(GRANT) == second.get(GRANT) == first.get(GRANT)
    assert platform.calls == ["obtain"]
    assert (first.changed, second.changed) == (True, False)


def test_a_token_comes_back_from_the_cache_with_all_that_it_has(opened, held):
    token = held(
        token_type="MAC",
        refresh_token="r",
        refresh_expires_at=NOW + 9 * HOUR,
        scope="s",
        issued_at=NOW,
        details={"managers": [1]},
    )

    assert opened().cached(GRANT) == token


@pytest.mark.parametrize(
    "other",
    [
        ClientCredentials("me", "hunter2"),
        PasswordCredentials("you", "hunter2"),
        PasswordCredentials("me", "wrong"),
        ScopedLogin("me", "hunter2", "admin"),
    ],
    ids=["kind", "principal", "secret", "scope"],
)
def test_another_grant_gets_a_token_of_its_own(other, opened, held):
    held()

    assert opened().cached(other) is None
    assert opened().get(other).access_token == "new-token-1"
    assert opened().get(GRANT).access_token == "old"


@pytest.mark.parametrize(
    "identity",
    [["freewheel", "https://host"], ["flex", "https://elsewhere"], ["flex", "https://host", "/token"]],
    ids=" ".join,
)
def test_another_installation_gets_a_token_of_its_own(identity, opened, held, clock):
    held()
    platform = Platform(clock)
    platform.identity = identity

    assert opened(platform).cached(GRANT) is None


def test_details_of_a_request_do_not_make_another_token(opened, held):
    held(grant=ScopedLogin("me", "hunter2", wish="a"))

    assert opened().cached(ScopedLogin("me", "hunter2", wish="b")).access_token == "old"


@pytest.mark.parametrize(
    ("life", "min_ttl", "served"),
    [(60, 60, True), (59.5, 60, False), (60.5, 60, True), (0.5, 0, True), (None, 10**9, True)],
    ids=["just enough", "too short", "longer", "any life will do", "without end"],
)
def test_a_cached_token_is_served_while_it_lives_long_enough(life, min_ttl, served, opened, held):
    held(life=life)

    assert (opened(min_ttl=min_ttl).cached(GRANT) is not None) is served
    assert (opened(min_ttl=min_ttl).get(GRANT).access_token == "old") is served


def test_refreshing_comes_before_a_new_login(opened, held, clock):
    held(life=30, refresh_token="r1")
    platform = Platform(clock, refreshed=[Token("refreshed", expires_at=clock.now() + HOUR, refresh_token="r2")])
    tokens = opened(platform)

    assert tokens.get(GRANT).access_token == "refreshed"
    assert platform.calls == ["refresh r1"]
    assert tokens.changed is True
    assert opened().cached(GRANT).refresh_token == "r2"


def test_an_expired_token_is_refreshed_too(opened, held, clock):
    held(life=-10, refresh_token="r1")
    platform = Platform(clock)

    opened(platform).get(GRANT)

    assert platform.calls == ["refresh r1"]


def test_a_refresh_that_is_no_longer_possible_falls_back_to_a_login(opened, held, clock):
    held(life=30, refresh_token="r1")
    platform = Platform(clock, refreshed=[None])

    assert opened(platform).get(GRANT).access_token == "new-token-1"
    assert platform.calls == ["refresh r1", "obtain"]


@pytest.mark.parametrize(
    "details", [{}, {"refresh_token": "r1", "refresh_expires_at": NOW - 1}], ids=["none", "expired"]
)
def test_without_a_valid_refresh_token_there_is_a_login(details, opened, held, clock):
    held(life=30, **details)
    platform = Platform(clock)

    opened(platform).get(GRANT)

    assert platform.calls == ["obtain"]


def test_if_the_login_returns_the_old_expiring_token_it_is_revoked_and_repeated(opened, clock):
    platform = Platform(clock, revokes=True, obtained=[short("shared", clock)])

    assert opened(platform).get(GRANT).access_token == "new-token-1"
    assert platform.calls == ["obtain", "revoke shared", "obtain"]


@pytest.mark.parametrize(
    ("life", "enough"),
    [(60, True), (59.2, True), (59, False)],
    ids=["to the second", "after a while on the way", "a second short"],
)
def test_a_new_token_may_be_issued_for_just_min_ttl(life, enough, opened, clock):
    tokens = opened(Platform(clock, obtained=[Token("new", expires_at=clock.now() + life)]), min_ttl=60)

    if not enough:
        with pytest.raises(AccessError, match="is valid for only 59 s"):
            tokens.get(GRANT)
        return
    assert [tokens.get(GRANT).access_token, tokens.get(GRANT).access_token] == ["new", "new"]
    clock.time += 1
    assert opened(min_ttl=60).cached(GRANT) is None


@pytest.mark.parametrize("revokes", [False, True])
def test_a_new_token_that_expires_within_min_ttl_fails_and_stays_cached(revokes, opened, clock):
    platform = Platform(clock, revokes=revokes, obtained=[short("one", clock), short("two", clock)])

    with pytest.raises(
        AccessError,
        match=r"^even a new token is valid for only 30 s, which is less than min_ttl \(60 s\). Lower min_ttl$",
    ):
        opened(platform).get(GRANT)

    assert platform.calls == (["obtain", "revoke one", "obtain"] if revokes else ["obtain"])
    assert opened(min_ttl=30).cached(GRANT) == short("two" if revokes else "one", clock)


def test_a_failed_login_after_a_revocation_leaves_no_token(opened, held, clock):
    old = held(life=30)
    platform = Platform(clock, revokes=True, obtained=[old, AccessError("down")])

    with pytest.raises(AccessError, match=r"^down$"):
        opened(platform).get(GRANT)

    assert platform.calls == ["obtain", "revoke old", "obtain"]
    assert opened(min_ttl=0).cached(GRANT) is None


def test_a_login_that_fails_leaves_the_cached_token(opened, held, clock):
    held(life=30)

    with pytest.raises(AccessError):
        opened(Platform(clock, obtained=[AccessError("down")])).get(GRANT)

    assert opened(min_ttl=0).cached(GRANT).access_token == "old"


@pytest.mark.parametrize(
    "content", [{}, {"token": None}, {"token": {}}, {"token": {"access_token": "a", "unknown": 1}}], ids=json.dumps
)
def test_an_entry_of_another_version_is_a_miss(content, opened, store, clock):
    tokens = opened()
    store.write(store.name_of(["flex", "https://host", *GRANT.cache_key]), content, None)

    assert tokens.cached(GRANT) is None
    assert tokens.get(GRANT).access_token == "new-token-1"


@pytest.mark.parametrize(("revokes", "recipe"), [(True, REVOCATION), (False, None)])
def test_an_entry_has_its_principal_and_revocation(revokes, recipe, opened, store, clock):
    opened(Platform(clock, revokes=revokes)).get(GRANT)

    (entry,) = store.entries().values()
    assert (entry["provider"], entry["url"], entry["principal"], entry["revocation"]) == (
        "flex",
        "https://host",
        "me",
        recipe and json.loads(json.dumps(recipe.as_dict())),
    )


@pytest.mark.parametrize(
    ("expires_at", "refresh_expires_at", "expected"),
    [
        (NOW + 100, None, NOW + 100),
        (NOW + 100, NOW + 500, NOW + 500),
        (NOW + 900, NOW + 500, NOW + 900),
        (None, None, None),
    ],
)
def test_an_entry_expires_with_its_last_valid_token(
    expires_at, refresh_expires_at, expected, opened, store, clock, monkeypatch
):
    written = []
    monkeypatch.setattr(store.backend, "write", lambda name, data, expires_at: written.append(expires_at))

    opened(Platform(clock, obtained=[Token("a", expires_at=expires_at, refresh_expires_at=refresh_expires_at)])).get(
        GRANT
    )

    assert written == [expected]


@pytest.mark.parametrize(
    "use", [lambda tokens: tokens.get(GRANT), lambda tokens: tokens.cached(GRANT)], ids=["get", "cached"]
)
def test_tokens_are_known_as_secrets(use, opened, held):
    held("the-access-token", refresh_token="the-refresh-token")
    secrets = Secrets()

    use(opened(secrets=secrets))

    assert secrets.scrub("the-access-token the-refresh-token") == f"{MASK} {MASK}"


# --- replace -----------------------------------------------------------------------------------------------------------------


def test_a_rejected_token_is_replaced_by_a_new_login(opened, held, clock):
    old = held()
    platform = Platform(clock)
    tokens = opened(platform)

    assert tokens.replace(GRANT, old).access_token == "new-token-1"
    assert platform.calls == ["obtain"]
    assert tokens.changed is True
    assert opened().cached(GRANT).access_token == "new-token-1"


def test_a_rejected_token_that_can_be_refreshed_is(opened, held, clock):
    old = held(refresh_token="r1")
    platform = Platform(clock)

    opened(platform).replace(GRANT, old)

    assert platform.calls == ["refresh r1"]


def test_a_newer_token_from_another_process_is_used(opened, held, clock):
    held("newer")
    platform = Platform(clock)
    tokens = opened(platform)

    assert tokens.replace(GRANT, Token("old")).access_token == "newer"
    assert platform.calls == []
    assert tokens.changed is False


def test_a_newer_token_from_another_process_is_not_used_if_it_expires_too_soon(opened, held, clock):
    held("newer", life=30)

    assert opened(Platform(clock)).replace(GRANT, Token("old")).access_token == "new-token-1"


@pytest.mark.parametrize("revokes", [True, False])
def test_a_platform_that_insists_on_the_rejected_token(revokes, opened, held, clock):
    old = held()
    platform = Platform(clock, revokes=revokes, obtained=[old])

    token = opened(platform).replace(GRANT, old)

    assert platform.calls == (["obtain", "revoke old", "obtain"] if revokes else ["obtain"])
    assert token.access_token == ("new-token-1" if revokes else "old")


def test_a_rejected_token_is_removed_even_if_the_login_fails(opened, held, clock):
    old = held()

    with pytest.raises(AccessError, match=r"^down$"):
        opened(Platform(clock, obtained=[AccessError("down")])).replace(GRANT, old)

    assert opened().cached(GRANT) is None


# --- renew and drop ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("revokes", "old", "calls"),
    [
        (False, False, ["obtain"]),
        (False, True, ["obtain"]),
        (True, False, ["obtain"]),
        (True, True, ["revoke old", "obtain"]),
    ],
    ids=["first", "another", "first, revocable", "another, revocable"],
)
def test_force_new_always_issues_a_token(revokes, old, calls, opened, held, clock):
    if old:
        held()
    platform = Platform(clock, revokes=revokes)
    tokens = opened(platform)

    assert tokens.force_new(GRANT).access_token == "new-token-1"
    assert platform.calls == calls
    assert tokens.changed is True
    assert opened().cached(GRANT).access_token == "new-token-1"


@pytest.mark.parametrize(
    ("old", "answer"),
    [
        pytest.param(True, {"name": "old", "life": HOUR}, id="the cached one"),
        pytest.param(False, {"name": "elsewhere", "life": HOUR, "issued_at": NOW - 600}, id="one issued before"),
        pytest.param(False, {"name": "elsewhere", "life": 30}, id="one that ends soon"),
    ],
)
def test_force_new_does_not_accept_an_existing_token(old, answer, opened, held, clock):
    if old:
        held()
    platform = Platform(clock, revokes=True, obtained=[short(answer.pop("name"), clock, **answer)])

    assert opened(platform).force_new(GRANT).access_token == "new-token-1"
    assert platform.calls[-3:] == ["obtain", platform.calls[-2], "obtain"]
    assert platform.calls[-2].startswith("revoke ")


@pytest.mark.parametrize("revokes", [True, False])
def test_dropping_revokes_if_possible_and_forgets(revokes, opened, held, clock):
    held()
    platform = Platform(clock, revokes=revokes)
    tokens = opened(platform)

    assert [
        tokens.drop(GRANT, check_mode=True),
        tokens.drop(GRANT),
        tokens.drop(GRANT, check_mode=True),
        tokens.drop(GRANT),
    ] == [True, True, False, False]
    assert platform.calls == ["revoke old"]  # a platform that cannot revoke is asked too, and does nothing
    assert opened(min_ttl=0).cached(GRANT) is None


def test_dropping_includes_a_token_that_expires_soon(opened, held):
    held(life=5)

    assert opened(min_ttl=60).drop(GRANT) is True


def test_dropping_removes_the_refresh_token(opened, held, store):
    held(life=-10, refresh_token="still-good", refresh_expires_at=NOW + 9 * HOUR)

    assert [opened().drop(GRANT, check_mode=True), opened().drop(GRANT), opened().drop(GRANT)] == [True, True, False]
    assert store.entries() == {}


# --- several at once -----------------------------------------------------------------------------------------------------------

A, B, C = (PasswordCredentials(name, "secret") for name in "abc")


@pytest.fixture
def watched(store, monkeypatch):
    """The locks and reads of the store, in order."""
    seen, backend = [], store.backend
    lock, read, read_many = backend.lock, backend.read, backend.read_many
    monkeypatch.setattr(backend, "lock", lambda name, budget: seen.append(f"lock {name}") or lock(name, budget))
    monkeypatch.setattr(backend, "read", lambda name: seen.append(f"read {name}") or read(name))
    monkeypatch.setattr(backend, "read_many", lambda names: seen.append(" ".join(["read", *names])) or read_many(names))
    return seen


def name_in(store, grant):
    return store.name_of(["flex", "https://host", *grant.cache_key])


def test_several_tokens_are_asked_for_together_and_kept_each_on_its_own(opened, clock):
    platform = Platform(clock)
    tokens = opened(platform)

    assert tokens.get_many([A, B, A, C]) == {}
    assert platform.calls == ["obtain a b c"]
    assert tokens.changed is True
    assert [opened(platform).get(grant).access_token for grant in (C, B, A)] == [
        "new-token-3",
        "new-token-2",
        "new-token-1",
    ]
    assert platform.calls == ["obtain a b c"]


def test_those_that_are_cached_are_not_asked_for(opened, held, clock):
    held("old", grant=B)
    platform = Platform(clock)
    tokens = opened(platform)

    assert tokens.get_many([A, B, C]) == {}
    assert platform.calls == ["obtain a c"]
    assert [tokens.get(grant).access_token for grant in (A, B, C)] == ["new-token-1", "old", "new-token-2"]


@pytest.mark.parametrize("grants", [[], [A], [A, B]], ids=len)
def test_if_all_are_cached_nothing_is_requested_or_locked(grants, opened, held, watched, clock):
    for grant in grants:
        held(grant=grant)
    platform, before = Platform(clock), len(watched)
    tokens = opened(platform)

    assert tokens.get_many(grant for grant in grants) == {}
    assert (platform.calls, tokens.changed) == ([], False)
    assert [step for step in watched[before:] if step.startswith("lock")] == []


def test_one_lock_covers_all_missing_tokens(opened, held, watched, store):
    held(grant=B)
    names = {grant.principal: name_in(store, grant) for grant in (A, B, C)}
    watched.clear()

    opened().get_many([A, B, C])

    missing = [names["a"], names["c"]]
    assert watched == [" ".join(["read", *names.values()]), f"lock {min(missing)}", " ".join(["read", *missing])]


@pytest.mark.parametrize(("life", "calls"), [(59.5, ["obtain a"]), (60, [])], ids=["too short", "just enough"])
def test_several_tokens_are_valid_for_min_ttl(life, calls, opened, held, clock):
    held("old", life, grant=A)
    platform = Platform(clock)
    tokens = opened(platform)

    assert tokens.get_many([A]) == {}
    assert platform.calls == calls
    assert tokens.get(A).access_token == ("new-token-1" if calls else "old")


def test_the_failure_of_one_is_not_that_of_the_others(opened, clock):
    failure = AccessError("no such user", code=404)
    platform = Platform(clock, obtained=[Token("a", expires_at=clock.now() + HOUR), failure, short("c", clock)])
    tokens = opened(platform)

    failures = tokens.get_many([A, B, C])

    assert failures[B] is failure
    assert {grant.principal: error.message for grant, error in failures.items()} == {
        "b": "no such user",
        "c": "even a new token is valid for only 30 s, which is less than min_ttl (60 s). Lower min_ttl",
    }
    assert [opened(min_ttl=0).cached(grant) for grant in (A, B, C)] == [tokens.cached(A), None, short("c", clock)]
    assert tokens.get(A).access_token == "a"
    assert platform.calls == ["obtain a b c"]


def test_one_that_failed_is_asked_for_alone_when_it_is_needed(opened, clock):
    platform = Platform(clock, obtained=[AccessError("not now")])
    tokens = opened(platform)
    tokens.get_many([A])

    assert tokens.get(A).access_token == "new-token-1"
    assert platform.calls == ["obtain a", "obtain"]


def test_if_one_of_several_logins_returns_an_old_expiring_token_it_is_repeated(opened, clock):
    platform = Platform(
        clock, revokes=True, obtained=[Token("a", expires_at=clock.now() + HOUR), short("shared", clock)]
    )
    tokens = opened(platform)

    assert tokens.get_many([A, B]) == {}
    assert platform.calls == ["obtain a b", "revoke shared", "obtain"]
    assert tokens.get(B).access_token == "new-token-1"


def test_when_all_fail_the_failure_is_raised_and_the_lock_is_free(opened, clock, monkeypatch):
    platform = Platform(clock)
    tokens = opened(platform)

    def down(grants):
        raise AccessError("down")

    with monkeypatch.context() as broken:
        broken.setattr(platform, "obtain_many", down)
        with pytest.raises(AccessError, match=r"^down$"):
            tokens.get_many([A, B])

    assert tokens.get_many([A, B]) == {}
    assert platform.calls == ["obtain a b"]


def test_a_preloaded_token_is_not_read_again(opened, held, watched):
    held("old", grant=A)
    tokens = opened()
    tokens.get_many([A, B])
    watched.clear()

    assert [tokens.get(grant).access_token for grant in (A, B)] == ["old", "new-token-1"]
    assert tokens.cached(A).access_token == "old"
    assert watched == []


def test_only_tokens_of_the_last_call_are_preloaded(opened, watched, store):
    tokens = opened()
    tokens.get_many([A])
    tokens.get_many([B])
    watched.clear()

    assert [tokens.get(grant).access_token for grant in (A, B)] == ["new-token-1", "new-token-2"]
    assert watched == [f"read {name_in(store, A)}"]


def test_a_preloaded_token_that_expires_too_soon_is_replaced(opened, clock):
    platform = Platform(clock)
    tokens = opened(platform)
    tokens.get_many([A])
    clock.time += HOUR - 30

    assert tokens.cached(A) is None
    assert tokens.cached(A, min_ttl=20).access_token == "new-token-1"
    assert tokens.get(A).access_token == "new-token-2"
    assert platform.calls == ["obtain a", "obtain"]


def test_a_rejected_preloaded_token_is_replaced(opened, clock):
    platform = Platform(clock)
    tokens = opened(platform)
    tokens.get_many([A, B])

    assert tokens.replace(A, tokens.get(A)).access_token == "new-token-3"
    assert [tokens.get(grant).access_token for grant in (A, B)] == ["new-token-3", "new-token-2"]


def test_a_rejected_preloaded_token_is_replaced_by_a_newer_one_from_another_process(opened, clock):
    platform = Platform(clock)
    tokens = opened(platform)
    tokens.get_many([A])
    newer = opened(Platform(clock, obtained=[Token("newer", expires_at=clock.now() + HOUR)])).force_new(A)

    assert tokens.get(A).access_token == "new-token-1"
    assert tokens.replace(A, tokens.get(A)) == tokens.get(A) == newer
    assert platform.calls == ["obtain a"]


def test_force_new_replaces_a_preloaded_token(opened, clock):
    platform = Platform(clock)
    tokens = opened(platform)
    tokens.get_many([A, B])

    assert tokens.force_new(A).access_token == "new-token-3"
    assert [tokens.get(grant).access_token for grant in (A, B)] == ["new-token-3", "new-token-2"]


def test_a_preloaded_token_is_dropped(opened, clock):
    platform = Platform(clock, revokes=True)
    tokens = opened(platform)
    tokens.get_many([A, B])

    assert [tokens.drop(A, check_mode=True), tokens.drop(A), tokens.drop(A), tokens.drop(A, check_mode=True)] == [
        True,
        True,
        False,
        False,
    ]
    assert (tokens.cached(A), tokens.get(B).access_token) == (None, "new-token-2")
    assert platform.calls == ["obtain a b", "revoke new-token-1"]


def test_several_tokens_are_known_as_secrets(opened, held):
    held("cached-token", grant=A, refresh_token="refresh-token")
    secrets = Secrets()

    opened(secrets=secrets).get_many([A, B])

    assert secrets.scrub("cached-token refresh-token new-token-1") == f"{MASK} {MASK} {MASK}"


# --- a supplied token ----------------------------------------------------------------------------------------------------------


def jwt(claims):
    return ".".join(
        base64.urlsafe_b64encode(part).rstrip(b"=").decode()
        for part in (b"{}", json.dumps(claims).encode(), b"signature")
    )


def test_a_supplied_token_is_used_as_it_is_and_never_kept(opened, store, clock):
    platform, secrets = Platform(clock), Secrets()
    tokens = opened(platform, secrets=secrets)
    given = jwt({"exp": NOW + 60})

    assert tokens.get(SuppliedToken(given)) == Token(given, expires_at=NOW + 60)
    assert tokens.get(SuppliedToken("opaque")) == Token("opaque")
    assert (platform.calls, store.entries(), tokens.changed, secrets.scrub("opaque")) == ([], {}, False, MASK)


def test_a_supplied_token_that_is_about_to_expire_is_not_used(opened):
    tokens, given = opened(), SuppliedToken(jwt({"exp": NOW + 59}))

    assert tokens.cached(given) is None
    with pytest.raises(
        AccessError, match=r"was rejected: it expires within min_ttl \(60 s\). Supply a newer token, or credentials"
    ):
        tokens.get(given)


@pytest.mark.parametrize(("name", "rejected"), [("force_new", ()), ("replace", (Token("opaque"),))])
def test_a_supplied_token_cannot_be_replaced(name, rejected, opened):
    with pytest.raises(
        AccessError, match=r"^the supplied access_token was rejected: .*Supply a newer token, or credentials"
    ) as caught:
        getattr(opened(), name)(SuppliedToken("opaque"), *rejected)

    assert caught.value.status == 401
    assert "opaque" not in caught.value.message


@pytest.mark.parametrize(
    ("revokes", "accepted", "changed"),
    [(True, True, True), (True, False, False), (False, True, False)],
    ids=["revocable", "revoked already", "not revocable"],
)
def test_dropping_a_supplied_token_is_a_change_if_it_can_still_be_revoked(revokes, accepted, changed, opened, clock):
    platform = Platform(clock, revokes=revokes, accepts=accepted)
    tokens = opened(platform)

    assert tokens.drop(SuppliedToken("given"), check_mode=True) is changed
    assert platform.calls == []
    assert tokens.drop(SuppliedToken("given")) is changed
    assert platform.calls == (["revoke given"] if changed else [])


# --- single flight -------------------------------------------------------------------------------------------------------------


def race(count, work):
    """The results of ``count`` threads that start ``work`` simultaneously."""
    barrier, results = threading.Barrier(count), []

    def run():
        barrier.wait(30)
        results.append(work())

    threads = [threading.Thread(target=run) for _number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(results) == count
    return results


class Queue(Clock):
    """The real clock, which counts waiting threads: in these tests, threads sleep only while they wait for a lock."""

    def __init__(self):
        self._waiting = set()
        self._change = threading.Condition()

    def sleep(self, seconds):
        with self._change:
            self._waiting.add(threading.get_ident())
            self._change.notify_all()
        Clock.sleep(seconds)

    def wait_for(self, count):
        with self._change:
            assert self._change.wait_for(lambda: len(self._waiting) == count, 20)


@pytest.fixture
def shared(tmp_path):
    """Tokens of a platform in a shared directory, each with its own store."""

    def tokens(platform, clock):
        store = TokenStore(lambda: DirectoryBackend(str(tmp_path), clock), "k" * 32)
        return Tokens(platform, store, WaitBudget(60, clock), clock, Secrets(), 60)

    return tokens


@pytest.mark.parametrize("action", ["get", "replace"])
def test_threads_that_need_the_same_token_log_in_once(action, shared):
    clock = Queue()
    platform = Platform(clock)
    old = shared(platform, clock).get(GRANT) if action == "replace" else None
    obtain = platform.obtain
    platform.obtain = lambda grant: (clock.wait_for(7), obtain(grant))[1]  # the login lasts until the others have come

    def work():
        tokens = shared(platform, clock)
        return tokens.replace(GRANT, old) if old else tokens.get(GRANT)

    assert [token.access_token for token in race(8, work)] == ["new-token-2" if old else "new-token-1"] * 8
    assert platform.calls == ["obtain"] * (2 if old else 1)


def test_threads_that_need_the_same_tokens_together_ask_once(shared):
    clock = Queue()
    platform = Platform(clock)
    obtain_many = platform.obtain_many
    platform.obtain_many = lambda grants: (clock.wait_for(3), obtain_many(grants))[
        1
    ]  # the logins last until the others have come

    def work():
        tokens = shared(platform, clock)
        return tokens.get_many([A, B]), tokens.get(A).access_token, tokens.get(B).access_token, tokens.changed

    assert sorted(race(4, work), key=str) == [
        ({}, "new-token-1", "new-token-2", changed) for changed in (False, False, False, True)
    ]
    assert platform.calls == ["obtain a b"]


def test_threads_that_drop_the_same_token_revoke_it_once(shared):
    clock = Queue()
    platform = Platform(clock, revokes=True)
    shared(platform, clock).get(GRANT)
    revoke = platform.revoke
    platform.revoke = lambda token: (clock.wait_for(3), revoke(token))  # revoking lasts until the others have come

    assert sorted(race(4, lambda: shared(platform, clock).drop(GRANT))) == [False, False, False, True]
    assert platform.calls == ["obtain", "revoke new-token-1"]


LOGIN = """
import glob
import os
import time
from ansible_collections.mediaops.access.plugins.module_utils._clock import Clock
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.budget import WaitBudget
from ansible_collections.mediaops.access.plugins.module_utils._masking.secrets import Secrets
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.rate import Rate
from ansible_collections.mediaops.access.plugins.module_utils._store.directory import DirectoryBackend
from ansible_collections.mediaops.access.plugins.module_utils._store.encrypted import TokenStore
from ansible_collections.mediaops.access.plugins.module_utils._oauth2.cache_entry import Revocation
from ansible_collections.mediaops.access.plugins.module_utils._oauth2.grants import ClientCredentials, PasswordCredentials, SuppliedToken
from ansible_collections.mediaops.access.plugins.module_utils._oauth2.token import Token
from ansible_collections.mediaops.access.plugins.module_utils._oauth2.tokens import Tokens

class Queue(Clock):
    def sleep(self, seconds):  # only for a lock does anybody sleep here
        open(f"{args[1]}-waiting-{os.getpid()}", "w").close()
        time.sleep(seconds)

class Platform:
    revokes = False
    shares_logins = False
    identity = ["flex", "https://host"]
    def revocation(self, token):
        return None
    def obtain_many(self, grants):
        return {grant: self.obtain(grant) for grant in grants}
    def obtain(self, grant):
        with open(args[1], "a") as log:
            log.write(f"{grant.principal} {os.getpid()}\\n")
        while len(glob.glob(f"{args[1]}-waiting-*")) < 3:  # the first login lasts until the others have come
            time.sleep(0.005)
        return Token(f"{grant.principal}-{os.getpid()}", expires_at=Clock.now() + 3600)

store = TokenStore(lambda: DirectoryBackend(args[0], Clock()), None)
tokens = Tokens(Platform(), store, WaitBudget(20, Queue()), Clock(), Secrets(), 60)
print("ready", flush=True)
input()
grants = [PasswordCredentials(f"user{number}", "secret") for number in range(5)]
if args[2] == "together":
    assert tokens.get_many(grants) == {}
for grant in grants:
    print(tokens.get(grant).access_token)
"""


@pytest.mark.parametrize("how", ["one by one", "together"])
def test_processes_that_need_the_same_tokens_log_in_once_for_each(how, tmp_path, together):
    log = tmp_path / "log"

    first, *others = together(4, LOGIN, tmp_path / "cache", log, how)

    assert others == [first] * 3
    assert sorted(line.split()[0] for line in log.read_text().splitlines()) == sorted(
        f"user{number}" for number in range(5)
    )


# --- results -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        pytest.param(Token("a"), {"token_type": "Bearer", "expires_at": None, "expires_in": None}, id="without end"),
        pytest.param(
            Token("a", "MAC", NOW + 90.9),
            {"token_type": "MAC", "expires_at": "2027-01-15T08:01:30Z", "expires_in": 90},
            id="with an end",
        ),
        pytest.param(
            Token("a", "MAC", NOW - 5),
            {"token_type": "MAC", "expires_at": "2027-01-15T07:59:55Z", "expires_in": 0},
            id="expired",
        ),
        pytest.param(
            Token(
                "a",
                "MAC",
                NOW,
                refresh_token="r",
                refresh_expires_at=NOW + 60,
                scope="s",
                issued_at=NOW,
                details={"video_managers": None},
            ),
            {
                **{
                    "token_type": "MAC",
                    "expires_at": "2027-01-15T08:00:00Z",
                    "expires_in": 0,
                    "scope": "s",
                    "video_managers": None,
                },
                **{"refresh_token": "r", "refresh_expires_at": "2027-01-15T08:01:00Z"},
            },
            id="with all there is",
        ),
    ],
)
@pytest.mark.parametrize("cached", [True, False])
def test_the_result_of_a_token(token, expected, cached):
    assert token.as_result(NOW, cached) == {"access_token": "a", "cached": cached, **expected}


@given(st.floats() | st.floats(-1e12, 1e12) | st.none())
def test_a_token_with_any_lifetime_has_a_result(expires_at):
    result = Token("a", expires_at=expires_at).as_result(NOW, False)

    assert json.loads(json.dumps(result, allow_nan=False)) == result


@pytest.mark.parametrize(
    ("instant", "text"), [(None, None), (0, "1970-01-01T00:00:00Z"), (NOW + 0.999, "2027-01-15T08:00:00Z")]
)
def test_an_instant_is_formatted(instant, text):
    assert iso(instant) == text


# --- JWT -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "claims", [{}, {"sub": "me", "exp": 1}, {"name": "ä/?~", "deep": {"a": [None]}}], ids=json.dumps
)
@pytest.mark.parametrize("form", ["{}", "{}.x.y"], ids=["signed", "encrypted"])
def test_the_claims_of_a_jwt_are_read(claims, form):
    assert jwt_claims(form.format(jwt(claims))) == claims


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("a." + base64.urlsafe_b64encode(b"[" * 99_999).decode() + ".c", id="endlessly nested"),
        *"opaque a.b a.b.c .. a.!.c ä.ä.ä a.W10.c a.bnVsbA.c e30.e30 e30.e30.e30.e30 e30.e30.e30.e30.e30.e30 a._w.c a.e.c".split(),
        "",
    ],
)
def test_an_invalid_jwt_is_a_value_error_that_does_not_quote_it(token):
    with pytest.raises(ValueError, match=r"^not a valid JWT: ") as caught:
        jwt_claims(token)

    assert len(token) < 4 or token not in str(caught.value)


garbage = st.text() | st.lists(
    st.binary().map(lambda data: base64.urlsafe_b64encode(data).decode()), min_size=3, max_size=3
).map(".".join)


@given(garbage)
def test_random_text_has_claims_or_is_not_a_jwt(token):
    try:
        claims = jwt_claims(token)
    except ValueError as error:
        assert str(error).startswith("not a valid JWT: ")
    else:
        assert isinstance(claims, dict)


@pytest.mark.parametrize(
    ("claims", "expiry"),
    [
        *[
            ({"exp": 5}, 5.0),
            ({"exp": 5.5}, 5.5),
            ({}, None),
            ({"exp": "5"}, None),
            ({"exp": None}, None),
            ({"exp": True}, None),
            ({"exp": [5]}, None),
        ],
        *[({"exp": 10**400}, None), ({"exp": float("inf")}, None), ({"exp": float("nan")}, None)],
    ],
    ids=lambda value: str(value)[:20],
)
def test_the_expiry_of_a_jwt_is_a_number_or_unknown(claims, expiry):
    assert jwt_expiry(jwt(claims)) == expiry


@pytest.mark.parametrize("token", ["opaque", "", "a.b.c"])
def test_the_expiry_of_an_opaque_token_is_unknown(token):
    assert jwt_expiry(token) is None


# --- grants that can be used only once -----------------------------------------------------------------------------------

ONCE = [AuthorizationCode("client", "", "code", ""), RefreshToken("given")]


@pytest.fixture(params=ONCE, ids=["code", "refresh token"])
def once(request, held):
    """A grant that was used, and whose token can be refreshed."""
    held(grant=request.param, refresh_token="r1")
    return request.param


def rotated(name, clock, refresh_token):
    return Token(name, expires_at=clock.now() + HOUR, refresh_token=refresh_token)


def test_a_forced_token_of_a_used_grant_comes_from_the_refresh_token(once, opened, clock):
    platform = Platform(clock, refreshed=[rotated("new", clock, "r2")])

    assert opened(platform).force_new(once).access_token == "new"
    assert platform.calls == ["refresh r1"]


def test_a_rejected_token_of_a_used_grant_keeps_its_refresh_token_until_there_is_a_new_one(once, opened, clock):
    failing = Platform(clock, refreshed=[AccessError("no answer")])
    with pytest.raises(AccessError, match="no answer"):
        opened(failing).replace(once, Token("old"))
    platform = Platform(clock, refreshed=[rotated("new", clock, "r2")])

    assert opened(platform).get(once).access_token == "new"
    assert (failing.calls, platform.calls) == (["refresh r1"], ["refresh r1"])


def test_a_refresh_token_of_unknown_lifetime_outlives_its_access_token(held, opened, clock, monkeypatch, store):
    kept = []
    write = store.write
    monkeypatch.setattr(store, "write", lambda name, entry, until: (kept.append(until), write(name, entry, until)))
    held(refresh_token="r1")
    held(grant=PasswordCredentials("you", "x"), refresh_token="r1", refresh_expires_at=NOW + 9 * HOUR)
    held(grant=PasswordCredentials("him", "x"))

    assert kept == [None, NOW + 9 * HOUR, NOW + HOUR]


def test_threads_that_need_a_token_use_a_refresh_token_once(shared):
    clock = Queue()
    platform = Platform(clock, obtained=[Token("old", expires_at=clock.now() - 1, refresh_token="r1")])
    with pytest.raises(AccessError, match="min_ttl"):
        shared(platform, clock).get(ONCE[1])
    platform.refresh = lambda grant, token: (
        clock.wait_for(7),  # the refresh lasts until the others have come
        platform.calls.append(f"refresh {token.refresh_token}"),
        rotated("new", clock, "r2"),
    )[2]

    assert [token.access_token for token in race(8, lambda: shared(platform, clock).get(ONCE[1]))] == ["new"] * 8
    assert platform.calls == ["obtain", "refresh r1"]


def test_threads_that_need_tokens_for_different_scopes_use_each_refresh_token_once(shared):
    clock = Queue()
    platform = Platform(clock)
    numbers = itertools.count(1)
    platform.obtain = lambda grant: (
        clock.wait_for(7),  # the first request lasts until the others have come
        platform.calls.append("obtain"),
        rotated("new-0", clock, "r0"),
    )[2]
    platform.refresh = lambda grant, token: (
        platform.calls.append(f"refresh {token.refresh_token}"),
        rotated(f"new-{len(platform.calls)}", clock, f"r{len(platform.calls) - 1}"),
    )[1]

    def get():
        scope = ("scope", f"scope-{next(numbers)}")
        return shared(platform, clock).get(ClientGrant(ONCE[1], Client("client"), (scope,))).access_token

    assert len(set(race(8, get))) == 8
    assert platform.calls == ["obtain", *(f"refresh r{number}" for number in range(7))]


def test_dropping_revokes_a_token_that_has_expired_and_could_still_be_refreshed(held, opened, clock):
    held(life=-1, refresh_token="r1")
    platform = Platform(clock, revokes=True)

    assert opened(platform).drop(GRANT) is True
    assert platform.calls == ["revoke old"]


# --- statistics --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def served(store, clock):
    """Uses tokens in a task, and returns how many of them it counts as cached."""

    def count(use):
        budget = WaitBudget(300, clock)
        use(Tokens(Platform(clock), store, budget, clock, Secrets(), 60))
        return len(budget.counts.cached_tokens)

    return count


def test_a_task_counts_a_cached_token_once(served, held):
    held()

    assert served(lambda tokens: [tokens.get(GRANT) for _request in range(3)]) == 1


@pytest.mark.parametrize(
    "use",
    [
        lambda tokens: [tokens.get(GRANT) for _request in range(3)],
        lambda tokens: tokens.get(SuppliedToken("given")),
        lambda tokens: tokens.cached(GRANT),
    ],
    ids=["a new one", "a supplied one", "one that is only looked for"],
)
def test_other_tokens_do_not_count_as_cached(use, served):
    assert served(use) == 0


def test_cached_tokens_of_several_grants_count_each(served, held):
    others = [ClientCredentials(name, "hunter2") for name in ("a", "b", "c")]
    for grant in others[:2]:
        held(grant=grant)

    assert served(lambda tokens: [tokens.get_many(others), *map(tokens.get, others)]) == 2


def test_a_token_that_another_process_has_obtained_meanwhile_counts_as_cached(served, held):
    held("newer")

    assert served(lambda tokens: tokens.replace(GRANT, Token("rejected"))) == 1
