# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the collection (see tools/env), gives the modules the tests' clock, and prints the matrix."""

from __future__ import annotations

import os
import pathlib
import sys
import typing as t

import pytest

HERE = pathlib.Path(__file__).resolve().parent
TREE = os.environ["ANSIBLE_COLLECTIONS_PATH"]
sys.path[:0] = [str(HERE), TREE]

from ansible.plugins.loader import init_plugin_loader

init_plugin_loader([TREE])

from ansible_collections.mediaops.access.plugins.module_utils._http import connection
from ansible_collections.mediaops.access.plugins.module_utils._platform import access

_cells: dict[tuple[str, str], list[str]] = {}
_wrong: dict[tuple[str, str], str] = {}


@pytest.fixture(scope="session", autouse=True)
def neutral_environment() -> None:
    """What the machine's environment says must not reach a module, which also looks through it for a proxy before each request."""
    for name in list(os.environ):
        if not name.startswith(("ANSIBLE_", "PY", "XDG_", "LC_", "COV_")) and name not in (
            "HOME",
            "PATH",
            "TMPDIR",
            "LANG",
            "WORK",
        ):
            del os.environ[name]


@pytest.fixture
def clocked(monkeypatch: pytest.MonkeyPatch) -> t.Iterator[t.Callable[[t.Any], None]]:
    """Let modules use a clock, and connections of their own."""

    def use(clock: t.Any) -> None:
        monkeypatch.setattr(access, "Clock", lambda: clock)

    sessions: dict[t.Any, t.Any] = {}
    monkeypatch.setattr(connection, "_sessions", sessions)
    yield use
    for session in sessions.values():
        session.close()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--matrix", action="store_true", help="print the outcome for each module and fault")
    parser.addoption("--every", type=int, default=1, metavar="N", help="test every N-th cell of the matrix only")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    cells = [item for item in items if getattr(item, "originalname", "") == "test_cell"]
    left_out = {*cells} - {*cells[:: config.getoption("--every")]}
    config.hook.pytest_deselected(items=[*left_out])
    items[:] = [item for item in items if item not in left_out]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    for key, value in report.user_properties if report.when == "call" else ():
        if key == "cell":
            scenario, fault, outcomes = t.cast("tuple[str, str, list[str]]", value)
            _cells[scenario, fault] = outcomes
        elif key == "wrong":
            scenario, fault, reason = t.cast("tuple[str, str, str]", value)
            _wrong[scenario, fault] = reason


def pytest_terminal_summary(terminalreporter: t.Any, config: pytest.Config) -> None:
    if not config.getoption("--matrix") or not (_cells or _wrong):
        return
    from matrix import table

    for line in table(_cells, _wrong):
        terminalreporter.write_line(line)
