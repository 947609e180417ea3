# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many entitlements: the requests, their order, and the outcome of each item if some of them fail."""

from __future__ import annotations

import json
import pathlib
import re
import stat
import threading
import time

import pytest

from ansible_collections.mediaops.access.plugins.module_utils import _clock, _statistics
from ansible_collections.mediaops.access.plugins.module_utils._data.ledger import Ledger
from ansible_collections.mediaops.access.plugins.module_utils._data.rejects import Rejects
from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.module_utils._platform import access
from ansible_collections.mediaops.access.plugins.modules import audienceplayer_entitlement
from ansible_collections.mediaops.access.tests.unit.plugins.modules.audienceplayer import (
    CONNECTION,
    NOT_FOUND,
    URL,
    client_login,
    graphql,
    holdings,
    logged_in,
    pages,
    product,
    product_mutation,
    user_login,
    written,
)
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import NO_ANSWER, exchange
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_audienceplayer_entitlement import (
    CLIENT_LOGIN,
    logins,
    outcome,
)

DENIED = {"message": "Wrong client", "code": 401}
FORBIDDEN = {"message": "Not in this region", "code": 403}
REFUSED = {"message": "Not for sale", "code": 400}
PLACE = f"audienceplayer {URL} 111"
DAY = 86400


@pytest.fixture
def entitle(runs):
    return runs(
        audienceplayer_entitlement,
        **CONNECTION,
        rate_limit="none",
        auth_rate_limit="none",
        concurrency=1,
        read_with="user",
    )


@pytest.fixture
def write(runs):
    """Applies entitlements without reading, to test the responses to batches."""
    return runs(
        audienceplayer_entitlement,
        **CONNECTION,
        rate_limit="none",
        auth_rate_limit="none",
        concurrency=1,
        read_before_write=False,
    )


@pytest.fixture
def ledger(tmp_path):
    return str(tmp_path / "entitlements.ledger")


@pytest.fixture
def file(tmp_path):
    """Writes a file of items and returns its path."""

    def write_file(name, content):
        (tmp_path / name).write_text(content)
        return str(tmp_path / name)

    return write_file


def items_of(*users, **options):
    return [{"user_id": user, "product_id": 444, **options} for user in users]


def writes(*users, action="fulfil", **kwargs):
    return written(*[product_mutation(user=user, action=action) for user in users], **kwargs)


def reads(*users, held=()):
    return [holdings(product(), user=user) if user in held else holdings(user=user) for user in users]


def at(number, error):
    """An error of the number-th write of a batch."""
    return {**error, "path": [f"e{number}"]}


def known_to(ledger, url=URL):
    """A ledger's entries by item, of any age."""
    return Ledger(ledger, f"audienceplayer {url} 111", 10_000 * DAY).recent_states(1_800_000_000)


def label(user, number=444):
    return f"product {number} of user {user}"


# --- how many requests ---------------------------------------------------------------------------------------------------


def test_users_are_logged_in_together_and_written_as_soon_as_a_batch_is_full(entitle):
    users = list(range(1, 46))
    first, second, third = users[:20], users[20:40], users[40:]
    held = users[::2]  # 23 of them have it
    lacking = [user for user in users if user not in held]
    calls = [
        *(logins(*first), *reads(*first, held=held)),
        *(logins(*second), *reads(*second, held=held), writes(*lacking[:20])),
        *(logins(*third), *reads(*third, held=held), writes(*lacking[20:])),
    ]
    result = entitle(*calls, entitlements=items_of(*users))

    assert len(calls) == 3 + 45 + 2
    assert result["summary"] == {"total": 45, "changed": 22, "unchanged": 23, "failed": 0}
    assert outcome(result) == ["unchanged", "changed"] * 22 + ["unchanged"]


def test_check_mode_reads_them_alike_and_writes_nothing(entitle):
    users = list(range(1, 26))
    calls = [logins(*users[:20]), *reads(*users[:20]), logins(*users[20:]), *reads(*users[20:])]

    assert entitle(*calls, entitlements=items_of(*users), check_mode=True)["summary"]["changed"] == 25


def test_users_whose_tokens_are_cached_are_not_logged_in_again(entitle):
    entitle(logins(1, 2), *reads(1, 2, held=(1, 2)), entitlements=items_of(1, 2))

    entitle(logins(3, 4), *reads(1, 2, 3, 4, held=(1, 2, 3, 4)), entitlements=items_of(1, 2, 3, 4))


def test_without_reading_nobody_is_logged_in(write):
    users = list(range(1, 46))
    result = write(writes(*users[:20]), writes(*users[20:40]), writes(*users[40:]), entitlements=items_of(*users))

    assert outcome(result) == ["changed"] * 45


@pytest.mark.parametrize("option", ["batch_size", "concurrency"])
def test_batch_size_and_concurrency_must_be_positive(entitle, option):
    assert f"{option} must be 1 or more, not 0" in entitle.fail(entitlements=items_of(1), **{option: 0})["msg"]


# --- logins ----------------------------------------------------------------------------------------------------------------


def test_a_missing_user_among_others_is_found_out_without_another_login(entitle):
    calls = [logins(1, 2, 3, failed={2: NOT_FOUND}), *reads(1, 3), CLIENT_LOGIN, writes(1, 3)]
    result = entitle.attempt(*calls, entitlements=items_of(1, 2, 3))

    assert outcome(result) == ["changed", "failed", "changed"]
    assert "no such user" in result["entitlements"][1]["msg"]


@pytest.mark.parametrize(
    ("answer", "alone"),
    [
        pytest.param(
            {"data": {"u0": logged_in("hush-1"), "u1": None}, "errors": [NOT_FOUND]},
            user_login(2, NOT_FOUND),
            id="an error without a path",
        ),
        pytest.param(
            {"data": {"u0": logged_in("hush-1"), "u1": None}}, user_login(2, NOT_FOUND), id="null without an error"
        ),
        pytest.param({"data": {"u0": logged_in("hush-1")}}, user_login(2, NOT_FOUND), id="left out"),
        pytest.param(
            {"data": {"u0": logged_in("hush-1"), "u1": {"access_token": ""}}}, user_login(2, NOT_FOUND), id="no token"
        ),
    ],
)
def test_a_login_missing_in_the_response_is_repeated_alone(entitle, answer, alone):
    result = entitle.attempt(
        logins(1, 2, **answer), alone, *reads(1), CLIENT_LOGIN, writes(1), entitlements=items_of(1, 2)
    )

    assert outcome(result) == ["changed", "failed"]
    assert "no such user" in result["entitlements"][1]["msg"]


def test_logins_without_data_are_tried_in_halves(entitle):
    def nothing(*users):
        return logins(*users, data=None, errors=[NOT_FOUND])

    calls = [
        nothing(1, 2, 3, 4),
        logins(1, 2),
        nothing(3, 4),
        user_login(3),
        user_login(4, NOT_FOUND),
        *reads(1, 2, 3),
        CLIENT_LOGIN,
        writes(1, 2, 3),
    ]

    assert outcome(entitle.attempt(*calls, entitlements=items_of(1, 2, 3, 4))) == [
        "changed",
        "changed",
        "changed",
        "failed",
    ]


@pytest.mark.parametrize("code", [401, 403])
@pytest.mark.parametrize("status", [200, 401])
def test_refused_logins_without_a_path_end_with_the_clients_own_login(entitle, code, status):
    users = range(1, 46)
    refused = logins(*users[:20], data=None, errors=[{**DENIED, "code": code}], status=status)
    result = entitle.fail(refused, client_login(None, DENIED), entitlements=items_of(*users))

    assert outcome(result) == ["failed"] * 45
    assert result["error_code"] == code
    assert "Wrong client" in result["entitlements"][0]["msg"] and "skipped" in result["entitlements"][44]["msg"]


def test_a_blocked_user_for_whom_all_logins_are_refused_is_reported_from_the_others(entitle):
    def refused(*users):
        return logins(*users, data=None, errors=[DENIED])

    blocked = user_login(1, DENIED)
    calls = [
        refused(1, 2, 3, 4),
        CLIENT_LOGIN,
        refused(1, 2),
        blocked,
        user_login(2),
        logins(3, 4),
        *reads(2, 3, 4),
        writes(2, 3, 4),
    ]

    assert outcome(entitle.attempt(*calls, entitlements=items_of(1, 2, 3, 4))) == [
        "failed",
        "changed",
        "changed",
        "changed",
    ]


@pytest.mark.parametrize("status", [401, 403, 404])
def test_logins_that_are_refused_without_a_graphql_answer_stop_at_once(entitle, status):
    result = entitle.fail(logins(*range(1, 21), answer="", status=status), entitlements=items_of(*range(1, 46)))

    assert outcome(result) == ["failed"] * 45
    assert result["status"] == status


def test_logins_that_meet_an_error_of_the_platform_fail_for_their_users_only(entitle):
    calls = [logins(1, 2, answer="", status=500), logins(3, 4), *reads(3, 4), writes(3, 4)]
    result = entitle.attempt(*calls, entitlements=items_of(1, 2, 3, 4), batch_size=2, retries=0)

    assert outcome(result) == ["failed", "failed", "changed", "changed"]


def test_a_wrong_project_is_found_out_once(entitle):
    missing = {"message": "Project not found", "code": 404}
    result = entitle.fail(
        logins(1, 2, failed=dict.fromkeys((1, 2), missing)),
        client_login(None, missing),
        entitlements=items_of(1, 2, 3, 4),
        batch_size=2,
    )

    assert outcome(result) == ["failed"] * 4
    assert result["error_code"] == 404 and "project_id" in result["msg"]


def test_a_token_that_lives_too_short_is_one_users_failure(entitle):
    answer = {"u0": logged_in("hush-1", expires_in=30), "u1": logged_in("hush-2")}
    calls = [logins(1, 2, data=answer), *reads(2), user_login(3), *reads(3), writes(2, 3)]
    result = entitle.attempt(*calls, entitlements=items_of(1, 2, 3), batch_size=2)

    assert outcome(result) == ["failed", "changed", "changed"]
    assert "min_ttl" in result["entitlements"][0]["msg"]


def test_tokens_that_all_live_too_short_stop_everything(entitle):
    answer = {f"u{number}": logged_in(f"hush-{number}", expires_in=30) for number in range(2)}
    result = entitle.fail(logins(1, 2, data=answer), entitlements=items_of(1, 2, 3), batch_size=2)

    assert outcome(result) == ["failed"] * 3
    assert "min_ttl" in result["msg"] and "skipped" in result["entitlements"][2]["msg"]


# --- writes ----------------------------------------------------------------------------------------------------------------


def test_errors_with_paths_cost_no_further_write(write):
    data = {f"e{number}": None if number in (3, 7) else True for number in range(20)}
    result = write.attempt(
        writes(*range(20), data=data, errors=[at(3, REFUSED), at(7, FORBIDDEN)]), entitlements=items_of(*range(20))
    )

    assert [number for number, became in enumerate(outcome(result)) if became == "failed"] == [3, 7]
    assert [result["entitlements"][number]["error_code"] for number in (3, 7)] == [400, 403]


def test_items_left_unclear_by_an_error_without_a_path_are_repeated_together_then_in_halves(write):
    data = {f"e{number}": None if number >= 16 else True for number in range(20)}
    none = {"data": dict.fromkeys(("e0", "e1", "e2", "e3")), "errors": [REFUSED]}
    calls = [
        writes(*range(20), data=data, errors=[REFUSED]),
        writes(16, 17, 18, 19, **none),
        writes(16, 17),
        writes(18, 19, data=None, errors=[REFUSED]),
        writes(18),
        writes(19, data=None, errors=[REFUSED]),
    ]

    assert outcome(write.attempt(*calls, entitlements=items_of(*range(20)))) == ["changed"] * 19 + ["failed"]


def test_items_missing_in_a_response_with_an_error_with_a_path_are_repeated(write):
    result = write.attempt(
        writes(1, 2, 3, data={"e0": True}, errors=[at(1, REFUSED)]), writes(3), entitlements=items_of(1, 2, 3)
    )

    assert outcome(result) == ["changed", "failed", "changed"]


def test_the_first_of_two_errors_of_an_item_is_reported(write):
    errors = [at(1, REFUSED), at(1, {"message": "Another", "code": 409})]

    assert (
        write.attempt(writes(1, 2, data={"e0": True, "e1": None}, errors=errors), entitlements=items_of(1, 2))[
            "error_code"
        ]
        == 400
    )


@pytest.mark.parametrize(
    "errors", [[DENIED], [at(number, DENIED) for number in range(20)]], ids=["once", "for each item"]
)
def test_wrong_credentials_stop_the_writes_once_the_client_cannot_log_in_either(write, errors):
    result = write.fail(
        writes(*range(20), data=None, errors=errors), client_login(None, DENIED), entitlements=items_of(*range(45))
    )

    assert outcome(result) == ["failed"] * 45
    assert result["error_code"] == 401 and "Wrong client" in result["msg"]
    assert sum("skipped" in item["msg"] for item in result["entitlements"]) == 25


@pytest.mark.parametrize("error", [DENIED, FORBIDDEN], ids=["401", "403"])
def test_a_refused_first_item_stops_no_other_if_the_client_can_log_in(write, error):
    calls = [writes(1, data=None, errors=[error]), CLIENT_LOGIN, writes(2, data=None, errors=[error]), writes(3)]

    assert outcome(write.attempt(*calls, entitlements=items_of(1, 2, 3), batch_size=1)) == [
        "failed",
        "failed",
        "changed",
    ]


@pytest.mark.parametrize("error", [DENIED, FORBIDDEN], ids=["401", "403"])
def test_one_refusal_that_takes_all_data_with_it_is_one_items_own(write, error):
    calls = [writes(1, 2, 3, data=None, errors=[at(0, error)]), CLIENT_LOGIN, writes(2, 3)]

    assert outcome(write.attempt(*calls, entitlements=items_of(1, 2, 3))) == ["failed", "changed", "changed"]


def test_a_user_who_must_not_be_read_stops_no_other_if_the_client_can_log_in(entitle):
    forbidden = graphql(pages(), None, FORBIDDEN, token="hush-1")
    calls = [user_login(1), forbidden, CLIENT_LOGIN, user_login(2), *reads(2, held=[2])]

    assert outcome(entitle.attempt(*calls, entitlements=items_of(1, 2), batch_size=1)) == ["failed", "unchanged"]


LIMITED = {"message": "Too many attempts", "code": 429}


@pytest.fixture
def counted(tmp_path, monkeypatch):
    """Returns the statistics of the tasks so far."""
    path = tmp_path / "statistics.jsonl"
    path.touch()
    monkeypatch.setattr(_statistics, "_file", str(path))
    return lambda: _statistics.read_totals(str(path))["audienceplayer"]


@pytest.mark.parametrize("status", [200, 429])
def test_after_a_partial_rate_limit_only_the_rest_is_repeated(status, write, counted, clock):
    part = writes(
        1,
        2,
        3,
        data={"e0": True, "e1": None, "e2": True},
        errors=[at(1, LIMITED)],
        status=status,
        answer_headers={"Retry-After": "7"},
    )
    started = clock.now()
    result = write(part, writes(2), entitlements=items_of(1, 2, 3))

    assert outcome(result) == ["changed"] * 3
    assert clock.now() - started >= 7
    assert result["warnings"] == [
        "the platform counts each field of a request towards its rate limit: set rate_limit_counts to field"
    ]
    assert (counted()["requests"], counted()["responses_429"]) == (2, 1)


def test_writes_that_are_sent_again_after_an_unknown_outcome_count_as_a_repeat(entitle, counted):
    lost = writes(1, 2, answer="", status=502)
    calls = [logins(1, 2), *reads(1, 2), lost, *reads(1, held=[1]), *reads(2), writes(2)]

    assert outcome(entitle(*calls, entitlements=items_of(1, 2))) == ["changed"] * 2
    assert counted()["repeats"] == 1


def test_once_a_platform_has_shown_that_it_counts_writes_they_travel_in_smaller_batches(write):
    part = writes(1, 2, 3, 4, data={f"e{n}": n < 2 or None for n in range(4)}, errors=[at(n, LIMITED) for n in (2, 3)])
    calls = [part, writes(3, 4), writes(5, 6), writes(7, 8)]

    assert (
        outcome(write(*calls, entitlements=items_of(*range(1, 9)), batch_size=4, rate_limit="2/second"))
        == ["changed"] * 8
    )


def test_a_query_that_a_limit_let_pass_in_part_is_sent_again_as_a_whole(entitle):
    part = graphql(
        pages(),
        {"UserProductList": {"items": []}, "UserSubscriptionList": None},
        {**LIMITED, "path": ["UserSubscriptionList"]},
        token="hush-1",
    )

    assert outcome(entitle(user_login(1), part, *reads(1, held=[1]), entitlements=items_of(1))) == ["unchanged"]


def test_a_limit_that_lasts_too_long_fails_those_that_it_keeps_out(write):
    part = writes(1, 2, data={"e0": True, "e1": None}, errors=[at(1, LIMITED)], answer_headers={"Retry-After": "999"})
    result = write.attempt(part, entitlements=items_of(1, 2, 3), batch_size=2)

    assert outcome(result) == ["changed", "failed", "failed"]
    assert "max_wait" in result["entitlements"][1]["msg"] and "skipped" in result["entitlements"][2]["msg"]


def test_tokens_that_come_beside_a_limit_are_kept_and_further_logins_go_by_fields(entitle):
    part = logins(
        1,
        2,
        3,
        4,
        data={"u0": logged_in("hush-1"), "u1": logged_in("hush-2")},
        errors=[{**LIMITED, "path": [f"u{n}"]} for n in (2, 3)],
    )
    calls = [
        part,
        logins(3, 4),
        *reads(1, 2, 3, 4, held=[1, 2, 3, 4]),
        logins(5, 6),
        logins(7, 8),
        *reads(5, 6, 7, 8, held=[5, 6, 7, 8]),
    ]

    assert (
        outcome(entitle(*calls, entitlements=items_of(*range(1, 9)), batch_size=4, auth_rate_limit="2/second"))
        == ["unchanged"] * 8
    )


@pytest.mark.parametrize("single", [True, False], ids=["one", "a list"])
def test_a_missing_entitlement_or_user_has_nothing_to_revoke(write, single):
    gone = {"message": "User not found", "code": 404}
    if single:
        assert (
            write(writes(1, action="revoke", data=None, errors=[gone]), CLIENT_LOGIN, **items_of(1, state="absent")[0])[
                "changed"
            ]
            is False
        )
        return
    result = write(
        writes(1, 2, action="revoke", data={"e0": None, "e1": True}, errors=[at(0, gone)]),
        CLIENT_LOGIN,
        entitlements=items_of(1, 2, state="absent"),
    )

    assert outcome(result) == ["unchanged", "changed"]


def test_a_missing_user_is_an_error_if_the_project_is_missing(write):
    gone = {"message": "Project not found", "code": 404}
    calls = [writes(1, action="revoke", data=None, errors=[gone]), client_login(None, gone)]

    assert "project_id" in write.fail(*calls, **items_of(1, state="absent")[0])["msg"]


@pytest.mark.parametrize("error", [DENIED, FORBIDDEN])
def test_a_refusal_after_a_success_stops_nothing(write, error):
    calls = [writes(1), writes(2, data=None, errors=[error]), writes(3)]

    assert outcome(write.attempt(*calls, entitlements=items_of(1, 2, 3), batch_size=1)) == [
        "changed",
        "failed",
        "changed",
    ]


def test_a_user_who_must_not_be_read_after_others_were_stops_nothing(entitle):
    forbidden = graphql(pages(), None, FORBIDDEN, token="hush-2")
    calls = [user_login(1), *reads(1, held=[1]), user_login(2), forbidden, user_login(3), *reads(3, held=[3])]

    assert outcome(entitle.attempt(*calls, entitlements=items_of(1, 2, 3), batch_size=1)) == [
        "unchanged",
        "failed",
        "unchanged",
    ]


def test_a_platform_that_goes_away_is_not_tried_for_the_rest(write):
    result = write.attempt(
        writes(1, 2), writes(3, 4, answer=NO_ANSWER), entitlements=items_of(*range(1, 8)), batch_size=2, retries=0
    )

    assert outcome(result) == ["changed"] * 2 + ["failed"] * 5
    assert ["skipped" in item.get("msg", "") for item in result["entitlements"]] == [False] * 4 + [True] * 3


def test_failures_are_resolved_by_reading_even_if_the_next_read_fails(entitle):
    lost = writes(1, 2, answer="", status=502)
    calls = [logins(1, 2), *reads(1, 2), lost, *reads(1, held=[1]), graphql(pages(), None, FORBIDDEN, token="hush-2")]

    assert outcome(entitle.attempt(*calls, entitlements=items_of(1, 2), retries=0)) == ["changed", "failed"]


def test_failures_are_resolved_with_one_read_of_each_user(entitle):
    items = [*items_of(1, 2), {"user_id": 1, "product_id": 445}]
    lost = written(
        product_mutation(user=1), product_mutation(445, user=1), product_mutation(user=2), answer="", status=500
    )
    settled = [holdings(product(444), product(445), user=1), holdings(user=2)]
    result = entitle.attempt(logins(1, 2), *reads(1, 2), lost, *settled, entitlements=items, retries=0)

    assert outcome(result) == ["changed", "failed", "changed"]


# --- the ledger ------------------------------------------------------------------------------------------------------------


def test_a_second_run_sends_nothing(entitle, ledger):
    calls = [logins(1, 2, 3), *reads(1, 2, 3, held=[2]), writes(1, 3)]
    entitle(*calls, entitlements=items_of(1, 2, 3), ledger=ledger)
    result = entitle(entitlements=items_of(1, 2, 3), ledger=ledger)

    assert outcome(result) == ["unchanged"] * 3
    assert result["summary"] == {"total": 3, "changed": 0, "unchanged": 3, "failed": 0}
    assert stat.S_IMODE(pathlib.Path(ledger).stat().st_mode) == 0o600


def test_only_changed_items_are_sent(write, entitle, ledger):
    users = list(range(1, 46))
    write(*[writes(*users[start : start + 20]) for start in (0, 20, 40)], entitlements=items_of(*users), ledger=ledger)
    items = [{**item, "state": "absent" if item["user_id"] in (7, 31) else "present"} for item in items_of(*users)]
    result = entitle(
        logins(7, 31), *reads(7, 31, held=[7, 31]), writes(7, 31, action="revoke"), entitlements=items, ledger=ledger
    )

    assert result["summary"] == {"total": 45, "changed": 2, "unchanged": 43, "failed": 0}
    assert result["diff"]["after"] == {label(7): "absent", label(31): "absent"}


def test_without_reading_recorded_items_are_not_written_again(write, ledger):
    write(writes(1), entitlements=items_of(1), ledger=ledger)

    assert outcome(write(writes(2), entitlements=items_of(1, 2), ledger=ledger)) == ["unchanged", "changed"]


def test_without_reading_the_other_items_of_a_user_are_not_written_again_either(write, ledger):
    write(writes(1), entitlements=items_of(1), ledger=ledger)
    items = [*items_of(1), {"user_id": 1, "product_id": 445}]

    assert outcome(write(written(product_mutation(445, user=1)), entitlements=items, ledger=ledger)) == [
        "unchanged",
        "changed",
    ]


def test_old_ledger_entries_are_read_again(write, entitle, ledger, clock):
    write(writes(1), entitlements=items_of(1), ledger=ledger)
    clock.time += DAY

    assert outcome(entitle(entitlements=items_of(1), ledger=ledger, ledger_max_age=DAY + 1)) == ["unchanged"]
    assert outcome(
        entitle(user_login(1), *reads(1), writes(1), entitlements=items_of(1), ledger=ledger, ledger_max_age=DAY)
    ) == ["changed"]
    assert outcome(entitle(entitlements=items_of(1), ledger=ledger, ledger_max_age=DAY)) == ["unchanged"]


def test_the_default_ledger_age_is_a_week(write, entitle, ledger, clock):
    write(writes(1), entitlements=items_of(1), ledger=ledger)
    clock.time += 7 * DAY - 1

    assert outcome(entitle(entitlements=items_of(1), ledger=ledger)) == ["unchanged"]
    clock.time += 1
    assert outcome(entitle(user_login(1), *reads(1, held=[1]), entitlements=items_of(1), ledger=ledger)) == [
        "unchanged"
    ]


def test_a_ledger_is_for_one_project_of_one_platform(write, ledger):
    Ledger(ledger, f"audienceplayer {URL} 112", DAY).record({label(1): "present"}, 1_800_000_000)
    Ledger(ledger, "audienceplayer https://other.example.com 111", DAY).record({label(1): "present"}, 1_800_000_000)

    assert outcome(write(writes(1), entitlements=items_of(1), ledger=ledger)) == ["changed"]


def test_a_read_state_takes_precedence_over_the_ledger(entitle, ledger):
    entitle(user_login(1), *reads(1, held=[1]), entitlements=items_of(1), ledger=ledger)
    items = [*items_of(1), {"user_id": 1, "product_id": 445}]
    mutations = written(product_mutation(444, user=1), product_mutation(445, user=1))
    result = entitle(*reads(1), mutations, entitlements=items, ledger=ledger)

    assert outcome(result) == ["changed", "changed"]


def test_an_item_with_a_new_desired_state_is_read_and_recorded(entitle, ledger):
    entitle(user_login(1), *reads(1, held=[1]), entitlements=items_of(1), ledger=ledger)

    assert outcome(entitle(*reads(1), entitlements=items_of(1, state="absent"), ledger=ledger)) == ["unchanged"]
    assert known_to(ledger) == {label(1): "absent"}


def test_an_entry_is_forgotten_before_its_write_is_sent(write, ledger, tmp_path):
    write(writes(1, 2), entitlements=items_of(1, 2), ledger=ledger)
    options = {
        **CONNECTION,
        "rate_limit": "none",
        "read_before_write": False,
        "entitlements": items_of(1, state="absent"),
        "ledger": ledger,
    }
    with exchange(writes(1, action="revoke", answer=RuntimeError("power failure"))):
        result = audienceplayer_entitlement.MODULE.run(options, name="entitle", ansible_home=str(tmp_path))

    assert result["failed"] is True
    assert known_to(ledger) == {label(2): "present"}


def test_failed_items_are_not_recorded(write, ledger):
    result = write.attempt(
        writes(1, 2, data={"e0": True, "e1": None}, errors=[at(1, REFUSED)]), entitlements=items_of(1, 2), ledger=ledger
    )

    assert outcome(result) == ["changed", "failed"]
    assert known_to(ledger) == {label(1): "present"}


def test_a_user_who_cannot_be_read_is_not_recorded(entitle, ledger):
    calls = [logins(1, 2, failed={2: REFUSED}), *reads(1, held=[1])]

    assert outcome(entitle.attempt(*calls, entitlements=items_of(1, 2), ledger=ledger)) == ["unchanged", "failed"]
    assert known_to(ledger) == {label(1): "present"}


def test_the_work_of_an_interrupted_run_is_not_repeated(write, ledger, tmp_path):
    options = {
        **CONNECTION,
        "rate_limit": "none",
        "read_before_write": False,
        "batch_size": 2,
        "concurrency": 1,
        "ledger": ledger,
    }
    with exchange(writes(1, 2), writes(3, 4, answer=RuntimeError("power failure"))):
        audienceplayer_entitlement.MODULE.run(
            {**options, "entitlements": items_of(1, 2, 3, 4)}, name="entitle", ansible_home=str(tmp_path)
        )

    assert (
        outcome(write(writes(3, 4), entitlements=items_of(1, 2, 3, 4), ledger=ledger))
        == ["unchanged"] * 2 + ["changed"] * 2
    )


def test_check_mode_makes_no_ledger(entitle, ledger):
    assert (
        entitle(user_login(1), *reads(1, held=[1]), entitlements=items_of(1), ledger=ledger, check_mode=True)["changed"]
        is False
    )
    assert not pathlib.Path(ledger).exists()


def test_check_mode_uses_a_ledger_and_writes_nothing_to_it(write, entitle, ledger):
    write(writes(1), entitlements=items_of(1), ledger=ledger)
    before = pathlib.Path(ledger).read_bytes()
    result = entitle(user_login(2), *reads(2, held=[2]), entitlements=items_of(1, 2), ledger=ledger, check_mode=True)

    assert outcome(result) == ["unchanged", "unchanged"]
    assert pathlib.Path(ledger).read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"user_id,product_id\n", b"SQLite format 3\0broken"], ids=["text", "a broken database"]
)
def test_a_file_that_is_not_a_ledger_is_kept_and_nothing_is_sent(entitle, ledger, content):
    pathlib.Path(ledger).write_bytes(content * 100)
    result = entitle.fail(entitlements=items_of(1), ledger=ledger)

    assert ledger in result["msg"]
    assert pathlib.Path(ledger).read_bytes() == content * 100


def test_a_ledger_that_cannot_be_written_hides_no_change(write, ledger, monkeypatch):
    noted = Ledger.record

    def fails_the_second_time(self, states, now):
        monkeypatch.setattr(Ledger, "record", full)
        noted(self, states, now)

    def full(self, states, now):
        raise AccessError("ledger: the disk is full")

    monkeypatch.setattr(Ledger, "record", fails_the_second_time)
    result = write.attempt(writes(1), writes(2), entitlements=items_of(1, 2, 3), ledger=ledger, batch_size=1)

    assert (result["failed"], result["changed"]) == (True, True)
    assert "disk is full" in result["msg"]


# --- files -----------------------------------------------------------------------------------------------------------------

CSV = "user_id,product_id,state\n1,444,present\n2,444,\n3,444,absent\n"
ROWS = [
    {"user_id": 1, "product_id": 444, "state": "present"},
    {"user_id": 2, "product_id": 444},
    {"user_id": "3", "product_id": 444, "state": "absent"},
]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("e.csv", CSV),
        ("e.csv", CSV.replace(",", ";")),
        ("e.json", json.dumps(ROWS)),
        ("e.jsonl", "\n".join(map(json.dumps, ROWS))),
        ("e.ndjson", "\n".join(map(json.dumps, ROWS))),
        (
            "e.yml",
            "- {user_id: 1, product_id: 444}\n- {user_id: 2, product_id: 444}\n- {user_id: 3, product_id: 444, state: absent}\n",
        ),
    ],
)
def test_items_of_a_file_are_applied_and_successful_ones_are_not_listed(entitle, file, name, content):
    result = entitle(logins(1, 2, 3), *reads(1, 2, 3, held=[1]), writes(2), entitlements_file=file(name, content))

    assert result["entitlements"] == []
    assert result["summary"] == {"total": 3, "changed": 1, "unchanged": 2, "failed": 0}
    assert result["diff"] == {"before": {label(2): "absent"}, "after": {label(2): "present"}}


def test_items_of_a_list_come_before_those_of_a_file_and_are_all_listed(write, file):
    answer = {"data": {"e0": True, "e1": True, "e2": None}, "errors": [at(2, REFUSED)]}
    path = file("e.csv", "user_id,product_id\n2,444\n\n3,444\n")
    result = write.attempt(writes(1, 2, 3, **answer), entitlements=items_of(1), entitlements_file=path)

    assert outcome(result) == ["changed", "failed"]
    assert [item["user_id"] for item in result["entitlements"]] == [1, 3]
    assert result["entitlements"][1]["msg"].startswith(f"{path}:4: product 444 of user 3: ")
    assert f"1 of 3 entitlements failed: {path}:4: product 444 of user 3: " in result["msg"]


def test_every_bad_row_is_named_with_its_line_before_anything_is_sent(entitle, file):
    rows = [f"{user},{'x' if user % 2 else 444}" for user in range(1, 25)]
    path = file("e.csv", "\n".join(["user_id,product_id", *rows]))
    result = entitle.fail(entitlements_file=path)

    assert [
        int(line) for line in re.findall(rf"{re.escape(path)}:(\d+): product_id: 'x' is not an id", result["msg"])
    ] == list(range(2, 26, 2))
    assert "more)" not in result["msg"]


def test_of_very_many_bad_rows_a_hundred_are_named(entitle, file):
    result = entitle.fail(entitlements_file=file("e.csv", "user_id\n" + "1\n" * 103))

    assert result["msg"].count("e.csv:") == 100
    assert "3 more" in result["msg"]


@pytest.mark.parametrize(
    ("listed", "rows", "words"),
    [
        pytest.param(
            None,
            "1,444,present\n2,444,\n1,444,absent\n",
            ["e.csv:4: conflicts with ", "e.csv:2: product 444 of user 1 is present there and absent here"],
            id="file",
        ),
        pytest.param(
            [{"user_id": 1, "product_id": 444}],
            "1,444,absent\n",
            ["e.csv:2: conflicts with entitlements[0]: product"],
            id="a list and a file",
        ),
    ],
)
def test_conflicts_are_reported_before_anything_is_sent(entitle, file, listed, rows, words):
    result = entitle.fail(entitlements=listed, entitlements_file=file("e.csv", "user_id,product_id,state\n" + rows))

    for word in words:
        assert word in result["msg"]


def test_duplicate_rows_are_applied_once_with_a_warning(write, file):
    path = file("e.csv", "user_id,product_id\n1,444\n2,444\n1,444\n")
    result = write(writes(1, 2), entitlements_file=path)

    assert result["summary"] == {"total": 3, "changed": 2, "unchanged": 1, "failed": 0}
    assert result["warnings"] == [f"duplicate entitlements: {path}:4 repeats {path}:2"]


def test_a_row_that_repeats_an_item_of_the_list_causes_a_warning(write, file):
    path = file("e.csv", "user_id,product_id\n1,444\n")

    assert (
        f"{path}:2 repeats entitlements[0]"
        in write(writes(1), entitlements=items_of(1), entitlements_file=path)["warnings"][0]
    )


def test_a_list_may_repeat_itself_without_a_warning(write):
    assert "warnings" not in write(writes(1), entitlements=items_of(1, 1))


def test_a_repeated_row_fails_with_the_first(write, file):
    path = file("e.csv", "user_id,product_id\n1,444\n1,444\n")
    result = write.fail(writes(1, data={"e0": None}, errors=[REFUSED]), entitlements_file=path)

    assert result["summary"] == {"total": 2, "changed": 0, "unchanged": 0, "failed": 2}
    assert len(result["entitlements"]) == 2


@pytest.mark.parametrize("option", ["user_id", "state"])
def test_an_item_beside_a_file_is_refused(entitle, file, option):
    value = {"user_id": 1, "state": "absent"}[option]

    assert (
        f"{option} cannot be given beside entitlements_file"
        in entitle.fail(entitlements_file=file("e.csv", CSV), **{option: value})["msg"]
    )


@pytest.mark.parametrize(("name", "content"), [("e.csv", "user_id,product_id\n"), ("e.json", "[]"), ("e.yml", "[]")])
def test_a_file_without_rows_causes_a_warning(entitle, file, name, content):
    path = file(name, content)
    result = entitle(entitlements_file=path)

    assert result["summary"]["total"] == 0
    assert result["warnings"] == [f"{path} contains no items"]


def test_an_empty_list_causes_no_warning(entitle):
    assert "warnings" not in entitle(entitlements=[])


@pytest.mark.parametrize("name", ["e.csv", "e.json", "e.jsonl", "e.yml"])
def test_an_empty_file_is_a_failure(entitle, file, name):
    path = file(name, "\n")

    assert f"{path} is empty" in entitle.fail(entitlements_file=path)["msg"]


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("e.csv", "user_email,product_id\n1,444\n", "e.csv:2"),
        ("e.json", '[{"user_email": "1", "product_id": 444}]', "e.json[0]"),
        ("e.jsonl", '\n{"user_email": "1", "product_id": 444}', "e.jsonl:2"),
        ("e.yml", "# one\n- user_email: 1\n  product_id: 444\n", "e.yml:2"),
    ],
)
def test_a_file_below_the_working_directory_is_named_as_the_documentation_promises(
    entitle, file, tmp_path, monkeypatch, name, content, place
):
    monkeypatch.chdir(tmp_path)

    assert (
        entitle.fail(entitlements_file=file(name, content))["msg"]
        == f"AudiencePlayer: {place}: user_email: '1' is not an e-mail address: it has no @"
    )


def test_an_unknown_column_is_reported_once(entitle, file):
    path = file("e.csv", "user_email,product\n" + "a@b.c,444\n" * 50)
    columns = "product_id, subscription_id, user_id, user_email, auto_register, expires_at, forwarded_for, state"

    assert (
        entitle.fail(entitlements_file=path)["msg"]
        == f"AudiencePlayer: {path}:1: unknown column 'product'; valid columns: {columns}"
    )


# --- rejects -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def rejects(tmp_path):
    return tmp_path / "rejects.csv"


def refused(*numbers, of):
    """The response to a batch of so many writes, these of which failed."""
    data = {f"e{number}": None if number in numbers else True for number in range(of)}
    return {"data": data, "errors": [at(number, REFUSED) for number in numbers]}


def test_failed_rows_are_written_with_their_reasons_and_can_be_applied_again(write, file, rejects):
    path = file("e.csv", "user_id;product_id\r\n1;444\r\n 2 ;444\r\n3;444\r\n")
    result = write.fail_after_a_change(
        writes(1, 2, 3, **refused(1, 2, of=3)), entitlements_file=path, rejects_file=str(rejects)
    )

    reason = "the platform returned error 400: Not for sale"
    assert rejects.read_bytes().decode() == (f"user_id;product_id;reason\r\n 2 ;444;{reason}\r\n3;444;{reason}\r\n")
    assert result["msg"] == (
        f"AudiencePlayer: 2 of 3 entitlements failed: {path}:3: product 444 of user 2: {reason}; "
        f"{path}:4: product 444 of user 3: {reason}. The failed rows are in {rejects}"
    )
    again = write(writes(2, 3), entitlements_file=str(rejects), rejects_file=f"{rejects.parent}/more.csv")
    assert again["summary"] == {"total": 2, "changed": 2, "unchanged": 0, "failed": 0}
    assert not (rejects.parent / "more.csv").exists()


def test_ten_failed_rows_are_named_and_the_others_counted(write, file):
    path = file("e.csv", "user_id,product_id\n" + "".join(f"{user},444\n" for user in range(1, 15)))
    result = write.fail_after_a_change(writes(*range(1, 15), **refused(*range(1, 14), of=14)), entitlements_file=path)

    assert re.findall(r"e.csv:(\d+): ", result["msg"]) == [str(line) for line in range(3, 13)]
    assert "13 of 14 entitlements failed" in result["msg"] and result["msg"].endswith(" (and 3 more)")


def test_rows_that_were_skipped_are_rejected_too(write, file, rejects):
    path = file("e.csv", "user_id,product_id\n1,444\n2,444\n3,444\n")
    calls = [writes(1), writes(2, answer=NO_ANSWER)]
    write.fail_after_a_change(*calls, entitlements_file=path, rejects_file=str(rejects), batch_size=1, retries=0)
    rows = rejects.read_text().splitlines()

    assert [row.partition(",")[0] for row in rows] == ["user_id", "2", "3"]
    assert "skipped, because an earlier item failed" in rows[2]


def test_a_long_reason_is_given_once(write, file):
    path = file("e.csv", "user_id,product_id\n" + "".join(f"{user},444\n" for user in range(1, 5)))
    result = write.fail(writes(1, answer=NO_ANSWER), entitlements_file=path, batch_size=1, retries=0)

    assert result["msg"].count("skipped, because an earlier item failed") == 1
    assert result["msg"].endswith(f"{path}:4: {label(3)}: the same error; {path}:5: {label(4)}: the same error")
    assert all("skipped" in item["msg"] for item in result["entitlements"][1:])


def test_a_repeated_row_is_rejected_with_the_first(write, file, rejects):
    path = file("e.csv", "user_id,product_id\n1,444\n1,444\n")
    result = write.fail(writes(1, **refused(0, of=1)), entitlements_file=path, rejects_file=str(rejects))

    assert len(rejects.read_text().splitlines()) == 3
    assert f"{path}:2: " in result["msg"] and f"{path}:3: " in result["msg"]


def test_a_run_without_failed_rows_removes_an_old_file_even_if_an_item_of_the_list_failed(write, file, rejects):
    path = file("e.csv", "user_id,product_id\n2,444\n")
    rejects.write_text("old")
    result = write.attempt(
        writes(1, 2, **refused(0, of=2)), entitlements=items_of(1), entitlements_file=path, rejects_file=str(rejects)
    )

    assert outcome(result) == ["failed"]
    assert not rejects.exists() and "rows" not in result["msg"]


def test_a_run_that_the_ledger_spares_rejects_what_is_still_not_applied(write, file, rejects, ledger):
    path = file("e.csv", "user_id,product_id\n1,444\n2,444\n")
    options = {"entitlements_file": path, "rejects_file": str(rejects), "ledger": ledger}
    write.fail_after_a_change(writes(1, 2, **refused(1, of=2)), **options)
    first = rejects.read_bytes()
    write.fail(writes(2, **refused(0, of=1)), **options)

    assert rejects.read_bytes() == first
    assert write(writes(2), **options)["summary"]["unchanged"] == 1
    assert not rejects.exists()


@pytest.mark.parametrize("batch_size", [1, 2])
def test_a_run_that_the_ledger_aborts_rejects_the_rows_that_were_not_applied(
    write, file, rejects, ledger, monkeypatch, batch_size
):
    def full(self, states, now):
        raise AccessError("ledger: the disk is full")

    monkeypatch.setattr(Ledger, "record", full)
    rejects.write_text("old")
    path = file("e.csv", "user_id,product_id\n1,444\n2,444\n3,444\n3,444\n")
    users = range(1, batch_size + 1)
    result = write.attempt(
        writes(*users), entitlements_file=path, rejects_file=str(rejects), ledger=ledger, batch_size=batch_size
    )

    reason = "ledger: the disk is full"
    rows = [f"{user},444,{reason}" for user in (1, 2, 3, 3) if user not in users]
    assert rejects.read_text().splitlines() == ["user_id,product_id,reason", *rows]
    assert (result["failed"], result["changed"]) == (True, True)
    assert result["msg"].endswith(f"{reason}. The failed rows are in {rejects}")


def test_an_aborted_run_does_not_reject_rows_that_were_found_to_be_applied(entitle, file, rejects, ledger, monkeypatch):
    def full(self, states, now):
        raise AccessError("ledger: the disk is full")

    monkeypatch.setattr(Ledger, "record", full)
    path = file("e.csv", "user_id,product_id\n1,444\n2,444\n")
    options = {"entitlements_file": path, "rejects_file": str(rejects), "ledger": ledger, "batch_size": 1}
    entitle.fail(user_login(1), holdings(product(444), user=1), **options)

    assert rejects.read_text().splitlines()[1:] == ["2,444,ledger: the disk is full"]


def test_check_mode_neither_writes_nor_removes_rejects(entitle, file, rejects):
    path = file("e.csv", "user_id,product_id\n1,444\n")
    options = {"entitlements_file": path, "rejects_file": str(rejects), "check_mode": True}
    result = entitle.fail(user_login(1, NOT_FOUND), CLIENT_LOGIN, **options)
    assert "rejects" not in result["msg"] and not rejects.exists()
    rejects.write_text("old")
    entitle(user_login(1), *reads(1), **options)

    assert rejects.read_text() == "old"


@pytest.mark.parametrize("check_mode", [False, True])
def test_rejects_that_cannot_be_written_are_an_error_before_anything_is_sent(entitle, file, rejects, check_mode):
    rejects.mkdir()
    result = entitle.fail(
        entitlements_file=file("e.csv", "user_id,product_id\n1,444\n"), rejects_file=str(rejects), check_mode=check_mode
    )

    assert result["msg"] == (
        f"AudiencePlayer: rejects_file: {rejects} is a directory, not a regular file. Set rejects_file to another path"
    )


@pytest.mark.parametrize("option", ["entitlements_file", "ledger"])
def test_rejects_never_replace_another_file_of_the_task(entitle, file, tmp_path, option):
    path = file("e.csv", "user_id,product_id\n1,444\n")
    options = {"entitlements_file": path, "ledger": str(tmp_path / "ledger.csv")}
    result = entitle.fail(**options, rejects_file=options[option])

    assert f"rejects_file: {options[option]} is the same file as {options[option]}" in result["msg"]


def test_rejects_require_a_file(entitle, rejects):
    result = entitle.fail(entitlements=items_of(1), rejects_file=str(rejects))

    assert "rejects_file" in result["msg"] and "entitlements_file" in result["msg"]


@pytest.mark.parametrize("fails", [True, False])
def test_rejects_that_cannot_be_written_in_the_end_hide_no_outcome(write, file, rejects, monkeypatch, fails):
    def full(self, reasons):
        raise AccessError("rejects_file: the disk is full")

    monkeypatch.setattr(Rejects, "write", full)
    path = file("e.csv", "user_id,product_id\n1,444\n2,444\n")
    answer = refused(*[1] * fails, of=2) if fails else {}
    result = write.fail_after_a_change(writes(1, 2, **answer), entitlements_file=path, rejects_file=str(rejects))

    assert result["msg"].endswith("rejects_file: the disk is full")
    assert ("1 of 2 entitlements failed: " in result["msg"]) is fails
    assert result["summary"] == {"total": 2, "changed": 2 - fails, "unchanged": 0, "failed": int(fails)}


def test_no_secret_that_the_platform_repeats_is_in_the_rejects(entitle, file, rejects):
    path = file("e.csv", "user_id,product_id\n1,444\n2,444\n3,444\n")
    echo = {"message": "Wrong secret hush-client", "code": 400}
    missing = {**NOT_FOUND, "message": "No user for hush-client"}
    calls = [
        logins(1, 2, 3, failed={2: missing, 3: echo}),
        *reads(1),
        CLIENT_LOGIN,
        writes(1, data={"e0": None}, errors=[at(0, echo)]),
        *reads(1),
    ]
    entitle.fail(*calls, entitlements_file=path, rejects_file=str(rejects))

    assert len(rejects.read_text().splitlines()) == 4
    assert "hush" not in rejects.read_text()


@pytest.mark.parametrize("name", ["e.csv", "e.json", "e.jsonl", "e.yml"])
def test_a_column_with_reasons_is_ignored(write, file, name):
    rows = [{"user_id": 1, "product_id": 444, "reason": "the platform was away"}]
    content = {"e.csv": "user_id,reason,product_id\n1,away,444\n", "e.jsonl": json.dumps(rows[0])}

    assert write(writes(1), entitlements_file=file(name, content.get(name, json.dumps(rows))))["changed"] is True


def test_a_reason_is_no_option_of_a_list(write):
    assert "reason" in write.fail(entitlements=items_of(1, reason="away"))["msg"]


# --- values as spreadsheets and YAML make them -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("e.csv", "user_id,product_id\n{},444\n"),
        ("e.csv", "sep=;\nuser_id;product_id\n{};444\n"),
        ("e.json", '[{{"user_id": {}, "product_id": 444}}]'),
        ("e.jsonl", '{{"user_id": {}, "product_id": 444}}'),
        ("e.yml", "- {{user_id: {}, product_id: 444}}"),
    ],
)
@pytest.mark.parametrize("number", ["1e3", "1.00E+03", "1000.0", "-1000"])
def test_a_rounded_number_is_not_a_user_id(entitle, file, name, form, number):
    message = entitle.fail(entitlements_file=file(name, form.format(number)), read_before_write=False)["msg"]

    assert "user_id: " in message and "is not an id. Give it in plain digits" in message


@pytest.mark.parametrize("number", ["+1000", "1_000", "12:30", "0x3e8"])
def test_a_number_in_yaml_notation_is_not_a_user_id(entitle, file, number):
    message = entitle.fail(
        entitlements_file=file("e.yml", f"- {{user_id: {number}, product_id: 444}}"), read_before_write=False
    )["msg"]

    assert f"user_id: {number!r} is not an id" in message


@pytest.mark.parametrize("option", ["user_id", "product_id", "project_id"])
@pytest.mark.parametrize("value", ["1e3", "+5", "1_000", 5.0, "5.0", -5, True])
def test_ids_in_options_are_checked_as_well(entitle, option, value):
    assert (
        f"{option}: {value!r} is not an id" in entitle.fail(**{"user_id": 1, "product_id": 444, option: value})["msg"]
    )


def test_ids_in_the_environment_are_checked_as_well(entitle, monkeypatch):
    monkeypatch.setenv("AUDIENCEPLAYER_PROJECT_ID", "1.11E+02")

    assert "project_id: '1.11E+02' is not an id" in entitle.fail(user_id=1, product_id=444, project_id=None)["msg"]


# --- spellings of an address -------------------------------------------------------------------------------------------------

ALICE = ("Alice@Example.com", "alice@example.com")
JUERGEN = ("J\u00fcrgen@x.y", "ju\u0308rgen@x.y")
spellings = pytest.mark.parametrize(("one", "other"), [ALICE, JUERGEN], ids=ascii)


@spellings
def test_conflicting_rows_for_two_spellings_are_reported_with_both_lines(entitle, file, one, other):
    path = file("e.csv", f"user_email,product_id,state\n{one},444,present\nb@c.d,444,\n{other},444,absent\n")

    assert entitle.fail(entitlements_file=path)["msg"] == (
        f"AudiencePlayer: {path}:4: conflicts with {path}:2: product 444 of {other} is present there and absent here"
    )


@spellings
def test_equal_rows_for_two_spellings_are_duplicates(write, file, one, other):
    path = file("e.csv", f"user_email,product_id\n{one},444\n{other},444\n")
    result = write(written(product_mutation(user=one)), entitlements_file=path)

    assert result["summary"] == {"total": 2, "changed": 1, "unchanged": 1, "failed": 0}
    assert result["warnings"] == [f"duplicate entitlements: {path}:3 repeats {path}:2"]


@spellings
def test_entitlements_of_one_spelling_are_not_missing_for_another(write, ledger, one, other):
    item = {"user_email": one, "product_id": 444}
    write(written(product_mutation(user=one)), entitlements=[item], ledger=ledger)

    assert write(entitlements=[{**item, "user_email": other}], ledger=ledger)["changed"] is False
    write(
        written(product_mutation(user=other, action="revoke")),
        entitlements=[{**item, "user_email": other, "state": "absent"}],
        ledger=ledger,
    )
    assert write(written(product_mutation(user=one)), entitlements=[item], ledger=ledger)["changed"] is True


def test_each_spelling_is_sent_as_it_was_given_and_logged_in_by_itself(entitle):
    """If the platform distinguishes the spellings, no user gets another user's entitlements."""
    one, other = ALICE
    items = [{"user_email": one, "product_id": 444}, {"user_email": other, "product_id": 445}]
    calls = [
        logins(one, other),
        holdings(user=one),
        holdings(user=other),
        written(product_mutation(444, user=one), product_mutation(445, user=other)),
    ]

    assert outcome(entitle(*calls, entitlements=items)) == ["changed", "changed"]


@pytest.mark.parametrize("character", ["\u200b", "\ufeff", "\u00a0", "\u00ad", "\u2060"], ids=ascii)
@pytest.mark.parametrize("name", ["e.csv", "e.json"])
def test_an_invisible_character_is_rejected(entitle, file, name, character):
    address = f"alice@example.com{character}"
    content = (
        f"user_email,product_id\n{address},444\n"
        if name == "e.csv"
        else json.dumps([{"user_email": address, "product_id": 444}])
    )

    assert (
        f"(U+{ord(character):04X}): an e-mail address has no whitespace or invisible characters"
        in entitle.fail(entitlements_file=file(name, content))["msg"]
    )


def test_a_diff_shows_a_thousand_changes_and_counts_the_others(write):
    result = write(entitlements=items_of(*range(1, 1003)), check_mode=True)

    assert result["summary"]["changed"] == 1002
    assert len(result["diff"]["before"]) == 1000
    assert len(result["diff"]["after"]) == 1001
    assert result["diff"]["after"]["and 2 more"] == "not shown"
    assert "and 1 more" not in write(entitlements=items_of(*range(1, 1001)), check_mode=True)["diff"]["after"]


def test_a_long_file_that_the_ledger_confirms_is_done_at_once(write, file, ledger):
    users = range(1, 20_001)
    Ledger(ledger, PLACE, DAY).record({label(user): "present" for user in users}, 1_800_000_000)
    path = file("e.csv", "user_id,product_id\n" + "".join(f"{user},444\n" for user in users))
    started = time.process_time()
    result = write(entitlements_file=path, ledger=ledger)

    assert time.process_time() - started < 10
    assert result["summary"] == {"total": 20_000, "changed": 0, "unchanged": 20_000, "failed": 0}
    assert result["entitlements"] == [] and result["diff"] == {"before": {}, "after": {}}


# --- planned users -----------------------------------------------------------------------------------------------------------


def test_in_check_mode_a_planned_user_has_no_entitlements(entitle):
    items = [
        {"user_email": "new@example.com", "product_id": 444},
        {"user_email": "new@example.com", "product_id": 445, "state": "absent"},
    ]
    calls = [user_login("new@example.com", NOT_FOUND), CLIENT_LOGIN]
    result = entitle(*calls, entitlements=items, planned_users=["new@example.com"], check_mode=True)

    assert outcome(result) == ["changed", "unchanged"]


def test_in_check_mode_an_unplanned_user_is_still_missing(entitle):
    calls = [user_login("new@example.com", NOT_FOUND), CLIENT_LOGIN]
    items = [{"user_email": "new@example.com", "product_id": 444}]

    assert outcome(entitle.fail(*calls, entitlements=items, planned_users=["other@example.com"], check_mode=True)) == [
        "failed"
    ]


def test_in_a_real_run_plans_do_not_count(entitle):
    calls = [user_login("new@example.com", NOT_FOUND), CLIENT_LOGIN]
    result = entitle.fail(
        *calls, entitlements=[{"user_email": "new@example.com", "product_id": 444}], planned_users=["new@example.com"]
    )

    assert "no such user" in result["msg"]


# --- limits that count fields --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("counts", "slept"), [("request", 0), ("field", 60.5)])
def test_a_batch_counts_each_write_towards_the_limit(write, clock, counts, slept):
    batches = [writes(*range(start, start + 20)) for start in (0, 20, 40)]
    write(*batches, entitlements=items_of(*range(60)), rate_limit="40/minute", rate_limit_counts=counts)

    assert sum(clock.slept) == pytest.approx(slept)


@pytest.mark.parametrize(("counts", "slept"), [("request", 0), ("field", 60.5)])
def test_a_read_counts_each_of_the_two_lists_towards_the_limit(entitle, clock, counts, slept):
    calls = [logins(1, 2), *reads(1, 2, held=[1, 2])]
    entitle(*calls, entitlements=items_of(1, 2), rate_limit="5/minute", rate_limit_counts=counts)

    assert sum(clock.slept) == pytest.approx(slept)


def test_a_batch_is_no_greater_than_the_limit(write):
    users = list(range(12))
    calls = [writes(*users[:5]), writes(*users[5:10]), writes(*users[10:])]

    assert (
        write(*calls, entitlements=items_of(*users), rate_limit="5/second", rate_limit_counts="field")["summary"][
            "changed"
        ]
        == 12
    )


def test_a_batch_is_not_reduced_if_requests_are_counted(write):
    assert (
        write(writes(*range(12)), entitlements=items_of(*range(12)), rate_limit="5/second")["summary"]["changed"] == 12
    )


def test_logins_together_are_no_more_than_the_limit_for_logins(entitle):
    calls = [logins(1, 2), *reads(1, 2, held=[1, 2]), user_login(3), *reads(3, held=[3])]

    assert (
        entitle(*calls, entitlements=items_of(1, 2, 3), auth_rate_limit="2/second", rate_limit_counts="field")[
            "changed"
        ]
        is False
    )


def test_the_limit_for_logins_does_not_keep_writes_apart(entitle):
    calls = [logins(1, 2), *reads(1, 2), user_login(3), *reads(3), writes(1, 2, 3)]

    assert (
        entitle(*calls, entitlements=items_of(1, 2, 3), auth_rate_limit="2/second", rate_limit_counts="field")[
            "summary"
        ]["changed"]
        == 3
    )


# --- progress --------------------------------------------------------------------------------------------------------------


def test_long_work_reports_progress(clock, tmp_path):
    lines = []
    options = {
        **CONNECTION,
        "auth_rate_limit": "none",
        "rate_limit": "1/second",
        "read_before_write": False,
        "batch_size": 1,
        "concurrency": 1,
    }
    answers = [writes(user, **({"data": {"e0": None}, "errors": [REFUSED]} if user == 3 else {})) for user in range(60)]
    with exchange(*answers):
        audienceplayer_entitlement.MODULE.run(
            {**options, "entitlements": items_of(*range(60))},
            name="entitle",
            ansible_home=str(tmp_path),
            on_progress=lines.append,
        )

    assert len(lines) == 2
    assert re.fullmatch(
        r"AudiencePlayer: 11 of 60 done, 10 changed, 1 failed, 6\d a minute, about 4\d s left", lines[0]
    )
    assert re.fullmatch(r"AudiencePlayer: 40 of 60 done, 39 changed, 1 failed, .*", lines[1])


def test_progress_includes_items_that_the_ledger_confirms(clock, tmp_path, ledger):
    lines = []
    Ledger(ledger, PLACE, DAY).record({label(user): "present" for user in range(10, 100)}, 1_800_000_000)
    options = {
        **CONNECTION,
        "rate_limit": "1/second",
        "read_before_write": False,
        "batch_size": 1,
        "concurrency": 1,
        "ledger": ledger,
    }
    with exchange(
        *[writes(user) for user in range(15) if user < 10 or user >= 100] + [writes(user) for user in range(100, 110)]
    ):
        options["entitlements"] = items_of(*range(110))
        audienceplayer_entitlement.MODULE.run(options, name="e", ansible_home=str(tmp_path), on_progress=lines.append)

    # How fast it goes is told by what takes time, and nothing else.
    assert len(lines) == 1
    assert re.fullmatch(
        r"AudiencePlayer: 101 of 110 done, 11 changed, 0 failed, 6\d a minute, about \d s left", lines[0]
    )


def test_progress_counts_what_the_summary_counts(clock, tmp_path):
    """The count includes duplicates: every third item is one, and the third item fails together with its duplicate."""
    lines = []
    options = {**CONNECTION, "rate_limit": "1/second", "read_before_write": False, "batch_size": 1, "concurrency": 1}
    users = [user for number in range(20) for user in (number, number, number + 100)]
    once = list(dict.fromkeys(users))
    with exchange(
        *[writes(user, **({"data": {"e0": None}, "errors": [REFUSED]} if user == 1 else {})) for user in once]
    ):
        result = audienceplayer_entitlement.MODULE.run(
            {**options, "entitlements": items_of(*users)},
            name="e",
            ansible_home=str(tmp_path),
            on_progress=lines.append,
        )

    assert result["summary"] == {"total": 60, "changed": 39, "unchanged": 19, "failed": 2}
    assert re.fullmatch(r"AudiencePlayer: 17 of 60 done, 10 changed, 2 failed, .*", lines[0])


def test_no_progress_is_reported_before_the_first_item(clock, tmp_path):
    """A login that waits for its limit is not an item."""
    lines = []
    pacing = {"auth_rate_limit": "1/minute", "rate_limit": "none", "batch_size": 1, "concurrency": 1}
    options = {**CONNECTION, **pacing, "read_with": "user"}
    calls = [user_login(1), *reads(1, held=[1]), user_login(2), *reads(2, held=[2]), user_login(3), *reads(3, held=[3])]
    with exchange(*calls):
        audienceplayer_entitlement.MODULE.run(
            {**options, "entitlements": items_of(1, 2, 3)},
            name="e",
            ansible_home=str(tmp_path),
            on_progress=lines.append,
        )

    assert [line.partition(",")[0] for line in lines] == ["AudiencePlayer: 2 of 3 done"]


def test_short_work_reports_no_progress(tmp_path):
    lines = []
    options = {**CONNECTION, "rate_limit": "none", "read_before_write": False, "entitlements": items_of(1)}
    with exchange(writes(1)):
        audienceplayer_entitlement.MODULE.run(options, name="e", ansible_home=str(tmp_path), on_progress=lines.append)

    assert lines == []


# --- several requests at once ------------------------------------------------------------------------------------------------


class Platform:
    """Answers GraphQL requests on real sockets, and counts the requests in flight."""

    def __init__(self, refuses=(), blocked=(), lacking=()):
        self.refuses, self.blocked, self.lacking = refuses, blocked, lacking
        self.most = self.now = 0
        self.written = []
        self.lock = threading.Lock()

    def __call__(self, seen):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.01)
        answer = self.answer(json.loads(seen.body)["query"], seen.headers.get("authorization", ""))
        with self.lock:
            self.now -= 1
        return 200, {"Content-Type": "application/json"}, json.dumps(answer).encode()

    def answer(self, document, authorization):
        token = authorization.partition(" ")[2]
        if "UserProductList" in document:
            user = int(token.rpartition("-")[2])
            if user in self.blocked:
                return {"data": None, "errors": [{"message": f"Bad luck for Bearer {token}", "code": 400}]}
            empty = {"items": [], "pagination": {"total_count": 0}}
            held = {"items": [] if user in self.lacking else [product()], "pagination": {"total_count": 1}}
            return {"data": {"UserProductList": held, "UserSubscriptionList": empty}}
        if "ClientAuthenticate" in document:
            return {"data": {"ClientAuthenticate": logged_in("hush-client-token")}}
        fields = [
            (alias or name, name, int(user))
            for alias, name, user in re.findall(r"(?:(\w+): )?(ClientUser\w+)\([^)]*?user_id: (\d+)", document)
        ]
        data, errors = {}, []
        for alias, name, user in fields:
            if name == "ClientUserAuthenticate":
                data[alias] = logged_in(f"hush-token-{user}", user=user)
            elif user in self.refuses:
                data[alias] = None
                errors.append({"message": f"Not for user {user}", "code": 400, "path": [alias]})
            else:
                data[alias] = True
                self.written.append(user)
        return {"data": data, **({"errors": errors} if errors else {})}


@pytest.fixture
def several(serve, tmp_path, monkeypatch):
    """Applies entitlements on a platform, with the real clock."""
    monkeypatch.setattr(access, "Clock", _clock.Clock)

    def run(platform, users, server=None, **options):
        server = server or serve(platform)
        server.answer = platform
        server.seen.clear()
        connection = {**CONNECTION, "url": server.url, "rate_limit": "none", "auth_rate_limit": "none", "batch_size": 5}
        options = {**connection, "read_with": "user", "entitlements": items_of(*users), **options}
        return audienceplayer_entitlement.MODULE.run(options, name="entitle", ansible_home=str(tmp_path)), server

    return run


def test_several_requests_are_in_flight_and_every_item_is_written_once(several):
    users = range(1, 101)
    refused, blocked, lacking = users[3::10], users[5::25], users[::2]
    platform = Platform([*refused, *users[4::10]], blocked, [*lacking, *refused])
    result, _server = several(platform, users)
    failing = {*refused, *blocked, *(user for user in users[4::10] if user in lacking)}

    assert 1 < platform.most <= 4
    assert sorted(platform.written) == sorted({*lacking, *refused} - failing)
    assert {item["user_id"] for item in result["entitlements"] if item["failed"]} == failing
    assert {item["user_id"] for item in result["entitlements"] if item["changed"]} == set(platform.written)
    assert [item["user_id"] for item in result["entitlements"]] == list(users)
    for item in result["entitlements"]:
        own = "Bad luck for Bearer ********" if item["user_id"] in blocked else f"Not for user {item['user_id']}"
        assert not item["failed"] or (
            item["msg"].startswith(f"product 444 of user {item['user_id']}: ")
            and item["msg"].partition(". ")[0].endswith(own)
        )
    assert "hush" not in json.dumps(result)
    assert result["summary"]["failed"] == len(failing)


@pytest.mark.parametrize("concurrency", [1, 2])
def test_concurrency_limits_the_requests_in_flight(several, concurrency):
    users = range(1, 31)
    platform = Platform(lacking=users)
    result, _server = several(platform, users, concurrency=concurrency)

    assert platform.most == concurrency
    assert result["summary"]["changed"] == 30


def test_concurrently_recorded_items_are_known_to_the_next_run(several, ledger):
    users = range(1, 61)
    platform = Platform(refuses=[7, 23], lacking=users)
    first, server = several(platform, users, ledger=ledger)
    noted = known_to(ledger, server.url)
    again = Platform(lacking=[7, 23])
    result, server = several(again, users, server, ledger=ledger)

    assert (first["summary"]["changed"], first["summary"]["failed"]) == (58, 2)
    assert noted == {label(user): "present" for user in users if user not in (7, 23)}
    assert sorted(known_to(ledger, server.url)) == sorted(label(user) for user in users)
    assert again.written == [7, 23]
    assert result["summary"] == {"total": 60, "changed": 2, "unchanged": 58, "failed": 0}
    assert len(server.seen) == 2 + 1  # each is read with the token of the first run, and both are written together


def test_wrong_credentials_stop_all_that_is_in_flight(several):
    def denied(seen):
        time.sleep(0.01)
        return 200, {}, json.dumps({"data": None, "errors": [DENIED]}).encode()

    result, server = several(denied, range(1, 201))

    assert len(server.seen) <= 2 * 4
    assert result["summary"] == {"total": 200, "changed": 0, "unchanged": 0, "failed": 200}
    assert result["error_code"] == 401
