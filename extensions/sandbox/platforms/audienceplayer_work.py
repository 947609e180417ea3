# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AudiencePlayer's operations do."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..state import Token, to_epoch, to_text
from ._base import Call

if TYPE_CHECKING:
    from .audienceplayer import AudiencePlayer

SCOPES = {"user": "api-user-access", "admin": "api-admin-access"}
SENT_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
PROFILE = ("address", "birthday", "city", "country", "gender", "height", "phone", "postal_code", "weight", "is_newsletter_opt_in")
Resolver = Callable[..., Any]


class Refused(Exception):
    """An operation that fails, with AudiencePlayer's code."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class Work:
    """The resolvers, for one request."""

    def __init__(self, platform: AudiencePlayer, call: Call) -> None:
        self.platform = platform
        self.data = platform.data
        self.on = platform.on
        self.call = call
        self.scope = call.parameters["scope"]

    def roots(self) -> dict[str, Resolver]:
        return {
            "Config": self.config,
            "ClientUser": self.client_user,
            "UserDetails": self.user_details,
            "UserProductList": self.user_product_list,
            "UserSubscriptionList": self.user_subscription_list,
            "ClientAuthenticate": self.client_authenticate,
            "ClientUserAuthenticate": self.client_user_authenticate,
            "UserAuthenticate": self.user_authenticate,
            "ClientUserProductEntitlementManage": self.manage_product,
            "ClientUserSubscriptionEntitlementManage": self.manage_subscription,
            "ClientUserUpdate": self.client_user_update,
            "ClientUserDelete": self.client_user_delete,
        }

    # Who asks, and for whom

    def client(self, given: dict[str, Any]) -> dict[str, Any]:
        clients: list[dict[str, Any]] = self.data["clients"]
        for item in clients:
            if item["client_id"] == given.get("client_id") and item["client_secret"] == given.get("client_secret") and item["scope"] == self.scope:
                if given.get("project_id") == self.data["project_id"]:
                    return item
        raise Refused(401, "Client authentication failed")

    def token(self) -> Token:
        token = self.platform.tokens.get(self.call.bearer())
        if token is None:
            raise Refused(401, "Unauthenticated.")
        if token.extra["scope"] != self.scope:
            raise Refused(403, "The token does not have the scope that is needed here")
        return token

    def me(self) -> dict[str, Any]:
        user = self.platform.by_id.get(int(self.token().owner))
        if user is None:
            raise Refused(401, "Unauthenticated.")
        return user

    def find(self, user_id: int | None, email: str | None) -> dict[str, Any] | None:
        if user_id is not None:
            return self.platform.by_id.get(user_id)
        if email is None:
            raise Refused(400, "user_id or user_email is required")
        user = self.platform.by_email.get(email.lower())
        return user if user and (self.on("email_case") == "ignored" or user["email"] == email) else None

    def find_or_register(self, given: dict[str, Any]) -> dict[str, Any]:
        user = self.find(given.get("user_id"), given.get("user_email"))
        if user is None and given.get("auto_register") and given.get("user_id") is None:
            email = given["user_email"]
            if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
                raise Refused(400, "user_email is not an e-mail address")
            user = {"id": self.platform.new_id(), "email": email, "name": given.get("user_name") or "", "password": given.get("user_password")}
            user |= {"locale": given.get("user_locale"), "products": [], "subscriptions": []}
            self.data["users"].append(user)
            self.platform.add(user)
        if user is None:
            raise Refused(404, "User not found")
        if user.get("refuses"):
            raise Refused(int(user["refuses"]), "The user cannot be changed")
        return user

    # Authentication

    def give(self, user: dict[str, Any], lifetime: float) -> dict[str, Any]:
        now = int(self.platform.clock.now())
        claims = {"aud": self.data["project_id"], "iat": now, "nbf": now, "sub": str(user["id"]), "scopes": [SCOPES[self.scope]]}
        token = self.platform.issued(self.platform.tokens.issue_jwt("access", str(user["id"]), lifetime, claims, scope=self.scope))
        seconds = self.platform.tokens.seconds_left(token) if self.on("expires_in") == "given" else None
        return {"access_token": token.value, "user_id": user["id"], "user_email": user["email"], "expires_in": seconds}

    def client_authenticate(self, info: Any, **given: Any) -> dict[str, Any]:
        client = self.client(given)
        user = self.platform.by_id.get(int(client["user_id"]))
        if user is None:
            raise Refused(404, "User not found")
        return self.give(user, self.on("token_lifetime"))

    def client_user_authenticate(self, info: Any, **given: Any) -> dict[str, Any]:
        self.client(given)
        user = self.find_or_register(given)
        if given.get("user_password") is not None and user["password"] != given["user_password"]:
            raise Refused(401, "The password is wrong")
        if given.get("user_name") and self.on("auth_sets_name") == "yes":
            user["name"] = given["user_name"]
        return self.give(user, self.on("token_lifetime"))

    def user_authenticate(self, info: Any, email: str = "", password: str = "", project_id: int | None = None) -> dict[str, Any]:
        if project_id not in (None, self.data["project_id"]) or (project_id is None and self.scope == "admin"):
            raise Refused(400, "project_id is wrong or missing")
        user = self.find(None, email)
        if user is None or not user["password"] or user["password"] != password or (self.scope == "admin" and not user.get("admin")):
            raise Refused(401, "The e-mail address or the password is wrong")
        return self.give(user, self.on("password_token_lifetime"))

    # Reading

    def config(self, info: Any, **given: Any) -> dict[str, Any]:
        return {"project_id": self.data["project_id"]}

    def client_user(self, info: Any, **given: Any) -> dict[str, Any] | None:
        self.client(given)
        user = self.find(given.get("id"), given.get("email"))
        if user is None and self.on("missing_user") == "error":
            raise Refused(404, "User not found")
        return self.shown_user(user) if user else None

    def shown_user(self, user: dict[str, Any]) -> dict[str, Any]:
        return {name: user.get(name) for name in ("id", "email", "name", *PROFILE)}

    def user_details(self, info: Any) -> dict[str, Any]:
        user = self.me()
        return self.shown_user(user) | {"user_subscriptions": self.held_subscriptions(user), "orders": [], "entitled_articles": []}

    def user_product_list(self, info: Any, **given: Any) -> dict[str, Any]:
        now = self.platform.clock.now()
        items = []
        for item in self.me()["products"]:
            ends = item["fulfilment_expires_at"]
            fulfilled = item["is_fulfilled"] and (not ends or to_epoch(ends) > now or self.on("expired_products") == "fulfilled")
            product = next((product for product in self.data["products"] if product["id"] == item["product_id"]), None)
            items.append({**item, "is_fulfilled": fulfilled, "fulfilment_expires_at": self.platform.date(ends), "product": product})
        return self.listed(items, given)

    def user_subscription_list(self, info: Any, **given: Any) -> dict[str, Any]:
        return self.listed(self.held_subscriptions(self.me()), given)

    def held_subscriptions(self, user: dict[str, Any]) -> list[dict[str, Any]]:
        now = self.platform.clock.now()
        items = []
        for item in user["subscriptions"]:
            expired = to_epoch(item["expires_at"]) <= now
            if expired and self.on("ended_subscriptions") == "absent":
                continue
            suspended = item["suspended_at"] is not None
            status = "expired" if expired else "suspended" if suspended else "active"
            dates = {name: self.platform.date(item.get(name)) for name in ("expires_at", "acquired_at", "suspended_at")}
            items.append(
                {
                    **item,
                    **dates,
                    "invoiced_at": dates["acquired_at"],
                    "suspendable_at": dates["expires_at"],
                    "status": status,
                    "status_name": status.capitalize(),
                    "is_valid": not expired and (not suspended or self.on("suspended_valid") == "yes"),
                    "is_expired": expired,
                    "is_suspendable": not expired and not suspended,
                    "is_switchable": False,
                    "is_account_method_changeable": False,
                    "subscription": next((found for found in self.data["subscriptions"] if found["id"] == item["subscription_id"]), None),
                }
            )
        return items

    def listed(self, items: list[dict[str, Any]], given: dict[str, Any]) -> dict[str, Any]:
        total = len(items)
        for order in reversed(given.get("sort_by") or []):
            items = sorted(items, key=_sorting(order["field"]), reverse=order.get("direction") == "desc")
        if self.on("list_pagination") == "no":
            return {"items": items}
        limit, most = given.get("limit") or self.on("page_size") or max(total, 1), self.on("max_limit")
        limit = min(limit, most) if most else limit
        offset = given.get("offset") or 0
        part = items[offset : offset + limit]
        pages = {"limit": limit, "offset": offset, "count": len(part), "total_count": total}
        return {"items": part, "pagination": {**pages, "page_count": -(-total // limit), "page_current": offset // limit + 1}}

    # Writing

    def manage_product(self, info: Any, **given: Any) -> Any:
        self.client(given)
        product = next((item for item in self.data["products"] if item["id"] == given.get("product_id")), None)
        if product is None:
            raise Refused(404, "Product not found")
        user = self.find_or_register(given)
        held = next((item for item in user["products"] if item["product_id"] == product["id"]), None)
        if self.on("manage_result") == "refused":
            return False
        if self.action(given) == "revoke":
            if held is None or not held["is_fulfilled"]:
                return self.revoked_nothing()
            if self.on("revoked_products") == "present":
                held["is_fulfilled"] = False
            else:
                user["products"].remove(held)
            return self.done()
        now = self.platform.clock.now()
        ends = to_text(now + product["days"] * 86400) if product.get("days") else None
        if held and held["is_fulfilled"] and held["fulfilment_expires_at"] is None:
            self.fulfilled_again()
        if held is None:
            held = {"id": self.platform.new_id(), "product_id": product["id"]}
            user["products"].append(held)
        held |= {"is_fulfilled": True, "fulfilment_expires_at": ends}
        return self.done()

    def manage_subscription(self, info: Any, **given: Any) -> Any:
        self.client(given)
        if not any(item["id"] == given.get("subscription_id") for item in self.data["subscriptions"]):
            raise Refused(404, "Subscription not found")
        now = self.platform.clock.now()
        revoke = self.action(given) == "revoke"
        if revoke and self.on("revoke_expires_at") == "required" and "expires_at" not in given:
            raise Refused(400, "expires_at is required")
        ends = self.instant(given.get("expires_at"))
        if not revoke and (ends is None or ends <= now):
            raise Refused(400, "expires_at is required and has to be in the future")
        user = self.find_or_register(given)
        held = next((item for item in user["subscriptions"] if item["subscription_id"] == given["subscription_id"]), None)
        if self.on("manage_result") == "refused":
            return False
        if revoke:
            if held is None or to_epoch(held["expires_at"]) <= now:
                return self.revoked_nothing()
            held["expires_at"] = to_text(now)
            return self.done()
        if held is None:
            held = {"id": self.platform.new_id(), "subscription_id": given["subscription_id"], "acquired_at": to_text(now), "suspended_at": None}
            user["subscriptions"].append(held)
        elif held["expires_at"] == to_text(ends or 0) and held["suspended_at"] is None:
            self.fulfilled_again()
        held |= {"expires_at": to_text(ends or 0), "suspended_at": None}
        return self.done()

    def action(self, given: dict[str, Any]) -> str:
        if not given.get("action"):
            raise Refused(400, "action is required")
        return str(given["action"])

    def instant(self, text: Any) -> float | None:
        if text is None:
            return None
        try:
            if self.on("date_input") == "strict" and not SENT_DATE.fullmatch(text):
                raise ValueError(text)
            return to_epoch(text)
        except (TypeError, ValueError) as exc:
            raise Refused(400, "expires_at is not a date") from exc

    def done(self) -> Any:
        return {"true": True, "false": False, "null": None, "string": "ok"}[self.on("manage_result")]

    def revoked_nothing(self) -> Any:
        if self.on("revoke_missing") == "404":
            raise Refused(404, "The user does not have this entitlement")
        return self.done()

    def fulfilled_again(self) -> None:
        if self.on("fulfil_again") != "ok":
            raise Refused(int(self.on("fulfil_again")), "The user has this entitlement already")

    def client_user_update(self, info: Any, **given: Any) -> dict[str, Any]:
        self.client(given)
        user = self.find_or_register({"user_id": given.get("id")})
        email = given.get("email")
        if email and self.platform.by_email.get(email.lower(), user) is not user:
            raise Refused(409, "The e-mail address is taken")
        if email:
            del self.platform.by_email[user["email"].lower()]
        user |= {name: value for name, value in given.items() if name not in ("project_id", "client_id", "client_secret", "id")}
        self.platform.add(user)
        return self.shown_user(user)

    def client_user_delete(self, info: Any, **given: Any) -> bool:
        self.client(given)
        user = self.find(given.get("id"), given.get("email"))
        if user is None:
            raise Refused(404, "User not found")
        self.data["users"].remove(user)
        del self.platform.by_id[int(user["id"])]
        del self.platform.by_email[user["email"].lower()]
        self.platform.tokens.revoke_owner(str(user["id"]))
        return True


def _sorting(name: str) -> Callable[[dict[str, Any]], tuple[bool, str]]:
    return lambda item: (item.get(name) is not None, str(item.get(name)))
