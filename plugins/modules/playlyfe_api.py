#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: playlyfe_api
short_description: Send a request to Playlyfe with the shared token
description:
  - Sends one request to the API with the shared access token, within the platform's rate limits.
  - A token that the platform rejects is replaced once, and the request is repeated.
  - After a network or server error, the request is retried only if its method makes this safe.
version_added: 0.1.0
author:
  - mediaops.access contributors (@mediaops)
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.access_tokens
  - mediaops.access.common.unlimited
  - mediaops.access.playlyfe
  - mediaops.access.request
seealso:
  - module: mediaops.access.playlyfe_token
"""

EXAMPLES = r"""
- name: Read the game
  mediaops.access.playlyfe_api:
    path: /admin
  register: game

- name: Play an action for a player
  mediaops.access.playlyfe_api:
    path: /runtime/actions/watch/play
    method: POST
    query:
      player_id: p1
"""

RETURN = r"""
status:
  description: The HTTP status code. In check mode, this and the other keys are null if the request is not sent.
  returned: success
  type: int
  sample: 200
json:
  description: The response body, if it is JSON.
  returned: if the response is JSON, and in check mode if the request is not sent
  type: raw
  sample: {"name": "My game", "status": "ok"}
content:
  description: The response body, if it is not JSON.
  returned: if the response is not JSON, and in check mode if the request is not sent
  type: str
  sample: "Created"
headers:
  description: The response headers, with their names in lower case.
  returned: success
  type: dict
  sample: {"content-type": "application/json"}
"""

from ..module_utils._modules.api import OPTIONS, PRIVATE, run_request
from ..module_utils._modules.definition import ModuleDefinition
from ..module_utils._providers.playlyfe import PLAYLYFE

MODULE = ModuleDefinition(PLAYLYFE, run_request, OPTIONS, private=PRIVATE)


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
