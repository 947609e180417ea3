#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: audienceplayer_token
short_description: Obtain an access token of AudiencePlayer
description:
  - Returns an access token of a frontend user, of a CMS user, or of the client itself.
  - All processes that share a token cache share the token; only one of them logs in.
version_added: 0.1.0
author:
  - mediaops.access contributors (@mediaops)
notes:
  - The platform cannot revoke a token. It expires.
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.access_tokens
  - mediaops.access.audienceplayer
  - mediaops.access.audienceplayer.tokens
  - mediaops.access.token
  - mediaops.access.attributes.tokens
seealso:
  - module: mediaops.access.audienceplayer_entitlement
  - plugin: mediaops.access.token
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: A token that logs a customer in
  mediaops.access.audienceplayer_token:
    project_id: 111
    client_id: "222"
    client_secret: "{{ audienceplayer_client_secret }}"
    user_email: viewer@example.com
    auto_register: true
  register: viewer

- name: A token for the CMS
  mediaops.access.audienceplayer_token:
    project_id: 111
    scope: admin
    client_id: "333"
    client_secret: "{{ audienceplayer_admin_secret }}"
  register: cms
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
      sample: api-user-access
user:
  description: Whose token it is. In check mode, what the task says of the user, if no token is cached.
  returned: success and O(state=present), if the platform says so
  type: dict
  contains:
    id:
      description: The user's number.
      type: int
      sample: 333
    email:
      description: The user's e-mail address.
      type: str
      sample: viewer@example.com
"""

from ansible_collections.mediaops.access.plugins.module_utils._access import Access
from ansible_collections.mediaops.access.plugins.module_utils._module import Module, Result
from ansible_collections.mediaops.access.plugins.module_utils._providers.audienceplayer import AudiencePlayer
from ansible_collections.mediaops.access.plugins.module_utils._token_module import OPTIONS, run_token


def run(access: Access[AudiencePlayer]) -> Result:
    result, params = run_token(access), access.params
    user = result.get("token", {}).pop("user", None)
    if access.check_mode and "token" not in result and params["state"] == "present":
        user = {"id": params["user_id"], "email": params["user_email"]}
        if params["auto_register"]:
            access.provider.plan_user(access, params["user_email"])
    return {**result, "user": user} if user else result


MODULE = Module(AudiencePlayer, run, {**OPTIONS, **AudiencePlayer.token_options}, **AudiencePlayer.token_rules)


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
