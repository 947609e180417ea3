# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
from urllib.parse import urljoin, urlsplit

import pytest
import requests
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.module_utils._http.client import _follow_redirect
from ansible_collections.mediaops.access.plugins.module_utils._http.models import (
    Request,
    Response,
    bare_url,
    origin_of,
    root_url,
)

SETTINGS = settings(derandomize=True, deadline=None, max_examples=300)
#: Text that is likely to contain characters with a meaning in URLs.
PIECES = st.sampled_from(
    [
        "http://",
        "https://",
        "//",
        "/",
        ":",
        "@",
        "?",
        "#",
        "\\",
        ".",
        "..",
        "%2F",
        "[::1]",
        "api.example.com",
        "evil.test",
        "8443",
        "user",
        "\t",
        " ",
    ]
)
URLS = st.lists(PIECES | st.text(max_size=3), max_size=8).map("".join)
URL = "https://api.example.com/v1/items?page=1"


@SETTINGS
@given(URLS)
@example("https://user:pw@api.example.com/")
@example("http://[::1")
@example("https://api.example.com:99999")
@example("http://http://@")
def test_root_url_is_refused_or_has_only_a_host_and_path(text):
    try:
        root = root_url(text)
    except AccessError as error:
        assert "\n" not in error.message
        return
    assert root.startswith(("http://", "https://")) and not root.endswith("/")
    assert not set(root) & set("?#\\ \t\r\n") and "@" not in urlsplit(root).netloc
    assert root_url(root) == root == root_url(f"{root}/")
    assert bare_url(root).lower() == root.lower()


@SETTINGS
@given(
    st.sampled_from(["http", "https"]),
    st.sampled_from(["api.example.com", "127.0.0.1", "[::1]"]),
    st.one_of(st.none(), st.integers(1, 65535)),
    st.text("abc/-._~%20", max_size=10),
    st.text("SECRET!$&'()*+,;=", min_size=1),
)
def test_bare_url_contains_no_secret(scheme, host, port, path, secret):
    place = f"{host}:{port}" if port else host
    url = f"{scheme}://{secret}:{secret}@{place}/{path}?token={secret}#{secret}"

    assert bare_url(url) == f"{scheme}://{place}/{path}…"
    assert origin_of(url) == f"{scheme}://{place}"


@SETTINGS
@given(URLS)
@example("https://api.example.com\\@evil.test/")
@example("https://api.example.com@evil.test/")
@example("//evil.test/")
@example("/v2/items")
def test_redirect_is_followed_only_to_the_same_origin(location):
    """Both libraries agree: the one that parses the URL, and the one that opens the connection."""
    request = Request("GET", URL, headers={"Authorization": "Bearer SECRET"})
    try:
        followed = _follow_redirect(request, Response(302, {"location": location}, b"", request))
    except AccessError as error:
        assert error.status == 302 and "\n" not in error.message
        return
    sent = requests.Request("GET", followed.url).prepare().url
    assert origin_of(sent) == origin_of(followed.url) == origin_of(URL)
    assert followed == dataclasses.replace(request, url=urljoin(URL, location), query=None)


@SETTINGS
@given(st.sampled_from(["POST", "PUT", "PATCH", "DELETE"]), URLS, st.booleans())
def test_only_reads_are_redirected(method, location, repeatable):
    request = Request(method, URL, repeatable=repeatable)

    with pytest.raises(AccessError):
        _follow_redirect(request, Response(307, {"location": location}, b"", request))
