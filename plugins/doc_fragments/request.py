# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  path:
    description:
      - The path below O(url), with or without a leading slash.
    type: str
    required: true
  method:
    description:
      - The HTTP method. V(GET), V(HEAD) and V(OPTIONS) never report a change. The others do, and are not sent in check mode.
    type: str
    choices: [GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE]
    default: GET
  query:
    description:
      - Parameters of the query string.
    type: dict
  body:
    description:
      - A dictionary or a list, which is sent as JSON, or a string, which is sent as it is.
    type: raw
  headers:
    description:
      - Further headers. C(Authorization) is set by the module.
    type: dict
  status_code:
    description:
      - The HTTP statuses that count as success. By default any from 200 to 299.
    type: list
    elements: int
attributes:
  check_mode:
    support: full
    details:
      - A request that may write is not sent, and reports a change.
    description: Predicts what the real run would change, and writes nothing.
  diff_mode:
    support: partial
    description: Shows what changed, without secrets.
    details:
      - Shows the request that is sent, without query and body. What it changes is not known.
  idempotent:
    support: N/A
    description: A second run changes nothing.
    details:
      - It does what it is told.
"""
