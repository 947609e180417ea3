# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.modules import audienceplayer_prune_info
from ansible_collections.mediaops.access.tests.unit.plugins.modules.audienceplayer import (
    CLIENT,
    CONNECTION,
    NOT_FOUND,
    SELECTION,
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

VERA, WIM = "vera@example.com", "wim@example.com"
PAST = "2001-01-01T00:00:00Z"


@pytest.fixture
def find(runs):
    return runs(audienceplayer_prune_info, **CONNECTION, concurrency=1, read_with="user")


def film(number, user=VERA, **more):
    return {"user_email": user, "product_id": number, **more}


def login_of(user, number, email):
    """A login by id or address, whose response has the user's id and address."""
    who = f"user_id: {user}" if isinstance(user, int) else f'user_email: "{user}", auto_register: false'
    return (
        f"ClientUserAuthenticate({CLIENT}, {who}) {{ {SELECTION} }}",
        logged_in(f"hush-{user}", number, email),
    )


def logins(*wanted):
    """Logins in one request."""
    fields = [f"u{index}: {text}" for index, (text, _answer) in enumerate(wanted)]
    data = {f"u{index}": answer for index, (_text, answer) in enumerate(wanted)}
    return graphql(f"mutation {{ {' '.join(fields)} }}", data)


@pytest.mark.parametrize(
    ("options", "held", "found"),
    [
        pytest.param({"users": [VERA]}, [product(444)], [film(444)], id="a user alone"),
        pytest.param({"entitlements": [film(444)]}, [product(444)], [], id="named"),
        pytest.param({"entitlements": [film(444, state="absent")]}, [product(444)], [], id="named as absent"),
        pytest.param({"entitlements": [film(444)]}, [product(445), product(444)], [film(445)], id="another product"),
        pytest.param(
            {"entitlements": [film(555)]},
            [subscription(555)],
            [{"user_email": VERA, "subscription_id": 555}],
            id="a subscription with a product's number",
        ),
        pytest.param({"users": [VERA], "entitlements": [film(444)]}, [product(444)], [], id="in both lists"),
        pytest.param(
            {"users": [VERA], "entitlements": [film(444, "Vera@Example.com")]},
            [product(444)],
            [],
            id="another spelling",
        ),
        pytest.param({"users": [VERA]}, [product(444), product(444)], [film(444)], id="held twice"),
        pytest.param({"users": [VERA]}, [product(444, is_fulfilled=False)], [], id="not fulfilled"),
        pytest.param({"users": [VERA]}, [product(444, fulfilment_expires_at=PAST)], [], id="expired"),
        pytest.param({"users": [VERA]}, [subscription(555, PAST, is_valid=False)], [], id="a subscription that ended"),
        pytest.param({"users": [VERA]}, [subscription(555, None)], [], id="a subscription without an end"),
        pytest.param({"users": [VERA]}, [], [], id="nothing held"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True], ids=["real", "check"])
def test_what_is_held_but_not_named_is_returned(find, options, held, found, check_mode):
    result = find(user_login(VERA), holdings(*held, user=VERA), **options, check_mode=check_mode)

    assert result["changed"] is False
    assert result["candidates"] == [{**item, "state": "absent"} for item in found]


def test_nobody_is_read_if_nobody_is_named(find):
    assert find()["candidates"] == []


def test_items_of_a_file_are_named(find, tmp_path):
    path = tmp_path / "items.csv"
    path.write_text(f"user_email,product_id\n{VERA},444\n")

    result = find(user_login(VERA), holdings(product(444), product(445), user=VERA), entitlements_file=str(path))

    assert result["candidates"] == [film(445, state="absent")]


def test_users_are_logged_in_together_and_returned_in_order(find):
    result = find(
        logins(login_of(WIM, 2, WIM), login_of(VERA, 1, VERA)),
        holdings(product(444), product(445), user=WIM),
        holdings(product(444), user=VERA),
        users=[WIM],
        entitlements=[film(446)],
    )

    assert result["candidates"] == [
        film(444, WIM, state="absent"),
        film(445, WIM, state="absent"),
        film(444, state="absent"),
    ]


def test_a_user_named_by_address_and_by_id_is_one_user(find):
    result = find(
        logins(login_of(VERA, 7, VERA), login_of(7, 7, VERA)),
        holdings(product(444), product(445), user=VERA),
        holdings(product(444), product(445), user=7),
        users=[VERA],
        entitlements=[{"user_id": 7, "product_id": 444}],
    )

    assert result["candidates"] == [film(445, state="absent")]


def test_users_whose_ids_are_unknown_must_be_named_in_one_way(find):
    result = find.fail(
        logins(login_of(VERA, None, None), login_of(7, 7, VERA)),
        holdings(product(444), user=VERA),
        holdings(product(444), user=7),
        users=[VERA],
        entitlements=[{"user_id": 7, "product_id": 444}],
    )

    assert "vera@example.com: the platform does not report the user's id" in result["msg"]
    assert "Use either user_email or user_id for all users" in result["msg"]


def test_unknown_ids_do_not_matter_if_users_are_named_in_one_way(find):
    result = find(
        logins(login_of(VERA, None, None), login_of(WIM, None, None)),
        holdings(product(444), user=VERA),
        holdings(user=WIM),
        users=[VERA, WIM],
    )

    assert result["candidates"] == [film(444, state="absent")]


def test_a_user_who_does_not_exist_has_nothing(find):
    result = find(user_login(VERA, NOT_FOUND), client_login(logged_in("hush-client-token", None, None)), users=[VERA])

    assert result["candidates"] == []


def test_an_incomplete_list_is_an_error(find):
    first, last = ({"items": items, "pagination": {"total_count": 2}} for items in ([product(444)], []))
    result = find.fail(
        user_login(VERA),
        graphql(pages(), {**lists(), "UserProductList": first}, token=f"hush-{VERA}"),
        graphql(pages(1, None), {"UserProductList": last}, token=f"hush-{VERA}"),
        users=[VERA],
    )

    assert "vera@example.com: UserProductList ends after 1 of 2" in result["msg"]


def test_a_user_who_cannot_be_read_is_an_error(find):
    refused = {"message": "Not you", "code": 403}
    result = find.fail(user_login(VERA, refused), users=[VERA])

    assert "vera@example.com: " in result["msg"]
    assert "candidates" not in result


def test_more_than_the_limit_are_an_error_that_names_them(find):
    result = find.fail(user_login(VERA), holdings(product(444), product(445), user=VERA), users=[VERA], prune_limit=1)

    assert (
        "prune would remove 2 entitlements, which is more than prune_limit (1): product 444 of vera@example.com, "
        "product 445 of vera@example.com." in result["msg"]
    )


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"entitlements": [{"user_email": VERA}]}, "entitlements[0]: exactly one of product_id and subscription_id"),
        ({"users": [""]}, "user_email must not be empty"),
        ({"batch_size": 0}, "batch_size must be 1 or more, not 0"),
        ({"concurrency": 0}, "concurrency must be 1 or more, not 0"),
        ({"entitlements_file": "/missing.csv"}, "/missing.csv cannot be read"),
    ],
)
def test_invalid_options_are_refused_before_anything_is_sent(find, options, problem):
    assert problem in find.fail(**options)["msg"]
