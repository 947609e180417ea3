# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the rows of a file that failed to another file, which can be mended and applied."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import typing as t

from .._errors import AccessError
from .layouts import Layout
from .private_file import PrivateFile
from .rows import FORMATS, Row, extension_of, is_encrypted

#: Encrypts a text with Ansible Vault.
Encrypt = t.Callable[[str], bytes]
#: Returns what encrypts a text with the password of the encrypted file at a path.
Encryptor = t.Callable[[str], Encrypt]

_OPTION = "rejects_file"
_MARK = b"\xef\xbb\xbf"  # the byte order mark that Excel expects


class Rejects:
    """The file ``path`` for those rows of the file ``source`` that fail.

    All rows are kept until then, compressed, as ``source`` may change during a long run.
    """

    def __init__(self, path: str, source: str, encryptor: Encryptor | None = None) -> None:
        self._file = PrivateFile(path, _OPTION)
        self._source = source
        self._encryptor = encryptor
        #: What encrypts the rows if ``source`` is encrypted; otherwise, they begin with its byte order mark.
        self._encrypt: Encrypt | None = None
        self._mark = b""
        self._layout: Layout | None = None
        self._buffer = io.BytesIO()
        self._rows = gzip.GzipFile(fileobj=self._buffer, mode="wb", compresslevel=1)

    def check(self, *others: str | None) -> None:
        """Check that the file can be written, and is neither ``source`` nor one of the ``others``.

        :raises AccessError: naming the option.
        """
        try:
            self._check_format()
            for other in (self._source, *others):
                if other is not None and _is_same(self._file.path, other):
                    raise AccessError(f"{self._file.path} is the same file as {other}. Set {_OPTION} to another path")
            self._file.check()
        except AccessError as error:
            raise error.with_context(_OPTION) from None

    def _check_format(self) -> None:
        wanted, found = extension_of(self._source), extension_of(self._file.path)
        if FORMATS.get(found) is not FORMATS.get(wanted):
            raise AccessError(
                f"{self._file.path} must have the extension {wanted}, because the rows keep the format of "
                f"{self._source}"
            )

    def keep(self, row: Row) -> None:
        """Keep a row of ``source``."""
        if self._layout is None:
            self._read_encoding()
        self._layout, values = row.raw
        self._rows.write(json.dumps(values).encode() + b"\n")

    def _read_encoding(self) -> None:
        if self._encryptor and is_encrypted(self._source):
            self._encrypt = self._encryptor(self._source)
            return
        with open(self._source, "rb") as file:
            self._mark = _MARK if file.read(len(_MARK)) == _MARK else b""

    def write(self, reasons: t.Iterable[str | None]) -> None:
        """Write the rows that failed. ``reasons`` has an element for each row that was kept, None if it has not failed.
        If none has, remove the file of an earlier run.

        :raises AccessError: naming the option.
        """
        self._rows.close()
        self._buffer.seek(0)
        with gzip.GzipFile(fileobj=self._buffer) as rows:
            failed = ((json.loads(row), reason) for row, reason in zip(rows, reasons) if reason is not None)
            first = next(failed, None)
            try:
                if first is None or self._layout is None:
                    self._file.remove()
                else:
                    self._file.write(self._encode(_text(self._layout, first, failed)))
            except AccessError as error:
                raise error.with_context(_OPTION) from None

    def _encode(self, text: t.Iterator[str]) -> t.Iterator[bytes]:
        if self._encrypt:
            yield self._encrypt("".join(text))
            return
        yield self._mark
        for part in text:
            yield part.encode("utf-8", "replace")


_Failed = t.Tuple[t.Any, str]


def _text(layout: Layout, first: _Failed, others: t.Iterator[_Failed]) -> t.Iterator[str]:
    yield layout.head
    yield _row(layout, first)
    for failed in others:
        yield layout.between + _row(layout, failed)
    yield layout.tail


def _row(layout: Layout, failed: _Failed) -> str:
    values, reason = failed
    # A platform's message may have several lines, and halves of characters that UTF-8 cannot encode.
    return layout.row(values, " ".join(reason.encode("utf-8", "replace").decode().split()))


def _is_same(path: str, other: str) -> bool:
    with contextlib.suppress(OSError):
        return os.path.samefile(path, other)
    return os.path.realpath(path) == os.path.realpath(other)
