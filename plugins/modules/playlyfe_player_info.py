#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: playlyfe_player_info
short_description: Read Playlyfe players
description:
  - Returns one player, or all players from all pages. The client needs the admin scope.
version_added: 0.1.0
author:
  - mediaops.access contributors (@mediaops)
options:
  id:
    description:
      - Return only the player with this ID.
    type: str
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.access_tokens
  - mediaops.access.common.unlimited
  - mediaops.access.playlyfe
  - mediaops.access.attributes.info
seealso:
  - module: mediaops.access.playlyfe_player
"""

EXAMPLES = r"""
- name: Read all players
  mediaops.access.playlyfe_player_info:
    client_id: "{{ playlyfe_client_id }}"
    client_secret: "{{ playlyfe_client_secret }}"
  register: playlyfe

- name: Read one player
  mediaops.access.playlyfe_player_info:
    client_id: "{{ playlyfe_client_id }}"
    client_secret: "{{ playlyfe_client_secret }}"
    id: p1
  register: player
"""

RETURN = r"""
players:
  description: The players. The list is empty if there are none.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The ID of the player.
      type: str
      sample: p1
    alias:
      description: The display name of the player.
      type: str
      sample: Player One
    enabled:
      description: Whether the player can play.
      type: bool
      sample: true
"""

from ..module_utils._modules.definition import ModuleDefinition, Result
from ..module_utils._platform.access import Access
from ..module_utils._providers.playlyfe import PLAYLYFE, Playlyfe


def run(access: Access[Playlyfe]) -> Result:
    player_id = access.params["id"]
    if player_id is None:
        return {"changed": False, "players": access.client.list_players()}
    player = access.client.find_player(player_id)
    return {"changed": False, "players": [player] if player else []}


MODULE = ModuleDefinition(PLAYLYFE, run, {"id": {"type": "str"}})


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
