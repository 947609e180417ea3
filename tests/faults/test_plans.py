# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a check equals, item by item, what the real run does, whatever the state and whatever is wanted. Afterwards, the plan is empty."""

from __future__ import annotations

import importlib
import json
import pathlib
import typing as t

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scenarios import COMMON, CONNECTIONS, IN_TWO_YEARS, NEXT_YEAR, SECRETS
from test_faults import Bench, bench

from ansible_collections.mediaops.access.plugins.module_utils._data.schema import Schema

__all__ = ["bench"]

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "roles" / "provision" / "files" / "plan.schema.json"
Options = dict[str, t.Any]
Task = tuple[str, str, Options]  # platform, module, options
Change = dict[str, t.Any]

TEXTS = st.sampled_from(["One", "Two", "a | b"])
ENDS = st.sampled_from([NEXT_YEAR, IN_TWO_YEARS])
USERS = [f"{name}@example.com" for name in ("alice", "bob", "dora")]


def some(keys: t.Sequence[t.Any], values: st.SearchStrategy[t.Any]) -> st.SearchStrategy[dict[t.Any, t.Any]]:
    return st.dictionaries(st.sampled_from(keys), values)


@st.composite
def states(draw: st.DrawFn) -> Options:
    applications = draw(some("ABC", TEXTS))
    held = st.fixed_dictionaries({"products": st.sets(st.sampled_from([444, 445])), "until": st.none() | ENDS})
    users = draw(some(USERS, st.tuples(TEXTS, held)))
    return {
        "flex": {
            "applications": [
                {"id": number, "applicationName": name, "description": text, "clientId": f"client-{name}"}
                for number, (name, text) in enumerate(applications.items(), 10)
            ]
        },
        "playlyfe": {"players": [{"id": name, "alias": alias} for name, alias in draw(some("xyz", TEXTS)).items()]},
        "audienceplayer": {
            "users": [
                {"id": 2, "email": "integration@example.com", "name": "Integration"},  # the client's own
                *(
                    {
                        "id": number,
                        "email": email,
                        "name": name,
                        "products": [
                            {"id": 10 * number + product, "product_id": product}
                            for product in sorted(holds["products"])
                        ],
                        "subscriptions": [{"id": number, "subscription_id": 555, "expires_at": holds["until"]}]
                        if holds["until"]
                        else [],
                    }
                    for number, (email, (name, holds)) in enumerate(users.items(), 1001)
                ),
            ]
        },
    }


@st.composite
def tasks(draw: st.DrawFn) -> list[Task]:
    """What a manifest wants, in the order of the roles' tasks. ``cached``: a token that was obtained before."""
    found: list[Task] = []
    for email, name in draw(some(USERS, st.none() | TEXTS)).items():
        found.append(("audienceplayer", "audienceplayer_user", {"user_email": email, "user_name": name}))
    items = draw(some([(user, kind) for user in USERS for kind in (444, 445, 555)], st.none() | ENDS))
    if items:
        entitlements = [entitlement(email, number, until) for (email, number), until in items.items()]
        found.append(("audienceplayer", "audienceplayer_entitlement", {"entitlements": entitlements}))
    for name, text in draw(some("ABC", st.none() | TEXTS)).items():
        wanted = {"state": "absent"} if text is None else {"description": text, "rotate_secret": draw(st.booleans())}
        found.append(("flex", "flex_oauth_app", {"name": name, **wanted}))
    kinds = draw(st.sampled_from([[{}, {"verify": True}], [{"state": "absent"}]]))  # of one login: they must agree
    for number, options in enumerate(draw(st.lists(st.sampled_from(kinds), max_size=3))):
        found.append(("freewheel", "freewheel_token", {**options, "force": number == 0 and draw(st.booleans())}))
    for name, alias in draw(some("xyz", st.none() | TEXTS)).items():
        wanted = {"state": "absent"} if alias is None else {"alias": alias}
        found.append(("playlyfe", "playlyfe_player", {"id": name, **wanted}))
    return found


def entitlement(email: str, number: int, until: str | None) -> Options:
    what = {"product_id": number} if number != 555 else {"subscription_id": number}
    ends = {"expires_at": until} if number == 555 and until else {}
    wanted = {"auto_register": True, **ends} if until else {"state": "absent"}
    return {"user_email": email, **what, **wanted}


def apply(bench: Bench, home: str, wanted: list[Task], *, check_mode: bool) -> list[Change]:
    """The plan of a run with all these tasks."""
    planned: dict[str, t.Any] = {}
    plan: list[Change] = []
    for platform, module, options in wanted:
        connection = {name: _with_url(value, bench.world.url) for name, value in CONNECTIONS[platform].items()}
        definition = importlib.import_module(f"ansible_collections.mediaops.access.plugins.modules.{module}").MODULE
        threads = {"concurrency": 1} if "concurrency" in definition.options else {}
        result = definition.run(
            {**COMMON, "token_cache": home, **connection, **threads, **options},
            name=f"mediaops.access.{module}",
            ansible_home=home,
            check_mode=check_mode,
            earlier_plan=planned.get,
        )
        assert not result.get("failed"), result["msg"]
        assert result["changed"] is bool(result.get("changes"))
        planned.update(result.get("plans", {}))
        plan += result.get("changes", [])
    return plan


def _with_url(value: t.Any, url: str) -> t.Any:
    return value.replace("{url}", url) if isinstance(value, str) else value


def differs(predicted: Change, real: Change) -> bool:
    """Whether two entries differ in anything but what only the real run can know, which is null in the prediction."""
    return any(predicted[key] != real[key] for key in ("provider", "kind", "name", "action", "local")) or any(
        (predicted[key] is None) != (real[key] is None)
        or any(value not in (None, (real[key] or {}).get(name)) for name, value in (predicted[key] or {}).items())
        for key in ("before", "after")
    )


def unplanned(bench: Bench) -> list[t.Any]:
    """What a check must not change. It may log in to read."""
    kinds = (("flex", "applications"), ("playlyfe", "players"), ("freewheel", "tokens"), ("audienceplayer", "users"))
    return [bench.world.state(platform)[kind] for platform, kind in kinds]


@settings(
    derandomize=True,
    deadline=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(states(), tasks(), st.booleans(), st.booleans())
def test_a_check_plans_what_the_real_run_does(
    bench: Bench, clocked: t.Callable[[t.Any], None], state: Options, wanted: list[Task], cached: bool, dead: bool
) -> None:
    clocked(bench.world.clock)
    home = bench.fresh_home()
    bench.world.reset(state)
    if cached:
        apply(bench, home, [("freewheel", "freewheel_token", {})], check_mode=False)
        if dead:
            bench.world.sandbox.platforms["freewheel"].load({"tokens": []})
    before = unplanned(bench)

    predicted = apply(bench, home, wanted, check_mode=True)
    assert unplanned(bench) == before
    real = apply(bench, home, wanted, check_mode=False)
    again = apply(bench, home, [_calm(task) for task in wanted], check_mode=True)

    assert len(predicted) == len(real), (predicted, real)
    assert not [pair for pair in zip(predicted, real, strict=True) if differs(*pair)]
    assert [change for change in again if change["kind"] != "token"] == []
    for plan in (predicted, real):
        assert Schema(json.loads(SCHEMA.read_text(encoding="utf-8"))).problems(plan) == []
        text = json.dumps(plan)
        assert not [secret for secret in SECRETS if secret in text]
        assert not [token["value"] for token in bench.world.state("freewheel")["tokens"] if token["value"] in text]


def _calm(task: Task) -> Task:
    """The task without what changes in every run."""
    platform, module, options = task
    return platform, module, {key: value for key, value in options.items() if key not in ("force", "rotate_secret")}
