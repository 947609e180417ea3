# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib
import json
import os
import typing as t

from ansible.errors import AnsibleError

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError, in_one_line
from ansible_collections.mediaops.access.plugins.module_utils._options import common_options
from ansible_collections.mediaops.access.plugins.module_utils._rows import Item, read_items
from ansible_collections.mediaops.access.plugins.module_utils._schema import Schema
from ansible_collections.mediaops.access.plugins.plugin_utils._controller_action import ControllerAction
from ansible_collections.mediaops.access.plugins.plugin_utils._deliver import Dotenv
from ansible_collections.mediaops.access.plugins.plugin_utils._plain import plain
from ansible_collections.mediaops.access.plugins.plugin_utils._providers import provider_classes

SCHEMA = os.path.join(os.path.dirname(__file__), "..", "..", "roles", "provision", "files", "manifest.schema.json")


class ActionModule(ControllerAction):
    spec = {
        **common_options("none", "none"),
        "manifest": {"type": "raw", "required": True},
        "revoke": {"type": "bool", "default": False},
        "include_files": {"type": "bool", "default": False},
    }
    hides_items = True

    def perform(self, arguments: dict[str, t.Any]) -> dict[str, t.Any]:
        manifest, name, folder = self._load(arguments["manifest"])
        with open(SCHEMA, encoding="utf-8") as file:
            problems = Schema(json.load(file)).problems(manifest)
        problems = problems or _names_twice(manifest)
        if problems:
            raise AccessError(f"{name} is no valid manifest: {in_one_line(problems)}")
        sections = []
        for provider in provider_classes():
            if provider.name in manifest:
                sections.append({"provider": provider.name, "role": provider.role})
                _anchor_paths(provider, manifest[provider.name], folder)
                _check_files(provider, manifest[provider.name])
                if arguments["include_files"] or arguments["revoke"]:
                    _include_files(provider, manifest[provider.name])
                if arguments["revoke"]:
                    _make_absent(provider, manifest[provider.name])
        deliver = manifest.pop("deliver", [])
        for target in deliver:
            if "dest" in target:
                target["dest"] = os.path.join(folder, os.path.expanduser(target["dest"]))
        names = _wanted_names(manifest)
        if any(target["format"] == "dotenv" for target in deliver):  # found before anything is provisioned
            Dotenv().variables({kind: dict.fromkeys(entries, {}) for kind, entries in names.items()})
        return {"changed": False, "manifest": manifest, "sections": sections, "deliver": deliver, "names": names, "_ansible_no_log": True}

    def _load(self, given: t.Any) -> tuple[dict[str, t.Any], str, str]:
        """The manifest, what to call it, and the folder that its paths start from."""
        base = self._loader.get_basedir()
        if isinstance(given, dict):
            return given, "provision_manifest", base
        if not isinstance(given, str):
            raise AccessError("a manifest must be given as a dictionary, or as the path of a YAML or JSON file")
        path = next((place for place in (os.path.abspath(os.path.expanduser(given)), os.path.join(base, given)) if os.path.isfile(place)), None)
        if path is None:
            raise AccessError(f"there is no manifest {given} (relative paths start at the working directory, then at the playbook's)")
        try:
            # Data, not templates: a manifest file is never evaluated. Ansible Vault is welcome.
            manifest = plain(self._loader.load_from_file(path, cache="none"))
        except AnsibleError as error:
            raise AccessError(f"{path} cannot be read: {str(error).partition(chr(10))[0]}") from None
        if not isinstance(manifest, dict):
            raise AccessError(f"{path} is no valid manifest: the whole must be a mapping of sections")
        return manifest, path, os.path.dirname(path)


def _anchor_paths(provider: t.Any, section: dict[str, t.Any], folder: str) -> None:
    """Let relative paths of options and files begin at the manifest's folder."""
    options = {**provider.argument_spec(), **{name: _module(wanted).options[name] for wanted in provider.manifest.values() for name in wanted.settings}}
    paths = [name for name, option in options.items() if option["type"] == "path"]
    paths += [f"{key}_file" for key, wanted in provider.manifest.items() if wanted.from_file]
    for name in paths:
        if section.get(name):
            section[name] = os.path.join(folder, os.path.expanduser(section[name]))


def _module(wanted: t.Any) -> t.Any:
    return importlib.import_module(f"ansible_collections.mediaops.access.plugins.modules.{wanted.module}").MODULE


def _items(wanted: t.Any, path: str) -> t.Iterator[Item]:
    return read_items(path, {name: _module(wanted).options[name] for name in wanted.options})


def _check_files(provider: t.Any, section: dict[str, t.Any]) -> None:
    """Find what is wrong with a file before anything is provisioned; whoever provisions it reads it again."""
    for key, wanted in provider.manifest.items():
        path = section.get(f"{key}_file") if wanted.from_file else None
        problems = [item.place + item.problem for item in _items(wanted, path) if item.problem] if path else []
        if problems:
            raise AccessError(in_one_line(problems, 100))


def _include_files(provider: t.Any, section: dict[str, t.Any]) -> None:
    """Put the items of files into the lists that they belong to."""
    for key, wanted in provider.manifest.items():
        path = section.pop(f"{key}_file", None) if wanted.from_file else None
        if path:
            section[key] = section.get(key, []) + [{name: item.options[name] for name in item.given} for item in _items(wanted, path)]


def _make_absent(provider: t.Any, section: dict[str, t.Any]) -> None:
    """Turn what a section wants into its opposite; what is not removable is left out."""
    for key, wanted in provider.manifest.items():
        if not wanted.removable:
            section.pop(key, None)
        for item in section.get(key, []):
            item["state"] = "absent"


def _named(manifest: dict[str, t.Any]) -> t.Iterator[tuple[str, str, dict[str, t.Any]]]:
    """Kind, place and item of everything whose credentials are delivered by name. A name may be a number in YAML; it is a text here."""
    for provider in provider_classes():
        for kind in ("applications", "tokens"):
            items = manifest.get(provider.name, {}).get(kind, []) if kind in provider.manifest else []
            for index, item in enumerate(items):
                item["name"] = str(item["name"])
                yield kind, f"{provider.name}.{kind}[{index}]", item


def _names_twice(manifest: dict[str, t.Any]) -> list[str]:
    problems: list[str] = []
    seen: dict[tuple[str, str], str] = {}
    for kind, place, item in _named(manifest):
        first = seen.setdefault((kind, item["name"]), place)
        if first != place:
            problems.append(f"{place}: the name {item['name']!r} is in {first} already, and {kind} are delivered by name")
    return problems


def _wanted_names(manifest: dict[str, t.Any]) -> dict[str, dict[str, None]]:
    """The names of what shall be there, with nothing known of it yet."""
    names: dict[str, dict[str, None]] = {"applications": {}, "tokens": {}}
    for kind, _place, item in _named(manifest):
        if item.get("state", "present") == "present":
            names[kind][item["name"]] = None
    return names
