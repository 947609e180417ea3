#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: plan
short_description: Summarize, write and check the plan of a run
version_added: 0.2.0
description:
  - Takes the RV(mediaops.access.flex_oauth_app#module:changes) of other modules, and returns them as lines for the
    output.
  - Writes them to a file, and compares them with an approved plan.
  - Nothing on a platform is read or changed.
author:
  - mediaops.access contributors (@mediaops)
options:
  changes:
    description:
      - The plan, as in C(provision_result.plan) of the role P(mediaops.access.provision#role).
      - If not set, the module only checks O(dest) and O(approved_plan).
    type: list
    elements: raw
  titles:
    description: The titles of the platforms that the plan is for, by name. Each has a line in RV(totals).
    type: dict
    default: {}
  unchanged:
    description: The numbers of items without a change, by platform.
    type: dict
    default: {}
  failed:
    description: The names of the platforms that failed, and whose changes are incomplete.
    type: list
    elements: str
    default: []
  failures:
    description: The messages of the items that failed. A Markdown file contains them.
    type: list
    elements: str
    default: []
  dest:
    description:
      - The file to write, also in check mode. The ending determines the format. C(.json) contains the complete plan,
        valid against C(roles/provision/files/plan.schema.json).
      - C(.md) is a comment for a change request. It is shorter than GitHub's limit of 65,536 characters, and states how
        many changes are missing.
      - The file has mode 0600, is replaced atomically, and is not written if it already has this content.
    type: path
  approved_plan:
    description:
      - A JSON plan. The module fails if O(changes) contains one that is not in it, and names those changes.
      - Identifiers that a platform assigns, and the time when a token expires, are not compared. Changes that are
        C(local) are always allowed.
    type: path
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
  - The module always runs on the controller.
  - The module is used by the role P(mediaops.access.provision#role).
"""

EXAMPLES = r"""
- name: Predict an application
  mediaops.access.flex_oauth_app:
    url: https://flex-auth.example.com:18101
    registration_key: "{{ flex_registration_key }}"
    name: Reviewer
    description: Tool to review media
  check_mode: true
  register: predicted

- name: Write the plan for a change request
  mediaops.access.plan:
    changes: "{{ predicted.changes | default([]) }}"
    titles: {flex: Flex Media Platform}
    dest: plan.md

- name: Refuse changes that are not approved
  mediaops.access.plan:
    changes: "{{ predicted.changes | default([]) }}"
    approved_plan: approved.json
"""

RETURN = r"""
lines:
  description: One line for each change, at most 50, and the number of the others.
  returned: success and O(changes) is set
  type: list
  elements: str
  sample: ["+ application Reviewer", "~ player p1 (alias)", "+ token mrm (local)"]
totals:
  description: One line for each platform, with the number of items by action.
  returned: success and O(changes) is set
  type: list
  elements: str
  sample: ["Flex Media Platform: 1 created, 2 unchanged"]
drift:
  description: The number of changes that are not C(local), which means that a platform's state differs.
  returned: success and O(changes) is set
  type: int
  sample: 1
drift_message:
  description: The changes that RV(drift) counts, as an error message.
  returned: success and RV(drift) is not 0
  type: str
  sample: "The platforms differ from the manifest in 1 item: + application Reviewer"
"""
