# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  url:
    description:
      - The root URL of the API.
      - If not set, the environment variable E(AUDIENCEPLAYER_URL) is used.
    type: str
    default: https://api.audienceplayer.com
  project_id:
    description:
      - The ID of the project.
      - If not set, the environment variable E(AUDIENCEPLAYER_PROJECT_ID) is used.
    type: int
  client_id:
    description:
      - The OAuth2 client ID. The user scope and the admin scope have separate client credentials.
      - If not set, the environment variable E(AUDIENCEPLAYER_CLIENT_ID) is used.
    type: str
  client_secret:
    description:
      - The client secret.
      - If not set, the environment variable E(AUDIENCEPLAYER_CLIENT_SECRET) is used.
    type: str
  forwarded_for:
    description:
      - The IP address of the end user, sent in the header C(X-Forwarded-For). The platform then applies its rate limits
        to this address.
    type: str
  rate_limit_counts:
    description:
      - What counts towards the rate limits, either each request or each field of its document (each login or write).
        The platform does not document which.
      - Use V(field) if requests with many writes fail with error 429.
    type: str
    choices: [request, field]
    default: request
  rate_limit:
    description:
      - The maximum rate at which all processes together start requests, as V(N/second), V(N/minute) or V(none).
      - The platform counts requests by IP address and by O(forwarded_for).
    type: str
    default: 120/minute
  auth_rate_limit:
    description:
      - The maximum rate of authentication requests, in the format of O(rate_limit). These requests count towards both
        limits.
    type: str
    default: 20/minute
attributes:
  action_group:
    description: Action groups that this module belongs to, for C(module_defaults).
    support: full
    membership: [mediaops.access.all, mediaops.access.audienceplayer]
"""

    # Whose token is wanted.
    TOKENS = r"""
options:
  scope:
    description:
      - The scope of the token, V(user) for frontend users or V(admin) for the CMS. Each scope has its own client
        credentials.
    type: str
    choices: [user, admin]
    default: user
  grant:
    description:
      - The credentials used to obtain the token. V(client) uses O(client_id) and O(client_secret), V(password) uses
        O(email) and O(password).
    type: str
    choices: [client, password]
    default: client
  email:
    description:
      - The e-mail address of the user who logs in with O(grant=password).
    type: str
  password:
    description:
      - The password of the user who logs in with O(grant=password).
    type: str
  user_id:
    description:
      - The ID of the user to obtain a token for, with O(grant=client) and O(scope=user). If no user is set, the token
        is the client's own.
    type: int
  user_email:
    description:
      - The e-mail address of the user to obtain a token for, instead of O(user_id).
    type: str
  auto_register:
    description:
      - Whether to create the user with O(user_email) if no such user exists.
    type: bool
    default: false
"""
