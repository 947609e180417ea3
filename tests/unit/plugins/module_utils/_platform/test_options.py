# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import math
import os

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.module_utils._platform.options import (
    access_token_option,
    check_common,
    common_options,
    from_env,
    locate_cache,
)

SPEC = common_options("20/second", "3/second")


def params(**given):
    return {**{name: option.get("default") for name, option in SPEC.items()}, **given}


@pytest.mark.parametrize(
    ("name", "kind", "default", "variable"),
    [
        ("validate_certs", "bool", True, "MEDIAOPS_VALIDATE_CERTS"),
        ("ca_path", "path", None, "MEDIAOPS_CA_PATH"),
        ("client_cert", "path", None, None),
        ("client_key", "path", None, None),
        ("timeout", "float", 30, "MEDIAOPS_TIMEOUT"),
        ("retries", "int", 4, None),
        ("max_wait", "int", 300, None),
        ("rate_limit", "str", "20/second", None),
        ("auth_rate_limit", "str", "3/second", None),
        ("token_cache", "str", "{{ ANSIBLE_HOME }}/mediaops", "MEDIAOPS_TOKEN_CACHE"),
        ("token_cache_key", "str", None, "MEDIAOPS_TOKEN_CACHE_KEY"),
        ("min_ttl", "int", 60, None),
    ],
)
def test_the_common_options_are_those_of_the_contract(name, kind, default, variable):
    option = SPEC[name]

    assert (option["type"], option.get("default")) == (kind, default)
    assert option.get("fallback", (None, [None]))[1] == [variable]


def test_secret_options_are_marked_and_only_they():
    assert [name for name, option in {**SPEC, **access_token_option()}.items() if option.get("no_log")] == [
        "token_cache_key",
        "access_token",
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({"timeout": 0.0}, "timeout must be more than 0 seconds", id="no time"),
        pytest.param({"timeout": -1.5}, "timeout must be more than 0 seconds", id="negative time"),
        pytest.param({"timeout": math.nan}, "timeout must be", id="time that is not a number"),
        pytest.param({"timeout": math.inf}, "timeout must be", id="endless time"),
        pytest.param({"retries": -1}, "retries must be 0 or more, not -1", id="retries"),
        pytest.param({"max_wait": -1}, "max_wait must be 0 or more, not -1", id="max_wait"),
        pytest.param({"min_ttl": -1}, "min_ttl must be 0 or more, not -1", id="min_ttl"),
        pytest.param({"rate_limit": "lots"}, "rate_limit: 'lots' is not a valid rate limit", id="rate_limit"),
        pytest.param(
            {"auth_rate_limit": "3/hour"}, "auth_rate_limit: '3/hour' is not a valid rate limit", id="auth_rate_limit"
        ),
        pytest.param({"ca_path": "/no/ca.pem"}, "ca_path: /no/ca.pem does not exist", id="ca_path"),
        pytest.param({"client_cert": "/no/cert.pem"}, "client_cert: /no/cert.pem does not exist", id="client_cert"),
        pytest.param(
            {"client_key": "/no/key.pem", "client_cert": os.devnull},
            "client_key: /no/key.pem does not exist",
            id="client_key",
        ),
        pytest.param({"client_key": os.devnull}, "client_key requires client_cert", id="key without certificate"),
        pytest.param(
            {"token_cache": "redis://:pw@host"},
            "token_cache_key (or the environment variable MEDIAOPS_TOKEN_CACHE_KEY) must be",
            id="Redis without key",
        ),
        pytest.param(
            {"token_cache": "rediss://host", "token_cache_key": ""},
            "token_cache_key (or the environment",
            id="Redis with an empty key",
        ),
        pytest.param(
            {"token_cache": "memcached://:pw@host", "token_cache_key": "k" * 16},
            "token_cache: memcached:// is not supported. Use a directory, a redis:// or rediss:// URL (also +sentinel or +cluster), or none",
            id="another URL",
        ),
        *(
            pytest.param(
                {"token_cache": url, "token_cache_key": "k" * 16},
                f"token_cache: not a valid Redis URL. Write it as {example}",
                id=url,
            )
            for url, example in (
                ("redis+sentinel://:pw@host", "rediss+sentinel://user:password@host:26379,host:26379/service/0"),
                ("rediss+sentinel://:pw@host:1,:pw@host:2/service", "rediss+sentinel://"),
                ("redis+cluster://:pw@host/1", "rediss+cluster://user:password@host:6379,host:6379, and percent"),
                ("rediss+cluster://:pw@host:99999", "rediss+cluster://"),
            )
        ),
        *(
            pytest.param(
                {"token_cache": place, "token_cache_key": "k" * 16},
                "token_cache: not a valid Redis URL. Write it as rediss://user",
                id=place,
            )
            for place in (
                "redis:/:pw@host",
                "redis:pw@host",
                "redis//:pw@host",
                "redis/:pw@host",
                "rediss;//:pw@host",
                "redis://:p/pw@host",
                "redis://me:1/pw@host",
                "redis://me:1?pw=x@host",
                "redis://:pw%4@host",
                "redis://:pw#@host",
                "redis://:pw x@host",
                "redis://:pw@@host",
                "redis://:pw@",
                "redis://:pw@host:123456",
                "redis://:pw@host:port",
                "redis://:pw@host/zero",
                "redis://host?password=pw@x",
                "redis://host?password=pw#x",
                "valkey:pw@host",
                "me:pw@host",
                "//:pw@host",
                "host:6379",
            )
        ),
        pytest.param(
            {"token_cache": " redis://:pw@host"},
            "token_cache: must not begin or end with whitespace",
            id="a leading blank",
        ),
        pytest.param(
            {"token_cache": "redis://:pw@host\n"}, "token_cache: must not begin or end with whitespace", id="a line end"
        ),
        pytest.param(
            {"token_cache": "$CACHE_URL"},
            "token_cache: contains an environment variable with a URL",
            id="a variable with a URL",
        ),
        pytest.param(
            {"token_cache": "redis://:pw@host\nx", "token_cache_key": "k" * 16},
            "token_cache: not a valid Redis URL",
            id="two lines",
        ),
        *(
            pytest.param(
                {"token_cache": place, "token_cache_key": "pw" + "k" * 13},
                "token_cache_key must have at least 16 characters. Generate",
                id=what,
            )
            for what, place in (
                ("a short key", "rediss://host"),
                ("a short key for a directory", "/cache"),
                ("a short key for no cache", "none"),
            )
        ),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_name(given, message, monkeypatch):
    monkeypatch.setenv("CACHE_URL", "redis://:pw@host")

    with pytest.raises(AccessError) as caught:
        check_common(params(**given))

    assert caught.value.message.startswith(message)
    assert "pw" not in caught.value.message


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"retries": 0, "max_wait": 0, "min_ttl": 0, "timeout": 0.1},
        {"rate_limit": "none", "auth_rate_limit": "1/minute"},
        {"ca_path": os.devnull, "client_cert": os.devnull, "client_key": os.devnull},
        {"token_cache": "redis://host", "token_cache_key": "k" * 16},
        {"token_cache": "rediss://host", "token_cache_key": "k" * 16},
        {
            "token_cache": "rediss://me:p%2Fw%2541%3Fx%40y@[::1]:6379/0?ssl_ca_certs=/etc/ca.pem&db=1",
            "token_cache_key": "k" * 16,
        },
        {"token_cache": "/srv/me@example.com:1/cache"},
        {"token_cache": "~/redis"},
        {"token_cache": "redis/cache"},
        {"token_cache": "none"},
    ],
    ids=[
        "defaults",
        "least values",
        "rates",
        "files",
        "Redis",
        "Redis with TLS",
        "everything in a URL",
        "an odd directory",
        "home",
        "relative",
        "none",
    ],
)
def test_usable_values_are_accepted(given):
    check_common(params(**given))


@pytest.mark.parametrize(
    ("token_cache", "expected"),
    [
        pytest.param("{{ ANSIBLE_HOME }}/mediaops", "/ansible/home/mediaops", id="default"),
        pytest.param("none", "none", id="none"),
        pytest.param("", "none", id="empty"),
        pytest.param("/var/cache/x/../y/", "/var/cache/y", id="directory"),
        pytest.param("~/tokens", "/home/me/tokens", id="home"),
        pytest.param("$PLACE/tokens", "/place/tokens", id="variable"),
        pytest.param("tokens", "/folder/tokens", id="relative to the working directory"),
        pytest.param("rediss://u:p@host/0", "rediss://u:p@host/0", id="URL"),
    ],
)
def test_token_cache_is_resolved(token_cache, expected, monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("PLACE", "/place")
    monkeypatch.setattr(os, "getcwd", lambda: "/folder")

    assert locate_cache(params(token_cache=token_cache), "/ansible/home") == expected


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        (None, "/home/me/.ansible/mediaops"),
        ("/elsewhere", "/elsewhere/mediaops"),
        ("~/ansible", "/home/me/ansible/mediaops"),
    ],
    ids=["unset", "absolute", "below home"],
)
def test_without_a_controller_ansible_home_comes_from_the_environment(variable, expected, monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    if variable:
        monkeypatch.setenv("ANSIBLE_HOME", variable)

    assert locate_cache(params()) == expected


@pytest.mark.parametrize(("value", "found"), [("a", "a"), ("", None), (None, None)], ids=["set", "empty", "not set"])
def test_an_empty_variable_counts_as_not_set(value, found, monkeypatch):
    monkeypatch.delenv("ACME_URL", raising=False)
    if value is not None:
        monkeypatch.setenv("ACME_URL", value)
    validated = ArgumentSpecValidator({"url": {"type": "str", "fallback": from_env("ACME_URL")}}).validate({})

    assert validated.validated_parameters["url"] == found
