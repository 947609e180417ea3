# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plays that handle canaries: secrets that can be found again wherever they show."""

from __future__ import annotations

import base64
import hashlib
import html
import importlib
import json
import pathlib
import re
import secrets
import sys
import typing as t
import unicodedata
import urllib.parse

import jwt
import yaml
from driver import ROOT, Facts, collections_path

sys.path.append(collections_path())  # for the argument specs

HERE = pathlib.Path(__file__).resolve().parent
PLUGINS = "ansible_collections.mediaops.access.plugins"
#: What URLs, JSON, HTML, Base64 and shells write in another way.
WILD = "+/%=\"'<&>\\~é!()*?#;$|[]@:,{}`^"
#: What a platform may make of a secret that it repeats.
SPELLINGS: tuple[t.Callable[[str], str], ...] = (
    lambda text: urllib.parse.quote(text, safe="!'()*"),  # as JavaScript does
    lambda text: re.sub("%..", lambda escape: escape[0].lower(), urllib.parse.quote(text, safe="")),
    lambda text: urllib.parse.quote(urllib.parse.quote_plus(text)),
    lambda text: html.escape(text).replace("&#x27;", "&apos;"),
    lambda text: "".join(char if char.isalnum() else f"&#{ord(char)};" for char in text),
    lambda text: "".join(char if char.isalnum() else f"\\u{ord(char):04x}" for char in text),
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(json.dumps(text))[1:-1],
    lambda text: unicodedata.normalize("NFD", text),
    lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    lambda text: text.encode().hex(),
    lambda text: text.encode().hex().upper(),
    lambda text: "\r\n ".join(text[start : start + 12] for start in range(0, len(text), 12)),
    lambda text: f"{text[:-5]}…",
    str.upper,
    str.title,
)
#: The values of secret options that are not strings. A new one of another type needs a line here.
SHAPES: dict[str, t.Callable[[str], t.Any]] = {
    "body": lambda canary: {"password": canary},
    "headers": lambda canary: {"X-Key": canary.replace("é", "")},
    "query": lambda canary: {"key": canary},
    "variables": lambda canary: {"key": canary},
    "applications": lambda canary: {"Tool": {"client_id": "tool", "client_secret": canary}},
    "tokens": lambda canary: {"mrm": {"access_token": canary, "expires_at": "2099-01-01T00:00:00Z"}},
}
#: Options whose names look like a secret's, and that are none. A Redis URL's password is a canary of its own.
HARMLESS = {
    "client_key",
    "postal_code",
    "token_cache",
    "token_path",
    "token_placement",
    "token_name",
    "token_prefix",
    "token_url",
    "subject_token_type",
    "requested_token_type",
    "private_key_id",
    "private_key_algorithm",
    "rotate_secret",
    "include_secrets",
    "status_code",
    "tokens",
    "has_vault_password",
}
LOOKS_SECRET = re.compile(r"secret|token|passw|key|code$|credential|cookie|jwt", re.I)
NAMES = ("flex", "freewheel", "audienceplayer", "movingimage", "oauth2", "playlyfe")
QUICK = {"retries": 0, "timeout": 5, "rate_limit": "none", "auth_rate_limit": "none"}
NOT_LIMITED = {
    f"{name}.{limit}": "none" for name in ("freewheel", "audienceplayer") for limit in ("rate_limit", "auth_rate_limit")
}


class Canaries:
    """Values that all hold one mark, each under a name."""

    def __init__(self) -> None:
        self.mark = f"s3cr3t{secrets.token_hex(5)}"
        self.values: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        # What travels in a header, or in a URL's user, takes fewer characters.
        wild = (
            ""
            if "redis" in name or "plain" in name
            else WILD.replace("é", "")
            if re.search("token|key|code|headers", name)
            else WILD
        )
        # And a dotenv file does not take both kinds of quotes.
        wild = wild.replace("'", "") if "dotenv" in name else wild
        return self.values.setdefault(name, f"{self.mark}-{len(self.values):03d}-{wild}")

    def name_of(self, text: str) -> str:
        """The canary that a text is of, as far as it can be told."""
        number = re.search(rf"{self.mark}-(\d{{3}})-", text)
        return (
            list(self.values)[int(number[1])]
            if number and int(number[1]) < len(self.values)
            else "one that the sandbox issued"
        )


def everything(kind: str) -> list[str]:
    """The names of what the collection offers."""
    folder = ROOT / kind if kind in ("roles", "playbooks") else ROOT / "plugins" / kind
    found = [
        path for path in folder.iterdir() if path.is_dir() == (kind == "roles") and path.suffix in ("", ".py", ".yml")
    ]
    return sorted(path.stem for path in found if not path.name.startswith("_"))


def specification(module: str) -> dict[str, Facts]:
    """The argument spec of a module."""
    source = importlib.import_module(f"{PLUGINS}.modules.{module}")
    if hasattr(source, "MODULE"):
        return source.MODULE.options
    return importlib.import_module(f"{PLUGINS}.action.{module}").ActionModule.spec


def secret_options(spec: dict[str, Facts]) -> list[str]:
    found = [name for name, option in spec.items() if option.get("no_log")]
    strange = [name for name in spec if name not in found and name not in HARMLESS and LOOKS_SECRET.search(name)]
    assert not strange, f"no_log is not set for {strange}: are these secrets? If not, they belong in HARMLESS"
    return found


def provider_of(module: str) -> str | None:
    return next((name for name in NAMES if module.startswith(name)), None)


def _challenge(verifier: str) -> str:
    """The S256 code challenge of a verifier (RFC 7636, section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


class Plays:
    """Makes plays and their variables. ``url`` is the sandbox's, ``closed`` a URL where nobody listens."""

    def __init__(self, canary: Canaries, url: str, closed: str, folders: dict[str, pathlib.Path]) -> None:
        self.canary = canary
        self.url = url
        self.closed = closed
        self.folders = folders
        self.good: dict[str, list[Facts]] = yaml.safe_load((HERE / "modules.yml").read_text(encoding="utf-8"))
        self.bad: dict[str, Facts] = {}
        #: How the sandbox is prepared before a play, by its name.
        self.prepare: dict[str, Facts] = {}
        self.given = self._given()

    def state(self) -> Facts:
        """The sandbox's, with canaries in place of its usual secrets."""
        canary, word = self.canary, self.canary("user_password")
        names = ("Reviewer", "Rotated", "Retired", "Kept")
        applications = [
            {
                "id": 10 + number,
                "applicationName": name,
                "description": "Tool",
                "clientId": name.lower(),
                "secret": canary(f"state.secret {name}"),
            }
            for number, name in enumerate(names)
        ]
        users = [
            {"id": 1, "email": "admin@example.com", "password": canary("admin_password"), "admin": True},
            {"id": 2, "email": "i@example.com"},
        ]
        users += [
            {"id": 1001 + number, "email": f"{name}@example.com", "password": word}
            for number, name in enumerate(("alice", "bob", "carol"))
        ]
        clients = [
            {"client_id": "222", "client_secret": canary("audienceplayer.client_secret"), "scope": "user", "user_id": 2}
        ]
        redirect = "https://client.example.com/callback"
        return {
            "flex": {"registration_key": canary("flex.registration_key"), "applications": applications},
            "freewheel": {
                "users": [
                    {"username": "mrm", "password": canary("freewheel.password")},
                    {"username": "portal", "password": canary("loop.password")},
                ],
                "clients": [{"client_id": "fw-client", "client_secret": canary("freewheel.client_secret")}],
            },
            "audienceplayer": {"clients": clients, "users": users},
            "movingimage": {
                "users": [
                    {"username": "portal", "password": canary("movingimage.password"), "video_managers": [42, 43]}
                ],
                "clients": [
                    {"client_id": "anonymous", "client_secret": None, "redirect_uris": []},
                    {
                        "client_id": "mi-client",
                        "client_secret": canary("movingimage.client_secret, plain"),
                        "redirect_uris": [redirect],
                    },
                ],
                "codes": [
                    {
                        "code": canary("movingimage.code"),
                        "client_id": "mi-client",
                        "redirect_uri": redirect,
                        "username": "portal",
                        "used": False,
                    }
                ],
            },
            "oauth2": {
                "clients": [{"client_id": "oa-client", "client_secret": canary("oauth2.client_secret")}],
                "users": [{"username": "editor", "password": canary("oauth2.password")}],
                "codes": [
                    {
                        "code": canary("oauth2.code"),
                        "client_id": "oa-client",
                        "redirect_uri": redirect,
                        "username": "editor",
                        "challenge": _challenge(canary("oauth2.code_verifier")),
                    }
                ],
                "tokens": [
                    {
                        "value": canary(f"oauth2.{kind}_token"),
                        "kind": kind,
                        "owner": "editor",
                        "issued_at": 1,
                        "expires_at": 4_000_000_000,
                        "extra": {"client_id": "oa-client", "scope": "read", "family": kind},
                    }
                    for kind in ("access", "refresh")
                ],
                "assertion_secret": canary("oauth2.assertion_secret"),
            },
            "playlyfe": {
                "clients": [
                    {
                        "client_id": "pl-client",
                        "client_secret": canary("playlyfe.client_secret"),
                        "scopes": ["runtime", "admin"],
                    }
                ]
            },
            "consul": {
                "tokens_allowed": [canary("consul.token")],
                "kv": {"flex/shared/authentication/oAuth/appRegistrationKey": canary("flex.registration_key")},
            },
        }

    def _given(self) -> Facts:
        """The variable that has all canaries: no play holds one itself, as ansible-core shows the lines around a failed task."""
        canary, url, state = self.canary, self.url, self.state()
        openid = {"url": f"{url}/movingimage", "auth_url": f"{url}/movingimage-auth", "video_manager_id": 42}
        code = {
            "client_id": "mi-client",
            "client_secret": canary("movingimage.client_secret, plain"),
            "code": canary("movingimage.code"),
        }
        login = {"username": "portal", "password": canary("movingimage.password")}
        oauth2 = {
            "url": f"{url}/oauth2/api",
            "issuer": f"{url}/oauth2",
            "client_id": "oa-client",
            "client_secret": canary("oauth2.client_secret"),
        }
        given: Facts = {
            "flex": {"url": f"{url}/flex", "registration_key": canary("flex.registration_key")},
            "flex_client": {"url": f"{url}/flex", "client_id": "kept", "client_secret": canary("state.secret Kept")},
            "freewheel": {"url": f"{url}/freewheel", **state["freewheel"]["users"][0], "auth_rate_limit": "none"},
            "freewheel_client": {
                "url": f"{url}/freewheel",
                "grant": "client_credentials",
                "token_url": f"{url}/freewheel-auth/oauth2/token",
                **state["freewheel"]["clients"][0],
            },
            "audienceplayer": {
                "url": f"{url}/audienceplayer",
                "project_id": 111,
                "client_id": "222",
                "client_secret": canary("audienceplayer.client_secret"),
            },
            "movingimage": {"url": f"{url}/movingimage", **login, "video_manager_id": 42},
            "movingimage_openid": {**openid, **login, "flow": "openid"},
            "movingimage_code": {
                **openid,
                **code,
                "flow": "authorization_code",
                "redirect_uri": "https://client.example.com/callback",
            },
            "oauth2": oauth2,
            "oauth2_post": {**oauth2, "client_auth": "client_secret_post"},
            "oauth2_jwt": {**oauth2, "client_auth": "client_secret_jwt"},
            "oauth2_user": {
                **oauth2,
                "grant": "password",
                "username": "editor",
                "password": canary("oauth2.password"),
                "parameters": {"api_key": canary("oauth2.parameter")},
            },
            "oauth2_code": {
                **oauth2,
                "grant": "authorization_code",
                "code": canary("oauth2.code"),
                "code_verifier": canary("oauth2.code_verifier"),
                "redirect_uri": "https://client.example.com/callback",
            },
            "oauth2_refresh": {**oauth2, "grant": "refresh_token", "refresh_token": canary("oauth2.refresh_token")},
            "oauth2_exchange": {**oauth2, "grant": "token_exchange", "subject_token": canary("oauth2.access_token")},
            "oauth2_assertion": {
                **oauth2,
                "grant": "jwt_bearer",
                "assertion": jwt.encode(
                    {"sub": "editor", "aud": oauth2["issuer"], "exp": 4_000_000_000, "canary": canary("oauth2.claim")},
                    canary("oauth2.assertion_secret"),
                    algorithm="HS256",
                ),
            },
            "playlyfe": {
                "url": f"{url}/playlyfe/v2",
                "auth_url": f"{url}/playlyfe-auth",
                "client_id": "pl-client",
                "client_secret": canary("playlyfe.client_secret"),
            },
            "consul": {"url": f"{url}/consul", "token": canary("consul.token")},
            "unreachable": {"url": self.closed, "auth_url": self.closed, "retries": 0},
            "redis": f"redis://:{canary('redis')}@127.0.0.1:1/0",
            "mark": canary.mark,
            "user_password": canary("user_password"),
            "vault_password": canary("vault_password"),
            "token_cache_key": canary("token_cache_key"),
            "applications": SHAPES["applications"](canary("application")),
            "tokens": SHAPES["tokens"](canary("token")),
            "dotenv": {kind: SHAPES[kind](canary(f"dotenv {kind}")) for kind in ("applications", "tokens")},
            "jwt": jwt.encode(
                {"canary": canary("free.claim")}, "a key of no value, but long enough", algorithm="HS256"
            ),
            "free": {
                name: canary(f"free.{name}")
                for name in "access_token body claim environment headers jwt key password plain query secret_id shared token unknown".split()
            },
            "lines": f" {canary('free.lines')}\n  {canary('free.line')}\n",
            "files": {"manifest": str(self.folders["inputs"] / "manifest.yml")},
            "loop": {"users": state["freewheel"]["users"], "passwords": [canary("loop.first"), canary("loop.second")]},
        }
        given["connections"] = {name: given[name] for name in NAMES}
        given["manifest"] = self._manifest(given)
        given["bad_manifest"] = self._all_secrets_of_manifests(given)
        given["invalid_manifests"] = self._invalid_manifests(given["bad_manifest"])
        for name in everything("lookup"):
            lookup = importlib.import_module(f"{PLUGINS}.lookup.{name}")
            unknown = (
                set(secret_options(lookup.MODULE.options)) - {"token", "token_cache_key"}
                if hasattr(lookup, "MODULE")
                else ()
            )
            assert not unknown, f"the lookup {name} has new secret options: {unknown}. Give them canaries in extras.yml"
        given["redis_manifest"] = {
            name: {**given["manifest"][name], "token_cache": given["redis"], "token_cache_key": canary("free.key")}
            for name in NAMES
        }
        given["environment"] = self._environment()
        return given

    # Manifests

    def _manifest(self, given: Facts) -> Facts:
        """A manifest with a little of everything."""
        places = {
            form: str(self.folders["delivered"] / f"provisioned.{form}") for form in ("json", "dotenv", "vault_yaml")
        }
        return {
            "flex": {
                **given["flex"],
                "applications": [
                    {"name": "Reviewer", "description": "Tool"},
                    {"name": "Provisioned", "description": "Tool"},
                ],
            },
            "freewheel": {
                **given["freewheel"],
                "tokens": [{"name": "mrm"}, {"name": "second", **given["loop"]["users"][1]}],
            },
            "audienceplayer": {
                **given["audienceplayer"],
                "users": [{"user_email": "vera@example.com"}],
                "entitlements": [{"user_email": "alice@example.com", "product_id": 445}],
                "prune": True,
                "prune_limit": 1000,
            },
            "movingimage": {**given["movingimage"], "tokens": [{"name": "portal"}]},
            "oauth2": {**given["oauth2"], "tokens": [{"name": "api"}]},
            "playlyfe": {**given["playlyfe"], "players": [{"id": "p2", "alias": "Player Two"}]},
            "deliver": [
                *({"dest": place, "format": form} for form, place in places.items()),
                {"format": "tasks", "file": str(self.folders["inputs"] / "deliver.yml")},
            ],
        }

    def _all_secrets_of_manifests(self, given: Facts) -> Facts:
        """A valid one with each secret that the schema knows."""
        schema = json.loads(
            (ROOT / "roles" / "provision" / "files" / "manifest.schema.json").read_text(encoding="utf-8")
        )["properties"]
        providers = importlib.import_module(f"{PLUGINS}.plugin_utils._providers").platforms()
        known = {
            "token",
            "secret_id",
            "jwt",
            *(name for provider in providers for name in secret_options(provider.argument_spec())),
        }
        unknown = [
            name
            for section in schema.values()
            for name in _names(section)
            if name not in known | HARMLESS and LOOKS_SECRET.search(name)
        ]
        assert not unknown, f"manifests take {unknown}: are these secrets?"
        url, closed = {name: self.given_url(name) for name in NAMES}, self.closed
        manifest: Facts = {}
        for name in NAMES:
            properties = schema[name]["properties"]
            section = manifest[name] = {
                key: self.canary(f"manifest {name}.{key}") for key in properties if key in known
            }
            section.update(
                {key: value for key, value in given[name].items() if key not in section}, url=url[name], retries=0
            )
            for key in [key for key in properties if properties[key].get("type") == "array"]:
                fields = properties[key]["items"]["properties"]
                item = {field: self.canary(f"manifest {name}.{key}.{field}") for field in fields if field in known}
                plain = {
                    "name": "x",
                    "description": "x",
                    "id": 7,
                    "alias": "x",
                    "user_email": "x@example.com",
                    "product_id": 444,
                }
                section[key] = [{**item, **{field: value for field, value in plain.items() if field in fields}}]
        manifest["deliver"] = [
            {"format": "vault_kv2", "url": closed, "path": "a/b", **login}
            for login in (
                {"token": self.canary("manifest deliver.token")},
                {"auth": "approle", "role_id": "x", "secret_id": self.canary("manifest deliver.secret_id")},
                {"auth": "jwt", "jwt": self.canary("manifest deliver.jwt")},
            )
        ]
        return manifest

    def given_url(self, name: str) -> str:
        return f"{self.url}/{name}" + {"playlyfe": "/v2", "oauth2": "/api"}.get(name, "")

    def _invalid_manifests(self, valid: Facts) -> list[t.Any]:
        canary = self.canary
        misspelt = {
            name: {**section, "geheim": canary("manifest misspelt")}
            for name, section in valid.items()
            if isinstance(section, dict)
        }
        wrong = {
            name: {key: [value] if canary.mark in str(value) else value for key, value in section.items()}
            for name, section in misspelt.items()
        }
        deliver = [
            {"format": "vault_kv2", "token": canary("manifest deliver.token"), "password": canary("manifest misspelt")}
        ]
        lists = {
            "freewheel": {
                "tokens": [
                    {"name": "x", "pasword": canary("manifest misspelt"), "password": {"x": canary("manifest wrong")}}
                ]
            }
        }
        (self.folders["inputs"] / "broken.yml").write_text(
            f"flex:\n  registration_key: {canary.mark}-broken\n  client_secret: [\n", encoding="utf-8"
        )
        (self.folders["inputs"] / "text.yml").write_text(f"{canary.mark}-text\n", encoding="utf-8")
        (self.folders["inputs"] / "rows.csv").write_text(
            f"user_email,password\na@example.com,{canary.mark}-rows,more\n", encoding="utf-8"
        )
        rows = {
            "audienceplayer": {**valid["audienceplayer"], "entitlements_file": str(self.folders["inputs"] / "rows.csv")}
        }
        files = [str(self.folders["inputs"] / name) for name in ("broken.yml", "text.yml")]
        return [misspelt, wrong, {"deliver": deliver}, lists, rows, [valid], *files]

    # Modules

    def _environment(self) -> Facts:
        """Every environment variable that a secret option is read from."""
        specs = [specification(module) for module in everything("modules")]
        names = {
            name
            for spec in specs
            for option in secret_options(spec)
            for name in spec[option].get("fallback", (None, []))[1]
        }
        return {name: self.canary(f"environment {name}") for name in sorted(names)}

    def _bad(self, module: str) -> Facts:
        """Arguments in which each secret option has a canary that is nobody's password. They are in the variable `bad`."""
        spec, provider = specification(module), provider_of(module)
        platforms = importlib.import_module(f"{PLUGINS}.plugin_utils._providers").platforms()
        shared = next((platform.argument_spec() for platform in platforms if platform.name == provider), {})
        values: Facts = {}
        for name in secret_options(spec):
            canary = self.canary(f"bad {provider if name in shared else module}.{name}")
            if spec[name]["type"] == "str":
                values[name] = (
                    f'{{ a(b: "{canary.replace(chr(34), "")}") }}'
                    if (module, name) == ("audienceplayer_graphql", "query")
                    else canary
                )
            else:
                assert name in SHAPES, f"{module} has a new secret option {name}: say in SHAPES what it takes"
                values[name] = SHAPES[name](canary)
        self.bad[module] = values
        first = {
            key: value for key, value in self.good[module][0].items() if key not in ("with", "keeps", "state", *values)
        }
        plain = (
            {}
            if provider is None
            else {key: value for key, value in self.given[provider].items() if key not in values and key != "url"}
        )
        return {
            **plain,
            **first,
            **({"url": self.given_url(provider)} if provider else {}),
            **{name: f"{{{{ bad.{module}.{name} }}}}" for name in values},
        }

    def good_tasks(self, modules: t.Iterable[str]) -> list[Facts]:
        """Tasks that succeed; what they return can be used afterwards."""
        tasks: list[Facts] = []
        results: list[str] = []
        for module in modules:
            for number, entry in enumerate(self.good[module]):
                connection = entry.get("with")
                arguments = (
                    {key: f"{{{{ given.{connection}.{key} }}}}" for key in self.given[connection]} if connection else {}
                )
                arguments.update({key: value for key, value in entry.items() if key not in ("with", "keeps")})
                name, done = f"{module} {number}", f"done_{module}_{number}"
                results.append(done)
                tasks.append({"name": name, f"mediaops.access.{module}": arguments, "register": done})
                if "keeps" in entry:
                    tasks.append(
                        {
                            "name": f"{name} can be used",
                            "ansible.builtin.assert": {
                                "that": [
                                    f"{done}.{entry['keeps']} is truthy",
                                    f"{done}.{entry['keeps']} is not search('[*]{{4}}|NO_LOG')",
                                ],
                                "quiet": True,
                            },
                            "when": "real",
                        }
                    )
        return [*tasks, _shown(results, "{result}.changed, {result}.token.expires_at | default('')")]

    def bad_tasks(self, modules: t.Iterable[str], variants: t.Iterable[str]) -> list[Facts]:
        """Tasks with each secret option that a module has. Most of them fail: a token module returns a token that it is given."""
        tasks: list[Facts] = []
        for module in modules:
            arguments = self._bad(module)
            provider = provider_of(module)
            made: dict[str, Facts] = {
                "token": arguments,
                "credentials": {key: value for key, value in arguments.items() if key != "access_token"},
                "unreachable": {
                    **arguments,
                    **(
                        {
                            key: self.closed
                            for key in ("url", "auth_url")
                            if key == "url" or key in specification(module)
                        }
                    ),
                },
                "unknown": {
                    **arguments,
                    "geheim": "{{ given.free.unknown }}",
                    "verborgen": {"x": ["{{ given.free.unknown }}"]},
                },
                "redis": {**arguments, "token_cache": "{{ given.redis }}"},
            }
            if provider is None:
                made = {key: made[key] for key in ("unknown", "redis")}
            for variant in variants:
                if variant in made:
                    result = f"any_{module}_{variant}"
                    tasks.append(
                        {
                            "name": f"any: {module} {variant}",
                            f"mediaops.access.{module}": made[variant],
                            "register": result,
                        }
                    )
        return [*tasks, _shown([task["register"] for task in tasks], "{result}.msg | default('')")]

    def echoes(self, without: str = "") -> dict[str, dict[str, Facts]]:
        """By kind and platform: an answer that holds the credentials that a task has, which may be without one of them."""
        found: dict[str, dict[str, Facts]] = {}
        for name in NAMES:
            module = next(module for module in everything("modules") if provider_of(module) == name)
            self._bad(module)
            values = [
                value for option, value in self.bad[module].items() if isinstance(value, str) and option != without
            ]
            encoded = [base64.b64encode(value.encode()).decode() for value in values]
            # A URL's path ends where HTML's own characters begin.
            in_path = " ".join([*values, *map(urllib.parse.quote, values), *encoded])
            everywhere = " ".join([in_path, *map(html.escape, values)])
            # Messages quote the beginning of an answer.
            spelled = [
                " ".join(spell(value) for spell in SPELLINGS[first::6] for value in values) for first in range(6)
            ]
            errors = [{"message": everywhere, "code": everywhere, "extensions": {"code": everywhere}}]
            body = {
                **dict.fromkeys(
                    ("error", "error_description", "message", "detail", "title"), f"{spelled[0]} {everywhere}"
                ),
                "errors": errors,
            }
            pages = [
                f"<html><head><title>{text} {everywhere}</title></head><body>{text} {everywhere}</body></html>"
                for text in spelled[1:3]
            ]
            fitting = {
                **{
                    key: [everywhere]
                    for key in ("access_token", "token", "id", "clientId", "expires_in", "data", "items")
                },
                "accessToken": {everywhere: 1},
            }
            headers = {
                "X-Echo": urllib.parse.quote(everywhere),
                "WWW-Authenticate": f'Bearer error="{urllib.parse.quote(everywhere)}"',
            }
            kinds: dict[str, Facts] = {
                "JSON 400": {
                    "fault": "status",
                    "status": 400,
                    "body": body,
                    "headers": {**headers, "content-type": "application/json"},
                },
                "JSON 401, cut": {
                    "fault": "status",
                    "status": 401,
                    "body": {"error_description": f"{'x' * 285} {values[0]}"},
                },
                "text 403": {
                    "fault": "status",
                    "status": 403,
                    "body": f"{spelled[3]} {everywhere}",
                    "headers": headers,
                },
                "broken JSON 400": {
                    "fault": "status",
                    "status": 400,
                    "body": f'{{"access_token": "{spelled[4]} {everywhere}',
                },
                "a page 200": {"fault": "html", "body": pages[0]},
                "a page 500": {"fault": "html", "status": 500, "body": pages[1]},
                "a redirect": {
                    "fault": "redirect",
                    "location": f"http://user:{urllib.parse.quote(in_path, safe='')}@other.example.com/{in_path}?x={in_path}",
                },
                "errors 200": {
                    "fault": "graphql_errors",
                    "errors": [{"message": spelled[5]}, *errors],
                    "data": {everywhere: None},
                },
                "what does not fit": {"fault": "status", "status": 200, "body": fitting},
            }
            for kind, fault in kinds.items():
                found.setdefault(kind, {})[name] = {"platform": name, "times": -1, **fault}
        return found

    # Plays

    def play(self, name: str, tasks: list[Facts], faults: t.Iterable[Facts] = ()) -> Facts:
        self.prepare[name] = {"state": self.state(), "faults": list(faults), "switches": NOT_LIMITED}
        return {
            "name": name,
            "hosts": "localhost",
            "gather_facts": False,
            "ignore_errors": True,
            "module_defaults": {
                "group/mediaops.access.all": {**QUICK, "token_cache_key": "{{ given.token_cache_key }}"}
            },
            "vars": {"real": "{{ not ansible_check_mode }}"},
            "tasks": tasks,
        }

    def echo_plays(self, modules: list[str]) -> list[Facts]:
        modules = [module for module in modules if provider_of(module)]
        tokens = [
            (kind, "token", faults) for kind, faults in self.echoes().items() if kind in ("JSON 400", "a redirect")
        ]
        credentials = [(kind, "credentials", faults) for kind, faults in self.echoes(without="access_token").items()]
        made = [
            (f"Echo {kind} to {variant}", self.bad_tasks(modules, [variant]), list(faults.values()))
            for kind, variant, faults in tokens + credentials
        ]
        lines = {"url": self.given_url("freewheel"), "username": "mrm", "password": "{{ given.lines }}"}
        fault = {
            "platform": "freewheel",
            "times": -1,
            "fault": "status",
            "status": 400,
            "body": f"It is wrong: {self.given['lines']}!",
        }
        made.append(
            (
                "Echo of several lines",
                [{"name": "bad: several lines", "mediaops.access.freewheel_token": lines}],
                [fault],
            )
        )
        return [self.play(*arguments) for arguments in made]

    def role_tasks(self, kinds: t.Iterable[str]) -> list[Facts]:
        """Every role, with manifests of these kinds."""
        sections = {"flex_application": "flex", **{f"{name}_access": name for name in NAMES if name != "flex"}}
        whole = ("provision", "access_report", "access_export")
        tasks = []
        for role in everything("roles"):
            assert role in (*whole, *sections), f"the role {role} is new: say here which manifest it takes"
            for kind in kinds:
                source = f"given.{kind}" if kind != "invalid_manifest" else "given.invalid_manifests[1]"
                taken = source if role in whole else f"{source}.{sections[role]}"
                taken = "given.connections" if (role, kind) == ("access_export", "manifest") else taken
                tasks += self._role(
                    role, f"{'' if kind == 'manifest' else 'any: '}the role {role} with {kind}", f"{{{{ {taken} }}}}"
                )
        return tasks

    def _role(self, role: str, name: str, manifest: str) -> list[Facts]:
        page = str(self.folders["scanned"] / "role.html")
        variables = {
            f"{role}_manifest": manifest,
            "provision_vault_password": "{{ given.vault_password }}",
            "access_report_file": page,
            "access_export_file": str(self.folders["scanned"] / "role.yml"),
            "access_export_connection": manifest,
            "provision_plan_file": str(self.folders["scanned"] / "role.md"),
        }
        include = {
            "name": name,
            "ansible.builtin.include_role": {"name": f"mediaops.access.{role}"},
            "vars": variables,
            "ignore_errors": False,
        }
        rescue = [
            {
                "name": f"{name} in parts",
                "ansible.builtin.debug": {"msg": "{{ ansible_failed_result.msg | default('') }}"},
            }
        ]
        shown = {
            "name": f"{name} has changed",
            "ansible.builtin.debug": {"msg": f"{{{{ {role}_result.changed | default('') }}}}"},
        }
        return [{"name": name, "ignore_errors": False, "block": [include, shown], "rescue": rescue}]

    def playbooks(self, names: list[str]) -> list[Facts]:
        """These playbooks, and one that fails."""
        manifest = {
            "provision_manifest": "{{ given.manifest }}",
            "provision_vault_password": "{{ given.vault_password }}",
        }
        variables: dict[str, Facts] = {
            "provision": manifest,
            "rotate": {
                **manifest,
                "provision_manifest": str(self.folders["inputs"] / "manifest.yml"),
                "rotate_overlap": True,
                "provision_variables": str(self.folders["inputs"] / "variables.yml"),
            },
            "entitlements": {
                "entitlements_file": str(self.folders["inputs"] / "entitlements.csv"),
                "audienceplayer": "{{ given.audienceplayer }}",
            },
            "demo": {
                "sandbox": self.url,
                "demo_folder": str(self.folders["delivered"]),
                "provision_vault_password": "{{ given.vault_password }}",
            },
            "report": {**manifest, "report_file": str(self.folders["scanned"] / "playbook.html")},
            "export": {
                "export_file": str(self.folders["scanned"] / "playbook.yml"),
                "export_connection": "{{ given.connections }}",
                "export_users": ["alice@example.com"],
            },
            "revoke": manifest,
        }
        missing = set(names) - set(variables)
        assert not missing, f"no canary is in {sorted(missing)}"
        variables = {
            name: {**variables[name], "provision_plan_file": str(self.folders["scanned"] / f"{name}-plan.json")}
            for name in variables
            if name in names
        }
        last = {"provision_manifest": "{{ given.bad_manifest }}"}
        for name in variables:
            play = yaml.safe_load((ROOT / "playbooks" / f"{name}.yml").read_text(encoding="utf-8"))[0]["name"]
            self.prepare[play] = {"switches": NOT_LIMITED, **({} if name == "demo" else {"state": self.state()})}
        imports = [
            {"name": name, "ansible.builtin.import_playbook": f"mediaops.access.{name}", "vars": given}
            for name, given in variables.items()
        ]
        return [
            *imports,
            {
                "name": "A manifest of wrong passwords",
                "ansible.builtin.import_playbook": "mediaops.access.provision",
                "vars": last,
            },
        ]

    def write_inputs(self) -> None:
        """The files that plays read. They hold secrets, and are not searched."""
        manifest = {**self.given["manifest"], "flex": {**self.given["manifest"]["flex"], "registration_key": "${KEY}"}}
        variables = {"KEY": self.given["flex"]["registration_key"], "UNUSED_PASSWORD": self.canary("unused variable")}
        tasks = [{"name": "Show it", "ansible.builtin.debug": {"msg": "{{ mediaops_credentials }}"}}]
        for name, content in (("manifest", manifest), ("variables", variables), ("deliver", tasks)):
            (self.folders["inputs"] / f"{name}.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
        (self.folders["inputs"] / "entitlements.csv").write_text(
            "user_email,product_id\nalice@example.com,444\n", encoding="utf-8"
        )
        old = {"applications": SHAPES["applications"](self.canary("delivered")), "tokens": {}}
        (self.folders["delivered"] / "old.json").write_text(json.dumps(old), encoding="utf-8")


def extras(background: bool) -> list[Facts]:
    """Tasks that stand in a file; those that run in the background take seconds, and are ordinary modules anyway."""
    tasks = yaml.safe_load((HERE / "extras.yml").read_text(encoding="utf-8"))
    return [task for task in tasks if background or "background" not in str(task)]


def _shown(results: list[str], expression: str) -> Facts:
    """Show the values of registered results that are not secret."""
    parts = ", ".join(f"[{expression.format(result=result)}]" for result in results)
    return {"name": "Values that are not secret can be shown", "ansible.builtin.debug": {"msg": f"{{{{ [{parts}] }}}}"}}


def _names(schema: t.Any) -> t.Iterator[str]:
    """The names of all properties of a schema."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for value in schema.values():
            yield from _names(value)
