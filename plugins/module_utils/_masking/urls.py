# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recognizes URLs in options and removes the parts that must not be displayed."""

from __future__ import annotations

import re

from .marks import MASK

SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_HOST = r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::[0-9]{1,5})?"
#: An ``@`` elsewhere is not accepted: such a URL is ambiguous, and one reading would reveal part of the password.
_URL = re.compile(rf"{SCHEME.pattern}(?:[^/?#@\s]*@)?{_HOST}(?:[/?#][^@\s]*)?")
_REDIS = re.compile(rf"rediss?://(?:(?:[^/?#@%\s]|%[0-9A-Fa-f]{{2}})*@)?{_HOST}(?:/[0-9]*)?(?:\?[^#@\s]*)?")
_USER = re.compile(r"//.*@", re.DOTALL)


def looks_like_url(place: str) -> bool:
    """Whether a ``token_cache`` is intended as a URL, possibly misspelt, rather than as a directory."""
    place = place.strip()
    if place.startswith(("/", "~", ".", "$", "{{")) and not place.startswith("//"):
        return "://" in place
    return bool(re.search(r"[:@]|//", place))


def is_redis_url(url: str) -> bool:
    """Whether this is the unambiguous URL of a single Redis server."""
    return bool(_REDIS.fullmatch(url))


def scheme_and_host(url: str) -> str:
    """The parts of a URL that may be displayed even if it contains a password."""
    whole, scheme = _URL.fullmatch(url), SCHEME.match(url)
    if whole:
        return f"{whole[1]}://{whole['host']}"
    return f"{scheme[1]}://{MASK}" if scheme else MASK


def redact_option(name: str, value: object) -> object:
    """Return the value of an option without possible passwords in URLs."""
    if isinstance(value, dict):
        return {key: redact_option("", item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [redact_option("", item) for item in value]
    if not isinstance(value, str):
        return value
    if name == "token_cache":
        return scheme_and_host(value) if looks_like_url(value) else value
    if holds_url(name) and re.search("[@?#]", value):
        return scheme_and_host(value)
    return _USER.sub(f"//{MASK}@", value)


def holds_url(option: str) -> bool:
    """Whether an option of this name takes a URL."""
    return option == "token_cache" or option.rpartition("_")[2] in ("url", "uri")
