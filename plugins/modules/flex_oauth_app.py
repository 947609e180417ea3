#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: flex_oauth_app
short_description: Manage OAuth applications of Flex Media Platform
version_added: 0.1.0
description:
  - Registers, updates, renames and removes applications of the Flex Authentication service, and returns their client
    credentials.
  - An application is identified by O(id) or, if it is not set, by O(name). If several applications have that name, the
    task fails and lists their IDs.
  - A registration that a rotation with O(rotate_overlap=true) has replaced is B(retiring). It is named C(NAME (retiring
    since 2026-11-28T10:00:00Z)), belongs to the application C(NAME), and is never counted as another application of
    that name.
author:
  - mediaops.access contributors (@mediaops)
options:
  name:
    description:
      - The name of the application. With O(id), an application with a different name is renamed.
    type: str
  description:
    description:
      - The description of the application. It is required to register an application.
      - If not set, an existing application keeps its current description.
    type: str
  id:
    description:
      - The ID that the platform assigned to the application.
      - If it is the ID of a retiring registration, the task manages the current registration of that application
        instead, and warns. With O(state=absent) and without O(name), it removes only this retiring registration.
    type: int
  state:
    description:
      - V(present) registers or updates the application, V(absent) removes it and its retiring registrations.
    type: str
    choices: [present, absent]
    default: present
  rotate_secret:
    description:
      - Whether to delete the application and register it again under the same name, which gives it a new client ID and
        a new secret.
      - The platform has no other way to change a secret. Clients that use the old credentials are locked out
        immediately.
      - With V(true), the task reports a change in every run.
    type: bool
    default: false
  rotate_overlap:
    description:
      - Whether O(rotate_secret=true) keeps the old registration, so that clients can use the old credentials until they
        have the new ones. The old registration is renamed to C(NAME (retiring since 2026-11-28T10:00:00Z)) before the
        new one is registered. Remove it later with O(retire_after).
      - If renaming changes the old credentials, the task continues, and warns that there is no overlap on this
        installation.
      - If the platform refuses the new registration, the old one gets its name back. If the task is interrupted after
        the renaming, the next task that manages the application registers it anew, with the old description unless
        O(description) is set, and does not rotate it again.
      - Has no effect without O(rotate_secret=true).
    type: bool
    default: false
    version_added: 0.2.0
  retire_after:
    description:
      - The number of seconds after which retiring registrations of the application are removed. V(0) removes them
        immediately. If not set, they are kept.
      - They are removed after the application has reached its desired state. In manifests, they are removed after the
        credentials have been delivered.
    type: int
    version_added: 0.2.0
  retire_only:
    description:
      - Whether to remove retiring registrations, and to do nothing else. O(retire_after) then defaults to V(0).
      - Retiring registrations that have not been replaced yet, because a rotation was interrupted, are kept.
      - The roles use this option after they have delivered the new credentials.
    type: bool
    default: false
    version_added: 0.2.0
notes:
  - If the response to a registration is lost, the platform may have registered the application, or may still do so. The
    registration is not sent again.
    Instead, the task reads the applications until the new one appears, for at most O(timeout) seconds.
    If it does not appear, the task fails and reports that the application may have been created, and the next run finds
    it.
  - In check mode, RV(application.client_secret) is null for an application that would change, because only the real run
    can determine it.
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
- name: Register an application for the review tool
  mediaops.access.flex_oauth_app:
    url: https://flex-auth.example.com:18101
    registration_key: "{{ flex_registration_key }}"
    name: Reviewer
    description: Tool to review media
  register: reviewer

- name: Remove the application of a retired tool
  mediaops.access.flex_oauth_app:
    url: https://flex-auth.example.com:18101
    registration_key: "{{ flex_registration_key }}"
    name: Old reviewer
    state: absent

- name: Rotate the credentials; the old ones remain valid
  mediaops.access.flex_oauth_app:
    url: https://flex-auth.example.com:18101
    registration_key: "{{ flex_registration_key }}"
    name: Reviewer
    rotate_secret: true
    rotate_overlap: true
  register: reviewer

- name: A week later, remove the old registration
  mediaops.access.flex_oauth_app:
    url: https://flex-auth.example.com:18101
    registration_key: "{{ flex_registration_key }}"
    name: Reviewer
    retire_after: 604800

- name: Register several applications with shared connection options
  module_defaults:
    group/mediaops.access.flex:
      url: https://flex-auth.example.com:18101
      registration_key: "{{ flex_registration_key }}"
  block:
    - name: Register the applications
      mediaops.access.flex_oauth_app:
        name: "{{ item }}"
        description: "{{ item }} of the newsroom"
      loop: [Ingest, Review, Publish]
"""

RETURN = r"""
application:
  description:
    - The application. It is not returned with O(state=absent) or O(retire_only=true).
    - A result that contains a secret is not displayed, but the play can register and use it.
  returned: success, O(state=present) and O(retire_only=false)
  type: dict
  contains:
    id:
      description: The ID that the platform assigned. It is null in check mode for an application that does not exist
        yet.
      type: int
      sample: 1
    name:
      description: The name of the application.
      type: str
      sample: Reviewer
    description:
      description: The description of the application.
      type: str
      sample: Tool to review media
    client_id:
      description: The client identifier (RFC 6749). It is null in check mode for an application that does not exist
        yet.
      type: str
      sample: 132ef0db-336a-436b-a2f2-ee5c49e1b964
    client_secret:
      description: The client secret. It is null in check mode if the real run would change the application, and
        possibly its secret.
      type: str
      sample: the secret
retiring:
  description:
    - The retiring registrations that remain, the oldest first; in check mode, those that would remain.
    - With O(id), they are looked up only if the task rotates, renames or retires something, or if the ID is that of a
      retiring registration.
  returned: success, O(state=present), and if they were looked up
  type: list
  elements: dict
  contains:
    id:
      description: The ID that the platform assigned.
      type: int
      sample: 1
    name:
      description: The name of the registration on the platform.
      type: str
      sample: Reviewer (retiring since 2026-11-28T10:00:00Z)
    client_id:
      description: The client identifier (RFC 6749), which remains valid.
      type: str
      sample: 132ef0db-336a-436b-a2f2-ee5c49e1b964
    since:
      description: The time since when it has been retiring, in UTC.
      type: str
      sample: "2026-11-28T10:00:00Z"
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
    - provider: "flex"
      kind: "application"
      name: "Reviewer"
      action: "create"
      before: null
      after: {id: 1, name: "Reviewer", description: "Tool to review media", client_id: "132ef0db"}
      local: false
"""

from ..module_utils._modules.definition import ModuleDefinition, Result
from ..module_utils._platform.access import Access
from ..module_utils._providers.flex.applications import ApplicationResource, finish
from ..module_utils._providers.flex.client import Flex
from ..module_utils._providers.flex.declaration import FLEX
from ..module_utils._providers.flex.retirement import check_options, retire_only


def run(access: Access[Flex]) -> Result:
    check_options(access.params)
    if access.params["retire_only"]:
        return retire_only(access)
    resource = ApplicationResource(access)
    outcome = resource.ensure()
    result = finish(access, resource, outcome)
    if outcome.state:
        # What a real run gets to know, a check cannot: an update may change the secret, too. Moreover, the result of a
        # check that predicts a change is displayed.
        unknown = {"client_secret": None} if access.check_mode and result["changed"] else {}
        result["application"] = {**outcome.state, **unknown}
        if access.check_mode and outcome.state["client_id"] is None:
            access.plan_credentials()
    return result


MODULE = ModuleDefinition(
    FLEX,
    run,
    {
        "name": {"type": "str"},
        "description": {"type": "str"},
        "id": {"type": "int"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "rotate_secret": {"type": "bool", "default": False, "no_log": False},
        "rotate_overlap": {"type": "bool", "default": False},
        "retire_after": {"type": "int"},
        "retire_only": {"type": "bool", "default": False},
    },
    required_one_of=[("name", "id")],
)


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
