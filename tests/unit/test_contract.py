# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract with the users: names, types, defaults and environment variables, as they were promised.

The tables below are the promise. Options and results may be added to a plugin; none of these may change or go.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import importlib
import pathlib
import re
import typing as t

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.loader import fragment_loader
from ansible.utils.plugin_docs import get_docstring

from ansible_collections.mediaops.access.plugins.plugin_utils._action import InProcessAction

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "plugins"
PACKAGE = "ansible_collections.mediaops.access.plugins"


@dataclasses.dataclass(frozen=True)
class Option:
    type: str = "str"
    default: t.Any = None
    env: str | None = None
    choices: tuple[str, ...] | None = None
    secret: bool | None = False  # None: left open
    required: bool | None = False


STATE = {"state": Option(default="present", choices=("present", "absent"))}
TOKEN = {**STATE, "force": Option("bool", False)}
REQUEST = {
    "path": Option(required=None),
    "method": Option(default="GET", choices=("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")),
    "query": Option("dict", secret=None),
    "body": Option("raw", secret=None),
    "headers": Option("dict", secret=None),
    "status_code": Option("list"),
}

COMMON = {
    "validate_certs": Option("bool", True, "MEDIAOPS_VALIDATE_CERTS"),
    "ca_path": Option("path", None, "MEDIAOPS_CA_PATH"),
    "client_cert": Option("path"),
    "client_key": Option("path"),
    "timeout": Option("float", 30.0, "MEDIAOPS_TIMEOUT"),
    "retries": Option("int", 4),
    "max_wait": Option("int", 300),
    "rate_limit": Option(default="none"),
    "auth_rate_limit": Option(default="none"),
    "token_cache": Option(default="{{ ANSIBLE_HOME }}/mediaops", env="MEDIAOPS_TOKEN_CACHE"),
    "token_cache_key": Option(env="MEDIAOPS_TOKEN_CACHE_KEY", secret=True),
    "min_ttl": Option("int", 60),
    "access_token": Option(secret=True),
}

PROVIDERS: dict[str, dict[str, Option]] = {
    "flex": {
        "url": Option(env="FLEX_URL"),
        "registration_key": Option(env="FLEX_REGISTRATION_KEY", secret=True),
        "client_id": Option(env="FLEX_CLIENT_ID"),
        "client_secret": Option(env="FLEX_CLIENT_SECRET", secret=True),
        "token_path": Option(default="/oauth/token"),
    },
    "freewheel": {
        "url": Option(default="https://api.freewheel.tv", env="FREEWHEEL_URL"),
        "grant": Option(default="password", choices=("password", "client_credentials")),
        "client_id": Option(env="FREEWHEEL_CLIENT_ID"),
        "client_secret": Option(env="FREEWHEEL_CLIENT_SECRET", secret=True),
        "token_url": Option(default="https://token.apiaccess.freewheel.tv/oauth2/token"),
        "username": Option(env="FREEWHEEL_USERNAME"),
        "password": Option(env="FREEWHEEL_PASSWORD", secret=True),
        "accept": Option(default="json", choices=("json", "xml")),
        "rate_limit": Option(default="20/second"),
        "auth_rate_limit": Option(default="3/second"),
    },
    "audienceplayer": {
        "url": Option(default="https://api.audienceplayer.com", env="AUDIENCEPLAYER_URL"),
        "project_id": Option("int", env="AUDIENCEPLAYER_PROJECT_ID"),
        "client_id": Option(env="AUDIENCEPLAYER_CLIENT_ID"),
        "client_secret": Option(env="AUDIENCEPLAYER_CLIENT_SECRET", secret=True),
        "forwarded_for": Option(),
        "rate_limit": Option(default="120/minute"),
        "auth_rate_limit": Option(default="20/minute"),
    },
    "movingimage": {
        "url": Option(default="https://api.video-cdn.net", env="MOVINGIMAGE_URL"),
        "username": Option(env="MOVINGIMAGE_USERNAME"),
        "password": Option(env="MOVINGIMAGE_PASSWORD", secret=True),
        "video_manager_id": Option("int"),
        "flow": Option(default="login", choices=("login", "openid", "authorization_code")),
        "auth_url": Option(),
        "client_id": Option(),
        "client_secret": Option(secret=True),
        "code": Option(secret=True),
        "redirect_uri": Option(),
    },
    "oauth2": {
        "url": Option(env="OAUTH2_URL"),
        "issuer": Option(env="OAUTH2_ISSUER"),
        "token_url": Option(env="OAUTH2_TOKEN_URL"),
        "revocation_url": Option(),
        "introspection_url": Option(),
        "grant": Option(
            default="client_credentials",
            choices=(
                "client_credentials",
                "password",
                "refresh_token",
                "authorization_code",
                "jwt_bearer",
                "token_exchange",
            ),
        ),
        "client_id": Option(env="OAUTH2_CLIENT_ID"),
        "client_secret": Option(env="OAUTH2_CLIENT_SECRET", secret=True),
        "client_auth": Option(
            choices=(
                "client_secret_basic",
                "client_secret_post",
                "client_secret_jwt",
                "private_key_jwt",
                "tls_client_auth",
                "none",
            )
        ),
        "private_key": Option(secret=True),
        "private_key_id": Option(),
        "private_key_algorithm": Option(
            default="RS256",
            choices=("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"),
        ),
        "username": Option(env="OAUTH2_USERNAME"),
        "password": Option(env="OAUTH2_PASSWORD", secret=True),
        "refresh_token": Option(secret=True),
        "code": Option(secret=True),
        "redirect_uri": Option(),
        "code_verifier": Option(secret=True),
        "assertion": Option(secret=True),
        "subject_token": Option(secret=True),
        "subject_token_type": Option(default="urn:ietf:params:oauth:token-type:access_token"),
        "requested_token_type": Option(),
        "scope": Option("list"),
        "audience": Option(),
        "resource": Option("list"),
        "parameters": Option("dict", secret=None),
        "request_format": Option(default="form", choices=("form", "json", "query")),
        "fields": Option("dict"),
        "token_placement": Option(default="header", choices=("header", "query")),
        "token_name": Option(),
        "token_prefix": Option(default="Bearer"),
    },
    "playlyfe": {
        "url": Option(default="https://api.playlyfe.com/v2", env="PLAYLYFE_URL"),
        "auth_url": Option(default="https://playlyfe.com", env="PLAYLYFE_AUTH_URL"),
        "client_id": Option(env="PLAYLYFE_CLIENT_ID"),
        "client_secret": Option(env="PLAYLYFE_CLIENT_SECRET", secret=True),
        "token_placement": Option(default="query", choices=("query", "header")),
    },
}

ENTITLEMENT = {
    "product_id": Option("int"),
    "subscription_id": Option("int"),
    "user_id": Option("int"),
    "user_email": Option(),
    "auto_register": Option("bool", False),
    "expires_at": Option(),
    **STATE,
}

AUDIENCEPLAYER_GRANT = {
    "scope": Option(default="user", choices=("user", "admin")),
    "grant": Option(default="client", choices=("client", "password")),
    "email": Option(),
    "password": Option(secret=True),
    "user_id": Option("int"),
    "user_email": Option(),
    "auto_register": Option("bool", False),
}

MODULES: dict[str, dict[str, Option]] = {
    "flex_oauth_app": {
        "name": Option(),
        "description": Option(),
        "id": Option("int"),
        **STATE,
        "rotate_secret": Option("bool", False),
    },
    "flex_oauth_app_info": {"name": Option(), "id": Option("int"), "include_secrets": Option("bool", False)},
    "flex_token": TOKEN,
    "flex_api": {**REQUEST, "act_as_user_id": Option()},
    "freewheel_token": {**TOKEN, "verify": Option("bool", False)},
    "freewheel_token_info": {},
    "freewheel_api": REQUEST,
    "audienceplayer_token": {**TOKEN, **AUDIENCEPLAYER_GRANT},
    "audienceplayer_user": {
        "user_email": Option(required=None),
        "user_name": Option(),
        "user_locale": Option(),
        "profile": Option("dict"),
        "state": Option(default="present", choices=("present",)),
    },
    "audienceplayer_catalog_info": {"title": Option()},
    "audienceplayer_entitlement": {
        **ENTITLEMENT,
        "entitlements": Option("list"),
        "read_before_write": Option("bool", True),
        "read_with": Option(default="auto", choices=("auto", "user", "client")),
        "batch_size": Option("int", 20),
    },
    "audienceplayer_entitlement_info": {"user_id": Option("int"), "user_email": Option()},
    "audienceplayer_graphql": {
        **AUDIENCEPLAYER_GRANT,
        "query": Option(secret=None, required=None),
        "variables": Option("dict", secret=None),
    },
    "movingimage_token": TOKEN,
    "movingimage_video_manager_info": {},
    "movingimage_api": REQUEST,
    "oauth2_token": {**TOKEN, "verify": Option("bool", False)},
    "oauth2_token_info": {},
    "oauth2_api": REQUEST,
    "playlyfe_token": TOKEN,
    "playlyfe_player": {"id": Option(required=None), "alias": Option(), "email": Option(), **STATE},
    "playlyfe_player_info": {"id": Option()},
    "playlyfe_api": REQUEST,
    "token_cache": {
        "provider": Option(),
        "state": Option(default="absent", choices=("absent",)),
        "revoke": Option("bool", False),
    },
    "token_cache_info": {"provider": Option()},
}

#: What the modules return, each with the keys of a dict (or of a list's items).
TOKEN_KEYS = ("access_token", "token_type", "expires_at", "expires_in", "cached")
APPLICATION_KEYS = ("id", "name", "description", "client_id", "client_secret")
ANSWER: dict[str, tuple[str, ...]] = {"status": (), "json": (), "content": (), "headers": ()}
RESULTS: dict[str, dict[str, tuple[str, ...]]] = {
    "flex_oauth_app": {"application": APPLICATION_KEYS},
    "flex_oauth_app_info": {"applications": APPLICATION_KEYS},
    "flex_token": {"token": (*TOKEN_KEYS, "scope")},
    "flex_api": ANSWER,
    "freewheel_token": {"token": TOKEN_KEYS},
    "freewheel_token_info": {"token_info": ("valid", "user_id", "created_at", "expires_in", "expires_at")},
    "freewheel_api": ANSWER,
    "audienceplayer_token": {"token": TOKEN_KEYS, "user": ("id", "email")},
    "audienceplayer_user": {"user": ("id", "email", "name", "profile")},
    "audienceplayer_catalog_info": {"products": ("id", "title"), "subscriptions": ("id", "title")},
    "audienceplayer_entitlement": {
        "entitlements": ("changed", "failed", "msg"),
        "summary": ("total", "changed", "unchanged", "failed"),
    },
    "audienceplayer_entitlement_info": {
        "products": ("product_id", "is_fulfilled", "expires_at"),
        "subscriptions": ("subscription_id", "expires_at", "is_valid"),
    },
    "audienceplayer_graphql": {"data": ()},
    "movingimage_token": {
        "token": (*TOKEN_KEYS, "refresh_token", "refresh_expires_at", "video_managers", "valid_for_video_manager")
    },
    "movingimage_video_manager_info": {"video_managers": ("id", "name")},
    "movingimage_api": ANSWER,
    "oauth2_token": {"token": (*TOKEN_KEYS, "refresh_token", "refresh_expires_at", "scope")},
    "oauth2_token_info": {"token_info": ("valid", "scope", "client_id", "username", "expires_in", "expires_at")},
    "oauth2_api": ANSWER,
    "playlyfe_token": {"token": TOKEN_KEYS},
    "playlyfe_player": {"player": ()},
    "playlyfe_player_info": {"players": ()},
    "playlyfe_api": ANSWER,
    "token_cache": {"removed": ()},
    "token_cache_info": {"tokens": ("provider", "url", "principal", "expires_at")},
}

FILTERS = ("auth_header", "jwt_claims", "audienceplayer_login_url", "audienceplayer_webhook_url")


def files_in(*folders: str) -> list[pathlib.Path]:
    return [path for folder in folders for path in sorted((PLUGINS / folder).glob("*.py"))]


def label(path: pathlib.Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def names_in(folder: str) -> list[str]:
    return sorted(path.stem for path in (PLUGINS / folder).glob("[!_]*") if path.suffix == ".py" or path.is_dir())


#: What there is, the contract's and what was added.
ALL_MODULES = names_in("modules")
OTHERS = [("lookup", name) for name in names_in("lookup")] + [("filter", name) for name in names_in("filter")]

every_module = pytest.mark.parametrize("name", ALL_MODULES)
every_promised_module = pytest.mark.parametrize("name", MODULES)


def provider_of(module: str) -> str | None:
    name = module.partition("_")[0]
    return name if name in PROVIDERS else None


def promised(module: str) -> dict[str, Option]:
    provider = provider_of(module)
    connection = PROVIDERS[provider] if provider else {}
    return {
        **{name: option for name, option in COMMON.items() if provider or name != "access_token"},
        **connection,
        **MODULES[module],
    }


def plugin(kind: str, name: str) -> t.Any:
    return importlib.import_module(f"{PACKAGE}.{kind}.{name}")


def spec(module: str) -> dict[str, dict[str, t.Any]]:
    """The argument spec: the module's, or that of an action that takes its place."""
    found = getattr(plugin("modules", module), "MODULE", None)
    return found.options if found else plugin("action", module).ActionModule.spec


@functools.cache
def documented(kind: str, name: str) -> tuple[dict[str, t.Any], str, dict[str, t.Any]]:
    """Documentation with its fragments, examples and results, as ansible-doc reads them."""
    path = str(PLUGINS / ("modules" if kind == "module" else kind) / f"{name}.py")
    doc, examples, results, _metadata = get_docstring(
        path, fragment_loader, is_module=kind == "module", collection_name="mediaops.access", plugin_type=kind
    )
    return doc, examples, results


def words_of(option: dict[str, t.Any]) -> str:
    text = option["description"]
    return text if isinstance(text, str) else " ".join(text)


# --- what there is -----------------------------------------------------------------------------------------------------


def test_every_plugin_of_the_contract_exists():
    assert set(MODULES) <= set(ALL_MODULES)
    assert set(FILTERS) <= set(names_in("filter"))
    assert "token" in names_in("lookup")
    assert "access_statistics" in names_in("callback")
    assert names_in("module_utils/_providers") == sorted(PROVIDERS)


# --- options -----------------------------------------------------------------------------------------------------------


def facts(
    module: str, entries: dict[str, dict[str, t.Any]], env: t.Callable[[dict[str, t.Any], Option], str | None]
) -> dict[str, Option]:
    """The promised options as the argument spec, or the documentation, has them. What the promise leaves open agrees with it."""
    return {
        name: dataclasses.replace(
            option,
            type=entries[name].get("type", "str"),
            default=entries[name].get("default"),
            choices=tuple(entries[name]["choices"]) if "choices" in entries[name] else None,
            env=env(entries[name], option),
            required=option.required if option.required is None else bool(entries[name].get("required")),
        )
        for name, option in promised(module).items()
        if name in entries
    }


@every_promised_module
def test_the_argument_spec_keeps_the_promise(name):
    assert facts(
        name, spec(name), lambda entry, _option: entry["fallback"][1][0] if "fallback" in entry else None
    ) == promised(name)


@every_promised_module
def test_the_documentation_keeps_the_promise(name):
    documentation = documented("module", name)[0]["options"]

    assert facts(
        name, documentation, lambda entry, option: option.env if f"E({option.env})" in words_of(entry) else None
    ) == promised(name)


@every_promised_module
def test_secrets_are_kept_out_of_logs(name):
    secrecy = {option: bool(entry.get("no_log")) for option, entry in spec(name).items()}

    assert {option: secrecy[option] for option in promised(name)} == {
        name: secrecy[name] if option.secret is None else option.secret for name, option in promised(name).items()
    }


@every_module
def test_every_option_is_documented_and_every_documented_option_exists(name):
    doc = documented("module", name)[0]

    assert doc["options"].keys() == spec(name).keys()
    for option, entry in spec(name).items():
        assert doc["options"][option].get("suboptions", {}).keys() == entry.get("options", {}).keys()


@every_module
def test_every_option_whose_name_sounds_secret_says_whether_it_is(name):
    sounding = [option for option in spec(name) if re.search("pass|secret|token|key|credential", option)]

    assert [option for option in sounding if "no_log" not in spec(name)[option]] == []


def test_the_items_of_a_list_of_entitlements_take_the_options_of_one():
    entry = spec("audienceplayer_entitlement")["entitlements"]
    described = documented("module", "audienceplayer_entitlement")[0]["options"]["entitlements"]

    assert entry["elements"] == described["elements"] == "dict"
    for name, option in ENTITLEMENT.items():
        for place in (entry["options"][name], described["suboptions"][name]):
            assert (place["type"], place.get("default"), tuple(place.get("choices", ()))) == (
                option.type,
                option.default,
                option.choices or (),
            )


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_lookup_takes_the_options_of_the_providers_token_module(provider):
    from ansible_collections.mediaops.access.plugins.lookup.token import _token_module

    assert _token_module(provider) is plugin("modules", f"{provider}_token").MODULE


def test_the_lookups_outputs():
    output = documented("lookup", "token")[0]["options"]["output"]

    assert (output["choices"], output["default"]) == (["token", "header", "full"], "token")


# --- modules as Ansible sees them --------------------------------------------------------------------------------------


@every_promised_module
def test_an_action_plugin_runs_the_module_in_process(name):
    action = plugin("action", name).ActionModule

    assert issubclass(action, InProcessAction)
    assert action.module is plugin("modules", name).MODULE


@every_module
def test_the_attributes_are_documented(name):
    attributes = documented("module", name)[0]["attributes"]
    provider = provider_of(name)

    assert {"check_mode", "diff_mode", "idempotent", "action_group"} <= attributes.keys()
    assert attributes["check_mode"]["support"] == "full"
    assert attributes["action_group"]["membership"] == [
        "mediaops.access.all",
        *([f"mediaops.access.{provider}"] if provider else []),
    ]


def test_the_action_groups_are_one_per_provider_and_all():
    groups = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["action_groups"]

    assert groups == {
        "all": ALL_MODULES,
        **{provider: [name for name in ALL_MODULES if provider_of(name) == provider] for provider in PROVIDERS},
    }


@every_promised_module
def test_the_promised_results_are_documented(name):
    results = documented("module", name)[2]

    for key, parts in RESULTS[name].items():
        assert set(parts) <= results[key].get("contains", {}).keys()


@pytest.mark.parametrize(("kind", "name"), [("module", name) for name in ALL_MODULES] + OTHERS)
def test_every_result_has_a_sample(kind, name):
    assert list(without_sample(documented(kind, name)[2])) == []


def without_sample(results: dict[str, t.Any], place: str = "") -> t.Iterator[str]:
    for key, result in results.items():
        if result.get("contains"):
            yield from without_sample(result["contains"], f"{place}{key}.")
        elif "sample" not in result:
            yield f"{place}{key}"


# --- examples ----------------------------------------------------------------------------------------------------------


def tasks_in(tasks: list[dict[str, t.Any]]) -> t.Iterator[dict[str, t.Any]]:
    for task in tasks:
        yield task
        yield from tasks_in(task.get("block", []))


@every_module
def test_the_examples_use_the_options_that_there_are(name):
    tasks = list(tasks_in(yaml.safe_load(documented("module", name)[1])))
    own = [
        (key.rpartition(".")[2], arguments)
        for task in tasks
        for key, arguments in task.items()
        if key.startswith("mediaops.access.")
    ]
    shared = [
        (key.rpartition(".")[2], defaults)
        for task in tasks
        for key, defaults in task.get("module_defaults", {}).items()
    ]

    assert all(task.get("name") for task in tasks)
    assert [module for module, _arguments in own].count(
        name
    ) > 1  # uses, so that a reader sees what differs between them
    for module, arguments in own:
        assert ArgumentSpecValidator(spec(module)).validate(arguments or {}).error_messages == []
    for group, defaults in shared:
        for module in (module for module in ALL_MODULES if provider_of(module) == group):
            assert defaults.keys() <= spec(module).keys()


@pytest.mark.parametrize(("kind", "name"), OTHERS)
def test_the_examples_of_lookups_and_filters_use_them(kind, name):
    doc, examples, results = documented(kind, name)

    assert f"mediaops.access.{name}" in str(yaml.safe_load(examples))
    assert doc["options"] and results


def test_the_callbacks_file():
    doc, _examples, _results = documented("callback", "access_statistics")

    assert [variable["name"] for variable in doc["options"]["statistics_file"]["env"]] == ["MEDIAOPS_STATISTICS_FILE"]


@pytest.mark.parametrize("path", files_in("doc_fragments", "filter", "lookup", "modules"), ids=label)
def test_what_documentation_names_exists(path):
    there = {
        *ALL_MODULES,
        *(name for _kind, name in OTHERS),
        *PROVIDERS,
        "all",
        *names_in("doc_fragments"),
        *(role.name for role in ROOT.glob("roles/*")),
    }
    named = re.findall(r"\bmediaops\.access\.([a-z0-9_]+)", re.sub(r"ansible_collections\.\S+", "", path.read_text()))

    assert set(named) <= there


# --- how it is built ---------------------------------------------------------------------------------------------------


@every_module
def test_a_module_is_documentation_and_about_thirty_lines(name):
    text = (PLUGINS / "modules" / f"{name}.py").read_text()
    body = ast.parse(text).body
    start = next(
        i
        for i, node in enumerate(body)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "RETURN"
    )
    boilerplate = (ast.Import, ast.ImportFrom, ast.If)
    logic = [
        node for node in body[start + 1 :] if not isinstance(node, boilerplate) and getattr(node, "name", "") != "main"
    ]
    lines = [line for node in logic for line in text.splitlines()[node.lineno - 1 : node.end_lineno] if line.strip()]

    assert len(lines) <= 30


@pytest.mark.parametrize("path", files_in("module_utils", "plugin_utils"), ids=label)
def test_shared_code_names_no_provider(path):
    assert re.findall("|".join(PROVIDERS), path.read_text(), re.IGNORECASE) == []


def test_the_lookup_decides_nothing_by_a_providers_name():
    """Its documentation and one message name some as examples."""
    nodes = list(ast.walk(ast.parse((PLUGINS / "lookup" / "token.py").read_text())))
    strings = [node.value for node in nodes if isinstance(node, ast.Constant)]
    names = [node.id for node in nodes if isinstance(node, ast.Name)] + [
        node.name for node in nodes if isinstance(node, ast.alias)
    ]

    assert not [string for string in strings if string in PROVIDERS]
    assert not [name for name in names if any(provider in name.lower() for provider in PROVIDERS)]
