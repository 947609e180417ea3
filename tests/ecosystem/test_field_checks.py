# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others check of a collection: nox's sessions with Galaxy's importer among them, ansible-doc, and what a repository's host reads."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest
from driver import collections_path

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(sys.executable).parent
FOLDERS = {"module": "plugins/modules", "lookup": "plugins/lookup", "filter": "plugins/filter", "role": "roles"}

pytestmark = pytest.mark.timeout(900)  # of seconds on a busy machine


def run(*command: str | pathlib.Path, cwd: pathlib.Path, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "NO_COLOR": "1", "ANSIBLE_NOCOLOR": "1", **environment}
    done = subprocess.run(
        command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def nox(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """nox in an environment with what noxfile.py says it needs: Galaxy's importer, which others here need, wants older libraries."""
    folder = tmp_path_factory.mktemp("programs") / "nox"
    wanted = re.search(r"^# dependencies = (\[.*\])$", (ROOT / "noxfile.py").read_text(encoding="utf-8"), re.M)
    assert wanted
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=ROOT)
    run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        folder / "bin" / "python",
        "install",
        "--quiet",
        "uv",
        *json.loads(wanted[1]),
        cwd=ROOT,
    )
    return folder / "bin" / "nox"


def test_the_sessions_of_antsibull_nox_pass(nox: pathlib.Path, commit: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """Those for which the Makefile has no target."""
    done = run(
        nox, "-db", "uv", "--envdir", tmp_path / "sessions", "-s", "extra-checks", "build-import-check", cwd=commit
    )

    output = done.stdout + done.stderr
    assert "Importer processing completed successfully" in output
    importer = output.partition("galaxy_importer.main")[2].partition("Importer processing completed")[0]
    assert not re.search(r"WARNING|ERROR", importer), importer


def test_nox_lists_what_make_runs(nox: pathlib.Path, commit: pathlib.Path) -> None:
    """And the sessions that run ansible-test in containers, in GitHub's workflow."""
    listed = run(nox, "--list", cwd=commit).stdout
    default, others = (set(re.findall(rf"^{re.escape(mark)} ([\w.-]+) ->", listed, re.M)) for mark in "*-")

    assert default == {"lint", "units", "extra-checks", "build-import-check"}
    assert {"faults", "integration", "sanity", "ecosystem", "ansible-test"} <= others
    assert {
        f"ansible-test-{kind}-{core}" for kind in ("sanity", "units") for core in ("2.19", "2.20", "2.21", "2.22")
    } <= others


@pytest.mark.parametrize("kind", ["module", "lookup", "filter", "role"])
def test_ansible_doc_has_every_page_without_a_warning(kind: str) -> None:
    env = {"ANSIBLE_COLLECTIONS_PATH": collections_path(), "COLUMNS": "200"}
    listed = run("ansible-doc", "-t", kind, "--list", "--json", "mediaops.access", cwd=ROOT, **env)
    names = sorted(name for name in json.loads(listed.stdout) if name.startswith("mediaops.access."))
    pages = run("ansible-doc", "-t", kind, "--json", *names, cwd=ROOT, **env)

    assert set(json.loads(pages.stdout)) == set(names)
    assert len(names) == len([path for path in (ROOT / FOLDERS[kind]).iterdir() if re.match("[a-z]", path.name)])
    assert (listed.stderr, pages.stderr) == ("", "")


@pytest.mark.parametrize(
    ("schema", "pattern"),
    [
        ("vendor.github-workflows", ".github/workflows/*.yml"),
        ("vendor.github-issue-forms", ".github/ISSUE_TEMPLATE/[!c]*.yml"),
        ("vendor.github-workflows", "examples/ci-pipeline/github.yml"),
        ("vendor.gitlab-ci", "examples/ci-pipeline/gitlab.yml"),
    ],
    ids=["workflows", "issue forms", "example for GitHub", "example for GitLab"],
)
def test_what_a_host_of_repositories_reads_is_valid(schema: str, pattern: str) -> None:
    files = sorted(ROOT.glob(pattern))
    assert files
    run("check-jsonschema", "--builtin-schema", schema, *files, cwd=ROOT)
