# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivers credentials to a file on the controller."""

from __future__ import annotations

import contextlib

from ..module_utils._data.private_file import PrivateFile
from ._credentials_formats import Credentials, Dotenv, Format, Json, Names, Place, is_encrypted

#: Content that nobody misses.
_NOTHING = (b"", b"{}")


class CredentialsFile(Place):
    """A file of credentials: see :class:`_data.private_file.PrivateFile`."""

    def __init__(self, dest: str, form: Format) -> None:
        self._file = PrivateFile(dest, "dest")
        self._form = form
        self._data = b""

    def load(self, known: Names) -> Credentials | None:
        data = self._file.read()
        self._data = data or b""
        self.found = data is not None or self._file.exists()
        if data is None:
            return None
        try:
            return self._form.parse(data, known)
        except ValueError:
            # A symbolic link is replaced, and its target is left alone.
            if data.strip() not in _NOTHING and not self._file.is_link and not _is_delivered(data, known):
                kind, password = ("encrypted content", " with this password") if is_encrypted(data) else ("content", "")
                self.foreign = f"{self._file.path} has {kind} that was not delivered{password}"
            return None

    def check(self, credentials: Credentials) -> None:
        self._form.render(credentials)
        self._file.check()

    def is_same(self, before: Credentials, after: Credentials) -> bool:
        return self._file.is_private and self._form.is_current(self._data, after)

    def write(self, credentials: Credentials) -> None:
        self._file.write([self._form.render(credentials)])

    def remove(self) -> None:
        self._file.remove()

    def exists(self, known: Names | None = None) -> bool:
        if not self._file.exists():
            return False
        self.load(known or {})
        return True


def _is_delivered(data: bytes, known: Names) -> bool:
    """Whether a file was delivered in one of the formats that require no password."""
    for form in (Json(), Dotenv()):
        with contextlib.suppress(ValueError):
            form.parse(data, known)
            return True
    return False
