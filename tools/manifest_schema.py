# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generate the manifest's JSON Schema from the plugins: --write updates the file, --check fails if it is out of date.

A section has the options of its provider, and the lists that the provider's class declares; an item in a list has
options of a module.
"""

from __future__ import annotations

import importlib
import json
import pathlib
import re
import sys
import typing as t

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[1]
SCHEMA = ROOT / "roles" / "provision" / "files" / "manifest.schema.json"
PLUGINS = "ansible_collections.mediaops.access.plugins"
TYPES: dict[str, dict[str, t.Any]] = {
    # YAML reads 3.10 as 3.1 and 0123 as 83, so strings that look like numbers must be quoted; unquoted integers are
    # accepted, decimals are not.
    "str": {"type": ["string", "integer"]},
    "path": {"type": "string"},
    "int": {"type": ["integer", "string"], "pattern": "^-?[0-9]+$"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "list": {"type": ["array", "string"], "items": {"type": ["string", "integer"]}},
    "dict": {"type": "object"},
}
ID = {"type": ["integer", "string"], "minimum": 0, "pattern": "^[0-9]+$"}
DELIVER = {
    "type": "array",
    "description": "The destinations of the credentials.",
    "items": {
        "type": "object",
        "properties": {
            "dest": {
                "type": "string",
                "minLength": 1,
                "description": "The path of the file, relative to the manifest's directory, for dotenv, json and "
                "vault_yaml.",
            },
            "format": {
                "enum": ["dotenv", "vault_yaml", "json", "vault_kv2", "tasks"],
                "description": "The format: an environment file, JSON, YAML encrypted with Ansible Vault, a secret in "
                "HashiCorp Vault or OpenBao, or tasks of your own.",
            },
            "url": {
                "type": "string",
                "minLength": 1,
                "description": "The root URL of Vault or OpenBao, for vault_kv2. The default is VAULT_ADDR in the "
                "environment.",
            },
            "mount": {
                "type": "string",
                "minLength": 1,
                "description": "The mount path of the KV secrets engine (version 2), for vault_kv2. The default is "
                "secret.",
            },
            "path": {"type": "string", "minLength": 1, "description": "The path of the secret, for vault_kv2."},
            "token": {
                "type": "string",
                "minLength": 1,
                "description": "The token for Vault or OpenBao, for vault_kv2. The default is VAULT_TOKEN in the "
                "environment.",
            },
            "namespace": {
                "type": "string",
                "description": "The namespace in Vault or OpenBao, for vault_kv2. The default is VAULT_NAMESPACE in "
                "the environment.",
            },
            "auth": {
                "enum": ["token", "approle", "jwt", "kubernetes"],
                "description": "How to log in to Vault or OpenBao, for vault_kv2. The default is token.",
            },
            "role": {"type": "string", "minLength": 1, "description": "The role, for jwt and kubernetes."},
            "role_id": {"type": "string", "minLength": 1, "description": "The ID of the role, for approle."},
            "secret_id": {"type": "string", "minLength": 1, "description": "The secret ID, for approle."},
            "jwt": {
                "type": "string",
                "minLength": 1,
                "description": "The JSON Web Token, for jwt and kubernetes. The default for kubernetes is the token of "
                "the pod's service account.",
            },
            "auth_mount": {
                "type": "string",
                "minLength": 1,
                "description": "The mount path of the authentication method. The default is the value of auth.",
            },
            "file": {
                "type": "string",
                "minLength": 1,
                "description": "The path of the task file, relative to the manifest's directory, for tasks.",
            },
            "no_log": {
                "type": "boolean",
                "description": "Whether Ansible hides the output of the task file. The default is true.",
            },
        },
        "required": ["format"],
        "allOf": [
            {
                "if": {"properties": {"format": {"const": "vault_kv2"}}},
                "then": {"required": ["path"], "not": {"required": ["dest"]}},
            },
            {
                "if": {"properties": {"format": {"const": "tasks"}}},
                "then": {"required": ["file"], "not": {"required": ["dest"]}},
            },
            {
                "if": {"properties": {"format": {"enum": ["dotenv", "vault_yaml", "json"]}}},
                "then": {"required": ["dest"]},
            },
        ],
        "additionalProperties": False,
    },
}


def descriptions(place: str) -> dict[str, str]:
    """The first paragraph of each option's documentation, without Ansible's markup."""
    source = importlib.import_module(f"{PLUGINS}.{place}")
    texts = (
        [source.DOCUMENTATION]
        if hasattr(source, "DOCUMENTATION")
        else [text for name, text in vars(source.ModuleDocFragment).items() if name.isupper()]
    )
    options = {name: body for text in texts for name, body in yaml.safe_load(text).get("options", {}).items()}
    for name, body in list(options.items()):
        options |= {f"{name}.{inner}": option for inner, option in body.get("suboptions", {}).items()}
    firsts = {
        name: body["description"] if isinstance(body["description"], str) else body["description"][0]
        for name, body in options.items()
    }
    return {
        name: re.sub(r"\b(?:RV|[OVECBI])\(([^)]*)\)", r"\1", " ".join(first.split())) for name, first in firsts.items()
    }


def properties(spec: dict[str, t.Any], names: t.Iterable[str], words: dict[str, str]) -> dict[str, t.Any]:
    is_id = importlib.import_module(f"{PLUGINS}.module_utils._data.values").is_id

    def kind(name: str, option: dict[str, t.Any]) -> dict[str, t.Any]:
        if "options" in option and option["type"] == "dict":
            own = {key.removeprefix(f"{name}."): word for key, word in words.items() if key.startswith(f"{name}.")}
            inner = properties(option["options"], option["options"], own)
            return {**TYPES["dict"], "properties": inner, "additionalProperties": False}
        return (
            {"enum": option["choices"]} if "choices" in option else ID if is_id(name, option) else TYPES[option["type"]]
        )

    return {name: {**kind(name, spec[name]), "description": words[name]} for name in names}


def list_schema(provider: t.Any, wanted: t.Any, connection: dict[str, t.Any]) -> dict[str, t.Any]:
    module = importlib.import_module(f"{PLUGINS}.modules.{wanted.module}")
    words = {**descriptions("doc_fragments.token"), **descriptions(f"modules.{wanted.module}")}
    # An option that items share with the connection is documented with the module's own list of items.
    words = {**{name.partition(".")[2]: word for name, word in words.items() if "." in name}, **words}
    items = properties(module.MODULE.options, wanted.options, words)
    if wanted.named:
        name = {**TYPES["str"], "minLength": 1, "description": "The name under which the credentials are delivered."}
        items = {"name": name, **connection, **items}
    required = ["name"] if wanted.named else list(wanted.required)
    pairs = [
        {
            "oneOf": [{"required": [name]} for name in names],
            "$comment": f"exactly one of {' and '.join(names)} must be given",
        }
        for names in wanted.one_of
    ]
    rules = {**({"required": required} if required else {}), **({"allOf": pairs} if pairs else {})}
    return {"type": "array", "items": {"type": "object", "properties": items, "additionalProperties": False, **rules}}


def setting_schemas(wanted: t.Any) -> dict[str, t.Any]:
    module = importlib.import_module(f"{PLUGINS}.modules.{wanted.module}")
    return properties(module.MODULE.options, wanted.settings, descriptions(f"modules.{wanted.module}"))


def prune_schemas(provider: t.Any) -> dict[str, t.Any]:
    removed = [wanted.prunes for wanted in provider.manifest.values() if wanted.prunes]
    if not removed:
        return {}
    options = importlib.import_module(f"{PLUGINS}.module_utils._platform.declaration").PRUNE_OPTIONS
    return {
        "prune": {**TYPES["bool"], "description": f"Whether to remove {' and '.join(removed)}."},
        "prune_limit": {
            **ID,  # a count has the same values
            "description": "The maximum number of removals by prune. If there are more, nothing in the section is "
            f"changed. The default is {options['prune_limit']['default']}.",
        },
    }


def section(provider: t.Any) -> dict[str, t.Any]:
    words = {**descriptions("doc_fragments.common"), **descriptions(f"doc_fragments.{provider.name}")}
    spec = provider.argument_spec()
    lists = {
        name: list_schema(provider, wanted, properties(provider.options, provider.options, words))
        for name, wanted in provider.manifest.items()
    }
    settings = {
        name: schema for wanted in provider.manifest.values() for name, schema in setting_schemas(wanted).items()
    }
    files = {
        f"{name}_file": {
            "type": "string",
            "minLength": 1,
            "description": f"The path of a CSV, JSON, JSON Lines or YAML file with more {name}, relative to the "
            "manifest's directory.",
        }
        for name, wanted in provider.manifest.items()
        if wanted.from_file
    }
    return {
        "type": "object",
        "description": f"Access to {provider.title}.",
        "properties": {**properties(spec, spec, words), **lists, **files, **settings, **prune_schemas(provider)},
        "additionalProperties": False,
    }


def render() -> str:
    platforms = importlib.import_module(f"{PLUGINS}.plugin_utils._providers").platforms
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Manifest of mediaops.access.provision",
        "type": "object",
        "properties": {**{platform.name: section(platform) for platform in platforms()}, "deliver": DELIVER},
        "additionalProperties": False,
    }
    return json.dumps(schema, indent=2) + "\n"


def main() -> None:
    wanted = render()
    if sys.argv[1:] == ["--write"]:
        SCHEMA.parent.mkdir(parents=True, exist_ok=True)
        SCHEMA.write_text(wanted, encoding="utf-8")
    elif sys.argv[1:] == ["--check"]:
        if not SCHEMA.exists() or SCHEMA.read_text(encoding="utf-8") != wanted:
            sys.exit("roles/provision/files/manifest.schema.json differs from the plugins; run: make format")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
