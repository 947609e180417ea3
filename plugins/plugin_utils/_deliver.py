# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivers credentials to those who use them: the formats, and the places."""

from __future__ import annotations

import abc
import contextlib
import errno
import fcntl
import json
import os
import re
import shlex
import stat
import typing as t

import yaml
from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError

#: ``{"applications": {NAME: {"client_id", "client_secret"}}, "tokens": {NAME: {"access_token", "expires_at"}}}``
Credentials = dict[str, dict[str, dict[str, t.Any]]]

KEYS = {"applications": ("client_id", "client_secret"), "tokens": ("access_token", "expires_at")}
_DOTENV_KEYS = ("client_id", "client_secret", "access_token")


class Format(t.Protocol):
    def render(self, credentials: Credentials) -> bytes: ...

    def parse(self, data: bytes, known: Credentials) -> Credentials:
        """What a file of this format holds; ``known`` has the names to look for. Raise ValueError for a file that is none."""


class Json:
    def render(self, credentials: Credentials) -> bytes:
        return (json.dumps(credentials, indent=2, sort_keys=True) + "\n").encode()

    def parse(self, data: bytes, known: Credentials) -> Credentials:
        return checked(json.loads(data))


class Dotenv:
    """``NAME_CLIENT_ID=…`` lines, quoted as a shell reads them."""

    def render(self, credentials: Credentials) -> bytes:
        lines = [f"{variable}={shlex.quote(str(value))}" for variable, value in sorted(self.variables(credentials).items())]
        return "".join(f"{line}\n" for line in lines).encode()

    def variables(self, credentials: Credentials) -> dict[str, t.Any]:
        """The variables and their values.

        :raises AccessError: where two names become one variable.
        """
        for clash in clashes(credentials):
            raise AccessError(clash.problem)
        return {
            variable_name(name, key): entry[key]
            for kind, entries in credentials.items()
            for name, entry in entries.items()
            for key in KEYS[kind]
            if key in _DOTENV_KEYS and entry.get(key) is not None
        }

    def parse(self, data: bytes, known: Credentials) -> Credentials:
        words = (word.partition("=") for word in shlex.split(data.decode(), comments=True))
        values = {variable: value for variable, _equals, value in words}
        found: Credentials = {kind: {} for kind in known}
        for kind, entries in known.items():
            for name in entries:
                entry = {key: values[variable_name(name, key)] for key in KEYS[kind] if variable_name(name, key) in values}
                if entry:
                    found[kind][name] = entry
        return found


class VaultYaml:
    """YAML, encrypted as a whole with Ansible Vault."""

    def __init__(self, password: str | None) -> None:
        if not password:
            raise AccessError("the format vault_yaml needs vault_password (provision_vault_password, in the role)")
        self._vault = VaultLib([("default", VaultSecret(password.encode()))])

    def render(self, credentials: Credentials) -> bytes:
        plain = yaml.safe_dump(credentials, default_flow_style=False, sort_keys=True, explicit_start=True)
        return bytes(self._vault.encrypt(plain))

    def parse(self, data: bytes, known: Credentials) -> Credentials:
        try:
            return checked(yaml.safe_load(self._vault.decrypt(data)))
        except (AnsibleError, yaml.YAMLError, ValueError) as error:
            raise ValueError("not encrypted with this password") from error


FORMATS: dict[str, t.Callable[[str | None], Format]] = {
    "dotenv": lambda _password: Dotenv(),
    "json": lambda _password: Json(),
    "vault_yaml": VaultYaml,
}


def variable_name(name: str, key: str) -> str:
    """The environment variable for a credential: upper case, anything but letters and digits as underscore."""
    return re.sub(r"[^A-Za-z0-9]", "_", f"{name}_{key}").upper()


class Clash(t.NamedTuple):
    """Two names of one kind that become one variable of a dotenv file."""

    kind: str
    names: tuple[str, str]
    problem: str


def clashes(names: t.Mapping[str, t.Iterable[str]]) -> t.Iterator[Clash]:
    """Which of the names of each kind cannot be in a dotenv file together. What tells the kinds' variables apart stands at their ends."""
    for kind, own in sorted(names.items()):
        owners: dict[str, str] = {}
        for name in sorted(own):
            variable = variable_name(name, KEYS[kind][0])
            owner = owners.setdefault(variable, name)
            if owner != name:
                yield Clash(kind, (owner, name), f"{owner!r} and {name!r} both become {variable} in a dotenv file: rename one of them")


def checked(value: t.Any) -> Credentials:
    """What was read, if it is of the shape that is written.

    :raises ValueError: where it is not.
    """
    kinds = [value.get(kind) for kind in KEYS] if isinstance(value, dict) else []
    if not kinds or set(value) != set(KEYS) or not all(isinstance(kind, dict) and all(isinstance(entry, dict) for entry in kind.values()) for kind in kinds):
        raise ValueError("no credentials that were delivered")
    return t.cast(Credentials, value)


class Place(abc.ABC):
    """Where credentials are delivered to, as a whole or not at all."""

    @abc.abstractmethod
    def load(self, known: Credentials) -> Credentials | None:
        """What is there; None for nothing, or for something that is to be replaced. ``known`` has the names to look for."""

    @abc.abstractmethod
    def write(self, credentials: Credentials) -> None: ...

    @abc.abstractmethod
    def exists(self) -> bool: ...

    @abc.abstractmethod
    def remove(self) -> None: ...

    def is_same(self, before: Credentials, after: Credentials) -> bool:
        return before == after

    def check(self, credentials: Credentials) -> None:  # noqa: B027 - not every place can tell
        """Find out, also in check mode, what would keep them from being written.

        :raises AccessError: what that is.
        """

    def compare(self, wanted: dict[str, dict[str, dict[str, t.Any] | None]]) -> tuple[Credentials, Credentials, bool]:
        """What is there, what shall be there, and whether these differ.

        A value that is None is not known; what is there of it stays.
        """
        loaded = self.load(t.cast(Credentials, wanted))
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
        return before, after, loaded is None or not self.is_same(before, after)


class CredentialsFile(Place):
    """A file, mode 0600."""

    def __init__(self, dest: str, form: Format) -> None:
        try:
            self._dest = os.path.realpath(dest)
        except ValueError as error:  # of a null character
            raise AccessError(f"{dest!r} is no path: {error}") from None
        self._new = os.path.join(os.path.dirname(self._dest), f".{os.path.basename(self._dest)}.new")
        self._form = form
        self._data: bytes | None = None

    def load(self, known: Credentials) -> Credentials | None:
        try:
            with open(self._dest, "rb") as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                self._data = file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise AccessError(f"{self._dest} cannot be read: {error.strerror}") from None
        self._private = mode == 0o600
        try:
            return self._form.parse(self._data, known)
        except ValueError:
            return None

    def check(self, credentials: Credentials) -> None:
        self._form.render(credentials)
        folder = os.path.dirname(self._dest)
        if os.path.isdir(self._dest):
            obstacle = errno.EISDIR
        elif not os.path.isdir(folder):
            obstacle = errno.ENOENT
        elif not os.access(folder, os.W_OK | os.X_OK):
            obstacle = errno.EACCES
        else:
            return
        raise AccessError(f"{self._dest} cannot be written: {os.strerror(obstacle)}")

    def is_same(self, before: Credentials, after: Credentials) -> bool:
        # A dotenv file may hold variables of nobody's.
        return self._private and (self._form.render(after) == self._data if isinstance(self._form, Dotenv) else before == after)

    def write(self, credentials: Credentials) -> None:
        data = self._form.render(credentials)
        try:
            with self._new_file() as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                os.replace(self._new, self._dest)
        except OSError as error:
            raise AccessError(f"{self._dest} cannot be written: {error.strerror}") from None

    @contextlib.contextmanager
    def _new_file(self) -> t.Iterator[t.BinaryIO]:
        """The file that becomes the new one. Its name is always the same, so that a process that is killed leaves one file at most, for the next to use."""
        while True:
            handle = os.open(self._new, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(handle, "wb") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                found = os.fstat(file.fileno())
                if found.st_uid != os.geteuid():
                    raise PermissionError(errno.EPERM, f"the file {self._new} belongs to another user")
                if not os.path.exists(self._new) or os.stat(self._new).st_ino != found.st_ino:
                    continue  # it became another process's file, meanwhile
                os.fchmod(file.fileno(), 0o600)
                file.truncate(0)
                try:
                    yield file
                except BaseException:
                    os.unlink(self._new)
                    raise
                return

    def remove(self) -> None:
        try:
            for path in (self._new, self._dest):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)
        except OSError as error:
            raise AccessError(f"{self._dest} cannot be removed: {error.strerror}") from None

    def exists(self) -> bool:
        return os.path.lexists(self._dest)
