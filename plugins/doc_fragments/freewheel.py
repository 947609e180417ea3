# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  url:
    description:
      - The root URL of the API. The staging environment is V(https://api.stg.freewheel.tv). A token is valid in one
        environment only.
      - If not set, the environment variable E(FREEWHEEL_URL) is used.
    type: str
    default: https://api.freewheel.tv
  grant:
    description:
      - The grant. V(password) uses O(username) and O(password), V(client_credentials) O(client_id) and
        O(client_secret) at O(token_url).
    type: str
    choices: [password, client_credentials]
    default: password
  client_id:
    description:
      - The client ID, for O(grant=client_credentials).
      - If not set, the environment variable E(FREEWHEEL_CLIENT_ID) is used.
    type: str
  client_secret:
    description:
      - The client secret.
      - If not set, the environment variable E(FREEWHEEL_CLIENT_SECRET) is used.
    type: str
  token_url:
    description:
      - The URL of the token endpoint for O(grant=client_credentials). The environments share one endpoint.
    type: str
    default: https://token.apiaccess.freewheel.tv/oauth2/token
  username:
    description:
      - The name of the MRM user.
      - If not set, the environment variable E(FREEWHEEL_USERNAME) is used.
    type: str
  password:
    description:
      - The password of the MRM user.
      - If not set, the environment variable E(FREEWHEEL_PASSWORD) is used.
    type: str
  accept:
    description:
      - The response format to request from the API.
    type: str
    choices: [json, xml]
    default: json
  rate_limit:
    description:
      - The maximum rate at which all processes together start requests, as V(N/second), V(N/minute) or V(none).
      - The platform counts requests by IP address.
    type: str
    default: 20/second
  auth_rate_limit:
    description:
      - The maximum rate of authentication requests, in the format of O(rate_limit). These requests count towards both
        limits.
    type: str
    default: 3/second
attributes:
  action_group:
    description: Action groups that this module belongs to, for C(module_defaults).
    support: full
    membership: [mediaops.access.all, mediaops.access.freewheel]
"""
