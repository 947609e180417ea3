# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every value of every switch, as a client sees it."""

from __future__ import annotations

from datetime import datetime
from xml.etree import ElementTree

import httpx
import jwt
import pytest

CASES: list[tuple[str, object, dict[object, object]]] = []
CLIENT = 'project_id: 111, client_id: "222", client_secret: "user-scope-secret"'
APPLICATION = {"applicationName": "Reviewer", "description": "d"}


def case(name, probe, expected):
    """Expect a result of `probe(box)` for each value of the switch."""
    CASES.append((name, probe, expected))


def outcome(answer):
    """Return the status of a response and the kind of its body."""
    if not answer.content:
        return answer.status_code, "empty"
    kind = answer.headers["content-type"].partition(";")[0]
    return answer.status_code, sorted(answer.json()) if kind == "application/json" and isinstance(
        answer.json(), dict
    ) else kind


def status_of(ask):
    return lambda box: ask(box).status_code


def seen(ask, view):
    return lambda box: view(ask(box))


# All platforms


def limited(platform, *paths, method="GET"):
    """Whether each of several requests exceeds the limit."""

    def probe(box):
        return [box.ask(method, f"/{platform}{path}").status_code == 429 for path in paths]

    return probe


def twice(method, path):
    return lambda box: [box.ask(method, f"/{path}").status_code == 429 for _turn in range(2)]


def over_the_limit(platform, header):
    def probe(box):
        box.control("PUT", "/switches", {f"{platform}.rate_limit": "1/minute"})
        box.ask("GET", f"/{platform}/")
        return header(box.ask("GET", f"/{platform}/").headers)

    return probe


def delayed(platform):
    return lambda box: (box.ask("GET", f"/{platform}/"), box.pauses)[1]


AUTH_PATHS = {
    "flex": ("GET", "flex/oauth/token"),
    "freewheel": ("GET", "freewheel/auth/token/info"),
    "movingimage": ("POST", "movingimage/v1/vms/auth/login"),
    "oauth2": ("POST", "oauth2/token"),
    "playlyfe": ("POST", "playlyfe-auth/auth/token"),
}
for name in ("flex", "freewheel", "audienceplayer", "movingimage", "oauth2", "playlyfe", "consul"):
    case(
        f"{name}.rate_limit",
        limited(name, "/", "/", "/"),
        {"2/minute": [False, False, True], "1/second": [False, True, True], "none": [False] * 3},
    )
    if name in AUTH_PATHS:
        case(f"{name}.auth_rate_limit", twice(*AUTH_PATHS[name]), {"1/minute": [False, True], "none": [False, False]})
    case(
        f"{name}.retry_after",
        over_the_limit(name, lambda headers: headers.get("retry-after")),
        {"none": None, "seconds": "60", "http_date": "Fri, 15 Jan 2027 08:01:00 GMT"},
    )
    case(
        f"{name}.rate_headers",
        over_the_limit(name, lambda headers: headers.get("x-ratelimit-limit")),
        {"no": None, "yes": "1"},
    )
    case(f"{name}.latency_ms", delayed(name), {"none": [], 50: [0.05]})
case("latency_ms", delayed("flex"), {0: [], 50: [0.05]})
case("consul.auth_rate_limit", limited("consul", "/", "/"), {"1/minute": [False, False], "none": [False, False]})
case(
    "audienceplayer.auth_rate_limit",
    lambda box: [
        box.graphql(f"mutation {{ ClientAuthenticate({CLIENT}) {{ user_id }} }}").status_code for _turn in range(2)
    ],
    {"1/minute": [200, 429], "none": [200, 200]},
)

# Flex


def flex_list(box):
    box.register()
    answer = box.flex("GET", "/").json()
    return len(answer) if isinstance(answer, list) else sorted(answer)


def flex_item(box):
    box.register()
    return sorted(box.flex("GET", "/").json()[0])


def flex_page(box):
    box.control("PUT", "/switches", {"flex.list_shape": "paged"})
    for number in range(3):
        box.register(f"a{number}")
    first, rest = (box.flex("GET", "/", params={"offset": str(offset)}).json() for offset in (0, 2))
    box.control("PUT", "/switches", {"flex.list_shape": "content"})
    page = box.flex("GET", "/", params={"page": "1"}).json()
    return (
        len(first["applications"]),
        len(rest["applications"]),
        first["totalCount"],
        len(page["content"]),
        page["last"],
    )


def flex_put(box):
    box.register()
    return outcome(box.flex("PUT", "/1", APPLICATION))


def flex_twice(box):
    return [box.register().status_code for _turn in range(2)]


def flex_rotated(box):
    before = box.register().json()["clientSecret"]
    return box.flex("PUT", "/1", APPLICATION).json()["clientSecret"] != before


def flex_after_deletion(box):
    box.register()
    headers = {"Authorization": f"Bearer {box.flex_token().json()['access_token']}"}
    box.flex("DELETE", "/1")
    return box.ask("GET", "/flex/api/accounts", headers=headers).status_code


def flex_tokens(box, ask):
    box.register()
    return ask(box)


def flex_repeated(box):
    box.register()
    first = box.flex_token().json()
    box.clock.advance(10)
    second = box.flex_token().json()
    return first["access_token"] == second["access_token"], second["expires_in"]


def flex_token_lives(box):
    box.register()
    token = box.flex_token().json()
    return token["expires_in"], jwt.decode(token["access_token"], options={"verify_signature": False})[
        "exp"
    ] - 1_800_000_000


case(
    "flex.list_shape",
    flex_list,
    {
        "array": 1,
        "applications": ["applications"],
        "items": ["items"],
        "content": ["content", "last", "number", "size", "totalElements", "totalPages"],
        "data": ["data"],
        "paged": ["applications", "limit", "offset", "totalCount"],
    },
)
case("flex.page_size", flex_page, {"none": (3, 1, 3, 0, True), 2: (2, 1, 3, 1, True), 1: (1, 1, 3, 1, False)})
BARE = ["applicationName", "clientId", "description", "id"]
case(
    "flex.list_secret",
    flex_item,
    {"none": BARE, "secret": [*BARE, "secret"], "clientSecret": sorted([*BARE, "clientSecret"])},
)
case("flex.list_description", flex_item, {"yes": BARE, "no": ["applicationName", "clientId", "id"]})
case(
    "flex.get_secret",
    lambda box: (box.register(), sorted(set(box.flex("GET", "/1").json()) - set(BARE)))[1],
    {"secret": ["secret"], "clientSecret": ["clientSecret"], "both": ["clientSecret", "secret"], "none": []},
)
case(
    "flex.trailing_slash",
    lambda box: [
        box.flex("GET", "").status_code,
        box.flex("GET", "/").status_code,
        box.flex("POST", "/", APPLICATION).status_code,
        box.register().status_code,
    ],
    {"both": [200] * 4, "strict": [404, 200, 404, 200]},
)
case("flex.unique_names", flex_twice, {"no": [200, 200], "yes": [200, 409]})
case(
    "flex.duplicate_status",
    lambda box: (box.control("PUT", "/switches", {"flex.unique_names": "yes"}), flex_twice(box))[1],
    {409: [200, 409], 400: [200, 400]},
)
case("flex.put_rotates_secret", flex_rotated, {"no": False, "yes": True})
case(
    "flex.put_answer",
    flex_put,
    {
        "example": (200, ["clientId", "clientSecret", "id"]),
        "full": (200, sorted([*BARE, "clientSecret"])),
        "empty": (200, "empty"),
        "no_content": (204, "empty"),
    },
)
case("flex.create_status", status_of(lambda box: box.register()), {200: 200, 201: 201})
case(
    "flex.delete_status",
    lambda box: (box.register(), outcome(box.flex("DELETE", "/1")))[1],
    {204: (204, "empty"), 200: (200, "empty")},
)
case(
    "flex.missing",
    lambda box: [
        (answer.status_code, answer.text == "null")
        for answer in (box.flex("GET", "/7"), box.flex("PUT", "/7", APPLICATION), box.flex("DELETE", "/7"))
    ],
    {"404": [(404, False)] * 3, "200-null": [(200, True)] * 3, "400": [(400, False)] * 3},
)
case("flex.bad_body_status", status_of(lambda box: box.flex("POST", body={})), {400: 400, 422: 422})
case(
    "flex.content_type",
    lambda box: (
        box.ask(
            "POST",
            "/flex/api/authentication/applications",
            content='{"applicationName": "a", "description": "b"}',
            headers={"X-App-Registration-Key": "sandbox-registration-key", "Content-Type": "text/plain"},
        ).status_code
    ),
    {"json": 415, "any": 200},
)
case("flex.wrong_key_status", status_of(lambda box: box.flex("GET", "/", key="wrong")), {401: 401, 403: 403})
case(
    "flex.error_shape",
    lambda box: (outcome(box.flex("GET", "/7")), (box.register(), outcome(box.flex_token(secret="wrong")))[1]),
    {
        "spring": ((404, ["error", "message", "path", "status", "timestamp"]), (401, ["error", "error_description"])),
        "oauth": ((404, ["error", "error_description"]), (401, ["error", "error_description"])),
        "errors": ((404, ["errors"]), (401, ["errors"])),
        "html": ((404, "text/html"), (401, "text/html")),
        "empty": ((404, "empty"), (401, "empty")),
    },
)
case(
    "flex.token_path",
    lambda box: (
        box.register(),
        [box.flex_token(path=path).status_code for path in ("/oauth/token", "/api/authentication/oauth/token")],
    )[1],
    {"both": [200, 200], "/oauth/token": [200, 404], "/api/authentication/oauth/token": [404, 200]},
)
case(
    "flex.token_method",
    lambda box: (box.register(), [box.flex_token(method).status_code for method in ("GET", "POST")])[1],
    {"both": [200, 200], "GET": [200, 405], "POST": [405, 200]},
)
case(
    "flex.token_error_status",
    lambda box: (box.register(), box.flex_token(secret="wrong").status_code)[1],
    {401: 401, 400: 400},
)
case("flex.repeat_token", flex_repeated, {"new": (False, 3599), "same": (True, 3589)})
case("flex.deleted_tokens", flex_after_deletion, {"valid": 200, "revoked": 401})
case("flex.token_lifetime", flex_token_lives, {3599: (3599, 3599), 5: (5, 5)})

# FreeWheel


def freewheel_twice(box):
    first = box.freewheel_login().json()
    box.clock.advance(10)
    second = box.freewheel_login().json()
    return first["access_token"] == second["access_token"], second["created_at"], second["expires_in"]


def freewheel_old_token(box):
    box.control("PUT", "/switches", {"freewheel.repeat_login": "new_token"})
    first = box.freewheel_login().json()["access_token"]
    box.freewheel_login()
    return box.freewheel("GET", "/auth/token/info", first).status_code


def freewheel_revoke(box):
    token = box.freewheel_login().json()["access_token"]
    return box.freewheel("POST", "/auth/token/revoke", token, data={"token": token})


def freewheel_revoke_dead(box):
    freewheel_revoke(box)
    box.clock.advance(1)
    alive = box.freewheel_login().json()["access_token"]
    return [
        box.freewheel("POST", "/auth/token/revoke", token, data={"token": "dead"}).status_code
        for token in ("dead", alive)
    ]


def freewheel_errors(box):
    return [
        outcome(box.freewheel("GET", "/services/echo", "wrong", accept))
        for accept in ("application/json", "application/xml")
    ]


def freewheel_token(box):
    return box.freewheel_login().json()["access_token"]


case(
    "freewheel.repeat_login",
    freewheel_twice,
    {"same_token": (True, 1_800_000_000, 604790), "new_token": (False, 1_800_000_010, 604800)},
)
case(
    "freewheel.client_token_info",
    lambda box: box.freewheel("GET", "/auth/token/info", box.freewheel_client().json()["access_token"]).status_code,
    {"401": 401, "answered": 200},
)
case("freewheel.old_token", freewheel_old_token, {"valid": 200, "revoked": 401})
case("freewheel.token_lifetime", lambda box: box.freewheel_login().json()["expires_in"], {604800: 604800, 60: 60})
case(
    "freewheel.info_field",
    lambda box: sorted(
        set(box.freewheel("GET", "/auth/token/info", freewheel_token(box)).json()) - {"user_id", "created_at"}
    ),
    {
        "expires_in": ["expires_in"],
        "expires_in_seconds": ["expires_in_seconds"],
        "both": ["expires_in", "expires_in_seconds"],
    },
)
case(
    "freewheel.revoke_body",
    lambda box: outcome(freewheel_revoke(box)),
    {"empty": (200, "empty"), "json": (200, []), "text": (200, "text/plain")},
)
case("freewheel.revoke_dead", freewheel_revoke_dead, {401: [401, 401], 200: [200, 200]})
JSON, XML = (401, ["error", "error_description"]), (401, "application/xml")
case(
    "freewheel.error_body",
    freewheel_errors,
    {
        "accept": [JSON, XML],
        "json": [JSON, JSON],
        "xml": [XML, XML],
        "text": [(401, "text/plain")] * 2,
        "empty": [(401, "empty")] * 2,
    },
)
case(
    "freewheel.bad_request_status",
    status_of(lambda box: box.ask("POST", "/freewheel/auth/token")),
    {400: 400, 401: 401, 422: 422},
)
case(
    "freewheel.anonymous_status",
    lambda box: outcome(box.freewheel("GET", "/auth/token/info", None)),
    {403: (403, ["message"]), 401: (401, ["message"])},
)
case(
    "freewheel.xml_content_type",
    seen(
        lambda box: box.freewheel_login(Accept="application/xml"),
        lambda answer: (answer.headers["content-type"], ElementTree.fromstring(answer.content).tag),
    ),
    {"xml": ("application/xml", "oauth"), "json": ("application/json", "oauth")},
)
case(
    "freewheel.auth_limit_scope",
    lambda box: [box.freewheel("GET", "/auth/token/info", "x").status_code for _turn in range(4)][3],
    {"all": 429, "token": 401},
)
case(
    "freewheel.v3_json",
    lambda box: box.freewheel("GET", "/services/v3/campaigns", freewheel_token(box)).status_code,
    {"no": 400, "yes": 200},
)

# AudiencePlayer

LISTS = "{ UserProductList { items { product_id } } UserSubscriptionList { items { subscription_id } } }"
HALF = (
    f"mutation {{ a: ClientUserProductEntitlementManage({CLIENT}, user_id: 1001, product_id: 444, action: fulfil)"
    f" b: ClientUserProductEntitlementManage({CLIENT}, user_id: 9, product_id: 444, action: fulfil) }}"
)


def seeded(box, **user):
    box.control(
        "PUT", "/state/audienceplayer", {"users": [{"id": 1001, "email": "alice@example.com", "name": "Alice", **user}]}
    )
    return box


def gql_error(box):
    return box.graphql(HALF).json()["errors"][0]


def gql_code(answer):
    return [error["code"] for error in answer.json().get("errors", [])]


def gql_result(box):
    done = box.product().json()["data"]["ClientUserProductEntitlementManage"]
    box.control("PUT", "/switches", {"audienceplayer.manage_result": "true"})
    return done, len(box.held()[0])


def gql_variables(kind, email="String"):
    return (
        f'mutation ($secret: {kind}, $email: {email}, $ends: String) {{ ClientUserSubscriptionEntitlementManage(project_id: 111, client_id: "222",'
        " client_secret: $secret, user_email: $email, subscription_id: 555, expires_at: $ends, action: fulfil) }"
    )


def gql_declared(box):
    """Whether the schema accepts each declaration of variables."""
    variables = {"secret": "user-scope-secret", "email": "alice@example.com", "ends": "2030-01-01T00:00:00Z"}
    return [
        "errors" not in box.graphql(query, variables=variables).json()
        for query in (gql_variables("String!"), gql_variables("String"))
    ]


def gql_expired(box):
    seeded(box, products=[{"product_id": 444, "fulfilment_expires_at": "2027-01-01T00:00:00Z"}])
    return box.held()[0][0]["is_fulfilled"]


def gql_suspended(box):
    seeded(
        box,
        subscriptions=[
            {"subscription_id": 555, "expires_at": "2030-01-01T00:00:00Z", "suspended_at": "2027-01-01T00:00:00Z"}
        ],
    )
    (item,) = box.held()[1]
    return item["status"], item["is_valid"]


def gql_ended(box):
    return [(item["is_valid"], item["is_expired"], item["status"]) for item in box.held(1003)[1]]


def gql_revoked(box):
    box.product()
    box.product("revoke")
    again = box.product("revoke").json()
    return [item["is_fulfilled"] for item in box.held()[0]], "errors" in again


def gql_listed(box, query="{ UserProductList { items { product_id } } }"):
    seeded(box, products=[{"product_id": number} for number in range(200)])
    answer = box.graphql(query, box.user_token(1001)).json()
    return len(answer["data"]["UserProductList"]["items"]) if "data" in answer else gql_code(box.graphql(query))[0]


def gql_again(box):
    return [gql_code(ask()) for ask in (box.product, box.product, box.subscription, box.subscription)]


def gql_email(box):
    return gql_code(
        box.graphql(f'mutation {{ ClientUserAuthenticate({CLIENT}, user_email: "Alice@Example.com") {{ user_id }} }}')
    )


def gql_name(box):
    box.graphql(f'mutation {{ ClientUserAuthenticate({CLIENT}, user_id: 1001, user_name: "New") {{ user_id }} }}')
    return box.graphql(f"{{ ClientUser({CLIENT}, id: 1001) {{ name }} }}").json()["data"]["ClientUser"]["name"]


def gql_limited(box):
    box.control("PUT", "/switches", {"audienceplayer.rate_limit": "1/minute"})
    box.graphql(LISTS)
    return outcome(box.graphql(LISTS))


def gql_password_token(box):
    answer = box.graphql(
        'mutation { UserAuthenticate(email: "alice@example.com", password: "alice-password") { expires_in } }'
    ).json()
    return answer["data"]["UserAuthenticate"]["expires_in"]


def gql_expires_in(box):
    answer = box.graphql(f"mutation {{ ClientAuthenticate({CLIENT}) {{ expires_in }} }}").json()
    return answer["data"]["ClientAuthenticate"]["expires_in"]


def gql_counted(box):
    box.control("PUT", "/switches", {"audienceplayer.rate_limit": "2/minute"})
    return [box.graphql(LISTS).status_code for _turn in range(3)]


case(
    "audienceplayer.error_status",
    lambda box: [box.graphql(HALF).status_code, box.graphql(LISTS).status_code],
    {"200": [200, 200], "http": [404, 401]},
)
case(
    "audienceplayer.error_code_place",
    lambda box: (gql_error(box).get("code"), gql_error(box).get("extensions")),
    {"code": (404, None), "extensions": (None, {"code": 404}), "both": (404, {"code": 404}), "none": (None, None)},
)
case(
    "audienceplayer.error_path",
    lambda box: (gql_error(box).get("path"), "locations" in gql_error(box)),
    {"yes": (["b"], True), "no": (None, False)},
)
case(
    "audienceplayer.error_data",
    lambda box: (box.graphql(HALF).json().get("data", "absent"), len(box.held()[0])),
    {"partial": ({"a": True, "b": None}, 1), "null": (None, 1), "absent": ("absent", 1)},
)
case(
    "audienceplayer.manage_result",
    gql_result,
    {"true": (True, 1), "false": (False, 1), "null": (None, 1), "string": ("ok", 1), "refused": (False, 0)},
)
case(
    "audienceplayer.ids", lambda box: (box.product(), box.held()[0][0]["product_id"])[1], {"int": 444, "string": "444"}
)
case(
    "audienceplayer.arguments",
    gql_declared,
    {"required": [True, False], "optional": [True, True], "scalars": [False, False]},
)
case(
    "audienceplayer.date_format",
    lambda box: (box.subscription(), box.held()[1][0]["expires_at"])[1],
    {"z": "2030-01-01T00:00:00Z", "offset": "2030-01-01T00:00:00+00:00", "space": "2030-01-01 00:00:00"},
)
case(
    "audienceplayer.date_input",
    lambda box: gql_code(box.subscription(more='expires_at: "2030-01-01T01:00:00+01:00"')),
    {"strict": [400], "iso": []},
)
case("audienceplayer.ended_subscriptions", gql_ended, {"absent": [], "present": [(False, True, "expired")]})
case("audienceplayer.revoked_products", gql_revoked, {"absent": ([], False), "present": ([False], False)})
case("audienceplayer.expired_products", gql_expired, {"unfulfilled": False, "fulfilled": True})
case("audienceplayer.suspended_valid", gql_suspended, {"yes": ("suspended", True), "no": ("suspended", False)})
case(
    "audienceplayer.list_pagination",
    lambda box: (gql_listed(box), gql_listed(box, "{ UserProductList(limit: 5) { items { id } } }")),
    {"yes": (25, 5), "no": (200, 400)},
)
case("audienceplayer.page_size", gql_listed, {25: 25, 10: 10, "none": 100})
case(
    "audienceplayer.max_limit",
    lambda box: gql_listed(box, "{ UserProductList(limit: 150) { items { id } } }"),
    {100: 100, 7: 7, "none": 150},
)
GQL_HOLDINGS = ("user_products { product_id }", "products(limit: 1) { items { product_id } }")


def gql_bobs(box, selection):
    """Bob's products, read with the client's credentials."""
    answer = box.graphql(f"{{ ClientUser({CLIENT}, id: 1002) {{ found: {selection} }} }}").json()
    if "data" not in answer or answer["data"] is None:
        return None
    found = answer["data"]["ClientUser"]["found"]
    return [item["product_id"] for item in (found["items"] if isinstance(found, dict) else found)]


case(
    "audienceplayer.missing_user",
    seen(
        lambda box: box.graphql(f"{{ ClientUser({CLIENT}, id: 9) {{ id }} }}"),
        lambda answer: (answer.json()["data"], gql_code(answer)),
    ),
    {"error": ({"ClientUser": None}, [404]), "null": ({"ClientUser": None}, [])},
)
case(
    "audienceplayer.revoke_missing",
    lambda box: [gql_code(box.product("revoke")), gql_code(box.subscription("revoke"))],
    {"noop": [[], []], "404": [[404], [404]]},
)
case(
    "audienceplayer.revoke_expires_at",
    lambda box: [gql_code(box.subscription("revoke", "user_id: 1002", more)) for more in ("", "expires_at: null")],
    {"optional": [[], []], "required": [[400], []]},
)
case(
    "audienceplayer.fulfil_again",
    gql_again,
    {"ok": [[]] * 4, **{str(code): [[], [code], [], [code]] for code in (409, 3800, 3201)}},
)
case("audienceplayer.email_case", gql_email, {"ignored": [], "significant": [404]})
case("audienceplayer.auth_sets_name", gql_name, {"no": "Alice", "yes": "New"})
case("audienceplayer.expires_in", gql_expires_in, {"given": 3600, "absent": None})
case("audienceplayer.token_lifetime", gql_expires_in, {3600: 3600, 60: 60})
case("audienceplayer.password_token_lifetime", gql_password_token, {315360000: 315360000, 60: 60})
case("audienceplayer.limit_counts", gql_counted, {"request": [200, 200, 429], "field": [200, 429, 429]})
case("audienceplayer.limit_status", gql_limited, {"429": (429, ["errors"]), "200": (200, ["errors"])})
case(
    "audienceplayer.limit_body",
    gql_limited,
    {"graphql": (429, ["errors"]), "message": (429, ["message"]), "html": (429, "text/html"), "empty": (429, "empty")},
)
case(
    "audienceplayer.get_requests",
    lambda box: gql_code(
        box.ask("GET", "/audienceplayer/graphql/111/user/", params={"query": "{ Config { project_id } }"})
    ),
    {"yes": [], "no": [405]},
)
case(
    "audienceplayer.introspection",
    lambda box: [
        gql_code(box.graphql("{ __schema { types { name } } }", token=token)) for token in ("", box.user_token())
    ],
    {"yes": [[], []], "no": [[400], [400]], "token": [[401], []]},
)
case(
    "audienceplayer.client_user_holdings",
    lambda box: [gql_bobs(box, of_list) for of_list in GQL_HOLDINGS],
    {"absent": [None, None], "lists": [[444], None], "pages": [None, [444]]},
)
case(
    "audienceplayer.catalog_token",
    lambda box: [
        gql_code(box.graphql("{ ProductList { items { title } } }", token=token)) for token in ("", box.user_token())
    ],
    {"required": [[401], []], "optional": [[], []]},
)

# movingimage


def mi_twice(box):
    first = box.mi_login().json()["refreshToken"]
    second = box.mi_refresh(first).json()["refreshToken"]
    return first == second, box.mi_refresh(first).status_code


def mi_lives(box):
    login, grant = box.mi_login().json(), box.oidc().json()
    ends = [
        jwt.decode(login[key], options={"verify_signature": False})["exp"] - 1_800_000_000
        for key in ("accessToken", "refreshToken")
    ]
    return *ends, grant["expires_in"], grant["refresh_expires_in"]


def mi_discovered(box):
    answer = box.ask("GET", "/movingimage-auth/.well-known/openid-configuration")
    paths = [box.oidc(path).status_code for path in ("/protocol/openid-connect/token", "/moved/token")]
    kind = outcome(answer)
    return (
        answer.status_code,
        httpx.URL(answer.json()["token_endpoint"]) if "token_endpoint" in kind[1] else kind[1],
    ), *paths


def mi_foreign(box):
    found = box.mi_login().json()
    return [
        box.mi_refresh(found["refreshToken"], 44).status_code,
        box.mi("/v1/vms/43/videos", found["accessToken"]).status_code,
    ]


def mi_opaque(box):
    return box.mi_login().json()["accessToken"].count(".")


case(
    "movingimage.login_error_status",
    status_of(lambda box: box.mi_login(password="x")),
    {401: 401, 400: 400, 403: 403, 200: 200},
)
case("movingimage.refresh_error_status", status_of(lambda box: box.mi_refresh("x")), {401: 401, 400: 400, 403: 403})
case(
    "movingimage.error_body",
    lambda box: outcome(box.mi("/v1/vms", "x")),
    {
        "message": (401, ["message"]),
        "code": (401, ["errorCode", "message"]),
        "html": (401, "text/html"),
        "empty": (401, "empty"),
    },
)
case(
    "movingimage.token_binding",
    lambda box: [
        box.mi(f"/v1/vms/{vm}/channels", box.mi_login().json()["accessToken"]).status_code for vm in (42, 43, 44)
    ],
    {"video_manager": [200, 403, 403], "none": [200, 200, 403]},
)
case(
    "movingimage.rejected_token_body",
    lambda box: [outcome(box.mi("/v1/vms", "wrong")), outcome(box.mi_login(password="wrong"))],
    {"error_body": [(401, ["message"]), (401, ["message"])], "html": [(401, "text/html"), (401, ["message"])]},
)
case("movingimage.refresh_rotation", mi_twice, {"new": (False, 200), "same": (True, 200)})
case("movingimage.old_refresh_token", mi_twice, {"valid": (False, 200), "revoked": (False, 401)})
case("movingimage.token_format", mi_opaque, {"jwt": 2, "opaque": 0})
case(
    "movingimage.vm_list",
    seen(
        lambda box: box.mi("/v1/vms", box.mi_login().json()["accessToken"]).json(),
        lambda found: sorted(found) if isinstance(found, dict) else len(found),
    ),
    {"array": 2, "videoManagers": ["videoManagers"], "videoManagerList": ["videoManagerList"], "items": ["items"]},
)
case(
    "movingimage.foreign_vm_status",
    mi_foreign,
    {403: [403, 403], 404: [404, 404], 400: [400, 400]},
)
case(
    "movingimage.content_type",
    lambda box: (
        box.ask(
            "POST", "/movingimage/v1/vms/auth/login", content='{"username": "portal", "password": "portal-password"}'
        ).status_code
    ),
    {"json": 415, "any": 200},
)
HERE = "http://testserver/movingimage-auth"
case(
    "movingimage.discovery",
    mi_discovered,
    {
        "yes": ((200, httpx.URL(HERE + "/protocol/openid-connect/token")), 200, 404),
        "moved": ((200, httpx.URL(HERE + "/moved/token")), 404, 200),
        "404": ((404, ["message"]), 200, 404),
        "html": ((200, "text/html"), 200, 404),
        "json": ((200, ["status"]), 200, 404),
        "foreign": ((200, httpx.URL("https://login.example.com/protocol/openid-connect/token")), 200, 404),
    },
)
case(
    "movingimage.oidc_error_status",
    lambda box: [box.oidc(password="x").status_code, box.oidc(grant_type="refresh_token").status_code],
    {"keycloak": [401, 400], "400": [400, 400], "401": [401, 401]},
)
case("movingimage.oidc_expires_in", lambda box: "expires_in" in box.oidc().json(), {"given": True, "absent": False})
case("movingimage.access_lifetime", mi_lives, {300: (300, 3600, 300, 3600), 20: (20, 3600, 20, 3600)})
case("movingimage.refresh_lifetime", mi_lives, {3600: (300, 3600, 300, 3600), 400: (300, 400, 300, 400)})

# OAuth 2.0

OA_USER = {"grant_type": "password", "username": "editor", "password": "editor-password"}
OA_NAMES = ["access_token", "expires_in", "scope", "token_type"]
SIGNED = {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}


def oa_documents(box):
    paths = ("/oauth2/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/oauth2")
    answers = [box.ask("GET", path) for path in paths]
    return [
        answer.json().get("issuer") if answer.headers["content-type"] == "application/json" else "a page"
        for answer in answers
    ]


def oa_document(field):
    return lambda box: box.ask("GET", "/oauth2/.well-known/openid-configuration").json().get(field)


def oa_assertion(audience="http://testserver/oauth2", number="1"):
    claims = {"iss": "oa-client", "sub": "oa-client", "aud": audience, "exp": 1_800_000_060, "jti": number}
    signed = jwt.encode(claims, "oa-secret".ljust(32, "-"), algorithm="HS256")
    return {**SIGNED, "client_assertion": signed}


def oa_with_long_secret(box):
    client = {"client_id": "oa-client", "client_secret": "oa-secret".ljust(32, "-")}
    box.control("PUT", "/state/oauth2", {"clients": [client, {"client_id": "oa-tls", "certificate": True}]})


def oa_methods(box):
    oa_with_long_secret(box)
    secret = {"client_id": "oa-client", "client_secret": "oa-secret".ljust(32, "-")}
    return [
        box.oa_token(auth=tuple(secret.values())).status_code,
        box.oa_token(auth=None, **secret).status_code,
        box.oa_token(auth=None, **oa_assertion()).status_code,
        box.oa_token("https://testserver", auth=None, client_id="oa-tls").status_code,
    ]


def oa_audiences(box):
    oa_with_long_secret(box)
    places = ("http://testserver/oauth2", "http://testserver/oauth2/token")
    return [box.oa_token(auth=None, **oa_assertion(place, place)).status_code for place in places]


def oa_assertion_twice(box):
    oa_with_long_secret(box)
    return [box.oa_token(auth=None, **oa_assertion()).status_code for _turn in range(2)]


def oa_formats(box):
    form, auth = {"grant_type": "client_credentials"}, ("oa-client", "oa-secret")
    return [
        box.ask("POST", "/oauth2/token", data=form, auth=auth).status_code,
        box.ask("POST", "/oauth2/token", json=form, auth=auth).status_code,
        box.ask("POST", "/oauth2/token", params=form, auth=auth).status_code,
        box.ask("GET", "/oauth2/token", params=form, auth=auth).status_code,
    ]


def oa_refreshes(box):
    """Refresh, and use the first refresh token again."""
    first = box.oa_token(**OA_USER).json()["refresh_token"]
    second = box.oa_token(grant_type="refresh_token", refresh_token=first).json()
    again = box.oa_token(grant_type="refresh_token", refresh_token=first).status_code
    kind = "none" if "refresh_token" not in second else "same" if second["refresh_token"] == first else "new"
    return kind, again, box.oa("GET", "/channels", second["access_token"]).status_code


def oa_revocations(box):
    found = box.oa_token(**OA_USER).json()
    return [
        box.ask("POST", "/oauth2/revoke", data={"token": found[name]}, auth=("oa-client", "oa-secret")).status_code
        for name in ("access_token", "refresh_token")
    ]


def oa_introspected(box):
    token = box.oa_token().json()["access_token"]
    answer = box.ask("POST", "/oauth2/introspect", data={"token": token}, auth=("oa-client", "oa-secret"))
    return answer.status_code, answer.json().get("active")


def oa_refresh_tokens(box):
    return ["refresh_token" in box.oa_token(**form).json() for form in ({}, OA_USER)]


def oa_places(box):
    token = box.oa_token().json()["access_token"]
    return [
        box.oa("GET", "/channels", token).status_code,
        box.ask("GET", "/oauth2/api/channels", params={"access_token": token}).status_code,
    ]


def oa_rejection(box):
    answer = box.oa("GET", "/channels", "x")
    return "invalid_token" in answer.headers.get("www-authenticate", ""), "error" in answer.json()


ISSUER = "http://testserver/oauth2"
case(
    "oauth2.discovery",
    oa_documents,
    {
        "both": [ISSUER, ISSUER],
        "openid": [ISSUER, None],
        "rfc8414": [None, ISSUER],
        "none": [None, None],
        "html": ["a page", "a page"],
        "foreign_issuer": ["https://login.example.com"] * 2,
    },
)
case(
    "oauth2.client_auth",
    oa_methods,
    {
        "all": [200, 200, 200, 200],
        "client_secret_basic": [200, 401, 401, 401],
        "client_secret_post": [401, 200, 401, 401],
        "client_secret_jwt": [401, 401, 200, 401],
        "private_key_jwt": [401, 401, 401, 401],
        "tls_client_auth": [401, 401, 401, 200],
        "none": [401, 401, 401, 401],
    },
)
case(
    "oauth2.lists_client_auth",
    seen(oa_document("token_endpoint_auth_methods_supported"), bool),
    {"yes": True, "no": False},
)
case("oauth2.assertion_audience", oa_audiences, {"any": [200, 200], "issuer": [200, 401], "token_endpoint": [401, 200]})
case("oauth2.assertion_reuse", oa_assertion_twice, {"refused": [200, 401], "accepted": [200, 200]})
case(
    "oauth2.request_format",
    oa_formats,
    {"form": [200, 400, 400, 405], "json": [400, 200, 400, 405], "query": [400, 400, 200, 200]},
)
case(
    "oauth2.fields",
    seen(lambda box: box.oa_token().json(), lambda found: sorted(found.get("data", found))),
    {"standard": OA_NAMES, "camel": (camel := ["accessToken", "kind", "scope", "ttl"]), "nested": camel},
)
case(
    "oauth2.expires_in",
    lambda box: box.oa_token().json().get("expires_in"),
    {"number": 3600, "string": "3600", "absent": None},
)
case(
    "oauth2.token_format",
    seen(lambda box: box.oa_token().json()["access_token"], lambda token: token.count(".")),
    {"opaque": 0, "jwt": 2},
)
case(
    "oauth2.error_status",
    lambda box: [box.oa_token(auth=("x", "x")).status_code, box.oa_token(grant_type="x").status_code],
    {"standard": [401, 400], 400: [400, 400], 401: [401, 401], 200: [200, 200]},
)
case(
    "oauth2.refresh_tokens",
    oa_refresh_tokens,
    {"users": [False, True], "always": [True, True], "never": [False, False]},
)
case(
    "oauth2.refresh_rotation",
    oa_refreshes,
    {"new": ("new", 400, 200), "same": ("same", 200, 200), "absent": ("none", 200, 200)},
)
case(
    "oauth2.old_refresh_token",
    oa_refreshes,
    {"revoked": ("new", 400, 200), "ends_login": ("new", 400, 401), "valid": ("new", 200, 200)},
)
case("oauth2.revocation", oa_revocations, {"on": [200, 200], "refresh_tokens": [400, 200], "off": [404, 404]})
case("oauth2.introspection", oa_introspected, {"on": (200, True), "forbidden": (403, None), "off": (404, None)})
case("oauth2.token_placement", oa_places, {"both": [200, 200], "header": [200, 401], "query": [401, 200]})
case("oauth2.stale_status", status_of(lambda box: box.oa("GET", "/channels", "x")), {401: 401, 403: 403, 400: 400})
case(
    "oauth2.challenge",
    oa_rejection,
    {"header": (True, False), "body": (False, True), "absent": (False, False)},
)
case("oauth2.token_lifetime", lambda box: box.oa_token().json()["expires_in"], {3600: 3600, 60: 60})
case(
    "oauth2.refresh_lifetime",
    lambda box: [
        (token := box.oa_token(**OA_USER).json()["refresh_token"], box.clock.advance(100))
        and box.oa_token(grant_type="refresh_token", refresh_token=token).status_code
    ],
    {86400: [200], 60: [400]},
)

# Playlyfe


def pl_player(box, **body):
    return box.pl("POST", "/admin/players", body={"id": "p1", "alias": "One"} | body)


def pl_with_player(ask):
    return lambda box: (pl_player(box, email="p@example.com"), ask(box))[1]


def pl_patch(box):
    return outcome(box.pl("PATCH", "/runtime/player", body={"alias": "x"}, player_id="p1"))


def pl_listed(box, **query):
    box.control("PUT", "/state/playlyfe", {"players": [{"id": str(number)} for number in range(150)]})
    return len(box.pl("GET", "/admin/players", **query).json()["data"])


PLAYER = ["alias", "created", "enabled", "id", "scores", "teams"]
case(
    "playlyfe.token_placement",
    lambda box: [box.pl("GET", "/admin", place=place).status_code for place in ("query", "header")],
    {"both": [200, 200], "query": [200, 401], "header": [401, 200]},
)
case(
    "playlyfe.stale_status",
    lambda box: outcome(box.pl("GET", "/admin", "x")),
    {code: (code, ["error", "error_description"]) for code in (401, 400, 403, 500, 200)},
)
case("playlyfe.auth_error_status", status_of(lambda box: box.pl_login(secret="x")), {401: 401, 400: 400, 200: 200})
case(
    "playlyfe.denied_status",
    lambda box: (
        box.pl("GET", "/admin", box.pl_login("pl-runtime", "pl-runtime-secret").json()["access_token"]).status_code
    ),
    {403: 403, 401: 401, 400: 400},
)
case("playlyfe.exists_status", pl_with_player(status_of(pl_player)), {409: 409, 400: 400})
case(
    "playlyfe.repeat_login",
    lambda box: len({box.pl_login().json()["access_token"] for _turn in range(2)}),
    {"new": 2, "same": 1},
)
case("playlyfe.create_status", status_of(pl_player), {200: 200, 201: 201})
case(
    "playlyfe.delete_answer",
    pl_with_player(lambda box: outcome(box.pl("DELETE", "/admin/players/p1"))),
    {
        "message": (200, ["message"]),
        "null": (200, "application/json"),
        "empty": (200, "empty"),
        "player": (200, PLAYER),
    },
)
case(
    "playlyfe.patch_answer",
    pl_with_player(pl_patch),
    {"player": (200, PLAYER), "null": (200, "application/json"), "message": (200, ["message"])},
)
case(
    "playlyfe.admin_patch",
    pl_with_player(status_of(lambda box: box.pl("PATCH", "/admin/players/p1", body={"alias": "x"}))),
    {"no": 404, "yes": 200},
)
case(
    "playlyfe.email_shown",
    pl_with_player(lambda box: box.pl("GET", "/admin/players/p1").json().get("email")),
    {"no": None, "yes": "p@example.com"},
)
case("playlyfe.max_limit", lambda box: pl_listed(box, limit="1000000"), {100: 100, 20: 20, "none": 150})
case("playlyfe.page_size", pl_listed, {10: 10, 20: 20})
case(
    "playlyfe.wordings",
    lambda box: [
        box.pl("GET", "/nothing").json()["error_description"],
        box.pl("GET", "/runtime/player").json()["error_description"],
        box.pl("POST", "/admin/players", body={}).json()["error_description"],
        [pl_player(box).json() for _twice in range(2)][1]["error_description"],
        box.pl_login(secret="wrong").json()["error_description"],
    ],
    {
        "recorded": [
            "This route does not exist",
            "The 'player_id' parameter should be specified in the query",
            "Invalid request",
            "A player with ID 'p1' already exists",
            "Client authentication failed",
        ],
        "own": [
            "The route GET /v2/nothing does not exist",
            "The query parameter 'player_id' is required",
            "id and alias are required",
            "The player 'p1' is taken",
            "The client could not be authenticated",
        ],
    },
)


def pl_out_of_quota(box):
    box.control("PUT", "/switches", {"playlyfe.call_quota": 1})
    answers = [box.pl("GET", "/admin") for _twice in range(2)]
    return answers[0].status_code, answers[1].status_code, answers[1].json()["error"]


case(
    "playlyfe.quota_status",
    pl_out_of_quota,
    {status: (200, status, "plan_limit_exceeded") for status in (429, 403, 402, 400, 401, 503, 200)},
)
case(
    "playlyfe.call_quota",
    lambda box: [box.pl("GET", "/admin").status_code for _turn in range(3)],
    {"none": [200, 200, 200], 2: [200, 200, 429], 0: [429, 429, 429]},
)
case(
    "playlyfe.player_limit",
    lambda box: [pl_player(box, id=name).status_code for name in "ab"],
    {"none": [200, 200], 1: [200, 403]},
)
case("playlyfe.token_lifetime", lambda box: box.pl_login().json()["expires_in"], {86400: 86400, 60: 60})

# Consul

case(
    "consul.acl",
    status_of(lambda box: box.ask("GET", "/consul/v1/kv/flex/shared/authentication/oAuth/appRegistrationKey")),
    {"on": 403, "off": 200},
)


@pytest.mark.parametrize(
    ("name", "value", "probe", "expected"),
    [
        pytest.param(name, value, probe, expected, id=f"{name}={value}")
        for name, probe, table in CASES
        for value, expected in table.items()
    ],
)
def test_the_effect_of_a_value(make, name, value, probe, expected):
    assert probe(make({name: value})) == expected


def test_every_value_of_every_switch_is_tested(box):
    tested = {name: {str(value) for value in table} for name, _probe, table in CASES}
    known = {name: set(switch.values) for name, switch in box.sandbox.switches.known.items()}
    assert set(tested) == set(known)
    assert {name: values - tested[name] for name, values in known.items() if values - tested[name]} == {}
    assert [name for name, values in known.items() if not values and len(tested[name]) < 2] == []


def test_every_default_is_valid_and_every_switch_is_described(box):
    for switch in box.sandbox.switches.known.values():
        assert switch.parse(switch.default)[0] == switch.default
        assert switch.description.endswith(".") and "|" not in switch.description


def test_dates_of_the_cases():
    assert datetime.fromisoformat("2027-01-15T08:01:00+00:00").timestamp() == 1_800_000_060
