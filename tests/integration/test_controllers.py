# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several controllers that share nothing but a Redis server: the job pods of AWX, here job folders of ansible-runner with homes of their own."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import typing as t

import pytest
import yaml
from driver import ROOT, Ansible, Sandbox, collections_path, spellings_of
from redis_server import RedisServer
from test_concurrency import HOSTS, check, run_on_hosts, uses_token

pytestmark = pytest.mark.timeout(600)  # of seconds on a busy machine

JOBS = 10
CALLS = 5
KEY = "the-s3cr3t-key-of-all-controllers"


@pytest.fixture
def server(tmp_path: pathlib.Path) -> t.Iterator[RedisServer]:
    folder = tmp_path / "redis"
    folder.mkdir()
    server = RedisServer(folder)
    yield server
    server.stop()


def test_hosts_share_a_login(server: RedisServer, sandbox: Sandbox, ansible: Ansible) -> None:
    run = run_on_hosts(ansible, *map(uses_token, range(5)), options={"token_cache": server.url, "token_cache_key": KEY})

    check(sandbox, run, logins=1)
    assert len(run.phases[0].tasks) == 5 * HOSTS
    assert not list(ansible.folder.rglob("mediaops"))


def test_a_redis_that_forgets_everything_in_the_middle_costs_one_login(
    server: RedisServer, sandbox: Sandbox, ansible: Ansible
) -> None:
    server.client.acl_setuser("flusher", enabled=True, nopass=True, commands=["+flushall"])
    command = ["redis-cli", "-u", f"redis://flusher:any@127.0.0.1:{server.port}", "FLUSHALL"]
    forget = {"name": "Forget everything", "ansible.builtin.command": {"argv": command}, "run_once": True}
    run = run_on_hosts(
        ansible,
        uses_token(1),
        forget,
        uses_token(2),
        hosts=3,
        options={"token_cache": server.url, "token_cache_key": KEY},
    )

    check(sandbox, run, logins=2)


class Job:
    """A job folder as AWX makes them, whose credentials are in the environment."""

    def __init__(self, folder: pathlib.Path, playbook: list[t.Any], environment: dict[str, str]) -> None:
        self.folder = folder
        self.home = folder / "home"
        for name in ("project", "inventory", "env", "home"):
            (folder / name).mkdir(parents=True)
        (folder / "project" / "play.yml").write_text(json.dumps(playbook), encoding="utf-8")
        (folder / "inventory" / "hosts").write_text("", encoding="utf-8")
        (folder / "env" / "settings").write_text(json.dumps({"idle_timeout": 300}), encoding="utf-8")
        programs = pathlib.Path(sys.executable).parent
        self._process = subprocess.Popen(
            [str(programs / "ansible-runner"), "run", str(folder), "-p", "play.yml", "-i", "1", "-q"],
            env={
                "PATH": f"{programs}:{os.environ['PATH']}",
                "HOME": str(self.home),
                "LC_ALL": "C.UTF-8",
                "ANSIBLE_COLLECTIONS_PATH": collections_path(),
                "ANSIBLE_LOCALHOST_WARNING": "0",
                "ANSIBLE_INVENTORY_UNPARSED_WARNING": "0",
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait(self) -> int:
        self._process.communicate(timeout=300)
        return self._process.returncode

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate()

    @property
    def output(self) -> str:
        return (self.folder / "artifacts" / "1" / "stdout").read_text(encoding="utf-8")

    def holds(self, texts: t.Iterable[str]) -> list[str]:
        """The files that hold one of the texts. In `command` ansible-runner itself keeps the environment that it was given."""
        wanted = [spelling.encode() for text in texts for spelling in spellings_of(text)]
        paths = [path for path in self.folder.rglob("*") if path.is_file() and path.name != "command"]
        return [str(path) for path in paths if any(text in path.read_bytes() for text in wanted)]


def test_job_folders_share_a_login_and_the_rate_limit(
    server: RedisServer, sandbox: Sandbox, tmp_path: pathlib.Path
) -> None:
    sandbox.reset({"switches": {"freewheel.rate_limit": "5/second"}})
    users = sandbox.state()["freewheel"]["users"]
    call = {
        "name": "Call",
        "mediaops.access.freewheel_api": {"path": "services/v4/sites", "rate_limit": "5/second"},
        "loop": list(range(CALLS)),
    }
    token = {
        "name": "Look up",
        "ansible.builtin.assert": {
            "that": "lookup('mediaops.access.token', 'freewheel', rate_limit='5/second') | length > 20"
        },
    }
    play = [{"name": "Job", "hosts": "localhost", "gather_facts": False, "tasks": [call, token]}]
    environment = {
        "FREEWHEEL_URL": f"{sandbox.url}/freewheel",
        "FREEWHEEL_USERNAME": users[0]["username"],
        "FREEWHEEL_PASSWORD": users[0]["password"],
        "MEDIAOPS_TOKEN_CACHE": server.url,
        "MEDIAOPS_TOKEN_CACHE_KEY": KEY,
    }

    jobs: list[Job] = []
    try:
        for number in range(JOBS):
            jobs.append(Job(tmp_path / f"job{number}", play, environment))
        statuses = [job.wait() for job in jobs]
    finally:
        for job in jobs:
            job.stop()

    assert statuses == [0] * JOBS, jobs[statuses.index(max(statuses))].output
    summary = sandbox.control("summary")["freewheel"]
    # A process that gets no CPU time for a moment sends its request late, beside the next one (docs/benchmarks.md).
    assert summary["logins"] == 1 and summary["rejected_429"] <= 1
    assert summary["requests"] == 1 + JOBS * CALLS + summary["rejected_429"]
    (issued,) = sandbox.state()["freewheel"]["tokens"]
    secrets = [value for value in issued.values() if isinstance(value, str) and len(value) > 20] + [
        KEY,
        users[0]["password"],
    ]
    assert [path for job in jobs for path in job.holds(secrets)] == []
    assert not list(tmp_path.rglob("mediaops"))


def released() -> str:
    """The newest release: the version of galaxy.yml may be that of the next one."""
    releases = yaml.safe_load((ROOT / "changelogs" / "changelog.yaml").read_text(encoding="utf-8"))["releases"]
    return max(releases, key=lambda version: [int(number) for number in version.split(".")])


def test_an_execution_environment_has_what_the_collection_needs(tmp_path: pathlib.Path) -> None:
    """ansible-builder renders the example's definition, and finds the collection's requirements."""
    builder = str(pathlib.Path(sys.executable).parent / "ansible-builder")
    definition = ROOT / "examples" / "execution-environment" / "execution-environment.yml"
    folder = tmp_path / "definition"
    folder.mkdir()
    (folder / f"mediaops-access-{released()}.tar.gz").touch()
    (folder / definition.name).write_text(definition.read_text(encoding="utf-8"), encoding="utf-8")

    subprocess.run([builder, "create", "-c", str(tmp_path / "context")], cwd=folder, check=True, capture_output=True)
    found = subprocess.run(
        [builder, "introspect", collections_path(), "--sanitize"],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    containerfile = next((tmp_path / "context").glob("*file")).read_text(encoding="utf-8")
    assert "ansible-core>=2.19,<2.22" in containerfile
    wanted = yaml.safe_load((tmp_path / "context" / "_build" / "requirements.yml").read_text(encoding="utf-8"))[
        "collections"
    ]
    assert [(tmp_path / "context" / "_build" / collection["name"]).exists() for collection in wanted] == [True]
    lines = {line.strip(" -'\"").split(" ")[0].split(">")[0] for line in found.splitlines()}
    assert {"requests", "jsonschema", "redis"} <= lines
