# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An exported manifest changes nothing, whatever exists on the platforms."""

from __future__ import annotations

import importlib
import pathlib
import shutil
import typing as t

import pytest
import yaml
from actions import run_action
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scenarios import COMMON, CONNECTIONS, IN_TWO_YEARS, NEXT_YEAR, SECRETS
from test_faults import Bench, bench
from world import START, State

from ansible_collections.mediaops.access.plugins.module_utils._oauth2.token import iso
from ansible_collections.mediaops.access.plugins.plugin_utils._providers import platforms

__all__ = ["bench"]

#: What YAML, CSV or Ansible would change if it were written as it is.
TRAPS = [
    *"0123 12:30 3.10 1_000 0x1F 1e3 .5 +1 on No y null ~ true 2030-12-31 2030-12-31T23:59:59Z sep=,".split(),
    *"<<: = *a &a !!str | > - ? : # a#b @ ` [] {} , % ${NAME} $${NAME} $NAME {{name}} {%raw%} {#x#} ' \\ \\n".split(),
    *"é 🎬 \u200b \ufeff \x85 \u2028 \u00a0 \x07".split(" "),
    *('"', " leading", "trailing ", "two\nlines", "\n", "tab\tbed", "a: b", "a #b", "- a"),
    *("{{ lookup('pipe', 'x') }}", "{% if x %}", "{{ '{{' }}"),
]
TEXT = st.sampled_from(TRAPS) | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
SOME_TEXT = st.none() | st.just("") | TEXT
LOCAL_PARTS = st.sampled_from(
    ["anna", "b.c", "0123", "on", "x+y", "${NAME}", "{{name}}", "=1+1", "o'hara", '"q"', "a,b", "ü"]
)
DATES = st.sampled_from([NEXT_YEAR, IN_TWO_YEARS, iso(START + 1), iso(START), iso(START - 86400)])

APPLICATIONS = st.lists(
    st.fixed_dictionaries({"applicationName": TEXT | st.just("Twin"), "description": SOME_TEXT}), max_size=4
)
PLAYERS = st.lists(
    st.fixed_dictionaries(
        {
            "id": TEXT.filter(lambda text: "/" not in text),
            "alias": SOME_TEXT,
            "enabled": st.booleans(),
        }
    ),
    max_size=4,
    unique_by=lambda player: player["id"],
)
USERS = st.lists(
    st.fixed_dictionaries(
        {
            "email": st.builds("{}@example.com".format, LOCAL_PARTS),
            "name": st.just("") | TEXT,
            "products": st.lists(
                st.fixed_dictionaries(
                    {
                        "product_id": st.sampled_from([444, 445]),
                        "is_fulfilled": st.booleans(),
                        "fulfilment_expires_at": st.none() | DATES,
                    }
                ),
                max_size=3,
            ),
            "subscriptions": st.lists(
                st.fixed_dictionaries({"subscription_id": st.sampled_from([555, 556]), "expires_at": DATES}), max_size=3
            ),
        }
    ),
    max_size=4,
    unique_by=lambda user: user["email"],
)
SWITCHES = st.fixed_dictionaries(
    {
        "flex.list_shape": st.sampled_from(["array", "applications", "content", "paged"]),
        "flex.page_size": st.sampled_from([None, 1, 2]),
        "flex.list_secret": st.sampled_from(["none", "secret"]),
        "flex.list_description": st.sampled_from(["yes", "no"]),
        "playlyfe.max_limit": st.sampled_from([1, 100]),
        "audienceplayer.ids": st.sampled_from(["int", "string"]),
        "audienceplayer.date_format": st.sampled_from(["z", "offset", "space"]),
        "audienceplayer.ended_subscriptions": st.sampled_from(["absent", "present"]),
        "audienceplayer.revoked_products": st.sampled_from(["absent", "present"]),
        "audienceplayer.expired_products": st.sampled_from(["unfulfilled", "fulfilled"]),
        "audienceplayer.list_pagination": st.sampled_from(["yes", "no"]),
        "audienceplayer.max_limit": st.sampled_from([1, 100]),
        "audienceplayer.missing_user": st.sampled_from(["error", "null"]),
    }
)


class Export:
    """Exports the sandbox's platforms into a folder, and applies the manifest."""

    def __init__(self, bench: Bench, folder: pathlib.Path) -> None:
        self.world, self.folder = bench.world, folder
        self._home = str(folder / "home")
        self.manifest = folder / "exported" / "manifest.yml"

    def begin(self, state: State, switches: t.Mapping[str, t.Any]) -> None:
        shutil.rmtree(self.folder / "exported", ignore_errors=True)
        self.manifest.parent.mkdir()
        self.world.reset(state)
        self.world.sandbox.switches.set(dict(switches))
        shutil.rmtree(self._home, ignore_errors=True)

    def connection(self, platform: str) -> dict[str, t.Any]:
        options = {**COMMON, "max_wait": 300, "token_cache": self._home, **CONNECTIONS[platform]}
        return {
            name: value.replace("{url}", self.world.url) if isinstance(value, str) else value
            for name, value in options.items()
        }

    def run(self, users: t.Sequence[str], **more: t.Any) -> dict[str, t.Any]:
        names = ("flex", "audienceplayer", "playlyfe")
        connection = {name: self.connection(name) for name in names}
        args = {"dest": str(self.manifest), "connection": connection, "users": list(users)}
        result = run_action("manifest_export", args, **more)
        assert not result.get("failed"), result["msg"]
        return result

    def apply(self, *, check_mode: bool) -> t.Iterator[tuple[str, dict[str, t.Any]]]:
        """The results of the tasks of the role provision, with the secrets from the environment."""
        read = run_action("manifest_info", {"manifest": str(self.manifest)})
        assert not read.get("failed"), read["msg"]
        for platform in platforms():
            section = read["platforms"].get(platform.name, {"lists": {}})
            for key, wanted in platform.manifest.items() if section["lists"] or section.get("settings") else ():
                module = importlib.import_module(f"ansible_collections.mediaops.access.plugins.modules.{wanted.module}")
                items = section["lists"].get(key, [])
                rows: list[dict[str, t.Any]] = (
                    [{**({key: items} if items else {}), **section["settings"][key], "concurrency": 1}]
                    if wanted.from_file
                    else items
                )
                for row in rows:
                    if wanted.from_file and not row.keys() & {key, f"{key}_file"}:
                        continue
                    options = {**section["connection"], **row}
                    yield (
                        f"{wanted.module} {row}",
                        module.MODULE.run(options, name=wanted.module, ansible_home=self._home, check_mode=check_mode),
                    )

    def state(self) -> State:
        """What exists, without tokens."""
        return {
            name: {key: value for key, value in self.world.state(name).items() if key != "tokens"}
            for name in ("flex", "audienceplayer", "playlyfe")
        }

    def judge(self, users: t.Sequence[str]) -> None:
        """The manifest changes nothing, and a second export neither."""
        before = self.state()
        for check_mode in (True, False):
            for label, result in self.apply(check_mode=check_mode):
                assert not result.get("failed"), f"{label}: {result['msg']}\n{self.manifest.read_text()}"
                assert result["changed"] is False, f"{label}: {result.get('diff')}\n{self.manifest.read_text()}"
        again = self.run(users, diff=True)
        assert (again["changed"], again["diff"]) == (False, [])
        assert self.state() == before


@pytest.fixture
def export(
    bench: Bench,
    tmp_path: pathlib.Path,
    clocked: t.Callable[[t.Any], None],
    monkeypatch: pytest.MonkeyPatch,
) -> Export:
    clocked(bench.world.clock)
    monkeypatch.setattr(
        "ansible_collections.mediaops.access.plugins.action.manifest_info.Clock", lambda: bench.world.clock
    )
    for name, value in {
        "FLEX_REGISTRATION_KEY": "sandbox-registration-key",
        "AUDIENCEPLAYER_CLIENT_SECRET": "user-scope-secret",
        "PLAYLYFE_CLIENT_SECRET": "pl-secret",
    }.items():
        monkeypatch.setenv(name, value)
    return Export(bench, tmp_path)


def _state(applications: list[State], players: list[State], users: list[State]) -> State:
    numbered = (
        {"id": number, "clientId": f"client-{number}", "secret": f"application-secret-{number}", **application}
        for number, application in enumerate(applications, 7)
    )
    return {
        "flex": {"applications": [*numbered]},
        "playlyfe": {"players": players},
        "audienceplayer": {
            "users": [
                {"id": 2, "email": "integration@example.com", "name": "Integration"},
                *({"id": number, **user} for number, user in enumerate(users, 1001)),
            ]
        },
    }


@settings(
    derandomize=True,
    deadline=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(applications=APPLICATIONS, players=PLAYERS, users=USERS, switches=SWITCHES)
def test_an_exported_manifest_changes_nothing(
    applications: list[State], players: list[State], users: list[State], switches: dict[str, t.Any], export: Export
) -> None:
    export.begin(_state(applications, players, users), switches)
    emails = [user["email"] for user in users]
    predicted = export.run(emails, check_mode=True, diff=True)
    assert not export.manifest.exists()
    result = export.run(emails, diff=True)

    assert (result["changed"], result["diff"]) == (True, predicted["diff"])
    text = export.manifest.read_text(encoding="utf-8")
    assert not [secret for secret in (*SECRETS, "application-secret-") if secret in text]
    manifest = yaml.safe_load(text)
    unique = {application["applicationName"] for application in applications}
    assert [item["name"] for item in manifest["flex"]["applications"]] == sorted(unique)
    assert len(result["not_exported"]) == len(applications) - len(unique) + (not users) + sum(
        not player["enabled"] or not player["id"].strip(".") for player in players
    )
    export.judge(emails)


def test_a_long_list_is_a_file(export: Export) -> None:
    """Its entitlements come back from the file, and return to the manifest when there are fewer."""
    users = [
        {
            "email": f"user{number}@example.com",
            "name": "",
            "products": [{"product_id": 444}],
            "subscriptions": [{"subscription_id": 555, "expires_at": NEXT_YEAR}],
        }
        for number in range(51)
    ]
    emails = [str(user["email"]) for user in users]
    export.begin(_state([], [], users), {})
    table = export.manifest.with_name("manifest.audienceplayer.entitlements.csv")
    export.run(emails)

    assert len(table.read_text().splitlines()) == 104
    assert table.stat().st_mode & 0o777 == 0o600
    assert yaml.safe_load(export.manifest.read_text())["audienceplayer"]["entitlements_file"] == table.name
    export.judge(emails)

    export.run(emails[:50])
    assert not table.exists()
    export.judge(emails[:50])
