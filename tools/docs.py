# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the documentation site: python tools/docs.py OUTPUT_FOLDER.

The site consists of docs/index.md and every page that can be reached from it. The pages are ordinary Markdown that
reads well in the repository, too. They and the files that they link to are copied to a temporary folder, with the same
relative paths as in the checkout; antsibull-docs adds the reference of plugins and roles; Sphinx builds the site. No
network is used, and warnings are errors.
"""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
INDEX = ROOT / "docs" / "index.md"
FENCE = re.compile(r"(^ *```.*?^ *```$)", re.M | re.S)
LINK = re.compile(r"(!?)\[([^]]*)\]\(([^)\s:#]+)(#[^)]*)?\)")
REFERENCE = "reference"
OWN_CONTENTS = re.compile(r"^[.][.] contents::\n(?: +:.*\n)+", re.M)  # the theme shows a page's contents in its sidebar
#: Without these, antsibull-docs would link to Galaxy.
SETTINGS = """\
collection_url = {
    mediaops.access = "../README.html"
}
collection_install = {
    mediaops.access = "ansible-galaxy collection install git+file:///path/to/the/clone"
}
"""


class Pages:
    """Copies pages, and the files that they link to, to a folder."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.done: set[pathlib.Path] = set()
        self.shown = {
            (INDEX.parent / target).resolve()
            for _image, _text, target, _anchor in LINK.findall(INDEX.read_text(encoding="utf-8"))
        }

    def add(self, path: pathlib.Path) -> None:
        """Copy a file once. If it is a page, copy the files that it links to as well."""
        if path in self.done:
            return
        self.done.add(path)
        target = self.folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix != ".md":
            shutil.copyfile(path, target)
            return
        parts = FENCE.split(path.read_text(encoding="utf-8"))
        parts[::2] = [LINK.sub(lambda match: self.link(path, match), part) for part in parts[::2]]
        if path == INDEX:
            parts.append(contents(parts))
        elif path not in self.shown:
            parts.insert(0, "---\norphan: true\n---\n")
        target.write_text("".join(parts), encoding="utf-8")

    def link(self, page: pathlib.Path, match: re.Match[str]) -> str:
        """Rewrite a link for the site: to a plugin's reference instead of its code, and to a folder's README.md instead
        of the folder.
        """
        image, text, target, anchor = match.groups(default="")
        path = (page.parent / target).resolve()
        if path.is_dir():
            path /= "README.md"
            if not path.exists():
                return text
        if not path.exists():
            sys.exit(f"docs: {page.relative_to(ROOT)} links to {target}, which does not exist")
        if path.parent.parent == ROOT / "plugins" and path.parent.name in ("modules", "lookup", "filter", "callback"):
            path = ROOT / REFERENCE / f"{path.stem}_{path.parent.name.removesuffix('s')}.rst"
        else:
            self.add(path)
        return f"{image}[{text}]({os.path.relpath(path, page.parent)}{anchor})"


def contents(parts: list[str]) -> str:
    """The site's navigation: the pages that docs/index.md lists, grouped by its headings, and the reference."""
    made = []
    for section in "".join(parts[::2]).split("\n## ")[1:]:
        pages = [
            f"{text} <{target}>" for _image, text, target, _anchor in LINK.findall(section) if target.endswith(".md")
        ]
        made += ["", "```{toctree}", ":hidden:", f":caption: {section.splitlines()[0]}", "", *pages, "```"]
    return "\n".join(
        [
            *made,
            "",
            "```{toctree}",
            ":hidden:",
            ":caption: Reference",
            "",
            f"Plugins and roles <../{REFERENCE}/index>",
            "```",
            "",
        ]
    )


def main(output: pathlib.Path) -> None:
    if (output / "objects.inv").exists():
        shutil.rmtree(output)  # the previous site
    with tempfile.TemporaryDirectory(prefix="mediaops-docs-") as name:
        source = pathlib.Path(name, "source")
        reference = source / REFERENCE
        reference.mkdir(mode=0o700, parents=True)
        collections = pathlib.Path(name, "ansible_collections", "mediaops")
        collections.mkdir(parents=True)
        (collections / "access").symlink_to(ROOT)
        environment = {
            **os.environ,
            "HOME": name,
            "ANSIBLE_HOME": name,
            "ANSIBLE_COLLECTIONS_PATH": name,
        }  # antsibull-docs leaves a log in HOME
        settings = pathlib.Path(name, "antsibull-docs.cfg")
        settings.write_text(SETTINGS, encoding="utf-8")
        antsibull = ["antsibull-docs", "--config-file", str(settings), "collection"]
        antsibull += [
            "--use-current",
            "--squash-hierarchy",
            "--fail-on-error",
            "--dest-dir",
            str(reference),
            "mediaops.access",
        ]
        subprocess.run(antsibull, env=environment, check=True)
        for page in reference.glob("*.rst"):
            page.write_text(OWN_CONTENTS.sub("", page.read_text(encoding="utf-8")), encoding="utf-8")
        Pages(source).add(INDEX)
        sphinx = [
            "sphinx-build",
            "-q",
            "-W",
            "--keep-going",
            "-c",
            str(ROOT / "docs"),
            "-d",
            str(pathlib.Path(name, "doctrees")),
            str(source),
            str(output),
        ]
        subprocess.run(sphinx, env=environment, check=True)
    front = (
        '<!doctype html><html lang="en"><title>mediaops.access</title><meta http-equiv="refresh" content="0; '
        'url=docs/index.html"></html>\n'
    )
    (output / "index.html").write_text(front, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        main(pathlib.Path(sys.argv[1]).resolve())
    except subprocess.CalledProcessError as error:
        sys.exit(f"docs: {pathlib.Path(error.cmd[0]).name} ended with status {error.returncode}")
