# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # A module that writes.
    DOCUMENTATION = r"""
attributes:
  check_mode:
    support: full
    description: Predicts what a real run would change and writes nothing.
  diff_mode:
    support: full
    description: Shows what changed, without secrets.
  idempotent:
    support: full
    description: A second run changes nothing.
"""

    # A module that writes, and can be asked to replace something that exists.
    ROTATES = r"""
attributes:
  check_mode:
    support: full
    description: Predicts what a real run would change and writes nothing.
  diff_mode:
    support: full
    description: Shows what changed, without secrets.
  idempotent:
    support: partial
    details:
      - A second run changes nothing, unless O(rotate_secret=true), which replaces the application in every run.
    description: A second run changes nothing.
"""

    # A module that obtains tokens.
    TOKENS = r"""
attributes:
  check_mode:
    support: full
    details:
      - No token is issued. If a token is cached, it is returned; otherwise, a change is reported and no token is
        returned.
    description: Predicts what a real run would change and writes nothing.
  diff_mode:
    support: full
    description: Shows what changed, without secrets.
    details:
      - Shows the owner of the token and when the token expires.
  idempotent:
    support: partial
    details:
      - A second run returns the cached token, unless O(force=true) or the remaining lifetime of the token is shorter
        than O(min_ttl).
    description: A second run changes nothing.
"""

    # A module that only reads.
    INFO = r"""
attributes:
  check_mode:
    support: full
    details:
      - The module only reads.
    description: Predicts what a real run would change and writes nothing.
  diff_mode:
    support: N/A
    description: Shows what changed, without secrets.
  idempotent:
    support: full
    description: A second run changes nothing.
"""
