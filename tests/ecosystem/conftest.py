# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("integration", "helpers")]

from sandbox_fixtures import sandbox, sandbox_process

__all__ = ["commit", "sandbox", "sandbox_process"]


@pytest.fixture(scope="session")
def commit(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A repository whose one commit holds what this checkout holds now."""
    folder = tmp_path_factory.mktemp("commit")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    for name in filter(None, os.fsdecode(listed.stdout).split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    author = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
    for command in (["init", "--initial-branch", "main"], ["add", "--all"], [*author, "commit", "--message", "All"]):
        subprocess.run(["git", *command], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return folder
