# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rotation with overlap that is interrupted at any of its requests: clients always have valid credentials, nothing is lost or
doubled, and the next ordinary run completes it.
"""

from __future__ import annotations

import json
import pathlib
import re
import typing as t

import pytest
import requests
import responses

from ansible_collections.mediaops.access.plugins.modules import flex_oauth_app
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import assert_presentable
from ansible_collections.mediaops.access.tests.unit.plugins.modules.flex import KEY, URL, app, without

BASE = f"{URL}/api/authentication/applications"
NAME = re.compile(r"Reviewer( \(retiring since 2027-01-15T\d\d:\d\d:\d\dZ\))?")
MOMENTS = ["killed before", "killed after", "answer lost", "not arrived", "refused", "nothing"]


class Killed(BaseException):
    """kill -9, as far as a test can play it: no handler of the collection sees it."""


class Platform:
    """Flex with one application, the credentials that clients have, and one request at which something happens."""

    def __init__(self) -> None:
        self.applications = [app(description="Old words")]
        self.held: set[t.Any] = {self._credentials(self.applications[0])}
        self.requests: list[str] = []
        self.moment, self.fault = -1, "nothing"
        self._next_id = 2

    @staticmethod
    def _credentials(application: dict[str, t.Any]) -> tuple[t.Any, t.Any]:
        return application["clientId"], application["clientSecret"]

    def deliver(self, result: dict[str, t.Any]) -> None:
        """Clients take the new credentials, and keep the old ones while they have requests under way."""
        self.held = {(result["application"]["client_id"], result["application"]["client_secret"])}
        self._check()

    def _check(self) -> None:
        alive = {self._credentials(application) for application in self.applications}
        assert alive & self.held, "no client has valid credentials"
        names = [application["applicationName"] for application in self.applications]
        assert all(map(NAME.fullmatch, names)), "a registration is neither current nor retiring"
        assert names.count("Reviewer") <= 1

    def answer(self, request: t.Any) -> t.Any:
        is_here = len(self.requests) == self.moment
        self.requests.append(f"{request.method} {request.url.removeprefix(BASE)}")
        if is_here and self.fault == "killed before":
            raise Killed
        if is_here and self.fault == "refused":
            return 400, {}, json.dumps({"message": "refused"})
        if is_here and self.fault == "not arrived":
            return 502, {}, ""
        status, body = self._apply(request.method, request.url.removeprefix(BASE), request.body)
        self._check()
        if is_here and self.fault == "killed after":
            raise Killed
        if is_here and self.fault == "answer lost":
            raise requests.exceptions.ReadTimeout("no answer")
        return status, {}, json.dumps(body)

    def _apply(self, method: str, below: str, body: t.Any) -> tuple[int, t.Any]:
        if method == "POST":
            self.applications.append(app(self._next_id, **json.loads(body)))
            self._next_id += 1
            return 201, self.applications[-1]
        if below == "/":
            return 200, [without(item, "clientSecret", "description") for item in self.applications]
        found = [item for item in self.applications if f"/{item['id']}" == below]
        if not found:
            return 404, {"message": "unknown"}
        if method == "PUT":
            found[0].update(json.loads(body))
        if method == "DELETE":
            self.applications.remove(found[0])
        return 200, found[0]


@pytest.fixture
def platform() -> t.Iterator[Platform]:
    platform = Platform()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        for method in ("GET", "POST", "PUT", "DELETE"):
            mock.add_callback(method, re.compile(re.escape(BASE)), callback=platform.answer)
        yield platform


@pytest.fixture
def run(platform: Platform, tmp_path: pathlib.Path) -> t.Callable[..., dict[str, t.Any]]:
    def attempt(**options: t.Any) -> dict[str, t.Any]:
        platform.requests.clear()
        params = {"url": URL, "registration_key": KEY, "retries": 2, "timeout": 2, **options}
        try:
            result = flex_oauth_app.MODULE.run(params, name="flex_oauth_app", ansible_home=str(tmp_path))
        except Killed:
            return {"failed": True}
        assert_presentable(result)
        return t.cast("dict[str, t.Any]", result)

    return attempt


ROTATE = {"rotate_secret": True, "rotate_overlap": True}


def _registered(application: dict[str, t.Any]) -> tuple[t.Any, ...]:
    return tuple(application[key] for key in ("id", "client_id", "client_secret"))


@pytest.mark.parametrize("fault", MOMENTS)
@pytest.mark.parametrize("moment", range(8))
@pytest.mark.parametrize("by", [{"name": "Reviewer"}, {"id": 1}, {"id": 1, "name": "Reviewer"}], ids="+".join)
def test_an_interrupted_rotation_is_completed_by_the_next_ordinary_run(platform, run, by, moment, fault):
    platform.moment, platform.fault = moment, fault
    rotated = run(**by, **ROTATE)
    assert fault != "nothing" or len(platform.requests) <= 8, "not every request is tested"
    if not rotated.get("failed"):
        platform.deliver(rotated)
    platform.moment = -1

    ordinary = run(**by)

    assert not ordinary.get("failed"), ordinary["msg"]
    (current,) = [item for item in platform.applications if item["applicationName"] == "Reviewer"]
    assert _registered(ordinary["application"]) == (current["id"], current["clientId"], current["clientSecret"])
    assert current["description"] == "Old words"
    assert len(platform.applications) <= 2, "rotated twice"
    platform.deliver(ordinary)
    assert run(**by)["changed"] is False

    was_rotated = len(platform.applications) == 2
    if "id" in by:  # without it, the id would lead to nothing
        assert run(**by, retire_only=True)["changed"] is False
    assert run(name="Reviewer", retire_only=True)["changed"] is was_rotated
    assert run(name="Reviewer", retire_only=True)["changed"] is False
    assert platform.applications == [current]


@pytest.mark.parametrize("fault", ["killed before", "killed after"])
@pytest.mark.parametrize("moment", range(8))
def test_a_rotation_after_an_interrupted_one_never_leaves_clients_without_credentials(platform, run, moment, fault):
    platform.moment, platform.fault = moment, fault
    run(name="Reviewer", **ROTATE)
    platform.moment = -1

    rotated = run(name="Reviewer", **ROTATE)

    platform.deliver(rotated)
    ids = {item["id"] for item in platform.applications} - {rotated["application"]["id"]}
    assert {item["id"] for item in rotated["retiring"]} == ids


@pytest.mark.parametrize("fault", MOMENTS)
@pytest.mark.parametrize("moment", range(5))
@pytest.mark.parametrize("options", [{"retire_only": True}, {"retire_after": 0}, {"state": "absent"}], ids=str)
def test_an_interrupted_removal_is_completed_by_the_next_run(platform, run, options, moment, fault):
    platform.deliver(run(name="Reviewer", **ROTATE))
    if options.get("state") == "absent":
        platform.held = set()
        platform._check = lambda: None
    platform.moment, platform.fault = moment, fault
    run(name="Reviewer", **options)
    platform.moment = -1

    assert not run(name="Reviewer", **options).get("failed")

    assert [item["id"] for item in platform.applications] == ([] if options.get("state") == "absent" else [2])
    assert run(name="Reviewer", **options)["changed"] is False


@pytest.mark.parametrize("fault", MOMENTS)
@pytest.mark.parametrize("moment", range(9))
def test_an_interrupted_renaming_never_loses_a_retiring_registration(platform, run, moment, fault):
    platform.deliver(run(name="Reviewer", **ROTATE))
    platform._check = lambda: None
    platform.moment, platform.fault = moment, fault
    run(id=2, name="Critic")
    platform.moment = -1

    assert run(id=2, name="Critic", retire_after=100)["retiring"][0]["id"] == 1

    assert sorted(item["applicationName"].partition(" ")[0] for item in platform.applications) == ["Critic", "Critic"]
