# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  validate_certs:
    description:
      - Whether TLS certificates are verified.
      - If not set, the environment variable E(MEDIAOPS_VALIDATE_CERTS) is used.
    type: bool
    default: true
  ca_path:
    description:
      - A bundle of CA certificates to verify with.
      - If not set, the environment variable E(MEDIAOPS_CA_PATH) is used, then E(REQUESTS_CA_BUNDLE).
    type: path
  client_cert:
    description:
      - A client certificate for mutual TLS (PEM; may contain the key).
    type: path
  client_key:
    description:
      - The client certificate's private key (PEM).
    type: path
  timeout:
    description:
      - How long one request may take to connect, and then to answer, in seconds. A large answer may take a second more for each 64 KiB that have arrived.
      - If not set, the environment variable E(MEDIAOPS_TIMEOUT) is used.
    type: float
    default: 30.0
  retries:
    description:
      - How often a request that is safe to repeat is repeated after a failure on the way.
      - A request that would create a second item is never repeated once it may have arrived.
      - Waiting for rate limits does not count; see O(max_wait).
    type: int
    default: 4
  max_wait:
    description:
      - How long one item may wait in all for rate limits, for C(Retry-After) and for another process's login, in seconds. Then it fails.
    type: int
    default: 300
  token_cache:
    description:
      - Where tokens and the state of rate limits are kept, for all processes that name the same place.
      - A directory (tokens are encrypted, files have mode 0600), a Redis server such as C(redis://user:password@host:6379/0), or V(none).
      - Redis is for several controllers, such as AWX job pods. It needs the Python library C(redis) and O(token_cache_key).
        C(rediss://) uses TLS, with the authorities of the system and those of O(ca_path).
      - If not set, the environment variable E(MEDIAOPS_TOKEN_CACHE) is used.
    type: str
    default: "{{ ANSIBLE_HOME }}/mediaops"
  token_cache_key:
    description:
      - The key that encrypts cached tokens, of at least 16 characters. Use a random one, such as C(openssl rand -base64 32) prints.
      - A directory makes its own key if none is given; with Redis it is required, and the same for all controllers.
      - If not set, the environment variable E(MEDIAOPS_TOKEN_CACHE_KEY) is used.
    type: str
  min_ttl:
    description:
      - A cached token with less life left than this, in seconds, is not used.
    type: int
    default: 60
requirements:
  - requests
  - jsonschema
  - cryptography (for the token cache)
"""

    # Whatever asks a platform for something with a token.
    ACCESS_TOKENS = r"""
options:
  access_token:
    description:
      - A token to use in place of credentials.
      - Options that log in stay useful beside it. With them, a token that the platform rejects is replaced.
    type: str
"""

    # Where no rate limit is known.
    UNLIMITED = r"""
options:
  rate_limit:
    description:
      - The most requests that all processes together start, as V(N/second), V(N/minute) or V(none). No limit is known here.
    type: str
    default: none
  auth_rate_limit:
    description:
      - The same for requests that authenticate. They count towards both.
    type: str
    default: none
"""
