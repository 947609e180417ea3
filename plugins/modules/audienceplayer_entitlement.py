#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: audienceplayer_entitlement
short_description: Entitle AudiencePlayer users to products and subscriptions
description:
  - Fulfils and revokes entitlements, one with the options at the top, or many with O(entitlements).
  - What the users hold is read first, and nothing is written where it is right already. Reading never creates a user.
  - Many writes travel in one request. An item that fails does not stop the others; the task fails at the end.
version_added: 0.1.0
author:
  - mediaops.access contributors (@mediaops)
options:
  product_id:
    description:
      - The product. Exactly one of this and O(subscription_id) is given.
    type: int
  subscription_id:
    description:
      - The subscription.
    type: int
  user_id:
    description:
      - The user's number. Exactly one of this and O(user_email) is given.
    type: int
  user_email:
    description:
      - The user's e-mail address.
    type: str
  auto_register:
    description:
      - Create the user of O(user_email) if there is none and O(state=present).
    type: bool
    default: false
  expires_at:
    description:
      - When a subscription ends, as ISO 8601 with any offset (without one it is UTC). It must lie in the future. Needed for a subscription that is present.
    type: str
  state:
    description:
      - V(present) fulfils the entitlement, V(absent) revokes it.
    type: str
    choices: [present, absent]
    default: present
  entitlements:
    description:
      - Many entitlements. All are checked before anything is sent.
    type: list
    elements: dict
    suboptions:
      product_id:
        description:
          - The product. Exactly one of this and O(entitlements[].subscription_id) is given.
        type: int
      subscription_id:
        description:
          - The subscription.
        type: int
      user_id:
        description:
          - The user's number. Exactly one of this and O(entitlements[].user_email) is given.
        type: int
      user_email:
        description:
          - The user's e-mail address.
        type: str
      auto_register:
        description:
          - Create the user of O(entitlements[].user_email) if there is none and O(entitlements[].state=present).
        type: bool
        default: false
      expires_at:
        description:
          - When a subscription ends, as ISO 8601 with any offset (without one it is UTC). It must lie in the future. Needed for a subscription that is present.
        type: str
      state:
        description:
          - V(present) fulfils the entitlement, V(absent) revokes it.
        type: str
        choices: [present, absent]
        default: present
  read_before_write:
    description:
      - Read what the users hold and write only what differs. That takes a login for each user whose token is not cached.
      - With V(false) every item is written, and counts as changed.
    type: bool
    default: true
  batch_size:
    description:
      - The most writes that travel in one request.
    type: int
    default: 20
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.access_tokens
  - mediaops.access.audienceplayer
  - mediaops.access.attributes
notes:
  - O(max_wait) counts for each user that is read and for each batch that is written.
seealso:
  - module: mediaops.access.audienceplayer_entitlement_info
"""

EXAMPLES = r"""
- name: A viewer has bought a film
  mediaops.access.audienceplayer_entitlement:
    project_id: 111
    client_id: "222"
    client_secret: "{{ audienceplayer_client_secret }}"
    user_email: viewer@example.com
    auto_register: true
    product_id: 444

- name: What the shop sold today
  mediaops.access.audienceplayer_entitlement:
    project_id: 111
    client_id: "222"
    client_secret: "{{ audienceplayer_client_secret }}"
    entitlements:
      - {user_id: 333, subscription_id: 555, expires_at: "2030-12-31T23:59:59+01:00"}
      - {user_email: viewer@example.com, product_id: 444, state: absent}
  register: sold
"""

RETURN = r"""
entitlements:
  description: What became of each item, in the input's order.
  returned: unless the options are invalid
  type: list
  elements: dict
  contains:
    user_id:
      description: As given.
      type: int
    user_email:
      description: As given.
      type: str
      sample: viewer@example.com
    product_id:
      description: As given.
      type: int
      sample: 444
    subscription_id:
      description: As given.
      type: int
    expires_at:
      description: When the subscription ends, in UTC.
      type: str
    state:
      description: As given.
      type: str
      sample: present
    changed:
      description: Whether it was written.
      type: bool
      sample: true
    failed:
      description: Whether it could not be brought about.
      type: bool
      sample: false
    msg:
      description: Why not.
      type: str
      returned: if it failed
summary:
  description: How many items there were.
  returned: unless the options are invalid
  type: dict
  contains:
    total:
      description: In all.
      type: int
      sample: 2
    changed:
      description: That were written.
      type: int
      sample: 1
    unchanged:
      description: That were right already.
      type: int
      sample: 1
    failed:
      description: That failed.
      type: int
      sample: 0
"""

from ansible_collections.mediaops.access.plugins.module_utils._access import Access
from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.module_utils._module import Module, Result
from ansible_collections.mediaops.access.plugins.module_utils._providers._audienceplayer_entitlements import ITEM_OPTIONS, Entitlements
from ansible_collections.mediaops.access.plugins.module_utils._providers.audienceplayer import AudiencePlayer


def run(access: Access[AudiencePlayer]) -> Result:
    params = access.params
    listed = params["entitlements"] is not None
    beside = sorted(access.given & set(ITEM_OPTIONS)) if listed else []
    if beside:
        raise AccessError(f"{' and '.join(beside)} cannot be given beside entitlements: each item has its own")
    entitlements = Entitlements(access, params["entitlements"] if listed else [params], listed=listed)
    entitlements.apply()
    return entitlements.as_result()


MODULE = Module(
    AudiencePlayer,
    run,
    {
        **ITEM_OPTIONS,
        "entitlements": {"type": "list", "elements": "dict", "options": ITEM_OPTIONS},
        "read_before_write": {"type": "bool", "default": True},
        "batch_size": {"type": "int", "default": 20},
    },
    mutually_exclusive=[("entitlements", name) for name, option in ITEM_OPTIONS.items() if "default" not in option],
)


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
