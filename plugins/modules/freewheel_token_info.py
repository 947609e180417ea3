#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: freewheel_token_info
short_description: Read information about a FreeWheel access token
description:
  - Returns whether a token is valid, which user it belongs to, and when it expires.
  - The token is O(access_token) or, with credentials, the shared token, which is obtained if none is cached.
version_added: 0.1.0
author:
  - mediaops.access contributors (@mediaops)
notes:
  - The platform answers requests about tokens of O(grant=client_credentials) with HTTP 401 although its API accepts
    these tokens. The module then returns RV(token_info.valid) as null.
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.access_tokens
  - mediaops.access.freewheel
  - mediaops.access.attributes.info
seealso:
  - module: mediaops.access.freewheel_token
"""

EXAMPLES = r"""
- name: Read how long a token is valid
  mediaops.access.freewheel_token_info:
    access_token: "{{ freewheel_access_token }}"
  register: freewheel

- name: Ensure that the token is valid for at least ten hours
  ansible.builtin.assert:
    that: freewheel.token_info.valid and freewheel.token_info.expires_in > 36000

- name: Read information about the shared token
  mediaops.access.freewheel_token_info:
    username: "{{ freewheel_username }}"
    password: "{{ freewheel_password }}"
  register: freewheel
"""

RETURN = r"""
token_info:
  description: The information returned by the platform.
  returned: success
  type: dict
  contains:
    valid:
      description: Whether the platform accepts the token. If not, the other values are null. With
        O(grant=client_credentials), this is null if the platform does not recognize the token, because the API may
        accept it nevertheless.
      type: bool
      sample: true
    user_id:
      description: The ID of the MRM user that the token belongs to.
      type: int
      sample: 6092302
    created_at:
      description: The time when the token was created, in seconds since 1970 (UTC), as returned by the platform.
      type: int
      sample: 1468982119
    expires_in:
      description: The remaining lifetime of the token, in seconds.
      type: int
      sample: 604800
    expires_at:
      description: The time when the token expires, in UTC.
      type: str
      sample: "2030-12-31T23:59:59Z"
"""

from ..module_utils._modules.definition import ModuleDefinition, Result
from ..module_utils._oauth2.grants import SuppliedToken
from ..module_utils._oauth2.token import iso
from ..module_utils._platform.access import Access
from ..module_utils._providers.freewheel import FREEWHEEL, FreeWheel


def run(access: Access[FreeWheel]) -> Result:
    freewheel, tokens = access.client, access.client.tokens
    grant = freewheel.preferred_grant()
    token = tokens.get(grant)
    info = freewheel.issuer.token_info(token)
    is_unknown = freewheel.issuer.rejects_valid_tokens
    if info is None and not is_unknown and not isinstance(grant, SuppliedToken):
        info = freewheel.issuer.token_info(tokens.replace(grant, token))
    if info is None:
        nothing = dict.fromkeys(("user_id", "created_at", "expires_in", "expires_at"))
        return {"changed": False, "token_info": {"valid": None if is_unknown else False, **nothing}}
    return {
        "changed": False,
        "token_info": {"valid": True, **info, "expires_at": iso(access.clock.now() + info["expires_in"])},
    }


MODULE = ModuleDefinition(FREEWHEEL, run)


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
