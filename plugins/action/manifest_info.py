# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import functools
import importlib
import json
import os
import re
import typing as t

from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ..module_utils._clock import Clock
from ..module_utils._data.rows import Item, Place, convert_options, read_items, short_path
from ..module_utils._data.schema import Schema
from ..module_utils._data.values import leaves, problems_in
from ..module_utils._errors import AccessError, in_one_line
from ..module_utils._platform.options import check_common, common_options
from ..plugin_utils._controller_action import ControllerAction
from ..plugin_utils._delivery import anchor_paths, find_problems, find_problems_of_tasks
from ..plugin_utils._manifest import REJECTS, describe, rejects_problems
from ..plugin_utils._manifest_names import all_names, clashing_names, names_twice, names_with_credentials
from ..plugin_utils._plain import decrypt_file, plain, unreadable
from ..plugin_utils._providers import platforms
from ..plugin_utils._selection import Selection
from ..plugin_utils._variables import LIKELY_REFERENCE, fill, find_places, load_variables
from ..plugin_utils._yaml_source import check_aliases, find_yaml_conversions

if t.TYPE_CHECKING:
    from ..module_utils._platform.declaration import Platform

SCHEMA = os.path.join(os.path.dirname(__file__), "..", "..", "roles", "provision", "files", "manifest.schema.json")
COMMON = common_options("none", "none")
_GIVEN = "the supplied dictionary"
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_UNFILLED = "${NAME} is not filled unless provision_variables is set"
_LITERAL = "templates in a manifest file are not evaluated. To use templates, pass the manifest as a dictionary"


class ActionModule(ControllerAction):
    spec: t.ClassVar[dict[str, dict[str, t.Any]]] = {
        **COMMON,
        "manifest": {"type": "raw", "required": True},
        "variables": {"type": "raw"},
        "revoke": {"type": "bool", "default": False},
        "only": {"type": "list", "elements": "str", "default": []},
        "include_files": {"type": "bool", "default": False},
        "has_vault_password": {"type": "bool", "no_log": False},
    }
    hides_items = True

    def perform(self, arguments: dict[str, t.Any]) -> dict[str, t.Any]:
        given, name, folder = self._load(self._task.args["manifest"])
        notes = self._notes(given, name)
        given = self._fill(given, name)
        values = _wrong_values(given, self._loader)
        manifest = {key: _without_null(value) for key, value in _without_null(plain(given)).items()}
        with open(SCHEMA, encoding="utf-8") as file:
            shapes = Schema(json.load(file)).problems(manifest)
        problems = values + [
            problem
            for problem in shapes
            if problem.partition(": ")[0] not in {value.partition(": ")[0] for value in values}
        ]
        _refuse(name, problems or names_twice(manifest))
        deliver = manifest.pop("deliver", [])
        anchor_paths(deliver, folder)
        for provider in _sections(manifest):
            _anchor_paths(provider, manifest[provider.name], folder)
        _refuse(name, list(self._wrong_content(manifest, deliver, arguments)), 100)
        names = all_names(manifest)
        selection = Selection(arguments["only"])
        selection.apply(_sections(manifest), manifest, self._include_file)
        self._prepare(manifest, arguments)
        return {
            "changed": False,
            **({"warnings": notes} if notes else {}),
            "manifest": manifest,
            "sections": [{"provider": provider.name, "role": provider.role} for provider in _sections(manifest)],
            "platforms": {
                provider.name: describe(provider, manifest[provider.name], selection.is_whole)
                for provider in _sections(manifest)
            },
            "deliver": deliver,
            "names": names_with_credentials(manifest, names),
            "all_names": {kind: dict.fromkeys(own) for kind, own in names.items()},
            "_ansible_no_log": True,
        }

    def _wrong_content(
        self, manifest: dict[str, t.Any], deliver: list[dict[str, t.Any]], arguments: dict[str, t.Any]
    ) -> t.Iterator[str]:
        """The problems that a schema cannot express."""
        is_for_use, revoke = not arguments["include_files"], arguments["revoke"]
        for provider in _sections(manifest):
            section = manifest[provider.name]
            yield from _wrong_options(provider, section, arguments) if is_for_use else ()
            yield from self._wrong_items(provider, section, is_for_use, revoke)
            yield from rejects_problems(provider, section) if is_for_use and not revoke else ()
        if is_for_use:
            yield from find_problems_of_tasks(deliver, self._loader)
        if is_for_use and (arguments["only"] or not revoke):
            yield from find_problems(deliver, arguments["has_vault_password"])
            yield from clashing_names(manifest) if any(target["format"] == "dotenv" for target in deliver) else ()

    def _prepare(self, manifest: dict[str, t.Any], arguments: dict[str, t.Any]) -> None:
        """Include the items of files if that is necessary, and make everything absent if it is to be revoked."""
        for provider in _sections(manifest):
            if arguments["include_files"] or arguments["revoke"]:
                for key in provider.manifest:
                    self._include_file(provider, manifest[provider.name], key)
            if arguments["revoke"]:
                _make_absent(provider, manifest[provider.name])

    def _load(self, given: t.Any) -> tuple[dict[str, t.Any], str, str]:
        """The manifest with Ansible's tags, its name in messages, and the directory that its paths are relative to."""
        base = self._loader.get_basedir()
        if isinstance(given, dict):
            return given, _GIVEN, base
        given = plain(given)
        if not isinstance(given, str):
            raise AccessError("manifest must be a dictionary, or the path of a YAML or JSON file")
        path = self._find_file(given, "manifest")
        try:
            # A manifest file is data, so templates in it are never evaluated. It may be encrypted with Ansible Vault.
            text = self._loader.get_text_file_contents(path)
            check_aliases(plain(text))
            manifest = self._loader.load(text, file_name=path)
            plain(manifest)  # decrypts encrypted values
        except AnsibleError as error:
            raise unreadable(path, error) from None
        except AccessError as error:
            raise AccessError(f"{path} cannot be read: {error.message}") from None
        if not isinstance(manifest, dict):
            raise AccessError(f"{path} is not a valid manifest: the top level must be a mapping of sections")
        return manifest, path, os.path.dirname(path)

    def _find_file(self, given: str, option: str) -> str:
        places = os.path.abspath(os.path.expanduser(given)), os.path.join(self._loader.get_basedir(), given)
        path = next((place for place in places if os.path.isfile(place)), None)
        if path is None:
            raise AccessError(
                f"{option} {given!r} not found. A relative path starts at the working directory or at the playbook's "
                "directory"
            )
        return path

    def _fill(self, given: dict[str, t.Any], name: str) -> dict[str, t.Any]:
        """The manifest with the variables filled if they are set and it is a file."""
        variables = self._task.args.get("variables")
        if variables is None or name == _GIVEN:
            return given
        find_file = functools.partial(self._find_file, option="variables")
        values = load_variables(variables, find_file, self._loader, self.secrets)
        return t.cast("dict[str, t.Any]", fill(given, values, name))

    def _notes(self, given: dict[str, t.Any], name: str) -> list[str]:
        """Warnings about texts in a manifest file that look as if they were replaced by something else."""
        if name == _GIVEN:
            return []
        patterns = {_LITERAL: _TEMPLATE}
        if self._task.args.get("variables") is None:
            patterns[_UNFILLED] = LIKELY_REFERENCE
        found = {note: sorted(find_places(given, pattern)) for note, pattern in patterns.items()}
        return [f"{name}: {in_one_line(places)}: {note}" for note, places in found.items() if places]

    def _wrong_items(self, provider: t.Any, section: dict[str, t.Any], check: bool, revoke: bool) -> list[str]:
        """The problems of items, before anything is provisioned. The module that provisions the items of a file reads
        it again.
        """
        problems: list[str] = []
        for key, wanted in provider.manifest.items():
            items = self._every_item(f"{provider.name}.{key}", key, wanted, section)
            if revoke:
                items = (item._replace(options={**item.options, "state": "absent"}) for item in items)
            problems += (
                wanted.check(items, Clock().now())
                if check and wanted.check
                else [item.place.prefix(item.problem) for item in items if item.problem]
            )
        return problems

    def _every_item(self, place: str, key: str, wanted: t.Any, section: dict[str, t.Any]) -> t.Iterator[Item]:
        """The items of a list that has a check, and the items of its file."""
        spec = {name: _module(wanted).options[name] for name in wanted.options}
        for index, options in enumerate(section.get(key, []) if wanted.check else ()):
            try:
                yield Item(Place(place, f"[{index}]"), options.keys(), convert_options(options, spec))
            except AccessError as error:
                yield Item(Place(place, f"[{index}]"), (), {}, error.message)
        if wanted.from_file and section.get(f"{key}_file"):
            source = f"{place}_file"
            path = f"{source}: {short_path(section[f'{key}_file'])}"
            try:
                yield from (
                    item._replace(place=Place(path, item.place.where))
                    for item in self._items(wanted, section[f"{key}_file"])
                )
            except AccessError as error:
                yield Item(Place(source), (), {}, error.message)

    def _items(self, wanted: t.Any, path: str) -> t.Iterator[Item]:
        spec = {name: _module(wanted).options[name] for name in wanted.options}
        return read_items(path, spec, lambda place: decrypt_file(self._loader, place))

    def _include_file(self, provider: t.Any, section: dict[str, t.Any], key: str) -> None:
        """Add the items of a list's file to the list."""
        wanted = provider.manifest[key]
        if REJECTS in wanted.settings:
            section.pop(REJECTS, None)
        path = section.pop(f"{key}_file", None) if wanted.from_file else None
        if path:
            section[key] = section.get(key, []) + [
                {name: item.options[name] for name in item.given} for item in self._items(wanted, path)
            ]


def _sections(manifest: dict[str, t.Any]) -> list[Platform[t.Any]]:
    """The platforms that have a section."""
    return [platform for platform in platforms() if platform.name in manifest]


def _wrong_values(manifest: dict[str, t.Any], loader: t.Any) -> list[str]:
    """The places of values that YAML or a spreadsheet has changed, or that contain invisible characters."""
    problems: list[str] = []
    for provider in platforms():
        section = manifest.get(provider.name)
        if isinstance(section, dict):
            found = list(leaves(section, _section_spec(provider), f"{provider.name}.", joint="."))
            problems += find_yaml_conversions(found, loader) + problems_in(found, show_values=False)
    return problems


def _section_spec(provider: t.Any) -> dict[str, dict[str, t.Any]]:
    """The options of a section, including those of the items in its lists."""
    spec = dict(provider.section_options())
    for key, wanted in provider.manifest.items():
        options = _module(wanted).options
        spec.update({name: options[name] for name in wanted.settings})
        own = {"name": {"type": "str"}, **provider.options} if wanted.named else {}
        spec[key] = {"type": "list", "options": {**own, **{name: options[name] for name in wanted.options}}}
    return spec


def _without_null(value: t.Any) -> t.Any:
    """A mapping without its null values."""
    return {key: inner for key, inner in value.items() if inner is not None} if isinstance(value, dict) else value


def _refuse(name: str, problems: list[str], most: int = 10) -> None:
    if problems:
        raise AccessError(f"{name} is not a valid manifest: {in_one_line(problems, most)}")


def _anchor_paths(provider: t.Any, section: dict[str, t.Any], folder: str) -> None:
    """Resolve relative paths of options and files against the manifest's directory."""
    options = {
        **provider.argument_spec(),
        **{name: _module(wanted).options[name] for wanted in provider.manifest.values() for name in wanted.settings},
    }
    paths = [name for name, option in options.items() if option["type"] == "path"]
    paths += [f"{key}_file" for key, wanted in provider.manifest.items() if wanted.from_file]
    for name in paths:
        if section.get(name):
            section[name] = os.path.join(folder, os.path.expanduser(section[name]))


def _module(wanted: t.Any) -> t.Any:
    return importlib.import_module(f"ansible_collections.mediaops.access.plugins.modules.{wanted.module}").MODULE


def _wrong_options(provider: t.Any, section: dict[str, t.Any], arguments: dict[str, t.Any]) -> list[str]:
    """The error that the modules would report for a section's connection options."""
    if not COMMON.keys() & section.keys():
        return []
    options = {name: section.get(name, arguments[name]) for name in COMMON}
    validation = ArgumentSpecValidator(COMMON).validate(
        {name: value for name, value in options.items() if value is not None}
    )
    try:
        if validation.error_messages:
            raise AccessError(validation.errors.msg)
        check_common(validation.validated_parameters)
    except AccessError as error:
        return [f"{provider.name}.{error.message}"]
    return []


def _make_absent(provider: t.Any, section: dict[str, t.Any]) -> None:
    """Make everything in a section absent; lists whose items cannot be removed are dropped. Nothing is pruned."""
    section.pop("prune", None)
    for key, wanted in provider.manifest.items():
        if not wanted.removable:
            section.pop(key, None)
        for item in section.get(key, []):
            item["state"] = "absent"


main = ActionModule.check_options  # for ansible-lint
