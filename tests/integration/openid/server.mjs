// Copyright (c) 2026, mediaops.access contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// An OpenID Connect server on a free port of loopback. Says {"issuer": URL} when it listens, then a line for each token request:
// {"grant": TYPE, "client": ID, "error": CODE or null}.
import http from 'node:http';
import { Provider, errors } from 'oidc-provider';

const [user, password, clientSecret] = process.argv.slice(2);
const SHORT = 120; // seconds that the first token of a login lives; a refreshed one lives LONG
const LONG = 600;

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const server = http.createServer();

server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      { client_id: 'anonymous', token_endpoint_auth_method: 'none', grant_types: ['password', 'refresh_token'], redirect_uris: [], response_types: [] },
      {
        client_id: 'portal client', // a blank: Basic needs it form-encoded
        client_secret: clientSecret,
        token_endpoint_auth_method: 'client_secret_basic',
        grant_types: ['authorization_code', 'password', 'refresh_token'],
        redirect_uris: ['http://127.0.0.1:9/callback'],
        response_types: ['code'],
      },
    ],
    scopes: ['openid', 'offline_access'],
    features: { devInteractions: { enabled: true } },
    pkce: { required: () => false },
    findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    issueRefreshToken: (ctx, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    expiresWithSession: () => false,
    ttl: {
      AccessToken: (ctx, token) => (token.gty.includes('refresh_token') ? LONG : SHORT),
      RefreshToken: 3600,
    },
  });

  provider.registerGrantType('password', async (ctx) => {
    const { client, params } = ctx.oidc;
    if (params.username !== user || params.password !== password) throw new errors.InvalidGrant('invalid user credentials');
    const grant = new provider.Grant({ accountId: user, clientId: client.clientId });
    grant.addOIDCScope('openid');
    const common = { accountId: user, client, grantId: await grant.save(), gty: 'password', scope: 'openid' };
    const token = new provider.AccessToken(common);
    ctx.oidc.entity('AccessToken', token);
    ctx.body = {
      access_token: await token.save(),
      expires_in: token.expiration,
      refresh_token: await new provider.RefreshToken(common).save(),
      scope: 'openid',
      token_type: token.tokenType,
    };
  }, ['username', 'password', 'scope']);

  const asked = (ctx, error) => say({ grant: ctx.oidc.params?.grant_type ?? null, client: ctx.oidc.client?.clientId ?? null, error });
  provider.on('grant.success', (ctx) => asked(ctx, null));
  provider.on('grant.error', (ctx, error) => asked(ctx, error.error));
  server.on('request', provider.callback());
  say({ issuer });
});
