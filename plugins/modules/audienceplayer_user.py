#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: audienceplayer_user
short_description: Create and name users of AudiencePlayer
version_added: 0.1.0
description:
  - Creates a frontend user if there is none with the e-mail address, and corrects the user's name.
author:
  - mediaops.access contributors (@mediaops)
options:
  user_email:
    description:
      - The user's e-mail address.
    type: str
    required: true
  user_name:
    description:
      - The user's name. If it is not given, a user who exists keeps the name they have.
    type: str
  user_locale:
    description:
      - The language of a user who is created, such as V(en). It cannot be read, so it is not changed later.
    type: str
  state:
    description:
      - The user exists. Users are not removed, as what they have paid for would go with them.
    type: str
    choices: [present]
    default: present
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.access_tokens
  - mediaops.access.audienceplayer
  - mediaops.access.attributes
seealso:
  - module: mediaops.access.audienceplayer_entitlement
"""

EXAMPLES = r"""
- name: A viewer of the shop
  mediaops.access.audienceplayer_user:
    project_id: 111
    client_id: "222"
    client_secret: "{{ audienceplayer_client_secret }}"
    user_email: viewer@example.com
    user_name: Vera Viewer

- name: Create viewers with their language
  mediaops.access.audienceplayer_user:
    project_id: 111
    client_id: "222"
    client_secret: "{{ audienceplayer_client_secret }}"
    user_email: "{{ item }}"
    user_locale: en
  loop:
    - anna@example.com
    - ben@example.com
"""

RETURN = r"""
user:
  description: The user.
  returned: success
  type: dict
  contains:
    id:
      description: The user's number; null in check mode for one who does not exist yet.
      type: int
      sample: 333
    email:
      description: The e-mail address.
      type: str
      sample: viewer@example.com
    name:
      description: The name.
      type: str
      sample: Vera Viewer
"""

from ansible_collections.mediaops.access.plugins.module_utils._access import Access
from ansible_collections.mediaops.access.plugins.module_utils._module import Module, Result
from ansible_collections.mediaops.access.plugins.module_utils._providers.audienceplayer import AudiencePlayer, UserResource
from ansible_collections.mediaops.access.plugins.module_utils._runner import ensure


def run(access: Access[AudiencePlayer]) -> Result:
    outcome = ensure(access, UserResource(access.provider, access.params))
    if access.check_mode and outcome.diff and not outcome.diff["before"]:
        access.plan_token(access.provider.grant())  # to log in is how a user is created
    return {"changed": outcome.changed, "diff": outcome.diff, "user": outcome.state}


MODULE = Module(
    AudiencePlayer,
    run,
    {
        "user_email": {"type": "str", "required": True},
        "user_name": {"type": "str"},
        "user_locale": {"type": "str"},
        "state": {"type": "str", "choices": ["present"], "default": "present"},
    },
)


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
