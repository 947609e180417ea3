#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: oauth2_token
short_description: Obtain or revoke an access token of any OAuth 2.0 platform
description:
  - Returns an access token of a platform with a standard token endpoint (RFC 6749), which is refreshed or newly
    obtained if the cached token is too old.
  - All processes with the same token cache share the token, and only one of them logs in. Another scope, audience,
    resource or parameter is another token.
  - If the platform replaces a refresh token, the new one is stored before the access token is returned. It also
    replaces the O(refresh_token) that you supply.
version_added: 0.2.0
author:
  - mediaops.access contributors (@mediaops)
options:
  verify:
    description:
      - Whether to ask the platform if a cached token is still valid before returning it (RFC 7662). Without an
        introspection endpoint, this has no effect. Manifests enable this by default.
    type: bool
    default: false
notes:
  - With O(state=absent), both the refresh token and the access token are revoked (RFC 7009) if the platform has a
    revocation endpoint.
  - With O(force=true), the old token is not revoked. Grants that can be used only once are refreshed.
  - The module M(mediaops.access.token_cache) revokes the refresh token, or the access token if there is none. It cannot
    revoke tokens with O(client_auth=client_secret_jwt) and O(client_auth=private_key_jwt).
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.access_tokens
  - mediaops.access.common.unlimited
  - mediaops.access.oauth2
  - mediaops.access.token
  - mediaops.access.attributes.tokens
seealso:
  - module: mediaops.access.oauth2_token_info
  - module: mediaops.access.oauth2_api
  - plugin: mediaops.access.token
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Obtain a token from an issuer
  mediaops.access.oauth2_token:
    issuer: https://login.example.com/realms/media
    client_id: pipeline
    client_secret: "{{ oauth2_client_secret }}"
    scope: [read, write]
  register: media

- name: Obtain a token with a signed assertion in place of a client secret
  mediaops.access.oauth2_token:
    token_url: https://login.example.com/oauth2/token
    client_id: pipeline
    client_auth: private_key_jwt
    private_key: "{{ lookup('ansible.builtin.file', '/etc/media/pipeline.pem') }}"
    audience: https://api.example.com

- name: Obtain a token from a platform with its own field names
  mediaops.access.oauth2_token:
    token_url: https://api.example.com/v1/login
    grant: password
    username: "{{ media_username }}"
    password: "{{ media_password }}"
    request_format: json
    fields: {access_token: data.accessToken, expires_in: data.ttl}

- name: Revoke the tokens
  mediaops.access.oauth2_token:
    issuer: https://login.example.com/realms/media
    client_id: pipeline
    client_secret: "{{ oauth2_client_secret }}"
    scope: [read, write]
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
      description: The scope granted by the platform, or the requested scope if the platform does not report it.
      type: str
      returned: if it is known
      sample: read write
    issued_token_type:
      description: The type of the token.
      type: str
      returned: with O(grant=token_exchange)
      sample: urn:ietf:params:oauth:token-type:access_token
"""

from ..module_utils._modules.definition import ModuleDefinition
from ..module_utils._modules.token import OPTIONS, VERIFY, run_token
from ..module_utils._providers.oauth2.declaration import OAUTH2, PRIVATE

MODULE = ModuleDefinition(OAUTH2, run_token, {**OPTIONS, **VERIFY}, private=PRIVATE)


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
