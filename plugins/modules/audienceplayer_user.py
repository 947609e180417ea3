#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: audienceplayer_user
short_description: Manage AudiencePlayer users
version_added: 0.1.0
description:
  - Creates a frontend user if no user with the e-mail address exists, and updates the name and the profile of the user
    if they differ.
author:
  - mediaops.access contributors (@mediaops)
options:
  user_email:
    description:
      - The e-mail address of the user.
    type: str
    required: true
  user_name:
    description:
      - The name of the user. If not set, an existing user keeps the current name.
    type: str
  user_locale:
    description:
      - The language of a newly created user, such as V(en). It is not changed later, because it cannot be read back.
    type: str
  profile:
    description:
      - Fields of the user's profile. Fields that are not set are neither read nor changed.
    type: dict
    version_added: 0.2.0
    suboptions:
      address:
        description:
          - The street address.
        type: str
      birthday:
        description:
          - The date of birth, such as V(1990-12-31).
        type: str
      city:
        description:
          - The city.
        type: str
      country:
        description:
          - The country.
        type: str
      gender:
        description:
          - The gender.
        type: str
        choices: [male, female, non_binary, unknown]
      height:
        description:
          - The height.
        type: float
      is_newsletter_opt_in:
        description:
          - Whether the user receives newsletters.
        type: bool
      phone:
        description:
          - The telephone number.
        type: str
      postal_code:
        description:
          - The postal code.
        type: str
      weight:
        description:
          - The weight.
        type: float
  state:
    description:
      - The state of the user. Users are never removed, because their purchases would be removed with them.
    type: str
    choices: [present]
    default: present
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.access_tokens
  - mediaops.access.audienceplayer
  - mediaops.access.attributes
seealso:
  - module: mediaops.access.audienceplayer_entitlement
"""

EXAMPLES = r"""
- name: Ensure that a viewer exists with this name
  mediaops.access.audienceplayer_user:
    project_id: 111
    client_id: "222"
    client_secret: "{{ audienceplayer_client_secret }}"
    user_email: viewer@example.com
    user_name: Vera Viewer

- name: Ensure that a viewer has this profile
  mediaops.access.audienceplayer_user:
    project_id: 111
    client_id: "222"
    client_secret: "{{ audienceplayer_client_secret }}"
    user_email: viewer@example.com
    profile:
      city: Utrecht
      country: NL
      is_newsletter_opt_in: false

- name: Create viewers with a language
  mediaops.access.audienceplayer_user:
    project_id: 111
    client_id: "222"
    client_secret: "{{ audienceplayer_client_secret }}"
    user_email: "{{ item }}"
    user_locale: en
  loop:
    - anna@example.com
    - ben@example.com
"""

RETURN = r"""
user:
  description: The user.
  returned: success
  type: dict
  contains:
    id:
      description: The ID of the user. It is null in check mode for a user who does not exist yet.
      type: int
      sample: 333
    email:
      description: The e-mail address of the user.
      type: str
      sample: viewer@example.com
    name:
      description: The name of the user.
      type: str
      sample: Vera Viewer
    profile:
      description: Those fields of the profile that O(profile) sets. Empty if it is not set.
      type: dict
      sample: {city: Utrecht, country: NL, is_newsletter_opt_in: false}
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
    - provider: "audienceplayer"
      kind: "user"
      name: "viewer@example.com"
      action: "update"
      before: {id: 333, email: "viewer@example.com", name: null}
      after: {id: 333, email: "viewer@example.com", name: "Vera Viewer"}
      local: false
"""

from ..module_utils._modules.definition import ModuleDefinition, Result
from ..module_utils._platform.access import Access
from ..module_utils._platform.ensure import ensure
from ..module_utils._providers.audienceplayer.client import AudiencePlayer
from ..module_utils._providers.audienceplayer.declaration import AUDIENCEPLAYER
from ..module_utils._providers.audienceplayer.profiles import PROFILE_OPTIONS
from ..module_utils._providers.audienceplayer.user_resource import UserResource


def run(access: Access[AudiencePlayer]) -> Result:
    outcome = ensure(access, UserResource(access.client, access.params))
    if access.check_mode and outcome.diff and not outcome.diff["before"]:
        access.plan_token(access.client.issuer.grant())  # to log in is how a user is created
    user = outcome.state or {}
    return {"changed": outcome.changed, "diff": outcome.diff, "user": {**user, "profile": user.get("profile", {})}}


MODULE = ModuleDefinition(
    AUDIENCEPLAYER,
    run,
    {
        "user_email": {"type": "str", "required": True},
        "user_name": {"type": "str"},
        "user_locale": {"type": "str"},
        "profile": {"type": "dict", "options": PROFILE_OPTIONS},
        "state": {"type": "str", "choices": ["present"], "default": "present"},
    },
)


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
