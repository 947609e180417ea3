# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Knows the secrets of one task, and keeps them out of what people read."""

from __future__ import annotations

import re
import typing as t
from urllib.parse import unquote, unquote_plus

from .core_registry import register
from .marks import MASK, SEPARATOR, SHORTEST
from .names import is_secret_name

if t.TYPE_CHECKING:
    from .decoding import Span
    from .search import Search

#: A URL's scheme, perhaps misspelt.
_BEGINNING = re.compile(r"^\s*[^:/@]*:?/+")


def strings_in(value: t.Any) -> t.Iterator[str]:
    """Every string (and number, as text) at any depth of lists and dicts, keys included."""
    found: list[str] = []
    _gather(value, found, lambda text: found.append(str(text)))
    return iter(found)


def _gather(value: t.Any, found: list[str], other: t.Callable[[t.Any], None] | None = None) -> None:
    """Append the strings at any depth; ``other`` takes keys and numbers."""
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
    """The secret values that one task was given or has received."""

    def __init__(self, values: t.Iterable[t.Any] = ()) -> None:
        self._texts: set[str] = set()
        self._made: Search | None = None
        self._remember(*values)

    def add(self, *values: t.Any) -> None:
        """Remember ``values`` (strings, or lists and dicts of them) that have been received as secret, and let ansible-core know them."""
        self._remember(*values)
        register(text for value in values for text in strings_in(list(value.values()) if isinstance(value, dict) else value))

    def _remember(self, *values: t.Any) -> None:
        self._texts.update(text for value in values for text in strings_in(list(value.values()) if isinstance(value, dict) else value) if text)
        self._made = None

    def copy(self) -> Secrets:
        """The same secrets, to which others can be added for a while."""
        twin = Secrets()
        twin._texts, twin._made = set(self._texts), self._made
        return twin

    @property
    def _search(self) -> Search:
        """Made when something is searched, and its parts imported: a cached token goes without."""
        if self._made is None:
            from .search import Search

            self._made = Search(self._texts)
        return self._made

    def scrub(self, text: str) -> str:
        """``text`` with every known secret masked, however it is encoded, and what is left of one beside a :data:`CUT`.

        One of less than :data:`SHORTEST` characters is masked where it is the whole text, or a whole value in JSON, XML, a form or a URL.
        """
        return MASK if text in self._search.short else _masked(text, self._search.spans(text))

    def scrub_tree(self, value: t.Any) -> t.Any:
        """A copy of ``value`` with the strings at any depth scrubbed."""
        return _copied(value, self.scrub if self._one_contains(_values(value)) else str)

    def contained_in(self, value: t.Any) -> bool:
        """Whether ``value`` holds a known secret, or a credential under a key that names one."""
        return bool(secret_values(value)) or self._one_contains(list(strings_in(value)), _values(value))

    def possibly_in(self, answer: t.Any) -> bool:
        """The same of a platform's answer: also anything below such a key, and a credential that is named in a text."""
        from .text_credentials import names_credential

        return _holds_named(answer) or names_credential(SEPARATOR.join(strings_in(answer))) or self.contained_in(answer)

    def _one_contains(self, texts: t.Sequence[str], values: t.Sequence[str] | None = None) -> bool:
        short = self._search.short
        whole = bool(short) and not short.isdisjoint(texts if values is None else values)
        return whole or next(self._search.spans(SEPARATOR.join(texts)), None) is not None


def without_credentials(text: str) -> str:
    """``text`` with the credentials masked that it names, such as those of an answer that cannot be parsed."""
    from .text_credentials import credentials_in

    return _masked(text, credentials_in(text))


def is_short(secret: t.Any) -> bool:
    """Whether a secret is masked only where it is a whole value."""
    return isinstance(secret, str) and len(secret) < SHORTEST


def _masked(text: str, spans: t.Iterable[Span]) -> str:
    parts, done = [], 0
    for start, end in _merged(spans):
        parts += [text[done:start], MASK]
        done = end
    return "".join(parts) + text[done:]


def _merged(spans: t.Iterable[Span]) -> t.Iterator[Span]:
    """Spans in order, those that overlap as one."""
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


def _copied(value: t.Any, change: t.Callable[[str], str]) -> t.Any:
    if isinstance(value, dict):
        return {key: _copied(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_copied(item, change) for item in value]
    return change(value) if isinstance(value, str) else value


def _values(value: t.Any) -> list[str]:
    """The strings at any depth that are values: no keys, no numbers."""
    found: list[str] = []
    _gather(value, found)
    return found


def secret_values(value: t.Any) -> list[str]:
    """What stands under keys that name a secret, at any depth."""
    if isinstance(value, dict):
        named = [item for key, item in value.items() if is_secret_name(str(key))]
        own = [str(item) for item in named if _may_be_secret(item)]
        own += [text for item in named if isinstance(item, (list, tuple)) for text in item if isinstance(text, str) and text]
        return own + [secret for item in value.values() for secret in secret_values(item)]
    return [secret for item in value for secret in secret_values(item)] if isinstance(value, (list, tuple)) else []


def _may_be_secret(value: t.Any) -> bool:
    """A text, or a number that is long enough to be told from others."""
    return bool(value) if isinstance(value, str) else isinstance(value, int) and not isinstance(value, bool) and value > 999


def _holds_named(value: t.Any, named: bool = False) -> bool:
    """Whether there is anything below a key that names a secret."""
    if isinstance(value, dict):
        return any(_holds_named(item, named or is_secret_name(str(key))) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return any(_holds_named(item, named) for item in value)
    return named and _may_be_secret(value)


def url_passwords(url: str) -> list[str]:
    """What may be a password in a URL, as it stands there and decoded; also in one that is misspelt or holds characters that must be encoded."""
    if not {"@", "?"} & set(url):
        return []
    ends = (url, re.split(r"[/?#]", re.sub(_BEGINNING, "", url))[0])  # a user ends at the last @, or at the last one before a path
    written = [re.sub(_BEGINNING, "", end.rpartition("@")[0]).partition(":")[2] for end in ends]
    written += [value for name, _sign, value in (pair.partition("=") for pair in url.partition("?")[2].split("&")) if is_secret_name(name)]
    return list(dict.fromkeys(text for password in written if password for text in (password, unquote(password), unquote_plus(password))))
