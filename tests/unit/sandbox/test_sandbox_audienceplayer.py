# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AudiencePlayer: authentication, entitlements, reading, errors."""

from __future__ import annotations

import jwt
import pytest

CLIENT = 'project_id: 111, client_id: "222", client_secret: "user-scope-secret"'
ADMIN = 'project_id: 111, client_id: "333", client_secret: "admin-scope-secret"'
FIELDS = "{ access_token user_id user_email expires_in }"


def codes(answer):
    return [error["code"] for error in answer.json()["errors"]]


def test_a_client_gets_a_users_token(box):
    answer = box.graphql(f"mutation {{ ClientUserAuthenticate({CLIENT}, user_id: 1001) {FIELDS} }}").json()["data"][
        "ClientUserAuthenticate"
    ]
    claims = jwt.decode(answer.pop("access_token"), options={"verify_signature": False})
    assert answer == {"user_id": 1001, "user_email": "alice@example.com", "expires_in": 3600}
    assert (claims["exp"], claims["scopes"], claims["sub"]) == (1_800_003_600, ["api-user-access"], "1001")


@pytest.mark.parametrize(
    ("scope", "mutation", "scopes"),
    [
        ("user", f"ClientAuthenticate({CLIENT})", ["api-user-access"]),
        ("admin", f"ClientAuthenticate({ADMIN})", ["api-admin-access"]),
        ("user", 'UserAuthenticate(email: "alice@example.com", password: "alice-password")', ["api-user-access"]),
        (
            "admin",
            'UserAuthenticate(project_id: 111, email: "admin@example.com", password: "admin-password")',
            ["api-admin-access"],
        ),
    ],
)
def test_other_grants(box, scope, mutation, scopes):
    answer = box.graphql(f"mutation {{ a: {mutation} {{ access_token }} }}", scope=scope).json()
    assert jwt.decode(answer["data"]["a"]["access_token"], options={"verify_signature": False})["scopes"] == scopes


@pytest.mark.parametrize(
    ("scope", "mutation", "code"),
    [
        ("user", f"ClientAuthenticate({ADMIN})", 401),
        ("admin", f"ClientAuthenticate({CLIENT})", 401),
        ("user", 'ClientAuthenticate(project_id: 111, client_id: "222", client_secret: "wrong")', 401),
        ("user", 'ClientAuthenticate(project_id: 112, client_id: "222", client_secret: "user-scope-secret")', 401),
        ("user", f"ClientUserAuthenticate({CLIENT}, user_id: 9)", 404),
        ("user", f'ClientUserAuthenticate({CLIENT}, user_email: "new@example.com", auto_register: false)', 404),
        ("user", f"ClientUserAuthenticate({CLIENT})", 400),
        ("user", f'ClientUserAuthenticate({CLIENT}, user_email: "new", auto_register: true)', 400),
        ("user", f'ClientUserAuthenticate({CLIENT}, user_id: 1001, user_password: "wrong")', 401),
        ("user", 'UserAuthenticate(email: "alice@example.com", password: "wrong")', 401),
        ("admin", 'UserAuthenticate(project_id: 111, email: "alice@example.com", password: "alice-password")', 401),
        ("admin", 'UserAuthenticate(email: "admin@example.com", password: "admin-password")', 400),
    ],
)
def test_refused_grants(box, scope, mutation, code):
    answer = box.graphql(f"mutation {{ {mutation} {{ access_token }} }}", scope=scope)
    assert (answer.status_code, codes(answer)) == (200, [code])
    assert len(box.sandbox.platforms["audienceplayer"].data["users"]) == 5


def test_a_user_is_registered_on_request(box):
    answer = box.graphql(
        f'mutation {{ ClientUserAuthenticate({CLIENT}, user_email: "new@example.com", auto_register: true, user_name: "New", user_locale: "nl") {FIELDS} }}'
    ).json()["data"]["ClientUserAuthenticate"]
    shown = box.graphql(f'{{ ClientUser({CLIENT}, email: "NEW@example.com") {{ id name email }} }}').json()["data"][
        "ClientUser"
    ]
    assert shown == {"id": answer["user_id"], "name": "New", "email": "new@example.com"}


def test_tokens_are_needed_expire_and_have_a_scope(box):
    query = "{ UserProductList { items { id } } }"
    assert codes(box.graphql(query)) == [401]
    assert codes(box.graphql(query, "wrong")) == [401]
    token = box.user_token()
    assert "errors" not in box.graphql(query, token).json()
    assert codes(box.graphql("{ UserDetails { id } }", token, scope="admin")) == [403]
    box.clock.advance(3600)
    assert codes(box.graphql(query, token)) == [401]


def test_products(box):
    assert box.held() == ([], [])
    assert box.product().json() == {"data": {"ClientUserProductEntitlementManage": True}}
    assert [(item["product_id"], item["is_fulfilled"]) for item in box.held()[0]] == [(444, True)]
    assert box.product().json()["data"]
    assert len(box.held()[0]) == 1
    assert box.product("revoke").json()["data"]
    assert box.held() == ([], [])


def test_a_product_may_end_by_itself(box):
    box.product(product=445)
    assert box.held()[0][0]["fulfilment_expires_at"] == "2027-02-14T08:00:00Z"
    box.clock.advance(31 * 86400)
    assert box.held()[0][0]["is_fulfilled"] is False
    box.product(product=445)
    assert box.held()[0][0]["is_fulfilled"] is True


def test_subscriptions(box):
    box.subscription()
    box.subscription(more='expires_at: "2031-01-01T00:00:00Z"')
    items = box.held()[1]
    assert [(item["subscription_id"], item["expires_at"], item["is_valid"]) for item in items] == [
        (555, "2031-01-01T00:00:00Z", True)
    ]
    assert box.subscription("revoke", more="expires_at: null").json()["data"]
    assert box.held()[1] == []


@pytest.mark.parametrize(
    "more", ["", "expires_at: null", 'expires_at: "2020-01-01T00:00:00Z"', 'expires_at: "tomorrow"']
)
def test_a_fulfilled_subscription_needs_a_date_in_the_future(box, more):
    assert codes(box.subscription(more=more)) == [400]
    assert box.held()[1] == []


def test_entitlements_of_nobody_and_of_nothing(box):
    assert codes(box.product(user="user_id: 9")) == [404]
    assert codes(box.product(user='user_email: "new@example.com"')) == [404]
    assert codes(box.product(product=1)) == [404]
    assert codes(box.subscription(number=1)) == [404]
    assert box.product(user='user_email: "new@example.com", auto_register: true').json()["data"]


def test_a_user_who_refuses(make):
    box = make(
        seed={
            "audienceplayer": {
                "users": [{"id": 5, "email": "e@example.com", "refuses": 403}, {"id": 6, "email": "f@example.com"}]
            }
        }
    )
    answer = box.graphql(
        "mutation {"
        f" a: ClientUserProductEntitlementManage({CLIENT}, user_id: 5, product_id: 444, action: fulfil)"
        f" b: ClientUserProductEntitlementManage({CLIENT}, user_id: 6, product_id: 444, action: fulfil) }}"
    ).json()
    assert answer["data"] == {"a": None, "b": True}
    assert [(error["code"], error["path"]) for error in answer["errors"]] == [(403, ["a"])]
    assert box.held(6)[0][0]["product_id"] == 444


def test_variables_and_the_webhook_format(box):
    query = (
        "mutation ($id: Int!, $secret: String!, $user: Int) {"
        ' ClientUserProductEntitlementManage(project_id: $id, client_id: "222", client_secret: $secret, user_id: $user, product_id: 444, action: fulfil) }'
    )
    assert box.graphql(query, variables={"id": 111, "secret": "user-scope-secret", "user": 1001}).json()["data"]
    query = f"mutation{{ClientUserProductEntitlementManage({CLIENT},user_id:1002,product_id:444,action:revoke)}}"
    assert box.ask("GET", "/audienceplayer/graphql/111/user/", params={"query": query}).json()["data"]
    assert (len(box.held()[0]), len(box.held(1002)[0])) == (1, 0)


@pytest.mark.parametrize(
    "body",
    [
        {"query": "{ Nothing }"},
        {"query": "{ UserDetails"},
        {"query": "mutation ($a: Wrong!) { ClientUserDelete(id: $a) }"},
        {
            "query": f"mutation {{ ClientUserProductEntitlementManage({CLIENT}, user_id: 1001, product_id: 444, action: grant) }}"
        },
        {
            "query": f'mutation {{ ClientUserProductEntitlementManage({CLIENT}, user_id: 1001, product_id: 444, action: "fulfil") }}'
        },
        {
            "query": f"mutation {{ ClientUserProductEntitlementManage({CLIENT}, user_id: 1001, product_id: 4.5, action: fulfil) }}"
        },
        {"query": 5},
        {},
        [],
    ],
)
def test_documents_that_are_wrong(box, body):
    assert box.product().json()["data"]  # one that differs in literals only is known to be valid by now
    answer = box.ask("POST", "/audienceplayer/graphql/111/user", json=body)
    assert (answer.status_code, set(codes(answer))) == (200, {400})


def test_other_operations(box):
    assert box.graphql("{ Config(platform_context: web, operator_context: web) { project_id } }").json()["data"][
        "Config"
    ] == {"project_id": 111}
    details = box.graphql(
        "{ UserDetails { id email name user_subscriptions { id subscription_id is_valid subscription { title } } orders { id } entitled_articles { id } } }",
        box.user_token(),
    ).json()["data"]["UserDetails"]
    assert details["user_subscriptions"] == [
        {"id": 6001, "subscription_id": 555, "is_valid": True, "subscription": {"title": "Monthly"}}
    ]
    changed = box.graphql(
        f'mutation {{ ClientUserUpdate({CLIENT}, id: 1001, name: "Alicia", email: "al@example.com") {{ id name email }} }}'
    ).json()
    assert changed["data"]["ClientUserUpdate"] == {"id": 1001, "name": "Alicia", "email": "al@example.com"}
    assert codes(
        box.graphql(f'mutation {{ ClientUserUpdate({CLIENT}, id: 1001, email: "bob@example.com") {{ id }} }}')
    ) == [409]
    assert codes(box.graphql(f"mutation {{ ClientUserUpdate({CLIENT}, id: 9) {{ id }} }}")) == [404]
    token = box.user_token()
    assert (
        box.graphql(f"mutation {{ ClientUserDelete({CLIENT}, id: 1002) }}").json()["data"]["ClientUserDelete"] is True
    )
    assert codes(box.graphql("{ UserDetails { id } }", token)) == [401]
    assert codes(box.graphql(f'mutation {{ ClientUserDelete({CLIENT}, email: "bob@example.com") }}')) == [404]


def test_the_list_is_paged(make):
    items = [{"product_id": number} for number in range(1, 8)]
    box = make(seed={"audienceplayer": {"users": [{"id": 5, "email": "e@example.com", "products": items}]}})
    query = '{ UserProductList(limit: 3, offset: 6, sort_by: [{field: "product_id", direction: desc}]) { items { product_id } pagination { %s } } }'
    found = box.graphql(query % "limit offset count total_count page_count page_current", box.user_token(5)).json()[
        "data"
    ]["UserProductList"]
    assert found["items"] == [{"product_id": 1}]
    assert found["pagination"] == {
        "limit": 3,
        "offset": 6,
        "count": 1,
        "total_count": 7,
        "page_count": 3,
        "page_current": 3,
    }


def test_another_project_and_another_path(box):
    answer = box.ask("POST", "/audienceplayer/graphql/112/user", json={"query": "{ UserDetails { id } }"})
    assert codes(answer) == [404]
    assert box.ask("POST", "/audienceplayer/graphql/111/other", json={}).status_code == 404
    assert box.ask("PUT", "/audienceplayer/graphql/111/user", json={}).status_code == 405


def test_fragments_are_looked_into(box):
    box.graphql(
        "query a { ...f ... { UserDetails { id } } } fragment f on Query { Config { project_id } }",
        box.user_token(),
        operationName="a",
    )
    assert box.control("GET", "/requests?platform=audienceplayer")[-1]["operations"] == ["Config", "UserDetails"]


def test_profile_and_catalog(box):
    changes = 'city: "Ulm", gender: non_binary, height: 180.5, is_newsletter_opt_in: true, birthday: "1990-12-31"'
    assert (
        "errors" not in box.graphql(f"mutation {{ ClientUserUpdate({CLIENT}, id: 1001, {changes}) {{ id }} }}").json()
    )
    fields = "city gender height is_newsletter_opt_in birthday weight"
    assert box.graphql(f"{{ ClientUser({CLIENT}, id: 1001) {{ {fields} }} }}").json()["data"]["ClientUser"] == {
        "city": "Ulm",
        "gender": "non_binary",
        "height": 180.5,
        "is_newsletter_opt_in": True,
        "birthday": "1990-12-31",
        "weight": None,
    }
    query = "{ ProductList(limit: 1) { items { id title } pagination { total_count } } SubscriptionList { items { title } } }"
    assert box.graphql(query, box.user_token()).json()["data"] == {
        "ProductList": {"items": [{"id": 444, "title": "Film"}], "pagination": {"total_count": 2}},
        "SubscriptionList": {"items": [{"title": "Monthly"}, {"title": "Yearly"}]},
    }
