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
      - V(present) returns a token with a remaining lifetime of at least O(min_ttl) seconds, which is cached, refreshed
        or newly obtained.
      - V(absent) removes the token from the cache. If the platform supports revocation, the token is revoked first.
    type: str
    choices: [present, absent]
    default: present
  force:
    description:
      - Whether to obtain a new token even if a cached token is still usable. If the platform supports revocation, the
        old token is revoked first.
    type: bool
    default: false
"""
