# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.modules import playlyfe_player_info, playlyfe_token
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import NO_ANSWER
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_movingimage_token import any_provider
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_playlyfe_player import (
    MISSING,
    missing,
    player,
    read,
)
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_playlyfe_token import (
    CONNECTION,
    every_stale_answer,
    failed,
    login,
    sent,
)

__all__ = ["any_provider"]
P1, P2, P3, P4, P5 = (player(f"Player {number}", f"p{number}") for number in range(1, 6))


def page(skip, *players, total=5, answer=None, **kwargs):
    """A page of the list. 100 players are requested, however many are returned."""
    answer = {"data": list(players), "total": total} if answer is None else answer
    return sent("GET", "admin/players", answer, query={"skip": str(skip), "limit": "100"}, **kwargs)


@pytest.fixture
def info(runs):
    """With a token in the cache."""
    runs(playlyfe_token, **CONNECTION)(login())
    return runs(playlyfe_player_info, **CONNECTION)


# --- one ---------------------------------------------------------------------------------------------------------------------


def test_one_player_is_read_by_id(info):
    result = info(read(), id="p1")

    assert (result["changed"], result["players"]) == (False, [player()])


def test_one_who_is_missing_is_an_empty_list(info):
    assert info(missing(), id="p1")["players"] == []


def test_an_id_is_one_segment_of_the_path(info):
    assert info(read(player(player_id="a/b"), "a%2Fb"), id="a/b")["players"] == [player(player_id="a/b")]


# --- all ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pages",
    [
        pytest.param([page(0, P1, P2, P3, P4, P5)], id="one page"),
        pytest.param([page(0, P1, P2), page(2, P3, P4), page(4, P5)], id="smaller pages than asked for"),
        pytest.param([page(0, P1, P2, P3, P4), page(4, P5)], id="a short last page"),
        pytest.param([page(0, P1, P2), page(2, P2, P3), page(3, P4, P5)], id="one who moved to the next page"),
    ],
)
def test_all_pages_are_read(info, pages):
    assert info(*pages)["players"] == [P1, P2, P3, P4, P5]


def test_a_total_that_grows_is_followed(info):
    assert info(page(0, P1, P2, total=3), page(2, P3, total=4), page(3, P4, total=4))["players"] == [P1, P2, P3, P4]


def test_there_may_be_no_players(info):
    assert info(page(0, total=0))["players"] == []


def test_a_list_that_became_shorter_meanwhile_ends(info):
    assert info(page(0, P1, P2, total=4), page(2, total=2))["players"] == [P1, P2]


@pytest.mark.parametrize("again", [[], [P1, P2]], ids=["an empty page", "the first page again"])
def test_an_incomplete_list_is_a_failure(info, again):
    result = info.fail(page(0, P1, P2, total=4), page(2, *again, total=4))

    assert "2 of 4" in result["msg"]


def test_unreported_values_are_null(info):
    assert info(page(0, {"id": "p1"}, total=1))["players"] == [{"id": "p1", "alias": None, "enabled": None}]


def test_check_mode_reads_as_ever(info):
    assert info(page(0, P1, total=1), check_mode=True)["players"] == [P1]


# --- tokens and failures -----------------------------------------------------------------------------------------------------


@every_stale_answer
def test_a_stale_token_is_replaced_once_and_the_request_repeated(info, stale):
    assert info(read(**stale), login("hush-2"), read(token="hush-2"), id="p1")["players"] == [player()]


@every_stale_answer
def test_a_token_is_replaced_once_only(info, stale):
    result = info.fail(read(**stale), login("hush-2"), read(token="hush-2", **stale), id="p1")

    assert result["status"] == stale["status"]


def test_a_token_that_becomes_stale_between_two_pages_is_replaced_there(info):
    stale = page(1, **failed("invalid_access_token", status=401))

    assert info(page(0, P1, total=2), stale, login("hush-2"), page(1, P2, total=2, token="hush-2"))["players"] == [
        P1,
        P2,
    ]


def test_reading_is_repeated_if_it_fails_on_the_way(info):
    assert info(read(NO_ANSWER), read("", status=502), read(), id="p1")["players"] == [player()]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param([P1], ["object", "array"], id="an array"),
        pytest.param({"data": [P1]}, ["total"], id="no total"),
        pytest.param({"total": 1}, ["data"], id="no data"),
        pytest.param({"data": [P1, {"alias": "x"}], "total": 2}, ["data[1]", "id"], id="a player without an id"),
        pytest.param({"data": [P1], "total": "1"}, ["total", "integer"], id="a total that is not a number"),
        pytest.param("null", ["null"], id="null"),
        pytest.param("<html>Welcome</html>", ["an HTML page"], id="HTML"),
    ],
)
def test_an_answer_of_another_shape_is_a_failure_that_names_the_field(info, answer, words):
    result = info.fail(page(0, answer=answer))

    for word in ["Playlyfe: ", *words]:
        assert word in result["msg"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [(failed("access_denied", "Scope missing", 403), ["admin scope"]), (MISSING, ["does not exist"])],
    ids=["no right", "missing"],
)
def test_a_list_that_is_refused_is_a_clear_failure(info, answer, words):
    result = info.fail(page(0, **answer))

    for word in words:
        assert word in result["msg"]
