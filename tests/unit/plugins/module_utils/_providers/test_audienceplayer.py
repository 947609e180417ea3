# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Literals and dates of AudiencePlayer (providers.md, sections 1.2 and 1.5); the exchanges are tested with the modules."""

from __future__ import annotations

import datetime
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.module_utils._providers.audienceplayer import Enum, field, instant

UTC = datetime.UTC


@pytest.mark.parametrize(
    ("arguments", "written"),
    [
        ((("F", {}), {}), "F"),
        ((("F", {"a": 1}), {}), "F(a: 1)"),
        ((("F", {"a": "x", "b": True, "c": False, "d": None}), {}), 'F(a: "x", b: true, c: false, d: null)'),
        ((("F", {"action": Enum("fulfil")}), {}), "F(action: fulfil)"),
        ((("F", {"a": 1}, "id name"), {}), "F(a: 1) { id name }"),
        ((("F", {}, "id"), {"alias": "e0"}), "e0: F { id }"),
    ],
)
def test_a_field_is_written_with_its_arguments_as_literals(arguments, written):
    positional, named = arguments
    assert field(*positional, **named) == written


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_string_literal_means_the_string_and_ends_where_it_should(text):
    written = field("F", {"a": text})

    assert written.startswith('F(a: "') and written.endswith('")')
    assert json.loads(written[len("F(a: ") : -1]) == text
    assert "\n" not in written and "\r" not in written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2030-12-31T23:59:59Z", (2030, 12, 31, 23, 59, 59)),
        ("2030-12-31T23:59:59z", (2030, 12, 31, 23, 59, 59)),
        ("2030-12-31T23:59:59+00:00", (2030, 12, 31, 23, 59, 59)),
        ("2030-12-31T23:59:59-05:00", (2031, 1, 1, 4, 59, 59)),
        ("2030-12-31 23:59:59", (2030, 12, 31, 23, 59, 59)),
        ("2030-12-31T23:59:59.999Z", (2030, 12, 31, 23, 59, 59)),
        ("2030-12-31T23:59", (2030, 12, 31, 23, 59, 0)),
        ("2030-12-31", (2030, 12, 31, 0, 0, 0)),
        (" 2030-12-31T23:59:59Z ", (2030, 12, 31, 23, 59, 59)),
    ],
)
def test_an_instant_is_read_in_utc(text, expected):
    assert instant(text) == datetime.datetime(*expected, tzinfo=UTC)


def test_no_date_is_none():
    assert instant(None) is None


@pytest.mark.parametrize("text", ["", "soon", "31.12.2030", "2030-13-01", "2030-12-31T25:00:00Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"])
def test_what_is_no_instant_is_a_failure_that_quotes_it(text):
    with pytest.raises(AccessError, match="is not a date and time such as"):
        instant(text)
