import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export interface TokenService {
  /** Settings that make a distribution registry believe it. */
  readonly registryEnv: Readonly<Record<string, string>>;
  /** Its challenge without a scope. */
  readonly challenge: string;
  /** What it takes in place of the password, by POST. */
  readonly identityToken: string;
  /** Methods of the requests so far. */
  readonly requests: readonly string[];
  /** Scopes of the tokens given so far. */
  readonly scopes: readonly (readonly string[])[];
  clear(): void;
  stop(): Promise<void>;
}

const [issuer, service] = ['airgap test tokens', 'airgap test registry'];

/** A token service after distribution's specification (JWT, ES256): grants all that its one user asks for. */
export async function startTokenService(user: {
  username: string;
  password: string;
}): Promise<TokenService> {
  const folder = await mkdtemp(join(tmpdir(), 'airgap-tokens-'));
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keyId = createHash('sha256').update(publicKey.export({ type: 'spki', format: 'der' }));
  const key = { ...publicKey.export({ format: 'jwk' }), kid: keyId.digest('hex'), alg: 'ES256' };
  const jwks = join(folder, 'keys.json');
  await writeFile(jwks, JSON.stringify({ keys: [{ ...key, use: 'sig' }] }));
  const identityToken = `identity-${randomUUID()}`;
  const requests: string[] = [];
  const scopes: string[][] = [];

  const token = (granted: readonly string[]) => {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: issuer,
      sub: user.username,
      aud: service,
      exp: now + 300,
      nbf: now - 10,
      iat: now,
      jti: randomUUID(),
      access: granted.map(accessOf),
    };
    const head = [{ alg: 'ES256', typ: 'JWT', kid: key.kid }, claims].map(base64url).join('.');
    const signature = sign('sha256', Buffer.from(head), {
      key: privateKey,
      dsaEncoding: 'ieee-p1363',
    });
    return `${head}.${signature.toString('base64url')}`;
  };
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    requests.push(request.method ?? '');
    const asked = await read(request);
    const password = `Basic ${Buffer.from(`${user.username}:${user.password}`).toString('base64')}`;
    const known =
      request.method === 'POST'
        ? asked.get('refresh_token') === identityToken
        : request.headers.authorization === password;
    if (!known) return void response.writeHead(401).end('{"details":"wrong"}');
    const wanted = asked.getAll('scope').flatMap((scope) => scope.split(' '));
    scopes.push(wanted);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ token: token(wanted), expires_in: 300 }));
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const realm = `http://127.0.0.1:${address.port}/token`;
  return {
    registryEnv: {
      REGISTRY_AUTH: 'token',
      REGISTRY_AUTH_TOKEN_REALM: realm,
      REGISTRY_AUTH_TOKEN_SERVICE: service,
      REGISTRY_AUTH_TOKEN_ISSUER: issuer,
      REGISTRY_AUTH_TOKEN_JWKS: jwks,
    },
    challenge: `Bearer realm="${realm}",service="${service}"`,
    identityToken,
    requests,
    scopes,
    clear: () => {
      requests.length = 0;
      scopes.length = 0;
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      await rm(folder, { recursive: true });
    },
  };
}

async function read(request: IncomingMessage): Promise<URLSearchParams> {
  if (request.method === 'POST') return new URLSearchParams(await text(request));
  return new URL(request.url ?? '', 'http://any').searchParams;
}

function accessOf(scope: string): object {
  const [type, name, actions = ''] = scope.split(':');
  return { type, name, actions: actions.split(',') };
}

function base64url(document: object): string {
  return Buffer.from(JSON.stringify(document)).toString('base64url');
}
