#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: freewheel_token
short_description: Obtain or revoke an access token for FreeWheel
description:
  - Returns an access token for an MRM user (password grant, RFC 6749, section 4.3), which is valid for up to seven
    days, or for a client (O(grant=client_credentials), section 4.4), which is valid for about an hour.
  - All processes with the same token cache share the token, and only one of them logs in.
version_added: 0.1.0
author:
  - mediaops.access contributors (@mediaops)
options:
  verify:
    description:
      - Whether to ask the platform if, and for how long, a cached token is still valid before returning it. Manifests
        enable this by default. The platform cannot be asked about tokens of O(grant=client_credentials).
      - If the platform rejects the token, it is replaced. If the request fails for another reason, the cached token is
        returned with a warning.
    type: bool
    default: false
  overlap:
    description:
      - Whether O(force=true) keeps the old token valid until a task with O(retire_only=true) revokes it, so that
        clients can be given the new one first. The old token is kept in O(token_cache), encrypted, so that a later run
        revokes it if this one is interrupted.
      - The platform does not document whether it issues a new token while the old one is valid. If it returns the old
        one, that is revoked before a new one is requested, and a warning says so.
      - Has no effect without O(force=true), or without a token cache.
    type: bool
    default: false
    version_added: 0.2.0
  retire_only:
    description:
      - Whether to revoke the tokens that O(overlap=true) has kept, and to do nothing else. Use it after the new token
        has been delivered.
      - A token that has not been replaced is never revoked.
    type: bool
    default: false
    version_added: 0.2.0
notes:
  - Tokens of O(grant=client_credentials) cannot be revoked. They remain valid until they expire.
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

- name: Replace the token, and give it to the service before the old one is revoked
  module_defaults:
    mediaops.access.freewheel_token:
      username: "{{ freewheel_username }}"
      password: "{{ freewheel_password }}"
  block:
    - name: Obtain a new token
      mediaops.access.freewheel_token:
        force: true
        overlap: true
      register: renewed

    - name: Deliver it
      ansible.builtin.copy:
        content: "{{ renewed.token.access_token }}"
        dest: /etc/reporting/token
        mode: "0600"
      diff: false  # copy displays the content

    - name: Revoke the old token
      mediaops.access.freewheel_token:
        retire_only: true

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
  returned: success, O(state=present) and O(retire_only=false)
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
    - provider: "freewheel"
      kind: "token"
      name: "mrm@example.com"
      action: "obtain"
      before: null
      after: {expires_at: "2030-12-31T23:59:59Z"}
      local: true
"""

from ..module_utils._modules.definition import ModuleDefinition
from ..module_utils._modules.token import OPTIONS, OVERLAP, VERIFY, run_token
from ..module_utils._providers.freewheel import FREEWHEEL

MODULE = ModuleDefinition(FREEWHEEL, run_token, {**OPTIONS, **VERIFY, **OVERLAP})


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
