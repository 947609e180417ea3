# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that every module and the lookup take (interface.md, section 1)."""

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
from .._masking.urls import SCHEME, holds_url, is_redis_url, looks_like_url
from .._ratelimit.rate import Rate

HOME_PLACEHOLDER = "{{ ANSIBLE_HOME }}"
#: Forms of ``token_cache`` that are known and not supported yet.
_LATER = ("redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster")

Options = t.Mapping[str, t.Dict[str, t.Any]]
#: A key that is shorter could be guessed, however slow each guess is made.
_MIN_KEY_LENGTH = 16


def from_env(name: str) -> tuple[t.Any, list[str]]:
    """The ``fallback`` of an option whose value may come from the environment variable ``name``. An empty one counts as not set, as CI leaves them."""
    return (_not_empty, [name])


def _not_empty(name: str) -> str:
    value: str = env_fallback(name)
    if not value:
        raise AnsibleFallbackNotFound
    return value


def common_options(rate_limit: str, auth_rate_limit: str) -> dict[str, dict[str, t.Any]]:
    """The argument spec that all modules share, with one platform's rate limits as defaults."""
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
        "token_cache": {"type": "str", "default": HOME_PLACEHOLDER + "/mediaops", "fallback": from_env("MEDIAOPS_TOKEN_CACHE"), "no_log": False},
        "token_cache_key": {"type": "str", "no_log": True, "fallback": from_env("MEDIAOPS_TOKEN_CACHE_KEY")},
        "min_ttl": {"type": "int", "default": 60},
    }


def access_token_option() -> dict[str, dict[str, t.Any]]:
    """``access_token``, which every platform's modules take in place of credentials."""
    return {"access_token": {"type": "str", "no_log": True}}


def check_common(params: dict[str, t.Any]) -> None:
    """Refuse values that an argument spec cannot express.

    :raises AccessError: naming the option and what it takes.
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
            raise AccessError(f"{name}: there is no file {params[name]}")
    if params["client_key"] and not params["client_cert"]:
        raise AccessError("client_key needs client_cert")
    _check_token_cache(params["token_cache"] or "none", params["token_cache_key"])
    if params["token_cache_key"] and len(params["token_cache_key"]) < _MIN_KEY_LENGTH:
        raise AccessError(f"token_cache_key must have at least {_MIN_KEY_LENGTH} characters. Use a random one; 'openssl rand -base64 32' prints such a key")


def _check_token_cache(place: str, key: str | None) -> None:
    """Refuse a misspelt or unknown URL: as a directory's name it would show the password in it."""
    if place != place.strip():
        raise AccessError("token_cache: it begins or ends with a blank. Remove that")
    if not looks_like_url(place):
        if looks_like_url(os.path.expandvars(place)):
            raise AccessError("token_cache: a variable in it holds a URL. Give the URL itself, for example as \"{{ lookup('ansible.builtin.env', 'NAME') }}\"")
        return
    scheme = SCHEME.match(place)
    kinds = "Give a directory, a redis:// or rediss:// URL, or none"
    if scheme and scheme[1] in _LATER:
        raise AccessError(f"token_cache: {scheme[0]} is not supported yet. {kinds}")
    if scheme and scheme[1] not in ("redis", "rediss"):
        raise AccessError(f"token_cache: {scheme[0]} is not supported. {kinds}")
    if not is_redis_url(place):
        raise AccessError(
            "token_cache: it is not a valid URL of Redis. Write it as rediss://user:password@host:6379/0, with blanks and / ? # @ % in the password"
            " percent-encoded (@ as %40)"
        )
    if not key:
        raise AccessError("token_cache_key (or the environment variable MEDIAOPS_TOKEN_CACHE_KEY) must be given with Redis: it encrypts the tokens")


class SecretOptions:
    """The options of one module that are secret or hold secrets. ``private`` ones hold secrets, and are none as a whole."""

    def __init__(self, options: Options, private: t.Collection[str]) -> None:
        self._private = frozenset(private)
        self._whole = frozenset(name for name, option in options.items() if option.get("no_log")) - self._private
        may_be = {name: option for name, option in options.items() if name in self._private or name in self._whole or holds_url(name)}
        self._variables = list(variables(may_be).items())

    def secrets(self, given: t.Mapping[str, t.Any], environment: t.Mapping[str, t.Any]) -> list[t.Any]:
        """The secrets themselves, among the values of options and in the environment: nothing that only stands beside one."""
        own = ((name, environment.get(variable)) for variable, name in self._variables)
        return [*proxy_passwords(environment), *(secret for _name, secret in self._named([*given.items(), *own]))]

    def warnings(self, given: t.Mapping[str, t.Any]) -> list[str]:
        """A warning for each option with a secret that is too short to be masked within texts."""
        short = [name for name, secret in self._named(given.items()) if is_short(secret)]
        return [
            f"{name}: a secret of less than {SHORTEST} characters is masked only if it is a whole value, and not within texts. Use a longer one"
            for name in dict.fromkeys(short)
        ]

    def _named(self, values: t.Iterable[tuple[str, t.Any]]) -> t.Iterator[tuple[str, t.Any]]:
        """The secrets with the names of their options."""
        for name, value in values:
            if name in self._private:
                yield from ((name, _credential(text)) for text in secret_values(_parsed(value)))
            elif name in self._whole:
                yield from [(name, value)] if value else []
            elif isinstance(value, str) and holds_url(name):
                yield from ((name, password) for password in url_passwords(value))


def variables(options: Options) -> dict[str, str]:
    """The options by the environment variables that they may come from."""
    return {variable: name for name, option in options.items() for variable in option.get("fallback", (None, []))[1]}


def _parsed(value: t.Any) -> t.Any:
    """A text of JSON, or of a form, as data."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return parse_qs(value)


def _credential(value: str) -> str:
    """A secret, without the scheme (``Bearer``) that an Authorization header begins with."""
    scheme, _blank, rest = value.partition(" ")
    return rest.strip() if scheme.isalpha() and rest and " " not in rest.strip() else value


def cache_location(params: dict[str, t.Any], ansible_home: str | None = None) -> str:
    """Where ``token_cache`` points to: ``none``, a URL, or an absolute directory."""
    home = ansible_home or os.environ.get("ANSIBLE_HOME") or "~/.ansible"
    place = (params["token_cache"] or "none").replace(HOME_PLACEHOLDER, home)
    return place if place == "none" or "://" in place else os.path.abspath(os.path.expanduser(os.path.expandvars(place)))
