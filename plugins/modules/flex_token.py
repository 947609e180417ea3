#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: flex_token
short_description: Obtain an access token of Flex Media Platform
description:
  - Returns an access token for a registered application (client credentials grant, RFC 6749 section 4.4).
  - All processes that share a token cache share the token; only one of them asks for it.
version_added: 0.1.0
author:
  - mediaops.access contributors (@mediaops)
notes:
  - The platform cannot revoke a token. It expires.
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.access_tokens
  - mediaops.access.common.unlimited
  - mediaops.access.flex
  - mediaops.access.token
  - mediaops.access.attributes.tokens
seealso:
  - module: mediaops.access.flex_oauth_app
  - plugin: mediaops.access.token
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: A token for the review tool
  mediaops.access.flex_token:
    url: https://flex-auth.example.com:18101
    client_id: "{{ reviewer.application.client_id }}"
    client_secret: "{{ reviewer.application.client_secret }}"
  register: flex

- name: Use it
  ansible.builtin.uri:
    url: https://flex.example.com/api/accounts
    headers: "{{ flex.token | mediaops.access.auth_header }}"
  no_log: true  # uri shows its headers

- name: Forget the cached token
  mediaops.access.flex_token:
    url: https://flex.example.com
    client_id: "{{ flex_client_id }}"
    client_secret: "{{ flex_client_secret }}"
    state: absent
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
    scope:
      description: The scope that the platform granted.
      type: str
      returned: if the platform says so
      sample: client_credentials_default_scope
"""

from ansible_collections.mediaops.access.plugins.module_utils._module import Module
from ansible_collections.mediaops.access.plugins.module_utils._providers.flex import Flex
from ansible_collections.mediaops.access.plugins.module_utils._token_module import OPTIONS, run_token

MODULE = Module(Flex, run_token, OPTIONS)


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
