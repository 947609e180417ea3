# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings on the page "Other platforms", as they stand there, against a server that accepts what the platforms' documentation prescribes.

Only the hosts are replaced. A first play uses each example, a second one again, with the tokens of the first, and a third one with wrong credentials.
"""

from __future__ import annotations

import collections
import json
import pathlib
import re
import typing as t
import urllib.parse

import pytest
import yaml
from driver import ROOT, Ansible, Facts, report
from other_platforms.platforms import PLATFORMS, Platform, value
from other_platforms.standin import StandIn, stand_in

PAGE = ROOT / "docs" / "guides" / "platforms" / "other_platforms.md"
SECTION = re.compile(r"^### (.+)$", re.M)
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.M | re.S)
VARIABLE = re.compile(r"\{\{ (\w+) \}\}|\$\{(\w+)\}")
#: Options with addresses. Others, such as scopes, have addresses that are names.
ADDRESSES = re.compile(r"^( *(?:url|token_url|issuer): \"?)https://", re.M)


def examples() -> dict[tuple[str, int], str]:
    """The page's examples, by section and number."""
    _intro, *parts = SECTION.split(PAGE.read_text(encoding="utf-8"))
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    return {
        (name, number): block
        for name, text in sections.items()
        for number, block in enumerate(BLOCK.findall(text.partition("\n## ")[0]))
    }


EXAMPLES = examples()


def names(text: str) -> set[str]:
    return {first or second for first, second in VARIABLE.findall(text)}


def tasks(platform: Platform, server: StandIn, folder: pathlib.Path, variables: dict[str, str]) -> list[Facts]:
    """The example's tasks with these variables, in a block that goes on if they fail."""
    example = EXAMPLES[platform.section, platform.block]
    content = yaml.safe_load(ADDRESSES.sub(rf"\1{server.url}/", example))
    used = {name: variables[name] for name in names(example)}
    if isinstance(content, dict):
        manifest = folder / f"{platform.section}.yml"
        manifest.write_text(yaml.safe_dump(content), encoding="utf-8")
        role = {"name": "mediaops.access.provision"}
        content = [{"name": "Apply the manifest", "ansible.builtin.include_role": role}]
        used = {"provision_manifest": str(manifest), "provision_variables": used}
    rescued = [{"name": "Go on", "ansible.builtin.meta": "noop"}]
    return [{"name": platform.name, "vars": used, "block": content, "rescue": rescued}]


def play(name: str, server: StandIn, folder: pathlib.Path, wrong: t.Callable[[Platform], t.Container[str]]) -> Facts:
    all_names = {name for example in EXAMPLES.values() for name in names(example)}
    content = []
    for platform in PLATFORMS:
        variables = {name: value(name) + ("-x" if name in wrong(platform) else "") for name in all_names}
        content += tasks(platform, server, folder, variables)
    return {"name": name, "hosts": "localhost", "gather_facts": False, "tasks": content}


def test_each_example_has_a_platform_in_the_stand_in() -> None:
    assert {(platform.section, platform.block) for platform in PLATFORMS} == set(EXAMPLES)


@pytest.mark.parametrize("platform", [p for p in PLATFORMS if p.token], ids=lambda platform: platform.name)
def test_the_stand_in_is_strict(platform: Platform) -> None:
    """A parameter too many, one too few, a parameter in the URL, another method or another client authentication: all are refused."""
    with stand_in() as server:
        right = server.expected(platform)
        headers = {"Content-Type": right["content"], **({"Authorization": right["basic"]} if right["basic"] else {})}
        form = urllib.parse.urlencode(right["form"])
        assert server.answer("POST", platform.token, headers, form).status == 200
        assert not server.differences
        variations = [
            ("POST", platform.token, headers, f"{form}&more=1"),
            ("POST", platform.token, headers, urllib.parse.urlencode(right["form"][1:])),
            ("POST", f"{platform.token}?{form}", headers, ""),
            ("GET", platform.token, headers, form),
            ("POST", platform.token, {**headers, "Content-Type": "application/json"}, json.dumps(dict(right["form"]))),
            ("POST", platform.token, {**headers, "Authorization": "" if right["basic"] else "Basic eDp5"}, form),
        ]
        for variation in variations:
            assert not 200 <= server.answer(*variation).status < 300, variation
        assert len(server.differences) == len(variations)
        assert server.issued == [platform.name]


@pytest.mark.timeout(300)
def test_the_settings_on_the_page(ansible: Ansible) -> None:
    with stand_in() as server:
        plays = [
            play("First", server, ansible.work, lambda platform: ()),
            play("Again", server, ansible.work, lambda platform: ()),
            play("Wrong", server, ansible.work, lambda platform: (platform.wrong,)),
        ]
        run = ansible.run(plays)
    problems = [*run.problems(), *server.differences]
    if run.status or len(run.phases) < len(plays):
        pytest.fail(report([*problems, f"ansible-playbook ended with status {run.status}"], [run]), pytrace=False)
    first, again, wrong = run.phases
    failed = [task for task in (*first.tasks, *again.tasks) if task["outcome"] == "failed"]
    problems += [f"{task['task']}: {task['result'].get('msg')}" for task in failed]
    problems += [f"{task['task']} is changed" for task in again.tasks if task["changed"]]
    messages = [task["result"].get("msg", "") for task in wrong.tasks if task["outcome"] == "failed"]
    for platform in PLATFORMS:
        if not any(platform.refusal.message in message and platform.token in message for message in messages):
            problems.append(f"{platform.name}: no message has {platform.refusal.message!r}")
    if problems:
        pytest.fail(report([*problems, *messages], [run]), pytrace=False)

    assert sorted(server.issued) == sorted(platform.name for platform in PLATFORMS if platform.token)
    assert set(server.refused) == {platform.name for platform in PLATFORMS}
    assert collections.Counter(server.called) == {platform.name: 2 for platform in PLATFORMS if platform.call}
    assert all("\n" not in message and "Traceback" not in message for message in messages)
