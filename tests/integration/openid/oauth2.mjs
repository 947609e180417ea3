// Copyright (c) 2026, mediaops.access contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// An OAuth 2.0 server with TLS on free ports of loopback. Reads its settings from standard input: {"clients": [client metadata of RFC 7591],
// "users": {NAME: PASSWORD}, "admin": ID of the client that may introspect all tokens, "resource": URL, "tls": {"cert", "key", "ca"}}. Says
// {"issuer": URL} when it listens, then a line for each request: see authlib_server.py, which is its counterpart.
import https from 'node:https';
import { text } from 'node:stream/consumers';
import { Provider, errors } from 'oidc-provider';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const ENDPOINTS = ['token', 'revocation', 'introspection'];

const settings = JSON.parse(await text(process.stdin));
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const { cert, key, ca } = settings.tls;
const server = https.createServer({ cert, key });
const mutual = https.createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: true });
const listen = (on) => new Promise((resolve) => { on.listen(0, '127.0.0.1', () => resolve(`https://127.0.0.1:${on.address().port}`)); });
const issuer = await listen(server);
const aliases = await listen(mutual);

const provider = new Provider(issuer, {
  clients: settings.clients,
  scopes: ['openid', 'read', 'write'],
  clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'tls_client_auth', 'none'],
  discovery: {
    mtls_endpoint_aliases: {
      token_endpoint: `${aliases}/token`,
      revocation_endpoint: `${aliases}/token/revocation`,
      introspection_endpoint: `${aliases}/token/introspection`,
    },
  },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: true },
    introspection: { enabled: true, allowedPolicy: (ctx, client, token) => client.clientId === settings.admin || client.clientId === token.clientId },
    mTLS: {
      enabled: true,
      tlsClientAuth: true,
      getCertificate: (ctx) => ctx.socket.getPeerX509Certificate?.(),
      certificateAuthorized: (ctx) => ctx.socket.authorized,
      certificateSubjectMatches: (ctx, property, expected) => property === 'tls_client_auth_san_dns'
        && ctx.socket.getPeerX509Certificate().checkHost(expected) !== undefined,
    },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (ctx, resource) => {
        if (resource !== settings.resource) throw new errors.InvalidTarget();
        return { scope: 'read write', audience: resource, accessTokenFormat: 'opaque' };
      },
    },
    revocation: { enabled: true, allowedPolicy: (ctx, client, token) => client.clientId === token.clientId },
  },
  pkce: { required: () => true },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  issueRefreshToken: (ctx, client) => client.grantTypeAllowed('refresh_token'),
  rotateRefreshToken: true,
  expiresWithSession: () => false,
  ttl: { AccessToken: 3600, ClientCredentials: 3600, RefreshToken: 86400 },
});

async function issue(ctx, accountId, refreshable) {
  const { client, params } = ctx.oidc;
  const scope = params.scope ?? 'read write';
  if (!scope.split(' ').every((name) => ['read', 'write'].includes(name))) throw new errors.InvalidScope('requested scope is not supported', scope);
  const grant = new provider.Grant({ accountId, clientId: client.clientId });
  grant.addOIDCScope(scope);
  const common = { accountId, client, grantId: await grant.save(), gty: params.grant_type, scope };
  const token = new provider.AccessToken(common);
  ctx.oidc.entity('AccessToken', token);
  return {
    access_token: await token.save(),
    expires_in: token.expiration,
    scope,
    token_type: token.tokenType,
    ...(refreshable ? { refresh_token: await new provider.RefreshToken(common).save() } : {}),
  };
}

provider.registerGrantType('password', async (ctx) => {
  const { params } = ctx.oidc;
  if (!params.username || settings.users[params.username] !== params.password) throw new errors.InvalidGrant('invalid user credentials');
  ctx.body = await issue(ctx, params.username, true);
}, ['username', 'password', 'scope']);

provider.registerGrantType(EXCHANGE, async (ctx) => {
  const { params } = ctx.oidc;
  if (params.subject_token_type !== ACCESS_TOKEN) throw new errors.InvalidRequest('unsupported subject_token_type');
  const subject = await provider.AccessToken.find(params.subject_token);
  if (!subject?.isValid) throw new errors.InvalidGrant('the subject_token is not valid');
  ctx.body = { ...await issue(ctx, subject.accountId, false), issued_token_type: ACCESS_TOKEN };
}, ['subject_token', 'subject_token_type', 'requested_token_type', 'audience', 'scope']);

function authentication(ctx) {
  const { params } = ctx.oidc;
  if (ctx.headers.authorization) return 'client_secret_basic';
  if (params.client_secret) return 'client_secret_post';
  if (params.client_assertion) {
    const { alg } = JSON.parse(Buffer.from(params.client_assertion.split('.')[0], 'base64url'));
    return alg.startsWith('HS') ? 'client_secret_jwt' : 'private_key_jwt';
  }
  return ctx.socket.authorized ? 'tls_client_auth' : 'none';
}

provider.use(async (ctx, next) => {
  await next();
  if (!ctx.oidc || !ENDPOINTS.includes(ctx.oidc.route)) return;
  const { client, params } = ctx.oidc;
  say({
    endpoint: ctx.oidc.route,
    grant: params?.grant_type ?? null,
    client: client?.clientId ?? null,
    auth: params ? authentication(ctx) : null,
    resource: [params?.resource ?? []].flat(),
    error: ctx.body?.error ?? null,
  });
});

const found = async (value) => await provider.AccessToken.find(value) ?? await provider.ClientCredentials.find(value);

// GET /api/channels is an API that requires a token (RFC 6750); POST /test/end ends access tokens, but not their logins.
async function api(request, response) {
  const value = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  const token = value && await found(value);
  response.setHeader('content-type', 'application/json');
  if (token?.isValid) return response.end(JSON.stringify({ items: [{ id: 1, name: 'News' }], client: token.clientId }));
  response.writeHead(401, { 'www-authenticate': value ? 'Bearer realm="api", error="invalid_token"' : 'Bearer realm="api"' });
  return response.end('{}');
}

async function end(request, response) {
  for (const value of JSON.parse(await text(request))) await (await found(value))?.destroy();
  response.writeHead(204).end();
}

const callback = provider.callback();
const answer = (request, response) => {
  if (request.url === '/api/channels') return api(request, response);
  if (request.url === '/test/end') return end(request, response);
  return callback(request, response);
};
server.on('request', answer);
mutual.on('request', answer);
say({ issuer });
