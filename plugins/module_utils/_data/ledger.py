# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records which states were applied and when, so that the next run does not query the platform again."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import typing as t

from .._errors import AccessError
from .files import irregular, make_private, open_directory, open_regular

_TABLE = """
CREATE TABLE IF NOT EXISTS applied (
    place TEXT NOT NULL, item TEXT NOT NULL, state TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (place, item)
) WITHOUT ROWID
"""
_APPLICATION_ID = 0x6D656469  # "medi": distinguishes a ledger from other SQLite databases


class Ledger:
    """A SQLite database, mode 0600, of the states that items were found in or set to.

    ``place`` identifies the installation of the platform that the items belong to. A process that is killed loses only
    states not yet recorded.
    """

    def __init__(self, path: str, place: str, max_age: float, *, read_only: bool = False) -> None:
        self._path = path
        self._place = place
        self._max_age = max_age
        with self._translate_errors():
            if not self._prepare(create=not read_only) and read_only:
                path = ":memory:"
            self._database = sqlite3.connect(path, timeout=30.0, isolation_level=None)
            # In this order: another process may be creating the ledger, and it writes the application ID first.
            tables = self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            application_id = self._database.execute("PRAGMA application_id").fetchone()[0]
            if tables and application_id != _APPLICATION_ID:
                raise AccessError(f"ledger: {self._path} is another program's database. Choose a different file")
            if not tables:
                self._database.executescript(f"PRAGMA application_id = {_APPLICATION_ID}; {_TABLE}")

    def _prepare(self, *, create: bool) -> int:
        """Check the file and return its size, creating the file if ``create`` is set. SQLite itself would follow links
        and block on special files.
        """
        folder, name = os.path.split(os.path.abspath(self._path))
        try:
            with open_directory(folder) as directory:
                self._refuse_planted(directory, f"{name}-journal", f"{name}-wal", f"{name}-shm")
                handle = open_regular(name, os.O_RDWR | os.O_CREAT if create else os.O_RDONLY, dir_fd=directory)
        except FileNotFoundError:
            if create:
                raise
            return 0
        try:
            size = os.fstat(handle).st_size
            if create and not size:
                make_private(handle)
            return size
        finally:
            os.close(handle)

    def _refuse_planted(self, directory: int, *names: str) -> None:
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                kind = irregular(os.stat(name, dir_fd=directory, follow_symlinks=False))
                if kind:
                    raise AccessError(
                        f"ledger: {name} beside {self._path} is {kind}, and SQLite would write to it. Remove it"
                    )

    @contextlib.contextmanager
    def _translate_errors(self) -> t.Iterator[None]:
        try:
            yield
        except OSError as error:
            raise AccessError(f"ledger: {self._path} cannot be used: {error.strerror}") from None
        except sqlite3.DatabaseError as error:
            raise AccessError(
                f"ledger: {self._path} cannot be used: {error}. Remove it or choose another file; the platform is "
                "then queried again"
            ) from None

    def recent_states(self, now: float) -> dict[str, str]:
        """The recorded states by item, without those older than the maximum age."""
        with self._translate_errors():
            rows = self._database.execute(
                "SELECT item, state FROM applied WHERE place = ? AND at > ?", (self._place, now - self._max_age)
            )
            return dict(rows.fetchall())

    def record(self, states: t.Mapping[str, str], now: float) -> None:
        """Record states, either all of them or none."""
        with self._translate_errors(), self._transaction():
            self._database.executemany(
                "INSERT OR REPLACE INTO applied VALUES (?, ?, ?, ?)",
                [(self._place, item, state, now) for item, state in states.items()],
            )

    def forget(self, items: t.Iterable[str]) -> None:
        """Remove items whose state is no longer known."""
        with self._translate_errors(), self._transaction():
            self._database.executemany(
                "DELETE FROM applied WHERE place = ? AND item = ?", [(self._place, item) for item in items]
            )

    @contextlib.contextmanager
    def _transaction(self) -> t.Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:  # SQLite may have rolled it back itself, for instance if the disk is full
                self._database.execute("ROLLBACK")
            raise

    def close(self) -> None:
        self._database.close()
