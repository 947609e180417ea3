# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation site: it builds without warnings, is complete, has no broken links, and loads nothing from other servers."""

from __future__ import annotations

import html.parser
import os
import pathlib
import re
import subprocess
import sys
import urllib.parse

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOADED = {("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src"), ("source", "src"), ("object", "data")}


class Page(html.parser.HTMLParser):
    """The links of a page, the files that it loads, and the anchors that links can point to."""

    def __init__(self, path: pathlib.Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.loaded: set[str] = set()
        self.anchors: set[str] = set()
        self.text = path.read_text(encoding="utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.anchors.add(value or "")
            elif (tag, name) == ("a", "href"):
                self.links.add(value or "")
            elif (tag, name) in LOADED:
                self.loaded.add(value or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("docs")
    environment = {
        "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}",
        "LC_ALL": "C.UTF-8",
        # Network access fails.
        **dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:1"),
    }
    command = [sys.executable, str(ROOT / "tools" / "docs.py"), str(folder / "site")]
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout
    assert [path.name for path in folder.iterdir()] == ["site"]
    return folder / "site"


@pytest.fixture(scope="module")
def pages(site: pathlib.Path) -> dict[pathlib.Path, Page]:
    return {path: Page(path) for path in sorted(site.rglob("*.html"))}


def test_everything_has_a_page(site: pathlib.Path) -> None:
    plugins = [path for kind in ("modules", "lookup", "filter") for path in (ROOT / "plugins" / kind).glob("[a-z]*.py")]
    expected = [site / "reference" / f"{path.stem}_{path.parent.name.removesuffix('s')}.html" for path in plugins]
    expected += [
        site / "reference" / f"{role.parents[1].name}_role.html"
        for role in (ROOT / "roles").glob("*/meta/argument_specs.yml")
    ]
    expected += [site / path.relative_to(ROOT).with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")]
    assert not [path for path in expected if not path.exists()]


def test_no_link_is_broken(site: pathlib.Path, pages: dict[pathlib.Path, Page]) -> None:
    wrong = []
    for path, page in pages.items():
        for link in page.links:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
            place = urllib.parse.unquote(parts.fragment)
            if not target.is_file() or (place and target in pages and place not in pages[target].anchors):
                wrong.append(f"{path.relative_to(site)}: {link}")
    assert not wrong


def test_nothing_is_loaded_from_other_servers(site: pathlib.Path, pages: dict[pathlib.Path, Page]) -> None:
    assert not {source for page in pages.values() for source in page.loaded if urllib.parse.urlsplit(source).netloc}
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert not re.findall(r"(?:@import|url\()\s*[\"']?(?:https?:)?//", styles)


def test_the_theme_reports_no_errors(pages: dict[pathlib.Path, Page]) -> None:
    """It writes some errors into the page."""
    assert not [str(path) for path, page in pages.items() if "ERROR: " in page.text]
