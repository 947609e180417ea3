#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: movingimage_token
short_description: Obtain an access token for movingimage VideoManager Pro
description:
  - Returns an access token, which is refreshed or newly obtained if the cached token is too old. The token is valid for
    five minutes.
  - All processes with the same token cache share the token, and only one of them logs in.
version_added: 0.1.0
author:
  - mediaops.access contributors (@mediaops)
options:
  verify:
    description:
      - Whether to read the list of VideoManagers with a cached token before returning it, to find out whether the
        platform still accepts it. Manifests enable this by default.
      - If the platform rejects the token, it is replaced. If the read fails for another reason, the cached token is
        returned with a warning.
    type: bool
    default: false
    version_added: 0.2.0
notes:
  - The platform cannot revoke a token. A token remains valid until it expires.
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
- name: Obtain a token for one VideoManager
  mediaops.access.movingimage_token:
    username: "{{ movingimage_username }}"
    password: "{{ movingimage_password }}"
    video_manager_id: 42
  register: portal

- name: Obtain a token from the OpenID Connect issuer
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
    - The token. A result that contains a token is not displayed, but the play can register and use it.
    - In check mode, only a cached token is returned.
  returned: success and O(state=present)
  type: dict
  contains:
    access_token:
      description: The access token.
      type: str
      sample: the token
    token_type:
      description: The token type (RFC 6749).
      type: str
      sample: Bearer
    expires_at:
      description: The time when the token expires, in UTC.
      type: str
      sample: "2030-12-31T23:59:59Z"
    expires_in:
      description: The remaining lifetime of the token, in seconds.
      type: int
      sample: 3599
    cached:
      description: Whether the token was taken from the cache.
      type: bool
      sample: true
    verified_at:
      description: The time when the platform accepted the cached token, in UTC.
      type: str
      returned: if O(verify=true) and the platform did
      sample: "2030-12-31T23:00:00Z"
    refresh_token:
      description: The refresh token.
      type: str
      returned: if the platform issued one
      sample: the refresh token
    refresh_expires_at:
      description: The time when the refresh token expires, in UTC.
      type: str
      returned: if the platform reports it
      sample: "2030-12-31T23:59:59Z"
    scope:
      description: The scope granted by the platform.
      type: str
      returned: if the platform reports it
      sample: openid
    video_managers:
      description: The VideoManagers returned by the login, each with C(id) and C(name). The list is empty with OpenID
        Connect.
      type: list
      elements: dict
      sample: [{"id": 42, "name": "Portal"}]
    valid_for_video_manager:
      description: The ID of the VideoManager that the token is for. It is null with OpenID Connect.
      type: int
      sample: 42
changes:
  description:
    - The changes that the task made or, in check mode, would make. They do not contain secrets.
    - Each has C(provider), C(kind), C(name), C(action), C(before), C(after) and C(local).
      C(local) changes do not affect the platform's state.
    - "See also: C(provision_result.plan) of the role P(mediaops.access.provision#role)."
  returned: if something changes
  type: list
  elements: dict
  sample:
    - provider: "movingimage"
      kind: "token"
      name: "portal@example.com"
      action: "obtain"
      before: null
      after: {expires_at: "2030-12-31T23:59:59Z"}
      local: true
"""

from ..module_utils._modules.definition import ModuleDefinition
from ..module_utils._modules.token import OPTIONS, VERIFY, run_token
from ..module_utils._providers.movingimage import MOVINGIMAGE

MODULE = ModuleDefinition(MOVINGIMAGE, run_token, {**OPTIONS, **VERIFY})


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
