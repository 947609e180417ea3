# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dates as AudiencePlayer writes them."""

from __future__ import annotations

import datetime

from ..._errors import AccessError


def parse_instant(text: str | None) -> datetime.datetime | None:
    """Parse an ISO 8601 date and time to UTC and whole seconds. Without an offset it is in UTC, like all of the
    platform's dates.

    :raises AccessError: if it is invalid.
    """
    if text is None:
        return None
    try:
        # Before Python 3.11, fromisoformat does not accept Z.
        parsed = datetime.datetime.fromisoformat(text.strip().replace("Z", "+00:00").replace("z", "+00:00"))
        aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=datetime.timezone.utc)
        return aware.astimezone(datetime.timezone.utc).replace(microsecond=0)
    except (ValueError, OverflowError):
        raise AccessError(f"{text!r} is not a date and time such as 2030-12-31T23:59:59Z") from None
