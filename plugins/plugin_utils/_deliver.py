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

from ..module_utils._data.files import irregular, open_directory, open_regular, others_can_write
from ..module_utils._errors import AccessError

#: ``{"applications": {NAME: {"client_id", "client_secret"}}, "tokens": {NAME: {"access_token", "expires_at"}}}``
Credentials = dict[str, dict[str, dict[str, t.Any]]]

KEYS = {"applications": ("client_id", "client_secret"), "tokens": ("access_token", "expires_at")}
_DOTENV_KEYS = ("client_id", "client_secret", "access_token")
#: What the readers of dotenv files do not read alike, in quotes or without them: sh and systemd keep a backslash that python-dotenv drops, which
#: replaces ${NAME} even in single quotes; none of them but sh joins quoted parts; and to docker a line break is the beginning of another variable.
_AMBIGUOUS = re.compile(r"""\\\\|\\\Z|\$\{|[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]""")
#: What double quotes, in which a single quote can stand, do not protect.
_SPECIAL_IN_DOUBLE_QUOTES = re.compile(r'["$`\\]')
#: What Ansible takes for a template.
_TEMPLATE = re.compile(r"\{[{%#]")
_MAX_ATTEMPTS = 100
#: What looking at the target of a symbolic link ends in if there is none.
_LEADS_NOWHERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


class Format(t.Protocol):
    def render(self, credentials: Credentials) -> bytes: ...

    def parse(self, data: bytes, known: Credentials) -> Credentials:
        """What a file of this format holds; ``known`` has the names to look for. Raise ValueError for a file that is none."""

    def is_current(self, data: bytes, credentials: Credentials) -> bool:
        """Whether a file that could be parsed says the same as a new one would."""


class Json:
    def render(self, credentials: Credentials) -> bytes:
        return (json.dumps(credentials, indent=2, sort_keys=True) + "\n").encode()

    def parse(self, data: bytes, known: Credentials) -> Credentials:
        return checked(json.loads(data))

    def is_current(self, data: bytes, credentials: Credentials) -> bool:
        return bool(json.loads(data) == credentials)


class Dotenv:
    """``NAME_CLIENT_ID=…`` lines that a shell, systemd, Docker Compose and python-dotenv read alike."""

    def render(self, credentials: Credentials) -> bytes:
        lines = [f"{variable}={_quoted(value)}" for variable, value in sorted(self.variables(credentials).items())]
        return "".join(f"{line}\n" for line in lines).encode()

    def variables(self, credentials: Credentials) -> dict[str, str]:
        """The variables and their values.

        :raises AccessError: if two names become one variable, or a name or a value cannot be written.
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
                f"{label} cannot be written to a dotenv file: it contains two backslashes in a row, a backslash at its end, ${{, a control character, "
                'or a single quote beside one of " $ ` \\, and not all programs would read it back the same. Use the format json or vault_yaml'
            )
        return value

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

    def is_current(self, data: bytes, credentials: Credentials) -> bool:
        # It may hold variables of nobody's, which the next reader would get, too.
        return self.render(credentials) == data


def _quoted(value: str) -> str:
    return f'"{value}"' if "'" in value else shlex.quote(value)


class _Unsafe(str):
    """A text that Ansible must not take for a template when it reads it as a variable."""


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
            raise AccessError("the format vault_yaml needs vault_password (provision_vault_password, in the role)")
        self._vault = VaultLib([("default", VaultSecret(password.encode()))])

    def render(self, credentials: Credentials) -> bytes:
        return bytes(self._vault.encrypt(self._plain(credentials)))

    def _plain(self, credentials: Credentials) -> str:
        """The YAML. Only what looks like a template has the tag for it, which is Ansible's own: other readers of YAML do not know it."""
        marked = {
            kind: {
                name: {key: _Unsafe(value) if isinstance(value, str) and _TEMPLATE.search(value) else value for key, value in entry.items()}
                for name, entry in entries.items()
            }
            for kind, entries in credentials.items()
        }
        return str(yaml.dump(marked, Dumper=_Dumper, default_flow_style=False, sort_keys=True, explicit_start=True))

    def is_current(self, data: bytes, credentials: Credentials) -> bool:
        return bool(self._vault.decrypt(data).decode() == self._plain(credentials))

    def parse(self, data: bytes, known: Credentials) -> Credentials:
        try:
            return checked(yaml.load(self._vault.decrypt(data), Loader=_Loader))  # noqa: S506 - a safe loader with one more tag
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
    """A name that cannot be in a dotenv file, or two of one kind that cannot be in it together."""

    kind: str
    names: tuple[str, ...]
    problem: str


def clashes(names: t.Mapping[str, t.Iterable[str]]) -> t.Iterator[Clash]:
    """Which of the names of each kind cannot be in a dotenv file. What tells the kinds' variables apart stands at their ends."""
    for kind, own in sorted(names.items()):
        owners: dict[str, str] = {}
        for name in sorted(own):
            variable = variable_name(name, KEYS[kind][0])
            owner = owners.setdefault(variable, name)
            if owner != name:
                yield Clash(kind, (owner, name), f"{owner!r} and {name!r} both become {variable} in a dotenv file: rename one of them")
            elif variable[0].isdigit():
                yield Clash(kind, (name,), f"{name!r} becomes {variable} in a dotenv file, and a variable must not begin with a digit: rename it")


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
    """A file, mode 0600, in a directory that exists.

    A symbolic link in its place is replaced, as ``ansible.builtin.copy`` does: it may be somebody else's, and lead to somebody else's file.
    """

    def __init__(self, dest: str, form: Format) -> None:
        if "\0" in dest:
            raise AccessError(f"{dest!r} is not a path: it contains a null character")
        self._dest = os.path.join(os.getcwd(), dest).rstrip("/")
        self._directory, name = os.path.split(self._dest)
        self._name = name or "."
        self._new = f".{name}.new"
        self._form = form
        self._data = b""
        self._is_private = False

    @contextlib.contextmanager
    def _opened(self, action: str) -> t.Iterator[int]:
        """A descriptor of the directory; nothing is looked up by another path from then on."""
        try:
            with open_directory(self._directory or "/") as directory:
                yield directory
        except OSError as error:
            raise AccessError(f"{self._dest} cannot be {action}: {error.strerror}") from None

    def _found(self, directory: int) -> os.stat_result | None:
        """What is there, of a link itself; None for nothing.

        :raises AccessError: for what is, or leads to, anything but a regular file: nobody wants ``/dev/stdout`` to be replaced.
        """
        try:
            info = os.stat(self._name, dir_fd=directory, follow_symlinks=False)
        except FileNotFoundError:
            return None
        kind = self._irregular_target(directory) if stat.S_ISLNK(info.st_mode) else irregular(info)
        if kind:
            raise AccessError(f"{self._dest} is {kind}, not a regular file. Give another path in dest")
        return info

    def _irregular_target(self, directory: int) -> str | None:
        """What a symbolic link leads to, if that is neither a regular file nor nothing."""
        if os.readlink(self._name, dir_fd=directory).startswith("/proc/"):  # as /dev/stdout does, perhaps redirected to a regular file
            return "a link to an open file"
        try:
            return irregular(os.stat(self._name, dir_fd=directory))
        except OSError as error:
            if error.errno in _LEADS_NOWHERE:
                return None
            raise

    def load(self, known: Credentials) -> Credentials | None:
        if not os.path.isdir(self._directory or "/"):
            return None
        with self._opened("read") as directory:
            data = self._read(directory)
        try:
            self._data = data or b""
            return None if data is None else self._form.parse(data, known)
        except ValueError:
            return None

    def _read(self, directory: int) -> bytes | None:
        """The file's content. What somebody else may have planted counts as nothing."""
        found = self._found(directory)
        is_link = found is not None and stat.S_ISLNK(found.st_mode)
        if found is None or (others_can_write(os.fstat(directory)) and (is_link or found.st_uid not in (0, os.geteuid()))):
            return None
        try:
            handle = open_regular(self._name, os.O_RDONLY, dir_fd=directory, follow=is_link)
        except OSError as error:
            if is_link and error.errno in _LEADS_NOWHERE:
                return None
            raise
        with os.fdopen(handle, "rb") as file:
            self._is_private = not is_link and stat.S_IMODE(os.fstat(handle).st_mode) == 0o600
            return file.read()

    def check(self, credentials: Credentials) -> None:
        self._form.render(credentials)
        with self._opened("written") as directory:
            self._found(directory)
            if not os.access(".", os.W_OK | os.X_OK, dir_fd=directory):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    def is_same(self, before: Credentials, after: Credentials) -> bool:
        return self._is_private and self._form.is_current(self._data, after)

    def write(self, credentials: Credentials) -> None:
        data = self._form.render(credentials)
        with self._opened("written") as directory:
            self._found(directory)
            with self._new_file(directory) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                os.replace(self._new, self._name, src_dir_fd=directory, dst_dir_fd=directory)

    @contextlib.contextmanager
    def _new_file(self, directory: int) -> t.Iterator[t.BinaryIO]:
        """The file that becomes the new one. Its name is always the same, so that a process that is killed leaves one file at most, for the next to use."""
        for _attempt in range(_MAX_ATTEMPTS):
            self._remove_foreign(directory)
            with os.fdopen(open_regular(self._new, os.O_RDWR | os.O_CREAT, dir_fd=directory), "wb") as file:
                if _is_foreign(os.fstat(file.fileno())):  # somebody is quick
                    continue
                fcntl.flock(file, fcntl.LOCK_EX)
                if not self._is_at_its_place(file, directory):
                    continue  # it became another process's file, meanwhile
                os.fchmod(file.fileno(), 0o600)
                file.truncate(0)
                try:
                    yield file
                except BaseException:
                    os.unlink(self._new, dir_fd=directory)
                    raise
                return
        raise FileExistsError(errno.EEXIST, f"somebody keeps creating {self._new} beside it")

    def _remove_foreign(self, directory: int) -> None:
        """Remove what somebody else has put in the new file's place: a link, a FIFO, a file that has another name, too."""
        with contextlib.suppress(FileNotFoundError):
            if _is_foreign(os.stat(self._new, dir_fd=directory, follow_symlinks=False)):
                os.unlink(self._new, dir_fd=directory)

    def _is_at_its_place(self, file: t.BinaryIO, directory: int) -> bool:
        try:
            return os.path.samestat(os.stat(self._new, dir_fd=directory, follow_symlinks=False), os.fstat(file.fileno()))
        except FileNotFoundError:
            return False

    def remove(self) -> None:
        with self._opened("removed") as directory:
            self._found(directory)
            for name in (self._new, self._name):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=directory)

    def exists(self) -> bool:
        if not os.path.isdir(self._directory or "/"):
            return False
        with self._opened("read") as directory:
            return self._found(directory) is not None


def _is_foreign(info: os.stat_result) -> bool:
    return irregular(info) is not None or info.st_uid != os.geteuid() or info.st_nlink > 1
