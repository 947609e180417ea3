# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of an export: a manifest, and CSV files beside it. Files that an export has not written are never replaced,
and their content is never shown.
"""

from __future__ import annotations

import functools
import os
import re
import typing as t

from ..module_utils._data.private_file import PrivateFile
from ..module_utils._errors import AccessError
from ._manifest_text import SEPARATOR_LINE, digest, manifest_text, table_name, tables
from ._providers import platforms

if t.TYPE_CHECKING:
    from ._export import ExportedSection

_SCHEMA_LINE = "# yaml-language-server: $schema="
#: The line that marks an exported manifest. It has the digest of all that follows.
_MARK = "# Exported by mediaops.access.export, which replaces this file: copy it before you edit it. sha256 "
_TABLE_DIGEST = re.compile(r"^ *# sha256 ([0-9a-f]{64})\n *\w+_file: (.*)$", re.MULTILINE)
_MAX_SHOWN = 1000  # lines of a file in a diff
_EDITED = "(changed since it was exported, and not shown)\n"


class ExportFile:
    """A file that is replaced only if it is missing or empty, or was exported."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._file = PrivateFile(path, "dest")
        #: The content; None if the file does not exist.
        self.text: str | None = None

    def load(self, is_exported: t.Callable[[str], bool]) -> bool:
        """Read the file. Returns whether it may be replaced.

        :raises AccessError: if it cannot be read, or is not a regular file.
        """
        data = self._file.read()
        if data is None:
            return not self._file.exists()
        try:
            self.text = data.decode()
        except UnicodeDecodeError:
            return False
        return not self.text.strip() or is_exported(self.text)

    def check(self, is_exported: t.Callable[[str], bool]) -> None:
        """Check, in check mode too, that the file can be written and may be replaced.

        :raises AccessError: if it cannot or may not.
        """
        if not self.load(is_exported):
            raise AccessError(
                f"{self.path} exists and is not an exported file, so it is not replaced. Set dest to another path, or "
                "remove the file"
            )
        self._file.check()

    def differs(self, text: str) -> bool:
        return self.text != text or not self._file.is_private

    def write(self, text: str) -> None:
        self._file.write([text.encode()])

    def remove(self) -> None:
        self._file.remove()


class ManifestFiles:
    """The manifest at ``dest``, and the CSV files beside it."""

    def __init__(self, dest: str, schema: str) -> None:
        """``schema`` is the path of the JSON Schema, which the manifest refers to."""
        self._schema = schema
        self.dest = os.path.abspath(dest)
        self._folder, name = os.path.split(self.dest)
        self._stem = os.path.splitext(name)[0]
        self._manifest = ExportFile(self.dest)
        self._text = ""
        #: The CSV files, with their new content, or None for those that are removed.
        self._tables: list[tuple[ExportFile, str | None]] = []

    def check(self) -> None:
        """Check that the manifest can be written.

        :raises AccessError: if it cannot, or was not exported.
        """
        self._manifest.check(_is_manifest)

    def compose(self, sections: list[ExportedSection]) -> None:
        """Determine what is to be written.

        :raises AccessError: if a CSV file cannot be written, or was not exported.
        """
        texts = tables(self._stem, sections)
        self._text = _sign(self._schema, manifest_text(self._stem, sections, texts), self._manifest.text)
        for name, columns in self._possible_tables().items():
            file, is_own = ExportFile(os.path.join(self._folder, name)), functools.partial(_is_table, columns=columns)
            if name in texts:
                file.check(is_own)
                self._tables.append((file, texts[name]))
            elif os.path.isfile(file.path) and file.load(is_own) and file.text:
                self._tables.append((file, None))

    def _possible_tables(self) -> dict[str, tuple[str, ...]]:
        """The names of all CSV files beside the manifest, and their columns."""
        return {
            table_name(self._stem, platform, key): wanted.options
            for platform in platforms()
            for key, wanted in platform.manifest.items()
            if wanted.from_file
        }

    @property
    def changed(self) -> bool:
        return self._manifest.differs(self._text) or any(
            text is None or file.differs(text) for file, text in self._tables
        )

    def write(self) -> None:
        """Write the CSV files first, so that the manifest never refers to a missing one."""
        for file, text in self._tables:
            if text is not None and file.differs(text):
                file.write(text)
        if self._manifest.differs(self._text):
            self._manifest.write(self._text)
        for file, text in self._tables:
            if text is None:
                file.remove()

    def diff(self) -> list[dict[str, str]]:
        known = _table_digests(self._manifest.text)
        shown = [(self._manifest, _shown_manifest(self._manifest.text), _shown_manifest(self._text))]
        shown += [
            (file, _shown_table(file.text, known), _shown_table(text, {digest(text or "")}))
            for file, text in self._tables
        ]
        return [
            {"before_header": file.path, "after_header": file.path, "before": before, "after": after}
            for file, before, after in shown
            if before != after
        ]


def _sign(schema: str, body: str, before: str | None) -> str:
    """A manifest with its header. ``before`` is the manifest that it replaces: the path of the schema, which may differ
    between controllers, is kept.
    """
    first = (before or "").partition("\n")[0]
    return f"{first if first.startswith(_SCHEMA_LINE) else _SCHEMA_LINE + schema}\n{_MARK}{digest(body)}\n{body}"


def _is_manifest(text: str) -> bool:
    """Whether this is an exported manifest, perhaps edited."""
    first, second, *_rest = [*text.split("\n", 2), ""]
    return first.startswith(_SCHEMA_LINE) and second.startswith(_MARK)


def _is_table(text: str, columns: t.Collection[str]) -> bool:
    """Whether this is an exported CSV file with some of these columns, perhaps edited."""
    first, header, *_rest = [*text.split("\n", 2), ""]
    return first == SEPARATOR_LINE and all(name in columns for name in header.split(","))


def _table_digests(manifest: str | None) -> set[str]:
    """The digests of the CSV files that a manifest refers to."""
    return {found[1] for found in _TABLE_DIGEST.finditer(manifest or "")}


def _shown_manifest(text: str | None) -> str:
    """A manifest in a diff, without its header. If it was edited, it may contain anything, even secrets."""
    if not text or not _is_manifest(text):
        return ""
    mark, _end, body = text.partition("\n")[2].partition("\n")
    return _shorten(body) if mark == _MARK + digest(body) else _EDITED


def _shown_table(text: str | None, digests: t.Collection[str]) -> str:
    """A CSV file in a diff, if it has one of these digests."""
    if not text:
        return ""
    return _shorten(text) if digest(text) in digests else _EDITED


def _shorten(text: str) -> str:
    lines = text.splitlines(keepends=True)
    more = f"(and {len(lines) - _MAX_SHOWN} more lines)\n" if len(lines) > _MAX_SHOWN else ""
    return "".join(lines[:_MAX_SHOWN]) + more
