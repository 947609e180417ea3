# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  url:
    description:
      - The root of the API. Staging is V(https://api.stg.freewheel.tv). Tokens are good for one environment only.
      - If not set, the environment variable E(FREEWHEEL_URL) is used.
    type: str
    default: https://api.freewheel.tv
  username:
    description:
      - The MRM user.
      - If not set, the environment variable E(FREEWHEEL_USERNAME) is used.
    type: str
  password:
    description:
      - The MRM user's password.
      - If not set, the environment variable E(FREEWHEEL_PASSWORD) is used.
    type: str
  accept:
    description:
      - The format to ask the API for.
    type: str
    choices: [json, xml]
    default: json
  rate_limit:
    description:
      - The most requests that all processes together start, as V(N/second), V(N/minute) or V(none).
      - The platform counts by network address.
    type: str
    default: 20/second
  auth_rate_limit:
    description:
      - The same for requests that authenticate. They count towards both.
    type: str
    default: 3/second
attributes:
  action_group:
    description: Action groups that this module belongs to, for C(module_defaults).
    support: full
    membership: [mediaops.access.all, mediaops.access.freewheel]
"""
