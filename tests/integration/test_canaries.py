# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret shows anywhere, although no play says no_log: a canary in each of them, and a search of all that a run leaves behind.

All canaries of a run hold one random mark of letters and digits, which URLs, JSON, HTML and shells write as it is, and every character that any of
them writes in another way. The mark is searched for in either case, broken by blanks and line ends, in hex, and in the three alignments of Base64. The
secrets that the sandbox issues hold it, too (canaries/sandbox.py). Searched are standard output and error, the log file, the arguments of all
processes, and every file below the run's home: temporary files, token caches, cached facts, retry files.

What ansible-core shows by itself no plugin can prevent. test_what_ansible_core_shows has the list, which is the proof that the search finds
something, too. No play does these things with a canary:

- a task of ansible-core's own shows its arguments and results, also async_status for a background task that nobody polled (poll: 0),
- a loop item whose task is skipped, and the item of an include, is shown,
- the environment keyword travels in the command line of ansible-core's own modules,
- the lines around a failed task, and around the variable that it could not evaluate, also in a file of variables, are shown.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import typing as t

import pytest
import yaml
from canaries.plays import Canaries, Plays, everything, extras
from driver import (
    HERE,
    MODES,
    OWN_MODULE_FILE,
    SECRET_MARK,
    STRICT,
    Facts,
    Sandbox,
    environment,
    secrets_in,
    spellings_of,
)

pytestmark = pytest.mark.timeout(900)  # of seconds on a busy machine

#: Per kind of run: the callback that shows it, more arguments, and where its modules run.
RUNS = {
    "default": ("default", [], "in process"),
    "json": ("whole_json", [], "in process"),
    "default, check": ("default", ["--check"], "in process"),
    "json, check": ("whole_json", ["--check"], "in process"),
    "default, as module": ("default", [], "as module"),
}
SLOW = {*RUNS} - {"default"}  # for CI
#: As ordinary modules each task takes a second.
FEW_AS_MODULES = {"flex_oauth_app", "freewheel_token", "movingimage_token", "token_cache_info"}
#: The modules that get every kind of bad answer: the others share their code.
SPEAK_FOR_OTHERS = ("_api", "_entitlement", "_graphql", "_oauth_app", "_player", "_token")
PROCESSES = "the arguments of a process"
#: Line ends, as they are and as JSON writes them, and the blanks around them.
_BLANKS = re.compile(rb"(?:\s|\\[rn])+")


class MarkedSandbox(Sandbox):
    """A sandbox whose secrets hold the canaries' mark."""

    def __init__(self, folder: pathlib.Path, mark: str) -> None:
        popen, program = subprocess.Popen, str(HERE / "canaries" / "sandbox.py")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MEDIAOPS_CANARY_MARK", mark)
            patch.setattr(
                "driver.subprocess.Popen",
                lambda command, **options: popen([command[0], program, *command[2:]], **options),
            )
            super().__init__(folder)


class Search:
    """Finds canaries in bytes."""

    def __init__(self, canary: Canaries, others: t.Iterable[str] = ()) -> None:
        self._canary = canary
        mark = canary.mark.encode()
        self._needles = {mark: "", **{_inner_base64(mark, lead): "a canary in Base64" for lead in range(3)}}
        self._needles |= {
            spelling.encode(): "a secret of the demo" for other in others for spelling in spellings_of(other)
        }
        self._folded_needles = {mark: "", mark.hex().encode(): "a canary in hex"}

    def __call__(self, place: str, data: bytes) -> list[str]:
        found: dict[str, str] = {}
        # A part of a canary is one, too; but elsewhere on the machine there may be other tests' secrets.
        parts = {} if place == PROCESSES else {SECRET_MARK.encode(): ""}
        self._look(place, data, {**self._needles, **parts}, found)
        self._look(place, _BLANKS.sub(b"", data).lower(), self._folded_needles, found)
        return list(found.values())

    def _look(self, place: str, data: bytes, needles: dict[bytes, str], found: dict[str, str]) -> None:
        for needle, known in needles.items():
            at = data.find(needle)
            while at >= 0:
                name = known or self._canary.name_of(data[at : at + 40].decode(errors="replace"))
                around = data[max(0, at - 150) : at + 100].decode(errors="replace")
                found.setdefault(name, f"{name} in {place}: {around!r}")
                at = data.find(needle, at + 1)


def _inner_base64(data: bytes, lead: int) -> bytes:
    """The characters that the data alone decides, where ``lead`` bytes stand before it."""
    encoded = base64.b64encode(bytes(lead) + data)
    return encoded[(lead * 8 + 5) // 6 : (lead + len(data)) * 8 // 6]


class Sampler(threading.Thread):
    """Reads the arguments of all processes again and again, but for those that were there before: they know no canary."""

    def __init__(self, search: Search) -> None:
        super().__init__(daemon=True)
        self._search = search
        self._before = {*os.listdir("/proc")}
        self._stopped = threading.Event()
        self.found: list[str] = []
        self.processes: set[bytes] = set()

    def run(self) -> None:
        while not self._stopped.wait(0.02):
            for name in os.listdir("/proc"):
                if name.isdigit() and name not in self._before:
                    with contextlib.suppress(OSError):
                        self.processes.add(pathlib.Path("/proc", name, "cmdline").read_bytes())

    def stop(self) -> None:
        self._stopped.set()
        self.join()
        self.found = [problem for line in self.processes for problem in self._search(PROCESSES, line)]


class Outcome(t.NamedTuple):
    output: bytes
    tasks: list[Facts]
    found: list[str]


def run(
    kind: str, sandbox: Sandbox, plays: Plays, playbook: list[Facts], search: Search, patience: float = 10
) -> Outcome:
    """Run a playbook, and search all that it leaves behind."""
    callback, arguments, mode = RUNS[kind]
    home, inputs = plays.folders["scanned"], plays.folders["inputs"]
    record, plan, made = inputs / "record.jsonl", inputs / "plan.json", inputs / "playbook.yml"
    plan.write_text(
        json.dumps(
            {"sandbox": sandbox.url, "work": str(inputs / "none"), "record": str(record), "prepare": plays.prepare}
        ),
        encoding="utf-8",
    )
    made.write_text(json.dumps(playbook, indent=1), encoding="utf-8")  # JSON is YAML
    variables = {
        "given": plays.given,
        "bad": plays.bad,
        **{name: str(path) for name, path in plays.folders.items()},
        **(MODES[mode] or {}),
    }
    (inputs / "variables.yml").write_text(json.dumps(variables, indent=1), encoding="utf-8")
    sampler = Sampler(search)
    sampler.start()
    command = [
        str(pathlib.Path(sys.executable).parent / "ansible-playbook"),
        str(made),
        "-vvvvv",
        "--diff",
        *arguments,
        "-e",
        f"@{inputs / 'variables.yml'}",
    ]
    env = {
        **environment(home),
        **plays.given["environment"],
        "MEDIAOPS_TEST_PLAN": str(plan),
        "ANSIBLE_STDOUT_CALLBACK": callback,
        "ANSIBLE_LOG_PATH": str(home / "log"),
        "ANSIBLE_LOCAL_TEMP": str(home / "local-tmp"),
        "ANSIBLE_CACHE_PLUGIN": "ansible.builtin.jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(home / "facts"),
        "ANSIBLE_RETRY_FILES_ENABLED": "1",
        "ANSIBLE_RETRY_FILES_SAVE_PATH": str(home / "retry"),
        "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "1",
        "ANSIBLE_DISPLAY_TRACEBACK": "always",
        "TMPDIR": str(home / "tmp"),
    }
    (home / "tmp").mkdir(exist_ok=True)
    with (home / "stdout").open("wb") as output, (home / "stderr").open("wb") as errors:
        process = subprocess.Popen(
            command, cwd=home, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, start_new_session=True
        )
        try:
            process.wait(600)
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        finally:
            sampler.stop()
    # The process that watches a background task removes its module up to five seconds later.
    deadline = time.monotonic() + patience
    while list(home.glob(".ansible/tmp/ansible-tmp-*")) and time.monotonic() < deadline:
        time.sleep(0.2)
    found = sampler.found
    for path in sorted(home.rglob("*")):
        if path.is_file() and not path.is_symlink():
            found += search(str(path.relative_to(home)), path.read_bytes())
    tasks = [
        event for event in map(json.loads, record.read_text(encoding="utf-8").splitlines()) if event["event"] == "task"
    ]
    return Outcome((home / "stdout").read_bytes(), tasks, found)


@pytest.fixture
def canary() -> Canaries:
    return Canaries()


@pytest.fixture
def marked(canary: Canaries, tmp_path: pathlib.Path) -> t.Iterator[Sandbox]:
    (tmp_path / "sandbox").mkdir()
    sandbox = MarkedSandbox(tmp_path / "sandbox", canary.mark)
    yield sandbox
    sandbox.stop()


@pytest.fixture
def plays(canary: Canaries, marked: Sandbox, tmp_path: pathlib.Path) -> t.Iterator[Plays]:
    # ansible-core 2.21 has a socket in its temporary folder, whose path must be short.
    with tempfile.TemporaryDirectory(prefix="scanned-") as scanned:
        folders = {"scanned": pathlib.Path(scanned), **{name: tmp_path / name for name in ("inputs", "delivered")}}
        for folder in folders.values():
            folder.mkdir(exist_ok=True)
        made = Plays(canary, marked.url, marked.variables()["sandbox"]["unreachable_url"], folders)
        made.write_inputs()
        yield made


def playbook_for(kind: str, plays: Plays) -> list[Facts]:
    """Everything in the first kind of run, and in CI; the others take what they can show in less time."""
    modules = everything("modules")
    assert set(plays.good) == set(modules), "canaries/modules.yml has to have every module, and no other"
    first, checks, as_modules = kind == "default", "check" in kind, "as module" in kind
    variants = ["credentials", "unreachable", "unknown", "redis"] if STRICT else ["credentials", "unknown"]
    if as_modules and not STRICT:
        modules = [module for module in modules if module in FEW_AS_MODULES]
    good, bad = plays.good_tasks(modules), plays.bad_tasks(modules, variants)
    others = extras(background=as_modules or STRICT or (first and "as module" not in MODES))
    if as_modules:
        others = [task for task in others if STRICT or "environment" in task or "background" in task["name"]]
    else:
        good += plays.role_tasks(["manifest"]) if STRICT or not checks else []
        bad += plays.role_tasks(["bad_manifest", "invalid_manifest", "redis_manifest"] if STRICT else ["bad_manifest"])
    made = [plays.play("What succeeds", good), plays.play("Other ways", others), plays.play("What fails", bad)]
    if first or (STRICT and not checks and not as_modules):
        made += plays.echo_plays([module for module in modules if STRICT or module.endswith(SPEAK_FOR_OTHERS)])
    if as_modules or (kind == "json" and not STRICT):
        return made
    return made + plays.playbooks(everything("playbooks") if STRICT or first else ["provision", "revoke"])


def names_in(playbook: t.Any) -> set[str]:
    """What a playbook uses of the collection."""
    return set(re.findall(r"mediaops\.access\.(\w+)", json.dumps(playbook)))


def _top_tasks(playbook: list[Facts]) -> set[str]:
    return {task["name"] for play in playbook for task in play.get("tasks", []) if "block" not in task}


@pytest.mark.parametrize("kind", [kind for kind in RUNS if RUNS[kind][2] in MODES and (STRICT or kind not in SLOW)])
def test_no_secret_shows(kind: str, canary: Canaries, marked: Sandbox, plays: Plays) -> None:
    # The demo has the sandbox's usual secrets.
    search = Search(canary, [secret for place, secret in secrets_in(marked.state()) if not place.startswith("consul")])
    playbook = playbook_for(kind, plays)
    if kind == "default":
        missing = {
            name for offered in ("modules", "lookup", "filter", "roles", "playbooks") for name in everything(offered)
        } - names_in(playbook)
        assert not missing, f"no task uses {sorted(missing)}"
    result = run(kind, marked, plays, playbook, search)
    problems = result.found
    ran = {task["task"] for task in result.tasks}
    problems += [f"{name!r} did not run" for name in sorted(_top_tasks(playbook) - ran)]
    # Those in the background are modules anyway.
    as_modules = len(OWN_MODULE_FILE.findall(result.output.decode(errors="replace")))
    if (as_modules > 4) != ("as module" in kind):
        problems.append(f"{as_modules} tasks were run as ordinary modules")
    for task in result.tasks:
        name = task["task"]
        if task["item"] is None and not name.startswith("any:") and " : " not in name:
            wanted = ("failed",) if name.startswith("bad:") else ("ok", "skipped")
            if task["outcome"] not in wanted:
                problems.append(f"{name!r} is {task['outcome']}: {task['result'].get('msg')}")
    if problems:
        pytest.fail("\n".join(["", *dict.fromkeys(problems)][:60]), pytrace=False)


def test_what_ansible_core_shows(canary: Canaries, marked: Sandbox, plays: Plays) -> None:
    search = Search(canary)
    tasks = yaml.safe_load((HERE / "canaries" / "core.yml").read_text(encoding="utf-8"))
    names = ("argument", "encoded", "environment", "error", "fact", "file", "lines", "shown", "skipped", "warning")
    plays.given["core"] = {name: canary(f"core {name}") for name in names}
    lines = f"a_password: {json.dumps(canary('core lines'))}\nundefined_in_file: '{{{{ not_defined_anywhere }}}}'\n"
    (plays.folders["inputs"] / "lines.yml").write_text(lines, encoding="utf-8")
    result = run("default", marked, plays, [plays.play("Leaks", tasks)], search, patience=0)
    found = {problem.partition(": ")[0] for problem in result.found}
    wanted = [
        "core shown in stdout",
        "core shown in log",
        "core error in stdout",
        "core warning in stderr",
        "core skipped in stdout",
        "core lines in std",
        "core argument in the arguments of a process",
        "core environment in the arguments of a process",
        "core file in tmp/leak",
        "core fact in facts/",
        "a canary in Base64 in stdout",
        "one that the sandbox issued in stdout",
        "one that the sandbox issued in .ansible/async/",
    ]
    missing = [place for place in wanted if not any(problem.startswith(place) for problem in found)]
    assert not missing, f"not found: {missing}, but {sorted(found)}"
