#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: playlyfe_player
short_description: Create, rename and delete players of Playlyfe
description:
  - Manages a player. The client needs the admin scope, and the player runtime scope to rename.
  - Only the alias is compared, as no read returns the e-mail address.
version_added: 0.1.0
author:
  - mediaops.access contributors (@mediaops)
options:
  id:
    description:
      - The player's identifier.
    type: str
    required: true
  alias:
    description:
      - The name that is shown. It is required to create a player; one who exists keeps the alias if none is given.
    type: str
  email:
    description:
      - The e-mail address, sent when the player is created or renamed.
    type: str
  state:
    description:
      - Whether there is such a player.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.access_tokens
  - mediaops.access.common.unlimited
  - mediaops.access.playlyfe
  - mediaops.access.attributes
seealso:
  - module: mediaops.access.playlyfe_player_info
"""

EXAMPLES = r"""
- name: A player
  mediaops.access.playlyfe_player:
    client_id: "{{ playlyfe_client_id }}"
    client_secret: "{{ playlyfe_client_secret }}"
    id: p1
    alias: Player One

- name: Remove a player
  mediaops.access.playlyfe_player:
    client_id: "{{ playlyfe_client_id }}"
    client_secret: "{{ playlyfe_client_secret }}"
    id: p1
    state: absent
"""

RETURN = r"""
player:
  description: The player; none after O(state=absent).
  returned: success, and O(state=present)
  type: dict
  contains:
    id:
      description: The identifier.
      type: str
      sample: p1
    alias:
      description: The name that is shown.
      type: str
      sample: Player One
    enabled:
      description: Whether the player can play.
      type: bool
      sample: true
"""

from ansible_collections.mediaops.access.plugins.module_utils._access import Access
from ansible_collections.mediaops.access.plugins.module_utils._module import Module, Result
from ansible_collections.mediaops.access.plugins.module_utils._providers.playlyfe import PlayerResource, Playlyfe
from ansible_collections.mediaops.access.plugins.module_utils._runner import ensure


def run(access: Access[Playlyfe]) -> Result:
    outcome = ensure(access, PlayerResource(access.provider, access.params))
    return {"changed": outcome.changed, "diff": outcome.diff, **({"player": outcome.state} if outcome.state else {})}


MODULE = Module(
    Playlyfe,
    run,
    {
        "id": {"type": "str", "required": True},
        "alias": {"type": "str"},
        "email": {"type": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
)


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
