#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: flex_oauth_app_info
short_description: Read the OAuth applications of Flex Media Platform
description:
  - Returns applications of the Flex Authentication service, either all of them, or those with a given name or ID.
version_added: 0.1.0
author:
  - mediaops.access contributors (@mediaops)
options:
  name:
    description:
      - Return only the applications with this name, of which there may be more than one, and the retiring registrations
        of that name, which M(mediaops.access.flex_oauth_app) keeps with
        O(mediaops.access.flex_oauth_app#module:rotate_overlap=true).
    type: str
  id:
    description:
      - Return only the application with this ID.
    type: int
  include_secrets:
    description:
      - Whether to return client secrets as well. If the platform's list omits a secret, this requires one more request
        for that application.
    type: bool
    default: false
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.access_tokens
  - mediaops.access.common.unlimited
  - mediaops.access.flex
  - mediaops.access.attributes.info
seealso:
  - module: mediaops.access.flex_oauth_app
"""

EXAMPLES = r"""
- name: Read all applications
  mediaops.access.flex_oauth_app_info:
    url: https://flex-auth.example.com:18101
    registration_key: "{{ flex_registration_key }}"
  register: registered

- name: Show the names of the applications
  ansible.builtin.debug:
    msg: "{{ registered.applications | map(attribute='name') }}"

- name: Read one application, with its client secret
  mediaops.access.flex_oauth_app_info:
    url: https://flex-auth.example.com:18101
    registration_key: "{{ flex_registration_key }}"
    name: Reviewer
    include_secrets: true
  register: reviewer

- name: Show how long the old credentials of an application have been retiring
  ansible.builtin.debug:
    msg: "{{ reviewer.applications | rejectattr('retiring_since', 'none') | map(attribute='retiring_since') }}"
"""

RETURN = r"""
applications:
  description: The applications. The list is empty if there are none.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The ID that the platform assigned.
      type: int
      sample: 1
    name:
      description: The name of the application.
      type: str
      sample: Reviewer
    description:
      description: The description of the application, if the platform returns it.
      type: str
      sample: Tool to review media
    client_id:
      description: The client identifier (RFC 6749).
      type: str
      sample: 132ef0db-336a-436b-a2f2-ee5c49e1b964
    client_secret:
      description: The client secret.
      type: str
      returned: O(include_secrets=true)
      sample: the secret
    retiring_since:
      description: The time since when the registration has been retiring, in UTC. It is null if it is not retiring.
      type: str
      sample: "2026-11-28T10:00:00Z"
"""

from ..module_utils._modules.definition import ModuleDefinition, Result
from ..module_utils._platform.access import Access
from ..module_utils._providers.flex.client import Flex
from ..module_utils._providers.flex.declaration import FLEX
from ..module_utils._providers.flex.retiring import names_of, retiring_since


def run(access: Access[Flex]) -> Result:
    flex, params, now = access.client, access.params, access.clock.now()
    hidden = () if params["include_secrets"] else ("client_secret",)
    if params["id"] is not None:
        found = [application for application in [flex.find_application(params["id"])] if application]
    else:
        found = [
            flex.complete(application, secret=not hidden)
            for application in flex.list_applications()
            if params["name"] in (None, *names_of(application, now))
        ]
    described = [{**application, "retiring_since": retiring_since(application, now)} for application in found]
    shown = [{key: value for key, value in item.items() if key not in hidden} for item in described]
    return {"changed": False, "applications": shown}


MODULE = ModuleDefinition(
    FLEX,
    run,
    {
        "name": {"type": "str"},
        "id": {"type": "int"},
        "include_secrets": {"type": "bool", "default": False, "no_log": False},
    },
    mutually_exclusive=[("name", "id")],
)


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
