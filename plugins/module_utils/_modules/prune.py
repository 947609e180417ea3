# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds what a platform has and a manifest does not name: the candidates for removal."""

from __future__ import annotations

import typing as t

from .._errors import AccessError
from .._platform.declaration import PRUNE_OPTIONS
from .definition import Result

OPTIONS = {"prune_limit": PRUNE_OPTIONS["prune_limit"]}
#: The number of candidates that an error message names.
_MAX_NAMED = 100


def prune_result(
    kind: str, candidates: t.Mapping[str, dict[str, t.Any]], limit: int, more: t.Sequence[str] = ()
) -> Result:
    """The result of a module that finds ``candidates``, by their labels. ``kind`` is their plural in messages.
    ``more``: labels of what is removed together with them.

    :raises AccessError: if there are more candidates than ``limit``.
    """
    if limit < 0:
        raise AccessError(f"prune_limit must be 0 or more, not {limit}")
    labels = [*candidates, *more]
    if len(labels) > limit:
        named = ", ".join(labels[:_MAX_NAMED])
        others = f" and {len(labels) - _MAX_NAMED} more" if len(labels) > _MAX_NAMED else ""
        raise AccessError(
            f"prune would remove {len(labels)} {kind}, which is more than prune_limit ({limit}): {named}{others}. "
            "Nothing was changed on this platform. Add them to the manifest, or raise prune_limit"
        )
    return {"changed": False, "candidates": list(candidates.values())}
