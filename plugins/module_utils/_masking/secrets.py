# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the secrets of one task out of its output."""

from __future__ import annotations

import re
import typing as t
from urllib.parse import unquote, unquote_plus

from .core_registry import register
from .marks import MASK, SEPARATOR, SHORTEST
from .names import is_secret_name

if t.TYPE_CHECKING:
    from .layers import Span
    from .search import Search

#: The scheme of a URL, possibly misspelt.
_BEGINNING = re.compile(r"^\s*[^:/@]*:?/+")


def strings_in(value: t.Any) -> t.Iterator[str]:
    """Every string (and number, as a string) in nested lists and dicts, including keys."""
    found: list[str] = []
    _gather(value, found, lambda text: found.append(str(text)))
    return iter(found)


def _gather(value: t.Any, found: list[str], other: t.Callable[[t.Any], None] | None = None) -> None:
    """Append all nested strings to ``found``; ``other`` is called with keys and numbers."""
    if isinstance(value, str):
        found.append(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            if other:
                other(key)
            _gather(item, found, other)
    elif isinstance(value, (list, tuple, set)):
        for item in value:
            _gather(item, found, other)
    elif other and value is not None and not isinstance(value, bool):
        other(value)


class Secrets:
    """The secret values of one task, from its options and from responses."""

    def __init__(self, values: t.Iterable[t.Any] = ()) -> None:
        self._texts: set[str] = set()
        self._built_search: Search | None = None
        self._remember(*values)

    def add(self, *values: t.Any) -> None:
        """Add received secrets (strings, or lists and dicts of them) and register them with ansible-core."""
        self._remember(*values)
        register(
            text for value in values for text in strings_in(list(value.values()) if isinstance(value, dict) else value)
        )

    def _remember(self, *values: t.Any) -> None:
        self._texts.update(
            text
            for value in values
            for text in strings_in(list(value.values()) if isinstance(value, dict) else value)
            if text
        )
        self._built_search = None

    def copy(self) -> Secrets:
        """Return a copy, to which more secrets can be added temporarily."""
        twin = Secrets()
        twin._texts, twin._built_search = set(self._texts), self._built_search
        return twin

    @property
    def _search(self) -> Search:
        """The search, imported and created on first use: serving a cached token does not need it."""
        if self._built_search is None:
            from .search import Search

            self._built_search = Search(self._texts)
        return self._built_search

    def scrub(self, text: str) -> str:
        """Mask every known secret in ``text``, whatever its encoding, and partial secrets next to a :data:`CUT`.

        A secret shorter than :data:`SHORTEST` is masked only as the whole text, or as a whole value in JSON, XML, a
        form or a URL.
        """
        return MASK if text in self._search.short else _mask(text, self._search.spans(text))

    def scrub_tree(self, value: t.Any) -> t.Any:
        """Return a copy of ``value`` with all nested strings scrubbed."""
        return _copy(value, self.scrub if self._one_contains(_values(value)) else str)

    def contained_in(self, value: t.Any) -> bool:
        """Whether ``value`` contains a known secret, or a credential under a key that names one."""
        return bool(secret_values(value)) or self._one_contains(list(strings_in(value)), _values(value))

    def possibly_in(self, response: t.Any) -> bool:
        """Whether a response may contain a secret: also anything below a key that names one, and credentials named in
        text.
        """
        from .text_credentials import names_credential

        return (
            _has_named_secret(response)
            or names_credential(SEPARATOR.join(strings_in(response)))
            or self.contained_in(response)
        )

    def _one_contains(self, texts: t.Sequence[str], values: t.Sequence[str] | None = None) -> bool:
        short = self._search.short
        whole = bool(short) and not short.isdisjoint(texts if values is None else values)
        return whole or next(self._search.spans(SEPARATOR.join(texts)), None) is not None


def without_credentials(text: str) -> str:
    """Mask the credentials that ``text`` names, for instance in a response that cannot be parsed."""
    from .text_credentials import credentials_in

    return _mask(text, credentials_in(text))


def is_short(secret: t.Any) -> bool:
    """Whether a secret is so short that it is masked only as a whole value."""
    return isinstance(secret, str) and len(secret) < SHORTEST


def _mask(text: str, spans: t.Iterable[Span]) -> str:
    parts, done = [], 0
    for start, end in _merge(spans):
        parts += [text[done:start], MASK]
        done = end
    return "".join(parts) + text[done:]


def _merge(spans: t.Iterable[Span]) -> t.Iterator[Span]:
    """Sort spans and merge those that overlap."""
    ordered = sorted(spans)
    if not ordered:
        return
    first, last = ordered[0]
    for start, end in ordered:
        if start >= last and start > first:
            yield first, last
            first = start
        last = max(last, end)
    yield first, last


def _copy(value: t.Any, change: t.Callable[[str], str]) -> t.Any:
    if isinstance(value, dict):
        return {key: _copy(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_copy(item, change) for item in value]
    return change(value) if isinstance(value, str) else value


def _values(value: t.Any) -> list[str]:
    """All nested strings that are values, without keys and numbers."""
    found: list[str] = []
    _gather(value, found)
    return found


def secret_values(value: t.Any) -> list[str]:
    """The values of all nested keys that name a secret."""
    if isinstance(value, dict):
        named = [item for key, item in value.items() if is_secret_name(str(key))]
        own = [str(item) for item in named if _may_be_secret(item)]
        own += [
            text for item in named if isinstance(item, (list, tuple)) for text in item if isinstance(text, str) and text
        ]
        return own + [secret for item in value.values() for secret in secret_values(item)]
    return [secret for item in value for secret in secret_values(item)] if isinstance(value, (list, tuple)) else []


def _may_be_secret(value: t.Any) -> bool:
    """Whether a value is a string, or a number long enough to be a secret."""
    return (
        bool(value)
        if isinstance(value, str)
        else isinstance(value, int) and not isinstance(value, bool) and value > 999
    )


def _has_named_secret(value: t.Any, named: bool = False) -> bool:
    """Whether there is a possible secret anywhere below a key that names one."""
    if isinstance(value, dict):
        return any(_has_named_secret(item, named or is_secret_name(str(key))) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return any(_has_named_secret(item, named) for item in value)
    return named and _may_be_secret(value)


def url_passwords(url: str) -> list[str]:
    """Possible passwords in a URL, raw and decoded. The URL may be misspelt or contain characters that should be
    encoded.
    """
    if not {"@", "?"} & set(url):
        return []
    ends = (
        url,
        re.split(r"[/?#]", re.sub(_BEGINNING, "", url))[0],
    )  # user information ends at the last @, or at the last one before the path
    passwords = [re.sub(_BEGINNING, "", end.rpartition("@")[0]).partition(":")[2] for end in ends]
    passwords += [
        value
        for name, _sign, value in (pair.partition("=") for pair in url.partition("?")[2].split("&"))
        if is_secret_name(name)
    ]
    return list(
        dict.fromkeys(
            text for password in passwords if password for text in (password, unquote(password), unquote_plus(password))
        )
    )
