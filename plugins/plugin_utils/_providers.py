# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's platforms: one for each file of module_utils/_providers, or for each package with a
declaration.py.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import typing as t

from ..module_utils import _providers
from ..module_utils._platform.declaration import Platform


@functools.lru_cache(maxsize=1)
def platforms() -> tuple[Platform[t.Any], ...]:
    """All platforms, sorted by name."""
    names = sorted(found.name for found in pkgutil.iter_modules(_providers.__path__) if not found.name.startswith("_"))
    modules = [importlib.import_module(f"{_providers.__name__}.{name}") for name in names]
    modules = [
        importlib.import_module(f"{module.__name__}.declaration") if hasattr(module, "__path__") else module
        for module in modules
    ]
    return tuple(value for module in modules for value in vars(module).values() if isinstance(value, Platform))
