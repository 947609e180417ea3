# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mutations that fulfil and revoke entitlements to products and subscriptions."""

from __future__ import annotations

import re
from typing import Any

from ...state import format_time, parse_time
from ..base import Platform
from .caller import Caller, OperationError
from .users import Users

STRICT_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
DAY = 86400


class Entitlements:
    """Fulfils and revokes entitlements, for one request."""

    def __init__(self, platform: Platform, users: Users, caller: Caller) -> None:
        self._platform = platform
        self._users = users
        self._caller = caller

    def manage_product(self, info: Any, **given: Any) -> Any:
        self._caller.check_client(given)
        product = next(
            (item for item in self._platform.data["products"] if item["id"] == given.get("product_id")), None
        )
        if product is None:
            raise OperationError(404, "Product not found")
        products = self._caller.find_or_register_user(given)["products"]
        held = next((item for item in products if item["product_id"] == product["id"]), None)
        if self._platform.switch("manage_result") == "refused":
            return False
        if _action(given) == "revoke":
            return self._revoke_product(products, held)
        return self._fulfil_product(products, held, product)

    def _revoke_product(self, products: list[dict[str, Any]], held: dict[str, Any] | None) -> Any:
        if held is None or not held["is_fulfilled"]:
            return self._nothing_to_revoke()
        if self._platform.switch("revoked_products") == "present":
            held["is_fulfilled"] = False
        else:
            products.remove(held)
        return self._success()

    def _fulfil_product(
        self, products: list[dict[str, Any]], held: dict[str, Any] | None, product: dict[str, Any]
    ) -> Any:
        days = product.get("days")
        expires_at = format_time(self._platform.clock.now() + days * DAY) if days else None
        if held and held["is_fulfilled"] and held["fulfilment_expires_at"] is None:
            self._check_repetition()
        if held is None:
            held = {"id": self._users.new_id(), "product_id": product["id"]}
            products.append(held)
        held |= {"is_fulfilled": True, "fulfilment_expires_at": expires_at}
        return self._success()

    def manage_subscription(self, info: Any, **given: Any) -> Any:
        self._caller.check_client(given)
        if not any(item["id"] == given.get("subscription_id") for item in self._platform.data["subscriptions"]):
            raise OperationError(404, "Subscription not found")
        is_revocation = _action(given) == "revoke"
        if is_revocation and self._platform.switch("revoke_expires_at") == "required" and "expires_at" not in given:
            raise OperationError(400, "expires_at is required")
        expires_at = self._parse_date(given.get("expires_at"))
        if not is_revocation and (expires_at is None or expires_at <= self._platform.clock.now()):
            raise OperationError(400, "expires_at is required and must be in the future")
        subscriptions = self._caller.find_or_register_user(given)["subscriptions"]
        held = next((item for item in subscriptions if item["subscription_id"] == given["subscription_id"]), None)
        if self._platform.switch("manage_result") == "refused":
            return False
        if is_revocation:
            return self._revoke_subscription(held)
        return self._fulfil_subscription(subscriptions, held, given["subscription_id"], format_time(expires_at or 0))

    def _revoke_subscription(self, held: dict[str, Any] | None) -> Any:
        now = self._platform.clock.now()
        if held is None or parse_time(held["expires_at"]) <= now:
            return self._nothing_to_revoke()
        held["expires_at"] = format_time(now)
        return self._success()

    def _fulfil_subscription(
        self, subscriptions: list[dict[str, Any]], held: dict[str, Any] | None, subscription_id: int, expires_at: str
    ) -> Any:
        if held is None:
            held = {
                "id": self._users.new_id(),
                "subscription_id": subscription_id,
                "acquired_at": format_time(self._platform.clock.now()),
            }
            subscriptions.append(held)
        elif held["expires_at"] == expires_at and held["suspended_at"] is None:
            self._check_repetition()
        held |= {"expires_at": expires_at, "suspended_at": None}
        return self._success()

    def _parse_date(self, text: Any) -> float | None:
        if text is None:
            return None
        try:
            if self._platform.switch("date_input") == "strict" and not STRICT_DATE.fullmatch(text):
                raise ValueError(text)
            return parse_time(text)
        except (TypeError, ValueError) as exc:
            raise OperationError(400, "expires_at is not a valid date") from exc

    # Results

    def _success(self) -> Any:
        return {"true": True, "false": False, "null": None, "string": "ok"}[self._platform.switch("manage_result")]

    def _nothing_to_revoke(self) -> Any:
        if self._platform.switch("revoke_missing") == "404":
            raise OperationError(404, "The user does not have this entitlement")
        return self._success()

    def _check_repetition(self) -> None:
        """Reject a repeated fulfilment if the platform is set to do so."""
        code = self._platform.switch("fulfil_again")
        if code != "ok":
            raise OperationError(int(code), "The user has this entitlement already")


def _action(given: dict[str, Any]) -> str:
    if not given.get("action"):
        raise OperationError(400, "action is required")
    return str(given["action"])
