# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  url:
    description:
      - The root of the API.
      - If not set, the environment variable E(AUDIENCEPLAYER_URL) is used.
    type: str
    default: https://api.audienceplayer.com
  project_id:
    description:
      - The project's number.
      - If not set, the environment variable E(AUDIENCEPLAYER_PROJECT_ID) is used.
    type: int
  client_id:
    description:
      - The OAuth2 client ID. The user scope and the admin scope have credentials of their own.
      - If not set, the environment variable E(AUDIENCEPLAYER_CLIENT_ID) is used.
    type: str
  client_secret:
    description:
      - The client secret.
      - If not set, the environment variable E(AUDIENCEPLAYER_CLIENT_SECRET) is used.
    type: str
  forwarded_for:
    description:
      - The end user's network address, sent as C(X-Forwarded-For). The platform counts rate limits by it.
    type: str
  rate_limit_counts:
    description:
      - What counts for the rate limits. The platform does not say whether it is a request or each field of a request's document (each login or write in it).
      - Choose V(field) if requests with many writes are answered with the error 429.
    type: str
    choices: [request, field]
    default: request
  rate_limit:
    description:
      - The most requests that all processes together start, as V(N/second), V(N/minute) or V(none).
      - The platform counts by network address and by O(forwarded_for).
    type: str
    default: 120/minute
  auth_rate_limit:
    description:
      - The same for requests that authenticate. They count towards both.
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
      - V(user) for frontend users, V(admin) for the CMS. Each has client credentials of its own.
    type: str
    choices: [user, admin]
    default: user
  grant:
    description:
      - V(client) uses O(client_id) and O(client_secret), V(password) uses O(email) and O(password).
    type: str
    choices: [client, password]
    default: client
  email:
    description:
      - Who logs in with O(grant=password).
    type: str
  password:
    description:
      - Their password.
    type: str
  user_id:
    description:
      - With O(grant=client) and O(scope=user), the number of the user whose token is wanted. Without a user it is the client's own.
    type: int
  user_email:
    description:
      - The same by e-mail address.
    type: str
  auto_register:
    description:
      - Create the user of O(user_email) if there is none.
    type: bool
    default: false
"""
