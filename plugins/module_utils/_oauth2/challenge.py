# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The challenge in which a resource server explains why it rejected a request (RFC 6750, section 3)."""

from __future__ import annotations

import re

#: A parameter such as error="invalid_token"; the value may also be unquoted (RFC 9110, section 11.2).
_PARAMETER = re.compile(r'([A-Za-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))')
_SCHEME = re.compile(r"(?:^|,)\s*Bearer(?=\s|,|$)", re.IGNORECASE)
#: The start of another scheme's challenge in the same header.
_NEXT_SCHEME = re.compile(r",\s*[A-Za-z][\w-]*\s+(?=[A-Za-z_]+\s*=)")


def parse_challenge(header: str | None) -> dict[str, str]:
    """The parameters of the first ``Bearer`` challenge in a ``WWW-Authenticate`` header; empty if it has none."""
    scheme = _SCHEME.search(header or "")
    if not scheme:
        return {}
    parameters = (header or "")[scheme.end() :]
    other = _NEXT_SCHEME.search(parameters)
    if other:
        parameters = parameters[: other.start()]
    return {
        name.lower(): re.sub(r"\\(.)", r"\1", quoted) if quoted else plain
        for name, quoted, plain in _PARAMETER.findall(parameters)
    }
