# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
import typing as t
from urllib.parse import quote

from ansible.errors import AnsibleFilterError

from ..module_utils._errors import AccessError
from ..module_utils._masking.secrets import Secrets
from ..module_utils._modules.definition import format_errors
from ..module_utils._platform.access import Access
from ..module_utils._providers.audienceplayer.declaration import AUDIENCEPLAYER
from ..module_utils._providers.audienceplayer.entitlements import Entitlement
from ..modules.audienceplayer_entitlement import MODULE
from ..plugin_utils._plain import plain

DOCUMENTATION = r"""
name: audienceplayer_webhook_url
short_description: Build the webhook URL that fulfils or revokes an entitlement
version_added: 0.1.0
author:
  - mediaops.access contributors (@mediaops)
description:
  - Builds the URL that a shop calls with GET to entitle a viewer to a product or a subscription, in AudiencePlayer's
    webhook format.
  - The URL contains the client secret, so treat it as a secret.
    Prefer M(mediaops.access.audienceplayer_entitlement), which sends the client secret in the request body.
options:
  _input:
    description:
      - The options of M(mediaops.access.audienceplayer_entitlement) for one entitlement,
        including C(project_id), C(client_id) and C(client_secret). They are validated as in the module.
    type: dict
    required: true
  url:
    description:
      - The root URL of the API. It takes precedence over C(url) in the dictionary.
      - If neither is set, the environment variable E(AUDIENCEPLAYER_URL) is used, and C(https://api.audienceplayer.com)
        by default.
    type: str
seealso:
  - module: mediaops.access.audienceplayer_entitlement
"""

EXAMPLES = r"""
- name: Build the URL for the shop's settings
  ansible.builtin.set_fact:
    webhook_url: "{{ dict(connection, user_email='viewer@example.com', product_id=444) |
      mediaops.access.audienceplayer_webhook_url }}"
  no_log: true
"""

RETURN = r"""
_value:
  description: The URL, percent-encoded.
  type: str
  sample: https://api.audienceplayer.com/graphql/111/user/?query=mutation%7BClientUserProductEntitlementManage%28project_id%3A%20111
"""


def audienceplayer_webhook_url(options: t.Any, url: str | None = None) -> str:
    """The GET URL for one entitlement (providers.md, section 1.1)."""
    if not isinstance(options, t.Mapping):
        raise AnsibleFilterError(
            "audienceplayer_webhook_url takes a dictionary of the options of audienceplayer_entitlement"
        )
    validation = MODULE.validate({**plain(options), **({"url": plain(url)} if url else {})})
    secrets = Secrets(MODULE.secret_params(validation.validated_parameters))
    try:
        if validation.error_messages:
            raise AccessError(format_errors(validation, "its dictionary"))
        client = Access(AUDIENCEPLAYER, validation.validated_parameters, secrets=secrets).client
        entitlement = Entitlement.parse(validation.validated_parameters, time.time())
        document = f"mutation{{{entitlement.mutation(client.graphql.client_arguments(), alias='')}}}"
    except AccessError as error:
        raise AnsibleFilterError(f"audienceplayer_webhook_url: {secrets.scrub(error.message)}") from None
    return f"{client.url}/graphql/{client.params['project_id']}/user/?query={quote(document, safe='')}"


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"audienceplayer_webhook_url": audienceplayer_webhook_url}
