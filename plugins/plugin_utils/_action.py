# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module inside Ansible's worker where that is possible, and elsewhere as the ordinary module that it also is."""

from __future__ import annotations

import collections
import contextlib
import gc
import importlib
import os
import typing as t

from ansible import constants as C
from ansible.plugins.action import ActionBase

from ..module_utils._data.values import leaves
from ..module_utils._errors import in_one_line
from ..module_utils._http.proxies import VARIABLES
from ..module_utils._masking.secrets import Secrets
from ..module_utils._modules.definition import EARLIER_PLANS, ENVIRONMENT, PLANS, SENSITIVE, ModuleDefinition
from ..module_utils._platform.options import variables
from ._plain import ansible_home, decrypted, plain
from ._plans import Plans
from ._providers import platforms
from ._yaml_source import changed_by_yaml

_UTILS = "ansible_collections.mediaops.access.plugins.module_utils"


class InProcessAction(ActionBase):
    """The action plugin beside each module; a subclass names its :class:`Module`."""

    module: t.ClassVar[ModuleDefinition]

    def __init_subclass__(cls) -> None:
        """Ansible loads an action before it forks: what is imported now, its workers share."""
        libraries = [f"{_UTILS}._masking.search"]
        libraries += ["requests", "jsonschema", f"{_UTILS}._http.connection"] if cls.module.platform.issuer else []
        libraries += ["redis"] if os.environ.get("MEDIAOPS_TOKEN_CACHE", "").startswith("redis") else []
        with _no_garbage_collection():
            for library in libraries:
                with contextlib.suppress(ImportError):  # who needs it says so
                    importlib.import_module(library)

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        super().run(tmp, task_vars)
        environment: dict[str, t.Any] = {}
        self._compute_environment_string(environment)
        self._plans = Plans()
        changed = changed_by_yaml(leaves(self._task.args, self.module.options), self._loader)
        if changed:
            result = self.module.refuse(plain(self._task.args), in_one_line(changed))
        else:
            result = self._run_here(environment) if self._can_run_here() else self._run_as_module(environment, task_vars)
        self._keep_plans(result)
        if not self._task.diff:
            result.pop("diff", None)
        if not _wants_invocation(task_vars or {}):
            result.pop("invocation", None)
        return self._protect(result, environment, task_vars or {})

    def _can_run_here(self) -> bool:
        return self._connection.transport == "local" and not self._connection.become and not self._task.async_val

    def _run_here(self, environment: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        with _environment(environment):
            return self.module.run(
                plain(self._task.args),
                name=self._task.action,
                check_mode=self._task.check_mode,
                ansible_home=ansible_home(),
                # On the standard error output, so that a callback's JSON stays JSON.
                on_progress=lambda line: self._display.display(line, stderr=True),
                decrypt=lambda path: decrypted(self._loader, path),
                earlier_plan=self._plans.get,
            )

    def _run_as_module(self, environment: t.Mapping[str, t.Any], task_vars: dict[str, t.Any] | None) -> dict[str, t.Any]:
        # What ANSIBLE_DEBUG prints holds the arguments and the result. This worker runs no other task.
        C.DEFAULT_DEBUG = False
        if self._task.async_val:
            # The result of a task that is polled does not pass through here again.
            self._task.no_log = True
        # The environment stands in the command that Ansible starts, and may hold secrets: they go with the other arguments, where nobody sees them.
        options = self.module.variables()
        arguments = {**{options[name]: value for name, value in environment.items() if name in options}, **self._task.args}
        proxies = {name: str(value) for name, value in environment.items() if name in VARIABLES}
        arguments.update({ENVIRONMENT: proxies} if proxies else {})
        kept = {name: value for name, value in environment.items() if name not in options and name not in proxies}
        if kept:
            # A play's environment may hold what other platforms' modules read: this one does without.
            others = {name for platform in platforms() for name in variables(platform.argument_spec())}
            kept = {name: value for name, value in kept.items() if name not in others}
        self._task.environment = [kept]
        here = self._connection.transport == "local" and not self._connection.become
        if here and not os.environ.get("MEDIAOPS_TOKEN_CACHE"):
            arguments.setdefault("token_cache", os.path.join(ansible_home(), "mediaops"))
        plans = self._plans.all() if self._task.check_mode else {}
        if plans:
            arguments[EARLIER_PLANS] = plans
        return self._execute_module(module_args=arguments, task_vars=task_vars, wrap_async=self._task.async_val)

    def _keep_plans(self, result: dict[str, t.Any]) -> None:
        plans = result.pop(PLANS, None)
        if plans:
            self._plans.add(plans)
        elif result.get("changed") and not self._task.check_mode:
            self._plans.clear()

    def _protect(self, result: dict[str, t.Any], environment: t.Mapping[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """Censor what is shown of a result that holds a secret, or that belongs to a loop item that does. Registered results keep it."""
        arguments = plain(self._task.args)
        misspelt = [value for name, value in arguments.items() if name not in self.module.options]  # perhaps a secret
        secrets = Secrets([*self.module.secret_params(arguments, collections.ChainMap(plain(environment), os.environ)), *misspelt])
        item = [task_vars.get(task_vars.get("ansible_loop_var") or "item"), task_vars.get("ansible_loop")]
        hidden = result.pop(SENSITIVE, False)
        shown = {key: value for key, value in result.items() if key != "invocation"}
        if hidden or secrets.contained_in([shown, plain(item)]):
            result["_ansible_no_log"] = True  # a failure's msg is still shown, as an error
        return result


def _wants_invocation(task_vars: dict[str, t.Any]) -> bool:
    """Whether results name the arguments: always before ansible-core 2.21, then as it is configured."""
    known = "INJECT_INVOCATION" in C.config.get_configuration_definitions()
    return not known or bool(C.config.get_config_value("INJECT_INVOCATION", variables=task_vars))


@contextlib.contextmanager
def _no_garbage_collection() -> t.Iterator[None]:
    """An import makes much that stays and no garbage: to look for some again and again takes a fifth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextlib.contextmanager
def _environment(variables: t.Mapping[str, t.Any]) -> t.Iterator[None]:
    """Set environment variables for the task: this worker runs one task at a time."""
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
