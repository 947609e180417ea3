# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The access report: what it says about platforms that have drifted, and how a real browser shows it."""

from __future__ import annotations

import datetime
import html
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
from report_states import STATES, play

HERE = pathlib.Path(__file__).resolve().parent

pytestmark = pytest.mark.timeout(900)  # of seconds on a busy machine

TEMPLATES = ROOT / "roles" / "access_report" / "templates"
EVIL = "<script>alert(1)</script>\"'&amp;"
SHOWN_EVIL = "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&amp;amp;"
#: A registration that a rotation has replaced long ago.
OLD = "Reviewer (retiring since 2020-01-01T00:00:00Z)"
MANY = 5000
#: The views of a page that look.mjs opens.
VIEWS = 6
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
            [("Reviewer", "Old words"), (EVIL, EVIL), ("Retired", "Not needed"), (OLD, "Old words")], 1
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
                {"name": "Reviewer", "description": "Tool to review media", "retire_after": 0},
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
    assert shown.count('class="failure"') == 1 and "Failed" in shown and "Cached tokens" in shown
    assert "Tried at" in shown and "<strong>Playlyfe</strong> could not be read." in made.text


def test_an_item_that_fails_leaves_the_others_to_be_seen(made: Made) -> None:
    shown = section(made.text, "audienceplayer")
    assert "<strong>AudiencePlayer</strong> could be compared only in part." in made.text
    assert "Failed" in shown and f"{MANY + 2:,} changes" in shown
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
    assert "3 changes" in flex and "1 change<" in tokens and f"{MANY + 2:,} changes" in viewers
    assert "<del><bdi>Old words</bdi></del>" in flex and "<ins><bdi>Tool to review media</bdi></ins>" in flex
    assert re.findall(r"</span> (create|update|delete)</span>", flex) == ["update", "create", "delete", "delete"]
    # The count is that of items: Reviewer is updated, and the registration that it replaced is removed.
    assert 'Not in the manifest <span class="muted">1</span>' in flex
    assert "renewed on next use" in tokens
    others = tokens.partition("<details>")[2]
    assert "2 tokens of other accounts" in others and "expired" in others and "mrm" not in others
    assert len(re.findall(r"<bdi>[^<]*product 445[^<]*<", viewers)) == 23 and f"and {MANY + 2 - 25:,} more" in viewers
    rows = {
        what: re.findall(r"<td>(.*?)</td>", cells)
        for what, cells in re.findall(r'row">(\w+ \d+)</th>(.*?)</tr>', viewers, re.S)
    }
    assert rows == {
        "product 444": ["2", "0", "0"],
        "product 445": [f"{MANY:,}", f"{MANY:,}", "0"],
        "subscription 555": ["2", "1", "1"],
    }
    assert ">Absent</th>" not in viewers, "a column that is all zero"
    managers = section(made.text, "movingimage")
    assert "In sync" in managers and "Sports" in managers and "verified" in managers


def test_the_verdict_comes_first(made: Made) -> None:
    verdict = made.text.partition('<div class="verdict bad">')[2].partition("</div>")[0]
    assert words(verdict) == (
        f"! Incomplete: {MANY + 6:,} changes on 3 of 5 platforms Playlyfe could not be read. "
        "AudiencePlayer could be compared only in part. 1 item is not in the manifest. 1 application is retiring."
    )


def test_it_is_small_and_asks_for_nothing(made: Made) -> None:
    assert len(made.text) < 200_000
    assert not re.search(r"<script|<link|<img|<iframe|\bon\w+=|url\(|@import|\bsrc=", made.text)
    assert "default-src 'none'" in made.text
    assert made.text.count(SHOWN_EVIL) >= 4 and EVIL not in made.text


def test_every_expression_of_the_templates_is_escaped() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*.html.j2"))
    macros = re.findall(r"{% macro (\w+)\(", text)
    called = re.compile(rf"(?:{'|'.join(macros)})\(.*\)$", re.S)
    expressions = re.findall(r"{{-? (.*?) -?}}", text, re.S)
    assert len(expressions) > 50
    assert not [
        expression for expression in expressions if not expression.endswith("| e") and not called.match(expression)
    ]


# --- other states --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The pages of :data:`STATES`, rendered without a platform."""
    folder = tmp_path_factory.mktemp("states")
    sandbox = Sandbox(folder)
    try:
        run = Ansible(sandbox, folder).run([play(str(folder), str(ROOT))], verbosity="-v", timeout=600)
    finally:
        sandbox.stop()
    if run.status:
        pytest.fail(report(["a page cannot be rendered"], [run]), pytrace=False)
    return {name: (folder / f"{name}.html").read_text(encoding="utf-8") for name in STATES}


def words(page: str) -> str:
    """The text of a part of a page."""
    return " ".join(html.unescape(re.sub("<[^>]+>", "", page)).split())


def tokens_in(page: str, provider: str) -> dict[str, str]:
    """What the page says about the manifest's tokens, by name."""
    listed = section(page, provider).partition("Cached tokens")[2].partition("<details>")[0]
    return {
        words(name): words(lifetime)
        for name, lifetime in re.findall(
            r'<li class="pair">\s*<div><strong>(.*?)</strong>.*?</div>\s*<div>(.*?)</li>', listed, re.S
        )
    }


@pytest.mark.parametrize(
    ("state", "verdict"),
    {
        "in_sync": "✓ Everything matches the manifest 2 applications are retiring.",
        "all_new": "± 4 changes on 3 of 3 platforms",
        "failed": "! Incomplete: no platform could be compared completely Flex Media Platform and Playlyfe could not be read.",
        "many": "± 1,500 changes on 1 of 2 platforms 1,500 items are not in the manifest.",
        "refused_to_prune": "! Incomplete: no changes on the other 2 platforms AudiencePlayer could be compared only in part. "
        "2 items are not in the manifest.",
        "empty": "? The manifest has no platforms",
    }.items(),
)
def test_the_verdict_on_each_state(states: dict[str, str], state: str, verdict: str) -> None:
    assert words(re.findall(r'<div class="verdict \w+">(.*?)</div>', states[state], re.S)[0]) == verdict


def test_a_bar_is_the_remaining_share_of_the_whole_lifetime(states: dict[str, str]) -> None:
    shown = section(states["in_sync"], "freewheel")
    assert re.findall(r'class="left (\w+)" width="([\d.]+)"', shown) == [("bad", "1"), ("due", "1"), ("good", "99.4")]


def test_times_are_in_words_and_exact(states: dict[str, str]) -> None:
    assert tokens_in(states["in_sync"], "freewheel") == {
        "nearly": "30 seconds left of 1 day 1 hour ! renewed on next use",
        "mrm": "1 hour left of 7 days ! ends soon ✓ verified 3 minutes before this report",
        "unknown": "10 hours 11 minutes left, of an unknown lifetime ? not verified for this report",
        "portal": "6 days 23 hours left of 7 days ✓ verified 48 seconds before this report",
        "old": "× expired 3 minutes ago",
    }
    assert tokens_in(states["in_sync"], "flex") == {
        "reviewer": "30 days left of 37 days ? cannot be verified without using it"
    }
    assert tokens_in(states["in_sync"], "playlyfe") == {
        "game": "23 hours 59 minutes left of 1 day ✓ accepted when the platform was read for this report"
    }
    assert (
        '<time datetime="2026-11-28T13:00:00Z" title="2026-11-28 13:00:00 UTC">1 hour left</time>' in states["in_sync"]
    )


def test_tokens_of_other_accounts_are_folded_away(states: dict[str, str]) -> None:
    folded = section(states["in_sync"], "flex").partition("<details>")[2]
    assert (
        "2 tokens of other accounts" in folded
        and "no known expiry time" in folded
        and "<strong><bdi>reviewer" not in folded
    )
    assert "50 tokens of other accounts" in states["many"] and "and 25 more" in states["many"]


def test_retiring_applications_have_their_date_and_age(states: dict[str, str]) -> None:
    shown = words(section(states["in_sync"], "flex"))
    assert "Reviewer retiring since 21 November 2026, 7 days 2 hours ago" in shown
    assert "Not in the manifest" not in shown and "(retiring since" not in shown


def test_a_plan_is_shown(states: dict[str, str]) -> None:
    shown = words(section(states["all_new"], "freewheel"))
    assert "+ obtain token mrm only missing on this controller expires at: known after it is issued" in shown
    assert "7 days ± replaced by the next run" in shown


def test_thousands_of_entries_are_counted(states: dict[str, str]) -> None:
    shown = section(states["many"], "audienceplayer")
    assert "and 1,475 more" in shown and "and 2,975 more" in shown and "and 15 more" in shown
    assert len(states["many"]) < 100_000
    assert section(states["failed"], "playlyfe").count('class="failure"') == 26


def test_a_section_that_failed_before_its_first_item_has_its_reason(states: dict[str, str]) -> None:
    shown = section(states["refused_to_prune"], "audienceplayer")
    assert "which is more than prune_limit (10)" in words(shown)


def test_an_id_is_the_same_as_a_number_and_as_a_string(states: dict[str, str]) -> None:
    flex, playlyfe = (words(section(states["refused_to_prune"], name)) for name in ("flex", "playlyfe"))
    assert "Other" in flex.partition("Applications")[0] and "Old name" in flex.partition("Applications")[2]
    assert "Player 8" in playlyfe.partition("Players")[0] and "Player 7" in playlyfe.partition("Players")[2]


def test_a_direction_of_writing_ends_with_the_name(states: dict[str, str]) -> None:
    page = states["strange_names"]
    assert page.count("<bdi>مراجعة") > 5 and "&lt;b&gt;&amp;amp;" in page and "<b>" not in page


# --- in a browser --------------------------------------------------------------------------------------------------------


def look(pages: t.Sequence[pathlib.Path], folder: pathlib.Path) -> list[Facts]:
    """What Chromium says about pages at several widths, in light and dark, and printed."""
    programs = {name: shutil.which(name) for name in ("chromium", "node", "npm")}
    missing = [name for name, path in programs.items() if not path]
    if missing:
        pytest.fail(
            f"the report is tested in a browser, which needs {', '.join(missing)} (Debian: chromium, nodejs and npm)",
            pytrace=False,
        )
    script = installed(str(programs["npm"]), HERE / "browser") / "look.mjs"
    command = [str(programs["node"]), str(script), str(programs["chromium"]), str(folder / "profile"), str(folder)]
    done = subprocess.run(
        [*command, *(page.as_uri() for page in pages)],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"node look.mjs: {done.stdout[-2000:]}{done.stderr[-4000:]}", pytrace=False)
    seen = json.loads(done.stdout)
    assert len(list(folder.glob("*.png"))) == len(seen) == len(pages) * VIEWS
    return seen


@pytest.fixture(scope="module")
def views(made: Made, states: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> list[Facts]:
    folder = tmp_path_factory.mktemp("browser")
    for name, page in states.items():
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return look([made.page, *(folder / f"{name}.html" for name in states)], folder)


def test_a_browser_shows_it_without_complaint(views: list[Facts], made: Made) -> None:
    for view in views:
        assert view["messages"] == [], "console, page errors, dialogs"
        assert view["requests"] == [view["url"]]
        assert view["scripts"] == view["broken"] == 0
        assert not any(view["folded"]), "tokens of other accounts are not folded away"
        if view["url"] != made.page.as_uri():
            continue
        titles = ["AudiencePlayer", "Flex Media Platform", "FreeWheel", "movingimage", "Playlyfe"]
        assert view["headings"] == ["Access report", *titles]
        assert EVIL in view["text"]


def where(view: Facts) -> tuple[str, int, str]:
    return view["url"].rpartition("/")[2], view["width"], view["colorScheme"]


def test_it_fits_a_phone_and_a_desk(views: list[Facts]) -> None:
    assert {view["width"] for view in views} == {360, 390, 1280, 794}
    for fact, problem in {
        "overflow": "pages that scroll sideways",
        "wide": "elements that leave their section",
        "small": "letters below 12 pixels",
        "cut": "words and parts of URLs that are broken",
    }.items():
        assert [(*where(view), view[fact]) for view in views if view[fact]] == [], problem


def test_it_has_a_dark_mode(views: list[Facts]) -> None:
    backgrounds = {(view["colorScheme"], view["background"]) for view in views if view["media"] == "screen"}
    assert len(backgrounds) == 2, backgrounds


def test_it_is_accessible(views: list[Facts]) -> None:
    assert [(*where(view), view["violations"]) for view in views if view["violations"]] == []
