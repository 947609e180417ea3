# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The platform's lists, which it returns page by page (providers.md, 1.5)."""

from __future__ import annotations

import typing as t

from ..._data.schema import Schema
from ..._errors import AccessError
from ..._http.models import Response
from .dates import parse_instant
from .documents import SELECTIONS
from .graphql import GraphQLResponses
from .schemas import CATALOG, HOLDINGS

PAGE_SIZE = 100
Items = t.List[t.Dict[str, t.Any]]


class ListType(t.NamedTuple):
    """A list: the query, the fields that are read of each item, and what an answer looks like."""

    query: str
    selection: str
    schema: Schema
    parse: t.Callable[[dict[str, t.Any]], dict[str, t.Any]]

    def select_page(self) -> str:
        """The selection of one page."""
        return f"items {{ {self.selection} }} pagination {{ total_count }}"

    def add_page(
        self,
        found: Items,
        page: t.Mapping[str, t.Any],
        place: str,
        responses: GraphQLResponses,
        response: Response,
        complete: bool,
    ) -> bool:
        """Add the items of a page, which is at ``place`` in a response. Returns whether there is another page.

        :raises AccessError: if an item is invalid, or if the list must be ``complete``, and ends before its total.
        """
        items = page["items"] or []
        for index, item in enumerate(items):
            try:
                found.append(self.parse(item))
            except AccessError as error:
                problem = f"{place}.items[{index}].{error.message}"
                raise responses.invalid_response(response, [problem]) from None
        total = (page.get("pagination") or {}).get("total_count")
        if total is None or len(found) >= total:
            return False
        if complete and not items:
            name = place.rpartition(".")[2]
            raise AccessError(f"{name} ends after {len(found)} of {total}", status=response.status)
        return bool(items)


def parse_product(item: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {
        "product_id": int(item["product_id"]),
        "is_fulfilled": bool(item["is_fulfilled"]),
        "expires_at": _parse_date(item, "fulfilment_expires_at"),
    }


def parse_subscription(item: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {
        "subscription_id": int(item["subscription_id"]),
        "expires_at": _parse_date(item, "expires_at"),
        "is_valid": bool(item["is_valid"]),
    }


def _parse_date(item: t.Mapping[str, t.Any], key: str) -> t.Any:
    try:
        return parse_instant(item.get(key))
    except AccessError:
        raise AccessError(f"{key}: must be a date and time") from None


def _parse_title(item: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {"id": int(item["id"]), "title": item.get("title")}


#: A user's own entitlements, read with the user's token.
HOLDING_LISTS = {
    "products": ListType("UserProductList", SELECTIONS["products"], HOLDINGS, parse_product),
    "subscriptions": ListType("UserSubscriptionList", SELECTIONS["subscriptions"], HOLDINGS, parse_subscription),
}
#: What the project sells.
CATALOG_LISTS = {
    "products": ListType("ProductList", "id title", CATALOG, _parse_title),
    "subscriptions": ListType("SubscriptionList", "id title", CATALOG, _parse_title),
}
