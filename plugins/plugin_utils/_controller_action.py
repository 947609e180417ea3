# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An action that works with the controller's own files, so that it never runs elsewhere."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.module_utils._secrets import Secrets
from ansible_collections.mediaops.access.plugins.plugin_utils._plain import plain


class ControllerAction(ActionBase):
    """Validates the arguments, and turns a failure into a result. A subclass has ``spec`` and ``perform``."""

    spec: t.ClassVar[dict[str, dict[str, t.Any]]]

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        super().run(tmp, task_vars)
        own = self._task.action.rpartition(".")[2]
        try:
            _validation, arguments = self.validate_argument_spec(argument_spec=self.spec)
        except AnsibleActionFail as error:
            return {**AccessError(error.message).as_result(), "provider": own}
        arguments = plain(arguments)
        self.secrets = Secrets([arguments[name] for name, option in self.spec.items() if option.get("no_log") and isinstance(arguments[name], str)])
        try:
            result = self.perform(arguments)
        except AccessError as error:
            result = {**error.as_result(), "provider": own}
            result["msg"] = self.secrets.scrub(result["msg"])
        if self.secrets.are_in([task_vars.get(task_vars.get("ansible_loop_var") or "item") if task_vars else None]):
            result["_ansible_no_log"] = True
        return result

    def perform(self, arguments: dict[str, t.Any]) -> dict[str, t.Any]:
        """Do it; the arguments are plain Python."""
        raise AccessError("there is nothing to do")
