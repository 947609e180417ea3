# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ctypes
import glob
import io
import json
import os
import shlex
import stat
import subprocess

import dotenv
import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible.template import Templar, trust_as_template
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.plugin_utils._credentials_file import CredentialsFile
from ansible_collections.mediaops.access.plugins.plugin_utils._credentials_formats import (
    FORMATS,
    Dotenv,
    variable_name,
)
from ansible_collections.mediaops.access.tests.unit.plugins.module_utils._data.test_files import make_socket

PASSWORD = "hush-vault"
APPLICATION = {"client_id": "client-1", "client_secret": "hush-1"}
TOKEN = {"access_token": "hush-token", "expires_at": "2027-01-15T08:00:00Z"}
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


def write_open(folder):
    """Let everybody write to a folder."""
    folder.chmod(0o777)


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def parts(wanted):
    """What a dotenv file holds of that: no instants."""
    return {
        kind: {
            name: {key: value for key, value in entry.items() if key != "expires_at"}
            for name, entry in wanted[kind].items()
        }
        for kind in wanted
    }


# --- formats: what goes in comes out -----------------------------------------------------------------------------------------

#: Whatever YAML, JSON, a shell and an environment can carry: no NUL, and no half of a surrogate pair.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
SHELL = st.text(st.sampled_from("ab '\"\\$`!#\n\r\t;&|<>(){}[]*?~=%\u0085\u2028\x0b\x1c"), min_size=1)
VALUES = TEXTS | SHELL
NAMES = VALUES


def credentials_of(values):
    def entries(*keys):
        return st.dictionaries(
            NAMES, st.fixed_dictionaries({}, optional={key: values for key in keys}).filter(bool), max_size=3
        )

    return st.fixed_dictionaries(
        {"applications": entries("client_id", "client_secret"), "tokens": entries("access_token", "expires_at")}
    )


ANY = credentials_of(VALUES)
#: What no reader of a dotenv file misunderstands, and a little less.
UNAMBIGUOUS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="'\\{"), min_size=1)


@pytest.mark.parametrize("form", ["json", "vault_yaml"])
@given(credentials=ANY)
@settings(max_examples=25)
def test_a_file_comes_back_as_it_was(form, credentials):
    written = format_of(form).render(credentials)

    assert format_of(form).parse(written, {}) == credentials


def without_collisions(credentials):
    variables = [
        variable_name(name, key)
        for kind in credentials.values()
        for name in kind
        for key in ("client_id", "access_token")
    ]
    return len(variables) == len(set(variables)) and not any(variable[0].isdigit() for variable in variables)


@given(credentials=credentials_of(UNAMBIGUOUS).filter(without_collisions))
@settings(max_examples=60)
def test_a_dotenv_file_comes_back_as_it_was_but_for_the_instants(credentials):
    expected = {
        kind: {name: entry for name, entry in entries.items() if entry} for kind, entries in parts(credentials).items()
    }

    assert Dotenv().parse(Dotenv().render(credentials), credentials) == expected


def with_secret(value):
    return {"applications": {"a": {"client_secret": value}}, "tokens": {}}


def read_by_shell(path):
    script = f'. {shlex.quote(str(path))}; printf %s "$A_CLIENT_SECRET"'
    return subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout.decode()


def read_by_python_dotenv(path):
    return dotenv.dotenv_values(path)["A_CLIENT_SECRET"]


def read_by_docker(path):
    """As ``docker run --env-file`` does: a line is a name and a value, and quotes are a part of it (docker/cli, pkg/kvfile)."""
    (line,) = path.read_text().splitlines()
    return line.partition("=")[2]


SYSTEMD = glob.glob("/usr/lib/*/systemd/libsystemd-shared-*.so") + glob.glob("/usr/lib*/systemd/libsystemd-shared-*.so")


def read_by_systemd(path):
    """By the function that reads an ``EnvironmentFile``."""
    found = ctypes.POINTER(ctypes.c_char_p)()
    libc = ctypes.CDLL(None)
    libc.fopen.restype = ctypes.c_void_p
    stream = ctypes.c_void_p(libc.fopen(os.fsencode(path), b"r"))
    assert ctypes.CDLL(SYSTEMD[0]).load_env_file(stream, os.fsencode(path), ctypes.byref(found)) == 0
    libc.fclose(stream)
    return found[0].decode().partition("=")[2]


READERS = [read_by_shell, read_by_python_dotenv, *([read_by_systemd] if SYSTEMD else [])]

PLAIN = ["abc", "a=b", "A-b_c.d/e+f==", "a:b@c,d%e", "-n"]
QUOTED = [
    *(
        "a b",
        " a ",
        "é€😀",
        'say "a"',
        "a\\nb",
        "\\x",
        "$HOME `id` $(id)",
        "$",
        "!x",
        "#a",
        "a #b",
        "*?[a]~",
        "~",
        "a;b&c|d",
        "{a}",
        "$ {a}",
    ),
    *("\ufeffa", "\u00a0", "\u200b"),
    *("it's", "'", "''", " a'b ", "'#a'", "!'x", "a;'b&c|d", "*'?[a]~", "é'€"),
]


@pytest.mark.parametrize("value", [*PLAIN, *QUOTED], ids=ascii)
@pytest.mark.parametrize("read", READERS)
def test_all_readers_of_a_dotenv_file_read_what_was_written(tmp_path, value, read):
    (tmp_path / "env").write_bytes(Dotenv().render(with_secret(value)))

    assert read(tmp_path / "env") == value


@pytest.mark.parametrize("value", PLAIN)
def test_docker_reads_what_needs_no_quotes(tmp_path, value):
    (tmp_path / "env").write_bytes(Dotenv().render(with_secret(value)))

    assert read_by_docker(tmp_path / "env") == value


@given(value=TEXTS | st.text(st.sampled_from("ab \"'\\$`!#;&|<>(){}[]*?~=%é\u00a0"), min_size=1))
@example(value="a\\")
@example(value="${a}")
@settings(max_examples=200)
def test_what_is_not_refused_is_read_by_everybody(tmp_path_factory, value):
    try:
        rendered = Dotenv().render(with_secret(value))
    except AccessError:
        return
    path = tmp_path_factory.getbasetemp() / "env"
    path.write_bytes(rendered)

    assert dotenv.dotenv_values(stream=io.StringIO(rendered.decode()))["A_CLIENT_SECRET"] == value
    assert not SYSTEMD or read_by_systemd(path) == value
    assert shlex.split(rendered.decode()) == [f"A_CLIENT_SECRET={value}"]


@pytest.mark.parametrize(
    "value",
    [
        "it's a \"",
        "'$HOME",
        "'`id`",
        "\\'",
        "a\\\\b",
        "a\\",
        "${HOME}",
        "a\nb",
        "a\r\nb",
        "a\tb",
        "a\u2028b",
        "\x85",
        "\x1b[1m",
        "\x7f",
        "a\0b",
        "\ud800",
    ],
    ids=ascii,
)
def test_what_readers_of_a_dotenv_file_do_not_read_alike_is_refused(place, dest, value):
    with pytest.raises(
        AccessError,
        match=r"^the client_secret of 'a' cannot be written to a dotenv file: .* Use the format json or vault_yaml$",
    ) as caught:
        deliver(place("dotenv"), with_secret("hush-token" + value))

    assert "hush" not in caught.value.message
    assert not dest.exists()


def test_a_value_of_an_older_dotenv_file_is_still_read(place, dest):
    dest.write_bytes(b"A_CLIENT_ID=client-1\nA_CLIENT_SECRET='it'\"'\"'s'\n")

    assert Dotenv().parse(dest.read_bytes(), with_secret("")) == {
        "applications": {"a": {"client_id": "client-1", "client_secret": "it's"}},
        "tokens": {},
    }


TEMPLATES = [
    "{{ 1 + 1 }}",
    "a{% raw %}b",
    "{# note #}c",
    "{{",
    "'{%' \"x\"",
    "{{ lookup('env', 'HOME') }}\nsecond line",
]


@pytest.mark.parametrize("value", TEMPLATES, ids=ascii)
def test_ansible_takes_no_value_of_an_encrypted_file_for_a_template(tmp_path, value):
    wanted = {
        "applications": {"a": {"client_id": "client-1", "client_secret": value}},
        "tokens": {"t": {"access_token": value, "expires_at": None}},
    }
    (tmp_path / "file.yml").write_bytes(format_of("vault_yaml").render(wanted))
    loader = DataLoader()
    loader.set_vault_secrets([("default", VaultSecret(PASSWORD.encode()))])

    # As include_vars reads it.
    variables = loader.load_from_file(str(tmp_path / "file.yml"), cache="none", trusted_as_template=True)
    read = Templar(loader, variables={"read": variables}).template(trust_as_template("{{ read }}"))

    assert read == wanted
    assert format_of("vault_yaml").parse((tmp_path / "file.yml").read_bytes(), {}) == wanted


def test_only_what_looks_like_a_template_has_a_tag():
    decrypted = VaultLib([("default", VaultSecret(PASSWORD.encode()))]).decrypt(
        format_of("vault_yaml").render(with_secret("{a} %}"))
    )

    assert yaml.safe_load(decrypted) == with_secret("{a} %}")


def test_an_encrypted_file_whose_value_ansible_would_take_for_a_template_is_written_anew(place, dest):
    wanted = {"applications": {"a": {"client_id": "client-1", "client_secret": "{{ x }}"}}, "tokens": {}}
    plain = yaml.safe_dump(wanted, default_flow_style=False, sort_keys=True, explicit_start=True)
    dest.write_bytes(VaultLib([("default", VaultSecret(PASSWORD.encode()))]).encrypt(plain))
    dest.chmod(0o600)

    assert deliver(place("vault_yaml"), wanted) is True
    assert deliver(place("vault_yaml"), wanted) is False


def test_what_each_format_looks_like():
    assert (
        format_of("dotenv").render(CREDENTIALS)
        == b"MRM_ACCESS_TOKEN=hush-token\nREVIEWER_CLIENT_ID=client-1\nREVIEWER_CLIENT_SECRET=hush-1\n"
    )
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
    wanted = {
        "applications": {name: APPLICATION if known else {} for name in applications},
        "tokens": {name: TOKEN if known else {} for name in tokens},
    }

    with pytest.raises(AccessError) as caught:
        Dotenv().render(wanted)
    for name in names:
        assert name in caught.value.message
    assert "hush" not in caught.value.message


@pytest.mark.parametrize("name", ["2nd", "0", "9 lives"])
def test_a_name_that_begins_with_a_digit_is_an_error_in_a_dotenv_file(name):
    with pytest.raises(
        AccessError,
        match=f"^'{name}' becomes {variable_name(name, 'client_id')} in a dotenv file, but a variable must not begin with a digit",
    ):
        Dotenv().render({"applications": {name: APPLICATION}, "tokens": {}})
    assert format_of("json").render({"applications": {name: APPLICATION}, "tokens": {}})


def test_an_application_and_a_token_may_share_a_name():
    assert Dotenv().render({"applications": {"a": APPLICATION}, "tokens": {"a": TOKEN}}).count(b"\n") == 3


def test_what_is_not_known_has_no_variable():
    assert (
        Dotenv().render(
            {"applications": {"a": {"client_id": "client-1", "client_secret": None}, "b": {}}, "tokens": {}}
        )
        == b"A_CLIENT_ID=client-1\n"
    )


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
@pytest.mark.parametrize("value", ['a "b"', "\\ $HOME", "#", " "], ids=ascii)
def test_a_file_with_odd_values_is_unchanged_the_second_time(place, form, value):
    wanted = {"applications": {"a": {"client_id": "client-1", "client_secret": value}}, "tokens": {}}

    assert deliver(place(form), wanted) is True
    assert deliver(place(form), wanted) is False


@every_format
@pytest.mark.parametrize(
    "other",
    [
        pytest.param(
            {"applications": {"Reviewer": {**APPLICATION, "client_secret": "hush-2"}}, "tokens": {"mrm": TOKEN}},
            id="another secret",
        ),
        pytest.param({"applications": {"Reviewer": APPLICATION}, "tokens": {}}, id="one less"),
        pytest.param(
            {"applications": {"Reviewer": APPLICATION, "Other": APPLICATION}, "tokens": {"mrm": TOKEN}}, id="one more"
        ),
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


# --- what was not delivered --------------------------------------------------------------------------------------------------


def foreign(place):
    """What is said of content that was not delivered, and is replaced."""
    assert place.exists(CREDENTIALS)
    said = place.foreign
    assert deliver(place, CREDENTIALS) is True
    assert place.foreign == said
    return said


def test_another_vault_password_is_told(place, dest):
    deliver(place("vault_yaml"), CREDENTIALS)

    assert foreign(place("vault_yaml", password="hush-other")) == (
        f"{dest} has encrypted content that was not delivered with this password"
    )
    assert deliver(place("vault_yaml", password="hush-other"), CREDENTIALS) is False


FOREIGN = {
    "text": b"Hello\n",
    "no UTF-8": b"\xff\xfe\x00",
    "a list": b"[1, 2]",
    "null": b"null",
    "other JSON": b'{"applications": [1], "tokens": {}}',
    "truncated JSON": b'{"applications": {',
    "broken YAML": b"a: [",
    "an open quote": b"A='x",
    "a variable": b"DATABASE_URL=postgres://localhost\n",
    "what the collection itself reads": b"# my login\nOAUTH2_CLIENT_ID=a\nOAUTH2_CLIENT_SECRET=b\n",
    "unsorted variables": b"ACME_CLIENT_SECRET=b\nACME_CLIENT_ID=a\n",
    "an exported variable": b"export ACME_CLIENT_ID=a\n",
    "no name": b"_CLIENT_ID=a\n",
    "a vault cut short": b"$ANSIBLE_VAULT;1.1;AES256\n3133",
    "a vault of nonsense": b"$ANSIBLE_VAULT;1.1;AES256\nxyz\n",
    "a vault of another version": b"$ANSIBLE_VAULT;9.9;ROT13\n3133\n",
    "a vault that holds a list": VaultLib([("default", VaultSecret(PASSWORD.encode()))]).encrypt("- a"),
    "a vault that holds no YAML": VaultLib([("default", VaultSecret(PASSWORD.encode()))]).encrypt("a: ["),
}


@every_format
@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_a_file_that_is_something_else_is_told_and_replaced(place, dest, form, content):
    dest.write_bytes(content)

    assert "content that was not delivered" in foreign(place(form))
    again = place(form)
    assert deliver(again, CREDENTIALS) is False and again.foreign is None


@every_format
@pytest.mark.parametrize("content", [b"", b"\n", b"{}\n"], ids=["empty", "a blank line", "an empty object"])
def test_a_file_without_content_is_written_to(place, dest, form, content):
    dest.write_bytes(content)

    assert deliver(place(form), CREDENTIALS) is True
    assert deliver(place(form), CREDENTIALS) is False


@every_format
@pytest.mark.parametrize("other", ["dotenv", "json"])
def test_a_file_in_another_format_is_replaced(place, form, other):
    deliver(place(other), CREDENTIALS)

    assert deliver(place(form), CREDENTIALS) is (other != form)


@pytest.mark.parametrize("form", ["dotenv", "json"])
def test_an_encrypted_file_is_told(place, form):
    deliver(place("vault_yaml"), CREDENTIALS)

    assert "has encrypted content that was not delivered" in foreign(place(form))


def test_a_variable_of_nobodys_in_a_dotenv_file_is_told(place, dest):
    deliver(place("dotenv"), CREDENTIALS)
    dest.write_bytes(dest.read_bytes() + b"OTHER=1\n")

    assert foreign(place("dotenv")) == f"{dest} has content that was not delivered"


def test_a_dotenv_file_with_credentials_of_earlier_names_is_replaced_and_they_are_shown(place):
    earlier = {"applications": {"Old tool": APPLICATION, "Reviewer": APPLICATION}, "tokens": {"old": TOKEN}}
    deliver(place("dotenv"), earlier)

    before, _after, changed = place("dotenv").compare(CREDENTIALS)
    assert (before, changed) == (
        {
            "applications": {"OLD_TOOL": APPLICATION, "Reviewer": APPLICATION},
            "tokens": {"OLD": {"access_token": "hush-token"}},
        },
        True,
    )


@pytest.mark.parametrize("form", ["json", "vault_yaml"])
def test_a_file_that_holds_something_beside_is_told(place, dest, form):
    dest.write_bytes(format_of(form).render({**CREDENTIALS, "passwords": {}}))
    dest.chmod(0o600)

    assert "content that was not delivered" in foreign(place(form))


# --- what is not known stays -------------------------------------------------------------------------------------------------


@every_format
@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param({"applications": {"Reviewer": None}, "tokens": {"mrm": None}}, id="nothing known"),
        pytest.param(
            {"applications": {"Reviewer": {"client_id": "client-1", "client_secret": None}}, "tokens": {"mrm": {}}},
            id="the secret not known",
        ),
        pytest.param(
            {"applications": {"Reviewer": {"client_id": "client-1"}}, "tokens": {"mrm": None}},
            id="the secret not given",
        ),
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
    deliver(
        place(form),
        {
            "applications": {"Reviewer": None, "New": {"client_id": "client-2", "client_secret": "a b"}},
            "tokens": {"mrm": None},
        },
    )
    deliver(
        place(form),
        {
            "applications": {"Reviewer": None, "New": None},
            "tokens": {"mrm": {"access_token": "hush-2", "expires_at": "later"}},
        },
    )

    _before, after, changed = place(form).compare(
        {"applications": {"Reviewer": None, "New": None}, "tokens": {"mrm": None}}
    )
    assert changed is False
    assert parts(after) == {
        "applications": {"Reviewer": APPLICATION, "New": {"client_id": "client-2", "client_secret": "a b"}},
        "tokens": {"mrm": {"access_token": "hush-2"}},
    }


def test_a_comment_in_a_dotenv_file_does_not_hide_what_is_there(place, dest):
    deliver(place("dotenv"), CREDENTIALS)
    dest.write_bytes(b"# don't touch\n" + dest.read_bytes() + b"\n# OTHER='x\n")

    _before, after, changed = place("dotenv").compare({"applications": {"Reviewer": None}, "tokens": {"mrm": None}})
    assert (after, changed) == (parts(CREDENTIALS), True)


@every_format
def test_without_known_credentials_no_file_is_made(place, form):
    _before, after, changed = place(form).compare({"applications": {"Reviewer": None}, "tokens": {"mrm": {}}})

    assert (after, changed) == (EMPTY, False)


@every_format
def test_what_is_neither_known_nor_there_is_left_out(place, form):
    _before, after, changed = place(form).compare({"applications": {"Reviewer": APPLICATION}, "tokens": {"mrm": None}})

    assert (after, changed) == ({"applications": {"Reviewer": APPLICATION}, "tokens": {}}, True)


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

    with monkeypatch.context() as patched:
        patched.setattr(os, broken, crash)
        with pytest.raises(KeyboardInterrupt):
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


# --- what is in its place ----------------------------------------------------------------------------------------------------

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make what belongs to another user")
NOBODY = 65534


@every_format
@pytest.mark.parametrize("target", ["a file", "a link to it", "nothing", "itself", "a file as a folder"])
@pytest.mark.parametrize(
    "prepare", [lambda folder: None, write_open], ids=["in an own folder", "where others can write"]
)
def test_a_symlink_is_replaced_and_its_target_left_alone(place, tmp_path, dest, form, target, prepare):
    (tmp_path / "real").write_bytes(b"somebody else's")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    dest.symlink_to(
        {
            "a file": "real",
            "a link to it": "link",
            "nothing": "none",
            "itself": dest.name,
            "a file as a folder": "real/x",
        }[target]
    )
    prepare(tmp_path)

    assert deliver(place(form), CREDENTIALS) is True
    assert deliver(place(form), CREDENTIALS) is False
    assert not dest.is_symlink() and mode(dest) == 0o600
    assert (tmp_path / "real").read_bytes() == b"somebody else's"
    assert not (tmp_path / "none").exists()


def test_a_symlink_to_the_right_content_is_a_change(place, tmp_path, dest):
    deliver(place("json"), CREDENTIALS)
    dest.rename(tmp_path / "real")
    dest.symlink_to("real")

    assert deliver(place("json"), CREDENTIALS) is True
    assert not dest.is_symlink()


@every_format
def test_a_symlink_is_removed_and_its_target_left_alone(place, tmp_path, dest, form):
    (tmp_path / "real").write_bytes(b"somebody else's")
    dest.symlink_to("real")

    assert place(form).exists() is True
    place(form).remove()
    assert os.listdir(tmp_path) == ["real"]


@pytest.mark.parametrize(
    ("prepare", "kept"),
    [(lambda folder: None, True), (write_open, False)],
    ids=["own folder", "where others can write"],
)
def test_what_is_not_known_stays_if_nobody_else_can_have_planted_the_link_to_it(place, tmp_path, dest, prepare, kept):
    deliver(place("json"), CREDENTIALS)
    dest.rename(tmp_path / "real")
    dest.symlink_to("real")
    prepare(tmp_path)

    _before, after, changed = place("json").compare({"applications": {"Reviewer": None}, "tokens": {"mrm": None}})

    assert (after, changed) == (CREDENTIALS if kept else EMPTY, True)


@as_root
@pytest.mark.parametrize(
    ("prepare", "kept"),
    [(lambda folder: None, True), (write_open, False)],
    ids=["own folder", "where others can write"],
)
def test_what_another_user_may_have_planted_is_not_taken_over(place, tmp_path, dest, prepare, kept):
    deliver(place("json"), CREDENTIALS)
    os.chown(dest, NOBODY, NOBODY)
    prepare(tmp_path)

    _before, after, changed = place("json").compare({"applications": {"Reviewer": None}, "tokens": {"mrm": None}})

    assert (after, changed) == (CREDENTIALS if kept else EMPTY, not kept)


@as_root
def test_a_link_of_another_user_does_not_lead_root_to_a_foreign_file(place, tmp_path):
    theirs, foreign = tmp_path / "theirs", tmp_path / "foreign"
    theirs.mkdir()
    foreign.mkdir()
    (foreign / "credentials").write_bytes(b"foreign")
    (theirs / "out").symlink_to(foreign)
    os.chown(theirs, NOBODY, NOBODY)
    os.lchown(theirs / "out", NOBODY, NOBODY)

    for use in (
        lambda file: file.compare(CREDENTIALS),
        lambda file: file.remove(),
        lambda file: file.write(CREDENTIALS),
    ):
        with pytest.raises(
            AccessError,
            match=r"out is a symbolic link in a directory that others can write to. Use a path without the link",
        ):
            use(place("json", path=theirs / "out" / "credentials"))
    assert (foreign / "credentials").read_bytes() == b"foreign"


@every_format
def test_a_missing_folder_is_a_clear_failure(place, tmp_path, form):
    with pytest.raises(AccessError, match="missing/credentials cannot be written: No such file or directory"):
        deliver(place(form, path=tmp_path / "missing" / "credentials"), CREDENTIALS)


def test_a_folder_that_cannot_be_written_to_is_found_before_anything_is_written(place, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *args, **keywords: False)

    with pytest.raises(AccessError, match="credentials cannot be written: Permission denied"):
        place("json").check(CREDENTIALS)


@pytest.mark.parametrize(
    "use", [lambda file: file.compare(CREDENTIALS), lambda file: file.write(CREDENTIALS), lambda file: file.remove()]
)
def test_a_folder_behind_a_link_that_others_can_have_planted_is_refused(place, tmp_path, use):
    (tmp_path / "open").mkdir()
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "credentials").write_bytes(b"foreign")
    (tmp_path / "open" / "link").symlink_to("../real")
    write_open(tmp_path / "open")

    for path in (tmp_path / "open" / "link" / "credentials", tmp_path / "open" / "link" / ".." / "credentials"):
        with pytest.raises(
            AccessError, match=r"cannot be .*: link is a symbolic link in a directory that others can write to"
        ):
            use(place("json", path=path))
    assert (tmp_path / "real" / "credentials").read_bytes() == b"foreign"
    assert sorted(os.listdir(tmp_path)) == ["open", "real"]


@pytest.mark.parametrize("link", ["real", "./real/", "../{parent}/real", "{tmp_path}/real", "second"])
def test_a_folder_behind_an_own_link_is_used(place, tmp_path, link):
    (tmp_path / "real").mkdir()
    (tmp_path / "second").symlink_to(tmp_path / "real")
    (tmp_path / "link").symlink_to(link.format(tmp_path=tmp_path, parent=tmp_path.name))

    assert deliver(place("json", path=tmp_path / "link" / "credentials"), CREDENTIALS) is True
    assert (tmp_path / "real" / "credentials").is_file()


def device(path):
    """One that is nobody else's, if this user may make one."""
    try:
        os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    except PermissionError:
        path.symlink_to(os.devnull)


IRREGULAR = {
    "a directory": lambda path: path.mkdir(),
    "a FIFO": os.mkfifo,
    "a socket": make_socket,
    "a device": device,
}


@pytest.mark.parametrize("through_a_link", [False, True], ids=["itself", "a link to it"])
@pytest.mark.parametrize("kind", IRREGULAR)
@pytest.mark.parametrize(
    "use",
    [
        lambda file: file.compare(CREDENTIALS),
        lambda file: file.check({}),
        lambda file: file.write(CREDENTIALS),
        lambda file: file.exists(),
        lambda file: file.remove(),
    ],
    ids=["compare", "check", "write", "exists", "remove"],
)
def test_what_is_no_regular_file_is_refused_and_left_alone(place, tmp_path, dest, kind, through_a_link, use):
    IRREGULAR[kind](tmp_path / "odd" if through_a_link else dest)
    if through_a_link:
        dest.symlink_to("odd")
    before = os.lstat(dest)

    with pytest.raises(AccessError, match=f"/credentials is {kind}, not a regular file. Set dest to another path$"):
        use(place("json"))
    assert os.path.samestat(os.lstat(dest), before)
    assert ".credentials.new" not in os.listdir(tmp_path)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        *(
            ("/dev/null", "a device"),
            ("/", "a directory"),
            ("/dev", "a directory"),
            (".", "a directory"),
            ("..", "a directory"),
        ),
        ("/dev/stdout", "a link to an open file"),
    ],
)
def test_devices_and_folders_by_their_usual_names_are_refused(place, path, kind):
    for use in (lambda file: file.compare(CREDENTIALS), lambda file: file.exists()):
        with pytest.raises(AccessError, match=f"is {kind}, not a regular file"):
            use(place("json", path=path))


def test_a_link_to_an_open_file_is_refused_whatever_the_file_is(place, tmp_path, dest):
    with (tmp_path / "log").open("w") as log:
        dest.symlink_to(f"/proc/self/fd/{log.fileno()}")

        for use in (
            lambda file: file.compare(CREDENTIALS),
            lambda file: file.write(CREDENTIALS),
            lambda file: file.remove(),
        ):
            with pytest.raises(AccessError, match="is a link to an open file, not a regular file"):
                use(place("json"))
    assert dest.is_symlink()


def test_a_path_may_be_relative_and_end_with_a_slash(place, tmp_path, dest, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()

    for path in ("credentials", "./folder/../credentials/"):
        assert place("json", path=path).compare(CREDENTIALS)[2] is not dest.exists()
        place("json", path=path).write(CREDENTIALS)


# --- the new file beside it --------------------------------------------------------------------------------------------------


def plant_link(path, foreign):
    path.symlink_to(foreign)


def plant_hard_link(path, foreign):
    os.link(foreign, path)


def plant_fifo(path, foreign):
    os.mkfifo(path)


@pytest.mark.parametrize("plant", [plant_link, plant_hard_link, plant_fifo])
def test_what_somebody_has_put_in_the_new_files_place_is_removed_and_not_written_to(place, tmp_path, dest, plant):
    foreign = tmp_path / "foreign"
    foreign.write_bytes(b"foreign")
    plant(tmp_path / ".credentials.new", foreign)

    assert deliver(place("json"), CREDENTIALS) is True
    assert foreign.read_bytes() == b"foreign"
    assert json.loads(dest.read_bytes()) == CREDENTIALS
    assert sorted(os.listdir(tmp_path)) == ["credentials", "foreign"]


@as_root
def test_a_new_file_of_another_user_is_not_written_to(place, tmp_path, dest):
    new = tmp_path / ".credentials.new"
    new.write_bytes(b"theirs")
    os.chown(new, NOBODY, NOBODY)
    with new.open("rb") as theirs:
        assert deliver(place("json"), CREDENTIALS) is True
        assert theirs.read() == b"theirs"
    assert os.stat(dest).st_uid == 0


def test_a_new_file_that_somebody_always_plants_is_a_clear_failure(place, tmp_path, dest, monkeypatch):
    (tmp_path / "foreign").write_bytes(b"foreign")
    os.link(tmp_path / "foreign", tmp_path / ".credentials.new")
    unlink, planted = os.unlink, []

    def plant_again(name, **keywords):
        unlink(name, **keywords)
        planted.append(name)
        os.link(tmp_path / "foreign", tmp_path / name)

    monkeypatch.setattr(os, "unlink", plant_again)
    with pytest.raises(
        AccessError, match=r"credentials cannot be written: another process keeps creating .credentials.new next to it"
    ):
        place("json").write(CREDENTIALS)
    assert len(planted) == 100
    assert (tmp_path / "foreign").read_bytes() == b"foreign"


def test_a_folder_in_the_new_files_place_is_a_clear_failure(place, tmp_path):
    (tmp_path / ".credentials.new").mkdir()

    with pytest.raises(AccessError, match="credentials cannot be written: "):
        place("json").write(CREDENTIALS)


# --- removing ----------------------------------------------------------------------------------------------------------------


def test_a_file_is_removed_once(place, dest):
    deliver(place("json"), CREDENTIALS)

    assert place("json").exists() is True
    place("json").remove()
    assert (place("json").exists(), dest.exists()) == (False, False)
    place("json").remove()


def test_in_a_missing_folder_there_is_no_file(place, tmp_path):
    assert place("json", path=tmp_path / "missing" / "credentials").exists() is False


def test_what_cannot_be_removed_is_a_clear_failure(place, dest, monkeypatch):
    deliver(place("json"), CREDENTIALS)

    def fail(*args, **keywords):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "unlink", fail)
    with pytest.raises(AccessError, match="credentials cannot be removed: Operation not permitted"):
        place("json").remove()
