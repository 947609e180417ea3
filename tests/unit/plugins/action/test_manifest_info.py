# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import tempfile
import tracemalloc

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret, VaultSecretsContext

from ansible_collections.mediaops.access.plugins.action.manifest_info import SCHEMA, ActionModule
from ansible_collections.mediaops.access.plugins.module_utils._data.schema import Schema
from ansible_collections.mediaops.access.tests.unit.plugins.action.test_credentials import failure, perform

MANIFEST = {
    "flex": {
        "url": "http://flex.test:18101",
        "registration_key": "hush-token",
        "applications": [{"name": "Reviewer", "description": "Tool to review media"}],
    },
    "freewheel": {
        "tokens": [
            {"name": "mrm", "username": "u", "password": "hush-token"},
            {"name": "old", "username": "v", "state": "absent"},
        ]
    },
    "movingimage": {"tokens": [{"name": "portal", "username": "u", "password": "hush-token", "video_manager_id": 42}]},
    "playlyfe": {"players": [{"id": "p1", "alias": "Player One", "state": "present"}]},
    "audienceplayer": {
        "project_id": 111,
        "users": [{"user_email": "a@example.com"}],
        "entitlements": [{"user_email": "a@example.com", "product_id": 444}],
    },
    "deliver": [
        {"dest": "credentials.env", "format": "dotenv"},
        {"dest": f"{tempfile.gettempdir()}/credentials.yml", "format": "vault_yaml"},
        {"url": "https://vault.example.com", "path": "mediaops", "format": "vault_kv2", "token": "hush-token"},
    ],
}
SECTIONS = [
    {"provider": "audienceplayer", "role": "audienceplayer_access"},
    {"provider": "flex", "role": "flex_application"},
    {"provider": "freewheel", "role": "freewheel_access"},
    {"provider": "movingimage", "role": "movingimage_access"},
    {"provider": "playlyfe", "role": "playlyfe_access"},
]
PASSWORD = VaultSecret(b"hush-vault")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The playbook's folder; the working directory is another."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    (tmp_path / "playbook").mkdir()
    return tmp_path / "playbook"


@pytest.fixture
def info(folder):
    """Reads a manifest: a dict, or a file."""

    def run(manifest, **args):
        loader = DataLoader()
        loader.set_basedir(str(folder))
        loader.set_vault_secrets([("default", PASSWORD)])
        return perform(ActionModule, "mediaops.access.manifest_info", {"manifest": manifest, **args}, loader=loader)

    return run


@pytest.fixture
def file(tmp_path):
    """Writes a file in a folder of its own, and returns its path."""
    (tmp_path / "manifests").mkdir()

    def write(name, content):
        path = tmp_path / "manifests" / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


# --- what is returned --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["a dict", "YAML", "JSON"])
def test_a_manifest_is_returned_with_what_there_is_to_do(info, file, folder, form):
    paths = {
        "a dict": MANIFEST,
        "YAML": file("a.yml", yaml.safe_dump(MANIFEST)),
        "JSON": file("a.json", json.dumps(MANIFEST)),
    }
    result = info(paths[form])

    own = folder if form == "a dict" else file("x", "") and os.path.dirname(paths[form])
    assert result["changed"] is False
    assert result["manifest"] == {key: value for key, value in MANIFEST.items() if key != "deliver"}
    assert result["sections"] == SECTIONS
    assert result["names"] == {"applications": {"Reviewer": None}, "tokens": {"mrm": None, "portal": None}}
    assert result["deliver"] == [{"dest": f"{own}/credentials.env", "format": "dotenv"}, *MANIFEST["deliver"][1:]]


def test_the_platforms_are_described_as_their_roles_apply_them(info):
    connection = {"timeout": 5, "username": "u", "password": "hush-section"}
    tokens = [
        {"name": "mrm", "verify": False},
        {"name": 7, "username": "v", "password": "hush-item", "state": "absent"},
    ]
    result = info(
        {"freewheel": {**connection, "tokens": tokens}, "flex": {"url": "https://flex.test", "applications": []}}
    )

    assert result["platforms"] == {
        "flex": {
            "title": "Flex Media Platform",
            "connection": {"url": "https://flex.test"},
            "connections": {},
            "lists": {"applications": []},
            "settings": {},
            "whole": {"applications": True},
            "prune": {},
        },
        "freewheel": {
            "title": "FreeWheel",
            "connection": connection,
            "connections": {
                "tokens": {"mrm": connection, "7": {"timeout": 5, "username": "v", "password": "hush-item"}}
            },
            "lists": {"tokens": [{"name": "mrm", "verify": False}, {"name": "7", "state": "absent"}]},
            "settings": {},
            "whole": {"tokens": True},
            "prune": {},
        },
    }
    assert list(result["platforms"]) == [section["provider"] for section in result["sections"]]


@pytest.mark.parametrize(
    ("args", "settings", "items"),
    [
        ({}, {"batch_size": 5, "entitlements_file": "e.csv"}, 1),
        ({"include_files": True}, {"batch_size": 5}, 3),
        ({"revoke": True}, {"batch_size": 5}, 3),
    ],
    ids=["provision", "report", "revoke"],
)
def test_the_settings_of_a_list_are_apart_from_the_connection(info, folder, args, settings, items):
    (folder / "e.csv").write_text(CSV)
    users = {"users": [{"user_email": "a@b.c"}]}
    section = {
        "project_id": 111,
        "batch_size": 5,
        **users,
        **with_file("e.csv", entitlements=[{"user_id": 1, "product_id": 1}])["audienceplayer"],
    }
    platform = info({"audienceplayer": section}, **args)["platforms"]["audienceplayer"]
    lists = platform.pop("lists")

    assert platform == {
        "title": "AudiencePlayer",
        "whole": dict.fromkeys(lists, True),
        "prune": {},
        "connection": {"project_id": 111},
        "connections": {},
        "settings": {
            "entitlements": {
                name: f"{folder}/e.csv" if name == "entitlements_file" else value for name, value in settings.items()
            }
        },
    }
    assert {name: len(found) for name, found in lists.items()} == {
        **({} if "revoke" in args else {"users": 1}),
        "entitlements": items,
    }


def test_the_result_is_not_shown_as_it_may_hold_passwords(info):
    assert info(MANIFEST)["_ansible_no_log"] is True


@pytest.mark.parametrize(
    ("manifest", "sections"),
    [
        ({}, []),
        ({"flex": {}}, ["flex"]),
        ({"playlyfe": {}, "flex": {"applications": []}}, ["flex", "playlyfe"]),
        ({"deliver": []}, []),
        ({"flex": None, "deliver": None}, []),
        (
            {
                "flex": {"applications": None, "url": None},
                "audienceplayer": {"entitlements": None, "entitlements_file": None},
            },
            ["audienceplayer", "flex"],
        ),
    ],
    ids=[
        "empty",
        "an empty section",
        "empty lists",
        "only deliver",
        "sections without a value",
        "lists and options without a value",
    ],
)
def test_a_manifest_may_hold_little(info, manifest, sections):
    result = info(manifest)

    assert [section["provider"] for section in result["sections"]] == sections
    assert (result["deliver"], result["names"]) == ([], {"applications": {}, "tokens": {}})


def test_the_manifest_that_was_given_stays_as_it_is(info):
    before = json.dumps(MANIFEST)
    info(MANIFEST, revoke=True)

    assert json.dumps(MANIFEST) == before


def test_a_section_takes_every_connection_option(info):
    connection = {
        "validate_certs": False,
        "timeout": 5,
        "retries": 1,
        "max_wait": "10",
        "rate_limit": "5/second",
        "token_cache": "none",
        "min_ttl": 5,
    }

    assert info({"freewheel": {**connection, "accept": "xml"}})["manifest"]["freewheel"] == {
        **connection,
        "accept": "xml",
    }


# --- files -------------------------------------------------------------------------------------------------------------------


def test_a_file_is_data_and_no_template(info, file):
    path = file(
        "a.yml",
        "flex: {url: '{{ flex_url }}', applications: [{name: '{{ lookup(\"pipe\", \"id\") }}', description: '{% raw %}'}]}",
    )

    assert info(path)["manifest"]["flex"] == {
        "url": "{{ flex_url }}",
        "applications": [{"name": '{{ lookup("pipe", "id") }}', "description": "{% raw %}"}],
    }


def test_an_encrypted_file_is_read(info, file):
    path = file("a.yml", VaultLib([("default", PASSWORD)]).encrypt(yaml.safe_dump(MANIFEST)))

    assert info(path)["manifest"]["flex"] == MANIFEST["flex"]


def with_encrypted_value(password):
    encrypted = VaultLib([("default", password)]).encrypt("hush-token").decode().replace("\n", "\n      ")
    return f"flex:\n  registration_key: !vault |\n      {encrypted}\n"


def test_an_encrypted_value_is_read(info, file, monkeypatch):
    monkeypatch.setattr(
        VaultSecretsContext, "_current", VaultSecretsContext([("default", PASSWORD)])
    )  # as Ansible's programs do

    assert info(file("a.yml", with_encrypted_value(PASSWORD)))["manifest"]["flex"] == {"registration_key": "hush-token"}
    assert "a.yml cannot be read" in failure(info(file("a.yml", with_encrypted_value(VaultSecret(b"other")))))


REMEDY = "Give its password with --ask-vault-pass or --vault-password-file"


@pytest.mark.parametrize("secrets", [[], [("default", VaultSecret(b"other"))]], ids=["no password", "another one"])
@pytest.mark.parametrize("form", ["the whole", "a value"])
def test_what_cannot_be_decrypted_is_a_failure_that_says_how_to_give_a_password(info, file, monkeypatch, secrets, form):
    monkeypatch.setattr(
        DataLoader, "set_vault_secrets", lambda self, _secrets: self._vault.__setattr__("secrets", secrets)
    )
    monkeypatch.setattr(VaultSecretsContext, "_current", VaultSecretsContext(secrets))
    encrypted = VaultLib([("default", PASSWORD)]).encrypt(yaml.safe_dump(MANIFEST))
    message = failure(info(file("a.yml", encrypted if form == "the whole" else with_encrypted_value(PASSWORD))))

    assert "a.yml cannot be read: " in message and message.endswith(f". {REMEDY}")
    assert "hush" not in message and "\n" not in message


def test_a_broken_file_needs_no_password(info, file):
    assert "vault" not in failure(info(file("a.yml", "flex: [")))


@pytest.mark.parametrize(
    ("manifest", "places"),
    [
        ("flex: {url: '{{ flex_url }}'}", "flex.url"),
        (
            "flex: {registration_key: \"{{ lookup('env', 'hush-token') }}\", applications: [{name: a}, {name: '{% if x %}hush-token{% endif %}'}]}",
            "flex.applications[1].name; flex.registration_key",
        ),
        ("deliver: [{dest: '{{ work }}.env', format: dotenv}]", "deliver[0].dest"),
        ('{"flex": {"url": "https://{{ host }}/x"}}', "flex.url"),
        ("flex:\n  url: |\n    {{\n    host\n    }}\n", "flex.url"),
    ],
)
def test_templates_in_a_file_are_warned_of_with_their_places(info, file, manifest, places):
    path = file("a.yml", manifest)

    assert info(path)["warnings"] == [
        f"{path}: {places}: templates in a manifest file are not evaluated. To use templates, pass the manifest as a dictionary"
    ]


@pytest.mark.parametrize("value", ["{", "{{", "}}", "a{b}c", "{%", "{ { x } }", "{# x", "%}{%"])
def test_braces_alone_are_no_template(info, file, value):
    assert "warnings" not in info(file("a.yml", yaml.safe_dump({"flex": {"url": value}})))


def test_what_ansible_has_evaluated_already_is_not_warned_of(info):
    assert "warnings" not in info({"flex": {"url": "{{ flex_url }}"}})


def test_relative_paths_start_at_the_working_directory_then_at_the_playbooks(info, folder, tmp_path):
    (folder / "a.yml").write_text("{flex: {url: of-the-playbook}, deliver: [{dest: a.env, format: dotenv}]}")

    assert info("a.yml")["deliver"][0]["dest"] == f"{folder}/a.env"
    (tmp_path / "elsewhere" / "a.yml").write_text("{flex: {url: of-the-working-directory}}")
    assert info("a.yml")["manifest"]["flex"]["url"] == "of-the-working-directory"


def test_paths_of_options_start_at_the_manifests_folder(info, file):
    own = file("ca.pem", "")
    read = info(file("a.yml", f"flex: {{url: https://host, ca_path: ca.pem, client_cert: {__file__}}}"))["manifest"][
        "flex"
    ]

    assert (read["ca_path"], read["client_cert"]) == (own, __file__)


def test_a_home_directory_is_expanded(info, file, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    file("a.yml", "deliver: [{dest: ~/a.env, format: dotenv}]")

    assert info("~/manifests/a.yml")["deliver"][0]["dest"] == f"{tmp_path}/a.env"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        pytest.param("a.yml", "flex: [", ["a.yml cannot be read"], id="broken YAML"),
        pytest.param("a.json", '{"flex": {', ["a.json cannot be read"], id="broken JSON"),
        pytest.param("a.yml", b"\xff\xfe\x00", ["a.yml cannot be read"], id="no text"),
        pytest.param(
            "a.yml",
            VaultLib([("default", VaultSecret(b"other"))]).encrypt("a: 1"),
            ["a.yml cannot be read"],
            id="another vault password",
        ),
        pytest.param("a.yml", "", ["a.yml is not a valid manifest", "mapping"], id="nothing"),
        pytest.param("a.yml", "[flex]", ["a.yml is not a valid manifest", "mapping"], id="a list"),
        pytest.param("a.yml", "flex", ["a.yml is not a valid manifest", "mapping"], id="text"),
    ],
)
def test_a_file_that_holds_no_manifest_is_a_clear_failure(info, file, name, content, words):
    message = failure(info(file(name, content)))

    for word in words:
        assert word in message
    assert "\n" not in message


@pytest.mark.parametrize("manifest", ["missing.yml", "/missing/a.yml", ""], ids=repr)
def test_a_missing_file_is_a_clear_failure(info, manifest):
    assert f"manifest {manifest!r} not found" in failure(info(manifest))


@pytest.mark.parametrize("manifest", [["a.yml"], 5, True], ids=repr)
def test_a_manifest_of_another_type_is_a_clear_failure(info, manifest):
    assert "must be a dictionary, or the path" in failure(info(manifest))


# --- wrong manifests ---------------------------------------------------------------------------------------------------------

DELIVER = {"dest": "a", "format": "json"}
WRONG = {
    "an unknown section": ({"flexx": {}}, ["top level", "flexx", "freewheel"]),
    "a section that is a list": ({"flex": []}, ["flex: must be object, not array"]),
    "a rate limit that is none": ({"flex": {"rate_limit": "fast"}}, ["flex.rate_limit: 'fast' is not"]),
    "a number out of range": (
        {"freewheel": {"retries": -1}, "flex": {"timeout": 0}},
        ["freewheel.retries must be 0 or more", "flex.timeout must be more"],
    ),
    "a file of an option that is missing": (
        {"playlyfe": {"ca_path": "missing.pem"}},
        ["playlyfe.ca_path: ", "missing.pem does not exist"],
    ),
    "a place for tokens that is not supported": (
        {"flex": {"token_cache": "memcached://:hush-token@host"}},
        ["flex.token_cache: memcached:// is not supported"],
    ),
    "an item that is null": ({"flex": {"applications": [None]}}, ["flex.applications[0]: must be object, not null"]),
    "an unknown option": (
        {"flex": {"registration_kye": "hush-token"}},
        ["flex", "registration_kye", "registration_key"],
    ),
    "another provider's option": ({"flex": {"username": "u"}}, ["flex", "username"]),
    "a text that is a list": ({"flex": {"url": ["hush-token"]}}, ["flex.url: must be string or integer, not array"]),
    "a number that is text": ({"audienceplayer": {"project_id": "one"}}, ["audienceplayer.project_id"]),
    "a boolean that is text": (
        {"freewheel": {"validate_certs": "hush-token"}},
        ["freewheel.validate_certs: must be boolean, not string"],
    ),
    "a wrong choice": ({"freewheel": {"accept": "yaml"}}, ["freewheel.accept: must be json or xml"]),
    "a list that is a mapping": (
        {"flex": {"applications": {"name": "A"}}},
        ["flex.applications: must be array, not object"],
    ),
    "an item that is text": (
        {"flex": {"applications": ["Reviewer"]}},
        ["flex.applications[0]: must be object, not string"],
    ),
    "an item without a name": (
        {"flex": {"applications": [{"name": "A"}, {"description": "x"}]}},
        ["flex.applications[1]", "lacks name"],
    ),
    "an item with an unknown option": (
        {"flex": {"applications": [{"name": "A", "rotate": True}]}},
        ["flex.applications[0]", "rotate", "description"],
    ),
    "an item with a wrong state": (
        {"flex": {"applications": [{"name": "A", "state": "gone"}]}},
        ["flex.applications[0].state", "present or absent"],
    ),
    "a token without a name": ({"freewheel": {"tokens": [{"username": "u"}]}}, ["freewheel.tokens[0]", "lacks name"]),
    "a token with an empty name": (
        {"movingimage": {"tokens": [{"name": ""}]}},
        ["movingimage.tokens[0].name", "empty"],
    ),
    "a token of an unknown flow": (
        {"movingimage": {"tokens": [{"name": "a", "flow": "x"}]}},
        ["movingimage.tokens[0].flow", "login, openid or auth"],
    ),
    "a player without an id": ({"playlyfe": {"players": [{"alias": "x"}]}}, ["playlyfe.players[0]", "lacks id"]),
    "a user who is absent": (
        {"audienceplayer": {"users": [{"user_email": "a", "state": "absent"}]}},
        ["audienceplayer.users[0].state", "present"],
    ),
    "a user without an e-mail": ({"audienceplayer": {"users": [{}]}}, ["audienceplayer.users[0]", "lacks user_email"]),
    "an entitlement with a product by name": (
        {"audienceplayer": {"entitlements": [{"user_id": 1, "product_id": "film"}]}},
        ["audienceplayer.entitlements[0].product_id"],
    ),
    "an entitlement to nothing": (
        {"audienceplayer": {"entitlements": [{"user_id": 1, "product_id": 4}, {"user_id": 1}]}},
        ["audienceplayer.entitlements[1]: exactly one of product_id and subscription_id must be given"],
    ),
    "an entitlement to two things": (
        {
            "audienceplayer": {
                "entitlements": [
                    {"user_id": 1, "product_id": 4},
                    {"user_email": "a@b.c", "product_id": 444, "subscription_id": 5},
                ]
            }
        },
        ["audienceplayer.entitlements[1]: exactly one of product_id and subscription_id must be given"],
    ),
    "an entitlement of nobody": (
        {"audienceplayer": {"entitlements": [{"product_id": 1}]}},
        ["audienceplayer.entitlements[0]: exactly one of user_id and user_email must be given"],
    ),
    "an entitlement of an empty name": (
        {"audienceplayer": {"entitlements": [{"product_id": 1, "user_email": ""}]}},
        ["audienceplayer.entitlements[0]: exactly one of user_id and user_email must be given"],
    ),
    "an entitlement that registers a number": (
        {"audienceplayer": {"entitlements": [{"product_id": 1, "user_id": 1, "auto_register": True}]}},
        ["audienceplayer.entitlements[0]: auto_register requires user_email"],
    ),
    "an entitlement with an end that is none": (
        {"audienceplayer": {"entitlements": [{"subscription_id": 1, "user_id": 1, "expires_at": "soon"}]}},
        ["audienceplayer.entitlements[0]: expires_at: "],
    ),
    "an entitlement that has ended": (
        {"audienceplayer": {"entitlements": [{"subscription_id": 1, "user_id": 1, "expires_at": "2001-01-01"}]}},
        ["audienceplayer.entitlements[0]: expires_at must be in the future"],
    ),
    "an entitlement without an end": (
        {"audienceplayer": {"entitlements": [{"subscription_id": 1, "user_id": 1}]}},
        ["audienceplayer.entitlements[0]: expires_at must be given for a subscription"],
    ),
    "entitlements that contradict each other": (
        {
            "audienceplayer": {
                "entitlements": [{"product_id": "4", "user_id": 1}, {"product_id": 4, "user_id": 1, "state": "absent"}]
            }
        },
        [
            "audienceplayer.entitlements[1]: conflicts with audienceplayer.entitlements[0]: product 4 of user 1 is present there and absent here"
        ],
    ),
    "an application that retires before it is rotated": (
        {"flex": {"applications": [{"name": "Reviewer", "retire_after": -1}]}},
        ["flex.applications[0]: retire_after must not be negative: it is a number of seconds"],
    ),
    "a file that is a list": (
        {"audienceplayer": {"entitlements_file": ["a.csv"]}},
        ["audienceplayer.entitlements_file: must be string, not array"],
    ),
    "deliver that is a mapping": ({"deliver": DELIVER}, ["deliver: must be array, not object"]),
    "deliver without a format": ({"deliver": [{"dest": "a"}]}, ["deliver[0]", "lacks format"]),
    "deliver in an unknown format": (
        {"deliver": [{**DELIVER, "format": "ini"}]},
        ["deliver[0].format", "dotenv, vault_yaml, json, vault_kv2 or tasks"],
    ),
    "deliver without a dest": ({"deliver": [DELIVER, {"format": "dotenv"}]}, ["deliver[1]", "lacks dest"]),
    "deliver to Vault without a path": (
        {"deliver": [{"format": "vault_kv2", "url": "https://v"}]},
        ["deliver[0]", "lacks path"],
    ),
    "deliver to Vault and to a file": (
        {"deliver": [{"format": "vault_kv2", "url": "https://v", "path": "p", "dest": "a"}]},
        ["deliver[0]", "dest"],
    ),
    "deliver to a folder that is missing": (
        {"deliver": [DELIVER, {**DELIVER, "dest": "x/a"}]},
        ["deliver[1].dest: ", "/x/a cannot be written: No such file"],
    ),
    "deliver to a folder": (
        {"deliver": [{**DELIVER, "dest": "."}]},
        ["deliver[0].dest: ", "is a directory, not a regular file"],
    ),
    "deliver to no path": ({"deliver": [{**DELIVER, "dest": "a\0b"}]}, ["deliver[0].dest: ", "is not a path"]),
    "deliver to a device": (
        {"deliver": [{**DELIVER, "dest": "/dev/null"}]},
        ["deliver[0].dest: /dev/null is a device, not a regular file"],
    ),
    "deliver to a secret above the mount": (
        {"deliver": [{"format": "vault_kv2", "url": "https://v", "path": "a/%2e%2e/b", "mount": "../sys"}]},
        ["deliver[0].path: ", "deliver[0].mount: ", "is not a valid path"],
    ),
    "deliver to one file twice": (
        {"deliver": [DELIVER, {"dest": "./b/../a", "format": "dotenv"}]},
        ["deliver[1].dest: same file as deliver[0].dest"],
    ),
    "a name twice": (
        {"flex": {"applications": [{"name": "A"}, {"name": "A"}]}},
        ["flex.applications[1]", "'A'", "flex.applications[0]"],
    ),
    "a number and a text that are the same name": (
        {"flex": {"applications": [{"name": 5}, {"name": "5"}]}},
        ["flex.applications[1]", "5"],
    ),
    "a name twice, at two providers": (
        {"freewheel": {"tokens": [{"name": "a"}]}, "movingimage": {"tokens": [{"name": "b"}, {"name": "a"}]}},
        ["movingimage.tokens[1]", "'a'", "freewheel.tokens[0]"],
    ),
}


@pytest.mark.parametrize(("manifest", "words"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("form", ["a dict", "a file"])
def test_a_wrong_manifest_is_a_failure_that_names_the_place_in_it(info, file, form, manifest, words):
    given = manifest if form == "a dict" else file("a.yml", yaml.safe_dump(manifest))
    message = failure(info(given))

    for word in [f"{'the supplied dictionary' if form == 'a dict' else given} is not a valid manifest: ", *words]:
        assert word in message
    assert "hush" not in message and "\n" not in message


def test_all_that_is_wrong_is_said_at_once_but_not_more_than_ten(info):
    two = failure(info({"flex": {"url": []}, "playlyfe": {"url": []}}))
    assert "flex.url" in two and "playlyfe.url" in two
    many = failure(info({"flex": {"applications": [{}] * 13}}))
    assert many.count("lacks name") == 10 and "(and 3 more)" in many


def test_an_application_and_a_token_may_share_a_name(info):
    assert info({"flex": {"applications": [{"name": "a"}]}, "freewheel": {"tokens": [{"name": "a"}]}})["names"] == {
        "applications": {"a": None},
        "tokens": {"a": None},
    }


def test_an_editor_tells_what_an_item_has_one_of():
    with open(SCHEMA, encoding="utf-8") as schema:
        problems = Schema(json.load(schema)).problems(
            {"audienceplayer": {"entitlements": [{"user_id": 1, "user_email": "a"}]}}
        )

    assert problems == [
        "audienceplayer.entitlements[0]: exactly one of product_id and subscription_id must be given",
        "audienceplayer.entitlements[0]: exactly one of user_id and user_email must be given",
    ]


# --- values that YAML or a spreadsheet has changed -----------------------------------------------------------------------

PLAYER = "playlyfe: {{players: [{{id: ok, alias: ok}}, {{id: {}, alias: x}}]}}"
IN_QUOTES = "Put it in quotes"


@pytest.mark.parametrize(
    ("manifest", "problem"),
    [
        *(
            (PLAYER.format(source), f"playlyfe.players[1].id: YAML reads {source} as the number {number}. {IN_QUOTES}")
            for source, number in (("0123", 83), ("12:30", 750), ("1_000", 1000), ("+5", 5), ("0x1F", 31))
        ),
        ("playlyfe: {client_id: 0222}", f"playlyfe.client_id: YAML reads 0222 as the number 146. {IN_QUOTES}"),
        ("playlyfe: {client_secret: 0222}", f"playlyfe.client_secret: YAML reads it as another number. {IN_QUOTES}"),
        (
            "movingimage: {tokens: [{name: 0123}]}",
            f"movingimage.tokens[0].name: YAML reads 0123 as the number 83. {IN_QUOTES}",
        ),
        (
            "movingimage: {tokens: [{name: a, password: 0123}]}",
            f"movingimage.tokens[0].password: YAML reads it as another number. {IN_QUOTES}",
        ),
        *(
            (PLAYER.format(source), "playlyfe.players[1].id: is a number and must be text. ")
            for source in ("3.10", "1.0e+3", ".5", "1:30.5", ".inf")
        ),
        *(
            (PLAYER.format(source), "playlyfe.players[1].id: is a boolean and must be text. ")
            for source in ("on", "no", "Yes", "FALSE")
        ),
        (PLAYER.format("~"), "playlyfe.players[1].id: must be string or integer, not null"),
        (
            PLAYER.format("2001-12-14 21:59:43.10 -5"),
            f"playlyfe.players[1].id: must be text, but YAML reads it as a date. {IN_QUOTES}",
        ),
        ("playlyfe: {client_secret: 31.4159}", "playlyfe.client_secret: is a number and must be text. "),
        *(
            (
                f"audienceplayer: {{entitlements: [{{user_id: {source}, product_id: 1}}]}}",
                f"audienceplayer.entitlements[0].user_id: YAML reads {source} as the number",
            )
            for source in ("0123", "12:30", "1_000", "+5")
        ),
        *(
            (
                f"audienceplayer: {{entitlements: [{{user_id: {source}, product_id: 1}}]}}",
                "audienceplayer.entitlements[0].user_id: is not an id. Give it in plain digits",
            )
            for source in ("1e3", "1.0e+3", "1000.0", "-5", "'+5'", "'1.00E+03'", "yes")
        ),
        ("audienceplayer: {project_id: 1.0}", "audienceplayer.project_id: is not an id. Give it in plain digits"),
        (
            "movingimage: {tokens: [{name: a, video_manager_id: 042}]}",
            "movingimage.tokens[0].video_manager_id: YAML reads 042 as the number 34",
        ),
        ('{"playlyfe": {"players": [{"id": 3.10}]}}', "playlyfe.players[0].id: is a number and must be text. "),
        ('{"audienceplayer": {"project_id": 1e3}}', "audienceplayer.project_id: is not an id. "),
    ],
)
@pytest.mark.parametrize("form", ["a file", "an encrypted file", "a variable of a vars file"])
def test_a_value_that_yaml_has_changed_is_refused_with_its_place(info, file, form, manifest, problem):
    path = file(
        "a.yml", VaultLib([("default", PASSWORD)]).encrypt(manifest) if form == "an encrypted file" else manifest
    )
    message = failure(info(DataLoader().load_from_file(path) if form == "a variable of a vars file" else path))

    assert message.startswith(
        f"{path if 'file' in form.partition(' of ')[0] else 'the supplied dictionary'} is not a valid manifest: {problem}"
    )
    assert ";" not in message.partition(problem)[0]


def test_plain_numbers_and_quoted_texts_may_stay(info, file):
    manifest = info(
        file(
            "a.yml",
            "playlyfe: {client_id: 222, players: [{id: '0123', alias: \"12:30\"}, {id: 83, alias: 2001-12-14}], max_wait: 1_0}",
        )
    )["manifest"]

    assert manifest["playlyfe"] == {
        "client_id": 222,
        "players": [{"id": "0123", "alias": "12:30"}, {"id": 83, "alias": "2001-12-14"}],
        "max_wait": 10,
    }


@pytest.mark.parametrize("form", ["a file", "an encrypted file"])
def test_aliases_that_stand_for_more_than_fits_into_memory_are_refused(info, file, form):
    lines = [
        "a0: &a0 [x]",
        *(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, 30)),
        "flex: {url: *a29}",
    ]
    content = "\n".join(lines)
    path = file("a.yml", VaultLib([("default", PASSWORD)]).encrypt(content) if form == "an encrypted file" else content)

    assert failure(info(path)).startswith(f"{path} cannot be read: its aliases expand to more than 100000 values")


# --- addresses -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("section", ["users", "entitlements"])
@pytest.mark.parametrize(
    ("address", "problem"),
    [("alice", "it has no @"), ("a@b.c\u200b", "(U+200B)"), ("a@b.c ", "(U+0020)"), ("\ufeffa@b.c", "(U+FEFF)")],
)
def test_an_address_that_is_none_is_found_before_anything_is_done(info, section, address, problem):
    item = {"user_email": address, **({"product_id": 1} if section == "entitlements" else {})}
    message = failure(info({"audienceplayer": {section: [item]}}))

    assert f"audienceplayer.{section}[0].user_email: " in message and problem in message


@pytest.mark.parametrize(("one", "other"), [("Alice@B.c", "alice@b.c"), ("J\u00fc@x.y", "ju\u0308@x.y")], ids=ascii)
def test_two_spellings_of_one_user_must_not_want_two_names(info, one, other):
    users = [
        {"user_email": one, "user_name": "A", "user_locale": "en"},
        {"user_email": other, "user_name": "B", "user_locale": "en"},
    ]

    assert failure(info({"audienceplayer": {"users": users}})).endswith(
        "audienceplayer.users[1]: conflicts with audienceplayer.users[0]: the same user has a different user_name there"
    )
    for harmless in ({"user_name": "A"}, {}, {"user_locale": "en"}):
        info({"audienceplayer": {"users": [users[0], {"user_email": other, **harmless}]}})["manifest"]


def test_profiles_conflict_in_the_fields_that_both_set(info):
    first = {"user_email": "a@b.c", "profile": {"city": "Utrecht", "height": 1.8, "is_newsletter_opt_in": False}}

    def users(**profile):
        return {"audienceplayer": {"users": [first, {"user_email": "A@b.c", "profile": profile}]}}

    assert info(users(city="Utrecht", phone="030"))["manifest"] == users(city="Utrecht", phone="030")
    assert failure(info(users(city="Ghent", height=2, phone="030"))).endswith(
        "audienceplayer.users[1]: conflicts with audienceplayer.users[0]: the same user has a different profile.city and "
        "profile.height there"
    )


@pytest.mark.parametrize(
    ("profile", "problem"),
    [
        ({"town": "Utrecht"}, "users[0].profile"),
        ({"city": 3.1}, "users[0].profile.city"),
        ({"gender": "none"}, "users[0].profile.gender"),
        ({"height": "tall"}, "users[0].profile.height"),
        ("Utrecht", "users[0].profile"),
    ],
)
def test_a_wrong_profile_is_found_before_anything_is_done(info, profile, problem):
    users = [{"user_email": "a@b.c", "profile": profile}]

    assert f"audienceplayer.{problem}" in failure(info({"audienceplayer": {"users": users}}))


def test_two_spellings_of_one_user_must_not_want_two_things(info, file):
    file("e.csv", "user_email,product_id,state\nalice@b.c,4,absent\n")
    listed = [{"user_email": "Alice@B.c", "product_id": 4}]

    assert (
        "e.csv:2: conflicts with audienceplayer.entitlements[0]: product 4 of alice@b.c is present there and absent here"
        in failure(info(file("a.yml", yaml.safe_dump(with_file("e.csv", entitlements=listed)))))
    )


# --- two names, one variable -------------------------------------------------------------------------------------------------

COLLIDE = {"flex": {"applications": [{"name": "a b"}, {"name": "a-b"}]}}


def test_two_names_that_become_one_variable_are_found_before_anything_is_done(info):
    message = failure(info({**COLLIDE, "deliver": [DELIVER, {"dest": "b", "format": "dotenv"}]}))

    assert (
        "is not a valid manifest: flex.applications[0] and flex.applications[1]: 'a b' and 'a-b' both become A_B_CLIENT_ID"
        in message
    )
    assert message.count("both become") == 1


@pytest.mark.parametrize("deliver", [[], [DELIVER]], ids=["nothing delivered", "another format"])
def test_they_do_no_harm_where_there_are_no_variables(info, deliver):
    assert info({**COLLIDE, "deliver": deliver})["names"]["applications"] == {"a b": None, "a-b": None}


def test_what_is_absent_needs_no_variable(info):
    absent = {"flex": {"applications": [{"name": "a b"}, {"name": "a-b", "state": "absent"}]}}

    assert info({**absent, "deliver": [{"dest": "b", "format": "dotenv"}]})["names"]["applications"] == {"a b": None}


def test_a_name_may_be_a_number(info):
    result = info({"flex": {"applications": [{"name": 2027}, {"name": "Reviewer"}]}, "deliver": [DELIVER]})

    assert result["names"]["applications"] == {"2027": None, "Reviewer": None}


def test_a_name_that_begins_with_a_digit_is_found_before_a_dotenv_file_is_written(info):
    message = failure(
        info(
            {"flex": {"applications": [{"name": "a"}, {"name": 2027}]}, "deliver": [{"dest": "b", "format": "dotenv"}]}
        )
    )

    assert (
        "flex.applications[1]: '2027' becomes 2027_CLIENT_ID in a dotenv file, but a variable must not begin with a digit. Rename it"
        in message
    )


# --- a password for Ansible Vault --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [{}, {"has_vault_password": True}], ids=["nothing is known", "there is one"])
def test_an_encrypted_file_can_be_delivered_with_a_password(info, given):
    assert info({"deliver": [{"dest": "a", "format": "vault_yaml"}]}, **given)["deliver"][0]["format"] == "vault_yaml"


def test_an_encrypted_file_without_a_password_is_found_before_anything_is_done(info):
    message = failure(info({"deliver": [DELIVER, {"dest": "b", "format": "vault_yaml"}]}, has_vault_password=False))

    assert (
        "deliver[1].format: the format vault_yaml requires vault_password (provision_vault_password in the role)"
        in message
    )


# --- items from files --------------------------------------------------------------------------------------------------------

CSV = "user_email,product_id,state\na@b.c,444,\nd@e.f,445,absent\n"
ROWS = [{"user_email": "a@b.c", "product_id": 444}, {"user_email": "d@e.f", "product_id": 445, "state": "absent"}]


def with_file(name, **section):
    return {"audienceplayer": {"entitlements_file": name, **section}}


@pytest.mark.parametrize(
    ("name", "content"), [("e.csv", CSV), ("e.json", json.dumps(ROWS)), ("e.yml", yaml.safe_dump(ROWS))]
)
@pytest.mark.parametrize("listed", [[], [{"user_id": 1, "product_id": 1}]], ids=["none listed", "one listed"])
def test_items_of_a_file_stay_there_for_whoever_provisions_them(info, file, name, content, listed):
    path = file(name, content)
    section = info(file("a.yml", yaml.safe_dump(with_file(name, entitlements=listed))))["manifest"]["audienceplayer"]

    assert section == {"entitlements": listed, "entitlements_file": path}


@pytest.mark.parametrize(
    ("name", "content"), [("e.csv", CSV), ("e.json", json.dumps(ROWS)), ("e.yml", yaml.safe_dump(ROWS))]
)
@pytest.mark.parametrize("listed", [[], [{"user_id": 1, "product_id": 1}]], ids=["none listed", "one listed"])
def test_items_of_a_file_are_added_to_those_that_are_listed_where_all_are_revoked(info, file, name, content, listed):
    file(name, content)
    section = info(file("a.yml", yaml.safe_dump(with_file(name, entitlements=listed))), revoke=True)["manifest"][
        "audienceplayer"
    ]

    assert section.keys() == {"entitlements"}
    assert [{key: str(value) for key, value in item.items()} for item in section["entitlements"]] == [
        {key: str(value) for key, value in {**item, "state": "absent"}.items()} for item in [*listed, *ROWS]
    ]


def test_items_of_a_file_are_added_on_request(info, file):
    file("e.csv", CSV)
    listed = [{"user_id": 1, "product_id": 1}]
    section = info(file("a.yml", yaml.safe_dump(with_file("e.csv", entitlements=listed))), include_files=True)[
        "manifest"
    ]["audienceplayer"]

    assert section.keys() == {"entitlements"}
    assert [{key: str(value) for key, value in item.items()} for item in section["entitlements"]] == [
        {key: str(value) for key, value in item.items()} for item in [*listed, *ROWS]
    ]


def test_the_file_and_the_ledger_are_relative_to_the_playbook_where_the_manifest_is_a_dict(info, folder):
    (folder / "e.csv").write_text(CSV)

    assert info(with_file("e.csv", ledger="e.ledger"))["manifest"]["audienceplayer"] == {
        "entitlements_file": f"{folder}/e.csv",
        "ledger": f"{folder}/e.ledger",
    }


@pytest.mark.parametrize(
    ("name", "content"), [("e.csv", CSV), ("e.json", json.dumps(ROWS)), ("e.yml", yaml.safe_dump(ROWS))]
)
def test_an_encrypted_file_of_items_is_decrypted(info, file, name, content):
    file(name, VaultLib([("default", PASSWORD)]).encrypt(content))
    read = info(file("a.yml", yaml.safe_dump(with_file(name))), include_files=True)

    assert [item["user_email"] for item in read["manifest"]["audienceplayer"]["entitlements"]] == ["a@b.c", "d@e.f"]


def test_one_that_cannot_be_decrypted_is_a_failure_that_says_how_to_give_a_password(info, file):
    path = file("e.csv", VaultLib([("default", VaultSecret(b"other"))]).encrypt(CSV))
    message = failure(info(file("a.yml", yaml.safe_dump(with_file("e.csv")))))

    assert f"audienceplayer.entitlements_file: {path} cannot be decrypted: " in message and message.endswith(
        f". {REMEDY}"
    )


def test_a_file_of_items_is_data_and_no_template(info, file):
    file("e.csv", "user_email,product_id\n{{1}}@b.c,1\n")
    manifest = info(file("a.yml", "audienceplayer: {entitlements_file: e.csv}"), revoke=True)["manifest"]

    assert manifest["audienceplayer"]["entitlements"][0]["user_email"] == "{{1}}@b.c"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        pytest.param("e.csv", "product_id,state\n1,absent\n1,absent,3\n", ["e.csv:3: more cells"], id="csv"),
        pytest.param("e.json", '[\n{"a" 1}]', ["e.json:2: invalid JSON"], id="json"),
        pytest.param("e.jsonl", '{"product_id": 1}\n\n{"a" 1}\n', ["e.jsonl:3: invalid JSON"], id="jsonl"),
        pytest.param("e.yml", "- product_id: 1\n- state: [\n- c: 2\n", ["e.yml:3: invalid YAML"], id="yml"),
        pytest.param(
            "e.csv",
            "a,product_id\n1,1\n,one\n",
            ["e.csv:1: unknown column 'a'; valid columns: product_id"],
            id="an unknown column",
        ),
        pytest.param("e.json", "{}", ["e.json", "list of items"], id="no list"),
        pytest.param("e.txt", "", ["e.txt", "file extension"], id="another ending"),
    ],
)
def test_a_file_of_items_that_cannot_be_read_is_a_failure_that_names_it_and_the_line(info, file, name, content, words):
    file(name, content)
    message = failure(info(file("a.yml", yaml.safe_dump(with_file(name)))))

    for word in words:
        assert word in message


def test_an_item_of_a_file_that_cannot_be_brought_about_is_a_failure_before_anything_is_done(info, file):
    path = file(
        "e.csv",
        "user_email,user_id,product_id,subscription_id,expires_at\na@b.c,,1,5,\n,,1,,\na@b.c,,,5,2001-01-01\n,7,1,,\n",
    )
    listed = [{"user_id": 7, "product_id": 1, "state": "absent"}]
    message = failure(info(file("a.yml", yaml.safe_dump(with_file("e.csv", entitlements=listed)))))

    assert message.partition(" is not a valid manifest: ")[2].split("; ") == [
        f"audienceplayer.entitlements_file: {path}:2: exactly one of product_id and subscription_id must be given",
        f"audienceplayer.entitlements_file: {path}:3: exactly one of user_id and user_email must be given",
        f"audienceplayer.entitlements_file: {path}:4: expires_at must be in the future, and 2001-01-01 is not",
        f"audienceplayer.entitlements_file: {path}:5: conflicts with audienceplayer.entitlements[0]: product 1 of user 7 is absent there and present here",
    ]


def test_a_file_that_is_not_there_is_named_beside_what_else_is_wrong(info, file):
    listed = [{"user_id": 7, "product_id": 1, "auto_register": True}]
    message = failure(info(file("a.yml", yaml.safe_dump(with_file("missing.csv", entitlements=listed)))))

    assert (
        "audienceplayer.entitlements[0]: auto_register requires user_email; audienceplayer.entitlements_file: /"
        in message
    )
    assert message.endswith("missing.csv cannot be read: No such file or directory")


def test_the_rejects_file_is_relative_to_the_manifest_and_a_setting_of_the_list(info, file):
    file("e.csv", CSV)
    path = file("a.yml", "audienceplayer: {entitlements_file: e.csv, rejects_file: rejects.csv}")
    folder = os.path.dirname(path)

    assert info(path)["platforms"]["audienceplayer"]["settings"]["entitlements"] == {
        "entitlements_file": f"{folder}/e.csv",
        "rejects_file": f"{folder}/rejects.csv",
    }


@pytest.mark.parametrize("arguments", [{"revoke": True}, {"include_files": True}])
def test_without_the_file_there_are_no_rejects(info, file, arguments):
    file("e.csv", CSV)
    path = file("a.yml", "audienceplayer: {entitlements_file: e.csv, rejects_file: rejects.csv}")

    assert info(path, **arguments)["platforms"]["audienceplayer"]["settings"]["entitlements"] == {}


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ("rejects_file: r.csv", "only the rows of a file can be rejected. Set entitlements_file, too"),
        (
            "entitlements_file: e.csv, rejects_file: e.csv",
            "{folder}/e.csv is the same file as {folder}/e.csv. Set rejects_file to another path",
        ),
        (
            "entitlements_file: e.csv, rejects_file: ledger.csv, ledger: ledger.csv",
            "{folder}/ledger.csv is the same file as {folder}/ledger.csv. Set rejects_file to another path",
        ),
        (
            "entitlements_file: e.csv, rejects_file: .",
            "{folder}/. must have the extension .csv, because the rows keep the format of {folder}/e.csv",
        ),
        (
            "entitlements_file: e.csv, rejects_file: none/r.csv",
            "{folder}/none/r.csv cannot be written: No such file or directory",
        ),
    ],
)
def test_impossible_rejects_are_reported_before_anything_is_provisioned(info, file, section, problem):
    file("e.csv", CSV)
    path = file("a.yml", f"audienceplayer: {{{section}}}")
    message = failure(info(path))

    assert message.endswith(f"audienceplayer.rejects_file: {problem.format(folder=os.path.dirname(path))}")


@pytest.mark.parametrize("folders", [0, 10])
def test_a_long_file_of_items_takes_little_memory(info, file, folder, folders):
    rows = 10000
    deep = folder.joinpath(*["a-folder-with-a-long-name"] * folders)
    deep.mkdir(parents=True, exist_ok=True)
    path = file(
        deep / "e.csv", "user_email,product_id\n" + "".join(f"user-{row}@example.com,444\n" for row in range(rows))
    )
    info(with_file(path))
    tracemalloc.start()
    try:
        assert "failed" not in info(with_file(path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak / rows < 400  # bytes


def test_a_missing_file_of_items_is_a_clear_failure(info, folder):
    assert f"{folder}/e.csv cannot be read: No such file" in failure(info(with_file("e.csv")))


# --- the opposite ------------------------------------------------------------------------------------------------------------


def test_revoke_turns_everything_absent_and_leaves_users_out(info):
    result = info(MANIFEST, revoke=True)

    items = {
        f"{name}.{key}": value
        for name, section in result["manifest"].items()
        for key, value in section.items()
        if isinstance(value, list)
    }
    assert items.keys() == {
        "flex.applications",
        "freewheel.tokens",
        "movingimage.tokens",
        "playlyfe.players",
        "audienceplayer.entitlements",
    }
    assert {item["state"] for found in items.values() for item in found} == {"absent"}
    assert [item["name"] for item in items["freewheel.tokens"]] == ["mrm", "old"]
    assert result["names"] == {"applications": {}, "tokens": {}}
    assert [target["format"] for target in result["deliver"]] == ["dotenv", "vault_yaml", "vault_kv2"]


# --- prune ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "pruned"),
    [
        ({"flex": {"applications": [], "prune": True}}, {"applications": 10}),
        ({"flex": {"applications": [], "prune": True, "prune_limit": 0}}, {"applications": 0}),
        ({"flex": {"applications": [], "prune": True, "prune_limit": "25"}}, {"applications": 25}),
        ({"flex": {"applications": [], "prune": False}}, {}),
        ({"flex": {"applications": [], "prune_limit": 5}}, {}),
        ({"flex": {"prune": True}}, {}),
        ({"playlyfe": {"players": [], "prune": True}}, {"players": 10}),
        ({"audienceplayer": {"entitlements": [], "prune": True}}, {"entitlements": 10}),
        ({"audienceplayer": {"entitlements_file": "e.csv", "prune": True}}, {"entitlements": 10}),
        ({"audienceplayer": {"users": [{"user_email": "a@b.c"}], "prune": True}}, {"entitlements": 10}),
        ({"audienceplayer": {"prune": True}}, {}),
    ],
)
@pytest.mark.parametrize("revoke", [False, True])
def test_lists_in_the_manifest_are_pruned_unless_it_is_revoked(info, folder, section, pruned, revoke):
    (folder / "e.csv").write_text(CSV)
    ((_name, platform),) = info(section, revoke=revoke)["platforms"].items()

    assert platform["prune"] == ({} if revoke else pruned)
    assert not {"prune", "prune_limit"} & platform["connection"].keys()


@pytest.mark.parametrize(
    ("section", "place"),
    [
        ({"freewheel": {"prune": True}}, "freewheel"),
        ({"movingimage": {"prune_limit": 1}}, "movingimage"),
        ({"flex": {"prune": "perhaps"}}, "flex.prune"),
        ({"flex": {"prune_limit": -1}}, "flex.prune_limit"),
        ({"flex": {"prune_limit": 1.5}}, "flex.prune_limit"),
    ],
)
def test_only_sections_that_can_be_pruned_have_valid_keys_for_it(info, section, place):
    assert place in failure(info(section))


# --- a part --------------------------------------------------------------------------------------------------------------

PARTS = {
    "flex": {
        "applications": [
            {"name": "Reviewer", "description": "Reviews"},
            {"name": "a.b.c", "description": "Dots"},
            {"name": "Old", "state": "absent"},
        ],
        "prune": True,
    },
    "freewheel": {"tokens": [{"name": "mrm"}]},
    "playlyfe": {"players": [{"id": "p1", "alias": "One"}, {"id": 2, "alias": "Two"}], "prune": True},
    "audienceplayer": {
        "users": [{"user_email": "a@example.com"}],
        "entitlements": [{"user_email": "A@example.com", "product_id": 1}, {"user_id": 5, "product_id": 2}],
        "entitlements_file": "e.csv",
        "prune": True,
    },
    "deliver": [{"dest": "a.json", "format": "json"}],
}


@pytest.fixture
def select(info, folder):
    (folder / "e.csv").write_text("user_email,product_id\na@example.com,3\nb@example.com,4\n")
    return lambda *only, **args: info(PARTS, only=list(only), **args)


def lists(result):
    return {
        name: {key: len(items) for key, items in platform["lists"].items()}
        for name, platform in result["platforms"].items()
    }


@pytest.mark.parametrize(
    ("only", "found", "pruned"),
    [
        (["flex"], {"flex": {"applications": 3}}, {"flex": ["applications"]}),
        (["flex.applications"], {"flex": {"applications": 3}}, {"flex": ["applications"]}),
        (["flex.applications.Reviewer"], {"flex": {"applications": 1}}, {}),
        (["flex.applications.a.b.c"], {"flex": {"applications": 1}}, {}),
        (["flex.applications.Old", "flex.applications.Reviewer"], {"flex": {"applications": 2}}, {}),
        (["flex.applications.Old", "flex"], {"flex": {"applications": 3}}, {"flex": ["applications"]}),
        (["playlyfe.players.2", "freewheel"], {"playlyfe": {"players": 1}, "freewheel": {"tokens": 1}}, {}),
        (["audienceplayer"], {"audienceplayer": {"users": 1, "entitlements": 2}}, {"audienceplayer": ["entitlements"]}),
        (["audienceplayer.users"], {"audienceplayer": {"users": 1}}, {}),
        (
            ["audienceplayer.entitlements"],
            {"audienceplayer": {"entitlements": 2}},
            {"audienceplayer": ["entitlements"]},
        ),
        (["audienceplayer.entitlements.a@example.com"], {"audienceplayer": {"entitlements": 2}}, {}),
        (["audienceplayer.entitlements.b@example.com"], {"audienceplayer": {"entitlements": 1}}, {}),
        (["audienceplayer.entitlements.5"], {"audienceplayer": {"entitlements": 1}}, {}),
        (
            ["audienceplayer.users", "audienceplayer.entitlements.5"],
            {"audienceplayer": {"users": 1, "entitlements": 1}},
            {},
        ),
    ],
)
def test_a_part_is_all_that_is_applied(select, only, found, pruned):
    result = select(*only)

    assert lists(result) == found
    assert [section["provider"] for section in result["sections"]] == sorted(found)
    assert {name: list(shown["prune"]) for name, shown in result["platforms"].items() if shown["prune"]} == pruned


@pytest.mark.parametrize(
    ("only", "whole"),
    [
        ([], True),
        (["freewheel"], True),
        (["freewheel.tokens"], True),
        (["freewheel.tokens.mrm"], False),
        (["freewheel.tokens.mrm", "freewheel"], True),
        (["freewheel.tokens.mrm", "flex"], False),
    ],
)
def test_whether_a_list_is_whole_is_told(select, only, whole):
    assert select(*only)["platforms"]["freewheel"]["whole"] == {"tokens": whole}


def test_no_parts_are_all_of_it(select):
    assert select()["platforms"].keys() == PARTS.keys() - {"deliver"}


def test_parts_may_be_given_as_text(info):
    assert info(MANIFEST, only="flex, playlyfe.players")["platforms"].keys() == {"flex", "playlyfe"}


def test_the_file_of_a_whole_list_remains_a_file(select, folder):
    settings = select("audienceplayer.entitlements")["platforms"]["audienceplayer"]["settings"]

    assert settings == {"entitlements": {"entitlements_file": f"{folder}/e.csv"}}


@pytest.mark.parametrize("part", ["audienceplayer.users", "audienceplayer.entitlements.5"])
def test_the_file_of_another_list_is_not_applied(select, part):
    assert select(part)["platforms"]["audienceplayer"]["settings"] == {"entitlements": {}}


@pytest.mark.parametrize(
    ("part", "problem"),
    [
        ("flx", "'flx': unknown section 'flx'; valid sections: audienceplayer, flex, freewheel, playlyfe"),
        ("", "'': unknown section ''"),
        ("deliver", "unknown section 'deliver'"),
        ("movingimage", "unknown section 'movingimage'"),
        ("flex.tokens", "'flex.tokens': unknown list 'tokens'; valid lists: applications"),
        ("flex.", "'flex.': unknown list ''"),
        ("flex.url", "unknown list 'url'"),
        ("audienceplayer.user", "unknown list 'user'; valid lists: users, entitlements"),
        ("flex.applications.reviewer", "unknown name 'reviewer'; valid names: Reviewer, a.b.c, Old"),
        ("flex.applications.", "unknown name ''"),
        (
            "audienceplayer.entitlements.c@example.com",
            "unknown name 'c@example.com'; valid names: A@example.com, 5, a@example.com, b@example.com",
        ),
    ],
)
@pytest.mark.parametrize("revoke", [False, True])
def test_an_unknown_part_is_an_error_that_lists_valid_ones(select, part, problem, revoke):
    message = failure(select("freewheel", part, revoke=revoke))

    assert message.startswith("only (provision_only in the role): ")
    assert problem in message


def test_ten_of_many_names_are_listed(info):
    players = [{"id": f"p{number}", "alias": "A"} for number in range(1, 14)]

    assert failure(info({"playlyfe": {"players": players}}, only=["playlyfe.players.q"])).endswith(
        "p9, p10 (and 3 more)"
    )


def test_the_whole_manifest_is_validated(info):
    assert "playlyfe.players[0]" in failure(info({**PARTS, "playlyfe": {"players": [{}]}}, only=["flex"]))


@pytest.mark.parametrize(
    ("args", "applications", "tokens"),
    [
        ({}, {"Reviewer": None, "a.b.c": None}, {"mrm": None}),
        ({"only": ["flex"]}, {"Reviewer": None, "a.b.c": None}, {"mrm": {}}),
        ({"only": ["freewheel"]}, {"Reviewer": {}, "a.b.c": {}, "Old": {}}, {"mrm": None}),
        ({"only": ["flex.applications.Old"]}, {"Reviewer": {}, "a.b.c": {}}, {"mrm": {}}),
        ({"only": ["flex.applications.Reviewer"]}, {"Reviewer": None, "a.b.c": {}, "Old": {}}, {"mrm": {}}),
        ({"revoke": True}, {}, {}),
        ({"revoke": True, "only": ["flex"]}, {}, {"mrm": {}}),
        ({"revoke": True, "only": ["flex.applications.Reviewer"]}, {"a.b.c": {}, "Old": {}}, {"mrm": {}}),
        ({"revoke": True, "only": ["playlyfe"]}, {"Reviewer": {}, "a.b.c": {}, "Old": {}}, {"mrm": {}}),
    ],
)
def test_credentials_of_other_parts_are_kept(select, args, applications, tokens):
    assert select(*args.pop("only", []), **args)["names"] == {"applications": applications, "tokens": tokens}


@pytest.mark.parametrize("only", [[], ["flex"]])
def test_files_are_written_if_a_part_is_revoked_and_must_be_deliverable(info, only):
    manifest = {**PARTS, "audienceplayer": {}, "deliver": [{"dest": "a.yml", "format": "vault_yaml"}]}
    result = info(manifest, revoke=True, only=only, has_vault_password=False)

    assert ("the format vault_yaml requires" in result.get("msg", "")) == bool(only)


def test_revoke_takes_what_could_not_be_brought_about_any_more(info):
    past = {"subscription_id": 1, "user_id": 1, "expires_at": "2001-01-01"}
    manifest = {
        "audienceplayer": {"entitlements": [past, {**past, "state": "absent"}]},
        "deliver": [{"dest": "missing/a", "format": "vault_yaml"}],
    }

    assert [
        item["state"]
        for item in info(manifest, revoke=True, has_vault_password=False)["manifest"]["audienceplayer"]["entitlements"]
    ] == ["absent"] * 2


def test_what_is_only_described_need_not_be_possible(info):
    past = {"subscription_id": 1, "user_id": 1, "expires_at": "2001-01-01"}
    manifest = {"audienceplayer": {"entitlements": [past]}, "deliver": [{"dest": "missing/a", "format": "vault_yaml"}]}

    assert info(manifest, include_files=True, has_vault_password=False)["manifest"]["audienceplayer"][
        "entitlements"
    ] == [past]


def test_revoke_takes_the_items_of_files_too(info, folder):
    (folder / "e.csv").write_text(CSV)

    assert [
        item["state"] for item in info(with_file("e.csv"), revoke=True)["manifest"]["audienceplayer"]["entitlements"]
    ] == ["absent", "absent"]


@pytest.mark.parametrize(("revoke", "absent"), [(False, False), ("no", False), ("yes", True)], ids=repr)
def test_revoke_is_a_boolean(info, revoke, absent):
    assert info({"flex": {"applications": [{"name": "A"}]}}, revoke=revoke)["names"]["applications"] == (
        {} if absent else {"A": None}
    )


@pytest.mark.parametrize(
    ("args", "words"),
    [({"revoke": "perhaps"}, ["revoke"]), ({"path": "x"}, ["path"])],
    ids=["a bad type", "an unknown option"],
)
def test_bad_options_are_a_clear_failure(info, args, words):
    for word in words:
        assert word in failure(info({}, **args))


# --- variables ---------------------------------------------------------------------------------------------------------------

FILLED = """flex:
  url: ${URL}
  applications: [{name: "Tool of ${STAGE}", description: "$${STAGE}"}]
audienceplayer:
  project_id: ${PROJECT}
  entitlements_file: ${STAGE}.csv
deliver:
  - {dest: "${STAGE}.env", format: dotenv}
"""
VARIABLES = {"URL": "https://flex.test", "STAGE": "{{ staging }}", "PROJECT": 111}


@pytest.mark.parametrize("form", ["a dict", "a file"])
def test_variables_fill_a_manifest_file(info, file, form):
    path = file("a.yml", FILLED)
    file("{{ staging }}.csv", "user_email,product_id\na@example.com,444\n")
    result = info(path, variables=VARIABLES if form == "a dict" else file("variables.yml", yaml.safe_dump(VARIABLES)))

    assert "warnings" not in result
    assert result["manifest"]["flex"] == {
        "url": "https://flex.test",
        "applications": [{"name": "Tool of {{ staging }}", "description": "${STAGE}"}],
    }
    assert result["manifest"]["audienceplayer"]["project_id"] == "111"
    assert os.path.basename(result["manifest"]["audienceplayer"]["entitlements_file"]) == "{{ staging }}.csv"
    assert os.path.basename(result["deliver"][0]["dest"]) == "{{ staging }}.env"


def test_an_unknown_variable_is_an_error_with_its_line(info, file):
    path = file("a.yml", FILLED)
    message = failure(info(path, variables={"URL": "hush-token", "PROJECT": 111}))

    assert f"{path}:3: unknown variable ${{STAGE}}; set it in provision_variables" in message
    assert f"{path}:6: unknown variable ${{STAGE}}" in message
    assert "${URL}" not in message and "hush" not in message


def test_without_variables_nothing_is_filled_and_a_warning_names_the_places(info, file):
    path = file("a.yml", "flex: {url: '${URL}', registration_key: 'pa$${x}', applications: [{name: '${A}'}]}")
    result = info(path)

    assert result["manifest"]["flex"]["url"] == "${URL}"
    assert result["warnings"] == [
        f"{path}: flex.applications[0].name; flex.url: ${{NAME}} is not filled unless provision_variables is set"
    ]


def test_a_dictionary_is_not_filled(info):
    manifest = {"flex": {"url": "${URL}", "applications": []}}

    assert info(manifest, variables={"URL": "x"})["manifest"] == manifest
    assert info(manifest)["manifest"] == manifest


def test_a_file_of_variables_is_found_like_the_manifest(info, file, folder):
    (folder / "of-the-playbook.yml").write_text("URL: https://flex.test")
    path = file("a.yml", "flex: {url: '${URL}'}")

    assert info(path, variables="of-the-playbook.yml")["manifest"]["flex"]["url"] == "https://flex.test"
    assert "variables 'nowhere.yml' not found" in failure(info(path, variables="nowhere.yml"))


# --- Vault and task files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ({"token": "hush-token"}, ["deliver[0].url must be given (or the environment variable VAULT_ADDR)"]),
        ({"url": "https://v"}, ["deliver[0].token must be given (or the environment variable VAULT_TOKEN)"]),
        ({"url": "https://v", "auth": "approle", "secret_id": "hush-token"}, ["deliver[0].role_id must be given"]),
        ({"url": "https://v", "auth": "jwt", "jwt": "hush-token", "auth_mount": "../sys"}, ["deliver[0].auth_mount: "]),
        ({"url": "https://v", "auth": "ldap"}, ["deliver[0].auth: must be token, approle, jwt or kubernetes"]),
    ],
)
def test_what_a_login_to_vault_lacks_is_found_before_anything_is_done(info, monkeypatch, target, words):
    for name in ("VAULT_ADDR", "VAULT_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    message = failure(info({"deliver": [{"format": "vault_kv2", "path": "p", **target}]}))

    for word in words:
        assert word in message
    assert "hush" not in message


def test_address_and_token_of_vault_may_be_in_the_environment(info, monkeypatch):
    monkeypatch.setenv("VAULT_ADDR", "https://v")
    monkeypatch.setenv("VAULT_TOKEN", "hush-token")

    assert info({"deliver": [{"format": "vault_kv2", "path": "p"}]})["deliver"] == [
        {"format": "vault_kv2", "path": "p"}
    ]


def test_the_path_of_a_task_file_starts_at_the_manifest(info, file):
    tasks = file("deliver.yml", "- {name: Show, ansible.builtin.debug: {msg: x}}")
    path = file("a.yml", "deliver: [{format: tasks, file: deliver.yml, no_log: false}]")

    assert info(path)["deliver"] == [{"format": "tasks", "file": tasks, "no_log": False}]


@pytest.mark.parametrize("revoke", [False, True])
def test_a_task_file_must_exist(info, revoke):
    message = failure(info({"deliver": [{"format": "tasks", "file": "nowhere.yml"}]}, revoke=revoke))

    assert "deliver[0].file: " in message and "nowhere.yml does not exist, or is not a file" in message


@pytest.mark.parametrize(
    ("target", "words"),
    [({"dest": "a"}, "lacks file"), ({"file": "x", "dest": "a"}, "deliver[0]")],
    ids=["no file", "a dest"],
)
def test_task_files_have_a_file_and_no_dest(info, target, words):
    assert words in failure(info({"deliver": [{"format": "tasks", **target}]}))


@pytest.mark.parametrize("revoke", [False, True])
@pytest.mark.parametrize("only", [[], ["freewheel.tokens.mrm"]])
def test_all_names_are_returned_whatever_is_selected(info, only, revoke):
    result = info(MANIFEST, revoke=revoke, only=only)

    tokens = {"mrm": None, "old": None, "portal": None}
    assert result["all_names"] == {"applications": {"Reviewer": None}, "tokens": tokens}


def test_the_names_of_what_is_absent_are_returned(info):
    result = info({"flex": {"applications": [{"name": "Old", "state": "absent"}]}})

    assert result["all_names"] == {"applications": {"Old": None}, "tokens": {}}
    assert result["names"] == {"applications": {}, "tokens": {}}
