# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The definition of a module: a platform, options and a ``run`` function. It runs in Ansible's worker, as an ordinary
module, or for a lookup.
"""

from __future__ import annotations

import dataclasses
import os
import sys
import traceback
import typing as t

from ansible.module_utils import basic
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator, ValidationResult
from ansible.module_utils.errors import AnsibleValidationError, UnsupportedError

from .._data.values import leaves, problems_in
from .._errors import AccessError, in_one_line
from .._masking.core_registry import looks_like_token, register, spec_for_core
from .._masking.secrets import Secrets, secret_values
from .._masking.urls import redact_option
from .._platform.access import Access, Plan
from .._platform.changes import Change
from .._platform.declaration import Platform
from .._platform.options import SecretOptions, env_variables
from .._statistics import Statistics, collect_in

#: The argument in which an action passes environment variables to an ordinary module that must not appear in its
#: command line.
ENVIRONMENT = "_mediaops_environment"
HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"

#: The result key that tells the action that an ordinary module's result is sensitive.
SENSITIVE = "holds_secret"
#: The result key for the plans of a check-mode task, and the argument in which later tasks that run as ordinary modules
#: receive them.
PLANS = "plans"
EARLIER_PLANS = "_earlier_plans"
#: The argument by which an action asks an ordinary module for its statistics: a file of this machine to append them to,
#: or true to return them, and the result key for them.
STATISTICS = "_mediaops_statistics"

#: The result keys that users read, and whose values are scrubbed.
_DISPLAYED = ("msg", "diff", "warnings", "error_code", "changes")

Params = t.Dict[str, t.Any]
Result = t.Dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class ModuleResult:
    """A module's result. A ``sensitive`` result contains a credential at an unknown place: plays can use it, but none
    of it is displayed.
    """

    values: Result
    sensitive: bool = False


class ModuleDefinition:
    """One module of the collection. ``rules`` are keyword arguments of AnsibleModule such as ``required_if``.

    ``private`` options may contain secrets: they are never displayed, but their values are not secret as a whole.
    """

    def __init__(
        self,
        platform: Platform[t.Any],
        run: t.Callable[[t.Any], Result | ModuleResult],
        options: dict[str, t.Any] | None = None,
        *,
        private: t.Collection[str] = (),
        **rules: t.Any,
    ) -> None:
        self.platform = platform
        self.options = {**platform.argument_spec(), **(options or {})}
        self.private = private
        self._run = run
        self._rules = rules
        self._secret_options = SecretOptions(self.options, private)
        self._validator: ArgumentSpecValidator | None = None

    def main(self) -> None:
        """Run as an ordinary module in a separate process."""
        _ProcessModule.definition = self
        module = _ProcessModule(argument_spec=self.options, supports_check_mode=True, **self._rules)
        problem = self.find_invalid_values(module.explicit_params)
        if problem:
            module.fail_json(problem)
        statistics = Statistics()
        result = self.execute(
            module.params,
            statistics=statistics,
            check_mode=module.check_mode,
            explicit_options=module.explicit_params,
            earlier_plan=module.earlier_plans.get,
        )
        if module.returns_statistics:
            result[STATISTICS] = statistics.totals()
        # The result is already redacted. If Ansible masked every value that resembles a secret, plays could not use
        # them.
        module.no_log_values = set()
        for warning in result.pop("warnings", []):
            module.warn(warning)
        if result.pop("failed", False):
            module.fail_json(**result)
        module.exit_json(**result)

    def check_options(self) -> None:
        """Validate the options by constructing an AnsibleModule.

        ansible-lint calls this as ``main`` of the action plugin, with its own replacement for AnsibleModule. As it does
        not know ``module_defaults``, which may set required options, only mutually exclusive options are checked.
        """
        rules = {name: rule for name, rule in self._rules.items() if name == "mutually_exclusive"}
        basic.AnsibleModule(argument_spec=self.options, supports_check_mode=True, **rules)

    def run(self, params: Params, *, name: str, **access_options: t.Any) -> Result:
        """Validate ``params`` as an ordinary module does, and execute. See :meth:`execute` for ``access_options``."""
        validation = self.validate(params)
        if validation.error_messages:
            return self.refuse(validation.validated_parameters, format_errors(validation, f"({name}) module"))
        explicit = [option for option, value in params.items() if value is not None]
        return self.execute(validation.validated_parameters, explicit_options=explicit, **access_options)

    def refuse(self, params: Params, problem: str) -> Result:
        """The result of a task with invalid options."""
        result = {**AccessError(f"{self.platform.title}: {problem}").as_result(), "provider": self.platform.name}
        return self._redact(result, params)

    def validate(self, params: Params) -> ValidationResult:
        """Validate ``params``, convert their types and add defaults. Null counts as unset."""
        if self._validator is None:
            self._validator = ArgumentSpecValidator(spec_for_core(self.options, {}), **self._rules)
        explicit = _remove_nulls(params, self.options)
        validation = self._validator.validate(explicit)
        problem = self.find_invalid_values(explicit)
        if problem and not validation.error_messages:
            validation.errors.append(AnsibleValidationError(problem))
        return validation

    def find_invalid_values(self, params: t.Mapping[str, t.Any]) -> str:
        """Describe the values, including those from the environment, that Ansible's validation would silently convert
        to something else.
        """
        from_environment = {
            name: os.environ[variable] for variable, name in self.env_variables().items() if os.environ.get(variable)
        }
        return in_one_line(problems_in(leaves({**from_environment, **params}, self.options)))

    def execute(
        self,
        params: Params,
        *,
        check_mode: bool = False,
        with_invocation: bool = True,
        statistics: Statistics | None = None,
        **access_options: t.Any,
    ) -> Result:
        """Run with validated params. Every exception becomes a failed result. ``access_options`` are arguments of
        :class:`_platform.access.Access`.
        """
        secrets = Secrets(self.secret_params(params))
        statistics = statistics or Statistics()
        warnings: list[str] = []
        changes: list[Change] = []
        try:
            access = Access(
                self.platform, params, secrets=secrets, check_mode=check_mode, statistics=statistics, **access_options
            )
            warnings, changes = access.warnings, access.changes
            result = self._unwrap(self._run(access))
            if check_mode and access.plans:
                result[PLANS] = access.plans
        except AccessError as error:
            result = error.as_result()
        except Exception as error:  # a bug: report it in one message, without a traceback, which could contain secrets
            result = AccessError(_describe_bug(error)).as_result()
        finally:  # also if the task exceeds its timeout
            incomplete = statistics.save()
        if result.get("failed"):
            result.update(msg=f"{self.platform.title}: {result['msg']}", provider=self.platform.name)
        if changes:
            result["changes"] = changes
        warnings = [*self._secret_options.warnings(params), *warnings, *incomplete]
        if warnings:
            result["warnings"] = warnings
        return self._redact(result, params, secrets, with_invocation)

    @staticmethod
    def _unwrap(result: Result | ModuleResult) -> Result:
        if not isinstance(result, ModuleResult):
            return result
        if not result.sensitive:
            return result.values
        register(filter(looks_like_token, secret_values(result.values)))
        return {**result.values, SENSITIVE: True}

    def env_variables(self) -> dict[str, str]:
        """The environment variables that can set options, each with the option's name."""
        return env_variables(self.options)

    def secret_params(
        self, params: t.Mapping[str, t.Any], environment: t.Mapping[str, t.Any] | None = None
    ) -> list[t.Any]:
        """The values of options and environment variables that are or may be secret. Those that are secret are
        registered with ansible-core.
        """
        found = self._secret_options.secrets(params, os.environ if environment is None else environment)
        register(found)
        # It is unknown which part of a private string is secret.
        return [*found, *(value for name, value in params.items() if name in self.private and isinstance(value, str))]

    def _redact(
        self, result: Result, params: Params, secrets: Secrets | None = None, with_invocation: bool = True
    ) -> Result:
        """Scrub the displayed values of a result, and add the options as Ansible displays them."""
        secrets = secrets or Secrets(self.secret_params(params))
        items = [
            item for value in result.values() if isinstance(value, list) for item in value if isinstance(item, dict)
        ]
        parts = [{key: part[key] for key in _DISPLAYED if key in part} for part in (result, *items)]
        scrubbed, arguments = secrets.scrub_tree([parts, self._displayed_options(params) if with_invocation else {}])
        for part, displayed in zip((result, *items), scrubbed):
            part.update(displayed)
        if with_invocation:
            result["invocation"] = {"module_args": arguments}
        return result

    def invocation(self, params: t.Mapping[str, t.Any], secrets: Secrets) -> dict[str, t.Any]:
        """The options as Ansible displays them at -vvv, without secret options and unknown ones, which may be misspelt
        secrets.
        """
        return {"module_args": secrets.scrub_tree(self._displayed_options(params))}

    def _displayed_options(self, params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        hidden = {
            name for name in params if name in self.private or self.options.get(name, {"no_log": True}).get("no_log")
        }
        return {
            name: HIDDEN if name in hidden and value is not None else redact_option(name, value)
            for name, value in params.items()
        }


def format_errors(validation: ValidationResult, plugin: str) -> str:
    """The errors of a validation, worded as by Ansible."""
    prefix = f"Unsupported parameters for {plugin}: " if isinstance(validation.errors[0], UnsupportedError) else ""
    return prefix + str(validation.errors.msg)


class _ProcessModule(basic.AnsibleModule):
    """An AnsibleModule whose failures name the provider, as all failures in this collection do."""

    definition: t.ClassVar[ModuleDefinition]
    params: dict[str, t.Any]
    argument_spec: dict[str, dict[str, t.Any]]
    no_log_values: set[str]

    def _load_params(self) -> None:
        super()._load_params()
        os.environ.update(self.params.pop(ENVIRONMENT, None) or {})
        # Null counts as unset. Ansible would reject it for an option that has a default.
        self.params = _remove_nulls(self.params, self.definition.options)
        wanted = self.params.pop(STATISTICS, None)
        self.returns_statistics = wanted is True
        collect_in(wanted if isinstance(wanted, str) else None)
        self.earlier_plans: dict[str, Plan] = self.params.pop(EARLIER_PLANS, {})
        self.explicit_params = {name: value for name, value in self.params.items() if not name.startswith("_ansible_")}
        # Ansible would write the options to the system log, masked only by its own rules.
        self.params["_ansible_no_log"] = True
        self.argument_spec = spec_for_core(self.argument_spec, self.params)

    def fail_json(self, msg: str, **kwargs: t.Any) -> None:
        title = self.definition.platform.title
        secrets = Secrets(self.definition.secret_params(self.params))
        msg = secrets.scrub(msg)
        msg = msg if msg.startswith(f"{title}: ") else f"{title}: {msg}"
        kwargs.setdefault("changed", False)
        kwargs.setdefault("provider", self.definition.platform.name)
        kwargs.setdefault("invocation", self.definition.invocation(self.params, secrets))
        # Everything is already redacted.
        self.no_log_values = set()
        super().fail_json(msg, **kwargs)


def _remove_nulls(params: t.Mapping[str, t.Any], options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Remove unset options, including those of list items."""
    explicit = {name: value for name, value in params.items() if value is not None}
    for name, value in explicit.items():
        suboptions = options.get(name, {}).get("options")
        if suboptions and isinstance(value, list):
            explicit[name] = [_remove_nulls(item, suboptions) if isinstance(item, dict) else item for item in value]
    return explicit


def _describe_bug(error: Exception) -> str:
    frames = traceback.extract_tb(sys.exc_info()[2])
    place = f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else "an unknown location"
    return (
        f"unexpected {type(error).__name__} at {place}: this is a bug in mediaops.access. Please report it and include "
        "this message"
    )
