import type { Context } from '../context.ts';
import { projectOf } from '../plan/repositories.ts';
import type { OwnAnswer, OwnApi, OwnCall } from '../registry/own-api.ts';
import { AirgapError } from '../report/error.ts';
import {
  notLoggedIn,
  notMade,
  notToldAbout,
  outsideOfProjects,
  proxyCache,
} from './harbor-refusals.ts';
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
  const found = await ask(work.api, { method: 'HEAD', to: `${projectsPath}?${query}` });
  if (found.status === 404) return work.dryRun ? 'missing' : makeProject(name, work);
  if (found.status !== 200) throw notToldAbout(name, found, work.api.host);
  await refuseProxyCache(name, work);
  return 'exists';
}

/** Private, as nobody else need see what a cluster runs. */
async function makeProject(name: string, { api }: HarborWork): Promise<NeedState> {
  const body = { project_name: name, metadata: { public: 'false' } };
  const answer = await ask(api, { method: 'POST', to: projectsPath, body });
  if (answer.status === 201) return 'made';
  // Somebody else was faster, or an earlier try of ours of which the answer was lost.
  if (answer.status === 409) return 'exists';
  throw notMade(name, answer, api.host);
}

async function refuseProxyCache(name: string, { api, context }: HarborWork): Promise<void> {
  const answer = await ask(api, {
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

async function ask(api: OwnApi, call: OwnCall): Promise<OwnAnswer> {
  try {
    return await api.ask(call);
  } catch (error) {
    if (error instanceof AirgapError && error.class === 'authentication') throw notLoggedIn(error);
    throw error;
  }
}
