# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Knows the secrets of one task, and keeps them out of what people read."""

from __future__ import annotations

import base64
import json
import re
import typing as t
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from ansible_collections.mediaops.access.plugins.module_utils._core_secrets import register

MASK = "********"
#: The key by which a result tells whoever shows it that it holds a secret under no key that says so.
HOLDS_SECRET = "holds_secret"  # noqa: S105 - no secret itself
#: What stands where a text was cut off.
CUT = "…"

_CREDENTIAL = r"(?:secret|token|password|passwd|passphrase|authorization|credential|jwt|cookie)s?"
_KEY = r"(?:secret|private|api|registration|signing|encryption)[_-]?keys?"
#: Keys under which platforms and this collection return credentials.
SECRET_KEY = re.compile(rf"(?:{_CREDENTIAL}(?:[_-]?value)?|{_KEY})$", re.IGNORECASE)
#: The same, with what belongs to it, in a text that is no JSON: XML, a form, a page.
_IN_TEXT = re.compile(rf"(?:{_CREDENTIAL}|{_KEY})[\"']?\s?[=:>]\s?[\"']?\w", re.IGNORECASE)

_TAG = re.compile(r"<[^>]*>")
#: A URL's scheme, perhaps misspelt.
_BEGINNING = re.compile(r"^\s*[^:/@]*:?/+")


def strings_in(value: t.Any) -> t.Iterator[str]:
    """Every string (and number, as text) at any depth of lists and dicts, keys included."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from strings_in(item)
    elif isinstance(value, (list, tuple, set)):
        for item in value:
            yield from strings_in(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


class Secrets:
    """The secret values that one task was given or has received."""

    def __init__(self, values: t.Iterable[t.Any] = ()) -> None:
        self._texts: set[str] = set()
        self._known: list[str] | None = None
        self._remember(*values)

    def add(self, *values: t.Any) -> None:
        """Remember ``values`` (strings, or lists and dicts of them) that have been received as secret, and let ansible-core know them."""
        self._remember(*values)
        register(text for value in values for text in strings_in(list(value.values()) if isinstance(value, dict) else value))

    def _remember(self, *values: t.Any) -> None:
        self._texts.update(text for value in values for text in strings_in(list(value.values()) if isinstance(value, dict) else value) if text)
        self._known = None

    def copy(self) -> Secrets:
        """The same secrets, to which others can be added for a while."""
        twin = Secrets()
        twin._texts, twin._known = set(self._texts), self._known
        return twin

    @property
    def _spellings(self) -> list[str]:
        """Every spelling of every secret, the longest first; made when they are needed."""
        if self._known is None:
            self._known = sorted({spelling for text in self._texts for spelling in _spellings(text)}, key=len, reverse=True)
        return self._known

    def scrub(self, text: str) -> str:
        """``text`` with every known secret masked: as it is, and as URLs, JSON, HTML and Basic credentials encode it."""
        for spelling in self._spellings:
            text = text.replace(spelling, MASK)
        # A platform's words may have been cut within a secret.
        *cut, last = text.split(CUT)
        return "".join(self._scrub_end(part) + CUT for part in cut) + last

    def _scrub_end(self, text: str) -> str:
        """``text`` with the beginning of a secret, four characters or more, masked at its end."""
        longest = max(map(len, self._spellings), default=0)
        starts = (
            start for start in range(max(0, len(text) - longest), len(text) - 3) if any(spelling.startswith(text[start:]) for spelling in self._spellings)
        )
        start = next(starts, None)
        return text if start is None else text[:start] + MASK

    def scrub_tree(self, value: t.Any) -> t.Any:
        """A copy of ``value`` with the strings at any depth scrubbed."""
        if isinstance(value, dict):
            return {key: self.scrub_tree(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.scrub_tree(item) for item in value]
        return self.scrub(value) if isinstance(value, str) else value

    def are_in(self, value: t.Any) -> bool:
        """Whether ``value`` holds a known secret, or a credential under a key that names one."""
        texts = "\0".join(strings_in(value))
        return any(secret in texts for secret in self._spellings) or bool(secret_values(value))

    def may_be_in(self, answer: t.Any) -> bool:
        """The same of what somebody else wrote, perhaps a text in which a credential is named."""
        return self.are_in(answer) or any(map(_IN_TEXT.search, strings_in(answer)))


def _spellings(value: str) -> set[str]:
    """A secret as it is, and as URLs, JSON, HTML, Python's messages and base64 (also within Basic credentials) write it."""
    raw = value.encode("utf-8", "surrogatepass")
    in_base64 = {_inner_base64(raw, lead) for lead in range(3)}
    in_json = {json.dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    in_json |= {text.replace("/", "\\/") for text in in_json}  # as PHP writes it
    import html  # takes a while, and is seldom needed

    in_html = {html.escape(value), html.escape(value, quote=False), html.escape(value).replace("&#x27;", "&#39;")}
    in_messages = {deeper for text in _escaped(value) for deeper in (text, *_escaped(text))}
    in_one_line = {" ".join(text.split()) for text in (value, _TAG.sub(" ", value))}
    in_urls = {quote(raw, safe=""), quote(raw), quote_plus(raw)}
    whole = base64.b64encode(raw).decode()
    parts = (text for text in (*in_one_line, *in_base64) if len(text) > 5)
    return {value, whole, *in_urls, *in_json, *in_html, *in_messages, *parts}


def _escaped(text: str) -> set[str]:
    """As Python writes it between quotes of either kind."""
    return {repr(text)[1:-1], repr(text + '"')[1:-2]}


def _inner_base64(raw: bytes, lead: int) -> str:
    """The characters of base64 that ``raw`` alone decides when ``lead`` bytes (modulo 3) stand before it."""
    encoded = base64.b64encode(b"\0" * lead + raw).decode()
    return encoded[(lead * 8 + 5) // 6 : (lead + len(raw)) * 8 // 6]


def secret_values(value: t.Any) -> list[str]:
    """What stands under keys that name a secret, at any depth."""
    if isinstance(value, dict):
        named = [item for key, item in value.items() if SECRET_KEY.search(str(key))]
        own = [str(item) for item in named if _may_be_secret(item)]
        own += [text for item in named if isinstance(item, (list, tuple)) for text in item if isinstance(text, str) and text]
        return own + [secret for item in value.values() for secret in secret_values(item)]
    return [secret for item in value for secret in secret_values(item)] if isinstance(value, (list, tuple)) else []


def _may_be_secret(value: t.Any) -> bool:
    """A text, or a number that is long enough to be told from others."""
    return bool(value) if isinstance(value, str) else isinstance(value, int) and not isinstance(value, bool) and value > 999


def url_passwords(url: str) -> list[str]:
    """What may be a password in a URL, as it stands there and decoded; also in one that is misspelt or holds characters that must be encoded."""
    if not {"@", "?"} & set(url):
        return []
    ends = (url, re.split(r"[/?#]", re.sub(_BEGINNING, "", url))[0])  # a user ends at the last @, or at the last one before a path
    written = [re.sub(_BEGINNING, "", end.rpartition("@")[0]).partition(":")[2] for end in ends]
    written += [value for name, _, value in (pair.partition("=") for pair in url.partition("?")[2].split("&")) if SECRET_KEY.search(name)]
    return list(dict.fromkeys(text for password in written if password for text in (password, unquote(password), unquote_plus(password))))
