#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: movingimage_video_manager_info
short_description: Read the movingimage VideoManagers that a user can access
description:
  - Returns the VideoManagers of movingimage VideoManager Pro that the credentials give access to.
version_added: 0.1.0
author:
  - mediaops.access contributors (@mediaops)
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.access_tokens
  - mediaops.access.common.unlimited
  - mediaops.access.movingimage
  - mediaops.access.attributes.info
seealso:
  - module: mediaops.access.movingimage_token
"""

EXAMPLES = r"""
- name: Read the VideoManagers of a user
  mediaops.access.movingimage_video_manager_info:
    username: "{{ movingimage_username }}"
    password: "{{ movingimage_password }}"
  register: movingimage

- name: Read the VideoManagers with an existing token
  mediaops.access.movingimage_video_manager_info:
    access_token: "{{ movingimage_access_token }}"
  register: movingimage
"""

RETURN = r"""
video_managers:
  description: The VideoManagers.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The ID of the VideoManager.
      type: int
      sample: 42
    name:
      description: The name of the VideoManager.
      type: str
      sample: Portal
"""

from ..module_utils._modules.definition import ModuleDefinition, Result
from ..module_utils._platform.access import Access
from ..module_utils._providers.movingimage import MOVINGIMAGE, MovingImage


def run(access: Access[MovingImage]) -> Result:
    return {"changed": False, "video_managers": access.client.list_video_managers()}


MODULE = ModuleDefinition(MOVINGIMAGE, run)


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
