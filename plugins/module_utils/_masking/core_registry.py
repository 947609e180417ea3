# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The secrets registry of ansible-core 2.22 and newer, which masks registered values in all output."""

from __future__ import annotations

import typing as t

from .marks import SHORTEST

try:
    from ansible.module_utils.secrets import register_secrets
except ImportError:  # older than 2.22
    register_secrets = None

#: Core masks a value anywhere in any text, so registering shorter tokens would garble the output.
SHORTEST_TOKEN = 16


def register(values: t.Iterable[t.Any]) -> None:
    """Register secrets with ansible-core, if it has a registry. Never pass IDs, names or ordinary words."""
    if register_secrets:
        register_secrets([value for value in values if is_registrable(value)])


def is_registrable(value: t.Any) -> bool:
    """Whether a value is long enough to be masked anywhere in any text."""
    return isinstance(value, str) and len(value.strip()) >= SHORTEST


def looks_like_token(text: str) -> bool:
    """Whether the value of a secret field looks like a token: a platform may return a placeholder such as ``hidden``
    instead.
    """
    return len(text) >= SHORTEST_TOKEN and not any(map(str.isspace, text)) and len(set(text)) > 1


def spec_for_core(
    options: t.Mapping[str, dict[str, t.Any]], params: t.Mapping[str, t.Any]
) -> dict[str, dict[str, t.Any]]:
    """Return the argument spec for ansible-core, which registers the values of ``no_log`` options: only registrable
    values keep ``no_log``.
    """
    return {
        name: {**option, "no_log": bool(option.get("no_log")) and is_registrable(params.get(name))}
        for name, option in options.items()
    }
