#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: playlyfe_token
short_description: Obtain an access token for Playlyfe
description:
  - Returns an access token for a client (client credentials grant, RFC 6749, section 4.4). The token is valid for one
    day.
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
  - mediaops.access.playlyfe
  - mediaops.access.token
  - mediaops.access.attributes.tokens
seealso:
  - plugin: mediaops.access.token
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Obtain a token for the back-end client
  mediaops.access.playlyfe_token:
    client_id: "{{ playlyfe_client_id }}"
    client_secret: "{{ playlyfe_client_secret }}"
  register: playlyfe

- name: Remove the token from the cache
  mediaops.access.playlyfe_token:
    client_id: "{{ playlyfe_client_id }}"
    client_secret: "{{ playlyfe_client_secret }}"
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
    - provider: "playlyfe"
      kind: "token"
      name: "pl-client"
      action: "obtain"
      before: null
      after: {expires_at: "2030-12-31T23:59:59Z"}
      local: true
"""

from ..module_utils._modules.definition import ModuleDefinition
from ..module_utils._modules.token import OPTIONS, run_token
from ..module_utils._providers.playlyfe import PLAYLYFE

MODULE = ModuleDefinition(PLAYLYFE, run_token, OPTIONS)


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
