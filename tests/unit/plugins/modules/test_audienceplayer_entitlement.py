# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.modules import audienceplayer_entitlement
from ansible_collections.mediaops.access.tests.unit.plugins.modules.audienceplayer import (
    CLIENT,
    CONNECTION,
    NOT_FOUND,
    SELECTION,
    TRUE,
    UNPAGED,
    client_login,
    graphql,
    holdings,
    lists,
    logged_in,
    pages,
    product,
    product_mutation,
    subscription,
    subscription_mutation,
    user_login,
    written,
)
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import NO_ANSWER

LAST_SECOND = "2030-12-31T23:59:59Z"
MAIL = "viewer@example.com"
HAS = {"user_id": 333, "product_id": 444}
SUBSCRIBED = {"user_id": 333, "subscription_id": 555, "expires_at": LAST_SECOND}
REFUSED = {"message": "Not for sale", "code": 400}
DENIED = {"message": "Wrong client", "code": 401}
NO_PROJECT = {"message": "Project not found", "code": 404}


def products(*numbers, **options):
    return [{"user_id": 333, "product_id": number, **options} for number in numbers]


CLIENT_LOGIN = client_login(logged_in("hush-client-token", user=None, email=None))


def missing(user):
    """A missing user. The client logs in once, which confirms the project."""
    return [user_login(user, NOT_FOUND), CLIENT_LOGIN]


def logins(*users, failed=None, data=TRUE, errors=(), **kwargs):
    """Several users' logins in one document. Those in ``failed`` have these errors with a path."""
    names = [
        f"user_id: {user}" if isinstance(user, int) else f'user_email: "{user}", auto_register: false' for user in users
    ]
    document = " ".join(
        f"u{number}: ClientUserAuthenticate({CLIENT}, {name}) {{ {SELECTION} }}" for number, name in enumerate(names)
    )
    failed = failed or {}
    found = {f"u{number}": None if user in failed else logged_in(f"hush-{user}") for number, user in enumerate(users)}
    errors = [
        *errors,
        *({**failed[user], "path": [f"u{number}"]} for number, user in enumerate(users) if user in failed),
    ]
    return graphql(f"mutation {{ {document} }}", found if data is TRUE else data, *errors, **kwargs)


@pytest.fixture
def entitle(runs):
    return runs(audienceplayer_entitlement, **CONNECTION, rate_limit="none", auth_rate_limit="none", read_with="user")


@pytest.fixture
def known(entitle):
    """The same with the tokens of users 333 and 334 in the cache."""
    for user in (333, 334):
        entitle(user_login(user), holdings(user=user), user_id=user, product_id=1, state="absent")
    return entitle


def outcome(result):
    """The outcome of each item: changed, unchanged or failed."""
    return [
        "failed" if item["failed"] else "changed" if item["changed"] else "unchanged" for item in result["entitlements"]
    ]


# --- one item ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "held", "mutation"),
    [
        pytest.param(HAS, [], product_mutation(), id="a product that the user lacks"),
        pytest.param(HAS, [product(445)], product_mutation(), id="a product beside another one"),
        pytest.param(HAS, [product(is_fulfilled=False)], product_mutation(), id="a product that is not fulfilled"),
        pytest.param(
            HAS,
            [product(fulfilment_expires_at="2027-01-15T07:59:59Z")],
            product_mutation(),
            id="a product whose entitlement has ended",
        ),
        pytest.param(HAS, [product()], None, id="a product that the user has"),
        pytest.param(
            HAS,
            [product(fulfilment_expires_at="2027-01-15T08:00:01Z")],
            None,
            id="a product that the user has until later",
        ),
        pytest.param(
            HAS, [product(is_fulfilled=False), product()], None, id="a product that was refunded and bought again"
        ),
        pytest.param(HAS, [product("444")], None, id="ids as strings"),
        pytest.param(
            {**HAS, "state": "absent"}, [product()], product_mutation(action="revoke"), id="a product to revoke"
        ),
        pytest.param({**HAS, "state": "absent"}, [], None, id="a product that the user does not have"),
        pytest.param(
            {**HAS, "state": "absent"}, [product(is_fulfilled=False)], None, id="a product that is revoked already"
        ),
        pytest.param(
            {**HAS, "state": "absent"},
            [{**product(445), "id": 444}],
            None,
            id="a holding's own id is not the product's",
        ),
        pytest.param(SUBSCRIBED, [], subscription_mutation(), id="a subscription that the user lacks"),
        pytest.param(
            SUBSCRIBED, [subscription(is_valid=False)], subscription_mutation(), id="a subscription that has ended"
        ),
        pytest.param(
            SUBSCRIBED,
            [subscription(expires_at="2029-12-31T23:59:59Z")],
            subscription_mutation(),
            id="a subscription that ends too early",
        ),
        pytest.param(
            SUBSCRIBED,
            [subscription(expires_at="2031-12-31T23:59:59Z")],
            subscription_mutation(),
            id="a subscription that ends too late",
        ),
        pytest.param(
            SUBSCRIBED, [subscription(expires_at=None)], subscription_mutation(), id="a subscription without an end"
        ),
        pytest.param(SUBSCRIBED, [subscription()], None, id="a subscription as it is wanted"),
        pytest.param(
            SUBSCRIBED,
            [subscription(is_valid=False), subscription()],
            None,
            id="a subscription that was taken up again",
        ),
        pytest.param(
            SUBSCRIBED, [product(555)], subscription_mutation(), id="a product of the same number is not a subscription"
        ),
        pytest.param(
            {**SUBSCRIBED, "state": "absent"},
            [subscription()],
            subscription_mutation(555, None, "revoke"),
            id="a subscription to revoke",
        ),
        pytest.param(
            {**SUBSCRIBED, "state": "absent"},
            [subscription(is_valid=False)],
            None,
            id="a subscription that has ended is absent",
        ),
        pytest.param({**SUBSCRIBED, "state": "absent"}, [], None, id="a subscription that is not listed is absent"),
        pytest.param(
            {"user_id": 333, "subscription_id": 555, "state": "absent"},
            [subscription()],
            subscription_mutation(555, None, "revoke"),
            id="revoke needs no date",
        ),
    ],
)
class TestWhatIsHeldIsReadAndOnlyWhatDiffersIsWritten:
    def test_real_run(self, entitle, options, held, mutation):
        result = entitle(user_login(), holdings(*held), *([written(mutation)] if mutation else []), **options)

        assert result["changed"] is (mutation is not None)
        assert outcome(result) == ["changed" if mutation else "unchanged"]

    def test_check_mode_predicts_it_and_writes_nothing(self, entitle, options, held, mutation):
        result = entitle(user_login(), holdings(*held), **options, check_mode=True)

        assert result["changed"] is (mutation is not None)
        assert outcome(result) == ["changed" if mutation else "unchanged"]


@pytest.mark.parametrize(
    ("given", "held"),
    [
        ("2030-12-31T23:59:59Z", "2030-12-31T23:59:59+00:00"),
        ("2031-01-01T00:59:59+01:00", "2030-12-31T23:59:59Z"),
        ("2030-12-31T18:29:59-05:30", "2030-12-31T23:59:59Z"),
        ("2030-12-31T23:59:59", "2030-12-31 23:59:59"),
        ("2030-12-31 23:59:59", "2030-12-31T23:59:59.000000Z"),
        ("2030-12-31t23:59:59z", "2030-12-31T23:59:59Z"),
        ("2030-12-31T23:59:59.4Z", "2030-12-31T23:59:59Z"),
    ],
)
def test_instants_are_compared_not_their_spellings(known, given, held):
    assert known(holdings(subscription(expires_at=held)), **{**SUBSCRIBED, "expires_at": given})["changed"] is False


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    instant=st.datetimes(datetime.datetime(2028, 1, 1), datetime.datetime(9990, 1, 1)).map(
        lambda date: date.replace(microsecond=0)
    ),
    offsets=st.tuples(st.integers(-1439, 1439), st.integers(-1439, 1439)),
    separators=st.tuples(st.sampled_from("T "), st.sampled_from("T ")),
)
def test_a_subscription_that_ends_at_the_same_instant_is_unchanged_whatever_the_offsets(
    known, instant, offsets, separators
):
    zones = [datetime.timezone(datetime.timedelta(minutes=offset)) for offset in offsets]
    wanted, held = (
        instant.replace(tzinfo=datetime.UTC).astimezone(zone).isoformat(separator)
        for zone, separator in zip(zones, separators, strict=True)
    )

    assert known(holdings(subscription(expires_at=held)), **{**SUBSCRIBED, "expires_at": wanted})["changed"] is False


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seconds=st.integers(-(10**8), 10**8).filter(bool), offset=st.integers(-1439, 1439))
def test_a_subscription_that_ends_at_another_instant_is_written_with_that_instant_in_utc(known, seconds, offset):
    wanted = datetime.datetime(2040, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(seconds=seconds)
    options = {
        **SUBSCRIBED,
        "expires_at": wanted.astimezone(datetime.timezone(datetime.timedelta(minutes=offset))).isoformat(),
    }
    mutation = subscription_mutation(555, wanted.strftime("%Y-%m-%dT%H:%M:%SZ"))

    assert (
        known(holdings(subscription(expires_at="2040-01-01T00:00:00Z")), written(mutation), **options)["changed"]
        is True
    )


def test_a_result_names_the_item_and_shows_what_changed(known):
    result = known(
        holdings(), written(subscription_mutation()), **{**SUBSCRIBED, "expires_at": "2031-01-01T00:59:59+01:00"}
    )

    assert result["entitlements"] == [
        {
            "user_id": 333,
            "user_email": None,
            "subscription_id": 555,
            "expires_at": LAST_SECOND,
            "state": "present",
            "changed": True,
            "failed": False,
            "msg": "",
        }
    ]
    assert result["summary"] == {"total": 1, "changed": 1, "unchanged": 0, "failed": 0}
    assert result["diff"] == {
        "before": {"subscription 555 of user 333": "absent"},
        "after": {"subscription 555 of user 333": f"present until {LAST_SECOND}"},
    }


def test_an_unchanged_item_has_no_diff(known):
    result = known(holdings(product()), **HAS)

    assert result["summary"] == {"total": 1, "changed": 0, "unchanged": 1, "failed": 0}
    assert result["diff"] == {"before": {}, "after": {}}


def test_the_end_users_address_is_sent_with_every_request(entitle):
    address = {"forwarded_for": "192.0.2.7"}

    assert (
        entitle(user_login(**address), holdings(**address), written(product_mutation(), **address), **HAS, **address)[
            "changed"
        ]
        is True
    )


def test_lists_without_arguments_are_read_whole(known):
    refused = graphql(pages(), None, {"message": "Unknown argument"}, token="hush-333")

    assert known(refused, graphql(UNPAGED, lists(product()), token="hush-333"), **HAS)["changed"] is False


def test_a_stale_token_is_replaced_once_while_reading(known):
    rejected = graphql(pages(), None, {"message": "Unauthenticated", "code": 401}, token="hush-333")

    assert known(rejected, user_login(), holdings(product()), **HAS)["changed"] is False


# --- users who may be missing ------------------------------------------------------------------------------------------


def test_a_missing_user_is_entitled_to_nothing_without_auto_register(entitle):
    result = entitle.fail(*missing(MAIL), user_email=MAIL, product_id=444)

    assert outcome(result) == ["failed"]
    assert "product 444 of viewer@example.com" in result["msg"] and "auto_register" in result["msg"]


def test_a_missing_user_is_created_by_the_write_and_never_by_the_read(entitle):
    write = written(product_mutation(user=MAIL, auto_register=True))

    assert entitle(*missing(MAIL), write, user_email=MAIL, auto_register=True, product_id=444)["changed"] is True


def test_auto_register_has_no_effect_if_the_user_exists(entitle):
    result = entitle(
        user_login(MAIL), holdings(product(), user=MAIL), user_email=MAIL, auto_register=True, product_id=444
    )

    assert result["changed"] is False


@pytest.mark.parametrize("auto_register", [False, True])
@pytest.mark.parametrize("item", [{"product_id": 444}, {"subscription_id": 555}], ids=["product", "subscription"])
def test_a_missing_user_has_nothing_to_revoke_and_is_not_created_for_it(entitle, item, auto_register):
    result = entitle(*missing(MAIL), user_email=MAIL, auto_register=auto_register, state="absent", **item)

    assert result["changed"] is False


def test_an_existing_user_is_not_registered_by_a_revocation(entitle):
    calls = [user_login(MAIL), holdings(product(), user=MAIL), written(product_mutation(user=MAIL, action="revoke"))]

    assert entitle(*calls, user_email=MAIL, auto_register=True, state="absent", product_id=444)["changed"] is True


def test_check_mode_predicts_that_a_missing_user_is_created_and_does_not_do_it(entitle):
    assert (
        entitle(*missing(MAIL), user_email=MAIL, auto_register=True, product_id=444, check_mode=True)["changed"] is True
    )


def test_check_mode_fails_for_a_missing_user_if_the_real_run_does(entitle):
    assert "auto_register" in entitle.fail(*missing(333), **HAS, check_mode=True)["msg"]


@pytest.mark.parametrize("status", [200, 404])
def test_a_missing_user_is_a_failure_with_the_platforms_status_and_code(entitle, status):
    result = entitle.fail(user_login(333, NOT_FOUND, status=status), CLIENT_LOGIN, **HAS)

    assert (result["status"], result["error_code"]) == (status, 404)
    assert (result["entitlements"][0]["status"], result["entitlements"][0]["error_code"]) == (status, 404)
    assert "there is no such user. Set auto_register" in result["msg"]


def test_the_client_logs_in_once_for_all_missing_users_and_all_later_runs(entitle):
    users = (333, 334, 335)
    items = [{**HAS, "user_id": user, "state": "absent"} for user in users]
    calls = [logins(*users, failed=dict.fromkeys(users, NOT_FOUND)), CLIENT_LOGIN]

    assert outcome(entitle(*calls, entitlements=items)) == ["unchanged"] * 3
    assert outcome(entitle(user_login(336, NOT_FOUND), user_id=336, product_id=444, state="absent")) == ["unchanged"]


@pytest.mark.parametrize("check_mode", [False, True], ids=["real", "check"])
@pytest.mark.parametrize("state", ["absent", "present"])
@pytest.mark.parametrize(
    ("user", "options"),
    [(333, {"user_id": 333}), (MAIL, {"user_email": MAIL}), (MAIL, {"user_email": MAIL, "auto_register": True})],
    ids=["by id", "by e-mail", "auto_register"],
)
def test_a_wrong_project_is_not_a_missing_user_and_nothing_is_written(entitle, user, options, state, check_mode):
    calls = [user_login(user, NO_PROJECT), client_login(None, NO_PROJECT)]
    result = entitle.fail(*calls, **options, product_id=444, state=state, check_mode=check_mode)

    assert outcome(result) == ["failed"]
    assert result["error_code"] == 404
    assert "project_id" in result["msg"] and "no such user" not in result["msg"]


@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_response_without_the_login_is_not_a_missing_user(entitle, state):
    result = entitle.fail(user_login(333, answer={"data": {}}), **HAS, state=state)

    assert outcome(result) == ["failed"]
    assert "unexpected response to" in result["msg"]


def test_a_missing_user_is_an_error_if_the_client_is_refused_as_well(entitle):
    calls = [logins(333, 334, failed={333: NOT_FOUND, 334: NOT_FOUND}), client_login(None, DENIED)]
    result = entitle.fail(*calls, entitlements=[{**HAS, "state": "absent"}, {**HAS, "user_id": 334}])

    assert result["error_code"] == 401
    assert outcome(result) == ["failed"] * 2
    assert "skipped" in result["entitlements"][1]["msg"]


# --- lists -------------------------------------------------------------------------------------------------------------


def test_the_writes_of_a_list_travel_in_one_request_and_each_user_is_read_once(known):
    items = [HAS, SUBSCRIBED, {**HAS, "user_id": 334}, *products(446), *products(447, state="absent")]
    mutations = [
        subscription_mutation(),
        product_mutation(446),
        product_mutation(447, "revoke"),
        product_mutation(user=334),
    ]
    result = known(holdings(product(), product(447)), holdings(user=334), written(*mutations), entitlements=items)

    assert outcome(result) == ["unchanged", "changed", "changed", "changed", "changed"]
    assert [item.get("product_id", item.get("subscription_id")) for item in result["entitlements"]] == [
        444,
        555,
        444,
        446,
        447,
    ]
    assert result["summary"] == {"total": 5, "changed": 4, "unchanged": 1, "failed": 0}
    assert result["diff"]["after"] == {
        "subscription 555 of user 333": f"present until {LAST_SECOND}",
        "product 444 of user 334": "present",
        "product 446 of user 333": "present",
        "product 447 of user 333": "absent",
    }


def test_a_second_run_changes_nothing(known):
    result = known(holdings(product(), subscription()), entitlements=[HAS, SUBSCRIBED])

    assert result["changed"] is False
    assert outcome(result) == ["unchanged", "unchanged"]


@pytest.mark.parametrize(
    ("batch_size", "batches"),
    [(1, [[0], [1], [2], [3], [4]]), (2, [[0, 1], [2, 3], [4]]), (5, [[0, 1, 2, 3, 4]]), (20, [[0, 1, 2, 3, 4]])],
)
def test_batches_hold_up_to_batch_size_writes(known, batch_size, batches):
    calls = [written(*[product_mutation(number) for number in batch]) for batch in batches]

    assert (
        known(holdings(), *calls, entitlements=products(0, 1, 2, 3, 4), batch_size=batch_size)["summary"]["changed"]
        == 5
    )


def test_the_default_batch_size_is_twenty(known):
    numbers = list(range(21))
    calls = [written(*[product_mutation(number) for number in numbers[:20]]), written(product_mutation(20))]

    assert known(holdings(), *calls, entitlements=products(*numbers))["summary"]["changed"] == 21


def test_an_empty_list_changes_nothing(entitle):
    result = entitle(entitlements=[])

    assert result["changed"] is False
    assert result["summary"] == {"total": 0, "changed": 0, "unchanged": 0, "failed": 0}


def test_a_duplicate_is_written_once(known):
    result = known(holdings(), written(product_mutation()), entitlements=[HAS, HAS])

    assert outcome(result) == ["changed", "unchanged"]


def test_a_duplicate_fails_twice(known):
    result = known.fail(
        holdings(),
        written(product_mutation(), data={"e0": None}, errors=[REFUSED]),
        holdings(),
        entitlements=[HAS, HAS],
    )

    assert outcome(result) == ["failed", "failed"]
    assert result["summary"]["failed"] == 2


def test_check_mode_predicts_a_list_and_writes_nothing(known):
    result = known(holdings(product()), entitlements=[HAS, SUBSCRIBED], check_mode=True)

    assert outcome(result) == ["unchanged", "changed"]
    assert result["diff"]["after"] == {"subscription 555 of user 333": f"present until {LAST_SECOND}"}


# --- without reading ---------------------------------------------------------------------------------------------------


def test_without_reading_every_item_is_written_and_counts_as_changed(entitle):
    mutations = [product_mutation(), subscription_mutation(), product_mutation(446, "revoke")]
    result = entitle(
        written(*mutations), entitlements=[HAS, SUBSCRIBED, *products(446, state="absent")], read_before_write=False
    )

    assert outcome(result) == ["changed"] * 3


def test_without_reading_a_failure_is_not_resolved_by_reading(entitle):
    result = entitle.fail(written(product_mutation(), data={"e0": False}), **HAS, read_before_write=False)

    assert outcome(result) == ["failed"]


def test_without_reading_check_mode_sends_nothing_and_predicts_a_change(entitle):
    assert entitle(**HAS, read_before_write=False, check_mode=True)["changed"] is True


# --- items that fail ---------------------------------------------------------------------------------------------------


def test_an_error_with_a_path_is_that_items_own(known):
    answer = {"data": {"e0": True, "e1": None, "e2": True}, "errors": [{**REFUSED, "path": ["e1"]}]}
    result = known.attempt(
        holdings(),
        written(*map(product_mutation, (1, 2, 3)), **answer),
        holdings(product(1), product(3)),
        entitlements=products(1, 2, 3),
    )

    assert outcome(result) == ["changed", "failed", "changed"]
    assert result["failed"] is True and result["changed"] is True
    assert result["summary"] == {"total": 3, "changed": 2, "unchanged": 0, "failed": 1}
    assert "1 of 3" in result["msg"] and "product 2 of user 333" in result["msg"] and "Not for sale" in result["msg"]
    assert result["entitlements"][1]["msg"].startswith("product 2 of user 333: ")
    assert (result["entitlements"][1]["error_code"], result["entitlements"][1]["status"]) == (400, 200)
    assert list(result["diff"]["after"]) == ["product 1 of user 333", "product 3 of user 333"]


def test_an_error_without_a_path_is_found_out_by_writing_again_alone(known):
    answer = {"data": {"e0": True, "e1": None}, "errors": [REFUSED]}
    alone = written(product_mutation(2), data=None, errors=[REFUSED])
    result = known.attempt(
        holdings(),
        written(*map(product_mutation, (1, 2)), **answer),
        alone,
        holdings(product(1)),
        entitlements=products(1, 2),
    )

    assert outcome(result) == ["changed", "failed"]
    assert result["entitlements"][1]["error_code"] == 400


def test_if_data_is_null_each_item_is_written_again_alone(known):
    batch = written(*map(product_mutation, (1, 2)), data=None, errors=[REFUSED])
    alone = [written(product_mutation(1)), written(product_mutation(2), data=None, errors=[REFUSED])]
    result = known.attempt(holdings(), batch, *alone, holdings(product(1)), entitlements=products(1, 2))

    assert outcome(result) == ["changed", "failed"]


def test_an_item_that_the_answer_leaves_out_is_written_again_alone(known):
    result = known(
        holdings(),
        written(*map(product_mutation, (1, 2)), data={"e0": True}),
        written(product_mutation(2)),
        entitlements=products(1, 2),
    )

    assert outcome(result) == ["changed", "changed"]


@pytest.mark.parametrize("data", [None, {}], ids=["data null", "no such alias"])
@pytest.mark.parametrize(("held", "became"), [([product()], "changed"), ([], "failed")], ids=["applied", "not applied"])
def test_an_unclear_outcome_is_resolved_by_reading(known, data, held, became):
    result = known.attempt(holdings(), written(product_mutation(), data=data), holdings(*held), **HAS)

    assert outcome(result) == [became]
    assert result.get("status") == (200 if became == "failed" else None)


@pytest.mark.parametrize(("held", "became"), [([product()], "changed"), ([], "failed")], ids=["applied", "not applied"])
def test_false_is_resolved_by_reading(known, held, became):
    result = known.attempt(holdings(), written(product_mutation(), data={"e0": False}), holdings(*held), **HAS)

    assert outcome(result) == [became]
    if became == "failed":
        assert "false" in result["msg"] and result["status"] == 200


@pytest.mark.parametrize("value", [True, None, 1, "ok", {"id": 1}], ids=str)
def test_any_other_value_without_errors_is_success(known, value):
    assert outcome(known(holdings(), written(product_mutation(), data={"e0": value}), **HAS)) == ["changed"]


@pytest.mark.parametrize("code", [409, 3201, 3800])
@pytest.mark.parametrize("status", [200, 409])
@pytest.mark.parametrize(
    ("held", "became"), [([subscription()], "changed"), ([], "failed")], ids=["there", "not there"]
)
def test_an_error_that_says_already_there_is_believed_only_after_reading(known, code, status, held, became):
    refused = written(
        subscription_mutation(), data={"e0": None}, errors=[{"message": "already", "code": code}], status=status
    )

    assert outcome(known.attempt(holdings(), refused, holdings(*held), **SUBSCRIBED)) == [became]


LOST = pytest.mark.parametrize(
    "answer",
    [
        {"answer": NO_ANSWER},
        {"answer": "", "status": 502},
        {"answer": "<html>Gone</html>", "status": 504},
        {"answer": "<html>"},
    ],
    ids=["timeout", "502", "504", "HTML"],
)


@LOST
def test_an_ambiguous_write_that_was_applied_is_not_repeated(known, answer):
    assert outcome(known(holdings(), written(product_mutation(), **answer), holdings(product()), **HAS)) == ["changed"]


@LOST
def test_an_ambiguous_write_that_was_not_applied_is_repeated_after_reading(known, answer):
    again = [written(product_mutation(), **answer), holdings()]

    assert outcome(known(holdings(), *again, written(product_mutation()), **HAS, retries=1)) == ["changed"]
    assert outcome(known.attempt(holdings(), *again, *again, **HAS, retries=1)) == ["failed"]


@LOST
def test_after_an_ambiguous_batch_only_differing_items_are_repeated(known, answer):
    lost = written(*map(product_mutation, (1, 2, 3)), **answer)
    calls = [holdings(), lost, holdings(product(1), product(3)), written(product_mutation(2))]

    assert outcome(known(*calls, entitlements=products(1, 2, 3))) == ["changed"] * 3


def test_without_reading_the_upsert_is_repeated(known):
    lost = written(product_mutation(), answer=NO_ANSWER)

    assert outcome(known(lost, lost, written(product_mutation()), **HAS, read_before_write=False)) == ["changed"]


def test_a_user_is_read_once_to_resolve_all_their_items(known):
    lost = written(*map(product_mutation, (1, 2)), answer="", status=502)
    result = known(holdings(), lost, holdings(product(1), product(2)), entitlements=products(1, 2), retries=0)

    assert outcome(result) == ["changed", "changed"]


@pytest.mark.parametrize("status", [200, 401])
def test_wrong_credentials_stop_the_rest(known, status):
    refused = written(product_mutation(1), data=None, errors=[DENIED], status=status)
    result = known.fail(
        holdings(), refused, client_login(None, DENIED), holdings(), entitlements=products(1, 2, 3), batch_size=1
    )

    assert outcome(result) == ["failed"] * 3
    assert "Wrong client" in result["entitlements"][0]["msg"]
    assert all("skipped" in item["msg"] and "Wrong client" in item["msg"] for item in result["entitlements"][1:])


def test_wrong_credentials_stop_the_reading_of_all_other_users(entitle):
    calls = [logins(333, 334, failed={333: DENIED, 334: DENIED}), client_login(None, DENIED)]
    result = entitle.fail(*calls, entitlements=[HAS, {**HAS, "user_id": 334}])

    assert result["error_code"] == 401
    assert outcome(result) == ["failed"] * 2
    assert "skipped" in result["entitlements"][1]["msg"]


def test_an_unreachable_platform_is_not_tried_for_every_user(entitle):
    result = entitle.fail(logins(333, 334, answer=NO_ANSWER), entitlements=[HAS, {**HAS, "user_id": 334}], retries=0)

    assert "skipped" in result["entitlements"][1]["msg"]


def test_too_long_a_wait_stops_the_rest(entitle):
    limited = logins(333, 334, answer="", status=429, answer_headers={"Retry-After": "999"})
    result = entitle.fail(limited, entitlements=[HAS, {**HAS, "user_id": 334}])

    assert "max_wait" in result["entitlements"][0]["msg"]
    assert "skipped" in result["entitlements"][1]["msg"]
    assert [item["status"] for item in result["entitlements"]] == [429, 429]


def test_a_missing_permission_for_one_item_does_not_stop_the_others(known):
    answer = {
        "data": {"e0": True, "e1": None},
        "errors": [{"message": "Not in this region", "code": 403, "path": ["e1"]}],
    }
    result = known.attempt(
        written(*map(product_mutation, (1, 2)), **answer), entitlements=products(1, 2), read_before_write=False
    )

    assert outcome(result) == ["changed", "failed"]


@pytest.mark.parametrize(
    ("login", "before", "after"),
    [
        pytest.param(
            logins(333, 334, failed={333: {"message": "Blocked", "code": 402}}), [], [], id="a login that is refused"
        ),
        pytest.param(
            logins(333, 334, failed={333: {"message": "Blocked", "code": 403}}), [], [], id="a login that is forbidden"
        ),
        pytest.param(logins(333, 334, failed={333: NOT_FOUND}), [], [CLIENT_LOGIN], id="a user who does not exist"),
        pytest.param(logins(333, 334), [holdings(product("one"))], [], id="an answer that does not fit"),
        pytest.param(
            logins(333, 334), [holdings(subscription(expires_at="soon"))], [], id="a date that cannot be read"
        ),
    ],
)
def test_a_user_who_cannot_be_read_does_not_stop_the_others(entitle, login, before, after):
    calls = [login, *before, holdings(user=334), *after, written(product_mutation(user=334))]
    result = entitle.attempt(*calls, entitlements=[HAS, {**HAS, "user_id": 334}])

    assert outcome(result) == ["failed", "changed"]


def test_a_user_who_cannot_be_read_fails_each_of_their_items(entitle):
    result = entitle.fail(*missing(333), entitlements=products(1, 2))

    assert outcome(result) == ["failed", "failed"]


def test_a_batch_that_fails_does_not_stop_the_next(known):
    lost = written(product_mutation(1), answer="", status=500)
    result = known.attempt(
        holdings(), lost, holdings(), written(product_mutation(2)), entitlements=products(1, 2), batch_size=1, retries=0
    )

    assert outcome(result) == ["failed", "changed"]


def test_rate_limits_are_waited_out_and_the_batch_is_repeated(known, clock):
    limited = written(product_mutation(), data=None, errors=[{"message": "Slow down", "code": 429}])

    assert known(holdings(), limited, written(product_mutation()), **HAS)["changed"] is True
    assert sum(clock.slept) >= 1


# --- invalid items -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({"user_id": 1}, ["product_id", "subscription_id"], id="nothing to entitle to"),
        pytest.param(
            {"user_id": 1, "product_id": 1, "subscription_id": 1},
            ["product_id", "subscription_id"],
            id="product and subscription",
        ),
        pytest.param({"product_id": 1}, ["user_id", "user_email"], id="nobody to entitle"),
        pytest.param({"product_id": 1, "user_email": ""}, ["user_id", "user_email"], id="an empty address"),
        pytest.param(
            {"product_id": 1, "user_email": "a@b.c "}, ["user_email", "whitespace"], id="a blank in the address"
        ),
        pytest.param({"product_id": 1, "user_id": 1, "user_email": "a@b.c"}, ["user_id", "user_email"], id="two users"),
        pytest.param({**HAS, "auto_register": True}, ["auto_register", "user_email"], id="auto_register with user_id"),
        pytest.param({**SUBSCRIBED, "expires_at": None}, ["expires_at"], id="a subscription without an end"),
        pytest.param({**SUBSCRIBED, "expires_at": ""}, ["expires_at"], id="an empty end"),
        pytest.param(
            {**SUBSCRIBED, "expires_at": "2027-01-15T08:00:00Z"}, ["expires_at", "future"], id="an end that is now"
        ),
        pytest.param(
            {**SUBSCRIBED, "expires_at": "2027-01-15T09:59:59+02:00"},
            ["expires_at", "future"],
            id="an end that is past",
        ),
        pytest.param(
            {**SUBSCRIBED, "expires_at": "next year"}, ["expires_at", "next year"], id="an end that cannot be read"
        ),
        pytest.param(
            {**SUBSCRIBED, "expires_at": "2030-02-30T00:00:00Z"},
            ["expires_at", "2030-02-30"],
            id="a day that does not exist",
        ),
        pytest.param({**SUBSCRIBED, "expires_at": "1924991999"}, ["expires_at", "1924991999"], id="seconds since 1970"),
        pytest.param(
            {**SUBSCRIBED, "expires_at": "9999-12-31T23:59:59-05:00"},
            ["expires_at", "9999"],
            id="the end of time, west of Greenwich",
        ),
        pytest.param(
            {**SUBSCRIBED, "expires_at": "soon", "state": "absent"},
            ["expires_at", "soon"],
            id="also where it is not needed",
        ),
        pytest.param({**HAS, "expires_at": LAST_SECOND}, ["expires_at", "subscription_id"], id="an end of a product"),
    ],
)
@pytest.mark.parametrize("read_before_write", [True, False])
def test_an_invalid_item_fails_before_anything_is_sent(entitle, options, words, read_before_write):
    one = entitle.fail(**options, read_before_write=read_before_write)
    listed = entitle.fail(entitlements=[HAS, options], read_before_write=read_before_write)

    assert "entitlements[1]: " in listed["msg"]
    for word in words:
        assert word in one["msg"] and word in listed["msg"]


def test_all_invalid_items_are_named_at_once(entitle):
    result = entitle.fail(entitlements=[{"user_id": 1}] * 5 + [HAS] + [{"product_id": 1}] * 5)

    assert [f"entitlements[{index}]: " in result["msg"] for index in range(11)] == [index != 5 for index in range(11)]
    assert "more" not in result["msg"]


def test_of_very_many_invalid_items_ten_are_named_and_the_others_counted(entitle):
    result = entitle.fail(entitlements=[{"user_id": 1}] * 12)

    assert result["msg"].count("entitlements[") == 10
    assert "2 more" in result["msg"]


@pytest.mark.parametrize(
    "second",
    [{**HAS, "state": "absent"}, {**HAS, "user_email": None, "state": "absent"}],
    ids=["present and absent", "spelled otherwise"],
)
def test_conflicting_items_fail_before_anything_is_sent(entitle, second):
    result = entitle.fail(entitlements=[HAS, second])

    assert (
        "entitlements[1]" in result["msg"]
        and "entitlements[0]" in result["msg"]
        and "product 444 of user 333" in result["msg"]
    )


def test_different_expiries_of_one_subscription_conflict(entitle):
    assert (
        "conflicts with"
        in entitle.fail(entitlements=[SUBSCRIBED, {**SUBSCRIBED, "expires_at": "2031-12-31T23:59:59Z"}])["msg"]
    )


def test_one_expiry_in_two_spellings_does_not_conflict(known):
    items = [SUBSCRIBED, {**SUBSCRIBED, "expires_at": "2031-01-01T00:59:59+01:00"}]

    assert outcome(known(holdings(), written(subscription_mutation()), entitlements=items)) == ["changed", "unchanged"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({**HAS, "entitlements": []}, ["entitlements", "product_id"], id="an item and a list"),
        pytest.param(
            {"entitlements": [HAS], "state": "absent"},
            ["entitlements", "state"],
            id="a state beside a list, which has its own",
        ),
        pytest.param(
            {"entitlements": [HAS], "auto_register": True},
            ["entitlements", "auto_register"],
            id="auto_register beside a list",
        ),
        pytest.param({**HAS, "batch_size": 0}, ["batch_size"], id="batches of none"),
        pytest.param(
            {"entitlements": [{**HAS, "expire_at": LAST_SECOND}]}, ["expire_at"], id="a misspelt option of an item"
        ),
        pytest.param(
            {"entitlements": [{**HAS, "product_id": "one"}]}, ["product_id", "one"], id="a product that is not a number"
        ),
        pytest.param({"entitlements": [{**HAS, "state": "gone"}]}, ["state", "present, absent"], id="an unknown state"),
        pytest.param(
            {"entitlements": [HAS], "client_id": None}, ["client_id", "AUDIENCEPLAYER_CLIENT_ID"], id="no client"
        ),
        pytest.param(
            {"entitlements": [HAS], "project_id": None}, ["project_id", "AUDIENCEPLAYER_PROJECT_ID"], id="no project"
        ),
    ],
)
def test_bad_options_fail_before_anything_is_sent(entitle, options, words):
    result = entitle.fail(**options)

    for word in words:
        assert word in result["msg"]


def test_a_platform_error_that_quotes_the_document_does_not_show_the_secret(known):
    error = {"message": f"Syntax error in {product_mutation()}", "code": 400, "path": ["e0"]}
    result = known.fail(holdings(), written(product_mutation(), data={"e0": None}, errors=[error]), holdings(), **HAS)

    assert 'client_secret: "****' in result["msg"] and 'client_secret: "****' in result["entitlements"][0]["msg"]


def test_null_in_an_item_means_unset(known):
    item = {"user_id": 333, "product_id": 444, "state": None, "auto_register": None, "expires_at": None}

    assert known(holdings(product(444)), entitlements=[item])["entitlements"][0]["state"] == "present"


# --- plan --------------------------------------------------------------------------------------------------------------


def planned(user, number, action, before=False, after=True, kind="product", until=None):
    return {
        "provider": "audienceplayer",
        "kind": "entitlement",
        "name": f"{user} {kind} {number}",
        "action": action,
        "before": {"expires_at": None} if before else None,
        "after": {"expires_at": until} if after else None,
        "local": False,
    }


def test_the_changes_of_items_are_a_plan(known):
    items = [HAS, {**HAS, "product_id": 445, "state": "absent"}, {**HAS, "product_id": 446}, HAS, SUBSCRIBED]
    held = (product(445), product(446))
    mutations = (product_mutation(), product_mutation(445, action="revoke"), subscription_mutation())
    expected = [
        planned("user 333", 444, "create"),
        planned("user 333", 445, "delete", before=True, after=False),
        planned("user 333", 555, "create", kind="subscription", until=LAST_SECOND),
    ]

    assert known(holdings(*held), entitlements=items, check_mode=True)["changes"] == expected
    assert known(holdings(*held), written(*mutations), entitlements=items)["changes"] == expected


def test_only_what_was_written_is_in_the_plan(known):
    refused = {**REFUSED, "path": ["e0"]}
    document = written(product_mutation(), product_mutation(445), data={"e0": None, "e1": True}, errors=[refused])
    after = holdings(product(445))
    result = known.attempt(holdings(), document, after, entitlements=products(444, 445))

    assert outcome(result) == ["failed", "changed"]
    assert result["changes"] == [planned("user 333", 445, "create")]


@pytest.mark.parametrize("check_mode", [True, False])
def test_without_reading_the_state_before_is_unknown(entitle, check_mode):
    calls = () if check_mode else (written(product_mutation(), product_mutation(445, action="revoke")),)
    items = [HAS, {**HAS, "product_id": 445, "state": "absent"}]
    result = entitle(*calls, entitlements=items, read_before_write=False, check_mode=check_mode)

    assert result["changes"] == [planned("user 333", 444, "create"), planned("user 333", 445, "delete", after=False)]
