# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that every module and the lookup take (interface.md, section 1)."""

from __future__ import annotations

import math
import os
import re
import typing as t

from ansible.module_utils.basic import env_fallback
from ansible.module_utils.common.parameters import AnsibleFallbackNotFound

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.module_utils._pacing import Rate

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
HOME_PLACEHOLDER = "{{ ANSIBLE_HOME }}"
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
    scheme = _SCHEME.match(params["token_cache"] or "")
    if scheme and scheme.group(1) not in ("redis", "rediss"):
        raise AccessError(f"token_cache: {scheme.group()} is not supported. Give a directory, a redis:// or rediss:// URL, or none")
    if scheme and not params["token_cache_key"]:
        raise AccessError("token_cache_key (or the environment variable MEDIAOPS_TOKEN_CACHE_KEY) must be given with Redis: it encrypts the tokens")
    if params["token_cache_key"] and len(params["token_cache_key"]) < _MIN_KEY_LENGTH:
        raise AccessError(f"token_cache_key must have at least {_MIN_KEY_LENGTH} characters. Use a random one; 'openssl rand -base64 32' prints such a key")


def cache_location(params: dict[str, t.Any], ansible_home: str | None = None) -> str:
    """Where ``token_cache`` points to: ``none``, a URL, or an absolute directory."""
    home = ansible_home or os.environ.get("ANSIBLE_HOME") or "~/.ansible"
    place = (params["token_cache"] or "none").replace(HOME_PLACEHOLDER, home)
    return place if place == "none" or "://" in place else os.path.abspath(os.path.expanduser(os.path.expandvars(place)))
