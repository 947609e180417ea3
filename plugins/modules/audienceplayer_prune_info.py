#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: audienceplayer_prune_info
short_description: Find the AudiencePlayer entitlements that a manifest does not name
description:
  - Reads the complete entitlements of the users in O(users), O(entitlements) and O(entitlements_file), and returns
    those that neither O(entitlements) nor O(entitlements_file) contains. An item with C(state=absent) counts as
    contained. Subscriptions without an end are not returned, because an entitlement cannot be fulfilled without an end.
  - Unless the users can be read with the client's credentials (O(read_with)), reading requires one request for each
    user, and a login for each user whose token is not cached. A user is never created.
version_added: 0.2.0
author:
  - mediaops.access contributors (@mediaops)
options:
  users:
    description:
      - The e-mail addresses of further users. All of the entitlements that they have are returned, unless another
        option contains them.
    type: list
    elements: str
    default: []
  entitlements:
    description:
      - The entitlements to keep.
    type: list
    elements: dict
    default: []
    suboptions:
      product_id:
        description:
          - The ID of the product. Exactly one of O(entitlements[].product_id) and O(entitlements[].subscription_id) is
            required.
        type: int
      subscription_id:
        description:
          - The ID of the subscription.
        type: int
      user_id:
        description:
          - The ID of the user. Exactly one of O(entitlements[].user_id) and O(entitlements[].user_email) is required.
        type: int
      user_email:
        description:
          - The e-mail address of the user. Addresses that differ only in letter case or Unicode normalization refer to
            the same user.
        type: str
      auto_register:
        description:
          - Accepted, so that items can be shared with M(mediaops.access.audienceplayer_entitlement). It has no effect.
        type: bool
        default: false
      expires_at:
        description:
          - The end of a subscription, in ISO 8601 format. It is validated, but not compared.
        type: str
      forwarded_for:
        description:
          - The IP address of the end user, sent in the header C(X-Forwarded-For) of the requests for this user. If not
            set, O(forwarded_for) is used.
        type: str
      state:
        description:
          - Whether the entitlement should exist. It is not returned in either case.
        type: str
        choices: [present, absent]
        default: present
  entitlements_file:
    description:
      - The path of a file with further entitlements to keep, as for
        O(mediaops.access.audienceplayer_entitlement#module:entitlements_file).
    type: path
  read_with:
    description:
      - The credentials with which the users' entitlements are read, as for
        O(mediaops.access.audienceplayer_entitlement#module:read_with).
    type: str
    choices: [auto, user, client]
    default: auto
  batch_size:
    description:
      - The maximum number of user logins, or of users read with the client's credentials in one request.
    type: int
    default: 20
  concurrency:
    description:
      - The number of requests in flight at the same time.
    type: int
    default: 4
  prune_limit:
    description:
      - The maximum number of removals. If there are more, the task fails and names them.
    type: int
    default: 10
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.access_tokens
  - mediaops.access.audienceplayer
  - mediaops.access.attributes.info
notes:
  - O(access_token) is not used, because the list contains many users.
  - O(max_wait) applies to each user that is read.
  - The module is used by the role P(mediaops.access.audienceplayer_access#role), for O(prune_limit) and C(prune) in a
    manifest.
seealso:
  - module: mediaops.access.audienceplayer_entitlement
"""

EXAMPLES = r"""
- name: Find entitlements of a viewer other than a film
  mediaops.access.audienceplayer_prune_info:
    project_id: 111
    client_id: "222"
    client_secret: "{{ audienceplayer_client_secret }}"
    entitlements:
      - {user_email: viewer@example.com, product_id: 444}
  register: unnamed

- name: Show them
  ansible.builtin.debug:
    msg: "{{ unnamed.candidates }}"

- name: Require that a former customer has no entitlements
  mediaops.access.audienceplayer_prune_info:
    project_id: 111
    client_id: "222"
    client_secret: "{{ audienceplayer_client_secret }}"
    users: [former@example.com]
    prune_limit: 0
"""

RETURN = r"""
candidates:
  description: The entitlements that would be revoked, as items of M(mediaops.access.audienceplayer_entitlement).
  returned: success
  type: list
  elements: dict
  contains:
    user_id:
      description: The ID of the user, if the options name the user by ID.
      type: int
      sample: 1001
    user_email:
      description: The e-mail address of the user, if the options name the user by address.
      type: str
      sample: viewer@example.com
    product_id:
      description: The ID of the product.
      type: int
      sample: 445
    subscription_id:
      description: The ID of the subscription.
      type: int
      sample: 555
    forwarded_for:
      description: The address that the options give for the user.
      type: str
      returned: if the options give one
      sample: 203.0.113.7
    state:
      description: Always V(absent).
      type: str
      sample: absent
"""

from ..module_utils._modules.definition import ModuleDefinition, Result
from ..module_utils._modules.prune import OPTIONS, prune_result
from ..module_utils._platform.access import Access
from ..module_utils._providers.audienceplayer.client import AudiencePlayer
from ..module_utils._providers.audienceplayer.declaration import AUDIENCEPLAYER
from ..module_utils._providers.audienceplayer.entitlements import ITEM_OPTIONS
from ..module_utils._providers.audienceplayer.prune import Unnamed
from ..module_utils._providers.audienceplayer.reading import READ_OPTIONS


def run(access: Access[AudiencePlayer]) -> Result:
    return prune_result("entitlements", Unnamed(access).find(), access.params["prune_limit"])


MODULE = ModuleDefinition(
    AUDIENCEPLAYER,
    run,
    {
        "users": {"type": "list", "elements": "str", "default": []},
        "entitlements": {"type": "list", "elements": "dict", "options": ITEM_OPTIONS, "default": []},
        "entitlements_file": {"type": "path"},
        **READ_OPTIONS,
        "batch_size": {"type": "int", "default": 20},
        "concurrency": {"type": "int", "default": 4},
        **OPTIONS,
    },
)


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
