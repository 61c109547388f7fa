import type { Context } from '../context.ts';
import { projectOf } from '../plan/repositories.ts';
import type { OwnAnswer, OwnApi } from '../registry/own-api.ts';
import { AirgapError, type ErrorClass } from '../report/error.ts';
import { type NeedState, type Provision, seeToEach } from './need.ts';

export interface HarborWork {
  readonly api: OwnApi;
  /** Look only: no request but GET and HEAD. */
  readonly dryRun: boolean;
  readonly context: Pick<Context, 'emit'>;
}

const projectsPath = '/api/v2.0/projects';

/**
 * Makes the projects that these repositories lie in, private, where they are not there yet.
 * @param repositories paths in the registry
 */
export async function prepareHarbor(
  repositories: readonly string[],
  work: HarborWork,
): Promise<Provision> {
  const projects = new Set(repositories.filter(hasProject).map(projectOf));
  const homeless = await seeToEach(
    'repository',
    repositories.filter((path) => !hasProject(path)),
    async (path) => {
      throw outsideOfProjects(work.api.host, path);
    },
  );
  const made = await seeToEach('project', [...projects], (name) => seeToProject(name, work));
  return {
    needs: [...homeless.needs, ...made.needs],
    errors: [...homeless.errors, ...made.errors],
    commands: [],
  };
}

const hasProject = (path: string): boolean => path.includes('/');

async function seeToProject(name: string, work: HarborWork): Promise<NeedState> {
  const query = new URLSearchParams({ project_name: name });
  const found = await work.api.ask({ method: 'HEAD', to: `${projectsPath}?${query}` });
  if (found.status === 404) return work.dryRun ? 'missing' : makeProject(name, work);
  if (found.status !== 200) throw notToldAbout(name, found, work);
  await refuseProxyCache(name, work);
  return 'exists';
}

/** Private, as nobody else need see what a cluster runs. */
async function makeProject(name: string, { api }: HarborWork): Promise<NeedState> {
  const body = { project_name: name, metadata: { public: 'false' } };
  const answer = await api.ask({ method: 'POST', to: projectsPath, body });
  if (answer.status === 201) return 'made';
  // Somebody else was faster, or an earlier try of ours of which the answer was lost.
  if (answer.status === 409) return 'exists';
  throw notMade(name, answer, api.host);
}

async function refuseProxyCache(name: string, { api, context }: HarborWork): Promise<void> {
  const answer = await api.ask({
    method: 'GET',
    to: `${projectsPath}/${encodeURIComponent(name)}`,
    // Else a project that is called 42 is taken for the one with this id.
    headers: { 'x-is-resource-name': 'true' },
  });
  const { registry_id: upstream } = (answer.json ?? {}) as { registry_id?: unknown };
  if (typeof upstream === 'number' && upstream > 0) throw proxyCache(name, api.host);
  if (answer.status === 200) return;
  context.emit({
    kind: 'warning',
    message: `whether the project ${name} of ${api.host} is a proxy cache is not told to this account (${answer.status})`,
  });
}

function proxyCache(name: string, host: string): AirgapError {
  const path = `${host}/${name}`;
  return new AirgapError('refused', `${path} is a proxy cache: nothing can be pushed to it`, {
    next: `write pullThrough: [${path}] into bundle.yaml, or into the site file; or choose another project`,
  });
}

function notToldAbout(name: string, answer: OwnAnswer, { api }: HarborWork): AirgapError {
  const errorClass = answer.status === 403 ? 'authentication' : 'refused';
  return new AirgapError(errorClass, `${api.host} does not tell whether it has project ${name}`, {
    given: given(answer),
    next: 'give the account of --push-username the right to list projects',
  });
}

function notMade(name: string, answer: OwnAnswer, host: string): AirgapError {
  const { errorClass, next } = refusals[answer.status] ?? otherRefusal;
  return new AirgapError(errorClass, `${host} does not make the project ${name}`, {
    given: given(answer),
    next,
  });
}

interface Refusal {
  readonly errorClass: ErrorClass;
  readonly next: string;
}

const otherRefusal: Refusal = { errorClass: 'refused', next: 'see what Harbor logs about it' };

const refusals: Readonly<Record<number, Refusal>> = {
  400: {
    errorClass: 'refused',
    next: 'Harbor wants lower-case letters and digits, with one of . _ - between them: choose another base path or map',
  },
  403: {
    errorClass: 'refused',
    next:
      'push as a system administrator, or as a robot account of the system that may create projects; ' +
      'or have an administrator make the project',
  },
};

function outsideOfProjects(host: string, path: string): AirgapError {
  return new AirgapError('usage', `${host}/${path} lies in no project, and Harbor needs one`, {
    given: path,
    expected: 'PROJECT/REPOSITORY',
    next: 'give the map a target with a path, or set baseContentPath',
  });
}

function given({ status, words }: OwnAnswer): string {
  return `${status}${words && `: ${words}`}`;
}
