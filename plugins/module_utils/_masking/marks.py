# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Placeholders for hidden text, and the minimum length of a secret that is searched for."""

MASK = "********"
#: Marks the place where a text was truncated.
CUT = "…"
#: Separates texts that are searched together. Every decoding preserves it.
SEPARATOR = "\x1f"
#: A shorter secret is masked only as a whole value: anywhere else it could be part of an ordinary word or number.
SHORTEST = 6
