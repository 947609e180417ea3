#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: flex_oauth_app
short_description: Register OAuth applications with Flex Media Platform
version_added: 0.1.0
description:
  - Registers, updates, renames and removes applications of the Flex Authentication service, and returns their client credentials.
  - An application is found by O(id), else by O(name). The platform may hold several applications of one name; then the task fails and lists their ids.
author:
  - mediaops.access contributors (@mediaops)
options:
  name:
    description:
      - The application's name. With O(id), an application of another name is renamed.
    type: str
  description:
    description:
      - What the application is for. The platform requires one, so it is required to register an application.
      - If it is not given, an application that exists keeps the description that it has.
    type: str
  id:
    description:
      - The number that the platform gave the application.
    type: int
  state:
    description:
      - Whether the application is registered.
    type: str
    choices: [present, absent]
    default: present
  rotate_secret:
    description:
      - Delete the application and register it anew under the same name, which gives it a new client ID and a new secret.
      - The platform has no other way to change a secret. Whoever uses the old credentials is locked out at once.
      - Such a task reports a change in every run.
    type: bool
    default: false
notes:
  - If the answer to a registration is lost, the platform may still have registered the application, or do so later. It is not sent again. The task reads until
    the application shows, for O(timeout) seconds at the most. Then it fails and says that the application may have been created, and the next run finds it.
  - A changed application has no RV(application.client_secret) in check mode, as only the real run can know it.
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.access_tokens
  - mediaops.access.common.unlimited
  - mediaops.access.flex
  - mediaops.access.attributes.rotates
seealso:
  - module: mediaops.access.flex_oauth_app_info
  - module: mediaops.access.flex_token
"""

EXAMPLES = r"""
- name: The review tool may use the Flex APIs
  mediaops.access.flex_oauth_app:
    url: https://flex-auth.example.com:18101
    registration_key: "{{ flex_registration_key }}"
    name: Reviewer
    description: Tool to review media
  register: reviewer

- name: A retired tool may not
  mediaops.access.flex_oauth_app:
    url: https://flex-auth.example.com:18101
    registration_key: "{{ flex_registration_key }}"
    name: Old reviewer
    state: absent

- name: Several applications, with the connection named once
  module_defaults:
    group/mediaops.access.flex:
      url: https://flex-auth.example.com:18101
      registration_key: "{{ flex_registration_key }}"
  block:
    - name: Register them
      mediaops.access.flex_oauth_app:
        name: "{{ item }}"
        description: "{{ item }} of the newsroom"
      loop: [Ingest, Review, Publish]
"""

RETURN = r"""
application:
  description:
    - The application; none after O(state=absent).
    - A result with a secret in it is not shown, and is kept for the play to use.
  returned: success, and O(state=present)
  type: dict
  contains:
    id:
      description: The number that the platform gave it. Null in check mode for an application that does not exist yet.
      type: int
      sample: 1
    name:
      description: Its name.
      type: str
      sample: Reviewer
    description:
      description: What it is for.
      type: str
      sample: Tool to review media
    client_id:
      description: The client identifier (RFC 6749). Null in check mode for an application that does not exist yet.
      type: str
      sample: 132ef0db-336a-436b-a2f2-ee5c49e1b964
    client_secret:
      description: The client secret. Null in check mode if the real run would change the application, and with it perhaps the secret.
      type: str
      sample: the secret
"""

from ansible_collections.mediaops.access.plugins.module_utils._access import Access
from ansible_collections.mediaops.access.plugins.module_utils._module import Module, Result
from ansible_collections.mediaops.access.plugins.module_utils._providers.flex import ApplicationResource, Flex
from ansible_collections.mediaops.access.plugins.module_utils._runner import ensure


def run(access: Access[Flex]) -> Result:
    outcome = ensure(access, ApplicationResource(access.provider, access.params))
    result = {"changed": outcome.changed, "diff": outcome.diff}
    if outcome.state:
        # What a real run gets to know, a check cannot: an update may change the secret, too.
        unknown = {"client_secret": None} if access.check_mode and outcome.changed else {}
        result["application"] = {**outcome.state, **unknown}
        if access.check_mode and outcome.state["client_id"] is None:
            access.plan_credentials()
    return result


MODULE = Module(
    Flex,
    run,
    {
        "name": {"type": "str"},
        "description": {"type": "str"},
        "id": {"type": "int"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "rotate_secret": {"type": "bool", "default": False, "no_log": False},
    },
    required_one_of=[("name", "id")],
)


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
