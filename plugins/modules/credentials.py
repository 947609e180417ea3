#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: credentials
short_description: Deliver client credentials and tokens
version_added: 0.1.0
description:
  - Writes credentials to a file on the controller, for those who use them, or to HashiCorp Vault or OpenBao.
  - A file has mode 0600 and is replaced as a whole or not at all.
  - Nothing is written where the file holds the same already. For an encrypted file that is decided after decryption.
author:
  - mediaops.access contributors (@mediaops)
options:
  dest:
    description: The file, for all formats but V(vault_kv2). Its directory must exist.
    type: path
  format:
    description:
      - V(json) and V(vault_yaml) hold C(applications) and C(tokens) by name; V(vault_yaml) is encrypted with Ansible Vault.
      - V(dotenv) holds C(NAME_CLIENT_ID), C(NAME_CLIENT_SECRET) and C(NAME_ACCESS_TOKEN),
        names in upper case and other characters as underscore. Two names that become the same variable are an error.
    type: str
    choices: [dotenv, json, vault_yaml, vault_kv2]
    required: true
  applications:
    description:
      - Applications by name, each with C(client_id) and C(client_secret).
      - One that is null is wanted but not known at the moment. What the file holds of it stays.
    type: dict
    default: {}
  tokens:
    description:
      - Tokens by name, each with C(access_token) and C(expires_at), or null as for O(applications).
    type: dict
    default: {}
  vault_password:
    description: The password for O(format=vault_yaml).
    type: str
  url:
    description: For O(format=vault_kv2), the root of Vault or OpenBao.
    type: str
  mount:
    description: For O(format=vault_kv2), where the KV secrets engine (version 2) is mounted.
    type: str
    default: secret
  path:
    description: For O(format=vault_kv2), the path of the secret. It is written with check-and-set.
    type: str
  token:
    description: For O(format=vault_kv2), the token. Give it from a variable or a lookup.
    type: str
  namespace:
    description: For O(format=vault_kv2), the namespace.
    type: str
  state:
    description: Whether there is such a file.
    type: str
    choices: [present, absent]
    default: present
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
  - It always runs on the controller.
  - The role P(mediaops.access.provision#role) uses it.
"""

EXAMPLES = r"""
- name: The review tool finds its credentials in a file
  mediaops.access.credentials:
    dest: /etc/reviewer/credentials.env
    format: dotenv
    applications:
      reviewer: "{{ reviewer.application }}"

- name: Deliver an encrypted file with an application and a token, readable by anyone with the password
  mediaops.access.credentials:
    dest: /srv/access/credentials.yml
    format: vault_yaml
    vault_password: "{{ vault_password_of_the_team }}"
    applications:
      Review tool: "{{ reviewer.application }}"
    tokens:
      mrm: "{{ freewheel.token }}"

- name: Write them to HashiCorp Vault or OpenBao
  mediaops.access.credentials:
    format: vault_kv2
    url: https://vault.example.com:8200
    token: "{{ lookup('ansible.builtin.env', 'VAULT_TOKEN') }}"
    path: media/reviewer
    applications:
      Review tool: "{{ reviewer.application }}"

- name: Remove a file that is no longer used
  mediaops.access.credentials:
    dest: /etc/reviewer/credentials.env
    format: dotenv
    state: absent
"""

RETURN = r"""
dest:
  description: The file, or the address of the secret.
  returned: success
  type: str
  sample: /etc/reviewer/credentials.env
"""
