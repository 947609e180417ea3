#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: playlyfe_prune_info
short_description: Find the Playlyfe players that a manifest does not name
description:
  - Reads the complete list of players, from all pages, and returns those that O(ids) does not contain. The client needs
    the admin scope.
version_added: 0.2.0
author:
  - mediaops.access contributors (@mediaops)
options:
  ids:
    description:
      - The IDs of the players to keep.
    type: list
    elements: str
    required: true
  prune_limit:
    description:
      - The maximum number of removals. If there are more, the task fails and names them.
    type: int
    default: 10
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.access_tokens
  - mediaops.access.common.unlimited
  - mediaops.access.playlyfe
  - mediaops.access.attributes.info
notes:
  - The module is used by the role P(mediaops.access.playlyfe_access#role), for O(prune_limit) and C(prune) in a
    manifest.
seealso:
  - module: mediaops.access.playlyfe_player
"""

EXAMPLES = r"""
- name: Find players other than p1 and p2
  mediaops.access.playlyfe_prune_info:
    client_id: "{{ playlyfe_client_id }}"
    client_secret: "{{ playlyfe_client_secret }}"
    ids: [p1, p2]
  register: unnamed

- name: Delete them
  mediaops.access.playlyfe_player:
    client_id: "{{ playlyfe_client_id }}"
    client_secret: "{{ playlyfe_client_secret }}"
    id: "{{ item.id }}"
    state: absent
  loop: "{{ unnamed.candidates }}"

- name: Require that there are no others
  mediaops.access.playlyfe_prune_info:
    client_id: "{{ playlyfe_client_id }}"
    client_secret: "{{ playlyfe_client_secret }}"
    ids: [p1, p2]
    prune_limit: 0
"""

RETURN = r"""
candidates:
  description: The players that would be removed, with C(id) and C(alias).
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The ID of the player.
      type: str
      sample: p3
    alias:
      description: The display name of the player.
      type: str
      sample: Player Three
"""

from ..module_utils._modules.definition import ModuleDefinition, Result
from ..module_utils._modules.prune import OPTIONS, prune_result
from ..module_utils._platform.access import Access
from ..module_utils._providers.playlyfe import PLAYLYFE, Playlyfe


def run(access: Access[Playlyfe]) -> Result:
    ids = frozenset(access.params["ids"])
    candidates = {
        repr(found["id"]): {"id": found["id"], "alias": found["alias"]}
        for found in access.client.list_players()
        if found["id"] not in ids
    }
    return prune_result("players", candidates, access.params["prune_limit"])


MODULE = ModuleDefinition(PLAYLYFE, run, {"ids": {"type": "list", "elements": "str", "required": True}, **OPTIONS})


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
