# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Between two releases the collection has the version of the next one, so that no two builds with different contents share a version."""

from __future__ import annotations

import pathlib

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]


def numbers(version):
    return [int(number) for number in version.split(".")]


def test_what_is_not_released_has_no_version_that_is():
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    releases = yaml.safe_load((ROOT / "changelogs" / "changelog.yaml").read_text(encoding="utf-8"))["releases"]
    fragments = [path.name for path in (ROOT / "changelogs" / "fragments").glob("*.y*ml")]

    if version in releases:
        assert fragments == [], f"{version} is released: galaxy.yml must name the next version, with -dev0"
    else:
        base, _dash, development = version.partition("-")
        assert numbers(base) > max(map(numbers, releases)) and development == "dev0"
