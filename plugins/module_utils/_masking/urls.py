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
_ONE_HOST = _HOST.replace("?P<host>", "?:")
_PATHS = {
    "rediss?": (_ONE_HOST, "/[0-9]*"),
    r"rediss?\+sentinel": (f"{_ONE_HOST}(?:,{_ONE_HOST})*", "/(?:[A-Za-z0-9_.-]|%[0-9A-Fa-f]{2})+(?:/[0-9]*)?"),
    r"rediss?\+cluster": (f"{_ONE_HOST}(?:,{_ONE_HOST})*", "/?"),
}
#: Sentinels need the name of the service; the other paths may be missing.
_REDIS = [
    re.compile(
        rf"(?P<scheme>{scheme})://(?P<user>(?:[^/?#@%\s]|%[0-9A-Fa-f]{{2}})*@)?(?P<hosts>{hosts})"
        rf"(?P<path>{path}){'' if 'sentinel' in scheme else '?'}(?:\?(?P<query>[^#@\s]*))?"
    )
    for scheme, (hosts, path) in _PATHS.items()
]
_PORT = re.compile(r":[0-9]+(?=,|$)")
_USER = re.compile(r"//.*@", re.DOTALL)


def looks_like_url(place: str) -> bool:
    """Whether a ``token_cache`` is intended as a URL, possibly misspelt, rather than as a directory."""
    place = place.strip()
    if place.startswith(("/", "~", ".", "$", "{{")) and not place.startswith("//"):
        return "://" in place
    return bool(re.search(r"[:@]|//", place))


def match_redis_url(url: str) -> re.Match[str] | None:
    """Match the unambiguous URL of a Redis server, of sentinels or of a cluster. The groups are ``scheme``, ``user``
    (with the ``@``), ``hosts``, ``path`` and ``query``.
    """
    return next(filter(None, (pattern.fullmatch(url) for pattern in _REDIS)), None)


def scheme_and_host(url: str) -> str:
    """The parts of a URL that may be displayed even if it contains a password."""
    whole, redis, scheme = _URL.fullmatch(url), match_redis_url(url), SCHEME.match(url)
    if whole:
        return f"{whole[1]}://{whole['host']}"
    if redis:
        return f"{redis['scheme']}://{re.sub(_PORT, '', redis['hosts'])}"
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
