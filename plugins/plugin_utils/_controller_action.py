# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of actions that use the controller's files, and so always run on the controller."""

from __future__ import annotations

import itertools
import os
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.module_utils import basic
from ansible.plugins.action import ActionBase

from ..module_utils._data.values import leaves, problems_in
from ..module_utils._errors import AccessError, in_one_line
from ..module_utils._masking.core_registry import register, spec_for_core
from ..module_utils._masking.secrets import Secrets, strings_in
from ..module_utils._platform.options import SecretOptions
from ._environment import applied, task_environment
from ._plain import plain
from ._yaml_source import find_yaml_conversions


class ControllerAction(ActionBase):
    """Validates arguments, and converts errors to results. Subclasses define ``spec`` and ``perform``."""

    spec: t.ClassVar[dict[str, dict[str, t.Any]]]
    #: The options that contain secrets, but are not secret as a whole.
    private: t.ClassVar[t.Collection[str]] = ()
    #: Whether loop items are always censored.
    hides_items: t.ClassVar[bool] = False

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        super().run(tmp, task_vars)
        with applied(task_environment(self)):
            return self._run(task_vars or {})

    def _run(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        name = self._task.action.rpartition(".")[2]
        params = plain(self._task.args)
        self.secrets = Secrets(self._secret_values(params))
        try:
            _validation, validated = self.validate_argument_spec(argument_spec=spec_for_core(self.spec, {}))
            found = list(leaves(self._task.args, self.spec))
            problems = find_yaml_conversions(found, self._loader) + problems_in(found)
            if problems:
                raise AccessError(in_one_line(problems))
            arguments = plain(validated)
            # Validation may have added values from the environment, and parsed strings to dictionaries.
            parts = [
                strings_in(arguments[name])
                for name, value in params.items()
                if isinstance(value, str) and name in self.private
            ]
            self.secrets = Secrets(
                [*self._secret_values(params), *self._secret_values(arguments), *itertools.chain.from_iterable(parts)]
            )
            result = self.perform(arguments)
            short = SecretOptions(self.spec, self.private).warnings(arguments)
            if short:
                result["warnings"] = [*result.get("warnings", []), *short]
        except AnsibleActionFail as error:
            result = AccessError(error.message).as_result()
        except AccessError as error:
            result = error.as_result()
        if result.get("failed"):
            result.update(provider=result.get("provider", name), msg=self.secrets.scrub(result["msg"]))
        item = [task_vars.get(task_vars.get("ansible_loop_var") or "item"), task_vars.get("ansible_loop")]
        if any(item) and (self.hides_items or self.secrets.contained_in(item)):
            result["_ansible_no_log"] = True
        return result

    def _secret_values(self, arguments: dict[str, t.Any]) -> list[t.Any]:
        """The secrets in arguments and environment, which are registered with ansible-core, and the values of private
        or unknown options.
        """
        found = SecretOptions(self.spec, self.private).secrets(arguments, os.environ)
        register(found)
        return [
            *found,
            *(
                value
                for name, value in arguments.items()
                if name not in self.spec or (name in self.private and isinstance(value, str))
            ),
        ]

    @classmethod
    def check_options(cls) -> None:
        """Only validate the options (see :meth:`ModuleDefinition.check_options`)."""
        basic.AnsibleModule(argument_spec=cls.spec, supports_check_mode=True)

    def perform(self, arguments: dict[str, t.Any]) -> dict[str, t.Any]:
        """Run the action with validated arguments as plain Python values, and return its result."""
        raise NotImplementedError
