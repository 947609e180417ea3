# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""For any response of Consul, the lookup returns its value or fails with a message of one line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.lookup.flex_registration_key import MODULE
from ansible_collections.mediaops.access.plugins.module_utils._providers._consul import CONSUL
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_answers_properties import (
    ANSWERS,
    SETTINGS,
    carried_out,
)


@SETTINGS
@given(answers=st.lists(ANSWERS, min_size=1, max_size=2))
def test_any_consul_response_is_handled(answers, lonely_process):
    result, _seen = carried_out(MODULE, {"url": "https://consul.test"}, answers)

    assert MODULE.platform is CONSUL
    assert result.get("failed") or result["value"]
    assert "this is a bug" not in result.get("msg", "") and "\n" not in result.get("msg", "")
