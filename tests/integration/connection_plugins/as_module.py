# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection "local" under another name: for this collection it is one like any other, so that its modules run as ordinary modules."""

from __future__ import annotations

DOCUMENTATION = r"""
name: as_module
short_description: Run on the controller, as on any other host
description:
  - For tests only.
author:
  - mediaops.access contributors (@mediaops)
extends_documentation_fragment:
  - connection_pipelining
"""

from ansible.plugins.connection.local import Connection as Local


class Connection(Local):
    transport = "as_module"
