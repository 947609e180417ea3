# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The queries for what a project offers: products, subscriptions, articles, categories and pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..base import Platform
from .caller import Caller, OperationError

Item = dict[str, Any]
Paginate = Callable[[list[Item], Item], Item]
PRICE = {"price": 9.99, "currency": "EUR", "currency_symbol": "€"}
DAY = 86400


class Catalog:
    """Answers queries for the catalog, for one request."""

    def __init__(self, platform: Platform, caller: Caller, paginate: Paginate) -> None:
        self._platform = platform
        self._caller = caller
        self._data = platform.data
        self._paginate = paginate

    def by_field(self) -> dict[str, Callable[..., Any]]:
        return {
            "Product": partial(self._one, self.products, "Product"),
            "ProductList": partial(self._many, self.products),
            "Subscription": partial(self._one, self.subscriptions, "Subscription"),
            "SubscriptionList": partial(self._many, self.subscriptions),
            "Article": partial(self._one, self.articles, "Article"),
            "ArticleList": partial(self._many, self.articles),
            "Category": partial(self._one, self.categories, "Category"),
            "CategoryList": partial(self._many, self.categories),
            "Page": partial(self._one, lambda: self._data["pages"], "Page"),
        }

    def _check_token(self) -> None:
        if self._platform.switch("catalog_token") == "required":
            self._caller.check_token()

    def _one(self, items: Callable[[], list[Item]], title: str, info: Any, **given: Any) -> Item:
        self._check_token()
        key = "url_slug" if given.get("url_slug") else "id"
        found = next((item for item in items() if item.get(key) == given.get(key)), None)
        if found is None:
            raise OperationError(404, f"{title} not found")
        return found

    def _many(self, items: Callable[[], list[Item]], info: Any, **given: Any) -> Item:
        self._check_token()
        wanted = {name: given[name] for name in ("category_id", "parent_id") if given.get(name) is not None}
        found = [
            item
            for item in items()
            if all(item.get(name) == value for name, value in wanted.items())
            and (not given.get("types") or item["type"] in given["types"])
            and str(given.get("search") or "").lower() in str(item.get("title") or item["name"]).lower()
        ]
        return self._paginate(found, given)

    def products(self) -> list[Item]:
        return [
            {
                **PRICE,
                "type": "product",
                "name": item["title"],
                "call_to_action_tag": "buy",
                "expires_in": item["days"] * DAY if item.get("days") else None,
                "images": [],
                **item,
            }
            for item in self._data["products"]
        ]

    def subscriptions(self) -> list[Item]:
        return [
            {
                **PRICE,
                "type": "subscription",
                "name": item["title"],
                "price_per_installment": PRICE["price"],
                "time_unit": "month",
                "time_unit_translation": "month",
                "frequency": 1,
                "images": [],
                **item,
            }
            for item in self._data["subscriptions"]
        ]

    def articles(self) -> list[Item]:
        return [
            {
                "metas": partial(_metas, item["name"]),
                "images": [],
                **item,
                "categories": [found for found in self.categories() if found["id"] == item.get("category_id")],
                "products": [found for found in self.products() if found["id"] in item["product_ids"]],
            }
            for item in self._data["articles"]
        ]

    def categories(self) -> list[Item]:
        return [
            {
                "type": "category",
                "metas": partial(_metas, item["name"]),
                "images": [],
                **item,
            }
            for item in self._data["categories"]
        ]


def _metas(name: str, info: Any, output: str | None = None) -> list[Item]:
    return [{"key": "title", "value": name}]
