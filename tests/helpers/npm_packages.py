# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs for Node.js that tests start, with the packages that their package-lock.json names."""

from __future__ import annotations

import fcntl
import os
import pathlib
import shutil
import subprocess
import tempfile

LOCKFILE = "package-lock.json"


def installed(npm: str, source: pathlib.Path) -> pathlib.Path:
    """A folder outside the checkout, which the next run finds again, with the files of ``source`` and the packages.

    :raises RuntimeError: with what npm said.
    """
    folder = pathlib.Path(os.environ.get("WORK") or tempfile.gettempdir()) / f"{source.name}-{os.getuid()}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise RuntimeError(f"{folder} belongs to somebody else")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / "installed.json"
        for path in source.iterdir():
            shutil.copy(path, folder)
        if not stamp.exists() or stamp.read_bytes() != (source / LOCKFILE).read_bytes():
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            done = subprocess.run(
                command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240, check=False
            )
            if done.returncode:
                raise RuntimeError(f"npm ci: {done.stdout}{done.stderr}")
            shutil.copy(source / LOCKFILE, stamp)
    return folder
