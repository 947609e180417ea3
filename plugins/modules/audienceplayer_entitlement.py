#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: audienceplayer_entitlement
short_description: Entitle AudiencePlayer users to products and subscriptions
description:
  - Fulfils and revokes entitlements, one with the options at the top, or many with O(entitlements) and O(entitlements_file).
  - What the users hold is read first, and nothing is written where it is right already. Reading never creates a user.
  - Many logins or writes travel in one request, and several requests at a time. An item that fails does not stop the others; the task fails at the end.
  - Work that takes longer than 10 seconds reports its progress on the standard error output every half minute, as soon as a first item is done.
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
      - The user's e-mail address. Addresses that differ in case, or in the form of Unicode, only are the same user.
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
          - The user's e-mail address. Addresses that differ in case, or in the form of Unicode, only are the same user.
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
  entitlements_file:
    description:
      - A file with many entitlements, on the host that carries the task out. Its items have the options of O(entitlements[]).
      - C(.csv) with the options' names in the first line, C(.json), C(.jsonl) or C(.ndjson) with an item in each line, or C(.yml). In UTF-8.
      - A spreadsheet's semicolons, its C(sep=;) line, and a byte order mark are understood. YAML values are taken as they are written.
      - It may be encrypted with Ansible Vault if the task runs on the controller.
      - Empty values are left out. An empty file is an error.
      - All items are checked before anything is sent; what is wrong with them is named with the file and the line, or the index in a list of JSON.
      - Memory hardly grows with the file, so RV(entitlements) lists only those of its items that failed.
    type: path
  read_before_write:
    description:
      - Read what the users hold and write only what differs. That takes a login for each user whose token is not cached.
      - With V(false) every item is written, and counts as changed.
    type: bool
    default: true
  batch_size:
    description:
      - The most writes, or logins of users, that travel in one request.
    type: int
    default: 20
  concurrency:
    description:
      - How many requests are in flight at once, so that the platform's latency does not set the pace. The rate limits hold for all of them together.
    type: int
    default: 4
  ledger:
    description:
      - A file (a SQLite database, made with mode 0600) that keeps what was brought about and when.
        What it knows to be right, and not older than O(ledger_max_age), is neither read nor written again.
      - So a nightly run over many items sends only what has changed, and a run that was killed goes on where it stopped.
      - What others change on the platform meanwhile is noticed when an entry is too old. Wherever users are read, what the platform says counts.
    type: path
  ledger_max_age:
    description:
      - Seconds for which O(ledger) is believed.
    type: int
    default: 604800
  planned_users:
    description:
      - E-mail addresses of users who will exist by the time of the real run. In check mode they count as users who hold nothing yet.
      - Users whom an earlier task of the same check would create count as such by themselves.
    type: list
    elements: str
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.access_tokens
  - mediaops.access.audienceplayer
  - mediaops.access.attributes
notes:
  - O(access_token) is not used. To write takes the client's credentials, and a list has many users.
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

- name: All that the shop knows of, every night
  mediaops.access.audienceplayer_entitlement:
    project_id: 111
    client_id: "222"
    client_secret: "{{ audienceplayer_client_secret }}"
    entitlements_file: "{{ playbook_dir }}/files/entitlements.csv"
    ledger: "{{ playbook_dir }}/entitlements.ledger"
"""

RETURN = r"""
entitlements:
  description: What became of each item, in the input's order. Of the items of O(entitlements_file), those that failed.
  returned: unless the options are invalid
  type: list
  elements: dict
  contains:
    user_id:
      description: As given.
      type: int
      sample: 1001
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
      sample: 555
    expires_at:
      description: When the subscription ends, in UTC.
      type: str
      sample: "2030-12-31T23:59:59Z"
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
      sample: the user 1001 does not exist
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
from ansible_collections.mediaops.access.plugins.module_utils._providers._audienceplayer_bulk import Entitlements
from ansible_collections.mediaops.access.plugins.module_utils._providers._audienceplayer_entitlements import ITEM_OPTIONS
from ansible_collections.mediaops.access.plugins.module_utils._providers.audienceplayer import AudiencePlayer


def run(access: Access[AudiencePlayer]) -> Result:
    many = [name for name in ("entitlements", "entitlements_file") if access.params[name] is not None]
    beside = sorted(access.given & set(ITEM_OPTIONS)) if many else []
    if beside:
        raise AccessError(f"{' and '.join(beside)} cannot be given beside {many[0]}: each item has its own")
    entitlements = Entitlements(access)
    entitlements.apply()
    return entitlements.as_result()


MODULE = Module(
    AudiencePlayer,
    run,
    {
        **ITEM_OPTIONS,
        "entitlements": {"type": "list", "elements": "dict", "options": ITEM_OPTIONS},
        "entitlements_file": {"type": "path"},
        "read_before_write": {"type": "bool", "default": True},
        "batch_size": {"type": "int", "default": 20},
        "concurrency": {"type": "int", "default": 4},
        "ledger": {"type": "path"},
        "ledger_max_age": {"type": "int", "default": 604800},
        "planned_users": {"type": "list", "elements": "str"},
    },
    mutually_exclusive=[("entitlements", name) for name, option in ITEM_OPTIONS.items() if "default" not in option],
)


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
