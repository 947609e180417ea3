# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The entries of a plan: what a task has changed or, in check mode, would change."""

from __future__ import annotations

import typing as t

#: An entry of a plan, as users see it: ``provider``, ``kind``, ``name``, ``action``, ``before``, ``after``, ``local``.
Change = t.Dict[str, t.Any]
State = t.Optional[t.Mapping[str, t.Any]]


def make_change(
    provider: str | None,
    kind: str,
    name: str,
    before: State,
    after: State,
    *,
    action: str | None = None,
    local: bool = False,
) -> Change:
    """An entry of a plan. ``before`` and ``after`` must not contain secrets; None stands for an item that does not
    exist. ``local``: the platform's state is unaffected, only this controller lacks the item.

    Without an ``action``, the states determine it.
    """
    return {
        "provider": provider,
        "kind": kind,
        "name": name,
        "action": action or ("create" if before is None else "delete" if after is None else "update"),
        "before": before,
        "after": after,
        "local": local,
    }
