# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import re
import signal
import sqlite3
import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.module_utils._data.ledger import Ledger
from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.tests.unit.plugins.module_utils._data.test_files import make_socket

PLACE = "audienceplayer https://host 111"
NOW = 1_800_000_000.0
DAY = 86400.0


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def opened(path):
    """Opens ledgers; none outlives the test."""
    ledgers = []

    def open_ledger(place=PLACE, max_age=DAY, **keywords):
        ledgers.append(Ledger(str(path), place, max_age, **keywords))
        return ledgers[-1]

    yield open_ledger
    for ledger in ledgers:
        ledger.close()


@pytest.fixture
def impatient(monkeypatch):
    """Nobody waits for another one's lock."""
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, timeout, **keywords: connect(path, timeout=0, **keywords))


def failure(path, action, what=""):
    """What a failure that names the ledger says besides."""
    with pytest.raises(AccessError) as caught:
        action()
    start = f"ledger: {what}{path} "
    assert caught.value.message.startswith(start)
    return caught.value.message[len(start) :]


# --- what is kept --------------------------------------------------------------------------------------------------------------


def test_what_is_noted_is_known_after_it_was_closed(opened):
    first = opened()
    first.record({"a": "present", "b": "absent"}, NOW)
    first.record({"b": "present until 2030", "c": "absent"}, NOW + 1)
    first.record({}, NOW)
    first.close()

    assert opened().recent_states(NOW + 2) == {"a": "present", "b": "present until 2030", "c": "absent"}


def test_a_new_ledger_knows_nothing(opened):
    assert opened().recent_states(NOW) == {}


@pytest.mark.parametrize(("age", "known"), [(0, True), (DAY - 1, True), (DAY, False), (DAY + 1, False), (-5, True)])
def test_what_is_too_old_is_not_known_any_more(age, known, opened):
    ledger = opened()
    ledger.record({"a": "present"}, NOW)

    assert ledger.recent_states(NOW + age) == ({"a": "present"} if known else {})


def test_who_allows_less_age_knows_less_and_leaves_it_there(opened):
    opened().record({"old": "present"}, NOW)
    opened().record({"new": "present"}, NOW + 100)

    assert opened(max_age=50).recent_states(NOW + 120) == {"new": "present"}
    assert opened(max_age=0).recent_states(NOW + 120) == {}
    assert opened().recent_states(NOW + 120) == {"old": "present", "new": "present"}


def test_noting_it_again_makes_it_young(opened):
    ledger = opened()
    ledger.record({"a": "present"}, NOW)
    ledger.record({"a": "present"}, NOW + DAY)

    assert ledger.recent_states(NOW + DAY + 5) == {"a": "present"}


def test_places_know_nothing_of_each_other(opened):
    mine, yours = opened(), opened("audienceplayer https://elsewhere 111")
    mine.record({"a": "present", "b": "present"}, NOW)
    yours.record({"a": "absent"}, NOW)
    yours.forget(["b"])

    assert (mine.recent_states(NOW), yours.recent_states(NOW)) == ({"a": "present", "b": "present"}, {"a": "absent"})


def test_what_is_forgotten_is_not_known(opened):
    ledger = opened()
    ledger.record({"a": "present", "b": "absent", "c": "absent"}, NOW)
    ledger.forget(item for item in ("a", "c", "never noted"))
    ledger.forget([])

    assert opened().recent_states(NOW) == {"b": "absent"}


STATES = st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from("xyz"), max_size=4)


@settings(max_examples=25)
@given(steps=st.lists(st.tuples(st.booleans(), STATES), max_size=6))
def test_a_ledger_knows_what_was_noted_last_and_not_forgotten(tmp_path_factory, steps):
    ledger, expected = Ledger(str(tmp_path_factory.mktemp("ledger") / "file"), PLACE, DAY), {}
    for forgets, states in steps:
        if forgets:
            ledger.forget(states)
            expected = {item: state for item, state in expected.items() if item not in states}
        else:
            ledger.record(states, NOW)
            expected.update(states)

    assert ledger.recent_states(NOW) == expected
    ledger.close()


@pytest.mark.parametrize("use", [lambda ledger, states: ledger.record(states, NOW), lambda ledger, states: ledger.forget(states)], ids=["note", "forget"])
def test_all_is_done_or_nothing(use, opened):
    class Interrupted(dict):
        def __iter__(self):
            yield from ("a", "b")
            raise KeyboardInterrupt

        def items(self):
            return ((item, "changed") for item in self)

    ledger = opened()
    ledger.record({"a": "first", "b": "first"}, NOW)

    with pytest.raises(KeyboardInterrupt):
        use(ledger, Interrupted())

    assert ledger.recent_states(NOW) == opened().recent_states(NOW) == {"a": "first", "b": "first"}
    use(ledger, {"a": "second"})
    assert opened().recent_states(NOW).get("a") != "first"


# --- the file ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o277], ids=oct)
def test_only_the_owner_can_use_what_is_made_under_any_umask(mask, path, opened, tmp_path):
    before = os.umask(mask)
    try:
        opened().record({"a": "present"}, NOW)
    finally:
        os.umask(before)

    assert {found.name: stat.S_IMODE(found.stat().st_mode) for found in tmp_path.iterdir()} == {"ledger.db": 0o600}


def test_an_empty_file_becomes_a_ledger(path, opened):
    path.touch()

    opened().record({"a": "present"}, NOW)

    assert opened().recent_states(NOW) == {"a": "present"}


@pytest.mark.parametrize("there", [False, True], ids=["no file", "an empty file"])
def test_who_only_reads_makes_nothing(there, path, opened, tmp_path):
    if there:
        path.touch()
    ledger = opened(read_only=True)

    assert ledger.recent_states(NOW) == {}
    assert [(found.name, found.read_bytes()) for found in tmp_path.iterdir()] == [("ledger.db", b"")] * there


def test_who_only_reads_knows_what_was_noted(path, opened):
    opened().record({"a": "present"}, NOW)
    before = path.read_bytes()

    assert opened(read_only=True).recent_states(NOW) == {"a": "present"}
    assert path.read_bytes() == before


NO_DATABASE = "cannot be used: file is not a database. Remove it, or name another; the platform will be asked again"
BOTH = pytest.mark.parametrize("read_only", [False, True], ids=["writing", "reading"])


@BOTH
@pytest.mark.parametrize("content", [b"user_email,product_id\n", b"x" * 5000], ids=["short", "long"])
def test_a_file_that_is_no_database_is_refused_and_left_alone(content, read_only, path, opened):
    path.write_bytes(content)

    assert failure(path, lambda: opened(read_only=read_only)) == NO_DATABASE
    assert path.read_bytes() == content


@BOTH
@pytest.mark.parametrize("kind", [0, 5], ids=["of no kind", "of another kind"])
def test_another_programs_database_is_refused_and_left_alone(kind, read_only, path, opened):
    with sqlite3.connect(path) as database:
        database.executescript(f"PRAGMA application_id = {kind}; CREATE TABLE applied (name TEXT)")
    database.close()
    before = path.read_bytes()

    assert failure(path, lambda: opened(read_only=read_only)) == "is another program's database. Name a file of its own"
    assert path.read_bytes() == before


def test_a_ledger_that_another_process_is_making_is_no_other_programs(path, opened, monkeypatch):
    connect = sqlite3.connect

    class Overtaken(sqlite3.Connection):
        """Between its first two questions, somebody else makes the ledger."""

        questions = 0

        def execute(self, *args):
            self.questions += 1
            if self.questions == 2:
                monkeypatch.setattr(sqlite3, "connect", connect)
                opened().record({"a": "present"}, NOW)
            return super().execute(*args)

    monkeypatch.setattr(sqlite3, "connect", lambda *args, **keywords: connect(*args, **keywords, factory=Overtaken))

    assert opened().recent_states(NOW) == {"a": "present"}


@pytest.mark.parametrize("use", [lambda ledger: ledger.recent_states(NOW), lambda ledger: ledger.record({"a": "b"}, NOW)], ids=["known", "note"])
def test_a_damaged_ledger_is_a_clear_failure(use, path, opened):
    ledger = opened()
    ledger.record({f"item {number}": "present" for number in range(1000)}, NOW)
    ledger.close()
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:4096] + b"\x55" * (size - 4096))

    assert failure(path, lambda: use(opened())).startswith("cannot be used: database disk image is malformed. Remove it, or name another")


@BOTH
def test_a_folder_is_refused(read_only, path, opened):
    path.mkdir()

    assert failure(path, lambda: opened(read_only=read_only)) == "cannot be used: it is a directory, not a regular file"


OPEN = """
import sys
from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.module_utils._data.ledger import Ledger
try:
    Ledger(sys.argv[1], "place", 1000, read_only=sys.argv[2] == "True")
except AccessError as error:
    print(error.message, flush=True)
"""


@BOTH
@pytest.mark.parametrize("make", [os.mkfifo, make_socket, lambda path: path.symlink_to(os.devnull)], ids=["a FIFO", "a socket", "a symbolic link"])
def test_nobody_waits_for_what_is_no_regular_file(make, read_only, path, start, request):
    make(path)

    child = start(OPEN, path, read_only)  # which the test's end kills

    kind = request.node.callspec.id.split("-")[0]
    assert child.line() == f"ledger: {path} cannot be used: it is {kind}, not a regular file"


@BOTH
@pytest.mark.parametrize("name", ["ledger.db-journal", "ledger.db-wal", "ledger.db-shm"])
@pytest.mark.parametrize("target", ["foreign", "nothing"])
def test_a_link_where_sqlite_would_write_is_refused_and_its_target_left_alone(target, name, read_only, path, opened, tmp_path):
    opened().record({"a": "present"}, NOW)
    (tmp_path / "foreign").write_bytes(b"foreign")
    (tmp_path / name).symlink_to(target)

    message = failure(path, lambda: opened(read_only=read_only), f"{name} beside ")
    assert message == "is a symbolic link, and SQLite would write to it. Remove it"
    assert (tmp_path / "foreign").read_bytes() == b"foreign"
    assert not (tmp_path / "nothing").exists()


def test_a_folder_behind_a_link_that_others_can_have_planted_is_refused(tmp_path):
    (tmp_path / "open").mkdir()
    (tmp_path / "real").mkdir()
    (tmp_path / "open" / "link").symlink_to("../real")
    (tmp_path / "open").chmod(0o777)
    path = tmp_path / "open" / "link" / "ledger.db"

    message = failure(path, lambda: Ledger(str(path), PLACE, DAY))
    assert message == "cannot be used: link is a symbolic link in a directory that others can write to. Give the path without it"
    assert list((tmp_path / "real").iterdir()) == []


def test_a_missing_folder_is_a_clear_failure(path):
    path = path.parent / "missing" / "ledger.db"

    assert failure(path, lambda: Ledger(str(path), PLACE, DAY)) == "cannot be used: No such file or directory"
    assert not path.parent.exists()


@pytest.mark.parametrize("there", [True, False], ids=["to a file", "to nothing"])
def test_a_symlink_is_refused_and_its_target_left_alone(there, path, opened, tmp_path):
    target = tmp_path / "target"
    if there:
        target.touch()
    path.symlink_to(target)

    assert failure(path, opened) == "cannot be used: it is a symbolic link, not a regular file"
    assert not there or target.read_bytes() == b""
    assert target.exists() is there


# --- several processes ---------------------------------------------------------------------------------------------------------

NOTE = """
from ansible_collections.mediaops.access.plugins.module_utils._data.ledger import Ledger
print("ready", flush=True)
input()
import os
ledger = Ledger(args[0], "place", 1000)
for number in range(20):
    ledger.record({f"{os.getpid()}-{number}": "present", "shared": str(os.getpid())}, 5)
    ledger.forget([f"{os.getpid()}-{number - 1}"])
print(os.getpid())
"""


def test_processes_note_at_the_same_time(path, together):
    numbers = [number for (number,) in together(3, NOTE, path)]

    known = Ledger(str(path), "place", 1000).recent_states(5)
    assert known.pop("shared") in numbers
    assert known == {f"{number}-19": "present" for number in numbers}


NOTE_WITHOUT_END = """
import itertools
import sys
from ansible_collections.mediaops.access.plugins.module_utils._data.ledger import Ledger
ledger = Ledger(sys.argv[1], "place", 1000)
for number in itertools.count():
    ledger.record({f"{number}-{part}": "present" for part in range(300)}, 5)
    print(number, flush=True)
"""


def test_a_process_that_is_killed_leaves_what_it_has_noted(path, start):
    for _round in range(3):
        child = start(NOTE_WITHOUT_END, path)
        noted = [child.line() for _note in range(5)]
        child.process.send_signal(signal.SIGKILL)
        assert child.process.wait(60) == -signal.SIGKILL
        noted += child.process.stdout.read().split()

        ledger = Ledger(str(path), "place", 1000)
        counts = {}
        for item in ledger.recent_states(5):
            counts[item.partition("-")[0]] = counts.get(item.partition("-")[0], 0) + 1
        assert set(counts.values()) == {300}
        assert set(noted) <= counts.keys()
        ledger.forget(ledger.recent_states(5))
        ledger.close()


KILLED_IN_A_NOTE = """
import os
import signal
import sys
from ansible_collections.mediaops.access.plugins.module_utils._data.ledger import Ledger

class Deadly(dict):
    def items(self):
        for number in range(100_000):  # more than SQLite keeps in memory
            yield f"item {number}", "half"
        os.kill(os.getpid(), signal.SIGKILL)

Ledger(sys.argv[1], "place", 1000).record(Deadly(), 5)
"""


def test_what_a_process_was_noting_when_it_was_killed_is_undone(path, start):
    ledger = Ledger(str(path), "place", 1000)
    ledger.record({"item 0": "whole"}, 5)
    ledger.close()

    assert start(KILLED_IN_A_NOTE, path).process.wait(60) == -signal.SIGKILL

    ledger = Ledger(str(path), "place", 1000)
    assert ledger.recent_states(5) == {"item 0": "whole"}
    ledger.record({"item 1": "whole"}, 5)
    assert ledger.recent_states(5) == {"item 0": "whole", "item 1": "whole"}
    ledger.close()


LOCKED = "cannot be used: database is locked. Remove it, or name another; the platform will be asked again"


@pytest.mark.parametrize(
    "use",
    [lambda ledger: ledger.record({"a": "new"}, NOW), lambda ledger: ledger.forget(["a"]), lambda ledger: ledger.recent_states(NOW)],
    ids=["note", "forget", "known"],
)
def test_a_ledger_that_another_keeps_locked_is_a_clear_failure_and_of_use_afterwards(use, path, opened, impatient):
    ledger = opened()
    ledger.record({"a": "old"}, NOW)
    other = sqlite3.connect(path, timeout=0, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    assert failure(path, lambda: use(ledger)) == LOCKED
    assert failure(path, opened) == LOCKED
    other.execute("ROLLBACK")
    other.close()

    assert ledger.recent_states(NOW) == {"a": "old"}
    ledger.record({"a": "newest"}, NOW)
    assert opened().recent_states(NOW) == {"a": "newest"}


def test_a_note_that_a_reader_blocks_at_its_end_is_undone(path, opened, impatient):
    ledger = opened()
    ledger.record({"a": "old"}, NOW)
    reader = sqlite3.connect(path, timeout=0, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM applied").fetchall()

    assert failure(path, lambda: ledger.record({"a": "new"}, NOW)) == LOCKED
    reader.execute("ROLLBACK")
    reader.close()

    assert ledger.recent_states(NOW) == {"a": "old"}
    ledger.record({"a": "newest"}, NOW)
    assert opened().recent_states(NOW) == {"a": "newest"}


def test_who_finds_it_locked_waits_for_half_a_minute(path, monkeypatch):
    asked = []
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, timeout, **keywords: asked.append(timeout) or connect(path, **keywords))

    Ledger(str(path), PLACE, DAY).close()

    assert asked == [30.0]


FULL_DISK = """
import resource
import sys
from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.module_utils._data.ledger import Ledger
ledger = Ledger(sys.argv[1], "place", 1000)
ledger.record({"a": "old"}, 5)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
try:
    ledger.record({f"item {number}": "x" * 1000 for number in range(5000)}, 5)
except AccessError as error:
    print(error.message, flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
ledger.record({"b": "new"}, 5)
print(ledger.recent_states(5))
"""


def test_a_disk_that_is_full_is_a_clear_failure_and_keeps_what_was_there(path, start):
    child = start(FULL_DISK, path)

    assert re.fullmatch(
        f"ledger: {re.escape(str(path))} cannot be used: (database or disk is full|disk I/O error)[.] Remove it, or name another; .*", child.line()
    )
    assert child.line() == "{'a': 'old', 'b': 'new'}"
