#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: oauth2_api
short_description: Send a request to any OAuth 2.0 platform with the shared token
description:
  - Sends one request to the API with the shared access token, within the rate limits that you set.
  - A token that the platform rejects is replaced once, and the request is repeated (RFC 6750, section 3). A token that
    only lacks a scope is not replaced.
  - After a network or server error, the request is retried only if its method makes this safe.
version_added: 0.2.0
author:
  - mediaops.access contributors (@mediaops)
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.access_tokens
  - mediaops.access.common.unlimited
  - mediaops.access.oauth2
  - mediaops.access.request
seealso:
  - module: mediaops.access.oauth2_token
"""

EXAMPLES = r"""
- name: Read the channels
  mediaops.access.oauth2_api:
    url: https://api.example.com/v1
    issuer: https://login.example.com/realms/media
    client_id: pipeline
    client_secret: "{{ oauth2_client_secret }}"
    path: channels
    query: {limit: 50}
  register: channels

- name: Create a channel, with the token in the query
  mediaops.access.oauth2_api:
    url: https://api.example.com/v1
    token_url: https://login.example.com/oauth2/token
    client_id: pipeline
    client_secret: "{{ oauth2_client_secret }}"
    token_placement: query
    path: channels
    method: POST
    body: {name: News}
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
  sample: {"items": [{"id": 5, "name": "Portal"}]}
content:
  description: The response body, if it is not JSON.
  returned: if the response is not JSON, and in check mode if the request is not sent
  type: str
  sample: "<item><id>5</id></item>"
headers:
  description: The response headers, with their names in lower case.
  returned: success
  type: dict
  sample: {"content-type": "application/json"}
"""

from ..module_utils._modules.api import OPTIONS, run_request
from ..module_utils._modules.api import PRIVATE as REQUEST_PRIVATE
from ..module_utils._modules.definition import ModuleDefinition, ModuleResult
from ..module_utils._platform.access import Access
from ..module_utils._providers.oauth2.client import OAuth2
from ..module_utils._providers.oauth2.declaration import OAUTH2, PRIVATE


def run(access: Access[OAuth2]) -> ModuleResult:
    access.client.require("url")
    return run_request(access)


MODULE = ModuleDefinition(OAUTH2, run, OPTIONS, private=(*REQUEST_PRIVATE, *PRIVATE))


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
