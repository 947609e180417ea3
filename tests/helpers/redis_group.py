# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers that take over from each other, on loopback: three sentinels with a primary and a replica, and a cluster,
of Redis or Valkey.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pathlib
import shutil
import socket
import subprocess
import time
import typing as t

import pytest
import redis
import trustme
from redis_server import PASSWORD, free_port

SERVICE = "mediaops"
_ENCODED = PASSWORD.replace("/", "%2F").replace("+", "%2B")
_SLOTS = 16384
_Result = t.TypeVar("_Result")


def program_of(product: str) -> str:
    """The path of ``redis-server`` or ``valkey-server``."""
    program = shutil.which(product)
    if program is None:
        message = f"{product} is not installed (as root: apt-get install {product})"
        # Debian 12 has no Valkey.
        if os.environ.get("STRICT") and product == "redis-server":
            pytest.fail(message)
        pytest.skip(message)
    return program


def until(condition: t.Callable[[], _Result], what: str, seconds: float = 60) -> _Result:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(redis.RedisError, OSError):
            if result := condition():
                return result
        if time.monotonic() > deadline:
            raise AssertionError(f"no {what} within {seconds} s")
        time.sleep(0.02)


class Node:
    """A server process with a configuration file."""

    def __init__(
        self, program: str, folder: pathlib.Path, lines: t.Sequence[str], tls: t.Sequence[str] = (), *arguments: str
    ) -> None:
        self.port = _port_with_bus()
        folder.mkdir()
        self.folder = folder
        listen = [f"port 0\ntls-port {self.port}", *tls] if tls else [f"port {self.port}"]
        configuration = folder / "server.conf"
        base = ["bind 127.0.0.1", *listen, f'dir "{folder}"', *lines]
        configuration.write_text("\n".join(base) + "\n", encoding="utf-8")
        with (folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [program, str(configuration), *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        secure: dict[str, t.Any] = {"ssl": True, "ssl_cert_reqs": "none", "ssl_check_hostname": False} if tls else {}
        self.client = redis.Redis(port=self.port, password=PASSWORD, socket_timeout=5, **secure)
        until(self._listens, f"server on port {self.port}: {(folder / 'log').read_text(errors='replace')[-500:]}")

    def _listens(self) -> bool:
        socket.create_connection(("127.0.0.1", self.port), 1).close()
        return True

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    @property
    def is_primary(self) -> bool:
        return self.alive and self.client.role()[0] in (b"master", "master")


def _port_with_bus() -> int:
    """A free port whose number plus 10000, the cluster's bus, is a port as well."""
    return next(port for port in (free_port() for _attempt in itertools.count()) if port < 55000)


def certificates(folder: pathlib.Path) -> list[pathlib.Path]:
    """A server's certificate, its key and the certificate of its authority."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    paths = [folder / name for name in ("cert.pem", "key.pem", "ca.pem")]
    paths[0].write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    certificate.private_key_pem.write_to_path(str(paths[1]))
    authority.cert_pem.write_to_path(str(paths[2]))
    return paths


def tls_lines(certificate: pathlib.Path, key: pathlib.Path, authority: pathlib.Path) -> list[str]:
    return [
        f'tls-cert-file "{certificate}"',
        f'tls-key-file "{key}"',
        f'tls-ca-cert-file "{authority}"',
        "tls-auth-clients no",
        "tls-replication yes",
    ]


class Group:
    """Several servers; ``url`` is the ``token_cache``, ``authority`` the ``ca_path`` if they use TLS."""

    url: str

    def __init__(self, tls: t.Sequence[str] = ()) -> None:
        self.nodes: list[Node] = []
        paths = [line.partition(" ")[2].strip('"') for line in tls if line.startswith("tls-ca-cert-file ")]
        self.authority = paths[0] if paths else None

    def stop(self) -> None:
        for node in self.nodes:
            node.kill()

    def primary_of(self, key: str) -> Node:
        """The primary that holds a key."""
        raise NotImplementedError

    def kill_primary_of(self, key: str) -> Node:
        node = self.primary_of(key)
        node.kill()
        return node


_DATA = [f'requirepass "{PASSWORD}"', f'masterauth "{PASSWORD}"', 'save ""', "repl-diskless-sync-delay 0"]
#: A cluster ignores a replica until the first write or ping of its primary, every 10 seconds by default.
_DATA += ["repl-ping-replica-period 1"]


class Sentinels(Group):
    """Three sentinels with the servers' password, or without one, that watch a primary with ``replicas``."""

    def __init__(
        self,
        folder: pathlib.Path,
        product: str = "redis-server",
        tls: t.Sequence[str] = (),
        replicas: int = 1,
        password: str | None = PASSWORD,
    ) -> None:
        super().__init__(tls)
        program = program_of(product)
        try:
            primary = Node(program, folder / "primary", _DATA, tls)
            self.nodes.append(primary)
            for number in range(replicas):
                lines = [*_DATA, f"replicaof 127.0.0.1 {primary.port}"]
                self.nodes.append(Node(program, folder / f"replica{number}", lines, tls))
            self.servers = list(self.nodes)
            until(lambda: primary.client.info("replication")["connected_slaves"] == replicas, "replica")
            watch = [
                f"sentinel monitor {SERVICE} 127.0.0.1 {primary.port} 2",
                f'sentinel auth-pass {SERVICE} "{PASSWORD}"',
                f"sentinel down-after-milliseconds {SERVICE} 500",
                f"sentinel failover-timeout {SERVICE} 4000",
            ]
            if password:
                watch += [f'requirepass "{password}"', f'sentinel sentinel-pass "{password}"']
            self.sentinels = [
                Node(program, folder / f"sentinel{number}", watch, tls, "--sentinel") for number in range(3)
            ]
            self.nodes += self.sentinels
            for node in self.sentinels:
                if password != PASSWORD:
                    node.client = redis.Redis(port=node.port, password=password, socket_timeout=5)
                until(lambda node=node: self._is_ready(node, replicas), "sentinels that know each other")  # type: ignore[misc]
        except BaseException:
            self.stop()
            raise
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.sentinels)
        self.url = f"{'rediss' if tls else 'redis'}+sentinel://:{_ENCODED}@{hosts}/{SERVICE}/0"

    @staticmethod
    def _is_ready(sentinel: Node, replicas: int) -> bool:
        state = sentinel.client.sentinel_master(SERVICE)
        return int(state["num-other-sentinels"]) == 2 and int(state["num-slaves"]) == replicas

    def primary_of(self, key: str) -> Node:
        return until(lambda: next((node for node in self.servers if node.is_primary), None), "primary")


class Cluster(Group):
    """Three primaries, and for each of them ``replicas``."""

    def __init__(
        self, folder: pathlib.Path, product: str = "redis-server", tls: t.Sequence[str] = (), replicas: int = 1
    ) -> None:
        super().__init__(tls)
        program = program_of(product)
        lines = [*_DATA, "cluster-enabled yes", "cluster-node-timeout 1000", "cluster-announce-ip 127.0.0.1"]
        lines += ["tls-cluster yes"] if tls else []
        try:
            for number in range(3 * (1 + replicas)):
                self.nodes.append(Node(program, folder / f"node{number}", lines, tls))
            self._join(replicas)
        except BaseException:
            self.stop()
            raise
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        self.url = f"{'rediss' if tls else 'redis'}+cluster://:{_ENCODED}@{hosts}"

    def _join(self, replicas: int) -> None:
        for number, node in enumerate(self.nodes):
            node.client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", str(number + 1))
            if number:
                node.client.execute_command("CLUSTER", "MEET", "127.0.0.1", str(self.nodes[0].port))
        for number, node in enumerate(self.nodes[:3]):
            slots = range(number * _SLOTS // 3, (number + 1) * _SLOTS // 3)
            node.client.execute_command("CLUSTER", "ADDSLOTS", *slots)  # ADDSLOTSRANGE needs Redis 7
        names = [node.client.execute_command("CLUSTER", "MYID").decode() for node in self.nodes]
        for number, node in enumerate(self.nodes[3:]):
            until(lambda node=node: len(self._known(node)) == len(names), "nodes that know each other")  # type: ignore[misc]
            until(
                lambda node=node, number=number: node.client.execute_command(  # type: ignore[misc]
                    "CLUSTER", "REPLICATE", names[number % 3]
                ),
                "replica",
            )
        for node in self.nodes:
            until(lambda node=node: self._is_ready(node, replicas), "cluster")  # type: ignore[misc]

    @staticmethod
    def _known(node: Node) -> t.Any:
        return node.client.execute_command("CLUSTER NODES")

    @staticmethod
    def _is_ready(node: Node, replicas: int) -> bool:
        slots = node.client.execute_command("CLUSTER", "SLOTS")
        return (
            node.client.execute_command("CLUSTER INFO")["cluster_state"] == "ok"
            and len(slots) == 3
            and all(len(slot) == 3 + replicas for slot in slots)
            and (node.client.role()[0] in (b"master", "master") or node.client.role()[3] in (b"connected", "connected"))
        )

    def primary_of(self, key: str) -> Node:
        def find() -> Node | None:
            alive = [node for node in self.nodes if node.alive]
            slot = alive[0].client.execute_command("CLUSTER", "KEYSLOT", key)
            for first, last, primary, *_replicas in alive[0].client.execute_command("CLUSTER", "SLOTS"):
                if first <= slot <= last:
                    return next((node for node in alive if node.port == primary[1] and node.is_primary), None)
            return None

        return until(find, "primary")
