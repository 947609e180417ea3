# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: access_statistics
type: aggregate
short_description: Count requests, logins and waiting times for each platform
version_added: 0.2.0
author:
  - mediaops.access contributors (@mediaops)
description:
  - After the recap, displays a line for each platform that the modules and lookups of this collection used.
  - C(requests) counts all requests, including those in the other columns. A request without a response counts, unless
    it certainly was not sent.
  - C(logins) counts the requests for a token, including refreshes, that were not rejected with HTTP status 429 or an
    equivalent error. Requests that look up endpoints, or verify or revoke a token, are not logins.
  - C(cached_tokens) counts the tokens that were taken from the token cache, each once for each task, loop item or
    lookup.
  - C(repeats) counts the requests that were sent again after a rate limit, a lost response or a temporary error.
  - C(responses_429) counts the responses with HTTP status 429, or with an equivalent error of a rate limit.
  - C(seconds_waited) is the time that was spent waiting for rate limits, and as long as platforms requested with
    C(Retry-After). It is the sum for all forks, so it may exceed the duration of the playbook.
  - All hosts, forks and plays are counted, including modules that run on other hosts, and check mode.
  - A task with C(async) counts if its module runs on the controller without C(become), and ends before the playbook.
  - A task whose process is killed does not count, nor does an ordinary module that exceeds the task's C(timeout), nor
    requests that a play sends in other ways, such as with M(ansible.builtin.uri).
  - If the playbook is interrupted, nothing is displayed, and the statistics file is not replaced.
requirements:
  - C(mediaops.access.access_statistics) in C(callbacks_enabled), which is set in the section C([defaults]) of
    C(ansible.cfg), or by the environment variable C(ANSIBLE_CALLBACKS_ENABLED).
options:
  statistics_file:
    description:
      - A file to which the numbers are also written, as a JSON object with an object for each platform that was used,
        by the name of the platform, such as V(freewheel). Its keys are those of the displayed line.
      - The file has mode C(0600) and is replaced as a whole, as is a symbolic link in its place. Its directory must
        exist. If it cannot be written, there is a warning.
    type: path
    env:
      - name: MEDIAOPS_STATISTICS_FILE
    ini:
      - section: callback_access_statistics
        key: statistics_file
  display_statistics:
    description:
      - Whether to display the lines. Without them, the output of a stdout callback that writes JSON stays valid.
    type: bool
    default: true
    env:
      - name: MEDIAOPS_STATISTICS_DISPLAY
    ini:
      - section: callback_access_statistics
        key: display_statistics
"""

import json
import os
import typing as t

from ansible import constants as C
from ansible.plugins.callback import CallbackBase

from ..module_utils._data.private_file import PrivateFile
from ..module_utils._errors import AccessError
from ..module_utils._providers._consul import CONSUL
from ..module_utils._statistics import Totals, collect_in, read_totals
from ..plugin_utils._providers import platforms
from ..plugin_utils._vault_kv2 import VAULT


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "mediaops.access.access_statistics"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_start(self, playbook: t.Any) -> None:
        """Create the file to which tasks append their counts, in the directory that Ansible removes at its end."""
        self._collected = os.path.join(str(C.DEFAULT_LOCAL_TMP), "mediaops-access-statistics.jsonl")
        os.close(os.open(self._collected, os.O_WRONLY | os.O_CREAT, 0o600))
        collect_in(self._collected)

    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        """Display the counts. As in the recap, those of several playbooks of one command are summed."""
        totals = read_totals(self._collected)
        titles = {platform.name: platform.title for platform in (*platforms(), CONSUL, VAULT)} if totals else {}
        used = {name: totals[name] for name in sorted(totals) if name in titles}
        if used and self.get_option("display_statistics"):
            self._display.banner("ACCESS STATISTICS")
            width = max(len(titles[name]) for name in used)
            for name, numbers in used.items():
                self._display.display(f"{titles[name]:{width}} : {_columns(numbers)}")
        self._write(used)

    def _write(self, totals: Totals) -> None:
        path = self.get_option("statistics_file")
        # Ansible takes an empty variable for the current directory.
        if not path or os.environ.get("MEDIAOPS_STATISTICS_FILE") == "":
            return
        numbers = {name: {**sums, "seconds_waited": round(sums["seconds_waited"], 3)} for name, sums in totals.items()}
        try:
            PrivateFile(path, "MEDIAOPS_STATISTICS_FILE").write([json.dumps(numbers, indent=2).encode(), b"\n"])
        except AccessError as error:
            self._display.warning(f"The access statistics were not written, see MEDIAOPS_STATISTICS_FILE: {error}")


def _columns(numbers: t.Mapping[str, float]) -> str:
    """The numbers as in the recap."""
    texts = {name: f"{number:.1f}" if name == "seconds_waited" else str(number) for name, number in numbers.items()}
    return "  ".join(f"{name}={text:4}" for name, text in texts.items()).rstrip()
