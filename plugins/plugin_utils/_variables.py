# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fills the variables of a manifest file: ``${NAME}`` in a value becomes the variable's text, and ``$${NAME}`` becomes
``${NAME}``.

Only scalar values are filled, after the file is parsed, so a variable can neither change the manifest's structure nor
be evaluated as a template. Keys are not filled, nor are values that are encrypted one by one (``!vault``).
"""

from __future__ import annotations

import re
import typing as t

from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader

from ..module_utils._data.values import Leaf, problems_in
from ..module_utils._errors import AccessError, in_one_line
from ..module_utils._masking.secrets import Secrets, secret_values
from ._plain import plain, unreadable
from ._yaml_source import find_line, find_yaml_conversions

_REFERENCE = re.compile(r"\$(\$\{[^{}]*\})|\$\{([^{}]*)\}")
#: A reference that can hardly be anything else, such as a part of a password.
LIKELY_REFERENCE = re.compile(r"(?<!\$)\$\{[A-Za-z_][A-Za-z0-9_]*\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VALUE = {"type": "str", "no_log": True}


def load_variables(
    given: t.Any, find_file: t.Callable[[str], str], loader: DataLoader, secrets: Secrets
) -> dict[str, str]:
    """The variables by name: those ``given``, or those in the file that ``find_file`` finds under the given name.
    Secret ones are added to ``secrets``.

    :raises AccessError: if they are not a mapping of names to text or whole numbers.
    """
    # ``-e provision_variables={…}`` passes a dictionary as text.
    is_inline = isinstance(given, dict) or str(given).lstrip().startswith("{")
    source = "variables" if is_inline else find_file(str(plain(given)))
    try:
        if is_inline:
            values = given if isinstance(given, dict) else loader.load(str(given))
        else:
            values = loader.load_from_file(source)
        texts = plain(values)  # decrypts encrypted values
    except AnsibleError as error:
        raise unreadable(source, error) from None
    if not isinstance(texts, dict):
        raise AccessError(f"{source}: must be a mapping of names to text, such as DOMAIN: example.com")
    found = [Leaf(str(name), "value", _VALUE, value) for name, value in values.items()]
    problems = find_yaml_conversions(found, loader) + problems_in(found, show_values=False)
    problems += [
        f"{name}: must be text or a whole number"
        for name, value in texts.items()
        if value is None or isinstance(value, (dict, list))
    ]
    if problems:
        raise AccessError(f"{source}: {in_one_line(problems)}")
    encrypted = [texts[str(name)] for name, value in values.items() if not isinstance(value, (str, int))]
    secrets.add(*secret_values(texts), *encrypted)
    return {name: str(value) for name, value in texts.items()}


def fill(manifest: t.Any, variables: t.Mapping[str, str], path: str) -> t.Any:
    """A copy of a manifest with Ansible's tags in which the variables are filled; ``path`` is its file.

    :raises AccessError: naming the unknown variables, each with its line.
    """
    unknown: list[str] = []

    def fill_value(value: t.Any, place: str) -> t.Any:
        if isinstance(value, dict):
            return {key: fill_value(inner, f"{place}.{key}".lstrip(".")) for key, inner in value.items()}
        if isinstance(value, list):
            return [fill_value(inner, f"{place}[{index}]") for index, inner in enumerate(value)]
        if not isinstance(value, str) or "${" not in value:
            return value

        def replace(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal or name in variables:
                return t.cast(str, literal or variables[name])
            line = find_line(value)
            where = f"{path}:{line}" if line else f"{path}: {place}"
            unknown.append(f"{where}: {_explain_unknown(name)}")
            return ""

        return _REFERENCE.sub(replace, str(value))

    filled = fill_value(manifest, "")
    if unknown:
        raise AccessError(in_one_line(list(dict.fromkeys(unknown))))
    return filled


def _explain_unknown(name: str) -> str:
    """Anything but a name may be a part of a password that contains ``${``, so it is not shown."""
    if _NAME.fullmatch(name):
        return f"unknown variable ${{{name}}}; set it in provision_variables"
    return "unknown variable (its name is not shown, because it may be a part of a secret). Write $${ for a literal ${"


def find_places(value: t.Any, pattern: re.Pattern[str], place: str = "") -> t.Iterator[str]:
    """The places of strings that contain a pattern."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from find_places(inner, pattern, f"{place}.{key}".lstrip("."))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from find_places(inner, pattern, f"{place}[{index}]")
    elif isinstance(value, str) and pattern.search(value):
        yield place
