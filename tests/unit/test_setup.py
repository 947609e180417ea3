# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What "make PYTHON=..." says if that Python cannot be used."""

from __future__ import annotations

import os
import pathlib
import subprocess

import pytest

SETUP = pathlib.Path(__file__).resolve().parents[2] / "tools" / "setup"


@pytest.mark.parametrize(
    ("program", "problem"),
    [
        pytest.param(None, "there is no such program; name one by its path, or by its name in PATH", id="missing"),
        pytest.param("exit 1", "it is not a Python that runs", id="broken"),
        pytest.param("echo 3.9", "it is Python 3.9; Python 3.11 to 3.14 is needed", id="too old"),
    ],
)
def test_a_python_that_cannot_be_used_is_told_from_one_that_is_missing(program, problem, tmp_path):
    python = tmp_path / "python"
    if program:
        python.write_text(f"#!/bin/sh\n{program}\n", encoding="utf-8")
        python.chmod(0o700)

    done = subprocess.run(
        [SETUP, "demo"],
        env={**os.environ, "PYTHON": str(python), "WORK": str(tmp_path / "work")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (1, f"setup: PYTHON={python}: {problem}\n")
