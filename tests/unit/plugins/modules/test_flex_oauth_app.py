# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
import requests
import urllib3

from ansible_collections.mediaops.access.plugins.modules import flex_oauth_app
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import NO_ANSWER
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

REVIEWER = app()
#: What is read before a rotation by id: also who else has the name, as the new id is not known.
BY_ID = [got(REVIEWER), got(REVIEWER), listed(REVIEWER)]
WANTED = {"name": "Reviewer", "description": "Tool to review media"}
#: Answers to a write that leave open whether it was applied.
IN_DOUBT = [
    pytest.param({"answer": "", "status": 408}, id="408"),
    pytest.param({"answer": {"message": "oops"}, "status": 500}, id="500"),
    pytest.param({"answer": "<html>Bad gateway</html>", "status": 502}, id="502"),
    pytest.param({"answer": "", "status": 503}, id="503"),
    pytest.param({"answer": "", "status": 504}, id="504"),
    pytest.param({"answer": NO_ANSWER}, id="timeout"),
    pytest.param({"answer": requests.exceptions.ConnectionError("reset")}, id="connection closed"),
]
#: What certainly did not reach the platform, or was not carried out.
NOT_ARRIVED = [
    pytest.param({"answer": requests.exceptions.ConnectTimeout("no connection")}, id="no connection within timeout"),
    pytest.param(
        {"answer": requests.exceptions.ConnectionError(urllib3.exceptions.NewConnectionError(None, "refused"))},
        id="connection refused",
    ),
    pytest.param({"answer": requests.exceptions.ProxyError("refused")}, id="refused by the proxy"),
    pytest.param({"answer": "", "status": 429}, id="429"),
]


@pytest.fixture
def oauth_app(runs):
    return runs(flex_oauth_app, url=URL, registration_key=KEY)


# --- finding -----------------------------------------------------------------------------------------------------------


def test_an_application_is_found_by_id(oauth_app):
    result = oauth_app(got(REVIEWER), id=1, **WANTED)

    assert result["changed"] is False
    assert result["application"] == shown(REVIEWER)
    assert result["application"]["client_secret"] == "hush-1"


@pytest.mark.parametrize(
    ("item", "further"),
    [
        pytest.param(REVIEWER, [], id="all there"),
        pytest.param({**without(REVIEWER, "clientSecret"), "secret": "hush-1"}, [], id="secret under its other key"),
        pytest.param(without(REVIEWER, "clientSecret"), [got(REVIEWER)], id="no secret"),
        pytest.param(without(REVIEWER, "clientSecret", "clientId"), [got(REVIEWER)], id="no credentials"),
        pytest.param(without(REVIEWER, "description"), [got(REVIEWER)], id="no description"),
        pytest.param({**REVIEWER, "id": "1"}, [], id="id as a string"),
    ],
)
def test_an_application_is_found_by_name_and_what_the_list_lacks_is_read_by_id(oauth_app, item, further):
    result = oauth_app(listed(app(7, "Other"), item), *further, **WANTED)

    assert result["changed"] is False
    assert result["application"] == shown(REVIEWER)


def test_a_name_is_compared_as_a_whole_and_with_its_case(oauth_app):
    listing = listed(app(1, "reviewer"), app(2, "Reviewer 2"))

    assert oauth_app(listing, name="Reviewer", state="absent")["changed"] is False


@pytest.mark.parametrize("state", ["present", "absent"])
def test_two_applications_of_one_name_fail_and_their_ids_are_listed(oauth_app, state):
    result = oauth_app.fail(listed(app(3), app(2, "Other"), app(12)), **WANTED, state=state)

    assert "application 'Reviewer'" in result["msg"] and "3, 12" in result["msg"]


def test_with_its_id_one_of_two_of_a_name_is_meant(oauth_app):
    assert oauth_app(got(app(12)), id=12, **WANTED)["application"]["id"] == 12


def test_an_unknown_id_fails(oauth_app):
    result = oauth_app.fail(missing(9), id=9)

    assert "application 9" in result["msg"]
    assert result["status"] == 404


def test_the_platforms_own_code_for_an_unknown_id_is_returned(oauth_app):
    answer = applications("GET", "/9", {"code": "NO_APP", "message": "No such application"}, status=404)

    assert oauth_app.fail(answer, id=9)["error_code"] == "NO_APP"


@pytest.mark.parametrize(
    "answer",
    [{"answer": "", "status": 404}, {"answer": "null"}, {"answer": ""}, {"answer": "", "status": 410}],
    ids=["404", "200 null", "200 empty", "410"],
)
def test_however_the_platform_says_so_an_unknown_id_is_absent(oauth_app, answer):
    assert oauth_app(applications("GET", "/9", **answer), id=9, state="absent")["changed"] is False


def test_a_trailing_slash_of_the_url_is_harmless(oauth_app):
    assert oauth_app(listed(REVIEWER), **WANTED, url=URL + "/")["changed"] is False


# --- creating ----------------------------------------------------------------------------------------------------------


def test_a_missing_application_is_created_and_its_secret_returned(oauth_app):
    result = oauth_app(listed(), listed(), posted(REVIEWER, status=201), **WANTED)

    assert result["changed"] is True
    assert result["application"] == shown(REVIEWER)
    assert result["diff"]["before"] == {}
    assert result["diff"]["after"] == shown(REVIEWER, "client_secret")


def test_creating_needs_a_description(oauth_app):
    result = oauth_app.fail(listed(), name="Reviewer")

    assert "application 'Reviewer'" in result["msg"] and "description" in result["msg"]


def test_an_application_that_another_process_created_meanwhile_is_not_created_again(oauth_app):
    result = oauth_app(listed(), listed(REVIEWER), **WANTED)

    assert result["changed"] is False
    assert result["application"] == shown(REVIEWER)


@pytest.mark.parametrize("lacking", ["clientSecret", "description"])
def test_fields_missing_in_the_response_to_a_creation_are_read_by_id(oauth_app, lacking):
    result = oauth_app(listed(), listed(), posted(without(REVIEWER, lacking)), got(REVIEWER), **WANTED)

    assert result["changed"] is True
    assert result["application"] == shown(REVIEWER)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(without(REVIEWER, "applicationName"), id="without name"),
        pytest.param(without(REVIEWER, "id"), id="without id"),
        pytest.param("<!DOCTYPE html><html>It works!</html>", id="HTML"),
        pytest.param("", id="empty"),
        pytest.param("null", id="null"),
        pytest.param('{"id": 1, "applicat', id="truncated"),
        pytest.param([REVIEWER], id="a list"),
        pytest.param({**REVIEWER, "id": "one"}, id="an id that is not a number"),
    ],
)
def test_after_an_answer_that_does_not_fit_the_application_is_read_and_not_created_twice(oauth_app, answer):
    result = oauth_app(listed(), listed(), posted(answer), listed(REVIEWER), **WANTED)

    assert result["changed"] is True
    assert result["application"] == shown(REVIEWER)


@pytest.mark.parametrize("lost", IN_DOUBT)
def test_creating_that_was_applied_although_the_answer_was_lost_makes_one_application(oauth_app, lost):
    result = oauth_app(
        listed(), listed(), posted(**lost), listed(without(REVIEWER, "clientSecret")), got(REVIEWER), **WANTED
    )

    assert result["changed"] is True
    assert result["application"] == shown(REVIEWER)


@pytest.mark.parametrize("lost", IN_DOUBT)
@pytest.mark.parametrize("retries", [0, 4])
def test_a_creation_that_is_applied_late_is_awaited_and_never_repeated(oauth_app, clock, lost, retries):
    found = [listed(without(REVIEWER, "clientSecret")), got(REVIEWER)]
    result = oauth_app(listed(), listed(), posted(**lost), listed(), listed(), *found, **WANTED, retries=retries)

    assert result["changed"] is True
    assert result["application"] == shown(REVIEWER)
    assert clock.slept == [0.25, 0.5, 1.0]


@pytest.mark.parametrize("lost", IN_DOUBT)
def test_a_creation_that_does_not_appear_within_timeout_fails_and_is_not_repeated(oauth_app, clock, lost):
    result = oauth_app.fail(listed(), listed(), posted(**lost), *[listed()] * 4, **WANTED, timeout=3)

    assert result.get("status") == lost.get("status")
    for words in (
        "application 'Reviewer': POST http://flex.test:18101/api/authentication/applications",
        "may have been created, but it did not appear within 3 s (timeout)",
        "The request is not repeated",
        "Run the task again",
    ):
        assert words in result["msg"]
    assert clock.slept == [0.25, 0.5, 1.0, 1.25]


def test_creating_that_was_applied_after_all_that_is_found_by_the_next_run(oauth_app):
    oauth_app.fail(listed(), listed(), posted(NO_ANSWER), *[listed()] * 3, **WANTED, timeout=0.1)

    assert oauth_app(listed(REVIEWER), **WANTED)["changed"] is False


@pytest.mark.parametrize("failed", NOT_ARRIVED)
def test_a_creation_that_cannot_have_arrived_is_repeated(oauth_app, failed):
    assert oauth_app(listed(), listed(), posted(**failed), posted(REVIEWER), **WANTED)["application"] == shown(REVIEWER)


def test_applications_registered_by_others_after_an_ambiguous_creation_are_reported(oauth_app):
    result = oauth_app.fail(listed(), listed(), posted(NO_ANSWER), listed(app(1), app(2)), **WANTED)

    assert (
        "may have been created" in result["msg"]
        and "2 applications have this name. Set id to select one of them: 1, 2" in result["msg"]
    )


def test_too_many_requests_means_that_nothing_was_created_so_it_is_repeated(oauth_app, clock):
    limited = posted("slow down", status=429, answer_headers={"Retry-After": "7"})
    result = oauth_app(listed(), listed(), limited, posted(REVIEWER), **WANTED)

    assert result["changed"] is True
    assert clock.slept == [7.0]


def test_503_leaves_the_outcome_unknown_so_the_state_is_read_after_the_wait(oauth_app, clock):
    unavailable = posted("maintenance", status=503, answer_headers={"Retry-After": "7"})
    result = oauth_app(listed(), listed(), unavailable, listed(REVIEWER), **WANTED)

    assert result["changed"] is True
    assert sum(clock.slept) == 7.0


def test_503_with_a_wait_beyond_max_wait_says_that_it_may_have_been_created(oauth_app, clock):
    unavailable = posted("maintenance", status=503, answer_headers={"Retry-After": "301"})
    result = oauth_app.fail(listed(), listed(), unavailable, **WANTED)

    assert "may have been created, but it cannot be looked up" in result["msg"]
    assert (result["status"], clock.slept) == (503, [])


def test_creating_that_is_refused_fails_and_is_not_repeated(oauth_app):
    result = oauth_app.fail(
        listed(), listed(), posted({"message": "applicationName is taken", "code": "DUPLICATE"}, status=409), **WANTED
    )

    assert (result["status"], result["error_code"]) == (409, "DUPLICATE")
    assert "applicationName is taken" in result["msg"]


# --- updating ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [{"id": 1, "clientId": "client-1", "clientSecret": "hush-9"}, "", {}],
    ids=["the documented answer", "empty", "nothing"],
)
def test_a_wrong_description_is_updated_with_both_fields_and_read_again(oauth_app, answer):
    old, new = app(description="Old"), REVIEWER
    result = oauth_app(listed(old), listed(old), put(answer=answer), got(new), **WANTED)

    assert result["changed"] is True
    assert result["application"] == shown(new)
    assert (
        result["diff"]["before"]["description"] == "Old"
        and result["diff"]["after"]["description"] == "Tool to review media"
    )


def test_a_secret_that_the_update_changed_is_returned(oauth_app):
    new = app(clientSecret="hush-new")

    assert oauth_app(got(app(description="Old")), got(app(description="Old")), put(), got(new), id=1, **WANTED)[
        "application"
    ] == shown(new)


def test_with_id_another_name_renames_and_keeps_the_description(oauth_app):
    old, new = app(name="Old"), REVIEWER
    result = oauth_app(got(old), got(old), listed(old), put(), got(new), id=1, name="Reviewer")

    assert result["changed"] is True
    assert result["application"] == shown(new)


def test_name_and_description_are_updated_in_one_request(oauth_app):
    old, new = app(name="Old", description="Old"), app(name="New", description="New")
    calls = [got(old), got(old), listed(old), put(name="New", description="New"), got(new)]
    result = oauth_app(*calls, id=1, name="New", description="New")

    assert result["application"] == shown(new)


def test_without_a_description_the_existing_one_is_kept(oauth_app):
    assert oauth_app(listed(REVIEWER), name="Reviewer")["changed"] is False


@pytest.mark.parametrize("lost", IN_DOUBT)
def test_an_update_that_was_applied_although_the_answer_was_lost_is_not_repeated(oauth_app, lost):
    old = app(description="Old")
    result = oauth_app(listed(old), listed(old), put(**lost), listed(REVIEWER), **WANTED)

    assert result["changed"] is True
    assert result["application"] == shown(REVIEWER)


@pytest.mark.parametrize("lost", IN_DOUBT)
def test_an_update_that_was_not_applied_is_repeated(oauth_app, lost):
    old = app(description="Old")
    result = oauth_app(
        listed(old), listed(old), put(**lost), listed(old), put(), got(REVIEWER), listed(REVIEWER), **WANTED
    )

    assert result["changed"] is True
    assert result["application"] == shown(REVIEWER)


# --- rotating ----------------------------------------------------------------------------------------------------------


def test_rotation_deletes_and_registers_anew_with_name_and_description(oauth_app):
    result = oauth_app(
        listed(REVIEWER), listed(REVIEWER), deleted(), posted(app(2)), name="Reviewer", rotate_secret=True
    )

    assert result["changed"] is True
    assert result["application"] == shown(app(2))
    assert result["diff"]["before"]["client_id"] == "client-1" and result["diff"]["after"]["client_id"] == "client-2"


def test_rotation_takes_a_new_description(oauth_app):
    new = app(2, description="New")
    result = oauth_app(
        listed(REVIEWER),
        listed(REVIEWER),
        deleted(),
        posted(new, description="New"),
        name="Reviewer",
        description="New",
        rotate_secret=True,
    )

    assert result["application"] == shown(new)


def test_rotation_by_id_keeps_the_name(oauth_app):
    result = oauth_app(*BY_ID, deleted(), posted(app(2)), id=1, rotate_secret=True)

    assert result["application"] == shown(app(2))


def test_rotation_by_id_can_rename(oauth_app):
    new = app(2, "New")
    result = oauth_app(*BY_ID, deleted(), posted(new, name="New"), id=1, name="New", rotate_secret=True)

    assert result["application"] == shown(new)


def test_rotation_of_nothing_registers(oauth_app):
    assert oauth_app(listed(), listed(), posted(REVIEWER), **WANTED, rotate_secret=True)["application"] == shown(
        REVIEWER
    )


def test_an_application_rotated_by_another_process_is_not_rotated_again(oauth_app):
    result = oauth_app(listed(REVIEWER), listed(app(2)), name="Reviewer", rotate_secret=True)

    assert result["application"] == shown(app(2))


@pytest.mark.parametrize("lost", [{"answer": "", "status": 502}, {"answer": NO_ANSWER}], ids=["502", "timeout"])
@pytest.mark.parametrize(
    ("calls_after_delete", "new"),
    [
        pytest.param([listed(), posted(app(2)), listed(app(2))], app(2), id="applied"),
        pytest.param([listed(REVIEWER), deleted(), posted(app(2)), listed(app(2))], app(2), id="not applied"),
        pytest.param(
            [listed(REVIEWER), deleted(status=404), listed(), posted(app(2)), listed(app(2))], app(2), id="applied late"
        ),
    ],
)
def test_rotation_continues_after_an_ambiguous_deletion(oauth_app, lost, calls_after_delete, new):
    in_doubt = applications("DELETE", "/1", **lost)
    result = oauth_app(
        listed(REVIEWER), listed(REVIEWER), in_doubt, *calls_after_delete, name="Reviewer", rotate_secret=True
    )

    assert result["changed"] is True
    assert result["application"] == shown(new)


@pytest.mark.parametrize("lost", IN_DOUBT)
@pytest.mark.parametrize(
    "calls_after_create",
    [
        pytest.param([listed(app(2))], id="at once"),
        pytest.param([listed(), listed(app(2))], id="late"),
        pytest.param([listed(REVIEWER), listed(REVIEWER, app(2))], id="late, in a list that is behind"),
    ],
)
def test_rotation_continues_after_an_ambiguous_registration(oauth_app, lost, calls_after_create):
    begin = [listed(REVIEWER), listed(REVIEWER), deleted(), posted(**lost)]
    result = oauth_app(*begin, *calls_after_create, name="Reviewer", rotate_secret=True)

    assert result["changed"] is True
    assert result["application"] == shown(app(2))


@pytest.mark.parametrize("calls_after_create", [[listed(app(2))], [listed(), listed(app(2))]], ids=["at once", "late"])
def test_rotation_by_id_continues_by_name_as_the_old_id_is_gone(oauth_app, calls_after_create):
    begin = [*BY_ID, deleted(), posted(NO_ANSWER)]

    assert oauth_app(*begin, *calls_after_create, id=1, rotate_secret=True)["application"] == shown(app(2))


def test_rotation_by_id_continues_by_name_after_an_ambiguous_deletion(oauth_app):
    """Application 5 existed before, so it is not the new one."""
    begin = [*BY_ID[:2], listed(REVIEWER, app(5)), applications("DELETE", "/1", **LOST)]
    result = oauth_app(
        *begin, missing(), listed(app(5)), posted(app(2)), listed(app(2), app(5)), id=1, rotate_secret=True
    )

    assert result["application"] == shown(app(2))


@pytest.mark.parametrize("options", [{"name": "Reviewer"}, {"id": 1}], ids=["by name", "by id"])
def test_a_registration_that_does_not_appear_after_the_deletion_has_a_remedy(oauth_app, options):
    found = BY_ID if "id" in options else [listed(REVIEWER), listed(REVIEWER)]
    result = oauth_app.fail_after_a_change(
        *found, deleted(), posted(NO_ANSWER), *[listed()] * 3, **options, rotate_secret=True, timeout=0.1
    )

    for words in (
        "(id 1) has already been deleted",
        "name: 'Reviewer' and description: 'Tool to review media'",
        "may have been created",
        "Run the task again",
    ):
        assert words in result["msg"]


@pytest.mark.parametrize("options", [{"name": "Reviewer"}, {"id": 1}], ids=["by name", "by id"])
def test_a_registration_that_is_refused_after_the_deletion_has_a_remedy(oauth_app, options):
    found = BY_ID if "id" in options else [listed(REVIEWER), listed(REVIEWER)]
    result = oauth_app.attempt(
        *found, deleted(), posted({"message": "quota"}, status=422), **options, rotate_secret=True
    )

    assert result["failed"] is True and result["status"] == 422
    for part in ("quota", "id 1", "deleted", "Run again", "Tool to review media"):
        assert part in result["msg"]
    assert [change["action"] for change in result["changes"]] == ["delete"]


def test_after_a_rotation_by_id_failed_halfway_the_message_contains_the_name(oauth_app):
    result = oauth_app.attempt(*BY_ID, deleted(), posted({"message": "quota"}, status=422), id=1, rotate_secret=True)

    assert "'Reviewer'" in result["msg"]


def test_rotation_by_id_never_confuses_another_application_of_the_name_with_the_new_one(oauth_app):
    """Names are not unique: application 5 existed before, so finding it does not mean that the ambiguous registration was applied."""
    begin = [*BY_ID[:2], listed(REVIEWER, app(5)), deleted(), posted(NO_ANSWER)]
    result = oauth_app(*begin, listed(app(5)), listed(app(5), app(6)), id=1, rotate_secret=True)

    assert result["application"] == shown(app(6))


# --- removing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 204])
def test_an_application_is_deleted(oauth_app, status):
    result = oauth_app(listed(REVIEWER), listed(REVIEWER), deleted(status=status), name="Reviewer", state="absent")

    assert result["changed"] is True
    assert "application" not in result
    assert result["diff"]["before"] == shown(REVIEWER, "client_secret") and result["diff"]["after"] == {}


NOT_FOUND = [pytest.param({"status": 404}, id="404"), pytest.param({"status": 410}, id="410")]


@pytest.mark.parametrize(
    "answer", [*NOT_FOUND, pytest.param({"status": 200, "answer": "<html>Please log in</html>"}, id="a web page")]
)
def test_a_deletion_fails_if_the_application_still_exists(oauth_app, answer):
    result = oauth_app(
        listed(REVIEWER),
        listed(REVIEWER),
        deleted(**answer),
        listed(REVIEWER),
        deleted(),
        listed(),
        name="Reviewer",
        state="absent",
    )

    assert result["changed"] is True
    assert "application" not in result


@pytest.mark.parametrize("answer", NOT_FOUND)
def test_an_application_deleted_by_another_process_is_not_a_change(oauth_app, answer):
    result = oauth_app(listed(REVIEWER), listed(REVIEWER), deleted(**answer), listed(), name="Reviewer", state="absent")

    assert (result["changed"], result["diff"]) == (False, None)


def test_a_rotation_of_an_application_deleted_by_another_process_registers_it(oauth_app):
    result = oauth_app(
        listed(REVIEWER),
        listed(REVIEWER),
        deleted(status=404),
        listed(),
        posted(app(2)),
        listed(app(2)),
        name="Reviewer",
        rotate_secret=True,
    )

    assert (result["changed"], result["application"]) == (True, shown(app(2)))


def test_a_rotation_by_another_process_is_not_a_change(oauth_app):
    result = oauth_app(
        listed(REVIEWER), listed(REVIEWER), deleted(status=404), listed(app(2)), name="Reviewer", rotate_secret=True
    )

    assert (result["changed"], result["application"]) == (False, shown(app(2)))


def test_an_application_whose_deletion_does_not_find_it_is_a_clear_failure(oauth_app):
    calls = [deleted(status=404), listed(REVIEWER)] * 2
    result = oauth_app.fail(listed(REVIEWER), listed(REVIEWER), *calls, name="Reviewer", state="absent", retries=1)

    assert result["status"] == 404
    assert "DELETE" in result["msg"]


@pytest.mark.parametrize("answer", ["", "null"])
def test_an_application_that_is_gone_after_its_update_is_a_clear_failure(oauth_app, answer):
    gone = applications("GET", "/1", answer)
    result = oauth_app.fail(
        listed(REVIEWER), listed(REVIEWER), put(description="New"), gone, name="Reviewer", description="New"
    )

    assert "did not apply it" in result["msg"]


def test_an_update_that_a_web_page_answers_is_done_again(oauth_app):
    page, updated = put(description="New", answer="<html>Please log in</html>"), app(description="New")
    calls = [
        listed(REVIEWER),
        listed(REVIEWER),
        page,
        listed(REVIEWER),
        put(description="New"),
        got(updated),
        listed(updated),
    ]

    assert oauth_app(*calls, name="Reviewer", description="New")["application"] == shown(updated)


def test_a_rotation_goes_on_after_a_deletion_that_is_redirected(oauth_app):
    redirected = deleted(status=303)
    redirected.headers = {"Location": "https://elsewhere.example.com/"}

    assert oauth_app(
        listed(REVIEWER),
        listed(REVIEWER),
        redirected,
        listed(),
        posted(app(2)),
        listed(app(2)),
        name="Reviewer",
        rotate_secret=True,
    )["changed"]


def test_an_application_is_deleted_by_id(oauth_app):
    assert oauth_app(*BY_ID, deleted(), id=1, state="absent")["changed"] is True


@pytest.mark.parametrize(
    ("options", "read"),
    [({"name": "Reviewer"}, listed(app(2, "Other"))), ({"id": 1}, missing())],
    ids=["by name", "by id"],
)
def test_a_missing_application_stays_absent(oauth_app, options, read):
    result = oauth_app(read, **options, state="absent")

    assert result["changed"] is False
    assert "application" not in result


@pytest.mark.parametrize("lost", IN_DOUBT)
@pytest.mark.parametrize(
    "calls_after_delete", [[listed()], [listed(REVIEWER), deleted(), listed()]], ids=["applied", "not applied"]
)
def test_an_ambiguous_deletion_is_resolved_by_reading(oauth_app, lost, calls_after_delete):
    result = oauth_app(
        listed(REVIEWER),
        listed(REVIEWER),
        applications("DELETE", "/1", **lost),
        *calls_after_delete,
        name="Reviewer",
        state="absent",
    )

    assert result["changed"] is True


# --- check mode --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("calls", "options", "predicted"),
    [
        pytest.param([listed()], WANTED, {"id": None, "client_id": None, **WANTED}, id="create"),
        pytest.param(
            [listed(app(description="Old"))], WANTED, {"id": 1, "client_id": "client-1", **WANTED}, id="update"
        ),
        pytest.param(
            [got(app(name="Old")), listed(app(name="Old"))],
            {"id": 1, "name": "Reviewer"},
            {"id": 1, "client_id": "client-1", **WANTED},
            id="rename",
        ),
        pytest.param(
            [listed(REVIEWER)],
            {"name": "Reviewer", "rotate_secret": True},
            {"id": None, "client_id": None, **WANTED},
            id="rotate",
        ),
        pytest.param([listed(REVIEWER)], {"name": "Reviewer", "state": "absent"}, None, id="delete"),
    ],
)
def test_check_mode_only_reads_and_predicts_all_but_the_secret(oauth_app, calls, options, predicted):
    result = oauth_app(*calls, **options, check_mode=True)

    assert result["changed"] is True
    assert result.get("application") == (predicted and {**predicted, "client_secret": None})
    assert result["diff"]["after"] == (predicted or {})


@pytest.mark.parametrize(
    ("calls", "options"),
    [
        pytest.param([listed(REVIEWER)], WANTED, id="present already"),
        pytest.param([listed()], {"name": "Reviewer", "state": "absent"}, id="absent already"),
    ],
)
def test_check_mode_returns_what_the_real_run_returns_if_nothing_changes(oauth_app, calls, options):
    real, predicted = oauth_app(*calls, **options), oauth_app(*calls, **options, check_mode=True)

    assert predicted == real
    assert real["changed"] is False


@pytest.mark.parametrize(
    ("calls", "options"),
    [
        pytest.param([listed()], {"name": "Reviewer"}, id="no description"),
        pytest.param([listed(app(1), app(2))], WANTED, id="two of the name"),
        pytest.param([missing()], {"id": 1}, id="unknown id"),
    ],
)
def test_check_mode_fails_if_the_real_run_fails(oauth_app, calls, options):
    assert oauth_app.fail(*calls, **options, check_mode=True)["msg"] == oauth_app.fail(*calls, **options)["msg"]


# --- failures ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "status", "code", "words"),
    [
        pytest.param({"message": "Bad key", "code": 17}, 401, 17, ["Bad key", "registration_key"], id="401"),
        pytest.param({"Message": "explicit deny"}, 403, None, ["explicit deny", "registration_key"], id="403"),
        pytest.param("", 403, None, ["an empty body", "registration_key"], id="403 without a body"),
        pytest.param(
            {"timestamp": 1, "status": 500, "error": "Internal Server Error", "path": "/x"},
            500,
            None,
            ["Internal Server Error"],
            id="500",
        ),
        pytest.param("<html><body>Not here</body></html>", 404, None, ["an HTML page", "url"], id="404 HTML"),
        pytest.param(
            {"errors": {"error": "Not allowed"}, "flex.request.id": "7"},
            200,
            None,
            ["Not allowed"],
            id="errors with 200",
        ),
        pytest.param(
            {"errors": [{"message": "Not allowed", "code": "E1"}]},
            200,
            "E1",
            ["Not allowed"],
            id="a list of errors with 200",
        ),
        pytest.param(
            {"error": "not_allowed", "error_description": "Not allowed"},
            200,
            "not_allowed",
            ["Not allowed"],
            id="error with 200",
        ),
        pytest.param("<!DOCTYPE html><html>Welcome</html>", 200, None, ["an HTML page", "url"], id="HTML with 200"),
        pytest.param('[{"id": 1, "applic', 200, None, ["broken JSON"], id="truncated"),
        pytest.param("", 200, None, ["null"], id="empty"),
        pytest.param({"results": []}, 200, None, ["url"], id="a list under no known key"),
        pytest.param([{"id": 1}], 200, None, ["applicationName"], id="an application without name"),
        pytest.param(
            [{"id": 1, "applicationName": 5}],
            200,
            None,
            ["[0].applicationName", "string"],
            id="a name that is not a string",
        ),
        pytest.param(
            {"items": [{"id": 1, "applicationName": "a", "clientSecret": ["hush-token"]}]},
            200,
            None,
            ["items[0].clientSecret"],
            id="a secret of wrong type",
        ),
    ],
)
def test_a_response_that_is_not_a_list_of_applications_fails_clearly(oauth_app, answer, status, code, words):
    result = oauth_app.fail(applications("GET", "/", answer, status=status), **WANTED, retries=0)

    assert (result["status"], result.get("error_code")) == (status, code)
    for word in ["Flex Media Platform: ", "application 'Reviewer'", *words]:
        assert word in result["msg"]


@pytest.mark.parametrize(
    "failure", [NO_ANSWER, requests.exceptions.ConnectionError("refused")], ids=["timeout", "no connection"]
)
def test_a_platform_that_does_not_answer_is_asked_again_and_then_named(oauth_app, failure):
    result = oauth_app.fail(*[applications("GET", "/", failure)] * 3, **WANTED, retries=2)

    assert "GET http://flex.test:18101/api/authentication/applications/" in result["msg"]
    assert "status" not in result


def test_a_platform_error_that_quotes_the_key_does_not_show_it(oauth_app):
    result = oauth_app.fail(applications("GET", "/", {"message": f"unknown key {KEY}"}, status=401), **WANTED)

    assert "unknown key ****" in result["msg"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({"state": "present"}, ["name", "id"], id="neither name nor id"),
        pytest.param({"name": "", "description": "d"}, ["name"], id="an empty name"),
        pytest.param({"name": "Reviewer", "url": None}, ["url", "FLEX_URL"], id="no url"),
        pytest.param(
            {"name": "Reviewer", "registration_key": None}, ["registration_key", "FLEX_REGISTRATION_KEY"], id="no key"
        ),
        pytest.param({"name": "Reviewer", "url": "flex.test"}, ["url"], id="a url without scheme"),
        pytest.param({"name": "Reviewer", "url": "http://u:hush-token@flex.test"}, ["url"], id="a password in the url"),
        pytest.param({"id": "one"}, ["id"], id="an id that is not a number"),
        pytest.param({"name": "Reviewer", "state": "gone"}, ["state", "present, absent"], id="an unknown state"),
        pytest.param({"name": "Reviewer", "nmae": "x"}, ["nmae"], id="an unknown option"),
        pytest.param({"name": "Reviewer", "timeout": 0}, ["timeout"], id="no time at all"),
    ],
)
def test_bad_options_fail_before_anything_is_sent(oauth_app, options, words):
    result = oauth_app.fail(**options)

    for word in words:
        assert word in result["msg"]


def test_url_and_key_may_come_from_the_environment(runs, monkeypatch):
    monkeypatch.setenv("FLEX_URL", URL)
    monkeypatch.setenv("FLEX_REGISTRATION_KEY", KEY)

    assert runs(flex_oauth_app)(listed(REVIEWER), **WANTED)["changed"] is False


@pytest.mark.parametrize("check_mode", [False, True])
def test_an_empty_description_is_refused_before_anything_is_sent(oauth_app, check_mode):
    assert (
        "description must not be empty" in oauth_app.fail(name="Reviewer", description="", check_mode=check_mode)["msg"]
    )
