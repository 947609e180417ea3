#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: freewheel_api
short_description: Send a request to FreeWheel with the shared token
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
  - mediaops.access.freewheel
  - mediaops.access.request
seealso:
  - module: mediaops.access.freewheel_token
"""

EXAMPLES = r"""
- name: Read the sites
  mediaops.access.freewheel_api:
    path: /services/v4/sites
    query: {page: 1, per_page: 50}
  register: sites

- name: Read a campaign from version 3 of the API, which only supports XML
  mediaops.access.freewheel_api:
    path: /services/v3/campaign/5
    accept: xml
  register: campaign
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
  sample: {"items": [{"id": 5, "name": "Portal"}], "total_count": 1}
content:
  description: The response body, if it is not JSON.
  returned: if the response is not JSON, and in check mode if the request is not sent
  type: str
  sample: "<campaign><id>5</id></campaign>"
headers:
  description: The response headers, with their names in lower case.
  returned: success
  type: dict
  sample: {"content-type": "application/json"}
"""

from ..module_utils._modules.api import OPTIONS, PRIVATE, run_request
from ..module_utils._modules.definition import ModuleDefinition, ModuleResult
from ..module_utils._platform.access import Access
from ..module_utils._providers.freewheel import FREEWHEEL, FreeWheel


def run(access: Access[FreeWheel]) -> ModuleResult:
    media_type = f"application/{access.params['accept']}"
    headers = {"Accept": media_type}
    if isinstance(access.params["body"], str):
        headers["Content-Type"] = media_type
    return run_request(access, headers)


MODULE = ModuleDefinition(FREEWHEEL, run, OPTIONS, private=PRIVATE)


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
