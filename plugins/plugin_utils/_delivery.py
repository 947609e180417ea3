# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the destinations of a manifest's credentials before there are any."""

from __future__ import annotations

import os
import typing as t

from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.block import Block
from ansible.playbook.task import Task

from ..module_utils._data.paths import quote_path
from ..module_utils._errors import AccessError
from ._credentials_file import CredentialsFile
from ._credentials_formats import FORMATS, Json
from ._plain import first_line
from ._vault_kv2 import VAULT
from ._vault_login import missing_options

Target = dict[str, t.Any]
_PARTS = ("block", "rescue", "always")


def anchor_paths(targets: t.Iterable[Target], folder: str) -> None:
    """Make the paths of files absolute. Relative ones start at the manifest's directory."""
    for target in targets:
        for option in ("dest", "file"):
            if option in target:
                target[option] = os.path.abspath(os.path.join(folder, os.path.expanduser(target[option])))


def find_problems(targets: list[Target], has_vault_password: bool | None) -> list[str]:
    """Problems that would prevent delivery to files and Vault, as far as they can be found before there are
    credentials.
    """
    problems: list[str] = []
    first: dict[str, int] = {}
    for index, target in enumerate(targets):
        place = f"deliver[{index}]"
        if target["format"] == "vault_kv2":
            problems += [f"{place}.{problem}" for problem in _problems_of_secret(target)]
        elif "dest" in target:
            problems += [f"{place}.{problem}" for problem in _problems_of_file(target, has_vault_password)]
            if first.setdefault(target["dest"], index) != index:
                problems.append(f"{place}.dest: same file as deliver[{first[target['dest']]}].dest")
    return problems


def find_problems_of_tasks(targets: list[Target], loader: DataLoader) -> list[str]:
    """Why Ansible could not load task files. It would end the run at once, with an error that cannot be rescued."""
    return [
        f"deliver[{index}].file: {problem}"
        for index, target in enumerate(targets)
        if target["format"] == "tasks"
        for problem in _problems_of_tasks(target["file"], loader)
    ]


def _problems_of_secret(target: Target) -> t.Iterator[str]:
    yield from missing_options(target, VAULT.options)
    for option in ("mount", "path", "auth_mount"):
        try:
            quote_path(target.get(option, "-"), option)
        except AccessError as error:
            yield error.message


def _problems_of_file(target: Target, has_vault_password: bool | None) -> t.Iterator[str]:
    try:
        if has_vault_password is False:
            FORMATS[target["format"]](None)
    except AccessError as error:
        yield f"format: {error.message}"
    try:
        CredentialsFile(target["dest"], Json()).check({})
    except AccessError as error:
        yield f"dest: {' '.join(error.message.split())}"


def _problems_of_tasks(path: str, loader: DataLoader, importers: tuple[str, ...] = ()) -> list[str]:
    """Why Ansible could not load a task file, or one that it imports (``importers`` are those that import it)."""
    if not os.path.isfile(path):
        return [f"{path} does not exist, or is not a file"]
    if path in importers:
        return [f"{path} imports itself"]
    try:
        tasks = loader.load_from_file(path)
        if not isinstance(tasks, list) or not all(isinstance(task, dict) for task in tasks):
            return [f"{path} must be a list of tasks"]
        imported = list(_load_tasks(tasks, loader))
    except AnsibleError as error:
        return [f"{path} cannot be loaded: {first_line(error)}"]
    return [
        problem
        for target in imported
        for problem in _problems_of_tasks(_find_imported(target, path, loader), loader, (*importers, path))
    ]


def _load_tasks(tasks: t.Iterable[t.Any], loader: DataLoader) -> t.Iterator[str]:
    """Load tasks. Yields the files that they import, unless the name is a template."""
    for task in tasks:
        if Block.is_block(task):
            Block.load(
                {**{name: value for name, value in task.items() if name not in _PARTS}, "block": []}, loader=loader
            )
            if not task.get("block") and (task.get("rescue") or task.get("always")):
                raise AnsibleError("'rescue' and 'always' cannot be used without 'block'")
            for part in _PARTS:
                yield from _load_tasks(task.get(part) or (), loader)
            continue
        loaded = Task.load(task, loader=loader)
        target = loaded.args.get("_raw_params", loaded.args.get("file"))
        if loaded.action.rpartition(".")[2] == "import_tasks" and isinstance(target, str) and "{" not in target:
            yield target


def _find_imported(target: str, path: str, loader: DataLoader) -> str:
    """The path of a file that the file at ``path`` imports, as Ansible finds it."""
    return str(loader.path_dwim_relative(os.path.dirname(path), "tasks", target))
