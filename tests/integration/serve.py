# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox for a target that ansible-test runs: python serve.py TARGET OUTPUT.

Prepares the sandbox for the folder TARGET, writes what plays need to know to OUTPUT/variables.json, and stops it on SIGTERM: or after an hour, if
ansible-test was killed and nobody sends one. Then the file is gone, too.
"""

from __future__ import annotations

import json
import os
import pathlib
import signal
import sys

from driver import Sandbox, Target

ENDS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
SECONDS = 3600


def main(target: pathlib.Path, output: pathlib.Path) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    work = output / "work"
    work.mkdir(mode=0o700)
    ready, unfinished = output / "variables.json", output / "variables.json.new"
    sandbox = Sandbox(output)
    try:
        sandbox.reset(Target(target).prepare)
        variables = {
            **sandbox.variables(),
            "work_dir": str(work),
            "target_dir": str(target),
            "sandbox_pid": os.getpid(),
        }
        unfinished.write_text(json.dumps(variables), encoding="utf-8")
        unfinished.rename(ready)
        signal.sigtimedwait(ENDS, SECONDS)
    finally:
        sandbox.stop()
        ready.unlink(missing_ok=True)


main(*(pathlib.Path(argument).resolve() for argument in sys.argv[1:]))
