# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep the action groups in meta/runtime.yml equal to plugins/modules: --check tells whether they are, --write makes
them so.

Every module is in the group "all", and a module PROVIDER_thing in the group PROVIDER as well.
A provider is a file plugins/module_utils/_providers/PROVIDER.py, or a package with a file client.py.
"""

from __future__ import annotations

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
RUNTIME = ROOT / "meta" / "runtime.yml"
MARK = "# Written by tools/action_groups.py"


def names(folder: str) -> list[str]:
    return sorted(
        path.stem for path in (ROOT / folder).glob("[!_]*") if path.suffix == ".py" or (path / "client.py").exists()
    )


def groups() -> dict[str, list[str]]:
    modules = names("plugins/modules")
    found = {"all": modules}
    for provider in names("plugins/module_utils/_providers"):
        found[provider] = [module for module in modules if module.startswith(f"{provider}_")]
    return {group: members for group, members in found.items() if members}


def render(current: str) -> str:
    head, mark, tail = current.partition(MARK)
    if not mark:
        sys.exit(f"{RUNTIME}: the line '{MARK} …' is missing")
    lines = [head + mark + tail.partition("\n")[0], "action_groups:"]
    for group, members in groups().items():
        lines += [f"  {group}:"] + [f"    - {member}" for member in members]
    if len(lines) == 2:
        lines[1] += " {}"
    return "\n".join(lines) + "\n"


def main() -> None:
    current = RUNTIME.read_text(encoding="utf-8")
    wanted = render(current)
    if sys.argv[1:] == ["--write"]:
        if wanted != current:
            RUNTIME.write_text(wanted, encoding="utf-8")
    elif sys.argv[1:] == ["--check"]:
        if wanted != current:
            sys.exit("meta/runtime.yml: the action groups differ from plugins/modules; run: make format")
    else:
        sys.exit(__doc__)


main()
