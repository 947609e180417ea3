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


# --- reading with the client's credentials -------------------------------------------------------------------------------

NOT_ALLOWED = {"message": "Introspection is not allowed", "code": 400}


def type_of(name: str, *around: str) -> dict[str, t.Any]:
    """A reference to a type, within these others: the outermost first."""
    reference: dict[str, t.Any] = {"kind": "OBJECT", "name": name, "ofType": None}
    for kind in reversed(around):
        reference = {"kind": kind, "name": None, "ofType": reference}
    return reference


def schema_field(name: str, kind: dict[str, t.Any], *arguments: str, required: str = "") -> dict[str, t.Any]:
    args = [{"name": argument, "defaultValue": None, "type": {"kind": "SCALAR"}} for argument in arguments]
    args += [{"name": required, "defaultValue": None, "type": {"kind": "NON_NULL"}}] if required else []
    return {"name": name, "args": args, "type": kind}


def schema(*user_fields: dict[str, t.Any], arguments: t.Sequence[str] = ("id", "email")) -> dict[str, t.Any]:
    """What introspection answers, where ClientUser has these fields."""

    def plain(*names: str) -> list[dict[str, t.Any]]:
        return [schema_field(name, type_of("String")) for name in names]

    page = [schema_field("items", type_of("UserProduct", "LIST")), schema_field("pagination", type_of("Pagination"))]
    types = {
        "Query": [schema_field("ClientUser", type_of("User", "NON_NULL"), "project_id", *arguments)],
        "User": [*plain("id", "email", "name"), *user_fields],
        "UserProduct": plain("id", *PRODUCTS.split()),
        "UserSubscription": plain("id", *SUBSCRIPTIONS.split()),
        "Product": plain("id", "title"),
        "UserProductResult": page,
        "UserSubscriptionResult": [{**page[0], "type": type_of("UserSubscription", "NON_NULL", "LIST")}, page[1]],
        "Pagination": plain("total_count"),
        "String": [],
    }
    listed = [{"name": name, "fields": fields or None} for name, fields in types.items()]
    return {"__schema": {"queryType": {"name": "Query"}, "types": listed}}


USER_PRODUCTS = schema_field("user_products", type_of("UserProduct", "LIST"))
USER_SUBSCRIPTIONS = schema_field("user_subscriptions", type_of("UserSubscription", "NON_NULL", "LIST", "NON_NULL"))
ALLOWED = schema(USER_PRODUCTS, USER_SUBSCRIPTIONS)
PAGED = schema(
    schema_field("products", type_of("UserProductResult"), "limit", "offset"),
    schema_field("subscriptions", type_of("UserSubscriptionResult"), "limit", "offset"),
)


def introspection(found: t.Any = None, *errors: dict[str, t.Any], **kwargs: t.Any) -> responses.Response:
    """The question whether ClientUser has a user's products and subscriptions; by default, it is refused."""
    of_type = "kind name ofType { kind name ofType { kind name ofType { kind name } } }"
    args = "args { name defaultValue type { kind } }"
    types = f"types {{ name fields {{ name {args} type {{ {of_type} }} }} }}"
    errors = errors or (() if found or kwargs else (NOT_ALLOWED,))
    return graphql(f"query {{ __schema {{ queryType {{ name }} {types} }} }}", found, *errors, **kwargs)


def read_together(*users: int | str, held: t.Mapping[t.Any, t.Sequence[t.Any]] | None = None, **kwargs: t.Any) -> t.Any:
    """Users read with the client's credentials, who have what ``held`` says; None: they do not exist."""
    lists = f"products: user_products {{ {PRODUCTS} }} subscriptions: user_subscriptions {{ {SUBSCRIPTIONS} }}"
    fields, data = [], {}
    for number, user in enumerate(users):
        who = f"id: {user}" if isinstance(user, int) else f'email: "{user}"'
        fields.append(f"u{number}: ClientUser({CLIENT}, {who}) {{ id {lists} }}")
        found = (held or {}).get(user, ())
        data[f"u{number}"] = found if found is None else client_user(*found, user=user)
    answer = {"data": kwargs.pop("data", data), "errors": kwargs.pop("errors", [])}
    return graphql(f"query {{ {' '.join(fields)} }}", answer=kwargs.pop("answer", answer), **kwargs)


def client_user(*found: dict[str, t.Any], user: int | str | None = 333) -> dict[str, t.Any]:
    """A user with these entitlements, as ClientUser returns them."""
    return {
        "id": user if isinstance(user, int) else 333,
        "products": [item for item in found if "product_id" in item],
        "subscriptions": [item for item in found if "subscription_id" in item],
    }


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
