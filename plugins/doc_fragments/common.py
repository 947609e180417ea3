# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  validate_certs:
    description:
      - Whether to verify TLS certificates.
      - If not set, the environment variable E(MEDIAOPS_VALIDATE_CERTS) is used.
    type: bool
    default: true
  ca_path:
    description:
      - The path of a CA bundle used to verify TLS certificates.
      - If not set, the environment variable E(MEDIAOPS_CA_PATH) is used, then E(REQUESTS_CA_BUNDLE).
    type: path
  client_cert:
    description:
      - The path of a client certificate for mutual TLS, in PEM format. The file may also contain the private key.
    type: path
  client_key:
    description:
      - The path of the private key of O(client_cert), in PEM format.
    type: path
  timeout:
    description:
      - The maximum time in seconds for one request to connect, and then to be answered. A large response may take one
        more second for each 64 KiB received.
      - If not set, the environment variable E(MEDIAOPS_TIMEOUT) is used.
    type: float
    default: 30.0
  retries:
    description:
      - The maximum number of times that a request is retried after a network or server error, if it is safe to repeat.
      - A request that could create a duplicate is never retried once it may have reached the platform.
      - Waits for rate limits do not count as retries; see O(max_wait).
    type: int
    default: 4
  max_wait:
    description:
      - The maximum total time in seconds that one item waits for rate limits, for C(Retry-After) and for the login of
        another process. After that, it fails.
    type: int
    default: 300
  token_cache:
    description:
      - The location of the tokens and of the rate limits' state, which is shared by all processes that use the same
        location.
      - The location is a directory (tokens are encrypted, files have mode 0600), a URL of Redis or Valkey, or V(none).
      - Use Redis to share tokens between several controllers, such as AWX job pods. It requires the Python library
        C(redis) and O(token_cache_key).
      - The URL of one server is C(redis://user:password@host:6379/0).
        C(redis+sentinel://user:password@host:26379,host:26379/service/0) finds the primary through sentinels, and
        C(redis+cluster://user:password@host:6379,host:6379) is a cluster.
        C(rediss://), C(rediss+sentinel://) and C(rediss+cluster://) connect with TLS, and trust the certificate
        authorities of the system and those in O(ca_path).
      - If not set, the environment variable E(MEDIAOPS_TOKEN_CACHE) is used.
    type: str
    default: "{{ ANSIBLE_HOME }}/mediaops"
  token_cache_key:
    description:
      - The key that encrypts cached tokens, with at least 16 characters. Use a random key, such as the output of
        C(openssl rand -base64 32).
      - A cache directory generates its own key if none is set. With Redis, the key is required and must be the same on
        all controllers.
      - If not set, the environment variable E(MEDIAOPS_TOKEN_CACHE_KEY) is used.
    type: str
  min_ttl:
    description:
      - The minimum remaining lifetime of a cached token, in seconds. A token that expires sooner is not used.
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
      - The access token to use instead of credentials.
      - If credentials are set as well, they are used to replace a token that the platform rejects.
    type: str
"""

    # Where no rate limit is known.
    UNLIMITED = r"""
options:
  rate_limit:
    description:
      - The maximum rate at which all processes together start requests, as V(N/second), V(N/minute) or V(none). No
        limit is documented.
    type: str
    default: none
  auth_rate_limit:
    description:
      - The maximum rate of authentication requests, in the format of O(rate_limit). These requests count towards both
        limits.
    type: str
    default: none
"""
