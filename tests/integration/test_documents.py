# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documents show is true: their YAML is valid and runs, and each role has a page that names its variables."""

from __future__ import annotations

import ast
import json
import pathlib
import re
import subprocess
import sys
import typing as t

import jsonschema
import pytest
import yaml
from driver import ROOT, Ansible, Facts, Sandbox, environment, report

pytestmark = pytest.mark.timeout(600)  # of seconds on a busy machine

BLOCK = re.compile(r"^```ya?ml\n(.*?)^```", re.M | re.S)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md")), *sorted((ROOT / "roles").glob("*/README.md"))]
PLUGINS = [path for kind in ("modules", "lookup", "filter") for path in sorted((ROOT / "plugins" / kind).glob("[a-z]*.py"))]
ROLES = sorted(path for path in (ROOT / "roles").iterdir() if path.is_dir())


def examples(path: pathlib.Path) -> str:
    """The EXAMPLES of a plugin, which is not imported for that."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and any(getattr(name, "id", "") == "EXAMPLES" for name in node.targets):
            return str(node.value.value)
    raise AssertionError(f"{path} has no EXAMPLES")


def snippets() -> t.Iterator[tuple[str, str]]:
    """Each YAML text, with a name for it."""
    for path in PAGES:
        for number, block in enumerate(BLOCK.findall(path.read_text(encoding="utf-8")), 1):
            yield f"{'-'.join(path.relative_to(ROOT).with_suffix('').parts)}-{number}", block
    for path in PLUGINS:
        yield f"{path.parent.name}-{path.stem}", examples(path)


def test_yaml_in_documents(tmp_path: pathlib.Path) -> None:
    """Plays and tasks pass the syntax check, and what looks like a manifest is one."""
    schema = json.loads((ROOT / "roles" / "provision" / "files" / "manifest.schema.json").read_text(encoding="utf-8"))
    playbooks = []
    for name, text in snippets():
        content = yaml.safe_load(text)
        assert content, name
        if isinstance(content, dict):
            if set(content) & {*schema["properties"]}:
                problems = [f"{error.json_path}: {error.message}" for error in jsonschema.Draft202012Validator(schema).iter_errors(content)]
                assert not problems, (name, problems)
            continue
        assert all(item.get("name", "").strip() for item in content if isinstance(item, dict)), f"{name}: plays and tasks have names"
        if not any({"hosts", "import_playbook", "ansible.builtin.import_playbook"} & set(item) for item in content):
            content = [{"name": name, "hosts": "localhost", "gather_facts": False, "tasks": content}]
        playbook = tmp_path / f"{name}.yml"
        playbook.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        playbooks.append(str(playbook))
    assert len(playbooks) > len(PLUGINS) + 1
    command = [str(pathlib.Path(sys.executable).parent / "ansible-playbook"), "--syntax-check", *playbooks]
    done = subprocess.run(command, cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "[WARNING]" not in done.stdout, done.stdout
    assert done.stdout.count("playbook: ") == len(playbooks), done.stdout


def test_the_playbook_of_the_readme_runs(sandbox: Sandbox, ansible: Ansible) -> None:
    """As it stands, but for the addresses; the secrets come from variables and the environment, as it says. A second run changes nothing."""
    block = next(text for text in BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8")) if "\n  hosts:" in text)
    connections = sandbox.variables()["sandbox"]
    replaced = {
        "https://flex-auth.example.com:18101": connections["flex"]["url"],
        "https://api.freewheel.tv/services/v4/sites": f"{connections['freewheel']['url']}/services/v4/campaigns",
    }
    for old, new in replaced.items():
        assert old in block
        block = block.replace(old, new)
    play = yaml.safe_load(block)
    variables = {
        "flex_registration_key": connections["flex"]["registration_key"],
        "audienceplayer_client_secret": connections["audienceplayer"]["client_secret"],
    }
    given = ansible.folder / "secrets.json"
    given.write_text(json.dumps(variables), encoding="utf-8")
    ansible.environment["AUDIENCEPLAYER_URL"] = connections["audienceplayer"]["url"]
    ansible.environment.update({f"FREEWHEEL_{key.upper()}": value for key, value in connections["freewheel"].items()})
    for changed in (3, 0):
        # Not -vvv: there the module uri, which is not ours, shows the headers that it was given.
        run = ansible.run(play, "-e", f"@{given}", verbosity="-v")
        problems = run.problems()
        if run.status:
            problems.append(f"ansible-playbook ended with status {run.status}")
        elif len([task for task in run.phases[0].tasks if task["changed"]]) != changed:
            problems.append(f"not {changed} tasks changed")
        if problems:
            pytest.fail(report(problems, [run]), pytrace=False)
    state = sandbox.state()
    reviewer = state["flex"]["applications"][0]
    assert (ansible.folder / "reviewer.env").read_text(encoding="utf-8").splitlines() == [
        f"REVIEWER_CLIENT_ID={reviewer['clientId']}",
        f"REVIEWER_CLIENT_SECRET={reviewer['secret']}",
    ]
    viewer = next(user for user in state["audienceplayer"]["users"] if user["email"] == "viewer@example.com")
    assert [subscription["subscription_id"] for subscription in viewer["subscriptions"]] == [555]


@pytest.mark.parametrize("role", ROLES, ids=[role.name for role in ROLES])
def test_each_role_has_a_page(role: pathlib.Path) -> None:
    page = (role / "README.md").read_text(encoding="utf-8")
    options: Facts = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", page.partition("## Variables")[2].partition("## Use")[0], re.M))
    assert set(rows) == set(options), "the table has the role's variables"
    for name, option in options.items():
        kind, default = (cell.strip() for cell in rows[name].split("|")[:2])
        assert kind.strip("`") == option.get("type", "str"), name
        wanted = "required" if option.get("required") else f"`{json.dumps(option['default'])}`" if "default" in option else ""
        assert default == wanted, name
    assert f"`{role.name}_result`" in page
    assert any(f"mediaops.access.{role.name}" in block for block in BLOCK.findall(page)), "there is an example of its use"
