# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.mediaops.access.plugins.modules import audienceplayer_token, audienceplayer_user
from ansible_collections.mediaops.access.tests.unit.plugins.modules.audienceplayer import (
    CLIENT,
    CONNECTION,
    NOT_FOUND,
    SELECTION,
    client_login,
    graphql,
    logged_in,
)
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import NO_ANSWER

EMAIL = "viewer@example.com"
FOUND = {"id": 333, "email": EMAIL, "name": "Vera"}
RESULT = {**FOUND, "profile": {}}
NO_PROJECT = {"message": "Project not found", "code": 404}


def read(found=..., *errors, email=EMAIL, **kwargs):
    answer = {"ClientUser": FOUND if found is ... else found}
    return graphql(
        f"query {{ ClientUser({CLIENT}, email: {json.dumps(email)}) {{ id email name }} }}", answer, *errors, **kwargs
    )


def missing(reads=2):
    """A missing user, read again before a write. The client logs in once, which confirms the project."""
    first, *rest = [read(None, NOT_FOUND) for _read in range(reads)]
    return [first, client_login(logged_in("hush-client-token", user=None, email=None)), *rest]


def create(*errors, email=EMAIL, more="", **kwargs):
    """A login that creates the user with ``more`` arguments."""
    document = f'mutation {{ ClientUserAuthenticate({CLIENT}, user_email: "{email}", auto_register: true{more}) {{ {SELECTION} }} }}'
    return graphql(
        document, {"ClientUserAuthenticate": None if errors else logged_in("hush-new", email=email)}, *errors, **kwargs
    )


def named(*errors):
    """The same for a user with a name."""
    return create(*errors, more=', user_name: "New"')


def rename(name, *errors, **kwargs):
    document = f"mutation {{ ClientUserUpdate({CLIENT}, id: 333, name: {json.dumps(name)}) {{ id name email }} }}"
    return graphql(document, {"ClientUserUpdate": None if errors else {**FOUND, "name": name}}, *errors, **kwargs)


@pytest.fixture
def user(runs):
    return runs(audienceplayer_user, **CONNECTION, user_email=EMAIL)


# --- creating ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("absent", [missing(), [read(None)] * 2], ids=["an error", "null"])
def test_a_user_who_is_missing_is_created_and_returned(user, absent):
    result = user(*absent, create(), read({**FOUND, "name": None}))

    assert (result["changed"], result["user"]) == (True, {**FOUND, "name": None, "profile": {}})
    assert result["diff"]["before"] == {}
    assert result["diff"]["after"] == {**FOUND, "name": None}


@pytest.mark.parametrize(
    ("options", "more"),
    [
        ({"user_name": "Vera"}, ', user_name: "Vera"'),
        ({"user_locale": "nl"}, ', user_locale: "nl"'),
        ({"user_name": 'Vera "V"', "user_locale": "nl"}, ', user_name: "Vera \\"V\\"", user_locale: "nl"'),
    ],
    ids=["name", "locale", "both"],
)
def test_name_and_locale_go_along(user, options, more):
    name = options.get("user_name")

    assert user(*missing(), create(more=more), read({**FOUND, "name": name}), **options)["user"]["name"] == name


def test_a_name_that_creating_did_not_take_is_set_afterwards(user):
    result = user(
        *missing(),
        create(more=', user_name: "Vera"'),
        read({**FOUND, "name": None}),
        rename("Vera"),
        read(),
        user_name="Vera",
    )

    assert result["user"] == RESULT


def test_the_token_of_the_login_is_cached_for_later_tasks(user, runs):
    user(*missing(), create(), read())

    assert runs(audienceplayer_token, **CONNECTION)(user_email=EMAIL)["token"]["access_token"] == "hush-new"


def test_the_client_logs_in_once_for_several_missing_users(user):
    user(*missing(), create(), read())
    others = [read(None, NOT_FOUND, email="a@b.c")] * 2

    assert user(*others, create(email="a@b.c"), read(email="a@b.c"), user_email="a@b.c")["changed"] is True


@pytest.mark.parametrize("check_mode", [False, True], ids=["real", "check"])
def test_a_wrong_project_is_not_a_missing_user_and_nothing_is_written(user, check_mode):
    result = user.fail(read(None, NO_PROJECT), client_login(None, NO_PROJECT), check_mode=check_mode)

    assert result["error_code"] == 404
    assert "project_id" in result["msg"] and f"user {EMAIL}" in result["msg"]


# --- updating ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options", [{}, {"user_name": "Vera"}, {"user_locale": "nl"}], ids=["nothing said", "the same name", "locale"]
)
def test_a_user_who_is_there_stays_as_they_are(user, options):
    result = user(read(), **options)

    assert (result["changed"], result["user"], result["diff"]) == (False, RESULT, None)


@pytest.mark.parametrize("before", ["Old", None, ""], ids=repr)
def test_a_wrong_name_is_corrected(user, before):
    old = read({**FOUND, "name": before})
    result = user(old, read({**FOUND, "name": before}), rename("Vera"), read(), user_name="Vera")

    assert (result["changed"], result["user"]) == (True, RESULT)
    assert (result["diff"]["before"]["name"], result["diff"]["after"]["name"]) == (before, "Vera")


def test_an_id_may_come_as_a_string(user):
    assert user(read({**FOUND, "id": "333"}))["user"]["id"] == 333


def test_an_email_address_is_written_as_a_literal(runs):
    runs(audienceplayer_user, **CONNECTION, user_email='a"b@example.com')(read(email='a"b@example.com'))


# --- check mode, and what fails on the way -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("calls", "changed", "predicted"),
    [
        (missing(reads=1), True, {"id": None, "email": EMAIL, "name": "Vera"}),
        ([read({**FOUND, "name": "Old"})], True, FOUND),
        ([read()], False, FOUND),
    ],
    ids=["create", "rename", "unchanged"],
)
def test_check_mode_predicts_the_change_and_writes_nothing(user, calls, changed, predicted):
    result = user(*calls, user_name="Vera", check_mode=True)

    assert (result["changed"], result["user"]) == (changed, {**predicted, "profile": {}})


@pytest.mark.parametrize("lost", [{"answer": NO_ANSWER}, {"answer": "", "status": 502}], ids=["no answer", "502"])
def test_a_creation_is_idempotent_so_it_is_repeated(user, lost):
    assert user(*missing(), create(**lost), create(), read())["changed"] is True


@pytest.mark.parametrize(
    "lost",
    [{"answer": NO_ANSWER}, {"answer": "", "status": 502}, {"answer": "<html></html>"}],
    ids=["no answer", "502", "a web page"],
)
def test_after_an_ambiguous_rename_the_state_is_read_again(user, lost):
    old = {**FOUND, "name": "Old"}

    assert user(read(old), read(old), rename("Vera", **lost), read(), user_name="Vera")["user"] == RESULT


@pytest.mark.parametrize(
    ("calls", "code", "words"),
    [
        pytest.param(
            [read(None, {"message": "Unauthorized", "code": 401})],
            401,
            ["Unauthorized", "client_id and client_secret"],
            id="reading",
        ),
        pytest.param(
            [*missing(), named({"message": "Invalid e-mail", "code": 400})], 400, ["Invalid e-mail"], id="creating"
        ),
        pytest.param(
            [read(), read(), rename("New", {"message": "Name too long", "code": 400})],
            400,
            ["Name too long"],
            id="renaming",
        ),
        pytest.param([read({"id": 333})], None, ["ClientUser", "email"], id="an answer without the e-mail"),
        pytest.param([read({**FOUND, "id": "x"})], None, ["ClientUser.id"], id="an id that is not a number"),
        pytest.param([read(answer="<html>Hello</html>")], None, ["an HTML page"], id="HTML"),
        pytest.param([read(answer={"data": {}})], None, ["lacks ClientUser"], id="an answer without the user"),
    ],
)
def test_errors_are_clear_failures_that_name_the_user(user, calls, code, words):
    result = user.fail(*calls, user_name="New")

    assert result.get("error_code") == code
    for word in [f"user {EMAIL}", *words]:
        assert word in result["msg"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({"user_email": None}, ["user_email"], id="no e-mail"),
        pytest.param({"user_email": ""}, ["user_email", "empty"], id="an empty e-mail"),
        pytest.param({"user_email": " a@example.com"}, ["user_email", "whitespace"], id="an e-mail with a blank"),
        pytest.param({"state": "absent"}, ["state", "present"], id="absent"),
        pytest.param({"client_id": None}, ["client_id", "AUDIENCEPLAYER_CLIENT_ID"], id="no client"),
    ],
)
def test_bad_options_fail_before_anything_is_sent(user, options, words):
    result = user.fail(**options)

    for word in words:
        assert word in result["msg"]


# --- the profile -------------------------------------------------------------------------------------------------------------


def read_profile(fields, **profile):
    document = f"query {{ ClientUser({CLIENT}, email: {json.dumps(EMAIL)}) {{ id email name {fields} }} }}"
    return graphql(document, {"ClientUser": {**FOUND, **profile}})


def update(arguments):
    document = f"mutation {{ ClientUserUpdate({CLIENT}, id: 333, {arguments}) {{ id name email }} }}"
    return graphql(document, {"ClientUserUpdate": FOUND})


def test_only_the_fields_that_are_given_are_read_and_those_that_differ_are_written(user):
    before, after = read_profile("city phone", city="Ulm", phone="1"), read_profile("city phone", city="Ulm", phone="2")
    result = user(before, before, update('phone: "2"'), after, profile={"city": "Ulm", "phone": "2", "country": None})

    assert (result["changed"], result["user"]["profile"]) == (True, {"city": "Ulm", "phone": "2"})
    assert result["diff"]["before"]["profile"] == {"city": "Ulm", "phone": "1"}
    assert result["diff"]["after"]["profile"] == {"city": "Ulm", "phone": "2"}


def test_name_and_profile_are_updated_together_and_an_enum_is_not_quoted(user):
    before, after = read_profile("gender", gender=None), [read_profile("gender", gender="non_binary")]
    calls = [before, before, update('name: "Vera V", gender: non_binary'), *after]

    assert user(*calls, user_name="Vera V", profile={"gender": "non_binary"})["changed"] is True


@pytest.mark.parametrize(
    ("field", "wanted", "found"),
    [
        ("height", 180, "180"),
        ("height", 180.5, 180.5),
        ("weight", 70, "70.0"),
        ("is_newsletter_opt_in", True, 1),
        ("is_newsletter_opt_in", False, None),
        ("birthday", "1990-12-31", "1990-12-31 00:00:00"),
        ("city", "", None),
        ("city", "Ulm", " Ulm "),
        ("gender", "male", "male"),
    ],
)
def test_equal_values_are_recognized_in_the_platforms_spelling(user, field, wanted, found):
    assert user(read_profile(field, **{field: found}), profile={field: wanted})["changed"] is False


@pytest.mark.parametrize(
    ("field", "wanted", "found", "written"),
    [
        ("height", 181, "180", "181.0"),
        ("height", 180, "tall", "180.0"),
        ("is_newsletter_opt_in", False, True, "false"),
        ("birthday", "1990-12-30", "1990-12-31T00:00:00Z", '"1990-12-30"'),
        ("postal_code", "0123", "123", '"0123"'),
    ],
)
def test_other_values_are_corrected(user, field, wanted, found, written):
    before, after = read_profile(field, **{field: found}), read_profile(field, **{field: wanted})

    assert user(before, before, update(f"{field}: {written}"), after, profile={field: wanted})["changed"] is True


def test_a_new_user_gets_the_profile_after_the_login_that_creates_them(user):
    gone = [
        graphql(
            f"query {{ ClientUser({CLIENT}, email: {json.dumps(EMAIL)}) {{ id email name city }} }}",
            {"ClientUser": None},
        )
    ] * 2
    calls = [*gone, create(), read_profile("city", city=None), update('city: "Ulm"'), read_profile("city", city="Ulm")]
    result = user(*calls, profile={"city": "Ulm"})

    assert result["user"] == {**FOUND, "profile": {"city": "Ulm"}}


def test_check_mode_predicts_the_profile(user):
    result = user(read_profile("city", city="Ulm"), profile={"city": "Bonn"}, check_mode=True)

    assert (result["changed"], result["user"]["profile"]) == (True, {"city": "Bonn"})


def test_an_unknown_field_or_value_is_rejected_before_anything_is_sent(user):
    assert "town" in user.fail(profile={"town": "Ulm"})["msg"]
    assert "non_binary" in user.fail(profile={"gender": "other"})["msg"]


@pytest.mark.parametrize("value", ["inf", "nan", "-inf"])
def test_a_number_that_is_none_is_rejected_before_anything_is_sent(user, value):
    assert "profile.height must be a number, not " in user.fail(profile={"height": value})["msg"]
