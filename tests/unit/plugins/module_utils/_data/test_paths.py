# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import posixpath
from urllib.parse import quote, unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.module_utils._data.paths import (
    decode_fully,
    has_dot_segment,
    quote_path,
)
from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError

CLIMBING = [
    *("..", ".", "../a", "a/..", "a/../../b", "a/./b", "/../a"),
    *("%2e%2e/a", "%2E./a", "a/.%2e", "..%2fa", "a%2F..%2Fb", "%252e%252e%252fa", "%25252e."),
    *("..\\a", "a\\..\\b", "..%5ca", "..;/a", "..;x=1/a", "..#x", "..?x", "a/..%23x", " ../a", "../ "),
]


@pytest.mark.parametrize("path", CLIMBING)
def test_path_with_dot_segments_is_detected_and_refused(path):
    assert has_dot_segment(path)
    with pytest.raises(
        AccessError,
        match=r"^mount: .* is not a valid path: no segment may be empty, '.' or '..' .percent-encoded or not",
    ):
        quote_path(path, "mount")


@pytest.mark.parametrize("path", ["", "/", "a//b", "a/%2fb", "a\\", "a\nb", "a%0ab", "a\0", "a%7f"], ids=repr)
def test_path_with_an_empty_segment_or_control_character_is_refused(path):
    with pytest.raises(AccessError, match=r"^path: "):
        quote_path(path, "path")


@pytest.mark.parametrize(
    ("path", "travels"),
    [
        *(
            ("a", "a"),
            ("/a/b/", "a/b"),
            ("a b/é", "a%20b/%C3%A9"),
            ("a?b#c", "a%3Fb%23c"),
            ("100%", "100%25"),
            ("a%2Fb", "a%252Fb"),
        ),
        *(
            ("..a", "..a"),
            ("a..", "a.."),
            ("...", "..."),
            (".hidden/v1.2", ".hidden/v1.2"),
            ("a;b", "a%3Bb"),
            ("a\\b", "a%5Cb"),
        ),
    ],
)
def test_other_paths_are_encoded(path, travels):
    assert quote_path(path, "path") == travels


def test_all_levels_of_encoding_are_decoded():
    assert decode_fully("%252525252e%2e") == ".."
    assert decode_fully("100%") == "100%"


@given(
    parts=st.lists(
        st.sampled_from(["..", ".", "a", "b c", "%2e%2e", "/", "\\", "%2f", ";x", "?", "#", "%25"]), max_size=6
    ),
    times=st.integers(0, 3),
)
@example(parts=["..", "#"], times=2)
def test_accepted_paths_stay_below_the_root_when_decoded_repeatedly(parts, times):
    path = "/".join(parts)
    for _time in range(times):
        path = quote(path, safe="/")
    try:
        travels = "/root/" + quote_path(path, "path")
    except AccessError:
        return

    for _decoding in range(6):
        for seen in (travels, travels.replace("\\", "/"), travels.partition("#")[0], travels.partition("?")[0]):
            assert f"{posixpath.normpath(seen)}/".startswith("/root/")
        travels = unquote(travels)
