# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The GraphQL resolvers of AudiencePlayer: authentication, users and lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...state import parse_time, to_datetime
from ..base import Platform
from .account import Account
from .caller import SCOPES, Caller, OperationError
from .catalog import Catalog
from .entitlements import Entitlements
from .users import User, Users

Resolver = Callable[..., Any]
DATE_FORMATS = {"z": "%Y-%m-%dT%H:%M:%SZ", "offset": "%Y-%m-%dT%H:%M:%S+00:00", "space": "%Y-%m-%d %H:%M:%S"}
PROFILE = (
    "address",
    "birthday",
    "city",
    "country",
    "gender",
    "height",
    "phone",
    "postal_code",
    "weight",
    "is_newsletter_opt_in",
)
CREDENTIALS = ("project_id", "client_id", "client_secret")


class Resolvers:
    """The resolvers of the top-level fields, for one request."""

    def __init__(self, platform: Platform, users: Users, caller: Caller) -> None:
        self._platform = platform
        self._users = users
        self._caller = caller
        self._entitlements = Entitlements(platform, users, caller)
        self._catalog = Catalog(platform, caller, self._paginate)
        self._account = Account(platform, users, caller, self._catalog)

    def by_field(self) -> dict[str, Resolver]:
        return {
            "Config": self.config,
            "ClientUser": self.client_user,
            "UserDetails": self.user_details,
            "UserProductList": self.user_product_list,
            "UserSubscriptionList": self.user_subscription_list,
            "ClientAuthenticate": self.client_authenticate,
            "ClientUserAuthenticate": self.client_user_authenticate,
            "UserAuthenticate": self.user_authenticate,
            "ClientUserProductEntitlementManage": self._entitlements.manage_product,
            "ClientUserSubscriptionEntitlementManage": self._entitlements.manage_subscription,
            "ClientUserUpdate": self.client_user_update,
            "ClientUserDelete": self.client_user_delete,
            "UserDetailsUpdate": self.user_details_update,
            "DeviceList": self.device_list,
            **self._catalog.by_field(),
            **self._account.by_field(),
        }

    # Authentication

    def client_authenticate(self, info: Any, **given: Any) -> dict[str, Any]:
        client = self._caller.check_client(given)
        user = self._users.with_id(int(client["user_id"]))
        if user is None:
            raise OperationError(404, "User not found")
        return self._issue_token(user, self._platform.switch("token_lifetime"))

    def client_user_authenticate(self, info: Any, **given: Any) -> dict[str, Any]:
        self._caller.check_client(given)
        user = self._caller.find_or_register_user(given)
        if given.get("user_password") is not None and user["password"] != given["user_password"]:
            raise OperationError(401, "The password is wrong")
        if given.get("user_name") and self._platform.switch("auth_sets_name") == "yes":
            user["name"] = given["user_name"]
        return self._issue_token(user, self._platform.switch("token_lifetime"))

    def user_authenticate(
        self, info: Any, email: str = "", password: str = "", project_id: int | None = None
    ) -> dict[str, Any]:
        is_admin_scope = self._caller.scope == "admin"
        if project_id not in (None, self._platform.data["project_id"]) or (project_id is None and is_admin_scope):
            raise OperationError(400, "project_id is wrong or missing")
        user = self._caller.find_user(None, email)
        if (
            user is None
            or not user["password"]
            or user["password"] != password
            or (is_admin_scope and not user.get("admin"))
        ):
            raise OperationError(401, "The e-mail address or the password is wrong")
        return self._issue_token(user, self._platform.switch("password_token_lifetime"))

    def _issue_token(self, user: User, lifetime: float) -> dict[str, Any]:
        scope, owner, now = self._caller.scope, str(user["id"]), int(self._platform.clock.now())
        claims = {
            "aud": self._platform.data["project_id"],
            "iat": now,
            "nbf": now,
            "sub": owner,
            "scopes": [SCOPES[scope]],
        }
        token = self._platform.tokens.issue_jwt("access", owner, lifetime, claims, scope=scope)
        seconds = self._platform.tokens.seconds_left(token) if self._platform.switch("expires_in") == "given" else None
        return {"access_token": token.value, "user_id": user["id"], "user_email": user["email"], "expires_in": seconds}

    # Users

    def config(self, info: Any, **given: Any) -> dict[str, Any]:
        return {
            "project_id": self._platform.data["project_id"],
            "platform": {"chromecast_receiver_app_id": None},
            "language_tags": [{"key": "label_login", "value": "Log in"}],
        }

    def client_user(self, info: Any, **given: Any) -> dict[str, Any] | None:
        self._caller.check_client(given)
        user = self._caller.find_user(given.get("id"), given.get("email"))
        if user is None and self._platform.switch("missing_user") == "error":
            raise OperationError(404, "User not found")
        return _describe_user(user) | self._describe_holdings(user) if user else None

    def _describe_holdings(self, user: User) -> dict[str, Any]:
        """The user's products and subscriptions, which ClientUser may have."""

        def products(info: Any, **given: Any) -> dict[str, Any]:
            return self._paginate([self._describe_product(item) for item in user["products"]], given)

        def subscriptions(info: Any, **given: Any) -> dict[str, Any]:
            return self._paginate(self._describe_subscriptions(user), given)

        return {
            "user_products": lambda info: [self._describe_product(item) for item in user["products"]],
            "user_subscriptions": lambda info: self._describe_subscriptions(user),
            "products": products,
            "subscriptions": subscriptions,
        }

    def user_details(self, info: Any) -> dict[str, Any]:
        user = self._caller.current_user()
        return _describe_user(user) | {
            "notifiable": user.get("notifiable", "none"),
            "is_phone_verified": user.get("is_phone_verified", False),
            "user_subscriptions": self._describe_subscriptions(user),
            "orders": user.get("orders", []),
            "entitled_articles": self._account.entitled_articles(user),
            "nomadic_articles": [],
            "history_articles": [],
        }

    def user_details_update(self, info: Any, **given: Any) -> dict[str, Any]:
        self._update(self._caller.current_user(), given)
        return self.user_details(info)

    def client_user_update(self, info: Any, **given: Any) -> dict[str, Any]:
        self._caller.check_client(given)
        user = self._caller.find_or_register_user({"user_id": given.get("id")})
        self._update(user, {name: value for name, value in given.items() if name not in ("id", *CREDENTIALS)})
        return _describe_user(user)

    def _update(self, user: User, changes: dict[str, Any]) -> None:
        other = self._users.with_email(changes.get("email") or "")
        if other is not None and other is not user:
            raise OperationError(409, "The e-mail address is taken")
        self._users.update(user, changes)

    def client_user_delete(self, info: Any, **given: Any) -> bool:
        self._caller.check_client(given)
        user = self._caller.find_user(given.get("id"), given.get("email"))
        if user is None:
            raise OperationError(404, "User not found")
        self._users.remove(user)
        self._platform.tokens.revoke_owner(str(user["id"]))
        return True

    # Lists of products and subscriptions

    def user_product_list(self, info: Any, **given: Any) -> dict[str, Any]:
        return self._paginate([self._describe_product(item) for item in self._caller.current_user()["products"]], given)

    def user_subscription_list(self, info: Any, **given: Any) -> dict[str, Any]:
        return self._paginate(self._describe_subscriptions(self._caller.current_user()), given)

    def device_list(self, info: Any, **given: Any) -> dict[str, Any]:
        return self._paginate(self._account.devices(), given)

    def _describe_product(self, item: dict[str, Any]) -> dict[str, Any]:
        expires_at = item["fulfilment_expires_at"]
        is_expired = bool(expires_at) and parse_time(expires_at) <= self._platform.clock.now()
        return {
            **item,
            "is_fulfilled": item["is_fulfilled"]
            and (not is_expired or self._platform.switch("expired_products") == "fulfilled"),
            "fulfilment_expires_at": self._format_date(expires_at),
            "product": _find(self._platform.data["products"], item["product_id"]),
        }

    def _describe_subscriptions(self, user: User) -> list[dict[str, Any]]:
        described = [self._describe_subscription(item) for item in user["subscriptions"]]
        return [
            item
            for item in described
            if not item["is_expired"] or self._platform.switch("ended_subscriptions") == "present"
        ]

    def _describe_subscription(self, item: dict[str, Any]) -> dict[str, Any]:
        is_expired = parse_time(item["expires_at"]) <= self._platform.clock.now()
        is_suspended = item["suspended_at"] is not None
        status = "expired" if is_expired else "suspended" if is_suspended else "active"
        dates = {name: self._format_date(item.get(name)) for name in ("expires_at", "acquired_at", "suspended_at")}
        return {
            **item,
            **dates,
            "invoiced_at": dates["acquired_at"],
            "suspendable_at": dates["expires_at"],
            "status": status,
            "status_name": status.capitalize(),
            "is_valid": not is_expired and (not is_suspended or self._platform.switch("suspended_valid") == "yes"),
            "is_expired": is_expired,
            "is_suspendable": not is_expired and not is_suspended,
            "is_switchable": False,
            "is_account_method_changeable": False,
            "account": {"id": item["id"], "method": "voucher", "method_details": None},
            "subscription": _find(self._platform.data["subscriptions"], item["subscription_id"]),
        }

    def _format_date(self, text: str | None) -> str | None:
        """Format a timestamp of the state as responses have it."""
        return (
            to_datetime(parse_time(text)).strftime(DATE_FORMATS[self._platform.switch("date_format")]) if text else None
        )

    def _paginate(self, items: list[dict[str, Any]], given: dict[str, Any]) -> dict[str, Any]:
        total = len(items)
        for order in reversed(given.get("sort_by") or []):
            items = sorted(items, key=_sort_key(order["field"]), reverse=order.get("direction") == "desc")
        if self._platform.switch("list_pagination") == "no":
            return {"items": items}
        limit, max_limit = (
            given.get("limit") or self._platform.switch("page_size") or max(total, 1),
            self._platform.switch("max_limit"),
        )
        limit = min(limit, max_limit) if max_limit else limit
        offset = given.get("offset") or 0
        page = items[offset : offset + limit]
        pagination = {"limit": limit, "offset": offset, "count": len(page), "total_count": total}
        return {
            "items": page,
            "pagination": {**pagination, "page_count": -(-total // limit), "page_current": offset // limit + 1},
        }


def _describe_user(user: User) -> dict[str, Any]:
    return {name: user.get(name) for name in ("id", "email", "name", *PROFILE)}


def _find(items: list[dict[str, Any]], item_id: int) -> dict[str, Any] | None:
    return next((item for item in items if item["id"] == item_id), None)


def _sort_key(name: str) -> Callable[[dict[str, Any]], tuple[bool, str]]:
    """Sort by a field, items without it first."""
    return lambda item: (item.get(name) is not None, str(item.get(name)))
