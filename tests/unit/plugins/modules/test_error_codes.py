# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""If a module fails because of a platform's response, its result has the HTTP status and the platform's code."""

from __future__ import annotations

import importlib
import json
import pathlib
import re

import pytest
import responses

from ansible_collections.mediaops.access.plugins import modules
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_movingimage_token import any_provider

__all__ = ["any_provider"]
PACKAGE = modules.__name__
CONNECTIONS = {
    "flex": {
        "url": "http://flex.test:18101",
        "registration_key": "hush-key",
        "client_id": "client",
        "client_secret": "hush-client",
    },
    "freewheel": {"username": "mrm", "password": "hush-password"},
    "audienceplayer": {"project_id": 111, "client_id": "222", "client_secret": "hush-client"},
    "movingimage": {"username": "viewer", "password": "hush-password"},
    "oauth2": {
        "url": "https://api.test",
        "token_url": "https://login.test/oauth/token",
        "introspection_url": "https://login.test/introspect",
        "client_id": "client",
        "client_secret": "hush-client",
    },
    "playlyfe": {"client_id": "client", "client_secret": "hush-client"},
}
#: What each module is asked for.
OPTIONS = {
    "flex_oauth_app": {"name": "Reviewer", "description": "Tool"},
    "flex_oauth_app_info": {},
    "flex_prune_info": {"names": ["Reviewer"]},
    "flex_token": {},
    "flex_api": {"path": "api/accounts"},
    "freewheel_token": {},
    "freewheel_token_info": {},
    "freewheel_api": {"path": "services/v4/sites"},
    "audienceplayer_token": {"user_id": 333},
    "audienceplayer_user": {"user_email": "viewer@example.com"},
    "audienceplayer_catalog_info": {},
    "audienceplayer_entitlement": {"user_id": 333, "product_id": 444},
    "audienceplayer_entitlement_info": {"user_id": 333},
    "audienceplayer_graphql": {"query": "{ UserDetails { id } }", "user_id": 333},
    "audienceplayer_prune_info": {"users": ["a@example.com"], "concurrency": 1},
    "movingimage_token": {},
    "movingimage_video_manager_info": {},
    "movingimage_api": {"path": "v1/vms"},
    "oauth2_token": {},
    "oauth2_token_info": {},
    "oauth2_api": {"path": "channels"},
    "playlyfe_token": {},
    "playlyfe_player": {"id": "p1", "alias": "Player One"},
    "playlyfe_player_info": {},
    "playlyfe_prune_info": {"ids": ["p1"]},
    "playlyfe_api": {"path": "admin/players"},
}
#: Modules that do nothing but log in, and those that do not log in.
LOGIN_ONLY = (
    "flex_token",
    "freewheel_token",
    "audienceplayer_token",
    "movingimage_token",
    "oauth2_token",
    "playlyfe_token",
)
WITHOUT_LOGIN = ("flex_oauth_app", "flex_oauth_app_info", "flex_prune_info", "audienceplayer_user")
LOGIN = re.compile(r"/oauth/token$|/auth/token$|/auth/login$|\w*Authenticate\b")
TOKEN = {"access_token": "hush-token", "token_type": "Bearer", "expires_in": 3600}
MANAGERS = {"videoManagerList": [], "validForVideoManager": "42"}


def graphql(code, **other):
    return {"data": None, "errors": [{"message": "Not so", **({"code": code} if code else {}), **other}]}


#: Error bodies of each platform (providers.md, the sections on errors), with an HTTP status, and the code that they hold.
ERRORS = {
    "flex": [
        (403, {"timestamp": 1, "status": 403, "error": "Forbidden", "message": "Not so", "path": "/x"}, "Forbidden"),
        (422, {"error": "invalid_request", "error_description": "Not so"}, "invalid_request"),
        (200, {"errors": [{"message": "Not so", "code": "E17"}]}, "E17"),
        (409, {"errorCode": 17, "message": "Not so"}, 17),
    ],
    "freewheel": [
        (403, {"error": "access_denied", "error_description": "Not so"}, "access_denied"),
        (422, {"code": "FW_17", "message": "Not so"}, "FW_17"),
        (
            422,
            "<errors><error>invalid_field</error><error_description>Not so</error_description></errors>",
            "invalid_field",
        ),
    ],
    "audienceplayer": [
        (200, graphql(403), 403),
        (422, graphql(422), 422),
        (500, graphql(422), 422),
        (200, graphql(None, extensions={"code": "FORBIDDEN"}), "FORBIDDEN"),
        (403, graphql("403"), 403),
    ],
    "movingimage": [
        (403, {"message": "Not so", "code": 1001}, 1001),
        (415, {"errorCode": "INVALID_INPUT", "message": "Not so"}, "INVALID_INPUT"),
        (400, {"error": "invalid_grant", "error_description": "Not so"}, "invalid_grant"),
    ],
    "oauth2": [
        (400, {"error": "invalid_request", "error_description": "Not so"}, "invalid_request"),
        (403, {"error": "insufficient_scope", "error_description": "Not so"}, "insufficient_scope"),
        (409, {"code": 17, "message": "Not so"}, 17),
    ],
    "playlyfe": [
        (403, {"error": "access_denied", "error_description": "Not so"}, "access_denied"),
        (404, {"error": "route_not_found", "error_description": "Not so"}, "route_not_found"),
        (
            400,
            {"error": "validation_exception", "error_description": "Not so", "data": {"valid": False}},
            "validation_exception",
        ),
        (200, {"error": "access_denied", "error_description": "Not so"}, "access_denied"),
        (429, {"error": "plan_limit_exceeded", "error_description": "Not so"}, "plan_limit_exceeded"),
    ],
}
CASES = [
    pytest.param(module, at_login, *error, id=f"{module} {'login' if at_login else 'request'} {error[0]} {error[2]}")
    for module in OPTIONS
    for at_login in (True, False)
    if module not in (WITHOUT_LOGIN if at_login else LOGIN_ONLY)
    for error in ERRORS[module.partition("_")[0]]
]


#: What says too many requests, and how.
LIMITS = {
    "flex": ({"errors": [{"message": "Slow down", "code": "SLOW"}]}, "SLOW"),
    "freewheel": ({"error": "too_many_requests", "error_description": "Slow down"}, "too_many_requests"),
    "audienceplayer": (graphql(429), 429),
    "movingimage": ({"message": "Slow down", "code": 1004}, 1004),
    "oauth2": ({"error": "slow_down", "error_description": "Slow down"}, "slow_down"),
    "playlyfe": ({"error": "too_many_requests", "error_description": "Slow down"}, "too_many_requests"),
}
#: The user's own writes, which are not repeated.
WRITES = {
    **{module: {"method": "POST", "body": {"a": 1}} for module in OPTIONS if module.endswith("_api")},
    "audienceplayer_graphql": {"query": "mutation { ClientUserUpdate(id: 1) { id } }"},
}


def answers(at_login, status, body, headers=None):
    """A platform that refuses logins, or all later requests."""

    def answer(request):
        text = request.body.decode() if isinstance(request.body, bytes) else request.body or ""
        login = LOGIN.search(request.path_url.partition("?")[0]) or LOGIN.search(text if "query" in text else "")
        if login and not at_login:
            return (
                200,
                {},
                json.dumps(
                    {
                        **TOKEN,
                        "accessToken": "hush-token",
                        **MANAGERS,
                        "data": {login.group(): {**TOKEN, "user_id": 333}},
                    }
                ),
            )
        return (
            status,
            {"Content-Type": "application/json", **(headers or {})},
            body if isinstance(body, str) else json.dumps(body),
        )

    return answer


@pytest.fixture
def fail(tmp_path):
    """Runs a module against a platform that refuses requests."""

    def run(module, answer, **options):
        found = importlib.import_module(f"{PACKAGE}.{module}").MODULE
        options = {**CONNECTIONS[module.partition("_")[0]], **OPTIONS[module], "retries": 0, **options}
        with responses.RequestsMock(assert_all_requests_are_fired=False) as platform:
            for method in ("GET", "POST"):
                platform.add_callback(method, re.compile(".*"), answer)
            result = found.run(options, name=module, ansible_home=str(tmp_path))
        assert (result.get("failed"), result["changed"], result["provider"]) == (True, False, module.partition("_")[0])
        assert "hush" not in json.dumps(result)
        return result

    return run


@pytest.mark.parametrize(("module", "at_login", "status", "body", "code"), CASES)
def test_a_failure_has_the_status_and_the_code_of_the_answer(module, at_login, status, body, code, fail):
    result = fail(module, answers(at_login, status, body))

    assert (result["status"], result["error_code"]) == (status, code)
    assert "Not so" in result["msg"] or code == "plan_limit_exceeded"


@pytest.mark.parametrize("module", OPTIONS)
@pytest.mark.parametrize("status", [429, 503])
def test_a_limit_that_takes_too_long_has_them_as_well(module, status, fail):
    body, code = LIMITS[module.partition("_")[0]]
    result = fail(module, answers(module not in WITHOUT_LOGIN, status, body, {"Retry-After": "3600"}), max_wait=5)

    assert (result["status"], result["error_code"]) == (status, code)
    assert "max_wait" in result["msg"]


@pytest.mark.parametrize("module", WRITES)
@pytest.mark.parametrize("headers", [{}, {"Retry-After": "3"}], ids=["at once", "after a wait"])
@pytest.mark.parametrize("status", [500, 503])
def test_a_write_with_an_unknown_outcome_has_them_as_well(module, status, headers, fail):
    body = (
        {"errors": [{"message": "Not so", "code": 5017}]}
        if "graphql" in module
        else {"error": "E_17", "error_description": "Not so", "message": "Not so"}
    )
    result = fail(module, answers(False, status, body, headers), **WRITES[module])

    assert (result["status"], result["error_code"]) == (status, 5017 if "graphql" in module else "E_17")


def test_no_module_is_left_out():
    """Modules without a platform, and those that send no requests, have no such failures."""
    folder = pathlib.Path(modules.__path__[0])
    ours = {
        path.stem for path in folder.glob("*.py") if "\nMODULE = ModuleDefinition(" in path.read_text(encoding="utf-8")
    }

    assert set(OPTIONS) == ours - {"token_cache", "token_cache_info"}
