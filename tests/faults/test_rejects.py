# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever fails, the rejects applied once the faults are over lead to the state of a run without faults."""

from __future__ import annotations

import csv
import io
import json
import os
import pathlib
import typing as t

from faults import FAULTS
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from scenarios import NEXT_YEAR, Options, Result, Scenario
from test_faults import Bench, bench

__all__ = ["bench"]

USERS = [
    {"id": 2000 + number, "email": f"u{number}@example.com", "products": [{"product_id": 445}] if number % 3 else []}
    for number in range(6)
]
ROWS: list[dict[str, t.Any]] = [
    *({"user_email": user["email"], "product_id": 444} for user in USERS),
    *({"user_id": user["id"], "product_id": 445, "state": "absent"} for user in USERS[:3]),
    *({"user_id": user["id"], "subscription_id": 555, "expires_at": NEXT_YEAR} for user in USERS[3:]),
    {"user_email": "new@example.com", "auto_register": True, "product_id": 444},
]
COLUMNS = ("user_email", "user_id", "auto_register", "product_id", "subscription_id", "expires_at", "state")
OPERATIONS = ("", "Authenticate", "UserProductList", "ProductEntitlementManage", "EntitlementManage")

#: What the fault matrix adds to these faults.
PARAMETERS = {"drop_field": {"field": "data.*"}, "redirect": {"location": "http://127.0.0.1:9/take"}}
#: What goes wrong, in which requests and how often; -1: for ever.
PATTERNS = st.lists(
    st.builds(
        lambda plan, operation, skip, times: {
            **plan,
            **PARAMETERS.get(plan["fault"], {}),
            "platform": "audienceplayer",
            "skip": skip,
            "times": times,
            **({"operation": operation} if operation else {}),
        },
        st.sampled_from([fault.plan for fault in FAULTS if fault.plan and not fault.is_slow]),
        st.sampled_from(OPERATIONS),
        st.integers(0, 4),
        st.sampled_from([1, 2, 3, 6, 12, -1]),
    ),
    min_size=1,
    max_size=3,
)


def _write_input(path: pathlib.Path) -> None:
    if path.suffix == ".csv":
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, delimiter=";")
        writer.writeheader()
        writer.writerows(ROWS)
        path.write_text(text.getvalue(), encoding="utf-8")
    else:
        path.write_text(json.dumps(ROWS), encoding="utf-8")


def _held(bench: Bench) -> dict[str, list[str]]:
    """What each user has."""
    return {
        user["email"]: sorted(
            json.dumps(
                {name: value for name, value in item.items() if name not in ("id", "acquired_at")}, sort_keys=True
            )
            for item in [*user["products"], *user["subscriptions"]]
        )
        for user in bench.world.state("audienceplayer")["users"]
    }


def _run(bench: Bench, home: str, options: Options) -> Result:
    scenario = Scenario("", "audienceplayer", "audienceplayer_entitlement", options, (), lambda *_states: None)
    return scenario.run(bench.world.url, home)


def _begin(bench: Bench) -> str:
    state = {"audienceplayer": {"users": [{"id": 2, "email": "integration@example.com"}, *USERS]}}
    return bench.begin(Scenario("", "audienceplayer", "", {}, (), lambda *_states: None, state=state))


@settings(
    max_examples=60 if os.environ.get("STRICT") else 15,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # one example takes a second
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    pattern=PATTERNS,
    extension=st.sampled_from(["csv", "json"]),
    reads=st.booleans(),
    size=st.sampled_from([1, 3, 20]),
    has_ledger=st.booleans(),
)
def test_applying_the_rejects_heals(
    bench: Bench,
    clocked: t.Callable[[t.Any], None],
    tmp_path: pathlib.Path,
    pattern: list[dict[str, t.Any]],
    extension: str,
    reads: bool,
    size: int,
    has_ledger: bool,
) -> None:
    clocked(bench.world.clock)
    source, rejects, more = (tmp_path / f"{name}.{extension}" for name in ("source", "rejects", "more"))
    _write_input(source)
    options: Options = {"read_before_write": reads, "batch_size": size, "max_wait": 60}
    clean = _run(bench, _begin(bench), {**options, "entitlements_file": str(source)})
    assert not clean.get("failed"), clean["msg"]
    wanted = _held(bench)

    home = _begin(bench)
    (tmp_path / "ledger").unlink(missing_ok=True)
    options.update({"ledger": str(tmp_path / "ledger")} if has_ledger else {})
    for fault in pattern:
        bench.world.add_fault(fault)
    faulty = _run(bench, home, {**options, "entitlements_file": str(source), "rejects_file": str(rejects)})
    bench.world.heal()

    event(f"{(faulty['summary']['failed'] and 'some') or 'none'} failed")
    assert rejects.exists() is bool(faulty["summary"]["failed"]) is bool(faulty.get("failed"))
    assert faulty["changed"] is bool(faulty["summary"]["changed"])
    if rejects.exists():
        healed = _run(bench, home, {**options, "entitlements_file": str(rejects), "rejects_file": str(more)})
        assert not healed.get("failed"), healed["msg"]
        assert healed["summary"]["total"] == faulty["summary"]["failed"]
        rejects.unlink()
    assert not more.exists()
    assert _held(bench) == wanted
