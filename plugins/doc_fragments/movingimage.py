# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  url:
    description:
      - The root URL of the API. A VideoManager on a custom domain has a different one.
      - If not set, the environment variable E(MOVINGIMAGE_URL) is used.
    type: str
    default: https://api.video-cdn.net
  username:
    description:
      - The user name, for O(flow=login) and O(flow=openid).
      - If not set, the environment variable E(MOVINGIMAGE_USERNAME) is used.
    type: str
  password:
    description:
      - The user's password.
      - If not set, the environment variable E(MOVINGIMAGE_PASSWORD) is used.
    type: str
  video_manager_id:
    description:
      - The ID of the VideoManager that the token is for, with O(flow=login). Tokens of the other flows are valid for
        everything that the user can access.
    type: int
  flow:
    description:
      - How to obtain tokens. V(login) uses the API's own login, V(openid) the password grant of OpenID Connect, and
        V(authorization_code) its code grant.
    type: str
    choices: [login, openid, authorization_code]
    default: login
  auth_url:
    description:
      - The root URL of the OpenID Connect issuer, such as V(https://login.movingimage.com/auth/realms/platform).
    type: str
  client_id:
    description:
      - The client ID at the OpenID Connect issuer. With O(flow=openid), it defaults to V(anonymous).
    type: str
  client_secret:
    description:
      - The client secret.
    type: str
  code:
    description:
      - The authorization code (RFC 6749, section 4.1.2). It can be used only once; later runs use the refresh token.
    type: str
  redirect_uri:
    description:
      - The redirect URI that the code was issued for.
    type: str
attributes:
  action_group:
    description: Action groups that this module belongs to, for C(module_defaults).
    support: full
    membership: [mediaops.access.all, mediaops.access.movingimage]
"""
