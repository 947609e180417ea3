#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: manifest_info
short_description: Read and check a manifest of the provision role
version_added: 0.1.0
description:
  - Reads a manifest, checks it against the JSON Schema that the collection ships in C(roles/provision/files/manifest.schema.json),
    and checks what no schema can tell of its options, of the items in its lists and files, and of the places that credentials are delivered to.
  - A section or list with nothing in it is an empty one.
  - A manifest file is data. Templates in it are not evaluated, and a warning names their places. To use templates, give O(manifest) as a dictionary.
  - Ansible Vault is supported, for the manifest, for values in it, and for the files of items that it names.
  - Values that YAML has changed are refused. An unquoted C(0123) is the number 83 for it, C(12:30) is 750, C(3.10) is 3.1, and C(on) is true.
    Put texts in quotes.
author:
  - mediaops.access contributors (@mediaops)
options:
  manifest:
    description: The manifest, or the path of a YAML or JSON file that holds it.
    type: raw
    required: true
  revoke:
    description:
      - Return the manifest of the opposite, in which everything that can be removed is absent. Users are left out.
    type: bool
    default: false
  include_files:
    description:
      - Put the items of the files that it names into its lists. O(revoke=true) does so, too.
      - This is for those who describe what the manifest wants. What only keeps it from being brought about, such as a date that has passed
        or a folder that is missing, is then left to whoever tries.
      - Without it a file stays a path, and its items are read by the module that brings them about, which needs hardly any memory for them.
    type: bool
    default: false
  has_vault_password:
    description:
      - Whether there is a password for what is delivered with C(format=vault_yaml). If V(false), to deliver in this format is an error.
    type: bool
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.unlimited
  - mediaops.access.attributes.info
attributes:
  action_group:
    description: Action groups that this module belongs to, for C(module_defaults).
    support: full
    membership: [mediaops.access.all]
notes:
  - It always runs on the controller.
  - The role P(mediaops.access.provision#role) uses it.
"""

EXAMPLES = r"""
- name: Is the manifest valid?
  mediaops.access.manifest_info:
    manifest: manifest.yml

- name: Read the opposite of the manifest, to remove everything that it describes
  mediaops.access.manifest_info:
    manifest: manifest.yml
    revoke: true
  register: opposite
"""

RETURN = r"""
manifest:
  description: The sections for the platforms, with the items of files added. As it may hold passwords, the result is not shown.
  returned: success
  type: dict
  sample: {"flex": {"applications": [{"name": "Reviewer"}], "url": "https://flex.example.com"}}
sections:
  description: Which platforms the manifest has something for, and the role that provisions each.
  returned: success
  type: list
  elements: dict
  sample: [{"provider": "flex", "role": "flex_application"}]
names:
  description: C(applications) and C(tokens), each with the names of those that shall be there as keys. The values are null.
  returned: success
  type: dict
  sample: {"applications": {"Reviewer": null}, "tokens": {}}
deliver:
  description: Where the credentials go, with absolute paths.
  returned: success
  type: list
  elements: dict
  sample: [{"dest": "/srv/credentials.env", "format": "dotenv"}]
"""
