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


@pytest.fixture
def ansible(sandbox: Sandbox, tmp_path: pathlib.Path) -> Ansible:
    return Ansible(sandbox, tmp_path)
