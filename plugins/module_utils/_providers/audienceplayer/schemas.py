# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Schemas of AudiencePlayer's responses (providers.md, section 1)."""

from __future__ import annotations

import typing as t

from ..._data.schema import Schema

_ID = {"type": ["integer", "string"], "pattern": "^[0-9]+$"}
_DATE = {"type": ["string", "null"]}
_FLAG = {"type": ["boolean", "null"]}
ID = Schema(_ID)
RESPONSE = Schema(
    {
        "type": "object",
        "properties": {
            "data": {"type": ["object", "null"]},
            "errors": {"type": ["array", "null"], "items": {"type": "object"}},
        },
        "anyOf": [{"required": ["data"]}, {"required": ["errors"]}],
        "$comment": "has neither data nor errors, so it is not a GraphQL response",
    }
)
LOGIN = Schema(
    {
        "type": "object",
        "properties": {
            "access_token": {"type": "string", "minLength": 1},
            "user_id": {**_ID, "type": ["integer", "string", "null"]},
            "user_email": {"type": ["string", "null"]},
            "expires_in": {"type": ["number", "string", "null"], "pattern": "^[0-9]+$"},
        },
        "required": ["access_token"],
    }
)
USER = Schema(
    {
        "type": "object",
        "properties": {"id": _ID, "email": {"type": "string"}, "name": {"type": ["string", "null"]}},
        "required": ["id", "email"],
    }
)
_HOLDING = {
    "type": "object",
    "properties": {
        "product_id": _ID,
        "is_fulfilled": _FLAG,
        "fulfilment_expires_at": _DATE,
        "subscription_id": _ID,
        "is_valid": _FLAG,
        "expires_at": _DATE,
    },
    "anyOf": [
        {"required": ["product_id", "is_fulfilled"]},
        {"required": ["subscription_id", "is_valid"]},
    ],
}
_TITLED = {"type": "object", "properties": {"id": _ID, "title": {"type": ["string", "null"]}}, "required": ["id"]}


def _page_of(item: dict[str, t.Any]) -> Schema:
    """The schema of a list, or of one page of it."""
    return Schema(
        {
            "type": "object",
            "properties": {
                "items": {"type": ["array", "null"], "items": item},
                "pagination": {
                    "type": ["object", "null"],
                    "properties": {"total_count": {"type": ["integer", "null"]}},
                },
            },
            "required": ["items"],
        }
    )


HOLDINGS = _page_of(_HOLDING)
CATALOG = _page_of(_TITLED)
