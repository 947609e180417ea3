# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The providers that the collection has: one per file of module_utils/_providers, or per package with a file client.py."""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil

from ..module_utils import _providers
from ..module_utils._platform.platform import Provider


@functools.lru_cache(maxsize=1)
def provider_classes() -> tuple[type[Provider], ...]:
    """All providers' classes, by name."""
    names = sorted(found.name for found in pkgutil.iter_modules(_providers.__path__) if not found.name.startswith("_"))
    modules = [importlib.import_module(f"{_providers.__name__}.{name}") for name in names]
    modules = [importlib.import_module(f"{module.__name__}.client") if hasattr(module, "__path__") else module for module in modules]
    values = [value for module in modules for value in vars(module).values()]
    return tuple(value for value in values if inspect.isclass(value) and issubclass(value, Provider) and value is not Provider)
