# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""URL paths from options, which must stay below the root URL."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from .._errors import AccessError

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def decode_fully(text: str) -> str:
    """Remove every level of percent-encoding: it is unknown how often proxies and servers decode a path."""
    decoded = unquote(text)
    while decoded != text:
        text, decoded = decoded, unquote(decoded)
    return decoded


def has_dot_segment(path: str) -> bool:
    """Whether a client, proxy or server could take a segment of ``path`` for ``.`` or ``..``."""
    # Some ignore everything after a semicolon (the path parameters of RFC 2396), or look for a query or fragment after
    # decoding the path.
    return any(re.split(r"[;?#]", segment)[0].strip() in (".", "..") for segment in _segments(path))


def _segments(path: str) -> list[str]:
    return re.split(r"[/\\]", decode_fully(path))  # some treat a backslash as a slash


def quote_path(path: str, option: str) -> str:
    """Percent-encode a path as part of a URL, without leading and trailing slashes.

    :raises AccessError: naming the ``option`` with the path, if the path could leave the root.
    """
    path = path.strip("/")
    if has_dot_segment(path) or "" in _segments(path) or _CONTROL.search(decode_fully(path)):
        raise AccessError(
            f"{option}: {path!r} is not a valid path: no segment may be empty, '.' or '..' (percent-encoded or not), "
            "or contain a control character"
        )
    return quote(path)
