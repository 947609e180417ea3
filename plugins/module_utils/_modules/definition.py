# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module is: a provider, options and a ``run`` function, carried out in Ansible's worker, as an ordinary module, or for a lookup."""

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
from .._platform.declaration import Platform
from .._platform.options import SecretOptions, variables

if t.TYPE_CHECKING:
    pass

#: The argument of an ordinary module in which its action hands over environment variables that must not stand in a command.
ENVIRONMENT = "_mediaops_environment"
HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"

#: The key by which an ordinary module tells its action that the result is sensitive.
SENSITIVE = "holds_secret"
#: The key of a result for what later tasks of the same check may count on; and the argument by which they get it as ordinary modules.
PLANS = "plans"
EARLIER_PLANS = "_earlier_plans"

_FOR_PEOPLE = ("msg", "diff", "warnings", "error_code")

Params = t.Dict[str, t.Any]
Result = t.Dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class ModuleResult:
    """What a module returns. A ``sensitive`` result holds a credential under no key that says so: nothing of it is shown, and a play can use it."""

    values: Result
    sensitive: bool = False


class ModuleDefinition:
    """One module of the collection. ``rules`` are those of AnsibleModule (``required_if`` and its like).

    ``private`` options may hold secrets somewhere in them: they are never shown, and are not secret as a whole.
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
        """Run as an ordinary module, in a process of its own."""
        _ProcessModule.described = self
        module = _ProcessModule(argument_spec=self.options, supports_check_mode=True, **self._rules)
        problem = self.problem_with_values(module.as_given)
        if problem:
            module.fail_json(problem)
        result = self.execute(module.params, check_mode=module.check_mode, explicit_options=module.as_given, earlier_plan=module.earlier_plans.get)
        # The result is fit to be shown as it is; masking every value that resembles a secret would keep it from the play, too.
        module.no_log_values = set()
        for warning in result.pop("warnings", []):
            module.warn(warning)
        if result.pop("failed", False):
            module.fail_json(**result)
        module.exit_json(**result)

    def check_options(self) -> None:
        """Build an AnsibleModule, which checks options, and do no more.

        ansible-lint calls this by the name ``main`` in the action plugin, with an AnsibleModule of its own in place of Ansible's. An option may have its
        value from ``module_defaults``, which ansible-lint does not know, so that only what contradicts itself is wrong.
        """
        rules = {name: rule for name, rule in self._rules.items() if name == "mutually_exclusive"}
        basic.AnsibleModule(argument_spec=self.options, supports_check_mode=True, **rules)

    def run(self, params: Params, *, name: str, **lent: t.Any) -> Result:
        """Validate plain ``params`` as an ordinary module's are, and execute (see there for what else may be lent)."""
        validation = self.validate(params)
        if validation.error_messages:
            return self.refuse(validation.validated_parameters, problem_in(validation, f"({name}) module"))
        explicit = [option for option, value in params.items() if value is not None]
        return self.execute(validation.validated_parameters, explicit_options=explicit, **lent)

    def refuse(self, params: Params, problem: str) -> Result:
        """The result of a task whose options cannot be right."""
        result = {**AccessError(f"{self.platform.title}: {problem}").as_result(), "provider": self.platform.name}
        return self._redact(result, params)

    def validate(self, params: Params) -> ValidationResult:
        """Convert and complete ``params``; null means: not given."""
        if self._validator is None:
            self._validator = ArgumentSpecValidator(spec_for_core(self.options, {}), **self._rules)
        given = _without_nulls(params, self.options)
        validation = self._validator.validate(given)
        problem = self.problem_with_values(given)
        if problem and not validation.error_messages:
            validation.errors.append(AnsibleValidationError(problem))
        return validation

    def problem_with_values(self, params: t.Mapping[str, t.Any]) -> str:
        """What is wrong with values that validation would convert without a word, also those from the environment."""
        from_environment = {name: os.environ[variable] for variable, name in self.variables().items() if os.environ.get(variable)}
        return in_one_line(problems_in(leaves({**from_environment, **params}, self.options)))

    def execute(
        self,
        params: Params,
        *,
        check_mode: bool = False,
        with_invocation: bool = True,
        **lent: t.Any,
    ) -> Result:
        """Run with validated params; whatever goes wrong is a failed result. See :class:`_platform.access.Access` for what else may be lent."""
        secrets = Secrets(self.secret_params(params))
        warnings: list[str] = []
        try:
            access = Access(self.platform, params, secrets=secrets, check_mode=check_mode, **lent)
            warnings = access.warnings
            result = self._values_of(self._run(access))
            if check_mode and access.plans:
                result[PLANS] = access.plans
        except AccessError as error:
            result = error.as_result()
        except Exception as error:  # a bug: still one message, and never a traceback with values in it
            result = AccessError(_bug(error)).as_result()
        if result.get("failed"):
            result.update(msg=f"{self.platform.title}: {result['msg']}", provider=self.platform.name)
        warnings = [*self._secret_options.warnings(params), *warnings]
        if warnings:
            result["warnings"] = warnings
        return self._redact(result, params, secrets, with_invocation)

    @staticmethod
    def _values_of(returned: Result | ModuleResult) -> Result:
        if not isinstance(returned, ModuleResult):
            return returned
        if not returned.sensitive:
            return returned.values
        register(filter(looks_like_token, secret_values(returned.values)))
        return {**returned.values, SENSITIVE: True}

    def variables(self) -> dict[str, str]:
        """The options by the environment variables that they may come from."""
        return variables(self.options)

    def secret_params(self, params: t.Mapping[str, t.Any], environment: t.Mapping[str, t.Any] | None = None) -> list[t.Any]:
        """The values that are secret, or may be, among the options and in the environment. ansible-core gets to know those that are."""
        found = self._secret_options.secrets(params, os.environ if environment is None else environment)
        register(found)
        # Of a private text nobody knows which part of it is.
        return [*found, *(value for name, value in params.items() if name in self.private and isinstance(value, str))]

    def _redact(self, result: Result, params: Params, secrets: Secrets | None = None, with_invocation: bool = True) -> Result:
        """Scrub what is for people to read, and show the options as Ansible does."""
        secrets = secrets or Secrets(self.secret_params(params))
        items = [item for value in result.values() if isinstance(value, list) for item in value if isinstance(item, dict)]
        parts = [{key: part[key] for key in _FOR_PEOPLE if key in part} for part in (result, *items)]
        scrubbed, arguments = secrets.scrub_tree([parts, self._shown(params) if with_invocation else {}])
        for part, own in zip((result, *items), scrubbed):
            part.update(own)
        if with_invocation:
            result["invocation"] = {"module_args": arguments}
        return result

    def invocation(self, params: t.Mapping[str, t.Any], secrets: Secrets) -> dict[str, t.Any]:
        """The options as Ansible shows them at -vvv: without those that are secret, or misspelt and perhaps secret."""
        return {"module_args": secrets.scrub_tree(self._shown(params))}

    def _shown(self, params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        hidden = {name for name in params if name in self.private or self.options.get(name, {"no_log": True}).get("no_log")}
        return {name: HIDDEN if name in hidden and value is not None else redact_option(name, value) for name, value in params.items()}


def problem_in(validation: ValidationResult, what: str) -> str:
    """What is wrong with options, in Ansible's words."""
    prefix = f"Unsupported parameters for {what}: " if isinstance(validation.errors[0], UnsupportedError) else ""
    return prefix + str(validation.errors.msg)


class _ProcessModule(basic.AnsibleModule):
    """An AnsibleModule whose failures name the provider, as everywhere in this collection."""

    described: t.ClassVar[ModuleDefinition]
    params: dict[str, t.Any]
    argument_spec: dict[str, dict[str, t.Any]]
    no_log_values: set[str]

    def _load_params(self) -> None:
        super()._load_params()
        os.environ.update(self.params.pop(ENVIRONMENT, None) or {})
        # null means: not given. Ansible would refuse it for an option that has a default.
        self.params = _without_nulls(self.params, self.described.options)
        self.earlier_plans: dict[str, Plan] = self.params.pop(EARLIER_PLANS, {})
        self.as_given = {name: value for name, value in self.params.items() if not name.startswith("_ansible_")}
        # What core would write into the system's log has been masked by rules of its own.
        self.params["_ansible_no_log"] = True
        self.argument_spec = spec_for_core(self.argument_spec, self.params)

    def fail_json(self, msg: str, **kwargs: t.Any) -> None:
        title = self.described.platform.title
        secrets = Secrets(self.described.secret_params(self.params))
        msg = secrets.scrub(msg)
        msg = msg if msg.startswith(f"{title}: ") else f"{title}: {msg}"
        kwargs.setdefault("changed", False)
        kwargs.setdefault("provider", self.described.platform.name)
        kwargs.setdefault("invocation", self.described.invocation(self.params, secrets))
        # All of it is fit to be shown.
        self.no_log_values = set()
        super().fail_json(msg, **kwargs)


def _without_nulls(params: t.Mapping[str, t.Any], options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What is given of options, and of those of a list's items."""
    given = {name: value for name, value in params.items() if value is not None}
    for name, value in given.items():
        inner = options.get(name, {}).get("options")
        if inner and isinstance(value, list):
            given[name] = [_without_nulls(item, inner) if isinstance(item, dict) else item for item in value]
    return given


def _bug(error: Exception) -> str:
    frames = traceback.extract_tb(sys.exc_info()[2])
    place = f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else "an unknown place"
    return f"unexpected {type(error).__name__} at {place}: this is a bug in mediaops.access, please report it with this line"
