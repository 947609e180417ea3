# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  path:
    description:
      - The path of the request, relative to O(url), with or without a leading slash.
    type: str
    required: true
  method:
    description:
      - The HTTP method. V(GET), V(HEAD) and V(OPTIONS) never report a change. All other methods report a change and are
        not sent in check mode.
    type: str
    choices: [GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE]
    default: GET
  query:
    description:
      - The query parameters.
    type: dict
  body:
    description:
      - The request body. A dictionary or a list is sent as JSON, a string is sent unchanged.
    type: raw
  headers:
    description:
      - Additional request headers. The module sets C(Authorization) itself.
    type: dict
  status_code:
    description:
      - The HTTP status codes that count as success. By default, these are all codes from 200 to 299.
    type: list
    elements: int
attributes:
  check_mode:
    support: full
    details:
      - A request that may write is not sent; a change is reported instead.
    description: Predicts what a real run would change and writes nothing.
  diff_mode:
    support: partial
    description: Shows what changed, without secrets.
    details:
      - Shows the request, without its query and body. What it changes on the platform is unknown.
  idempotent:
    support: N/A
    description: A second run changes nothing.
    details:
      - Whether a second run changes anything depends on the request.
"""
