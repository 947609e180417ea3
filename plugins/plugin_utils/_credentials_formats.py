# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivers credentials: the file formats, and what every destination has in common."""

from __future__ import annotations

import abc
import json
import re
import shlex
import typing as t

import yaml
from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultLib, VaultSecret

from ..module_utils._errors import AccessError

#: ``{"applications": {NAME: {"client_id", "client_secret"}}, "tokens": {NAME: {"access_token", "expires_at"}}}``
Credentials = dict[str, dict[str, dict[str, t.Any]]]

#: ``{"applications": NAMES, "tokens": NAMES}``
Names = t.Mapping[str, t.Iterable[str]]

KEYS = {"applications": ("client_id", "client_secret"), "tokens": ("access_token", "expires_at")}
_DOTENV_KEYS = ("client_id", "client_secret", "access_token")
#: Text that programs read differently from a dotenv file, quoted or not: sh and systemd keep a backslash that
#: python-dotenv drops; python-dotenv expands ${NAME} even in single quotes; only sh joins adjacent quoted parts; and
#: for Docker a line break starts another variable.
_AMBIGUOUS = re.compile(r"""\\\\|\\\Z|\$\{|[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]""")
#: Characters that are special in double quotes, which a value with a single quote needs.
_SPECIAL_IN_DOUBLE_QUOTES = re.compile(r'["$`\\]')
#: How every file begins that is encrypted with Ansible Vault.
_VAULT_HEADER = b"$ANSIBLE_VAULT;"
#: Text that Ansible would evaluate as a template.
_TEMPLATE = re.compile(r"\{[{%#]")


class Format(t.Protocol):
    def render(self, credentials: Credentials) -> bytes: ...

    def parse(self, data: bytes, known: Names) -> Credentials:
        """The credentials in a file; ``known`` has the names to look for.

        :raises ValueError: if the file is not in this format, or was not delivered.
        """

    def is_current(self, data: bytes, credentials: Credentials) -> bool:
        """Whether a valid file has the same content as a new one would have."""


class Json:
    def render(self, credentials: Credentials) -> bytes:
        return (json.dumps(credentials, indent=2, sort_keys=True) + "\n").encode()

    def parse(self, data: bytes, known: Names) -> Credentials:
        return checked(json.loads(data))

    def is_current(self, data: bytes, credentials: Credentials) -> bool:
        return bool(json.loads(data) == credentials)


class Dotenv:
    """``NAME_CLIENT_ID=…`` lines that a shell, systemd, Docker Compose and python-dotenv read identically."""

    def render(self, credentials: Credentials) -> bytes:
        return self._lines(self.variables(credentials))

    def _lines(self, variables: t.Mapping[str, str]) -> bytes:
        return "".join(f"{variable}={_quoted(value)}\n" for variable, value in sorted(variables.items())).encode()

    def variables(self, credentials: Credentials) -> dict[str, str]:
        """The variables and their values.

        :raises AccessError: if two names result in the same variable, or a name or value cannot be written.
        """
        for clash in clashes(credentials):
            raise AccessError(clash.problem)
        found: dict[str, str] = {}
        for kind, entries in credentials.items():
            for name, entry in entries.items():
                for key in KEYS[kind]:
                    if key in _DOTENV_KEYS and entry.get(key) is not None:
                        found[variable_name(name, key)] = self._unambiguous(str(entry[key]), f"the {key} of {name!r}")
        return found

    def _unambiguous(self, value: str, label: str) -> str:
        if _AMBIGUOUS.search(value) or ("'" in value and _SPECIAL_IN_DOUBLE_QUOTES.search(value)):
            raise AccessError(
                f"{label} cannot be written to a dotenv file: programs read consecutive or trailing backslashes, "
                f"${{, control characters, "
                'and a single quote together with one of " $ ` \\ differently. Use the format json or vault_yaml'
            )
        return value

    def parse(self, data: bytes, known: Names) -> Credentials:
        """Variables of unknown names are those of names that the manifest does not have any more, if the file is
        exactly as :meth:`render` writes it. Otherwise, they are somebody else's.
        """
        words = (word.partition("=") for word in shlex.split(data.decode(), comments=True))
        values = {variable: value for variable, _equals, value in words}
        others = dict(values)
        found: Credentials = {kind: {} for kind in KEYS}
        for kind, names in known.items():
            for name in names:
                variables = {key: variable_name(name, key) for key in KEYS[kind]}
                entry = {key: values[variable] for key, variable in variables.items() if variable in values}
                if entry:
                    found[kind][name] = entry
                for variable in variables.values():
                    others.pop(variable, None)
        if others and self._lines(values) != data:
            raise ValueError("variables that were not delivered")
        for variable, value in others.items():
            kind, name, key = _owner(variable)
            found[kind].setdefault(name, {})[key] = value
        return found

    def is_current(self, data: bytes, credentials: Credentials) -> bool:
        # The file may also define other variables, which its readers would get.
        return self.render(credentials) == data


def _owner(variable: str) -> tuple[str, str, str]:
    """The kind, the name and the key of a delivered variable. The name is the variable's beginning, as the original one
    is not known.

    :raises ValueError: if it is not the variable of a credential.
    """
    for kind, keys in KEYS.items():
        for key in keys:
            name = variable.removesuffix(f"_{key.upper()}")
            if key in _DOTENV_KEYS and name not in ("", variable):
                return kind, name, key
    raise ValueError("a variable that was not delivered")


def _quoted(value: str) -> str:
    return f'"{value}"' if "'" in value else shlex.quote(value)


class _Unsafe(str):
    """Text that Ansible must not evaluate as a template when it loads the file as variables."""


class _Dumper(yaml.SafeDumper):
    pass


class _Loader(yaml.SafeLoader):
    pass


_Dumper.add_representer(_Unsafe, lambda dumper, value: dumper.represent_scalar("!unsafe", str(value), style="'"))
_Loader.add_constructor("!unsafe", lambda loader, node: node.value)


class VaultYaml:
    """YAML, encrypted as a whole with Ansible Vault."""

    def __init__(self, password: str | None) -> None:
        if not password:
            raise AccessError("the format vault_yaml requires vault_password (provision_vault_password in the role)")
        self._vault = VaultLib([("default", VaultSecret(password.encode()))])

    def render(self, credentials: Credentials) -> bytes:
        return bytes(self._vault.encrypt(self._plain(credentials)))

    def _plain(self, credentials: Credentials) -> str:
        """The YAML. Only values that look like templates have the tag ``!unsafe``, because only Ansible knows it."""
        marked = {
            kind: {
                name: {
                    key: _Unsafe(value) if isinstance(value, str) and _TEMPLATE.search(value) else value
                    for key, value in entry.items()
                }
                for name, entry in entries.items()
            }
            for kind, entries in credentials.items()
        }
        return str(yaml.dump(marked, Dumper=_Dumper, default_flow_style=False, sort_keys=True, explicit_start=True))

    def is_current(self, data: bytes, credentials: Credentials) -> bool:
        return bool(self._vault.decrypt(data).decode() == self._plain(credentials))

    def parse(self, data: bytes, known: Names) -> Credentials:
        try:
            return checked(yaml.load(self._vault.decrypt(data), Loader=_Loader))  # noqa: S506 - a safe loader with an additional tag
        except (AnsibleError, yaml.YAMLError, ValueError) as error:
            raise ValueError("not encrypted with this password") from error


class Sealed(Json):
    """A file that is encrypted with Ansible Vault, and is recognized without its password."""

    def parse(self, data: bytes, known: Names) -> Credentials:
        if not is_encrypted(data):
            raise ValueError("not encrypted")
        return {kind: {} for kind in KEYS}


def is_encrypted(data: bytes) -> bool:
    """Whether a file is encrypted with Ansible Vault."""
    return data.startswith(_VAULT_HEADER)


FORMATS: dict[str, t.Callable[[str | None], Format]] = {
    "dotenv": lambda _password: Dotenv(),
    "json": lambda _password: Json(),
    "vault_yaml": VaultYaml,
}


def variable_name(name: str, key: str) -> str:
    """The environment variable for a credential: upper case, with underscores for anything but letters and digits."""
    return re.sub(r"[^A-Za-z0-9]", "_", f"{name}_{key}").upper()


class Clash(t.NamedTuple):
    """A name that a dotenv file cannot contain, or two names of the same kind that it cannot contain together."""

    kind: str
    names: tuple[str, ...]
    problem: str


def clashes(names: t.Mapping[str, t.Iterable[str]]) -> t.Iterator[Clash]:
    """The names that a dotenv file cannot contain. Names of different kinds cannot clash, because their variables end
    differently.
    """
    for kind, own in sorted(names.items()):
        owners: dict[str, str] = {}
        for name in sorted(own):
            variable = variable_name(name, KEYS[kind][0])
            owner = owners.setdefault(variable, name)
            if owner != name:
                yield Clash(
                    kind,
                    (owner, name),
                    f"{owner!r} and {name!r} both become {variable} in a dotenv file. Rename one of them",
                )
            elif variable[0].isdigit():
                yield Clash(
                    kind,
                    (name,),
                    f"{name!r} becomes {variable} in a dotenv file, but a variable must not begin with a digit. "
                    "Rename it",
                )


def checked(value: t.Any) -> Credentials:
    """The value, if it has the structure of delivered credentials.

    :raises ValueError: if it has not.
    """
    kinds = [value.get(kind) for kind in KEYS] if isinstance(value, dict) else []
    if (
        not kinds
        or set(value) != set(KEYS)
        or not all(isinstance(kind, dict) and all(isinstance(entry, dict) for entry in kind.values()) for kind in kinds)
    ):
        raise ValueError("not delivered credentials")
    return t.cast(Credentials, value)


class Place(abc.ABC):
    """A destination, to which credentials are delivered completely or not at all."""

    #: Whether :meth:`load` has found any content.
    found = False
    #: The place of content that :meth:`load` has found but nobody delivered, for a message.
    foreign: str | None = None

    @abc.abstractmethod
    def load(self, known: Names) -> Credentials | None:
        """The delivered credentials; None if there are none, or if the content must be replaced. ``known`` has the
        names to look for.
        """

    @abc.abstractmethod
    def write(self, credentials: Credentials) -> None: ...

    @abc.abstractmethod
    def exists(self, known: Names) -> bool:
        """Whether there is anything to remove. It is loaded."""

    @abc.abstractmethod
    def remove(self) -> None: ...

    def is_same(self, before: Credentials, after: Credentials) -> bool:
        return before == after

    def check(self, credentials: Credentials) -> None:  # noqa: B027 - not every destination can be checked
        """Check, in check mode too, that these credentials can be written.

        :raises AccessError: if they cannot.
        """

    def compare(self, wanted: dict[str, dict[str, dict[str, t.Any] | None]]) -> tuple[Credentials, Credentials, bool]:
        """The credentials before and after, and whether they differ.

        None stands for an unknown value. If the destination has such a value already, it is kept. A destination is not
        created if no value is known.
        """
        loaded = self.load(wanted)
        before = loaded or {kind: {} for kind in KEYS}
        after: Credentials = {kind: {} for kind in KEYS}
        for kind, entries in wanted.items():
            for name, entry in entries.items():
                if not isinstance(entry, (dict, type(None))):
                    raise AccessError(f"{kind}: {name!r} must be a dictionary with {' and '.join(KEYS[kind])}, or null")
                values = {key: (entry or {}).get(key) or before[kind].get(name, {}).get(key) for key in KEYS[kind]}
                known = {key: value for key, value in values.items() if value is not None}
                after[kind].update({name: known} if known else {})
        self.check({kind: {name: after[kind].get(name, {}) for name in entries} for kind, entries in wanted.items()})
        is_unknown = not self.found and any(wanted.values()) and not any(after.values())
        return before, after, not is_unknown and (loaded is None or not self.is_same(before, after))
