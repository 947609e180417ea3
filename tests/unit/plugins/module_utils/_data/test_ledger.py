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
    """Open ledgers, and close them after the test."""
    ledgers = []

    def open_ledger(place=PLACE, max_age=DAY, **keywords):
        ledgers.append(Ledger(str(path), place, max_age, **keywords))
        return ledgers[-1]

    yield open_ledger
    for ledger in ledgers:
        ledger.close()


@pytest.fixture
def impatient(monkeypatch):
    """Fail immediately instead of waiting for a lock."""
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, timeout, **keywords: connect(path, timeout=0, **keywords))


def failure(path, action, what=""):
    """The message of a failure, after the name of the ledger."""
    with pytest.raises(AccessError) as caught:
        action()
    start = f"ledger: {what}{path} "
    assert caught.value.message.startswith(start)
    return caught.value.message[len(start) :]


# --- what is kept --------------------------------------------------------------------------------------------------------------


def test_recorded_states_survive_closing(opened):
    first = opened()
    first.record({"a": "present", "b": "absent"}, NOW)
    first.record({"b": "present until 2030", "c": "absent"}, NOW + 1)
    first.record({}, NOW)
    first.close()

    assert opened().recent_states(NOW + 2) == {"a": "present", "b": "present until 2030", "c": "absent"}


def test_new_ledger_is_empty(opened):
    assert opened().recent_states(NOW) == {}


@pytest.mark.parametrize(("age", "known"), [(0, True), (DAY - 1, True), (DAY, False), (DAY + 1, False), (-5, True)])
def test_states_expire(age, known, opened):
    ledger = opened()
    ledger.record({"a": "present"}, NOW)

    assert ledger.recent_states(NOW + age) == ({"a": "present"} if known else {})


def test_smaller_maximum_age_hides_states_but_keeps_them(opened):
    opened().record({"old": "present"}, NOW)
    opened().record({"new": "present"}, NOW + 100)

    assert opened(max_age=50).recent_states(NOW + 120) == {"new": "present"}
    assert opened(max_age=0).recent_states(NOW + 120) == {}
    assert opened().recent_states(NOW + 120) == {"old": "present", "new": "present"}


def test_recording_a_state_again_renews_it(opened):
    ledger = opened()
    ledger.record({"a": "present"}, NOW)
    ledger.record({"a": "present"}, NOW + DAY)

    assert ledger.recent_states(NOW + DAY + 5) == {"a": "present"}


def test_places_are_separate(opened):
    mine, yours = opened(), opened("audienceplayer https://elsewhere 111")
    mine.record({"a": "present", "b": "present"}, NOW)
    yours.record({"a": "absent"}, NOW)
    yours.forget(["b"])

    assert (mine.recent_states(NOW), yours.recent_states(NOW)) == ({"a": "present", "b": "present"}, {"a": "absent"})


def test_forgotten_items_are_gone(opened):
    ledger = opened()
    ledger.record({"a": "present", "b": "absent", "c": "absent"}, NOW)
    ledger.forget(item for item in ("a", "c", "never noted"))
    ledger.forget([])

    assert opened().recent_states(NOW) == {"b": "absent"}


STATES = st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from("xyz"), max_size=4)


@settings(max_examples=25)
@given(steps=st.lists(st.tuples(st.booleans(), STATES), max_size=6))
def test_ledger_returns_the_last_state_unless_forgotten(tmp_path_factory, steps):
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


@pytest.mark.parametrize(
    "use",
    [lambda ledger, states: ledger.record(states, NOW), lambda ledger, states: ledger.forget(states)],
    ids=["record", "forget"],
)
def test_changes_are_atomic(use, opened):
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
def test_created_files_are_private_under_any_umask(mask, path, opened, tmp_path):
    before = os.umask(mask)
    try:
        opened().record({"a": "present"}, NOW)
    finally:
        os.umask(before)

    assert {found.name: stat.S_IMODE(found.stat().st_mode) for found in tmp_path.iterdir()} == {"ledger.db": 0o600}


def test_empty_file_becomes_a_ledger(path, opened):
    path.touch()

    opened().record({"a": "present"}, NOW)

    assert opened().recent_states(NOW) == {"a": "present"}


@pytest.mark.parametrize("there", [False, True], ids=["no file", "an empty file"])
def test_read_only_creates_nothing(there, path, opened, tmp_path):
    if there:
        path.touch()
    ledger = opened(read_only=True)

    assert ledger.recent_states(NOW) == {}
    assert [(found.name, found.read_bytes()) for found in tmp_path.iterdir()] == [("ledger.db", b"")] * there


def test_read_only_returns_recorded_states(path, opened):
    opened().record({"a": "present"}, NOW)
    before = path.read_bytes()

    assert opened(read_only=True).recent_states(NOW) == {"a": "present"}
    assert path.read_bytes() == before


NO_DATABASE = (
    "cannot be used: file is not a database. Remove it or choose another file; the platform is then queried again"
)
BOTH = pytest.mark.parametrize("read_only", [False, True], ids=["writing", "reading"])


@BOTH
@pytest.mark.parametrize("content", [b"user_email,product_id\n", b"x" * 5000], ids=["short", "long"])
def test_other_file_is_refused_and_unchanged(content, read_only, path, opened):
    path.write_bytes(content)

    assert failure(path, lambda: opened(read_only=read_only)) == NO_DATABASE
    assert path.read_bytes() == content


@BOTH
@pytest.mark.parametrize("kind", [0, 5], ids=["of no kind", "of another kind"])
def test_other_database_is_refused_and_unchanged(kind, read_only, path, opened):
    with sqlite3.connect(path) as database:
        database.executescript(f"PRAGMA application_id = {kind}; CREATE TABLE applied (name TEXT)")
    database.close()
    before = path.read_bytes()

    assert (
        failure(path, lambda: opened(read_only=read_only)) == "is another program's database. Choose a different file"
    )
    assert path.read_bytes() == before


def test_ledger_being_created_by_another_process_is_accepted(path, opened, monkeypatch):
    connect = sqlite3.connect

    class Overtaken(sqlite3.Connection):
        """Another process creates the ledger between the first two queries."""

        questions = 0

        def execute(self, *args):
            self.questions += 1
            if self.questions == 2:
                monkeypatch.setattr(sqlite3, "connect", connect)
                opened().record({"a": "present"}, NOW)
            return super().execute(*args)

    monkeypatch.setattr(sqlite3, "connect", lambda *args, **keywords: connect(*args, **keywords, factory=Overtaken))

    assert opened().recent_states(NOW) == {"a": "present"}


@pytest.mark.parametrize(
    "use",
    [lambda ledger: ledger.recent_states(NOW), lambda ledger: ledger.record({"a": "b"}, NOW)],
    ids=["recent_states", "record"],
)
def test_damaged_ledger_fails_clearly(use, path, opened):
    ledger = opened()
    ledger.record({f"item {number}": "present" for number in range(1000)}, NOW)
    ledger.close()
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:4096] + b"\x55" * (size - 4096))

    assert failure(path, lambda: use(opened())).startswith(
        "cannot be used: database disk image is malformed. Remove it or choose another file"
    )


@BOTH
def test_directory_is_refused(read_only, path, opened):
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
@pytest.mark.parametrize(
    "make",
    [os.mkfifo, make_socket, lambda path: path.symlink_to(os.devnull)],
    ids=["a FIFO", "a socket", "a symbolic link"],
)
def test_irregular_file_is_refused_without_blocking(make, read_only, path, start, request):
    make(path)

    child = start(OPEN, path, read_only)  # killed when the test ends

    kind = request.node.callspec.id.split("-")[0]
    assert child.line() == f"ledger: {path} cannot be used: it is {kind}, not a regular file"


@BOTH
@pytest.mark.parametrize("name", ["ledger.db-journal", "ledger.db-wal", "ledger.db-shm"])
@pytest.mark.parametrize("target", ["foreign", "nothing"])
def test_link_in_place_of_a_sqlite_file_is_refused_and_its_target_unchanged(
    target, name, read_only, path, opened, tmp_path
):
    opened().record({"a": "present"}, NOW)
    (tmp_path / "foreign").write_bytes(b"foreign")
    (tmp_path / name).symlink_to(target)

    message = failure(path, lambda: opened(read_only=read_only), f"{name} beside ")
    assert message == "is a symbolic link, and SQLite would write to it. Remove it"
    assert (tmp_path / "foreign").read_bytes() == b"foreign"
    assert not (tmp_path / "nothing").exists()


def test_directory_behind_an_untrusted_link_is_refused(tmp_path):
    (tmp_path / "open").mkdir()
    (tmp_path / "real").mkdir()
    (tmp_path / "open" / "link").symlink_to("../real")
    (tmp_path / "open").chmod(0o777)
    path = tmp_path / "open" / "link" / "ledger.db"

    message = failure(path, lambda: Ledger(str(path), PLACE, DAY))
    assert (
        message
        == "cannot be used: link is a symbolic link in a directory that others can write to. Use a path without the link"
    )
    assert list((tmp_path / "real").iterdir()) == []


def test_missing_directory_fails_clearly(path):
    path = path.parent / "missing" / "ledger.db"

    assert failure(path, lambda: Ledger(str(path), PLACE, DAY)) == "cannot be used: No such file or directory"
    assert not path.parent.exists()


@pytest.mark.parametrize("there", [True, False], ids=["to a file", "to nothing"])
def test_symlink_is_refused_and_its_target_unchanged(there, path, opened, tmp_path):
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


def test_processes_record_concurrently(path, together):
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


def test_killed_process_keeps_what_it_recorded(path, start):
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


def test_incomplete_record_of_a_killed_process_is_rolled_back(path, start):
    ledger = Ledger(str(path), "place", 1000)
    ledger.record({"item 0": "whole"}, 5)
    ledger.close()

    assert start(KILLED_IN_A_NOTE, path).process.wait(60) == -signal.SIGKILL

    ledger = Ledger(str(path), "place", 1000)
    assert ledger.recent_states(5) == {"item 0": "whole"}
    ledger.record({"item 1": "whole"}, 5)
    assert ledger.recent_states(5) == {"item 0": "whole", "item 1": "whole"}
    ledger.close()


LOCKED = "cannot be used: database is locked. Remove it or choose another file; the platform is then queried again"


@pytest.mark.parametrize(
    "use",
    [
        lambda ledger: ledger.record({"a": "new"}, NOW),
        lambda ledger: ledger.forget(["a"]),
        lambda ledger: ledger.recent_states(NOW),
    ],
    ids=["record", "forget", "recent_states"],
)
def test_locked_ledger_fails_clearly_and_works_afterwards(use, path, opened, impatient):
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


def test_record_blocked_by_a_reader_is_rolled_back(path, opened, impatient):
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


def test_lock_is_waited_for_30_seconds(path, monkeypatch):
    asked = []
    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda path, timeout, **keywords: asked.append(timeout) or connect(path, **keywords)
    )

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


def test_full_disk_fails_clearly_and_keeps_old_data(path, start):
    child = start(FULL_DISK, path)

    assert re.fullmatch(
        f"ledger: {re.escape(str(path))} cannot be used: (database or disk is full|disk I/O error)[.] Remove it or choose another file; .*",
        child.line(),
    )
    assert child.line() == "{'a': 'old', 'b': 'new'}"
