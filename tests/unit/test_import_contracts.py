# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The import contracts of pyproject.toml, which "make lint" checks, notice an import that climbs and one that closes a circle."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

pytest.importorskip("importlinter", reason="import-linter is not installed")

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLUGINS = pathlib.Path("ansible_collections", "mediaops", "access", "plugins")


@pytest.fixture
def tree(tmp_path):
    """A copy of the plugins below a folder that Python can import them from."""
    shutil.copytree(ROOT / "plugins", tmp_path / PLUGINS, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def lint(tree):
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    arguments = [str(ROOT / "pyproject.toml"), "--no-cache", "--no-logo"]
    done = subprocess.run(
        [*command, *arguments],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": f"{tree}:{ROOT / 'extensions'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def module_in(package):
    """Any module of a package."""
    return next(path.stem for path in sorted((ROOT / "plugins" / package).rglob("*.py")) if path.stem != "__init__")


@pytest.mark.parametrize(
    ("files", "contract"),
    [
        pytest.param(
            {"module_utils/_http/climbs.py": "from .._modules import {module_utils/_modules}"},
            "The layers of the core",
            id="an import that climbs",
        ),
        pytest.param(
            {"module_utils/_data/climbs.py": "def late():\n    from .._store import {module_utils/_store}"},
            "The layers of the core",
            id="a late import",
        ),
        pytest.param({"module_utils/_new/__init__.py": ""}, "The layers of the core", id="a package without a layer"),
        pytest.param(
            {"modules/climbs.py": "from ..plugin_utils import {plugin_utils}"},
            "only on the controller",
            id="a module that needs the controller",
        ),
        pytest.param(
            {"module_utils/_data/one.py": "from . import two", "module_utils/_data/two.py": "from . import one"},
            "No circles",
            id="a circle",
        ),
    ],
)
def test_a_contract_is_broken_by(files, contract, tree):
    for name, text in files.items():
        path = tree / PLUGINS / name
        path.parent.mkdir(exist_ok=True)
        package = text.partition("{")[2].partition("}")[0]
        path.write_text(text.replace(f"{{{package}}}", module_in(package)) if package else text, encoding="utf-8")

    status, output = lint(tree)

    assert status == 1
    assert [line for line in output.splitlines() if contract in line and line.endswith(" BROKEN")], output
