#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: credentials
short_description: Deliver or remove client credentials and tokens
version_added: 0.1.0
description:
  - Writes credentials to a file on the controller, or to a secret in HashiCorp Vault or OpenBao.
  - Files have mode 0600 and are replaced atomically.
  - Nothing is written if the file already contains the same credentials. An encrypted file is decrypted for this
    comparison.
  - The destination is replaced or removed as a whole. If it has content that this module has not delivered, there is a
    warning, in check mode, too.
  - A file or secret that does not exist is not created as long as all credentials are unknown (null).
author:
  - mediaops.access contributors (@mediaops)
options:
  dest:
    description: The path of the file. It is required for all formats except O(format=vault_kv2). The directory must
      exist.
    type: path
  format:
    description:
      - The format of the credentials. V(json) and V(vault_yaml) contain C(applications) and C(tokens) by name;
        V(vault_yaml) is encrypted with Ansible Vault.
      - V(dotenv) contains C(NAME_CLIENT_ID), C(NAME_CLIENT_SECRET) and C(NAME_ACCESS_TOKEN), with names in upper case
        and other characters replaced by underscores. Two names that result in the same variable are an error.
      - V(vault_kv2) writes C(applications) and C(tokens) to the secret O(path) in HashiCorp Vault or OpenBao, in a KV
        secrets engine (version 2).
    type: str
    choices: [dotenv, json, vault_yaml, vault_kv2]
    required: true
  applications:
    description:
      - Applications by name, each with C(client_id) and C(client_secret).
      - Null stands for an application whose credentials are currently unknown. Its entry in the file is kept.
    type: dict
    default: {}
  tokens:
    description:
      - Tokens by name, each with C(access_token) and C(expires_at), or null as for O(applications).
    type: dict
    default: {}
  vault_password:
    description: The Ansible Vault password for O(format=vault_yaml).
    type: str
  url:
    description:
      - The root URL of Vault or OpenBao, for O(format=vault_kv2).
      - If not set, the environment variable E(VAULT_ADDR) is used.
    type: str
  mount:
    description: The mount path of the KV secrets engine (version 2), for O(format=vault_kv2).
    type: str
    default: secret
  path:
    description: The path of the secret, for O(format=vault_kv2). It is written with check-and-set.
    type: str
  auth:
    description:
      - How to log in to Vault or OpenBao, for O(format=vault_kv2).
      - V(token) uses O(token). V(approle) logs in with O(role_id) and O(secret_id), V(jwt) with O(jwt) and O(role), and
        V(kubernetes) with O(role) and the token of the pod's service account, or O(jwt).
      - The items of a loop share a login. Its token is not cached, and check mode logs in as well, to read the secret.
    type: str
    choices: [token, approle, jwt, kubernetes]
    default: token
  token:
    description:
      - The token for Vault or OpenBao, for O(auth=token). Supply it from a variable or a lookup.
      - If not set, the environment variable E(VAULT_TOKEN) is used.
    type: str
  role:
    description: The role, for O(auth=kubernetes) and O(auth=jwt). The latter uses the mount's default role if it is not
      set.
    type: str
  role_id:
    description: The ID of the role, for O(auth=approle).
    type: str
  secret_id:
    description: The secret ID, for O(auth=approle). It is not needed if the role does not require one.
    type: str
  jwt:
    description: The JSON Web Token, for O(auth=jwt) and O(auth=kubernetes). For the latter, the default is the token in
      C(/var/run/secrets/kubernetes.io/serviceaccount/token).
    type: str
  auth_mount:
    description: The mount path of the authentication method. The default is the value of O(auth).
    type: str
  namespace:
    description:
      - The namespace in Vault or OpenBao, for O(format=vault_kv2).
      - If not set, the environment variable E(VAULT_NAMESPACE) is used.
    type: str
  state:
    description:
      - V(present) writes the credentials, V(absent) removes the file or the secret.
      - For V(absent), the names in O(applications) and O(tokens) tell which variables of an edited V(dotenv) file were
        delivered, and need no warning.
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
  - The module always runs on the controller.
  - The module is used by the role P(mediaops.access.provision#role).
"""

EXAMPLES = r"""
- name: Deliver the review tool's credentials to a file
  mediaops.access.credentials:
    dest: /etc/reviewer/credentials.env
    format: dotenv
    applications:
      reviewer: "{{ reviewer.application }}"

- name: Deliver an application and a token to an encrypted file
  mediaops.access.credentials:
    dest: /srv/access/credentials.yml
    format: vault_yaml
    vault_password: "{{ vault_password_of_the_team }}"
    applications:
      Review tool: "{{ reviewer.application }}"
    tokens:
      mrm: "{{ freewheel.token }}"

- name: Write credentials to HashiCorp Vault or OpenBao
  mediaops.access.credentials:
    format: vault_kv2
    url: https://vault.example.com:8200
    token: "{{ lookup('ansible.builtin.env', 'VAULT_TOKEN') }}"
    path: media/reviewer
    applications:
      Review tool: "{{ reviewer.application }}"

- name: Write credentials to HashiCorp Vault or OpenBao, from a CI job with VAULT_ADDR in its environment
  mediaops.access.credentials:
    format: vault_kv2
    auth: jwt
    role: media-ci
    jwt: "{{ lookup('ansible.builtin.env', 'VAULT_ID_TOKEN') }}"
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
  description: The path of the file, or the URL of the secret.
  returned: success
  type: str
  sample: /etc/reviewer/credentials.env
delivered:
  description: The names of the applications and tokens whose credentials the task delivered or, in check mode, would
    deliver, because the destination did not contain them.
  returned: if something changes and O(state=present)
  type: dict
  sample: {"applications": ["reviewer"], "tokens": []}
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
    - provider: null
      kind: "credentials"
      name: "/etc/reviewer/credentials.env"
      action: "create"
      before: null
      after: {applications: ["reviewer"], tokens: []}
      local: true
"""
