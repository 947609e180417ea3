# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.modules import playlyfe_player, playlyfe_token
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import NO_ANSWER
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_movingimage_token import any_provider
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_playlyfe_token import (
    CONNECTION,
    every_stale_answer,
    failed,
    login,
    sent,
)

__all__ = ["any_provider"]
MISSING = failed("player_not_found", "The player does not exist", 404)
TAKEN = failed("player_exists", "The player exists", 409)
LOST = {"answer": "<html>Bad gateway</html>", "status": 502}


def player(alias="Player One", player_id="p1", **other):
    return {"id": player_id, "alias": alias, "enabled": True, **other}


def read(answer=None, below="p1", **kwargs):
    """A player as the platform returns it, with more fields than the module returns."""
    answer = player(created="2027-01-01T00:00:00Z", scores=[], teams=[]) if answer is None else answer
    return sent("GET", f"admin/players/{below}", answer, **kwargs)


def missing(below="p1"):
    return sent("GET", f"admin/players/{below}", **MISSING)


def create(answer=b"", *, player_id="p1", alias="Player One", email=None, **kwargs):
    return sent(
        "POST",
        "admin/players",
        answer,
        json={"id": player_id, "alias": alias, **({"email": email} if email else {})},
        **kwargs,
    )


def rename(answer=b"", *, player_id="p1", alias="Player One", email=None, **kwargs):
    body = {"alias": alias, **({"email": email} if email else {})}
    return sent("PATCH", "runtime/player", answer, query={"player_id": player_id}, json=body, **kwargs)


def delete(answer=b"", below="p1", **kwargs):
    return sent("DELETE", f"admin/players/{below}", answer, **kwargs)


@pytest.fixture
def module(runs):
    """With a token in the cache."""
    runs(playlyfe_token, **CONNECTION)(login())
    return runs(playlyfe_player, **CONNECTION, id="p1")


def diff(before, after):
    return {"before_header": "player 'p1'", "after_header": "player 'p1'", "before": before, "after": after}


# --- present -----------------------------------------------------------------------------------------------------------------


def test_a_player_who_is_missing_is_created_and_returned(module):
    result = module(missing(), missing(), create(), read(), alias="Player One")

    assert (result["changed"], result["player"]) == (True, player())
    assert result["diff"] == diff({}, player())


def test_a_player_who_is_there_stays_as_they_are(module):
    result = module(read(), alias="Player One")

    assert (result["changed"], result["player"], result["diff"]) == (False, player(), None)


def test_a_wrong_alias_is_corrected(module):
    result = module(read(player("Old")), read(player("Old")), rename(), read(), alias="Player One")

    assert (result["changed"], result["player"]) == (True, player())
    assert result["diff"] == diff(player("Old"), player())


def test_without_an_alias_a_player_who_is_there_keeps_theirs(module):
    assert module(read(player("Old")))["player"] == player("Old")


def test_an_alias_is_required_to_create(module):
    result = module.fail(missing())

    assert "player 'p1'" in result["msg"] and "alias is required" in result["msg"]
    assert (result["status"], result["error_code"]) == (404, "player_not_found")


def test_the_email_goes_along_with_what_is_written(module):
    module(missing(), missing(), create(email="a@b.c"), read(), alias="Player One", email="a@b.c")
    module(read(), read(), rename(alias="New", email="a@b.c"), read(player("New")), alias="New", email="a@b.c")


def test_the_email_alone_is_no_reason_to_write_as_no_read_returns_it(module):
    assert module(read(), alias="Player One", email="new@b.c")["changed"] is False


@pytest.mark.parametrize(
    ("answer", "returned"),
    [
        pytest.param({"id": "p1", "alias": "Player One"}, player(enabled=None), id="not said whether enabled"),
        pytest.param(player(enabled=False), player(enabled=False), id="disabled"),
    ],
)
def test_unreported_values_are_null(module, answer, returned):
    assert module(read(answer), alias="Player One")["player"] == returned


def test_a_player_without_an_alias_gets_one(module):
    module(read(player(None)), read(player(None)), rename(), read(), alias="Player One")


@pytest.mark.parametrize(
    ("player_id", "below"),
    [
        ("a/b", "a%2Fb"),
        ("../../v1/players/p2", "..%2F..%2Fv1%2Fplayers%2Fp2"),
        ("a?limit=5#b", "a%3Flimit%3D5%23b"),
        ("é %2F", "%C3%A9%20%252F"),
        ("a@example.com", "a%40example.com"),
        ("7", "7"),
    ],
)
def test_an_id_is_one_segment_of_the_path(module, player_id, below):
    there = player("Old", player_id)
    calls = [
        read(there, below),
        read(there, below),
        rename(player_id=player_id),
        read(player(player_id=player_id), below),
    ]

    assert module(*calls, id=player_id, alias="Player One")["player"] == player(player_id=player_id)
    assert (
        module(
            read(there, below), read(there, below), delete(below=below), missing(below), id=player_id, state="absent"
        )["changed"]
        is True
    )


# --- others write, too -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("retries", [0, 4])
def test_a_player_created_by_another_process_is_read_and_is_not_a_change(module, retries):
    result = module(missing(), missing(), create(**TAKEN), read(), alias="Player One", retries=retries)

    assert (result["changed"], result["player"], result["diff"]) == (False, player(), None)


def test_a_player_created_by_a_request_with_a_lost_response_is_a_change(module):
    calls = [missing(), missing(), create(**LOST), missing(), create(**TAKEN), read()]

    assert module(*calls, alias="Player One")["changed"] is True


@pytest.mark.parametrize("status", [409, 400, 200])
def test_an_existing_player_is_detected_by_the_error_name_whatever_the_status(module, status):
    taken = failed("player_exists", status=status)

    assert module(missing(), missing(), create(**taken), read(), alias="Player One")["player"] == player()


@pytest.mark.parametrize("retries", [0, 4])
def test_a_player_created_by_another_process_with_another_alias_is_renamed(module, retries):
    result = module(
        missing(),
        missing(),
        create(**TAKEN),
        read(player("Other")),
        rename(),
        read(),
        read(),
        alias="Player One",
        retries=retries,
    )

    assert (result["changed"], result["player"]) == (True, player())
    assert result["diff"] == diff(player("Other"), player())


def test_a_conflict_with_a_player_that_never_appears_fails(module):
    calls = [missing(), missing(), create(**TAKEN), missing(), create(**TAKEN), missing()]
    result = module.fail(*calls, alias="Player One", retries=1)

    assert (result["status"], result["error_code"]) == (409, "player_exists")


@pytest.mark.parametrize("lost", [{"answer": NO_ANSWER}, LOST], ids=["no answer", "502"])
def test_an_ambiguous_creation_that_was_applied_is_not_repeated(module, lost):
    assert module(missing(), missing(), create(**lost), read(), alias="Player One")["changed"] is True


@pytest.mark.parametrize("lost", [{"answer": NO_ANSWER}, LOST], ids=["no answer", "502"])
def test_a_creation_that_was_not_applied_is_sent_again(module, lost):
    assert (
        module(missing(), missing(), create(**lost), missing(), create(), read(), read(), alias="Player One")["player"]
        == player()
    )


def test_after_an_ambiguous_rename_the_state_is_read_again(module):
    old = read(player("Old"))

    assert module(old, read(player("Old")), rename(**LOST), read(), alias="Player One")["player"] == player()


# --- absent ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [{}, {"status": 204}, {"answer": "null"}, {"answer": {"message": "Player removed successfully"}}],
    ids=["empty", "204", "null", "a message"],
)
def test_absent_deletes_a_player(module, answer):
    result = module(read(), read(), delete(**answer), missing(), state="absent")

    assert result["changed"] is True
    assert "player" not in result
    assert result["diff"] == diff(player(), {})


def test_a_player_deleted_by_another_process_is_not_a_change(module):
    result = module(read(), read(), delete(**MISSING), missing(), state="absent")

    assert (result["changed"], result["diff"]) == (False, None)


def test_a_player_deleted_by_a_request_without_a_response_is_a_change(module):
    assert (
        module(read(), read(), delete(**LOST), read(), delete(**MISSING), missing(), state="absent")["changed"] is True
    )


def test_absent_leaves_a_player_who_is_missing(module):
    assert module(missing(), state="absent")["changed"] is False


def test_after_an_ambiguous_deletion_the_state_is_read_again(module):
    assert module(read(), read(), delete(NO_ANSWER), missing(), state="absent")["changed"] is True


# --- check mode --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "calls", "changed", "after"),
    [
        pytest.param({"alias": "Player One"}, [missing()], True, player(), id="create"),
        pytest.param({"alias": "Player One"}, [read()], False, player(), id="unchanged"),
        pytest.param({"alias": "New"}, [read()], True, player("New"), id="rename"),
        pytest.param({"state": "absent"}, [read()], True, None, id="delete"),
        pytest.param({"state": "absent"}, [missing()], False, None, id="absent"),
    ],
)
def test_check_mode_predicts_the_change_and_writes_nothing(module, options, calls, changed, after):
    result = module(*calls, **options, check_mode=True)

    assert (result["changed"], result.get("player")) == (changed, after)
    assert (result["diff"] or {}).get("after") == (after or {} if changed else None)


def test_check_mode_fails_if_the_real_run_would(module):
    assert "alias is required" in module.fail(missing(), check_mode=True)["msg"]


# --- quotas and addresses ----------------------------------------------------------------------------------------------------


QUOTA_STATUSES = pytest.mark.parametrize("status", [429, 403, 402, 400, 401, 408, 503, 500, 200])
RETRY_AFTER = pytest.mark.parametrize(
    "headers",
    [{"Retry-After": "5"}, {"Retry-After": "Fri, 15 Jan 2027 08:00:05 GMT"}, {}],
    ids=["5 s", "a date", "none"],
)


@pytest.mark.parametrize("name", ["plan_limit_exceeded", "player_limit_exceeded"])
@QUOTA_STATUSES
@RETRY_AFTER
def test_an_exhausted_quota_is_final_whatever_its_status(module, clock, name, status, headers):
    result = module.fail(
        missing(), missing(), create(**failed(name, "No more", status), answer_headers=headers), alias="Player One"
    )

    assert (result["status"], result["error_code"]) == (status, name)
    assert "No more" in result["msg"] and name in result["msg"]
    assert clock.slept == []


@QUOTA_STATUSES
@RETRY_AFTER
def test_a_quota_exhausted_at_a_read_is_final_and_the_token_is_not_replaced(module, clock, status, headers):
    result = module.fail(
        read(**failed("plan_limit_exceeded", "No more", status), answer_headers=headers), alias="Player One"
    )

    assert (result["status"], result["error_code"]) == (status, "plan_limit_exceeded")
    assert "No more" in result["msg"] and "plan_limit_exceeded" in result["msg"]
    assert clock.slept == []


@QUOTA_STATUSES
@RETRY_AFTER
def test_a_quota_exhausted_at_the_login_is_final(runs, clock, status, headers):
    result = runs(playlyfe_player, **CONNECTION, id="p1").fail(
        login(**failed("plan_limit_exceeded", "No more", status), answer_headers=headers), alias="Player One"
    )

    assert (result["status"], result["error_code"]) == (status, "plan_limit_exceeded")
    assert "No more" in result["msg"] and "plan_limit_exceeded" in result["msg"]
    assert clock.slept == []


def test_other_rate_limits_are_waited_out(module, clock):
    limited = read(**failed("too_many_requests", status=429), answer_headers={"Retry-After": "5"})

    assert module(limited, read(), alias="Player One")["changed"] is False
    assert clock.slept == [5.0]


NOWHERE = [
    pytest.param({**failed("route_not_found", "No route", 404)}, id="named"),
    pytest.param({"answer": "<html>Not here</html>", "status": 404}, id="a page"),
]


@pytest.mark.parametrize("answer", NOWHERE)
def test_a_url_without_the_version_is_reported(runs, answer):
    bare = {**CONNECTION, "url": "https://api.playlyfe.test"}
    result = runs(playlyfe_player, **bare, id="p1").fail(
        login(), sent("GET", "admin/players/p1", url=bare["url"], **answer), alias="Player One"
    )

    assert "Check url: it must end with the API's version, such as https://api.playlyfe.test/v2" in result["msg"]


@pytest.mark.parametrize("answer", NOWHERE)
def test_a_url_with_a_version_is_not_reported_as_lacking_it(module, answer):
    message = module.fail(read(**answer), alias="Player One")["msg"]

    assert "Check url" in message and "version" not in message


def test_a_login_that_is_not_found_is_about_auth_url(runs):
    result = runs(playlyfe_player, **{**CONNECTION, "url": "https://api.playlyfe.test"}, id="p1").fail(
        login(**failed("route_not_found", "No route", 404)), alias="Player One"
    )

    assert "Check auth_url" in result["msg"] and "version" not in result["msg"]


# --- tokens and failures -----------------------------------------------------------------------------------------------------


@every_stale_answer
def test_a_stale_token_is_replaced_in_the_middle_and_nothing_is_lost(module, stale):
    calls = [missing(), missing(), create(**stale), login("hush-2"), create(token="hush-2"), read(token="hush-2")]

    assert module(*calls, alias="Player One")["player"] == player()


def test_the_token_can_be_sent_in_a_header(module):
    placed = {"placement": "header"}

    module(
        read(player("Old"), **placed),
        read(player("Old"), **placed),
        rename(**placed),
        read(**placed),
        alias="Player One",
        token_placement="header",
    )


@pytest.mark.parametrize(
    ("answer", "status", "code", "words"),
    [
        pytest.param(
            failed("access_denied", "Scope missing")["answer"],
            403,
            "access_denied",
            ["Scope missing", "admin scope"],
            id="a missing scope",
        ),
        pytest.param(
            failed("plan_limit_exceeded", "Quota")["answer"],
            403,
            "plan_limit_exceeded",
            ["Quota"],
            id="the plan's quota",
        ),
        pytest.param(
            failed("route_not_found", "No route")["answer"],
            404,
            "route_not_found",
            ["No route", "url"],
            id="no such route",
        ),
        pytest.param(
            failed("access_denied", "with hush-token")["answer"],
            200,
            "access_denied",
            ["with ****"],
            id="200, quoting the token",
        ),
        pytest.param("<html>Not here</html>", 404, None, ["an HTML page"], id="404 HTML is not a missing player"),
        pytest.param({"message": "Not here"}, 404, None, ["Not here"], id="404 without a name is not a missing player"),
        pytest.param("null", 200, None, ["null"], id="null"),
        pytest.param({"alias": "Player One"}, 200, None, ["id"], id="no id"),
        pytest.param({"id": "p1", "alias": ["x"]}, 200, None, ["alias"], id="an alias that is not text"),
        pytest.param("[", 200, None, ["broken JSON"], id="truncated"),
    ],
)
@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_failed_read_fails_clearly_and_nothing_is_written(module, answer, status, code, words, state):
    result = module.fail(read(answer, status=status), alias="Player One", state=state)

    assert (result["status"], result.get("error_code")) == (status, code)
    for word in ["player 'p1'", *words]:
        assert word in result["msg"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (failed("validation_exception", "The id is too long"), ["too long"]),
        (failed("player_limit_exceeded", "10 players at most", 403), ["10 players at most"]),
        (failed("access_denied", "Scope missing", 403), ["admin scope"]),
    ],
    ids=["invalid", "the plan's limit", "no right"],
)
def test_a_creation_that_is_refused_is_a_clear_failure(module, answer, words):
    result = module.fail(missing(), missing(), create(**answer), alias="Player One")

    assert result["error_code"] == answer["answer"]["error"]
    for word in ["player 'p1'", *words]:
        assert word in result["msg"]


@pytest.mark.parametrize(
    "answer",
    [failed("access_denied", "Scope missing", 403), {"answer": "", "status": 404}],
    ids=["no right", "404 without a name"],
)
def test_a_deletion_that_is_refused_is_a_clear_failure(module, answer):
    assert module.fail(read(), read(), delete(**answer), state="absent")["status"] == answer["status"]


@pytest.mark.parametrize("player_id", ["", ".", ".."])
def test_an_id_that_is_not_a_path_segment_is_rejected_before_anything_is_sent(module, player_id):
    assert "is not a valid player id" in module.fail(id=player_id, alias="Player One")["msg"]


def test_an_id_must_be_given(runs):
    assert "id" in runs(playlyfe_player, **CONNECTION).fail(alias="x")["msg"]
