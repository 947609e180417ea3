# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entitlements that are read with the client's credentials: the requests, and what each answer means."""

from __future__ import annotations

import ipaddress
import json

import pytest

from ansible_collections.mediaops.access.plugins.module_utils._providers.audienceplayer.documents import Listing
from ansible_collections.mediaops.access.plugins.module_utils._providers.audienceplayer.introspection import (
    find_listings,
)
from ansible_collections.mediaops.access.plugins.modules import (
    audienceplayer_catalog_info,
    audienceplayer_entitlement,
    audienceplayer_prune_info,
)
from ansible_collections.mediaops.access.tests.unit.plugins.modules.audienceplayer import (
    ALLOWED,
    CLIENT,
    CONNECTION,
    NOT_FOUND,
    PAGED,
    PRODUCTS,
    SUBSCRIPTIONS,
    USER_PRODUCTS,
    USER_SUBSCRIPTIONS,
    client_login,
    client_user,
    graphql,
    holdings,
    introspection,
    logged_in,
    product,
    product_mutation,
    read_together,
    schema,
    schema_field,
    subscription,
    type_of,
    user_login,
    written,
)
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import NO_ANSWER
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_audienceplayer_entitlement import (
    CLIENT_LOGIN,
    logins,
    outcome,
)

FORBIDDEN = {"message": "Not in this region", "code": 403}
DENIED = {"message": "Wrong client", "code": 401}
INVALID = {"message": "Cannot query field", "code": 400}
ASKED = introspection(ALLOWED)


@pytest.fixture
def entitle(runs):
    return runs(audienceplayer_entitlement, **CONNECTION, rate_limit="none", auth_rate_limit="none", concurrency=1)


def items_of(*users):
    return [{"user_id": user, "product_id": 444} for user in users]


def writes(*users):
    return written(*[product_mutation(user=user) for user in users])


# --- which schemas allow it ------------------------------------------------------------------------------------------------


LISTS = {"products": Listing("user_products", False), "subscriptions": Listing("user_subscriptions", False)}


def named(products, subscriptions):
    kinds = ("UserProduct", products), ("UserSubscription", subscriptions)
    return schema(*(schema_field(name, type_of(kind, "NON_NULL", "LIST")) for kind, name in kinds))


@pytest.mark.parametrize(
    ("answer", "listings"),
    [
        (ALLOWED, LISTS),
        (PAGED, {"products": Listing("products", True), "subscriptions": Listing("subscriptions", True)}),
        (schema(USER_PRODUCTS, schema_field("products", type_of("Product", "LIST")), USER_SUBSCRIPTIONS), LISTS),
        (
            named("userProducts", "UserSubscriptionList"),
            {"products": Listing("userProducts", False), "subscriptions": Listing("UserSubscriptionList", False)},
        ),
        (schema(), {}),
        (schema(USER_PRODUCTS), {}),
        (named("user_products", "expired_subscriptions"), {}),
        (named("favourite_products", "user_subscriptions"), {}),
        (schema(USER_PRODUCTS, USER_SUBSCRIPTIONS, arguments=("id",)), {}),
        (schema(schema_field("user_products", type_of("Product", "LIST")), USER_SUBSCRIPTIONS), {}),
        (schema(schema_field("user_products", type_of("UserProduct")), USER_SUBSCRIPTIONS), {}),
        (schema(schema_field("user_products", type_of("UserProduct", "LIST"), "limit"), USER_SUBSCRIPTIONS), {}),
        (schema(schema_field("user_products", type_of("UserProductResult"), "limit"), USER_SUBSCRIPTIONS), {}),
        (
            schema(
                schema_field("user_products", type_of("UserProduct", "LIST"), required="locale"), USER_SUBSCRIPTIONS
            ),
            {},
        ),
        ({"__schema": {"queryType": {"name": "Query"}, "types": []}}, {}),
        ({"__schema": {"queryType": {"name": "Root"}, "types": [{"name": "Query", "fields": None}]}}, {}),
    ],
)
def test_a_schema_has_both_lists_or_does_not_count(answer, listings):
    assert find_listings(answer["__schema"]) == listings


# --- the requests ------------------------------------------------------------------------------------------------------------


def test_users_are_read_together_and_nobody_is_logged_in(entitle):
    users = list(range(1, 46))
    held = {user: [product()] for user in users[::2]}
    lacking = [user for user in users if user not in held]
    calls = [
        ASKED,
        *(read_together(*users[:20], held=held), read_together(*users[20:40], held=held), writes(*lacking[:20])),
        *(read_together(*users[40:], held=held), writes(*lacking[20:])),
    ]

    assert entitle(*calls, entitlements=items_of(*users))["summary"] == {
        "total": 45,
        "changed": 22,
        "unchanged": 23,
        "failed": 0,
    }


def test_it_is_asked_once_and_then_serves_a_single_user_as_well(entitle):
    entitle(ASKED, read_together(1, 2, held={1: [product()], 2: [product()]}), entitlements=items_of(1, 2))

    entitle(read_together("a@b.c", held={"a@b.c": [product()]}), user_email="a@b.c", product_id=444)


def test_a_single_user_is_not_worth_the_question(entitle):
    entitle(user_login(1), holdings(product(), user=1), user_id=1, product_id=444)


def test_with_client_a_single_user_is(entitle):
    entitle(ASKED, read_together(1, held={1: [product()]}), user_id=1, product_id=444, read_with="client")


def test_with_user_it_is_not_asked(entitle):
    calls = [logins(1, 2), holdings(product(), user=1), holdings(product(), user=2)]

    entitle(*calls, entitlements=items_of(1, 2), read_with="user")


@pytest.mark.parametrize(
    "refused",
    [
        introspection(schema()),
        introspection(),
        introspection(None, status=400, answer=""),
        introspection(answer={"data": {}}),
    ],
    ids=["no lists", "refused", "refused by HTTP", "no schema"],
)
def test_without_it_users_are_logged_in(entitle, refused):
    entitle(
        refused, logins(1, 2), holdings(product(), user=1), holdings(product(), user=2), entitlements=items_of(1, 2)
    )


@pytest.mark.parametrize("refused", [introspection(schema()), introspection()], ids=["no lists", "refused"])
def test_client_fails_where_it_is_not_possible(entitle, refused):
    message = entitle.fail(refused, entitlements=items_of(1, 2), read_with="client")["msg"]

    assert "read_with: the platform does not allow" in message and "Set read_with to auto or user" in message


def test_a_question_without_an_answer_is_asked_again_next_time(entitle):
    calls = [logins(1, 2), holdings(product(), user=1), holdings(product(), user=2)]
    entitle(introspection(None, {"message": "Oops", "code": 500}), *calls, entitlements=items_of(1, 2))

    entitle(ASKED, read_together(1, 2, held={1: [product()], 2: [product()]}), entitlements=items_of(1, 2))


def test_further_pages_are_read_user_by_user(entitle):
    def page(offset):
        lists = [("products", PRODUCTS), ("subscriptions", SUBSCRIPTIONS)][: 1 if offset else 2]
        fields = [
            f"{kind}: {kind}(limit: 100, offset: {offset}) {{ items {{ {items} }} pagination {{ total_count }} }}"
            for kind, items in lists
        ]
        return f"u0: ClientUser({CLIENT}, id: 1) {{ id {' '.join(fields)} }}"

    def counted(*items, total):
        return {"items": list(items), "pagination": {"total_count": total}}

    first = {"id": 1, "products": counted(product(445), total=2), "subscriptions": counted(total=0)}
    second = {"id": 1, "products": counted(product(444), total=2)}
    calls = [
        graphql(f"query {{ {page(0)} }}", {"u0": first}),
        graphql(f"query {{ {page(1)} }}", {"u0": second}),
    ]

    assert entitle(introspection(PAGED), *calls, read_with="client", user_id=1, product_id=444)["changed"] is False


# --- what an answer means --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "missing",
    [
        pytest.param({"held": {2: None}}, id="null"),
        pytest.param({"held": {2: None}, "errors": [{**NOT_FOUND, "path": ["u1"]}]}, id="an error with a path"),
        pytest.param({"held": {2: None}, "errors": [NOT_FOUND]}, id="an error without a path"),
    ],
)
def test_a_user_who_does_not_exist_is_found_out_without_another_request(entitle, missing):
    result = entitle.attempt(ASKED, read_together(1, 2, 3, **missing), writes(1, 3), entitlements=items_of(1, 2, 3))

    assert outcome(result) == ["changed", "failed", "changed"]
    assert "no such user. Set auto_register" in result["entitlements"][1]["msg"]


def test_if_nobody_exists_the_client_logs_in_once_which_confirms_the_project(entitle):
    def nobody(*users):
        return read_together(*users, held=dict.fromkeys(users))

    calls = [ASKED, nobody(1, 2), CLIENT_LOGIN, nobody(3, 4)]

    assert outcome(entitle.attempt(*calls, entitlements=items_of(1, 2, 3, 4), batch_size=2)) == ["failed"] * 4


def test_a_wrong_project_is_found_out_once(entitle):
    wrong = {"message": "Project not found", "code": 404}
    result = entitle.fail(
        ASKED,
        read_together(1, 2, data=None, errors=[wrong]),
        client_login(None, wrong),
        entitlements=items_of(1, 2, 3, 4),
        batch_size=2,
    )

    assert outcome(result) == ["failed"] * 4 and "project_id" in result["msg"]


def test_refused_credentials_stop_everything(entitle):
    result = entitle.fail(
        ASKED,
        read_together(1, 2, data=None, errors=[DENIED]),
        client_login(None, DENIED),
        entitlements=items_of(1, 2, 3, 4),
        batch_size=2,
    )

    assert outcome(result) == ["failed"] * 4 and result["error_code"] == 401


def test_answers_that_are_unclear_are_asked_for_in_halves(entitle):
    held = {user: [product()] for user in (1, 2, 3)}
    calls = [
        read_together(1, 2, 3, 4, data=None, errors=[NOT_FOUND]),
        CLIENT_LOGIN,
        read_together(1, 2, held=held),
        read_together(3, 4, data=None, errors=[NOT_FOUND]),
        read_together(3, held=held),
        read_together(4, held={4: None}, errors=[NOT_FOUND]),
    ]

    assert outcome(entitle.attempt(ASKED, *calls, entitlements=items_of(1, 2, 3, 4))) == ["unchanged"] * 3 + ["failed"]


@pytest.mark.parametrize("options", [{"read_with": "client"}, {}], ids=["client", "auto"])
def test_an_error_with_a_path_is_one_users(entitle, options):
    error = {**FORBIDDEN, "code": 403 if options else 500}
    answer = read_together(1, 2, held={1: None, 2: [product()]}, errors=[{**error, "path": ["u0", "products"]}])
    result = entitle.attempt(ASKED, answer, entitlements=items_of(1, 2), **options)

    assert outcome(result) == ["failed", "unchanged"]
    assert result["entitlements"][0]["error_code"] == error["code"]


DENIED_LISTS = {"id": 1, "products": None, "subscriptions": None}


@pytest.mark.parametrize(
    "denied",
    [
        pytest.param({"data": {"u0": None}, "errors": [{**FORBIDDEN, "path": ["u0", "products"]}]}, id="by a path"),
        pytest.param({"data": {"u0": DENIED_LISTS}, "errors": [FORBIDDEN]}, id="without a path"),
        pytest.param({"data": {"u0": DENIED_LISTS}}, id="without an error"),
    ],
)
def test_lists_that_the_client_may_not_see_are_not_mistaken_for_empty_ones(entitle, denied):
    data = {**denied.get("data", {}), "u1": client_user(product())}
    refused = read_together(1, 2, data=data, errors=denied.get("errors", ()))
    calls = [refused, ASKED, user_login(1), holdings(product(), user=1)]

    assert outcome(entitle(ASKED, *calls, entitlements=items_of(1, 2))) == ["unchanged"] * 2
    result = entitle.attempt(refused, entitlements=items_of(1, 2), read_with="client")
    assert outcome(result) == ["failed", "unchanged"]


def test_if_the_client_may_see_nobody_users_are_logged_in_for_a_day(entitle):
    """Whatever the schema allows."""
    refused = read_together(1, 2, data={"u0": DENIED_LISTS, "u1": DENIED_LISTS}, errors=[FORBIDDEN])
    read = [holdings(product(), user=user) for user in (1, 2, 3)]
    calls = [refused, ASKED, logins(1, 2), *read[:2], user_login(3), read[2]]
    entitle(ASKED, *calls, entitlements=items_of(1, 2, 3), batch_size=2)

    assert outcome(entitle(*read, entitlements=items_of(1, 2, 3))) == ["unchanged"] * 3


@pytest.mark.parametrize(
    ("user", "problem"),
    [
        ({"id": 1, "products": "x", "subscriptions": []}, "u0.products"),
        ({"id": "x", "products": [], "subscriptions": []}, "u0.id"),
        (client_user(product(fulfilment_expires_at="soon")), "u0.products.items[0].fulfilment_expires_at"),
    ],
)
def test_an_answer_that_does_not_fit_is_one_users_failure(entitle, user, problem):
    answer = read_together(1, 2, data={"u0": user, "u1": client_user(product())})
    result = entitle.attempt(ASKED, answer, entitlements=items_of(1, 2), read_with="client")

    assert outcome(result) == ["failed", "unchanged"] and problem in result["entitlements"][0]["msg"]


def test_a_user_whom_the_query_does_not_suit_is_logged_in(entitle):
    """The schema is asked for once more, as it may have changed."""
    held = {1: [product()], 3: [product()]}
    calls = [
        read_together(1, 2, held=held, data={"u0": client_user(product()), "u1": None}, errors=[INVALID]),
        read_together(2, data=None, errors=[INVALID]),
        ASKED,
        user_login(2),
        holdings(product(), user=2),
        read_together(3, held=held),
    ]

    assert outcome(entitle(ASKED, *calls, entitlements=items_of(1, 2, 3), batch_size=2)) == ["unchanged"] * 3


def test_a_lost_answer_to_a_write_is_followed_by_one_read_of_all_its_users(entitle):
    calls = [
        read_together(1, 2),
        written(product_mutation(user=1), product_mutation(user=2), answer=NO_ANSWER),
        read_together(1, 2, held={1: [product()]}),
        written(product_mutation(user=2)),
    ]

    assert outcome(entitle(ASKED, *calls, entitlements=items_of(1, 2))) == ["changed"] * 2


# --- the address of each item ------------------------------------------------------------------------------------------------


def test_requests_are_made_for_one_address_each(entitle):
    first, second = {"forwarded_for": "10.0.0.1"}, {"forwarded_for": "10.0.0.2"}
    items = [{**item, **address} for item, address in zip(items_of(1, 2, 3), (first, second, first))]
    calls = [
        ASKED,
        read_together(1, 3, **first),
        written(product_mutation(user=1), product_mutation(user=3), **first),
        read_together(2, **second),
        written(product_mutation(user=2), **second),
    ]

    assert outcome(entitle(*calls, entitlements=items)) == ["changed"] * 3


def test_an_item_without_an_address_has_that_of_the_task(entitle):
    items = [{**items_of(1)[0], "forwarded_for": "10.0.0.1"}, *items_of(2)]
    calls = [
        introspection(ALLOWED, forwarded_for="10.0.0.9"),
        read_together(1, held={1: [product()]}, forwarded_for="10.0.0.1"),
        read_together(2, held={2: [product()]}, forwarded_for="10.0.0.9"),
    ]

    entitle(*calls, entitlements=items, forwarded_for="10.0.0.9")


@pytest.mark.parametrize(
    ("address", "sent"), [("2001:DB8:0::7", "2001:db8::7"), ("::ffff:192.0.2.7", None), ("192.0.2.7", "192.0.2.7")]
)
def test_an_address_is_sent_in_its_canonical_form(entitle, address, sent):
    sent = sent or str(ipaddress.ip_address(address))
    items = [{**items_of(1)[0], "forwarded_for": address}, {**items_of(2)[0], "forwarded_for": sent}]

    entitle(
        ASKED,
        read_together(1, 2, held={1: [product()], 2: [product()]}, forwarded_for=sent),
        entitlements=items,
    )


NO_ADDRESSES = ["10.0.0.1\nX-Other: 1", " 10.0.0.1", "10.0.0.é", "10.0.0.256", "010.0.0.1", "10.0.0.1, 10.0.0.2"]
NO_ADDRESSES += ["10.0.0.1:80", "example.com", "5", "fe80::1%eth0", "x" * 9999]


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_what_is_not_an_address_is_rejected(entitle, tmp_path, address):
    items = [*items_of(2), {**items_of(1)[0], "forwarded_for": address}]
    (tmp_path / "e.json").write_text(json.dumps(items))
    by_list = entitle.fail(entitlements=items)["msg"]
    by_file = entitle.fail(entitlements_file=str(tmp_path / "e.json"))["msg"]
    alone = entitle.fail(user_id=1, product_id=444, forwarded_for=address)["msg"].partition(": ")[2]

    assert alone.startswith("forwarded_for: ") and len(alone) < 200
    assert by_list.endswith(f" entitlements[1]: {alone}") and by_file.endswith(f"e.json[1]: {alone}")


# --- others that read many users ---------------------------------------------------------------------------------------------


def test_prune_reads_users_together_and_keeps_their_address(runs):
    prune = runs(audienceplayer_prune_info, **CONNECTION, concurrency=1)
    address = {"forwarded_for": "10.0.0.1"}
    kept = [{"user_id": 1, "product_id": 444, **address}, {"user_id": 2, "product_id": 444, **address}]
    held = {1: [product(), product(445)], 2: [product(), subscription()]}
    result = prune(ASKED, read_together(1, 2, held=held, **address), entitlements=kept)

    assert result["candidates"] == [
        {"user_id": 1, "product_id": 445, **address, "state": "absent"},
        {"user_id": 2, "subscription_id": 555, **address, "state": "absent"},
    ]


# --- the catalog -----------------------------------------------------------------------------------------------------------


def catalog(paged=True, **found):
    def one(name):
        return f"{name}(limit: 100, offset: 0) {{ items {{ id title }} pagination {{ total_count }} }}"

    document = f"query {{ {one('ProductList')} {one('SubscriptionList')} }}"
    if not paged:
        document = "query { ProductList { items { id title } } SubscriptionList { items { id title } } }"
    return graphql(document, token="hush-client-token", **found)


FILM, MONTH = {"id": "444", "title": "Film"}, {"id": 555, "title": "Monthly"}
OFFERED = {"ProductList": {"items": [{"id": 445, "title": None}, FILM]}, "SubscriptionList": {"items": [MONTH]}}


@pytest.fixture
def offered(runs):
    return runs(audienceplayer_catalog_info, **CONNECTION)


@pytest.mark.parametrize(
    ("options", "products", "subscriptions"),
    [
        ({}, [{"id": 444, "title": "Film"}, {"id": 445, "title": None}], [MONTH]),
        ({"title": "Film"}, [{"id": 444, "title": "Film"}], []),
        ({"title": "film"}, [], []),
    ],
)
def test_the_catalog_is_read_with_the_clients_token(offered, options, products, subscriptions):
    result = offered(client_login(logged_in("hush-client-token")), catalog(data=OFFERED), **options)

    assert (result["changed"], result["products"], result["subscriptions"]) == (False, products, subscriptions)


def test_a_platform_without_pages_returns_the_whole_catalog(offered):
    calls = [
        client_login(logged_in("hush-client-token")),
        catalog(answer={"errors": [INVALID]}),
        catalog(False, data=OFFERED),
    ]

    assert len(offered(*calls)["products"]) == 2


def test_an_incomplete_catalog_is_an_error(offered):
    short = {"items": [], "pagination": {"total_count": 1}}
    answer = catalog(data={"ProductList": short, "SubscriptionList": short})

    assert "ProductList ends after 0 of 1" in offered.fail(client_login(logged_in("hush-client-token")), answer)["msg"]
