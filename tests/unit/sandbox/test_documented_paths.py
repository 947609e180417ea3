# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation and examples use only paths that exist on the platforms: those that the sandbox answers, without its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGES = [
    *(ROOT / "docs").rglob("*.md"),
    *ROOT.glob("*.md"),
    *(ROOT / "roles").glob("*/README.md"),
    *(
        path
        for folder in ("examples", "playbooks")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".yml", ".md")
    ),
    *(ROOT / "extensions" / "demo").rglob("*.yml"),
    *(ROOT / "extensions" / "eda").rglob("*.yml"),
    *(path for folder in ("modules", "lookup", "filter") for path in (ROOT / "plugins" / folder).rglob("*.py")),
]
TASK = re.compile(
    r"^(?P<indent> *)(?:- )?mediaops\.access\.(?P<platform>flex|freewheel|movingimage|playlyfe)_api:\n"
    r"(?P<options>(?:(?P=indent) +[^\n]*\n|\n)+)",
    re.MULTILINE,
)
URLS = {
    "flex": r"https?://flex(?:-auth)?\.example\.com(?::\d+)?|\{\{ flex_url \}\}",
    "freewheel": r"https://api\.freewheel\.tv",
    "audienceplayer": r"https://api\.audienceplayer\.com",
    "movingimage": r"https://api\.video-cdn\.net",
    "playlyfe": r"https://api\.playlyfe\.com(?=/v)",
}


def requests_in(text: str) -> list[tuple[str, str, str]]:
    """The platforms, methods and paths of the requests that a text shows. The method of a URL is unknown."""
    found = []
    for task in TASK.finditer(text):
        options = dict(re.findall(r"^ +(path|method): *(.+)$", task["options"], re.MULTILINE))
        if "path" in options:
            path = options["path"].strip("\"'").lstrip("/")
            root = "v2/" if task["platform"] == "playlyfe" else ""
            found.append((task["platform"], options.get("method", "GET").strip(), f"/{root}{path}"))
    for platform, root in URLS.items():
        for path in re.findall(rf"(?:{root})(/[^\s\"'`)?|,;]+(?:\{{\{{[^}}]*\}}\}}[^\s\"'`)?|,;]*)*)", text):
            found.append((platform, "", path))
    return [(platform, method, re.sub(r"\{\{.*?\}\}", "1", path)) for platform, method, path in found]


SEEN = sorted(
    {
        (str(page.relative_to(ROOT)), *request)
        for page in PAGES
        for request in requests_in(page.read_text(encoding="utf-8"))
        if request[2] not in ("/v2", "/v2/")
    }
)


def test_requests_are_found():
    assert {platform for _page, platform, _method, _path in SEEN} == {*URLS}
    assert ("plugins/modules/freewheel_api.py", "freewheel", "GET", "/services/v4/sites") in SEEN
    assert len(SEEN) >= 15


@pytest.mark.parametrize(("page", "platform", "method", "path"), SEEN)
def test_documented_paths_exist(box, page, platform, method, path):
    assert not path.endswith("/echo"), "no platform has this path"
    found = box.sandbox.platforms[platform]
    methods = [method] if method else ["GET", "POST"]
    assert any(found._match_endpoint(platform, name, path.rstrip("."))[0] for name in methods), path
