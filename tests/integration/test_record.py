# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback plugin that records what happened."""

from __future__ import annotations

import importlib.util
import pathlib
import types

import pytest
from driver import HERE


def test_a_file_that_goes_while_it_is_read(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_file_location("record", HERE / "callback_plugins" / "record.py")
    assert spec and spec.loader
    record = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(record)
    for name in ("goes", "stays"):
        (tmp_path / name).touch(0o600)

    def digest(path: pathlib.Path) -> str:
        (tmp_path / "goes").unlink(missing_ok=True)
        path.read_bytes()
        return "digest"

    monkeypatch.setattr(record, "_digest", digest)
    assert record.CallbackModule._files(types.SimpleNamespace(_work=tmp_path)) == {"stays": "0600 digest"}
