# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.module_utils._store.redis_url import (
    RedisURL,
    connection_options,
    example,
    is_valid,
    parse_url,
)


@pytest.mark.parametrize(
    ("url", "parsed"),
    [
        ("redis://host", RedisURL("server", (("host", 6379),), "redis://host")),
        ("rediss://u:p@[::1]:1/2?a=b", RedisURL("server", (("::1", 1),), "rediss://u:p@[::1]:1/2?a=b")),
        (
            "redis+sentinel://u:p@a:1,b,[::1]/main-1/3",
            RedisURL("sentinel", (("a", 1), ("b", 26379), ("::1", 26379)), "redis://u:p@a:1/3", "main-1"),
        ),
        (
            "rediss+sentinel://a:1/my%20service",
            RedisURL("sentinel", (("a", 1),), "rediss://a:1/", "my service"),
        ),
        (
            "redis+sentinel://:p@a:1/main?sentinel_username=u&sentinel_password=s%2Ft&client_name=c",
            RedisURL("sentinel", (("a", 1),), "redis://:p@a:1/?client_name=c", "main", ("u", "s/t")),
        ),
        (
            "redis+sentinel://:p@a:1/main?sentinel_password=",
            RedisURL("sentinel", (("a", 1),), "redis://:p@a:1/", "main", (None, None)),
        ),
        ("redis+cluster://a:1,b", RedisURL("cluster", (("a", 1), ("b", 6379)), "redis://a:1/")),
        ("rediss+cluster://:p@a:1/", RedisURL("cluster", (("a", 1),), "rediss://:p@a:1/")),
    ],
)
def test_url_is_parsed(url, parsed):
    assert parse_url(url) == parsed


@pytest.mark.parametrize(
    "url",
    [
        "redis://a:1,b:2",
        "redis://a:0",
        "redis://a:65536",
        "redis+sentinel://a:1",
        "redis+sentinel://a:1/",
        "redis+sentinel://a:1/service/x",
        "redis+sentinel://a:1,/service",
        "redis+sentinel://a:1,b:70000/service",
        "redis+sentinel://a:1;b:2/service",
        "redis+sentinel:///service",
        "redis+cluster://a:1/0",
        "redis+cluster://",
        "redis+cluster://a:1,,b:2",
        "redis+cluster://u:p@a:1,u:p@b:2",
        "redis+other://a:1",
    ],
)
def test_malformed_url_is_refused(url):
    assert not is_valid(url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis:x", "rediss://user:password@host:6379/0"),
        ("redis+sentinel://", "rediss+sentinel://user:password@host:26379,host:26379/service/0"),
        ("rediss+cluster://:x", "rediss+cluster://user:password@host:6379,host:6379"),
    ],
)
def test_example_is_of_the_kind_of_the_url_and_valid(url, shown):
    assert example(url) == shown
    assert is_valid(shown)


def test_servers_share_the_settings_of_the_url():
    assert connection_options(parse_url("redis+sentinel://u:p%2F@a:1,b/main/2?health_check_interval=5")) == {
        "username": "u",
        "password": "p/",
        "db": 2,
        "health_check_interval": 5,
    }
    assert connection_options(parse_url("rediss+cluster://:p@a:1")) == {"password": "p", "ssl": True}


names = st.from_regex(r"[A-Za-z0-9_.-]{1,20}", fullmatch=True)
hosts = st.lists(
    st.tuples(names | st.ip_addresses(v=6).map(str), st.integers(1, 65535)), min_size=1, max_size=5, unique=True
)
secret = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=4).map(lambda text: f"s3cr3t{text}")


@given(st.booleans(), hosts, secret, names, st.none() | st.integers(0, 15), st.none() | secret)
def test_every_sentinel_url_says_what_was_written(tls, hosts, password, service, database, sentinel_password):
    url = f"{'rediss' if tls else 'redis'}+sentinel://me:{quote(password, '')}@{joined(hosts)}/{service}"
    url += "" if database is None else f"/{database}"
    url += "" if sentinel_password is None else f"?sentinel_password={quote(sentinel_password, '')}"

    parsed = parse_url(url)
    options = connection_options(parsed)

    assert parsed.hosts == tuple(hosts)
    assert parsed.service == service
    assert (options["username"], options["password"], options.get("db", 0)) == ("me", password, database or 0)
    assert options.get("ssl", False) is tls
    assert parsed.sentinel_credentials == (None if sentinel_password is None else (None, sentinel_password))
    assert "s3cr3t" not in parsed.place


@given(hosts, secret)
def test_every_cluster_url_says_what_was_written(hosts, password):
    parsed = parse_url(f"redis+cluster://:{quote(password, '')}@{joined(hosts)}")

    assert (parsed.kind, parsed.hosts) == ("cluster", tuple(hosts))
    assert connection_options(parsed) == {"password": password}
    assert "s3cr3t" not in parsed.place


def joined(hosts):
    return ",".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in hosts)


@given(st.sampled_from(["redis", "redis+sentinel", "redis+cluster"]), st.text(alphabet="redis:/@?#%4 aw1[],&="))
def test_any_text_is_parsed_or_refused(scheme, text):
    url = f"{scheme}://{text}"

    if is_valid(url):
        parsed = parse_url(url)
        assert all(host and 0 < port < 65536 for host, port in parsed.hosts)
        assert bool(parsed.service) is (scheme == "redis+sentinel")
