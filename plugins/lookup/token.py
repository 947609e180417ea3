# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: token
short_description: Return an access token for a media platform
version_added: 0.1.0
author:
  - mediaops.access contributors (@mediaops)
description:
  - Returns an access token, which is taken from the shared cache or newly obtained.
  - The lookup accepts the options of the platform's token module, with the same names, types, defaults and environment
    variables.
    It shares the cache, rate limits and logins with the modules.
  - Ansible evaluates a lookup each time a template that contains it is used. The cache makes this cheap; with
    O(token_cache=none), every evaluation logs in.
options:
  _terms:
    description: The provider to return a token for, one of V(flex), V(freewheel), V(audienceplayer), V(movingimage),
      V(oauth2) and V(playlyfe).
    type: list
    elements: str
    required: true
  output:
    description:
      - What to return. V(token) returns the token itself, V(header) a dictionary with an C(Authorization) header,
        and V(full) the RV(ignore:token) of the token module.
      - For V(oauth2), V(header) applies O(ignore:token_name) and O(ignore:token_prefix), and fails if
        O(ignore:token_placement=query).
    type: str
    choices: [token, header, full]
    default: token
  force:
    description: Whether to obtain a new token even if a cached token is still usable.
    type: bool
    default: false
  min_ttl:
    description: The minimum remaining lifetime of a cached token, in seconds. A token that expires sooner is not used.
    type: int
    default: 60
  token_cache:
    description:
      - The location of the tokens, such as a directory, or V(none).
      - If not set, the environment variable E(MEDIAOPS_TOKEN_CACHE) is used.
    type: str
    default: "{{ ANSIBLE_HOME }}/mediaops"
seealso:
  - module: mediaops.access.flex_token
  - module: mediaops.access.freewheel_token
  - module: mediaops.access.audienceplayer_token
  - module: mediaops.access.movingimage_token
  - module: mediaops.access.oauth2_token
  - module: mediaops.access.playlyfe_token
"""

EXAMPLES = r"""
- name: Call FreeWheel (credentials from FREEWHEEL_USERNAME and FREEWHEEL_PASSWORD)
  ansible.builtin.uri:
    url: https://api.freewheel.tv/services/v4/sites
    headers: "{{ lookup('mediaops.access.token', 'freewheel', output='header') }}"
  no_log: true  # uri displays its headers

- name: Write a token to a configuration file
  ansible.builtin.copy:
    dest: /etc/player/token
    content: "{{ lookup('mediaops.access.token', 'audienceplayer', project_id=111, client_id='222',
      client_secret=audienceplayer_client_secret) }}"
    mode: "0600"
  diff: false  # copy displays the content
"""

RETURN = r"""
_raw:
  description: The token, in the form selected with O(output).
  type: list
  elements: raw
  sample: ["the token"]
"""

import importlib
import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..module_utils._modules.definition import ModuleDefinition
from ..plugin_utils._lookup import run_lookup
from ..plugin_utils._plain import plain
from ..plugin_utils._providers import platforms

Options = t.Mapping[str, t.Any]
OUTPUTS: dict[str, t.Callable[[dict[str, t.Any], Options], t.Any]] = {
    "token": lambda token, options: token["access_token"],
    "header": lambda token, options: _header(token["access_token"], options),
    "full": lambda token, options: token,
}


class LookupModule(LookupBase):
    def run(self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        if len(terms) != 1:
            raise AnsibleLookupError(
                "mediaops.access.token requires exactly one provider, for example lookup('mediaops.access.token', "
                "'freewheel')"
            )
        options = {name: value for name, value in kwargs.items() if name != "output"}
        output = plain(kwargs.get("output", "token"))
        if output not in OUTPUTS:
            raise AnsibleLookupError(f"mediaops.access.token: output must be one of {', '.join(OUTPUTS)}")
        if options.get("state", "present") != "present" or options.get("retire_only"):
            raise AnsibleLookupError(
                "mediaops.access.token: state must be present, and retire_only unset. To revoke a token, use the "
                "provider's token module"
            )
        module = _token_module(plain(terms[0]))
        if output == "header" and "token_name" in module.options and options.get("token_placement") == "query":
            raise AnsibleLookupError(
                "mediaops.access.token: output=header requires token_placement=header. Use output=token for a token in "
                "the query"
            )
        result = run_lookup(module, "mediaops.access.token", options, self._loader)
        return [OUTPUTS[output](result["token"], plain(options))]


def _header(access_token: str, options: Options) -> dict[str, str]:
    """The header with which a token is sent. The options of most platforms do not include its name and prefix."""
    prefix = options.get("token_prefix")
    value = f"{'Bearer' if prefix is None else prefix} {access_token}".strip()
    return {options.get("token_name") or "Authorization": value}


def _token_module(provider: str) -> ModuleDefinition:
    """The token module of a provider."""
    try:
        module = importlib.import_module(f"ansible_collections.mediaops.access.plugins.modules.{provider}_token")
    except ImportError:
        valid = ", ".join(platform.name for platform in platforms() if platform.issuer)
        raise AnsibleLookupError(
            f"mediaops.access.token: unknown provider {provider!r}; valid providers: {valid}"
        ) from None
    return t.cast(ModuleDefinition, module.MODULE)
