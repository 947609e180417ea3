# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds out by introspection whether the query ``ClientUser`` can select a user's products and subscriptions.

The vendor does not publish the schema (providers.md, 1.5), so a list is recognized by its name and by what it contains.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ..._data.schema import Schema
from ..._errors import AccessError
from .documents import SELECTIONS, Listing
from .graphql import GraphQLError

if t.TYPE_CHECKING:
    from .client import AudiencePlayer

#: Names of a complete list. A name such as ``expired_subscriptions`` promises only a part of it.
_NAMES = {
    "products": re.compile(r"(user_?)?products?(_?list)?", re.IGNORECASE),
    "subscriptions": re.compile(r"(user_?)?subscriptions?(_?list)?", re.IGNORECASE),
}
_TYPE = "kind name ofType { kind name ofType { kind name ofType { kind name } } }"
QUERY = (
    "query { __schema { queryType { name } types { name fields { name args { name defaultValue type { kind } } "
    f"type {{ {_TYPE} }} }} }} }} }}"
)
_MAX_AGE = 86400.0  # seconds
#: What has been found out with ``token_cache: none``, by installation: when it expires, and the listings.
_process_memory: dict[tuple[str, ...], tuple[float, dict[str, t.Any]]] = {}

_TYPE_REFERENCE: dict[str, t.Any] = {
    "type": "object",
    "properties": {"kind": {"type": "string"}, "name": {"type": ["string", "null"]}, "ofType": {}},
    "required": ["kind"],
}
_FIELD = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "args": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"name": {"type": "string"}, "type": _TYPE_REFERENCE},
                "required": ["name", "type"],
            },
        },
        "type": _TYPE_REFERENCE,
    },
    "required": ["name", "args", "type"],
}
_SCHEMA = Schema(
    {
        "type": "object",
        "properties": {
            "queryType": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
            "types": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"name": {"type": "string"}, "fields": {"type": ["array", "null"], "items": _FIELD}},
                    "required": ["name"],
                },
            },
        },
        "required": ["queryType", "types"],
    }
)

Fields = t.Dict[str, t.Dict[str, t.Any]]


class Introspection:
    """Finds out how ``ClientUser`` lists holdings, and remembers it for a day in the token cache."""

    def __init__(self, client: AudiencePlayer) -> None:
        self._client = client
        self._session = client.session
        self._identity = (*client.issuer.identity, "listings of ClientUser")

    def remembered(self) -> dict[str, Listing] | None:
        """What an earlier task has found out: the listings by kind, empty if there are none; None if unknown."""
        store, now = self._session.store, self._session.clock.now()
        expires_at, found = _process_memory.get(self._identity, (0.0, {}))
        if not store.backend.private:
            entry = store.read(store.name_of(self._identity)) or {}
            expires_at, found = entry.get("expires_at", 0.0), entry.get("listings", {})
        if not now < expires_at <= now + _MAX_AGE:
            return None
        try:
            return {kind: Listing(**listing) for kind, listing in found.items()}
        except TypeError:  # written by another version
            return None

    def find(self, *, again: bool = False) -> dict[str, Listing]:
        """What is remembered or, if that is unknown, the platform's answer. Processes that share a token cache ask one
        after the other, so that only the first has to. ``again``: ask as well if there were no listings.

        :raises AccessError: see :meth:`ask`.
        """
        name = self._session.store.name_of(self._identity)
        with self._session.store.lock(name, self._session.budget):
            known = self.remembered()
            return self.ask() if known is None or (again and not known) else known

    def ask(self) -> dict[str, Listing]:
        """Ask the platform, and remember the answer. A platform that refuses introspection has no listings.

        :raises AccessError: if there is no answer, or an invalid one. Nothing is remembered then.
        """
        try:
            found = find_listings(self._fetch_schema())
        except AccessError as error:
            if not _is_refusal(error):
                raise
            found = {}
        self.remember(found)
        return found

    def remember(self, found: t.Mapping[str, Listing]) -> None:
        """Remember for a day what has been found out."""
        expires_at = self._session.clock.now() + _MAX_AGE
        listings = {kind: dataclasses.asdict(listing) for kind, listing in found.items()}
        store = self._session.store
        if store.backend.private:
            _process_memory[self._identity] = expires_at, listings
        else:
            entry = {"expires_at": expires_at, "listings": listings}
            store.write(store.name_of(self._identity), entry, expires_at)

    def _fetch_schema(self) -> dict[str, t.Any]:
        """Fetch the schema without a token; if that is refused, with the client's (whether one is needed is not
        documented).
        """
        request = self._client.graphql.request(QUERY, repeatable=True)
        try:
            response = self._client.send(request)
        except AccessError as error:
            if not {401, 403} & {error.status, error.code}:
                raise
            response = self._client.send_authorized(request, self._client.issuer.client_grant())
        schema: dict[str, t.Any] = self._client.graphql.responses.parse_field(response, "__schema", _SCHEMA)
        return schema


def _is_refusal(error: AccessError) -> bool:
    """Whether an error means that the platform does not answer this query, to anybody and at any time."""
    if not isinstance(error, GraphQLError) and error.status not in (400, 403, 405):
        return False
    code = error.status if error.code is None else error.code
    return not (isinstance(code, int) and (code in (401, 404, 408, 429) or code >= 500))


def find_listings(schema: t.Mapping[str, t.Any]) -> dict[str, Listing]:
    """The listings of ``ClientUser`` by kind, given ``__schema``; empty unless there are both."""
    types: dict[str, Fields] = {
        kind["name"]: {field["name"]: field for field in kind.get("fields") or ()} for kind in schema["types"]
    }
    query = types.get(schema["queryType"]["name"], {}).get("ClientUser")
    if query is None or not {"id", "email"} <= _arguments(query):
        return {}
    user = types.get(_unwrap(query["type"])[0], {})
    found = {kind: _find_listing(kind, user, types) for kind in SELECTIONS}
    listings = {kind: listing for kind, listing in found.items() if listing}
    return listings if len(listings) == len(found) else {}


def _find_listing(kind: str, user: Fields, types: t.Mapping[str, Fields]) -> Listing | None:
    """Find the list of one kind; the most explicit name first (``user_products`` before ``products``)."""
    for name in sorted(filter(_NAMES[kind].fullmatch, user), key=lambda name: (-len(name), name)):
        is_paged = _is_paged(kind, user[name], types)
        if is_paged is not None:
            return Listing(name, is_paged)
    return None


def _is_paged(kind: str, field: dict[str, t.Any], types: t.Mapping[str, Fields]) -> bool | None:
    """Whether a field is a list of this kind that has pages; None if it is something else, or could be incomplete
    unnoticed.
    """
    if any(argument["type"]["kind"] == "NON_NULL" and not argument.get("defaultValue") for argument in field["args"]):
        return None
    wanted = set(SELECTIONS[kind].split())
    name, is_list = _unwrap(field["type"])
    contained = types.get(name, {})
    if is_list:
        return False if wanted <= set(contained) and "limit" not in _arguments(field) else None
    if not {"items", "pagination"} <= set(contained) or not {"limit", "offset"} <= _arguments(field):
        return None
    item, has_items = _unwrap(contained["items"]["type"])
    counts = types.get(_unwrap(contained["pagination"]["type"])[0], {})
    return True if has_items and wanted <= set(types.get(item, {})) and "total_count" in counts else None


def _arguments(field: dict[str, t.Any]) -> set[str]:
    return {argument["name"] for argument in field["args"]}


def _unwrap(reference: t.Mapping[str, t.Any]) -> tuple[str, bool]:
    """The name of a type without NON_NULL and LIST, and whether it is a list."""
    is_list = False
    inner: t.Any = reference
    while isinstance(inner, dict) and inner.get("ofType"):
        is_list = is_list or inner.get("kind") == "LIST"
        inner = inner["ofType"]
    return (inner.get("name") or "") if isinstance(inner, dict) else "", is_list
