#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: audienceplayer_entitlement_info
short_description: Read the entitlements of an AudiencePlayer user
description:
  - Returns the products and subscriptions of a user. A user who does not exist has none and is not created.
  - With O(access_token), the entitlements of the token's user are returned, regardless of O(user_id) and O(user_email).
version_added: 0.1.0
author:
  - mediaops.access contributors (@mediaops)
options:
  user_id:
    description:
      - The ID of the user.
    type: int
  user_email:
    description:
      - The e-mail address of the user.
    type: str
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.access_tokens
  - mediaops.access.audienceplayer
  - mediaops.access.attributes.info
seealso:
  - module: mediaops.access.audienceplayer_entitlement
"""

EXAMPLES = r"""
- name: Read the entitlements of a viewer
  mediaops.access.audienceplayer_entitlement_info:
    project_id: 111
    client_id: "222"
    client_secret: "{{ audienceplayer_client_secret }}"
    user_email: viewer@example.com
  register: viewer

- name: Show the IDs of the products that the viewer has
  ansible.builtin.debug:
    msg: "{{ viewer.products | selectattr('is_fulfilled') | map(attribute='product_id') }}"

- name: Read the entitlements of a user by ID
  mediaops.access.audienceplayer_entitlement_info:
    project_id: 111
    client_id: "222"
    client_secret: "{{ audienceplayer_client_secret }}"
    user_id: 333
  register: viewer
"""

RETURN = r"""
products:
  description: The products of the user.
  returned: success
  type: list
  elements: dict
  contains:
    product_id:
      description: The ID of the product.
      type: int
      sample: 444
    is_fulfilled:
      description: Whether the user has the product.
      type: bool
      sample: true
    expires_at:
      description: The end of the entitlement, in UTC, if it expires.
      type: str
      sample: "2030-12-31T23:59:59Z"
subscriptions:
  description: The subscriptions of the user. The platform may omit those that have ended.
  returned: success
  type: list
  elements: dict
  contains:
    subscription_id:
      description: The ID of the subscription.
      type: int
      sample: 555
    expires_at:
      description: The end of the subscription, in UTC.
      type: str
      sample: "2030-12-31T23:59:59Z"
    is_valid:
      description: Whether the subscription is currently valid.
      type: bool
      sample: true
"""

from ..module_utils._errors import NotFound
from ..module_utils._modules.definition import ModuleDefinition, Result
from ..module_utils._oauth2.token import iso
from ..module_utils._platform.access import Access
from ..module_utils._providers.audienceplayer.client import AudiencePlayer
from ..module_utils._providers.audienceplayer.declaration import AUDIENCEPLAYER


def run(access: Access[AudiencePlayer]) -> Result:
    try:
        held = access.client.fetch_holdings(access.client.preferred_grant())
    except NotFound:
        held = {"products": [], "subscriptions": []}
    shown = {
        kind: [{**item, "expires_at": item["expires_at"] and iso(item["expires_at"].timestamp())} for item in items]
        for kind, items in held.items()
    }
    return {"changed": False, **shown}


MODULE = ModuleDefinition(
    AUDIENCEPLAYER,
    run,
    {"user_id": {"type": "int"}, "user_email": {"type": "str"}},
    mutually_exclusive=[("user_id", "user_email")],
    required_one_of=[("user_id", "user_email", "access_token")],
)


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
