# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module predicts in check mode what its real run returns: the same keys, and null only for what nobody can know before."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from scenarios import SCENARIOS, Scenario
from test_faults import VOLATILE, Bench, bench

from ansible_collections.mediaops.access.plugins.module_utils._modules.definition import SENSITIVE

__all__ = ["bench"]

MODULES = pathlib.Path(__file__).resolve().parents[2] / "plugins" / "modules"
#: These are actions of the controller, which ask no platform: tests/unit/plugins/action looks after them. What is listed is only read.
OTHERS = {"credentials", "manifest_info", "plan", "token_cache_info"}
#: "In check mode no token is issued: a cached one is returned, else `changed: true` with no `token`" (interface, section 2).
NOT_BEFORE_THE_REAL_RUN = "token"


def test_every_module_is_looked_at() -> None:
    assert {path.stem for path in MODULES.glob("*.py")} - OTHERS == {
        scenario.module for scenario in SCENARIOS if not scenario.module.startswith("lookup ")
    }


@pytest.mark.parametrize(
    "scenario",
    [scenario for scenario in SCENARIOS if not scenario.module.startswith("lookup ")],
    ids=lambda scenario: scenario.name,
)
def test_check_mode_returns_the_keys_of_the_real_run(
    scenario: Scenario, bench: Bench, clocked: t.Callable[[t.Any], None]
) -> None:
    clocked(bench.world.clock)
    home = bench.begin(scenario)
    before = bench.world.state(scenario.platform)
    predicted = scenario.run(bench.world.url, home, check_mode=True)
    after = bench.world.state(scenario.platform)
    asked = [(entry.method, entry.path, entry.operations) for entry in bench.world.journal()]
    real = scenario.run(bench.world.url, bench.begin(scenario))

    assert not predicted.get("failed"), predicted["msg"]
    assert predicted["changed"] is real["changed"]
    assert {key: value for key, value in after.items() if key != "tokens"} == {
        key: value for key, value in before.items() if key != "tokens"
    }, asked
    if scenario.module.endswith("_token") and predicted["changed"]:
        assert NOT_BEFORE_THE_REAL_RUN not in predicted
        real.pop(NOT_BEFORE_THE_REAL_RUN, None)
    assert list(_differences(predicted, real)) == []


def _differences(predicted: t.Any, real: t.Any, place: str = "") -> t.Iterator[str]:
    """What is lacking in a prediction, or other than foretold."""
    if isinstance(real, dict) and isinstance(predicted, dict):
        for key, value in real.items():
            if key not in predicted:
                if key not in (SENSITIVE, "warnings"):  # of what is not there, or what only the real run meets
                    yield f"{place}{key} is lacking"
            elif key not in (*VOLATILE, "diff", "invocation"):
                yield from _differences(predicted[key], value, f"{place}{key}.")
    elif isinstance(real, list) and isinstance(predicted, list) and len(real) == len(predicted):
        for index, (left, right) in enumerate(zip(predicted, real, strict=True)):
            yield from _differences(left, right, f"{place}{index}.")
    elif predicted is not None and predicted != real:
        yield f"{place.rstrip('.')}: {predicted!r} was predicted, {real!r} it is"
