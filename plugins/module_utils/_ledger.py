# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was brought about and when, in a file, so that the next run need not ask the platform again."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import typing as t

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError

_TABLE = """
CREATE TABLE IF NOT EXISTS applied (
    place TEXT NOT NULL, item TEXT NOT NULL, state TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (place, item)
) WITHOUT ROWID
"""
_KIND = 0x6D656469  # "medi": tells a ledger from other databases


class Ledger:
    """A SQLite database, mode 0600, of the states that items were seen in or brought into.

    ``place`` is whose items they are (an installation of a platform). A process that is killed loses what it has not noted yet, and nothing else.
    """

    def __init__(self, path: str, place: str, max_age: float, *, read_only: bool = False) -> None:
        self._path = path
        self._place = place
        self._max_age = max_age
        with self._explained():
            if read_only and not (os.path.exists(path) and os.path.getsize(path)):
                path = ":memory:"
            elif not read_only:
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
            self._database = sqlite3.connect(path, timeout=30.0, isolation_level=None)
            # In this order: another process may be making the ledger, and writes its kind first.
            tables = self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            kind = self._database.execute("PRAGMA application_id").fetchone()[0]
            if tables and kind != _KIND:
                raise AccessError(f"ledger: {self._path} is another program's database. Name a file of its own")
            if not tables:
                self._database.executescript(f"PRAGMA application_id = {_KIND}; {_TABLE}")

    @contextlib.contextmanager
    def _explained(self) -> t.Iterator[None]:
        try:
            yield
        except OSError as error:
            raise AccessError(f"ledger: {self._path} cannot be used: {error.strerror}") from None
        except sqlite3.DatabaseError as error:
            raise AccessError(f"ledger: {self._path} cannot be used: {error}. Remove it, or name another; the platform will be asked again") from None

    def known(self, now: float) -> dict[str, str]:
        """The states of items by their names, as far as they are not too old."""
        with self._explained():
            rows = self._database.execute("SELECT item, state FROM applied WHERE place = ? AND at > ?", (self._place, now - self._max_age))
            return dict(rows.fetchall())

    def note(self, states: t.Mapping[str, str], now: float) -> None:
        """Keep states, all of them or none."""
        with self._explained(), self._transaction():
            self._database.executemany(
                "INSERT OR REPLACE INTO applied VALUES (?, ?, ?, ?)", [(self._place, item, state, now) for item, state in states.items()]
            )

    def forget(self, items: t.Iterable[str]) -> None:
        """Drop items whose state is not known any more."""
        with self._explained(), self._transaction():
            self._database.executemany("DELETE FROM applied WHERE place = ? AND item = ?", [(self._place, item) for item in items])

    @contextlib.contextmanager
    def _transaction(self) -> t.Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:  # SQLite ends it by itself where the disk is full
                self._database.execute("ROLLBACK")
            raise

    def close(self) -> None:
        self._database.close()
