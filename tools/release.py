# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the files of a release from the commit that is checked out: the same commit gives the same bytes, anywhere.

FOLDER gets the collection (.tar.gz), what it is made of and needs (.cdx.json, CycloneDX), and SHA256SUMS. With --sign
KEY, GnuPG signs MANIFEST.json, which is what ansible-galaxy verifies, and SHA256SUMS.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import uuid

import yaml
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement

ROOT = pathlib.Path(__file__).resolve().parents[1]


def run(*command: str | pathlib.Path, **options: bytes | pathlib.Path) -> bytes:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, **options).stdout


def built(folder: pathlib.Path) -> pathlib.Path:
    """The collection of the commit, built by ansible-galaxy. What is not committed is not in it."""
    source = folder / "source"
    source.mkdir()
    run("tar", "-x", "-C", source, input=run("git", "archive", "HEAD", cwd=ROOT))
    run("ansible-galaxy", "collection", "build", "--output-path", folder, source)
    return next(folder.glob("*.tar.gz"))


def reproducible(tarball: pathlib.Path, seconds: int) -> tuple[bytes, bytes]:
    """The same collection in an order, with times and owners that do not depend on where it was built; and its
    MANIFEST.json.
    """
    with tarfile.open(tarball) as tar:
        members = {member.name: (member, tar.extractfile(member).read() if member.isfile() else b"") for member in tar}  # type: ignore[union-attr]
    listed = json.loads(members["FILES.json"][1])
    listed["files"].sort(key=lambda file: file["name"])
    files = json.dumps(listed, indent=True).encode()
    manifest = json.loads(members["MANIFEST.json"][1])
    manifest["file_manifest_file"]["chksum_sha256"] = hashlib.sha256(files).hexdigest()
    changed = {"FILES.json": files, "MANIFEST.json": json.dumps(manifest, indent=True).encode()}
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", filename="", mtime=seconds) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as tar,
    ):
        for name in sorted(members, key=lambda name: (name not in changed, name)):
            member, content = members[name]
            content = changed.get(name, content)
            plain = tarfile.TarInfo(name)
            plain.type, plain.mode, plain.linkname, plain.mtime, plain.size = (
                member.type,
                member.mode,
                member.linkname,
                seconds,
                len(content),
            )
            tar.addfile(plain, io.BytesIO(content))
    return packed.getvalue(), changed["MANIFEST.json"]


def bill_of_materials(tarball: bytes, galaxy: dict[str, str]) -> str:
    """CycloneDX: the collection, and what has to be there for it, in any version that its requirements allow."""
    name, version = f"{galaxy['namespace']}.{galaxy['name']}", galaxy["version"]
    checksum = hashlib.sha256(tarball).hexdigest()
    bom = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_URL, f"{galaxy['repository']}#{checksum}"))
    collection = Component(
        name=name,
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref=name,
        purl=PackageURL("generic", galaxy["namespace"], galaxy["name"], version),
        licenses=[LicenseExpression(galaxy["license"][0])],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=checksum)],
    )
    needed = [
        line
        for line in (ROOT / "meta" / "ee-requirements.txt").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    core = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["requires_ansible"]
    components = []
    for requirement in map(Requirement, [f"ansible-core {core}", *needed]):
        allowed = Property(name="mediaops:allowed-versions", value=str(requirement.specifier))
        components.append(
            Component(
                name=requirement.name,
                bom_ref=requirement.name,
                purl=PackageURL("pypi", None, requirement.name),
                properties=[allowed],
            )
        )
    bom.metadata.component = collection
    bom.metadata.timestamp = None  # type: ignore[assignment]  # a time would make each build another one
    bom.components.update(components)
    bom.register_dependency(collection, components)
    return JsonV1Dot6(bom).output_as_string(indent=2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("--sign", metavar="KEY", help="the GnuPG key that signs")
    given = parser.parse_args()
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    stem = f"{galaxy['namespace']}-{galaxy['name']}-{galaxy['version']}"
    if run("git", "status", "--porcelain", "--untracked-files=no", cwd=ROOT):
        sys.exit("release: there are changes that are not committed")
    with tempfile.TemporaryDirectory() as folder:
        tarball, manifest = reproducible(
            built(pathlib.Path(folder)), int(run("git", "log", "-1", "--format=%ct", cwd=ROOT))
        )
    made = {f"{stem}.tar.gz": tarball, f"{stem}.cdx.json": f"{bill_of_materials(tarball, galaxy)}\n".encode()}
    made["SHA256SUMS"] = "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(made.items())
    ).encode()
    given.folder.mkdir(parents=True, exist_ok=True)
    for name, content in made.items():
        (given.folder / name).write_bytes(content)
    if given.sign:
        for name, content in (("SHA256SUMS.asc", made["SHA256SUMS"]), (f"{stem}.MANIFEST.json.asc", manifest)):
            signing = [
                "gpg",
                "--batch",
                "--yes",
                "--armor",
                "--detach-sign",
                "--local-user",
                given.sign,
                "--output",
                "-",
            ]
            (given.folder / name).write_bytes(
                subprocess.run(signing, input=content, check=True, stdout=subprocess.PIPE).stdout
            )
    print("\n".join(str(path) for path in sorted(given.folder.iterdir())))


main()
