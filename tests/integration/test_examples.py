# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What examples/ shows is true. The execution environment is in test_controllers.py, the pipelines are in tests/ecosystem."""

from __future__ import annotations

import json
import pathlib
import re
import stat
import subprocess
import sys

import jsonschema
import pytest
import yaml
from driver import ROOT, Ansible, Sandbox, environment

EXAMPLES = ROOT / "examples"
MANIFESTS = [EXAMPLES / "manifest.yml", ROOT / "playbooks" / "files" / "demo" / "manifest.yml"]


@pytest.mark.parametrize("manifest", MANIFESTS, ids=["example", "demo"])
def test_an_editor_finds_the_schema_and_no_fault(manifest: pathlib.Path) -> None:
    text = manifest.read_text(encoding="utf-8")
    told, found, place = text.splitlines()[0].partition("$schema=")
    assert (told, found) == ("# yaml-language-server: ", "$schema=")
    schema = json.loads((manifest.parent / place).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(text))


def test_a_template_has_the_token_that_all_hosts_share(sandbox: Sandbox, ansible: Ansible) -> None:
    connection = sandbox.variables()["sandbox"]["freewheel"]
    ansible.environment.update({f"FREEWHEEL_{name.upper()}": value for name, value in connection.items()})
    hosts = {
        name: {"ansible_connection": "local", "reporting_config": str(ansible.folder / f"{name}.ini")}
        for name in ("one", "two")
    }
    inventory = ansible.folder / "inventory.json"
    inventory.write_text(
        json.dumps({"all": {"hosts": hosts, "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}}}),
        encoding="utf-8",
    )
    before = sandbox.logins("freewheel")
    play = yaml.safe_load((EXAMPLES / "template-rendering" / "playbook.yml").read_text(encoding="utf-8"))
    play[0]["tasks"][0]["ansible.builtin.template"]["src"] = str(EXAMPLES / "template-rendering" / "reporting.ini.j2")

    runs = [ansible.run(play, "-i", str(inventory)) for _again in range(2)]

    assert [run.status for run in runs] == [0, 0], runs[0].output
    assert [
        sum(task["changed"] for phase in run.phases for task in phase.tasks if "Write" in str(task)) for run in runs
    ] == [2, 0]
    written = [ansible.folder / f"{name}.ini" for name in hosts]
    assert written[0].read_text(encoding="utf-8") == written[1].read_text(encoding="utf-8")
    assert "\naccess_token = " in written[0].read_text(encoding="utf-8")
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in written)
    assert sandbox.logins("freewheel") - before == 1


def test_awx_finds_its_playbooks(tmp_path: pathlib.Path) -> None:
    """The page shows them: as files, Galaxy's importer would look for the modules of AWX, and warn."""
    page = (EXAMPLES / "awx" / "README.md").read_text(encoding="utf-8")
    files = dict(re.findall(r"^`([\w/.]+)`.*?^```yaml\S*\n(.*?)^```$", page, re.M | re.S))
    (play,) = yaml.load(files.pop("configure.yml"), Loader=Unsafe)
    templates = play["vars"]["job_templates"]
    assert {template["playbook"] for template in templates} == set(files)
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    command = ["ansible-playbook", "--syntax-check", *files]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert play["tasks"][-1]["awx.awx.schedule"]["unified_job_template"] in [template["name"] for template in templates]


class Unsafe(yaml.SafeLoader):
    """Reads Ansible's !unsafe as the text that it marks."""


Unsafe.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def test_a_demo_that_fails_names_its_log(tmp_path: pathlib.Path) -> None:
    lines = [f"line {number}" for number in range(100)]
    failing = tmp_path / "bin" / "ansible-playbook"
    failing.parent.mkdir()
    failing.write_text("#!/bin/sh\n" + "".join(f"echo {line}\n" for line in lines) + "exit 2\n", encoding="utf-8")
    failing.chmod(0o700)
    variables = {**environment(tmp_path), "WORK": str(tmp_path / "work")}
    variables["PATH"] = f"{failing.parent}:{variables['PATH']}"

    done = subprocess.run(
        [sys.executable, str(ROOT / "extensions" / "demo")], env=variables, capture_output=True, text=True, check=False
    )

    (log,) = (tmp_path / "work" / "logs").iterdir()
    assert done.returncode == 1 and done.stderr.rstrip().endswith(f"Complete output: {log}")
    assert "line 99\n" in done.stderr and "line 1\n" not in done.stderr
    assert log.read_text(encoding="utf-8").splitlines() == lines and stat.S_IMODE(log.stat().st_mode) == 0o600
