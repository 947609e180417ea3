# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivers credentials to a file on the controller."""

from __future__ import annotations

from ..module_utils._data.private_file import PrivateFile
from ._credentials_formats import Credentials, Format, Place


class CredentialsFile(Place):
    """A file of credentials: see :class:`_data.private_file.PrivateFile`."""

    def __init__(self, dest: str, form: Format) -> None:
        self._file = PrivateFile(dest, "dest")
        self._form = form
        self._data = b""

    def load(self, known: Credentials) -> Credentials | None:
        data = self._file.read()
        try:
            self._data = data or b""
            return None if data is None else self._form.parse(data, known)
        except ValueError:
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

    def exists(self) -> bool:
        return self._file.exists()
