#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: audienceplayer_entitlement
short_description: Manage entitlements of AudiencePlayer users
description:
  - Fulfils and revokes entitlements to products and subscriptions, either one with the top-level options,
    or many with O(entitlements) and O(entitlements_file).
  - The users' entitlements are read first, and nothing is written if they already match. Reading never creates a user.
  - Logins, reads with the client's credentials and writes are batched into few requests, several of which are sent
    concurrently. An item that fails does not stop the others; the task fails at the end.
  - If the work takes longer than 10 seconds, progress is reported on standard error every 30 seconds, once the first
    item is done.
version_added: 0.1.0
author:
  - mediaops.access contributors (@mediaops)
options:
  product_id:
    description:
      - The ID of the product. Exactly one of O(product_id) and O(subscription_id) is required.
    type: int
  subscription_id:
    description:
      - The ID of the subscription.
    type: int
  user_id:
    description:
      - The ID of the user. Exactly one of O(user_id) and O(user_email) is required.
    type: int
  user_email:
    description:
      - The e-mail address of the user. Addresses that differ only in letter case or Unicode normalization refer to the
        same user.
    type: str
  auto_register:
    description:
      - Whether to create the user with O(user_email) if no such user exists and O(state=present).
    type: bool
    default: false
  expires_at:
    description:
      - The end of a subscription, in ISO 8601 format with any offset (UTC if there is none). It must be in the future.
        Required for a subscription with O(state=present).
    type: str
  state:
    description:
      - V(present) fulfils the entitlement, V(absent) revokes it.
    type: str
    choices: [present, absent]
    default: present
  entitlements:
    description:
      - A list of entitlements. All of them are validated before anything is sent.
    type: list
    elements: dict
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
          - Whether to create the user with O(entitlements[].user_email) if no such user exists and
            O(entitlements[].state=present).
        type: bool
        default: false
      expires_at:
        description:
          - The end of a subscription, in ISO 8601 format with any offset (UTC if there is none). It must be in the
            future. Required for a subscription with O(entitlements[].state=present).
        type: str
      forwarded_for:
        description:
          - The IP address of the end user, sent in the header C(X-Forwarded-For) of the requests for this item. They
            then count against the rate limits of this address. If not set, O(forwarded_for) is used.
        type: str
      state:
        description:
          - V(present) fulfils the entitlement, V(absent) revokes it.
        type: str
        choices: [present, absent]
        default: present
  entitlements_file:
    description:
      - The path of a file with entitlements, on the host that executes the task. Its items have the options of
        O(entitlements[]).
      - The file is encoded in UTF-8. Its extension is C(.csv) (with the option names in the first line), C(.json),
        C(.jsonl) or C(.ndjson) (with one item per line), C(.yml) or C(.yaml).
      - The semicolons, the C(sep=;) line and the byte order mark that spreadsheet programs write are accepted. YAML
        values are taken as they are written.
      - The file may be encrypted with Ansible Vault if the task runs on the controller.
      - Empty values are ignored. An empty file is an error.
      - All items are validated before anything is sent. Errors name the file and the line, or the index in a JSON list.
      - To limit memory usage with large files, RV(entitlements) lists only those items of the file that failed.
    type: path
  read_before_write:
    description:
      - Whether to read the users' entitlements first and write only what differs.
      - With V(false), every item is written and counts as changed.
    type: bool
    default: true
  read_with:
    description:
      - The credentials with which the users' entitlements are read. The outcome is the same.
      - V(user) logs in as each user whose token is not cached, and reads each user in a request.
      - V(client) reads up to O(batch_size) users in one request, without logins. The task fails if the platform's
        schema does not allow it.
      - V(auto) is V(client) if the schema allows it, otherwise V(user). Tasks that read several users find out by
        introspection, once a day for all that share a O(token_cache).
    type: str
    choices: [auto, user, client]
    default: auto
    version_added: 0.2.0
  batch_size:
    description:
      - The maximum number of writes, of user logins, or of users read with the client's credentials in one request.
    type: int
    default: 20
  concurrency:
    description:
      - The number of requests in flight at the same time, so that throughput does not depend on latency. The rate
        limits apply to all of them together.
    type: int
    default: 4
  ledger:
    description:
      - The path of a SQLite database, created with mode 0600, which records what was applied and when.
        Items that match a record no older than O(ledger_max_age) are neither read nor written again.
      - With a ledger, a nightly run over many items sends only what has changed, and a run that was interrupted resumes
        where it stopped.
      - Changes made to the platform by others are noticed only once a record is too old. If a user is read, the
        platform's state takes precedence.
    type: path
  ledger_max_age:
    description:
      - The maximum age of a record in O(ledger), in seconds. Older records are ignored.
    type: int
    default: 604800
  planned_users:
    description:
      - The e-mail addresses of users who will exist by the time of the real run. In check mode, they count as users
        without entitlements.
      - Users that an earlier task of the same run in check mode would create are included automatically.
    type: list
    elements: str
  rejects_file:
    description:
      - The path of a file to which the rows of O(entitlements_file) that failed are written, with an additional column
        C(reason). It is written at the end of the run, atomically and with mode 0600.
      - The file has the format of O(entitlements_file), so its extension must be the same. The values, their order, the
        delimiter and the byte order mark are kept; if O(entitlements_file) is encrypted with Ansible Vault, so is this
        file, with the same password.
      - Correct the rows and use the file as O(entitlements_file). The column C(reason) is ignored.
      - If no row failed, an existing file at this path is removed. A file that is not regular is neither replaced nor
        removed; the task fails before anything is sent.
      - In check mode, the file is neither written nor removed.
    type: path
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.access_tokens
  - mediaops.access.audienceplayer
  - mediaops.access.attributes
notes:
  - O(access_token) is not used, because writing requires the client's credentials and a list contains many users.
  - O(max_wait) applies to each user that is read and to each batch. A batch has one O(entitlements[].forwarded_for).
seealso:
  - module: mediaops.access.audienceplayer_entitlement_info
"""

EXAMPLES = r"""
- name: Entitle a viewer to a film that they bought
  mediaops.access.audienceplayer_entitlement:
    project_id: 111
    client_id: "222"
    client_secret: "{{ audienceplayer_client_secret }}"
    user_email: viewer@example.com
    auto_register: true
    product_id: 444

- name: Apply today's sales and refunds
  mediaops.access.audienceplayer_entitlement:
    project_id: 111
    client_id: "222"
    client_secret: "{{ audienceplayer_client_secret }}"
    entitlements:
      - {user_id: 333, subscription_id: 555, expires_at: "2030-12-31T23:59:59+01:00"}
      - {user_email: viewer@example.com, product_id: 444, state: absent}
  register: sold

- name: Apply all entitlements of the shop every night
  mediaops.access.audienceplayer_entitlement:
    project_id: 111
    client_id: "222"
    client_secret: "{{ audienceplayer_client_secret }}"
    entitlements_file: "{{ playbook_dir }}/files/entitlements.csv"
    ledger: "{{ playbook_dir }}/entitlements.ledger"
    rejects_file: "{{ playbook_dir }}/rejects.csv"
"""

RETURN = r"""
entitlements:
  description: The outcome of each item, in the order of the input. Of the items of O(entitlements_file), only those
    that failed are listed.
  returned: unless the options are invalid
  type: list
  elements: dict
  contains:
    user_id:
      description: The ID of the user, as specified.
      type: int
      sample: 1001
    user_email:
      description: The e-mail address of the user, as specified.
      type: str
      sample: viewer@example.com
    product_id:
      description: The ID of the product, as specified.
      type: int
      sample: 444
    subscription_id:
      description: The ID of the subscription, as specified.
      type: int
      sample: 555
    expires_at:
      description: The end of the subscription, in UTC.
      type: str
      sample: "2030-12-31T23:59:59Z"
    state:
      description: The state, as specified.
      type: str
      sample: present
    changed:
      description: Whether the entitlement was written.
      type: bool
      sample: true
    failed:
      description: Whether the item failed.
      type: bool
      sample: false
    msg:
      description: The error message.
      type: str
      returned: if the item failed
      sample: the user 1001 does not exist
summary:
  description: The number of items, by outcome.
  returned: unless the options are invalid
  type: dict
  contains:
    total:
      description: The total number of items.
      type: int
      sample: 2
    changed:
      description: The number of items that were written.
      type: int
      sample: 1
    unchanged:
      description: The number of items that already matched.
      type: int
      sample: 1
    failed:
      description: The number of items that failed.
      type: int
      sample: 0
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
      kind: "entitlement"
      name: "viewer@example.com product 444"
      action: "create"
      before: null
      after: {expires_at: null}
      local: false
"""

from ..module_utils._errors import AccessError
from ..module_utils._modules.definition import ModuleDefinition, Result
from ..module_utils._platform.access import Access
from ..module_utils._providers.audienceplayer.bulk import Entitlements
from ..module_utils._providers.audienceplayer.client import AudiencePlayer
from ..module_utils._providers.audienceplayer.declaration import AUDIENCEPLAYER
from ..module_utils._providers.audienceplayer.entitlements import ITEM_OPTIONS, OWN_OPTIONS
from ..module_utils._providers.audienceplayer.reading import READ_OPTIONS


def run(access: Access[AudiencePlayer]) -> Result:
    many = [name for name in ("entitlements", "entitlements_file") if access.params[name] is not None]
    beside = sorted(access.explicit_options & OWN_OPTIONS) if many else []
    if beside:
        raise AccessError(f"{' and '.join(beside)} cannot be given beside {many[0]}: each item has its own")
    entitlements = Entitlements(access)
    entitlements.apply()
    return entitlements.as_result()


MODULE = ModuleDefinition(
    AUDIENCEPLAYER,
    run,
    {
        **ITEM_OPTIONS,
        "entitlements": {"type": "list", "elements": "dict", "options": ITEM_OPTIONS},
        "entitlements_file": {"type": "path"},
        "read_before_write": {"type": "bool", "default": True},
        **READ_OPTIONS,
        "batch_size": {"type": "int", "default": 20},
        "concurrency": {"type": "int", "default": 4},
        "ledger": {"type": "path"},
        "ledger_max_age": {"type": "int", "default": 604800},
        "planned_users": {"type": "list", "elements": "str"},
        "rejects_file": {"type": "path"},
    },
    required_by={"rejects_file": "entitlements_file"},
    mutually_exclusive=[("entitlements", name) for name in sorted(OWN_OPTIONS) if "default" not in ITEM_OPTIONS[name]],
)


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
