# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib
import pathlib

import pytest

from ansible_collections.mediaops.access.plugins.module_utils import _providers
from ansible_collections.mediaops.access.plugins.module_utils._platform.declaration import Platform
from ansible_collections.mediaops.access.plugins.plugin_utils._providers import platforms

PLUGINS = "ansible_collections.mediaops.access.plugins"
ROLES = pathlib.Path(next(iter(_providers.__path__))).parents[2] / "roles"


def test_there_is_one_platform_for_each_file_of_a_provider_by_name():
    files = sorted(path.stem for path in pathlib.Path(next(iter(_providers.__path__))).glob("[!_]*"))

    assert [platform.name for platform in platforms()] == files
    assert all(isinstance(platform, Platform) for platform in platforms())


@pytest.mark.parametrize("platform", platforms(), ids=lambda platform: platform.name)
def test_manifest_declarations_refer_to_existing_modules_and_options(platform):
    assert (ROLES / platform.role / "tasks" / "main.yml").is_file()
    for wanted in platform.manifest.values():
        module = importlib.import_module(f"{PLUGINS}.modules.{wanted.module}").MODULE
        assert module.platform is platform
        assert {*wanted.options, *wanted.required} <= module.options.keys()
        assert set(wanted.required) <= set(wanted.options)


@pytest.mark.parametrize("platform", platforms(), ids=lambda platform: platform.name)
def test_a_named_item_takes_no_option_of_that_name_for_itself(platform):
    assert not [
        key
        for key, wanted in platform.manifest.items()
        if wanted.named and "name" in {*wanted.options, *platform.options}
    ]
