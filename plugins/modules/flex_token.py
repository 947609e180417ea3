#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: flex_token
short_description: Obtain an access token for Flex Media Platform
description:
  - Returns an access token for a registered application (client credentials grant, RFC 6749, section 4.4).
  - All processes with the same token cache share the token, and only one of them requests it.
version_added: 0.1.0
author:
  - mediaops.access contributors (@mediaops)
notes:
  - The platform cannot revoke a token. A token remains valid until it expires.
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
- name: Obtain a token for the review tool
  mediaops.access.flex_token:
    url: https://flex-auth.example.com:18101
    client_id: "{{ reviewer.application.client_id }}"
    client_secret: "{{ reviewer.application.client_secret }}"
  register: flex

- name: Use the token
  ansible.builtin.uri:
    url: https://flex.example.com/api/accounts
    headers: "{{ flex.token | mediaops.access.auth_header }}"
  no_log: true  # uri displays its headers

- name: Remove the token from the cache
  mediaops.access.flex_token:
    url: https://flex.example.com
    client_id: "{{ flex_client_id }}"
    client_secret: "{{ flex_client_secret }}"
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
    scope:
      description: The scope granted by the platform.
      type: str
      returned: if the platform reports it
      sample: client_credentials_default_scope
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
    - provider: "flex"
      kind: "token"
      name: "132ef0db-336a-436b-a2f2-ee5c49e1b964"
      action: "obtain"
      before: null
      after: {expires_at: "2030-12-31T23:59:59Z"}
      local: true
"""

from ..module_utils._modules.definition import ModuleDefinition
from ..module_utils._modules.token import OPTIONS, run_token
from ..module_utils._providers.flex.declaration import FLEX

MODULE = ModuleDefinition(FLEX, run_token, OPTIONS)


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
