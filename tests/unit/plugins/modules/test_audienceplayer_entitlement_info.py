# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.modules import audienceplayer_entitlement_info
from ansible_collections.mediaops.access.tests.unit.plugins.modules.audienceplayer import (
    CONNECTION,
    NOT_FOUND,
    UNPAGED,
    client_login,
    graphql,
    holdings,
    lists,
    logged_in,
    pages,
    product,
    subscription,
    user_login,
)
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import NO_ANSWER

STALE = {"message": "Unauthenticated", "code": 401}
NO_PROJECT = {"message": "Project not found", "code": 404}
NO_ARGUMENTS = {"message": 'Unknown argument "limit" on field "UserProductList"'}


def missing(refused):
    """A refusal with 404, and the client's login, which confirms that only the user is missing."""
    return [refused, client_login(logged_in("hush-client-token", user=None, email=None))]


@pytest.fixture
def info(runs):
    return runs(audienceplayer_entitlement_info, **CONNECTION)


@pytest.fixture
def known(info):
    """The same with the token of user 333 in the cache."""
    info(user_login(), holdings(), user_id=333)
    return info


# --- whose -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check_mode", [False, True], ids=["real", "check"])
@pytest.mark.parametrize(
    ("options", "user"),
    [({"user_id": 333}, 333), ({"user_email": "viewer@example.com"}, "viewer@example.com")],
    ids=["by id", "by e-mail"],
)
def test_entitlements_are_read_with_the_users_own_token(info, options, user, check_mode):
    found = [
        product(444),
        product(445, is_fulfilled=False),
        product(446, fulfilment_expires_at="2030-01-01T00:00:00Z"),
        subscription(),
    ]
    result = info(user_login(user), holdings(*found, user=user), **options, check_mode=check_mode)

    assert result["changed"] is False
    assert result["products"] == [
        {"product_id": 444, "is_fulfilled": True, "expires_at": None},
        {"product_id": 445, "is_fulfilled": False, "expires_at": None},
        {"product_id": 446, "is_fulfilled": True, "expires_at": "2030-01-01T00:00:00Z"},
    ]
    assert result["subscriptions"] == [{"subscription_id": 555, "expires_at": "2030-12-31T23:59:59Z", "is_valid": True}]


def test_the_users_token_is_kept_for_the_next_time(known):
    assert known(holdings(product()), user_id=333)["products"]


def test_a_user_who_does_not_exist_holds_nothing_and_is_not_created(info):
    result = info(*missing(user_login("a@b.c", NOT_FOUND)), user_email="a@b.c")

    assert (result["products"], result["subscriptions"]) == ([], [])
    assert result["changed"] is False


def test_a_user_who_was_deleted_since_the_login_holds_nothing(known):
    assert known(*missing(graphql(pages(), None, NOT_FOUND, token="hush-333")), user_id=333)["products"] == []


def test_the_client_logs_in_once_for_several_missing_users(info):
    assert info(*missing(user_login(333, NOT_FOUND)), user_id=333)["products"] == []
    assert info(user_login(334, NOT_FOUND), user_id=334)["products"] == []


@pytest.mark.parametrize(("option", "user"), [("user_id", 333), ("user_email", "a@b.c")], ids=["by id", "by e-mail"])
def test_a_wrong_project_is_not_a_missing_user(info, option, user):
    result = info.fail(user_login(user, NO_PROJECT), client_login(None, NO_PROJECT), **{option: user})

    assert result["error_code"] == 404
    assert "project_id" in result["msg"]


def test_a_project_deleted_since_the_login_is_not_a_missing_user(known):
    result = known.fail(
        graphql(pages(), None, NO_PROJECT, token="hush-333"), client_login(None, NO_PROJECT), user_id=333
    )

    assert result["error_code"] == 404
    assert "project_id" in result["msg"]


def test_the_end_users_address_is_sent_along(info):
    address = {"forwarded_for": "192.0.2.7"}

    assert info(user_login(**address), holdings(**address), user_id=333, **address)["changed"] is False


def test_a_supplied_token_identifies_the_user(runs):
    result = runs(audienceplayer_entitlement_info, project_id=111, access_token="hush-given")(
        graphql(pages(), lists(product()), token="hush-given")
    )

    assert result["products"] == [{"product_id": 444, "is_fulfilled": True, "expires_at": None}]


def test_with_a_supplied_token_and_no_credentials_a_missing_user_needs_no_login(runs):
    given = runs(audienceplayer_entitlement_info, project_id=111, access_token="hush-given")
    result = given(graphql(pages(), None, NOT_FOUND, token="hush-given"))

    assert (result["products"], result["subscriptions"]) == ([], [])


# --- stale tokens ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status"),
    [
        pytest.param(STALE, 200, id="code 401"),
        pytest.param(STALE, 401, id="code and status 401"),
        pytest.param({"message": "Unauthenticated"}, 401, id="status 401"),
        pytest.param({"message": "Unauthenticated", "extensions": {"code": "401"}}, 200, id="code in extensions"),
        pytest.param(
            {"message": "Unauthenticated", "extensions": {"code": "UNAUTHENTICATED"}},
            401,
            id="status 401 and a code in words",
        ),
    ],
)
def test_a_token_that_the_platform_rejects_is_replaced(known, error, status):
    rejected = graphql(pages(), None, error, token="hush-333", status=status)
    new = user_login()
    new.body = new.body.replace("hush-333", "hush-new")

    assert known(rejected, new, graphql(pages(), lists(product()), token="hush-new"), user_id=333)["products"]


def test_it_is_replaced_once_only(known):
    rejected = graphql(pages(), None, STALE, token="hush-333")

    assert known.fail(rejected, user_login(), rejected, user_id=333)["error_code"] == 401


def test_a_supplied_token_that_is_rejected_is_replaced_with_the_users_own(info):
    rejected = graphql(pages(), None, STALE, token="hush-given")

    assert info(rejected, user_login(), holdings(product()), user_id=333, access_token="hush-given")["products"]


def test_a_supplied_token_that_is_rejected_fails_if_there_are_no_credentials(runs):
    rejected = graphql(pages(), None, STALE, token="hush-given")
    result = runs(audienceplayer_entitlement_info, project_id=111, access_token="hush-given").fail(rejected)

    assert result["error_code"] == 401
    assert "access_token" in result["msg"]


def test_a_supplied_token_that_is_rejected_is_never_replaced_with_the_clients_own_as_that_would_read_somebody_elses_holdings(
    info,
):
    rejected = graphql(pages(), None, STALE, token="hush-given")

    assert "access_token" in info.fail(rejected, access_token="hush-given")["msg"]


# --- pages -------------------------------------------------------------------------------------------------------------


def numbered(count, start=0):
    return [product(number) for number in range(start, start + count)]


def test_further_pages_are_read_of_the_list_that_has_them(known):
    first = lists(*numbered(100), subscription())
    first["UserProductList"]["pagination"]["total_count"] = 230
    second, third = (
        {"UserProductList": lists(*numbered(count, start), total=230)["UserProductList"]}
        for count, start in ((100, 100), (30, 200))
    )
    calls = [
        graphql(pages(), first, token="hush-333"),
        graphql(pages(100, None), second, token="hush-333"),
        graphql(pages(200, None), third, token="hush-333"),
    ]
    result = known(*calls, user_id=333)

    assert [item["product_id"] for item in result["products"]] == list(range(230))
    assert len(result["subscriptions"]) == 1


@pytest.mark.parametrize("pagination", [None, {}, {"total_count": None}], ids=["null", "empty", "no count"])
def test_a_list_without_a_count_is_one_page(known, pagination):
    answer = lists(*numbered(2))
    for part in answer.values():
        part["pagination"] = pagination

    assert len(known(graphql(pages(), answer, token="hush-333"), user_id=333)["products"]) == 2


def test_pages_end_if_one_is_empty_whatever_the_count(known):
    calls = [
        graphql(pages(), lists(*numbered(2), total=3), token="hush-333"),
        graphql(pages(2, None), lists(total=3), token="hush-333"),
    ]

    assert len(known(*calls, user_id=333)["products"]) == 2


@pytest.mark.parametrize("status", [200, 400])
def test_if_the_lists_take_no_arguments_they_are_read_whole(known, status):
    refused = graphql(pages(), None, NO_ARGUMENTS, token="hush-333", status=status)
    result = known(refused, graphql(UNPAGED, lists(product(), subscription()), token="hush-333"), user_id=333)

    assert len(result["products"]) == len(result["subscriptions"]) == 1


def test_if_a_later_page_is_refused_both_lists_are_read_whole(known):
    first = graphql(pages(), lists(*numbered(100), subscription(), total=101), token="hush-333")
    refused = graphql(pages(100, 1), None, NO_ARGUMENTS, token="hush-333")
    result = known(
        first, refused, graphql(UNPAGED, lists(*numbered(101), subscription()), token="hush-333"), user_id=333
    )

    assert len(result["products"]) == 101
    assert len(result["subscriptions"]) == 1


def test_if_a_later_page_of_one_list_is_refused_the_other_is_not_lost(known):
    answer = lists(*numbered(100), subscription())
    answer["UserProductList"]["pagination"]["total_count"] = 101
    refused = graphql(pages(100, None), None, NO_ARGUMENTS, token="hush-333")
    calls = [
        graphql(pages(), answer, token="hush-333"),
        refused,
        graphql(UNPAGED, lists(*numbered(101), subscription()), token="hush-333"),
    ]
    result = known(*calls, user_id=333)

    assert len(result["products"]) == 101
    assert len(result["subscriptions"]) == 1


# --- shapes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("date", "returned"),
    [
        ("2030-12-31T23:59:59Z", "2030-12-31T23:59:59Z"),
        ("2030-12-31T23:59:59+00:00", "2030-12-31T23:59:59Z"),
        ("2031-01-01T00:59:59+01:00", "2030-12-31T23:59:59Z"),
        ("2030-12-31 23:59:59", "2030-12-31T23:59:59Z"),
        ("2030-12-31T23:59:59", "2030-12-31T23:59:59Z"),
        ("2030-12-31T23:59:59.000000Z", "2030-12-31T23:59:59Z"),
        (None, None),
    ],
)
def test_dates_are_read_in_every_spelling_and_returned_in_one(known, date, returned):
    result = known(holdings(product(fulfilment_expires_at=date), subscription(expires_at=date)), user_id=333)

    assert [result["products"][0]["expires_at"], result["subscriptions"][0]["expires_at"]] == [returned, returned]


def test_numbers_may_come_as_strings_and_flags_as_null(known):
    result = known(
        holdings({**product("444"), "is_fulfilled": None}, {**subscription("555"), "is_valid": None}), user_id=333
    )

    assert result["products"][0] == {"product_id": 444, "is_fulfilled": False, "expires_at": None}
    assert (result["subscriptions"][0]["subscription_id"], result["subscriptions"][0]["is_valid"]) == (555, False)


def test_a_list_may_be_null(known):
    answer = {name: {"items": None} for name in ("UserProductList", "UserSubscriptionList")}

    assert known(graphql(pages(), answer, token="hush-333"), user_id=333)["products"] == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param({"data": None}, ["data.UserProductList: must be object, not null"], id="no data"),
        pytest.param(
            {"data": {"UserProductList": {"items": []}}},
            ["data.UserSubscriptionList: must be object, not null"],
            id="one list missing",
        ),
        pytest.param(
            {"data": lists({"product_id": 1})}, ["UserProductList.items[0]", "is_fulfilled"], id="a field missing"
        ),
        pytest.param(
            {"data": lists(product("one"))}, ["UserProductList.items[0].product_id"], id="an id that is not a number"
        ),
        pytest.param(
            {"data": lists(product(fulfilment_expires_at=7))},
            ["fulfilment_expires_at", "string"],
            id="a date that is not text",
        ),
        pytest.param(
            {"data": lists(subscription(expires_at="soon"))},
            ["UserSubscriptionList.items[0].expires_at"],
            id="a date that is none",
        ),
        pytest.param(
            {"data": lists(subscription(expires_at=""))},
            ["UserSubscriptionList.items[0].expires_at"],
            id="an empty date",
        ),
        pytest.param("<html>Hello</html>", ["an HTML page", "url"], id="HTML"),
        pytest.param('{"data": {"UserPro', ["broken JSON"], id="truncated"),
    ],
)
def test_an_answer_of_another_shape_is_one_clear_failure_that_names_the_field(known, answer, words):
    result = known.fail(graphql(pages(), answer=answer, token="hush-333"), user_id=333)

    for word in words:
        assert word in result["msg"]


# --- failures ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [401, 403, 400, 500])
def test_a_refused_login_is_not_a_missing_user(info, code):
    assert info.fail(user_login(333, {"message": "No", "code": code}), user_id=333)["error_code"] == code


def test_403_is_reported_and_neither_replaces_the_token_nor_changes_the_query(known):
    assert (
        known.fail(graphql(pages(), None, {"message": "No rights", "code": 403}, token="hush-333"), user_id=333)[
            "error_code"
        ]
        == 403
    )


def test_an_unreachable_platform_gets_no_other_query(known):
    assert (
        "timeout"
        in known.fail(*[graphql(pages(), answer=NO_ANSWER, token="hush-333")] * 2, user_id=333, retries=1)["msg"]
    )


def test_if_the_platform_asks_for_too_long_a_wait_nothing_more_is_sent(known):
    limited = graphql(
        pages(), answer={"message": "Too many"}, token="hush-333", status=429, answer_headers={"Retry-After": "600"}
    )
    result = known.fail(limited, user_id=333)

    assert result["status"] == 429
    assert "max_wait" in result["msg"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({}, ["user_id", "user_email", "access_token"], id="nobody"),
        pytest.param({"user_id": 1, "user_email": "a@b.c"}, ["user_id", "user_email"], id="two users"),
        pytest.param({"user_email": ""}, ["user_email"], id="an empty address"),
        pytest.param({"user_id": 1, "client_id": None}, ["client_id", "AUDIENCEPLAYER_CLIENT_ID"], id="no credentials"),
    ],
)
def test_bad_options_fail_before_anything_is_sent(info, options, words):
    result = info.fail(**options)

    for word in words:
        assert word in result["msg"]


def test_a_users_token_and_the_clients_are_not_mixed_up(runs, info):
    from ansible_collections.mediaops.access.plugins.modules import audienceplayer_token

    runs(audienceplayer_token, **CONNECTION)(client_login(logged_in("hush-client-token")))

    assert info(user_login(), holdings(), user_id=333)["products"] == []
