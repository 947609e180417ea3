#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: freewheel_token
short_description: Obtain or revoke an access token for FreeWheel
description:
  - Returns an access token for an MRM user (password grant, RFC 6749, section 4.3). The token is valid for up to seven
    days.
  - All processes with the same token cache share the token, and only one of them logs in.
version_added: 0.1.0
author:
  - mediaops.access contributors (@mediaops)
options:
  verify:
    description:
      - Whether to ask the platform if, and for how long, a cached token is still valid before returning it. Manifests
        enable this by default.
      - If the platform rejects the token, it is replaced. If the request fails for another reason, the cached token is
        returned with a warning.
    type: bool
    default: false
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.access_tokens
  - mediaops.access.freewheel
  - mediaops.access.token
  - mediaops.access.attributes.tokens
seealso:
  - module: mediaops.access.freewheel_token_info
  - plugin: mediaops.access.token
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Obtain a token that the platform has verified
  mediaops.access.freewheel_token:
    username: "{{ freewheel_username }}"
    password: "{{ freewheel_password }}"
    verify: true
  register: freewheel

- name: Use the token
  ansible.builtin.uri:
    url: https://api.freewheel.tv/services/v4/sites
    headers: "{{ freewheel.token | mediaops.access.auth_header }}"
  no_log: true  # uri displays its headers

- name: Revoke the token
  mediaops.access.freewheel_token:
    username: "{{ freewheel_username }}"
    password: "{{ freewheel_password }}"
    state: absent
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
      description: The time when the platform confirmed the cached token, in UTC.
      type: str
      returned: if O(verify=true) and the platform did
      sample: "2030-12-31T23:00:00Z"
"""

from ..module_utils._modules.definition import ModuleDefinition
from ..module_utils._modules.token import OPTIONS, VERIFY, run_token
from ..module_utils._providers.freewheel import FREEWHEEL

MODULE = ModuleDefinition(FREEWHEEL, run_token, {**OPTIONS, **VERIFY})


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
