#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: token_cache
short_description: Remove cached tokens
description:
  - Removes the tokens of one provider, or of all providers, from the token cache, so that the next task logs in again.
version_added: 0.1.0
author:
  - mediaops.access contributors (@mediaops)
options:
  provider:
    description:
      - The provider whose tokens are removed, such as V(freewheel). If it is omitted or V(all), the tokens of all
        providers are removed.
    type: str
  state:
    description:
      - V(absent) removes the tokens.
    type: str
    choices: [absent]
    default: absent
  revoke:
    description:
      - Whether to also revoke the tokens at the platform, if it supports revocation (FreeWheel, and OAuth 2.0 platforms
        with a revocation endpoint).
      - Of an access token with a refresh token, the refresh token is revoked. By RFC 7009, the platform should then
        revoke the access token, too; M(mediaops.access.oauth2_token) with O(ignore:state=absent) revokes both.
      - Tokens of OAuth 2.0 clients that sign assertions (C(client_secret_jwt), C(private_key_jwt)) are only removed.
        Those of clients with a certificate require O(client_cert).
    type: bool
    default: false
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.unlimited
  - mediaops.access.attributes
attributes:
  action_group:
    description: Action groups that this module belongs to, for C(module_defaults).
    support: full
    membership: [mediaops.access.all]
notes:
  - Only tokens that can be decrypted with O(token_cache_key) are found.
seealso:
  - module: mediaops.access.token_cache_info
"""

EXAMPLES = r"""
- name: Revoke and remove all FreeWheel tokens
  mediaops.access.token_cache:
    provider: freewheel
    revoke: true

- name: Remove all cached tokens
  mediaops.access.token_cache:
"""

RETURN = r"""
removed:
  description: The number of tokens that were removed.
  returned: success
  type: int
  sample: 2
"""

from ..module_utils._modules.cache import TOKEN_CACHE, remove_tokens
from ..module_utils._modules.definition import ModuleDefinition

MODULE = ModuleDefinition(
    TOKEN_CACHE,
    remove_tokens,
    {
        "provider": {"type": "str"},
        "state": {"type": "str", "choices": ["absent"], "default": "absent"},
        "revoke": {"type": "bool", "default": False},
    },
)


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
