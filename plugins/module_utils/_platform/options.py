# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that all modules and the lookup share (interface.md, section 1)."""

from __future__ import annotations

import json
import math
import os
import typing as t
from urllib.parse import parse_qs

from ansible.module_utils.basic import env_fallback
from ansible.module_utils.common.parameters import AnsibleFallbackNotFound

from .._errors import AccessError
from .._http.proxies import proxy_passwords
from .._masking.marks import SHORTEST
from .._masking.secrets import is_short, secret_values, url_passwords
from .._masking.urls import SCHEME, holds_url, looks_like_url
from .._ratelimit.rate import Rate
from .._store import redis_url

HOME_PLACEHOLDER = "{{ ANSIBLE_HOME }}"

Options = t.Mapping[str, t.Dict[str, t.Any]]
#: A shorter key could be guessed even with slow key derivation.
_MIN_KEY_LENGTH = 16


def from_env(name: str) -> tuple[t.Any, list[str]]:
    """The ``fallback`` of an option that an environment variable can set. An empty variable counts as unset, because CI
    systems define empty ones.
    """
    return (_read_non_empty, [name])


def _read_non_empty(name: str) -> str:
    value: str = env_fallback(name)
    if not value:
        raise AnsibleFallbackNotFound
    return value


def common_options(rate_limit: str, auth_rate_limit: str) -> dict[str, dict[str, t.Any]]:
    """The argument spec that all modules share, with a platform's rate limits as defaults."""
    return {
        "validate_certs": {"type": "bool", "default": True, "fallback": from_env("MEDIAOPS_VALIDATE_CERTS")},
        "ca_path": {"type": "path", "fallback": from_env("MEDIAOPS_CA_PATH")},
        "client_cert": {"type": "path"},
        "client_key": {"type": "path", "no_log": False},
        "timeout": {"type": "float", "default": 30.0, "fallback": from_env("MEDIAOPS_TIMEOUT")},
        "retries": {"type": "int", "default": 4},
        "max_wait": {"type": "int", "default": 300},
        "rate_limit": {"type": "str", "default": rate_limit},
        "auth_rate_limit": {"type": "str", "default": auth_rate_limit},
        "token_cache": {
            "type": "str",
            "default": HOME_PLACEHOLDER + "/mediaops",
            "fallback": from_env("MEDIAOPS_TOKEN_CACHE"),
            "no_log": False,
        },
        "token_cache_key": {"type": "str", "no_log": True, "fallback": from_env("MEDIAOPS_TOKEN_CACHE_KEY")},
        "min_ttl": {"type": "int", "default": 60},
    }


def access_token_option() -> dict[str, dict[str, t.Any]]:
    """``access_token``, which a platform's modules accept instead of credentials."""
    return {"access_token": {"type": "str", "no_log": True}}


def check_common(params: dict[str, t.Any]) -> None:
    """Reject values that an argument spec cannot exclude.

    :raises AccessError: naming the option and its valid values.
    """
    if not 0 < params["timeout"] < math.inf:
        raise AccessError(f"timeout must be more than 0 seconds, not {params['timeout']:g}")
    for name in ("retries", "max_wait", "min_ttl"):
        if params[name] < 0:
            raise AccessError(f"{name} must be 0 or more, not {params[name]}")
    for name in ("rate_limit", "auth_rate_limit"):
        Rate.parse(params[name], name)
    for name in ("ca_path", "client_cert", "client_key"):
        if params[name] and not os.path.exists(params[name]):
            raise AccessError(f"{name}: {params[name]} does not exist")
    if params["client_key"] and not params["client_cert"]:
        raise AccessError("client_key requires client_cert")
    _check_token_cache(params["token_cache"] or "none", params["token_cache_key"])
    if params["token_cache_key"] and len(params["token_cache_key"]) < _MIN_KEY_LENGTH:
        raise AccessError(
            f"token_cache_key must have at least {_MIN_KEY_LENGTH} characters. Generate a random key with: openssl "
            "rand -base64 32"
        )


def _check_token_cache(location: str, key: str | None) -> None:
    """Reject a misspelt or unsupported URL: if it became a directory name, its password would be visible."""
    if location != location.strip():
        raise AccessError("token_cache: must not begin or end with whitespace")
    if not looks_like_url(location):
        if looks_like_url(os.path.expandvars(location)):
            raise AccessError(
                'token_cache: contains an environment variable with a URL. Give the URL itself, for example "{{ '
                "lookup('ansible.builtin.env', 'NAME') }}\""
            )
        return
    scheme = SCHEME.match(location)
    if scheme and scheme[1] not in redis_url.SCHEMES:
        raise AccessError(
            f"token_cache: {scheme[0]} is not supported. Use a directory, a redis:// or rediss:// URL (also "
            "+sentinel or +cluster), or none"
        )
    if not redis_url.is_valid(location):
        raise AccessError(
            f"token_cache: not a valid Redis URL. Write it as {redis_url.example(location)}, and percent-encode "
            "spaces and / ? # @ % in the password (@ as %40)"
        )
    if not key:
        raise AccessError(
            "token_cache_key (or the environment variable MEDIAOPS_TOKEN_CACHE_KEY) must be given with Redis: it "
            "encrypts the cached tokens"
        )


class SecretOptions:
    """The secrets in a module's options. Options in ``private`` may contain secrets without being secret as a whole."""

    def __init__(self, options: Options, private: t.Collection[str]) -> None:
        self._private = frozenset(private)
        self._whole = frozenset(name for name, option in options.items() if option.get("no_log")) - self._private
        candidates = {
            name: option
            for name, option in options.items()
            if name in self._private or name in self._whole or holds_url(name)
        }
        self._variables = list(env_variables(candidates).items())

    def secrets(self, params: t.Mapping[str, t.Any], environment: t.Mapping[str, t.Any]) -> list[t.Any]:
        """The secrets in the values of options and in the environment, without any text around them."""
        from_environment = ((name, environment.get(variable)) for variable, name in self._variables)
        return [
            *proxy_passwords(environment),
            *(secret for _name, secret in self._find([*params.items(), *from_environment])),
        ]

    def warnings(self, params: t.Mapping[str, t.Any]) -> list[str]:
        """A warning for each option with a secret that is too short to be masked within longer text."""
        short = [name for name, secret in self._find(params.items()) if is_short(secret)]
        return [
            f"{name}: a secret of fewer than {SHORTEST} characters is masked only if it is the entire value, not "
            "within longer text. Use a longer one"
            for name in dict.fromkeys(short)
        ]

    def _find(self, values: t.Iterable[tuple[str, t.Any]]) -> t.Iterator[tuple[str, t.Any]]:
        """Find the secrets in the values of options. Yields each with the option's name."""
        for name, value in values:
            if name in self._private:
                yield from ((name, _strip_scheme(text)) for text in secret_values(_parse_text(value)))
            elif name in self._whole:
                yield from [(name, value)] if value else []
            elif isinstance(value, str) and holds_url(name):
                yield from ((name, password) for password in url_passwords(value))


def env_variables(options: Options) -> dict[str, str]:
    """The environment variables that can set options, each with the option's name."""
    return {variable: name for name, option in options.items() for variable in option.get("fallback", (None, []))[1]}


def _parse_text(value: t.Any) -> t.Any:
    """Parse a string as JSON, otherwise as a form."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return parse_qs(value)


def _strip_scheme(value: str) -> str:
    """Remove the scheme (such as ``Bearer``) from the value of an Authorization header."""
    scheme, _space, rest = value.partition(" ")
    return rest.strip() if scheme.isalpha() and rest and " " not in rest.strip() else value


def locate_cache(params: dict[str, t.Any], ansible_home: str | None = None) -> str:
    """The location that ``token_cache`` denotes: ``none``, a URL, or an absolute directory."""
    home = ansible_home or os.environ.get("ANSIBLE_HOME") or "~/.ansible"
    location = (params["token_cache"] or "none").replace(HOME_PLACEHOLDER, home)
    return (
        location
        if location == "none" or "://" in location
        else os.path.abspath(os.path.expanduser(os.path.expandvars(location)))
    )
