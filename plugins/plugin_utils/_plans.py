# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plans of a check-mode run: what earlier tasks would create, so that later tasks can predict their own changes."""

from __future__ import annotations

import contextlib
import json
import os
import typing as t

from ansible import constants as C

from ..module_utils._platform.access import Plan

if t.TYPE_CHECKING:
    import sqlite3


class Plans:
    """A database in Ansible's temporary directory, which the workers of a run share and Ansible removes at its end."""

    def __init__(self) -> None:
        self._path = os.path.join(str(C.DEFAULT_LOCAL_TMP), "mediaops-access-plans.sqlite")

    def get(self, name: str) -> Plan:
        """The plan with a name; None if there is none."""
        return self._select("WHERE name = ?", name).get(name)

    def all(self) -> dict[str, Plan]:
        return self._select("")

    def add(self, plans: t.Mapping[str, Plan]) -> None:
        with self._open() as database:
            database.execute("CREATE TABLE IF NOT EXISTS plan (name TEXT PRIMARY KEY, state TEXT) WITHOUT ROWID")
            database.executemany(
                "INSERT OR REPLACE INTO plan VALUES (?, ?)",
                [(name, json.dumps(state)) for name, state in plans.items()],
            )
            database.commit()

    def clear(self) -> None:
        """Remove all plans, after a task has made real changes, which can be read from the platform."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)

    def _select(self, condition: str, *values: str) -> dict[str, Plan]:
        if not os.path.exists(self._path):
            return {}
        with self._open() as database:
            rows = database.execute(f"SELECT name, state FROM plan {condition}", values)  # noqa: S608 - only constants
            return {name: json.loads(state) for name, state in rows}

    def _open(self) -> contextlib.closing[sqlite3.Connection]:
        import sqlite3  # rarely needed

        return contextlib.closing(sqlite3.connect(self._path, timeout=30.0))
