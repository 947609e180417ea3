# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The system clock, replaceable in tests."""

from __future__ import annotations

import time


class Clock:
    """Tells the time and sleeps."""

    now = staticmethod(time.time)
    sleep = staticmethod(time.sleep)
