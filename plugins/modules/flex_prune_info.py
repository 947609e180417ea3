#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: flex_prune_info
short_description: Find the Flex applications that a manifest does not name
description:
  - Reads the complete list of applications, and returns those that neither O(names) nor O(ids) contains.
  - Applications that are being rotated out, whose names end with C((retiring since 2026-11-28T10:00:00Z)), are never
    returned. M(mediaops.access.flex_oauth_app) removes them together with their application, so those of returned
    applications count towards O(prune_limit).
version_added: 0.2.0
author:
  - mediaops.access contributors (@mediaops)
options:
  names:
    description:
      - The names of the applications to keep, including all applications that share such a name.
    type: list
    elements: str
    required: true
  ids:
    description:
      - The IDs of the applications to keep, whatever their names.
    type: list
    elements: int
    default: []
  prune_limit:
    description:
      - The maximum number of removals. If there are more, the task fails and names them.
    type: int
    default: 10
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.access_tokens
  - mediaops.access.common.unlimited
  - mediaops.access.flex
  - mediaops.access.attributes.info
notes:
  - The module is used by the role P(mediaops.access.flex_application#role), for O(prune_limit) and C(prune) in a
    manifest.
seealso:
  - module: mediaops.access.flex_oauth_app
"""

EXAMPLES = r"""
- name: Find applications other than the review tool
  mediaops.access.flex_prune_info:
    url: https://flex-auth.example.com:18101
    registration_key: "{{ flex_registration_key }}"
    names: [Reviewer]
  register: unnamed

- name: Remove them
  mediaops.access.flex_oauth_app:
    url: https://flex-auth.example.com:18101
    registration_key: "{{ flex_registration_key }}"
    name: "{{ item.name }}"
    state: absent
  loop: "{{ unnamed.candidates }}"

- name: Require that there are no others, whatever their names
  mediaops.access.flex_prune_info:
    url: https://flex-auth.example.com:18101
    registration_key: "{{ flex_registration_key }}"
    names: [Reviewer]
    ids: [7, 8]
    prune_limit: 0
"""

RETURN = r"""
candidates:
  description: The applications that would be removed, with C(id) and C(name).
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The ID of the application.
      type: int
      sample: 7
    name:
      description: The name of the application.
      type: str
      sample: Old reviewer
"""

from ..module_utils._modules.definition import ModuleDefinition, Result
from ..module_utils._modules.prune import OPTIONS, prune_result
from ..module_utils._platform.access import Access
from ..module_utils._providers.flex.client import Flex
from ..module_utils._providers.flex.declaration import FLEX
from ..module_utils._providers.flex.prune import find_candidates


def run(access: Access[Flex]) -> Result:
    names, ids = frozenset(access.params["names"]), frozenset(access.params["ids"])
    candidates, retiring = find_candidates(access, names, ids)
    return prune_result("applications", candidates, access.params["prune_limit"], retiring)


MODULE = ModuleDefinition(
    FLEX,
    run,
    {
        "names": {"type": "list", "elements": "str", "required": True},
        "ids": {"type": "list", "elements": "int", "default": []},
        **OPTIONS,
    },
)


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
