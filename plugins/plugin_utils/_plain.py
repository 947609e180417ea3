# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible hands to plugins, as plain Python."""

from __future__ import annotations

import datetime
import typing as t

from ansible import constants as C


def ansible_home() -> str:
    """Ansible's own directory (ANSIBLE_HOME, also from ansible.cfg)."""
    return str(C.config.get_config_value("ANSIBLE_HOME"))


def plain(value: t.Any) -> t.Any:
    """Templated values as plain Python: libraries do not know Ansible's tagged types."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, t.Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, (datetime.datetime, datetime.date)) else str(value)
