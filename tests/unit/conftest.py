# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let plain pytest run from a checkout in a folder of any name. ansible-test brings its own loader and skips all this."""

from __future__ import annotations

import os
import pathlib
import shutil
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAME = pathlib.Path("ansible_collections", "mediaops", "access")
OWN_TREE: pathlib.Path | None = None


def _tree() -> pathlib.Path:
    """A folder below which this checkout is ansible_collections/mediaops/access: a given one, else a temporary one."""
    global OWN_TREE
    given = os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(":")[0]
    for tree in (*ROOT.parents[2:3], pathlib.Path(given or "/")):
        if (tree / NAME).resolve() == ROOT:
            return tree
    OWN_TREE = pathlib.Path(tempfile.mkdtemp(prefix="mediaops-access-"))
    (OWN_TREE / NAME).parent.mkdir(parents=True)
    (OWN_TREE / NAME).symlink_to(ROOT)
    return OWN_TREE


if "ansible_pytest_collections" not in os.environ.get("PYTEST_PLUGINS", ""):
    _found = _tree()
    os.environ["ANSIBLE_COLLECTIONS_PATH"] = str(_found)  # pytest-xdist's workers inherit it
    sys.path.insert(0, str(_found))
    from ansible.plugins.loader import init_plugin_loader

    init_plugin_loader([str(_found)])


def pytest_unconfigure() -> None:
    if OWN_TREE:
        shutil.rmtree(OWN_TREE, ignore_errors=True)
