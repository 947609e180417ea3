# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Flex Media Platform: its Authentication service (providers.md, section 5)."""

from __future__ import annotations

import typing as t

from ..._data.rows import Item
from ..._platform.declaration import ManifestList, Platform
from ..._platform.options import from_env
from .client import Flex, FlexResponses, FlexTokens
from .export import export_applications


def check_applications(items: t.Iterable[Item], _now: float) -> t.Iterator[str]:
    """Yield the problems of applications, each with its place."""
    for item in items:
        if item.problem:
            yield item.place.prefix(item.problem)
        elif (item.options["retire_after"] or 0) < 0:
            yield item.place.prefix("retire_after must not be negative: it is a number of seconds")


FLEX = Platform(
    name="flex",
    title="Flex Media Platform",
    client=Flex,
    issuer=FlexTokens,
    responses=FlexResponses,
    options={
        "url": {"type": "str", "fallback": from_env("FLEX_URL")},
        "registration_key": {"type": "str", "no_log": True, "fallback": from_env("FLEX_REGISTRATION_KEY")},
        "client_id": {"type": "str", "fallback": from_env("FLEX_CLIENT_ID")},
        "client_secret": {"type": "str", "no_log": True, "fallback": from_env("FLEX_CLIENT_SECRET")},
        "token_path": {"type": "str", "default": "/oauth/token", "no_log": False},
    },
    credentials=("url", "registration_key"),
    role="flex_application",
    manifest={
        "applications": ManifestList(
            "flex_oauth_app",
            ("name", "description", "id", "state", "retire_after"),
            required=("name",),
            check=check_applications,
            export=export_applications,
            prunes="applications that the manifest does not name",
        )
    },
    hints={
        401: "Check registration_key, or client_id and client_secret",
        403: "Check registration_key and the application's permissions",
        404: "Check url",
    },
    login_hints={404: "Check url and token_path"},
)
