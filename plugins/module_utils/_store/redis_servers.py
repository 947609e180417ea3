# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections to Redis or Valkey: to one server, to the primary that sentinels name, or to a cluster.

While a failover promotes a replica, commands fail. They are repeated until it is over, for a limited time. All of them
may be repeated after a lost answer: at worst, a slot of a rate limit stays unused.
"""

from __future__ import annotations

import dataclasses
import os
import re
import ssl
import typing as t

from .._clock import Clock
from .._errors import AccessError, MissingLibrary
from .redis_url import connection_options, example, parse_url

_Result = t.TypeVar("_Result")

_PATIENCE = 15.0  # seconds for each of the ``retries`` that a failover may take
_FAILOVER_TIMEOUT = 5.0  # seconds to wait for a server that may have failed, if another can take its place
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 4.0  # seconds between attempts
_FIRST_FAILOVER_PAUSE, _LONGEST_FAILOVER_PAUSE = 0.05, 1.0
_REPLICATION_TIMEOUT = 200  # milliseconds that a write may take to reach a replica
#: Errors of a primary that has become a replica or has lost its replicas, if the library has no exception for them. Up
#: to 6.2, Redis quotes the errors of a script's commands.
_DEMOTED = re.compile("READONLY|UNBLOCKED|NOREPLICAS|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|WAIT cannot be used with replica")

_clients: dict[tuple[t.Any, ...], t.Any] = {}


@dataclasses.dataclass(frozen=True)
class Settings:
    """The options that concern the connection; see ``common_options``."""

    timeout: float
    retries: int
    max_wait: int
    ca_path: str | None = None


class Servers:
    """The server or servers of a URL."""

    def __init__(self, url: str, clock: Clock, settings: Settings) -> None:
        self._clock = clock
        self._settings = settings
        self.library = library()
        self._address = url
        try:
            self._url = parse_url(url)
            self._options = self._connection_options()
            if self._url.kind != "cluster":  # a cluster is asked for its nodes at once, which can fail for a moment
                self._connect()
        except (ValueError, TypeError) as error:  # its message may quote the password
            raise self._invalid() from error

    def _invalid(self) -> AccessError:
        return AccessError(f"token_cache is not a valid Redis URL, such as {example(self._address)}")

    @property
    def can_fail_over(self) -> bool:
        """Whether another server can take over from one that has failed."""
        return self._url.kind != "server"

    @property
    def is_cluster(self) -> bool:
        return self._url.kind == "cluster"

    def call(self, command: t.Callable[[t.Any], _Result], *, once: bool = False) -> _Result:
        """Run ``command`` with the client, and repeat it while the servers are unavailable unless it is to be tried
        ``once``.

        :raises AccessError: if the servers cannot be used.
        """
        pauses = iter(()) if once else self._pauses()
        while True:
            try:
                return command(self._connect())
            except (
                self.library.exceptions.RedisError,
                self.library.exceptions.RedisClusterException,
                OSError,
            ) as error:
                pause = None
                if self._is_temporary(error):
                    _clients.pop(self._client_key, None)  # the next one learns which servers are primaries
                    pause = next(pauses, None)
                if pause is None:
                    raise self._failure(error) from error
            self._clock.sleep(pause)

    def _pauses(self) -> t.Iterator[float]:
        """Seconds between attempts. The library does not retry, because some versions do so only in some places."""
        if not self.can_fail_over:
            pause = _FIRST_PAUSE
            for _retry in range(self._settings.retries):
                yield pause
                pause = min(2 * pause, _LONGEST_PAUSE)
            return
        end = self._clock.now() + min(float(self._settings.max_wait), _PATIENCE * self._settings.retries)
        pause = _FIRST_FAILOVER_PAUSE
        while self._clock.now() + pause <= end:
            yield pause
            pause = min(2 * pause, _LONGEST_FAILOVER_PAUSE)

    def write(self, key: str, add: t.Callable[[t.Any], object], *, once: bool = False) -> t.Any:
        """Run the command that ``add`` adds to a pipeline, and return its result. See :meth:`call`.

        If there is a replica, wait until it has received the write, because replication is asynchronous: after a
        failover, it is the new primary. A missing replica delays the write, but does not fail it.
        """

        def run(client: t.Any) -> t.Any:
            node = client.get_redis_connection(client.get_node_from_key(key)) if self.is_cluster else client
            pipe = node.pipeline(transaction=False)
            add(pipe)
            if self.can_fail_over:
                pipe.wait(1, _REPLICATION_TIMEOUT)
            results = pipe.execute(raise_on_error=False)  # otherwise, the message would quote the command
            for error in results:
                if isinstance(error, Exception):
                    raise error
            return results[0]

        return self.call(run, once=once)

    def _is_temporary(self, error: Exception) -> bool:
        """Whether a restart or failover may be the reason."""
        exceptions = self.library.exceptions
        if self._is_rejection(error) or _has_cause(error, ssl.SSLCertVerificationError):
            return False
        return isinstance(
            error,
            (
                exceptions.ConnectionError,
                exceptions.TimeoutError,
                exceptions.ReadOnlyError,
                exceptions.AskError,  # and MovedError
                exceptions.TryAgainError,
                exceptions.ClusterDownError,
                exceptions.RedisClusterException,
                OSError,
            ),
        ) or bool(_DEMOTED.search(str(error)))

    def _is_rejection(self, error: Exception) -> bool:
        exceptions = self.library.exceptions
        kinds = (exceptions.AuthenticationError, exceptions.AuthorizationError, exceptions.NoPermissionError)
        # The library only quotes what a sentinel responded.
        return _has_cause(error, *kinds) or any(kind.__name__ in str(error) for kind in kinds)

    def _failure(self, error: Exception) -> AccessError:
        exceptions = self.library.exceptions
        unreachable = (exceptions.ConnectionError, exceptions.TimeoutError, exceptions.RedisClusterException)
        if self._is_rejection(error):
            problem = "rejected the user or password in the URL, or the user lacks permissions"
            if self._url.kind == "sentinel":
                problem += ". If the sentinels need no password, add ?sentinel_password= to the URL"
        elif isinstance(error, unreachable) and self.can_fail_over:
            problem = "has no primary that can be reached. Check the URL and that the servers are running"
        elif isinstance(error, unreachable):
            problem = "cannot be reached. Check the URL and that the server is running"
        else:
            problem = "cannot be used"
        # What follows " : " describes the connections to sentinels.
        reason = " ".join(str(error).partition(" : ")[0].split()) or type(error).__name__
        return AccessError(f"token_cache: {self._url.place} {problem} ({reason})")

    @property
    def _client_key(self) -> tuple[t.Any, ...]:
        return (os.getpid(), self._address, self._settings)

    def _connect(self) -> t.Any:
        """Return the client, cached for later items. Each forked process creates its own, because connections must
        not be shared.
        """
        client = _clients.get(self._client_key)
        if client is None:
            create = {"server": self._single, "sentinel": self._sentinel, "cluster": self._cluster}[self._url.kind]
            client = _clients[self._client_key] = create()
        return client

    def _connection_options(self) -> dict[str, t.Any]:
        timeout = self._settings.timeout if not self.can_fail_over else min(self._settings.timeout, _FAILOVER_TIMEOUT)
        options: dict[str, t.Any] = {"socket_timeout": timeout, "socket_connect_timeout": timeout}
        path = self._settings.ca_path
        if self._url.server.startswith("rediss:") and path:  # in addition to the system's CAs
            options["ssl_ca_path" if os.path.isdir(path) else "ssl_ca_certs"] = path
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        options["retry"] = Retry(NoBackoff(), 0)
        return {**connection_options(self._url), **options} if self.can_fail_over else options

    def _single(self) -> t.Any:
        client = self.library.Redis.from_url(self._address, **self._options)
        pool = client.connection_pool
        pool.connection_class(**pool.connection_kwargs)  # fails early if the URL sets an unknown option
        return client

    def _sentinel(self) -> t.Any:
        sentinel_options = {name: value for name, value in self._options.items() if name != "db"}
        if self._url.sentinel_credentials is not None:
            sentinel_options["username"], sentinel_options["password"] = self._url.sentinel_credentials
        sentinel = self.library.Sentinel(self._url.hosts, sentinel_kwargs=sentinel_options, **self._options)
        client = sentinel.master_for(self._url.service)
        self.library.Redis(host="localhost", **self._options)  # fails early if the URL sets an unknown option
        return client

    def _cluster(self) -> t.Any:
        nodes = [self.library.cluster.ClusterNode(host, port) for host, port in self._url.hosts]
        return self.library.RedisCluster(startup_nodes=nodes, require_full_coverage=False, **self._options)


def _has_cause(error: BaseException | None, *kinds: type[BaseException]) -> bool:
    """Whether an error, or one that led to it, is of one of the ``kinds``."""
    while error is not None:
        if isinstance(error, kinds):
            return True
        error = error.__cause__ or error.__context__
    return False


def library() -> t.Any:
    """Import redis, which is needed only for a Redis URL."""
    try:
        import redis
        import redis.exceptions
    except ImportError as error:
        raise MissingLibrary("redis", "for a token_cache that is a Redis URL") from error
    return redis
