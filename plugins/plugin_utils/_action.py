# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module inside Ansible's worker if possible, otherwise as an ordinary module."""

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
from ..module_utils._modules.definition import (
    EARLIER_PLANS,
    ENVIRONMENT,
    PLANS,
    SENSITIVE,
    STATISTICS,
    ModuleDefinition,
)
from ..module_utils._platform.options import env_variables
from ..module_utils._statistics import append_totals, collecting_file
from ._environment import applied, task_environment
from ._plain import ansible_home, decrypt_file, encryptor_of, plain
from ._plans import Plans
from ._providers import platforms
from ._vault_kv2 import VAULT
from ._yaml_source import find_yaml_conversions

_UTILS = "ansible_collections.mediaops.access.plugins.module_utils"


class InProcessAction(ActionBase):
    """The base of each module's action plugin. Subclasses set :attr:`module`."""

    module: t.ClassVar[ModuleDefinition]

    def __init_subclass__(cls) -> None:
        """Import libraries early: Ansible loads actions before it forks workers, which then share the imported
        modules.
        """
        libraries = [f"{_UTILS}._masking.search"]
        libraries += ["requests", "jsonschema", f"{_UTILS}._http.connection"] if cls.module.platform.issuer else []
        libraries += ["redis"] if os.environ.get("MEDIAOPS_TOKEN_CACHE", "").startswith("redis") else []
        with _imports_for_workers():
            for library in libraries:
                with contextlib.suppress(ImportError):  # reported when it is used
                    importlib.import_module(library)

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        super().run(tmp, task_vars)
        environment = task_environment(self)
        self._plans = Plans()
        problems = find_yaml_conversions(leaves(self._task.args, self.module.options), self._loader)
        if problems:
            result = self.module.refuse(plain(self._task.args), in_one_line(problems))
        else:
            result = (
                self._run_in_worker(environment)
                if self._can_run_in_worker()
                else self._run_as_module(environment, task_vars)
            )
        self._keep_plans(result)
        if not self._task.diff:
            result.pop("diff", None)
        if not _wants_invocation(task_vars or {}):
            result.pop("invocation", None)
        return self._protect(result, environment, task_vars or {})

    def _can_run_in_worker(self) -> bool:
        return self._connection.transport == "local" and not self._connection.become and not self._task.async_val

    def _run_in_worker(self, environment: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        with applied(environment):
            return self.module.run(
                plain(self._task.args),
                name=self._task.action,
                check_mode=self._task.check_mode,
                ansible_home=ansible_home(),
                # On standard error, so that the JSON output of a callback stays valid.
                on_progress=lambda line: self._display.display(line, stderr=True),
                decrypt=lambda path: decrypt_file(self._loader, path),
                encryptor=lambda path: encryptor_of(self._loader, path),
                earlier_plan=self._plans.get,
            )

    def _run_as_module(
        self, environment: t.Mapping[str, t.Any], task_vars: dict[str, t.Any] | None
    ) -> dict[str, t.Any]:
        # ANSIBLE_DEBUG would print the arguments and the result. This worker runs no other task.
        C.DEFAULT_DEBUG = False
        if self._task.async_val:
            # The final result of an asynchronous task does not pass through this plugin.
            self._task.no_log = True
        # Ansible would put the task's environment, which may contain secrets, into the command line: pass it as
        # arguments instead.
        options = self.module.env_variables()
        arguments = {
            **{options[name]: value for name, value in environment.items() if name in options},
            **self._task.args,
        }
        proxies = {name: str(value) for name, value in environment.items() if name in VARIABLES}
        arguments.update({ENVIRONMENT: proxies} if proxies else {})
        kept = {name: value for name, value in environment.items() if name not in options and name not in proxies}
        if kept:
            # The environment may also contain the credentials of Vault and other platforms, which this module does not
            # need.
            others = {name for platform in (*platforms(), VAULT) for name in env_variables(platform.argument_spec())}
            kept = {name: value for name, value in kept.items() if name not in others}
        self._task.environment = [kept]
        is_controller = self._connection.transport == "local" and not self._connection.become
        if is_controller and not os.environ.get("MEDIAOPS_TOKEN_CACHE"):
            arguments.setdefault("token_cache", os.path.join(ansible_home(), "mediaops"))
        plans = self._plans.all() if self._task.check_mode else {}
        if plans:
            arguments[EARLIER_PLANS] = plans
        statistics = self._collect_statistics(is_controller)
        arguments.update({STATISTICS: statistics} if statistics else {})
        result = self._execute_module(module_args=arguments, task_vars=task_vars, wrap_async=self._task.async_val)
        incomplete = append_totals(result.pop(STATISTICS, {}))
        return {**result, **({"warnings": [*result.get("warnings", []), *incomplete]} if incomplete else {})}

    def _collect_statistics(self, is_controller: bool) -> str | bool | None:
        """How an ordinary module reports its statistics: by its result, or to a file if it runs in the background,
        because its result does not pass through this plugin then.
        """
        file = collecting_file()
        if self._task.async_val:
            return file if is_controller else None
        return file is not None

    def _keep_plans(self, result: dict[str, t.Any]) -> None:
        plans = result.pop(PLANS, None)
        if plans:
            self._plans.add(plans)
        elif result.get("changed") and not self._task.check_mode:
            self._plans.clear()

    def _protect(
        self, result: dict[str, t.Any], environment: t.Mapping[str, t.Any], task_vars: dict[str, t.Any]
    ) -> dict[str, t.Any]:
        """Censor the displayed result if it, or the task's loop item, contains a secret. Registered results keep
        the secret.
        """
        arguments = plain(self._task.args)
        misspelt = [value for name, value in arguments.items() if name not in self.module.options]  # may be secret
        secrets = Secrets(
            [*self.module.secret_params(arguments, collections.ChainMap(plain(environment), os.environ)), *misspelt]
        )
        item = [task_vars.get(task_vars.get("ansible_loop_var") or "item"), task_vars.get("ansible_loop")]
        is_sensitive = result.pop(SENSITIVE, False)
        displayed = {key: value for key, value in result.items() if key != "invocation"}
        if is_sensitive or secrets.contained_in([displayed, plain(item)]):
            result["_ansible_no_log"] = True  # Ansible still displays the msg of a failure
        return result


def _wants_invocation(task_vars: dict[str, t.Any]) -> bool:
    """Whether results include the invocation: always before ansible-core 2.21, as configured from then on."""
    is_configurable = "INJECT_INVOCATION" in C.config.get_configuration_definitions()
    return not is_configurable or bool(C.config.get_config_value("INJECT_INVOCATION", variables=task_vars))


@contextlib.contextmanager
def _imports_for_workers() -> t.Iterator[None]:
    """Keep the garbage collector away from what is imported here.

    Imports create many objects that stay, and no garbage. Afterwards the collector would visit them in each forked
    worker again, and so copy the memory that workers share (see the documentation of ``gc.freeze``).
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
