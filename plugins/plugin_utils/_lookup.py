# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries out a module for a lookup."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleLookupError
from ansible.utils.display import Display

from ansible_collections.mediaops.access.plugins.module_utils._module import Module, Result
from ansible_collections.mediaops.access.plugins.plugin_utils._plain import ansible_home, plain


def run_lookup(module: Module, name: str, options: t.Mapping[str, t.Any]) -> Result:
    """The module's result; its warnings are shown and its failure raised."""
    result = module.run(plain(options), name=name, ansible_home=ansible_home())
    for warning in result.get("warnings", []):
        Display().warning(warning)
    if result.get("failed"):
        raise AnsibleLookupError(f"{name}: {result['msg']}")
    return result
