# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The declaration of AudiencePlayer (providers.md, section 1)."""

from __future__ import annotations

import typing as t

from ..._platform.declaration import ManifestList, Platform
from ..._platform.options import from_env
from .client import AudiencePlayer
from .entitlements import check_entitlements
from .export import export_entitlements, export_users
from .graphql import AudiencePlayerCapabilities, GraphQLResponses
from .logins import AudiencePlayerTokens
from .users import check_users

#: The options that select a token's principal. The modules that accept them document them.
TOKEN_OPTIONS: dict[str, dict[str, t.Any]] = {
    "scope": {"type": "str", "choices": ["user", "admin"], "default": "user"},
    "grant": {"type": "str", "choices": ["client", "password"], "default": "client"},
    "email": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "user_id": {"type": "int"},
    "user_email": {"type": "str"},
    "auto_register": {"type": "bool", "default": False},
}
#: The rules for these options (keyword arguments of AnsibleModule).
TOKEN_RULES: dict[str, t.Any] = {
    "mutually_exclusive": [("user_id", "user_email")],
    "required_if": [("grant", "password", ("email", "password")), ("auto_register", True, ("user_email",))],
}

AUDIENCEPLAYER = Platform(
    name="audienceplayer",
    title="AudiencePlayer",
    client=AudiencePlayer,
    issuer=AudiencePlayerTokens,
    responses=GraphQLResponses,
    capabilities=AudiencePlayerCapabilities,
    options={
        "url": {"type": "str", "default": "https://api.audienceplayer.com", "fallback": from_env("AUDIENCEPLAYER_URL")},
        "project_id": {"type": "int", "fallback": from_env("AUDIENCEPLAYER_PROJECT_ID")},
        "client_id": {"type": "str", "fallback": from_env("AUDIENCEPLAYER_CLIENT_ID")},
        "client_secret": {"type": "str", "no_log": True, "fallback": from_env("AUDIENCEPLAYER_CLIENT_SECRET")},
        "forwarded_for": {"type": "str"},
        "rate_limit_counts": {"type": "str", "choices": ["request", "field"], "default": "request"},
    },
    credentials=("project_id", "client_id", "client_secret"),
    role="audienceplayer_access",
    manifest={
        "users": ManifestList(
            "audienceplayer_user",
            ("user_email", "user_name", "user_locale", "profile", "state"),
            required=("user_email",),
            removable=False,
            check=check_users,
            export=export_users,
        ),
        "entitlements": ManifestList(
            "audienceplayer_entitlement",
            (
                "product_id",
                "subscription_id",
                "user_id",
                "user_email",
                "auto_register",
                "expires_at",
                "forwarded_for",
                "state",
            ),
            from_file=True,
            settings=(
                "read_before_write",
                "read_with",
                "batch_size",
                "concurrency",
                "ledger",
                "ledger_max_age",
                "rejects_file",
            ),
            one_of=(("product_id", "subscription_id"), ("user_id", "user_email")),
            check=check_entitlements,
            export=export_entitlements,
            prunes="entitlements that the manifest does not name, of the users that it names",
            pruned_with=("users",),
            keys=("user_email", "user_id"),
        ),
    },
    rate_limit="120/minute",
    auth_rate_limit="20/minute",
    rate_limit_subject="forwarded_for",
    hints={
        401: "Check client_id and client_secret (each scope has its own), or email and password",
        403: "Check that the credentials are for this scope, and that the user is permitted to do this",
        404: "Check project_id and url, and the ids",
    },
)
