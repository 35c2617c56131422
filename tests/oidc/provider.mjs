// A real OpenID provider on loopback (oidc-provider), with a sign-in page of its own and a way for tests to change people
// and keys. Prints {"issuer": …} when it is ready. As a program: node provider.mjs [RS256|ES256|EdDSA] [userinfo]
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';
import { Provider } from 'oidc-provider';

export const clientId = 'regesta',
  clientSecret = 'a secret with spaces & signs';

const keyKinds = {
  RS256: ['rsa', { modulusLength: 2048 }],
  ES256: ['ec', { namedCurve: 'P-256' }],
  EdDSA: ['ed25519', {}],
};
const freshKey = (algorithm) => {
  const { privateKey } = generateKeyPairSync(...keyKinds[algorithm]);
  return { ...privateKey.export({ format: 'jwk' }), kid: randomBytes(6).toString('hex'), use: 'sig' };
};

const page = (body) => `<!doctype html><html lang="en"><title>Identity</title><h1>Identity</h1>${body}`;
const body = async (request) => {
  let text = '';
  for await (const piece of request) text += piece;
  return text;
};

export class IdentityProvider {
  people = new Map(); // login → { sub, …claims }
  calls = []; // paths that were asked for

  async start({ algorithm = 'RS256', userinfo = false, port = 0 } = {}) {
    this.algorithm = algorithm;
    this.userinfo = userinfo;
    this.server = createServer((request, response) =>
      this.answer(request, response).catch((fault) => response.writeHead(500).end(String(fault))),
    );
    await new Promise((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    this.issuer = `http://127.0.0.1:${this.server.address().port}`;
    this.rotate();
    return this;
  }
  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
  /** New signing keys; tokens of the old ones are no longer made. */
  rotate() {
    const find = (sub) => [...this.people.values()].find((person) => person.sub === sub);
    this.provider = new Provider(this.issuer, {
      clients: [
        {
          client_id: clientId,
          client_secret: clientSecret,
          redirect_uris: ['https://regesta.example/callback'],
          post_logout_redirect_uris: ['https://regesta.example/'],
          id_token_signed_response_alg: this.algorithm,
        },
      ],
      jwks: { keys: [freshKey('RS256'), ...(this.algorithm === 'RS256' ? [] : [freshKey(this.algorithm)])] },
      enabledJWA: { idTokenSigningAlgValues: Object.keys(keyKinds) },
      scopes: ['openid'],
      claims: {
        openid: ['sub'],
        profile: ['preferred_username', 'name', 'groups'],
        email: ['email', 'email_verified'],
      },
      conformIdTokenClaims: this.userinfo,
      cookies: { keys: [randomBytes(16).toString('hex')] },
      pkce: { required: () => true },
      ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
      features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
      interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
      findAccount: (_, sub) => find(sub) && { accountId: sub, claims: () => find(sub) },
      // Nobody is asked twice: whoever signs in here lets Regesta know who they are.
      loadExistingGrant: async (context) => {
        const { client, session } = context.oidc;
        const grant = new context.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
        grant.addOIDCScope('openid profile email');
        await grant.save();
        return grant;
      },
    });
    // The server under test takes any free port.
    const loopback = (path) => (uri) => new RegExp(`^http://127\\.0\\.0\\.1:\\d+${path}$`).test(uri);
    this.provider.Client.prototype.redirectUriAllowed = loopback('/api/v1/session/oidc/callback');
    this.provider.Client.prototype.postLogoutRedirectUriAllowed = loopback('/');
    this.handle = this.provider.callback();
  }

  async answer(request, response) {
    const { pathname } = new URL(request.url, this.issuer);
    this.calls.push(pathname);
    if (pathname === '/control') return this.control(request, response);
    if (!pathname.startsWith('/interaction/')) return this.handle(request, response);
    if (request.method === 'GET') {
      await this.provider.interactionDetails(request, response);
      response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' });
      return response.end(
        page(
          '<form method="post"><label>Login <input name="login"></label> <button>Continue</button> <button name="cancel" value="yes">Cancel</button></form>',
        ),
      );
    }
    const form = new URLSearchParams(await body(request));
    const person = this.people.get(form.get('login'));
    const result =
      person && !form.get('cancel')
        ? { login: { accountId: person.sub } }
        : { error: 'access_denied', error_description: 'nobody' };
    return this.provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }
  /** For tests in other languages: {"people": {login: {sub, …}}, "rotate": true}, answers with the calls so far. */
  async control(request, response) {
    const asked = JSON.parse((await body(request)) || '{}');
    for (const [login, claims] of Object.entries(asked.people ?? {})) this.people.set(login, claims);
    if (asked.rotate) this.rotate();
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ calls: this.calls }));
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [algorithm = 'RS256', userinfo] = process.argv.slice(2);
  const provider = await new IdentityProvider().start({ algorithm, userinfo: userinfo === 'userinfo' });
  console.log(JSON.stringify({ issuer: provider.issuer }));
}
