# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The access report: what it says about platforms that have drifted, and how a real browser shows it."""

from __future__ import annotations

import datetime
import json
import os
import pathlib
import re
import shutil
import subprocess
import typing as t

import pytest
from driver import ROOT, Ansible, Facts, Run, Sandbox, report, secrets_in
from npm_packages import installed

HERE = pathlib.Path(__file__).resolve().parent

pytestmark = pytest.mark.timeout(600)  # of seconds on a busy machine

TEMPLATE = ROOT / "roles" / "access_report" / "templates" / "report.html.j2"
EVIL = "<script>alert(1)</script>\"'&amp;"
SHOWN_EVIL = "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&amp;amp;"
MANY = 5000
SOON = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=10)).strftime("%Y-%m-%dT%H:%M:%SZ")
#: Seconds that the tokens of FreeWheel's users live.
LIFETIMES = {"portal": 604800, "mrm": 600, "inactive": 1}

State = dict[str, t.Any]


class Made(t.NamedTuple):
    """A report that was made, and what it was made from."""

    run: Run
    page: pathlib.Path
    #: The sandbox's state before and after.
    before: State
    after: State

    @property
    def text(self) -> str:
        return self.page.read_text(encoding="utf-8")


def state() -> State:
    applications = [
        {
            "id": number,
            "applicationName": name,
            "description": description,
            "clientId": f"client-{number}",
            "secret": f"s3cr3t-of-{number}",
        }
        for number, (name, description) in enumerate(
            [("Reviewer", "Old words"), (EVIL, EVIL), ("Retired", "Not needed")], 1
        )
    ]
    alice = {
        "id": 1001,
        "email": "alice@example.com",
        "name": EVIL,
        "products": [{"id": 1, "product_id": 444, "is_fulfilled": True}],
        "subscriptions": [{"id": 1, "subscription_id": 555, "is_valid": True, "expires_at": SOON}],
    }
    users = [{"id": 2, "email": "integration@example.com", "name": "Integration"}, alice]
    return {"flex": {"applications": applications}, "audienceplayer": {"users": users}}


def manifest(sandbox: Sandbox, folder: pathlib.Path) -> Facts:
    known = sandbox.variables()["sandbox"]
    rows = "".join(f"viewer{number}@example.com,true,445,\n" for number in range(MANY))
    (folder / "sold.csv").write_text(
        f"user_email,auto_register,product_id,state\nalice@example.com,,444,\nnobody@example.com,,444,\n{rows}",
        encoding="utf-8",
    )
    return {
        "flex": {
            **known["flex"],
            "applications": [
                {"name": "Reviewer", "description": "Tool to review media"},
                {"name": "Ingest", "description": EVIL},
                {"name": "Retired", "state": "absent"},
            ],
        },
        "freewheel": {**known["freewheel"], "min_ttl": 3600, "tokens": [{"name": "mrm"}]},
        "audienceplayer": {
            **known["audienceplayer"],
            "rate_limit": "none",
            "auth_rate_limit": "none",
            "users": [
                {"user_email": "alice@example.com"},
                {"user_email": "vera@example.com", "user_name": "Vera Viewer"},
            ],
            "entitlements": [
                {"user_email": "vera@example.com", "subscription_id": 555, "expires_at": "2035-12-31T23:59:59Z"},
                {"user_email": "alice@example.com", "subscription_id": 555, "expires_at": SOON},
            ],
            "entitlements_file": "sold.csv",
        },
        "movingimage": {**known["movingimage"], "tokens": [{"name": EVIL}]},
        "playlyfe": {
            **known["playlyfe"],
            "url": sandbox.variables()["sandbox"]["unreachable_url"],
            "retries": 0,
            "players": [{"id": "p1", "alias": "One"}],
        },
    }


def obtain_tokens(sandbox: Sandbox, ansible: Ansible) -> None:
    """Fill the token cache with tokens of different lifetimes."""
    tasks = []
    for user, lifetime in LIFETIMES.items():
        switch = {
            "url": f"{sandbox.url}/_sandbox/switches",
            "method": "PUT",
            "body_format": "json",
            "body": {"freewheel.token_lifetime": lifetime},
        }
        token = {"url": f"{sandbox.url}/freewheel", "username": user, "password": f"{user}-password", "min_ttl": 0}
        tasks += [
            {"name": "Set the lifetime", "ansible.builtin.uri": switch},
            {"name": "Obtain a token", "mediaops.access.freewheel_token": token},
        ]
    run = ansible.run([{"name": "Tokens", "hosts": "localhost", "gather_facts": False, "tasks": tasks}], verbosity="-v")
    assert not run.status, run.output


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Made]:
    folder = tmp_path_factory.mktemp("report")
    sandbox = Sandbox(folder)
    try:
        unlimited = {f"audienceplayer.{name}": "none" for name in ("rate_limit", "auth_rate_limit")}
        sandbox.reset({"state": state(), "switches": unlimited})
        ansible = Ansible(sandbox, folder)
        obtain_tokens(sandbox, ansible)
        path, page = folder / "manifest.yml", folder / "access.html"
        path.write_text(json.dumps(manifest(sandbox, folder)), encoding="utf-8")
        before = sandbox.state()
        playbook = [{"name": "Report", "ansible.builtin.import_playbook": "mediaops.access.report"}]
        # Without -vvv, which prints thousands of items many times. The integration tests have that.
        run = ansible.run(playbook, "-e", f"provision_manifest={path}", "-e", "report_file=access.html", verbosity="-v")
        if not page.exists():
            pytest.fail(report(["there is no page"], [run]), pytrace=False)
        yield Made(run, page, before, sandbox.state())
    finally:
        sandbox.stop()


def section(text: str, provider: str) -> str:
    return text.partition(f'<h2 id="{provider}">')[2].partition("</section>")[0]


def test_a_platform_that_cannot_be_reached_fails_the_run_in_the_end(made: Made) -> None:
    assert made.run.status
    assert not made.run.problems()
    last = made.run.phases[0].tasks[-1]
    assert last["task"].endswith("Fail if a platform failed") and last["outcome"] == "failed"
    assert "Playlyfe" in last["result"]["msg"] and "nobody@example.com" in last["result"]["msg"]
    shown = section(made.text, "playlyfe")
    assert shown.count('class="failure"') == 1 and "Failed" in shown and "<table>" in shown  # its cached tokens


def test_an_item_that_fails_leaves_the_others_to_be_seen(made: Made) -> None:
    shown = section(made.text, "audienceplayer")
    assert "Failed" in shown and f"{MANY + 2:,} changes pending" in shown
    assert shown.count('class="failure"') == 1 and f"1 of {MANY + 4} entitlements failed" in shown


def test_nothing_was_changed(made: Made) -> None:
    assert not made.run.phases[0].writes()
    for platform, before in made.before.items():
        kept = {key: value for key, value in before.items() if key != "tokens"}
        assert {key: made.after[platform][key] for key in kept} == kept, platform


def test_the_page_is_private_and_holds_no_secret(made: Made) -> None:
    assert made.page.stat().st_mode & 0o777 == 0o600
    secrets = dict(pair for states in (made.before, made.after) for pair in secrets_in(states))
    assert len(secrets) > 10
    assert not [place for place, secret in secrets.items() if secret in made.text]


def test_it_says_what_a_run_would_change(made: Made) -> None:
    flex, tokens, viewers = (section(made.text, name) for name in ("flex", "freewheel", "audienceplayer"))
    assert "3 changes pending" in flex and "1 change pending" in tokens and f"{MANY + 2:,} changes pending" in viewers
    assert "<del>Old words</del>" in flex and "<ins>Tool to review media</ins>" in flex
    assert re.findall(r"</span> (add|change|remove)</span>", flex) == ["change", "add", "remove"]
    assert "1 not in the manifest" in flex
    assert "renewed on next use" in tokens and "expired" in tokens
    assert len(re.findall("product 445 of viewer", viewers)) == 23 and f"and {MANY + 2 - 25:,} more" in viewers
    rows = {
        what: re.findall(r"<td>(.*?)</td>", cells)
        for what, cells in re.findall(r'row">(\w+ \d+)</th>(.*?)</tr>', viewers, re.S)
    }
    assert rows == {
        "product 444": ["2", "0", "0", "–"],
        "product 445": [f"{MANY:,}", "0", f"{MANY:,}", "–"],
        "subscription 555": ["2", "0", "1", "1"],
    }
    assert "In sync" in section(made.text, "movingimage") and "Sports" in section(made.text, "movingimage")


def test_it_is_small_and_asks_for_nothing(made: Made) -> None:
    assert len(made.text) < 200_000
    assert not re.search(r"<script|<link|<img|<iframe|\bon\w+=|url\(|@import|\bsrc=", made.text)
    assert "default-src 'none'" in made.text
    assert made.text.count(SHOWN_EVIL) >= 4 and EVIL not in made.text


def test_every_expression_of_the_template_is_escaped() -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    macros = re.findall(r"{% macro (\w+)\(", text)
    called = re.compile(rf"(?:{'|'.join(macros)})\(.*\)$", re.S)
    expressions = re.findall(r"{{-? (.*?) -?}}", text, re.S)
    assert len(expressions) > 50
    assert not [
        expression for expression in expressions if not expression.endswith("| e") and not called.match(expression)
    ]


# --- in a browser --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def views(made: Made, tmp_path_factory: pytest.TempPathFactory) -> list[Facts]:
    """What Chromium says about the page at several widths, in light and dark, and printed."""
    programs = {name: shutil.which(name) for name in ("chromium", "node", "npm")}
    missing = [name for name, path in programs.items() if not path]
    if missing:
        pytest.fail(
            f"the report is tested in a browser, which needs {', '.join(missing)} (Debian: chromium, nodejs and npm)",
            pytrace=False,
        )
    folder = tmp_path_factory.mktemp("browser")
    command = [
        str(programs["node"]),
        str(installed(str(programs["npm"]), HERE / "browser") / "look.mjs"),
        str(programs["chromium"]),
    ]
    command += [str(folder / "profile"), made.page.as_uri(), str(folder)]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"node look.mjs: {done.stdout[-2000:]}{done.stderr[-4000:]}", pytrace=False)
    assert len(list(folder.glob("*.png"))) == 5
    return json.loads(done.stdout)


def test_a_browser_shows_it_without_complaint(views: list[Facts], made: Made) -> None:
    for view in views:
        assert view["headings"] == [
            "Access report",
            "AudiencePlayer",
            "Flex Media Platform",
            "FreeWheel",
            "movingimage",
            "Playlyfe",
        ]
        assert view["messages"] == [], "console, page errors, dialogs"
        assert view["requests"] == [made.page.as_uri()]
        assert view["scripts"] == view["broken"] == 0
        assert EVIL in view["text"]


def test_it_fits_a_phone_and_a_desk(views: list[Facts]) -> None:
    assert {view["width"]: view["overflow"] for view in views} == {360: 0, 1280: 0, 794: 0}
    assert not [view for view in views if view["wide"]], "tables that leave their section"
    assert not [view for view in views if view["small"]], "letters below 12 pixels"


def test_it_has_a_dark_mode(views: list[Facts]) -> None:
    backgrounds = {(view["colorScheme"], view["background"]) for view in views if view["media"] == "screen"}
    assert len(backgrounds) == 2, backgrounds


def test_it_is_accessible(views: list[Facts]) -> None:
    assert [(view["width"], view["colorScheme"], view["violations"]) for view in views if view["violations"]] == []
