# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The marks that stand in place of what is not shown, and from which length on a secret is looked for."""

MASK = "********"
#: What stands where a text was cut off.
CUT = "…"
#: Separates texts that are searched together; it is kept by every way of reading.
SEPARATOR = "\x1f"
#: A shorter secret is found only where it is a whole value: elsewhere it may be a part of any word or number.
SHORTEST = 6
