# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError

from ..module_utils._oauth2 import jwt
from ..plugin_utils._plain import plain

DOCUMENTATION = r"""
name: jwt_claims
short_description: Read the claims of a JSON Web Token
version_added: 0.1.0
author:
  - mediaops.access contributors (@mediaops)
description:
  - Returns the claims of a JWT (RFC 7519), such as its expiry time.
  - The signature is B(not) verified. Anyone can create such a token, so trust the claims only if you received the token
    from the platform itself.
options:
  _input:
    description: The JWT.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show when the token expires
  ansible.builtin.debug:
    msg: "{{ (flex.token.access_token | mediaops.access.jwt_claims).exp }}"
"""

RETURN = r"""
_value:
  description: The claims of the token.
  type: dict
  sample: {"exp": 1924991999, "scope": ["client_credentials_default_scope"]}
"""


def jwt_claims(token: t.Any) -> dict[str, t.Any]:
    """The claims of a JWT, its signature not verified."""
    if not isinstance(token, str):
        raise AnsibleFilterError("jwt_claims takes a JWT (a string)")
    try:
        return jwt.jwt_claims(plain(token))
    except ValueError as error:
        raise AnsibleFilterError(f"jwt_claims: {error}") from None


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"jwt_claims": jwt_claims}
