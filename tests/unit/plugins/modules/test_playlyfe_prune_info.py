# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.modules import playlyfe_prune_info, playlyfe_token
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_movingimage_token import any_provider
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_playlyfe_player_info import P1, P2, P3, page
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_playlyfe_token import CONNECTION, login

__all__ = ["any_provider"]


@pytest.fixture
def find(runs):
    """With a token in the cache."""
    runs(playlyfe_token, **CONNECTION)(login())
    return runs(playlyfe_prune_info, **CONNECTION)


def candidates(*found):
    return [{"id": player["id"], "alias": player["alias"]} for player in found]


@pytest.mark.parametrize(
    ("ids", "found"),
    [(["p1"], [P2, P3]), ([], [P1, P2, P3]), (["p1", "p2", "p3", "p9"], []), (["P1", "p2", "p3"], [P1])],
    ids=["some", "nothing is named", "everything is named", "another case"],
)
def test_players_of_all_pages_that_are_not_named_are_returned(find, ids, found):
    result = find(page(0, P1, P2, total=3), page(2, P3, total=3), ids=ids)

    assert (result["changed"], result["candidates"]) == (False, candidates(*found))


def test_more_than_the_limit_are_an_error_that_names_them(find):
    result = find.fail(page(0, P1, P2, P3, total=3), ids=["p2"], prune_limit=1)

    assert "prune would remove 2 players, which is more than prune_limit (1): 'p1', 'p3'." in result["msg"]


def test_an_incomplete_list_is_an_error(find):
    result = find.fail(page(0, P1, P2, total=3), page(2, total=3), ids=[])

    assert "the list of players ends after 2 of 3" in result["msg"]
    assert "candidates" not in result
