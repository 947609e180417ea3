# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record what happened, for the driver: plays, the outcome of every task and loop item, and the sandbox's state around them."""

from __future__ import annotations

DOCUMENTATION = r"""
name: record
type: notification
short_description: Record outcomes as JSON lines
description:
  - For tests only. The environment variable MEDIAOPS_TEST_PLAN names a JSON file that holds C(record), where to write,
    C(sandbox), the sandbox's URL, C(work), the folder for files, and C(prepare), how to prepare the sandbox before each play, by its name.
author:
  - mediaops.access contributors (@mediaops)
"""

import contextlib
import hashlib
import json
import os
import pathlib
import time
import urllib.request

from ansible.plugins.callback import CallbackBase

KEPT = ("msg", "provider", "status", "error_code", "censored")


def _digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _reason(exception):
    """What an error says at its root: that is shown even where the result is not."""
    event = exception.event
    while event.chain:
        event = event.chain.event
    return event.msg


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "record"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        plan = json.loads(pathlib.Path(os.environ["MEDIAOPS_TEST_PLAN"]).read_text(encoding="utf-8"))
        self._sandbox = plan["sandbox"]
        self._work = pathlib.Path(plan["work"])
        self._prepare = plan["prepare"]
        self._record = open(plan["record"], "a", encoding="utf-8", buffering=1)  # noqa: SIM115 - closed with the process
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self._items = {}
        self._state = None

    def _control(self, path, method="GET", body=None):
        data = None if body is None else json.dumps(body).encode()
        with self._opener.open(
            urllib.request.Request(f"{self._sandbox}/_sandbox/{path}", data, method=method)
        ) as answer:
            return json.load(answer)

    def _files(self):
        """Mode and digest of every file that the plays left in work_dir."""
        while True:
            with contextlib.suppress(FileNotFoundError):  # a loop's next item is at work meanwhile: look again
                files = sorted(path for path in self._work.rglob("*") if path.is_file())
                return {
                    str(path.relative_to(self._work)): f"{path.stat().st_mode & 0o777:04o} {_digest(path)}"
                    for path in files
                }

    def _write(self, event, **facts):
        state = {**self._control("state"), "files": self._files()}
        if state != self._state or event == "play":
            self._state = facts["state"] = state
        self._record.write(json.dumps({"event": event, "at": time.monotonic(), **facts}) + "\n")

    def v2_playbook_on_play_start(self, play):
        prepare = self._prepare.get(play.get_name())
        if prepare is not None:
            self._control("reset", "POST")
            for part, method in (("switches", "PUT"), ("state", "PUT"), ("faults", "POST")):
                if prepare.get(part):
                    self._control(part, method, prepare[part])
        self._write("play", name=play.get_name())

    def v2_playbook_on_stats(self, stats):
        self._write("end")

    def _outcome(self, result, status, item=False):
        task, host = result.task, result.host.get_name()
        number = None
        if item:
            number = self._items[task._uuid, host] = self._items.get((task._uuid, host), -1) + 1
        facts = {key: result.result[key] for key in KEPT if key in result.result}
        if "censored" in facts and result.exception:
            facts["msg"] = _reason(result.exception)
        self._write(
            "task",
            task=task.get_name(),
            action=task.action,
            tags=sorted(task.tags),
            host=host,
            item=number,
            outcome=status,
            changed=bool(result.result.get("changed", False)),
            result=json.loads(json.dumps(facts, default=str)),
        )

    def v2_runner_on_ok(self, result):
        self._outcome(result, "ok")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._outcome(result, "failed")

    def v2_runner_on_skipped(self, result):
        self._outcome(result, "skipped")

    def v2_runner_on_unreachable(self, result):
        self._outcome(result, "unreachable")

    def v2_runner_item_on_ok(self, result):
        self._outcome(result, "ok", item=True)

    def v2_runner_item_on_failed(self, result):
        self._outcome(result, "failed", item=True)

    def v2_runner_item_on_skipped(self, result):
        self._outcome(result, "skipped", item=True)
