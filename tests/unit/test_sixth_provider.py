# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A further provider is one new file per layer, and a change of none: here is all of one, which exists in these tests only."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import pathlib
import sys
import types

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from ansible_collections.mediaops.access.plugins.action import manifest_export, manifest_info
from ansible_collections.mediaops.access.plugins.module_utils import _providers as module_utils_providers
from ansible_collections.mediaops.access.plugins.modules import token_cache, token_cache_info
from ansible_collections.mediaops.access.plugins.plugin_utils import _providers
from ansible_collections.mediaops.access.tests.unit.plugins.action.test_credentials import failure, perform
from ansible_collections.mediaops.access.tests.unit.plugins.conftest import clock, neutral_environment
from ansible_collections.mediaops.access.tests.unit.plugins.modules.conftest import lonely_process
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import call, exchange

__all__ = ["clock", "lonely_process", "neutral_environment"]
PACKAGE = "ansible_collections.mediaops.access.plugins"
TOOLS = pathlib.Path(__file__).resolve().parents[2] / "tools"

FILES = {
    "module_utils/_providers/acme.py": """
from ansible_collections.mediaops.access.plugins.module_utils._data.schema import Schema
from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.module_utils._http.models import Request
from ansible_collections.mediaops.access.plugins.module_utils._oauth2.grants import PasswordCredentials
from ansible_collections.mediaops.access.plugins.module_utils._oauth2.token import Token
from ansible_collections.mediaops.access.plugins.module_utils._platform.authorized_client import AuthorizedClient
from ansible_collections.mediaops.access.plugins.module_utils._platform.declaration import ManifestList, Platform
from ansible_collections.mediaops.access.plugins.module_utils._platform.issuer import TokenIssuer
from ansible_collections.mediaops.access.plugins.module_utils._platform.options import from_env

LOGIN = Schema({"type": "object", "properties": {"token": {"type": "string"}, "life": {"type": "number"}}, "required": ["token", "life"]})
WIDGET = Schema({"type": "object", "properties": {"colour": {"type": "string"}}, "required": ["colour"]})


class AcmeTokens(TokenIssuer):
    revokes = True

    def grant(self):
        return PasswordCredentials(*self.require("user", "password"))

    def obtain(self, grant):
        body = {"user": grant.username, "password": grant.password}
        answer = self.fetch(Request("POST", f"{self.url}/login", json=body, authenticates=True, repeatable=True), LOGIN)
        return Token(answer["token"], expires_at=self.session.clock.now() + answer["life"])

    def revocation_request(self, token):
        return self.authorize(Request("POST", f"{self.url}/logout", repeatable=True, authenticates=True), token)


class Acme(AuthorizedClient):
    def widget(self, widget_id, method="GET", **body):
        request = Request(method, f"{self.url}/widgets/{widget_id}", json=body or None, repeatable=method != "GET")
        try:
            return self.send_authorized(request)
        except AccessError as error:
            if error.status == 404:
                return None
            raise


ACME = Platform(
    name="acme",
    title="Acme Widgets",
    client=Acme,
    issuer=AcmeTokens,
    options={
        "url": {"type": "str", "default": "https://acme.example.com"},
        "user": {"type": "str", "fallback": from_env("ACME_USER")},
        "password": {"type": "str", "no_log": True},
    },
    role="acme_access",
    manifest={"tokens": ManifestList("acme_token", ("state",), named=True), "widgets": ManifestList("acme_widget", ("id", "colour", "state"), ("id",))},
    hints={401: "Check user and password"},
)


class WidgetResource:
    kind = "widget"

    def __init__(self, acme, params):
        self.acme, self.params = acme, params
        self.name = params["id"]
        self.label = f"widget {self.name}"

    def read(self):
        response = self.acme.widget(self.params["id"])
        return {"id": self.params["id"], "colour": self.acme.responses.validate(response, WIDGET)["colour"]} if response else None

    def desired(self, current):
        return None if self.params["state"] == "absent" else {"id": self.params["id"], "colour": self.params["colour"]}

    def write(self, current, wanted):
        self.acme.widget(self.params["id"], "PUT", colour=wanted["colour"]) if wanted else self.acme.widget(self.params["id"], "DELETE")
        return wanted

    def redacted(self, state):
        return state
""",
    "modules/acme_token.py": """
from ansible_collections.mediaops.access.plugins.module_utils._modules.definition import ModuleDefinition
from ansible_collections.mediaops.access.plugins.module_utils._providers.acme import ACME
from ansible_collections.mediaops.access.plugins.module_utils._modules.token import OPTIONS, run_token

DOCUMENTATION = "options: {}"
MODULE = ModuleDefinition(ACME, run_token, OPTIONS)
""",
    "modules/acme_api.py": """
from ansible_collections.mediaops.access.plugins.module_utils._modules.definition import ModuleDefinition
from ansible_collections.mediaops.access.plugins.module_utils._providers.acme import ACME
from ansible_collections.mediaops.access.plugins.module_utils._modules.api import OPTIONS, run_request

MODULE = ModuleDefinition(ACME, run_request, OPTIONS)
""",
    "modules/acme_widget.py": '''
from ansible_collections.mediaops.access.plugins.module_utils._modules.definition import ModuleDefinition
from ansible_collections.mediaops.access.plugins.module_utils._providers.acme import ACME, WidgetResource
from ansible_collections.mediaops.access.plugins.module_utils._platform.ensure import ensure

DOCUMENTATION = """
options:
  id: {description: Which one.}
  colour: {description: Its colour.}
  state: {description: Whether it exists.}
"""


def run(access):
    outcome = ensure(access, WidgetResource(access.client, access.params))
    return {"changed": outcome.changed, "diff": outcome.diff, "widget": outcome.state}


MODULE = ModuleDefinition(
    ACME,
    run,
    {
        "id": {"type": "str", "required": True},
        "colour": {"type": "str", "default": "red"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
)
''',
    "action/acme_widget.py": """
from ansible_collections.mediaops.access.plugins.modules.acme_widget import MODULE
from ansible_collections.mediaops.access.plugins.plugin_utils._action import InProcessAction


class ActionModule(InProcessAction):
    module = MODULE
""",
    "doc_fragments/acme.py": '''
class ModuleDocFragment:
    DOCUMENTATION = """
options:
  url: {description: The root.}
  user: {description: Who.}
  password: {description: The password.}
"""
''',
}

URL = "https://acme.example.com"
CONNECTION = {"user": "me", "password": "hush-password"}


@pytest.fixture(autouse=True)
def acme(neutral_environment, tmp_path, monkeypatch):
    """The provider's files, loaded as the collection's own; what looks for providers' files finds this one beside them."""
    monkeypatch.setenv("ANSIBLE_HOME", str(tmp_path / "home"))
    for file, content in FILES.items():
        path = tmp_path / "plugins" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        load(f"{PACKAGE}.{file[:-3].replace('/', '.')}", path, monkeypatch)
    folders = [*module_utils_providers.__path__, str(tmp_path / "plugins" / "module_utils" / "_providers")]
    monkeypatch.setattr(
        _providers, "_providers", types.SimpleNamespace(__name__=module_utils_providers.__name__, __path__=folders)
    )
    _providers.platforms.cache_clear()
    yield
    _providers.platforms.cache_clear()


def load(name, path, monkeypatch):
    """The module that a file holds."""
    specification = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(specification)
    monkeypatch.setitem(sys.modules, name, module)
    with contextlib.suppress(SystemExit):  # of a program that finds no arguments
        specification.loader.exec_module(module)
    return module


@pytest.fixture
def run(tmp_path):
    """Runs one of its modules."""

    def run_module(name, *calls, check_mode=False, **options):
        module = importlib.import_module(f"{PACKAGE}.modules.{name}").MODULE
        with exchange(*calls):
            result = module.run(
                {**CONNECTION, **options}, name=name, check_mode=check_mode, ansible_home=str(tmp_path / "home")
            )
        assert "this is a bug" not in result.get("msg", "")
        assert "hush" not in json.dumps([result.get(key) for key in ("msg", "diff", "invocation")])
        return result

    return run_module


def login(token="hush-token"):
    return call(
        "POST", f"{URL}/login", {"token": token, "life": 3600}, json={"user": "me", "password": "hush-password"}
    )


def sent(method, answer=b"", *, below="/widgets/w1", token="hush-token", **kwargs):
    return call(method, f"{URL}{below}", answer, headers={"Authorization": f"Bearer {token}"}, **kwargs)


def got(colour, **kwargs):
    return sent("GET", {"colour": colour}, **kwargs)


MISSING = {"answer": "Not here", "status": 404}


# --- its modules -------------------------------------------------------------------------------------------------------------


def test_its_token_is_obtained_cached_and_revoked(run):
    assert run("acme_token", login())["changed"] is True
    assert run("acme_token")["token"]["cached"] is True
    assert run("acme_token", sent("POST", below="/logout"), state="absent")["changed"] is True


def test_its_items_are_brought_into_their_wanted_state(run):
    created = run(
        "acme_widget",
        login(),
        sent("GET", **MISSING),
        sent("GET", **MISSING),
        sent("PUT", json={"colour": "red"}),
        id="w1",
    )
    assert (created["changed"], created["widget"], created["diff"]["before"]) == (
        True,
        {"id": "w1", "colour": "red"},
        {},
    )
    assert run("acme_widget", got("red"), id="w1")["changed"] is False
    assert (
        run("acme_widget", got("red"), got("red"), sent("PUT", json={"colour": "blue"}), id="w1", colour="blue")[
            "changed"
        ]
        is True
    )
    assert run("acme_widget", got("blue"), id="w1", check_mode=True)["changed"] is True
    assert run("acme_widget", got("blue"), got("blue"), sent("DELETE"), id="w1", state="absent")["widget"] is None


def test_its_stale_token_is_replaced_once(run):
    run("acme_token", login())

    assert (
        run("acme_widget", sent("GET", status=401), login("hush-2"), got("red", token="hush-2"), id="w1")["changed"]
        is False
    )


def test_its_api_can_be_asked_anything(run):
    assert run("acme_api", login(), sent("GET", {"a": 1}, below="/anything"), path="anything")["json"] == {"a": 1}


def test_its_failures_name_it(run, monkeypatch):
    monkeypatch.delenv("ACME_USER", raising=False)
    refused = call(
        "POST", f"{URL}/login", "hush-password is wrong", status=401, json={"user": "me", "password": "hush-password"}
    )
    result = run("acme_token", refused)

    assert (result["provider"], result["status"]) == ("acme", 401)
    assert (
        result["msg"]
        == "Acme Widgets: POST https://acme.example.com/login was answered with HTTP 401: ******** is wrong. Check user and password"
    )
    assert (
        run("acme_token", user=None)["msg"]
        == "Acme Widgets: user must be given (or the environment variable ACME_USER)"
    )


def test_its_tokens_are_listed_and_revoked_with_all_others(run, tmp_path):
    run("acme_token", login())
    home = {"ansible_home": str(tmp_path / "home")}

    assert token_cache_info.MODULE.run({"provider": "acme"}, name="token_cache_info", **home)["tokens"] == [
        {"provider": "acme", "url": URL, "principal": "me", "issued_at": None, "expires_at": "2027-01-15T09:00:00Z"}
    ]
    with exchange(sent("POST", below="/logout")):
        assert token_cache.MODULE.run({"revoke": True}, name="token_cache", **home)["removed"] == 1


# --- in a play ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "returned"), [("token", "hush-token"), ("header", {"Authorization": "Bearer hush-token"})]
)
def test_the_lookup_knows_it(output, returned):
    text = f"{{{{ lookup('mediaops.access.token', 'acme', user='me', password=password, output='{output}') }}}}"

    with exchange(login()):
        assert (
            Templar(loader=DataLoader(), variables={"password": "hush-password"}).template(trust_as_template(text))
            == returned
        )


@pytest.mark.parametrize(
    ("item", "censored"),
    [({"id": "w1"}, False), ({"id": "w1", "password": "hush-password"}, True)],
    ids=["plain", "with a secret"],
)
def test_its_module_runs_in_the_worker_and_protects_its_secrets(item, censored):
    action = importlib.import_module(f"{PACKAGE}.action.acme_widget").ActionModule
    result = perform(
        action, "mediaops.access.acme_widget", {**CONNECTION, "id": "w1"}, login(), got("red"), task_vars={"item": item}
    )

    assert (result["changed"], result["widget"]) == (False, {"id": "w1", "colour": "red"})
    assert result.get("_ansible_no_log", False) is censored


# --- in a manifest -----------------------------------------------------------------------------------------------------------


def test_it_is_one_of_the_providers():
    assert next(platform.name for platform in _providers.platforms()) == "acme"


@pytest.fixture
def manifest(tmp_path, monkeypatch):
    """Reads a manifest, with the schema that "make format" writes."""
    tool = load("manifest_schema", TOOLS / "manifest_schema.py", monkeypatch)
    (tmp_path / "schema.json").write_text(tool.render())
    monkeypatch.setattr(manifest_info, "SCHEMA", str(tmp_path / "schema.json"))
    return lambda content, **args: perform(
        manifest_info.ActionModule, "mediaops.access.manifest_info", {"manifest": content, **args}
    )


SECTION = {**CONNECTION, "tokens": [{"name": "mine"}], "widgets": [{"id": "w1", "colour": "blue"}]}


def test_its_section_of_a_manifest_is_read(manifest, tmp_path):
    result = manifest({"acme": SECTION, "deliver": [{"dest": str(tmp_path / "a"), "format": "dotenv"}]})

    assert result["sections"] == [{"provider": "acme", "role": "acme_access"}]
    assert result["manifest"] == {"acme": SECTION}
    assert result["names"] == {"applications": {}, "tokens": {"mine": None}}


def test_it_can_be_exported(manifest, tmp_path, monkeypatch):
    monkeypatch.setattr(manifest_export, "SCHEMA", str(tmp_path / "schema.json"))
    options = {"dest": str(tmp_path / "exported.yml"), "connection": {"acme": CONNECTION}}
    perform(manifest_export.ActionModule, "mediaops.access.manifest_export", options)

    assert (tmp_path / "exported.yml").read_text().splitlines()[3:] == [
        "# password is not written, because it is secret",
        "# Acme Widgets does not list its tokens",
        "# Acme Widgets does not list its widgets",
        "acme:",
        "  user: me",
    ]


def test_the_opposite_of_its_section_is_known(manifest):
    assert {
        item["state"]
        for key in ("tokens", "widgets")
        for item in manifest({"acme": SECTION}, revoke=True)["manifest"]["acme"][key]
    } == {"absent"}


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"widgets": [{"colour": "red"}]}, ["acme.widgets[0]: lacks id"]),
        ({"widgets": [{"id": "w1", "size": 5}]}, ["acme.widgets[0]", "size", "colour, id, state"]),
        ({"tokens": [{"name": "a"}, {"name": "a"}]}, ["acme.tokens[1]: the name 'a' is in acme.tokens[0] already"]),
    ],
    ids=["lacking", "unknown", "twice"],
)
def test_what_is_wrong_in_its_section_is_found(manifest, section, words):
    message = failure(manifest({"acme": section}))

    for word in words:
        assert word in message
