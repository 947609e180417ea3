# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "helpers")]

from driver import Ansible, Sandbox
from sandbox_fixtures import sandbox, sandbox_process

__all__ = ["ansible", "sandbox", "sandbox_process"]


#: They take minutes. Begun first, none of them is what everybody waits for in the end.
LONG = (
    "[default, as module]",
    "test_no_secret_shows",
    "test_target[playbook_",
    "test_cases[",
    "test_target[",
    "test_job_folders",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: next((rank for rank, part in enumerate(LONG) if part in item.nodeid), len(LONG)))


@pytest.fixture
def ansible(sandbox: Sandbox, tmp_path: pathlib.Path) -> Ansible:
    return Ansible(sandbox, tmp_path)
