# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-test needs before it runs: a copy of the checkout in a path that it accepts, a pip that it finds, and
the user's settings.

As a program it runs ansible-test with its arguments: tools/env python tools/ansible_test_env.py integration flex_token
"""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
SETTINGS = (".config/pip", ".config/uv", ".npmrc", ".pip")


def files() -> list[str]:
    """What belongs to the collection: what git tracks, and what is new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return [name for name in os.fsdecode(listed.stdout).split("\0")[:-1] if os.path.lexists(ROOT / name)]


def copy(folder: pathlib.Path) -> pathlib.Path:
    """A copy of the checkout below the folder, as ansible-test does not accept a link. What ansible-test keeps in
    tests/output stays.
    """
    target = folder / "ansible_collections" / "mediaops" / "access"
    for path in [path for path in target.glob("*") if path.name != "tests"] + [
        path for path in target.glob("tests/*") if path.name != "output"
    ]:
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for name in files():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name, follow_symlinks=False)
    return target


def link_settings(home: pathlib.Path) -> None:
    """Let another home directory have the user's settings of pip, uv and npm: where packages come from."""
    for name in SETTINGS:
        if (pathlib.Path.home() / name).exists() and not (home / name).is_symlink():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).symlink_to(pathlib.Path.home() / name)


def provide_pip(python: pathlib.Path, home: pathlib.Path) -> None:
    """ansible-test fetches get-pip.py from a host of its own, unless it has it already in the home directory: put one
    there that comes from PyPI.

    ``python`` is that of the environment that ansible-test is installed in.
    """
    (requirements,) = (python.parents[1] / "lib").glob(
        "python*/site-packages/ansible_test/_internal/python_requirements.py"
    )
    version = re.findall(r"^ *pip='([0-9.]+)'", requirements.read_text(), re.M)[0]
    cache = home / ".ansible" / "test" / "cache"
    script = cache / f"get_pip_{version.replace('.', '_')}.py"
    if script.exists():
        return
    cache.mkdir(parents=True, exist_ok=True)
    subprocess.run([python, "-m", "pip", "download", "-q", "--no-deps", "-d", cache, f"pip=={version}"], check=True)
    script.write_text(
        "import os, runpy, sys\n"
        "sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "
        f"'pip-{version}-py3-none-any.whl'))\n"
        "sys.argv = [sys.argv[0], 'install'] + [a for a in sys.argv[1:] if a not in ('--no-setuptools', "
        "'--no-wheel')]\n"
        "runpy.run_module('pip', run_name='__main__', alter_sys=True)\n"
    )


def main() -> None:
    work = pathlib.Path(os.environ["WORK"])
    home, python = work / "home", pathlib.Path(sys.executable)
    home.mkdir(exist_ok=True)
    link_settings(home)
    provide_pip(python, home)
    options = ["--venv", "--python", f"{sys.version_info.major}.{sys.version_info.minor}"]
    # ansible-playbook takes its settings from the target alone, as it does for everybody else who runs ansible-test.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    command = [
        str(python.parent / "ansible-test"),
        *sys.argv[1:],
        *([] if {"--venv", "--local", "--docker"} & {*sys.argv[1:]} else options),
    ]
    sys.exit(
        subprocess.run(
            command, cwd=copy(work / "copy" / "by-hand"), env={**environment, "HOME": str(home)}, check=False
        ).returncode
    )


if __name__ == "__main__":
    main()
