# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import os
import pathlib
import re
import signal
import sys
import threading
import time

import pytest
import trustme

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[4] / "helpers"))

from redis_server import PASSWORD, RedisServer, free_port

from ansible_collections.mediaops.access.plugins.module_utils._clock import Clock
from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError, MissingLibrary, WaitTooLong
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.budget import WaitBudget
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.rate import Rate
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.schedule import Schedule
from ansible_collections.mediaops.access.plugins.module_utils._store import redis, redis_servers
from ansible_collections.mediaops.access.plugins.module_utils._store.encrypted import TokenStore
from ansible_collections.mediaops.access.plugins.module_utils._store.location import open_backend
from ansible_collections.mediaops.access.plugins.module_utils._store.redis import RedisBackend

KEY = "k" * 32
NAME = "0123abcd"
PREFIX = "mediaops.access:"
HOUR = 3600
LOCK = f"{PREFIX}lock:{NAME}"


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture
def server(running):
    """The server, after removing all data."""
    running.client.flushall()
    return running


@pytest.fixture
def own_server(tmp_path):
    """Start a server that the test may stop."""
    server = RedisServer(tmp_path)
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def no_old_clients(monkeypatch):
    monkeypatch.setattr(redis_servers, "_clients", {})


@pytest.fixture
def open_at(clock):
    def open_redis(url, retries=0, timeout=5, ca_path=None, clock=clock, max_wait=300):
        return open_backend(
            url, clock, {"timeout": timeout, "retries": retries, "max_wait": max_wait, "ca_path": ca_path}
        )

    return open_redis


@pytest.fixture
def backend(server, open_at):
    return open_at(server.url)


@pytest.fixture
def budget(clock):
    return WaitBudget(300, clock)


# --- tokens ----------------------------------------------------------------------------------------------------------------


def test_redis_url_opens_this_backend(backend):
    assert isinstance(backend, RedisBackend)


def test_entries_are_shared_by_controllers(backend, server, open_at):
    other = open_at(server.url + "?client_name=other")
    backend.write(NAME, b"\x00data", None)
    backend.write("ffff", b"more", None)

    assert other.read(NAME) == b"\x00data"
    assert other.names() == [NAME, "ffff"]
    other.remove(NAME)
    other.remove(NAME)
    assert backend.read(NAME) is None
    assert backend.names() == ["ffff"]


def test_other_keys_in_the_server_are_ignored(backend, server):
    server.client.set("somebody:else", "x")
    with backend.lock(NAME, WaitBudget(1, Clock())):
        assert backend.names() == []


@pytest.mark.parametrize(("life", "kept"), [(HOUR, HOUR), (90.9, 90), (0.2, 1), (-5, 1), (None, -1)])
def test_token_expires_in_the_server(life, kept, backend, server, clock):
    backend.write(NAME, b"data", None if life is None else clock.now() + life)

    assert server.client.ttl(f"{PREFIX}token:{NAME}") == kept


def test_server_receives_no_token_and_no_key(backend, server):
    store = TokenStore(lambda: backend, KEY)
    name = store.name_of(["flex", "https://flex.example.com", "the-password"])
    store.write(name, {"token": {"access_token": "the-access-token"}}, None)

    everything = repr([(key, server.client.get(key)) for key in server.client.keys()])  # noqa: SIM118 - not a dictionary
    assert store.entries() == {name: {"token": {"access_token": "the-access-token"}, "name": name}}
    assert not any(word in everything for word in ("the-access-token", "the-password", "flex", KEY))
    assert TokenStore(lambda: backend, "another key").entries() == {}


def test_lock_and_limit_names_are_hashed(backend, server, budget):
    item, limit = (
        "item\nplaylyfe\nhttps://playlyfe.example.com\np1",
        ("freewheel\nhttps://host\nuser@example.com\nall", Rate(1, 60.0)),
    )
    seen = {}
    for key in (KEY, "another key"):
        store = TokenStore(lambda: backend, key)
        with store.lock(item, budget):
            assert store.reserve([limit], budget) == 0
            store.block_until([limit], 0)
            seen[key] = {name.decode() for name in server.client.keys()}  # noqa: SIM118
        server.client.flushall()

    assert all(sorted(map(kind_of, names)) == ["lock", "pace"] for names in seen.values())
    assert not seen[KEY] & seen["another key"]
    plain = [hashlib.sha256(text.encode()).hexdigest() for text in (item, limit[0])]
    assert not any(digest[:20] in name for digest in plain for names in seen.values() for name in names)


def kind_of(name):
    found = re.fullmatch(PREFIX + "(lock|pace|token):[0-9a-f]{64}", name)
    return found and found[1]


def test_controllers_with_the_same_key_share_locks_and_limits(server, open_at, clock):
    def store(key, name):
        return TokenStore(lambda: open_at(f"{server.url}?client_name={name}"), key)

    limit = ("all", Rate(1, 60.0))
    first, second, stranger = store(KEY, "first"), store(KEY, "second"), store("another key", "stranger")
    with (
        first.lock("item", WaitBudget(0, clock)),
        stranger.lock("item", WaitBudget(0, clock)),
        pytest.raises(WaitTooLong),
        second.lock("item", WaitBudget(0, clock)),
    ):
        pass
    waits = [each.reserve([limit], WaitBudget(300, clock)) for each in (first, second, stranger)]

    assert waits == pytest.approx([0, 60.5, 0], abs=2)


def test_redis_has_no_own_key(backend):
    assert backend.own_key() is None


# --- locks -----------------------------------------------------------------------------------------------------------------


def test_lock_is_exclusive(backend, server, open_at, clock):
    other = open_at(server.url + "?client_name=other")
    with backend.lock(NAME, WaitBudget(0, clock)):
        with (
            pytest.raises(WaitTooLong, match="another process holds the lock for this credential or item"),
            other.lock(NAME, WaitBudget(1, clock)),
        ):
            pass
        assert sum(clock.slept) == pytest.approx(1, abs=0.06)
        with other.lock("another", WaitBudget(0, clock)):
            pass
    with other.lock(NAME, WaitBudget(0, clock)):
        pass


def test_lock_is_released_after_a_failure(backend, server, budget):
    with pytest.raises(ZeroDivisionError), backend.lock(NAME, budget):
        raise ZeroDivisionError

    assert server.client.keys() == []


HOLD = """
import time
from ansible_collections.mediaops.access.plugins.module_utils._store import redis, redis_servers
from ansible_collections.mediaops.access.plugins.module_utils._clock import Clock
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.budget import WaitBudget
redis._LOCK_TTL = float(args[1])
backend = redis.RedisBackend(args[0], Clock(), redis_servers.Settings(5, 0, 300))
with backend.lock("0123abcd", WaitBudget(5, Clock())):
    print("held", flush=True)
    time.sleep(60)
"""


def test_lock_of_a_killed_process_expires(server, backend, start):
    holder = start("import sys\nargs = sys.argv[1:]\n" + HOLD, server.url, 0.3)
    assert holder.line() == "held"
    with pytest.raises(WaitTooLong), backend.lock(NAME, WaitBudget(0, Clock())):
        pass

    holder.process.send_signal(signal.SIGKILL)

    with backend.lock(NAME, WaitBudget(30, Clock())):
        pass


def test_lock_is_extended_while_its_holder_works(server, backend, start):
    holder = start("import sys\nargs = sys.argv[1:]\n" + HOLD, server.url, 0.3)
    assert holder.line() == "held"
    budget = WaitBudget(1.2, Clock())

    with pytest.raises(WaitTooLong), backend.lock(NAME, budget):
        pass


class Rounds:
    """Replaces the event that ends the work, after ``count`` rounds."""

    def __init__(self, count, meanwhile=lambda: None):
        self.left = count
        self.meanwhile = meanwhile
        self.waited = []

    def wait(self, seconds):
        self.waited.append(seconds)
        self.meanwhile()
        self.left -= 1
        return self.left < 0


@pytest.fixture
def lock(backend):
    lock = redis.Lock(backend._servers, LOCK, 15)
    assert lock.acquire()
    return lock


def test_lock_is_extended_three_times_per_ttl(lock, server):
    server.client.pexpire(LOCK, 100)
    rounds = Rounds(1)

    redis._extend_lock(lock, rounds)

    assert rounds.waited == [5, 5]
    assert server.client.pttl(LOCK) > 14000


def test_lock_lost_in_a_server_restart_is_acquired_again(lock, server):
    server.client.flushall()

    redis._extend_lock(lock, Rounds(1))

    assert server.client.get(LOCK) == lock.token.encode()
    lock.release()
    assert server.client.get(LOCK) is None


def test_lock_acquired_by_another_process_is_left_alone(lock, server):
    server.client.set(LOCK, "another")

    redis._extend_lock(lock, Rounds(2))
    lock.release()

    assert server.client.get(LOCK) == b"another"


def test_acquiring_a_lock_again_after_a_lost_answer_succeeds(lock, backend):
    assert lock.acquire()
    assert not redis.Lock(backend._servers, LOCK, 15).acquire()


def test_waiting_for_a_lock_asks_less_and_less_often(lock, backend, clock):
    with pytest.raises(WaitTooLong), backend.lock(NAME, WaitBudget(10, clock)):
        pass

    assert clock.slept[:3] == pytest.approx([0.05, 0.075, 0.1125])
    assert max(clock.slept) == 0.5
    assert sum(clock.slept) == pytest.approx(10)
    assert len(clock.slept) < 30


def test_unavailable_server_does_not_interrupt_work_under_a_lock(own_server, open_at, budget):
    backend = open_at(own_server.url)
    with backend.lock(NAME, budget):
        own_server.stop()
        redis._extend_lock(redis.Lock(backend._servers, LOCK, 15, "mine"), Rounds(1))


# --- rate limits -----------------------------------------------------------------------------------------------------------


def test_burst_up_to_the_limit_does_not_wait_but_the_next_call_does(backend, budget):
    waits = [backend.reserve([("all", Rate(3, 60.0))], budget) for _call in range(4)]

    assert waits == pytest.approx([0, 0, 0, 60.5], abs=2)


def test_start_counts_for_every_rate_limit(backend, budget):
    everything, logins = ("all", Rate(5, 60.0)), ("auth", Rate(1, 60.0))

    waits = [
        backend.reserve(rate_limits, budget)
        for rate_limits in ([everything, logins], [everything], [logins, everything], [logins])
    ]

    assert waits == pytest.approx([0, 0, 60.5, 121], abs=2)


def test_start_beyond_the_wait_budget_is_not_reserved(backend, clock):
    slot = ("all", Rate(1, 60.0))
    backend.reserve([slot], WaitBudget(10, clock))

    for _attempt in range(3):
        with pytest.raises(WaitTooLong, match="the rate limit is used up by calls that are already waiting"):
            backend.reserve([slot], WaitBudget(10, clock))
    assert backend.reserve([slot], WaitBudget(100, clock)) == pytest.approx(60.5, abs=2)


def test_no_call_starts_before_block_until(backend, server, clock, budget):
    slot = ("all", Rate(5, 1.0))
    backend.block_until([slot], clock.now() + 30)

    assert backend.reserve([slot], budget) == pytest.approx(30, abs=2)


def test_server_clock_is_used(server, open_at, clock, budget):
    """A controller whose clock is years ahead waits as long as the others."""
    here, ahead = open_at(server.url, clock=Clock()), open_at(server.url, clock=clock)
    slot = ("all", Rate(1, 60.0))
    here.reserve([slot], budget)

    assert ahead.reserve([slot], budget) == pytest.approx(60.5, abs=2)


@pytest.mark.parametrize(("round_trip", "age"), [(0.1, 0.05), (0.49, 0.245), (0.6, 0), (30, 0), (0, 0), (-1, 0)])
def test_server_time_is_half_a_round_trip_old(round_trip, age):
    """Unless it took long, perhaps to connect, or the controller's clock was set meanwhile."""
    assert redis._age(round_trip) == age


class TickingClock(Clock):
    """Each look at it takes a fifth of a second."""

    def __init__(self):
        self.seconds = 1e9

    def now(self):
        self.seconds += 0.2
        return self.seconds


def test_slow_controller_waits_less(server, open_at, budget):
    def now():
        seconds, microseconds = server.client.time()
        return seconds + microseconds / 1e6

    slow, slot = open_at(server.url, clock=TickingClock()), ("all", Rate(1, 60.0))
    end = now() + 100
    server.client.set(f"{PREFIX}pace:all", Schedule([], end).pack())

    latest = end - now()
    wait = slow.reserve([slot], budget)

    assert end - now() - 0.1 <= wait + 1e-4
    assert wait <= latest - 0.1 + 1e-4


@pytest.mark.parametrize(
    ("rate_limits", "life"), [([("all", Rate(1, 1.0))], 2080), ([("all", Rate(1, 60.0))], 121_000)]
)
def test_schedules_expire_in_the_server(rate_limits, life, backend, server, budget):
    backend.reserve(rate_limits, budget)

    assert life - 1500 < server.client.pttl(f"{PREFIX}pace:all") <= life


def test_reservation_is_one_command_that_runs_a_constant_number(backend, server, budget):
    limits = [("all", Rate(2, 60.0)), ("auth", Rate(1, 60.0))]
    backend.reserve(limits, budget)
    server.client.config_resetstat()

    for _call in range(3):
        backend.reserve(limits, budget)

    stats = server.client.info("commandstats").items()
    ran = {name.removeprefix("cmdstat_"): row["calls"] for name, row in stats if "config" not in name}
    assert ran == {"evalsha": 3, "time": 3, "get": 6, "set": 6}


def test_invalid_schedule_is_ignored(backend, server, budget):
    server.client.set(f"{PREFIX}pace:all", b"\xff" * 20)

    assert backend.reserve([("all", Rate(1, 1.0))], budget) == 0


RESERVE = """
from ansible_collections.mediaops.access.plugins.module_utils._clock import Clock
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.budget import WaitBudget
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.rate import Rate
from ansible_collections.mediaops.access.plugins.module_utils._store.redis import RedisBackend
from ansible_collections.mediaops.access.plugins.module_utils._store.redis_servers import Settings
backend = RedisBackend(args[0], Clock(), Settings(30, 0, 300))
backend.names()
print("ready", flush=True)
input()
for _call in range(10):
    print(repr(Clock.now() + backend.reserve([("all", Rate(4, 0.05))], WaitBudget(60, Clock()))))
"""


def test_processes_together_respect_the_limit(server, together):
    starts = sorted(float(start) for starts in together(4, RESERVE, server.url) for start in starts)

    assert len(starts) == 40
    # Each process reads the clock and then queries the server.
    assert starts[-1] - starts[0] > 0.052 * 9 - 0.02


LOGIN = """
import os
from ansible_collections.mediaops.access.plugins.module_utils._clock import Clock
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.budget import WaitBudget
from ansible_collections.mediaops.access.plugins.module_utils._masking.secrets import Secrets
from ansible_collections.mediaops.access.plugins.module_utils._store.encrypted import TokenStore
from ansible_collections.mediaops.access.plugins.module_utils._store.redis import RedisBackend
from ansible_collections.mediaops.access.plugins.module_utils._store.redis_servers import Settings
from ansible_collections.mediaops.access.plugins.module_utils._oauth2.grants import PasswordCredentials
from ansible_collections.mediaops.access.plugins.module_utils._oauth2.token import Token
from ansible_collections.mediaops.access.plugins.module_utils._oauth2.tokens import Tokens


class Platform:
    revokes = shares_logins = False
    identity = ["flex", "https://flex.example.com"]

    def obtain(self, grant):
        with open(args[1], "a") as log:
            print(grant.principal, file=log)
        return Token(f"{grant.principal}-{os.getpid()}", expires_at=Clock.now() + 3600)

    def revocation(self, token):
        return None


store = TokenStore(lambda: RedisBackend(args[0], Clock(), Settings(30, 0, 300)), "k" * 32)
tokens = Tokens(Platform(), store, WaitBudget(60, Clock()), Clock(), Secrets(), 60)
print("ready", flush=True)
input()
for number in range(5):
    print(tokens.get(PasswordCredentials(f"user{number}", "secret")).access_token)
"""


def test_controllers_log_in_once_per_token(server, tmp_path, together):
    log = tmp_path / "log"

    first, *others = together(4, LOGIN, server.url, log)

    assert others == [first] * 3
    assert sorted(log.read_text().split()) == [f"user{number}" for number in range(5)]


# --- the connection --------------------------------------------------------------------------------------------------------


def uses(backend, budget):
    """All operations of a backend."""

    def lock():
        with backend.lock(NAME, budget):
            pass

    rate_limits = [("all", Rate(1, 1.0))]
    return {
        "read": lambda: backend.read(NAME),
        "write": lambda: backend.write(NAME, b"data", None),
        "remove": lambda: backend.remove(NAME),
        "names": backend.names,
        "lock": lock,
        "reserve": lambda: backend.reserve(rate_limits, budget),
        "hold": lambda: backend.block_until(rate_limits, 0),
    }


USES = ["read", "write", "remove", "names", "lock", "reserve", "hold"]


@pytest.mark.parametrize("use", USES)
def test_missing_server_fails_clearly(use, open_at, budget):
    port = free_port()
    backend = open_at(f"redis://user:{PASSWORD}@127.0.0.1:{port}".replace("/+", ""))

    with pytest.raises(AccessError) as caught:
        uses(backend, budget)[use]()
    assert caught.value.message == (
        f"token_cache: the Redis server at 127.0.0.1:{port} cannot be reached. Check the URL and that the server is running"
        f" (Error 111 connecting to 127.0.0.1:{port}. Connection refused.)"
    )


@pytest.mark.parametrize("use", USES)
def test_wrong_password_fails_clearly(use, server, open_at, budget):
    backend = open_at(f"redis://:wrong-s3cr3t@127.0.0.1:{server.port}")

    with pytest.raises(
        AccessError,
        match=f"^token_cache: the Redis server at 127.0.0.1:{server.port} rejected the user or password in the URL",
    ) as caught:
        uses(backend, budget)[use]()
    assert "s3cr3t" not in caught.value.message


def test_missing_permissions_fail_clearly(server, open_at):
    server.client.acl_setuser("reader", enabled=True, passwords=["+pw"], keys=["*"], commands=["+get", "+ping"])
    backend = open_at(f"redis://reader:pw@127.0.0.1:{server.port}")

    assert backend.read(NAME) is None
    with pytest.raises(AccessError, match="rejected the user or password in the URL, or the user lacks permissions"):
        backend.write(NAME, b"data", None)


@pytest.mark.parametrize("use", USES)
def test_documented_permissions_suffice(use, server, open_at, budget):
    text = (pathlib.Path(__file__).resolve().parents[5] / "docs" / "scaling_out.md").read_text(encoding="utf-8")
    command = next(line for line in text.splitlines() if line.startswith("ACL SETUSER mediaops "))
    server.client.execute_command(*command.split())

    uses(open_at(f"redis://mediaops:password@127.0.0.1:{server.port}"), budget)[use]()


def test_full_server_fails_clearly(own_server, open_at):
    own_server.client.config_set("maxmemory", "1")
    backend = open_at(own_server.url)

    with pytest.raises(
        AccessError,
        match=r"^token_cache: the Redis server at 127.0.0.1:[0-9]+ cannot be used .command not allowed when used memory",
    ):
        backend.write(NAME, b"data", None)


@pytest.mark.parametrize(
    "url",
    ["redis://:s3cr3t@host:port", "redis://:s3cr3t@host:6379?socket_timeout=long", "redis://:s3cr3t@host?nonsense=1"],
)
def test_invalid_redis_url_is_refused_without_being_quoted(url, open_at):
    with pytest.raises(AccessError, match=r"^token_cache is not a valid Redis URL, such as") as caught:
        open_at(url).read(NAME)

    assert "s3cr3t" not in caught.value.message


def test_hanging_server_times_out(server, open_at):
    backend = open_at(server.url, timeout=0.2)
    backend.read(NAME)
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        with pytest.raises(AccessError, match="cannot be reached"):
            backend.read(NAME)
    finally:
        os.kill(server.process.pid, signal.SIGCONT)


@pytest.mark.parametrize("use", USES)
def test_restarting_server_is_retried(use, own_server, open_at, budget):
    backend = open_at(own_server.url, retries=4, clock=Clock())
    backend.names()
    own_server.stop()
    starter = threading.Thread(target=lambda: (time.sleep(0.1), own_server.start()))
    starter.start()
    try:
        uses(backend, budget)[use]()
    finally:
        starter.join()


def test_pauses_between_retries_are_limited(open_at, clock):
    with pytest.raises(AccessError, match="cannot be reached"):
        open_at(f"redis://127.0.0.1:{free_port()}", retries=7).read(NAME)

    assert clock.slept == [0.25, 0.5, 1, 2, 4, 4, 4]


def test_failure_to_release_a_lock_is_ignored(own_server, open_at, budget):
    done = []
    with open_at(own_server.url).lock(NAME, budget):
        done.append("written")
        own_server.stop()

    assert done == ["written"]


def client_of(backend):
    return backend._servers.call(lambda client: client)


def test_connection_is_reused_but_not_across_forks(server, open_at, monkeypatch):
    first, second = open_at(server.url), open_at(server.url)
    client = client_of(first)
    assert client_of(second) is client

    monkeypatch.setattr(os, "getpid", lambda: 1)
    assert client_of(first) is not client


def test_missing_library_is_named(monkeypatch, open_at):
    monkeypatch.setitem(sys.modules, "redis", None)

    with pytest.raises(
        MissingLibrary,
        match=r"^the Python library redis is required for a token_cache that is a Redis URL, but .* cannot import it",
    ):
        open_at("redis://:x@127.0.0.1")


# --- TLS -------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def tls_server(tmp_path_factory, authority):
    folder = tmp_path_factory.mktemp("redis-tls")
    certificate = authority.issue_cert("127.0.0.1")
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    certificate.private_key_pem.write_to_path(str(paths[1]))
    server = RedisServer(folder, tls=paths)
    yield server
    server.stop()


@pytest.mark.parametrize("by", ["ca_path", "folder", "URL"])
def test_tls_uses_the_given_authority(by, tls_server, authority, tmp_path, open_at, monkeypatch):
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    if by == "folder":
        import subprocess

        digest = subprocess.run(
            ["openssl", "x509", "-hash", "-noout", "-in", str(path)], check=True, capture_output=True, text=True
        ).stdout.strip()
        path.rename(tmp_path / f"{digest}.0")
    place = {"ca_path": path, "folder": tmp_path, "URL": None}[by]
    backend = open_at(tls_server.url + (f"?ssl_ca_certs={path}" if by == "URL" else ""), ca_path=place and str(place))

    backend.write(NAME, b"data", None)
    assert backend.read(NAME) == b"data"


def test_certificate_of_an_unknown_authority_is_refused(tls_server, open_at):
    with pytest.raises(AccessError, match=r"cannot be reached.*certificate verify failed"):
        open_at(tls_server.url).read(NAME)


def test_certificate_for_another_host_is_refused(tls_server, authority, tmp_path, open_at):
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))

    with pytest.raises(AccessError, match=r"cannot be reached.*certificate verify failed"):
        open_at(tls_server.url.replace("127.0.0.1", "localhost"), ca_path=str(path)).read(NAME)
