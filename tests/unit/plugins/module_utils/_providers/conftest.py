# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for the tests of single platforms."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.mediaops.access.plugins.module_utils._masking.secrets import Secrets
from ansible_collections.mediaops.access.plugins.module_utils._platform.access import Access
from ansible_collections.mediaops.access.plugins.module_utils._platform.declaration import Platform


@pytest.fixture
def platform(tmp_path: pathlib.Path, clock: t.Any) -> t.Callable[..., t.Any]:
    """Creates the client of a platform as a module with these options does."""

    def open_platform(platform: Platform[t.Any], **options: t.Any) -> t.Any:
        defaults = {name: option.get("default") for name, option in platform.argument_spec().items()}
        return Access(
            platform, {**defaults, "token_cache": str(tmp_path / "cache"), **options}, secrets=Secrets(), clock=clock
        ).client

    return open_platform
