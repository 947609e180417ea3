# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The provider oauth2 against servers that are not ours (npm oidc-provider, PyPI Authlib) and against the sandbox, with the same plays and clients.

Outcomes are judged by each server's own view, too: the requests that it saw, and what it states about tokens.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import sys
import time
import typing as t

import pytest
import yaml
from authorization_servers import (
    GRANT,
    REDIRECT,
    RSA_KEY,
    VERIFIER,
    Authlib,
    Certificates,
    OidcProvider,
    SandboxServer,
    Server,
)
from driver import (
    ALWAYS_CHANGED,
    HERE,
    NOT_IN_CHECK,
    ROOT,
    Ansible,
    Facts,
    Phase,
    Run,
    interpreter,
    judge_checks,
    judge_repeats,
    report,
    spellings_of,
)
from npm_packages import installed

pytestmark = pytest.mark.timeout(300)  # of seconds on a busy machine

PLAYS = HERE / "oauth2"
TOKEN, API = "mediaops.access.oauth2_token", "mediaops.access.oauth2_api"
PYTHON = {"ansible_python_interpreter": interpreter()}
#: Grants whose name in a request is not that of the option.
NAMES = {name: f"{GRANT}{name.replace('_', '-')}" for name in ("jwt_bearer", "token_exchange")}


def oidc_provider() -> list[str]:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        message = "node and npm are not installed"
        if os.environ.get("STRICT"):
            pytest.fail(message)
        pytest.skip(message)
    return [node, str(installed(npm, HERE / "openid") / "oauth2.mjs")]


SERVERS: dict[type[Server], t.Callable[[], list[str]]] = {
    SandboxServer: lambda: [sys.executable, str(ROOT / "extensions" / "sandbox")],
    OidcProvider: oidc_provider,
    Authlib: lambda: [sys.executable, str(PLAYS / "authlib_server.py")],
}


@pytest.fixture(scope="module", params=SERVERS, ids=lambda kind: kind.name)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Server]:
    command = SERVERS[request.param]()
    folder = tmp_path_factory.mktemp("server")
    server = request.param(command, folder, Certificates(folder))
    yield server
    server.stop()


class Plays:
    """Runs a playbook against a server, again and again with the same cache."""

    def __init__(self, playbook: str, server: Server, ansible: Ansible, **variables: t.Any) -> None:
        self._playbook = PLAYS / playbook
        self.server = server
        self._ansible = ansible
        self._results = ansible.folder / "results.json"
        self.variables: Facts = {**server.variables(), **variables}
        self._file = ansible.folder / "server.json"
        self._file.write_text(json.dumps({"server": self.variables, "results": str(self._results)}), encoding="utf-8")
        self.results: dict[str, Facts] = {}
        self.runs: list[Run] = []
        #: Each token and credential that was seen.
        self.secrets: set[str] = set(secrets_in(self.variables))
        self._unmet = {f"needs_{name}" for name in ("tls_client_auth", "jwt_bearer", "resource")} - {
            f"needs_{name}" for name in server.meets
        }
        server.requests()

    def tasks(self, *, check: bool = False) -> list[Facts]:
        """The tasks that run."""
        skipped = self._unmet | ({NOT_IN_CHECK} if check else set())
        tasks = yaml.safe_load(self._playbook.read_text(encoding="utf-8"))[0]["tasks"]
        return [task for task in tasks if not skipped & tags_of(task)]

    def run(self, name: str, hosts: dict[str, Facts] | None = None) -> tuple[Phase, list[Facts]]:
        """Run the playbook; what was done, and the requests that the server saw."""
        check = name.startswith("check")
        skipped = ",".join(sorted(self._unmet | ({NOT_IN_CHECK} if check else set())))
        arguments = ["-e", f"@{self._file}", "--skip-tags", skipped or "none", *(["--check"] if check else [])]
        run = self._ansible.run(self._playbook, *arguments, hosts=hosts)
        self.runs.append(run)
        self.results = json.loads(self._results.read_text(encoding="utf-8")) if self._results.exists() else {}
        self.secrets.update(secrets_in([result.get("token", {}) for result in self.results.values()]))
        problems = [*run.problems(), *([f"{name} ended with status {run.status}"] if run.status else [])]
        problems += [f"a secret is in the output of {name}" for secret in self.secrets if self._shows(secret, run)]
        self.fail_with(problems)
        return run.whole(name), self.server.requests()

    def _shows(self, secret: str, run: Run) -> bool:
        return any(spelling in run.output for spelling in spellings_of(secret))

    def fail_with(self, problems: list[str]) -> None:
        if problems:
            pytest.fail(report(problems, self.runs[-1:]), pytrace=False)

    def expected(self, obtained: t.Callable[[Facts], bool], refreshed: bool = False) -> list[Facts]:
        """The token requests of a run that obtains the tokens of certain tasks; ``refreshed``: with refresh tokens, if the last run returned any."""
        return [self._request(task, refreshed) for task in self.token_tasks() if obtained(task)]

    def token_tasks(self) -> list[Facts]:
        """The tasks that need a token of their own."""
        found = [task for task in self.tasks() if {TOKEN, API} & task.keys()]
        return [task for task in found if options_of(task).get("state") != "absent"]

    def client_of(self, task: Facts) -> Facts:
        return self.variables["clients"][task.get("vars", {}).get("client", "basic")]

    def token_of(self, task: Facts) -> Facts:
        """The token that a task returned in the last run."""
        return self.results.get(task["register"], {}).get("token", {})

    def _request(self, task: Facts, refreshed: bool) -> Facts:
        client, options = self.client_of(task), options_of(task)
        grant = options.get("grant", "client_credentials")
        if refreshed and not always_changes(task) and "refresh_token" in self.token_of(task):
            grant = "refresh_token"
        # An assertion states who sends it; Authlib asks for nothing else.
        is_authenticated = grant != "jwt_bearer"
        return {
            "endpoint": "token",
            "grant": NAMES.get(grant, grant),
            "client": client["client_id"] if is_authenticated else None,
            "auth": client.get("client_auth", "client_secret_basic") if is_authenticated else None,
            "resource": [self.variables["resource"]] if options.get("resource") else [],
            "error": None,
        }


def options_of(task: Facts) -> Facts:
    return task.get(TOKEN) or task.get(API) or {}


def always_changes(task: Facts) -> bool:
    return ALWAYS_CHANGED in tags_of(task)


def tags_of(task: Facts) -> set[str]:
    tags = task.get("tags", [])
    return {tags} if isinstance(tags, str) else set(tags)


def secrets_in(node: t.Any, key: str = "") -> t.Iterator[str]:
    """The values of options and results that are secrets; of a key, a line that only it has."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from secrets_in(value, name)
    elif isinstance(node, list):
        for value in node:
            yield from secrets_in(value, key)
    elif key == "private_key":
        yield node.splitlines()[2]
    elif isinstance(node, str) and key in SECRETS:
        yield node


SECRETS = {"client_secret", "password", "access_token", "refresh_token", "subject_token", "assertion", "code_verifier"}
SECRETS |= {"basic", "public", "read_only"}  # codes, and a refresh token


def judge_requests(server: Server, what: str, seen: list[Facts], expected: list[Facts], **others: int) -> list[str]:
    """The token requests, and the numbers of others. The sandbox records no more of a request than its endpoint and the status."""
    if server.name == SandboxServer.name:
        expected = [{"endpoint": "token", "status": 200} for _request in expected]
    tokens = [request for request in seen if request["endpoint"] == "token"]
    problems = [
        f"{what}: the server saw {got}, not {wanted}"
        for got, wanted in itertools.zip_longest(tokens, expected)
        if got != wanted
    ]
    numbers = {name: len([request for request in seen if request["endpoint"] == name]) for name in others}
    return problems + ([f"{what}: the server saw {numbers}, not {others}"] if numbers != others else [])


def judge_clients(plays: Plays, seen: list[Facts]) -> list[str]:
    """At each endpoint a client authenticates in the same way."""
    clients = [plays.client_of(task) for task in plays.token_tasks() if TOKEN in task and not always_changes(task)]
    wanted = [(client["client_id"], client.get("client_auth", "client_secret_basic")) for client in clients]
    found = [(request.get("client"), request.get("auth")) for request in seen]
    is_known = plays.server.name != SandboxServer.name
    return [f"tokens were verified by {found}, not {wanted}"] if is_known and found != wanted else []


def judge_tokens(plays: Plays) -> list[str]:
    """Each token that a task returned is one of the server's, of the client that asked for it."""
    problems = []
    for task in plays.token_tasks():
        token = plays.token_of(task)
        if always_changes(task):
            continue
        stated = {"scope": None, "exp": 0, **plays.server.introspect(token["access_token"])}
        facts = {"active": True, "client_id": plays.client_of(task)["client_id"], "scope": token.get("scope")}
        problems += [
            f"{task['name']}: the server states {name}: {stated[name]!r}, not {value!r}"
            for name, value in facts.items()
            if (stated[name] or None) != value
        ]
        if abs(stated["exp"] - time.time() - token["expires_in"]) > 60:
            problems.append(f"{task['name']}: it expires in {token['expires_in']} s, the server states {stated['exp']}")
        if "refresh_token" in token and not plays.server.introspect(token["refresh_token"])["active"]:
            problems.append(f"{task['name']}: the server does not accept the refresh token")
    return problems


def judge_replacements(plays: Plays, first: dict[str, Facts]) -> list[str]:
    """Tokens that ended were replaced, the refresh tokens included."""
    problems = []
    for task in plays.token_tasks():
        old, new = first[task["register"]]["token"], plays.token_of(task)
        problems += [
            f"{task['name']}: the {kind} was not replaced"
            for kind in ("access_token", "refresh_token")
            if kind in old and old[kind] == new.get(kind)
        ]
    return problems


def test_plays(server: Server, ansible: Ansible) -> None:
    """Predicted exactly, obtained, and kept; replaced after all access tokens have ended, with the refresh token if there is one."""
    elsewhere = server.obtain_elsewhere()
    plays = Plays("tokens.yml", server, ansible, **elsewhere)
    verified = len([task for task in plays.token_tasks() if TOKEN in task and not always_changes(task)])
    check1, seen = plays.run("check 1")
    problems = [f"check 1 sent {seen}"] if seen else []

    run1, seen = plays.run("run 1")
    revoked = {"revocation": 2}  # the refresh token and the access token of one task
    problems += judge_requests(server, "run 1", seen, plays.expected(lambda task: True), introspection=1, **revoked)
    problems += judge_tokens(plays)
    first = dict(plays.results)
    problems += [
        f"the server still accepts the {kind} that was revoked"
        for kind in ("access_token", "refresh_token")
        if server.introspect(first["got_leaver"]["token"][kind])["active"]
    ]

    # Then all are verified; one is the subject of oauth2_token_info as well.
    run2, seen = plays.run("run 2")
    known = plays.expected(always_changes)
    problems += judge_requests(server, "run 2", seen, known, introspection=verified + 1, **revoked)
    check2, seen = plays.run("check 2")
    problems += judge_requests(server, "check 2", seen, [], introspection=verified, revocation=0)
    problems += judge_clients(plays, seen)
    problems += judge_checks(check1, run1, [check2], may_log_in=False) + judge_repeats([run2, check2], always=True)

    expected = plays.expected(lambda task: True, refreshed=True)
    server.end([result["token"]["access_token"] for result in first.values()])
    _run3, seen = plays.run("run 3")
    problems += judge_requests(server, "run 3", seen, expected) + judge_tokens(plays) + judge_replacements(plays, first)
    if server.introspect(elsewhere["refresh_token"])["active"]:
        problems.append("the server still accepts the user's refresh token, which was replaced")
    run4, seen = plays.run("run 4")
    problems += judge_requests(server, "run 4", seen, known, introspection=verified + 1, **revoked)
    plays.fail_with(problems + judge_repeats([run4], always=True))

    last = {task["register"]: plays.token_of(task) for task in plays.token_tasks() if not always_changes(task)}
    revoke = Plays("revoke.yml", server, ansible, **elsewhere)
    predicted, seen = revoke.run("check 5")
    assert seen == []
    done, _seen = revoke.run("run 5")
    assert predicted.outcomes() == done.outcomes() and done.tasks[0]["changed"]
    # A signed assertion would have expired meanwhile, so there is none in the cache.
    alive = {name for name, token in last.items() if server.introspect(token["access_token"])["active"]}
    assert alive == {"got_secret_jwt", "got_rsa_jwt", "got_ec_jwt"}
    refresh_tokens = [token["refresh_token"] for token in last.values() if "refresh_token" in token]
    assert not any(server.introspect(token)["active"] for token in refresh_tokens) and refresh_tokens


def test_crowd(server: Server, ansible: Ansible) -> None:
    """Of processes that need a new token at once, one uses the refresh token, and the others take what it obtained."""
    elsewhere = server.obtain_elsewhere()
    plays = Plays("crowd.yml", server, ansible, **elsewhere)
    hosts = {f"host{number}": {"ansible_connection": "local", **PYTHON} for number in range(4)}
    used = []
    for name in ("run 1", "run 2"):
        run, seen = plays.run(name, hosts=hosts)
        tokens = [json.loads(path.read_text())["got_token"]["token"] for path in ansible.folder.glob("host*.json")]
        assert len(tokens) == len(hosts) and len({token["access_token"] for token in tokens}) == 1
        assert [task["changed"] for task in run.tasks].count(True) == 1
        assert len([request for request in seen if request["endpoint"] == "token"]) == 1
        assert server.introspect(tokens[0]["access_token"])["active"]
        assert server.introspect(tokens[0]["refresh_token"])["active"]
        used.append(tokens[0])
        server.end([tokens[0]["access_token"]])
    assert used[0]["refresh_token"] != used[1]["refresh_token"]


def test_refusals(server: Server, ansible: Ansible) -> None:
    """What the server refuses is a failure of one line with its own error code and the remedy; a request is not repeated."""
    elsewhere = server.obtain_elsewhere()
    form = {"grant_type": "refresh_token", "refresh_token": elsewhere["refresh_token"]}
    server.request_token(form)
    spent = {"grant_type": "authorization_code", "code": server.authorize("basic")}
    server.request_token({**spent, "redirect_uri": REDIRECT, "code_verifier": VERIFIER})
    server.end([elsewhere["subject_token"]])
    plays = Plays("refusals.yml", server, ansible, **elsewhere, spent_code=spent["code"], other_key=RSA_KEY.private)
    run, seen = plays.run("run 1")
    tasks = {task["name"]: task for task in plays.tasks()}
    assert [outcome[1] for outcome in run.outcomes()] == list(tasks)
    problems = []
    for done, request in itertools.zip_longest(run.tasks, seen):
        result, allowed = done["result"], tasks[done["task"]]["vars"]["errors"]
        message = result.get("msg", "")
        if done["outcome"] != "failed" or result.get("error_code") not in allowed:
            problems.append(f"{done['task']}: {done['outcome']}, {result}; allowed: {allowed}")
        elif server.name != "sandbox" and (request["endpoint"], request["error"]) != ("token", result["error_code"]):
            problems.append(f"{done['task']}: {result['error_code']}, but the server's answer was {request}")
        if (
            "\n" in message
            or len(message) > 600
            or "OAuth 2.0" not in message
            or result.get("status") not in (400, 401)
        ):
            problems.append(f"{done['task']}: {result}")
    plays.fail_with(problems)
