# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for tests that run modules. The tests of lookups and providers use them, too."""

from __future__ import annotations

import os
import pathlib
import types
import typing as t

import pytest

from ansible_collections.mediaops.access.plugins.module_utils._platform import access
from ansible_collections.mediaops.access.plugins.module_utils._store import memory
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import Run


@pytest.fixture(autouse=True)
def lonely_process(monkeypatch: pytest.MonkeyPatch, clock: t.Any) -> None:
    """Isolate a test: no credentials from the environment, no state of earlier tests, and the test's clock."""
    for name in list(os.environ):
        if name.startswith(("FREEWHEEL_", "AUDIENCEPLAYER_", "OAUTH2_")):
            monkeypatch.delenv(name)
    monkeypatch.setattr(memory, "_PROCESS_SCHEDULES", {})
    monkeypatch.setattr(access, "Clock", lambda: clock)


@pytest.fixture
def runs(tmp_path: pathlib.Path) -> t.Callable[..., Run]:
    """Creates a :class:`Run` of a module. All runs of a test share a token cache."""

    def make(module: types.ModuleType, **connection: t.Any) -> Run:
        return Run(module, str(tmp_path), connection)

    return make
