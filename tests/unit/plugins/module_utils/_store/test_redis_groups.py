# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sentinels and clusters of Redis and Valkey, with real servers of which the primary is killed."""

from __future__ import annotations

import os
import pathlib
import signal
import sys
import threading

import pytest
from redis.exceptions import ResponseError

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[4] / "helpers"))

from redis_group import SERVICE, Cluster, Sentinels, certificates, tls_lines, until
from redis_server import PASSWORD, free_port

from ansible_collections.mediaops.access.plugins.module_utils._clock import Clock
from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError, WaitTooLong
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.budget import WaitBudget
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.rate import Rate
from ansible_collections.mediaops.access.plugins.module_utils._store import redis_servers
from ansible_collections.mediaops.access.plugins.module_utils._store.redis import Lock, RedisBackend
from ansible_collections.mediaops.access.plugins.module_utils._store.redis_servers import Settings

NAME = "0123abcd"
PREFIX = "mediaops.access:"
LOCK = f"{PREFIX}lock:{NAME}"
KINDS = {"sentinel": Sentinels, "cluster": Cluster}
EVERY = [(kind, product) for product in ("redis-server", "valkey-server") for kind in KINDS]


@pytest.fixture(autouse=True)
def no_old_clients(monkeypatch):
    monkeypatch.setattr(redis_servers, "_clients", {})


@pytest.fixture(scope="module", params=EVERY, ids="-".join)
def group(request, tmp_path_factory):
    """Servers of which none may be killed."""
    kind, product = request.param
    group = KINDS[kind](tmp_path_factory.mktemp(kind), product)
    yield group
    group.stop()


@pytest.fixture
def start_group(tmp_path):
    """Start servers that the test may kill."""
    groups = []

    def start(kind, *args, **kwargs):
        groups.append(KINDS[kind](tmp_path, *args, **kwargs))
        return groups[-1]

    yield start
    for group in groups:
        group.stop()


@pytest.fixture(params=EVERY, ids="-".join)
def own_group(request, start_group):
    return start_group(*request.param)


@pytest.fixture
def budget():
    return WaitBudget(300, Clock())


def open_at(url, retries=4, timeout=5.0, ca_path=None, max_wait=300):
    return RedisBackend(url, Clock(), Settings(timeout, retries, max_wait, ca_path))


def limit(name="all", count=1000):
    return (name, Rate(count, 60.0))


# --- operation -------------------------------------------------------------------------------------------------------------


def test_all_operations_work(group, budget):
    backend = open_at(group.url)
    for number in range(20):
        backend.write(f"name{number:02}", str(number).encode(), None)
    names = [f"name{number:02}" for number in range(20)]

    assert backend.read("name07") == b"7"
    assert backend.names() == names
    assert backend.read_many([*names, "missing"]) == [*(str(number).encode() for number in range(20)), None]
    for name in names:
        backend.remove(name)
    assert backend.names() == []
    waits = [backend.reserve([("all", Rate(5, 60.0)), ("auth", Rate(2, 60.0))], budget) for _call in range(3)]
    assert waits == pytest.approx([0, 0, 60.5], abs=2)
    backend.block_until([("all", Rate(5, 60.0)), ("other", Rate(2, 60.0))], Clock.now() + 100)
    assert backend.reserve([("other", Rate(2, 60.0))], budget) == pytest.approx(100, abs=2)
    with pytest.raises(WaitTooLong):
        backend.reserve([("other", Rate(1, 60.0))], WaitBudget(5, Clock()))


def test_lock_is_exclusive_and_has_reached_a_replica(group):
    backend = open_at(group.url)
    with backend.lock(NAME, WaitBudget(0, Clock())):
        replicas = [node for node in group.nodes if is_replica(node)]
        assert any(LOCK.encode() in node.client.keys() for node in replicas)  # noqa: SIM118 - not a dictionary
        assert 55_000 < group.primary_of(LOCK).client.pttl(LOCK) <= 60_000
        with pytest.raises(WaitTooLong), open_at(group.url).lock(NAME, WaitBudget(0.2, Clock())):
            pass
    with open_at(group.url).lock(NAME, WaitBudget(0, Clock())):
        pass


def is_replica(node):
    return node.client.role()[0] in (b"slave", "slave")


def test_keys_of_a_limit_are_in_one_slot_of_a_cluster(group, budget):
    backend = open_at(group.url)
    backend.reserve([limit("one"), limit("two")], budget)

    kept = "{pace}" if isinstance(group, Cluster) else "pace"
    primary = group.primary_of("{pace}")
    assert primary.client.exists(f"{PREFIX}{kept}:one", f"{PREFIX}{kept}:two") == 2


# --- failover --------------------------------------------------------------------------------------------------------------


def test_killed_primary_loses_nothing_that_a_replica_has(own_group, budget):
    """A token, a lock and a reservation, all of them of the primary that dies."""
    backend = open_at(own_group.url)
    backend.write(NAME, b"data", None)
    slot = ("all", Rate(1, 60.0))
    assert backend.reserve([slot], budget) == 0
    tag = "{pace}" if isinstance(own_group, Cluster) else "pace"
    keys = [f"{PREFIX}token:{NAME}", LOCK, f"{PREFIX}{tag}:all"]
    with backend.lock(NAME, budget):
        until(lambda: sum(held_by_replicas(own_group, key) for key in keys) == 3, "replication")
        own_group.kill_primary_of(LOCK)
        assert backend.read(NAME) == b"data"
        with pytest.raises(WaitTooLong), open_at(own_group.url).lock(NAME, WaitBudget(0.2, Clock())):
            pass
        assert backend.reserve([slot], budget) == pytest.approx(60, abs=15)
        backend.write(NAME, b"more", None)
    assert backend.read(NAME) == b"more"
    with backend.lock(NAME, WaitBudget(0, Clock())):
        pass


def held_by_replicas(group, key):
    return any(key.encode() in node.client.keys() for node in group.nodes if is_replica(node))  # noqa: SIM118


def test_failover_in_the_middle_of_many_reservations_fails_none(own_group):
    """At worst, those of one window are lost with the primary, so that twice the limit starts in a window."""
    starts, lock = [], threading.Lock()
    rate = ("all", Rate(50, 1.0))
    killed = threading.Event()

    def work():
        backend = open_at(own_group.url)
        for _call in range(30):
            start = backend.reserve([rate], WaitBudget(300, Clock())) + Clock.now()
            with lock:
                starts.append(start)
                if len(starts) == 30:
                    killed.set()

    threads = [threading.Thread(target=work) for _thread in range(4)]
    for thread in threads:
        thread.start()
    assert killed.wait(60)
    own_group.kill_primary_of("{pace}")
    for thread in threads:
        thread.join()

    assert len(starts) == 120
    assert max(sum(start <= other < start + 1 for other in starts) for start in starts) <= 2 * 50


def test_hanging_primary_is_replaced(start_group, budget):
    group = start_group("sentinel")
    backend = open_at(group.url, timeout=0.5)
    backend.write(NAME, b"data", None)
    until(lambda: held_by_replicas(group, f"{PREFIX}token:{NAME}"), "replication")
    primary = group.primary_of("")
    os.kill(primary.process.pid, signal.SIGSTOP)

    assert backend.read(NAME) == b"data"


def test_primary_that_returns_as_a_replica_is_not_written_to(start_group):
    """A planned failover: the old primary keeps its connections, and answers READONLY."""
    group = start_group("sentinel")
    backend = open_at(group.url)
    backend.write(NAME, b"data", None)
    old = group.primary_of("")
    group.sentinels[0].client.execute_command("SENTINEL", "FAILOVER", SERVICE)
    until(lambda: is_replica(old), "failover")

    backend.write(NAME, b"more", None)

    assert group.primary_of("").client.get(f"{PREFIX}token:{NAME}") == b"more"


# --- failures --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_servers_that_stay_away_fail_clearly_after_a_limited_time(kind, clock):
    port = free_port()
    path = f"/{SERVICE}" if kind == "sentinel" else ""
    url = f"redis+{kind}://me:s3cr3t-word@127.0.0.1:{port}{path}"
    backend = RedisBackend(url, clock, Settings(5.0, 2, 300))

    with pytest.raises(AccessError) as caught:
        backend.read(NAME)

    place = f"Redis Sentinel at 127.0.0.1:{port}" if kind == "sentinel" else f"the Redis cluster at 127.0.0.1:{port}"
    assert caught.value.message.startswith(
        f"token_cache: {place} has no primary that can be reached. Check the URL and that the servers are running ("
    )
    assert "s3cr3t" not in caught.value.message
    assert 25 < sum(clock.slept) <= 30
    with pytest.raises(AccessError):
        RedisBackend(url, clock, Settings(5.0, 100, 7)).read(NAME)
    assert sum(clock.slept) <= 37


def test_unknown_service_is_named(start_group):
    group = start_group("sentinel")

    with pytest.raises(AccessError, match=r"has no primary that can be reached.*\(No master found for 'other'\)"):
        open_at(group.url.replace(f"/{SERVICE}/", "/other/"), retries=0).read(NAME)


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_password_fails_at_once(kind, start_group):
    group = start_group(kind)
    url = group.url.replace("redis-s3cr3t", "wrong-s3cr3t")

    with pytest.raises(AccessError, match="rejected the user or password in the URL") as caught:
        open_at(url).read(NAME)
    if kind == "sentinel":
        assert ". If the sentinels need no password, add ?sentinel_password= to the URL" in caught.value.message
    assert "s3cr3t" not in caught.value.message


def test_sentinels_without_a_password(start_group):
    group = start_group("sentinel", password=None)

    assert open_at(group.url + "?sentinel_password=").read(NAME) is None


def test_sentinels_with_a_password_of_their_own(start_group):
    group = start_group("sentinel", password="the-s3cr3t-of-sentinels")

    assert open_at(group.url + "?sentinel_password=the-s3cr3t-of-sentinels").read(NAME) is None


@pytest.mark.parametrize("kind", KINDS)
def test_documented_permissions_suffice(kind, start_group, budget):
    group = start_group(kind)
    text = (pathlib.Path(__file__).resolve().parents[5] / "docs" / "scaling_out.md").read_text(encoding="utf-8")
    server, sentinel, cluster = (line for line in text.splitlines() if line.startswith("ACL SETUSER mediaops "))
    for node in group.nodes:
        is_sentinel = kind == "sentinel" and node in group.sentinels
        command = sentinel if is_sentinel else cluster if kind == "cluster" else server
        node.client.execute_command(*command.split())
    backend = open_at(group.url.replace("://:redis-s3cr3t%2F%2B@", "://mediaops:password@"), retries=0)

    backend.write(NAME, b"data", None)
    assert backend.read_many([NAME]) == [b"data"]
    assert backend.names() == [NAME]
    backend.reserve([limit()], budget)
    backend.block_until([limit()], 0)
    with backend.lock(NAME, budget):
        pass
    backend.remove(NAME)


@pytest.mark.parametrize("kind", KINDS)
def test_lock_without_a_replica_works(kind, start_group):
    with open_at(start_group(kind, replicas=0).url).lock(NAME, WaitBudget(0, Clock())):
        pass


@pytest.mark.parametrize(
    "url", ["redis+sentinel://:s3cr3t@host/main?nonsense=1", "redis+cluster://:s3cr3t@host?socket_timeout=long"]
)
def test_invalid_parameter_is_refused_without_being_quoted(url):
    with pytest.raises(AccessError, match=r"^token_cache is not a valid Redis URL, such as rediss\+") as caught:
        open_at(url)
    assert "s3cr3t" not in caught.value.message


# --- errors that only some versions report ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message",
    [
        "Error running script (call to f_1): @user_script:4: -READONLY You can't write against a read only replica.",
        "NOREPLICAS Not enough good replicas to write.",
        "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
        "WAIT cannot be used with replica instances.",
    ],
)
def test_primary_that_is_demoted_is_looked_for_again(message, clock):
    backend = RedisBackend(f"redis+sentinel://127.0.0.1:1/{SERVICE}", clock, Settings(5.0, 4, 300))
    clients = []

    def command(client):
        clients.append(client)
        if len(clients) < 3:
            raise ResponseError(message)
        return "done"

    assert backend._servers.call(command) == "done"
    assert len(set(map(id, clients))) == 3
    assert clock.slept == [0.05, 0.1]


def test_extension_of_a_lock_that_fails_is_the_last_with_that_client(clock):
    """It is tried once at a time, and must not keep to a server that is gone."""
    backend = RedisBackend(f"redis+sentinel://127.0.0.1:{free_port()}/{SERVICE}", clock, Settings(5.0, 4, 300))
    client = backend._servers.call(lambda client: client)

    with pytest.raises(AccessError):
        Lock(backend._servers, LOCK, 15).acquire(once=True)

    assert backend._servers.call(lambda client: client) is not client
    assert clock.slept == []


# --- TLS -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_tls_is_used_for_every_connection(kind, start_group, tmp_path_factory, budget):
    paths = certificates(tmp_path_factory.mktemp("certificates"))
    group = start_group(kind, tls=tls_lines(*paths))
    backend = open_at(group.url, ca_path=group.authority)

    backend.write(NAME, b"data", None)
    assert backend.read(NAME) == b"data"
    with backend.lock(NAME, budget):
        pass
    with pytest.raises(AccessError, match=r"certificate verify failed|has no primary that can be reached"):
        open_at(group.url, retries=0).read(NAME)
    assert PASSWORD not in repr(group.url)
