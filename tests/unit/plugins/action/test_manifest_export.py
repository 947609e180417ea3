# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an export reads, writes, reports and refuses."""

from __future__ import annotations

import json
import os
import pathlib

import pytest
import yaml

from ansible_collections.mediaops.access.plugins.action.manifest_export import SCHEMA, ActionModule
from ansible_collections.mediaops.access.plugins.module_utils._data.private_file import PrivateFile
from ansible_collections.mediaops.access.plugins.module_utils._platform import access
from ansible_collections.mediaops.access.plugins.plugin_utils import _manifest_text
from ansible_collections.mediaops.access.tests.unit.plugins.action.test_credentials import failure, perform
from ansible_collections.mediaops.access.tests.unit.plugins.modules import audienceplayer as ap
from ansible_collections.mediaops.access.tests.unit.plugins.modules import flex
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_playlyfe_player import player
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_playlyfe_player_info import page
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_playlyfe_token import CONNECTION as PLAYLYFE
from ansible_collections.mediaops.access.tests.unit.plugins.modules.test_playlyfe_token import login

FLEX = {"url": flex.URL, "registration_key": flex.KEY}
VERA = "vera@example.com"
VARIABLES = ("FREEWHEEL_USERNAME", "FREEWHEEL_PASSWORD", "PLAYLYFE_CLIENT_ID", "PLAYLYFE_CLIENT_SECRET")


@pytest.fixture
def dest(tmp_path):
    (tmp_path / "exports").mkdir()
    return tmp_path / "exports" / "access.yml"


@pytest.fixture
def table(dest):
    return dest.with_name("access.audienceplayer.entitlements.csv")


@pytest.fixture
def run(dest, tmp_path, monkeypatch, clock):
    """Exports to ``dest``. Nothing that is shown or written holds a secret."""
    monkeypatch.setenv("ANSIBLE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(access, "Clock", lambda: clock)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)

    def run_task(*calls, check_mode=False, **args):
        result = perform(
            ActionModule,
            "mediaops.access.manifest_export",
            {"dest": str(dest), **args},
            *calls,
            check_mode=check_mode,
            diff=True,
        )
        assert "hush" not in json.dumps(result)
        for path in filter(pathlib.Path.is_file, dest.parent.iterdir()):
            assert "hush" not in path.read_text(errors="replace")
        return result

    return run_task


@pytest.fixture
def run_flex(run):
    return lambda *found, **args: run(flex.listed(*found), connection={"flex": FLEX}, **args)


@pytest.fixture
def exported(dest):
    """The manifest's content, and its comments."""

    def read():
        text = dest.read_text(encoding="utf-8")
        comments = [line.strip() for line in text.splitlines()[2:] if line.strip().startswith("#")]
        return yaml.safe_load(text), comments

    return read


def user(email, number=333, name="Vera"):
    found = {"id": number, "email": email, "name": name} if number else None
    return ap.graphql(
        f'query {{ ClientUser({ap.CLIENT}, email: "{email}") {{ id email name }} }}', {"ClientUser": found}
    )


# --- what is exported --------------------------------------------------------------------------------------------------------


def test_applications_are_sorted_and_need_no_request_of_their_own(run_flex, exported):
    result = run_flex(flex.app(2, "b", "Second"), flex.app(1, "a", "First"))

    assert (result["changed"], result["counts"]) == (True, {"flex": {"applications": 2}})
    assert exported()[0]["flex"] == {
        "url": flex.URL,
        "applications": [{"name": "a", "description": "First"}, {"name": "b", "description": "Second"}],
    }


def test_a_missing_description_is_read_by_id(run, exported):
    listed = {"id": 1, "applicationName": "a", "clientId": "client-1"}
    run(flex.listed(listed), flex.got(flex.app(1, "a")), connection={"flex": FLEX})

    assert exported()[0]["flex"]["applications"] == [{"name": "a", "description": "Tool to review media"}]


def test_of_two_applications_with_the_same_name_the_first_is_selected_by_id(run_flex, exported):
    result = run_flex(flex.app(9), flex.app(7))
    manifest, comments = exported()

    note = "application 9 has the same name as application 7: 'Reviewer'"
    assert manifest["flex"]["applications"] == [
        {"name": "Reviewer", "description": "Tool to review media", "id": 7},
    ]
    assert f"# not exported: {note}" in comments
    assert result["not_exported"] == [note]
    assert note in result["warnings"][0]


def test_an_application_that_a_rotation_replaces_is_a_comment(run_flex, exported):
    retiring = "Reviewer (retiring since 2026-11-28T10:00:00Z)"
    result = run_flex(flex.app(7), flex.app(5, retiring))

    assert [item["name"] for item in exported()[0]["flex"]["applications"]] == ["Reviewer"]
    assert result["not_exported"] == [f"application 5 is retiring: {retiring!r}"]


def test_all_pages_of_players_are_exported(run, exported):
    result = run(
        login(),
        page(0, player("Two", "p2"), total=2),
        page(1, {"id": "p1", "alias": None, "enabled": False}, total=2),
        connection={"playlyfe": PLAYLYFE},
    )

    assert exported()[0]["playlyfe"]["players"] == [{"id": "p1"}, {"id": "p2", "alias": "Two"}]
    assert result["not_exported"] == ["player 'p1' is disabled"]


def test_users_are_exported_with_what_they_hold_now(run, exported):
    held = [
        ap.product(446),
        ap.product(444),
        ap.product(445, False),
        ap.product(447, True, "2020-01-01T00:00:00Z"),
        ap.subscription(556, "2030-12-31 23:59:59"),
        ap.subscription(557, "2020-01-01T00:00:00Z"),
        ap.subscription(555, None),
    ]
    result = run(
        user(VERA),
        ap.user_login(VERA),
        ap.holdings(*held, user=VERA),
        connection={"audienceplayer": ap.CONNECTION},
        users=[VERA],
    )

    assert exported()[0]["audienceplayer"]["users"] == [{"user_email": VERA, "user_name": "Vera"}]
    assert exported()[0]["audienceplayer"]["entitlements"] == [
        {"user_email": VERA, "product_id": 444},
        {"user_email": VERA, "product_id": 446},
        {"user_email": VERA, "subscription_id": 556, "expires_at": "2030-12-31T23:59:59Z"},
    ]
    assert result["not_exported"] == [f"subscription 555 of {VERA} does not end, and a manifest requires expires_at"]


def test_a_user_who_does_not_exist_is_not_exported(run, exported):
    missing = ap.user_login(VERA, ap.NOT_FOUND)
    result = run(
        user(VERA, None),
        missing,
        ap.client_login(ap.logged_in()),
        connection={"audienceplayer": ap.CONNECTION},
        users=[{"user_email": VERA}],
    )

    assert exported()[0]["audienceplayer"]["users"] == exported()[0]["audienceplayer"]["entitlements"] == []
    assert result["not_exported"] == [f"no user has the address {VERA!r}"]


def test_a_platform_that_lists_nothing_is_an_empty_section(run, exported):
    result = run(sections=["freewheel"])

    assert (exported(), result["counts"]) == (
        ({"freewheel": {}}, ["# FreeWheel does not list its tokens"]),
        {"freewheel": {}},
    )


# --- connections -------------------------------------------------------------------------------------------------------------


def test_options_that_are_not_secret_are_written_and_the_others_named(run, exported, tmp_path):
    (tmp_path / "ca.pem").write_text("")
    connection = {**FLEX, "timeout": 10, "retries": "2", "ca_path": os.path.relpath(tmp_path / "ca.pem")}
    run(
        flex.listed(),
        connection={
            "flex": {
                **connection,
                "token_cache": "redis://:hush-redis@redis.test",
                "token_cache_key": "hush-key-of-the-cache-with-enough-characters",
            }
        },
    )
    manifest, comments = exported()

    assert manifest["flex"] == {
        "url": flex.URL,
        "timeout": 10.0,
        "retries": 2,
        "ca_path": str(tmp_path / "ca.pem"),
        "applications": [],
    }
    assert comments == [
        "# registration_key is not written, because it is secret. Set FLEX_REGISTRATION_KEY",
        "# token_cache is not written, because it is secret. Set MEDIAOPS_TOKEN_CACHE",
        "# token_cache_key is not written, because it is secret. Set MEDIAOPS_TOKEN_CACHE_KEY",
    ]


def test_options_of_the_task_and_the_environment_are_not_written(run, exported, monkeypatch):
    monkeypatch.setenv("FLEX_URL", flex.URL)
    monkeypatch.setenv("FLEX_REGISTRATION_KEY", flex.KEY)
    run(flex.listed(), timeout=10)

    assert exported() == ({"flex": {"applications": []}}, [])


def test_what_contains_a_secret_is_not_exported(run_flex, exported):
    result = run_flex(flex.app(1, "a", f"with {flex.KEY}"), flex.app(2, "b", "with hush-1"), flex.app(3, "c"))

    assert [item["name"] for item in exported()[0]["flex"]["applications"]] == ["c"]
    assert [note.rpartition("' ")[2] for note in result["not_exported"]] == ["contains a secret"] * 2


@pytest.mark.parametrize("length", range(140, 200, 7))
def test_a_part_of_a_secret_is_not_exported(run_flex, exported, dest, length):
    """Wherever a long description is cut."""
    result = run_flex(flex.app(1, "a", "x" * length + flex.KEY))

    assert exported()[0]["flex"]["applications"] == []
    assert f"x{flex.KEY[:2]}" not in f"{result}{dest.read_text()}"


# --- the text ----------------------------------------------------------------------------------------------------------------


def test_a_comment_is_one_line_whatever_the_platform_says(run_flex, exported):
    name = "a\nflex: {applications: []}\u2028\x85"
    result = run_flex(flex.app(1, name), flex.app(2, name))
    manifest, comments = exported()

    assert [item["name"] for item in manifest["flex"]["applications"]] == [name]
    assert comments[1:] == [f"# not exported: {result['not_exported'][0]}"]


def test_the_first_line_names_the_schema(run_flex, dest):
    run_flex()
    first, _mark, begin, *_rest = dest.read_text().splitlines()

    assert (first, begin) == (f"# yaml-language-server: $schema={SCHEMA}", "---")
    assert os.path.isabs(SCHEMA) and os.path.exists(SCHEMA)


def test_another_place_of_the_schema_is_no_change(run_flex, dest):
    run_flex()
    _first, _end, rest = dest.read_text().partition("\n")
    dest.write_text(f"# yaml-language-server: $schema=elsewhere.json\n{rest}")

    assert run_flex()["changed"] is False


# --- the file ----------------------------------------------------------------------------------------------------------------


def test_an_equal_file_is_not_written(run_flex, dest):
    run_flex(flex.app())
    before = dest.stat()
    result = run_flex(flex.app())

    assert (result["changed"], result["diff"]) == (False, [])
    assert dest.stat() == before and before.st_mode & 0o777 == 0o600


def test_check_mode_predicts_and_writes_nothing(run_flex, dest):
    predicted = run_flex(flex.app(), check_mode=True)
    assert not dest.exists()

    assert predicted["diff"] == run_flex(flex.app())["diff"]
    assert predicted["changed"] is True
    assert "+" not in predicted["diff"][0]["before"] and "Reviewer" in predicted["diff"][0]["after"]


def test_an_open_mode_is_corrected(run_flex, dest):
    run_flex()
    dest.chmod(0o644)

    assert run_flex()["changed"] is True
    assert dest.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"flex: {}\n", b"\xff\xfe", b"# yaml-language-server: $schema=x\n---\nflex: {}\n"])
def test_a_file_that_was_not_exported_is_neither_replaced_nor_shown(run, dest, content):
    dest.write_bytes(content)
    message = failure(run(connection={"flex": FLEX}))

    assert message == (
        f"{dest} exists and is not an exported file, so it is not replaced. Set dest to another path, or remove the file"
    )
    assert dest.read_bytes() == content


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_an_empty_file_is_replaced(run_flex, dest, content):
    dest.write_text(content)

    assert run_flex()["changed"] is True


def test_a_fifo_is_refused(run, dest):
    os.mkfifo(dest)

    assert "is a FIFO, not a regular file" in failure(run(connection={"flex": FLEX}))


def test_a_link_is_not_followed(run, run_flex, dest, tmp_path):
    mine = tmp_path / "mine.yml"
    mine.write_text("flex: {}\n")
    dest.symlink_to(mine)

    assert "is not an exported file" in failure(run(connection={"flex": FLEX}))
    assert mine.read_text() == "flex: {}\n"


def test_a_missing_directory_is_a_clear_failure(run, dest):
    assert "cannot be written: No such file or directory" in failure(
        run(connection={"flex": FLEX}, dest=str(dest.parent / "missing" / "a.yml"))
    )


def test_an_edited_export_is_replaced_and_its_content_not_shown(run_flex, dest):
    run_flex(flex.app())
    text = dest.read_text()
    dest.write_text(text.replace("Reviewer", "Added by hand"))
    result = run_flex(flex.app())

    assert result["diff"][0]["before"] == "(changed since it was exported, and not shown)\n"
    assert (result["changed"], dest.read_text()) == (True, text)


def test_a_truncated_export_is_replaced(run_flex, dest):
    run_flex(flex.app())
    text = dest.read_text()
    dest.write_text("\n".join(text.splitlines()[:2]))

    assert run_flex(flex.app())["diff"][0]["before"] == "(changed since it was exported, and not shown)\n"
    assert dest.read_text() == text


def test_nothing_is_written_if_a_platform_fails(run, run_flex, dest):
    run_flex(flex.app())
    before = dest.read_text()
    result = run(
        flex.listed(),
        login(answer="hush", status=403),
        connection={"flex": FLEX, "playlyfe": PLAYLYFE},
    )

    assert dest.read_text() == before
    assert (result["failed"], result["changed"], result["provider"], result["status"]) == (True, False, "playlyfe", 403)
    assert result["msg"].startswith("Playlyfe: ") and result["msg"].endswith(". Nothing was written")


def test_every_failure_is_reported(run):
    message = failure(run(connection={"flex": {"url": flex.URL}, "playlyfe": {}}))

    assert "Flex Media Platform: registration_key must be given" in message
    assert "Playlyfe: client_id and client_secret must be given" in message


@pytest.mark.parametrize("total", [3, 200])
def test_an_incomplete_list_is_a_failure(run, dest, total):
    result = run(login(), page(0, player(), total=total), page(1, total=total), connection={"playlyfe": PLAYLYFE})

    assert f"the list of players ends after 1 of {total}" in failure(result)
    assert not dest.exists()


def test_an_incomplete_list_of_entitlements_is_a_failure(run, dest):
    first = ap.lists(ap.product(), total=2)
    second = {"UserProductList": {"items": [], "pagination": {"total_count": 2}}}
    first["UserSubscriptionList"]["pagination"]["total_count"] = 0
    result = run(
        user(VERA),
        ap.user_login(VERA),
        ap.graphql(ap.pages(), first, token=f"hush-{VERA}"),
        ap.graphql(ap.pages(1, None), second, token=f"hush-{VERA}"),
        connection={"audienceplayer": ap.CONNECTION},
        users=[VERA],
    )

    assert f"{VERA}: UserProductList ends after 1 of 2" in failure(result)
    assert not dest.exists()


# --- a list in a file --------------------------------------------------------------------------------------------------------


@pytest.fixture
def run_long(run, monkeypatch):
    """Exports a user with these products; more than two are a file."""
    monkeypatch.setattr(_manifest_text, "MAX_INLINE", 2)

    def run_task(*products, **args):
        calls = [user(VERA), ap.user_login(VERA), ap.holdings(*map(ap.product, products), user=VERA)]
        options = {**ap.CONNECTION, "token_cache": "none"}
        return run(*calls, connection={"audienceplayer": options}, users=[VERA], **args)

    return run_task


def test_a_long_list_is_a_file_beside_the_manifest(run_long, exported, table):
    result = run_long(3, 1, 2)

    assert exported()[0]["audienceplayer"]["entitlements_file"] == table.name
    assert table.read_text() == f"sep=,\nproduct_id,user_email\n1,{VERA}\n2,{VERA}\n3,{VERA}\n"
    assert table.stat().st_mode & 0o777 == 0o600
    assert [diff["before_header"] for diff in result["diff"]][1:] == [str(table)]
    assert run_long(1, 2, 3)["changed"] is False


def test_a_change_in_the_file_is_shown(run_long, table):
    run_long(1, 2, 3)
    result = run_long(1, 2, 4)

    assert f"3,{VERA}" in result["diff"][1]["before"] and f"4,{VERA}" in result["diff"][1]["after"]


def test_an_edited_file_is_replaced_and_its_content_not_shown(run_long, table):
    run_long(1, 2, 3)
    table.write_text(f"{table.read_text()}5,added@example.com\n")
    result = run_long(1, 2, 3)

    assert [diff["before"] for diff in result["diff"]] == ["(changed since it was exported, and not shown)\n"]
    assert "added" not in table.read_text()


def test_the_file_is_removed_when_the_list_is_short_again(run_long, exported, table):
    run_long(1, 2, 3)
    assert run_long(1, 2, check_mode=True)["changed"] is True
    assert table.exists()
    result = run_long(1, 2)

    assert not table.exists()
    assert result["diff"][1]["after"] == ""
    assert len(exported()[0]["audienceplayer"]["entitlements"]) == 2
    assert run_long(1, 2)["changed"] is False


@pytest.mark.parametrize("content", ["user_email,product_id\n", "sep=,\nsomething,else\n"])
def test_a_file_of_somebody_else_is_never_replaced_or_removed(run_long, dest, table, content):
    table.write_text(content)

    assert f"{table} exists and is not an exported file" in failure(run_long(1, 2, 3))
    assert not dest.exists()
    assert run_long(1, 2)["changed"] is True
    assert table.read_text() == content


def test_a_run_killed_between_the_files_is_continued(run_long, dest, table, monkeypatch):
    """The manifest is the old one, and valid: the file is written first."""
    run_long(1, 2)
    before = dest.read_text()
    write = PrivateFile.write

    def write_table_only(self, data):
        if b"sep=," not in b"".join(data):
            raise KeyboardInterrupt
        write(self, data)

    with monkeypatch.context() as patched:
        patched.setattr(PrivateFile, "write", write_table_only)
        with pytest.raises(KeyboardInterrupt):
            run_long(1, 2, 3)
    assert dest.read_text() == before
    assert table.exists()

    assert run_long(1, 2, 3, 4)["changed"] is True
    assert run_long(1, 2, 3, 4)["changed"] is False


# --- users -------------------------------------------------------------------------------------------------------------------


def test_users_can_come_from_a_file_with_other_columns(run, exported, tmp_path):
    (tmp_path / "viewers.csv").write_text(f"user_email,product_id,note\n{VERA},444,x\n{VERA},445,y\n")
    run(
        user(VERA),
        ap.user_login(VERA),
        ap.holdings(user=VERA),
        connection={"audienceplayer": ap.CONNECTION},
        users=str(tmp_path / "viewers.csv"),
    )

    assert exported()[0]["audienceplayer"]["users"] == [{"user_email": VERA, "user_name": "Vera"}]


@pytest.mark.parametrize(
    ("users", "message"),
    [
        (["vera"], "users[0]: 'vera' is not an e-mail address: it has no @"),
        ([VERA, 7], "users[1]: '7' is not an e-mail address: it has no @"),
        ([VERA, {"user_id": 7}], "users[1]: user_email must be given"),
        ({"user_email": VERA}, "users must be a list, or the path of a CSV, JSON, JSON Lines or YAML file"),
        ("users.txt", "users.txt: the file extension must be one of .csv, .json, .jsonl, .ndjson, .yml, .yaml"),
    ],
)
def test_wrong_users_are_refused(run, users, message):
    assert message in failure(run(connection={"audienceplayer": ap.CONNECTION}, users=users))


def test_two_spellings_of_a_user_are_one(run, exported):
    run(
        user("VERA@example.com"),
        user(VERA),
        ap.introspection(),
        ap.graphql(
            f"mutation {{ u0: {one_login('VERA@example.com')} u1: {one_login(VERA)} }}",
            {"u0": ap.logged_in("hush-1"), "u1": ap.logged_in("hush-2")},
        ),
        ap.graphql(ap.pages(), ap.lists(ap.product()), token="hush-1"),
        ap.graphql(ap.pages(), ap.lists(ap.product()), token="hush-2"),
        connection={"audienceplayer": ap.CONNECTION},
        users=[VERA, "VERA@example.com"],
    )

    assert exported()[0]["audienceplayer"]["users"] == [{"user_email": "VERA@example.com", "user_name": "Vera"}]
    assert len(exported()[0]["audienceplayer"]["entitlements"]) == 1


def one_login(email):
    return f'ClientUserAuthenticate({ap.CLIENT}, user_email: "{email}", auto_register: false) {{ {ap.SELECTION} }}'


# --- what is selected --------------------------------------------------------------------------------------------------------


def test_without_credentials_there_is_nothing_to_export(run):
    assert failure(run()) == (
        "there are no credentials for any platform. Set them in connection or in the environment, or select platforms "
        "with sections"
    )


def test_every_platform_with_credentials_is_exported(run, monkeypatch):
    monkeypatch.setenv("FREEWHEEL_USERNAME", "mrm")
    monkeypatch.setenv("FREEWHEEL_PASSWORD", "hush-freewheel")

    assert run(flex.listed(), connection={"flex": FLEX})["counts"] == {"flex": {"applications": 0}, "freewheel": {}}


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"sections": ["flux"]}, "sections: unknown platform 'flux'; valid platforms: audienceplayer, flex, "),
        ({"connection": {"flux": {}}}, "connection: unknown platform 'flux'; valid platforms: audienceplayer, flex, "),
        ({"connection": {"flex": "x"}}, "connection: flex must be a dictionary of options"),
        ({"connection": {"flex": {**FLEX, "urll": "hush"}}}, "Flex Media Platform: Unsupported parameters for "),
    ],
)
def test_wrong_selections_are_refused(run, args, message):
    assert failure(run(**args)).startswith(message)
