# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flat XML that FreeWheel returns on request (providers.md, section 4.2)."""

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.module_utils._http.models import Request, Response
from ansible_collections.mediaops.access.plugins.module_utils._providers.freewheel import FREEWHEEL

DOCTYPE = '<!DOCTYPE oauth [<!ENTITY a "hush-token">]>'
TOKEN = "<oauth><access_token>&a;</access_token></oauth>"


@pytest.fixture
def parse(platform):
    freewheel = platform(FREEWHEEL)
    return lambda body: freewheel.responses.parse(
        Response(200, {}, body if isinstance(body, bytes) else body.encode(), Request("GET", "https://x.test"))
    )


@pytest.mark.parametrize(
    ("body", "data"),
    [
        pytest.param("<oauth><expires_in>10</expires_in></oauth>", {"expires_in": 10}, id="a number"),
        pytest.param("<oauth><access_token>10</access_token></oauth>", {"access_token": "10"}, id="a token of digits"),
        pytest.param(
            "<oauth>\n <token_type> Bearer\n</token_type>\n</oauth>", {"token_type": "Bearer"}, id="white space"
        ),
        pytest.param("<oauth><scope/></oauth>", {"scope": ""}, id="an empty element"),
        pytest.param("<oauth><!-- now --><expires_in>10</expires_in></oauth>", {"expires_in": 10}, id="a comment"),
        pytest.param("<oauth><token>&lt;&amp;&#233;</token></oauth>", {"token": "<&é"}, id="entities that XML knows"),
        pytest.param(
            "<?xml version='1.0' encoding='ISO-8859-1'?><oauth><token>é</token></oauth>".encode("latin-1"),
            {"token": "é"},
            id="an encoding",
        ),
        pytest.param("\ufeff<oauth><expires_in>10</expires_in></oauth>", {"expires_in": 10}, id="a byte order mark"),
        pytest.param("<oauth/>", {}, id="nothing"),
        pytest.param('{"expires_in": 10}', {"expires_in": 10}, id="JSON"),
        pytest.param("", None, id="an empty body"),
    ],
)
def test_an_answer_is_read(parse, body, data):
    assert parse(body) == data


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(DOCTYPE + TOKEN, id="at the start"),
        pytest.param('<?xml version="1.0"?>\n' + DOCTYPE + TOKEN, id="after the declaration"),
        pytest.param("<!-- x -->" + DOCTYPE + TOKEN, id="after a comment"),
        pytest.param(('<?xml version="1.0" encoding="UTF-16"?>' + DOCTYPE + TOKEN).encode("utf-16"), id="UTF-16"),
        pytest.param(
            ('<?xml version="1.0" encoding="UTF-16LE"?>' + DOCTYPE + TOKEN).encode("utf-16-le"),
            id="UTF-16 without its mark",
        ),
        pytest.param('<?xml version="1.0"?><!DOCTYPE oauth SYSTEM "file:///etc/passwd"><oauth/>', id="an external one"),
    ],
)
def test_a_document_type_is_refused(parse, body):
    with pytest.raises(ValueError):
        parse(body)


@pytest.mark.parametrize("body", ["<oauth>", "<oauth><a></oauth>", "<oauth>&unknown;</oauth>", "<", "<oauth/><oauth/>"])
def test_broken_xml_is_refused(parse, body):
    with pytest.raises(ValueError):
        parse(body)
