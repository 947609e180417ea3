# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.module_utils._oauth2.token import iso
from ansible_collections.mediaops.access.plugins.module_utils._providers.audienceplayer.dates import parse_instant
from ansible_collections.mediaops.access.plugins.module_utils._providers.audienceplayer.entitlements import Entitlement

SETTINGS = settings(derandomize=True, deadline=None, max_examples=300)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: datetime.timezone(datetime.timedelta(minutes=minutes)))
DATES = st.datetimes(datetime.datetime(1900, 1, 2), datetime.datetime(9999, 12, 30), timezones=OFFSETS)
UTC = datetime.UTC


def whole(date):
    return date.astimezone(UTC).replace(microsecond=0)


@SETTINGS
@given(DATES, st.sampled_from(["T", " "]), st.sampled_from(["", " "]))
def test_every_offset_names_the_same_instant(date, separator, blank):
    assert parse_instant(blank + date.isoformat(separator) + blank) == whole(date)


@SETTINGS
@given(DATES, st.sampled_from(["", "Z", "z", "+00:00", "-00:00"]))
def test_without_an_offset_it_is_utc_as_with_z(date, zone):
    assert parse_instant(whole(date).strftime("%Y-%m-%dT%H:%M:%S") + zone) == whole(date)


@SETTINGS
@given(DATES)
def test_the_specified_instant_is_sent(date):
    sent = iso(parse_instant(date.isoformat()).timestamp())

    assert sent.endswith("Z") and len(sent) == 20
    assert parse_instant(sent) == whole(date)


@SETTINGS
@given(DATES, OFFSETS)
def test_entitlements_compare_instants_not_spellings(date, other):
    options = {"subscription_id": 1, "user_id": 1, "auto_register": False, "state": "present"}
    spellings = [date.isoformat(), date.astimezone(other).isoformat(" ")]
    first, second = [Entitlement.parse({**options, "expires_at": text}, now=-1e11) for text in spellings]

    assert first == second
    assert str(first.desired) == f"present until {iso(whole(date).timestamp())}"


@SETTINGS
@given(st.text(max_size=30) | st.from_regex(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.,+Zz-]{0,20}\Z"))
@example("0001-01-01T00:00:00+14:00")
@example("9999-12-31T23:59:59-14:00")
@example("2030-02-30T00:00:00Z")
def test_any_other_text_is_an_instant_or_rejected_and_quoted(text):
    try:
        found = parse_instant(text)
    except AccessError as error:
        assert repr(text) in error.message and "2030-12-31T23:59:59Z" in error.message
        return
    assert found.tzinfo == UTC and found.microsecond == 0
    assert parse_instant(found.isoformat()) == found
