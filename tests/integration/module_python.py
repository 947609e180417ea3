# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs an ordinary module as Python does, but keeps what it compiles: python module_python.py CACHE MODULE [ARGUMENT...]

ansible-core sends a module as a zip file, which Python compiles anew for each task: two thirds of the time that the task takes.
"""

import hashlib
import marshal
import os
import pathlib
import runpy
import sys
import zipimport

cache = pathlib.Path(sys.argv[1])
compile_source = zipimport._compile_source


def compile_once(path, source):
    kept = cache / hashlib.sha256(source).hexdigest()
    try:
        return marshal.loads(kept.read_bytes())
    except (OSError, EOFError, ValueError):
        code = compile_source(path, source)
        new = kept.with_suffix(f".{os.getpid()}")
        new.write_bytes(marshal.dumps(code))
        new.replace(kept)
        return code


zipimport._compile_source = compile_once
del sys.argv[:2]
sys.path[0] = os.path.dirname(sys.argv[0])
runpy.run_path(sys.argv[0], run_name="__main__")
