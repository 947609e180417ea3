#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: manifest_info
short_description: Read and validate a manifest of the provision role
version_added: 0.1.0
description:
  - Reads a manifest and validates it against the JSON Schema that the collection ships in
    C(roles/provision/files/manifest.schema.json).
    It also validates what a schema cannot express about options, items in lists and files, and the destinations of
    credentials.
  - A section or list without content is treated as empty.
  - A manifest file is data. Templates in it are not evaluated, and a warning lists their locations. To use templates,
    pass O(manifest) as a dictionary.
  - Ansible Vault is supported for the manifest, for values in it, and for the item files that it references.
  - Values that YAML has changed are rejected. YAML reads an unquoted C(0123) as 83, C(12:30) as 750, C(3.10) as 3.1,
    and C(on) as true.
    Quote such strings.
author:
  - mediaops.access contributors (@mediaops)
options:
  manifest:
    description: The manifest as a dictionary, or the path of a YAML or JSON file that contains it.
    type: raw
    required: true
  variables:
    description:
      - Variables by name, as a dictionary or the path of a YAML or JSON file that contains it. C(${NAME}) in the values
        of a manifest file is replaced with the text of the variable C(NAME).
      - An unknown name is an error. C($${NAME}) stands for the text C(${NAME}).
      - Keys, values that are encrypted one by one, and item files are not filled, nor is a manifest that is a
        dictionary. Without this option, nothing is filled, and a warning lists the locations.
    type: raw
  revoke:
    description:
      - Whether to return the inverse of the manifest, in which everything that can be removed is absent. Users are
        omitted.
    type: bool
    default: false
  only:
    description:
      - The parts of the manifest to return, each as C(SECTION), C(SECTION.LIST) or C(SECTION.LIST.NAME), for example
        C(flex.applications.Reviewer). An empty list returns all of it.
      - C(NAME) is the name of an application or token, the ID of a player, or the e-mail address or ID of a user.
        It may contain dots, and selects all items that have it, including those from a file.
      - The whole manifest is validated. A part that it does not have is an error.
    type: list
    elements: str
    default: []
    version_added: 0.2.0
  include_files:
    description:
      - Whether to add the items of the files that the manifest references to its lists. O(revoke=true) does so as well.
      - Use this to describe what a manifest contains. Problems that only prevent it from being applied, such as a date
        in the past
        or a missing directory, are then not reported.
      - With V(false), a file remains a path, and its items are read by the module that applies them, which needs hardly
        any memory for them.
    type: bool
    default: false
  has_vault_password:
    description:
      - Whether a password is available for credentials delivered with C(format=vault_yaml). With V(false), delivery in
        this format is an error.
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
  - The module always runs on the controller.
  - The module is used by the role P(mediaops.access.provision#role).
"""

EXAMPLES = r"""
- name: Validate a manifest
  mediaops.access.manifest_info:
    manifest: manifest.yml

- name: Read the inverse of a manifest, to remove everything that it describes
  mediaops.access.manifest_info:
    manifest: manifest.yml
    revoke: true
  register: inverse

- name: Read one application of a manifest
  mediaops.access.manifest_info:
    manifest: manifest.yml
    only: [flex.applications.Reviewer]
  register: part

- name: Read a manifest, including the items of the files that it references
  mediaops.access.manifest_info:
    manifest: manifest.yml
    include_files: true
  register: desired

- name: Show the number of entitlements
  ansible.builtin.debug:
    msg: "{{ desired.platforms.audienceplayer.lists.entitlements | length }}"
"""

RETURN = r"""
manifest:
  description: The sections of the platforms, with the items of files if they are included. The result is not displayed,
    because it may contain passwords.
  returned: success
  type: dict
  sample: {"flex": {"applications": [{"name": "Reviewer"}], "url": "https://flex.example.com"}}
sections:
  description: The platforms that have a section in the manifest, and the role that provisions each of them.
  returned: success
  type: list
  elements: dict
  sample: [{"provider": "flex", "role": "flex_application"}]
platforms:
  description:
    - What the roles apply, by platform. C(title) is the platform's full name, and C(connection) contains the connection
      options of its section.
    - C(lists) contains its lists. Items with credentials of their own have these in C(connections) instead, by list and
      name, merged with C(connection).
    - C(prune) contains the lists that are pruned, each with the maximum number of removals.
    - C(whole) tells for each list whether it is applied as a whole, or whether O(only) selects single items of it.
    - C(settings) contains the options that apply to a whole list, by list, including the path of its file.
  returned: success
  type: dict
  sample:
    freewheel:
      title: FreeWheel
      connection: {"timeout": 10}
      connections: {"tokens": {"mrm": {"timeout": 10, "username": "mrm-api@example.com"}}}
      lists: {"tokens": [{"name": "mrm"}]}
      settings: {}
      prune: {}
      whole: {"tokens": true}
names:
  description: The names of the applications and tokens that should exist, as keys of C(applications) and C(tokens). The
    values are null. Names of parts that O(only) does not select are included whatever their state, with empty
    dictionaries, for which M(mediaops.access.credentials) keeps what a file contains.
  returned: success
  type: dict
  sample: {"applications": {"Reviewer": null}, "tokens": {}}
all_names:
  description: The names of all applications and tokens, in whatever state, whether or not O(only) selects them. The
    values are null.
  returned: success
  type: dict
  sample: {"applications": {"Reviewer": null}, "tokens": {}}
deliver:
  description: The destinations of the credentials, with absolute paths of files and task files.
  returned: success
  type: list
  elements: dict
  sample: [{"dest": "/srv/credentials.env", "format": "dotenv"}]
"""
