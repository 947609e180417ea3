# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from ansible_collections.mediaops.access.plugins.lookup import token as token_lookup
from ansible_collections.mediaops.access.plugins.modules import audienceplayer_token, flex_token, freewheel_token
from ansible_collections.mediaops.access.tests.unit.plugins.modules import audienceplayer, flex, freewheel, oauth2
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import exchange

FLEX = {"url": flex.URL, "client_id": "client-1", "client_secret": "hush-token"}
FREEWHEEL = {"username": "mrm", "password": "hush-password"}
PROVIDERS = {
    "flex": (
        flex_token,
        FLEX,
        flex.token({"access_token": "hush-token", "token_type": "bearer", "expires_in": 604800}),
    ),
    "freewheel": (freewheel_token, FREEWHEEL, freewheel.login()),
    "audienceplayer": (
        audienceplayer_token,
        audienceplayer.CONNECTION,
        audienceplayer.client_login(audienceplayer.logged_in(expires_in=604800)),
    ),
}
ENVIRONMENT = {
    "flex": {"FLEX_URL": flex.URL, "FLEX_CLIENT_ID": "client-1", "FLEX_CLIENT_SECRET": "hush-token"},
    "freewheel": {"FREEWHEEL_USERNAME": "mrm", "FREEWHEEL_PASSWORD": "hush-password"},
    "audienceplayer": {
        "AUDIENCEPLAYER_PROJECT_ID": "111",
        "AUDIENCEPLAYER_CLIENT_ID": "222",
        "AUDIENCEPLAYER_CLIENT_SECRET": "hush-client",
    },
}
HEADER = {"Authorization": "Bearer hush-token"}

every_provider = pytest.mark.parametrize(
    ("provider", "options", "login"), [(name, *rest) for name, (_module, *rest) in PROVIDERS.items()], ids=PROVIDERS
)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ANSIBLE_HOME", str(tmp_path))


def lookup(*terms, calls=(), **options):
    """The value of ``lookup('mediaops.access.token', *terms, **options)``."""
    with exchange(*calls):
        (result,) = token_lookup.LookupModule().run(list(terms), {}, **options)
    return result


def failure(*terms, calls=(), **options):
    """The message of a failing lookup, which must not contain a secret."""
    with exchange(*calls), pytest.raises(AnsibleLookupError) as caught:
        token_lookup.LookupModule().run(list(terms), {}, **options)
    assert "hush" not in str(caught.value) and "this is a bug" not in str(caught.value)
    return str(caught.value)


@every_provider
def test_a_token_is_a_string_if_nothing_else_is_asked_for(provider, options, login):
    assert lookup(provider, calls=[login], **options) == "hush-token"


@every_provider
@pytest.mark.parametrize(("output", "returned"), [("token", "hush-token"), ("header", HEADER)])
def test_output_selects_the_form(provider, options, login, output, returned):
    assert lookup(provider, calls=[login], **options, output=output) == returned


@pytest.mark.parametrize(
    ("options", "header"),
    [
        ({}, {"Authorization": "Bearer hush-token"}),
        ({"token_prefix": "Token"}, {"Authorization": "Token hush-token"}),
        ({"token_name": "X-Api-Token", "token_prefix": ""}, {"X-Api-Token": "hush-token"}),
    ],
)
def test_the_header_is_the_one_that_the_platform_expects(options, header):
    assert lookup("oauth2", calls=[oauth2.asked()], output="header", **oauth2.CONNECTION, **options) == header


def test_there_is_no_header_for_a_token_in_the_query():
    options = {**oauth2.CONNECTION, "token_placement": "query"}

    assert "output=header requires token_placement=header" in failure("oauth2", output="header", **options)
    assert lookup("oauth2", calls=[oauth2.asked()], **options) == "hush-token"


@every_provider
def test_the_full_output_is_the_modules_token(provider, options, login):
    full = lookup(provider, calls=[login], **options, output="full")

    assert full["access_token"] == "hush-token"
    assert full["expires_at"] == "2027-01-22T08:00:00Z"
    assert (full["expires_in"], full["cached"]) == (604800, False)
    assert full.keys() == {"access_token", "token_type", "expires_at", "expires_in", "cached"}


@every_provider
def test_credentials_may_come_from_the_environment(provider, options, login, monkeypatch):
    for name, value in ENVIRONMENT[provider].items():
        monkeypatch.setenv(name, value)

    assert lookup(provider, calls=[login]) == "hush-token"


@every_provider
def test_the_second_time_the_token_comes_from_the_cache(provider, options, login):
    lookup(provider, calls=[login], **options)

    assert lookup(provider, **options, output="full")["cached"] is True


@pytest.mark.parametrize("provider", PROVIDERS)
def test_lookup_and_module_share_the_cache(provider, runs):
    module, options, login = PROVIDERS[provider]
    runs(module, **options)(login)

    assert lookup(provider, **options) == "hush-token"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_module_and_lookup_share_the_cache(provider, runs):
    module, options, login = PROVIDERS[provider]
    lookup(provider, calls=[login], **options)

    assert runs(module, **options)()["token"]["cached"] is True


def test_all_options_of_the_module_are_taken():
    calls = [
        freewheel.login(),
        freewheel.info(**freewheel.UNKNOWN),
        freewheel.login({**freewheel.ANSWER, "access_token": "hush-2"}),
    ]
    lookup("freewheel", calls=calls[:1], **FREEWHEEL)

    assert (
        lookup("freewheel", calls=calls[1:], **FREEWHEEL, verify="yes", min_ttl="30", accept="json", state="present")
        == "hush-2"
    )


def test_force_obtains_a_new_one():
    lookup("freewheel", calls=[freewheel.login()], **FREEWHEEL)
    calls = [freewheel.revoke(), freewheel.login({**freewheel.ANSWER, "access_token": "hush-2"})]

    assert lookup("freewheel", calls=calls, **FREEWHEEL, force=True) == "hush-2"


def test_a_users_token_can_be_looked_up():
    assert (
        lookup("audienceplayer", calls=[audienceplayer.user_login(333)], **audienceplayer.CONNECTION, user_id="333")
        == "hush-333"
    )


@pytest.mark.parametrize(
    ("terms", "options", "words"),
    [
        pytest.param([], FREEWHEEL, ["exactly one provider"], id="no provider"),
        pytest.param(["freewheel", "flex"], FREEWHEEL, ["exactly one provider"], id="two providers"),
        pytest.param(["frewheel"], FREEWHEEL, ["unknown provider", "frewheel"], id="an unknown provider"),
        pytest.param(["../modules/flex"], FREEWHEEL, ["unknown provider"], id="a path"),
        pytest.param([""], FREEWHEEL, ["unknown provider"], id="an empty provider"),
        pytest.param(["freewheel"], {**FREEWHEEL, "passwort": "hush-token"}, ["passwort"], id="an unknown keyword"),
        pytest.param(["freewheel"], {**FREEWHEEL, "project_id": "1"}, ["project_id"], id="another provider's keyword"),
        pytest.param(
            ["freewheel"], {**FREEWHEEL, "output": "json"}, ["output", "token, header, full"], id="an unknown output"
        ),
        pytest.param(["freewheel"], {**FREEWHEEL, "state": "absent"}, ["state"], id="state absent"),
        pytest.param(["freewheel"], {"username": "mrm"}, ["password", "FREEWHEEL_PASSWORD"], id="no password"),
        pytest.param(["freewheel"], {**FREEWHEEL, "accept": "yaml"}, ["accept", "json, xml"], id="a bad choice"),
        pytest.param(["freewheel"], {**FREEWHEEL, "min_ttl": "hour"}, ["min_ttl"], id="a bad type"),
        pytest.param(
            ["audienceplayer"],
            {**audienceplayer.CONNECTION, "user_id": 1, "user_email": "a@b.c"},
            ["user_id", "user_email"],
            id="a contradiction",
        ),
        pytest.param(
            ["audienceplayer"],
            {**audienceplayer.CONNECTION, "grant": "password"},
            ["email", "password"],
            id="the grant's needs",
        ),
    ],
)
def test_bad_terms_and_options_fail_before_anything_is_sent(terms, options, words):
    message = failure(*terms, **options)

    for word in ["mediaops.access.token", *words]:
        assert word in message


@pytest.mark.parametrize(
    ("provider", "options", "login"),
    [
        ("flex", FLEX, flex.token({"error_description": "client-1:hush-token is unknown"}, status=401)),
        ("freewheel", FREEWHEEL, freewheel.login("wrong: hush-password", status=401)),
        (
            "audienceplayer",
            audienceplayer.CONNECTION,
            audienceplayer.client_login(None, {"message": "wrong: hush-client", "code": 401}),
        ),
    ],
    ids=PROVIDERS,
)
def test_a_platform_that_quotes_the_secret_does_not_make_the_error_show_it(provider, options, login):
    assert "****" in failure(provider, calls=[login], **options)


def test_a_wrong_password_is_never_served_the_cached_token():
    lookup("freewheel", calls=[freewheel.login()], **FREEWHEEL)

    assert "username and password" in failure(
        "freewheel",
        calls=[freewheel.login("no", password="hush-wrong", status=401)],
        username="mrm",
        password="hush-wrong",
    )


TEMPLATE = "{{ lookup('mediaops.access.token', 'freewheel', username=user, password=secrets.freewheel, min_ttl=60, output=%s) }}"
VARIABLES = {"user": "mrm", "secrets": {"freewheel": "hush-password"}}


def template(text):
    return Templar(loader=DataLoader(), variables=VARIABLES).template(trust_as_template(text))


def test_it_works_in_a_template_with_ansibles_own_types():
    with exchange(freewheel.login()):
        assert template(TEMPLATE % "'header'") == HEADER


def test_an_error_in_a_template_holds_no_secret():
    with exchange(freewheel.login("hush-password is wrong", status=401)), pytest.raises(AnsibleError) as caught:
        template(TEMPLATE % "'token'")
    assert "hush" not in str(caught.value)


def test_values_converted_by_yaml_are_rejected(tmp_path):
    (tmp_path / "vars.yml").write_text("client_id: 0222")
    options = DataLoader().load_from_file(str(tmp_path / "vars.yml"))

    with pytest.raises(
        AnsibleLookupError,
        match=r"mediaops.access.token: client_id: YAML reads 0222 as the number 146. Put it in quotes",
    ):
        token_lookup.LookupModule().run(["playlyfe"], {}, client_secret="hush-token", **options)
