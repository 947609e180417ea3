# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.module_utils._masking.marks import MASK
from ansible_collections.mediaops.access.plugins.module_utils._masking.secrets import url_passwords
from ansible_collections.mediaops.access.plugins.module_utils._masking.urls import (
    match_redis_url,
    redact_option,
    scheme_and_host,
)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://host", "redis://host"),
        ("rediss://me:pw@host.example.com:6379/0", "rediss://host.example.com"),
        ("redis://[::1]:6379?password=pw", "redis://[::1]"),
        ("redis+sentinel://:pw@a:1", "redis+sentinel://a"),
        ("redis+sentinel://:pw@a:1,b:2/service", "redis+sentinel://a,b"),
        ("rediss+cluster://me:pw@[::1]:1,b/?client_name=pw", "rediss+cluster://[::1],b"),
        ("redis+sentinel://:pw@a:1,b:2", f"redis+sentinel://{MASK}"),
        ("redis+cluster://:pw,b:2@a:1,c", "redis+cluster://a,c"),
        ("redis+cluster://:p@w,b:2@a:1,c", f"redis+cluster://{MASK}"),
        ("https://a:1,b:2", f"https://{MASK}"),
        ("redis://:p/w%41?x@y@host", f"redis://{MASK}"),
        ("redis://me:1/w@host", f"redis://{MASK}"),
        ("redis://:pw@host:port", f"redis://{MASK}"),
        ("redis:/:pw@host", MASK),
        (" redis://:pw@host", MASK),
        ("me:pw@host", MASK),
        ("pw@redis://host", MASK),
    ],
)
def test_only_scheme_and_host_are_displayed(url, shown):
    assert scheme_and_host(url) == shown


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("token_cache", "redis://:pw@host/0", "redis://host"),
        ("token_cache", "redis//:pw@host", MASK),
        ("token_cache", "/srv/me@example.com/cache", "/srv/me@example.com/cache"),
        ("token_cache", ["redis://:pw@host"], [f"redis://{MASK}@host"]),
        ("url", "https://host/path", "https://host/path"),
        ("url", "htps:/host", "htps:/host"),
        ("url", "https://u:p/w%41?x@y@host/path", f"https://{MASK}"),
        ("url", "https:/u:pw@host", MASK),
        ("auth_url", "https://u:pw@host/path", "https://host"),
        ("token_url", "https://host/path?key=pw", "https://host"),
        ("redirect_uri", "https://host/path#pw", "https://host"),
        ("name", "see https://u:p/w%41?x@y@host/", f"see https://{MASK}@host/"),
        ("profile", {"a": ["https://u:pw@host", 5, None]}, {"a": [f"https://{MASK}@host", 5, None]}),
        ("description", "me@example.com", "me@example.com"),
    ],
)
def test_options_are_displayed_without_passwords(name, value, shown):
    assert redact_option(name, value) == shown


@given(
    st.text(min_size=1, alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"])),
    st.sampled_from(
        [
            "redis://me:{}@host:6379/0",
            "redis:/:{}@host",
            " redis://:{}@host",
            "https://u:{}@h/x",
            "redis+sentinel://me:{}@a:1,b:2/service/0",
            "rediss+cluster://:{}@a:1,b:2",
        ]
    ),
)
def test_no_password_is_displayed(password, url):
    marked = f"s3cr3t{password}s3cr3t"
    written = url.format(marked)

    for name in ("token_cache", "url"):
        assert "s3cr3t" not in redact_option(name, written)
    assert marked in url_passwords(written)


@given(st.sampled_from(["redis", "redis+sentinel", "redis+cluster"]), st.text(alphabet="redis:/@?#%4 aw1[],"))
def test_redis_url_has_its_password_in_one_place(scheme, text):
    url = f"{scheme}://{text}"

    if match_redis_url(url):
        assert url.count("@") <= 1
        assert "#" not in url
        assert not scheme_and_host(url).endswith(MASK)
