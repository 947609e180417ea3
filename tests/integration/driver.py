# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs plays against the sandbox and judges what they did. See README.md for how to add a target or a case.

A target is run four times: as a check on the fresh state, for real, for real once more, and as a check again; all that inside Ansible's worker
("in process"), and the first real run once more with ordinary modules ("as module"). For a target that is a task list the four are plays of one
ansible-playbook: it costs a second or more to start, and nothing that is judged needs a start of its own. `check_mode` of a play reaches tasks
like --check does, with one exception: the variable ansible_check_mode is still false. Registered variables live on from play to play, too. What
depends on either (most roles do) is a target with playbook.yml: then the four are four commands, with --check --diff where it is a check.

Between two plays nothing runs, so a callback plugin reads the sandbox's state there, and after each task (a secret may be gone later). The
files that a target leaves in work_dir are part of that state. It writes the outcome of each task and loop item, from which all judgements
are made: nothing is read off the screen but what must not be on it.
All runs are at -vvv, with --diff, without a configuration file, in a home of their own.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import itertools
import json
import os
import pathlib
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
import typing as t
import urllib.error
import urllib.parse
import urllib.request

import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
NAME = pathlib.Path("ansible_collections", "mediaops", "access")

_own_tree = tempfile.TemporaryDirectory(prefix="mediaops-access-")


def interpreter() -> str:
    """This Python by a path without blanks: ansible-core does not quote it in a task that runs in the background."""
    return _program("python") if " " in sys.executable else "{{ ansible_playbook_python }}"


def module_interpreter() -> str:
    """One that does not compile each module anew (module_python.py)."""
    cache = pathlib.Path(_own_tree.name, "compiled")
    cache.mkdir(exist_ok=True)
    return _program("module-python", str(HERE / "module_python.py"), str(cache))


def _program(name: str, *arguments: str) -> str:
    """A program that runs this Python with these arguments and its own."""
    program = pathlib.Path(_own_tree.name, name)
    program.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, *arguments])} "$@"\n', encoding="utf-8")
    program.chmod(0o700)
    return str(program)


#: How a module may be run, with the variables that make localhost do so.
MODES = {
    "in process": {"ansible_connection": "local", "ansible_python_interpreter": interpreter()}
    if " " in sys.executable
    else None,
    "as module": {"ansible_connection": "as_module", "ansible_python_interpreter": module_interpreter()},
}
if os.environ.get("MODES") == "in process":  # the other mode is slow, and the same with every ansible-core
    del MODES["as module"]
STRICT = bool(os.environ.get("STRICT"))  # CI
QUICK_AS_MODULES = (
    "freewheel_token_info",
    "flex_oauth_app_info",
    "audienceplayer_user",
    "movingimage_video_manager_info",
    "oauth2_token_info",
    "playlyfe_player",
)
PHASES = ("check 1", "run 1", "run 2", "check 2")
NOT_IN_CHECK = "not_in_check"
ALWAYS_CHANGED = "always_changed"

#: A made-up secret in a target or case has this in it; then it is known to be one.
SECRET_MARK = "s3cr3t"
UNWANTED = ("[WARNING]", "[DEPRECATED", "[DEPRECATION", "Traceback (most recent call last)", "this is a bug in")
SECRET_PLACE = re.compile(r"(?:secret|password|registration_key|value|\bcode|tokens_allowed\[\d+\])$")
USER_AGENT = "mediaops.access (Ansible collection)"
OWN_MODULE_FILE = re.compile(r"^Using module file .*/mediaops/access/", re.M)
WRITING_OPERATION = re.compile(r"(?:Manage|Update|Create|Delete|Register)$")

Facts = dict[str, t.Any]


class Sandbox:
    """A sandbox process of our own, and its control API."""

    def __init__(self, folder: pathlib.Path) -> None:
        ready = folder / "sandbox.json"
        command = [
            sys.executable,
            str(ROOT / "extensions" / "sandbox"),
            "--port",
            "0",
            "--ready-file",
            str(ready),
            "--quiet",
        ]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        deadline = time.monotonic() + 30
        while not ready.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError("the sandbox did not start")
            time.sleep(0.02)
        self.url: str = json.loads(ready.read_text(encoding="utf-8"))["url"]
        # Bound, but not listening: connections are refused.
        self._closed = socket.socket()
        self._closed.bind(("127.0.0.1", 0))

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def control(self, path: str, method: str = "GET", body: t.Any = None) -> t.Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_sandbox/{path}", data, method=method)
        try:
            with self._opener.open(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"the sandbox refuses {method} {path}: {error.read().decode()}") from None

    def reset(self, prepare: Facts | None = None) -> None:
        """The fresh state, then the switches, state and faults of a prepare.json."""
        self.control("reset", "POST")
        for part, method in (("switches", "PUT"), ("state", "PUT"), ("faults", "POST")):
            if prepare and prepare.get(part):
                self.control(part, method, prepare[part])

    def state(self) -> Facts:
        return self.control("state")

    def logins(self, platform: str) -> int:
        return self.control("summary")[platform]["logins"]

    def variables(self) -> Facts:
        """What plays know: `sandbox` with the connection options of each platform, and its present state and requests."""
        state, url = self.state(), self.url
        users = {
            name: {key: state[name]["users"][0][key] for key in ("username", "password")}
            for name in ("freewheel", "movingimage")
        }
        clients = {
            name: [
                {key: client[key] for key in ("client_id", "client_secret")} for client in state[name]["clients"][:2]
            ]
            for name in ("audienceplayer", "playlyfe", "oauth2")
        }
        audienceplayer = {"url": f"{url}/audienceplayer", "project_id": state["audienceplayer"]["project_id"]}
        now = "{{ lookup('ansible.builtin.url', sandbox_url ~ '/_sandbox/%s', split_lines=false) | from_json }}"
        return {
            "sandbox": {
                "url": url,
                "unreachable_url": f"http://127.0.0.1:{self._closed.getsockname()[1]}",
                "flex": {"url": f"{url}/flex", "registration_key": state["flex"]["registration_key"]},
                "freewheel": {"url": f"{url}/freewheel", **users["freewheel"]},
                "freewheel_token_url": f"{url}/freewheel-auth/oauth2/token",
                "audienceplayer": {**audienceplayer, **clients["audienceplayer"][0]},
                "audienceplayer_admin": {**audienceplayer, **clients["audienceplayer"][1]},
                "movingimage": {"url": f"{url}/movingimage", **users["movingimage"], "video_manager_id": 42},
                "movingimage_auth_url": f"{url}/movingimage-auth",
                "playlyfe": {"url": f"{url}/playlyfe/v2", "auth_url": f"{url}/playlyfe-auth", **clients["playlyfe"][0]},
                "oauth2": {"url": f"{url}/oauth2/api", "issuer": f"{url}/oauth2", **clients["oauth2"][0]},
                "consul": {"url": f"{url}/consul", "token": state["consul"]["tokens_allowed"][0]},
            },
            "sandbox_url": url,
            "sandbox_state": now % "state",
            "sandbox_requests": now % "requests",
            "sandbox_summary": now % "summary",
        }


@dataclasses.dataclass
class Phase:
    """One play, or all plays of one command: its tasks' outcomes, and the sandbox's state before and after."""

    name: str
    tasks: list[Facts]
    before: Facts
    after: Facts
    #: The requests that were made to the sandbox.
    requests: list[Facts]

    def outcomes(self, without: str | None = None) -> list[tuple[str, str, int | None, str, bool]]:
        """Who did what; without the tasks that have that tag."""
        return [
            (task["host"], task["task"], task["item"], task["outcome"], task["changed"])
            for task in self.tasks
            if without not in task["tags"]
        ]

    def writes(self) -> list[str]:
        """The requests that write."""
        return [
            f"{request['method']} {request['path']} {' '.join(request['operations'])}".rstrip()
            for request in self.requests
            if not request["auth"]
            and (
                any(map(WRITING_OPERATION.search, request["operations"]))
                if request["operations"]
                else request["method"] not in ("GET", "HEAD", "OPTIONS")
            )
        ]


@dataclasses.dataclass
class Run:
    """One ansible-playbook command."""

    status: int
    output: str
    phases: list[Phase]
    #: Every state of the sandbox that was seen.
    states: list[Facts]
    home: pathlib.Path
    #: What the callback plugin access_statistics has written.
    statistics: Facts

    def problems(self) -> list[str]:
        """What no run may do: warn, show a traceback or a secret, or keep a secret where others can read it."""
        found = [
            f"{word} in the output: {line}" for line in self.output.splitlines() for word in UNWANTED if word in line
        ]
        spellings = {
            spelling: name
            for state in self.states
            for name, secret in secrets_in(state)
            for spelling in spellings_of(secret)
        }
        spellings[SECRET_MARK] = "a secret of the test's own"
        for line in self.output.splitlines():
            found += [
                f"{name} in the output: {line.replace(spelling, '<<HERE>>')}"
                for spelling, name in spellings.items()
                if spelling in line
            ]
        for path in self.home.rglob("*"):
            if "mediaops" not in path.relative_to(self.home).parts or path.is_symlink():
                continue
            mode = path.stat().st_mode & 0o777
            if mode != (0o700 if path.is_dir() else 0o600):
                found.append(f"{path} has mode {mode:04o}")
            if path.is_file():
                data = path.read_bytes()
                found += [
                    f"{name} in the file {path}" for spelling, name in spellings.items() if spelling.encode() in data
                ]
        return list(dict.fromkeys(found))

    def whole(self, name: str) -> Phase:
        """All plays as one phase."""
        first, last = self.phases[0], self.phases[-1]
        chained = itertools.chain.from_iterable
        return Phase(
            name,
            list(chained(phase.tasks for phase in self.phases)),
            first.before,
            last.after,
            list(chained(phase.requests for phase in self.phases)),
        )


def secrets_in(node: t.Any, place: str = "") -> t.Iterator[tuple[str, str]]:
    """The secrets in a state of the sandbox, each with its place."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from secrets_in(value, f"{place}.{key}".lstrip("."))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from secrets_in(value, f"{place}[{number}]")
    elif isinstance(node, str) and len(node) >= 6 and SECRET_PLACE.search(place):
        yield place, node


def spellings_of(secret: str) -> set[str]:
    """A secret as it is, in a URL, and within Base64 of anything that holds it."""
    found = {secret, urllib.parse.quote(secret, safe=""), urllib.parse.quote_plus(secret)}
    for shift in range(3):
        data = bytes(shift) + secret.encode()
        found.add(base64.b64encode(data).decode().rstrip("=")[(0, 2, 3)[shift] : -1 if len(data) % 3 else None])
    return found


class Ansible:
    """Runs ansible-playbook in a home of its own, against a sandbox."""

    def __init__(self, sandbox: Sandbox, folder: pathlib.Path) -> None:
        self.sandbox = sandbox
        self.folder = folder
        self.work = folder / "work"
        self.work.mkdir()
        self.environment = environment(folder)
        self._numbers = itertools.count(1)

    def home(self, name: str) -> Ansible:
        """The same with a fresh home."""
        folder = self.folder / name.replace(" ", "-")
        folder.mkdir()
        return Ansible(self.sandbox, folder)

    def run(
        self,
        playbook: pathlib.Path | str | list[Facts],
        *arguments: str,
        hosts: dict[str, Facts] | None = None,
        prepare: dict[str, Facts] | None = None,
        verbosity: str = "-vvv",
        timeout: float = 300,
    ) -> Run:
        """Run a playbook, from a file, by its name or as data. `prepare` says how to prepare the sandbox before a play, by the play's name."""
        number = next(self._numbers)
        record, plan = self.folder / f"record-{number}.jsonl", self.folder / f"plan-{number}.json"
        statistics = self.folder / f"statistics-{number}.json"
        planned = {"sandbox": self.sandbox.url, "work": str(self.work), "record": str(record), "prepare": prepare or {}}
        plan.write_text(json.dumps(planned), encoding="utf-8")
        if isinstance(playbook, list):
            playbook = self._write(f"playbook-{number}.yml", playbook)
        command = [str(pathlib.Path(sys.executable).parent / "ansible-playbook"), str(playbook), "--diff", verbosity]
        if hosts:
            command += ["-i", str(self._write(f"inventory-{number}.yml", {"all": {"hosts": hosts}}))]
        command += [
            "-e",
            f"@{self._write(f'variables-{number}.yml', {**self.sandbox.variables(), 'work_dir': str(self.work)})}",
            *arguments,
        ]
        with tempfile.TemporaryFile("w+", errors="replace") as output:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env={
                    **self.environment,
                    "MEDIAOPS_TEST_PLAN": str(plan),
                    "MEDIAOPS_STATISTICS_FILE": str(statistics),
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                status = process.wait(timeout)
            except BaseException:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # the command and its workers
                process.wait()
                raise
            output.seek(0)
            text = output.read()
        lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
        phases, states = self._phases([json.loads(line) for line in lines])
        counted = json.loads(statistics.read_text(encoding="utf-8")) if statistics.is_file() else {}
        return Run(status, text, phases, states, self.folder, counted)

    def _write(self, name: str, content: t.Any) -> pathlib.Path:
        path = self.folder / name
        path.write_text(json.dumps(content), encoding="utf-8")  # JSON is YAML
        return path

    def _phases(self, events: list[Facts]) -> tuple[list[Phase], list[Facts]]:
        requests = self.sandbox.control("requests")
        phases: list[Phase] = []
        states: list[Facts] = []
        starts: list[float] = []
        for event in events:
            if "state" in event:
                states.append(event["state"])
            if phases and event["event"] in ("play", "end"):
                # With "prepare", the state at the start of the next play is not what this one left; then nobody compares it.
                phases[-1].after = states[-1]
                phases[-1].requests = [request for request in requests if starts[-1] <= request["at"] < event["at"]]
            if event["event"] == "play":
                phases.append(Phase(event["name"], [], states[-1], {}, []))
                starts.append(event["at"])
            elif event["event"] == "task":
                phases[-1].tasks.append(event)
        return phases, states


def environment(folder: pathlib.Path) -> dict[str, str]:
    """The environment of a run: nothing of the user's own but the collection's place."""
    for name in ("ansible.cfg", "hosts"):
        (folder / name).touch()  # empty ones, so that no others are read
    return {
        "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_HOME": str(folder / ".ansible"),
        "ANSIBLE_REMOTE_TMP": str(folder / ".ansible" / "tmp"),
        "ANSIBLE_ASYNC_DIR": str(folder / ".ansible" / "async"),
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_INVENTORY": str(folder / "hosts"),
        "ANSIBLE_COLLECTIONS_PATH": collections_path(),
        "ANSIBLE_CONNECTION_PLUGINS": str(HERE / "connection_plugins"),
        "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
        "ANSIBLE_CALLBACKS_ENABLED": "record,mediaops.access.access_statistics",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "0",
        **{
            name: value
            for name, value in os.environ.items()
            if name in ("PYTHONPYCACHEPREFIX", "COVERAGE_PROCESS_START")
        },
    }


def collections_path() -> str:
    """A folder below which this checkout is ansible_collections/mediaops/access: a given one, else a temporary one that stays as long as we do."""
    given = os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(":")[0]
    for tree in (*ROOT.parents[2:3], pathlib.Path(given or "/")):
        if (tree / NAME).resolve() == ROOT:
            return str(tree)
    tree = pathlib.Path(_own_tree.name)
    if not (tree / NAME).is_symlink():
        (tree / NAME).parent.mkdir(parents=True)
        (tree / NAME).symlink_to(ROOT)
    return str(tree)


@dataclasses.dataclass
class Target:
    """A folder of targets/: tasks/main.yml or playbook.yml, and perhaps vars/main.yml and prepare.json."""

    folder: pathlib.Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def prepare(self) -> Facts:
        path = self.folder / "prepare.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    @property
    def logs_in_to_check(self) -> bool:
        """Whether the first check may obtain tokens, because it has to read."""
        return self.prepare.get("logs_in_to_check", False)

    @property
    def modes(self) -> list[str]:
        """All for tasks in CI, elsewhere for those of one target. One playbook, which uses every role, is enough as modules."""
        tasks = not (self.folder / "playbook.yml").exists()
        wanted = (tasks or self.name == "playbook_provision") if STRICT else self.name in QUICK_AS_MODULES[:1]
        return list(MODES)[: None if wanted else 1]

    def phases(self, mode: str) -> t.Sequence[str]:
        """As modules each task takes a second: that a run does the same is judged there, and of one target of each platform what a check predicts."""
        if mode == "in process":
            return PHASES
        return PHASES[:3] if self.name in QUICK_AS_MODULES else PHASES[1:2]

    def run(self, ansible: Ansible, mode: str) -> tuple[list[Run], list[Phase]]:
        """The runs: one command with four plays for tasks/main.yml, four commands for playbook.yml."""
        hosts = {"localhost": MODES[mode]} if MODES[mode] else None
        arguments = ["-e", json.dumps({"target_dir": str(self.folder)})]
        variables = self.folder / "vars" / "main.yml"
        if variables.exists():
            arguments += ["-e", f"@{variables}"]
        playbook = self.folder / "playbook.yml"
        if not playbook.exists():
            run = ansible.run(self._plays(ansible.folder, self.phases(mode)), *arguments, hosts=hosts)
            return [run], run.phases
        runs = []
        for name in self.phases(mode):
            check = ["--check", "--skip-tags", NOT_IN_CHECK] if name.startswith("check") else []
            runs.append(ansible.run(playbook, *arguments, *check, hosts=hosts))
            if runs[-1].status:
                break
        return runs, [run.whole(name) for run, name in zip(runs, self.phases(mode)) if run.phases]

    def _plays(self, folder: pathlib.Path, phases: t.Sequence[str]) -> list[Facts]:
        real = self.folder / "tasks" / "main.yml"
        tasks = yaml.safe_load(real.read_text(encoding="utf-8"))
        checked = folder / "tasks-in-check.yml"
        checked.write_text(json.dumps(without_tag(tasks, NOT_IN_CHECK)), encoding="utf-8")
        plays = []
        for name in phases:
            check = name.startswith("check")
            imported = {"name": "Tasks", "ansible.builtin.import_tasks": str(checked if check else real)}
            plays.append(
                {"name": name, "hosts": "localhost", "gather_facts": False, "check_mode": check, "tasks": [imported]}
            )
        return plays


def without_tag(tasks: list[Facts], tag: str) -> list[Facts]:
    """The tasks without those that have the tag, also within blocks."""
    kept = []
    for task in tasks:
        tags = task.get("tags", [])
        if tag in ([tags] if isinstance(tags, str) else tags):
            continue
        inner = {key: without_tag(task[key], tag) for key in ("block", "rescue", "always") if key in task}
        kept.append({**task, **inner})
    return kept


def targets() -> list[Target]:
    folders = sorted(
        path for path in (HERE / "targets").iterdir() if path.is_dir() and not path.name.startswith("setup_")
    )
    return [Target(folder) for folder in folders]


def judge(target: Target, mode: str, runs: list[Run], phases: list[Phase]) -> list[str]:
    """What is wrong with a target's runs."""
    problems = [problem for run in runs for problem in (*run.problems(), *judge_statistics(run))]
    problems += [f"ansible-playbook ended with status {run.status}" for run in runs if run.status]
    if len(phases) < len(target.phases(mode)) or any(run.status for run in runs):
        return problems or ["it ended early"]
    as_module = any(OWN_MODULE_FILE.search(run.output) for run in runs)
    if as_module != (mode == "as module" and any(map(is_module, {task["action"] for task in phases[0].tasks}))):
        problems.append(f"modules were {'' if as_module else 'not '}run as ordinary modules")
    done = {phase.name: phase for phase in phases}
    run1, again = done["run 1"], [done[name] for name in PHASES[2:] if name in done]
    if "check 1" in done:
        problems += judge_checks(done["check 1"], run1, again[1:], target.logs_in_to_check)
    problems += judge_repeats(again, any(ALWAYS_CHANGED in task["tags"] for task in run1.tasks))
    return problems


def judge_statistics(run: Run) -> list[str]:
    """The statistics equal the sandbox's own record of the collection's requests. Those that a play sends with
    ansible.builtin.uri and its like are told apart by their User-Agent.
    """
    recorded: dict[str, dict[str, int]] = {}
    for request in itertools.chain.from_iterable(phase.requests for phase in run.phases):
        if request["agent"] == USER_AGENT:
            rejected = request["rejected"] or request["status"] == 429
            counts = {"requests": 1, "logins": request["login"] and not rejected, "responses_429": rejected}
            sums = recorded.setdefault(request["platform"], dict.fromkeys(counts, 0))
            recorded[request["platform"]] = {name: sums[name] + count for name, count in counts.items()}
    counted = {
        platform: {name: numbers[name] for name in ("requests", "logins", "responses_429")}
        for platform, numbers in run.statistics.items()
        if numbers["requests"]
    }
    return [] if counted == recorded else [f"the statistics are {counted}, the sandbox recorded {recorded}"]


def judge_checks(check1: Phase, run1: Phase, last: list[Phase], may_log_in: bool) -> list[str]:
    """A check changes nothing, and the first one predicts the first run."""
    problems = []
    for phase in (check1, *last):
        if phase.writes():
            problems.append(f"{phase.name} wrote: {phase.writes()}")
    if changes := differences(check1, but_new_tokens=may_log_in):
        problems.append(f"check 1 changed the sandbox's state: {changes}")
    problems += [f"check 2 changed the sandbox's state: {changes}" for changes in map(differences, last) if changes]
    predicted, real = check1.outcomes(), run1.outcomes(without=NOT_IN_CHECK)
    problems += [
        f"check 1 predicted {left}, run 1 was {right}"
        for left, right in itertools.zip_longest(predicted, real)
        if left != right
    ]
    return problems


def judge_repeats(again: list[Phase], always: bool) -> list[str]:
    """What comes after the first run (run 2, check 2) changes nothing but what always changes."""
    problems = []
    for phase in again:
        for task in phase.tasks:
            wanted = ALWAYS_CHANGED in task["tags"] and task["outcome"] == "ok"
            if task["changed"] != wanted:
                problems.append(
                    f"{phase.name}: {task['task']} (item {task['item']}) is {'' if task['changed'] else 'not '}changed"
                )
    for phase in again[: 0 if always else 1]:
        if phase.writes():
            problems.append(f"{phase.name} wrote: {phase.writes()}")
        if changes := differences(phase):
            problems.append(f"{phase.name} changed the sandbox's state: {changes}")
    return problems


def is_module(action: str) -> bool:
    """Whether a task's action is a module of ours that can run elsewhere."""
    path = ROOT / "plugins" / "modules" / f"{action.removeprefix('mediaops.access.')}.py"
    return path.exists() and "\ndef main(" in path.read_text(encoding="utf-8")


def differences(phase: Phase, but_new_tokens: bool = False) -> str:
    """What the phase changed in the sandbox's state, and in work_dir."""
    found = []
    for platform, before in phase.before.items():
        after = phase.after[platform]
        for key in sorted({*before, *after}):
            old, new = before.get(key), after.get(key)
            if but_new_tokens and key == "tokens" and platform != "files":
                new = [token for token in new if token in old]
            if old != new:
                found.append(f"{platform}.{key}: {old} became {new}")
    return "; ".join(found)


def report(problems: list[str], runs: list[Run]) -> str:
    """The problems, and the output that they are about."""
    outputs = "\n".join(run.output[-20000:] for run in runs)
    return "\n".join(["", *(f"* {problem[:1000]}" for problem in problems), "", outputs])
