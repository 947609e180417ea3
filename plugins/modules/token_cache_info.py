#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: token_cache_info
short_description: List cached tokens
description:
  - Returns the owners and expiry times of the tokens in the token cache. Secrets are never returned.
version_added: 0.1.0
author:
  - mediaops.access contributors (@mediaops)
options:
  provider:
    description:
      - The provider whose tokens are listed, such as V(freewheel). If it is omitted or V(all), the tokens of all
        providers are listed.
    type: str
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.unlimited
  - mediaops.access.attributes.info
attributes:
  action_group:
    description: Action groups that this module belongs to, for C(module_defaults).
    support: full
    membership: [mediaops.access.all]
notes:
  - Only tokens that can be decrypted with O(token_cache_key) are found.
seealso:
  - module: mediaops.access.token_cache
"""

EXAMPLES = r"""
- name: List all cached tokens
  mediaops.access.token_cache_info:
  register: cache

- name: List the cached tokens of one platform
  mediaops.access.token_cache_info:
    provider: freewheel
  register: cache
"""

RETURN = r"""
tokens:
  description: The cached tokens, without their secret values. They include those that a rotation has replaced and that
    have not been revoked yet.
  returned: success
  type: list
  elements: dict
  contains:
    provider:
      description: The provider that issued the token.
      type: str
      sample: freewheel
    url:
      description: The root URL of the provider.
      type: str
      sample: https://api.freewheel.tv
    principal:
      description: The owner of the token.
      type: str
      sample: johndoe
    issued_at:
      description: The time when the token was issued, in UTC. Null if it is unknown.
      type: str
      sample: "2030-12-24T23:59:59Z"
    expires_at:
      description: The time when the token expires, in UTC.
      type: str
      sample: "2030-12-31T23:59:59Z"
"""

from ..module_utils._modules.cache import TOKEN_CACHE, list_tokens
from ..module_utils._modules.definition import ModuleDefinition

MODULE = ModuleDefinition(TOKEN_CACHE, list_tokens, {"provider": {"type": "str"}})


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
