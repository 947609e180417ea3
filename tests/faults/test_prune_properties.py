# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever there is and whatever the manifest names: the roles' tasks remove exactly what they should, or change nothing.

The tasks are those of roles/ROLE/tasks/section.yml, run here in one process.
"""

from __future__ import annotations

import dataclasses
import importlib
import itertools
import os
import pathlib
import re
import typing as t

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scenarios import COMMON, CONNECTIONS
from test_faults import Bench, bench
from world import State, World

from ansible_collections.mediaops.access.plugins.plugin_utils._manifest import describe
from ansible_collections.mediaops.access.plugins.plugin_utils._providers import platforms

__all__ = ["bench"]
ROLES = pathlib.Path(__file__).resolve().parents[2] / "roles"
SETTINGS = settings(
    derandomize=True,
    deadline=None,
    max_examples=120 if os.environ.get("STRICT") else 15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
Facts = dict[str, t.Any]
#: No repeat helps against these.
FAULTS = (
    {"fault": "status", "status": 403, "body": {"message": "no"}},
    {"fault": "status", "status": 503},
    {"fault": "html"},
    {"fault": "close_before"},
    {"fault": "truncate"},
)


@dataclasses.dataclass
class Outcome:
    """What the role's tasks returned, by the name of each task, and the message of the one that failed."""

    results: dict[str, list[Facts]]
    failure: str | None = None

    @property
    def changed(self) -> int:
        return sum(
            result.get("summary", {}).get("changed", result["changed"])
            for results in self.results.values()
            for result in results
        )

    @property
    def removals(self) -> int:
        return sum(
            result.get("summary", {}).get("changed", result["changed"])
            for name, results in self.results.items()
            if name.endswith("that the manifest does not name")
            for result in results
        )


class Section:
    """A section of a manifest, and the tasks that apply it."""

    def __init__(self, world: World, home: str, provider: str, section: Facts) -> None:
        platform = next(platform for platform in platforms() if platform.name == provider)
        connection = {
            name: value.replace("{url}", world.url) if isinstance(value, str) else value
            for name, value in CONNECTIONS[provider].items()
        }
        self._common = {**COMMON, "retries": 1, "timeout": 5, "token_cache": home}
        described = describe(platform, {**connection, "prune": True, **section})
        self._facts = {"mediaops_section": described, "mediaops_rotate": False}
        tasks = yaml.safe_load((ROLES / platform.role / "tasks" / "section.yml").read_text(encoding="utf-8"))
        self._tasks = next(task["block"] for task in tasks if "block" in task)

    def apply(self, *, check_mode: bool = False, tasks: int | None = None) -> Outcome:
        """Run the tasks, or only the first ones, until one fails."""
        facts, outcome = dict(self._facts), Outcome({})
        for task in self._tasks[:tasks]:
            (name,) = (key for key in task if key.startswith("mediaops.access."))
            if "when" in task and not _template(f"{{{{ {task['when']} }}}}", facts):
                facts[task["register"]] = {"changed": False, "skipped": True}
                continue
            control = task.get("loop_control", {}).get("loop_var", "item")
            results = [
                self._run(name, _template(task[name], {**facts, control: item}), check_mode)
                for item in (_template(task["loop"], facts) if "loop" in task else [None])
            ]
            outcome.results[task["name"]] = results
            facts[task["register"]] = {"results": results} if "loop" in task else results[0]
            failed = [result["msg"] for result in results if result.get("failed")]
            if failed:
                return dataclasses.replace(outcome, failure=failed[0])
        return outcome

    def _run(self, name: str, arguments: Facts, check_mode: bool) -> Facts:
        module = importlib.import_module(
            f"ansible_collections.mediaops.access.plugins.modules.{name.rpartition('.')[2]}"
        ).MODULE
        more = {"concurrency": 1} if "concurrency" in module.options else {}
        return module.run(
            {**self._common, **self._facts["mediaops_section"]["connection"], **more, **arguments},
            name=name,
            ansible_home=self._common["token_cache"],
            check_mode=check_mode,
        )


def _template(value: t.Any, facts: Facts) -> t.Any:
    return Templar(DataLoader(), variables=facts).template(_trusted(value))


def _trusted(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {key: _trusted(inner) for key, inner in value.items()}
    return trust_as_template(value) if isinstance(value, str) else value


@dataclasses.dataclass(frozen=True)
class Case:
    """A platform's state and a section of a manifest, and what is removed because the section does not name it."""

    provider: str
    state: State
    section: Facts
    #: The identities, as ``held`` returns them, of what is removed.
    unnamed: frozenset[t.Any]
    held: t.Callable[[State], set[t.Any]]
    switches: Facts
    #: The requests that read a list.
    list_request: Facts
    #: What the items themselves remove.
    absent: frozenset[t.Any] = frozenset()
    #: What is removed together with something that is not named.
    retiring: frozenset[t.Any] = frozenset()

    @property
    def exceeds(self) -> bool:
        return len(self.unnamed | self.retiring) > self.section["prune_limit"]


LIMITS = st.integers(0, 6)
RETIRING = "One (retiring since 2026-11-28T10:00:00Z)"


@st.composite
def flex_cases(draw: st.DrawFn) -> Case:
    wanted = draw(st.lists(st.sampled_from(["One", "Two", "Three", "Four"]), unique=True))
    there = draw(st.lists(st.sampled_from(["One", "Two", "Three", "Four", "Left", "Over", RETIRING]), max_size=7))
    # Of a name that the manifest names, one: two are an error.
    names = [name for index, name in enumerate(there) if name not in wanted or name not in there[:index]]
    ids = dict(enumerate(names, 1))
    items: list[Facts] = [
        {"name": name, "description": "-", "state": draw(st.sampled_from(["present", "absent"]))} for name in wanted
    ]
    others = [number for number in ids if ids[number] not in (*wanted, RETIRING)]
    renamed = draw(st.none() | st.sampled_from(others or [None]))
    if renamed:
        items.append({"name": "New name", "id": renamed})
    unnamed = {number for number, name in ids.items() if name not in (*wanted, RETIRING) and number != renamed}
    gone = {item["name"] for item in items if item.get("state") == "absent"}
    # The last application of a name takes its retiring registrations along.
    removed = {ids[number] for number in unnamed} - {ids.get(renamed)}
    gone |= {RETIRING} if "One" in gone else set()
    retiring = {number for number, name in ids.items() if name == RETIRING and "One" in removed}
    state = [{"id": number, "applicationName": name, "description": "-"} for number, name in ids.items()]
    shape = draw(st.sampled_from(["array", "applications", "paged", "content"]))
    return Case(
        "flex",
        {"applications": state},
        {"applications": items, "prune_limit": draw(LIMITS)},
        frozenset(unnamed),
        lambda state: {application["id"] for application in state["applications"]},
        {"flex.list_shape": shape, **({"flex.page_size": 2} if shape in ("paged", "content") else {})},
        {"method": "GET", "path": "applications/(;.*)?$"},
        frozenset(number for number, name in ids.items() if name in gone),
        frozenset(retiring),
    )


@st.composite
def playlyfe_cases(draw: st.DrawFn) -> Case:
    there = draw(st.lists(st.sampled_from(["p1", "p2", "p3", "P1", "p 4", "p-5", "p6"]), unique=True))
    wanted = draw(st.lists(st.sampled_from(["p1", "p2", "p3", "p-5", "new"]), unique=True))
    items = [
        {"id": player, "alias": "A", "state": draw(st.sampled_from(["present", "present", "absent"]))}
        for player in wanted
    ]
    return Case(
        "playlyfe",
        {"players": [{"id": player, "alias": "A"} for player in there]},
        {"players": items, "prune_limit": draw(LIMITS)},
        frozenset(there) - frozenset(wanted),
        lambda state: {player["id"] for player in state["players"]},
        {"playlyfe.max_limit": draw(st.sampled_from([2, 100]))},
        {"method": "GET", "path": "admin/players$"},
        frozenset(item["id"] for item in items if item["state"] == "absent"),
    )


PEOPLE = {1001: "alice@example.com", 1002: "bob@example.com", 1003: "carol@example.com"}
FILMS = (444, 445)


@st.composite
def audienceplayer_cases(draw: st.DrawFn) -> Case:
    everything = st.tuples(st.sampled_from(list(PEOPLE)), st.sampled_from(FILMS))
    there = draw(st.sets(everything))
    wanted = draw(st.lists(everything, unique=True, max_size=4))
    users = draw(st.lists(st.sampled_from(list(PEOPLE)), unique=True))
    items = [
        {
            **draw(st.sampled_from([{"user_id": person}, {"user_email": PEOPLE[person]}])),
            "product_id": film,
            "state": draw(st.sampled_from(["present", "present", "absent"])),
        }
        for person, film in wanted
    ]
    named = {*users, *(person for person, _film in wanted)}
    state = [
        {"id": 2, "email": "integration@example.com", "name": "Integration"},
        *(
            {
                "id": person,
                "email": email,
                "name": "-",
                "products": [
                    {"id": 10 * person + film, "product_id": film} for owner, film in sorted(there) if owner == person
                ],
            }
            for person, email in PEOPLE.items()
        ),
    ]
    section: Facts = {"prune_limit": draw(LIMITS), "users": [{"user_email": PEOPLE[person]} for person in users]}
    if items or draw(st.booleans()):
        section["entitlements"] = items
    return Case(
        "audienceplayer",
        {"users": state},
        section,
        frozenset(pair for pair in there if pair[0] in named and pair not in wanted),
        lambda state: {
            (user["id"], product["product_id"])
            for user in state["users"]
            for product in user["products"]
            if product.get("is_fulfilled", True)
        },
        {"audienceplayer.max_limit": draw(st.sampled_from([1, 100]))},
        {"operation": "UserProductList"},
        frozenset(pair for pair, item in zip(wanted, items, strict=True) if item["state"] == "absent"),
    )


CASES = {"flex": flex_cases(), "playlyfe": playlyfe_cases(), "audienceplayer": audienceplayer_cases()}


@pytest.fixture
def ready(bench: Bench, clocked: t.Callable[[t.Any], None], tmp_path: pathlib.Path) -> t.Callable[[Case], Section]:
    """Puts a case's state in place, and returns its section."""
    numbers = itertools.count()

    def prepare(case: Case) -> Section:
        clocked(bench.world.clock)
        bench.world.reset({case.provider: case.state})
        bench.world.sandbox.switches.set(case.switches)
        return Section(bench.world, str(tmp_path / str(next(numbers))), case.provider, case.section)

    return prepare


def writes(world: World) -> list[str]:
    return [
        " ".join((entry.method, entry.path, *entry.operations))
        for entry in world.journal()
        if not entry.auth
        and (
            any("Manage" in name or "Update" in name for name in entry.operations)
            if entry.operations
            else entry.method != "GET"
        )
    ]


@pytest.mark.parametrize("provider", CASES)
@SETTINGS
@given(data=st.data())
def test_exactly_what_is_not_named_is_removed(
    provider: str, data: st.DataObject, bench: Bench, ready: t.Callable[[Case], Section]
) -> None:
    case = data.draw(CASES[provider])
    section, world = ready(case), bench.world
    before = case.held(world.state(provider))

    predicted = section.apply(check_mode=True)
    assert writes(world) == []
    outcome = section.apply()
    after = case.held(world.state(provider))

    if case.exceeds:
        assert (
            f"prune would remove {len(case.unnamed | case.retiring)} " in str(predicted.failure)
            and predicted.failure == outcome.failure
        )
        assert writes(world) == [] and after == before
        return
    assert (predicted.failure, outcome.failure) == (None, None)
    assert before - after == case.unnamed | case.retiring | (case.absent & before)
    assert predicted.changed == outcome.changed
    assert predicted.removals == outcome.removals == len(case.unnamed)
    again = section.apply()
    assert (again.failure, again.changed) == (None, 0)


@pytest.mark.parametrize("provider", CASES)
@SETTINGS
@given(data=st.data())
def test_nothing_is_changed_unless_every_list_was_read(
    provider: str, data: st.DataObject, bench: Bench, ready: t.Callable[[Case], Section]
) -> None:
    case = data.draw(CASES[provider])
    section, world = ready(case), bench.world
    section.apply(tasks=1)
    lists = sum(_matches(entry, case.list_request) for entry in world.journal())
    section, before = ready(case), case.held(world.state(provider))
    if lists:
        skip = data.draw(st.integers(0, lists - 1))
        fault = data.draw(st.sampled_from(FAULTS))
        world.add_fault({"platform": provider, **case.list_request, **fault, "skip": skip, "times": 99})

        outcome = section.apply()

        assert outcome.failure and "prune would remove" not in outcome.failure
        assert len(outcome.results) == 1
        assert writes(world) == []
        assert case.held(world.state(provider)) == before


def _matches(entry: t.Any, request: Facts) -> bool:
    if "operation" in request:
        return request["operation"] in entry.operations
    return entry.method == request["method"] and bool(re.search(request["path"], entry.path))
