# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run groups of checks (lint, sanity, units, faults, integration, ecosystem): a line for each, how far long ones are,
and what failed.

All are run; the exit status tells whether one failed. Each leaves $WORK/logs/NAME and $WORK/results/NAME ("PASSED
FAILED"). The name of a single step of lint will do, too (import-contracts).
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import fcntl
import itertools
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import time
import xml.etree.ElementTree
from collections.abc import Callable

import ansible_test_env

ROOT = pathlib.Path(__file__).resolve().parents[1]
WORK = pathlib.Path(os.environ["WORK"])
HOME = WORK / "home"  # ansible-test and antsibull write to the home directory
STRICT = bool(os.environ.get("STRICT"))
#: The groups for an ansible-core that does not get all (see tools/setup).
FEWER_GROUPS = {"units": ("units", "sanity"), "plays": ("units", "sanity", "integration")}
#: What the primary ansible-core decides for all.
ONCE = ("ecosystem", "faults")
#: The sanity tests whose outcome depends on ansible-core; the others read the same files with the same tools. They are
#: what a contributor's "make test" runs: what is left out (pylint, pep8 and their like) overlaps with lint, and takes
#: minutes. "make sanity" runs all.
CORE_SANITY = (
    "action-plugin-docs",
    "ansible-doc",
    "compile",
    "ignores",
    "import",
    "runtime-metadata",
    "validate-modules",
)
#: Tests of what a platform, another service or a crash does to a module, which is the same with every ansible-core.
#: They are for CI.
SURROUNDINGS = (
    "concurrency",
    "controllers",
    "crashes",
    "files",
    "oauth2_servers",
    "openbao",
    "openid",
    "other_platforms",
    "plans",
    "provision_failures",
    "provision_parts",
    "redis_failover",
)
#: Tests that start ansible-playbook many times. They are for CI, too, which runs them with the newest core as well.
SLOW = ("delivery", "playbooks", "surroundings")
#: Targets that start ansible-playbook many times, which takes half a minute each. They are for CI, too.
SLOW_TARGETS = (
    "playbook_demo",
    "playbook_entitlements",
    "playbook_export",
    "playbook_provision_environment",
    "playbook_provision_only",
    "playbook_provision_prune",
    "playbook_report",
    "playbook_revoke",
    "playbook_rotate",
    "playbook_rotate_overlap",
)
SOME_PLAYS = ("credentials", "flex_oauth_app", "freewheel_token", "lookup_token", "playbook_provision")
PACKAGED = {
    "FILES.json",
    "MANIFEST.json",
    "CHANGELOG.md",
    "CHANGELOG.rst",
    "LICENSE",
    "LICENSES",
    "README.md",
    "changelogs",
    "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md",
}
PACKAGED |= {
    "docs",
    "examples",
    "extensions",
    "meta",
    "playbooks",
    "plugins",
    "requirements.txt",
    "roles",
    "SECURITY.md",
}
TAIL = 60
FIRST_REPORT, REPORT_EVERY = 10, 60  # seconds after which a step says that it goes on, and how far it is
CHATTER = re.compile(  # pip's, where ansible-test installs what it needs
    r" *(Collecting|Downloading|Using cached|Installing|Looking in|Processing|Requirement already|Successfully "
    r"installed|WARNING: Location"
    r"|Running sanity test|━|FATAL: Command|$)"
)

Count = tuple[int, int, str]  # passed, failed, what to print


def by_status(status: int, output: str) -> Count:
    return (0, 1, "") if status else (1, 0, "")


def end_of(output: str) -> list[str]:
    return [line for line in output.splitlines() if not CHATTER.match(line)][-TAIL:]


@dataclasses.dataclass
class Step:
    name: str
    command: list[str]
    venv: str = ".venv"
    cwd: pathlib.Path = ROOT
    env: dict[str, str] = dataclasses.field(default_factory=dict)
    count: Callable[[int, str], Count] = by_status
    reasons: Callable[[str], list[str]] = end_of

    @property
    def slug(self) -> str:
        return self.name.replace(" ", "-")

    def run(self) -> bool:
        start = time.monotonic()
        env = {**os.environ, "HOME": str(HOME), "VENV": self.venv, "ANSIBLE_NOCOLOR": "1", "NO_COLOR": "1", **self.env}
        log = WORK / "logs" / self.slug
        with log.open("w") as out:
            command = [str(ROOT / "tools" / "env"), *self.command]
            process = subprocess.Popen(
                command, cwd=self.cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
            )
            reports = itertools.chain([FIRST_REPORT], itertools.repeat(REPORT_EVERY))
            while (status := self.wait(process, next(reports))) is None:
                print(f"...   {self.name:<24} {time.monotonic() - start:6.1f} s  {how_far(log)}".rstrip(), flush=True)
        output = log.read_text(errors="replace")
        passed, failed, note = self.count(status, output)
        if status and not failed:
            failed = 1
        report(self.slug, passed, failed)
        text = f"{'FAIL' if failed else 'ok  '}  {self.name:<24} {time.monotonic() - start:6.1f} s  {note}".rstrip()
        if failed:
            text = "\n".join([text, *(f"      {line}" for line in self.reasons(output)), f"      (all of it: {log})"])
        print(text, flush=True)
        return not failed

    def wait(self, process: subprocess.Popen[bytes], seconds: float) -> int | None:
        """The exit status, or None if it goes on for longer than that."""
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        except BaseException:
            process.kill()
            process.wait()
            raise


def how_far(log: pathlib.Path) -> str:
    """The last percentage that pytest has written, or the last test of ansible-test."""
    found = re.findall(r"\[ *(\d+%)\]$|^Running sanity test \"([^\"]+)\"", log.read_text(errors="replace"), re.M)
    return "".join(found[-1]) if found else ""


def report(slug: str, passed: int, failed: int) -> None:
    (WORK / "results" / slug).write_text(f"{passed} {failed}\n")


def lint() -> list[Step]:
    dist = WORK / "dist"
    mypy = ["mypy", "--cache-dir", str(WORK / "mypy"), "-p", "ansible_collections.mediaops.access.plugins"]

    def packaged(status: int, output: str) -> Count:
        if status:
            return 0, 1, ""
        with tarfile.open(max(dist.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)) as tar:
            extra = {name.split("/")[0] for name in tar.getnames()} - PACKAGED
        return (0, 1, f"galaxy.yml's build_ignore lacks {sorted(extra)}") if extra else (1, 0, "")

    return [
        Step("ansible-lint", ["ansible-lint", "--offline"]),
        Step(
            "antsibull-docs",
            ["antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs", "self", "."],
        ),
        Step("mypy", mypy, env={"MYPYPATH": str(WORK / "tree")}),
        Step("ruff check", ["ruff", "check", "--no-cache", "--output-format=concise", "."]),
        Step("ruff format", ["ruff", "format", "--no-cache", "--diff", "--quiet", "."]),
        Step(
            "import contracts",
            ["lint-imports", "--no-cache", "--no-logo"],
            env={"PYTHONPATH": f"{WORK / 'tree'}:extensions"},
        ),
        Step("changelog", ["antsibull-changelog", "lint"]),
        Step("action groups", ["python", "tools/action_groups.py", "--check"]),
        Step(
            "manifest schema", ["python", "tools/manifest_schema.py", "--check"], env={"PYTHONPATH": str(WORK / "tree")}
        ),
        Step("licences", ["reuse", "lint-file", "--lines", *ansible_test_env.files()]),
        Step(
            "galaxy build",
            ["ansible-galaxy", "collection", "build", "--force", "--output-path", str(dist)],
            count=packaged,
        ),
    ]


def pytest(group: str, core: str, venv: str, folder: str, arguments: list[str], **env: str) -> Step:
    junit = WORK / "logs" / f"{group}-{core}.xml"
    coverage = WORK / "coverage.json"
    measured = f"--cov-report=json:{coverage}" in arguments
    for old in (junit, coverage if measured else junit):
        old.unlink(missing_ok=True)

    def count(status: int, output: str) -> Count:
        if not junit.exists():
            return 0, 1, ""
        suite = next(xml.etree.ElementTree.parse(junit).iter("testsuite"))
        number = {key: int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")}
        failed = number["failures"] + number["errors"]
        note = f"{number['tests']} tests"
        note += f", {number['skipped']} skipped" if number["skipped"] else ""
        if measured and coverage.exists():
            note += f", coverage of plugins {json.loads(coverage.read_text())['totals']['percent_covered']:.1f} %"
        return number["tests"] - failed - number["skipped"], failed, note

    def reasons(output: str) -> list[str]:
        """The start of each failure's message, of the first tests that failed."""
        cases = xml.etree.ElementTree.parse(junit).iter("testcase") if junit.exists() else ()
        found = []
        for case in cases:
            for failure in [*case.findall("failure"), *case.findall("error")]:
                found += [
                    f"{case.get('classname')}::{case.get('name')}",
                    *(f"    {line}" for line in failure.get("message", "").strip().splitlines()[:10]),
                ]
        return found[:TAIL] or end_of(output)

    command = [
        "python",
        "-m",
        "pytest",
        "-q",
        folder,
        f"--junitxml={junit}",
        "-o",
        f"cache_dir={WORK / 'pytest'}",
        *arguments,
    ]
    return Step(
        f"{group} {core}",
        command,
        venv,
        env={"COVERAGE_FILE": str(WORK / f"coverage-{core}"), **env},
        count=count,
        reasons=reasons,
    )


def units(core: str, python: str, venv: str, tests: str) -> Step:
    arguments = ["-n", "auto", "--timeout=120"]
    if venv != ".venv":
        # Thousands of generated inputs, and the sandbox, find no more with another ansible-core. Between the oldest
        # and the newest release even module_utils are left out: with the Python of the newest they are tested
        # already, and of ansible-core they know next to nothing.
        arguments += ["-m", "not hypothesis", "--ignore=tests/unit/sandbox"]
        arguments += ["--ignore=tests/unit/plugins/module_utils"] if tests == "units" else []
    elif not STRICT:
        arguments += ["--ignore-glob=*/test_*_properties.py"]  # generated inputs alone: a fifth of the time
    else:
        arguments += [
            "--cov=plugins",
            f"--cov-report=json:{WORK / 'coverage.json'}",
            f"--cov-report=html:{WORK / 'coverage'}",
            "--cov-fail-under=95",
        ]
    return pytest("units", core, venv, "tests/unit", arguments)


def faults(core: str, python: str, venv: str, tests: str) -> Step:
    return pytest(
        "faults", core, venv, "tests/faults", ["-n", "4", "--timeout=120", *([] if STRICT else ["--every=6"])]
    )


def integration(core: str, python: str, venv: str, tests: str) -> Step:
    first = venv == ".venv"
    left_out = [
        *([] if first and STRICT else SURROUNDINGS),
        *([] if STRICT else SLOW),
        *([] if first else ["cases"]),
    ]
    # More processes than cores, as some tests wait: for a rate limit, or for a server to start.
    arguments = [
        "-n",
        "3",
        "--dist",
        "worksteal",
        "--timeout=600",
        *(f"--ignore=tests/integration/test_{name}.py" for name in left_out),
    ]
    if tests == "plays":
        arguments += ["-k", f"core_secrets or test_target and ({' or '.join(SOME_PLAYS)})"]
    elif not first:
        arguments += ["-k", "not (no_secret_shows and check)"]
    elif not STRICT:
        arguments += [f"--deselect=tests/integration/test_targets.py::test_target[{name}]" for name in SLOW_TARGETS]
    return pytest("integration", core, venv, "tests/integration", arguments, MODES="all" if first else "in process")


def ecosystem(core: str, python: str, venv: str, tests: str) -> Step:
    return pytest("ecosystem", core, venv, "tests/ecosystem", ["-n", "2", "--dist", "loadfile", "--timeout=900"])


def sanity(core: str, python: str, venv: str, tests: str) -> Step:
    def count(status: int, output: str) -> Count:
        ran = set(re.findall(r'^Running sanity test "([^"]+)"', output, re.M))
        listed = re.search(r"sanity test\(s\) listed below .*failed\..*\n((?:[a-z0-9-]+.*\n?)*)", output)
        failed = len(listed.group(1).splitlines()) if listed else 0
        lacking = set(re.findall(r'Required program "([^"]+)" not found', output))
        note = f"{len(ran)} tests"
        if lacking:
            note += f", not to be found: {', '.join(sorted(lacking))}"
        return len(ran) - failed, failed + len(lacking), note

    ansible_test_env.provide_pip(ROOT / venv / "bin" / "python", HOME)
    # The changelog is linted by lint, and the tools for PowerShell have nothing to read.
    chosen = (
        ["--skip-test", "changelog", "--skip-test", "pslint"]
        if tests == "all" and (STRICT or sys.argv[1:] == ["sanity"])
        else [part for test in CORE_SANITY for part in ("--test", test)]
    )
    return Step(
        f"sanity {core}",
        ["ansible-test", "sanity", "--venv", "--python", python, "--color", "no", *chosen],
        venv,
        ansible_test_env.copy(WORK / "copy" / core),
        count=count,
    )


def run(steps: list[Step], jobs: int) -> bool:
    with concurrent.futures.ThreadPoolExecutor(max_workers=jobs) as pool:
        return all(list(pool.map(Step.run, steps)))


def on_each_core(group: str, make: Callable[[str, str, str, str], Step]) -> tuple[list[Step], bool]:
    """A group's steps, and whether no Python is missing for one of them."""
    listed = [line.split() for line in (WORK / "cores").read_text().splitlines()]
    wanted = listed[:1] if group in ONCE else [line for line in listed if group in FEWER_GROUPS.get(line[3], (group,))]
    fine = True
    for core, python, _venv, tests in [line for line in wanted if line[2] == "-"]:
        print(
            f"{'FAIL' if tests == 'all' else 'skip'}  {group} {core}: there is no Python {python} for it here",
            flush=True,
        )
        report(f"{group}-{core}", 0, int(tests == "all"))
        fine &= tests != "all"
    return [make(core, python, venv, tests) for core, python, venv, tests in wanted if venv != "-"], fine


def main() -> None:
    for folder in ("logs", "results", "home", "dist", "ansible"):
        (WORK / folder).mkdir(parents=True, exist_ok=True)
    ansible_test_env.link_settings(HOME)
    groups = sys.argv[1:]
    fine = True
    with (WORK / "copy.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if "sanity" in groups else fcntl.LOCK_UN)
        # These are single processes: one for each of two cores. The longest begins first.
        checked, found = on_each_core("sanity", sanity) if "sanity" in groups else ([], True)
        linted = [step for step in lint() if {"lint", step.slug} & {*groups}]
        fine &= found & run([*checked[:1], *linted, *checked[1:]], jobs=2)
    for group, make in {"units": units, "faults": faults, "integration": integration, "ecosystem": ecosystem}.items():
        if group in groups:
            steps, found = on_each_core(group, make)
            fine &= found & run(steps, jobs=1)
    sys.exit(0 if fine else 1)


main()
