# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users do themselves: change their details, pair devices, buy, suspend, and play articles."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from ...state import format_time, parse_time
from ..base import Platform
from .caller import Caller, OperationError
from .catalog import Catalog
from .users import User, Users

Item = dict[str, Any]
MONTH = 30 * 86400
PHONE_CODE = "123456"
VOUCHER_INVALID = 3600


class Account:
    """The operations of the user to whom a token was issued, for one request."""

    def __init__(self, platform: Platform, users: Users, caller: Caller, catalog: Catalog) -> None:
        self._platform = platform
        self._users = users
        self._caller = caller
        self._catalog = catalog

    def by_field(self) -> dict[str, Callable[..., Any]]:
        return {
            "ClientPayloadVerify": self.verify_payload,
            "ClientUserArticleAssetPlay": self.play,
            "PaymentArgumentsValidate": self.validate_payment,
            "UserDetailsPhoneVerifyRequest": self.request_phone_code,
            "UserDetailsPhoneVerifyValidate": self.validate_phone_code,
            "UserDevicePairingClaim": self.claim_device,
            "UserDevicePairingDelete": self.delete_device,
            "UserPaymentAccountOrderValidate": self.validate_order,
            "UserPaymentVoucherRedeem": self.redeem_voucher,
            "UserProductAcquire": self.acquire_products,
            "UserSubscriptionAcquire": self.acquire_subscription,
            "UserSubscriptionSuspend": self.suspend,
            "UserSubscriptionSwitch": self.switch_subscription,
            "UserSubscriptionUnSuspend": self.resume,
        }

    # Operations with a client's credentials

    def verify_payload(self, info: Any, payload: str, **given: Any) -> Item:
        self._caller.check_client(given)
        return {"payload": payload, "status": "ok"}

    def play(self, info: Any, article_id: int, asset_id: int, **given: Any) -> Item:
        self._caller.check_client(given)
        user = self._caller.find_or_register_user({"user_id": given["user_id"]})
        article = next((item for item in self._platform.data["articles"] if item["id"] == article_id), None)
        if article is None or asset_id not in [asset["id"] for asset in article["assets"]]:
            raise OperationError(404, "Article not found")
        if not self._may_watch(user, article):
            raise OperationError(402, "Payment required")
        manifest = {"mime_type": "application/dash+xml", "manifest": f"https://media.example.com/{asset_id}.mpd"}
        return {
            "appa": str(uuid.uuid4()),
            "appr": 0.0,
            "duration": 5400.0,
            "aspect_ratio": "16:9",
            "subtitles": [],
            "entitlements": [{**manifest, "expires_in": 3600, "token": str(uuid.uuid4())}],
        }

    def entitled_articles(self, user: User) -> list[Item]:
        return [article for article in self._catalog.articles() if self._may_watch(user, article)]

    def _may_watch(self, user: User, article: Item) -> bool:
        """A subscription entitles to everything, and a product to its articles."""
        now = self._platform.clock.now()
        has_subscription = any(parse_time(held["expires_at"]) > now for held in user["subscriptions"])
        return has_subscription or any(
            held["is_fulfilled"]
            and held["product_id"] in article["product_ids"]
            and (held["fulfilment_expires_at"] is None or parse_time(held["fulfilment_expires_at"]) > now)
            for held in user["products"]
        )

    # Details and devices

    def request_phone_code(self, info: Any) -> bool:
        self._caller.current_user()
        return True

    def validate_phone_code(self, info: Any, code: str) -> bool:
        user = self._caller.current_user()
        if code != PHONE_CODE:
            raise OperationError(400, "The code is wrong")
        user["is_phone_verified"] = True
        return True

    def devices(self) -> list[Item]:
        devices: list[Item] = self._caller.current_user().setdefault("devices", [])
        return devices

    def claim_device(self, info: Any, pairing_code: str) -> Item:
        devices = self.devices()
        if pairing_code not in self._platform.data["pairing_codes"]:
            raise OperationError(404, "Pairing code not found")
        now = format_time(self._platform.clock.now())
        device = {"id": self._users.new_id(), "name": "TV", "uuid": str(uuid.uuid4()), "created_at": now}
        devices.append(device)
        return device

    def delete_device(self, info: Any, device_id: int) -> bool:
        devices = self.devices()
        devices.remove(_find(devices, device_id, "Device"))
        return True

    # Purchases

    def validate_payment(self, info: Any, voucher_code: str, **given: Any) -> Item:
        self._caller.current_user()
        return {
            "voucher_validity": True,
            "voucher_description": self._find_voucher(voucher_code)["description"],
            "total_price_after": 0.0,
            "currency": "EUR",
            "currency_symbol": "€",
        }

    def acquire_subscription(self, info: Any, subscription_id: int, **given: Any) -> Item:
        user = self._caller.current_user()
        subscription = _find(self._catalog.subscriptions(), subscription_id, "Subscription")
        now = self._platform.clock.now()
        if any(
            held["subscription_id"] == subscription_id and parse_time(held["expires_at"]) > now
            for held in user["subscriptions"]
        ):
            raise OperationError(3201, "The subscription is already valid")
        return self._order(user, [subscription], given.get("voucher_code"), subscription_id=subscription_id)

    def acquire_products(self, info: Any, product_stack: list[Item], **given: Any) -> Item:
        user = self._caller.current_user()
        products = [_find(self._catalog.products(), item["id"], "Product") for item in product_stack]
        owned = {held["product_id"] for held in user["products"] if held["is_fulfilled"]}
        if any(product["id"] in owned for product in products):
            raise OperationError(3800, "The product has been purchased already")
        return self._order(user, products, given.get("voucher_code"), product_ids=[item["id"] for item in products])

    def redeem_voucher(self, info: Any, code: str, **given: Any) -> Item:
        user = self._caller.current_user()
        product_id = self._find_voucher(code)["product_id"]
        product = _find(self._catalog.products(), product_id, "Product")
        return self._order(user, [product], code, product_ids=[product_id])

    def _order(self, user: User, items: list[Item], voucher: str | None, **bought: Any) -> Item:
        """Place an order. One with a voucher is paid at once."""
        if voucher:
            self._find_voucher(voucher)
        amount = 0.0 if voucher else sum(item["price"] for item in items)
        order = {
            "id": self._users.new_id(),
            "description": ", ".join(item["title"] for item in items),
            "currency_symbol": "€",
            "amount": amount,
            "status": "pending",
            "status_name": "Pending",
            **bought,
        }
        user.setdefault("orders", []).append(order)
        if voucher:
            self._pay(user, order)
        return {
            "status": order["status"],
            "price": amount,
            "title": order["description"],
            "payment_url": None if voucher else f"https://pay.example.com/{order['id']}",
            "user_payment_account_order_id": order["id"],
        }

    def validate_order(self, info: Any, id: int) -> bool:
        """The user returns from the payment provider, who has the money."""
        user = self._caller.current_user()
        order = _find(user.setdefault("orders", []), id, "Order")
        if order["status"] != "paid":
            self._pay(user, order)
        return True

    def _pay(self, user: User, order: Item) -> None:
        order |= {"status": "paid", "status_name": "Paid"}
        now = self._platform.clock.now()
        for product_id in order.get("product_ids", []):
            held = {"id": self._users.new_id(), "product_id": product_id}
            user["products"].append(held | {"is_fulfilled": True, "fulfilment_expires_at": None})
        if "subscription_id" in order:
            held = {"id": self._users.new_id(), "subscription_id": order["subscription_id"], "suspended_at": None}
            user["subscriptions"].append(
                held | {"acquired_at": format_time(now), "expires_at": format_time(now + MONTH)}
            )

    def _find_voucher(self, code: str) -> Item:
        vouchers: list[Item] = self._platform.data["vouchers"]
        for voucher in vouchers:
            if voucher["code"] == code:
                return voucher
        raise OperationError(VOUCHER_INVALID, "The voucher is not valid")

    # Subscriptions

    def suspend(self, info: Any, id: int) -> bool:
        self._own_subscription(id)["suspended_at"] = format_time(self._platform.clock.now())
        return True

    def resume(self, info: Any, id: int) -> bool:
        self._own_subscription(id)["suspended_at"] = None
        return True

    def switch_subscription(self, info: Any, id: int, switch_to_subscription_id: int | None = None) -> bool:
        held = self._own_subscription(id)
        if switch_to_subscription_id is not None:
            _find(self._catalog.subscriptions(), switch_to_subscription_id, "Subscription")
        held["switch_to_subscription_id"] = switch_to_subscription_id
        return True

    def _own_subscription(self, number: int) -> Item:
        return _find(self._caller.current_user()["subscriptions"], number, "Subscription")


def _find(items: list[Item], number: int, title: str) -> Item:
    for item in items:
        if item["id"] == number:
            return item
    raise OperationError(404, f"{title} not found")
