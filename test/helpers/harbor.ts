import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { text } from 'node:stream/consumers';
import { forward } from './proxy-forward.ts';

/** An account of the stand-in; who may create projects is an administrator, or a robot that was given the right. */
export interface HarborAccount {
  readonly username: string;
  readonly password: string;
  readonly mayCreate: boolean;
}

export interface HarborProject {
  /** Of a proxy cache: the registry that it stands for. */
  readonly registryId?: number;
  readonly public: boolean;
}

export interface HarborOptions {
  readonly accounts: readonly HarborAccount[];
  readonly projects?: Readonly<Record<string, HarborProject>>;
  /** A real registry that serves `/v2/`, for pushes into projects that exist. */
  readonly registry?: string;
  /** Paths of PEM files. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

export interface HarborAnswer {
  readonly status: number;
  readonly json?: unknown;
}

export interface HarborRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

export interface Harbor {
  readonly host: string;
  readonly projects: Map<string, HarborProject>;
  /** Of its own API, in order of arrival. */
  readonly requests: readonly HarborRequest[];
  /** Answers that come before its own; undefined: its own. */
  answers: (request: HarborRequest) => HarborAnswer | undefined;
  stop(): Promise<void>;
}

/**
 * A stand-in for Harbor 2: system info and projects as its API description (api/v2.0/swagger.yaml) has them. It is
 * strict where a real one might let pass what it does not know. Nobody has compared it with a real one.
 */
export async function startHarbor(options: HarborOptions): Promise<Harbor> {
  const projects = new Map(Object.entries(options.projects ?? {}));
  const requests: HarborRequest[] = [];
  const handle = async (incoming: IncomingMessage, response: ServerResponse) => {
    const path = incoming.url ?? '';
    if (path.startsWith('/v2/')) return push(incoming, response, projects, options.registry);
    const { authorization } = incoming.headers;
    const request = {
      method: incoming.method ?? '',
      path,
      authorization,
      body: await text(incoming),
    };
    requests.push(request);
    const isJson = incoming.headers['content-type'] === 'application/json';
    const byName = incoming.headers['x-is-resource-name'] === 'true';
    const account = options.accounts.find((one) => headerOf(one) === authorization);
    const own = () => answer(request, { account, projects, isJson, byName });
    reply(response, harbor.answers(request) ?? own());
  };
  const listener: RequestListener = (incoming, response) => {
    handle(incoming, response).catch(() => response.destroy());
  };
  const { tls } = options;
  const server = tls
    ? createTlsServer({ cert: readFileSync(tls.cert), key: readFileSync(tls.key) }, listener)
    : createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const harbor: Harbor = {
    host: `127.0.0.1:${address.port}`,
    projects,
    requests,
    answers: () => undefined,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return harbor;
}

interface Situation {
  readonly account: HarborAccount | undefined;
  readonly projects: Map<string, HarborProject>;
  readonly isJson: boolean;
  readonly byName: boolean;
}

function answer({ method, path, body }: HarborRequest, situation: Situation): HarborAnswer {
  const { pathname, searchParams } = new URL(path, 'http://harbor');
  const [, name] = /^\/api\/v2\.0\/projects(?:\/([^/]+))?$/.exec(pathname) ?? [];
  if (method === 'GET' && pathname === '/api/v2.0/systeminfo') return systemInfo(situation);
  if (!pathname.startsWith('/api/v2.0/projects')) return failure(404, 'NOT_FOUND');
  // A wrong password is nobody's: no challenge comes with it.
  if (situation.account === undefined) return failure(401, 'UNAUTHORIZED');
  if (method === 'HEAD' && name === undefined) return head(searchParams, situation);
  if (method === 'POST' && name === undefined) return create(body, situation);
  if (method === 'GET' && name !== undefined) return get(decodeURIComponent(name), situation);
  return failure(405, 'METHOD_NOT_ALLOWED');
}

function systemInfo({ account }: Situation): HarborAnswer {
  const forAll = { auth_mode: 'db_auth', self_registration: false };
  return { status: 200, json: account ? { ...forAll, harbor_version: 'v2.12.2' } : forAll };
}

function head(query: URLSearchParams, { projects }: Situation): HarborAnswer {
  const name = query.get('project_name');
  if (name === null) return failure(400, 'BAD_REQUEST');
  return { status: projects.has(name) ? 200 : 404 };
}

function get(name: string, { projects, byName }: Situation): HarborAnswer {
  const project = projects.get(name);
  // Without the header a name of digits is an id.
  if (project === undefined || (!byName && /^\d+$/.test(name))) return failure(403, 'FORBIDDEN');
  const { registryId } = project;
  const metadata = { public: String(project.public) };
  const upstream = registryId === undefined ? {} : { registry_id: registryId };
  return { status: 200, json: { project_id: 7, name, metadata, repo_count: 0, ...upstream } };
}

function create(body: string, { account, projects, isJson }: Situation): HarborAnswer {
  if (!isJson) return failure(415, 'UNSUPPORTED_MEDIA_TYPE');
  if (!account?.mayCreate) return failure(403, 'FORBIDDEN');
  const { project_name: name, metadata, ...others } = JSON.parse(body);
  const isGiven = typeof name === 'string' && ['true', 'false'].includes(metadata?.public);
  if (!isGiven || Object.keys(others).length > 0) return failure(422, 'UNPROCESSABLE_ENTITY');
  if (!/^[a-z0-9]+(?:[._-][a-z0-9]+)*$/.test(name)) return failure(400, 'BAD_REQUEST');
  if (projects.has(name)) return failure(409, 'CONFLICT');
  projects.set(name, { public: metadata.public === 'true' });
  return { status: 201 };
}

function failure(status: number, code: string): HarborAnswer {
  const message = code.toLowerCase().replaceAll('_', ' ');
  return { status, json: { errors: [{ code, message }] } };
}

function reply(response: ServerResponse, { status, json }: HarborAnswer): void {
  const headers = json === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' };
  response.writeHead(status, headers).end(json === undefined ? undefined : JSON.stringify(json));
}

/** A push into a project that is not there, or that is a proxy cache, gets nowhere. */
async function push(
  incoming: IncomingMessage,
  response: ServerResponse,
  projects: ReadonlyMap<string, HarborProject>,
  registry: string | undefined,
): Promise<void> {
  const [, name = ''] = /^\/v2\/([^/]+)\/./.exec(incoming.url ?? '') ?? [];
  const project = projects.get(name);
  if (registry === undefined || (name !== '' && project === undefined))
    return reply(response, failure(404, 'NOT_FOUND'));
  if (project?.registryId !== undefined && !['GET', 'HEAD'].includes(incoming.method ?? ''))
    return reply(response, failure(403, 'DENIED'));
  await forward(registry, incoming, response);
}

function headerOf({ username, password }: HarborAccount): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
