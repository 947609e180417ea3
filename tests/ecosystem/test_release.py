# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release: the same commit gives the same bytes, it installs into an empty path, its signature holds, and the demo runs from there."""

from __future__ import annotations

import hashlib
import os
import pathlib
import posixpath
import re
import subprocess
import sys
import tarfile
import tempfile
import typing as t

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(sys.executable).parent
GALAXY = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
STEM = f"{GALAXY['namespace']}-{GALAXY['name']}-{GALAXY['version']}"

pytestmark = pytest.mark.timeout(600)  # of seconds on a busy machine


def run(*command: str | pathlib.Path, fails: bool = False, **options: t.Any) -> str:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **options,
    )
    assert bool(done.returncode) is fails, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[dict[str, str]]:
    """A home without anything of the user's, with a GnuPG key in it (in a short path, for its agent's socket)."""
    home = tmp_path_factory.mktemp("home")
    with tempfile.TemporaryDirectory(prefix="gpg") as keys:
        env = {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(home),
            "ANSIBLE_HOME": str(home / ".ansible"),
            "LC_ALL": "C.UTF-8",
            "GNUPGHOME": keys,
        }
        run(
            "gpg",
            "--batch",
            "--passphrase",
            "",
            "--quick-generate-key",
            "Releases <releases@example.com>",
            "ed25519",
            "sign",
            "never",
            env=env,
        )
        run("gpg", "--export", "--output", home / "keyring.gpg", env=env)
        yield env
        run("gpgconf", "--kill", "all", env=env)


@pytest.fixture(scope="module")
def release(
    commit: pathlib.Path, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("release")
    run(sys.executable, commit / "tools" / "release.py", folder, "--sign", "releases@example.com", env=environment)
    return folder


def test_the_same_commit_gives_the_same_bytes(
    commit: pathlib.Path, release: pathlib.Path, environment: dict[str, str], tmp_path: pathlib.Path
) -> None:
    clone = tmp_path / "another name"
    run("git", "clone", "--quiet", commit, clone)
    for path in clone.glob("plugins/**/*"):
        os.utime(path, (1, 1))
    (clone / "notes.txt").write_text("belongs to no commit", encoding="utf-8")

    run(
        sys.executable,
        clone / "tools" / "release.py",
        tmp_path / "again",
        env={**environment, "TZ": "Asia/Tokyo"},
        umask=0o077,
    )

    names = [f"{STEM}.cdx.json", f"{STEM}.tar.gz", "SHA256SUMS"]
    assert sorted(path.name for path in (tmp_path / "again").iterdir()) == sorted(names)
    for name in names:
        assert (tmp_path / "again" / name).read_bytes() == (release / name).read_bytes(), name


def test_what_is_not_committed_stops_a_release(
    commit: pathlib.Path, environment: dict[str, str], tmp_path: pathlib.Path
) -> None:
    run("git", "clone", "--quiet", commit, tmp_path / "clone")
    (tmp_path / "clone" / "README.md").write_text("changed", encoding="utf-8")

    assert "not committed" in run(
        sys.executable, tmp_path / "clone" / "tools" / "release.py", tmp_path / "new", env=environment, fails=True
    )
    assert not (tmp_path / "new").exists()


def test_its_checksums_and_its_bill_of_materials_are_right(release: pathlib.Path, environment: dict[str, str]) -> None:
    run("sha256sum", "--check", "--strict", "SHA256SUMS", cwd=release)
    run("gpg", "--verify", "SHA256SUMS.asc", "SHA256SUMS", cwd=release, env=environment)
    bill = (release / f"{STEM}.cdx.json").read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill) is None
    assert hashlib.sha256((release / f"{STEM}.tar.gz").read_bytes()).hexdigest() in bill


def test_no_link_in_it_leads_to_a_file_that_it_lacks(release: pathlib.Path) -> None:
    with tarfile.open(release / f"{STEM}.tar.gz") as tar:
        files = {
            member.name: tar.extractfile(member).read().decode() if member.name.endswith(".md") else ""
            for member in tar
            if member.isfile()
        }
    there = {
        str(parent) for name in files for parent in (pathlib.PurePosixPath(name), *pathlib.PurePosixPath(name).parents)
    }
    wrong = []
    for name, text in files.items():
        for target in re.findall(r"\]\(([^)\s#]+)", text):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
            if "://" not in target and path not in there:
                wrong.append(f"{name}: {target}")
    assert any(files.values()) and wrong == []


def test_galaxy_imports_it_without_a_warning(
    release: pathlib.Path, environment: dict[str, str], tmp_path: pathlib.Path
) -> None:
    """As Galaxy does it: with ansible-lint, and with no other collection."""
    command = [sys.executable, "-m", "galaxy_importer.main", release / f"{STEM}.tar.gz"]
    output = run(*command, cwd=tmp_path, env={**environment, "TMPDIR": str(tmp_path)})

    assert "Linting collection via ansible-lint" in output and "...ansible-lint run complete" in output
    assert "Importer processing completed successfully" in output
    assert re.findall(r"^(?:WARNING|ERROR|CRITICAL).*", output, re.M) == []


def test_it_installs_into_an_empty_path_and_the_demo_runs_from_there(
    release: pathlib.Path, environment: dict[str, str], tmp_path: pathlib.Path
) -> None:
    env = {**environment, "ANSIBLE_COLLECTIONS_PATH": str(tmp_path)}
    run(
        "ansible-galaxy",
        "collection",
        "install",
        "--offline",
        "--collections-path",
        tmp_path,
        release / f"{STEM}.tar.gz",
        env=env,
    )

    signed = [
        "--offline",
        "--keyring",
        f"{environment['HOME']}/keyring.gpg",
        "--required-valid-signature-count",
        "all",
        "--signature",
    ]
    verify = ["ansible-galaxy", "collection", "verify", "mediaops.access", *signed]
    assert "Successfully verified" in run(*verify, (release / f"{STEM}.MANIFEST.json.asc").as_uri(), env=env)
    run(*verify, (release / "SHA256SUMS.asc").as_uri(), env=env, fails=True)

    installed = tmp_path / "ansible_collections" / "mediaops" / "access"
    output = run(sys.executable, installed / "extensions" / "demo", env=env, cwd=tmp_path)
    assert "3. Once more, the same\n   nothing has changed\n" in output
    assert "changed" in output.partition("3. Once more")[0]
