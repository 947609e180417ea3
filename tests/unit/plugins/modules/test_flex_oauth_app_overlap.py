# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotations with overlap, and the fate of the registrations that they replace. The clock says 2027-01-15T08:00:00Z."""

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.modules import flex_oauth_app
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import (
    NO_ANSWER,
    assert_presentable,
    exchange,
)
from ansible_collections.mediaops.access.tests.unit.plugins.modules.flex import (
    KEY,
    LOST,
    URL,
    app,
    applications,
    deleted,
    got,
    listed,
    missing,
    posted,
    put,
    shown,
    without,
)

NOW, DAY_AGO, WEEK_AGO = "2027-01-15T08:00:00Z", "2027-01-14T08:00:00Z", "2027-01-08T08:00:00Z"
DAY = 86400
REVIEWER, NEW = app(), app(2)
ROTATE = {"name": "Reviewer", "rotate_secret": True, "rotate_overlap": True}


def retiring_name(since=NOW, name="Reviewer"):
    return f"{name} (retiring since {since})"


def retiring(number=1, since=NOW, name="Reviewer", **other):
    """A retiring registration as the platform has it."""
    return app(number, retiring_name(since, name), **other)


def kept(number=1, since=NOW, name="Reviewer", client_id=None):
    """The same as the module returns it."""
    return {
        "id": number,
        "name": retiring_name(since, name),
        "client_id": client_id or f"client-{number}",
        "since": since,
    }


def renamed(number=1, since=NOW, name="Reviewer", **other):
    """The exchange of the renaming: PUT, and the new state."""
    return [put(number, name=retiring_name(since, name)), got(retiring(number, since, name, **other))]


@pytest.fixture
def oauth_app(runs):
    return runs(flex_oauth_app, url=URL, registration_key=KEY)


# --- rotating ----------------------------------------------------------------------------------------------------------


def test_the_old_registration_is_renamed_and_read_before_the_new_one_is_registered(oauth_app):
    result = oauth_app(listed(REVIEWER), listed(REVIEWER), *renamed(), posted(NEW), **ROTATE)

    assert result["changed"] is True
    assert result["application"] == shown(NEW)
    assert result["retiring"] == [kept()]
    assert "warnings" not in result
    assert result["diff"]["before"] == shown(REVIEWER, "client_secret")
    assert result["diff"]["after"] == {**shown(NEW, "client_secret"), "retiring": [retiring_name()]}


def test_earlier_retiring_registrations_stay_and_are_listed(oauth_app):
    listing = listed(retiring(5, WEEK_AGO), REVIEWER, retiring(6, DAY_AGO), retiring(7, name="Other"))
    result = oauth_app(listing, listing, *renamed(), posted(NEW), **ROTATE)

    assert result["retiring"] == [kept(5, WEEK_AGO), kept(6, DAY_AGO), kept()]


def test_a_rotation_by_id_keeps_the_old_one_too(oauth_app):
    calls = [got(REVIEWER), got(REVIEWER), listed(REVIEWER), *renamed(), posted(NEW)]
    result = oauth_app(*calls, id=1, rotate_secret=True, rotate_overlap=True)

    assert (result["application"], result["retiring"]) == (shown(NEW), [kept()])


def test_a_rotation_by_id_with_another_name_takes_earlier_retiring_ones_along(oauth_app):
    old, earlier, new = app(name="Old"), retiring(5, DAY_AGO, "Old"), app(2, "New")
    calls = [
        got(old),
        got(old),
        listed(old, earlier),
        got(earlier),
        *renamed(5, DAY_AGO, "New"),
        *renamed(name="New"),
        posted(new, name="New"),
    ]
    result = oauth_app(*calls, id=1, name="New", rotate_secret=True, rotate_overlap=True)

    assert result["application"] == shown(new)
    assert result["retiring"] == [kept(5, DAY_AGO, "New"), kept(name="New")]


def test_overlap_without_rotation_changes_nothing(oauth_app):
    assert oauth_app(listed(REVIEWER), name="Reviewer", rotate_overlap=True)["changed"] is False


@pytest.mark.parametrize(
    "credentials",
    [{"clientSecret": "hush-9"}, {"clientId": "client-9", "clientSecret": "hush-9"}],
    ids=["secret", "all"],
)
def test_a_renaming_that_changes_the_credentials_is_not_an_overlap_and_a_warning_says_so(oauth_app, credentials):
    result = oauth_app(listed(REVIEWER), listed(REVIEWER), *renamed(**credentials), posted(NEW), **ROTATE)

    assert result["application"] == shown(NEW)
    assert result["retiring"] == [kept(client_id=credentials.get("clientId"))]
    (warning,) = result["warnings"]
    assert "This installation allows no overlap" in warning and "(id 1)" in warning


def test_a_platform_that_never_shows_a_secret_is_not_suspected(oauth_app):
    hidden = got(retiring(clientSecret=None))

    result = oauth_app(listed(REVIEWER), listed(REVIEWER), put(name=retiring_name()), hidden, posted(NEW), **ROTATE)

    assert "warnings" not in result


def test_an_application_that_another_process_rotated_meanwhile_is_not_rotated_again(oauth_app):
    result = oauth_app(listed(REVIEWER), listed(retiring(since=DAY_AGO), NEW), **ROTATE)

    assert (result["application"], result["retiring"]) == (shown(NEW), [kept(since=DAY_AGO)])


@pytest.mark.parametrize("lost", [LOST, {"answer": NO_ANSWER}], ids=["502", "timeout"])
@pytest.mark.parametrize(
    "then", [[got(retiring())], [got(REVIEWER), *renamed(), got(retiring())]], ids=["applied", "not applied"]
)
def test_a_renaming_whose_answer_is_lost_is_read_and_the_rotation_goes_on(oauth_app, lost, then):
    calls = [listed(REVIEWER), listed(REVIEWER), put(name=retiring_name(), **lost), *then, posted(NEW)]
    result = oauth_app(*calls, **ROTATE)

    assert (result["application"], result["retiring"]) == (shown(NEW), [kept()])


def test_a_renaming_that_stays_lost_ends_the_rotation(oauth_app):
    lost = [put(name=retiring_name(), **LOST), got(REVIEWER)] * 2
    result = oauth_app.fail(listed(REVIEWER), listed(REVIEWER), *lost, **ROTATE, retries=1)

    assert result["status"] == 502


def test_a_renaming_that_is_refused_changes_nothing(oauth_app):
    refused = put(name=retiring_name(), answer={"message": "too long"}, status=400)

    assert "too long" in oauth_app.fail(listed(REVIEWER), listed(REVIEWER), refused, **ROTATE)["msg"]


@pytest.mark.parametrize("credentials", [{}, {"clientSecret": "hush-9"}], ids=["nothing", "only the secret"])
def test_a_renaming_that_is_not_applied_never_leads_to_a_second_one_of_the_name(oauth_app, credentials):
    calls = [listed(REVIEWER), listed(REVIEWER), put(name=retiring_name()), got(app(**credentials))]

    assert "did not apply it" in oauth_app.fail(*calls, **ROTATE)["msg"]


@pytest.mark.parametrize("lost", [LOST, {"answer": NO_ANSWER}], ids=["502", "timeout"])
def test_a_registration_whose_answer_is_lost_is_found_and_not_sent_again(oauth_app, lost):
    calls = [
        listed(REVIEWER),
        listed(REVIEWER),
        *renamed(),
        posted(**lost),
        listed(retiring()),
        listed(retiring(), NEW),
    ]
    result = oauth_app(*calls, **ROTATE)

    assert (result["application"], result["retiring"]) == (shown(NEW), [kept()])


def test_a_registration_that_does_not_appear_fails_and_says_what_there_is(oauth_app):
    calls = [listed(REVIEWER), listed(REVIEWER), *renamed(), posted(NO_ANSWER), *[listed(retiring())] * 3]
    result = oauth_app.fail_after_a_change(*calls, **ROTATE, timeout=0.1)

    for words in (
        f"The old registration (id 1) is kept as '{retiring_name()}', and its credentials are still valid",
        "may have been created",
        "Run the task again",
    ):
        assert words in result["msg"]
    (change,) = result["changes"]
    assert (change["action"], change["name"], change["after"]) == ("rotate", "Reviewer", None)


@pytest.mark.parametrize("field", ["clientSecret", "clientId", "description"])
def test_a_new_registration_that_cannot_be_completed_is_not_taken_for_a_refusal(oauth_app, field):
    unreadable = [applications("GET", "/2", {"message": "oops"}, status=500)] * 2
    partial = without(NEW, field)
    calls = [listed(REVIEWER), listed(REVIEWER), *renamed(), posted(partial), *unreadable, listed(retiring(), NEW)]
    result = oauth_app(*calls, **ROTATE, retries=1)

    assert (result["application"], result["retiring"]) == (shown(NEW), [kept()])


def test_if_the_new_one_is_refused_the_old_one_gets_its_name_back(oauth_app):
    refused = posted({"message": "quota"}, status=422)
    calls = [listed(REVIEWER), listed(REVIEWER), *renamed(), refused, got(retiring()), put(), got(REVIEWER)]
    result = oauth_app.fail(*calls, **ROTATE)

    assert result["status"] == 422
    assert "quota. The old registration (id 1) has its name back and remains in use" in result["msg"]


def test_if_renaming_changed_its_credentials_the_user_is_told_how_to_obtain_them(oauth_app):
    refused = posted({"message": "quota"}, status=422)
    changed = app(clientSecret="hush-10")
    calls = [listed(REVIEWER), listed(REVIEWER), *renamed(clientSecret="hush-9"), refused]
    result = oauth_app.fail_after_a_change(*calls, got(retiring()), put(), got(changed), **ROTATE)

    assert "Renaming it changed its credentials: run the task without rotate_secret to obtain them" in result["msg"]


def test_if_the_old_one_cannot_be_renamed_back_the_message_says_what_there_is(oauth_app):
    refused = posted({"message": "quota"}, status=422)
    calls = [listed(REVIEWER), listed(REVIEWER), *renamed(), refused, got(retiring()), put(answer="", status=400)]
    result = oauth_app.fail_after_a_change(*calls, **ROTATE)

    for words in ("quota", retiring_name(), "could not be renamed back", "it registers 'Reviewer' anew"):
        assert words in result["msg"]


# --- after an interruption ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"rotate_secret": True}, ROTATE], ids=["ordinary", "rotate", "overlap"])
def test_a_retiring_registration_without_a_successor_gets_one_with_its_description(oauth_app, options):
    """Neither is the task rotating twice, nor does it need a description."""
    halfway = listed(retiring(5, WEEK_AGO, description="Older"), retiring(since=DAY_AGO))
    result = oauth_app(halfway, halfway, posted(NEW), **{"name": "Reviewer", **options})

    assert result["changed"] is True
    assert (result["application"], result["retiring"]) == (shown(NEW), [kept(5, WEEK_AGO), kept(since=DAY_AGO)])


def test_the_successor_gets_the_description_that_is_given(oauth_app):
    new = app(2, description="New")
    calls = [listed(retiring()), listed(retiring()), posted(new, description="New")]

    assert oauth_app(*calls, name="Reviewer", description="New")["application"] == shown(new)


@pytest.mark.parametrize("by", [{"id": 1}, {"id": 1, "name": "Reviewer"}], ids=["id", "id and name"])
def test_an_id_that_is_retiring_stands_for_the_current_registration(oauth_app, by):
    result = oauth_app(got(retiring()), listed(retiring(), NEW), **by)

    assert result["changed"] is False
    assert (result["application"], result["retiring"]) == (shown(NEW), [kept()])
    assert "id 1 is a retiring registration of 'Reviewer'" in result["warnings"][0]


def test_an_id_that_is_retiring_without_a_successor_gets_one(oauth_app):
    halfway = [got(retiring()), listed(retiring())]
    result = oauth_app(*halfway, *halfway, posted(NEW), id=1)

    assert (result["application"], result["retiring"]) == (shown(NEW), [kept()])


# --- renaming ----------------------------------------------------------------------------------------------------------


def test_retiring_registrations_follow_a_new_name_before_it_is_set(oauth_app):
    old, follower, new = app(name="Old"), retiring(5, DAY_AGO, "Old"), app(name="New")
    calls = [got(old), got(old), listed(follower, old), got(follower), *renamed(5, DAY_AGO, "New"), put(name="New")]
    result = oauth_app(*calls, got(new), id=1, name="New")

    assert result["application"] == shown(new)
    assert result["retiring"] == [kept(5, DAY_AGO, "New")]


def test_of_two_applications_of_one_name_neither_takes_the_retiring_ones_along(oauth_app):
    old, new = app(name="Old"), app(name="New")
    listing = listed(retiring(5, DAY_AGO, "Old"), old, app(9, "Old"))

    assert oauth_app(got(old), got(old), listing, put(name="New"), got(new), id=1, name="New")["retiring"] == []


# --- retiring ----------------------------------------------------------------------------------------------------------

BOTH = [retiring(5, WEEK_AGO), retiring(6, DAY_AGO)]


def gone(item, *, status=204):
    return [got(item), got(item), deleted(item["id"], status=status)]


@pytest.mark.parametrize(
    ("retire_after", "due", "left"),
    [
        pytest.param(None, [], [kept(5, WEEK_AGO), kept(6, DAY_AGO)], id="none"),
        pytest.param(8 * DAY, [], [kept(5, WEEK_AGO), kept(6, DAY_AGO)], id="too young"),
        pytest.param(7 * DAY, BOTH[:1], [kept(6, DAY_AGO)], id="one"),
        pytest.param(0, BOTH, [], id="at once"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True], ids=["real", "check"])
def test_registrations_that_have_been_retiring_for_long_enough_are_removed(
    oauth_app, retire_after, due, left, check_mode
):
    calls = [] if check_mode else [call for item in due for call in gone(item)]
    listing = listed(*BOTH, NEW)
    result = oauth_app(listing, *calls, name="Reviewer", retire_after=retire_after, check_mode=check_mode)

    hidden = {"client_secret": None} if check_mode and due else {}  # a check that predicts a change is displayed
    assert result["changed"] is bool(due)
    assert (result["application"], result["retiring"]) == ({**shown(NEW), **hidden}, left)
    if due:
        assert result["diff"]["before"]["retiring"] == [item["applicationName"] for item in BOTH]
        assert result["diff"]["after"].get("retiring", []) == [item["name"] for item in left]


def test_one_that_is_retired_at_once_is_removed_after_the_new_one_is_registered(oauth_app):
    calls = [listed(REVIEWER), listed(REVIEWER), *renamed(), posted(NEW), *gone(retiring())]

    assert oauth_app(*calls, **ROTATE, retire_after=0)["retiring"] == []


def test_an_unknown_outcome_of_a_removal_is_read(oauth_app):
    lost = [got(BOTH[0]), got(BOTH[0]), applications("DELETE", "/5", **LOST), missing(5)]

    assert oauth_app(listed(BOTH[0], NEW), *lost, name="Reviewer", retire_after=0)["changed"] is True


def test_one_that_another_process_has_removed_is_not_a_change(oauth_app):
    assert oauth_app(listed(BOTH[0], NEW), missing(5), name="Reviewer", retire_after=0)["changed"] is False


def test_one_that_has_its_name_back_is_not_removed(oauth_app):
    assert oauth_app(listed(BOTH[0], NEW), got(app(5)), name="Reviewer", retire_after=0)["changed"] is False


def test_a_removal_that_fails_names_the_registration_and_reports_what_was_removed(oauth_app):
    refused = [got(BOTH[1]), got(BOTH[1]), deleted(6, {"message": "locked"}, status=403)]
    result = oauth_app.fail_after_a_change(
        listed(*BOTH, NEW), *gone(BOTH[0]), *refused, name="Reviewer", retire_after=0
    )

    assert f"registration 6 ('{retiring_name(DAY_AGO)}')" in result["msg"] and "locked" in result["msg"]


@pytest.mark.parametrize("since", ["2027-01-15T09:00:00Z", "2026-02-30T10:00:00Z", "yesterday"])
def test_a_name_with_an_instant_that_cannot_be_is_not_retiring(oauth_app, since):
    result = oauth_app(listed(retiring(5, since), NEW), name="Reviewer", retire_after=0)

    assert (result["changed"], result["retiring"]) == (False, [])


# --- retire_only -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", [{"name": "Reviewer"}, {"id": 2}], ids=["name", "id"])
@pytest.mark.parametrize(("retire_after", "due"), [(None, BOTH), (2 * DAY, BOTH[:1])], ids=["all", "old ones"])
def test_retire_only_removes_what_is_due_and_nothing_else(oauth_app, by, retire_after, due):
    calls = [call for item in due for call in gone(item)]
    options = {**by, "description": "Other", "retire_only": True, "retire_after": retire_after}
    result = oauth_app(listed(*BOTH, NEW), *calls, **options)

    assert result["changed"] is True
    assert "application" not in result
    assert len(result["retiring"]) == 2 - len(due)


@pytest.mark.parametrize("check_mode", [False, True], ids=["real", "check"])
def test_retire_only_keeps_the_one_that_the_task_selects_by_id(oauth_app, check_mode):
    """Without it, the same task with ``state: absent`` would find nothing, while its successor is alive."""
    calls = [] if check_mode else gone(BOTH[1])
    result = oauth_app(listed(*BOTH, NEW), *calls, id=5, name="Reviewer", retire_only=True, check_mode=check_mode)

    assert (result["changed"], result["retiring"]) == (True, [kept(5, WEEK_AGO)])
    (warning,) = result["warnings"]
    assert warning == (
        f"registration 5 ('{retiring_name(WEEK_AGO)}') is kept although its time is up, because the task selects the "
        "application by this id. Select it by name, or set the id of the current registration"
    )


def test_retire_after_keeps_the_one_that_the_task_selects_by_id(oauth_app):
    result = oauth_app(got(BOTH[0]), listed(*BOTH, NEW), *gone(BOTH[1]), id=5, retire_after=0)

    assert result["retiring"] == [kept(5, WEEK_AGO)]


def test_retire_only_keeps_what_nothing_has_replaced(oauth_app):
    result = oauth_app(listed(*BOTH), name="Reviewer", retire_only=True)

    assert (result["changed"], len(result["retiring"])) == (False, 2)
    assert "no application is named 'Reviewer'" in result["warnings"][0]


def test_retire_only_without_a_retiring_registration_changes_nothing(oauth_app):
    assert oauth_app(listed(NEW), name="Reviewer", retire_only=True)["changed"] is False
    assert oauth_app(listed(), name="Reviewer", retire_only=True)["changed"] is False


def test_an_incomplete_list_is_said(oauth_app):
    page = applications("GET", "/", {"totalCount": 3, "applications": [BOTH[0], NEW]})
    more = [
        applications("GET", "/", {"totalCount": 3, "applications": []}, query={"offset": "2", "limit": "100"}),
        applications("GET", "/;offset=2;limit=100", {"totalCount": 3, "applications": []}),
    ]
    result = oauth_app(page, *more, *gone(BOTH[0]), name="Reviewer", retire_only=True)

    assert result["changed"] is True
    assert "ends after 2 of 3, so retiring registrations may be missing" in result["warnings"][0]


# --- removing ----------------------------------------------------------------------------------------------------------


def removed(item):
    return [got(item), deleted(item["id"])]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        pytest.param({"name": "Reviewer"}, [listed(*BOTH, NEW)] * 2, id="by name"),
        pytest.param({"id": 2}, [got(NEW), got(NEW), listed(*BOTH, NEW)], id="by id"),
        pytest.param(
            {"id": 5, "name": "Reviewer"}, [got(BOTH[0]), listed(*BOTH, NEW)] * 2, id="by the id of a retiring one"
        ),
    ],
)
def test_absent_removes_the_retiring_registrations_first(oauth_app, options, found):
    result = oauth_app(*found, *removed(BOTH[0]), *removed(BOTH[1]), deleted(2), **options, state="absent")

    assert result["changed"] is True
    assert result["diff"]["before"]["retiring"] == [item["applicationName"] for item in BOTH]
    assert result["diff"]["after"] == {}


def entries(result):
    return [(change["action"], change["name"]) for change in result["changes"]]


def test_if_the_application_cannot_be_removed_the_removed_registrations_are_reported(oauth_app):
    refused = deleted(2, {"message": "locked"}, status=403)
    calls = [listed(BOTH[0], NEW), listed(BOTH[0], NEW), *removed(BOTH[0]), refused]
    result = oauth_app.fail_after_a_change(*calls, name="Reviewer", state="absent")

    assert "locked" in result["msg"]
    assert entries(result) == [("delete", "Reviewer (retiring)")]


def test_if_the_application_cannot_be_renamed_the_renamed_registrations_are_reported(oauth_app):
    old, follower = app(name="Old"), retiring(5, DAY_AGO, "Old")
    calls = [got(old), got(old), listed(follower, old), got(follower), *renamed(5, DAY_AGO, "New")]
    refused = put(name="New", answer={"message": "locked"}, status=403)
    result = oauth_app.fail_after_a_change(*calls, refused, id=1, name="New")

    assert entries(result) == [("update", "Old (retiring)")]


@pytest.mark.parametrize("then", [[listed()], [listed(NEW), deleted(2), listed()]], ids=["applied", "not applied"])
def test_after_a_deletion_whose_outcome_is_unknown_all_removals_are_reported(oauth_app, then):
    listing = listed(BOTH[0], NEW)
    calls = [listing, listing, *removed(BOTH[0]), applications("DELETE", "/2", **LOST)]
    result = oauth_app(*calls, *then, name="Reviewer", state="absent")

    assert sorted(entries(result)) == [("delete", "Reviewer"), ("delete", "Reviewer (retiring)")]
    assert result["diff"]["before"]["retiring"] == [BOTH[0]["applicationName"]]


def test_absent_removes_retiring_registrations_that_are_left_alone(oauth_app):
    result = oauth_app(listed(*BOTH), *gone(BOTH[0]), *gone(BOTH[1]), name="Reviewer", state="absent")

    assert result["changed"] is True


def test_absent_with_only_the_id_of_a_retiring_registration_removes_that_one_alone(oauth_app):
    calls = [got(BOTH[0]), got(BOTH[0]), listed(*BOTH, NEW), deleted(5)]

    assert oauth_app(*calls, id=5, state="absent")["changed"] is True


def test_absent_by_id_leaves_retiring_registrations_to_another_application_of_the_name(oauth_app):
    calls = [got(NEW), got(NEW), listed(*BOTH, NEW, app(9)), deleted(2)]

    assert oauth_app(*calls, id=2, state="absent")["changed"] is True


@pytest.mark.parametrize("check_mode", [False, True], ids=["real", "check"])
def test_an_id_that_a_rotation_has_replaced_is_not_mistaken_for_absent(oauth_app, check_mode):
    options = {"id": 1, "name": "Reviewer", "state": "absent", "check_mode": check_mode}
    result = oauth_app.fail(missing(), listed(app(3, "Other"), NEW), **options)

    assert "no application has the id 1, but one has this name (id 2)" in result["msg"]
    assert oauth_app(missing(), listed(app(3, "Other")), **options)["changed"] is False


def test_a_deletion_by_id_whose_outcome_is_unknown_does_not_ask_for_the_name(oauth_app):
    calls = [got(NEW), got(NEW), listed(NEW, app(3)), applications("DELETE", "/2", **LOST), missing(2)]

    assert oauth_app(*calls, id=2, name="Reviewer", state="absent")["changed"] is True


# --- check mode --------------------------------------------------------------------------------------------------------


def test_check_mode_predicts_a_rotation_with_overlap(oauth_app):
    result = oauth_app(listed(BOTH[0], REVIEWER), **ROTATE, check_mode=True)

    assert result["changed"] is True
    assert result["application"] == {**shown(NEW), "id": None, "client_id": None, "client_secret": None}
    assert result["retiring"] == [kept(5, WEEK_AGO), kept()]


@pytest.mark.parametrize("options", [{"name": "Reviewer"}, {"id": 2}], ids=["by name", "by id"])
def test_check_mode_predicts_that_absent_removes_all(oauth_app, options):
    calls = [got(NEW)] if "id" in options else []
    result = oauth_app(*calls, listed(*BOTH, NEW), **options, state="absent", check_mode=True)

    assert (result["changed"], len(result["diff"]["before"]["retiring"])) == (True, 2)


@pytest.mark.parametrize("check_mode", [False, True], ids=["real", "check"])
def test_removals_have_the_same_name_in_the_plan_whenever_they_were_rotated(oauth_app, check_mode):
    calls = [] if check_mode else [listed(REVIEWER), *renamed(), posted(NEW), *gone(retiring())]
    result = oauth_app(listed(REVIEWER), *calls, **ROTATE, retire_after=0, check_mode=check_mode)

    assert [(change["action"], change["name"]) for change in result["changes"]] == [
        ("rotate", "Reviewer"),
        ("delete", "Reviewer (retiring)"),
    ]


# --- options -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"retire_after": -1}, "retire_after must not be negative"),
        ({"retire_only": True, "rotate_secret": True}, "retire_only cannot be combined with rotate_secret: true"),
        ({"retire_only": True, "state": "absent"}, "retire_only cannot be combined with state: absent"),
    ],
)
def test_options_that_contradict_each_other_fail_before_anything_is_sent(oauth_app, options, words):
    assert words in oauth_app.fail(name="Reviewer", **options)["msg"]


def test_the_tasks_of_one_check_know_of_each_other(runs, tmp_path):
    """As in a play that rotates, delivers and retires: what the first one would leave, the last one would remove, once."""
    plans = {}

    def check(**options):
        result = flex_oauth_app.MODULE.run(
            {"url": URL, "registration_key": KEY, **options},
            name="flex_oauth_app",
            check_mode=True,
            ansible_home=str(tmp_path),
            earlier_plan=plans.get,
        )
        assert_presentable(result)
        plans.update(result.pop("plans", {}))
        return result

    listing = listed(retiring(5, DAY_AGO), REVIEWER)
    with exchange(listing):
        assert check(**ROTATE)["retiring"] == [kept(5, DAY_AGO), kept()]
    with exchange(listing):
        result = check(name="Reviewer", retire_only=True, retire_after=DAY)
        assert (result["changed"], result["retiring"]) == (True, [kept()])
    with exchange(listing):
        assert check(name="Reviewer", retire_only=True)["retiring"] == []
    with exchange(listing):
        assert check(name="Reviewer", retire_only=True)["changed"] is False
    with exchange(listing):
        assert check(name="Reviewer", retire_after=0)["changed"] is False


def test_a_check_after_one_that_completes_a_rotation_predicts_its_retirement(runs, tmp_path):
    plans = {}
    options = {"url": URL, "registration_key": KEY, "name": "Reviewer"}
    more = {"name": "flex_oauth_app", "check_mode": True, "ansible_home": str(tmp_path)}
    with exchange(listed(retiring(5, DAY_AGO))):
        plans = flex_oauth_app.MODULE.run(options, **more)["plans"]
    with exchange(listed(retiring(5, DAY_AGO))):
        result = flex_oauth_app.MODULE.run({**options, "retire_only": True}, **more, earlier_plan=plans.get)

    assert (result["changed"], result["retiring"]) == (True, [])
