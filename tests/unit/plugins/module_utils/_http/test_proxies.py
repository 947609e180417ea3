# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys
import types

import pytest
import requests

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError, AmbiguousWrite, MissingLibrary
from ansible_collections.mediaops.access.plugins.module_utils._http.proxies import (
    VARIABLES,
    proxy_passwords,
    usable_proxies,
)

URL = "https://api.example.com/path"
AWKWARD = "p/w%41?x@y"


def test_variables_include_both_spellings():
    assert sorted(VARIABLES) == [
        "ALL_PROXY",
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "NO_PROXY",
        "all_proxy",
        "http_proxy",
        "https_proxy",
        "no_proxy",
    ]


@pytest.mark.parametrize("variable", VARIABLES)
def test_proxy_passwords_are_returned_raw_and_decoded(variable):
    assert set(proxy_passwords({variable: "http://me:s%2Fcret@proxy:3128", "PATH": "http://me:other@host"})) == {
        "s%2Fcret",
        "s/cret",
    }
    assert set(proxy_passwords({variable: f"http://me:{AWKWARD}@proxy:3128"})) == {AWKWARD, "p/wA?x@y"}


def test_proxies_without_a_password():
    assert (
        proxy_passwords({"http_proxy": "http://proxy:3128", "no_proxy": "localhost,.example.com", "HTTPS_PROXY": None})
        == []
    )


@pytest.mark.parametrize(
    ("proxy", "used"),
    [
        ("http://proxy", "http://proxy"),
        ("HTTP://me:p%2Fw@proxy:3128/", "HTTP://me:p%2Fw@proxy:3128/"),
        ("http://me:p@ss@proxy:3128", "http://me:p@ss@proxy:3128"),
        ("https://[::1]:65535", "https://[::1]:65535"),
        ("proxy:3128", "http://proxy:3128"),
        ("me:pw@proxy:3128", "http://me:pw@proxy:3128"),
        ("127.0.0.1", "http://127.0.0.1"),
    ],
)
def test_valid_proxy_is_used_even_without_a_scheme(proxy, used, monkeypatch):
    monkeypatch.setenv("https_proxy", proxy)

    assert usable_proxies(requests, URL)["https"] == used


@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize(
    "proxy",
    [
        "http://me:s3cr3t@proxy:0",
        "http://me:s3cr3t@proxy:65536",
        "http://me:s3cr3t@proxy:123456",
        "http://me:s3cr3t@proxy:port",
        "http://me:s3cr3t@",
        "http:///me:s3cr3t@proxy:1",
        "http://me:s3cr3t/%41?x@y@proxy:3128",
        " http://me:s3cr3t@proxy:3128",
        "http://me:s3cr3t@pro xy:3128",
        "http:/me:s3cr3t@proxy",
    ],
)
def test_invalid_proxy_is_named_by_variable_without_its_value(variable, proxy, monkeypatch):
    monkeypatch.setenv(variable, proxy)

    with pytest.raises(
        AccessError,
        match=f"^the proxy in {variable} cannot be used: it is not a valid URL. Write it as http://user:password@host:port",
    ) as caught:
        usable_proxies(requests, URL)

    assert not isinstance(caught.value, AmbiguousWrite)
    assert "s3cr3t" not in caught.value.message


def test_unsupported_proxy_scheme_is_refused(monkeypatch):
    monkeypatch.setenv("https_proxy", "ftp://me:s3cr3t@proxy")

    with pytest.raises(
        AccessError,
        match=r"^the proxy in https_proxy cannot be used: ftp:// is not supported. Use one of http, https, socks4, socks4a, socks5, socks5h$",
    ):
        usable_proxies(requests, URL)


@pytest.mark.parametrize("scheme", ["socks4", "socks4a", "socks5", "socks5h", "SOCKS5"])
def test_socks_requires_its_library(scheme, monkeypatch):
    monkeypatch.setenv("ALL_PROXY", f"{scheme}://me:s3cr3t@proxy:1080")
    monkeypatch.setitem(sys.modules, "socks", None)

    with pytest.raises(
        MissingLibrary,
        match=r"^the Python library PySocks is required for the SOCKS proxy in ALL_PROXY, but .* cannot import it.* -m pip install PySocks$",
    ):
        usable_proxies(requests, URL)

    monkeypatch.setitem(sys.modules, "socks", types.ModuleType("socks"))
    assert usable_proxies(requests, URL)["all"] == f"{scheme}://me:s3cr3t@proxy:1080"


def test_only_the_selected_proxy_is_validated(monkeypatch):
    monkeypatch.setenv("http_proxy", "nonsense:port")
    monkeypatch.setenv("https_proxy", "http://proxy")
    assert usable_proxies(requests, URL)["https"] == "http://proxy"

    monkeypatch.setenv("no_proxy", ".example.com")
    monkeypatch.setenv("https_proxy", "nonsense:port")
    assert usable_proxies(requests, URL) == {}
