# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""For any response of a platform, the module returns its data or fails with a message of one line."""

from __future__ import annotations

import importlib
import json
import re
import typing as t

import pytest
import requests
import responses
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.module_utils._masking.secrets import strings_in

SETTINGS = settings(
    derandomize=True,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
#: Keys that answers have, so that what is below them is reached.
KEYS = [
    *[
        "access_token",
        "token_type",
        "expires_in",
        "created_at",
        "scope",
        "accessToken",
        "refreshToken",
        "videoManagerList",
        "validForVideoManager",
    ],
    *[
        "id",
        "name",
        "alias",
        "enabled",
        "applicationName",
        "description",
        "clientId",
        "clientSecret",
        "secret",
        "applications",
        "content",
        "totalCount",
    ],
    *[
        "data",
        "total",
        "errors",
        "error",
        "message",
        "code",
        "path",
        "extensions",
        "items",
        "pagination",
        "total_count",
        "e0",
        "user_id",
        "user_email",
    ],
    *[
        "ClientAuthenticate",
        "ClientUserAuthenticate",
        "ClientUser",
        "UserProductList",
        "UserSubscriptionList",
        "product_id",
        "is_fulfilled",
        "expires_at",
    ],
    "Value",
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(
        [
            "Reviewer",
            "p1",
            "a@example.com",
            "1",
            "2030-12-31T23:59:59Z",
            "player_not_found",
            "invalid_access_token",
            3600,
            404,
            401,
            1,
        ]
    )
)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner, max_size=5)
    ),
    max_leaves=15,
)
BODIES = (
    ANY_JSON.map(lambda value: json.dumps(value).encode())
    | st.binary(max_size=40)
    | st.sampled_from([b"", b"null", b"<html>", b"<oauth><a>", b"[" * 5000])
)
ANSWERS = st.tuples(
    st.sampled_from([200, 200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 409, 422, 429, 500, 503]), BODIES
)

FLEX = {"url": "https://flex.test", "registration_key": "hush-key", "client_id": "c", "client_secret": "hush-secret"}
FREEWHEEL = {"url": "https://fw.test", "username": "u", "password": "hush-password"}
AUDIENCEPLAYER = {"url": "https://ap.test", "project_id": 1, "client_id": "c", "client_secret": "hush-secret"}
MOVINGIMAGE = {"url": "https://mi.test", "username": "u", "password": "hush-password"}
PLAYLYFE = {"url": "https://pl.test", "auth_url": "https://pl.test", "client_id": "c", "client_secret": "hush-secret"}
PASSES = {"access_token": "hush-token"}
MODULES: list[tuple[str, dict[str, t.Any]]] = [
    ("flex_oauth_app", {**FLEX, "name": "Reviewer", "description": "d"}),
    ("flex_oauth_app", {**FLEX, "id": 1, "state": "absent"}),
    ("flex_oauth_app", {**FLEX, "name": "Reviewer", "rotate_secret": True}),
    ("flex_oauth_app_info", FLEX),
    ("flex_prune_info", {**FLEX, "names": ["Reviewer"]}),
    ("flex_token", FLEX),
    ("flex_api", {**FLEX, **PASSES, "path": "x"}),
    ("freewheel_token", FREEWHEEL),
    ("freewheel_token_info", {**FREEWHEEL, **PASSES}),
    ("audienceplayer_token", AUDIENCEPLAYER),
    ("audienceplayer_token", {**AUDIENCEPLAYER, "user_email": "a@example.com"}),
    ("audienceplayer_user", {**AUDIENCEPLAYER, "user_email": "a@example.com", "user_name": "A"}),
    ("audienceplayer_entitlement", {**AUDIENCEPLAYER, "user_id": 1, "product_id": 1, "read_before_write": False}),
    ("audienceplayer_entitlement", {**AUDIENCEPLAYER, "user_id": 1, "product_id": 1}),
    ("audienceplayer_entitlement_info", {**AUDIENCEPLAYER, **PASSES}),
    ("audienceplayer_catalog_info", {**AUDIENCEPLAYER, **PASSES}),
    ("audienceplayer_graphql", {**AUDIENCEPLAYER, **PASSES, "query": "{ a }"}),
    ("movingimage_token", MOVINGIMAGE),
    ("audienceplayer_prune_info", {**AUDIENCEPLAYER, "users": ["a@example.com"], "concurrency": 1}),
    ("movingimage_token", {**MOVINGIMAGE, "flow": "openid", "auth_url": "https://mi.test/auth"}),
    ("movingimage_video_manager_info", {**MOVINGIMAGE, **PASSES}),
    ("playlyfe_token", PLAYLYFE),
    ("playlyfe_player", {**PLAYLYFE, **PASSES, "id": "p1", "alias": "One"}),
    ("playlyfe_player_info", {**PLAYLYFE, **PASSES}),
    ("playlyfe_prune_info", {**PLAYLYFE, **PASSES, "ids": ["p1"]}),
]
IDS = [f"{name} {number}" for number, (name, _options) in enumerate(MODULES)]


def carried_out(
    module: t.Any, options: dict[str, t.Any], answers: list[tuple[int, bytes]]
) -> tuple[dict[str, t.Any], list[bytes]]:
    """The result for these responses, of which the last one is repeated, and the bodies that were received."""
    waiting, seen = list(answers), []

    def answer(request: requests.PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        status, body = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        seen.append(body)
        return status, {"Content-Type": "application/json"}, body

    with responses.RequestsMock(assert_all_requests_are_fired=False) as platform:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            platform.add_callback(method, re.compile(".*"), callback=answer)
        result = module.run(
            {**options, "token_cache": "none", "retries": 1, "max_wait": 5}, name="module", ansible_home="/nowhere"
        )
    return result, seen


@pytest.mark.parametrize(("name", "options"), MODULES, ids=IDS)
@SETTINGS
@given(answers=st.lists(ANSWERS, min_size=1, max_size=4))
def test_any_response_is_handled(name, options, answers, lonely_process):
    module = importlib.import_module(f"ansible_collections.mediaops.access.plugins.modules.{name}").MODULE
    result, seen = carried_out(module, options, answers)

    shown = json.dumps([result.get(key) for key in ("msg", "diff", "warnings", "error_code", "invocation")])
    assert "hush" not in shown and "this is a bug" not in shown and "Traceback" not in shown
    if result.get("failed"):
        assert "\n" not in result["msg"] and result["provider"] == name.partition("_")[0]
        return
    said = {text for body in seen for text in _strings(body)}
    if "token" in result:
        assert result["token"]["access_token"] and result["token"]["access_token"] in said
    for item in (*result.get("applications", []), *filter(None, [result.get("application")])):
        assert isinstance(item["id"], int) and item["name"] in {*said, "Reviewer"}
        assert item.get("client_secret") is None or item["client_secret"] in said
    for item in (*result.get("players", []), *result.get("video_managers", [])):
        assert str(item["id"]) in said
    if result.get("player"):
        assert result["player"]["id"] in said and result["player"]["alias"] == "One"


def _strings(body: bytes) -> list[str]:
    try:
        return [str(int(text)) if text.isdecimal() else text for text in strings_in(json.loads(body))]
    except (ValueError, RecursionError):
        return []
