# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documents show is true: code blocks are valid, names and links exist, guides can be followed, and each role's page names its variables."""

from __future__ import annotations

import ast
import configparser
import json
import os
import pathlib
import re
import subprocess
import sys
import typing as t
import unicodedata

import jinja2
import jsonschema
import pytest
import yaml
from driver import ROOT, STRICT, Ansible, Facts, Sandbox, environment, report

pytestmark = pytest.mark.timeout(600)  # of seconds on a busy machine

FENCE = re.compile(r"^( *)```([^\n]*)\n(.*?)^\1```$", re.M | re.S)
LINK = re.compile(r"\]\(([^)\s#]*)(?:#([^)\s]*))?\)")
FOLDERS = ("*.md", "docs/**/*.md", "examples/**/*.md", "extensions/**/*.md", "roles/*/*.md", "tests/*/*.md")
PAGES = [path for folder in FOLDERS for path in sorted(ROOT.glob(folder))]
SHELL = ("shell", "console")
#: How a block in each language is read; shell and YAML have tests of their own. What no one can check is text.
PARSERS: dict[str, t.Callable[[str], t.Any]] = {
    "ini": lambda text: configparser.ConfigParser().read_string(text),
    "jinja": jinja2.Environment(autoescape=True).parse,
    "json": json.loads,
    "python": ast.parse,
    "text": str,
    "yaml+jinja": yaml.compose,  # with modules of other collections, which nobody has here
}
PLUGINS = [
    path for kind in ("modules", "lookup", "filter") for path in sorted((ROOT / "plugins" / kind).glob("[a-z]*.py"))
]
BIN = pathlib.Path(sys.executable).parent
GUIDES = ROOT / "docs" / "guides"
ROLES = sorted(path for path in (ROOT / "roles").iterdir() if path.is_dir())


def examples(path: pathlib.Path) -> str:
    """The EXAMPLES of a plugin, which is not imported for that."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Constant)
            and any(getattr(name, "id", "") == "EXAMPLES" for name in node.targets)
        ):
            return str(node.value.value)
    raise AssertionError(f"{path} has no EXAMPLES")


def text_of(page: str | pathlib.Path) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str | pathlib.Path, *languages: str) -> list[str]:
    """A page's blocks in these languages. Of a console session it is what one types."""
    found = [(language, text) for _indent, language, text in FENCE.findall(text_of(page)) if language in languages]
    return [
        re.sub(r"^\$ |^[^$].*\n", "", text, flags=re.M) if language == "console" else text for language, text in found
    ]


def snippets() -> t.Iterator[tuple[str, str]]:
    """Each YAML text, with a name for it."""
    for path in PAGES:
        for number, block in enumerate(blocks(path, "yaml"), 1):
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
                problems = [
                    f"{error.json_path}: {error.message}"
                    for error in jsonschema.Draft202012Validator(schema).iter_errors(content)
                ]
                assert not problems, (name, problems)
            continue
        assert all(item.get("name", "").strip() for item in content if isinstance(item, dict)), (
            f"{name}: plays and tasks have names"
        )
        if not any({"hosts", "import_playbook", "ansible.builtin.import_playbook"} & set(item) for item in content):
            content = [{"name": name, "hosts": "localhost", "gather_facts": False, "tasks": content}]
        playbook = tmp_path / f"{name}.yml"
        playbook.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        playbooks.append(str(playbook))
    assert len(playbooks) > len(PLUGINS) + 1
    command = [str(BIN / "ansible-playbook"), "--syntax-check", *playbooks]
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
    assert "[WARNING]" not in done.stdout, done.stdout
    assert done.stdout.count("playbook: ") == len(playbooks), done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_code_blocks_are_valid(page: pathlib.Path, tmp_path: pathlib.Path) -> None:
    for _indent, language, text in FENCE.findall(text_of(page)):
        if language not in ("yaml", *SHELL):
            assert language in PARSERS, f"a block in {language or 'no language'}: {text[:40]}"
            PARSERS[language](text)
    for number, text in enumerate(blocks(page, *SHELL)):
        script = tmp_path / f"{number}.sh"
        script.write_text(f"set -e\n{text}", encoding="utf-8")
        for command in (["bash", "-n"], [str(BIN / "shellcheck"), "--shell=bash", "--severity=warning"]):
            done = subprocess.run(
                [*command, str(script)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
            )
            assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_names_in_documents_exist(page: pathlib.Path) -> None:
    """Plugins, roles, playbooks and rulebooks, variables on command lines, targets of make, options of the sandbox."""
    text, commands = text_of(page), "".join(blocks(page, *SHELL))
    providers = {path.stem for path in (ROOT / "plugins" / "doc_fragments").glob("[a-z]*.py")}
    playbooks = {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
    events = {path.stem for path in (ROOT / "extensions" / "eda").rglob("[a-z]*.*")}
    callbacks = {path.stem for path in (ROOT / "plugins" / "callback").glob("*.py")}
    known = (
        {path.stem for path in PLUGINS}
        | callbacks
        | {role.name for role in ROLES}
        | playbooks
        | providers
        | events
        | {"all"}
    )
    assert not set(re.findall(r"\bmediaops\.access\.([a-z]\w*)", text)) - known
    assert not set(re.findall(r"ansible-playbook mediaops\.access\.(\w+)", commands)) - playbooks
    assert not set(re.findall(r"(?:^|`)make (?:[A-Z]+=\S+ )*([a-z-]+)", f"{commands}{text}", re.M)) - set(
        re.findall(r"^([a-z-]+):", text_of("Makefile"), re.M)
    )
    for playbook, options in re.findall(r"ansible-playbook mediaops\.access\.(\w+)(.*)", commands):
        told = text_of(f"playbooks/{playbook}.yml") + "".join(
            text_of(role / "meta" / "argument_specs.yml") for role in ROLES
        )
        assert all(re.search(rf"\b{variable}\b", told) for variable in re.findall(r"-e (\w+)=", options)), options
    for options in re.findall(r"^python \S*sandbox\S* (.*)", commands, re.M):
        assert all(
            f'"{option}"' in text_of("extensions/sandbox/__main__.py") for option in re.findall(r"--[a-z-]+", options)
        ), options


def anchor(heading: str) -> str:
    """What a heading is called in an address: lower case, blanks as hyphens, and nothing else but letters, digits, hyphens and underscores."""
    text = re.sub(r"`|\*\*|\[([^]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return "".join(
        "-" if sign == " " else sign for sign in text if sign in " -_" or unicodedata.category(sign)[0] in "LN"
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_in_documents_lead_somewhere(page: pathlib.Path) -> None:
    for target, heading in LINK.findall(FENCE.sub("", text_of(page))):
        if ":" in target:
            continue
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), target
        assert path == ROOT or ROOT in path.parents, target
        if heading:
            headings = re.findall(r"^#+ (.*)$", FENCE.sub("", text_of(path)), re.M)
            assert heading in map(anchor, headings), f"{target}#{heading}"


class Reader:
    """Somebody new, who does what a guide says, with a home of their own; but for the sandbox's address and what `make` has set up already."""

    def __init__(self, sandbox: Sandbox, folder: pathlib.Path) -> None:
        self.sandbox = sandbox
        self.home = folder / "reader"
        self.home.mkdir()
        kept = ("LC_ALL", "LANG", "PYTHONPYCACHEPREFIX")
        self.environment = {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(self.home),
            **{name: os.environ[name] for name in kept if name in os.environ},
        }

    def does(self, script: str, folder: pathlib.Path, without: str = "") -> str:
        """What the commands print; ``without`` is one of them that is left out."""
        assert without in script
        text = "set -e\n" + script.replace(without or "\0", "").replace("http://127.0.0.1:8800", self.sandbox.url)
        file = self.home / "script.sh"  # not an argument: scripts set secrets
        file.write_text(text, encoding="utf-8")
        done = subprocess.run(
            ["bash", str(file)],
            cwd=folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def sets_up(self) -> None:
        script = next(block for block in blocks(GUIDES / "getting_started.md", "shell") if "ansible-galaxy" in block)
        self.does(script, ROOT, without=". .venv/bin/activate\n")


def changes(output: str) -> list[int]:
    """How many tasks changed something in each playbook."""
    return [int(count) for count in re.findall(r"^localhost .* changed=(\d+) .* failed=0 ", output, re.M)]


FOLLOWED = pytest.mark.skipif(not STRICT, reason="a guide is followed step by step with STRICT=1, as it takes long")


@FOLLOWED
def test_getting_started(sandbox: Sandbox, tmp_path: pathlib.Path) -> None:
    """As a new user would, from the manifest on: plan, provision, provision again, look, revoke."""
    reader = Reader(sandbox, tmp_path)
    reader.sets_up()
    work = reader.home / "first-access"
    manifest = blocks(GUIDES / "getting_started.md", "yaml")[0]
    (work / "manifest.yml").write_text(manifest.replace("http://127.0.0.1:8800", sandbox.url), encoding="utf-8")
    plan, run, look, revoke = (
        block for block in blocks(GUIDES / "getting_started.md", "shell") if "cd ~/first-access" in block
    )
    planned = changes(reader.does(plan, ROOT))
    assert planned[0] > 0
    assert not (work / "credentials.env").exists()
    assert changes(reader.does(run, ROOT)) == [*planned, 0]
    seen = reader.does(look, ROOT)
    assert seen.startswith("-rw------- ")
    assert "Reviewer" in seen
    assert changes(reader.does(revoke, ROOT)) == planned
    assert not (work / "credentials.env").exists()
    assert not sandbox.state()["flex"]["applications"]
    assert any(user["email"] == "viewer@example.com" for user in sandbox.state()["audienceplayer"]["users"])


@FOLLOWED
def test_the_guide_to_tests(sandbox: Sandbox, tmp_path: pathlib.Path) -> None:
    """Its script passes, and what it sends to a sandbox's control API is understood."""
    reader = Reader(sandbox, tmp_path)
    reader.sets_up()
    page = GUIDES / "testing_with_the_sandbox.md"
    for name, text in zip(("access.yml", "verify.yml"), blocks(page, "yaml"), strict=True):
        (tmp_path / name).write_text(text, encoding="utf-8")
    script, *requests = blocks(page, "shell")
    install = next(line for line in script.splitlines(keepends=True) if line.startswith("pip install"))
    first, second, verified = changes(reader.does(script, tmp_path, without=install))
    assert (first, second, verified) == (1, 0, 0)
    for request in requests:
        reader.does(request, tmp_path)
    sandbox.control("state", "PUT", json.loads(blocks(page, "json")[0]))


def test_the_playbook_of_the_readme_runs(sandbox: Sandbox, ansible: Ansible) -> None:
    """As it stands, but for the addresses; the secrets come from variables and the environment, as it says. A second run changes nothing."""
    block = next(text for text in blocks("README.md", "yaml") if "\n  hosts:" in text)
    connections = sandbox.variables()["sandbox"]
    replaced = {
        "https://flex-auth.example.com:18101": connections["flex"]["url"],
        "https://api.freewheel.tv/services/v4/sites": f"{connections['freewheel']['url']}/services/v4/sites",
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
    options: Facts = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))[
        "argument_specs"
    ]["main"]["options"]
    rows = dict(
        re.findall(r"^\| `(\w+)` \| (.*) \|$", page.partition("## Variables")[2].partition("## Example")[0], re.M)
    )
    assert set(rows) == set(options), "the table has the role's variables"
    for name, option in options.items():
        kind, default = (cell.strip() for cell in rows[name].split("|")[:2])
        assert kind.strip("`") == option.get("type", "str"), name
        wanted = (
            "required"
            if option.get("required")
            else f"`{json.dumps(option['default'])}`"
            if "default" in option
            else ""
        )
        assert default == wanted, name
    assert f"`{role.name}_result`" in page
    assert any(f"mediaops.access.{role.name}" in block for block in blocks(role / "README.md", "yaml")), (
        "there is an example of its use"
    )
