# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What version 0.1 left behind is still read: its token cache and its ledger (version_0_1.json, paths and base64), written at the frozen clock's time."""

from __future__ import annotations

import base64
import importlib
import json
import pathlib

import pytest

from ansible_collections.mediaops.access.tests.unit.plugins.conftest import clock, neutral_environment
from ansible_collections.mediaops.access.tests.unit.plugins.modules.conftest import lonely_process
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import call, exchange

__all__ = ["clock", "lonely_process", "neutral_environment"]
FILES = json.loads(pathlib.Path(__file__).with_name("version_0_1.json").read_text(encoding="utf-8"))

CLIENT = {"project_id": 111, "client_id": "222", "client_secret": "hush-token-secret"}
#: The options of each platform's token, and the token.
TOKENS = {
    "flex": (
        {"url": "https://flex.example.com", "client_id": "me", "client_secret": "hush-token-secret"},
        "hush-token-flex",
    ),
    "freewheel": ({"username": "me", "password": "hush-token-password"}, "hush-token-freewheel"),
    "playlyfe": ({"client_id": "me", "client_secret": "hush-token-secret"}, "hush-token-playlyfe"),
    "movingimage": ({"username": "me", "password": "hush-token-password", "video_manager_id": 7}, "e30."),
    "audienceplayer": ({**CLIENT, "user_email": "viewer@example.com"}, "hush-token-viewer"),
}
ENTITLEMENTS = [
    {"user_id": 1001, "product_id": 444},
    {"user_id": 1002, "product_id": 444, "state": "absent"},
    {"user_email": "viewer@example.com", "subscription_id": 555, "expires_at": "2030-12-31T23:59:59Z"},
]


@pytest.fixture
def run(tmp_path, clock):
    """Runs a module in the home that version 0.1 has left."""
    for name, content in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_bytes(base64.b64decode(content))
        path.chmod(0o600)
        path.parent.chmod(0o700)

    def run_module(name, *calls, **options):
        module = importlib.import_module(f"ansible_collections.mediaops.access.plugins.modules.{name}").MODULE
        with exchange(*calls):
            result = module.run(options, name=name, ansible_home=str(tmp_path))
        assert not result.get("failed"), result["msg"]
        assert "warnings" not in result
        return result

    return run_module


@pytest.mark.parametrize("platform", TOKENS)
def test_a_cached_token_is_used(platform, run):
    options, token = TOKENS[platform]
    result = run(f"{platform}_token", **options)

    assert result["changed"] is False
    assert result["token"]["access_token"].startswith(token)
    assert result["token"]["expires_at"] == "2027-01-22T08:00:00Z"


def test_the_cache_is_listed(run):
    assert sorted(token["provider"] for token in run("token_cache_info")["tokens"]) == sorted(TOKENS)


def test_a_token_is_revoked_as_its_entry_says(run):
    revoke = call(
        "POST",
        "https://api.freewheel.tv/auth/token/revoke",
        form={"token": "hush-token-freewheel"},
        headers={"Authorization": "Bearer hush-token-freewheel"},
    )

    assert run("token_cache", revoke, provider="freewheel", revoke=True)["removed"] == 1


def test_the_ledger_is_still_believed(run, tmp_path):
    options = {**CLIENT, "read_before_write": False, "ledger": str(tmp_path / "entitlements.ledger")}

    assert run("audienceplayer_entitlement", **options, entitlements=ENTITLEMENTS)["summary"]["unchanged"] == 3


def test_the_ledger_causes_no_wrong_skip(run, tmp_path):
    """Another state, another user, another date: each is written."""
    options = {
        **CLIENT,
        "read_before_write": False,
        "ledger": str(tmp_path / "entitlements.ledger"),
        "batch_size": 1,
        "concurrency": 1,
    }
    others = [
        {"user_id": 1001, "product_id": 444, "state": "absent"},
        {"user_id": 1003, "product_id": 444},
        {"user_email": "viewer@example.com", "subscription_id": 555, "expires_at": "2031-12-31T23:59:59Z"},
    ]
    arguments = 'project_id: 111, client_id: "222", client_secret: "hush-token-secret"'
    documents = [
        f"ClientUserProductEntitlementManage({arguments}, user_id: 1001, product_id: 444, action: revoke)",
        f"ClientUserProductEntitlementManage({arguments}, user_id: 1003, product_id: 444, action: fulfil)",
        f"ClientUserSubscriptionEntitlementManage({arguments}, "
        'user_email: "viewer@example.com", subscription_id: 555, expires_at: "2031-12-31T23:59:59Z", action: fulfil)',
    ]
    url = "https://api.audienceplayer.com/graphql/111/user"
    calls = [
        call("POST", url, {"data": {"e0": True}}, json={"query": f"mutation {{ e0: {document} }}"})
        for document in documents
    ]

    assert run("audienceplayer_entitlement", *calls, **options, entitlements=others)["summary"]["changed"] == 3
