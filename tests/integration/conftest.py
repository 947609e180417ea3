# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pathlib
import sys
import typing as t

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))  # for driver.py

from driver import Ansible, Sandbox


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Sandbox]:
    """One sandbox for each worker of pytest-xdist."""
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox"))
    yield sandbox
    sandbox.stop()


@pytest.fixture
def sandbox(sandbox_process: Sandbox) -> Sandbox:
    """The sandbox in its fresh state."""
    sandbox_process.reset()
    return sandbox_process


@pytest.fixture
def ansible(sandbox: Sandbox, tmp_path: pathlib.Path) -> Ansible:
    return Ansible(sandbox, tmp_path)
