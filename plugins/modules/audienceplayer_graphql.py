#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: audienceplayer_graphql
short_description: Send a GraphQL document to AudiencePlayer
description:
  - Sends a query or a mutation with an access token and returns its data. A token that the platform rejects is replaced
    once.
  - The task fails if the response contains an error.
version_added: 0.1.0
author:
  - mediaops.access contributors (@mediaops)
options:
  query:
    description:
      - The GraphQL document. It is never displayed, because it may contain secrets.
    type: str
    required: true
  variables:
    description:
      - The values of the variables in the document.
    type: dict
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.access_tokens
  - mediaops.access.audienceplayer
  - mediaops.access.audienceplayer.tokens
attributes:
  check_mode:
    support: full
    details:
      - A mutation is not sent; a change is reported instead.
    description: Predicts what a real run would change and writes nothing.
  diff_mode:
    support: partial
    description: Shows what changed, without secrets.
    details:
      - Shows that a mutation is sent. What it changes on the platform is unknown.
  idempotent:
    support: N/A
    description: A second run changes nothing.
    details:
      - Whether a second run changes anything depends on the document.
seealso:
  - module: mediaops.access.audienceplayer_entitlement
"""

EXAMPLES = r"""
- name: Read the ID of the project
  mediaops.access.audienceplayer_graphql:
    project_id: 111
    client_id: "222"
    client_secret: "{{ audienceplayer_client_secret }}"
    query: "query { Config(platform_context: web, operator_context: web) { project_id } }"
  register: config

- name: Send a mutation with variables, which is not sent in check mode
  mediaops.access.audienceplayer_graphql:
    project_id: 111
    client_id: "222"
    client_secret: "{{ audienceplayer_client_secret }}"
    query: |
      mutation Rename($client_id: String!, $client_secret: String!, $name: String) {
        ClientUserUpdate(
          project_id: 111, client_id: $client_id, client_secret: $client_secret, id: 333, name: $name
        ) { id name }
      }
    variables:
      client_id: "222"
      client_secret: "{{ audienceplayer_client_secret }}"
      name: Vera Viewer
"""

RETURN = r"""
data:
  description: The data of the response. It is null in check mode if the document is not sent.
  returned: success
  type: dict
  sample: {"Config": {"project_id": 111}}
"""

from ..module_utils._modules.definition import ModuleDefinition, ModuleResult
from ..module_utils._platform.access import Access
from ..module_utils._providers.audienceplayer.client import AudiencePlayer
from ..module_utils._providers.audienceplayer.declaration import AUDIENCEPLAYER, TOKEN_OPTIONS, TOKEN_RULES
from ..module_utils._providers.audienceplayer.documents import is_mutation


def run(access: Access[AudiencePlayer]) -> ModuleResult:
    client, params = access.client, access.params
    writes = is_mutation(params["query"])
    request = client.graphql.request(
        params["query"], params["scope"], variables=params["variables"], repeatable=not writes
    )
    shown = {"diff": {"before": {}, "after": {"mutation": request.label}}} if writes else {}
    if access.check_mode and (writes or client.has_planned_user(access)):
        return ModuleResult({"changed": writes, "data": None, **shown})
    data = client.graphql.responses.data(client.send_authorized(request))
    return ModuleResult({"changed": writes, "data": data, **shown}, sensitive=access.secrets.possibly_in(data))


MODULE = ModuleDefinition(
    AUDIENCEPLAYER,
    run,
    {
        "query": {"type": "str", "required": True, "no_log": False},
        "variables": {"type": "dict", "no_log": False},
        **TOKEN_OPTIONS,
    },
    private=("query", "variables"),
    **TOKEN_RULES,
)


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
