# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""movingimage's flows openid and authorization_code against an OpenID Connect server that is not ours (npm oidc-provider), on loopback."""

from __future__ import annotations

import http.cookiejar
import json
import os
import pathlib
import re
import shutil
import subprocess
import time
import typing as t
import urllib.error
import urllib.parse
import urllib.request

import pytest
from driver import HERE, Ansible, Facts, Run, report
from npm_packages import installed

pytestmark = pytest.mark.timeout(300)  # of seconds on a busy machine

USER, PASSWORD, CLIENT_SECRET = "viewer@example.com", "s3cr3t/of+the=viewer", "s3cr3t/of+the=client"
CLIENT, REDIRECT = "portal client", "http://127.0.0.1:9/callback"
SHORT = 120  # seconds that the first token lives: see openid/server.mjs. Who asks for more makes it too old, without a wait.


class OpenIdServer:
    """The server, the token requests that it saw, and a viewer's browser."""

    def __init__(self, node: str, program: pathlib.Path, folder: pathlib.Path) -> None:
        self._log = folder / "log"
        with self._log.open("wb") as log:
            command = [node, str(program), USER, PASSWORD, CLIENT_SECRET]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder)
        deadline = time.monotonic() + 60
        while not self._lines():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(
                    f"the OpenID Connect server did not start: {self._log.read_text(errors='replace')[-2000:]}"
                )
            time.sleep(0.05)
        self.url: str = self._lines()[0]["issuer"]
        self._seen = 1

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _lines(self) -> list[Facts]:
        return [
            json.loads(line)
            for line in self._log.read_text(encoding="utf-8").splitlines(keepends=True)
            if line.startswith("{") and line.endswith("\n")
        ]

    def grants(self) -> list[tuple[str, str, str | None]]:
        """The token requests since the last time: type, client, error."""
        lines = self._lines()
        new, self._seen = lines[self._seen :], len(lines)
        return [(line["grant"], line["client"], line["error"]) for line in new]

    def code(self) -> str:
        """What a viewer gets who logs in and consents in a browser."""
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
            _ToTheClient(),
        )
        asked = {"client_id": CLIENT, "response_type": "code", "redirect_uri": REDIRECT, "scope": "openid"}
        url, form = f"{self.url}/auth?{urllib.parse.urlencode(asked)}", None
        for _page in range(5):
            try:
                with opener.open(url, form, timeout=30) as answer:
                    page, here = answer.read().decode(), answer.url
            except _Arrived as arrived:
                return urllib.parse.parse_qs(urllib.parse.urlsplit(arrived.url).query)["code"][0]
            action = re.search(r'<form[^>]* action="([^"]+)"', page)
            prompt = re.search(r'name="prompt" value="(\w+)"', page)
            assert action and prompt, page
            url = urllib.parse.urljoin(here, action.group(1))
            form = urllib.parse.urlencode({"prompt": prompt.group(1), "login": USER, "password": "any"}).encode()
        raise AssertionError("login and consent do not end")


class _Arrived(Exception):
    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


class _ToTheClient(urllib.request.HTTPRedirectHandler):
    """Follows redirects up to the one to the client, where nobody listens."""

    def redirect_request(
        self, req: t.Any, fp: t.Any, code: int, msg: str, headers: t.Any, newurl: str
    ) -> urllib.request.Request | None:
        if newurl.startswith(REDIRECT):
            raise _Arrived(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[OpenIdServer]:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        message = "node and npm are not installed"
        if os.environ.get("STRICT"):
            pytest.fail(message)
        pytest.skip(message)
    openid = OpenIdServer(node, installed(npm, HERE / "openid") / "server.mjs", tmp_path_factory.mktemp("openid"))
    yield openid
    openid.stop()


@pytest.fixture
def openid(server: OpenIdServer) -> OpenIdServer:
    server.grants()
    return server


def options(openid: OpenIdServer, flow: str, **more: t.Any) -> Facts:
    common = {"url": "{{ sandbox.movingimage.url }}", "auth_url": openid.url, "flow": flow, "min_ttl": 1}
    credentials = (
        {"username": USER, "password": PASSWORD}
        if flow == "openid"
        else {"client_id": CLIENT, "client_secret": CLIENT_SECRET, "redirect_uri": REDIRECT}
    )
    return {**common, **credentials, **more}


def token(name: str, given: Facts) -> list[Facts]:
    """Tasks that obtain a token and keep it in a file, for us to compare."""
    keep = {"content": "{{ obtained | to_json }}", "dest": f"{{{{ work_dir }}}}/{name}.json", "mode": "0600"}
    return [
        {"name": name, "mediaops.access.movingimage_token": given, "register": "obtained"},
        {"name": "Keep it", "ansible.builtin.copy": keep, "no_log": True, "diff": False, "check_mode": False},
    ]


def run(ansible: Ansible, *tasks: Facts, secrets: t.Iterable[str] = (), check: bool = False) -> Run:
    """Run tasks, of which some may fail. No secret may be in the output, and no token either."""
    play = {
        "name": "Tokens",
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
    obtained = [kept(ansible, path.stem).get("token", {}) for path in ansible.work.glob("*.json")]
    known = {
        *secrets,
        *(entry[key] for entry in obtained for key in ("access_token", "refresh_token") if entry.get(key)),
    }
    problems += ["a code or token is in the output" for secret in known if secret in done.output]
    if problems:
        pytest.fail(report(problems, [done]), pytrace=False)
    return done


def kept(ansible: Ansible, name: str) -> Facts:
    return json.loads((ansible.work / f"{name}.json").read_text(encoding="utf-8"))


def failure(done: Run) -> str:
    """The message of the one task that failed."""
    failed = [task for task in done.phases[0].tasks if task["outcome"] == "failed"]
    assert len(failed) == 1, [task["task"] for task in failed]
    return failed[0]["result"]["msg"]


CLIENTS = {"anonymous": {}, CLIENT: {"client_id": CLIENT, "client_secret": CLIENT_SECRET}}


@pytest.mark.parametrize("client", CLIENTS)
def test_openid(client: str, openid: OpenIdServer, ansible: Ansible) -> None:
    """The password once, then the cache; after its end the refresh token, which is a new one each time; then the cache again."""
    given = options(openid, "openid", **CLIENTS[client])
    done = run(ansible, *token("predicted", given), check=True)
    assert done.phases[0].tasks[0]["changed"] and "token" not in kept(ansible, "predicted")
    assert openid.grants() == []

    run(ansible, *token("first", given), *token("second", given), *token("third", {**given, "min_ttl": SHORT + 1}))
    assert openid.grants() == [("password", client, None), ("refresh_token", client, None)]
    first, second, third = (kept(ansible, name) for name in ("first", "second", "third"))
    assert (first["changed"], second["changed"], third["changed"]) == (True, False, True)
    assert not first["token"]["cached"] and 1 <= first["token"]["expires_in"] <= SHORT
    assert second["token"]["cached"] and second["token"]["access_token"] == first["token"]["access_token"]
    assert not third["token"]["cached"] and third["token"]["access_token"] != first["token"]["access_token"]
    assert third["token"]["refresh_token"] != first["token"]["refresh_token"]
    assert third["token"]["scope"] == "openid" and third["token"]["token_type"] == "Bearer"

    # The next process finds it in the cache.
    run(ansible, *token("fourth", given))
    assert kept(ansible, "fourth")["token"]["cached"]
    assert kept(ansible, "fourth")["token"]["access_token"] == third["token"]["access_token"]
    assert openid.grants() == []


def test_openid_refusals(openid: OpenIdServer, ansible: Ansible) -> None:
    confidential = CLIENTS[CLIENT]
    cases = {
        "password": options(openid, "openid", password="s3cr3t-and-wrong"),
        "client secret": options(openid, "openid", **{**confidential, "client_secret": "s3cr3t-and-wrong"}),
        "client": options(openid, "openid", client_id="nobody"),
    }
    errors = {"password": "invalid_grant", "client secret": "invalid_client", "client": "invalid_client"}
    for name, given in cases.items():
        message = failure(run(ansible, token(name, given)[0]))
        assert "movingimage" in message and "\n" not in message and len(message) < 600, message
        assert {error for _grant, _client, error in openid.grants()} == {errors[name]}, name


def test_authorization_code(openid: OpenIdServer, ansible: Ansible) -> None:
    """A code is good for one token; from then on the refresh token keeps the access alive, and the spent code is not sent again."""
    code = openid.code()
    given = options(openid, "authorization_code", code=code)
    run(ansible, *token("predicted", given), check=True, secrets=[code])
    assert openid.grants() == []

    run(
        ansible,
        *token("first", given),
        *token("second", given),
        *token("third", {**given, "min_ttl": SHORT + 1}),
        secrets=[code],
    )
    assert openid.grants() == [("authorization_code", CLIENT, None), ("refresh_token", CLIENT, None)]
    first, second, third = (kept(ansible, name) for name in ("first", "second", "third"))
    assert (first["changed"], second["changed"], third["changed"]) == (True, False, True)
    assert second["token"]["access_token"] == first["token"]["access_token"] != third["token"]["access_token"]
    assert third["token"]["refresh_token"] != first["token"]["refresh_token"]

    run(ansible, *token("fourth", given), secrets=[code])
    assert not kept(ansible, "fourth")["changed"]
    assert kept(ansible, "fourth")["token"]["access_token"] == third["token"]["access_token"]
    assert openid.grants() == []


def test_authorization_code_refusals(openid: OpenIdServer, ansible: Ansible) -> None:
    """A spent code and another redirect URI are refused; neither is tried a second time, as a code works once."""
    elsewhere, other, own = (openid.code() for _number in range(3))
    codes = [elsewhere, other, own]
    spent = options(openid, "authorization_code", code=elsewhere)
    run(ansible, *token("first", {**spent, "token_cache": "none"}), secrets=codes)
    revoked = options(openid, "authorization_code", code=own)
    run(ansible, *token("second", revoked), token("absent", {**revoked, "state": "absent"})[0], secrets=codes)
    openid.grants()
    refused = [("authorization_code", CLIENT, "invalid_grant")]
    elsewhere_redirected = options(
        openid, "authorization_code", code=other, redirect_uri="http://127.0.0.1:9/elsewhere"
    )
    for case, requests in [(spent, refused), (elsewhere_redirected, refused), (revoked, [])]:
        message = failure(run(ansible, token("again", case)[0], secrets=codes))
        assert "movingimage" in message and "\n" not in message and len(message) < 600, message
        assert openid.grants() == requests
