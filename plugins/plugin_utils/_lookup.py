# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module for a lookup."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleLookupError
from ansible.parsing.dataloader import DataLoader
from ansible.utils.display import Display

from ..module_utils._data.values import leaves
from ..module_utils._errors import in_one_line
from ..module_utils._modules.definition import ModuleDefinition, Result
from ._plain import ansible_home, plain
from ._yaml_source import find_yaml_conversions


def run_lookup(
    module: ModuleDefinition, name: str, options: t.Mapping[str, t.Any], loader: DataLoader | None = None
) -> Result:
    """Run a module and return its result. Warnings are displayed, and a failure is raised. ``options`` are values with
    Ansible's tags.
    """
    problems = find_yaml_conversions(leaves(options, module.options), loader or DataLoader())
    if problems:
        raise AnsibleLookupError(f"{name}: {in_one_line(problems)}")
    result = module.run(plain(options), name=name, ansible_home=ansible_home(), with_invocation=False)
    for warning in result.get("warnings", []):
        Display().warning(warning)
    if result.get("failed"):
        raise AnsibleLookupError(f"{name}: {result['msg']}")
    return result
