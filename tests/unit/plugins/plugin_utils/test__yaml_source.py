# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.module_utils._data.values import leaves
from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.plugin_utils import _yaml_source
from ansible_collections.mediaops.access.plugins.plugin_utils._yaml_source import check_aliases, find_yaml_conversions

SPEC = {
    "alias": {"type": "str"},
    "user_id": {"type": "int"},
    "retries": {"type": "int"},
    "password": {"type": "str", "no_log": True},
    "expires_at": {"type": "str"},
    "items": {"type": "list", "options": {"alias": {"type": "str"}}},
}
PASSWORD = VaultSecret(b"hush-vault")


@pytest.fixture
def load(tmp_path):
    """The problems reported for values from a YAML file."""

    def problems(text, name="a.yml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        loader = DataLoader()
        loader.set_vault_secrets([("default", PASSWORD)])
        return find_yaml_conversions(leaves(loader.load_from_file(str(path), cache="none"), SPEC), loader)

    return problems


CHANGED = [
    ("0123", 83),
    ("0222", 146),
    ("12:30", 750),
    ("1:02:03", 3723),
    ("1_000", 1000),
    ("0x1F", 31),
    ("0b11", 3),
    ("+5", 5),
    ("-0", 0),
    ("00", 0),
]


@pytest.mark.parametrize(("source", "number"), CHANGED)
@pytest.mark.parametrize(
    "form",
    [
        "alias: {}",
        "a: b\n\nalias:   {}   # as it is",
        "{{a: b, alias: {}, c: d}}",
        "{{alias: {}}}",
        "alias:\n  {}\n",
        "alias: {}\r\n",
    ],
    ids=ascii,
)
def test_a_number_that_yaml_converted_is_not_text(load, form, source, number):
    assert load(form.format(source)) == [f"alias: YAML reads {source} as the number {number}. Put it in quotes"]


@pytest.mark.parametrize(("source", "number"), CHANGED)
def test_a_number_that_yaml_converted_is_not_an_id(load, source, number):
    assert load(f"user_id: {source}") == [
        f"user_id: YAML reads {source} as the number {number}. Write it in plain digits"
    ]


@pytest.mark.parametrize(
    "value", ["83", "0", "-5", "'0123'", '"12:30"', "!!str 0123", "12345678901234567890", "x", "~", "'{{ 0123 }}'"]
)
def test_numbers_in_canonical_form_are_accepted(load, value):
    assert load(f"alias: {value}\nuser_id: {value}") == []


@pytest.mark.parametrize(("source", "number"), CHANGED)
def test_numeric_options_accept_any_notation(load, source, number):
    assert load(f"retries: {source}") == []


def test_items_of_lists_are_looked_at(load):
    assert load("items: [{alias: 1}, {alias: 0123}]") == [
        "items[1]: alias: YAML reads 0123 as the number 83. Put it in quotes"
    ]


def test_a_secret_is_not_shown(load):
    (problem,) = load("password: 0123")

    assert problem == "password: YAML reads it as another number. Put it in quotes"


@pytest.mark.parametrize("source", ["2001-12-14 21:59:43.10 -5", "2001-12-14T21:59:43Z"])
def test_a_date_with_a_time_is_not_text_unless_the_option_is_an_instant(load, source):
    assert load(f"alias: {source}\nexpires_at: {source}") == [
        "alias: must be text, but YAML reads it as a date. Put it in quotes"
    ]


def test_a_date_alone_has_one_notation_only(load):
    assert load("alias: 2001-12-14") == []


def test_an_encrypted_file_is_looked_at_as_well(load):
    assert load(VaultLib([("default", PASSWORD)]).encrypt("alias: 0123")) == [
        "alias: YAML reads 0123 as the number 83. Put it in quotes"
    ]


def test_a_file_that_changed_since_it_was_loaded_is_ignored(tmp_path):
    path = tmp_path / "a.yml"
    loader = DataLoader()

    def said(text):
        path.write_text("alias: 0123")
        values = loader.load_from_file(str(path), cache="none")
        _yaml_source._read_lines.cache_clear()
        path.write_text(text)
        return find_yaml_conversions(leaves(values, SPEC), loader)

    assert len(said("alias: 0123")) == 1
    assert [said(text) for text in ("", "alias: 0124", "alias: x", "alias: {", "alias: '0123'")] == [[]] * 5
    path.unlink()
    _yaml_source._read_lines.cache_clear()


def test_a_missing_file_is_ignored(tmp_path):
    path = tmp_path / "a.yml"
    path.write_text("alias: 0123")
    loader = DataLoader()
    values = loader.load_from_file(str(path), cache="none")
    path.unlink()

    assert find_yaml_conversions(leaves(values, SPEC), loader) == []


@pytest.mark.parametrize("value", [83, "0123", None, True, [83]], ids=repr)
def test_a_value_of_unknown_origin_is_accepted(value):
    assert find_yaml_conversions(leaves({"alias": value}, SPEC), DataLoader()) == []


def test_without_ansibles_tags_a_number_is_accepted(load, monkeypatch):
    monkeypatch.setattr(_yaml_source, "Origin", None)

    assert load("alias: 0123") == []


@given(number=st.integers())
def test_a_decimal_number_is_always_accepted(number, tmp_path_factory):
    path = tmp_path_factory.mktemp("numbers") / "a.yml"
    path.write_text(f"alias: {number}")
    loader = DataLoader()

    assert find_yaml_conversions(leaves(loader.load_from_file(str(path), cache="none"), SPEC), loader) == []


# --- aliases ---------------------------------------------------------------------------------------------------------------


def bomb(levels, per_level=9, item="*{}", form="[{}]"):
    """A document in which each line has a number of aliases of the previous one."""
    lines = ["a0: &a0 {x: 1}"]
    lines += [
        f"a{level}: &a{level} {form.format(', '.join([item.format(f'a{level - 1}')] * per_level))}"
        for level in range(1, levels + 1)
    ]
    return "\n".join(lines)


@pytest.mark.parametrize("form", ["[{}]", "{{<<: [{}]}}"], ids=["lists", "merged mappings"])
@pytest.mark.parametrize("levels", [7, 300])
def test_aliases_that_expand_excessively_are_rejected_before_loading(levels, form):
    with pytest.raises(AccessError, match=r"^its aliases expand to more than 100000 values\. Write the values out"):
        check_aliases(bomb(levels, form=form))


@pytest.mark.parametrize("text", ["&a [*a]", "&a {b: *a}", "a: &a\n  <<: *a", "a: &a\n  - b: [x, *a]"])
def test_a_recursive_alias_is_rejected(text):
    with pytest.raises(AccessError, match=r"^line \d: the alias \*a refers to a node that contains it$"):
        check_aliases(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: 1",
        "a: '*'",
        "a: &a 1\nb: *a",
        bomb(4),
        "a: *nowhere",
        "a: [*",
        "- &a 1\n- &a [x]\n- *a",
        "a: &a {b: c}\nd: [" + "{<<: *a, e: f}, " * 50_000 + "]",
    ],
    ids=[
        "nothing",
        "none",
        "a text",
        "one",
        "some",
        "of nothing",
        "no YAML",
        "an anchor that is used again",
        "one per item of a long list",
    ],
)
def test_other_aliases_are_accepted_or_left_to_the_loader(text):
    check_aliases(text)


@given(
    st.recursive(
        st.integers(), lambda inner: st.lists(inner) | st.lists(inner).map(lambda items: [items, items]), max_leaves=20
    )
)
def test_output_of_the_yaml_dumper_is_accepted(value):
    check_aliases(yaml.safe_dump(value))
