# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 at every moment: what a process leaves behind when it dies at any line of ours lets the next one finish the work.

A process forks one child for each line that the work executes, and each kills itself at its line; then the same work is done to its end.
"""

from __future__ import annotations

import json
import os
import pathlib
import stat
import subprocess
import sys
import typing as t

import pytest
from driver import STRICT, Sandbox, collections_path
from redis_server import RedisServer

pytestmark = pytest.mark.timeout(600)  # of seconds on a busy machine

PROGRAM = """
import json, os, signal, sys, traceback
import cryptography.fernet, jsonschema, redis, requests
from ansible_collections.mediaops.access.plugins.module_utils._store import redis
from ansible_collections.mediaops.access.plugins.plugin_utils._credentials_file import CredentialsFile
from ansible_collections.mediaops.access.plugins.plugin_utils._credentials_formats import FORMATS
from ansible_collections.mediaops.access.plugins.modules import audienceplayer_entitlement, flex_oauth_app, freewheel_token, oauth2_api

redis._LOCK_TTL = 0.3  # seconds that the next process has to wait


def deliver(params):
    place = CredentialsFile(params["dest"], FORMATS["json"](None))
    before, after, changed = place.compare(params["credentials"])
    if changed:
        place.write(after)
    return {"changed": changed}


WORK = {
    "deliver": deliver,
    **{
        module.__name__.rpartition(".")[2]: lambda params, module=module: module.MODULE.run(params, name=module.__name__)
        for module in (audienceplayer_entitlement, flex_oauth_app, freewheel_token, oauth2_api)
    },
}


def traced(limit):
    lines = 0

    def trace(frame, event, argument):
        nonlocal lines
        if "/mediaops/access/plugins/" not in frame.f_code.co_filename:
            return None
        lines += event == "line"
        if event == "line" and lines == limit:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
    return lambda: lines


# One line of input is one child: what it does, and the line at which it dies, at the latest when it is done (0: at none).
for text in sys.stdin:
    order = json.loads(text)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            lines = traced(order["line"])
            result = WORK[order["work"]](order["params"])
            sys.settrace(None)
            if order["line"]:  # threads make the number of lines vary: this time it is done before its line
                os.kill(os.getpid(), signal.SIGKILL)
            os.write(writer, json.dumps({"result": result, "lines": lines()}).encode())
        except BaseException:
            sys.settrace(None)
            os.write(writer, json.dumps({"error": traceback.format_exc()}).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    print(answer or "null", flush=True)
"""


class Children:
    """Does work in processes of their own."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            env={
                "PYTHONPATH": collections_path(),
                "PATH": os.environ["PATH"],
                "HOME": str(folder),
                "ANSIBLE_HOME": str(folder / "home"),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def do(self, work: str, params: dict[str, t.Any], line: int = 0) -> dict[str, t.Any] | None:
        """What came of it; None where the child was killed."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps({"work": work, "params": params, "line": line}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, t.Any] | None = json.loads(self._process.stdout.readline())
        assert answer is None or "error" not in answer, (answer or {})["error"]
        return answer

    def moments(self, work: str, params: dict[str, t.Any], most: int) -> range:
        """The lines at which to die, evenly distributed: so many of them in CI."""
        healthy = self.do(work, params)
        assert healthy and not healthy["result"].get("failed"), healthy
        return range(1, healthy["lines"] + 1, healthy["lines"] // (most if STRICT else most // 6) + 1)

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def children(tmp_path: pathlib.Path) -> t.Iterator[Children]:
    children = Children(tmp_path)
    yield children
    children.stop()


@pytest.fixture(params=["directory", "Redis"])
def cache(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> t.Iterator[t.Callable[[], dict[str, t.Any]]]:
    """Makes token caches, each of them new; a lock that blocks the next process fails the test."""
    if request.param == "directory":
        yield lambda: {"token_cache": str(tmp_path / os.urandom(8).hex()), "max_wait": 5}
        return
    server = RedisServer(tmp_path)

    def make() -> dict[str, t.Any]:
        server.client.flushall()
        return {"token_cache": server.url, "token_cache_key": "the-s3cr3t-key-of-the-cache", "max_wait": 5}

    yield make
    server.stop()


UNLIMITED = {"rate_limit": "none", "auth_rate_limit": "none"}


def test_a_login_that_dies_is_followed_by_one_that_serves(
    children: Children, sandbox: Sandbox, cache: t.Callable[[], dict[str, t.Any]]
) -> None:
    sandbox.reset({"switches": {"freewheel.rate_limit": "none", "freewheel.auth_rate_limit": "none"}})
    connection = {
        **sandbox.variables()["sandbox"]["freewheel"],
        "rate_limit": "50/second",
        "auth_rate_limit": "50/second",
    }
    for line in children.moments("freewheel_token", {**connection, **cache()}, 72):
        params = {**connection, **cache()}
        before = sandbox.logins("freewheel")
        assert children.do("freewheel_token", params, line) is None

        first = children.do("freewheel_token", params)
        second = children.do("freewheel_token", params)

        assert first and first["result"]["token"]["access_token"], (line, first)
        assert second and second["result"]["changed"] is False, (line, second)
        assert second["result"]["token"]["access_token"] == first["result"]["token"]["access_token"]
        assert sandbox.logins("freewheel") - before <= 2, line


def test_a_refresh_token_that_works_once_is_lost_only_if_its_answer_is(
    children: Children, sandbox: Sandbox, cache: t.Callable[[], dict[str, t.Any]]
) -> None:
    """A new refresh token is stored before the access token that came with it is used."""
    extra = {"client_id": "oa-client", "scope": "read", "family": "1"}
    token = {"kind": "refresh", "owner": "viewer", "issued_at": 1, "expires_at": 4e9, "extra": extra}
    prepare = {"state": {"oauth2": {"tokens": [{**token, "value": "s3cr3t-refresh-token"}]}}}
    grant = {"grant": "refresh_token", "refresh_token": "s3cr3t-refresh-token"}
    connection = {**sandbox.variables()["sandbox"]["oauth2"], **grant, "path": "channels"}
    lost = 0
    sandbox.reset(prepare)
    moments = children.moments("oauth2_api", {**connection, **cache()}, 150)
    for line in moments:
        sandbox.reset(prepare)
        params = {**connection, **cache()}
        assert children.do("oauth2_api", params, line) is None
        paths = [request["path"] for request in sandbox.control("requests")]

        after = children.do("oauth2_api", params)

        assert after, line
        if after["result"].get("failed"):
            assert after["result"]["error_code"] == "invalid_grant", (line, after)
            assert paths[-1] == "/token", (line, paths)  # sent, but the answer was not stored
            lost += 1
        assert sandbox.logins("oauth2") <= 2, line
    assert lost <= len(moments) // 4, f"{lost} of {len(moments)}"


def test_an_application_whose_registration_dies_exists_once_and_keeps_its_secret(
    children: Children, sandbox: Sandbox, cache: t.Callable[[], dict[str, t.Any]]
) -> None:
    connection = {**sandbox.variables()["sandbox"]["flex"], "name": "Reviewer", "description": "Tool to review media"}
    for line in children.moments("flex_oauth_app", {**connection, **cache()}, 72):
        sandbox.reset()
        params = {**connection, **cache()}
        assert children.do("flex_oauth_app", params, line) is None

        first = children.do("flex_oauth_app", params)
        second = children.do("flex_oauth_app", params)

        (application,) = sandbox.state()["flex"]["applications"]
        assert first and first["result"]["application"]["client_secret"] == application["secret"], (line, first)
        assert second and second["result"]["changed"] is False, (line, second)


def test_a_rotation_that_dies_leaves_one_application_whose_secret_the_next_one_returns(
    children: Children, sandbox: Sandbox, cache: t.Callable[[], dict[str, t.Any]]
) -> None:
    connection = {
        **sandbox.variables()["sandbox"]["flex"],
        "name": "Reviewer",
        "description": "Tool to review media",
        "rotate_secret": True,
    }
    old = {
        "state": {"flex": {"applications": [{"applicationName": "Reviewer", "description": "Tool to review media"}]}}
    }
    sandbox.reset(old)
    for line in children.moments("flex_oauth_app", {**connection, **cache()}, 72):
        sandbox.reset(old)
        params = {**connection, **cache()}
        assert children.do("flex_oauth_app", params, line) is None

        after = children.do("flex_oauth_app", params)

        (application,) = sandbox.state()["flex"]["applications"]
        assert after and after["result"]["application"]["client_secret"] == application["secret"], (line, after)


def test_a_rotation_with_overlap_that_dies_is_completed_by_an_ordinary_run_and_the_old_secret_stays_valid(
    children: Children, sandbox: Sandbox, cache: t.Callable[[], dict[str, t.Any]]
) -> None:
    ordinary = {**sandbox.variables()["sandbox"]["flex"], "name": "Reviewer"}
    rotation = {"rotate_secret": True, "rotate_overlap": True}
    application = {"id": 7, "applicationName": "Reviewer", "description": "Tool", "secret": "s3cr3t-of-old"}
    old = {"state": {"flex": {"applications": [application]}}}
    sandbox.reset(old)
    for line in children.moments("flex_oauth_app", {**ordinary, **rotation, **cache()}, 72):
        sandbox.reset(old)
        params = {**ordinary, **cache()}
        assert children.do("flex_oauth_app", {**params, **rotation}, line) is None

        after = children.do("flex_oauth_app", params)
        again = children.do("flex_oauth_app", params)

        there = sandbox.state()["flex"]["applications"]
        (current,) = [item for item in there if item["applicationName"] == "Reviewer"]
        assert after and after["result"]["application"]["client_secret"] == current["secret"], (line, after)
        assert [item["secret"] for item in there if item["id"] == 7] == ["s3cr3t-of-old"], line
        assert [item["id"] for item in after["result"]["retiring"]] == ([] if current["id"] == 7 else [7]), line
        assert len(there) <= 2, line
        assert again and again["result"]["changed"] is False, (line, again)


@pytest.mark.parametrize("repeat_login", ["new_token", "same_token"])
def test_a_token_whose_rotation_dies_is_revoked_by_the_next_retirement(
    children: Children, sandbox: Sandbox, cache: t.Callable[[], dict[str, t.Any]], repeat_login: str
) -> None:
    unlimited = {"freewheel.rate_limit": "none", "freewheel.auth_rate_limit": "none"}
    prepare = {"switches": {**unlimited, "freewheel.repeat_login": repeat_login}}
    sandbox.reset(prepare)
    connection = {**sandbox.variables()["sandbox"]["freewheel"], **UNLIMITED}
    rotation = {"force": True, "overlap": True}

    def alive() -> list[str]:
        return [token["value"] for token in sandbox.state()["freewheel"]["tokens"]]

    prepared = {**connection, **cache()}
    children.do("freewheel_token", prepared)
    for line in children.moments("freewheel_token", {**prepared, **rotation}, 72):
        sandbox.reset(prepare)
        params = {**connection, **cache()}
        children.do("freewheel_token", params)
        (old,) = alive()
        assert children.do("freewheel_token", {**params, **rotation}, line) is None
        if repeat_login == "new_token":
            assert old in alive(), line  # clients still have it

        current = children.do("freewheel_token", {**params, "verify": True})
        retired = children.do("freewheel_token", {**params, "retire_only": True})

        assert current and retired and not retired["result"].get("failed"), (line, current, retired)
        token = current["result"]["token"]["access_token"]
        assert token in alive(), line
        assert old == token or old not in alive(), line


def test_entitlements_whose_bulk_dies_in_the_middle_are_completed(
    children: Children, sandbox: Sandbox, cache: t.Callable[[], dict[str, t.Any]]
) -> None:
    unlimited = {"switches": {"audienceplayer.rate_limit": "none", "audienceplayer.auth_rate_limit": "none"}}
    users = [{"id": 2000 + number, "email": f"user{number}@example.com"} for number in range(6)]
    prepare = {**unlimited, "state": {"audienceplayer": {"users": users}}}
    items = [{"user_email": user["email"], "product_id": 444} for user in users]
    connection = {
        **sandbox.variables()["sandbox"]["audienceplayer"],
        **UNLIMITED,
        "entitlements": items,
        "batch_size": 2,
    }
    sandbox.reset(prepare)
    for line in children.moments("audienceplayer_entitlement", {**connection, **cache()}, 42):
        sandbox.reset(prepare)
        params = {**connection, **cache()}
        assert children.do("audienceplayer_entitlement", params, line) is None

        done = sum(bool(user["products"]) for user in sandbox.state()["audienceplayer"]["users"])
        first = children.do("audienceplayer_entitlement", params)
        second = children.do("audienceplayer_entitlement", params)

        assert first and first["result"]["summary"] == {
            "total": 6,
            "changed": 6 - done,
            "unchanged": done,
            "failed": 0,
        }, (line, first)
        assert second and second["result"]["changed"] is False, (line, second)


def test_a_ledger_never_knows_more_than_the_platform(
    children: Children, sandbox: Sandbox, tmp_path: pathlib.Path
) -> None:
    """A grant, a revocation and another grant are right in the end, wherever the second of three runs dies."""
    users = [{"id": 2000 + number, "email": f"user{number}@example.com"} for number in range(3)]
    unlimited = {"audienceplayer.rate_limit": "none", "audienceplayer.auth_rate_limit": "none"}
    sandbox.reset({"switches": unlimited, "state": {"audienceplayer": {"users": users}}})
    connection = {
        **sandbox.variables()["sandbox"]["audienceplayer"],
        **UNLIMITED,
        "batch_size": 2,
        "token_cache": str(tmp_path / "cache"),
    }

    def params(state: str) -> dict[str, t.Any]:
        items = [{"user_email": user["email"], "product_id": 444, "state": state} for user in users]
        return {**connection, "entitlements": items, "ledger": str(tmp_path / "ledger")}

    def held() -> int:
        state = sandbox.state()["audienceplayer"]["users"]
        return sum(bool(user["products"]) for user in state)

    children.do("audienceplayer_entitlement", params("present"))
    for line in children.moments("audienceplayer_entitlement", params("absent"), 72):
        children.do("audienceplayer_entitlement", params("present"))
        assert held() == 3
        assert children.do("audienceplayer_entitlement", params("absent"), line) is None

        children.do("audienceplayer_entitlement", params("present"))

        assert held() == 3, line


def test_a_file_whose_delivery_dies_is_the_old_or_the_new_one_and_nothing_is_left_beside_it(
    children: Children, tmp_path: pathlib.Path
) -> None:
    folder = tmp_path / "delivered"
    folder.mkdir()
    dest = folder / "credentials.json"

    def params(secret: str) -> dict[str, t.Any]:
        return {
            "dest": str(dest),
            "credentials": {"applications": {"Reviewer": {"client_id": "rv", "client_secret": secret}}, "tokens": {}},
        }

    for line in children.moments("deliver", params("first"), 1000):
        children.do("deliver", params("old"))
        old = dest.read_bytes()
        assert children.do("deliver", params("new"), line) is None

        assert (
            dest.read_bytes() == old
            or json.loads(dest.read_bytes())["applications"]["Reviewer"]["client_secret"] == "new"
        )
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in folder.iterdir())
        children.do("deliver", params("new"))
        assert json.loads(dest.read_bytes())["applications"]["Reviewer"]["client_secret"] == "new"
        children.do("deliver", params("newest"))
        assert list(folder.iterdir()) == [dest]
