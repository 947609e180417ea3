# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading many AudiencePlayer users: how long it takes on a clock that passes only for rate limits, and that the outcome does not depend on
the credentials with which they are read.
"""

from __future__ import annotations

import os
import pathlib
import re
import typing as t

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scenarios import CONNECTIONS, Options, Result
from test_faults import Bench, bench

from ansible_collections.mediaops.access.plugins.module_utils._modules.definition import PLANS
from ansible_collections.mediaops.access.plugins.module_utils._providers.audienceplayer import introspection
from ansible_collections.mediaops.access.plugins.modules import audienceplayer_entitlement, audienceplayer_prune_info

__all__ = ["bench"]
MINUTE = 60
SETTINGS = settings(
    derandomize=True,
    deadline=None,
    max_examples=150 if os.environ.get("STRICT") else 25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
HOLDINGS = "audienceplayer.client_user_holdings"


@pytest.fixture
def platform(bench: Bench, clocked: t.Callable[[t.Any], None]) -> t.Iterator[Bench]:
    clocked(bench.world.clock)
    introspection._process_memory.clear()
    yield bench
    bench.world.reset({})


def run(bench: Bench, module: t.Any, home: str, *, check_mode: bool = False, **options: t.Any) -> Result:
    connection = {
        name: value.replace("{url}", bench.world.url) if isinstance(value, str) else value
        for name, value in CONNECTIONS["audienceplayer"].items()
    }
    result: Result = module.MODULE.run(
        {**connection, "token_cache": home, "concurrency": 1, **options},
        name=f"mediaops.access.{module.__name__.rpartition('.')[2]}",
        ansible_home=home,
        check_mode=check_mode,
    )
    return result


def operations(bench: Bench) -> list[str]:
    """The kind of each request."""
    return [entry.operations[0] for entry in bench.world.journal()]


# --- time ----------------------------------------------------------------------------------------------------------------


def duration(bench: Bench, count: int, addresses: int = 0, switches: t.Any = None) -> tuple[float, Result]:
    """The minutes that the limits of 120 requests and 20 logins a minute impose on a run for users who are not known
    yet, every second of whom lacks the product.
    """
    users: list[Options] = [
        {"id": 10_000 + number, "email": f"u{number}@example.com", "products": [{"product_id": 444}] * (number % 2)}
        for number in range(count)
    ]
    world = bench.world
    world.reset({"audienceplayer": {"users": users}})
    world.sandbox.switches.set(switches or {})
    items = [
        {
            "user_id": user["id"],
            "product_id": 444,
            **({"forwarded_for": f"10.0.{number % addresses // 250}.{number % addresses % 250}"} if addresses else {}),
        }
        for number, user in enumerate(users)
    ]
    result = run(bench, audienceplayer_entitlement, bench.fresh_home(), entitlements=items)
    assert result["summary"] == {"total": count, "changed": -(-count // 2), "unchanged": count // 2, "failed": 0}
    assert world.sandbox.summarize_journal()["audienceplayer"]["rejected_429"] == 0
    return sum(world.clock.slept) / MINUTE, result


def documented() -> list[tuple[str, int, int, float]]:
    """The rows of the table in the documentation: the credentials, the number of addresses, the requests, the minutes."""
    page = (pathlib.Path(__file__).parents[2] / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| the (user|client)\S+ \w+ \| ([\d,]+) \| ([\d,]+) \| ([\d.]+) \|$", page, re.MULTILINE)
    return [(who, *(int(number.replace(",", "")) for number in numbers), float(last)) for who, *numbers, last in rows]


#: The others take longer than a minute each.
QUICK = [("client", 1)]


def test_the_documentation_has_a_row_for_each_way() -> None:
    assert [row[:2] for row in documented()] == [(who, count) for who in ("user", "client") for count in (1, 10, 1000)]


@pytest.mark.parametrize(
    ("who", "addresses", "requests", "minutes"),
    [row for row in documented() if os.environ.get("STRICT") or row[:2] in QUICK],
)
def test_ten_thousand_unknown_users_take_as_long_as_is_documented(
    platform: Bench, who: str, addresses: int, requests: int, minutes: float
) -> None:
    switches = {HOLDINGS: "lists"} if who == "client" else {}
    waited, _result = duration(platform, 10_000, addresses=addresses, switches=switches)

    assert len(operations(platform)) == requests and round(waited, 1) == minutes
    assert who == "user" or waited < 10


def test_ten_thousand_users_are_read_in_five_hundred_requests_if_the_schema_allows(platform: Bench) -> None:
    """A tenth of them, in a tenth of the requests."""
    duration(platform, 1_000, switches={HOLDINGS: "lists"})

    asked = operations(platform)
    assert asked.count("__schema") == 1 and asked.count("ClientUser") == 50
    assert asked.count("ClientUserProductEntitlementManage") == 25 and len(asked) == 76


def test_without_it_they_take_as_long_as_their_logins_and_reads(platform: Bench) -> None:
    """A tenth of them, which takes a tenth of the time."""
    minutes, _result = duration(platform, 1_000)

    asked = operations(platform)
    assert asked.count("ClientUserAuthenticate") == 50 and asked.count("UserProductList") == 1_000
    assert 8 < minutes < 9.5


@pytest.mark.parametrize("switches", [{}, {HOLDINGS: "pages"}], ids=["user", "client"])
def test_each_address_has_limits_of_its_own(platform: Bench, switches: dict[str, str]) -> None:
    alone, _result = duration(platform, 1_000, switches=switches)
    divided, _result = duration(platform, 1_000, addresses=4, switches=switches)

    assert divided < alone / 4 + 1


@pytest.mark.parametrize("switches", [{}, {HOLDINGS: "pages"}], ids=["user", "client"])
def test_a_thousand_addresses_do_not_wait(platform: Bench, switches: dict[str, str]) -> None:
    minutes, _result = duration(platform, 2_000, addresses=1_000, switches=switches)

    assert minutes == 0


def test_every_request_is_made_for_one_address_and_nobody_elses(platform: Bench) -> None:
    world, seen = platform.world, []
    admit = world.sandbox.limiter.admit

    def record(requests: t.Any) -> t.Any:
        seen.append(requests[0].key)
        return admit(requests)

    world.sandbox.limiter.admit = record  # type: ignore[method-assign]
    try:
        duration(platform, 100, addresses=7)
    finally:
        world.sandbox.limiter.admit = admit  # type: ignore[method-assign]
    addresses = {"".join(key).rpartition("\n")[2] for key in seen}

    # The schema is asked for without one: no user is concerned.
    assert addresses == {"", *(f"10.0.0.{number}" for number in range(7))}


# --- what is found out -----------------------------------------------------------------------------------------------------


ITEMS = [{"user_id": user, "product_id": 444} for user in (1001, 1002)]


def test_it_is_asked_once_a_day(platform: Bench) -> None:
    home, world = platform.fresh_home(), platform.world
    world.reset({})
    world.sandbox.switches.set({HOLDINGS: "lists"})
    for _run in range(3):
        assert not run(platform, audienceplayer_entitlement, home, entitlements=ITEMS).get("failed")
    run(platform, audienceplayer_prune_info, home, users=["alice@example.com"], prune_limit=100)
    assert operations(platform).count("__schema") == 1
    assert "ClientUserAuthenticate" not in operations(platform)

    world.clock.sleep(86_400)
    run(platform, audienceplayer_entitlement, home, entitlements=ITEMS)
    assert operations(platform).count("__schema") == 2


def test_without_a_cache_it_is_asked_once_a_process(platform: Bench) -> None:
    platform.world.reset({})
    for _run in range(3):
        run(platform, audienceplayer_entitlement, "none", entitlements=ITEMS)

    assert operations(platform).count("__schema") == 1


@pytest.mark.parametrize(
    ("switches", "asked"),
    [
        ({HOLDINGS: "absent"}, 1),
        ({HOLDINGS: "lists", "audienceplayer.introspection": "no"}, 1),
        ({HOLDINGS: "pages", "audienceplayer.list_pagination": "no"}, 1),
    ],
)
def test_if_it_is_not_possible_users_are_logged_in_and_client_is_an_error(
    platform: Bench, switches: dict[str, str], asked: int
) -> None:
    home = platform.fresh_home()
    platform.world.reset({})
    platform.world.sandbox.switches.set(switches)
    result = run(platform, audienceplayer_entitlement, home, entitlements=ITEMS, read_with="client")
    assert result["failed"] and "read_with: the platform does not allow" in result["msg"]
    assert "auto or user" in result["msg"]

    platform.world.sandbox.clear_journal()
    assert not run(platform, audienceplayer_entitlement, home, entitlements=ITEMS).get("failed")
    assert operations(platform)[:2] == ["ClientUserAuthenticate", "UserProductList"]


def test_a_schema_that_only_tokens_may_see_is_asked_for_with_the_clients(platform: Bench) -> None:
    platform.world.reset({})
    platform.world.sandbox.switches.set({HOLDINGS: "pages", "audienceplayer.introspection": "token"})
    run(platform, audienceplayer_entitlement, platform.fresh_home(), entitlements=ITEMS)

    assert operations(platform)[:4] == ["__schema", "ClientAuthenticate", "__schema", "ClientUser"]


def test_a_schema_that_has_changed_since_is_noticed(platform: Bench) -> None:
    home = platform.fresh_home()
    platform.world.reset({})
    platform.world.sandbox.switches.set({HOLDINGS: "lists"})
    run(platform, audienceplayer_entitlement, home, entitlements=ITEMS)
    platform.world.sandbox.switches.set({HOLDINGS: "absent"})
    for _run in range(2):
        assert not run(platform, audienceplayer_entitlement, home, entitlements=ITEMS).get("failed")

    assert operations(platform).count("__schema") == 2
    assert operations(platform)[-2:] == ["UserProductList"] * 2


# --- the same outcome ------------------------------------------------------------------------------------------------------


NEXT_YEAR, LAST_YEAR = "2028-01-15T08:00:00Z", "2026-01-15T08:00:00Z"
DATES = st.sampled_from([NEXT_YEAR, LAST_YEAR])
PRODUCTS = st.lists(
    st.fixed_dictionaries(
        {
            "product_id": st.sampled_from([444, 445]),
            "is_fulfilled": st.booleans(),
            "fulfilment_expires_at": st.none() | DATES,
        }
    ),
    max_size=2,
    unique_by=lambda item: item["product_id"],
)
SUBSCRIPTIONS = st.lists(
    st.fixed_dictionaries(
        {
            "subscription_id": st.sampled_from([555, 556]),
            "expires_at": DATES,
            "suspended_at": st.none() | st.just("2027-01-02T00:00:00Z"),
        }
    ),
    max_size=2,
    unique_by=lambda item: item["subscription_id"],
)
USERS = st.lists(st.tuples(PRODUCTS, SUBSCRIPTIONS), max_size=5)
ITEM = st.one_of(
    st.fixed_dictionaries({"product_id": st.sampled_from([444, 445]), "state": st.sampled_from(["present", "absent"])}),
    st.fixed_dictionaries({"subscription_id": st.sampled_from([555, 556]), "state": st.just("absent")}),
    st.fixed_dictionaries({"subscription_id": st.sampled_from([555, 556]), "expires_at": st.just(NEXT_YEAR)}),
)
#: The user's number (some do not exist), whether by address and how it is spelt, and the address that it is for.
NAMED = st.tuples(
    st.integers(0, 6), st.sampled_from(["id", "email", "EMAIL"]), st.booleans(), st.sampled_from([None, "10.0.0.1"])
)
SWITCHES = st.fixed_dictionaries(
    {
        f"audienceplayer.{name}": st.sampled_from(values.split())
        for name, values in {
            "error_status": "200 http",
            "error_code_place": "code extensions both",
            "error_path": "yes no",
            "error_data": "partial null absent",
            "ids": "int string",
            "date_format": "z offset space",
            "ended_subscriptions": "absent present",
            "revoked_products": "absent present",
            "expired_products": "unfulfilled fulfilled",
            "suspended_valid": "yes no",
            "page_size": "1 25",
            "max_limit": "1 100",
            "missing_user": "error null",
            "email_case": "ignored significant",
            "arguments": "required optional scalars",
            "client_user_holdings": "lists pages absent",
            "introspection": "yes no token",
        }.items()
    }
)


def outcome(bench: Bench, users: t.Any, switches: dict[str, str], **options: t.Any) -> tuple[Result, t.Any]:
    """The result of a run, without what must differ, and the state after it."""
    state: list[Options] = [{"id": 2, "email": "integration@example.com"}]
    for number, (products, subscriptions) in enumerate(users):
        user = {"id": 100 + number, "email": f"u{number}@example.com", "products": products}
        state.append({**user, "subscriptions": subscriptions})
    bench.world.reset({"audienceplayer": {"users": state}})
    bench.world.sandbox.switches.set(switches)
    limits = {"rate_limit": "none", "auth_rate_limit": "none", "batch_size": 3}
    result = run(bench, audienceplayer_entitlement, bench.fresh_home(), **limits, **options)
    for item in (result, *result.get("entitlements", [])):
        item.pop("status", None)  # that of the document, which other fields have, too
        item.pop("invocation", None)
    return result, bench.world.state("audienceplayer")["users"]


def item_of(number: int, spelling: str, register: bool, address: str | None, wanted: Options) -> Options:
    """An entitlement of a user, who is named by id or by address."""
    email = f"u{number}@example.com"
    who: Options = {"user_id": 100 + number} if spelling == "id" else {"user_email": email}
    if spelling == "EMAIL":
        who = {"user_email": email.upper()}
    more = {"auto_register": True} if register and spelling != "id" else {}
    return {**who, **more, **wanted, **({"forwarded_for": address} if address else {})}


def reads_with_client(switches: dict[str, str]) -> bool:
    """Whether the schema allows it, and may be seen."""
    return switches[HOLDINGS] != "absent" and switches["audienceplayer.introspection"] != "no"


@SETTINGS
@given(users=USERS, wanted=st.lists(st.tuples(NAMED, ITEM), min_size=2, max_size=8), switches=SWITCHES)
def test_the_outcome_does_not_depend_on_the_credentials(
    platform: Bench, users: t.Any, wanted: t.Any, switches: dict[str, str]
) -> None:
    items = [item_of(*named, item) for named, item in wanted]
    by_user = outcome(platform, users, switches, entitlements=items, read_with="user")
    found_out = outcome(platform, users, switches, entitlements=items)

    assert found_out == by_user
    if reads_with_client(switches):
        assert outcome(platform, users, switches, entitlements=items, read_with="client") == by_user
        assert "ClientUserAuthenticate" not in operations(platform)


@SETTINGS
@given(
    users=USERS,
    wanted=st.lists(st.tuples(st.integers(0, 6), ITEM), min_size=2, max_size=8),
    registered=st.sets(st.integers(0, 6)),
    switches=SWITCHES,
)
def test_a_check_predicts_the_run_with_either_credentials(
    platform: Bench, users: t.Any, wanted: t.Any, registered: set[int], switches: dict[str, str]
) -> None:
    """Every user is named in one way: otherwise, a request may find what an earlier one of the run has written."""
    spellings = ["id", "email", "EMAIL"]
    items = [item_of(number, spellings[number % 3], number in registered, None, item) for number, item in wanted]
    for read_with in ("user", "client" if reads_with_client(switches) else "auto"):
        options = {"entitlements": items, "read_with": read_with}
        before = outcome(platform, users, switches, entitlements=[])[1]
        predicted, unwritten = outcome(platform, users, switches, check_mode=True, **options)
        result, _written = outcome(platform, users, switches, **options)

        predicted.pop(PLANS, None)
        assert predicted == result and unwritten == before
