import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { ServerCertificate } from '../helpers/tls.ts';

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
  /** Whether the second user may push too, from now on. */
  letPush(may: boolean): void;
  stop(): Promise<void>;
}

interface User {
  readonly username: string;
  readonly password: string;
}

export interface TokenOptions {
  /** A second user, who may pull alone. */
  readonly puller?: User;
  readonly tls?: ServerCertificate;
}

const [issuer, service] = ['airgap test tokens', 'airgap test registry'];

/** A token service after distribution's specification (JWT, ES256): grants all that its user asks for. */
export async function startTokenService(
  user: User,
  { puller, tls }: TokenOptions = {},
): Promise<TokenService> {
  const folder = await mkdtemp(join(tmpdir(), 'airgap-tokens-'));
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keyId = createHash('sha256').update(publicKey.export({ type: 'spki', format: 'der' }));
  const key = { ...publicKey.export({ format: 'jwk' }), kid: keyId.digest('hex'), alg: 'ES256' };
  const jwks = join(folder, 'keys.json');
  await writeFile(jwks, JSON.stringify({ keys: [{ ...key, use: 'sig' }] }));
  const identityToken = `identity-${randomUUID()}`;
  const requests: string[] = [];
  const scopes: string[][] = [];
  let pullerMayPush = false;

  const token = (username: string, granted: readonly object[]) => {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: issuer,
      sub: username,
      aud: service,
      exp: now + 300,
      nbf: now - 10,
      iat: now,
      jti: randomUUID(),
      access: granted,
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
    const isUser =
      request.method === 'POST'
        ? asked.get('refresh_token') === identityToken
        : request.headers.authorization === basic(user);
    const isPuller = puller !== undefined && request.headers.authorization === basic(puller);
    if (!isUser && !isPuller) return void response.writeHead(401).end('{"details":"wrong"}');
    const wanted = asked.getAll('scope').flatMap((scope) => scope.split(' '));
    scopes.push(wanted);
    response.writeHead(200, { 'content-type': 'application/json' });
    const { username } = isUser ? user : (puller ?? user);
    const granted = wanted.map((scope) => accessOf(scope, isUser || pullerMayPush));
    response.end(JSON.stringify({ token: token(username, granted), expires_in: 300 }));
  };
  const listen = (request: IncomingMessage, response: ServerResponse) => {
    answer(request, response).catch(() => response.destroy());
  };
  const server = tls
    ? createTlsServer({ cert: await readFile(tls.cert), key: await readFile(tls.key) }, listen)
    : createServer(listen);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const realm = `${tls ? 'https' : 'http'}://127.0.0.1:${address.port}/token`;
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
    letPush: (may) => {
      pullerMayPush = may;
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

/** Names of repositories hold no colon here. */
function accessOf(scope: string, mayPush: boolean): object {
  const [type, name, actions = ''] = scope.split(':');
  return {
    type,
    name,
    actions: actions.split(',').filter((action) => mayPush || action === 'pull'),
  };
}

function basic({ username, password }: User): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function base64url(document: object): string {
  return Buffer.from(JSON.stringify(document)).toString('base64url');
}
