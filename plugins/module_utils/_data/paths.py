# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of URLs that come from options: they must stay below the root that they belong to."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from .._errors import AccessError

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def decode_fully(text: str) -> str:
    """A text without percent-encoding, however often it was encoded: nobody knows how often the servers on the way decode it."""
    decoded = unquote(text)
    while decoded != text:
        text, decoded = decoded, unquote(decoded)
    return decoded


def climbs(path: str) -> bool:
    """Whether a client, proxy or server could take a segment of ``path`` for ``.`` or ``..``."""
    # Some ignore what follows a semicolon (the path parameters of RFC 2396), or find a query or fragment after they have decoded the path.
    return any(re.split(r"[;?#]", segment)[0].strip() in (".", "..") for segment in _segments(path))


def _segments(path: str) -> list[str]:
    return re.split(r"[/\\]", decode_fully(path))  # some take a backslash for a slash


def quote_path(path: str, option: str) -> str:
    """A path as part of a URL, percent-encoded as a whole, without the slashes at its ends.

    :raises AccessError: naming the ``option`` that it comes from, if it may lead elsewhere.
    """
    path = path.strip("/")
    if climbs(path) or "" in _segments(path) or _CONTROL.search(decode_fully(path)):
        raise AccessError(
            f"{option}: {path!r} is not a valid path: no part of it may be empty, '.' or '..', percent-encoded or not, or contain a control character"
        )
    return quote(path)
