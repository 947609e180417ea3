# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end users' IP addresses, on whose behalf requests are sent (providers.md, sections 1.1 and 1.7)."""

from __future__ import annotations

import ipaddress

from ..._errors import AccessError


def parse_address(text: str | None) -> str | None:
    """Parse the option ``forwarded_for``. The address is returned in its canonical form, because all spellings of an
    IPv6 address have one rate limit. None or an empty text means that there is no address.

    :raises AccessError: if it is not an IP address.
    """
    if not text:
        return None
    try:
        address = ipaddress.ip_address("" if "%" in text else text)  # the zone of an IPv6 address is local to a host
    except ValueError:
        raise AccessError(
            f"forwarded_for: {text!r:.60} is not an IP address, such as 192.0.2.7 or 2001:db8::7"
        ) from None
    return str(address)
