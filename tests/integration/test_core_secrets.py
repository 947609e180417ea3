# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-core's registry of secrets (2.22 and newer) gets to know: the secrets, also new ones, and not the words that stand beside them.

What is registered is masked in all that a run shows, so the plays show everything. An older core masks nothing.
"""

from __future__ import annotations

import importlib.util
import json
import pathlib
import re
import typing as t

import pytest
from driver import Ansible, Facts, interpreter

HAS_REGISTRY = importlib.util.find_spec("ansible.module_utils.secrets") is not None
PLACES: dict[str, Facts | None] = {
    "in process": None,
    "as module": {"localhost": {"ansible_connection": "as_module", "ansible_python_interpreter": interpreter()}},
    "in the background": None,
}
if not HAS_REGISTRY:  # one place shows as well as all that words stay as they are
    PLACES = {"in process": None}
WORDS = [
    "1",
    "42",
    "200",
    "Reviewer",
    "Bearer",
    "mrm",
    "present",
    "client_credentials",
    "application/json",
    "a product",
    "ok=",
    "short",
]
SHOWN = f"words: {' | '.join(WORDS)} |"

#: The arguments of tasks: secrets in options of their own, and in dictionaries beside words.
TASKS: dict[str, Facts] = {
    "freewheel_token": {
        "url": "{{ sandbox.freewheel.url }}",
        "username": "mrm",
        "password": "{{ sandbox.freewheel.password }}",
    },
    "flex_oauth_app": {
        "name": "Reviewer",
        "description": "a product",
        "registration_key": "{{ sandbox.flex.registration_key }}",
    },
    "flex_api": {
        "client_id": "{{ flex_oauth_app.application.client_id }}",
        "client_secret": "{{ flex_oauth_app.application.client_secret }}",
        "path": "/api/accounts",
        "query": {"page": 1, "name": "Reviewer", "state": "present", "api_key": "{{ made.query }}"},
        "headers": {"X-Kind": "Bearer", "X-Authorization": "Bearer {{ made.header }}", "X-Token": "short"},
        "body": {
            "items": [{"id": 42, "name": "a product", "client_secret": "{{ made.body }}"}],
            "type": "application/json",
        },
    },
    "audienceplayer_graphql": {
        "query": "{ UserDetails { id } }",
        "user_id": "{{ sandbox_state.audienceplayer.users[0].id }}",
        "variables": {"n": 200, "grant": "client_credentials", "password": "{{ made.variable }}"},
    },
    "credentials": {
        "dest": "{{ work_dir }}/credentials.json",
        "format": "json",
        "applications": {
            "Reviewer": {
                "id": 1,
                "name": "Reviewer",
                "client_id": "mrm",
                "client_secret": "{{ made.application }}",
                "description": "a product",
            }
        },
        "tokens": {"mrm": {"access_token": "{{ made.token }}", "expires_at": "2099-01-01T00:00:00Z"}},
    },
}
MADE = {name: f"made-up-for-{name}" for name in ("query", "header", "body", "variable", "application", "token")}
#: What must be masked, by what shows it.
SECRETS = {
    "a password": "sandbox.freewheel.password",
    "a registration key": "sandbox.flex.registration_key",
    "a supplied client secret": "sandbox.audienceplayer.client_secret",
    "a token that a module obtained": "freewheel_token.token.access_token",
    "a client secret that a module obtained": "flex_oauth_app.application.client_secret",
    "a token that the lookup obtained": "lookup('mediaops.access.token', 'playlyfe', **sandbox.playlyfe)",
    "a key that the lookup obtained": "lookup('mediaops.access.flex_registration_key', **sandbox.consul)",
    "a token that a request returned": "freewheel_api.json.access_token",
    **{f"a secret in a dictionary ({name})": f"made.{name}" for name in MADE},
}


def play(background: bool) -> list[Facts]:
    tasks: list[Facts] = []
    for module, arguments in TASKS.items():
        keywords = {"async": 60, "poll": 1} if background and module != "credentials" else {}
        tasks.append(
            {
                "name": module,
                f"mediaops.access.{module}": arguments,
                "register": module,
                "ignore_errors": module == "flex_api",
                **keywords,
            }
        )
    login = "grant_type=password&username=mrm&password={{ sandbox.freewheel.password | urlencode }}"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    request = {"path": "/auth/token", "method": "POST", "body": login, "headers": headers}
    tasks.append({"name": "freewheel_api", "mediaops.access.freewheel_api": request, "register": "freewheel_api"})
    tasks += [
        {"name": name, "ansible.builtin.debug": {"msg": f"secret: {{{{ {expression} }}}} |"}}
        for name, expression in SECRETS.items()
    ]
    tasks.append({"name": "words", "ansible.builtin.debug": {"msg": SHOWN}})
    defaults = {
        f"group/mediaops.access.{name}": f"{{{{ sandbox.{name} }}}}" for name in ("flex", "freewheel", "audienceplayer")
    }
    return [
        {"name": "Registered", "hosts": "localhost", "gather_facts": False, "module_defaults": defaults, "tasks": tasks}
    ]


@pytest.mark.parametrize("place", PLACES)
def test_secrets_are_masked_and_words_are_not(place: str, ansible: Ansible, tmp_path: pathlib.Path) -> None:
    given = tmp_path / "made.yml"
    given.write_text(json.dumps({"made": MADE}), encoding="utf-8")

    run = ansible.run(play(place == "in the background"), "-e", f"@{given}", hosts=PLACES[place], verbosity="-v")

    assert run.status == 0, run.output
    shown = {name: run.output.partition(f"TASK [{name}]")[2].partition("TASK [")[0] for name in (*SECRETS, "words")}
    assert SHOWN in shown["words"]
    assert re.search(r"localhost +: ok=\d+ +changed=\d+ +unreachable=0", run.output)
    masked = [name for name in SECRETS if "secret: $REDACTED$ |" in shown[name]]
    assert masked == (list(SECRETS) if HAS_REGISTRY else [])


def test_a_short_secret_does_not_mask_the_run(ansible: Ansible) -> None:
    values: dict[str, t.Any] = {"url": "{{ sandbox.freewheel.url }}", "username": "mrm", "password": "1"}
    tasks = [
        {"mediaops.access.freewheel_token": values, "ignore_errors": True},
        {"ansible.builtin.debug": {"msg": SHOWN}},
    ]

    for hosts in PLACES.values():
        run = ansible.run(
            [{"name": "Short", "hosts": "localhost", "gather_facts": False, "tasks": tasks}],
            hosts=hosts,
            verbosity="-v",
        )

        assert "$REDACTED$" not in run.output
        assert SHOWN in run.output
