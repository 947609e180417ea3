#!/usr/bin/python
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: audienceplayer_catalog_info
short_description: Read the products and subscriptions of an AudiencePlayer project
description:
  - Returns the IDs and titles of the products and subscriptions that a project offers. The IDs are those that
    M(mediaops.access.audienceplayer_entitlement) requires.
version_added: 0.2.0
author:
  - mediaops.access contributors (@mediaops)
options:
  title:
    description:
      - Returns only products and subscriptions with exactly this title.
    type: str
extends_documentation_fragment:
  - mediaops.access.common
  - mediaops.access.common.access_tokens
  - mediaops.access.audienceplayer
  - mediaops.access.attributes.info
seealso:
  - module: mediaops.access.audienceplayer_entitlement
"""

EXAMPLES = r"""
- name: Read all products and subscriptions
  mediaops.access.audienceplayer_catalog_info:
    project_id: 111
    client_id: "222"
    client_secret: "{{ audienceplayer_client_secret }}"
  register: offered

- name: Find the product with a title
  mediaops.access.audienceplayer_catalog_info:
    project_id: 111
    client_id: "222"
    client_secret: "{{ audienceplayer_client_secret }}"
    title: Film
  register: catalog

- name: Show its ID
  ansible.builtin.debug:
    msg: "{{ (catalog.products | first).id }}"
"""

RETURN = r"""
products:
  description: The products, sorted by ID. Empty if none has the title.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The ID of the product.
      type: int
      sample: 444
    title:
      description: The title of the product.
      type: str
      sample: Film
subscriptions:
  description: The subscriptions, sorted by ID. Empty if none has the title.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The ID of the subscription.
      type: int
      sample: 555
    title:
      description: The title of the subscription.
      type: str
      sample: Monthly
"""

from ..module_utils._modules.definition import ModuleDefinition, Result
from ..module_utils._platform.access import Access
from ..module_utils._providers.audienceplayer.client import AudiencePlayer
from ..module_utils._providers.audienceplayer.declaration import AUDIENCEPLAYER
from ..module_utils._providers.audienceplayer.lists import CATALOG_LISTS


def run(access: Access[AudiencePlayer]) -> Result:
    client, title = access.client, access.params["title"]
    catalog = client.fetch_lists(CATALOG_LISTS, client.preferred_grant(), complete=True)
    return {
        "changed": False,
        **{
            kind: sorted((item for item in items if title in (None, item["title"])), key=lambda item: item["id"])
            for kind, items in catalog.items()
        },
    }


MODULE = ModuleDefinition(AUDIENCEPLAYER, run, {"title": {"type": "str"}})


def main() -> None:
    MODULE.main()


if __name__ == "__main__":
    main()
