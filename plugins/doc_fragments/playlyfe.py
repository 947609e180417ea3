# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  url:
    description:
      - The root URL of the API, including the API version, C(/v2).
      - If not set, the environment variable E(PLAYLYFE_URL) is used.
    type: str
    default: https://api.playlyfe.com/v2
  auth_url:
    description:
      - The root URL of the authorization service.
      - If not set, the environment variable E(PLAYLYFE_AUTH_URL) is used.
    type: str
    default: https://playlyfe.com
  client_id:
    description:
      - The client ID. Whether requests apply to staging or production is a property of the client, not of the URL.
      - If not set, the environment variable E(PLAYLYFE_CLIENT_ID) is used.
    type: str
  client_secret:
    description:
      - The client secret.
      - If not set, the environment variable E(PLAYLYFE_CLIENT_SECRET) is used.
    type: str
  token_placement:
    description:
      - Where the token is sent. V(query) is what the vendor documents. V(header) keeps the token out of server logs,
        but may not be supported.
    type: str
    choices: [query, header]
    default: query
attributes:
  action_group:
    description: Action groups that this module belongs to, for C(module_defaults).
    support: full
    membership: [mediaops.access.all, mediaops.access.playlyfe]
"""
