# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens the backend that ``token_cache`` names."""

from __future__ import annotations

import dataclasses
import typing as t

from .._clock import Clock
from . import redis_url
from .backend import Backend
from .directory import DirectoryBackend
from .memory import MemoryBackend


def open_backend(
    place: str, clock: Clock, params: t.Mapping[str, t.Any], warn: t.Callable[[str], None] = lambda _message: None
) -> Backend:
    """Open the backend for a ``token_cache`` (see :func:`_platform.options.cache_location`). ``warn`` is called with
    warnings for the user.

    :raises AccessError: if the backend cannot be used.
    """
    if place == "none":
        return MemoryBackend(clock)
    if place.startswith(tuple(f"{scheme}://" for scheme in redis_url.SCHEMES)):
        from .redis import RedisBackend
        from .redis_servers import Settings

        settings = {field.name: params[field.name] for field in dataclasses.fields(Settings)}
        return RedisBackend(place, clock, Settings(**settings))
    return DirectoryBackend(place, clock, warn)
