# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""URLs of Redis and Valkey: of one server, of a primary that sentinels watch, and of a cluster."""

from __future__ import annotations

import dataclasses
import typing as t
from urllib.parse import parse_qsl, unquote, urlencode

from .._masking.urls import SCHEME, match_redis_url

_PORTS = {"server": 6379, "sentinel": 26379, "cluster": 6379}
_EXAMPLES = {
    "server": "rediss://user:password@host:6379/0",
    "sentinel": "rediss+sentinel://user:password@host:26379,host:26379/service/0",
    "cluster": "rediss+cluster://user:password@host:6379,host:6379",
}
SCHEMES = tuple(f"{scheme}{kind}" for kind in ("", "+sentinel", "+cluster") for scheme in ("redis", "rediss"))


@dataclasses.dataclass(frozen=True)
class RedisURL:
    """What a URL says. ``kind`` is server, sentinel or cluster."""

    kind: str
    hosts: tuple[tuple[str, int], ...]
    #: The same connection settings as the URL of one server: the first host. It may contain a password.
    server: str = dataclasses.field(repr=False)
    #: The name of the primary that the sentinels watch.
    service: str = ""
    #: User and password of the sentinels, if they are not those of the servers.
    sentinel_credentials: tuple[str | None, str | None] | None = dataclasses.field(default=None, repr=False)

    @property
    def place(self) -> str:
        """The servers, for messages: nothing secret."""
        hosts = ", ".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in self.hosts)
        if self.kind == "server":
            return f"the Redis server at {hosts}"
        return f"Redis Sentinel at {hosts}" if self.kind == "sentinel" else f"the Redis cluster at {hosts}"


def example(url: str) -> str:
    """How to write a URL of the kind of ``url``."""
    scheme = SCHEME.match(url)
    kind = scheme[1].partition("+")[2] if scheme and scheme[1] in SCHEMES else ""
    return _EXAMPLES[kind or "server"]


def parse_url(url: str) -> RedisURL:
    """Parse the URL of a ``token_cache``.

    :raises ValueError: if it is malformed. The message contains nothing of the URL.
    """
    match = match_redis_url(url)
    if not match:
        raise ValueError("not a valid Redis URL")
    scheme, _plus, kind = match["scheme"].partition("+")
    hosts = tuple(_host(text, _PORTS[kind or "server"]) for text in match["hosts"].split(","))
    if not kind:
        return RedisURL("server", hosts, url)
    service, _slash, database = (match["path"] or "").strip("/").partition("/")
    query = dict(parse_qsl(match["query"] or "", keep_blank_values=True))
    credentials = None
    if kind == "sentinel" and {"sentinel_username", "sentinel_password"} & set(query):
        credentials = (query.pop("sentinel_username", "") or None, query.pop("sentinel_password", "") or None)
    first = match["hosts"].partition(",")[0]
    server = f"{scheme}://{match['user'] or ''}{first}/{database}" + (f"?{urlencode(query)}" if query else "")
    return RedisURL(kind, hosts, server, unquote(service), credentials)


def _host(text: str, default_port: int) -> tuple[str, int]:
    host, _colon, port = text.rpartition(":")
    if not host or text.endswith("]"):
        host, port = text, str(default_port)
    if not 0 < int(port) < 65536:
        raise ValueError("a port must be between 1 and 65535")
    return host.strip("[]"), int(port)


def is_valid(url: str) -> bool:
    """Whether a URL can be parsed, and has its password in one place only."""
    try:
        parse_url(url)
    except ValueError:
        return False
    return True


def connection_options(url: RedisURL) -> dict[str, t.Any]:
    """The arguments for the connection to each server.

    :raises ValueError: if a parameter in the URL has an invalid value.
    """
    from redis import connection

    untyped: t.Any = connection
    options: dict[str, t.Any] = dict(untyped.parse_url(url.server))
    for name in ("host", "port", "connection_class"):
        options.pop(name, None)
    if url.kind == "cluster":
        options.pop("db", None)  # a cluster has no numbered databases
    return {**options, "ssl": True} if url.server.startswith("rediss:") else options
