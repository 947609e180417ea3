# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write down when each task began and each of its results and loop items arrived, for the benchmark."""

from __future__ import annotations

DOCUMENTATION = r"""
name: times
type: notification
short_description: Write down when results arrive
description:
  - For the benchmark only. The environment variable MEDIAOPS_BENCH_TIMES names the file.
author:
  - mediaops.access contributors (@mediaops)
"""

import json
import os
import pathlib
import time

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "times"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._events = []

    def _add(self, event, task):
        self._events.append((event, task.get_name(), time.perf_counter()))

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._add("task", task)

    def v2_runner_item_on_ok(self, result):
        self._add("item", result.task)

    def v2_runner_item_on_failed(self, result):
        self._add("failed", result.task)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._add("failed", result.task)

    def v2_playbook_on_stats(self, stats):
        pathlib.Path(os.environ["MEDIAOPS_BENCH_TIMES"]).write_text(json.dumps(self._events), encoding="utf-8")
