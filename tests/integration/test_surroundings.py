# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords that do not stand in an option of their own: in URLs, also misspelt ones, and in the proxies of an environment.

Their characters are those that cut a URL into parts, with the mark of a secret in each part, so that a part that shows is found.
"""

from __future__ import annotations

import contextlib
import json
import pathlib
import secrets
import typing as t
import urllib.parse

import pytest
from driver import MODES, SECRET_MARK, Ansible, Facts, interpreter
from test_canaries import Sampler

#: Of this process alone, as other tests' processes may be running.
MARK = f"{SECRET_MARK}{secrets.token_hex(4)}"
PASSWORD = f"{MARK}A/{MARK}B%41{MARK}C?{MARK}D@{MARK}E"
ENCODED = urllib.parse.quote(PASSWORD, safe="")
KEY = f"{MARK}, the key that encrypts tokens"
#: Where modules run, however the tests of the targets are run.
PLACES: dict[str, Facts | None] = {
    "in process": {"localhost": MODES["in process"]} if MODES["in process"] else None,
    "as module": {"localhost": {"ansible_connection": "as_module", "ansible_python_interpreter": interpreter()}},
}
NOT_REDIS = "token_cache: not a valid Redis URL"

#: Per kind, the options and the environment of a task that fails, and what its message says.
FAILURES: dict[str, tuple[Facts, Facts, str]] = {
    "an unreachable Redis": (
        {"token_cache": f"redis://me:{ENCODED}@127.0.0.1:1/0"},
        {},
        "the Redis server at 127.0.0.1:1 cannot be reached",
    ),
    "Redis in the environment": (
        {},
        {"MEDIAOPS_TOKEN_CACHE": f"redis://me:{ENCODED}@127.0.0.1:1/0"},
        "the Redis server at 127.0.0.1:1 cannot be reached",
    ),
    "not encoded": ({"token_cache": f"redis://me:{PASSWORD}@127.0.0.1:1/0"}, {}, NOT_REDIS),
    "not encoded, in the environment": (
        {},
        {"MEDIAOPS_TOKEN_CACHE": f"redis://me:{PASSWORD}@127.0.0.1:1/0"},
        NOT_REDIS,
    ),
    "in the query": ({"token_cache": f"redis://127.0.0.1:1?password={PASSWORD}"}, {}, NOT_REDIS),
    "one slash": ({"token_cache": f"redis:/:{PASSWORD}@host"}, {}, NOT_REDIS),
    "no colon": ({"token_cache": f"redis//:{PASSWORD}@host"}, {}, NOT_REDIS),
    "a leading blank": (
        {"token_cache": f" redis://:{PASSWORD}@host"},
        {},
        "token_cache: must not begin or end with whitespace",
    ),
    "sentinels without a service": ({"token_cache": f"redis+sentinel://:{ENCODED}@host:1,host:2"}, {}, NOT_REDIS),
    "unreachable sentinels": (
        {"token_cache": f"redis+sentinel://:{ENCODED}@127.0.0.1:1/service", "retries": 0},
        {},
        "Redis Sentinel at 127.0.0.1:1 has no primary that can be reached",
    ),
    "an unreachable cluster": (
        {"token_cache": f"rediss+cluster://me:{ENCODED}@127.0.0.1:1,127.0.0.1:2", "retries": 0},
        {},
        "the Redis cluster at 127.0.0.1:1, 127.0.0.1:2 has no primary that can be reached",
    ),
    "a user in a URL": ({"url": f"https://me:{PASSWORD}@host"}, {}, "url must"),
    "an unreachable proxy": (
        {},
        {"http_proxy": f"http://me:{ENCODED}@127.0.0.1:1", "no_proxy": ""},
        "the proxy refused the connection or is unreachable",
    ),
    "a proxy not encoded": (
        {},
        {"HTTP_PROXY": f"http://me:{PASSWORD}@127.0.0.1:1", "no_proxy": ""},
        "the proxy in HTTP_PROXY cannot be used: it is not a valid URL",
    ),
    "a proxy without a port": (
        {},
        {"ALL_PROXY": f"http://me:{ENCODED}@127.0.0.1:port", "no_proxy": ""},
        "the proxy in ALL_PROXY cannot be used: it is not a valid",
    ),
    "a proxy of another kind": (
        {},
        {"all_proxy": f"ftp://me:{ENCODED}@127.0.0.1", "no_proxy": ""},
        "the proxy in all_proxy cannot be used: ftp:// is not supported",
    ),
}


@pytest.fixture
def sampler() -> t.Iterator[Sampler]:
    """Sees the arguments of all processes meanwhile; those with a secret of ours are in ``found`` when it is stopped."""
    started = Sampler(lambda place, line: [f"{place}: {line!r}"] if MARK.encode() in line else [])
    started.start()
    yield started
    with contextlib.suppress(RuntimeError):
        started.stop()


def task(name: str, options: Facts, environment: Facts, **keywords: t.Any) -> Facts:
    return {
        "name": name,
        "mediaops.access.freewheel_token": {**options},
        "environment": environment,
        "ignore_errors": True,
        "register": "result",
        **keywords,
    }


def play(tasks: list[Facts], values: Facts, path: pathlib.Path, **keywords: t.Any) -> tuple[list[Facts], list[str]]:
    """A play, and the arguments that give it its values: ansible-core shows the lines around a failed task."""
    path.write_text(json.dumps(values), encoding="utf-8")
    return [{"name": "Surroundings", "hosts": "localhost", "gather_facts": False, "tasks": tasks, **keywords}], [
        "-e",
        f"@{path}",
    ]


def failing_tasks(names: t.Iterable[str], connection: Facts) -> tuple[list[Facts], Facts]:
    """Tasks whose values are in a variable, and that variable."""
    values, tasks = {}, []
    for number, name in enumerate(names):
        options, environment, _words = FAILURES[name]
        values[f"n{number}"] = {**connection, **options}
        values[f"e{number}"] = environment
        arguments = {option: f"{{{{ given.n{number}.{option} }}}}" for option in values[f"n{number}"]}
        tasks.append(task(name, arguments, f"{{{{ given.e{number} }}}}"))
    return tasks, {"given": values}


@pytest.mark.parametrize("place", PLACES)
def test_no_password_of_a_url_or_proxy_shows(
    place: str, ansible: Ansible, sampler: Sampler, tmp_path: pathlib.Path
) -> None:
    user = ansible.sandbox.variables()["sandbox"]["freewheel"]
    connection = {**user, "retries": 0, "timeout": 5, "token_cache_key": KEY}
    tasks, values = failing_tasks(FAILURES, connection)
    playbook, arguments = play(tasks, values, tmp_path / "values.yml")
    ansible.environment.update(
        {"HTTPS_PROXY": f"http://me:{PASSWORD}@127.0.0.1:1", "https_proxy": f"http://me:{ENCODED}@127.0.0.1:1"}
    )

    run = ansible.run(playbook, *arguments, hosts=PLACES[place])
    sampler.stop()

    results = {event["task"]: event for phase in run.phases for event in phase.tasks}
    for name, (_options, _environment, words) in FAILURES.items():
        assert results[name]["outcome"] == "failed", name
        assert words in results[name]["result"]["msg"], name
    assert run.problems() + sampler.found == []
    named = [
        str(path)
        for path in (*ansible.folder.rglob("*"), *pathlib.Path.cwd().iterdir())
        if MARK in path.name or path.name.startswith("redis")
    ]
    assert named == []


@pytest.mark.parametrize("place", [*PLACES, "in the background"])
def test_a_task_works_beside_proxies_with_passwords(
    place: str, ansible: Ansible, sampler: Sampler, tmp_path: pathlib.Path
) -> None:
    """Also with ANSIBLE_DEBUG, with which ansible-core prints arguments and results."""
    ansible.environment["ANSIBLE_DEBUG"] = "1"
    proxies = {name: f"http://me:{ENCODED}@127.0.0.1:1" for name in ("http_proxy", "HTTPS_PROXY", "ALL_PROXY")}
    user = ansible.sandbox.variables()["sandbox"]["freewheel"]
    background = {"async": 30, "poll": 1} if place == "in the background" else {}
    arguments = {name: f"{{{{ given.{name} }}}}" for name in user}
    tasks = [
        task("It works", arguments, "{{ own }}", ignore_errors=False, **background),
        {
            "name": "It has a token",
            "ansible.builtin.assert": {"that": "result.token.access_token | length > 10", "quiet": True},
        },
    ]
    values = {"given": user, "proxies": proxies, "own": {"no_proxy": "127.0.0.1"}}
    # ansible-core's own modules have the play's environment in their command, and assert is none.
    playbook, extra = play(tasks, values, tmp_path / "values.yml", environment="{{ proxies }}")

    run = ansible.run(playbook, *extra, hosts=PLACES.get(place, PLACES["in process"]))
    sampler.stop()

    assert run.status == 0, run.output
    assert run.problems() + sampler.found == []
