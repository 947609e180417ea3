# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # What all modules that obtain a token take.
    DOCUMENTATION = r"""
options:
  state:
    description:
      - V(present) returns a token with at least O(min_ttl) seconds of life, from the cache, refreshed or newly obtained.
      - V(absent) revokes the cached token where the platform can do that, and forgets it.
    type: str
    choices: [present, absent]
    default: present
  force:
    description:
      - Obtain a new token even if a cached one would serve. Where the platform can revoke tokens, the old one is revoked first.
    type: bool
    default: false
"""
