# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import shlex
import stat
import subprocess

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.plugin_utils._deliver import FORMATS, CredentialsFile, Dotenv, variable_name

PASSWORD = "hush-vault"
APPLICATION = {"client_id": "client-1", "client_secret": "hush-1"}
TOKEN = {"access_token": "hush", "expires_at": "2027-01-15T08:00:00Z"}
CREDENTIALS = {"applications": {"Reviewer": APPLICATION}, "tokens": {"mrm": TOKEN}}
EMPTY = {"applications": {}, "tokens": {}}

every_format = pytest.mark.parametrize("form", FORMATS)


def format_of(name, password=PASSWORD):
    return FORMATS[name](password)


@pytest.fixture
def dest(tmp_path):
    return tmp_path / "credentials"


@pytest.fixture
def place(dest):
    """Opens the file in a format, as each run does."""
    return lambda form, path=dest, password=PASSWORD: CredentialsFile(str(path), format_of(form, password))


def deliver(place, wanted):
    """What an action does; returns whether the file was written."""
    _before, after, changed = place.compare(wanted)
    if changed:
        place.write(after)
    return changed


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def parts(wanted):
    """What a dotenv file holds of that: no instants."""
    return {kind: {name: {key: value for key, value in entry.items() if key != "expires_at"} for name, entry in wanted[kind].items()} for kind in wanted}


# --- formats: what goes in comes out -----------------------------------------------------------------------------------------

#: Whatever YAML, JSON, a shell and an environment can carry: no NUL, and no half of a surrogate pair.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
SHELL = st.text(st.sampled_from("ab '\"\\$`!#\n\r\t;&|<>(){}[]*?~=%\u0085\u2028\x0b\x1c"), min_size=1)
VALUES = TEXTS | SHELL
NAMES = VALUES


def entries(names, *keys):
    return st.dictionaries(names, st.fixed_dictionaries({}, optional={key: VALUES for key in keys}).filter(bool), max_size=3)


ANY = st.fixed_dictionaries({"applications": entries(NAMES, "client_id", "client_secret"), "tokens": entries(NAMES, "access_token", "expires_at")})


@pytest.mark.parametrize("form", ["json", "vault_yaml"])
@given(credentials=ANY)
@settings(max_examples=25)
def test_a_file_comes_back_as_it_was(form, credentials):
    written = format_of(form).render(credentials)

    assert format_of(form).parse(written, {}) == credentials


def without_collisions(credentials):
    variables = [variable_name(name, key) for kind in credentials.values() for name in kind for key in ("client_id", "access_token")]
    return len(variables) == len(set(variables))


@given(credentials=ANY.filter(without_collisions))
@settings(max_examples=60)
def test_a_dotenv_file_comes_back_as_it_was_but_for_the_instants(credentials):
    expected = {kind: {name: entry for name, entry in entries.items() if entry} for kind, entries in parts(credentials).items()}

    assert Dotenv().parse(Dotenv().render(credentials), credentials) == expected


@pytest.mark.parametrize(
    "value",
    [
        *("a b", " a ", "a=b", "a\nb", "a\r\nb", "a\u2028b", "é€😀", "\x1b[1m", "-n"),
        *("it's", 'say "a"', "''", "\\", "a\\nb", "$HOME `id` $(id)", "!x", "#a", "*?[a]~", "a;b&c|d"),
    ],
    ids=ascii,
)
def test_a_shell_reads_from_a_dotenv_file_what_was_written(tmp_path, value):
    (tmp_path / "env").write_bytes(Dotenv().render({"applications": {"a": {"client_secret": value}}, "tokens": {}}))
    script = f'. {shlex.quote(str(tmp_path / "env"))}; printf %s "$A_CLIENT_SECRET"'

    assert subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout.decode() == value


def test_what_each_format_looks_like():
    assert format_of("dotenv").render(CREDENTIALS) == b"MRM_ACCESS_TOKEN=hush\nREVIEWER_CLIENT_ID=client-1\nREVIEWER_CLIENT_SECRET=hush-1\n"
    assert json.loads(format_of("json").render(CREDENTIALS)) == CREDENTIALS
    encrypted = format_of("vault_yaml").render(CREDENTIALS)
    assert encrypted.startswith(b"$ANSIBLE_VAULT;1.1;AES256\n") and b"hush" not in encrypted
    assert yaml.safe_load(VaultLib([("default", VaultSecret(PASSWORD.encode()))]).decrypt(encrypted)) == CREDENTIALS


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("Reviewer", "REVIEWER_CLIENT_ID"),
        ("review tool-2", "REVIEW_TOOL_2_CLIENT_ID"),
        ("é.ß", "____CLIENT_ID"),
        ("a__b", "A__B_CLIENT_ID"),
        ("2nd", "2ND_CLIENT_ID"),
    ],
)
def test_a_name_becomes_a_variable(name, variable):
    assert variable_name(name, "client_id") == variable


@pytest.mark.parametrize(
    ("applications", "tokens", "names"),
    [
        (["a-b", "a b"], [], ["a b", "a-b", "A_B_CLIENT_ID"]),
        (["Reviewer", "REVIEWER"], [], ["REVIEWER", "Reviewer", "REVIEWER_CLIENT_ID"]),
        ([], ["a.b", "a_b"], ["a.b", "a_b", "A_B_ACCESS_TOKEN"]),
    ],
    ids=["punctuation", "case", "tokens"],
)
@pytest.mark.parametrize("known", [True, False], ids=["known", "not known yet"])
def test_two_names_that_become_one_variable_are_an_error_in_a_dotenv_file(applications, tokens, names, known):
    wanted = {"applications": {name: APPLICATION if known else {} for name in applications}, "tokens": {name: TOKEN if known else {} for name in tokens}}

    with pytest.raises(AccessError) as caught:
        Dotenv().render(wanted)
    for name in names:
        assert name in caught.value.message
    assert "hush" not in caught.value.message


def test_an_application_and_a_token_may_share_a_name():
    assert Dotenv().render({"applications": {"a": APPLICATION}, "tokens": {"a": TOKEN}}).count(b"\n") == 3


def test_what_is_not_known_has_no_variable():
    assert Dotenv().render({"applications": {"a": {"client_id": "client-1", "client_secret": None}, "b": {}}, "tokens": {}}) == b"A_CLIENT_ID=client-1\n"


@pytest.mark.parametrize("password", [None, ""], ids=repr)
def test_vault_yaml_takes_a_password_and_the_others_none(password):
    with pytest.raises(AccessError, match="vault_password"):
        format_of("vault_yaml", password)
    assert format_of("json", password) and format_of("dotenv", password)


# --- unchanged when equal ----------------------------------------------------------------------------------------------------


@every_format
def test_a_file_that_is_missing_is_made_and_a_second_time_unchanged(place, dest, form):
    assert deliver(place(form), CREDENTIALS) is True
    before = dest.read_bytes()

    assert deliver(place(form), CREDENTIALS) is False
    assert dest.read_bytes() == before


@every_format
def test_nothing_to_deliver_is_a_file_too(place, dest, form):
    assert deliver(place(form), EMPTY) is True
    assert deliver(place(form), EMPTY) is False


@every_format
@pytest.mark.parametrize("value", ["a\nb", "a\r\nb", "it's $HOME", "a\u2028b", "#", " "], ids=ascii)
def test_a_file_with_odd_values_is_unchanged_the_second_time(place, form, value):
    wanted = {"applications": {"a": {"client_id": "client-1", "client_secret": value}}, "tokens": {}}

    assert deliver(place(form), wanted) is True
    assert deliver(place(form), wanted) is False


@every_format
@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"applications": {"Reviewer": {**APPLICATION, "client_secret": "hush-2"}}, "tokens": {"mrm": TOKEN}}, id="another secret"),
        pytest.param({"applications": {"Reviewer": APPLICATION}, "tokens": {}}, id="one less"),
        pytest.param({"applications": {"Reviewer": APPLICATION, "Other": APPLICATION}, "tokens": {"mrm": TOKEN}}, id="one more"),
        pytest.param({"applications": {"Renamed": APPLICATION}, "tokens": {"mrm": TOKEN}}, id="another name"),
    ],
)
def test_another_content_is_written(place, form, other):
    deliver(place(form), CREDENTIALS)

    assert deliver(place(form), other) is True
    assert deliver(place(form), other) is False


def test_an_encrypted_file_that_is_equal_stays_though_another_salt_would_make_another_file(place, dest):
    deliver(place("vault_yaml"), CREDENTIALS)
    before = dest.read_bytes()

    assert format_of("vault_yaml").render(CREDENTIALS) != before
    assert deliver(place("vault_yaml"), CREDENTIALS) is False
    assert dest.read_bytes() == before


def test_another_vault_password_encrypts_anew(place, dest):
    deliver(place("vault_yaml"), CREDENTIALS)

    assert deliver(place("vault_yaml", password="hush-other"), CREDENTIALS) is True
    assert format_of("vault_yaml", "hush-other").parse(dest.read_bytes(), {}) == CREDENTIALS


FOREIGN = {
    "nothing": b"",
    "text": b"Hello\n",
    "no UTF-8": b"\xff\xfe\x00",
    "a list": b"[1, 2]",
    "null": b"null",
    "other JSON": b'{"applications": [1], "tokens": {}}',
    "truncated JSON": b'{"applications": {',
    "broken YAML": b"a: [",
    "an open quote": b"A='x",
    "a vault cut short": b"$ANSIBLE_VAULT;1.1;AES256\n3133",
    "a vault of nonsense": b"$ANSIBLE_VAULT;1.1;AES256\nxyz\n",
    "a vault of another version": b"$ANSIBLE_VAULT;9.9;ROT13\n3133\n",
    "a vault that holds a list": VaultLib([("default", VaultSecret(PASSWORD.encode()))]).encrypt("- a"),
    "a vault that holds no YAML": VaultLib([("default", VaultSecret(PASSWORD.encode()))]).encrypt("a: ["),
}


@every_format
@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_a_file_that_is_something_else_is_replaced(place, dest, form, content):
    dest.write_bytes(content)

    assert deliver(place(form), CREDENTIALS) is True
    assert deliver(place(form), CREDENTIALS) is False


@every_format
def test_a_file_in_another_format_is_replaced(place, form):
    for other in FORMATS:
        deliver(place(other), CREDENTIALS)

        assert deliver(place(form), CREDENTIALS) is (other != form)


def test_a_dotenv_file_with_a_variable_of_nobodys_is_written_anew(place, dest):
    deliver(place("dotenv"), CREDENTIALS)
    dest.write_bytes(dest.read_bytes() + b"OTHER=1\n")

    assert deliver(place("dotenv"), CREDENTIALS) is True
    assert b"OTHER" not in dest.read_bytes()


@pytest.mark.parametrize("form", ["json", "vault_yaml"])
def test_a_file_that_holds_something_beside_is_written_anew(place, dest, form):
    dest.write_bytes(format_of(form).render({**CREDENTIALS, "passwords": {}}))
    dest.chmod(0o600)

    assert deliver(place(form), CREDENTIALS) is True
    assert deliver(place(form), CREDENTIALS) is False


# --- what is not known stays -------------------------------------------------------------------------------------------------


@every_format
@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param({"applications": {"Reviewer": None}, "tokens": {"mrm": None}}, id="nothing known"),
        pytest.param({"applications": {"Reviewer": {"client_id": "client-1", "client_secret": None}}, "tokens": {"mrm": {}}}, id="the secret not known"),
        pytest.param({"applications": {"Reviewer": {"client_id": "client-1"}}, "tokens": {"mrm": None}}, id="the secret not given"),
    ],
)
def test_what_is_not_known_stays_as_it_is(place, dest, form, wanted):
    deliver(place(form), CREDENTIALS)
    before = dest.read_bytes()

    assert deliver(place(form), wanted) is False
    assert dest.read_bytes() == before


@every_format
def test_what_is_not_known_stays_while_something_else_is_written(place, form):
    deliver(place(form), CREDENTIALS)
    deliver(place(form), {"applications": {"Reviewer": None, "New": {"client_id": "client-2", "client_secret": "a\nb"}}, "tokens": {"mrm": None}})
    deliver(place(form), {"applications": {"Reviewer": None, "New": None}, "tokens": {"mrm": {"access_token": "hush-2", "expires_at": "later"}}})

    _before, after, changed = place(form).compare({"applications": {"Reviewer": None, "New": None}, "tokens": {"mrm": None}})
    assert changed is False
    assert parts(after) == {
        "applications": {"Reviewer": APPLICATION, "New": {"client_id": "client-2", "client_secret": "a\nb"}},
        "tokens": {"mrm": {"access_token": "hush-2"}},
    }


def test_a_comment_in_a_dotenv_file_does_not_hide_what_is_there(place, dest):
    deliver(place("dotenv"), CREDENTIALS)
    dest.write_bytes(b"# don't touch\n" + dest.read_bytes() + b"\n# OTHER='x\n")

    _before, after, changed = place("dotenv").compare({"applications": {"Reviewer": None}, "tokens": {"mrm": None}})
    assert (after, changed) == (parts(CREDENTIALS), True)


@every_format
def test_what_is_neither_known_nor_there_is_left_out(place, form):
    _before, after, changed = place(form).compare({"applications": {"Reviewer": None}, "tokens": {"mrm": {}}})

    assert (after, changed) == (EMPTY, True)


# --- the file ----------------------------------------------------------------------------------------------------------------


@every_format
@pytest.mark.parametrize("mask", [0o000, 0o077], ids=oct)
def test_a_file_is_private_under_any_umask(place, dest, form, mask):
    before = os.umask(mask)
    try:
        deliver(place(form), CREDENTIALS)
    finally:
        os.umask(before)
    assert mode(dest) == 0o600


@every_format
@pytest.mark.parametrize("wrong", [0o644, 0o640, 0o400, 0o700], ids=oct)
def test_a_wrong_mode_is_a_change_and_is_corrected(place, dest, form, wrong):
    deliver(place(form), CREDENTIALS)
    dest.chmod(wrong)

    assert deliver(place(form), CREDENTIALS) is True
    assert mode(dest) == 0o600


@every_format
@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_a_crash_before_the_end_leaves_the_old_file_and_nothing_beside_it(place, dest, form, broken, monkeypatch):
    deliver(place(form), CREDENTIALS)
    before = dest.read_bytes()

    def crash(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(os, broken, crash)
        place(form).write(EMPTY)
    assert dest.read_bytes() == before
    assert os.listdir(dest.parent) == [dest.name]


def test_a_full_disk_is_a_clear_failure(place, dest, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(AccessError, match="credentials cannot be written: No space left on device"):
        place("json").write(CREDENTIALS)
    assert os.listdir(dest.parent) == []


@every_format
def test_a_symlink_stays_and_its_target_is_written(place, tmp_path, dest, form):
    (tmp_path / "shared").mkdir()
    target = tmp_path / "shared" / "real"
    target.write_bytes(b"old")
    dest.symlink_to(target)

    assert deliver(place(form), CREDENTIALS) is True
    assert dest.is_symlink() and mode(target) == 0o600
    assert deliver(place(form, path=target), CREDENTIALS) is False


@every_format
def test_a_missing_folder_is_a_clear_failure(place, tmp_path, form):
    with pytest.raises(AccessError, match="missing/credentials cannot be written: No such file or directory"):
        deliver(place(form, path=tmp_path / "missing" / "credentials"), CREDENTIALS)


def test_a_folder_that_cannot_be_written_to_is_found_before_anything_is_written(place, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *args: False)

    with pytest.raises(AccessError, match="credentials cannot be written: Permission denied"):
        place("json").check(CREDENTIALS)


def test_a_folder_in_the_files_place_is_a_clear_failure(place, dest):
    dest.mkdir()

    with pytest.raises(AccessError, match="credentials cannot be read: Is a directory"):
        place("json").compare(CREDENTIALS)


def test_a_file_is_removed_once(place, dest):
    deliver(place("json"), CREDENTIALS)

    assert place("json").exists() is True
    place("json").remove()
    assert (place("json").exists(), dest.exists()) == (False, False)
    place("json").remove()


def test_what_cannot_be_removed_is_a_clear_failure(place, dest):
    dest.mkdir()

    with pytest.raises(AccessError, match="credentials cannot be removed: "):
        place("json").remove()
