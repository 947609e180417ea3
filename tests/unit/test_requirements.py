# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-test installs one file for its unit tests and one for its targets, and follows no "-r" in them: so they repeat what others list."""

from __future__ import annotations

import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def requirements(path):
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    return {line.replace(" ", "") for line in lines if line and not line.startswith("#")}


@pytest.mark.parametrize("path", ["tests/unit/requirements.txt", "tests/integration/requirements.txt"])
def test_what_the_collection_and_the_sandbox_need_is_listed(path):
    assert requirements("requirements.txt") | requirements("extensions/sandbox/requirements.txt") <= requirements(path)
    assert not [line for line in requirements(path) if line.startswith("-")]
