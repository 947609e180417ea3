# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the modules that only exist as actions of the controller."""

from __future__ import annotations

import importlib
import typing as t

from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.loader import connection_loader
from ansible.template import Templar

Result = dict[str, t.Any]


def run_action(name: str, args: dict[str, t.Any], *, check_mode: bool = False, diff: bool = False) -> Result:
    """The result of one task."""
    task, context, loader = Task(), PlayContext(), DataLoader()
    task.action, task.args = f"mediaops.access.{name}", args
    task.check_mode, task.diff, task.async_val = check_mode, diff, 0
    found = importlib.import_module(f"ansible_collections.mediaops.access.plugins.action.{name}")
    connection = connection_loader.get("local", context)
    action = found.ActionModule(task, connection, context, loader, Templar(loader, {}), None)
    return t.cast(Result, action.run(task_vars={}))
