#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: manifest_export
short_description: Write a manifest of what exists on the platforms
version_added: 0.2.0
description:
  - Reads the platforms and writes a manifest for the role P(mediaops.access.provision#role), which changes nothing when
    it is applied.
  - The manifest is sorted and contains no secrets. It is written atomically with mode 0600, and only if it differs.
  - A list of more than 100 entitlements is written to a CSV file next to the manifest, which refers to it.
  - What a manifest cannot express, such as a second application with the same name, becomes a comment in it and a
    warning.
  - If a platform cannot be read completely, the task fails and nothing is written.
  - An existing file is replaced only if it is empty or was exported before. A diff never shows the content of any other
    file.
author:
  - mediaops.access contributors (@mediaops)
options:
  dest:
    description:
      - The path of the manifest. The directory must exist.
      - The CSV file has the same name with the ending C(.PLATFORM.LIST.csv), such as
        C(manifest.audienceplayer.entitlements.csv).
    type: path
    required: true
  sections:
    description:
      - The platforms to export.
      - By default, these are the platforms in O(connection) and those that have credentials in the environment.
    type: list
    elements: str
  connection:
    description:
      - The connection options of each platform, as in its modules. Options that are not set come from the environment.
      - Options that are not secret are written to the platform's section, so that the manifest can be applied without
        them. Secret options are named in a comment.
    type: dict
    default: {}
  users:
    description:
      - The users to export with their entitlements, from a platform that does not list its users.
      - A list of e-mail addresses, or the path of a CSV, JSON, JSON Lines or YAML file with items that have
        C(user_email). Other columns are ignored, so a file of entitlements can be used as well.
    type: raw
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.unlimited
  - mediaops.access.attributes
attributes:
  action_group:
    description: Action groups that this module belongs to, for C(module_defaults).
    support: full
    membership: [mediaops.access.all]
notes:
  - The module always runs on the controller.
  - The module is used by the role P(mediaops.access.access_export#role).
"""

EXAMPLES = r"""
- name: Export every platform that has credentials in the environment
  mediaops.access.manifest_export:
    dest: /srv/access/manifest.yml

- name: Export the applications of Flex Media Platform
  mediaops.access.manifest_export:
    dest: /srv/access/flex.yml
    connection:
      flex:
        url: https://flex-auth.example.com:18101
        registration_key: "{{ flex_registration_key }}"

- name: Export the users in a file, and their entitlements
  mediaops.access.manifest_export:
    dest: /srv/access/audienceplayer.yml
    sections: [audienceplayer]
    users: viewers.csv
"""

RETURN = r"""
dest:
  description: The path of the manifest.
  returned: success
  type: str
  sample: /srv/access/manifest.yml
counts:
  description: The number of exported items, by platform and list.
  returned: success
  type: dict
  sample: {"flex": {"applications": 3}, "playlyfe": {"players": 12}}
not_exported:
  description: What exists on the platforms and a manifest cannot express.
  returned: success
  type: list
  elements: str
  sample: ["application 9 has the same name as application 7: 'Reviewer'"]
"""
