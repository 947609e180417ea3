# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import contextlib
import errno
import fcntl
import hashlib
import hmac
import itertools
import json
import mmap
import os
import pathlib
import re
import shutil
import signal
import stat
import sys
import threading

import pytest
from cryptography.fernet import Fernet
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.module_utils._clock import Clock
from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError, MissingLibrary, WaitTooLong
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.budget import WaitBudget
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.rate import Rate
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.schedule import Schedule
from ansible_collections.mediaops.access.plugins.module_utils._store import encrypted, memory
from ansible_collections.mediaops.access.plugins.module_utils._store.backend import reserve_all
from ansible_collections.mediaops.access.plugins.module_utils._store.directory import DirectoryBackend
from ansible_collections.mediaops.access.plugins.module_utils._store.encrypted import TokenStore, stretch_key
from ansible_collections.mediaops.access.plugins.module_utils._store.location import open_backend
from ansible_collections.mediaops.access.plugins.module_utils._store.memory import MemoryBackend
from ansible_collections.mediaops.access.tests.unit.plugins.module_utils._data.test_files import make_socket

KEY = "k" * 32
NAME = "0123abcd"
SECRET = "the-access-token-itself"
ENTRY = {"provider": "flex", "token": {"access_token": SECRET, "refresh_token": "the-refresh-token"}}


@pytest.fixture
def place(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def backend(place, clock):
    return DirectoryBackend(str(place), clock)


@pytest.fixture
def budget(clock):
    return WaitBudget(300, clock)


def store_in(backend, key=KEY):
    return TokenStore(lambda: backend, key)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


# --- the directory: who may read and write it -----------------------------------------------------------------------------


@pytest.mark.parametrize("mask", [0o000, 0o002, 0o022, 0o077, 0o277, 0o777], ids=oct)
def test_created_files_are_private_under_any_umask(mask, tmp_path, clock, budget):
    place = tmp_path / "not" / "yet" / "cache"
    before = os.umask(mask)
    try:
        backend = DirectoryBackend(str(place), clock)
        backend.own_key()
        backend.write(NAME, b"data", None)
        backend.reserve([("all", Rate(1, 1.0))], budget)
        with backend.lock("item", budget):
            pass
    finally:
        os.umask(before)

    made = {path.relative_to(tmp_path).as_posix(): mode(path) for path in tmp_path.rglob("*")}
    files = (f"tokens/{NAME}", "key", "locks/item", "locks/key", "pacing/all")
    assert made == {
        **dict.fromkeys(
            ("not", "not/yet", "not/yet/cache", *(f"not/yet/cache/{name}" for name in ("tokens", "locks", "pacing"))),
            0o700,
        ),
        **{f"not/yet/cache/{name}": 0o600 for name in files},
    }


def test_missing_parents_are_created(tmp_path, clock):
    DirectoryBackend(str(tmp_path / "not" / "yet" / "there"), clock).write(NAME, b"data", None)

    assert (tmp_path / "not" / "yet" / "there" / "tokens" / NAME).read_bytes() == b"data"


@pytest.mark.parametrize("folder", ["", "tokens", "locks", "pacing"])
@pytest.mark.parametrize("bits", [0o770, 0o707, 0o720, 0o777, 0o1777], ids=oct)
def test_directory_writable_by_others_is_refused(bits, folder, place, clock):
    (place / folder).mkdir(parents=True)
    (place / folder).chmod(bits)

    with pytest.raises(
        AccessError, match=f"^token_cache: others can write to the directory .*{folder} .mode {bits:04o}.*chmod 700"
    ):
        DirectoryBackend(str(place), clock)


@pytest.mark.parametrize("bits", [0o700, 0o750, 0o755], ids=oct)
def test_directory_not_writable_by_others_is_used(bits, place, clock):
    place.mkdir()
    place.chmod(bits)

    DirectoryBackend(str(place), clock)

    assert mode(place / "tokens") == 0o700


@pytest.mark.parametrize("other", [1, -1], ids=["a higher uid", "a lower uid"])
def test_directory_of_another_user_is_refused(other, place, clock, monkeypatch):
    place.mkdir(mode=0o700)
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + other)

    with pytest.raises(
        AccessError,
        match=f"^token_cache: the directory .*cache belongs to another user .uid {owner}.. Choose a directory of your own",
    ):
        DirectoryBackend(str(place), clock)


@pytest.mark.parametrize("link", ["cache", "parent/cache"])
def test_directory_behind_an_untrusted_link_is_refused_and_unchanged(link, tmp_path, clock):
    (tmp_path / "open").mkdir()
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "open" / link.split("/")[0]).symlink_to(tmp_path / "real")
    (tmp_path / "open").chmod(0o777)

    with pytest.raises(
        AccessError,
        match=r"^token_cache: the directory .* cannot be used: .* is a symbolic link in a directory that others can write to",
    ):
        DirectoryBackend(str(tmp_path / "open" / link), clock)
    assert list((tmp_path / "real").iterdir()) == []


def test_directory_behind_own_link_is_used(tmp_path, place, clock):
    (tmp_path / "real").mkdir(mode=0o700)
    place.symlink_to("real")

    DirectoryBackend(str(place), clock).write(NAME, b"data", None)

    assert (tmp_path / "real" / "tokens" / NAME).read_bytes() == b"data"


def test_removed_directory_is_created_again(place, clock):
    for _turn in range(2):
        DirectoryBackend(str(place), clock).write(NAME, b"data", None)
        shutil.rmtree(place)


@pytest.mark.parametrize("folder", ["", "tokens"])
def test_file_in_place_of_a_directory_is_refused(folder, place, clock):
    (place / folder).parent.mkdir(exist_ok=True)
    (place / folder).write_text("")

    with pytest.raises(
        AccessError,
        match=r"^token_cache: the directory .*cache cannot be used: Not a directory. Choose another directory, or none for no cache",
    ):
        DirectoryBackend(str(place), clock)


def test_directory_below_a_file_is_refused(tmp_path, clock):
    (tmp_path / "file").write_text("")

    with pytest.raises(AccessError, match="cannot be used: Not a directory"):
        DirectoryBackend(str(tmp_path / "file" / "cache"), clock)


@pytest.mark.parametrize(
    ("action", "call"),
    [
        ("written to", lambda backend, budget: backend.write(NAME, b"", None)),
        ("locked", lambda backend, budget: backend.lock("item", budget).__enter__()),
        ("locked", lambda backend, budget: backend.reserve([("all", Rate(1, 1.0))], budget)),
        ("locked", lambda backend, budget: backend.block_until([("all", Rate(1, 1.0))], 0)),
    ],
    ids=["write", "lock", "reserve", "block_until"],
)
def test_later_directory_failure_is_clear(action, call, backend, budget, monkeypatch):
    def fail(*args, **kwargs):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "open", fail)

    with pytest.raises(AccessError, match=f"^token_cache: the directory .* cannot be {action}: Read-only file system"):
        call(backend, budget)


def test_file_system_without_locks_fails_clearly(backend, budget, monkeypatch):
    def fail(*args):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", fail)

    with (
        pytest.raises(AccessError, match=r"^token_cache: the directory .* cannot be locked: No locks available"),
        backend.lock("item", budget),
    ):
        pass


# --- files in it -----------------------------------------------------------------------------------------------------------


def test_entries_are_written_read_listed_and_removed(backend):
    backend.write(NAME, b"one", None)
    backend.write(NAME, b"two", None)
    backend.write("other", b"three", None)

    assert backend.read(NAME) == b"two"
    assert backend.names() == [NAME, "other"]
    backend.remove(NAME)
    backend.remove(NAME)
    assert backend.read(NAME) is None
    assert backend.names() == ["other"]


@pytest.mark.parametrize(
    "spoil", ["symlink", "group-writable", "world-writable", "of a lower uid", "of a higher uid", "directory"]
)
def test_untrusted_file_is_a_miss(spoil, backend, place, tmp_path, monkeypatch):
    backend.write(NAME, b"data", None)
    file = place / "tokens" / NAME
    owner = os.geteuid()
    if spoil == "symlink":
        file.rename(tmp_path / "elsewhere")
        file.symlink_to(tmp_path / "elsewhere")
    elif spoil.endswith("uid"):
        monkeypatch.setattr(os, "geteuid", lambda: owner + (1 if "lower" in spoil else -1))
    elif spoil == "directory":
        file.unlink()
        file.mkdir()
    else:
        file.chmod({"group-writable": 0o620, "world-writable": 0o602}[spoil])

    assert backend.read(NAME) is None


@pytest.mark.parametrize("link", [NAME, NAME + ".new"], ids=["the file", "the temporary file"])
def test_writing_replaces_a_symlink_not_its_target(link, backend, place, tmp_path):
    target = tmp_path / "target"
    target.write_bytes(b"mine")
    (place / "tokens" / link).symlink_to(target)

    backend.write(NAME, b"data", None)

    assert target.read_bytes() == b"mine"
    assert backend.read(NAME) == b"data"
    assert not (place / "tokens" / NAME).is_symlink()


@pytest.mark.parametrize(
    ("file", "call"),
    [
        ("locks/item", lambda backend, budget: backend.lock("item", budget).__enter__()),
        ("pacing/all", lambda backend, budget: backend.reserve([("all", Rate(1, 1.0))], budget)),
    ],
    ids=["lock", "pacing"],
)
def test_symlink_among_locks_and_schedules_is_refused(file, call, backend, budget, place, tmp_path):
    target = tmp_path / "target"
    target.write_bytes(b"mine")
    (place / file).symlink_to(target)

    with pytest.raises(AccessError, match="cannot be locked"):
        call(backend, budget)
    assert target.read_bytes() == b"mine"


USES = {
    f"tokens/{NAME}": lambda backend, budget: backend.read(NAME),
    "key": lambda backend, budget: backend.own_key(),
    "locks/item": lambda backend, budget: contextlib.ExitStack().enter_context(backend.lock("item", budget)),
    "pacing/all": lambda backend, budget: backend.reserve([("all", Rate(1, 1.0))], budget),
}


@pytest.fixture
def filled(backend, budget):
    """A backend with all of its files."""
    backend.write(NAME, b"data", None)
    backend.own_key()
    backend.reserve([("all", Rate(1, 1.0))], budget)
    with backend.lock("item", budget):
        return backend


@pytest.mark.parametrize("bits", [0o644, 0o640, 0o604, 0o611], ids=oct)
@pytest.mark.parametrize("file", USES)
def test_file_readable_by_others_is_made_private_with_a_warning(file, bits, filled, place, clock, budget):
    before = (place / file).read_bytes()
    (place / file).chmod(bits)
    warnings = []

    for _turn in range(2):
        USES[file](DirectoryBackend(str(place), clock, warnings.append), budget)

    assert mode(place / file) == 0o600
    (warning,) = warnings
    assert warning.startswith(
        f"token_cache: {place}/{file} was readable by others (mode {bits:04o}); its mode is now 0600. If the cache"
    )
    assert file.startswith("pacing") or (place / file).read_bytes() == before


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, make_socket], ids=["FIFO", "directory", "socket"])
@pytest.mark.parametrize("file", USES)
def test_irregular_file_is_refused_without_blocking(file, make, filled, place, budget, start):
    (place / file).unlink()
    make(place / file)

    child = start(
        "import sys\nargs = sys.argv[1:]\n" + USE_ONE, place, file.partition("/")[0]
    )  # killed when the test ends

    kind = {os.mkfifo: "FIFO", os.mkdir: "directory"}.get(make, "socket")
    said = child.line()
    if file.startswith("tokens"):
        assert said == "None"
    elif file == "key" and kind != "directory":
        assert len(said) == 44
    elif file == "key":
        assert said.startswith("token_cache: the directory") and "cannot be written to: Is a directory" in said
    else:
        assert (
            said
            == f"token_cache: the directory {place} cannot be locked: it is a {kind}, not a regular file. Choose another directory, or none for no cache"
        )


USE_ONE = """
from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.module_utils._clock import Clock
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.budget import WaitBudget
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.rate import Rate
from ansible_collections.mediaops.access.plugins.module_utils._store.directory import DirectoryBackend
backend, patience = DirectoryBackend(args[0], Clock()), WaitBudget(1, Clock())
uses = {
    "tokens": lambda: backend.read("0123abcd"),
    "key": backend.own_key,
    "locks": lambda: backend.lock("item", patience).__enter__(),
    "pacing": lambda: backend.reserve([("all", Rate(1, 1.0))], patience),
}
try:
    print(uses[args[1]](), flush=True)
except AccessError as error:
    print(error.message, flush=True)
"""


@pytest.mark.parametrize("file", ["locks/item", "pacing/all"])
@pytest.mark.parametrize("bits", [0o660, 0o606], ids=oct)
def test_lock_or_schedule_writable_by_others_is_refused(file, bits, filled, place, budget):
    (place / file).chmod(bits)

    with pytest.raises(
        AccessError, match=f"cannot be locked: .*{file} belongs to another user, or others can write to it. Remove it"
    ):
        USES[file](filled, budget)


CRASHING_WRITE = """
import os, signal
from ansible_collections.mediaops.access.plugins.module_utils._clock import Clock
from ansible_collections.mediaops.access.plugins.module_utils._store.directory import DirectoryBackend
import sys
backend = DirectoryBackend(sys.argv[1], Clock())
os.replace = lambda *args: os.kill(os.getpid(), signal.SIGKILL)
backend.write(sys.argv[2], b"half a tok", None)
"""


def test_crash_while_writing_keeps_the_old_entry_and_blocks_nothing(backend, place, start):
    backend.write(NAME, b"old", None)

    assert start(CRASHING_WRITE, place, NAME).process.wait(60) == -signal.SIGKILL

    assert backend.read(NAME) == b"old"
    assert backend.names() == [NAME]
    backend.write(NAME, b"new", None)
    assert backend.read(NAME) == b"new"
    assert [path.name for path in (place / "tokens").iterdir()] == [NAME]


def test_leftovers_of_a_crash_are_not_reused(backend, place):
    (place / "tokens" / f"{NAME}.new").write_bytes(b"half a token of another process")

    backend.write(NAME, b"new", None)

    assert backend.read(NAME) == b"new"
    assert backend.names() == [path.name for path in (place / "tokens").iterdir()] == [NAME]


def test_interleaved_writer_wins(backend, place, monkeypatch):
    open_handle = os.fdopen

    def come_between(*args):
        monkeypatch.setattr(os, "fdopen", open_handle)
        backend.write(NAME, b"second", None)
        return open_handle(*args)

    monkeypatch.setattr(os, "fdopen", come_between)
    backend.write(NAME, b"first", None)

    assert backend.read(NAME) == b"second"
    assert [path.name for path in (place / "tokens").iterdir()] == [NAME]
    assert mode(place / "tokens" / NAME) == 0o600


def test_overlapping_writers_leave_one_complete_entry(backend, place, monkeypatch):
    open_handle = os.fdopen
    first_is_open, second_is_open = threading.Event(), threading.Event()
    first = threading.Thread(target=backend.write, args=(NAME, b"first", None))

    def overlap(*args):
        if threading.current_thread() is first:
            first_is_open.set()
            assert second_is_open.wait(20)
        else:  # the first writer moves the second one's file while it is still empty
            second_is_open.set()
            first.join(20)
        return open_handle(*args)

    monkeypatch.setattr(os, "fdopen", overlap)
    first.start()
    assert first_is_open.wait(20)
    backend.write(NAME, b"second", None)

    assert backend.read(NAME) == b"second"
    assert [path.name for path in (place / "tokens").iterdir()] == [NAME]


# --- many at once ----------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["directory", "memory"])
def either(request, place, clock):
    return DirectoryBackend(str(place), clock) if request.param == "directory" else MemoryBackend(clock, {})


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a", "b", "c"], [b"1", b"2", b""]),
        (["c", "missing", "a"], [b"", None, b"1"]),
        (["a", "a"], [b"1", b"1"]),
        (["missing"], [None]),
        ([], []),
    ],
    ids=str,
)
def test_read_many_keeps_the_order(names, expected, either):
    for name, data in (("b", b"2"), ("a", b"1"), ("c", b""), ("d", b"4")):
        either.write(name, data, None)

    assert either.read_many(names) == expected


def test_read_many_from_an_empty_backend(either):
    assert either.read_many(["a", "b"]) == [None, None]


@given(
    there=st.dictionaries(st.sampled_from("abcdef"), st.binary(max_size=5)), names=st.lists(st.sampled_from("abcdefgh"))
)
def test_read_many_equals_single_reads(tmp_path_factory, there, names):
    for backend in (DirectoryBackend(str(tmp_path_factory.mktemp("many")), Clock()), MemoryBackend(Clock(), {})):
        for name, data in there.items():
            backend.write(name, data, None)

        assert backend.read_many(names) == [there.get(name) for name in names] == [backend.read(name) for name in names]


def test_read_many_skips_untrusted_files(backend, place, tmp_path):
    for name in ("good", "writable", "link"):
        backend.write(name, b"data", None)
    (place / "tokens" / "writable").chmod(0o666)
    (place / "tokens" / "link").rename(tmp_path / "elsewhere")
    (place / "tokens" / "link").symlink_to(tmp_path / "elsewhere")
    (place / "tokens" / "folder").mkdir()

    assert backend.read_many(["writable", "good", "link", "folder"]) == [None, b"data", None, None]


# --- locks -----------------------------------------------------------------------------------------------------------------

HOLDER = """
import sys
from ansible_collections.mediaops.access.plugins.module_utils._clock import Clock
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.budget import WaitBudget
from ansible_collections.mediaops.access.plugins.module_utils._store.directory import DirectoryBackend
with DirectoryBackend(sys.argv[1], Clock()).lock("item", WaitBudget(10, Clock())):
    print("locked", flush=True)
    input()
"""


def test_lock_waits_within_the_budget(backend, clock, budget):
    budget.left = 1.0

    with (
        backend.lock("item", budget),
        pytest.raises(WaitTooLong, match="another process holds the lock"),
        backend.lock("item", budget),
    ):
        pass

    assert sum(clock.slept) == pytest.approx(1.0, abs=0.05)


def test_locks_with_other_names_are_free(backend, clock, budget):
    with backend.lock("item", budget), backend.lock("other", budget):
        pass

    assert clock.slept == []


def test_lock_is_free_after_use_and_after_a_failure(backend, clock, budget):
    with pytest.raises(RuntimeError), backend.lock("item", budget):
        raise RuntimeError

    with backend.lock("item", budget):
        pass
    assert clock.slept == []


def test_lock_of_a_killed_process_is_released(backend, place, clock, budget, start):
    holder = start(HOLDER, place)
    assert holder.line() == "locked"
    with pytest.raises(WaitTooLong), backend.lock("item", WaitBudget(0, clock)):
        pass

    holder.process.send_signal(signal.SIGKILL)
    holder.process.wait(60)

    with backend.lock("item", budget):
        assert clock.slept == []


def race(count, work):
    """Run ``work`` in several threads at once, which switch as often as possible."""
    barrier, results, interval = threading.Barrier(count), [], sys.getswitchinterval()

    def run():
        barrier.wait(20)
        results.append(work())

    threads = [threading.Thread(target=run) for _number in range(count)]
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    finally:
        sys.setswitchinterval(interval)
    assert len(results) == count
    return results


def test_memory_lock_is_exclusive_between_threads(clock, budget):
    backend = MemoryBackend(clock, {})
    inside, together = [], []

    def work():
        for _turn in range(100):
            with backend.lock("item", budget):
                inside.append(1)
                os.stat("/")  # releases the GIL
                together.append(len(inside))
                inside.pop()

    race(4, work)

    assert together == [1] * 400


def test_memory_lock_is_free_after_a_failure_and_separate_by_name(clock, budget):
    backend = MemoryBackend(clock, {})

    with pytest.raises(RuntimeError), backend.lock("item", budget), backend.lock("other", budget):
        raise RuntimeError

    assert race(1, lambda: backend.lock("item", budget).__enter__()) == [None]


# --- the key ---------------------------------------------------------------------------------------------------------------

MAKE_KEYS = """
import os
import time
from ansible_collections.mediaops.access.plugins.module_utils._clock import Clock
from ansible_collections.mediaops.access.plugins.module_utils._store.directory import DirectoryBackend

def late(function):  # gives other processes time to interleave
    return lambda *args, **kwargs: time.sleep(0.003) or function(*args, **kwargs)

os.makedirs, os.urandom = late(os.makedirs), late(os.urandom)
print("ready", flush=True)
input()
for number in range(10):
    print(DirectoryBackend(f"{args[0]}/{number}", Clock()).own_key())
"""


def test_concurrent_processes_agree_on_directory_and_key(tmp_path, together):
    first, *others = together(4, MAKE_KEYS, tmp_path)

    assert others == [first] * 3
    assert len(set(first)) == 10


def test_key_is_stable(backend, place, clock):
    assert DirectoryBackend(str(place), clock).own_key() == backend.own_key()
    assert len(base64.urlsafe_b64decode(backend.own_key())) == 32


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 43, b"x" * 45], ids=len)
def test_invalid_key_file_is_replaced_and_old_entries_are_misses(content, backend, place):
    store = store_in(backend, None)
    store.write(NAME, ENTRY, None)

    (place / "key").write_bytes(content)

    assert store_in(backend, None).read(NAME) is None
    assert len((place / "key").read_bytes()) == 44
    assert mode(place / "key") == 0o600


def test_untrusted_key_file_is_not_used(backend, place):
    backend.own_key()
    (place / "key").chmod(0o666)
    planted = (place / "key").read_text()

    assert backend.own_key() != planted
    assert mode(place / "key") == 0o600


# --- pacing ----------------------------------------------------------------------------------------------------------------

RESERVE = """
import time
from ansible_collections.mediaops.access.plugins.module_utils._clock import Clock
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.budget import WaitBudget
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.rate import Rate
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.schedule import Schedule
from ansible_collections.mediaops.access.plugins.module_utils._store.directory import DirectoryBackend

class Noted(Clock):
    frozen = float(args[1])
    def now(self):
        self.last = self.frozen or time.time()
        time.sleep(0.001)  # gives other processes time to interleave
        return self.last

clock = Noted()
backend = DirectoryBackend(args[0], clock)
print("ready", flush=True)
input()
for number in range(10):
    wait = backend.reserve([("all", Rate(4, 0.05))], WaitBudget(300, clock))
    print(repr(clock.last + wait))
    if not clock.frozen:
        time.sleep(wait)
"""


def test_concurrent_processes_get_distinct_starts(place, together):
    starts = sorted(float(start) for starts in together(4, RESERVE, place, 1000) for start in starts)

    assert starts == pytest.approx([1000 + 0.052 * (number // 4) for number in range(40)])


def test_processes_together_respect_the_limit(place, together):
    starts = sorted(float(start) for starts in together(4, RESERVE, place, 0) for start in starts)

    assert len(starts) == 40
    assert all(late - early > 0.05 for early, late in zip(starts, starts[4:], strict=False))


BOTH = pytest.mark.parametrize("kind", ["directory", "memory"])


@pytest.fixture
def paced(kind, place, clock):
    return DirectoryBackend(str(place), clock) if kind == "directory" else MemoryBackend(clock, {})


@BOTH
def test_start_counts_for_all_limits_and_respects_all(paced, budget):
    everything, logins = ("all", Rate(5, 1.0)), ("auth", Rate(1, 1.0))

    waits = [
        paced.reserve(rate_limits, budget)
        for rate_limits in ([everything, logins], [everything], [logins, everything], [logins])
    ]

    assert waits == pytest.approx([0, 0, 1.04, 2.08], abs=1e-4)


@BOTH
def test_start_delayed_by_one_limit_respects_the_other(paced, clock, budget):
    everything, logins = ("all", Rate(1, 1.0)), ("auth", Rate(5, 1.0))
    paced.block_until([logins], clock.now() + 5.3)

    waits = [paced.reserve([everything, logins], budget) for _call in range(3)]

    assert waits == pytest.approx([5.3, 6.34, 7.38], abs=1e-4)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.booleans(), st.floats(0, 3), st.booleans()), min_size=1, max_size=20))
def test_two_limits_are_respected_by_any_mix_of_calls(calls):
    now, budget = 1_800_000_000.0, WaitBudget(10_000, Clock())
    everything, logins = (Rate(2, 1.0), Schedule()), (Rate(3, 2.0), Schedule())
    starts = {id(everything): [], id(logins): []}
    for both, pause, held in calls:
        if held:
            logins[1].block_until(now + pause, now)
        rate_limits = [everything, logins] if both else [everything]
        start = now + reserve_all(rate_limits, now, budget)
        for slot in rate_limits:
            starts[id(slot)].append(start)
        now += pause / 10

    for rate, schedule in (everything, logins):
        taken = sorted(starts[id(everything if rate.count == 2 else logins)])
        assert all(late - early > rate.window for early, late in zip(taken, taken[rate.count :], strict=False)), (
            schedule
        )


@BOTH
def test_start_beyond_the_wait_budget_is_not_reserved(paced, clock):
    slot = ("all", Rate(1, 60.0))
    paced.reserve([slot], WaitBudget(10, clock))

    for _attempt in range(3):
        with pytest.raises(
            WaitTooLong,
            match="the rate limit is used up by calls that are already waiting: a wait of 60 s is needed, but only 10 s of",
        ):
            paced.reserve([slot], WaitBudget(10, clock))

    assert paced.reserve([slot], WaitBudget(61, clock)) == pytest.approx(60.5, abs=1e-4)


@BOTH
def test_no_call_starts_while_blocked(paced, clock, budget):
    slot = ("all", Rate(5, 1.0))

    paced.block_until([slot], clock.now() + 7)

    assert paced.reserve([slot], budget) == pytest.approx(7)


@BOTH
@pytest.mark.parametrize("step", ["reserve", "hold"])
def test_entries_from_before_the_clock_was_set_back_are_dropped(step, paced, clock):
    slot, day = ("all", Rate(3, 1.0)), 86400
    clock.time += 9 * day
    paced.block_until([slot], clock.now()) if step == "hold" else paced.reserve([slot], WaitBudget(0, clock))
    clock.time -= 9 * day

    assert [paced.reserve([slot], WaitBudget(9, clock)) for _call in range(7)] == pytest.approx(
        [0, 0, 0, 1.04, 1.04, 1.04, 2.08], abs=1e-4
    )
    clock.time += 8.5 * day
    assert paced.reserve([slot], WaitBudget(0, clock)) == 0


@BOTH
def test_block_until_holds_after_the_clock_was_set_back(paced, clock, budget):
    slot = ("all", Rate(3, 1.0))
    paced.block_until([slot], clock.now() + 9 * 86400)

    paced.block_until([slot], clock.now() + 7)

    assert paced.reserve([slot], budget) == pytest.approx(7)


@BOTH
def test_shorter_block_does_not_end_a_longer_one(paced, clock, budget):
    slot = ("all", Rate(3, 1.0))
    paced.block_until([slot], clock.now() + 7)

    paced.block_until([slot], clock.now() + 1)

    assert paced.reserve([slot], budget) == pytest.approx(7)


steps = st.lists(st.tuples(st.sampled_from(["reserve", "hold"]), st.floats(0, 5), st.floats(0, 3)), max_size=40)


@settings(max_examples=200)
@given(st.integers(1, 4), steps)
def test_no_window_exceeds_the_limit_even_after_blocking(count, steps):
    class Now(Clock):
        time = 1000.0

        def now(self):
            return self.time

    clock = Now()
    backend, rate, starts = MemoryBackend(clock, {}), Rate(count, 1.0), []
    for step, hold, pause in steps:
        clock.time += pause
        if step == "hold":
            backend.block_until([("all", rate)], clock.time + hold)
        else:
            starts.append(clock.time + backend.reserve([("all", rate)], WaitBudget(10_000, clock)))

    starts.sort()
    assert all(late - early > rate.window for early, late in zip(starts, starts[count:], strict=False))


def test_directory_respects_the_limit_after_blocking(backend, clock, budget):
    slot = ("all", Rate(1, 1.0))
    starts = [backend.reserve([slot], budget) for _call in range(4)]

    backend.block_until([slot], clock.now() + 0.5)
    starts += [backend.reserve([slot], budget) for _call in range(3)]

    starts.sort()
    assert all(late - early > 1 for early, late in itertools.pairwise(starts))


@pytest.mark.parametrize(
    "content", [b"", b"abc", b"\x00" * 11, b"\xff" * 16], ids=["empty", "cut", "cut after one", "not a number"]
)
def test_damaged_schedule_file_costs_at_most_one_window(content, backend, place, budget):
    (place / "pacing" / "all").write_bytes(content)

    assert 0 <= backend.reserve([("all", Rate(1, 1.0))], budget) <= 1.04
    assert backend.reserve([("all", Rate(1, 1.0))], budget) == pytest.approx(1.04, abs=1e-4)


def test_memory_schedules_are_shared_by_items(clock, budget, monkeypatch):
    monkeypatch.setattr(memory, "_PROCESS_SCHEDULES", {})
    slot = ("all", Rate(1, 1.0))

    waits = [MemoryBackend(clock).reserve([slot], budget) for _item in range(2)]

    assert waits == pytest.approx([0, 1.04], abs=1e-4)


def test_concurrent_threads_get_distinct_starts(clock, budget):
    backend = MemoryBackend(clock, {})
    rate_limits = [("all", Rate(4, 1.0)), ("auth", Rate(2, 1.0))]

    waits = race(4, lambda: [backend.reserve(rate_limits, budget) for _call in range(25)])

    assert sorted(wait for waits_of_one in waits for wait in waits_of_one) == pytest.approx(
        [1.04 * (number // 2) for number in range(100)], abs=1e-3
    )


@BOTH
def test_request_cost_reduces_the_remaining_calls(paced, budget):
    waits = [paced.reserve([("all", Rate(5, 1.0, cost))], budget) for cost in (4, 2, 1, 1, 5)]

    assert waits == pytest.approx([0, 1.04, 0, 1.04, 2.08], abs=1e-4)


# --- encrypted entries -----------------------------------------------------------------------------------------------------


def test_entry_is_readable_with_the_key(backend, place, clock):
    store_in(backend).write(NAME, ENTRY, None)

    assert store_in(DirectoryBackend(str(place), clock)).read(NAME) == {**ENTRY, "name": NAME}


@pytest.mark.parametrize("key", [None, KEY], ids=["own key", "given key"])
def test_tokens_are_not_readable_on_disk(key, backend, place):
    store = store_in(backend, key)
    store.write(store.name_of(["flex", "https://host", "me", SECRET]), ENTRY, None)

    kept = b"\n".join(
        str(path).encode() + b"\n" + (path.read_bytes() if path.is_file() else b"") for path in place.rglob("*")
    )
    unwrapped = b"".join(base64.urlsafe_b64decode(path.read_bytes()) for path in (place / "tokens").iterdir())
    for word in (SECRET, "the-refresh-token", "access_token", "flex", "host"):
        whole = [base64.b64encode(word.encode()[skipped:])[:-4] for skipped in range(3)]
        assert not [
            spelling
            for spelling in (word.encode(), word.encode().hex().encode(), *whole)
            if len(spelling) > 3 and spelling in kept + unwrapped
        ]


IDENTITY = ["flex", "https://host", "client_credentials", "me", "", "secret"]


@pytest.mark.parametrize("position", range(len(IDENTITY)))
def test_different_identities_have_different_names(position, backend):
    store = store_in(backend)
    other = [*IDENTITY[:position], IDENTITY[position] + "x", *IDENTITY[position + 1 :]]

    assert store.name_of(other) != store.name_of(IDENTITY)


def test_names_distinguish_how_an_identity_is_split(backend):
    store = store_in(backend)

    assert store.name_of(["a", "bc"]) != store.name_of(["ab", "c"]) != store.name_of(["ab,c"])


def test_names_depend_on_the_key(backend):
    assert store_in(backend, "k1").name_of(IDENTITY) != store_in(backend, "k2").name_of(IDENTITY)
    assert store_in(backend, "k1").name_of(IDENTITY) == store_in(backend, "k1").name_of(tuple(IDENTITY))


def flipped(data):
    return data[:40] + bytes([data[40] ^ 1]) + data[41:]


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda data: b"", id="empty"),
        pytest.param(lambda data: data[:-1], id="truncated"),
        pytest.param(lambda data: data[:20], id="cut short"),
        pytest.param(flipped, id="one bit"),
        pytest.param(lambda data: b"\xff\x00garbage", id="garbage"),
        pytest.param(lambda data: b'{"name": "0123abcd"}', id="plain JSON"),
        pytest.param(lambda data: data + data, id="doubled"),
    ],
)
def test_corrupt_entry_is_a_miss(spoil, backend, place):
    store = store_in(backend)
    store.write(NAME, ENTRY, None)
    file = place / "tokens" / NAME

    file.write_bytes(spoil(file.read_bytes()))

    assert store.read(NAME) is None
    assert store.entries() == {}


def test_entry_of_another_key_is_a_miss(backend):
    store_in(backend, "another key").write(NAME, ENTRY, None)

    assert store_in(backend).read(NAME) is None


def test_swapped_files_are_misses(backend, place):
    store = store_in(backend)
    store.write("mine", ENTRY, None)
    store.write("yours", ENTRY, None)

    (place / "tokens" / "mine").rename(place / "tokens" / "swap")
    (place / "tokens" / "yours").rename(place / "tokens" / "mine")
    (place / "tokens" / "swap").rename(place / "tokens" / "yours")

    assert (store.read("mine"), store.read("yours")) == (None, None)


@pytest.mark.parametrize("content", [b"[1]", b'"text"', b"not JSON", b"\xff"], ids=repr)
def test_other_content_under_the_right_key_is_a_miss(content, backend):
    store = store_in(backend)
    backend.write(NAME, store._keys[1].encrypt(content), None)

    assert store.read(NAME) is None


def test_entries_returns_readable_entries(backend):
    store = store_in(backend)
    store.write("one", {"number": 1}, None)
    store.write("two", {"number": 2}, None)
    store_in(backend, "another key").write("three", {"number": 3}, None)

    assert {name: entry["number"] for name, entry in store.entries().items()} == {"one": 1, "two": 2}


def test_read_many_returns_readable_entries_by_name(backend, place):
    store = store_in(backend)
    for number, name in enumerate(("one", "two", "cut", "mine", "yours", "list")):
        store.write(name, {"number": number}, None)
    store_in(backend, "another key").write("foreign", {"number": 9}, None)
    (place / "tokens" / "cut").write_bytes((place / "tokens" / "cut").read_bytes()[:-9])
    (place / "tokens" / "mine").rename(place / "tokens" / "yours")
    backend.write("list", store._keys[1].encrypt(b"[1]"), None)

    found = store.read_many(["two", "missing", "cut", "foreign", "yours", "list", "one"])

    assert found == {"two": {"number": 1, "name": "two"}, "one": {"number": 0, "name": "one"}}
    assert list(found) == ["two", "one"]
    assert store.read_many([]) == {}


def test_open_opens_everything(clock):
    opened = []
    store = TokenStore(lambda: opened.append(1) or MemoryBackend(clock, {}), None)

    store.open()

    assert set(race(4, lambda: store.name_of(IDENTITY))) == {store.name_of(IDENTITY)}
    assert opened == [1]


@pytest.mark.parametrize(
    "use", [lambda store: store.name_of(["a"]), lambda store: store.entries()], ids=["name", "entries"]
)
def test_missing_library_is_reported_with_a_remedy(use, backend, monkeypatch):
    backend.write(NAME, b"data", None)
    monkeypatch.setitem(sys.modules, "cryptography.fernet", None)

    with pytest.raises(MissingLibrary, match=r"cryptography is required .*pip install cryptography"):
        use(store_in(backend))


def test_backend_without_own_key_requires_token_cache_key(backend, monkeypatch):
    monkeypatch.setattr(backend, "own_key", lambda: None)

    with pytest.raises(AccessError, match=r"^token_cache_key is required"):
        store_in(backend, None).name_of(["a"])


def test_persistent_temporary_file_fails_clearly(place, backend, monkeypatch):
    really_open = os.open
    tries = []

    def there_already(path, flags, *mode):
        if path.endswith(".new"):
            tries.append(path)
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        return really_open(path, flags, *mode)

    monkeypatch.setattr(os, "open", there_already)

    with pytest.raises(AccessError, match="cannot be written to: File exists"):
        backend.write(NAME, b"data", None)
    assert len(tries) == 10


WRITE_ON_A_FULL_DISK = """
import resource
from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.module_utils._clock import Clock
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.budget import WaitBudget
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.rate import Rate
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.schedule import Schedule
from ansible_collections.mediaops.access.plugins.module_utils._store.directory import DirectoryBackend
backend, patience = DirectoryBackend(args[0], Clock()), WaitBudget(1, Clock())
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # from here on the kernel rejects all writes
uses = {
    "write": lambda: backend.write("0123abcd", b"new", None),
    "own_key": backend.own_key,
    "reserve": lambda: backend.reserve([("all", Rate(1, 1.0))], patience),
    "hold": lambda: backend.block_until([("all", Rate(1, 1.0))], Clock.now() + 1),
}
for name, use in uses.items():
    try:
        use()
    except AccessError as error:
        print(name, error.message, flush=True)
print("end", backend.read("0123abcd"))
"""


def test_full_disk_fails_clearly_and_keeps_old_data(place, backend, start, budget):
    backend.write(NAME, b"old", None)
    child = start("import sys\nargs = sys.argv[1:]\n" + WRITE_ON_A_FULL_DISK, place)

    message = f"token_cache: the directory {place} cannot be written to: File too large. Choose another directory, or none for no cache"
    assert [child.line() for _use in range(5)] == [
        *(f"{use} {message}" for use in ("write", "own_key", "reserve", "hold")),
        "end b'old'",
    ]
    backend.write(NAME, b"new", None)
    assert backend.read(NAME) == b"new"
    assert len(backend.own_key()) == 44
    assert backend.reserve([("all", Rate(1, 1.0))], budget) == 0


# --- which backend ---------------------------------------------------------------------------------------------------------


def test_backend_is_created_lazily(place, clock):
    TokenStore(lambda: open_backend(str(place), clock, {}), None)

    assert not place.exists()


def test_memory_backend_keeps_tokens_for_one_item(clock, budget):
    backend = open_backend("none", clock, {})
    assert isinstance(backend, MemoryBackend)
    store = store_in(backend, None)
    with backend.lock(NAME, budget):
        store.write(NAME, ENTRY, None)

    assert store.read(NAME) == {**ENTRY, "name": NAME}
    assert backend.names() == [NAME]
    backend.remove(NAME)
    backend.remove(NAME)
    assert store.read(NAME) is None
    assert open_backend("none", clock, {}).names() == []


def test_directory_path_opens_a_directory(place, clock):
    assert isinstance(open_backend(str(place), clock, {}), DirectoryBackend)
    assert pathlib.Path(place, "tokens").is_dir()


# --- names that tell nothing -------------------------------------------------------------------------------------------------

PLAYER = "item\nplaylyfe\nhttps://host\np1"
SLOT = ("freewheel\nhttps://host\nuser@example.com\nall", Rate(1, 1.0))


class Recorder(MemoryBackend):
    """Records the names that it receives, like a backend that others can read."""

    private = False

    def __init__(self, own=None):
        super().__init__(Clock(), {})
        self.own = own
        self.seen = []
        self.asked = 0

    def lock(self, name, budget):
        self.seen.append(name)
        return super().lock(name, budget)

    def reserve(self, rate_limits, budget):
        self.seen += [name for name, _rate in rate_limits]
        return super().reserve(rate_limits, budget)

    def block_until(self, rate_limits, until):
        self.seen += [name for name, _rate in rate_limits]
        super().block_until(rate_limits, until)

    def own_key(self):
        self.asked += 1
        return self.own


def names_seen(key, own=None):
    """The names of a lock, of a rate limit when it is reserved and blocked, and of another one."""
    recorder = Recorder(own)
    store = TokenStore(lambda: recorder, key)
    with store.lock(PLAYER, WaitBudget(1, Clock())):
        store.reserve([SLOT], WaitBudget(1, Clock()))
    store.block_until([SLOT], 0)
    store.reserve([("another", SLOT[1])], WaitBudget(1, Clock()))
    assert recorder.asked <= 1
    return recorder.seen


def test_lock_and_limit_names_depend_on_the_key():
    ours, again, others = names_seen(KEY), names_seen(KEY), names_seen("another key")

    assert ours == again
    assert ours[1] == ours[2]
    assert len({*ours, *others}) == 6
    assert all(re.fullmatch("[0-9a-f]{64}", name) for name in ours)
    plain = {hashlib.sha256(text.encode()).hexdigest() for text in (PLAYER, SLOT[0], "another")}
    assert not plain.intersection(ours)


def test_directory_users_share_locks_and_limits_whatever_their_key():
    assert (
        names_seen(None, "own key of the directory")
        == names_seen(KEY, "own key of the directory")
        != names_seen(None, "another directory's")
    )


def test_lock_names_differ_from_token_names(backend):
    store = store_in(backend)

    assert store._hash_name(json.dumps(IDENTITY)) != store.name_of(IDENTITY)


def test_private_backend_needs_no_key(clock, budget, monkeypatch):
    monkeypatch.setattr(MemoryBackend, "own_key", lambda self: pytest.fail("nobody needs a key"))
    schedules = {}
    store = TokenStore(lambda: MemoryBackend(clock, schedules), None)

    store.reserve([SLOT], budget)
    with store.lock(PLAYER, budget):
        store.block_until([("another", SLOT[1])], 0)

    assert list(schedules) == [SLOT[0], "another"]


LOCK_AND_PACE = """
from ansible_collections.mediaops.access.plugins.module_utils._clock import Clock
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.budget import WaitBudget
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.rate import Rate
from ansible_collections.mediaops.access.plugins.module_utils._store.encrypted import TokenStore
from ansible_collections.mediaops.access.plugins.module_utils._store.location import open_backend
store = TokenStore(lambda: open_backend(args[0], Clock(), {}), args[1] or None)
with store.lock("item", WaitBudget(1, Clock())):
    store.reserve([("all", Rate(1, 1.0))], WaitBudget(1, Clock()))
print([name for name in sys.modules if name.startswith("cryptography")], flush=True)
"""


@pytest.mark.parametrize("key", ["", KEY], ids=["own key", "given key"])
def test_locks_and_limits_do_not_load_the_cipher(key, place, start):
    assert start("import sys\nargs = sys.argv[1:]\n" + LOCK_AND_PACE, place, key).line() == "[]"
    files = [path.name for folder in ("locks", "pacing") for path in (place / folder).iterdir() if path.name != "key"]
    assert len(files) == 2 and all(len(name) == 64 for name in files)


# --- the supplied key ---------------------------------------------------------------------------------------------------


@pytest.fixture
def rounds(monkeypatch):
    """Clear the memory page, and record the keys that are stretched."""
    monkeypatch.setattr(encrypted, "_stretched_keys", mmap.mmap(-1, mmap.PAGESIZE))
    really, noted = hashlib.pbkdf2_hmac, []

    def pbkdf2_hmac(name, secret, salt, iterations):
        noted.append((name, secret, salt, iterations))
        return really(name, secret, salt, 10)

    monkeypatch.setattr(hashlib, "pbkdf2_hmac", pbkdf2_hmac)
    return noted


def test_key_is_stretched_only_once(rounds):
    first, second = stretch_key("a key"), stretch_key("a key")

    assert first == second
    assert len(first) == 32
    assert rounds == [("sha256", b"a key", b"mediaops.access token_cache_key", 200_000)]


def test_stretched_key_is_reproducible():
    expected = hashlib.pbkdf2_hmac("sha256", "kéy".encode(), b"mediaops.access token_cache_key", 200_000)

    assert stretch_key("kéy") == expected


@given(keys=st.lists(st.text(st.characters(), min_size=1), min_size=1, max_size=200, unique=True))
@settings(max_examples=20, deadline=None)
def test_keys_at_the_same_offset_are_distinguished(keys):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(encrypted, "_stretched_keys", mmap.mmap(-1, mmap.PAGESIZE))
        patched.setattr(encrypted, "_ROUNDS", 1)

        assert len({stretch_key(key) for key in [*keys, *keys]}) == len(keys)


def test_half_written_key_is_computed_again(rounds):
    stretched = stretch_key("a key")
    place = encrypted._stretched_keys.find(stretched)

    for damaged in (place, place + 40):
        encrypted._stretched_keys[damaged] ^= 1
        assert stretch_key("a key") == stretched
    assert len(rounds) == 3


STRETCH_IN_A_WORKER = """
import hashlib, os
from ansible_collections.mediaops.access.plugins.module_utils._store.encrypted import stretch_key
worker = os.fork()
if not worker:
    stretch_key("the key of all workers")
    os._exit(0)
assert os.waitpid(worker, 0)[1] == 0
hashlib.pbkdf2_hmac = None
print(len(stretch_key("the key of all workers")), flush=True)
"""


def test_stretched_key_is_shared_by_workers(start):
    assert start(STRETCH_IN_A_WORKER).line() == "32"


def expanded(secret, label):
    """Derive a key like the first version (HKDF-Expand, RFC 5869, with one block)."""
    return hmac.new(secret, label + b"\x01", hashlib.sha256).digest()


def written_by_the_first_version(backend, key):
    name = hmac.new(
        expanded(key.encode(), b"mediaops.access names"), json.dumps(IDENTITY).encode(), hashlib.sha256
    ).hexdigest()
    cipher = Fernet(base64.urlsafe_b64encode(expanded(key.encode(), b"mediaops.access data")))
    backend.write(name, cipher.encrypt(json.dumps({**ENTRY, "name": name}).encode()), None)
    return name


def test_old_directory_cache_with_own_key_is_still_readable(backend):
    name = written_by_the_first_version(backend, backend.own_key())
    store = store_in(backend, None)

    assert store.name_of(IDENTITY) == name
    assert store.read(name) == {**ENTRY, "name": name}


def test_old_cache_with_an_unstretched_key_is_a_miss(backend):
    name = written_by_the_first_version(backend, KEY)
    store = store_in(backend)

    assert store.name_of(IDENTITY) != name
    assert store.read(name) is None
    assert store.entries() == {}
