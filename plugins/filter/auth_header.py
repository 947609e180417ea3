# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: auth_header
short_description: Build the HTTP header that carries a token
version_added: 0.1.0
author:
  - mediaops.access contributors (@mediaops)
description:
  - Builds the C(Authorization) header (RFC 6750) for a token, in the form that O(ansible.builtin.uri#module:headers)
    expects.
options:
  _input:
    description: The access token, or the RV(ignore:token) returned by a token module.
    type: raw
    required: true
seealso:
  - module: mediaops.access.freewheel_token
"""

EXAMPLES = r"""
- name: Call an API with a token
  ansible.builtin.uri:
    url: https://api.freewheel.tv/services/v4/sites
    headers: "{{ freewheel.token | mediaops.access.auth_header }}"
  no_log: true  # uri displays its headers
"""

RETURN = r"""
_value:
  description: A dictionary that contains the header.
  type: dict
  sample: {"Authorization": "Bearer the-token"}
"""


def auth_header(token: t.Any) -> dict[str, str]:
    """A token string, or a token result, as ``{'Authorization': 'Bearer …'}``."""
    value = token.get("access_token") if isinstance(token, t.Mapping) else token
    if not isinstance(value, str) or not value:
        raise AnsibleFilterError("auth_header takes a token (a string) or the token that a token module returns")
    return {"Authorization": f"Bearer {value}"}


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"auth_header": auth_header}
