# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendors' own clients that a registry has, against the sandbox: npm playlyfe; PyPI playlyfe, Playoff and flex-sdk."""

from __future__ import annotations

import importlib.metadata
import json
import pathlib
import re
import shutil
import subprocess
import sys
import types
import typing as t
import urllib.parse
import urllib.request

import pytest
from driver import Sandbox
from npm_packages import installed

CLIENTS = pathlib.Path(__file__).parent / "clients"
CLIENT, SECRET = "pl-client", "pl-secret"
STUDENT = {"players": [{"id": "student1", "alias": "Student1"}]}


class _ToTheSandbox(urllib.request.HTTPSHandler):
    """Sends requests for the platform's hosts, which the clients have built in, to the sandbox."""

    def __init__(self, url: str, hosts: dict[str, str]) -> None:
        super().__init__()
        self._url = url
        self._hosts = hosts

    def https_open(self, req: urllib.request.Request) -> t.Any:
        place = urllib.parse.urlsplit(req.full_url)
        url = f"{self._url}{self._hosts[place.netloc]}{place.path}?{place.query}"
        sent = urllib.request.Request(url, req.data, dict(req.header_items()), method=req.get_method())
        sent.remove_header("Host")
        return self.parent.open(sent, timeout=30)


@pytest.fixture
def redirected(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> t.Callable[[dict[str, str]], None]:
    def redirect(hosts: dict[str, str]) -> None:
        handlers = (urllib.request.ProxyHandler({}), _ToTheSandbox(sandbox.url, hosts))
        monkeypatch.setattr(urllib.request, "_opener", urllib.request.build_opener(*handlers))

    return redirect


def test_playlyfe_for_node(sandbox: Sandbox) -> None:
    npm, node = shutil.which("npm"), shutil.which("node")
    if not npm or not node:
        pytest.skip("Node.js is not installed")
    sandbox.control("switches", "PUT", {"playlyfe.max_limit": "none"})
    folder = installed(npm, CLIENTS)
    done = subprocess.run(
        [node, str(folder / "playlyfe.mjs"), sandbox.url], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)

    assert (seen["created"]["bootstrap"], seen["created"]["scores"]) == (True, {})
    assert (seen["duplicate"]["name"], seen["duplicate"]["status"]) == ("player_exists", 409)
    assert [player["id"] for player in seen["players"]["data"]] == ["student1"]
    assert (seen["renamed"]["alias"], seen["profile"]["alias"], seen["profile"]["enabled"]) == ("Uno", "Uno", True)
    assert seen["all"]["total"] == 1
    assert seen["processes"][:5] == ["module1", "module1", "ACTIVE", "patched", "PUBLIC"]
    assert "Process" in seen["processes"][5]
    assert seen["metric"] == ["apple", "The metric 'apple' has been deleted successfully"]
    assert seen["image"][0] is True
    assert seen["image"][1]["message"] == "The player has no display image"
    assert seen["invalid"] == {
        "name": "validation_exception",
        "message": "Invalid request",
        "status": 400,
        "data": {"valid": False},
    }
    assert seen["unknown"] == {
        "name": "route_not_found",
        "message": "This route does not exist",
        "status": 404,
        "data": None,
    }
    assert seen["nobody"]["message"] == "The 'player_id' parameter should be specified in the query"
    assert (seen["refused"]["name"], seen["refused"]["message"]) == ("client_auth_fail", "Client authentication failed")
    assert (seen["replaced"], seen["coded"], seen["refreshed"], seen["signed"]) == (
        "student1",
        "student1",
        True,
        "student1",
    )
    assert seen["removed"]["message"]


def test_playoff_for_python(sandbox: Sandbox, redirected: t.Callable[[dict[str, str]], None]) -> None:
    module = pytest.importorskip("playoff.playoff")
    redirected({"playlyfe.test": "/playlyfe-auth", "api.playlyfe.test": "/playlyfe"})
    sandbox.control("state/playlyfe", "PUT", STUDENT)

    def connect(version: str, secret: str = SECRET) -> t.Any:
        client = module.Playoff(CLIENT, secret, "client", version=version, hostname="playlyfe.test")
        client.get_access_token()
        return client

    with pytest.raises(module.PlayoffException, match="Client authentication failed"):
        connect("v2", "wrong")
    for version, root in (("v1", ""), ("v2", "/runtime")):
        client = connect(version)
        with pytest.raises(module.PlayoffException, match="route does not exist"):
            client.get("/gege", {"player_id": "student1"})
        with pytest.raises(module.PlayoffException, match="The 'player_id' parameter should be specified in the query"):
            client.get(f"{root}/player", {})
        player = client.get(f"{root}/player", {"player_id": "student1"})
        assert (player["id"], player["alias"], player["enabled"]) == ("student1", "Student1", True)
        assert client.get(f"{root}/players", {"player_id": "student1", "limit": 1})["data"]
        for path in ("definitions/processes", "definitions/teams", "processes", "teams"):
            assert "data" in client.get(f"{root}/{path}", {"player_id": "student1"})
        assert b"student1" in client.get(f"{root}/player", {"player_id": "student1"}, raw=True)
    admin = connect("v2")
    assert admin.post("/admin/players", {}, {"id": "p2", "alias": "Two"})["id"] == "p2"
    assert admin.get("/admin/players", {})["total"] == 2
    # A rejected token is replaced once, and the request repeated, if the caller stores tokens.
    kept: list[t.Any] = []
    admin.store, admin.load = kept.append, lambda: kept[-1]
    admin.get_access_token()
    sandbox.control("tokens/invalidate", "POST", {"platform": "playlyfe"})
    assert admin.get("/admin", {})["status"] == "ok"
    assert len(kept) == 2
    assert admin.delete("/admin/players/p2", {})["message"]


def _translated(source: str, name: str) -> types.ModuleType:
    """A module that is written for Python 2, with Python 3's syntax and libraries."""

    class Request(urllib.request.Request):
        def __init__(self, url: str, data: str | None = None, headers: t.Any = None) -> None:
            super().__init__(url, data.encode() if data is not None else None, headers or {})

    modules = {
        "urllib2": {
            **vars(urllib.request),
            "URLError": urllib.error.URLError,
            "HTTPError": urllib.error.HTTPError,
            "Request": Request,
        },
        "urllib": {"urlencode": urllib.parse.urlencode},
    }
    source = re.sub(r"except (\w+), (\w+):", r"except \1 as \2:", source)
    source = re.sub(r"print ('[^']*')", r"print(\1)", source)
    source = re.sub(r"^import (urllib2?)$", "", source, flags=re.MULTILINE)
    source = re.sub(r"^from urllib2 import .*$", "", source, flags=re.MULTILINE)
    module = types.ModuleType(name)
    for alias, names in modules.items():
        setattr(module, alias, types.SimpleNamespace(**names))
    module.URLError, module.HTTPError = urllib.error.URLError, urllib.error.HTTPError  # type: ignore[attr-defined]
    exec(compile(source, f"{name}.py", "exec"), vars(module))  # the published package
    return module


def test_playlyfe_for_python(sandbox: Sandbox, redirected: t.Callable[[dict[str, str]], None]) -> None:
    """It has version 1 of the API only, its hosts built in, and is written for Python 2."""
    files = importlib.metadata.files("playlyfe") or []
    [path] = [path for path in files if path.name == "playlyfe.py"]
    module = _translated(pathlib.Path(str(path.locate())).read_text(encoding="utf-8"), "playlyfe")
    redirected({"playlyfe.com": "/playlyfe-auth", "api.playlyfe.com": "/playlyfe"})
    sandbox.control("state/playlyfe", "PUT", STUDENT)
    client = module.Playlyfe

    with pytest.raises(module.PlaylyfeException, match="client_auth_fail Client authentication failed"):
        client.init(CLIENT, "wrong", "client")
    client.init(CLIENT, SECRET, "client")
    student = {"player_id": "student1"}
    assert client.get("/player", dict(student))["alias"] == "Student1"
    assert client.get("/players", dict(student))["data"]
    assert client.post("/players", dict(student), {"id": "p2"})["id"] == "p2"
    process = client.post("/definitions/processes/module1", dict(student))
    assert client.patch(f"/processes/{process['id']}", dict(student), {"name": "patched"})["name"] == "patched"
    assert client.delete(f"/processes/{process['id']}", dict(student))["message"]
    assert client.delete("/players/p2", dict(student))["message"] == "Player removed successfully"
    with pytest.raises(module.PlaylyfeException, match="route_not_found This route does not exist"):
        client.get("/gege", dict(student))
    with pytest.raises(module.PlaylyfeException, match="The 'player_id' parameter should be specified in the query"):
        client.get("/player", {})


def test_flex_sdk(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = sys.getrecursionlimit()
    flex = pytest.importorskip("flex")
    sys.setrecursionlimit(limit)  # the package changes it
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    connection = (f"{sandbox.url}/flex/api", "flex-user", "flex-password")
    accounts = flex.AccountClient(*connection)
    found = accounts.get_accounts()
    assert [(account.name, account.object_type.name) for account in found] == [
        (name, "account") for name in ("master", "news", "sports")
    ]
    assert found[1].workspace.account_id == 101
    assert accounts.get_account(101).href == f"{sandbox.url}/flex/api/accounts/101"
    assert accounts.get_account_workspace(101).id == 101
    made = accounts.create_account({"name": "new"})
    assert accounts.update_account("", made.id, {"name": "newer"}).name == "newer"
    client = flex.FlexApiClient(*connection)
    assert (
        client.get_actions("limit=5")
        == client.get_users()
        == client.get_workflow_definitions()
        == client.get_collections()
        == []
    )
    assert flex.AccountPropertyClient(*connection).get_account_properties() == []
    for refused in (accounts.get_account, flex.AccountClient(connection[0], "flex-user", "wrong").get_account):
        with pytest.raises(Exception, match=r"40[14]"):
            refused(9)
