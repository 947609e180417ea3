#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: flex_api
short_description: Send a request to Flex Media Platform with the shared token
description:
  - Sends one request to the API with the shared access token, within the platform's rate limits.
  - A token that the platform rejects is replaced once, and the request is repeated.
  - After a network or server error, the request is retried only if its method makes this safe.
version_added: 0.1.0
author:
  - mediaops.access contributors (@mediaops)
options:
  act_as_user_id:
    description:
      - The ID of the user to act for, sent in the header C(actAsUserId). A token can act for any user, including the
        master user.
    type: str
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.access_tokens
  - mediaops.access.common.unlimited
  - mediaops.access.flex
  - mediaops.access.request
seealso:
  - module: mediaops.access.flex_token
"""

EXAMPLES = r"""
- name: Read accounts on behalf of a user
  mediaops.access.flex_api:
    url: https://flex.example.com
    client_id: "{{ flex_client_id }}"
    client_secret: "{{ flex_client_secret }}"
    path: /api/accounts
    act_as_user_id: 42
  register: accounts

- name: Create an account, which is not sent in check mode
  mediaops.access.flex_api:
    url: https://flex.example.com
    client_id: "{{ flex_client_id }}"
    client_secret: "{{ flex_client_secret }}"
    path: /api/accounts
    method: POST
    body:
      name: Newsroom
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
  sample: {"accounts": [{"id": 42, "name": "Newsroom"}]}
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
from ..module_utils._modules.definition import ModuleDefinition, ModuleResult
from ..module_utils._platform.access import Access
from ..module_utils._providers.flex.client import Flex
from ..module_utils._providers.flex.declaration import FLEX


def run(access: Access[Flex]) -> ModuleResult:
    user = access.params["act_as_user_id"]
    return run_request(access, {"actAsUserId": user} if user else None)


MODULE = ModuleDefinition(FLEX, run, {**OPTIONS, "act_as_user_id": {"type": "str"}}, private=PRIVATE)


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
