# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rulebook of extensions/eda in a real ansible-rulebook, which gets a shop's events over HTTP and entitles viewers in the sandbox."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import hmac
import itertools
import json
import os
import pathlib
import re
import runpy
import shlex
import signal
import socket
import sqlite3
import subprocess
import time
import typing as t
import urllib.error
import urllib.request

import pytest
from driver import ROOT, Facts, Sandbox, environment

pytestmark = pytest.mark.timeout(600)  # of seconds on a busy machine

SECRET = "s3cr3t-of-the-shop"
NOON = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)
PATIENCE = 120
AGAIN = "15"  # seconds: longer than a run on a busy machine, as only the receipt of the newest try counts
GUIDE = ROOT / "docs" / "guides" / "events.md"
SETTINGS = ("ANSIBLE_COLLECTIONS_PATH", "ANSIBLE_CONFIG")

_numbers = itertools.count(1)


def documented_commands() -> list[str]:
    """What the guide says to run, after the installation and with credentials in the environment."""
    block = re.search(r"^## Usage$.*?^```shell\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.M | re.S)
    assert block
    lines = [line for line in block[1].splitlines() if not line.startswith(("pip ", "export "))]
    assert lines[-1].endswith(" --env-vars SHOP_WEBHOOK_SECRET")
    return lines


def event(kind: str, minute: int, **about: t.Any) -> Facts:
    """An event as the shop sends it."""
    return {
        "id": f"evt_{next(_numbers)}",
        "type": kind,
        "occurred_at": (NOON + datetime.timedelta(minutes=minute)).isoformat(),
        **about,
    }


def wait_for(what: str, condition: t.Callable[[], bool], otherwise: t.Callable[[], str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen: {otherwise()}"
        time.sleep(0.05)


def family(pid: int) -> list[int]:
    """A process and all that it has started, as far as they live. A playbook has a session of its own, so a signal to a group does not reach it."""
    found = [pid]
    for process in found:
        for children in pathlib.Path(f"/proc/{process}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += map(int, children.read_text(encoding="ascii").split())
    return found


class Rulebook:
    """The command that a user starts, and what it has printed so far."""

    def __init__(self, sandbox: Sandbox, folder: pathlib.Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.database = folder / "state" / "events.sqlite"
        self._sandbox = sandbox
        self._folder = folder
        self._output = folder / "output"
        platform = sandbox.variables()["sandbox"]["audienceplayer"]
        self._environment = {
            # No more of Ansible's settings than a user has: ANSIBLE_INVENTORY would stand in for an inventory that the command lacks.
            **{
                name: value
                for name, value in environment(folder).items()
                if not name.startswith("ANSIBLE_") or name in SETTINGS
            },
            **{f"AUDIENCEPLAYER_{name.upper()}": str(value) for name, value in platform.items()},
            **{name: os.environ[name] for name in ("JAVA_HOME",) if name in os.environ},
            "TMPDIR": str(folder),  # a command that is killed leaves files there
            "MEDIAOPS_EVENTS": str(self.database),
            "SHOP_WEBHOOK_SECRET": SECRET,
            "SHOP_WEBHOOK_PORT": str(self.port),
            "SHOP_RETRY_AFTER": "600",  # as good as never
        }
        self._process: subprocess.Popen[bytes] | None = None

    def launch(self, **changed: str) -> subprocess.Popen[bytes]:
        *preparation, documented = documented_commands()
        subprocess.run(["sh", "-ec", "\n".join(preparation)], cwd=self._folder, check=True)
        command = [*shlex.split(documented), "--env-vars", "SHOP_WEBHOOK_SECRET,SHOP_WEBHOOK_PORT,SHOP_RETRY_AFTER"]
        with self._output.open("ab") as output:
            return subprocess.Popen(
                command,
                cwd=self._folder,
                env={**self._environment, **changed},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def start(self, **changed: str) -> None:
        self._process = self.launch(**changed)
        wait_for("the start", self._listens, self.printed)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it, and what it has started, as a service manager does."""
        if self._process is None:
            return
        process, self._process = self._process, None
        playbooks = family(process.pid)[1:]
        process.send_signal(how)
        try:
            process.wait(PATIENCE)
        finally:
            process.kill()
            process.wait()
            for pid in playbooks:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def _listens(self) -> bool:
        assert self._process is not None and self._process.poll() is None, self.printed()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def printed(self) -> str:
        return self._output.read_text(encoding="utf-8", errors="replace")

    def runs(self) -> int:
        """How many playbooks have begun."""
        return self.printed().count("PLAY [")

    def post(self, content: t.Any, **headers: str) -> int:
        """The status of the answer. Without headers it is signed as it should be."""
        body = json.dumps(content).encode()
        headers = headers or {"X-Signature": hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/", body, {"Content-Type": "application/json", **headers}
        )
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    def waiting(self) -> int:
        """The number of entitlements that are not applied yet."""
        with contextlib.closing(sqlite3.connect(self.database)) as database:
            return database.execute("SELECT count(*) FROM newest WHERE item IS NOT NULL").fetchone()[0]

    def settled(self) -> None:
        """Wait until all accepted events are applied."""
        wait_for("the end of all work", lambda: not self.waiting(), self.printed)

    def held(self, email: str) -> tuple[list[int], list[int]]:
        """The products and subscriptions that a viewer has now."""
        state = self._sandbox.state()["audienceplayer"]
        for user in state["users"]:
            if user["email"] == email:
                now = datetime.datetime.now(datetime.UTC)
                ends = {
                    item["subscription_id"]: datetime.datetime.fromisoformat(item["expires_at"])
                    for item in user.get("subscriptions", [])
                }
                return (
                    [item["product_id"] for item in user.get("products", []) if item["is_fulfilled"]],
                    [number for number, end in ends.items() if end > now],
                )
        return [], []


@pytest.fixture
def rulebook(sandbox: Sandbox, tmp_path: pathlib.Path) -> t.Iterator[Rulebook]:
    rulebook = Rulebook(sandbox, tmp_path)
    yield rulebook
    rulebook.stop()
    printed = rulebook.printed()
    for secret in (SECRET, *(client["client_secret"] for client in sandbox.state()["audienceplayer"]["clients"])):
        assert secret not in printed
    for path in rulebook.database.parent.rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_events_of_a_shop(rulebook: Rulebook) -> None:
    """Purchases, a refund and a chargeback; and what is forged, repeated, late or malformed changes nothing."""
    rulebook.start()

    # Two purchases; one of the viewers is new to the platform.
    product = event("purchase", 10, user_email="alice@example.com", product_id=445)
    subscription = event(
        "purchase", 10, user_email="new@example.com", subscription_id="556", expires_at="2035-12-31T23:59:59+01:00"
    )
    assert [rulebook.post(product), rulebook.post(subscription)] == [200, 200]
    rulebook.settled()
    assert rulebook.held("alice@example.com") == ([445], [])
    assert rulebook.held("new@example.com") == ([], [556])

    # Nobody but the shop is heard.
    forged = event("refund", 20, user_email="alice@example.com", product_id=445)
    signature = hmac.new(b"another secret", json.dumps(forged).encode(), hashlib.sha256).hexdigest()
    assert rulebook.post(forged, **{"X-Signature": signature}) == 401
    assert rulebook.post(forged, Other="header") == 400

    # A repeat asks for no work, nor does what cannot be understood, which is logged without personal data.
    runs = rulebook.runs()
    assert rulebook.post(product) == 200
    malformed = [
        ["no object"],
        event("purchase", 30, user_email="alice@example.com"),
        event("purchase", 30, user_email="alice@example.com", product_id=445, subscription_id=556),
        event("purchase", 30, user_email="alice@example.com", product_id=True),
        event("purchase", 30, user_email="alice@example.com", subscription_id=556),
        event("purchase", 30, user_email="{{ 7 * 7 }}@example.com", product_id=445),
        event("invoice", 30, user_email="alice@example.com", product_id=445),
        event("refund", 30, user_email="alice@example.com", product_id=445) | {"occurred_at": "yesterday"},
        event("refund", 30, user_email="alice@example.com", product_id=445) | {"occurred_at": "2126-01-01T00:00:00Z"},
        event("refund", 30, user_email="alice@example.com", product_id=445) | {"id": "alice@example.com\nforged line"},
    ]
    assert {rulebook.post(content) for content in malformed} == {200}
    assert rulebook.printed().count(" is dropped") == len(malformed)
    assert not [line for line in rulebook.printed().splitlines() if "dropped" in line and "example.com" in line]

    # A refund, and a chargeback that comes before its purchase, which arrives with it or later.
    assert rulebook.post(event("refund", 40, user_email="alice@example.com", product_id=445)) == 200
    assert rulebook.post(event("chargeback", 50, user_email="Bob@example.com", subscription_id=555)) == 200
    assert (
        rulebook.post(
            event("purchase", 45, user_email="bob@example.com", subscription_id=555, expires_at="2035-01-01T00:00:00Z")
        )
        == 200
    )
    rulebook.settled()
    after = rulebook.runs()
    assert runs < after <= runs + 2
    assert rulebook.held("alice@example.com") == ([], [])
    assert rulebook.held("bob@example.com") == ([444], [])

    # The same once everything is done; of two events of one moment the refund counts. The last one shows that the others made no run.
    assert rulebook.post(event("purchase", 39, user_email="alice@example.com", product_id=445)) == 200
    assert rulebook.post(event("purchase", 40, user_email="alice@example.com", product_id=445)) == 200
    assert rulebook.post(event("purchase", 50, user_id=1003, product_id=444)) == 200
    rulebook.settled()
    assert rulebook.runs() == after + 1
    assert rulebook.held("alice@example.com") == ([], [])
    assert rulebook.held("carol@example.com") == ([444], [])

    # What is done leaves no personal data.
    assert b"example.com" not in rulebook.database.read_bytes()


def test_a_platform_that_fails(sandbox: Sandbox, rulebook: Rulebook) -> None:
    """What failed is tried again until it succeeds, and keeps nothing else waiting."""
    refused = {"platform": "audienceplayer", "operation": "ProductEntitlementManage", "times": -1}
    sandbox.control(
        "faults", "POST", {**refused, "fault": "graphql_errors", "errors": [{"message": "no", "code": 400}]}
    )
    rulebook.start(SHOP_RETRY_AFTER=AGAIN)
    assert rulebook.post(event("purchase", 1, user_email="alice@example.com", product_id=445)) == 200
    wait_for("a failure", lambda: "failed=1" in rulebook.printed(), rulebook.printed)
    assert (
        rulebook.post(
            event("purchase", 2, user_email="alice@example.com", subscription_id=555, expires_at="2035-01-01T00:00:00Z")
        )
        == 200
    )
    wait_for("the other one", lambda: rulebook.waiting() == 1, rulebook.printed)
    assert rulebook.held("alice@example.com") == ([], [555])
    sandbox.control("faults", "DELETE")
    rulebook.settled()
    assert rulebook.held("alice@example.com") == ([445], [555])


def test_a_rulebook_that_is_killed(sandbox: Sandbox, rulebook: Rulebook) -> None:
    """In the middle of a run: the next one goes on, and still knows the order of events."""
    hangs = {
        "platform": "audienceplayer",
        "operation": "EntitlementManage",
        "fault": "hang_before",
        "seconds": 3600,
        "times": 1,
    }
    sandbox.control("faults", "POST", hangs)
    rulebook.start(SHOP_RETRY_AFTER=AGAIN)
    late = event("purchase", 5, user_email="alice@example.com", product_id=445)
    assert rulebook.post(event("refund", 6, user_email="alice@example.com", product_id=445)) == 200
    assert rulebook.post(event("purchase", 5, user_email="carol@example.com", product_id=445)) == 200
    wait_for("the run", lambda: sandbox.control("summary")["audienceplayer"]["faults"] == 1, rulebook.printed)
    rulebook.stop(signal.SIGKILL)
    assert rulebook.waiting() > 0
    rulebook.start(SHOP_RETRY_AFTER=AGAIN)
    assert rulebook.post(late) == 200
    rulebook.settled()
    assert rulebook.held("carol@example.com") == ([445], [])
    assert rulebook.held("alice@example.com") == ([], [])


@pytest.mark.parametrize("secret", ["", "short"])
def test_no_start_without_a_secret(rulebook: Rulebook, secret: str) -> None:
    process = rulebook.launch(SHOP_WEBHOOK_SECRET=secret)
    assert process.wait(PATIENCE) != 0
    assert "SHOP_WEBHOOK_SECRET_of_16_characters" in rulebook.printed()


@pytest.fixture
def give(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> t.Callable[..., list[Facts]]:
    """The event filter alone, loaded as ansible-rulebook does it."""
    monkeypatch.setenv("MEDIAOPS_EVENTS", str(tmp_path / "events.sqlite"))
    return runpy.run_path(str(ROOT / "extensions" / "eda" / "plugins" / "event_filter" / "entitlement_events.py"))[
        "main"
    ]


def test_the_end_does_not_depend_on_the_order(give: t.Callable[..., list[Facts]]) -> None:
    """All orders of five events, each of them for a viewer of its own."""
    for viewer, order in enumerate(itertools.permutations(range(5)), 1):
        about = {"user_id": viewer, "subscription_id": 555}
        events = [
            event("purchase", 1, **about, expires_at="2035-01-01T00:00:00Z"),
            event("refund", 2, **about),
            event("purchase", 3, **about, expires_at="2036-01-01T00:00:00Z"),
            event("chargeback", 4, **about),
            event("purchase", 4, **about, expires_at="2037-01-01T00:00:00Z"),
        ]
        for number in (*order, *order):
            assert give({"payload": events[number], "meta": {}}) == []
    (work,) = give({"retry_after": 600})
    assert sorted(item["user_id"] for item in work["entitlements"]) == list(range(1, 121))
    assert {item["state"] for item in work["entitlements"]} == {"absent"}
    assert give({"retry_after": 600}) == []


def test_only_the_receipt_of_the_newest_counts(give: t.Callable[..., list[Facts]]) -> None:
    """A run that ends after a newer event has come does not pass for that one's."""
    about = {"user_id": 1001, "product_id": 445}
    give({"payload": event("purchase", 1, **about)})
    (first,) = give({"retry_after": 0})
    give({"payload": event("refund", 2, **about)})
    pathlib.Path(first["receipt"]).touch()
    (second,) = give({"retry_after": 0})
    assert [first["entitlements"], second["entitlements"]] == [
        [about | {"state": "present"}],
        [about | {"state": "absent"}],
    ]
    (third,) = give({"retry_after": 0})
    assert third["entitlements"] == second["entitlements"]
    pathlib.Path(third["receipt"]).touch()
    assert give({"retry_after": 0}) == []


def test_another_shop(give: t.Callable[..., list[Facts]]) -> None:
    given = {
        "id": "1",
        "event": "order.paid",
        "created": 1767268800,
        "customer": {"email": "eve@example.com"},
        "lines": {"product": "444"},
    }
    fields = {"type": "event", "occurred_at": "created", "user_email": "customer.email", "product_id": "lines.product"}
    give({"payload": given}, fields=fields, types={"order.paid": "present"})
    (work,) = give({"retry_after": 600})
    assert work["entitlements"] == [
        {"user_email": "eve@example.com", "product_id": 444, "state": "present", "auto_register": True}
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [("Alice@Example.com", "alice@example.com"), ("J\u00fc@x.y", "ju\u0308@X.Y"), ("stra\u00dfe@x.y", "STRASSE@x.y")],
    ids=ascii,
)
def test_spellings_of_one_address_are_one_user(one: str, other: str, give: t.Callable[..., list[Facts]]) -> None:
    """The newest event counts, and the address is sent as that one spells it."""
    give({"payload": event("purchase", 1, user_email=one, product_id=445)})
    give({"payload": event("refund", 2, user_email=other, product_id=445)})
    (work,) = give({"retry_after": 600})

    assert work["entitlements"] == [{"user_email": other, "product_id": 445, "state": "absent"}]


@pytest.mark.parametrize("character", ["\u200b", "\ufeff", "\u00a0", "\u00ad", "\u2060", "\u202e"], ids=ascii)
def test_an_address_with_a_character_that_nobody_sees_is_dropped(
    character: str, give: t.Callable[..., list[Facts]]
) -> None:
    give({"payload": event("purchase", 1, user_email=f"alice@example.com{character}", product_id=445)})

    assert give({"retry_after": 600}) == []
