# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module meets every fault at each of its requests, and ends with the right result or with one clear failure."""

from __future__ import annotations

import dataclasses
import email.utils
import json
import pathlib
import re
import typing as t

import faults
import pytest
import scenarios
from faults import FAULTS, REREAD_KINDS, SERVER_ERRORS, SOON, TIMEOUT, Fault
from scenarios import ASKS, MAX_WAIT, RETRIES, SCENARIOS, Answer, Ask, Kind, Result, Scenario
from world import Entry, State, World

from ansible_collections.mediaops.access.plugins.module_utils._http import connection

#: Pauses before repeats: a quarter of a second, doubled each time, a fifth more or less; here for each request that a run may be stuck at.
BACKOFF = 3 * sum(0.3 * 2**failure for failure in range(RETRIES + 2))
#: What differs from run to run.
VOLATILE = (
    "access_token",
    "refresh_token",
    "expires_in",
    "expires_at",
    "refresh_expires_at",
    "id",
    "client_id",
    "client_secret",
    "created",
    "created_at",
    "headers",
    "since",
    "retiring",
)
SHOWN = ("msg", "diff", "warnings", "error_code", "invocation")


@dataclasses.dataclass(frozen=True)
class Healthy:
    """A run without a fault."""

    result: Result
    #: Its requests, as ASKS names them, and which among those of its kind each is.
    names: list[str]
    skips: list[int]
    slept: float


class Bench:
    """One world, in which each cell begins anew."""

    def __init__(self, world: World, folder: pathlib.Path) -> None:
        self.world = world
        self._folder = folder
        self._healthy: dict[str, Healthy] = {}
        self._homes = 0

    def fresh_home(self) -> str:
        self._homes += 1
        return str(self._folder / f"home-{self._homes}")

    def begin(self, scenario: Scenario, *, tls: bool = False) -> str:
        """The scenario's state before the run; returns a fresh home."""
        home = self.fresh_home()
        self.world.reset({**scenarios.STATE, **scenario.state})
        self.world.sandbox.switches.set(scenario.switches)
        scenario.prepare(self.world.tls_url if tls else self.world.url, home, self.world.ca_path)
        self.world.clock.sleep(scenario.pause)
        self.world.heal()
        return home

    def healthy(self, scenario: Scenario) -> Healthy:
        """The run without a fault, which tells the requests that can meet one."""
        if scenario.name not in self._healthy:
            home = self.begin(scenario)
            before = self.world.state(scenario.platform)
            result = scenario.run(self.world.url, home)
            assert not result.get("failed"), result["msg"]
            entries = self.world.journal()
            slept = sum(self.world.clock.slept)
            names = [_name(entry) for entry in entries] if scenario.items else list(scenario.exchange)
            assert len(entries) == len(names), [entry.path for entry in entries]
            asks = [ASKS[name] for name in names]
            for entry, ask in zip(entries, asks, strict=True):
                assert entry.method == ask.method and re.fullmatch(ask.path, entry.path), entry.path
                assert scenario.items or " ".join(entry.operations) == ask.operations
            scenario.judge(result, self.world.state(scenario.platform), before)
            assert result["changed"] is scenario.changes
            skips = [sum(_same(asks[early], ask) for early in range(position)) for position, ask in enumerate(asks)]
            self._healthy[scenario.name] = Healthy(result, names, skips, slept)
        return self._healthy[scenario.name]


def _name(entry: Entry) -> str:
    """What a request of several items is."""
    operations = " ".join(entry.operations)
    names = ("ap user login", "ap lists", "ap batch", "ap schema", "ap user")
    return next(name for name in names if _operation(ASKS[name]).search(operations))


def _same(one: Ask, other: Ask) -> bool:
    """Whether a fault that is planned for one request hits the other."""
    return (one.method, one.path) == (other.method, other.path) and (
        not other.operations or one == other or bool(_operation(other).search(one.operations))
    )


def _operation(ask: Ask) -> re.Pattern[str]:
    return re.compile(rf"\b{ask.operations.split()[0]}\b")


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Bench]:
    folder = tmp_path_factory.mktemp("faults")
    world = World(folder)
    yield Bench(world, folder)
    world.stop()


CELLS = [
    pytest.param(scenario, fault, id=f"{scenario.name}-{fault.name}")
    for scenario in SCENARIOS
    for fault in FAULTS
    if scenario.items or any(faults.applies(fault, ASKS[name], scenario) for name in scenario.exchange)
]


@pytest.mark.parametrize(("scenario", "fault"), CELLS)
def test_cell(
    scenario: Scenario,
    fault: Fault,
    bench: Bench,
    clocked: t.Callable[[t.Any], None],
    record_property: t.Callable[[str, object], None],
) -> None:
    clocked(bench.world.clock)
    outcomes = []
    healthy = bench.healthy(scenario)
    for position, name in enumerate(healthy.names):
        if faults.applies(fault, ASKS[name], scenario):
            cell = Cell(bench, scenario, fault, position, healthy)
            try:
                outcomes.append(cell.outcome())
            except AssertionError as error:
                reason = str(error).partition("\n")[0]
                record_property("wrong", [scenario.name, fault.name, f"request {position + 1} ({name}): {reason}"])
                asked = [
                    f"{entry.method} {entry.path} {' '.join(entry.operations)} {entry.status} {entry.fault or ''}".rstrip()
                    for entry in cell.journal
                ]
                pytest.fail(
                    f"at request {position + 1} ({name}): {reason}\nmust be: {cell.expected}\nis: {cell.redacted()}\nrequests: {asked}",
                    pytrace=not reason,
                )
    record_property("cell", [scenario.name, fault.name, outcomes])


class Cell:
    """One scenario, one fault, one of its requests."""

    def __init__(self, bench: Bench, scenario: Scenario, fault: Fault, position: int, healthy: Healthy) -> None:
        self.bench, self.world, self.healthy = bench, bench.world, healthy
        self.scenario, self.fault, self.position = scenario, fault, position
        self.ask = ASKS[healthy.names[position]]
        self.expected = faults.expected(fault, scenario, position, healthy.names[position])
        self.result: Result = {}
        self.journal: list[Entry] = []

    def redacted(self) -> Result:
        return {key: value for key, value in self.result.items() if key not in ("invocation", "headers")}

    def outcome(self) -> str:
        """Judge everything, and return the outcome in a word."""
        home = self.bench.begin(self.scenario, tls=self.fault.name == "tls")
        self.before = self.world.state(self.scenario.platform)
        url, more = self._plan()
        self.result = self.scenario.run(url, home, **more)
        self.journal = self.world.journal()
        self.slept = list(self.world.clock.slept)
        self.ended = self.world.state(self.scenario.platform)
        self.world.catch_up()
        self.after = self.world.state(self.scenario.platform)
        self.world.heal()
        self._judge_requests()
        self._judge_state()
        self._judge_shown()
        if self.result.get("failed"):
            assert not self.expected.ok or self._is_open(), "it must succeed"
            self._judge_failure()
        else:
            assert self.expected.ok or self._is_open(), "it must fail"
            self._judge_success()
        self._judge_next_runs(self.world.tls_url if self.fault.name == "tls" else self.world.url, home)
        return self._word()

    def _plan(self) -> tuple[str, Result]:
        """Set the fault up; returns the URL to run against, and options."""
        for session in connection._sessions.values():
            session.close()  # a connection that is open already meets nothing new
        if self.fault.name == "tls":
            self.world.distrust_after(self.position)
            return self.world.tls_url, {"ca_path": self.world.ca_path}
        if self.fault.name == "refuse":
            self.world.refuse_after(self.position)
            return self.world.url, {}
        plan = {
            **self.fault.plan,
            "platform": self.scenario.platform,
            "method": self.ask.method,
            "path": f"^{self.ask.path}$",
        }
        plan.update(skip=self.healthy.skips[self.position], times=-1 if self.fault.for_ever else 1)
        if self.ask.operations:
            plan["operation"] = _operation(self.ask).pattern
        if plan.get("body") == faults.REFUSAL:
            plan["body"] = faults.REFUSALS.get(self.scenario.platform, faults.REFUSAL)
        if plan["fault"] == "drop_field":
            plan["field"] = self.ask.field
        if plan["fault"] == "redirect":
            plan["location"] = f"{self.world.stranger_url}/take"
        if plan.get("headers") == {"Retry-After": "date"}:
            plan["headers"] = {"Retry-After": email.utils.formatdate(self.world.clock.now() + SOON, usegmt=True)}
        self.world.add_fault(
            json.loads(json.dumps(plan).replace(faults.REFUSED, f"{faults.REFUSED} {' '.join(self._given_secrets())}"))
        )
        return self.world.url, {"timeout": TIMEOUT} if self.fault.is_slow else {}

    def _is_open(self) -> bool:
        """If the answer does not tell which of several items has failed, each is tried alone; one that was alone has failed."""
        return self.scenario.items and self.fault.name in (*faults.ANSWERED, "gql", "gql 4", "gql 5", "gql>", "gql401")

    def _given_secrets(self) -> list[str]:
        """What the module knows to be secret: a platform's words may hold it."""
        if self.scenario.module == "token_cache":
            return []
        return [value for value in scenarios.CONNECTIONS[self.scenario.platform].values() if value in scenarios.SECRETS]

    # --- what the platform saw -----------------------------------------------------------------------------------------

    def _judge_requests(self) -> None:
        assert self.world.strays == 0, "a request went to another host"
        met = [entry for entry in self.journal if entry.fault]
        if self.scenario.items:
            assert met or not self.expected.attempts
        else:
            assert len(met) == self.expected.attempts, (
                f"the fault was met {len(met)} times, not {self.expected.attempts}"
            )
        pauses = sum(self.slept)
        assert pauses <= MAX_WAIT + BACKOFF + self.healthy.slept, f"it waited {pauses} s"
        assert pauses >= self.expected.waits, f"it waited {pauses} s only"
        if self.expected.at_once and not self.scenario.items:
            assert pauses <= self.healthy.slept
        assert len(self.journal) <= self._most_requests(), [f"{entry.method} {entry.path}" for entry in self.journal]

    def _most_requests(self) -> int:
        if self.scenario.items:
            return len(self.healthy.names) * (RETRIES + 3)
        if self.expected.at_once and self.ask.kind is not Kind.SETTLED:
            undone = 3 if self.scenario.name.endswith("rotate with overlap") and self.ask.kind is Kind.CREATE else 0
            return self.position + (self.expected.attempts or 0) + undone  # the old registration gets its name back
        login = (
            3 if self.scenario.platform == "freewheel" else 1
        )  # it answers the token that it has given already: that is ended, and asked for again
        if self.fault.name == "401∞" and self.expected.attempts == 2:
            return self.position + 1 + login + 1
        if self.ask.kind is Kind.CREATE:
            return len(self.healthy.names) + 12  # looks, which become rarer
        # After each write with an unknown outcome, the state is read, written again, and read once more: each takes three requests at the most.
        return len(self.healthy.names) + max(self.expected.attempts, 1) * (
            9 if self.ask.kind in REREAD_KINDS else login + 1
        )

    # --- what the platform has -----------------------------------------------------------------------------------------

    def _judge_state(self) -> None:
        """Nothing is there twice, whatever the module says."""
        for kind, key in (
            ("applications", "applicationName"),
            ("players", "id"),
            ("users", "email" if self.scenario.platform == "audienceplayer" else "username"),
        ):
            names = [item[key] for item in self.after.get(kind, [])]
            assert len(names) == len(set(names)), f"{kind} are there twice: {names}"
        for user in self.after.get("users", []) if self.scenario.platform == "audienceplayer" else ():
            for kind in ("product", "subscription"):
                held = [item[f"{kind}_id"] for item in user[f"{kind}s"]]
                assert len(held) == len(set(held)), f"{kind}s are held twice: {user}"
        if self.scenario.applied:
            times = self.scenario.applied(self.after)
            wanted = self.fault.acts and self._is_last() if self.result.get("failed") or self.expected.differs else True
            assert times == int(wanted), f"it was applied {times} times"

    def _is_last(self) -> bool:
        return self.position == len(self.healthy.names) - 1

    # --- what the module says ------------------------------------------------------------------------------------------

    def _judge_shown(self) -> None:
        items = [
            item
            for value in self.result.values()
            if isinstance(value, list)
            for item in value
            if isinstance(item, dict)
        ]
        shown = json.dumps([[part.get(key) for key in SHOWN] for part in (self.result, *items)])
        for secret in (*scenarios.SECRETS, *_secrets_in(self.before), *_secrets_in(self.after)):
            assert secret not in shown, f"a secret is shown: {secret}"
        for word in ("Traceback", "this is a bug", 'File \\"'):
            assert word not in shown
        assert isinstance(self.result["changed"], bool)

    def _judge_failure(self) -> None:
        message = self.result["msg"]
        assert "\n" not in message and len(message) < 1500
        assert message.startswith(f"{self.scenario.title}: ")
        for word in self.expected.words:
            assert word in message or self._is_open(), f"it must say {word!r}"
        if not self.scenario.module.startswith("lookup"):
            assert self.result["provider"] == (
                "token_cache" if self.scenario.module == "token_cache" else self.scenario.platform
            )
            if self.scenario.module != "token_cache":
                assert self.result.get("status") == self.expected.status or self._is_open()
            if self.expected.status == self.fault.plan.get("status") and self.fault.plan.get("body") == faults.REFUSAL:
                assert self.result.get("error_code") == (
                    faults.CODE if self.scenario.platform in faults.REFUSALS else None
                ), "it must have the platform's code"
        if (
            self.expected.status not in (None, 200)
            and self.fault.name != "html"
            and faults.NO_SUCH_ID not in self.expected.words
        ):
            assert str(self.expected.status) in message or self.fault.platform == "audienceplayer"
        if self.scenario.items:
            scenarios.judge_items(self.result, self.after, self.before, self.scenario.options["entitlements"])
            assert self.result["summary"]["failed"] > 0
            if self.expected.ends_all and self.position == 0:
                assert self.result["summary"]["failed"] == self.result["summary"]["total"]
        elif "entitlements" in self.result and self.ask.kind is not Kind.UNREAD:
            scenarios.judge_items(self.result, self.after, self.before, [self.scenario.options])
        else:
            assert self.result["changed"] is (self._is_half_done()), (
                "a failure that changed something, or does not say so"
            )

    def _is_half_done(self) -> bool:
        return self._is_rotation_without_a_successor() or self._is_overlap_without_a_successor() or self._has_revoked()

    def _is_overlap_without_a_successor(self) -> bool:
        """Whether the old registration was renamed, and the registration of the new one failed."""
        names = [application["applicationName"] for application in self.ended.get("applications", [])]
        return self.scenario.name.endswith("rotate with overlap") and self.position == 6 and "Reviewer" not in names

    def _is_rotation_without_a_successor(self) -> bool:
        return "rotate" in self.scenario.name and len(self.ended["applications"]) < len(self.before["applications"])

    def _has_revoked(self) -> bool:
        """Whether it is the login after a revocation that fails."""
        return (self.scenario.name, self.position > 0) == ("freewheel_token force", True) or (
            self.scenario.name == "freewheel_token force with overlap" and self.position > 1
        )

    def _judge_success(self) -> None:
        if self.expected.differs:
            self._judge_as_said()
            return
        assert self.result["changed"] is self.scenario.changes
        assert _comparable(self.result) == _comparable(self.healthy.result)
        self.scenario.judge(self.result, self.after, self.before)

    def _judge_as_said(self) -> None:
        """The platform said something that decides what the result is."""
        name, result = self.scenario.name, self.result
        if self.ask.answer is Answer.AS_IS or self.ask.answer is Answer.DATA or self.ask.kind is Kind.BLIND:
            assert result["changed"] is self.scenario.changes
            assert result.get("status", 200) == self.healthy.result.get("status", 200) or self.fault.name == "html"
        elif name == "flex_oauth_app_info secret":
            assert [item["client_secret"] for item in result["applications"]] == [None]
        elif name == "freewheel_token_info":
            assert result["token_info"] == {
                "valid": False,
                "user_id": None,
                "created_at": None,
                "expires_in": None,
                "expires_at": None,
            }
        elif name == "flex_oauth_app retire":  # it is said to be gone
            assert (result["changed"], result["retiring"]) == (False, [])
        elif name in (
            "freewheel_token verify",
            "freewheel_token force",
            "freewheel_token force with overlap",
            "movingimage_token verify",
        ):
            assert result["changed"] is True
            assert result["token"]["access_token"] in scenarios.alive(self.after)
        else:  # an end of a token's life, which the platform takes for dead
            assert name in ("freewheel_token absent", "token_cache revoke")
            assert result["changed"] is True
            assert self.after["tokens"] == self.before["tokens"]

    # --- what comes after ----------------------------------------------------------------------------------------------

    def _judge_next_runs(self, url: str, home: str) -> None:
        """Without the fault a run ends in the wanted state, and one more has nothing to do."""
        failed, scenario = self.result.get("failed"), self.scenario
        if scenario.applied and scenario.applied(self.after):
            return  # nobody repeats what was applied
        if not failed and (not scenario.idempotent or self.expected.differs):
            return
        more: dict[str, t.Any] = {"ca_path": self.world.ca_path} if self.fault.name == "tls" else {}
        if failed and scenario.again and self._is_rotation_without_a_successor():
            assert all(repr(value) in self.result["msg"] for value in scenarios.NEW_REVIEWER.values())
            more.update(scenario.again)
        if failed and scenario.again and self._is_overlap_without_a_successor() and self.ask.kind is Kind.CREATE:
            more.update(scenario.again)  # an ordinary run completes the rotation
        for run in (1, 2) if failed and scenario.idempotent and scenario.changes else (1,):
            result = scenario.run(url, home, **more)
            assert not result.get("failed"), f"run {run} after it: {result['msg']}"
            is_found = self.ask.kind is Kind.CREATE and self.fault.family == "late" and scenario.idempotent
            if run == 2 or not failed or not scenario.changes or is_found:
                assert result["changed"] is False, f"run {run} after it changes something"
            state = self.world.state(scenario.platform)
            if "entitlements" in result:
                assert result["summary"]["failed"] == 0
                for item in scenario.options.get("entitlements", [scenario.options]):
                    assert scenarios.is_held(state, item) == scenarios.is_wanted(item)
            else:
                scenario.judge(result, state, self.before)

    def _word(self) -> str:
        if self.result.get("failed"):
            return f"{self.expected.status}" if self.expected.status not in (None, 200) else "fails"
        return "as is" if self.expected.differs else "ok*" if self._was_read_again() else "ok"

    def _was_read_again(self) -> bool:
        """Whether it took more than a repeat of the request that met the fault."""
        return len(self.journal) > len(self.healthy.names) + sum(entry.fault is not None for entry in self.journal)


def _secrets_in(state: State) -> list[str]:
    tokens = [token["value"] for token in state.get("tokens", [])]
    return tokens + [item["secret"] for item in state.get("applications", [])]


def _comparable(value: t.Any) -> t.Any:
    """A result without what differs from run to run, and without what is only said about the way to it."""
    if isinstance(value, dict):
        return {
            key: "*" if key in VOLATILE and item is not None else _comparable(item)
            for key, item in value.items()
            if key not in ("warnings", "invocation", "verified_at")
        }
    return [_comparable(item) for item in value] if isinstance(value, list) else value


def test_table_covers_every_module() -> None:
    """A new module must be added here."""
    folder = pathlib.Path(__file__).resolve().parents[2] / "plugins" / "modules"
    modules = {
        path.stem for path in folder.glob("*.py") if "\nMODULE = ModuleDefinition(" in path.read_text(encoding="utf-8")
    }
    modules = modules - {"token_cache_info"} | {"manifest_export"}
    assert {scenario.module for scenario in SCENARIOS if not scenario.module.startswith("lookup")} == modules
    assert {fault.plan["status"] for fault in FAULTS if fault.plan.get("status")} >= {
        401,
        403,
        404,
        409,
        429,
        *SERVER_ERRORS,
    }
