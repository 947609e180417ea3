# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of the matrix: what each module is asked for, the exact requests that this takes, and how the platform's state tells that it is done."""

from __future__ import annotations

import collections
import dataclasses
import enum
import importlib
import pathlib
import typing as t

import yaml
from actions import run_action
from ansible.errors import AnsibleLookupError
from world import START, State

from ansible_collections.mediaops.access.plugins.module_utils._oauth2.token import iso

Result = dict[str, t.Any]
Options = dict[str, t.Any]
Judge = t.Callable[[Result, State, State], None]

#: Options of all runs. The timeout is only waited for where an answer does not come.
RETRIES, MAX_WAIT, TIMEOUT = 2, 20, 20
COMMON: Options = {"timeout": TIMEOUT, "retries": RETRIES, "max_wait": MAX_WAIT}


class Kind(enum.Enum):
    """What a request is, as far as it matters to a fault."""

    #: Asks for a token, with credentials: repeated as often as need be.
    LOGIN = enum.auto()
    #: Reads with a key, or with credentials in its arguments.
    READ = enum.auto()
    #: Reads with a token.
    TOKEN_READ = enum.auto()
    #: Writes; whether it did is read afterwards.
    WRITE = enum.auto()
    #: The same with a token.
    TOKEN_WRITE = enum.auto()
    #: Creates what a second request would create once more: never sent again once it may have arrived.
    CREATE = enum.auto()
    #: The user's own write, with a token: nobody knows how to read whether it did.
    BLIND = enum.auto()
    #: Writes; what the user holds is read where it failed, or may have.
    SETTLED = enum.auto()
    #: Writes what may be written twice, without reading.
    UNREAD = enum.auto()
    #: Revokes a token, which may be done twice.
    REVOKE = enum.auto()
    #: Asks whether a token lives.
    TOKEN_INFO = enum.auto()
    #: Asks where tokens are issued; there is a usual place.
    DISCOVERY = enum.auto()


class Answer(enum.Enum):
    """How an answer is used."""

    CHECKED = enum.auto()
    #: It holds nothing that is needed.
    IGNORED = enum.auto()
    #: It has no body, and needs none.
    EMPTY = enum.auto()
    #: The user gets it.
    AS_IS = enum.auto()
    #: The user gets what is in it if it is GraphQL.
    DATA = enum.auto()


@dataclasses.dataclass(frozen=True)
class Ask:
    """One request: its path (a regular expression) below the platform's URL, or its GraphQL operations."""

    kind: Kind
    method: str
    path: str
    operations: str = ""
    answer: Answer = Answer.CHECKED
    #: A field that its answer must have.
    field: str | None = None


def _graphql(kind: Kind, operations: str, answer: Answer = Answer.CHECKED) -> Ask:
    return Ask(kind, "POST", "/graphql/111/user", operations, answer, "data.*")


APPLICATIONS = "/api/authentication/applications"
ASKS = {
    "flex login": Ask(Kind.LOGIN, "GET", "/oauth/token", field="access_token"),
    "flex list": Ask(Kind.READ, "GET", f"{APPLICATIONS}/", field="*.applicationName"),
    "flex one": Ask(Kind.READ, "GET", rf"{APPLICATIONS}/\d+", field="applicationName"),
    "flex create": Ask(Kind.CREATE, "POST", APPLICATIONS, field="id"),
    "flex update": Ask(Kind.WRITE, "PUT", rf"{APPLICATIONS}/\d+", answer=Answer.IGNORED, field="id"),
    "flex delete": Ask(Kind.WRITE, "DELETE", rf"{APPLICATIONS}/\d+", answer=Answer.EMPTY),
    "flex accounts": Ask(Kind.TOKEN_READ, "GET", "/api/accounts", answer=Answer.AS_IS, field="accounts"),
    "flex post": Ask(Kind.BLIND, "POST", "/api/echo", answer=Answer.AS_IS, field="body"),
    "fw login": Ask(Kind.LOGIN, "POST", "/auth/token", field="access_token"),
    "fw client login": Ask(Kind.LOGIN, "POST", "/oauth2/token", field="access_token"),
    "fw revoke": Ask(Kind.REVOKE, "POST", "/auth/token/revoke", answer=Answer.EMPTY),
    "fw info": Ask(Kind.TOKEN_INFO, "GET", "/auth/token/info", field="expires_in"),
    "fw sites": Ask(Kind.TOKEN_READ, "GET", "/services/v4/sites", answer=Answer.AS_IS, field="items"),
    "fw post": Ask(Kind.BLIND, "POST", "/services/v3/campaign", answer=Answer.AS_IS),
    "ap login": _graphql(Kind.LOGIN, "ClientAuthenticate"),
    "ap user login": _graphql(Kind.LOGIN, "ClientUserAuthenticate"),
    "ap user": _graphql(Kind.READ, "ClientUser"),
    "ap schema": _graphql(Kind.READ, "__schema"),
    "ap catalog": _graphql(Kind.TOKEN_READ, "ProductList SubscriptionList"),
    "ap rename": _graphql(Kind.WRITE, "ClientUserUpdate", Answer.IGNORED),
    "ap lists": _graphql(Kind.TOKEN_READ, "UserProductList UserSubscriptionList"),
    "ap product": _graphql(Kind.SETTLED, "ClientUserProductEntitlementManage"),
    "ap subscription": _graphql(Kind.SETTLED, "ClientUserSubscriptionEntitlementManage"),
    "ap batch": _graphql(Kind.SETTLED, "(ClientUserProduct|ClientUserSubscription)EntitlementManage"),
    "ap product unread": _graphql(Kind.UNREAD, "ClientUserProductEntitlementManage"),
    "ap query": _graphql(Kind.TOKEN_READ, "UserDetails", Answer.DATA),
    "ap mutation": _graphql(Kind.BLIND, "ClientUserUpdate", Answer.DATA),
    "mi login": Ask(Kind.LOGIN, "POST", "/v1/vms/auth/login", field="accessToken"),
    "mi refresh": Ask(Kind.LOGIN, "POST", "/v1/vms/auth/refresh/42", field="accessToken"),
    "mi switch": Ask(Kind.LOGIN, "POST", "/v1/vms/auth/refresh/43", field="accessToken"),
    "mi discovery": Ask(Kind.DISCOVERY, "GET", "/.well-known/openid-configuration", field="token_endpoint"),
    "mi openid": Ask(Kind.LOGIN, "POST", "/protocol/openid-connect/token", field="access_token"),
    "mi managers": Ask(Kind.TOKEN_READ, "GET", "/v1/vms", field="*.id"),
    "mi verify": Ask(Kind.TOKEN_INFO, "GET", "/v1/vms", answer=Answer.IGNORED),
    "mi channels": Ask(Kind.TOKEN_READ, "GET", "/v1/vms/42/channels", answer=Answer.AS_IS, field="name"),
    "mi post": Ask(Kind.BLIND, "POST", "/v1/vms/42/channels", answer=Answer.EMPTY),
    "oa discovery": Ask(Kind.DISCOVERY, "GET", "/.well-known/openid-configuration", field="token_endpoint"),
    "oa login": Ask(Kind.LOGIN, "POST", "/token", field="access_token"),
    "oa revoke": Ask(Kind.REVOKE, "POST", "/revoke", answer=Answer.EMPTY),
    "oa introspect": Ask(Kind.TOKEN_INFO, "POST", "/introspect", field="active"),
    "oa channels": Ask(Kind.TOKEN_READ, "GET", "/api/channels", answer=Answer.AS_IS, field="items"),
    "oa post": Ask(Kind.BLIND, "POST", "/api/channels", answer=Answer.AS_IS, field="id"),
    "pl login": Ask(Kind.LOGIN, "POST", "/auth/token", field="access_token"),
    "pl player": Ask(Kind.TOKEN_READ, "GET", r"/v2/admin/players/\w+", field="id"),
    "pl players": Ask(Kind.TOKEN_READ, "GET", "/v2/admin/players", field="data"),
    "pl players as is": Ask(Kind.TOKEN_READ, "GET", "/v2/admin/players", answer=Answer.AS_IS, field="data"),
    "pl create": Ask(Kind.TOKEN_WRITE, "POST", "/v2/admin/players", answer=Answer.IGNORED, field="id"),
    "pl update": Ask(Kind.TOKEN_WRITE, "PATCH", "/v2/runtime/player", answer=Answer.IGNORED, field="id"),
    "pl delete": Ask(Kind.TOKEN_WRITE, "DELETE", r"/v2/admin/players/\w+", answer=Answer.IGNORED, field="message"),
    "pl post": Ask(Kind.BLIND, "POST", "/v2/admin/players", answer=Answer.AS_IS, field="id"),
    "consul key": Ask(Kind.READ, "GET", "/v1/kv/.*", field="*.Value"),
}

TITLES = {
    "flex": "Flex Media Platform",
    "freewheel": "FreeWheel",
    "audienceplayer": "AudiencePlayer",
    "movingimage": "movingimage",
    "oauth2": "OAuth 2.0",
    "playlyfe": "Playlyfe",
    "consul": "Consul",
}
CONNECTIONS: dict[str, Options] = {
    "flex": {
        "url": "{url}/flex",
        "registration_key": "sandbox-registration-key",
        "client_id": "ingest-client",
        "client_secret": "ingest-secret",
    },
    "freewheel": {"url": "{url}/freewheel", "username": "mrm", "password": "mrm-password"},
    "audienceplayer": {
        "url": "{url}/audienceplayer",
        "project_id": 111,
        "client_id": "222",
        "client_secret": "user-scope-secret",
    },
    "movingimage": {"url": "{url}/movingimage", "username": "portal", "password": "portal-password"},
    "oauth2": {
        "url": "{url}/oauth2/api",
        "token_url": "{url}/oauth2/token",
        "client_id": "oa-client",
        "client_secret": "oa-secret",
    },
    "playlyfe": {
        "url": "{url}/playlyfe/v2",
        "auth_url": "{url}/playlyfe-auth",
        "client_id": "pl-client",
        "client_secret": "pl-secret",
    },
    "consul": {"url": "{url}/consul", "token": "sandbox-consul-token"},
}
#: Parts of a state that never change and do not belong in a play's output.
SECRETS = [
    "sandbox-registration-key",
    "ingest-secret",
    "mrm-password",
    "user-scope-secret",
    "portal-password",
    "fw-secret",
    "oa-secret",
    "editor-password",
    "pl-secret",
    "sandbox-consul-token",
]

NEXT_YEAR = iso(START + 365 * 86400)
IN_TWO_YEARS = iso(START + 2 * 365 * 86400)
INGEST = {
    "id": 7,
    "applicationName": "Ingest",
    "description": "Takes in",
    "clientId": "ingest-client",
    "secret": "ingest-secret",
}
REVIEWER = {
    "id": 8,
    "applicationName": "Reviewer",
    "description": "Reviews",
    "clientId": "old-client",
    "secret": "secret-of-reviewer",
}
USERS = [
    {"id": 2, "email": "integration@example.com", "name": "Integration"},
    {"id": 1001, "email": "alice@example.com", "name": "Alice"},
    {
        "id": 1002,
        "email": "bob@example.com",
        "name": "Bob",
        "products": [{"id": 5001, "product_id": 444}],
        "subscriptions": [{"id": 6001, "subscription_id": 555, "expires_at": NEXT_YEAR}],
    },
    {"id": 1003, "email": "carol@example.com", "name": "Carol"},
]
RETIRING = {**REVIEWER, "id": 9, "applicationName": "Reviewer (retiring since 2026-11-28T10:00:00Z)"}
STATE: State = {
    "flex": {"applications": [INGEST, REVIEWER]},
    "audienceplayer": {"users": USERS},
    "playlyfe": {"players": [{"id": "p1", "alias": "One"}, {"id": "p2", "alias": "Two"}]},
}


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    platform: str
    module: str
    options: Options
    #: Its requests when all is well, as ASKS names them; of several items, they are learned from such a run.
    exchange: tuple[str, ...]
    #: Compares result and state with the desired state, from the result, the state after and the state before.
    judge: Judge
    #: Whether a second run finds nothing to do.
    idempotent: bool = True
    #: Whether the first run changes something.
    changes: bool = True
    state: State = dataclasses.field(default_factory=dict)
    #: A run of the platform's token module before (its options), and the seconds that pass until the run itself.
    token_before: Options | None = None
    pause: float = 0
    #: The options in place of ``options`` after a run that failed, where its message says so.
    again: Options = dataclasses.field(default_factory=dict)
    #: How a blind write can be recognized: how often was it applied?
    applied: t.Callable[[State], int] | None = None
    #: Whether options and answer are those of several items.
    items: bool = False
    #: Switches of the sandbox.
    switches: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def title(self) -> str:
        return "token cache" if self.module == "token_cache" else TITLES[self.platform]

    def run(self, url: str, home: str, *, check_mode: bool = False, **more: t.Any) -> Result:
        return _run(
            self.module, self.platform, {**CONNECTIONS[self.platform], **self.options, **more}, url, home, check_mode
        )

    def prepare(self, url: str, home: str, ca_path: str) -> None:
        if self.token_before is not None:
            options = {**CONNECTIONS[self.platform], **self.token_before, "ca_path": ca_path}
            result = _run(f"{self.platform}_token", self.platform, options, url, home)
            assert not result.get("failed"), result["msg"]


def _run(module: str, platform: str, options: Options, url: str, home: str, check_mode: bool = False) -> Result:
    given = {
        **COMMON,
        "token_cache": home,
        **{key: value.replace("{url}", url) if isinstance(value, str) else value for key, value in options.items()},
    }
    if module.startswith("lookup "):
        return _look_up(module.removeprefix("lookup "), platform, given)
    if module == "manifest_export":
        return _export(platform, given, pathlib.Path(f"{home}.yml"), check_mode)
    if module == "token_cache":
        given = {
            key: value
            for key, value in given.items()
            if key in (*COMMON, "token_cache", "revoke", "provider", "ca_path")
        }
    found = importlib.import_module(f"ansible_collections.mediaops.access.plugins.modules.{module}")
    if "concurrency" in found.MODULE.options:
        given["concurrency"] = 1  # the clock stands still while threads wait for each other
    return found.MODULE.run(given, name=f"mediaops.access.{module}", ansible_home=home, check_mode=check_mode)


def _look_up(lookup: str, platform: str, options: Options) -> Result:
    """A lookup's value, or its failure, as a result."""
    found = importlib.import_module(f"ansible_collections.mediaops.access.plugins.lookup.{lookup}")
    if lookup == "token":
        terms, options = [platform], {**options, "output": "full"}
    else:
        terms, options = [], {key: value for key, value in options.items() if key != "token_cache"}
    try:
        (value,) = found.LookupModule().run(terms, {}, **options)
    except AnsibleLookupError as error:
        prefix, message = f"mediaops.access.{lookup}: ", str(error)
        assert message.startswith(prefix), message
        return {"failed": True, "changed": False, "msg": message.removeprefix(prefix)}
    return {"changed": False, "token" if lookup == "token" else "value": value}


def _export(platform: str, options: Options, dest: pathlib.Path, check_mode: bool) -> Result:
    """The result of an export, with the section in place of its path. A failed export leaves what there was."""
    before = dest.read_text() if dest.exists() else None
    args = {name: options.pop(name) for name in (*COMMON, "token_cache", "ca_path", "users") if name in options}
    args.update(dest=str(dest), connection={platform: options})
    result = run_action("manifest_export", args, check_mode=check_mode, diff=True)
    after = dest.read_text() if dest.exists() else None
    assert (after == before) is (check_mode or not result["changed"])
    if not result.get("failed"):
        text = (result.pop("diff") or [{"after": after}])[0]["after"]
        result["section"] = {key: yaml.safe_load(text)[platform][key] for key in result["counts"][platform]}
        del result["dest"]
    return result


# --- judges: what the result says is what the state says ---------------------------------------------------------------


def _application(name: str, description: str, *, new_secret: bool = False) -> Judge:
    def judge(result: Result, after: State, before: State) -> None:
        (found,) = [item for item in after["applications"] if item["applicationName"] == name]
        shown = {
            "id": found["id"],
            "name": name,
            "description": description,
            "client_id": found["clientId"],
            "client_secret": found["secret"],
        }
        assert result["application"] == shown
        assert found["description"] == description
        if new_secret:
            assert found["secret"] not in [item["secret"] for item in before["applications"]]
        assert INGEST in after["applications"]

    return judge


def _no_application(result: Result, after: State, before: State) -> None:
    assert after["applications"] == [INGEST]
    assert "application" not in result


def _overlapping(result: Result, after: State, before: State) -> None:
    """The new registration, and beside it the old one with its credentials under another name."""
    _application("Reviewer", "Reviews", new_secret=True)(result, after, before)
    (old,) = [item for item in after["applications"] if item["id"] == 8]
    (retiring,) = result["retiring"]
    assert {**old, "applicationName": "Reviewer"} == REVIEWER
    assert (retiring["name"], retiring["client_id"]) == (old["applicationName"], "old-client")


def _retired(result: Result, after: State, before: State) -> None:
    assert after["applications"] == [INGEST, REVIEWER]
    assert result["retiring"] == []


def _all_applications(secrets: bool) -> Judge:
    def judge(result: Result, after: State, before: State) -> None:
        keys = {
            "id": "id",
            "name": "applicationName",
            "description": "description",
            "client_id": "clientId",
            **({"client_secret": "secret"} if secrets else {}),
        }
        assert result["applications"] == [
            {**{ours: item[theirs] for ours, theirs in keys.items()}, "retiring_since": None}
            for item in after["applications"]
        ]

    return judge


def _one_application(result: Result, after: State, before: State) -> None:
    assert [item["client_secret"] for item in result["applications"]] == ["secret-of-reviewer"]


def alive(state: State) -> list[str]:
    """The access tokens that the platform accepts."""
    return [token["value"] for token in state["tokens"] if token["kind"] == "access"]


def _token(result: Result, after: State, before: State) -> None:
    assert result["token"]["access_token"] in alive(after)
    assert result["token"]["expires_in"] > 60


def _new_token(result: Result, after: State, before: State) -> None:
    _token(result, after, before)
    assert result["token"]["access_token"] not in alive(before)
    assert not set(alive(before)) & set(alive(after))


def _same_token(result: Result, after: State, before: State) -> None:
    assert [result["token"]["access_token"]] == alive(before)


def _manager(number: int) -> Judge:
    def judge(result: Result, after: State, before: State) -> None:
        _token(result, after, before)
        (token,) = [token for token in after["tokens"] if token["value"] == result["token"]["access_token"]]
        assert result["token"]["valid_for_video_manager"] == token["extra"]["vm"] == number

    return judge


def _no_token(result: Result, after: State, before: State) -> None:
    assert alive(after) == []


def _no_token_cached(result: Result, after: State, before: State) -> None:
    _no_token(result, after, before)
    assert result["removed"] == (1 if result["changed"] else 0)


def _token_info(result: Result, after: State, before: State) -> None:
    assert result["token_info"]["valid"] is True
    assert result["token_info"]["user_id"] == 6092302


def _introspected(result: Result, after: State, before: State) -> None:
    token = after["tokens"][-1]  # a login whose response was lost left another one
    shown = result["token_info"]
    assert (shown["valid"], shown["client_id"], shown["scope"]) == (True, token["owner"], token["extra"]["scope"])
    assert shown["expires_at"] == iso(token["expires_at"])


def _accounts(result: Result, after: State, before: State) -> None:
    assert result["status"] == 200
    assert [item["name"] for item in result["json"]["accounts"]] == ["master", "news", "sports"]


def _echoed(result: Result, after: State, before: State) -> None:
    assert result["status"] == 200
    assert result["json"]["body"] == {"a": 1}


def _sites(result: Result, after: State, before: State) -> None:
    assert [{"id": item["id"], "name": item["name"]} for item in result["json"]["items"]] == after["sites"]


def _new_campaign(result: Result, after: State, before: State) -> None:
    assert result["status"] == 201
    assert [item["name"] for item in after["campaigns"][3:]] == ["Autumn"]


def _user(email: str, name: str) -> Judge:
    def judge(result: Result, after: State, before: State) -> None:
        (user,) = [user for user in after["users"] if user["email"] == email]
        assert user["name"] == name
        assert result["user"] == {"id": user["id"], "email": email, "name": name, "profile": {}}

    return judge


def _user_token(result: Result, after: State, before: State) -> None:
    _token(result, after, before)
    (user,) = [user for user in after["users"] if user["email"] == "dora@example.com"]
    assert result["user"] == {"id": user["id"], "email": user["email"]}


def is_held(state: State, item: Options) -> str:
    """What a user holds of an item, according to the state."""
    (user,) = [user for user in state["users"] if user["email"] == item["user_email"]] or [
        {"products": [], "subscriptions": []}
    ]
    for kind in ("product", "subscription"):
        for held in user[f"{kind}s"]:
            if held[f"{kind}_id"] == item.get(f"{kind}_id"):
                return "present" if kind == "product" else f"present until {held['expires_at']}"
    return "absent"


def is_wanted(item: Options) -> str:
    if item.get("state") == "absent":
        return "absent"
    return f"present until {item['expires_at']}" if "expires_at" in item else "present"


def judge_items(result: Result, after: State, before: State, items: t.Sequence[Options]) -> None:
    """Each item is what it says that it is."""
    assert len(result["entitlements"]) == len(items)
    summary: collections.Counter[str] = collections.Counter(total=len(items), changed=0, unchanged=0, failed=0)
    for shown, item in zip(result["entitlements"], items, strict=True):
        was, has_become = is_held(before, item), is_held(after, item)
        outcome = "failed" if shown["failed"] else "changed" if shown["changed"] else "unchanged"
        summary[outcome] += 1
        if outcome == "failed":
            assert not shown["changed"], shown
            assert has_become == was != is_wanted(item), shown
        else:
            assert has_become == is_wanted(item), shown
            assert shown["changed"] == (was != has_become), shown
    assert result["summary"] == summary
    assert result["changed"] == (summary["changed"] > 0)


def _entitled(*items: Options) -> Judge:
    def judge(result: Result, after: State, before: State) -> None:
        judge_items(result, after, before, items)
        assert result["summary"]["failed"] == 0

    return judge


def _written_unread(result: Result, after: State, before: State) -> None:
    assert is_held(after, ALICES_FILM) == "present"
    assert result["summary"] == {"total": 1, "changed": 1, "unchanged": 0, "failed": 0}


def _lives_in(email: str, city: str) -> Judge:
    def judge(result: Result, after: State, before: State) -> None:
        assert result["user"]["profile"] == {"city": city}
        assert [user["city"] for user in after["users"] if user["email"] == email] == [city]

    return judge


def _catalog(result: Result, after: State, before: State) -> None:
    assert (result["products"], result["subscriptions"]) == ([{"id": 444, "title": "Film"}], [])


def _holdings(result: Result, after: State, before: State) -> None:
    assert result["products"] == [{"product_id": 444, "is_fulfilled": True, "expires_at": None}]
    assert result["subscriptions"] == [{"subscription_id": 555, "expires_at": NEXT_YEAR, "is_valid": True}]


def _details(result: Result, after: State, before: State) -> None:
    assert result["data"] == {"UserDetails": {"id": 1001, "name": "Alice"}}


def _renamed(result: Result, after: State, before: State) -> None:
    assert result["data"] == {"ClientUserUpdate": {"id": 1001, "name": "Alicia"}}
    assert _alicias(after) == 1


def _alicias(state: State) -> int:
    return sum(user["name"] == "Alicia" for user in state["users"])


def _managers(result: Result, after: State, before: State) -> None:
    assert result["video_managers"] == after["video_managers"]


def _channels(result: Result, after: State, before: State) -> None:
    assert result["json"]["name"] == "root"


def _new_channel(result: Result, after: State, before: State) -> None:
    assert result["status"] == 201
    assert [item["name"] for item in after["channels"][2:]] == ["Films"]


def _items(result: Result, after: State, before: State) -> None:
    assert [item["name"] for item in result["json"]["items"]] == ["News", "Sports"]


def _new_item(result: Result, after: State, before: State) -> None:
    assert result["json"] == {"id": 3, "name": "Films"} == after["channels"][2]


def _refreshed(result: Result, after: State, before: State) -> None:
    """The new token, and the refresh token that replaced the old one."""
    _token(result, after, before)
    there = [item["value"] for item in after["tokens"] if item["kind"] == "refresh"]
    assert result["token"]["refresh_token"] in there


def _player(alias: str) -> Judge:
    def judge(result: Result, after: State, before: State) -> None:
        assert (
            [item["alias"] for item in after["players"] if item["id"] == result["player"]["id"]]
            == [alias]
            == [result["player"]["alias"]]
        )

    return judge


def _no_player(result: Result, after: State, before: State) -> None:
    assert [item["id"] for item in after["players"]] == ["p2"]
    assert "player" not in result


def _players(result: Result, after: State, before: State) -> None:
    assert [(item["id"], item["alias"]) for item in result["players"]] == [("p1", "One"), ("p2", "Two")]


def _players_as_they_are(result: Result, after: State, before: State) -> None:
    assert [item["id"] for item in result["json"]["data"]] == ["p1", "p2"]


def _new_player(result: Result, after: State, before: State) -> None:
    assert result["json"]["id"] == "p3"
    assert [item["id"] for item in after["players"]] == ["p1", "p2", "p3"]


def _exported(**lists: list[Options]) -> Judge:
    def judge(result: Result, after: State, before: State) -> None:
        assert result["section"] == lists
        assert result["not_exported"] == []

    return judge


def _unnamed(*candidates: Options) -> Judge:
    def judge(result: Result, after: State, before: State) -> None:
        assert result["candidates"] == list(candidates)

    return judge


def _key(result: Result, after: State, before: State) -> None:
    assert result["value"] == "sandbox-registration-key"


# --- the rows -----------------------------------------------------------------------------------------------------------

ALICES_FILM = {"user_email": "alice@example.com", "product_id": 444}
ALICES_MONTHS = {"user_email": "alice@example.com", "subscription_id": 555, "expires_at": NEXT_YEAR}
BOBS_MONTHS = {"user_email": "bob@example.com", "subscription_id": 555, "expires_at": IN_TWO_YEARS}
NO_FILM_FOR_BOB = {"user_email": "bob@example.com", "product_id": 444, "state": "absent"}
CAROLS_FILM = {"user_email": "carol@example.com", "product_id": 444}
DORAS_FILM = {"user_email": "dora@example.com", "product_id": 444, "auto_register": True}
MANY = (ALICES_FILM, ALICES_MONTHS, NO_FILM_FOR_BOB, CAROLS_FILM, BOBS_MONTHS)
#: On behalf of two addresses: Carol's, and that of the others.
FORWARDED = [{**item, "forwarded_for": "2001:db8::7" if item is CAROLS_FILM else "192.0.2.7"} for item in MANY]
UPDATE = 'mutation { ClientUserUpdate(project_id: 111, client_id: "222", client_secret: "user-scope-secret", id: 1001, name: "Alicia") { id name } }'
CAMPAIGN = "<campaign><name>Autumn</name></campaign>"
OPENID = {"flow": "openid", "auth_url": "{url}/movingimage-auth"}
FREEWHEEL_CLIENT = {
    "grant": "client_credentials",
    "token_url": "{url}/freewheel-auth/oauth2/token",
    "client_id": "fw-client",
    "client_secret": "fw-secret",
}
ISSUER = {"issuer": "{url}/oauth2", "token_url": None}
EDITOR = {"grant": "password", "username": "editor", "password": "editor-password"}
REVOKED_AT = {"revocation_url": "{url}/oauth2/revoke"}
INTROSPECTED_AT = {"introspection_url": "{url}/oauth2/introspect"}
NEW_REVIEWER = {"name": "Reviewer", "description": "Reviews"}


def _flex(name: str, options: Options, exchange: str, judge: Judge, **more: t.Any) -> Scenario:
    return Scenario(
        f"flex_oauth_app {name}",
        "flex",
        "flex_oauth_app",
        options,
        tuple(f"flex {ask}" for ask in exchange.split()),
        judge,
        **more,
    )


def _entitlement(name: str, options: Options, exchange: tuple[str, ...], judge: Judge, **more: t.Any) -> Scenario:
    return Scenario(
        f"audienceplayer_entitlement {name}",
        "audienceplayer",
        "audienceplayer_entitlement",
        options,
        exchange,
        judge,
        **more,
    )


def _reads(
    module: str,
    platform: str,
    options: Options,
    exchange: tuple[str, ...],
    judge: Judge,
    name: str = "",
    **more: t.Any,
) -> Scenario:
    return Scenario(f"{module} {name}".rstrip(), platform, module, options, exchange, judge, changes=False, **more)


def _posts(
    module: str, options: Options, exchange: tuple[str, ...], judge: Judge, applied: t.Any, name: str = "POST"
) -> Scenario:
    return Scenario(
        f"{module} {name}",
        module.rpartition("_")[0],
        module,
        options,
        exchange,
        judge,
        idempotent=False,
        applied=applied,
    )


def _tokens(
    platform: str, options: Options, exchange: tuple[str, ...], judge: Judge, name: str, **more: t.Any
) -> Scenario:
    return Scenario(
        f"{platform}_token {name}".rstrip(), platform, f"{platform}_token", options, exchange, judge, **more
    )


def _lookups(
    platform: str, options: Options, exchange: tuple[str, ...], judge: Judge = _token, name: str = ""
) -> Scenario:
    return Scenario(
        f"lookup token {platform} {name}".rstrip(), platform, "lookup token", options, exchange, judge, changes=False
    )


def _exports(platform: str, options: Options, exchange: tuple[str, ...], judge: Judge) -> Scenario:
    return Scenario(f"manifest_export {platform}", platform, "manifest_export", options, exchange, judge)


SCENARIOS = [
    _flex(
        "create",
        NEW_REVIEWER,
        "list list create",
        _application("Reviewer", "Reviews"),
        state={"flex": {"applications": [INGEST]}},
    ),
    _flex(
        "update",
        {"name": "Reviewer", "description": "More"},
        "list one list one update one",
        _application("Reviewer", "More"),
    ),
    _flex("rename", {"id": 8, "name": "Critic"}, "one one list update one", _application("Critic", "Reviews")),
    _flex("delete", {"name": "Reviewer", "state": "absent"}, "list one list one delete", _no_application),
    _flex(
        "rotate",
        {"name": "Reviewer", "rotate_secret": True},
        "list one list one delete create",
        _application("Reviewer", "Reviews", new_secret=True),
        idempotent=False,
        again={**NEW_REVIEWER, "rotate_secret": True},
    ),
    _flex(
        "rotate by id",
        {"id": 8, "rotate_secret": True},
        "one one list delete create",
        _application("Reviewer", "Reviews", new_secret=True),
        idempotent=False,
        again={**NEW_REVIEWER, "id": None, "rotate_secret": True},
    ),
    _flex(
        "rotate with overlap",
        {"name": "Reviewer", "rotate_secret": True, "rotate_overlap": True},
        "list one list one update one create",
        _overlapping,
        idempotent=False,
        again={"rotate_secret": False},
    ),
    _flex(
        "retire",
        {"name": "Reviewer", "retire_only": True},
        "list one one delete",
        _retired,
        state={"flex": {"applications": [INGEST, REVIEWER, RETIRING]}},
    ),
    _reads("flex_oauth_app_info", "flex", {}, ("flex list",), _all_applications(False)),
    _reads(
        "flex_oauth_app_info",
        "flex",
        {"name": "Reviewer", "include_secrets": True},
        ("flex list", "flex one"),
        _one_application,
        "secret",
    ),
    _reads(
        "flex_prune_info",
        "flex",
        {"names": ["Ingest"]},
        ("flex list",),
        _unnamed({"id": 8, "name": "Reviewer"}),
    ),
    _tokens("flex", {}, ("flex login",), _token, ""),
    _reads("flex_api", "flex", {"path": "/api/accounts"}, ("flex login", "flex accounts"), _accounts, "GET"),
    _posts(
        "flex_api",
        {"path": "/api/echo", "method": "POST", "body": {"a": 1}},
        ("flex login", "flex post"),
        _echoed,
        None,
    ),
    _tokens("freewheel", {}, ("fw login",), _token, "present"),
    _tokens(
        "freewheel", {"force": True}, ("fw revoke", "fw login"), _new_token, "force", token_before={}, idempotent=False
    ),
    _tokens(
        "freewheel",
        {"force": True, "overlap": True},
        ("fw login", "fw revoke", "fw login"),
        _new_token,
        "force with overlap",
        token_before={},
        idempotent=False,
    ),
    _tokens("freewheel", {"state": "absent"}, ("fw revoke",), _no_token, "absent", token_before={}),
    _tokens("freewheel", {"verify": True}, ("fw info",), _same_token, "verify", token_before={}, changes=False),
    _tokens("freewheel", FREEWHEEL_CLIENT, ("fw client login",), _token, "of a client"),
    _reads("freewheel_token_info", "freewheel", {}, ("fw login", "fw info"), _token_info),
    _reads(
        "freewheel_api",
        "freewheel",
        {"path": "/services/v4/sites"},
        ("fw login", "fw sites"),
        _sites,
        "GET",
    ),
    _posts(
        "freewheel_api",
        {"path": "/services/v3/campaign", "method": "POST", "body": CAMPAIGN, "accept": "xml"},
        ("fw login", "fw post"),
        _new_campaign,
        lambda state: len(state["campaigns"]) - 3,
    ),
    _tokens(
        "audienceplayer",
        {"user_email": "dora@example.com", "auto_register": True},
        ("ap user login",),
        _user_token,
        "of a new user",
    ),
    _tokens("audienceplayer", {}, ("ap login",), _token, "of the client"),
    Scenario(
        "audienceplayer_user create",
        "audienceplayer",
        "audienceplayer_user",
        {"user_email": "dora@example.com", "user_name": "Dora"},
        ("ap user", "ap login", "ap user", "ap user login", "ap user"),
        _user("dora@example.com", "Dora"),
    ),
    Scenario(
        "audienceplayer_user rename",
        "audienceplayer",
        "audienceplayer_user",
        {"user_email": "alice@example.com", "user_name": "Alicia"},
        ("ap user", "ap user", "ap rename", "ap user"),
        _user("alice@example.com", "Alicia"),
    ),
    _entitlement("product", ALICES_FILM, ("ap user login", "ap lists", "ap product"), _entitled(ALICES_FILM)),
    _entitlement("absent", NO_FILM_FOR_BOB, ("ap user login", "ap lists", "ap product"), _entitled(NO_FILM_FOR_BOB)),
    _entitlement("subscription", BOBS_MONTHS, ("ap user login", "ap lists", "ap subscription"), _entitled(BOBS_MONTHS)),
    _entitlement("of a new user", DORAS_FILM, ("ap user login", "ap login", "ap product"), _entitled(DORAS_FILM)),
    _entitlement(
        "batch",
        {"entitlements": list(MANY), "batch_size": 2, "read_with": "user"},
        (),  # how it shares out its requests is its own affair
        _entitled(*MANY),
        items=True,
    ),
    _entitlement(
        "read by the client",
        {**ALICES_FILM, "read_with": "client"},
        ("ap schema", "ap user", "ap product"),
        _entitled(ALICES_FILM),
        switches={"audienceplayer.client_user_holdings": "lists"},
    ),
    _entitlement(
        "batch read by the client",
        {"entitlements": list(MANY), "batch_size": 2, "read_with": "client"},
        (),
        _entitled(*MANY),
        items=True,
        switches={"audienceplayer.client_user_holdings": "pages"},
    ),
    _entitlement(
        "batch for several addresses",
        {"entitlements": FORWARDED, "batch_size": 2, "read_with": "user"},
        (),
        _entitled(*FORWARDED),
        items=True,
    ),
    _entitlement(
        "unread", {**ALICES_FILM, "read_before_write": False}, ("ap product unread",), _written_unread, idempotent=False
    ),
    Scenario(
        "audienceplayer_user profile",
        "audienceplayer",
        "audienceplayer_user",
        {"user_email": "alice@example.com", "profile": {"city": "Ulm"}},
        ("ap user", "ap user", "ap rename", "ap user"),
        _lives_in("alice@example.com", "Ulm"),
    ),
    _reads("audienceplayer_catalog_info", "audienceplayer", {"title": "Film"}, ("ap login", "ap catalog"), _catalog),
    _reads(
        "audienceplayer_entitlement_info",
        "audienceplayer",
        {"user_email": "bob@example.com"},
        ("ap user login", "ap lists"),
        _holdings,
    ),
    _reads(
        "audienceplayer_prune_info",
        "audienceplayer",
        {"users": ["bob@example.com"]},
        ("ap user login", "ap lists"),
        _unnamed(
            {"user_email": "bob@example.com", "product_id": 444, "state": "absent"},
            {"user_email": "bob@example.com", "subscription_id": 555, "state": "absent"},
        ),
    ),
    _reads(
        "audienceplayer_prune_info",
        "audienceplayer",
        {"users": ["bob@example.com"], "read_with": "client"},
        ("ap schema", "ap user"),
        _unnamed(
            {"user_email": "bob@example.com", "product_id": 444, "state": "absent"},
            {"user_email": "bob@example.com", "subscription_id": 555, "state": "absent"},
        ),
        "read by the client",
        switches={"audienceplayer.client_user_holdings": "pages"},
    ),
    _reads(
        "audienceplayer_graphql",
        "audienceplayer",
        {"query": "{ UserDetails { id name } }", "user_id": 1001},
        ("ap user login", "ap query"),
        _details,
        "query",
    ),
    _posts("audienceplayer_graphql", {"query": UPDATE}, ("ap login", "ap mutation"), _renamed, _alicias, "mutation"),
    _tokens("movingimage", {"video_manager_id": 43}, ("mi login", "mi switch"), _manager(43), "login"),
    _tokens("movingimage", {}, ("mi refresh",), _manager(42), "refresh", token_before={}, pause=300),
    _tokens("movingimage", {"verify": True}, ("mi verify",), _manager(42), "verify", token_before={}, changes=False),
    _tokens("movingimage", OPENID, ("mi discovery", "mi openid"), _token, "openid"),
    _reads("movingimage_video_manager_info", "movingimage", {}, ("mi login", "mi managers"), _managers),
    _reads(
        "movingimage_api", "movingimage", {"path": "/v1/vms/42/channels"}, ("mi login", "mi channels"), _channels, "GET"
    ),
    _posts(
        "movingimage_api",
        {"path": "/v1/vms/42/channels", "method": "POST", "body": {"name": "Films"}},
        ("mi login", "mi post"),
        _new_channel,
        lambda state: len(state["channels"]) - 2,
    ),
    _tokens("oauth2", {}, ("oa login",), _token, "present"),
    _tokens("oauth2", ISSUER, ("oa discovery", "oa login"), _token, "of an issuer"),
    _tokens("oauth2", EDITOR, ("oa login",), _refreshed, "refresh", token_before=EDITOR, pause=3600),
    _tokens(
        "oauth2",
        {"state": "absent", **REVOKED_AT},
        ("oa revoke",),
        _no_token,
        "absent",
        token_before=REVOKED_AT,
    ),
    _tokens(
        "oauth2",
        {"verify": True, **INTROSPECTED_AT},
        ("oa introspect",),
        _same_token,
        "verify",
        token_before={},
        changes=False,
    ),
    _reads("oauth2_token_info", "oauth2", INTROSPECTED_AT, ("oa login", "oa introspect"), _introspected),
    _reads("oauth2_api", "oauth2", {"path": "/channels"}, ("oa login", "oa channels"), _items, "GET"),
    _posts(
        "oauth2_api",
        {"path": "/channels", "method": "POST", "body": {"name": "Films"}},
        ("oa login", "oa post"),
        _new_item,
        lambda state: len(state["channels"]) - 2,
    ),
    _tokens("playlyfe", {}, ("pl login",), _token, ""),
    Scenario(
        "playlyfe_player create",
        "playlyfe",
        "playlyfe_player",
        {"id": "p3", "alias": "Three"},
        ("pl login", "pl player", "pl player", "pl create", "pl player"),
        _player("Three"),
    ),
    Scenario(
        "playlyfe_player update",
        "playlyfe",
        "playlyfe_player",
        {"id": "p1", "alias": "First"},
        ("pl login", "pl player", "pl player", "pl update", "pl player"),
        _player("First"),
    ),
    Scenario(
        "playlyfe_player delete",
        "playlyfe",
        "playlyfe_player",
        {"id": "p1", "state": "absent"},
        ("pl login", "pl player", "pl player", "pl delete", "pl player"),
        _no_player,
    ),
    _reads("playlyfe_player_info", "playlyfe", {}, ("pl login", "pl players"), _players),
    _reads(
        "playlyfe_prune_info",
        "playlyfe",
        {"ids": ["p1"]},
        ("pl login", "pl players"),
        _unnamed({"id": "p2", "alias": "Two"}),
    ),
    _reads(
        "playlyfe_api",
        "playlyfe",
        {"path": "/admin/players"},
        ("pl login", "pl players as is"),
        _players_as_they_are,
        "GET",
    ),
    _posts(
        "playlyfe_api",
        {"path": "/admin/players", "method": "POST", "body": {"id": "p3", "alias": "Three"}},
        ("pl login", "pl post"),
        _new_player,
        lambda state: len(state["players"]) - 2,
    ),
    Scenario(
        "token_cache revoke",
        "freewheel",
        "token_cache",
        {"revoke": True},
        ("fw revoke",),
        _no_token_cached,
        token_before={},
    ),
    _exports(
        "flex",
        {},
        ("flex list",),
        _exported(
            applications=[
                {"name": "Ingest", "description": "Takes in"},
                {"name": "Reviewer", "description": "Reviews"},
            ]
        ),
    ),
    _exports(
        "audienceplayer",
        {"users": ["bob@example.com"]},
        ("ap user", "ap user login", "ap lists"),
        _exported(
            users=[{"user_email": "bob@example.com", "user_name": "Bob"}],
            entitlements=[
                {"user_email": "bob@example.com", "product_id": 444},
                {"user_email": "bob@example.com", "subscription_id": 555, "expires_at": NEXT_YEAR},
            ],
        ),
    ),
    _exports(
        "playlyfe",
        {},
        ("pl login", "pl players"),
        _exported(players=[{"id": "p1", "alias": "One"}, {"id": "p2", "alias": "Two"}]),
    ),
    _lookups("flex", {}, ("flex login",)),
    _lookups("freewheel", {}, ("fw login",)),
    _lookups("audienceplayer", {"user_id": 1001}, ("ap user login",)),
    _lookups("movingimage", {}, ("mi login",), name="login"),
    _lookups("movingimage", OPENID, ("mi discovery", "mi openid"), name="openid"),
    _lookups("oauth2", {}, ("oa login",)),
    _lookups("playlyfe", {}, ("pl login",)),
    Scenario(
        "lookup flex_registration_key",
        "consul",
        "lookup flex_registration_key",
        {},
        ("consul key",),
        _key,
        changes=False,
    ),
]
