# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment of a task, which modules that run inside Ansible's worker find in their own."""

from __future__ import annotations

import contextlib
import os
import typing as t

from ansible.plugins.action import ActionBase


def task_environment(action: ActionBase) -> dict[str, t.Any]:
    """The variables that the keyword ``environment`` sets for the action's task."""
    variables: dict[str, t.Any] = {}
    action._compute_environment_string(variables)
    return variables


@contextlib.contextmanager
def applied(variables: t.Mapping[str, t.Any]) -> t.Iterator[None]:
    """Set environment variables for the task. A worker runs only one task at a time."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update({name: str(value) for name, value in variables.items()})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
