#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: audienceplayer_token
short_description: Obtain an access token for AudiencePlayer
description:
  - Returns an access token for a frontend user, a CMS user or the client itself.
  - All processes with the same token cache share the token, and only one of them logs in.
version_added: 0.1.0
author:
  - mediaops.access contributors (@mediaops)
notes:
  - The platform cannot revoke a token. A token remains valid until it expires.
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
- name: Obtain a token that logs a viewer in
  mediaops.access.audienceplayer_token:
    project_id: 111
    client_id: "222"
    client_secret: "{{ audienceplayer_client_secret }}"
    user_email: viewer@example.com
    auto_register: true
  register: viewer

- name: Obtain a token for the CMS
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
      sample: api-user-access
user:
  description: The user that the token belongs to. In check mode without a cached token, the user as specified in the
    task.
  returned: success and O(state=present), if the platform reports it
  type: dict
  contains:
    id:
      description: The ID of the user.
      type: int
      sample: 333
    email:
      description: The e-mail address of the user.
      type: str
      sample: viewer@example.com
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
    - provider: "audienceplayer"
      kind: "token"
      name: "viewer@example.com"
      action: "obtain"
      before: null
      after: {expires_at: "2030-12-31T23:59:59Z"}
      local: true
"""

from ..module_utils._modules.definition import ModuleDefinition, Result
from ..module_utils._modules.token import OPTIONS, run_token
from ..module_utils._platform.access import Access
from ..module_utils._providers.audienceplayer.client import AudiencePlayer
from ..module_utils._providers.audienceplayer.declaration import AUDIENCEPLAYER, TOKEN_OPTIONS, TOKEN_RULES


def run(access: Access[AudiencePlayer]) -> Result:
    result, params = run_token(access), access.params
    user = result.get("token", {}).pop("user", None)
    if access.check_mode and "token" not in result and params["state"] == "present":
        user = {"id": params["user_id"], "email": params["user_email"]}
        if params["auto_register"]:
            access.client.plan_user(access, params["user_email"])
    return {**result, "user": user} if user else result


MODULE = ModuleDefinition(AUDIENCEPLAYER, run, {**OPTIONS, **TOKEN_OPTIONS}, **TOKEN_RULES)


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
