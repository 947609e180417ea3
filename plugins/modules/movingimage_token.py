#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: movingimage_token
short_description: Obtain an access token of movingimage VideoManager Pro
description:
  - Returns an access token, refreshed or newly obtained where the cached one is too old. It lives for five minutes.
  - All processes that share a token cache share the token; only one of them logs in.
version_added: 0.1.0
author:
  - mediaops.access contributors (@mediaops)
notes:
  - The platform cannot revoke a token. It expires.
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.access_tokens
  - mediaops.access.common.unlimited
  - mediaops.access.movingimage
  - mediaops.access.token
  - mediaops.access.attributes.tokens
seealso:
  - module: mediaops.access.movingimage_video_manager_info
  - plugin: mediaops.access.token
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: A token for one VideoManager
  mediaops.access.movingimage_token:
    username: "{{ movingimage_username }}"
    password: "{{ movingimage_password }}"
    video_manager_id: 42
  register: portal

- name: A token of the OpenID Connect issuer
  mediaops.access.movingimage_token:
    flow: openid
    auth_url: https://login.movingimage.com/auth/realms/platform
    username: "{{ movingimage_username }}"
    password: "{{ movingimage_password }}"
  register: user
"""

RETURN = r"""
token:
  description:
    - The token. A result that holds one is not shown, and is kept for the play to use.
    - In check mode only a cached one is returned.
  returned: success, and O(state=present)
  type: dict
  contains:
    access_token:
      description: The token itself.
      type: str
      sample: the token
    token_type:
      description: Its type (RFC 6749).
      type: str
      sample: Bearer
    expires_at:
      description: When it expires, in UTC.
      type: str
      sample: "2030-12-31T23:59:59Z"
    expires_in:
      description: The seconds left.
      type: int
      sample: 3599
    cached:
      description: Whether it was there already.
      type: bool
      sample: true
    refresh_token:
      description: The refresh token.
      type: str
      returned: if the platform issued one
      sample: the refresh token
    refresh_expires_at:
      description: When that expires, in UTC.
      type: str
      returned: if the platform says so
      sample: "2030-12-31T23:59:59Z"
    scope:
      description: The scope that the platform granted.
      type: str
      returned: if the platform says so
      sample: openid
    video_managers:
      description: The VideoManagers that the login named, each with C(id) and C(name). Empty with OpenID Connect.
      type: list
      elements: dict
      sample: [{"id": 42, "name": "Portal"}]
    valid_for_video_manager:
      description: The VideoManager that the token is for. Null with OpenID Connect.
      type: int
      sample: 42
"""

from ansible_collections.mediaops.access.plugins.module_utils._module import Module
from ansible_collections.mediaops.access.plugins.module_utils._providers.movingimage import MovingImage
from ansible_collections.mediaops.access.plugins.module_utils._token_module import OPTIONS, run_token

MODULE = Module(MovingImage, run_token, OPTIONS)


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
