# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivery with task files, the recipes of the guide, and destinations that fail."""

from __future__ import annotations

import base64
import dataclasses
import http.server
import json
import re
import threading
import typing as t

import pytest
from driver import ROOT, Ansible, Facts, Run, Sandbox, report

pytestmark = pytest.mark.timeout(600)  # of seconds on a busy machine

GUIDE = ROOT / "docs" / "guides" / "delivering_credentials.md"
FAILED = "Fail if a platform failed"
SHOW = """
- name: Hand over the credentials
  ansible.builtin.copy:
    dest: "{{ playbook_dir }}/handed_over.json"
    content: "{{ mediaops_credentials | combine({'state': mediaops_credentials_state, 'removed': mediaops_credentials_removed}) | to_json }}"
    mode: "0600"
"""


@pytest.fixture
def run(sandbox: Sandbox, ansible: Ansible) -> t.Callable[..., Run]:
    """Runs a playbook of the collection with a manifest of one application and one token, and the given destinations."""
    connections = sandbox.variables()["sandbox"]
    reviewer = {"name": "Reviewer", "description": "Tool to review media"}

    def run_playbook(
        deliver: list[Facts],
        *arguments: str,
        playbook: str = "provision",
        application: Facts | None = None,
        **variables: t.Any,
    ) -> Run:
        manifest = {
            "flex": {**connections["flex"], "applications": [application or reviewer]},
            "freewheel": {**connections["freewheel"], "tokens": [{"name": "mrm"}]},
        }
        given = {"provision_manifest": {**manifest, "deliver": deliver}, **variables}
        path = ansible.folder / "variables.json"
        path.write_text(json.dumps(given), encoding="utf-8")
        plays = [{"name": "Run", "ansible.builtin.import_playbook": f"mediaops.access.{playbook}"}]
        done = ansible.run(plays, "-e", f"@{path}", *arguments)
        # Ansible itself warns about an unknown module.
        problems = [problem for problem in done.problems() if "Error loading plugin 'nobody.nowhere" not in problem]
        if problems:
            pytest.fail(report(problems, [done]), pytrace=False)
        return done

    return run_playbook


@pytest.fixture
def tasks(ansible: Ansible) -> t.Callable[[str, str], Facts]:
    """Writes a task file, and returns the destination that runs it."""

    def write(name: str, text: str) -> Facts:
        path = ansible.folder / f"{name}.yml"
        path.write_text(text.replace("{{ playbook_dir }}", str(ansible.work)), encoding="utf-8")
        return {"format": "tasks", "file": str(path)}

    return write


def message(run: Run) -> str:
    """The message of the last failure, with which the run ends."""
    failures = [task for task in run.phases[0].tasks if task["outcome"] == "failed" and task["item"] is None]
    assert run.status, "the exit status is 0"
    return t.cast(str, failures[-1]["result"]["msg"])


def handed_over(ansible: Ansible) -> Facts:
    return t.cast("Facts", json.loads((ansible.work / "handed_over.json").read_text(encoding="utf-8")))


# --- task files --------------------------------------------------------------------------------------------------------------


def test_tasks_get_the_credentials_and_after_revocation_their_names(
    run: t.Callable[..., Run], tasks: t.Callable[[str, str], Facts], sandbox: Sandbox, ansible: Ansible
) -> None:
    deliver = [tasks("show", SHOW)]
    assert run(deliver, "--check").status == 0
    assert not (ansible.work / "handed_over.json").exists()
    for changed in (True, False):
        done = run(deliver)
        assert done.status == 0
        assert any(task["changed"] for task in done.phases[0].tasks) is changed
    state = sandbox.state()
    application, token = state["flex"]["applications"][0], state["freewheel"]["tokens"][0]["value"]
    found = handed_over(ansible)
    assert found["state"] == "present"
    assert found["applications"] == {
        "Reviewer": {"client_id": application["clientId"], "client_secret": application["secret"]}
    }
    assert (found["tokens"].keys(), found["tokens"]["mrm"]["access_token"]) == ({"mrm"}, token)
    assert run(deliver, playbook="revoke").status == 0
    assert handed_over(ansible) == {
        "state": "absent",
        "applications": {"Reviewer": None},
        "tokens": {"mrm": None},
        "removed": {"applications": ["Reviewer"], "tokens": ["mrm"]},
    }


def test_tasks_get_all_names_if_a_part_is_applied_or_revoked(
    run: t.Callable[..., Run], tasks: t.Callable[[str, str], Facts], ansible: Ansible
) -> None:
    deliver = [tasks("show", SHOW)]
    assert run(deliver, provision_only="freewheel").status == 0
    found = handed_over(ansible)
    assert (found["state"], found["removed"]) == ("present", {"applications": [], "tokens": []})
    assert found["applications"] == {"Reviewer": None}
    assert found["tokens"]["mrm"]["access_token"]
    assert run(deliver, playbook="revoke", provision_only="freewheel").status == 0
    found = handed_over(ansible)
    assert (found["state"], found["removed"]) == ("present", {"applications": [], "tokens": ["mrm"]})
    assert (found["applications"], found["tokens"]) == ({"Reviewer": None}, {"mrm": None})


def test_tasks_get_the_names_of_what_is_absent(
    run: t.Callable[..., Run], tasks: t.Callable[[str, str], Facts], ansible: Ansible
) -> None:
    assert run([tasks("show", SHOW)], application={"name": "Reviewer", "state": "absent"}).status == 0
    found = handed_over(ansible)
    assert (found["state"], found["removed"]) == ("present", {"applications": ["Reviewer"], "tokens": []})
    assert (found["applications"], found["tokens"].keys()) == ({"Reviewer": None}, {"mrm"})


def test_check_mode_hands_over_null_for_what_only_the_real_run_obtains(
    run: t.Callable[..., Run], tasks: t.Callable[[str, str], Facts], ansible: Ansible
) -> None:
    shown = SHOW.replace('mode: "0600"', 'mode: "0600"\n  check_mode: false')
    assert run([tasks("show", shown)], "--check").status == 0
    assert handed_over(ansible) == {
        "state": "present",
        "applications": {"Reviewer": None},
        "tokens": {"mrm": None},
        "removed": {"applications": [], "tokens": []},
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- {name: Unknown, nobody.nowhere.nothing: {}}", "couldn't resolve module/action"),
        ("- {name: Misspelt, ansible.builtin.debug: {msg: x}, wen: false}", "'wen' is not a valid attribute"),
        ("- block: [{name: Inside, nobody.nowhere.nothing: {}}]", "couldn't resolve module/action"),
        ("- {block: [{debug: {msg: x}}], loop: [1]}", "'loop' is not a valid attribute"),
        ("- {rescue: [{debug: {msg: x}}]}", "cannot be used without 'block'"),
        ("- import_tasks: nowhere.yml", "nowhere.yml does not exist, or is not a file"),
        (
            "- block: [{ansible.builtin.import_tasks: {file: nowhere.yml}}]",
            "nowhere.yml does not exist, or is not a file",
        ),
        ("- import_tasks: wrong.yml", "wrong.yml imports itself"),
        ("name: Not a list", "must be a list of tasks"),
        ("- [", "cannot be loaded: "),
        ("", "must be a list of tasks"),
    ],
    ids=[
        "unknown module",
        "misspelt keyword",
        "in a block",
        "keyword that blocks do not have",
        "rescue alone",
        "import",
        "import in a block",
        "circle",
        "not a list",
        "not YAML",
        "empty",
    ],
)
@pytest.mark.parametrize("playbook", ["provision", "revoke"])
def test_a_task_file_that_cannot_be_loaded_is_found_before_anything_is_sent(
    run: t.Callable[..., Run],
    tasks: t.Callable[[str, str], Facts],
    sandbox: Sandbox,
    playbook: str,
    text: str,
    words: str,
) -> None:
    before = sandbox.state()
    found = message(run([tasks("wrong", text)], playbook=playbook))
    assert "deliver[0].file: " in found and words in found and "\n" not in found
    assert sandbox.state() == before


def test_imported_tasks_are_checked_and_run(
    run: t.Callable[..., Run], tasks: t.Callable[[str, str], Facts], ansible: Ansible
) -> None:
    tasks("show", SHOW)
    deliver = [tasks("imports", "- name: Import them\n  ansible.builtin.import_tasks: show.yml\n")]
    assert run(deliver).status == 0
    assert handed_over(ansible)["state"] == "present"
    tasks("show", SHOW.replace("  ansible", "  wen: false\n  ansible"))
    assert "show.yml cannot be loaded: 'wen' is not a valid attribute" in message(run(deliver))


# --- failures ----------------------------------------------------------------------------------------------------------------


def test_each_destination_is_independent_of_the_others(
    run: t.Callable[..., Run], tasks: t.Callable[[str, str], Facts], sandbox: Sandbox, ansible: Ansible
) -> None:
    closed = sandbox.variables()["sandbox"]["unreachable_url"]
    wrong = "- name: Upload\n  ansible.builtin.command: echo {{ mediaops_credentials.tokens.mrm.access_token }}\n  failed_when: true\n"
    unknown = (
        "- name: Use what does not exist\n  ansible.builtin.debug:\n    msg: '{{ mediaops_credentials.users.a }}'\n"
    )
    files = [ansible.work / name for name in ("before.json", "after.env")]
    deliver = [
        {"dest": str(files[0]), "format": "json"},
        {"format": "vault_kv2", "url": closed, "path": "media", "token": "s3cr3t-of-the-vault"},
        tasks("wrong", wrong),
        tasks("unknown", unknown),
        tasks("show", SHOW),
        {"dest": str(files[1]), "format": "dotenv"},
    ]
    done = run(deliver, MEDIAOPS_RETRIES=0)
    found = message(done)
    assert found.startswith("Some items failed; everything else was provisioned and delivered. deliver: GET ")
    assert closed in found
    assert f"deliver: the task Upload in {ansible.folder}/wrong.yml failed" in found
    assert f"deliver: the task Use what does not exist in {ansible.folder}/unknown.yml failed" in found
    assert all(path.exists() for path in files)
    assert handed_over(ansible)["state"] == "present"
    assert [task["task"] for task in done.phases[0].tasks][-1].endswith(FAILED)

    # The rest is delivered by the next run.
    assert run([*deliver[:1], *deliver[4:]]).status == 0


def test_if_every_destination_fails_the_message_does_not_speak_of_delivery(
    run: t.Callable[..., Run], tasks: t.Callable[[str, str], Facts]
) -> None:
    found = message(run([tasks("wrong", "- name: Upload\n  ansible.builtin.fail: {msg: x}\n")]))
    assert found.startswith("Some items failed; everything else was provisioned. deliver: the task Upload in ")


def test_output_is_displayed_on_request(
    run: t.Callable[..., Run], tasks: t.Callable[[str, str], Facts], ansible: Ansible
) -> None:
    text = (
        "- name: Show the names\n  ansible.builtin.debug:\n    msg: 'names: {{ mediaops_credentials.tokens | list }}'\n"
    )
    assert "names: ['mrm']" not in run([tasks("show", text)]).output
    assert "names: ['mrm']" in run([{**tasks("show", text), "no_log": False}]).output


# --- recipes -----------------------------------------------------------------------------------------------------------------


class StandIn(http.server.BaseHTTPRequestHandler):
    """Stands in for Kubernetes, GitLab and GitHub, as far as the recipes use them."""

    protocol_version = "HTTP/1.1"
    items: dict[str, Facts]
    writes: list[str]

    def _answer(self, status: int, body: t.Any = None) -> None:
        data = b"" if status == 204 else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        found = self.items.get(self.path)
        self._answer(200, found) if found else self._answer(404, {"message": "Not Found"})

    def _write(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"]))
        path, _question, _query = self.path.partition("?")
        body = json.loads(text)
        self.writes.append(f"{self.command} {path}")
        if self.command == "POST":
            path += f"/{body.get('key') or body['name']}"
            if path in self.items:
                self._answer(409, {"message": "Already exists"})
                return
        elif path not in self.items and "/namespaces/" not in path:
            self._answer(404, {"message": "Not Found"})
            return
        is_new = path not in self.items
        self.items[path] = body
        self._answer(201 if is_new else 204 if "/repos/" in path else 200, body)

    do_POST = do_PUT = do_PATCH = _write

    def log_message(self, format: str, *args: t.Any) -> None:
        pass


@dataclasses.dataclass(frozen=True)
class Recipe:
    """A recipe of the guide, the URL variable that it uses, its item, the values in it, and the writes that create and update it."""

    heading: str
    url: str
    path: str
    values: t.Callable[[Facts], list[str]]
    create: str
    update: str


def decoded(item: Facts) -> list[str]:
    return [base64.b64decode(item["data"][key]).decode() for key in ("client_id", "client_secret")]


SECRET = "/api/v1/namespaces/media/secrets/reviewer"
VARIABLES = {
    "GitLab": "/api/v4/projects/media%2Freviewer/variables",
    "GitHub": "/repos/media/reviewer/actions/variables",
}
RECIPES = [
    Recipe("Kubernetes", "kubernetes_url", SECRET, decoded, f"PATCH {SECRET}", f"PATCH {SECRET}"),
    Recipe(
        "GitLab",
        "gitlab_url",
        f"{VARIABLES['GitLab']}/REVIEWER_CLIENT_SECRET",
        lambda item: [item["value"]],
        f"POST {VARIABLES['GitLab']}",
        f"PUT {VARIABLES['GitLab']}/REVIEWER_CLIENT_SECRET",
    ),
    Recipe(
        "GitHub",
        "github_url",
        f"{VARIABLES['GitHub']}/REVIEWER_CLIENT_ID",
        lambda item: [item["value"]],
        f"POST {VARIABLES['GitHub']}",
        f"PATCH {VARIABLES['GitHub']}/REVIEWER_CLIENT_ID",
    ),
]


def recipe_text(heading: str) -> str:
    """The block below a heading that needs no other collection."""
    (section,) = re.findall(rf"^### {heading}$(.*?)(?=^##|\Z)", GUIDE.read_text(encoding="utf-8"), re.M | re.S)
    return t.cast(str, re.findall(r"^```yaml\n(.*?)^```$", section, re.M | re.S)[-1])


@pytest.mark.parametrize("recipe", RECIPES, ids=[recipe.heading for recipe in RECIPES])
def test_recipes(
    recipe: Recipe,
    run: t.Callable[..., Run],
    tasks: t.Callable[[str, str], Facts],
    sandbox: Sandbox,
    ansible: Ansible,
) -> None:
    """The first run creates the item, the second one changes nothing, and a rotation updates it. Check mode writes nothing."""
    sandbox.reset({"switches": {"freewheel.repeat_login": "new_token"}})  # without a warning
    handler = type("Handler", (StandIn,), {"items": {}, "writes": []})
    program = ansible.folder / "gh"
    program.write_text(f'#!/bin/sh\necho "$@" > {ansible.folder}/gh-arguments\ncat > {ansible.folder}/gh-secret\n')
    program.chmod(0o755)
    ansible.environment["PATH"] = f"{ansible.folder}:{ansible.environment['PATH']}"
    names = {"kubernetes_token": "s3cr3t-k", "gitlab_token": "s3cr3t-l", "github_token": "s3cr3t-h"}
    deliver = [tasks("recipe", recipe_text(recipe.heading))]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        variables = {
            **names,
            "gitlab_project": "media/reviewer",
            recipe.url: f"http://127.0.0.1:{server.server_address[1]}",
        }
        steps: list[tuple[str, list[str], list[str]]] = [
            ("provision", ["--check"], []),
            ("provision", [], [recipe.create]),
            ("provision", [], []),
            ("provision", ["--check"], []),
            ("rotate", [], [recipe.update]),
        ]
        for playbook, arguments, writes in steps:
            handler.writes.clear()
            done = run(deliver, *arguments, playbook=playbook, **variables)
            assert (done.status, handler.writes) == (0, writes), (playbook, arguments, done.output[-2000:])
            if handler.items:
                (application,) = sandbox.state()["flex"]["applications"]
                values = recipe.values(handler.items[recipe.path])
                if recipe.heading == "GitHub":
                    values.append((ansible.folder / "gh-secret").read_text(encoding="utf-8"))
                assert values == [application["clientId"], application["secret"]][-len(values) :]
        server.shutdown()
