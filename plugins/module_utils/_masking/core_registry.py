# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-core's own registry of secrets (2.22 and newer): core masks each registered value wherever it shows something."""

from __future__ import annotations

import typing as t

from .marks import SHORTEST

try:
    from ansible.module_utils.secrets import register_secrets
except ImportError:  # older than 2.22
    register_secrets = None

#: Core masks a token at any place in any text, so that shorter ones would destroy the output.
SHORTEST_TOKEN = 16


def register(values: t.Iterable[t.Any]) -> None:
    """Make secrets known to ansible-core, if it has a registry. Give it nothing else: no id, no name, no word."""
    if register_secrets:
        register_secrets([value for value in values if is_registrable(value)])


def is_registrable(value: t.Any) -> bool:
    """Whether a value is long enough: core masks it at any place in any text."""
    return isinstance(value, str) and len(value.strip()) >= SHORTEST


def may_be_token(text: str) -> bool:
    """Whether a text that an answer holds under a secret's name looks like one: a platform may also write ``hidden`` there."""
    return len(text) >= SHORTEST_TOKEN and not any(map(str.isspace, text)) and len(set(text)) > 1


def told_to_core(options: t.Mapping[str, dict[str, t.Any]], params: t.Mapping[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    """An argument spec as ansible-core may have it: it registers the value of each ``no_log`` option, so that remains only where that is right."""
    return {name: {**option, "no_log": bool(option.get("no_log")) and is_registrable(params.get(name))} for name, option in options.items()}
