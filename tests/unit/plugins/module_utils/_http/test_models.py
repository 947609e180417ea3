# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.module_utils._http.models import (
    Request,
    Response,
    bare_url,
    origin_of,
    root_url,
)

READ = Request("GET", "https://api.example.com/v1/items")
SECRET = "s3cr3t"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://host", "https://host"),
        ("https://host/", "https://host"),
        ("http://host:18101/api//", "http://host:18101/api"),
        ("HTTPS://Host/Path", "HTTPS://Host/Path"),
        ("http://[::1]:80/", "http://[::1]:80"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1"),
    ],
)
def test_root_url_loses_its_trailing_slash(url, expected):
    assert root_url(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        *"host host:80 //host https:// https:///path ftp://host file:///etc https://host:port https://host:0".split(),
        *"https://host:65536 https://[::1 http://:80".split(),
        *("", "https://ho st", "https://host\\path", "https://host\n/"),
    ],
)
def test_invalid_root_url_is_refused(url):
    with pytest.raises(AccessError, match=r"^auth_url must be a URL such as"):
        root_url(url, "auth_url")


@pytest.mark.parametrize(
    "url",
    f"https://{SECRET}@host https://me:{SECRET}@host/ https://@host https://host/?key={SECRET} https://host#{SECRET} https://host/? https://host#".split(),
)
def test_root_url_with_credentials_or_query_is_refused(url):
    with pytest.raises(AccessError, match=r"^url must not contain a user, password, query or fragment") as caught:
        root_url(url)

    assert SECRET not in caught.value.message


def test_origin_and_bare_url():
    url = f"HTTPS://me:{SECRET}@Host:8443/Path;p=1?q={SECRET}#{SECRET}"

    assert origin_of(url) == "https://host:8443"
    assert bare_url(url) == "https://host:8443/Path;p=1…"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b" \n", "an empty body"),
        (b"<!DOCTYPE html><p>", "an HTML page"),
        (b"\n <HTML>", "an HTML page"),
        (b"<?xml?><oauth/>", "XML"),
        (b'{"a": ', "broken JSON"),
        (b"[1,", "broken JSON"),
        (b"Bad Gateway", "text that is not JSON"),
    ],
)
def test_unexpected_body_is_described(body, kind):
    assert Response(200, {}, body, READ).kind == kind


@pytest.mark.parametrize(
    ("body", "data"), [(b"", None), (b" \n", None), (b'{"a": "\xc3\xa4"}', {"a": "ä"}), (b"null", None), (b"0", 0)]
)
def test_json_body_is_parsed(body, data):
    assert Response(200, {}, body, READ).json() == data


@pytest.mark.parametrize("body", [b"<html>", b"{", b"\xff\xfe\xfd"], ids=["HTML", "truncated", "no text"])
def test_invalid_json_body_is_a_value_error(body):
    with pytest.raises(ValueError):
        Response(200, {}, body, READ).json()
