# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxies from environment variables."""

from __future__ import annotations

import functools
import importlib
import os
import re
import typing as t

from .._errors import AccessError, MissingLibrary
from .._masking.secrets import url_passwords

VARIABLES = tuple(
    spelled for scheme in ("http", "https", "all", "no") for spelled in (f"{scheme}_proxy", f"{scheme}_proxy".upper())
)

_PROXY = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?:[^/?#\s]*@)?(?:\[[0-9A-Fa-f:.]+\]|[^/?#@:\s\[\]]+)(?::(?P<port>[0-9]{1,5}))?(?:[/?#][^@\s]*)?"
)
_SOCKS = ("socks4", "socks4a", "socks5", "socks5h")


def proxy_passwords(environment: t.Mapping[str, t.Any]) -> list[str]:
    """The passwords in the URLs of proxies, raw and decoded."""
    return [password for name in VARIABLES for password in url_passwords(str(environment.get(name) or ""))]


def usable_proxies(requests: t.Any, url: str) -> dict[str, str]:
    """Read the proxies for ``requests`` from the environment, and validate the one for ``url`` before anything is sent.

    :raises AccessError: if the proxy cannot be used, naming the variable but not its value.
    """
    return _usable_proxies(requests, url, *map(os.environ.get, VARIABLES))


@functools.lru_cache(maxsize=64)
def _usable_proxies(requests: t.Any, url: str, *_values: str | None) -> dict[str, str]:
    """Cached by the values of the variables, because requests searches the whole environment, which takes as long as a
    small response.
    """
    proxies = {
        scheme: proxy if "://" in proxy else f"http://{proxy}"
        for scheme, proxy in requests.utils.get_environ_proxies(url).items()
    }
    proxy = requests.utils.select_proxy(url, proxies)
    if proxy:
        _check(proxy)
    return proxies


def _check(proxy: str) -> None:
    found = _PROXY.fullmatch(proxy)
    if not found or not 0 < int(found["port"] or 1) < 65536:
        raise _unusable(
            proxy,
            "it is not a valid URL. Write it as http://user:password@host:port, with / ? # and spaces in the "
            "password percent-encoded",
        )
    scheme = found["scheme"].lower()
    if scheme not in ("http", "https", *_SOCKS):
        raise _unusable(proxy, f"{scheme}:// is not supported. Use one of http, https, {', '.join(_SOCKS)}")
    if scheme in _SOCKS:
        try:
            importlib.import_module("socks")
        except ImportError:
            raise MissingLibrary("PySocks", f"for the SOCKS proxy in {_variable(proxy)}") from None


def _unusable(proxy: str, reason: str) -> AccessError:
    return AccessError(f"the proxy in {_variable(proxy)} cannot be used: {reason}")


def _variable(proxy: str) -> str:
    return next(
        (
            name
            for name in VARIABLES
            if os.environ.get(name) and proxy in (os.environ[name], f"http://{os.environ[name]}")
        ),
        "the environment",
    )
