# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a contributor runs by habit works: ansible-test units and ansible-test integration, as Ansible's documentation says."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import ansible_test_env

pytestmark = pytest.mark.timeout(1200)  # of seconds on a busy machine


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("home")
    ansible_test_env.link_settings(folder)
    ansible_test_env.provide_pip(pathlib.Path(sys.prefix, "bin", "python"), folder)
    return folder


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return ansible_test_env.copy(tmp_path_factory.mktemp("checkout"))


def ansible_test(home: pathlib.Path, checkout: pathlib.Path, *arguments: str) -> tuple[int, str]:
    """Its status and output."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    command = [
        str(pathlib.Path(sys.prefix, "bin", "ansible-test")),
        *arguments,
        "--venv",
        "--python",
        version,
        "--color",
        "no",
    ]
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ANSIBLE_", "MEDIAOPS_", "PYTEST_", "COV_"))
    }
    environment = {**environment, "HOME": str(home), "PATH": f"{pathlib.Path(sys.prefix, 'bin')}:{os.environ['PATH']}"}
    process = subprocess.Popen(
        command,
        cwd=checkout,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _nothing = process.communicate()
        return process.returncode, output
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # what it started, if it was interrupted


def sandboxes(checkout: pathlib.Path) -> list[str]:
    """The command lines of sandboxes of this checkout that still run."""
    lines = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue  # it has ended
    return [line for line in lines if str(checkout) in line and "sandbox" in line]


def test_its_units_find_all_of_them(home: pathlib.Path, checkout: pathlib.Path) -> None:
    """Every file can be imported where ansible-test runs it: as a test of modules, of module_utils, or of what runs on the controller."""
    status, output = ansible_test(home, checkout, "units", "--collect-only")

    assert status == 0, output[-5000:]
    assert len(re.findall(r"\d+ tests collected", output)) == 3


def test_its_units_run(home: pathlib.Path, checkout: pathlib.Path) -> None:
    """No library is missing in its environment; only what needs the controller is left out of the tests of module_utils."""
    some = ("modules/test_flex_oauth_app.py", "module_utils/_providers/audienceplayer/test_documents.py", "lookup/")
    status, output = ansible_test(home, checkout, "units", *(f"tests/unit/plugins/{path}" for path in some))

    assert status == 0, output[-5000:]
    assert len(re.findall(r"=+ \d+ passed.* in .*=+", output)) == 3
    skipped = re.findall(r"^SKIPPED .*", output, re.M)
    assert [line for line in skipped if "ansible.plugins" not in line and "controller" not in line] == []


def test_its_targets_run_against_a_sandbox(home: pathlib.Path, checkout: pathlib.Path) -> None:
    """A module, a lookup and a playbook; and nothing goes on running."""
    status, output = ansible_test(home, checkout, "integration", "flex_oauth_app", "lookup_token", "playbook_rotate")

    assert status == 0, output[-5000:]
    recaps = [
        {name: int(number) for name, number in re.findall(r"(ok|changed|failed)=(\d+)", line)}
        for line in output.splitlines()
        if " unreachable=" in line
    ]
    assert len(recaps) == 4, output[-5000:]  # a playbook runs twice
    assert all(recap["ok"] > 3 and not recap["failed"] for recap in recaps)
    assert recaps[-1]["changed"] == 0 < recaps[-2]["changed"]
    assert "TASK [flex_oauth_app : The sandbox has what was asked for]" in output
    assert sandboxes(checkout) == []


BROKEN = "- name: Broken\n  ansible.builtin.assert: {that: 1 == 2}\n"
BROKEN_PLAY = (
    "- name: Broken\n  hosts: localhost\n  gather_facts: false\n  tasks: [{ansible.builtin.assert: {that: 1 == 2}}]\n"
)


@pytest.mark.parametrize(
    ("target", "file", "broken"),
    [("flex_oauth_app_info", "tasks/verify.yml", BROKEN), ("playbook_rotate", "playbook.yml", BROKEN_PLAY)],
)
def test_a_target_that_is_broken_fails(
    home: pathlib.Path, checkout: pathlib.Path, target: str, file: str, broken: str
) -> None:
    path = checkout / "tests" / "integration" / "targets" / target / file
    content = path.read_text(encoding="utf-8")
    path.write_text(content + broken, encoding="utf-8")
    try:
        status, output = ansible_test(home, checkout, "integration", target)
    finally:
        path.write_text(content, encoding="utf-8")

    assert status == 1, output[-5000:]
    assert "Assertion failed" in output
    assert sandboxes(checkout) == []
