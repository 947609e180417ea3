# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converts the values and files that Ansible passes to plugins to plain Python."""

from __future__ import annotations

import datetime
import typing as t

from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader

from ..module_utils._errors import AccessError

VAULT_REMEDY = "Give its password with --ask-vault-pass or --vault-password-file"


def ansible_home() -> str:
    """Ansible's own directory (ANSIBLE_HOME, also from ansible.cfg)."""
    return str(C.config.get_config_value("ANSIBLE_HOME"))


def decrypt_file(loader: DataLoader, path: str) -> str:
    """Read a text file that is encrypted with Ansible Vault.

    :raises AccessError: if it cannot be decrypted.
    """
    try:
        return str(loader.get_text_file_contents(path))
    except AnsibleError as error:
        raise AccessError(f"{path} cannot be decrypted: {first_line(error)}. {VAULT_REMEDY}") from None


def encryptor_of(loader: DataLoader, path: str) -> t.Callable[[str], bytes]:
    """Return what encrypts a text as the file at ``path`` is, with the same password of Ansible Vault.

    :raises AccessError: if the file cannot be decrypted.
    """
    vault = loader._vault
    with open(path, "rb") as file:
        encrypted = file.read()
    try:
        _text, label, secret = vault.decrypt_and_get_vault_id(encrypted)
    except AnsibleError as error:
        raise AccessError(f"{path} cannot be decrypted: {first_line(error)}. {VAULT_REMEDY}") from None
    return lambda text: vault.encrypt(text, secret=secret, vault_id=label)


def unreadable(path: str, error: AnsibleError) -> AccessError:
    """The error for a YAML or JSON file that Ansible cannot read."""
    is_about_vault = any(word in str(error).lower() for word in ("vault", "decrypt"))
    remedy = f". {VAULT_REMEDY}" if is_about_vault else ""
    return AccessError(f"{path} cannot be read: {first_line(error)}{remedy}")


def first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")


def plain(value: t.Any) -> t.Any:
    """Convert templated values to plain Python types. Libraries do not support Ansible's tagged types."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, t.Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, (datetime.datetime, datetime.date)) else str(value)
