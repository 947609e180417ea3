#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: playlyfe_player
short_description: Manage Playlyfe players
description:
  - Creates, renames and deletes a player. The client needs the admin scope and, to rename a player, the player runtime
    scope.
  - Only the alias is compared, because the e-mail address cannot be read back.
version_added: 0.1.0
author:
  - mediaops.access contributors (@mediaops)
options:
  id:
    description:
      - The ID of the player.
    type: str
    required: true
  alias:
    description:
      - The display name of the player. It is required to create a player. If not set, an existing player keeps the
        current alias.
    type: str
  email:
    description:
      - The e-mail address of the player. It is sent only when the player is created or renamed.
    type: str
  state:
    description:
      - V(present) creates or renames the player, V(absent) deletes it.
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
- name: Ensure that a player exists
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
  description: The player. It is not returned with O(state=absent).
  returned: success and O(state=present)
  type: dict
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
    - provider: "playlyfe"
      kind: "player"
      name: "p1"
      action: "delete"
      before: {id: "p1", alias: "Player One", enabled: true}
      after: null
      local: false
"""

from ..module_utils._modules.definition import ModuleDefinition, Result
from ..module_utils._platform.access import Access
from ..module_utils._platform.ensure import ensure
from ..module_utils._providers.playlyfe import PLAYLYFE, PlayerResource, Playlyfe


def run(access: Access[Playlyfe]) -> Result:
    outcome = ensure(access, PlayerResource(access.client, access.params))
    return {"changed": outcome.changed, "diff": outcome.diff, **({"player": outcome.state} if outcome.state else {})}


MODULE = ModuleDefinition(
    PLAYLYFE,
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
