# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lists of a manifest return when they are exported."""

from __future__ import annotations

import typing as t


class Exported(t.NamedTuple):
    """Something that exists on a platform, as an item of a manifest.

    ``note`` describes what a manifest cannot express: a part of the item, or all of it if there is no item.
    """

    item: dict[str, t.Any] | None
    note: str = ""
