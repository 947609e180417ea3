#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: oauth2_token_info
short_description: Read information about an OAuth 2.0 access token
description:
  - Returns whether a token is valid, what it permits, and when it expires, as the platform's introspection endpoint
    states it (RFC 7662).
  - The token is O(access_token) or, without it, the shared token, which is obtained if none is cached. The client's
    credentials authenticate the request in both cases.
version_added: 0.2.0
author:
  - mediaops.access contributors (@mediaops)
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.access_tokens
  - mediaops.access.common.unlimited
  - mediaops.access.oauth2
  - mediaops.access.attributes.info
seealso:
  - module: mediaops.access.oauth2_token
"""

EXAMPLES = r"""
- name: Read information about a token
  mediaops.access.oauth2_token_info:
    issuer: https://login.example.com/realms/media
    client_id: pipeline
    client_secret: "{{ oauth2_client_secret }}"
    access_token: "{{ media_access_token }}"
  register: media

- name: Ensure that the token permits writing
  ansible.builtin.assert:
    that: media.token_info.valid and 'write' in media.token_info.scope.split()

- name: Read information about the shared token
  mediaops.access.oauth2_token_info:
    token_url: https://login.example.com/oauth2/token
    introspection_url: https://login.example.com/oauth2/introspect
    client_id: pipeline
    client_secret: "{{ oauth2_client_secret }}"
"""

RETURN = r"""
token_info:
  description: The information returned by the platform. Values that it does not return are null.
  returned: success
  type: dict
  contains:
    valid:
      description: Whether the token is active. If not, the other values are null.
      type: bool
      sample: true
    scope:
      description: The scopes of the token, separated by spaces.
      type: str
      sample: read write
    client_id:
      description: The client that requested the token.
      type: str
      sample: pipeline
    username:
      description: The name of the user who authorized the token.
      type: str
      sample: editor
    subject:
      description: The subject of the token, usually an ID of the user or client.
      type: str
      sample: 6f1c0a2e
    token_type:
      description: The token type (RFC 6749).
      type: str
      sample: Bearer
    expires_in:
      description: The remaining lifetime of the token, in seconds.
      type: int
      sample: 3599
    expires_at:
      description: The time when the token expires, in UTC.
      type: str
      sample: "2030-12-31T23:59:59Z"
"""

from ..module_utils._modules.definition import ModuleDefinition, Result
from ..module_utils._oauth2.token import Token
from ..module_utils._platform.access import Access
from ..module_utils._providers.oauth2.client import OAuth2
from ..module_utils._providers.oauth2.declaration import OAUTH2, PRIVATE


def run(access: Access[OAuth2]) -> Result:
    client, supplied = access.client, access.params["access_token"]
    grant = client.supplied_grant()
    token = Token(supplied) if supplied else client.tokens.get(grant)
    info = client.issuer.token_info(token)
    if not info["valid"] and not supplied:
        info = client.issuer.token_info(client.tokens.replace(grant, token))
    return {"changed": False, "token_info": info}


MODULE = ModuleDefinition(OAUTH2, run, private=PRIVATE)


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
