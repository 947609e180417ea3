# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables in manifest files; action/test_manifest_info.py has the module's options and messages."""

from __future__ import annotations

import json

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret, VaultSecretsContext

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.module_utils._masking.secrets import Secrets
from ansible_collections.mediaops.access.plugins.plugin_utils._plain import plain
from ansible_collections.mediaops.access.plugins.plugin_utils._variables import (
    LIKELY_REFERENCE,
    fill,
    find_places,
    load_variables,
)

PASSWORD = VaultSecret(b"hush-vault")
VALUES = {"A": "one", "B": "two", "LONG_NAME": "${A}", "with-dash": "three"}


@pytest.fixture
def loader(monkeypatch):
    # as Ansible's programs do
    monkeypatch.setattr(VaultSecretsContext, "_current", VaultSecretsContext([("default", PASSWORD)]))
    loader = DataLoader()
    loader.set_vault_secrets([("default", PASSWORD)])
    return loader


@pytest.fixture
def load(loader, tmp_path):
    """Loads a dictionary, or the text of a file. Returns the variables, and the secrets that they contain."""

    def load_given(given, name="variables.yml"):
        if isinstance(given, str) and not given.startswith("{"):
            (tmp_path / name).write_text(given)
            given = name
        secrets = Secrets()
        return load_variables(given, lambda path: str(tmp_path / path), loader, secrets), secrets

    return load_given


def encrypt(text):
    return VaultLib([("default", PASSWORD)]).encrypt(text.encode()).decode()


# --- filling -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("", ""),
        ("plain", "plain"),
        ("${A}", "one"),
        ("https://${A}.example.com/${B}?${A}", "https://one.example.com/two?one"),
        ("${A}${B}", "onetwo"),
        ("$${A}", "${A}"),
        ("$$${A}", "$${A}"),
        ("$${unknown} ${A}", "${unknown} one"),
        ("${LONG_NAME}", "${A}"),
        ("${with-dash}", "three"),
        ("$A $(A) {A} $ {A} ${A", "$A $(A) {A} $ {A} ${A"),
        ("{{ ${A} }}", "{{ one }}"),
    ],
)
def test_a_reference_is_replaced_with_text_once(text, filled):
    assert fill({"a": [{"b": text}]}, VALUES, "m.yml") == {"a": [{"b": filled}]}


@pytest.mark.parametrize("value", [1, 1.5, True, None])
def test_other_values_and_keys_are_kept(value):
    assert fill({"${A}": value}, VALUES, "m.yml") == {"${A}": value}


def test_text_never_changes_the_structure(loader):
    manifest = loader.load("a: ${A}\nb: ['${A}', '${A}']\n")
    text = "x: {y: z}\n- # ${B} !vault &c *d"

    assert fill(manifest, {"A": text}, "m.yml") == {"a": text, "b": [text, text]}


def test_yaml_of_every_kind_is_filled(loader):
    manifest = loader.load(
        "flow: {a: '${A}'}\nliteral: |\n  x ${A}\n  y\nfolded: >-\n  x\n  ${B}\nanchor: &a\n  b: ${A}\nalias: *a\n",
        file_name="/m.yml",
    )

    assert fill(manifest, VALUES, "m.yml") == {
        "flow": {"a": "one"},
        "literal": "x one\ny\n",
        "folded": "x two",
        "anchor": {"b": "one"},
        "alias": {"b": "one"},
    }


def test_a_value_that_is_encrypted_by_itself_is_not_filled(loader):
    encrypted = encrypt("hush-${A}-$${A}").replace("\n", "\n  ")
    manifest = loader.load(f"a: !vault |\n  {encrypted}\nb: ${{A}}\n", file_name="/m.yml")

    assert plain(fill(manifest, VALUES, "m.yml")) == {"a": "hush-${A}-$${A}", "b": "one"}


@pytest.mark.parametrize("name", ["C", "a", "_c1"])
def test_an_unknown_name_is_an_error_with_its_line(loader, tmp_path, name):
    manifest = loader.load(f"flex:\n  url: ${{A}}\n  name: x${{{name}}}\n", file_name=str(tmp_path / "m.yml"))

    with pytest.raises(AccessError) as caught:
        fill(manifest, VALUES, f"{tmp_path}/m.yml")
    assert caught.value.message == f"{tmp_path}/m.yml:3: unknown variable ${{{name}}}; set it in provision_variables"


@pytest.mark.parametrize("part", ["", "A:-default", " A", "A ", "9f!x", "A\n", "Ä"])
def test_what_is_no_name_may_be_a_part_of_a_secret_and_is_not_shown(part):
    with pytest.raises(AccessError) as caught:
        fill({"password": f"Ab${{{part}}}Z"}, VALUES, "m.yml")
    assert caught.value.message == (
        "m.yml: password: unknown variable (its name is not shown, because it may be a part of a secret). "
        "Write $${ for a literal ${"
    )


def test_every_unknown_name_is_listed(loader):
    manifest = loader.load("a: ${X}\nb: ${Y}\nc: ${X} ${X}\n", file_name="/m.yml")

    with pytest.raises(AccessError) as caught:
        fill(manifest, {}, "m.yml")
    assert [part.partition(";")[0] for part in caught.value.message.split("; m.yml:")] == [
        "m.yml:1: unknown variable ${X}",
        "2: unknown variable ${Y}",
        "3: unknown variable ${X}",
    ]


def test_without_a_line_the_place_is_named():
    with pytest.raises(AccessError, match=r"^m\.json: a\.b\[1\]: unknown variable \$\{X\}; set it in"):
        fill({"a": {"b": ["", "${X}"]}}, {}, "m.json")


def test_references_are_found_if_they_can_hardly_be_anything_else():
    found = {"a": "${A}", "b": ["x", "$${A}", {"c": "x${a_1}y"}], "d": "pa$${w0rd", "e": "${}", "f": "${a b}"}

    assert list(find_places(found, LIKELY_REFERENCE)) == ["a", "b[1]", "b[2].c"][::2]


# --- loading -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        {"A": "one", "PORT": 8443},
        "A: one\nPORT: 8443\n",
        '{"A": "one", "PORT": 8443}',
        pytest.param("---\nA: &a one\nPORT: 8443\n", id="YAML with an anchor"),
    ],
)
def test_variables_are_a_dictionary_or_a_file(load, given):
    assert load(given)[0] == {"A": "one", "PORT": "8443"}


def test_a_json_file(loader, tmp_path):
    (tmp_path / "v.json").write_text(json.dumps({"A": "{{ one }}"}))

    assert load_variables("v.json", lambda path: str(tmp_path / path), loader, Secrets()) == {"A": "{{ one }}"}


def test_encrypted_variables_are_decrypted_and_are_secrets(load):
    value = encrypt("hush-password").replace("\n", "\n  ")
    variables, secrets = load(f"A: !vault |\n  {value}\nB: two\n")

    assert variables == {"A": "hush-password", "B": "two"}
    assert secrets.scrub("hush-password two") == "******** two"


def test_an_encrypted_file_is_decrypted(load):
    assert load(encrypt("A: one\n"))[0] == {"A": "one"}


def test_variables_with_the_name_of_a_secret_are_secrets(load):
    _variables, secrets = load({"FLEX_PASSWORD": "hush-password", "REGION": "region-of-europe"})

    assert secrets.scrub("hush-password region-of-europe") == "******** region-of-europe"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A: 3.10\n", ["A: is a number and must be text. Put it in quotes"]),
        ("A: on\n", ["A: is a boolean and must be text"]),
        ("A: 0123\n", ["A: YAML reads it as another number. Put it in quotes"]),
        ("A: 2027-01-15 10:00:00\n", ["A: must be text, but YAML reads it as a date"]),
        ("A:\nB: {c: d}\nC: [e]\n", [f"{name}: must be text or a whole number" for name in "ABC"]),
        ("- A\n", ["variables.yml: must be a mapping"]),
        ("A: [\n", ["variables.yml cannot be read: "]),
    ],
)
def test_anything_else_is_an_error_that_names_the_variable(load, text, words):
    with pytest.raises(AccessError) as caught:
        load(text)
    for word in words:
        assert word in caught.value.message
    assert "\n" not in caught.value.message
