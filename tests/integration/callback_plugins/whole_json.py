# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows every result that a callback gets, whole, as JSON: what ansible.posix.json and its like print, at any verbosity."""

from __future__ import annotations

DOCUMENTATION = r"""
name: whole_json
type: stdout
short_description: Show every result as a line of JSON
description:
  - For tests only.
author:
  - mediaops.access contributors (@mediaops)
"""

import json

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "whole_json"

    def _show(self, event, **facts):
        self._display.display(json.dumps({"event": event, **facts}, default=repr))

    def _show_result(self, event, result):
        shown = {
            "host": result.host.get_name(),
            "task": result.task.get_name(),
            "action": result.task.action,
            "result": dict(result.result),
        }
        self._show(event, **shown, exception=result.exception, path=result.task.get_path())

    def v2_playbook_on_play_start(self, play):
        self._show("v2_playbook_on_play_start", name=play.get_name())

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._show("v2_playbook_on_task_start", name=task.get_name(), args=task.args)

    def v2_playbook_on_include(self, included_file):
        # Not its variables, as the loop item is one: with these ansible-core is on its own.
        self._show("v2_playbook_on_include", name=included_file._filename)

    def v2_playbook_on_stats(self, stats):
        hosts = {host: stats.summarize(host) for host in stats.processed}
        self._show("v2_playbook_on_stats", stats=hosts, custom=stats.custom)

    def v2_runner_on_ok(self, result):
        self._show_result("v2_runner_on_ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._show_result("v2_runner_on_failed", result)

    def v2_runner_on_skipped(self, result):
        self._show_result("v2_runner_on_skipped", result)

    def v2_runner_on_unreachable(self, result):
        self._show_result("v2_runner_on_unreachable", result)

    def v2_runner_on_async_poll(self, result):
        self._show_result("v2_runner_on_async_poll", result)

    def v2_runner_on_async_ok(self, result):
        self._show_result("v2_runner_on_async_ok", result)

    def v2_runner_on_async_failed(self, result):
        self._show_result("v2_runner_on_async_failed", result)

    def v2_runner_item_on_ok(self, result):
        self._show_result("v2_runner_item_on_ok", result)

    def v2_runner_item_on_failed(self, result):
        self._show_result("v2_runner_item_on_failed", result)

    def v2_runner_item_on_skipped(self, result):
        self._show_result("v2_runner_item_on_skipped", result)

    def v2_runner_retry(self, result):
        self._show_result("v2_runner_retry", result)

    def v2_on_file_diff(self, result):
        self._show_result("v2_on_file_diff", result)
