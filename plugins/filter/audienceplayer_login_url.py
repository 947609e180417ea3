# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
from urllib.parse import quote, unquote_plus, urlsplit, urlunsplit

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: audienceplayer_login_url
short_description: Build a link that logs a viewer in
version_added: 0.1.0
author:
  - mediaops.access contributors (@mediaops)
description:
  - Adds a viewer's token to the URL of an AudiencePlayer WEB-template, so that opening the URL logs the viewer in.
  - Anyone who opens the link is logged in as that viewer, so treat it as a secret.
options:
  _input:
    description: The viewer's access token, or the RV(ignore:token) returned by M(mediaops.access.audienceplayer_token).
    type: raw
    required: true
  url:
    description: Any URL of the WEB-template. Its other query parameters are kept.
    type: str
    required: true
seealso:
  - module: mediaops.access.audienceplayer_token
"""

EXAMPLES = r"""
- name: Build a link to a film
  ansible.builtin.set_fact:
    film_url: "{{ viewer.token | mediaops.access.audienceplayer_login_url(url=film_page) }}"
  vars:
    film_page: https://demo.audienceplayer.com/film?id=5
  no_log: true
"""

RETURN = r"""
_value:
  description: The URL with the query parameter C(token).
  type: str
  sample: https://demo.audienceplayer.com/film?id=5&token=eY
"""


def audienceplayer_login_url(token: t.Any, url: str) -> str:
    """The URL with ``token=`` added, in place of one that it had."""
    value = token.get("access_token") if isinstance(token, t.Mapping) else token
    if not isinstance(value, str) or not value:
        raise AnsibleFilterError(
            "audienceplayer_login_url takes a token (a string) or the token that audienceplayer_token returns"
        )
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise AnsibleFilterError("audienceplayer_login_url: url must be a URL such as https://demo.audienceplayer.com/")
    # The others stay as they are written: decoding and encoding them could change them.
    kept = [part for part in parts.query.split("&") if part and unquote_plus(part.partition("=")[0]) != "token"]
    return urlunsplit(parts._replace(query="&".join([*kept, f"token={quote(value, safe='')}"])))


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"audienceplayer_login_url": audienceplayer_login_url}
