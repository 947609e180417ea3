# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fixtures of the module tests, which the lookup's tests also need."""

from __future__ import annotations

from ansible_collections.mediaops.access.tests.unit.plugins.modules.conftest import lonely_process, runs

__all__ = ["lonely_process", "runs"]
