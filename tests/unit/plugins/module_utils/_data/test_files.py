# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
import stat
import threading

import pytest

from ansible_collections.mediaops.access.plugins.module_utils._data.files import (
    irregular,
    make_private,
    open_directory,
    open_regular,
    others_can_write,
)

UNTRUSTED = "is a symbolic link in a directory that others can write to. Use a path without the link"


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def enter(path, **keywords):
    """Open a directory and return its status."""
    with open_directory(str(path), **keywords) as handle:
        return os.fstat(handle)


def same(info, path):
    return os.path.samestat(info, path.stat())


# --- directories -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spelling", ["{}", "{}/", "/{}//.", "{}/a/..", "{}/../{name}"])
def test_directory_paths_resolve_as_in_the_system(tmp_path, spelling):
    (tmp_path / "a").mkdir()

    assert same(enter(spelling.format(tmp_path, name=tmp_path.name)), tmp_path)
    assert same(enter("/"), tmp_path.parents[-1])


@pytest.mark.parametrize("target", ["real", "real/", "./real", "../{name}/real", "{path}/real", "second", "inner/up"])
def test_link_in_own_directory_is_followed(tmp_path, target):
    (tmp_path / "real" / "below").mkdir(parents=True)
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "up").symlink_to("../real")
    (tmp_path / "second").symlink_to(tmp_path / "real")
    (tmp_path / "link").symlink_to(target.format(path=tmp_path, name=tmp_path.name))

    assert same(enter(tmp_path / "link"), tmp_path / "real")
    assert same(enter(tmp_path / "link" / "below"), tmp_path / "real" / "below")
    assert same(enter(f"{tmp_path}/link/below/../.."), tmp_path)


@pytest.mark.parametrize("bits", [0o777, 0o1777, 0o770, 0o707], ids=oct)
def test_link_in_a_directory_writable_by_others_is_refused(tmp_path, bits):
    (tmp_path / "real").mkdir()
    (tmp_path / "open" / "below").mkdir(parents=True)
    (tmp_path / "open" / "link").symlink_to(tmp_path / "real")
    (tmp_path / "into").symlink_to("open/link")
    (tmp_path / "open").chmod(bits)

    for path in ("open/link", "open/link/x", "open/below/../link", "into"):
        with pytest.raises(OSError, match=f"link {UNTRUSTED}"):
            enter(tmp_path / path, create=True)
    assert list((tmp_path / "real").iterdir()) == []
    assert same(enter(tmp_path / "open" / "below"), tmp_path / "open" / "below")


def test_link_in_another_users_directory_is_refused(tmp_path, monkeypatch):
    (tmp_path / "link").symlink_to(".")
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)

    trusted = user == 0  # root is always trusted
    if trusted:
        assert same(enter(tmp_path / "link"), tmp_path)
    else:
        with pytest.raises(OSError, match=UNTRUSTED):
            enter(tmp_path / "link")


def test_circular_links_are_an_error(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")

    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        enter(tmp_path / "a")


def test_directory_swapped_for_a_link_is_not_followed(tmp_path, monkeypatch):
    (tmp_path / "real").mkdir()
    (tmp_path / "there").mkdir()
    really_stat = os.stat

    def swap_after(name, **keywords):
        info = really_stat(name, **keywords)
        if name == "there":
            (tmp_path / "there").rmdir()
            (tmp_path / "there").symlink_to("real")
        return info

    monkeypatch.setattr(os, "stat", swap_after)
    with pytest.raises(OSError, match=r"Not a directory|symbolic links"):
        enter(tmp_path / "there")


@pytest.mark.parametrize(
    ("path", "error"),
    [("none", errno.ENOENT), ("file", errno.ENOTDIR), ("file/x", errno.ENOTDIR), ("link", errno.ENOENT)],
)
def test_other_file_types_are_an_error(tmp_path, path, error):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("none")

    with pytest.raises(OSError) as caught:
        enter(tmp_path / path)
    assert caught.value.errno == error


def test_open_directory_needs_no_read_permission(tmp_path):
    (tmp_path / "dark" / "below").mkdir(parents=True)
    (tmp_path / "dark").chmod(0o300)

    assert same(enter(tmp_path / "dark" / "below"), tmp_path / "dark" / "below")
    (tmp_path / "dark").chmod(0o700)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o277, 0o777], ids=oct)
def test_created_directories_are_private_under_any_umask_and_existing_ones_unchanged(tmp_path, mask):
    (tmp_path / "there").mkdir(mode=0o755)
    (tmp_path / "there").chmod(0o755)
    before = os.umask(mask)
    try:
        enter(tmp_path / "there" / "new" / "newer", create=True)
        enter(tmp_path / "there" / "new" / "newer", create=True)
        assert os.umask(mask) == mask
    finally:
        os.umask(before)

    assert {path.name: mode(path) for path in tmp_path.rglob("*")} == {"there": 0o755, "new": 0o700, "newer": 0o700}


def test_threads_that_create_directories_restore_the_umask(tmp_path):
    before = os.umask(0o022)
    try:
        threads = [
            threading.Thread(target=enter, args=(tmp_path / str(number) / "x",), kwargs={"create": True})
            for number in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)
    assert {mode(path) for path in tmp_path.rglob("*")} == {0o700}


def test_no_descriptor_leaks(tmp_path):
    (tmp_path / "link").symlink_to("none")
    before = len(os.listdir("/proc/self/fd"))

    enter(tmp_path)
    for path in ("none", "link"):
        with pytest.raises(FileNotFoundError):
            enter(tmp_path / path)
    (tmp_path / "fifo").touch()
    for path in ("none", "."):
        with pytest.raises(OSError):
            open_regular(str(tmp_path / path), os.O_RDONLY)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(
    ("bits", "can"), [(0o700, False), (0o755, False), (0o720, True), (0o702, True), (0o1777, True)]
)
def test_others_can_write(tmp_path, bits, can):
    tmp_path.chmod(bits)

    assert others_can_write(tmp_path.stat()) is can
    tmp_path.chmod(0o700)


# --- files -------------------------------------------------------------------------------------------------------------------


def test_regular_file_is_opened_and_created_private(tmp_path):
    before = os.umask(0)
    try:
        handle = open_regular(str(tmp_path / "file"), os.O_RDWR | os.O_CREAT)
    finally:
        os.umask(before)
    os.write(handle, b"data")
    os.close(handle)

    assert mode(tmp_path / "file") == 0o600
    with os.fdopen(open_regular("file", os.O_RDONLY, dir_fd=os.open(tmp_path, os.O_RDONLY)), "rb") as file:
        assert file.read() == b"data"


def make_socket(path):
    import socket

    here = os.getcwd()
    os.chdir(path.parent)  # the full path may be too long for a socket
    try:
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.chdir(here)


IRREGULAR = {
    "a directory": lambda path: path.mkdir(),
    "a FIFO": os.mkfifo,
    "a socket": make_socket,
    "a device": lambda path: path.symlink_to(os.devnull),
}


@pytest.mark.parametrize(
    "flags", [os.O_RDONLY, os.O_WRONLY, os.O_RDWR | os.O_CREAT], ids=["reading", "writing", "creating"]
)
@pytest.mark.parametrize("kind", IRREGULAR)
def test_irregular_files_are_refused_without_blocking(tmp_path, kind, flags):
    IRREGULAR[kind](tmp_path / "odd")

    with pytest.raises(OSError) as caught:
        open_regular(str(tmp_path / "odd"), flags, follow=True)
    assert caught.value.strerror == f"it is {kind}, not a regular file"
    assert irregular((tmp_path / "odd").stat()) == kind


def test_link_is_followed_only_on_request(tmp_path):
    (tmp_path / "file").write_bytes(b"data")
    (tmp_path / "link").symlink_to("file")

    with pytest.raises(OSError, match="it is a symbolic link, not a regular file"):
        open_regular(str(tmp_path / "link"), os.O_RDONLY)
    with os.fdopen(open_regular(str(tmp_path / "link"), os.O_RDONLY, follow=True), "rb") as file:
        assert file.read() == b"data"


def test_other_errors_are_unchanged(tmp_path):
    with pytest.raises(FileNotFoundError):
        open_regular(str(tmp_path / "none"), os.O_RDONLY)
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        open_regular(str(tmp_path / "file"), os.O_WRONLY | os.O_CREAT | os.O_EXCL)


@pytest.mark.parametrize(
    ("bits", "told"), [(0o600, None), (0o400, None), (0o000, None), (0o644, "0644"), (0o601, "0601"), (0o666, "0666")]
)
def test_make_private_sets_the_mode(tmp_path, bits, told):
    with (tmp_path / "file").open("w") as file:
        (tmp_path / "file").chmod(bits)

        assert make_private(file.fileno()) == told
    assert mode(tmp_path / "file") == 0o600
