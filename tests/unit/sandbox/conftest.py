# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox in the process of the tests, with a clock that moves only on request."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

httpx = pytest.importorskip("httpx")
pytest.importorskip("starlette")
pytest.importorskip("graphql")
pytest.importorskip("uvicorn")

EXTENSIONS = Path(__file__).resolve().parents[3] / "extensions"
sys.path.insert(0, str(EXTENSIONS))

from sandbox.app import Sandbox, create_app
from sandbox.state import Clock

START = 1_800_000_000.0
KEY = "sandbox-registration-key"
CLIENT = 'project_id: 111, client_id: "222", client_secret: "user-scope-secret"'
APPLICATIONS = "/api/authentication/applications"


class Box:
    """A sandbox, and shortcuts for requests to its platforms."""

    def __init__(self, switches: dict[str, Any] | None = None, seed: dict[str, Any] | None = None) -> None:
        self.clock = Clock(wall=lambda: START, steady=lambda: 1000.0)
        self.sandbox = Sandbox(switches, seed, self.clock)
        self.pauses: list[float] = []
        self.sandbox.pause = self.pause
        self.loop = asyncio.new_event_loop()
        self.app = create_app(self.sandbox)
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://testserver")

    async def pause(self, seconds: float) -> None:
        """Record a pause in place of waiting."""
        self.pauses.append(seconds)

    def close(self) -> None:
        self.loop.run_until_complete(self.client.aclose())
        self.loop.close()

    def ask(self, method: str, path: str, **more: Any) -> Any:
        return self.loop.run_until_complete(self.client.request(method, path, **more))

    def control(self, method: str, path: str, body: Any = None) -> Any:
        return self.ask(method, f"/_sandbox{path}", content=json.dumps(body) if body is not None else None).json()

    # Flex

    def flex(self, method: str, path: str = "", body: Any = None, key: str | None = KEY, **more: Any) -> Any:
        headers = {"X-App-Registration-Key": key} if key else {}
        return self.ask(method, f"/flex{APPLICATIONS}{path}", json=body, headers=headers, **more)

    def register(self, name: str = "Reviewer", description: str = "Tool to review media") -> Any:
        return self.flex("POST", body={"applicationName": name, "description": description})

    def flex_token(self, method: str = "GET", path: str = "/oauth/token", secret: str | None = None) -> Any:
        item = self.sandbox.platforms["flex"].data["applications"][0]
        return self.ask(
            method, f"/flex{path}?grant_type=client_credentials", auth=(item["clientId"], secret or item["secret"])
        )

    # FreeWheel

    def freewheel_login(self, user: str = "mrm", password: str | None = None, **headers: str) -> Any:
        form = {"grant_type": "password", "username": user, "password": password or f"{user}-password"}
        return self.ask("POST", "/freewheel/auth/token", data=form, headers=headers)

    def freewheel_client(self, secret: str = "fw-secret", grant: str = "client_credentials") -> Any:
        path, form = "/freewheel-auth/oauth2/token", {"grant_type": grant}
        return self.ask("POST", path, data=form, auth=("fw-client", secret))

    def freewheel(
        self, method: str, path: str, token: str | None, accept: str = "application/json", **more: Any
    ) -> Any:
        headers = {"Accept": accept} | ({"Authorization": f"Bearer {token}"} if token else {})
        return self.ask(method, f"/freewheel{path}", headers=headers, **more)

    # AudiencePlayer

    def graphql(self, query: str, token: str | None = None, scope: str = "user", **more: Any) -> Any:
        headers = more.pop("headers", {}) | ({"Authorization": f"Bearer {token}"} if token else {})
        return self.ask("POST", f"/audienceplayer/graphql/111/{scope}", json={"query": query, **more}, headers=headers)

    def user_token(self, user_id: int = 1002) -> str:
        answer = self.graphql(
            f"mutation {{ ClientUserAuthenticate({CLIENT}, user_id: {user_id}) {{ access_token }} }}"
        ).json()
        return str(answer["data"]["ClientUserAuthenticate"]["access_token"])

    def product(self, action: str = "fulfil", user: str = "user_id: 1001", product: int = 444) -> Any:
        return self.graphql(
            f"mutation {{ ClientUserProductEntitlementManage({CLIENT}, {user}, product_id: {product}, action: {action}) }}"
        )

    def subscription(
        self,
        action: str = "fulfil",
        user: str = "user_id: 1001",
        more: str = 'expires_at: "2030-01-01T00:00:00Z"',
        number: int = 555,
    ) -> Any:
        return self.graphql(
            f"mutation {{ ClientUserSubscriptionEntitlementManage({CLIENT}, {user}, subscription_id: {number}, action: {action}, {more}) }}"
        )

    def held(self, user_id: int = 1001) -> tuple[list[Any], list[Any]]:
        """Return the products and subscriptions of a user."""
        answer = self.graphql(
            "{ UserProductList { items { id product_id is_fulfilled fulfilment_expires_at } }"
            " UserSubscriptionList { items { id subscription_id expires_at suspended_at status is_valid is_expired } } }",
            self.user_token(user_id),
        ).json()
        return answer["data"]["UserProductList"]["items"], answer["data"]["UserSubscriptionList"]["items"]

    # movingimage

    def mi_login(self, **body: Any) -> Any:
        return self.ask(
            "POST", "/movingimage/v1/vms/auth/login", json={"username": "portal", "password": "portal-password"} | body
        )

    def mi_refresh(self, refresh: str, vm: Any = 42) -> Any:
        return self.ask("POST", f"/movingimage/v1/vms/auth/refresh/{vm}", json={"refreshToken": refresh})

    def mi(self, path: str, token: str, method: str = "GET", **more: Any) -> Any:
        return self.ask(method, f"/movingimage{path}", headers={"Authorization": f"Bearer {token}"}, **more)

    def oidc(self, path: str = "/protocol/openid-connect/token", **form: str) -> Any:
        given = {
            "client_id": "anonymous",
            "grant_type": "password",
            "username": "portal",
            "password": "portal-password",
            "scope": "openid",
        } | form
        return self.ask("POST", f"/movingimage-auth{path}", data=given)

    # OAuth 2.0

    def oa_token(self, root: str = "", auth: Any = ("oa-client", "oa-secret"), **form: str) -> Any:
        return self.ask("POST", f"{root}/oauth2/token", data={"grant_type": "client_credentials"} | form, auth=auth)

    def oa(self, method: str, path: str, token: str, **more: Any) -> Any:
        return self.ask(method, f"/oauth2/api{path}", headers={"Authorization": f"Bearer {token}"}, **more)

    # Playlyfe

    def pl_login(self, client: str = "pl-client", secret: str = "pl-secret") -> Any:
        return self.ask(
            "POST",
            "/playlyfe-auth/auth/token",
            json={"client_id": client, "client_secret": secret, "grant_type": "client_credentials"},
        )

    def pl(
        self, method: str, path: str, token: str | None = None, place: str = "query", body: Any = None, **query: str
    ) -> Any:
        token = token or self.pl_login().json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"} if place == "header" else {}
        params = query | ({"access_token": token} if place == "query" else {})
        return self.ask(method, f"/playlyfe/v2{path}", json=body, params=params, headers=headers)


@pytest.fixture
def make() -> Iterator[Callable[..., Box]]:
    """Create a sandbox: `make({"flex.create_status": 201})`."""
    made: list[Box] = []

    def maker(*arguments: Any, **more: Any) -> Box:
        made.append(Box(*arguments, **more))
        return made[-1]

    yield maker
    for item in made:
        item.close()


@pytest.fixture
def box(make: Callable[..., Box]) -> Box:
    """A sandbox with every switch at its default."""
    return make()
