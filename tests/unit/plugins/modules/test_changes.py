# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The entries of a plan that modules return, in check mode and otherwise."""

from __future__ import annotations

import json

import pytest

from ansible_collections.mediaops.access.plugins.modules import flex_oauth_app, freewheel_token
from ansible_collections.mediaops.access.tests.unit.plugins.modules.flex import (
    KEY,
    URL,
    app,
    deleted,
    got,
    listed,
    posted,
    put,
)
from ansible_collections.mediaops.access.tests.unit.plugins.modules.freewheel import (
    ANSWER,
    UNKNOWN,
    info,
    login,
    revoke,
)

REVIEWER = app()
WANTED = {"name": "Reviewer", "description": "Tool to review media"}
END = "2027-01-22T08:00:00Z"


def state(application):
    names = {"id": "id", "name": "applicationName", "description": "description", "client_id": "clientId"}
    return {ours: application[theirs] for ours, theirs in names.items()}


@pytest.fixture
def application(runs):
    return runs(flex_oauth_app, url=URL, registration_key=KEY)


@pytest.fixture
def token(runs):
    return runs(freewheel_token, username="mrm", password="hush-password")


def entry(action, before, after, *, kind="application", name="Reviewer", provider="flex", local=False):
    return {
        "provider": provider,
        "kind": kind,
        "name": name,
        "action": action,
        "before": before,
        "after": after,
        "local": local,
    }


def of_token(action, before, after, *, local):
    states = [{"expires_at": end} if end else None for end in (before, after)]
    return [entry(action, *states, kind="token", name="mrm", provider="freewheel", local=local)]


# --- items -------------------------------------------------------------------------------------------------------------


def test_an_application_that_is_created_and_predicted(application):
    predicted = application(listed(), **WANTED, check_mode=True)["changes"]
    assert predicted == [entry("create", None, {**WANTED, "id": None, "client_id": None})]
    assert application(listed(), listed(), posted(REVIEWER), **WANTED)["changes"] == [
        entry("create", None, state(REVIEWER))
    ]


def test_nothing_is_returned_if_nothing_changes(application):
    assert "changes" not in application(listed(REVIEWER), **WANTED)
    assert "changes" not in application(listed(), name="Reviewer", state="absent")


def test_an_application_that_is_updated_and_removed(application):
    new = app(description="More")
    update = (listed(REVIEWER), listed(REVIEWER), put(description="More"), got(new))
    assert application(*update, name="Reviewer", description="More")["changes"] == [
        entry("update", state(REVIEWER), state(new))
    ]
    removed = application(listed(REVIEWER), listed(REVIEWER), deleted(), name="Reviewer", state="absent")
    assert removed["changes"] == [entry("delete", state(REVIEWER), None)]


def test_an_application_by_id_has_its_name(application):
    result = application(got(REVIEWER), got(REVIEWER), listed(REVIEWER), deleted(), id=1, state="absent")

    assert result["changes"] == [entry("delete", state(REVIEWER), None)]


def test_a_rotation(application):
    options = {"name": "Reviewer", "rotate_secret": True}
    (predicted,) = application(listed(REVIEWER), **options, check_mode=True)["changes"]
    (real,) = application(listed(REVIEWER), listed(REVIEWER), deleted(), posted(app(2)), **options)["changes"]

    assert real == entry("rotate", state(REVIEWER), state(app(2)))
    assert predicted == entry("rotate", state(REVIEWER), {**WANTED, "id": None, "client_id": None})


def test_a_rotation_that_fails_half_way_has_removed_the_application(application):
    calls = (listed(REVIEWER), listed(REVIEWER), deleted(), posted({"message": "quota"}, status=422))
    result = application.attempt(*calls, name="Reviewer", rotate_secret=True)

    assert result["changed"] is True
    assert result["changes"] == [entry("delete", state(REVIEWER), None)]


def test_a_secret_within_a_description_is_masked(application):
    careless = app(description=f"Its key is {KEY}")
    removed = application(listed(careless), listed(careless), deleted(), name="Reviewer", state="absent")

    assert KEY not in json.dumps(removed["changes"])


# --- tokens ------------------------------------------------------------------------------------------------------------


def test_a_token_that_is_missing_in_the_cache_is_local(token):
    assert token(check_mode=True)["changes"] == [
        {**of_token("obtain", None, None, local=True)[0], "after": {"expires_at": None}}
    ]
    assert token(login())["changes"] == of_token("obtain", None, END, local=True)
    assert "changes" not in token()
    assert "changes" not in token(check_mode=True)


def test_a_dead_token_is_local(token):
    token(login())
    new = {**ANSWER, "access_token": "hush-new"}
    result = token(info(**UNKNOWN), login(new), verify=True)

    assert result["changes"] == of_token("obtain", END, END, local=True)


def test_a_rotated_token_and_a_revoked_one_are_not_local(token):
    token(login())
    new = {**ANSWER, "access_token": "hush-new"}
    (predicted,) = token(force=True, check_mode=True)["changes"]
    assert predicted == {**of_token("rotate", END, END, local=False)[0], "after": {"expires_at": None}}
    assert token(revoke(), login(new), force=True)["changes"] == of_token("rotate", END, END, local=False)
    revoked = of_token("revoke", END, None, local=False)
    assert token(state="absent", check_mode=True)["changes"] == revoked
    assert token(revoke("hush-new"), state="absent")["changes"] == revoked
    assert "changes" not in token(state="absent")


def test_a_token_that_was_revoked_but_not_replaced(token):
    token(login())
    result = token.attempt(revoke(), login("Invalid credentials", status=401), force=True)

    assert result["changed"] is True
    assert result["changes"] == of_token("revoke", None, None, local=False)
