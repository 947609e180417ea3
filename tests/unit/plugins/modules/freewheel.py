# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""FreeWheel's requests (providers.md, section 4)."""

from __future__ import annotations

import typing as t

import responses

from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import call

URL = "https://api.freewheel.tv"
WEEK = 604800
ANSWER = {"access_token": "hush-token", "token_type": "Bearer", "created_at": 1_800_000_000, "expires_in": WEEK}
UNKNOWN = {"answer": "Invalid token", "status": 401}


def login(
    answer: t.Any = ...,
    *,
    username: str = "mrm",
    password: str = "hush-password",
    accept: str = "json",
    **kwargs: t.Any,
) -> responses.Response:
    form = {"grant_type": "password", "username": username, "password": password}
    return call(
        "POST",
        f"{URL}/auth/token",
        ANSWER if answer is ... else answer,
        form=form,
        headers={"Accept": f"application/{accept}"},
        **kwargs,
    )


def info(
    token: str = "hush-token", answer: t.Any = None, *, accept: str = "json", **kwargs: t.Any
) -> responses.Response:
    answer = {"user_id": 6092302, "created_at": 1_800_000_000, "expires_in": 1000} if answer is None else answer
    return call(
        "GET",
        f"{URL}/auth/token/info",
        answer,
        headers={"Accept": f"application/{accept}", "Authorization": f"Bearer {token}"},
        **kwargs,
    )


def revoke(token: str = "hush-token", answer: t.Any = b"", **kwargs: t.Any) -> responses.Response:
    return call(
        "POST",
        f"{URL}/auth/token/revoke",
        answer,
        form={"token": token},
        headers={"Authorization": f"Bearer {token}"},
        **kwargs,
    )
