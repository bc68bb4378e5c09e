// An OpenID provider for the tests, another implementation than Dex: people with a password, over https.
// `node provider.mjs SETTINGS`, a file of JSON: { key, certificate, life, clientSecret, origin, people: { name: group },
// password }. The services ask it over TLS; what stands in for a browser in the tests speaks plain HTTP. It takes
// any two ports, and prints { address, issuer } when it listens: for a browser, and for the services.
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';

import Provider from 'oidc-provider';

// Standard output has JSON lines only; the provider gives its advice there.
console.info = console.error;

const settings = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const client = (id) => ({
  client_id: id,
  client_secret: settings.clientSecret,
  redirect_uris: [`${settings.origin}/auth/callback`],
  post_logout_redirect_uris: [`${settings.origin}/`],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
});
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

// The issuer's name has its port, so it listens before it knows what to answer.
const services = https.createServer({ key: readFileSync(settings.key), cert: readFileSync(settings.certificate) });
const browsers = http.createServer();

async function listen(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${server.address().port}`;
}

const issuer = `https://${await listen(services)}`;
const address = await listen(browsers);

const provider = new Provider(issuer, {
  clients: [client('hello-observability'), client('another')],
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'first', use: 'sig', alg: 'RS256' }] },
  scopes: ['openid', 'profile', 'email', 'groups', 'offline_access'],
  claims: {
    openid: ['sub'],
    profile: ['name'],
    email: ['email', 'email_verified'],
    groups: ['groups'],
  },
  // The claims stand in the token, where the shop reads them.
  conformIdTokenClaims: false,
  cookies: { keys: ['of the tests'] },
  features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
  interactions: { url: (_, { uid }) => `/interaction/${uid}` },
  ttl: { IdToken: settings.life, AccessToken: settings.life, RefreshToken: 3600, Grant: 3600, Session: 3600, Interaction: 600 },
  issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
  findAccount: (_, name) => ({
    accountId: name,
    claims: () => ({
      sub: name,
      name: `${name} of the tests`,
      email: `${name}@shop.test`,
      email_verified: true,
      groups: [settings.people[name]],
    }),
  }),
  // Nobody is asked what the shop may know of them.
  async loadExistingGrant(context) {
    const { client, session, params } = context.oidc;
    const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope(params.scope);
    await grant.save();
    return grant;
  },
});

const form =
  '<!doctype html><form method="post"><input name="login"><input name="password" type="password"><button>Sign in</button></form>';

async function bodyOf(request) {
  let body = '';
  for await (const part of request) body += part;
  return new URLSearchParams(body);
}

const answer = provider.callback();

async function interact(request, response) {
  if (request.method === 'POST') {
    const body = await bodyOf(request);
    const name = body.get('login')?.split('@')[0] ?? '';
    if (Object.hasOwn(settings.people, name) && body.get('password') === settings.password) {
      await provider.interactionFinished(request, response, { login: { accountId: name } });
      return;
    }
  }
  response.setHeader('content-type', 'text/html');
  response.end(form);
}

function serve(request, response) {
  if (!request.url.startsWith('/interaction/')) {
    answer(request, response);
    return;
  }
  interact(request, response).catch((error) => {
    response.statusCode = 500;
    response.end(String(error));
  });
}

services.on('request', serve);
browsers.on('request', serve);
console.log(JSON.stringify({ address, issuer }));
