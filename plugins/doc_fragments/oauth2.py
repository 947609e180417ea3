# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  url:
    description:
      - The root URL of the platform's API. Only M(mediaops.access.oauth2_api) requires it.
      - If not set, the environment variable E(OAUTH2_URL) is used.
    type: str
  issuer:
    description:
      - The URL of the authorization server. Its endpoints are found by OpenID Connect Discovery, otherwise by RFC 8414.
      - Before any credentials are sent, the module checks that the document names this issuer, and that its endpoints
        use HTTPS if the issuer does.
      - If not set, the environment variable E(OAUTH2_ISSUER) is used.
    type: str
  token_url:
    description:
      - The URL of the token endpoint. It takes precedence over the one that O(issuer) publishes.
      - If not set, the environment variable E(OAUTH2_TOKEN_URL) is used.
    type: str
  revocation_url:
    description:
      - The URL of the revocation endpoint (RFC 7009). It takes precedence over the one that O(issuer) publishes.
    type: str
  introspection_url:
    description:
      - The URL of the introspection endpoint (RFC 7662). It takes precedence over the one that O(issuer) publishes.
    type: str
  grant:
    description:
      - The grant, which determines the credentials.
      - V(client_credentials) uses those of the client, V(password) O(username) and O(password), V(refresh_token)
        O(refresh_token), and V(authorization_code) O(code), O(redirect_uri) and O(code_verifier).
      - V(jwt_bearer) uses O(assertion) (RFC 7523), and V(token_exchange) O(subject_token) (RFC 8693).
    type: str
    choices: [client_credentials, password, refresh_token, authorization_code, jwt_bearer, token_exchange]
    default: client_credentials
  client_id:
    description:
      - The client ID.
      - If not set, the environment variable E(OAUTH2_CLIENT_ID) is used.
    type: str
  client_secret:
    description:
      - The client secret.
      - If not set, the environment variable E(OAUTH2_CLIENT_SECRET) is used.
    type: str
  client_auth:
    description:
      - How the client authenticates, named as in RFC 8414. V(tls_client_auth) uses O(client_cert) (RFC 8705).
      - The default follows from the credentials. With O(client_secret), these are V(client_secret_basic),
        V(client_secret_post) and V(client_secret_jwt); with O(private_key), V(private_key_jwt); with O(client_cert),
        V(tls_client_auth). It is the first of these that O(issuer) lists, otherwise the first; without credentials,
        V(none).
      - V(client_secret_jwt) and V(private_key_jwt) require the Python library C(PyJWT).
    type: str
    choices: [client_secret_basic, client_secret_post, client_secret_jwt, private_key_jwt, tls_client_auth, none]
  private_key:
    description:
      - The private key that signs assertions, as text in PEM format, unencrypted.
    type: str
  private_key_id:
    description:
      - The ID of the key, which is sent as C(kid).
    type: str
  private_key_algorithm:
    description:
      - The signature algorithm.
    type: str
    choices: [RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA]
    default: RS256
  username:
    description:
      - The user name, for O(grant=password).
      - If not set, the environment variable E(OAUTH2_USERNAME) is used.
    type: str
  password:
    description:
      - The user's password.
      - If not set, the environment variable E(OAUTH2_PASSWORD) is used.
    type: str
  refresh_token:
    description:
      - The refresh token, for O(grant=refresh_token). If the platform replaces it, the new one is kept in the token
        cache, and later runs use it although this option still has the old one, also for another O(scope).
    type: str
  code:
    description:
      - The authorization code (RFC 6749, section 4.1.2). It is sent only once; later runs use the refresh token.
    type: str
  redirect_uri:
    description:
      - The redirect URI that the code was issued for.
    type: str
  code_verifier:
    description:
      - The code verifier (RFC 7636), if the authorization request had a code challenge.
    type: str
  assertion:
    description:
      - The signed assertion (RFC 7523), for O(grant=jwt_bearer).
    type: str
  subject_token:
    description:
      - The token to exchange (RFC 8693), for O(grant=token_exchange).
    type: str
  subject_token_type:
    description:
      - The type of O(subject_token).
    type: str
    default: urn:ietf:params:oauth:token-type:access_token
  requested_token_type:
    description:
      - The type of the token to request, for O(grant=token_exchange). By default, the platform decides.
    type: str
  scope:
    description:
      - The scopes to request. By default, the platform decides.
    type: list
    elements: str
  audience:
    description:
      - The audience of the token, sent as C(audience).
    type: str
  resource:
    description:
      - The resources that the token is for (RFC 8707), each an absolute URI.
    type: list
    elements: str
  parameters:
    description:
      - Additional parameters of the token request. Their values are not displayed.
      - Values are strings, numbers, booleans, or lists of these, which repeat the parameter. With
        O(request_format=json), numbers, booleans and lists are sent as such.
    type: dict
  request_format:
    description:
      - The format of the token request. V(form) is the standard, V(json) sends a JSON object, and V(query) sends the
        parameters in the URL (with POST, or with GET if the platform answers POST with HTTP 405).
    type: str
    choices: [form, json, query]
    default: form
  fields:
    description:
      - The names of fields in the token response, if they differ from the standard ones. Keys are C(access_token),
        C(token_type), C(expires_in), C(refresh_token), C(refresh_expires_in) and C(scope); values are names, or paths
        such as V(data.accessToken).
      - A field that the response lacks is an error, unless the response cannot be requested again. Null counts as not
        stated. The path V(none) ignores a field.
    type: dict
  token_placement:
    description:
      - Where requests to the API carry the token.
    type: str
    choices: [header, query]
    default: header
  token_name:
    description:
      - The name of the header or query parameter with the token. The default is C(Authorization) or C(access_token).
    type: str
  token_prefix:
    description:
      - The text before the token in the header. An empty string sends the token alone.
    type: str
    default: Bearer
requirements:
  - PyJWT (for O(client_auth=client_secret_jwt) and O(client_auth=private_key_jwt))
attributes:
  action_group:
    description: Action groups that this module belongs to, for C(module_defaults).
    support: full
    membership: [mediaops.access.all, mediaops.access.oauth2]
"""
