# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AudiencePlayer's GraphQL documents (providers.md, section 1)."""

from __future__ import annotations

import typing as t

import responses

from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import call

URL = "https://api.audienceplayer.com"
CLIENT = 'project_id: 111, client_id: "222", client_secret: "hush-client"'
CONNECTION = {"project_id": 111, "client_id": "222", "client_secret": "hush-client"}
SELECTION = "access_token user_id user_email expires_in"
NOT_FOUND = {"message": "User not found", "code": 404}
TRUE = object()


def graphql(
    document: str,
    data: t.Any = None,
    *errors: dict[str, t.Any],
    answer: t.Any = None,
    scope: str = "user",
    token: str | None = None,
    forwarded_for: str | None = None,
    **kwargs: t.Any,
) -> responses.Response:
    """A document, and its response with data and errors, or with ``answer``."""
    headers = {"Authorization": token and f"Bearer {token}", "X-Forwarded-For": forwarded_for}
    body = {"data": data, **({"errors": list(errors)} if errors else {})} if answer is None else answer
    sent = {name: value for name, value in headers.items() if value}
    return call("POST", f"{URL}/graphql/111/{scope}", body, json={"query": document}, headers=sent, **kwargs)


def logged_in(
    token: str = "hush-token", user: int | str | None = 333, email: str | None = "viewer@example.com", **other: t.Any
) -> dict[str, t.Any]:
    """The response to a login."""
    return {"access_token": token, "user_id": user, "user_email": email, "expires_in": 7200, **other}


def client_login(found: t.Any = None, *errors: t.Any, **kwargs: t.Any) -> responses.Response:
    return graphql(
        f"mutation {{ ClientAuthenticate({CLIENT}) {{ {SELECTION} }} }}",
        {"ClientAuthenticate": found},
        *errors,
        **kwargs,
    )


def user_login(
    user: int | str = 333, *errors: t.Any, auto_register: bool = False, client: str = CLIENT, **kwargs: t.Any
) -> responses.Response:
    """A user's login by id or e-mail address. Its token is hush-ID or hush-EMAIL."""
    who = (
        f"user_id: {user}"
        if isinstance(user, int)
        else f'user_email: "{user}", auto_register: {str(auto_register).lower()}'
    )
    data = {"ClientUserAuthenticate": None if errors else logged_in(f"hush-{user}")}
    return graphql(f"mutation {{ ClientUserAuthenticate({client}, {who}) {{ {SELECTION} }} }}", data, *errors, **kwargs)


# --- reading -----------------------------------------------------------------------------------------------------------

PRODUCTS = "product_id is_fulfilled fulfilment_expires_at"
SUBSCRIPTIONS = "subscription_id expires_at is_valid"


def product(
    number: int | str = 444, is_fulfilled: bool = True, fulfilment_expires_at: str | None = None
) -> dict[str, t.Any]:
    return {"product_id": number, "is_fulfilled": is_fulfilled, "fulfilment_expires_at": fulfilment_expires_at}


def subscription(
    number: int | str = 555, expires_at: str | None = "2030-12-31T23:59:59Z", is_valid: bool = True
) -> dict[str, t.Any]:
    return {"subscription_id": number, "expires_at": expires_at, "is_valid": is_valid}


def pages(products: int | None = 0, subscriptions: int | None = 0) -> str:
    """The document that reads both lists from these offsets. None: the list is complete."""
    wanted = [("UserProductList", products, PRODUCTS), ("UserSubscriptionList", subscriptions, SUBSCRIPTIONS)]
    fields = [
        f"{name}(limit: 100, offset: {offset}) {{ items {{ {items} }} pagination {{ total_count }} }}"
        for name, offset, items in wanted
        if offset is not None
    ]
    return f"query {{ {' '.join(fields)} }}"


UNPAGED = (
    f"query {{ UserProductList {{ items {{ {PRODUCTS} }} }} UserSubscriptionList {{ items {{ {SUBSCRIPTIONS} }} }} }}"
)


def lists(*found: dict[str, t.Any], total: int | None = None) -> dict[str, t.Any]:
    """The items of both lists as the platform returns them."""
    answer: dict[str, t.Any] = {}
    for name, key in (("UserProductList", "product_id"), ("UserSubscriptionList", "subscription_id")):
        items = [item for item in found if key in item]
        answer[name] = {"items": items, "pagination": {"total_count": len(items) if total is None else total}}
    return answer


def holdings(*found: dict[str, t.Any], user: int | str = 333, **kwargs: t.Any) -> responses.Response:
    """A user's entitlements, read in one request."""
    return graphql(pages(), lists(*found), token=f"hush-{user}", **kwargs)


# --- writing -----------------------------------------------------------------------------------------------------------


def of(user: int | str, auto_register: bool = False) -> str:
    return (
        f"user_id: {user}"
        if isinstance(user, int)
        else f'user_email: "{user}"' + (", auto_register: true" if auto_register else "")
    )


def product_mutation(
    number: int = 444, action: str = "fulfil", user: int | str = 333, auto_register: bool = False
) -> str:
    return f"ClientUserProductEntitlementManage({CLIENT}, {of(user, auto_register)}, product_id: {number}, action: {action})"


def subscription_mutation(
    number: int = 555, expires_at: str | None = "2030-12-31T23:59:59Z", action: str = "fulfil", user: int | str = 333
) -> str:
    written = f'"{expires_at}"' if expires_at else "null"
    return f"ClientUserSubscriptionEntitlementManage({CLIENT}, {of(user)}, subscription_id: {number}, expires_at: {written}, action: {action})"


def written(*mutations: str, data: t.Any = TRUE, errors: t.Sequence[t.Any] = (), **kwargs: t.Any) -> responses.Response:
    """A batch of writes, each of which returns true by default."""
    document = " ".join(f"e{index}: {mutation}" for index, mutation in enumerate(mutations))
    data = {f"e{index}": True for index in range(len(mutations))} if data is TRUE else data
    return graphql(f"mutation {{ {document} }}", data, *errors, **kwargs)
