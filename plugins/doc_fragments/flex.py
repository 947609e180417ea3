# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  url:
    description:
      - The root URL of the Authentication service, including scheme and port, such as V(https://flex-auth.example.com:18101).
      - If not set, the environment variable E(FLEX_URL) is used.
    type: str
  registration_key:
    description:
      - The application registration key, which is required to register and read applications.
        The platform's administrator can find it in Consul at C(flex/shared/authentication/oAuth/appRegistrationKey).
      - If not set, the environment variable E(FLEX_REGISTRATION_KEY) is used.
    type: str
  client_id:
    description:
      - The client ID of a registered application, which is required to obtain a token.
      - If not set, the environment variable E(FLEX_CLIENT_ID) is used.
    type: str
  client_secret:
    description:
      - The client secret of that application.
      - If not set, the environment variable E(FLEX_CLIENT_SECRET) is used.
    type: str
  token_path:
    description:
      - The path of the token endpoint, relative to O(url). Some installations use V(/api/authentication/oauth/token).
    type: str
    default: /oauth/token
attributes:
  action_group:
    description: Action groups that this module belongs to, for C(module_defaults).
    support: full
    membership: [mediaops.access.all, mediaops.access.flex]
"""
