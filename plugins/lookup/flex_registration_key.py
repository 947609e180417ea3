# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: flex_registration_key
short_description: Read the application registration key of Flex Media Platform from Consul
version_added: 0.1.0
author:
  - mediaops.access contributors (@mediaops)
description:
  - Reads the key that is required to register applications from the Consul KV store in which Flex Media Platform keeps
    it.
  - The lookup has been tested against a stand-in for Consul's HTTP API (C(/v1/kv)), not against Consul itself.
options:
  url:
    description: The root URL of Consul's HTTP API.
    type: str
    default: http://127.0.0.1:8500
  token:
    description: The ACL token, sent in the header C(X-Consul-Token).
    type: str
  path:
    description: The path of the registration key in the KV store.
    type: str
    default: flex/shared/authentication/oAuth/appRegistrationKey
  validate_certs:
    description: Whether to verify TLS certificates.
    type: bool
    default: true
  ca_path:
    description: The path of a CA bundle used to verify TLS certificates.
    type: path
  timeout:
    description: The maximum time in seconds for the request to connect, and then to be answered.
    type: float
    default: 30.0
seealso:
  - module: mediaops.access.flex_oauth_app
"""

EXAMPLES = r"""
- name: Register an application with the key from Consul
  mediaops.access.flex_oauth_app:
    url: https://flex-auth.example.com:18101
    registration_key: "{{ lookup('mediaops.access.flex_registration_key', url='https://consul.example.com:8501',
      token=consul_token) }}"
    name: Reviewer
    description: Tool to review media
"""

RETURN = r"""
_raw:
  description: The registration key.
  type: list
  elements: str
  sample: ["the key"]
"""

import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..module_utils._modules.definition import ModuleDefinition, Result
from ..module_utils._platform.access import Access
from ..module_utils._providers._consul import CONSUL, Consul
from ..plugin_utils._lookup import run_lookup


def run(access: Access[Consul]) -> Result:
    return {"changed": False, "value": access.client.read_key()}


MODULE = ModuleDefinition(CONSUL, run)


class LookupModule(LookupBase):
    def run(self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        if terms:
            raise AnsibleLookupError(
                "mediaops.access.flex_registration_key accepts no terms, only options such as url, token and path"
            )
        return [run_lookup(MODULE, "mediaops.access.flex_registration_key", kwargs, self._loader)["value"]]
