# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox as a process: start and stop, dropped connections, TLS."""

from __future__ import annotations

import http.client
import json
import signal
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[3] / "extensions" / "sandbox"
KEY = {"X-App-Registration-Key": "sandbox-registration-key", "Content-Type": "application/json"}
APPLICATIONS = "/flex/api/authentication/applications"


class Process:
    """A running sandbox."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.ready = folder / "ready.json"
        command = [sys.executable, str(FOLDER), "--port", "0", "--ready-file", str(self.ready), *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder)
        deadline = time.monotonic() + 20
        while not self.ready.exists():
            assert self.process.poll() is None and time.monotonic() < deadline, self.process.communicate()
            time.sleep(0.01)
        found = json.loads(self.ready.read_text(encoding="utf-8"))
        assert found["pid"] == self.process.pid
        self.url = found["url"]
        self.port = int(self.url.rpartition(":")[2])

    def ask(self, method: str, path: str, body: object = None, timeout: float = 10) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, KEY)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def control(self, method: str, path: str, body: object = None) -> object:
        status, text = self.ask(method, f"/_sandbox{path}", body)
        assert status == 200, text
        return json.loads(text)

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        if self.process.poll() is None:
            self.process.send_signal(number)
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    process = Process(tmp_path_factory.mktemp("sandbox"), "--quiet")
    yield process
    assert process.stop() == (0, "", "")


@pytest.fixture
def served(running):
    running.control("POST", "/reset")
    return running


def names(served):
    return [item["applicationName"] for item in served.control("GET", "/state/flex")["applications"]]


@pytest.mark.parametrize(("kind", "acted"), [("close_before", []), ("close_after", ["a"])])
def test_a_dropped_connection(served, kind, acted):
    served.control("POST", "/faults", {"fault": kind})
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        served.ask("POST", APPLICATIONS, {"applicationName": "a", "description": "b"})
    assert names(served) == acted
    assert served.control("GET", "/requests")[0]["status"] is None


def test_an_answer_that_is_cut_on_the_wire(served):
    served.control("POST", "/faults", {"fault": "truncate", "wire": True})
    with pytest.raises(http.client.IncompleteRead) as caught:
        served.ask("POST", APPLICATIONS, {"applicationName": "a", "description": "b"})
    assert caught.value.partial and caught.value.expected
    assert names(served) == ["a"]


def test_an_answer_that_is_cut_but_complete(served):
    served.control("POST", "/faults", {"fault": "truncate"})
    status, body = served.ask("POST", APPLICATIONS, {"applicationName": "a", "description": "b"})
    assert status == 200
    with pytest.raises(ValueError):
        json.loads(body)


@pytest.mark.parametrize(("kind", "least"), [("drip", 3), ("endless", 1 << 20)])
def test_an_answer_without_end(served, kind, least):
    served.control("POST", "/faults", {"fault": kind})
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    connection.request("POST", APPLICATIONS, json.dumps({"applicationName": "a", "description": "b"}), KEY)
    answer = connection.getresponse()
    assert (answer.status, answer.read(least)) == (200, b" " * least)
    assert names(served) == ["a"]
    connection.close()
    assert served.control("GET", "/summary")["flex"]["faults"] == 1


@pytest.mark.parametrize(("kind", "acted"), [("hang_before", []), ("hang_after", ["a"])])
def test_a_client_that_does_not_wait(served, kind, acted):
    served.control("POST", "/faults", {"fault": kind, "seconds": 60})
    with pytest.raises(TimeoutError):
        served.ask("POST", APPLICATIONS, {"applicationName": "a", "description": "b"}, timeout=0.3)
    deadline = time.monotonic() + 10
    while names(served) != acted and time.monotonic() < deadline:
        time.sleep(0.01)
    assert names(served) == acted


def test_many_requests_on_one_connection(served):
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    for _turn in range(50):
        connection.request("GET", APPLICATIONS, headers=KEY)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b"[]")
    connection.close()
    assert served.control("GET", "/summary")["flex"]["requests"] == 50


def test_a_large_body(served):
    users = [{"id": number, "email": f"{number}@example.com", "name": "x" * 50} for number in range(5000)]
    assert served.control("PUT", "/state", {"audienceplayer": {"users": users}}) == {}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_while_a_request_hangs(tmp_path, number):
    process = Process(tmp_path, "--switch", "flex.create_status=201")
    process.control("POST", "/faults", {"fault": "hang_after", "seconds": 600})
    connection = http.client.HTTPConnection("127.0.0.1", process.port, timeout=10)
    connection.request("POST", APPLICATIONS, json.dumps({"applicationName": "a", "description": "b"}), KEY)
    while not names(process):
        time.sleep(0.01)
    status, out, err = process.stop(number)
    assert (status, err) == (0, "")
    assert not process.ready.exists()
    connection.close()
    for text in (
        f"{process.url}/flex",
        f"{process.url}/playlyfe/v2",
        "mrm / mrm-password",
        "222 / user-scope-secret",
        "_sandbox",
    ):
        assert text in out


def test_seed_and_switches(tmp_path):
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps({"flex": {"applications": [{"applicationName": "seeded"}]}}), encoding="utf-8")
    process = Process(
        tmp_path,
        "--quiet",
        "--seed",
        str(seed),
        "--switch",
        "flex.list_shape=items",
        "--switch",
        "flex.rate_limit=2/minute",
    )
    try:
        assert json.loads(process.ask("GET", APPLICATIONS)[1])["items"][0]["applicationName"] == "seeded"
        assert [process.ask("GET", APPLICATIONS)[0] for _turn in range(2)] == [200, 429]
    finally:
        assert process.stop()[0] == 0


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--switch", "flex.nothing=1"], "unknown switch 'flex.nothing'"),
        (["--switch", "flex.create_status=7"], "flex.create_status: invalid value '7'; valid values: 200, 201"),
        (["--switch", "flex.create_status"], "NAME=VALUE"),
        (["--seed", "/nonexistent/seed.json"], "No such file"),
        (["--tls-cert", "x"], "--tls-key"),
        (["--host", "192.0.2.1"], "cannot listen"),
        (["--ready-file", "/dev/null"], "--ready-file: /dev/null is not a regular file"),
    ],
)
def test_invalid_arguments(arguments, text):
    done = subprocess.run(
        [sys.executable, str(FOLDER), "--port", "0", *arguments], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert text in done.stderr and "Traceback" not in done.stderr


def root_page(connection):
    connection.request("GET", "/_sandbox/")
    return connection.getresponse()


def test_tls(tmp_path):
    trustme = pytest.importorskip("trustme")
    ca = trustme.CA()
    server, client = ca.issue_cert("127.0.0.1"), ca.issue_cert("client@example.com")
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    server.cert_chain_pems[0].write_to_path(tmp_path / "server.pem")
    server.private_key_pem.write_to_path(tmp_path / "server.key")
    client.private_key_and_cert_chain_pem.write_to_path(tmp_path / "client.pem")
    files = [str(tmp_path / name) for name in ("server.pem", "server.key", "ca.pem")]
    process = Process(tmp_path, "--quiet", "--tls-cert", files[0], "--tls-key", files[1], "--tls-client-ca", files[2])
    try:
        assert process.url.startswith("https://127.0.0.1:")
        context = ssl.create_default_context(cafile=files[2])
        with pytest.raises((ssl.SSLError, OSError)):  # on connecting, or only when it reads, as TLS 1.3 has it
            root_page(http.client.HTTPSConnection("127.0.0.1", process.port, timeout=10, context=context))
        context.load_cert_chain(tmp_path / "client.pem")
        connection = http.client.HTTPSConnection("127.0.0.1", process.port, timeout=10, context=context)
        connection.request("POST", "/_sandbox/faults", json.dumps({"fault": "close_before"}))
        answer = connection.getresponse()
        assert (answer.status, len(json.loads(answer.read()))) == (200, 1)
        connection.request("GET", "/flex/")
        with pytest.raises((http.client.RemoteDisconnected, ssl.SSLError, ConnectionResetError)):
            connection.getresponse()
        connection.close()
    finally:
        assert process.stop() == (0, "", "")


def test_the_readme_lists_the_switches():
    done = subprocess.run([sys.executable, str(FOLDER), "--list-switches"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in (FOLDER / "README.md").read_text(encoding="utf-8")
